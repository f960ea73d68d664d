"""Several processes: started together on one folder, killed, failing, and on a dask cluster."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from joblib import Parallel

from neurosci._core.parallel import WorkerError, parallel_map
from tests.cli.installed import Command, contents, leftovers, start

BOARDS = ("--set", "n_boards=8", "--set", "delay=0.1")


def test_two_processes_that_start_together(
    plugin_environment: dict[str, str], tmp_path: Path, neurosci: Command
) -> None:
    arguments = ("run", "dartboard", *BOARDS, "--output", "out")
    both = [start(*arguments, cwd=tmp_path, env=plugin_environment) for _ in range(2)]
    messages = [process.communicate(timeout=120)[1] for process in both]
    codes = [process.returncode for process in both]
    # The second is refused while the first works, or finds its work done.
    assert sorted(codes) in ([0, 0], [0, 2]), messages
    for code, message in zip(codes, messages, strict=True):
        assert code == 0 or "in use by process" in message
    assert neurosci("run", "dartboard", *BOARDS, "--output", "plain").returncode == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")
    assert leftovers(tmp_path) == []


def test_a_killed_worker_keeps_what_is_finished(neurosci: Command, tmp_path: Path) -> None:
    arguments = ("--set", "n_boards=12", "--set", "delay=0.2", "--n-jobs", "2", "--output", "out")
    done = neurosci("run", "dartboard", "--set", "kill_at=11", *arguments)
    assert done.returncode == 1
    assert "a worker was killed" in done.stderr
    assert "lower n_jobs" in done.stderr
    assert len(list((tmp_path / "out").rglob("*.npz"))) >= 6
    assert not (tmp_path / "out" / "dartboard" / "result.json").exists()


@pytest.mark.parametrize("n_jobs", ["1", "2"])
def test_a_failing_unit_is_named_and_the_others_kept(neurosci: Command, tmp_path: Path, n_jobs: str) -> None:
    arguments = ("--set", "n_boards=8", "--set", "fail_at=7", "--set", "delay=0.1", "--n-jobs", n_jobs)
    done = neurosci("run", "dartboard", *arguments)
    assert done.returncode == 1
    assert "the wall fell down" in done.stderr
    assert "unit 'board 7'" in done.stderr
    assert "Traceback" not in done.stderr
    assert "unit &#39;board 7&#39;" in (tmp_path / "reports" / "index.html").read_text()
    assert len(list((tmp_path / "reports").rglob("*.npz"))) >= 5


def test_a_dask_cluster_gives_the_same_bytes_also_when_a_worker_is_killed(
    plugin_environment: dict[str, str], tmp_path: Path, neurosci: Command
) -> None:
    script = str(Path(__file__).with_name("cluster.py"))
    for how in ((), ("kill",)):
        done = subprocess.run(
            [sys.executable, script, " ".join(["out", *how]), *how],
            cwd=tmp_path,
            env=plugin_environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert ("killed" in done.stdout) == bool(how)
    assert neurosci("run", "dartboard", *BOARDS, "--output", "plain").returncode == 0
    expected = contents(tmp_path / "plain")
    assert contents(tmp_path / "out") == expected
    assert contents(tmp_path / "out kill") == expected


def test_a_unit_that_kills_every_worker_of_a_cluster_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """What dask raises when a unit has killed several of its workers, told as for local processes."""
    from distributed.scheduler import KilledWorker

    def lose_a_worker(*_: object) -> Iterator[None]:
        raise KilledWorker("unit", types.SimpleNamespace(address="tcp://127.0.0.1:1"), 3)
        yield

    monkeypatch.setattr(Parallel, "__call__", lose_a_worker)
    with pytest.raises(WorkerError, match="a worker was killed"):
        list(parallel_map(pow, [(1, 2)], verbose=False))
