"""The index method of the estimator: attributes, and the bootstrap over trials or observers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neurosci._core.metric import Metric

from ._channel_intervals import IntervalOptions, as_metrics, quantile_limits
from ._index import count_steps, fit_channel


@dataclass(frozen=True, kw_only=True)
class IndexMethod:
    """The published method with its settings, which are those of `ChannelEstimator`, checked.

    Parameters
    ----------
    levels : ndarray of shape (n_noise_sd,)
        Noise SDs, pixel units.
    criterion, guess_rate : float
        Proportions.
    relative : bool
        Whether `criterion` is relative.
    amplitude_bound : float or None
        Octave steps.
    lowest_frequency : float
        Cycles/image.
    """

    offered: ClassVar = ("bootstrap",)

    levels: NDArray[np.float64]
    criterion: float
    relative: bool
    guess_rate: float
    amplitude_bound: float | None
    lowest_frequency: float

    def fit_counts(self, n_correct: NDArray[np.int64], n_trials: NDArray[np.int64]) -> dict[str, Any]:
        """Return the attributes for counts of shape (n_observers, n_noise_sd, n_bands)."""
        accuracy = mean_accuracy(n_correct, n_trials)
        shown = n_trials[:, 0].sum()
        return self.fit(accuracy, float(n_correct[:, 0].sum() / shown) if shown else math.nan)

    def fit(self, accuracy: NDArray[np.float64], ceiling: float) -> dict[str, Any]:
        """Return the attributes for proportions; `ceiling` is accuracy without noise."""
        criterion = float(self.criterion)
        if self.relative:
            above = ceiling > self.guess_rate
            criterion = self.guess_rate + criterion * (ceiling - self.guess_rate) if above else math.nan
        n_steps = len(self.levels) - 1
        with np.errstate(invalid="ignore"):
            exceeded = np.asarray((accuracy > criterion).any(axis=0))
        indices = count_steps(accuracy, criterion)
        found = fit_channel(
            indices,
            exceeded=exceeded,
            n_steps=n_steps,
            amplitude_bound=self.amplitude_bound,
            lowest_frequency=self.lowest_frequency,
        )

        def known(value: float) -> float:
            return value if found.resolved else math.nan

        return {
            "criterion_": criterion,
            "thresholds_": indices,
            "sensitivity_": np.where(indices < 0, np.nan, 2.0 ** (indices - n_steps)),
            "resolved_bands_": exceeded,
            "threshold_noise_sd_": _brackets(indices, exceeded, self.levels),
            "resolved_": found.resolved,
            "reason_": found.reason,
            "at_bound_": found.resolved and found.at_bound,
            "amplitude_": known(found.amplitude),
            "center_index_": known(found.center_index),
            "width_": known(found.width),
            "bandwidth_": known(found.bandwidth),
            "center_frequency_": known(found.center_frequency),
            "peak_sensitivity_": known(found.peak_sensitivity),
        }

    def intervals(
        self,
        n_correct: NDArray[np.int64],
        n_trials: NDArray[np.int64],
        values: dict[str, float],
        options: IntervalOptions,
    ) -> dict[str, Metric]:
        """Return the properties with percentile intervals; centre and peak where they are resolved."""
        draws: dict[str, list[float]] = {"bandwidth": [], "center_frequency": [], "peak_sensitivity": []}
        for correct, trials in _resamples(n_correct, n_trials, options):
            found = self.fit_counts(correct, trials)
            draws["bandwidth"].append(width_for_interval(**found))
            for name in ("center_frequency", "peak_sensitivity"):
                draws[name].append(found[f"{name}_"])
        limits = {}
        for name, column in draws.items():
            known = np.array(column)[~np.isnan(column)]
            limits[name] = quantile_limits(known, options.level) if len(known) else np.full(2, np.nan)
        return as_metrics(values, limits, options, n_trials)


def width_for_interval(*, bandwidth_: float, resolved_: bool, reason_: str, **_: Any) -> float:
    """Return the width of a resample, open on the side on which it is not resolved.

    Thresholds at one level in most bands mean a channel without an upper limit; a threshold in a
    single band means one without a lower limit.
    """
    if resolved_:
        return float(bandwidth_)
    return 0.0 if reason_.startswith("fewer than two") else math.inf


def mean_accuracy(n_correct: NDArray[np.int64], n_trials: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the proportion correct averaged over observers who saw a condition; NaN where none did."""
    proportion = n_correct / np.maximum(n_trials, 1)
    seen = n_trials > 0
    total, n_seen = np.where(seen, proportion, 0).sum(axis=0), seen.sum(axis=0)
    return np.where(n_seen > 0, total / np.maximum(n_seen, 1), np.nan)


def _resamples(
    n_correct: NDArray[np.int64], n_trials: NDArray[np.int64], options: IntervalOptions
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield counts of shape (n_observers, n_noise_sd, n_bands)."""
    proportion = n_correct / np.maximum(n_trials, 1)
    for _ in range(options.n_resamples):
        if options.over == "observers":
            chosen = options.rng.integers(len(n_correct), size=len(n_correct))
            yield n_correct[chosen], n_trials[chosen]
        else:
            yield options.rng.binomial(n_trials, proportion), n_trials


def _brackets(
    indices: NDArray[np.int64], exceeded: NDArray[np.bool_], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the tested noise SDs on either side of each threshold."""
    edges = np.append(levels, np.inf)
    row = len(levels) - 1 - indices
    limits = np.column_stack(
        [edges[np.minimum(row, len(levels) - 1)], edges[np.minimum(row + 1, len(levels))]]
    )
    limits[~exceeded] = np.nan
    return limits
