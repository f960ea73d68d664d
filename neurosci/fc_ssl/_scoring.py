"""Scores of predictions: areas over all pairs or pairs within a site, correlations and errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.metric import Metric
from neurosci.stats import auc_interval, bootstrap_interval

N_UNIT = "people"


def area_within(y: NDArray[np.bool_], score: NDArray[Any], stratum: NDArray[Any]) -> float:
    """Return the share of pairs of one stratum, positive and negative, that the score orders rightly."""
    from scipy.stats import rankdata

    right, pairs = 0.0, 0
    for name in np.unique(stratum):
        inside = stratum == name
        high, n = y[inside], int(inside.sum())
        m = int(high.sum())
        if 0 < m < n:
            right += float(rankdata(score[inside])[high].sum()) - m * (m + 1) / 2
            pairs += m * (n - m)
    return right / pairs if pairs else math.nan


def area_within_interval(
    y: NDArray[np.bool_], score: NDArray[Any], stratum: NDArray[Any], level: float
) -> Metric:
    """Return the same with DeLong's variance of each stratum, added up; strata are independent.

    The interval is symmetric on the logit scale, as that of `neurosci.stats.auc_interval`, to which it is
    equal for one stratum. For a single case of a label, its difference from the overall area stands in.
    """
    from scipy.stats import norm, rankdata

    area, pairs, variance, parts = area_within(y, score, stratum), 0, 0.0, []
    for name in np.unique(stratum):
        inside = stratum == name
        high, n = y[inside], int(inside.sum())
        m = int(high.sum())
        if not 0 < m < n:
            continue
        ranks = rankdata(score[inside])
        above = (ranks[high] - rankdata(score[inside][high])) / (n - m)
        below = 1 - (ranks[~high] - rankdata(score[inside][~high])) / m
        parts.append((m * (n - m), above, below))
        pairs += m * (n - m)
    for weight, *components in parts:
        for values in components:
            if len(values) > 1:
                spread = float(values.var(ddof=1)) / len(values)
            else:
                spread = float((values[0] - area) ** 2)
            variance += (weight / pairs) ** 2 * spread
    if not parts or not 0 < area < 1 or variance == 0:
        return Metric(area, n=len(y), n_unit=N_UNIT, method="variance not estimable")
    half = norm.ppf((1 + level) / 2) * math.sqrt(variance) / (area * (1 - area))
    centre = math.log(area / (1 - area))
    low, high = (1 / (1 + math.exp(-(centre + side * half))) for side in (-1, 1))
    return Metric(
        area, low, high, n=len(y), n_unit=N_UNIT, level=level, method="DeLong interval within sites (logit)"
    )


def classification_metrics(
    y: NDArray[np.bool_], score: NDArray[np.float64], site: NDArray[Any] | None, level: float
) -> dict[str, Metric]:
    """Return the area over all pairs, and within sites where they are known."""
    if np.ptp(score) == 0:
        flat = Metric(0.5, n=len(y), n_unit=N_UNIT, method="one score for all")
        return {"auc": flat} | ({"auc_within_sites": flat} if site is not None else {})
    found = {"auc": auc_interval(y, score, level=level, n_unit=N_UNIT)}
    if site is not None:
        found["auc_within_sites"] = area_within_interval(y, score, site, level)
    return found


def regression_metrics(
    y: NDArray[np.float64],
    predicted: NDArray[np.float64],
    n_resamples: int,
    level: float,
    rng: np.random.Generator,
) -> dict[str, Metric]:
    """Return Pearson's r with Fisher's interval and the mean absolute error with a bootstrap interval."""
    error = np.abs(y - predicted)
    return {
        "r": correlation_interval(y, predicted, level),
        "mae": bootstrap_interval(
            error, np.mean, n_resamples=n_resamples, level=level, n_unit=N_UNIT, random_state=rng
        ),
    }


def correlation_interval(y: NDArray[np.float64], predicted: NDArray[np.float64], level: float) -> Metric:
    """Return Pearson's r with Fisher's interval; no estimate where one of the two does not vary."""
    from scipy.stats import pearsonr

    if np.ptp(predicted) == 0 or np.ptp(y) == 0:
        return Metric(0.0, n=len(y), n_unit=N_UNIT, method="one value for all")
    found = pearsonr(y, predicted)
    limits = found.confidence_interval(level)
    return Metric(
        float(found.statistic), float(limits.low), float(limits.high), n=len(y), n_unit=N_UNIT, level=level,
        method="Fisher interval",
    )  # fmt: skip


def one_score(
    kind: str, y: NDArray[Any], score: NDArray[np.float64], site: NDArray[Any] | None
) -> dict[str, float]:
    """Return the scores of one test set without intervals."""
    if kind == "classification":
        return {"auc": area_within(y, score, np.zeros(len(y)) if site is None else site)}
    varies = np.ptp(score) > 0 and np.ptp(y) > 0
    return {
        "r": float(np.corrcoef(y, score)[0, 1]) if varies else 0.0,
        "mae": float(np.abs(y - score).mean()),
    }
