"""Compiled kernels: single-spin dynamics on exact integer overlaps, replica batches, binomial draws.

Random numbers come from a generator state of the caller (SplitMix64: one 64-bit word per stream), so that a
kernel has no state of its own and the same seed gives the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., object])

GLAUBER, METROPOLIS, QUENCH = 0, 1, 2
GOLDEN, FIRST, SECOND = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)
UNIT = 1.0 / 9007199254740992.0
S30, S27, S31, S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


def compiled(function: Function) -> Function:
    """Compile a function when it is first called; keep the result on disk where that is possible."""
    try:
        found = numba.njit(function, cache=True)
    except RuntimeError:  # no folder can be written
        found = numba.njit(function)
    return cast(Function, found)


def inlined(function: Function) -> Function:
    """Compile a small function into its callers."""
    return cast(Function, numba.njit(function, inline="always"))


@inlined
def mixed(word: np.uint64) -> np.uint64:
    """Return the output of SplitMix64 for one state."""
    a = (word ^ (word >> S30)) * FIRST
    b = (a ^ (a >> S27)) * SECOND
    return b ^ (b >> S31)


@inlined
def unit(word: np.uint64) -> float:
    """Return a number in [0, 1) from the upper 53 bits."""
    return np.float64(mixed(word) >> S11) * UNIT


@compiled
def field_of(
    rows: NDArray[np.int32], own: NDArray[np.int64], overlaps: NDArray[np.int64], spin: int, i: int
) -> int:
    """Return the local field of neuron i in units of the coupling scale, without its own term."""
    total = np.int64(0)
    for k in range(rows.shape[1]):
        total += rows[i, k] * overlaps[k]
    return int(total - own[i] * spin)


@compiled
def chance_up(field: float, beta: float) -> float:
    """Return the heat-bath probability that a spin points up, safe for large fields."""
    x = 2.0 * beta * field
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    y = math.exp(x)
    return y / (1.0 + y)


@compiled
def chance_flip(field: float, spin: int, beta: float) -> float:
    """Return the Metropolis probability that a spin flips."""
    x = 2.0 * beta * field * spin
    return 1.0 if x <= 0 else math.exp(-x)


@compiled
def sweeps(
    rows: NDArray[np.int32],
    own: NDArray[np.int64],
    spins: NDArray[np.int8],
    overlaps: NDArray[np.int64],
    scale: float,
    beta: float,
    rule: int,
    random_site: bool,
    random_ties: bool,
    record: NDArray[np.int64],
    every: int,
    word: np.uint64,
) -> tuple[int, np.uint64]:
    """Run sweeps of single-spin dynamics in place and record the overlaps after each `every` sweeps.

    Returns the number of flips and the state of the generator.
    """
    n, k = rows.shape
    flips = 0
    for t in range(record.shape[0] * every):
        for step in range(n):
            i = step
            if random_site:
                word += GOLDEN
                i = int(unit(word) * n)
            spin = np.int64(spins[i])
            total = np.int64(0)
            for c in range(k):
                total += rows[i, c] * overlaps[c]
            total -= own[i] * spin
            new = spin
            if rule == QUENCH:
                if total > 0:
                    new = np.int64(1)
                elif total < 0:
                    new = np.int64(-1)
                elif random_ties:
                    word += GOLDEN
                    new = np.int64(1) if unit(word) < 0.5 else np.int64(-1)
            else:
                word += GOLDEN
                if rule == GLAUBER:
                    new = np.int64(1) if unit(word) < chance_up(scale * total, beta) else np.int64(-1)
                elif unit(word) < chance_flip(scale * total, int(spin), beta):
                    new = -spin
            if new != spin:
                flips += 1
                spins[i] = new
                change = new - spin
                for c in range(k):
                    overlaps[c] += rows[i, c] * change
        if (t + 1) % every == 0:
            for c in range(k):
                record[(t + 1) // every - 1, c] = overlaps[c]
    return flips, word


@compiled
def batch_sweeps(
    rows: NDArray[np.int32],
    own: NDArray[np.int64],
    spins: NDArray[np.float64],
    overlaps: NDArray[np.float64],
    factor: float,
    record: NDArray[np.float64],
    every: int,
    words: NDArray[np.uint64],
) -> int:
    """Run heat-bath sweeps of many replicas side by side, in place; `factor` is 2 beta times the scale.

    Overlaps are doubles that hold whole numbers, exact below 2^53. Returns the number of flips.
    """
    n, k = rows.shape
    lanes = spins.shape[1]
    field = np.empty(lanes)
    change = np.empty(lanes)
    flips = 0.0
    for t in range(record.shape[0] * every):
        for i in range(n):
            for r in range(lanes):
                field[r] = -np.float64(own[i]) * spins[i, r]
            for c in range(k):
                weight = np.float64(rows[i, c])
                if weight != 0.0:
                    for r in range(lanes):
                        field[r] += weight * overlaps[c, r]
            for r in range(lanes):
                words[r] += GOLDEN
                x = min(max(-factor * field[r], -700.0), 700.0)
                # u < 1 / (1 + exp(x)), without a division
                new = 1.0 if unit(words[r]) * (1.0 + math.exp(x)) < 1.0 else -1.0
                change[r] = new - spins[i, r]
                spins[i, r] = new
                flips += abs(change[r])
            for c in range(k):
                weight = np.float64(rows[i, c])
                if weight != 0.0:
                    for r in range(lanes):
                        overlaps[c, r] += weight * change[r]
        if (t + 1) % every == 0:
            record[(t + 1) // every - 1] = overlaps
    return int(flips / 2)


@compiled
def normal(word: np.uint64) -> tuple[float, np.uint64]:
    """Return a standard normal number (Box and Muller) and the state of the generator."""
    word += GOLDEN
    radius = math.sqrt(-2.0 * math.log(1.0 - unit(word)))
    word += GOLDEN
    return radius * math.cos(2.0 * math.pi * unit(word)), word


@compiled
def _stirling(x: float) -> float:
    """Return log(x!) minus its leading Stirling form at x + 1, to double precision."""
    if x < 10.0:
        exact = math.lgamma(x + 1.0)
        return exact - ((x + 0.5) * math.log(x + 1.0) - (x + 1.0) + 0.9189385332046727)
    y = 1.0 / (x + 1.0)
    y2 = y * y
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - y2 / 1188) * y2) * y2) * y2) * y


@compiled
def binomial(n: int, p: float, word: np.uint64) -> tuple[int, np.uint64]:
    """Return a binomial number: inversion where few are expected, else transformed rejection.

    The rejection is that of Hörmann (1993), exact for any n; its cost does not depend on n.
    """
    if p > 0.5:
        k, word = binomial(n, 1.0 - p, word)
        return n - k, word
    if n == 0 or p <= 0.0:
        return 0, word
    if n * p < 10.0:
        odds = p / (1.0 - p)
        while True:
            word += GOLDEN
            rest = unit(word)
            mass = math.exp(n * math.log1p(-p))
            k = 0
            while rest > mass and k < n:
                rest -= mass
                k += 1
                mass *= odds * (n - k + 1) / k
                if mass < 1e-300:
                    break
            if mass >= 1e-300:
                return k, word
    spread = math.sqrt(n * p * (1.0 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    centre = n * p + 0.5
    alpha = (2.83 + 5.1 / b) * spread
    v_r = 0.92 - 4.2 / b
    mode = math.floor((n + 1) * p)
    odds = p / (1.0 - p)
    while True:
        word += GOLDEN
        v = 1.0 - unit(word)
        word += GOLDEN
        u = unit(word) - 0.5
        us = 0.5 - abs(u)
        k = math.floor((2.0 * a / us + b) * u + centre) if us > 0.0 else -1
        if k < 0 or k > n:
            continue
        if us >= 0.07 and v <= v_r:
            return int(k), word
        bound = math.log(v * alpha / (a / (us * us) + b))
        h = (mode + 0.5) * math.log((mode + 1.0) / (odds * (n - mode + 1.0)))
        h += _stirling(mode) + _stirling(n - mode)
        value = (n + 1.0) * math.log((n - mode + 1.0) / (n - k + 1.0))
        value += (k + 0.5) * math.log((n - k + 1.0) * odds / (k + 1.0))
        if bound <= h + value - _stirling(k) - _stirling(n - k):
            return int(k), word


@compiled
def class_sweeps(
    rows: NDArray[np.float64],
    counts: NDArray[np.int64],
    ups: NDArray[np.int64],
    n_total: int,
    beta: float,
    record: NDArray[np.float64],
    every: int,
    word: np.uint64,
) -> tuple[float, np.uint64]:
    """Run block Gibbs sweeps on the numbers of up spins in each class of equal rows, in place.

    With J = R R^T / N: z given the spins is normal around R^T s / N with variance 1 / (beta N); the spins
    given z are independent. Returns how many spins change on average, given the numbers of up spins before
    and after (the spins of a class are exchangeable), and the state of the generator.
    """
    n_classes, k = rows.shape
    overlaps = np.zeros(k)
    z = np.empty(k)
    width = math.sqrt(1.0 / (beta * n_total))
    changed = 0.0
    for c in range(n_classes):
        for j in range(k):
            overlaps[j] += rows[c, j] * (2 * ups[c] - counts[c])
    for t in range(record.shape[0] * every):
        for j in range(k):
            draw, word = normal(word)
            z[j] = overlaps[j] / n_total + width * draw
            overlaps[j] = 0.0
        for c in range(n_classes):
            field = 0.0
            for j in range(k):
                field += rows[c, j] * z[j]
            before = ups[c]
            ups[c], word = binomial(counts[c], chance_up(field, beta), word)
            changed += before + ups[c] - 2.0 * before * ups[c] / counts[c]
            for j in range(k):
                overlaps[j] += rows[c, j] * (2 * ups[c] - counts[c])
        if (t + 1) % every == 0:
            place = (t + 1) // every - 1
            for j in range(k):
                record[place, j] = overlaps[j]
    return changed, word
