"""Checks of samples and levels, with one wording for the whole package."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

ALTERNATIVES = ("two-sided", "greater", "less")


def check_level(where: str, level: float) -> None:
    """Refuse a level of confidence outside (0, 1)."""
    if not 0 < level < 1:
        raise ValueError(f"{where}: level must be in (0, 1), got {level} (give 0.95 for 95 %)")


def check_sample(
    where: str, name: str, values: ArrayLike, *, at_least: int, what: str
) -> NDArray[np.float64]:
    """Return finite numbers as a float64 copy with one axis, or say what is wrong with them.

    Parameters
    ----------
    where, name : str
        Function and argument, for the messages.
    values : array-like of shape (n,)
        Numbers of any real type.
    at_least : int
        Fewest values that are enough.
    what : str
        What the values belong to, in the plural, for example "subjects".

    Returns
    -------
    ndarray of shape (n,)
        The copy.
    """
    array = as_array(where, name, values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{where}: {name} must hold real numbers, got dtype {array.dtype}")
    if array.ndim != 1:
        raise ValueError(f"{where}: {name} must have one axis, one value per case, got shape {array.shape}")
    if array.size < at_least:
        raise ValueError(f"{where}: {name} needs at least {at_least} {what}, got {array.size}")
    sample = array.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(sample))
    if bad.size:
        raise ValueError(
            f"{where}: {name} must be finite, got {bad.size} NaN or infinite of {sample.size}, "
            f"the first at index {bad[0]} (leave these cases out, and say so)"
        )
    return sample


def as_array(where: str, name: str, values: ArrayLike) -> NDArray[Any]:
    """Return an array; lists whose lengths differ are named instead of turned into objects."""
    try:
        return np.asarray(values)
    except ValueError:
        lengths = [np.size(item) for item in values]  # type: ignore[union-attr]
        other = next(i for i, length in enumerate(lengths) if length != lengths[0])
        raise TypeError(
            f"{where}: {name} must not be ragged, got {lengths[0]} values at index 0 "
            f"and {lengths[other]} at index {other}"
        ) from None


def check_pairs(
    where: str, names: tuple[str, str], a: ArrayLike, b: ArrayLike, *, at_least: int, what: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two samples over the same cases."""
    first = check_sample(where, names[0], a, at_least=at_least, what=what)
    second = check_sample(where, names[1], b, at_least=at_least, what=what)
    if first.size != second.size:
        raise ValueError(
            f"{where}: {names[1]} must have one value for each of the {first.size} {what} of {names[0]}, "
            f"got {second.size}"
        )
    return first, second


def group_means(
    where: str, groups: ArrayLike, *samples: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """Return the mean of each sample in each group, groups in sorted order."""
    labels = as_array(where, "groups", groups)
    n = samples[0].size
    if labels.shape != (n,):
        raise ValueError(f"{where}: groups must have shape ({n},), one label per case, got {labels.shape}")
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise ValueError(
            f"{where}: groups must not be NaN, got {np.isnan(labels).sum()} NaN, "
            f"the first at index {np.flatnonzero(np.isnan(labels))[0]}"
        )
    found, inverse = np.unique(labels, return_inverse=True)
    if found.size < 2:
        raise ValueError(
            f"{where}: groups needs at least 2 groups, got {found.size} (one group says nothing about others)"
        )
    sizes = np.bincount(inverse)
    return tuple(np.bincount(inverse, weights=sample) / sizes for sample in samples)
