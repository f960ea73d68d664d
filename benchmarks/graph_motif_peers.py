"""Other libraries that count triangles at nodes, each in an environment of its own: nothing of ours here.

Each takes the path of a file with time series or edges. What is timed is building the graph and counting;
where series are given, correlations too, in tiles, with numpy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_FILES: dict[str, Any] = {}


def load(data: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the arrays of a file, read once."""
    if data["path"] not in _FILES:
        with np.load(data["path"]) as file:
            _FILES[data["path"]] = {name: file[name] for name in file.files}
    return _FILES[data["path"]]


def edges(data: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the edges (i < j) of a file, or of the correlations of its series."""
    arrays = load(data)
    if "series" not in arrays:
        return arrays["rows"], arrays["columns"], int(arrays["n_nodes"])
    X = arrays["series"].astype(np.float64)
    X -= X.mean(axis=0)
    Z = (X / np.sqrt((X**2).sum(axis=0))).T.astype(np.float32)
    n, step, rows, columns = len(Z), 512, [], []
    for first in range(0, n, step):
        tile = Z[first : first + step] @ Z[first:].T
        i, j = np.nonzero(np.triu(tile > np.float32(data["threshold"]), 1))
        rows.append(i + first)
        columns.append(j + first)
    return np.concatenate(rows), np.concatenate(columns), n


def from_clustering(clustering: np.ndarray, rows: np.ndarray, columns: np.ndarray, n: int) -> list[int]:
    """Return triangles from clustering coefficients, which these libraries give instead."""
    degree = np.bincount(rows, minlength=n) + np.bincount(columns, minlength=n)
    return [int(t) for t in np.rint(clustering * degree * (degree - 1) / 2)]


def igraph_triangles(data: dict[str, Any]) -> list[int]:
    """Count by igraph."""
    import igraph

    rows, columns, n = edges(data)
    graph = igraph.Graph(n=n, edges=np.column_stack([rows, columns]))
    return from_clustering(np.array(graph.transitivity_local_undirected(mode="zero")), rows, columns, n)


def networkit_triangles(data: dict[str, Any]) -> list[int]:
    """Count by networkit, one thread."""
    import networkit
    from scipy.sparse import coo_matrix

    networkit.setNumberOfThreads(1)
    rows, columns, n = edges(data)
    ones = np.ones(rows.size)
    graph = networkit.graph.GraphFromCoo(coo_matrix((ones, (rows, columns)), shape=(n, n)), n=n)
    found = networkit.centrality.LocalClusteringCoefficient(graph, True)
    found.run()
    return from_clustering(np.array(found.scores()), rows, columns, n)


def networkx_triangles(data: dict[str, Any]) -> list[int]:
    """Count by networkx."""
    import networkx as nx

    rows, columns, n = edges(data)
    graph = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(zip(rows.tolist(), columns.tolist(), strict=True))
    found = nx.triangles(graph)
    return [found[i] for i in range(n)]


def scipy_triangles(data: dict[str, Any]) -> list[int]:
    """Count by a product of sparse matrices."""
    from scipy.sparse import coo_array

    rows, columns, n = edges(data)
    half = coo_array((np.ones(rows.size, np.int32), (rows, columns)), shape=(n, n))
    matrix = (half + half.T).tocsr()
    return [int(t) // 2 for t in (matrix @ matrix).multiply(matrix).sum(axis=1)]


def scipy_four_cycles(data: dict[str, Any]) -> list[int]:
    """Count 4-cycles by a product of sparse matrices: pairs of the paths of length 2 to each other node."""
    from scipy.sparse import coo_array

    rows, columns, n = edges(data)
    half = coo_array((np.ones(rows.size, np.int64), (rows, columns)), shape=(n, n))
    matrix = (half + half.T).tocsr()
    paths = matrix @ matrix
    paths.setdiag(0)
    paths.data = paths.data * (paths.data - 1) // 2
    return [int(q) for q in paths.sum(axis=1)]


def graphblas_triangles(data: dict[str, Any]) -> list[int]:
    """Count by GraphBLAS: the product of the matrix with itself where it has entries, one thread."""
    import graphblas as gb

    gb.ss.config["nthreads"] = 1
    rows, columns, n = edges(data)
    both = np.concatenate([rows, columns]), np.concatenate([columns, rows])
    matrix = gb.Matrix.from_coo(*both, np.ones(2 * rows.size, np.int32), nrows=n, ncols=n)
    paths = gb.Matrix(gb.dtypes.INT32, n, n)
    paths(matrix.S) << gb.semiring.plus_pair(matrix @ matrix.T)
    return [int(t) // 2 for t in paths.reduce_rowwise().to_dense(fill_value=0)]
