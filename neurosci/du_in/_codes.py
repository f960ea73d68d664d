"""Codes: nearest direction, spherical k-means, and how many of them are in use."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


class CodeUsage(NamedTuple):
    """How a sample of codes uses the codex.

    Parameters
    ----------
    n_live : int
        Codes that occur.
    perplexity : float
        Exponential of the entropy: the number of equally frequent codes that would be as diverse.
    entropy : float
        Entropy in nats; the cross-entropy that a model without any context can reach.
    largest_share : float
        Share of the most frequent code; the accuracy of always guessing it.
    """

    n_live: int
    perplexity: float
    entropy: float
    largest_share: float


def code_usage(codes: Tensor, codex_size: int) -> CodeUsage:
    """Return how many codes are in use, and how evenly.

    Parameters
    ----------
    codes : Tensor of int64, any shape
        Indices of codes.
    codex_size : int
        Number of codes.

    Returns
    -------
    CodeUsage
        Live codes, perplexity, entropy and largest share.

    Examples
    --------
    >>> import torch
    >>> from neurosci.du_in._codes import code_usage
    >>> code_usage(torch.tensor([0, 0, 1, 1]), 8).n_live
    2
    """
    counts = torch.bincount(codes.reshape(-1), minlength=codex_size).double()
    shares = counts / counts.sum()
    entropy = float(-torch.special.xlogy(shares, shares).sum())
    return CodeUsage(int((counts > 0).sum()), float(np.exp(entropy)), entropy, float(shares.max()))


def nearest(unit: Tensor, codex: Tensor) -> Tensor:
    """Return the code nearest in angle; of equals the first.

    Parameters
    ----------
    unit : Tensor of shape (n, codex_dim)
        Unit vectors.
    codex : Tensor of shape (codex_size, codex_dim)
        Unit vectors.

    Returns
    -------
    Tensor of int64, shape (n,)
        Indices of codes.
    """
    return torch.mm(unit, codex.T).argmax(dim=1)


def means(unit: Tensor, codes: Tensor, codex_size: int) -> tuple[Tensor, Tensor]:
    """Return the sum of the vectors of each code, and their number.

    Parameters
    ----------
    unit : Tensor of shape (n, codex_dim)
        Vectors.
    codes : Tensor of int64, shape (n,)
        Code of each.
    codex_size : int
        Number of codes.

    Returns
    -------
    sums : Tensor of shape (codex_size, codex_dim)
        Sums.
    counts : Tensor of shape (codex_size,)
        Numbers, of the vectors' dtype.
    """
    sums = unit.new_zeros(codex_size, unit.shape[1]).index_add_(0, codes, unit)
    return sums, torch.bincount(codes, minlength=codex_size).to(unit.dtype)


def spherical_kmeans(
    unit: Tensor, n_clusters: int, n_iterations: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Cluster directions.

    Parameters
    ----------
    unit : Tensor of shape (n, codex_dim)
        Unit vectors.
    n_clusters : int
        Number of clusters. With fewer vectors, seeds are drawn with replacement, and some are copies.
    n_iterations : int
        Iterations.
    rng : numpy.random.Generator
        Draws the seeds.

    Returns
    -------
    centres : Tensor of shape (n_clusters, codex_dim)
        Unit vectors; an empty cluster keeps its seed.
    counts : Tensor of shape (n_clusters,)
        Vectors per cluster in the last iteration.
    """
    seeds = rng.choice(len(unit), n_clusters, replace=len(unit) < n_clusters)
    centres = unit[torch.as_tensor(seeds, device=unit.device)]
    counts = unit.new_zeros(n_clusters)
    for _ in range(n_iterations):
        sums, counts = means(unit, nearest(unit, centres), n_clusters)
        centres = torch.where(counts[:, None] > 0, functional.normalize(sums, dim=1), centres)
    return centres, counts
