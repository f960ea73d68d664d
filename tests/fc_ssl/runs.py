"""Small runs of the analysis, on the generator and on made-up people in the form of ABIDE."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from neurosci import Context
from neurosci.datasets import RegionSeries
from neurosci.fc_ssl import analysis

SMALL = {
    "data": "synthetic",
    "sites": ("C", "D"),
    "targets": ("diagnosis", "age"),
    "site_out": ("age",),
    "n_folds": 3,
    "seconds": 200.0,
    "window_s": 40.0,
    "n_pool": 20,
    "every_held_out": 5,
    "hidden_dim": 4,
    "n_layers": 1,
    "n_windows": 1,
    "epochs": 1,
    "sizes": (8, 12),
    "n_test": 20,
    "n_resamples": 3,
    "n_bootstrap": 100,
    "synthetic_pool": 16,
    "synthetic_people": 60,
    "synthetic_test": 30,
    "synthetic_sizes": (10, 20),
    "synthetic_times": 90,
    "synthetic_epochs": 1,
    "edge_mask_ratios": (0.5,),
    "missing": (0.0, 0.5),
    "supervised_epochs": 1,
    "n_streamed": 70,
}


def made_up(n=72, n_regions=14):
    """People at four sites whose scans differ in length and repetition time; one region is constant."""
    rng = np.random.default_rng(0)
    site = np.array(list("ABCD"))[np.arange(n) % 4]
    t_r = np.array([2.0, 3.0, 2.5, 2.0])[np.arange(n) % 4]
    n_times = np.array([120, 90, 100, 110])[np.arange(n) % 4]
    age = rng.uniform(8, 40, n).round(1)
    shape = rng.standard_normal((3, n_regions))
    scans = []
    for k in range(n):
        common = rng.standard_normal((n_times[k], 3)).cumsum(axis=0) * 0.1 + rng.standard_normal(
            (n_times[k], 3)
        )
        own = rng.standard_normal((n_times[k], n_regions))
        scans.append((common @ shape + own).astype(np.float32))
    scans[5][:, 3] = 0.0
    subjects = pd.DataFrame(
        {
            "subject": [f"made-up-{k}" for k in range(n)],
            "site": site,
            "t_r": t_r,
            "n_times": n_times,
            "diagnosis": rng.permutation(np.where(np.arange(n) % 2, "autism", "control")),
            "age": age,
            "sex": np.where(rng.random(n) < 0.4, "female", "male"),
            "eyes": np.where(rng.random(n) < 0.7, "open", "closed"),
            "mean_fd": np.where(np.arange(n) == 9, np.nan, rng.uniform(0.05, 0.25, n)),
        }
    )
    return RegionSeries(
        name="made-up people",
        data=tuple(scans),
        subjects=subjects,
        regions=pd.DataFrame({"name": [f"region {k}" for k in range(n_regions)]}),
        connectomes={},
    )


def run_small(empty, *, people=None, n_jobs=None, units=None, **changes):
    """Run with small settings, an empty cache and no data folder; `people` stands in for ABIDE."""
    settings = {**SMALL, **({"data": "abide"} if people is not None else {}), **changes}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NEUROSCI_DATA", raising=False)
        patch.setenv("NEUROSCI_CACHE", str(empty))
        if people is not None:
            import neurosci.datasets

            patch.setattr(neurosci.datasets, "fetch_abide_ho110", lambda: people, raising=False)
        context = Context(verbose=False, download=False, n_jobs=n_jobs, units=units, device="cpu")
        return analysis.run(analysis.PARAMS(**settings), context)
