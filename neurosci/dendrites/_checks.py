"""Checks of counts of cells, synapses and patterns, with one wording for all functions."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

LARGEST = 2**31 - 1
"""Cells above which the draws of the simulations would not be uniform."""


def integers(where: str, name: str, value: ArrayLike) -> NDArray[np.int64]:
    """Return whole numbers as int64; refuse text, NaN, fractions and what does not fit."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{where}: {name} must be integers, got a ragged list") from error
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{where}: {name} must be an integer, got {value!r:.80} of type {array.dtype}")
    if array.dtype.kind == "f":
        wrong = ~np.isfinite(array) | (array != np.round(array))
        if wrong.any():
            first = np.atleast_1d(array)[np.atleast_1d(wrong)][0]
            raise ValueError(f"{where}: {name} must be an integer, got {first}")
    if array.size and (array.max() > LARGEST or array.min() < -LARGEST):
        raise ValueError(
            f"{where}: {name} must be within ±{LARGEST}, got "
            f"{array.max() if array.max() > 0 else array.min()}"
        )
    return array.astype(np.int64)


def broadcast(where: str, **values: ArrayLike) -> tuple[NDArray[np.int64], ...]:
    """Return whole numbers broadcast against each other."""
    arrays = {name: integers(where, name, value) for name, value in values.items()}
    try:
        return tuple(np.broadcast_arrays(*arrays.values()))
    except ValueError as error:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"{where}: arguments must be broadcastable, got shapes {shapes}") from error


def at_most(
    where: str,
    name: str,
    values: NDArray[np.int64],
    other: str,
    limits: NDArray[np.int64],
    hint: str = "",
) -> None:
    """Refuse values outside 0 <= value <= limit, naming the inequality."""
    wrong = (values < 0) | (values > limits)
    if wrong.any():
        value, limit = (np.atleast_1d(x)[np.atleast_1d(wrong)][0] for x in (values, limits))
        advice = f" ({hint})" if hint else ""
        raise ValueError(
            f"{where}: {name} must satisfy 0 <= {name} <= {other}, got {name}={value} and "
            f"{other}={limit}{advice}"
        )


def at_least(where: str, name: str, values: NDArray[np.int64], low: int) -> None:
    """Refuse values below a limit."""
    if (values < low).any():
        raise ValueError(f"{where}: {name} must be >= {low}, got {np.min(values)}")


def population(where: str, **values: ArrayLike) -> tuple[NDArray[np.int64], ...]:
    """Return n, a, s and more, broadcast, with 1 <= n, 0 <= a <= n, 0 <= s <= n checked."""
    arrays = broadcast(where, **values)
    named = dict(zip(values, arrays, strict=True))
    at_least(where, "n", named["n"], 1)
    for name in ("a", "s"):
        if name in named:
            at_most(where, name, named[name], "n", named["n"])
    return arrays


def noisy(where: str, **values: ArrayLike) -> tuple[NDArray[np.int64], ...]:
    """Return a, s, v and more, broadcast, with s <= a and v <= a checked."""
    arrays = broadcast(where, **values)
    named = dict(zip(values, arrays, strict=True))
    at_least(where, "a", named["a"], 0)
    at_most(where, "s", named["s"], "a", named["a"], "the synapses are a part of the stored pattern")
    if "v" in named:
        at_most(where, "v", named["v"], "a", named["a"], "v active cells are replaced")
    return arrays


def count(where: str, name: str, value: Any, low: int = 1) -> int:
    """Return one whole number that is at least `low`."""
    array = integers(where, name, value)
    if array.ndim:
        raise ValueError(f"{where}: {name} must be a single integer, got shape {array.shape}")
    number = operator.index(array.item())
    if number < low:
        raise ValueError(f"{where}: {name} must be >= {low}, got {number}")
    return number


def singles(where: str, **values: Any) -> dict[str, int]:
    """Return single whole numbers by name, negative ones too."""
    return {name: count(where, name, value, -LARGEST) for name, value in values.items()}


def fraction(where: str, name: str, value: float, *, closed: bool = False) -> float:
    """Return one number in (0, 1), or in [0, 1]."""
    number = float(value)
    if not (0 <= number <= 1 if closed else 0 < number < 1):
        raise ValueError(
            f"{where}: {name} must be in {'[0, 1]' if closed else '(0, 1)'}, got {value}"
            + ("" if math.isfinite(number) else " (it is not a finite number)")
        )
    return number
