"""Compiled loops of the rare-event methods. Imported inside functions only, as `_jit`."""

from __future__ import annotations

import math

import numpy as np

from ._jit import jit
from ._jit_patterns import advance, below, shuffle_front, uniform


@jit
def mean_end(n, a, s, odds):  # type: ignore[no-untyped-def]
    """Return where the mean path of the tilted urn ends."""
    k = 0.0
    for j in range(s):
        p = min(1.0, max(0.0, (a - k) / (n - j)))
        k += odds * p / (1.0 - p + odds * p)
    return k


@jit
def tilted_urn(n, a, s, odds, n_trials, state, overlap, log_weight):  # type: ignore[no-untyped-def]
    """Draw each synapse in turn with tilted odds; keep the overlap and the log of the likelihood ratio."""
    log_odds = math.log(odds)
    for trial in range(n_trials):
        k, total, product = 0, 0.0, 1.0
        for j in range(s):
            p = (a - k) / (n - j)
            norm = 1.0 - p + odds * p
            # The ratio of true to tilted probability is norm / odds for active and norm for silent.
            product *= norm
            if product > 1e200:
                total += math.log(product)
                product = 1.0
            if uniform(state) * norm < odds * p:
                k += 1
        overlap[trial] = k
        log_weight[trial] = total + math.log(product) - k * log_odds


@jit
def swap(k, a, silent, s, level, n_moves, state):  # type: ignore[no-untyped-def]
    """Return the overlap after swaps that never take it below the level.

    One word decides both halves of a swap: whether the cell that goes off has a synapse, and whether
    the one that goes on has. Each half has 32 bits, which biases it by less than 2**-32.
    """
    mask = np.uint64(0xFFFFFFFF)
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    leave = np.uint64(k * 4294967296.0 / a)
    enter = np.uint64((s - k) * 4294967296.0 / silent)
    for _ in range(n_moves):
        bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
        leaves = (bits >> np.uint64(32)) < leave
        enters = (bits & mask) < enter
        if leaves != enters and (enters or k > level):
            k += 1 if enters else -1
            leave = np.uint64(k * 4294967296.0 / a)
            enter = np.uint64((s - k) * 4294967296.0 / silent)
    state[0], state[1], state[2], state[3] = s0, s1, s2, s3
    return k


@jit
def climb(n, a, s, theta, n_particles, n_moves, state):  # type: ignore[no-untyped-def]
    """Return the log of the product of level probabilities of one splitting run; minus infinity if lost.

    Particles start as random patterns; level by level those that reach it are copied over the rest
    and moved on by swaps of one active against one silent cell that do not lose the level. A swap
    acts on the overlap alone, so the overlap is what is kept of the pattern.
    """
    overlap = np.empty(n_particles, np.int64)
    for i in range(n_particles):
        k = 0
        for j in range(s):
            k += uniform(state) * (n - j) < a - k
        overlap[i] = k
    total = 0.0
    silent = n - a
    for level in range(1, theta + 1):
        alive = 0
        for i in range(n_particles):
            if overlap[i] >= level:
                overlap[alive] = overlap[i]
                alive += 1
        if alive == 0:
            return -np.inf
        total += math.log(alive / n_particles)
        for i in range(alive, n_particles):
            overlap[i] = overlap[below(state, alive)]
        if level < theta and silent > 0:
            for i in range(n_particles):
                overlap[i] = swap(overlap[i], a, silent, s, level, n_moves, state)
    return total


@jit
def mixture_matches(n, a, theta, segments, owners, picked, law, n_trials, state, matching):  # type: ignore[no-untyped-def]
    """Draw patterns that match a picked segment, and leave in `matching` how many segments each matches.

    `segments` and `owners` are index arrays and starts of the synapses by segment, and of the segments by
    cell; `picked` is the cumulative probability of each segment, `law` that of each overlap by its size.
    """
    cells, starts = segments
    users, firsts = owners
    stamp = np.full(n, -1, np.int64)
    active, outside = np.empty(a, np.int32), np.empty(n, np.int32)
    own = np.empty(n, np.int32)
    overlap = np.zeros(starts.size - 1, np.int64)
    for trial in range(n_trials):
        m = min(np.searchsorted(picked, uniform(state), "right"), starts.size - 2)
        size = starts[m + 1] - starts[m]
        own[:size] = cells[starts[m] : starts[m + 1]]
        for i in range(size):
            stamp[own[i]] = trial
        end = 0
        for cell in range(n):
            if stamp[cell] != trial:
                outside[end] = cell
                end += 1
        hit = theta + np.searchsorted(law[size, theta : min(size, a)], uniform(state), "right")
        shuffle_front(own, 0, hit, size, state)
        shuffle_front(outside, 0, a - hit, end, state)
        active[:hit] = own[:hit]
        active[hit:] = outside[: a - hit]
        for i in range(a):
            for j in range(firsts[active[i]], firsts[active[i] + 1]):
                overlap[users[j]] += 1
        found = 0
        for i in range(a):
            for j in range(firsts[active[i]], firsts[active[i] + 1]):
                found += overlap[users[j]] >= theta
                overlap[users[j]] = 0
        matching[trial] = found
