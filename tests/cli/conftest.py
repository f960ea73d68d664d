"""A third-party analysis, installed as a plug-in for the tests of the command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parent / "plugin"
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def plugin_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment in which the dartboard is an installed distribution."""
    site = tmp_path_factory.mktemp("site")
    about = site / "dartboard-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: dartboard\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[neurosci.analyses]\ndartboard = dartboard.analysis\n")
    paths = [str(site), str(PLUGIN), str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}


@pytest.fixture
def neurosci(plugin_environment: dict[str, str], tmp_path: Path) -> Command:
    """Run the command in a folder of its own, with the dartboard installed."""

    def call(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "neurosci", *arguments],
            cwd=tmp_path,
            env=plugin_environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            **options,  # type: ignore[call-overload]
        )

    return call
