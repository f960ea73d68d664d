"""Findings, captions and alternative texts of the figures, written from computed numbers."""

from __future__ import annotations

from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP, format_number
from neurosci._core.result import Figure

from ._branches import NEARBY
from ._compute import Findings
from ._verdicts import Metrics, value


def figures(found: Findings, metrics: Metrics) -> tuple[Figure, ...]:
    """Return every figure of the report, in its order."""
    return (
        simulation(found, metrics),
        theory(found),
        thresholds(found),
        windows(found, metrics),
        unions(found),
        rare(found, metrics),
        extensions(found),
        digits(found),
        thumbnail(),
    )


def _published(found: Findings, words: str) -> str:
    return f"{words} " if found.published else "The authors’ values are not on this machine. "


def simulation(found: Findings, metrics: Metrics) -> Figure:
    """Return Figs. 4A and 4B."""
    p = found.params
    positives, negatives = found.tables["false_positives"], found.tables["false_negatives"]
    hidden = int((positives["n_hits"] == 0).sum() + (negatives["n_hits"] == 0).sum())
    return Figure(
        name="simulation",
        tables=("false_positives", "population", "false_negatives"),
        finding=(
            f"Synthetic trials agree with exact theory at {metrics['p_positives'].n} and "
            f"{metrics['p_negatives'].n} points (χ² p = {format_number(metrics['p_all'].value, 2)})."
        ),
        caption=(
            "Lines: exact probabilities (Eqs. 4, 6). Open marks: simulation with "
            f"95{NBSP}% Wilson intervals, mostly smaller than the marks. "
            + _published(found, "Purple crosses: published simulations.")
            + f"**a**, false positives by population size for 64, 128 and 256 active cells, 24 synapses, "
            f"threshold 12, n = {p.n_comparisons:,} comparisons per point; grey, dense activity. **b**, "
            f"false negatives by noise for thresholds 8, 12, 16; 30 synapses of 128 active cells, n = "
            f"{p.n_noisy_trials:,} trials per point. Not drawn: {hidden} points without a hit."
        ),
        alt=(
            "Two panels with logarithmic error rates. Left: false positives fall over seven decades with "
            "population size for three sparse activities and stay flat for dense ones. Right: false "
            "negatives rise steeply with noise. Simulated circles lie on the exact lines."
        ),
    )


def theory(found: Findings) -> Figure:
    """Return Figs. 5A and 5B."""
    return Figure(
        name="theory",
        tables=("population", "curvature", "readings", "synapses"),
        finding=(
            "False positives fall with population size as a power law of exponent about −12, and "
            "exponentially with the number of synapses."
        ),
        caption=(
            "Exact probabilities (Eq. 4). **a**, by population size, 24 synapses, threshold 12; dense: "
            "dashed, a = n/4 (which the paper calls 50 %), dotted, a = n/2. **b**, local exponent of the "
            "curves in a: an exponential fall would go down without limit. **c**, slope of log₁₀ P with 128 "
            "active cells; with 3 % active; with a, s and θ in proportion to n: an exponential fall is "
            "level below 0, a faster one steepens. **d**, by synapses, threshold half of them, for active of "
            "all cells. "
            + _published(found, "Purple crosses: published values, every fifth in a.")
            + "No error bars: nothing is estimated."
        ),
        alt=(
            "Four panels. False-positive probability against population size falls ever more slowly for 64, "
            "128 and 256 active cells and stays level for dense activity; its local exponent levels off at "
            "−12; where it falls it does not steepen with population size; against synapses it falls on "
            "straight lines in a logarithmic plot."
        ),
    )


def thresholds(found: Findings) -> Figure:
    """Return Fig. 6 and the measured thresholds."""
    return Figure(
        name="thresholds",
        tables=("medians", "measured", "grid_windows"),
        finding=(
            "The median error crosses 1e-9 between thresholds 9 and 10; measured NMDA thresholds reach from "
            "8 to beyond 60 synapses, and only the cited ones lie in 8 to 20."
        ),
        caption=(
            "**a**, median false positive over 420 segments (n = 10,000 to 190,000, activity 0.5 to 3 %, s = "
            "20 to 50): blue, all; dotted, without segments that can never fire. Grey line: the mean, which "
            "the worst segments dominate. "
            + _published(found, "Purple crosses: published medians.")
            + "Shaded: below 1e-9. **b**, every threshold found: range or mean ± SD in synapses, filled "
            "where the paper cites it; shaded, 8 to 20. Blue bars: lowest and highest admissible threshold "
            f"at {100 * found.params.noise:g}{NBSP}% noise over the same segments, range and median."
        ),
        alt=(
            "Left: median false-positive probability falls from 0.02 at threshold 3 to below 1e-35 at 24, "
            "crossing 1e-9 between 9 and 10. Right: six measured threshold ranges as bars; three lie at 8 to "
            "20, the others reach 30, 65 and 64 synapses, above the windows that theory admits."
        ),
    )


def windows(found: Findings, metrics: Metrics) -> Figure:
    """Return the operating windows, above measured numbers of synapses where there are any."""
    p, table = found.params, found.tables["windows"]
    first = table[~table["is_empty"]].groupby("noise")["s"].min()
    listed = "; ".join(f"{100 * float(str(x)):g}{NBSP}%: {s}" for x, s in first.items()) or "none"
    counted = "branches" in found.tables
    measured = (
        f"Red, real inputs of five fly neurons, median and 5 to 95{NBSP}%: filled, per branch between forks, "
        f"{_spread(metrics['branch_synapses'])}; open, within {NEARBY:g} µm along the neuron, "
        f"{_spread(metrics['nearby_synapses'])}. "
        if counted
        else f"Measured synapse counts per branch are not shown: {found.no_neurons}. "
    )
    return Figure(
        name="windows_measured" if counted else "windows",
        tables=("windows", "measured", *(("branches",) if counted else ())),
        finding=(
            "The more noise a segment must bear, the more synapses it needs before any threshold keeps both "
            f"errors small (first at {listed})."
        ),
        caption=(
            "Blue: thresholds for which a random pattern matches with probability at most "
            f"{p.alpha:g} (solid edge) and the own pattern is missed with at most {p.beta:g} (dashed edge), "
            "at the noise above each panel (fraction of active cells replaced); exact; n = 10,000 cells, a = "
            f"300 active. Grey band: 8 to 20, the range that the paper cites. {measured}"
        ),
        alt=(
            f"{len(set(table['noise']))} panels, one per noise level. The admissible thresholds form a wedge "
            "that opens to the right with the number of synapses; with more noise it begins later and is "
            "narrower. Most of each wedge lies above the grey band of 8 to 20."
            + (
                " Nearly all measured branches lie left of all wedges, most stretches of 20 µm inside."
                if counted
                else ""
            )
        ),
    )


def _spread(metric: Metric) -> str:
    low, high = (format_number(limit or 0.0, 0) for limit in (metric.low, metric.high))
    return f"{format_number(metric.value, 0)} [{low}, {high}], n = {metric.n:,} {metric.n_unit}"


def unions(found: Findings) -> Figure:
    """Return Figs. 7A and 7B and their correction."""
    ratio = found.tables["unions"]["ratio"]
    return Figure(
        name="unions",
        tables=("union_sizes", "unions", "unions_simulated"),
        finding=(
            f"Putting the expected size of a union into Eq. 4 gives {format_number(float(ratio.min()), 2)} "
            f"to {format_number(float(ratio.max()), 2)} times the exact error."
        ),
        caption=(
            "**a**, expected distinct synapses after M patterns, n = 1,000 (Eq. 13). **b**, probability of a "
            "false positive by the exact law of the union’s size (lines) and by the published approximation "
            "(dots); 200 active cells, 25 synapses per pattern, threshold 15. **c**, their ratio; both signs "
            "occur because rounding competes with convexity. Open circle: approximation over a synthetic "
            f"simulation of {found.params.n_union_trials:,} unions with its 95{NBSP}% interval (n = 1,000, M "
            "= "
            "2). " + _published(found, "Purple crosses: published values.")
        ),
        alt=(
            "Three panels against the number of patterns on a segment: synapses grow and bend; false "
            "positives rise from 1e-24 towards 1, later for larger populations; the ratio of the "
            "approximation to the exact law scatters around one by several percent."
        ),
    )


def rare(found: Findings, metrics: Metrics) -> Figure:
    """Return the rare events."""
    table = found.tables["rare"]
    tilted = table[table["method"] == "tilted sampling"]
    split = table[table["method"] == "splitting"].iloc[0]
    return Figure(
        name="rare",
        tables=("rare", "shared"),
        finding=(
            f"Synthetic draws find probabilities down to 1e{tilted['log10_exact'].min():.0f} to within "
            f"{value(metrics, 'tilted_relative_error')} without using the formula that they test."
        ),
        caption=(
            "**a**, estimate over exact probability for ten segments. Blue circles: tilted sampling, "
            f"{found.params.n_tilted_trials:,} draws each, 95{NBSP}% intervals of weighted means. Ochre "
            f"triangle: multilevel splitting, n = {found.params.n_splitting_repeats} runs of "
            f"{found.params.n_particles:,} particles, ratio {split['ratio']:.2f}, 95{NBSP}% normal interval "
            "over runs. Line: equality. Smallest effective sample size "
            f"{format_number(float(tilted['ess'].min()), 0)}. **b**, probability that any of 1,024 segments "
            "(24 synapses, 40 of 2,048 cells active) matches, over the union bound (Eq. 9, line), by how "
            "many segments sample one pattern; mixture of conditional draws, n = "
            f"{found.params.n_mixture_trials:,} per point, 95{NBSP}% intervals smaller than the marks."
        ),
        alt=(
            "Left: ratio of estimated to exact probability from 1e-6 to 1e-60; ten circles lie within about "
            "two percent of one; one triangle for splitting has a wider interval. Right: for many segments "
            "the ratio to the union bound is one, and falls where segments share a pattern, most at low "
            "thresholds."
        ),
    )


def extensions(found: Findings) -> Figure:
    """Return panels E1 and E2."""
    p = found.params
    published = "correlated_published" in found.tables
    names = ("sequence", "correlated", *(("correlated_published",) if published else ()))
    authors = "crosses in the same colours, the authors’ later results, " if published else ""
    return Figure(
        name="extensions_published" if published else "extensions",
        tables=names,
        finding="Synthetic inputs that share clusters of cells make errors far more frequent.",
        caption=(
            "**a** (E1), expected accuracy of a first-order sequence memory by population size, exact: 64 "
            "active cells, 25 synapses, threshold 10. It jumps from a fifth to almost 1. **b** (E2), share "
            "of test patterns to which a neuron responds falsely, by mean correlation; three settings, "
            f"threshold 10; circles, {p.n_correlated_segments} segments, n = {p.n_correlated_tests:,} test "
            f"patterns, 95{NBSP}% Wilson intervals; {authors}whose neuron and correlation are defined "
            "differently. Without a hit: upper bound 3/n as a triangle."
        ),
        alt=(
            "Left: accuracy of a sequence memory near 0.2 below 600 cells and near 1 above 1,000. Right: "
            "false positives rise from below one in a thousand to almost every pattern as the correlation "
            "between patterns grows from chance to 0.08."
        ),
    )


def digits(found: Findings) -> Figure:
    """Return recognition of real codes."""
    p, table = found.params, found.tables["digit_accuracy"]
    first, last = table.iloc[0], table.iloc[-1]
    return Figure(
        name="digits",
        tables=("digits", "digit_accuracy"),
        finding=(
            f"On real codes segments recognise {first['percent_correct']:.0f}{NBSP}% of handwritten digits, "
            "but match other classes far more often than theory says for random patterns."
        ),
        caption=(
            f"**a**, share of pairs of a segment and a test digit that match, by threshold: red, other class "
            f"(false positives); green, same class; line, Eq. 4 for random patterns ({p.n_code_active} of "
            f"{p.n_code_cells:,} cells, {p.n_code_synapses} synapses). No error bars: pairs share digits. "
            f"**b**, digits recognised by the largest overlap, with patterns mixed on each segment; n = "
            f"{int(first['n_test'])} test digits, {int(first['n_train'])} for training, 95{NBSP}% Wilson "
            f"intervals; from {int(first['n_segments'])} segments at 1 to {int(last['n_segments'])} at "
            f"{int(last['patterns_per_segment'])}."
        ),
        alt=(
            "Left: three falling curves of match share against threshold; same class lies highest, other "
            "class orders of magnitude below it but above the theoretical line. Right: percent of digits "
            f"recognised, {first['percent_correct']:.0f} with one pattern per segment and "
            f"{last['percent_correct']:.0f} with {int(last['patterns_per_segment'])}."
        ),
    )


def thumbnail() -> Figure:
    """Return the small figure of the dashboard."""
    return Figure(
        name="thumbnail",
        tables=("false_positives", "population"),
        finding="Sparse patterns in large populations are almost never mistaken.",
        caption="False positives by population size: exact (lines) and synthetic trials (open marks).",
        alt=(
            "False-positive probability falls over many decades with population size for 64, 128 and 256 "
            "active cells, exact lines with simulated circles on them, and stays level for a quarter of the "
            "cells active."
        ),
        width="thumbnail",
    )
