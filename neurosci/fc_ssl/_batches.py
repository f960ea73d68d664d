"""Windows of several scans as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neurosci.preprocessing.connectivity import WindowGraphs, window_graphs

from ._scans import Scans

KEPT_BYTES = 1 << 28
"""Graphs that are kept from one epoch to the next, in all."""


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


class KeptGraphs:
    """Graphs of scans whose windows are the same in every epoch, computed once.

    Parameters
    ----------
    scans : Scans
        Scans.
    density : float
        Share of pairs that become edges.
    profiles : bool
        Whether to keep the correlations.
    """

    def __init__(self, scans: Scans, density: float, profiles: bool) -> None:
        self.scans, self.density, self.profiles = scans, density, profiles
        self._known: dict[int, tuple[NDArray[np.int64], WindowGraphs]] = {}

    @classmethod
    def where_useful(
        cls, scans: Scans, density: float, *, profiles: bool, n_epochs: int
    ) -> KeptGraphs | None:
        """Return one if there is another epoch, no random stretch, and memory for all graphs.

        Parameters
        ----------
        scans : Scans
            Scans.
        density : float
            Share of pairs that become edges.
        profiles : bool
            Whether to keep the correlations.
        n_epochs : int
            Passes over the scans.

        Returns
        -------
        KeptGraphs or None
            Empty store of graphs.
        """
        if n_epochs < 2 or scans.crops is not None:
            return None
        entries = sum(len(scans.starts(i)) for i in range(len(scans))) * scans.n_rois**2
        return cls(scans, density, profiles) if entries * (5 if profiles else 1) <= KEPT_BYTES else None

    def graphs(self, index: int, series: NDArray[np.float32], starts: NDArray[np.int64]) -> WindowGraphs:
        """Return the graphs of some windows of a scan.

        Parameters
        ----------
        index : int
            Place of the scan.
        series : ndarray of float32, shape (n_frames, n_rois)
            The scan, standardised.
        starts : ndarray of int64, shape (n_windows,)
            First frames.

        Returns
        -------
        WindowGraphs
            Correlations and graphs of float32.
        """
        if index not in self._known:
            first, length = self.scans.starts(index), self.scans.windows[index]
            made = window_graphs(series, first, length, density=self.density, correlation=self.profiles)
            self._known[index] = first, made
        first, (correlation, adjacency) = self._known[index]
        places = np.searchsorted(first, starts)
        assert adjacency is not None  # noqa: S101 (for mypy: there is a density)
        return WindowGraphs(
            None if correlation is None else correlation[places], adjacency[places].astype(np.float32)
        )


def gather(
    series: Sequence[NDArray[np.float32]],
    starts: Sequence[NDArray[np.int64]],
    lengths: Sequence[int],
    density: float,
    *,
    profiles: bool,
    device: str | torch.device = "cpu",
    kept: KeptGraphs | None = None,
    group: Sequence[int] = (),
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
    kept : KeptGraphs, default=None
        Graphs of earlier epochs, which are looked up.
    group : sequence of n_scans int, default=()
        Place of each scan among those of `kept`.

    Returns
    -------
    Windows
        Windows of all scans.
    """
    if kept is None:
        graphs = [
            window_graphs(x, s, length, density=density, correlation=profiles, adjacency="float32")
            for x, s, length in zip(series, starts, lengths, strict=True)
        ]
    else:
        graphs = [kept.graphs(i, x, s) for i, x, s in zip(group, series, starts, strict=True)]
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
