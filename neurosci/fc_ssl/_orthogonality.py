"""Regulariser that keeps the nodes of a graph apart."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

SMALLEST = 1e-12
CHUNK = 1 << 18
"""Entries of the matrices in memory at a time: a part of a usual second-level cache."""


def orthogonality(nodes: torch.Tensor) -> torch.Tensor:
    r"""Return the distance of each graph's normalised Gram matrix from the identity.

    With :math:`M = H H^\top` it is :math:`\| \mathrm{triu}(M / \mathrm{rowmax}(M) - I) \|_F`. Maxima below
    1e-12, of nodes that are 0 everywhere, are taken as 1e-12.

    Parameters
    ----------
    nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
        Nodes, >= 0.

    Returns
    -------
    torch.Tensor of shape (n_graphs,)
        Distances.

    Notes
    -----
    On a processor, few matrices of n_rois by n_rois are in memory at a time, and the derivative is computed
    on the way. Where several entries share a row's maximum, its derivative goes to the first of them there,
    and to all in equal parts on other devices.
    """
    values = nodes if nodes.dtype == torch.float64 else nodes.float()
    with torch.autocast(values.device.type, enabled=False):
        if values.device.type != "cpu":
            return _dense(values)
        distances: torch.Tensor = _Distance.apply(values)  # type: ignore[no-untyped-call]
    return distances


def _dense(nodes: torch.Tensor) -> torch.Tensor:
    gram = torch.bmm(nodes, nodes.transpose(1, 2))
    largest = gram.amax(2, keepdim=True).clamp_min(SMALLEST)
    identity = torch.eye(gram.shape[1], dtype=gram.dtype, device=gram.device)
    return (gram / largest - identity).triu().square().sum((1, 2)).sqrt()


class _Distance(torch.autograd.Function):
    """Distances, graph by graph."""

    @staticmethod
    def forward(ctx: Any, nodes: torch.Tensor) -> torch.Tensor:
        from ._kernels import normalised_grams

        values = nodes.detach().contiguous()
        n_graphs, n_rois, _ = values.shape
        distances = values.new_empty(n_graphs)
        slopes = torch.empty_like(values) if ctx.needs_input_grad[0] else None
        share = max(1, CHUNK // n_rois**2)
        for first in range(0, n_graphs, share):
            part = values[first : first + share]
            grams = torch.bmm(part, part.transpose(1, 2))
            normalised_grams(grams.numpy(), SMALLEST, distances[first : first + share].numpy())
            if slopes is not None:
                torch.bmm(grams, part, out=slopes[first : first + share])
        if slopes is not None:
            ctx.save_for_backward(slopes)
        return distances

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        return gradient[:, None, None] * ctx.saved_tensors[0]  # type: ignore[no-any-return]
