"""Reduced versions of the acceptance runs, short enough for every run of the tests."""

from __future__ import annotations

import pytest

from tests.accept import faults

SMALL = {
    faults.BOARDS: faults.Application("dartboard", ("--n-jobs", "2", "--set", "delay=0.05")),
}
N_RANDOM = 5


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        *(f"kill {i:03d}, {faults.BOARDS}, at random" for i in range(N_RANDOM)),
        *(f"kill 000, {faults.BOARDS}, {aim}" for aim in ("units", "result", "dashboard")),
    ],
)
def test_a_killed_run_goes_on_to_the_same_bytes(name):
    outcome = faults.run_unit(name, SMALL)
    assert outcome["passed"], "\n".join(f"{key}: {value}" for key, value in outcome.items())
