"""Exact tails, overlaps of many segments with many patterns, and urn trials, against NumPy and SciPy."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.pairs import Pair, Target

CELLS, ACTIVE, SYNAPSES, THRESHOLD = 6000, 128, 24, 4
N_SEGMENTS = 2000
BLOCK = 1024  # patterns whose activity is worked on at a time, as in the simulations
GRID_TOLERANCE = 1e-9  # scipy's tails are accurate to 1e-10


def grid(_: int) -> tuple[NDArray[np.int64], ...]:
    """Return n, a, s and theta of all values behind Fig. 6; compile ours."""
    from neurosci.dendrites import published_grid

    table = published_grid()
    theta = np.tile(np.arange(3, 25), len(table))
    n, a, s = (np.repeat(column, 22) for column in table.T)
    tails((n[:1], a[:1], s[:1], theta[:1]))
    return n, a, s, theta


def tails(arrays: tuple[NDArray[np.int64], ...]) -> NDArray[np.float64]:
    """Return false-positive probabilities by the compiled kernel."""
    from neurosci.dendrites import false_positive_prob

    return false_positive_prob(*arrays, method="float")


def scipy_tails(arrays: tuple[NDArray[np.int64], ...]) -> NDArray[np.float64]:
    """Return the same by scipy."""
    from scipy.stats import hypergeom

    n, a, s, theta = arrays
    return np.asarray(hypergeom.sf(theta - 1, n, s, a))


def relative(ours: NDArray[np.float64], peer: NDArray[np.float64]) -> float:
    """Return the largest relative difference of what does not underflow."""
    seen = peer > 1e-250
    return float(np.abs(ours[seen] / peer[seen] - 1).max())


def population(n_patterns: int) -> dict[str, Any]:
    """Return patterns and segments in the form that each method wants; compile ours."""
    from threadpoolctl import threadpool_limits

    from neurosci.dendrites import random_sdr
    from neurosci.dendrites._jit_patterns import padded

    threadpool_limits(1)
    patterns = random_sdr(CELLS, ACTIVE, n_patterns, random_state=0)
    segments = random_sdr(CELLS, SYNAPSES, N_SEGMENTS, random_state=1)
    dense = patterns.toarray()
    data = {
        "active": [activity(dense[first : first + BLOCK]) for first in range(0, n_patterns, BLOCK)],
        "segments": padded(segments.indices.reshape(N_SEGMENTS, SYNAPSES).astype(np.int32), CELLS),
        "packed": (packed_rows(dense), packed_rows(segments.toarray())),
        "sparse": (segments.astype(np.float32), patterns.astype(np.float32).T.tocsr()),
        "dense": (segments.toarray().astype(np.float32), dense.T.astype(np.float32)),
    }
    sliced(data)
    return data


def activity(patterns: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return activity bits by cell, with a last row of zeros."""
    bits = np.zeros((CELLS + 1, len(patterns) // 8), np.uint8)
    bits[:CELLS] = np.packbits(patterns.T, axis=1, bitorder="little")
    return bits.view("<u8")


def packed_rows(matrix: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return rows of bits in words."""
    width = -(-matrix.shape[1] // 64) * 64
    wide = np.zeros((len(matrix), width), bool)
    wide[:, : matrix.shape[1]] = matrix
    return np.packbits(wide, axis=1).view(np.uint64)


def sliced(data: dict[str, Any]) -> int:
    """Count matches with bit-sliced counters."""
    from neurosci.dendrites._jit_patterns import count_matches

    return sum(int(count_matches(active, data["segments"], THRESHOLD, SYNAPSES)) for active in data["active"])


def by_popcount(data: dict[str, Any]) -> int:
    """Count matches with bitwise_count on packed rows, segment by segment."""
    patterns, segments = data["packed"]
    return sum(
        int((np.bitwise_count(patterns & row).sum(axis=1, dtype=np.uint16) >= THRESHOLD).sum())
        for row in segments
    )


def by_sparse_product(data: dict[str, Any]) -> int:
    """Count matches with a product of sparse matrices."""
    segments, patterns = data["sparse"]
    return int(((segments @ patterns).data >= THRESHOLD).sum())


def by_matrix_product(data: dict[str, Any]) -> int:
    """Count matches with a product of dense float32 matrices."""
    segments, patterns = data["dense"]
    return int((segments @ patterns >= THRESHOLD).sum())


def difference(ours: int, peer: int) -> float:
    """Return by how much two counts differ."""
    return float(abs(ours - peer))


def urn(n_trials: int) -> float:
    """Return the share of urn trials that reach a threshold."""
    from neurosci.dendrites import simulate_false_positives

    return simulate_false_positives(1100, 128, 24, 5, n_trials, method="urn", random_state=0).estimate


def numpy_urn(n_trials: int) -> float:
    """Return the same from NumPy's hypergeometric generator."""
    return float((np.random.default_rng(0).hypergeometric(24, 1076, 128, size=n_trials) >= 5).mean())


def prepare_urn(n_trials: int) -> int:
    """Compile ours."""
    urn(1000)
    return n_trials


def figures_seconds(_: Any) -> float:
    """Return the time of all exact tables of Figs. 5 to 7 after compilation."""
    from neurosci.dendrites import _curves

    def compute() -> None:
        _curves.population_curves()
        _curves.synapse_curves()
        _curves.median_table()
        _curves.union_size_table()
        _curves.union_table()

    compute()
    start = time.perf_counter()
    compute()
    return time.perf_counter() - start


def figure_4_seconds(_: Any) -> float:
    """Return the time of all points of Figs. 4A and 4B at the published numbers of trials, one process."""
    from neurosci.dendrites import _curves, simulate_false_negatives, simulate_false_positives

    start = time.perf_counter()
    for row in _curves.positive_points().itertuples():
        simulate_false_positives(row.n, row.a, **_curves.SEGMENT, n_trials=100_000_000, random_state=0)
    for row in _curves.negative_points().itertuples():
        about = {**_curves.NOISE, "v": row.v, "theta": row.theta}
        simulate_false_negatives(**about, n_trials=10_000_000, random_state=0)
    return time.perf_counter() - start


def _overlaps(name: str, words: str, peer: Any, min_speedup: float = 100.0) -> Pair:
    return Pair(
        name=f"dendrites_{name}",
        ours_words=f"bit-sliced counters, {N_SEGMENTS} segments of {SYNAPSES} synapses, {CELLS} cells",
        peer_words=words,
        ours=sliced,
        peer=peer,
        prepare=population,
        sizes=(4096,),
        unit="patterns",
        n_rounds=3,
        min_speedup=min_speedup,
        disagreement=difference,
        disagreement_words="matches that differ",
        targets=(
            Target(
                words="all pairs at 2.6e9 pairs a second",
                limit=N_SEGMENTS * 4096 / 2.6e9,
                value=lambda rows: float(rows[0]["ours"]["wall"]),
            ),
        ),
    )


PAIRS = (
    Pair(
        name="dendrites_grid",
        ours_words="compiled tails of the 9,240 values of Fig. 6",
        peer_words="scipy.stats.hypergeom.sf",
        ours=tails,
        peer=scipy_tails,
        prepare=grid,
        sizes=(9240,),
        unit="values",
        min_speedup=100.0,
        disagreement=relative,
        max_disagreement=GRID_TOLERANCE,
        disagreement_words="largest relative difference",
        targets=(
            Target(
                words="the grid at 3 million values a second",
                limit=9240 / 3e6,
                value=lambda rows: float(rows[0]["ours"]["wall"]),
            ),
            Target(words="all exact tables of Figs. 5 to 7", limit=2.0, value=figures_seconds),
            Target(words="Fig. 4 at its published trials", limit=60.0, value=figure_4_seconds),
        ),
    ),
    _overlaps("bitwise_count", "numpy.bitwise_count on packed rows", by_popcount),
    # Loading the rows alone takes a hundredth of the time of the sparse product, so that 100 is out of reach.
    _overlaps("sparse", "scipy.sparse product, float32", by_sparse_product, min_speedup=40.0),
    _overlaps("sgemm", "dense matrix product, float32, one thread", by_matrix_product),
    Pair(
        name="dendrites_urn",
        ours_words="urn trials, 24 synapses",
        peer_words="numpy Generator.hypergeometric",
        ours=urn,
        peer=numpy_urn,
        prepare=prepare_urn,
        sizes=(1_000_000,),
        unit="trials",
        min_speedup=1.0,
        disagreement=lambda ours, peer: abs(ours - peer),
        max_disagreement=5e-3,
        disagreement_words="difference of the two shares",
        targets=(
            Target(
                words="trials at 8 million a second",
                limit=1 / 8,
                value=lambda rows: float(rows[0]["ours"]["wall"]),
            ),
        ),
    ),
)
