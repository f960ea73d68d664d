"""Parsers of spike files: bytes in, plain arrays out, one error for files that hold something else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci.datasets._errors import DataFormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NOISE_RATE = 50.0
"""Events per second above which a cluster of a hippocampal recording is unsorted noise."""
_POSITION = np.dtype([("time", "<u4"), ("x", "<u2"), ("y", "<u2"), ("x2", "<u2"), ("y2", "<u2")])
_HEADER_END = b"<End settings>\n"


def damaged(where: str, path: str | Path, reason: object) -> DataFormatError:
    """Return the error for a file that cannot be used."""
    return DataFormatError(f"{where}: {Path(path).name} cannot be used: {reason}")


def read_numbers(where: str, path: Path, n_columns: int) -> Floats:
    """Read lines of numbers, separated by blanks or tabs; lines that start with ``#`` are comments."""
    try:
        table = np.loadtxt(io.StringIO(path.read_text(encoding="utf-8")), comments="#", ndmin=2)
    except (ValueError, UnicodeDecodeError) as error:
        raise damaged(where, path, str(error)[:200]) from error
    if table.size == 0:
        return np.empty((0, n_columns))
    if table.shape[1] != n_columns:
        raise damaged(where, path, f"a line must hold {n_columns} numbers, got {table.shape[1]}")
    if not np.isfinite(table).all():
        raise damaged(where, path, "it holds numbers that are not finite")
    return np.asarray(table, dtype=np.float64)


def read_arrays(where: str, path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Read named arrays of an npz file, without pickles."""
    import zipfile

    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in names}
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise damaged(where, path, str(error)[:200] or type(error).__name__) from error


def split_units(times: Floats, unit: NDArray[np.integer[Any]], n_units: int) -> tuple[Floats, ...]:
    """Return the ascending times of each unit."""
    return tuple(np.sort(times[unit == index]) for index in range(n_units))


def read_matlab(where: str, path: Path) -> dict[str, Any]:
    """Read a MATLAB file of version 5 with its structures as objects."""
    from scipy.io import loadmat

    try:
        content: dict[str, Any] = loadmat(path, squeeze_me=True, struct_as_record=False)
    except Exception as error:
        raise damaged(where, path, str(error)[:200] or type(error).__name__) from error
    return content


def clusters(cells: Any, place: tuple[int, ...] = ()) -> Iterator[tuple[str, Floats]]:
    """Walk nested MATLAB cells and return the name and spike times of each structure that holds a spike."""
    if hasattr(cells, "_fieldnames"):
        times = np.atleast_1d(np.asarray(cells.time, dtype=np.float64)).ravel()
        if times.size:
            yield "t" + "c".join(str(index + 1) for index in place[-2:]), np.sort(times)
    elif isinstance(cells, np.ndarray) and cells.dtype == object:
        for index, cell in enumerate(cells.ravel()):
            yield from clusters(cell, (*place, index))


def is_noise(times: Floats) -> bool:
    """Tell whether a cluster fires faster than a sorted hippocampal neuron can on average."""
    return bool(times.size > 1 and times.size / (times[-1] - times[0]) > NOISE_RATE)


def read_positions(where: str, path: Path) -> dict[str, NDArray[Any]]:
    """Read a video-tracking file: a text header, then records of 12 bytes on a clock of 30 kHz."""
    content = path.read_bytes()
    start = content.find(_HEADER_END)
    body = content[start + len(_HEADER_END) :]
    if start < 0 or len(body) % _POSITION.itemsize:
        raise damaged(where, path, "it must be a header and records of 12 bytes")
    records = np.frombuffer(body, dtype=_POSITION)
    return {
        "time_s": records["time"] / 30_000.0,
        "x_pixel": records["x"].astype(np.float64),
        "y_pixel": records["y"].astype(np.float64),
    }


def runs_between_gaps(time_s: Floats, longest: float) -> list[tuple[int, int]]:
    """Return first bin and length of each stretch in which times never advance by more than `longest`."""
    breaks = np.flatnonzero(np.diff(time_s) > longest) + 1
    edges = np.concatenate([[0], breaks, [time_s.size]])
    return [(int(a), int(b - a)) for a, b in pairwise(edges)]
