"""A training step of the backbone as one would write it down: dense, one-hot, everything in memory.

Written from the description of the model, with the names of weights of its published code, so that stored
weights and outputs of that code can be compared with it. `benchmarks.fc_ssl` times it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Attention(nn.Module):
    """Attention over windows and a perceptron."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.multihead_attn = nn.MultiheadAttention(width, 1)
        self.layer_norm1 = nn.LayerNorm(width)
        self.layer_norm2 = nn.LayerNorm(width)
        self.dropout1, self.dropout2 = nn.Dropout(dropout), nn.Dropout(dropout)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(2 * width, width)
        )

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return windows (window, scan, feature) and attention."""
        attended, weights = self.multihead_attn(x, x, x)
        attended = self.layer_norm1(self.dropout1(attended))
        return self.layer_norm2(attended + self.dropout2(self.mlp(attended))), weights


class ReadOut(nn.Module):
    """Weights of the regions from their mean."""

    def __init__(self, n_rois: int, width: int, dropout: float) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(width, width), nn.BatchNorm1d(width), nn.GELU())
        self.attend = nn.Linear(width, n_rois)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return graph vectors and weights."""
        weights = torch.sigmoid(self.attend(self.embed(x.mean(1))))
        return (x * self.dropout(weights)[:, :, None]).mean(1), weights


class Layer(nn.Module):
    """Sum over neighbours and a perceptron."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.epsilon = nn.Parameter(torch.zeros(1, 1))
        self.mlp = nn.Sequential(
            nn.Linear(width, width),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.BatchNorm1d(width),
            nn.ReLU(),
        )

    def forward(self, adjacency: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Return nodes of the next layer."""
        summed = torch.bmm(adjacency, x) + self.epsilon * x
        return self.mlp(summed.flatten(0, 1)).view_as(x)  # type: ignore[no-any-return]


class DenseBackbone(nn.Module):
    """The whole model on graphs of equal numbers of windows."""

    def __init__(
        self, n_rois: int, width: int, n_layers: int, n_classes: int, *, dropout: bool = True
    ) -> None:
        super().__init__()
        half, tenth = (0.5, 0.1) if dropout else (0.0, 0.0)
        self.timestamp_encoder = nn.ModuleDict({"rnn": nn.GRU(n_rois, width)})
        self.initial_linear = nn.Linear(n_rois + width, width)
        self.gnn_layers = nn.ModuleList(Layer(width) for _ in range(n_layers))
        self.readout_modules = nn.ModuleList(ReadOut(n_rois, width, tenth) for _ in range(n_layers))
        self.transformer_modules = nn.ModuleList(Attention(width, tenth) for _ in range(n_layers))
        self.linear_layers = nn.ModuleList(nn.Linear(width, n_classes) for _ in range(n_layers))
        self.dropout = nn.Dropout(half)

    def forward(
        self, bold: torch.Tensor, adjacency: torch.Tensor, ends: torch.Tensor, *, orthogonal: bool = True
    ) -> dict[str, Any]:
        """Return all outputs; adjacency is (scan, window, region, region)."""
        n_scans, n_windows, n_rois, _ = adjacency.shape
        states, _ = self.timestamp_encoder["rnn"](bold.transpose(0, 1))
        times = states[ends].transpose(0, 1).reshape(-1, 1, states.shape[-1]).expand(-1, n_rois, -1)
        one_hot = torch.eye(n_rois).expand(n_scans * n_windows, -1, -1)
        x = self.initial_linear(torch.cat([one_hot, times], 2))
        graphs = adjacency.flatten(0, 1)
        logits, latent, regions, attention = torch.zeros(()), [], [], []
        penalty = torch.zeros(())
        for layer, readout, transformer, head in zip(
            self.gnn_layers, self.readout_modules, self.transformer_modules, self.linear_layers, strict=True
        ):
            x = layer(graphs, x)
            vectors, weights = readout(x)
            if orthogonal:
                gram = torch.bmm(x, x.transpose(1, 2))
                ratio = gram / gram.max(2, keepdim=True)[0].clamp_min(1e-12)
                penalty = penalty + (ratio - torch.eye(n_rois)).triu().norm(dim=(1, 2)).mean()
            windows, over_time = transformer(vectors.view(n_scans, n_windows, -1).transpose(0, 1))
            vector = windows.sum(0)
            logits = logits + self.dropout(head(vector))
            latent.append(vector)
            regions.append(weights.view(n_scans, n_windows, n_rois))
            attention.append(over_time)
        return {
            "logits": logits,
            "latent": torch.stack(latent, 1),
            "node_attention": torch.stack(regions, 1),
            "time_attention": torch.stack(attention, 1),
            "reg_ortho": penalty,
        }
