"""A given number of pairs with the largest correlations, found by two histograms and no matrix."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from ._packing import kept_words, pack
from ._tiles import in_threads, upper_tiles

N_BINS = 1 << 16
_MODES = {"positive": 0, "absolute": 1, "negative": 2}


def pack_densest(
    rows: NDArray[np.float32],
    kept: NDArray[np.bool_],
    kind: str,
    density: float,
    bits: NDArray[np.uint64],
    block_size: int,
    n_threads: int,
) -> None:
    """Set the bits of the pairs with the largest correlations, as many as the density asks for.

    The order of float32 numbers is that of 32-bit integers made of them. The first pass counts their
    upper halves, the second the lower halves of those that share the upper half of the smallest
    correlation kept, which is then known exactly. The third packs; where several pairs have that very
    correlation, the last of them by (i, j) are taken out again.
    """
    n_kept = int(kept.sum())
    n_pairs = n_kept * (n_kept - 1) // 2
    # At least one pair, so that a small graph is not empty.
    wanted = max(1, int(np.floor(density * n_pairs + 0.5)))
    mode = _MODES[kind]
    histogram = _histogram(rows, kept, mode, -1, block_size, n_threads)
    upper, above = _place(histogram, wanted, 0)
    histogram = _histogram(rows, kept, mode, upper, block_size, n_threads)
    lower, above = _place(histogram, wanted, above)
    limit = _number(upper, lower)
    surplus = above + int(histogram[lower]) - wanted
    # "At least the limit" is "above the next smaller number".
    below = np.nextafter(limit, np.float32(-np.inf))
    low = {"positive": np.float32(-np.inf), "absolute": -below, "negative": -below}[kind]
    high = np.float32(np.inf) if kind == "negative" else below
    pack(rows, kept, low, high, bits, block_size, n_threads)
    if surplus:
        _drop_last(rows, kept, mode, limit, surplus, bits, block_size)


def _histogram(
    rows: NDArray[np.float32],
    kept: NDArray[np.bool_],
    mode: int,
    upper: int,
    block_size: int,
    n_threads: int,
) -> NDArray[np.int64]:
    """Count the upper halves of all pairs, or the lower halves of those with one upper half."""
    from ._kernels_density import count_keys

    words = kept_words(kept, len(rows) // 64)
    total = np.zeros(N_BINS, dtype=np.int64)
    lock = threading.Lock()

    def one(first: int) -> None:
        counts = np.zeros(N_BINS, dtype=np.int64)
        for column, tile in upper_tiles(rows, first, block_size):
            count_keys(tile, mode, upper, first, column, words, counts)
        with lock:
            np.add(total, counts, out=total)

    in_threads(one, list(range(0, len(rows), block_size)), n_threads)
    return total


def _place(histogram: NDArray[np.int64], wanted: int, above: int) -> tuple[int, int]:
    """Return the bin of the `wanted`-th largest, and how many are in bins above it."""
    from_top = above + np.cumsum(histogram[::-1])
    place = int(np.searchsorted(from_top, wanted))
    return N_BINS - 1 - place, int(from_top[place] - histogram[N_BINS - 1 - place])


def _number(upper: int, lower: int) -> np.float32:
    """Return the float32 number of an ordered integer."""
    key = (upper << 16) | lower
    word = key ^ 0x80000000 if key & 0x80000000 else key ^ 0xFFFFFFFF
    return np.float32(np.frombuffer(np.uint32(word).tobytes(), dtype=np.float32)[0])


def _drop_last(
    rows: NDArray[np.float32],
    kept: NDArray[np.bool_],
    mode: int,
    limit: np.float32,
    surplus: int,
    bits: NDArray[np.uint64],
    block_size: int,
) -> None:
    """Take out edges of exactly the smallest correlation kept, from the last pair backwards."""
    from ._kernels_density import drop_equal

    words = kept_words(kept, len(rows) // 64)
    for first in range((len(rows) - 1) // block_size * block_size, -1, -block_size):

        def equal(first: int) -> NDArray[np.bool_]:
            return np.concatenate(
                [_values(tile, mode) == limit for _, tile in upper_tiles(rows, first, block_size)], axis=1
            )

        (tied,) = in_threads(equal, [first], 1)
        surplus = drop_equal(tied, first, words, surplus, bits)
        if not surplus:
            return


def _values(tile: NDArray[np.float32], mode: int) -> NDArray[np.float32]:
    """Return what the order of pairs goes by."""
    return np.abs(tile) if mode == 1 else -tile if mode == 2 else tile
