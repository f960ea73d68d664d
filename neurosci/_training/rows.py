"""What the loop hands to a loss, and what it hands back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from neurosci._core.random import spawn


@dataclass(frozen=True)
class Batch:
    """Which samples a loss is asked for.

    Parameters
    ----------
    indices : numpy.ndarray, shape (n,), int64
        Samples of this process.
    epoch : int
        Epoch, from 0.
    step : int
        Step of the whole training, from 0.
    device : str
        Where tensors belong.
    seed : int
        Seed of the training.
    """

    indices: np.ndarray[Any, np.dtype[np.int64]]
    epoch: int
    step: int
    device: str
    seed: int

    def rng(self, index: int, *names: str) -> np.random.Generator:
        """Return the generator of one sample in this epoch.

        It depends on seed, epoch, sample and names only: crops and masks are the same for any number of
        processes, any order and after a resume.

        Parameters
        ----------
        index : int
            Sample.
        *names : str
            What is drawn.

        Returns
        -------
        numpy.random.Generator
            Generator.
        """
        return spawn(self.seed, "sample", str(self.epoch), str(int(index)), *names)


@dataclass
class History:
    """What a training did.

    Parameters
    ----------
    rows : list of dict
        One per epoch: ``epoch``, ``loss``, what the loss logged (means over the steps), what ``validate``
        returned, and ``lr`` of the last step.
    n_steps : int
        Steps made in all, also in earlier calls.
    seconds : float
        Time of this call.
    best : dict of str to torch.Tensor, default=None
        Weights of the epoch with the best monitored value, on the processor.
    best_epoch : int, default=None
        That epoch.
    finished : bool
        Whether all epochs are done.
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    n_steps: int = 0
    seconds: float = 0.0
    best: dict[str, torch.Tensor] | None = None
    best_epoch: int | None = None
    finished: bool = False
