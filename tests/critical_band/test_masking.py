"""Masked stimuli: the published construction pixel by pixel, seeds, designs, files of the authors."""

from __future__ import annotations

import io
import re
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from neurosci.critical_band import BandNoise, CriticalBandMasking

SHAPE = (48, 64)
N_BANDS = 5
CONTRAST, MEAN, MARGIN = 0.2, 0.449, 0.1


@pytest.fixture(scope="module")
def photographs():
    """Sixteen smooth grey images, uint8."""
    from scipy import ndimage

    white = np.random.default_rng(0).standard_normal((16, *SHAPE))
    smooth = ndimage.gaussian_filter(white, (0, 3, 3))
    low, high = smooth.min(axis=(1, 2), keepdims=True), smooth.max(axis=(1, 2), keepdims=True)
    return np.rint(255 * (smooth - low) / (high - low)).astype(np.uint8)


def masking(**changes):
    return CriticalBandMasking(**{"n_bands": N_BANDS, "random_state": 0} | changes)


def signal(image):
    x = image / 255.0
    return CONTRAST * (x - x.mean()) + MEAN


def rows(bands, noise_sd, seed=0):
    n = len(bands)
    return pd.DataFrame(
        {"image": np.arange(n), "noise_sd": float(noise_sd), "band": bands, "seed": seed + np.arange(n)}
    )


def published_stimulus(image, noise, sd, rng, epsilon=MARGIN):
    """One pixel after the other; returns the stimulus and where noise was drawn anew."""
    clean = signal(image)
    out, redrawn = clean + noise, np.zeros(image.shape, bool)
    for place in zip(*np.nonzero((out < 0) | (out > 1)), strict=True):
        target = epsilon if out[place] < 0 else 1 - epsilon
        moved = target - noise[place]
        if 0 <= moved <= 1:
            out[place] = moved + noise[place]
        else:
            redrawn[place] = True
            while not 0 <= out[place] <= 1:
                out[place] = clean[place] + sd * rng.standard_normal()
    return out, redrawn


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("band", [0, 2, 4])
def test_stimulus_is_the_published_construction(photographs, band, exact):
    for sd in (0.02, 0.16, 0.6):
        trials = rows([band] * 3, sd, seed=100)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # at 0.6 many pixels leave the range, as they should here
            stimuli = masking(exact=exact).transform(photographs[:3], trials)
        for n in range(3):
            rng = np.random.default_rng(100 + n)
            noise = BandNoise(SHAPE, N_BANDS, exact=exact, random_state=rng).sample(band)[0]
            # `rng` now stands where the draws of single pixels begin
            expected, redrawn = published_stimulus(photographs[n], sd * noise.astype(float), sd, rng)
            # the exact sampler keeps float64 inside, and everything is rounded to float32 at the end
            np.testing.assert_allclose(stimuli[n][~redrawn], expected[~redrawn], rtol=0, atol=1.2e-7)
            assert ((stimuli[n] >= 0) & (stimuli[n] <= 1)).all()
            if sd == 0.6:
                assert redrawn.any()
                assert len(np.unique(stimuli[n][redrawn])) == redrawn.sum()
            else:
                assert not redrawn.any()


def test_pixels_outside_go_to_the_margin(photographs):
    trials = rows([4] * 16, 0.16)
    model = masking()
    stimuli = model.transform(photographs, trials)
    noise = [BandNoise(SHAPE, N_BANDS, random_state=n).sample(4)[0] for n in range(16)]
    plain = np.stack([signal(image) + 0.16 * field for image, field in zip(photographs, noise, strict=True)])
    below, above = plain < 0, plain > 1
    assert below.any()
    assert above.any()
    assert (stimuli[below] == np.float32(MARGIN)).all()
    assert (stimuli[above] == np.float32(1 - MARGIN)).all()
    np.testing.assert_array_equal(model.out_of_bounds_, (below | above).mean(axis=(1, 2)))
    inside = ~(below | above)
    np.testing.assert_allclose(stimuli[inside], plain[inside], atol=1.2e-7)


def test_other_rules_for_pixels_outside(photographs):
    trials = rows([4] * 16, 0.16)
    shifted = masking().transform(photographs, trials)
    clipped = masking(oob="clip").transform(photographs, trials)
    redrawn = masking(oob="redraw").transform(photographs, trials)
    outside = np.isin(shifted, np.float32([MARGIN, 1 - MARGIN]))
    for other in (clipped, redrawn):
        np.testing.assert_array_equal(other[~outside], shifted[~outside])
        assert ((other >= 0) & (other <= 1)).all()
    assert set(np.unique(clipped[outside])) == {0, 1}
    assert len(np.unique(redrawn[outside])) == outside.sum()


def test_zero_noise_is_exactly_the_signal(photographs):
    stimuli = masking(noise_sd=[0]).fit_transform(photographs)[0]
    np.testing.assert_array_equal(stimuli, np.stack([signal(im) for im in photographs]).astype(np.float32))
    np.testing.assert_allclose(stimuli.mean(axis=(1, 2)), MEAN, atol=1e-6)


def test_noise_has_the_rms_of_the_highest_band():
    grey = np.full((7, 224, 224), 128, np.uint8)
    for sd in (0.02, 0.08):
        stimuli = CriticalBandMasking().transform(grey, rows(np.arange(7), sd))
        found = np.sqrt(((stimuli.astype(float) - MEAN) ** 2).mean(axis=(1, 2)))
        np.testing.assert_allclose(found, 0.942918 * sd, rtol=0.01)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_order_batches_and_threads_never_change_a_stimulus(photographs, n_jobs):
    expected, trials = masking().fit_transform(photographs)
    order = np.random.default_rng(5).permutation(16)
    other, other_trials = masking(n_jobs=n_jobs).fit_transform(photographs[order])
    np.testing.assert_array_equal(other, expected[order])
    for name in ("noise_sd", "band", "seed"):
        np.testing.assert_array_equal(other_trials[name], trials[name][order])
    fewer, _ = masking(n_jobs=n_jobs).fit_transform(photographs[[3, 9]])
    np.testing.assert_array_equal(fewer, expected[[3, 9]])
    for batch_size in (1, 5, 16, 100):
        streamed = list(masking(n_jobs=n_jobs).iter_stimuli(photographs, trials, batch_size))
        np.testing.assert_array_equal(np.stack(streamed), expected)
    part = trials.iloc[[7, 2]]
    np.testing.assert_array_equal(masking().transform(photographs, part), expected[[7, 2]])


def test_form_of_the_images_does_not_matter(photographs):
    expected, trials = masking().fit_transform(photographs)
    frozen = photographs.copy()
    frozen.flags.writeable = False
    for given in (
        photographs / 255,
        np.asfortranarray(photographs / 255),
        list(photographs),
        frozen,
        photographs.astype(">i2"),
        (photographs / 255).tolist(),
    ):
        stimuli, other = masking().fit_transform(given)
        # the mean of whole numbers is rounded once, that of real numbers at each step
        np.testing.assert_allclose(stimuli, expected, rtol=0, atol=1.2e-7)
        pd.testing.assert_frame_equal(other, trials)


def test_names_give_the_seeds(photographs):
    named = {f"photo {n}": image for n, image in enumerate(photographs)}
    stimuli, trials = masking().fit_transform(named, [f"c{n % 3}" for n in range(16)])
    assert list(trials["image"]) == list(named)
    backwards = dict(reversed(named.items()))
    other, other_trials = masking().fit_transform(backwards)
    np.testing.assert_array_equal(other, stimuli[::-1])
    np.testing.assert_array_equal(other_trials["seed"], trials["seed"][::-1])
    # with a name, a change of one pixel changes neither condition nor noise
    changed = dict(named)
    changed["photo 0"] = photographs[0] ^ np.uint8(1)
    pd.testing.assert_frame_equal(masking().make_trials(changed)[["seed"]], trials[["seed"]])


def test_equal_images_have_noise_of_their_own(photographs):
    same = np.repeat(photographs[:1], 12, axis=0)
    trials = masking().make_trials(same)
    assert trials["seed"].is_unique
    assert len(trials[["noise_sd", "band"]].drop_duplicates()) > 4


def test_seeds_of_the_experiment(photographs):
    first, second = masking(random_state=1), masking(random_state=2)
    assert not first.make_trials(photographs)["seed"].isin(second.make_trials(photographs)["seed"]).any()
    fresh = masking(random_state=None)
    trials = fresh.make_trials(photographs)
    again = masking(random_state=fresh.seed_).make_trials(photographs)
    pd.testing.assert_frame_equal(trials, again)
    assert trials["seed"].between(0, 2**63 - 1).all()
    generator = masking(random_state=np.random.default_rng(3))
    assert not generator.make_trials(photographs).equals(generator.make_trials(photographs))


def noise_images(n, shape=(16, 16)):
    return np.random.default_rng(1).integers(0, 256, (n, *shape), np.uint8)


def test_random_design_is_uniform():
    trials = masking(n_bands=4, noise_sd=(0, 0.1, 0.2)).make_trials(noise_images(2400))
    counts = trials.groupby(["noise_sd", "band"]).size()
    assert len(counts) == 12
    assert stats.chisquare(counts).pvalue > 0.001


def test_balanced_design_is_balanced_in_each_category():
    categories = np.repeat(["a", "b", "c"], [40, 29, 32])
    trials = masking(n_bands=4, noise_sd=(0, 0.1, 0.2), design="balanced").make_trials(
        noise_images(101), categories
    )
    assert len(trials) == 101
    np.testing.assert_array_equal(trials["category"], categories)
    for table in (trials, *(part for _, part in trials.groupby("category"))):
        counts = table.groupby(["noise_sd", "band"]).size()
        assert len(counts) == 12
        assert np.ptp(counts) <= 1


def test_factorial_design_has_every_condition_of_every_image():
    trials = masking(n_bands=4, noise_sd=(0, 0.1, 0.2), design="factorial").make_trials(noise_images(8))
    assert len(trials) == 8 * (1 + 2 * 4)
    counts = trials.groupby(["noise_sd", "band"]).size().unstack()
    np.testing.assert_array_equal(counts, [[2] * 4, [8] * 4, [8] * 4])
    assert (trials.groupby(["image", "noise_sd", "band"]).size() == 1).all()
    assert trials["seed"].is_unique


def test_frequencies_of_the_trials(photographs):
    trials = masking(image_degrees=4.0, design="factorial").make_trials(photographs)
    noise = BandNoise(SHAPE, N_BANDS)
    np.testing.assert_array_equal(trials["label_cpi"], noise.label_frequencies_[trials["band"]])
    np.testing.assert_array_equal(trials["cpi"], noise.center_frequencies_[trials["band"]])
    np.testing.assert_allclose(trials["label_cpd"] * 4, trials["label_cpi"])
    np.testing.assert_allclose(trials["cpd"] * 4, trials["cpi"])


def test_trials_in_a_file_give_the_same_stimuli(photographs, tmp_path):
    stimuli, trials = masking().fit_transform(photographs, ["x"] * 16)
    trials.to_csv(tmp_path / "trials.csv", index=False)
    again = masking(random_state=99).transform(photographs, pd.read_csv(tmp_path / "trials.csv"))
    np.testing.assert_array_equal(again, stimuli)


def test_quantised_stimuli(photographs):
    plain, trials = masking().fit_transform(photographs)
    levels = masking(quantize="uint8").transform(photographs, trials)
    np.testing.assert_allclose(levels, np.floor(plain.astype(float) * 255 + 0.5) / 255, atol=1e-6)
    jpeg = masking(quantize="jpeg75").transform(photographs, trials)
    assert 0.001 < np.sqrt(((jpeg - plain) ** 2).mean()) < 0.05


def test_parameters_are_those_of_scikit_learn(photographs):
    model = masking(oob="clip", image_degrees=3.0)
    copied = clone(model.fit(photographs))
    assert copied.get_params() == model.get_params()
    assert set(vars(copied)) == set(copied.get_params())
    with pytest.raises(NotFittedError):
        copied.transform(photographs)
    np.testing.assert_array_equal(
        model.transform(photographs), copied.fit(photographs).transform(photographs)
    )


def test_many_pixels_outside_are_a_warning(photographs):
    with pytest.warns(UserWarning, match=r"at noise SD 0\.5, more than 1 % of the pixels"):
        masking().transform(photographs, rows([4] * 16, 0.5))


def test_no_trials_no_stimuli(photographs):
    none = masking().make_trials(photographs).iloc[:0]
    assert len(masking().transform(photographs, none)) == 0
    assert list(masking().iter_stimuli(photographs, none)) == []


RGB = np.zeros((3, *SHAPE, 3), np.uint8)


@pytest.mark.parametrize(
    ("images", "error", "words"),
    [
        (RGB, ValueError, r"images must be grey.*got \(3, 48, 64, 3\) \(convert them with .*to_grey"),
        ([RGB[0]], ValueError, r"image 0 must be grey.*got \(48, 64, 3\) \(convert it with .*to_grey"),
        (np.zeros(SHAPE), ValueError, r"images must be grey.*got \(48, 64\) \(give images of one plane"),
        (np.full((2, *SHAPE), 1.5), ValueError, r"real numbers in 0\.\.1, got 1\.5\.\.1\.5 in shape"),
        (np.full((2, *SHAPE), 200.0), ValueError, "divide by 255"),
        (np.full((2, *SHAPE), -1), ValueError, r"whole numbers in 0\.\.255, got -1\.\.-1"),
        (np.full((2, *SHAPE), np.nan), ValueError, "NaN"),
        (np.zeros((2, *SHAPE), complex), TypeError, "dtype complex128"),
        (np.zeros((2, 15, 64), np.uint8), ValueError, "sides of at least 16 pixels for n_bands=5"),
        (np.zeros((2, 1, 1), np.uint8), ValueError, "sides of at least 16"),
        (np.zeros((0, *SHAPE), np.uint8), ValueError, "images must not be empty"),
        ({}, ValueError, "images must not be empty"),
        ([np.zeros(SHAPE), np.zeros((50, 64))], ValueError, r"one shape, got \(48, 64\) and \(50, 64\) of 1"),
    ],
)
def test_bad_images(images, error, words):
    with pytest.raises(error, match=rf"^(CriticalBandMasking|BandNoise): .*{words}"):
        masking().fit_transform(images)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"noise_sd": (0, -0.1)}, "noise_sd must be numbers >= 0"),
        ({"noise_sd": ()}, "noise_sd must be numbers"),
        ({"noise_sd": (0.1, 0.1)}, "noise_sd must be distinct"),
        ({"noise_sd": (np.nan,)}, "noise_sd must be numbers"),
        ({"contrast": 0}, r"contrast must be in \(0, 1\], got 0"),
        ({"contrast": 1.1}, r"contrast must be in \(0, 1\]"),
        ({"mean": 1}, r"mean must be in \(0, 1\), got 1"),
        ({"margin": 0.5}, r"margin must be in \[0, 0.5\)"),
        ({"oob": "shfit"}, "oob must be one of .*did you mean 'shift'"),
        ({"quantize": "jpeg"}, "quantize must be one of .*did you mean 'jpeg75'"),
        ({"design": "full"}, "design must be one of"),
        ({"image_degrees": 0}, "image_degrees must be positive"),
        ({"n_bands": 1}, "n_bands must be a whole number >= 2"),
        ({"kind": "gabor"}, "kind must be one of"),
    ],
)
def test_bad_parameters(photographs, changes, words):
    with pytest.raises(ValueError, match=f"^(CriticalBandMasking|BandNoise): {words}"):
        masking(**changes).fit_transform(photographs)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda t: t.drop(columns=["seed", "band"]), ValueError, "got none of the name band, seed"),
        (lambda t: t.assign(band=5), ValueError, r"band 0 \.\. 4, got 5 \.\. 5"),
        (lambda t: t.assign(band=1.5), TypeError, "whole numbers in the column band"),
        (lambda t: t.assign(noise_sd=-0.1), ValueError, r"noise_sd >= 0, got -0\.1"),
        (lambda t: t.assign(noise_sd=np.nan), ValueError, "noise_sd >= 0"),
        (lambda t: t.assign(seed=-1), ValueError, "seed 0"),
        (lambda t: t.assign(image=99), ValueError, "got none at 99"),
        (lambda t: t.assign(image=-1), ValueError, "got none at -1"),
        (lambda t: t.assign(image="cat"), ValueError, "got none at 'cat'"),
    ],
)
def test_bad_trials(photographs, change, error, words):
    trials = change(masking().make_trials(photographs))
    with pytest.raises(error, match=f"^CriticalBandMasking: .*{words}"):
        masking().transform(photographs, trials)


def test_other_bad_calls(photographs):
    with pytest.raises(ValueError, match=r"y must have one category per image \(16\), got 3"):
        masking().fit(photographs, ["a", "b", "c"])
    with pytest.raises(ValueError, match="batch_size must be a whole number >= 1, got 0"):
        masking().iter_stimuli(photographs, rows([0], 0.1), batch_size=0)
    white = np.zeros(SHAPE)
    white[:24] = 1
    with pytest.raises(ValueError, match=r"contrast and mean must keep the signal in 0\.\.1"):
        masking(contrast=1, mean=0.9, noise_sd=[0], oob="redraw").fit_transform(white[np.newaxis])


# ---------------------------------------------------------------------------------- files of the authors


@pytest.fixture(scope="module")
def published(data_root):
    """Grey images and the authors' stimuli by (block, number): {key: (grey, stimulus, noise_sd, band)}."""

    def read(name):
        with zipfile.ZipFile(data_root / "critical_band" / "stimuli" / name) as archive:
            for member in archive.namelist():
                if member.endswith(".JPEG"):
                    block, file = member.split("/")[-2:]
                    with Image.open(io.BytesIO(archive.read(member))) as image:
                        yield (block, file.split("_")[0]), file, np.asarray(image.convert("L"))

    grey = {key: pixels for key, _, pixels in read("GraySplit.zip")}
    out = {}
    for key, file, pixels in read("CBMSplit.zip"):
        sd, band = re.search(r"noise([0-9.]+)_freq([0-9])", file).groups()
        if float(sd) in (0, 0.16):
            out[key] = (grey[key], pixels, float(sd), int(band))
    return out


def test_zero_noise_files_of_the_authors_are_reproduced_exactly(published):
    chosen = [(grey, theirs) for grey, theirs, sd, _ in published.values() if sd == 0]
    assert len(chosen) > 200
    images = np.stack([grey for grey, _ in chosen])
    ours = CriticalBandMasking(quantize="jpeg75").transform(images, rows([0] * len(images), 0))
    np.testing.assert_array_equal(np.rint(ours * 255), np.stack([theirs for _, theirs in chosen]))


def excess(stimulus, grey):
    """Mean square and geometric mean frequency of what was added to the signal."""
    added = stimulus - signal(grey)
    power = np.abs(np.fft.fft2(added)).ravel()[1:] ** 2
    axis = np.fft.fftfreq(224, 1 / 224)
    frequency = np.hypot(axis[:, np.newaxis], axis).ravel()[1:]
    return (added**2).mean(), (power * np.log(frequency)).sum() / power.sum()


@pytest.mark.parametrize("band", range(7))
def test_noise_of_the_authors_is_reproduced(published, band):
    chosen = [(grey, theirs) for grey, theirs, sd, k in published.values() if sd == 0.16 and k == band]
    # every image five times, so that what differs is the sample of the authors, 20 to 40 fields
    images = np.stack([grey for grey, _ in chosen] * 5)
    ours = CriticalBandMasking(quantize="jpeg75").transform(images, rows([band] * len(images), 0.16))
    found = np.array([excess(stimulus, grey) for stimulus, grey in zip(ours, images, strict=True)])
    theirs = np.array([excess(pixels / 255, grey) for grey, pixels in chosen])
    ratio = np.sqrt(found[:, 0].mean() / theirs[:, 0].mean())
    assert abs(ratio - 1) < 0.05
    assert abs(np.exp(found[:, 1].mean() - theirs[:, 1].mean()) - 1) < 0.05
    if band:
        assert 0.148 < np.sqrt(theirs[:, 0].mean()) < 0.156
