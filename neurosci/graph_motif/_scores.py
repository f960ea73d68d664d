"""Scores of predictions, each with its interval over people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosci._core.metric import Metric
from neurosci.stats import auc_interval, bootstrap_interval, proportion_interval

N_UNIT = "people"


def by_person(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each person: scores and guesses averaged over scans, which are not independent."""
    grouped = predictions.groupby("person", sort=True)
    table = grouped.agg(
        site=("site", "first"),
        fold=("fold", "first"),
        y=("y", "first"),
        score=("score", "mean"),
        guess=("predicted", "mean"),
    )
    # Where scans are divided evenly, the mean score decides.
    tie = table["guess"] == 0.5
    table["predicted"] = np.where(tie, table["score"] > 0, table["guess"] > 0.5)
    return table.drop(columns="guess").reset_index()


def person_metrics(
    people: pd.DataFrame, n_resamples: int, level: float, random_state: Any
) -> dict[str, Metric]:
    """Return accuracy, balanced accuracy, sensitivity, specificity and areas under the curve."""
    y, guess = people["y"].to_numpy(bool), people["predicted"].to_numpy(bool)
    score = people["score"].to_numpy(float)
    hit = y == guess

    def share(of: NDArray[np.bool_]) -> Metric:
        return proportion_interval(int(hit[of].sum()), int(of.sum()), level=level, n_unit=N_UNIT)

    found = {
        "accuracy": share(np.ones(y.size, dtype=bool)),
        "balanced_accuracy": _resampled(
            np.column_stack([y, guess]), _balanced, n_resamples, level, random_state
        ),
        "sensitivity": share(y),
        "specificity": share(~y),
    }
    if np.ptp(score) == 0:
        constant = Metric(0.5, n=y.size, n_unit=N_UNIT, method="one score for all")
        return found | dict.fromkeys(("auc", "auc_bootstrap", "auc_within_folds"), constant)
    fold = np.unique(people["fold"], return_inverse=True)[1]
    order = np.unique(score, return_inverse=True)[1]
    pooled = np.column_stack([y, order])
    # Folds one above the other, so that ranks compare people within a fold only.
    stacked = np.column_stack([y, order + fold * (order.max() + 1), fold])
    return found | {
        "auc": auc_interval(y, score, level=level, n_unit=N_UNIT),
        "auc_bootstrap": _resampled(pooled, _area, n_resamples, level, random_state),
        "auc_within_folds": _resampled(stacked, _area_within, n_resamples, level, random_state),
    }


def _resampled(
    data: NDArray[Any], statistic: Any, n_resamples: int, level: float, random_state: Any
) -> Metric:
    return bootstrap_interval(
        data,
        statistic,
        n_resamples=n_resamples,
        level=level,
        vectorized=True,
        nan_policy="omit",
        n_unit=N_UNIT,
        random_state=random_state,
    )


def _balanced(data: NDArray[Any]) -> NDArray[np.float64]:
    """Return the balanced accuracy of each resample, shape (n_resamples, n_people, 2): label and guess."""
    y, guess = data[..., 0] > 0, data[..., 1] > 0
    # A resample without one of the groups has no value.
    with np.errstate(invalid="ignore"):
        high, low = (y & guess).sum(axis=-1) / y.sum(axis=-1), (~y & ~guess).sum(axis=-1) / (~y).sum(axis=-1)
    return np.asarray((high + low) / 2)


def _area(data: NDArray[Any]) -> NDArray[np.float64]:
    """Return the area under the curve of each resample: label and score."""
    y = data[..., 0] > 0
    return _ordered(y, _ranks(data), np.zeros(data.shape[:-1])) / _pairs(y)


def _area_within(data: NDArray[Any]) -> NDArray[np.float64]:
    """Return the share of pairs within folds that are ordered rightly: label, stacked score and fold."""
    y, ranks, fold = data[..., 0] > 0, _ranks(data), data[..., 2]
    ordered, pairs = np.zeros(y.shape[:-1]), np.zeros(y.shape[:-1])
    for number in np.unique(fold):
        inside = fold == number
        below = (fold < number).sum(axis=-1)[..., np.newaxis]
        ordered += _ordered(y & inside, ranks, np.broadcast_to(below, y.shape))
        high = (y & inside).sum(axis=-1)
        pairs += high * (inside.sum(axis=-1) - high)
    with np.errstate(invalid="ignore"):
        return np.asarray(ordered / pairs)


def _ranks(data: NDArray[Any]) -> NDArray[np.float64]:
    from scipy.stats import rankdata

    return np.asarray(rankdata(data[..., 1], axis=-1))


def _ordered(high: NDArray[np.bool_], ranks: NDArray[Any], below: NDArray[Any]) -> NDArray[np.float64]:
    """Return the pairs that are ordered rightly, from the ranks of positive cases less what is below all."""
    n_high = high.sum(axis=-1)
    return np.asarray(((ranks - below) * high).sum(axis=-1) - n_high * (n_high + 1) / 2)


def _pairs(y: NDArray[np.bool_]) -> NDArray[np.float64]:
    n_high = y.sum(axis=-1)
    pairs = (n_high * (y.shape[-1] - n_high)).astype(np.float64)
    return np.where(pairs > 0, pairs, np.nan)


def balanced_accuracy(people: pd.DataFrame) -> float:
    """Return the mean of sensitivity and specificity."""
    return float(_balanced(people[["y", "predicted"]].to_numpy(float)))


def area(people: pd.DataFrame) -> float:
    """Return the area under the curve."""
    return float(_area(people[["y", "score"]].to_numpy(float)))


def stability(supports: NDArray[np.bool_]) -> dict[str, float]:
    """Return how alike the features kept in different folds are, over all pairs of folds.

    "jaccard" is what two folds share over what either keeps. "kuncheva" corrects what they share for what
    chance gives: 0 for chance, 1 for the same features; for folds that keep different numbers, over the
    most that they can share. NaN where each fold keeps all features.
    """
    kept = supports.astype(np.float64)
    shared, sizes = kept @ kept.T, kept.sum(axis=1)
    first, second = np.triu_indices(len(kept), 1)
    if not first.size:
        return {"jaccard": float("nan"), "kuncheva": float("nan")}
    common, a, b = shared[first, second], sizes[first], sizes[second]
    jaccard = common / (a + b - common)
    by_chance = a * b / supports.shape[1]
    most = np.minimum(a, b) - by_chance
    kuncheva = np.full(common.size, np.nan)
    np.divide(common - by_chance, most, out=kuncheva, where=most > 0)
    with np.errstate(invalid="ignore"):
        known = kuncheva[~np.isnan(kuncheva)]
    return {"jaccard": float(jaccard.mean()), "kuncheva": float(known.mean()) if known.size else float("nan")}
