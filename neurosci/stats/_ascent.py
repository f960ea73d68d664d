"""Climb of many binomial likelihoods at once: steps, damping, bounds and the information at the top."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

CurveModel = Callable[
    [NDArray[np.float64], NDArray[np.intp]], tuple[NDArray[np.float64], NDArray[np.float64]]
]

# Probabilities are kept this far from 0 and 1, where the likelihood has no finite derivative.
_SMALLEST = 1e-12
_MAX_DAMPING = 1e12
_ROUNDING = 64 * np.finfo(float).eps
# A likelihood that gains less than this in so many iterations is on a plateau, if its score is small too.
_PLATEAU_GAIN, _PLATEAU_ITERATIONS, _PLATEAU_SCORE = 1e-8, 20, 1e-3
_SINGULAR = 1e-12
# A step that ends this close to the bound that it heads for ends on it: beyond lies only rounding.
_SNAP = 1e-8
# Where the information grows towards a bound, as for a rate near 0, steps towards it shrink without end. So
# now and then a parameter that the score drives outward is tried at a bound this share of its range away.
_JUMP_ITERATIONS, _JUMP_DISTANCE, _JUMP_SCORE = 10, 0.02, 1e-4
# Gain in log likelihood below which a step tells about the curvature at the top.
_NEAR = 0.01


class Ascent:
    """Climb of all curves of a block; every array has one row per curve and start."""

    def __init__(
        self,
        correct: NDArray[np.float64],
        trials: NDArray[np.float64],
        model: CurveModel,
        curves: NDArray[np.intp],
        low: NDArray[np.float64],
        high: NDArray[np.float64],
        tolerance: float,
    ) -> None:
        self.correct, self.trials, self.model, self.curves = correct, trials, model, curves
        self.low, self.high = low, high
        # The score is a sum over trials, and so is its rounding error.
        self.tolerance = tolerance + _ROUNDING * trials.sum(axis=1)

    def run(self, start: NDArray[np.float64], max_iterations: int) -> None:
        """Climb from a start per row until the top, a plateau or the last iteration."""
        self.params = np.clip(start, self.low, self.high)
        self.n_iterations = np.zeros(len(start), np.int64)
        self.damping = np.full(len(start), 1e-3)
        self.correction = np.zeros((*start.shape, start.shape[1]))
        everyone = np.arange(len(start))
        p, self.log_likelihood, self.score, self.information = self._evaluate(self.params, everyone)
        self.probability = p
        active = everyone
        self.plateau = np.zeros(len(start), bool)
        earlier = self.log_likelihood.copy()
        for iteration in range(1, max_iterations + 1):
            free = self._free(active)
            gap = np.abs(np.where(free, self.score[active], 0)).max(axis=1, initial=0)
            if iteration % _PLATEAU_ITERATIONS == 0:
                flat = self.log_likelihood[active] - earlier[active] < _PLATEAU_GAIN
                self.plateau[active] = flat & (gap < _PLATEAU_SCORE)
                earlier = self.log_likelihood.copy()
            going = (
                (gap > self.tolerance[active]) & (self.damping[active] < _MAX_DAMPING) & ~self.plateau[active]
            )
            active, free, gap = active[going], free[going], gap[going]
            if not len(active):
                break
            self._advance(active, free, gap, iteration % _JUMP_ITERATIONS == 0)

    def _advance(
        self, active: NDArray[np.intp], free: NDArray[np.bool_], gap: NDArray[np.float64], jump: bool
    ) -> None:
        self.n_iterations[active] += 1
        curvature = self.information[active] + self.correction[active]
        step = _damped_step(
            self.score[active], self.information[active], curvature, free, self.damping[active]
        )
        low, high = self.low[active], self.high[active]
        trial = _into_box(self.params[active] + step, step, low, high)
        if jump:
            reach = _JUMP_DISTANCE * (high - low)
            score = np.where(free, self.score[active], 0)
            trial = np.where((score < -_JUMP_SCORE) & (self.params[active] - low < reach), low, trial)
            trial = np.where((score > _JUMP_SCORE) & (high - self.params[active] < reach), high, trial)
        p, value, score, information = self._evaluate(trial, active)
        before = self.log_likelihood[active]
        # At the top the gain of a step is below the rounding of the likelihood: the score decides there.
        flat = value >= before - 4 * np.finfo(float).eps * np.abs(before)
        closer = np.abs(np.where(free, score, 0)).max(axis=1, initial=0) < gap
        accept = (value > before) | (flat & closer)
        good = active[accept]
        updated = _secant(
            trial[accept] - self.params[good],
            self.score[good] - score[accept],
            information[accept],
            self.correction[good],
        )
        near = value[accept] - before[accept] < _NEAR
        self.correction[good] = np.where(near[:, np.newaxis, np.newaxis], updated, 0)
        self.correction[active[~accept]] = 0
        self.params[good] = trial[accept]
        self.probability[good] = p[accept]
        self.log_likelihood[good] = np.maximum(value[accept], before[accept])
        self.score[good], self.information[good] = score[accept], information[accept]
        self.damping[active] = np.where(
            accept, np.maximum(self.damping[active] / 10, 1e-15), np.maximum(self.damping[active], 1e-6) * 10
        )

    def _free(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        params, score = self.params[rows], self.score[rows]
        held = ((params <= self.low[rows]) & (score <= 0)) | ((params >= self.high[rows]) & (score >= 0))
        return np.asarray(~(held | (self.low[rows] == self.high[rows])))

    def _evaluate(self, params: NDArray[np.float64], rows: NDArray[np.intp]) -> tuple[Any, Any, Any, Any]:
        raw, jacobian = self.model(params, self.curves[rows])
        p = np.clip(raw, _SMALLEST, 1 - _SMALLEST)
        k, n = self.correct[rows], self.trials[rows]
        value = (k * np.log(p) + (n - k) * np.log1p(-p)).sum(axis=1)
        weight = 1 / (p * (1 - p))
        score = np.matmul(((k - n * p) * weight)[:, np.newaxis], jacobian)[:, 0]
        information = np.matmul((jacobian * (n * weight)[:, :, np.newaxis]).transpose(0, 2, 1), jacobian)
        bad = ~(np.isfinite(value) & np.isfinite(score).all(axis=1))
        return p, np.where(bad, -np.inf, value), score, information

    def summary(self, rows: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
        """Return the fields of `CurveFits` for some rows."""
        free = self._free(rows)
        score = np.where(free, self.score[rows], 0)
        k, n, p = self.correct[rows], self.trials[rows], self.probability[rows]
        with np.errstate(divide="ignore", invalid="ignore"):
            observed = np.where(n > 0, k / n, 0.5)
            surprise = np.where(k > 0, k * np.log(observed / p), 0) + np.where(
                k < n, (n - k) * np.log((1 - observed) / (1 - p)), 0
            )
        inside = free & (self.params[rows] > self.low[rows]) & (self.params[rows] < self.high[rows])
        return {
            "params": self.params[rows],
            "log_likelihood": self.log_likelihood[rows],
            "deviance": 2 * surprise.sum(axis=1),
            "pearson": ((k - n * p) ** 2 / (np.maximum(n, 1) * p * (1 - p))).sum(axis=1),
            "covariance": _covariance(self.information[rows], inside),
            "score": score,
            "converged": (np.abs(score).max(axis=1, initial=0) <= self.tolerance[rows]) | self.plateau[rows],
            "at_bound": ~inside,
            "n_iterations": self.n_iterations[rows],
            "probability": p,
        }


def _into_box(
    params: NDArray[np.float64],
    step: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> NDArray[np.float64]:
    params = np.where((step < 0) & (params < low + _SNAP), low, params)
    params = np.where((step > 0) & (params > high - _SNAP), high, params)
    return np.clip(params, low, high)


def _damped_step(
    score: NDArray[np.float64],
    information: NDArray[np.float64],
    curvature: NDArray[np.float64],
    free: NDArray[np.bool_],
    damping: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Solve for the step of the free parameters; the damping is relative to each one's information."""
    diagonal = np.diagonal(information, axis1=1, axis2=2)
    scale = np.maximum(diagonal, 1e-10 * diagonal.max(axis=1, keepdims=True))
    pairs = free[:, :, np.newaxis] & free[:, np.newaxis]
    index = np.arange(score.shape[1])
    # The last term keeps the matrix regular where the data say nothing about a parameter.
    added = np.where(free, (damping[:, np.newaxis] + _SINGULAR) * scale + np.finfo(float).tiny, 1)
    ascent = np.where(free, score, 0)[:, :, np.newaxis]

    def solve(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        matrix = np.where(pairs, matrix, 0)
        matrix[:, index, index] += added
        return np.asarray(np.linalg.solve(matrix, ascent), dtype=np.float64)

    step = solve(curvature)
    uphill = np.matmul(step.transpose(0, 2, 1), ascent) > 0
    return np.where(uphill, step, solve(information))[:, :, 0]


def _secant(
    step: NDArray[np.float64],
    change: NDArray[np.float64],
    information: NDArray[np.float64],
    correction: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Update the correction by rank one: with the information it maps the step to the change of score."""
    residual = change - np.matmul(information + correction, step[:, :, np.newaxis])[:, :, 0]
    along = (residual * step).sum(axis=1)
    usable = np.abs(along) > 1e-8 * np.linalg.norm(residual, axis=1) * np.linalg.norm(step, axis=1)
    factor = np.where(usable, 1 / np.where(usable, along, 1), 0)[:, np.newaxis, np.newaxis]
    return np.asarray(correction + factor * residual[:, :, np.newaxis] * residual[:, np.newaxis])


def _covariance(information: NDArray[np.float64], free: NDArray[np.bool_]) -> NDArray[np.float64]:
    index = np.arange(free.shape[1])
    pairs = free[:, :, np.newaxis] & free[:, np.newaxis]
    diagonal = np.diagonal(information, axis1=1, axis2=2)
    # information below this says nothing, and its inverse would overflow
    scale = np.sqrt(np.where(free & (diagonal > np.finfo(float).tiny ** 0.5), diagonal, 1))
    scales = scale[:, :, np.newaxis] * scale[:, np.newaxis]
    correlation = np.where(pairs, information / scales, 0)
    correlation[:, index, index] = np.where(free, correlation[:, index, index], 1)
    values, vectors = np.linalg.eigh(correlation)
    regular = values[:, 0] > _SINGULAR
    spread = np.where(values > _SINGULAR, values, 1)[:, np.newaxis]
    inverse = np.matmul(vectors / spread, vectors.transpose(0, 2, 1))
    return np.where(pairs & regular[:, np.newaxis, np.newaxis], inverse / scales, np.nan)
