"""Transfer of files: https only, short timeouts, no retries, a size limit, and nothing half-written."""

from __future__ import annotations

import contextlib
import logging
import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from neurosci._core.files import atomic_write
from neurosci.datasets._errors import DatasetIntegrityError, TransferError
from neurosci.datasets._registry import RemoteFile

if TYPE_CHECKING:
    import requests

TIMEOUT = 5.0
"""Seconds to wait for a connection and for each further piece of an answer."""
ANSWER_TIMEOUT = 8.0
"""Seconds until an answer must have begun.

A name server that never answers, or a host with many addresses out of reach, would otherwise take far longer.
"""
SLOWEST_RATE = 50_000.0
"""Bytes per second below which a transfer that has already taken 30 s is given up."""
_CHUNK = 1 << 16
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def check_url(where: str, url: str) -> None:
    """Raise ValueError unless the address is https, or http to this very machine."""
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not secure or not parts.hostname or parts.username or parts.password:
        raise ValueError(
            f"{where}: base_url must be an https address without user name, got {parts.scheme}://{parts.hostname}"
        )


def download(
    files: Sequence[RemoteFile], cache: Path, *, size_limit: int, progress: bool | None = None
) -> None:
    """Download files into the cache; the first failure stops everything.

    Each file arrives in a temporary folder, is compared with its hash, and only then moved into place.

    Parameters
    ----------
    files : sequence of RemoteFile
        Each with an address.
    cache : Path
        Root of the cache.
    size_limit : int
        Bytes that no single file may exceed.
    progress : bool or None, default=None
        Show a progress bar; None shows it in a terminal only.

    Raises
    ------
    TransferError
        If a file cannot be transferred; the message is the cause alone.
    DatasetIntegrityError
        If the content that arrived is not the registered one.
    OSError
        If the cache cannot be written.
    """
    import pooch
    import requests
    from tqdm.auto import tqdm

    cache.mkdir(parents=True, exist_ok=True)
    hidden = None if progress is None else not progress
    with (
        tempfile.TemporaryDirectory(prefix=".incoming-", dir=cache) as staging,
        requests.Session() as session,
        _quiet(pooch.get_logger()),
    ):
        store = pooch.create(
            path=staging,
            base_url="",
            registry={file.path: f"sha256:{file.sha256}" for file in files},
            urls={file.path: file.url for file in files},
            retry_if_failed=0,
        )
        for file in tqdm(files, desc="download", unit="file", disable=hidden, leave=False):
            transfer = _Transfer(session, size_limit)
            try:
                arrived = store.fetch(file.path, downloader=transfer)
            except requests.RequestException as error:
                raise TransferError(_cause(error, file.url)) from error
            except ValueError as error:
                raise DatasetIntegrityError(
                    f"{file.path}: downloaded content must have SHA-256 {file.sha256}, got "
                    f"{transfer.describe()} from {file.url} (nothing was kept)"
                ) from error
            move_into_place(Path(arrived), cache / file.path)


def move_into_place(source: Path, target: Path) -> None:
    """Copy a verified file to its final name so that a reader sees all of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        # An empty folder can go; one with content is not ours to delete, and rmdir refuses it.
        target.rmdir()
    with source.open("rb") as content, atomic_write(target, "wb") as file:
        shutil.copyfileobj(content, file)


class _Transfer:
    """Write one address to one file, as pooch asks for it; remembers what came."""

    def __init__(self, session: requests.Session, size_limit: int) -> None:
        self._session = session
        self._size_limit = size_limit
        self._size = 0
        self._start = b""

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:  # noqa: ARG002 (pooch's signature)
        host = urlsplit(url).hostname
        # A proxy from the environment cannot reach this machine's own loopback server.
        self._session.trust_env = host not in _LOOPBACK
        begun = time.monotonic()
        with _within(ANSWER_TIMEOUT, lambda: self._open(url), host) as response:
            if response.status_code != 200:
                raise TransferError(f"{host} answered {response.status_code} {response.reason}")
            with Path(output_file).open("wb") as file:
                for chunk in response.iter_content(_CHUNK):
                    file.write(chunk)
                    self._size += len(chunk)
                    self._start = self._start or chunk[:64]
                    if self._size > self._size_limit:
                        raise TransferError(f"{host} sent more than {self._size_limit} bytes")
                    seconds = time.monotonic() - begun
                    if seconds > 6 * TIMEOUT and self._size < SLOWEST_RATE * seconds:
                        raise TransferError(f"{host} sent only {self._size} bytes in {seconds:.0f} s")

    def _open(self, url: str) -> requests.Response:
        # Redirects are refused: the registry alone says which hosts are contacted.
        return self._session.get(
            url, stream=True, timeout=TIMEOUT, allow_redirects=False, headers={"Accept-Encoding": "identity"}
        )

    def describe(self) -> str:
        """Say what arrived, for an error message."""
        page = self._start.lstrip().lower().startswith((b"<!doctype", b"<html"))
        return f"{self._size} bytes with another hash" + (", an HTML page" if page else "")


def _within(seconds: float, function: Callable[[], requests.Response], host: str | None) -> requests.Response:
    """Call a function in a thread that is given up after some seconds; late answers are closed unread."""
    outcome: queue.SimpleQueue[tuple[requests.Response | None, BaseException | None]] = queue.SimpleQueue()
    given_up = threading.Event()

    def call() -> None:
        try:
            response = function()
        except BaseException as error:
            outcome.put((None, error))
            return
        if given_up.is_set():
            response.close()
        outcome.put((response, None))

    threading.Thread(target=call, daemon=True, name="neurosci-download").start()
    try:
        response, error = outcome.get(timeout=seconds)
    except queue.Empty:
        given_up.set()
        raise TransferError(f"no answer from {host} within {seconds:g} s") from None
    if response is None:
        raise error or TransferError(f"no answer from {host}")
    return response


def _cause(error: requests.RequestException, url: str | None) -> str:
    import requests

    host = urlsplit(url or "").hostname
    # A pause in the middle of a body surfaces as a ConnectionError around urllib3's time-out.
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return f"no answer from {host} within {TIMEOUT:g} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"the connection to {host} broke before the file was complete"
    if isinstance(error, requests.exceptions.SSLError):
        return f"the certificate of {host} was not accepted"
    if isinstance(error, requests.ConnectionError):
        return f"no connection to {host}"
    return f"request to {host} failed ({type(error).__name__})"


@contextlib.contextmanager
def _quiet(log: logging.Logger) -> Iterator[None]:
    """Keep pooch from printing one line per file beside our progress bar."""
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)
