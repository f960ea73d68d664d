"""Third stage: the classifier learns words, starting from any encoder."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from .._training import Batch, History, resolve_device
from ._classifier import DuINClassifierModule
from ._optimisation import Plan
from ._stage import Data, How, adopt_best, anchor, run_stage, window_length
from ._windows import Windows


def shift(signals: Tensor, shifts: list[int]) -> Tensor:
    """Move each signal in time and fill with zeros.

    Parameters
    ----------
    signals : Tensor of shape (batch, n_chans, n_times)
        Signals.
    shifts : list of int
        Samples to the right, one per item; negative to the left.

    Returns
    -------
    Tensor of shape (batch, n_chans, n_times)
        A new tensor.
    """
    moved = torch.zeros_like(signals)
    n_times = signals.shape[2]
    for out, signal, by in zip(moved, signals, shifts, strict=True):
        out[:, max(0, by) : n_times + min(0, by)] = signal[:, max(0, -by) : n_times - max(0, by)]
    return moved


class ClassifierLoss:
    """Cross-entropy of shifted trials.

    Parameters
    ----------
    windows : Windows
        Training trials.
    y : ndarray of int64, shape (n_trials,)
        Classes from 0.
    n_times : int
        Samples of a trial.
    max_shift : int
        Largest shift in samples.
    """

    def __init__(self, windows: Windows, y: NDArray[np.int64], n_times: int, max_shift: int) -> None:
        self.data, self.max_shift = Data(windows, n_times, "ClassifierLoss"), max_shift
        self.y = torch.from_numpy(np.asarray(y, dtype=np.int64))

    def __call__(self, module: DuINClassifierModule, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of a batch and what to log."""
        signals, subjects = self.data.crops(batch)
        if self.max_shift:
            largest = self.max_shift
            drawn = [int(batch.rng(i, "shift").integers(-largest, largest + 1)) for i in batch.indices]
            signals = shift(signals, drawn)
        scores, y = module(signals, subjects), self.y[batch.indices].to(batch.device)
        accuracy = (scores.detach().argmax(dim=1) == y).float().mean()
        return functional.cross_entropy(scores, y) + anchor(module), {"accuracy": accuracy}


def train_classifier(
    module: DuINClassifierModule,
    windows: Windows,
    y: NDArray[np.int64],
    plan: Plan,
    how: How,
    *,
    validation: tuple[Windows, NDArray[np.int64]] | None = None,
    max_shift: int = 0,
    keep: str = "last",
) -> History:
    """Train a classifier in place, the encoder included.

    Parameters
    ----------
    module : DuINClassifierModule
        Classifier; start its encoder with ``load_encoder``.
    windows : Windows
        Training trials.
    y : ndarray of int64, shape (n_trials,)
        Classes from 0 to ``n_outputs - 1``.
    plan : Plan
        Optimisation.
    how : How
        Seed, device and checkpoint.
    validation : tuple of Windows and ndarray, default=None
        Trials that are never trained on, and their classes.
    max_shift : int, default=0
        Trials are shifted by up to so many samples in training; 300 is published, at 1000 Hz.
    keep : {"last", "best"}, default="last"
        Whether the weights of the last epoch stay, or those with the highest ``val_accuracy``; needs
        `validation`.

    Returns
    -------
    History
        Per epoch ``loss`` (nats), ``accuracy`` and, with `validation`, ``val_loss`` and ``val_accuracy``.

    Raises
    ------
    ValueError
        If classes are not 0 to ``n_outputs - 1``, or their number is not that of the trials.
    """
    y = np.asarray(y)
    if y.shape != (len(windows),) or not np.issubdtype(y.dtype, np.integer):
        raise ValueError(
            f"train_classifier: y must be {len(windows)} integers, got {y.dtype} of shape {y.shape}"
        )
    if y.min() < 0 or y.max() >= module.n_outputs:
        raise ValueError(
            f"train_classifier: y must lie between 0 and {module.n_outputs - 1}, got {y.min()} to {y.max()}"
        )
    if not 0 <= max_shift < window_length(module):
        raise ValueError(
            f"train_classifier: max_shift must lie between 0 and {window_length(module)}, got {max_shift}"
        )
    if keep == "best" and validation is None:
        raise ValueError("train_classifier: validation must be given for keep='best', got None")
    loss = ClassifierLoss(windows, y.astype(np.int64), window_length(module), max_shift)
    device = resolve_device(how.device)

    def validate(module: DuINClassifierModule) -> dict[str, float]:
        if validation is None:
            return {}
        scores = predict_scores(module, validation[0], plan.batch_size, device)
        wanted = torch.from_numpy(np.asarray(validation[1], dtype=np.int64))
        return {
            "val_loss": float(functional.cross_entropy(scores, wanted)),
            "val_accuracy": float((scores.argmax(dim=1) == wanted).float().mean()),
        }

    facts = {"y": y.tolist(), "max_shift": max_shift, "head": module.head}
    monitor = "val_accuracy" if keep == "best" else None
    history = run_stage(module, loss, validate, windows, plan, how, monitor, "max", facts)
    adopt_best(module, history)
    return history


@torch.no_grad()
def predict_scores(
    module: DuINClassifierModule, windows: Windows, batch_size: int = 64, device: str = "cpu"
) -> Tensor:
    """Return the scores of trials in evaluation mode.

    Parameters
    ----------
    module : DuINClassifierModule
        Classifier.
    windows : Windows
        Trials.
    batch_size : int, default=64
        Trials at a time.
    device : str, default="cpu"
        Where the module is.

    Returns
    -------
    Tensor of shape (n_trials, n_outputs)
        Scores on the processor, float32.
    """
    module.to(device).eval()
    data = Data(windows, window_length(module), "predict_scores")
    return torch.cat([module(x, s).float().cpu() for _, x, s in data.centres(batch_size, device)])
