"""Checks of stacked counts and of noise levels for the likelihood fits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

_MIN_BANDS = 3


def check_levels(where: str, noise_sd: Sequence[float]) -> NDArray[np.float64]:
    """Return the noise levels: ascending, at least two above 0."""
    levels = np.asarray(noise_sd, dtype=float)
    if (
        levels.ndim != 1
        or not np.isfinite(levels).all()
        or (levels < 0).any()
        or (np.diff(levels) <= 0).any()
        or (levels > 0).sum() < 2
    ):
        raise ValueError(
            f"{where}: noise_sd must be ascending numbers >= 0 with at least two above 0, got {noise_sd!r}"
        )
    return levels


def as_counts(
    where: str, n_correct: ArrayLike, n_trials: ArrayLike, n_levels: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return both tables as int64 of shape (..., n_levels, n_bands); neither input is changed."""
    correct = whole_numbers(where, "n_correct", n_correct)
    trials = whole_numbers(where, "n_trials", n_trials)
    if correct.ndim < 2 or 0 in correct.shape or correct.shape[-2] != n_levels:
        hint = " (transpose it: rows are noise levels)" if correct.shape[-1:] == (n_levels,) else ""
        raise ValueError(
            f"{where}: n_correct must have shape (..., {n_levels}, n_bands), one row per noise level, "
            f"got {correct.shape}{hint}"
        )
    if correct.shape[-1] < _MIN_BANDS:
        raise ValueError(
            f"{where}: n_correct must have at least {_MIN_BANDS} bands, got {correct.shape[-1]} "
            "(fewer do not determine a width)"
        )
    if trials.shape not in (correct.shape, correct.shape[-2:]):
        raise ValueError(
            f"{where}: n_trials must have the shape of n_correct, {correct.shape}, or {correct.shape[-2:]}, "
            f"got {trials.shape}"
        )
    trials = np.broadcast_to(trials, correct.shape).copy()
    check_not_above(where, correct, trials)
    if not trials.any(axis=(-2, -1)).all():
        raise ValueError(
            f"{where}: n_trials must be above 0 somewhere for each observer, got only empty conditions"
        )
    return correct, trials


def check_not_above(where: str, correct: NDArray[np.int64], trials: NDArray[np.int64]) -> None:
    """Raise when there are more correct answers than trials."""
    above = np.argwhere(correct > trials)
    if len(above):
        place = tuple(int(i) for i in above[0])
        raise ValueError(
            f"{where}: n_correct must be at most n_trials, got {correct[place]} of {trials[place]} "
            f"at position {place} ({len(above)} such cells)"
        )


def whole_numbers(where: str, name: str, counts: ArrayLike) -> NDArray[np.int64]:
    """Return counts as int64; refuse fractions, negatives and what is not a number."""
    try:
        values = np.asarray(counts)
    except ValueError as error:
        raise TypeError(f"{where}: {name} must be counts, got rows of unequal length") from error
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{where}: {name} must be counts, got dtype {values.dtype}")
    if values.dtype.kind == "f":
        bad = np.argwhere(~np.isfinite(values) | (values != np.floor(values)))
        if len(bad):
            place = tuple(int(i) for i in bad[0])
            raise ValueError(
                f"{where}: {name} must hold whole numbers, got {values[place]} at position {place} "
                "(give counts, not proportions)"
            )
    negative = np.argwhere(values < 0)
    if len(negative):
        place = tuple(int(i) for i in negative[0])
        raise ValueError(f"{where}: {name} must be >= 0, got {values[place]} at position {place}")
    return values.astype(np.int64)
