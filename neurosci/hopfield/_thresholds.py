"""Thresholds of the theory in closed form, or as roots of its eigenvalue conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import _checks as check

if TYPE_CHECKING:
    from ._mean_field import MeanField

# overlaps over temperature near the critical one, and times 1 - d near zero temperature
SHALLOW, DEEP = 0.05, 80.0
GRID = 60


def critical_temperature(dilution: float) -> float:
    r"""Return the temperature above which nothing is recalled, :math:`T_c = 1 - d`.

    Parameters
    ----------
    dilution : float
        Probability of a zero entry, in [0, 1).

    Returns
    -------
    float
        Temperature, for storing and for both ways of learning.

    Examples
    --------
    >>> critical_temperature(0.25)
    0.75
    """
    return 1 - check.dilution("critical_temperature", dilution)


def hierarchical_threshold(n_patterns: int) -> float:
    r"""Return the dilution up to which the power law of overlaps is self-consistent at T = 0.

    It is the root of :math:`1 - 2d + d^K = 0` below 1: the first overlap then equals the sum of all others.

    Parameters
    ----------
    n_patterns : int
        Number of patterns :math:`K` >= 1.

    Returns
    -------
    float
        :math:`d_c(K)`; 1 for one or two patterns.

    Examples
    --------
    >>> round(hierarchical_threshold(3), 12)
    0.61803398875
    """
    from scipy.optimize import brentq

    k = check.whole("hierarchical_threshold", "n_patterns", n_patterns, 1)
    if k <= 2:
        return 1.0
    return float(brentq(lambda d: 1 - 2 * d + d**k, 0.5, 1 - 1 / k, xtol=1e-15))


def hierarchical_overlaps(n_patterns: int, dilution: float) -> NDArray[np.float64]:
    r"""Return the power law :math:`m_k = (1 - d)\, d^{k-1}`.

    Parameters
    ----------
    n_patterns : int
        Number of patterns.
    dilution : float
        Probability of a zero entry, in [0, 1).

    Returns
    -------
    ndarray of shape (n_patterns,)
        Overlaps, descending.

    Examples
    --------
    >>> hierarchical_overlaps(3, 0.5).tolist()
    [0.5, 0.25, 0.125]
    """
    d = check.dilution("hierarchical_overlaps", dilution)
    k = check.whole("hierarchical_overlaps", "n_patterns", n_patterns, 1)
    law: NDArray[np.float64] = (1 - d) * d ** np.arange(k, dtype=float)
    return law


def crossover_dilution(rho: float = 0.0) -> float:
    r"""Return the dilution at which parallel recall takes over just below the critical temperature.

    .. math:: d^*(\rho) = 1 - \frac{1 + 6\rho + 3\rho^2}{3 (1 + \rho)^2}

    Parameters
    ----------
    rho : float, default=0.0
        Entropy of the data set.

    Returns
    -------
    float
        Below it one pattern wins near the critical temperature, above it all are recalled alike.

    Examples
    --------
    >>> round(crossover_dilution(0.1), 6), round(crossover_dilution(1.0), 6)
    (0.550964, 0.166667)
    """
    r = check.non_negative("crossover_dilution", "rho", rho)
    return 1 - (1 + 6 * r + 3 * r * r) / (3 * (1 + r) ** 2)


def pure_instability(dilution: float) -> float:
    r"""Return the temperature below which recall of one of two patterns alone is unstable.

    Root of :math:`\beta (1-d)[d + (1-d)\,\mathrm{sech}^2 \beta m] = 1` with
    :math:`m = (1-d) \tanh \beta m`, for two stored patterns.

    Parameters
    ----------
    dilution : float
        Probability of a zero entry, in (0, 1).

    Returns
    -------
    float
        Temperature.

    Examples
    --------
    >>> round(pure_instability(0.5), 10)
    0.287209736
    """
    from scipy.optimize import brentq

    d = check.dilution("pure_instability", dilution)
    if d == 0:
        return 0.0

    def excess(temperature: float) -> float:
        x = _largest_root(lambda y: float((1 - d) * np.tanh(y)), temperature)
        return float((1 - d) * (d + (1 - d) / np.cosh(x) ** 2) / temperature - 1)

    # at T_c itself both sides meet at 1, so that the search ends just below
    high = (1 - d) * (1 - 1e-6)
    if excess(high) > 0:
        return 1 - d
    return float(brentq(excess, (1 - d) * d * 0.5, high, xtol=1e-14))


def _largest_root(overlap: Callable[[float], float], temperature: float) -> float:
    """Return the solution x > 0 of T x = overlap(x), where overlap is concave; 0 where there is none."""
    from scipy.optimize import brentq

    low = 1e-9
    if overlap(low) <= temperature * low:
        return 0.0
    return float(brentq(lambda x: overlap(x) - temperature * x, low, 1 / temperature, xtol=1e-15))


def parallel_instability(dilution: float, rho: float = 0.0, n_patterns: int = 2) -> tuple[float, ...]:
    r"""Return the temperatures at which the parallel state gains or loses stability.

    The state with all overlaps equal loses against unequal ones where the antisymmetric eigenvalue of its
    Jacobian reaches 1; for two stored patterns
    :math:`\beta(1-d)[d\,\mathrm{sech}^2 \beta m + (1-d)] = 1`.

    Parameters
    ----------
    dilution : float
        Probability of a zero entry, in [0, 1).
    rho : float, default=0.0
        Entropy of the data set.
    n_patterns : int, default=2
        Number of patterns, at least 2.

    Returns
    -------
    tuple of float
        Temperatures between 0 and the critical one, ascending; empty where there is none.

    Examples
    --------
    >>> [round(t, 7) for t in parallel_instability(0.65)]
    [0.1369815, 0.327252]
    """
    from scipy.optimize import brentq

    from ._mean_field import MeanField

    d = check.dilution("parallel_instability", dilution)
    k = check.whole("parallel_instability", "n_patterns", n_patterns, 2)
    theory = MeanField(k, d, rho=rho)
    ratios = np.geomspace(SHALLOW, DEEP / (1 - d), GRID)
    signs = [parallel_state(theory, float(x))[1] > 1 for x in ratios]
    return tuple(
        parallel_state(
            theory, float(brentq(lambda x: parallel_state(theory, x)[1] - 1, low, high, xtol=1e-14))
        )[0]
        for low, high, left, right in zip(ratios[:-1], ratios[1:], signs[:-1], signs[1:], strict=True)
        if left != right
    )[::-1]


def parallel_state(theory: MeanField, ratio: float) -> tuple[float, float]:
    """Return the temperature at which equal overlaps are `ratio` times it, and their eigenvalue there.

    The map depends on overlaps over temperature only, so that a ratio fixes overlaps and temperature without
    any iteration; an infinite ratio is temperature 0, where the map depends on directions only. The
    eigenvalue is that for exchange of strength between two patterns.
    """
    frozen = np.isinf(ratio)
    point = np.full(theory.n_patterns, 1.0 if frozen else ratio)
    unit = 0.0 if frozen else 1.0
    overlap = float(theory.step(point, unit)[0])
    matrix = theory.jacobian(point, unit)
    temperature = 0.0 if frozen else overlap / ratio
    return temperature, float(matrix[0, 0] - matrix[0, 1]) / (overlap if frozen else temperature)
