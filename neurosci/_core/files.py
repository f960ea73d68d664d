"""Files that are whole or absent: atomic writing, hashes, arrays without pickle."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any


class StorageError(OSError):
    """A file could not be written; the earlier content, if any, is intact."""


_REASONS = {
    errno.ENOSPC: "no space left on the device",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file is larger than the limit set for this process",
    errno.EIO: "the device reports an input/output error",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
}

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def atomic_write(
    path: str | os.PathLike[str], mode: str = "w", *, size: int | None = None
) -> Iterator[IO[Any]]:
    r"""Open a file that replaces `path` only when it was written completely.

    The content goes to a temporary file in the same folder, is flushed to the disk and renamed into
    place; on any error the temporary file is removed and the earlier content stays.

    Parameters
    ----------
    path : path-like
        Final name.
    mode : {"w", "wb"}, default="w"
        Text (UTF-8, ``\n``) or bytes.
    size : int, default=None
        Bytes to be written, for the message of a full disk; ``None`` when they are not known before.

    Yields
    ------
    file object
        Where to write.

    Raises
    ------
    StorageError
        If the disk is full or the folder cannot be written; names the path.
    """
    target = Path(path)
    text = {"encoding": "utf-8", "newline": "\n"} if "b" not in mode else {}
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", suffix=".part", dir=target.parent)
        temporary = Path(name)
        with os.fdopen(handle, mode, **text) as file:  # type: ignore[call-overload]
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
        _sync_folder(target.parent)
    except BaseException as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
        if isinstance(error, OSError) and error.errno in _REASONS:
            needed = f"; the file needs {size} bytes" if size is not None and error.errno in _FULL else ""
            raise StorageError(
                error.errno,
                f"cannot write {target.name} in {target.parent}: {_REASONS[error.errno]}{needed} "
                "(free space or choose another output folder; what was finished before is kept)",
            ) from error
        raise


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file atomically, in UTF-8.

    Parameters
    ----------
    path : path-like
        Final name.
    text : str
        Content.
    """
    content = text.encode()
    with atomic_write(path, "wb", size=len(content)) as file:
        file.write(content)


def storable(text: str) -> str:
    """Return text that UTF-8 can hold: a lone surrogate, as in an undecodable file name, becomes "?".

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Text without surrogates.
    """
    return text.encode("utf-8", "replace").decode("utf-8")


def json_text(content: Any) -> str:
    """Return JSON in the order of the content and without NaN.

    Parameters
    ----------
    content : object
        What `json` can write.

    Returns
    -------
    str
        JSON text with a final line break.
    """
    return storable(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)) + "\n"


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Write JSON atomically; see `json_text`.

    Parameters
    ----------
    path : path-like
        Final name.
    content : object
        What `json` can write.
    """
    write_text(path, json_text(content))


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits.

    Parameters
    ----------
    path : path-like
        File to read.

    Returns
    -------
    str
        The hash.
    """
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save_record(path: str | os.PathLike[str], record: Mapping[str, Any]) -> None:
    """Save arrays, numbers and strings as one `.npz` file with a checksum, without pickle.

    Parameters
    ----------
    path : path-like
        Final name.
    record : mapping of str to array, number, str, bool, None, list or dict
        Arrays are stored as they are, everything else as JSON.

    Raises
    ------
    TypeError
        If an array holds objects or a value cannot be written as JSON.
    """
    import numpy as np

    arrays: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, np.ndarray):
            if value.dtype.hasobject:
                raise TypeError(
                    f"save_record: {key!r} must be an array of numbers or strings, got dtype object"
                )
            arrays[f"array/{key}"] = value
        else:
            plain[key] = value.item() if isinstance(value, np.generic) else value
    buffer = io.BytesIO()
    np.savez(buffer, plain=np.array(json.dumps(plain, sort_keys=True)), allow_pickle=False, **arrays)
    body = buffer.getvalue()
    with atomic_write(path, "wb", size=32 + len(body)) as file:
        file.write(hashlib.sha256(body).digest())
        file.write(body)


def load_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Load what `save_record` wrote.

    Parameters
    ----------
    path : path-like
        File to read.

    Returns
    -------
    dict
        The record.

    Raises
    ------
    ValueError
        If the file is truncated or its content was changed.
    """
    import numpy as np

    content = Path(path).read_bytes()
    body = content[32:]
    if len(content) <= 32 or hashlib.sha256(body).digest() != content[:32]:
        raise ValueError(f"load_record: {Path(path).name} is damaged (its checksum does not match)")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as members:
            # `save_record` compresses nothing, so that a small file cannot unpack to a large one.
            if sum(info.file_size for info in members.infolist()) > len(body):
                raise ValueError("its arrays are larger than the file")
        with np.load(io.BytesIO(body), allow_pickle=False) as archive:
            record = json.loads(str(archive["plain"]))
            if not isinstance(record, dict):
                raise TypeError(f"its plain part must be an object, got {type(record).__name__}")
            record.update(
                {key.removeprefix("array/"): archive[key] for key in archive.files if key != "plain"}
            )
    # The checksum is no secret, and on bytes that others wrote zipfile, numpy and json raise anything.
    except Exception as error:
        raise ValueError(f"load_record: {Path(path).name} is damaged ({str(error)[:200]})") from error
    return dict(record)


def slug(name: str) -> str:
    """Turn any name into a safe file name: readable letters plus eight digits of its hash.

    Parameters
    ----------
    name : str
        For example a subject id or a network name that came with data.

    Returns
    -------
    str
        Letters, digits, ``-`` and ``_`` only.

    Examples
    --------
    >>> slug("resnet50")
    'resnet50-a0fcff33'
    """
    readable = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name)[:60]
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
