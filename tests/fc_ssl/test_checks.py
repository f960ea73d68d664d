"""What the estimators refuse, with the subject and the region in the message."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from neurosci.fc_ssl import TimeSeriesStore
from neurosci.fc_ssl import _checks as checks

REGIONS = [f"R{k}" for k in range(10)]
PEOPLE = ["ann", "bob", "cy"]


@pytest.fixture
def scans():
    rng = np.random.default_rng(0)
    return [rng.standard_normal((n, 10)) for n in (80, 90, 78)]


def check(scans, **options):
    return checks.check_scans("Model.fit", scans, **{"subjects": PEOPLE, "regions": REGIONS, **options})


def test_good_scans_become_float32_without_a_warning(scans):
    found = check(scans, window=20, step=5, n_windows=3, n_regions=10)
    for scan, one in zip(scans, found, strict=True):
        assert one.dtype == np.float32
        np.testing.assert_array_equal(one, scan.astype(np.float32))
    block = np.ones((2, 30, 4)) * np.arange(30)[:, np.newaxis]
    assert [one.shape for one in checks.check_scans("Model.fit", block)] == [(30, 4)] * 2
    single = [scan.astype(np.float32) for scan in scans]
    assert all(np.shares_memory(a, b) for a, b in zip(check(single), single, strict=True))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e39])
def test_numbers_that_are_not_finite_are_named(scans, value):
    scans[1][7, 3] = value  # 1e39 is infinite in float32
    with pytest.raises(
        ValueError, match=r"Model.fit: X must be finite, .* subject bob, .* frame 7 of region 3 \(R3\)"
    ):
        check(scans)
    with pytest.raises(ValueError, match=r"subject 1, the first at frame 7 of region 3$"):
        checks.check_scans("Model.fit", scans)


@pytest.mark.parametrize(
    ("window", "step", "n_windows", "closed", "count"),
    [(100, 1, 1, "left", 0), (78, 5, 1, "left", 0), (70, 4, 3, "left", 2), (60, 10, 3, "both", 2)],
)
def test_short_scans_are_named(scans, window, step, n_windows, closed, count):
    scans = [scans[1], scans[1], scans[2]]
    if window == 100:
        scans[:2] = [np.tile(scan, (2, 1)) for scan in scans[:2]]
    with pytest.raises(ValueError, match=rf"got 78 frames and {count} windows for subject cy"):
        check(scans, window=window, step=step, n_windows=n_windows, closed=closed)


@pytest.mark.parametrize("closed", ["left", "both"])
def test_windows_are_counted_as_they_are_cut(closed):
    from neurosci.preprocessing.connectivity import window_starts

    for n_times in range(20, 60):
        scan = [np.random.default_rng(n_times).standard_normal((n_times, 3))]
        for step in (1, 4, 9):
            try:
                count = len(window_starts(n_times, 20, step, closed=closed))
            except ValueError:
                count = 0
            if count:
                checks.check_scans("f", scan, window=20, step=step, n_windows=count, closed=closed)
            with pytest.raises(ValueError, match=rf"and {count} windows"):
                checks.check_scans("f", scan, window=20, step=step, n_windows=count + 1, closed=closed)


def test_windows_may_differ_between_scans(scans):
    check(scans, window=[79, 89, 77])
    with pytest.raises(ValueError, match="0 windows for subject bob"):
        check(scans, window=[79, 90, 77])
    with pytest.raises(ValueError, match="step must be at least 1 frame, got 0"):
        check(scans, window=20, step=0)


def test_other_numbers_of_regions_are_named(scans):
    scans[2] = scans[2][:, :8]
    with pytest.raises(ValueError, match="10 regions, those of the first scan, got 8 for subject cy"):
        check(scans)
    with pytest.raises(ValueError, match="12 regions, those of the fitted encoder, got 10 for subject ann"):
        check(scans[:2], n_regions=12, subjects=PEOPLE[:2])


def test_constant_regions_warn_once_and_too_many_are_refused(scans):
    scans[1][:, [4, 6]] = 0.3
    scans[2][:, 1] = -1.0
    with pytest.warns(
        UserWarning, match=r"2 scans have .*: 2 of 10 for subject bob, the first region 4 \(R4\) and others"
    ):
        check(scans)
    scans[1][:, 8] = 0.0
    with pytest.raises(
        ValueError, match=r"at most 20% .* got 3 of 10 for subject bob, the first region 4 \(R4\)"
    ):
        check(scans)


def test_transposed_scans_warn(scans):
    with pytest.warns(
        UserWarning, match=r"3 scans have more regions than frames, .* ann \(10 frames, 80 regions\)"
    ):
        check([scans[0].T] * 3, regions=None)


@pytest.mark.parametrize("bad", [[np.ones(5)], [np.ones((2, 2, 2))], [[["a", "b"]]], [np.ones((4, 0))]])
def test_what_is_no_scan_is_named(bad):
    with pytest.raises(ValueError, match=r"scans of numbers, frames by regions, .* for subject 0"):
        checks.check_scans("f", bad)


def test_no_scan_and_wrong_names(scans):
    with pytest.raises(ValueError, match="at least one scan, got none"):
        checks.check_scans("f", [])
    with pytest.raises(ValueError, match="one name for each of 3 scans, got 2"):
        check(scans, subjects=["a", "b"])


def test_a_store_is_checked_by_its_index(tmp_path, scans):
    scans[1][:, [4, 6]] = 0.3
    store = TimeSeriesStore.create(tmp_path / "s", scans, {"subject": PEOPLE}, regions=REGIONS)
    with pytest.warns(
        UserWarning, match=r"1 scans have .*: 2 of 10 for subject bob, the first region 4 \(R4\)$"
    ):
        assert checks.check_scans("f", store, window=20) is store
    good = store.select([0, 2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert checks.check_scans("f", good, window=20, n_regions=10) is good
    with pytest.raises(ValueError, match="got 78 frames and 0 windows for subject cy"):
        checks.check_scans("f", good, window=78)
    with pytest.raises(ValueError, match="11 regions, those of the fitted encoder, got 10"):
        checks.check_scans("f", good, n_regions=11)


@pytest.mark.parametrize("value", [0, 1, -0.1, 1.5, True, "half", None, np.nan])
def test_shares_of_masks(value):
    assert checks.check_ratio("f", "mask_ratio", 0.5) == 0.5
    with pytest.raises(ValueError, match=r"f: mask_ratio must be in \(0, 1\)"):
        checks.check_ratio("f", "mask_ratio", value)


def test_labels():
    np.testing.assert_array_equal(checks.check_labels("f", ["a", "b", "a"], 3), ["a", "b", "a"])
    assert checks.check_labels("f", [1, 2, 4], 3, classes=False).dtype == np.float64
    with pytest.raises(ValueError, match="one label for each of 4 scans"):
        checks.check_labels("f", [0, 1, 1], 4)
    with pytest.raises(ValueError, match=r"at least two classes, got .*'a'.* only"):
        checks.check_labels("f", ["a", "a"], 2)
    with pytest.raises(ValueError, match="1 without a label, the first at position 1"):
        checks.check_labels("f", [0.0, np.nan, 1.0], 3)
    with pytest.raises(ValueError, match="the first at position 2"):
        checks.check_labels("f", ["a", "b", None], 3)
    with pytest.raises(ValueError, match="the first at position 0"):
        checks.check_labels("f", [np.inf, 1.0], 2, classes=False)


def test_repetition_times():
    assert checks.check_repetition_times("f", None, 3, "frames") is None
    assert checks.check_repetition_times("f", 2.0, 3, "s").tolist() == [2.0, 2.0, 2.0]
    assert checks.check_repetition_times("f", [2.0, 1.5], 2, "s").tolist() == [2.0, 1.5]
    with pytest.raises(ValueError, match="t_r must be given, in seconds, for unit='s'"):
        checks.check_repetition_times("f", None, 3, "s")
    with pytest.raises(ValueError, match="one for each of 3 scans"):
        checks.check_repetition_times("f", [2.0, 1.5], 3, "s")
    with pytest.raises(ValueError, match=r"positive, .* got nan for scan 1"):
        checks.check_repetition_times("f", [2.0, np.nan], 2, "s")
    assert np.isnan(checks.check_repetition_times("f", [2.0, np.nan], 2, "frames")[1])
