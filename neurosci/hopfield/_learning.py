"""Couplings from patterns or examples, as whole numbers and one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option

from . import _checks as check
from ._patterns import dataset_entropy

LEARNING = ("storing", "supervised", "unsupervised")
NORMALIZATIONS = ("paper", "plain", "unit_tc")
WHERE = "MultitaskingHopfield"


@dataclass(frozen=True, eq=False)
class Learned:
    """What a network knows; see the attributes of `MultitaskingHopfield`."""

    rows: NDArray[np.int32]
    scale: float
    overlap_scale: float
    patterns: NDArray[np.int8] | None
    n_neurons: int
    n_patterns: int
    n_examples: int
    dilution: float
    rho: float


def learn(
    X: ArrayLike,
    y: ArrayLike | None,
    learning: str,
    normalization: str,
    quality: Any,
    n_examples: Any,
) -> Learned:
    """Return rows and scale of the couplings.

    Parameters
    ----------
    X, y : array
        As in `MultitaskingHopfield.fit`.
    learning, normalization : str
        As in `MultitaskingHopfield`.
    quality, n_examples : float, int or None
        As in `MultitaskingHopfield`.

    Returns
    -------
    Learned
        Everything that is learned.
    """
    check_option(WHERE, "learning", learning, LEARNING)
    check_option(WHERE, "normalization", normalization, NORMALIZATIONS)
    r = check.quality(WHERE, quality)
    if learning == "storing":
        rows, m, rho, n_patterns = _stored(X)
    else:
        rows, m, n_patterns = _examples(X, learning, n_examples)
        rho = dataset_entropy(r, m)
    n = len(rows)
    if n < 2:
        raise ValueError(f"{WHERE}: X must have at least 2 neurons, got {n}")
    check.no_empty_pattern(WHERE, "X", rows.reshape(n, n_patterns, -1))
    zeros = float((rows == 0).mean()) if learning != "supervised" else _zeros_of_sums(X, rows)
    # every sum is over M examples with a teacher, over one without
    depth = m if learning == "supervised" else 1
    scale = 1 / (n * (1 + rho)) if learning == "storing" else 1 / (n * (1 + rho) * r * r * m * depth)
    overlap_scale = 1 / n if learning == "storing" else 1 / (n * (1 + rho) * r * m)
    if normalization == "plain":
        scale, overlap_scale = scale * (1 + rho), overlap_scale * (1 + rho)
    elif normalization == "unit_tc" and zeros < 1:
        scale, overlap_scale = scale / (1 - zeros), overlap_scale / (1 - zeros)
    patterns = _patterns(X, y, learning, (n, n_patterns))
    return Learned(
        np.ascontiguousarray(rows, dtype=np.int32), scale, overlap_scale, patterns, n, n_patterns, m, zeros,
        rho,
    )  # fmt: skip


def _stored(X: ArrayLike) -> tuple[NDArray[Any], int, float, int]:
    rows = check.ternary(WHERE, "X", X, (2,))
    return rows, 1, 0.0, rows.shape[1]


def _examples(X: ArrayLike, learning: str, n_examples: Any) -> tuple[NDArray[Any], int, int]:
    if np.ndim(X) == 3:
        examples = check.ternary(WHERE, "X", X, (3,))
        n, k, m = examples.shape
        if n_examples not in (None, m):
            raise ValueError(f"{WHERE}: n_examples must be None or the {m} examples of X, got {n_examples!r}")
        rows = (
            examples.sum(axis=2, dtype=np.int64) if learning == "supervised" else examples.reshape(n, k * m)
        )
        return rows, m, k
    if learning == "unsupervised":
        raise ValueError(
            f"{WHERE}: X must be examples (n_neurons, n_patterns, n_examples) for unsupervised learning, "
            f"got shape {np.shape(X)} (sums tell which examples belong together)"
        )
    counts = check.integers(WHERE, "X", X, (2,))
    if n_examples is None:
        raise ValueError(
            f"{WHERE}: n_examples must be given when X holds sums of examples, got None (or give the "
            "examples)"
        )
    m = check.whole(WHERE, "n_examples", n_examples, 1)
    if np.abs(counts).max() > m:
        raise ValueError(
            f"{WHERE}: X must hold sums between -{m} and {m}, got {int(np.abs(counts).max())} in size"
        )
    return counts, m, counts.shape[1]


def _zeros_of_sums(X: ArrayLike, rows: NDArray[Any]) -> float:
    """Return the share of zeros; sums of an even number of examples may vanish by chance."""
    if np.ndim(X) == 3:
        return float((np.asarray(X)[:, :, 0] == 0).mean())
    return float((rows == 0).mean())


def _patterns(
    X: ArrayLike, y: ArrayLike | None, learning: str, shape: tuple[int, int]
) -> NDArray[np.int8] | None:
    if learning == "storing":
        return check.ternary(WHERE, "X", X, (2,))
    if y is None:
        return None
    patterns = check.ternary(WHERE, "y", y, (2,))
    if patterns.shape != shape:
        raise ValueError(f"{WHERE}: y must have shape {shape}, got {patterns.shape}")
    return patterns
