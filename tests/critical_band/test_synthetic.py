import numpy as np
import pytest

from neurosci.critical_band import (
    ChannelEstimator,
    channel_table,
    make_channel_counts,
    published_trial_counts,
    resample_counts,
)


def test_probability_follows_the_stated_model():
    """Oracle: the formula, cell by cell, with the logistic written out."""
    data = make_channel_counts(
        2,
        bandwidth=[1.5, 4.0],
        center_frequency=[28.0, 14.0],
        peak_sensitivity=[20.0, 40.0],
        slope=2.0,
        lapse_rate=0.05,
        random_state=0,
    )
    for observer, (width, center, peak) in enumerate([(1.5, 4, 20), (4.0, 3, 40)]):
        sigma = width / (2 * np.sqrt(2 * np.log(2)))
        for row, sd in enumerate((0, 0.02, 0.04, 0.08, 0.16)):
            for band in range(7):
                sensitivity = peak * np.exp(-((band - center) ** 2) / (2 * sigma**2))
                detected = 1 / (1 + (sd * sensitivity) ** (2.0 / np.log(2))) if sd else 1.0
                expected = 1 / 16 + (1 - 1 / 16 - 0.05) * detected
                assert data.probability[observer, row, band] == pytest.approx(expected, rel=1e-9)
    assert data.frequencies.tolist() == [1.75, 3.5, 7, 14, 28, 56, 112]
    assert data.truth["bandwidth"].tolist() == [1.5, 4.0]


def test_moments(seed):
    """Mean and variance of 4,000 observers against the binomial: 5 standard errors at most in 35 cells."""
    data = make_channel_counts(4000, random_state=seed)
    n, p = data.n_trials, data.probability[0]
    spread = np.sqrt(n * p * (1 - p))
    assert np.abs((data.n_correct.mean(axis=0) - n * p) / (spread / np.sqrt(4000))).max() < 5
    ratio = data.n_correct.var(axis=0) / spread**2
    kurtosis = 2 + (1 - 6 * p * (1 - p)) / (n * p * (1 - p))
    assert np.abs((ratio - 1) / np.sqrt(kurtosis / 4000)).max() < 5


def test_cells_are_independent(seed):
    data = make_channel_counts(2000, random_state=seed)
    correlation = np.corrcoef(data.n_correct.reshape(2000, 35), rowvar=False)
    # 595 pairs with standard error 1/sqrt(2000)
    assert np.abs(correlation - np.eye(35)).max() < 5 / np.sqrt(2000)


def test_seed_decides():
    first, again, other = (make_channel_counts(3, random_state=s).n_correct for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    generator = np.random.default_rng(1)
    np.testing.assert_array_equal(make_channel_counts(3, random_state=generator).n_correct, first)


def test_design():
    data = make_channel_counts(1, random_state=0)
    np.testing.assert_array_equal(data.n_trials, published_trial_counts())
    own = make_channel_counts(2, n_trials=np.full((4, 5), 11), noise_sd=(0, 0.01, 0.02, 0.04), random_state=0)
    assert own.n_correct.shape == (2, 4, 5)
    assert (own.n_correct <= 11).all()


def test_human_like_defaults_give_the_human_pattern():
    """A channel of 2.1 octaves (amplitude) gives indices like the human ones, highest in bands 4 and 5."""
    exact = make_channel_counts(1, random_state=0).probability[0]
    indices = ChannelEstimator().fit_accuracy(exact).thresholds_
    assert indices.argmax() in (4, 5)
    assert indices[[0, 1, 2, 6]].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_observers": 0}, "n_observers must be >= 1"),
        ({"bandwidth": 0}, "bandwidth must be > 0, got 0"),
        ({"bandwidth": np.inf}, "bandwidth must be > 0"),
        ({"bandwidth": [1, 2]}, r"one number or have shape \(3,\)"),
        ({"center_frequency": -1}, "center_frequency must be > 0"),
        ({"lapse_rate": 0.95}, r"lapse_rate must be in \[0, 0.9375\)"),
        ({"guess_rate": 1}, "guess_rate must be in"),
        ({"lowest_frequency": 0}, "lowest_frequency must be > 0"),
        ({"n_trials": np.ones((4, 7))}, "one row per noise level"),
        ({"n_trials": -published_trial_counts()}, "n_correct must be >= 0|n_trials must be >= 0"),
        ({"noise_sd": (0.1, 0.2, 0.4)}, "starts with 0"),
    ],
)
def test_bad_parameters(settings, message):
    with pytest.raises(ValueError, match=message):
        make_channel_counts(**{"n_observers": 3, **settings}, random_state=0)


# ------------------------------------------------------------------------------------------------- resamples


def test_resamples_are_binomial(seed):
    """Mean and variance of 5,000 resamples of one table against k and k (1 - k/n)."""
    data = make_channel_counts(1, random_state=seed)
    correct, trials = data.n_correct[0], data.n_trials
    draws = resample_counts(correct, trials, n_resamples=5000, random_state=seed)
    variance = correct * (1 - correct / trials)
    fixed = variance == 0
    assert (draws[:, fixed] == correct[fixed]).all()
    deviation = (draws.mean(axis=0) - correct)[~fixed] / np.sqrt(variance[~fixed] / 5000)
    assert np.abs(deviation).max() < 5
    assert ((draws >= 0) & (draws <= trials)).all()


def test_resamples_of_empty_cells():
    draws = resample_counts([[0, 3]], [[0, 5]], n_resamples=9, random_state=0)
    assert (draws[:, 0, 0] == 0).all()


def test_resampling_refuses_impossible_counts():
    with pytest.raises(ValueError, match="at most n_trials"):
        resample_counts([[3]], [[2]])
    with pytest.raises(ValueError, match="n_resamples must be >= 1"):
        resample_counts([[1]], [[2]], n_resamples=0)


# ---------------------------------------------------------------------------------------------------- tables


def test_bad_tables(tidy_networks):
    with pytest.raises(ValueError, match="columns"):
        channel_table(tidy_networks.rename(columns={"band": "k"}))
    with pytest.raises(ValueError, match="at least one row"):
        channel_table(tidy_networks.iloc[:0])
    with pytest.raises(ValueError, match="each condition of an observer once, got 1 repeats"):
        import pandas as pd

        channel_table(pd.concat([tidy_networks, tidy_networks.iloc[:1]]))
    with pytest.raises(ValueError, match="noise_sd of counts must be among"):
        channel_table(tidy_networks.assign(noise_sd=tidy_networks["noise_sd"] * 2))
