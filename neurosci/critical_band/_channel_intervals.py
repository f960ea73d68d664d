"""What the methods of the estimator share when they give intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import check_option
from neurosci._core.metric import Metric
from neurosci._core.random import check_random_state

OVER = ("trials", "observers")
UNITS = {
    "bandwidth": "octaves",
    "center_frequency": "cycles/image",
    "peak_sensitivity": "",
    "slope": "per octave",
    "internal_dprime": "",
    "lapse_rate": "",
}


@dataclass(frozen=True, kw_only=True)
class IntervalOptions:
    """Options of `ChannelEstimator.confint`, checked.

    Parameters
    ----------
    method : {"profile", "bootstrap", "wald"}
        How the intervals are made.
    over : {"trials", "observers"}
        What is drawn anew.
    level : float
        Coverage.
    n_resamples : int
        Bootstrap resamples.
    rng : Generator
        Source of randomness.
    """

    method: str
    over: str
    level: float
    n_resamples: int
    rng: np.random.Generator


def check_interval_options(
    where: str,
    offered: Sequence[str],
    n_observers: int,
    *,
    method: str | None,
    over: str,
    level: float,
    n_resamples: int,
    random_state: object,
) -> IntervalOptions:
    """Return the options; the first method that is offered is the default for trials."""
    check_option(where, "over", over, OVER)
    if over == "observers":
        if n_observers < 2:
            raise ValueError(
                f"{where}: over must be 'trials' for one observer, got 'observers' (fit counts of shape "
                "(n_observers, n_noise_sd, n_bands))"
            )
        offered = ("bootstrap",)
    check_option(where, "method", method, (None, *offered))
    method = method or offered[0]
    if not 0 < level < 1:
        raise ValueError(f"{where}: level must be in (0, 1), got {level} (give 0.95 for 95 %)")
    if method == "bootstrap" and n_resamples < 100:
        raise ValueError(f"{where}: n_resamples must be >= 100, got {n_resamples} (limits would be noise)")
    rng = check_random_state(random_state)
    return IntervalOptions(method=method, over=over, level=level, n_resamples=n_resamples, rng=rng)


def quantile_limits(draws: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Return percentile limits of resamples, which run along the first axis, as the last axis."""
    tail = (1 - level) / 2
    return np.moveaxis(np.quantile(draws, [tail, 1 - tail], axis=0, method="inverted_cdf"), 0, -1)


def as_metrics(
    values: Mapping[str, Any],
    limits: Mapping[str, NDArray[np.float64]],
    options: IntervalOptions,
    n_trials: NDArray[np.int64],
) -> dict[str, Metric]:
    """Return each property with its limits."""
    about = {"profile": "profile likelihood", "wald": "Wald interval"}.get(
        options.method, f"bootstrap over {options.over}, {options.n_resamples} resamples"
    )
    n = len(n_trials) if options.over == "observers" else int(n_trials.sum())
    found = {}
    for name, pair in limits.items():
        low, high = (None, None) if np.isnan(pair).any() else (float(pair[0]), float(pair[1]))
        found[name] = Metric(
            float(values[name]), low, high, n=n, unit=UNITS[name], n_unit=options.over, level=options.level,
            method=about,
        )  # fmt: skip
    return found
