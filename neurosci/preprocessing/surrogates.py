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


def autoregressive(
    series: ArrayLike,
    *,
    order: int = 1,
    n_surrogates: int = 1,
    random_state: int | np.random.Generator | None = None,
) -> NDArray[np.float64]:
    r"""Return surrogates drawn from the linear autoregressive process that was fitted to the series.

    The process :math:`x_t = \sum_{k=1}^{p} A_k x_{t-k} + \varepsilon_t` with Gaussian noise of covariance
    :math:`\Sigma` has the covariances of the series at the lags 0 to p and else nothing of it: it is
    stationary, and knows of no change over time [1]_. Unlike `phase_randomized` it does not keep the spectra
    of the one scan, and its correlations over the whole scan vary from draw to draw.

    Parameters
    ----------
    series : array-like of shape (n_times, n_regions)
        One scan, in any unit; never modified.
    order : int, default=1
        Order p.
    n_surrogates : int, default=1
        How many.
    random_state : int or numpy.random.Generator, default=None
        Seed of the noise; ``None`` draws another at each call.

    Returns
    -------
    ndarray of float64, shape (n_surrogates, n_times, n_regions)
        Surrogates, with the means of the series.

    Raises
    ------
    ValueError
        If the series is not finite, `order` or `n_surrogates` is not positive, or covariances of
        n_regions * (order + 1) variables cannot be estimated from n_times frames: too few, constant regions,
        or a filter that leaves fewer free frequencies than there are variables.

    Notes
    -----
    :math:`A_k` and :math:`\Sigma` solve the Yule-Walker equations for covariances divided by n_times at every
    lag, whose block Toeplitz matrix is positive definite, so that the process is stable. The first p frames
    are drawn from its stationary law. In a band-passed scan each region has about as many free numbers as
    twice the seconds times the width of the band: take few regions, or `phase_randomized`.

    References
    ----------
    .. [1] Liégeois, R., Laumann, T. O., Snyder, A. Z., Zhou, J., & Yeo, B. T. T. (2017). Interpreting
       temporal fluctuations in resting-state functional connectivity MRI. NeuroImage, 163, 437-455.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.preprocessing.surrogates import autoregressive
    >>> X = np.random.default_rng(0).standard_normal((400, 3))
    >>> X[1:] += X[:-1]
    >>> (Y,) = autoregressive(X, random_state=0)
    >>> bool(abs(np.corrcoef(Y[1:, 0], Y[:-1, 0])[0, 1] - 0.5) < 0.15)
    True
    """
    where = "autoregressive"
    array = check_series(where, "series", series)
    lags = whole_number(where, "order", order, 1)
    count = whole_number(where, "n_surrogates", n_surrogates, 1)
    n_times, n_regions = array.shape
    mean = array.mean(axis=0)
    toeplitz = _lagged_covariances(array - mean, lags) if n_times > lags else np.zeros((1, 1))
    if not _is_definite(toeplitz):
        raise ValueError(
            f"{where}: series must hold enough frames for the covariances of {n_regions} regions at "
            f"{lags + 1} lags, got {n_times} frames (take fewer regions, a lower order, or a wider filter)"
        )
    past = slice(None, lags * n_regions)
    weights = np.linalg.solve(toeplitz[past, past], toeplitz[past, lags * n_regions :]).T
    noise = toeplitz[lags * n_regions :, lags * n_regions :] - weights @ toeplitz[past, lags * n_regions :]
    rng = check_random_state(random_state)
    roots = np.linalg.cholesky(toeplitz[past, past]), np.linalg.cholesky((noise + noise.T) / 2)
    draws = np.empty((count, n_times, n_regions))
    for draw in draws:
        draw[:lags] = (roots[0] @ rng.standard_normal(lags * n_regions)).reshape(lags, n_regions)
        draw[lags:] = rng.standard_normal((n_times - lags, n_regions)) @ roots[1].T
        for t in range(lags, n_times):
            draw[t] += weights @ draw[t - lags : t].ravel()
    draws += mean
    return draws


def _lagged_covariances(centred: NDArray[np.float64], lags: int) -> NDArray[np.float64]:
    """Return the covariance of lags + 1 frames one after another, from the oldest to the newest."""
    n_times, n_regions = centred.shape
    blocks = [centred[h:].T @ centred[: n_times - h] / n_times for h in range(lags + 1)]
    whole = np.empty((lags + 1, n_regions, lags + 1, n_regions))
    for i in range(lags + 1):
        for j in range(lags + 1):
            whole[i, :, j] = blocks[i - j] if i >= j else blocks[j - i].T
    return whole.reshape((lags + 1) * n_regions, -1)


def _is_definite(matrix: NDArray[np.float64]) -> bool:
    values = np.linalg.eigvalsh(matrix)
    return bool(values[0] > len(matrix) * np.finfo(float).eps * max(values[-1], np.finfo(float).tiny))
