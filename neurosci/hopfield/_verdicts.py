"""Reasons and caveats of each claim's verdict; the rules themselves are the claims'."""

from __future__ import annotations

from typing import Any

from neurosci._core.claims import Claim, Verdict
from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP, format_number

from ._compute import GAIN_QUALITY, Findings
from ._metrics import MANY_EXAMPLES
from ._tables import COLD

PERCENT = f"{NBSP}%"
OURS_ONLY = "the paper’s own figures and definitions could not be read, so this is the theory derived here"
FORMULA_ONLY = "the definition of the threshold is ours, since the paper’s could not be read"


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
            "law_z",
            {
                "why": (
                    "Largest distance between simulated overlaps and (1 − d) dᵏ⁻¹ in standard errors that "
                    f"the law implies, 3 and 5 patterns, {number('largest_size')} neurons; overlaps of "
                    f"{COLD:g} or more temperatures (T = {p.temperature_low:g}) of patterns that keep their "
                    f"places (see Rules). They stay within {number('law_deviation', 4)} of the law."
                ),
                "caveats": [OURS_ONLY],
                "ours": f"{number('law_z', 2)} standard errors",
            },
        ),
        "HO1b": (
            "law_theory",
            {
                "why": (
                    "Largest distance between the law and the overlaps of lowest energy, for 2 to 5 patterns "
                    "and dilutions below 0.5."
                ),
                "caveats": [OURS_ONLY],
                "ours": f"within {number('law_theory')}",
            },
        ),
        "HO2": (
            "antisymmetric",
            {
                "why": (
                    "At dilution 0.8 and half the critical temperature the lowest free energy has equal "
                    "overlaps for 2, 3 and 5 patterns, and its largest eigenvalue for unequal ones is below "
                    f"1. In simulation overlaps differ by {number('simulated_spread', 2)} of the largest, as "
                    f"the theory of the same patterns says (within {number('simulated_z', 1)} of 4 allowed "
                    "standard errors)."
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
            "threshold_z",
            {
                "why": (
                    "Networks of 100,000 neurons at temperature 0 leave the power law within "
                    f"{number('threshold_distance', 4)} of the root, for 3, 4 and 5 patterns; the equations "
                    f"lose it within {number('threshold_error')}."
                ),
                "caveats": [FORMULA_ONLY],
                "ours": f"{number('threshold_z', 2)} standard errors",
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
                    "Largest difference over four standard errors plus the first finite-size term, one for "
                    "each column of the couplings (see Rules); same data and first states, three sets of "
                    f"examples. The median difference is {number('paired_difference')} at "
                    f"{format_number(max(p.teacher_sizes))} neurons. Equations and critical temperature are "
                    "the same for both."
                ),
                "caveats": ["the finite-size term was added when the plain rule had failed, see HO4b"],
                "ours": f"{number('paired_share', 2)} of what is allowed",
            },
        ),
        "HO4b": (
            "paired_z",
            {
                "why": (f"Largest difference in standard errors of Monte Carlo. {_collapse(found)}"),
                "ours": f"{number('paired_z', 1)} standard errors",
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
            },
        ),
        "HO6c": (
            "size_share",
            {
                "why": (
                    "Class sampler against the theory of the same patterns, 1,000 to "
                    f"{number('largest_size')} neurons: largest difference over four standard errors plus "
                    f"2 / (N (1 − λ)). N times the difference is {number('scaled_difference', 1)} at most."
                ),
                "ours": f"{number('size_share', 2)} of what is allowed",
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
                    f"Largest overlap with {number('many_examples')} examples minus that with "
                    f"{number('few_examples')}, quality {GAIN_QUALITY:g}, with a teacher."
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
                    f"{number('worst_class_quality')}, where that number is "
                    f"{number('worst_class_examples')}. The formula takes the noise of the examples as "
                    "Gaussian, which so few examples are not."
                ),
            },
        ),
    }


def _collapse(found: Findings) -> str:
    """Say how the difference between both ways of learning depends on size, where it is largest."""
    table = found.tables["teacher"]
    scaled = (
        table["scaled"].abs().groupby([table["quality"], table["n_examples"], table["n_neurons"]]).median()
    )
    quality, n_examples, _ = scaled.idxmax()
    sizes = ", ".join(
        f"{format_number(float(value), 1)} at {format_number(n)}"
        for n, value in scaled.loc[(quality, n_examples)].items()
    )
    return (
        f"The median of N times the difference is {sizes} neurons, with {n_examples} examples of quality "
        f"{quality:g}, where it is largest."
    )
