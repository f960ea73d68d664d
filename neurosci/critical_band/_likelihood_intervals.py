"""Intervals of the likelihood fit: profile, bootstrap over trials and over observers, and Wald."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import check_option
from neurosci._core.random import check_random_state
from neurosci.stats._curves import CurveFits, fit_binomial_curves
from neurosci.stats._profile import profile_binomial_curves

from ._channel_intervals import quantile_limits
from ._filter import ChannelFilter
from ._likelihood import ChannelLikelihood
from ._likelihood_design import CENTER, LAPSE, N_PARAMS, PEAK, SLOPE, WIDTH, Design

_WHERE = "channel_confint"
METHODS = ("profile", "bootstrap", "wald")
RESAMPLES = ("fitted", "observed", "observers")
# First step of a profile without a standard error, in the units of each parameter.
_STEPS = {PEAK: 0.5, CENTER: 0.5, WIDTH: 0.3, SLOPE: 0.3, LAPSE: 0.02}


def channel_confint(
    fit: ChannelLikelihood | ChannelFilter,
    *,
    method: str = "profile",
    level: float = 0.95,
    resample: str = "fitted",
    n_resamples: int = 1000,
    random_state: object = None,
) -> dict[str, NDArray[np.float64]]:
    """Return intervals of width, centre, peak, slope and lapse rate of fitted channels.

    Parameters
    ----------
    fit : ChannelLikelihood or ChannelFilter
        What `fit_channel_likelihood` or `fit_channel_filter` returned.
    method : {"profile", "bootstrap", "wald"}, default="profile"
        Profile likelihood: the values whose best fit is not worse than the data allow (chi-square
        with one degree of freedom). Percentile bootstrap: refits of resampled counts. Wald: the
        curvature at the estimate, on the scale of the parameters.
    level : float, default=0.95
        Coverage, in (0, 1).
    resample : {"fitted", "observed", "observers"}, default="fitted"
        For the bootstrap. "fitted" draws binomial counts from the fitted probabilities
        (parametric); "observed" draws the trials of each cell with replacement, which is binomial
        with the observed proportion; "observers" draws whole observers of the one leading axis
        with replacement and fits their summed counts, so that the intervals are those of the
        pooled channel.
    n_resamples : int, default=1000
        Number of bootstrap resamples, >= 100.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness of the bootstrap.

    Returns
    -------
    dict of ndarray of shape (..., 2)
        Lower and upper limits of ``bandwidth`` (octaves; of a filter, of the power gain),
        ``center_frequency`` (cycles/image; on the label scale, or of a filter itself),
        ``peak_sensitivity`` (1/pixel units) and ``lapse_rate`` (0 to 1). The likelihood fit adds
        ``bandwidth_power`` and ``slope`` (per octave), the filter ``bandwidth_amplitude`` and
        ``internal_dprime``. With ``resample="observers"`` the shape is (2,).

    Raises
    ------
    ValueError
        If an option is unknown or outside its range, or there are no observers to resample.

    Notes
    -----
    A profile or bootstrap limit is 0 or infinite where the data set none; an unresolved channel
    thus has an interval that is open on one side or both. Resamples that are not resolved count
    with their raw estimates, and those at a bound of the fit as 0 or infinite. Wald limits are NaN
    for parameters at a bound. No interval allows for overdispersion or for the choice of images:
    see ``dispersion``.

    Examples
    --------
    >>> from neurosci.critical_band import fit_channel_likelihood, make_channel_counts
    >>> data = make_channel_counts(1, bandwidth=2.0, random_state=0)
    >>> fit = fit_channel_likelihood(data.n_correct[0], data.n_trials)
    >>> channel_confint(fit)["bandwidth"].round(1).tolist()
    [1.9, 2.6]
    """
    check_option(_WHERE, "method", method, METHODS)
    check_option(_WHERE, "resample", resample, RESAMPLES)
    if not 0 < level < 1:
        raise ValueError(f"{_WHERE}: level must be in (0, 1), got {level} (give 0.95 for 95 %)")
    if method == "profile":
        return fit.design.named_limits(_profile(fit, level), fit.lowest_frequency)
    if method == "wald":
        return fit.design.named_limits(_wald(fit, level), fit.lowest_frequency)
    if n_resamples < 100:
        raise ValueError(f"{_WHERE}: n_resamples must be >= 100, got {n_resamples} (limits would be noise)")
    if resample == "observers":
        if fit.n_correct.ndim != 3 or len(fit.n_correct) < 2:
            raise ValueError(
                f"{_WHERE}: fit must hold at least 2 observers along one axis for resample='observers', "
                f"got counts of shape {fit.n_correct.shape}"
            )
        rng = check_random_state(random_state)
        draws = refit(*pool_observers(fit.n_correct, fit.n_trials, n_resamples, rng), fit.design)
    else:
        draws = trial_draws(fit, resample, n_resamples, random_state)
    return fit.design.named_limits(quantile_limits(draws, level), fit.lowest_frequency)


def _profile(fit: ChannelLikelihood | ChannelFilter, level: float) -> NDArray[np.float64]:
    design = fit.design
    k, n = design.pack(fit.n_correct), design.pack(fit.n_trials)
    flat = fit.params.reshape(-1, N_PARAMS)
    nothing = np.zeros(len(flat))
    fits = CurveFits(
        params=flat,
        log_likelihood=fit.log_likelihood.reshape(-1),
        deviance=nothing,
        pearson=nothing,
        covariance=fit.covariance.reshape(-1, N_PARAMS, N_PARAMS),
        score=nothing[:, np.newaxis],
        converged=fit.converged.reshape(-1),
        at_bound=fit.at_bound.reshape(-1, N_PARAMS),
        n_iterations=np.zeros(len(flat), np.int64),
        probability=nothing[:, np.newaxis],
    )
    limits = profile_binomial_curves(
        fits,
        k,
        n,
        design.model,
        list(_STEPS),
        low=design.low,
        high=design.high,
        level=level,
        steps=list(_STEPS.values()),
    )
    return limits.reshape(*fit.params.shape, 2)


def _wald(fit: ChannelLikelihood | ChannelFilter, level: float) -> NDArray[np.float64]:
    from scipy.special import ndtri

    variance = np.diagonal(fit.covariance, axis1=-2, axis2=-1)
    reach = float(ndtri(0.5 + level / 2)) * np.sqrt(variance)
    return np.stack([fit.params - reach, fit.params + reach], axis=-1)


def pool_observers(
    n_correct: NDArray[np.int64], n_trials: NDArray[np.int64], n_resamples: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return summed counts of observers drawn with replacement, resamples along the first axis."""
    n_observers = len(n_correct)
    chosen = rng.multinomial(n_observers, np.full(n_observers, 1 / n_observers), size=n_resamples)
    return np.tensordot(chosen, n_correct, axes=1), np.tensordot(chosen, n_trials, axes=1)


def trial_draws(
    fit: ChannelLikelihood | ChannelFilter, resample: str, n_resamples: int, random_state: object
) -> NDArray[np.float64]:
    """Return parameters of refits of resampled trials, resamples along the first axis."""
    rng = check_random_state(random_state)
    design = fit.design
    observed = fit.n_correct / np.maximum(fit.n_trials, 1)
    proportion = fit.probability() if resample == "fitted" else observed
    shape = fit.n_correct.shape
    params = np.empty((n_resamples, *fit.params.shape))
    # One observer at a time keeps the memory that of the resamples of one.
    for place in np.ndindex(shape[:-2]):
        trials = np.broadcast_to(fit.n_trials[place], (n_resamples, *shape[-2:]))
        correct = rng.binomial(trials, np.clip(proportion[place], 0, 1))
        params[(slice(None), *place)] = refit(correct, trials, design, fit.params[place])
    return params


def refit(
    correct: NDArray[np.int64],
    trials: NDArray[np.int64],
    design: Design,
    estimate: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Fit resamples of one observer, or of pooled ones, from the best point of the grid and the estimate."""
    k, n = design.pack(correct), design.pack(trials)
    starts = design.starts(k, n)
    if estimate is not None:
        starts[1:] = estimate
    return _open_ended(
        fit_binomial_curves(k, n, design.model, starts[:2], low=design.low, high=design.high).params, design
    )


def _open_ended(params: NDArray[np.float64], design: Design) -> NDArray[np.float64]:
    """Replace estimates at an artificial bound by infinities; the bounds of the lapse rate are real."""
    artificial = np.arange(N_PARAMS) != LAPSE
    params = np.where(artificial & (params >= design.high), np.inf, params)
    return np.where(artificial & (params <= design.low), -np.inf, params)
