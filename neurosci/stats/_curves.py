"""Binomial-likelihood fits of many parametric curves in one batched, damped Fisher scoring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._ascent import Ascent, CurveModel

_WHERE = "fit_binomial_curves"
# Elements of the largest temporary array: about 32 MB, whatever the number of curves.
_BLOCK = 4_000_000


@dataclass(frozen=True)
class CurveFits:
    """Maximum-likelihood fits of many curves; the first axis counts curves.

    Parameters
    ----------
    params : ndarray of shape (n_curves, n_params)
        Estimates.
    log_likelihood : ndarray of shape (n_curves,)
        Binomial log likelihood without the binomial coefficients, nats.
    deviance : ndarray of shape (n_curves,)
        Twice the distance to the saturated model, nats.
    pearson : ndarray of shape (n_curves,)
        Pearson's chi-square of the residuals.
    covariance : ndarray of shape (n_curves, n_params, n_params)
        Inverse of the expected information of the parameters that are free; NaN for those at a
        bound, and everywhere when the information is singular.
    score : ndarray of shape (n_curves, n_params)
        Derivative of the log likelihood; 0 for parameters that their bound holds back.
    converged : ndarray of bool, shape (n_curves,)
        Whether the largest score is below the tolerance, or the likelihood is on a plateau where
        further steps gain nothing (then the data do not determine some parameter).
    at_bound : ndarray of bool, shape (n_curves, n_params)
        Whether a parameter is at its bound.
    n_iterations : ndarray of int64, shape (n_curves,)
        Iterations of the start that won.
    probability : ndarray of shape (n_curves, n_points)
        Fitted probability of success.
    """

    params: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    deviance: NDArray[np.float64]
    pearson: NDArray[np.float64]
    covariance: NDArray[np.float64]
    score: NDArray[np.float64]
    converged: NDArray[np.bool_]
    at_bound: NDArray[np.bool_]
    n_iterations: NDArray[np.int64]
    probability: NDArray[np.float64]

    @property
    def score_norm(self) -> NDArray[np.float64]:
        """Largest absolute score of each curve."""
        return np.asarray(np.abs(self.score).max(axis=1))


def fit_binomial_curves(
    n_correct: ArrayLike,
    n_trials: ArrayLike,
    model: CurveModel,
    start: ArrayLike,
    *,
    low: ArrayLike = -np.inf,
    high: ArrayLike = np.inf,
    max_iterations: int = 500,
    tolerance: float = 1e-7,
) -> CurveFits:
    r"""Fit a parametric probability of success to the counts of many curves at once.

    Parameters
    ----------
    n_correct : array-like of shape (n_curves, n_points)
        Successes.
    n_trials : array-like of shape (n_curves, n_points)
        Trials; points without trials do not count. May have one row for all curves.
    model : callable
        ``model(params, curves)`` with `params` of shape (n, n_params) and the numbers of the `n`
        curves that are asked for; returns the probabilities, shape (n, n_points), and their
        derivatives, shape (n, n_points, n_params).
    start : array-like of shape (n_params,), (n_curves, n_params) or (n_starts, n_curves, n_params)
        Where to start; with several starts the most likely result is kept.
    low, high : array-like, default=-inf and inf
        Bounds, broadcast to (n_curves, n_params). Equal bounds hold a parameter fixed. Give finite
        ones where counts without overlap could drive an estimate to infinity.
    max_iterations : int, default=500
        Most iterations of one start.
    tolerance : float, default=1e-07
        A fit has converged when the largest score of the free parameters is below (plus the
        rounding error of a sum over so many trials), or the likelihood is on a plateau.

    Returns
    -------
    CurveFits
        Estimates with likelihood, covariance and the state of convergence of each curve.

    Raises
    ------
    ValueError
        If counts are impossible, shapes disagree, or a bound or start is not usable.

    Notes
    -----
    Fisher scoring with the expected information :math:`\sum n\,J J^\top / (p(1-p))` and
    Levenberg-Marquardt damping: a step that would lower the likelihood is refused and repeated
    with more damping, so the likelihood never falls. Near the top a symmetric rank-one correction
    learns the difference from the observed information, which makes the last steps superlinear
    (the structured secant method of nonlinear least squares). Parameters whose score points out of the box
    stay at their bound; the others move freely. Each curve has its own damping, and no curve's
    result depends on the others in the call. Cost is linear in curves and points; memory beyond
    input and output is bounded.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.special import expit
    >>> x = np.array([-1.0, 0.0, 1.0])
    >>> def line(params, curves):
    ...     p = expit(params[:, :1] + params[:, 1:] * x)
    ...     return p, (p * (1 - p))[:, :, None] * np.stack([np.ones(3), x], axis=1)
    >>> fits = fit_binomial_curves([[2, 5, 9], [1, 5, 9]], [[10, 10, 10]], line, [0.0, 1.0])
    >>> fits.params.round(2).tolist(), fits.converged.all().item()
    ([[0.2, 1.75], [0.0, 2.2]], True)
    """
    correct, trials = _check_counts(n_correct, n_trials)
    starts = _check_start(start, len(correct))
    lower, upper = _check_bounds(low, high, starts)
    n_starts, n_curves, n_params = starts.shape
    block = max(1, _BLOCK // max(1, correct.shape[1] * n_params * n_starts))
    parts = []
    for first in range(0, n_curves, block):
        curves = np.arange(first, min(first + block, n_curves))
        everyone = np.tile(curves, n_starts)
        ascent = Ascent(
            correct[everyone], trials[everyone], model, everyone, lower[everyone], upper[everyone], tolerance
        )
        ascent.run(starts[:, curves].reshape(-1, n_params), max_iterations)
        best = ascent.log_likelihood.reshape(n_starts, -1).argmax(axis=0)
        parts.append(ascent.summary(best * len(curves) + np.arange(len(curves))))
    return CurveFits(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def _check_counts(
    n_correct: ArrayLike, n_trials: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    correct = np.asarray(n_correct, dtype=float)
    trials = np.asarray(n_trials, dtype=float)
    if correct.ndim != 2 or 0 in correct.shape:
        raise ValueError(f"{_WHERE}: n_correct must have shape (n_curves, n_points), got {correct.shape}")
    if trials.shape not in (correct.shape, (1, correct.shape[1])):
        raise ValueError(
            f"{_WHERE}: n_trials must have the shape of n_correct, {correct.shape}, or one row, "
            f"got {trials.shape}"
        )
    trials = np.broadcast_to(trials, correct.shape)
    bad = np.argwhere(~((correct >= 0) & (correct <= trials) & np.isfinite(trials)))
    if len(bad):
        curve, point = bad[0]
        raise ValueError(
            f"{_WHERE}: counts must satisfy 0 <= n_correct <= n_trials, got {correct[curve, point]:g} of "
            f"{trials[curve, point]:g} in curve {curve}, point {point} ({len(bad)} such points)"
        )
    return correct, trials


def _check_start(start: ArrayLike, n_curves: int) -> NDArray[np.float64]:
    values = np.asarray(start, dtype=float)
    if values.ndim == 1:
        values = np.broadcast_to(values, (n_curves, len(values)))
    if values.ndim == 2:
        values = values[np.newaxis]
    if values.ndim != 3 or values.shape[1] != n_curves or 0 in values.shape:
        raise ValueError(
            f"{_WHERE}: start must have shape (n_params,), (n_curves, n_params) or "
            f"(n_starts, n_curves, n_params) for {n_curves} curves, got {np.shape(start)}"
        )
    if not np.isfinite(values).all():
        raise ValueError(
            f"{_WHERE}: start must be finite, got {int((~np.isfinite(values)).sum())} NaN or Inf"
        )
    return values


def _check_bounds(
    low: ArrayLike, high: ArrayLike, starts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    shape = starts.shape[1:]
    try:
        lower = np.broadcast_to(np.asarray(low, dtype=float), shape)
        upper = np.broadcast_to(np.asarray(high, dtype=float), shape)
    except ValueError:
        raise ValueError(
            f"{_WHERE}: low and high must broadcast to {shape}, got {np.shape(low)} and {np.shape(high)}"
        ) from None
    if not (lower <= upper).all():
        raise ValueError(f"{_WHERE}: low must be at most high, got {lower.tolist()} and {upper.tolist()}")
    return lower, upper
