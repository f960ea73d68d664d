"""Thresholds that keep both errors small, and the published medians over a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import at_most, broadcast, count, fraction, integers, population
from ._overlap import log_tails
from ._probability import Numbers


def threshold_windows(
    n: ArrayLike, a: ArrayLike, s: ArrayLike, noise: ArrayLike, alpha: float, beta: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the lowest threshold with few false positives and the highest with few false negatives.

    Parameters
    ----------
    n : int or array-like of int
        Cells from which the segment receives.
    a : int or array-like of int
        Active cells of a pattern.
    s : int or array-like of int
        Synapses of the segment, 0 <= s <= a.
    noise : float or array-like of float
        Fraction of the active cells that noise replaces, in [0, 1]; rounded to whole cells.
    alpha, beta : float
        Largest accepted probabilities of a false positive and of a false negative, in (0, 1).

    Returns
    -------
    low : ndarray of int64
        Smallest theta with P(false positive) <= alpha.
    high : ndarray of int64
        Largest theta with P(false negative) <= beta. Where low > high no threshold keeps both errors
        small.

    Raises
    ------
    ValueError
        If a number is not whole or an inequality is broken; the message names it.

    See Also
    --------
    threshold_window : For a single segment, with None where the window is empty.

    Notes
    -----
    Derived here. A false positive becomes rarer with theta and a false negative more frequent, so
    that the admissible thresholds are an interval.

    Examples
    --------
    >>> low, high = threshold_windows(10_000, 300, [20, 30, 40], 0.2, alpha=1e-9, beta=1e-2)
    >>> low.tolist(), high.tolist()
    ([10, 11, 13], [12, 19, 26])
    """
    where = "threshold_windows"
    log_alpha, log_beta = (
        float(np.log(fraction(where, name, value))) for name, value in (("alpha", alpha), ("beta", beta))
    )
    n, a, s = population(where, n=n, a=a, s=s)
    at_most(where, "s", s, "a", a, "the synapses are a part of the stored pattern")
    share = np.asarray(noise, dtype=np.float64)
    if not ((share >= 0) & (share <= 1)).all():
        raise ValueError(f"{where}: noise must be in [0, 1], got {noise!r:.80}")
    n, a, s, share = np.broadcast_arrays(n, a, s, share)
    v = np.round(share * a).astype(np.int64)
    theta = np.arange(int(s.max(initial=0)) + 2)
    n, a, s, v, theta = np.broadcast_arrays(*(x[..., None] for x in (n, a, s, v)), theta)
    positive = log_tails(n, a, s, theta)
    negative = log_tails(np.maximum(a, 1), v, s, s - theta + 1)
    low = np.argmax(positive <= log_alpha, axis=-1)
    high = theta.shape[-1] - 1 - np.argmax((negative <= log_beta)[..., ::-1], axis=-1)
    return np.asarray(low), np.asarray(high)


def threshold_window(
    n: int, a: int, s: int, noise: float, alpha: float, beta: float
) -> tuple[int, int] | None:
    """Return the thresholds of one segment that keep both errors small.

    Parameters
    ----------
    n : int
        Cells from which the segment receives.
    a : int
        Active cells of a pattern.
    s : int
        Synapses of the segment, 0 <= s <= a.
    noise : float
        Fraction of the active cells that noise replaces, in [0, 1]; rounded to whole cells.
    alpha, beta : float
        Largest accepted probabilities of a false positive and of a false negative, in (0, 1).

    Returns
    -------
    (int, int) or None
        Lowest and highest admissible threshold; None where there is none.

    Raises
    ------
    ValueError
        If a number is not whole or an inequality is broken; the message names it.

    See Also
    --------
    threshold_windows : The same for arrays.

    Examples
    --------
    >>> threshold_window(10_000, 300, 30, 0.4, alpha=1e-9, beta=1e-2)
    (11, 12)
    >>> threshold_window(10_000, 300, 30, 0.5, alpha=1e-9, beta=1e-2) is None
    True
    """
    where = "threshold_window"
    n, a, s = count(where, "n", n, 0), count(where, "a", a, 0), count(where, "s", s, 0)
    low, high = threshold_windows(n, a, s, fraction(where, "noise", noise, closed=True), alpha, beta)
    return None if low > high else (int(low), int(high))


@dataclass(frozen=True, eq=False)
class ErrorCurve:
    """False-positive probability over a grid of segments, by threshold.

    Parameters
    ----------
    theta : ndarray of int64
        Thresholds.
    log_median : ndarray of float64
        Natural log of the median over the grid.
    log_median_can_fire : ndarray of float64
        The same over the segments that can fire (theta <= s).
    log_mean : ndarray of float64
        Natural log of the mean over the grid.
    sd, minimum, maximum : ndarray of float64
        Standard deviation (with n - 1), least and largest probability over the grid.
    n_combinations, n_can_fire : ndarray of int64
        Segments in the grid, and those that can fire.
    """

    theta: NDArray[np.int64]
    log_median: Numbers
    log_median_can_fire: Numbers
    log_mean: Numbers
    sd: Numbers
    minimum: Numbers
    maximum: Numbers
    n_combinations: NDArray[np.int64]
    n_can_fire: NDArray[np.int64]


def median_error_curve(thetas: ArrayLike, grid: ArrayLike) -> ErrorCurve:
    """Return median and mean false-positive probability over a grid of segments.

    Parameters
    ----------
    thetas : int or array-like of int
        Thresholds.
    grid : array-like of int, shape (n_combinations, 3)
        One row of n, a and s for each segment; see `published_grid`.

    Returns
    -------
    ErrorCurve
        One value per threshold.

    Raises
    ------
    ValueError
        If the grid has another shape, or a number is not whole or breaks an inequality.

    Notes
    -----
    Fig. 6 of Ahmad and Hawkins (2016). A segment with theta > s can never fire; its probability is
    exactly 0 and enters the published medians, so both medians are returned.

    References
    ----------
    Ahmad S, Hawkins J (2016). How do neurons operate on sparse distributed representations? A
    mathematical theory of sparsity, neurons and active dendrites. arXiv:1601.00720.

    Examples
    --------
    >>> from neurosci.dendrites import published_grid
    >>> curve = median_error_curve([9, 10], published_grid("figure 6"))
    >>> [f"{p:.2e}" for p in np.exp(curve.log_median)]
    ['2.04e-09', '7.40e-11']
    """
    where = "median_error_curve"
    table = integers(where, "grid", grid)
    if table.ndim != 2 or table.shape[1] != 3 or not len(table):
        raise ValueError(
            f"{where}: grid must have shape (n_combinations, 3), with n, a and s, got {table.shape}"
        )
    theta = np.atleast_1d(integers(where, "thetas", thetas))
    n, a, s = population(where, **dict(zip("nas", table.T, strict=True)))
    full = broadcast(where, n=n[:, None], a=a[:, None], s=s[:, None], theta=theta)
    logs = log_tails(*full)
    can_fire = full[3] <= np.minimum(full[1], full[2])
    largest: Any = logs.max(axis=0)
    with np.errstate(invalid="ignore"):
        scaled = np.where(np.isfinite(largest), np.exp(logs - largest), 0.0)
    fires = [_log_median(column[keep]) for column, keep in zip(logs.T, can_fire.T, strict=True)]
    with np.errstate(divide="ignore"):
        log_mean = largest + np.log(scaled.mean(axis=0))
    probabilities = np.exp(logs)
    return ErrorCurve(
        theta=theta,
        log_median=np.array([_log_median(column) for column in logs.T]),
        log_median_can_fire=np.array(fires),
        log_mean=log_mean,
        sd=probabilities.std(axis=0, ddof=1) if len(table) > 1 else np.zeros(theta.size),
        minimum=probabilities.min(axis=0),
        maximum=probabilities.max(axis=0),
        n_combinations=np.full(theta.size, len(table)),
        n_can_fire=can_fire.sum(axis=0),
    )


def _log_median(logs: Numbers) -> float:
    """Return the log of the median of numbers given by their logs, which may be minus infinity."""
    if not logs.size:
        return -np.inf
    ordered = np.sort(logs)
    middle = ordered[(logs.size - 1) // 2], ordered[logs.size // 2]
    if logs.size % 2:
        return float(middle[0])
    return float(np.logaddexp(*middle) - np.log(2.0))
