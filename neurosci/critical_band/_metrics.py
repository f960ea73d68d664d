"""Numbers of the report, each with its interval and n."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci._core.claims import count_in_range
from neurosci._core.metric import Metric

from . import _bootstrap as work
from ._compute import Findings, compared_pair
from ._metrics_methods import further_metrics
from ._metrics_ml import likelihood_metrics, robust_metrics
from ._published import N_OBSERVERS
from ._release import N_IMAGES
from ._scores import PRINTED_RANGE, PROPERTIES, attack_accuracy
from ._views import family_medians

if TYPE_CHECKING:
    import pandas as pd


def all_metrics(found: Findings) -> dict[str, Metric]:
    """Return every number of the report by name."""
    metrics = {
        **people_metrics(found),
        **network_metrics(found),
        **trial_metrics(found),
        **regression_metrics(found),
        **attack_metrics(found),
        **likelihood_metrics(found),
        **further_metrics(found),
    }
    # limits around no value would say nothing, and one NaN object keeps equal runs equal
    return {
        name: replace(metric, value=math.nan, low=None, high=None) if math.isnan(metric.value) else metric
        for name, metric in metrics.items()
    }


def attack_metrics(found: Findings) -> dict[str, Metric]:
    """Return the gain of accuracy under attack between the compared networks."""
    from neurosci.stats import difference_interval

    pair = compared_pair(found)
    accuracy = attack_accuracy(found.release, found.params.attack_radius)
    if pair is None or not set(pair) <= set(accuracy.index):
        return {}
    counts = [round(N_IMAGES * float(accuracy[name])) for name in (pair[1], pair[0])]
    gain = difference_interval(counts[0], N_IMAGES, counts[1], N_IMAGES, n_unit="images")
    assert gain.low is not None and gain.high is not None  # noqa: S101
    return {
        "robust_gain": Metric(
            100 * gain.value,
            100 * gain.low,
            100 * gain.high,
            n=N_IMAGES,
            n_unit="images",
            unit="percentage points",
            method=gain.method,
        )
    }


def people_metrics(found: Findings) -> dict[str, Metric]:
    """Return every number about people."""
    mean, single = found.people.iloc[0], found.people.iloc[1:]
    limits = found.limits
    over = f"bootstrap over observers, {found.params.n_resamples_observers} resamples"
    n = len(single) or None
    units = {"bandwidth": "octaves", "center_frequency": "cycles/image", "peak_sensitivity": ""}
    fitted = {"amplitude": "octave steps", "center_index": "bands", "width": "bands"}
    metrics = {
        f"human_{name}": Metric(abs(float(mean[name])), n=N_OBSERVERS, unit=unit, n_unit="people")
        for name, unit in {**units, **fitted}.items()
    }
    metrics["human_bandwidth"] = replace(
        metrics["human_bandwidth"],
        low=limits.get("mean_low"),
        high=limits.get("mean_high"),
        method=over if n else "no counts of single observers",
    )
    for name in PROPERTIES if n else ():
        values = single[name].dropna().to_numpy()
        low, high = limits.get(f"{name}_low"), limits.get(f"{name}_high")
        metrics[f"observer_{name}"] = Metric(
            float(values.mean()) if len(values) else math.nan, low, high, n=len(values), unit=units[name],
            n_unit="people", method=over,
        )  # fmt: skip
        metrics[f"observer_{name}_sd"] = Metric(
            float(values.std()) if len(values) else math.nan, n=len(values), unit=units[name], n_unit="people"
        )
    return metrics


def network_metrics(found: Findings) -> dict[str, Metric]:
    """Return every number about the distribution of network channels."""
    usable = found.usable
    n = len(usable)
    counted: dict[str, Any] = {"n": n, "n_unit": "networks"}
    metrics = {
        "n_networks": Metric(len(found.networks), n_unit="networks"),
        "n_usable": Metric(n, n_unit="networks"),
        "n_at_bound": Metric(int(usable["at_bound"].sum()), **counted),
    }
    widths = usable["bandwidth"].to_numpy()
    names = ("min", "quartile_1", "median", "quartile_3", "max")
    for name, q in zip(names, (0, 0.25, 0.5, 0.75, 1), strict=True):
        value = float(np.quantile(widths, q)) if n else math.nan
        metrics[f"network_bandwidth_{name}"] = Metric(value, unit="octaves", **counted)
    for top in (4, 5):
        share = 100 * float(np.mean((widths >= 2) & (widths <= top))) if n else math.nan
        metrics[f"share_2_to_{top}_octaves"] = Metric(share, unit="%", **counted)
    ends = found.limits
    inside, counted_in = count_in_range(usable["ratio"], PRINTED_RANGE)
    over = f"bootstrap over families, {found.params.n_resamples_families} resamples"
    ratios = usable["ratio"].dropna()
    metrics["ratio"] = Metric(
        float(ratios.median()) if len(ratios) else math.nan, ends.get("ratio_low"), ends.get("ratio_high"),
        unit="times", method=over, **counted,
    )  # fmt: skip
    metrics["share_in_range"] = Metric(
        100 * inside / counted_in if counted_in else math.nan, ends.get("share_low"), ends.get("share_high"),
        unit="%", method=over, **counted,
    )  # fmt: skip
    metrics["n_in_range"] = Metric(inside, **counted)
    if found.shape is not None:
        metrics["shape_r_squared"] = Metric(
            100 * found.shape.r_squared, ends.get("explained_low"), ends.get("explained_high"), unit="%",
            method=over, **counted,
        )  # fmt: skip
    for row in family_medians(found).to_dict("records"):
        for column in (*PROPERTIES, "shape_score"):
            name = f"{row['family']}: {column}"
            metrics[name] = Metric(float(row[column]), n=int(row["n_usable"]), n_unit="networks")
    return metrics


def trial_metrics(found: Findings) -> dict[str, Metric]:
    """Return widths of single networks with trial intervals, and the ratio along the adversarial series."""
    metrics = {}
    widths = dict(zip(found.networks["network"], found.networks["bandwidth"], strict=True))
    n_resamples = found.params.n_resamples_trials
    n = int(found.release.networks.groupby("network")["n_trials"].sum().iloc[0])
    about: dict[str, Any] = {"n": n, "n_unit": "trials per network"}
    for name, record in found.draws.items():
        low, high, _ = work.limits(record["fixed"])
        method = f"parametric bootstrap over trials, {n_resamples} resamples"
        metrics[f"bandwidth: {name}"] = Metric(
            float(widths[name]), low, high, unit="octaves", method=method, **about
        )
    pair = compared_pair(found)
    if pair is None:
        return metrics
    for label, kind, column in (("", "fixed", "bandwidth"), ("relative_", "relative", "relative_bandwidth")):
        series = dict(zip(found.adversarial["network"], found.adversarial[column], strict=True))
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = found.draws[pair[1]][kind] / found.draws[pair[0]][kind]
        low, high, left = work.limits(ratios)
        method = f"parametric bootstrap over trials, {n_resamples} resamples" + (
            f", {left} without a value" if left else ""
        )
        metrics[f"{label}widening"] = Metric(
            float(series[pair[1]] / series[pair[0]]), low, high, unit="times",
            method=method, **about,
        )  # fmt: skip
    return metrics


def regression_metrics(found: Findings) -> dict[str, Metric]:
    """Return the numbers of all regressions."""
    metrics = shape_metrics(found)
    for radius, model in found.robust.items():
        metrics |= robust_metrics(f"robust_{radius:.3g}", model)
    for name, rows in specification_groups(found).items():
        for end in ("min", "max"):
            value = float(rows["r_squared"].agg(end))
            metrics[f"specifications_{name}_{end}"] = Metric(value, n=len(rows), n_unit="choices")
    return metrics


def shape_metrics(found: Findings) -> dict[str, Metric]:
    """Return the numbers of the regression of shape score."""
    shape = found.shape
    if shape is None:
        return {}
    about: dict[str, Any] = {"n": shape.n_observations, "n_unit": "networks"}
    metrics = {
        "shape_adjusted_r_squared": Metric(shape.adjusted_r_squared, **about),
        "shape_leave_one_out": Metric(100 * shape.leave_one_out_r_squared, unit="%", **about),
        "shape_leave_one_family_out": Metric(100 * shape.leave_one_group_out_r_squared, unit="%", **about),
    }
    for name, value in shape.coefficients.items():
        metrics[f"shape_coefficient_{name}"] = Metric(value, unit="per octave" * (name != "const"), **about)
    scored = found.usable.dropna(subset=["shape_score"])
    for name in PROPERTIES:
        correlation = np.corrcoef(np.log2(scored[name]), scored["shape_score"])[0, 1]
        metrics[f"shape_correlation_{name}"] = Metric(float(correlation), **about)
    return metrics


def specification_groups(found: Findings) -> dict[str, pd.DataFrame]:
    """Return the specifications: all, those with the criterion used, and of these those without a limit."""
    table = found.specifications
    same = table[table["criterion"] == found.params.criterion]
    groups = {"all": table, "same_criterion": same, "no_limit": same[np.isinf(same["bandwidth_limit"])]}
    return {name: rows for name, rows in groups.items() if len(rows)}
