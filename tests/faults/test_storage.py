"""Storage that is full, read-only or failing: the message says so, what was there stays, nothing is half."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import neurosci as package
from neurosci._core.files import StorageError
from tests.cli.installed import Command, contents, leftovers, start

FEW = ("run", "dartboard", "--set", "n_boards=4")


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """Mount a small file system in memory; the test is skipped where that is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("mount is not installed")
    if done.returncode:
        pytest.skip(f"a file system can only be mounted by the administrator: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def expected(module_environment: dict[str, str], module_folder: Path) -> dict[str, bytes]:
    """Bytes of a run with room enough."""
    process = start(*FEW, "--output", "plain", cwd=module_folder, env=module_environment)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 0, messages
    return contents(module_folder / "plain")


@pytest.mark.parametrize("pages", [1, 12, 30])
def test_a_full_disk(neurosci: Command, tmp_path: Path, expected: dict[str, bytes], pages: int) -> None:
    arguments = (*FEW, "--output", "disk/out")
    with mounted(tmp_path / "disk", "size=8m") as disk:
        (disk / "ballast").write_bytes(b"x" * (2048 - pages) * 4096)
        done = neurosci(*arguments)
        assert done.returncode == 1, done.stderr
        assert "no space left on the device" in done.stderr
        assert "disk/out" in done.stderr
        assert "bytes" in done.stderr or "mkdir" in done.stderr
        assert "Traceback" not in done.stderr
        assert not (disk / "out" / "dartboard" / "result.json").exists()
        assert leftovers(disk) == []
        (disk / "ballast").unlink()
        again = neurosci(*arguments)
        assert again.returncode == 0, again.stderr
        assert contents(disk / "out") == expected


def test_a_read_only_disk(
    neurosci: Command, plugin_environment: dict[str, str], tmp_path: Path, expected: dict[str, bytes]
) -> None:
    with mounted(tmp_path / "disk", "size=8m") as disk:
        assert neurosci(*FEW, "--output", "disk/out").returncode == 0
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for folder in ("disk/out", "disk/new"):
            done = neurosci(*FEW, "--output", folder)
            assert done.returncode == 1
            assert "read-only" in done.stderr.lower()
            assert "choose another" in done.stderr
            assert "Traceback" not in done.stderr
        assert contents(disk / "out") == expected
        # a finished run can still be read
        code = (
            "import sys; from dartboard.analysis import PARAMS; "
            "from neurosci._core.result import load_result; print(load_result(sys.argv[1], PARAMS).name)"
        )
        read = subprocess.run(
            [sys.executable, "-c", code, str(disk / "out" / "dartboard")],
            env=plugin_environment,
            capture_output=True,
            text=True,
        )
        assert read.stdout == "dartboard\n", read.stderr


def lose_privileges() -> None:
    """Let permissions bind root too: they do without CAP_DAC_OVERRIDE, which others do not have."""
    drop_from_bounding_set, may_ignore_permissions = 24, 1
    ctypes.CDLL(None).prctl(drop_from_bounding_set, may_ignore_permissions, 0, 0, 0)


def test_a_folder_that_may_not_be_written(neurosci: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir(mode=0o555)
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "dartboard").mkdir(mode=0o555)
    for output in ("empty", "begun"):
        done = neurosci("run", "dartboard", "--output", output, preexec_fn=lose_privileges)
        assert done.returncode == 1
        assert "permission denied" in done.stderr.lower()
        assert "choose another" in done.stderr
        assert "Traceback" not in done.stderr
    assert list((tmp_path / "empty").iterdir()) == []
    assert list((tmp_path / "begun" / "dartboard").iterdir()) == []


def _fail_at(
    monkeypatch: pytest.MonkeyPatch, where: str, code: int, which: int, folder: Path
) -> Callable[[], int]:
    """Let the n-th call of one function fail that concerns the folder; returns how often it was called."""
    count = itertools.count()
    calls = 0

    def disturb(path: object) -> None:
        nonlocal calls
        if str(path).startswith(str(folder)):
            calls += 1
            if next(count) == which:
                raise OSError(code, os.strerror(code), str(path))

    if where == "fsync":
        sync = os.fsync

        def fsync(handle: int) -> None:
            disturb(Path(f"/proc/self/fd/{handle}").readlink())
            sync(handle)

        monkeypatch.setattr(os, "fsync", fsync)
    elif where == "replace":
        replace = Path.replace

        def move(self: Path, target: Path) -> Path:
            disturb(target)
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", move)
    else:
        make = tempfile.mkstemp

        def mkstemp(**options: object) -> tuple[int, str]:
            disturb(options["dir"])
            return make(**options)  # type: ignore[call-overload, no-any-return]

        monkeypatch.setattr(tempfile, "mkstemp", mkstemp)
    return lambda: calls


@pytest.mark.parametrize(
    ("where", "code"),
    [("fsync", errno.EIO), ("replace", errno.EDQUOT), ("mkstemp", errno.EIO)],
    ids=["flush", "rename", "create"],
)
def test_any_write_may_fail(
    dartboard: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, code: int
) -> None:
    """Each write of a run in turn: manifest, parameters, units, figures, page, tables, result."""
    settings = {"n_boards": 2, "n_darts": 20, "verbose": False}
    package.run("dartboard", output=tmp_path / "plain", **settings)
    expected = contents(tmp_path / "plain")
    with monkeypatch.context() as patch:
        n_writes = _fail_at(patch, where, code, -1, tmp_path / "count")
        package.run("dartboard", output=tmp_path / "count", **settings)
        total = n_writes()
    assert total > 10
    for which in sorted({*range(0, total, 5), total - 3, total - 1}):
        out = tmp_path / f"at {which}"
        with monkeypatch.context() as patch:
            _fail_at(patch, where, code, which, out / "dartboard" if which < total - 2 else out)
            try:
                package.run("dartboard", output=out, **settings)
            except StorageError as error:
                assert error.errno == code
                assert "cannot write" in str(error)
        assert leftovers(out) == [], which
        own = out / "dartboard"
        if (own / "result.json").exists():
            assert contents(out) == expected
        package.run("dartboard", output=out, **settings)
        assert contents(out) == expected
        assert leftovers(out) == []
