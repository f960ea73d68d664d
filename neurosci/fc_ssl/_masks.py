"""What the spatial task hides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MASKS = ("random", "block")
BLOCKS = 4


def hidden_regions(rng: np.random.Generator, n_rois: int, ratio: float, mask: str) -> NDArray[np.bool_]:
    """Draw regions whose content is hidden; at least one is, and at least one is not.

    Parameters
    ----------
    rng : numpy.random.Generator
        Generator.
    n_rois : int
        Regions.
    ratio : float
        Expected share, in (0, 1).
    mask : {"random", "block"}
        Each region for itself, or runs of neighbours in the order of the atlas.

    Returns
    -------
    ndarray of bool, shape (n_rois,)
        Hidden regions.
    """
    if mask == "random":
        hidden = rng.random(n_rois) < ratio
    else:
        hidden = np.zeros(n_rois, dtype=bool)
        length = max(1, round(ratio * n_rois / BLOCKS))
        while hidden.mean() < ratio:
            hidden[(rng.integers(n_rois) + np.arange(length)) % n_rois] = True
    if not hidden.any():
        hidden[rng.integers(n_rois)] = True
    if hidden.all():
        hidden[rng.integers(n_rois)] = False
    return hidden


def hidden_pairs(
    rng: np.random.Generator, n_graphs: int, n_rois: int, ratio: float, mask: str
) -> NDArray[np.bool_]:
    """Draw pairs of regions that are hidden, in each graph for itself.

    Parameters
    ----------
    rng : numpy.random.Generator
        Generator.
    n_graphs : int
        Graphs.
    n_rois : int
        Regions.
    ratio : float
        Expected share of the pairs, in (0, 1).
    mask : {"random", "block"}
        Each pair for itself, or rectangles of the matrix in the order of the atlas.

    Returns
    -------
    ndarray of bool, shape (n_graphs, n_rois, n_rois)
        Hidden pairs, symmetric, without the diagonal.
    """
    if mask == "random":
        upper = rng.random((n_graphs, n_rois, n_rois), dtype=np.float32) < ratio
    else:
        upper = np.zeros((n_graphs, n_rois, n_rois), dtype=bool)
        for graph in upper:
            _add_rectangles(rng, graph, ratio)
    upper &= np.triu(np.ones((n_rois, n_rois), dtype=bool), 1)
    return np.asarray(upper | upper.transpose(0, 2, 1))


def _add_rectangles(rng: np.random.Generator, graph: NDArray[np.bool_], ratio: float) -> None:
    n_rois = len(graph)
    upper = np.triu_indices(n_rois, 1)
    while graph[upper].mean() < ratio:
        # an area of ratio / BLOCKS of the matrix, with sides between half and twice those of a square
        aspect = np.exp(rng.uniform(-np.log(2), np.log(2)))
        side = n_rois * np.sqrt(ratio / BLOCKS)
        height, width = (int(np.clip(round(s), 1, n_rois)) for s in (side * aspect, side / aspect))
        row, column = rng.integers(n_rois - height + 1), rng.integers(n_rois - width + 1)
        graph[row : row + height, column : column + width] = True
        graph |= graph.T
