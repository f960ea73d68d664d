"""Surrogates of time series: what they would look like if nothing about them changed over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.random import check_random_state
from neurosci.preprocessing._series import check_series
from neurosci.preprocessing._windows import whole_number


def phase_randomized(
    series: ArrayLike,
    *,
    n_surrogates: int = 1,
    random_state: int | np.random.Generator | None = None,
) -> NDArray[np.float64]:
    r"""Return surrogates with the spectra and cross-spectra of the series, and random phases.

    At each frequency one phase is drawn and added to that of every series [1]_. Amplitudes and differences of
    phases, and with them the autocorrelations and the correlations of all pairs over the whole scan, stay as
    they are; what changes over time in the series does not do so in the surrogates, beyond what a stationary
    linear Gaussian process shows in windows. They are the null of a claim about dynamics [2]_.

    Parameters
    ----------
    series : array-like of shape (n_times, n_regions)
        One scan, in any unit; never modified.
    n_surrogates : int, default=1
        How many.
    random_state : int or numpy.random.Generator, default=None
        Seed of the phases; ``None`` draws new ones at each call.

    Returns
    -------
    ndarray of float64, shape (n_surrogates, n_times, n_regions)
        Surrogates, with the means of the series.

    Raises
    ------
    ValueError
        If the series is not finite or has fewer than 2 times, or `n_surrogates` is not positive.

    Notes
    -----
    The spectra are those of the periodogram: the series is taken as one period, so that a drift from its
    first to its last frame shows in the surrogates as a jump that is spread over them. Detrend before. For an
    even number of frames the highest frequency has no phase to draw and keeps its sign.

    References
    ----------
    .. [1] Prichard, D., & Theiler, J. (1994). Generating surrogate data for time series with several
       simultaneously measured variables. Physical Review Letters, 73, 951-954.
    .. [2] Liégeois, R., Laumann, T. O., Snyder, A. Z., Zhou, J., & Yeo, B. T. T. (2017). Interpreting
       temporal fluctuations in resting-state functional connectivity MRI. NeuroImage, 163, 437-455.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.preprocessing.surrogates import phase_randomized
    >>> X = np.random.default_rng(0).standard_normal((100, 3)).cumsum(axis=0)
    >>> (Y,) = phase_randomized(X, random_state=0)
    >>> np.allclose(np.corrcoef(X.T), np.corrcoef(Y.T)), np.allclose(X, Y)
    (True, False)
    """
    where = "phase_randomized"
    array = check_series(where, "series", series)
    count = whole_number(where, "n_surrogates", n_surrogates, 1)
    return np.stack(list(_draw(array, count, check_random_state(random_state))))


def _draw(series: NDArray[np.float64], count: int, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    n_times = len(series)
    spectrum: NDArray[Any] = np.fft.rfft(series, axis=0)
    # Neither the mean nor, for an even number of frames, the highest frequency has a phase.
    free = slice(1, (n_times - 1) // 2 + 1)
    for _ in range(count):
        turned = spectrum.copy()
        turned[free] *= np.exp(2j * np.pi * rng.random(turned[free].shape[0]))[:, np.newaxis]
        yield np.fft.irfft(turned, n=n_times, axis=0)
