"""Autocorrelation times, and means of Monte-Carlo series with honest error bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _checks as check

WINDOW = 5.0


@dataclass(frozen=True)
class MonteCarloMean:
    """Mean of correlated series with its standard error.

    Parameters
    ----------
    value : float
        Mean over replicas and sweeps.
    standard_error : float
        From the autocorrelation time.
    tau : float
        Integrated autocorrelation time, in steps of the series; 0.5 where steps are independent.
    ess : float
        Effective sample size, steps over twice `tau`, summed over replicas.
    blocking_error : float
        Standard error from means of blocks, a second estimate.
    """

    value: float
    standard_error: float
    tau: float
    ess: float
    blocking_error: float


def _series(where: str, values: ArrayLike) -> NDArray[np.float64]:
    x = np.atleast_2d(np.asarray(values, float))
    if x.ndim != 2 or x.shape[1] < 4 or not np.isfinite(x).all():
        raise ValueError(
            f"{where}: values must be finite, (n_steps,) or (n_replicas, n_steps) with n_steps >= 4, "
            f"got shape {x.shape}"
        )
    return x


def autocorrelation_time(values: ArrayLike, window: float = WINDOW) -> float:
    r"""Return the integrated autocorrelation time with Sokal's automatic window.

    .. math:: \tau = \tfrac{1}{2} + \sum_{t=1}^{W} \hat\rho(t)

    with the smallest :math:`W \ge c\,\tau(W)`; autocovariances are averaged over replicas.

    Parameters
    ----------
    values : array of shape (n_steps,) or (n_replicas, n_steps)
        Stationary series.
    window : float, default=5.0
        Sokal's constant :math:`c`.

    Returns
    -------
    float
        Time in steps, at least 0.5; 0.5 for a series that does not vary.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> round(autocorrelation_time(rng.normal(size=100_000)), 1)
    0.5
    """
    x = _series("autocorrelation_time", values)
    n = x.shape[1]
    centred = x - x.mean()
    if not centred.any() or np.ptp(x) <= 1e-15 * np.abs(x).max():
        return 0.5
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(centred, size, axis=1)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, size, axis=1)[:, :n].mean(axis=0)
    covariance /= np.arange(n, 0, -1)
    times = 0.5 + np.concatenate([[0.0], np.cumsum(covariance[1:] / covariance[0])])
    enough = np.flatnonzero(np.arange(n) >= window * times)
    return float(max(times[enough[0] if len(enough) else n - 1], 0.5))


def monte_carlo_mean(values: ArrayLike, n_blocks: int = 20) -> MonteCarloMean:
    """Return the mean of correlated series with its standard error, autocorrelation time and sample size.

    Parameters
    ----------
    values : array of shape (n_steps,) or (n_replicas, n_steps)
        Stationary series; replicas are independent.
    n_blocks : int, default=20
        Blocks per replica of the second estimate of the error.

    Returns
    -------
    MonteCarloMean
        Mean and error.

    Examples
    --------
    >>> import numpy as np
    >>> found = monte_carlo_mean(np.random.default_rng(0).normal(size=(4, 2500)))
    >>> round(found.standard_error, 3), abs(found.value) < 0.04
    (0.01, True)
    """
    x = _series("monte_carlo_mean", values)
    blocks = min(check.whole("monte_carlo_mean", "n_blocks", n_blocks, 2), x.shape[1] // 2)
    tau = autocorrelation_time(x)
    ess = x.size / (2 * tau)
    # the mean is estimated too, which makes the variance of a series with few independent parts too small
    variance = x.var() / max(1 - 1 / ess, 0.25)
    length = x.shape[1] // blocks
    means = x[:, : blocks * length].reshape(len(x), blocks, length).mean(axis=2).ravel()
    return MonteCarloMean(
        float(x.mean()),
        float(np.sqrt(variance / ess)),
        tau,
        float(ess),
        float(means.std(ddof=1) / np.sqrt(means.size)),
    )
