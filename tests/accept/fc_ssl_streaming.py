"""Streaming at the size of 50,000 scans: synthetic stores, rates that do not fall, memory that stays flat.

Reading and graphs are measured at the paper's size of a scan (400 regions, 490 frames) on sparse files;
pre-training on whole files of small scans (32 regions, 100 frames), all of which it learns from, once and
without a break. The smallest store is passed over ten times, so that start-up weighs as little as elsewhere.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import ROOT

SIZES = (500, 5000, 51_117)
LARGEST_GROWTH_MB = 20.0
N_FRAMES, N_REGIONS = 100, 32
# what a busy machine may take from one of two runs that are minutes apart
SMALLEST_RATIO = 0.7


def units() -> list[str]:
    """Return reading and pre-training for each size of store, and the ratio of rates."""
    kinds = [f"{kind}{size} scans" for kind in ("", "training from ") for size in SIZES]
    return [*kinds, "ratio of training rates"]


def run_unit(name: str) -> dict[str, Any]:
    """Stream from one store."""
    if name.startswith("ratio"):
        rates = [saved(size)["scans_per_cpu_s"] for size in SIZES]
        ratio = rates[-1] / max(rates[:-1])
        return {
            "passed": ratio > SMALLEST_RATIO,
            "ratio": ratio,
            "rates": {str(size): rate for size, rate in zip(SIZES, rates, strict=True)},
        }
    folder = Path(tempfile.mkdtemp(prefix="neurosci-streaming-"))
    try:
        if name.startswith("training"):
            found = trained(int(name.split()[2]), folder / "store")
        else:
            found = streamed(int(name.split()[0]), folder / "store")
    finally:
        shutil.rmtree(folder)
    # A system that does not tell the memory of a process gives NaN, which fails.
    return {**found, "passed": bool(found["growth_mb"] < LARGEST_GROWTH_MB)}


def streamed(size: int, folder: Path) -> dict[str, Any]:
    """Read scans from all over a store, and make some into graphs."""
    from neurosci.fc_ssl._streaming import measure_streaming

    return dataclasses.asdict(measure_streaming(folder, n_scans=size))


def scans(size: int) -> Iterator[np.ndarray]:
    """Yield noise with a common course, each scan drawn anew."""
    rng = np.random.default_rng(size)
    for _ in range(size):
        common = rng.standard_normal((N_FRAMES, 4)) @ rng.standard_normal((4, N_REGIONS))
        yield (common + rng.standard_normal((N_FRAMES, N_REGIONS))).astype(np.float32)


def trained(size: int, folder: Path) -> dict[str, Any]:
    """Pre-train from a store; memory is that of the process from the first tenth of the steps to the last."""
    import torch

    from neurosci.fc_ssl import STMAE, TimeSeriesStore
    from neurosci.fc_ssl._masked import MaskedAutoencoding
    from neurosci.fc_ssl._store_files import process_memory

    torch.set_num_threads(1)
    meta = {"subject": [f"synthetic{i:06d}" for i in range(size)], "t_r": [2.0] * size}
    store = TimeSeriesStore.create(folder, scans(size), meta, kind="synthetic")
    memory: list[float] = []

    class Watched(MaskedAutoencoding):
        """The task, whose steps note the memory of the process."""

        def after_step(self, encoder: Any, fraction: float) -> None:
            super().after_step(encoder, fraction)
            memory.append(process_memory())

    class Model(STMAE):
        """Pre-trainer with that task."""

        def _objective(self, encoder: Any, window: int) -> Any:
            objective = super()._objective(encoder, window)
            objective.__class__ = Watched
            return objective

    epochs = max(1, 5000 // size)
    model = Model(
        window=20, step=10, hidden_dim=16, n_layers=1, node_input="region", n_windows=1, max_epochs=epochs,
        batch_size=64, device="cpu", random_state=0,
    )  # fmt: skip
    begin, cpu = time.perf_counter(), time.process_time()
    model.fit(store)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    first = memory[len(memory) // 10]
    n_seen = model.n_steps_ * 64
    return {
        "n_scans": size, "n_seen": n_seen, "scans_per_s": n_seen / seconds, "scans_per_cpu_s": n_seen / cpu,
        "memory_mb": first, "growth_mb": max(memory[len(memory) // 10 :]) - first,
    }  # fmt: skip


def saved(size: int) -> dict[str, Any]:
    """What the unit of a size saved."""
    path = ROOT / "accept" / "fc_ssl_streaming-units" / f"training-from-{size}-scans.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
