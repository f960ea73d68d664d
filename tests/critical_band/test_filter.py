"""The noisy linear channel: its mathematics, recovery of known filters, and the published people."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from neurosci.critical_band import (
    BandNoise,
    ChannelEstimator,
    NotResolvedWarning,
    channel_confint,
    channel_table,
    fit_channel_filter,
    mafc_accuracy,
    make_filter_counts,
    published_trial_counts,
)
from neurosci.critical_band._filter_observer import choice_table
from neurosci.critical_band._filter_spectra import BandWeights, laplacian_weights

MANY = np.full((5, 7), 10**9)


def expected_counts(**truth):
    """Counts of so many trials that rounding is all that is left of chance."""
    probability = make_filter_counts(1, random_state=0, **truth).probability[0]
    return np.round(probability * MANY).astype(np.int64), MANY


# --------------------------------------------------------------------------------- choice among alternatives


@pytest.mark.parametrize("m", [2, 4, 16, 1000])
@pytest.mark.parametrize("dprime", [0.0, 0.3, 1.7, 4.6, 9.0])
def test_accuracy_is_the_integral(m, dprime):
    expected = quad(
        lambda x: norm.pdf(x - dprime) * norm.cdf(x) ** (m - 1),
        dprime - 12,
        dprime + 12,
        epsabs=1e-13,
        limit=200,
    )[0]
    # Gauss-Hermite quadrature of a smoothed step: the sharper it is (many alternatives), the larger the error
    assert mafc_accuracy(dprime, m) == pytest.approx(expected, abs=1e-12 if m <= 16 else 1e-8)


def test_two_alternatives_have_a_closed_form():
    d = np.linspace(0, 6, 13)
    np.testing.assert_allclose(mafc_accuracy(d, 2), norm.cdf(d / math.sqrt(2)), atol=1e-12)
    np.testing.assert_allclose(mafc_accuracy(0.0, 16), 1 / 16, atol=1e-14)


def test_accuracy_by_simulated_choices():
    rng = np.random.default_rng(0)
    n = 200_000
    values = rng.standard_normal((n, 16))
    values[:, 0] += 2.0
    right = (values.argmax(axis=1) == 0).mean()
    # four standard errors of a proportion
    assert abs(right - mafc_accuracy(2.0)) < 4 * math.sqrt(0.25 / n)


def test_table_and_its_inverse():
    table = choice_table(16)
    d = np.random.default_rng(0).uniform(0.05, 7, 50)
    # cubic pieces 0.02 wide: h^4 / 384 times a fourth derivative below 1
    np.testing.assert_allclose(table.accuracy(d), mafc_accuracy(d), atol=1e-9)
    np.testing.assert_allclose(table.dprime(mafc_accuracy(d)), d, rtol=1e-4)
    assert np.isnan(table.dprime([0.0, 1 / 32, 1.0, 2.0, np.nan])).all()
    # the half-way point by its definition
    a = np.array([0.2, 1.0, 4.6, 6.9])
    half = (np.exp(table.log_q(np.log(a))) + a**-2) ** -0.5
    np.testing.assert_allclose(mafc_accuracy(half), 1 / 16 + (mafc_accuracy(a) - 1 / 16) / 2, atol=1e-7)


def test_impossible_choices():
    for dprime, m in ((-1, 16), (np.nan, 16)):
        with pytest.raises(ValueError, match="dprime must be >= 0"):
            mafc_accuracy(dprime, m)
    for m in (1, 1001, 2.5, True):
        with pytest.raises(ValueError, match="n_alternatives must be a whole number"):
            mafc_accuracy(1.0, m)


# -------------------------------------------------------------------------------------- spectra of the bands


@pytest.mark.parametrize("width", [0.8, 1.4, 3.0])
@pytest.mark.parametrize("center", [3.0, 22.0, 60.0])
def test_noise_that_passes_is_the_full_sum_over_the_image(width, center):
    weights = laplacian_weights()
    noise = BandNoise()
    s = width / (2 * math.sqrt(2 * math.log(2)))
    for band in range(7):
        frequency, power = noise.spectrum(band)
        above = frequency > 0
        gain = np.exp(-((np.log2(frequency[above]) - math.log2(center)) ** 2) / (2 * s**2))
        full = (gain * power[above]).sum()
        found = (
            np.exp(-((weights.log2_frequency - math.log2(center)) ** 2) / (2 * s**2)) @ weights.power[:, band]
        )
        # sharing between nodes 1/64 octave apart: at most (1/64)^2 / 8 times the largest curvature, 1/s^2
        assert abs(found - full) < (1 / 64) ** 2 / 8 / s**2 * power.sum()


def test_weights_keep_sum_and_centre_of_gravity():
    rng = np.random.default_rng(0)
    spectra = [(rng.uniform(1, 100, 20), rng.random(20)) for _ in range(4)]
    weights = BandWeights(spectra, "test")
    for band, (frequency, power) in enumerate(spectra):
        assert weights.power[:, band].sum() == pytest.approx(power.sum())
        assert weights.center[band] == pytest.approx((np.log2(frequency) * power).sum() / power.sum())


@pytest.mark.parametrize(
    ("spectra", "message"),
    [
        ([([1, 2], [1, 1])] * 2, "at least 3 bands, got 2"),
        ([([1, 2], [1])] * 7, r"two lists of equal length"),
        ([([1, -2], [1, 1])] * 7, "numbers >= 0"),
        ([([1, 2], [1, np.nan])] * 7, "numbers >= 0"),
        ([([0, 2], [1, 0])] * 7, "power above frequency 0"),
        ([5] * 7, r"\(frequency, power\) for each band, got int"),
        ([([1, 2], [1, 1])] * 6, r"one entry per band of the counts \(7\), got 6"),
    ],
)
def test_impossible_spectra(spectra, message):
    correct = published_trial_counts()
    with pytest.raises(ValueError, match=message):
        fit_channel_filter(correct, correct, band_spectra=spectra)
    with pytest.raises(ValueError, match=message):
        ChannelEstimator("filter", band_spectra=spectra).fit(correct, correct)


def test_spectra_of_pure_tones_are_seen_through_the_gain():
    # One frequency per band: v_k is the gain there, so accuracy in each cell has a closed form.
    tones = [([2.0**k], [1.0]) for k in range(1, 8)]
    truth = {"bandwidth": 2.0, "center_frequency": 20.0, "internal_dprime": 4.0, "lapse_rate": 0.1}
    data = make_filter_counts(1, band_spectra=tones, peak_sensitivity=30.0, random_state=0, **truth)
    gain = 0.5 ** ((2 * (np.arange(1, 8) - math.log2(20.0)) / 2.0) ** 2)
    target = 1 / 16 + (mafc_accuracy(4.0) - 1 / 16) / 2
    from scipy.optimize import brentq

    half = brentq(lambda d: mafc_accuracy(d) - target, 0, 4)
    c = 1 / 30 / math.sqrt(half**-2 - 4.0**-2)
    sd = np.array([0.0, 0.02, 0.04, 0.08, 0.16])[:, None]
    dprime = (sd**2 * gain / c**2 + 4.0**-2) ** -0.5
    # nodes 1/64 octave apart: a relative error of (1/64)^2 / (8 s^2) = 4e-5 of the gain
    np.testing.assert_allclose(data.probability[0], 0.1 / 16 + 0.9 * mafc_accuracy(dprime), atol=5e-5)


# --------------------------------------------------------------------------------- recovery of known filters


@pytest.mark.parametrize("width", [1.0, 2.0, 3.0])
def test_a_known_filter_is_recovered_without_noise(width):
    fit = fit_channel_filter(*expected_counts(bandwidth=width))
    assert fit.resolved
    assert fit.bandwidth == pytest.approx(width, rel=1e-4)
    assert fit.bandwidth_amplitude == pytest.approx(width * math.sqrt(2), rel=1e-4)
    assert fit.center_frequency == pytest.approx(22.0, rel=1e-4)
    assert fit.peak_sensitivity == pytest.approx(26.0, rel=1e-4)
    assert fit.internal_dprime == pytest.approx(4.6, rel=1e-3)
    assert fit.lapse_rate == pytest.approx(0.03, abs=1e-5)
    assert fit.score_norm < 1


def test_one_octave_looks_like_people_to_the_published_method():
    # A channel of one octave of power at 18 c/image, d' 4.6, c = 0.055: known behaviour of the three methods.
    truth = {"bandwidth": 1.0, "center_frequency": 18.0, "peak_sensitivity": 35.695}
    counts = expected_counts(**truth)
    index = ChannelEstimator().fit(*counts)
    assert index.thresholds_.tolist() == [0, 0, 0, 1, 2, 2, 0]
    assert index.bandwidth_ == pytest.approx(2.1, abs=0.05)
    assert ChannelEstimator("ml").fit(*counts).bandwidth_ == pytest.approx(1.9, abs=0.05)
    assert ChannelEstimator("filter").fit(*counts).bandwidth_ == pytest.approx(1.0, rel=0.01)


def test_bias_and_coverage_with_the_published_numbers_of_trials(seed):
    n = 200
    data = make_filter_counts(n, random_state=seed)
    fit = fit_channel_filter(data.n_correct, data.n_trials)
    assert fit.converged.all() and fit.resolved.mean() > 0.97
    assert abs(np.nanmean(fit.bandwidth) / 1.4 - 1) < 0.05
    limits = channel_confint(fit)
    for name in ("bandwidth", "center_frequency", "peak_sensitivity"):
        held = (limits[name][:, 0] <= data.truth[name]) & (data.truth[name] <= limits[name][:, 1])
        # the acceptance run asks for 92 to 98 % of 1000; 200 experiments have a standard error of 1.5 %
        assert held.mean() > 0.88


def test_derivatives_are_those_of_the_model():
    design = fit_channel_filter(*expected_counts()).design
    params = np.array([[5.5, 3.6, -0.5, 1.2, 0.05], [4.0, 2.0, 0.1, 1.9, 0.2], [6.0, 5.0, -1.0, 0.5, 0.0]])
    jacobian = design.model(params, np.arange(3))[1]
    for column in range(5):
        step = np.zeros(5)
        step[column] = 1e-5
        ahead, behind = (design.model(params + sign * step, np.arange(3))[0] for sign in (1, -1))
        np.testing.assert_allclose(jacobian[:, :, column], (ahead - behind) / 2e-5, atol=1e-8)


def test_each_observer_is_fitted_alone():
    data = make_filter_counts(5, bandwidth=[1.2, 1.4, 2, 3, 1.4], random_state=3)
    together = fit_channel_filter(data.n_correct, data.n_trials)
    for i in range(5):
        alone = fit_channel_filter(data.n_correct[i], data.n_trials)
        np.testing.assert_allclose(together.params[i], alone.params, rtol=1e-5, atol=1e-6)
    reversed_ = fit_channel_filter(data.n_correct[::-1], data.n_trials)
    np.testing.assert_allclose(reversed_.params[::-1], together.params, rtol=1e-5, atol=1e-6)


# --------------------------------------------------------------------------------------------- the estimator


def test_thresholds_are_where_the_model_is_at_the_criterion():
    counts = expected_counts()
    for options in ({"criterion": 0.5}, {"criterion": 0.7}, {"criterion": 0.5, "relative": True}):
        channel = ChannelEstimator("filter", **options).fit(*counts)
        known = np.isfinite(channel.thresholds_)
        assert known.any() and not known.all()
        for band in np.flatnonzero(known):
            shown = (0.0, channel.thresholds_[band] * (1 - 1e-12), channel.thresholds_[band])
            at = make_filter_counts(
                1, noise_sd=shown, n_trials=np.ones((3, 7), int), random_state=0
            ).probability[0]
            assert at[2, band] == pytest.approx(channel.criterion_, abs=1e-4)
    top = 0.03 / 16 + 0.97 * mafc_accuracy(4.6)
    assert channel.criterion_ == pytest.approx(1 / 16 + 0.5 * (top - 1 / 16), abs=1e-4)


def test_conventions_of_sensitivity():
    counts = make_filter_counts(1, random_state=1)
    power = ChannelEstimator("filter").fit(counts.n_correct[0], counts.n_trials)
    amplitude = ChannelEstimator("filter", sensitivity="amplitude").fit(counts.n_correct[0], counts.n_trials)
    assert amplitude.bandwidth_ == pytest.approx(power.bandwidth_ * math.sqrt(2))
    assert power.peak_sensitivity_ == pytest.approx(amplitude.peak_sensitivity_**2)
    np.testing.assert_allclose(power.sensitivity_, amplitude.sensitivity_**2)
    for one, factor in ((power, 1), (amplitude, math.sqrt(2))):
        interval = one.confint()["bandwidth"]
        assert interval.low < interval.value < interval.high
        assert interval.value == one.bandwidth_
        assert interval.low == pytest.approx(power.confint()["bandwidth"].low * factor)
        # at half of the width from the peak, the fitted channel is at half of its height
        edge = one.center_index_ + one.bandwidth_ / 2
        assert one.predict(edge) == pytest.approx(one.peak_sensitivity_ / 2)
    assert power.lowest_frequency * 2**power.center_index_ == pytest.approx(power.center_frequency_)


def test_intervals_of_all_kinds_agree():
    data = make_filter_counts(1, random_state=2)
    channel = ChannelEstimator("filter").fit(data.n_correct[0], data.n_trials)
    profile, wald = channel.confint(), channel.confint("wald")
    bootstrap = channel.confint("bootstrap", n_resamples=400, random_state=0)
    assert set(profile) == {
        "bandwidth", "center_frequency", "peak_sensitivity", "internal_dprime", "lapse_rate"
    }  # fmt: skip
    for other in (wald, bootstrap):
        for name in ("bandwidth", "center_frequency"):
            # asymptotically the same; with 1050 trials their ends differ by a few tenths of the width
            reach = 0.35 * (profile[name].high - profile[name].low)
            assert abs(other[name].low - profile[name].low) < reach
            assert abs(other[name].high - profile[name].high) < reach


def test_groups_are_pooled_and_resampled():
    data = make_filter_counts(6, random_state=4)
    channel = ChannelEstimator("filter").fit(data.n_correct, data.n_trials)
    whole = fit_channel_filter(data.n_correct.sum(0), 6 * data.n_trials)
    assert channel.bandwidth_ == pytest.approx(float(whole.bandwidth))
    interval = channel.confint(over="observers", n_resamples=200, random_state=0)["bandwidth"]
    assert interval.n == 6 and interval.low < channel.bandwidth_ < interval.high


def test_goodness_of_fit_is_that_of_binomial_counts():
    data = make_filter_counts(100, random_state=5)
    fit = fit_channel_filter(data.n_correct, data.n_trials)
    assert (fit.degrees_of_freedom >= 29 - 5).all() and (fit.degrees_of_freedom <= 29 - 3).all()
    # Pearson's chi-square over its freedom has mean 1 and SD sqrt(2 / 24): 4 errors of a mean of 100
    assert abs(fit.dispersion.mean() - 1) < 4 * math.sqrt(2 / 24 / 100)
    assert (fit.deviance > 0).all()


# ------------------------------------------------------------------------- what does not determine a channel


def guess(rng):
    return rng.binomial(published_trial_counts(), 1 / 16)


def perfect(_):
    return published_trial_counts()


def flat(rng):
    level = np.array([0.95, 0.9, 0.7, 0.4, 0.15])[:, None]
    return rng.binomial(published_trial_counts(), np.broadcast_to(level, (5, 7)))


@pytest.mark.parametrize("make", [guess, perfect, flat])
def test_counts_without_a_channel_have_no_width(make):
    counts = make(np.random.default_rng(0)), published_trial_counts()
    with pytest.warns(NotResolvedWarning, match="no channel is resolved"):
        channel = ChannelEstimator("filter").fit(*counts)
    assert not channel.resolved_ and channel.reason_ and not channel.at_bound_
    assert math.isnan(channel.bandwidth_) and math.isnan(channel.center_frequency_)
    assert math.isnan(channel.peak_sensitivity_) and np.isnan(channel.thresholds_).all()


def test_no_width_is_ever_absurd():
    rng = np.random.default_rng(1)
    trials = published_trial_counts()
    correct = rng.binomial(trials, rng.random((60, 5, 7)))
    correct = np.concatenate([correct, rng.binomial(trials, rng.choice([0.0625, 0.95], (60, 1, 7)))])
    fit = fit_channel_filter(correct, trials)
    shown = fit.bandwidth[fit.resolved]
    assert (shown < 64).all() and np.isnan(fit.bandwidth[~fit.resolved]).all()
    # half an octave beyond the mean frequencies of the outer bands
    assert ((fit.center_frequency[fit.resolved] > 1) & (fit.center_frequency[fit.resolved] < 125)).all()


def test_bad_counts_and_parameters():
    trials = published_trial_counts()
    with pytest.raises(ValueError, match="n_correct must be at most n_trials"):
        fit_channel_filter(trials + 1, trials)
    with pytest.raises(ValueError, match="one over a number of alternatives"):
        fit_channel_filter(trials, trials, guess_rate=0.07)
    with pytest.raises(ValueError, match="one over a number of alternatives"):
        ChannelEstimator("filter", guess_rate=0.0).fit(trials, trials)
    with pytest.raises(ValueError, match="method must be 'index' to fit proportions"):
        ChannelEstimator("filter").fit_accuracy(trials / trials)
    data = make_filter_counts(1, random_state=0)
    some = data.n_trials.copy()
    some[2, 3] = 0
    with pytest.warns(UserWarning, match="1 of 35 conditions have no trial"):
        fit = fit_channel_filter(np.minimum(data.n_correct[0], some), some)
    assert fit.resolved
    for bad in ({"criterion": 0.0}, {"criterion": 1.0}):
        with pytest.raises(ValueError, match="criterion must be in"):
            fit.thresholds(**bad)
    with pytest.raises(ValueError, match="frequency must be > 0"):
        fit.gain([0.0])
    assert fit.gain(fit.center_frequency) == pytest.approx(1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bandwidth": 0}, "bandwidth must be > 0"),
        ({"bandwidth": [1, 2]}, r"shape \(1,\)"),
        ({"internal_dprime": 8}, "internal_dprime must be in 0.1 to 7"),
        ({"lapse_rate": 1}, "lapse_rate must be in 0 to 1"),
        ({"center_frequency": np.nan}, "center_frequency must be > 0"),
        ({"n_observers": 0}, "n_observers must be >= 1"),
        ({"n_trials": [[1] * 7] * 4}, "one row per noise level"),
        ({"n_trials": [[1] * 6] * 5}, "one entry per band"),
    ],
)
def test_impossible_observers(changes, message):
    with pytest.raises(ValueError, match=message):
        make_filter_counts(**{"n_observers": 1} | changes)


# ---------------------------------------------------------------------------------------------------- people


def test_people(human_counts):
    correct, trials = (np.array([pair[i] for pair in human_counts.values()]) for i in range(2))
    pooled = ChannelEstimator("filter").fit(correct, trials)
    assert pooled.bandwidth_ == pytest.approx(1.40, abs=0.1)
    assert pooled.center_frequency_ == pytest.approx(22, abs=1)
    fits = fit_channel_filter(correct, trials)
    assert fits.resolved.all()
    assert fits.bandwidth.mean() == pytest.approx(1.37, abs=0.02)
    assert fits.bandwidth.std() == pytest.approx(0.18, abs=0.01)
    interval = pooled.confint(over="observers", n_resamples=300, random_state=0)["bandwidth"]
    assert interval.low > 1.2 and interval.high < 1.6


def test_networks_in_one_table(tidy_networks):
    table = channel_table(tidy_networks, method="filter")
    resolved = table[table["resolved"]]
    assert len(table) == 85 and len(resolved) > 70
    assert (resolved["bandwidth"] < 12).all() and table.loc[~table["resolved"], "bandwidth"].isna().all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotResolvedWarning)
        rows = tidy_networks[tidy_networks["network"] == "resnet50"].pivot(index="noise_sd", columns="band")
        one = ChannelEstimator("filter").fit(rows["n_correct"].to_numpy(), rows["n_trials"].to_numpy())
    assert table.loc["resnet50", "bandwidth"] == pytest.approx(one.bandwidth_, rel=1e-5)
