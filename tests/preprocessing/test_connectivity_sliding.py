"""The transformer against nilearn and numpy, and its rules for lists, seconds and tapers."""

from __future__ import annotations

import numpy as np
import pytest
from nilearn.connectome import ConnectivityMeasure
from sklearn.covariance import EmpiricalCovariance
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from neurosci.preprocessing import SlidingWindowConnectivity
from neurosci.preprocessing.connectivity import threshold_proportional

EXACT = 1e-12


@pytest.fixture
def scans():
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((150, 2)) @ rng.standard_normal((2, 12))
    return [rng.standard_normal((n, 12)) + shared[:n] for n in (100, 150, 61)]


def windows_of(scan, window, step):
    return [scan[a : a + window] for a in range(0, len(scan) - window + 1, step)]


@pytest.mark.parametrize("kind", ["correlation", "covariance", "partial correlation"])
def test_every_window_equals_that_of_nilearn(scans, kind):
    transformer = SlidingWindowConnectivity(40, 7, kind=kind, closed="both", dtype=np.float64)
    # partial correlations rest on the shrunk covariance, which is nilearn's own choice
    shrunk = (
        {} if kind.startswith("partial") else {"cov_estimator": EmpiricalCovariance(store_precision=False)}
    )
    for scan, found in zip(scans, transformer.fit_transform(scans), strict=True):
        measure = ConnectivityMeasure(kind=kind, standardize=False, **shrunk)
        expected = measure.fit_transform(windows_of(scan, 40, 7))
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= EXACT


def test_float64_equals_corrcoef(scans):
    (found,) = SlidingWindowConnectivity(50, 3, dtype=np.float64, closed="both").fit_transform(scans[1:2])
    expected = [np.corrcoef(block, rowvar=False) for block in windows_of(scans[1], 50, 3)]
    assert np.abs(found - expected).max() <= EXACT


def test_a_taper_weights_means_and_products(scans):
    weights = np.random.default_rng(1).random(40)
    weights[3] = 0.0
    (found,) = SlidingWindowConnectivity(
        40, 20, taper=weights, dtype=np.float64, closed="both"
    ).fit_transform(scans[:1])
    for R, block in zip(found, windows_of(scans[0], 40, 20), strict=True):
        cov = np.cov(block, rowvar=False, aweights=weights)
        assert np.abs(R - cov / np.sqrt(np.outer(np.diag(cov), np.diag(cov)))).max() <= EXACT
    # all alike is no taper; a Gaussian counts the middle most and stays a correlation
    same = SlidingWindowConnectivity(40, 20, taper=np.full(40, 3.0)).fit_transform(scans)
    plain = SlidingWindowConnectivity(40, 20).fit_transform(scans)
    assert all(np.abs(a - b).max() < 1e-6 for a, b in zip(same, plain, strict=True))
    gaussian = SlidingWindowConnectivity(40, 20, taper="gaussian").fit_transform(scans)
    assert max(np.abs(one).max() for one in gaussian) <= 1.0


def test_a_taper_of_covariances_is_a_weighted_mean(scans):
    weights = np.arange(1.0, 41.0)
    (found,) = SlidingWindowConnectivity(
        40, 60, kind="covariance", taper=weights, dtype=np.float64
    ).fit_transform(scans[:1])
    expected = np.cov(scans[0][:40], rowvar=False, aweights=weights, ddof=0)
    assert np.abs(found[0] - expected).max() <= EXACT


@pytest.mark.parametrize("kind", ["correlation", "covariance", "partial correlation"])
def test_a_density_is_that_of_threshold_proportional(scans, kind):
    values = SlidingWindowConnectivity(40, 20, kind=kind).fit_transform(scans)
    graphs = SlidingWindowConnectivity(40, 20, kind=kind, density=0.3).fit_transform(scans)
    for R, A in zip(values, graphs, strict=True):
        np.testing.assert_array_equal(A, threshold_proportional(R, 0.3))


@pytest.mark.parametrize("kind", ["correlation", "covariance"])
def test_without_the_diagonal_the_percentile_is_of_pairs(scans, kind):
    (R,) = SlidingWindowConnectivity(40, 20, kind=kind).fit_transform(scans[:1])
    (A,) = SlidingWindowConnectivity(40, 20, kind=kind, density=0.3, include_diagonal=False).fit_transform(
        scans[:1]
    )
    off = ~np.eye(12, dtype=bool)
    for r, a in zip(R, A, strict=True):
        np.testing.assert_array_equal(a[off], r[off] > np.percentile(r[off], 70))
        assert a.diagonal().all()


def test_vectors_are_what_is_right_of_the_diagonal(scans):
    (R,) = SlidingWindowConnectivity(40, 20).fit_transform(scans[:1])
    (vectors,) = SlidingWindowConnectivity(40, 20, vectorize=True).fit_transform(scans[:1])
    assert vectors.shape == (3, 66)
    np.testing.assert_array_equal(vectors[1], R[1][np.triu_indices(12, 1)])


def test_a_block_and_a_list_and_threads_agree(scans):
    block = np.stack([scan[:61] for scan in scans])
    as_list = SlidingWindowConnectivity(30, 10).fit_transform(list(block))
    as_block = SlidingWindowConnectivity(30, 10, n_jobs=2).fit_transform(block)
    for a, b in zip(as_list, as_block, strict=True):
        np.testing.assert_array_equal(a, b)


def test_seconds_are_whole_frames_of_each_scan(scans):
    transformer = SlidingWindowConnectivity(60.0, 20.0, unit="s").fit(scans)
    found = transformer.transform(scans, t_r=[2.0, 1.5, 3.0])
    for scan, one, window, step in zip(scans, found, (30, 40, 20), (10, 13, 7), strict=True):
        (expected,) = SlidingWindowConnectivity(window, step).fit_transform([scan])
        np.testing.assert_array_equal(one, expected)
    assert transformer.window_times(100, 2.0)[:2].tolist() == [29.0, 49.0]
    with pytest.raises(ValueError, match="t_r must be a positive number of seconds for unit='s', got None"):
        transformer.transform(scans)
    with pytest.raises(ValueError, match="one for each of 3 scans, got 2"):
        transformer.transform(scans, t_r=[2.0, 2.0])
    own = SlidingWindowConnectivity(60.0, 20.0, unit="s", t_r=2.0).fit_transform(scans)
    assert len(own[0]) == 7


def test_it_works_in_a_pipeline(scans):
    mean = FunctionTransformer(lambda found: np.stack([one.mean(axis=0) for one in found]))
    features = make_pipeline(SlidingWindowConnectivity(30, 10, vectorize=True), mean).fit_transform(scans)
    assert features.shape == (3, 66)


BAD = {
    "other regions": (lambda s: [s[0], s[1][:, :5]], {}, r"X\[1\] must have 12 regions .* got 5"),
    "short": (lambda s: [s[0], s[2][:40]], {"window": 40}, r"X\[1\] is too short: .* at least 41"),
    "NaN": (lambda s: [s[0], np.where(s[1] > 2, np.nan, s[1])], {}, r"X\[1\] must be finite"),
    "none": (lambda s: [], {}, "at least 1 scan, got 0"),
    "kind": (lambda s: s, {"kind": "correlations"}, "did you mean 'correlation'"),
    "closed": (lambda s: s, {"closed": "right"}, "closed must be one of"),
    "density": (lambda s: s, {"density": 1.2}, r"density must be in \(0, 1\], got 1.2"),
    "step": (lambda s: s, {"step": 0}, "step must be at least 1"),
    "taper": (lambda s: s, {"taper": np.ones(7)}, "taper must hold 30 weights"),
    "dtype": (lambda s: s, {"dtype": np.float16}, "dtype must be float32 or float64"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(scans, case):
    change, options, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        SlidingWindowConnectivity(**{"window": 30, "step": 10, **options}).fit_transform(change(scans))
