"""Numbers of the report, with intervals where something was sampled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosci._core.metric import Metric

from ._compute import Findings
from ._table_parts import t_quantile
from ._tables import MILD

if TYPE_CHECKING:
    import pandas as pd

MANY_EXAMPLES = 30


def all_metrics(found: Findings) -> dict[str, Metric]:
    """Return every number that the text and the claims use."""
    return {
        **_hierarchy(found),
        **_strong(found),
        **_learning(found),
        **_agreement(found),
        **_steps(found),
        **_rest(found),
    }


def _hierarchy(found: Findings) -> dict[str, Metric]:
    law = found.tables["law"]
    tested = law[law["cold"] & law["safe_place"]]
    points = found.tables["hierarchy_points"]
    mild = points[points["dilution"] < MILD]
    lines = found.tables["hierarchy"]
    mild_lines = lines[lines["dilution"] < MILD]
    table = found.tables["thresholds"]
    return {
        "law_z": _worst(tested["z"]),
        "points_deviation": _worst(mild["m"] - mild["law"]),
        "law_deviation": _worst(tested["m"] - tested["law"]),
        "law_theory": _worst(mild_lines["m_zero"] - mild_lines["law"]),
        "threshold_z": _worst(table["z"], "numbers of patterns"),
        "threshold_distance": _worst(table["simulated"] - table["root"], "numbers of patterns"),
        "threshold_error": _worst(table["solves"] - table["root"], "numbers of patterns"),
        "equilibrium_gap": _worst(table["root"] - table["equilibrium"], "numbers of patterns"),
        "equilibrium_three": Metric(float(table.loc[table["n_patterns"] == 3, "equilibrium"].iloc[0])),
    }  # fmt: skip


def _strong(found: Findings) -> dict[str, Metric]:
    table = found.tables["parallel"]
    parallel = bool((table["phase"] == "P").all())
    spread = (table["zero_largest"] - table["zero_smallest"]) / table["zero_largest"]
    simulated = (table["m_largest"] - table["m_smallest"]) / table["m_largest"]
    stored = "numbers of patterns"
    return {
        "antisymmetric": Metric(
            # without an equilibrium of equal overlaps there is nothing whose stability could be tested
            float(table["antisymmetric"].max()) if parallel else np.inf, n=len(table), n_unit=stored
        ),
        "zero_spread": _worst(spread, stored),
        "simulated_spread": _worst(simulated, stored),
        "simulated_z": _worst(table["z"], stored),
    }  # fmt: skip


def _learning(found: Findings) -> dict[str, Metric]:
    p, paired = found.params, found.tables["teacher"]
    gains = found.tables["gain"]
    gain = gains["gain"]
    half = t_quantile(len(gain)) * float(gain.std(ddof=1)) / np.sqrt(len(gain))
    first_size = paired[paired["n_neurons"] == min(p.teacher_sizes)]
    largest = paired[paired["n_neurons"] == max(p.teacher_sizes)]
    return {
        "paired_share": _worst(paired["share_of_allowed"]),
        "paired_difference": Metric(
            float(largest["difference"].abs().median()), n=len(largest), n_unit="overlaps", method="median"
        ),
        "paired_z": _worst(first_size["z"]),
        "example_eigenvalue": _worst(paired["example_eigenvalue"]),
        "learning_gain": Metric(
            float(gain.mean()),
            float(gain.mean()) - half,
            float(gain.mean()) + half,
            n=len(gain),
            n_unit="samples of patterns",
            method="t interval over samples",
        ),
        "few_examples": Metric(float(min(p.examples))),
        "many_examples": Metric(float(max(p.examples))),
    }


def _agreement(found: Findings) -> dict[str, Metric]:
    table = found.tables["comparison"]
    points = found.tables["hierarchy_points"]
    return {
        "share_of_allowed": _worst(table["share_of_allowed"]),
        "largest_z": _worst(table["z"]),
        "largest_annealed": _worst(table["monte_carlo"] - table["annealed"]),
        "largest_tau": Metric(float(table["tau"].max()), unit="sweeps"),
        "curve_z": _worst(points["z"]),
    }


def _steps(found: Findings) -> dict[str, Metric]:
    table = found.tables["one_step"]
    many = table[table["n_examples"] >= MANY_EXAMPLES]
    at = table[(table["n_examples"] == np.ceil(table["needed"])) & (table["pattern"] == 1)]
    worst = at.iloc[int(at["correct"].to_numpy().argmin())]
    return {
        "step_deviation": _worst(many["simulated"] - many["formula"]),
        "worst_class": Metric(
            float(worst["correct"]), float(worst["correct_low"]), float(worst["correct_high"]),
            n=int(worst["n_samples"]), n_unit="data sets", method="t interval over data sets",
        ),
        "worst_class_quality": Metric(float(worst["quality"])),
        "worst_class_examples": Metric(float(worst["n_examples"])),
    }  # fmt: skip


def _rest(found: Findings) -> dict[str, Metric]:
    table = found.tables["annealing"]
    sizes, basins = found.tables["sizes"], found.tables["basins"]
    random = basins[(basins["first_state"] == "random") & basins["optimum"]]
    digits = found.tables["digits"]
    tempering = found.tables["tempering"].iloc[0]
    return {
        "identity_error": _worst(table["energy"] - table["from_loss"], "states"),
        "size_share": _worst(sizes["share_of_allowed"]),
        "largest_size": Metric(float(sizes["n_neurons"].max())),
        "scaled_difference": _worst(sizes["scaled"]),
        "reach_low": _reach(random.iloc[int(random["share"].to_numpy().argmin())]),
        "reach_high": _reach(random.iloc[int(random["share"].to_numpy().argmax())]),
        "digits_distance": _worst(digits["m"] - digits["theory"]),
        "switches": Metric(float(tempering["switches"])),
        "switches_without": Metric(float(tempering["switches_without"])),
        "swap_low": Metric(100 * float(found.tables["tempering"]["swap_acceptance"].min()), unit="%"),
        "swap_high": Metric(100 * float(found.tables["tempering"]["swap_acceptance"].max()), unit="%"),
    }


def _worst(values: pd.Series, unit: str = "overlaps") -> Metric:
    # one missing value makes the largest one unknown
    return Metric(float(values.abs().max(skipna=False)), n=int(values.notna().sum()), n_unit=unit)


def _reach(row: pd.Series) -> Metric:
    return Metric(
        100 * float(row["share"]), 100 * float(row["low"]), 100 * float(row["high"]), n=int(row["n_runs"]),
        n_unit="runs", unit="%", method="Wilson interval",
    )  # fmt: skip
