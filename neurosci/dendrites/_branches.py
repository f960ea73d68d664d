"""Synapses of reconstructed neurons, counted where they could be active together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import integers

if TYPE_CHECKING:
    import pandas as pd

NEARBY = 10.0
"""Micrometres along a neuron to either side: 20 in all, as far as inputs can be apart that act together."""


class Tree(Protocol):
    """A reconstructed neuron, as `neurosci.datasets.NeuronTree` holds it."""

    @property
    def name(self) -> str:
        """Name."""
        ...

    @property
    def parents(self) -> NDArray[np.int64]:
        """Row of each node's parent."""
        ...

    @property
    def positions(self) -> NDArray[np.float64]:
        """Places in micrometres."""
        ...

    @property
    def inputs(self) -> NDArray[np.int64]:
        """Row of the node of each synapse that the neuron receives."""
        ...


def _tree(
    where: str, parents: ArrayLike, positions: ArrayLike, synapses: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return parents, lengths to the parents (0 at a root) and nodes of synapses, checked."""
    rows, nodes = integers(where, "parents", parents), integers(where, "synapses", synapses)
    places = np.asarray(positions, dtype=np.float64)
    if rows.ndim != 1 or not rows.size or nodes.ndim != 1:
        raise ValueError(
            f"{where}: parents and synapses must be one-dimensional, got shapes {rows.shape} and "
            f"{nodes.shape}"
        )
    if places.shape != (rows.size, 3) or not np.isfinite(places).all():
        raise ValueError(
            f"{where}: positions must be finite, of shape ({rows.size}, 3), got shape {places.shape}"
        )
    wrong = (rows >= np.arange(rows.size)) | (rows < -1)
    if wrong.any():
        raise ValueError(
            f"{where}: parents must come before their children (-1 for a root), got {rows[wrong][0]} for "
            f"node {np.flatnonzero(wrong)[0]}"
        )
    if ((nodes < 0) | (nodes >= rows.size)).any():
        raise ValueError(f"{where}: synapses must be nodes from 0 to {rows.size - 1}")
    lengths = np.where(rows >= 0, np.linalg.norm(places - places[rows], axis=1), 0.0)
    return rows, lengths, nodes


def branch_synapses(
    parents: ArrayLike, positions: ArrayLike, synapses: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Count the synapses on each branch of a neuron.

    Parameters
    ----------
    parents : array-like of int, shape (n_nodes,)
        Row of each node's parent, which comes before it; -1 for a root.
    positions : array-like of float, shape (n_nodes, 3)
        Places in micrometres.
    synapses : array-like of int, shape (n_synapses,)
        Row of the node of each synapse.

    Returns
    -------
    counts : ndarray of int64, shape (n_branches,)
        Synapses. A branch runs from a fork, or a root, to the next fork or tip; the fork at its end is
        part of it.
    lengths : ndarray of float64, shape (n_branches,)
        Lengths in micrometres.

    Raises
    ------
    ValueError
        If the tree is malformed, or a synapse lies on no node.

    See Also
    --------
    nearby_synapses : Counts that do not depend on where a neuron forks.

    Examples
    --------
    >>> places = [[x, 0, 0] for x in range(5)]
    >>> counts, lengths = branch_synapses([-1, 0, 1, 1, 3], places, [1, 1, 2, 4])
    >>> counts.tolist(), lengths.tolist()
    ([2, 1, 1], [1.0, 1.0, 3.0])
    """
    rows, steps, nodes = _tree("branch_synapses", parents, positions, synapses)
    children = np.bincount(rows[rows >= 0], minlength=rows.size)
    branch = np.empty(rows.size, dtype=np.int64)
    n_branches = 0
    for node, parent in enumerate(rows.tolist()):
        if parent >= 0 and children[parent] == 1:
            branch[node] = branch[parent]
        else:
            branch[node] = n_branches
            n_branches += 1
    counts = np.bincount(branch[nodes], minlength=n_branches)
    lengths = np.asarray(np.bincount(branch, weights=steps, minlength=n_branches), dtype=np.float64)
    # a root that forks at once is a branch without length; it counts only where it has a synapse
    kept = (lengths > 0) | (counts > 0)
    return counts[kept].astype(np.int64), lengths[kept]


def nearby_synapses(
    parents: ArrayLike, positions: ArrayLike, synapses: ArrayLike, distance: float
) -> NDArray[np.int64]:
    """Count, for each synapse, the synapses within a distance along the neuron, itself among them.

    Parameters
    ----------
    parents : array-like of int, shape (n_nodes,)
        Row of each node's parent, which comes before it; -1 for a root.
    positions : array-like of float, shape (n_nodes, 3)
        Places in micrometres.
    synapses : array-like of int, shape (n_synapses,)
        Row of the node of each synapse.
    distance : float
        Largest distance along the tree in micrometres, > 0.

    Returns
    -------
    ndarray of int64, shape (n_synapses,)
        Synapses.

    Raises
    ------
    ValueError
        If the tree is malformed, a synapse lies on no node, or the distance is not positive.

    See Also
    --------
    branch_synapses : Counts between forks.

    Examples
    --------
    >>> places = [[x, 0, 0] for x in range(5)]
    >>> nearby_synapses([-1, 0, 1, 1, 3], places, [1, 1, 2, 4], distance=1.0).tolist()
    [3, 3, 3, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    where = "nearby_synapses"
    rows, steps, nodes = _tree(where, parents, positions, synapses)
    if not 0 < distance < np.inf:
        raise ValueError(f"{where}: distance must be positive and finite, got {distance}")
    joined = np.flatnonzero(rows >= 0)
    # a graph has no edges of length zero
    edges: Any = np.maximum(steps[joined], 1e-9), (joined, rows[joined])
    graph = coo_array(edges, shape=(rows.size, rows.size)).tocsr()
    used, which, many = np.unique(nodes, return_inverse=True, return_counts=True)
    reached = np.empty(used.size, dtype=np.int64)
    for first in range(0, used.size, 256):
        block = used[first : first + 256]
        far = dijkstra(graph, directed=False, indices=block, limit=distance)[:, used]
        reached[first : first + 256] = np.isfinite(far) @ many
    return reached[which]


def branch_table(neurons: Sequence[Tree]) -> pd.DataFrame:
    """Return measured inputs by branch and within a distance, for each neuron and for all together."""
    import pandas as pd

    names, branches, near = [], [], []
    for tree in neurons:
        counts, lengths = branch_synapses(tree.parents, tree.positions, tree.inputs)
        names.append(tree.name)
        branches.append(np.column_stack([counts, lengths]))
        near.append(nearby_synapses(tree.parents, tree.positions, tree.inputs, NEARBY))
    names.append("all")
    branches.append(np.concatenate(branches))
    near.append(np.concatenate(near))
    rows = []
    for name, (counts, lengths), close in zip(names, (b.T for b in branches), near, strict=True):
        used = counts[counts > 0]
        quantiles = np.percentile(used, [5, 50, 95]), np.percentile(close, [5, 50, 95])
        rows.append(
            (
                name,
                close.size,
                counts.size,
                used.size,
                np.median(lengths),
                *np.concatenate(quantiles),
                used.max(),
            )
        )
    spread = [f"{kind}_{name}" for kind in ("branch", "near") for name in ("low", "median", "high")]
    columns = ["neuron", "n_inputs", "n_branches", "n_used", "branch_length_um", *spread, "branch_max"]
    return pd.DataFrame(rows, columns=columns)
