"""Decoders, which are thrown away after pre-training."""

from __future__ import annotations

import math

import torch
from torch import nn

DECODERS = ("mlp", "mixer")


class MixerBlock(nn.Module):
    """Perceptron over regions, then over features, each with a skip connection.

    Parameters
    ----------
    n_rois : int
        Regions.
    width : int
        Features.
    """

    def __init__(self, n_rois: int, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.tokens = nn.Sequential(nn.Linear(n_rois, n_rois), nn.GELU(), nn.Linear(n_rois, n_rois))
        self.features = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, nodes: torch.Tensor) -> torch.Tensor:
        """Mix.

        Parameters
        ----------
        nodes : torch.Tensor of shape (n_graphs, n_rois, width)
            Nodes.

        Returns
        -------
        torch.Tensor of shape (n_graphs, n_rois, width)
            Nodes.
        """
        nodes = nodes + self.tokens(self.norm1(nodes).transpose(1, 2)).transpose(1, 2)
        mixed: torch.Tensor = nodes + self.features(self.norm2(nodes))
        return mixed


class Decoder(nn.Module):
    """Nodes of one or two graphs to predictions for one.

    Parameters
    ----------
    n_rois : int
        Regions.
    input_dim : int
        Width of what comes in.
    hidden_dim : int
        Width of the decoded nodes.
    n_entries : int
        Entries of a predicted row.
    kind : {"mlp", "mixer"}, default="mlp"
        A perceptron for each region, or with a block that mixes regions in front.
    """

    def __init__(
        self, n_rois: int, input_dim: int, hidden_dim: int, n_entries: int, kind: str = "mlp"
    ) -> None:
        super().__init__()
        self.mixer = MixerBlock(n_rois, input_dim) if kind == "mixer" else nn.Identity()
        self.mlp = nn.Sequential(
            nn.Linear(input_dim, hidden_dim), nn.GELU(), nn.Linear(hidden_dim, hidden_dim)
        )
        self.rows = nn.Linear(hidden_dim, n_entries)
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, nodes: torch.Tensor) -> torch.Tensor:
        """Return decoded nodes.

        Parameters
        ----------
        nodes : torch.Tensor of shape (n_graphs, n_rois, input_dim)
            Nodes.

        Returns
        -------
        torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Decoded nodes.
        """
        decoded: torch.Tensor = self.mlp(self.mixer(nodes))
        return decoded

    def edge_logits(self, decoded: torch.Tensor) -> torch.Tensor:
        """Return a logit for each pair.

        Parameters
        ----------
        decoded : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Decoded nodes.

        Returns
        -------
        torch.Tensor of shape (n_graphs, n_rois, n_rois)
            Symmetric logits.
        """
        products = torch.bmm(decoded, decoded.transpose(1, 2))
        return products / math.sqrt(decoded.shape[-1]) + self.bias
