"""Maps of motif counts over the nodes of a graph."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option

from ._packed import PackedGraph
from ._tiles import BLOCK_SIZE, in_threads, n_workers, upper_tiles

_WHERE = "motif_maps"
MOTIFS = ("degree", "triangles", "four_cycles", "distance_degree", "strength", "clustering")
DISTANCE_EDGES = (0.0, 20.0, 40.0, 60.0, 80.0, np.inf)
"""Limits of the bins of distance, in mm: a convention of this package."""

# Rows on the left, on the right, and words at a time: together they fill two thirds of 2 MiB of cache.
ROWS, TILE, RUN = 256, 512, 232

# Seconds for a step of each way to count 4-cycles, on one core: only their ratio matters.
STEP_SPARSE, STEP_VECTOR = 1.5e-9, 0.55e-9


def motif_maps(
    graph: PackedGraph,
    motifs: Sequence[str] = ("degree", "triangles"),
    *,
    coordinates: ArrayLike | None = None,
    distance_edges: Sequence[float] = DISTANCE_EDGES,
    n_jobs: int | None = None,
    device: str | None = None,
) -> dict[str, NDArray[Any]]:
    r"""Count the motifs that each node takes part in.

    Parameters
    ----------
    graph : PackedGraph
        The graph.
    motifs : sequence of str, default=(degree, triangles)
        Some of "degree", "triangles" (the 3-cycle map), "four_cycles", "distance_degree", "strength" and
        "clustering".
    coordinates : array-like of shape (n_nodes, 3), default=None
        Places of the nodes, in mm; "distance_degree" needs them and nothing else does.
    distance_edges : sequence of float, default=(0, 20, 40, 60, 80, inf)
        Limits of the bins of "distance_degree", in mm, ascending from 0 to infinity; a bin holds its lower
        limit.
    n_jobs : int, default=None
        Threads, as in joblib: ``None`` is 1 outside `joblib.parallel_config`, -1 is all cores.
    device : str, default=None
        ``None`` counts on this processor with compiled loops; the name of a device of torch, such as
        "cuda", counts triangles and 4-cycles there.

    Returns
    -------
    dict of str to ndarray
        One map for each motif, in the order asked for: int64 of shape (n_nodes,), exact, for "degree",
        "triangles" and "four_cycles"; int64 of shape (n_bins, n_nodes) for "distance_degree"; float64 of
        shape (n_nodes,) for "strength" and "clustering".

    Raises
    ------
    TypeError
        If `graph` is no PackedGraph.
    ValueError
        If a motif is unknown or none is given, coordinates are missing or of another shape, or strengths
        are asked of a graph that was not made by `correlation_graph`.

    See Also
    --------
    correlation_graph : The graph of a person's voxels.

    Notes
    -----
    With the adjacency matrix A, node i has degree :math:`d_i = \sum_j A_{ij}`,

    .. math::
        t_i = \tfrac12 \sum_j A_{ij} (A^2)_{ij}, \qquad
        q_i = \sum_{j \ne i} \binom{(A^2)_{ij}}{2}, \qquad
        s_i = \sum_j A_{ij} r_{ij}, \qquad C_i = \frac{2 t_i}{d_i (d_i - 1)}

    triangles, 4-cycles (with or without chords), strength and clustering (0 where :math:`d_i < 2`). Each
    triangle counts at three nodes, each 4-cycle at four.

    Neighbours in common are counted by AND and population count over rows of bits. The time of triangles
    grows as the number of edges times n, that of 4-cycles as :math:`n^3`, or as the sum of squared
    degrees where that is less. Memory beyond the graph is 16 n bytes and 1 MiB a thread; 4-cycles by the
    second way need 8 bytes an edge, and strengths :math:`n^2 / 64` bytes.

    References
    ----------
    Dey S, Rao AR, Shah M (2012). Exploiting the brain's network structure in identifying ADHD subjects.
    Frontiers in Systems Neuroscience 6, 75.

    Examples
    --------
    >>> from neurosci.graph_motif import PackedGraph, motif_maps
    >>> square = [[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]]
    >>> maps = motif_maps(PackedGraph.from_dense(square), ("degree", "triangles", "four_cycles"))
    >>> {name: counts.tolist() for name, counts in maps.items()}
    {'degree': [2, 2, 2, 2], 'triangles': [0, 0, 0, 0], 'four_cycles': [1, 1, 1, 1]}
    """
    if not isinstance(graph, PackedGraph):
        raise TypeError(
            f"{_WHERE}: graph must be a PackedGraph, got {type(graph).__name__} (use PackedGraph.from_dense)"
        )
    names = check_motifs(_WHERE, motifs)
    n_threads = n_workers(_WHERE, n_jobs)
    made: dict[str, NDArray[Any]] = {}
    if "distance_degree" in names:
        places = check_coordinates(_WHERE, coordinates, graph.n_nodes)
        made["distance_degree"] = distance_degrees(graph, places, check_edges(_WHERE, distance_edges))
    if "strength" in names:
        made["strength"] = strengths(graph, n_threads)
    if "degree" in names:
        made["degree"] = graph.degree()
    wants_triangles = "triangles" in names or "clustering" in names
    if device is not None and (wants_triangles or "four_cycles" in names):
        from ._cuda import count_on_device

        made |= count_on_device(graph, device, four_cycles="four_cycles" in names)
    elif "four_cycles" in names and not sparse_is_faster(graph):
        made["triangles"], made["four_cycles"] = pair_counts(graph, n_threads)
    else:
        if "four_cycles" in names:
            made["four_cycles"] = sparse_four_cycles(graph, n_threads)
        if wants_triangles:
            made["triangles"] = triangle_counts(graph, n_threads)
    if "clustering" in names:
        pairs = graph.degree() * (graph.degree() - 1)
        made["clustering"] = 2 * made["triangles"] / np.maximum(pairs, 1)
    return {name: made[name] for name in names}


def check_motifs(where: str, motifs: Any) -> tuple[str, ...]:
    """Return the names of motifs, each known and once."""
    names = (motifs,) if isinstance(motifs, str) else tuple(motifs)
    if not names:
        raise ValueError(f"{where}: motifs must name at least one of {', '.join(MOTIFS)}, got none")
    for name in names:
        check_option(where, "motifs", name, MOTIFS)
    if len(set(names)) < len(names):
        raise ValueError(f"{where}: motifs must be different, got {', '.join(names)}")
    return names


def check_coordinates(where: str, coordinates: ArrayLike | None, n_nodes: int) -> NDArray[np.float64]:
    """Return places in mm, shape (n_nodes, 3)."""
    if coordinates is None:
        raise ValueError(
            f"{where}: coordinates must be given for 'distance_degree', got None (shape (n_nodes, 3), in mm)"
        )
    places = np.array(coordinates, dtype=np.float64, order="C")
    if places.shape != (n_nodes, 3):
        raise ValueError(f"{where}: coordinates must have shape ({n_nodes}, 3), got {places.shape}")
    if not np.isfinite(places).all():
        raise ValueError(
            f"{where}: coordinates must be finite, got {np.sum(~np.isfinite(places))} that are not"
        )
    return places


def check_edges(where: str, distance_edges: Sequence[float]) -> NDArray[np.float64]:
    """Return limits of distance that rise from 0 to infinity."""
    edges = np.asarray(distance_edges, dtype=np.float64)
    if (
        edges.ndim != 1
        or edges.size < 2
        or edges[0] != 0
        or edges[-1] != np.inf
        or not (np.diff(edges) > 0).all()
    ):
        raise ValueError(
            f"{where}: distance_edges must rise from 0 to infinity, in mm, got {list(distance_edges)}"
        )
    return edges


def _added(
    n_nodes: int, count: Callable[[int, NDArray[np.int64]], None], n_threads: int
) -> NDArray[np.int64]:
    """Return the sums over all blocks of rows of two maps that `count` adds to."""
    total = np.zeros((2, n_nodes), dtype=np.int64)
    lock = threading.Lock()

    def one(first: int) -> None:
        found = np.zeros((2, n_nodes), dtype=np.int64)
        count(first, found)
        # Whole numbers: the order in which threads arrive changes nothing.
        with lock:
            np.add(total, found, out=total)

    in_threads(one, list(range(0, n_nodes, ROWS)), n_threads)
    return total


def triangle_counts(graph: PackedGraph, n_threads: int) -> NDArray[np.int64]:
    """Count triangles over edges."""
    from ._kernels import triangles_of

    def count(first: int, found: NDArray[np.int64]) -> None:
        last = min(first + ROWS, graph.n_nodes)
        triangles_of(graph.bits, first, last, TILE, RUN, found[0], found[1])

    lowest, others = _added(graph.n_nodes, count, n_threads)
    return np.asarray(lowest // 2 + others)


def pair_counts(graph: PackedGraph, n_threads: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count triangles and 4-cycles over all pairs."""
    from ._kernels import pairs_of

    def count(first: int, found: NDArray[np.int64]) -> None:
        pairs_of(graph.bits, first, min(first + ROWS, graph.n_nodes), TILE, found[0], found[1])

    triangles, squares = _added(graph.n_nodes, count, n_threads)
    return triangles // 2, squares


def sparse_is_faster(graph: PackedGraph) -> bool:
    """Say whether walking to neighbours of neighbours costs less than comparing all pairs of rows."""
    degree = graph.degree().astype(np.float64)
    vectors = graph.n_nodes**2 / 2 * graph.bits.shape[1] / 8
    return bool((degree**2).sum() * STEP_SPARSE < vectors * STEP_VECTOR)


def sparse_four_cycles(graph: PackedGraph, n_threads: int) -> NDArray[np.int64]:
    """Count 4-cycles by the paths of length two that leave each node."""
    from ._kernels_sparse import four_cycles_of

    starts, columns = graph.neighbours()

    def count(first: int, found: NDArray[np.int64]) -> None:
        four_cycles_of(starts, columns, first, min(first + ROWS, graph.n_nodes), found[0])

    return np.asarray(_added(graph.n_nodes, count, n_threads)[0])


def distance_degrees(
    graph: PackedGraph, coordinates: NDArray[np.float64], edges: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Count neighbours by their distance, shape (n_bins, n_nodes)."""
    from ._kernels_sparse import distance_degrees_of

    counted = np.zeros((edges.size - 1, graph.n_nodes), dtype=np.int64)
    # Squares of limits: a distance that equals one is not moved over it by a square root.
    distance_degrees_of(graph.bits, coordinates, edges**2, counted)
    return counted


def strengths(graph: PackedGraph, n_threads: int) -> NDArray[np.float64]:
    """Sum the correlations of each node's edges."""
    from ._kernels_sparse import add_strengths

    if graph.signals is None:
        raise ValueError(
            f"{_WHERE}: graph must come from correlation_graph for 'strength', got one without correlations"
        )
    rows = graph.signals

    def one(first: int) -> NDArray[np.float64]:
        summed = np.zeros(graph.n_nodes)
        for column, tile in upper_tiles(rows, first, BLOCK_SIZE):
            add_strengths(tile, first, column, graph.bits, summed)
        return summed

    blocks = list(range(0, graph.n_nodes, BLOCK_SIZE))
    # Added in the order of the blocks, so that the number of threads does not change the last digit.
    return np.asarray(np.sum(in_threads(one, blocks, n_threads), axis=0))
