"""Figures of the likelihood fits with captions whose findings are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosci._core.metric import Metric
from neurosci._core.numbers import format_number
from neurosci._core.result import Figure

from ._compute import Findings
from ._formats import PERCENT, finding_of, kind_of
from ._panels import label_of

if TYPE_CHECKING:
    import pandas as pd


def likelihood_figures(found: Findings, metrics: dict[str, Metric]) -> list[Figure]:
    """Return the figures of the likelihood fits that this run's data allow."""
    made = [psychometric_figure(found)]
    if len(found.ml.used):
        made.append(comparison_figure(found, metrics))
    return made


def psychometric_figure(found: Findings) -> Figure:
    """Return the figure of psychometric functions."""
    featured = label_of(found.release.featured[0]) if found.release.featured else "no network"
    reached, bands = _reached(found)
    people, network = (f"{number} of {bands}" for number in reached)
    limits = (
        f"Bars: 95{PERCENT} intervals, over observers (people, bootstrap) or trials (network, Wilson; "
        "thresholds, bootstrap)."
        if found.ml.limits
        else f"Bars: 95{PERCENT} intervals over trials for the network (Wilson; thresholds: bootstrap), none "
        "for people (single counts are not here)."
    )
    return Figure(
        name="psychometric",
        tables=("psychometric_points", "psychometric_fits"),
        finding=finding_of(
            found,
            f"Within the noise shown, people fall half way to guessing in {people} bands, {featured} in "
            f"{network}.",
        ),
        caption=(
            "**a** to **g**, percent correct by noise SD in each band (label frequency) and the jointly "
            f"fitted functions. Red diamonds: people, 14 pooled. Blue circles: {featured}. Thick bar: "
            "interval of the noise SD at half performance. **h**, that noise SD by band, sensitivity upward, "
            f"where it lies in the panel; shaded, the noise shown. {limits} n = 19 to 41 images per point. "
            "Points off their curve: five parameters do not describe all counts."
        ),
        alt=(
            "Seven panels of percent correct against noise strength, one per noise band, with falling curves "
            f"for people and {featured}, and one panel of thresholds by band. Half performance lies within "
            f"the noise shown in {people} bands for people and in {network} for {featured}."
        ),
    )


def _reached(found: Findings) -> tuple[list[int], int]:
    """Return in how many bands people and the featured network reach half performance, and all bands."""
    strongest = found.ml.points["noise_sd"].max()
    functions = found.ml.functions
    inside = functions["resolved"] & (functions["threshold"] <= strongest)
    counts = inside.groupby(functions["observer"], sort=False).sum().tolist()
    return [*counts, 0][:2], functions["band"].nunique()


def comparison_figure(found: Findings, metrics: dict[str, Metric]) -> Figure:
    """Return the figure that compares the methods."""
    used, criteria = found.ml.used, found.criteria
    narrower = int((used["bandwidth"] < used["index_bandwidth"]).sum())
    spans = [_span(criteria[column]) for column in ("people", "median")]
    counts = criteria["n_networks"]
    interval = (
        f"Red bars: 95{PERCENT} bootstrap intervals over observers; none for networks, one dot each."
        if np.isfinite(found.ml.people["low"].iloc[0])
        else "No bars: counts of single observers are not here, and each network is one dot."
    )
    middle, middle_alt, last = _filter_words(found)
    missing = int(criteria["people"].isna().sum())
    gaps = f"; no width for people at {missing} of {len(criteria)} criteria" if missing else ""
    return Figure(
        name="comparison",
        tables=(
            "networks_likelihood",
            "people_likelihood",
            "criteria",
            "people",
            *(("networks_filter", "people_filter") if found.filter is not None else ()),
        ),
        finding=finding_of(
            found,
            f"Over criteria of {_percent(criteria)} the paper’s method gives people {spans[0]} and the "
            f"median network {spans[1]} octaves; likelihood, which needs none, gives "
            f"{format_number(metrics['human_ml_bandwidth'].value, 2)} and "
            f"{format_number(metrics['network_ml_bandwidth_median'].value, 2)}.",
        ),
        caption=(
            f"**a**, likelihood against the paper’s method: {len(used)} {kind_of(found)} (blue), people (red "
            f"diamond); line, equality; {narrower} networks are narrower by likelihood. {middle}**{last}**, "
            f"paper’s method against its criterion: people (red{gaps}), median and quartiles of usable "
            f"networks (blue), n = {counts.min()} to {counts.max()}; dashed, likelihood (amplitude). "
            f"{interval}"
        ),
        alt=(
            f"Panels of bandwidth. Likelihood against index bandwidth of {len(used)} networks, {narrower} "
            f"of them below the line of equality, with people above it.{middle_alt} Index bandwidth of "
            f"people and of the median network against the criterion, {spans[0]} and {spans[1]} octaves, "
            "with likelihood widths as dashed lines."
        ),
    )


def _filter_words(found: Findings) -> tuple[str, str, str]:
    """Return what caption and alternative text say about the filter observer, and the last panel's letter."""
    if found.filter is None:
        return "", "", "b"
    likely = found.ml.used.set_index("network")["bandwidth"] / np.sqrt(2)
    filtered = found.filter.used.set_index("network")["bandwidth"]
    both = likely.index.intersection(filtered.index)
    less = int((filtered[both] < likely[both]).sum())
    words = (
        f"**b**, filter observer, which allows for the width of the noise bands, against likelihood "
        f"(power); {less} of {len(both)} are narrower. "
    )
    return words, f" Filter observer against likelihood, {less} of {len(both)} below equality.", "c"


def _span(values: pd.Series) -> str:
    known = values.dropna()
    if known.empty:
        return "no estimate,"
    return f"{format_number(known.min(), 1)} to {format_number(known.max(), 1)}"


def _percent(criteria: pd.DataFrame) -> str:
    values = 100 * criteria["criterion"]
    return f"{values.min():g} to {values.max():g}{PERCENT}"
