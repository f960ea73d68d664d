"""Compiled steps of window graphs. This module imports numba, so it is imported inside functions only.

Matrices are n by n in C order. What a step calls the triangle is what lies right of the diagonal: each
correlation is computed there, once, and copied to the other side at the end.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

N_BINS = 4096
TILE = 32
PACK = np.uint64(0x8040201008040201)
"""Multiplied with eight bytes of 0 or 1, it brings the first to the highest bit of the highest byte."""


def jit(function: Any) -> Any:
    """Compile when first called, to run without the interpreter's lock; keep the result where possible."""
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # neither the package nor the user's cache folder is writable
        return numba.njit(nogil=True, error_model="numpy")(function)


@jit
def count_repeats(series, out):  # type: ignore[no-untyped-def]
    """Count for how many frames, up to each, a region has not changed."""
    out[0, :] = 1
    for t in range(1, series.shape[0]):
        for i in range(series.shape[1]):
            out[t, i] = out[t - 1, i] + 1 if series[t, i] == series[t - 1, i] else 1


@jit
def centre(series, first, repeats, eps, weights, scaled, out, constant):  # type: ignore[no-untyped-def]
    """Centre the regions of a window and scale them; those that are constant become 0.

    Weights add up to one. The sum of squares of a region is then 1, or its variance where not `scaled`.
    """
    window, n = out.shape
    means, squares, largest = np.zeros(n), np.zeros(n), np.zeros(n)
    for t in range(window):
        for i in range(n):
            x = float(series[first + t, i])
            means[i] += weights[t] * x
            largest[i] = max(largest[i], abs(x))
    for t in range(window):
        for i in range(n):
            d = float(series[first + t, i]) - means[i]
            squares[i] += weights[t] * d * d
    for i in range(n):
        rounding = 4 * eps * largest[i]
        constant[i] = repeats[first + window - 1, i] >= window or squares[i] <= rounding * rounding
        if constant[i]:
            squares[i] = 0.0
        else:
            squares[i] = 1.0 / np.sqrt(squares[i]) if scaled else 1.0
    for t in range(window):
        root = np.sqrt(weights[t])
        for i in range(n):
            out[t, i] = (float(series[first + t, i]) - means[i]) * (root * squares[i])


@jit
def bins_of(counts, first, second):  # type: ignore[no-untyped-def]
    """Return the bins of two neighbouring places, how many lie below the first, and up to the second."""
    below, low = 0, 0
    while below + counts[low] <= first:
        below += counts[low]
        low += 1
    high, up_to = low, below + counts[low]
    while up_to <= second:
        high += 1
        up_to += counts[high]
    return low, high, below, up_to


@jit
def triangle_of(R, out):  # type: ignore[no-untyped-def]
    """Copy the numbers right of the diagonal, row after row."""
    n, place = R.shape[0], 0
    for i in range(n):
        out[place : place + n - i - 1] = R[i, i + 1 :]
        place += n - i - 1


@jit
def pick(values, first, second, low_value, high_value, counts):  # type: ignore[no-untyped-def]
    """Return the values at two neighbouring places, from the smallest on, of numbers in a range."""
    width = float(high_value) - float(low_value)
    scale = (N_BINS - 1) / width if width > 0 else 0.0
    counts[:] = 0
    for k in range(values.size):
        counts[int((float(values[k]) - float(low_value)) * scale)] += 1
    low, high, below, up_to = bins_of(counts, first, second)
    bucket = np.empty(up_to - below, values.dtype)
    place = 0
    for k in range(values.size):
        b = int((float(values[k]) - float(low_value)) * scale)
        if low <= b <= high:
            bucket[place] = values[k]
            place += 1
    bucket.sort()
    return bucket[first - below], bucket[second - below]


@jit
def mirror(R):  # type: ignore[no-untyped-def]
    """Copy correlations to the other side of the diagonal, which becomes one; rounding is taken off."""
    n = R.shape[0]
    one = R.dtype.type(1)
    for first in range(0, n, TILE):
        last = min(first + TILE, n)
        for start in range(first, n, TILE):
            stop = min(start + TILE, n)
            for i in range(first, last):
                for j in range(max(start, i + 1), stop):
                    r = min(max(R[i, j], -one), one)
                    R[i, j] = r
                    R[j, i] = r
    for i in range(n):
        R[i, i] = one


@jit
def loops_only(constant, out):  # type: ignore[no-untyped-def]
    """Set the diagonal, and take all other entries from constant regions."""
    for i in range(out.shape[0]):
        if constant[i]:
            out[i, :] = 0
            out[:, i] = 0
        out[i, i] = 1


@jit
def edges(R, limit, constant, out):  # type: ignore[no-untyped-def]
    """Set what is above a limit."""
    for i in range(R.shape[0]):
        for j in range(R.shape[0]):
            out[i, j] = R[i, j] > limit
    loops_only(constant, out)


@jit
def pack_bytes(words, out):  # type: ignore[no-untyped-def]
    """Pack bytes of 0 and 1, eight of them in each word, into bits."""
    for k in range(out.size):
        out[k] = np.uint8((words[k] * PACK) >> np.uint64(56))
