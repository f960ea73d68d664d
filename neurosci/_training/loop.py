"""The training loop of the deep models: plain torch, resumable to the bit, alone or under torchrun."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from neurosci._core.checks import check_option
from neurosci._core.folder import hold_folder
from neurosci._core.random import spawn
from neurosci._training.checkpoint import Checkpoint
from neurosci._training.distributed import (
    average_gradients,
    broadcast,
    join_group,
    rank,
    resolve_device,
    synchronized,
    world_size,
)
from neurosci._training.rows import Batch, History
from neurosci._training.schedules import Schedule
from neurosci._training.seeds import integer_seed, seeded, set_generators

Loss = Callable[[Any, Batch], tuple[torch.Tensor, Mapping[str, torch.Tensor]]]
# A check of the losses waits for a GPU to finish; a processor has finished anyway.
STEPS_BETWEEN_CHECKS = {"cpu": 1, "cuda": 50}
SECONDS_BETWEEN_SAVES = 300.0


def train(
    module: nn.Module,
    loss: Loss,
    *,
    n_samples: int,
    batch_size: int,
    n_epochs: int,
    optimizer: torch.optim.Optimizer,
    schedule: Schedule | None = None,
    random_state: object = 0,
    device: str = "auto",
    precision: str = "float32",
    n_accumulate: int = 1,
    max_grad_norm: float | None = None,
    after_step: Callable[[Any, int], None] | None = None,
    validate: Callable[[Any], Mapping[str, float]] | None = None,
    monitor: str | None = None,
    mode: str = "min",
    checkpoint: Path | str | None = None,
    checkpoint_every: int = 1,
    settings: Mapping[str, Any] | None = None,
    stop_after: int | None = None,
    progress: str | None = None,
) -> History:
    """Train a module in place.

    The last incomplete batch of an epoch is dropped; with fewer samples than `batch_size` there is one batch
    of all. On a processor, and with the same number of threads, one call and an interrupted and resumed one
    give the same bits. Processes that torchrun started share each batch and average their gradients; up to
    rounding the result is that of one process, but for dropout, which each process draws for itself.

    Parameters
    ----------
    module : nn.Module
        What is trained; moved to the device, and left there in evaluation mode.
    loss : callable
        ``loss(module, batch) -> (scalar, dict of scalars to log)``; gets its data by ``batch.indices``.
    n_samples : int
        Samples of an epoch.
    batch_size : int
        Samples of a step over all processes; a multiple of their number times `n_accumulate`.
    n_epochs : int
        Epochs in all.
    optimizer : torch.optim.Optimizer
        Optimiser of the module's parameters.
    schedule : callable, default=None
        ``schedule(step)`` gives options of all parameter groups, such as ``{"lr": 1e-3}``.
    random_state : int, SeedSequence or Generator, default=0
        Seed of order, crops, masks and dropout.
    device : {"auto", "cpu", "cuda"}, default="auto"
        Where to train.
    precision : {"float32", "bfloat16"}, default="float32"
        Arithmetic of what autocast covers; weights stay float32.
    n_accumulate : int, default=1
        Parts that a batch is computed in, one after another, to save memory.
    max_grad_norm : float, default=None
        Longest gradient; ``None`` leaves it alone.
    after_step : callable, default=None
        ``after_step(module, step)``, for example a moving average of weights.
    validate : callable, default=None
        ``validate(module) -> dict of floats`` after every epoch, in evaluation mode without gradients.
    monitor : str, default=None
        Key of what `validate` returns that chooses the best weights.
    mode : {"min", "max"}, default="min"
        Whether less or more of it is better; the first of equal epochs wins.
    checkpoint : path-like, default=None
        Folder to save to and to resume from.
    checkpoint_every : int, default=1
        Epochs between two saves; a long epoch is saved every five minutes.
    settings : mapping, default=None
        What else the result depends on; a folder with other settings is refused.
    stop_after : int, default=None
        Epochs of this call; ``None`` goes to the end.
    progress : str, default=None
        Name beside the progress bar; ``None`` shows none.

    Returns
    -------
    History
        Rows by epoch and the best weights.

    Raises
    ------
    FloatingPointError
        If a loss is not finite; names epoch, step and samples.
    ValueError
        If an argument is outside its range, or the folder holds another training.
    """
    check_option("train", "precision", precision, ("float32", "bfloat16"))
    check_option("train", "mode", mode, ("min", "max"))
    for name, value in (("n_samples", n_samples), ("batch_size", batch_size), ("n_epochs", n_epochs)):
        if value < 1:
            raise ValueError(f"train: {name} must be >= 1, got {value}")
    place = resolve_device(device)
    join_group(place)
    size = min(batch_size, n_samples)
    if size % (world_size() * n_accumulate):
        raise ValueError(
            f"train: batch_size must be a multiple of {world_size()} processes times "
            f"n_accumulate={n_accumulate}, got {size} samples in a batch"
        )
    seed = integer_seed(random_state)
    run = _Run(
        module, loss, optimizer, schedule, seed, place, precision, n_accumulate, max_grad_norm, after_step
    )
    run.plan(n_samples, size, n_epochs)
    facts = {
        "n_samples": n_samples,
        "batch_size": size,
        "n_epochs": n_epochs,
        "random_state": seed,
        "precision": precision,
        "n_accumulate": n_accumulate,
        "max_grad_norm": max_grad_norm,
        **(settings or {}),
    }
    store = Checkpoint(Path(checkpoint), facts) if checkpoint is not None else None
    module.to(place)
    with contextlib.ExitStack() as stack:
        if store is not None and rank() == 0:
            store.folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(hold_folder(store.folder))
        stack.enter_context(seeded(seed))
        stack.enter_context(synchronized(module))
        return run.go(store, checkpoint_every, validate, monitor, mode, stop_after, progress)


class _Run:
    """State of one call of `train`."""

    def __init__(
        self,
        module: nn.Module,
        loss: Loss,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule | None,
        seed: int,
        device: str,
        precision: str,
        n_accumulate: int,
        max_grad_norm: float | None,
        after_step: Callable[[Any, int], None] | None,
    ) -> None:
        self.module, self.loss, self.optimizer, self.schedule = module, loss, optimizer, schedule
        self.seed, self.device, self.n_accumulate = seed, device, n_accumulate
        self.max_grad_norm, self.after_step = max_grad_norm, after_step
        self.low_precision = precision == "bfloat16"
        self.history = History()
        self.sums: dict[str, torch.Tensor] = {}
        self.best_value: float | None = None

    def plan(self, n_samples: int, size: int, n_epochs: int) -> None:
        """Say how many steps there are."""
        self.n_samples, self.size, self.n_epochs = n_samples, size, n_epochs
        self.per_epoch = n_samples // size

    def go(
        self,
        store: Checkpoint | None,
        every: int,
        validate: Callable[[Any], Mapping[str, float]] | None,
        monitor: str | None,
        mode: str,
        stop_after: int | None,
        name: str | None,
    ) -> History:
        """Train from where the folder says to the end."""
        from tqdm.auto import tqdm

        start = time.perf_counter()
        step = self._resume(store)
        broadcast(self.module)
        first_epoch = step // self.per_epoch
        last_epoch = self.n_epochs if stop_after is None else min(self.n_epochs, first_epoch + stop_after)
        hidden = name is None or rank() > 0 or not sys.stderr.isatty()
        saved = time.monotonic()
        with tqdm(
            total=self.n_epochs * self.per_epoch, initial=step, desc=name, disable=hidden, leave=False
        ) as bar:
            for epoch in range(first_epoch, last_epoch):
                order = spawn(self.seed, "order", str(epoch)).permutation(self.n_samples)
                pending: list[tuple[int, torch.Tensor]] = []
                for i in range(step - epoch * self.per_epoch, self.per_epoch):
                    pending.append(
                        (step, self._step(order[i * self.size : (i + 1) * self.size], epoch, step))
                    )
                    step += 1
                    bar.update()
                    if (
                        step % STEPS_BETWEEN_CHECKS[self.device.partition(":")[0]] == 0
                        or i == self.per_epoch - 1
                    ):
                        self._check_finite(pending, order, epoch)
                        pending = []
                        if i < self.per_epoch - 1 and time.monotonic() - saved > SECONDS_BETWEEN_SAVES:
                            self._save(store, step)
                            saved = time.monotonic()
                self._end_epoch(epoch, validate, monitor, mode, store)
                if (epoch + 1) % every == 0 or epoch + 1 == last_epoch:
                    self._save(store, step)
                    saved = time.monotonic()
        self.module.eval()
        self.history.n_steps = step
        self.history.seconds = time.perf_counter() - start
        self.history.finished = step == self.n_epochs * self.per_epoch
        return self.history

    def _step(self, samples: np.ndarray[Any, Any], epoch: int, step: int) -> torch.Tensor:
        """Make one step and return its loss."""
        self.module.train()
        if self.schedule is not None:
            for group in self.optimizer.param_groups:
                group.update(self.schedule(step))
        self.optimizer.zero_grad(set_to_none=True)
        set_generators(self.seed, "step", str(step), str(rank()))
        logged: dict[str, torch.Tensor] = {}
        share = self.size // (self.n_accumulate * world_size())
        for part in range(self.n_accumulate):
            first = (part * world_size() + rank()) * share
            batch = Batch(
                samples[first : first + share].astype(np.int64), epoch, step, self.device, self.seed
            )
            with torch.autocast(self.device.partition(":")[0], torch.bfloat16, enabled=self.low_precision):
                value, extra = self.loss(self.module, batch)
            (value / self.n_accumulate).backward()  # type: ignore[no-untyped-call]
            for key, tensor in {"loss": value, **extra}.items():
                logged[key] = logged.get(key, 0) + tensor.detach().double() / self.n_accumulate
        averaged = average_gradients(self.module, list(logged.values()))
        logged = dict(zip(logged, averaged, strict=True))
        if self.max_grad_norm is not None:
            nn.utils.clip_grad_norm_(self.module.parameters(), self.max_grad_norm)
        self.optimizer.step()
        if self.after_step is not None:
            self.after_step(self.module, step)
        for key, tensor in logged.items():
            self.sums[key] = self.sums[key] + tensor.double() if key in self.sums else tensor.double()
        return logged["loss"]

    def _check_finite(
        self, pending: list[tuple[int, torch.Tensor]], order: np.ndarray[Any, Any], epoch: int
    ) -> None:
        values = torch.stack([value for _, value in pending]).tolist()
        for (step, _), value in zip(pending, values, strict=True):
            if not math.isfinite(value):
                first = (step - epoch * self.per_epoch) * self.size
                samples = ", ".join(str(s) for s in order[first : first + self.size])
                raise FloatingPointError(
                    f"train: the loss must be finite, got {value} in epoch {epoch}, step {step}, "
                    f"samples {samples} (look at these samples, or lower the learning rate)"
                )

    def _end_epoch(
        self,
        epoch: int,
        validate: Callable[[Any], Mapping[str, float]] | None,
        monitor: str | None,
        mode: str,
        store: Checkpoint | None,
    ) -> None:
        row = {"epoch": float(epoch), **{k: float(s) / self.per_epoch for k, s in self.sums.items()}}
        row["lr"] = float(self.optimizer.param_groups[0]["lr"])
        self.sums = {}
        if validate is not None:
            self.module.eval()
            with torch.no_grad():
                row.update({key: float(value) for key, value in validate(self.module).items()})
        self.history.rows.append(row)
        if monitor is None:
            return
        if monitor not in row:
            raise ValueError(f"train: monitor must be one of {', '.join(row)}, got {monitor!r}")
        value = row[monitor]
        if self.best_value is None or (value < self.best_value if mode == "min" else value > self.best_value):
            self.best_value = value
            self.history.best_epoch = epoch
            self.history.best = {k: t.detach().cpu().clone() for k, t in self.module.state_dict().items()}
            if store is not None and rank() == 0:
                store.save_best(self.history.best, epoch)

    def _save(self, store: Checkpoint | None, step: int) -> None:
        if store is None or rank() > 0:
            return
        progress = {
            "step": step,
            "rows": self.history.rows,
            "sums": {key: float(value) for key, value in self.sums.items()},
            "best_epoch": self.history.best_epoch,
            "best_value": self.best_value,
        }
        store.save(self.module, self.optimizer, progress)

    def _resume(self, store: Checkpoint | None) -> int:
        state = store.load(self.module, self.optimizer) if store is not None else None
        if state is None or store is None:
            return 0
        self.history.rows = state["rows"]
        self.history.best_epoch, self.best_value = state["best_epoch"], state["best_value"]
        self.history.best = store.load_best() if state["best_epoch"] is not None else None
        self.sums = {
            key: torch.tensor(value, dtype=torch.float64, device=self.device)
            for key, value in state["sums"].items()
        }
        return int(state["step"])
