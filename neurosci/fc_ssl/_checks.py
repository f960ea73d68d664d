"""Checks of scans, labels and shares, made before long work; each names the subject and the region.

They are shared by every estimator of this package. Subjects and regions are called by their names where
names are given, and by their positions otherwise.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_CONSTANT = 0.2
"""Largest share of regions of a scan that may be constant."""

FEWEST_IN_TIME = 3
"""Windows that a scan needs where one of them is predicted from two others."""


def check_scans(
    where: str,
    X: Any,
    *,
    n_regions: int | None = None,
    window: int | Sequence[int] | None = None,
    step: int | Sequence[int] = 1,
    n_windows: int = 1,
    closed: str = "left",
    subjects: Sequence[Any] | None = None,
    regions: Sequence[Any] | None = None,
) -> Sequence[NDArray[np.float32]]:
    """Return scans as float32 series, or refuse them with the subject and the region named.

    Parameters
    ----------
    where : str
        Function or class, for messages.
    X : TimeSeriesStore, array-like of shape (n_scans, n_times, n_regions), or sequence of array-like
        Scans, frames by regions; `n_times` may differ. A store was checked when it was made and is returned
        as it is, so that a large one is never in memory.
    n_regions : int or None, default=None
        Regions of the fitted encoder; None takes those of the first scan.
    window, step : int or sequence of int
        Frames of a window and between two starts, of all scans or of each; no `window`, no check of lengths.
    n_windows : int, default=1
        Windows that every scan must hold (`FEWEST_IN_TIME` where one is predicted from two others).
    closed : {"left", "both"}, default="left"
        Which windows count, as in `neurosci.preprocessing.connectivity.window_starts`.
    subjects, regions : sequence or None, default=None
        Names for messages; a store brings its own.

    Returns
    -------
    sequence of ndarray of float32, shape (n_times, n_regions)
        Scans; the same memory where possible.

    Raises
    ------
    ValueError
        If there is no scan; a scan is not two-dimensional, holds NaN or infinite values, has another number
        of regions, is too short for its windows, or more than 20 % of its regions are constant.

    Warns
    -----
    UserWarning
        Once per kind: if regions are constant (their correlations are taken as 0), or scans have more
        regions than frames, as transposed ones have.
    """
    if hasattr(X, "n_constant"):
        scans: Sequence[NDArray[np.float32]] = X
        names = [str(name) for name in X.index["subject"]]
        lengths = [int(n) for n in X.n_times]
        widths = [int(X.n_regions)] * len(lengths)
        counts = [int(n) for n in X.n_constant]
        regions = regions or X.regions
    else:
        scans = _as_arrays(where, X, subjects)
        names = _names(where, subjects, len(scans))
        lengths = [len(scan) for scan in scans]
        widths = [scan.shape[1] for scan in scans]
        for scan, name in zip(scans, names, strict=True):
            _check_finite(where, scan, name, regions)
        counts = [int(constant_regions(scan).sum()) for scan in scans]
    if not lengths:
        raise ValueError(f"{where}: X must hold at least one scan, got none")
    _same_regions(where, widths, names, n_regions)
    _report_constant(where, scans, counts, names, widths[0], regions)
    wide = [i for i, (n_times, width) in enumerate(zip(lengths, widths, strict=True)) if width > n_times]
    if wide:
        warnings.warn(
            f"{where}: {len(wide)} scans have more regions than frames, the first that of subject "
            f"{names[wide[0]]} ({lengths[wide[0]]} frames, {widths[wide[0]]} regions); transposed scans do "
            "(pass frames by regions)",
            stacklevel=3,
        )
    if window is not None:
        _check_lengths(where, lengths, names, window, step, n_windows, closed)
    return scans


def constant_regions(scan: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which regions of a scan never change, shape (n_regions,)."""
    array = np.asarray(scan)
    largest = np.abs(array).max(axis=0)
    return np.asarray(np.ptp(array, axis=0) <= 4 * np.finfo(array.dtype).eps * largest)


def check_ratio(where: str, name: str, value: Any) -> float:
    """Return a share strictly between 0 and 1, such as of what is masked."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < 1:
        raise ValueError(f"{where}: {name} must be in (0, 1), got {value!r}")
    return float(value)


def check_labels(where: str, y: ArrayLike, n_scans: int, *, classes: bool = True) -> NDArray[Any]:
    """Return labels, one per scan: of at least two classes, or finite numbers.

    Parameters
    ----------
    where : str
        Function or class, for messages.
    y : array-like of shape (n_scans,)
        Labels.
    n_scans : int
        How many there must be.
    classes : bool, default=True
        Classes of any type, or numbers.

    Returns
    -------
    ndarray of shape (n_scans,)
        Labels; float64 where they are numbers.

    Raises
    ------
    ValueError
        If there is another number of labels, one is missing, or all are of one class.
    """
    labels = np.asarray(y)
    if labels.ndim != 1 or len(labels) != n_scans:
        raise ValueError(
            f"{where}: y must have one label for each of {n_scans} scans, got shape {labels.shape}"
        )
    if not classes:
        labels = labels.astype(np.float64)
    missing = (
        np.array([value is None or value != value for value in labels.tolist()])
        if labels.dtype.kind in "fcO"
        else np.zeros(n_scans, dtype=bool)
    )
    if labels.dtype.kind == "f":
        missing |= ~np.isfinite(labels)
    if missing.any():
        raise ValueError(
            f"{where}: y must not be missing, got {int(missing.sum())} without a label, the first at "
            f"position {int(np.flatnonzero(missing)[0])} (leave these scans out)"
        )
    if classes and len(np.unique(labels)) < 2:
        raise ValueError(f"{where}: y must hold at least two classes, got {labels[0]!r} only")
    return labels


def check_repetition_times(where: str, t_r: Any, n_scans: int, unit: str) -> NDArray[np.float64] | None:
    """Return the repetition time of every scan, which must be known where windows are in seconds."""
    if t_r is None:
        if unit == "s":
            raise ValueError(
                f"{where}: t_r must be given, in seconds, for unit='s', got None (or give windows in frames)"
            )
        return None
    values = (
        np.broadcast_to(np.asarray(t_r, dtype=np.float64), (n_scans,))
        if np.ndim(t_r) == 0
        else (np.asarray(t_r, dtype=np.float64))
    )
    if values.shape != (n_scans,):
        raise ValueError(
            f"{where}: t_r must be one number, or one for each of {n_scans} scans, got shape {values.shape}"
        )
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any() and unit == "s":
        place = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"{where}: t_r must be positive, in seconds, for unit='s', got {values[place]} for scan {place}"
        )
    return np.array(values)


def _as_arrays(where: str, X: Any, subjects: Sequence[Any] | None) -> list[NDArray[np.float32]]:
    arrays = []
    for i, scan in enumerate(X):
        array = np.asarray(scan)
        name = subjects[i] if subjects is not None and i < len(subjects) else i
        if array.dtype.kind not in "biuf" or array.ndim != 2 or min(array.shape) < 1:
            raise ValueError(
                f"{where}: X must hold scans of numbers, frames by regions, got {array.dtype} of shape "
                f"{array.shape} for subject {name}"
            )
        with np.errstate(over="ignore"):  # what overflows is refused as infinite
            arrays.append(array.astype(np.float32, copy=False))
    return arrays


def _names(where: str, subjects: Sequence[Any] | None, n_scans: int) -> list[str]:
    if subjects is None:
        return [str(i) for i in range(n_scans)]
    if len(subjects) != n_scans:
        raise ValueError(
            f"{where}: subjects must have one name for each of {n_scans} scans, got {len(subjects)}"
        )
    return [str(name) for name in subjects]


def _region(regions: Sequence[Any] | None, place: int) -> str:
    return f"{place}" if regions is None or len(regions) <= place else f"{place} ({regions[place]})"


def _same_regions(where: str, widths: list[int], names: list[str], n_regions: int | None) -> None:
    if not widths:
        return
    expected, whose = (
        (widths[0], "those of the first scan")
        if n_regions is None
        else (
            n_regions,
            "those of the fitted encoder",
        )
    )
    for width, name in zip(widths, names, strict=False):
        if width != expected:
            raise ValueError(
                f"{where}: X must have {expected} regions, {whose}, got {width} for subject {name}"
            )


def _check_finite(where: str, scan: NDArray[Any], name: str, regions: Sequence[Any] | None) -> None:
    bad = ~np.isfinite(scan)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(
            f"{where}: X must be finite, got {int(bad.sum())} NaN or infinite values for subject {name}, the "
            f"first at frame {row} of region {_region(regions, int(column))}"
        )


def _report_constant(
    where: str,
    scans: Sequence[NDArray[Any]],
    counts: list[int],
    names: list[str],
    n_regions: int,
    regions: Sequence[Any] | None,
) -> None:
    """Refuse scans with many constant regions, and warn of some."""

    def described(i: int) -> str:
        first = int(np.flatnonzero(constant_regions(scans[i]))[0])
        return (
            f"{counts[i]} of {n_regions} for subject {names[i]}, the first region {_region(regions, first)}"
        )

    for i, count in enumerate(counts):
        if count > MOST_CONSTANT * n_regions:
            raise ValueError(
                f"{where}: X must have at most {MOST_CONSTANT:.0%} constant regions in each scan, got "
                f"{described(i)} (leave the scan out)"
            )
    found = [i for i, count in enumerate(counts) if count]
    if found:
        warnings.warn(
            f"{where}: {len(found)} scans have constant regions, whose correlations are taken as 0: "
            f"{described(found[0])}{' and others' if len(found) > 1 else ''}",
            stacklevel=4,
        )


def _check_lengths(
    where: str,
    lengths: list[int],
    names: list[str],
    window: int | Sequence[int],
    step: int | Sequence[int],
    n_windows: int,
    closed: str,
) -> None:
    windows = np.broadcast_to(np.asarray(window), (len(lengths),))
    steps = np.broadcast_to(np.asarray(step), (len(lengths),))
    if (steps < 1).any():
        raise ValueError(f"{where}: step must be at least 1 frame, got {steps.min()}")
    for n_times, name, length, stride in zip(lengths, names, windows, steps, strict=True):
        room = n_times - int(length)
        count = 0 if room < 0 else -(-room // int(stride)) if closed == "left" else room // int(stride) + 1
        if count < n_windows:
            raise ValueError(
                f"{where}: X must hold at least {n_windows} windows of {length} frames in steps of {stride}, "
                f"got {n_times} frames and {count} windows for subject {name} (take a shorter window, or "
                "leave the scan out)"
            )
