"""Figures of the report with captions whose findings are computed, so that they hold for any run."""

from __future__ import annotations

import numpy as np

from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP, format_number
from neurosci._core.result import Figure

from ._compute import Findings

PERCENT = f"{NBSP}%"


def figures(found: Findings, metrics: dict[str, Metric]) -> tuple[Figure, ...]:
    """Return the figures in the order of the page."""
    return (
        _hierarchy(found, metrics),
        *_phases(found),
        _learning(found),
        _boundary(found),
        _one_step(found, metrics),
        _annealing(metrics),
        _sizes(found, metrics),
        _digits(found, metrics),
        _thumbnail(found, metrics),
    )


def _n(value: float, decimals: int | None = None) -> str:
    return format_number(value, decimals)


def _hierarchy(found: Findings, metrics: dict[str, Metric]) -> Figure:
    p = found.params
    return Figure(
        name="hierarchy",
        tables=("hierarchy", "hierarchy_points"),
        finding=(
            "Synthetic networks: below half dilution overlaps follow the power law to within "
            f"{_n(metrics['points_deviation'].value, 3)}."
        ),
        caption=(
            "Overlaps with 2, 3, 4 and 5 stored patterns against dilution at temperature "
            f"{p.temperature_low:g}, in descending order: blue, vermilion, green, purple, ochre. "
            "Solid lines: "
            "equilibrium of the mean-field theory. Dashed thin lines: (1 − d) dᵏ⁻¹. Open marks: Monte Carlo "
            f"(class sampler, N = {_n(p.n_neurons)}), mean of n = {p.n_samples} samples of patterns; bars: "
            f"95{PERCENT} t intervals over samples, often smaller than the mark. Vertical dashes: end of the "
            "self-consistent power law, which for 2 patterns does not end."
        ),
        alt=(
            "Four panels of overlap against dilution. The first overlap falls in a straight line, the others "
            "rise and fall below it like a power law; beyond the dashed threshold near one half the curves "
            "come together, so that strong dilution makes patterns equally strong. Simulated points lie on "
            "the theory lines."
        ),
    )


def _phases(found: Findings) -> tuple[Figure, ...]:
    table = found.tables["phases"]
    stored = table[table["rho"] == 0]

    def share(k: int, rho: float, phase: str) -> str:
        rows = table[(table["n_patterns"] == k) & (table["rho"] == rho) & (table["phase"] != "E")]
        return f"{100 * float((rows['phase'] == phase).mean()):.0f}{PERCENT}"

    grid = f"{stored['dilution'].nunique()} × {stored['temperature'].nunique()}"
    colours = (
        "Colours and letters: phase with the lowest free energy on a grid of "
        f"{grid} points. Straight line: critical temperature 1 − d. Red diamond: dilution at which parallel "
        "recall takes over there. Black dots: stability limits of the parallel state."
    )
    exact = "No error bars: the theory is exact for many neurons."
    return (
        Figure(
            name="phases_two",
            tables=("phases", "lines"),
            finding=(
                f"Synthetic model: of the recalling points {share(2, 0.0, 'H')} are hierarchical, "
                f"{share(2, 0.0, 'R')} recall one pattern, {share(2, 0.0, 'P')} are parallel."
            ),
            caption=(
                f"Phases of two stored patterns by dilution and temperature. {colours} Dotted line: "
                f"recall of one pattern alone becomes unstable below it. {exact}"
            ),
            alt=(
                "Phase diagram of temperature against dilution. Above the falling diagonal nothing is "
                "recalled. Below it, one pattern at low dilution and high temperature, both with unequal "
                "strength when cold, and both equally strong at strong dilution: both multitasking phases "
                "have their own region."
            ),
            width="single",
        ),
        Figure(
            name="phases_more",
            tables=("phases", "lines"),
            finding=(
                "Synthetic model: with more patterns the parallel phase keeps its place at strong dilution "
                f"({share(3, 0.0, 'P')} of recalling points for 3 patterns, {share(5, 0.0, 'P')} for 5)."
            ),
            caption=f"Phases of three (**a**) and five (**b**) stored patterns. {colours} {exact}",
            alt=(
                "Two phase diagrams, for three and five patterns. Both show the same order as for two "
                "patterns, with a band in which some overlaps are zero between recall of one pattern and the "
                "full hierarchy, so cold networks recall more patterns."
            ),
        ),
        Figure(
            name="phases_learned",
            tables=("phases", "lines"),
            finding=(
                "Synthetic model: noisy examples widen the parallel phase, from "
                f"{share(2, 0.0, 'P')} of recalling points to {share(2, 0.1, 'P')} and "
                f"{share(2, 0.3, 'P')} for 2 patterns."
            ),
            caption=(
                "Phases after learning from examples with data-set entropy ρ = 0.1 and 0.3, for two (**a**, "
                f"**b**) and three patterns (**c**, **d**). {colours} {exact}"
            ),
            alt=(
                "Four phase diagrams. With growing entropy of the data set the red diamond moves left along "
                "the diagonal and the parallel region takes over a larger part of the diagram, down to zero "
                "temperature."
            ),
        ),
    )  # fmt: skip


def _learning(found: Findings) -> Figure:
    p = found.params
    table = found.tables["learning"]
    rows = table[(table["pattern"] == 1) & (table["quality"] == max(p.qualities))]
    return Figure(
        name="learning",
        tables=("learning",),
        finding=(
            f"Synthetic data: at quality {max(p.qualities):g} the first overlap rises from "
            f"{_n(float(rows['supervised_m'].iloc[0]), 2)} with {int(rows['n_examples'].iloc[0])} example to "
            f"{_n(float(rows['supervised_m'].iloc[-1]), 2)} with {int(rows['n_examples'].iloc[-1])}."
        ),
        caption=(
            "Overlaps with the three patterns (top, m) and with the mean of their examples (bottom, n; blue, "
            "vermilion, green, by size in theory) against the number of examples; K = 3, d = 0.3, T = 0.05. "
            f"Black lines: Gaussian theory. Coloured dashed lines: exact binomial theory, up to "
            f"{p.most_binomial} examples. Open marks: Glauber dynamics from the hierarchical state, N = "
            f"{_n(p.n_neurons)}, circles with a teacher, squares (shifted) without; n = {p.n_replicas} "
            f"copies on one data set, bars 95{PERCENT} normal intervals. Marks and lines part where dynamics "
            "stays where it started, and by chance differences of one sample."
        ),
        alt=(
            "One panel per quality of examples. Overlaps of the first pattern rise with the number of "
            "examples and the others fall to their place in the hierarchy; circles and squares coincide, so "
            "a teacher makes no difference."
        ),
    )


def _boundary(found: Findings) -> Figure:
    table = found.tables["boundary"]
    two = table[table["n_patterns"] == 2].dropna()
    value = float(np.interp(0.3, two["dilution"], two["rho"])) if len(two) else float("nan")
    return Figure(
        name="boundary",
        tables=("boundary",),
        finding=(
            "Synthetic model: at temperature 0 noisy examples make recall parallel, for 2 "
            "patterns at d = 0.3 "
            f"from ρ = {_n(value, 2)} on."
        ),
        caption=(
            "Data-set entropy at which the state with equal overlaps becomes stable at "
            "temperature 0, against "
            "dilution, for two (solid) and three patterns (dashed); root of the eigenvalue condition. Below "
            "the line overlaps are unequal. No error bars: exact."
        ),
        alt=(
            "Falling lines of data-set entropy against dilution separate hierarchical recall below from "
            "parallel recall above: the stronger the dilution, the less noise in the examples is needed for "
            "equal strengths."
        ),
        width="single",
    )


def _one_step(found: Findings, metrics: dict[str, Metric]) -> Figure:
    p = found.params
    return Figure(
        name="one_step",
        tables=("one_step",),
        finding=(
            "Synthetic data: formula and simulation of one step differ by at most "
            f"{_n(metrics['step_deviation'].value, 3)} from 30 examples on."
        ),
        caption=(
            "Overlaps with three patterns (blue circles, vermilion diamonds, green triangles) after one "
            "parallel step from the hierarchical state against the number of examples; d = 0.3, T = 0. Black "
            "lines: signal-to-noise formula. Dotted coloured lines: full solution at temperature 0. Open "
            f"marks: simulation, N = {_n(p.n_neurons)}, n = {p.n_samples} data sets, bars 95{PERCENT} t "
            "intervals. Vertical dashes: examples needed for 84 of 100 correct neurons in the worst class."
        ),
        alt=(
            "One panel per quality. After one step the three overlaps approach the hierarchy as examples "
            "grow; simulated points lie on the formula's lines, while the full solution is parallel where "
            "examples are few."
        ),
    )


def _annealing(metrics: dict[str, Metric]) -> Figure:
    return Figure(
        name="annealing",
        tables=("annealing",),
        finding=(
            "Synthetic networks: energy and the losses' products fall together; they fix each other to "
            f"{_n(metrics['identity_error'].value)}."
        ),
        caption=(
            "Cooling of one network per dilution in 30 geometric steps from 1.2 (1 − d) to 0.05; K = 3. "
            "**a**, energy per neuron. **b**, sum over patterns of the product of the squared-error losses "
            "for a pattern and for its negative. **c**, both at the end of cooling (marks) and in the ground "
            "state (lines). **d**, one against the other for the dilutions of **b**; lines: identity. n = 1 "
            "network each; no error bars, single trajectories."
        ),
        alt=(
            "Four panels. Energy falls and the loss product falls with it while the network cools; at the "
            "end both lie near the ground state at all nine dilutions; plotted against each other all states "
            "lie on straight lines, so minimising one minimises the other."
        ),
    )


def _sizes(found: Findings, metrics: dict[str, Metric]) -> Figure:
    p = found.params
    return Figure(
        name="sizes",
        tables=("sizes",),
        finding=(
            "Synthetic networks: up to a million neurons, N times the difference from the sample's theory "
            f"stays below {_n(np.ceil(metrics['scaled_difference'].value))}."
        ),
        caption=(
            "Monte-Carlo overlaps minus theory, times the number of neurons; K = 3, d = 0.3, T = 0.1. **a**, "
            "theory of the sample's own pattern frequencies. **b**, theory of many neurons (scale linear up "
            "to 30, then logarithmic); grey, ± 2 √N. Blue circles, vermilion diamonds, green "
            "triangles: first "
            f"to third overlap. n = {p.n_samples} samples of patterns per size; bars: 1.96 standard errors "
            "of Monte Carlo from the autocorrelation time."
        ),
        alt=(
            "Left: scaled differences from the sample's theory scatter around a constant for all sizes, "
            "within their bars. Right: differences from the theory of many neurons grow like the square root "
            "of the size, so the sample's theory is the right comparison."
        ),
    )


def _digits(found: Findings, metrics: dict[str, Metric]) -> Figure:
    table = found.tables["digits"]
    return Figure(
        name="digits",
        tables=("digits",),
        finding=(
            "Real digits: correlated patterns leave the theory of random ones, by up to "
            f"{_n(metrics['digits_distance'].value, 2)} in overlap."
        ),
        caption=(
            "Overlaps of a network of 64 neurons that stores three diluted digits (0, 1, 4), by size: blue "
            "circles, vermilion diamonds, green triangles; T = 0.05. Lines: theory of random patterns at the "
            f"same dilution. Marks: mean of n = {int(table['n_runs'].iloc[0])} runs from the hierarchical "
            f"state; bars: central 95{PERCENT} of runs. Mean correlation of two digits "
            f"{_n(float(table['correlation'].max()), 2)} at the lowest dilution."
        ),
        alt=(
            "Overlap with three digits against dilution. The marks of real digits depart from the lines for "
            "random patterns, most for the second and third overlap, because images resemble each other and "
            "are mostly dark."
        ),
        width="single",
    )


def _thumbnail(found: Findings, metrics: dict[str, Metric]) -> Figure:
    return Figure(
        name="thumbnail",
        tables=("hierarchy", "hierarchy_points"),
        finding=(
            "Synthetic networks: overlaps with three patterns follow a power law to within "
            f"{_n(metrics['points_deviation'].value, 3)} below half dilution."
        ),
        caption=(
            "Lines: theory; marks: Monte Carlo; dashes: power law and the threshold that ends it. n = "
            f"{found.params.n_samples} samples."
        ),
        alt=(
            "Three curves of overlap against dilution, the first falling in a straight line, the second and "
            "third rising and falling below it, with simulated points on them: three patterns are recalled "
            "at once."
        ),
        width="thumbnail",
    )
