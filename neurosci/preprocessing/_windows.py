"""Checks of windows and of the series that they cut."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option

UNITS = ("frames", "s")


def whole_number(where: str, name: str, value: Any, least: int) -> int:
    """Return a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or value != int(value):
        raise ValueError(f"{where}: {name} must be a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{where}: {name} must be at least {least}, got {value}")
    return int(value)


def check_density(where: str, density: Any) -> float:
    """Return a share in (0, 1]."""
    if isinstance(density, bool) or not isinstance(density, int | float | np.number) or not 0 < density <= 1:
        raise ValueError(f"{where}: density must be in (0, 1], got {density!r}")
    return float(density)


def frame_numbers(where: str, window: float, step: float, unit: str, t_r: float | None) -> tuple[int, int]:
    """Return the length of a window and the distance of two starts in frames."""
    check_option(where, "unit", unit, UNITS)
    if unit == "frames":
        return whole_number(where, "window", window, 2), whole_number(where, "step", step, 1)
    if t_r is None or not (math.isfinite(t_r) and t_r > 0):
        raise ValueError(f"{where}: t_r must be a positive number of seconds for unit='s', got {t_r}")
    for name, value in (("window", window), ("step", step)):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{where}: {name} must be a positive number of seconds, got {value}")
    length = round(window / t_r)
    if length < 2:
        raise ValueError(f"{where}: window must hold at least 2 frames, got {window:g} s with t_r={t_r:g} s")
    return length, max(1, round(step / t_r))


def check_regions(where: str, name: str, values: ArrayLike) -> NDArray[Any]:
    """Return finite series as float32 (kept) or float64, shape (n_times, n_regions), in C order."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{where}: {name} must hold real numbers, got dtype {array.dtype}")
    if array.ndim != 2 or array.shape[0] < 2 or array.shape[1] < 1:
        raise ValueError(
            f"{where}: {name} must have shape (n_times, n_regions) with at least 2 times and 1 region, got "
            f"{array.shape}"
        )
    series = np.ascontiguousarray(array, dtype=np.float32 if array.dtype == np.float32 else np.float64)
    if not np.isfinite(series).all():
        row, column = np.argwhere(~np.isfinite(series))[0]
        raise ValueError(
            f"{where}: {name} must be finite, got NaN or an infinite value at time {row} of region {column}"
        )
    return series


def check_starts(where: str, starts: ArrayLike, window: int, n_times: int) -> NDArray[np.int64]:
    """Return starts of windows that lie inside the scan."""
    array = np.asarray(starts)
    if array.ndim != 1 or array.dtype.kind not in "iu" or not array.size:
        raise ValueError(
            f"{where}: starts must be whole numbers of shape (n_windows,), got {array.dtype} of shape "
            f"{array.shape}"
        )
    if array.min() < 0 or array.max() + window > n_times:
        raise ValueError(
            f"{where}: starts must leave room for windows of {window} frames in a scan of {n_times}, got "
            f"starts from {array.min()} to {array.max()}"
        )
    return array.astype(np.int64)


def check_taper(where: str, taper: Any, window: int) -> NDArray[np.float64] | None:
    """Return weights of the frames of a window, or None where all count alike."""
    if taper is None:
        return None
    if isinstance(taper, str):
        check_option(where, "taper", taper, ("gaussian",))
        distance = np.arange(window) - (window - 1) / 2
        return np.asarray(np.exp(-0.5 * (6 * distance / window) ** 2))
    weights = np.asarray(taper, dtype=np.float64)
    if weights.shape != (window,) or not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(
            f"{where}: taper must hold {window} weights, finite and not negative, got shape {weights.shape}"
        )
    if np.count_nonzero(weights) < 2:
        raise ValueError(f"{where}: taper must weight at least 2 frames, got {np.count_nonzero(weights)}")
    return weights
