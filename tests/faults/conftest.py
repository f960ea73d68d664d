"""The dartboard, from the outside as an installed command and from the inside as a plug-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurosci._core import registry
from tests.cli.conftest import neurosci, plugin_environment
from tests.cli.installed import PLUGIN, install

__all__ = ["dartboard", "neurosci", "plugin_environment"]


@pytest.fixture
def dartboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dartboard is the one analysis of this process."""
    monkeypatch.syspath_prepend(PLUGIN)
    entry = registry.Entry("dartboard", "dartboard.analysis", "What is the area of a circle?")
    monkeypatch.setattr(registry, "entries", lambda: {"dartboard": entry})


@pytest.fixture(scope="module")
def module_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The same environment as `plugin_environment`, for fixtures that several tests share."""
    return install(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def module_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that several tests share."""
    return tmp_path_factory.mktemp("shared")
