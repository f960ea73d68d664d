"""Layers that the networks share: projection per subject, and convolutions with channels last."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._config import DuINConfig

_INIT_SD = 0.02


def full(x: Tensor) -> Tensor:
    """Return half-precision values as float32, and others as they are.

    Parameters
    ----------
    x : Tensor
        Values of any shape.

    Returns
    -------
    Tensor
        The same values.
    """
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def linear(n_in: int, n_out: int, scale: float = 1.0) -> nn.Linear:
    """Return a linear layer as the paper starts it: truncated normal weights, no bias.

    Parameters
    ----------
    n_in, n_out : int
        Widths.
    scale : float, default=1.0
        Factor on the weights.

    Returns
    -------
    torch.nn.Linear
        The layer.
    """
    layer = nn.Linear(n_in, n_out)
    nn.init.trunc_normal_(layer.weight, std=_INIT_SD)
    nn.init.zeros_(layer.bias)
    with torch.no_grad():
        layer.weight.mul_(scale)
    return layer


class SubjectLinear(nn.Module):
    """Linear map of channels with one matrix per subject.

    Parameters
    ----------
    n_in, n_out : int
        Channels before and after.
    n_subjects : int, default=1
        Number of matrices.
    """

    def __init__(self, n_in: int, n_out: int, n_subjects: int = 1) -> None:
        super().__init__()
        self.n_out = n_out
        self.weight = nn.Parameter(torch.empty(n_subjects, n_out, n_in))
        self.bias = nn.Parameter(torch.zeros(n_subjects, n_out))
        nn.init.trunc_normal_(self.weight, std=_INIT_SD)

    def forward(self, x: Tensor, subjects: Tensor | None = None) -> Tensor:
        """Map channels.

        Parameters
        ----------
        x : Tensor of shape (batch, n_in, n_times)
            Signals.
        subjects : Tensor of shape (batch,), default=None
            Index of the subject of each item; ``None`` is subject 0.

        Returns
        -------
        Tensor of shape (batch, n_out, n_times)
            Mixed signals.
        """
        if subjects is None:
            return functional.conv1d(x, self.weight[0, :, :, None], self.bias[0])
        return torch.baddbmm(self.bias[subjects, :, None], self.weight[subjects], x)


def normalise_rows(norm: nn.Module, rows: Tensor) -> Tensor:
    """Normalise channels that come last over all items and positions, never in half precision.

    Parameters
    ----------
    norm : torch.nn.BatchNorm1d
        Normalisation.
    rows : Tensor of shape (n, n_positions, n_channels)
        Values.

    Returns
    -------
    Tensor of shape (n, n_positions, n_channels)
        Values.
    """
    result: Tensor = norm(full(rows).flatten(0, 1))
    return result.view(rows.shape)


def bias_of(conv: nn.Module, training: bool) -> Any:
    """Return the bias of a convolution that batch normalisation follows.

    The normalisation takes the mean away, so that the exact gradient is zero in training; what would be
    computed is rounding, which Adam scales up to whole steps.

    Parameters
    ----------
    conv : torch.nn.Module
        Convolution.
    training : bool
        Whether batch statistics are used.

    Returns
    -------
    Tensor of shape (n_outputs,)
        Bias, without a gradient in training.
    """
    bias: Any = conv.bias
    return bias.detach() if training else bias


def as_image(rows: Tensor) -> Tensor:
    """View sequences with channels last as images of height 1, whose memory is in that order too.

    Convolutions of this layout are the fastest that torch has, and nothing is copied.

    Parameters
    ----------
    rows : Tensor of shape (n, n_positions, n_channels)
        Sequences.

    Returns
    -------
    Tensor of shape (n, n_channels, 1, n_positions)
        A view.
    """
    return rows.unsqueeze(1).permute(0, 3, 1, 2)


def as_rows(image: Tensor) -> Tensor:
    """Undo `as_image`.

    Parameters
    ----------
    image : Tensor of shape (n, n_channels, 1, n_positions)
        Images of height 1.

    Returns
    -------
    Tensor of shape (n, n_positions, n_channels)
        A view.
    """
    return image.permute(0, 2, 3, 1).squeeze(1)


def convolve_rows(rows: Tensor, conv: Any) -> Tensor:
    """Convolve sequences with channels last.

    Parameters
    ----------
    rows : Tensor of shape (n, n_positions, n_channels)
        Values; zeros are taken beyond the ends.
    conv : torch.nn.Conv1d
        Weights, in front of a batch normalisation.

    Returns
    -------
    Tensor of shape (n, n_positions, n_outputs)
        Values.
    """
    (stride,), (padding,) = conv.stride, conv.padding
    weight, bias = conv.weight.unsqueeze(2), bias_of(conv, conv.training)
    return as_rows(functional.conv2d(as_image(rows), weight, bias, (1, stride), (0, padding)))


def deconvolve_rows(rows: Tensor, conv: Any, replaced: tuple[Tensor, Tensor] | None = None) -> Tensor:
    """Apply a transposed convolution to sequences with channels last, in the fastest of three equal ways.

    Parameters
    ----------
    rows : Tensor of shape (n, n_positions, n_channels)
        Values.
    conv : torch.nn.ConvTranspose1d
        Weights, kernel, step and padding.
    replaced : tuple of Tensor, default=None
        Weights (n_channels, n_outputs, kernel) and bias (n_outputs,) instead of those of `conv`.

    Returns
    -------
    Tensor of shape (n, n_positions_after, n_outputs)
        Values.
    """
    weight, bias = replaced or (conv.weight, conv.bias)
    kernel = weight.shape[2]
    (stride,), (padding,), (extra,) = conv.stride, conv.padding, conv.output_padding
    if kernel == stride and padding == extra == 0:
        spread = functional.linear(rows, weight.permute(2, 1, 0).flatten(0, 1))
        return spread.view(len(rows), rows.shape[1] * stride, -1) + bias
    if stride == 1:
        turned = weight.flip(2).transpose(0, 1).unsqueeze(2)
        return as_rows(functional.conv2d(as_image(rows), turned, bias, padding=(0, kernel - 1 - padding)))
    image = functional.conv_transpose2d(
        as_image(rows), weight.unsqueeze(2), bias, (1, stride), (0, padding), (0, extra)
    )
    return as_rows(image)


class PatchConvolution(nn.Module):
    """Convolutions with batch normalisation inside each patch, without any activation.

    Parameters
    ----------
    n_in : int
        Channels of a patch.
    config : DuINConfig
        Sizes.
    """

    def __init__(self, n_in: int, config: DuINConfig) -> None:
        super().__init__()
        widths = (n_in, *config.conv_channels)
        self.convs = nn.ModuleList(
            nn.Conv1d(before, after, kernel, stride, padding=kernel // 2)
            for before, after, kernel, stride in zip(
                widths[:-1], widths[1:], config.conv_kernels, config.conv_strides, strict=True
            )
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for width in config.conv_channels)

    def forward(self, patches: Tensor) -> Tensor:
        """Embed patches.

        Parameters
        ----------
        patches : Tensor of shape (n, n_in, patch_samples)
            Signals; zeros are taken beyond the edges of each patch.

        Returns
        -------
        Tensor of shape (n, d_model)
            Position-major: index = position * channels + channel.
        """
        first: Any = self.convs[0]
        bias = bias_of(first, self.training)
        convolved = functional.conv1d(patches, first.weight, bias, first.stride, first.padding)
        return self.from_first(convolved.transpose(1, 2))

    def from_first(self, rows: Tensor) -> Tensor:
        """Go on from the output of the first convolution, positions before channels.

        Parameters
        ----------
        rows : Tensor of shape (n, n_positions, n_channels)
            Output of the first convolution.

        Returns
        -------
        Tensor of shape (n, d_model)
            Embeddings.
        """
        rows = normalise_rows(self.norms[0], rows)
        for conv, norm in zip(self.convs[1:], self.norms[1:], strict=True):
            rows = normalise_rows(norm, convolve_rows(rows, conv))
        return rows.flatten(1)
