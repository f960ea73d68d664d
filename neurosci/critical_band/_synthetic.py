"""Counts of observers with a known channel, and resamples of measured counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.random import check_random_state

from ._counts import check_counts, check_noise_sd, check_rates
from ._published import GUESS_RATE, LOWEST_FREQUENCY, NOISE_SD, published_trial_counts

if TYPE_CHECKING:
    from sklearn.utils import Bunch


def make_channel_counts(
    n_observers: int = 14,
    *,
    bandwidth: ArrayLike = 2.08,
    center_frequency: ArrayLike = 38.1,
    peak_sensitivity: ArrayLike = 22.4,
    slope: ArrayLike = 1.72,
    lapse_rate: ArrayLike = 0.078,
    guess_rate: float = GUESS_RATE,
    n_trials: ArrayLike | None = None,
    noise_sd: Sequence[float] = NOISE_SD,
    lowest_frequency: float = LOWEST_FREQUENCY,
    random_state: object = None,
) -> Bunch:
    r"""Draw counts of correct answers for observers whose channel is known.

    Parameters
    ----------
    n_observers : int, default=14
        Number of observers, >= 1.
    bandwidth : array-like, default=2.08
        Full width at half height of amplitude sensitivity, octaves, > 0. This and the next four
        are one number for all observers or shape (n_observers,); the defaults are a
        maximum-likelihood fit of this model to the pooled human counts.
    center_frequency : array-like, default=38.1
        Peak of the channel on the label scale, cycles/image, > 0.
    peak_sensitivity : array-like, default=22.4
        One over the threshold noise SD at the peak, 1/(pixel units, 0 to 1), > 0.
    slope : array-like, default=1.72
        Slope of the psychometric function, logits per octave of noise SD, > 0.
    lapse_rate : array-like, default=0.078
        Rate of errors without noise, in [0, 1 - guess_rate).
    guess_rate : float, default=0.0625
        Rate of correct answers by guessing, in [0, 1).
    n_trials : array-like of shape (n_noise_sd, n_bands), default=None
        Trials per condition; ``None`` takes the published design (1,050 trials, 7 bands).
    noise_sd : sequence of float, default=(0, 0.02, 0.04, 0.08, 0.16)
        Noise SD of the rows, pixel units (0 to 1), starting with 0.
    lowest_frequency : float, default=1.75
        Label frequency of the first band, cycles/image; each further band is one octave up.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness.

    Returns
    -------
    Bunch
        ``n_correct`` int array of shape (n_observers, n_noise_sd, n_bands); ``n_trials`` int array
        of shape (n_noise_sd, n_bands); ``probability`` of a correct answer, shaped as
        ``n_correct``; ``noise_sd``; ``frequencies`` (cycles/image); ``truth`` DataFrame with one
        row of parameters per observer.

    Raises
    ------
    ValueError
        If a parameter is outside its range or shapes disagree.

    Notes
    -----
    The threshold of band :math:`k` follows
    :math:`\log_2(1/\theta_k) = \log_2 P - \log_2(e)\,(k-\mu)^2/(2 s^2)` with full width
    :math:`2\sqrt{2 \ln 2}\,s`, and the probability of a correct answer is
    :math:`g + (1-g-\lambda)\,F(-\beta(\log_2 \mathrm{SD} - \log_2\theta_k))`, F logistic.

    Examples
    --------
    >>> data = make_channel_counts(2, bandwidth=[1.5, 4.0], random_state=0)
    >>> data.n_correct.shape, int(data.n_trials.sum())
    ((2, 5, 7), 1050)
    """
    import pandas as pd
    from sklearn.utils import Bunch

    where = "make_channel_counts"
    rng = check_random_state(random_state)
    levels = check_noise_sd(noise_sd, where)
    trials = (
        published_trial_counts() if n_trials is None else check_counts(n_trials, n_trials, None, where)[1]
    )
    if len(trials) != len(levels):
        raise ValueError(
            f"{where}: n_trials must have one row per noise level ({len(levels)}), got {len(trials)} rows"
        )
    if n_observers < 1:
        raise ValueError(f"{where}: n_observers must be >= 1, got {n_observers}")
    check_rates(guess_rate, lowest_frequency, where)
    truth = {
        "bandwidth": _per_observer(where, "bandwidth", bandwidth, n_observers),
        "center_frequency": _per_observer(where, "center_frequency", center_frequency, n_observers),
        "peak_sensitivity": _per_observer(where, "peak_sensitivity", peak_sensitivity, n_observers),
        "slope": _per_observer(where, "slope", slope, n_observers),
        "lapse_rate": _per_observer(where, "lapse_rate", lapse_rate, n_observers, lapse=1 - guess_rate),
    }
    bands = np.arange(trials.shape[1])
    probability = _probability(truth, levels, bands, guess_rate, lowest_frequency)
    return Bunch(
        n_correct=rng.binomial(trials, probability),
        n_trials=trials,
        probability=probability,
        noise_sd=levels,
        frequencies=lowest_frequency * 2.0**bands,
        truth=pd.DataFrame(truth),
    )


def _per_observer(
    where: str, name: str, value: ArrayLike, n_observers: int, lapse: float | None = None
) -> NDArray[np.float64]:
    values = np.asarray(value, dtype=float)
    if values.ndim > 1 or (values.ndim == 1 and len(values) != n_observers):
        raise ValueError(
            f"{where}: {name} must be one number or have shape ({n_observers},), got shape {values.shape}"
        )
    good = np.isfinite(values) & ((values > 0) if lapse is None else ((values >= 0) & (values < lapse)))
    if not good.all():
        allowed = "> 0" if lapse is None else f"in [0, {lapse:g})"
        raise ValueError(f"{where}: {name} must be {allowed}, got {values[~good].flat[0]:g}")
    return np.broadcast_to(values, (n_observers,)).copy()


def _probability(
    truth: dict[str, NDArray[np.float64]],
    noise_sd: NDArray[np.float64],
    bands: NDArray[np.int64],
    guess_rate: float,
    lowest_frequency: float,
) -> NDArray[np.float64]:
    from scipy.special import expit

    def column(name: str) -> NDArray[np.float64]:
        return truth[name][:, np.newaxis, np.newaxis]

    center = np.log2(column("center_frequency") / lowest_frequency)
    # exp(-x^2 ln2 (2/w)^2) is the Gaussian of full width w at half height
    log2_sensitivity = np.log2(column("peak_sensitivity")) - (2 * (bands - center) / column("bandwidth")) ** 2
    with np.errstate(divide="ignore"):
        log2_noise = np.log2(noise_sd)[np.newaxis, :, np.newaxis]
    detected = expit(-column("slope") * (log2_noise + log2_sensitivity))
    return np.asarray(guess_rate + (1 - guess_rate - column("lapse_rate")) * detected)


def resample_counts(
    n_correct: ArrayLike, n_trials: ArrayLike, *, n_resamples: int = 200, random_state: object = None
) -> NDArray[np.int64]:
    """Draw parametric bootstrap resamples of one observer's counts.

    Parameters
    ----------
    n_correct : array-like of shape (n_noise_sd, n_bands)
        Correct answers per condition.
    n_trials : array-like of shape (n_noise_sd, n_bands)
        Trials per condition.
    n_resamples : int, default=200
        Number of resamples, >= 1.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness.

    Returns
    -------
    ndarray of shape (n_resamples, n_noise_sd, n_bands)
        Binomial counts with the observed proportion of each cell, as if the same experiment were
        run again with new trials. A cell at 0 or 100 % stays there.

    Raises
    ------
    ValueError
        If the counts are impossible.

    Examples
    --------
    >>> resample_counts([[3, 9]], [[10, 10]], n_resamples=4, random_state=0).shape
    (4, 1, 2)
    """
    where = "resample_counts"
    correct, trials = check_counts(n_correct, n_trials, None, where)
    if n_resamples < 1:
        raise ValueError(f"{where}: n_resamples must be >= 1, got {n_resamples}")
    proportion = correct / np.maximum(trials, 1)
    return check_random_state(random_state).binomial(trials, proportion, size=(n_resamples, *trials.shape))
