"""Graphs whose motif counts are known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import check_option
from neurosci._core.random import check_random_state

from ._checks import count
from ._packed import PackedGraph

_WHERE = "make_graph"
GRAPHS = ("complete", "cycle", "path", "star", "bipartite", "random", "geometric", "cliques")


def make_graph(
    name: str,
    n_nodes: int,
    *,
    n_left: int | None = None,
    density: float = 0.1,
    radius: float = 0.2,
    clique_size: int = 8,
    random_state: object = None,
) -> PackedGraph:
    r"""Make a graph of a family whose counts are known, exactly or on average.

    Parameters
    ----------
    name : {"complete", "cycle", "path", "star", "bipartite", "random", "geometric", "cliques"}
        Family: "bipartite" is the complete one, "random" joins each pair with probability `density`,
        "geometric" joins points of the unit square that are closer than `radius`, and "cliques" is a
        random graph into which disjoint cliques of `clique_size` nodes are planted.
    n_nodes : int
        Number of nodes.
    n_left : int, default=None
        Nodes on one side of "bipartite", those that come first; ``None`` is half of them.
    density : float, default=0.1
        Probability of an edge in "random" and "cliques", from 0 to 1.
    radius : float, default=0.2
        Largest distance of neighbours in "geometric".
    clique_size : int, default=8
        Nodes of each planted clique.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness.

    Returns
    -------
    PackedGraph
        The graph.

    Raises
    ------
    ValueError
        If the family is unknown or an option is out of its range.

    Notes
    -----
    Each node of the complete graph takes part in :math:`\binom{n-1}{2}` triangles and
    :math:`3 \binom{n-1}{3}` 4-cycles; with both times :math:`p^3` and :math:`p^4` that is the mean in a
    random graph of density p. A node on the left of a complete bipartite graph (a, b) takes part in
    :math:`(a - 1) \binom{b}{2}` 4-cycles and no triangle.

    Examples
    --------
    >>> from neurosci.graph_motif import make_graph, motif_maps
    >>> motif_maps(make_graph("complete", 5), ("triangles", "four_cycles"))["four_cycles"].tolist()
    [12, 12, 12, 12, 12]
    """
    check_option(_WHERE, "name", name, GRAPHS)
    n = count(_WHERE, "n_nodes", n_nodes, 1)
    if not 0 <= density <= 1:
        raise ValueError(f"{_WHERE}: density must be from 0 to 1, got {density}")
    rng = check_random_state(random_state)
    edges = np.zeros((n, n), dtype=bool)
    places = np.arange(n)
    if name == "complete":
        edges[:] = True
    elif name in ("cycle", "path"):
        last = n if name == "cycle" and n > 2 else n - 1
        edges[places[:last], (places[:last] + 1) % n] = True
    elif name == "star":
        edges[0, 1:] = True
    elif name == "bipartite":
        left = n // 2 if n_left is None else count(_WHERE, "n_left", n_left, 0)
        if left > n:
            raise ValueError(f"{_WHERE}: n_left must be at most n_nodes, got {left} and {n}")
        edges[:left, left:] = True
    elif name == "geometric":
        if not radius > 0:
            raise ValueError(f"{_WHERE}: radius must be positive, got {radius}")
        points = rng.random((n, 2))
        edges[:] = ((points[:, None] - points) ** 2).sum(axis=2) < radius**2
    else:
        edges[:] = np.triu(rng.random((n, n)) < density, 1)
        if name == "cliques":
            edges |= _cliques(n, count(_WHERE, "clique_size", clique_size, 2), rng)
    return PackedGraph.from_dense(edges | edges.T)


def _cliques(n: int, size: int, rng: np.random.Generator) -> NDArray[Any]:
    """Return disjoint cliques among shuffled nodes."""
    order = rng.permutation(n)[: n // size * size]
    member = np.full(n, -1)
    member[order] = np.arange(order.size) // size
    return np.asarray((member[:, None] == member) & (member[:, None] >= 0))
