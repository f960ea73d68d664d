"""Units of work of the likelihood fits: each resamples one thing and returns plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci.stats import bootstrap_interval

from ._channel_intervals import quantile_limits
from ._index import FWHM_PER_SIGMA
from ._likelihood import fit_checked
from ._likelihood_design import WIDTH, Design, log2_sensitivity
from ._likelihood_intervals import pool_observers, refit, trial_draws

LEVEL = 0.95


def _design(item: dict[str, Any]) -> Design:
    return Design(
        np.asarray(item["noise_sd"]), item["n_correct"].shape[-1], item["guess_rate"], item["sigmoid"]
    )


def _threshold_limits(draws: NDArray[np.float64], n_bands: int) -> dict[str, NDArray[np.float64]]:
    """Return limits of the noise SD at half performance, per band; open where a draw is at a bound."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        noise_sd = 2 ** -log2_sensitivity(draws, n_bands)
    low, high = quantile_limits(np.nan_to_num(noise_sd, nan=np.inf, posinf=np.inf), LEVEL).T
    return {"threshold_low": low, "threshold_high": high}


def people_unit(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Resample observers: the pooled channel, its thresholds, pooled accuracy, and means of single values."""
    design = _design(item)
    correct, trials = pool_observers(item["n_correct"], item["n_trials"], int(item["n_resamples"]), rng)
    draws = refit(correct, trials, design)
    record: dict[str, Any] = _threshold_limits(draws, design.n_bands)
    limits = design.named_limits(quantile_limits(draws, LEVEL), item["lowest_frequency"])
    for name, (low, high) in limits.items():
        record |= {f"{name}_low": float(low), f"{name}_high": float(high)}
    cells = quantile_limits(correct / np.maximum(trials, 1), LEVEL)
    record |= {"cell_low": cells[..., 0], "cell_high": cells[..., 1]}
    for column, name in enumerate(item["columns"]):
        values = item["values"][:, column]
        values = values[np.isfinite(values)]
        if len(values) >= 2:
            mean = bootstrap_interval(
                values, lambda x: x.mean(axis=1), vectorized=True, n_resamples=int(item["n_resamples"]),
                random_state=rng,
            )  # fmt: skip
            record |= {f"mean_{name}_low": mean.low, f"mean_{name}_high": mean.high}
    return record


def network_unit(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Draw counts from the fitted model of one network and refit: widths, and limits of its thresholds."""
    design = _design(item)
    fit = fit_checked(item["n_correct"], item["n_trials"], design, item["lowest_frequency"])
    draws = trial_draws(fit, "fitted", int(item["n_resamples"]), rng)
    with np.errstate(over="ignore"):
        widths = FWHM_PER_SIGMA * np.exp(draws[:, WIDTH])
    return {"bandwidth": widths, **_threshold_limits(draws, design.n_bands)}
