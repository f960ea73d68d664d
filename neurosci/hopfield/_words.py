"""Answer, methods, deviations and warnings of the report, written from computed numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP, format_number
from neurosci._core.result import Method, Reference, Source

from ._compute import Findings

if TYPE_CHECKING:
    from .analysis import HopfieldParams

PERCENT = f"{NBSP}%"

REFERENCES = (
    Reference(
        text=(
            "Agliari E, Alessandrelli A, Barra A, Ricci-Tersenghi F (2023). Parallel learning by "
            "multitasking neural networks. Journal of Statistical Mechanics: Theory and Experiment, issue 11."
        ),
        url="https://doi.org/10.1088/1742-5468/ad0a86",
        bibtex=(
            "@article{agliari2023parallel,\n"
            "  author  = {Agliari, E. and Alessandrelli, A. and Barra, A. and Ricci-Tersenghi, F.},\n"
            "  title   = {Parallel learning by multitasking neural networks},\n"
            "  journal = {Journal of Statistical Mechanics: Theory and Experiment},\n"
            "  year    = {2023},\n"
            "  number  = {11},\n"
            "  doi     = {10.1088/1742-5468/ad0a86},\n"
            "  eprint  = {2308.04106},\n"
            "  archiveprefix = {arXiv}\n"
            "}"
        ),
    ),
    Reference(
        text=(
            "Agliari E, Barra A, Galluzzi A, Guerra F, Moauro F (2012). Multitasking associative networks. "
            "Physical Review Letters 109."
        ),
        url="https://arxiv.org/abs/1111.5191",
    ),
)

ANSWER_NOTE = (
    "All networks are simulations of the model itself. Standard errors of Monte Carlo come from "
    "the integrated "
    f"autocorrelation time; brackets are 95{PERCENT} intervals over samples of patterns (t) or over copies."
)

DEVIATIONS = (
    "Only title, abstract and first lines of the paper could be read. Its figures, their parameters and its "
    "Monte-Carlo protocol are unknown: the figures here cover each claim of the abstract with "
    "parameters of our "
    "choice, and the theory was derived here from the definition of the model.",
    "The factor 1 / (1 + ρ) of the Hamiltonian is the standard one of the authors’ related work; "
    "other choices "
    "rescale the temperature (`normalization`).",
    "The threshold in dilution is the end of the self-consistent power law at temperature 0; "
    "whether the paper "
    "means this one is not known.",
    "The squared-error loss is the simplest one with the claimed property; the paper’s exact "
    "form was not seen.",
    "Rules of HO1, HO3, HO4 and HO6 were written anew after the results of an earlier version were known. "
    "The present ones follow from the theory alone (see Rules); HO3b and HO4b judge by the stricter first "
    "reading.",
    "Examples keep the zeros of their pattern; a sampling that also disturbs zeros is not offered.",
)

TABLE_NOTES = {
    "hierarchy": "Overlaps by dilution: power law, equilibrium at low temperature and at 0.",
    "hierarchy_points": f"Class sampler: mean over samples with 95{PERCENT} limits; z is the "
    "largest of the samples.",
    "law": "Large networks at mild dilution against the power law; safe_place: the pattern cannot change "
    "places by chance differences of the sample; cold: five temperatures or more.",
    "gain": "Largest overlap after learning from few and from many examples of the same patterns.",
    "phases": "Equilibrium at each point of the grids.",
    "lines": "Lines of instability of the pure and parallel states, and crossover at the "
    "critical temperature.",
    "learning": "Overlaps after learning, by size in theory: n with the examples’ mean, m with the pattern "
    "itself; example_eigenvalue above 1 lets single examples win without a teacher.",
    "teacher": "Overlaps with a teacher minus those without on the same data, each against its own solution; "
    "plain_difference leaves that out; scaled is times N; example_eigenvalue below 1 keeps examples alike.",
    "boundary": "Data-set entropy at which the parallel state becomes stable at temperature 0.",
    "one_step": "One parallel step from the hierarchical state; correct is the worst class of neurons.",
    "annealing": "Energy per neuron, sum of loss products, and the energy that these imply, while cooling.",
    "sizes": "N times the difference of Monte Carlo from the theory of the sample and of many neurons.",
    "comparison": "Glauber dynamics against both theories; share_of_allowed is the tested quantity.",
    "parallel": "Strong dilution: equilibrium at half the critical temperature and at 0, and simulation.",
    "basins": f"Share of Glauber runs that end in each stable solution, by first state, with 95{PERCENT} "
    "Wilson limits.",
    "tempering": "Exchange of states between temperatures: acceptance by pair, changes of mode "
    "with and without.",
    "digits": "Three diluted digits: overlaps by size, with the theory of random patterns.",
    "thresholds": "End of the power law at temperature 0: root, as a solution, as the equilibrium, and in "
    "simulation with its standard error.",
}


def units(found: Findings) -> str:
    """Return the counts of the page."""
    n = sum(len(stage) for stage in found.raw.values())
    return f"{n} units of theory and simulation, networks of {format_number(found.params.n_neurons)} neurons"


def model_source(params: HopfieldParams) -> Source:
    """Return the note on simulated patterns."""
    return Source(
        "Random diluted patterns and their examples",
        f"drawn here from the model, networks of 1,000 to {format_number(max(params.sizes))} neurons",
        "synthetic",
        "made here; no licence needed",
        note="The paper studies this model and uses no recordings.",
    )


def bold(metric: Metric, decimals: int) -> str:
    """Return a value in bold, with its interval."""
    unit = PERCENT if metric.unit == "%" else ""
    value = f"**{format_number(metric.value, decimals)}{unit}**"
    if metric.low is None or metric.high is None:
        return value
    return f"{value} [{format_number(metric.low, decimals)}, {format_number(metric.high, decimals)}]"


def answer(metrics: dict[str, Metric]) -> tuple[str, ...]:
    """Return three sentences; the last names the weakest point."""
    spread = metrics["zero_spread"]
    difference = format_number(metrics["paired_difference"].value)
    return (
        "In synthetic networks up to five patterns are recalled at once: below half dilution their overlaps "
        f"stay within {bold(metrics['law_deviation'], 4)} of the power law (1 − d) dᵏ⁻¹ in the "
        "largest networks; at dilution 0.8 and half the critical temperature all are equally strong.",
        "Glauber dynamics and the theory of the same patterns differ by at most "
        f"{bold(metrics['share_of_allowed'], 2)} of what four standard errors and finite size allow, and "
        f"overlaps learned with and without a teacher by **{difference}** (median), a finite-size effect.",
        f"Equal strength is not the rule at temperature 0: there overlaps differ by {bold(spread, 2)} of the "
        f"largest; and from random states only {bold(metrics['reach_low'], 0)} to "
        f"{bold(metrics['reach_high'], 0)} of runs at T = 0.05 end in the equilibrium, by dilution.",
    )


def methods(p: HopfieldParams) -> tuple[Method, ...]:
    """Return the methods section."""
    return (
        Method(
            "",
            (
                "N spins, K patterns with entries ±1 and, with probability d, 0. Couplings are Hebbian; a "
                "network stores the patterns, or learns them from M noisy examples each (quality r, entropy "
                "ρ = (1 − r²) / (M r²)) with a teacher, who says which pattern an example belongs to and "
                "averages, or without.",
            ),
        ),
        Method(
            "Theory",
            (
                "For many neurons the overlaps solve n = E[η tanh(η · n / T)] / (1 + ρ). The map "
                "never raises "
                "the free energy; it starts from hierarchical, k-fold equal and random points and ends with "
                "Newton steps where the Hessian is safe. The lowest free energy is the equilibrium; a "
                "solution is stable where the largest eigenvalue of the map’s Jacobian is below 1.",
                "Averages over many examples use the error function and a local correction, "
                "exact to rounding "
                "at any temperature; over finitely many they are summed over the binomial law. The theory of "
                "a sample uses its own frequencies of pattern vectors, as Monte Carlo at finite N must.",
            ),
        ),
        Method(
            "Monte Carlo",
            (
                f"N = {format_number(p.n_neurons)} unless said otherwise. Glauber dynamics keeps "
                "whole-number "
                "overlaps, K operations per update. The class sampler draws the number of up spins among "
                "neurons with equal rows, given the Gaussian fields of the block Gibbs form: the "
                "same measure "
                "at a cost that does not depend on N. Both start in the state of the theory whose stability "
                f"they test, after {format_number(p.burn_in)} sweeps, and record "
                f"{format_number(p.n_sweeps)}; "
                "table `basins` starts elsewhere.",
                "Standard errors follow from the integrated autocorrelation time (Sokal’s window, c = 5). "
                "Agreement allows four of them plus 2 / (N (1 − λ)), with λ the largest eigenvalue.",
            ),
        ),
        Method(
            "Rules",
            (
                "HO1: in the power law each neuron follows the first pattern that is not zero there. An "
                "overlap is then a mean of independent numbers with mean mₖ and mean square 1 − d, which "
                "gives the standard error over all samples. This needs patterns that keep their places. "
                "Exchanging two neighbours costs (mₖ − mₖ₊₁)² / 4 per neuron on the way, at equal strength; "
                "chance differences of a sample lower it by mₖ √(2 (1 − d) / N) per standard deviation. "
                "Only overlaps for which four of these do not reach the cost are tested, in networks of "
                f"{format_number(max(p.sizes))} neurons; smaller networks choose the order that suits their "
                "sample, which makes overlaps larger. The kth pattern melts at T = mₖ; a fifth of that heat "
                "takes less than a thousandth of it.",
                "HO3: the law ends where the first overlap equals the sum of all others. In a sample this "
                "difference is a mean of independent numbers with mean square K (1 − d), which gives the "
                "standard error of the simulated threshold.",
                "HO4: fluctuations of each column of the couplings move overlaps by the order of "
                "1 / (N (1 − λ)). With a teacher a pattern has one column, for which 2 / (N (1 − λ)) is "
                "allowed as elsewhere; without one it has M, and M times as much.",
                "HO4 and HO6: copies may settle in different solutions of the same sample, in which patterns "
                "have swapped places. Each copy is compared with the solution that the equations reach from "
                "its mean; these solutions are few and far apart, so that a wrong mean finds none.",
            ),
        ),
        Method(
            "One step",
            (
                "From the state in which the first nonzero pattern decides each spin, all spins are set to "
                "the sign of their field once. The formula treats the noise of the examples as Gaussian.",
            ),
        ),
        Method(
            "Mode switching",
            (
                "Twelve networks of 200 neurons at geometric temperatures exchange states "
                "(table `tempering`); acceptance lies where energies overlap.",
            ),
        ),
        Method(
            "Digits",
            (
                "The first images of 0, 1 and 4 (8 × 8 pixels) are cut at half brightness to ±1 "
                "and diluted at "
                "random. Such patterns are neither balanced nor independent, so the theory of "
                "random patterns "
                "need not hold.",
            ),
        ),
    )


def warnings_of(found: Findings) -> tuple[str, ...]:
    """Return what needs care."""
    listed = []
    basins = found.tables["basins"]
    lost = basins[(basins["first_state"] == "random") & ~basins["optimum"] & (basins["share"] > 0)]
    if len(lost):
        share = lost.groupby("dilution")["share"].sum()
        words = ", ".join(f"{100 * x:.0f}{PERCENT} at d = {d:g}" for d, x in share.items())
        listed.append(
            f"**Trapped runs:** from random states at T = 0.05 Glauber dynamics ends in another stable "
            f"solution: {words}."
        )
    table = found.tables["learning"]
    broken = table[(table["pattern"] == 1) & (table["example_eigenvalue"] > 1)]
    if len(broken):
        pairs = ", ".join(
            f"{int(m)} at quality {r:g}" for r, m in zip(broken["quality"], broken["n_examples"], strict=True)
        )
        listed.append(
            "**Single examples win:** where examples are few and poor, recall of all examples of a pattern "
            f"alike is unstable without a teacher, and the two ways of learning part. Examples: {pairs}."
        )
    missing = int(table["unsupervised_n"].isna().sum())
    if missing:
        listed.append(
            "**Learning without a teacher was not simulated** with more than "
            f"{found.params.most_unsupervised} examples of each pattern (one column of couplings "
            "per example)."
        )
    return tuple(listed)
