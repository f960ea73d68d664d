"""Profile-likelihood limits of one parameter of many binomial curves at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._ascent import CurveModel
from ._curves import CurveFits, fit_binomial_curves

_WHERE = "profile_binomial_curves"
_TOLERANCE = 1e-5
_SCORE_TOLERANCE = 1e-5
_MAX_REFITS = 60


def profile_binomial_curves(
    fits: CurveFits,
    n_correct: ArrayLike,
    n_trials: ArrayLike,
    model: CurveModel,
    parameters: Sequence[int],
    *,
    low: ArrayLike = -np.inf,
    high: ArrayLike = np.inf,
    level: float = 0.95,
    steps: Sequence[float] | None = None,
) -> NDArray[np.float64]:
    """Find where fixing a parameter raises the deviance of the best fit by a chi-square quantile.

    Parameters
    ----------
    fits : CurveFits
        Maximum-likelihood fits of these counts by this model.
    n_correct, n_trials : array-like of shape (n_curves, n_points)
        The counts that were fitted; `n_trials` may have one row for all curves.
    model : callable
        The model that was fitted; see `fit_binomial_curves`.
    parameters : sequence of int
        Numbers of the parameters, one profile each.
    low, high : array-like, default=-inf and inf
        The bounds of the fit, broadcast to (n_curves, n_params).
    level : float, default=0.95
        Coverage, in (0, 1).
    steps : sequence of float, default=None
        Per profile, the first distance from the estimate to try where the covariance gives none, in
        units of the parameter; ``None`` is 1 for all.

    Returns
    -------
    ndarray of shape (n_curves, n_profiles, 2)
        Lower and upper limit; infinite where the deviance stays below the quantile up to the bound
        of the parameter.

    Raises
    ------
    ValueError
        If `level` or a parameter is outside its range.

    Notes
    -----
    The other parameters are refitted at every trial value, starting from the neighbouring fits.
    The square root of the excess deviance is almost linear in the parameter, so that bracketing
    with the Illinois variant of regula falsi needs few refits. The critical value is the quantile
    of chi-square with one degree of freedom. Where a profile has several dips, the limit found is
    that of a crossing which the search meets, in general the one next to the estimate.

    Examples
    --------
    >>> import numpy as np
    >>> def constant(params, curves):
    ...     return params, np.ones((len(params), 1, 1))
    >>> counts = [[8]], [[10]]
    >>> fits = fit_binomial_curves(*counts, constant, [0.5], low=1e-9, high=1 - 1e-9)
    >>> profile_binomial_curves(fits, *counts, constant, [0], low=1e-9, high=1 - 1e-9).round(2).tolist()
    [[[0.5, 0.96]]]
    """
    if not 0 < level < 1:
        raise ValueError(f"{_WHERE}: level must be in (0, 1), got {level} (give 0.95 for 95 %)")
    n_curves, n_params = fits.params.shape
    chosen = np.asarray(parameters)
    if chosen.ndim != 1 or not len(chosen) or not ((chosen >= 0) & (chosen < n_params)).all():
        raise ValueError(f"{_WHERE}: parameters must be numbers from 0 to {n_params - 1}, got {parameters!r}")
    correct = np.asarray(n_correct, dtype=float)
    trials = np.broadcast_to(np.asarray(n_trials, dtype=float), correct.shape)
    bounds = [np.broadcast_to(np.asarray(b, dtype=float), fits.params.shape) for b in (low, high)]
    search = _Search(fits, correct, trials, model, chosen, bounds[0], bounds[1], level)
    step = np.broadcast_to(1.0 if steps is None else np.asarray(steps, dtype=float), chosen.shape)
    with np.errstate(invalid="ignore"):
        spread = np.sqrt(np.diagonal(fits.covariance, axis1=1, axis2=2)[:, chosen])
    known = np.isfinite(spread) & (spread > 0)
    start = np.where(known, np.minimum(spread * search.target, 8 * step), step)
    limits = search.run(np.tile(start.reshape(-1), 2))
    return np.moveaxis(limits.reshape(2, n_curves, len(chosen)), 0, -1)


class _Search:
    """Bracketed search; rows are the lower limits of all curves and parameters, then the upper ones."""

    def __init__(
        self,
        fits: CurveFits,
        correct: NDArray[np.float64],
        trials: NDArray[np.float64],
        model: CurveModel,
        parameters: NDArray[np.intp],
        low: NDArray[np.float64],
        high: NDArray[np.float64],
        level: float,
    ) -> None:
        from scipy.special import ndtri

        n = len(correct)
        self.fits, self.correct, self.trials, self.model = fits, correct, trials, model
        self.low, self.high = low, high
        self.target = float(ndtri(0.5 + level / 2))
        self.curve = np.tile(np.repeat(np.arange(n), len(parameters)), 2)
        self.parameter = np.tile(parameters, 2 * n)
        self.sign = np.repeat([-1.0, 1.0], n * len(parameters))
        place = self.curve, self.parameter
        self.estimate = fits.params[place]
        edge = np.where(self.sign < 0, low[place], high[place])
        self.room = np.abs(edge - self.estimate)

    def run(self, start: NDArray[np.float64]) -> NDArray[np.float64]:
        n = len(self.curve)
        # Distances from the estimate: the deviance is below target at `inner` and above at `outer`.
        inner, outer = np.zeros(n), np.full(n, np.nan)
        inner_excess, outer_excess = np.full(n, -self.target), np.full(n, np.nan)
        inner_params = self.fits.params[self.curve].copy()
        outer_params = inner_params.copy()
        trial = np.minimum(start, self.room)
        limit = np.where(self.room > 0, np.nan, np.inf)
        side = np.zeros(n, np.int64)
        for _ in range(_MAX_REFITS):
            rows = np.flatnonzero(np.isnan(limit))
            if not len(rows):
                break
            excess, params = self._refit(rows, trial[rows], inner_params[rows], outer_params[rows])
            below = excess < 0
            done = np.abs(excess) < _TOLERANCE
            open_end = below & (trial[rows] >= self.room[rows]) & ~done
            limit[rows[done]] = trial[rows[done]]
            limit[rows[open_end]] = np.inf
            # Illinois: an end kept twice has its value halved, so that the bracket shrinks from both sides.
            lows, highs = rows[below], rows[~below]
            outer_excess[lows[side[lows] < 0]] *= 0.5
            inner_excess[highs[side[highs] > 0]] *= 0.5
            side[lows], side[highs] = -1, 1
            inner[lows], inner_excess[lows], inner_params[lows] = trial[lows], excess[below], params[below]
            outer[highs], outer_excess[highs] = trial[highs], excess[~below]
            outer_params[highs] = params[~below]
            bracketed = ~np.isnan(outer)
            with np.errstate(invalid="ignore", divide="ignore"):
                between = inner - inner_excess * (outer - inner) / (outer_excess - inner_excess)
                growth = np.clip(1.2 * self.target / (self.target + inner_excess), 1.3, 3.0)
            trial = np.where(bracketed, between, np.minimum(inner * growth, self.room))
            narrow = bracketed & (outer - inner < 1e-12 * np.maximum(outer, 1e-300)) & np.isnan(limit)
            limit[narrow] = outer[narrow]
        limit = np.where(np.isnan(limit), np.where(np.isnan(outer), np.inf, outer), limit)
        return np.asarray(self.estimate + self.sign * limit)

    def _refit(
        self,
        rows: NDArray[np.intp],
        distance: NDArray[np.float64],
        near: NDArray[np.float64],
        far: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        curve = self.curve[rows]
        value = self.estimate[rows] + self.sign[rows] * distance
        low, high = self.low[curve].copy(), self.high[curve].copy()
        place = np.arange(len(rows)), self.parameter[rows]
        low[place] = high[place] = value
        refits = fit_binomial_curves(
            self.correct[curve],
            self.trials[curve],
            lambda params, chosen: self.model(params, curve[chosen]),
            np.stack([near, far, self._along_ridge(rows, value)]),
            low=low,
            high=high,
            tolerance=_SCORE_TOLERANCE,
        )
        excess = 2 * (self.fits.log_likelihood[curve] - refits.log_likelihood)
        return np.sqrt(np.maximum(excess, 0)) - self.target, refits.params

    def _along_ridge(self, rows: NDArray[np.intp], value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where the other parameters would be if the likelihood were quadratic."""
        curve = self.curve[rows]
        covariance = self.fits.covariance[curve, :, self.parameter[rows]]
        variance = np.take_along_axis(covariance, self.parameter[rows][:, np.newaxis], axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            move = covariance / variance * (value - self.estimate[rows])[:, np.newaxis]
        return self.fits.params[curve] + np.where(np.isfinite(move), move, 0)
