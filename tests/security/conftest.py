"""A finished run to tamper with, and a payload that leaves a trace where it is executed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import neurosci
from neurosci._core import registry

PLUGIN = Path(__file__).parents[1] / "cli" / "plugin"


@dataclass
class Trap:
    """An object whose pickle makes a folder when it is loaded."""

    folder: str

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return os.mkdir, (self.folder,)


@pytest.fixture
def trap(tmp_path: Path):
    """The payload; after the test it must not have been executed."""
    folder = tmp_path / "executed"
    yield Trap(str(folder))
    assert not folder.exists(), "the payload was executed"


@pytest.fixture
def dartboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plug-in of the tests of the command, and no other analysis."""
    monkeypatch.syspath_prepend(PLUGIN)
    entry = registry.Entry("dartboard", "dartboard.analysis", "What is the area of a circle?")
    monkeypatch.setattr(registry, "entries", lambda: {"dartboard": entry})


@pytest.fixture
def output(dartboard: None, tmp_path: Path) -> Path:
    """Output folder with one finished run of the dartboard."""
    run(tmp_path / "out")
    return tmp_path / "out"


def run(output: Path, **settings: object) -> neurosci.Result:
    return neurosci.run("dartboard", output=output, n_boards=3, n_darts=50, verbose=False, **settings)
