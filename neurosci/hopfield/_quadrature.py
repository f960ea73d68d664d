r"""Averages of functions of a Gaussian field, exact to rounding at any temperature.

For :math:`g = a + s Z` with standard normal :math:`Z`, the equations need averages of
:math:`\tanh(g/T)`, of :math:`T \log 2\cosh(g/T)` and of the slope :math:`\mathrm{sech}^2(g/T)/T` times 1,
:math:`Z` and :math:`Z^2`. Gauss-Hermite nodes miss the poles of tanh at low temperature. Here the part of
zero temperature is integrated in closed form (error function), and the rest, which lives within a few
:math:`T` of the zero of the field, by Gauss-Legendre nodes in :math:`u = g/T`; where the field is narrow
beside the temperature, the trapezoidal rule in :math:`Z` converges geometrically instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Floats = NDArray[np.float64]

# width of the field over temperature above which the closed form with a local correction is used
NARROW = 3.0
RANGE = 9.0
DEPTH = 19.0
TIE = 1e-12
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)
U = DEPTH * (_NODES + 1) / 2
W = DEPTH * _WEIGHTS / 2
TANH_DEFICIT = np.tanh(U) - 1
SECH2 = 1 / np.cosh(U) ** 2
SOFT = np.log1p(np.exp(-2 * U))


@dataclass(frozen=True, eq=False)
class Averages:
    """Averages for each row: of tanh, of T log 2 cosh, and of the slope times 1, Z and Z squared."""

    tanh: Floats
    potential: Floats
    slope: Floats
    slope_z: Floats
    slope_zz: Floats


def sharp_averages(field: Floats, temperature: float) -> Averages:
    """Return the functions themselves, for rows without Gaussian noise."""
    size = np.abs(field)
    zero, also_zero = np.zeros_like(field), np.zeros_like(field)
    if temperature == 0:
        # a tie has no slope here; the solver looks for ties by itself
        return Averages(
            np.where(size < TIE, 0.0, np.sign(field)), size, zero, also_zero, np.zeros_like(field)
        )
    scaled = field / temperature
    tanh = np.tanh(scaled)
    potential = size + temperature * np.log1p(np.exp(-2 * np.abs(scaled)))
    slope = 1 / np.cosh(np.minimum(np.abs(scaled), 350.0)) ** 2 / temperature
    return Averages(tanh, potential, slope, zero, also_zero)


def gaussian_averages(mean: Floats, spread: Floats, temperature: float) -> Averages:
    """Return averages over the Gaussian part of the field, row by row."""
    out = sharp_averages(mean, temperature)
    if temperature == 0:
        wide = spread > 0
    else:
        wide = spread > NARROW * temperature
        narrow = (spread > 0) & ~wide
        if narrow.any():
            _fill(out, narrow, _trapezoid(mean[narrow], spread[narrow], temperature))
    if wide.any():
        _fill(out, wide, _local(mean[wide], spread[wide], temperature))
    return out


def _fill(out: Averages, where: NDArray[np.bool_], found: Averages) -> None:
    for name in vars(found):
        getattr(out, name)[where] = getattr(found, name)


def _trapezoid(mean: Floats, spread: Floats, temperature: float) -> Averages:
    # the poles of tanh lie pi T / (2 s) away: at this step their error is exp(-32) or less
    step = min(0.4, 0.3 * temperature / float(spread.max()))
    z = np.arange(-RANGE, RANGE + step / 2, step)
    weights = step * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    found = sharp_averages(mean[:, None] + spread[:, None] * z, temperature)
    return Averages(
        found.tanh @ weights,
        found.potential @ weights,
        found.slope @ weights,
        found.slope @ (weights * z),
        found.slope @ (weights * z * z),
    )


def _density(z: Floats) -> Floats:
    result: Floats = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return result


def _local(mean: Floats, spread: Floats, temperature: float) -> Averages:
    zero = mean / spread
    ratio = (temperature / spread)[:, None]
    # places of Z at which the field is + u T and - u T
    up, down = -zero[:, None] + ratio * U, -zero[:, None] - ratio * U
    at_up, at_down = _density(up), _density(down)
    both = at_up + at_down
    sign = erf(zero / np.sqrt(2))
    size = spread * (zero * sign + 2 * _density(zero))
    return Averages(
        sign + ratio[:, 0] * ((at_up - at_down) @ (TANH_DEFICIT * W)),
        size + temperature * ratio[:, 0] * (both @ (SOFT * W)),
        both @ (SECH2 * W) / spread,
        (up * at_up + down * at_down) @ (SECH2 * W) / spread,
        (up**2 * at_up + down**2 * at_down) @ (SECH2 * W) / spread,
    )
