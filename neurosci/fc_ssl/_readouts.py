"""Attention over regions, and over windows."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from ._fused import weighted_means
from ._workspace import Workspace

READOUTS = ("sero", "garo", "mean")


class SqueezeExcitationReadout(nn.Module):
    """Weights of the regions from the mean over regions (SERO).

    Parameters
    ----------
    n_rois : int
        Regions.
    hidden_dim : int
        Width.
    dropout : float, default=0.1
        Share of weights that are dropped in training.
    """

    def __init__(self, n_rois: int, hidden_dim: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.embed = nn.Linear(hidden_dim, hidden_dim)
        self.norm = nn.BatchNorm1d(hidden_dim)
        self.attend = nn.Linear(hidden_dim, n_rois)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, nodes: torch.Tensor, means: torch.Tensor, workspace: Workspace | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return graph vectors and weights.

        Parameters
        ----------
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Nodes.
        means : torch.Tensor of shape (n_graphs, hidden_dim)
            Their means over regions.
        workspace : Workspace, default=None
            Where the memory of gradients comes from.

        Returns
        -------
        graphs : torch.Tensor of shape (n_graphs, hidden_dim)
            Means over the regions of weighted nodes.
        weights : torch.Tensor of shape (n_graphs, n_rois)
            Weights in (0, 1), before dropout.
        """
        embedded = functional.gelu(self.norm(self.embed(means)))
        weights = torch.sigmoid(self.attend(embedded))
        return weighted_means(nodes, self.dropout(weights), workspace), weights


class GraphAttentionReadout(nn.Module):
    """Weights of the regions from their products with the mean over regions (GARO).

    Parameters
    ----------
    n_rois : int
        Regions; not used, there so that read-outs are built alike.
    hidden_dim : int
        Width.
    dropout : float, default=0.1
        Share of weights that are dropped in training.
    """

    def __init__(self, n_rois: int, hidden_dim: int, dropout: float = 0.1) -> None:  # noqa: ARG002
        super().__init__()
        self.query = nn.Linear(hidden_dim, hidden_dim)
        self.key = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, nodes: torch.Tensor, means: torch.Tensor, workspace: Workspace | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return graph vectors and weights, as `SqueezeExcitationReadout` does.

        Parameters
        ----------
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Nodes.
        means : torch.Tensor of shape (n_graphs, hidden_dim)
            Their means over regions.
        workspace : Workspace, default=None
            Where the memory of gradients comes from.

        Returns
        -------
        graphs : torch.Tensor of shape (n_graphs, hidden_dim)
            Means over the regions of weighted nodes.
        weights : torch.Tensor of shape (n_graphs, n_rois)
            Weights in (0, 1), before dropout.
        """
        query = self.query(means)
        products = torch.bmm(self.key(nodes), query[:, :, None])[:, :, 0]
        weights = torch.sigmoid(products / math.sqrt(nodes.shape[-1]))
        return weighted_means(nodes, self.dropout(weights), workspace), weights


class MeanReadout(nn.Module):
    """Mean over regions.

    Parameters
    ----------
    n_rois : int
        Regions; not used.
    hidden_dim : int
        Width; not used.
    dropout : float, default=0.1
        Not used.
    """

    def __init__(self, n_rois: int, hidden_dim: int, dropout: float = 0.1) -> None:  # noqa: ARG002
        super().__init__()

    def forward(
        self,
        nodes: torch.Tensor,
        means: torch.Tensor,
        workspace: Workspace | None = None,  # noqa: ARG002
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return graph vectors, and ones as weights.

        Parameters
        ----------
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Nodes.
        means : torch.Tensor of shape (n_graphs, hidden_dim)
            Their means over regions.
        workspace : Workspace, default=None
            Where the memory of gradients comes from.

        Returns
        -------
        graphs : torch.Tensor of shape (n_graphs, hidden_dim)
            Means over the regions.
        weights : torch.Tensor of shape (n_graphs, n_rois)
            Ones.
        """
        return means, nodes.new_ones(nodes.shape[:2])


READOUT_MODULES: dict[str, type[nn.Module]] = {
    "sero": SqueezeExcitationReadout,
    "garo": GraphAttentionReadout,
    "mean": MeanReadout,
}


class TemporalAttention(nn.Module):
    """Attention of windows to windows of the same scan, without positions and without a skip connection.

    Parameters
    ----------
    hidden_dim : int
        Width.
    dropout : float, default=0.1
        Share of values that are dropped in training.
    """

    def __init__(self, hidden_dim: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(hidden_dim, 1, batch_first=True)
        self.dropout1 = nn.Dropout(dropout)
        self.norm1 = nn.LayerNorm(hidden_dim)
        self.linear1 = nn.Linear(hidden_dim, 2 * hidden_dim)
        self.dropout2 = nn.Dropout(dropout)
        self.linear2 = nn.Linear(2 * hidden_dim, hidden_dim)
        self.dropout3 = nn.Dropout(dropout)
        self.norm2 = nn.LayerNorm(hidden_dim)

    def forward(
        self, windows: torch.Tensor, padding: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the windows' vectors and the attention.

        Parameters
        ----------
        windows : torch.Tensor of shape (n_scans, n_windows, hidden_dim)
            Graph vectors, padded.
        padding : torch.Tensor of shape (n_scans, n_windows), bool, or None
            Where there is no window; None when all scans have as many.

        Returns
        -------
        windows : torch.Tensor of shape (n_scans, n_windows, hidden_dim)
            Vectors; what stands at the padding has no meaning.
        weights : torch.Tensor of shape (n_scans, n_windows, n_windows)
            Attention of a window (row) to windows.
        """
        attended, weights = self.attention(windows, windows, windows, key_padding_mask=padding)
        attended = self.norm1(self.dropout1(attended))
        hidden = self.dropout2(torch.relu(self.linear1(attended)))
        return self.norm2(attended + self.dropout3(self.linear2(hidden))), weights
