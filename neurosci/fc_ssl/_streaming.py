"""How fast scans of a large store become graphs, and whether memory stays flat meanwhile."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from neurosci._core.files import StorageError
from neurosci.preprocessing.connectivity import window_graphs, window_starts

from . import _store_files as files
from ._store import TimeSeriesStore


@dataclass(frozen=True, kw_only=True)
class Streaming:
    """Measured once, on one thread.

    Parameters
    ----------
    n_scans : int
        Scans of the store.
    store_gb : float
        Size of the store, in GB.
    n_read, n_prepared : int
        Scans that were read, from all over the store, and that were made into graphs.
    read_per_s : float
        Scans a second, read as float32.
    prepared_per_s : float
        Scans a second, read and made into graphs of `n_windows` windows.
    memory_mb : float
        Memory of the process after the first tenth of the scans, in MB; NaN where the system does not say.
    growth_mb : float
        How much more it was at most until the last.
    """

    n_scans: int
    store_gb: float
    n_read: int
    n_prepared: int
    read_per_s: float
    prepared_per_s: float
    memory_mb: float
    growth_mb: float


def measure_streaming(
    folder: str | Path,
    *,
    n_scans: int = 50_000,
    n_times: int = 490,
    n_regions: int = 400,
    n_read: int = 5000,
    n_prepared: int = 200,
    window: int = 50,
    step: int = 16,
    n_windows: int = 8,
    density: float = 0.3,
    seed: int = 0,
) -> Streaming:
    """Make a synthetic store of any size and stream scans from it.

    Parameters
    ----------
    folder : path-like
        Where the store is made; see `sparse_store`.
    n_scans, n_times, n_regions : int
        Its size: 50,000 scans of 490 frames and 400 regions are 19.6 GB, of which little is on the disk.
    n_read, n_prepared : int
        Scans to read, drawn from all, and to make into graphs.
    window, step : int
        Frames of a window and between two starts.
    n_windows : int, default=8
        Windows drawn from a scan, as in a step of pre-training.
    density : float, default=0.3
        Share of pairs that become edges.
    seed : int, default=0
        Of what is drawn.

    Returns
    -------
    Streaming
        Rates and memory.
    """
    written = max(1, min(64, n_scans))
    store = sparse_store(
        folder, n_scans=n_scans, n_times=n_times, n_regions=n_regions, n_written=written, seed=seed
    )
    rng = np.random.default_rng(seed)
    starts = window_starts(n_times, window, step)
    full = np.flatnonzero(store.n_constant == 0)

    def prepare(scan: int) -> None:
        chosen = np.sort(rng.choice(starts, min(n_windows, len(starts)), replace=False))
        window_graphs(store[scan], chosen, window, density=density, correlation=False, adjacency="packed")

    prepare(int(full[0]))  # compiled, and libraries loaded, before the clock runs
    memory: list[float] = []
    # What is read is spread over the whole file; some of it, in between, becomes graphs.
    reads = rng.integers(0, n_scans, n_read)
    prepared = rng.choice(full, n_prepared)
    seconds = {"read": 0.0, "prepare": 0.0}
    every = max(1, n_read // max(1, n_prepared))
    done = 0
    for k, scan in enumerate(reads):
        begin = time.perf_counter()
        store[int(scan)]
        seconds["read"] += time.perf_counter() - begin
        if k % every == 0 and done < n_prepared:
            begin = time.perf_counter()
            prepare(int(prepared[done]))
            seconds["prepare"] += time.perf_counter() - begin
            done += 1
        if k % max(1, n_read // 100) == 0:
            memory.append(files.process_memory())
    first = memory[len(memory) // 10]
    return Streaming(
        n_scans=n_scans,
        store_gb=(store.path / files.SERIES).stat().st_size / 1e9,
        n_read=n_read,
        n_prepared=done,
        read_per_s=n_read / seconds["read"],
        prepared_per_s=done / seconds["prepare"],
        memory_mb=first,
        growth_mb=max(memory[len(memory) // 10 :]) - first,
    )


def sparse_store(
    folder: str | Path, *, n_scans: int, n_times: int, n_regions: int, n_written: int, seed: int = 0
) -> TimeSeriesStore:
    """Make a synthetic store whose file has its full size, but few scans on the disk.

    Parameters
    ----------
    folder : path-like
        Folder to make.
    n_scans, n_times, n_regions : int
        Size.
    n_written : int
        Scans that hold noise with correlated regions, spread evenly; the others are zero, and the file
        system keeps no blocks for them.
    seed : int, default=0
        Of the noise.

    Returns
    -------
    TimeSeriesStore
        The store, marked as synthetic. Scans that are zero have only constant regions.

    Raises
    ------
    StorageError
        If the disk is full, or its file system cannot hold so large a file.
    """
    target = Path(folder)
    files.check_place("sparse_store", target, overwrite=False)
    rng = np.random.default_rng(seed)
    dtype = np.dtype("<f2")
    n_bytes = n_times * n_regions * dtype.itemsize
    places = np.unique(np.linspace(0, n_scans - 1, n_written).astype(np.int64))
    checks = np.full(n_scans, files.checksum(np.zeros((n_times, n_regions), dtype)), dtype=np.int64)
    constant = np.full(n_scans, n_regions, dtype=np.int64)
    with files.new_folder(target, overwrite=False) as new:
        try:
            with open(new / files.SERIES, "wb") as file:  # noqa: PTH123 (written here and there)
                files.start_series(file, dtype, (n_scans * n_times, n_regions))
                file.truncate(files.HEADER + n_scans * n_bytes)
                for place in places:
                    common = rng.standard_normal((n_times, 8)) @ rng.standard_normal((8, n_regions))
                    scan = common + 2 * rng.standard_normal((n_times, n_regions))
                    block = ((scan - scan.mean(axis=0)) / scan.std(axis=0)).astype(dtype)
                    file.seek(files.HEADER + int(place) * n_bytes)
                    file.write(block.tobytes())
                    checks[place], constant[place] = files.checksum(block), 0
        except OSError as error:
            raise StorageError(
                error.errno,
                f"sparse_store: {target.name} cannot hold a file of {n_scans * n_bytes:,} bytes "
                f"({error.strerror}); make a smaller one, or choose another folder",
            ) from error
        scans = pd.DataFrame(
            {
                "subject": [f"synthetic{i:06d}" for i in range(n_scans)],
                "site": "synthetic",
                "t_r": 0.735,
                "n_times": n_times,
                "offset": np.arange(n_scans, dtype=np.int64) * n_times,
                "n_constant": constant,
                "crc32": checks,
            }
        )
        people = pd.DataFrame({"participant_id": scans["subject"], "site": "synthetic"})
        about = {
            "kind": "synthetic",
            "dtype": dtype.str,
            "standardized": True,
            "n_scans": n_scans,
            "n_frames": n_scans * n_times,
            "regions": [str(k) for k in range(n_regions)],
        }
        files.write_tables(new, scans, people, about, files.HEADER + n_scans * n_bytes)
    return TimeSeriesStore.open(target)
