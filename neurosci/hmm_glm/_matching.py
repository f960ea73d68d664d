"""Agreement with known states, weights and types of connection."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

WEIGHT_ERROR_UNIT = 1e4
TYPES = (-1, 0, 1)


def match_states(true_states: ArrayLike, states: ArrayLike, n_states: int | None = None) -> NDArray[np.int64]:
    """Name fitted states after known ones, so that most bins agree.

    Parameters
    ----------
    true_states : array of shape (n_bins,)
        Known states, from 0.
    states : array of shape (n_bins,)
        Fitted states, from 0. Use training data, and keep the permutation for test data.
    n_states : int, default=None
        Number of states; ``None`` is the largest that occurs, plus one.

    Returns
    -------
    ndarray of shape (n_states,), int64
        Permutation for `permute_states`: fitted state ``permutation[i]`` is known state ``i``.

    Raises
    ------
    ValueError
        If the two series differ in length, or a state is not in 0..n_states - 1.

    Examples
    --------
    >>> from neurosci.hmm_glm import match_states
    >>> match_states([0, 0, 1, 2, 2], [2, 2, 0, 1, 1]).tolist()
    [2, 0, 1]
    """
    from scipy.optimize import linear_sum_assignment

    a, b = _labels("match_states", "true_states", true_states), _labels("match_states", "states", states)
    if a.shape != b.shape:
        raise ValueError(f"match_states: states must have the shape of true_states {a.shape}, got {b.shape}")
    largest = int(max(a.max(), b.max())) + 1
    n = largest if n_states is None else n_states
    if n < largest:
        raise ValueError(
            f"match_states: n_states must be >= {largest}, the states that occur, got {n_states}"
        )
    confusion = np.zeros((n, n), int)
    np.add.at(confusion, (a, b), 1)
    result: NDArray[np.int64] = linear_sum_assignment(confusion, maximize=True)[1].astype(np.int64)
    return result


def state_accuracy(true_states: ArrayLike, states: ArrayLike, permutation: ArrayLike | None = None) -> float:
    """Return the share of bins whose state is right.

    Parameters
    ----------
    true_states : array of shape (n_bins,)
        Known states, from 0.
    states : array of shape (n_bins,)
        Fitted states, from 0.
    permutation : array of shape (n_states,), default=None
        Names of the fitted states, from `match_states` on training data; ``None`` takes them as they are.

    Returns
    -------
    float
        Share in [0, 1].

    Raises
    ------
    ValueError
        If the two series differ in length.

    Examples
    --------
    >>> from neurosci.hmm_glm import state_accuracy
    >>> state_accuracy([0, 0, 1, 1], [1, 1, 0, 1], permutation=[1, 0])
    0.75
    """
    a, b = _labels("state_accuracy", "true_states", true_states), _labels("state_accuracy", "states", states)
    if a.shape != b.shape:
        raise ValueError(
            f"state_accuracy: states must have the shape of true_states {a.shape}, got {b.shape}"
        )
    expected = a if permutation is None else np.asarray(permutation)[a]
    return float(np.mean(b == expected))


def weight_error(true_coef: ArrayLike, coef: ArrayLike) -> float:
    """Return the mean absolute error of weights, times ten thousand.

    Parameters
    ----------
    true_coef, coef : array of shape (n_states, n_neurons, n_neurons)
        Weights of matched states.

    Returns
    -------
    float
        Mean of ``|true_coef - coef|`` in 1e-4, the scale that gives the published magnitudes.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    a, b = np.asarray(true_coef, float), np.asarray(coef, float)
    if a.shape != b.shape:
        raise ValueError(f"weight_error: coef must have the shape of true_coef {a.shape}, got {b.shape}")
    return float(np.abs(a - b).mean() * WEIGHT_ERROR_UNIT)


def eq8_adjacency(coef: ArrayLike) -> Floats:
    """Turn weights into degrees of type by their size (Eq. 8).

    Parameters
    ----------
    coef : array of shape (..., n_neurons, n_neurons)
        Weights; the largest and the smallest of all of them set the scale.

    Returns
    -------
    ndarray of shape (..., n_neurons, n_neurons, 3)
        Degrees of inhibitory, none and excitatory, which sum to 1.

    Examples
    --------
    >>> from neurosci.hmm_glm import eq8_adjacency
    >>> eq8_adjacency([[0.2, -0.5], [0.1, 0.0]])[0].tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    w = np.asarray(coef, float)
    top, bottom = max(float(w.max()), 0.0), min(float(w.min()), 0.0)
    result = np.zeros((*w.shape, 3))
    result[..., 2] = np.maximum(w, 0) / top if top > 0 else 0.0
    result[..., 0] = np.abs(np.minimum(w, 0) / bottom) if bottom < 0 else 0.0
    result[..., 1] = 1 - result[..., 0] - result[..., 2]
    return result


def threshold_adjacency(coef: ArrayLike, threshold: float) -> NDArray[np.int8]:
    """Call a connection present where its degree by Eq. 8 is above a threshold (appendix A.2).

    Parameters
    ----------
    coef : array of shape (..., n_neurons, n_neurons)
        Weights.
    threshold : float
        Degree in [0, 1].

    Returns
    -------
    ndarray of the shape of `coef`, int8
        Types -1, 0 and 1.

    Raises
    ------
    ValueError
        If the threshold is outside [0, 1].
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold_adjacency: threshold must be in [0, 1], got {threshold!r}")
    degrees = eq8_adjacency(coef)
    result: NDArray[np.int8] = (degrees[..., 2] > threshold).astype(np.int8) - (
        degrees[..., 0] > threshold
    ).astype(np.int8)
    return result


def adjacency_balanced_accuracy(true_adjacency: ArrayLike, adjacency: ArrayLike) -> float:
    """Return the mean share of right types over the true types; chance is a third.

    Parameters
    ----------
    true_adjacency : array
        Types -1, 0 and 1, or probabilities of inhibitory, none and excitatory along a last axis of length 3.
    adjacency : array
        The same of a fit, in either form.

    Returns
    -------
    float
        Balanced accuracy in [0, 1].

    Raises
    ------
    ValueError
        If the two differ in shape.

    Examples
    --------
    >>> from neurosci.hmm_glm import adjacency_balanced_accuracy
    >>> adjacency_balanced_accuracy([[1, 0], [0, -1]], [[1, 0], [1, -1]])
    0.8333333333333334
    """
    a, b = _types(true_adjacency), _types(adjacency)
    if a.shape != b.shape:
        raise ValueError(
            f"adjacency_balanced_accuracy: adjacency must have the shape of true_adjacency {a.shape}, "
            f"got {b.shape}"
        )
    return float(np.mean([np.mean(b[a == kind] == kind) for kind in TYPES if (a == kind).any()]))


def dwell_times(states: ArrayLike, lengths: ArrayLike | None = None) -> list[NDArray[np.int64]]:
    """Return how long each visit to each state lasts.

    Parameters
    ----------
    states : array of shape (n_bins,)
        States, from 0.
    lengths : array of shape (n_sequences,), default=None
        Bins of each sequence; ``None`` is one. Visits end at its edges.

    Returns
    -------
    list of ndarray of shape (n_visits,), int64
        Bins of each visit, for each state from 0 to the largest.

    Raises
    ------
    ValueError
        If the lengths do not add up.

    Examples
    --------
    >>> from neurosci.hmm_glm import dwell_times
    >>> [visits.tolist() for visits in dwell_times([0, 0, 1, 1, 1, 0], lengths=[4, 2])]
    [[2, 1], [2, 1]]
    """
    from ._checks import sequence_edges

    path = _labels("dwell_times", "states", states)
    edges = sequence_edges("dwell_times", lengths, len(path))
    starts = np.union1d(edges[:-1], np.flatnonzero(np.diff(path)) + 1)
    durations = np.diff(np.append(starts, len(path)))
    return [durations[path[starts] == state].astype(np.int64) for state in range(int(path.max()) + 1)]


def _labels(where: str, name: str, values: Any) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iu" or array.min() < 0:
        raise ValueError(
            f"{where}: {name} must be whole numbers >= 0 of shape (n_bins,), got {array.dtype} {array.shape}"
        )
    return array.astype(np.int64)


def _types(values: Any) -> NDArray[np.int64]:
    array = np.asarray(values)
    is_type = array.dtype.kind in "iu" or bool(np.isin(array, TYPES).all())
    if is_type and not (array.shape[-1:] == (3,) and array.dtype.kind == "f"):
        return array.astype(np.int64)
    result: NDArray[np.int64] = array.argmax(axis=-1).astype(np.int64) - 1
    return result
