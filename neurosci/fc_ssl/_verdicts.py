"""Reasons behind each claim's verdict; the rules themselves are the claims'."""

from __future__ import annotations

from collections.abc import Callable

from neurosci._core.claims import Claim, Verdict
from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP

from ._compute import Findings
from ._compute_synthetic import MAIN

Metrics = dict[str, Metric]
WORDS = {
    "untrained": "a random encoder",
    "contrastive": "contrastive",
    "spatial": "space alone",
    "temporal": "time alone",
}


def dynamics(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge what windows add to the whole scan."""
    synthetic = metrics["sd over static, synthetic"]
    if not found.real:
        return claim.judge(
            synthetic,
            why="Spread of windows alone minus static, which is the same in both classes by construction.",
            preset=found.params.preset,
            synthetic=True,
        )
    alone = metrics["sd over static, real"]
    null, spread = (
        metrics[f"auc, held-out sites, diagnosis, 5 folds, {model}"] for model in ("sd_surrogate", "sd")
    )
    return claim.judge(
        metrics["static_sd over static, real"],
        why=(
            f"Diagnosis at held-out sites. The spread of windows alone minus static is {alone.text}; in "
            f"the generator, where only dynamics differ, {synthetic.text}. The "
            f"spread has an area of {spread.text}, and of {null.text} on phase-randomised scans, which have "
            "no dynamics but keep all spectra."
        ),
        preset=found.params.preset,
    )


def few_labels(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge pre-training against a random encoder."""
    return _gain(claim, found, metrics, "untrained")


def contrastive(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge generative against contrastive pre-training."""
    return _gain(claim, found, metrics, "contrastive")


def together(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge both tasks against the better of one."""
    suffix = "" if found.real else f", {MAIN}"
    better = min(("spatial", "temporal"), key=lambda arm: metrics[f"gain over {arm}{suffix}"].value)
    return _gain(claim, found, metrics, better)


def _gain(claim: Claim, found: Findings, metrics: Metrics, rival: str) -> Verdict:
    synthetic = metrics[f"gain over {rival}, {MAIN}"]
    name = WORDS[rival]
    if not found.real:
        return claim.judge(
            synthetic, why=f"Minus {name}, synthetic scans.", preset=found.params.preset, synthetic=True
        )
    each = ", ".join(
        f"{target} {metrics[f'gain over {rival}, {target}'].text}" for target in found.params.targets
    )
    static = metrics["gain over static"]
    return claim.judge(
        metrics[f"gain over {rival}"],
        why=(
            f"Minus {name}: {each}. In the generator {synthetic.text}. Static ridge on the same scans: both "
            f"tasks minus it {static.text}."
        ),
        preset=found.params.preset,
    )


def missing(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge test scans that end early."""
    share = max(found.params.missing)
    return claim.judge(
        metrics["missing, both over untrained"],
        why=(
            f"Task {MAIN}, {100 * share:g}{NBSP}% of each test scan missing; the loss of area is "
            f"{metrics['missing, loss'].text}."
        ),
        preset=found.params.preset,
        synthetic=True,
    )


def size(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge streaming."""
    if "streaming" not in metrics:
        return claim.not_run("n_streamed is 0: no store was made.")
    row = found.tables["streaming"].iloc[0]
    return claim.judge(
        metrics["streaming"],
        why=(
            f"A synthetic store of {row['store_gb']:g} GB on disk; {int(row['n_read']):,} scans were read "
            f"from all over it, {int(row['n_graphs'])} made into graphs. No statement about accuracy: "
            "nothing was learned from it."
        ),
        caveats=("it shows that scans can be streamed, not what is learned from them",),
        preset=found.params.preset,
        synthetic=True,
    )


def first_panel(found: Findings) -> str:
    """Return the panel that speaks first: of people where there are some."""
    return found.params.targets[0] if found.real else MAIN


def protocol_of(found: Findings) -> tuple[str, str, str, str]:
    """Return people, target, protocol and metric of the rows in which arms and baselines stand together."""
    if not found.real:
        return "synthetic", MAIN, "5 folds", "auc"
    target = found.params.targets[0]
    return "held-out sites", target, "5 folds", "r" if target == "age" else "auc_within_sites"


RULES: dict[str, Callable[[Claim, Findings, Metrics], Verdict]] = {
    "FS1": dynamics,
    "FS2": few_labels,
    "FS3": contrastive,
    "FS4": together,
    "FS5": missing,
    "FS6": size,
}
