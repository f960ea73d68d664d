"""Percentile bootstrap over independent units or whole groups of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.metric import Metric
from neurosci._core.random import check_random_state

if TYPE_CHECKING:
    import pandas as pd

_WHERE = "bootstrap_interval"


def bootstrap_interval(
    data: NDArray[Any] | pd.DataFrame,
    statistic: Callable[[Any], Any],
    *,
    groups: ArrayLike | None = None,
    n_resamples: int = 2000,
    level: float = 0.95,
    vectorized: bool = False,
    nan_policy: str = "raise",
    unit: str = "",
    n_unit: str = "",
    random_state: object = None,
) -> Metric:
    """Return a statistic with its percentile bootstrap interval.

    The limits are order statistics of the resampled values (Efron's percentile interval), so that
    a resample without an upper limit may be given as infinity and yields an open interval.

    Parameters
    ----------
    data : ndarray of shape (n_units, ...) or DataFrame with n_units rows
        Units along the first axis; never modified.
    statistic : callable
        Takes a resample of `data` and returns one number. With ``vectorized=True`` it takes an
        array of shape (n_resamples, n_units, ...) and returns shape (n_resamples,).
    groups : array-like of shape (n_units,), default=None
        Label of the group of each unit; given, whole groups are resampled, because the units in
        one group are not independent. Not allowed with ``vectorized=True``.
    n_resamples : int, default=2000
        Number of resamples, >= 100.
    level : float, default=0.95
        Coverage, in (0, 1).
    vectorized : bool, default=False
        Whether `statistic` treats all resamples of an array at once; memory then grows with
        ``n_resamples * data.size``.
    nan_policy : {"raise", "omit"}, default="raise"
        What to do when `statistic` has no value for a resample; "omit" leaves these out and says
        how many in the method of the result.
    unit : str, default=""
        Unit of the statistic.
    n_unit : str, default=""
        What is resampled, in words, for example "people".
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness.

    Returns
    -------
    Metric
        Value on `data`, limits, and the number of units (or groups) resampled.

    Raises
    ------
    ValueError
        If there are fewer than two units or groups, lengths differ, an option is unknown, or
        the statistic is undefined and ``nan_policy="raise"``.

    Examples
    --------
    >>> import numpy as np
    >>> metric = bootstrap_interval(np.arange(9.0), np.mean, random_state=0)
    >>> metric.value, metric.n, bool(metric.low < 4 < metric.high)
    (4.0, 9, True)
    """
    _check_options(n_resamples, level, nan_policy)
    if vectorized and groups is not None:
        raise ValueError(f"{_WHERE}: groups must be None with vectorized=True (groups differ in size)")
    members = _members(len(data), groups)
    rng = check_random_state(random_state)
    draws = rng.integers(len(members), size=(n_resamples, len(members)))
    take = _taker(data)
    if vectorized:
        value = float(np.asarray(statistic(take(np.arange(len(data)))[np.newaxis])).item())
        values = np.asarray(statistic(take(draws)), dtype=float)
    else:
        value = float(statistic(data))
        picks = draws if groups is None else (np.concatenate([members[g] for g in draw]) for draw in draws)
        values = np.array([float(statistic(take(pick))) for pick in picks])
    low, high, left = _limits(values, level, nan_policy)
    over = n_unit or ("groups" if groups is not None else "units")
    method = f"bootstrap over {over}, {n_resamples} resamples" + (f", {left} without a value" if left else "")
    return Metric(value, low, high, n=len(members), unit=unit, n_unit=n_unit, level=level, method=method)


def _check_options(n_resamples: int, level: float, nan_policy: str) -> None:
    if n_resamples < 100:
        raise ValueError(f"{_WHERE}: n_resamples must be >= 100, got {n_resamples} (limits would be noise)")
    if not 0 < level < 1:
        raise ValueError(f"{_WHERE}: level must be in (0, 1), got {level} (give 0.95 for 95 %)")
    if nan_policy not in ("raise", "omit"):
        raise ValueError(f"{_WHERE}: nan_policy must be 'raise' or 'omit', got {nan_policy!r}")


def _members(n_units: int, groups: ArrayLike | None) -> list[NDArray[np.intp]]:
    """Return the row numbers of each independent unit."""
    if groups is None:
        rows = list(np.arange(n_units)[:, np.newaxis])
    else:
        labels = np.asarray(groups)
        if labels.shape != (n_units,):
            raise ValueError(
                f"{_WHERE}: groups must have shape ({n_units},), one per unit, got {labels.shape}"
            )
        _, inverse = np.unique(labels, return_inverse=True)
        rows = [np.flatnonzero(inverse == g) for g in range(inverse.max() + 1)] if n_units else []
    if len(rows) < 2:
        what = "groups" if groups is not None else "units"
        raise ValueError(f"{_WHERE}: data must hold at least 2 {what}, got {len(rows)} (nothing to resample)")
    return rows


def _taker(data: Any) -> Callable[[NDArray[np.intp]], Any]:
    if hasattr(data, "iloc"):
        return lambda rows: data.iloc[rows]
    array = np.asarray(data)
    return lambda rows: array[rows]


def _limits(values: NDArray[np.float64], level: float, nan_policy: str) -> tuple[float, float, int]:
    missing = np.isnan(values)
    n_missing = int(missing.sum())
    if n_missing and (nan_policy == "raise" or n_missing > len(values) - 100):
        raise ValueError(
            f"{_WHERE}: statistic must return a number for each resample, got NaN for {n_missing} of "
            f"{len(values)} (return an infinity for an open limit, or pass nan_policy='omit')"
        )
    tail = (1 - level) / 2
    low, high = np.quantile(values[~missing], [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high), n_missing
