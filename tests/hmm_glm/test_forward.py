"""Inference of the states against enumeration, log space and scipy."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from scipy.special import logsumexp

from neurosci.hmm_glm import _forward as forward


def random_chain(rng, n_states):
    transmat = rng.dirichlet(np.ones(n_states), size=n_states)
    return transmat, rng.dirichlet(np.ones(n_states))


def enumerated(log_emission, transmat, start):
    """Sum over all S^T paths: log-likelihood, state probabilities, expected transitions, best path."""
    n_bins, n_states = log_emission.shape
    paths = np.array(list(itertools.product(range(n_states), repeat=n_bins)))
    log_p = np.log(start)[paths[:, 0]] + log_emission[np.arange(n_bins), paths].sum(axis=1)
    log_p += np.log(transmat)[paths[:, :-1], paths[:, 1:]].sum(axis=1)
    total = logsumexp(log_p)
    p = np.exp(log_p - total)
    gamma = np.array([[p[paths[:, t] == s].sum() for s in range(n_states)] for t in range(n_bins)])
    pairs = np.zeros((n_states, n_states))
    for i, j in itertools.product(range(n_states), repeat=2):
        pairs[i, j] = (p[:, None] * ((paths[:, :-1] == i) & (paths[:, 1:] == j))).sum()
    return total, gamma, pairs, paths[np.argmax(log_p)], log_p.max()


@pytest.mark.parametrize("n_bins", [1, 2, 8])
def test_all_paths_of_three_states(seed, n_bins):
    rng = np.random.default_rng(seed)
    transmat, start = random_chain(rng, 3)
    log_emission = rng.normal(-200, 5, size=(n_bins, 3))
    edges = np.array([0, n_bins])
    total, gamma, pairs, path, best = enumerated(log_emission, transmat, start)
    found, found_pairs, scale = forward.smooth(log_emission, transmat, start, edges)
    # a sum of 8 terms of size 200 rounds at 8 * 200 * 1.1e-16 = 2e-13
    assert scale.sum() == pytest.approx(total, rel=1e-14, abs=1e-12)
    np.testing.assert_allclose(found, gamma, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found_pairs, pairs, rtol=0, atol=1e-12)
    with np.errstate(divide="ignore"):
        states, value = forward.viterbi(log_emission, np.log(transmat), np.log(start), edges)
    np.testing.assert_array_equal(states, path)
    assert value == pytest.approx(best, rel=1e-14)


def test_filtered_probabilities_are_those_of_a_shorter_recording():
    rng = np.random.default_rng(0)
    transmat, start = random_chain(rng, 3)
    log_emission = rng.normal(0, 2, size=(7, 3))
    alpha, scale = forward.filtered(log_emission, transmat, start, np.array([0, 7]))
    for t in range(1, 7):
        total, gamma, *_ = enumerated(log_emission[: t + 1], transmat, start)
        np.testing.assert_allclose(alpha[t], gamma[-1], atol=1e-12)
        assert scale[: t + 1].sum() == pytest.approx(total, abs=1e-12)


def test_ten_thousand_bins_against_log_space(seed):
    rng = np.random.default_rng(seed)
    n_bins, n_states = 10_000, 4
    transmat, start = random_chain(rng, n_states)
    log_emission = rng.normal(-300, 20, size=(n_bins, n_states))
    log_alpha = np.empty((n_bins, n_states))
    log_beta = np.zeros((n_bins, n_states))
    log_alpha[0] = np.log(start) + log_emission[0]
    for t in range(1, n_bins):
        log_alpha[t] = logsumexp(log_alpha[t - 1][:, None] + np.log(transmat), axis=0) + log_emission[t]
    for t in range(n_bins - 2, -1, -1):
        log_beta[t] = logsumexp(np.log(transmat) + log_emission[t + 1] + log_beta[t + 1], axis=1)
    total = logsumexp(log_alpha[-1])
    gamma, pairs, scale = forward.smooth(log_emission, transmat, start, np.array([0, n_bins]))
    assert scale.sum() == pytest.approx(total, rel=1e-9)
    # sums of 3e6 round at 3e-10 in each of 1e4 steps, the same for all states of a bin: rows are normalised
    expected = log_alpha + log_beta
    expected = np.exp(expected - logsumexp(expected, axis=1, keepdims=True))
    np.testing.assert_allclose(gamma, expected, atol=1e-9)
    assert pairs.sum() == pytest.approx(n_bins - 1, rel=1e-12)


def test_sequences_are_separate_and_rows_sum_to_one():
    rng = np.random.default_rng(1)
    transmat, start = random_chain(rng, 3)
    lengths = [5, 1, 9, 2]
    log_emission = rng.normal(-50, 9, size=(17, 3))
    edges = np.concatenate([[0], np.cumsum(lengths)])
    gamma, pairs, scale = forward.smooth(log_emission, transmat, start, edges)
    np.testing.assert_allclose(gamma.sum(axis=1), 1, atol=1e-12)
    assert pairs.sum() == pytest.approx(sum(n - 1 for n in lengths), abs=1e-12)
    total = np.zeros((3, 3))
    for first, stop in itertools.pairwise(edges):
        own, some, part = forward.smooth(
            log_emission[first:stop], transmat, start, np.array([0, stop - first])
        )
        np.testing.assert_array_equal(gamma[first:stop], own)
        np.testing.assert_array_equal(scale[first:stop], part)
        total += some
    np.testing.assert_allclose(pairs, total, atol=1e-13)


@pytest.mark.parametrize("size", [-1e4, 1e4, 1e6])
def test_constants_of_a_bin_add_up_and_change_no_state(size):
    rng = np.random.default_rng(2)
    transmat, start = random_chain(rng, 3)
    log_emission = rng.normal(0, 5, size=(50, 3))
    shift = size * rng.random(50)
    edges = np.array([0, 20, 50])
    gamma, _, scale = forward.smooth(log_emission, transmat, start, edges)
    moved, _, moved_scale = forward.smooth(log_emission + shift[:, None], transmat, start, edges)
    # adding 1e6 to numbers of size 5 rounds them at 1e6 * 1.1e-16 = 1e-10
    np.testing.assert_allclose(moved, gamma, atol=1e-9 if size == 1e6 else 1e-10)
    assert moved_scale.sum() - scale.sum() == pytest.approx(shift.sum(), rel=1e-12)


def test_an_unreachable_state_with_the_best_emission_does_not_underflow():
    transmat = np.array([[1.0, 0.0], [0.5, 0.5]])
    start = np.array([1.0, 0.0])
    log_emission = np.array([[-5000.0, 0.0]] * 4)
    gamma, pairs, scale = forward.smooth(log_emission, transmat, start, np.array([0, 4]))
    np.testing.assert_array_equal(gamma, [[1, 0]] * 4)
    assert scale.sum() == -20000.0
    assert pairs[0, 0] == 3


def test_poisson_hmm_is_hmmlearn(seed):
    state = random.getstate()
    hmm = pytest.importorskip("hmmlearn.hmm", reason="hmmlearn is not installed")
    from neurosci.hmm_glm import PoissonHMM

    rng = np.random.default_rng(seed)
    rates = rng.gamma(2.0, 0.5, size=(3, 5))
    X = rng.poisson(rates[np.repeat(np.tile([0, 1, 2], 10), 20)])
    ours = PoissonHMM(3, n_init=2, random_state=seed).fit(X)
    peer = hmm.PoissonHMM(n_components=3)
    peer.startprob_, peer.transmat_, peer.lambdas_ = ours.startprob_, ours.transmat_, ours.rates_
    assert ours.score(X) * len(X) == pytest.approx(peer.score(X), rel=1e-10)
    np.testing.assert_allclose(ours.predict_proba(X), peer.predict_proba(X), atol=1e-9)
    # one more EM step from the same parameters
    from neurosci.hmm_glm._passes import Recording
    from neurosci.hmm_glm._poisson_hmm import maximise

    data = Recording(X.astype(np.uint8), np.zeros((1, 0)), np.array([0, len(X)]))
    start = np.maximum(ours.transmat_ + 0.05, 0) / (ours.transmat_ + 0.05).sum(axis=1, keepdims=True)
    _, after, transmat, _ = maximise(data, rates, start, 1, -np.inf)
    peer = hmm.PoissonHMM(
        n_components=3,
        n_iter=1,
        init_params="",
        params="tl",
        lambdas_prior=0.0,
        lambdas_weight=0.0,
        tol=-np.inf,
    )
    peer.startprob_, peer.transmat_, peer.lambdas_ = np.full(3, 1 / 3), start.copy(), rates.copy()
    peer.fit(X)
    np.testing.assert_allclose(after, peer.lambdas_, rtol=1e-8)
    np.testing.assert_allclose(transmat, peer.transmat_, rtol=1e-8, atol=1e-12)
    random.setstate(state)  # the import of hmmlearn draws from it
