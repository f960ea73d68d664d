"""A run of an analysis that the workers of one session share: the first computes it, the others read it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from neurosci._core.params import Params
from neurosci._core.result import Result, load_result

if TYPE_CHECKING:
    import pytest


def shared_folder(factory: pytest.TempPathFactory, name: str) -> Path:
    """Return a folder of this session, the same one in all its workers."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"shared-{name}"
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one worker at a time work on a folder."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def once(
    factory: pytest.TempPathFactory, name: str, params: type[Params], run: Callable[[], Result]
) -> Result:
    """Return what `run` gives; a result is read back equal to the one that was saved."""
    folder = shared_folder(factory, name)
    with alone(folder):
        if not (folder / "result.json").is_file():
            result = run()
            result.save(folder)
            return result
    return load_result(folder, params)
