"""A graph layer in training as one step, in pieces that stay in the cache."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from ._aggregation import Neighbours

CHUNK = 2048
"""Rows of a piece: with 128 features, half of a usual second-level cache."""


def can_fuse(norm1: nn.BatchNorm1d, norm2: nn.BatchNorm1d, nodes: torch.Tensor) -> bool:
    """Tell whether a layer may be computed by `fused_layer`.

    Parameters
    ----------
    norm1, norm2 : nn.BatchNorm1d
        Its normalisations; those that are synchronised over processes are of another class.
    nodes : torch.Tensor
        Its input.

    Returns
    -------
    bool
        Whether it is in training on a processor, with statistics of its own batch.
    """
    plain = all(type(norm) is nn.BatchNorm1d and norm.training for norm in (norm1, norm2))
    return plain and nodes.device.type == "cpu" and nodes.shape[0] * nodes.shape[1] > 1


def fused_layer(layer: Any, neighbours: Neighbours, nodes: torch.Tensor) -> torch.Tensor:
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
    torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
        Nodes of the next layer.
    """
    low = torch.is_autocast_enabled("cpu")
    dtype = layer.linear1.weight.dtype
    with torch.autocast("cpu", enabled=False):
        out: torch.Tensor = _Layer.apply(  # type: ignore[no-untyped-call]
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


class _Affine(NamedTuple):
    """Normalisation of columns as a product and a sum."""

    mean: torch.Tensor
    inverse: torch.Tensor
    scale: torch.Tensor
    offset: torch.Tensor


class _Moments:
    """Sums over rows, in double precision, and what follows from them."""

    def __init__(self, width: int) -> None:
        self.first, self.second = torch.zeros(2, width, dtype=torch.float64).unbind()
        self.n_rows = 0

    def affine(self, norm: nn.BatchNorm1d, weight: torch.Tensor, bias: torch.Tensor) -> _Affine:
        """Return the normalisation, and update the running statistics."""
        mean = self.first / self.n_rows
        variance = (self.second / self.n_rows - mean.square()).clamp_min(0)
        if norm.running_mean is not None and norm.running_var is not None and norm.momentum is not None:
            norm.running_mean.lerp_(mean.to(norm.running_mean.dtype), norm.momentum)
            unbiased = variance * (self.n_rows / (self.n_rows - 1))
            norm.running_var.lerp_(unbiased.to(norm.running_var.dtype), norm.momentum)
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked += 1
        inverse = (variance + norm.eps).rsqrt()
        scale = weight.detach().double() * inverse
        offset = bias.detach().double() - mean * scale
        return _Affine(mean, inverse, scale.to(weight.dtype), offset.to(weight.dtype))

    def slopes(self, affine: _Affine) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return gradients of weight and bias, and the line that is added to the input's gradient."""
        dtype = affine.scale.dtype
        to_weight = affine.inverse * (self.second - affine.mean * self.first)
        slope = -affine.scale.double() * affine.inverse * to_weight / self.n_rows
        constant = -affine.scale.double() * self.first / self.n_rows - slope * affine.mean
        return to_weight.to(dtype), self.first.to(dtype), constant.to(dtype), slope.to(dtype)


class _Product:
    """Products with a matrix, in bfloat16 where that is asked for."""

    def __init__(self, matrix: torch.Tensor, low: bool) -> None:
        self.low = low
        self.matrix = matrix.detach().bfloat16() if low else matrix.detach()

    def into(self, out: torch.Tensor, rows: torch.Tensor, bias: torch.Tensor | None = None) -> None:
        """Write rows times matrix, plus a bias."""
        if self.low:
            out.copy_(torch.mm(rows.bfloat16(), self.matrix))
            if bias is not None:
                out += bias
        elif bias is None:
            torch.mm(rows, self.matrix, out=out)
        else:
            torch.addmm(bias, rows, self.matrix, out=out)


class _Layer(torch.autograd.Function):
    """Sum over neighbours, two linear maps, each normalised and cut at 0."""

    @staticmethod
    def forward(
        ctx: Any,
        nodes: torch.Tensor,
        epsilon: torch.Tensor,
        weight1: torch.Tensor,
        bias1: torch.Tensor,
        scale1: torch.Tensor,
        offset1: torch.Tensor,
        weight2: torch.Tensor,
        bias2: torch.Tensor,
        scale2: torch.Tensor,
        offset2: torch.Tensor,
        neighbours: Neighbours,
        norms: tuple[nn.BatchNorm1d, nn.BatchNorm1d],
        low: bool,
    ) -> torch.Tensor:
        from ._kernels import add_moments, scaled_relu

        summed = neighbours.sum_plus(nodes, float(epsilon), low).flatten(0, 1)
        inner, outer, out = (torch.empty_like(summed) for _ in range(3))
        pieces = range(0, len(summed), CHUNK)
        moments = [_Moments(summed.shape[1]) for _ in norms]
        product = _Product(weight1.T, low)
        for i in pieces:
            piece = inner[i : i + CHUNK]
            product.into(piece, summed[i : i + CHUNK], bias1.detach())
            add_moments(piece.numpy(), moments[0].first.numpy(), moments[0].second.numpy())
        moments[0].n_rows = moments[1].n_rows = len(summed)
        first = moments[0].affine(norms[0], scale1, offset1)
        product = _Product(weight2.T, low)
        buffer = torch.empty_like(summed[:CHUNK])
        for i in pieces:
            piece, cut = outer[i : i + CHUNK], buffer[: len(summed) - i]
            scaled_relu(inner[i : i + CHUNK].numpy(), first.scale.numpy(), first.offset.numpy(), cut.numpy())
            product.into(piece, cut, bias2.detach())
            add_moments(piece.numpy(), moments[1].first.numpy(), moments[1].second.numpy())
        second = moments[1].affine(norms[1], scale2, offset2)
        scaled_relu(outer.numpy(), second.scale.numpy(), second.offset.numpy(), out.numpy())
        ctx.save_for_backward(nodes, epsilon, weight1, weight2, summed, inner, outer)
        ctx.affine, ctx.neighbours, ctx.low = (first, second), neighbours, low
        return out.view_as(nodes)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        from ._kernels import add_slopes, scaled_relu, write_slopes

        nodes, epsilon, weight1, weight2, summed, inner, outer = ctx.saved_tensors
        first, second = (tuple(t.numpy() for t in affine[2:]) for affine in ctx.affine)
        upper = gradient.flatten(0, 1).contiguous()
        width = upper.shape[1]
        pieces = range(0, len(upper), CHUNK)
        moments = [_Moments(width) for _ in ctx.affine]
        moments[0].n_rows = moments[1].n_rows = len(upper)
        add_slopes(outer.numpy(), upper.numpy(), *second, moments[1].first.numpy(), moments[1].second.numpy())
        to_scale2, to_offset2, constant, slope = moments[1].slopes(ctx.affine[1])
        lower = torch.empty_like(upper)
        cut, steps = torch.empty_like(upper[:CHUNK]), torch.empty_like(upper[:CHUNK])
        product = _Product(weight2, ctx.low)
        to_weight2, to_weight1 = torch.zeros_like(weight2), torch.zeros_like(weight1)
        for i in pieces:
            part, here, below = slice(i, i + CHUNK), steps[: len(upper) - i], cut[: len(upper) - i]
            write_slopes(
                outer[part].numpy(),
                upper[part].numpy(),
                *second,
                constant.numpy(),
                slope.numpy(),
                here.numpy(),
            )
            scaled_relu(inner[part].numpy(), *first, below.numpy())
            _add_outer(to_weight2, here, below, ctx.low)
            product.into(lower[part], here)
            add_slopes(
                inner[part].numpy(),
                lower[part].numpy(),
                *first,
                moments[0].first.numpy(),
                moments[0].second.numpy(),
            )
        to_scale1, to_offset1, constant, slope = moments[0].slopes(ctx.affine[0])
        product = _Product(weight1, ctx.low)
        for i in pieces:
            part, here = slice(i, i + CHUNK), steps[: len(upper) - i]
            write_slopes(
                inner[part].numpy(),
                lower[part].numpy(),
                *first,
                constant.numpy(),
                slope.numpy(),
                here.numpy(),
            )
            _add_outer(to_weight1, here, summed[part], ctx.low)
            product.into(lower[part], here)
        below = lower.view_as(nodes)
        to_epsilon = torch.dot(lower.flatten(), nodes.flatten()).reshape(epsilon.shape)
        to_nodes = (
            ctx.neighbours.sum_plus(below, float(epsilon), ctx.low) if ctx.needs_input_grad[0] else None
        )
        zeros = torch.zeros_like(to_offset1)
        return (
            to_nodes,
            to_epsilon,
            to_weight1,
            zeros,
            to_scale1,
            to_offset1,
            to_weight2,
            zeros.clone(),
            to_scale2,
            to_offset2,
            None,
            None,
            None,
        )


def _add_outer(total: torch.Tensor, left: torch.Tensor, right: torch.Tensor, low: bool) -> None:
    """Add left.T @ right."""
    if low:
        total += torch.mm(left.bfloat16().T, right.bfloat16())
    else:
        torch.addmm(total, left.T, right, out=total)
