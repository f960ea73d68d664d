"""Spike trains as pynapple and neo hold them, binned and fitted like plain arrays."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from neurosci.hmm_glm import PoissonGLM
from neurosci.preprocessing.spikes import bin_spikes

DURATION = 8.0


def spike_times():
    rng = np.random.default_rng(0)
    return [np.sort(rng.uniform(0, DURATION, n)) for n in (120, 60, 90)]


@pytest.fixture(scope="module")
def nap():
    """Import pynapple outside of any test: its import draws from a global generator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own dependencies
        return pytest.importorskip("pynapple", reason="pynapple is not installed (extra io)")


@pytest.fixture(scope="module")
def group(nap):
    trains = {i: nap.Ts(train) for i, train in enumerate(spike_times())}
    return nap.TsGroup(trains, time_support=nap.IntervalSet(0, DURATION))


@pytest.fixture(scope="module")
def trains():
    """Spike trains of neo, in milliseconds, so that units must be converted."""
    neo = pytest.importorskip("neo", reason="neo is not installed (extra io)")
    return [neo.SpikeTrain(1e3 * train, units="ms", t_stop=1e3 * DURATION) for train in spike_times()]


@pytest.fixture(scope="module")
def block(trains):
    import neo

    block, segment = neo.Block(), neo.Segment()
    segment.spiketrains.extend(trains)
    block.segments.append(segment)
    return block


@pytest.fixture(params=["group", "trains", "block"])
def recorded(request):
    return request.getfixturevalue(request.param)


def test_spike_trains_of_other_packages_give_the_same_fit(recorded):
    expected = bin_spikes(spike_times(), 0.02, t_start=0.0, t_stop=DURATION)
    found = bin_spikes(recorded, 0.02)
    np.testing.assert_array_equal(found.counts, expected.counts)
    model = PoissonGLM().fit(found.counts, found.lengths)
    np.testing.assert_array_equal(model.coef_, PoissonGLM().fit(expected.counts).coef_)


def test_epochs_of_a_pynapple_group_are_sequences(group):
    found = bin_spikes(group, 0.02, epochs=[[0.0, 3.0], [5.0, 8.0]])
    assert found.lengths.tolist() == [150, 150]
    # pynapple's own count of the same bins
    own = group.count(0.02, ep=group.time_support).values
    np.testing.assert_array_equal(found.counts, np.concatenate([own[:150], own[250:400]]))
