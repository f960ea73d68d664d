"""One hundred runs, each killed without warning and started again: same bytes, nothing half, nothing left.

Half of the kills fall on a random moment. The others are aimed at what is short: each waits until the run
writes a certain kind of file.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurosci._core.random import spawn
from tests.cli.installed import alive, contents, descendants, install, leftovers

N_KILLS = 100


@dataclass(frozen=True)
class Application:
    """A run that is worth killing.

    Parameters
    ----------
    name : str
        Analysis.
    arguments : tuple of str
        What follows its name.
    """

    name: str
    arguments: tuple[str, ...] = ()


BOARDS = "dartboard"
PAPER = "critical_band"
APPLICATIONS = {
    BOARDS: Application("dartboard", ("--n-jobs", "2", "--set", "n_darts=200000", "--set", "delay=0.05")),
    PAPER: Application("critical_band", ("--no-download",)),
}
# What appears while each kind of file is written; None is a random moment.
AIMS: dict[str, str | None] = {
    "at random": None,
    "units": "*/units/**/.*.part",
    "figures": "*/figures/.*.part",
    "tables": "*/tables/.*.part",
    "page": "*/.index.html.*.part",
    "result": "*/.result.json.*.part",
    "manifest": "*/.run.json.*.part",
    "dashboard": ".*.part",
}


def units() -> list[str]:
    """One unit for each kill: every fifth is one of critical_band, every second is aimed."""
    aimed = [aim for aim, pattern in AIMS.items() if pattern]
    which = [PAPER if i % 5 == 4 else BOARDS for i in range(N_KILLS)]
    aims = [aimed[i // 2 % len(aimed)] if i % 2 else "at random" for i in range(N_KILLS)]
    return [f"kill {i:03d}, {which[i]}, {aims[i]}" for i in range(N_KILLS)]


@functools.cache
def environment() -> dict[str, str]:
    """Environment of the runs, with the dartboard installed."""
    site = Path(tempfile.mkdtemp(prefix="neurosci-faults-"))
    atexit.register(shutil.rmtree, site)
    return install(site)


def start(application: Application, output: Path) -> subprocess.Popen[bytes]:
    """Start the analysis in a process of its own."""
    command = [sys.executable, "-m", "neurosci", "run", application.name, "--output", str(output)]
    return subprocess.Popen(
        [*command, *application.arguments],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@functools.cache
def undisturbed(application: Application) -> tuple[dict[str, bytes], float]:
    """The bytes of a run that nobody disturbs, and its duration in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        assert start(application, Path(folder)).wait() == 0, f"{application} fails when nobody disturbs it"
        return contents(Path(folder), application.name), time.monotonic() - begin


def kill(process: subprocess.Popen[bytes], output: Path, pattern: str | None, delay: float) -> bool:
    """Kill after a delay, or as soon as a file matches; whether it still ran."""
    if pattern is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=delay)
    else:
        while process.poll() is None and not any(matches(output, pattern)):
            time.sleep(0.0005)
    workers = descendants(process.pid)
    process.kill()
    code = process.wait()
    # Workers notice the death of their parent by themselves; the next run must not depend on when.
    for pid in workers:
        with contextlib.suppress(ProcessLookupError):
            if alive(pid):
                os.kill(pid, 9)
    return code != 0


def matches(output: Path, pattern: str) -> Iterator[Path]:
    """Files that match, while folders come and go."""
    with contextlib.suppress(OSError):
        yield from output.glob(pattern)


def run_unit(name: str, applications: dict[str, Application] = APPLICATIONS) -> dict[str, Any]:
    """Kill a run, look at what is there, then run the same command to its end."""
    _, which, aim = name.split(", ")
    application = applications[which]
    expected, duration = undisturbed(application)
    delay = float(spawn(0, "faults", name).uniform(0.05, 1.0) * duration)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder)
        killed = kill(start(application, output), output, AIMS[aim], delay)
        readable = problems(output, application.name, expected)
        code = start(application, output).wait()
        same = code == 0 and contents(output, application.name) == expected
        left_over = leftovers(output)
    return {
        "passed": same and not left_over and not readable,
        "killed": killed,
        "delay_s": round(delay, 2) if AIMS[aim] is None else None,
        "exit_code": code,
        "same_bytes": same,
        "left_over": left_over,
        "wrong_after_kill": readable,
    }


def problems(output: Path, name: str, expected: dict[str, bytes]) -> Sequence[str]:
    """Files that a reader would take for finished although they are not: none may exist after a kill."""
    own = output / name
    found = [
        path
        for kind in ("tables/*.csv", "figures/*.svg", "figures/*.png", "result.json")
        for path in own.glob(kind)
        if path.read_bytes() != expected[path.relative_to(own).as_posix()]
    ]
    if (own / "result.json").is_file() and contents(output, name) != expected:
        found.append(own / "result.json")
    return [path.relative_to(output).as_posix() for path in found]
