"""First stage: the tokenizer learns to reconstruct signals from codes."""

from __future__ import annotations

import math
import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .._training import Batch, History, all_reduce_sum, resolve_device, world_size
from ._codes import code_usage
from ._optimisation import Plan
from ._quantizer import CodexCollapseWarning
from ._stage import N_WATCHED, Data, How, adopt_best, anchor, run_stage, window_length
from ._vqvae import DuINVQVAE
from ._windows import Windows

_TOKENS_PER_CODE = 4


def masked_mse(found: Tensor, wanted: Tensor, channels: Tensor | None = None) -> Tensor:
    """Return the mean squared error over the channels that exist.

    Parameters
    ----------
    found, wanted : Tensor of shape (batch, n_chans, n_times)
        Signals.
    channels : Tensor of bool, shape (batch, n_chans), default=None
        Channels that are no padding; ``None`` counts all.

    Returns
    -------
    Tensor
        Scalar; averaged over processes it is the mean over all their channels.
    """
    squares = (found - wanted).square().mean(dim=2)
    if channels is None:
        return squares.mean()
    count = all_reduce_sum(channels.sum().to(squares.dtype)) / world_size()
    return (squares * channels).sum() / count


class TokenizerLoss:
    """Mean squared error plus commitment, with the start of the codex by k-means over several batches.

    Parameters
    ----------
    windows : Windows
        Training windows.
    plan : Plan
        Optimisation.
    n_times : int
        Samples of a crop.
    channels : ndarray of bool, shape (n_subjects, n_chans), default=None
        Channels of each subject that are no padding.
    """

    def __init__(
        self, windows: Windows, plan: Plan, n_times: int, channels: NDArray[np.bool_] | None = None
    ) -> None:
        self.data, self.plan = Data(windows, n_times, "TokenizerLoss"), plan
        self.channels = None if channels is None else torch.from_numpy(np.asarray(channels, dtype=bool))

    def valid(self, subjects: Tensor | None, device: str) -> Tensor | None:
        """Return which channels count.

        Parameters
        ----------
        subjects : Tensor or None
            Subjects of a batch.
        device : str
            Where the tensor belongs.

        Returns
        -------
        Tensor of bool or None
            ``None`` counts all.
        """
        if self.channels is None:
            return None
        chosen = torch.zeros(1, dtype=torch.int64) if subjects is None else subjects.cpu()
        return self.channels[chosen].to(device)

    def __call__(self, module: DuINVQVAE, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of a batch and what to log."""
        signals, subjects = self.data.crops(batch)
        if module.quantizer.needs_start and self.plan.n_kmeans_batches != 1:
            self._start(module, batch)
        found = module(signals, subjects)
        mse = masked_mse(found.signals, signals, self.valid(subjects, batch.device))
        log = {"mse": mse, "commitment": found.commitment}
        return mse + found.commitment + anchor(module), log

    @torch.no_grad()
    def _start(self, module: DuINVQVAE, batch: Batch) -> None:
        """Place the codes by the tokens of several batches, normalised as in training."""
        windows, plan = self.data.windows, self.plan
        n_patches = self.data.n_times // module.config.patch_samples
        wanted = math.ceil(_TOKENS_PER_CODE * module.config.codex_size / n_patches)
        n = plan.batch_size * plan.n_kmeans_batches if plan.n_kmeans_batches else wanted
        rng = batch.rng(0, "k-means")
        chosen = rng.permutation(len(windows))[: min(n, len(windows))]
        statistics = {name: value.clone() for name, value in module.spatial.named_buffers() if value.numel()}
        found = []
        for first in range(0, len(chosen), plan.batch_size):
            part = chosen[first : first + plan.batch_size]
            embedded = module.spatial(
                windows.centres(part, self.data.n_times, batch.device),
                windows.subject_tensor(part, batch.device),
            )
            module.transformer.eval()
            found.append(module.quantizer.directions(module.transformer(embedded)).flatten(0, 1))
            module.transformer.train()
        for name, value in module.spatial.named_buffers():
            if name in statistics:
                value.copy_(statistics[name])
        module.quantizer.start(torch.cat(found), rng)


def train_vqvae(
    module: DuINVQVAE,
    windows: Windows,
    plan: Plan,
    how: How,
    *,
    validation: Windows | None = None,
    channels: NDArray[np.bool_] | None = None,
    keep: str = "last",
) -> History:
    """Train a tokenizer in place.

    Parameters
    ----------
    module : DuINVQVAE
        Tokenizer; its ``vq_warmup_steps`` becomes that of the plan.
    windows : Windows
        Training windows, at least as long as the tokenizer's; longer ones are cropped at random.
    plan : Plan
        Optimisation.
    how : How
        Seed, device and checkpoint.
    validation : Windows, default=None
        Windows that are never trained on; ``None`` watches some of the training windows, in evaluation mode.
    channels : ndarray of bool, shape (n_subjects, n_chans), default=None
        Channels of each subject that are no padding; ``None`` counts all.
    keep : {"last", "best"}, default="last"
        Whether the weights of the last epoch stay, or those with the lowest ``val_mse``.

    Returns
    -------
    History
        Per epoch ``loss``, ``mse``, ``commitment``, and of the windows watched ``val_mse``, ``n_live``,
        ``perplexity``, ``entropy`` (nats), ``largest_share``.

    Warns
    -----
    CodexCollapseWarning
        If the perplexity at the end is below a tenth of the codex.
    """
    module.quantizer.vq_warmup_steps = plan.vq_warmup_steps
    loss = TokenizerLoss(windows, plan, window_length(module), channels)
    watched = Data(validation or windows, window_length(module), "train_vqvae")
    n_watched = None if validation is not None else N_WATCHED
    device = resolve_device(how.device)

    def validate(module: DuINVQVAE) -> dict[str, float]:
        errors, codes = [], []
        for part, signals, subjects in watched.centres(plan.batch_size, device, n_watched):
            found = module(signals, subjects)
            mse = masked_mse(found.signals, signals, loss.valid(subjects, device))
            errors.append((float(mse), len(part)))
            codes.append(found.codes)
        usage = code_usage(torch.cat(codes), module.config.codex_size)
        values, sizes = zip(*errors, strict=True)
        return {"val_mse": float(np.average(values, weights=sizes)), **usage._asdict()}

    facts = {"channels": None if channels is None else np.asarray(channels).astype(int).tolist()}
    monitor = "val_mse" if keep == "best" else None
    history = run_stage(module, loss, validate, windows, plan, how, monitor, "min", facts)
    adopt_best(module, history)
    last = history.rows[-1] if history.rows else {}
    if history.finished and last and last["perplexity"] < 0.1 * module.config.codex_size:
        warnings.warn(
            f"train_vqvae: the perplexity of the codes must be at least a tenth of the codex, got "
            f"{last['perplexity']:.1f} of {module.config.codex_size} with {last['n_live']:.0f} live codes "
            "(use a smaller codex, more data or more vq_warmup_steps)",
            CodexCollapseWarning,
            stacklevel=2,
        )
    return history
