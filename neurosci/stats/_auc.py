"""Area under the ROC curve: its interval, and the comparison of two over the same cases (DeLong)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option
from neurosci._core.metric import Metric
from neurosci.stats._checks import ALTERNATIVES, as_array, check_level, check_sample
from neurosci.stats._comparison import Comparison

_SCALES = ("logit", "linear")


def auc_interval(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    scale: str = "logit",
    level: float = 0.95,
    n_unit: str = "cases",
) -> Metric:
    r"""Return the area under the ROC curve with DeLong's interval.

    Parameters
    ----------
    y_true : array-like of shape (n_cases,)
        Two labels; the larger, in sorted order, is the positive one.
    y_score : array-like of shape (n_cases,)
        Scores, higher for the positive label.
    scale : {"logit", "linear"}, default="logit"
        Scale on which the interval is symmetric. On the logit scale it stays inside (0, 1) and keeps
        its coverage for areas near one.
    level : float, default=0.95
        Coverage, in (0, 1).
    n_unit : str, default="cases"
        What is counted, in words; cases must be independent, so not trials of few subjects.

    Returns
    -------
    Metric
        Area (0 to 1) with its limits.

    Raises
    ------
    ValueError
        If there are not two labels with at least two cases each, a score is not finite, or all
        scores are equal.

    See Also
    --------
    compare_auc : Difference of the areas of two scores over the same cases.

    Notes
    -----
    The area is the Mann-Whitney statistic, ties counting one half,
    :math:`A = \frac{1}{mn} \sum_i \sum_j \psi(x_i, y_j)` for :math:`m` positive scores :math:`x` and
    :math:`n` negative :math:`y`. With the structural components
    :math:`V_i = \frac{1}{n} \sum_j \psi(x_i, y_j)` and :math:`W_j = \frac{1}{m} \sum_i \psi(x_i, y_j)`

    .. math:: \widehat{\mathrm{Var}}(A) = S^2_V / m + S^2_W / n

    ([1]_, Eq. 5), computed from midranks in :math:`O(N \log N)` [2]_. On the logit scale the standard
    error is divided by :math:`A (1 - A)`.

    Where the scores separate the labels completely the estimated variance is zero. Then the limits are
    those of :math:`k` successes in :math:`k` independent pairs of one positive and one negative case
    (Clopper-Pearson), :math:`k = \min(m, n)`: conservative, and never a single point.

    References
    ----------
    .. [1] DeLong ER, DeLong DM, Clarke-Pearson DL (1988). Comparing the areas under two or more
       correlated receiver operating characteristic curves. Biometrics 44, 837-845.
    .. [2] Sun X, Xu W (2014). Fast implementation of DeLong's algorithm for comparing the areas under
       correlated receiver operating characteristic curves. IEEE Signal Processing Letters 21,
       1389-1393.

    Examples
    --------
    >>> y = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    >>> print(auc_interval(y, [0.1, 0.3, 0.2, 0.6, 0.4, 0.5, 0.8, 0.9, 0.35, 0.7]))
    0.88 [0.47, 0.98] (95% DeLong interval (logit), n = 10 cases)
    """
    where = "auc_interval"
    check_option(where, "scale", scale, _SCALES)
    check_level(where, level)
    positive = _positive(where, y_true)
    score = _score(where, "y_score", y_score, positive.size)
    area, covariance = _delong(positive, score[np.newaxis])
    value, variance = float(area[0]), float(covariance[0, 0])
    if value in (0, 1):
        n_pairs = int(min(positive.sum(), (~positive).sum()))
        low, high, method = (
            *all_pairs_interval(value, n_pairs, level),
            "Clopper-Pearson interval over pairs",
        )
    elif variance == 0:
        raise ValueError(f"{where}: y_score must differ between cases, got one value for all")
    else:
        low, high = symmetric_interval(value, math.sqrt(variance), level, scale=scale)
        method = f"DeLong interval ({scale})"
    return Metric(value, low, high, n=positive.size, n_unit=n_unit, level=level, method=method)


def compare_auc(
    y_true: ArrayLike,
    y_score: ArrayLike,
    y_score_reference: ArrayLike,
    *,
    alternative: str = "two-sided",
    level: float = 0.95,
    n_unit: str = "cases",
) -> Comparison:
    r"""Compare the areas under the ROC curves of two scores over the same cases (DeLong's test).

    Parameters
    ----------
    y_true : array-like of shape (n_cases,)
        Two labels; the larger, in sorted order, is the positive one.
    y_score, y_score_reference : array-like of shape (n_cases,)
        Scores, higher for the positive label; the area of the reference is subtracted.
    alternative : {"two-sided", "greater", "less"}, default="two-sided"
        Side that speaks against equal areas; "greater" claims a larger area than the reference.
    level : float, default=0.95
        Coverage of the interval, in (0, 1).
    n_unit : str, default="cases"
        What is counted, in words; cases must be independent.

    Returns
    -------
    Comparison
        Difference of the areas (-1 to 1), its interval, and the probability of the test.

    Raises
    ------
    ValueError
        If there are not two labels with at least two cases each, a score is not finite, or both
        scores separate the labels completely in opposite directions.

    Notes
    -----
    The difference of the areas divided by its standard error,

    .. math:: z = \frac{A_1 - A_2}{\sqrt{S_{11} + S_{22} - 2 S_{12}}} ,

    is compared with the normal distribution ([1]_, Eq. 6). Scores that order the cases alike have
    difference 0 and probability 1. The test is for scores given beforehand: for two nested models fitted
    to the same cases it is far too conservative.

    References
    ----------
    .. [1] DeLong ER, DeLong DM, Clarke-Pearson DL (1988). Comparing the areas under two or more
       correlated receiver operating characteristic curves. Biometrics 44, 837-845.

    Examples
    --------
    >>> y = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    >>> a = [0.1, 0.3, 0.2, 0.6, 0.4, 0.5, 0.8, 0.9, 0.35, 0.7]
    >>> b = [0.4, 0.3, 0.6, 0.7, 0.1, 0.2, 0.5, 0.9, 0.35, 0.8]
    >>> compare_auc(y, a, b).effect.text
    '0.24 [−0.11, 0.59]'
    """
    from scipy.special import ndtr

    where = "compare_auc"
    check_option(where, "alternative", alternative, ALTERNATIVES)
    check_level(where, level)
    positive = _positive(where, y_true)
    scores = np.stack(
        [
            _score(where, "y_score", y_score, positive.size),
            _score(where, "y_score_reference", y_score_reference, positive.size),
        ]
    )
    areas, covariance = _delong(positive, scores)
    difference = float(areas[0] - areas[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    # What rounding leaves of a variance that is zero is far below the smallest step of an area squared.
    if variance < 1e-14:
        if abs(difference) > 1e-9:
            raise ValueError(
                f"{where}: the scores separate the labels completely in opposite directions, so the "
                "variance is not estimable (use permutation_test)"
            )
        difference, error, z = 0.0, 0.0, 0.0
    else:
        error = math.sqrt(variance)
        z = difference / error
    low, high = symmetric_interval(difference, error, level, scale="linear")
    pvalue = {
        "two-sided": 2 * ndtr(-abs(z)) if error else 1.0,
        "greater": ndtr(-z) if error else 1.0,
        "less": ndtr(z) if error else 1.0,
    }[alternative]
    effect = Metric(
        difference, low, high, n=positive.size, n_unit=n_unit, level=level, method="DeLong interval"
    )
    return Comparison(effect, max(float(pvalue), np.finfo(float).tiny), alternative, "DeLong test")


def symmetric_interval(
    value: float, standard_error: float, level: float, *, scale: str, df: float = math.inf
) -> tuple[float, float]:
    """Return normal or Student limits, symmetric on the scale of the value or of its logit."""
    from scipy import special

    tail = (1 - level) / 2
    z = -float(special.ndtri(tail) if math.isinf(df) else special.stdtrit(df, tail))
    if scale == "linear":
        return value - z * standard_error, value + z * standard_error
    center, half = special.logit(value), z * standard_error / (value * (1 - value))
    return float(special.expit(center - half)), float(special.expit(center + half))


def all_pairs_interval(value: float, n_pairs: int, level: float) -> tuple[float, float]:
    """Return Clopper-Pearson limits of `n_pairs` independent pairs that all fall on one side."""
    limit = ((1 - level) / 2) ** (1 / n_pairs)
    return (limit, 1.0) if value == 1 else (0.0, 1 - limit)


def _positive(where: str, y_true: ArrayLike) -> NDArray[np.bool_]:
    labels = as_array(where, "y_true", y_true)
    if labels.ndim != 1:
        raise ValueError(f"{where}: y_true must have one axis, one label per case, got shape {labels.shape}")
    if labels.dtype.kind not in "biufUS":
        raise TypeError(f"{where}: y_true must hold numbers or text, got dtype {labels.dtype}")
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise ValueError(
            f"{where}: y_true must not be NaN, got {np.isnan(labels).sum()} NaN, "
            f"the first at index {np.flatnonzero(np.isnan(labels))[0]}"
        )
    found, counts = np.unique(labels, return_counts=True)
    if found.size != 2:
        listed = ", ".join(repr(label) for label in found.tolist()[:5])
        raise ValueError(
            f"{where}: y_true must hold 2 different labels, got {found.size}"
            + (f" ({listed})" if listed else "")
        )
    if counts.min() < 2:
        fewest = found[counts.argmin()].item()
        raise ValueError(f"{where}: y_true needs at least 2 cases of each label, got 1 of {fewest!r}")
    return np.asarray(labels == found[1])


def _score(where: str, name: str, values: ArrayLike, n: int) -> NDArray[np.float64]:
    score = check_sample(where, name, values, at_least=2, what="cases")
    if score.size != n:
        raise ValueError(f"{where}: {name} must have one value for each of {n} labels, got {score.size}")
    return score


def _delong(
    positive: NDArray[np.bool_], scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the areas, shape (n_scores,), and their covariance, shape (n_scores, n_scores)."""
    from scipy.stats import rankdata

    m, n = int(positive.sum()), int((~positive).sum())
    ranks = rankdata(scores, axis=1)
    # A midrank among all minus the midrank among its own label counts the cases of the other label below.
    above = (ranks[:, positive] - rankdata(scores[:, positive], axis=1)) / n
    below = 1 - (ranks[:, ~positive] - rankdata(scores[:, ~positive], axis=1)) / m
    covariance = np.atleast_2d(np.cov(above)) / m + np.atleast_2d(np.cov(below)) / n
    return above.mean(axis=1), covariance
