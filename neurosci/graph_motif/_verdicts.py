"""Reasons behind each claim's verdict; the rules themselves are the claims'."""

from __future__ import annotations

from collections.abc import Callable

from neurosci._core.claims import Claim, Verdict
from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP, format_number

from ._compute import Findings

Metrics = dict[str, Metric]


def what(found: Findings) -> str:
    """Return who was told apart from whom, in words."""
    people = found.people
    if people.synthetic:
        return "synthetic patients from synthetic controls"
    if people.is_adhd200:
        return "people with ADHD from people without"
    return f"people with {people.patients} from people without (ABIDE; the diagnosis is not ADHD)"


def classify(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the accuracy of the paper."""
    metric = metrics["accuracy_masked"]
    if not found.people.is_adhd200:
        return claim.not_testable(
            "69.59 % is not testable here: there are no ADHD-200 labels on this machine. Run instead: masked "
            f"3-cycle maps tell {what(found)} with {metric.text}, against {metrics['majority'].text} for the "
            "larger group.",
            ours="no ADHD labels",
        )
    return claim.judge(
        metric,
        why=(
            "Own folds over sites, not the published split of 776 and 171. The larger group alone gives "
            f"{metrics['majority'].text}."
        ),
        preset=found.params.preset,
    )


def masking(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the mask."""
    planted = metrics["synthetic_masking"]
    return claim.judge(
        metrics["masking"],
        why=(
            f"{metrics['accuracy_masked'].text} masked, {metrics['accuracy'].text} whole brain, telling "
            f"{what(found)}. In the synthetic cohort, where one region differs: {planted.text}."
        ),
        preset=found.params.preset,
        synthetic=found.people.synthetic,
    )


def order(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the 3-cycles against the other maps."""
    others = ", ".join(
        f"{motif.replace('_', '-')} {format_number(metrics[f'auc_{motif}'].value, 3)}"
        for motif in found.params.maps
        if f"auc_{motif}" in metrics
    )
    edges = ""
    if "edges" in metrics:
        edges = (
            f" Ridge regression on all edges reaches {metrics['auc_edges'].text}: 3-cycles minus edges is "
            f"{metrics['edges'].text}."
        )
    return claim.judge(
        metrics["over_best_map"],
        why=f"Area {metrics['auc'].text} for 3-cycles; {others}.{edges}",
        preset=found.params.preset,
        synthetic=found.people.synthetic,
    )


def regions(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge whether and where groups differ."""
    n = len(found.tables["regions"])
    return claim.judge(
        metrics["smallest_q"],
        why=(
            f"{metrics['n_different'].value:.0f} of {n:,} nodes have q < 0.05 (false discovery rate, sites "
            f"taken out). Masks of two folds agree with Kuncheva’s index {_short(metrics, 'kuncheva')}, but "
            "folds share most people. In the synthetic cohort the mask overlaps the planted region with a "
            f"Dice of {_short(metrics, 'dice')}, {_short(metrics, 'dice_chance')} by chance."
        ),
        preset=found.params.preset,
        synthetic=found.people.synthetic,
        ours=f"smallest q = {format_number(metrics['smallest_q'].value, 3)}",
    )


def baselines(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the score against what needs no image."""
    parts = ", ".join(
        f"{name} {metrics[f'over_{name}'].text}"
        for name in ("site", "phenotype", "motion")
        if f"over_{name}" in metrics
    )
    site = ""
    if "site_accuracy" in metrics:
        site = (
            f" The site itself can be told from the maps with {metrics['site_accuracy'].text}, against "
            f"{format_number(metrics['site_majority'].value, 1)}{NBSP}% for the largest."
        )
    return claim.judge(
        metrics["over_best_baseline"],
        why=f"Area minus that of: {parts}. A site that is left out tells nothing about itself.{site}",
        preset=found.params.preset,
        synthetic=found.people.synthetic,
    )


def _short(metrics: Metrics, name: str) -> str:
    return format_number(metrics[name].value, 2)


RULES: dict[str, Callable[[Claim, Findings, Metrics], Verdict]] = {
    "GM1": classify,
    "GM2": masking,
    "GM3": order,
    "GM4": regions,
    "GM5": baselines,
}
