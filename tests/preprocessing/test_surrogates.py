"""Surrogates keep spectra or lagged covariances, and nothing that changes over time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from neurosci.preprocessing.connectivity import window_graphs, window_starts
from neurosci.preprocessing.surrogates import autoregressive, phase_randomized


def cross_spectra(X):
    F = np.fft.rfft(X, axis=0)
    return F[:, :, np.newaxis] * F[:, np.newaxis].conj()


@pytest.mark.parametrize("n_times", [2, 3, 60, 61])
def test_cross_spectra_stay(n_times):
    X = np.random.default_rng(0).standard_normal((n_times, 4)).cumsum(axis=0) + 7
    for Y in phase_randomized(X, n_surrogates=3, random_state=1):
        expected = cross_spectra(X)
        # rounding of two Fourier transforms, as a share of the largest entry
        np.testing.assert_allclose(cross_spectra(Y), expected, atol=1e-12 * np.abs(expected).max())
        np.testing.assert_allclose(Y.mean(axis=0), X.mean(axis=0))


def test_correlations_and_lagged_correlations_stay():
    X = np.random.default_rng(2).standard_normal((80, 5)) @ np.random.default_rng(3).standard_normal((5, 5))
    (Y,) = phase_randomized(X, random_state=0)
    for lag in (0, 1, 7):
        a, b = (np.roll(Z, lag, axis=0).T @ Z for Z in (X, Y))
        np.testing.assert_allclose(a, b, atol=1e-10)
    assert np.abs(X - Y).max() > 0.1


def test_phases_are_uniform_and_shared_by_all_regions():
    X = np.random.default_rng(4).standard_normal((200, 3))
    Y = phase_randomized(X, n_surrogates=20, random_state=5)
    turned = np.angle(np.fft.rfft(Y, axis=1)[:, 1:100] / np.fft.rfft(X, axis=0)[1:100])
    assert np.abs(np.exp(1j * turned) - np.exp(1j * turned[..., :1])).max() < 1e-9
    p = stats.kstest(turned[..., 0].ravel(), stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue
    assert p > 1e-3  # 1980 independent phases; fixed seed


def test_changes_over_time_are_gone():
    # two regions, coupled in the first half only: r of windows differs by about 0.9 between the halves
    rng = np.random.default_rng(6)
    X = rng.standard_normal((400, 2))
    X[:200, 1] = 0.95 * X[:200, 0] + np.sqrt(1 - 0.95**2) * X[:200, 1]

    def contrast(series):
        r = window_graphs(series, window_starts(400, 50, 25), 50, density=None).correlation[:, 0, 1]
        return abs(r[:6].mean() - r[-6:].mean())

    null = [contrast(Y) for Y in phase_randomized(X, n_surrogates=199, random_state=7)]
    assert contrast(X) > max(null)  # p = 1/200


def test_the_seed_decides():
    X = np.random.default_rng(8).standard_normal((30, 2))
    same = [phase_randomized(X, n_surrogates=2, random_state=s) for s in (0, np.random.default_rng(0))]
    np.testing.assert_array_equal(*same)
    np.testing.assert_array_equal(phase_randomized(X, random_state=0)[0], same[0][0])
    assert np.abs(phase_randomized(X, random_state=1)[0] - same[0][0]).max() > 0.1


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        ([[1.0, np.nan], [0.0, 1.0]], {}, "must be finite"),
        ([[1.0, 2.0]], {}, "at least 2 times"),
        (np.ones((9, 2)), {"n_surrogates": 0}, "n_surrogates must be at least 1"),
    ],
)
def test_bad_input_is_named(series, options, message):
    with pytest.raises(ValueError, match=message):
        phase_randomized(series, **options)


# --------------------------------------------------------------------------------------------- autoregression


def lagged(X, lag):
    return X[lag:].T @ X[: len(X) - lag] / len(X)


@pytest.mark.parametrize("order", [1, 3])
def test_autoregressive_draws_have_the_covariances_of_the_series(order, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((300, 3)) @ rng.standard_normal((3, 3))
    for t in range(2, 300):
        X[t] += 0.5 * X[t - 1][[1, 2, 0]] - 0.3 * X[t - 2]
    X += 5 - X.mean(axis=0)
    draws = autoregressive(X, order=order, n_surrogates=400, random_state=seed)
    for lag in range(order + 1):
        of_draws = np.array([lagged(Y - 5, lag) for Y in draws])
        # sums of a draw are divided by n_times at every lag, so that their mean is short by lag / n_times
        expected = lagged(X - 5, lag) * (1 - lag / 300)
        error = of_draws.std(axis=0, ddof=1) / np.sqrt(400)
        assert (abs(of_draws.mean(axis=0) - expected) < 4.5 * error).all()  # 9 entries, 4 lags: p = 1e-4


def test_autoregression_of_order_one_is_that_of_statsmodels():
    from statsmodels.tsa.api import VAR

    X = np.random.default_rng(3).standard_normal((20_000, 2))
    for t in range(1, len(X)):
        X[t] += [[0.6, 0.2], [-0.3, 0.4]] @ X[t - 1]
    (Y,) = autoregressive(X, random_state=4)
    one, other = (VAR(Z).fit(1, trend="c") for Z in (X, Y))
    # both are estimated from 20,000 frames
    error = np.sqrt(one.stderr[1:] ** 2 + other.stderr[1:] ** 2)
    assert (abs(one.coefs[0].T - other.coefs[0].T) < 4 * error).all()


def test_autoregressive_draws_do_not_change_over_time():
    rng = np.random.default_rng(6)
    X = rng.standard_normal((400, 2))
    X[:200, 1] = 0.95 * X[:200, 0] + np.sqrt(1 - 0.95**2) * X[:200, 1]

    def contrast(Y):
        return abs(np.corrcoef(Y[:200].T)[0, 1] - np.corrcoef(Y[200:].T)[0, 1])

    assert contrast(X) > max(contrast(Y) for Y in autoregressive(X, n_surrogates=199, random_state=7))


def test_the_seed_decides_autoregression():
    X = np.random.default_rng(8).standard_normal((30, 2))
    same = [autoregressive(X, random_state=s) for s in (0, np.random.default_rng(0))]
    np.testing.assert_array_equal(*same)
    assert np.abs(autoregressive(X, random_state=1) - same[0]).max() > 0.1


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        ([[1.0, np.nan], [0.0, 1.0]], {}, "must be finite"),
        (np.random.default_rng(0).standard_normal((6, 5)), {}, "covariances of 5 regions at 2 lags, got 6"),
        (np.random.default_rng(0).standard_normal((3, 1)), {"order": 3}, "got 3 frames"),
        (np.ones((50, 2)), {}, "take fewer regions"),
        (np.eye(9), {"order": 0}, "order must be at least 1"),
    ],
)
def test_what_autoregression_cannot_use_is_named(series, options, message):
    with pytest.raises(ValueError, match=message):
        autoregressive(series, **options)
