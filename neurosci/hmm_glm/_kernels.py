"""Compiled passes over a tile of bins: log-likelihood of each state, and its derivatives.

A row of ``z`` holds the linear predictors of all states side by side, ``z[t, s * n_neurons + n]``. The
constant ``-ln x!`` is left out. Loops over neurons hold arithmetic only, so that they become vector code.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._math import exp, log, log1p_ratio

Floats = NDArray[np.float64]

SOFTPLUS, SIGMOID, EXP, BERNOULLI = 0, 1, 2, 3
SIGMOID_LOW = 1e-8
SIGMOID_SPAN = 1.0 - 1e-8
EXP_CLIP = 30.0  # a rate of 1e13 spikes in a bin: no data have it, and squares of it are still finite


@njit(cache=True, nogil=True, fastmath={"reassoc", "nsz"})
def _sum(values: Floats) -> float:
    total = 0.0
    for i in range(values.size):
        total += values[i]
    return total


@njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy")
def _row(link: int, z: Floats, x: NDArray[Any], first: int, out: Floats) -> None:
    n_neurons = x.size
    if link == SOFTPLUS:
        for n in range(n_neurons):
            a = z[first + n]
            u = exp(-abs(a))
            r = log1p_ratio(u)
            f = r * u + max(a, 0.0)
            # below zero ln f = a + ln(f / e**a), where nothing underflows
            g = f if a >= 0.0 else r
            out[n] = x[n] * (log(g) + min(a, 0.0)) - f
    elif link == SIGMOID:
        for n in range(n_neurons):
            a = z[first + n]
            u = exp(-abs(a))
            f = SIGMOID_LOW + SIGMOID_SPAN * ((1.0 if a >= 0.0 else u) / (1.0 + u))
            out[n] = x[n] * log(f) - f
    elif link == EXP:
        for n in range(n_neurons):
            a = min(z[first + n], EXP_CLIP)
            out[n] = x[n] * a - exp(a)
    else:
        for n in range(n_neurons):
            a = z[first + n]
            u = exp(-abs(a))
            out[n] = x[n] * a - (log1p_ratio(u) * u + max(a, 0.0))


@njit(cache=True, nogil=True)
def emission_rows(link: int, z: Floats, x: NDArray[Any], log_emission: Floats) -> None:
    """Write the log-likelihood of each bin and state, summed over neurons."""
    n_bins, n_neurons = x.shape
    values = np.empty(n_neurons)
    for t in range(n_bins):
        for s in range(log_emission.shape[1]):
            _row(link, z[t], x[t], s * n_neurons, values)
            log_emission[t, s] = _sum(values)


@njit(cache=True, nogil=True, fastmath={"contract"})
def _add_scaled(total: Floats, factor: float, values: Floats) -> None:
    for n in range(values.size):
        total[n] += factor * values[n]


@njit(cache=True, nogil=True)
def expected_rows(
    link: int,
    z: Floats,
    x: NDArray[Any],
    gamma: Floats,
    log_emission: Floats,
    per_neuron: Floats,
) -> None:
    """Write the same, and add each neuron's expected log-likelihood to `per_neuron`."""
    n_bins, n_neurons = x.shape
    values = np.empty(n_neurons)
    for t in range(n_bins):
        for s in range(log_emission.shape[1]):
            _row(link, z[t], x[t], s * n_neurons, values)
            log_emission[t, s] = _sum(values)
            _add_scaled(per_neuron, gamma[t, s], values)


@njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy")
def derivative_rows(
    link: int,
    fisher: bool,
    z: Floats,
    x: NDArray[Any],
    gamma: Floats,
    slope: Floats,
    curvature: Floats,
    per_neuron: Floats,
) -> None:
    """Write the first derivative of the expected log-likelihood and minus the second, or its expectation.

    Each neuron's expected log-likelihood is added to `per_neuron`.

    The sigmoid rate is not concave, so its curvature is always the expected one, which is never negative.
    """
    n_bins, n_neurons = x.shape
    n_states = gamma.shape[1]
    for t in range(n_bins):
        for s in range(n_states):
            weight = gamma[t, s]
            first = s * n_neurons
            if link == SOFTPLUS:
                for n in range(n_neurons):
                    a = z[t, first + n]
                    u = exp(-abs(a))
                    r = log1p_ratio(u)
                    q = 1.0 / (1.0 + u)
                    g = r * u + a if a >= 0.0 else r
                    df = q if a >= 0.0 else u * q
                    d2f = u * q * q
                    inverse = 1.0 / g
                    ratio = q * inverse
                    second = (u if a >= 0.0 else 1.0) * q * q * inverse
                    slope[t, first + n] = weight * (x[t, n] * ratio - df)
                    observed = max(d2f + x[t, n] * (ratio * ratio - second), 0.0)
                    curvature[t, first + n] = weight * (df * ratio if fisher else observed)
                    f = g if a >= 0.0 else u * g
                    per_neuron[n] += weight * (x[t, n] * (log(g) + min(a, 0.0)) - f)
            elif link == SIGMOID:
                for n in range(n_neurons):
                    a = z[t, first + n]
                    u = exp(-abs(a))
                    q = 1.0 / (1.0 + u)
                    f = SIGMOID_LOW + SIGMOID_SPAN * (q if a >= 0.0 else u * q)
                    df = SIGMOID_SPAN * u * q * q
                    ratio = df / f
                    slope[t, first + n] = weight * (x[t, n] * ratio - df)
                    curvature[t, first + n] = weight * df * ratio
                    per_neuron[n] += weight * (x[t, n] * log(f) - f)
            elif link == EXP:
                for n in range(n_neurons):
                    a = min(z[t, first + n], EXP_CLIP)
                    f = exp(a)
                    per_neuron[n] += weight * (x[t, n] * a - f)
                    slope[t, first + n] = weight * (x[t, n] - f)
                    curvature[t, first + n] = weight * f
            else:
                for n in range(n_neurons):
                    a = z[t, first + n]
                    u = exp(-abs(a))
                    q = 1.0 / (1.0 + u)
                    slope[t, first + n] = weight * (x[t, n] - (q if a >= 0.0 else u * q))
                    curvature[t, first + n] = weight * u * q * q
                    per_neuron[n] += weight * (x[t, n] * a - (log1p_ratio(u) * u + max(a, 0.0)))


@njit(cache=True, nogil=True)
def products(features: Floats, out: NDArray[np.floating[Any]]) -> None:
    """Write all products of two features, upper triangle by rows, of each bin."""
    n_bins, n = features.shape
    for t in range(n_bins):
        k = 0
        for i in range(n):
            a = features[t, i]
            for j in range(i, n):
                out[t, k] = a * features[t, j]
                k += 1


@njit(cache=True, nogil=True)
def history_rows(
    counts: NDArray[np.unsignedinteger], kernel: Floats, edges: NDArray[np.int64], start: int, out: Floats
) -> None:
    """Write the history of the bins from `start` on, cut at the edges of the sequences."""
    n_lags, n_kernels = kernel.shape
    n_neurons = counts.shape[1]
    sequence = np.searchsorted(edges, start, side="right") - 1
    for row in range(out.shape[0]):
        t = start + row
        while t >= edges[sequence + 1]:
            sequence += 1
        out[row] = 0.0
        for lag in range(1, min(n_lags, t - edges[sequence]) + 1):
            for n in range(n_neurons):
                for b in range(n_kernels):
                    out[row, n * n_kernels + b] += counts[t - lag, n] * kernel[lag - 1, b]
