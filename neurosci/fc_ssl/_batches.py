"""Windows of several scans as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neurosci.preprocessing.connectivity import window_graphs


@dataclass(frozen=True)
class Windows:
    """Windows of several scans, one after another.

    Parameters
    ----------
    series : torch.Tensor of shape (n_scans, n_frames, n_rois)
        Standardised scans from their first frame, padded with zeros.
    scan : torch.Tensor of shape (n_graphs,), int64
        Scan of each window.
    starts : torch.Tensor of shape (n_graphs,), int64
        First frame of each window.
    ends : torch.Tensor of shape (n_graphs,), int64
        Last frame of each window.
    adjacency : torch.Tensor of shape (n_graphs, n_rois, n_rois)
        Graphs.
    profiles : torch.Tensor of shape (n_graphs, n_rois, n_rois), or None
        Correlations, where they were asked for.
    n_windows : list of int
        Windows of each scan.
    """

    series: torch.Tensor
    scan: torch.Tensor
    starts: torch.Tensor
    ends: torch.Tensor
    adjacency: torch.Tensor
    profiles: torch.Tensor | None
    n_windows: list[int]

    def select(self, rows: torch.Tensor) -> Windows:
        """Return some of the windows, in the order of `rows`; `n_windows` then says nothing."""
        profiles = None if self.profiles is None else self.profiles[rows]
        return replace(
            self,
            scan=self.scan[rows],
            starts=self.starts[rows],
            ends=self.ends[rows],
            adjacency=self.adjacency[rows],
            profiles=profiles,
            n_windows=[],
        )


def gather(
    series: Sequence[NDArray[np.float32]],
    starts: Sequence[NDArray[np.int64]],
    lengths: Sequence[int],
    density: float,
    *,
    profiles: bool,
    device: str | torch.device = "cpu",
) -> Windows:
    """Compute the graphs of windows of several scans.

    Parameters
    ----------
    series : sequence of n_scans ndarray of float32, shape (n_frames, n_rois)
        Standardised scans.
    starts : sequence of n_scans ndarray of int64, shape (n_windows,)
        First frames of windows.
    lengths : sequence of n_scans int
        Frames of a window of each scan.
    density : float
        Share of pairs that become edges.
    profiles : bool
        Whether to keep the correlations.
    device : str or torch.device, default="cpu"
        Where the tensors belong.

    Returns
    -------
    Windows
        Windows of all scans.
    """
    graphs = [
        window_graphs(x, s, length, density=density, correlation=profiles, adjacency="float32")
        for x, s, length in zip(series, starts, lengths, strict=True)
    ]
    longest = max(int(s.max()) + length for s, length in zip(starts, lengths, strict=True))
    padded = np.zeros((len(series), longest, series[0].shape[1]), dtype=np.float32)
    for row, x in zip(padded, series, strict=True):
        row[: min(len(x), longest)] = x[:longest]
    counts = [len(s) for s in starts]
    first = np.concatenate([np.asarray(s, dtype=np.int64) for s in starts])
    last = first + np.repeat(np.asarray(lengths, dtype=np.int64), counts) - 1
    return Windows(
        series=torch.from_numpy(padded).to(device),
        scan=torch.from_numpy(np.repeat(np.arange(len(series)), counts)).to(device),
        starts=torch.from_numpy(first).to(device),
        ends=torch.from_numpy(last).to(device),
        adjacency=_joined([g.adjacency for g in graphs]).to(device),
        profiles=_joined([g.correlation for g in graphs]).to(device) if profiles else None,
        n_windows=counts,
    )


def _joined(parts: list[Any]) -> torch.Tensor:
    return torch.from_numpy(np.concatenate(parts))
