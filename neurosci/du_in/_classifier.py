"""Classifier: encoder, optionally a quantiser, and a two-layer head over all tokens."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .._core.checks import check_option
from ._config import DuINConfig
from ._encoder import DuINEncoder, copy_weights
from ._layers import full, linear
from ._vqvae import DuINVQVAE, make_quantizer

HEADS = ("linear", "sigmoid")


class DuINClassifierModule(DuINEncoder):
    """Word decoder of Du-IN.

    Parameters
    ----------
    n_chans : int
        Channels.
    n_times : int
        Samples of a trial.
    n_outputs : int
        Classes.
    config : DuINConfig, default=None
        Sizes; ``None`` stands for the published ones.
    head : {"linear", "sigmoid"}, default="linear"
        ``"linear"`` returns logits; ``"sigmoid"`` squashes them into (0, 1) before the softmax, as the
        published code does, so that the loss of 61 classes cannot fall below 3.1388 nats.
    quantize : bool, default=False
        Insert a quantiser between encoder and head (the published arm "vqvae+vq").
    n_subjects : int, default=1
        Subjects.
    **sizes : object
        Fields of `DuINConfig` that replace those of `config`.

    Raises
    ------
    ValueError
        If the patch length does not divide the number of samples, or there are fewer than two classes.

    References
    ----------
    Zheng, H. et al. (2024), table 7.

    Examples
    --------
    >>> import torch
    >>> from neurosci.du_in import DuINClassifierModule, DuINConfig
    >>> module = DuINClassifierModule(4, 300, 5, DuINConfig.small()).eval()
    >>> module(torch.zeros(2, 4, 300)).shape
    torch.Size([2, 5])
    """

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        n_outputs: int,
        config: DuINConfig | None = None,
        *,
        head: str = "linear",
        quantize: bool = False,
        n_subjects: int = 1,
        **sizes: Any,
    ) -> None:
        super().__init__(n_chans, n_times, config, n_subjects=n_subjects, **sizes)
        check_option("DuINClassifierModule", "head", head, HEADS)
        if n_outputs < 2:
            raise ValueError(f"DuINClassifierModule: n_outputs must be at least 2, got {n_outputs}")
        config = self.config
        self.n_outputs, self.head = n_outputs, head
        self.quantizer = make_quantizer(config) if quantize else None
        n_features = config.n_patches(n_times) * config.d_model
        self.classify = nn.Sequential(
            nn.Flatten(), linear(n_features, config.n_hidden), nn.ReLU(), linear(config.n_hidden, n_outputs)
        )

    def forward(self, x: Tensor, subjects: Tensor | None = None) -> Tensor:
        """Return what the softmax cross-entropy is computed from.

        Parameters
        ----------
        x : Tensor of shape (batch, n_chans, n_times)
            Standardised signals.
        subjects : Tensor of shape (batch,), default=None
            Index of the subject of each item; ``None`` is subject 0.

        Returns
        -------
        Tensor of shape (batch, n_outputs)
            Logits; with ``head="sigmoid"`` all in (0, 1). Never in half precision.
        """
        tokens = super().forward(x, subjects)
        if self.quantizer is not None:
            tokens = self.quantizer(tokens).tokens
        scores = full(self.classify(tokens))
        return torch.sigmoid(scores) if self.head == "sigmoid" else scores

    def load_encoder(self, other: DuINEncoder) -> None:
        """Copy spatial encoder and transformer, and the quantiser where both have one.

        Parameters
        ----------
        other : DuINEncoder
            A tokenizer, masked model or classifier of the same sizes.

        Raises
        ------
        ValueError
            If sizes differ, or a quantiser is wanted that the other has not.
        """
        super().load_encoder(other)
        if self.quantizer is not None:
            if not isinstance(other, DuINVQVAE):
                raise ValueError(
                    "DuINClassifierModule.load_encoder: other must be a DuINVQVAE where quantize=True, got "
                    f"{type(other).__name__}"
                )
            copy_weights(self.quantizer, other.quantizer)
