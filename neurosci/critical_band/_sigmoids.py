"""Sigmoids of the psychometric functions, all of which are one half at 0."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

SIGMOIDS = ("logistic", "norm", "weibull", "gumbel")

_LN2 = math.log(2)
# Beyond this every sigmoid is 0 or 1 to double precision, and exponentials stay finite.
_FAR = 300.0


def sigmoid_value(name: str, z: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sigmoid and its derivative."""
    from scipy.special import expit, ndtr

    z = np.clip(z, -_FAR, _FAR)
    if name == "logistic":
        value = expit(z)
        return value, value * expit(-z)
    if name == "norm":
        return ndtr(z), np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    sign = 1.0 if name == "weibull" else -1.0
    rate = _LN2 * np.exp(sign * z)
    slope = rate * np.exp(-rate)
    return (-np.expm1(-rate), slope) if name == "weibull" else (np.exp(-rate), slope)


def sigmoid_inverse(name: str, value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where the sigmoid has a value; infinite at 0 and 1, NaN outside."""
    from scipy.special import logit, ndtri

    with np.errstate(divide="ignore", invalid="ignore"):
        if name == "logistic":
            return np.asarray(logit(value))
        if name == "norm":
            return np.asarray(ndtri(value))
        if name == "weibull":
            return np.log(-np.log1p(-value) / _LN2)
        return -np.log(-np.log(value) / _LN2)
