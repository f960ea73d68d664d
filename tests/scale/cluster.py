"""``python cluster.py FOLDER``: three kinds of work, alone and on a dask cluster of two processes.

On the cluster each is done with the process killed that works on it, and one undisturbed. What came out is
written to ``FOLDER/found.json``; nothing is judged here.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

# Each worker imports this module when it starts, and has to be there within half a minute: what is heavy is
# imported where it is used.
N_PEOPLE, N_TIMES = 6, 120


def digest(*arrays: Any) -> str:
    """Hash of numbers to the last bit."""
    content = hashlib.sha256()
    for array in arrays:
        content.update(np.ascontiguousarray(array).tobytes())
    return content.hexdigest()


def images(folder: Path, name: str) -> str:
    """Extract the series of all people: one unit of work each."""
    from neurosci.fc_ssl import _lab

    settings = _lab.LabSettings(atlas=str(folder / "blocks.nii.gz"), confounds=("motion6",))
    outcome = _lab.process(folder / "study", folder / name, settings)
    series = [np.load(path) for path in sorted((folder / name).glob("sub-*/func/*.npy"))]
    assert len(series) == N_PEOPLE
    return digest(*series) + digest(outcome.quality.to_csv(index=False).encode())


def draws(folder: Path, name: str) -> str:
    """Simulate false positives of dendrites in many blocks."""
    from neurosci.dendrites import simulate_false_positives

    rate = simulate_false_positives(2000, 64, 24, 8, 100_000_000, random_state=1)
    return digest([rate.estimate, rate.std_error, rate.n_trials])


def starts(folder: Path, name: str) -> str:
    """Fit a switching GLM from six starts."""
    from neurosci.hmm_glm import HMMGLM, make_onehot_hmmglm

    data = make_onehot_hmmglm(n_neurons=6, n_states=3, n_bins=2000, random_state=2)
    model = HMMGLM(3, basis=data.basis, link=data.link, n_init=6, max_iter=12, random_state=3)
    model.fit(data.X)
    return digest(model.coef_, model.intercept_, model.transmat_, model.start_loglik_)


WORK: dict[str, Callable[[Path, str], str]] = {"images": images, "draws": draws, "starts": starts}


def kill_a_worker(cluster: Any, pids: dict[str, int], found: dict[str, Any]) -> None:
    """Kill the first process that has something to do, once it has begun."""
    while True:
        tasks = list(cluster.scheduler.tasks.values())
        busy = [task for task in tasks if task.state == "processing" and task.processing_on is not None]
        if busy and len(tasks) >= 3:
            pid = pids[busy[0].processing_on.address]
            os.kill(pid, signal.SIGKILL)
            found.update(left=len(tasks), gone=pid)
            return
        time.sleep(0.002)


def write_people(folder: Path) -> None:
    """Write images of noise on the atlas of blocks."""
    from tests.bids import constructed

    constructed.write_data_set(folder / "study", constructed.people_table(N_PEOPLE))
    constructed.write_atlas(folder)
    rng = np.random.default_rng(0)
    for i in range(N_PEOPLE):
        series = rng.standard_normal((N_TIMES, constructed.N_REGIONS))
        constructed.write_person(folder / "study", f"{i + 1:02d}", series, seed=i)


def main(folder: Path) -> None:
    """Do everything, and write what came out."""
    import joblib
    from distributed import Client, LocalCluster

    write_people(folder)
    found: dict[str, Any] = {name: {"alone": work(folder, "alone")} for name, work in WORK.items()}
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        Client(cluster) as client,
        joblib.parallel_config(backend="dask"),
    ):
        for name, work in WORK.items():
            # on a busy machine a process that was killed is given up; it is then started anew
            cluster.scale(2)
            client.wait_for_workers(2, timeout=120)
            if name == "draws":
                found[name]["undisturbed"] = work(folder, "undisturbed")
            pids = client.run(os.getpid)
            about: dict[str, Any] = {}
            thread = threading.Thread(target=kill_a_worker, args=(cluster, pids, about), daemon=True)
            thread.start()
            found[name]["killed"] = work(folder, "killed")
            thread.join(30)
            found[name] |= about
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
