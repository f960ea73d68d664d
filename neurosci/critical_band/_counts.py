"""Checks of counts, noise levels and rates, the same for every method."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

_MIN_BANDS = 3


def check_noise_sd(noise_sd: Sequence[float], where: str) -> NDArray[np.float64]:
    """Return noise levels that the index method can count: 0 first, then doubling from row to row."""
    levels = np.asarray(noise_sd, dtype=float)
    if levels.ndim != 1 or len(levels) < 3 or levels[0] != 0 or not np.isfinite(levels).all():
        raise ValueError(
            f"{where}: noise_sd must be a sequence that starts with 0 (no noise) and holds at least two more "
            f"levels, got {noise_sd!r}"
        )
    positive = levels[1:]
    if not (positive > 0).all() or not np.allclose(positive[1:] / positive[:-1], 2, rtol=1e-6):
        raise ValueError(
            f"{where}: noise_sd must double from one level to the next above 0, got {noise_sd!r} "
            "(thresholds are counted in octave steps)"
        )
    return levels


def check_levels(noise_sd: Sequence[float], where: str) -> NDArray[np.float64]:
    """Return noise levels that a likelihood fit can use: ascending, at least two above 0."""
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


def check_rates(guess_rate: float, lowest_frequency: float, where: str) -> None:
    """Refuse a guess rate or a label that no experiment has."""
    if not 0 <= guess_rate < 1:
        raise ValueError(f"{where}: guess_rate must be in [0, 1), got {guess_rate} (1/16 for 16 choices)")
    if not (math.isfinite(lowest_frequency) and lowest_frequency > 0):
        raise ValueError(f"{where}: lowest_frequency must be > 0 cycles/image, got {lowest_frequency}")


def check_counts(
    n_correct: ArrayLike,
    n_trials: ArrayLike,
    n_levels: int | None,
    where: str,
    *,
    observers: bool = False,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the counts of one observer, or of at least two, as int64; neither input is changed."""
    correct, trials = _tables(n_correct, n_trials, n_levels, where)
    if correct.ndim != 2 and not (observers and correct.ndim == 3 and len(correct) > 1):
        more = " or, for at least 2 observers, (n_observers, n_noise_sd, n_bands)" if observers else ""
        raise ValueError(
            f"{where}: n_correct must have shape (n_noise_sd, n_bands){more}, got {correct.shape}"
        )
    return correct, trials


def check_stacked_counts(
    n_correct: ArrayLike, n_trials: ArrayLike, n_levels: int, where: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return counts of shape (..., n_levels, n_bands) with trials and three bands for each observer."""
    correct, trials = _tables(n_correct, n_trials, n_levels, where)
    if correct.shape[-1] < _MIN_BANDS:
        raise ValueError(
            f"{where}: n_correct must have at least {_MIN_BANDS} bands, got {correct.shape[-1]} "
            "(fewer do not determine a width)"
        )
    if not trials.any(axis=(-2, -1)).all():
        raise ValueError(
            f"{where}: n_trials must be above 0 somewhere for each observer, got only empty conditions"
        )
    return correct, trials


def _tables(
    n_correct: ArrayLike, n_trials: ArrayLike, n_levels: int | None, where: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    correct = whole_numbers(where, "n_correct", n_correct)
    trials = whole_numbers(where, "n_trials", n_trials)
    rows = "n_noise_sd" if n_levels is None else str(n_levels)
    if correct.ndim < 2 or 0 in correct.shape or (n_levels is not None and correct.shape[-2] != n_levels):
        hint = " (transpose it: rows are noise levels)" if correct.shape[-1:] == (n_levels,) else ""
        raise ValueError(
            f"{where}: n_correct must have shape (..., {rows}, n_bands), one row per noise level, "
            f"got {correct.shape}{hint}"
        )
    if trials.shape not in (correct.shape, correct.shape[-2:]):
        raise ValueError(
            f"{where}: n_trials must have the shape of n_correct, {correct.shape}, or {correct.shape[-2:]}, "
            f"got {trials.shape}"
        )
    trials = np.broadcast_to(trials, correct.shape).copy()
    check_not_above(where, correct, trials)
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
