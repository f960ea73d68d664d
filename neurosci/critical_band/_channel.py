"""Estimator of an observer's spatial-frequency channel from counts of correct answers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from neurosci._core.metric import Metric

from ._channel_index import IndexMethod
from ._channel_intervals import check_interval_options
from ._channel_likelihood import LikelihoodMethod
from ._channel_methods import LIKELIHOODS, check_parameters
from ._counts import check_counts, check_stacked_counts
from ._filter_spectra import Spectra
from ._index import NotResolvedWarning, check_accuracy, gaussian
from ._published import GUESS_RATE, LOWEST_FREQUENCY, NOISE_SD

_WHERE = "ChannelEstimator"


class ChannelEstimator(BaseEstimator):
    r"""Estimate the spatial-frequency channel of one observer, or of a group.

    Noise of one band at a time makes an observer fail at a threshold; sensitivity to the noise, as a
    function of its band, is the observer's channel: its width, centre and peak are estimated.

    Parameters
    ----------
    method : {"index", "ml", "filter"}, default="index"
        "index" is the published method: thresholds as whole octave steps of the tested noise
        levels, and a Gaussian through them. "ml" is maximum likelihood: one psychometric function
        per band with shared slope and lapse rate, whose thresholds follow a Gaussian channel, fitted
        to all counts at once. "filter" is maximum likelihood too, of a linear filter with internal
        noise that chooses among 1/guess_rate alternatives; the spectra of the bands are part of it.
    criterion : float, default=0.5
        Proportion correct that defines the threshold, in (0, 1). With ``relative=True`` the
        fraction of the way from guessing to the observer's own accuracy without noise.
    relative : bool, default=False
        Whether `criterion` is relative to the accuracy without noise, pooled over bands.
    noise_sd : sequence of float, default=(0, 0.02, 0.04, 0.08, 0.16)
        Noise SD of the rows, pixel units (0 to 1), ascending. "index" needs 0 first, then doubling.
    sensitivity : {None, "amplitude", "power"}, default=None
        What "ml" and "filter" call sensitivity: one over the threshold SD (amplitude) or over its
        square (power), which makes the bandwidth smaller by :math:`\sqrt 2`. ``None`` means
        amplitude for "ml" and power, the gain of the filter, for "filter". "index" fits the
        logarithm, whose width is the same for both, and takes no power.
    lowest_frequency : float, default=1.75
        Label frequency of the first column, cycles/image; each further column is an octave up.
    amplitude_bound : float, default=None
        "index" only: upper bound of the Gaussian's peak, octave steps; ``None`` takes the number of
        noise levels above zero, as published.
    guess_rate : float, default=0.0625
        Rate of correct answers by guessing, in [0, 1); for "filter" one over a whole number.
    sigmoid : {"logistic", "norm", "weibull", "gumbel"}, default="logistic"
        "ml" only: shape of the psychometric function, as in `fit_channel_likelihood`.
    band_spectra : sequence of (array-like, array-like), default=None
        "filter" only: spectra of the bands, as in `fit_channel_filter`; ``None``: the published ones.

    Attributes
    ----------
    thresholds_ : ndarray of shape (n_bands,)
        The noise SD at which the fitted accuracy is at the criterion, pixel units; NaN outside the
        noise SDs that were shown. With "index", threshold indices (int64): octave steps
        below the strongest noise (0 to n_noise_sd - 1), which is what the published method fits;
        -1 for a band without any trial.
    sensitivity_ : ndarray of shape (n_bands,)
        One over `thresholds_`, or over their square. With "index", a ratio: 1 for a threshold at
        the lowest noise SD.
    threshold_noise_sd_ : ndarray of shape (n_bands, 2)
        "index" only: limits between which the threshold lies, pixel units (0 to 1): the strongest
        tested noise SD with accuracy above the criterion and the next stronger one. The upper limit
        is infinite where even the strongest noise leaves accuracy above it; both are NaN where
        accuracy never exceeds the criterion, even without noise.
    resolved_bands_ : ndarray of bool, shape (n_bands,)
        "index" only: whether accuracy exceeds the criterion at some noise level, zero included.
    criterion_ : float
        Proportion correct that was used; NaN where ``relative=True`` and accuracy without noise is
        no better than guessing, and then no band exceeds it.
    resolved_ : bool
        Whether the data determine a channel (the rules are in the notes of `fit_channel`, of
        `fit_channel_likelihood` and of `fit_channel_filter`).
    reason_ : str
        Why not; empty when resolved.
    bandwidth_ : float
        Full width at half height, octaves; NaN when not resolved.
    center_frequency_ : float
        Peak, cycles/image: on the scale of the band labels, or with "filter" the frequency itself,
        about an octave lower; NaN when not resolved.
    peak_sensitivity_ : float
        Peak noise sensitivity; NaN when not resolved. One over the noise SD (or its square) at half
        performance, half way between guessing and accuracy without noise, whatever the criterion;
        with "filter" for noise that is all at the peak. With "index", a ratio (1: threshold at the
        lowest noise SD).
    at_bound_ : bool
        Whether the peak lies beyond what was tested: with "index" it stopped at `amplitude_bound`;
        with the others its noise SD is outside of those that were shown. False when not resolved.
    amplitude_, center_index_, width_ : float
        Peak ("index": octave steps; else `peak_sensitivity_`), position (octaves above
        `lowest_frequency`) and standard deviation (octaves; "index": signed) of the Gaussian; NaN
        when not resolved.
    slope_ : float
        "ml" only: slope shared by all bands, units of the sigmoid's argument per octave of noise SD.
    internal_dprime_ : float
        "filter" only: d' of the right alternative without noise in the image.
    lapse_rate_ : float
        Rate of errors without noise ("ml"), or of guesses ("filter"), shared by all bands. This and
        the rest are for "ml" and "filter" only.
    log_likelihood_, deviance_ : float
        Log likelihood without the binomial coefficients, and twice the distance to the
        saturated model, nats.
    dispersion_ : float
        Pearson's chi-square over `degrees_of_freedom_`; above 1 where counts vary more
        than the model allows, and intervals over trials are then too narrow.
    degrees_of_freedom_ : int
        Conditions with trials less free parameters.
    converged_ : bool
        Whether the optimiser converged.
    n_bands_in_, n_observers_in_ : int
        Numbers of bands and observers seen in `fit`.

    See Also
    --------
    fit_channel : The published fit on its own, with the raw values of unresolved patterns.
    fit_channel_likelihood, fit_channel_filter : Fits of many observers in one call, with the models.
    channel_table : Many observers, one row each.

    Notes
    -----
    The index method quantises thresholds to octaves. With two equal neighbouring indices, zeros
    elsewhere and the peak at its bound the width is 1.00 octave whatever the data: see `at_bound_`.

    A bandwidth of "ml" or "filter" does not depend on the criterion, since a Gaussian channel has the
    same shape at all of them; `thresholds_` and `sensitivity_` do. Widths of "index" and "ml" include
    the width of the noise bands, about 1.2 octaves; that of "filter" does not.

    References
    ----------
    Subramanian A, Sizikova E, Majaj NJ, Pelli DG (2023). Spatial-frequency channels, shape bias,
    and adversarial robustness. Advances in Neural Information Processing Systems 36, 4137-4149.

    Solomon JA, Pelli DG (1994). The visual filter mediating letter identification. Nature 369,
    395-397.

    Examples
    --------
    >>> from neurosci.critical_band import ChannelEstimator, human_mean_accuracy, make_channel_counts
    >>> channel = ChannelEstimator().fit_accuracy(human_mean_accuracy())
    >>> channel.thresholds_.tolist(), round(channel.bandwidth_, 4), channel.at_bound_
    ([0, 0, 0, 0, 2, 2, 0], 0.9999, True)
    >>> data = make_channel_counts(1, bandwidth=2.0, random_state=0)
    >>> channel = ChannelEstimator("ml").fit(data.n_correct[0], data.n_trials)
    >>> print(channel.confint()["bandwidth"].text)
    2.19 [1.89, 2.57] octaves
    """

    criterion_: float
    thresholds_: NDArray[Any]
    resolved_bands_: NDArray[np.bool_]
    at_bound_: bool
    amplitude_: float
    center_index_: float
    width_: float
    resolved_: bool
    reason_: str
    bandwidth_: float
    center_frequency_: float
    peak_sensitivity_: float

    def __init__(
        self,
        method: str = "index",
        *,
        criterion: float = 0.5,
        relative: bool = False,
        noise_sd: Sequence[float] = NOISE_SD,
        sensitivity: str | None = None,
        lowest_frequency: float = LOWEST_FREQUENCY,
        amplitude_bound: float | None = None,
        guess_rate: float = GUESS_RATE,
        sigmoid: str = "logistic",
        band_spectra: Spectra | None = None,
    ) -> None:
        self.method = method
        self.criterion = criterion
        self.relative = relative
        self.noise_sd = noise_sd
        self.sensitivity = sensitivity
        self.lowest_frequency = lowest_frequency
        self.amplitude_bound = amplitude_bound
        self.guess_rate = guess_rate
        self.sigmoid = sigmoid
        self.band_spectra = band_spectra

    def fit(self, n_correct: ArrayLike, n_trials: ArrayLike) -> Self:
        """Estimate the channel from counts.

        Parameters
        ----------
        n_correct : array-like of shape (n_noise_sd, n_bands) or (n_observers, n_noise_sd, n_bands)
            Correct answers; rows in ascending noise SD, columns from low to high frequency. Of at
            least two observers, the channel of the group is estimated: "index" averages their
            accuracies, as published, and the others sum their counts.
        n_trials : array-like, shaped as `n_correct` or (n_noise_sd, n_bands)
            Trials. A condition without trials is passed over with a warning.

        Returns
        -------
        ChannelEstimator
            Itself.

        Raises
        ------
        ValueError
            If counts are negative, fractional or above `n_trials`, if shapes disagree, or a
            parameter is outside its range.

        Warns
        -----
        NotResolvedWarning
            If the data do not determine a channel.
        """
        method = check_parameters(self, _WHERE)
        n_levels = len(method.levels)
        correct, trials = check_counts(n_correct, n_trials, n_levels, _WHERE, observers=True)
        if not trials.any():
            raise ValueError(f"{_WHERE}: n_trials must be above 0 somewhere, got only empty conditions")
        correct, trials = (table.reshape(-1, n_levels, table.shape[-1]) for table in (correct, trials))
        if self.method in LIKELIHOODS:
            check_stacked_counts(correct.sum(axis=0), trials.sum(axis=0), n_levels, _WHERE)
        empty = int((trials == 0).sum())
        if empty:
            warnings.warn(
                f"{_WHERE}: {empty} of {trials.size} conditions have no trial and are passed over",
                stacklevel=2,
            )
        return self._store(method.fit_counts(correct, trials), method, (correct, trials))

    def fit_accuracy(self, accuracy: ArrayLike) -> Self:
        """Estimate the channel from proportions, for example an average over observers.

        Parameters
        ----------
        accuracy : array-like of shape (n_noise_sd, n_bands)
            Proportion correct (0 to 1); NaN marks a condition without trials.

        Returns
        -------
        ChannelEstimator
            Itself; equal to `fit` on counts with these proportions, except that with
            ``relative=True`` the accuracy without noise weighs all bands equally.

        Raises
        ------
        ValueError
            If the table or a parameter is outside its range, or for a method that needs
            counts.

        Warns
        -----
        NotResolvedWarning
            If the thresholds do not determine a channel.
        """
        method = check_parameters(self, _WHERE)
        if isinstance(method, LikelihoodMethod):
            raise ValueError(
                f"{_WHERE}: method must be 'index' to fit proportions, got {self.method!r} (a likelihood "
                "needs counts: use fit)"
            )
        table = check_accuracy(accuracy, _WHERE)
        if len(table) != len(method.levels):
            raise ValueError(
                f"{_WHERE}: accuracy must have one row per noise level ({len(method.levels)}), "
                f"got shape {table.shape}"
            )
        if np.isnan(table).all():
            raise ValueError(f"{_WHERE}: accuracy must hold at least one number, got only NaN")
        ceiling = float(np.nanmean(table[0])) if not np.isnan(table[0]).all() else math.nan
        return self._store(method.fit(table, ceiling), method, None)

    def predict(self, bands: ArrayLike) -> NDArray[np.float64]:
        """Return the fitted channel at any position between the bands.

        Parameters
        ----------
        bands : array-like
            Positions, bands from the lowest (octaves above `lowest_frequency`).

        Returns
        -------
        ndarray
            Shaped as `bands`; NaN when not resolved. With "index" the threshold index, octave steps
            below the strongest noise; else the sensitivity at half performance.
        """
        check_is_fitted(self)
        return gaussian(bands, self.amplitude_, self.center_index_, self.width_)

    def confint(
        self,
        method: str | None = None,
        over: str = "trials",
        *,
        level: float = 0.95,
        n_resamples: int = 1000,
        random_state: object = None,
    ) -> dict[str, Metric]:
        """Return the properties of the channel with their intervals.

        Parameters
        ----------
        method : {None, "profile", "bootstrap", "wald"}, default=None
            Profile likelihood, percentile bootstrap, or the curvature at the estimate. ``None``
            takes the profile where there is one: for the likelihood fit, over trials. Everything
            else is bootstrap.
        over : {"trials", "observers"}, default="trials"
            What would be drawn anew if the experiment were repeated. "observers" needs a fit on the
            counts of at least two, and allows for differences between them; "trials" does not.
        level : float, default=0.95
            Coverage, in (0, 1).
        n_resamples : int, default=1000
            Number of bootstrap resamples, >= 100.
        random_state : None, int, SeedSequence or Generator, default=None
            Source of randomness of the bootstrap.

        Returns
        -------
        dict of Metric
            ``bandwidth``, ``center_frequency``, ``peak_sensitivity`` and ``lapse_rate``, with "ml"
            ``slope``, with "filter" ``internal_dprime``; "index" has the first three. A limit is 0
            or infinite where the data set none.

        Raises
        ------
        ValueError
            If an option is unknown or outside its range, or if the fit was on proportions or on
            one observer and counts of trials or of several observers are needed.

        Notes
        -----
        The bootstrap over trials draws from the fitted probabilities, that of "index", which has
        none, from the observed proportions. A resample that is not resolved counts as one without an
        upper (or lower) limit of the bandwidth; "index" leaves it out of the intervals of centre and
        peak.
        """
        check_is_fitted(self)
        if self._counts is None:
            raise ValueError(f"{_WHERE}: confint needs counts, got a fit on proportions (use fit)")
        options = check_interval_options(
            _WHERE,
            self._method.offered,
            self.n_observers_in_,
            method=method,
            over=over,
            level=level,
            n_resamples=n_resamples,
            random_state=random_state,
        )
        values = {name[:-1]: value for name, value in vars(self).items() if name.endswith("_")}
        return self._method.intervals(*self._counts, values, options)

    def _store(
        self,
        found: dict[str, Any],
        method: IndexMethod | LikelihoodMethod,
        counts: tuple[NDArray[np.int64], NDArray[np.int64]] | None,
    ) -> Self:
        # the other method has attributes of its own, which must not outlive it
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)
        self.__dict__.update(found)
        self.n_bands_in_ = len(self.thresholds_)
        self.n_observers_in_ = 1 if counts is None else len(counts[0])
        self._method, self._counts = method, counts
        if not self.resolved_:
            warnings.warn(
                f"{_WHERE}: no channel is resolved: {self.reason_}; bandwidth_, center_frequency_ and "
                "peak_sensitivity_ are NaN",
                NotResolvedWarning,
                stacklevel=3,
            )
        return self
