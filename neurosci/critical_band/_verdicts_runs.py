"""Verdicts on the frequencies of the noise bands and on the networks run here."""

from __future__ import annotations

import math
from dataclasses import replace

from neurosci._core.claims import Claim, Verdict
from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP, format_number

from ._compute import Findings
from ._formats import PERCENT, with_interval
from ._words_runs import run_sentence


def band_centres(claim: Claim, found: Findings, metrics: dict[str, Metric]) -> Verdict:
    """Judge whether labels are centres: half of them nearer than the border to the next band."""
    metric = metrics["label_distance"]
    bands = found.bands.bands
    centers = ", ".join(f"{value:.3g}" for value in bands["center"])
    seen = metrics.get("label_distance_stimuli")
    also = (
        f" In {seen.n_text} of the authors the median distance is {format_number(seen.value, 2)} octaves."
        if seen is not None
        else ""
    )
    return claim.judge(
        metric,
        why=(
            f"The power of the bands is centred at {centers} cycles/image (geometric mean, exact for the "
            f"published filter): the labels lie up to {format_number(bands['octaves_off'].max(), 2)} octaves "
            f"higher, half an octave would be the border to the next band.{also}"
        ),
        preset=found.params.preset,
        ours=f"{format_number(metric.value, 2)} octaves too high (median)",
    )


def new_network(claim: Claim, found: Findings, metrics: dict[str, Metric]) -> Verdict:
    """Judge whether the channels of networks run here lie within the range of the published networks."""
    runs = found.runs
    if runs.table is None or runs.shown is None:
        return claim.not_run(runs.reason)
    words = run_sentence(found, metrics)
    if found.release.synthetic:
        return claim.not_testable(
            f"Synthetic data: the released networks, to compare with, were not found. {words}",
            ours="no estimate",
        )
    if runs.shown.kind == "photographs":
        return claim.not_testable(
            "The images of the experiment are not here; photographs of scikit-learn have no categories, so "
            f"that only agreement with the response to the clear photograph was measured. {words}",
            ours="no estimate",
        )
    metric = runs.inside
    if metric is None or not math.isfinite(metric.value):
        return claim.not_testable(f"Their channels are not resolved. {words}", ours="no estimate")
    low, high = (format_number(end, 2) for end in runs.span)
    n_known = int(found.ml.networks["used"].sum())
    caveats = ["the images are the user’s, not those of the paper."] if runs.shown.kind == "user" else []
    verdict = claim.judge(
        metric,
        why=(
            f"By maximum likelihood the middle 95{PERCENT} of {n_known} published networks is {low} to "
            f"{high} octaves wide; the outermost network lies this far inside. {words}"
        ),
        caveats=caveats,
        preset=found.params.preset,
        ours=f"{with_interval(metric, 2, 'octaves')} inside of their range",
    )
    if found.params.n_images_per_condition and verdict.verdict != "undecided":
        n = int(sum(trials.sum() for _, trials in runs.counts.values()) / len(runs.counts))
        return replace(
            verdict,
            verdict="undecided",
            caveat=False,
            why=f"Preset quick: a subset of {n:,}{NBSP}stimuli does not decide. {verdict.why}",
        )
    return verdict
