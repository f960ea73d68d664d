"""Binning against numpy's histogram, readers of other libraries' objects, kernels and history."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.signal import lfilter

from neurosci.preprocessing.spikes import (
    ExponentialBasis,
    KernelBasis,
    RaisedCosineBasis,
    bin_spikes,
    history_design,
)


def trains(seed=0):
    rng = np.random.default_rng(seed)
    return [np.sort(rng.uniform(0, 10, n)) for n in (40, 7, 90)]


def test_counts_are_numpys_histogram(seed):
    spikes = trains(seed)
    found = bin_spikes(spikes, 0.25, t_start=0.0, t_stop=10.0)
    for column, train in enumerate(spikes):
        np.testing.assert_array_equal(found.counts[:, column], np.histogram(train, np.arange(41) * 0.25)[0])
    np.testing.assert_allclose(found.bin_starts, 0.25 * np.arange(40))
    assert found.unit_ids == (0, 1, 2)
    assert found.lengths.tolist() == [40]


@pytest.mark.parametrize("width", [0.1, 0.02, 0.3])
def test_decimal_edges_belong_to_the_later_bin(width):
    times = width * np.arange(50)
    found = bin_spikes([times], width, t_start=0.0, t_stop=50 * width)
    np.testing.assert_array_equal(found.counts[:, 0], 1)


def test_trials_with_dead_time(seed):
    spikes = trains(seed)
    epochs = np.array([[1.0, 2.04], [5.5, 7.5]])
    found = bin_spikes({"a": spikes[0], "b": spikes[2]}, 0.1, epochs=epochs)
    assert found.lengths.tolist() == [10, 20]
    assert found.unit_ids == ("a", "b")
    for (start, _), first, n in zip(epochs, (0, 10), (10, 20), strict=True):
        expected = np.histogram(spikes[2], start + 0.1 * np.arange(n + 1))[0]
        np.testing.assert_array_equal(found.counts[first : first + n, 1], expected)
    assert found.bin_starts[10] == 5.5


def test_spikes_in_any_order_and_their_own_window():
    found = bin_spikes([[3.0, 1.0, 2.0]], 1.0)
    assert found.counts.ravel().tolist() == [1, 1]  # 1 to the last spike, whose part of a bin is left out
    assert bin_spikes([np.zeros(300)], 1.0, t_start=0.0, t_stop=1.0).counts.tolist() == [[300]]


BAD = {
    "bin_width": ([[1.0]], {"bin_width": 0}, "bin_width must be a number > 0"),
    "wide": ([[1.0]], {"t_start": 0, "t_stop": 0.05}, "bin_width must be at most each window"),
    "window": ([[1.0]], {"t_start": 2, "t_stop": 1}, "t_stop must be a time after"),
    "none": ([], {}, "at least one unit"),
    "empty": ([[]], {}, "must hold a time where t_start or t_stop is None"),
    "NaN": ([[np.nan]], {}, "must be finite times"),
    "axes": ([[[1.0]]], {}, "on one axis"),
    "both": ([[1.0]], {"epochs": [[0, 1]], "t_start": 0}, "t_start and t_stop must be None"),
    "shape": ([[1.0]], {"epochs": [0, 1]}, r"finite times \(n_trials, 2\)"),
    "backwards": ([[1.0]], {"epochs": [[2, 1]]}, "must each end after it starts"),
    "overlap": ([[1.0]], {"epochs": [[0, 2], [1, 3]]}, "must not overlap, got trial 1"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    spikes, settings, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        bin_spikes(spikes, **{"bin_width": 0.1, **settings})


def test_unknown_objects_are_refused():
    with pytest.raises(TypeError, match="bin_spikes: spikes must be a mapping or sequence of arrays"):
        bin_spikes(3, 0.1)


class Train:
    """What is used of a neo spike train: times in a unit of its own."""

    def __init__(self, times_ms, name=None):
        self.times, self.name = np.asarray(times_ms, float), name
        self.t_start, self.t_stop = Quantity(0.0), Quantity(1000.0)

    def rescale(self, unit):
        assert unit == "s"
        return SimpleNamespace(magnitude=self.times / 1000)


class Quantity:
    def __init__(self, ms):
        self.ms = ms

    def rescale(self, unit):
        assert unit == "s"
        return SimpleNamespace(magnitude=self.ms / 1000)


def test_neo_by_what_it_can_do():
    one = [Train([10, 510], "x"), Train([999], "y")]
    segment = SimpleNamespace(spiketrains=one)
    for given in (one, segment, SimpleNamespace(segments=[segment])):
        found = bin_spikes(given, 0.5)
        assert found.counts.tolist() == [[1, 0], [1, 1]]
        assert found.unit_ids == ("x", "y")
    with pytest.raises(ValueError, match="must have one segment, got 2"):
        bin_spikes(SimpleNamespace(segments=[segment, segment]), 0.5)


def test_pynapple_by_what_it_can_do():
    class Group(dict):
        time_support = SimpleNamespace(values=np.array([[0.0, 1.0]]))

    group = Group({4: SimpleNamespace(times=lambda: [0.1]), 9: SimpleNamespace(times=lambda: [0.6, 0.7])})
    found = bin_spikes(group, 0.5)
    assert found.counts.tolist() == [[1, 0], [0, 2]]
    assert found.unit_ids == (4, 9)


def test_real_pynapple_group():
    nap = pytest.importorskip("pynapple", reason="pynapple is not installed")
    spikes = trains()
    group = nap.TsGroup({i: nap.Ts(t) for i, t in enumerate(spikes)}, time_support=nap.IntervalSet(0, 10))
    np.testing.assert_array_equal(
        bin_spikes(group, 0.25).counts, bin_spikes(spikes, 0.25, t_start=0.0, t_stop=10.0).counts
    )


def test_real_nwb_units():
    pynwb = pytest.importorskip("pynwb", reason="pynwb is not installed")
    file = pynwb.NWBFile("session", "identifier", datetime(2020, 1, 1, tzinfo=UTC))
    spikes = trains()
    for train in spikes:
        file.add_unit(spike_times=train)
    expected = bin_spikes(spikes, 0.25, t_start=0.0, t_stop=10.0).counts
    for given in (file, file.units):
        np.testing.assert_array_equal(bin_spikes(given, 0.25, t_start=0.0, t_stop=10.0).counts, expected)


def test_exponential_kernel_is_the_published_one():
    np.testing.assert_allclose(ExponentialBasis().kernel, [0.6364, 0.2341, 0.0861, 0.0317, 0.0117], atol=5e-5)
    width = 0.25 / 5
    times = width * np.arange(1, 6)
    expected = np.exp(-3 * times) / (width * np.exp(-3 * times).sum())
    np.testing.assert_allclose(ExponentialBasis(3.0, 5, 0.25).kernel, expected, rtol=1e-13)
    assert ExponentialBasis(3.0, 5, 0.25).kernel.sum() * width == pytest.approx(1)
    assert np.isfinite(ExponentialBasis(1e4, 5, 5.0).kernel).all()


def test_raised_cosines_sum_to_one_each():
    kernel = RaisedCosineBasis(4, 30).kernel
    assert kernel.shape == (30, 4)
    np.testing.assert_allclose(kernel.sum(axis=0), 1)
    assert (np.diff(kernel.argmax(axis=0)) > 0).all()
    assert RaisedCosineBasis(1, 5).kernel.shape == (5, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ExponentialBasis(window_size=0), "window_size must be a whole number >= 1"),
        (lambda: ExponentialBasis(decay=-1), "decay must be a number >= 0"),
        (lambda: ExponentialBasis(time_span=0), "time_span must be a number > 0"),
        (lambda: RaisedCosineBasis(6, 5), "n_kernels must be <= window_size = 5, got 6"),
        (lambda: KernelBasis([0.5, -0.1]), "weights must be finite numbers >= 0 .* and -0.1"),
        (lambda: KernelBasis([]), "weights must be finite numbers"),
    ],
)
def test_kernels_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_history_is_a_causal_filter_within_each_sequence(seed):
    rng = np.random.default_rng(seed)
    X = rng.poisson(0.7, size=(90, 4))
    for basis in (ExponentialBasis(), KernelBasis([0.3, 0.0, 0.9]), RaisedCosineBasis(3, 6)):
        kernel = basis.kernel.reshape(len(basis.kernel), -1)
        found = history_design(X, basis, [50, 3, 37]).reshape(90, 4, -1)
        for first, stop in ((0, 50), (50, 53), (53, 90)):
            for b in range(kernel.shape[1]):
                expected = lfilter(np.append(0.0, kernel[:, b]), 1.0, X[first:stop], axis=0)
                np.testing.assert_allclose(found[first:stop, :, b], expected, atol=1e-13)
    with pytest.raises(ValueError, match="history_design: lengths must add up to the 90 bins"):
        history_design(X, ExponentialBasis(), [50, 3])


def test_representations_can_be_read_back():
    for basis in (ExponentialBasis(2.0, 4, 1.0), RaisedCosineBasis(2, 7, 0.5), KernelBasis([1.0, 0.5])):
        names = {
            "ExponentialBasis": ExponentialBasis,
            "RaisedCosineBasis": RaisedCosineBasis,
            "KernelBasis": KernelBasis,
        }
        name, _, inside = repr(basis).partition("(")
        assert name in names
        assert inside.endswith(")")
