"""Maps of a whole cohort: one process per scan, rows of one file, restartable."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.files import slug, write_json
from neurosci._core.folder import hold_folder
from neurosci._core.parallel import parallel_map
from neurosci._version import __version__

from ._transformer import COUNTS, MotifMapTransformer

if TYPE_CHECKING:
    import pandas as pd

MAPS, INDEX, ROWS = "maps.npy", "cohort.json", "scans"
_FACTS = ("n_times", "n_excluded", "n_edges", "density", "seconds")

Loader = Callable[[Any], NDArray[Any]]


@dataclass(frozen=True, eq=False, repr=False)
class CohortMaps:
    """Maps of a cohort, read from the disk as they are needed.

    Parameters
    ----------
    maps : ndarray of shape (n_scans, n_maps, n_nodes)
        Memory-mapped and read-only; int64 for plain counts, else float32. Rows that failed are 0.
    scans : DataFrame
        One row per scan: name, status ("done" or "failed"), n_times, n_excluded (nodes), n_edges, density,
        seconds, error.
    map_names : tuple of str
        Name of each map.
    """

    maps: NDArray[Any]
    scans: pd.DataFrame
    map_names: tuple[str, ...]

    def __repr__(self) -> str:
        done = int((self.scans["status"] == "done").sum())
        n_scans, n_maps, n_nodes = self.maps.shape
        return f"CohortMaps({done} of {n_scans} scans, {n_maps} maps of {n_nodes:,} nodes)"

    @property
    def done(self) -> NDArray[np.bool_]:
        """Which scans have maps, shape (n_scans,)."""
        return np.asarray(self.scans["status"] == "done")

    def features(self) -> NDArray[Any]:
        """Return the maps of the scans that are done, one after the other.

        Returns
        -------
        ndarray of shape (n_done, n_maps * n_nodes)
            What `MotifMapTransformer.transform` returns for them, in the precision of `maps`.
        """
        chosen = self.maps[self.done]
        return chosen.reshape(len(chosen), -1)


def cohort_maps(
    scans: Mapping[str, Any],
    folder: str | os.PathLike[str],
    transformer: MotifMapTransformer,
    *,
    load: Loader | None = None,
    n_jobs: int | None = None,
    verbose: bool = True,
) -> CohortMaps:
    """Compute the maps of many scans in parallel; what is finished is kept, what fails is recorded.

    Started again with the same scans and parameters it goes on from where it was; scans may be added or
    left out. A scan that failed is tried again.

    Parameters
    ----------
    scans : mapping of str to object
        Scans by name: arrays of shape (n_times, n_nodes), paths of ``.npy`` files, or what `load` takes.
    folder : path-like
        Where the maps are kept; on a cluster a folder that all workers see.
    transformer : MotifMapTransformer
        Which graph and which maps.
    load : callable, default=None
        Turns a scan into an array of shape (n_times, n_nodes), in the worker; importable. ``None`` takes
        arrays as they are and opens paths with ``numpy.load``.
    n_jobs : int, default=None
        Processes, as in joblib, whose ``parallel_config`` may name dask. Each uses one thread.
    verbose : bool, default=True
        Show progress in a terminal.

    Returns
    -------
    CohortMaps
        Maps and one row of facts per scan.

    Raises
    ------
    ValueError
        If there are no scans, or none can be read.
    OSError
        If the folder is in use by another process, or cannot be written.

    Notes
    -----
    The file of the maps has ``n_scans * n_maps * n_nodes`` values of 4 or 8 bytes: 223 MB for two maps of
    947 scans and 29,398 nodes in float32. Each process needs the memory of one scan, see `correlation_graph`.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from neurosci.graph_motif import MotifMapTransformer, cohort_maps
    >>> rng = np.random.default_rng(0)
    >>> scans = {"sub-01": rng.normal(size=(40, 9)), "sub-02": np.full((40, 9), np.nan)}
    >>> maps = cohort_maps(scans, tempfile.mkdtemp(), MotifMapTransformer(0.1))
    >>> maps
    CohortMaps(1 of 2 scans, 2 maps of 9 nodes)
    >>> maps.scans["status"].tolist()
    ['done', 'failed']
    """
    where = "cohort_maps"
    if not scans:
        raise ValueError(f"{where}: scans must name at least 1 scan, got 0")
    load = _load if load is None else load
    base = Path(folder)
    (base / ROWS).mkdir(parents=True, exist_ok=True)
    with hold_folder(base):
        store = _Store(base, list(scans), transformer)
        marks = {name: _mark(scan) for name, scan in scans.items()}
        waiting = [name for name in scans if not store.is_done(name, marks[name])]
        if len(waiting) == len(scans):
            store.forget()
        if waiting:
            store.open(lambda: _n_nodes(where, scans, load))
            calls = (
                (load, scans[name], transformer, base / MAPS, store.names.index(name)) for name in waiting
            )
            results: Iterator[tuple[int, dict[str, Any]]] = parallel_map(
                _compute,
                calls,
                n_jobs=n_jobs,
                total=len(waiting),
                label=where,
                verbose=verbose,
                ordered=False,
            )
            for row, facts in results:
                name = store.names[row]
                store.record(name, {"mark": marks[name], **facts})
        return store.read()


class _Store:
    """The folder of a cohort: maps in one file, and one record per scan."""

    def __init__(self, base: Path, names: list[str], transformer: MotifMapTransformer) -> None:
        self.base, self.names, self.transformer = base, names, transformer
        # Loops and threads change no number, so they are no part of what a row depends on.
        params = {k: v for k, v in transformer.get_params().items() if k not in ("n_jobs", "device")}
        text = json.dumps(params, sort_keys=True, default=lambda value: np.asarray(value).tolist())
        self.key = hashlib.sha256(f"{__version__} {text}".encode()).hexdigest()[:16]
        self.map_names = tuple(transformer.map_names())
        plain = transformer.scale == "count" and set(transformer.motifs) <= set(COUNTS)
        self.dtype = np.dtype(np.int64 if plain else np.float32)
        index = _read_json(base / INDEX)
        self.earlier: list[str] = list(index.get("names", [])) if index.get("key") == self.key else []
        if not (base / MAPS).is_file():
            self.earlier = []
        self.records = {name: self._record_of(name) for name in names}

    def _record_of(self, name: str) -> dict[str, Any]:
        record = _read_json(self._path(name)) if name in self.earlier else {}
        return record if record.get("key") == self.key and record.get("name") == name else {}

    def _path(self, name: str) -> Path:
        return self.base / ROWS / f"{slug(name)}.json"

    def is_done(self, name: str, mark: str) -> bool:
        record = self.records[name]
        return record.get("status") == "done" and record.get("mark") == mark

    def forget(self) -> None:
        """Begin anew: where no row is of use, the scans may have other nodes too."""
        self.earlier = []

    def open(self, n_nodes: Callable[[], int]) -> None:
        """Make the file of the maps hold a row for each scan, keeping the rows that it has."""
        if self.earlier == self.names:
            return
        path, partial = self.base / MAPS, self.base / f".{MAPS}.part"
        before = np.load(path, mmap_mode="r", allow_pickle=False) if self.earlier else None
        width = n_nodes() if before is None else before.shape[2]
        after = np.lib.format.open_memmap(
            partial, mode="w+", dtype=self.dtype, shape=(len(self.names), len(self.map_names), width)
        )
        for row, name in enumerate(self.names):
            if before is not None and self.records[name]:
                after[row] = before[self.earlier.index(name)]
        after.flush()
        del after, before
        partial.replace(path)
        self._write_index()

    def _write_index(self) -> None:
        content = {"key": self.key, "names": self.names, "maps": list(self.map_names), "version": __version__}
        write_json(self.base / INDEX, content)
        self.earlier = self.names

    def record(self, name: str, facts: dict[str, Any]) -> None:
        self.records[name] = {"name": name, "key": self.key, **facts}
        write_json(self._path(name), self.records[name])

    def read(self) -> CohortMaps:
        import pandas as pd

        maps = np.load(self.base / MAPS, mmap_mode="r", allow_pickle=False)
        if self.earlier != self.names:
            maps = maps[[self.earlier.index(name) for name in self.names]]
        rows = [{"error": "", **self.records[name]} for name in self.names]
        table = pd.DataFrame(rows).reindex(columns=["name", "status", *_FACTS, "error"])
        return CohortMaps(maps, table, self.map_names)


def _compute(
    load: Loader, scan: Any, transformer: MotifMapTransformer, path: Path, row: int
) -> tuple[int, dict[str, Any]]:
    """Write the maps of one scan to its row, and return what is known about it."""
    from threadpoolctl import threadpool_limits

    start = time.monotonic()
    try:
        with threadpool_limits(limits=1):
            series = np.asarray(load(scan))
            graph = transformer.graph_of(series)
            values = transformer.maps_of(graph)
            maps = np.lib.format.open_memmap(path, mode="r+")
            if values.shape != maps.shape[1:]:
                raise ValueError(
                    f"a scan must have {maps.shape[2]} nodes as the first one, got {values.shape[-1]}"
                )
            maps[row] = values
            maps.flush()
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        return row, {"status": "failed", "error": text, "seconds": _since(start)}
    return row, {
        "status": "done",
        "n_times": int(series.shape[0]),
        "n_excluded": int(graph.excluded.sum()),
        "n_edges": int(graph.n_edges),
        "density": float(graph.density),
        "seconds": _since(start),
    }


def _since(start: float) -> float:
    return round(time.monotonic() - start, 3)


def _load(scan: Any) -> NDArray[Any]:
    if isinstance(scan, (str, os.PathLike)):
        return np.asarray(np.load(scan, allow_pickle=False))
    return np.asarray(scan)


def _n_nodes(where: str, scans: Mapping[str, Any], load: Loader) -> int:
    """Return the number of nodes of the first scan that can be read."""
    first: Exception | None = None
    for scan in scans.values():
        try:
            series = np.asarray(load(scan))
            if series.ndim == 2:
                return int(series.shape[1])
            raise ValueError(f"a scan must have shape (n_times, n_nodes), got {series.shape}")
        except Exception as error:
            first = first or error
    raise ValueError(f"{where}: scans must hold one that can be read, got none ({first})") from first


def _mark(scan: Any) -> str:
    """Return what changes when the content of a scan does: size and date of a file, hash of an array."""
    if isinstance(scan, (str, os.PathLike)) and Path(scan).is_file():
        about = Path(scan).stat()
        return f"{about.st_size}-{about.st_mtime_ns}"
    if isinstance(scan, np.ndarray):
        content = np.ascontiguousarray(scan)
        return hashlib.sha256(f"{content.dtype} {content.shape}".encode() + content.tobytes()).hexdigest()[
            :16
        ]
    return ""


def _read_json(path: Path) -> dict[str, Any]:
    """Return the content of a record; of one that is missing or damaged, nothing."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
