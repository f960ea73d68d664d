"""Single psychometric functions of many observers or conditions, fitted at once."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci.stats._curves import CurveFits, fit_binomial_curves

from ._counts import check_not_above, whole_numbers
from ._psychometric_shape import Shape, check_level, check_shape
from ._published import GUESS_RATE
from ._sigmoids import sigmoid_inverse, sigmoid_value

POSITION, SLOPE, LAPSE = range(3)

_SIGNIFICANT = 0.95
_N_STARTS = 2
# Standard error of the log slope beyond which any steep slope fits about as well.
_SLOPE_KNOWN = math.log(4)
# A level tells where the slope is when its sigmoid is at least this close to one half.
_ON_SLOPE = 0.48


@dataclass(frozen=True)
class PsychometricFits:
    """Psychometric functions fitted by maximum likelihood; the first axis counts functions.

    Parameters
    ----------
    params : ndarray of shape (n_functions, 3)
        Raw estimates, resolved or not: position of the half-way point on the fitted scale, natural
        log of the slope, lapse rate.
    covariance : ndarray of shape (n_functions, 3, 3)
        Inverse of the expected information of `params`; NaN for parameters at a bound.
    threshold : ndarray of shape (n_functions,)
        Level at which the sigmoid is one half; NaN when not resolved.
    slope : ndarray of shape (n_functions,)
        Slope, units of the sigmoid's argument per octave or unit of level, > 0; NaN when not
        resolved.
    lapse_rate : ndarray of shape (n_functions,)
        Rate of errors where the task is easiest.
    log_likelihood : ndarray of shape (n_functions,)
        Binomial log likelihood without the binomial coefficients, nats.
    deviance : ndarray of shape (n_functions,)
        Twice the distance to the saturated model, nats.
    score_norm : ndarray of shape (n_functions,)
        Largest derivative of the log likelihood by a free parameter.
    converged : ndarray of bool, shape (n_functions,)
        Whether the optimiser converged.
    reason : ndarray of str, shape (n_functions,)
        Why the counts do not determine a threshold; empty where they do.
    """

    params: NDArray[np.float64]
    covariance: NDArray[np.float64]
    threshold: NDArray[np.float64]
    slope: NDArray[np.float64]
    lapse_rate: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    deviance: NDArray[np.float64]
    score_norm: NDArray[np.float64]
    converged: NDArray[np.bool_]
    reason: NDArray[np.str_]


def fit_psychometric_functions(
    level: ArrayLike,
    n_correct: ArrayLike,
    n_trials: ArrayLike,
    *,
    sigmoid: str = "logistic",
    guess_rate: float = GUESS_RATE,
    lapse_rate: float | str = "fit",
    scale: str = "log2",
    direction: str = "decreasing",
) -> PsychometricFits:
    """Fit many single psychometric functions at once; see `PsychometricFunction` for the model.

    Parameters
    ----------
    level : array-like of shape (n_levels,) or (n_functions, n_levels)
        Stimulus levels; 0 is allowed on the log2 scale.
    n_correct : array-like of shape (n_functions, n_levels)
        Correct answers.
    n_trials : array-like of shape (n_functions, n_levels) or (n_levels,)
        Trials; levels without trials do not count.
    sigmoid : {"logistic", "norm", "weibull", "gumbel"}, default="logistic"
        Shape.
    guess_rate : float, default=0.0625
        Rate of correct answers by guessing, in [0, 1).
    lapse_rate : "fit" or float, default="fit"
        Rate of errors where the task is easiest: a parameter of each function, or fixed.
    scale : {"log2", "linear"}, default="log2"
        Scale of the levels on which the sigmoid works.
    direction : {"decreasing", "increasing"}, default="decreasing"
        Whether accuracy falls or rises with level.

    Returns
    -------
    PsychometricFits
        Estimates of all functions.

    Raises
    ------
    ValueError
        If counts are impossible, shapes disagree, an option is unknown, or a function has fewer
        than two levels.

    Examples
    --------
    >>> fits = fit_psychometric_functions(
    ...     [0.02, 0.04, 0.08, 0.16], [[20, 18, 9, 2], [20, 20, 19, 20]], [20, 20, 20, 20])
    >>> fits.threshold.round(3).tolist(), str(fits.reason[1])
    ([0.072, nan], 'accuracy does not change with level')
    """
    where = "fit_psychometric_functions"
    shape = check_shape(where, sigmoid, guess_rate, lapse_rate, scale, direction)
    correct = whole_numbers(where, "n_correct", n_correct)
    trials = whole_numbers(where, "n_trials", n_trials)
    if correct.ndim != 2 or 0 in correct.shape:
        raise ValueError(f"{where}: n_correct must have shape (n_functions, n_levels), got {correct.shape}")
    levels = check_level(where, level, scale)
    for name, values in (("level", levels), ("n_trials", trials)):
        if values.shape not in (correct.shape, correct.shape[1:]):
            raise ValueError(
                f"{where}: {name} must have shape {correct.shape[1:]} or {correct.shape}, got {values.shape}"
            )
    trials = np.broadcast_to(trials, correct.shape)
    check_not_above(where, correct, trials)
    curves = Curves.build(where, levels, trials.astype(float), shape)
    return curves.summary(curves.fit(correct.astype(float)), correct.astype(float))


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Design of a batch of functions: positions of the levels, their range, and bounds of the fit."""

    shape: Shape
    # One row when all functions share their levels; the position of level 0 is not finite, and 0 here.
    position: NDArray[np.float64]
    finite: NDArray[np.bool_]
    trials: NDArray[np.float64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def build(
        cls, where: str, level: NDArray[np.float64], trials: NDArray[np.float64], shape: Shape
    ) -> Curves:
        """Make the design for checked levels, (n_levels,) or (n_functions, n_levels)."""
        position = np.atleast_2d(shape.to_scale(level))
        finite = np.isfinite(position)
        used = finite & (trials > 0)
        ordered = np.sort(np.where(used, position, np.inf), axis=1)
        lowest, highest = ordered[:, 0], np.where(used, position, -np.inf).max(axis=1)
        poor = np.flatnonzero(~(lowest < highest))
        if len(poor):
            count = len(np.unique(ordered[poor[0]][np.isfinite(ordered[poor[0]])]))
            raise ValueError(
                f"{where}: level must hold at least 2 different levels{' above 0' * (shape.scale == 'log2')} "
                f"with trials, got {count}{f' in function {poor[0]}' * (len(trials) > 1)}"
            )
        with np.errstate(invalid="ignore"):
            gaps = np.diff(ordered, axis=1)
        gap = np.where(np.isfinite(gaps) & (gaps > 0), gaps, np.inf).min(axis=1)
        reach = highest - lowest
        lapses = (0.0, 1 - shape.guess_rate) if shape.lapse_rate is None else (shape.lapse_rate,) * 2
        # Positions further out, and slopes outside of these, fit the tested levels no better.
        low = (lowest - 2 * reach, np.log(0.1 / reach), np.full_like(reach, lapses[0]))
        high = (highest + 2 * reach, np.log(20 / gap), np.full_like(reach, lapses[1]))
        return cls(
            shape=shape,
            position=np.where(finite, position, 0),
            finite=finite,
            trials=trials,
            lowest=lowest,
            highest=highest,
            low=np.stack(low, axis=1),
            high=np.stack(high, axis=1),
        )

    @property
    def shared(self) -> bool:
        """Whether all functions share their levels."""
        return len(self.position) == 1

    @property
    def reach(self) -> NDArray[np.float64]:
        """Range of the tested levels on the fitted scale."""
        return self.highest - self.lowest

    def repeat(self, n: int) -> Curves:
        """Return the design of a single function, n times."""
        return replace(
            self,
            trials=np.repeat(self.trials, n, axis=0),
            lowest=np.repeat(self.lowest, n),
            highest=np.repeat(self.highest, n),
            low=np.repeat(self.low, n, axis=0),
            high=np.repeat(self.high, n, axis=0),
        )

    def model(
        self, params: NDArray[np.float64], curves: NDArray[np.intp]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return probabilities and their derivatives."""
        if self.shared:
            return evaluate(self.shape, self.position, self.finite, params)
        return evaluate(self.shape, self.position[curves], self.finite[curves], params)

    def fit(self, correct: NDArray[np.float64]) -> CurveFits:
        """Fit counts of this design."""
        return fit_binomial_curves(
            correct, self.trials, self.model, self._starts(correct), low=self.low, high=self.high
        )

    def _starts(self, correct: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the most likely points of a coarse grid, apart from each other in position."""
        fixed = self.shape.lapse_rate
        lapses = [0.0, 0.03, 0.1, 0.4] if fixed is None else [fixed]
        steps = np.array(list(itertools.product(np.linspace(-0.15, 1.15, 14), [3.0, 8.0, 20.0], lapses)))
        best = np.empty((_N_STARTS, len(correct), 3))
        # Designs differ in their levels, so that each has its own table; blocks bound the memory.
        block = max(1, 2_000_000 // (len(steps) * correct.shape[1]))
        for first in range(0, len(correct), block):
            rows = np.arange(first, min(first + block, len(correct)))
            tables = rows[:1] if self._same_design(rows) else rows
            grid = np.empty((len(tables), len(steps), 3))
            reach = self.reach[tables][:, np.newaxis]
            grid[:, :, POSITION] = self.lowest[tables][:, np.newaxis] + reach * steps[:, 0]
            grid[:, :, SLOPE] = np.log(steps[:, 1] / reach)
            grid[:, :, LAPSE] = steps[:, 2] * (1 if fixed is not None else 1 - self.shape.guess_rate)
            p = self.model(grid.reshape(-1, 3), np.repeat(tables, len(steps)))[0]
            p = np.clip(p, 1e-9, 1 - 1e-9).reshape(len(tables), len(steps), -1)
            k, n = correct[rows, np.newaxis], self.trials[rows, np.newaxis]
            value = np.matmul(k, np.log(p).transpose(0, 2, 1)) + np.matmul(
                n - k, np.log1p(-p).transpose(0, 2, 1)
            )
            value = value[:, 0]
            every = np.broadcast_to(grid, (len(rows), *grid.shape[1:]))
            for start in range(_N_STARTS):
                chosen = every[np.arange(len(rows)), value.argmax(axis=1)]
                best[start, rows] = chosen
                apart = (
                    np.abs(every[:, :, POSITION] - chosen[:, [POSITION]]) / self.reach[rows][:, np.newaxis]
                )
                value = np.where(apart < 0.25, -np.inf, value)
        return best

    def _same_design(self, rows: NDArray[np.intp]) -> bool:
        ends = np.stack([self.lowest, self.highest])
        return self.shared and bool((ends == ends[:, rows[:1]])[:, rows].all())

    def summary(self, fits: CurveFits, correct: NDArray[np.float64]) -> PsychometricFits:
        """Judge the fits and name their parts."""
        reason = self._reasons(fits, correct)
        resolved = reason == ""
        with np.errstate(invalid="ignore"):
            steep = ~np.less(np.sqrt(fits.covariance[:, SLOPE, SLOPE]), _SLOPE_KNOWN)
        position, slope = fits.params[:, POSITION], np.exp(fits.params[:, SLOPE])
        return PsychometricFits(
            params=fits.params,
            covariance=fits.covariance,
            threshold=np.where(resolved, self.shape.from_scale(position), np.nan),
            slope=np.where(resolved & ~steep, slope, np.nan),
            lapse_rate=fits.params[:, LAPSE],
            log_likelihood=fits.log_likelihood,
            deviance=fits.deviance,
            score_norm=fits.score_norm,
            converged=fits.converged,
            reason=reason,
        )

    def _reasons(self, fits: CurveFits, correct: NDArray[np.float64]) -> NDArray[np.str_]:
        from scipy.special import chdtri, xlog1py, xlogy

        total, right = self.trials.sum(axis=1), correct.sum(axis=1)
        share = right / total
        constant = xlogy(right, share) + xlog1py(total - right, -share)
        freedom = 2 if self.shape.lapse_rate is None else 1
        gain = 2 * (fits.log_likelihood - constant)
        position = fits.params[:, POSITION]
        detected = (fits.probability - self.shape.guess_rate) / (
            1 - self.shape.guess_rate - np.minimum(fits.params[:, [LAPSE]], 1 - self.shape.guess_rate - 1e-9)
        )
        sloping = self.finite & (self.trials > 0) & (np.abs(detected - 0.5) < _ON_SLOPE)
        with np.errstate(invalid="ignore"):
            spread = np.sqrt(fits.covariance[:, POSITION, POSITION])
        known = np.less_equal(spread, self.reach)
        tests: tuple[tuple[Any, str], ...] = (
            (~fits.converged, "the optimiser did not converge"),
            (~(gain > chdtri(freedom, 1 - _SIGNIFICANT)), "accuracy does not change with level"),
            (position < self.lowest, "the threshold lies below the lowest tested level"),
            (position > self.highest, "the threshold lies above the highest tested level"),
            (
                ~sloping.any(axis=1),
                "no tested level lies on the slope, so that the threshold is anywhere in a gap",
            ),
            (~known, "the standard error of the threshold exceeds the range of the tested levels"),
        )
        return np.select([test for test, _ in tests], [text for _, text in tests], default="")


def evaluate(
    shape: Shape, position: NDArray[np.float64], finite: NDArray[np.bool_], params: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the probabilities of functions at positions, and their derivatives by the parameters."""
    half, log_slope, lapse = (column[:, np.newaxis] for column in params.T)
    slope = shape.sign * np.exp(log_slope)
    argument = slope * (position - half)
    value, change = sigmoid_value(shape.sigmoid, argument)
    value = np.where(finite, value, float(shape.sign < 0))
    gain = 1 - shape.guess_rate - lapse
    change = np.where(finite, gain * change, 0)
    jacobian = np.stack([-slope * change, argument * change, -value], axis=2)
    return shape.guess_rate + gain * value, jacobian


def position_of(shape: Shape, params: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the positions at which the sigmoid of one function has given values."""
    inside = np.where((share > 0) & (share < 1), share, np.nan)
    argument = sigmoid_inverse(shape.sigmoid, inside)
    return np.asarray(params[POSITION] + shape.sign * argument / math.exp(params[SLOPE]))
