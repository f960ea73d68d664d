"""Layers of EfficientNet-Lite; attributes are named as in the published weights."""

from __future__ import annotations

import math

import torch
from torch import nn

_EPS, _MOMENTUM = 1e-3, 0.01
_STEM, _HEAD, _N_CLASSES = 32, 1280, 1000
# Per stage: repeats, kernel side, stride of the first block, expansion, output channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class SameConv2d(nn.Conv2d):
    """Convolution that pads to ceil(size / stride) outputs, the odd pixel right and below.

    Parameters
    ----------
    n_in, n_out, side, stride : int
        Channels, side of the kernel, step.
    groups : int, default=1
        Groups of channels.
    """

    def __init__(self, n_in: int, n_out: int, side: int, stride: int, groups: int = 1) -> None:
        super().__init__(n_in, n_out, side, stride, groups=groups, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pad and convolve."""
        step, side = int(self.stride[0]), int(self.kernel_size[0])
        pads = [max((math.ceil(n / step) - 1) * step + side - n, 0) for n in (x.shape[-1], x.shape[-2])]
        if all(pad % 2 == 0 for pad in pads):
            # symmetric padding inside the convolution needs no copy of the input
            return nn.functional.conv2d(
                x, self.weight, None, self.stride, (pads[1] // 2, pads[0] // 2), 1, self.groups
            )
        left, top = (pad // 2 for pad in pads)
        padded = nn.functional.pad(x, [left, pads[0] - left, top, pads[1] - top])
        return nn.functional.conv2d(padded, self.weight, None, self.stride, 0, 1, self.groups)


def _norm(n: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(n, eps=_EPS, momentum=_MOMENTUM)


class _Block(nn.Module):
    """Expand, filter each channel, project; added to the input where shapes allow."""

    def __init__(self, n_in: int, n_out: int, side: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = n_in * expansion
        self.expands = expansion != 1
        self.adds = stride == 1 and n_in == n_out
        if self.expands:
            self._expand_conv = nn.Conv2d(n_in, inner, 1, bias=False)
            self._bn0 = _norm(inner)
        self._depthwise_conv = SameConv2d(inner, inner, side, stride, groups=inner)
        self._bn1 = _norm(inner)
        self._project_conv = nn.Conv2d(inner, n_out, 1, bias=False)
        self._bn2 = _norm(n_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the block's output."""
        y: torch.Tensor = (
            nn.functional.relu6(self._bn0(self._expand_conv(x)), inplace=True) if self.expands else x
        )
        y = nn.functional.relu6(self._bn1(self._depthwise_conv(y)), inplace=True)
        y = self._bn2(self._project_conv(y))
        return y + x if self.adds else y


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite of any width and depth.

    Parameters
    ----------
    width, depth : float
        Factors on the number of channels and on the number of blocks per stage.
    """

    def __init__(self, width: float, depth: float) -> None:
        super().__init__()
        self._conv_stem = SameConv2d(3, _STEM, 3, 2)
        self._bn0 = _norm(_STEM)
        blocks, n_in = [], _STEM
        for place, (repeats, side, stride, expansion, channels) in enumerate(_STAGES):
            outer = place in (0, len(_STAGES) - 1)
            n_out = round_channels(channels * width)
            for repeat in range(repeats if outer else math.ceil(repeats * depth)):
                blocks.append(_Block(n_in, n_out, side, stride if repeat == 0 else 1, expansion))
                n_in = n_out
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(n_in, _HEAD, 1, bias=False)
        self._bn1 = _norm(_HEAD)
        self._fc = nn.Linear(_HEAD, _N_CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits, shape (n, 1000)."""
        x = nn.functional.relu6(self._bn0(self._conv_stem(x)), inplace=True)
        for block in self._blocks:
            x = block(x)
        x = nn.functional.relu6(self._bn1(self._conv_head(x)), inplace=True)
        return self._fc(x.mean(dim=(2, 3)))  # type: ignore[no-any-return]


def round_channels(n: float, multiple: int = 8) -> int:
    """Return the nearest multiple of 8 that is not more than a tenth below.

    Parameters
    ----------
    n : float
        Wanted number of channels.
    multiple : int, default=8
        What the result is a multiple of.

    Returns
    -------
    int
        Number of channels.
    """
    rounded = max(multiple, int(n + multiple / 2) // multiple * multiple)
    return rounded + multiple if rounded < 0.9 * n else rounded
