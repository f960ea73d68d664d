"""Exact rational probabilities: the oracle of the compiled code, and the default for single values."""

from __future__ import annotations

import math
from fractions import Fraction

LOG_2 = math.log(2.0)


def tail_counts(n: int, a: int, s: int, theta: int) -> tuple[int, int]:
    """Return how many draws overlap in at least theta, and how many there are.

    The smaller of a and s is drawn, which keeps the integers small: there are ``C(n, min(a, s))``
    draws. Terms follow from each other, so that only one binomial coefficient of each kind is built.
    """
    if s > a:
        a, s = s, a
    total = math.comb(n, s)
    low = max(0, a + s - n)
    if theta <= low:
        return total, total
    if theta > s:
        return 0, total
    term = math.comb(a, theta) * math.comb(n - a, s - theta)
    hits = term
    for k in range(theta, s):
        term = term * ((s - k) * (a - k)) // ((k + 1) * (n - a - s + k + 1))
        hits += term
    return hits, total


def tail(n: int, a: int, s: int, theta: int) -> Fraction:
    """Return P(overlap >= theta) as a fraction."""
    return Fraction(*tail_counts(n, a, s, theta))


def log_ratio(numerator: int, denominator: int) -> float:
    """Return the log of a ratio of whole numbers of any size, accurate near 0 and near 1."""
    if numerator == 0:
        return -math.inf
    if 2 * numerator > denominator:
        return math.log1p(-((denominator - numerator) / denominator))
    # Scaled to about 1 first: the ratio itself may be far below the smallest double.
    shift = denominator.bit_length() - numerator.bit_length()
    return math.log((numerator << shift) / denominator) - shift * LOG_2
