"""Units of work of the analysis: each draws resamples of one thing and returns plain arrays."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.metric import Metric
from neurosci.stats import bootstrap_interval

from ._channel import ChannelEstimator
from ._channel_index import width_for_interval
from ._index import NotResolvedWarning
from ._synthetic import resample_counts


def _width(fit: Callable[..., ChannelEstimator], *tables: NDArray[Any]) -> float:
    """Return the width of a resample, open where it is not resolved."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotResolvedWarning)
        return width_for_interval(**vars(fit(*tables)))


def people_unit(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Resample observers: width of the mean matrix, and means of the single observers' values."""
    estimator = ChannelEstimator(**item["settings"])

    def width_of_mean(accuracy: NDArray[np.float64]) -> float:
        return _width(estimator.fit_accuracy, accuracy.mean(axis=0))

    n = int(item["n_resamples"])
    mean = bootstrap_interval(item["accuracy"], width_of_mean, n_resamples=n, random_state=rng)
    record: dict[str, Any] = {"mean_low": mean.low, "mean_high": mean.high}
    for column, name in enumerate(item["columns"]):
        values = item["values"][:, column]
        values = values[np.isfinite(values)]
        if len(values) >= 2:
            single = bootstrap_interval(
                values, lambda x: x.mean(axis=1), vectorized=True, n_resamples=n, random_state=rng
            )
            record |= {f"{name}_low": single.low, f"{name}_high": single.high}
    return record


def families_unit(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Resample families: median ratio, share of ratios in the printed range, explained variance."""
    statistics: dict[str, Callable[[NDArray[np.float64]], float]] = {
        "ratio": lambda rows: float(np.median(rows[:, 0])),
        "share": lambda rows: 100 * float(np.mean(rows[:, 1])),
        "explained": lambda rows: 100 * explained(rows[:, 2], rows[:, 3:]),
    }
    record: dict[str, Any] = {}
    for name, statistic in statistics.items():
        metric: Metric = bootstrap_interval(
            item["rows"],
            statistic,
            groups=item["families"],
            n_resamples=int(item["n_resamples"]),
            nan_policy="omit",
            random_state=rng,
        )
        record |= {f"{name}_low": metric.low, f"{name}_high": metric.high}
    return record


def explained(target: NDArray[np.float64], predictors: NDArray[np.float64]) -> float:
    """Return R squared of least squares with intercept; NaN where it is undefined."""
    total = float(np.sum((target - target.mean()) ** 2))
    if total == 0 or len(target) < predictors.shape[1] + 2:
        return math.nan
    design = np.column_stack([np.ones(len(target)), predictors])
    rest = target - design @ np.linalg.lstsq(design, target, rcond=None)[0]
    return 1 - float(np.sum(rest**2)) / total


def trials_unit(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Resample the trials of one network: widths with the fixed and with the relative criterion."""
    draws = resample_counts(
        item["n_correct"], item["n_trials"], n_resamples=int(item["n_resamples"]), random_state=rng
    )
    record = {}
    for name in ("fixed", "relative"):
        estimator = ChannelEstimator(**item[name])
        record[name] = np.array([_width(estimator.fit, draw, item["n_trials"]) for draw in draws])
    return record


def limits(values: NDArray[np.float64], level: float = 0.95) -> tuple[float, float, int]:
    """Return percentile limits of resamples and how many of these had no value."""
    known = values[~np.isnan(values)]
    if len(known) < 100:
        return math.nan, math.nan, len(values) - len(known)
    tail = (1 - level) / 2
    low, high = np.quantile(known, [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high), len(values) - len(known)
