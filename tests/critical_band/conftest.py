"""Released counts read by a route of its own: the csv module and loops, none of the package's code."""

from __future__ import annotations

import copy
import csv
import dataclasses
import functools
import os
from collections import defaultdict

import joblib
import numpy as np
import pytest

from neurosci._core.context import Context
from neurosci.critical_band import (
    _bootstrap,
    _bootstrap_filter,
    _bootstrap_ml,
    _compute_bands,
    _compute_methods,
    _compute_ml,
)
from tests.once import once, shared_folder

LEVELS = ["0", "0.02", "0.04", "0.08", "0.16"]


def _read(path, name):
    tables = defaultdict(lambda: (np.zeros((5, 7), int), np.zeros((5, 7), int)))
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            correct, trials = tables[row[name]]
            place = LEVELS.index(row["noise_sd"]), int(row["freq_index"])
            correct[place], trials[place] = int(row["n_correct"]), int(row["n_trials"])
    return dict(tables)


@pytest.fixture(scope="session")
def network_counts(data_root):
    """Mapping of network to (correct, trials), each (5, 7), from the derived table."""
    return _read(data_root / "critical_band" / "network_counts.csv", "network")


@pytest.fixture(scope="session")
def human_counts(data_root):
    """Mapping of observer to (correct, trials)."""
    return _read(data_root / "critical_band" / "human" / "human_counts.csv", "observer")


@pytest.fixture(scope="session")
def network_scores(data_root):
    """Mapping of network to its row of scores, as text."""
    with (data_root / "critical_band" / "network_scores.csv").open(newline="") as file:
        return {row["network"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="session")
def tidy_networks(network_counts):
    """The same counts as the tidy table that the package takes."""
    import pandas as pd

    rows = [
        (name, float(level), band, trials[row, band], correct[row, band])
        for name, (correct, trials) in network_counts.items()
        for row, level in enumerate(LEVELS)
        for band in range(7)
    ]
    return pd.DataFrame(rows, columns=["network", "noise_sd", "band", "n_trials", "n_correct"])


@pytest.fixture(scope="session")
def usable(tidy_networks):
    """Channels of the 74 networks with less than 12 octaves."""
    from neurosci.critical_band import channel_table

    table = channel_table(tidy_networks)
    return table[table["bandwidth"] < 12]


# ----------------------------------------------------------------------------------- the analysis as a whole


NO_NETWORK = "Networks are run in other tests."
_DONE: dict[str, object] = {}


def remembered(function, folder):
    """Fit the same counts once per session: most settings of the analysis do not touch them."""

    def call(*args, **options):
        key = joblib.hash((function.__module__, function.__name__, args, options))
        path = folder / key
        if key not in _DONE and path.is_file():
            _DONE[key] = joblib.load(path)
        if key not in _DONE:
            _DONE[key] = function(*args, **options)
            part = path.with_suffix(f".{os.getpid()}")
            joblib.dump(_DONE[key], part)
            part.replace(path)
        return copy.deepcopy(_DONE[key])

    return call


FITS = (
    (_bootstrap, "trials_unit"),
    (_compute_bands, "draw_unit"),
    (_compute_methods, "fit_channel_filter"),
    (_bootstrap_filter, "people_unit"),
    (_bootstrap_filter, "network_unit"),
    (_compute_methods, "_filter_rows"),
    (_bootstrap_ml, "people_unit"),
    (_bootstrap_ml, "network_unit"),
    (_compute_ml, "_table"),
)


def run_analysis(folder, release, context=None, inputs=None, **changes):
    """Run the analysis on given data with few resamples; no network is run unless inputs are given."""
    from neurosci.critical_band import analysis
    from neurosci.critical_band._inputs import Inputs

    few = {
        "n_resamples_trials": 100,
        "n_resamples_observers": 200,
        "n_resamples_families": 200,
        "n_resamples_likelihood": 100,
    }
    params = analysis.PRESETS["quick"].replace(**few | changes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analysis, "load_release", lambda *_: release)
        inputs = inputs or Inputs(NO_NETWORK, {0: NO_NETWORK})
        patch.setattr(analysis, "load_inputs", lambda *_: inputs)
        for module, name in FITS if context is None else ():
            patch.setattr(module, name, remembered(getattr(module, name), folder))
        return analysis.run(params, context or Context(verbose=False, download=False))


@pytest.fixture(scope="session")
def release(data_root):
    """The authors' release, read by the loader of the package."""
    from neurosci.critical_band._release import released
    from neurosci.datasets import fetch_critical_band

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEUROSCI_DATA", str(data_root))
        return released(fetch_critical_band(download=False))


@pytest.fixture(scope="session")
def run_on(tmp_path_factory):
    """Run the analysis on given data with few resamples."""
    return functools.partial(run_analysis, shared_folder(tmp_path_factory, "critical_band-fits"))


@pytest.fixture(scope="session")
def result(release, run_on, tmp_path_factory):
    """Result on the released data."""
    from neurosci.critical_band import analysis

    return once(tmp_path_factory, "critical_band", analysis.PARAMS, lambda: run_on(release))


@pytest.fixture(scope="session")
def small_release(release):
    """The adversarial series, and every fourth of the other networks: enough for all questions."""
    names = sorted(release.families)
    chosen = {*release.training, *release.featured, *names[::4]}
    networks = release.networks[release.networks["network"].isin(chosen)]
    return dataclasses.replace(release, networks=networks.reset_index(drop=True))


@pytest.fixture(scope="session")
def small_result(small_release, run_on):
    """Result on fewer networks."""
    return run_on(small_release)


@pytest.fixture(scope="session")
def synthetic(run_on, tmp_path_factory):
    """Result on a simulated release."""
    from neurosci.critical_band import analysis
    from neurosci.critical_band._release import simulated

    return once(tmp_path_factory, "critical_band-synthetic", analysis.PARAMS, lambda: run_on(simulated(0)))


@pytest.fixture(scope="session", params=["result", "synthetic"])
def any_result(request):
    """A run on the released data, and one without them."""
    return request.getfixturevalue(request.param)
