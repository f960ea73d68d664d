"""Numbers of the report, with intervals where something was sampled."""

from __future__ import annotations

import numpy as np

from neurosci._core.metric import Metric

from ._compute import Findings

# sets of examples on which the two ways of learning are compared, fixed before any run
PAIRED = ((0.5, 30), (0.5, 6), (0.8, 10))
MANY_EXAMPLES = 30
QUALITY = 0.5


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
    points = found.tables["hierarchy_points"]
    mild = points[points["mild"]]
    distance = (mild["m"] - mild["law"]).abs()
    worst = mild.iloc[int(distance.to_numpy().argmax())]
    half = float(worst["high"] - worst["low"]) / 2
    value = float(distance.max())
    table = found.tables["thresholds"]
    return {
        "law_deviation": Metric(
            value, max(value - half, 0.0), value + half, n=len(mild), n_unit="overlaps", unit="",
            method="t interval over samples of patterns",
        ),
        "threshold_error": Metric(
            float((table["solves"] - table["root"]).abs().max()), n=len(table), n_unit="numbers of patterns"
        ),
        "equilibrium_gap": Metric(
            float((table["root"] - table["equilibrium"]).max()), n=len(table), n_unit="numbers of patterns"
        ),
        "equilibrium_three": Metric(float(table.loc[table["n_patterns"] == 3, "equilibrium"].iloc[0])),
    }  # fmt: skip


def _strong(found: Findings) -> dict[str, Metric]:
    table = found.tables["parallel"]
    parallel = bool((table["phase"] == "P").all())
    spread = (table["zero_largest"] - table["zero_smallest"]) / table["zero_largest"]
    simulated = (table["m_largest"] - table["m_smallest"]) / table["m_largest"]
    n = len(table)
    return {
        "antisymmetric": Metric(
            # without an equilibrium of equal overlaps there is nothing whose stability could be tested
            float(table["antisymmetric"].max()) if parallel else np.inf, n=n, n_unit="numbers of patterns"
        ),
        "zero_spread": Metric(float(spread.max()), n=n, n_unit="numbers of patterns"),
        "simulated_spread": Metric(float(simulated.max()), n=n, n_unit="numbers of patterns"),
    }  # fmt: skip


def _learning(found: Findings) -> dict[str, Metric]:
    table = found.tables["learning"]
    pairs = list(zip(table["quality"], table["n_examples"], strict=True))
    paired = table[[pair in PAIRED for pair in pairs]]
    first = table[(table["pattern"] == 1) & (table["quality"] == QUALITY)]
    few, many = first.iloc[0], first.iloc[-1]
    gain = float(many["supervised_m"] - few["supervised_m"])
    error = float(np.hypot(many["supervised_m_error"], few["supervised_m_error"]))
    return {
        "paired_share": Metric(float(paired["share_of_allowed"].max()), n=len(paired), n_unit="overlaps"),
        "paired_difference": Metric(float(paired["difference"].abs().max()), n=len(paired),
            n_unit="overlaps"),
        "paired_z": Metric(float(paired["z"].abs().max()), n=len(paired), n_unit="overlaps"),
        "all_z": Metric(float(table["z"].abs().max()), n=int(table["z"].notna().sum()), n_unit="overlaps"),
        "learning_gain": Metric(
            gain, gain - 1.96 * error, gain + 1.96 * error, n=found.params.n_replicas, n_unit="copies",
            method="normal interval over copies",
        ),
        "few_examples": Metric(float(few["n_examples"])),
        "many_examples": Metric(float(many["n_examples"])),
    }  # fmt: skip


def _agreement(found: Findings) -> dict[str, Metric]:
    table = found.tables["comparison"]
    points = found.tables["hierarchy_points"]
    return {
        "share_of_allowed": Metric(float(table["share_of_allowed"].max()), n=len(table), n_unit="overlaps"),
        "largest_z": Metric(float(table["z"].abs().max()), n=len(table), n_unit="overlaps"),
        "largest_annealed": Metric(
            float((table["monte_carlo"] - table["annealed"]).abs().max()), n=len(table), n_unit="overlaps"
        ),
        "largest_tau": Metric(float(table["tau"].max()), unit="sweeps"),
        "curve_z": Metric(float(points["z"].max()), n=len(points), n_unit="overlaps"),
    }


def _steps(found: Findings) -> dict[str, Metric]:
    table = found.tables["one_step"]
    many = table[table["n_examples"] >= MANY_EXAMPLES]
    distance = (many["simulated"] - many["formula"]).abs()
    at = table[(table["n_examples"] == np.ceil(table["needed"])) & (table["pattern"] == 1)]
    worst = at.iloc[int(at["correct"].to_numpy().argmin())]
    return {
        "step_deviation": Metric(float(distance.max()), n=len(many), n_unit="overlaps"),
        "worst_class": Metric(
            float(worst["correct"]), float(worst["correct_low"]), float(worst["correct_high"]),
            n=int(worst["n_samples"]), n_unit="data sets", method="t interval over data sets",
        ),
        "worst_class_quality": Metric(float(worst["quality"])),
    }  # fmt: skip


def _rest(found: Findings) -> dict[str, Metric]:
    table = found.tables["annealing"]
    error = (table["energy"] - table["from_loss"]).abs()
    sizes, basins = found.tables["sizes"], found.tables["basins"]
    largest = sizes[sizes["n_neurons"] == sizes["n_neurons"].max()]
    random = basins[(basins["first_state"] == "random") & basins["optimum"]]
    digits = found.tables["digits"]
    tempering = found.tables["tempering"].iloc[0]
    return {
        "identity_error": Metric(float(error.max()), n=len(table), n_unit="states"),
        "largest_size": Metric(float(largest["n_neurons"].iloc[0])),
        "scaled_difference": Metric(float(sizes["scaled"].abs().max()), n=len(sizes), n_unit="overlaps"),
        "reach_low": Metric(
            100 * float(random["share"].min()), n=found.params.n_runs, n_unit="runs", unit="%"
        ),
        "reach_high": Metric(
            100 * float(random["share"].max()), n=found.params.n_runs, n_unit="runs", unit="%"
        ),
        "digits_distance": Metric(float((digits["m"] - digits["theory"]).abs().max())),
        "switches": Metric(float(tempering["switches"])),
        "switches_without": Metric(float(tempering["switches_without"])),
        "swap_low": Metric(100 * float(found.tables["tempering"]["swap_acceptance"].min()), unit="%"),
        "swap_high": Metric(100 * float(found.tables["tempering"]["swap_acceptance"].max()), unit="%"),
    }
