"""Batches of windows for a task, and its losses on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from neurosci._training import Batch

from ._batches import KeptGraphs, Windows, gather
from ._encoder import GraphEncoder
from ._objective import Objective, Outcome
from ._scans import Scans


class Pretraining(nn.Module):
    """An encoder and its task, trained together.

    Parameters
    ----------
    encoder : GraphEncoder
        Encoder.
    objective : Objective
        Task.
    """

    def __init__(self, encoder: GraphEncoder, objective: Objective) -> None:
        super().__init__()
        self.encoder = encoder
        self.objective = objective


@dataclass(frozen=True)
class Sampler:
    """Windows of scans as a task asks for them.

    Parameters
    ----------
    scans : Scans
        Scans.
    density : float
        Share of pairs that become edges.
    whole : bool
        Whether the graph of a scan is one of all its frames.
    batch_size : int
        Scans of a validation batch.
    seed : int
        Seed of what is drawn in validation.
    kept : KeptGraphs, default=None
        Graphs of earlier epochs.
    """

    scans: Scans
    density: float
    whole: bool
    batch_size: int
    seed: int
    kept: KeptGraphs | None = None

    def loss(self, module: Pretraining, batch: Batch) -> Outcome:
        """Return the loss of a batch, and its parts.

        Parameters
        ----------
        module : Pretraining
            Encoder and task.
        batch : Batch
            Scans.

        Returns
        -------
        loss : torch.Tensor of shape ()
            Loss.
        parts : dict of str to torch.Tensor of shape ()
            Parts.
        """
        group = [int(i) for i in batch.indices]
        return self._outcome(module, group, [batch.rng(i, "task") for i in group], batch.device)

    def validate(self, module: Pretraining) -> dict[str, float]:
        """Return the mean losses of all scans; what is hidden is the same each time.

        Parameters
        ----------
        module : Pretraining
            Encoder and task.

        Returns
        -------
        dict of str to float
            Loss and its parts, as ``validation_loss`` and so on.
        """
        sums: dict[str, float] = {}
        device = str(next(module.parameters()).device)
        for first in range(0, len(self.scans), self.batch_size):
            group = list(range(first, min(first + self.batch_size, len(self.scans))))
            rngs = [np.random.default_rng([self.seed, i]) for i in group]
            total, parts = self._outcome(module, group, rngs, device)
            for name, value in {"loss": total, **parts}.items():
                sums[name] = sums.get(name, 0.0) + float(value) * len(group) / len(self.scans)
        return {f"validation_{name}": value for name, value in sums.items()}

    def windows(
        self,
        group: Sequence[int],
        starts: Sequence[NDArray[np.int64]],
        *,
        profiles: bool,
        device: str = "cpu",
    ) -> Windows:
        """Return windows of some scans.

        Parameters
        ----------
        group : sequence of int
            Scans.
        starts : sequence of ndarray of int64
            First frames of the windows of each.
        profiles : bool
            Whether correlations are kept.
        device : str, default="cpu"
            Where the tensors belong.

        Returns
        -------
        Windows
            Windows.
        """
        lengths = [self.scans.windows[i] for i in group]
        series = [self.scans.series(i) for i in group]
        return gather(
            series, starts, lengths, self.density,
            profiles=profiles, device=device, kept=self.kept, group=group,
        )  # fmt: skip

    def _outcome(
        self, module: Pretraining, group: list[int], rngs: list[np.random.Generator], device: str
    ) -> Outcome:
        profiles = module.objective.uses_profiles or module.encoder.profile is not None
        if self.whole:
            windows = self._whole(group, rngs, profiles, device)
        else:
            available = [self.scans.starts(i, rng) for i, rng in zip(group, rngs, strict=True)]
            chosen = [
                starts[module.objective.draw(rng, len(starts))]
                for starts, rng in zip(available, rngs, strict=True)
            ]
            windows = self.windows(group, chosen, profiles=profiles, device=device)
        outcome: Outcome = module.objective(module.encoder, windows, rngs)
        return outcome

    def _whole(
        self, group: list[int], rngs: list[np.random.Generator], profiles: bool, device: str
    ) -> Windows:
        n_frames, crops = self.scans.n_frames, self.scans.crops
        lengths = [crops[i] if crops else n_frames[i] for i in group]
        starts = [
            np.array([rng.integers(n_frames[i] - length + 1)])
            for i, length, rng in zip(group, lengths, rngs, strict=True)
        ]
        series = [self.scans.series(i) for i in group]
        return gather(series, starts, lengths, self.density, profiles=profiles, device=device)
