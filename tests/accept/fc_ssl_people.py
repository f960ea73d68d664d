"""Does the temporal task help on people? The pre-trained encoder minus the untrained one, at sites apart.

Pre-training sees the scans of the other sites of ABIDE, the few labels are of the 390 people of the six sites
that the analysis predicts at. Units are five seeds of pre-training, the models without one, and the summary,
which reads what they saved: differences are averaged over seeds, paired over 20 resamples of labels and test
set, with Nadeau and Bengio's interval since resamples share people, at a level that holds for the three
targets together. The gate is that its lower end is above 0 for all three with 240 labels; where it does not
hold, the summary says so, and the run passes: that is a finding about people, not an error of the code. Half
a minute of one core for each seed.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from benchmarks.machine import ROOT

N_SEEDS, N_RESAMPLES = 5, 20
TARGETS = {"diagnosis": "auc", "sex": "auc", "age": "r"}
SIZES, N_TEST = (60, 240), 150
# 113 frames of 2 s make six windows of 32 frames, so that a triple without a shared frame exists
LENGTHS = {"seconds": 224.0, "window_s": 64.0, "step_s": 32.0}


def units() -> list[str]:
    """Return one unit for each seed, the models without one, and the summary."""
    return [*(f"seed {seed}" for seed in range(N_SEEDS)), "no encoder", "summary"]


def run_unit(name: str) -> dict[str, Any]:
    """Run one unit."""
    if name == "summary":
        return summary()
    scores = without() if name == "no encoder" else pretrained(int(name.split()[1]))
    return {"passed": all(np.isfinite(list(row.values())).all() for row in scores.values()), **scores}


def people() -> Any:
    """Return the cohort, the pool being everybody at the other sites who moved little."""
    from neurosci.datasets import fetch_abide_ho110
    from neurosci.fc_ssl._cohort import prepare
    from neurosci.fc_ssl.analysis import FcSslParams

    return prepare(fetch_abide_ho110(), FcSslParams(data="abide", n_pool=0, **LENGTHS))


def pretrained(seed: int) -> dict[str, dict[str, Any]]:
    """Score the frozen encoder after the temporal task, and before any."""
    import torch

    from neurosci.fc_ssl._arms import Encoder, quiet

    torch.set_num_threads(1)
    cohort = people()
    encoder = Encoder(32, 16, 0.3, 32, 2, "region", 2, 6, 8, 3e-3)
    features = {}
    with quiet():
        for arm in ("untrained", "temporal"):
            model = encoder.build(arm, seed).fit(cohort.of(cohort.pool))
            scans = cohort.of(cohort.downstream)
            features[arm] = model.transform(scans, pool="none")
            features[f"{arm}, pooled"] = model.transform(scans)
    return scored(cohort, features)


def without() -> dict[str, dict[str, Any]]:
    """Score static connectivity, the mean and the spread of windows, and confounds."""
    from neurosci.fc_ssl import ConnectivityFeatures

    cohort = people()
    scans = cohort.of(cohort.downstream)
    kinds = {"static": "static", "mean of windows": "mean", "sd of windows": "sd"}
    features = {
        name: ConnectivityFeatures(kind, window=32, step=16).fit_transform(scans)
        for name, kind in kinds.items()
    }
    return scored(cohort, features)


def scored(cohort: Any, features: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return scores over the resamples by target, size and model."""
    from neurosci.fc_ssl import label_efficiency
    from neurosci.fc_ssl._cells import model_for

    rows, scores = cohort.downstream, {}
    for target, score in TARGETS.items():
        kind, y = cohort.target(target)
        models: dict[str, Any] = {name: (model_for(name, kind), X) for name, X in features.items()}
        if "static" in features:
            known = cohort.confounds(target).iloc[rows].reset_index(drop=True)
            models["confounds"] = (model_for("confounds", kind), known)
        table = label_efficiency(
            models, y[rows], SIZES, n_test=N_TEST, n_resamples=N_RESAMPLES, kind=kind, site=cohort.site[rows]
        )
        for (size, name), part in table.groupby(["n_labels", "model"]):
            scores[f"{target}, {size} labels, {name}"] = {
                str(i): round(float(value), 4) for i, value in zip(part["resample"], part[score], strict=True)
            }
    return scores


def saved(name: str) -> dict[str, dict[str, float]]:
    """What a unit saved, or its result where it was not run."""
    path = ROOT / "accept" / "fc_ssl_people-units" / f"{name.replace(' ', '-')}.json"
    if not path.is_file():
        return without() if name == "no encoder" else pretrained(int(name.split()[1]))
    unit = json.loads(path.read_text(encoding="utf-8"))
    return {key: row for key, row in unit.items() if isinstance(row, dict)}


def summary() -> dict[str, Any]:
    """Temporal minus untrained for each target, and the levels of all models."""
    from neurosci.stats import compare_scores

    seeds, others = [saved(f"seed {seed}") for seed in range(N_SEEDS)], saved("no encoder")

    def values(name: str) -> np.ndarray:
        """Return scores by seed and resample."""
        sets = [others] if name in others else seeds
        return np.array([[scores[name][str(i)] for i in range(N_RESAMPLES)] for scores in sets])

    gains, levels = {}, {name: round(float(values(name).mean()), 4) for name in (*seeds[0], *others)}
    for target in TARGETS:
        for size in SIZES:
            for pool in ("", ", pooled"):
                arms = [values(f"{target}, {size} labels, {a}{pool}") for a in ("temporal", "untrained")]
                effect = compare_scores(
                    *(arm.mean(axis=0) for arm in arms), method="corrected_t", test_ratio=N_TEST / size,
                    level=1 - 0.05 / len(TARGETS), n_unit="resamples",
                ).effect  # fmt: skip
                gains[f"{target}, {size} labels{pool}"] = {
                    "value": effect.value, "low": effect.low, "high": effect.high, "n": effect.n,
                    "by seed": np.subtract(*arms).mean(axis=1).round(4).tolist(),
                }  # fmt: skip
    main = [gains[f"{target}, {max(SIZES)} labels"] for target in TARGETS]
    beaten = {
        target: levels[f"{target}, {max(SIZES)} labels, temporal"]
        > levels[f"{target}, {max(SIZES)} labels, static"]
        for target in TARGETS
    }
    return {
        "passed": bool(np.isfinite([x["low"] for x in gains.values()]).all()),
        "gate held": all(gain["low"] > 0 for gain in main),
        "better than static ridge": beaten,
        "gains": gains,
        "levels": levels,
    }
