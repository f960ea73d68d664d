"""What readers of recordings share: errors that name the file, gzip read to its checksum, finite samples."""

from __future__ import annotations

import contextlib
import gzip
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import check_option
from neurosci._core.result import DataFormatError

# The deflate format cannot shrink anything further than this.
DEFLATE_LIMIT = 1032
CHUNK = 1 << 20
NAN_POLICIES = ("raise", "propagate")


def check_file(where: str, path: str | Path, suffixes: Iterable[str], nan_policy: str) -> Path:
    """Return the path of an existing, non-empty file with one of the suffixes."""
    check_option(where, "nan_policy", nan_policy, NAN_POLICIES)
    file = Path(path)
    known = tuple(suffixes)
    if not file.name.lower().endswith(known):
        raise ValueError(f"{where}: path must end in {', '.join(known)}, got {file.name!r}")
    if file.is_dir():
        raise IsADirectoryError(f"{where}: path must be a file, got the folder {file}")
    if not file.exists():
        raise FileNotFoundError(f"{where}: there is no file {file}")
    if file.stat().st_size == 0:
        raise damaged(where, file, "it is empty")
    return file


def damaged(where: str, path: Path, reason: object) -> DataFormatError:
    """Return the error for a file that cannot be used; the message names it."""
    return DataFormatError(f"{where}: {path.name} cannot be used: {reason}")


@contextlib.contextmanager
def refusing(where: str, path: Path) -> Iterator[None]:
    """Turn whatever a parser raises on damaged bytes into one error that names the file."""
    try:
        yield
    except PermissionError:
        raise
    # A parser that meets bytes it was not written for raises anything: KeyError, struct.error, TypeError.
    except Exception as error:
        raise damaged(where, path, str(error) or type(error).__name__) from error


def open_whole(path: Path) -> IO[bytes]:
    """Open a file for reading, through gzip where its name says so."""
    zipped = path.name.lower().endswith(".gz")
    return cast("IO[bytes]", gzip.GzipFile(path) if zipped else path.open("rb"))


def largest_content(path: Path) -> int:
    """Return the most bytes that a file can hold, unpacked."""
    size = path.stat().st_size
    return size * DEFLATE_LIMIT if path.name.lower().endswith(".gz") else size


class FiniteCheck:
    """Counts NaN and infinite samples, block by block.

    Parameters
    ----------
    where : str
        Function, for the message.
    path : Path
        File, for the message.
    what : str
        What is counted, in the plural.
    """

    def __init__(self, where: str, path: Path, what: str) -> None:
        self.where, self.path, self.what = where, path, what
        self.bad = self.total = 0
        self.first = ""

    def add(self, block: NDArray[np.floating], start: int, name: str) -> None:
        """Count in a block whose last axis begins at `start`; `name` says what that axis is."""
        bad = ~np.isfinite(block)
        self.total += block.size
        if bad.any():
            if not self.bad:
                self.first = f"{name} {start + int(np.argmax(bad.reshape(-1, block.shape[-1]).any(axis=0)))}"
            self.bad += int(np.count_nonzero(bad))

    def finish(self, nan_policy: str) -> None:
        """Refuse or report what was found."""
        if not self.bad:
            return
        text = f"{self.bad} of {self.total} {self.what} are NaN or infinite, the first at {self.first}"
        if nan_policy == "raise":
            raise damaged(
                self.where, self.path, f"{text} (repair it, or pass nan_policy='propagate' to keep them)"
            )
        warnings.warn(f"{self.where}: {self.path.name}: {text}", stacklevel=4)
