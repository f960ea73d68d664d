"""Tables on the generator, whose truth is known: arms, labels, ablation, missing time, attention, size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.context import Context
from neurosci._core.random import spawn
from neurosci.stats import auc_interval

from ._arms import ARMS, Encoder, Pretraining, pretrain, restored
from ._cells import Curve, Folds, Training, model_for, run_curve, run_folds, run_training
from ._compute import Findings
from ._compute_real import reconstruction_tables
from ._features import ConnectivityFeatures
from ._generator import make_switching_fc
from ._size import stream

if TYPE_CHECKING:
    import pandas as pd

TASKS = ("dwell", "order")
MAIN = "dwell"


def encoder_of(found: Findings, device: str) -> Encoder:
    """Return the sizes of the encoder for synthetic scans; the time code is needed for their order."""
    p = found.params
    return Encoder(
        p.synthetic_window, p.synthetic_step, p.density, p.hidden_dim, p.n_layers, "time",
        p.n_windows, p.synthetic_epochs, p.batch_size, p.lr, device,
    )  # fmt: skip


def people(found: Findings, task: str, seed: int) -> Any:
    """Return the labelled scans of a task."""
    p = found.params
    return make_switching_fc(
        p.synthetic_people, task=task, n_times=p.synthetic_times,
        random_state=spawn(p.seed, "people", task, str(seed)),
    )  # fmt: skip


def unlabelled(found: Findings, seed: int) -> list[NDArray[np.float32]]:
    """Return scans of both tasks, half of each, whose states are the same."""
    p = found.params
    made = [
        make_switching_fc(
            max(2, p.synthetic_pool // len(TASKS)), task=task, n_times=p.synthetic_times,
            random_state=spawn(p.seed, "pool", task, str(seed)),
        ).X
        for task in TASKS
    ]  # fmt: skip
    return [scan for scans in zip(*made, strict=True) for scan in scans]


def compute(found: Findings, context: Context) -> None:
    """Add every table of the generator."""
    import pandas as pd

    p = found.params
    records = _pretrained(found, context)
    scores, labels = [], []
    for seed in range(p.synthetic_seeds):
        for place, task in enumerate(TASKS):
            features = _features(found, task, seed, records, place)
            y = people(found, task, seed).y.astype(bool)
            if seed == 0:
                scores.append(_folds(found, context, task, features, y))
            labels.append(_curve(found, context, task, seed, features, y))
    scores.append(_control(found, context))
    if p.fine_tune:
        labels += _fine_tuned(found, context, records)
    table = pd.concat(scores, ignore_index=True)
    found.tables["scores"] = (
        pd.concat([found.tables["scores"], table], ignore_index=True) if "scores" in found.tables else table
    )
    curves = pd.concat(labels, ignore_index=True)
    known = found.comparisons.get("labels")
    found.comparisons["labels"] = curves if known is None else pd.concat([known, curves], ignore_index=True)
    found.tables["labels"] = _summary(found)
    if "losses" not in found.tables:
        found.tables["reconstruction"], found.tables["losses"] = reconstruction_tables(
            {arm: records[arm, 0] for arm in ARMS}
        )
    found.tables["ablation"] = _ablation(found, context, records)
    found.tables["missing"] = _missing(found, records)
    if p.n_streamed:
        (record,) = context.map(stream, {"store": p.n_streamed}, stage="streaming", seed=p.seed).values()
        found.tables["streaming"] = pd.DataFrame(record)
    found.tables["switches"] = _switches(found, context, records)


def _pretrained(found: Findings, context: Context) -> dict[tuple[str, int], dict[str, Any]]:
    p = found.params
    encoder = encoder_of(found, context.torch_device())
    keys = [(arm, seed) for seed in range(p.synthetic_seeds) for arm in ARMS]
    items = {f"{arm}, data set {seed}": _item(found, encoder, arm, seed) for arm, seed in keys}
    records = context.map(pretrain, items, stage="synthetic pretraining", seed=p.seed)
    return dict(zip(keys, records.values(), strict=True))


def _item(found: Findings, encoder: Encoder, arm: str, seed: int, **changes: Any) -> Pretraining:
    """Return one pre-training; the features wanted are those of all tasks, one after another."""
    p = found.params
    scans = [scan for task in reversed(TASKS) for scan in people(found, task, seed).X]
    pool = unlabelled(found, seed)
    held_out = pool[::12] if seed == 0 and not found.real and not changes else []
    return Pretraining(
        arm, encoder, p.seed + seed, pool if not held_out else [s for i, s in enumerate(pool) if i % 12],
        scans, held_out=held_out,
        missing=tuple(m for m in p.missing if m) if seed == 0 and not changes else (),
        n_missing=p.synthetic_test, changes=changes,
    )  # fmt: skip


def _rows(found: Findings, place: int) -> slice:
    """Return the rows of a task in the features of a pre-training: the main task comes last."""
    n = found.params.synthetic_people
    first = (len(TASKS) - 1 - place) * n
    return slice(first, first + n)


def _features(
    found: Findings, task: str, seed: int, records: dict[tuple[str, int], dict[str, Any]], place: int
) -> dict[str, NDArray[Any]]:
    made = _baseline_features(found, people(found, task, seed).X)
    return made | {arm: records[arm, seed]["features"][_rows(found, place)] for arm in ARMS}


def _baseline_features(found: Findings, X: NDArray[Any]) -> dict[str, NDArray[Any]]:
    p = found.params
    spread = ConnectivityFeatures("sd", window=p.synthetic_window, step=p.synthetic_step)
    return {"static": ConnectivityFeatures().fit_transform(X), "sd": spread.fit_transform(X)}


def _folds(
    found: Findings, context: Context, task: str, features: dict[str, NDArray[Any]], y: NDArray[np.bool_]
) -> pd.DataFrame:
    import pandas as pd

    p = found.params
    models = dict(features)
    models["deviation"] = features["static"]
    arms = tuple(name for name in ("static", "both") if name in models)
    item = Folds(
        models, y, "classification", 5, None, permuted=arms if task == MAIN else (), reference="static",
        n_bootstrap=p.n_bootstrap, seed=p.seed,
    )  # fmt: skip
    (record,) = context.map(run_folds, {task: item}, stage="synthetic folds", seed=p.seed).values()
    compared = {k.removeprefix("compare "): v for k, v in record.items() if k.startswith("compare ")}
    found.comparisons[f"synthetic {task}"] = pd.DataFrame(compared)
    columns = {key: value for key, value in record.items() if not key.startswith("compare ")}
    table = pd.DataFrame(columns)
    table.insert(0, "people", "synthetic")
    table.insert(1, "target", task)
    table.insert(2, "protocol", "5 folds")
    return table


def _control(found: Findings, context: Context) -> pd.DataFrame:
    """Score the baselines on the task that static connectivity can do."""
    data = people(found, "static", 0)
    return _folds(found, context, "static", _baseline_features(found, data.X), data.y.astype(bool))


def _curve(
    found: Findings, context: Context, task: str, seed: int, features: dict[str, Any], y: NDArray[np.bool_]
) -> pd.DataFrame:
    import pandas as pd

    p = found.params
    item = Curve(
        features, y, "classification", None, p.synthetic_sizes, p.synthetic_test, p.n_resamples, p.seed
    )
    (record,) = context.map(
        run_curve, {f"{task}, data set {seed}": item}, stage="synthetic labels", seed=p.seed
    ).values()
    table = pd.DataFrame(record)
    return table.assign(panel=task, seed=seed, score=table["auc"])


def _fine_tuned(
    found: Findings, context: Context, records: dict[tuple[str, int], dict[str, Any]]
) -> list[pd.DataFrame]:
    """Train encoder and head together, from each arm and at random with as many steps in all."""
    import pandas as pd

    p = found.params
    encoder = encoder_of(found, context.torch_device())
    items, keys = {}, []
    for seed in range(p.synthetic_seeds):
        data = people(found, MAIN, seed)
        steps = int(records["both", seed]["n_steps"])
        for arm in ARMS:
            start = None
            if arm != "untrained":
                start = restored(_item(found, encoder, arm, seed), records[arm, seed])
            keys.append((arm, seed))
            items[f"{arm}, data set {seed}"] = Training(
                encoder, start, list(data.X), data.y, p.synthetic_test, p.synthetic_sizes,
                p.supervised_epochs, p.seed + seed, extra_steps=0 if start is not None else steps,
            )  # fmt: skip
    made = context.map(run_training, items, stage="fine-tuning", seed=p.seed)
    return [
        pd.DataFrame(
            {
                "resample": 0,
                "n_labels": p.synthetic_sizes,
                "model": arm,
                "auc": record["auc"],
                "score": record["auc"],
                "panel": f"{MAIN}, fine-tuned",
                "seed": seed,
            }
        )
        for (arm, seed), record in zip(keys, made.values(), strict=True)
    ]


def _summary(found: Findings) -> pd.DataFrame:
    """Return means of the curves with t intervals over resamples, or data sets where there are several."""
    import pandas as pd
    from scipy.stats import t as student

    p = found.params
    rows = []
    for (panel, model, size), part in found.comparisons["labels"].groupby(
        ["panel", "model", "n_labels"], sort=False
    ):
        # Data sets are drawn anew; seeds of pre-training see the same people, and are averaged.
        unit = "seed" if panel not in p.targets and part["seed"].nunique() > 1 else "resample"
        values = part.groupby(unit)["score"].mean().to_numpy()
        n, mean = len(values), float(values.mean())
        half = float(student.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan
        rows.append(
            {
                "panel": panel,
                "model": model,
                "n_labels": int(size),
                "score": "r" if panel == "age" else "auc",
                "value": mean,
                "low": mean - half,
                "high": mean + half,
                "mae": float(part["mae"].mean()) if "mae" in part else np.nan,
                "n": n,
                "over": "data sets" if unit == "seed" else "resamples",
            }
        )
    return pd.DataFrame(rows)


def _ablation(
    found: Findings, context: Context, records: dict[tuple[str, int], dict[str, Any]]
) -> pd.DataFrame:
    """Score the main task with one choice of pre-training changed at a time."""
    import pandas as pd

    p = found.params
    encoder = encoder_of(found, context.torch_device())
    y = people(found, MAIN, 0).y.astype(bool)
    default = {
        "edge_mask_ratio": 0.5,
        "node_mask_ratio": 0.5,
        "lambda_temporal": 1.0,
        "min_gap": p.synthetic_gap,
        "leak_time_code": False,
    }
    wanted: dict[str, tuple[Any, ...]] = {
        "edge_mask_ratio": p.edge_mask_ratios,
        "node_mask_ratio": p.node_mask_ratios,
        "lambda_temporal": p.lambdas,
        "min_gap": p.min_gaps,
        "leak_time_code": (False, True),
    }
    changes = {
        f"{name} {value}": {name: value}
        for name, values in wanted.items()
        for value in values
        if value != default[name]
    }
    items = {name: _item(found, encoder, "both", 0, **change) for name, change in changes.items()}
    made = context.map(pretrain, items, stage="ablation", seed=p.seed)
    place = TASKS.index(MAIN)
    rows = []
    for name, values in wanted.items():
        points = {float(value): made.get(f"{name} {value}", records["both", 0]) for value in values}
        if name == "lambda_temporal":
            points[0.0] = records["spatial", 0]
        for value, record in sorted(points.items()):
            score = _cross_validated(record["features"][_rows(found, place)], y, p.seed)
            area = auc_interval(y, score, n_unit="people")
            rows.append(
                {
                    "choice": name,
                    "setting": value,
                    "default": value == float(default[name]),
                    "auc": area.value,
                    "low": area.low,
                    "high": area.high,
                    "n": len(y),
                }
            )
    return pd.DataFrame(rows)


def _cross_validated(features: NDArray[Any], y: NDArray[np.bool_], seed: int) -> NDArray[np.float64]:
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    return np.asarray(
        cross_val_predict(
            model_for("both", "classification"), features, y, cv=folds, method="decision_function"
        )
    )


def _missing(found: Findings, records: dict[tuple[str, int], dict[str, Any]]) -> pd.DataFrame:
    """Score whole and cut test scans by models that learned from whole ones."""
    import pandas as pd

    p = found.params
    data = people(found, MAIN, 0)
    y = data.y.astype(bool)
    n = p.synthetic_people - p.synthetic_test
    place = TASKS.index(MAIN)
    spread = ConnectivityFeatures("sd", window=p.synthetic_window, step=p.synthetic_step).fit(data.X)
    rows, scores = [], {}
    for arm in (*ARMS, "sd"):
        whole = spread.transform(data.X) if arm == "sd" else records[arm, 0]["features"][_rows(found, place)]
        model = model_for(arm, "classification").fit(whole[:n], y[:n].astype(np.int64))
        for share in p.missing:
            if not share:
                features = whole[n:]
            elif arm == "sd":
                kept = p.synthetic_times - round(share * p.synthetic_times)
                features = spread.transform(data.X[n:, :kept])
            else:
                features = records[arm, 0][f"missing {share:g}"]
            score = model.decision_function(features)
            area = auc_interval(y[n:], score, n_unit="people")
            rows.append(
                {
                    "model": arm,
                    "missing": share,
                    "auc": area.value,
                    "low": area.low,
                    "high": area.high,
                    "n": len(score),
                }
            )
            scores[arm, share] = score
    longest = max(p.missing)
    found.comparisons["missing"] = pd.DataFrame(
        {"y": y[n:], "both": scores["both", longest], "untrained": scores["untrained", longest],
         "whole": scores["both", 0.0]}
    )  # fmt: skip
    return pd.DataFrame(rows)


def _switches(
    found: Findings, context: Context, records: dict[tuple[str, int], dict[str, Any]]
) -> pd.DataFrame:
    """Return the attention that each window of synthetic test scans gets, and how much of it is one state."""
    import pandas as pd

    from neurosci.preprocessing.connectivity import window_starts

    p = found.params
    data = people(found, MAIN, 0)
    n_test = p.synthetic_test
    encoder = encoder_of(found, context.torch_device())
    start = restored(_item(found, encoder, "both", 0), records["both", 0])
    item = Training(
        encoder, start, list(data.X), data.y, n_test,
        (p.synthetic_people - n_test,), p.supervised_epochs, p.seed, attention=True,
    )  # fmt: skip
    (record,) = context.map(run_training, {"attention": item}, stage="attention", seed=p.seed).values()
    found.numbers["attention_auc"] = float(record["auc"][0])
    starts = window_starts(p.synthetic_times, p.synthetic_window, p.synthetic_step)
    z = data.z[len(data.z) - n_test :]
    received = record["time"].mean(axis=1) * len(starts)
    rows = []
    for person in range(n_test):
        for place, start in enumerate(starts):
            states = np.bincount(z[person, start : start + p.synthetic_window])
            rows.append(
                {
                    "person": person + 1,
                    "window": place + 1,
                    "class": int(data.y[len(data.y) - n_test + person]),
                    "purity": round(float(states.max() / p.synthetic_window), 3),
                    "attention": round(float(received[person, place]), 4),
                }
            )
    return pd.DataFrame(rows)
