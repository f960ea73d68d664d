"""``python cluster.py OUTPUT [kill]``: run the dartboard on a real dask cluster of two processes.

With "kill", one of them is killed once the first unit is saved.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import joblib
from distributed import Client, LocalCluster

import neurosci


def main(output: str, *how: str) -> None:
    """Run, and stop the cluster."""
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        Client(cluster) as client,
        joblib.parallel_config(backend="dask"),
    ):
        client.wait_for_workers(2)
        if "kill" in how:
            pids = client.run(os.getpid)
            units = Path(output) / "dartboard" / "units"
            threading.Thread(target=_kill_later, args=(next(iter(pids.values())), units), daemon=True).start()
        neurosci.run("dartboard", output=output, verbose=False, n_boards=8, delay=0.1)
        sys.stdout.write(f"{len(client.scheduler_info()['workers'])} workers\n")


def _kill_later(pid: int, units: Path) -> None:
    while not list(units.rglob("*.npz")):
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    sys.stdout.write("killed\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
