"""Compiled loops that count overlaps for 512 patterns at once. Imported inside functions only, as `_jit`.

Activity lies in tiles of 512 patterns: shape (n_tiles, n_cells + 1, 8), one bit per pattern and a last row
of zeros. A tile of some thousand cells stays in the second cache while all segments pass over it.
"""

from __future__ import annotations

import numpy as np

from ._jit import inlined, jit
from ._jit_lanes import WORDS, both, count_ones, differ, either, load, plus, repeat, store, total

GROUP = 8
"""Synapses that are added at once."""
SHORT = 5
"""Bits of the counters that stay in registers; those above lie in memory."""


@jit
def empty_activity(n, n_patterns):  # type: ignore[no-untyped-def]
    """Return silent cells, aligned to 64 bytes: a load across two cache lines takes twice as long."""
    tiles = (n_patterns + 64 * WORDS - 1) // (64 * WORDS)
    size = tiles * (n + 1) * WORDS
    words = np.zeros(size + WORDS, np.uint64)
    first = (64 - words.ctypes.data % 64) // 8 % WORDS
    return words[first : first + size].reshape(tiles, n + 1, WORDS)


@jit
def set_bits(active, cells, count, pattern):  # type: ignore[no-untyped-def]
    """Mark cells as active in one pattern."""
    word = pattern >> 6
    tile, place, bit = word // WORDS, word % WORDS, np.uint64(1) << np.uint64(pattern & 63)
    for i in range(count):
        active[tile, cells[i], place] |= bit


@jit
def padded(segments, n):  # type: ignore[no-untyped-def]
    """Return segments with a multiple of eight synapses; those added lie on the row of zeros."""
    rows, s = segments.shape
    out = np.full((rows, (s + GROUP - 1) // GROUP * GROUP), n, np.int32)
    out[:, :s] = segments
    return out


@inlined
def add_two(a, b):  # type: ignore[no-untyped-def]
    """Add two bits in each place: return the carries and the sums."""
    return both(a, b), differ(a, b)


@inlined
def add_three(a, b, c):  # type: ignore[no-untyped-def]
    """Add three bits in each place: return the carries and the sums.

    The two do not share a term, so that either can become one ternary instruction.
    """
    return either(both(a, b), both(c, either(a, b))), differ(differ(a, b), c)


@inlined
def add_eight(ones, twos, fours, flat, base, cells, g):  # type: ignore[no-untyped-def]
    """Add eight synapses to three planes of the counters: return what goes beyond, and the planes."""
    two_a, ones = add_three(ones, load(flat, base + 8 * cells[g]), load(flat, base + 8 * cells[g + 1]))
    two_b, ones = add_three(ones, load(flat, base + 8 * cells[g + 2]), load(flat, base + 8 * cells[g + 3]))
    four_a, twos = add_three(twos, two_a, two_b)
    two_a, ones = add_three(ones, load(flat, base + 8 * cells[g + 4]), load(flat, base + 8 * cells[g + 5]))
    two_b, ones = add_three(ones, load(flat, base + 8 * cells[g + 6]), load(flat, base + 8 * cells[g + 7]))
    four_b, twos = add_three(twos, two_a, two_b)
    eights, fours = add_three(fours, four_a, four_b)
    return eights, ones, twos, fours


@inlined
def match_short(start_0, start_1, start_2, start_3, start_4, flat, base, cells):  # type: ignore[no-untyped-def]
    """Return the match bits of a segment of 24 synapses, and add nothing that no match depends on."""
    x, ones, twos, fours = add_eight(start_0, start_1, start_2, flat, base, cells, 0)
    y, ones, twos, fours = add_eight(ones, twos, fours, flat, base, cells, GROUP)
    z, ones, twos, fours = add_eight(ones, twos, fours, flat, base, cells, 2 * GROUP)
    sixteen_a, eights = add_three(start_3, x, y)
    carry, _ = add_three(start_4, sixteen_a, both(eights, z))
    return carry


@inlined
def ripple(planes, high, carry):  # type: ignore[no-untyped-def]
    """Add carries to the planes in memory; return what leaves the last one."""
    for p in range(high):
        plane = load(planes, WORDS * p)
        store(planes, WORDS * p, differ(plane, carry))
        carry = both(plane, carry)
    return carry


@jit
def n_planes(s):  # type: ignore[no-untyped-def]
    """Return the bits of a counter that holds 0 ... s, at least those in registers."""
    planes = SHORT
    while (1 << planes) <= s:
        planes += 1
    return planes


@inlined
def constant_plane(number, place):  # type: ignore[no-untyped-def]
    """Return one bit of a number in all places."""
    return repeat(~np.uint64(0) if (number >> place) & 1 else np.uint64(0))


@jit
def count_matches(active, segments, theta, s, found):  # type: ignore[no-untyped-def]
    """Return the number of (segment, pattern) pairs with overlap >= theta; theta from 1 to s.

    Counters start at 2**P - theta, so that reaching theta carries out of their P bits. The match bits go to
    `found`, shape (n_tiles, n_segments, 8), unless it is empty.
    """
    n_bits = n_planes(s)
    start, high = (1 << n_bits) - theta, n_bits - SHORT
    zero = repeat(np.uint64(0))
    start_0, start_1, start_2 = constant_plane(start, 0), constant_plane(start, 1), constant_plane(start, 2)
    start_3, start_4 = constant_plane(start, 3), constant_plane(start, 4)
    planes = np.empty(WORDS * high, np.uint64)
    flat, kept = active.reshape(-1), found.reshape(-1)
    n_segments, size = segments.shape
    n_matches = 0
    for tile in range(active.shape[0]):
        base = tile * active.shape[1] * WORDS
        counted = zero
        for m in range(n_segments):
            cells = segments[m]
            if size == 3 * GROUP:
                top = match_short(start_0, start_1, start_2, start_3, start_4, flat, base, cells)
            else:
                ones, twos, fours, eights, sixteens, top = start_0, start_1, start_2, start_3, start_4, zero
                for p in range(high):
                    store(planes, WORDS * p, constant_plane(start, SHORT + p))
                g = 0
                while g + 3 * GROUP <= size:
                    x, ones, twos, fours = add_eight(ones, twos, fours, flat, base, cells, g)
                    y, ones, twos, fours = add_eight(ones, twos, fours, flat, base, cells, g + GROUP)
                    z, ones, twos, fours = add_eight(ones, twos, fours, flat, base, cells, g + 2 * GROUP)
                    sixteen_a, eights = add_three(eights, x, y)
                    sixteen_b, eights = add_two(eights, z)
                    carry, sixteens = add_three(sixteens, sixteen_a, sixteen_b)
                    top = either(top, ripple(planes, high, carry))
                    g += 3 * GROUP
                while g < size:
                    x, ones, twos, fours = add_eight(ones, twos, fours, flat, base, cells, g)
                    sixteen_a, eights = add_two(eights, x)
                    carry, sixteens = add_two(sixteens, sixteen_a)
                    top = either(top, ripple(planes, high, carry))
                    g += GROUP
            counted = plus(counted, count_ones(top))
            if kept.size:
                store(kept, WORDS * (tile * n_segments + m), top)
        n_matches += total(counted)
    return n_matches
