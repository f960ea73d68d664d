"""A graph as rows of bits: one bit for each pair of nodes."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

ROW_BITS = 512
"""Rows are padded to a multiple of this many bits, which is one vector of the counting loops."""


def empty_bits(n_nodes: int) -> NDArray[np.uint64]:
    """Return rows of bits that are all zero, shape (n_nodes, n_words)."""
    return np.zeros((n_nodes, -(-n_nodes // ROW_BITS) * (ROW_BITS // 64)), dtype="<u8")


class PackedGraph:
    """An undirected graph without loops, one bit for each ordered pair of nodes.

    Parameters
    ----------
    bits : ndarray of uint64, shape (n_nodes, n_words)
        Rows of bits: node j is bit ``j % 64`` of word ``j // 64``. ``n_words`` is the number of nodes over
        64, rounded up to a multiple of 8. It is kept as it is, not copied, and must not be changed.
    excluded : ndarray of bool, shape (n_nodes,), default=None
        Nodes that stand for no signal, such as voxels that are constant; they have no edges.
    signals : ndarray of float32, shape (n_nodes, n_directions), default=None
        Rows of length one whose scalar products are the correlations behind the edges; `motif_maps` needs
        them for strengths.

    Attributes
    ----------
    bits : ndarray of uint64, shape (n_nodes, n_words)
        The rows.
    n_nodes : int
        Number of nodes, excluded ones among them.
    excluded : ndarray of bool, shape (n_nodes,)
        Nodes that stand for no signal.
    signals : ndarray of float32, shape (n_nodes, n_directions), or None
        Rows behind the correlations.

    Raises
    ------
    ValueError
        If `bits` has another shape or type, is not symmetric, or has a bit on the diagonal or in the padding.

    Notes
    -----
    Memory is :math:`n^2 / 8` bytes: 109 MB for 29,398 nodes, 0.6 GB for 69,765.

    Examples
    --------
    >>> from neurosci.graph_motif import PackedGraph
    >>> graph = PackedGraph.from_dense([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    >>> graph.n_nodes, graph.n_edges, graph.degree().tolist()
    (3, 3, [2, 2, 2])
    """

    def __init__(
        self,
        bits: NDArray[np.uint64],
        *,
        excluded: NDArray[np.bool_] | None = None,
        signals: NDArray[np.float32] | None = None,
    ) -> None:
        _check_bits(bits)
        self._set(bits, excluded, signals)
        from ._kernels import is_symmetric

        if not is_symmetric(self.bits):
            raise ValueError(
                "PackedGraph: bits must be symmetric, without bits on the diagonal or beyond the last node, "
                "got others (build it with from_dense or from_scipy)"
            )
        if self.excluded.any() and self.degree()[self.excluded].any():
            raise ValueError("PackedGraph: excluded nodes must have no edges, got some that have")

    def _set(
        self,
        bits: NDArray[np.uint64],
        excluded: NDArray[np.bool_] | None,
        signals: NDArray[np.float32] | None,
    ) -> None:
        self.bits = bits
        self.n_nodes = len(bits)
        self.excluded = np.zeros(len(bits), dtype=bool) if excluded is None else np.asarray(excluded, bool)
        self.signals = signals
        for name in ("excluded", "signals"):
            value = getattr(self, name)
            if value is not None and len(value) != self.n_nodes:
                raise ValueError(
                    f"PackedGraph: {name} must have {self.n_nodes} rows, one for each node, got {len(value)}"
                )

    @classmethod
    def _trusted(
        cls,
        bits: NDArray[np.uint64],
        excluded: NDArray[np.bool_] | None = None,
        signals: NDArray[np.float32] | None = None,
    ) -> PackedGraph:
        """Wrap bits that are known to be symmetric."""
        graph = cls.__new__(cls)
        graph._set(bits, excluded, signals)
        return graph

    @classmethod
    def from_dense(cls, matrix: ArrayLike) -> PackedGraph:
        """Pack a matrix of zeros and ones.

        Parameters
        ----------
        matrix : array-like of shape (n_nodes, n_nodes)
            Symmetric, booleans or numbers 0 and 1. Its diagonal is left out: there are no loops.

        Returns
        -------
        PackedGraph
            The graph.

        Raises
        ------
        ValueError
            If the matrix is not square, not symmetric, or has other values than 0 and 1.
        """
        where = "PackedGraph.from_dense"
        dense = np.asarray(matrix)
        _check_square(where, dense)
        if dense.dtype != bool:
            _check_binary(where, dense)
            dense = dense.astype(bool)
        n = len(dense)
        if not np.array_equal(dense, dense.T):
            i, j = np.argwhere(dense != dense.T)[0]
            raise ValueError(
                f"{where}: matrix must be symmetric, got different values at ({i}, {j}) and ({j}, {i})"
            )
        bits = empty_bits(n)
        packed = np.packbits(dense, axis=1, bitorder="little")
        bits.view(np.uint8)[:, : packed.shape[1]] = packed
        places = np.arange(n)
        bits[places, places // 64] &= ~(np.uint64(1) << (places % 64).astype(np.uint64))
        return cls._trusted(bits)

    @classmethod
    def from_scipy(cls, matrix: Any) -> PackedGraph:
        """Pack a sparse matrix of zeros and ones.

        Parameters
        ----------
        matrix : sparse array or matrix of shape (n_nodes, n_nodes)
            Symmetric; its stored values are 0 or 1. Its diagonal is left out: there are no loops.

        Returns
        -------
        PackedGraph
            The graph.

        Raises
        ------
        TypeError
            If the matrix is not sparse.
        ValueError
            If the matrix is not square, not symmetric, or stores other values than 0 and 1.
        """
        from scipy.sparse import coo_array, issparse

        from ._kernels import set_edges

        where = "PackedGraph.from_scipy"
        if not issparse(matrix):
            raise TypeError(
                f"{where}: matrix must be sparse, got {type(matrix).__name__} (use from_dense for arrays)"
            )
        _check_square(where, matrix)
        entries = coo_array(matrix, copy=True)
        entries.sum_duplicates()
        _check_binary(where, entries.data)
        used = entries.data.astype(bool)
        rows, columns = (index[used].astype(np.int64) for index in entries.coords)
        n = matrix.shape[0]
        forward, backward = np.sort(rows * n + columns), np.sort(columns * n + rows)
        if not np.array_equal(forward, backward):
            i, j = divmod(int(np.setxor1d(forward, backward)[0]), n)
            raise ValueError(f"{where}: matrix must be symmetric, got ({i}, {j}) without ({j}, {i})")
        bits = empty_bits(n)
        set_edges(rows, columns, bits)
        return cls._trusted(bits)

    @classmethod
    def from_edges(cls, rows: ArrayLike, columns: ArrayLike, n_nodes: int) -> PackedGraph:
        """Pack a list of edges.

        Parameters
        ----------
        rows, columns : array-like of int, shape (n_edges,)
            The two nodes of each edge, in any order; an edge may come twice, and loops are left out.
        n_nodes : int
            Number of nodes.

        Returns
        -------
        PackedGraph
            The graph.

        Raises
        ------
        ValueError
            If lengths differ or a node is not from 0 to ``n_nodes - 1``.
        """
        from ._kernels import set_edges

        where = "PackedGraph.from_edges"
        if n_nodes < 1:
            raise ValueError(f"{where}: n_nodes must be at least 1, got {n_nodes}")
        left, right = np.asarray(rows), np.asarray(columns)
        if left.shape != right.shape or left.ndim != 1:
            raise ValueError(f"{where}: rows and columns must be alike, got {left.shape} and {right.shape}")
        for name, nodes in (("rows", left), ("columns", right)):
            if nodes.size and (nodes.dtype.kind not in "iu" or nodes.min() < 0 or nodes.max() >= n_nodes):
                raise ValueError(
                    f"{where}: {name} must be integers from 0 to {n_nodes - 1}, got {nodes.dtype} from "
                    f"{nodes.min()} to {nodes.max()}"
                )
        bits = empty_bits(n_nodes)
        set_edges(left.astype(np.int64, copy=False), right.astype(np.int64, copy=False), bits)
        return cls._trusted(bits)

    def to_dense(self) -> NDArray[np.bool_]:
        """Return the adjacency matrix.

        Returns
        -------
        ndarray of bool, shape (n_nodes, n_nodes)
            True for an edge.
        """
        unpacked = np.unpackbits(self.bits.view(np.uint8), axis=1, count=self.n_nodes, bitorder="little")
        return unpacked.view(bool)

    def to_scipy(self, dtype: DTypeLike = np.int64) -> Any:
        """Return the adjacency matrix in sparse form.

        Parameters
        ----------
        dtype : dtype, default=numpy.int64
            Type of the stored ones. Products of narrow types wrap around without a word.

        Returns
        -------
        scipy.sparse.csr_array of shape (n_nodes, n_nodes)
            Ones for edges, columns in ascending order.
        """
        from scipy.sparse import csr_array

        starts, columns = self.neighbours()
        ones = np.ones(columns.size, dtype=dtype)
        return csr_array((ones, columns, starts), shape=(self.n_nodes, self.n_nodes))

    def neighbours(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the neighbours of all nodes, one after the other.

        Returns
        -------
        starts : ndarray of int64, shape (n_nodes + 1,)
            Where the neighbours of each node begin.
        columns : ndarray of int32, shape (2 * n_edges,)
            Neighbours, ascending for each node.
        """
        from ._kernels import neighbours

        starts = np.concatenate([[0], np.cumsum(self.degree())])
        columns = np.empty(int(starts[-1]), dtype=np.int32)
        neighbours(self.bits, starts, columns)
        return starts, columns

    @functools.cached_property
    def _degrees(self) -> NDArray[np.int64]:
        from ._kernels import degrees

        counted = np.empty(self.n_nodes, dtype=np.int64)
        degrees(self.bits, counted)
        counted.flags.writeable = False
        return counted

    def degree(self) -> NDArray[np.int64]:
        """Return the number of neighbours of each node.

        Returns
        -------
        ndarray of int64, shape (n_nodes,)
            Degrees.
        """
        return self._degrees.copy()

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return int(self._degrees.sum()) // 2

    @property
    def density(self) -> float:
        """Edges over pairs of nodes that are not excluded; 0 where there is no such pair."""
        n = self.n_nodes - int(self.excluded.sum())
        return self.n_edges / (n * (n - 1) / 2) if n > 1 else 0.0

    def __repr__(self) -> str:
        return f"PackedGraph(n_nodes={self.n_nodes}, n_edges={self.n_edges})"


def _check_bits(bits: Any) -> None:
    expected = "uint64 of shape (n_nodes, n_words), C-ordered, with n_words a whole number of 8 for all nodes"
    if not isinstance(bits, np.ndarray) or bits.ndim != 2 or bits.dtype != np.uint64:
        got = f"{bits.dtype} of shape {bits.shape}" if isinstance(bits, np.ndarray) else type(bits).__name__
        raise ValueError(f"PackedGraph: bits must be {expected}, got {got}")
    if not len(bits) or bits.shape[1] != -(-len(bits) // ROW_BITS) * 8 or not bits.flags.c_contiguous:
        raise ValueError(f"PackedGraph: bits must be {expected}, got shape {bits.shape}")


def _check_square(where: str, matrix: Any) -> None:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.shape[0]:
        raise ValueError(f"{where}: matrix must be square with at least 1 node, got shape {matrix.shape}")


def _check_binary(where: str, values: NDArray[Any]) -> None:
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{where}: matrix must hold booleans or numbers, got dtype {values.dtype}")
    wrong = (values != 0) & (values != 1)
    if wrong.any():
        raise ValueError(
            f"{where}: matrix must hold 0 and 1 only, got {values[wrong][0]} (compare it with a threshold)"
        )
