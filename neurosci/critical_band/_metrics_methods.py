"""Numbers of the further methods, of the noise bands and of the networks run here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from neurosci._core.claims import count_in_range
from neurosci._core.metric import Metric

from . import _bootstrap as work
from ._compute import Findings, compared_pair
from ._compute_methods import MethodFindings
from ._metrics_ml import robust_metrics
from ._published import N_OBSERVERS
from ._scores import PRINTED_RANGE

FREQUENCY = "cycles/image"


def further_metrics(found: Findings) -> dict[str, Metric]:
    """Return the numbers of this module by name."""
    metrics = {**band_metrics(found), **run_metrics(found)}
    for prefix, method in (("relative_", found.relative), ("filter_", found.filter)):
        if method is not None:
            metrics |= method_metrics(prefix, method, found)
    return metrics


def method_metrics(prefix: str, method: MethodFindings, found: Findings) -> dict[str, Metric]:
    """Return the numbers of one further method; their names begin with its prefix."""
    return {
        **_people(prefix, method, found),
        **_networks(prefix, method, found),
        **_regressions(prefix, method, found),
        **_series(prefix, method, found),
    }


def _people(prefix: str, method: MethodFindings, found: Findings) -> dict[str, Metric]:
    first, single = method.people.iloc[0], method.people.iloc[1:]
    over = f"bootstrap over observers, {found.params.n_resamples_observers} resamples"
    limits = method.limits
    counted: dict[str, Any] = {"n": N_OBSERVERS, "n_unit": "people"}
    group = "mean" if prefix == "relative_" else "bandwidth"
    metrics = {
        f"human_{prefix}bandwidth": Metric(
            float(first["bandwidth"]), limits.get(f"{group}_low"), limits.get(f"{group}_high"),
            unit="octaves", method=over if limits else "", **counted,
        ),
        f"human_{prefix}center_frequency": Metric(
            float(first["center_frequency"]), limits.get("center_frequency_low"),
            limits.get("center_frequency_high"), unit=FREQUENCY, method=over if limits else "", **counted,
        ),
    }  # fmt: skip
    if prefix == "filter_":
        for name in ("dispersion", "lapse_rate", "internal_dprime"):
            metrics[f"human_{prefix}{name}"] = Metric(float(first[name]), **counted)
    known = single["bandwidth"].dropna().to_numpy()
    if len(known) > 1:
        ends = "mean_bandwidth" if prefix == "filter_" else "bandwidth"
        about: dict[str, Any] = {"n": len(known), "n_unit": "people", "unit": "octaves"}
        metrics[f"observer_{prefix}bandwidth"] = Metric(
            float(known.mean()), limits.get(f"{ends}_low"), limits.get(f"{ends}_high"), method=over, **about
        )
        metrics[f"observer_{prefix}bandwidth_sd"] = Metric(float(known.std()), **about)
    return metrics


def _networks(prefix: str, method: MethodFindings, found: Findings) -> dict[str, Metric]:
    used, ends = method.used, found.limits
    counted: dict[str, Any] = {"n": len(used), "n_unit": "networks"}
    over = f"bootstrap over families, {found.params.n_resamples_families} resamples"
    ratios = used["ratio"].dropna()
    inside, n = count_in_range(ratios, PRINTED_RANGE)
    return {
        f"n_{prefix}used": Metric(len(used), n_unit="networks"),
        f"network_{prefix}bandwidth_median": Metric(
            float(used["bandwidth"].median()) if len(used) else math.nan, unit="octaves", **counted
        ),
        f"{prefix}ratio": Metric(
            float(ratios.median()) if len(ratios) else math.nan, ends.get(f"{prefix}ratio_low"),
            ends.get(f"{prefix}ratio_high"), unit="times", method=over, **counted,
        ),
        f"{prefix}share_in_range": Metric(
            100 * inside / n if n else math.nan, ends.get(f"{prefix}share_low"),
            ends.get(f"{prefix}share_high"), unit="%", method=over, **counted,
        ),
        f"n_{prefix}in_range": Metric(inside, **counted),
    }  # fmt: skip


def _regressions(prefix: str, method: MethodFindings, found: Findings) -> dict[str, Metric]:
    metrics: dict[str, Metric] = {}
    if method.shape is not None:
        about: dict[str, Any] = {"n": method.shape.n_observations, "n_unit": "networks", "unit": "%"}
        metrics[f"{prefix}shape_r_squared"] = Metric(
            100 * method.shape.r_squared, found.limits.get(f"{prefix}explained_low"),
            found.limits.get(f"{prefix}explained_high"),
            method=f"bootstrap over families, {found.params.n_resamples_families} resamples", **about,
        )  # fmt: skip
        metrics[f"{prefix}shape_leave_one_out"] = Metric(100 * method.shape.leave_one_out_r_squared, **about)
        metrics[f"{prefix}shape_leave_one_family_out"] = Metric(
            100 * method.shape.leave_one_group_out_r_squared, **about
        )
    for radius, model in method.robust.items():
        metrics |= robust_metrics(f"{prefix}robust_{radius:.3g}", model)
    return metrics


def _series(prefix: str, method: MethodFindings, found: Findings) -> dict[str, Metric]:
    """Return the widening along the adversarial series; that of the relative criterion is told elsewhere."""
    pair = compared_pair(found)
    if pair is None or prefix == "relative_":
        return {}
    widths = method.networks.set_index("network")["bandwidth"]
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high, left = work.limits(method.draws[pair[1]] / method.draws[pair[0]])
    method_words = f"parametric bootstrap over trials, {found.params.n_resamples_likelihood} resamples" + (
        f", {left} without a value" if left else ""
    )
    n = int(found.release.networks.groupby("network")["n_trials"].sum().iloc[0])
    return {
        f"{prefix}widening": Metric(
            float(widths[pair[1]] / widths[pair[0]]), low, high, unit="times", method=method_words,
            n=n, n_unit="trials per network",
        )
    }  # fmt: skip


def band_metrics(found: Findings) -> dict[str, Metric]:
    """Return how far the labels lie from the measured centres."""
    bands = found.bands.bands
    counted: dict[str, Any] = {"n": len(bands), "n_unit": "noise bands"}
    metrics = {
        "label_distance": Metric(
            float(bands["octaves_off"].median()), unit="octaves", method="exact", **counted
        )
    }
    for row in bands.to_dict("records"):
        metrics[f"center of the band labelled {row['label']:g}"] = Metric(
            float(row["center"]), unit=FREQUENCY, method="exact"
        )
    seen = bands.dropna(subset=["stimuli_center"])
    if len(seen):
        off = np.log2(seen["label"] / seen["stimuli_center"])
        metrics["label_distance_stimuli"] = Metric(
            float(off.median()), unit="octaves", n=int(seen["n_stimuli"].sum()), n_unit="stimuli"
        )
    return metrics


def run_metrics(found: Findings) -> dict[str, Metric]:
    """Return the channels of the networks run here."""
    runs = found.runs
    if runs.table is None:
        return {}
    metrics: dict[str, Metric] = {}
    for row in runs.table.to_dict("records"):
        _, trials = runs.counts[row["network"]]
        about: dict[str, Any] = {"n": int(trials.sum()), "n_unit": "stimuli"}
        low, high = (None if math.isnan(row[end]) else float(row[end]) for end in ("low", "high"))
        by = "bootstrap over trials" if row["method"] in ("index", "relative") else "profile likelihood"
        metrics[f"{row['network']}: {row['method']} bandwidth"] = Metric(
            float(row["bandwidth"]), low, high, unit="octaves", method=by if low is not None else "", **about
        )
    for name, (correct, trials) in runs.counts.items():
        share = 100 * correct[0].sum() / trials[0].sum() if trials[0].sum() else math.nan
        metrics[f"{name}: accuracy without noise"] = Metric(
            float(share), unit="%", n=int(trials[0].sum()), n_unit="stimuli"
        )
    if runs.inside is not None:
        metrics["distance_inside"] = runs.inside
    return metrics
