"""Units of work of the filter observer: each resamples one thing and returns plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurosci.stats import bootstrap_interval

from ._filter import fit_channel_filter
from ._index import FWHM_PER_SIGMA
from ._likelihood_design import WIDTH
from ._likelihood_intervals import channel_confint, trial_draws


def people_unit(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Resample observers: the pooled channel, and means of the single observers' values."""
    fit = fit_channel_filter(item["n_correct"], item["n_trials"], **item["settings"])
    n = int(item["n_resamples"])
    limits = channel_confint(fit, method="bootstrap", resample="observers", n_resamples=n, random_state=rng)
    record: dict[str, Any] = {}
    for name, (low, high) in limits.items():
        record |= {f"{name}_low": float(low), f"{name}_high": float(high)}
    for column, name in enumerate(item["columns"]):
        values = item["values"][:, column]
        values = values[np.isfinite(values)]
        if len(values) >= 2:
            mean = bootstrap_interval(
                values, lambda x: x.mean(axis=1), vectorized=True, n_resamples=n, random_state=rng
            )
            record |= {f"mean_{name}_low": mean.low, f"mean_{name}_high": mean.high}
    return record


def network_unit(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Draw counts from the fitted model of one network and refit: widths."""
    fit = fit_channel_filter(item["n_correct"], item["n_trials"], **item["settings"])
    draws = trial_draws(fit, "fitted", int(item["n_resamples"]), rng)
    with np.errstate(over="ignore"):
        return {"bandwidth": FWHM_PER_SIGMA * np.exp(draws[:, WIDTH])}
