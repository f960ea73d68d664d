"""What a simulation returns: an estimate that knows how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._probability import Numbers

Z_95 = 1.959963984540054


@dataclass(frozen=True, eq=False)
class RateEstimate:
    """Estimate of an error probability by simulation.

    Parameters
    ----------
    estimate : float
        Estimated probability; 0 when nothing was seen, and then `ci` gives the upper bound.
    std_error : float
        Standard error: from batch means over independent blocks where pairs share a segment or a
        pattern, else from the variance of the trials. NaN when nothing was seen.
    ci : tuple of float
        95 % limits: Wilson for counts, log-normal for weighted trials, and (0, 3 / n_trials) when
        nothing was seen.
    n_trials : int
        Trials or pairs.
    ess : float
        Effective sample size: hits for counts, (sum of weights)² / sum of squared weights otherwise.
    log_estimate : float
        Natural log of the estimate, which does not underflow.
    n_hits : int
        Trials in which the event occurred.
    relative_error : float
        Standard error over estimate, which does not underflow; NaN when nothing was seen.
    method : str
        How it was simulated.

    Examples
    --------
    >>> from neurosci.dendrites import simulate_false_positives
    >>> rate = simulate_false_positives(1000, 64, 24, 6, n_trials=100_000, random_state=0)
    >>> rate.ci[0] < rate.estimate < rate.ci[1]
    True
    """

    estimate: float
    std_error: float
    ci: tuple[float, float]
    n_trials: int
    ess: float
    log_estimate: float
    n_hits: int
    relative_error: float
    method: str


def from_counts(hits: NDArray[np.int64], sizes: NDArray[np.int64], method: str) -> RateEstimate:
    """Return the estimate from hits and trials of independent blocks."""
    from neurosci.stats import proportion_interval

    n_hits, n_trials = int(hits.sum()), int(sizes.sum())
    estimate = n_hits / n_trials
    if n_hits == 0:
        limits = 0.0, min(1.0, 3 / n_trials)
        return RateEstimate(0.0, math.nan, limits, n_trials, 0.0, -math.inf, 0, math.nan, method)
    wilson = proportion_interval(n_hits, n_trials)
    limits = float(wilson.low or 0.0), float(1.0 if wilson.high is None else wilson.high)
    error = _batch_error(hits, sizes, estimate)
    return RateEstimate(
        estimate=estimate,
        std_error=error,
        ci=limits,
        n_trials=n_trials,
        ess=float(n_hits),
        log_estimate=math.log(estimate),
        n_hits=n_hits,
        relative_error=error / estimate,
        method=method,
    )


def certain(n_trials: int, happens: bool, method: str) -> RateEstimate:
    """Return the estimate of an event that every trial or no trial shows."""
    sizes = np.array([n_trials])
    return from_counts(sizes if happens else 0 * sizes, sizes, method)


def _batch_error(hits: NDArray[np.int64], sizes: NDArray[np.int64], estimate: float) -> float:
    if len(hits) < 2:
        return math.sqrt(estimate * (1 - estimate) / int(sizes.sum()))
    # ratio estimator: blocks may differ in size
    residuals = hits - estimate * sizes
    return float(np.sqrt(len(hits) / (len(hits) - 1) * np.sum(residuals**2)) / sizes.sum())


def from_weights(log_weights: Numbers, n_trials: int, method: str) -> RateEstimate:
    """Return the estimate from the log-weights of the trials in which the event occurred."""
    shift = float(log_weights.max())
    weights = np.exp(log_weights - shift)
    mean = float(weights.sum()) / n_trials
    square = float((weights**2).sum()) / n_trials
    relative = math.sqrt(max(0.0, square / mean**2 - 1.0) / n_trials)
    log_estimate = shift + math.log(mean)
    ess = float(weights.sum()) ** 2 / float((weights**2).sum())
    return from_log(log_estimate, relative, Z_95 * relative, n_trials, ess, log_weights.size, method)


def from_log(
    log_estimate: float,
    relative: float,
    half_width: float,
    n_trials: int,
    ess: float,
    n_hits: int,
    method: str,
) -> RateEstimate:
    """Return an estimate that is known by its logarithm, with a log-normal interval."""
    estimate = math.exp(log_estimate)
    return RateEstimate(
        estimate=estimate,
        std_error=relative * estimate,
        ci=(math.exp(log_estimate - half_width), min(1.0, math.exp(log_estimate + half_width))),
        n_trials=n_trials,
        ess=ess,
        log_estimate=log_estimate,
        n_hits=n_hits,
        relative_error=relative,
        method=method,
    )
