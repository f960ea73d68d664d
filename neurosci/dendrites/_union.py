"""Segments that mix synapses of several patterns: size of the union, and errors it makes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option

from ._checks import at_least, count, population
from ._overlap import log_tails
from ._probability import Numbers, false_positive_prob

METHODS = ("exact", "plugin", "bloom")


def expected_union_size(n: ArrayLike, s: ArrayLike, n_patterns: ArrayLike) -> Numbers:
    """Return the expected number of distinct synapses after several patterns.

    Parameters
    ----------
    n : int or array-like of int
        Cells from which the segment receives.
    s : int or array-like of int
        Synapses sampled from each pattern, 0 <= s <= n.
    n_patterns : int or array-like of int
        Independent patterns mixed on the segment, >= 1.

    Returns
    -------
    ndarray of float64
        Synapses.

    Raises
    ------
    ValueError
        If a number is not whole or an inequality is broken; the message names it.

    Notes
    -----
    Eqs. 11 and 13 of Ahmad and Hawkins (2016): n (1 - (1 - s/n)^M). It is exact, though the size
    itself varies: see `union_size_distribution`.

    References
    ----------
    Ahmad S, Hawkins J (2016). How do neurons operate on sparse distributed representations? A
    mathematical theory of sparsity, neurons and active dendrites. arXiv:1601.00720.

    Examples
    --------
    >>> round(float(expected_union_size(20_000, 25, 10)), 6)
    248.598427
    """
    where = "expected_union_size"
    n, s, many = population(where, n=n, s=s, n_patterns=n_patterns)
    at_least(where, "n_patterns", many, 1)
    return np.asarray(-n * np.expm1(_log_silent(n, s, many)))


def _log_silent(n: NDArray[np.int64], s: NDArray[np.int64], many: NDArray[np.int64]) -> Numbers:
    """Return the log-probability that a given cell has no synapse: Eq. 11."""
    with np.errstate(divide="ignore"):
        return np.asarray(many * np.log1p(-s / n))


def union_size_distribution(n: int, s: int, n_patterns: int, *, log: bool = False) -> Numbers:
    """Return the probability of each number of distinct synapses after several patterns.

    Parameters
    ----------
    n : int
        Cells from which the segment receives.
    s : int
        Synapses sampled from each pattern, 0 <= s <= n.
    n_patterns : int
        Independent patterns mixed on the segment, >= 1.
    log : bool, default=False
        Return natural logarithms, which do not underflow.

    Returns
    -------
    ndarray of shape (min(n, s * n_patterns) + 1,)
        Probability of 0, 1, 2, ... distinct synapses.

    Raises
    ------
    ValueError
        If a number is not whole or an inequality is broken; the message names it.

    Notes
    -----
    Derived here: given u distinct synapses, the next pattern adds s - k with probability
    C(u, k) C(n - u, s - k) / C(n, s). Time grows with s² n_patterns², memory with s n_patterns².

    Examples
    --------
    >>> sizes = union_size_distribution(1000, 25, 2)
    >>> round(float(sizes @ range(len(sizes))), 3), round(float(sizes[50]), 3)
    (49.375, 0.527)
    """
    where = "union_size_distribution"
    n, s, many = (
        count(where, "n", n),
        count(where, "s", s, 0),
        count(where, "n_patterns", n_patterns),
    )
    population(where, n=n, s=s)
    logs: Numbers = _size_table(n, s, many)[many]
    return logs if log else np.exp(logs)


def _size_table(n: int, s: int, n_patterns: int) -> Numbers:
    from ._jit import union_sizes

    table: Numbers = union_sizes(n, s, n_patterns)
    return table


def union_false_positive_prob(
    n: ArrayLike,
    a: ArrayLike,
    s: ArrayLike,
    theta: ArrayLike,
    n_patterns: ArrayLike,
    *,
    method: str = "exact",
    log: bool = False,
) -> Numbers:
    """Return the probability that a random pattern matches a segment that mixes several patterns.

    The tested pattern is independent of those on the segment.

    Parameters
    ----------
    n, a, s, theta : int or array-like of int
        As in `false_positive_prob`; `s` synapses are sampled from each pattern.
    n_patterns : int or array-like of int
        Patterns mixed on the segment, >= 1.
    method : {"exact", "plugin", "bloom"}, default="exact"
        Mixture over the distribution of the union's size; the published approximation that puts the
        rounded expected size into Eq. 4; or cells treated as independent of each other.
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
    "exact" is derived here. "plugin" is how Fig. 7B of Ahmad and Hawkins (2016) was made. "bloom"
    with theta = a is their Eq. 12, (1 - p0)^a, the formula of a Bloom filter; below a it is the
    binomial tail with the same probability of a cell.

    References
    ----------
    Ahmad S, Hawkins J (2016). How do neurons operate on sparse distributed representations? A
    mathematical theory of sparsity, neurons and active dendrites. arXiv:1601.00720.

    Examples
    --------
    >>> for method in ("exact", "plugin"):
    ...     print(f"{union_false_positive_prob(1000, 200, 25, 15, 2, method=method):.6e}")
    5.077336e-02
    4.738945e-02
    """
    where = "union_false_positive_prob"
    check_option(where, "method", method, METHODS)
    arrays = population(where, n=n, a=a, s=s, theta=theta, n_patterns=n_patterns)
    at_least(where, "n_patterns", arrays[4], 1)
    if method == "plugin":
        size = np.round(expected_union_size(arrays[0], arrays[2], arrays[4])).astype(np.int64)
        return false_positive_prob(arrays[0], arrays[1], size, arrays[3], log=log)
    logs = _mixture(*arrays) if method == "exact" else _bloom(*arrays)
    return logs if log else np.exp(logs)


def _bloom(
    n: NDArray[np.int64],
    a: NDArray[np.int64],
    s: NDArray[np.int64],
    theta: NDArray[np.int64],
    many: NDArray[np.int64],
) -> Numbers:
    from ._jit import log_binomial_tail

    silent = _log_silent(n, s, many).reshape(-1)
    flat = zip(a.reshape(-1).tolist(), silent.tolist(), theta.reshape(-1).tolist(), strict=True)
    return np.array([log_binomial_tail(*values) for values in flat]).reshape(n.shape)


def _mixture(
    n: NDArray[np.int64],
    a: NDArray[np.int64],
    s: NDArray[np.int64],
    theta: NDArray[np.int64],
    many: NDArray[np.int64],
) -> Numbers:
    """Sum over the size of the union; one table of sizes serves all elements with equal n and s."""
    rows = np.stack([n, s, a, theta, many]).reshape(5, -1)
    order = np.lexsort(rows[::-1])
    # (n, s) is the outermost key of the order, so equal pairs are neighbours
    starts = np.flatnonzero(np.diff(rows[:2, order], axis=1).any(axis=0)) + 1
    out = np.empty(rows.shape[1])
    for first, last in pairwise([0, *starts.tolist(), rows.shape[1]]):
        group = order[first:last]
        cells, synapses = (int(x) for x in rows[:2, group[0]])
        table = _size_table(cells, synapses, int(rows[4, group].max()))
        sizes = np.arange(table.shape[1])
        tails: dict[tuple[int, int], Numbers] = {}
        for index in group.tolist():
            key = int(rows[2, index]), int(rows[3, index])
            if key not in tails:
                full = (np.full_like(sizes, value) for value in (cells, key[0], key[1]))
                whole, active, threshold = full
                tails[key] = log_tails(whole, active, sizes, threshold)
            out[index] = np.logaddexp.reduce(table[rows[4, index]] + tails[key])
    return np.minimum(0.0, out).reshape(n.shape)
