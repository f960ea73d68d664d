"""Checks of arguments, all before any long work."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_CLASSES = 10_000_000


def whole(where: str, name: str, value: Any, low: int) -> int:
    """Return an integer of at least `low`."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool | np.bool_) or number < low:
        raise ValueError(f"{where}: {name} must be a whole number >= {low}, got {value!r}")
    return int(number)


def number(where: str, name: str, value: Any, expected: str) -> float:
    """Return a finite float."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise ValueError(f"{where}: {name} must be {expected}, got {value!r}")
    return found


def dilution(where: str, value: Any) -> float:
    """Return a dilution in [0, 1)."""
    expected = "a number in [0, 1), since at dilution 1 every pattern entry is zero"
    found = number(where, "dilution", value, expected)
    if not 0 <= found < 1:
        raise ValueError(f"{where}: dilution must be {expected}, got {value!r}")
    return found


def quality(where: str, value: Any) -> float:
    """Return a quality of examples in (0, 1]."""
    expected = "a number in (0, 1], since examples of quality 0 tell nothing"
    found = number(where, "quality", value, expected)
    if not 0 < found <= 1:
        raise ValueError(f"{where}: quality must be {expected}, got {value!r}")
    return found


def non_negative(where: str, name: str, value: Any) -> float:
    """Return a number >= 0."""
    found = number(where, name, value, "a number >= 0")
    if found < 0:
        raise ValueError(f"{where}: {name} must be a number >= 0, got {value!r}")
    return found


def positive(where: str, name: str, value: Any) -> float:
    """Return a number > 0."""
    found = number(where, name, value, "a number > 0")
    if found <= 0:
        raise ValueError(f"{where}: {name} must be a number > 0, got {value!r}")
    return found


def integers(where: str, name: str, values: Any, ndim: tuple[int, ...]) -> NDArray[np.int64]:
    """Return an array of whole numbers with an allowed number of axes."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{where}: {name} must hold whole numbers, got dtype {array.dtype}")
    if array.ndim not in ndim or array.size == 0:
        shapes = {2: "(n_neurons, n_patterns)", 3: "(n_neurons, n_patterns, n_examples)"}
        wanted = " or ".join(shapes.get(n, f"{n} axes") for n in ndim)
        raise ValueError(f"{where}: {name} must be a filled array {wanted}, got shape {array.shape}")
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            raise ValueError(f"{where}: {name} must be finite, got NaN or infinity")
        if (array != np.rint(array)).any():
            raise ValueError(f"{where}: {name} must hold whole numbers, got {array.ravel()[0]!r} and others")
    return array.astype(np.int64)


def ternary(where: str, name: str, values: Any, ndim: tuple[int, ...] = (2,)) -> NDArray[np.int8]:
    """Return an array of -1, 0 and 1."""
    array = integers(where, name, values, ndim)
    wrong = np.abs(array) > 1
    if wrong.any():
        raise ValueError(f"{where}: {name} must hold -1, 0 and 1 only, got {int(array[wrong][0])}")
    return array.astype(np.int8)


def spins(where: str, name: str, values: Any, n_neurons: int) -> NDArray[np.int8]:
    """Return states of shape (n_states, n_neurons) with entries -1 and 1."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2) or array.shape[-1] != n_neurons:
        raise ValueError(
            f"{where}: {name} must be (n_neurons,) or (n_states, n_neurons) with n_neurons = {n_neurons}, "
            f"got shape {array.shape} and dtype {array.dtype}"
        )
    wrong = np.abs(array) != 1
    if wrong.any():
        raise ValueError(f"{where}: {name} must hold -1 and 1 only, got {array[wrong][0]!r}")
    return np.ascontiguousarray(np.atleast_2d(array), dtype=np.int8)


def no_empty_pattern(where: str, name: str, rows: NDArray[Any]) -> None:
    """Refuse patterns (columns, of neurons or of neurons and examples) that are zero in every neuron."""
    empty = ~rows.any(axis=(0, *range(2, rows.ndim)))
    if empty.any():
        raise ValueError(
            f"{where}: {name} must hold no pattern that is zero in every neuron, got zeros only in pattern "
            f"{int(np.argmax(empty))} (leave it out: nothing can be recalled of it)"
        )


def n_classes(where: str, n_values: int, n_patterns: int) -> int:
    """Return how many rows an exact sum has, or refuse."""
    total = int(n_values) ** int(n_patterns)
    if total > MOST_CLASSES:
        raise ValueError(
            f"{where}: n_patterns must keep {n_values}^n_patterns <= {MOST_CLASSES:,}, "
            f"got {n_values}^{n_patterns} = {total:.3g} rows of {8 * n_patterns} bytes "
            f"({total * 8 * n_patterns:.3g} bytes)"
        )
    return int(total)
