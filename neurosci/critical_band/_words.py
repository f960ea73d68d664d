"""Answer, methods, deviations and warnings of the report, written from computed numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP, format_number, format_p
from neurosci._core.result import Method, Reference

from . import _words_ml as likelihood
from . import _words_runs as runs
from ._compute import Findings, robust_key
from ._formats import PERCENT, bold, share
from ._views import sigma_signs

if TYPE_CHECKING:
    import pandas as pd

REFERENCES = (
    Reference(
        text=(
            "Subramanian A, Sizikova E, Majaj NJ, Pelli DG (2023). Spatial-frequency channels, shape "
            "bias, and adversarial robustness. Advances in Neural Information Processing Systems 36, "
            "4137–4149."
        ),
        url="https://arxiv.org/abs/2309.13190",
        bibtex=(
            "@inproceedings{subramanian2023channels,\n"
            "  author    = {Subramanian, Ajay and Sizikova, Elena and Majaj, Najib J. and Pelli, Denis G.},\n"
            "  title     = {Spatial-frequency channels, shape bias, and adversarial robustness},\n"
            "  booktitle = {Advances in Neural Information Processing Systems},\n"
            "  volume    = {36},\n"
            "  pages     = {4137--4149},\n"
            "  year      = {2023},\n"
            "  eprint    = {2309.13190},\n"
            "  archiveprefix = {arXiv}\n"
            "}"
        ),
    ),
)


def notes(table: pd.DataFrame) -> tuple[str, ...]:
    """Return which claims survive the other methods."""
    sentence = runs.survival_sentence(table)
    return (f"**Of the paper’s claims, asked of other methods:** {sentence}",) if sentence else ()


def units(found: Findings) -> str:
    """Return the counts of the page."""
    kind = "simulated networks" if found.release.synthetic else "networks"
    return f"14 people, {len(found.networks)} {kind}"


def answer(found: Findings, metrics: dict[str, Metric]) -> tuple[str, ...]:
    """Return three sentences; the last names the weakest point."""
    return (
        _width_sentence(found, metrics),
        likelihood.width_sentence(found, metrics),
        _prediction_sentence(found, metrics),
    )


def _width_sentence(found: Findings, metrics: dict[str, Metric]) -> str:
    kind = "simulated network" if found.release.synthetic else "network"
    n = f"{metrics['n_usable'].value:.0f} usable {kind}s"
    return (
        f"By the paper’s method people use a channel {bold(metrics['human_bandwidth'], 2)} octaves wide "
        f"and the median {kind} one {bold(metrics['ratio'], 2)} times as wide; the printed range of 2 to 4 "
        f"holds for {bold(metrics['share_in_range'], 0)} of the {n}."
    )


def _prediction_sentence(found: Findings, metrics: dict[str, Metric]) -> str:
    shape, robust = metrics.get("shape_r_squared"), found.robust.get(robust_key(found))
    if shape is None:
        return "Too few networks have a usable channel to predict a score from it."
    low, high = (metrics[f"specifications_all_{end}"].value for end in ("min", "max"))
    among = "for one of" if found.specifications["used"].any() else "for a choice outside the"
    score = "simulated shape score" if found.release.synthetic else "shape score"
    words = (
        f"Three channel properties explain {bold(shape, 0)} of the variance in {score}, but {among} "
        f"{len(found.specifications)} analysis choices that give {format_number(100 * low, 0)} to "
        f"{share(high)}"
    )
    if robust is None:
        return f"{words}; too few networks remain for adversarial robustness."
    kind = "simulated networks" if found.release.synthetic else "networks"
    printed = (
        f"the {share(robust.r_squared)} for adversarial robustness rests on {robust.n_observations} {kind}"
    )
    return f"{words}; {printed} ({format_p(robust.p_value)})."


def answer_note(found: Findings) -> str:
    """Return how the intervals of the answer were made."""
    people = "over observers for people, " if found.release.humans is not None else ""
    missing = "" if people else " No interval for people: counts of single observers are not here."
    return (
        f"Brackets are 95{PERCENT} intervals: bootstrap {people}over network families for networks (human "
        "value held fixed) and over trials for single networks. Widths by maximum likelihood are those of "
        f"amplitude sensitivity, divide by √2 for power; those of the filter observer are of power "
        f"gain.{missing}"
    )


def methods(found: Findings, metrics: dict[str, Metric]) -> tuple[Method, ...]:
    """Return the methods section."""
    p = found.params
    criterion = f"{100 * p.criterion:g}{PERCENT}"
    return (
        Method(
            "",
            (
                f"Each of 1,050 grey images of 16 object categories was shown once, at 20{PERCENT} "
                "contrast, with noise filtered to one of seven bands, one octave apart, at one of five "
                "strengths. People and networks saw the same images and chose one of 16 categories.",
            ),
        ),
        Method(
            "Paper’s index method",
            (
                f"For each band, the threshold is the strongest noise at which more than {criterion} are "
                "correct, counted in octave steps down from the strongest noise tested. A Gaussian A "
                f"exp(−(k − μ)² / 2σ²) with 0 ≤ A ≤ {p.amplitude_bound:g} is fitted to the seven values by "
                "least squares (`scipy.optimize.curve_fit`, start 1, 0, 1). Bandwidth is 2√(2 ln 2) |σ| "
                f"octaves, the full width at half height; centre frequency is {p.lowest_frequency:g} × 2^μ "
                "cycles/image; peak sensitivity is 2^(A − 4).",
                "For people the method is applied to the accuracy averaged over observers, and to each "
                "observer where counts are at hand; the mean matrix is the one that the authors printed.",
            ),
        ),
        Method(
            "When a channel is not resolved",
            (
                "No width is given when fewer than three bands exceed the criterion at any noise level "
                "(zero included), when all indices are equal or fewer than two differ from zero, when the "
                "fit does not converge, changes by less than half an index step over the bands, or peaks "
                f"outside them. Networks with a resolved channel of less than {p.bandwidth_limit:g} "
                "octaves are called usable.",
            ),
        ),
        Method(
            "Regression",
            (
                "Shape score and accuracy under attack are regressed on log2 of bandwidth, centre "
                "frequency and peak sensitivity by ordinary least squares; a predictor that does not vary "
                "is dropped. Leave-one-out and leave-one-family-out R² compare errors of prediction with "
                "the variance around the mean.",
                "The specification curve repeats the regression of shape score for "
                f"{len(found.specifications)} choices of criterion, limit of bandwidth, scale of the "
                "predictors, form of the peak and sign of the width.",
            ),
        ),
        Method(
            "Intervals",
            (
                f"People: percentile bootstrap over observers, {p.n_resamples_observers:,} resamples. "
                f"Networks: over families, {p.n_resamples_families:,} resamples, because networks of one "
                "family are not independent. Single networks: parametric bootstrap over trials, "
                f"{p.n_resamples_trials:,} resamples; a resample without a resolved channel counts as one "
                "without an upper limit (with thresholds in one band only: without a lower limit). Few "
                "networks: noncentral F. Difference of accuracies: Newcombe.",
            ),
        ),
        likelihood.likelihood_methods(found, metrics),
        runs.filter_methods(found),
        runs.band_methods(found),
        runs.run_methods(found),
    )


def deviations(found: Findings) -> tuple[str, ...]:
    """Return what differs from the paper."""
    listed = []
    negative = len(sigma_signs(found))
    if not found.release.synthetic:
        listed.append(
            f"The release holds {len(found.networks)} networks, the paper counts 76, and which 76 is not "
            f"said. All {len(found.networks)} are read, {len(found.usable)} are used."
        )
    if found.release.humans is not None:
        listed.append(
            "The counts of single observers are recovered from the colours of a published figure. They "
            "reproduce the 35 printed mean accuracies to 5 × 10⁻⁹ percentage points."
        )
    if negative:
        listed.append(
            f"{negative} fits give a negative σ. The paper’s code passes the sign on; here the absolute "
            "value is used."
        )
    listed += [
        "A rule decides when a channel is resolved; the paper’s code always returns a number, however large.",
        "Frequency labels are near the upper edges of the noise bands, so reported centre frequencies are "
        f"too high, by {format_number(found.bands.bands['octaves_off'].median(), 2)} octaves in the median "
        "band. They are kept to compare with the paper.",
        f"The script behind the 51{PERCENT} and 66{PERCENT} was not released. The choice used here was "
        "found by its agreement with them, which is why the specification curve shows all the others.",
    ]
    return tuple(listed)


def warnings_of(found: Findings, metrics: dict[str, Metric]) -> tuple[str, ...]:
    """Return what went wrong or needs care."""
    listed = []
    if found.release.synthetic:
        listed.append(
            "**Networks are synthetic:** the released data were not found, so all network values come "
            "from simulated observers with known channels. `neurosci datasets fetch critical_band` "
            "fetches the real data."
        )
    if found.release.humans is None:
        listed.append(
            "**Counts of single observers are not here:** people enter by their printed mean accuracy "
            "only, without an interval."
        )
    out = found.networks[~found.networks["usable"]]
    if len(out):
        names = ", ".join(f"`{name}`" for name in out["network"])
        unresolved = int((~out["resolved"]).sum())
        listed.append(
            f"**{len(out)} of {len(found.networks)} networks left out:** {unresolved} without a resolved "
            f"channel, {len(out) - unresolved} with {found.params.bandwidth_limit:g} octaves or more: "
            f"{names}."
        )
    bound = int(found.usable["at_bound"].sum())
    if bound:
        listed.append(
            f"**{bound} of {len(found.usable)} fits reach the upper bound of the peak** (A = "
            f"{found.params.amplitude_bound:g}). Peak sensitivity is then censored, and width and centre "
            "are weakly determined."
        )
    negative = sigma_signs(found)
    if negative:
        names = ", ".join(f"`{name}`" for name in negative)
        listed.append(
            f"**{len(negative)} of {len(found.networks)} fits returned a negative σ:** the sign was "
            f"dropped: {names}."
        )
    for radius, model in found.robust.items():
        if model.dropped and np.isclose(radius, found.params.attack_radius, rtol=1e-3):
            listed.append(
                "**Constant predictor dropped** in the regression of robust accuracy: "
                f"{', '.join(model.dropped)}."
            )
    return (*listed, *likelihood.likelihood_warnings(found, metrics))


TABLE_NOTES = {
    "accuracy": "Percent correct of people (printed mean of 14) and of the networks shown in full.",
    "observers": "Percent correct of each person; counts recovered from a published figure.",
    "people": "Fitted channels of people: mean of the observers with bootstrap limits, then each observer.",
    "networks": (
        "Fitted channels, scores and family of each network; missing values where no channel is resolved. "
        "index_k is the threshold of band k, octave steps below the strongest noise."
    ),
    "families": "Networks per family and medians over the usable ones.",
    "thresholds": "Bands and noise levels of the channel plot.",
    "specifications": "Explained variance of shape score under each analysis choice.",
    "adversarial": f"Adversarial series: channels by both criteria (95{NBSP}% limits over trials), accuracy.",
    "attacks": "Accuracy by attack radius of the networks attacked at every radius.",
    "criteria": "Width of the paper’s method by criterion: people, and quartiles of the usable networks.",
    "people_likelihood": (
        "Maximum likelihood: channel of the pooled counts (limits over observers), then of each observer "
        "(profile limits); scaled: Wald limits times the root of the dispersion."
    ),
    "networks_likelihood": (
        "Maximum likelihood: channel of each network with profile limits of its bandwidth; used: resolved "
        "here and usable by the paper’s method; width is raw, resolved or not."
    ),
    "psychometric_points": (
        f"Accuracy by band and noise with 95{NBSP}% limits: people over observers, the network over trials "
        "(Wilson)."
    ),
    "psychometric_fits": (
        "Fitted function of each band: noise SD at half performance with bootstrap limits, slope, lapse rate."
    ),
    "survival": (
        "Claims by method: value, interval, and whether the claim holds by its rule (interval holds the "
        "printed value; direction; nine of ten networks in the range)."
    ),
    "bands": (
        "Noise bands: label and measured centre (cycles/image), octaves between them, half-power limits, "
        f"centres in drawn fields (95{NBSP}% of fields) and in the authors’ stimuli."
    ),
    "spectra": "Share of the power of each band per octave, by frequency (cycles/image).",
    "stimuli": "Stimuli of the figure: photograph, noise and seed; made again when the figure is drawn.",
    "runs": f"Channels of the networks run here by each method (95{NBSP}% limits over trials).",
    "run_channels": "The same by the paper’s method, with threshold indices.",
    "networks_relative": "Paper’s method with the relative criterion: channel of each network.",
    "networks_filter": "Filter observer: channel of each network with profile limits of its bandwidth.",
    "people_filter": "Filter observer: channel of the pooled counts (limits over observers), then of each "
    "person.",
    "robustness": "Regression of robust accuracy in the adversarial series, by attack radius.",
}
