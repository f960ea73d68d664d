"""Sums over the neighbours of graphs."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

from ._workspace import Workspace

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
    workspace : Workspace, default=None
        Where the memory of large tensors comes from; ``None`` makes one.
    """

    def __init__(self, adjacency: torch.Tensor, workspace: Workspace | None = None) -> None:
        self.adjacency = adjacency
        self.workspace = Workspace() if workspace is None else workspace
        self.codes: torch.Tensor | None = None
        single = adjacency.device.type == "cpu" and not torch.is_autocast_enabled("cpu")
        if single and adjacency.shape[1] >= SMALLEST_TABULATED:
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

    def sum_plus(self, nodes: torch.Tensor, epsilon: float) -> torch.Tensor:
        """Return the sum over neighbours plus a multiple of the node, without a gradient.

        Parameters
        ----------
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Values.
        epsilon : float
            The multiple.

        Returns
        -------
        torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Sums.
        """
        nodes = nodes.detach()
        total = self.workspace.empty(tuple(nodes.shape), nodes.dtype)
        if self.codes is None:
            torch.bmm(self.adjacency.to(nodes.dtype), nodes, out=total)
        else:
            _tabulate(nodes, self.codes, total)
        return total.add_(nodes, alpha=epsilon) if epsilon else total


def _codes(adjacency: torch.Tensor) -> torch.Tensor:
    from ._kernels import BITS, TABLES, block_codes

    n_graphs, n_rois, _ = adjacency.shape
    n_blocks = -(-n_rois // (BITS * TABLES)) * TABLES
    codes = torch.zeros(n_graphs, n_blocks, n_rois, dtype=torch.uint8)
    block_codes(adjacency.detach().numpy(), codes.numpy())
    return codes


def _tabulated(nodes: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    out = torch.empty(nodes.shape, dtype=nodes.dtype)
    _tabulate(nodes, codes, out)
    return out


def _tabulate(nodes: torch.Tensor, codes: torch.Tensor, out: torch.Tensor) -> None:
    from ._kernels import BITS, TABLES, tabulated_sums

    values = nodes.detach().contiguous()
    table = values.new_empty(TABLES << BITS, values.shape[2])
    tabulated_sums(codes.numpy(), values.numpy(), out.numpy(), table.numpy())


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
