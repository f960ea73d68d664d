"""Numbers of the likelihood fits, each with its interval and n."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from neurosci._core.claims import count_in_range
from neurosci._core.metric import Metric
from neurosci.stats import variance_explained_interval

from . import _bootstrap as work
from ._compute import Findings, compared_pair
from ._published import N_OBSERVERS
from ._regression import ChannelRegression
from ._scores import PRINTED_RANGE, PROPERTIES

UNITS = {
    "bandwidth": "octaves",
    "bandwidth_power": "octaves",
    "center_frequency": "cycles/image",
    "peak_sensitivity": "per pixel unit",
    "slope": "per octave",
    "lapse_rate": "",
}


def likelihood_metrics(found: Findings) -> dict[str, Metric]:
    """Return every number of the likelihood fits by name."""
    return {
        **people_metrics(found),
        **width_metrics(found),
        **single_network_metrics(found),
        **regression_metrics(found),
    }


def people_metrics(found: Findings) -> dict[str, Metric]:
    """Return the channel of the pooled counts, and mean and SD over single observers."""
    pooled, single = found.ml.people.iloc[0], found.ml.people.iloc[1:]
    limits = found.ml.limits
    about = f"bootstrap over observers, {found.params.n_resamples_observers} resamples" if limits else ""
    counted: dict[str, Any] = {"n": N_OBSERVERS, "n_unit": "people"}
    values = {**pooled, "bandwidth_power": pooled["bandwidth"] / math.sqrt(2)}
    metrics = {
        f"human_ml_{name}": Metric(
            float(values[name]), limits.get(f"{name}_low"), limits.get(f"{name}_high"), unit=unit,
            method=about, **counted,
        )
        for name, unit in UNITS.items()
    }  # fmt: skip
    metrics["human_ml_bandwidth_scaled"] = Metric(
        float(pooled["bandwidth"]), float(pooled["scaled_low"]), float(pooled["scaled_high"]), unit="octaves",
        method="Wald interval scaled by the dispersion", **counted,
    )  # fmt: skip
    if len(single):
        metrics["observer_ml_dispersion"] = Metric(float(single["dispersion"].mean()), **counted)
    for name in ("deviance", "dispersion"):
        metrics[f"human_ml_{name}"] = Metric(float(pooled[name]), **counted)
    for name in PROPERTIES if len(single) else ():
        known = single[name].dropna().to_numpy()
        number: dict[str, Any] = {"n": len(known), "n_unit": "people", "unit": UNITS[name]}
        mean, spread = (known.mean(), known.std()) if len(known) else (math.nan, math.nan)
        low, high = limits.get(f"mean_{name}_low"), limits.get(f"mean_{name}_high")
        metrics[f"observer_ml_{name}"] = Metric(float(mean), low, high, method=about, **number)
        metrics[f"observer_ml_{name}_sd"] = Metric(float(spread), **number)
    return metrics


def width_metrics(found: Findings) -> dict[str, Metric]:
    """Return the distribution of network widths and of their ratios to people."""
    used, ends = found.ml.used, found.limits
    n = len(used)
    counted: dict[str, Any] = {"n": n, "n_unit": "networks"}
    metrics = {
        "n_ml_resolved": Metric(int(found.ml.networks["resolved"].sum()), n_unit="networks"),
        "n_ml_used": Metric(n, n_unit="networks"),
        "network_ml_dispersion": Metric(_quantile(found.ml.networks["dispersion"].dropna(), 0.5), **counted),
    }
    for name, q in zip(
        ("min", "quartile_1", "median", "quartile_3", "max"), (0, 0.25, 0.5, 0.75, 1), strict=True
    ):
        metrics[f"network_ml_bandwidth_{name}"] = Metric(
            _quantile(used["bandwidth"], q), unit="octaves", **counted
        )
        metrics[f"ml_ratio_{name}"] = Metric(_quantile(used["ratio"], q), unit="times", **counted)
    over = f"bootstrap over families, {found.params.n_resamples_families} resamples"
    inside, counted_in = count_in_range(used["ratio"], PRINTED_RANGE)
    share = 100 * inside / counted_in if counted_in else math.nan
    metrics["ml_ratio"] = replace(
        metrics["ml_ratio_median"], low=ends.get("ml_ratio_low"), high=ends.get("ml_ratio_high"), method=over
    )
    metrics["ml_share_in_range"] = Metric(
        share, ends.get("ml_share_low"), ends.get("ml_share_high"), unit="%", method=over, **counted
    )
    metrics["n_ml_in_range"] = Metric(inside, **counted)
    at_least = int((used["ratio"] >= float(PRINTED_RANGE[0])).sum())
    metrics["n_ml_at_least_2"] = Metric(at_least, **counted)
    for family, rows in used.groupby("family"):
        metrics[f"{family}: ml_bandwidth"] = Metric(
            float(rows["bandwidth"].median()), n=len(rows), n_unit="networks", unit="octaves"
        )
    return metrics


def _quantile(values: Any, q: float) -> float:
    return float(np.quantile(values, q)) if len(values) else math.nan


def single_network_metrics(found: Findings) -> dict[str, Metric]:
    """Return widths of single networks with profile limits, and the ratio in the adversarial series."""
    by_name = found.ml.networks.set_index("network")
    n = int(found.release.networks.groupby("network")["n_trials"].sum().iloc[0])
    counted: dict[str, Any] = {"n": n, "n_unit": "trials per network"}
    metrics = {
        f"ml bandwidth: {name}": Metric(
            float(by_name.loc[name, "bandwidth"]), float(by_name.loc[name, "low"]),
            float(by_name.loc[name, "high"]), unit="octaves", method="profile likelihood", **counted,
        )
        for name in found.ml.draws
    }  # fmt: skip
    pair = compared_pair(found)
    if pair is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = found.ml.draws[pair[1]]["bandwidth"] / found.ml.draws[pair[0]]["bandwidth"]
        low, high, left = work.limits(ratios)
        method = f"parametric bootstrap over trials, {found.params.n_resamples_likelihood} resamples" + (
            f", {left} without a value" if left else ""
        )
        value = float(by_name.loc[pair[1], "bandwidth"] / by_name.loc[pair[0], "bandwidth"])
        metrics["ml_widening"] = Metric(value, low, high, unit="times", method=method, **counted)
    return metrics


def regression_metrics(found: Findings) -> dict[str, Metric]:
    """Return explained variance with channels that both methods resolve, and with all resolved ones."""
    ends, ml = found.limits, found.ml
    over = f"bootstrap over families, {found.params.n_resamples_families} resamples"
    metrics = {}
    limits = {"": (ends.get("ml_explained_low"), ends.get("ml_explained_high")), "_resolved": (None, None)}
    for suffix, model in {"": ml.shape, "_resolved": ml.shape_resolved}.items():
        if model is None:
            continue
        about: dict[str, Any] = {"n": model.n_observations, "n_unit": "networks", "unit": "%"}
        low, high = limits[suffix]
        metrics[f"ml_shape_r_squared{suffix}"] = Metric(
            100 * model.r_squared, low, high, method=over if low is not None else "", **about
        )
        metrics[f"ml_shape_leave_one_out{suffix}"] = Metric(100 * model.leave_one_out_r_squared, **about)
        metrics[f"ml_shape_leave_one_family_out{suffix}"] = Metric(
            100 * model.leave_one_group_out_r_squared, **about
        )
    for suffix, models in {"": ml.robust, "_resolved": ml.robust_resolved}.items():
        for radius, model in models.items():
            metrics |= robust_metrics(f"ml_robust_{radius:.3g}", model, suffix)
    return metrics


def robust_metrics(key: str, model: ChannelRegression, suffix: str = "") -> dict[str, Metric]:
    """Return the numbers of one regression of robust accuracy."""
    about: dict[str, Any] = {"n": model.n_observations, "n_unit": "networks"}
    found = variance_explained_interval(model.r_squared, model.n_observations, model.n_predictors)
    low, high = (None if end is None else 100 * end for end in (found.low, found.high))
    return {
        f"{key}_r_squared{suffix}": Metric(
            100 * found.value, low, high, unit="%", method=found.method, **about
        ),
        f"{key}_p_value{suffix}": Metric(model.p_value, **about),
        f"{key}_leave_one_out{suffix}": Metric(100 * model.leave_one_out_r_squared, unit="%", **about),
    }
