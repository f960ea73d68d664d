"""Compiled kernels on packed rows of bits. They import numba, so they are imported inside functions only.

Node j of a row is bit ``j % 64`` of word ``j // 64``. Whole numbers are int64 throughout.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from ._vectors import LANES, bits_in, common_1, common_4, common_8, lowest_bit, outside_64

ONE, ZERO, ALL = np.uint64(1), np.uint64(0), np.uint64(0xFFFFFFFFFFFFFFFF)


def jit(function: Any) -> Any:
    """Compile when first called, to run without the interpreter's lock; keep the result where possible."""
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # neither the package nor the user's cache folder is writable
        return numba.njit(nogil=True, error_model="numpy")(function)


@jit
def pack_tile(tile, low, high, first_row, first_column, kept, bits):  # type: ignore[no-untyped-def]
    """Set the bits of a tile of numbers that are below `low` or above `high`, right of the diagonal.

    Columns of the tile are a multiple of 64; what `kept` does not hold, such as padding, has no bits.
    """
    base, stride = tile.ctypes.data, tile.strides[0]
    first_word = first_column // 64
    for i in range(tile.shape[0]):
        row = first_row + i
        if row >= bits.shape[0]:
            break
        if not (kept[row // 64] >> np.uint64(row % 64)) & ONE:
            continue
        for w in range(tile.shape[1] // 64):
            word = first_word + w
            if word * 64 + 63 <= row:
                continue
            found = outside_64(base + i * stride + w * 256, low, high) & kept[word]
            if word * 64 <= row:
                found &= (ALL << np.uint64(row % 64)) << ONE
            bits[row, word] = found


@jit
def mirror_tile(bits, first_row, last_row, first_column, last_column):  # type: ignore[no-untyped-def]
    """Copy the bits of a tile to the other side of the diagonal, 64 by 64 at a time."""
    n, block = bits.shape[0], np.empty(64, np.uint64)
    for row in range(first_row, min(last_row, n), 64):
        for column in range(max(first_column, row), min(last_column, n), 64):
            any_bit = ZERO
            for i in range(64):
                block[i] = bits[row + i, column // 64] if row + i < n else ZERO
                any_bit |= block[i]
            if any_bit == ZERO:
                continue
            width, mask = 32, np.uint64(0x00000000FFFFFFFF)
            while width:
                shift = np.uint64(width)
                i = 0
                while i < 64:
                    swap = ((block[i] >> shift) ^ block[i + width]) & mask
                    block[i] ^= swap << shift
                    block[i + width] ^= swap
                    i = (i + width + 1) & ~width
                width //= 2
                mask ^= mask << np.uint64(width)
            for j in range(min(64, n - column)):
                bits[column + j, row // 64] |= block[j]


@jit
def degrees(bits, out):  # type: ignore[no-untyped-def]
    """Count the bits of each row."""
    for i in range(bits.shape[0]):
        count = 0
        for w in range(bits.shape[1]):
            count += bits_in(bits[i, w])
        out[i] = count


@jit
def is_symmetric(bits):  # type: ignore[no-untyped-def]
    """Tell whether each bit has its mirror, no bit is on the diagonal and none is in the padding."""
    n = bits.shape[0]
    for i in range(n):
        for w in range(bits.shape[1]):
            word = bits[i, w]
            while word:
                j = w * 64 + lowest_bit(word)
                word &= word - ONE
                if j >= n or j == i or not (bits[j, i // 64] >> np.uint64(i % 64)) & ONE:
                    return False
    return True


@jit
def neighbours(bits, starts, out):  # type: ignore[no-untyped-def]
    """List the columns of the bits of each row in ascending order; `starts` says where each row begins."""
    for i in range(bits.shape[0]):
        place = starts[i]
        for w in range(bits.shape[1]):
            word = bits[i, w]
            while word:
                out[place] = w * 64 + lowest_bit(word)
                word &= word - ONE
                place += 1


@jit
def set_edges(rows, columns, bits):  # type: ignore[no-untyped-def]
    """Set the bits of edges, both ways."""
    for e in range(rows.size):
        i, j = rows[e], columns[e]
        if i != j:
            bits[i, j // 64] |= ONE << np.uint64(j % 64)
            bits[j, i // 64] |= ONE << np.uint64(i % 64)


@jit
def triangles_of(bits, first, last, tile, n_words, lowest, others):  # type: ignore[no-untyped-def]
    """Count triangles over the edges (i, j) with i in a tile of rows and j > i.

    With i < j the third node k is looked for right of i only. A triangle is then found twice by its lowest
    node, which `lowest` collects, and once each for the two others, which `others` collects. Right-hand
    rows are taken in tiles, and words in runs, so that both stay in the cache.
    """
    n, width = bits.shape
    upper = np.zeros((last - first, width), np.uint64)
    for i in range(first, last):
        word = i // 64
        upper[i - first, word] = bits[i, word] & ((ALL << np.uint64(i % 64)) << ONE)
        upper[i - first, word + 1 :] = bits[i, word + 1 :]
    found = np.empty(tile + 4, np.int64)
    left, right = upper.ctypes.data, bits.ctypes.data
    stride = width * 8
    start = (first // 512) * LANES
    while start < width:
        stop = min(start + n_words, width)
        for first_right in range((first // 64) * 64, n, tile):
            last_right = min(first_right + tile, n)
            for i in range(first, min(last, last_right)):
                begin = max(start, (i // 512) * LANES)
                n_vectors = (stop - begin) // LANES
                if n_vectors <= 0:
                    continue
                n_found = 0
                for w in range(first_right // 64, (last_right + 63) // 64):
                    word = upper[i - first, w]
                    while word:
                        found[n_found] = w * 64 + lowest_bit(word)
                        word &= word - ONE
                        n_found += 1
                row = left + (i - first) * stride + begin * 8
                base, total, e = right + begin * 8, 0, 0
                while e + 4 <= n_found:
                    j0, j1, j2, j3 = found[e], found[e + 1], found[e + 2], found[e + 3]
                    c0, c1, c2, c3 = common_4(
                        row,
                        base + j0 * stride,
                        base + j1 * stride,
                        base + j2 * stride,
                        base + j3 * stride,
                        n_vectors,
                    )
                    others[j0] += c0
                    others[j1] += c1
                    others[j2] += c2
                    others[j3] += c3
                    total += c0 + c1 + c2 + c3
                    e += 4
                while e < n_found:
                    c0 = common_1(row, base + found[e] * stride, n_vectors)
                    others[found[e]] += c0
                    total += c0
                    e += 1
                lowest[i] += total
        start = stop


@jit
def _pair(bits, i, j, c, triangles, squares):  # type: ignore[no-untyped-def]
    half = c * (c - 1) // 2
    squares[i] += half
    squares[j] += half
    if (bits[i, j // 64] >> np.uint64(j % 64)) & ONE:
        triangles[i] += c
        triangles[j] += c


@jit
def pairs_of(bits, first, last, tile, triangles, squares):  # type: ignore[no-untyped-def]
    """Count twice the triangles, and the 4-cycles, over the pairs (i, j) with i in a tile and j > i."""
    n, width = bits.shape
    base, stride, n_vectors = bits.ctypes.data, width * 8, width // LANES
    for i in range(first, last):
        for j in range(i + 1, last):
            c = common_1(base + i * stride, base + j * stride, n_vectors)
            _pair(bits, i, j, c, triangles, squares)
    for first_right in range(last, n, tile):
        last_right = min(first_right + tile, n)
        i = first
        while i < last:
            a = base + i * stride
            b = a + (stride if i + 1 < last else 0)
            j = first_right
            while j + 4 <= last_right:
                d = base + j * stride
                c = common_8(a, b, d, d + stride, d + 2 * stride, d + 3 * stride, n_vectors)
                _pair(bits, i, j, c[0], triangles, squares)
                _pair(bits, i, j + 1, c[1], triangles, squares)
                _pair(bits, i, j + 2, c[2], triangles, squares)
                _pair(bits, i, j + 3, c[3], triangles, squares)
                if i + 1 < last:
                    _pair(bits, i + 1, j, c[4], triangles, squares)
                    _pair(bits, i + 1, j + 1, c[5], triangles, squares)
                    _pair(bits, i + 1, j + 2, c[6], triangles, squares)
                    _pair(bits, i + 1, j + 3, c[7], triangles, squares)
                j += 4
            while j < last_right:
                for k in range(i, min(i + 2, last)):
                    c1 = common_1(base + k * stride, base + j * stride, n_vectors)
                    _pair(bits, k, j, c1, triangles, squares)
                j += 1
            i += 2
