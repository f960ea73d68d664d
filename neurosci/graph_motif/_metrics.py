"""Numbers of the report with their intervals."""

from __future__ import annotations

import numpy as np

from neurosci._core.metric import Metric
from neurosci.stats import (
    auc_interval,
    compare_auc,
    compare_scores,
    permutation_pvalue,
    proportion_interval,
)

from ._cells import Rule
from ._compute import Findings, cell_name, main_cell
from ._compute_synthetic import MAIN
from ._scores import N_UNIT

Metrics = dict[str, Metric]
BASELINES = ("site", "phenotype", "motion")


def percent(hits: np.ndarray) -> Metric:
    """Return the share of right answers in percent with its Wilson interval."""
    share = proportion_interval(int(hits.sum()), len(hits), n_unit=N_UNIT)
    return Metric(
        100 * share.value, 100 * (share.low or 0.0), 100 * (share.high or 0.0),
        n=share.n, unit="%", n_unit=N_UNIT, method=share.method,
    )  # fmt: skip


def all_metrics(found: Findings) -> Metrics:
    """Return every number that the report speaks of."""
    params, y = found.params, found.y
    whole, masked = main_cell(params), main_cell(params, masked=True)
    made = {
        "accuracy": percent(found.hits[whole]),
        "accuracy_masked": percent(found.hits[masked]),
        "auc": auc_interval(y, found.scores[whole], n_unit=N_UNIT),
        "auc_masked": auc_interval(y, found.scores[masked], n_unit=N_UNIT),
        "masking": _masking(found.hits[masked], found.hits[whole], params.seed),
        "majority": percent(y == (y.mean() >= 0.5)),
        "smallest_q": _exact(found.tables["regions"]["q"].min()),
        "n_different": _exact((found.tables["regions"]["q"] < 0.05).sum()),
        "null_pvalue": _exact(
            permutation_pvalue(found.tables["null"]["auc"], _area(found, whole), alternative="greater")
        ),
    }
    made |= _against_maps(found, whole)
    if "edges" in found.scores:
        made["auc_edges"] = auc_interval(y, found.scores["edges"], n_unit=N_UNIT)
        made["accuracy_edges"] = percent(found.hits["edges"])
        made["edges"] = compare_auc(y, found.scores[whole], found.scores["edges"], n_unit=N_UNIT).effect
    made |= _against_baselines(found)
    if "site" in found.hits:
        made["site_accuracy"] = percent(found.hits["site"])
        made["site_majority"] = _exact(100 * found.numbers["site_majority"], "%")
    table = found.tables["sweep"].set_index(["map", "rule", "mask"])
    rule = Rule(threshold=params.main_threshold).name
    for name in ("jaccard", "kuncheva"):
        made[name] = _exact(table.loc[(MAIN, rule, "masked"), name])
    made["dice"] = _exact(found.numbers["dice"])
    made["dice_chance"] = _exact(found.numbers["dice_chance"])
    made["synthetic_masking"] = _masking(
        found.hits["synthetic, masked"], found.hits["synthetic, whole brain"], params.seed
    )
    made["synthetic_accuracy"] = percent(found.hits["synthetic, whole brain"])
    made["synthetic_accuracy_masked"] = percent(found.hits["synthetic, masked"])
    return made


def _exact(value: object, unit: str = "") -> Metric:
    return Metric(float(value), unit=unit)  # type: ignore[arg-type]


def _area(found: Findings, name: str) -> float:
    return auc_interval(found.y, found.scores[name]).value


def _masking(masked: np.ndarray, whole: np.ndarray, seed: int) -> Metric:
    """Return the paired difference of accuracies, masked minus whole brain, in percentage points."""
    effect = compare_scores(
        100.0 * masked, 100.0 * whole, unit="percentage points", n_unit=N_UNIT, n_resamples=1999,
        random_state=seed,
    ).effect  # fmt: skip
    return effect


def _against_maps(found: Findings, whole: str) -> Metrics:
    """Compare the 3-cycles with each other map at the same threshold; the best of them is the runner-up."""
    params = found.params
    rule = Rule(threshold=params.main_threshold)
    others = [motif for motif in params.maps if motif != MAIN]
    made: Metrics = {}
    for motif in others:
        name = cell_name(motif, rule, False)
        made[f"auc_{motif}"] = auc_interval(found.y, found.scores[name], n_unit=N_UNIT)
        made[f"over_{motif}"] = compare_auc(
            found.y, found.scores[whole], found.scores[name], n_unit=N_UNIT
        ).effect
    best = min(others, key=lambda motif: made[f"over_{motif}"].value)
    made["over_best_map"] = made[f"over_{best}"]
    return made


def _against_baselines(found: Findings) -> Metrics:
    """Compare the main cell with each baseline; the largest of them counts."""
    table = found.tables["comparisons"].set_index("baseline")
    made = {}
    for name in BASELINES:
        if name in table.index:
            row = table.loc[name]
            made[f"over_{name}"] = Metric(
                float(row["difference"]), float(row["low"]), float(row["high"]),
                n=int(row["n"]), n_unit=N_UNIT, method=str(row["method"]),
            )  # fmt: skip
    made["over_best_baseline"] = min(made.values(), key=lambda metric: metric.value)
    return made
