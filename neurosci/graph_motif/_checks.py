"""Checks of labels, sites and counts, with one wording for all estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def count(where: str, name: str, value: Any, low: int) -> int:
    """Return a whole number that is at least `low`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ValueError(f"{where}: {name} must be an integer, got {value!r}")
    if value < low:
        raise ValueError(f"{where}: {name} must be >= {low}, got {value}")
    return int(value)


def binary_labels(where: str, y: ArrayLike) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the two labels in sorted order, and which cases have the second, the positive one."""
    values = np.asarray(y)
    if values.dtype.kind not in "biufUSO":
        raise TypeError(f"{where}: y must hold numbers or text, got dtype {values.dtype}")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ValueError(f"{where}: y must be finite, got {int((~np.isfinite(values)).sum())} that are not")
    classes = np.unique(values)
    if classes.size != 2:
        listed = ", ".join(repr(label) for label in classes[:5].tolist())
        raise ValueError(
            f"{where}: y must hold 2 classes, got {classes.size} (Only binary classification is supported; "
            f"classes: {listed})"
        )
    return classes, np.asarray(values == classes[1])


def whole_folds(where: str, name: str, n_folds: Any, positive: NDArray[np.bool_]) -> int:
    """Return a number of folds for which both groups have members enough."""
    wanted = count(where, name, n_folds, 2)
    fewest = int(min(positive.sum(), (~positive).sum()))
    if fewest < wanted:
        raise ValueError(
            f"{where}: each class must have at least {name}={wanted} members, got {fewest} in the smaller "
            "one (lower the number of folds)"
        )
    return wanted


def one_each(where: str, name: str, values: ArrayLike | None, n: int) -> NDArray[Any]:
    """Return one value for each case; where none are given, each case is its own."""
    if values is None:
        return np.arange(n)
    array = np.asarray(values)
    if array.shape != (n,):
        raise ValueError(f"{where}: {name} must have one value for each of {n} cases, got {array.shape}")
    missing = array != array if array.dtype.kind in "fO" else np.zeros(n, dtype=bool)
    if np.any(missing):
        raise ValueError(f"{where}: {name} must not be missing, got {int(np.sum(missing))} that are")
    return array
