"""Vector quantiser: directions on a sphere, codes by index, codex as an exponential moving average."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .._training import all_reduce_sum
from ._codes import means, nearest, spherical_kmeans
from ._layers import full, linear


class CodexCollapseWarning(UserWarning):
    """Few codes are in use, so that predicting them shows little."""


class Quantized(NamedTuple):
    """What a quantiser returns.

    Parameters
    ----------
    tokens : Tensor of shape (batch, n_patches, d_model)
        Tokens for the decoder.
    codes : Tensor of int64, shape (batch, n_patches)
        Index of the code of each token.
    commitment : Tensor
        Weighted commitment loss, a scalar; 0 while the quantiser warms up.
    """

    tokens: Tensor
    codes: Tensor
    commitment: Tensor


class VectorQuantizer(nn.Module):
    """Replace tokens by the nearest of a set of codes.

    Tokens are projected to unit vectors, the code nearest in angle is looked up, and a straight-through
    gradient passes it. In training mode codes follow the mean of the vectors that chose them; in
    evaluation mode nothing changes.

    Parameters
    ----------
    d_model : int, default=160
        Width of a token.
    codex_size : int, default=2048
        Number of codes.
    codex_dim : int, default=64
        Dimension of a code.
    decay : float, default=0.99
        Share of a code that an update keeps.
    commitment : float, default=1.0
        Weight of the commitment loss.
    n_kmeans_iterations : int, default=10
        Iterations of the spherical k-means that starts the codex.
    vq_warmup_steps : int, default=0
        Training steps before the look-up begins; until then projected tokens pass as they are, which
        keeps the codex from collapsing. 0 is the published behaviour.

    Raises
    ------
    ValueError
        If a size is not positive.

    Notes
    -----
    ``index_add_`` sums in no fixed order on a GPU, so that runs there are equal to rounding only.

    References
    ----------
    Zheng, H. et al. (2024), equations 4 and 5, table 5.

    Examples
    --------
    >>> import torch
    >>> from neurosci.du_in import VectorQuantizer
    >>> quantizer = VectorQuantizer(8, codex_size=16, codex_dim=4).eval()
    >>> quantizer(torch.ones(2, 3, 8)).codes.shape
    torch.Size([2, 3])
    """

    codex: Tensor
    counts: Tensor
    started: Tensor
    n_steps: Tensor

    def __init__(
        self,
        d_model: int = 160,
        codex_size: int = 2048,
        codex_dim: int = 64,
        *,
        decay: float = 0.99,
        commitment: float = 1.0,
        n_kmeans_iterations: int = 10,
        vq_warmup_steps: int = 0,
    ) -> None:
        super().__init__()
        if min(d_model, codex_size, codex_dim) < 1 or vq_warmup_steps < 0:
            raise ValueError(
                "VectorQuantizer: d_model, codex_size and codex_dim must be at least 1 and "
                f"vq_warmup_steps at least 0, got {d_model}, {codex_size}, {codex_dim} and {vq_warmup_steps}"
            )
        self.codex_size, self.decay, self.commitment = codex_size, decay, commitment
        self.n_kmeans_iterations, self.vq_warmup_steps = n_kmeans_iterations, vq_warmup_steps
        self.hidden, self.project = linear(d_model, d_model), linear(d_model, codex_dim)
        self.norm, self.expand = nn.LayerNorm(codex_dim), linear(codex_dim, d_model)
        self.register_buffer("codex", functional.normalize(torch.randn(codex_size, codex_dim), dim=1))
        self.register_buffer("counts", torch.zeros(codex_size))
        self.register_buffer("started", torch.zeros((), dtype=torch.bool))
        self.register_buffer("n_steps", torch.zeros((), dtype=torch.int64))

    def directions(self, tokens: Tensor) -> Tensor:
        """Return tokens as unit vectors in the space of the codes.

        Parameters
        ----------
        tokens : Tensor of shape (..., d_model)
            Tokens.

        Returns
        -------
        Tensor of shape (..., codex_dim)
            Unit vectors, never in half precision.
        """
        return functional.normalize(full(self.project(torch.tanh(self.hidden(tokens)))), dim=-1)

    @torch.no_grad()
    def codes(self, tokens: Tensor) -> Tensor:
        """Return the index of the code of each token.

        Parameters
        ----------
        tokens : Tensor of shape (..., d_model)
            Tokens.

        Returns
        -------
        Tensor of int64, shape (...)
            Indices.
        """
        return self.search(self.directions(tokens))

    @torch.no_grad()
    def search(self, directions: Tensor) -> Tensor:
        """Return the index of the code nearest to each unit vector; of equals the first.

        Parameters
        ----------
        directions : Tensor of shape (..., codex_dim)
            Unit vectors.

        Returns
        -------
        Tensor of int64, shape (...)
            Indices.
        """
        # near ties would flip in half precision
        with torch.autocast(directions.device.type, enabled=False):
            return nearest(directions.flatten(0, -2), self.codex).view(directions.shape[:-1])

    @property
    def warming_up(self) -> bool:
        """Whether the look-up is still skipped.

        Returns
        -------
        bool
            Always False with ``vq_warmup_steps=0``.
        """
        return int(self.n_steps) < self.vq_warmup_steps

    @property
    def needs_start(self) -> bool:
        """Whether the next training step looks codes up that k-means has not yet placed.

        Returns
        -------
        bool
            True once in a training.
        """
        return not self.warming_up and not bool(self.started)

    @torch.no_grad()
    def start(self, directions: Tensor, random_state: int | np.random.Generator = 0) -> int:
        """Place the codes by spherical k-means.

        Parameters
        ----------
        directions : Tensor of shape (n, codex_dim)
            Unit vectors, for example of several batches.
        random_state : int or Generator, default=0
            Draws the seeds.

        Returns
        -------
        int
            Codes that no vector chose.

        Warns
        -----
        UserWarning
            If there are fewer vectors than codes: then some codes are copies of others.
        """
        vectors = directions.detach().flatten(0, -2)
        if len(vectors) < self.codex_size:
            warnings.warn(
                f"VectorQuantizer: k-means needs at least {self.codex_size} tokens, one per code, got "
                f"{len(vectors)}; some codes start as copies (pool several batches)",
                stacklevel=2,
            )
        rng = np.random.default_rng(random_state)
        centres, counts = spherical_kmeans(vectors, self.codex_size, self.n_kmeans_iterations, rng)
        # every process must start from the same codes: those of the first
        first = not torch.distributed.is_initialized() or torch.distributed.get_rank() == 0
        self.codex.copy_(all_reduce_sum(centres if first else torch.zeros_like(centres)))
        self.started.fill_(True)
        return int((counts == 0).sum())

    @torch.no_grad()
    def update(self, directions: Tensor, codes: Tensor) -> None:
        """Move each code that was chosen towards the mean of the vectors that chose it.

        Parameters
        ----------
        directions : Tensor of shape (n, codex_dim)
            Unit vectors.
        codes : Tensor of int64, shape (n,)
            Code of each.
        """
        sums, counts = means(directions, codes, self.codex_size)
        total = all_reduce_sum(torch.cat([sums, counts[:, None]], dim=1))
        sums, counts = total[:, :-1], total[:, -1]
        mean = functional.normalize(sums / counts[:, None].clamp(min=1), dim=1)
        moved = functional.normalize(self.decay * self.codex + (1 - self.decay) * mean, dim=1)
        self.codex.copy_(torch.where(counts[:, None] > 0, moved, self.codex))
        self.counts.mul_(self.decay).add_(counts, alpha=1 - self.decay)

    def forward(self, tokens: Tensor) -> Quantized:
        """Quantise tokens.

        Parameters
        ----------
        tokens : Tensor of shape (batch, n_patches, d_model)
            Tokens.

        Returns
        -------
        Quantized
            Tokens for the decoder, codes and commitment loss.
        """
        directions = self.directions(tokens)
        if self.training and self.needs_start:
            self.start(directions)
        bypassed = self.warming_up
        if self.training:
            self.n_steps += 1
        codes = self.search(directions.detach())
        if bypassed:
            return Quantized(self.expand(self.norm(directions)), codes, directions.new_zeros(()))
        chosen = functional.embedding(codes, self.codex)
        commitment = self.commitment * functional.mse_loss(directions, chosen)
        passed = directions + (chosen - directions).detach()
        if self.training:
            self.update(directions.detach().flatten(0, -2), codes.flatten())
        return Quantized(self.expand(self.norm(passed)), codes, commitment)
