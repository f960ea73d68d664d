"""Tasks that others pre-train with, on the same encoder: contrastive and generative."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional

from ._aggregation import Neighbours
from ._batches import Windows
from ._decoders import Decoder
from ._encoder import GraphEncoder, GraphIsomorphismLayer
from ._fused_first import dense
from ._losses import edge_error, scaled_cosine_error
from ._masks import hidden_regions
from ._objective import Objective, Outcome, encode, off_diagonal


class PerturbedContrast(Objective):
    """Tell a graph from others by its image under an encoder with noisy weights (SimGRACE).

    Parameters
    ----------
    n_rois : int
        Regions; not used.
    hidden_dim : int
        Width of the encoder.
    n_windows : int
        Windows of each scan and step.
    noise : float, default=1.0
        Noise of a weight in standard deviations of its tensor.
    temperature : float, default=0.2
        Temperature of the contrast.
    """

    def __init__(
        self, n_rois: int, hidden_dim: int, n_windows: int, *, noise: float = 1.0, temperature: float = 0.2
    ) -> None:
        del n_rois
        super().__init__(n_windows)
        self.noise, self.temperature = noise, temperature
        self.head = nn.Sequential(
            nn.Linear(hidden_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, hidden_dim)
        )

    def forward(
        self, encoder: GraphEncoder, windows: Windows, rngs: Sequence[np.random.Generator]
    ) -> Outcome:
        """Return the cross-entropy of finding the same graph among those of this process.

        Parameters
        ----------
        encoder : GraphEncoder
            What is trained.
        windows : Windows
            Graphs.
        rngs : sequence of numpy.random.Generator
            Generator of each scan; the first draws the noise.

        Returns
        -------
        loss : torch.Tensor of shape ()
            Loss.
        parts : dict of str to torch.Tensor of shape ()
            Share of graphs that are found.
        """
        clean = functional.normalize(self.head(encode(encoder, windows).mean(1)), dim=1)
        with torch.no_grad():
            perturbed = functional_call(_Encode(encoder), self._perturbed(encoder, rngs[0]), (windows,))
            noisy = functional.normalize(self.head(perturbed.mean(1)), dim=1)
        logits = clean @ noisy.T / self.temperature
        own = torch.arange(len(logits), device=logits.device)
        found = (logits.argmax(1) == own).float().mean()
        return functional.cross_entropy(logits, own), {"found": found}

    def _perturbed(self, encoder: GraphEncoder, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        state: dict[str, torch.Tensor] = {}
        for name, weight in encoder.named_parameters():
            noise = torch.from_numpy(rng.standard_normal(tuple(weight.shape), dtype=np.float32)).to(weight)
            spread = weight.detach().std() if weight.numel() > 1 else weight.detach().abs().mean()
            state[f"encoder.{name}"] = weight.detach() + self.noise * spread * noise
        # its own copies, so that the noisy pass leaves the running statistics alone
        state.update({f"encoder.{name}": buffer.clone() for name, buffer in encoder.named_buffers()})
        return state


class _Encode(nn.Module):
    """`encode` as a module, for `functional_call`."""

    def __init__(self, encoder: GraphEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, windows: Windows) -> torch.Tensor:
        return encode(self.encoder, windows)


class GraphInfomax(Objective):
    """Tell a graph's nodes from those of a graph whose regions changed places (deep graph infomax).

    Parameters
    ----------
    n_rois : int
        Regions; not used.
    hidden_dim : int
        Width of the encoder.
    n_windows : int
        Windows of each scan and step.
    """

    def __init__(self, n_rois: int, hidden_dim: int, n_windows: int) -> None:
        del n_rois
        super().__init__(n_windows)
        self.bilinear = nn.Linear(hidden_dim, hidden_dim, bias=False)

    def forward(
        self, encoder: GraphEncoder, windows: Windows, rngs: Sequence[np.random.Generator]
    ) -> Outcome:
        """Return the cross-entropy of nodes being those of the graph.

        Parameters
        ----------
        encoder : GraphEncoder
            What is trained.
        windows : Windows
            Graphs.
        rngs : sequence of numpy.random.Generator
            Generator of each scan, which draws the order of the regions.

        Returns
        -------
        loss : torch.Tensor of shape ()
            Loss.
        parts : dict of str to torch.Tensor of shape ()
            Share of nodes that are told right.
        """
        codes = encoder.time_codes(windows.series, windows.scan, windows.ends)
        content = dense(encoder.node_content(codes, windows.profiles, n_graphs=len(windows.scan)))
        orders = np.stack([rng.permutation(encoder.n_rois) for rng in rngs])
        order = torch.from_numpy(orders).to(content.device)[windows.scan]
        shuffled = content.expand(len(order), -1, -1).gather(
            1, order[:, :, None].expand(-1, -1, content.shape[2])
        )
        real = encoder(windows.adjacency, content)[-1]
        false = encoder(windows.adjacency, shuffled)[-1]
        summary = self.bilinear(torch.sigmoid(real.mean(1)))[:, :, None]
        logits = torch.cat([torch.bmm(real, summary), torch.bmm(false, summary)])[:, :, 0]
        truth = torch.zeros_like(logits)
        truth[: len(real)] = 1
        right = ((logits > 0) == (truth > 0.5)).float().mean()
        return functional.binary_cross_entropy_with_logits(logits, truth), {"right": right}


class GraphAutoencoding(Objective):
    """Reconstruct all edges from products of latent nodes, which may be drawn (graph autoencoders).

    Parameters
    ----------
    n_rois : int
        Regions.
    hidden_dim : int
        Width of the encoder.
    n_windows : int
        Windows of each scan and step.
    variational : bool, default=False
        Whether latents are drawn from a normal distribution that is kept near the standard one.
    """

    def __init__(self, n_rois: int, hidden_dim: int, n_windows: int, *, variational: bool = False) -> None:
        super().__init__(n_windows)
        self.n_rois, self.variational = n_rois, variational
        self.mean = nn.Linear(hidden_dim, hidden_dim)
        self.log_deviation = nn.Linear(hidden_dim, hidden_dim) if variational else None
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(
        self, encoder: GraphEncoder, windows: Windows, rngs: Sequence[np.random.Generator]
    ) -> Outcome:
        """Return the cross-entropy of all pairs, and the divergence from the prior.

        Parameters
        ----------
        encoder : GraphEncoder
            What is trained.
        windows : Windows
            Graphs.
        rngs : sequence of numpy.random.Generator
            Generator of each scan, which draws latents.

        Returns
        -------
        loss : torch.Tensor of shape ()
            Loss.
        parts : dict of str to torch.Tensor of shape ()
            ``edge``, and ``divergence`` where there is one.
        """
        nodes = encode(encoder, windows)
        latent = self.mean(nodes)
        parts: dict[str, torch.Tensor] = {}
        divergence = latent.new_zeros(())
        if self.log_deviation is not None:
            # limits keep the exponential finite
            log_deviation = self.log_deviation(nodes).clamp(-10, 10)
            share = (len(nodes) // len(rngs), *nodes.shape[1:])
            noise = np.concatenate([rng.standard_normal(share, dtype=np.float32) for rng in rngs])
            deviation = log_deviation.exp()
            divergence = (latent.square() + deviation.square() - 1).mul(0.5).sub(log_deviation).sum(2).mean()
            divergence = divergence / self.n_rois
            parts["divergence"] = divergence
            latent = latent + deviation * torch.from_numpy(noise).to(latent)
        logits = torch.bmm(latent, latent.transpose(1, 2)) / latent.shape[-1] ** 0.5 + self.bias
        pairs = off_diagonal(len(nodes), self.n_rois, nodes.device)
        parts["edge"] = edge_error(logits, windows.adjacency, pairs).mean()
        return parts["edge"] + divergence, parts


class MaskedNodes(Objective):
    """Reconstruct the rows of hidden regions through a graph layer (GraphMAE).

    Parameters
    ----------
    n_rois : int
        Regions.
    hidden_dim : int
        Width of the encoder.
    n_windows : int
        Windows of each scan and step.
    node_mask_ratio : float, default=0.5
        Expected share of hidden regions.
    gamma : float, default=2.0
        Exponent of the scaled cosine error.
    """

    uses_profiles = True

    def __init__(
        self,
        n_rois: int,
        hidden_dim: int,
        n_windows: int,
        *,
        node_mask_ratio: float = 0.5,
        gamma: float = 2.0,
    ) -> None:
        super().__init__(n_windows)
        self.node_mask_ratio, self.gamma = node_mask_ratio, gamma
        self.token = nn.Parameter(torch.randn(hidden_dim) * 0.02)
        self.bridge = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.graph = GraphIsomorphismLayer(hidden_dim)
        self.decoder = Decoder(n_rois, hidden_dim, hidden_dim, n_rois)

    def forward(
        self, encoder: GraphEncoder, windows: Windows, rngs: Sequence[np.random.Generator]
    ) -> Outcome:
        """Return the scaled cosine error of the rows of hidden regions.

        Parameters
        ----------
        encoder : GraphEncoder
            What is trained.
        windows : Windows
            Graphs.
        rngs : sequence of numpy.random.Generator
            Generator of each scan, which draws hidden regions.

        Returns
        -------
        loss : torch.Tensor of shape ()
            Loss.
        parts : dict of str to torch.Tensor of shape ()
            ``node``.
        """
        drawn = np.stack(
            [hidden_regions(rng, encoder.n_rois, self.node_mask_ratio, "random") for rng in rngs]
        )
        by_scan = torch.from_numpy(drawn).to(windows.scan.device)
        hidden = by_scan[windows.scan]
        codes = encoder.time_codes(
            windows.series.masked_fill(by_scan[:, None, :], 0), windows.scan, windows.ends
        )
        nodes = self.bridge(encode(encoder, windows, codes=codes, hidden=hidden, token=self.token))
        nodes = self.graph(Neighbours(windows.adjacency), nodes.masked_fill(hidden[:, :, None], 0))
        rows = self.decoder.rows(self.decoder(nodes))
        entries = off_diagonal(len(nodes), encoder.n_rois, nodes.device) & hidden[:, :, None]
        assert windows.profiles is not None  # noqa: S101 (for mypy: `uses_profiles` asks for them)
        error = scaled_cosine_error(rows, windows.profiles, entries, self.gamma).mean()
        return error, {"node": error}
