"""Numbers of the report with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosci._core.metric import Metric
from neurosci.stats import compare_auc

from ._compute import Findings
from ._compute_synthetic import MAIN, TASKS
from ._label_efficiency import label_gain
from ._scoring import N_UNIT

if TYPE_CHECKING:
    import pandas as pd

Metrics = dict[str, Metric]
RIVALS = ("untrained", "contrastive", "spatial", "temporal", "static", "sd")


def all_metrics(found: Findings) -> Metrics:
    """Return every number that the report speaks of."""
    made: Metrics = {}
    for panel in panels(found):
        made |= _gains(found, panel)
    if found.real:
        made |= _mean_gains(found)
        made |= _dynamics(found, "downstream diagnosis", "real")
    made |= _dynamics(found, f"synthetic {MAIN}", "synthetic")
    made |= _missing(found)
    if "streaming" in found.tables:
        row = found.tables["streaming"].iloc[0]
        made["streaming"] = Metric(
            float(row["growth_percent"]), n=int(row["n_scans"]), unit="%", n_unit="synthetic scans",
            method="measured once",
        )  # fmt: skip
    for (people, target, protocol, model, metric), row in _indexed(found).iterrows():
        made[f"{metric}, {people}, {target}, {protocol}, {model}"] = metric_of(row)
    return made


def panels(found: Findings) -> tuple[str, ...]:
    """Return the panels of the curves, of people first."""
    listed = found.comparisons["labels"]["panel"]
    return tuple(dict.fromkeys(listed))


def metric_of(row: pd.Series) -> Metric:
    """Return one row of the table of scores as a number."""
    low, high = float(row["low"]), float(row["high"])
    known = np.isfinite(low)
    return Metric(
        float(row["value"]), low if known else None, high if known else None, n=int(row["n"]), n_unit=N_UNIT,
        method=str(row["method"]),
    )  # fmt: skip


def score_of(metrics: Metrics, metric: str, people: str, target: str, protocol: str, model: str) -> Metric:
    """Return one score."""
    return metrics[f"{metric}, {people}, {target}, {protocol}, {model}"]


def _indexed(found: Findings) -> pd.DataFrame:
    return found.tables["scores"].set_index(["people", "target", "protocol", "model", "metric"])


def _gains(found: Findings, panel: str) -> Metrics:
    """Return by how much both tasks together score above each other arm, over all numbers of labels."""
    p = found.params
    labels = found.comparisons["labels"]
    part = labels[labels["panel"] == panel]
    if part["resample"].nunique() < 2 and part["seed"].nunique() < 2:
        return {}
    synthetic = panel not in p.targets
    seeds = part["seed"].nunique()
    several = synthetic and seeds > 1
    made = {}
    for rival in RIVALS:
        if rival in set(part["model"]):
            rows = part if several else _over_seeds(part, rival)
            made[f"gain over {rival}, {panel}"] = label_gain(
                rows, "both", rival, score="score", seed="seed" if several else None,
                n_test=None if several else (p.synthetic_test if synthetic else p.n_test),
            )  # fmt: skip
    return made


def _over_seeds(part: pd.DataFrame, rival: str) -> pd.DataFrame:
    """Average the seeds of pre-training, which see the same people; baselines have one."""
    chosen = part[part["model"].isin(["both", rival])]
    return chosen.groupby(["resample", "n_labels", "model"], as_index=False)["score"].mean()


def _mean_gains(found: Findings) -> Metrics:
    """Return the same, averaged over the targets as well: one number, so that nothing is chosen."""
    p = found.params
    labels = found.comparisons["labels"]
    part = labels[labels["panel"].isin(p.targets)]
    made = {}
    for rival in RIVALS:
        made[f"gain over {rival}"] = label_gain(
            _over_seeds(part, rival), "both", rival, score="score", n_test=p.n_test
        )
    return made


def _dynamics(found: Findings, comparison: str, name: str) -> Metrics:
    """Return what the spread of windows adds to static connectivity, and what it has alone."""
    table = found.comparisons[comparison].set_index("model")
    made = {}
    for model in ("static_sd", "sd"):
        if model in table.index:
            row = table.loc[model]
            made[f"{model} over static, {name}"] = Metric(
                float(row["difference"]), float(row["low"]), float(row["high"]), n=int(row["n"]),
                n_unit=N_UNIT, method=str(row["method"]),
            )  # fmt: skip
    return made


def _missing(found: Findings) -> Metrics:
    scores = found.comparisons["missing"]
    y = scores["y"]
    return {
        "missing, both over untrained": compare_auc(
            y, scores["both"], scores["untrained"], n_unit=N_UNIT
        ).effect,
        "missing, loss": compare_auc(y, scores["whole"], scores["both"], n_unit=N_UNIT).effect,
    }


__all__ = ["MAIN", "TASKS", "Metrics", "all_metrics", "metric_of", "panels", "score_of"]
