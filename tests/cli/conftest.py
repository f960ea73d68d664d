"""A third-party analysis, installed as a plug-in for the tests of the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.installed import Command, install


@pytest.fixture
def plugin_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment in which the dartboard is an installed distribution."""
    return install(tmp_path_factory.mktemp("site"))


@pytest.fixture
def neurosci(plugin_environment: dict[str, str], tmp_path: Path) -> Command:
    """Run the command in a folder of its own, with the dartboard installed."""

    def call(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        how = {"cwd": tmp_path, "env": plugin_environment, "timeout": 120, **options}
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            [sys.executable, "-m", "neurosci", *arguments],
            capture_output=True,
            text=True,
            check=False,
            **how,
        )

    return call
