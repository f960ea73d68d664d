"""Joint fit of a noisy linear channel: a Gaussian filter, internal noise and a choice among alternatives."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._counts import check_levels, check_rates, check_stacked_counts
from ._filter_design import DPRIME, FilterDesign
from ._filter_spectra import Spectra, band_weights
from ._index import FWHM_PER_SIGMA
from ._likelihood import fitted_fields
from ._likelihood_design import CENTER, LAPSE, N_PARAMS, PEAK, WIDTH
from ._published import GUESS_RATE, LOWEST_FREQUENCY, NOISE_SD

_WHERE = "fit_channel_filter"


@dataclass(frozen=True)
class ChannelFilter:
    """Filters fitted by maximum likelihood, with what is needed to give intervals.

    The leading axes of every array are those of the counts; for the counts of one observer the
    arrays have no axis.

    Parameters
    ----------
    params : ndarray of shape (..., 5)
        Estimates, resolved or not: log2 of the peak sensitivity, centre (octaves above
        `lowest_frequency`), natural log of the width (standard deviation of the power gain,
        octaves), natural log of d' without noise, lapse rate.
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
        Which parameters stopped at a bound of the fit: a lapse rate of 0, or a d' without noise of
        7 (then errors without noise are all lapses, and internal noise is not measurable).
    reason : ndarray of str, shape (...,)
        Why the counts do not determine a channel; empty where they do.
    n_correct, n_trials : ndarray of int64, shape (..., n_noise_sd, n_bands)
        The counts.
    noise_sd : ndarray of shape (n_noise_sd,)
        Noise SD of the rows, pixel units (0 to 1).
    guess_rate : float
        Rate of correct answers by guessing.
    lowest_frequency : float
        Frequency from which the centre is counted, cycles/image.
    design : FilterDesign
        The model that was fitted.
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
    lowest_frequency: float
    design: FilterDesign = field(repr=False)

    @property
    def resolved(self) -> NDArray[np.bool_]:
        """Whether the counts determine a channel."""
        return np.asarray(self.reason == "")

    @property
    def bandwidth(self) -> NDArray[np.float64]:
        """Full width at half height of the power gain, octaves; NaN when not resolved."""
        return self._shown(FWHM_PER_SIGMA * np.exp(self.params[..., WIDTH]))

    @property
    def bandwidth_amplitude(self) -> NDArray[np.float64]:
        """Full width at half height of the amplitude gain, octaves; NaN when not resolved."""
        return self.bandwidth * math.sqrt(2)

    @property
    def center_frequency(self) -> NDArray[np.float64]:
        """Peak of the filter, cycles/image (physical, not a label of a band); NaN when not resolved."""
        return self._shown(self.lowest_frequency * 2 ** self.params[..., CENTER])

    @property
    def peak_sensitivity(self) -> NDArray[np.float64]:
        """One over the noise SD, all at the peak, at half performance, 1/pixel units; NaN if not resolved."""
        return self._shown(2 ** self.params[..., PEAK])

    @property
    def peak_tested(self) -> NDArray[np.bool_]:
        """Whether some band is brought to half performance by a noise SD within those that were shown."""
        shown = self.noise_sd[self.noise_sd > 0]
        lowest = self._all_thresholds(0.5, relative=True).min(axis=-1)
        return np.asarray(self.resolved & (lowest >= shown[0]) & (lowest <= shown[-1]))

    @property
    def internal_dprime(self) -> NDArray[np.float64]:
        """Distance d' of the right alternative without noise in the image."""
        return np.asarray(np.exp(self.params[..., DPRIME]))

    @property
    def lapse_rate(self) -> NDArray[np.float64]:
        """Share of trials in which the answer is a guess, whatever the stimulus."""
        return np.asarray(self.params[..., LAPSE])

    @property
    def ceiling(self) -> NDArray[np.float64]:
        """Accuracy without noise."""
        lapse = self.lapse_rate
        top = self.design.table.accuracy(self.internal_dprime)
        return np.asarray(lapse * self.guess_rate + (1 - lapse) * top)

    def thresholds(self, criterion: float | None = None, *, relative: bool = False) -> NDArray[np.float64]:
        """Return the noise SD at which accuracy falls to a criterion, per band.

        Parameters
        ----------
        criterion : float, default=None
            Proportion correct, in (0, 1). With ``relative=True`` the fraction of the way from
            guessing to accuracy without noise. ``None`` is half of that way.
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
                f"ChannelFilter: criterion must be in (0, 1), got {criterion} (give 0.5 for 50 %)"
            )
        found = self._all_thresholds(criterion or 0.5, relative=relative or criterion is None)
        shown = self.noise_sd[self.noise_sd > 0]
        with np.errstate(invalid="ignore"):
            inside = self.resolved[..., np.newaxis] & (found >= shown[0]) & (found <= shown[-1])
        return np.where(inside, found, np.nan)

    def gain(self, frequency: ArrayLike) -> NDArray[np.float64]:
        """Return the power gain of the filters, 1 at their peak.

        Parameters
        ----------
        frequency : array-like of shape (n_frequencies,)
            Cycles/image, > 0.

        Returns
        -------
        ndarray of shape (..., n_frequencies)
            Gain (0 to 1); NaN when not resolved.

        Raises
        ------
        ValueError
            If a frequency is not above 0.
        """
        values = np.asarray(frequency, dtype=float)
        if not (values > 0).all():
            raise ValueError("ChannelFilter: frequency must be > 0 cycles/image, got others")
        octaves = np.log2(values / self.lowest_frequency)
        distance = (octaves - self.params[..., [CENTER]]) / np.exp(self.params[..., [WIDTH]])
        return np.where(self.resolved[..., np.newaxis], np.exp(-(distance**2) / 2), np.nan)

    def probability(self) -> NDArray[np.float64]:
        """Return the fitted probability of a correct answer in each cell.

        Returns
        -------
        ndarray of shape (..., n_noise_sd, n_bands)
            Probability (0 to 1), resolved or not.
        """
        return self.design.probability(self.params)

    def _all_thresholds(self, criterion: float, *, relative: bool) -> NDArray[np.float64]:
        flat = self.params.reshape(-1, N_PARAMS)
        found = self.design.thresholds(flat, criterion, relative)
        return found.reshape(*self.params.shape[:-1], self.design.n_bands)

    def _shown(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(self.resolved, values, np.nan)


def fit_channel_filter(
    n_correct: ArrayLike,
    n_trials: ArrayLike,
    *,
    noise_sd: Sequence[float] = NOISE_SD,
    guess_rate: float = GUESS_RATE,
    band_spectra: Spectra | None = None,
    lowest_frequency: float = LOWEST_FREQUENCY,
) -> ChannelFilter:
    r"""Fit noisy linear channels of many observers at once by maximum likelihood.

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
        One over the number of alternatives.
    band_spectra : sequence of (array-like, array-like), default=None
        For each band, the lowest first, frequencies (cycles/image) and power of its noise at each
        for a noise SD of 1. ``None`` takes the published bands: the levels of a Laplacian pyramid
        of 224 x 224 white noise, scaled to equal mean squares.
    lowest_frequency : float, default=1.75
        Frequency from which the centre is counted in octaves, cycles/image; changes no result.

    Returns
    -------
    ChannelFilter
        Estimates, intervals' ingredients and a judgement for each observer.

    Raises
    ------
    ValueError
        If counts are impossible, shapes disagree or a parameter is outside its range.

    See Also
    --------
    channel_confint : Intervals by profile likelihood and bootstrap.
    make_filter_counts : Counts of observers that follow this model.
    fit_channel_likelihood : The same for sensitivity that is Gaussian over the labels of the bands.

    Notes
    -----
    The observer compares m alternatives through a linear filter with the power gain

    .. math::

        G(f) = \exp\left(-\frac{(\log_2 f - \log_2 f_0)^2}{2 s^2}\right).

    Noise of band :math:`k` and standard deviation SD passes it with the power
    :math:`\mathrm{SD}^2 v_k,\ v_k = \sum_f G(f) S_k(f)`, where :math:`S_k` is the spectrum of the band. With
    internal noise, the right alternative stands out by

    .. math::

        d' = \left(\mathrm{SD}^2 v_k / c^2 + 1/a^2\right)^{-1/2}, \qquad
        p = \frac{\lambda}{m} + (1 - \lambda) \int \varphi(x - d')\, \Phi(x)^{m-1}\, dx.

    :math:`a` is d' without noise in the image and :math:`\lambda` the share of guesses. Because the
    spectra of the bands are part of the model, their width does not broaden the filter, and
    :math:`f_0` is a frequency, not a label. In place of :math:`c` the fit has the peak sensitivity
    :math:`P`: one over the noise SD at half performance (half way between guessing and accuracy
    without noise) if all noise were at :math:`f_0`.

    Resolved channels follow the rules of `fit_channel_likelihood`, with the width of the power
    gain, d' without noise in place of the slope (at its upper bound, 7, a channel is still resolved),
    and the centre between the mean frequencies of the outer bands, half an octave beyond them.

    References
    ----------
    Solomon JA, Pelli DG (1994). The visual filter mediating letter identification. Nature 369,
    395-397.

    Pelli DG (1981). Effects of visual noise. PhD thesis, University of Cambridge.

    Examples
    --------
    >>> from neurosci.critical_band import fit_channel_filter, make_filter_counts
    >>> data = make_filter_counts(3, bandwidth=[1.0, 2.0, 3.0], random_state=0)
    >>> fit = fit_channel_filter(data.n_correct, data.n_trials)
    >>> fit.resolved.all().item()
    True
    """
    levels = check_levels(noise_sd, _WHERE)
    check_rates(guess_rate, lowest_frequency, _WHERE)
    weights = band_weights(band_spectra, _WHERE)
    correct, trials = check_stacked_counts(n_correct, n_trials, len(levels), _WHERE)
    check_n_bands(correct.shape[-1], weights.n_bands, _WHERE)
    empty = int((trials == 0).sum())
    if empty:
        warnings.warn(
            f"{_WHERE}: {empty} of {trials.size} conditions have no trial and are passed over", stacklevel=2
        )
    design = FilterDesign(levels, guess_rate, weights, lowest_frequency, _WHERE)
    return fit_filter_checked(correct, trials, design, lowest_frequency)


def fit_filter_checked(
    correct: NDArray[np.int64], trials: NDArray[np.int64], design: FilterDesign, lowest_frequency: float
) -> ChannelFilter:
    """Fit counts that were checked."""
    return ChannelFilter(
        **fitted_fields(correct, trials, design), design=design, lowest_frequency=lowest_frequency
    )


def check_n_bands(n_counted: int, n_spectra: int, where: str) -> None:
    """Refuse counts of other bands than those whose spectra are known."""
    if n_counted != n_spectra:
        raise ValueError(
            f"{where}: band_spectra must have one entry per band of the counts ({n_counted}), got "
            f"{n_spectra} (None stands for the seven published bands)"
        )
