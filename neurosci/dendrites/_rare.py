"""Estimators that reach probabilities no plain simulation can: tilted urns and multilevel splitting."""

from __future__ import annotations

import math

import numpy as np

from neurosci._core.parallel import parallel_map
from neurosci._core.random import check_random_state

from ._checks import count, population, singles
from ._patterns import new_state, new_states
from ._probability import Numbers
from ._rate import RateEstimate, certain, from_log, from_weights

SMALLEST_ESS = 100


def _parameters(where: str, n: int, a: int, s: int, theta: int) -> tuple[int, int, int, int]:
    population(where, n=n, a=a, s=s, theta=theta)
    p = singles(where, n=n, a=a, s=s, theta=theta)
    return p["n"], p["a"], p["s"], p["theta"]


def _is_certain(n: int, a: int, s: int, theta: int) -> bool | None:
    """Tell whether every pattern matches, or none; None where it depends."""
    if theta <= max(0, a + s - n):
        return True
    return False if theta > min(a, s) else None


def tilt(n: int, a: int, s: int, theta: int) -> float:
    """Return the factor on the odds with which the mean path of the urn ends at the threshold."""
    from ._jit_rare import mean_end

    low, high = -80.0, 80.0
    target = min(float(theta), min(a, s) - 0.25)
    for _ in range(80):
        middle = (low + high) / 2
        if mean_end(n, a, s, math.exp(middle)) < target:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def draw_tilted(
    n: int, a: int, s: int, odds: float, n_trials: int, rng: np.random.Generator
) -> tuple[Numbers, Numbers]:
    """Return overlaps and log-likelihood ratios of tilted trials."""
    from ._jit_rare import tilted_urn

    overlap, log_weight = np.empty(n_trials), np.empty(n_trials)
    tilted_urn(n, a, s, odds, n_trials, new_state(rng), overlap, log_weight)
    return overlap, log_weight


def importance_false_positives(
    n: int,
    a: int,
    s: int,
    theta: int,
    n_trials: int = 400_000,
    *,
    odds: float | None = None,
    random_state: int | np.random.Generator | None = None,
) -> RateEstimate:
    """Estimate a false-positive probability of any size by tilted sampling.

    Parameters
    ----------
    n, a, s, theta : int
        As in `false_positive_prob`.
    n_trials : int, default=400000
        Draws.
    odds : float or None, default=None
        Factor on the odds that a synapse is active; None lets the mean path end at the threshold.
    random_state : int, Generator or None, default=None
        Seed or generator.

    Returns
    -------
    RateEstimate
        Unbiased estimate with a log-normal interval and the effective sample size.

    Raises
    ------
    ValueError
        If a number is not whole or an inequality is broken; the message names it.
    RuntimeError
        If the effective sample size is below 100, where errors are underestimated.

    See Also
    --------
    splitting_false_positives : An independent method without likelihood ratios.

    Notes
    -----
    Synapses are drawn in turn: with k active so far, synapse j is active with p = (a - k) / (n - j),
    and is drawn with q = w p / (1 - p + w p). The product of p / q, or (1 - p) / (1 - q), is the
    likelihood ratio of the path; its mean over trials that reach the threshold is unbiased for every
    w > 0. The chain rule of sampling without replacement is all it uses, not Eq. 4, so that the
    comparison with Eq. 4 is not circular.

    Examples
    --------
    >>> rate = importance_false_positives(10_000, 300, 24, 12, n_trials=100_000, random_state=0)
    >>> rate.relative_error < 0.01, abs(rate.estimate / 8.37584522709849e-13 - 1) < 0.04
    (True, True)
    """
    where = "importance_false_positives"
    parameters = _parameters(where, n, a, s, theta)
    n_trials = count(where, "n_trials", n_trials)
    known = _is_certain(*parameters)
    if known is not None:
        return certain(n_trials, known, "importance")
    if odds is not None and not 0 < odds < math.inf:
        raise ValueError(f"{where}: odds must be positive and finite, got {odds}")
    factor = tilt(*parameters) if odds is None else float(odds)
    rng = check_random_state(random_state)
    overlap, log_weight = draw_tilted(*parameters[:3], factor, n_trials, rng)
    kept = log_weight[overlap >= parameters[3]]
    result = from_weights(kept, n_trials, "importance") if kept.size else None
    if result is None or result.ess < SMALLEST_ESS:
        ess = 0.0 if result is None else result.ess
        raise RuntimeError(
            f"{where}: the effective sample size must be at least {SMALLEST_ESS}, got {ess:.1f} of "
            f"{n_trials} trials with odds={factor:.4g} (draw more trials, or leave odds at None)"
        )
    return result


def splitting_false_positives(
    n: int,
    a: int,
    s: int,
    theta: int,
    *,
    n_particles: int = 20_000,
    n_sweeps: int = 10,
    n_repeats: int = 4,
    random_state: int | np.random.Generator | None = None,
    n_jobs: int | None = None,
) -> RateEstimate:
    """Estimate a small false-positive probability by multilevel splitting.

    Parameters
    ----------
    n, a, s, theta : int
        As in `false_positive_prob`.
    n_particles : int, default=20000
        Patterns that climb together.
    n_sweeps : int, default=10
        Sweeps after each level; one sweep is a swap for each active cell.
    n_repeats : int, default=4
        Independent runs, >= 2, from whose scatter the error comes.
    random_state : int, Generator or None, default=None
        Seed or generator.
    n_jobs : int or None, default=None
        Processes, as in joblib. It never changes a number.

    Returns
    -------
    RateEstimate
        Mean over the runs; the interval is that of Student's t over their logarithms.

    Raises
    ------
    ValueError
        If a number is not whole or an inequality is broken; the message names it.
    RuntimeError
        If no particle of some run reaches a level.

    Notes
    -----
    Fixed levels at overlaps 1 ... theta. Particles below a level are replaced by copies of those at
    it or above; then one active and one silent cell change places, a sweeps times, unless that loses
    the level. No likelihood ratio and no formula enters.

    Examples
    --------
    >>> rate = splitting_false_positives(1000, 64, 12, 6, n_particles=2000, random_state=0)
    >>> 0.5 < rate.estimate / 3.20e-05 < 2
    True
    """
    where = "splitting_false_positives"
    parameters = _parameters(where, n, a, s, theta)
    particles = count(where, "n_particles", n_particles, 2)
    sweeps = count(where, "n_sweeps", n_sweeps)
    repeats = count(where, "n_repeats", n_repeats, 2)
    known = _is_certain(*parameters)
    if known is not None:
        return certain(particles * repeats, known, "splitting")
    states = new_states(random_state, repeats)
    tasks = [(parameters, particles, sweeps, states[i]) for i in range(repeats)]
    logs = np.array(list(parallel_map(_climb_task, tasks, n_jobs=n_jobs, verbose=False)))
    if not np.isfinite(logs).all():
        raise RuntimeError(
            f"{where}: a particle must reach every level, got {int((~np.isfinite(logs)).sum())} of {repeats} "
            "runs without (raise n_particles)"
        )
    return _from_runs(logs, particles * repeats)


def _climb_task(
    parameters: tuple[int, int, int, int], particles: int, sweeps: int, state: np.ndarray
) -> float:
    from ._jit_rare import climb

    return float(climb(*parameters, particles, sweeps * parameters[1], state.copy()))


def _from_runs(logs: Numbers, n_trials: int) -> RateEstimate:
    from scipy.stats import t

    repeats = logs.size
    shift = float(logs.max())
    scaled = np.exp(logs - shift)
    log_estimate = shift + math.log(float(scaled.mean()))
    relative = float(scaled.std(ddof=1) / scaled.mean()) / math.sqrt(repeats)
    half_width = float(t.ppf(0.975, repeats - 1)) * float(logs.std(ddof=1)) / math.sqrt(repeats)
    ess = float(repeats) if relative == 0 else min(float(n_trials), 1 / relative**2)
    return from_log(log_estimate, relative, half_width, n_trials, ess, repeats, "splitting")
