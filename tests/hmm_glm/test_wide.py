"""Stochastic EM above 128 regressors: starts from rates, learned scales, steps in an eigenbasis."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from neurosci.hmm_glm import (
    HMMGLM,
    ExponentialBasis,
    GaussianHMMGLM,
    fit_stochastic,
    make_onehot_hmmglm,
    match_states,
    state_accuracy,
)
from neurosci.hmm_glm import _streaming_wide as wide
from tests.hmm_glm.truth import at_truth

N_TRAIN = 8


@pytest.fixture(scope="module")
def network():
    """A network of 135 neurons whose connections switch between two states."""
    return make_onehot_hmmglm(
        135,
        2,
        3000,
        N_TRAIN + 1,
        link="softplus",
        basis=ExponentialBasis(),
        strength_mean=-4.8,
        random_state=0,
    )


def parts(data):
    edge = int(data.lengths[:N_TRAIN].sum())
    return data.X[:edge], data.lengths[:N_TRAIN], data.X[edge:], edge


def test_states_weights_and_scales_of_a_large_network(network):
    X, lengths, held, edge = parts(network)
    model = GaussianHMMGLM(2, basis=network.basis, n_init=2, max_iter=20, random_state=0)
    fit_stochastic(model, X, lengths, block_bins=1500, start_bins=6000)
    order = match_states(network.states[:edge], model.predict(X, lengths), 2)
    reached = state_accuracy(network.states[edge:], model.predict(held), order)
    oracle = at_truth(network)
    # errors of weights cost some of the doubtful bins around a switch, of which 3000 / 200 have two to four
    assert reached > state_accuracy(network.states[edge:], oracle.predict(held)) - 0.02
    assert model.bits_per_spike(held) > 0
    first, second = network.coef[order]
    # of 2 * 135**2 weights, each known to about its own size: their variances to a few percent
    assert model.gaussian_prior_["scale"] == pytest.approx(np.std(first - second) / np.sqrt(2), rel=0.15)
    assert model.gaussian_prior_["centre_scale"] == pytest.approx(np.sqrt((first * second).mean()), rel=0.5)
    assert np.corrcoef(model.coef_.ravel(), network.coef[order].ravel())[0, 1] > 0.4
    assert model.n_parameters_ < 2 * 135**2
    assert model.solver_ == "stochastic"


def test_without_a_prior_states_are_found_and_the_loss_is_named(network):
    X, lengths, held, edge = parts(network)
    model = HMMGLM(2, basis=network.basis, n_init=2, max_iter=20, random_state=0)
    with pytest.warns(UserWarning, match=r"fit_stochastic: X must teach all weights, got bins .*gaussian"):
        fit_stochastic(model, X, lengths, block_bins=1500, start_bins=6000)
    assert model.n_parameters_ == 2 * 135**2 + 135 + 2
    assert model.bits_per_spike(held) < 0
    order = match_states(network.states[:edge], model.predict(X, lengths), 2)
    assert state_accuracy(network.states[edge:], model.predict(held), order) > 0.8


def test_a_warm_start_goes_on_with_what_was_learned(network):
    X, lengths, _, _ = parts(network)
    model = GaussianHMMGLM(2, basis=network.basis, n_init=1, max_iter=20, random_state=0, warm_start=True)
    fit_stochastic(model, X, lengths, block_bins=3000, start_bins=6000)
    first = model.loglik_history_[0]
    fit_stochastic(model, X, lengths, block_bins=3000, start_bins=6000)
    assert model.start_loglik_.size == 0
    # the first block is the same, and predicted better by weights that know it than by none
    assert model.loglik_history_[0] > first


def test_a_plain_fit_of_many_neurons_begins_with_rates():
    """Random blocks would stay as they are: 135 weights of a state know its 300 bins by heart."""
    rng = np.random.default_rng(1)
    states = np.repeat(rng.integers(0, 2, 12), 50)
    rates = 0.3 * np.exp(rng.normal(0.0, 0.5, (2, 135)))
    X = rng.poisson(rates[states])
    model = HMMGLM(2, shared_intercept=False, n_init=1, max_iter=2, random_state=0).fit(X)
    found = model.predict(X)
    assert state_accuracy(states, found, match_states(states, found, 2)) > 0.95
    assert model.solver_ == "lbfgs"


@pytest.mark.parametrize("excess", [0.0, 0.3, 3.0])
def test_the_likeliest_variance_of_equal_errors_is_the_excess(excess, seed):
    rng = np.random.default_rng(seed)
    noise = 0.7
    z = rng.normal(0.0, np.sqrt(noise + excess), 2000)
    found = wide.likeliest_variance(z, np.full(2000, noise))
    # closed form; the search stops within 0.05 of the logarithm
    expected = max((z**2).mean() - noise, 0.0)
    assert found == pytest.approx(expected, rel=0.06, abs=noise * 1e-5)


def test_common_and_own_parts_of_weights_are_told_apart(seed):
    rng = np.random.default_rng(seed)
    n, n_states, own, common = 60, 3, 0.02, 0.03
    centre = rng.normal(0.0, common, (n, n))
    average = wide.WideAverage(model_of(n), 1000, learn=True)
    bases, both = [], []
    for _ in range(n_states):
        vectors = np.linalg.qr(rng.normal(size=(n, n)))[0]
        error = rng.uniform(1e-4, 4e-3, (n, n))
        weights = centre + rng.normal(0.0, own, (n, n))
        bases.append((np.ones(n), vectors))
        both.append((weights @ vectors + rng.normal(size=(n, n)) * np.sqrt(error), error))
    average._find_scales(bases, both)
    # 3600 weights with errors of their own size: four standard errors of a variance are below a fifth
    assert average.variance == pytest.approx(own**2, rel=0.2)
    assert average.centre_variance == pytest.approx(common**2, rel=0.2)


def test_held_weights_are_the_optimum_of_the_others(seed):
    rng = np.random.default_rng(seed)
    n = 6
    free = ~np.eye(n, dtype=bool)
    root = rng.normal(size=(n, 2 * n))
    values, vectors = np.linalg.eigh(root @ root.T)
    bend = rng.uniform(0.5, 2.0, n)
    slope = rng.normal(size=(n, n))
    z, error = wide._estimates(values, vectors, bend, np.zeros((n, n)), slope, 10.0)
    found = wide._posterior(z, error, vectors, 0.05, free)
    for k in range(n):
        keep = np.flatnonzero(free[k])
        curvature = 10 * bend[k] * (root @ root.T)[np.ix_(keep, keep)] + np.eye(n - 1) / 0.05
        np.testing.assert_allclose(found[k, keep], np.linalg.solve(curvature, 10 * slope[k, keep]), rtol=1e-9)
        assert found[k, k] == 0.0


def test_a_direction_without_data_is_left_to_the_prior():
    values, vectors = np.array([0.0, 1.0, 2.0]), np.eye(3)
    z, error = wide._estimates(values, vectors, np.ones(3), np.ones((3, 3)), np.zeros((3, 3)), 5.0)
    assert np.isinf(error[:, 0]).all()
    np.testing.assert_array_equal(z[:, 0], 0.0)
    np.testing.assert_array_equal(
        wide._posterior(z, error, vectors, np.inf, np.ones((3, 3), bool))[:, 1:], 1.0
    )


@pytest.mark.parametrize("shared", [True, False])
def test_a_step_of_all_bins_leaves_no_slope(recording, shared):
    """Without a prior the carried slope of weights is zero where a step is not cut."""
    from neurosci.hmm_glm._passes import Parameters

    average = wide.WideAverage(model_of(7, shared), recording.n_bins, learn=True)
    start = Parameters(
        np.zeros((2, 7, 7)), np.full((2, 7), -0.5), np.array([[0.9, 0.1], [0.2, 0.8]]), np.full(2, 0.5)
    )
    start.intercept[1] += 0.2
    after, _ = average.step(recording, start, 1.0)
    average.finish(after)
    # sums of 6000 products, rounded
    assert np.abs(average.gradient[..., :-1]).max() < 1e-12 * np.abs(average.grams).max()


def model_of(n, shared=True):
    from neurosci.hmm_glm._m_step import Model
    from neurosci.hmm_glm._passes import LINKS

    gaussian = "gaussian" if n == 60 else "none"
    return Model(LINKS["softplus"], shared, np.ones((n, n), bool), prior=gaussian)


def test_information_is_the_expected_curvature():
    from scipy.stats import poisson

    from neurosci.hmm_glm._em import baseline
    from neurosci.hmm_glm._passes import LINKS

    counts = np.arange(60)[:, None]
    rates = np.array([0.01, 0.3, 0.8])
    for link, function in (
        ("softplus", lambda a: np.logaddexp(0, a)),
        ("sigmoid", lambda a: 1 / (1 + np.exp(-a))),
    ):
        a = baseline(LINKS[link], rates)
        h = 1e-5
        slope = (function(a + h) - function(a - h)) / (2 * h)
        expected = (poisson.pmf(counts, rates) * ((counts / rates - 1) * slope) ** 2).sum(axis=0)
        np.testing.assert_allclose(wide.information(LINKS[link], rates), expected, rtol=1e-5)


def test_quiet_recordings_give_no_warning(small):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = HMMGLM(3, basis=small.basis, link=small.link, n_init=2, random_state=0)
        fit_stochastic(model, small.X, small.lengths, block_bins=1000, start_bins=3000)
