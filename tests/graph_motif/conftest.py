"""Fixtures: runs of the analysis with small settings, on synthetic people and a made-up download."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets  # noqa: F401 (its first import may draw from Python's generator, which a guard watches)

from neurosci import Context
from neurosci._core.units import UnitStore
from neurosci.graph_motif import analysis
from tests.once import once, shared_folder

SMALL = {
    "data": "synthetic",
    "thresholds": (0.3, 0.5),
    "main_threshold": 0.5,
    "maps": ("degree", "triangles"),
    "n_components": (5,),
    "component_sweep": (3, 5),
    "n_permutations": 20,
    "n_resamples": 100,
    "n_synthetic": 24,
    "synthetic_sites": 2,
    "synthetic_components": 5,
    "voxel_size": 12,
}


@pytest.fixture(scope="session")
def run_small(tmp_path_factory):
    """Run the analysis with few people, coarse voxels and few permutations, with an empty cache."""
    empty = tmp_path_factory.mktemp("cache")

    def run(*, n_jobs=None, units=None, **changes):
        params = analysis.PARAMS(**{**SMALL, **changes})
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("NEUROSCI_DATA", raising=False)
            patch.setenv("NEUROSCI_CACHE", str(empty))
            return analysis.run(params, Context(verbose=False, download=False, n_jobs=n_jobs, units=units))

    return run


@pytest.fixture(scope="session")
def units(tmp_path_factory):
    """The folder of finished units of the synthetic run."""
    return shared_folder(tmp_path_factory, "graph_motif-units")


@pytest.fixture(scope="session")
def synthetic(run_small, units, tmp_path_factory):
    """A run on synthetic people that kept its units."""
    return once(
        tmp_path_factory,
        "graph_motif-synthetic",
        analysis.PARAMS,
        lambda: run_small(units=UnitStore(units, "key")),
    )


@pytest.fixture(scope="session")
def release(tmp_path_factory):
    """A folder and a table in the form of ADHD-200: 24 made-up people at 3 sites, one without a diagnosis."""
    root = tmp_path_factory.mktemp("adhd200")
    rng = np.random.default_rng(0)
    rows = []
    for number in range(24):
        person = f"{10020 + number:07d}"
        for run in (1, 2) if number == 0 else (1,):
            # four networks of five regions: at every threshold of the run some pairs are edges, and never all
            series = rng.standard_normal((90, 20)) + 1.2 * np.repeat(rng.standard_normal((90, 4)), 5, axis=1)
            table = pd.DataFrame(series, columns=[f"Mean_{i}" for i in range(1, 21)])
            table.insert(0, "Sub-brick", [f"{i}[?]" for i in range(90)])
            table.insert(0, "File", "made up")
            for kind in ("sfnwmrda", "snwmrda"):
                name = f"{kind}{person}_session_1_rest_{run}_cc200_TCs.1D"
                table.to_csv(root / name, sep="\t", index=False)
        diagnosis = "pending" if number == 23 else (0, 1, 0, 3)[number // 3 % 4]
        rows.append((int(person), (1, 5, 6)[number % 3], number % 2, 8 + number / 7, diagnosis))
    path = root / "phenotypes.csv"
    pd.DataFrame(rows, columns=["ID", "Site", "Gender", "Age", "DX"]).to_csv(path, index=False)
    return root, path


@pytest.fixture(scope="session")
def downloaded(run_small, release, tmp_path_factory):
    """A run on that download, band-passed here."""
    folder, table = release
    settings = {"adhd200_folder": str(folder), "adhd200_phenotypes": str(table), "adhd200_t_r": 2.0}
    return once(
        tmp_path_factory,
        "graph_motif-downloaded",
        analysis.PARAMS,
        lambda: run_small(data="adhd200", **settings),
    )


@pytest.fixture(scope="session", params=["synthetic", "downloaded"])
def any_result(request):
    """Either of the runs."""
    return request.getfixturevalue(request.param)
