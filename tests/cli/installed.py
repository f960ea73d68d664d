"""The dartboard as an installed distribution, and what tests from the outside need to run and compare it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PLUGIN = Path(__file__).parent / "plugin"
ROOT = Path(__file__).parents[2]
Command = Callable[..., subprocess.CompletedProcess[str]]


def install(site: Path) -> dict[str, str]:
    """Make the dartboard a distribution of this folder; return the environment that finds it."""
    about = site / "dartboard-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: dartboard\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[neurosci.analyses]\ndartboard = dartboard.analysis\n")
    paths = [str(site), str(PLUGIN), str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}


def contents(folder: Path, name: str = "dartboard") -> dict[str, bytes]:
    """Bytes of everything that two equal runs must share: the duration is the one thing that may differ."""
    own = folder / name
    files = [own / "result.json", *sorted((own / "tables").iterdir()), *sorted((own / "figures").iterdir())]
    return {str(path.relative_to(own)): path.read_bytes() for path in files}


def leftovers(folder: Path) -> list[str]:
    """Temporary files and locks that no process needs any more."""
    return [
        path.name
        for path in folder.rglob("*")
        if path.name.endswith((".part", ".tmp")) or path.name == "run.lock"
    ]


def start(*arguments: str, cwd: Path, env: Mapping[str, str], **options: Any) -> subprocess.Popen[str]:
    """Start the command; its output can be read afterwards."""
    return subprocess.Popen(
        [sys.executable, "-m", "neurosci", *arguments],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def wait_for(condition: Callable[[], object], seconds: float = 60, pause: float = 0.02) -> bool:
    """Wait until a condition holds; whether it did in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def descendants(pid: int) -> list[int]:
    """Processes that a process started, and those that they started, read from /proc."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(entry.name)] = int(fields[1])
    found = [pid]
    for parent in found:
        found += [child for child, of in parents.items() if of == parent]
    return found[1:]


def alive(pid: int) -> bool:
    """Whether a process is there; one that only waits to be collected is not."""
    return _state(pid) not in ("", "Z", "X")


def sleeps(pid: int) -> bool:
    """Whether a process waits for time or input to come."""
    return _state(pid) == "S"


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
