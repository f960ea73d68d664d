"""The synthetic cohort: what it promises of bands, gains, sites and the planted region."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from neurosci.graph_motif import make_motif_cohort


def mask(shape=(9, 8, 7)):
    return nib.Nifti1Image(np.ones(shape, np.uint8), np.diag([4.0, 4, 4, 1]))


def test_people_are_reproducible_and_independent_of_order():
    first, second = (make_motif_cohort(6, mask_img=mask(), random_state=3) for _ in range(2))
    assert (first.series(4) == second.series(4)).all()
    assert not np.allclose(first.series(4), first.series(3))
    other = make_motif_cohort(6, mask_img=mask(), random_state=4)
    assert not np.allclose(first.series(4), other.series(4))


def test_series_lie_in_the_band():
    cohort = make_motif_cohort(6, mask_img=mask(), n_times=(172, 150), t_r=(2.0, 2.5))
    for index in (0, 1):
        series = cohort.series(index)
        assert series.shape == ([172, 150][index], 504)
        power = np.abs(np.fft.rfft(series, axis=0)) ** 2
        frequency = np.fft.rfftfreq(len(series), [2.0, 2.5][index])
        outside = (frequency < 0.009) | (frequency > 0.08)
        # float32 rounding of the sum
        assert power[outside].sum() < 1e-10 * power.sum()


def test_patients_differ_inside_the_region_only():
    """Without noise and global signal the standard deviation is the gain times the network's."""
    cohort = make_motif_cohort(
        8,
        delta=0.5,
        mask_img=mask(),
        n_networks=1,
        global_gain=0.0,
        network_gain=1e4,
        radius=9,
        site_effect=0,
    )
    patient, control = cohort.series(2), cohort.series(0)
    assert cohort.labels.tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    seen = cohort.networks[0] > 0.3
    ratio = patient.std(axis=0)[seen] / control.std(axis=0)[seen]
    np.testing.assert_allclose(ratio[cohort.region[seen]], 1.5, rtol=1e-2)
    np.testing.assert_allclose(ratio[~cohort.region[seen]], 1.0, rtol=1e-2)
    spread = cohort.coordinates[cohort.region]
    assert np.ptp(spread, axis=0).max() <= 2 * 9


def test_without_delta_groups_are_alike():
    same = make_motif_cohort(6, delta=0, mask_img=mask(), random_state=1)
    other = make_motif_cohort(6, delta=0.5, mask_img=mask(), random_state=1)
    assert (same.series(0) == other.series(0)).all()
    assert (same.series(2)[:, ~same.region] == other.series(2)[:, ~same.region]).all()
    assert not np.allclose(same.series(2)[:, same.region], other.series(2)[:, same.region])


def test_sites_differ_in_their_gains():
    cohort = make_motif_cohort(12, n_sites=3, mask_img=mask(), random_state=2)
    assert len(set(cohort.global_gain)) == len(set(cohort.noise_scale)) == 3
    assert (np.unique(cohort.site, return_counts=True)[1] == 4).all()
    assert all(cohort.labels[cohort.site == name].mean() == 0.5 for name in set(cohort.site))
    alike = make_motif_cohort(12, n_sites=3, mask_img=mask(), site_effect=0)
    assert len(set(alike.global_gain)) == 1


def test_image_holds_the_series():
    cohort = make_motif_cohort(6, mask_img=mask(), t_r=(2.5,))
    image = cohort.image(1)
    assert image.shape == (9, 8, 7, 172)
    assert image.header.get_zooms()[3] == pytest.approx(2.5)
    assert (cohort.series(1) == image.get_fdata(dtype=np.float32).reshape(-1, 172).T).all()


def test_the_default_mask_is_that_of_nilearn():
    assert make_motif_cohort(4).region.size == 29_398


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_subjects": 3}, "n_subjects must be >= 4"),
        ({"n_sites": 0}, "n_sites must be >= 1"),
        ({"delta": -1}, "delta must be a number >= 0"),
        ({"delta": np.nan}, "delta must be a number >= 0"),
        ({"radius": 0}, "radius must be positive"),
        ({"n_times": (5,)}, "must sample 0.009-0.08 Hz, got 5 volumes of 2.0 s"),
        ({"n_times": ()}, "at least 1 value"),
        ({"t_r": (0.0,)}, "t_r positive"),
    ],
)
def test_bad_options(options, words):
    with pytest.raises(ValueError, match=f"^make_motif_cohort: .*{words}"):
        make_motif_cohort(**({"mask_img": mask()} | options))


def test_no_such_person():
    with pytest.raises(IndexError, match="index must be from 0 to 5, got 6"):
        make_motif_cohort(6, mask_img=mask()).series(6)
