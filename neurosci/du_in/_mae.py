"""Masked model: predict the codes of hidden patches from the visible ones, with two symmetric masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .._core.checks import check_option
from ._config import DuINConfig
from ._encoder import DuINEncoder, check_signals
from ._layers import full, linear

TARGETS = ("codes", "tokens", "signals")


def draw_mask(n_patches: int, mask_ratio: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw which patches of one window the first pass hides.

    Parameters
    ----------
    n_patches : int
        Patches.
    mask_ratio : float
        Share to hide, in (0, 1).
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    ndarray of bool, shape (n_patches,)
        Exactly ``n - int(n (1 - mask_ratio))`` are True.
    """
    mask = np.ones(n_patches, dtype=bool)
    mask[rng.permutation(n_patches)[: int(n_patches * (1 - mask_ratio))]] = False
    return mask


class DuINMAE(DuINEncoder):
    """Masked model of Du-IN.

    Two passes hide complementary patches, so that each patch is predicted once, from the pass that did
    not see it. Both passes share the embedding of patches and run as one batch.

    Parameters
    ----------
    n_chans : int
        Channels.
    n_times : int
        Samples of a window.
    config : DuINConfig, default=None
        Sizes; ``None`` stands for the published ones.
    n_subjects : int, default=1
        Subjects.
    target : {"codes", "tokens", "signals"}, default="codes"
        What is predicted: codes of a tokenizer, its tokens before quantisation, or the samples.
    **sizes : object
        Fields of `DuINConfig` that replace those of `config`.

    Raises
    ------
    ValueError
        If the patch length does not divide the number of samples, or there is only one patch.

    References
    ----------
    Zheng, H. et al. (2024), equations 6 to 9, tables 6 and 13.

    Examples
    --------
    >>> import torch
    >>> from neurosci.du_in import DuINConfig, DuINMAE
    >>> model = DuINMAE(4, 300, DuINConfig.small()).eval()
    >>> mask = torch.tensor([[True, True, False]])
    >>> model(torch.zeros(1, 4, 300), mask).shape
    torch.Size([1, 3, 256])
    """

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        config: DuINConfig | None = None,
        *,
        n_subjects: int = 1,
        target: str = "codes",
        **sizes: Any,
    ) -> None:
        super().__init__(n_chans, n_times, config, n_subjects=n_subjects, **sizes)
        check_option("DuINMAE", "target", target, TARGETS)
        config = self.config
        if config.n_patches(n_times) < 2:
            raise ValueError(
                f"DuINMAE: n_times must hold at least 2 patches of {config.patch_samples}, got {n_times}"
            )
        self.target = target
        width = {
            "codes": config.codex_size,
            "tokens": config.d_model,
            "signals": config.patch_samples * n_chans,
        }[target]
        self.head = linear(config.d_model, width)
        self.hidden = nn.Parameter(torch.empty(config.d_model))
        nn.init.trunc_normal_(self.hidden, std=0.02)

    def forward(self, x: Tensor, mask: Tensor, subjects: Tensor | None = None) -> Tensor:  # type: ignore[override]
        """Predict every patch from the pass that did not see it.

        Parameters
        ----------
        x : Tensor of shape (batch, n_chans, n_times)
            Standardised signals.
        mask : Tensor of bool, shape (batch, n_patches)
            Patches that the first pass hides; the second hides the others.
        subjects : Tensor of shape (batch,), default=None
            Index of the subject of each item; ``None`` is subject 0.

        Returns
        -------
        Tensor of shape (batch, n_patches, n_outputs)
            Logits of the codes, tokens, or samples (channel-major), never in half precision.
        """
        check_signals("DuINMAE", x, self.n_chans, self.n_times)
        embedded = self.spatial(x, subjects)
        hides = mask[:, :, None]
        hidden = self.hidden.to(embedded.dtype)
        both = torch.cat([torch.where(hides, hidden, embedded), torch.where(hides, embedded, hidden)])
        first, second = self.transformer(both).chunk(2)
        # the head acts on each token alone, so only the tokens that count need it
        return full(self.head(torch.where(hides, first, second)))
