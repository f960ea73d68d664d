"""Tiles of the correlation matrix, computed on several cores and never kept."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_SIZE = 512
"""Rows of a tile by default: with four times as many columns in float32 it is 4 MiB."""

WIDEST = 2048


def check_block_size(where: str, block_size: int | None) -> int:
    """Return the rows of a tile, a multiple of 64."""
    if block_size is None:
        return BLOCK_SIZE
    if isinstance(block_size, bool) or not isinstance(block_size, int | np.integer) or block_size < 1:
        raise ValueError(f"{where}: block_size must be a positive integer, got {block_size!r}")
    return -(-int(block_size) // 64) * 64


def n_workers(where: str, n_jobs: int | None) -> int:
    """Return the number of threads that `n_jobs` stands for, as in joblib."""
    from joblib import effective_n_jobs

    if n_jobs is not None and (isinstance(n_jobs, bool) or not isinstance(n_jobs, int | np.integer)):
        raise ValueError(f"{where}: n_jobs must be None or an integer, got {n_jobs!r}")
    if n_jobs == 0:
        raise ValueError(f"{where}: n_jobs must not be 0, got 0 (1 is one core, -1 is all)")
    return max(1, int(effective_n_jobs(n_jobs)))


@functools.lru_cache(maxsize=1)
def _linear_algebra(_n_modules: int) -> Any:
    """Libraries with threads of their own: looking for them takes longer than a small graph does.

    They are looked for again when a module was imported, which may have brought one.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def in_threads(function: Callable[..., Any], items: list[Any], n_threads: int) -> list[Any]:
    """Return ``function(item)`` of all items, on threads whose linear algebra has one thread each."""
    with _linear_algebra(len(sys.modules)).limit(limits=1):
        if n_threads == 1 or len(items) == 1:
            return [function(item) for item in items]
        with ThreadPoolExecutor(min(n_threads, len(items))) as pool:
            return list(pool.map(function, items))


def upper_tiles(
    rows: NDArray[np.float32], first: int, block_size: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield the tiles of one block of rows from its diagonal on: first column, and the scalar products.

    A tile is overwritten by the next one.
    """
    n = len(rows)
    left = rows[first : first + block_size]
    widest = min(max(block_size, min(4 * block_size, WIDEST)), n - first)
    buffer = np.empty(len(left) * widest, dtype=np.float32)
    for column in range(first, n, widest):
        right = rows[column : column + widest]
        tile = buffer[: len(left) * len(right)].reshape(len(left), len(right))
        np.matmul(left, right.T, out=tile)
        yield column, tile
