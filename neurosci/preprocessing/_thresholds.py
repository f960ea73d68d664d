"""Which entries of a matrix are kept: those above a percentile, or a number of pairs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEAR = 1000
"""Places that a guess may be away from what is looked for."""


class Percentile:
    """The percentile of a symmetric matrix, as `numpy.percentile` computes it from all entries.

    Parameters
    ----------
    n_regions : int
        Size of the matrix.
    density : float
        Share that lies above, in (0, 1].
    include_diagonal : bool
        Whether the diagonal takes part.
    """

    def __init__(self, n_regions: int, density: float, include_diagonal: bool = True) -> None:
        self.n_pairs = n_regions * (n_regions - 1) // 2
        n_values = 2 * self.n_pairs + (n_regions if include_diagonal else 0)
        self.first, self.second, self.gamma = places(n_values, density)
        self._values: NDArray[Any] = np.empty(0)
        self._below = np.empty(self.n_pairs, dtype=np.bool_)
        self._upto = np.empty(self.n_pairs, dtype=np.bool_)
        self._around: tuple[float, float] | None = None

    def of_correlations(self, R: NDArray[Any]) -> Any:
        """Return the percentile of correlations that stand right of the diagonal, which is one."""
        from neurosci.preprocessing import _window_kernels as kernels

        one = R.dtype.type(1)
        # Each pair stands twice among the entries, and the diagonal above them all.
        pairs = [place // 2 for place in (self.first, self.second) if place < 2 * self.n_pairs]
        if not pairs:
            return one
        if self._values.dtype != R.dtype or not self._values.size:
            self._values = np.empty(self.n_pairs, dtype=R.dtype)
        kernels.triangle_of(R, self._values)
        low, high = self._pick(pairs[0], pairs[-1])
        low, high = (min(max(R.dtype.type(value), -one), one) for value in (low, high))
        return interpolate(low, high if len(pairs) == 2 else one, self.gamma)

    def _pick(self, first: int, second: int) -> tuple[Any, Any]:
        """Return the values at two neighbouring places, from the smallest on.

        They are looked for around those of the matrix before: numbers up to there are counted, the place is
        corrected by the distance of neighbours, and the few numbers around it are sorted. Where that does not
        find them, and the first time, all numbers are parted at the two places.
        """
        values, kind = self._values, self._values.dtype.type
        if self._around is not None:
            middle, distance = self._around
            missing = 0
            for _ in range(3):
                missing = first - int(np.count_nonzero(np.less_equal(values, kind(middle), out=self._upto)))
                middle += missing * distance
                if abs(missing) < NEAR:
                    break
            margin = (64 + abs(missing) // 4) * distance
            lowest, highest = kind(middle - margin), kind(middle + margin)
            np.less_equal(values, lowest, out=self._below)
            np.less_equal(values, highest, out=self._upto)
            before = np.count_nonzero(self._below)
            # What is below is also up to the highest, so that they differ just in between.
            found = np.sort(values[np.not_equal(self._upto, self._below, out=self._upto)])
            if before <= first and second < before + found.size:
                self._around = float(found[first - before]), float(highest - lowest) / found.size
                return found[first - before], found[second - before]
        parted = np.partition(values, first)
        low = parted[first]
        high = low if second == first else parted[second:].min()
        self._around = float(low), 1.0 / max(1, values.size)
        return low, high


def places(n_values: int, density: float) -> tuple[int, int, float]:
    """Return the two places, from the smallest on, between which the percentile lies, and how far along."""
    place = (n_values - 1) * (100 * (1 - density) / 100)
    first = min(math.floor(place), n_values - 1)
    return first, min(first + 1, n_values - 1), place - first


def interpolate(low: Any, high: Any, gamma: float) -> Any:
    """Return what lies between two numbers, rounded as `numpy.percentile` rounds."""
    if gamma >= 0.5:
        return high - (high - low) * (1 - gamma)
    return low + (high - low) * gamma


def above_percentile(
    matrix: NDArray[Any], density: float, include_diagonal: bool = True
) -> NDArray[np.bool_]:
    """Return which entries are above the percentile."""
    from neurosci.preprocessing import _window_kernels as kernels

    values = matrix if include_diagonal else matrix[~np.eye(len(matrix), dtype=np.bool_)]
    if not values.size:
        return np.zeros(matrix.shape, dtype=np.bool_)
    first, second, gamma = places(values.size, density)
    counts = np.empty(kernels.N_BINS, dtype=np.int64)
    flat = np.ascontiguousarray(values).reshape(-1)
    low, high = kernels.pick(flat, first, second, values.min(), values.max(), counts)
    return np.asarray(matrix > interpolate(matrix.dtype.type(low), matrix.dtype.type(high), gamma))


def strongest(matrix: NDArray[Any], density: float) -> NDArray[np.bool_]:
    """Return a number of pairs, the first of those that are equal."""
    rows, columns = np.triu_indices(len(matrix), 1)
    wanted = int(np.floor(density * rows.size + 0.5))
    order = np.argsort(-matrix[rows, columns], kind="stable")[:wanted]
    out = np.zeros(matrix.shape, dtype=np.bool_)
    out[rows[order], columns[order]] = out[columns[order], rows[order]] = True
    return out
