"""Files are whole or absent."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurosci._core import files
from neurosci._core.files import (
    StorageError,
    atomic_write,
    load_record,
    save_record,
    sha256,
    slug,
    write_json,
)


def test_content_replaces_the_old_one_only_when_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    files.write_text(path, "old")
    with pytest.raises(RuntimeError, match="stop"), atomic_write(path) as file:
        file.write("half of the ne")
        raise RuntimeError("stop")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_a_failing_disk_is_named_and_the_old_file_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    path = tmp_path / "a.txt"
    files.write_text(path, "old")

    def fail(_handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError, match=r"cannot write a\.txt") as caught:
        files.write_text(path, "new")
    assert caught.value.errno == code
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_real_size_limit_leaves_the_old_file(tmp_path: Path) -> None:
    code = """
import resource, signal, sys
from neurosci._core.files import write_text, StorageError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_text(sys.argv[1], "x" * 100_000)
except StorageError as error:
    print(error)
"""
    path = tmp_path / "a.txt"
    files.write_text(path, "old")
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert "larger than the limit" in done.stdout
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a.txt", "x")
    plain = tmp_path / "b.txt"
    plain.write_text("x")
    assert (tmp_path / "a.txt").stat().st_mode == plain.stat().st_mode


arrays = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_]),
    hnp.array_shapes(min_dims=0, max_dims=3),
)
plain = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text()


@given(array=arrays, value=plain)
def test_records_read_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, value: object
) -> None:
    path = tmp_path_factory.mktemp("r") / "unit.npz"
    save_record(path, {"array": array, "plain": array.ndim, "value": value, "nested": {"list": [value]}})
    record = load_record(path)
    assert record["array"].dtype == array.dtype
    assert record["array"].tobytes() == array.tobytes()
    assert (record["value"], record["nested"]) == (value, {"list": [value]})


def test_damage_of_any_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "unit.npz"
    save_record(path, {"x": np.arange(5)})
    whole = path.read_bytes()
    for position in range(0, len(whole), 7):
        broken = bytearray(whole)
        broken[position] ^= 0x40
        path.write_bytes(bytes(broken))
        with pytest.raises(ValueError, match="damaged"):
            load_record(path)
    for size in (0, 10, 32, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="damaged"):
            load_record(path)


def test_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="dtype object"):
        save_record(tmp_path / "a.npz", {"x": np.array([{}, []], dtype=object)})
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert list(tmp_path.iterdir()) == []


@given(st.text())
def test_any_name_becomes_one_safe_file_name(name: str) -> None:
    assert set(slug(name)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert len(slug(name)) < 80


@given(st.text(), st.text())
def test_different_names_have_different_files(a: str, b: str) -> None:
    assert (slug(a) == slug(b)) == (a == b)


def test_sha256_of_a_known_text(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
