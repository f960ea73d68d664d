"""The same numbers on a dask cluster of several processes, also when one of them is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What ``cluster.py`` has found: one cluster for all."""
    folder = tmp_path_factory.mktemp("cluster")
    script = Path(__file__).with_name("cluster.py")
    # one thread for linear algebra, as the workers of dask have it
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, str(script), str(folder)],
        env={**os.environ, **threads, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "found.json").read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("work", ["images", "draws", "starts"])
def test_a_cluster_gives_the_same_bits_also_when_a_worker_is_killed(found, work):
    one = found[work]
    assert one["left"] > 0 and one["gone"] > 0, "a process was killed while there was work"
    assert one["killed"] == one["alone"] == one.get("undisturbed", one["alone"])
