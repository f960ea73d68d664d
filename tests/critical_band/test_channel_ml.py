"""The estimator's likelihood method, the channel of a group, and the intervals of both methods."""

import math
import pickle
import warnings

import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from neurosci.critical_band import (
    ChannelEstimator,
    NotResolvedWarning,
    channel_confint,
    channel_table,
    fit_channel_likelihood,
    human_mean_accuracy,
    make_channel_counts,
    published_trial_counts,
)


@pytest.fixture(scope="module")
def counts():
    data = make_channel_counts(1, bandwidth=3.5, peak_sensitivity=30, slope=2, random_state=2)
    return data.n_correct[0], data.n_trials


@pytest.fixture(scope="module")
def channel(counts):
    return ChannelEstimator("ml").fit(*counts)


@pytest.fixture(scope="module")
def group(human_counts):
    """Counts of all people, (n_observers, n_noise_sd, n_bands)."""
    return np.array([k for k, _ in human_counts.values()]), np.array([n for _, n in human_counts.values()])


def learned(estimator):
    return {name: value for name, value in vars(estimator).items() if name.endswith("_")}


def same(first, second):
    a, b = learned(first), learned(second)
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_equal(a[name], b[name], err_msg=name)


# ------------------------------------------------------------------------------------------------ conventions


def test_attributes_are_those_of_the_likelihood_fit(counts, channel):
    fit = fit_channel_likelihood(*counts)
    pairs = {
        "bandwidth_": fit.bandwidth,
        "center_frequency_": fit.center_frequency,
        "peak_sensitivity_": fit.peak_sensitivity,
        "lapse_rate_": fit.lapse_rate,
        "slope_": fit.slope,
        "log_likelihood_": fit.log_likelihood,
        "deviance_": fit.deviance,
        "dispersion_": fit.dispersion,
        "degrees_of_freedom_": fit.degrees_of_freedom,
    }
    for name, value in pairs.items():
        assert getattr(channel, name) == value, name
    assert channel.resolved_ and channel.converged_ and channel.reason_ == ""
    assert (channel.n_bands_in_, channel.n_observers_in_) == (7, 1)
    np.testing.assert_array_equal(channel.thresholds_, fit.thresholds(0.5))


def test_clone_pickle_and_refit(counts, channel):
    assert learned(clone(channel)) == {}
    same(pickle.loads(pickle.dumps(channel)), channel)
    other = ChannelEstimator("ml")
    with pytest.warns(NotResolvedWarning):
        other.fit(counts[1], counts[1])
    same(other.fit(*counts), channel)


def test_a_change_of_method_forgets_what_the_other_learned(counts, channel):
    both = ChannelEstimator().fit(*counts)
    assert hasattr(both, "resolved_bands_") and not hasattr(both, "slope_")
    same(both.set_params(method="ml").fit(*counts), channel)
    same(both.set_params(method="index").fit(*counts), ChannelEstimator().fit(*counts))


def test_data_frames_and_lists(counts, channel):
    import pandas as pd

    same(ChannelEstimator("ml").fit(*(pd.DataFrame(a) for a in counts)), channel)
    same(ChannelEstimator("ml").fit(*(a.tolist() for a in counts)), channel)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "filters"}, "method must be one of 'index', 'ml', 'filter', got 'filters'"),
        ({"sensitivity": "energy"}, "sensitivity must be one of None, 'amplitude', 'power'"),
        ({"method": "index", "sensitivity": "power"}, "width is the same for both"),
        ({"guess_rate": 1.0}, "guess_rate must be in"),
        ({"sigmoid": "logit"}, "sigmoid must be one of"),
        ({"noise_sd": (0, 0.1, 0.05, 0.2, 0.3)}, "ascending"),
    ],
)
def test_bad_parameters(counts, parameters, message):
    with pytest.raises(ValueError, match=f"^ChannelEstimator: .*{message}"):
        ChannelEstimator(**{"method": "ml", **parameters}).fit(*counts)


def test_what_it_cannot_fit(counts):
    with pytest.raises(ValueError, match="a likelihood needs counts"):
        ChannelEstimator("ml").fit_accuracy(human_mean_accuracy())
    with pytest.raises(ValueError, match="at least 3 bands"):
        ChannelEstimator("ml").fit(counts[0][:, :2], counts[1][:, :2])
    with pytest.raises(ValueError, match=r"at least 2 observers.*got \(1, 5, 7\)"):
        ChannelEstimator("ml").fit(counts[0][None], counts[1])
    with pytest.raises(NotFittedError):
        ChannelEstimator("ml").confint()


# --------------------------------------------------------------------------------------------- what it means


@pytest.mark.parametrize(("criterion", "relative"), [(0.5, False), (0.7, False), (0.5, True), (0.25, True)])
def test_thresholds_have_the_accuracy_of_the_criterion(counts, criterion, relative):
    """Oracle: the model written out at the attributes gives the criterion back, band by band."""
    channel = ChannelEstimator("ml", criterion=criterion, relative=relative).fit(*counts)
    log_half = np.log2(1 / channel.predict(np.arange(7)))
    detected = expit(-channel.slope_ * (np.log2(channel.thresholds_) - log_half))
    accuracy = 1 / 16 + (15 / 16 - channel.lapse_rate_) * detected
    known = ~np.isnan(channel.thresholds_)
    assert known.sum() >= 3
    np.testing.assert_allclose(accuracy[known], channel.criterion_, rtol=1e-12)
    expected = 1 / 16 + criterion * (15 / 16 - channel.lapse_rate_) if relative else criterion
    assert channel.criterion_ == pytest.approx(expected)
    np.testing.assert_allclose(channel.sensitivity_[known], 1 / channel.thresholds_[known])
    assert ((channel.thresholds_[known] >= 0.02) & (channel.thresholds_[known] <= 0.16)).all()


def test_half_of_the_way_is_where_the_channel_is_defined(counts):
    channel = ChannelEstimator("ml", relative=True).fit(*counts)
    known = ~np.isnan(channel.sensitivity_)
    np.testing.assert_allclose(channel.sensitivity_[known], channel.predict(np.arange(7))[known])


@pytest.mark.parametrize("sensitivity", [None, "amplitude", "power"])
def test_width_at_half_height(counts, sensitivity):
    channel = ChannelEstimator("ml", sensitivity=sensitivity).fit(*counts)
    middle = math.log2(channel.center_frequency_ / 1.75)
    assert channel.predict(middle) == pytest.approx(channel.peak_sensitivity_)
    ends = channel.predict([middle - channel.bandwidth_ / 2, middle + channel.bandwidth_ / 2])
    assert ends == pytest.approx(channel.peak_sensitivity_ / 2)


def test_power_is_the_square_of_amplitude(counts, channel):
    power = ChannelEstimator("ml", sensitivity="power").fit(*counts)
    assert power.bandwidth_ == pytest.approx(channel.bandwidth_ / math.sqrt(2))
    assert power.peak_sensitivity_ == pytest.approx(channel.peak_sensitivity_**2)
    np.testing.assert_allclose(power.predict(np.arange(7)), channel.predict(np.arange(7)) ** 2)
    np.testing.assert_allclose(power.sensitivity_, channel.sensitivity_**2)
    one, two = channel.confint(), power.confint()
    assert two["bandwidth"].low == pytest.approx(one["bandwidth"].low / math.sqrt(2))
    assert two["peak_sensitivity"].high == pytest.approx(one["peak_sensitivity"].high ** 2)
    assert two["slope"] == one["slope"]


def test_peak_beyond_the_noise_that_was_shown():
    """A true peak at SD 0.32, twice the strongest noise, with enough trials to resolve it."""
    data = make_channel_counts(
        1, peak_sensitivity=1 / 0.32, slope=2, lapse_rate=0.02, n_trials=200 * published_trial_counts(),
        random_state=0,
    )  # fmt: skip
    channel = ChannelEstimator("ml").fit(data.n_correct[0], data.n_trials)
    assert channel.resolved_ and channel.at_bound_
    assert np.isnan(
        ChannelEstimator("ml", relative=True).fit(data.n_correct[0], data.n_trials).thresholds_
    ).all()


def test_unresolved_has_no_numbers(counts):
    with pytest.warns(NotResolvedWarning, match="thresholds do not differ") as caught:
        channel = ChannelEstimator("ml").fit(counts[1], counts[1])
    assert caught[0].filename == __file__
    for name in ("bandwidth_", "center_frequency_", "peak_sensitivity_", "center_index_", "width_"):
        assert np.isnan(getattr(channel, name))
    assert np.isnan(channel.thresholds_).all() and not channel.at_bound_
    limits = channel.confint()["bandwidth"]
    assert np.isnan(limits.value) and limits.high == np.inf


def test_table_of_both_methods(tidy_networks, network_counts):
    names = ["resnet50", "bagnet33", "vit_large_patch16_224"]
    some = tidy_networks[tidy_networks["network"].isin(names)]
    table = channel_table(some, method="ml", sigmoid="norm")
    for name in names:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotResolvedWarning)
            one = ChannelEstimator("ml", sigmoid="norm").fit(*network_counts[name])
        for column in ("bandwidth", "center_frequency", "peak_sensitivity", "slope", "dispersion"):
            assert table.loc[name, column] == pytest.approx(getattr(one, f"{column}_"), nan_ok=True, rel=1e-6)
        assert table.loc[name, "resolved"] == one.resolved_
    with pytest.raises(ValueError, match="method must be one of"):
        channel_table(some, method="filters")


# ------------------------------------------------------------------------------------------------- a group


def test_a_group_by_likelihood_is_its_pooled_counts(group):
    channel = ChannelEstimator("ml").fit(*group)
    pooled = ChannelEstimator("ml").fit(group[0].sum(axis=0), group[1].sum(axis=0))
    assert channel.n_observers_in_ == 14
    assert channel.bandwidth_ == pooled.bandwidth_ == pytest.approx(2.08, abs=0.03)
    assert channel.dispersion_ == pytest.approx(10.3, abs=0.05)


def test_a_group_by_index_is_its_mean_accuracy(group):
    channel = ChannelEstimator().fit(*group)
    mean = ChannelEstimator().fit_accuracy(human_mean_accuracy())
    assert channel.thresholds_.tolist() == mean.thresholds_.tolist()
    assert channel.bandwidth_ == mean.bandwidth_


def test_trials_that_only_some_observers_saw():
    """Index: the mean over those who saw a cell; likelihood: the sum."""
    data = make_channel_counts(2, random_state=0)
    correct, trials = data.n_correct.copy(), np.stack([data.n_trials] * 2)
    correct[0, 4, 2] = trials[0, 4, 2] = 0
    with pytest.warns(UserWarning, match="1 of 70 conditions"):
        by_index = ChannelEstimator().fit(correct, trials)
    accuracy = (correct / np.maximum(trials, 1)).mean(axis=0)
    accuracy[4, 2] = correct[1, 4, 2] / trials[1, 4, 2]
    assert by_index.thresholds_.tolist() == ChannelEstimator().fit_accuracy(accuracy).thresholds_.tolist()


# ------------------------------------------------------------------------------------------------ intervals


def test_profile_is_that_of_the_likelihood_fit(counts, channel):
    limits = channel_confint(fit_channel_likelihood(*counts))
    found = channel.confint()
    assert set(found) == {"bandwidth", "center_frequency", "peak_sensitivity", "slope", "lapse_rate"}
    for name, metric in found.items():
        assert [metric.low, metric.high] == limits[name].tolist(), name
        assert metric.low < metric.value < metric.high
        assert (metric.n, metric.n_unit, metric.method) == (1050, "trials", "profile likelihood")
    assert found["bandwidth"].unit == "octaves"


def test_bootstrap_over_people(group):
    """Target 2.01 to 2.15; two Monte Carlo errors of the limits from 1,000 resamples are about 0.011."""
    channel = ChannelEstimator("ml").fit(*group)
    over_people = channel.confint(over="observers", random_state=0)["bandwidth"]
    assert [over_people.low, over_people.high] == pytest.approx([2.01, 2.15], abs=0.015)
    assert (over_people.n, over_people.n_unit) == (14, "observers")
    assert over_people.method == "bootstrap over observers, 1000 resamples"
    power = ChannelEstimator("ml", sensitivity="power").fit(*group).confint(over="observers", random_state=0)
    assert power["bandwidth"].low == pytest.approx(over_people.low / math.sqrt(2))


@pytest.mark.parametrize("method", ["profile", "bootstrap", "wald"])
def test_methods_agree_with_many_trials(method):
    """With 100 times the trials all are the same to a tenth of the half width and Monte Carlo error."""
    data = make_channel_counts(1, n_trials=100 * published_trial_counts(), random_state=1)
    channel = ChannelEstimator("ml").fit(data.n_correct[0], data.n_trials)
    reference = channel.confint()["bandwidth"]
    metric = channel.confint(method, n_resamples=500, random_state=0)["bandwidth"]
    reach = (reference.high - reference.low) / 2
    assert metric.low == pytest.approx(reference.low, abs=0.3 * reach)
    assert metric.high == pytest.approx(reference.high, abs=0.3 * reach)


def test_index_bootstrap_over_trials(network_counts):
    """Known: under resampling of trials the width of this network spans 3.3 to 5.4 octaves."""
    metrics = ChannelEstimator().fit(*network_counts["resnet50"]).confint(n_resamples=400, random_state=0)
    assert set(metrics) == {"bandwidth", "center_frequency", "peak_sensitivity"}
    assert metrics["bandwidth"].low == pytest.approx(3.3, abs=0.3)
    assert metrics["bandwidth"].high == pytest.approx(5.4, abs=0.5)
    assert metrics["bandwidth"].method == "bootstrap over trials, 400 resamples"


def test_index_bootstrap_over_people(group):
    """Target of the report, from another bootstrap: 1.00 to 2.09 octaves, two of the few possible values."""
    metric = ChannelEstimator().fit(*group).confint(over="observers", n_resamples=400, random_state=0)
    assert [round(metric["bandwidth"].low, 2), round(metric["bandwidth"].high, 2)] == [1.0, 2.09]
    assert metric["bandwidth"].n == 14


@pytest.mark.parametrize("method", ["index", "ml"])
def test_seed_decides(counts, method):
    channel = ChannelEstimator(method).fit(*counts)
    first, again, other = (
        channel.confint("bootstrap", n_resamples=200, random_state=seed)["bandwidth"] for seed in (0, 0, 1)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("method", "settings", "message"),
    [
        ("index", {"method": "profile"}, "method must be one of None, 'bootstrap', got 'profile'"),
        ("ml", {"method": "exact"}, "method must be one of None, 'profile', 'bootstrap', 'wald'"),
        ("ml", {"over": "people"}, "over must be one of"),
        ("ml", {"over": "observers"}, "over must be 'trials' for one observer"),
        ("ml", {"level": 95}, "level must be in"),
        ("index", {"n_resamples": 10}, "n_resamples must be >= 100"),
    ],
)
def test_bad_options_of_intervals(counts, method, settings, message):
    channel = ChannelEstimator(method).fit(*counts)
    with pytest.raises(ValueError, match=f"^ChannelEstimator: {message}"):
        channel.confint(**settings)


def test_intervals_need_counts():
    channel = ChannelEstimator().fit_accuracy(human_mean_accuracy())
    with pytest.raises(ValueError, match="confint needs counts"):
        channel.confint()
