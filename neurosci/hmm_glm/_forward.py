"""Exact inference of the hidden states: scaled forward pass, smoothing, Viterbi's path.

Emissions enter as logarithms of any size: the largest over reachable states is taken off in each bin, so that
nothing underflows whatever the number of neurons (Eqs. of appendix A.1, scaled).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@njit(cache=True, nogil=True)
def _forward(
    log_emission: Floats, transmat: Floats, start: Floats, first: int, stop: int, alpha: Floats, scale: Floats
) -> None:
    """Write p(state | bins so far) and the log predictive probability of each bin of one sequence."""
    n_states = start.size
    for t in range(first, stop):
        top = -np.inf
        for j in range(n_states):
            if t == first:
                predicted = start[j]
            else:
                predicted = 0.0
                for i in range(n_states):
                    predicted += alpha[t - 1, i] * transmat[i, j]
            alpha[t, j] = predicted
            if predicted > 0.0 and log_emission[t, j] > top:
                top = log_emission[t, j]
        total = 0.0
        for j in range(n_states):
            if alpha[t, j] > 0.0:
                alpha[t, j] *= np.exp(log_emission[t, j] - top)
                total += alpha[t, j]
        for j in range(n_states):
            alpha[t, j] /= total
        scale[t] = np.log(total) + top


@njit(cache=True, nogil=True)
def _smooth(transmat: Floats, first: int, stop: int, alpha: Floats, pairs: Floats) -> None:
    """Turn filtered into smoothed probabilities, and add expected transitions to `pairs`.

    gamma_{t-1}(i) = alpha_{t-1}(i) sum_j pi_ij gamma_t(j) / sum_k alpha_{t-1}(k) pi_kj: the backward messages
    in a form whose rows keep their sum.
    """
    n_states = transmat.shape[0]
    ratio = np.empty(n_states)
    for t in range(stop - 1, first, -1):
        for j in range(n_states):
            predicted = 0.0
            for i in range(n_states):
                predicted += alpha[t - 1, i] * transmat[i, j]
            ratio[j] = alpha[t, j] / predicted if predicted > 0.0 else 0.0
        for i in range(n_states):
            total = 0.0
            for j in range(n_states):
                both = alpha[t - 1, i] * transmat[i, j] * ratio[j]
                pairs[i, j] += both
                total += both
            alpha[t - 1, i] = total


@njit(cache=True, nogil=True)
def smooth(
    log_emission: Floats, transmat: Floats, start: Floats, edges: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Return smoothed probabilities, summed expected transitions, and log predictive probabilities.

    Parameters are the log emissions (n_bins, n_states), the transition matrix, the first distribution and the
    edges of the sequences (n_sequences + 1,). Memory beside the results is independent of the number of bins.
    """
    alpha = np.empty_like(log_emission)
    scale = np.empty(log_emission.shape[0])
    pairs = np.zeros_like(transmat)
    for k in range(edges.size - 1):
        _forward(log_emission, transmat, start, edges[k], edges[k + 1], alpha, scale)
        _smooth(transmat, edges[k], edges[k + 1], alpha, pairs)
    return alpha, pairs, scale


@njit(cache=True, nogil=True)
def filtered(
    log_emission: Floats, transmat: Floats, start: Floats, edges: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Return p(state | bins so far) and log predictive probabilities."""
    alpha = np.empty_like(log_emission)
    scale = np.empty(log_emission.shape[0])
    for k in range(edges.size - 1):
        _forward(log_emission, transmat, start, edges[k], edges[k + 1], alpha, scale)
    return alpha, scale


@njit(cache=True, nogil=True)
def viterbi(
    log_emission: Floats, log_transmat: Floats, log_start: Floats, edges: NDArray[np.int64]
) -> tuple[NDArray[np.int64], float]:
    """Return the most probable path of states and its joint log-probability, summed over sequences."""
    n_bins, n_states = log_emission.shape
    path = np.empty(n_bins, np.int64)
    back = np.empty((n_bins, n_states), np.int32)
    best = np.empty(n_states)
    following = np.empty(n_states)
    total = 0.0
    for k in range(edges.size - 1):
        first, stop = edges[k], edges[k + 1]
        for j in range(n_states):
            best[j] = log_start[j] + log_emission[first, j]
        for t in range(first + 1, stop):
            for j in range(n_states):
                top, where = -np.inf, 0
                for i in range(n_states):
                    value = best[i] + log_transmat[i, j]
                    if value > top:
                        top, where = value, i
                following[j] = top + log_emission[t, j]
                back[t, j] = where
            best[:] = following
        state = 0
        for j in range(n_states):
            if best[j] > best[state]:
                state = j
        total += best[state]
        for t in range(stop - 1, first, -1):
            path[t] = state
            state = back[t, state]
        path[first] = state
    return path, total
