"""Checks of counts and noise levels, shared by the estimator and the generator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def check_noise_sd(noise_sd: Sequence[float], where: str) -> NDArray[np.float64]:
    """Return the noise levels; they start with 0 and then double from row to row."""
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


def check_counts(
    n_correct: ArrayLike, n_trials: ArrayLike, noise_sd: NDArray[np.float64] | None, where: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return both tables of counts as int64; neither input is changed."""
    correct = _as_counts(n_correct, "n_correct", where)
    trials = _as_counts(n_trials, "n_trials", where)
    if correct.shape != trials.shape:
        raise ValueError(
            f"{where}: n_correct and n_trials must have the same shape, "
            f"got {correct.shape} and {trials.shape}"
        )
    if noise_sd is not None and len(correct) != len(noise_sd):
        swapped = " (transpose it: rows are noise levels)" if correct.shape[1] == len(noise_sd) else ""
        raise ValueError(
            f"{where}: n_correct must have one row per noise level ({len(noise_sd)}), "
            f"got shape {correct.shape}{swapped}"
        )
    above = np.argwhere(correct > trials)
    if len(above):
        row, column = above[0]
        raise ValueError(
            f"{where}: n_correct must be at most n_trials, "
            f"got {correct[row, column]} of {trials[row, column]} in row {row}, column {column} "
            f"({len(above)} such cells)"
        )
    return correct, trials


def _as_counts(counts: ArrayLike, name: str, where: str) -> NDArray[np.int64]:
    try:
        values = np.asarray(counts)
    except ValueError as error:
        raise TypeError(f"{where}: {name} must be a table of counts, got rows of unequal length") from error
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{where}: {name} must be a table of counts, got dtype {values.dtype}")
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"{where}: {name} must have shape (n_noise_sd, n_bands), got {values.shape}")
    if values.dtype.kind == "f":
        bad = np.argwhere(~np.isfinite(values) | (values != np.floor(values)))
        if len(bad):
            row, column = bad[0]
            raise ValueError(
                f"{where}: {name} must hold whole numbers, got {values[row, column]} in row {row}, "
                f"column {column} (give counts, not proportions)"
            )
    if (values < 0).any():
        row, column = np.argwhere(values < 0)[0]
        raise ValueError(
            f"{where}: {name} must be >= 0, got {values[row, column]} in row {row}, column {column}"
        )
    return values.astype(np.int64)
