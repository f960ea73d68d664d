"""Streaming scans from a store on disk as large as the paper's: how memory grows with what is read."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np

from ._streaming import measure_streaming

N_READ = 2000
N_PREPARED = 40


def stream(n_scans: int, rng: np.random.Generator) -> dict[str, Any]:
    """Make a synthetic store, read scans from all over it, and return how memory grew.

    Times are left out, since they differ from run to run: the benchmarks measure them. Growth is given to a
    tenth of a percent of the store for the same reason.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = measure_streaming(
            f"{folder}/store", n_scans=n_scans, n_read=min(N_READ, n_scans),
            n_prepared=min(N_PREPARED, n_scans), seed=int(rng.integers(2**31)),
        )  # fmt: skip
    return {
        "n_scans": np.array([n_scans]),
        "store_gb": np.array([round(found.store_gb, 2)]),
        "n_read": np.array([found.n_read]),
        "n_graphs": np.array([found.n_prepared]),
        "growth_percent": np.array([round(100 * found.growth_mb / (1000 * found.store_gb), 1)]),
    }
