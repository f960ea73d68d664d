"""The fastest that one core counts bits that rows have in common: all pairs of rows in its cache."""

from __future__ import annotations

import numba

from neurosci.graph_motif._vectors import LANES, common_8


@numba.njit
def count_all(bits, repeats):  # type: ignore[no-untyped-def]
    """Count the bits that all pairs of rows have in common, several times."""
    total, base, stride, n_vectors = 0, bits.ctypes.data, bits.strides[0], bits.shape[1] // LANES
    for _ in range(repeats):
        for i in range(0, bits.shape[0], 2):
            for j in range(0, bits.shape[0], 4):
                a, b = base + i * stride, base + j * stride
                c = common_8(a, a + stride, b, b + stride, b + 2 * stride, b + 3 * stride, n_vectors)
                total += c[0] + c[1] + c[2] + c[3] + c[4] + c[5] + c[6] + c[7]
    return total
