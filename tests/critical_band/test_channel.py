import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from neurosci.critical_band import (
    ChannelEstimator,
    NotResolvedWarning,
    human_mean_accuracy,
    make_channel_counts,
    published_trial_counts,
    threshold_indices,
)

FITTED = [
    "thresholds_",
    "threshold_noise_sd_",
    "resolved_bands_",
    "criterion_",
    "resolved_",
    "reason_",
    "bandwidth_",
    "center_frequency_",
    "peak_sensitivity_",
    "at_bound_",
    "amplitude_",
    "center_index_",
    "width_",
    "n_bands_in_",
]


@pytest.fixture(scope="module")
def counts():
    data = make_channel_counts(1, bandwidth=4.0, peak_sensitivity=35, slope=3, random_state=1)
    return data.n_correct[0], data.n_trials


def state(estimator):
    return {name: np.asarray(getattr(estimator, name)).tolist() for name in FITTED}


# --------------------------------------------------------------------------------- what every estimator does


def test_init_only_stores():
    estimator = ChannelEstimator("nonsense", criterion=7, noise_sd="x", amplitude_bound=-1)
    assert estimator.get_params() == {
        "method": "nonsense",
        "criterion": 7,
        "relative": False,
        "noise_sd": "x",
        "sensitivity": None,
        "lowest_frequency": 1.75,
        "amplitude_bound": -1,
        "guess_rate": 1 / 16,
        "sigmoid": "logistic",
        "band_spectra": None,
    }


def test_clone_set_params_repr_and_pickle(counts):
    estimator = ChannelEstimator(criterion=0.4)
    copy = clone(estimator).set_params(relative=True)
    assert copy.relative and not estimator.relative
    assert "criterion=0.4" in repr(estimator)
    estimator.fit(*counts)
    assert state(pickle.loads(pickle.dumps(estimator))) == state(estimator)


def test_fit_returns_self_and_is_idempotent(counts):
    estimator = ChannelEstimator()
    before = estimator.get_params()
    assert estimator.fit(*counts) is estimator
    first = state(estimator)
    assert state(estimator.fit(*counts)) == first
    assert estimator.get_params() == before


def test_refit_forgets(counts):
    estimator = ChannelEstimator().fit(*counts)
    with pytest.warns(NotResolvedWarning):
        estimator.fit(np.zeros((5, 7), int), published_trial_counts())
    assert np.isnan(estimator.bandwidth_)
    assert not estimator.resolved_


def test_not_fitted():
    with pytest.raises(NotFittedError):
        ChannelEstimator().predict([0.0])


def read_only(a):
    copy = a.copy()
    copy.setflags(write=False)
    return copy


@pytest.mark.parametrize(
    "convert",
    [
        read_only,
        np.asfortranarray,
        lambda a: a.astype(np.float32),
        lambda a: a.astype(float),
        lambda a: a.astype(np.int8),
        lambda a: a.astype(np.uint8),
        lambda a: a.astype(">i4"),
        lambda a: a.tolist(),
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    ],
    ids=["read-only", "Fortran", "float32", "float64", "int8", "uint8", "big-endian", "list", "strided"],
)
def test_any_way_to_hold_counts(counts, convert):
    reference = state(ChannelEstimator().fit(*counts))
    given = [convert(a) for a in counts]
    kept = [np.array(a) for a in given]
    assert state(ChannelEstimator().fit(*given)) == reference
    for before, after in zip(kept, given, strict=True):
        np.testing.assert_array_equal(before, after)


def test_memory_mapped_counts(counts, tmp_path):
    maps = []
    for name, table in zip(("correct", "trials"), counts, strict=True):
        np.save(tmp_path / f"{name}.npy", table)
        maps.append(np.load(tmp_path / f"{name}.npy", mmap_mode="r"))
    assert state(ChannelEstimator().fit(*maps)) == state(ChannelEstimator().fit(*counts))


def test_data_frames(counts):
    import pandas as pd

    frames = [pd.DataFrame(a) for a in counts]
    assert state(ChannelEstimator().fit(*frames)) == state(ChannelEstimator().fit(*counts))


# --------------------------------------------------------------------------------------------- what it means


def test_counts_and_proportions_agree(counts):
    correct, trials = counts
    assert state(ChannelEstimator().fit(correct, trials)) == state(
        ChannelEstimator().fit_accuracy(correct / trials)
    )


def test_human_mean():
    channel = ChannelEstimator().fit_accuracy(human_mean_accuracy())
    assert channel.thresholds_.tolist() == [0, 0, 0, 0, 2, 2, 0]
    assert channel.thresholds_.dtype == np.int64
    assert f"{channel.bandwidth_:.4f} {channel.center_frequency_:.3f} {channel.peak_sensitivity_:.2f}" == (
        "0.9999 39.598 1.00"
    )
    assert channel.resolved_ and channel.at_bound_ and channel.reason_ == ""


def test_threshold_limits_bracket_the_criterion():
    """Each kind of threshold: above the strongest noise, between two levels, below the weakest, never."""
    accuracy = np.full((5, 4), 0.1)
    accuracy[:, 0] = 0.9
    accuracy[:4, 1] = 0.9
    accuracy[0, 2] = 0.9
    channel = ChannelEstimator().fit_accuracy(accuracy)
    expected = [[0.16, np.inf], [0.08, 0.16], [0.0, 0.02], [np.nan, np.nan]]
    np.testing.assert_array_equal(channel.threshold_noise_sd_, expected)
    assert channel.resolved_bands_.tolist() == [True, True, True, False]
    assert channel.thresholds_.tolist() == [0, 1, 4, 4]


def test_never_is_told_from_only_without_noise():
    """Index 4 in all bands: resolved bands differ although the index does not."""
    accuracy = np.full((5, 7), 0.1)
    accuracy[0] = [0.9, 0.9, 0.9, 0.4, 0.4, 0.4, 0.4]
    with pytest.warns(NotResolvedWarning):
        channel = ChannelEstimator().fit_accuracy(accuracy)
    assert channel.thresholds_.tolist() == [4] * 7
    assert channel.resolved_bands_.sum() == 3


def test_relative_criterion_closed_form(counts):
    correct, trials = counts
    channel = ChannelEstimator(relative=True).fit(correct, trials)
    ceiling = correct[0].sum() / trials[0].sum()
    assert channel.criterion_ == pytest.approx(1 / 16 + 0.5 * (ceiling - 1 / 16))
    assert channel.thresholds_.tolist() == threshold_indices(correct / trials, channel.criterion_).tolist()


def test_relative_criterion_of_an_observer_at_chance():
    with pytest.warns(NotResolvedWarning, match="0 of 7 bands"):
        channel = ChannelEstimator(relative=True).fit(np.ones((5, 7), int), np.full((5, 7), 30))
    assert np.isnan(channel.criterion_)
    assert not channel.resolved_bands_.any()


def test_predict_is_the_gaussian(counts):
    channel = ChannelEstimator().fit(*counts)
    peak = channel.predict(channel.center_index_)
    assert peak == pytest.approx(channel.amplitude_)
    half = channel.center_index_ + channel.bandwidth_ / 2
    assert channel.predict([half])[0] == pytest.approx(channel.amplitude_ / 2)
    assert channel.predict(np.zeros((2, 3))).shape == (2, 3)


@pytest.mark.parametrize("zeros", [1, 5])
def test_empty_conditions(counts, zeros):
    correct, trials = (a.copy() for a in counts)
    correct[:zeros, 2] = trials[:zeros, 2] = 0
    with pytest.warns(UserWarning, match=f"{zeros} of 35 conditions have no trial"):
        channel = ChannelEstimator().fit(correct, trials)
    assert channel.thresholds_[2] == (-1 if zeros == 5 else threshold_indices(correct[1:] / trials[1:])[2])
    assert channel.resolved_


def test_unresolved_has_no_numbers():
    with pytest.warns(NotResolvedWarning, match="NaN") as caught:
        channel = ChannelEstimator().fit(np.zeros((5, 7), int), published_trial_counts())
    assert caught[0].filename == __file__
    for name in (
        "bandwidth_",
        "center_frequency_",
        "peak_sensitivity_",
        "amplitude_",
        "center_index_",
        "width_",
    ):
        assert np.isnan(getattr(channel, name))
    assert not channel.resolved_ and not channel.at_bound_
    assert np.isnan(channel.predict([1.0]))


def test_median_width_of_a_known_channel():
    """A true channel of 4 octaves (amplitude) gives index widths around it, as quantisation allows."""
    data = make_channel_counts(
        210, bandwidth=4.0, peak_sensitivity=35, slope=3, lapse_rate=0.05, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotResolvedWarning)
        widths = [ChannelEstimator().fit(k, data.n_trials).bandwidth_ for k in data.n_correct]
    assert np.nanmedian(widths) == pytest.approx(4.3, abs=0.5)
    assert np.mean(np.isnan(widths)) < 0.05


# ------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("correct", "trials", "error", "message"),
    [
        (np.full((5, 7), -1), np.full((5, 7), 9), ValueError, "n_correct must be >= 0"),
        (np.full((5, 7), 0.5), np.full((5, 7), 9), ValueError, "whole numbers.*not proportions"),
        (
            np.full((5, 7), 10),
            np.full((5, 7), 9),
            ValueError,
            "at most n_trials, got 10 of 9 at position \\(0, 0\\)",
        ),
        (np.full((5, 7), np.nan), np.full((5, 7), 9), ValueError, "whole numbers"),
        (np.full((5, 7), np.inf), np.full((5, 7), 9), ValueError, "whole numbers"),
        (np.full((7, 5), 1), np.full((7, 5), 9), ValueError, "transpose it"),
        (np.full((4, 7), 1), np.full((4, 7), 9), ValueError, "one row per noise level"),
        (np.full((5, 7), 1), np.full((5, 6), 9), ValueError, "must have the shape of n_correct"),
        (np.full(35, 1), np.full(35, 9), ValueError, "must have shape"),
        (np.empty((5, 0)), np.empty((5, 0)), ValueError, "must have shape"),
        (np.zeros((5, 7)), np.zeros((5, 7)), ValueError, "above 0 somewhere"),
        (np.full((5, 7), 1j), np.full((5, 7), 9), TypeError, "complex"),
        (np.full((5, 7), "1"), np.full((5, 7), 9), TypeError, "must be counts, got dtype"),
        ([[1, 2], [1]], [[1, 2], [1]], TypeError, "unequal length"),
    ],
)
def test_bad_counts(correct, trials, error, message):
    with pytest.raises(error, match=message):
        ChannelEstimator().fit(correct, trials)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "indices"}, "did you mean 'index'"),
        ({"criterion": 50}, r"criterion must be in \(0, 1\)"),
        ({"criterion": 0}, r"criterion must be in \(0, 1\)"),
        ({"lowest_frequency": 0}, "lowest_frequency must be > 0"),
        ({"amplitude_bound": np.inf}, "amplitude_bound must be > 0"),
        ({"noise_sd": (0.02, 0.04, 0.08, 0.16, 0.32)}, "starts with 0"),
        ({"noise_sd": (0, 0.02, 0.03, 0.08, 0.16)}, "must double"),
        ({"noise_sd": (0, 0.16, 0.08, 0.04, 0.02)}, "must double"),
        ({"noise_sd": (0, 0.02)}, "at least two more"),
    ],
)
def test_bad_parameters(counts, parameters, message):
    with pytest.raises(ValueError, match=message):
        ChannelEstimator(**parameters).fit(*counts)


def test_bad_accuracy():
    with pytest.raises(ValueError, match="one row per noise level"):
        ChannelEstimator().fit_accuracy(np.ones((4, 7)))
    with pytest.raises(ValueError, match="at least one number"):
        ChannelEstimator().fit_accuracy(np.full((5, 7), np.nan))
    with pytest.raises(ValueError, match="divide percent"):
        ChannelEstimator().fit_accuracy(human_mean_accuracy() * 100)
