"""Units of work: one evaluation over folds, one curve over labels, one training with labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosci._core.random import spawn
from neurosci.stats import bootstrap_interval

from ._arms import Encoder, quiet
from ._baselines import make_confound_model, make_connectivity_ridge
from ._compute import as_record
from ._evaluation import evaluate
from ._label_efficiency import label_efficiency

SCORES = ("model", "metric", "value", "low", "high", "n", "fold_mean", "fold_sd", "method")
"""Columns of the scores of `evaluate`."""


@dataclass(frozen=True, eq=False)
class Folds:
    """Inputs of one evaluation over folds."""

    inputs: dict[str, Any]
    y: NDArray[Any]
    kind: str
    cv: int | str
    site: NDArray[Any] | None
    permuted: tuple[str, ...] = ()
    reference: str | None = None
    n_bootstrap: int = 300
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Curve:
    """Inputs of one curve over numbers of labels."""

    inputs: dict[str, Any]
    y: NDArray[Any]
    kind: str
    site: NDArray[Any] | None
    sizes: tuple[int, ...]
    n_test: int
    n_resamples: int
    seed: int


@dataclass(frozen=True, eq=False)
class Training:
    """Inputs of one training of encoder and head with labels, from a fitted pre-trainer or from nothing.

    What starts from nothing gets the steps of pre-training on top, so that all arms are trained as long.
    """

    encoder: Encoder
    start: Any
    scans: Sequence[NDArray[Any]]
    y: NDArray[Any]
    n_test: int
    sizes: tuple[int, ...]
    epochs: int
    seed: int
    extra_steps: int = 0
    attention: bool = False


def model_for(name: str, kind: str) -> Any:
    """Return the model that reads the inputs of this name."""
    if name == "confounds":
        return make_confound_model(kind)
    return make_connectivity_ridge(
        kind, deviation=name == "deviation", n_confounds=1 if name == "static_motion" else 0
    )


def _in_years(predictions: pd.DataFrame, item: Folds) -> pd.DataFrame:
    """Return errors of age in years, since what is predicted is its logarithm."""
    rows = []
    for name, part in predictions.groupby("model", sort=False):
        error = np.abs(np.exp(part["score"]) - np.exp(part["y"])).to_numpy(float)
        found = bootstrap_interval(
            error, np.mean, n_resamples=item.n_bootstrap, random_state=spawn(item.seed, "years", str(name))
        )
        rows.append(
            (name, "mae_years", found.value, found.low, found.high, len(part), np.nan, np.nan, found.method)
        )
    return pd.DataFrame(rows, columns=list(SCORES))


def run_folds(item: Folds, _: np.random.Generator) -> dict[str, Any]:
    """Score all models over the same folds."""
    found = evaluate(
        {name: (model_for(name, item.kind), X) for name, X in item.inputs.items()},
        item.y, kind=item.kind, cv=item.cv, site=item.site, permuted=item.permuted, reference=item.reference,
        n_resamples=item.n_bootstrap, random_state=item.seed,
    )  # fmt: skip
    scores = found.scores
    if item.kind == "regression":
        scores = pd.concat([scores, _in_years(found.predictions, item)], ignore_index=True)
    record = as_record(scores)
    return record | {f"compare {name}": column for name, column in as_record(found.comparisons).items()}


def run_curve(item: Curve, _: np.random.Generator) -> dict[str, Any]:
    """Score all models with few labels."""
    return as_record(
        label_efficiency(
            {name: (model_for(name, item.kind), X) for name, X in item.inputs.items()},
            item.y, item.sizes, n_test=item.n_test, n_resamples=item.n_resamples, kind=item.kind,
            site=item.site, random_state=item.seed,
        )
    )  # fmt: skip


def run_training(item: Training, _: np.random.Generator) -> dict[str, Any]:
    """Train encoder and head with labels; the last `n_test` scans are the test set."""
    with quiet():
        return _trained(item)


def _trained(item: Training) -> dict[str, Any]:
    from ._estimators import STAGINClassifier
    from ._scoring import area_within

    scans = list(item.scans)
    test, y_test = scans[len(scans) - item.n_test :], item.y[len(scans) - item.n_test :]
    record: dict[str, Any] = {"auc": np.full(len(item.sizes), np.nan), "n_steps": np.zeros(len(item.sizes))}
    for place, size in enumerate(item.sizes):
        steps = max(1, size // item.encoder.batch_size)
        model = STAGINClassifier(
            item.start, window=item.encoder.window, step=item.encoder.step, density=item.encoder.density,
            hidden_dim=item.encoder.hidden_dim, n_layers=item.encoder.n_layers,
            node_input=item.encoder.node_input, max_epochs=item.epochs + -(-item.extra_steps // steps),
            batch_size=item.encoder.batch_size, lr=item.encoder.lr, orthogonality=0.0, keep_attention=False,
            device=item.encoder.device, random_state=item.seed,
        )  # fmt: skip
        model.fit(scans[:size], item.y[:size])
        score = model.decision_function(test)
        record["auc"][place] = area_within(y_test > 0, score, np.zeros(len(test)))
        record["n_steps"][place] = model.n_steps_
        if item.attention and size == max(item.sizes):
            node, time = model.attention(test)
            record |= {"node": node.mean(axis=1), "time": time.mean(axis=1)}
    return record
