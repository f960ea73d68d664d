"""Masked autoencoding of dynamic graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ._batches import Windows
from ._decoders import Decoder
from ._encoder import GraphEncoder
from ._losses import edge_error, scaled_cosine_error
from ._objective import off_diagonal
from ._space_time import Hidden, SpaceTimeObjective

TARGETS = ("profile", "bold")


class MaskedAutoencoding(SpaceTimeObjective):
    """Reconstruct correlations (or series) and edges.

    Parameters
    ----------
    n_rois, hidden_dim, n_windows : int
        Sizes.
    target : {"profile", "bold"}
        Rows of the correlation matrix, or the series of hidden regions in the window.
    gamma : float
        Exponent of the scaled cosine error.
    window : int
        Frames of a window, needed for series.
    edge_weight : float or None
        Weight of edges relative to pairs that are none.
    decoder : {"mlp", "mixer"}
        Kind of decoder.
    **hiding : object
        Arguments of `SpaceTimeObjective`.
    """

    def __init__(
        self,
        n_rois: int,
        hidden_dim: int,
        n_windows: int,
        *,
        target: str,
        gamma: float,
        window: int,
        edge_weight: float | None,
        decoder: str,
        **hiding: Any,
    ) -> None:
        super().__init__(n_rois, hidden_dim, n_windows, **hiding)
        self.target, self.gamma, self.edge_weight = target, gamma, edge_weight
        n_entries = n_rois if target == "profile" else window
        if self.spatial:
            self.space = Decoder(n_rois, hidden_dim, hidden_dim, n_entries, decoder)
        if self.temporal:
            self.time = Decoder(n_rois, 2 * hidden_dim, hidden_dim, n_entries, decoder)

    def spatial_losses(
        self,
        encoder: GraphEncoder,  # noqa: ARG002
        windows: Windows,
        nodes: torch.Tensor,
        hidden: Hidden,
    ) -> dict[str, torch.Tensor]:
        """Return the errors of hidden entries of rows, and of hidden pairs.

        Parameters
        ----------
        encoder : GraphEncoder
            Not used.
        windows : Windows
            Whole windows, the targets.
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Nodes.
        hidden : Hidden
            What was hidden.

        Returns
        -------
        dict of str to torch.Tensor of shape ()
            ``node`` and ``edge``.
        """
        return self._errors(self.space, windows, nodes, hidden.pairs, hidden.regions)

    def temporal_losses(
        self,
        encoder: GraphEncoder,  # noqa: ARG002
        target: Windows,
        nodes: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        """Return the errors of all rows and pairs of the unseen window.

        Parameters
        ----------
        encoder : GraphEncoder
            Not used.
        target : Windows
            Windows to predict.
        nodes : torch.Tensor of shape (n_graphs, n_rois, 2 hidden_dim)
            Nodes of the windows before and after.

        Returns
        -------
        dict of str to torch.Tensor of shape ()
            ``node`` and ``edge``.
        """
        pairs = off_diagonal(len(nodes), self.n_rois, nodes.device)
        return self._errors(self.time, target, nodes, pairs, pairs.new_ones(nodes.shape[:2]))

    def reconstruct(
        self, encoder: GraphEncoder, windows: Windows, rngs: Sequence[np.random.Generator]
    ) -> tuple[torch.Tensor, ...]:
        """Predict one window of each scan, from itself or from two others.

        Parameters
        ----------
        encoder : GraphEncoder
            Encoder.
        windows : Windows
            One window of each scan, or three: before, target, after.
        rngs : sequence of numpy.random.Generator
            Generator of each scan.

        Returns
        -------
        tuple of torch.Tensor
            Rows, probabilities of edges, true correlations, true graphs, hidden pairs and hidden regions.
        """
        if len(windows.scan) == len(rngs):
            target, decoder = windows, self.space
            hidden = self.hide(rngs, len(rngs), windows.scan.device)
            nodes = self.encode_hidden(encoder, windows, hidden)
        else:
            rows = torch.arange(len(windows.scan), device=windows.scan.device)
            before, target, after = (windows.select(rows[i::3]) for i in range(3))
            decoder, nodes = self.time, self.encode_around(encoder, before, target, after)
            pairs = off_diagonal(len(nodes), self.n_rois, nodes.device)
            hidden = Hidden(pairs.new_ones(nodes.shape[:2]), pairs)
        decoded = decoder(nodes)
        assert target.profiles is not None  # noqa: S101 (for mypy)
        edges = torch.sigmoid(decoder.edge_logits(decoded))
        return decoder.rows(decoded), edges, target.profiles, target.adjacency, hidden.pairs, hidden.regions

    def _errors(
        self,
        decoder: Decoder,
        windows: Windows,
        nodes: torch.Tensor,
        pairs: torch.Tensor,
        regions: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        decoded = decoder(nodes)
        rows = decoder.rows(decoded)
        if self.target == "bold":
            truth = window_series(windows)
            entries = regions[:, :, None].expand_as(truth)
        else:
            assert windows.profiles is not None  # noqa: S101 (for mypy: `uses_profiles` asks for them)
            truth, entries = windows.profiles, pairs
        return {
            "node": scaled_cosine_error(rows, truth, entries, self.gamma).mean(),
            "edge": edge_error(
                decoder.edge_logits(decoded), windows.adjacency, pairs, self.edge_weight
            ).mean(),
        }


def window_series(windows: Windows) -> torch.Tensor:
    """Return the series of all regions inside the windows.

    Parameters
    ----------
    windows : Windows
        Windows of equal length.

    Returns
    -------
    torch.Tensor of shape (n_graphs, n_rois, n_frames)
        Series.
    """
    length = int((windows.ends - windows.starts)[0]) + 1
    frames = windows.starts[:, None] + torch.arange(length, device=windows.starts.device)
    return windows.series[windows.scan[:, None], frames].transpose(1, 2)
