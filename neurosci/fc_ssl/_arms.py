"""The arms that are compared: how each is pre-trained, on the same scans, for the same number of steps."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._other_pretrainers import STJEMA, GraphPretrainer
from ._stmae import STMAE
from ._trivial import reconstruction_scores

WEIGHT = "weight "
ARMS = ("untrained", "spatial", "temporal", "both", "contrastive")
OTHERS = ("jema", "dgi", "gae", "vgae", "graphmae")
"""Further pre-trainers: joint embedding, and tasks on the graph of the whole scan."""
LABELS = {
    "untrained": "random encoder",
    "spatial": "spatial",
    "temporal": "temporal",
    "both": "spatial and temporal",
    "contrastive": "contrastive",
    "static": "static ridge",
    "sd": "sd-of-dFC ridge",
    "static_sd": "static and sd ridge",
    "confounds": "confounds only",
    "supervised": "supervised from scratch",
}


@dataclass(frozen=True)
class Encoder:
    """Sizes of the encoder and of its training; equal for all arms."""

    window: int
    step: int
    density: float
    hidden_dim: int
    n_layers: int
    node_input: str
    n_windows: int
    max_epochs: int
    batch_size: int
    lr: float
    device: str = "cpu"

    def build(self, arm: str, seed: int, **changes: Any) -> Any:
        """Return the pre-trainer of an arm."""
        shared = {
            "window": self.window,
            "step": self.step,
            "density": self.density,
            "hidden_dim": self.hidden_dim,
            "n_layers": self.n_layers,
            "node_input": self.node_input,
            "n_windows": self.n_windows,
            "max_epochs": self.max_epochs,
            "batch_size": self.batch_size,
            "lr": self.lr,
            "device": self.device,
            "random_state": seed,
        }
        if arm == "contrastive":
            return GraphPretrainer("simgrace", **{**shared, **changes})
        if arm == "jema":
            return STJEMA(**{**shared, **changes})
        if arm in OTHERS:
            return GraphPretrainer(arm, graphs="static", **{**shared, **changes})
        branches: dict[str, Any] = {"spatial": {"temporal": False}, "temporal": {"spatial": False}}.get(
            arm, {}
        )
        if arm == "untrained":
            # Nothing is learned, and batch normalisation sees the pool as that of the other arms does.
            branches = {"temporal": False, "lr": 0.0, "weight_decay": 0.0, "max_epochs": 1, "n_windows": 1}
        return STMAE(**{**shared, **branches, **changes})


@dataclass(frozen=True, eq=False)
class Pretraining:
    """One unit: an arm, the scans that it learns from, and those whose features are wanted."""

    arm: str
    encoder: Encoder
    seed: int
    pool: Sequence[NDArray[Any]]
    downstream: Sequence[NDArray[Any]]
    held_out: Sequence[NDArray[Any]] = ()
    pooling: str = "none"
    missing: tuple[float, ...] = ()
    n_missing: int = 0
    changes: dict[str, Any] = field(default_factory=dict)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let no scan be reported for its constant regions: the notes of the report count them once."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*have constant regions", category=UserWarning)
        yield


def pretrain(item: Pretraining, _: np.random.Generator) -> dict[str, Any]:
    """Pre-train one arm; return features, losses, and how well what is hidden is reconstructed."""
    model = item.encoder.build(item.arm, item.seed, **item.changes)
    held_out = list(item.held_out)
    reconstructs = bool(held_out) and item.arm in ("spatial", "temporal", "both")
    with quiet():
        model.fit(list(item.pool), validation=held_out if reconstructs else None)
        return _record(item, model, held_out, reconstructs)


def _record(
    item: Pretraining, model: Any, held_out: list[NDArray[Any]], reconstructs: bool
) -> dict[str, Any]:
    record: dict[str, Any] = {"features": model.transform(list(item.downstream), pool=item.pooling)}
    record["n_steps"] = float(model.n_steps_)
    for name in ("node_spatial", "edge_spatial", "node_temporal", "edge_temporal"):
        column = [row.get(f"validation_{name}", np.nan) for row in model.history_]
        if reconstructs and np.isfinite(column).all():
            record[name] = np.array(column)
    last = list(item.downstream)[len(item.downstream) - item.n_missing :]
    for share in item.missing:
        kept = [scan[: len(scan) - round(share * len(scan))] for scan in last]
        record[f"missing {share:g}"] = model.transform(kept, pool=item.pooling)
    if reconstructs:
        record |= reconstruction_scores(model, list(item.pool), held_out, model._gap())
    return record | {f"{WEIGHT}{name}": value for name, value in model.weights_.items()}


def restored(item: Pretraining, record: dict[str, Any]) -> Any:
    """Return the fitted pre-trainer of a finished unit."""
    model = item.encoder.build(item.arm, item.seed, **item.changes)
    model.n_features_in_ = int(np.shape(item.pool[0])[1])
    model.window_ = item.encoder.window
    model.n_steps_ = int(record["n_steps"])
    model.history_ = []
    model.weights_ = {
        key.removeprefix(WEIGHT): np.asarray(value) for key, value in record.items() if key.startswith(WEIGHT)
    }
    return model
