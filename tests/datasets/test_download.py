"""The HTTP route against a loopback server, which also misbehaves."""

from __future__ import annotations

import dataclasses
import json
import logging
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import quote

import pytest

from neurosci.datasets import (
    DataNotFoundError,
    DatasetIntegrityError,
    _download,
    fetch_critical_band,
    get_dataset,
)
from neurosci.datasets._store import obtain


@pytest.fixture
def tiny(server, contents, make_dataset, cache):
    server.files = contents
    return make_dataset(contents, server.url)


def test_every_file_arrives_whole_and_the_second_call_asks_nobody(tiny, server, contents, cache, list_files):
    found = obtain(tiny, where="test")
    assert [path.read_bytes() for path in found.values()] == list(contents.values())
    assert list_files(cache) == sorted(file.path for file in tiny.files)
    assert len(server.requests) == len(contents)
    # Colons do not occur unquoted in an address.
    assert not any(":" in path for path in server.requests)
    obtain(tiny, where="test")
    assert len(server.requests) == len(contents)


@pytest.mark.parametrize(
    ("mode", "error", "reason"),
    [
        ("404", DataNotFoundError, "127.0.0.1 answered 404 Not Found"),
        ("redirect", DataNotFoundError, "127.0.0.1 answered 302 Found"),
        ("disconnect", DataNotFoundError, "no connection to 127.0.0.1"),
        ("truncated", DataNotFoundError, "broke before the file was complete"),
        ("slow", DataNotFoundError, "no answer from 127.0.0.1 within 0.3 s"),
        ("stalls", DataNotFoundError, "no answer from 127.0.0.1 within 0.3 s"),
        ("large", DataNotFoundError, "sent more than"),
        ("html", DatasetIntegrityError, "an HTML page"),
        ("wrong", DatasetIntegrityError, "bytes with another hash"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_failed_transfer_leaves_nothing_at_the_final_path(
    mode, error, reason, first, tiny, server, cache, list_files, monkeypatch
):
    monkeypatch.setattr(_download, "TIMEOUT", 0.3)
    server.mode, server.fail_from = mode, 0 if first else 2
    with pytest.raises(error, match=reason):
        obtain(tiny, where="test")
    assert len(server.requests) == server.fail_from + 1, "the first failure must stop everything"
    kept = sorted(file.path for file in tiny.files[: server.fail_from])
    assert list_files(cache) == kept
    assert [path.name for path in cache.iterdir()] in ([], ["tiny"]), "no temporary folder may be left"
    # The same command again, now with a server that works, repeats nothing that was finished.
    server.mode = "ok"
    obtain(tiny, where="test")
    assert list_files(cache) == sorted(file.path for file in tiny.files)
    assert len(server.requests) == 2 * server.fail_from + 1 + len(tiny.files) - 2 * server.fail_from


def test_the_error_names_every_way_out(tiny, server, cache):
    server.mode = "404"
    with pytest.raises(DataNotFoundError) as caught:
        obtain(tiny, where="load_tiny")
    text = str(caught.value)
    first = tiny.files[0]
    for part in (
        "load_tiny",
        first.url,
        first.sha256,
        str(cache / first.path),
        "NEUROSCI_DATA",
        tiny.stand_in,
    ):
        assert part in text
    assert f"{len(tiny.files)} of {len(tiny.files)} files missing" in text
    # The reason is printed in reports, so it holds no path of this machine.
    assert str(cache) not in caught.value.reason


def test_the_command_is_named_for_registered_data(cache):
    with pytest.raises(DataNotFoundError, match="neurosci datasets fetch critical_band"):
        fetch_critical_band(download=False)


def test_offline_fails_within_seconds_when_nobody_answers(cache):
    """The worst case: a host that accepts and stays silent, with the real time-outs."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with pytest.raises(DataNotFoundError, match="no answer"):
            fetch_critical_band(base_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert time.monotonic() - begun < 10


def test_offline_fails_at_once_when_the_connection_is_refused(cache):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    begun = time.monotonic()
    with pytest.raises(DataNotFoundError, match=r"no connection to 127\.0\.0\.1"):
        fetch_critical_band(base_url=f"http://127.0.0.1:{port}")
    assert time.monotonic() - begun < 5


def test_a_name_server_that_never_answers_is_given_up(tiny, cache, monkeypatch):
    answered = threading.Event()

    def hang(*_args, **_kwargs):
        answered.wait(10)
        raise socket.gaierror("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(_download, "ANSWER_TIMEOUT", 0.3)
    begun = time.monotonic()
    with pytest.raises(DataNotFoundError, match=r"no answer from data.invalid within 0.3 s"):
        obtain(tiny.mirrored("https://data.invalid/x"), where="test")
    assert time.monotonic() - begun < 3
    answered.set()


def test_a_transfer_that_drips_is_given_up(tiny, server, monkeypatch):
    monkeypatch.setattr(_download, "TIMEOUT", 0.0)
    monkeypatch.setattr(_download, "SLOWEST_RATE", 1e12)
    monkeypatch.setattr(_download._Transfer, "_open", lambda self, url: self._session.get(url, stream=True))
    with pytest.raises(DataNotFoundError, match="sent only"):
        obtain(tiny, where="test")


@pytest.mark.parametrize(
    "base_url",
    [
        "http://example.org/data",
        "ftp://127.0.0.1/",
        "file:///etc",
        "https://user:secret@example.org/",
        "nonsense",
    ],
)
def test_only_https_without_credentials(base_url, cache):
    with pytest.raises(ValueError, match="fetch_critical_band: base_url must be an https address") as caught:
        fetch_critical_band(base_url=base_url)
    assert "secret" not in str(caught.value)


def test_public_addresses_are_pinned_and_quoted():
    files = get_dataset("critical_band").files
    assert len(files) == 102
    start = (
        "https://raw.githubusercontent.com/ajaysub110/critical-band-masking/"
        "a2b3d34e94134d536e466e37c4f50eed7fe60aec/data/network_data/"
    )
    by_path = {file.path: file.url for file in files}
    assert all(url.startswith(start) for url in by_path.values())
    assert (
        by_path["critical_band/network_data/solomon_alexnet_accuracies_2023-04-10T180157.json"]
        == start + "solomon_alexnet_accuracies_2023-04-10T18%3A01%3A57.json"
    )


def test_the_real_files_over_http(server, published, cache, list_files):
    for file in get_dataset("critical_band").files:
        local = published.parent / file.path
        public = local.name
        if "T" in public and public.startswith("solomon"):
            start, _, clock = public.removesuffix(".json").rpartition("T")
            public = f"{start}T{clock[:2]}:{clock[2:4]}:{clock[4:]}.json"
        server.files[public] = local.read_bytes()
    data = fetch_critical_band(base_url=server.url)
    assert data.networks["network"].nunique() == 85
    assert data.humans is None
    assert [source.name for source in data.sources] == ["Critical-band masking of 85 networks"]
    assert len(list_files(cache)) == 102
    # What was fetched is found again without any server.
    server.mode = "404"
    assert fetch_critical_band(download=False).networks.equals(data.networks)


_CHILD = """
import json, sys
from pathlib import Path
from neurosci.datasets._registry import Dataset, RemoteFile
from neurosci.datasets._store import obtain
spec = json.loads(Path(sys.argv[1]).read_text())
spec["files"] = tuple(RemoteFile(**file) for file in spec["files"])
print(len(obtain(Dataset(**spec), where="child")))
"""


def test_two_processes_fetch_at_once(tiny, contents, cache, tmp_path, list_files):
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(dataclasses.asdict(tiny)))
    children = [
        subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(spec)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    for child in children:
        out, err = child.communicate(timeout=60)
        assert child.returncode == 0, err.decode()
        assert int(out) == len(contents)
    assert list_files(cache) == sorted(file.path for file in tiny.files)


def test_nothing_global_changes(tiny, capfd):
    import pooch

    level = pooch.get_logger().level
    root = logging.getLogger().level
    obtain(tiny, where="test")
    assert pooch.get_logger().level == level
    assert logging.getLogger().level == root
    # Not a terminal, so no progress bar either.
    assert capfd.readouterr() == ("", "")


def test_a_mirror_keeps_names_and_hashes():
    dataset = get_dataset("critical_band")
    mirror = dataset.mirrored("https://example.org/copy")
    assert [file.sha256 for file in mirror.files] == [file.sha256 for file in dataset.files]
    assert mirror.files[0].url == "https://example.org/copy/" + quote("baccs.json")
    assert dataset.mirrored(None) is dataset
