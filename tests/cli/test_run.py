"""The command from the outside: exit codes, messages, and the same numbers however it is run."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.installed import Command, contents


def test_a_run_is_complete_and_says_where(neurosci: Command, tmp_path: Path) -> None:
    done = neurosci("run", "dartboard", "--output", "out", "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(Path("out") / "index.html")
    result = json.loads((tmp_path / "out" / "dartboard" / "result.json").read_text())
    assert result["params"]["seed"] == 3
    assert result["provenance"]["command"] == "neurosci run dartboard --preset quick --seed 3"
    assert "SYNTHETIC" in done.stderr
    assert result["warnings"] == ["UserWarning: the first board hangs askew"]
    page = (tmp_path / "out" / "dartboard" / "index.html").read_text()
    assert "What is the area of a circle" in page
    assert not list((tmp_path / "out").rglob("*.part"))


def test_processes_shards_and_resuming_never_change_a_byte(neurosci: Command, tmp_path: Path) -> None:
    assert neurosci("run", "dartboard", "--output", "one").returncode == 0
    assert neurosci("run", "dartboard", "--output", "two", "--n-jobs", "2").returncode == 0
    expected = contents(tmp_path / "one")
    assert contents(tmp_path / "two") == expected
    for part in (1, 2, 3):
        done = neurosci("run", "dartboard", "--output", f"part{part}", "--shard", f"{part}/3")
        assert done.returncode == 0, done.stderr
        assert not (tmp_path / f"part{part}" / "dartboard" / "result.json").exists()
    merged = neurosci("merge", "part1", "part2", "part3", "--output", "merged")
    assert merged.returncode == 0, merged.stderr
    assert contents(tmp_path / "merged") == expected
    again = neurosci("run", "dartboard", "--output", "one")
    assert again.returncode == 0
    assert contents(tmp_path / "one") == expected


def test_merge_says_which_units_are_missing(neurosci: Command) -> None:
    assert neurosci("run", "dartboard", "--output", "part1", "--shard", "1/2").returncode == 0
    done = neurosci("merge", "part1", "--output", "merged")
    assert done.returncode == 1
    assert "units are missing" in done.stderr
    assert neurosci("merge", "nowhere").returncode == 2


def test_one_failure_leaves_the_others_complete(neurosci: Command, tmp_path: Path) -> None:
    failed = neurosci("run", "dartboard", "--set", "fail_at=5", "--output", "out")
    assert failed.returncode == 1
    assert "board 5: the wall fell down" in failed.stderr
    assert "Traceback" not in failed.stderr
    dashboard = (tmp_path / "out" / "index.html").read_text()
    assert "failed" in dashboard
    assert "board 5: the wall fell down" in dashboard
    assert str(tmp_path) not in dashboard
    manifest = json.loads((tmp_path / "out" / "dartboard" / "run.json").read_text())
    assert manifest["status"] == "failed"


def test_only_missing_units_are_computed_after_an_interruption(
    plugin_environment: dict[str, str], tmp_path: Path, neurosci: Command
) -> None:
    slow = ["run", "dartboard", "--output", "out", "--set", "delay=0.3"]
    process = subprocess.Popen(
        [sys.executable, "-m", "neurosci", *slow],
        cwd=tmp_path,
        env=plugin_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    units = tmp_path / "out" / "dartboard" / "units" / "throw"
    deadline = time.monotonic() + 60
    while len(list(units.glob("*.npz"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in messages
    assert "Traceback" not in messages
    saved = {path.name: path.stat().st_mtime_ns for path in units.glob("*.npz")}
    assert 3 <= len(saved) < 12
    assert json.loads((tmp_path / "out" / "dartboard" / "run.json").read_text())["status"] == "interrupted"
    assert neurosci("report", "out").returncode == 2
    done = neurosci(*slow)
    assert done.returncode == 0, done.stderr
    assert {name: (units / name).stat().st_mtime_ns for name in saved} == saved
    assert neurosci("run", "dartboard", "--output", "plain", "--set", "delay=0.3").returncode == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")


def test_another_run_is_never_mixed_in(neurosci: Command, tmp_path: Path) -> None:
    assert neurosci("run", "dartboard", "--output", "out").returncode == 0
    expected = contents(tmp_path / "out")
    refused = neurosci("run", "dartboard", "--output", "out", "--seed", "1")
    assert refused.returncode == 2
    assert "seed 0 there, 1 here" in refused.stderr
    assert contents(tmp_path / "out") == expected
    replaced = neurosci("run", "dartboard", "--output", "out", "--seed", "1", "--overwrite")
    assert replaced.returncode == 0
    assert contents(tmp_path / "out") != expected


def test_foreign_files_are_never_touched(neurosci: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    refused = neurosci("run", "dartboard", "--output", "file")
    assert refused.returncode == 2
    assert "must be a folder, got a file" in refused.stderr
    (tmp_path / "out" / "dartboard").mkdir(parents=True)
    (tmp_path / "out" / "dartboard" / "thesis.txt").write_text("mine")
    for extra in ([], ["--overwrite"]):
        refused = neurosci("run", "dartboard", "--output", "out", *extra)
        assert refused.returncode == 2
        assert "thesis.txt" in refused.stderr
    assert (tmp_path / "out" / "dartboard" / "thesis.txt").read_text() == "mine"
    assert len(list((tmp_path / "out" / "dartboard").iterdir())) == 1


def test_two_processes_never_share_a_folder(
    plugin_environment: dict[str, str], tmp_path: Path, neurosci: Command
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "neurosci", "run", "dartboard", "--set", "delay=0.3", "--output", "out"],
        cwd=tmp_path,
        env=plugin_environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not list((tmp_path / "out").rglob("*.npz")) and time.monotonic() < deadline:
        time.sleep(0.05)
    second = neurosci("run", "dartboard", "--set", "delay=0.3", "--output", "out")
    assert second.returncode == 2
    assert f"in use by process {process.pid}" in second.stderr
    assert process.wait(timeout=60) == 0


def test_a_full_disk_is_explained(neurosci: Command, tmp_path: Path) -> None:
    def limit() -> None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))

    done = neurosci("run", "dartboard", "--set", "n_boards=3", "--output", "out", preexec_fn=limit)
    assert done.returncode == 1
    assert "larger than the limit" in done.stderr
    assert not (tmp_path / "out" / "dartboard" / "result.json").exists()
    assert not list((tmp_path / "out").rglob("*.part"))
    assert neurosci("run", "dartboard", "--set", "n_boards=3", "--output", "out").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run"], "--all"),
        (["run", "dartbord"], "did you mean 'dartboard'"),
        (["runn", "dartboard"], "did you mean 'run'"),
        (["run", "dartboard", "--set", "n_bords=3"], "did you mean 'n_boards'"),
        (["run", "dartboard", "--set", "n_boards=many"], "n_boards must be an integer, got 'many'"),
        (["run", "dartboard", "--set", "n_boards=0"], "n_boards must be ≥ 1, got 0"),
        (["run", "dartboard", "--shard", "3/2"], "1 <= i <= n"),
        (["run", "dartboard", "--n-jobs", "0"], "n_jobs"),
        (["run", "dartboard", "--seed", "-1"], "seed must be ≥ 0, got -1"),
        (["run", "dartboard", "--params", "nowhere.toml"], "cannot be read"),
        (["run", "--all", "--set", "n_boards=3"], "belong to one analysis"),
        (["datasets", "fetch", "critcal_band"], "did you mean 'critical_band'"),
    ],
)
def test_wrong_usage_is_explained_before_anything_happens(
    neurosci: Command, tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = neurosci(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_parameter_file_and_settings(neurosci: Command, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("n_boards = 4\nseed = 7\n")
    done = neurosci("run", "dartboard", "--params", "my.toml", "--set", "n_darts=50", "--output", "out")
    assert done.returncode == 0, done.stderr
    params = json.loads((tmp_path / "out" / "dartboard" / "result.json").read_text())["params"]
    assert (params["n_boards"], params["seed"], params["n_darts"], params["delay"]) == (4, 7, 50, 0.0)
    again = neurosci("run", "dartboard", "--params", "out/dartboard/params.toml", "--output", "copy")
    assert again.returncode == 0
    assert contents(tmp_path / "copy") == contents(tmp_path / "out")
    (tmp_path / "bad.toml").write_text("n_boards = = 4\n")
    assert neurosci("run", "dartboard", "--params", "bad.toml").returncode == 2


def test_report_draws_the_same_page_again(neurosci: Command, tmp_path: Path) -> None:
    assert neurosci("run", "dartboard", "--output", "out").returncode == 0
    page = tmp_path / "out" / "dartboard" / "index.html"
    page.unlink()
    done = neurosci("report", "out")
    assert done.returncode == 0, done.stderr
    assert page.is_file()
    table = tmp_path / "out" / "dartboard" / "tables" / "boards.csv"
    table.write_text(table.read_text().replace("board 1", "board X"))
    changed = neurosci("report", "out")
    assert changed.returncode == 1
    assert "changed after the run" in changed.stderr


def test_python_and_shell_say_the_same(
    plugin_environment: dict[str, str], tmp_path: Path, neurosci: Command
) -> None:
    assert neurosci("run", "dartboard", "--output", "shell", "--set", "n_boards=5").returncode == 0
    call = "neurosci.run('dartboard', output='python', n_boards=5)"
    code = f"import neurosci; print({call}.metrics['pi'].value)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=plugin_environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert contents(tmp_path / "python") == contents(tmp_path / "shell")
    saved = json.loads((tmp_path / "python" / "dartboard" / "result.json").read_text())
    assert float(done.stdout) == saved["metrics"]["pi"]["value"]


def test_a_closed_output_does_not_stop_the_work(plugin_environment: dict[str, str], tmp_path: Path) -> None:
    command = f"{sys.executable} -m neurosci run dartboard --output out | head -0"
    subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=plugin_environment, check=True, capture_output=True
    )
    assert (tmp_path / "out" / "dartboard" / "result.json").is_file()


def test_pages_hold_no_trace_of_the_machine(neurosci: Command, tmp_path: Path) -> None:
    assert neurosci("run", "dartboard", "--output", "out").returncode == 0
    for path in (tmp_path / "out").rglob("*.*"):
        if path.suffix in (".json", ".html", ".csv", ".toml", ".svg"):
            text = path.read_text()
            assert str(tmp_path) not in text, path.name
            assert str(Path.home()) + "/" not in text, path.name


def test_info_and_list(neurosci: Command) -> None:
    assert json.loads(neurosci("info", "--json").stdout)["neurosci"]
    names = neurosci("list", "--names").stdout.split()
    assert {"critical_band", "dartboard"} <= set(names)
    assert neurosci("--version").stdout.startswith("neurosci ")
