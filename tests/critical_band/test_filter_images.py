"""An observer of images with a known filter: stimuli, network evaluation and fit together."""

from __future__ import annotations

import numpy as np
import pytest

from neurosci.critical_band import (
    BandNoise,
    ChannelEstimator,
    CriticalBandMasking,
    TemplateObserver,
    evaluate_network,
    trial_counts,
)


@pytest.mark.parametrize(("width", "center"), [(1.4, 22.0), (2.5, 12.0)])
def test_the_channel_of_a_template_matcher_is_its_filter(width, center):
    shape = (128, 128)
    observer = TemplateObserver(width, center, shape=shape, random_state=0)
    images, trials = observer.images(2100, mean=0.449)
    masking = CriticalBandMasking(contrast=1.0, n_bands=6, oob="clip", random_state=0)
    trials = masking.make_trials(images, trials["category"])
    judged = evaluate_network(
        observer, masking.iter_stimuli(images, trials), trials, observer.category_map, output="scores"
    )
    noise = BandNoise(shape, n_bands=6)
    spectra = [noise.spectrum(band) for band in range(6)]
    channel = ChannelEstimator("filter", band_spectra=spectra).fit(*trial_counts(judged, n_bands=6))
    # 99 % intervals as the fit itself states them; what pixels out of bounds change is far below.
    found = channel.confint(level=0.99)
    assert found["bandwidth"].low < width < found["bandwidth"].high
    assert found["center_frequency"].low < center < found["center_frequency"].high
    assert found["bandwidth"].high - found["bandwidth"].low < width
    # no lapses: 4.6 without noise
    top = judged.loc[judged["noise_sd"] == 0, "correct"].mean()
    assert top > 0.97


def test_accuracy_in_white_noise_is_the_stated_one():
    # White noise of SD n adds the variance n^2 / (N contrast^2) to each correlation: d' in closed form.
    from neurosci.critical_band import mafc_accuracy

    observer = TemplateObserver(2.0, 8.0, shape=(64, 64), internal_dprime=4.0, random_state=0)
    images, trials = observer.images(4000)
    sd = 60 * observer.contrast
    noisy = images + sd * np.random.default_rng(0).standard_normal(images.shape)
    answers = observer.category_map.decide(observer(noisy))
    dprime = (sd**2 / (64 * 64 * observer.contrast**2) + 4.0**-2) ** -0.5
    right = (answers == trials["category"].to_numpy()).mean()
    # four standard errors
    assert abs(right - mafc_accuracy(dprime)) < 4 * np.sqrt(0.25 / 4000)


def test_images_and_options():
    observer = TemplateObserver(n_categories=3, shape=(32, 40), center_frequency=6.0, random_state=1)
    images, trials = observer.images(5)
    assert images.shape == (5, 32, 40) and images.dtype == np.float32
    assert trials["category"].tolist() == ["c00", "c01", "c02", "c00", "c01"]
    again = TemplateObserver(n_categories=3, shape=(32, 40), center_frequency=6.0, random_state=1)
    assert (again.images(5)[0] == images).all()
    # rounding of pixels near 0.5 to float32 is 3e-8
    assert images[0].std(dtype=np.float64) == pytest.approx(observer.contrast, abs=1e-6)
    for bad, message in (
        ({"bandwidth": 0}, "bandwidth must be > 0"),
        ({"center_frequency": 17.0, "shape": (32, 40)}, "center_frequency must be in 0 to 16"),
        ({"internal_dprime": 9}, "internal_dprime must be in 0.1 to 7"),
        ({"peak_sensitivity": -1}, "peak_sensitivity must be > 0"),
        ({"n_categories": 1}, "n_categories must be >= 2"),
        ({"shape": (4, 4)}, "two numbers >= 8"),
    ):
        with pytest.raises(ValueError, match=message):
            TemplateObserver(**bad)
    with pytest.raises(ValueError, match="n_images must be >= 1"):
        observer.images(0)
