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

from neurosci._core.checks import check_option

from ._counts import check_counts, check_noise_sd
from ._index import ChannelFit, NotResolvedWarning, check_accuracy, count_steps, fit_channel, gaussian
from ._published import GUESS_RATE, LOWEST_FREQUENCY, NOISE_SD

_WHERE = "ChannelEstimator"


class ChannelEstimator(BaseEstimator):
    """Estimate the spatial-frequency channel of one observer.

    For each noise band the threshold is the strongest noise at which accuracy still exceeds a
    criterion; a Gaussian over bands through these thresholds gives width, centre and peak.

    Parameters
    ----------
    method : {"index"}, default="index"
        The published method: thresholds as whole octave steps of the tested noise levels.
    criterion : float, default=0.5
        Proportion correct that defines the threshold, in (0, 1). With ``relative=True`` the
        fraction of the way from guessing (1/16) to the observer's own accuracy without noise.
    relative : bool, default=False
        Whether `criterion` is relative to the accuracy without noise, pooled over bands.
    noise_sd : sequence of float, default=(0, 0.02, 0.04, 0.08, 0.16)
        Noise SD of the rows, pixel units (0 to 1): 0 first, then doubling.
    lowest_frequency : float, default=1.75
        Label frequency of the first column, cycles/image; each further column is an octave up.
    amplitude_bound : float, default=None
        Upper bound of the Gaussian's peak, octave steps; ``None`` takes the number of noise levels
        above zero, as published.

    Attributes
    ----------
    thresholds_ : ndarray of int64, shape (n_bands,)
        Threshold indices: octave steps below the strongest noise (0 to n_noise_sd - 1). This is the
        quantity that the published method fits. -1 for a band without any trial.
    threshold_noise_sd_ : ndarray of shape (n_bands, 2)
        Limits between which the threshold lies, pixel units (0 to 1): the strongest tested noise SD
        with accuracy above the criterion and the next stronger one. The upper limit is infinite
        where even the strongest noise leaves accuracy above it; both are NaN where accuracy never
        exceeds the criterion, even without noise.
    resolved_bands_ : ndarray of bool, shape (n_bands,)
        Whether accuracy exceeds the criterion at some noise level, zero included.
    criterion_ : float
        Proportion correct that was used; NaN where ``relative=True`` and accuracy without noise is
        no better than guessing, and then no band exceeds it.
    resolved_ : bool
        Whether the thresholds determine a channel (the rule is in the notes of `fit_channel`).
    reason_ : str
        Why not; empty when resolved.
    bandwidth_ : float
        Full width at half height, octaves; NaN when not resolved.
    center_frequency_ : float
        Peak on the scale of the band labels, cycles/image; NaN when not resolved.
    peak_sensitivity_ : float
        Peak noise sensitivity as a ratio (1: threshold at the lowest noise SD); NaN when not
        resolved.
    at_bound_ : bool
        Whether the peak stopped at `amplitude_bound`, so that it is censored; False when not
        resolved.
    amplitude_, center_index_, width_ : float
        Peak (octave steps), position (bands from the lowest) and signed standard deviation (bands)
        of the Gaussian; NaN when not resolved.
    n_bands_in_ : int
        Number of bands seen in `fit`.

    See Also
    --------
    fit_channel : The fit on its own, with the raw values of unresolved patterns.

    Notes
    -----
    The index method quantises thresholds to octaves. With two equal neighbouring indices, zeros
    elsewhere and the peak at its bound the width is 1.00 octave whatever the data: see `at_bound_`.
    Give intervals with `resample_counts`.

    References
    ----------
    Subramanian A, Sizikova E, Majaj NJ, Pelli DG (2023). Spatial-frequency channels, shape bias,
    and adversarial robustness. Advances in Neural Information Processing Systems 36, 4137-4149.

    Examples
    --------
    >>> from neurosci.critical_band import ChannelEstimator, human_mean_accuracy
    >>> channel = ChannelEstimator().fit_accuracy(human_mean_accuracy())
    >>> channel.thresholds_.tolist(), round(channel.bandwidth_, 4), channel.at_bound_
    ([0, 0, 0, 0, 2, 2, 0], 0.9999, True)
    """

    def __init__(
        self,
        method: str = "index",
        *,
        criterion: float = 0.5,
        relative: bool = False,
        noise_sd: Sequence[float] = NOISE_SD,
        lowest_frequency: float = LOWEST_FREQUENCY,
        amplitude_bound: float | None = None,
    ) -> None:
        self.method = method
        self.criterion = criterion
        self.relative = relative
        self.noise_sd = noise_sd
        self.lowest_frequency = lowest_frequency
        self.amplitude_bound = amplitude_bound

    def fit(self, n_correct: ArrayLike, n_trials: ArrayLike) -> Self:
        """Estimate the channel from counts.

        Parameters
        ----------
        n_correct : array-like of shape (n_noise_sd, n_bands)
            Correct answers; rows in ascending noise SD, columns from low to high frequency.
        n_trials : array-like of shape (n_noise_sd, n_bands)
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
            If the thresholds do not determine a channel.
        """
        levels = self._check_parameters()
        correct, trials = check_counts(n_correct, n_trials, levels, _WHERE)
        if not trials.any():
            raise ValueError(f"{_WHERE}: n_trials must be above 0 somewhere, got only empty conditions")
        empty = int((trials == 0).sum())
        if empty:
            warnings.warn(
                f"{_WHERE}: {empty} of {trials.size} conditions have no trial and are passed over",
                stacklevel=2,
            )
        accuracy = np.where(trials > 0, correct / np.maximum(trials, 1), np.nan)
        ceiling = correct[0].sum() / trials[0].sum() if trials[0].any() else math.nan
        return self._fit(accuracy, levels, float(ceiling))

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
            If the table or a parameter is outside its range.

        Warns
        -----
        NotResolvedWarning
            If the thresholds do not determine a channel.
        """
        levels = self._check_parameters()
        table = check_accuracy(accuracy, _WHERE)
        if len(table) != len(levels):
            raise ValueError(
                f"{_WHERE}: accuracy must have one row per noise level ({len(levels)}), "
                f"got shape {table.shape}"
            )
        if np.isnan(table).all():
            raise ValueError(f"{_WHERE}: accuracy must hold at least one number, got only NaN")
        ceiling = float(np.nanmean(table[0])) if not np.isnan(table[0]).all() else math.nan
        return self._fit(table, levels, ceiling)

    def predict(self, bands: ArrayLike) -> NDArray[np.float64]:
        """Return the fitted threshold index at any position between the bands.

        Parameters
        ----------
        bands : array-like
            Positions, bands from the lowest (octaves above `lowest_frequency`).

        Returns
        -------
        ndarray
            Octave steps below the strongest noise, shaped as `bands`; NaN when not resolved.
        """
        check_is_fitted(self)
        return gaussian(bands, self.amplitude_, self.center_index_, self.width_)

    def _check_parameters(self) -> NDArray[np.float64]:
        check_option(_WHERE, "method", self.method, ("index",))
        if not 0 < self.criterion < 1:
            raise ValueError(
                f"{_WHERE}: criterion must be in (0, 1), got {self.criterion} (give 0.5 for 50 %)"
            )
        if not (math.isfinite(self.lowest_frequency) and self.lowest_frequency > 0):
            raise ValueError(
                f"{_WHERE}: lowest_frequency must be > 0 cycles/image, got {self.lowest_frequency}"
            )
        bound = self.amplitude_bound
        if bound is not None and not (math.isfinite(bound) and bound > 0):
            raise ValueError(f"{_WHERE}: amplitude_bound must be > 0 octave steps or None, got {bound}")
        return check_noise_sd(self.noise_sd, _WHERE)

    def _fit(self, accuracy: NDArray[np.float64], levels: NDArray[np.float64], ceiling: float) -> Self:
        criterion = float(self.criterion)
        if self.relative:
            above = ceiling > GUESS_RATE
            criterion = GUESS_RATE + criterion * (ceiling - GUESS_RATE) if above else math.nan
        n_steps = len(levels) - 1
        with np.errstate(invalid="ignore"):
            exceeded = np.asarray((accuracy > criterion).any(axis=0))
        self.criterion_ = criterion
        self.n_bands_in_ = accuracy.shape[1]
        self.thresholds_ = count_steps(accuracy, criterion)
        self.resolved_bands_ = exceeded
        self.threshold_noise_sd_ = _brackets(self.thresholds_, exceeded, levels)
        found = fit_channel(
            self.thresholds_,
            exceeded=exceeded,
            n_steps=n_steps,
            amplitude_bound=self.amplitude_bound,
            lowest_frequency=self.lowest_frequency,
        )
        self._store(found)
        if not found.resolved:
            warnings.warn(
                f"{_WHERE}: no channel is resolved: {found.reason}; bandwidth_, center_frequency_ and "
                "peak_sensitivity_ are NaN",
                NotResolvedWarning,
                stacklevel=3,
            )
        return self

    def _store(self, found: ChannelFit) -> None:
        keep: Any = (lambda value: value) if found.resolved else (lambda _: math.nan)
        self.resolved_ = found.resolved
        self.reason_ = found.reason
        self.at_bound_ = found.resolved and found.at_bound
        self.amplitude_ = keep(found.amplitude)
        self.center_index_ = keep(found.center_index)
        self.width_ = keep(found.width)
        self.bandwidth_ = keep(found.bandwidth)
        self.center_frequency_ = keep(found.center_frequency)
        self.peak_sensitivity_ = keep(found.peak_sensitivity)


def _brackets(
    indices: NDArray[np.int64], exceeded: NDArray[np.bool_], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the tested noise SDs on either side of each threshold."""
    edges = np.append(levels, np.inf)
    row = len(levels) - 1 - indices
    limits = np.column_stack(
        [edges[np.minimum(row, len(levels) - 1)], edges[np.minimum(row + 1, len(levels))]]
    )
    limits[~exceeded] = np.nan
    return limits
