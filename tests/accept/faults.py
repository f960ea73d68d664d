"""One hundred runs, each killed at a random moment and started again: the same bytes, no half file."""

from __future__ import annotations

import functools
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neurosci._core.random import spawn

N_KILLS = 100
NAME = "critical_band"


def units() -> list[str]:
    """One unit for each kill."""
    return [f"kill {i:03d}" for i in range(N_KILLS)]


def start(output: Path, settings: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start the analysis in a process of its own."""
    command = [sys.executable, "-m", "neurosci", "run", NAME, "--preset", "quick", "--output", str(output)]
    for setting in settings:
        command += ["--set", setting]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def contents(output: Path) -> dict[str, bytes]:
    """What must not depend on an interruption: the result and its tables."""
    folder = output / NAME
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in [folder / "result.json", *sorted((folder / "tables").glob("*.csv"))]
    }


@functools.cache
def undisturbed(settings: tuple[str, ...] = ()) -> tuple[dict[str, bytes], float]:
    """The bytes of a run that nobody disturbs, and its duration in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        assert start(Path(folder), settings).wait() == 0
        return contents(Path(folder)), time.monotonic() - begin


def run_unit(name: str, settings: tuple[str, ...] = ()) -> dict[str, Any]:
    """Kill a run after a random part of its duration, then run the same command to its end."""
    expected, duration = undisturbed(settings)
    delay = spawn(0, "faults", name).uniform(0.05, 1.0) * duration
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder)
        process = start(output, settings)
        try:
            process.wait(timeout=delay)
        except subprocess.TimeoutExpired:
            process.kill()
        killed = process.wait() != 0
        complete_early = (output / NAME / "result.json").exists() and killed
        code = start(output, settings).wait()
        same = code == 0 and contents(output) == expected
        left_over = [path.name for path in output.rglob("*") if path.name.endswith((".part", ".tmp"))]
    return {
        "passed": same and not left_over,
        "delay_s": round(float(delay), 2),
        "killed": killed,
        "result_was_there": complete_early,
        "exit_code": code,
        "same_bytes": same,
        "left_over": left_over,
    }
