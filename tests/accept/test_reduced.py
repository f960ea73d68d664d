"""Reduced versions of the acceptance runs, short enough for every run of the tests."""

from __future__ import annotations

import pytest

from tests.accept import faults

N_KILLS = 5
FEW_RESAMPLES = tuple(f"n_resamples_{over}=100" for over in ("observers", "families", "trials"))


@pytest.mark.slow
@pytest.mark.parametrize("name", faults.units()[:N_KILLS])
def test_a_killed_run_goes_on_to_the_same_bytes(name):
    outcome = faults.run_unit(name, FEW_RESAMPLES)
    assert outcome["passed"], "\n".join(f"{key}: {value}" for key, value in outcome.items())
