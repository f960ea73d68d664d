"""Draws from a switching GLM, refused where the network runs away."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from . import _kernels as kernels

Floats = NDArray[np.float64]

MOST_COUNT = 1000


def draw_states(
    transmat: Floats, start: Floats, n_bins: int, n_sequences: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw Markov chains, one after the other."""
    return _chains(np.cumsum(transmat, axis=1), np.cumsum(start), rng.random((n_sequences, n_bins)))


@njit(cache=True, nogil=True)
def _chains(transmat: Floats, start: Floats, uniform: Floats) -> NDArray[np.int64]:
    n_sequences, n_bins = uniform.shape
    last = start.size - 1
    states = np.empty(n_sequences * n_bins, np.int64)
    for k in range(n_sequences):
        state = 0
        for t in range(n_bins):
            edges = start if t == 0 else transmat[state]
            following = 0
            while following < last and uniform[k, t] >= edges[following]:
                following += 1
            state = following
            states[k * n_bins + t] = state
    return states


@njit(cache=True, nogil=True)
def _rate(link: int, a: float) -> float:
    if link == kernels.SOFTPLUS:
        return float(max(a, 0.0) + np.log1p(np.exp(-abs(a))))
    if link == kernels.SIGMOID or link == kernels.BERNOULLI:
        u = np.exp(-abs(a))
        return float(kernels.SIGMOID_LOW + kernels.SIGMOID_SPAN * ((1.0 if a >= 0.0 else u) / (1.0 + u)))
    return float(np.exp(min(a, kernels.EXP_CLIP)))


@njit(cache=True, nogil=True)
def _spikes(
    rng: np.random.Generator,
    link: int,
    weights: Floats,
    intercept: Floats,
    kernel: Floats,
    states: NDArray[np.int64],
    n_bins: int,
    cap: int,
    counts: NDArray[np.uint16],
) -> int:
    """Fill `counts`; return the first bin that reaches the cap, or -1."""
    n_neurons = counts.shape[1]
    n_lags, n_kernels = kernel.shape
    history = np.empty(n_neurons * n_kernels)
    for t in range(counts.shape[0]):
        since = t % n_bins
        history[:] = 0.0
        for lag in range(1, min(n_lags, since) + 1):
            for n in range(n_neurons):
                if counts[t - lag, n]:
                    for b in range(n_kernels):
                        history[n * n_kernels + b] += counts[t - lag, n] * kernel[lag - 1, b]
        for n in range(n_neurons):
            a = intercept[states[t], n]
            for d in range(history.size):
                a += weights[states[t], n, d] * history[d]
            rate = _rate(link, a)
            if rate > cap:
                return t
            if link == kernels.BERNOULLI:
                counts[t, n] = rng.random() < rate
            else:
                counts[t, n] = min(rng.poisson(rate), 65535)
    return -1


def draw_counts(
    where: str,
    link: int,
    weights: Floats,
    intercept: Floats,
    kernel: Floats,
    states: NDArray[np.int64],
    n_bins: int,
    rng: np.random.Generator,
) -> NDArray[Any]:
    """Draw counts for given states; raise when a rate exceeds a thousand spikes per bin."""
    counts = np.zeros((len(states), weights.shape[1]), np.uint16)
    found = _spikes(
        rng, link, np.ascontiguousarray(weights), np.ascontiguousarray(intercept),
        np.ascontiguousarray(kernel), states, n_bins, MOST_COUNT, counts,
    )  # fmt: skip
    if found >= 0:
        raise ValueError(
            f"{where}: the network must be stable, got a rate above {MOST_COUNT} spikes per bin at bin "
            f"{found % n_bins} of a sequence (the largest spectral radius of the kernel's sum times |W| is "
            f"{spectral_radius(weights, kernel):.3g}; weaken the weights or the kernel, or use the "
            "sigmoid link)"
        )
    return counts if counts.max() > 255 else counts.astype(np.uint8)


def spectral_radius(weights: Floats, kernel: Floats) -> float:
    """Return the largest spectral radius over states of the gain of |W| through the kernel."""
    n_states, n_neurons, _ = weights.shape
    gain = np.abs(weights).reshape(n_states, n_neurons, n_neurons, -1) @ kernel.sum(axis=0)
    return float(np.abs(np.linalg.eigvals(gain)).max())
