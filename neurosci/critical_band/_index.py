"""The published channel fit: threshold indices per band and the Gaussian through them."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._published import LOWEST_FREQUENCY

FWHM_PER_SIGMA = 2 * math.sqrt(2 * math.log(2))
NO_INDEX = -1
_MIN_BANDS = 3
_MIN_CHANGE = 0.5
_AT_BOUND = 1e-3


class NotResolvedWarning(UserWarning):
    """The measured thresholds do not determine a channel, so no width is given."""


@dataclass(frozen=True)
class ChannelFit:
    """Gaussian fitted to threshold indices by the published script, with a judgement of its worth.

    Parameters
    ----------
    amplitude : float
        Peak of the Gaussian, octave steps of noise SD (A).
    center_index : float
        Position of the peak, bands from the lowest (mu).
    width : float
        Standard deviation, bands; its sign is whatever the optimiser returned (sigma).
    amplitude_bound : float
        Upper bound of the amplitude in the fit, octave steps.
    n_steps : int
        Largest index that the noise levels allow.
    lowest_frequency : float
        Label frequency of band 0, cycles/image.
    reason : str, default=""
        Why the thresholds do not determine a channel; empty when they do.
    """

    amplitude: float
    center_index: float
    width: float
    amplitude_bound: float
    n_steps: int
    lowest_frequency: float
    reason: str = ""

    @property
    def resolved(self) -> bool:
        """Whether the thresholds determine a channel."""
        return not self.reason

    @property
    def bandwidth(self) -> float:
        """Full width at half height, octaves, resolved or not."""
        return FWHM_PER_SIGMA * abs(self.width)

    @property
    def center_frequency(self) -> float:
        """Peak on the label scale, cycles/image, resolved or not."""
        exponent = min(max(self.center_index, -1000.0), 1000.0)
        return self.lowest_frequency * 2.0**exponent if math.isfinite(self.center_index) else math.nan

    @property
    def peak_sensitivity(self) -> float:
        """Peak noise sensitivity as a ratio; 1 is a threshold at the lowest noise SD."""
        return float(2.0 ** (self.amplitude - self.n_steps))

    @property
    def at_bound(self) -> bool:
        """Whether the amplitude stopped at its bound, so that the peak is censored."""
        return bool(self.amplitude >= self.amplitude_bound * (1 - _AT_BOUND))


def threshold_indices(accuracy: ArrayLike, criterion: float = 0.5) -> NDArray[np.int64]:
    """Count, per band, the steps from the strongest noise down to the first level above criterion.

    Parameters
    ----------
    accuracy : array-like of shape (n_noise_sd, n_bands)
        Proportion correct; rows in ascending noise SD, the first without noise. NaN marks a
        condition without trials, which is passed over.
    criterion : float, default=0.5
        Proportion correct that must be exceeded, in (0, 1).

    Returns
    -------
    ndarray of int64, shape (n_bands,)
        0 where the strongest noise leaves accuracy above `criterion`, 1 for the level below it, and
        so on; ``n_noise_sd - 1`` where only zero noise does, **or no level at all** (the published
        rule does not tell these apart); -1 for a band without any trial.

    Raises
    ------
    ValueError
        If shapes or values are impossible.

    Notes
    -----
    When noise levels double, an index is log2 of one over the threshold SD up to a constant, in
    whole octaves, floored at the strongest and capped at the weakest noise.

    Examples
    --------
    >>> from neurosci.critical_band import human_mean_accuracy
    >>> threshold_indices(human_mean_accuracy()).tolist()
    [0, 0, 0, 0, 2, 2, 0]
    """
    table = check_accuracy(accuracy, "threshold_indices")
    if not 0 < criterion < 1:
        raise ValueError(
            f"threshold_indices: criterion must be in (0, 1), got {criterion} (give 0.5 for 50 %)"
        )
    return count_steps(table, criterion)


def count_steps(table: NDArray[np.float64], criterion: float) -> NDArray[np.int64]:
    """Do what `threshold_indices` does for checked input; a NaN criterion is exceeded nowhere."""
    passed = table[:0:-1] > criterion
    indices = np.where(passed.any(axis=0), passed.argmax(axis=0), len(table) - 1)
    return np.where(np.isnan(table).all(axis=0), NO_INDEX, indices).astype(np.int64)


def check_accuracy(accuracy: ArrayLike, where: str) -> NDArray[np.float64]:
    """Return a table of proportions as float64; the input is not changed."""
    table = np.asarray(accuracy, dtype=float)
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] < 1:
        raise ValueError(f"{where}: accuracy must have shape (n_noise_sd, n_bands), got {table.shape}")
    with np.errstate(invalid="ignore"):
        bad = np.argwhere((table < 0) | (table > 1))
    if len(bad):
        row, column = bad[0]
        raise ValueError(
            f"{where}: accuracy must be proportions in [0, 1], got {table[row, column]:g} in row {row}, "
            f"column {column} (divide percent by 100)"
        )
    return table


def fit_channel(
    indices: ArrayLike,
    *,
    exceeded: ArrayLike | None = None,
    n_steps: int = 4,
    amplitude_bound: float | None = None,
    lowest_frequency: float = LOWEST_FREQUENCY,
) -> ChannelFit:
    r"""Fit the published Gaussian to threshold indices.

    Parameters
    ----------
    indices : array-like of shape (n_bands,)
        Threshold indices, octave steps below the strongest noise; -1 leaves a band out.
    exceeded : array-like of bool, shape (n_bands,), default=None
        Whether accuracy exceeded the criterion at any noise level, zero included. ``None`` takes it
        for granted.
    n_steps : int, default=4
        Largest possible index: the number of noise levels above zero.
    amplitude_bound : float, default=None
        Upper bound of the amplitude; ``None`` takes `n_steps`, as published.
    lowest_frequency : float, default=1.75
        Label frequency of band 0, cycles/image.

    Returns
    -------
    ChannelFit
        The least-squares values as the published script gives them, whether or not the thresholds
        determine a channel; ``resolved`` and ``reason`` say if they may be used.

    Raises
    ------
    ValueError
        If an index is not a whole number from -1 to `n_steps`, or shapes disagree.

    Notes
    -----
    :math:`t(k) = A \exp(-(k-\mu)^2 / 2\sigma^2)` by ``scipy.optimize.curve_fit`` (trust region
    reflective, start (1, 0, 1), :math:`0 \le A \le` bound, :math:`\mu` and :math:`\sigma` free).

    A channel is resolved when all of these hold; each has a stated reason when it fails:

    1. at least three bands exceed the criterion at some noise level (zero included);
    2. the indices of the bands differ, and at least two are above zero;
    3. the optimiser converges;
    4. the fitted curve changes by at least half an index step over the measured bands: less is
       below the resolution of the indices, and the width is then set by rounding;
    5. the fitted peak lies within the measured bands (half a band beyond the outer ones).

    Of the 85 released networks 77 are resolved by this rule, and 74 of them with less than 12
    octaves: exactly those on which the published share of explained variance rests. Over all
    :math:`5^7` index patterns no resolved width exceeds 22.7 octaves.

    Examples
    --------
    >>> fit = fit_channel([0, 0, 2, 2, 3, 4, 2])
    >>> round(fit.bandwidth, 2), round(fit.center_frequency, 2), fit.resolved
    (3.99, 39.42, True)
    >>> fit_channel([4, 4, 4, 4, 4, 4, 4]).reason
    'all bands have the same threshold index'
    """
    where = "fit_channel"
    values = np.asarray(indices)
    if values.ndim != 1 or values.dtype.kind not in "iuf" or not np.isfinite(values).all():
        raise ValueError(f"{where}: indices must be a one-dimensional list of whole numbers, got {indices!r}")
    if ((values != np.floor(values)) | (values < NO_INDEX) | (values > n_steps)).any():
        raise ValueError(
            f"{where}: indices must be whole numbers from -1 to {n_steps}, got {values.tolist()}"
        )
    reached = np.ones(len(values), bool) if exceeded is None else np.asarray(exceeded, dtype=bool)
    if reached.shape != values.shape:
        raise ValueError(f"{where}: exceeded must have shape {values.shape}, got {reached.shape}")
    bound = float(n_steps if amplitude_bound is None else amplitude_bound)
    if not (math.isfinite(bound) and bound > 0):
        raise ValueError(f"{where}: amplitude_bound must be > 0 octave steps, got {amplitude_bound}")
    measured = np.flatnonzero(values != NO_INDEX)
    pattern = tuple(int(v) for v in values[measured])
    bands = tuple(int(k) for k in measured)
    parameters = _least_squares(bands, pattern, bound) if len(bands) >= _MIN_BANDS else None
    amplitude, center, width = parameters or (math.nan,) * 3
    reason = _reason(bands, pattern, int(reached[measured].sum()), parameters)
    return ChannelFit(amplitude, center, width, bound, n_steps, lowest_frequency, reason)


def gaussian(band: ArrayLike, amplitude: float, center_index: float, width: float) -> NDArray[np.float64]:
    """Return the fitted index at a band (a continuous position)."""
    distance = np.asarray(band, dtype=float) - center_index
    return np.asarray(amplitude * np.exp(-(distance**2) / (2 * width**2)))


@lru_cache(maxsize=100_000)
def _least_squares(
    bands: tuple[int, ...], pattern: tuple[int, ...], bound: float
) -> tuple[float, float, float] | None:
    """Fit one pattern of indices; None when the optimiser gives up."""
    from scipy.optimize import OptimizeWarning, curve_fit

    with warnings.catch_warnings():
        # a flat pattern has no covariance: the rule of `fit_channel` deals with it
        warnings.simplefilter("ignore", OptimizeWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            found, _ = curve_fit(
                gaussian,
                np.array(bands, dtype=float),
                np.array(pattern, dtype=float),
                p0=(1.0, 0.0, 1.0),
                bounds=([0.0, -np.inf, -np.inf], [bound, np.inf, np.inf]),
            )
        except RuntimeError:
            return None
    if not np.isfinite(found).all():
        return None
    return float(found[0]), float(found[1]), float(found[2])


def _reason(
    bands: tuple[int, ...],
    pattern: tuple[int, ...],
    n_exceeded: int,
    parameters: tuple[float, float, float] | None,
) -> str:
    if n_exceeded < _MIN_BANDS:
        return f"accuracy exceeds the criterion in {n_exceeded} of {len(bands)} bands; at least 3 are needed"
    if len(set(pattern)) == 1:
        return "all bands have the same threshold index"
    if sum(index > 0 for index in pattern) < 2:
        return "fewer than two bands have a threshold below the strongest noise"
    if parameters is None:
        return "the fit does not converge"
    if np.ptp(gaussian(bands, *parameters)) < _MIN_CHANGE:
        return "the fitted curve changes by less than half an index step"
    if not bands[0] - 0.5 <= parameters[1] <= bands[-1] + 0.5:
        return "the fitted peak lies outside the measured bands"
    return ""
