"""Band noise: exact operators, the law of the fast sampler, spectra in closed form, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage, stats
from sklearn.base import clone

from neurosci.critical_band import BandNoise
from neurosci.critical_band import _band_noise_draw as drawing
from neurosci.critical_band import _band_noise_spectra as spectra
from neurosci.preprocessing.images import radial_spectrum

# Expected root mean square of each level of white noise, 224 x 224, highest band first; from the trace
# formula of the published operator, evaluated elsewhere.
EXPECTED_RMS = [0.942918, 0.146562, 0.062425, 0.030828, 0.016071, 0.008543, 0.007481]
SMALL = (48, 64)
N_SMALL = 5
N_SAMPLES = 400


def rms(fields):
    return np.sqrt((np.asarray(fields, np.float64) ** 2).mean(axis=(-2, -1)))


def test_expected_rms_has_the_stated_values():
    np.testing.assert_allclose(BandNoise().expected_rms_[::-1], EXPECTED_RMS, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", ["laplacian", "octave"])
@pytest.mark.parametrize("shape", [(224, 224), (225, 300), (64, 96), (65, 64)])
def test_levels_add_up(shape, kind):
    field = np.random.default_rng(0).standard_normal(shape)
    levels = BandNoise(shape, kind=kind).decompose(field)
    assert levels.dtype == np.float64
    assert levels.shape == (7, *shape)
    np.testing.assert_allclose(levels.sum(axis=0), field, rtol=0, atol=1e-12)


def test_levels_equal_pyrtools():
    pyrtools = pytest.importorskip(
        "pyrtools", reason="pyrtools is not installed: the levels are compared with convolution only"
    )
    field = np.random.default_rng(1).standard_normal((224, 224))
    pyramid = pyrtools.pyramids.LaplacianPyramid(field)
    theirs = np.stack([pyramid.recon_pyr(levels=level) for level in range(7)])
    np.testing.assert_allclose(BandNoise().decompose(field), theirs, rtol=0, atol=1e-12)


def highest_band(field):
    """Level 0 by convolution: what is left after halving and doubling."""
    taps = np.sqrt(2) / 16 * np.array([1, 4, 6, 4, 1])
    low = field
    for axis in range(2):
        low = ndimage.correlate1d(low, taps, axis, mode="mirror")
    spread = np.zeros(field.shape)
    spread[::2, ::2] = low[::2, ::2]
    for axis in range(2):
        spread = ndimage.correlate1d(spread, taps, axis, mode="mirror")
    return field - spread


@pytest.mark.parametrize("band", range(N_SMALL))
def test_exact_sample_is_the_published_construction(band):
    noise = BandNoise(SMALL, N_SMALL, exact=True, random_state=7)
    white = np.random.default_rng(7).standard_normal(SMALL)
    level = noise.decompose(white)[N_SMALL - 1 - band]
    expected = level * rms(highest_band(white)) / rms(level)
    # the sample is rounded to float32 once
    np.testing.assert_allclose(noise.sample(band)[0], expected, rtol=1e-7, atol=1e-12)


def two_sample_p(first, second):
    """P value of Hotelling's test that two sets of vectors have the same mean."""
    n, m, size = len(first), len(second), first.shape[1]
    pooled = ((n - 1) * np.cov(first.T) + (m - 1) * np.cov(second.T)) / (n + m - 2)
    apart = first.mean(axis=0) - second.mean(axis=0)
    statistic = n * m / (n + m) * apart @ np.linalg.solve(pooled, apart)
    ratio = (n + m - size - 1) / (size * (n + m - 2)) * statistic
    return stats.f.sf(ratio, size, n + m - size - 1)


def one_sample_p(values, expected):
    n, size = values.shape
    apart = values.mean(axis=0) - expected
    statistic = n * apart @ np.linalg.solve(np.cov(values.T), apart)
    return stats.f.sf((n - size) / (size * (n - 1)) * statistic, size, n - size)


def log_power(fields, edges):
    """Log of power in rings: nearer to normal than power, and the same function of both samplers."""
    _, power = radial_spectrum(fields, edges)
    return np.log(power)


@pytest.mark.parametrize("band", range(N_SMALL))
def test_fast_and_exact_sampler_have_one_law(band):
    fast, exact = (
        BandNoise(SMALL, N_SMALL, equalize=None, exact=flag, random_state=11).sample(band, N_SAMPLES)
        for flag in (False, True)
    )
    # 40 rings up to the corners; those with frequency 1 at least have coefficients
    edges = np.concatenate([[0, 0.5], np.linspace(0.9, 34, 40)])
    assert two_sample_p(log_power(fast, edges), log_power(exact, edges)) > 0.001
    assert stats.ks_2samp(rms(fast), rms(exact)).pvalue > 0.001
    # pixels at the edges have another variance than those inside; it is part of the law
    for place in [(0, 0), (0, 30), (20, 0), (23, 31)]:
        pixels = [fields[:, place[0], place[1]] for fields in (fast, exact)]
        assert stats.ks_2samp(*pixels).pvalue > 0.001


@pytest.mark.parametrize("band", range(7))
def test_fast_sampler_has_the_closed_spectrum(band):
    noise = BandNoise(equalize=None, random_state=3)
    frequency, power = noise.spectrum(band)
    # rings of equal power, so that none is empty of it; fewer where the band has few coefficients
    inner = np.searchsorted(np.cumsum(power), np.linspace(0, power.sum(), 42)[1:-1])
    edges = np.unique(np.concatenate([[0], (frequency[inner] + frequency[inner + 1]) / 2, [200]]))
    expected = np.add.reduceat(power, np.searchsorted(frequency, edges[:-1]))
    _, measured = radial_spectrum(noise.sample(band, N_SAMPLES), edges)
    assert one_sample_p(measured, expected) > 0.001


def test_rms_of_the_highest_band_has_the_law_of_white_noise(seed):
    generators = [np.random.default_rng(seed)] * 4000
    _, drawn = drawing.draw_by_law(generators, SMALL, N_SMALL, N_SMALL - 1)
    white = np.random.default_rng(seed + 1000).standard_normal((4000, *SMALL))
    found = drawing.rms(drawing.pyramid_levels(white, N_SMALL, 0))
    # with 20 seeds, one in 20,000 repetitions of the whole would fail by chance
    assert stats.ks_2samp(drawn, found).pvalue > 2.5e-6


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("kind", ["laplacian", "octave"])
def test_equalised_bands_have_the_stated_rms(kind, exact):
    for equalize, tolerance in (("sample", 0.01), ("expected", 1e-6)):
        noise = BandNoise(kind=kind, exact=exact, equalize=equalize, random_state=5)
        wanted = noise.expected_rms_[-1]
        if kind == "laplacian":
            assert abs(wanted - 0.942918) < 1e-6
        for band in range(7):
            # the relative standard deviation of "sample" is 0.3 %
            np.testing.assert_allclose(rms(noise.sample(band, 2)), wanted, rtol=tolerance)


def test_without_equalisation_bands_keep_their_power():
    noise = BandNoise(equalize=None, random_state=0)
    for band in (2, 4, 6):
        found = (noise.sample(band, 50).astype(float) ** 2).mean()
        level = spectra.level_power((224, 224), 7, "laplacian", 6 - band)
        # variance of the mean square of a Gaussian field: 2 sum P^2 (real and imaginary parts of the
        # coefficients come in pairs), over 50 fields; aliasing at the edges is small
        error = np.sqrt(2 * (level**2).sum() / 50)
        assert abs(found - noise.expected_rms_[band] ** 2) < 4.5 * error


@pytest.mark.parametrize("kind", ["laplacian", "octave"])
@pytest.mark.parametrize("shape", [(48, 64), (33, 47), (32, 32)])
def test_closed_spectrum_equals_that_of_the_operator(shape, kind):
    """Power per coefficient from all unit impulses: E|F R W|^2 is the sum over impulses of |F R e|^2."""
    n_bands = 3
    noise = BandNoise(shape, n_bands, kind=kind, equalize=None)
    levels = np.zeros((n_bands, *shape))
    for place in range(shape[0] * shape[1]):
        impulse = np.zeros(shape)
        impulse.flat[place] = 1
        levels += np.abs(np.fft.fft2(noise.decompose(impulse))) ** 2
    levels /= (shape[0] * shape[1]) ** 2
    radius = np.hypot(np.fft.fftfreq(shape[0])[:, np.newaxis], np.fft.fftfreq(shape[1])) * min(shape)
    for band in range(n_bands):
        frequency, power = noise.spectrum(band)
        expected = levels[n_bands - 1 - band]
        np.testing.assert_allclose(power.sum(), expected.sum(), rtol=1e-12)
        np.testing.assert_allclose(noise.expected_rms_[band] ** 2, expected.sum(), rtol=1e-12)
        for limit in (0.1, 1.1, 3.7, 9.3, 14.2):
            np.testing.assert_allclose(
                power[frequency < limit].sum(), expected[radius < limit].sum(), rtol=1e-9, atol=1e-15
            )
        inside = radius > 0
        center = np.exp((expected * np.log(np.where(inside, radius, 1))).sum() / expected[inside].sum())
        np.testing.assert_allclose(noise.center_frequencies_[band], center, rtol=1e-10)


def test_equalised_spectrum_adds_up_to_the_common_power():
    for band in range(7):
        frequency, power = BandNoise().spectrum(band)
        assert frequency[0] == 0
        assert (np.diff(frequency) > 0).all()
        np.testing.assert_allclose(power.sum(), 0.942918**2, atol=2e-6)


def test_labels_and_centers():
    noise = BandNoise()
    np.testing.assert_array_equal(noise.label_frequencies_, 1.75 * 2.0 ** np.arange(7))
    # measured on samples by others: 1.5, 2.0, 3.5, 6.7, 13.0, 27.7, 87.8; the label is the upper edge
    np.testing.assert_allclose(noise.center_frequencies_, [1.5, 2.0, 3.5, 6.7, 13.0, 27.7, 87.8], rtol=0.03)
    assert (noise.center_frequencies_ < noise.label_frequencies_).all()
    np.testing.assert_array_equal(BandNoise((100, 300), 3).label_frequencies_, [12.5, 25, 50])


def test_octaves_do_not_overlap():
    noise = BandNoise((60, 80), 4, kind="octave", random_state=0)
    labels = noise.label_frequencies_
    for band in range(4):
        _, power = radial_spectrum(noise.sample(band, 1), [0, *(labels + 1e-9), 51])
        share = power[0] / power.sum()
        # the highest has the corners too, which lie above its label
        assert share[band] + (share[4] if band == 3 else 0) > 1 - 1e-9


def test_same_seed_same_fields_and_more_are_a_continuation():
    for exact in (False, True):
        noise = BandNoise(SMALL, N_SMALL, exact=exact, random_state=3)
        many = noise.sample(1, 40)
        np.testing.assert_array_equal(many, noise.sample(1, 40))
        np.testing.assert_array_equal(many[:3], noise.sample(1, 3))
        generator = np.random.default_rng(3)
        drawn = BandNoise(SMALL, N_SMALL, exact=exact, random_state=generator)
        parts = [drawn.sample(1, 15), drawn.sample(1, 25)]
        np.testing.assert_array_equal(np.concatenate(parts), many)
    assert not np.array_equal(BandNoise(SMALL, N_SMALL).sample(1), BandNoise(SMALL, N_SMALL).sample(1))


def test_forms_of_a_sample():
    noise = BandNoise(SMALL, N_SMALL)
    fields = noise.sample(np.int64(2), np.int64(3))
    assert fields.dtype == np.float32
    assert fields.shape == (3, *SMALL)
    assert noise.sample(0, 0).shape == (0, *SMALL)


def test_parameters_are_those_of_scikit_learn():
    noise = BandNoise((32, 40), 4, kind="octave", equalize=None, exact=True, random_state=5)
    assert clone(noise).get_params() == noise.get_params()
    assert noise.set_params(n_bands=3) is noise
    assert set(vars(noise)) == set(noise.get_params())


def test_form_of_the_field_does_not_matter():
    field = np.random.default_rng(0).integers(-9, 9, SMALL)
    noise = BandNoise(SMALL, N_SMALL)
    expected = noise.decompose(field.astype(float))
    frozen = field.astype(np.float32)
    frozen.flags.writeable = False
    for given in (field, field.tolist(), np.asfortranarray(field), field.astype(">i2"), frozen):
        np.testing.assert_array_equal(noise.decompose(given), expected)


@pytest.mark.parametrize("band", [-1, 7, 1.0, True, "2", None])
def test_band_must_exist(band):
    for method in (BandNoise().sample, BandNoise().spectrum):
        with pytest.raises(ValueError, match=r"^BandNoise: band must be a whole number in 0 \.\. 6, got"):
            method(band)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shape": (63, 224)}, r"shape must have sides of at least 64 pixels for n_bands=7, got \(63, 224\)"),
        ({"shape": (1, 1)}, "sides of at least 64"),
        ({"shape": 224}, r"shape must be \(height, width\)"),
        ({"shape": (224, 224, 3)}, r"shape must be \(height, width\)"),
        ({"shape": (224.0, 224)}, r"shape must be \(height, width\)"),
        ({"n_bands": 1}, "n_bands must be a whole number >= 2, got 1"),
        ({"n_bands": 2.5}, "n_bands must be"),
        ({"kind": "laplace"}, r"kind must be one of .* \(did you mean 'laplacian'"),
        ({"equalize": "none"}, "equalize must be one of"),
    ],
)
def test_bad_parameters(changes, words):
    noise = BandNoise(**changes)
    for use in (lambda: noise.sample(0), lambda: noise.spectrum(0), lambda: noise.center_frequencies_):
        with pytest.raises(ValueError, match=f"^BandNoise: .*{words}"):
            use()


@pytest.mark.parametrize("n", [-1, 1.5, True, "3"])
def test_number_of_samples_must_be_whole(n):
    with pytest.raises(ValueError, match=r"^BandNoise: n must be a whole number >= 0, got"):
        BandNoise().sample(0, n)


@pytest.mark.parametrize(
    ("field", "error", "words"),
    [
        (np.zeros((5, 5)), ValueError, r"field must have shape \(48, 64\), got \(5, 5\)"),
        (np.full(SMALL, np.nan), ValueError, "field must be finite, got 3072 values"),
        (np.zeros(SMALL, complex), TypeError, "real numbers, got dtype complex128"),
        (np.full(SMALL, "a"), TypeError, "real numbers"),
    ],
)
def test_bad_fields(field, error, words):
    with pytest.raises(error, match=f"^BandNoise: .*{words}"):
        BandNoise(SMALL, N_SMALL).decompose(field)
