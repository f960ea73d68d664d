"""Joint maximum-likelihood fit of an observer's channel: all bands share one lapse rate and one slope."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option
from neurosci.stats._curves import fit_binomial_curves

from ._counts import check_levels, check_rates, check_stacked_counts
from ._index import FWHM_PER_SIGMA
from ._likelihood_design import CENTER, LAPSE, PEAK, SLOPE, WIDTH, Design, log2_sensitivity
from ._published import GUESS_RATE, LOWEST_FREQUENCY, NOISE_SD
from ._sigmoids import SIGMOIDS, sigmoid_inverse

_WHERE = "fit_channel_likelihood"


@dataclass(frozen=True)
class ChannelLikelihood:
    """Channels fitted by maximum likelihood, with what is needed to give intervals.

    The leading axes of every array are those of the counts; for the counts of one observer the
    arrays have no axis.

    Parameters
    ----------
    params : ndarray of shape (..., 5)
        Estimates, resolved or not: log2 of the peak sensitivity, centre (bands from the lowest),
        natural log of the width (standard deviation, octaves), natural log of the slope, lapse rate.
    covariance : ndarray of shape (..., 5, 5)
        Inverse of the expected information of `params`; NaN for parameters at a bound.
    log_likelihood : ndarray of shape (...,)
        Binomial log likelihood without the binomial coefficients, nats.
    deviance : ndarray of shape (...,)
        Twice the distance to the saturated model, nats; trials without noise count as one cell.
    dispersion : ndarray of shape (...,)
        Pearson's chi-square over the degrees of freedom; 1 for binomial counts that follow the
        model.
    degrees_of_freedom : ndarray of int64, shape (...,)
        Cells with trials less free parameters.
    score_norm : ndarray of shape (...,)
        Largest derivative of the log likelihood by a free parameter at the estimates.
    converged : ndarray of bool, shape (...,)
        Whether the optimiser converged.
    at_bound : ndarray of bool, shape (..., 5)
        Which parameters stopped at a bound of the fit; a lapse rate of 0 is such a bound.
    reason : ndarray of str, shape (...,)
        Why the counts do not determine a channel; empty where they do.
    n_correct, n_trials : ndarray of int64, shape (..., n_noise_sd, n_bands)
        The counts.
    noise_sd : ndarray of shape (n_noise_sd,)
        Noise SD of the rows, pixel units (0 to 1).
    guess_rate : float
        Rate of correct answers by guessing.
    sigmoid : str
        Name of the sigmoid.
    lowest_frequency : float
        Label frequency of the first band, cycles/image.
    """

    params: NDArray[np.float64]
    covariance: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    deviance: NDArray[np.float64]
    dispersion: NDArray[np.float64]
    degrees_of_freedom: NDArray[np.int64]
    score_norm: NDArray[np.float64]
    converged: NDArray[np.bool_]
    at_bound: NDArray[np.bool_]
    reason: NDArray[np.str_]
    n_correct: NDArray[np.int64]
    n_trials: NDArray[np.int64]
    noise_sd: NDArray[np.float64]
    guess_rate: float
    sigmoid: str
    lowest_frequency: float

    @property
    def design(self) -> Design:
        """The model that was fitted."""
        return Design(self.noise_sd, self.n_correct.shape[-1], self.guess_rate, self.sigmoid)

    @property
    def resolved(self) -> NDArray[np.bool_]:
        """Whether the counts determine a channel."""
        return np.asarray(self.reason == "")

    @property
    def bandwidth(self) -> NDArray[np.float64]:
        """Full width at half height of amplitude sensitivity, octaves; NaN when not resolved."""
        return self._shown(FWHM_PER_SIGMA * np.exp(self.params[..., WIDTH]))

    @property
    def bandwidth_power(self) -> NDArray[np.float64]:
        """Full width at half height of power sensitivity (1/SD squared), octaves; NaN when not resolved."""
        return self.bandwidth / math.sqrt(2)

    @property
    def center_frequency(self) -> NDArray[np.float64]:
        """Peak on the scale of the band labels, cycles/image; NaN when not resolved."""
        return self._shown(self.lowest_frequency * 2 ** self.params[..., CENTER])

    @property
    def peak_sensitivity(self) -> NDArray[np.float64]:
        """One over the noise SD at half performance at the peak, 1/pixel units; NaN when not resolved."""
        return self._shown(2 ** self.params[..., PEAK])

    @property
    def peak_tested(self) -> NDArray[np.bool_]:
        """Whether the noise SD at half performance at the peak lies within the noise SDs that were shown."""
        shown = self.noise_sd[self.noise_sd > 0]
        half = 2.0 ** -self.params[..., PEAK]
        return np.asarray(self.resolved & (half >= shown[0]) & (half <= shown[-1]))

    @property
    def slope(self) -> NDArray[np.float64]:
        """Slope of the psychometric function, units of the sigmoid's argument per octave of noise SD."""
        return np.asarray(np.exp(self.params[..., SLOPE]))

    @property
    def lapse_rate(self) -> NDArray[np.float64]:
        """Rate of errors without noise."""
        return np.asarray(self.params[..., LAPSE])

    def thresholds(self, criterion: float | None = None, *, relative: bool = False) -> NDArray[np.float64]:
        """Return the noise SD at which accuracy falls to a criterion, per band.

        Parameters
        ----------
        criterion : float, default=None
            Proportion correct, in (0, 1). With ``relative=True`` the fraction of the way from
            guessing to accuracy without noise. ``None`` is half of that way: the point where the
            sigmoid is one half.
        relative : bool, default=False
            Whether `criterion` is such a fraction.

        Returns
        -------
        ndarray of shape (..., n_bands)
            Noise SD, pixel units (0 to 1), of the fitted model; NaN where it does not lie within
            the noise SDs that were shown, where accuracy never is at the criterion, and where no
            channel is resolved.

        Raises
        ------
        ValueError
            If `criterion` is outside its range.
        """
        if criterion is not None and not 0 < criterion < 1:
            raise ValueError(
                f"ChannelLikelihood: criterion must be in (0, 1), got {criterion} (give 0.5 for 50 %)"
            )
        share = np.full(self.params.shape[:-1], 0.5 if criterion is None else criterion)
        if criterion is not None and not relative:
            with np.errstate(divide="ignore", invalid="ignore"):
                share = (criterion - self.guess_rate) / (1 - self.guess_rate - self.lapse_rate)
        share = np.where((share > 0) & (share < 1), share, np.nan)[..., np.newaxis]
        at_half = log2_sensitivity(self.params, self.n_correct.shape[-1])
        argument = sigmoid_inverse(self.sigmoid, share)
        with np.errstate(over="ignore"):
            found = 2 ** (-at_half - argument / np.exp(self.params[..., [SLOPE]]))
        shown = self.noise_sd[self.noise_sd > 0]
        inside = self.resolved[..., np.newaxis] & (found >= shown[0]) & (found <= shown[-1])
        return np.where(inside, found, np.nan)

    def probability(self) -> NDArray[np.float64]:
        """Return the fitted probability of a correct answer in each cell.

        Returns
        -------
        ndarray of shape (..., n_noise_sd, n_bands)
            Probability (0 to 1), resolved or not.
        """
        return self.design.probability(self.params)

    def _shown(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(self.resolved, values, np.nan)


def fit_channel_likelihood(
    n_correct: ArrayLike,
    n_trials: ArrayLike,
    *,
    noise_sd: Sequence[float] = NOISE_SD,
    guess_rate: float = GUESS_RATE,
    sigmoid: str = "logistic",
    lowest_frequency: float = LOWEST_FREQUENCY,
) -> ChannelLikelihood:
    r"""Fit the channels of many observers at once by maximum likelihood.

    Parameters
    ----------
    n_correct : array-like of shape (..., n_noise_sd, n_bands)
        Correct answers; rows in ascending noise SD, columns from low to high frequency. Any axes
        before these count observers or resamples.
    n_trials : array-like of shape (..., n_noise_sd, n_bands) or (n_noise_sd, n_bands)
        Trials. A condition without trials is passed over with a warning.
    noise_sd : sequence of float, default=(0, 0.02, 0.04, 0.08, 0.16)
        Noise SD of the rows, pixel units (0 to 1), ascending; 0 is allowed.
    guess_rate : float, default=0.0625
        Rate of correct answers by guessing, in [0, 1).
    sigmoid : {"logistic", "norm", "weibull", "gumbel"}, default="logistic"
        Shape of the psychometric function. All are scaled to be one half at 0; "weibull" is
        :math:`1 - 2^{-e^z}`, a Weibull function of one over the noise SD, "gumbel" its mirror image.
    lowest_frequency : float, default=1.75
        Label frequency of the first band, cycles/image; each further band is one octave up.

    Returns
    -------
    ChannelLikelihood
        Estimates, intervals' ingredients and a judgement for each observer.

    Raises
    ------
    ValueError
        If counts are impossible, shapes disagree or a parameter is outside its range.

    See Also
    --------
    channel_confint : Intervals by profile likelihood and bootstrap.

    Notes
    -----
    A correct answer in band :math:`k` has the probability

    .. math::

        p = g + (1 - g - \lambda)\, F(-\beta\,(\log_2 \mathrm{SD} - \log_2 \theta_k)), \qquad
        \log_2 (1/\theta_k) = \log_2 P - \log_2(e)\, \frac{(k - \mu)^2}{2 s^2},

    with one lapse rate :math:`\lambda` and one slope :math:`\beta` for all bands. The threshold
    :math:`\theta_k` is the noise SD at which :math:`F` is one half, that is half way between
    guessing and the observer's own accuracy without noise, *not* 50 % correct. Trials without noise
    have :math:`p = 1 - \lambda` in whatever band they are listed. The width of
    :math:`1/\theta` (amplitude) at half height is :math:`2\sqrt{2 \ln 2}\,s` octaves; that of
    :math:`1/\theta^2` (power) is smaller by :math:`\sqrt 2`.

    The likelihood may have several maxima, so that the fit starts from the three best separate
    points of a coarse grid. A channel is resolved when all of these hold:

    1. the optimiser converged;
    2. the width, the slope, the peak and the centre are not at the bounds of the fit (full widths
       of 0.1 to 64 octaves, slopes of 0.05 to 50 per octave), and accuracy without noise is above
       guessing;
    3. the centre lies within the measured bands (half a band beyond the outer ones);
    4. the fit is better than one with equal thresholds in all bands (likelihood ratio, 95 %);
    5. the standard error of the width is less than a factor of two.

    References
    ----------
    Subramanian A, Sizikova E, Majaj NJ, Pelli DG (2023). Spatial-frequency channels, shape bias,
    and adversarial robustness. Advances in Neural Information Processing Systems 36, 4137-4149.

    Wichmann FA, Hill NJ (2001). The psychometric function: I. Fitting, sampling, and goodness of
    fit. Perception & Psychophysics 63, 1293-1313.

    Examples
    --------
    >>> from neurosci.critical_band import make_channel_counts
    >>> data = make_channel_counts(3, bandwidth=[1.5, 2.0, 4.0], random_state=0)
    >>> fit = fit_channel_likelihood(data.n_correct, data.n_trials)
    >>> fit.bandwidth.round(1).tolist(), fit.resolved.all().item()
    ([1.4, 1.9, 4.3], True)
    """
    levels = check_levels(noise_sd, _WHERE)
    check_option(_WHERE, "sigmoid", sigmoid, SIGMOIDS)
    check_rates(guess_rate, lowest_frequency, _WHERE)
    correct, trials = check_stacked_counts(n_correct, n_trials, len(levels), _WHERE)
    empty = int((trials == 0).sum())
    if empty:
        warnings.warn(
            f"{_WHERE}: {empty} of {trials.size} conditions have no trial and are passed over", stacklevel=2
        )
    return fit_checked(
        correct, trials, Design(levels, trials.shape[-1], guess_rate, sigmoid), lowest_frequency
    )


def fit_checked(
    correct: NDArray[np.int64],
    trials: NDArray[np.int64],
    design: Design,
    lowest_frequency: float,
) -> ChannelLikelihood:
    """Fit counts that were checked."""
    return ChannelLikelihood(
        **fitted_fields(correct, trials, design), sigmoid=design.sigmoid, lowest_frequency=lowest_frequency
    )


def fitted_fields(correct: NDArray[np.int64], trials: NDArray[np.int64], design: Design) -> dict[str, Any]:
    """Return what all fits of counts by a model of this kind have in common."""
    lead = correct.shape[:-2]
    k, n = design.pack(correct), design.pack(trials)
    fits = fit_binomial_curves(k, n, design.model, design.starts(k, n), low=design.low, high=design.high)
    freedom = (n > 0).sum(axis=1) - (~fits.at_bound).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        dispersion = np.where(freedom > 0, fits.pearson / freedom, np.nan)
    found = {
        name: getattr(fits, name)
        for name in (
            "params",
            "covariance",
            "log_likelihood",
            "deviance",
            "score_norm",
            "converged",
            "at_bound",
        )
    }
    found |= {"dispersion": dispersion, "degrees_of_freedom": freedom, "reason": design.reasons(fits, k, n)}
    return {
        **{name: values.reshape(lead + values.shape[1:]) for name, values in found.items()},
        "n_correct": correct,
        "n_trials": trials,
        "noise_sd": design.levels,
        "guess_rate": design.guess_rate,
    }
