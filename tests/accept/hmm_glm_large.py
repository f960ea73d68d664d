"""Stochastic EM over blocks of a memory map: ten million bins of 20 neurons, and a thousand neurons.

States switch rates; weights are zero. Each unit reports seconds and the peak of memory beside the map.
"""

from __future__ import annotations

import tempfile
import time
import tracemalloc
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

MOST_BYTES = 1e9
LEAST_ACCURACY = 0.95
LAST_BINS = 20_000
DWELL = 50


@dataclass(frozen=True)
class Size:
    """How much data, and how it is read."""

    n_bins: int
    n_neurons: int
    n_states: int
    block_bins: int
    start_bins: int
    spread: float  # of the logarithms of rates between states
    n_init: int
    max_iter: int


SIZES = {
    "10,000,000 bins": Size(10_000_000, 20, 3, 20_000, 50_000, 0.8, 2, 10),
    "1,000 neurons": Size(50_000, 1000, 2, 5000, 5000, 0.2, 1, 3),
}


def units() -> list[str]:
    """Return one unit for each size."""
    return list(SIZES)


def run_unit(name: str) -> dict[str, Any]:
    """Write a recording to disk, fit it block by block, and decode its end."""
    from threadpoolctl import threadpool_limits

    from neurosci.hmm_glm import HMMGLM, fit_stochastic, match_states, state_accuracy

    size = SIZES[name]
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        counts, states = record(size, Path(folder) / "counts.npy")
        model = HMMGLM(
            size.n_states, shared_intercept=False, n_init=size.n_init, max_iter=size.max_iter, random_state=0
        )
        tracemalloc.start()
        begin, busy = time.perf_counter(), time.process_time()
        fit_stochastic(model, counts, block_bins=size.block_bins, start_bins=size.start_bins)
        seconds, processor = time.perf_counter() - begin, time.process_time() - busy
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        found = model.predict(np.asarray(counts[-LAST_BINS:]))
    truth = states[-LAST_BINS:]
    accuracy = state_accuracy(truth, found, match_states(truth, found, size.n_states))
    return {
        "passed": bool(accuracy >= LEAST_ACCURACY and peak < MOST_BYTES),
        "accuracy": accuracy,
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor, 1),
        "microseconds_per_bin": round(1e6 * processor / size.n_bins, 2),
        "peak_megabytes": round(peak / 1e6),
        "largest_weight": float(np.abs(model.coef_).max()),
    }


def record(size: Size, path: Path) -> tuple[Any, Any]:
    """Return a memory map of counts, and the states."""
    rng = np.random.default_rng(0)
    states = np.repeat(rng.integers(0, size.n_states, -(-size.n_bins // DWELL)), DWELL)[: size.n_bins]
    rates = 0.1 * np.exp(rng.normal(0.0, size.spread, (size.n_states, size.n_neurons)))
    counts = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(size.n_bins, size.n_neurons))
    for start in range(0, size.n_bins, size.block_bins):
        part = slice(start, start + size.block_bins)
        counts[part] = rng.poisson(rates[states[part]])
    counts.flush()
    return np.load(path, mmap_mode="r", allow_pickle=False), states
