"""Second stage: the masked model learns to predict the codes of hidden patches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from .._core.random import spawn
from .._training import Batch, History, resolve_device
from ._codes import code_usage
from ._encoder import FoldedSpatialEncoder, cut_patches
from ._mae import DuINMAE, draw_mask
from ._optimisation import Plan
from ._stage import N_WATCHED, Data, How, adopt_best, anchor, run_stage, window_length
from ._vqvae import DuINVQVAE
from ._windows import Windows


class MaskedLoss:
    """Cross-entropy of the codes of hidden patches (or the loss of another target).

    Parameters
    ----------
    windows : Windows
        Training windows.
    tokenizer : DuINVQVAE or None
        Frozen tokenizer; ``None`` where the target is the signals.
    n_times : int
        Samples of a crop.
    """

    def __init__(self, windows: Windows, tokenizer: DuINVQVAE | None, n_times: int) -> None:
        self.data, self.tokenizer = Data(windows, n_times, "MaskedLoss"), tokenizer
        self.folded: dict[int, FoldedSpatialEncoder] = {}

    def targets(self, module: DuINMAE, signals: Tensor, subjects: Tensor | None) -> Tensor:
        """Return what the masked model is to predict for a batch.

        Parameters
        ----------
        module : DuINMAE
            Masked model.
        signals : Tensor of shape (batch, n_chans, n_times)
            Unmasked signals.
        subjects : Tensor of shape (batch,) or None
            Subjects.

        Returns
        -------
        Tensor
            Codes (batch, n_patches), or tokens or samples (batch, n_patches, width).
        """
        if module.target == "signals":
            return cut_patches(signals, signals.shape[2] // module.config.patch_samples).flatten(2)
        tokenizer = self.tokenizer
        if tokenizer is None:
            raise ValueError(f"MaskedLoss: tokenizer must be given for target={module.target!r}, got None")
        with torch.no_grad(), torch.autocast(signals.device.type, enabled=False):
            if module.target == "tokens":
                return tokenizer.transformer(tokenizer.spatial(signals, subjects))  # type: ignore[no-any-return]
            if subjects is not None:
                return tokenizer.codes(signals, subjects)
            if 0 not in self.folded:
                spatial: Any = tokenizer.spatial
                self.folded[0] = spatial.fold()
            return tokenizer.codes(signals, folded=self.folded[0])

    def masks(
        self, module: DuINMAE, indices: NDArray[np.int64], rng: Callable[[int], Any], device: str
    ) -> Tensor:
        """Return one mask per window.

        Parameters
        ----------
        module : DuINMAE
            Masked model.
        indices : ndarray of int64
            Windows.
        rng : callable
            ``rng(index)`` gives the generator of a window.
        device : str
            Where the tensor belongs.

        Returns
        -------
        Tensor of bool, shape (batch, n_patches)
            Patches that the first pass hides.
        """
        n_patches = self.data.n_times // module.config.patch_samples
        drawn = [draw_mask(n_patches, module.config.mask_ratio, rng(int(i))) for i in indices]
        return torch.from_numpy(np.stack(drawn)).to(device)

    def __call__(self, module: DuINMAE, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of a batch and what to log."""
        signals, subjects = self.data.crops(batch)
        masks = self.masks(module, batch.indices, lambda i: batch.rng(i, "mask"), batch.device)
        loss, log = masked_loss(module, signals, masks, self.targets(module, signals, subjects), subjects)
        return loss + anchor(module), log


def masked_loss(
    module: DuINMAE, signals: Tensor, masks: Tensor, targets: Tensor, subjects: Tensor | None = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the mean loss of all patches, each predicted from the pass that did not see it.

    Parameters
    ----------
    module : DuINMAE
        Masked model.
    signals : Tensor of shape (batch, n_chans, n_times)
        Signals.
    masks : Tensor of bool, shape (batch, n_patches)
        Patches that the first pass hides.
    targets : Tensor
        See `MaskedLoss.targets`.
    subjects : Tensor of shape (batch,), default=None
        Subjects.

    Returns
    -------
    loss : Tensor
        Cross-entropy in nats, 1 minus the cosine, or mean squared error.
    log : dict of str to Tensor
        ``accuracy`` where the targets are codes.
    """
    found = module(signals, masks, subjects)
    if module.target == "codes":
        logits, codes = found.flatten(0, 1), targets.flatten()
        accuracy = (logits.detach().argmax(dim=1) == codes).float().mean()
        return functional.cross_entropy(logits, codes), {"accuracy": accuracy}
    if module.target == "tokens":
        return 1 - functional.cosine_similarity(found, targets, dim=2).mean(), {}
    return functional.mse_loss(found, targets), {}


def train_mae(
    module: DuINMAE,
    tokenizer: DuINVQVAE | None,
    windows: Windows,
    plan: Plan,
    how: How,
    *,
    validation: Windows | None = None,
    keep: str = "last",
) -> History:
    """Train a masked model in place.

    Parameters
    ----------
    module : DuINMAE
        Masked model.
    tokenizer : DuINVQVAE or None
        Trained tokenizer; left as it is, in evaluation mode.
    windows : Windows
        Training windows.
    plan : Plan
        Optimisation.
    how : How
        Seed, device and checkpoint.
    validation : Windows, default=None
        Windows that are never trained on; ``None`` watches some of the training windows.
    keep : {"last", "best"}, default="last"
        Whether the weights of the last epoch stay, or those with the lowest ``val_loss``.

    Returns
    -------
    History
        Per epoch ``loss``, ``val_loss`` and, where codes are predicted, ``accuracy``, ``val_accuracy``,
        and of the codes to predict ``n_live``, ``perplexity``, ``entropy``, ``largest_share``.

    Raises
    ------
    ValueError
        If the tokenizer has another codex, or was made for shorter windows.
    """
    device = resolve_device(how.device)
    if tokenizer is not None:
        if (tokenizer.config.codex_size, tokenizer.n_chans) != (module.config.codex_size, module.n_chans):
            raise ValueError(
                f"train_mae: tokenizer must have {module.config.codex_size} codes and {module.n_chans} "
                f"channels, got {tokenizer.config.codex_size} and {tokenizer.n_chans}"
            )
        if window_length(tokenizer) < window_length(module):
            raise ValueError(
                f"train_mae: tokenizer must take windows of at least {window_length(module)} samples, got "
                f"{window_length(tokenizer)}"
            )
        tokenizer.to(device).eval().requires_grad_(False)
    loss = MaskedLoss(windows, tokenizer, window_length(module))
    watched = Data(validation or windows, window_length(module), "train_mae")
    n_watched = None if validation is not None else N_WATCHED

    def validate(module: DuINMAE) -> dict[str, float]:
        rows, sizes, codes = [], [], []
        for part, signals, subjects in watched.centres(plan.batch_size, device, n_watched):
            masks = loss.masks(module, part, lambda i: spawn(how.random_state, "val mask", str(i)), device)
            targets = loss.targets(module, signals, subjects)
            value, log = masked_loss(module, signals, masks, targets, subjects)
            rows.append({"val_loss": float(value), **{f"val_{k}": float(v) for k, v in log.items()}})
            sizes.append(len(part))
            codes.append(targets)
        found = {k: float(np.average([row[k] for row in rows], weights=sizes)) for k in rows[0]}
        if module.target == "codes":
            found.update(code_usage(torch.cat(codes), module.config.codex_size)._asdict())
        return found

    monitor = "val_loss" if keep == "best" else None
    history = run_stage(module, loss, validate, windows, plan, how, monitor, "min", {"target": module.target})
    adopt_best(module, history)
    return history
