"""Maps of a cohort equal those of its scans one by one, whatever was interrupted, added or damaged."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from neurosci._core.folder import FolderInUseError, hold_folder
from neurosci.graph_motif import MotifMapTransformer, cohort_maps

N_NODES = 30
ROOT = Path(__file__).parents[2]
# for processes that run elsewhere, where the package may not be installed
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
}
COUNTS = MotifMapTransformer(0.1, ("degree", "triangles"), scale="count")


def make_scans(n, seed=0):
    rng = np.random.default_rng(seed)
    return {f"sub-{i:02d}": rng.normal(size=(40 + i, N_NODES)) for i in range(n)}


def expected(scans, transformer=COUNTS):
    return transformer.fit_transform(list(scans.values()))


def fragile(scan):
    """A loader that refuses some scans."""
    if scan is None:
        raise OSError("no such scan")
    return scan


def counted(scan):
    """A loader that leaves a trace of each call."""
    path, series = scan
    with Path(path).open("a", encoding="utf-8") as trace:
        trace.write("x")
    return series


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("scale", ["count", "log1p"])
def test_rows_equal_the_transformer(tmp_path, n_jobs, scale):
    scans = make_scans(5)
    transformer = MotifMapTransformer(0.1, ("degree", "triangles"), scale=scale)
    maps = cohort_maps(scans, tmp_path, transformer, n_jobs=n_jobs)
    assert maps.maps.dtype == (np.int64 if scale == "count" else np.float32)
    assert maps.maps.shape == (5, 2, N_NODES)
    # float32 keeps 24 binary digits
    np.testing.assert_allclose(maps.features(), expected(scans, transformer), rtol=2.0**-24)
    assert maps.scans["n_times"].tolist() == [len(series) for series in scans.values()]
    degree = maps.maps[:, 0] if scale == "count" else np.rint(np.expm1(maps.maps[:, 0]))
    np.testing.assert_array_equal(maps.scans["n_edges"], degree.sum(axis=1) / 2)


CLUSTER = """
import sys
import joblib
from distributed import Client, LocalCluster
from neurosci.graph_motif import MotifMapTransformer, cohort_maps

if __name__ == "__main__":
    folder, *paths = sys.argv[1:]
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        transformer = MotifMapTransformer(0.1, ("degree", "triangles"), scale="count")
        cohort_maps({path: path for path in paths}, folder, transformer, verbose=False)
"""


def save_scans(folder, scans):
    """Save scans as files, and return them by path."""
    saved = {}
    for name, series in scans.items():
        np.save(folder / f"{name}.npy", series)
        saved[str(folder / f"{name}.npy")] = series
    return saved


def test_a_dask_cluster_gives_the_same_rows(tmp_path):
    scans = save_scans(tmp_path, make_scans(4))
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER, encoding="utf-8")
    command = [sys.executable, str(script), str(tmp_path / "maps"), *scans]
    done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    maps = cohort_maps({path: path for path in scans}, tmp_path / "maps", COUNTS)
    np.testing.assert_array_equal(maps.features(), expected(scans))


def test_finished_scans_are_not_read_again(tmp_path):
    scans = {name: (str(tmp_path / "trace"), series) for name, series in make_scans(3).items()}
    first = cohort_maps(scans, tmp_path / "maps", COUNTS, load=counted).features()
    before = (tmp_path / "trace").read_text()
    again = cohort_maps(scans, tmp_path / "maps", COUNTS, load=counted).features()
    np.testing.assert_array_equal(first, again)
    assert (tmp_path / "trace").read_text() == before


def test_scans_may_be_added_left_out_and_changed(tmp_path):
    scans = make_scans(4)
    some = {name: scans[name] for name in ("sub-03", "sub-01")}
    cohort_maps(some, tmp_path, COUNTS)
    written = json.loads(next((tmp_path / "scans").glob("sub-01*")).read_text())
    np.testing.assert_array_equal(cohort_maps(scans, tmp_path, COUNTS).features(), expected(scans))
    assert json.loads(next((tmp_path / "scans").glob("sub-01*")).read_text()) == written
    np.testing.assert_array_equal(cohort_maps(some, tmp_path, COUNTS).features(), expected(some))
    scans["sub-01"] = make_scans(2, seed=1)["sub-01"]
    np.testing.assert_array_equal(cohort_maps(scans, tmp_path, COUNTS).features(), expected(scans))


def test_other_parameters_and_other_nodes_begin_anew(tmp_path):
    scans = make_scans(2)
    cohort_maps(scans, tmp_path, COUNTS)
    other = MotifMapTransformer(0.2, ("triangles",), scale="count")
    np.testing.assert_array_equal(cohort_maps(scans, tmp_path, other).features(), expected(scans, other))
    fewer = {name: series[:, :20] for name, series in scans.items()}
    np.testing.assert_array_equal(cohort_maps(fewer, tmp_path, other).features(), expected(fewer, other))


def test_a_scan_that_fails_stops_no_other_and_is_tried_again(tmp_path):
    scans = make_scans(4)
    broken = {**scans, "sub-00": None, "sub-02": scans["sub-02"][:, :7]}
    maps = cohort_maps(broken, tmp_path, COUNTS, load=fragile)
    assert maps.scans["status"].tolist() == ["failed", "done", "failed", "done"]
    assert maps.scans["error"][0] == "OSError: no such scan"
    assert "must have 30 nodes as the first one, got 7" in maps.scans["error"][2]
    assert not maps.maps[~maps.done].any()
    kept = {name: scans[name] for name in ("sub-01", "sub-03")}
    np.testing.assert_array_equal(maps.features(), expected(kept))
    mended = cohort_maps(scans, tmp_path, COUNTS, load=fragile)
    assert mended.done.all()
    np.testing.assert_array_equal(mended.features(), expected(scans))


def test_a_damaged_record_is_computed_again(tmp_path):
    scans = make_scans(3)
    cohort_maps(scans, tmp_path, COUNTS)
    next((tmp_path / "scans").glob("sub-01*")).write_text('{"status": "do')
    np.testing.assert_array_equal(cohort_maps(scans, tmp_path, COUNTS).features(), expected(scans))
    (tmp_path / "maps.npy").unlink()
    np.testing.assert_array_equal(cohort_maps(scans, tmp_path, COUNTS).features(), expected(scans))


def test_bad_cohorts_are_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 1 scan"):
        cohort_maps({}, tmp_path, COUNTS)
    with pytest.raises(ValueError, match=r"none \(no such scan\)"):
        cohort_maps({"a": None}, tmp_path, COUNTS, load=fragile)
    with hold_folder(tmp_path), pytest.raises(FolderInUseError, match="in use by process"):
        cohort_maps(make_scans(1), tmp_path, COUNTS)


CHILD = """
import sys
import time
import numpy as np
from neurosci.graph_motif import MotifMapTransformer, cohort_maps

def slow(path):
    time.sleep(0.3)
    return np.load(path)

folder, *paths = sys.argv[1:]
scans = {path: path for path in paths}
cohort_maps(scans, folder, MotifMapTransformer(0.1, ("degree", "triangles"), scale="count"), load=slow)
"""


def test_killed_it_goes_on_from_the_finished_scans(tmp_path):
    scans = save_scans(tmp_path, make_scans(6))
    folder = tmp_path / "maps"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), *scans], cwd=tmp_path, env=ENVIRONMENT
    )
    try:
        deadline = time.monotonic() + 60
        while len(list((folder / "scans").glob("*.json"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    finished = {path: path.read_text() for path in (folder / "scans").glob("*.json")}
    assert 2 <= len(finished) < 6
    maps = cohort_maps({path: path for path in scans}, folder, COUNTS)
    np.testing.assert_array_equal(maps.features(), expected(scans))
    # The records of the killed process stand as they were: their scans were not computed again.
    assert all(path.read_text() == text for path, text in finished.items())
