"""Estimator of one psychometric function with guessing and lapses."""

from __future__ import annotations

import warnings
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from neurosci._core.checks import check_option
from neurosci._core.metric import Metric
from neurosci._core.random import check_random_state
from neurosci.stats._profile import profile_binomial_curves

from ._channel_intervals import quantile_limits
from ._counts import check_not_above, whole_numbers
from ._index import NotResolvedWarning
from ._psychometric_curves import LAPSE, POSITION, SLOPE, Curves, evaluate, position_of
from ._psychometric_shape import check_level, check_shape
from ._published import GUESS_RATE

_WHERE = "PsychometricFunction"


class PsychometricFunction(BaseEstimator):
    r"""Fit proportion correct as a function of stimulus level by maximum likelihood.

    Parameters
    ----------
    sigmoid : {"logistic", "norm", "weibull", "gumbel"}, default="logistic"
        Shape :math:`F`, scaled to be one half at 0: the logistic function, the normal integral,
        :math:`1 - 2^{-e^z}` (on the log2 scale and increasing, the Weibull function of level) or
        its mirror image :math:`2^{-e^{-z}}`.
    guess_rate : float, default=0.0625
        Rate of correct answers by guessing, in [0, 1).
    lapse_rate : "fit" or float, default="fit"
        Rate of errors where the task is easiest: estimated, or fixed in [0, 1 - guess_rate).
    scale : {"log2", "linear"}, default="log2"
        Scale on which the sigmoid works; level 0 is allowed on both.
    direction : {"decreasing", "increasing"}, default="decreasing"
        Whether accuracy falls (level is noise) or rises (level is signal) with level.

    Attributes
    ----------
    threshold_ : float
        Level at which the sigmoid is one half, half way between guessing and one minus the lapse
        rate; NaN when not resolved. This is not the level of 50 % correct: see `threshold`.
    slope_ : float
        Slope :math:`\beta`, units of the sigmoid's argument per octave (or unit) of level; NaN when
        not resolved or when its standard error exceeds a factor of four.
    lapse_rate_ : float
        Estimated or fixed rate of errors where the task is easiest.
    deviance_ : float
        Twice the distance to the saturated model, nats.
    log_likelihood_ : float
        Binomial log likelihood without the binomial coefficients, nats.
    covariance_ : ndarray of shape (3, 3)
        Inverse of the expected information of `params_`; NaN for parameters that are fixed or at a
        bound.
    params_ : ndarray of shape (3,)
        Raw estimates, resolved or not: threshold on the fitted scale, natural log of the slope,
        lapse rate.
    converged_ : bool
        Whether the optimiser converged.
    resolved_ : bool
        Whether the counts determine the threshold.
    reason_ : str
        Why not; empty when resolved.
    level_range_ : tuple of float
        Lowest and highest tested level with trials, 0 left out on the log2 scale.

    See Also
    --------
    fit_psychometric_functions : Many functions in one call.
    fit_channel_likelihood : Functions of several noise bands that share slope and lapse rate.

    Notes
    -----
    :math:`p = g + (1-g-\lambda)\,F(\pm\beta\,(x - x_{1/2}))` with :math:`x` the level or its log2.
    On the log2 scale, level 0 has :math:`p = 1 - \lambda` (decreasing) or :math:`p = g`
    (increasing).

    The threshold is resolved when the optimiser converged, the fit is better than a constant
    accuracy (likelihood ratio, 95 %), the threshold lies within the tested levels, at least one of
    these lies on the slope (sigmoid between 0.02 and 0.98), and the standard error of the
    threshold is not larger than their range. Otherwise `threshold_` is NaN: no number is
    extrapolated, and `confint` gives what is known, often an interval open on one side.

    References
    ----------
    Wichmann FA, Hill NJ (2001). The psychometric function: I. Fitting, sampling, and goodness of
    fit. Perception & Psychophysics 63, 1293-1313.

    Examples
    --------
    >>> function = PsychometricFunction().fit([0, 0.02, 0.04, 0.08, 0.16], [29, 28, 25, 14, 3], [30] * 5)
    >>> round(function.threshold_, 3), round(function.lapse_rate_, 2)
    (0.073, 0.04)
    >>> print(function.confint()["threshold"].text)
    0.073 [0.058, 0.090]
    """

    def __init__(
        self,
        sigmoid: str = "logistic",
        *,
        guess_rate: float = GUESS_RATE,
        lapse_rate: float | str = "fit",
        scale: str = "log2",
        direction: str = "decreasing",
    ) -> None:
        self.sigmoid = sigmoid
        self.guess_rate = guess_rate
        self.lapse_rate = lapse_rate
        self.scale = scale
        self.direction = direction

    def fit(self, level: ArrayLike, n_correct: ArrayLike, n_trials: ArrayLike) -> Self:
        """Fit the function to counts.

        Parameters
        ----------
        level : array-like of shape (n_levels,)
            Stimulus levels in any order.
        n_correct : array-like of shape (n_levels,)
            Correct answers.
        n_trials : array-like of shape (n_levels,)
            Trials. A level without trials is passed over with a warning.

        Returns
        -------
        PsychometricFunction
            Itself.

        Raises
        ------
        ValueError
            If counts are impossible, shapes disagree, fewer than two levels have trials, or a
            parameter is outside its range.

        Warns
        -----
        NotResolvedWarning
            If the counts do not determine the threshold or the slope.
        """
        shape = check_shape(
            _WHERE, self.sigmoid, self.guess_rate, self.lapse_rate, self.scale, self.direction
        )
        levels = check_level(_WHERE, level, self.scale)
        if levels.ndim != 1 or not len(levels):
            raise ValueError(f"{_WHERE}: level must have shape (n_levels,), got {levels.shape}")
        correct = whole_numbers(_WHERE, "n_correct", n_correct)
        trials = whole_numbers(_WHERE, "n_trials", n_trials)
        for name, values in (("n_correct", correct), ("n_trials", trials)):
            if values.shape != levels.shape:
                raise ValueError(f"{_WHERE}: {name} must have shape {levels.shape}, got {values.shape}")
        check_not_above(_WHERE, correct, trials)
        self._curves = Curves.build(_WHERE, levels, trials[np.newaxis].astype(float), shape)
        empty = int((trials == 0).sum())
        if empty:
            warnings.warn(
                f"{_WHERE}: {empty} of {len(trials)} levels have no trial and are passed over", stacklevel=2
            )
        self._correct = correct[np.newaxis].astype(float)
        self._fits = self._curves.fit(self._correct)
        found = self._curves.summary(self._fits, self._correct)
        self.params_ = found.params[0]
        self.covariance_ = found.covariance[0]
        self.threshold_ = float(found.threshold[0])
        self.slope_ = float(found.slope[0])
        self.lapse_rate_ = float(found.lapse_rate[0])
        self.deviance_ = float(found.deviance[0])
        self.log_likelihood_ = float(found.log_likelihood[0])
        self.converged_ = bool(found.converged[0])
        self.reason_ = str(found.reason[0])
        self.resolved_ = not self.reason_
        ends = shape.from_scale(np.array([self._curves.lowest[0], self._curves.highest[0]]))
        self.level_range_ = (float(ends[0]), float(ends[1]))
        self._warn()
        return self

    def predict(self, level: ArrayLike) -> NDArray[np.float64]:
        """Return the fitted probability of a correct answer.

        Parameters
        ----------
        level : array-like
            Stimulus levels.

        Returns
        -------
        ndarray
            Probability (0 to 1), shaped as `level`. It rests on data within `level_range_` only.
        """
        check_is_fitted(self)
        levels = check_level(_WHERE, level, self.scale)
        shape = self._curves.shape
        position = shape.to_scale(levels.reshape(1, -1))
        finite = np.isfinite(position)
        p, _ = evaluate(shape, np.where(finite, position, 0), finite, self.params_[np.newaxis])
        return p.reshape(levels.shape)

    def threshold(self, proportion_correct: ArrayLike) -> NDArray[np.float64]:
        """Return the level at which the fitted function has a given proportion correct.

        Parameters
        ----------
        proportion_correct : array-like
            Proportions (0 to 1), for example 0.5.

        Returns
        -------
        ndarray
            Levels, shaped as `proportion_correct`; NaN where the function never has this value,
            where the level is outside of what was tested, and when not resolved.

        Raises
        ------
        ValueError
            If a proportion is outside [0, 1].
        """
        check_is_fitted(self)
        wanted = np.asarray(proportion_correct, dtype=float)
        if not ((wanted >= 0) & (wanted <= 1)).all():
            raise ValueError(
                f"{_WHERE}: proportion_correct must be in [0, 1], got {proportion_correct!r} "
                "(divide percent by 100)"
            )
        shape = self._curves.shape
        share = (wanted - shape.guess_rate) / (1 - shape.guess_rate - self.params_[LAPSE])
        position = position_of(shape, self.params_, share)
        inside = (position >= self._curves.lowest[0]) & (position <= self._curves.highest[0])
        return np.where(inside & self.resolved_, shape.from_scale(position), np.nan)

    def confint(
        self,
        method: str = "profile",
        level: float = 0.95,
        *,
        resample: str = "fitted",
        n_resamples: int = 1000,
        random_state: object = None,
    ) -> dict[str, Metric]:
        """Return the parameters with their intervals.

        Parameters
        ----------
        method : {"profile", "bootstrap", "wald"}, default="profile"
            Profile likelihood, percentile bootstrap over trials, or the curvature at the estimate.
        level : float, default=0.95
            Coverage, in (0, 1).
        resample : {"fitted", "observed"}, default="fitted"
            For the bootstrap: binomial counts from the fitted function (parametric) or from the
            observed proportions, which is drawing trials with replacement.
        n_resamples : int, default=1000
            Number of bootstrap resamples, >= 100.
        random_state : None, int, SeedSequence or Generator, default=None
            Source of randomness of the bootstrap.

        Returns
        -------
        dict of Metric
            ``threshold``, ``slope`` and, unless it was fixed, ``lapse_rate``. A limit is 0 or
            infinite where the data set none within the tested levels; Wald intervals have no
            limits for parameters at a bound.

        Raises
        ------
        ValueError
            If an option is unknown or outside its range.
        """
        check_is_fitted(self)
        check_option(_WHERE, "method", method, ("profile", "bootstrap", "wald"))
        check_option(_WHERE, "resample", resample, ("fitted", "observed"))
        if not 0 < level < 1:
            raise ValueError(f"{_WHERE}: level must be in (0, 1), got {level} (give 0.95 for 95 %)")
        if method == "bootstrap":
            limits = self._bootstrap(level, resample, n_resamples, random_state)
            about = f"bootstrap over trials, {n_resamples} resamples"
        elif method == "profile":
            limits, about = self._profile(level), "profile likelihood"
        else:
            limits, about = self._wald(level), "Wald interval"
        shape, n = self._curves.shape, int(self._curves.trials.sum())
        limits[POSITION] = shape.from_scale(self._within_tested(limits[POSITION]))
        limits[SLOPE] = np.exp(limits[SLOPE])
        limits[LAPSE] = np.clip(limits[LAPSE], 0, 1 - shape.guess_rate)
        values = {"threshold": self.threshold_, "slope": self.slope_, "lapse_rate": self.lapse_rate_}
        if shape.lapse_rate is not None:
            del values["lapse_rate"]
        return {
            name: Metric(value, *_limits(limits[row]), n=n, n_unit="trials", level=level, method=about)
            for row, (name, value) in enumerate(values.items())
        }

    def _warn(self) -> None:
        if self.reason_:
            text = (
                f"no threshold is resolved: {self.reason_}; threshold_ is NaN (confint gives what is known)"
            )
        elif np.isnan(self.slope_):
            text = "no slope is resolved: steep ones fit as well; slope_ is NaN"
        else:
            return
        warnings.warn(f"{_WHERE}: {text}", NotResolvedWarning, stacklevel=3)

    def _within_tested(self, limits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Widen limits of the position that lie beyond the tested levels: open, or at the outermost level."""
        lowest, highest = self._curves.lowest[0], self._curves.highest[0]
        low, high = limits
        low = -np.inf if low < lowest else np.minimum(low, highest)
        high = np.inf if high > highest else np.maximum(high, lowest)
        return np.array([low, high])

    def _profile(self, level: float) -> NDArray[np.float64]:
        curves = self._curves
        steps = {POSITION: float(curves.reach[0]) / 4, SLOPE: 0.3, LAPSE: 0.02}
        if curves.shape.lapse_rate is not None:
            del steps[LAPSE]
        found = profile_binomial_curves(
            self._fits,
            self._correct,
            curves.trials,
            curves.model,
            list(steps),
            low=curves.low,
            high=curves.high,
            level=level,
            steps=list(steps.values()),
        )
        limits = np.full((3, 2), np.nan)
        limits[: len(steps)] = found[0]
        return limits

    def _wald(self, level: float) -> NDArray[np.float64]:
        from scipy.special import ndtri

        reach = float(ndtri(0.5 + level / 2)) * np.sqrt(np.diagonal(self.covariance_))
        return np.stack([self.params_ - reach, self.params_ + reach], axis=1)

    def _bootstrap(
        self, level: float, resample: str, n_resamples: int, random_state: object
    ) -> NDArray[np.float64]:
        if n_resamples < 100:
            raise ValueError(
                f"{_WHERE}: n_resamples must be >= 100, got {n_resamples} (limits would be noise)"
            )
        rng = check_random_state(random_state)
        trials = self._curves.trials[0]
        share = (
            self._fits.probability[0] if resample == "fitted" else self._correct[0] / np.maximum(trials, 1)
        )
        draws = rng.binomial(trials.astype(np.int64), share, size=(n_resamples, len(trials)))
        many = self._curves.repeat(n_resamples)
        params = many.fit(draws.astype(float)).params
        steep, shallow = params[:, SLOPE] >= many.high[:, SLOPE], params[:, SLOPE] <= many.low[:, SLOPE]
        params[:, SLOPE] = np.where(steep, np.inf, np.where(shallow, -np.inf, params[:, SLOPE]))
        return quantile_limits(params, level)


def _limits(pair: NDArray[np.float64]) -> tuple[float | None, float | None]:
    if np.isnan(pair).any():
        return None, None
    return float(pair[0]), float(pair[1])
