"""Windows against numpy.corrcoef and nilearn, thresholds against numpy.percentile."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosci.preprocessing.connectivity import (
    pack_adjacency,
    threshold_proportional,
    unpack_adjacency,
    window_graphs,
    window_starts,
    window_times,
)

DATA = Path(os.environ.get("NEUROSCI_DATA", "")) / "fc_ssl"
ABIDE = DATA / "abide1_cpac_nofilt_noglobal_ho110_int8.npz"
# Sums of 50 products of unit vectors in float32: Gamma * eps32 = 6e-6 bounds them, roughly.
FLOAT32 = 5e-6


def noise(seed, n_times, n_regions, common=0.7):
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n_times, 3)) @ rng.standard_normal((3, n_regions))
    return rng.standard_normal((n_times, n_regions)) + common * shared


def above_percentile(R, density=0.3):
    """The rule of the reference; loops are always there, also where few entries are kept."""
    return (np.percentile(R, 100 * (1 - density)) < R) | np.eye(len(R), dtype=bool)


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_every_window_of_a_long_scan_equals_corrcoef(offset):
    # the last window is as exact as the first, also on top of a mean of thousands of standard deviations
    series = noise(0, 1200, 40) + offset
    starts = window_starts(1200, 50, 3)
    assert len(starts) == 384 and starts[-1] == 1149
    found = window_graphs(series, starts, 50, density=None).correlation
    for first, R in zip(starts, found, strict=True):
        expected = np.corrcoef(series[first : first + 50], rowvar=False)
        assert np.abs(R - expected).max() <= FLOAT32


def test_a_drift_through_the_scan_is_no_harm():
    series = noise(1, 1200, 20) + np.linspace(0, 200, 1200)[:, np.newaxis] ** 1.5
    starts = window_starts(1200, 50, 25, closed="both")
    found = window_graphs(series, starts, 50, density=None).correlation
    for first, R in zip(starts, found, strict=True):
        assert np.abs(R - np.corrcoef(series[first : first + 50], rowvar=False)).max() <= FLOAT32


def test_float32_is_taken_as_it_is():
    series = noise(2, 120, 30).astype(np.float32)
    before = series.copy()
    found = window_graphs(series, [0, 70], 50, density=None).correlation
    for first, R in zip([0, 70], found, strict=True):
        expected = np.corrcoef(series[first : first + 50].astype(np.float64), rowvar=False)
        assert np.abs(R - expected).max() <= FLOAT32
    np.testing.assert_array_equal(series, before)


@given(st.integers(2, 400), st.integers(1, 60), st.integers(0, 500))
@settings(max_examples=200, deadline=None)
def test_numbers_of_windows_follow_the_formulas(window, step, extra):
    n_times = window + 1 + extra
    left = window_starts(n_times, window, step)
    both = window_starts(n_times, window, step, closed="both")
    assert len(left) == -(-(n_times - window) // step)
    assert len(both) == (n_times - window) // step + 1
    assert left.tolist() == list(range(0, n_times - window, step))
    assert both[-1] + window <= n_times < both[-1] + window + step


def test_windows_of_the_reference():
    assert len(window_starts(600, 50, 3)) == 184
    assert len(window_starts(1200, 50, 3)) == 384
    assert len(window_starts(50, 50, 16, closed="both")) == 1
    with pytest.raises(ValueError, match=r"n_times must be at least 51 .* got 50"):
        window_starts(50, 50, 16)


def test_times_are_centres_in_seconds():
    # frames 0 to 4 every 2 s are centred at 4 s
    assert window_times(12, 5, 3, 2.0, closed="both").tolist() == [4.0, 10.0, 16.0]
    in_seconds = window_times(12, 10.0, 6.0, 2.0, unit="s", closed="both")
    assert in_seconds.tolist() == [4.0, 10.0, 16.0]


@pytest.mark.parametrize(("n_regions", "n_edges"), [(24, 172), (110, 3630), (400, 48_000)])
def test_kept_numbers_are_those_of_the_reference(n_regions, n_edges):
    graphs = window_graphs(noise(3, 80, n_regions), [0, 25], 50)
    assert graphs.adjacency.sum(axis=(1, 2)).tolist() == [n_edges, n_edges]
    np.testing.assert_array_equal(graphs.adjacency, graphs.adjacency.swapaxes(1, 2))
    assert graphs.adjacency.diagonal(axis1=1, axis2=2).all()


def test_a_thousand_random_windows_have_the_mask_of_the_percentile():
    # rounding to few digits makes constant regions and ties
    n_checked = 0
    for seed in range(250):
        rng = np.random.default_rng(seed)
        n_regions = int(rng.integers(2, 60))
        density = float(rng.choice([0.05, 0.1, 0.3, 0.5, 0.77]))
        series = noise(seed, 60, n_regions, common=rng.uniform(0, 2))
        for levels in (None, 16):
            if levels:
                series = np.round(series * levels) / levels
            for first in (0, 35):
                graphs = window_graphs(series, [first], 25, density=density)
                R = graphs.correlation[0]
                np.testing.assert_array_equal(R, R.T)
                np.testing.assert_array_equal(graphs.adjacency[0], above_percentile(R, density))
                n_checked += 1
    assert n_checked == 1000


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("trial", range(20))
def test_ties_across_the_boundary_are_lost_together(trial, dtype):
    rng = np.random.default_rng(trial)
    R = rng.choice(np.array([-0.5, -0.25, 0.0, 0.125, 0.25, 0.5], dtype=dtype), (40, 40))
    R = np.triu(R, 1) + np.triu(R, 1).T + np.eye(40, dtype=dtype)
    for density in (0.1, 0.3, 0.6, 1.0):
        expected = above_percentile(R, density)
        np.testing.assert_array_equal(threshold_proportional(R, density), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_neighbouring_numbers_are_rounded_as_numpy_rounds(dtype):
    # between two numbers with none in between, the percentile is one of them, and which one decides
    for seed in range(200):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(2, 12))
        steps = rng.integers(0, 3, (n, n))
        R = (np.float64(0.3) + steps * np.spacing(dtype(0.3))).astype(dtype)
        R = np.triu(R, 1) + np.triu(R, 1).T + np.eye(n, dtype=dtype)
        density = float(rng.uniform(0.05, 0.95))
        expected = above_percentile(R, density)
        np.testing.assert_array_equal(threshold_proportional(R, density), expected)


@given(st.integers(0, 10**6), st.floats(0.01, 1.0), st.integers(1, 15))
@settings(max_examples=200, deadline=None)
def test_any_matrix_has_the_mask_of_the_percentile(seed, density, n):
    R = np.random.default_rng(seed).standard_cauchy((n, n))
    found = threshold_proportional(R, density, keep_diagonal=False)
    expected = above_percentile(R, density)
    np.fill_diagonal(expected, False)
    np.testing.assert_array_equal(found, expected)


def test_constant_regions_have_zeros_and_their_loop_only():
    series = noise(4, 60, 30)
    series[:, 4] = 0.1  # whose mean, rounded, differs from it
    series[10:40, 7] = 3.0  # constant in one window only
    graphs = window_graphs(series, [10, 30], 30)
    for k, flat in enumerate(([4, 7], [4])):
        R, A = graphs.correlation[k], graphs.adjacency[k]
        np.testing.assert_array_equal(R[flat], np.eye(30)[flat])
        np.testing.assert_array_equal(A, above_percentile(R))
        np.testing.assert_array_equal(A[flat], np.eye(30, dtype=bool)[flat])
        others = np.setdiff1d(np.arange(30), flat)
        block = series[(10, 30)[k] :][:30, others]
        assert np.abs(R[np.ix_(others, others)] - np.corrcoef(block, rowvar=False)).max() <= FLOAT32


def test_constant_regions_are_isolated_below_a_negative_percentile_too():
    series = noise(5, 60, 30, common=0)
    series[:, 2] = 1.0
    graphs = window_graphs(series, [0], 60, density=0.8)
    assert np.percentile(graphs.correlation[0], 20) < 0
    assert graphs.adjacency[0, 2].sum() == 1
    rest = np.delete(np.arange(30), 2)
    expected = above_percentile(graphs.correlation[0], 0.8)
    np.testing.assert_array_equal(graphs.adjacency[0][np.ix_(rest, rest)], expected[np.ix_(rest, rest)])


def test_identical_and_opposite_regions_stay_in_range():
    series = noise(6, 50, 40)
    series[:, 20:30] = 3 * series[:, :10] + 2
    series[:, 30:] = -series[:, :10]
    R = window_graphs(series, [0], 50).correlation[0]
    assert R.max() == 1.0 and R.min() == -1.0
    np.testing.assert_array_equal(np.diag(R), np.ones(40))


@pytest.mark.skipif(not ABIDE.is_file(), reason=f"{ABIDE.name} is not below NEUROSCI_DATA")
def test_real_windows_have_the_mask_of_the_percentile():
    with np.load(ABIDE) as content:
        q, n_times, scale = content["q"], content["n_tr"], content["scale"]
    ends = np.cumsum(n_times)
    broken = np.flatnonzero((scale == 0).any(axis=1))[:4]
    n_windows = 0
    for person in [*range(0, 1035, 207), *broken]:
        series = q[ends[person] - n_times[person] : ends[person]] * scale[person]
        starts = window_starts(len(series), 50, 16)
        graphs = window_graphs(series, starts, 50)
        for first, R, A in zip(starts, *graphs, strict=True):
            np.testing.assert_array_equal(A, above_percentile(R))
            varying = np.ptp(series[first : first + 50], axis=0) > 0
            expected = np.corrcoef(series[first : first + 50, varying], rowvar=False)
            assert np.abs(R[np.ix_(varying, varying)] - expected).max() <= FLOAT32
            assert not R[~varying][:, varying].any()
            if varying.all():
                assert A.sum() == 3630
        n_windows += len(starts)
    assert n_windows > 50


def test_forms_of_the_graph_agree():
    series = noise(7, 90, 23)  # 529 entries: the last byte is not full
    starts = [0, 40, 13]
    graphs = window_graphs(series, starts, 30)
    numbers = window_graphs(series, starts, 30, adjacency="float32", correlation=False)
    packed = window_graphs(series, starts, 30, adjacency="packed", correlation=False)
    assert numbers.correlation is None and numbers.adjacency.dtype == np.float32
    np.testing.assert_array_equal(numbers.adjacency, graphs.adjacency)
    np.testing.assert_array_equal(packed.adjacency, np.packbits(graphs.adjacency.reshape(3, -1), axis=1))
    np.testing.assert_array_equal(pack_adjacency(graphs.adjacency), packed.adjacency)
    np.testing.assert_array_equal(unpack_adjacency(packed.adjacency, 23), graphs.adjacency)
    assert window_graphs(series, starts, 30, density=None).adjacency is None


@given(st.integers(1, 20), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_packing_is_undone(n_regions, seed):
    A = np.random.default_rng(seed).random((2, n_regions, n_regions)) < 0.4
    packed = pack_adjacency(A)
    assert packed.shape == (2, -(-(n_regions**2) // 8)) and packed.dtype == np.uint8
    np.testing.assert_array_equal(unpack_adjacency(packed, n_regions), A)


@pytest.mark.parametrize("density", [0.01, 0.3, 1.0])
def test_a_count_keeps_that_many_pairs(density):
    R = np.corrcoef(noise(8, 50, 21), rowvar=False)
    R = (R + R.T) / 2
    A = threshold_proportional(R, density, method="count", keep_diagonal=False)
    wanted = int(density * 210 + 0.5)
    assert A.sum() == 2 * wanted and (A == A.T).all()
    pairs = np.triu_indices(21, 1)
    if 0 < wanted < 210:
        assert R[pairs][A[pairs]].min() > R[pairs][~A[pairs]].max()
    # where all are equal, the first pairs by (i, j) are kept
    equal = threshold_proportional(np.ones((4, 4)), 0.5, method="count", keep_diagonal=False)
    assert np.argwhere(np.triu(equal)).tolist() == [[0, 1], [0, 2], [0, 3]]


BAD = {
    "NaN": (
        lambda X: window_graphs(np.where(X[3, 2] == X, np.nan, X), [0], 20),
        "NaN .* at time 3 of region 2",
    ),
    "outside": (lambda X: window_graphs(X, [0, 45], 20), "from 0 to 45"),
    "negative": (lambda X: window_graphs(X, [-1], 20), "from -1"),
    "no starts": (lambda X: window_graphs(X, [], 20), "starts must be whole numbers"),
    "short window": (lambda X: window_graphs(X, [0], 1), "window must be at least 2"),
    "density": (lambda X: window_graphs(X, [0], 20, density=0.0), r"density must be in \(0, 1\], got 0.0"),
    "adjacency": (lambda X: window_graphs(X, [0], 20, adjacency="pack"), "did you mean 'packed'"),
    "not square": (lambda X: threshold_proportional(X, 0.3), "n_regions, n_regions"),
    "NaN matrix": (lambda X: threshold_proportional(np.full((3, 3), np.nan), 0.3), "R must be finite"),
    "not symmetric": (
        lambda X: threshold_proportional(np.arange(9.0).reshape(3, 3), 0.3, method="count"),
        "R must be symmetric",
    ),
    "bytes": (lambda X: unpack_adjacency(np.zeros(3, np.uint8), 7), "7 bytes for 7 regions"),
    "step": (lambda X: window_starts(60, 20, 0), "step must be at least 1"),
    "half a frame": (lambda X: window_starts(60, 20.5, 1), "window must be a whole number"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call(noise(9, 60, 10))


def test_text_is_a_type_error():
    with pytest.raises(TypeError, match="real numbers"):
        window_graphs(np.full((9, 3), "a"), [0], 5)
    with pytest.raises(TypeError, match="real numbers"):
        threshold_proportional(np.full((3, 3), "a"), 0.3)
