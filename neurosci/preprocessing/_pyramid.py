"""The Laplacian pyramid as exact linear operators: one pair of small matrices per image side and level."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TAPS = np.sqrt(2.0) * np.array([1, 4, 6, 4, 1]) / 16


def reflect(place: int, size: int) -> int:
    """Return a place mirrored into ``0 .. size - 1``, the edges not repeated."""
    if size == 1:
        return 0
    while not 0 <= place < size:
        place = -place if place < 0 else 2 * (size - 1) - place
    return place


def level_sizes(size: int, n_levels: int) -> list[int]:
    """Return the length of one side at each level."""
    sizes = [size]
    for _ in range(n_levels - 1):
        sizes.append((sizes[-1] + 1) // 2)
    return sizes


def down_matrix(size: int) -> Array:
    """Return the operator that blurs and takes every second sample, (ceil(size / 2), size)."""
    matrix = np.zeros(((size + 1) // 2, size))
    for row in range(len(matrix)):
        for tap, weight in enumerate(TAPS):
            matrix[row, reflect(2 * row + tap - 2, size)] += weight
    return matrix


def up_matrix(size: int) -> Array:
    """Return the operator that puts samples at even places and blurs, (size, ceil(size / 2))."""
    matrix = np.zeros((size, (size + 1) // 2))
    for row in range(size):
        for tap, weight in enumerate(TAPS):
            place = reflect(row + tap - 2, size)
            if place % 2 == 0:
                matrix[row, place // 2] += weight
    return matrix


@dataclass(frozen=True)
class SideOperators:
    """Operators of one image side; index 0 is the finest level.

    Parameters
    ----------
    sizes : list of int
        Samples per level.
    down : list of ndarray
        ``D_b`` of shape (sizes[b], sizes[0]).
    up : list of ndarray
        ``V_b`` of shape (sizes[0], sizes[b]).
    low_pass : list of ndarray
        ``B_b = V_b D_b`` of shape (sizes[0], sizes[0]); ``B_0`` is the identity.
    """

    sizes: list[int]
    down: list[Array]
    up: list[Array]
    low_pass: list[Array]


@functools.lru_cache(maxsize=16)
def side_operators(size: int, n_levels: int) -> SideOperators:
    """Return the operators of a side, read-only and kept for the next call."""
    sizes = level_sizes(size, n_levels)
    down, up = [np.eye(size)], [np.eye(size)]
    for finer in sizes[:-1]:
        down.append(down_matrix(finer) @ down[-1])
        up.append(up[-1] @ up_matrix(finer))
    low_pass = [u @ d for u, d in zip(up, down, strict=True)]
    for matrix in (*down, *up, *low_pass):
        matrix.flags.writeable = False
    return SideOperators(sizes, down, up, low_pass)


def level_terms(level: int, n_levels: int) -> list[tuple[int, int]]:
    """Return (index, sign) of the low-pass operators whose signed sum gives a level."""
    return [(level, 1)] if level == n_levels - 1 else [(level, 1), (level + 1, -1)]


@functools.lru_cache(maxsize=64)
def expected_mean_square(height: int, width: int, n_levels: int, level: int) -> float:
    """Return the expected mean square of a reconstructed level for white noise of unit variance."""
    rows, columns = side_operators(height, n_levels), side_operators(width, n_levels)
    total = 0.0
    for a, sign_a in level_terms(level, n_levels):
        for b, sign_b in level_terms(level, n_levels):
            traces = [np.vdot(side.low_pass[a], side.low_pass[b]) for side in (rows, columns)]
            total += sign_a * sign_b * float(traces[0] * traces[1])
    return total / (height * width)


@functools.lru_cache(maxsize=16)
def finest_cumulants(height: int, width: int, n_levels: int) -> tuple[float, float, float]:
    """Return the first three cumulants of the sum of squares of level 0 for unit white noise.

    The sum is a quadratic form ``w' A w`` with ``A = (I - P x Q)' (I - P x Q)`` and ``P x Q`` a Kronecker
    product, so that each trace of a power of A is a signed sum of products of traces of small matrices.
    """
    words = []
    for size in (height, width):
        low = side_operators(size, n_levels).low_pass[1]
        words.append([np.eye(size), low, low.T, low.T @ low])
    signs = (1.0, -1.0, -1.0, 1.0)
    pairs = [[[a @ b for b in side] for a in side] for side in words]
    first = sum(s * np.trace(words[0][a]) * np.trace(words[1][a]) for a, s in enumerate(signs))
    second = third = 0.0
    for a, sign_a in enumerate(signs):
        for b, sign_b in enumerate(signs):
            second += sign_a * sign_b * np.prod([np.trace(pairs[side][a][b]) for side in range(2)])
            for c, sign_c in enumerate(signs):
                # trace(XY) without the product
                traces = [np.vdot(pairs[side][a][b], words[side][c].T) for side in range(2)]
                third += sign_a * sign_b * sign_c * np.prod(traces)
    return float(first), 2 * float(second), 8 * float(third)


def banded_cholesky(size: int, n_levels: int, level: int) -> Array:
    """Return the Cholesky factor of the covariance of one side at a level, as diagonals.

    Returns
    -------
    ndarray of shape (n_diagonals, sizes[level])
        ``out[m, i]`` is the factor at row i and column i - m.
    """
    down = side_operators(size, n_levels).down[level]
    factor = np.linalg.cholesky(down @ down.T)
    n_diagonals = 1
    for offset in range(1, len(factor)):
        if np.abs(np.diagonal(factor, -offset)).max() > 0:
            n_diagonals = offset + 1
    out = np.zeros((n_diagonals, len(factor)))
    for offset in range(n_diagonals):
        out[offset, offset:] = np.diagonal(factor, -offset)
    return out
