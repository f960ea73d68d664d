"""An eighth analysis is one folder and one line: those of the how-to page run end to end."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import tomllib

import pytest

import neurosci
from neurosci._core import registry
from tests.contract.surface import ROOT

FOLDER = ROOT / "docs/how_to/toy_analysis"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder where an importable package would lie."""
    shutil.copytree(FOLDER, tmp_path / "packages/toy_analysis", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.syspath_prepend(tmp_path / "packages")
    yield tmp_path / "packages"
    for name in [name for name in sys.modules if name.partition(".")[0] == "toy_analysis"]:
        del sys.modules[name]


@pytest.fixture
def registered(folder, monkeypatch):
    """The one line, as the page prints it."""
    call = ast.parse((FOLDER / "registry_line.txt").read_text().strip().rstrip(","), mode="eval").body
    assert call.func.id == "Entry"
    entry = registry.Entry(*(ast.literal_eval(argument) for argument in call.args))
    monkeypatch.setitem(registry.ANALYSES, entry.name, entry)
    return entry.name


def test_python(registered, tmp_path):
    result = neurosci.run(registered, seed=3, output=tmp_path / "out")
    assert registered in neurosci.list_analyses()
    # The slope is that of theory within its own interval: 1.96 standard errors, fixed seed.
    assert result.metrics["slope"].low < -0.5 < result.metrics["slope"].high
    assert [verdict.verdict for verdict in result.verdicts] == ["reproduced"]
    assert result.verdicts[0].synthetic
    saved = json.loads((tmp_path / "out" / registered / "result.json").read_text())
    assert saved["params"]["seed"] == 3
    page = (tmp_path / "out" / registered / "index.html").read_text()
    assert "Four times the trials halve the error" in page
    assert registered in (tmp_path / "out/index.html").read_text()


def test_same_seed_same_numbers_other_seed_other_numbers(registered):
    tables = [neurosci.run(registered, seed=seed).tables["error"] for seed in (0, 0, 1)]
    assert tables[0].equals(tables[1])
    assert not tables[0].equals(tables[2])


def test_single_settings(registered):
    result = neurosci.run(registered, n_trials=(2, 8), noise_sd=2.0)
    assert list(result.tables["error"]["n_trials"]) == [2, 8]
    with pytest.raises(ValueError, match="noise_sd"):
        neurosci.run(registered, noise_sd=-1.0)


def test_science_example(folder):
    from toy_analysis import mean_of_trials

    means = mean_of_trials(25, noise_sd=2.0, n_repetitions=4000, random_state=0)
    # The standard error is 2 / sqrt(25) = 0.4; four standard errors of the SD of 4000 values are 4.5 %.
    assert abs(means.std(ddof=1) / 0.4 - 1) < 0.045


def test_command_line_finds_an_entry_point(folder, tmp_path):
    """A package of its own declares the same thing as an entry point, and the command finds it."""
    declared = tomllib.loads((FOLDER / "entry_point.toml").read_text())["project"]["entry-points"]
    info = folder / "toy_analysis-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-analysis\nVersion: 0.1\n")
    lines = [
        f"[{group}]\n{name} = {value}\n"
        for group, points in declared.items()
        for name, value in points.items()
    ]
    (info / "entry_points.txt").write_text("".join(lines))
    path = os.pathsep.join([str(folder), str(ROOT)])

    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "neurosci", *arguments],
            env={**os.environ, "PYTHONPATH": path},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    listed = command("list")
    assert listed.returncode == 0, listed.stderr
    assert "toy_analysis" in listed.stdout
    done = command("run", "toy_analysis", "--set", "n_repetitions=200", "--seed", "1", "--output", "out")
    assert done.returncode == 0, done.stdout + done.stderr
    saved = json.loads((tmp_path / "out/toy_analysis/result.json").read_text())
    assert saved["params"]["n_repetitions"] == 200
    assert (tmp_path / "out/toy_analysis/index.html").is_file()
