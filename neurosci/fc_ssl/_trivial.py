"""How well hidden entries are reconstructed, beside what needs no model: mean window or two neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci.preprocessing.connectivity import window_graphs, window_starts

N_SCANS = 60
"""Scans of the pool whose windows make the mean."""
N_TARGETS = 3
"""Windows of each held-out scan that are reconstructed."""


def cosine_error(
    predicted: NDArray[Any], truth: NDArray[Any], hidden: NDArray[np.bool_], gamma: float = 2.0
) -> NDArray[np.float64]:
    """Return the scaled cosine error of the hidden entries of each row, averaged over rows.

    Rows of which nothing is hidden, or whose hidden entries are all zero, have no direction and do not count.
    """
    a, b = np.where(hidden, predicted, 0.0), np.where(hidden, truth, 0.0)
    size = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        errors = (1 - (a * b).sum(axis=-1) / size) ** gamma
    errors[size == 0] = np.nan
    return np.asarray(np.nanmean(errors, axis=-1))


def edge_areas(
    predicted: NDArray[Any], truth: NDArray[Any], hidden: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the area under the ROC curve of the hidden pairs of each graph."""
    from ._scoring import area_within

    found = []
    for score, edges, mask in zip(predicted, truth, hidden, strict=True):
        pairs = np.triu(mask, 1)
        found.append(area_within(edges[pairs] > 0, score[pairs], np.zeros(int(pairs.sum()))))
    return np.array(found)


def mean_window(
    scans: Sequence[NDArray[Any]], window: int, step: int, density: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean correlation of the windows of some scans, and how often each pair is an edge."""
    total, edges, n = 0.0, 0.0, 0
    places = np.linspace(0, len(scans) - 1, min(N_SCANS, len(scans))).round().astype(int)
    for place in places:
        scan = np.asarray(scans[place])
        graphs = window_graphs(scan, window_starts(len(scan), window, step), window, density=density)
        # for mypy: both were asked for
        assert graphs.correlation is not None and graphs.adjacency is not None  # noqa: S101
        total = total + graphs.correlation.sum(axis=0, dtype=np.float64)
        edges = edges + graphs.adjacency.sum(axis=0, dtype=np.float64)
        n += len(graphs.correlation)
    return np.asarray(total / n), np.asarray(edges / n)


def reconstruction_scores(
    model: Any, pool: Sequence[NDArray[Any]], held_out: Sequence[NDArray[Any]], gap: int
) -> dict[str, Any]:
    """Return errors of rows and areas of edges on held-out scans, one value per scan.

    Keys are "<branch> <who> node" and "<branch> <who> edge", with who = "model", "mean" (the mean window of
    the pool) and, in time, "neighbours" (the mean of the two windows that are shown).
    """
    mean, often = mean_window(pool, model.window, model.step, model.density)
    fewest = min(len(window_starts(len(scan), model.window, model.step)) for scan in held_out)
    targets = np.linspace(gap, fewest - 1 - gap, N_TARGETS).round().astype(int)
    found: dict[str, list[NDArray[np.float64]]] = {}

    def note(name: str, made: Any, rows: NDArray[Any], edges: NDArray[Any]) -> None:
        found.setdefault(f"{name} node", []).append(cosine_error(rows, made.R, made.hidden_pairs))
        found.setdefault(f"{name} edge", []).append(edge_areas(edges, made.A, made.hidden_pairs))

    for t in dict.fromkeys(targets.tolist()):
        for branch in ("spatial", "temporal"):
            if not getattr(model, branch):
                continue
            around = () if branch == "spatial" else (t - gap, t + gap)
            made = model.reconstruct(held_out, t, *around)
            note(f"{branch} model", made, made.R_hat, made.A_prob)
            shape = made.R.shape
            note(f"{branch} mean", made, np.broadcast_to(mean, shape), np.broadcast_to(often, shape))
            if around:
                rows = _neighbours(held_out, around, model.window, model.step)
                note("temporal neighbours", made, rows, rows)
    return {name: np.mean(values, axis=0) for name, values in found.items()}


def _neighbours(
    scans: Sequence[NDArray[Any]], around: tuple[int, ...], window: int, step: int
) -> NDArray[np.float32]:
    """Return the mean correlation of two windows of each scan."""
    made = []
    for scan in scans:
        starts = window_starts(len(scan), window, step)[list(around)]
        graphs = window_graphs(np.asarray(scan), starts, window, density=None, adjacency=None)
        assert graphs.correlation is not None  # noqa: S101 (for mypy: it was asked for)
        made.append(graphs.correlation.mean(axis=0))
    return np.stack(made)
