"""What all tasks of pre-training have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ._batches import Windows
from ._encoder import GraphEncoder

Outcome = tuple[torch.Tensor, dict[str, torch.Tensor]]


class Objective(nn.Module):
    """One task: which windows it wants of a scan, and its loss on them.

    Every scan of a batch gives the same number of windows, and the loss is a mean over scans, so that it does
    not depend on how a batch is shared among processes.

    Parameters
    ----------
    n_windows : int
        Windows of each scan and step.
    """

    uses_profiles = False

    def __init__(self, n_windows: int) -> None:
        super().__init__()
        self.n_windows = n_windows

    def draw(self, rng: np.random.Generator, n_available: int) -> NDArray[np.int64]:
        """Draw windows of one scan; without replacement where there are enough.

        Parameters
        ----------
        rng : numpy.random.Generator
            Generator of the scan.
        n_available : int
            Windows that the scan holds.

        Returns
        -------
        ndarray of int64
            Positions of windows, as many for every scan.
        """
        return rng.choice(n_available, self.n_windows, replace=n_available < self.n_windows)

    def forward(
        self, encoder: GraphEncoder, windows: Windows, rngs: Sequence[np.random.Generator]
    ) -> Outcome:
        """Return the loss, and parts of it to log.

        Parameters
        ----------
        encoder : GraphEncoder
            What is trained.
        windows : Windows
            What `draw` chose, for each scan of the batch.
        rngs : sequence of numpy.random.Generator
            Generator of each scan, to draw what is hidden.

        Returns
        -------
        loss : torch.Tensor of shape ()
            Loss.
        parts : dict of str to torch.Tensor of shape ()
            Parts.
        """
        raise NotImplementedError

    def after_step(self, encoder: GraphEncoder, fraction: float) -> None:
        """Do what follows a step of the optimiser; nothing, unless a task says otherwise.

        Parameters
        ----------
        encoder : GraphEncoder
            What is trained.
        fraction : float
            Share of the training that is done.
        """


def encode(
    encoder: GraphEncoder,
    windows: Windows,
    *,
    codes: torch.Tensor | None = None,
    hidden: torch.Tensor | None = None,
    token: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the last layer's nodes.

    Parameters
    ----------
    encoder : GraphEncoder
        Encoder.
    windows : Windows
        Windows.
    codes : torch.Tensor of shape (n_graphs, hidden_dim), default=None
        Time codes; those of the whole series where there are none.
    hidden : torch.Tensor of shape (n_graphs, n_rois), bool, default=None
        Regions whose content is hidden.
    token : torch.Tensor of shape (hidden_dim,), default=None
        What stands for it.

    Returns
    -------
    torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
        Nodes.
    """
    if codes is None:
        codes = encoder.time_codes(windows.series, windows.scan, windows.ends)
    content = encoder.node_content(codes, windows.profiles, hidden, token, n_graphs=len(windows.scan))
    nodes: torch.Tensor = encoder(windows.adjacency, content)[-1]
    return nodes


def off_diagonal(n_graphs: int, n_rois: int, device: torch.device) -> torch.Tensor:
    """Return the pairs of different regions.

    Parameters
    ----------
    n_graphs : int
        Graphs.
    n_rois : int
        Regions.
    device : torch.device
        Device.

    Returns
    -------
    torch.Tensor of shape (n_graphs, n_rois, n_rois), bool
        Where row and column differ.
    """
    return ~torch.eye(n_rois, dtype=torch.bool, device=device).expand(n_graphs, -1, -1)
