"""Compiled steps of the encoder. This module imports numba, so it is imported inside functions only."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

BITS = 5
"""Regions of a block, whose 2 ** BITS possible sums are tabulated."""

TABLES = 8
"""Blocks that are added at once, so that a row is read and written less often."""


def jit(function: Any) -> Any:
    """Compile when first called, to run without the interpreter's lock; keep the result where possible.

    Sums may be reordered, which lets the compiler use vector registers.
    """
    options: dict[str, Any] = {
        "nogil": True,
        "error_model": "numpy",
        "fastmath": {"reassoc", "contract", "nsz"},
    }
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # neither the package nor the user's cache folder is writable
        return numba.njit(**options)(function)


@jit
def block_codes(adjacency, codes):  # type: ignore[no-untyped-def]
    """Write which regions of a block are neighbours, as a number; codes is (graph, block, region)."""
    n_graphs, n, _ = adjacency.shape
    for g in range(n_graphs):
        for i in range(n):
            for b in range(codes.shape[1]):
                code = 0
                for j in range(min(BITS, n - b * BITS)):
                    if adjacency[g, i, b * BITS + j] != 0:
                        code |= 1 << j
                codes[g, b, i] = code


@jit
def tabulated_sums(codes, nodes, out, table):  # type: ignore[no-untyped-def]
    """Sum over neighbours: tabulate the sums of every subset of a block, then look them up.

    The number of additions is that of neighbours divided by about half of BITS.
    """
    n_graphs, n, width = nodes.shape
    size = 1 << BITS
    for g in range(n_graphs):
        out[g] = 0
        for first in range(0, codes.shape[1], TABLES):
            for q in range(TABLES):
                table[q * size] = 0
                for j in range(BITS):
                    region = (first + q) * BITS + j
                    if region >= n:
                        break  # no code has this bit
                    added = nodes[g, region]
                    for m in range(1 << j):
                        old = table[q * size + m]
                        new = table[q * size + (1 << j) + m]
                        for d in range(width):
                            new[d] = old[d] + added[d]
            for i in range(n):
                t0 = table[codes[g, first, i]]
                t1 = table[size + codes[g, first + 1, i]]
                t2 = table[2 * size + codes[g, first + 2, i]]
                t3 = table[3 * size + codes[g, first + 3, i]]
                t4 = table[4 * size + codes[g, first + 4, i]]
                t5 = table[5 * size + codes[g, first + 5, i]]
                t6 = table[6 * size + codes[g, first + 6, i]]
                t7 = table[7 * size + codes[g, first + 7, i]]
                row = out[g, i]
                for d in range(width):
                    row[d] += ((t0[d] + t1[d]) + (t2[d] + t3[d])) + ((t4[d] + t5[d]) + (t6[d] + t7[d]))


LOG2_E, LN2_HIGH, LN2_LOW = np.float32(1.44269504), np.float32(0.693359375), np.float32(-2.12194440e-4)
P5, P4, P3 = np.float32(1.9875691e-4), np.float32(1.3981999e-3), np.float32(8.3334519e-3)
P2, P1, P0 = np.float32(4.1665796e-2), np.float32(1.6666665e-1), np.float32(5.0000001e-1)
LOWEST, HIGHEST = np.float32(-87), np.float32(88)
HALF, ONE = np.float32(0.5), np.float32(1)


def exponential(x: Any) -> Any:
    """Return e to the x; in single precision by a polynomial [1]_ that runs in vector registers.

    References
    ----------
    .. [1] Moshier, S. L. (1989). Methods and programs for mathematical functions. Ellis Horwood.
    """
    return math.exp(x)


@numba.extending.overload(exponential)
def _exponential(x):  # type: ignore[no-untyped-def]
    if x != numba.float32:
        return lambda x: math.exp(x)

    def single(x):  # type: ignore[no-untyped-def]
        x = min(max(x, LOWEST), HIGHEST)
        power = np.floor(x * LOG2_E + HALF)
        r = (x - power * LN2_HIGH) - power * LN2_LOW
        rest = ((((P5 * r + P4) * r + P3) * r + P2) * r + P1) * r + P0
        return (rest * r * r + r + ONE) * np.int32((np.int32(power) + 127) << 23).view(np.float32)

    return single


@jit
def gated_forward(inputs, weight, bias, hidden, gates, candidates):  # type: ignore[no-untyped-def]
    """Run a gated recurrent unit; arrays are (frame, scan, feature), hidden has one frame more.

    Gates keeps r, z and n of each frame, candidates what r multiplied.
    """
    n_frames, n_scans, three = inputs.shape
    width = three // 3
    for t in range(n_frames):
        recurrent = np.dot(hidden[t], weight)
        for s in range(n_scans):
            for d in range(width):
                r = 1 / (1 + exponential(-(inputs[t, s, d] + recurrent[s, d] + bias[d])))
                z = 1 / (
                    1 + exponential(-(inputs[t, s, width + d] + recurrent[s, width + d] + bias[width + d]))
                )
                candidate = recurrent[s, 2 * width + d] + bias[2 * width + d]
                n = 1 - 2 / (1 + exponential(2 * (inputs[t, s, 2 * width + d] + r * candidate)))
                hidden[t + 1, s, d] = n + z * (hidden[t, s, d] - n)
                gates[t, s, d], gates[t, s, width + d], gates[t, s, 2 * width + d] = r, z, n
                candidates[t, s, d] = candidate


@jit
def gated_backward(gradient, weight, hidden, gates, candidates, inputs, recurrent):  # type: ignore[no-untyped-def]
    """Write the gradients of what came in from outside, and from the state before, of each frame."""
    n_frames, n_scans, width = gradient.shape
    carried = np.zeros((n_scans, width), dtype=gradient.dtype)
    for t in range(n_frames - 1, -1, -1):
        for s in range(n_scans):
            for d in range(width):
                total = carried[s, d] + gradient[t, s, d]
                r, z, n = gates[t, s, d], gates[t, s, width + d], gates[t, s, 2 * width + d]
                to_n = total * (1 - z) * (1 - n * n)
                to_z = total * (hidden[t, s, d] - n) * z * (1 - z)
                to_r = to_n * candidates[t, s, d] * r * (1 - r)
                inputs[t, s, d] = recurrent[t, s, d] = to_r
                inputs[t, s, width + d] = recurrent[t, s, width + d] = to_z
                inputs[t, s, 2 * width + d] = to_n
                recurrent[t, s, 2 * width + d] = to_n * r
                carried[s, d] = total * z
        carried += np.dot(recurrent[t], weight)


@jit
def normalised_grams(grams, smallest, norms):  # type: ignore[no-untyped-def]
    """Write the norms of triu(gram / rowmax - 1); each gram becomes the symmetric derivative of its norm."""
    for g in range(grams.shape[0]):
        norms[g] = _normalised_gram(grams[g], smallest)


@jit
def _normalised_gram(gram, smallest):  # type: ignore[no-untyped-def]
    n = gram.shape[0]
    total = 0.0
    extra = np.zeros(n, dtype=gram.dtype)
    places = np.zeros(n, dtype=np.int64)
    for i in range(n):
        row = gram[i]
        largest = row[0]
        for j in range(1, n):
            largest = max(largest, row[j])
        place = 0
        while row[place] != largest:
            place += 1
        places[i] = place
        clamped = largest < smallest
        scale = 1 / max(largest, smallest)
        squares, slope = row[0] * 0, row[0] * 0
        row[i] -= 1 / scale
        for j in range(i, n):
            p = row[j] * scale
            squares += p * p
            # p times the ratio of which it is the difference from the identity
            slope += p * p
            row[j] = p * scale
        slope += row[i] / scale
        total += squares
        extra[i] = 0 if clamped else -slope * scale
    norm = math.sqrt(total)
    share = 1 / norm
    for i in range(n):
        for j in range(i):
            gram[i, j] = gram[j, i]
    for i in range(n):
        gram[i, i] *= 2
        gram[i, places[i]] += extra[i]
        gram[places[i], i] += extra[i]
    for i in range(n):
        for j in range(n):
            gram[i, j] *= share
    return norm


BLOCK = 32
"""Rows that are summed in the precision of the rows, before they are added in double precision."""


@jit
def add_moments(rows, sums, squares):  # type: ignore[no-untyped-def]
    """Add the sums of columns and of their squares, in double precision."""
    width = rows.shape[1]
    first, second = np.empty(width, dtype=rows.dtype), np.empty(width, dtype=rows.dtype)
    for begin in range(0, rows.shape[0], BLOCK):
        first[:] = 0
        second[:] = 0
        for r in range(begin, min(begin + BLOCK, rows.shape[0])):
            for d in range(width):
                x = rows[r, d]
                first[d] += x
                second[d] += x * x
        for d in range(width):
            sums[d] += first[d]
            squares[d] += second[d]


@jit
def scaled_relu(rows, scale, offset, out):  # type: ignore[no-untyped-def]
    """Write max(0, rows * scale + offset)."""
    for r in range(rows.shape[0]):
        for d in range(rows.shape[1]):
            out[r, d] = max(rows[r, d] * scale[d] + offset[d], 0)


@jit
def add_slopes(rows, gradient, shared, first, share, scale, offset, sums, products):  # type: ignore[no-untyped-def]
    """Add the sums of the gradient where `scaled_relu` is above 0, and of its products with the rows.

    To the gradient of a row comes that which the rows of a group of `share` have in common; `first` is the
    place of the first row among all.
    """
    width = rows.shape[1]
    one, two = np.empty(width, dtype=rows.dtype), np.empty(width, dtype=rows.dtype)
    for begin in range(0, rows.shape[0], BLOCK):
        one[:] = 0
        two[:] = 0
        for r in range(begin, min(begin + BLOCK, rows.shape[0])):
            common = shared[(first + r) // share]
            for d in range(width):
                x = rows[r, d]
                g = gradient[r, d] + common[d] if x * scale[d] + offset[d] > 0 else gradient[r, d] * 0
                one[d] += g
                two[d] += g * x
        for d in range(width):
            sums[d] += one[d]
            products[d] += two[d]


@jit
def write_slopes(rows, gradient, shared, first, share, scale, offset, constant, slope, out):  # type: ignore[no-untyped-def]
    """Write scale * (gradient where `scaled_relu` is above 0) + constant + slope * rows."""
    for r in range(rows.shape[0]):
        common = shared[(first + r) // share]
        for d in range(rows.shape[1]):
            g = gradient[r, d] + common[d] if rows[r, d] * scale[d] + offset[d] > 0 else 0
            out[r, d] = scale[d] * g + constant[d] + slope[d] * rows[r, d]


@jit
def add_table_and_codes(rows, degrees, table, shifts):  # type: ignore[no-untyped-def]
    """Add to the row of region v of graph g its row of the table, and its degree times the graph's shift."""
    for g in range(degrees.shape[0]):
        for v in range(degrees.shape[1]):
            row = rows[g * degrees.shape[1] + v]
            for d in range(table.shape[1]):
                row[d] += table[v, d] + degrees[g, v] * shifts[g, d]


@jit
def sum_over_graphs(rows, degrees, over_graphs, of_graphs, weighted):  # type: ignore[no-untyped-def]
    """Add rows up over graphs, over the regions of each graph, and the latter with degrees as weights."""
    for g in range(degrees.shape[0]):
        for v in range(degrees.shape[1]):
            row = rows[g * degrees.shape[1] + v]
            for d in range(row.shape[0]):
                over_graphs[v, d] += row[d]
                of_graphs[g, d] += row[d]
                weighted[g, d] += degrees[g, v] * row[d]
