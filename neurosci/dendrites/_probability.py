"""Error probabilities of one segment and of a population of segments."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option

from ._checks import at_least, noisy, population
from ._exact import log_ratio, tail_counts
from ._overlap import log_tails

METHODS = ("auto", "exact", "float")
EXACT_SYNAPSES = 2000
"""Synapses up to which a single value is computed from whole numbers when the method is "auto"."""

Numbers = NDArray[np.float64]


def _exact_logs(
    n: NDArray[np.int64], a: NDArray[np.int64], s: NDArray[np.int64], theta: NDArray[np.int64]
) -> Numbers:
    flat = zip(*(x.reshape(-1).tolist() for x in (n, a, s, theta)), strict=True)
    return np.array([log_ratio(*tail_counts(*values)) for values in flat]).reshape(n.shape)


def _exact_probs(
    n: NDArray[np.int64], a: NDArray[np.int64], s: NDArray[np.int64], theta: NDArray[np.int64]
) -> Numbers:
    flat = zip(*(x.reshape(-1).tolist() for x in (n, a, s, theta)), strict=True)
    counts = (tail_counts(*values) for values in flat)
    return np.array([hits / total for hits, total in counts]).reshape(n.shape)


def _upper_tail(
    n: NDArray[np.int64],
    a: NDArray[np.int64],
    s: NDArray[np.int64],
    theta: NDArray[np.int64],
    *,
    log: bool,
    method: str,
) -> Numbers:
    single = n.size == 1 and int(min(a.item(), s.item())) <= EXACT_SYNAPSES if n.size == 1 else False
    if method == "exact" or (method == "auto" and single):
        return (_exact_logs if log else _exact_probs)(n, a, s, theta)
    logs = log_tails(n, a, s, theta)
    return logs if log else np.exp(logs)


def false_positive_prob(
    n: ArrayLike,
    a: ArrayLike,
    s: ArrayLike,
    theta: ArrayLike,
    *,
    log: bool = False,
    method: str = "auto",
) -> Numbers:
    """Return the probability that a random pattern reaches a segment's threshold.

    Parameters
    ----------
    n : int or array-like of int
        Cells from which the segment receives, >= 1.
    a : int or array-like of int
        Active cells of the pattern, 0 <= a <= n.
    s : int or array-like of int
        Synapses of the segment, 0 <= s <= n.
    theta : int or array-like of int
        Threshold, in active synapses. With theta <= 0 the segment always fires (1); with theta > s
        it never does (0).
    log : bool, default=False
        Return the natural logarithm, which does not underflow.
    method : {"auto", "exact", "float"}, default="auto"
        Whole numbers rounded once at the end, compiled double precision, or the first for a single
        value and the second for arrays.

    Returns
    -------
    ndarray of float64
        Probability or its logarithm, in the shape to which the arguments broadcast.

    Raises
    ------
    ValueError
        If a number is not whole or an inequality is broken; the message names it.

    See Also
    --------
    OverlapDistribution : The whole distribution.

    Notes
    -----
    Eq. 4 of Ahmad and Hawkins (2016): the sum over b >= theta of C(s, b) C(n - s, a - b) / C(n, a).
    It is symmetric in a and s (derived here), so the smaller one is used as the number of draws.
    "float" multiplies ratios, and sums the tail that lies away from the mode: at most min(a, s)
    steps, relative error of the probability about 1e-14.

    References
    ----------
    Ahmad S, Hawkins J (2016). How do neurons operate on sparse distributed representations? A
    mathematical theory of sparsity, neurons and active dendrites. arXiv:1601.00720.

    Examples
    --------
    >>> float(false_positive_prob(10_000, 300, 24, 12))
    8.375845227098491e-13
    >>> false_positive_prob(10_000, 300, 24, [8, 12, 25]).tolist()
    [2.8929...e-07, 8.3758...e-13, 0.0]
    >>> round(float(false_positive_prob(1_000_000, 1000, 1000, 1000, log=True)))
    -7903
    """
    where = "false_positive_prob"
    check_option(where, "method", method, METHODS)
    arrays = population(where, n=n, a=a, s=s, theta=theta)
    return _upper_tail(*arrays, log=log, method=method)


def false_negative_prob(
    a: ArrayLike,
    s: ArrayLike,
    v: ArrayLike,
    theta: ArrayLike,
    *,
    log: bool = False,
    method: str = "auto",
) -> Numbers:
    """Return the probability that a segment misses its own pattern under noise.

    Of the `a` active cells of the stored pattern, `s` have a synapse; `v` active cells are replaced
    by cells outside the pattern, so that each of them that had a synapse is lost.

    Parameters
    ----------
    a : int or array-like of int
        Active cells of the stored pattern.
    s : int or array-like of int
        Synapses of the segment, 0 <= s <= a.
    v : int or array-like of int
        Active cells that noise replaces, 0 <= v <= a.
    theta : int or array-like of int
        Threshold, in active synapses. With theta <= 0 nothing is missed (0); with theta > s
        everything is (1).
    log : bool, default=False
        Return the natural logarithm, which does not underflow.
    method : {"auto", "exact", "float"}, default="auto"
        As in `false_positive_prob`.

    Returns
    -------
    ndarray of float64
        Probability or its logarithm; it does not depend on the size of the population.

    Raises
    ------
    ValueError
        If a number is not whole or an inequality is broken; the message names it.

    Notes
    -----
    Eqs. 5 and 6 of Ahmad and Hawkins (2016): the sum over b > s - theta of C(s, b) C(a - s, v - b) /
    C(a, v). It is 0 exactly when v <= s - theta (derived here).

    References
    ----------
    Ahmad S, Hawkins J (2016). How do neurons operate on sparse distributed representations? A
    mathematical theory of sparsity, neurons and active dendrites. arXiv:1601.00720.

    Examples
    --------
    >>> float(false_negative_prob(a=300, s=30, v=60, theta=12))
    3.94743608739283...e-08
    >>> float(false_negative_prob(a=300, s=30, v=18, theta=12))
    0.0
    """
    where = "false_negative_prob"
    check_option(where, "method", method, METHODS)
    a, s, v, theta = noisy(where, a=a, s=s, v=v, theta=theta)
    n = np.maximum(a, 1)  # a pattern without cells: every law below is that of one silent cell
    return _upper_tail(n, v, s, s - theta + 1, log=log, method=method)


def population_false_positive(
    n: ArrayLike,
    a: ArrayLike,
    s: ArrayLike,
    theta: ArrayLike,
    n_segments: ArrayLike,
    *,
    bound: bool = False,
    log: bool = False,
) -> Numbers:
    """Return the probability that at least one of many segments matches a random pattern.

    Parameters
    ----------
    n, a, s, theta : int or array-like of int
        As in `false_positive_prob`.
    n_segments : int or array-like of int
        Independent segments, >= 1.
    bound : bool, default=False
        Return the union bound, which also holds for segments that depend on each other.
    log : bool, default=False
        Return the natural logarithm, which does not underflow.

    Returns
    -------
    ndarray of float64
        Probability or its logarithm.

    Raises
    ------
    ValueError
        If a number is not whole or an inequality is broken; the message names it.

    Notes
    -----
    Eq. 8 of Ahmad and Hawkins (2016), 1 - (1 - p)^M, or with `bound` their Eq. 9, M p, cut at 1.

    References
    ----------
    Ahmad S, Hawkins J (2016). How do neurons operate on sparse distributed representations? A
    mathematical theory of sparsity, neurons and active dendrites. arXiv:1601.00720.

    Examples
    --------
    >>> float(population_false_positive(10_000, 300, 30, 15, n_segments=1_000_000, bound=True))
    1.0491918252123...e-09
    """
    where = "population_false_positive"
    *arrays, many = population(where, n=n, a=a, s=s, theta=theta, n_segments=n_segments)
    at_least(where, "n_segments", many, 1)
    if bound and not log:
        return np.minimum(1.0, many * _upper_tail(*arrays, log=False, method="auto"))
    each = _upper_tail(*arrays, log=True, method="auto")
    bounded = np.minimum(0.0, np.log(many) + each)
    if bound:
        return bounded
    # The log of 1 - p keeps all digits for p near 0 and near 1. Below exp(-700) it is -p, which underflows
    # though M p, equal to the result up to a factor of 1 - M p / 2, need not.
    silent = many * log_tails(*arrays, lower=True)
    if not log:
        return 0.0 - np.expm1(silent)
    with np.errstate(divide="ignore"):
        return np.where(each < -650, bounded, np.log(-np.expm1(silent)))


def decades(logs: ArrayLike) -> Numbers:
    """Return natural logarithms as decimal ones."""
    return np.asarray(logs, dtype=float) / math.log(10.0)
