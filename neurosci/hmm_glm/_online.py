"""One bin of the forward recursion, compiled: some ten microseconds for a hundred neurons."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from . import _kernels as kernels

Floats = NDArray[np.float64]


class Tables(NamedTuple):
    """Parameters laid out for a step: weights by source, so that silent sources cost nothing.

    Parameters
    ----------
    weights : ndarray of shape (n_features, n_states * n_neurons)
        Weights of all targets and states.
    intercept : ndarray of shape (1, n_states * n_neurons)
        Baselines.
    kernel : ndarray of shape (n_lags, n_kernels)
        Kernel of the history.
    transmat : ndarray of shape (n_states, n_states)
        Transition probabilities.
    """

    weights: Floats
    intercept: Floats
    kernel: Floats
    transmat: Floats


def lay_out(weights: Floats, intercept: Floats, kernel: Floats, transmat: Floats) -> Tables:
    """Return the tables of some parameters: weights (S, N, D) and baselines (S, N)."""
    flat = weights.reshape(intercept.size, -1)
    return Tables(
        np.ascontiguousarray(flat.T),
        np.ascontiguousarray(intercept.reshape(1, -1)),
        np.ascontiguousarray(kernel),
        np.ascontiguousarray(transmat),
    )


@njit(cache=True, nogil=True, fastmath={"contract"})
def _add(total: Floats, factor: float, values: Floats) -> None:
    for i in range(values.size):
        total[i] += factor * values[i]


@njit(cache=True, nogil=True)
def step(
    link: int,
    weights: Floats,
    intercept: Floats,
    kernel: Floats,
    transmat: Floats,
    belief: Floats,
    recent: Floats,
    n_seen: int,
    counts: Floats,
) -> tuple[Floats, Floats, float]:
    """Return the new belief, the new recent counts, and the log predictive probability of the bin.

    A count below zero, or one that is no number, gives a log probability of NaN.
    """
    n_neurons = counts.size
    n_states = belief.size
    n_lags, n_kernels = kernel.shape
    predictor = intercept.copy()
    for n in range(n_neurons):
        for b in range(n_kernels):
            history = 0.0
            for lag in range(n_lags):
                history += recent[lag, n] * kernel[lag, b]
            if history != 0.0:
                _add(predictor[0], history, weights[n * n_kernels + b])
    log_emission = np.empty((1, n_states))
    kernels.emission_rows(link, predictor, counts.reshape(1, n_neurons), log_emission)
    after = np.empty(n_states)
    top = -np.inf
    for j in range(n_states):
        after[j] = 0.0 if n_seen else belief[j]
        if n_seen:
            for i in range(n_states):
                after[j] += belief[i] * transmat[i, j]
        if after[j] > 0.0:
            top = max(top, log_emission[0, j])
    total = 0.0
    for j in range(n_states):
        after[j] = after[j] * np.exp(log_emission[0, j] - top) if after[j] > 0.0 else 0.0
        total += after[j]
    after /= total
    shifted = np.empty_like(recent)
    bad = False
    for n in range(n_neurons):
        bad = bad or not counts[n] >= 0.0
        shifted[0, n] = counts[n]
    shifted[1:] = recent[:-1]
    return after, shifted, np.nan if bad else np.log(total) + top
