"""Time series of many scans in one file, read piece by piece, with an index and a table of people."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option
from neurosci._core.result import DataFormatError

from . import _store_files as files
from ._checks import constant_regions
from ._store_content import checked_scan, people_table, scan_table, stored_scan

DTYPES = ("float16", "float32")
KINDS = ("real", "synthetic")


class TimeSeriesStore:
    """Series of brain regions of many scans, read from the disk piece by piece.

    A store is a folder: ``series.npy`` (all scans one after another, frames by regions), ``scans.tsv`` (one
    row per scan), ``participants.tsv`` (one row per person) and ``store.json``. Make one with `create`, read
    one with `open`. It can be indexed and has a length, as data sets of torch do; an item is a scan.

    Parameters
    ----------
    path : path-like
        Folder of the store.

    Attributes
    ----------
    index : DataFrame
        One row per scan: subject, site, t_r (s), n_times, n_constant (regions that never change), and what
        else was given.
    participants : DataFrame
        One row per person: participant_id and what else is known.
    regions : list of str
        Names of the regions.
    kind : {"real", "synthetic"}
        Recordings, or made by a generator.
    standardized : bool
        Whether each region of each scan has zero mean and unit variance.

    Notes
    -----
    Each read takes the frames it asks for and keeps nothing, neither memory nor an open file, so that memory
    does not grow with the number of scans that were read, and processes and threads can share a store.
    ``series.npy`` is an array as `numpy.load` reads it, also mapped into memory.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from neurosci.fc_ssl import TimeSeriesStore
    >>> scans = [np.random.default_rng(i).standard_normal((90 + i, 5)) for i in range(3)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     meta = {"subject": ["a", "b", "c"], "t_r": 2.0, "site": "X"}
    ...     store = TimeSeriesStore.create(f"{folder}/scans", scans, meta, kind="synthetic")
    ...     store, store[1].shape, store.read(2, 10, 20).dtype
    (TimeSeriesStore(3 scans of 3 people, 5 regions, float16, synthetic), (91, 5), dtype('float32'))
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._load(Path(path), "TimeSeriesStore")

    def _load(self, path: Path, where: str) -> None:
        about = files.read_about(where, path)
        files.check_series_header(where, path, about)
        self.path = path
        self.index = files.read_table(where, path, files.SCANS, about)
        self.participants = files.read_table(where, path, files.PEOPLE, about)
        self.regions: list[str] = [str(name) for name in about["regions"]]
        self.kind: str = about["kind"]
        self.standardized: bool = about["standardized"]
        self._dtype = np.dtype(about["dtype"])
        missing = [name for name in files.OWN_COLUMNS if name not in self.index]
        if missing:
            raise DataFormatError(f"{where}: {files.SCANS} in {path} must have a column {missing[0]}")
        ends = self.index["offset"] + self.index["n_times"]
        if len(self.index) and (self.index["offset"].min() < 0 or ends.max() > about["n_frames"]):
            raise DataFormatError(f"{where}: {files.SCANS} in {path} names frames that are not there")

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        arrays: Iterable[ArrayLike],
        meta: pd.DataFrame | Mapping[str, Any],
        *,
        participants: pd.DataFrame | None = None,
        regions: Sequence[str] | None = None,
        dtype: str = "float16",
        standardize: bool = True,
        kind: str = "real",
        overwrite: bool = False,
    ) -> TimeSeriesStore:
        """Write scans into a new store, one at a time.

        Parameters
        ----------
        path : path-like
            Folder to make. It appears when all was written; what fails before leaves nothing behind.
        arrays : iterable of array-like of shape (n_times, n_regions)
            Scans in the order of `meta`; a generator is read once, and one scan is in memory at a time.
        meta : DataFrame or mapping of columns
            One row per scan: subject, and where known site and t_r (s); further columns are kept.
        participants : DataFrame, default=None
            One row per person with a column participant_id; None lists the subjects with their sites.
        regions : sequence of str, default=None
            Names of the regions; None numbers them.
        dtype : {"float16", "float32"}, default="float16"
            Stored numbers. Half precision moves a correlation by less than 1e-3.
        standardize : bool, default=True
            Whether each region of each scan gets zero mean and unit variance (divided by n_times), which
            leaves correlations alone; constant regions become 0. Needed for "float16" where numbers
            exceed 65,504.
        kind : {"real", "synthetic"}, default="real"
            Recordings, or made by a generator.
        overwrite : bool, default=False
            Whether an earlier store at `path` is replaced.

        Returns
        -------
        TimeSeriesStore
            The store.

        Raises
        ------
        ValueError
            If a scan is not finite (the subject and the region are named), has another number of regions,
            does not fit into `dtype`, or tables and scans do not go together.
        FileExistsError
            If there is something at `path`.
        OSError
            If the disk is full.
        """
        where = "TimeSeriesStore.create"
        check_option(where, "dtype", dtype, DTYPES)
        check_option(where, "kind", kind, KINDS)
        target = Path(path)
        files.check_place(where, target, overwrite)
        table = scan_table(where, meta)
        people = people_table(where, table, participants)
        stored = np.dtype(dtype).newbyteorder("<")
        rows: list[dict[str, int]] = []
        names = None if regions is None else [str(name) for name in regions]
        with files.new_folder(target, overwrite) as folder:
            n_frames = 0
            with open(folder / files.SERIES, "wb") as file:  # noqa: PTH123 (written as a stream)
                files.start_series(file, stored, (0, 0))
                for i, array in enumerate(arrays):
                    if i >= len(table):
                        raise ValueError(
                            f"{where}: meta must have one row per scan, got more scans than rows"
                        )
                    subject = str(table["subject"].iloc[i])
                    scan = checked_scan(where, array, subject, names)
                    names = names or [str(k) for k in range(scan.shape[1])]
                    flat = constant_regions(scan)
                    block = stored_scan(where, scan, flat, stored, standardize, subject)
                    file.write(block.tobytes())
                    rows.append(
                        {
                            "n_times": len(block),
                            "offset": n_frames,
                            "n_constant": int(flat.sum()),
                            "crc32": files.checksum(block),
                        }
                    )
                    n_frames += len(block)
                if len(rows) != len(table) or names is None:
                    raise ValueError(
                        f"{where}: meta must have one row per scan, got {len(table)} for {len(rows)} scans"
                    )
                n_bytes = file.tell()
                files.start_series(file, stored, (n_frames, len(names)))
                file.flush()
                os.fsync(file.fileno())
            whole = pd.concat([table, pd.DataFrame(rows)], axis=1)
            about = {
                "kind": kind,
                "dtype": stored.str,
                "standardized": bool(standardize),
                "n_scans": len(rows),
                "n_frames": n_frames,
                "regions": names,
            }
            files.write_tables(folder, whole, people, about, n_bytes)
        return cls(target)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, verify: bool = False) -> TimeSeriesStore:
        """Open a store.

        Parameters
        ----------
        path : path-like
            Its folder.
        verify : bool, default=False
            Whether every scan is read and compared with its checksum. Without, sizes, the header and the
            tables are.

        Returns
        -------
        TimeSeriesStore
            The store.

        Raises
        ------
        DataFormatError
            If it is damaged or no store; `verify` names the first scan that is.
        FileNotFoundError
            If there is no such folder.
        """
        store = cls.__new__(cls)
        store._load(Path(path), "TimeSeriesStore.open")
        if verify:
            for i, expected in enumerate(store.index["crc32"]):
                if files.checksum(store._stored(i, 0, int(store.n_times[i]))) != int(expected):
                    subject = store.index["subject"].iloc[i]
                    raise DataFormatError(
                        f"TimeSeriesStore.open: the series of scan {i} (subject {subject}) in {store.path} "
                        "are damaged: they are not what was written (make the store again, or copy it again)"
                    )
        return store

    def __len__(self) -> int:
        return len(self.index)

    def __repr__(self) -> str:
        people = self.index["subject"].nunique()
        return (
            f"TimeSeriesStore({len(self)} scans of {people} people, {self.n_regions} regions, "
            f"{self._dtype.name}, {self.kind})"
        )

    @property
    def n_regions(self) -> int:
        """Number of regions."""
        return len(self.regions)

    @property
    def n_times(self) -> NDArray[np.int64]:
        """Frames of each scan, shape (n_scans,)."""
        return np.asarray(self.index["n_times"], dtype=np.int64)

    @property
    def n_constant(self) -> NDArray[np.int64]:
        """Constant regions of each scan, shape (n_scans,)."""
        return np.asarray(self.index["n_constant"], dtype=np.int64)

    @property
    def t_r(self) -> NDArray[np.float64]:
        """Time between frames of each scan in seconds, shape (n_scans,); NaN where it is not known."""
        return np.asarray(self.index["t_r"], dtype=np.float64)

    def __getitem__(self, index: int) -> NDArray[np.float32]:
        """Return a whole scan.

        Parameters
        ----------
        index : int
            Scan; negative numbers count from the last.

        Returns
        -------
        ndarray of float32, shape (n_times, n_regions)
            Series, in memory of their own.
        """
        place = self._place(index)
        return self._stored(place, 0, int(self.index["n_times"].iat[place])).astype(np.float32)

    def read(self, index: int, start: int = 0, n_times: int | None = None) -> NDArray[np.float32]:
        """Return consecutive frames of a scan; no others are read.

        Parameters
        ----------
        index : int
            Scan.
        start : int, default=0
            First frame.
        n_times : int, default=None
            Number of frames; None goes to the end of the scan.

        Returns
        -------
        ndarray of float32, shape (n_times, n_regions)
            Series, in memory of their own.

        Raises
        ------
        ValueError
            If the scan is shorter.
        """
        place = self._place(index)
        available = int(self.index["n_times"].iat[place])
        count = available - start if n_times is None else n_times
        if start < 0 or count < 1 or start + count > available:
            raise ValueError(
                f"TimeSeriesStore.read: frames {start} to {start + count} must lie in the scan, got a scan "
                f"of {available} frames (subject {self.index['subject'].iat[place]})"
            )
        return self._stored(place, start, count).astype(np.float32)

    def select(self, which: ArrayLike) -> TimeSeriesStore:
        """Return some of the scans; nothing is copied on the disk.

        Parameters
        ----------
        which : array-like of shape (n_scans,) of bool, or of int
            A mask or positions.

        Returns
        -------
        TimeSeriesStore
            The chosen scans, in the order of `which`.
        """
        chosen = np.arange(len(self))[np.asarray(which)]
        part = type(self).__new__(type(self))
        part.__dict__.update(self.__dict__)
        part.index = self.index.iloc[chosen].reset_index(drop=True)
        return part

    def _place(self, index: int) -> int:
        place = int(index) + (len(self) if index < 0 else 0)
        if not 0 <= place < len(self):
            raise IndexError(f"TimeSeriesStore: index must be below {len(self)}, got {index}")
        return place

    def _stored(self, place: int, start: int, n_times: int) -> NDArray[Any]:
        """Read frames as they are stored."""
        width = self.n_regions * self._dtype.itemsize
        block = np.empty((n_times, self.n_regions), self._dtype)
        first = files.HEADER + (int(self.index["offset"].iat[place]) + start) * width
        with open(self.path / files.SERIES, "rb", buffering=0) as file:  # noqa: PTH123 (one read)
            n_bytes = os.preadv(file.fileno(), [block.data], first)
        if n_bytes != block.nbytes:
            raise DataFormatError(f"TimeSeriesStore: {files.SERIES} in {self.path} became shorter meanwhile")
        return block
