"""Figures of the report with captions whose findings are computed, so that they hold for any data."""

from __future__ import annotations

import numpy as np

from neurosci._core.metric import Metric
from neurosci._core.numbers import format_number
from neurosci._core.result import Figure

from . import _captions_ml as likelihood
from . import _captions_runs as more
from ._compute import PRINTED_SHARE, Findings
from ._formats import PERCENT, finding_of, kind_of, share
from ._panels import label_of
from ._views import accuracy_table
from ._words_runs import run_stimuli


def figures(found: Findings, metrics: dict[str, Metric]) -> tuple[Figure, ...]:
    """Return the figures that this run's data allow, in the order of the page."""
    made = [more.stimuli_figure(), more.spectra_figure(found, metrics), accuracy_figure(found)]
    if found.release.humans is not None:
        made.append(observers_figure(found))
    made.append(channels_figure(found, metrics))
    made += likelihood.likelihood_figures(found, metrics)
    made.append(more.survival_figure(found, metrics))
    if len(found.usable):
        made.append(families_figure(found))
    if found.shape is not None:
        made.append(prediction_figure(found, metrics))
    made.append(specification_figure(found, metrics))
    if len(found.adversarial):
        made.append(adversarial_figure(found, metrics))
    made.append(thumbnail_figure(found))
    return tuple(made)


def figure_number(made: tuple[Figure, ...], name: str) -> int:
    """Return the number of a figure on the page."""
    return [figure.name for figure in made].index(name) + 1


def _criterion(found: Findings) -> str:
    return f"{100 * found.params.criterion:g}{PERCENT}"


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _span(values: list[int]) -> str:
    return f"{min(values)}" if min(values) == max(values) else f"{min(values)} to {max(values)}"


def accuracy_figure(found: Findings) -> Figure:
    """Return the figure of accuracy maps."""
    table = accuracy_table(found)
    low = (
        (table["percent_correct"] <= 100 * found.params.criterion)
        .groupby(table["observer"], sort=False)
        .sum()
    )
    people, others = int(low.iloc[0]), [int(x) for x in low.iloc[1:]]
    n_cells = int((table["observer"] == "people").sum())
    networks = f", these {kind_of(found)} in {_span(others)}" if others else ""
    here = list(found.runs.counts)[:1]
    shown = ", ".join(label_of(name) for name in (*found.release.featured, *here)) or "no network"
    run = f" {here[0]} was run here, on {run_stimuli(found)}." if here else ""
    return Figure(
        name="accuracy",
        tables=("accuracy",),
        finding=finding_of(
            found,
            f"Noise brings people to {_criterion(found)} correct or less in {people} of {n_cells} "
            f"conditions{networks}.",
        ),
        caption=(
            "Percent correct in 16-way recognition of low-contrast grey images, by noise standard "
            "deviation and label frequency of the noise band. **a**, mean of 14 people, as printed. **b** "
            f"onwards, one network each: {shown}. Red outline: border of {_criterion(found)} correct. n = "
            f"19 to 41 images per cell, 1,050 in all.{run} No error bars: the 95{PERCENT} Wilson interval "
            "is about ±17 points at half correct and n = 30. The top row has no noise, so its labels mean "
            "nothing."
        ),
        alt=(
            f"Heat maps of percent correct, noise strength by noise frequency, for people and for {shown}. "
            f"People are at or below {_criterion(found)} in {people} of {n_cells} cells, the networks in "
            f"{_span(others) if others else 'none'}: noise of more frequencies hurts where more cells are "
            "dark."
        ),
    )  # fmt: skip


def observers_figure(found: Findings) -> Figure:
    """Return the figure of single observers."""
    widths = found.people.iloc[1:]["bandwidth"]
    known = widths.dropna().round(2)
    n_values = known.nunique()
    span = f"{known.min():.2f} to {known.max():.2f} octaves" if len(known) else "no estimate"
    return Figure(
        name="observers",
        tables=("observers",),
        finding=f"The widths of {len(known)} people take only {n_values} values, {span}.",
        caption=(
            "Percent correct of each person by noise standard deviation and label frequency of the noise "
            "band, from the narrowest to the broadest channel of the paper’s method (above each panel). "
            f"Red outline: border of {_criterion(found)} correct. n = {len(widths)} people, 19 to 41 "
            "images per cell and person, the same images for all; no error bars, one person each. Counts "
            "were recovered from the colours of a published figure."
        ),
        alt=(
            f"{len(widths)} small heat maps of percent correct, one per person, by noise strength and "
            f"noise frequency. The outlined regions below {_criterion(found)} correct look alike, and the "
            f"fitted width takes only {n_values} values, {span}."
        ),
    )


def channels_figure(found: Findings, metrics: dict[str, Metric]) -> Figure:
    """Return the figure of fitted channels."""
    ratio, n = metrics["ratio"], metrics["n_usable"].value
    featured = label_of(found.release.featured[0]) if found.release.featured else "no network"
    bound = (
        "The human peak stops at its upper bound, where nothing was measured. "
        if found.people["at_bound"].iloc[0]
        else ""
    )
    likely, used = metrics["ml_ratio"], metrics["n_ml_used"].value
    medians = [format_number(metric.value, 2) for metric in (ratio, likely)]
    third = metrics.get("filter_ratio")
    by_filter = "" if third is None else f", {format_number(third.value, 2)} by the filter observer"
    run = f"Green: {_and(list(found.runs.counts))}, run here. " if found.runs.counts else ""
    return Figure(
        name="channels",
        tables=(
            "networks",
            "people",
            "thresholds",
            "networks_likelihood",
            *(("networks_filter",) if found.filter is not None else ()),
            *(("run_channels", "runs") if found.runs.table is not None else ()),
        ),
        finding=finding_of(
            found,
            f"The median network channel is {medians[0]} times as wide as the human one by the paper’s "
            f"method, {medians[1]} times by maximum likelihood{by_filter}.",
        ),
        caption=(
            f"**a**, noise SD at which accuracy crosses {_criterion(found)} (points) and the Gaussian "
            "fitted by the paper’s method. Red diamonds: people, mean of 14 observers. Blue circles: "
            f"{featured}. Thin lines: {n:.0f} usable {kind_of(found)}. {run}{bound}**b**, bandwidth of each "
            f"network (dot, n = {n:.0f} and {used:.0f}) over the human one of the same method; bar, median; "
            "shaded, printed range. Left out: networks without a usable channel. Intervals: see the answer."
        ),
        alt=(
            "Two panels. Left: sensitivity against noise frequency, with the fitted channels of people, "
            f"{format_number(float(found.people['bandwidth'].iloc[0]), 2)} octaves wide, of {featured} and "
            "of the other networks as humps. Right: bandwidth ratios of networks to people; the median is "
            f"{medians[0]} by the paper’s method and {medians[1]} by maximum likelihood, beside the printed "
            "range of 2 to 4."
        ),
    )


def families_figure(found: Findings) -> Figure:
    """Return the figure of families."""
    medians = found.usable.groupby("family")["bandwidth"].median()
    people = found.people.iloc[0]
    high = people["high"] if np.isfinite(people["high"]) else people["bandwidth"]
    border = "the upper end of the human interval" if np.isfinite(people["high"]) else "the human value"
    wider = int((medians > high).sum())
    left_out = len(found.networks) - len(found.usable)
    interval = (
        f"red band: 95{PERCENT} bootstrap interval over observers [{format_number(people['low'], 2)}, "
        f"{format_number(people['high'], 2)}]. "
        if np.isfinite(people["high"])
        else "no interval, since counts of single observers are not here. "
    )
    number = "All" if wider == len(medians) else f"{wider} of"
    return Figure(
        name="families",
        tables=("networks", "people"),
        finding=finding_of(
            found,
            f"{number} {len(medians)} families have a median bandwidth above {border}, "
            f"{format_number(high, 2)} octaves.",
        ),
        caption=(
            "Channel properties by the paper’s index method, one dot per network (n = "
            f"{len(found.usable)}), black bar = family median, families sorted by median bandwidth. **a**, "
            "bandwidth. **b**, centre frequency on the scale of the band labels. **c**, peak noise "
            "sensitivity; 1 is the upper bound of the fit. Red line: people, mean of 14 observers; "
            f"{interval}The right column gives usable of all networks; {left_out} of {len(found.networks)} "
            f"are left out because no channel of less than {found.params.bandwidth_limit:g} octaves is "
            "resolved (see Warnings)."
        ),
        alt=(
            f"Strip plots of bandwidth, centre and peak for {len(medians)} network families sorted by "
            f"median bandwidth, from {medians.min():.1f} to {medians.max():.1f} octaves, with the human "
            f"values as red lines; {wider} of {len(medians)} family medians lie above "
            f"{format_number(high, 2)} octaves."
        ),
    )  # fmt: skip


def prediction_figure(found: Findings, metrics: dict[str, Metric]) -> Figure:
    """Return the figure of shape scores."""
    assert found.shape is not None  # noqa: S101
    r2, out = metrics["shape_r_squared"], metrics["shape_leave_one_family_out"].value
    interval = (
        f", 95{PERCENT} bootstrap interval over families [{format_number(r2.low, 0)}, "
        f"{format_number(r2.high, 0)}]"
        if r2.low is not None and r2.high is not None
        else ""
    )
    families = (
        f" and {format_number(out, 0)}{PERCENT} in families that were left out" if np.isfinite(out) else ""
    )
    n = found.shape.n_observations
    return Figure(
        name="prediction",
        tables=("networks",),
        finding=finding_of(
            found,
            f"Three channel properties explain {share(found.shape.r_squared)} of the variance in shape "
            f"score{families}.",
        ),
        caption=(
            "Shape score, the share of cue-conflict images that a network names by their shape, of each "
            f"network (n = {n}) against **a**, bandwidth; **b**, centre frequency (label scale); **c**, "
            "peak noise sensitivity; **d**, the prediction from all three (ordinary least squares on log2 "
            f"values); line, equality. R² = {found.shape.r_squared:.3f}{interval}. Coloured marks: the "
            "five families with the highest median score; grey circles: all others. No error bars: each "
            "dot is one network. Networks without a usable channel are left out."
        ),
        alt=(
            f"Four scatter plots for {n} networks. Shape score plotted against bandwidth, centre frequency "
            "and peak sensitivity, and against the prediction from all three, where points scatter around "
            f"the line of equality: {share(found.shape.r_squared)} of the variance is explained."
        ),
    )


def specification_figure(found: Findings, metrics: dict[str, Metric]) -> Figure:
    """Return the figure of all specifications."""
    table = found.specifications
    above = int((table["r_squared"] > PRINTED_SHARE).sum())
    low, high = (metrics[f"specifications_all_{end}"].value for end in ("min", "max"))
    open_circle = "; open circle, the choice used here" if table["used"].any() else ""
    return Figure(
        name="specifications",
        tables=("specifications",),
        finding=finding_of(
            found,
            f"The printed {share(PRINTED_SHARE)} is exceeded by {above} of {len(table)} choices, which "
            f"give {share(low)[:-2]} to {share(high)}.",
        ),
        caption=(
            f"**a**, share of the variance in shape score explained under {len(table)} analysis choices, "
            f"sorted. Dashed, the value of the paper{open_circle}. **b**, the choices behind each: "
            "accuracy at threshold, bandwidth at which a network is left out, and scale of the predictors "
            "(with linear ones also the sign of the fitted width); three forms of the peak enter without "
            "a row. Raw fits are used, resolved or not, as the paper’s script gives them. n = "
            f"{int(table['n_networks'].min())} to {int(table['n_networks'].max())} networks. No error "
            "bars: each value is exact."
        ),
        alt=(
            f"Explained variance of {len(table)} analysis choices in ascending order from {low:.2f} to "
            f"{high:.2f}, with the printed {PRINTED_SHARE:.2f} as a dashed line that {above} of them "
            "exceed. Tick rows below show that choices without a limit of bandwidth give the lowest "
            "values."
            if _no_limit_is_low(found)
            else f"Explained variance of {len(table)} analysis choices in ascending order from "
            f"{low:.2f} to {high:.2f}, with the printed {PRINTED_SHARE:.2f} as a dashed line that {above} "
            "of them exceed; tick rows below show where each choice was made."
        ),
    )  # fmt: skip


def _no_limit_is_low(found: Findings) -> bool:
    table = found.specifications
    none = np.isinf(table["bandwidth_limit"])
    return bool(table.loc[none, "rank"].median() < 0.25 * len(table))


def adversarial_figure(found: Findings, metrics: dict[str, Metric]) -> Figure:
    """Return the figure of the adversarial series."""
    p, series = found.params, found.adversarial
    names = ("widening", "relative_widening", "ml_widening", "filter_widening")
    values = [format_number(metrics[name].value, 2) if name in metrics else "" for name in names]
    if "" not in values[:3] and "no estimate" not in values:
        last = f", {values[3]} by the filter observer" if values[3] else ""
        finding = (
            f"At training radius {p.training_radius:g} the channel is {values[0]} times as wide as without "
            f"with the criterion fixed, {values[1]} with a relative one, {values[2]} by likelihood{last}."
        )
    else:
        finding = (
            "The width of the channel along the adversarial series cannot be compared at these settings."
        )
    used = int(series["usable"].sum())
    columns = ["bandwidth", "relative_bandwidth", "likelihood_bandwidth"]
    hidden = int(series[columns].isna().all(axis=1).sum())
    return Figure(
        name="adversarial",
        tables=("adversarial", "attacks"),
        finding=finding_of(found, finding),
        caption=(
            f"Adversarially trained {kind_of(found)} (L2). **a** to **c**, percent correct under attack "
            f"{p.attack_radius:g} against channels of the {used} usable ones (number: training "
            f"radius). **d**, bandwidth: criterion fixed at {_criterion(found)} (blue circles), relative to "
            f"accuracy without noise (grey), likelihood (squares), filter observer (ochre). Bars: "
            f"95{PERCENT} intervals over 1,050 trials (bootstrap; last two: profile); a triangle at the top: "
            f"it leaves the panel. Red: people. Not shown: {hidden} without width. **e**, percent correct of "
            "1,000 images by attack radius; blue, adversarially trained."
        ),
        alt=(
            f"Five panels. Accuracy under attack against bandwidth, centre and peak of {used} networks; "
            "bandwidth against training radius with interval bars for a fixed criterion, a relative "
            "criterion and maximum likelihood; and accuracy against attack radius, adversarially trained "
            "networks in blue among others in grey."
        ),
    )


def thumbnail_figure(found: Findings) -> Figure:
    """Return the small figure of the dashboard."""
    featured = label_of(found.release.featured[0]) if found.release.featured else "no network"
    width = format_number(float(found.people["bandwidth"].iloc[0]), 2)
    return Figure(
        name="thumbnail",
        tables=("networks", "people", "thresholds"),
        finding=finding_of(found, f"By the paper’s method the human channel is {width} octaves wide."),
        caption=f"Threshold noise by noise band and fitted channel, people (red) and {featured} (blue).",
        alt=(
            f"Sensitivity against noise frequency for people and {featured}: points at the tested noise "
            f"levels and one fitted hump each; the human one is {width} octaves wide by the paper’s method."
        ),
        width="thumbnail",
    )
