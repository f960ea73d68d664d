"""Compiled loops. This module imports numba, so it is imported inside functions only.

The compiled code is kept beside the source where that folder can be written, so that the time of
compilation is spent once.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np


def jit(function: Any) -> Any:
    """Compile when first called; keep the result where some folder can be written."""
    try:
        return numba.njit(cache=True, error_model="numpy")(function)
    except RuntimeError:  # neither the package nor the user's cache folder is writable
        return numba.njit(error_model="numpy")(function)


def inlined(function: Any) -> Any:
    """Compile a function into its callers, so that their loops become vector instructions."""
    return numba.njit(inline="always", error_model="numpy")(function)


# Products are moved into a logarithm before they leave the range of a double.
SMALL, LARGE = 1e-200, 1e200
NEGLIGIBLE = 1e-18


@jit
def log_pmf(n, a, s, k):  # type: ignore[no-untyped-def]
    """Log-probability of overlap k, as a product of ratios: no factorial, no cancellation."""
    if s > a:
        a, s = s, a
    if k < a + s - n or k < 0 or k > s:
        return -np.inf
    total, product = 0.0, 1.0
    for i in range(k):
        product *= (float(s - i) * float(a - i)) / (float(i + 1) * float(n - i))
        if product < SMALL or product > LARGE:
            total += math.log(product)
            product = 1.0
    for j in range(s - k):
        product *= float(n - a - j) / float(n - k - j)
        if product < SMALL:
            total += math.log(product)
            product = 1.0
    return total + math.log(product)


@jit
def log_tail(n, a, s, theta, lower):  # type: ignore[no-untyped-def]
    """Log of P(overlap >= theta), or with `lower` of P(overlap < theta)."""
    if s > a:
        a, s = s, a
    low = max(0, a + s - n)
    if theta <= low:
        return -np.inf if lower else 0.0
    if theta > s:
        return 0.0 if lower else -np.inf
    total, term = 1.0, 1.0
    above = theta > (s + 1) * (a + 1) // (n + 2)
    # Away from the mode terms fall, so that the smaller of the two tails is a short sum of positive terms.
    if above:
        for k in range(theta, s):
            term *= (float(s - k) * float(a - k)) / (float(k + 1) * float(n - s - a + k + 1))
            total += term
            if term < NEGLIGIBLE * total:
                break
        known = min(0.0, log_pmf(n, a, s, theta) + math.log(total))
    else:
        for k in range(theta - 1, low, -1):
            term *= (float(k) * float(n - s - a + k)) / (float(s - k + 1) * float(a - k + 1))
            total += term
            if term < NEGLIGIBLE * total:
                break
        known = min(0.0, log_pmf(n, a, s, theta - 1) + math.log(total))
    if above == lower:
        return math.log1p(-math.exp(known))
    return known


@jit
def fill_log_tail(n, a, s, theta, lower, out):  # type: ignore[no-untyped-def]
    """Fill `out` with `log_tail` of every element."""
    for i in range(out.size):
        out[i] = log_tail(n[i], a[i], s[i], theta[i], lower)


@jit
def fill_log_pmf(n, a, s, k, out):  # type: ignore[no-untyped-def]
    """Fill `out` with `log_pmf` of every element."""
    for i in range(out.size):
        out[i] = log_pmf(n[i], a[i], s[i], k[i])


@jit
def log_add(x, y):  # type: ignore[no-untyped-def]
    """Log of the sum of two numbers given by their logs."""
    if x < y:
        x, y = y, x
    if y == -np.inf:
        return x
    return x + math.log1p(math.exp(y - x))


@jit
def union_sizes(n, s, n_patterns):  # type: ignore[no-untyped-def]
    """Log-probability of each size of a union of m patterns, for m = 0 ... n_patterns (rows)."""
    table = np.full((n_patterns + 1, min(n, s * n_patterns) + 1), -np.inf)
    table[0, 0] = 0.0
    for m in range(n_patterns):
        for u in range(min(n, s * m) + 1):
            if table[m, u] == -np.inf:
                continue
            low, high = max(0, u + s - n), min(u, s)
            value = table[m, u] + log_pmf(n, u, s, low)
            for k in range(low, high + 1):
                table[m + 1, u + s - k] = log_add(table[m + 1, u + s - k], value)
                if k < high:
                    value += math.log(
                        (float(s - k) * float(u - k)) / (float(k + 1) * float(n - s - u + k + 1))
                    )
    return table


@jit
def log_binomial_tail(a, log_silent, theta):  # type: ignore[no-untyped-def]
    """Log of P(at least theta of a independent cells are hit), given the log-probability of a miss."""
    if theta <= 0:
        return 0.0
    if theta > a:
        return -np.inf
    hit = -math.expm1(log_silent)
    if hit == 0.0:
        return -np.inf
    if log_silent == -np.inf:
        return 0.0
    odds = hit / math.exp(log_silent)
    above = theta > (a + 1) * hit
    start = theta if above else theta - 1
    total, term = 1.0, 1.0
    if above:
        for k in range(theta, a):
            term *= float(a - k) / float(k + 1) * odds
            total += term
    else:
        for k in range(theta - 1, 0, -1):
            term *= float(k) / float(a - k + 1) / odds
            total += term
    base, product = 0.0, 1.0
    for i in range(start):
        product *= float(a - i) / float(i + 1)
        if product > LARGE:
            base += math.log(product)
            product = 1.0
    base += math.log(product) + start * math.log(hit) + (a - start) * log_silent
    known = min(0.0, base + math.log(total))
    return known if above else math.log1p(-math.exp(known))
