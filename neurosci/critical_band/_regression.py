"""How much of a score three channel properties explain."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas as pd

_WHERE = "channel_regression"
_CONSTANT = 1e-6


@dataclass(frozen=True)
class ChannelRegression:
    """Ordinary least-squares regression of a score on channel properties.

    Parameters
    ----------
    r_squared : float
        Share of variance explained.
    adjusted_r_squared : float
        The same, corrected for the number of predictors.
    leave_one_out_r_squared : float
        One minus squared error of predicting each left-out observation, over the variance around
        the mean; can be negative.
    leave_one_group_out_r_squared : float
        The same with whole groups left out; NaN without groups.
    coefficients : dict of str to float
        Intercept (``const``) and slope of each predictor used (per octave where ``log=True``).
    f_statistic, p_value : float
        F test of all slopes being zero (two-sided in each slope).
    n_observations, n_predictors : int
        Size of the regression, without the intercept.
    dropped : tuple of str
        Constant predictors that were left out.
    predicted : Series
        Fitted score per observation.
    """

    r_squared: float
    adjusted_r_squared: float
    leave_one_out_r_squared: float
    leave_one_group_out_r_squared: float
    coefficients: dict[str, float]
    f_statistic: float
    p_value: float
    n_observations: int
    n_predictors: int
    dropped: tuple[str, ...]
    predicted: pd.Series = field(repr=False, compare=False)


def channel_regression(
    channels: pd.DataFrame,
    score: pd.Series,
    *,
    log: bool = True,
    groups: ArrayLike | None = None,
) -> ChannelRegression:
    """Regress a score on channel properties by ordinary least squares with intercept.

    Parameters
    ----------
    channels : DataFrame of shape (n_networks, n_predictors)
        Predictors, for example ``bandwidth`` (octaves), ``center_frequency`` (cycles/image) and
        ``peak_sensitivity`` (ratio); one row per network, named by the index.
    score : Series
        Score of each network, matched by index; further networks are ignored.
    log : bool, default=True
        Whether to take log2 of the predictors, as the published values need.
    groups : array-like of shape (n_networks,), default=None
        Family of each row of `channels`, for the leave-one-family-out prediction.

    Returns
    -------
    ChannelRegression
        Explained variance in sample and for left-out networks and families, coefficients, F test.

    Raises
    ------
    ValueError
        If values are missing, a network has no score, too few networks are given, the score is
        constant, or a predictor is not positive with ``log=True``.

    Warns
    -----
    UserWarning
        If a predictor is constant (varies by less than one part in a million); it is dropped.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> channels = pd.DataFrame({"bandwidth": rng.uniform(2, 8, 30)})
    >>> score = 1 - 0.2 * np.log2(channels["bandwidth"])
    >>> round(channel_regression(channels, score).coefficients["bandwidth"], 3)
    -0.2
    """
    import statsmodels.api as sm

    target = _matched_score(channels, score)
    values = _predictor_values(channels, log)
    constant = np.ptp(values, axis=0) <= _CONSTANT * np.abs(values).max(axis=0)
    dropped = tuple(str(name) for name in channels.columns[constant])
    if dropped:
        warnings.warn(f"{_WHERE}: constant predictors are dropped: {', '.join(dropped)}", stacklevel=2)
    used = [str(name) for name in channels.columns[~constant]]
    _check_size(len(target), len(used))
    design = np.log2(values[:, ~constant]) if log else values[:, ~constant]
    model = sm.OLS(target, sm.add_constant(design, has_constant="add")).fit()
    return ChannelRegression(
        r_squared=float(model.rsquared),
        adjusted_r_squared=float(model.rsquared_adj),
        leave_one_out_r_squared=_explained(target, model.get_influence().resid_press),
        leave_one_group_out_r_squared=_left_out_groups(design, target, groups),
        coefficients=dict(zip(["const", *used], map(float, model.params), strict=True)),
        f_statistic=float(model.fvalue),
        p_value=float(model.f_pvalue),
        n_observations=len(target),
        n_predictors=len(used),
        dropped=dropped,
        predicted=_series(channels, model.fittedvalues),
    )


def _series(channels: pd.DataFrame, values: NDArray[np.float64]) -> pd.Series:
    import pandas as pd

    return pd.Series(values, index=channels.index, name="predicted")


def _matched_score(channels: pd.DataFrame, score: pd.Series) -> NDArray[np.float64]:
    if channels.index.has_duplicates or score.index.has_duplicates:
        raise ValueError(f"{_WHERE}: channels and score must name each network once (drop duplicates first)")
    without = [str(name) for name in channels.index if name not in score.index]
    if without:
        raise ValueError(f"{_WHERE}: score must hold each network of channels, got none for {without[:5]}")
    target = np.asarray(score.loc[channels.index], dtype=float)
    if not np.isfinite(target).all():
        missing = channels.index[~np.isfinite(target)].tolist()
        raise ValueError(
            f"{_WHERE}: score must be finite, got no number for {missing[:5]} (drop these networks)"
        )
    if len(target) and np.ptp(target) == 0:
        raise ValueError(f"{_WHERE}: score must vary, got {target[0]:g} for all networks")
    return target


def _predictor_values(channels: pd.DataFrame, log: bool) -> NDArray[np.float64]:
    values = np.asarray(channels, dtype=float)
    if values.shape[1] == 0:
        raise ValueError(f"{_WHERE}: channels must have at least one column, got none")
    _check_size(len(values), 1)
    rows, columns = np.nonzero(~np.isfinite(values))
    if len(rows):
        name, column = channels.index[rows[0]], channels.columns[columns[0]]
        raise ValueError(
            f"{_WHERE}: channels must be finite, got no number for {column} of {name!r} "
            f"({len(set(rows.tolist()))} such networks; keep resolved channels only)"
        )
    if log and (values <= 0).any():
        rows, columns = np.nonzero(values <= 0)
        raise ValueError(
            f"{_WHERE}: channels must be > 0 with log=True, got {values[rows[0], columns[0]]:g} for "
            f"{channels.columns[columns[0]]} of {channels.index[rows[0]]!r}"
        )
    return values


def _check_size(n_observations: int, n_predictors: int) -> None:
    if n_predictors == 0:
        raise ValueError(f"{_WHERE}: channels must have a predictor that varies, got constants only")
    if n_observations < n_predictors + 2:
        raise ValueError(
            f"{_WHERE}: channels must hold at least {n_predictors + 2} networks "
            f"for {n_predictors} predictors, got {n_observations}"
        )


def _explained(target: NDArray[np.float64], errors: NDArray[np.float64]) -> float:
    return float(1 - np.sum(errors**2) / np.sum((target - target.mean()) ** 2))


def _left_out_groups(
    design: NDArray[np.float64], target: NDArray[np.float64], groups: ArrayLike | None
) -> float:
    if groups is None:
        return float("nan")
    labels = np.asarray(groups)
    if labels.shape != target.shape:
        raise ValueError(
            f"{_WHERE}: groups must have shape {target.shape}, one per network, got {labels.shape}"
        )
    if len(np.unique(labels)) < 2:
        raise ValueError(f"{_WHERE}: groups must name at least 2 families, got 1 (nothing can be left out)")
    full = np.column_stack([np.ones(len(target)), design])
    predicted = np.empty_like(target)
    for label in np.unique(labels):
        out = labels == label
        predicted[out] = full[out] @ np.linalg.lstsq(full[~out], target[~out], rcond=None)[0]
    return _explained(target, target - predicted)
