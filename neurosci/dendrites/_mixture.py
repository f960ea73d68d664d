"""Probability that at least one of given segments matches a random pattern, whatever they share."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.random import check_random_state

from ._checks import at_most, count
from ._overlap import OverlapDistribution
from ._patterns import binary_rows, new_state
from ._probability import Numbers, false_positive_prob
from ._rate import RateEstimate, certain, from_weights


def mixture_false_positives(
    segments: ArrayLike,
    a: int,
    theta: int,
    n_trials: int = 10_000,
    *,
    random_state: int | np.random.Generator | None = None,
) -> RateEstimate:
    """Estimate the probability that a random pattern matches at least one of many segments.

    Unlike Eq. 8 it does not take the segments as independent, and unlike Eq. 9 it is no bound: segments
    that share synapses often match the same patterns.

    Parameters
    ----------
    segments : array-like or sparse array of shape (n_segments, n_cells)
        Synapses of each segment, as booleans.
    a : int
        Active cells of the random pattern, 0 <= a <= n_cells.
    theta : int
        Threshold, in active synapses.
    n_trials : int, default=10000
        Draws.
    random_state : int, Generator or None, default=None
        Seed or generator.

    Returns
    -------
    RateEstimate
        Unbiased estimate with a log-normal interval; no draw exceeds the union bound. Where no segment
        shares a match with another, every draw is the bound, and the standard error is 0.

    Raises
    ------
    ValueError
        If the segments are not binary, a number is not whole or an inequality is broken.

    See Also
    --------
    population_false_positive : Eqs. 8 and 9, for segments that are independent, and for any.

    Notes
    -----
    Derived here, as a mixture of conditional laws. Segment m is picked with probability P_m / sum P, and a
    pattern is drawn that matches it; the mean of sum P / (number of segments that match) is the probability
    of a match with any. P_m are exact (Eq. 4 of Ahmad and Hawkins 2016), and do not underflow.

    References
    ----------
    Ahmad S, Hawkins J (2016). How do neurons operate on sparse distributed representations? A
    mathematical theory of sparsity, neurons and active dendrites. arXiv:1601.00720.

    Examples
    --------
    >>> from neurosci.dendrites import population_false_positive, random_sdr
    >>> segments = random_sdr(2048, 24, size=100, random_state=0)
    >>> rate = mixture_false_positives(segments, a=40, theta=12, random_state=0)
    >>> bound = population_false_positive(2048, 40, 24, 12, n_segments=100, bound=True)
    >>> abs(rate.estimate / float(bound) - 1) < 1e-6
    True
    """
    from ._jit_rare import mixture_matches

    where = "mixture_false_positives"
    rows = binary_rows(where, "segments", segments)
    n_segments, n = rows.shape
    if not n_segments:
        raise ValueError(f"{where}: segments must have at least one row, got shape {rows.shape}")
    n_active, threshold = count(where, "a", a, 0), count(where, "theta", theta, -(2**31))
    at_most(where, "a", np.array(n_active), "n_cells", np.array(n))
    n_trials = count(where, "n_trials", n_trials)
    sizes = np.diff(rows.indptr).astype(np.int64)
    logs = false_positive_prob(n, n_active, sizes, threshold, log=True, method="float")
    highest = float(logs.max())
    if highest in (0.0, -np.inf):
        return certain(n_trials, highest == 0.0, "mixture")
    shares = np.exp(logs - highest)
    total = highest + float(np.log(shares.sum()))
    columns = rows.tocsc()
    matching = np.empty(n_trials, dtype=np.int64)
    mixture_matches(
        n, n_active, threshold,
        (rows.indices.astype(np.int64), rows.indptr.astype(np.int64)),
        (columns.indices.astype(np.int64), columns.indptr.astype(np.int64)),
        np.cumsum(shares) / shares.sum(), _overlap_laws(n, n_active, sizes, threshold),
        n_trials, new_state(check_random_state(random_state)), matching,
    )  # fmt: skip
    return from_weights(total - np.log(matching), n_trials, "mixture")


def _overlap_laws(n: int, a: int, sizes: NDArray[np.int64], theta: int) -> Numbers:
    """Return P(overlap <= k given a match) by size and k; rows of sizes that do not occur stay zero."""
    laws = np.zeros((int(sizes.max()) + 1, int(sizes.max()) + 1))
    for size in np.unique(sizes).tolist():
        overlaps = np.arange(theta, min(size, a) + 1)
        if overlaps.size:
            logs = OverlapDistribution(n, a, size).logpmf(overlaps)
            weights = np.exp(logs - logs.max())
            laws[size, overlaps] = np.cumsum(weights) / weights.sum()
    return laws
