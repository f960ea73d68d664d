"""Correlations compared with two limits, tile by tile, and packed into bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._tiles import in_threads, upper_tiles


def kept_words(kept: NDArray[np.bool_], n_words: int) -> NDArray[np.uint64]:
    """Return one bit for each node that may have edges."""
    words = np.zeros(n_words, dtype="<u8")
    packed = np.packbits(kept, bitorder="little")
    words.view(np.uint8)[: packed.size] = packed
    return words


def pack(
    rows: NDArray[np.float32],
    kept: NDArray[np.bool_],
    low: np.float32,
    high: np.float32,
    bits: NDArray[np.uint64],
    block_size: int,
    n_threads: int,
) -> None:
    """Set the bits of all pairs whose correlation is below `low` or above `high`."""
    from ._kernels import mirror_tile, pack_tile

    words = kept_words(kept, bits.shape[1])

    def one(first: int) -> None:
        for column, tile in upper_tiles(rows, first, block_size):
            pack_tile(tile, low, high, first, column, words, bits)
            mirror_tile(bits, first, first + len(tile), column, column + tile.shape[1])

    in_threads(one, list(range(0, len(rows), block_size)), n_threads)
