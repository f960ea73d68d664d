"""Reasons and caveats of each claim's verdict; the rules themselves are the claims'."""

from __future__ import annotations

from typing import Any

from neurosci._core.claims import Claim, Verdict
from neurosci._core.metric import Metric
from neurosci._core.numbers import format_number

from ._compute import Findings
from ._metrics import MANY_EXAMPLES, QUALITY

OURS_ONLY = "the paper’s own figures and definitions could not be read, so this is the theory derived here"
CHANGED = "its rule was changed once after a first run (see Deviations)"


def judge(claims: tuple[Claim, ...], found: Findings, metrics: dict[str, Metric]) -> tuple[Verdict, ...]:
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
    reasons = _reasons(found, metrics)
    rows = []
    for claim in claims:
        name, about = reasons[claim.id]
        rows.append(claim.judge(metrics[name], preset=found.params.preset, synthetic=True, **about))
    return tuple(rows)


def _reasons(found: Findings, metrics: dict[str, Metric]) -> dict[str, tuple[str, dict[str, Any]]]:
    def number(name: str, decimals: int | None = None) -> str:
        return format_number(metrics[name].value, decimals)

    p = found.params
    return {
        "HO1": (
            "law_deviation",
            {
                "why": (
                    f"Largest distance between simulated overlaps and (1 − d) dᵏ⁻¹ at T = "
                    f"{p.temperature_low:g} for dilutions below 0.5; twice the temperature is allowed, since "
                    "smaller overlaps vanish."
                ),
                "caveats": [CHANGED, OURS_ONLY],
                "ours": f"within {number('law_deviation', 4)}",
            },
        ),
        "HO2": (
            "antisymmetric",
            {
                "why": (
                    "At dilution 0.8 and half the critical temperature the lowest free energy has equal "
                    "overlaps for 2, 3 and 5 patterns, and its largest eigenvalue for unequal ones is below "
                    f"1; in simulation overlaps differ by {number('simulated_spread', 2)} of the largest, by "
                    "chance differences of the patterns."
                ),
                "ours": f"eigenvalue {number('antisymmetric', 3)}",
            },
        ),
        "HO2b": (
            "zero_spread",
            {
                "why": (
                    "At temperature 0 the overlaps stay apart at dilution 0.8: equal strengths need a "
                    "temperature or noisy examples."
                ),
                "ours": f"spread {number('zero_spread', 2)} of the largest",
            },
        ),
        "HO3": (
            "threshold_error",
            {
                "why": (
                    "Largest distance between the root and the dilution at which the power law stops solving "
                    "the equations, found by bisection for 3, 4 and 5 patterns."
                ),
                "caveats": [CHANGED, OURS_ONLY],
                "ours": f"within {number('threshold_error')}",
            },
        ),
        "HO3b": (
            "equilibrium_gap",
            {
                "why": (
                    "Another state has the lower energy before the power law ends: for 3 patterns from "
                    f"d = {number('equilibrium_three', 4)} on, while the root is 0.6180."
                ),
                "ours": f"up to {number('equilibrium_gap', 3)} earlier",
            },
        ),
        "HO4": (
            "paired_share",
            {
                "why": (
                    "Largest difference over four standard errors plus one over N per example; same data and "
                    "first states, three sets of examples. Mean-field equations and critical temperature are "
                    "the same for both."
                ),
                "caveats": [
                    CHANGED,
                    f"without the finite-size term the difference, {number('paired_difference', 4)} at most, "
                    f"is {number('paired_z', 1)} standard errors",
                ],
                "ours": f"{number('paired_share', 2)} of what is allowed",
            },
        ),
        "HO5": (
            "identity_error",
            {
                "why": (
                    "Energy of the states along cooling schedules against the energy that the losses imply, "
                    "each from its definition."
                ),
                "caveats": ["the identity is algebra; the paper’s exact form of the loss could not be read"],
                "ours": f"within {number('identity_error')}",
            },
        ),
        "HO6": (
            "share_of_allowed",
            {
                "why": (
                    "Largest difference between Glauber dynamics and the theory of the same patterns, over "
                    "four standard errors plus the first finite-size term; from the theory of many neurons "
                    f"overlaps differ by up to {number('largest_annealed', 3)}, which finite samples of "
                    "patterns explain."
                ),
                "ours": f"{number('share_of_allowed', 2)} of what is allowed",
                "caveats": [CHANGED],
            },
        ),
        "HO6b": (
            "step_deviation",
            {
                "why": (
                    "Largest distance between formula and simulation of the overlaps after one "
                    "parallel step, "
                    f"with {MANY_EXAMPLES} or more examples of each pattern."
                ),
                "ours": f"within {number('step_deviation', 4)}",
            },
        ),
        "HO7": (
            "learning_gain",
            {
                "why": (
                    f"First overlap with {number('many_examples')} examples minus that with "
                    f"{number('few_examples')}, quality {QUALITY:g}, with a teacher."
                ),
                "caveats": ["a direction only: how the paper defines its threshold could not be read"],
            },
        ),
        "HO7b": (
            "worst_class",
            {
                "why": (
                    "Share of correct neurons among those for which all other patterns oppose the first, at "
                    "the smallest whole number of examples; lowest of the qualities, at "
                    f"{number('worst_class_quality')}."
                ),
            },
        ),
    }
