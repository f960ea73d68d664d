"""What the three stages of training share: how to run, crops of windows, and the loop."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .._training import Batch, History, train
from ._encoder import DuINEncoder
from ._optimisation import Plan
from ._windows import Windows

N_WATCHED = 64  # windows that are watched where no others are given


@dataclasses.dataclass(frozen=True, kw_only=True)
class How:
    """How to run a stage: nothing here but the seed and the precision changes a number.

    Parameters
    ----------
    random_state : int, default=0
        Seed of order, crops, masks and dropout.
    device : {"auto", "cpu", "cuda"}, default="auto"
        Where to train.
    precision : {"float32", "bfloat16"}, default="float32"
        Arithmetic of matrix products; norms, codes, statistics and losses stay float32.
    n_accumulate : int, default=1
        Parts that a batch is computed in.
    checkpoint : path-like or None, default=None
        Folder to save to and to resume from.
    checkpoint_every : int, default=1
        Epochs between two saves.
    stop_after : int or None, default=None
        Epochs of this call.
    progress : str or None, default=None
        Name beside the progress bar.
    settings : mapping, default=None
        What else a checkpoint must agree in, for example how windows were preprocessed.
    """

    random_state: int = 0
    device: str = "auto"
    precision: str = "float32"
    n_accumulate: int = 1
    checkpoint: Path | str | None = None
    checkpoint_every: int = 1
    stop_after: int | None = None
    progress: str | None = None
    settings: Mapping[str, Any] | None = None


class Data:
    """Crops of training windows, the same whatever the number of processes."""

    def __init__(self, windows: Windows, n_times: int, where: str) -> None:
        if windows.n_samples < n_times:
            raise ValueError(
                f"{where}: windows must hold at least n_times = {n_times} samples, got {windows.n_samples}"
            )
        self.windows, self.n_times = windows, n_times

    def crops(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        room = self.windows.n_samples - self.n_times
        starts = [int(batch.rng(i, "crop").integers(room + 1)) if room else 0 for i in batch.indices]
        signals = self.windows.cut(batch.indices, starts, self.n_times, batch.device)
        return signals, self.windows.subject_tensor(batch.indices, batch.device)

    def centres(self, batch_size: int, device: str, n: int | None = None) -> Any:
        indices = np.arange(len(self.windows) if n is None else min(n, len(self.windows)))
        for first in range(0, len(indices), batch_size):
            part = indices[first : first + batch_size]
            yield (
                part,
                self.windows.centres(part, self.n_times, device),
                self.windows.subject_tensor(part, device),
            )


def anchor(module: DuINEncoder) -> Tensor | float:
    """Return zero with a zero gradient for every weight where a batch may lack subjects.

    Processes average their gradients, so each must have one for the same weights.
    """
    if module.n_subjects == 1:
        return 0.0
    return torch.stack([p.sum() for p in module.parameters() if p.requires_grad]).sum() * 0.0


def run_stage(
    module: DuINEncoder,
    loss: Callable[[Any, Batch], tuple[Tensor, dict[str, Tensor]]],
    validate: Callable[[Any], Mapping[str, float]],
    windows: Windows,
    plan: Plan,
    how: How,
    monitor: str | None,
    mode: str,
    facts: Mapping[str, Any],
) -> History:
    n_batch = min(plan.batch_size, len(windows))
    settings: dict[str, Any] = {}
    if how.checkpoint is not None:
        settings = {
            "network": type(module).__name__,
            "config": module.config.to_dict(),
            "plan": dataclasses.asdict(plan),
            "data": windows.fingerprint(),
            **facts,
            **(how.settings or {}),
        }
    return train(
        module,
        loss,
        n_samples=len(windows),
        batch_size=plan.batch_size,
        n_epochs=plan.n_epochs,
        optimizer=plan.optimizer(module),
        schedule=plan.schedule(len(windows) // n_batch),
        random_state=how.random_state,
        device=how.device,
        precision=how.precision,
        n_accumulate=how.n_accumulate,
        max_grad_norm=plan.max_grad_norm,
        validate=validate,
        monitor=monitor,
        mode=mode,
        checkpoint=how.checkpoint,
        checkpoint_every=how.checkpoint_every,
        settings=settings,
        stop_after=how.stop_after,
        progress=how.progress,
    )


def adopt_best(module: DuINEncoder, history: History) -> None:
    if history.finished and history.best is not None:
        module.load_state_dict(history.best)


def window_length(module: DuINEncoder) -> int:
    if module.n_times is None:
        raise ValueError(
            f"{type(module).__name__}: n_times must be a number of samples to be trained, got None"
        )
    return module.n_times
