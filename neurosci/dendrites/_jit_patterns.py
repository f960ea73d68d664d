"""Compiled loops that draw patterns and simulate segments. Imported inside functions only, as `_jit`.

Random numbers come from xoshiro256++ (Blackman and Vigna 2021); its state is drawn from a NumPy
generator, one for each independent block of work.
"""

from __future__ import annotations

import numpy as np

from ._jit import inlined, jit
from ._jit_overlap import count_matches, empty_activity, padded, set_bits

SCALE = 2.0**-53


@inlined
def advance(s0, s1, s2, s3):  # type: ignore[no-untyped-def]
    """Return 64 random bits and the next state, which stays in registers."""
    total = s0 + s3
    bits = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
    shifted = s1 << np.uint64(17)
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    return bits, s0, s1, s2, (s3 << np.uint64(45)) | (s3 >> np.uint64(19))


@jit
def next_bits(state):  # type: ignore[no-untyped-def]
    """Return 64 random bits and move the state on."""
    bits, state[0], state[1], state[2], state[3] = advance(state[0], state[1], state[2], state[3])
    return bits


@jit
def uniform(state):  # type: ignore[no-untyped-def]
    """Return a number in [0, 1)."""
    return np.float64(next_bits(state) >> np.uint64(11)) * SCALE


@jit
def below(state, n):  # type: ignore[no-untyped-def]
    """Return a whole number in [0, n), n < 2**31, without bias (Lemire's rejection)."""
    mask = np.uint64(0xFFFFFFFF)
    size = np.uint64(n)
    product = (next_bits(state) >> np.uint64(32)) * size
    if (product & mask) < size:
        limit = (np.uint64(1) << np.uint64(32)) % size
        while (product & mask) < limit:
            product = (next_bits(state) >> np.uint64(32)) * size
    return np.int64(product >> np.uint64(32))


@jit
def shuffle_front(items, first, count, end, state):  # type: ignore[no-untyped-def]
    """Move a uniformly random choice of items[first:end] to items[first:first + count]."""
    for i in range(first, first + count):
        j = i + below(state, end - i)
        swapped = items[i]
        items[i] = items[j]
        items[j] = swapped


@jit
def random_subsets(n, a, size, state):  # type: ignore[no-untyped-def]
    """Return `size` uniformly random choices of a out of n cells."""
    items = np.arange(n).astype(np.int32)
    chosen = np.empty((size, a), np.int32)
    for row in range(size):
        shuffle_front(items, 0, a, n, state)
        chosen[row] = items[:a]
    return chosen


@jit
def random_activity(n, a, n_patterns, state):  # type: ignore[no-untyped-def]
    """Return activity bits of random patterns, in tiles."""
    active = empty_activity(n, n_patterns)
    items = np.arange(n).astype(np.int32)
    for pattern in range(n_patterns):
        shuffle_front(items, 0, a, n, state)
        set_bits(active, items, a, pattern)
    return active


@jit
def noisy_activity(items, n, a, v, n_patterns, state):  # type: ignore[no-untyped-def]
    """Return activity bits of noisy versions of the pattern items[:a]: v cells go off, v others on."""
    active = empty_activity(n, n_patterns)
    for pattern in range(n_patterns):
        shuffle_front(items, 0, v, a, state)
        shuffle_front(items, a, v, n, state)
        set_bits(active, items[v:], a, pattern)
    return active


@jit
def false_positive_blocks(n, a, s, theta, rows, n_patterns, states, hits):  # type: ignore[no-untyped-def]
    """Count matches of random segments with random patterns, one independent block for each state."""
    nowhere = np.empty((0, 0, 0), np.uint64)
    for b in range(hits.size):
        state = states[b]
        active = random_activity(n, a, n_patterns, state)
        segments = padded(random_subsets(n, s, rows[b], state), n)
        hits[b] = count_matches(active, segments, theta, s, nowhere)


@jit
def false_negative_blocks(n, a, s, v, theta, rows, n_patterns, states, misses):  # type: ignore[no-untyped-def]
    """Count misses of segments of one stored pattern under noise, one pattern for each state."""
    nowhere = np.empty((0, 0, 0), np.uint64)
    for b in range(misses.size):
        state = states[b]
        items = np.arange(n).astype(np.int32)
        shuffle_front(items, 0, a, n, state)
        segments = np.empty((rows[b], s), np.int32)
        for m in range(rows[b]):
            shuffle_front(items, 0, s, a, state)
            segments[m] = items[:s]
        active = noisy_activity(items, n, a, v, n_patterns, state)
        hits = count_matches(active, padded(segments, n), theta, s, nowhere)
        misses[b] = rows[b] * n_patterns - hits


@jit
def urn_hits(n, a, s, theta, n_trials, state):  # type: ignore[no-untyped-def]
    """Count trials with overlap >= theta, each synapse drawn in turn: active with (a - k) / (n - j)."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    hits = 0
    for _ in range(n_trials):
        k = 0
        for j in range(s):
            bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
            k += np.float64(bits >> np.uint64(11)) * SCALE * (n - j) < a - k
        hits += k >= theta
    state[0], state[1], state[2], state[3] = s0, s1, s2, s3
    return hits


@jit
def union_hits(n, a, s, theta, n_patterns, n_trials, state):  # type: ignore[no-untyped-def]
    """Count random patterns that match a segment made of fresh random patterns, vector by vector."""
    stamp = np.zeros(n, np.int64)
    items = np.arange(n).astype(np.int32)
    hits = 0
    for trial in range(1, n_trials + 1):
        for _ in range(n_patterns):
            shuffle_front(items, 0, s, n, state)
            for i in range(s):
                stamp[items[i]] = trial
        shuffle_front(items, 0, a, n, state)
        overlap = 0
        for i in range(a):
            overlap += stamp[items[i]] == trial
        hits += overlap >= theta
    return hits
