"""Joint embedding: predict what a slowly following encoder makes of the whole graph."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ._batches import Windows
from ._decoders import Decoder
from ._encoder import GraphEncoder
from ._objective import encode
from ._space_time import Hidden, SpaceTimeObjective

LATENT_LOSSES = ("smooth_l1", "mse")


class JointEmbedding(SpaceTimeObjective):
    """Predict latent nodes and pairs.

    The latent of a pair is the product of its nodes' latents. No gradient flows into the target encoder,
    whose weights are a moving average of the encoder's.

    Parameters
    ----------
    encoder : GraphEncoder
        Encoder, which the target encoder starts as a copy of.
    n_windows : int
        Windows of each scan and step.
    momentum : float
        Share that the target encoder keeps at the first step; it rises to 1 as half a cosine.
    latent_loss : {"smooth_l1", "mse"}
        Loss.
    n_pairs : int
        Hidden pairs of each graph that are predicted.
    decoder : {"mlp", "mixer"}
        Kind of decoder.
    **hiding : object
        Arguments of `SpaceTimeObjective`.
    """

    def __init__(
        self,
        encoder: GraphEncoder,
        n_windows: int,
        *,
        momentum: float,
        latent_loss: str,
        n_pairs: int,
        decoder: str,
        **hiding: Any,
    ) -> None:
        super().__init__(encoder.n_rois, encoder.hidden_dim, n_windows, **hiding)
        self.momentum, self.n_pairs = momentum, n_pairs
        self.latent_loss = functional.smooth_l1_loss if latent_loss == "smooth_l1" else functional.mse_loss
        self.target_encoder = copy.deepcopy(encoder).requires_grad_(False)
        width = encoder.hidden_dim
        if self.spatial:
            self.space = Decoder(encoder.n_rois, width, width, width, decoder)
            self.space_pairs = nn.Linear(width, width)
        if self.temporal:
            self.time = Decoder(encoder.n_rois, 2 * width, width, width, decoder)
            self.time_pairs = nn.Linear(width, width)

    def after_step(self, encoder: GraphEncoder, fraction: float) -> None:
        """Move the target encoder a little towards the encoder.

        Parameters
        ----------
        encoder : GraphEncoder
            What is trained.
        fraction : float
            Share of the training that is done.
        """
        kept = 1 - (1 - self.momentum) * (1 + math.cos(math.pi * fraction)) / 2
        with torch.no_grad():
            for target, online in zip(self.target_encoder.parameters(), encoder.parameters(), strict=True):
                target.lerp_(online, 1 - kept)

    def spatial_losses(
        self,
        encoder: GraphEncoder,  # noqa: ARG002
        windows: Windows,
        nodes: torch.Tensor,
        hidden: Hidden,
    ) -> dict[str, torch.Tensor]:
        """Return the errors of hidden regions and of a sample of hidden pairs.

        Parameters
        ----------
        encoder : GraphEncoder
            Not used.
        windows : Windows
            Whole windows.
        nodes : torch.Tensor of shape (n_graphs, n_rois, hidden_dim)
            Nodes.
        hidden : Hidden
            What was hidden.

        Returns
        -------
        dict of str to torch.Tensor of shape ()
            ``node`` and ``edge``.
        """
        return self._errors(self.space, self.space_pairs, windows, nodes, hidden.regions, hidden.pairs)

    def temporal_losses(
        self,
        encoder: GraphEncoder,  # noqa: ARG002
        target: Windows,
        nodes: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        """Return the errors of all regions and of a sample of all pairs.

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
        every = torch.ones(nodes.shape[:2], dtype=torch.bool, device=nodes.device)
        return self._errors(
            self.time, self.time_pairs, target, nodes, every, every[:, :, None] & every[:, None, :]
        )

    def _errors(
        self,
        decoder: Decoder,
        pair_map: nn.Module,
        windows: Windows,
        nodes: torch.Tensor,
        regions: torch.Tensor,
        pairs: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        with torch.no_grad():
            latent = encode(self.target_encoder, windows)
            # without a common scale the easiest latent to predict is 0
            latent = functional.layer_norm(latent, latent.shape[-1:])
        decoded = decoder(nodes)
        predicted = decoder.rows(decoded)
        node = self.latent_loss(predicted, latent, reduction="none").mean(2).masked_fill(~regions, 0)
        first, second, counts = self._some(pairs)
        graphs = torch.arange(len(nodes), device=nodes.device)[:, None]
        product = pair_map(decoded[graphs, first] * decoded[graphs, second])
        wanted = latent[graphs, first] * latent[graphs, second]
        edge = self.latent_loss(product, wanted, reduction="none").mean(2).masked_fill(~counts, 0)
        return {
            "node": (node.sum(1) / regions.sum(1).clamp_min(1)).mean(),
            "edge": (edge.sum(1) / counts.sum(1).clamp_min(1)).mean(),
        }

    def _some(self, pairs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return rows and columns of hidden pairs, evenly spread, and which of them are hidden ones."""
        upper = pairs.triu(1).flatten(1)
        n_pairs = min(self.n_pairs, upper.shape[1])
        rank = upper.cumsum(1)
        total = rank[:, -1:]
        steps = torch.arange(n_pairs, device=pairs.device)
        # the k-th of n places is the hidden pair number k total / n, so each is taken at most once per k
        wanted = (steps * total.clamp_min(n_pairs) // n_pairs) + 1
        place = torch.searchsorted(rank, wanted).clamp_max(upper.shape[1] - 1)
        counts = wanted <= total
        return place // self.n_rois, place % self.n_rois, counts
