"""Stochastic EM over blocks of a memory map: ten million bins of 20 neurons, and a thousand neurons.

In the first two units states switch rates, and weights are zero. In the third a thousand neurons are
connected, and states switch connections alone. Each is scored on bins after those of the fit, and reports
seconds and the peak of memory beside the map.
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
HELD_OUT_BINS = 20_000
DWELL = 50
CONNECTED_SEQUENCES = 10
SEQUENCE_BINS = 5000


@dataclass(frozen=True)
class Size:
    """How much data, and how it is read."""

    n_bins: int
    n_neurons: int
    n_states: int
    block_bins: int
    start_bins: int
    prior: str
    n_init: int
    max_iter: int
    spread: float = 0.0  # of the logarithms of rates between states


SIZES = {
    "10,000,000 bins": Size(10_000_000, 20, 3, 20_000, 50_000, "none", 2, 10, 0.8),
    "1,000 neurons": Size(50_000, 1000, 2, 5000, 5000, "gaussian", 2, 20, 0.2),
    "1,000 connected neurons": Size(
        CONNECTED_SEQUENCES * SEQUENCE_BINS, 1000, 2, SEQUENCE_BINS, 10_000, "gaussian", 4, 30
    ),
}


def units() -> list[str]:
    """Return one unit for each size."""
    return list(SIZES)


def run_unit(name: str) -> dict[str, Any]:
    """Write a recording to disk, fit it block by block, and score the bins after it."""
    from threadpoolctl import threadpool_limits

    from neurosci.hmm_glm import HMMGLM, fit_stochastic, match_states, state_accuracy

    size = SIZES[name]
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        path = Path(folder) / "counts.npy"
        counts, states, lengths, truth = (record if size.spread else connected)(size, path)
        model = HMMGLM(
            size.n_states, prior=size.prior, shared_intercept=not size.spread, n_init=size.n_init,
            max_iter=size.max_iter, random_state=0,
        )  # fmt: skip
        held, n = np.asarray(counts[size.n_bins :]), size.n_bins
        tracemalloc.start()
        begin, busy = time.perf_counter(), time.process_time()
        fit_stochastic(model, counts[:n], lengths, block_bins=size.block_bins, start_bins=size.start_bins)
        seconds, processor = time.perf_counter() - begin, time.process_time() - busy
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        before = np.asarray(counts[n - HELD_OUT_BINS : n])
        order = match_states(states[n - HELD_OUT_BINS : n], model.predict(before), size.n_states)
        found = model.predict(held)
        out = {
            "accuracy": state_accuracy(states[n:], found, order),
            "bits_per_spike": model.bits_per_spike(held),
            "seconds": round(seconds, 1),
            "processor_seconds": round(processor, 1),
            "microseconds_per_bin": round(1e6 * processor / n, 2),
            "peak_megabytes": round(peak / 1e6),
            "largest_weight": float(np.abs(model.coef_).max()),
        }
        if truth is not None:
            path_of_truth = truth.predict(held)
            out["oracle_accuracy"] = state_accuracy(states[n:], path_of_truth)
            out["oracle_bits_per_spike"] = truth.bits_per_spike(held, rates=model.mean_counts_)
    out["passed"] = bool(
        out["accuracy"] >= LEAST_ACCURACY and out["bits_per_spike"] > 0 and peak < MOST_BYTES
    )
    return out


def record(size: Size, path: Path) -> tuple[Any, Any, None, None]:
    """Return a memory map of counts whose rates switch, and the states."""
    rng = np.random.default_rng(0)
    n_bins = size.n_bins + HELD_OUT_BINS
    states = np.repeat(rng.integers(0, size.n_states, -(-n_bins // DWELL)), DWELL)[:n_bins]
    rates = 0.1 * np.exp(rng.normal(0.0, size.spread, (size.n_states, size.n_neurons)))
    counts = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(n_bins, size.n_neurons))
    for start in range(0, n_bins, size.block_bins):
        part = slice(start, start + size.block_bins)
        counts[part] = rng.poisson(rates[states[part]])
    counts.flush()
    return np.load(path, mmap_mode="r", allow_pickle=False), states, None, None


def connected(size: Size, path: Path) -> tuple[Any, Any, Any, Any]:
    """Return a memory map of a network's counts, states, lengths for the fit, and the true model.

    Strengths are smaller than published, so that a thousand inputs make no rate run away.
    """
    from neurosci.hmm_glm import ExponentialBasis, make_onehot_hmmglm
    from tests.hmm_glm.truth import at_truth

    n_more = HELD_OUT_BINS // SEQUENCE_BINS
    data = make_onehot_hmmglm(
        size.n_neurons, size.n_states, SEQUENCE_BINS, CONNECTED_SEQUENCES + n_more, link="softplus",
        basis=ExponentialBasis(), strength_mean=-5.6, random_state=0,
    )  # fmt: skip
    np.save(path, data.X)
    counts = np.load(path, mmap_mode="r", allow_pickle=False)
    return counts, data.states, data.lengths[:CONNECTED_SEQUENCES], at_truth(data)
