"""Fixtures: published tables, and runs of the analysis with small settings."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets  # noqa: F401 (its first import may draw from Python's generator, which a guard watches)

from neurosci import Context
from neurosci.dendrites import analysis
from tests.once import once

SMALL = {
    "n_comparisons": 1_000_000,
    "n_noisy_trials": 200_000,
    "n_tilted_trials": 40_000,
    "n_particles": 2000,
    "n_mixture_trials": 1000,
    "n_union_trials": 200_000,
    "n_correlated_tests": 200,
}


@pytest.fixture(scope="session")
def published(data_root):
    """A reader of the tables with the authors' published values."""
    folder = data_root / "dendrites"
    if not folder.is_dir():
        pytest.skip("the published values of the dendrites study are not below NEUROSCI_DATA")
    return lambda name: pd.read_csv(folder / name)


@pytest.fixture(scope="session")
def run_small():
    """Run the analysis with few trials."""

    def run(*, n_jobs=None, **changes):
        params = analysis.PARAMS(**{**SMALL, **changes})
        return analysis.run(params, Context(verbose=False, download=False, n_jobs=n_jobs))

    return run


@pytest.fixture(scope="session")
def without(run_small, tmp_path_factory):
    """A run on a machine without published values."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NEUROSCI_DATA", raising=False)
        patch.setenv("NEUROSCI_CACHE", str(tmp_path_factory.mktemp("cache")))
        return once(tmp_path_factory, "dendrites-without", analysis.PARAMS, run_small)


def made_up_neuron(seed):
    """A random tree with synapses, in the form of a reconstructed neuron."""
    rng = np.random.default_rng(seed)
    parents = np.array([-1, *(int(rng.integers(max(0, i - 6), i)) for i in range(1, 400))])
    return SimpleNamespace(
        name=f"made up {seed}",
        parents=parents,
        positions=rng.normal(size=(400, 3)).cumsum(axis=0),
        inputs=rng.integers(0, 400, 300),
        sources=(),
    )


@pytest.fixture(scope="session")
def result(run_small, published, tmp_path_factory):
    """A run with published values, and synapse counts of made-up neurons, beside ours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neurosci.datasets.fetch_fly_neurons", lambda **_: tuple(map(made_up_neuron, (0, 1))))
        return once(tmp_path_factory, "dendrites", analysis.PARAMS, run_small)


@pytest.fixture(scope="session", params=["result", "without"])
def any_result(request):
    return request.getfixturevalue(request.param)
