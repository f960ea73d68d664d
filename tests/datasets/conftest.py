"""A loopback server that can misbehave, and a tiny data set in the authors' format."""

from __future__ import annotations

import hashlib
import json
import os
import random
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from neurosci.datasets._registry import Dataset, RemoteFile

NOISE = ("0", "0.02", "0.04", "0.08", "0.16")


class Server:
    """Serves `files` by name; `mode` says how."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.mode = "ok"
        self.fail_from = 0
        self.requests: list[str] = []
        self.release = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                owner.requests.append(self.path)
                owner.answer(self, unquote(self.path).lstrip("/"))

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def answer(self, handler: BaseHTTPRequestHandler, name: str) -> None:
        mode = self.mode if len(self.requests) > self.fail_from else "ok"
        content = self.files.get(name)
        if mode == "404" or content is None:
            handler.send_error(404)
            return
        if mode == "slow":
            self.release.wait(30)
            return
        if mode == "disconnect":
            handler.close_connection = True
            return
        if mode == "redirect":
            handler.send_response(302)
            handler.send_header("Location", self.url + "elsewhere")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        if mode == "html":
            content = b"<!DOCTYPE html><html><body>Please sign in</body></html>"
        if mode == "wrong":
            content = content[:-1] + bytes([content[-1] ^ 1])
        if mode == "large":
            content = content + b" " * 10_000_000
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if mode in ("truncated", "stalls"):
            handler.wfile.write(content[: len(content) // 2])
            handler.wfile.flush()
            if mode == "stalls":
                self.release.wait(30)
            handler.close_connection = True
            return
        try:
            handler.wfile.write(content)
        except OSError:
            handler.close_connection = True

    def close(self) -> None:
        self.release.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def responses(seed: int) -> dict[str, list[int]]:
    """Answers of one network; unequal numbers of images, so that swapped axes show."""
    generator = random.Random(seed)
    return {
        f"noise{sd}freq{band}": [generator.randint(0, 1) for _ in range(2 + band + i)]
        for i, sd in enumerate(NOISE)
        for band in range(7)
    }


@pytest.fixture
def contents() -> dict[str, bytes]:
    """Public name and content of each file: three networks, one of them twice."""
    objects = {
        "solomon_beta_accuracies_2023-04-10T18:00:00.json": responses(1),
        "solomon_alpha_accuracies_2023-04-10T18:00:01.json": responses(2),
        "solomon_alpha_accuracies_2023-04-10T18:00:02.json": responses(2),
        "solomon_Gamma_1.0_accuracies_2023-04-10T18:00:03.json": responses(3),
        "sb_scores.json": {"alpha": [0.5] * 16, "beta": [0, 1] * 8, "Gamma_1.0": [0.25] * 16},
        "baccs.json": {"alpha": 0.7, "beta": 0.001, "delta": 0.6},
        "baccs_eps0.5.json": {"alpha": 0.7, "Gamma_1.0": 0.65},
        "waccs_eps0.5.json": {"alpha": 0.301, "beta": 0.2},
        "waccs_eps0.5_all.json": {"alpha": 0.3, "Gamma_1.0": 0.4},
        "waccs_eps0.1_remaining.json": {"beta": 0.55},
        "waccs_eps0.1.json": {"alpha": 0.6},
    }
    return {name: json.dumps(entries).encode() for name, entries in objects.items()}


@pytest.fixture
def make_dataset() -> Callable[..., Dataset]:
    """Register contents as a data set."""

    def make(contents: dict[str, bytes], base_url: str = "", **changes: object) -> Dataset:
        files = tuple(
            RemoteFile(
                f"tiny/network_data/{name.replace(':', '')}",
                hashlib.sha256(content).hexdigest(),
                base_url + quote(name) if base_url else None,
            )
            for name, content in contents.items()
        )
        settings: dict = {
            "name": "tiny",
            "kind": "published",
            "title": "Tiny",
            "description": "Made for tests.",
            "licence": "none",
            "citation": "Nobody (2026).",
            "terms": "none",
            "size_bytes": sum(map(len, contents.values())),
            "root": "tiny",
            "base_url": base_url,
            "stand_in": "the generator of tiny things",
            "files": files,
        }
        return Dataset(**{**settings, **changes})

    return make


@pytest.fixture
def place() -> Callable[..., None]:
    """Write contents below a root as the registry lays them out."""

    def write(root: Path, contents: dict[str, bytes]) -> None:
        folder = root / "tiny" / "network_data"
        folder.mkdir(parents=True)
        for name, content in contents.items():
            (folder / name.replace(":", "")).write_bytes(content)

    return write


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no other place where data could be found."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("NEUROSCI_CACHE", str(folder))
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    return folder


@pytest.fixture(scope="session")
def published() -> Path:
    """The folder of the published data; skips where it is absent."""
    root = os.environ.get("NEUROSCI_DATA")
    folder = Path(root) / "critical_band" if root else None
    if folder is None or not folder.is_dir():
        pytest.skip("needs NEUROSCI_DATA with the folder critical_band")
    return folder


def remains(folder: Path) -> list[str]:
    """Everything that is not a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


@pytest.fixture
def list_files() -> Callable[[Path], list[str]]:
    return remains
