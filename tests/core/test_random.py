"""Random streams: named, reproducible, independent."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from neurosci._core.random import check_random_state, spawn


def test_a_name_fixes_the_stream() -> None:
    assert spawn(3, "fold", "a").random(4).tolist() == spawn(3, "fold", "a").random(4).tolist()
    different = {
        tuple(spawn(s, *n).random(2))
        for s, n in [
            (3, ("fold", "a")),
            (4, ("fold", "a")),
            (3, ("folda",)),
            (3, ("fold", "b")),
            (3, ("a", "fold")),
        ]
    }
    assert len(different) == 5


def test_streams_of_many_names_are_uniform_and_uncorrelated(seed: int) -> None:
    draws = np.array([spawn(seed, "unit", str(i)).random(20) for i in range(500)])
    assert stats.kstest(draws.ravel(), "uniform").pvalue > 1e-4
    # Correlation of neighbouring units: standard error 1/sqrt(499 * 20).
    r = np.corrcoef(draws[:-1].ravel(), draws[1:].ravel())[0, 1]
    assert abs(r) < 4.5 / np.sqrt(499 * 20)


def test_check_random_state() -> None:
    generator = np.random.default_rng(1)
    assert check_random_state(generator) is generator
    assert check_random_state(5).random() == np.random.default_rng(5).random()
    assert isinstance(check_random_state(None), np.random.Generator)
    for bad in ("a", 1.5, True):
        with pytest.raises(TypeError, match="random_state must be"):
            check_random_state(bad)
    with pytest.raises(ValueError, match=">= 0"):
        check_random_state(-1)
