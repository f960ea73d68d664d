"""Encoder of the graphs of windows: a time code from a recurrent network, and graph isomorphism layers."""

from __future__ import annotations

import math

import torch
from torch import nn

from ._aggregation import Neighbours
from ._fused import can_fuse, fused_layer
from ._fused_first import RegionsAndCodes, dense, fused_first_layer
from ._recurrence import recurrent_states
from ._workspace import Workspace

NODE_INPUTS = ("time", "profile", "both", "region")


class GraphIsomorphismLayer(nn.Module):
    """Sum over neighbours, then a perceptron with batch normalisation over all nodes of all graphs.

    Parameters
    ----------
    hidden_dim : int
        Width D.
    """

    def __init__(self, hidden_dim: int) -> None:
        super().__init__()
        self.epsilon = nn.Parameter(torch.zeros(1))
        self.linear1 = nn.Linear(hidden_dim, hidden_dim)
        self.norm1 = nn.BatchNorm1d(hidden_dim)
        self.linear2 = nn.Linear(hidden_dim, hidden_dim)
        self.norm2 = nn.BatchNorm1d(hidden_dim)

    def forward(self, neighbours: Neighbours, nodes: torch.Tensor) -> torch.Tensor:
        """Return the nodes of the next layer.

        Parameters
        ----------
        neighbours : Neighbours
            Symmetric graphs whose diagonal is 1.
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Nodes.

        Returns
        -------
        torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Nodes, >= 0.
        """
        return self.with_means(neighbours, nodes)[0]

    def with_means(
        self, neighbours: Neighbours, nodes: torch.Tensor | RegionsAndCodes
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the nodes of the next layer and their means over regions.

        Parameters
        ----------
        neighbours : Neighbours
            Symmetric graphs whose diagonal is 1.
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim), or RegionsAndCodes
            Nodes.

        Returns
        -------
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Nodes, >= 0.
        means : torch.Tensor of shape (n_graphs, hidden_dim)
            Means.
        """
        if can_fuse(self.norm1, self.norm2, neighbours.adjacency):
            if isinstance(nodes, RegionsAndCodes):
                return fused_first_layer(self, neighbours, nodes)
            return fused_layer(self, neighbours, nodes)
        nodes = dense(nodes)
        summed = neighbours.sum(nodes) + self.epsilon * nodes
        rows = summed.reshape(-1, nodes.shape[-1])
        rows = torch.relu(self.norm1(self.linear1(rows)))
        rows = torch.relu(self.norm2(self.linear2(rows)))
        made = rows.view_as(nodes)
        return made, made.mean(1)


class GraphEncoder(nn.Module):
    r"""Nodes of every layer for the graphs of windows.

    A region v starts as :math:`x_v(t) = E_v + V \eta(t) + b`, with :math:`\eta(t)` the state of a gated
    recurrent unit at the last frame of the window. Regions are numbered, so that this look-up is the product
    of a one-hot vector with a matrix.

    Parameters
    ----------
    n_rois : int
        Regions.
    hidden_dim : int, default=128
        Width D.
    n_layers : int, default=4
        Graph layers L.
    node_input : {"time", "profile", "both", "region"}, default="time"
        What is added to the embedding of the region: the time code, a product of the region's row of the
        correlation matrix, both, or nothing.
    """

    def __init__(
        self, n_rois: int, hidden_dim: int = 128, n_layers: int = 4, node_input: str = "time"
    ) -> None:
        super().__init__()
        self.n_rois, self.hidden_dim, self.n_layers, self.node_input = (
            n_rois,
            hidden_dim,
            n_layers,
            node_input,
        )
        self.recurrent = (
            nn.GRU(n_rois, hidden_dim, batch_first=True) if node_input in ("time", "both") else None
        )
        # one linear map of the one-hot region beside its time code is drawn like this
        bound = 1 / math.sqrt(n_rois + hidden_dim)
        self.embedding = nn.Parameter(torch.empty(n_rois, hidden_dim).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(hidden_dim).uniform_(-bound, bound))
        self.code = nn.Linear(hidden_dim, hidden_dim, bias=False) if self.recurrent is not None else None
        if self.code is not None:
            nn.init.uniform_(self.code.weight, -bound, bound)
        self.profile = (
            nn.Linear(n_rois, hidden_dim, bias=False) if node_input in ("profile", "both") else None
        )
        self.layers = nn.ModuleList(GraphIsomorphismLayer(hidden_dim) for _ in range(n_layers))
        self.workspace = Workspace()

    def time_codes(self, series: torch.Tensor, scan: torch.Tensor, ends: torch.Tensor) -> torch.Tensor | None:
        """Return the state of the recurrent network at the last frames of windows.

        Parameters
        ----------
        series : torch.Tensor of shape (n_scans, n_frames, n_rois)
            Standardised scans from their first frame; what follows a scan's last window does not matter.
        scan : torch.Tensor of shape (n_graphs,), int
            Scan of each window.
        ends : torch.Tensor of shape (n_graphs,), int
            Last frame of each window.

        Returns
        -------
        torch.Tensor of shape (n_graphs, hidden_dim), or None
            Codes; None where the nodes have none.
        """
        if self.recurrent is None:
            return None
        states = recurrent_states(self.recurrent, series[:, : int(ends.max()) + 1])
        return states[scan, ends]

    def node_content(
        self,
        codes: torch.Tensor | None,
        profiles: torch.Tensor | None,
        hidden: torch.Tensor | None = None,
        token: torch.Tensor | None = None,
        n_graphs: int | None = None,
    ) -> torch.Tensor | RegionsAndCodes:
        """Return the input of the first layer, in two parts where regions and graphs bring all there is.

        Parameters
        ----------
        codes : torch.Tensor of shape (n_graphs, hidden_dim), or None
            Time codes.
        profiles : torch.Tensor of shape (n_graphs, n_rois, n_rois), or None
            Correlations in the windows; entries that the task hides are 0.
        hidden : torch.Tensor of shape (n_graphs, n_rois), bool, default=None
            Regions whose content is replaced.
        token : torch.Tensor of shape (hidden_dim,), default=None
            What replaces it. The embedding of the region stays.
        n_graphs : int, default=None
            Number of graphs, needed where neither codes nor profiles are used.

        Returns
        -------
        torch.Tensor of shape (n_graphs, n_rois, hidden_dim), or RegionsAndCodes
            Nodes.
        """
        if self.profile is None and hidden is None and (codes is not None or n_graphs is not None):
            rows = self.bias.new_zeros(n_graphs or 1, self.hidden_dim)
            if self.code is not None and codes is not None:
                rows = self.code(codes)
            return RegionsAndCodes(self.embedding + self.bias, rows)
        content: torch.Tensor | None = None
        if self.code is not None and codes is not None:
            content = self.code(codes)[:, None, :]
        if self.profile is not None and profiles is not None:
            rows = self.profile(profiles)
            content = rows if content is None else content + rows
        if content is None:
            if n_graphs is None and hidden is not None:
                n_graphs = len(hidden)
            content = self.bias.new_zeros(n_graphs or 1, 1, self.hidden_dim)
        if hidden is not None and token is not None:
            content = torch.where(hidden[:, :, None], token, content)
        return content + (self.embedding + self.bias)

    def forward(self, adjacency: torch.Tensor, nodes: torch.Tensor | RegionsAndCodes) -> list[torch.Tensor]:
        """Return the nodes after each layer.

        Parameters
        ----------
        adjacency : torch.Tensor of shape (n_graphs, n_rois, n_rois)
            Graphs.
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            What `node_content` returned.

        Returns
        -------
        list of n_layers torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Nodes.
        """
        return [made for made, _ in self.with_means(adjacency, nodes)]

    def with_means(
        self, adjacency: torch.Tensor, nodes: torch.Tensor | RegionsAndCodes
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Return the nodes after each layer, and their means over regions.

        Parameters
        ----------
        adjacency : torch.Tensor of shape (n_graphs, n_rois, n_rois)
            Graphs.
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            What `node_content` returned.

        Returns
        -------
        list of n_layers pairs of torch.Tensor
            Nodes, of shape (n_graphs, n_rois, hidden_dim), and means, of shape (n_graphs, hidden_dim).
        """
        outputs: list[tuple[torch.Tensor, torch.Tensor]] = []
        neighbours = Neighbours(adjacency, self.workspace)
        for layer in self.layers:
            before = outputs[-1][0] if outputs else nodes
            outputs.append(layer.with_means(neighbours, before))  # type: ignore[operator]
        return outputs
