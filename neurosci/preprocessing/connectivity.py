"""Connectivity of brain regions: in sliding windows, thresholded to graphs, packed into bits."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option
from neurosci.preprocessing._thresholds import above_percentile, strongest
from neurosci.preprocessing._window_engine import graphs_of
from neurosci.preprocessing._windows import (
    check_density,
    check_regions,
    check_starts,
    frame_numbers,
    whole_number,
)

CLOSED = ("left", "both")
ADJACENCY = ("bool", "float32", "packed", None)
METHODS = ("percentile", "count")


class WindowGraphs(NamedTuple):
    """Correlations and graphs of one scan, window by window.

    Parameters
    ----------
    correlation : ndarray of float32, shape (n_windows, n_regions, n_regions), or None
        Pearson's r inside each window: exactly symmetric, within [-1, 1], with a diagonal of ones. Regions
        that are constant in a window have r = 0 with all others.
    adjacency : ndarray or None
        Which pairs are joined; the diagonal is always set. Of bool or float32, shape (n_windows, n_regions,
        n_regions), or of uint8, shape (n_windows, ceil(n_regions ** 2 / 8)), as `pack_adjacency` gives it.
    """

    correlation: NDArray[np.float32] | None
    adjacency: NDArray[Any] | None


def window_starts(n_times: int, window: int, step: int, *, closed: str = "left") -> NDArray[np.int64]:
    """Return the first frame of every window of a scan.

    Parameters
    ----------
    n_times : int
        Frames of the scan.
    window, step : int
        Length of a window and distance of two starts, in frames.
    closed : {"left", "both"}, default="left"
        "left" leaves out a last window that ends with the scan, as ``range`` does in the code of
        STAGIN [1]_: ceil((n_times - window) / step) windows. "both" keeps it: floor((n_times - window) /
        step) + 1.

    Returns
    -------
    ndarray of int64, shape (n_windows,)
        Starts, counted from 0.

    Raises
    ------
    ValueError
        If a number is not positive, or the scan is too short for one window.

    References
    ----------
    .. [1] Kim, B.-H., Ye, J. C., & Kim, J.-J. (2021). Learning dynamic graph representation of brain
       connectome with spatio-temporal attention. Advances in Neural Information Processing Systems, 34.

    Examples
    --------
    >>> from neurosci.preprocessing.connectivity import window_starts
    >>> window_starts(20, 10, 5).tolist(), window_starts(20, 10, 5, closed="both").tolist()
    ([0, 5], [0, 5, 10])
    """
    where = "window_starts"
    check_option(where, "closed", closed, CLOSED)
    n_times, window, step = (
        whole_number(where, name, value, 1)
        for name, value in (("n_times", n_times), ("window", window), ("step", step))
    )
    shortest = window + (closed == "left")
    if n_times < shortest:
        raise ValueError(
            f"{where}: n_times must be at least {shortest} for one window of {window} frames with "
            f"closed={closed!r}, got {n_times} (take shorter windows, or leave the scan out)"
        )
    return np.arange(0, n_times - window + (closed == "both"), step, dtype=np.int64)


def window_times(
    n_times: int, window: float, step: float, t_r: float, *, unit: str = "frames", closed: str = "left"
) -> NDArray[np.float64]:
    """Return the centre of every window of a scan, in seconds.

    Parameters
    ----------
    n_times : int
        Frames of the scan.
    window, step : float
        Length of a window and distance of two starts.
    t_r : float
        Time between frames, in seconds.
    unit : {"frames", "s"}, default="frames"
        Unit of `window` and `step`. Seconds are rounded to whole frames, at least one.
    closed : {"left", "both"}, default="left"
        As in `window_starts`.

    Returns
    -------
    ndarray of float64, shape (n_windows,)
        Middle of the first and the last frame of each window; the first frame of the scan is at 0 s.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> from neurosci.preprocessing.connectivity import window_times
    >>> window_times(20, 10, 5, 2.0).tolist()
    [9.0, 19.0]
    """
    length, stride = frame_numbers("window_times", window, step, unit, t_r)
    if t_r is None or not t_r > 0:
        raise ValueError(f"window_times: t_r must be positive, in seconds, got {t_r}")
    starts = window_starts(n_times, length, stride, closed=closed).astype(np.float64)
    return (starts + (length - 1) / 2) * float(t_r)


def window_graphs(
    series: ArrayLike,
    starts: ArrayLike,
    window: int,
    *,
    density: float | None = 0.3,
    correlation: bool = True,
    adjacency: Literal["bool", "float32", "packed"] | None = "bool",
) -> WindowGraphs:
    r"""Return correlations and graphs of one scan in windows.

    Parameters
    ----------
    series : array-like of shape (n_times, n_regions)
        One scan, frames by regions, in any unit; never modified. Float32 is used as it is.
    starts : array-like of int, shape (n_windows,)
        First frame of each window, in any order; see `window_starts`.
    window : int
        Frames of a window, at least 2.
    density : float or None, default=0.3
        Share, in (0, 1], of all n_regions ** 2 entries: an entry is an edge if it is larger than the
        100 (1 - density) percentile, with the diagonal of ones among the entries [1]_. None makes no graph.
    correlation : bool, default=True
        Whether to return correlations. Without them, only one window's are in memory at a time.
    adjacency : {"bool", "float32", "packed", None}, default="bool"
        Form of the graphs; None leaves them out.

    Returns
    -------
    WindowGraphs
        Correlations and graphs.

    Raises
    ------
    ValueError
        If `series` is not finite, a window lies outside it, or an option is out of its range.

    Notes
    -----
    Each r is computed once per pair and used on both sides of the diagonal, so that a threshold never splits
    a pair. It agrees with :func:`numpy.corrcoef` to 5e-6. Where the scan holds many overlapping windows, sums
    of products are carried from window to window in float64: frames that leave are subtracted, frames that
    enter are added.

    The graph is ``r > np.percentile(r, 100 * (1 - density))`` to the bit (linear interpolation, a strict
    inequality, ties lost together), found by counting instead of sorting, with two exceptions: the diagonal
    is set even where the percentile is one, and a region that is constant in a window keeps its loop only,
    even where the percentile is negative.

    References
    ----------
    .. [1] Kim, B.-H., Ye, J. C., & Kim, J.-J. (2021). Learning dynamic graph representation of brain
       connectome with spatio-temporal attention. Advances in Neural Information Processing Systems, 34.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.preprocessing.connectivity import window_graphs, window_starts
    >>> X = np.random.default_rng(0).standard_normal((60, 24))
    >>> graphs = window_graphs(X, window_starts(60, 20, 5), 20)
    >>> graphs.correlation.shape, graphs.adjacency[0].sum()
    ((8, 24, 24), np.int64(172))
    """
    where = "window_graphs"
    array = check_regions(where, "series", series)
    window = whole_number(where, "window", window, 2)
    first = check_starts(where, starts, window, len(array))
    check_option(where, "adjacency", adjacency, ADJACENCY)
    share = None if density is None or adjacency is None else check_density(where, density)
    return WindowGraphs(*graphs_of(array, first, window, share, correlation, adjacency))


def threshold_proportional(
    R: ArrayLike,
    density: float,
    *,
    method: str = "percentile",
    keep_diagonal: bool = True,
) -> NDArray[np.bool_]:
    r"""Keep the largest entries of matrices, a given share of them.

    Parameters
    ----------
    R : array-like of shape (..., n_regions, n_regions)
        Symmetric matrices. Signed values: the largest are kept, not the largest in absolute value.
    density : float
        Share to keep, in (0, 1].
    method : {"percentile", "count"}, default="percentile"
        "percentile" keeps entries above the 100 (1 - density) percentile of all n_regions ** 2 entries,
        diagonal included, by strict inequality: with a diagonal of ones and no ties, 3,630 of 110 regions and
        48,000 of 400 at a density of 0.3. "count" keeps round(density n_regions (n_regions - 1) / 2) pairs
        (half rounds up), those that come first by (i, j) where values are equal; the diagonal has no part
        in it.
    keep_diagonal : bool, default=True
        Value of the diagonal of the result.

    Returns
    -------
    ndarray of bool, shape (..., n_regions, n_regions)
        What is kept.

    Raises
    ------
    ValueError
        If R is not square, holds NaN, or is not symmetric under "count"; if an option is out of its range.

    Notes
    -----
    The percentile is that of :func:`numpy.percentile` to the bit, found by a histogram and a sort of the one
    bin that holds it.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.preprocessing.connectivity import threshold_proportional
    >>> R = np.corrcoef(np.random.default_rng(0).standard_normal((110, 60)))
    >>> threshold_proportional(R, 0.3).sum()
    np.int64(3630)
    """
    where = "threshold_proportional"
    array = np.asarray(R)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{where}: R must hold real numbers, got dtype {array.dtype}")
    if array.ndim < 2 or array.shape[-1] != array.shape[-2] or not array.shape[-1]:
        raise ValueError(f"{where}: R must have shape (..., n_regions, n_regions), got {array.shape}")
    check_option(where, "method", method, METHODS)
    share = check_density(where, density)
    matrices = array.reshape(-1, *array.shape[-2:])
    if matrices.dtype not in (np.float32, np.float64):
        matrices = matrices.astype(np.float64)
    if not np.isfinite(matrices).all():
        raise ValueError(
            f"{where}: R must be finite, got NaN or infinite entries (set constant regions to 0)"
        )
    if method == "count" and not np.array_equal(matrices, matrices.swapaxes(-1, -2)):
        raise ValueError(f"{where}: R must be symmetric for method='count', got one that is not")
    keep = above_percentile if method == "percentile" else strongest
    out = np.empty(matrices.shape, dtype=np.bool_)
    for matrix, result in zip(matrices, out, strict=True):
        result[...] = keep(matrix, share)
        np.fill_diagonal(result, keep_diagonal)
    return out.reshape(array.shape)


def pack_adjacency(adjacency: ArrayLike) -> NDArray[np.uint8]:
    """Pack graphs into bits, an eighth of a byte per entry.

    Parameters
    ----------
    adjacency : array-like of bool, shape (..., n_regions, n_regions)
        Graphs; nonzero entries are edges.

    Returns
    -------
    ndarray of uint8, shape (..., ceil(n_regions ** 2 / 8))
        Bits in the order of :func:`numpy.packbits`, row after row.

    Raises
    ------
    ValueError
        If the last two axes differ.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.preprocessing.connectivity import pack_adjacency
    >>> pack_adjacency(np.eye(3, dtype=bool)).tolist()
    [136, 128]
    """
    array = np.asarray(adjacency)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2]:
        raise ValueError(
            f"pack_adjacency: adjacency must have shape (..., n_regions, n_regions), got {array.shape}"
        )
    return np.packbits(array.reshape(*array.shape[:-2], -1) != 0, axis=-1)


def unpack_adjacency(packed: ArrayLike, n_regions: int) -> NDArray[np.bool_]:
    """Unpack graphs that `pack_adjacency` packed.

    Parameters
    ----------
    packed : array-like of uint8, shape (..., ceil(n_regions ** 2 / 8))
        Bits.
    n_regions : int
        Number of regions.

    Returns
    -------
    ndarray of bool, shape (..., n_regions, n_regions)
        Graphs.

    Raises
    ------
    ValueError
        If the number of bytes does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.preprocessing.connectivity import unpack_adjacency
    >>> unpack_adjacency(np.array([136, 128], dtype=np.uint8), 3).astype(int).tolist()
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    """
    where = "unpack_adjacency"
    n_regions = whole_number(where, "n_regions", n_regions, 1)
    array = np.asarray(packed)
    n_bytes = -(-(n_regions**2) // 8)
    if array.dtype != np.uint8 or array.ndim < 1 or array.shape[-1] != n_bytes:
        raise ValueError(
            f"{where}: packed must be of uint8, {n_bytes} bytes for {n_regions} regions, got "
            f"{array.dtype} of shape {array.shape}"
        )
    bits = np.unpackbits(array, axis=-1, count=n_regions**2)
    return bits.reshape(*array.shape[:-1], n_regions, n_regions).view(np.bool_)
