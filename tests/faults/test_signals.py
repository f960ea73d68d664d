"""SIGINT and SIGTERM: the promised exit code within five seconds, and no child left."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.cli.installed import Command, alive, descendants, sleeps, start, wait_for

SECONDS = 5.0
# Boards that take longer than a run may take to end: the signal must reach it while workers are busy.
SLOW = ("run", "dartboard", "--output", "out", "--set", "delay=20", "--set", "n_boards=4")


def rests(pid: int) -> bool:
    """Whether a process and its children sleep for half a second, as in a board and nowhere before."""
    for _ in range(10):
        if not all(map(sleeps, [pid, *descendants(pid)])):
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("group", [False, True], ids=["process", "group"])
def test_a_signal_ends_the_run_and_its_children(
    plugin_environment: dict[str, str], tmp_path: Path, n_jobs: int, number: int, code: int, group: bool
) -> None:
    if n_jobs == 1 and group:
        pytest.skip("one process is its own group")
    process = start(
        *SLOW, "--n-jobs", str(n_jobs), cwd=tmp_path, env=plugin_environment, start_new_session=True
    )
    manifest = tmp_path / "out" / "dartboard" / "run.json"
    assert wait_for(manifest.is_file)
    # loky starts two workers and a tracker of resources
    assert n_jobs == 1 or wait_for(lambda: len(descendants(process.pid)) >= 3)
    assert wait_for(lambda: rests(process.pid))
    children = descendants(process.pid)
    begin = time.monotonic()
    if group:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, messages = process.communicate(timeout=60)
    ended = time.monotonic() - begin
    assert process.returncode == code, messages
    assert ended < SECONDS
    assert wait_for(lambda: not any(map(alive, children)), seconds=SECONDS - ended)
    assert messages.splitlines() == [
        "neurosci: interrupted; finished units of work are saved, and the same command goes on from there"
    ]
    assert json.loads(manifest.read_text())["status"] == "interrupted"
    assert not (tmp_path / "out" / "dartboard" / "result.json").exists()


def test_an_interrupted_run_repeats_at_most_one_unit(
    plugin_environment: dict[str, str], tmp_path: Path, neurosci: Command
) -> None:
    arguments = ("run", "dartboard", "--output", "out", "--set", "delay=0.2", "--set", "n_boards=6")
    process = start(*arguments, cwd=tmp_path, env=plugin_environment)
    units = tmp_path / "out" / "dartboard" / "units" / "throw"
    assert wait_for(lambda: len(list(units.glob("*.npz"))) >= 3)
    process.kill()
    process.communicate(timeout=60)
    saved = {path: path.stat().st_mtime_ns for path in units.glob("*.npz")}
    # one board at a time: what is not saved has not begun, but for one
    assert neurosci(*arguments).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in saved} == saved
    assert len(list(units.glob("*.npz"))) == 6
