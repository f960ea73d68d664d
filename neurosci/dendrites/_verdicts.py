"""Reasons behind each claim's verdict; the rules themselves are the claims'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from neurosci._core.claims import Claim, Verdict
from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP, format_number

from ._compute import Findings
from ._curves import TOGETHER

Metrics = dict[str, Metric]
CORRECTED = "Published number corrected"


def value(metrics: Metrics, name: str) -> str:
    """Return a number in words."""
    metric = metrics[name]
    return format_number(metric.value) + (f"{NBSP}%" if metric.unit == "%" else "")


def population_size(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge how fast false positives fall with n."""
    metric = metrics["second_difference"]
    return claim.judge(
        metric,
        why=(
            "Exact. With a fixed, as in the figures, the second difference of ln P over n is positive "
            f"wherever P is below 0.01 (bracket: range over {metric.n} steps): the fall slows down, to a "
            f"power law with local exponent {value(metrics, 'last_local_exponent')} at n = 19,900; only "
            f"{value(metrics, 'n_concave_steps')} steps near P = 1 steepen. With a/n fixed (3 %) P does not "
            f"fall: {value(metrics, 'share_first')} at n = 2,000, {value(metrics, 'share_last')} at 20,000. "
            "With a, s and θ in proportion to n the fall is exponential, never faster (second difference "
            f"above 0 at {_positive(found)} steps)."
        ),
        preset=found.params.preset,
        ours=f"{format_number(metric.value, 4)} per step², {format_number(metric.low or 0, 4)} to "
        f"{format_number(metric.high or 0, 2)}",
    )


def _positive(found: Findings) -> str:
    """Return at how many steps a fall with everything in proportion slows down."""
    table = found.tables["readings"]
    bends = table.loc[table["reading"] == TOGETHER, "second_difference"].dropna()
    return f"{int((bends > 0).sum())} of {len(bends)}"


def heavy_noise(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge false negatives at 40 % noise."""
    half = found.tables["false_negatives"].query("v == 64").set_index("theta")["exact"]
    metric = metrics["heavy_noise"]
    verdict = claim.judge(
        metric,
        why=(
            f"Exact {value(metrics, 'heavy_noise_exact')}, below 0.01. It depends on the threshold: at "
            f"50{NBSP}% noise {format_number(half[8])} with threshold 8, {format_number(half[12])} with 12, "
            f"{format_number(half[16])} with 16."
        ),
        preset=found.params.preset,
        synthetic=True,
        ours=_percent(metric),
    )
    return replace(verdict, n=f"{(metric.n or 0) / 1e6:g} million trials")


def _percent(metric: Metric) -> str:
    low, high = (format_number(100 * (limit or 0.0), 3) for limit in (metric.low, metric.high))
    return f"{format_number(100 * metric.value, 3)}{NBSP}% [{low}, {high}]"


def dense(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the limit of dense activity."""
    return claim.judge(
        metrics["dense_quarter_n19900"],
        why=(
            f"Exact, for a = n/4; {value(metrics, 'dense_half_n19900')} for a = n/2. Both are within "
            f"1{NBSP}% of the binomial limit of an infinite population."
        ),
        preset=found.params.preset,
        ours=f"{value(metrics, 'dense_quarter_n19900')} (n/4)",
    )


def dense_line(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the label of the dense line."""
    return claim.judge(
        metrics["dense_half_n500"],
        why=(
            f"{CORRECTED}: with 50{NBSP}% of 500 cells active it is {value(metrics, 'dense_half_n500')}; the "
            f"published curve, {value(metrics, 'dense_quarter_n500')} here, is that of a = n/4."
        ),
        preset=found.params.preset,
        ours=f"{value(metrics, 'dense_half_n500')} (50{NBSP}%)",
    )


def few_synapses(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge false positives of a small segment."""
    slope = format_number(metrics["decades_per_synapse"].value, 2)
    return claim.judge(
        metrics["fp_n16000_a512_s24_theta12"],
        why=(
            f"Exact. Its logarithm falls by {slope} decades per synapse, almost a straight line, so that an "
            "exponential fall with the number of synapses is right."
        ),
        preset=found.params.preset,
    )


def measured(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the agreement with measured thresholds."""
    metric = metrics["measured_inside"]
    table = found.tables["measured"]
    inside = int(table["inside_printed_range"].sum())
    low, high = metrics["grid_low"], metrics["grid_high"]
    return claim.judge(
        metric,
        why=(
            f"{inside} of {len(table)} measured or modelled ranges lie in 8 to 20: those the paper cites. "
            "The others are 20 ± 10, 51 ± 13 and 41 ± 24 synapses. Thresholds that keep both errors small at "
            f"{100 * found.params.noise:g}{NBSP}% noise begin at {low.low:.0f} to {low.high:.0f} and end at "
            f"{high.low:.0f} to {high.high:.0f} over the {low.n} segments of Fig. 6; for "
            f"{value(metrics, 'grid_share_within')} they stay in 8 to 20. A close match is not supported."
        ),
        preset=found.params.preset,
        ours=f"{inside} of {len(table)} ranges ({metric.value:.0f}{NBSP}%)",
    )


def first_threshold(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge where the median error crosses the line."""
    return claim.judge(
        metrics["first_threshold_below_line"],
        why=(
            f"{CORRECTED}: the median is {value(metrics, 'median_theta_9')} at 9 and "
            f"{value(metrics, 'median_theta_10')} at 10. The median hides the worst segments: at 8 the mean "
            f"is {value(metrics, 'mean_theta_8')}, the median {value(metrics, 'median_theta_8')}."
        ),
        preset=found.params.preset,
        ours=f"{value(metrics, 'first_threshold_below_line')} synapses",
    )


def several_patterns(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the error of a segment with ten patterns."""
    return claim.judge(
        metrics["union_exact"],
        why=(
            "Exact law of the union’s size; the paper’s approximation gives "
            f"{value(metrics, 'union_plugin')}. In {found.params.n_union_trials:,} simulated unions of 2 "
            f"patterns (n = 1,000) the exact law is {format_number(metrics['union_z_exact'].value, 1)} and "
            f"the approximation {format_number(metrics['union_z_plugin'].value, 1)} standard errors away."
        ),
        preset=found.params.preset,
    )


def silent_cells(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the share of cells without a synapse."""
    metric = metrics["union_silent_percent"]
    return claim.judge(
        metric,
        why=f"{CORRECTED}: {format_number(metric.value, 4)}{NBSP}%, which rounds to 98.76; 98.75 is cut off.",
        preset=found.params.preset,
        ours=f"{format_number(metric.value, 3)}{NBSP}%",
    )


def million_segments(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the error of a million segments."""
    metric = metrics["million_segments"]
    excess = format_number(100 * (metric.value / 1e-9 - 1), 0)
    return claim.judge(
        metric,
        why=(
            f"{CORRECTED}: printed 1 × 10⁻⁹, exact {metric.value * 1e9:.4f} × 10⁻⁹, {excess}{NBSP}% above "
            "it, by the union bound (Eq. 9) and for independent segments (Eq. 8) alike."
        ),
        preset=found.params.preset,
    )


def agreement(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge simulations against theory."""
    metric = metrics["p_all"]
    parts = ", ".join(
        f"{format_number(metrics[f'p_{name}'].value, 2)} for {words}"
        for name, words in (
            ("positives", "Fig. 4A"),
            ("negatives", "Fig. 4B"),
            ("tilted", "tilted sampling from 1e-6 to 1e-60"),
        )
    )
    authors = ""
    if "p_published_positives" in metrics:
        authors = (
            " The authors’ own values of Fig. 4A: p = "
            f"{format_number(metrics['p_published_positives'].value, 2)} without the point at n = 300, a = "
            "256, which is wrong (0.997368; exact 0.999998)."
        )
    return claim.judge(
        metric,
        why=f"p = {parts}.{authors}",
        preset=found.params.preset,
        synthetic=True,
        ours=f"χ² = {format_number(metrics['chi_square'].value, 1)}, p = {format_number(metric.value, 2)}",
    )


RULES: dict[str, Callable[[Claim, Findings, Metrics], Verdict]] = {
    "DE1": population_size,
    "DE2": heavy_noise,
    "DE3": dense,
    "DE3b": dense_line,
    "DE4": few_synapses,
    "DE5": measured,
    "DE5b": first_threshold,
    "DE6": several_patterns,
    "DE6b": silent_cells,
    "DE7": million_segments,
    "DE8": agreement,
}
