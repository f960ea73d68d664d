"""Hiding in space and in time: what masked autoencoding and joint embedding share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ._batches import Windows
from ._encoder import GraphEncoder
from ._masks import hidden_pairs, hidden_regions
from ._objective import Objective, Outcome, encode


class Hidden(NamedTuple):
    """What the spatial task hides.

    Parameters
    ----------
    regions : torch.Tensor of shape (n_graphs, n_rois), bool
        Regions whose content is hidden; the same in all windows of a scan.
    pairs : torch.Tensor of shape (n_graphs, n_rois, n_rois), bool
        Pairs that are hidden.
    """

    regions: torch.Tensor
    pairs: torch.Tensor


class SpaceTimeObjective(Objective):
    """Predict what is hidden in a window, and a whole window from two others.

    Parameters
    ----------
    n_rois, hidden_dim : int
        Sizes of the encoder.
    n_windows : int
        Windows of each scan and step in space, and triples in time.
    spatial, temporal : bool
        Which tasks are used.
    node_mask_ratio, edge_mask_ratio : float
        Expected shares of hidden regions and pairs.
    mask : {"random", "block"}
        How they are drawn.
    lambda_temporal : float
        Weight of the temporal task.
    min_gap : int
        Least distance of the target window from each of the two others, in windows.
    leak_time_code : bool
        Whether the time code may see what is to be predicted.
    """

    uses_profiles = True

    def __init__(
        self,
        n_rois: int,
        hidden_dim: int,
        n_windows: int,
        *,
        spatial: bool,
        temporal: bool,
        node_mask_ratio: float,
        edge_mask_ratio: float,
        mask: str,
        lambda_temporal: float,
        min_gap: int,
        leak_time_code: bool,
    ) -> None:
        super().__init__(n_windows)
        self.n_rois, self.hidden_dim = n_rois, hidden_dim
        self.spatial, self.temporal = spatial, temporal
        self.node_mask_ratio, self.edge_mask_ratio, self.mask = node_mask_ratio, edge_mask_ratio, mask
        self.lambda_temporal, self.min_gap = lambda_temporal, min_gap
        self.leak_time_code = leak_time_code
        self.token = nn.Parameter(torch.randn(hidden_dim) * 0.02)

    def draw(self, rng: np.random.Generator, n_available: int) -> NDArray[np.int64]:
        """Draw windows for the spatial task, then triples (before, target, after) for the temporal one.

        Parameters
        ----------
        rng : numpy.random.Generator
            Generator of the scan.
        n_available : int
            Windows that the scan holds.

        Returns
        -------
        ndarray of int64
            Positions of windows.
        """
        parts = []
        if self.spatial:
            parts.append(super().draw(rng, n_available))
        if self.temporal:
            parts.append(self._triples(rng, n_available).ravel())
        return np.concatenate(parts)

    def _triples(self, rng: np.random.Generator, n_available: int) -> NDArray[np.int64]:
        """Draw triples, each as likely as any other that keeps the distance."""
        gap = self.min_gap
        targets = np.arange(gap, n_available - gap)
        ways = (targets - gap + 1.0) * (n_available - gap - targets)
        chosen = rng.choice(targets, self.n_windows, p=ways / ways.sum())
        before = rng.integers(0, chosen - gap + 1)
        after = rng.integers(chosen + gap, n_available)
        return np.stack([before, chosen, after], axis=1).astype(np.int64)

    def forward(
        self, encoder: GraphEncoder, windows: Windows, rngs: Sequence[np.random.Generator]
    ) -> Outcome:
        """Return the loss of both tasks and their parts.

        Parameters
        ----------
        encoder : GraphEncoder
            What is trained.
        windows : Windows
            What `draw` chose.
        rngs : sequence of numpy.random.Generator
            Generator of each scan.

        Returns
        -------
        loss : torch.Tensor of shape ()
            Loss.
        parts : dict of str to torch.Tensor of shape ()
            Parts.
        """
        rows = torch.arange(len(windows.scan), device=windows.scan.device).view(len(rngs), -1)
        n_spatial = self.n_windows if self.spatial else 0
        total = windows.series.new_zeros(())
        parts: dict[str, torch.Tensor] = {}
        if self.spatial:
            chosen = windows.select(rows[:, :n_spatial].reshape(-1))
            hidden = self.hide(rngs, len(chosen.scan), windows.scan.device)
            losses = self.spatial_losses(encoder, chosen, self.encode_hidden(encoder, chosen, hidden), hidden)
            total = total + sum(losses.values())
            parts.update({f"{name}_spatial": value for name, value in losses.items()})
        if self.temporal:
            before, target, after = (
                windows.select(rows[:, n_spatial + i :: 3].reshape(-1)) for i in range(3)
            )
            nodes = self.encode_around(encoder, before, target, after)
            losses = self.temporal_losses(encoder, target, nodes)
            total = total + self.lambda_temporal * sum(losses.values())
            parts.update({f"{name}_temporal": value for name, value in losses.items()})
        return total, parts

    def hide(self, rngs: Sequence[np.random.Generator], n_graphs: int, device: torch.device) -> Hidden:
        """Draw what is hidden in the windows of scans.

        Parameters
        ----------
        rngs : sequence of numpy.random.Generator
            Generator of each scan.
        n_graphs : int
            Windows of all scans.
        device : torch.device
            Device of the masks.

        Returns
        -------
        Hidden
            Masks.
        """
        share = n_graphs // len(rngs)
        regions, pairs = [], []
        for rng in rngs:
            one = hidden_regions(rng, self.n_rois, self.node_mask_ratio, self.mask)
            regions.append(np.broadcast_to(one, (share, self.n_rois)))
            pairs.append(hidden_pairs(rng, share, self.n_rois, self.edge_mask_ratio, self.mask))
        return Hidden(
            torch.from_numpy(np.concatenate(regions)).to(device),
            torch.from_numpy(np.concatenate(pairs)).to(device),
        )

    def encode_hidden(self, encoder: GraphEncoder, windows: Windows, hidden: Hidden) -> torch.Tensor:
        """Encode windows of which a part is hidden.

        Hidden pairs are removed from the graph and from the correlations; hidden regions lose their content,
        and their series are left out of the time code.

        Parameters
        ----------
        encoder : GraphEncoder
            Encoder.
        windows : Windows
            Windows.
        hidden : Hidden
            What is hidden.

        Returns
        -------
        torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Nodes.
        """
        series = windows.series
        if not self.leak_time_code:
            visible = torch.ones(len(series), self.n_rois, dtype=series.dtype, device=series.device)
            visible[windows.scan] = (~hidden.regions).to(series.dtype)
            series = series * visible[:, None, :]
        masked = replace(
            windows,
            adjacency=windows.adjacency.masked_fill(hidden.pairs, 0),
            profiles=None if windows.profiles is None else windows.profiles.masked_fill(hidden.pairs, 0),
        )
        codes = encoder.time_codes(series, windows.scan, windows.ends)
        return encode(encoder, masked, codes=codes, hidden=hidden.regions, token=self.token)

    def encode_around(
        self, encoder: GraphEncoder, before: Windows, target: Windows, after: Windows
    ) -> torch.Tensor:
        """Encode the windows before and after a target whose frames the time code does not see.

        Parameters
        ----------
        encoder : GraphEncoder
            Encoder.
        before, target, after : Windows
            Windows.

        Returns
        -------
        torch.Tensor of shape (n_graphs, n_rois, 2 hidden_dim)
            Nodes of both windows side by side.
        """
        series, scan = target.series, target.scan
        if encoder.recurrent is not None and not self.leak_time_code:
            frames = torch.arange(series.shape[1], device=series.device)
            inside = (frames >= target.starts[:, None]) & (frames <= target.ends[:, None])
            series = series[scan].masked_fill(inside[:, :, None], 0)
            scan = torch.arange(len(scan), device=series.device)
        both = replace(
            target,
            series=series,
            scan=torch.cat([scan, scan]),
            starts=torch.cat([before.starts, after.starts]),
            ends=torch.cat([before.ends, after.ends]),
            adjacency=torch.cat([before.adjacency, after.adjacency]),
            profiles=_both(before.profiles, after.profiles),
        )
        first, second = encode(encoder, both).chunk(2)
        return torch.cat([first, second], 2)

    def spatial_losses(
        self, encoder: GraphEncoder, windows: Windows, nodes: torch.Tensor, hidden: Hidden
    ) -> dict[str, torch.Tensor]:
        """Return the parts of the loss in space.

        Parameters
        ----------
        encoder : GraphEncoder
            Encoder.
        windows : Windows
            Whole windows, the targets.
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            What `encode_hidden` returned.
        hidden : Hidden
            What was hidden.

        Returns
        -------
        dict of str to torch.Tensor of shape ()
            Parts.
        """
        raise NotImplementedError

    def temporal_losses(
        self, encoder: GraphEncoder, target: Windows, nodes: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Return the parts of the loss in time.

        Parameters
        ----------
        encoder : GraphEncoder
            Encoder.
        target : Windows
            Windows to predict.
        nodes : torch.Tensor of shape (n_graphs, n_rois, 2 hidden_dim)
            What `encode_around` returned.

        Returns
        -------
        dict of str to torch.Tensor of shape ()
            Parts.
        """
        raise NotImplementedError


def _both(first: Any, second: Any) -> Any:
    return None if first is None else torch.cat([first, second])
