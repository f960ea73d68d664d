"""The files of a store: series in one array, tables beside it, and a description of what they must be."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosci._core.files import json_text, write_text
from neurosci._core.result import DataFormatError

FORMAT, VERSION = "neurosci time series", 1
ABOUT, SERIES, SCANS, PEOPLE = "store.json", "series.npy", "scans.tsv", "participants.tsv"
HEADER = 128
"""Bytes before the first number; the header of such an array fits for any number of frames."""

OWN_COLUMNS = ("subject", "site", "t_r", "n_times", "offset", "n_constant", "crc32")


def header_of(dtype: np.dtype[Any], shape: tuple[int, int]) -> bytes:
    """Return the bytes that an array in C order begins with, as NumPy writes and reads them."""
    content = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    head = b"\x93NUMPY\x01\x00" + (HEADER - 10).to_bytes(2, "little")
    return head + repr(content).encode("ascii").ljust(HEADER - 11) + b"\n"


def start_series(file: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, int]) -> None:
    """Write the header of an array at the start of a file."""
    file.seek(0)
    file.write(header_of(dtype, shape))


def checksum(block: NDArray[Any]) -> int:
    """Return the CRC-32 of numbers as they are stored."""
    return zlib.crc32(np.ascontiguousarray(block).data)


@contextmanager
def new_folder(path: Path, overwrite: bool) -> Iterator[Path]:
    """Give a folder that takes the place of `path` when everything in it was written, and never before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent) as name:
        new = Path(name) / "new"
        new.mkdir()
        yield new
        if path.exists():
            if not overwrite:
                raise FileExistsError(f"{path} was made meanwhile")
            path.rename(Path(name) / "old")
        new.rename(path)


def check_place(where: str, path: Path, overwrite: bool) -> None:
    """Refuse a place that holds something, unless it is a store that may be replaced."""
    if not path.exists():
        return
    empty = path.is_dir() and not any(path.iterdir())
    if empty:
        path.rmdir()
    elif not overwrite:
        raise FileExistsError(
            f"{where}: path must not exist, got {path} (choose another, or pass overwrite=True)"
        )
    elif not (path / ABOUT).is_file():
        raise FileExistsError(
            f"{where}: path must be a store to be overwritten, got {path}, which has no {ABOUT}"
        )


def write_tables(
    folder: Path, scans: pd.DataFrame, people: pd.DataFrame, about: dict[str, Any], n_bytes: int
) -> None:
    """Write the tables, and last the description that makes the folder a store."""
    files: dict[str, dict[str, Any]] = {SERIES: {"bytes": n_bytes}}
    text_columns = {}
    for name, table in ((SCANS, scans), (PEOPLE, people)):
        text_columns[name] = [str(c) for c in table if table[c].dtype.kind not in "iufb"]
        text = table.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n")
        write_text(folder / name, text)
        content = (folder / name).read_bytes()
        files[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    whole = {"format": FORMAT, "version": VERSION, **about, "text_columns": text_columns, "files": files}
    write_text(folder / ABOUT, json_text(whole))


def read_about(where: str, folder: Path) -> dict[str, Any]:
    """Read the description of a store and compare the files with it."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{where}: path must be the folder of a store, got {folder}, which is none")
    if not (folder / ABOUT).is_file():
        raise DataFormatError(
            f"{where}: {folder} must hold {ABOUT}, got none (it is no store, or was not written to its end)"
        )
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        known = about["format"] == FORMAT
        version = about["version"]
        sizes = {name: int(entry["bytes"]) for name, entry in about["files"].items()}
        shape = (int(about["n_frames"]), len(about["regions"]))
        dtype = np.dtype(about["dtype"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataFormatError(f"{where}: {ABOUT} in {folder} is damaged ({error})") from error
    if not known or version != VERSION:
        raise DataFormatError(
            f"{where}: {folder} must be a store of version {VERSION}, got {about['format']!r} {version!r}"
        )
    if dtype.str not in ("<f2", "<f4") or sizes.get(SERIES) != HEADER + shape[0] * shape[1] * dtype.itemsize:
        raise DataFormatError(f"{where}: {ABOUT} in {folder} is damaged (its numbers contradict each other)")
    for name, size in sizes.items():
        file = folder / name
        found = file.stat().st_size if name in (SERIES, SCANS, PEOPLE) and file.is_file() else -1
        if found != size:
            what = "it is missing" if found < 0 else f"it has {found:,} bytes"
            raise DataFormatError(
                f"{where}: {name} in {folder} is damaged: {what}, and {size:,} were written (make the store "
                "again, or copy it again)"
            )
    return dict(about)


def read_table(where: str, folder: Path, name: str, about: dict[str, Any]) -> pd.DataFrame:
    """Read a table whose bytes are those that were written."""
    content = (folder / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != about["files"][name].get("sha256"):
        raise DataFormatError(
            f"{where}: {name} in {folder} is damaged: it is not what was written (make the store again, or "
            "copy it again)"
        )
    kinds = dict.fromkeys(about["text_columns"][name], str)
    return pd.read_csv(
        StringIO(content.decode("utf-8")), sep="\t", keep_default_na=False, na_values=["n/a"], dtype=kinds
    )


def check_series_header(where: str, folder: Path, about: dict[str, Any]) -> None:
    """Refuse an array of another type or shape than the description says."""
    expected = header_of(np.dtype(about["dtype"]), (int(about["n_frames"]), len(about["regions"])))
    with open(folder / SERIES, "rb") as file:  # noqa: PTH123 (read as bytes, whatever its size)
        if file.read(HEADER) != expected:
            raise DataFormatError(
                f"{where}: {SERIES} in {folder} is damaged: its header is not the one written"
            )


def process_memory() -> float:
    """Return the memory that this process holds now, in MB; NaN where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
