"""Tokenizer: encoder, quantiser, decoder and regression of the signals."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ._config import DuINConfig
from ._encoder import DuINEncoder, FoldedSpatialEncoder, check_signals, subjects_present
from ._layers import SubjectLinear, deconvolve_rows, full, linear
from ._quantizer import VectorQuantizer
from ._transformer import Transformer


class Deconvolution(nn.Module):
    """Transposed convolutions over the whole sequence, without any activation.

    Parameters
    ----------
    n_out : int
        Channels after the final linear layer.
    config : DuINConfig
        Sizes.
    """

    def __init__(self, n_out: int, config: DuINConfig) -> None:
        super().__init__()
        self.n_positions = config.n_positions if config.unfolds else 1
        widths = (config.d_model // self.n_positions, *config.deconv_channels)
        convs = []
        for before, after, kernel, stride in zip(
            widths[:-1], widths[1:], config.deconv_kernels, config.deconv_strides, strict=True
        ):
            padding = math.ceil((kernel - stride) / 2)
            convs.append(
                nn.ConvTranspose1d(
                    before,
                    after,
                    kernel,
                    stride,
                    padding=padding,
                    output_padding=2 * padding - (kernel - stride),
                )
            )
        self.convs = nn.ModuleList(convs)
        self.last = linear(widths[-1], n_out)

    def forward(self, tokens: Tensor, after: SubjectLinear | None = None) -> Tensor:
        """Return signals.

        Parameters
        ----------
        tokens : Tensor of shape (batch, n_patches, d_model)
            Tokens.
        after : SubjectLinear, default=None
            Projection of a single subject to apply to the result.

        Returns
        -------
        Tensor of shape (batch, n_out, n_times)
            Signals; with `after` of as many channels as it has outputs.
        """
        rows = tokens.reshape(len(tokens), tokens.shape[1] * self.n_positions, -1)
        for conv in self.convs[:-1]:
            rows = deconvolve_rows(rows, conv)
        final: Any = self.convs[-1]
        weight: Tensor = self.last.weight
        bias: Tensor = self.last.bias
        with torch.autocast(tokens.device.type, enabled=False):
            if after is not None:
                weight, bias = after.weight[0] @ weight, after.weight[0] @ bias + after.bias[0]
            narrow = len(weight) <= self.last.in_features
            if narrow:
                # a map of channels after a convolution is a convolution with fewer outputs
                bias = weight @ final.bias + bias
                weight = torch.einsum("nc,ick->ink", weight, final.weight)
        if narrow:
            return deconvolve_rows(rows, final, (weight, bias)).transpose(1, 2)
        return nn.functional.linear(deconvolve_rows(rows, final), weight, bias).transpose(1, 2)


class RegressionHead(nn.Module):
    """Signals of the channels from decoded tokens.

    Parameters
    ----------
    n_chans : int
        Channels.
    config : DuINConfig
        Sizes.
    n_subjects : int, default=1
        Subjects; each has a last projection of its own, or with ``d_neural=None`` a whole head.
    """

    def __init__(self, n_chans: int, config: DuINConfig, n_subjects: int = 1) -> None:
        super().__init__()
        width = config.d_neural
        self.heads = nn.ModuleList(
            Deconvolution(width or n_chans, config) for _ in range(1 if width else n_subjects)
        )
        self.projection = SubjectLinear(width, n_chans, n_subjects) if width else None

    def forward(self, tokens: Tensor, subjects: Tensor | None = None) -> Tensor:
        """Return signals.

        Parameters
        ----------
        tokens : Tensor of shape (batch, n_patches, d_model)
            Decoded tokens.
        subjects : Tensor of shape (batch,), default=None
            Index of the subject of each item; ``None`` is subject 0.

        Returns
        -------
        Tensor of shape (batch, n_chans, n_times)
            Signals, never in half precision.
        """
        if self.projection is not None and subjects is None:
            signals = self.heads[0](tokens, self.projection)
        elif self.projection is not None:
            signals = self.projection(self.heads[0](tokens), subjects)
        elif subjects is None:
            signals = self.heads[0](tokens)
        else:
            parts, places = [], []
            for subject in subjects_present(subjects):
                (where,) = torch.nonzero(subjects == subject, as_tuple=True)
                places.append(where)
                parts.append(self.heads[subject](tokens[where]))
            signals = torch.cat(parts)[torch.cat(places).argsort()]
        return full(signals)


class Reconstruction(NamedTuple):
    """What the tokenizer returns.

    Parameters
    ----------
    signals : Tensor of shape (batch, n_chans, n_times)
        Reconstructed signals.
    codes : Tensor of int64, shape (batch, n_patches)
        Codes.
    commitment : Tensor
        Weighted commitment loss, a scalar.
    """

    signals: Tensor
    codes: Tensor
    commitment: Tensor


class DuINVQVAE(DuINEncoder):
    """Tokenizer of Du-IN: signals to codes and back.

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
    vq_warmup_steps : int, default=0
        Training steps before codes are looked up; see `VectorQuantizer`.
    **sizes : object
        Fields of `DuINConfig` that replace those of `config`.

    Raises
    ------
    ValueError
        If the patch length does not divide the number of samples.

    References
    ----------
    Zheng, H. et al. (2024), section 3.3, equations 4 and 5, table 5.

    Examples
    --------
    >>> import torch
    >>> from neurosci.du_in import DuINConfig, DuINVQVAE
    >>> tokenizer = DuINVQVAE(4, 300, DuINConfig.small()).eval()
    >>> found = tokenizer(torch.zeros(2, 4, 300))
    >>> found.signals.shape, found.codes.shape
    (torch.Size([2, 4, 300]), torch.Size([2, 3]))
    """

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        config: DuINConfig | None = None,
        *,
        n_subjects: int = 1,
        vq_warmup_steps: int = 0,
        **sizes: Any,
    ) -> None:
        super().__init__(n_chans, n_times, config, n_subjects=n_subjects, **sizes)
        config = self.config
        self.quantizer = make_quantizer(config, vq_warmup_steps)
        n_tokens = config.n_patches(n_times)
        self.decoder = Transformer(config, config.n_decoder_layers, n_tokens)
        self.regression = RegressionHead(n_chans, config, n_subjects)

    def forward(self, x: Tensor, subjects: Tensor | None = None) -> Reconstruction:  # type: ignore[override]
        """Quantise and reconstruct.

        Parameters
        ----------
        x : Tensor of shape (batch, n_chans, n_times)
            Standardised signals.
        subjects : Tensor of shape (batch,), default=None
            Index of the subject of each item; ``None`` is subject 0.

        Returns
        -------
        Reconstruction
            Signals, codes and commitment loss.
        """
        found = self.quantizer(super().forward(x, subjects))
        return Reconstruction(
            self.regression(self.decoder(found.tokens), subjects), found.codes, found.commitment
        )

    @torch.no_grad()
    def codes(
        self, x: Tensor, subjects: Tensor | None = None, folded: FoldedSpatialEncoder | None = None
    ) -> Tensor:
        """Return codes as in evaluation mode, without reconstruction.

        Parameters
        ----------
        x : Tensor of shape (batch, n_chans, n_times)
            Standardised signals.
        subjects : Tensor of shape (batch,), default=None
            Index of the subject of each item; ``None`` is subject 0.
        folded : FoldedSpatialEncoder, default=None
            What ``spatial.fold()`` returned for the subject of these signals: the same codes, faster.

        Returns
        -------
        Tensor of int64, shape (batch, n_patches)
            Codes.
        """
        check_signals("DuINVQVAE.codes", x, self.n_chans, None)
        was_training = self.training
        self.eval()
        try:
            embedded = self.spatial(x, subjects) if folded is None else folded(x)
            return self.quantizer.codes(self.transformer(embedded))
        finally:
            self.train(was_training)

    @torch.no_grad()
    def decode(self, codes: Tensor, subjects: Tensor | None = None) -> Tensor:
        """Return the signals that codes stand for.

        Parameters
        ----------
        codes : Tensor of int64, shape (batch, n_patches)
            Codes.
        subjects : Tensor of shape (batch,), default=None
            Index of the subject of each item; ``None`` is subject 0.

        Returns
        -------
        Tensor of shape (batch, n_chans, n_times)
            Standardised signals.
        """
        was_training = self.training
        self.eval()
        try:
            quantizer = self.quantizer
            tokens = quantizer.expand(quantizer.norm(nn.functional.embedding(codes, quantizer.codex)))
            signals: Tensor = self.regression(self.decoder(tokens), subjects)
            return signals
        finally:
            self.train(was_training)


def make_quantizer(config: DuINConfig, vq_warmup_steps: int = 0) -> VectorQuantizer:
    """Return a quantiser of the given sizes.

    Parameters
    ----------
    config : DuINConfig
        Sizes.
    vq_warmup_steps : int, default=0
        Training steps before codes are looked up.

    Returns
    -------
    VectorQuantizer
        The quantiser.
    """
    return VectorQuantizer(
        config.d_model,
        config.codex_size,
        config.codex_dim,
        decay=config.decay,
        commitment=config.commitment,
        n_kmeans_iterations=config.n_kmeans_iterations,
        vq_warmup_steps=vq_warmup_steps,
    )
