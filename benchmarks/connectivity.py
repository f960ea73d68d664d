"""Windows of one scan and their graphs against nilearn and a full sort; streaming at 50,000 scans.

Linear algebra has one thread on both sides.
"""

from __future__ import annotations

import functools
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.pairs import Pair, Target

N_REGIONS, N_TIMES, WINDOW, DENSITY = 400, 490, 50, 0.3
STEPS = {28: 16, 147: 3}
"""Distance of two starts that gives so many windows."""

FOLDER = Path(tempfile.gettempdir()) / "neurosci-bench-connectivity"
SMALL = 500


@functools.cache
def controller() -> Any:
    """Return what limits the threads of linear algebra; finding the libraries takes a millisecond."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def scan(n_windows: int) -> dict[str, Any]:
    """Return one synthetic scan of correlated regions, and the starts of its windows."""
    rng = np.random.default_rng(20231204)
    common = rng.standard_normal((N_TIMES, 8)) @ rng.standard_normal((8, N_REGIONS))
    series = (common + 2 * rng.standard_normal((N_TIMES, N_REGIONS))).astype(np.float32)
    starts = list(range(0, N_TIMES - WINDOW, STEPS[n_windows]))
    return {"series": series, "starts": starts}


def graphs(data: dict[str, Any]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return correlations and graphs of all windows."""
    from neurosci.preprocessing.connectivity import window_graphs

    with controller().limit(limits=1):
        found = window_graphs(data["series"], data["starts"], WINDOW, density=DENSITY)
    return found.correlation, found.adjacency


def nilearn_windows(data: dict[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the same by nilearn, and `numpy.percentile` per window."""
    from nilearn.connectome import ConnectivityMeasure
    from sklearn.covariance import EmpiricalCovariance

    measure = ConnectivityMeasure(
        kind="correlation", cov_estimator=EmpiricalCovariance(store_precision=False), standardize=False
    )
    with controller().limit(limits=1):
        R = measure.fit_transform([data["series"][a : a + WINDOW] for a in data["starts"]])
        return R, np.stack([r > np.percentile(r, 100 * (1 - DENSITY)) for r in R])


def sorted_windows(data: dict[str, Any]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the same by torch, one product per window and a sort of all its entries in float64."""
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        series = torch.from_numpy(data["series"])
        found = [torch.corrcoef(series[a : a + WINDOW].T) for a in data["starts"]]
        kept = []
        for r in found:
            ordered = torch.sort(r.flatten().double()).values
            place = (len(ordered) - 1) * (1 - DENSITY)
            low = int(place)
            kept.append(r > ordered[low] + (place - low) * (ordered[low + 1] - ordered[low]))
        return torch.stack(found).numpy(), torch.stack(kept).numpy()
    finally:
        torch.set_num_threads(n_threads)


def largest_difference(ours: Any, peer: Any) -> float:
    """Return the largest difference of two correlations."""
    return float(np.abs(ours[0] - peer[0]).max())


def other_entries(ours: Any, peer: Any) -> float:
    """Return how many entries of the graph of a window differ at most."""
    return float(np.count_nonzero(ours[1] != peer[1], axis=(1, 2)).max())


def of_one_scan(step_windows: int) -> Any:
    """Return a function that gives the seconds of ours at a number of windows."""

    def value(rows: list[dict[str, Any]]) -> float:
        del rows
        data = scan(step_windows)
        graphs(data)
        seconds = []
        for _ in range(20):
            start = time.process_time()
            graphs(data)
            seconds.append(time.process_time() - start)
        return min(seconds)

    return value


def stores(n_scans: int) -> dict[str, Any]:
    """Make a large and a small synthetic store."""
    import shutil

    from neurosci.fc_ssl._streaming import sparse_store

    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    made = {
        name: sparse_store(
            FOLDER / name, n_scans=size, n_times=N_TIMES, n_regions=N_REGIONS, n_written=64, seed=0
        )
        for name, size in (("large", n_scans), ("small", SMALL))
    }
    return {"stores": made, "rng": np.random.default_rng(0)}


def _read(store: Any, rng: np.random.Generator) -> float:
    from neurosci.fc_ssl._store_files import process_memory

    before = process_memory()
    for index in rng.integers(0, len(store), 300):
        store[int(index)]
    return process_memory() - before


def read_large(data: dict[str, Any]) -> float:
    """Read 300 scans from all over the large store; return how much the memory grew, in MB."""
    return _read(data["stores"]["large"], data["rng"])


def read_small(data: dict[str, Any]) -> float:
    """Do the same in the small store."""
    return _read(data["stores"]["small"], data["rng"])


def _against_nilearn(name: str, n_windows: int, limit: float, min_speedup: float | None) -> Pair:
    return Pair(
        name=name,
        ours_words="correlations and graphs of all windows, 400 regions, 490 frames, one thread",
        peer_words="nilearn ConnectivityMeasure (empirical covariance) and numpy.percentile per window",
        ours=graphs,
        peer=nilearn_windows,
        prepare=scan,
        sizes=(n_windows,),
        unit="windows",
        n_rounds=5,
        min_speedup=min_speedup,
        disagreement=largest_difference,
        max_disagreement=5e-6,
        disagreement_words="correlation, largest difference",
        targets=(Target(words=f"{n_windows} windows, CPU", limit=limit, value=of_one_scan(n_windows)),),
    )


PAIRS = (
    _against_nilearn("connectivity_nilearn", 28, 0.015, 10.0),
    _against_nilearn("connectivity_nilearn_fine", 147, 0.080, None),
    Pair(
        name="connectivity_sort",
        ours_words="correlations and graphs of all windows, 400 regions, 490 frames, one thread",
        peer_words="torch, corrcoef and a sort of all entries in float64 per window",
        ours=graphs,
        peer=sorted_windows,
        prepare=scan,
        sizes=tuple(STEPS),
        unit="windows",
        n_rounds=5,
        min_speedup=10.0,
        disagreement=other_entries,
        # Where r is computed twice in float32, a pair at the boundary may change places with the next.
        max_disagreement=8.0,
        disagreement_words="entries of a graph, of 160,000, that differ at most",
    ),
    Pair(
        name="connectivity_streaming",
        ours_words=f"300 scans (400 regions, 490 frames) read from a store of so many, not of {SMALL}",
        peer_words=f"300 scans read from a store of {SMALL}",
        ours=read_large,
        peer=read_small,
        prepare=stores,
        sizes=(5_000, 50_000),
        unit="scans",
        n_rounds=5,
        min_speedup=0.5,
        disagreement=lambda ours, peer: max(ours, peer),
        max_disagreement=20.0,
        disagreement_words="growth of memory, in MB",
    ),
)
