"""Cleaning, masking, parcels and confounds against nilearn, and what nilearn lets pass."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.maskers import NiftiLabelsMasker, NiftiMasker
from nilearn.signal import clean

from neurosci._core.result import DataFormatError
from neurosci.preprocessing.fmri import clean_signals, read_confounds, region_signals, voxel_signals
from neurosci.preprocessing.quality import change_of_signal, framewise_displacement, temporal_snr

SHAPE = (6, 7, 5)
AFFINE = np.diag([3.0, 3, 4, 1])


def series(n_times=90, n=7, seed=0):
    rng = np.random.default_rng(seed)
    return 100 + rng.normal(size=(n_times, n)).cumsum(axis=0)


def run(n_times=70):
    rng = np.random.default_rng(1)
    return nib.Nifti1Image(100 + rng.normal(size=(*SHAPE, n_times)), AFFINE)


def mask():
    return nib.Nifti1Image((np.random.default_rng(2).random(SHAPE) < 0.7).astype(np.uint8), AFFINE)


def parcels():
    values = np.random.default_rng(3).integers(0, 300, SHAPE) // 60 * 60  # labels above 127 must not wrap
    return nib.Nifti1Image(values.astype(np.int16), AFFINE)


@pytest.mark.parametrize("standardize", ["zscore_sample", "psc", None])
@pytest.mark.parametrize(
    "options", [{}, {"low_pass": 0.08, "high_pass": 0.009}, {"low_pass": 0.1}, {"detrend": False}]
)
def test_cleaning_is_that_of_nilearn(standardize, options):
    X, confounds = series(), series(n=2, seed=5)
    ours = clean_signals(X, confounds=confounds, t_r=2.0, standardize=standardize, **options)
    how = "butterworth" if "low_pass" in options else False
    peer = clean(X, confounds=confounds, t_r=2.0, standardize=standardize, filter=how, **options)
    # the same operations but for the last scaling, which is done once here
    np.testing.assert_allclose(ours, peer, atol=1e-9 * np.abs(peer).max())


def test_series_without_anything_left_are_exactly_zero():
    X, confounds = series(), series(n=2, seed=5)
    X[:, 1], X[:, 2] = 55.5, confounds @ [2.0, -1.0] + 3
    for standardize in ("zscore_sample", "psc", None):
        found = clean_signals(X, confounds=confounds, standardize=standardize)
        assert np.flatnonzero(~found.any(axis=0)).tolist() == [1, 2]
        assert np.isfinite(found).all()


def test_input_is_not_changed():
    X = series()
    X[:, 1] = 3
    kept = X.copy()
    X.flags.writeable = False
    clean_signals(X)
    np.testing.assert_array_equal(X, kept)


def test_voxels_are_those_of_the_masker():
    image, inside = run(), mask()
    found = voxel_signals(image, inside, t_r=2.0, low_pass=0.1, smoothing_fwhm=5.0)
    masker = NiftiMasker(
        inside,
        t_r=2.0,
        low_pass=0.1,
        smoothing_fwhm=5.0,
        detrend=True,
        standardize="zscore_sample",
        reports=False,
        dtype=np.float64,
    )
    np.testing.assert_allclose(found.signals, masker.fit_transform(image), atol=1e-6)
    assert not found.excluded.any()
    assert found.coordinates.shape == (found.signals.shape[1], 3)


def test_regions_are_those_of_the_masker():
    image, labels = run(), parcels()
    found = region_signals(image, labels, standardize=None, detrend=False)
    masker = NiftiLabelsMasker(labels, standardize=None, reports=False)
    np.testing.assert_allclose(found.signals, masker.fit_transform(image), rtol=1e-6)
    assert found.labels.tolist() == [60, 120, 180, 240]
    assert found.n_voxels.sum() == (labels.get_fdata() > 0).sum()


def test_voxels_that_cannot_be_used_leave_the_mean():
    image, labels = run(), parcels()
    data, values = image.get_fdata(), labels.get_fdata()
    place = np.argwhere(values == 60)[0]
    data[(*place, 5)] = np.nan
    found = region_signals(nib.Nifti1Image(data, AFFINE), labels, standardize=None, detrend=False)
    rest = (values == 60) & np.isfinite(data).all(axis=3)
    np.testing.assert_allclose(found.signals[:, 0], data[rest].mean(axis=0), rtol=1e-12)
    assert found.n_voxels[0] == rest.sum()
    data[values == 120] = 7.0
    assert region_signals(nib.Nifti1Image(data, AFFINE), labels).excluded.tolist() == [
        False,
        True,
        False,
        False,
    ]


BAD_CLEANING = [
    ({"low_pass": 0.25}, "low_pass must be above 0 and below 0.25 Hz"),
    ({"high_pass": 0.2, "low_pass": 0.1}, "high_pass must be below low_pass"),
    ({"low_pass": 0.1, "t_r": None}, "t_r must be given"),
    ({"t_r": -1}, "t_r must be positive"),
    ({"confounds": np.ones((3, 1))}, "one row for each of 90 volumes, got 3"),
    ({"confounds": np.full((90, 1), np.nan)}, "confounds must be finite"),
    ({"confounds": np.random.default_rng(0).normal(size=(90, 89))}, "fewer than the volumes"),
    ({"standardize": True}, "standardize must be one of"),
    ({"signals": np.ones(4)}, "shape \\(n_times, n_series\\)"),
    ({"signals": np.array([[1, np.inf], [1, 2]])}, "the first at time 0 of series 1"),
]


@pytest.mark.parametrize(("change", "words"), BAD_CLEANING)
def test_bad_cleaning(change, words):
    given = {"signals": series(), "t_r": 2.0} | change
    with pytest.raises(ValueError, match=f"^clean_signals: .*{words}"):
        clean_signals(given.pop("signals"), **given)


@pytest.mark.parametrize(
    "options", [{"low_pass": 0.1}, {"high_pass": 0.01}, {"low_pass": 0.1, "high_pass": 0.01}]
)
def test_fewest_volumes_for_a_filter(options):
    """The number in the message is the smallest that nilearn can filter."""
    with pytest.raises(ValueError, match=r"needs at least (\d+) volumes, got 5") as caught:
        clean_signals(series(5), t_r=2.0, **options)
    needed = int(str(caught.value).split("at least ")[1].split()[0])
    assert clean_signals(series(needed), t_r=2.0, **options).shape == (needed, 7)
    with pytest.raises(ValueError, match="padlen"):
        clean(series(needed - 1), t_r=2.0, standardize=None, **options)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: voxel_signals(run(), nib.Nifti1Image(np.ones((2, 2, 2)), AFFINE)), ValueError, "shape"),
        (lambda: voxel_signals(run(), nib.Nifti1Image(np.ones(SHAPE), AFFINE + 1)), ValueError, "affine"),
        (lambda: voxel_signals(run(), 3), TypeError, "an image or a path, got int"),
        (lambda: voxel_signals(mask(), mask()), ValueError, "must have 4 axes"),
        (lambda: voxel_signals(run(1), mask()), ValueError, "at least 2 volumes, got 1"),
        (lambda: voxel_signals(run(), mask(), smoothing_fwhm=-1), ValueError, "must be positive"),
        (
            lambda: region_signals(run(), nib.Nifti1Image(np.full(SHAPE, 0.5), AFFINE)),
            ValueError,
            "whole numbers",
        ),
        (lambda: region_signals(run(), nib.Nifti1Image(np.zeros(SHAPE), AFFINE)), ValueError, "one region"),
    ],
)
def test_bad_images(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_confounds_table(tmp_path):
    table = pd.DataFrame({"trans_x": [0.0, 1, 2], "trans_x_derivative1": [np.nan, 1, 1], "csf": [3.0, 4, 5]})
    path = tmp_path / "confounds.tsv"
    table.to_csv(path, sep="\t", index=False, na_rep="n/a")
    with pytest.warns(UserWarning, match="no value in the first row of 1 columns"):
        assert read_confounds(path)["trans_x_derivative1"].tolist() == [0, 1, 1]
    assert read_confounds(path, columns=["csf"]).to_numpy().tolist() == [[3], [4], [5]]
    with pytest.raises(ValueError, match="did you mean 'csf'"):
        read_confounds(path, columns=["cfs"])
    for content in ("a\tb\n1\t2\n3\tx\n", "a\n1\n\n2\nn/a\n", ""):
        path.write_text(content)
        with pytest.raises(DataFormatError, match=r"confounds\.tsv cannot be used"):
            read_confounds(path)
    with pytest.raises(ValueError, match="must end in"):
        read_confounds(tmp_path / "confounds.txt")


def test_quality():
    motion = np.zeros((4, 6))
    motion[1] = [1, -2, 0.5, 0.01, 0, -0.02]
    # |dx| + |dy| + |dz| + 50 mm of the rotations, once there and once back
    assert framewise_displacement(motion) == pytest.approx([0, 5, 5, 0])
    X = series()
    assert change_of_signal(X)[3] == pytest.approx(np.sqrt(np.mean((X[3] - X[2]) ** 2)))
    assert temporal_snr(X) == pytest.approx(X.mean(axis=0) / X.std(axis=0, ddof=1))
    with pytest.raises(ValueError, match="6 columns, got 3"):
        framewise_displacement(motion[:, :3])
    with pytest.raises(ValueError, match="radius must be positive"):
        framewise_displacement(motion, radius=0)
