"""Compiled counts of correlations by their bits; imported inside functions only, since they import numba."""

from __future__ import annotations

import numpy as np

from ._kernels import ONE, jit

SIGN, MAGNITUDE, EVERY = np.uint32(0x80000000), np.uint32(0x7FFFFFFF), np.uint32(0xFFFFFFFF)


@jit
def count_keys(tile, mode, upper, first_row, first_column, kept, counts):  # type: ignore[no-untyped-def]
    """Count the pairs right of the diagonal by 16 bits of a number whose order is that of the correlation.

    `mode` is 0 for the correlation, 1 for its size and 2 for its negative. With `upper` < 0 the upper 16
    bits are counted, otherwise the lower ones of those whose upper ones are `upper`.
    """
    words = tile.view(np.uint32)
    for i in range(words.shape[0]):
        row = first_row + i
        if not (kept[row // 64] >> np.uint64(row % 64)) & ONE:
            continue
        for j in range(max(0, row + 1 - first_column), words.shape[1]):
            column = first_column + j
            word = words[i, j]
            if mode == 1:
                word &= MAGNITUDE
            elif mode == 2:
                word ^= SIGN
            if word == SIGN:  # minus zero is zero
                word = np.uint32(0)
            key = word ^ (EVERY if word & SIGN else SIGN)
            half = np.int64(key >> np.uint32(16))
            if upper >= 0:
                if half != upper:
                    continue
                half = np.int64(key & np.uint32(0xFFFF))
            if (kept[column // 64] >> np.uint64(column % 64)) & ONE:
                counts[half] += 1


@jit
def drop_equal(tied, first_row, kept, surplus, bits):  # type: ignore[no-untyped-def]
    """Clear the last edges among the pairs that are tied, at most `surplus`; return how many are left."""
    for i in range(tied.shape[0] - 1, -1, -1):
        row = first_row + i
        if row >= bits.shape[0] or not (kept[row // 64] >> np.uint64(row % 64)) & ONE:
            continue
        for j in range(tied.shape[1] - 1, i, -1):
            column = first_row + j
            if not tied[i, j] or not (kept[column // 64] >> np.uint64(column % 64)) & ONE:
                continue
            bits[row, column // 64] &= ~(ONE << np.uint64(column % 64))
            bits[column, row // 64] &= ~(ONE << np.uint64(row % 64))
            surplus -= 1
            if surplus == 0:
                return surplus
    return surplus
