"""Seven analyses in one command, of which one fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from neurosci import cli
from neurosci._core import registry
from tests.cli.installed import PLUGIN

SEVEN = tuple(f"darts_{number}" for number in range(1, 8))
MODULE = """
import dataclasses

from dartboard.analysis import CLAIMS, FIGURES, PARAMS, PRESETS
from dartboard.analysis import run as throw


def run(params, context):
    if {fails}:
        raise ValueError("darts_4: the wall must be there, got none (build one)")
    return dataclasses.replace(throw(params, context), name={name!r})
"""


@pytest.fixture
def seven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Seven registered analyses and the folder that the command is called in."""
    packages, here = tmp_path / "packages", tmp_path / "here"
    for folder in (packages, here):
        folder.mkdir()
    for name in SEVEN:
        (packages / f"{name}.py").write_text(MODULE.format(name=name, fails=name == "darts_4"))
    monkeypatch.syspath_prepend(PLUGIN)
    monkeypatch.syspath_prepend(packages)
    monkeypatch.setattr(registry, "ANALYSES", {name: registry.Entry(name, name, "?") for name in SEVEN})
    monkeypatch.chdir(here)
    yield here
    for name in [name for name in sys.modules if name.partition(".")[0] in {"dartboard", *SEVEN}]:
        del sys.modules[name]


def test_one_failing_analysis_leaves_six(seven: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--all", "--preset", "quick", "--quiet", "--output", "reports"]) == cli.FAILED
    shown = capsys.readouterr()
    assert shown.err.count("the wall must be there") == 1
    assert "Traceback" not in shown.err
    for name in SEVEN:
        folder = seven / "reports" / name
        status = json.loads((folder / "run.json").read_text())["status"]
        assert status == ("failed" if name == "darts_4" else "complete")
        assert (folder / "result.json").is_file() == (name != "darts_4")
        assert (folder / "index.html").is_file() == (name != "darts_4")
    dashboard = (seven / "reports/index.html").read_text()
    assert "6 of 7 analyses" in dashboard
    assert "the wall must be there" in dashboard
    assert shown.out.splitlines()[-1].endswith("index.html")
