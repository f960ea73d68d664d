"""The backbone: graphs of windows to vectors of a scan, and to classes or a value."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from ._encoder import GraphEncoder
from ._fused_first import RegionsAndCodes
from ._orthogonality import orthogonality
from ._readouts import READOUT_MODULES, TemporalAttention

TIME_READOUTS = ("sum", "mean", "moments")


class Forward(NamedTuple):
    """What the backbone returns.

    Parameters
    ----------
    logits : torch.Tensor of shape (n_scans, n_outputs)
        Sum of the layers' outputs.
    latent : torch.Tensor of shape (n_scans, n_layers, n_features)
        Vector of each scan and layer.
    node_attention : torch.Tensor of shape (n_layers, n_graphs, n_rois)
        Weights of the regions, windows of all scans one after another.
    time_attention : list of n_layers torch.Tensor of shape (n_scans, n_windows, n_windows)
        Attention between windows, padded with zeros in the columns.
    penalty : torch.Tensor of shape ()
        Orthogonality, summed over layers; 0 when it was not asked for.
    """

    logits: torch.Tensor
    latent: torch.Tensor
    node_attention: torch.Tensor
    time_attention: list[torch.Tensor]
    penalty: torch.Tensor


class Backbone(nn.Module):
    """Spatio-temporal attention over dynamic graphs (STAGIN).

    Parameters
    ----------
    encoder : GraphEncoder
        Encoder of the graphs.
    n_outputs : int
        Classes, or 1 for a value.
    readout : {"sero", "garo", "mean"}, default="sero"
        Attention over regions.
    time_readout : {"sum", "mean", "moments"}, default="sum"
        Sum or mean over windows, or mean and standard deviation side by side.
    dropout : float, default=0.5
        Share of the outputs of a layer that are dropped in training.
    """

    def __init__(
        self,
        encoder: GraphEncoder,
        n_outputs: int,
        readout: str = "sero",
        time_readout: str = "sum",
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        width = encoder.hidden_dim
        self.encoder = encoder
        self.time_readout = time_readout
        layers = range(encoder.n_layers)
        self.readouts = nn.ModuleList(READOUT_MODULES[readout](encoder.n_rois, width) for _ in layers)
        self.temporal = nn.ModuleList(TemporalAttention(width) for _ in layers)
        n_features = 2 * width if time_readout == "moments" else width
        self.heads = nn.ModuleList(nn.Linear(n_features, n_outputs) for _ in layers)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        adjacency: torch.Tensor,
        nodes: torch.Tensor | RegionsAndCodes,
        n_windows: list[int],
        *,
        penalised: bool = False,
    ) -> Forward:
        """Return outputs, vectors and attention.

        Parameters
        ----------
        adjacency : torch.Tensor of shape (n_graphs, n_rois, n_rois)
            Graphs, windows of all scans one after another.
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim), or RegionsAndCodes
            Input of the first layer.
        n_windows : list of int
            Windows of each scan; their sum is n_graphs.
        penalised : bool, default=False
            Whether the orthogonality is computed.

        Returns
        -------
        Forward
            Outputs.
        """
        outputs = self.encoder.with_means(adjacency, nodes)
        padding = _padding(n_windows, adjacency.device)
        logits, latent, regions, times = [], [], [], []
        penalty = outputs[0][1].new_zeros(())
        for (layer, means), readout, temporal, head in zip(
            outputs, self.readouts, self.temporal, self.heads, strict=True
        ):
            graphs, weights = readout(layer, means, self.encoder.workspace)
            if penalised:
                penalty = penalty + mean_over_scans(orthogonality(layer), n_windows)
            padded = pad_sequence(list(torch.split(graphs, n_windows)), batch_first=True)
            windows, attention = temporal(padded, padding)
            # sums over many windows, and logits, need more than the eight bits of bfloat16
            with torch.autocast(windows.device.type, enabled=False):
                wide = windows.to(head.weight.dtype)
                vector = summarise(wide, padding, self.time_readout)
                logits.append(self.dropout(head(vector)))
            latent.append(vector)
            regions.append(weights)
            times.append(attention)
        return Forward(
            torch.stack(logits).sum(0), torch.stack(latent, 1), torch.stack(regions), times, penalty
        )


def mean_over_scans(values: torch.Tensor, n_windows: list[int]) -> torch.Tensor:
    """Return the mean over scans of means over windows, so that long scans weigh no more.

    Parameters
    ----------
    values : torch.Tensor of shape (n_graphs,)
        Values of windows.
    n_windows : list of int
        Windows of each scan.

    Returns
    -------
    torch.Tensor of shape ()
        Mean.
    """
    return torch.stack([part.mean() for part in torch.split(values, n_windows)]).mean()


def summarise(windows: torch.Tensor, padding: torch.Tensor | None, how: str) -> torch.Tensor:
    """Reduce the windows of each scan.

    Parameters
    ----------
    windows : torch.Tensor of shape (n_scans, n_windows, n_features)
        Vectors, padded.
    padding : torch.Tensor of shape (n_scans, n_windows), bool, or None
        Where there is no window.
    how : {"sum", "mean", "moments"}
        Sum, mean, or mean beside standard deviation.

    Returns
    -------
    torch.Tensor of shape (n_scans, n_features) or (n_scans, 2 n_features)
        Vectors of scans.
    """
    if padding is None:
        total, count = windows.sum(1), windows.new_full((1, 1), windows.shape[1])
    else:
        windows = windows.masked_fill(padding[:, :, None], 0)
        total, count = windows.sum(1), (~padding).sum(1, keepdim=True).to(windows.dtype)
    if how == "sum":
        return total
    mean = total / count
    if how == "mean":
        return mean
    squares = (windows - mean[:, None]).square()
    if padding is not None:
        squares = squares.masked_fill(padding[:, :, None], 0)
    # the square root has no derivative at 0, where all windows are alike
    return torch.cat([mean, (squares.sum(1) / count + 1e-6).sqrt()], 1)


def _padding(n_windows: list[int], device: torch.device) -> torch.Tensor | None:
    if min(n_windows) == max(n_windows):
        return None
    places = torch.arange(max(n_windows), device=device)
    return places[None, :] >= torch.tensor(n_windows, device=device)[:, None]
