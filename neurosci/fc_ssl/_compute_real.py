"""Tables on people: baselines of everybody, arms on sites that pre-training has not seen, labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.context import Context
from neurosci._core.random import spawn
from neurosci.preprocessing.surrogates import phase_randomized

from ._arms import ARMS, Encoder, Pretraining, pretrain
from ._cells import Curve, Folds, Training, run_curve, run_folds, run_training
from ._cohort import Cohort
from ._compute import Findings, digest
from ._features import ConnectivityFeatures

if TYPE_CHECKING:
    import pandas as pd

LOW_MOTION = 0.2
"""Mean framewise displacement, in mm, below which people count as still."""
REGION_SHOWN = 12
BLOCKS = {"everybody": "all sites", "downstream": "held-out sites"}


def encoder_of(found: Findings, device: str) -> Encoder:
    """Return the sizes of the encoder for scans of people."""
    p = found.params
    return Encoder(
        round(p.window_s / p.t_r), round(p.step_s / p.t_r), p.density, p.hidden_dim, p.n_layers, p.node_input,
        p.n_windows, p.epochs, p.batch_size, p.lr, device,
    )  # fmt: skip


def compute(found: Findings, context: Context) -> None:
    """Add every table of people."""
    import pandas as pd

    cohort = found.cohort
    assert cohort is not None  # noqa: S101 (for mypy: the caller has looked)
    inputs = digest(*cohort.raw)
    everybody = _everybody(found, cohort, context, inputs)
    features = _connectivity(found, cohort)
    records = _pretrained(found, cohort, context, inputs)
    downstream = _downstream(found, cohort, context, inputs, features, records)
    found.tables["scores"] = pd.concat([everybody, downstream], ignore_index=True)
    found.comparisons["labels"] = _labels(found, cohort, context, inputs, features, records)
    found.tables["reconstruction"], found.tables["losses"] = reconstruction_tables(
        {arm: records[arm, 0] for arm in ARMS}
    )
    found.tables["regions"] = _regions(found, cohort, context, inputs)
    seen = np.concatenate([cohort.pool, cohort.held_out, cohort.downstream])
    flat = [bool((np.ptp(cohort.scans[row], axis=0) == 0).any()) for row in seen]
    found.numbers |= {
        "n_constant": float(sum(flat)),
        "n_pool": float(len(cohort.pool)),
        "n_downstream": float(len(cohort.downstream)),
        "n_everybody": float(len(cohort.table)),
        "n_held_out": float(len(cohort.held_out)),
    }


def _everybody(found: Findings, cohort: Cohort, context: Context, inputs: str) -> pd.DataFrame:
    """Score static connectivity and confounds over all people, by the published recipe of the baseline."""
    p = found.params
    static = ConnectivityFeatures()
    raw, clean = static.fit_transform(cohort.raw), static.fit_transform(cohort.filtered)
    motion = np.log(cohort.table["mean_fd"].to_numpy(float))
    motion = np.where(np.isfinite(motion), motion, np.nanmedian(motion))
    items: dict[str, Folds] = {}
    for target in p.targets:
        kind, y = cohort.target(target)
        features = clean if target == "diagnosis" else raw
        models: dict[str, Any] = {"static": features, "confounds": cohort.confounds(target)}
        permuted: tuple[str, ...] = ()
        if target == "diagnosis":
            models["static_motion"] = np.column_stack([features, motion]).astype(np.float32)
            permuted = ("static",)
        settings: dict[str, Any] = {"n_bootstrap": p.n_bootstrap, "seed": p.seed, "kind": kind}
        items[f"{target}, {p.n_folds} folds"] = Folds(
            models, y, cv=p.n_folds, site=cohort.site, permuted=permuted, **settings
        )
        if target in p.site_out:
            few = {name: models[name] for name in ("static", "confounds")}
            items[f"{target}, one site left out"] = Folds(few, y, cv="site", site=cohort.site, **settings)
        if target == "diagnosis":
            still = (cohort.table["mean_fd"] < LOW_MOTION).to_numpy()
            items[f"{target}, {p.n_folds} folds, still"] = Folds(
                {"static_still": features[still]}, y[still], cv=p.n_folds, site=cohort.site[still], **settings
            )
    records = context.map(run_folds, items, stage="everybody", seed=p.seed, inputs=inputs)
    return _score_table(found, records, "everybody")


def _connectivity(found: Findings, cohort: Cohort) -> dict[str, NDArray[Any]]:
    """Return features that need no model, of the downstream people, from the same seconds as the arms."""
    encoder = encoder_of(found, "cpu")
    scans = cohort.of(cohort.downstream)
    static = ConnectivityFeatures().fit_transform(scans)
    spread = ConnectivityFeatures("sd", window=encoder.window, step=encoder.step).fit(scans)
    seed = found.params.seed
    stationary = [
        phase_randomized(scan, random_state=spawn(seed, "surrogate", str(row)))[0]
        for scan, row in zip(scans, cohort.downstream, strict=True)
    ]
    real = spread.transform(scans)
    return {
        "static": static,
        "sd": real,
        "static_sd": np.hstack([static, real]),
        "sd_surrogate": spread.transform(stationary),
    }


def _pretrained(
    found: Findings, cohort: Cohort, context: Context, inputs: str
) -> dict[tuple[str, int], dict[str, Any]]:
    p = found.params
    encoder = encoder_of(found, context.torch_device())
    keys = [(arm, seed) for seed in range(p.n_seeds) for arm in (*ARMS, *(p.others if seed == 0 else ()))]
    items = {
        f"{arm}, seed {seed}": Pretraining(
            arm, encoder, p.seed + seed, cohort.of(cohort.pool), cohort.of(cohort.downstream),
            held_out=cohort.of(cohort.held_out) if seed == 0 else (),
        )
        for arm, seed in keys
    }  # fmt: skip
    records = context.map(pretrain, items, stage="pretraining", seed=p.seed, inputs=inputs)
    return dict(zip(keys, records.values(), strict=True))


def _downstream(
    found: Findings,
    cohort: Cohort,
    context: Context,
    inputs: str,
    features: dict[str, NDArray[Any]],
    records: dict[tuple[str, int], dict[str, Any]],
) -> pd.DataFrame:
    """Score arms, ridge and confounds over the same folds of people at sites that no arm has seen."""
    p, rows = found.params, cohort.downstream
    items = {}
    for target in p.targets:
        kind, y = cohort.target(target)
        models: dict[str, Any] = dict(features)
        models["confounds"] = cohort.confounds(target).iloc[rows].reset_index(drop=True)
        models |= {arm: records[arm, 0]["features"] for arm in (*ARMS, *p.others)}
        items[target] = Folds(
            models, y[rows], kind, 5, cohort.site[rows],
            permuted=("static", "both") if target == "diagnosis" else (),
            reference="static", n_bootstrap=p.n_bootstrap, seed=p.seed,
        )  # fmt: skip
    made = context.map(run_folds, items, stage="downstream", seed=p.seed, inputs=inputs)
    return _score_table(
        found, {f"{target}, 5 folds": record for target, record in made.items()}, "downstream"
    )


def _score_table(found: Findings, records: dict[str, dict[str, Any]], block: str) -> pd.DataFrame:
    import pandas as pd

    parts = []
    for name, record in records.items():
        target, protocol = name.split(", ")[:2]
        columns = {key: value for key, value in record.items() if not key.startswith("compare ")}
        parts.append(pd.DataFrame(columns).assign(people=BLOCKS[block], target=target, protocol=protocol))
        compared = {k.removeprefix("compare "): v for k, v in record.items() if k.startswith("compare ")}
        if len(compared.get("model", ())):
            found.comparisons[f"{block} {target}"] = pd.DataFrame(compared)
    table = pd.concat(parts, ignore_index=True)
    first = ["people", "target", "protocol", "model", "metric"]
    return table[[*first, *[name for name in table if name not in first]]]


def _labels(
    found: Findings,
    cohort: Cohort,
    context: Context,
    inputs: str,
    features: dict[str, NDArray[Any]],
    records: dict[tuple[str, int], dict[str, Any]],
) -> pd.DataFrame:
    import pandas as pd

    p, rows = found.params, cohort.downstream
    items, keys = {}, []
    for target in p.targets:
        kind, y = cohort.target(target)
        for seed in range(p.n_seeds):
            models = {name: features[name] for name in ("static", "sd")} if seed == 0 else {}
            models |= {arm: records[arm, seed]["features"] for arm in ARMS}
            keys.append((target, seed))
            items[f"{target}, seed {seed}"] = Curve(
                models, y[rows], kind, cohort.site[rows], p.sizes, p.n_test, p.n_resamples, p.seed
            )
    made = context.map(run_curve, items, stage="labels", seed=p.seed, inputs=inputs)
    parts = []
    for (target, seed), record in zip(keys, made.values(), strict=True):
        table = pd.DataFrame(record)
        score = table["r"] if "r" in table else table["auc"]
        parts.append(table.assign(panel=target, seed=seed, score=score))
    return pd.concat(parts, ignore_index=True)


def reconstruction_tables(records: dict[str, dict[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return errors and areas of what was hidden, by arm and predictor, and the losses of each epoch."""
    import pandas as pd
    from scipy.stats import t as student

    rows, losses = [], []
    for arm, record in records.items():
        for key, values in record.items():
            words = key.split()
            if words[0] in ("spatial", "temporal") and len(words) == 3:
                mean, n = float(np.mean(values)), len(values)
                half = float(student.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n))
                rows.append(
                    {
                        "arm": arm,
                        "branch": words[0],
                        "predictor": words[1],
                        "score": words[2],
                        "value": mean,
                        "low": mean - half,
                        "high": mean + half,
                        "n": n,
                    }
                )
            elif key in ("node_spatial", "edge_spatial", "node_temporal", "edge_temporal"):
                losses += [
                    {"arm": arm, "loss": key, "epoch": epoch + 1, "value": float(value)}
                    for epoch, value in enumerate(values)
                ]
    return pd.DataFrame(rows), pd.DataFrame(losses)


def _regions(found: Findings, cohort: Cohort, context: Context, inputs: str) -> pd.DataFrame:
    """Return where a classifier of the diagnosis, trained with the labels, looks: means of both groups."""
    import pandas as pd

    p, rows = found.params, cohort.downstream
    _, y = cohort.target("diagnosis")
    n_test = len(rows) // 3
    order = np.random.default_rng(p.seed).permutation(rows)
    item = Training(
        encoder_of(found, context.torch_device()), None, cohort.of(order), y[order].astype(np.int64), n_test,
        (len(rows) - n_test,), p.supervised_epochs, p.seed, attention=True,
    )  # fmt: skip
    (record,) = context.map(
        run_training, {"diagnosis": item}, stage="regions", seed=p.seed, inputs=inputs
    ).values()
    node = np.nanmean(record["node"], axis=1)
    patient = y[order][len(order) - n_test :]
    found.numbers["supervised_auc"] = float(record["auc"][0])
    found.numbers["supervised_n"] = float(n_test)
    difference = node[patient].mean(axis=0) - node[~patient].mean(axis=0)
    error = np.sqrt(
        node[patient].var(axis=0, ddof=1) / patient.sum()
        + node[~patient].var(axis=0, ddof=1) / (~patient).sum()
    )
    return pd.DataFrame(
        {
            "region": cohort.region_names,
            "patients": node[patient].mean(axis=0).round(5),
            "controls": node[~patient].mean(axis=0).round(5),
            "t": (difference / np.where(error > 0, error, np.inf)).round(3),
        }
    )
