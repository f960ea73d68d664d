"""The first graph layer in training, whose nodes are a table of regions plus one row for each graph."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from ._aggregation import Neighbours
from ._fused import CHUNK, Moments, SecondHalf, products


class RegionsAndCodes(NamedTuple):
    """Nodes of the first layer, regions[v] + codes[g] at region v of graph g, which are not written down.

    Parameters
    ----------
    regions : torch.Tensor of shape (n_rois, hidden_dim)
        What is the same in all graphs.
    codes : torch.Tensor of shape (n_graphs, hidden_dim)
        What is the same in all regions.
    """

    regions: torch.Tensor
    codes: torch.Tensor


def dense(nodes: torch.Tensor | RegionsAndCodes) -> torch.Tensor:
    """Return nodes written down.

    Parameters
    ----------
    nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim), or RegionsAndCodes
        Nodes.

    Returns
    -------
    torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
        Nodes.
    """
    return nodes if isinstance(nodes, torch.Tensor) else nodes.codes[:, None, :] + nodes.regions


def fused_first_layer(
    layer: Any, neighbours: Neighbours, nodes: RegionsAndCodes
) -> tuple[torch.Tensor, torch.Tensor]:
    r"""Return what a `GraphIsomorphismLayer` returns, as `fused_layer` does.

    With E the regions, c the code of a graph, W the first map and :math:`B = A + \epsilon I`, the first
    product is :math:`B (E W) + (B 1) (c W)`: the map is applied to one table instead of every graph.

    Parameters
    ----------
    layer : GraphIsomorphismLayer
        Layer.
    neighbours : Neighbours
        Graphs.
    nodes : RegionsAndCodes
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
        out: tuple[torch.Tensor, torch.Tensor] = _FirstLayer.apply(  # type: ignore[no-untyped-call]
            nodes.regions.to(dtype),
            nodes.codes.to(dtype),
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


class _FirstLayer(torch.autograd.Function):
    """Sum over neighbours and two linear maps, the first of them on the table."""

    @staticmethod
    def forward(
        ctx: Any,
        regions: torch.Tensor,
        codes: torch.Tensor,
        epsilon: torch.Tensor,
        weight1: torch.Tensor,
        *others: Any,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        from ._kernels import add_moments, add_table_and_codes

        *tensors, neighbours, norms, low = others
        adjacency = neighbours.adjacency.to(regions.dtype)
        n_graphs, n_rois, _ = adjacency.shape
        width = regions.shape[1]
        degrees = adjacency.sum(2) + epsilon.detach()
        with products(low):
            table, shifts = regions.detach() @ weight1.detach().T, codes.detach() @ weight1.detach().T
            inner = neighbours.workspace.empty((n_graphs * n_rois, width), regions.dtype)
            torch.mm(adjacency.flatten(0, 1), table, out=inner)
            arrays = (degrees, table * epsilon.detach(), shifts)
            add_table_and_codes(inner.numpy(), *(array.numpy() for array in arrays))
            moments = Moments(width, len(inner))
            for i in range(0, len(inner), CHUNK):
                add_moments(inner[i : i + CHUNK].numpy(), *moments.arrays)
            ctx.half = SecondHalf(tuple(tensors), norms, neighbours.workspace)
            outer, out = ctx.half.outputs(inner, moments)
        ctx.save_for_backward(regions, codes, epsilon, weight1, degrees, table, shifts, inner, outer)
        ctx.neighbours, ctx.low = neighbours, low
        ctx.set_materialize_grads(False)
        made = out.view(n_graphs, n_rois, width)
        return made, made.mean(1)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, gradient: torch.Tensor | None, to_means: torch.Tensor | None
    ) -> tuple[torch.Tensor | None, ...]:
        from ._kernels import sum_over_graphs

        regions, codes, epsilon, weight1, degrees, table, shifts, inner, outer = ctx.saved_tensors
        with products(ctx.low):
            write, _, found = ctx.half.gradients(inner, outer, gradient, to_means, len(regions))
            rows = ctx.neighbours.workspace.empty(tuple(inner.shape), inner.dtype)
            for i in range(0, len(rows), CHUNK):
                write(i, rows[i : i + CHUNK])
            over_graphs, of_graphs, weighted = (torch.zeros_like(x) for x in (table, shifts, shifts))
            sums = (over_graphs, of_graphs, weighted)
            sum_over_graphs(rows.numpy(), degrees.numpy(), *(total.numpy() for total in sums))
            # graphs are symmetric, so that what a region gives to its neighbours it also gets from them
            adjacency = ctx.neighbours.adjacency.to(rows.dtype).flatten(0, 1)
            to_table = torch.mm(adjacency.T, rows) + epsilon * over_graphs
            to_weight1 = torch.mm(to_table.T, regions) + torch.mm(weighted.T, codes)
            to_epsilon = float(np.vdot(over_graphs.numpy(), table.numpy()))
            to_epsilon += float(np.vdot(of_graphs.numpy(), shifts.numpy()))
            to_regions, to_codes = to_table @ weight1, weighted @ weight1
        return (
            to_regions,
            to_codes,
            torch.full_like(epsilon, to_epsilon),
            to_weight1,
            *found,
            None,
            None,
            None,
        )
