"""Monte Carlo of false positives and false negatives, with vectors or with an urn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import check_option
from neurosci._core.parallel import parallel_map

from ._checks import at_most, count, integers, noisy, population, singles
from ._patterns import new_states
from ._rate import RateEstimate, certain, from_counts

METHODS = ("bitsliced", "urn")
N_PATTERNS = 1000
"""Patterns, and segments, of a block: their activity bits stay in the cache."""
URN_BLOCK = 1_000_000
BLOCKS_PER_TASK = 8


def simulate_false_positives(
    n: int,
    a: int,
    s: int,
    theta: int,
    n_trials: int,
    *,
    method: str = "bitsliced",
    random_state: int | np.random.Generator | None = None,
    n_jobs: int | None = None,
) -> RateEstimate:
    """Estimate the false-positive probability of a segment by simulation.

    Parameters
    ----------
    n, a, s, theta : int
        As in `false_positive_prob`.
    n_trials : int
        Comparisons of a segment with a pattern. "bitsliced" rounds them up to whole segments of
        1,000 comparisons each.
    method : {"bitsliced", "urn"}, default="bitsliced"
        Build segments and patterns and count overlaps bit by bit, or draw each synapse's activity
        in turn without replacement.
    random_state : int, Generator or None, default=None
        Seed or generator.
    n_jobs : int or None, default=None
        Processes, as in joblib. It never changes a number.

    Returns
    -------
    RateEstimate
        Estimate with its interval; with few expected hits the interval is wide, not wrong.

    Raises
    ------
    ValueError
        If a number is not whole or an inequality is broken; the message names it.

    Notes
    -----
    In a block every segment meets every pattern. Such pairs are pairwise independent but not
    jointly, so the standard error comes from the means of blocks (1,000 segments by 1,000 patterns).
    Memory: n times 128 bytes for each process.

    Examples
    --------
    >>> rate = simulate_false_positives(500, 64, 24, 8, n_trials=1_000_000, random_state=0)
    >>> rate.n_trials, 0.0062 < rate.estimate < 0.0068
    (1000000, True)
    """
    where = "simulate_false_positives"
    check_option(where, "method", method, METHODS)
    population(where, n=n, a=a, s=s, theta=theta)
    p = singles(where, n=n, a=a, s=s, theta=theta)
    n_trials = count(where, "n_trials", n_trials)
    arguments = (p["n"], p["a"], p["s"], p["theta"])
    if not 1 <= p["theta"] <= p["s"]:
        return certain(n_trials, p["theta"] <= 0, method)
    if method == "urn":
        return _run_urn(arguments, n_trials, random_state, n_jobs)
    return _run_blocks(_positive_task, arguments, n_trials, random_state, n_jobs)


def simulate_false_negatives(
    n: int,
    a: int,
    s: int,
    v: int,
    theta: int,
    n_trials: int,
    *,
    method: str = "bitsliced",
    random_state: int | np.random.Generator | None = None,
    n_jobs: int | None = None,
) -> RateEstimate:
    """Estimate the probability that a segment misses its own pattern under noise, by simulation.

    Parameters
    ----------
    n : int
        Cells from which the segment receives; n - a >= v.
    a, s, v, theta : int
        As in `false_negative_prob`.
    n_trials : int
        Comparisons of a segment with a noisy pattern. "bitsliced" rounds them up to whole segments
        of 1,000 comparisons each.
    method : {"bitsliced", "urn"}, default="bitsliced"
        Build the stored pattern, segments sampled from it and noisy versions of it, or draw each
        synapse's loss in turn without replacement.
    random_state : int, Generator or None, default=None
        Seed or generator.
    n_jobs : int or None, default=None
        Processes, as in joblib. It never changes a number.

    Returns
    -------
    RateEstimate
        Estimate with its interval.

    Raises
    ------
    ValueError
        If a number is not whole or an inequality is broken; the message names it.

    Notes
    -----
    A block is one stored pattern with 1,000 segments and 1,000 noisy versions; blocks are
    independent, and the standard error comes from their means.

    Examples
    --------
    >>> rate = simulate_false_negatives(6000, 128, 30, 64, 12, n_trials=1_000_000, random_state=0)
    >>> 0.070 < rate.estimate < 0.073
    True
    """
    where = "simulate_false_negatives"
    check_option(where, "method", method, METHODS)
    population(where, n=n, a=a, s=s, theta=theta)
    noisy(where, a=a, s=s, v=v)
    p = singles(where, n=n, a=a, s=s, v=v, theta=theta)
    at_most(
        where, "v", np.array(p["v"]), "n - a", np.array(p["n"] - p["a"]), "noise needs as many silent cells"
    )
    n_trials = count(where, "n_trials", n_trials)
    if not 1 <= p["theta"] <= p["s"]:
        return certain(n_trials, p["theta"] > p["s"], method)
    if method == "urn":
        lost = (p["a"], p["v"], p["s"], p["s"] - p["theta"] + 1)
        return _run_urn(lost, n_trials, random_state, n_jobs)
    arguments = tuple(p[name] for name in ("n", "a", "s", "v", "theta"))
    return _run_blocks(_negative_task, arguments, n_trials, random_state, n_jobs)


def _run_blocks(
    task: Callable[..., NDArray[np.int64]],
    arguments: tuple[int, ...],
    n_trials: int,
    random_state: int | np.random.Generator | None,
    n_jobs: int | None,
) -> RateEstimate:
    n_patterns = min(N_PATTERNS, n_trials)
    n_segments = -(-n_trials // n_patterns)
    n_blocks = -(-n_segments // N_PATTERNS)
    rows = np.full(n_blocks, N_PATTERNS)
    rows[-1] = n_segments - N_PATTERNS * (n_blocks - 1)
    states = new_states(random_state, n_blocks)
    tasks = [
        (arguments, rows[i : i + BLOCKS_PER_TASK], n_patterns, states[i : i + BLOCKS_PER_TASK])
        for i in range(0, n_blocks, BLOCKS_PER_TASK)
    ]
    hits = np.concatenate(list(parallel_map(task, tasks, n_jobs=n_jobs, verbose=False)))
    return from_counts(hits, rows * n_patterns, "bitsliced")


def _positive_task(
    arguments: tuple[int, ...], rows: NDArray[np.int64], n_patterns: int, states: NDArray[np.uint64]
) -> NDArray[np.int64]:
    from ._jit_patterns import false_positive_blocks

    hits = np.zeros(len(rows), dtype=np.int64)
    false_positive_blocks(*arguments, rows, n_patterns, states.copy(), hits)
    return hits


def _negative_task(
    arguments: tuple[int, ...], rows: NDArray[np.int64], n_patterns: int, states: NDArray[np.uint64]
) -> NDArray[np.int64]:
    from ._jit_patterns import false_negative_blocks

    misses = np.zeros(len(rows), dtype=np.int64)
    false_negative_blocks(*arguments, rows, n_patterns, states.copy(), misses)
    return misses


def _run_urn(
    arguments: tuple[int, ...],
    n_trials: int,
    random_state: int | np.random.Generator | None,
    n_jobs: int | None,
) -> RateEstimate:
    n_blocks = -(-n_trials // URN_BLOCK)
    sizes = np.full(n_blocks, URN_BLOCK)
    sizes[-1] = n_trials - URN_BLOCK * (n_blocks - 1)
    states = new_states(random_state, n_blocks)
    tasks = [(arguments, int(size), state) for size, state in zip(sizes, states, strict=True)]
    hits = np.array(list(parallel_map(_urn_task, tasks, n_jobs=n_jobs, verbose=False)), dtype=np.int64)
    # Trials of an urn are independent, so that all of them are one block.
    return from_counts(hits.sum(keepdims=True), sizes.sum(keepdims=True), "urn")


def _urn_task(arguments: tuple[int, ...], size: int, state: NDArray[np.uint64]) -> int:
    from ._jit_patterns import urn_hits

    return int(urn_hits(*arguments, size, state.copy()))


def segment_matches(active: Any, segments: Any, theta: int) -> NDArray[np.bool_]:
    """Return which segments reach the threshold under which patterns, by bit-sliced counters.

    Parameters
    ----------
    active : ndarray of bool, shape (n_patterns, n_cells)
        Patterns.
    segments : ndarray of int, shape (n_segments, s)
        Cells of the synapses of each segment.
    theta : int
        Threshold, 1 <= theta <= s.

    Returns
    -------
    ndarray of bool, shape (n_segments, n_patterns)
        Matches.
    """
    from ._jit_overlap import count_matches, padded

    where = "segment_matches"
    patterns = np.asarray(active, dtype=bool)
    cells = integers(where, "segments", segments)
    n_patterns, n = patterns.shape
    at_most(where, "theta", np.array(theta), "s", np.array(cells.shape[1]))
    tiles = pack_activity(patterns)
    found = np.empty((len(tiles), len(cells), tiles.shape[2]), dtype=np.uint64)
    count_matches(tiles, padded(cells.astype(np.int32), n), int(theta), cells.shape[1], found)
    words = np.ascontiguousarray(found.swapaxes(0, 1)).reshape(len(cells), -1)
    bits = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
    return bits[:, :n_patterns].astype(bool)


def pack_activity(patterns: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return patterns as tiles of bits, 512 patterns each.

    Parameters
    ----------
    patterns : ndarray of bool, shape (n_patterns, n_cells)
        Patterns.

    Returns
    -------
    ndarray of uint64, shape (n_tiles, n_cells + 1, 8)
        One bit per pattern; the last row of each tile is zero.
    """
    from ._jit_overlap import empty_activity

    n_patterns, n = patterns.shape
    active: NDArray[np.uint64] = empty_activity(n, n_patterns)
    n_tiles, _, words = active.shape
    bits = np.zeros((n, n_tiles, 8 * words), dtype=np.uint8)
    packed = np.packbits(patterns.T, axis=1, bitorder="little")
    bits.reshape(n, -1)[:, : packed.shape[1]] = packed
    active[:, :n] = bits.view("<u8").swapaxes(0, 1)
    return active
