"""Random sparse patterns, segments sampled from them, noise, and correlated patterns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.random import check_random_state

from ._checks import at_most, count, integers


def _csr(cells: NDArray[Any], n: int) -> Any:
    """Return rows of cell indices, all of one length, as a sparse boolean matrix."""
    from scipy.sparse import csr_array

    rows, length = cells.shape
    ordered = np.sort(cells, axis=1)
    starts = np.arange(rows + 1) * length
    return csr_array((np.ones(ordered.size, dtype=bool), ordered.reshape(-1), starts), shape=(rows, n))


def binary_rows(where: str, name: str, matrix: Any) -> Any:
    """Return a matrix of zeros and ones as sparse booleans with sorted indices."""
    from scipy.sparse import csr_array, issparse

    if not issparse(matrix):
        matrix = np.asarray(matrix)
        if matrix.ndim != 2:
            raise ValueError(f"{where}: {name} must have shape (n_patterns, n_cells), got {matrix.shape}")
    values = matrix.data if issparse(matrix) else matrix
    if np.asarray(values).dtype.kind not in "biuf" or not np.isin(values, (0, 1)).all():
        raise ValueError(
            f"{where}: {name} must be binary (0 and 1, or booleans), got other values of dtype {values.dtype}"
        )
    rows = csr_array(matrix).astype(bool)
    rows.eliminate_zeros()
    rows.sort_indices()
    return rows


def random_sdr(
    n: int,
    a: int,
    size: int = 1,
    *,
    random_state: int | np.random.Generator | None = None,
) -> Any:
    """Draw sparse patterns, each a uniformly random choice of active cells.

    Parameters
    ----------
    n : int
        Cells.
    a : int
        Active cells of each pattern, 0 <= a <= n.
    size : int, default=1
        Patterns.
    random_state : int, Generator or None, default=None
        Seed or generator.

    Returns
    -------
    scipy.sparse.csr_array of bool, shape (size, n)
        One row per pattern.

    Raises
    ------
    ValueError
        If a number is not whole or an inequality is broken; the message names it.

    Examples
    --------
    >>> random_sdr(1000, 20, size=3, random_state=0).sum(axis=1).tolist()
    [20, 20, 20]
    """
    from ._jit_patterns import random_subsets

    where = "random_sdr"
    n, size = count(where, "n", n), count(where, "size", size)
    a = count(where, "a", a, 0)
    at_most(where, "a", np.array(a), "n", np.array(n))
    return _csr(random_subsets(n, a, size, new_state(check_random_state(random_state))), n)


def new_state(rng: np.random.Generator) -> NDArray[np.uint64]:
    """Return the state of a compiled generator, drawn from one of NumPy's."""
    return rng.integers(1, 2**64, size=4, dtype=np.uint64)


def new_states(random_state: int | np.random.Generator | None, n_blocks: int) -> NDArray[np.uint64]:
    """Return one state for each block, so that no number depends on who computes it."""
    return check_random_state(random_state).integers(1, 2**64, size=(n_blocks, 4), dtype=np.uint64)


def subsample(patterns: Any, s: int, *, random_state: int | np.random.Generator | None = None) -> Any:
    """Sample the synapses of segments: some of the active cells of each pattern.

    Parameters
    ----------
    patterns : array-like or sparse array of shape (n_patterns, n_cells)
        Binary patterns.
    s : int
        Synapses sampled from each pattern.
    random_state : int, Generator or None, default=None
        Seed or generator.

    Returns
    -------
    scipy.sparse.csr_array of bool, shape (n_patterns, n_cells)
        One segment per pattern.

    Raises
    ------
    ValueError
        If a pattern has fewer than s active cells (its row is named), or is not binary.

    Examples
    --------
    >>> patterns = random_sdr(1000, 20, size=2, random_state=0)
    >>> segments = subsample(patterns, 8, random_state=1)
    >>> (segments @ patterns.T).diagonal().tolist()   # booleans: each segment lies in its pattern
    [True, True]
    """
    where = "subsample"
    rng = check_random_state(random_state)
    s = count(where, "s", s, 0)
    rows = binary_rows(where, "patterns", patterns)
    require_active(where, "patterns", rows, s)
    chosen = [
        rng.choice(rows.indices[rows.indptr[i] : rows.indptr[i + 1]], size=s, replace=False)
        for i in range(rows.shape[0])
    ]
    return _csr(np.array(chosen, dtype=np.int64).reshape(rows.shape[0], s), rows.shape[1])


def require_active(where: str, name: str, rows: Any, at_least: int) -> None:
    """Refuse patterns with too few active cells, naming the first row."""
    active = np.diff(rows.indptr)
    few = np.flatnonzero(active < at_least)
    if few.size:
        raise ValueError(
            f"{where}: {name} must have at least {at_least} active cells in each row, got {active[few[0]]} "
            f"in row {few[0]} (sample fewer synapses, or leave such patterns out)"
        )


def swap_noise(patterns: Any, v: int, *, random_state: int | np.random.Generator | None = None) -> Any:
    """Replace active cells by silent ones: exactly `v` of them, which end up elsewhere for certain.

    Parameters
    ----------
    patterns : array-like or sparse array of shape (n_patterns, n_cells)
        Binary patterns.
    v : int
        Active cells to replace in each pattern.
    random_state : int, Generator or None, default=None
        Seed or generator.

    Returns
    -------
    scipy.sparse.csr_array of bool, shape (n_patterns, n_cells)
        Patterns with as many active cells as before, of which all but `v` are the same.

    Raises
    ------
    ValueError
        If a pattern has fewer than v active or fewer than v silent cells, or is not binary.

    Examples
    --------
    >>> patterns = random_sdr(1000, 20, size=1, random_state=0)
    >>> noisy = swap_noise(patterns, 5, random_state=1)
    >>> int(noisy.sum()), int(noisy.multiply(patterns).sum())
    (20, 15)
    """
    from scipy.sparse import csr_array

    where = "swap_noise"
    rng = check_random_state(random_state)
    v = count(where, "v", v, 0)
    rows = binary_rows(where, "patterns", patterns)
    require_active(where, "patterns", rows, v)
    n = rows.shape[1]
    parts = []
    for i in range(rows.shape[0]):
        cells = rows.indices[rows.indptr[i] : rows.indptr[i + 1]]
        at_most(where, "v", np.array(v), "silent cells", np.array(n - cells.size))
        silent = np.setdiff1d(np.arange(n), cells, assume_unique=True)
        kept = rng.choice(cells, size=cells.size - v, replace=False)
        parts.append(np.sort(np.concatenate([kept, rng.choice(silent, size=v, replace=False)])))
    indices = np.concatenate(parts) if parts else np.array([], dtype=np.int64)
    return csr_array((np.ones(indices.size, dtype=bool), indices, rows.indptr.copy()), shape=rows.shape)


def correlated_sdr(
    n: int,
    a: int,
    size: int,
    *,
    cluster_sizes: tuple[int, ...] = (2, 3, 4, 5, 6, 7, 8, 9),
    coverage: float = 1.0,
    random_state: int | np.random.Generator | None = None,
) -> Any:
    """Draw sparse patterns that share clusters of cells, so that their overlaps exceed chance.

    Parameters
    ----------
    n : int
        Cells.
    a : int
        Active cells of each pattern, 0 <= a <= n.
    size : int
        Patterns.
    cluster_sizes : tuple of int, default=(2, 3, 4, 5, 6, 7, 8, 9)
        Sizes of the clusters, in cells.
    coverage : float, default=1.0
        Cells that the clusters of one size cover together, as a multiple of n; few clusters make
        similar patterns.
    random_state : int, Generator or None, default=None
        Seed or generator.

    Returns
    -------
    scipy.sparse.csr_array of bool, shape (size, n)
        One row per pattern, with exactly a active cells.

    Raises
    ------
    ValueError
        If a number is not whole or an inequality is broken; the message names it.

    Notes
    -----
    As the authors' later simulations: clusters of randomly chosen cells, each pattern filled with
    random clusters while it has fewer than a cells, then with random cells.

    Examples
    --------
    >>> patterns = correlated_sdr(500, 16, 4, random_state=0)
    >>> patterns.sum(axis=1).tolist()
    [16, 16, 16, 16]
    """
    where = "correlated_sdr"
    rng = check_random_state(random_state)
    n, size = count(where, "n", n), count(where, "size", size)
    a = count(where, "a", a, 0)
    at_most(where, "a", np.array(a), "n", np.array(n))
    widths = integers(where, "cluster_sizes", cluster_sizes)
    if widths.ndim != 1 or not widths.size or widths.min() < 1 or widths.max() > n:
        raise ValueError(f"{where}: cluster_sizes must be sizes from 1 to n={n}, got {cluster_sizes!r}")
    if not 0 < coverage < np.inf:
        raise ValueError(f"{where}: coverage must be positive and finite, got {coverage}")
    clusters = [
        rng.choice(n, size=width, replace=False)
        for width in widths.tolist()
        for _ in range(max(1, round(coverage * n / width)))
    ]
    cells = np.empty((size, a), dtype=np.int64)
    for row in cells:
        row[:] = _one_correlated(n, a, clusters, rng)
    return _csr(cells, n)


def _one_correlated(
    n: int, a: int, clusters: list[NDArray[np.int64]], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Add random clusters while they fit, then random cells."""
    chosen: set[int] = set()
    while True:
        union = chosen.union(clusters[int(rng.integers(len(clusters)))].tolist())
        if len(union) > a:
            break
        chosen = union
        if len(chosen) == a:
            break
    while len(chosen) < a:
        chosen.add(int(rng.integers(n)))
    return np.fromiter(chosen, dtype=np.int64, count=a)
