"""A finished run with few samples, and independent oracles."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.once import once

SMALL = {
    "n_neurons": 2000,
    "n_samples": 3,
    "n_sweeps": 200,
    "burn_in": 50,
    "n_runs": 10,
    "n_dilutions": 7,
    "n_points": 4,
    "n_grid_dilutions": 8,
    "n_grid_temperatures": 6,
    "qualities": (0.5,),
    "examples": (1, 6, 30),
    "n_learning_sweeps": 50,
    "n_data_sets": 2,
    "n_law_samples": 2,
    "n_teacher_sweeps": 100,
    "teacher_sizes": (4000,),
    "n_anneal_sweeps": 3,
    "sizes": (1000, 10_000),
    "n_size_sweeps": 1000,
}


@pytest.fixture(scope="session")
def result(tmp_path_factory):
    """The analysis on a reduced scale."""
    from neurosci._core.context import Context
    from neurosci.hopfield import analysis

    params = analysis.PRESETS["quick"].replace(**SMALL)
    return once(
        tmp_path_factory, "hopfield", analysis.PARAMS, lambda: analysis.run(params, Context(verbose=False))
    )


@pytest.fixture(scope="session")
def any_result(result):
    """The one run, under the name that the shared checks ask for."""
    return result


@pytest.fixture(scope="session")
def small():
    """Twelve neurons, three patterns, and their Gibbs measure by enumeration of all 4096 states."""
    from neurosci.hopfield import sample_patterns

    patterns = sample_patterns(12, 3, 0.3, random_state=3)
    states = np.array(list(itertools.product((-1, 1), repeat=12)), dtype=np.int8)
    overlaps = states @ patterns.astype(float) / 12
    energy = -0.5 * (overlaps**2).sum(axis=1)
    weights = np.exp(-12 * (energy - energy.min()) / 0.4)
    return {
        "patterns": patterns,
        "states": states,
        "overlaps": overlaps,
        "energy": energy,
        "probability": weights / weights.sum(),
        "temperature": 0.4,
    }
