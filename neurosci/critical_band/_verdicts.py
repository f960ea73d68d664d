"""Reasons and caveats of each claim's verdict; the rules themselves are the claims'."""

from __future__ import annotations

import math

import numpy as np

from neurosci._core.claims import Claim, Verdict
from neurosci._core.metric import Metric
from neurosci._core.numbers import format_number, format_p
from neurosci._core.result import Figure

from . import _words_ml as likelihood
from ._captions import figure_number
from ._compute import INDICES, Findings, compared_pair, robust_key
from ._formats import PERCENT, share, with_interval
from ._scores import PROPERTIES, attack_accuracy

TOO_FEW = "Too few networks have a usable channel at these settings."


def disagrees(second: Metric, value: float) -> bool:
    """Return whether the interval of the second method leaves out a value."""
    return second.low is not None and second.high is not None and not second.low <= value <= second.high


def capital(text: str) -> str:
    """Return a clause as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def human_width(
    claim: Claim, found: Findings, metrics: dict[str, Metric], made: tuple[Figure, ...]
) -> Verdict:
    """Judge the width of the mean matrix."""
    metric, people = metrics["human_bandwidth"], found.people.iloc[0]
    if not people["resolved"]:
        return claim.not_testable(f"No estimate: {people['reason']}.", ours="no estimate")
    caveats = []
    used = [index for index in people[INDICES] if index > 0]
    if people["at_bound"] and len(used) == 2 and used[0] == used[1]:
        caveats.append(
            "with bands one octave apart and a capped peak, two equal neighbouring thresholds fix the "
            f"width at 1.00 whatever their value (figure {figure_number(made, 'channels')})."
        )
    sentences = [f"To four digits {people['bandwidth']:.4f} octaves."]
    if metric.low is None:
        sentences.append("No interval: counts of single observers are not here.")
    second = likelihood.second_width(metrics)
    others = [metrics["human_ml_bandwidth_power"], metrics.get("human_filter_bandwidth")]
    if any(other is not None and disagrees(other, metric.value) for other in others):
        caveats.append(f"{second}.")
    else:
        sentences.append(f"{capital(second)}.")
    return claim.judge(
        metric,
        why=" ".join(sentences),
        caveats=caveats,
        preset=found.params.preset,
        ours=with_interval(metric, 2, "octaves"),
    )


def single_observers(claim: Claim, found: Findings, metrics: dict[str, Metric]) -> Verdict:
    """Judge mean and SD of the single observers' values."""
    metric = metrics.get("observer_bandwidth")
    if metric is None or not math.isfinite(metric.value):
        return claim.not_testable("The counts of single observers are not on this machine.")
    values = [metrics[f"observer_{name}{end}"].value for name in PROPERTIES for end in ("", "_sd")]
    spread = metrics["observer_bandwidth_sd"].value
    shown = [f"{value:.2f}" for value in values]
    second = metrics["observer_ml_bandwidth"]
    caveats = [
        f"by maximum likelihood it is {with_interval(second, 2, 'octaves')}, SD "
        f"{metrics['observer_ml_bandwidth_sd'].value:.2f}."
    ]
    return claim.judge(
        metric,
        values=values,
        caveats=caveats if disagrees(second, metric.value) else (),
        why=(
            f"Bandwidth {shown[0]} ± {shown[1]} octaves, centre {shown[2]} ± {shown[3]} cycles/image, peak "
            f"{shown[4]} ± {shown[5]} (SD over people)."
        ),
        preset=found.params.preset,
        ours=f"{with_interval(metric, 2, 'octaves')}, SD {spread:.2f}",
    )


def width_ratio(claim: Claim, found: Findings, metrics: dict[str, Metric]) -> Verdict:
    """Judge the share of networks in the printed range of ratios."""
    metric = metrics["share_in_range"]
    if not math.isfinite(metric.value):
        return claim.not_testable(TOO_FEW, ours="no estimate")
    ratios = found.usable["ratio"].dropna()
    inside = int(metrics["n_in_range"].value)
    wider = int((np.round(ratios) > float(claim.printed[1])).sum())
    return claim.judge(
        metric,
        why=(
            f"{inside} of {len(ratios)} ratios round to 2, 3 or 4; {wider} are wider. The median is "
            f"{with_interval(metrics['ratio'], 2, 'times')}. {likelihood.second_ratio(metrics)}"
        ),
        preset=found.params.preset,
        ours=f"{with_interval(metric, 0)} of networks in this range",
    )


def shape_score(claim: Claim, found: Findings, metrics: dict[str, Metric]) -> Verdict:
    """Judge the explained variance of shape score."""
    if found.shape is None:
        return claim.not_testable(TOO_FEW, ours="no estimate")
    metric = metrics["shape_r_squared"]
    low, high = (metrics[f"specifications_all_{end}"].value for end in ("min", "max"))
    out = metrics["shape_leave_one_family_out"].value
    second = likelihood.second_shape(metrics)
    likely = metrics.get("ml_shape_r_squared")
    differs = likely is not None and disagrees(likely, metric.value)
    return claim.judge(
        metric,
        why=(
            f"R² = {found.shape.r_squared:.4f}. Predicting left-out networks: "
            f"{format_number(metrics['shape_leave_one_out'].value, 0)}{PERCENT}; left-out families: "
            f"{format_number(out, 0)}{PERCENT}.{'' if differs else f' {capital(second)}.'}"
        ),
        caveats=[
            "the paper’s script is not open, and this choice was found by its agreement; "
            f"{len(found.specifications)} choices give {format_number(100 * low, 0)} to {share(high)}.",
            *([f"{second}."] if differs else []),
        ],
        preset=found.params.preset,
        ours=f"{format_number(metric.value, 1)}{PERCENT}{with_interval(metric, 0).partition(PERCENT)[2]}",
    )


def robust_variance(claim: Claim, found: Findings, metrics: dict[str, Metric]) -> Verdict:
    """Judge the explained variance of robust accuracy."""
    radius = robust_key(found)
    model = found.robust.get(radius)
    if model is None:
        return claim.not_testable(TOO_FEW, ours="no estimate")
    metric = metrics[f"robust_{radius:.3g}_r_squared"]
    freedom = model.n_observations - model.n_predictors - 1
    others = [
        f"{share(other.r_squared)} at attack radius {name:.3g}"
        for name, other in found.robust.items()
        if name != radius
    ]
    caveats = (
        [f"the attack radius was chosen by its agreement; it is {' and '.join(others)}."] if others else []
    )
    return claim.judge(
        metric,
        why=(
            f"R² = {model.r_squared:.4f} with {model.n_predictors} predictors: F({model.n_predictors}, "
            f"{freedom}) = {model.f_statistic:.2f}, {format_p(model.p_value)}; predicting left-out "
            f"networks: {format_number(100 * model.leave_one_out_r_squared, 0)}{PERCENT}. "
            f"{likelihood.second_robust(found, radius)}"
        ),
        caveats=caveats,
        preset=found.params.preset,
        ours=f"{format_number(metric.value, 1)}{PERCENT}{with_interval(metric, 0).partition(PERCENT)[2]}",
    )


def robust_gain(claim: Claim, found: Findings, metrics: dict[str, Metric]) -> Verdict:
    """Judge the gain of accuracy under attack."""
    metric, pair = metrics.get("robust_gain"), compared_pair(found)
    if metric is None or pair is None:
        return claim.not_testable("The release holds no such pair of networks.")
    accuracy = attack_accuracy(found.release, found.params.attack_radius)
    before, after = (format_number(100 * float(accuracy[name]), 1) for name in pair)
    return claim.judge(
        metric,
        why=(
            f"Training radius {found.params.training_radius:g} against 0, attack radius "
            f"{found.params.attack_radius:g}: {after} against {before}{PERCENT} of 1,000 images. The "
            "interval is over images, taken as two independent samples; one network each, so it does not "
            "speak of other trainings."
        ),
        preset=found.params.preset,
        ours=with_interval(metric, 1, "percentage points"),
    )


def widening(claim: Claim, found: Findings, metrics: dict[str, Metric]) -> Verdict:
    """Judge the widening of the channel by adversarial training."""
    metric, relative = metrics.get("widening"), metrics.get("relative_widening")
    if metric is None or relative is None or not math.isfinite(metric.value):
        return claim.not_testable("The release holds no such pair of networks with usable channels.")
    series = found.adversarial.set_index("training_radius")["zero_noise_accuracy"]
    caveats = []
    if relative.low is None or not relative.low > 1:
        includes = relative.high is not None and relative.high >= 1
        caveats.append(
            "with a criterion relative to accuracy without noise it is "
            f"{with_interval(relative, 2, 'times')}, which "
            f"{'includes no change' if includes else 'is not wider'}; accuracy without noise is "
            f"{share(series.loc[0.0])} at radius 0 and {share(series.loc[found.params.training_radius])} "
            f"at radius {found.params.training_radius:g}, so the fixed criterion is not equally hard."
        )
    second, third = metrics.get("ml_widening"), metrics.get("filter_widening")
    why = f"Training radius {found.params.training_radius:g} against 0, paper’s method."
    others = [metric for metric in (second, third) if metric is not None]
    if second is not None and all(metric.low is not None and metric.low > 1 for metric in others):
        why += f" {capital(likelihood.second_widening(second, third))}."
    else:
        caveats.append(f"{likelihood.second_widening(second, third)}.")
    return claim.judge(
        metric,
        why=why,
        caveats=caveats,
        preset=found.params.preset,
        ours=with_interval(metric, 2, "times"),
    )
