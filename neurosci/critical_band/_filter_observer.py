"""Accuracy of an ideal choice among m alternatives, as a function of the distance d' of the right one."""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Beyond this d' an error among 1000 alternatives is rarer than one in 10^20.
LARGEST_DPRIME = 14.0
_N_QUADRATURE = 200
_STEP = 0.02
_DPRIMES = (0.05, LARGEST_DPRIME)
_N_HALF = 600
_MOST_ALTERNATIVES = 1000


def mafc_accuracy(dprime: ArrayLike, n_alternatives: int = 16) -> NDArray[np.float64]:
    r"""Return the probability of choosing the right one of m alternatives.

    Parameters
    ----------
    dprime : array-like
        Distance of the mean of the right alternative from that of the others, in their common standard
        deviation, >= 0.
    n_alternatives : int, default=16
        Number of alternatives m, >= 2.

    Returns
    -------
    ndarray
        Shaped as `dprime`; 1/m at 0.

    Raises
    ------
    ValueError
        If a distance is negative or not a number, or there are fewer than two alternatives.

    Notes
    -----
    :math:`\int \varphi(x - d')\,\Phi(x)^{m-1}\,dx`, by Gauss-Hermite quadrature with 200 nodes.

    References
    ----------
    Green DM, Swets JA (1966). Signal Detection Theory and Psychophysics. Wiley, New York.

    Examples
    --------
    >>> from neurosci.critical_band import mafc_accuracy
    >>> mafc_accuracy([0.0, 2.0, 4.6]).round(4).tolist()
    [0.0625, 0.5949, 0.9931]
    """
    where = "mafc_accuracy"
    if (
        isinstance(n_alternatives, bool)
        or not isinstance(n_alternatives, int | np.integer)
        or not 2 <= n_alternatives <= _MOST_ALTERNATIVES
    ):
        raise ValueError(
            f"{where}: n_alternatives must be a whole number from 2 to {_MOST_ALTERNATIVES}, "
            f"got {n_alternatives!r}"
        )
    values = np.asarray(dprime, dtype=float)
    if not (values >= 0).all():
        raise ValueError(f"{where}: dprime must be >= 0, got {values[~(values >= 0)].flat[0]}")
    return _quadrature(values, n_alternatives - 1)


def _quadrature(dprime: NDArray[np.float64], power: int) -> NDArray[np.float64]:
    from scipy.special import ndtr

    node, weight = np.polynomial.hermite.hermgauss(_N_QUADRATURE)
    x = dprime[..., np.newaxis] + math.sqrt(2) * node
    # the sum may be above 1 by rounding
    return np.asarray(np.minimum(ndtr(x) ** power @ weight / math.sqrt(math.pi), 1.0))


def _slope(dprime: NDArray[np.float64], power: int) -> NDArray[np.float64]:
    """Return the derivative of the accuracy by d'."""
    from scipy.special import ndtr

    node, weight = np.polynomial.hermite.hermgauss(_N_QUADRATURE)
    x = dprime[..., np.newaxis] + math.sqrt(2) * node
    values = ndtr(x) ** (power - 1) * np.exp(-(x**2) / 2)
    return np.asarray(power * values @ weight / (math.sqrt(2) * math.pi))


class ChoiceTable:
    """Accuracy, and the d' half way down, as smooth tables that cost little to evaluate.

    Parameters
    ----------
    n_alternatives : int
        Number of alternatives.
    """

    def __init__(self, n_alternatives: int) -> None:
        from scipy.interpolate import CubicHermiteSpline

        power = n_alternatives - 1
        self.n_alternatives = n_alternatives
        grid = np.arange(0, LARGEST_DPRIME + 2 * _STEP, _STEP)
        values = _quadrature(grid, power)
        self.accuracy = CubicHermiteSpline(grid, values, _slope(grid, power))
        self.slope = self.accuracy.derivative()
        # q = 1/h^2 - 1/a^2, where accuracy at h is half way between guessing and accuracy at a
        log_a = np.linspace(math.log(_DPRIMES[0]), math.log(_DPRIMES[1]), _N_HALF)
        a = np.exp(log_a)
        guess = 1 / n_alternatives
        half = self.dprime(guess + (_quadrature(a, power) - guess) / 2)
        change = _slope(a, power) / 2 / _slope(half, power)
        q = half**-2 - a**-2
        q_by_log_a = (-2 * half**-3 * change + 2 * a**-3) * a
        self.log_q = CubicHermiteSpline(log_a, np.log(q), q_by_log_a / q)
        self.log_q_slope = self.log_q.derivative()

    def dprime(self, accuracy: ArrayLike) -> NDArray[np.float64]:
        """Return the d' of an accuracy; NaN where it is not above guessing or not below 1."""
        wanted = np.asarray(accuracy, dtype=float)
        grid = self.accuracy.x
        values = self.accuracy(grid)
        with np.errstate(invalid="ignore"):
            inside = (wanted > values[0]) & (wanted < min(values[-1], 1.0))
        target = np.where(inside, wanted, 0.5)
        # on the flat top the values repeat to rounding, and interpolation wants them to increase
        rising = np.concatenate([[True], np.diff(np.maximum.accumulate(values)) > 0])
        found = np.interp(target, values[rising], grid[rising])
        for _ in range(8):
            slope = self.slope(found)
            step = (self.accuracy(found) - target) / np.where(slope > 0, slope, np.inf)
            found = np.clip(found - np.clip(step, -_STEP, _STEP), 0, grid[-1])
        return np.where(inside, found, np.nan)


@functools.lru_cache(maxsize=8)
def choice_table(n_alternatives: int) -> ChoiceTable:
    """Return the table of a number of alternatives, kept for the next call."""
    return ChoiceTable(n_alternatives)


def alternatives(guess_rate: float, where: str) -> int:
    """Return the number of alternatives that a guess rate means."""
    if not 0 < guess_rate <= 0.5 or abs(round(1 / guess_rate) - 1 / guess_rate) > 1e-6:
        raise ValueError(
            f"{where}: guess_rate must be one over a number of alternatives for method 'filter', "
            f"got {guess_rate} (1/16 for 16 choices)"
        )
    return round(1 / guess_rate)
