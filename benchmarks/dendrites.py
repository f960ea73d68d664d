"""Exact tails, overlaps of many segments with many patterns, and urn trials, against NumPy and SciPy."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.pairs import Pair, Target

CELLS, ACTIVE, SYNAPSES, THRESHOLD = 6000, 128, 24, 4
N_SEGMENTS, N_PATTERNS = 2000, 4096
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


def population(n_patterns: int, n_synapses: int = SYNAPSES) -> dict[str, Any]:
    """Return patterns and segments in the form that each method wants; compile ours."""
    from threadpoolctl import threadpool_limits

    from neurosci.dendrites import random_sdr
    from neurosci.dendrites._jit_overlap import padded
    from neurosci.dendrites._simulate import pack_activity

    threadpool_limits(1)
    patterns = random_sdr(CELLS, ACTIVE, n_patterns, random_state=0)
    segments = random_sdr(CELLS, n_synapses, N_SEGMENTS, random_state=1)
    dense = patterns.toarray()
    cells = segments.indices.reshape(N_SEGMENTS, n_synapses).astype(np.int32)
    small = segments.astype(np.int8)
    data = {
        "n_synapses": n_synapses,
        "active": pack_activity(dense),
        "segments": padded(cells, CELLS),
        "packed": (np.ascontiguousarray(packed_rows(dense).T), packed_rows(segments.toarray())),
        "sparse": (small, patterns.astype(np.int8).T.tocsr()),
        "mixed": (small, np.ascontiguousarray(dense.T.astype(np.int8))),
        "dense": (segments.toarray().astype(np.float32), dense.T.astype(np.float32)),
    }
    sliced(data)
    return data


def by_synapses(n_synapses: int) -> dict[str, Any]:
    """Return the same for segments of another size."""
    return population(N_PATTERNS, n_synapses)


def with_loads(n_patterns: int) -> dict[str, Any]:
    """Return the same with a function that only loads; compile both."""
    data = population(n_patterns)
    data["loads"] = loads()
    only_loads(data)
    return data


def loads() -> Any:
    """Compile a loop that reads the 24 activity rows of every segment and counts nothing."""
    import numba

    from neurosci.dendrites._jit_lanes import differ, load, repeat, total

    @numba.njit(inline="always")
    def eight(flat, base, cells, g):
        a = differ(load(flat, base + 8 * cells[g]), load(flat, base + 8 * cells[g + 1]))
        b = differ(load(flat, base + 8 * cells[g + 2]), load(flat, base + 8 * cells[g + 3]))
        c = differ(load(flat, base + 8 * cells[g + 4]), load(flat, base + 8 * cells[g + 5]))
        d = differ(load(flat, base + 8 * cells[g + 6]), load(flat, base + 8 * cells[g + 7]))
        return differ(differ(a, b), differ(c, d))

    @numba.njit(error_model="numpy")
    def read(active, segments):
        flat, seen = active.reshape(-1), 0
        for tile in range(active.shape[0]):
            base = tile * active.shape[1] * 8
            a = b = c = repeat(np.uint64(0))
            for m in range(segments.shape[0]):
                cells = segments[m]
                a = differ(a, eight(flat, base, cells, 0))
                b = differ(b, eight(flat, base, cells, 8))
                c = differ(c, eight(flat, base, cells, 16))
            seen += total(differ(a, differ(b, c)))
        return seen

    return read


def only_loads(data: dict[str, Any]) -> int:
    """Read what the bit-sliced counters read."""
    return int(data["loads"](data["active"], data["segments"]))


def packed_rows(matrix: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return rows of bits in words."""
    width = -(-matrix.shape[1] // 64) * 64
    wide = np.zeros((len(matrix), width), bool)
    wide[:, : matrix.shape[1]] = matrix
    return np.packbits(wide, axis=1).view(np.uint64)


def sliced(data: dict[str, Any]) -> int:
    """Count matches with bit-sliced counters."""
    from neurosci.dendrites._jit_overlap import count_matches

    nowhere = np.empty((0, 0, 0), np.uint64)
    return int(count_matches(data["active"], data["segments"], THRESHOLD, data["n_synapses"], nowhere))


def by_popcount(data: dict[str, Any]) -> int:
    """Count matches with bitwise_count, segment by segment, over the words that hold a synapse."""
    patterns, segments = data["packed"]
    total = 0
    for row in segments:
        overlap = np.zeros(patterns.shape[1], np.uint8)
        for word in np.flatnonzero(row):
            overlap += np.bitwise_count(patterns[word] & row[word])
        total += int((overlap >= THRESHOLD).sum())
    return total


def by_sparse_product(data: dict[str, Any]) -> int:
    """Count matches with a product of sparse matrices."""
    segments, patterns = data["sparse"]
    return int(((segments @ patterns).data >= THRESHOLD).sum())


def by_mixed_product(data: dict[str, Any]) -> int:
    """Count matches with a product of sparse segments and dense bytes."""
    segments, patterns = data["mixed"]
    return int((segments @ patterns >= THRESHOLD).sum())


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


def _wall(side: str) -> Any:
    return lambda rows: float(rows[0][side]["wall"])


_RATE = Target(
    words="all pairs at 2.6e9 pairs a second", limit=N_SEGMENTS * N_PATTERNS / 2.6e9, value=_wall("ours")
)
_OURS = f"bit-sliced counters, {N_SEGMENTS} segments of {SYNAPSES} synapses, {CELLS} cells"


def _overlaps(name: str, words: str, peer: Any, **settings: Any) -> Pair:
    defaults: dict[str, Any] = {
        "ours_words": _OURS,
        "prepare": population,
        "sizes": (N_PATTERNS,),
        "unit": "patterns",
        "min_speedup": 100.0,
        "disagreement": difference,
        "disagreement_words": "matches that differ",
        "targets": (_RATE,),
    }
    return Pair(
        name=f"dendrites_{name}",
        peer_words=words,
        ours=sliced,
        peer=peer,
        n_rounds=5,
        **{**defaults, **settings},
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
                value=_wall("ours"),
            ),
            Target(words="all exact tables of Figs. 5 to 7", limit=2.0, value=figures_seconds),
            Target(words="Fig. 4 at its published trials", limit=60.0, value=figure_4_seconds),
        ),
    ),
    _overlaps("bitwise_count", "numpy.bitwise_count on packed words that hold a synapse", by_popcount),
    _overlaps("sparse", "scipy.sparse product, sparse by sparse, int8", by_sparse_product),
    _overlaps("sgemm", "dense matrix product, float32, one thread", by_matrix_product),
    # Reading the activity rows alone, as in dendrites_loads, takes more than a hundredth of this peer's time:
    # 100 is a target here and no gate. It wants dense bytes, and overlaps below 128.
    _overlaps(
        "mixed",
        "scipy.sparse product, sparse by dense, int8",
        by_mixed_product,
        min_speedup=None,
        targets=(
            _RATE,
            Target(
                words="a hundred times our time, in units of the peer's",
                limit=1.0,
                value=lambda rows: 100 / rows[0]["ratio"]["wall"]["median"],
            ),
        ),
    ),
    _overlaps(
        "loads",
        "reading the same activity rows and nothing else: the limit of the memory",
        only_loads,
        prepare=with_loads,
        # nothing that reads these rows can be faster; at least half of that is asked
        min_speedup=0.5,
        disagreement=None,
    ),
    _overlaps(
        "longer_segments",
        "scipy.sparse product, sparse by sparse, int8",
        by_sparse_product,
        ours_words=f"bit-sliced counters, {N_SEGMENTS} segments, {N_PATTERNS} patterns, {CELLS} cells",
        prepare=by_synapses,
        sizes=(24, 32, 48, 96),
        unit="synapses",
        min_speedup=None,
    ),
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
                value=_wall("ours"),
            ),
        ),
    ),
)
