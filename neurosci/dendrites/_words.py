"""Answer, methods, deviations and warnings of the report, written from computed numbers."""

from __future__ import annotations

from neurosci._core.numbers import NBSP, format_number
from neurosci._core.result import Method, Reference, Source

from ._compute import Findings
from ._rare_tables import RARE
from ._verdicts import Metrics, value

REFERENCES = (
    Reference(
        text=(
            "Ahmad S, Hawkins J (2016). How do neurons operate on sparse distributed representations? A "
            "mathematical theory of sparsity, neurons and active dendrites. arXiv:1601.00720."
        ),
        url="https://arxiv.org/abs/1601.00720",
        bibtex=(
            "@misc{ahmad2016sparse,\n"
            "  author = {Ahmad, Subutai and Hawkins, Jeff},\n"
            "  title  = {How do neurons operate on sparse distributed representations? A mathematical theory "
            "of sparsity, neurons and active dendrites},\n"
            "  year   = {2016},\n"
            "  eprint = {1601.00720},\n"
            "  archiveprefix = {arXiv}\n"
            "}"
        ),
    ),
    Reference(
        text=(
            "Ahmad S, Hawkins J (2015). Properties of sparse distributed representations and their "
            "application to hierarchical temporal memory. arXiv:1503.07469."
        ),
        url="https://arxiv.org/abs/1503.07469",
    ),
    Reference(
        text=(
            "Hawkins J, Ahmad S (2016). Why neurons have thousands of synapses, a theory of sequence memory "
            "in neocortex. Frontiers in Neural Circuits 10, 23."
        ),
        url="https://doi.org/10.3389/fncir.2016.00023",
    ),
)

TABLE_NOTES = {
    "false_positives": "Fig. 4A: exact and simulated false positives; z in standard errors.",
    "false_negatives": "Fig. 4B: exact and simulated false negatives; z in standard errors.",
    "population": "Fig. 5A: exact false positives by population size; log10_p does not underflow.",
    "curvature": "Second differences of ln P over steps of 200 cells, and local exponents of a power law.",
    "readings": "The same fall with a fixed, with a/n fixed, and with a, s and θ in proportion to n.",
    "branches": "Real inputs of five fly neurons per branch and within 10 µm: 5, 50 and 95 %.",
    "shared": "1,024 segments of which some sample the same pattern: any match, over the union bound.",
    "synapses": "Fig. 5B: exact false positives by number of synapses, threshold half of them.",
    "medians": "Fig. 6: medians over both grids, with and without segments that can never fire.",
    "measured": "Measured and modelled NMDA thresholds in synapses, with citations; ranges are mean ± SD.",
    "windows": "Lowest and highest admissible threshold by synapses and noise; n = 10,000, a = 300.",
    "grid_windows": "The same for every segment of the grid of Fig. 6.",
    "union_sizes": "Fig. 7A: expected number of distinct synapses.",
    "unions": "Fig. 7B: false positives by the exact law and the published approximation; ratio.",
    "unions_simulated": "Simulated unions against both; z in standard errors.",
    "rare": "Rare false positives: exact, by tilted sampling and by splitting; ratio to the exact value.",
    "sequence": "Panel E1: expected accuracy (Jaccard index) of a first-order sequence memory.",
    "correlated": "Panel E2: simulated false positives of a neuron with correlated inputs.",
    "correlated_published": "Panel E2: the authors’ results, averaged in bins of correlation.",
    "digits": "Share of matches by threshold on codes of handwritten digits, and theory for uniform codes.",
    "digit_accuracy": "Recognition of digits by patterns mixed on a segment, 95 % Wilson limits (percent).",
}


def units(found: Findings) -> str:
    """Return the counts of the page."""
    points = len(found.tables["false_positives"]) + len(found.tables["false_negatives"])
    digits = int(found.tables["digit_accuracy"]["n_test"].iloc[0])
    return f"{points} simulated points, {len(RARE)} rare events, {digits} handwritten digits"


def answer(metrics: Metrics) -> tuple[str, ...]:
    """Return three sentences; the last names the weakest point."""
    low, high = metrics["grid_low"], metrics["grid_high"]
    accuracy = metrics["digits_mixed_1"]
    return (
        "A segment with 24 synapses that fires at 12 mistakes a random pattern of 300 of 10,000 cells for "
        f"its own with probability **{value(metrics, 'fp_n10000_a300_s24_theta12')}**; with 30 synapses and "
        f"20{NBSP}% noise it misses its own with probability **{value(metrics, 'fn_a300_s30_v60_theta12')}** "
        "(both exact).",
        f"Simulation agrees with theory (χ² p = {format_number(metrics['p_all'].value, 2)}, "
        f"{metrics['p_all'].n} points, down to 1e-60), but false positives fall with population size as a "
        f"power law, not faster than exponentially, and a million segments err with probability "
        f"**{value(metrics, 'million_segments')}**, above the printed 1 in a billion.",
        f"Admissible thresholds begin at {low.low:.0f} to {low.high:.0f} and end at {high.low:.0f} to "
        f"{high.high:.0f} synapses, while measured ones reach from 8 to beyond 60, so that they do not "
        "single out the paper’s explanation; and all of this is for random patterns: on codes of handwritten "
        f"digits ({accuracy.value:.0f}{NBSP}% [{accuracy.low:.0f}, {accuracy.high:.0f}] recognised) false "
        f"matches are {_times(metrics)} as frequent as theory says.",
    )


def _times(metrics: Metrics) -> str:
    ratio = metrics["digits_other_class"].value / metrics["digits_theory"].value
    return f"{format_number(ratio)} times" if ratio > 0 else "not"


def answer_note(found: Findings) -> str:
    """Return how the intervals of the answer were made."""
    return (
        f"Bracket: 95{NBSP}% Wilson interval over test digits. Numbers without a bracket are exact. Windows: "
        f"false positives at most {found.params.alpha:g}, false negatives at most {found.params.beta:g} at "
        f"{100 * found.params.noise:g}{NBSP}% noise."
    )


def sources(found: Findings) -> tuple[Source, ...]:
    """Return the inputs besides published values."""
    p = found.params
    return (
        Source(
            name="Optical recognition of handwritten digits",
            content="1,797 images of 8 × 8 pixels, 10 classes",
            kind="real",
            licence="CC BY 4.0; ships with scikit-learn",
            citation="Alpaydin E, Kaynak C (1998). UCI Machine Learning Repository",
            url="https://doi.org/10.24432/C50P49",
            note=f"Coded here as {p.n_code_active} of {p.n_code_cells:,} cells by fixed random weights.",
        ),
        Source(
            name="Random patterns and segments",
            content=f"{p.n_comparisons:,} comparisons per point of Fig. 4A, {p.n_noisy_trials:,} of Fig. 4B",
            kind="synthetic",
            licence="made by this package",
            note="Simulations of the model itself: exact theory is their known truth.",
        ),
    )


def methods(found: Findings) -> tuple[Method, ...]:
    """Return the methods section."""
    p = found.params
    return (
        Method(
            "",
            (
                "n cells project to a segment, a of them are active, s have a synapse on it. The segment "
                "fires when at least θ synapses are active (Eq. 1 of the paper). All patterns are equally "
                "likely.",
            ),
        ),
        Method(
            "Exact probabilities",
            (
                "A false positive is the upper tail of a hypergeometric law (Eq. 4), a false negative that "
                "of the number of synapses lost when v active cells are replaced (Eqs. 5, 6). Single values "
                "are ratios of whole numbers, rounded once. Curves are products of ratios in double "
                "precision, summed from the mode outwards; their logarithms differ from the exact ones by "
                "less than 1e-12 (1 + |log p|), and nothing underflows.",
                "A segment that mixes M patterns has a random number of synapses. Its distribution follows "
                "from adding one pattern at a time (derived here); false positives are summed over it. The "
                "paper puts the rounded expected size into Eq. 4 instead.",
            ),
        ),
        Method(
            "Simulation",
            (
                "Fig. 4A: random segments meet random patterns in independent blocks of 1,000 by 1,000; "
                "activity is stored as bits, one pattern each, and overlaps are added in binary counters. "
                "Fig. 4B: one stored pattern per block, 1,000 segments sampled from it, 1,000 noisy "
                "versions. Pairs that share a segment or a pattern are not jointly independent, so standard "
                "errors come from the means of blocks. Deviations z use the exact variance, with fewer than "
                f"ten expected hits the Poisson law. Intervals in the figures are 95{NBSP}% Wilson "
                "intervals.",
                f"Rare events: synapses are drawn in turn with tilted odds, {p.n_tilted_trials:,} times, and "
                "weighted by the likelihood ratio of the draw, which uses the chain rule of sampling without "
                "replacement and not Eq. 4. Results with an effective sample size below 100 are refused. "
                f"Splitting lets {p.n_particles:,} patterns climb one overlap at a time and uses no "
                f"likelihood ratio ({p.n_splitting_repeats} runs).",
            ),
        ),
        Method(
            "Many segments at once",
            (
                "A segment is picked in proportion to its probability of a match, a pattern is drawn that "
                "matches it, and the number of segments that match is counted; the mean of its inverse, "
                "times the sum of the probabilities, is the probability that any segment matches (derived "
                "here). It needs no independence, as Eq. 8 does, and is no bound, as Eq. 9 is.",
            ),
        ),
        Method(
            "Operating windows",
            (
                f"A threshold is admissible when a false positive has probability at most {p.alpha:g} and a "
                f"false negative, at a stated noise, at most {p.beta:g}. Admissible thresholds form an "
                "interval, possibly empty (derived here; the paper gives no formula for an optimum).",
                "Synapse counts: a branch runs from one fork of a reconstructed neuron to the next fork or "
                "tip; branches without an input are left out. Within 10 µm: inputs up to that far along the "
                "neuron from an input, to either side.",
            ),
        ),
        Method(
            "Extensions",
            (
                "E1, the expected accuracy of a first-order sequence memory, is exact. E2: patterns share "
                f"clusters of 2 to 9 cells; a neuron of {p.n_correlated_segments} segments, each sampled "
                "from one pattern, is tested with others of the same kind, and errs when any segment fires. "
                "The correlation of two patterns is their mean overlap over a.",
                f"Digits: pixels, centred and of unit length, are projected to {p.n_code_cells:,} cells by "
                f"random weights; the {p.n_code_active} largest are active. Half of the images train "
                f"`DendriticSegmentClassifier` with {p.n_code_synapses} synapses per image; the other half "
                "tests it.",
            ),
        ),
    )


def deviations(found: Findings) -> tuple[str, ...]:
    """Return what differs from the paper."""
    listed = [
        "The dense line of Figs. 4A and 5A is drawn for a = n/4 and for a = n/2; the published values, "
        f"called 50{NBSP}% activity, are exact for a = n/4.",
        "The grid behind Fig. 6 is not written down. The one used here was recovered from the published "
        "medians. From threshold 21 on it holds segments that can never fire (θ > s); medians are shown with "
        "and without them.",
        "Unions use the exact law of their size; the published approximation is shown beside it.",
        "Segments of Fig. 4A are drawn as uniform choices of s cells, which has the same law as sampling s "
        "synapses from a random pattern; each segment meets 1,000 patterns (the authors: 500).",
        "Measured thresholds include values published after the paper.",
        "E2 comes from a later manuscript whose neuron is not fully described (number of segments and the "
        "measure of correlation), so only the shape can be compared.",
    ]
    if found.params.n_comparisons != 100_000_000 or found.params.n_noisy_trials != 10_000_000:
        listed.append(
            f"{found.params.n_comparisons:,} comparisons per point of Fig. 4A (paper: 100,000,000) and "
            f"{found.params.n_noisy_trials:,} trials per point of Fig. 4B (paper: 10,000,000)."
        )
    return tuple(listed)


def notes(found: Findings) -> tuple[str, ...]:
    """Return what to know about the published numbers."""
    listed = [
        "The exponents of the error rates in the paper’s text could not be read in the copy used; the exact "
        f"values are {format_number(2.2790794202651466e-11)} (false positive, 30 synapses, threshold 12) and "
        f"{format_number(3.9474360873928386e-08)} (false negative at 20{NBSP}% noise).",
        "No vector is simulated in splitting: a swap acts on the overlap alone, which is what is kept.",
    ]
    if "branches" in found.tables:
        listed.append(
            "The measured synapse counts are those of olfactory neurons of a fruit fly, for which no NMDA "
            "threshold is known: they show how many inputs branches can have, not that theory holds for them."
        )
    if found.published:
        negatives = found.tables["false_negatives"].query("theta == 8 and v == 26").iloc[0]
        listed.append(
            "The smallest published predictions of Fig. 4B are inaccurate: threshold 8, 26 cells replaced, "
            f"published {format_number(float(negatives['published_prediction']))}, exact "
            f"{format_number(float(negatives['exact']))}."
        )
    return tuple(listed)


def warnings_of(found: Findings) -> tuple[str, ...]:
    """Return what went wrong or needs care."""
    listed = []
    if not found.published:
        listed.append(
            "**Published values are not shown:** the tables with the authors’ values are not on this "
            "machine. Our numbers and the verdicts do not need them."
        )
    if found.no_neurons:
        listed.append(
            f"**Measured synapse counts are not shown:** {found.no_neurons}. They stand in one figure and in "
            "no verdict; `neurosci datasets fetch fly_neurons` fetches them (2.5 MB)."
        )
    return tuple(listed)
