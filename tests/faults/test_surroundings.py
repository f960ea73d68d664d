"""Surroundings that a run does not choose: home, locale, odd paths, closed output, a clock that jumps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import neurosci as package
from tests.cli.installed import Command, contents

FEW = ("--set", "n_boards=2", "--set", "n_darts=50")


@pytest.fixture(scope="module")
def expected(module_environment: dict[str, str], module_folder: Path) -> dict[str, bytes]:
    """Bytes of a run in plain surroundings."""
    command = [sys.executable, "-m", "neurosci", "run", "dartboard", *FEW, "--output", "plain"]
    subprocess.run(command, cwd=module_folder, env=module_environment, check=True, capture_output=True)
    return contents(module_folder / "plain")


def variables(environment: dict[str, str], *without: str, **more: str) -> dict[str, str]:
    return {key: value for key, value in environment.items() if key not in without} | more


XDG = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "MPLCONFIGDIR")


@pytest.mark.parametrize("home", [None, "/proc", "/nowhere"])
def test_no_home(
    neurosci: Command,
    plugin_environment: dict[str, str],
    expected: dict[str, bytes],
    tmp_path: Path,
    home: str | None,
) -> None:
    surroundings = variables(plugin_environment, "HOME", *XDG, **({} if home is None else {"HOME": home}))
    for arguments in (("run", "dartboard", *FEW), ("info",), ("datasets", "list")):
        done = neurosci(*arguments, env=surroundings)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
    assert contents(tmp_path / "reports") == expected
    failed = neurosci("run", "dartboard", "--set", "fail_at=0", "--output", "bad", env=surroundings)
    assert "the wall fell down" in failed.stderr
    assert failed.returncode == 1


def test_a_user_whom_the_system_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    from neurosci._run import public_text

    monkeypatch.setattr(Path, "home", unknown)
    assert public_text(ValueError("wrong")) == "wrong"


@pytest.mark.parametrize("mode", ["1", "0"], ids=["UTF-8 mode", "ASCII"])
def test_the_c_locale(
    neurosci: Command,
    plugin_environment: dict[str, str],
    expected: dict[str, bytes],
    tmp_path: Path,
    mode: str,
) -> None:
    surroundings = variables(plugin_environment, "LANG", LC_ALL="C", PYTHONUTF8=mode, PYTHONCOERCECLOCALE="0")
    done = neurosci("run", "dartboard", *FEW, "--output", "würfe", env=surroundings)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "würfe") == expected


@pytest.mark.parametrize(
    "folder",
    [
        "two words",
        "'quoted\" $HOME",
        "Würfe 飛鏢",
        "line\nbreak",
        "-dash",
        "a/b/c",
        os.fsdecode(b"not \xff utf-8"),
    ],
)
def test_any_output_path(neurosci: Command, expected: dict[str, bytes], tmp_path: Path, folder: str) -> None:
    done = neurosci("run", "dartboard", *FEW, f"--output={folder}")
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / folder) == expected


def test_a_linked_output_folder(neurosci: Command, expected: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert neurosci("run", "dartboard", *FEW, "--output", "link").returncode == 0
    assert contents(tmp_path / "real") == expected


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams(
    plugin_environment: dict[str, str], expected: dict[str, bytes], tmp_path: Path, closed: str
) -> None:
    few = " ".join(FEW)
    command = f"{sys.executable} -m neurosci run dartboard {few} --n-jobs 2 --output out {closed}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=plugin_environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert contents(tmp_path / "out") == expected
    assert json.loads((tmp_path / "out" / "dartboard" / "run.json").read_text())["status"] == "complete"


def test_an_output_that_is_full_is_told_after_the_work(
    plugin_environment: dict[str, str], expected: dict[str, bytes], tmp_path: Path
) -> None:
    few = " ".join(FEW)
    command = f"{sys.executable} -m neurosci run dartboard {few} --output out > /dev/full"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=plugin_environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(tmp_path / "out") == expected
    assert (tmp_path / "out" / "index.html").is_file()


@pytest.mark.parametrize("jump", [-1e9, 1e9])
def test_the_clock_jumps(
    dartboard: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    package.run("dartboard", output=tmp_path / "plain", n_boards=2, verbose=False)
    now, calls = time.time, iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: now() + jump * (next(calls) % 2))
    package.run("dartboard", output=tmp_path / "out", n_boards=2, verbose=False)
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")
    assert 0 <= json.loads((tmp_path / "out" / "dartboard" / "run.json").read_text())["seconds"] < 60


def test_files_from_the_future(dartboard: None, tmp_path: Path) -> None:
    package.run("dartboard", output=tmp_path, n_boards=2, verbose=False)
    expected = contents(tmp_path)
    for path in tmp_path.rglob("*"):
        os.utime(path, (4e9, 4e9))
    package.run("dartboard", output=tmp_path, n_boards=2, verbose=False)
    assert contents(tmp_path) == expected
