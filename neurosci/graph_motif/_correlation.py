"""Graphs of correlated series, packed into bits without the correlation matrix."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neurosci._core.checks import check_option

from ._density import pack_densest
from ._packed import PackedGraph, empty_bits
from ._packing import pack
from ._signals import check_signals, reduce_series
from ._tiles import check_block_size, n_workers

_WHERE = "correlation_graph"
KINDS = ("positive", "absolute", "negative")


def correlation_graph(
    X: ArrayLike,
    threshold: float = 0.5,
    *,
    kind: str = "positive",
    density: float | None = None,
    block_size: int | None = None,
    n_jobs: int | None = None,
    device: str | None = None,
) -> PackedGraph:
    r"""Join the nodes whose time series are correlated.

    Parameters
    ----------
    X : array-like of shape (n_times, n_nodes)
        Time series, one column for each node, in any unit; never modified.
    threshold : float, default=0.5
        Correlation, in (-1, 1), that an edge must exceed. Not used where `density` is given.
    kind : {"positive", "absolute", "negative"}, default="positive"
        An edge stands for :math:`r_{ij} > \tau`, for :math:`|r_{ij}| > \tau` or for
        :math:`r_{ij} < -\tau`.
    density : float, default=None
        Share, in (0, 1], of all pairs of nodes that vary: so many pairs with the largest
        :math:`r_{ij}` (:math:`|r_{ij}|`, :math:`-r_{ij}`) become edges, those that come first by
        :math:`(i, j)` where correlations are equal.
    block_size : int, default=None
        Rows of the tiles in which correlations are computed, rounded up to a multiple of 64; ``None`` is 512.
    n_jobs : int, default=None
        Threads, as in joblib: ``None`` is 1 outside `joblib.parallel_config`, -1 is all cores.
    device : str, default=None
        ``None`` computes on this processor with compiled loops; the name of a device of torch, such as
        "cuda", computes there.

    Returns
    -------
    PackedGraph
        The graph, with the series behind it and the nodes that are constant (`excluded`), which have no
        edges.

    Raises
    ------
    TypeError
        If X does not hold real numbers.
    ValueError
        If X has fewer than 3 times or 2 nodes, or is not finite, or fewer than 2 of its nodes vary; if
        `threshold`, `density` or another option is out of its range.

    Warns
    -----
    UserWarning
        If no pair of nodes is an edge, or all are.

    See Also
    --------
    motif_maps : Counts on the graph.

    Notes
    -----
    Correlations are Pearson's, not shrunk. Series are centred and scaled in float64 and projected on the
    directions in which they vary, which filters and regression leave few of: directions are dropped while
    no series loses more than 1e-7 of its energy, which bounds the error of any correlation. Products are in
    float32, so that an edge can differ from one computed in float64 where :math:`|r_{ij} - \tau|` is less
    than 2e-6. Each pair is computed once, and its bit is copied to the other side.

    With rank r the time grows as :math:`n^2 r`, twice (three times) as much with `density`. Memory is
    :math:`n^2 / 8` bytes for the graph, :math:`4 n r` for the series and 4 MiB a thread for tiles; the
    correlation matrix, :math:`4 n^2` bytes, is never there as a whole.

    References
    ----------
    Dey S, Rao AR, Shah M (2012). Exploiting the brain's network structure in identifying ADHD subjects.
    Frontiers in Systems Neuroscience 6, 75. The rule for edges and its options are conventions of this
    package.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.graph_motif import correlation_graph
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(50, 7)) + np.outer(rng.normal(size=50), [2, 2, 2, 0, 0, 0, 0])
    >>> correlation_graph(X, 0.6).to_dense()[:3, :4].astype(int)
    array([[0, 1, 1, 0],
           [1, 0, 1, 0],
           [1, 1, 0, 0]])
    """
    array = check_signals(_WHERE, X)
    check_option(_WHERE, "kind", kind, KINDS)
    tau = check_threshold(_WHERE, threshold)
    share = None if density is None else check_density(_WHERE, density)
    size = check_block_size(_WHERE, block_size)
    n_threads = n_workers(_WHERE, n_jobs)
    rows, constant, _ = reduce_series(array)
    n_varying = int((~constant).sum())
    if n_varying < 2:
        raise ValueError(
            f"{_WHERE}: X must have at least 2 nodes that vary, got {n_varying} of {constant.size} "
            "(the others are constant)"
        )
    bits = empty_bits(constant.size)
    if share is not None:
        pack_densest(rows, ~constant, kind, share, bits, size, n_threads)
    elif device is None:
        pack(rows, ~constant, *limits(tau, kind), bits, size, n_threads)
    else:
        from ._cuda import pack_on_device

        pack_on_device(rows, ~constant, *limits(tau, kind), bits, device)
    graph = PackedGraph._trusted(bits, constant, rows[: len(bits)])
    if graph.n_edges in (0, n_varying * (n_varying - 1) // 2):
        what = "no pair" if graph.n_edges == 0 else "every pair"
        rule = f"density={density}" if density is not None else f"threshold={threshold}, kind={kind!r}"
        warnings.warn(f"{_WHERE}: {what} of {n_varying} nodes is an edge with {rule}", stacklevel=2)
    return graph


def check_threshold(where: str, threshold: Any) -> float:
    """Return a threshold inside (-1, 1)."""
    if isinstance(threshold, bool) or not isinstance(threshold, int | float | np.number):
        raise ValueError(f"{where}: threshold must be a number in (-1, 1), got {threshold!r}")
    if not -1 < threshold < 1:
        raise ValueError(f"{where}: threshold must be in (-1, 1), got {threshold}")
    return float(threshold)


def check_density(where: str, density: Any) -> float:
    """Return a density in (0, 1]."""
    if isinstance(density, bool) or not isinstance(density, int | float | np.number):
        raise ValueError(f"{where}: density must be None or a number in (0, 1], got {density!r}")
    if not 0 < density <= 1:
        raise ValueError(f"{where}: density must be in (0, 1], got {density} (0.01 is one percent)")
    return float(density)


def limits(tau: float, kind: str) -> tuple[np.float32, np.float32]:
    """Return the two limits: an edge lies below the first or above the second."""
    low = -math.inf if kind == "positive" else -tau
    high = math.inf if kind == "negative" else tau
    return np.float32(low), np.float32(high)
