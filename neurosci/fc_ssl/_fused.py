"""A graph layer in training as one step, in pieces that stay in the cache."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.autograd.function import once_differentiable

from ._aggregation import Neighbours
from ._workspace import Workspace

CHUNK = 2048
"""Rows of a piece: with 128 features, half of a usual second-level cache."""


def can_fuse(norm1: nn.BatchNorm1d, norm2: nn.BatchNorm1d, adjacency: torch.Tensor) -> bool:
    """Tell whether a layer may be computed by `fused_layer`.

    Parameters
    ----------
    norm1, norm2 : nn.BatchNorm1d
        Its normalisations; those that are synchronised over processes are of another class.
    adjacency : torch.Tensor of shape (n_graphs, n_rois, n_rois)
        Graphs.

    Returns
    -------
    bool
        Whether it is in training on a processor, with statistics of its own batch.
    """
    plain = all(type(norm) is nn.BatchNorm1d and norm.training for norm in (norm1, norm2))
    return plain and adjacency.device.type == "cpu" and adjacency.shape[0] * adjacency.shape[1] > 1


def fused_layer(layer: Any, neighbours: Neighbours, nodes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what a `GraphIsomorphismLayer` returns.

    Products are in bfloat16 under autocast, everything else in the precision of the nodes. The gradient of a
    bias in front of a normalisation is 0, and is returned as such.

    Parameters
    ----------
    layer : GraphIsomorphismLayer
        Layer.
    neighbours : Neighbours
        Graphs.
    nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
        Input.

    Returns
    -------
    nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
        Nodes of the next layer.
    means : torch.Tensor of shape (n_graphs, hidden_dim)
        Their means over regions.
    """
    low = torch.is_autocast_enabled("cpu")
    dtype = layer.linear1.weight.dtype
    with torch.autocast("cpu", enabled=False):
        out: tuple[torch.Tensor, torch.Tensor] = _Layer.apply(  # type: ignore[no-untyped-call]
            nodes.to(dtype),
            layer.epsilon,
            layer.linear1.weight,
            layer.linear1.bias,
            layer.norm1.weight,
            layer.norm1.bias,
            layer.linear2.weight,
            layer.linear2.bias,
            layer.norm2.weight,
            layer.norm2.bias,
            neighbours,
            (layer.norm1, layer.norm2),
            low,
        )
    return out


@contextlib.contextmanager
def products(low: bool) -> Iterator[None]:
    """Multiply in bfloat16 what comes and goes in single precision, where the processor can and `low`."""
    matmul: Any = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = matmul.fp32_precision
    if low:
        matmul.fp32_precision = "bf16"
    try:
        yield
    finally:
        matmul.fp32_precision = before


class Affine(NamedTuple):
    """Normalisation of columns as a product and a sum."""

    mean: torch.Tensor
    inverse: torch.Tensor
    scale: torch.Tensor
    offset: torch.Tensor

    @property
    def line(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Product and sum, for kernels."""
        return self.scale.numpy(), self.offset.numpy()


class Moments:
    """Sums over rows, in double precision, and what follows from them."""

    def __init__(self, width: int, n_rows: int) -> None:
        self.first, self.second = torch.zeros(2, width, dtype=torch.float64).unbind()
        self.n_rows = n_rows

    @property
    def arrays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What kernels add to."""
        return self.first.numpy(), self.second.numpy()

    def affine(
        self, norm: nn.BatchNorm1d, weight: torch.Tensor, bias: torch.Tensor, before: torch.Tensor
    ) -> Affine:
        """Return the normalisation, and update the running statistics.

        `before` is a constant of the columns that the rows lack: only the running mean sees it.
        """
        mean = self.first / self.n_rows
        variance = (self.second / self.n_rows - mean.square()).clamp_min(0)
        if norm.running_mean is not None and norm.running_var is not None and norm.momentum is not None:
            norm.running_mean.lerp_((mean + before.detach()).to(norm.running_mean.dtype), norm.momentum)
            unbiased = variance * (self.n_rows / (self.n_rows - 1))
            norm.running_var.lerp_(unbiased.to(norm.running_var.dtype), norm.momentum)
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked += 1
        inverse = (variance + norm.eps).rsqrt()
        scale = weight.detach().double() * inverse
        offset = bias.detach().double() - mean * scale
        return Affine(mean, inverse, scale.to(weight.dtype), offset.to(weight.dtype))

    def slopes(self, affine: Affine) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return gradients of weight and bias, and the line that is added to the input's gradient."""
        dtype = affine.scale.dtype
        to_weight = affine.inverse * (self.second - affine.mean * self.first)
        slope = -affine.scale.double() * affine.inverse * to_weight / self.n_rows
        constant = -affine.scale.double() * self.first / self.n_rows - slope * affine.mean
        return to_weight.to(dtype), self.first.to(dtype), constant.to(dtype), slope.to(dtype)


class SecondHalf:
    """What follows the first product of a layer: normalised, cut at 0, multiplied, and that again.

    It keeps no large tensor, so that autograd frees them when it is done with them.

    Parameters
    ----------
    tensors : tuple of torch.Tensor
        Bias of the first product, scale and offset of its normalisation, then weight, bias, scale and offset
        of the second.
    norms : tuple of nn.BatchNorm1d
        Normalisations.
    workspace : Workspace
        Where memory comes from.
    """

    def __init__(
        self,
        tensors: tuple[torch.Tensor, ...],
        norms: tuple[nn.BatchNorm1d, nn.BatchNorm1d],
        workspace: Workspace,
    ) -> None:
        self.tensors = tuple(tensor.detach() for tensor in tensors)
        self.norms, self.workspace = norms, workspace

    def outputs(self, inner: torch.Tensor, moments: Moments) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the second product and the nodes, from the first product without its bias and its sums."""
        from ._kernels import add_moments, scaled_relu

        bias1, scale1, offset1, weight2, bias2, scale2, offset2 = self.tensors
        shape, dtype = tuple(inner.shape), inner.dtype
        outer, out = (self.workspace.empty(shape, dtype) for _ in range(2))
        buffer = self.workspace.empty((min(CHUNK, len(inner)), shape[1]), dtype)
        self.first = moments.affine(self.norms[0], scale1, offset1, bias1)
        after = Moments(shape[1], len(inner))
        for i in range(0, len(inner), CHUNK):
            piece, cut = outer[i : i + CHUNK], buffer[: len(inner) - i]
            scaled_relu(inner[i : i + CHUNK].numpy(), *self.first.line, cut.numpy())
            torch.mm(cut, weight2.T, out=piece)
            add_moments(piece.numpy(), *after.arrays)
        self.second = after.affine(self.norms[1], scale2, offset2, bias2)
        scaled_relu(outer.numpy(), *self.second.line, out.numpy())
        return outer, out

    def gradients(
        self,
        inner: torch.Tensor,
        outer: torch.Tensor,
        gradient: torch.Tensor | None,
        to_means: torch.Tensor | None,
        n_rois: int,
    ) -> tuple[Callable[[int, torch.Tensor], None], torch.Tensor, tuple[torch.Tensor, ...]]:
        """Return what writes the gradient of the first product, free memory, and gradients of the tensors.

        The first takes the first row and a tensor for the rows from there on; the memory is read up to these
        rows.
        """
        from ._kernels import add_slopes, scaled_relu, write_slopes

        n_rows, width = inner.shape
        weight2 = self.tensors[3]
        upper = torch.zeros_like(outer) if gradient is None else gradient.flatten(0, 1).contiguous()
        shared = inner.new_zeros(n_rows // n_rois, width) if to_means is None else to_means / n_rois
        common, nothing = shared.contiguous().numpy(), inner.new_zeros(1, width).numpy()
        lower = self.workspace.empty((n_rows, width), inner.dtype)
        cut, steps = (self.workspace.empty((min(CHUNK, n_rows), width), inner.dtype) for _ in range(2))
        to_weight2 = torch.zeros_like(weight2)
        moments = [Moments(width, n_rows) for _ in range(2)]
        add_slopes(outer.numpy(), upper.numpy(), common, 0, n_rois, *self.second.line, *moments[1].arrays)
        to_scale2, to_offset2, *line = moments[1].slopes(self.second)
        for i in range(0, n_rows, CHUNK):
            part, here, below = slice(i, i + CHUNK), steps[: n_rows - i], cut[: n_rows - i]
            write_slopes(
                outer[part].numpy(), upper[part].numpy(), common, i, n_rois, *self.second.line,
                *(t.numpy() for t in line), here.numpy(),
            )  # fmt: skip
            scaled_relu(inner[part].numpy(), *self.first.line, below.numpy())
            to_weight2 += torch.mm(here.T, below)
            torch.mm(here, weight2, out=lower[part])
            add_slopes(
                inner[part].numpy(), lower[part].numpy(), nothing, i, n_rows, *self.first.line,
                *moments[0].arrays,
            )  # fmt: skip
        to_scale1, to_offset1, *last = moments[0].slopes(self.first)

        def write(i: int, out: torch.Tensor) -> None:
            part = slice(i, i + len(out))
            write_slopes(
                inner[part].numpy(), lower[part].numpy(), nothing, i, n_rows, *self.first.line,
                *(t.numpy() for t in last), out.numpy(),
            )  # fmt: skip

        zeros = torch.zeros_like(to_offset1)
        found = (zeros, to_scale1, to_offset1, to_weight2, zeros.clone(), to_scale2, to_offset2)
        return write, lower, found


class _Layer(torch.autograd.Function):
    """Sum over neighbours, two linear maps, each normalised and cut at 0."""

    @staticmethod
    def forward(
        ctx: Any,
        nodes: torch.Tensor,
        epsilon: torch.Tensor,
        weight1: torch.Tensor,
        *others: Any,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        from ._kernels import add_moments

        *tensors, neighbours, norms, low = others
        workspace, width = neighbours.workspace, nodes.shape[2]
        with products(low):
            summed = neighbours.sum_plus(nodes, float(epsilon)).flatten(0, 1)
            inner = workspace.empty(tuple(summed.shape), summed.dtype)
            moments = Moments(width, len(summed))
            for i in range(0, len(summed), CHUNK):
                piece = inner[i : i + CHUNK]
                torch.mm(summed[i : i + CHUNK], weight1.detach().T, out=piece)
                add_moments(piece.numpy(), *moments.arrays)
            ctx.half = SecondHalf(tuple(tensors), norms, workspace)
            outer, out = ctx.half.outputs(inner, moments)
        ctx.save_for_backward(nodes, epsilon, weight1, summed, inner, outer)
        ctx.neighbours, ctx.low = neighbours, low
        ctx.set_materialize_grads(False)
        made = out.view_as(nodes)
        return made, made.mean(1)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, gradient: torch.Tensor | None, to_means: torch.Tensor | None
    ) -> tuple[torch.Tensor | None, ...]:
        nodes, epsilon, weight1, summed, inner, outer = ctx.saved_tensors
        with products(ctx.low):
            write, lower, found = ctx.half.gradients(inner, outer, gradient, to_means, nodes.shape[1])
            steps = ctx.neighbours.workspace.empty((min(CHUNK, len(lower)), lower.shape[1]), lower.dtype)
            to_weight1, to_epsilon, rows = torch.zeros_like(weight1), 0.0, nodes.flatten(0, 1)
            for i in range(0, len(lower), CHUNK):
                part, here = slice(i, i + CHUNK), steps[: len(lower) - i]
                write(i, here)
                to_weight1 += torch.mm(here.T, summed[part])
                torch.mm(here, weight1, out=lower[part])
                to_epsilon += float(np.vdot(lower[part].numpy(), rows[part].numpy()))
            to_nodes = None
            if ctx.needs_input_grad[0]:
                to_nodes = ctx.neighbours.sum_plus(lower.view_as(nodes), float(epsilon))
        return to_nodes, torch.full_like(epsilon, to_epsilon), to_weight1, *found, None, None, None


def weighted_means(
    nodes: torch.Tensor, weights: torch.Tensor, workspace: Workspace | None = None
) -> torch.Tensor:
    """Return the means over regions of weighted nodes.

    Parameters
    ----------
    nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
        Nodes.
    weights : torch.Tensor of shape (n_graphs, n_rois)
        Weights.
    workspace : Workspace, default=None
        Where the memory of the gradient comes from, on a processor.

    Returns
    -------
    torch.Tensor of shape (n_graphs, hidden_dim)
        Means.
    """
    if workspace is None or nodes.device.type != "cpu":
        return torch.bmm(weights[:, None, :], nodes)[:, 0] / nodes.shape[1]
    means: torch.Tensor = _WeightedMeans.apply(nodes, weights.to(nodes.dtype), workspace)  # type: ignore[no-untyped-call]
    return means


class _WeightedMeans(torch.autograd.Function):
    """Means whose gradient is written to memory that is there already."""

    @staticmethod
    def forward(ctx: Any, nodes: torch.Tensor, weights: torch.Tensor, workspace: Workspace) -> torch.Tensor:
        ctx.save_for_backward(nodes, weights)
        ctx.workspace = workspace
        return torch.bmm(weights[:, None, :], nodes)[:, 0] / nodes.shape[1]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        nodes, weights = ctx.saved_tensors
        share = (gradient / nodes.shape[1]).to(nodes.dtype)
        to_nodes = ctx.workspace.empty(tuple(nodes.shape), nodes.dtype)
        torch.mul(weights[:, :, None], share[:, None, :], out=to_nodes)
        return to_nodes, torch.bmm(nodes, share[:, :, None])[:, :, 0], None
