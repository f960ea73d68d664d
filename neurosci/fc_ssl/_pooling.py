"""From the nodes of all windows to one row for each scan."""

from __future__ import annotations

import math

import torch

from ._backbone import summarise

POOLS = ("mean", "attention", "none")
TIMES = ("mean", "sd", "moments")
LAYERS = ("all", "last")


def pooled(
    layers: list[torch.Tensor], n_windows: list[int], pool: str, time: str, which: str
) -> torch.Tensor:
    """Reduce nodes to features of scans.

    Parameters
    ----------
    layers : list of torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
        Nodes of each layer.
    n_windows : list of int
        Windows of each scan.
    pool : {"mean", "attention", "none"}
        Mean over regions, mean weighted by the sigmoid of a region's product with the mean, or regions kept
        apart.
    time : {"mean", "sd", "moments"}
        Mean over windows, standard deviation, or both.
    which : {"all", "last"}
        Layers.

    Returns
    -------
    torch.Tensor of shape (n_scans, n_features)
        Features: layers, then moments, then regions, then the hidden width.
    """
    chosen = layers if which == "all" else layers[-1:]
    rows = torch.stack([_over_regions(nodes, pool).flatten(1) for nodes in chosen], 1)
    scans = []
    for scan in torch.split(rows, n_windows):
        moments = summarise(scan.transpose(0, 1), None, "moments")
        mean, deviation = moments.chunk(2, dim=1)
        scans.append({"mean": mean, "sd": deviation, "moments": moments}[time].flatten())
    return torch.stack(scans)


def _over_regions(nodes: torch.Tensor, pool: str) -> torch.Tensor:
    if pool == "none":
        return nodes
    if pool == "mean":
        return nodes.mean(1)
    products = torch.bmm(nodes, nodes.mean(1)[:, :, None]) / math.sqrt(nodes.shape[-1])
    return (torch.sigmoid(products) * nodes).mean(1)
