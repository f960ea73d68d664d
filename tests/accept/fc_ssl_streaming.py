"""Streaming at the size of 50,000 scans: synthetic stores, rates that do not fall, memory that stays flat."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from pathlib import Path
from typing import Any

SIZES = (500, 5000, 51_117)
LARGEST_GROWTH_MB = 20.0


def units() -> list[str]:
    """Return one unit for each size of store."""
    return [f"{size} scans" for size in SIZES]


def run_unit(name: str) -> dict[str, Any]:
    """Stream from one store."""
    from neurosci.fc_ssl._streaming import measure_streaming

    folder = Path(tempfile.mkdtemp(prefix="neurosci-streaming-"))
    try:
        found = measure_streaming(folder / "store", n_scans=int(name.split()[0]))
    finally:
        shutil.rmtree(folder)
    # A system that does not tell the memory of a process gives NaN, which fails.
    return {**dataclasses.asdict(found), "passed": bool(found.growth_mb < LARGEST_GROWTH_MB)}
