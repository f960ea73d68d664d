"""Losses of reconstruction."""

from __future__ import annotations

import torch
from torch.nn import functional


def scaled_cosine_error(
    predicted: torch.Tensor, target: torch.Tensor, hidden: torch.Tensor, gamma: float
) -> torch.Tensor:
    r"""Return the error of rows of hidden entries, for each graph.

    It is the mean over rows v of :math:`(1 - \cos(\hat r_v \odot h_v, r_v \odot h_v))^\gamma`; rows that
    hide nothing do not count.

    Parameters
    ----------
    predicted, target : torch.Tensor of shape (n_graphs, n_rois, n_entries)
        Rows.
    hidden : torch.Tensor of shape (n_graphs, n_rois, n_entries), bool
        Entries that count.
    gamma : float
        Exponent, >= 1.

    Returns
    -------
    torch.Tensor of shape (n_graphs,)
        Errors in [0, 2 ** gamma].
    """
    # eight bits are too few for the sums
    predicted = predicted.float() if predicted.dtype == torch.bfloat16 else predicted
    cosine = functional.cosine_similarity(
        predicted.masked_fill(~hidden, 0), target.masked_fill(~hidden, 0), dim=2, eps=1e-8
    )
    counts = hidden.any(2)
    errors = (1 - cosine).clamp_min(0).pow(gamma).masked_fill(~counts, 0)
    return errors.sum(1) / counts.sum(1).clamp_min(1)


def edge_error(
    logits: torch.Tensor, adjacency: torch.Tensor, hidden: torch.Tensor, positive_weight: float | None = None
) -> torch.Tensor:
    """Return the cross-entropy of hidden pairs, for each graph.

    Parameters
    ----------
    logits : torch.Tensor of shape (n_graphs, n_rois, n_rois)
        Symmetric logits.
    adjacency : torch.Tensor of shape (n_graphs, n_rois, n_rois)
        Zeros and ones.
    hidden : torch.Tensor of shape (n_graphs, n_rois, n_rois), bool
        Symmetric, without the diagonal; each pair counts twice, which leaves the mean alone.
    positive_weight : float, default=None
        Weight of edges relative to pairs that are none.

    Returns
    -------
    torch.Tensor of shape (n_graphs,)
        Mean cross-entropy in nats.
    """
    logits = logits.float() if logits.dtype == torch.bfloat16 else logits
    weight = None if positive_weight is None else logits.new_tensor(positive_weight)
    errors = functional.binary_cross_entropy_with_logits(
        logits, adjacency.to(logits.dtype), reduction="none", pos_weight=weight
    ).masked_fill(~hidden, 0)
    return errors.sum((1, 2)) / hidden.sum((1, 2)).clamp_min(1)
