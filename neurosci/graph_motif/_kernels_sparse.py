"""Compiled loops over single edges. This module imports numba, so it is imported inside functions only."""

from __future__ import annotations

import numpy as np

from ._kernels import ONE, jit
from ._vectors import lowest_bit


@jit
def four_cycles_of(starts, columns, first, last, squares):  # type: ignore[no-untyped-def]
    """Count 4-cycles over the pairs (i, j), i in a block of nodes and j > i, that share neighbours."""
    n = starts.size - 1
    common, seen = np.zeros(n, np.int64), np.empty(n, np.int64)
    for i in range(first, last):
        n_seen = 0
        for a in range(starts[i], starts[i + 1]):
            k = columns[a]
            # Neighbours ascend, so those beyond i are at the end.
            for b in range(starts[k + 1] - 1, starts[k] - 1, -1):
                j = columns[b]
                if j <= i:
                    break
                if common[j] == 0:
                    seen[n_seen] = j
                    n_seen += 1
                common[j] += 1
        for s in range(n_seen):
            j = seen[s]
            half = common[j] * (common[j] - 1) // 2
            squares[i] += half
            squares[j] += half
            common[j] = 0


@jit
def distance_degrees_of(bits, coordinates, squared_edges, out):  # type: ignore[no-untyped-def]
    """Count the edges of each node by the bin of their squared length."""
    for i in range(bits.shape[0]):
        x, y, z = coordinates[i, 0], coordinates[i, 1], coordinates[i, 2]
        for w in range(i // 64, bits.shape[1]):
            word = bits[i, w]
            while word:
                j = w * 64 + lowest_bit(word)
                word &= word - ONE
                if j <= i:
                    continue
                length = (
                    (coordinates[j, 0] - x) ** 2 + (coordinates[j, 1] - y) ** 2 + (coordinates[j, 2] - z) ** 2
                )
                b = 0
                while length >= squared_edges[b + 1]:
                    b += 1
                out[b, i] += 1
                out[b, j] += 1


@jit
def add_strengths(tile, first_row, first_column, bits, out):  # type: ignore[no-untyped-def]
    """Add the numbers of a tile that stand for edges right of the diagonal to both of their nodes."""
    for i in range(tile.shape[0]):
        row = first_row + i
        for w in range(first_column // 64, (first_column + tile.shape[1] + 63) // 64):
            word = bits[row, w]
            while word:
                column = w * 64 + lowest_bit(word)
                word &= word - ONE
                if column > row:
                    value = np.float64(tile[i, column - first_column])
                    out[row] += value
                    out[column] += value
