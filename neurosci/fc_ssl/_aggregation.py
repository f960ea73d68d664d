"""Sums over the neighbours of graphs."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

SMALLEST_TABULATED = 256
"""Regions from which tables are faster than the dense product (measured on one core)."""


class Neighbours:
    """Graphs, prepared once for the products of all layers.

    On a processor and in single or double precision, sums come from tables of the sums of small groups of
    regions; otherwise they are a dense product.

    Parameters
    ----------
    adjacency : torch.Tensor of shape (n_graphs, n_rois, n_rois)
        Symmetric graphs of zeros and ones.
    """

    def __init__(self, adjacency: torch.Tensor) -> None:
        self.adjacency = adjacency
        self.codes: torch.Tensor | None = None
        self.low: torch.Tensor | None = None
        on_processor = adjacency.device.type == "cpu"
        if on_processor and torch.is_autocast_enabled("cpu"):
            self.low = adjacency.bfloat16()
        elif on_processor and adjacency.shape[1] >= SMALLEST_TABULATED:
            self.codes = _codes(adjacency)

    def sum(self, nodes: torch.Tensor) -> torch.Tensor:
        """Return the sum over each node's neighbours.

        Parameters
        ----------
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Values.

        Returns
        -------
        torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Sums.
        """
        if self.codes is None:
            return torch.bmm(self.adjacency.to(nodes.dtype), nodes)
        total: torch.Tensor = _TabulatedSum.apply(nodes, self.codes)  # type: ignore[no-untyped-call]
        return total

    def sum_plus(self, nodes: torch.Tensor, epsilon: float, low: bool) -> torch.Tensor:
        """Return the sum over neighbours plus a multiple of the node, without a gradient.

        Parameters
        ----------
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Values.
        epsilon : float
            The multiple.
        low : bool
            Whether the product is in bfloat16.

        Returns
        -------
        torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Sums.
        """
        nodes = nodes.detach()
        if low and self.low is not None:
            total = torch.bmm(self.low, nodes.bfloat16()).to(nodes.dtype)
        elif self.codes is not None:
            total = _tabulated(nodes, self.codes)
        else:
            return torch.baddbmm(nodes, self.adjacency.to(nodes.dtype), nodes, beta=epsilon)
        return total.add_(nodes, alpha=epsilon) if epsilon else total


def _codes(adjacency: torch.Tensor) -> torch.Tensor:
    from ._kernels import BITS, TABLES, block_codes

    n_graphs, n_rois, _ = adjacency.shape
    n_blocks = -(-n_rois // (BITS * TABLES)) * TABLES
    codes = torch.zeros(n_graphs, n_blocks, n_rois, dtype=torch.uint8)
    block_codes(adjacency.detach().numpy(), codes.numpy())
    return codes


def _tabulated(nodes: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    from ._kernels import BITS, TABLES, tabulated_sums

    values = nodes.detach().contiguous()
    out = torch.empty_like(values)
    table = values.new_empty(TABLES << BITS, values.shape[2])
    tabulated_sums(codes.numpy(), values.numpy(), out.numpy(), table.numpy())
    return out


class _TabulatedSum(torch.autograd.Function):
    """Sums, whose derivative is the same sum, since graphs are symmetric."""

    @staticmethod
    def forward(ctx: Any, nodes: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(codes)
        return _tabulated(nodes, codes)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return _tabulated(gradient, ctx.saved_tensors[0]), None
