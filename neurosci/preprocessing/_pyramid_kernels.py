"""Compiled steps of the pyramid. This module imports numba, so it is imported inside functions only.

Every sum has a fixed order and no field looks at another one, so that a field does not depend on those which
are computed with it. The arrays of one call are all float32 or all float64.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from ._pyramid import TAPS

EDGE, NEAR, MIDDLE = (float(weight) for weight in TAPS[:3])


def jit(function: Any) -> Any:
    """Compile when first called; keep the result where some folder can be written."""
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # neither the package nor the user's cache folder is writable
        return numba.njit(nogil=True, error_model="numpy")(function)


@jit
def mirrored(place, size):  # type: ignore[no-untyped-def]
    """Mirror a place into the side, the edges not repeated; even places stay even."""
    while place < 0 or place >= size:
        place = -place if place < 0 else 2 * (size - 1) - place
    return place


@jit
def down(x, half, out):  # type: ignore[no-untyped-def]
    """Blur and take every second sample of both axes; `half` is (rows of `out`, columns of `x`)."""
    one = x.dtype.type
    a, b, c = one(EDGE), one(NEAR), one(MIDDLE)
    height, width = x.shape
    rows, columns = out.shape
    for i in range(rows):
        p, q, r = x[mirrored(2 * i - 2, height)], x[mirrored(2 * i - 1, height)], x[2 * i]
        s, t = x[mirrored(2 * i + 1, height)], x[mirrored(2 * i + 2, height)]
        target = half[i]
        for j in range(width):
            target[j] = a * (p[j] + t[j]) + b * (q[j] + s[j]) + c * r[j]
    inside = (width - 3) // 2  # the last column whose taps need no mirror
    for i in range(rows):
        row, target = half[i], out[i]
        for j in range(1, inside + 1):
            k = 2 * j
            target[j] = a * (row[k - 2] + row[k + 2]) + b * (row[k - 1] + row[k + 1]) + c * row[k]
        for n in range(columns - max(inside, 0)):
            j = n if n == 0 else max(inside, 0) + n
            k = 2 * j
            target[j] = (
                a * (row[mirrored(k - 2, width)] + row[mirrored(k + 2, width)])
                + b * (row[mirrored(k - 1, width)] + row[mirrored(k + 1, width)])
                + c * row[k]
            )


@jit
def up(x, half, out):  # type: ignore[no-untyped-def]
    """Double the samples of both axes; `half` is (rows of `out`, columns of `x`)."""
    one = x.dtype.type
    a, b, c = one(EDGE), one(NEAR), one(MIDDLE)
    height, width = out.shape
    columns = x.shape[1]
    for i in range(height):
        target = half[i]
        if i % 2 == 0:
            p, q, r = x[mirrored(i - 2, height) // 2], x[i // 2], x[mirrored(i + 2, height) // 2]
            for j in range(columns):
                target[j] = a * (p[j] + r[j]) + c * q[j]
        else:
            p, r = x[mirrored(i - 1, height) // 2], x[mirrored(i + 1, height) // 2]
            for j in range(columns):
                target[j] = b * (p[j] + r[j])
    inside = max((width - 3) // 2, 0)
    for i in range(height):
        row, target = half[i], out[i]
        for j in range(1, inside + 1):
            target[2 * j] = a * (row[j - 1] + row[j + 1]) + c * row[j]
            target[2 * j + 1] = b * (row[j] + row[j + 1])
        for n in range(width - 2 * inside):
            k = n if n < 2 else 2 * inside + n
            if k % 2 == 0:
                beyond = row[mirrored(k - 2, width) // 2] + row[mirrored(k + 2, width) // 2]
                target[k] = a * beyond + c * row[k // 2]
            else:
                target[k] = b * (row[mirrored(k - 1, width) // 2] + row[mirrored(k + 1, width) // 2])


@jit
def plane(buffer, rows, columns):  # type: ignore[no-untyped-def]
    """View the start of a flat buffer as a matrix."""
    return buffer[: rows * columns].reshape(rows, columns)


@jit
def correlate(fields, rows_factor, columns_factor):  # type: ignore[no-untyped-def]
    """Give white fields the covariance of a level, in place: ``G = C Z C'`` with banded factors."""
    _, height, width = fields.shape
    between = np.empty((height, width), fields.dtype)
    for n in range(len(fields)):
        for i in range(height):
            target = between[i]
            source, weight = fields[n, i], rows_factor[0, i]
            for j in range(width):
                target[j] = weight * source[j]
            for m in range(1, min(len(rows_factor), i + 1)):
                source, weight = fields[n, i - m], rows_factor[m, i]
                for j in range(width):
                    target[j] += weight * source[j]
        for i in range(height):
            source, target = between[i], fields[n, i]
            for j in range(width):
                target[j] = columns_factor[0, j] * source[j]
            for m in range(1, len(columns_factor)):
                for j in range(m, width):
                    target[j] += columns_factor[m, j] * source[j - m]


@jit
def reconstruct(fields, level, heights, widths, out):  # type: ignore[no-untyped-def]
    """Reconstruct full fields from one level of the Gaussian pyramid alone.

    `fields` is (n, heights[level], widths[level]); what the next level predicts is taken off, unless the
    level is the last.
    """
    kind = fields.dtype
    size = heights[0] * widths[0]
    half, a, b = np.empty(size, kind), np.empty(size, kind), np.empty(size, kind)
    rows, columns = heights[level], widths[level]
    for n in range(len(fields)):
        current = plane(a, rows, columns)
        if level + 1 < len(heights):
            next_rows, next_columns = heights[level + 1], widths[level + 1]
            coarse = plane(b, next_rows, next_columns)
            down(fields[n], plane(half, next_rows, columns), coarse)
            up(coarse, plane(half, rows, next_columns), current)
            for i in range(rows):
                for j in range(columns):
                    current[i, j] = fields[n, i, j] - current[i, j]
        else:
            current[:] = fields[n]
        spare = b
        for finer in range(level - 1, -1, -1):
            target = out[n] if finer == 0 else plane(spare, heights[finer], widths[finer])
            up(current, plane(half, heights[finer], widths[finer + 1]), target)
            spare = a if spare is b else b
            current = target
        if level == 0:
            out[n] = current


@jit
def sums_of_squares(fields):  # type: ignore[no-untyped-def]
    """Return the sum of squares of each field, in float64."""
    out = np.empty(len(fields))
    columns = np.empty(fields.shape[2])
    for n in range(len(fields)):
        columns[:] = 0
        for i in range(fields.shape[1]):
            row = fields[n, i]
            for j in range(fields.shape[2]):
                value = np.float64(row[j])
                columns[j] += value * value
        out[n] = columns.sum()
    return out


@jit
def scale(fields, factors):  # type: ignore[no-untyped-def]
    """Multiply each field by its factor, in place."""
    for n in range(len(fields)):
        factor = fields.dtype.type(factors[n])
        for i in range(fields.shape[1]):
            row = fields[n, i]
            for j in range(fields.shape[2]):
                row[j] *= factor
