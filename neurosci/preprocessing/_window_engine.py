"""Products of regions in windows, and graphs of them; arrays are reused from one window to the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci.preprocessing._thresholds import Percentile


def window_products(
    series: NDArray[Any],
    starts: NDArray[np.int64],
    window: int,
    dtype: Any = np.float32,
    *,
    weights: NDArray[np.float64] | None = None,
    scaled: bool = True,
) -> Iterator[tuple[NDArray[Any], NDArray[np.bool_], NDArray[Any]]]:
    """Yield the products of centred regions, window by window; each overwrites the last one.

    Regions of a window are centred in float64, scaled to unit length (or, not `scaled`, to the root of
    their variance) and multiplied by a symmetric rank-k update, whose result stays in the cache.

    Parameters
    ----------
    series : ndarray of float32 or float64, shape (n_times, n_regions)
        One scan, checked.
    starts : ndarray of int64, shape (n_windows,)
        First frames, checked.
    window : int
        Frames of a window.
    dtype : dtype
        Of the products.
    weights : ndarray of float64, shape (window,), default=None
        Weights of frames; ``None`` weights them all by 1.
    scaled : bool, default=True
        Correlations, or covariances.

    Yields
    ------
    products : ndarray of shape (n_regions, n_regions)
        Right of the diagonal, and on it.
    constant : ndarray of bool, shape (n_regions,)
        Regions that do not vary in the window; their products are 0.
    centred : ndarray of shape (window, n_regions)
        The regions that were multiplied.
    """
    from scipy.linalg import blas

    from neurosci.preprocessing import _window_kernels as kernels

    n_times, n_regions = series.shape
    update = blas.ssyrk if np.dtype(dtype) == np.float32 else blas.dsyrk
    repeats = np.empty((n_times, n_regions), dtype=np.int32)
    kernels.count_repeats(series, repeats)
    heights = np.ones(window) if weights is None else np.asarray(weights, dtype=np.float64)
    eps = float(np.finfo(series.dtype).eps)
    centred = np.empty((window, n_regions), dtype=dtype)
    products = np.zeros((n_regions, n_regions), dtype=dtype)
    constant = np.empty(n_regions, dtype=np.bool_)
    for first in starts:
        kernels.centre(series, int(first), repeats, eps, heights / heights.sum(), scaled, centred, constant)
        # Column order for BLAS, whose lower triangle is then the upper one of ours.
        update(1.0, centred.T, beta=0.0, c=products.T, lower=1, overwrite_c=1)
        yield products, constant, centred


def graphs_of(
    series: NDArray[Any],
    starts: NDArray[np.int64],
    window: int,
    density: float | None,
    correlation: bool,
    adjacency: str | None,
    **options: Any,
) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    """Return correlations and graphs of checked windows; further options are those of the products."""
    from neurosci.preprocessing import _window_kernels as kernels

    shape = (len(starts), series.shape[1], series.shape[1])
    include_diagonal = options.pop("include_diagonal", True)
    dtype = options.get("dtype", np.float32)
    R = np.empty(shape, dtype=dtype) if correlation else None
    A: NDArray[Any] | None = None
    if density is not None:
        percentile = Percentile(shape[1], density, include_diagonal)
        if adjacency == "packed":
            n_words = -(-(shape[1] ** 2) // 8)
            words = np.zeros(n_words, dtype=np.uint64)
            edges = words.view(np.uint8)[: shape[1] ** 2].reshape(shape[1:])
            A = np.empty((shape[0], n_words), dtype=np.uint8)
        else:
            A = np.empty(shape, dtype=np.float32 if adjacency == "float32" else np.bool_)
    for k, (products, constant, _) in enumerate(window_products(series, starts, window, **options)):
        limit = None if A is None else percentile.of_correlations(products)
        kernels.mirror(products)
        if R is not None:
            R[k] = products
        if A is None:
            continue
        kernels.edges(products, limit, constant, edges if adjacency == "packed" else A[k])
        if adjacency == "packed":
            kernels.pack_bytes(words, A[k])
    return R, A
