"""Compiled loops that draw patterns and count matches. Imported inside functions only, as `_jit`.

Random numbers come from xoshiro256++ (Blackman and Vigna 2021); its state is drawn from a NumPy
generator, one for each independent block of work.
"""

from __future__ import annotations

import numpy as np

from ._jit import inlined, jit

SCALE = 2.0**-53
ONE_PASS = 24
"""Synapses that are added without storing the counters in between."""


@jit
def next_bits(state):  # type: ignore[no-untyped-def]
    """Return 64 random bits and move the state on."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    total = s0 + s3
    result = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
    s2 ^= s0
    s3 ^= s1
    state[1] = s1 ^ s2
    state[0] = s0 ^ s3
    state[2] = s2 ^ (s1 << np.uint64(17))
    state[3] = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
    return result


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
def set_bits(active, cells, count, pattern):  # type: ignore[no-untyped-def]
    """Mark cells as active in one pattern."""
    word, bit = pattern >> 6, np.uint64(1) << np.uint64(pattern & 63)
    for i in range(count):
        active[cells[i], word] |= bit


@jit
def random_activity(n, a, n_patterns, state):  # type: ignore[no-untyped-def]
    """Return activity bits, one row of words per cell and a last row of zeros, one bit per pattern."""
    active = np.zeros((n + 1, (n_patterns + 63) >> 6), np.uint64)
    items = np.arange(n).astype(np.int32)
    for pattern in range(n_patterns):
        shuffle_front(items, 0, a, n, state)
        set_bits(active, items, a, pattern)
    return active


@jit
def noisy_activity(items, n, a, v, n_patterns, state):  # type: ignore[no-untyped-def]
    """Return activity bits of noisy versions of the pattern items[:a]: v cells go off, v others on."""
    active = np.zeros((n + 1, (n_patterns + 63) >> 6), np.uint64)
    for pattern in range(n_patterns):
        shuffle_front(items, 0, v, a, state)
        shuffle_front(items, a, v, n, state)
        set_bits(active, items[v:], a, pattern)
    return active


@jit
def padded(segments, n):  # type: ignore[no-untyped-def]
    """Return segments with 24 synapses or more, a multiple of eight; those added lie on the row of zeros."""
    rows, s = segments.shape
    out = np.full((rows, max(ONE_PASS, (s + 7) // 8 * 8)), n, np.int32)
    out[:, :s] = segments
    return out


@inlined
def add_three(a, b, c):  # type: ignore[no-untyped-def]
    """Add three bits in each place: return the carries and the sums."""
    either = a ^ b
    return (a & b) | (either & c), either ^ c


@inlined
def add_eight(ones, twos, fours, a, b, c, d, e, f, g, h):  # type: ignore[no-untyped-def]
    """Add eight bits in each place to three planes of a counter: return what goes beyond, and the planes."""
    two_a, ones = add_three(ones, a, b)
    two_b, ones = add_three(ones, c, d)
    four_a, twos = add_three(twos, two_a, two_b)
    two_a, ones = add_three(ones, e, f)
    two_b, ones = add_three(ones, g, h)
    four_b, twos = add_three(twos, two_a, two_b)
    eights, fours = add_three(fours, four_a, four_b)
    return eights, ones, twos, fours


@jit
def n_planes(s):  # type: ignore[no-untyped-def]
    """Return the bits of a counter that holds 0 ... s, at least the three that are added at once."""
    planes = 3
    while (1 << planes) <= s:
        planes += 1
    return planes


@jit
def constant_plane(number, place):  # type: ignore[no-untyped-def]
    """Return one bit of a number in all places of a word."""
    return ~np.uint64(0) if (number >> place) & 1 else np.uint64(0)


@jit
def match_in_one_pass(active, cells, theta, top):  # type: ignore[no-untyped-def]
    """Leave in `top` the match bits of a segment of up to 24 synapses.

    The counters stay in registers. They start at 32 - theta, so that reaching theta carries out of the
    five bits.
    """
    start = 32 - theta
    s0, s1, s2 = constant_plane(start, 0), constant_plane(start, 1), constant_plane(start, 2)
    s3, s4 = constant_plane(start, 3), constant_plane(start, 4)
    a0, a1, a2, a3 = (
        active[cells[0]],
        active[cells[1]],
        active[cells[2]],
        active[cells[3]],
    )
    a4, a5, a6, a7 = (
        active[cells[4]],
        active[cells[5]],
        active[cells[6]],
        active[cells[7]],
    )
    b0, b1, b2, b3 = (
        active[cells[8]],
        active[cells[9]],
        active[cells[10]],
        active[cells[11]],
    )
    b4, b5, b6, b7 = (
        active[cells[12]],
        active[cells[13]],
        active[cells[14]],
        active[cells[15]],
    )
    c0, c1, c2, c3 = (
        active[cells[16]],
        active[cells[17]],
        active[cells[18]],
        active[cells[19]],
    )
    c4, c5, c6, c7 = (
        active[cells[20]],
        active[cells[21]],
        active[cells[22]],
        active[cells[23]],
    )
    for w in range(top.size):
        x, ones, twos, fours = add_eight(s0, s1, s2, a0[w], a1[w], a2[w], a3[w], a4[w], a5[w], a6[w], a7[w])
        y, ones, twos, fours = add_eight(
            ones, twos, fours, b0[w], b1[w], b2[w], b3[w], b4[w], b5[w], b6[w], b7[w]
        )
        z, ones, twos, fours = add_eight(
            ones, twos, fours, c0[w], c1[w], c2[w], c3[w], c4[w], c5[w], c6[w], c7[w]
        )
        sixteen_a, eights = add_three(s3, x, y)
        sixteen_b = eights & z
        top[w] = (sixteen_a & sixteen_b) | (s4 & (sixteen_a ^ sixteen_b))


@jit
def match_plane_by_plane(active, cells, theta, planes, carry):  # type: ignore[no-untyped-def]
    """Leave in the last plane the match bits of a segment of any size; the counters lie in memory.

    They start at 2**P - theta, so that reaching theta carries into plane P.
    """
    top = planes.shape[0] - 1
    for p in range(top + 1):
        planes[p, :] = constant_plane((1 << top) - theta, p)
    first, second, third = planes[0], planes[1], planes[2]
    for g in range(0, cells.size, 8):
        a0, a1, a2, a3 = active[cells[g]], active[cells[g + 1]], active[cells[g + 2]], active[cells[g + 3]]
        a4, a5 = active[cells[g + 4]], active[cells[g + 5]]
        a6, a7 = active[cells[g + 6]], active[cells[g + 7]]
        for w in range(carry.size):
            x, ones, twos, fours = add_eight(
                first[w], second[w], third[w], a0[w], a1[w], a2[w], a3[w], a4[w], a5[w], a6[w], a7[w]
            )
            carry[w] = x
            first[w] = ones
            second[w] = twos
            third[w] = fours
        for p in range(3, top + 1):
            plane = planes[p]
            for w in range(carry.size):
                both = plane[w] & carry[w]
                plane[w] ^= carry[w]
                carry[w] = both


@jit
def find_matches(active, segments, theta, s):  # type: ignore[no-untyped-def]
    """Return the match bits of every segment, shape (n_segments, n_words); theta from 1 to s."""
    words = active.shape[1]
    planes = np.empty((n_planes(s) + 1, words), np.uint64)
    carry = np.empty(words, np.uint64)
    found = np.empty((segments.shape[0], words), np.uint64)
    for m in range(segments.shape[0]):
        if segments.shape[1] == ONE_PASS:
            match_in_one_pass(active, segments[m], theta, found[m])
        else:
            match_plane_by_plane(active, segments[m], theta, planes, carry)
            found[m] = planes[planes.shape[0] - 1]
    return found


@jit
def count_bits(words):  # type: ignore[no-untyped-def]
    """Return the number of bits that are set; fast where few are."""
    total = 0
    for w in range(words.size):
        bits = words[w]
        while bits:
            bits &= bits - np.uint64(1)
            total += 1
    return total


@jit
def count_matches(active, segments, theta, s):  # type: ignore[no-untyped-def]
    """Return the number of (segment, pattern) pairs with overlap >= theta; theta from 1 to s.

    It is fastest with about 1,000 patterns, where the activity of some thousand cells stays in the cache.
    """
    words = active.shape[1]
    planes = np.empty((n_planes(s) + 1, words), np.uint64)
    carry = np.empty(words, np.uint64)
    top = np.empty(words, np.uint64)
    total = 0
    for m in range(segments.shape[0]):
        if segments.shape[1] == ONE_PASS:
            match_in_one_pass(active, segments[m], theta, top)
            total += count_bits(top)
        else:
            match_plane_by_plane(active, segments[m], theta, planes, carry)
            total += count_bits(planes[planes.shape[0] - 1])
    return total


@jit
def false_positive_blocks(n, a, s, theta, rows, n_patterns, states, hits):  # type: ignore[no-untyped-def]
    """Count matches of random segments with random patterns, one independent block for each state."""
    for b in range(hits.size):
        state = states[b]
        active = random_activity(n, a, n_patterns, state)
        segments = padded(random_subsets(n, s, rows[b], state), n)
        hits[b] = count_matches(active, segments, theta, s)


@jit
def false_negative_blocks(n, a, s, v, theta, rows, n_patterns, states, misses):  # type: ignore[no-untyped-def]
    """Count misses of segments of one stored pattern under noise, one pattern for each state."""
    for b in range(misses.size):
        state = states[b]
        items = np.arange(n).astype(np.int32)
        shuffle_front(items, 0, a, n, state)
        segments = np.empty((rows[b], s), np.int32)
        for m in range(rows[b]):
            shuffle_front(items, 0, s, a, state)
            segments[m] = items[:s]
        active = noisy_activity(items, n, a, v, n_patterns, state)
        hits = count_matches(active, padded(segments, n), theta, s)
        misses[b] = rows[b] * n_patterns - hits


@jit
def urn_hits(n, a, s, theta, n_trials, state):  # type: ignore[no-untyped-def]
    """Count trials with overlap >= theta, each synapse drawn in turn: active with (a - k) / (n - j)."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    hits = 0
    for _ in range(n_trials):
        k = 0
        for j in range(s):
            # the generator is written out here: its state stays in registers
            total = s0 + s3
            bits = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
            shifted = s1 << np.uint64(17)
            s2 ^= s0
            s3 ^= s1
            s1 ^= s2
            s0 ^= s3
            s2 ^= shifted
            s3 = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
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
