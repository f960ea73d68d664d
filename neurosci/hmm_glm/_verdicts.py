"""Reasons and caveats of each claim's verdict; the rules themselves are the claims'."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from neurosci._core.claims import Claim, Verdict
from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP, format_number

from ._compute import REAL_STATES, Findings
from ._metrics import best_other, fall_numbers, runner_up
from ._tables_real import COUNTS, SHOWN

if TYPE_CHECKING:
    import pandas as pd

Metrics = dict[str, Metric]

NO_SPIKES = (
    "Data not open: the spikes of PFC-6 need an account at CRCNS and are not on this machine; "
    "`neurosci.datasets.load_pfc6` reads a user’s own download."
)
SCALE = "the scale of the synthetic weights is our calibration, since the paper does not state it"


def judge(claims: tuple[Claim, ...], found: Findings, metrics: Metrics) -> tuple[Verdict, ...]:
    """Judge every claim by its rule.

    Parameters
    ----------
    claims : tuple of Claim
        In the order of the page.
    found : Findings
        What the run found.
    metrics : dict of str to Metric
        Its numbers.

    Returns
    -------
    tuple of Verdict
        One row per claim.
    """
    return tuple(RULES[claim.id](claim, found, metrics) for claim in claims)


def text(metrics: Metrics, name: str) -> str:
    """Return a number with its interval in words."""
    return metrics[name].text


def _order(column: str, words: str) -> Callable[[Claim, Findings, Metrics], Verdict]:
    def rule(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
        second = runner_up(found, column)
        ours, next_ = text(metrics, f"{column} OHG"), text(metrics, f"{column} {second}")
        margin = metrics[f"{column}_margin"]
        return claim.judge(
            margin,
            why=f"{words}: OHG {ours}, next {second} {next_}; paired difference {margin.text}.",
            preset=found.params.preset,
            synthetic=True,
            ours=ours,
        )

    return rule


def weight_value(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the printed weight error."""
    return claim.judge(
        metrics["weight_error OHG"],
        why=f"HG, fitted as well as OHG: {text(metrics, 'weight_error HG')}.",
        caveats=[SCALE],
        preset=found.params.preset,
        synthetic=True,
    )


def states(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge who finds the states best."""
    second = runner_up(found, "accuracy")
    return claim.judge(
        metrics["accuracy_margin"],
        why=(
            f"OHG {text(metrics, 'accuracy OHG')}, next {second} {text(metrics, f'accuracy {second}')}; the "
            f"true parameters reach {text(metrics, 'oracle_accuracy')}. Paired difference "
            f"{text(metrics, 'accuracy_margin')}."
        ),
        preset=found.params.preset,
        synthetic=True,
        ours=text(metrics, "accuracy OHG"),
    )


def likelihood(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge who predicts synthetic spikes best."""
    second = runner_up(found, "gain")
    return claim.judge(
        metrics["gain_margin"],
        why=(
            f"Gain of a held-out sequence over constant rates: OHG {text(metrics, 'gain OHG')}, next "
            f"{second} {text(metrics, f'gain {second}')}, true parameters {text(metrics, 'oracle_gain')}; "
            f"OHG minus HG {text(metrics, 'gain_ohg_hg')}."
        ),
        preset=found.params.preset,
        synthetic=True,
        ours=f"margin {text(metrics, 'gain_margin')}",
    )


def prefrontal(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Say why PFC-6 is not judged."""
    del found, metrics
    return claim.not_testable(NO_SPIKES)


def other_recordings(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge who predicts other recordings best."""
    if "ohg_margin_worst" not in metrics:
        return claim.not_testable("Data not here: no recording of several neurons is on this machine.")
    parts = [
        f"{name.removeprefix('ohg_margin ')} {metric.text} (next "
        f"{best_other(found, name.removeprefix('ohg_margin '))})"
        for name, metric in metrics.items()
        if name.startswith("ohg_margin ")
    ]
    return claim.judge(
        metrics["ohg_margin_worst"],
        why=f"Judged on the recording with the smallest difference, {REAL_STATES} states: "
        + "; ".join(parts)
        + ".",
        preset=found.params.preset,
        ours=f"smallest margin {text(metrics, 'ohg_margin_worst')}",
    )


def plain(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the failure of the plain model."""
    starts = found.params.n_starts
    return claim.judge(
        metrics["accuracy HG"],
        why=(
            f"Ours: {starts} starts, full-batch steps; the true parameters reach "
            f"{text(metrics, 'oracle_accuracy')}. "
            + (
                "The printed value is what a failing optimiser gives, not the model."
                if metrics["accuracy HG"].value > 60
                else "HG fails here too."
            )
        ),
        preset=found.params.preset,
        synthetic=True,
    )


def odour(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge whether a state is entered when an odour comes."""
    if "onset_beyond OHG" not in metrics:
        return claim.not_testable("Data not here: the locust recording is not on this machine.")
    table = found.tables["onsets"]
    row = table[(table["dataset"] == SHOWN) & (table["model"] == "OHG")].iloc[0]
    n_units = found.recordings[SHOWN].train.shape[1]
    metric = metrics["onset_beyond OHG"]
    return claim.judge(
        metric,
        why=(
            f"In the mean over held-out trials the state rises at {text(metrics, 'onset OHG')}; firing "
            f"itself changes at {row['window_low_s'] + 0.1:.1f}{NBSP}s. In "
            f"{metric.value + 100 * row['chance']:.0f}{NBSP}% of single trials of three conditions the "
            f"steepest rise lies from {row['window_low_s']:.1f} to {row['window_high_s']:.1f}{NBSP}s; by "
            f"chance it is {100 * row['chance']:.0f}{NBSP}%. A profile of all states around the joint rise "
            f"finds {_share(table, 'OHG', 'trials_inside_profile')}; without a model the population rate "
            f"finds {_share(table, COUNTS, 'trials_inside')} and a profile of the {n_units} units’ counts "
            f"{_share(table, COUNTS, 'trials_inside_profile')}."
        ),
        caveats=["the rule that names the odour state was chosen after a look at these trials"],
        preset=found.params.preset,
        ours=f"{metric.text} beyond chance",
    )


def _share(table: pd.DataFrame, model: str, column: str) -> str:
    """Return the share of held-out trials of all conditions in words."""
    own = table[table["model"] == model]
    return f"{100 * own[column].sum() / own['trials'].sum():.0f}{NBSP}%"


def visits(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge how long states last."""
    if "visit_ratio" not in metrics:
        return claim.not_testable("Data not here: no recording of several neurons is on this machine.")
    return claim.judge(
        metrics["visit_ratio"],
        why="Ratio of the mean visit of OHG to that of HG, three states, held-out sequences.",
        preset=found.params.preset,
    )


def number_of_states(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the number of states that the BIC chooses."""
    return claim.judge(
        metrics["bic_states"],
        why=(
            "The paper’s count, which leaves out the weights, chooses "
            f"{format_number(metrics['bic_paper_states'].value)}; held-out likelihood chooses "
            f"{format_number(metrics['likeliest_states'].value)}. The truth here is "
            f"{found.params.n_states}; for prefrontal neurons it is unknown."
        ),
        preset=found.params.preset,
        synthetic=True,
    )


def neurons(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge whether more neurons make states harder to find."""
    few, many = fall_numbers(found)
    return claim.judge(
        metrics["fall_exact"],
        why=(
            f"From {few} to {many} neurons at the true parameters, exact inference; with emissions clamped "
            f"at 1 × 10⁻¹⁶, as in the published code, the change is {text(metrics, 'fall_clamped')} and "
            f"accuracy at {many} neurons {text(metrics, 'many_clamped')}"
            + (
                ": a fall comes from underflow."
                if (metrics["fall_clamped"].value < 0 < metrics["fall_exact"].value)
                else "."
            )
        ),
        preset=found.params.preset,
        synthetic=True,
    )


RULES: dict[str, Callable[[Claim, Findings, Metrics], Verdict]] = {
    "HG1": _order("weight_error", "Mean absolute error × 10⁴"),
    "HG1b": _order("adjacency", "Balanced accuracy"),
    "HG1c": _order("prior", "Balanced accuracy"),
    "HG1d": weight_value,
    "HG2": states,
    "HG3": likelihood,
    "HG3b": prefrontal,
    "HG3c": other_recordings,
    "HG4": plain,
    "HG5": prefrontal,
    "HG5b": odour,
    "HG5c": visits,
    "HG6": number_of_states,
    "HG7": neurons,
}
