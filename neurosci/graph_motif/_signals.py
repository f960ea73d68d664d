"""Series of unit length whose scalar products are correlations, in as few directions as they need."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._packed import ROW_BITS

DISCARDED = 1e-7
"""Largest share of the energy of any series that may be left out: it bounds the error of a correlation."""

COLUMNS = 4096
"""Series worked on at a time, so that no second copy in float64 is made of all."""


def check_signals(where: str, X: ArrayLike, name: str = "X") -> NDArray[Any]:
    """Return real series, shape (n_times, n_nodes), or say what is wrong with them."""
    array = check_matrix(where, X, name)
    if array.dtype.kind == "f":
        bad = not_finite(array)
        if bad.any():
            column = int(np.flatnonzero(bad)[0])
            raise ValueError(
                f"{where}: {name} must be finite, got {int((~np.isfinite(array[:, bad])).sum())} NaN or "
                f"infinite samples in {int(bad.sum())} nodes, the first in node {column} (a node that is set "
                "to a constant is left out of the graph)"
            )
    return array


def check_matrix(where: str, X: ArrayLike, name: str = "X") -> NDArray[Any]:
    """Return real series, finite or not, shape (n_times, n_nodes)."""
    try:
        array = np.asarray(X)
    except ValueError as error:
        raise ValueError(f"{where}: {name} must have shape (n_times, n_nodes), got a ragged list") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{where}: {name} must hold real numbers, got dtype {array.dtype}")
    if array.ndim != 2:
        raise ValueError(f"{where}: {name} must have shape (n_times, n_nodes), got shape {array.shape}")
    n_times, n_nodes = array.shape
    if n_times < 3:
        raise ValueError(
            f"{where}: {name} must have at least 3 times, got {n_times} of {n_nodes} nodes (rows are times)"
        )
    if n_nodes < 2:
        raise ValueError(f"{where}: {name} must have at least 2 nodes, got {n_nodes} (columns are nodes)")
    return array


def not_finite(array: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which columns hold NaN or infinite samples."""
    # A sum is finite only where all terms are; where it overflows a second look tells.
    with np.errstate(over="ignore", invalid="ignore"):
        suspect = ~np.isfinite(array.sum(axis=0, dtype=np.float64))
    if suspect.any():
        suspect[suspect] = ~np.isfinite(array[:, suspect]).all(axis=0)
    return np.asarray(suspect)


def without_not_finite(array: NDArray[Any]) -> NDArray[Any]:
    """Return series with zeros in the columns that hold NaN or infinite samples: they get no edges."""
    if array.dtype.kind != "f":
        return array
    bad = not_finite(array)
    return np.where(bad, array.dtype.type(0), array) if bad.any() else array


def unit_series(X: NDArray[Any], columns: slice) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return series without their mean and of length one, and which ones are constant (these are zero)."""
    block = np.array(X[:, columns], dtype=np.float64, order="C")
    largest, lowest, highest = np.abs(block).max(axis=0), block.min(axis=0), block.max(axis=0)
    # Values that differ by rounding only are constant. Halves, so that the range cannot overflow.
    constant = highest / 2 - lowest / 2 <= 4 * np.finfo(np.float64).eps * largest
    # Division by a power of two is exact and keeps squares in range, whatever the unit.
    block /= np.exp2(np.floor(np.log2(np.where(constant, 1.0, largest))))
    block -= block.mean(axis=0)
    block[:, constant] = 0.0
    scale = np.abs(block).max(axis=0)
    block /= np.where(constant, 1.0, scale)
    block /= np.where(constant, 1.0, np.sqrt(np.einsum("ij,ij->j", block, block)))
    return block, constant


def reduce_series(X: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.bool_], float]:
    """Return rows whose scalar products are the correlations of the columns of X.

    Rows are padded with zeros to a multiple of 512. Directions of the space of time series in which no
    column has more than `DISCARDED` of its energy are left out, those of smallest energy first.

    Returns
    -------
    rows : ndarray of float32, shape (n_padded, n_directions)
        Rows of length one; zero for constant columns.
    constant : ndarray of bool, shape (n_nodes,)
        Columns that are constant.
    discarded : float
        Largest share of the energy of any column that was left out.
    """
    n_times, n_nodes = X.shape
    blocks = [slice(i, min(i + COLUMNS, n_nodes)) for i in range(0, n_nodes, COLUMNS)]
    gram, constant = np.zeros((n_times, n_times)), np.zeros(n_nodes, dtype=bool)
    for columns in blocks:
        series, constant[columns] = unit_series(X, columns)
        gram += series @ series.T
    directions = np.linalg.eigh(gram)[1][:, ::-1]
    left = np.zeros(n_times + 1)
    for columns in blocks:
        energy = (directions.T @ unit_series(X, columns)[0]) ** 2
        # Sums from the smallest direction on, so that tiny shares are not lost in large ones.
        left[:n_times] = np.maximum(left[:n_times], np.cumsum(energy[::-1], axis=0)[::-1].max(axis=1))
    n_kept = int(np.flatnonzero(left < DISCARDED)[0])
    reduced = n_kept < n_times - 1
    rows = np.zeros((-(-n_nodes // ROW_BITS) * ROW_BITS, n_kept if reduced else n_times), dtype=np.float32)
    for columns in blocks:
        series = unit_series(X, columns)[0]
        if reduced:
            series = directions[:, :n_kept].T @ series
            length = np.sqrt(np.einsum("ij,ij->j", series, series))
            series /= np.where(constant[columns], 1.0, length)
        rows[columns] = series.T
    return rows, constant, float(left[n_kept]) if reduced else 0.0
