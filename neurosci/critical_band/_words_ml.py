"""What the report says about the likelihood fits, written from computed numbers."""

from __future__ import annotations

import numpy as np

from neurosci._core.metric import Metric
from neurosci._core.numbers import format_number, format_p
from neurosci._core.result import Method

from ._compute import Findings
from ._formats import PERCENT, bold, share, with_interval


def width_sentence(found: Findings, metrics: dict[str, Metric]) -> str:
    """Return the sentence of the answer about both widths by maximum likelihood."""
    people, ratio, index = (metrics[name] for name in ("human_ml_bandwidth", "ml_ratio", "ratio"))
    kind = "simulated network" if found.release.synthetic else "network"
    first = (
        "A maximum-likelihood fit to the same counts gives people a channel of "
        f"{bold(people, 2)} octaves (amplitude)"
    )
    if not np.isfinite(ratio.value):
        return f"{first}; too few {kind}s have a channel that both methods resolve."
    only = "only " if ratio.value < index.value else ""
    words = f"{first} and the median {kind} one {only}{bold(ratio, 2)} times as wide"
    both = [metric.low for metric in (ratio, index)]
    alone, wide = metrics.get("human_filter_bandwidth"), metrics.get("filter_ratio")
    if alone is not None and wide is not None and np.isfinite([alone.value, wide.value]).all():
        words += (
            f", a filter observer {bold(alone, 2)} octaves (power gain) and {bold(wide, 2)} times as wide"
        )
        both.append(wide.low)
    if all(low is not None and low > 1 for low in both):
        return f"{words}, so how much wider depends on the method; that {kind}s are wider does not."
    return f"{words}, so whether {kind}s are wider depends on the method."


def second_width(metrics: dict[str, Metric]) -> str:
    """Return the human width by maximum likelihood in both conventions."""
    amplitude, power = metrics["human_ml_bandwidth"], metrics["human_ml_bandwidth_power"]
    return (
        f"maximum likelihood on the pooled counts gives {with_interval(amplitude, 2, 'octaves')} of "
        f"amplitude sensitivity ({format_number(power.value, 2)} of power)"
        f"{_filtered(metrics, 'human_filter_bandwidth', 2, 'octaves of power')}"
    )


def _filtered(metrics: dict[str, Metric], name: str, decimals: int, unit: str) -> str:
    """Return what the filter observer says, as the end of a sentence; empty where it was not fitted."""
    metric = metrics.get(name)
    if metric is None or not np.isfinite(metric.value):
        return ""
    return f", the filter observer {with_interval(metric, decimals, unit)}"


def second_ratio(metrics: dict[str, Metric]) -> str:
    """Return the ratios of width by maximum likelihood."""
    ratio = metrics["ml_ratio"]
    if not np.isfinite(ratio.value):
        return "By maximum likelihood: no estimate."
    inside, two, n = (int(metrics[f"n_ml_{name}"].value) for name in ("in_range", "at_least_2", "used"))
    return (
        f"By maximum likelihood the median is {with_interval(ratio, 2, 'times')}: {inside} of {n} ratios "
        f"round to 2, 3 or 4, but {two} are 2 or more{_filtered(metrics, 'filter_ratio', 2, 'times')}."
    )


def second_shape(metrics: dict[str, Metric]) -> str:
    """Return the explained variance of shape score by maximum likelihood."""
    metric, more = metrics.get("ml_shape_r_squared"), metrics.get("ml_shape_r_squared_resolved")
    if metric is None or more is None:
        return "by maximum likelihood: too few networks"
    return (
        f"by maximum likelihood it is {with_interval(metric, 0)} for the {metric.n} networks that both "
        f"methods resolve, {format_number(more.value, 0)}{PERCENT} for all {more.n} that likelihood resolves"
        f"{_filtered(metrics, 'filter_shape_r_squared', 0, '')}"
    )


def second_robust(found: Findings, radius: float) -> str:
    """Return the explained variance of robust accuracy by maximum likelihood."""
    parts = []
    for about, models in (
        ("that both methods resolve", found.ml.robust),
        ("that likelihood resolves", found.ml.robust_resolved),
    ):
        if (model := models.get(radius)) is not None:
            parts.append(
                f"{share(model.r_squared)} for the {model.n_observations} networks {about} "
                f"({model.n_predictors} predictors, {format_p(model.p_value)})"
            )
    return f"By maximum likelihood {', '.join(parts)}." if parts else "By maximum likelihood: no estimate."


def second_widening(metric: Metric | None, filtered: Metric | None = None) -> str:
    """Return the widening by maximum likelihood and by the filter observer."""
    parts = []
    for words, value in (("maximum likelihood", metric), ("the filter observer", filtered)):
        if value is None or not np.isfinite(value.value):
            parts += [f"by {words}: no estimate"] if value is metric else []
            continue
        includes = value.low is not None and value.high is not None and value.low <= 1 <= value.high
        parts.append(
            f"by {words} it is {with_interval(value, 2, 'times')}"
            f"{', which includes no change' if includes else ''}"
        )
    return ", ".join(parts)


def likelihood_methods(found: Findings, metrics: dict[str, Metric]) -> Method:
    """Return the methods section of the likelihood fit."""
    p = found.params
    dispersion = metrics["human_ml_dispersion"].value
    people = (
        f"People: percentile bootstrap over observers, {p.n_resamples_observers:,} resamples. "
        if found.ml.limits
        else "People: no interval, since counts of single observers are not here. "
    )
    return Method(
        "Maximum likelihood",
        (
            "One model is fitted to all counts of an observer: accuracy in band k is g + (1 − g − λ) F(−β "
            f"log2(SD / θ_k)) with guess rate g = {p.guess_rate:.4g}, F `{p.sigmoid}`, and one slope β and "
            "one lapse rate λ for all bands; trials without noise have accuracy 1 − λ. Sensitivity 1 / θ_k "
            "is a Gaussian over bands, P exp(−(k − μ)² / 2s²), so the fit has five parameters (P, μ, s, β, "
            "λ). θ_k lies half way between guessing and accuracy without noise, so no criterion is chosen.",
            "Bandwidth is 2√(2 ln 2) s octaves, the full width at half height of amplitude sensitivity; "
            "divide by √2 for power sensitivity, 1 / θ², the convention of Solomon and Pelli (1994). Centre "
            "frequency is on the scale of the labels. Counts of people are pooled, and each person is "
            "fitted alone as well.",
            "A channel is resolved when the fit converges away from its bounds, is better than equal "
            f"thresholds in all bands (likelihood ratio, 95{PERCENT}), peaks within the bands, and the "
            "standard error of its width is below a factor of two. Comparisons and regressions use networks "
            "that are resolved here and usable by the paper’s method; regressions on all networks resolved "
            "here stand beside them.",
            f"{people}Their pooled counts depart {format_number(dispersion, 1)} times as much from the model "
            "as binomial ones would (Pearson’s χ² over degrees of freedom), and a Wald interval scaled by "
            "this dispersion is given as well (see Warnings). Single networks: profile likelihood. Ratio of "
            f"two networks: parametric bootstrap over trials, {p.n_resamples_likelihood:,} resamples.",
        ),
    )


def likelihood_warnings(found: Findings, metrics: dict[str, Metric]) -> tuple[str, ...]:
    """Return what needs care about the likelihood fits."""
    networks = found.ml.networks
    listed = []
    pooled, scaled = metrics["human_ml_dispersion"].value, metrics["human_ml_bandwidth_scaled"]
    if pooled > 2:
        alone = metrics.get("observer_ml_dispersion")
        single = "" if alone is None else f"; one person alone: {format_number(alone.value, 1)} on average"
        listed.append(
            f"**Pooled counts of people are overdispersed** ({format_number(pooled, 1)} times "
            f"binomial{single}). Much of it is shared by all people: each condition has its own images, and "
            "five parameters do not describe everything. Resampling observers does not allow for that; an "
            f"interval scaled by the dispersion is {with_interval(scaled, 2, 'octaves')}."
        )
    middle = metrics["network_ml_dispersion"].value
    if np.isfinite(middle) and middle > 1.2:
        listed.append(
            f"**Counts of single networks vary {format_number(middle, 1)} times as much as binomial ones** "
            "(median). Intervals over trials do not allow for this and are somewhat too narrow."
        )
    out = networks[~networks["resolved"]]
    if len(out):
        names = ", ".join(
            f"`{name}` ({reason})" for name, reason in zip(out["network"], out["reason"], strict=True)
        )
        listed.append(
            f"**{len(out)} of {len(networks)} networks have no channel that likelihood resolves:** {names}."
        )
    return tuple(listed)
