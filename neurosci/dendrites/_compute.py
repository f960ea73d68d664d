"""Tables of one run: exact curves, simulations as units of work, published values beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci._core.context import Context
from neurosci.stats import proportion_interval

from . import _curves as curves
from . import _work as work
from ._branches import Tree, branch_table
from ._digits import digit_curves, recognise
from ._rare_tables import rare_table, shared_table
from ._reference import CORRELATED, add, correlated_points, read
from ._union import union_false_positive_prob

if TYPE_CHECKING:
    import pandas as pd

    from .analysis import DendritesParams

COVERAGES = (3.0, 1.0, 0.5, 0.3, 0.2, 0.1, 0.06, 0.03)
MIXED = (1, 2, 4, 8, 16)
UNION_CHECKS = ((1000, 2), (1000, 1))
ENOUGH = 10.0
"""Expected hits from which a point enters the chi-square by itself; the others are pooled."""


@dataclass
class Findings:
    """What one run found.

    Parameters
    ----------
    params : DendritesParams
        Parameters of the run.
    tables : dict of str to DataFrame
        Tables of the figures.
    published : bool
        Whether the authors' published values were on this machine.
    no_neurons : str, default=""
        Why there are no measured synapse counts; empty where there are.
    """

    params: DendritesParams
    tables: dict[str, pd.DataFrame]
    published: bool
    no_neurons: str = ""


def compute(
    params: DendritesParams,
    context: Context,
    files: Mapping[str, Path],
    neurons: Sequence[Tree] = (),
    no_neurons: str = "",
) -> Findings:
    """Compute every table of the report."""
    tables = exact_tables(params, files)
    tables["false_positives"] = simulated_positives(params, context, files)
    tables["false_negatives"] = simulated_negatives(params, context, files)
    tables["rare"] = rare_table(params, context)
    tables["shared"] = shared_table(params, context)
    tables["unions_simulated"] = simulated_unions(params, context)
    tables["correlated"] = correlated_table(params, context)
    points = correlated_points(files)
    if len(points):
        tables["correlated_published"] = points
    if neurons:
        tables["branches"] = branch_table(neurons)
    tables.update(digit_tables(params, context))
    return Findings(params, tables, bool(files), no_neurons)


def exact_tables(params: DendritesParams, files: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    """Return the tables that need no random number."""
    population = curves.population_curves()
    theory = read(files, "reference_fig5a_theory.csv")
    synapses = read(files, "reference_fig5b_theory.csv")
    medians = read(files, "reference_fig6_medians.csv")
    medians_columns = {
        "median_n10000_190000": "published_median",
        "median_n1000_17000": "published_variant",
    }
    if medians is not None:
        medians[list(medians_columns)] = medians[list(medians_columns)].astype(float)
    sizes = read(files, "reference_fig7a_expected_synapses.csv")
    unions = read(files, "reference_fig7b_union.csv")
    return {
        "population": add(population, theory, _keys("n", "a"), {"p_false_positive": "published"}),
        "curvature": curves.curvature(population),
        "readings": curves.readings(),
        "synapses": add(
            curves.synapse_curves(), synapses, _keys("n", "a", "s"), {"p_false_positive": "published"}
        ),
        "medians": add(curves.median_table(), medians, _keys("theta"), medians_columns),
        "measured": curves.measured_table(),
        "windows": curves.window_table(params.window_noise, params.alpha, params.beta),
        "grid_windows": curves.grid_windows(params.noise, params.alpha, params.beta),
        "union_sizes": add(
            curves.union_size_table(),
            sizes,
            _keys("n", "s", "M"),
            {"expected_distinct_synapses": "published"},
        ),
        "unions": add(
            curves.union_table(), unions, _keys("n", "M"), {"p_false_positive_plugin": "published"}
        ),
        "sequence": curves.sequence_table(),
    }


def _keys(*names: str) -> dict[str, str]:
    return {name: name for name in names}


# ------------------------------------------------------------------------------------------------ simulations


def _rates(table: pd.DataFrame, units: Mapping[str, dict[str, Any]]) -> pd.DataFrame:
    """Add rate, interval and deviation from the exact value to a table of simulated points."""
    results = list(units.values())
    for name, column in (("n_hits", "n_hits"), ("n_trials", "n_trials")):
        table[column] = np.array([int(unit[name]) for unit in results])
    for name, column in (("estimate", "rate"), ("low", "low"), ("high", "high"), ("std_error", "std_error")):
        table[column] = np.array([float(unit[name]) for unit in results])
    table["expected_hits"] = table["exact"] * table["n_trials"]
    table["z"] = [
        deviation(hits, trials, p)
        for hits, trials, p in zip(table["n_hits"], table["n_trials"], table["exact"], strict=True)
    ]
    return table


def deviation(n_hits: int, n_trials: int, p: float) -> float:
    """Return how many standard errors a count is away from its expectation.

    With fewer than ten expected hits (or misses) the exact Poisson probability, counting half of the
    observed value, is turned into a normal deviate.
    """
    from scipy.stats import norm, poisson

    expected, variance = n_trials * p, n_trials * p * (1 - p)
    if variance >= ENOUGH:
        return float((n_hits - expected) / math.sqrt(variance))
    if p > 0.5:
        return -deviation(n_trials - n_hits, n_trials, 1 - p)
    if expected == 0:
        return 0.0 if n_hits == 0 else math.inf
    below = float(poisson.cdf(n_hits - 1, expected)) + 0.5 * float(poisson.pmf(n_hits, expected))
    return float(np.clip(norm.ppf(below), -10, 10))


def chi_square(tables: list[pd.DataFrame]) -> tuple[float, int]:
    """Return the sum of squared deviations and its degrees of freedom.

    Points with at least ten expected hits and misses enter singly; all others are pooled into one
    count, since a point that expects no hit says nothing by itself.
    """
    total, n_points, hits, expected = 0.0, 0, 0, 0.0
    for table in tables:
        variance = table["expected_hits"] * (1 - table["exact"])
        single = variance >= ENOUGH
        total += float((table["z"][single] ** 2).sum())
        n_points += int(single.sum())
        few = table[~single & (table["exact"] < 0.5)]
        hits += int(few["n_hits"].sum())
        expected += float(few["expected_hits"].sum())
    if expected > 0:
        total += deviation(hits, 1_000_000_000, expected / 1_000_000_000) ** 2
        n_points += 1
    return total, n_points


def simulated_positives(params: DendritesParams, context: Context, files: Mapping[str, Path]) -> pd.DataFrame:
    """Return Fig. 4A."""
    table = curves.positive_points()
    items = {
        f"n={n} a={a}": {"n": n, "a": a, **curves.SEGMENT, "n_trials": params.n_comparisons}
        for n, a in zip(table["n"].tolist(), table["a"].tolist(), strict=True)
    }
    units = context.map(work.false_positives, items, stage="false positives", seed=params.seed)
    columns = {"observed_rate": "published_rate", "predicted_rate": "published_prediction"}
    published = read(files, "reference_fig4a_simulation.csv")
    return add(_rates(table, units), published, _keys("n", "a"), columns)


def simulated_negatives(params: DendritesParams, context: Context, files: Mapping[str, Path]) -> pd.DataFrame:
    """Return Fig. 4B."""
    table = curves.negative_points()
    items = {
        f"theta={theta} v={v}": {**curves.NOISE, "v": v, "theta": theta, "n_trials": params.n_noisy_trials}
        for theta, v in zip(table["theta"].tolist(), table["v"].tolist(), strict=True)
    }
    units = context.map(work.false_negatives, items, stage="false negatives", seed=params.seed)
    columns = {"observed_rate": "published_rate", "predicted_rate": "published_prediction"}
    published = read(files, "reference_fig4b_simulation.csv")
    if published is not None:
        published = published.rename(columns={"v_swapped_bits": "v"})
    return add(_rates(table, units), published, _keys("theta", "v"), columns)


def simulated_unions(params: DendritesParams, context: Context) -> pd.DataFrame:
    """Return simulated errors of segments that mix patterns, against exact law and approximation."""
    import pandas as pd

    items = {
        f"n={n} M={m}": {"n": n, **curves.UNION, "n_patterns": m, "n_trials": params.n_union_trials}
        for n, m in UNION_CHECKS
    }
    units = context.map(work.unions, items, stage="unions", seed=params.seed)
    rows = []
    for (n, m), unit in zip(UNION_CHECKS, units.values(), strict=True):
        hits, trials = int(unit["n_hits"]), params.n_union_trials
        metric = proportion_interval(hits, trials)
        about = n, curves.UNION["a"], curves.UNION["s"], curves.UNION["theta"], m
        exact, plugin = (
            float(union_false_positive_prob(*about, method=method)) for method in ("exact", "plugin")
        )
        rows.append(
            (
                n, m, hits, trials, hits / trials, metric.low, metric.high, exact, plugin,
                deviation(hits, trials, exact), deviation(hits, trials, plugin),
            )
        )  # fmt: skip
    names = ["n", "M", "n_hits", "n_trials", "rate", "low", "high", "exact", "plugin", "z_exact", "z_plugin"]
    return pd.DataFrame(rows, columns=names)


def correlated_table(params: DendritesParams, context: Context) -> pd.DataFrame:
    """Return panel E2: false positives of a neuron whose inputs are correlated."""
    import pandas as pd

    items = {
        f"n={n} a={a} s={s} coverage={coverage:g}": {
            "n": n,
            "a": a,
            "s": s,
            "theta": 10,
            "coverage": coverage,
            "n_segments": params.n_correlated_segments,
            "n_tests": params.n_correlated_tests,
        }
        for n, a, s in CORRELATED
        for coverage in COVERAGES
    }
    units = context.map(work.correlated, items, stage="correlated inputs", seed=params.seed)
    rows = []
    for item, unit in zip(items.values(), units.values(), strict=True):
        hits, trials = int(unit["n_hits"]), int(unit["n_trials"])
        metric = proportion_interval(hits, trials)
        high = min(1.0, 3 / trials) if hits == 0 else metric.high
        low = 0.0 if hits == 0 else metric.low
        about = item["n"], item["a"], item["s"], item["coverage"]
        rows.append((*about, float(unit["correlation"]), hits, trials, hits / trials, low, high))
    names = ["n", "a", "s", "coverage", "correlation", "n_hits", "n_trials", "rate", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def digit_tables(params: DendritesParams, context: Context) -> dict[str, pd.DataFrame]:
    """Return recognition of real sparse codes: accuracy, and matches against theory."""
    import pandas as pd

    about = {
        "n": params.n_code_cells,
        "a": params.n_code_active,
        "s": params.n_code_synapses,
        "theta": params.code_threshold,
    }
    items = {f"mixed={m}": {**about, "mixed": m} for m in MIXED}
    units = context.map(recognise, items, stage="digits", seed=params.seed)
    rows = []
    for m, unit in zip(MIXED, units.values(), strict=True):
        correct, n = int(unit["n_correct"]), int(unit["n_test"])
        metric = proportion_interval(correct, n)
        limits = 100 * correct / n, 100 * (metric.low or 0), 100 * (metric.high or 0)
        synapses = int(unit["n_segments"]), float(unit["mean_synapses"])
        rows.append((m, correct, n, int(unit["n_train"]), *limits, *synapses))
    names = ["patterns_per_segment", "n_correct", "n_test", "n_train", "percent_correct", "low", "high"]
    return {
        "digits": digit_curves(units["mixed=1"], about["n"], about["a"], about["s"]),
        "digit_accuracy": pd.DataFrame(rows, columns=[*names, "n_segments", "mean_synapses"]),
    }
