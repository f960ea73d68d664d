"""The estimators: what they learn, answer and refuse."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from scipy.stats import poisson
from sklearn.linear_model import LogisticRegression

from neurosci.hmm_glm import (
    HMMGLM,
    GaussianHMMGLM,
    OneHotHMMGLM,
    PoissonGLM,
    PoissonHMM,
    dwell_times,
    fit_stochastic,
    make_onehot_hmmglm,
    match_states,
    state_accuracy,
)
from neurosci.preprocessing.spikes import ExponentialBasis, KernelBasis, RaisedCosineBasis
from tests.hmm_glm.truth import at_truth

BY_STATE = ("coef_", "adjacency_", "adjacency_proba_", "strength_", "startprob_", "occupancy_")


@pytest.fixture(scope="module")
def fitted(small):
    return HMMGLM(3, basis=small.basis, link=small.link, n_init=2, random_state=0).fit(small.X, small.lengths)


def test_states_are_found(fitted, small):
    order = match_states(small.states, fitted.predict(small.X, small.lengths))
    oracle = state_accuracy(small.states, at_truth(small).predict(small.X, small.lengths))
    found = state_accuracy(small.states, fitted.predict(small.X, small.lengths), order)
    # a third by chance; the maximum of the likelihood is above its value at the truth, whatever the accuracy
    assert oracle > 0.7
    assert found > 0.5
    assert fitted.loglik_history_[-1] > at_truth(small).score(small.X, small.lengths) * len(small.X)


def test_score_is_the_sum_of_predictive_likelihoods(small):
    """ln p(x_1, ..., x_T) by enumeration of all paths on a few bins, ln x! included."""
    from tests.hmm_glm.test_forward import enumerated

    model, X = at_truth(small), small.X[:7]
    h = np.zeros((7, 7))
    kernel = small.basis.kernel
    for t in range(7):
        for k in range(1, min(t, 5) + 1):
            h[t] += kernel[k - 1] * X[t - k]
    rate = 1e-8 + (1 - 1e-8) / (1 + np.exp(-(np.einsum("td,snd->tsn", h, small.coef) + small.intercept)))
    log_emission = poisson.logpmf(X[:, None], rate).sum(axis=-1)
    total, gamma, *_ = enumerated(log_emission, small.transmat, small.startprob)
    assert model.score(X) == pytest.approx(total / 7, rel=1e-13)
    np.testing.assert_allclose(model.predict_proba(X), gamma, atol=1e-12)
    log_likelihood, probabilities = model.score_samples(X)
    assert log_likelihood == pytest.approx(total, rel=1e-13)
    np.testing.assert_array_equal(probabilities, model.predict_proba(X))
    assert model.decode(X)[0] <= total


def test_targets_are_rows_and_sources_columns():
    """Neuron 0 drives neuron 1 and nothing else does anything."""
    rng = np.random.default_rng(0)
    x0 = rng.poisson(0.3, 20_000)
    x1 = rng.poisson(0.1 + 0.5 * np.concatenate([[0], x0[:-1]]))
    model = PoissonGLM(basis=KernelBasis([1.0])).fit(np.column_stack([x0, x1]))
    assert model.coef_.shape == (1, 2, 2)
    assert model.coef_[0, 1, 0] > 0.5
    assert np.abs(model.coef_[0, 0]).max() < 0.15
    assert abs(model.coef_[0, 1, 1]) < 0.15
    assert model.adjacency_proba_[0, 1, 0].argmax() == 2


@pytest.mark.parametrize("n_states", [1, 2])
def test_a_neuron_that_never_follows_another_gets_a_bounded_weight(n_states):
    rng = np.random.default_rng(0)
    X = rng.poisson(0.2, (3000, 2))
    X[1:, 1] *= X[:-1, 0] == 0
    model = HMMGLM(n_states, basis=KernelBasis([0.5]), shared_intercept=False, n_init=1, random_state=0).fit(
        X
    )
    # without a bound it grows until its gradient is lost in rounding
    assert model.coef_[:, 1, 0].min() == pytest.approx(-10 / 0.5, rel=1e-12)
    assert np.abs(model.coef_).max() <= 20
    X[10] = [1, 0]
    X[11] = [0, 1]
    # one spike against the rule costs about what the bound says
    loss = model.bin_log_likelihood(X)[11]
    assert -15 < loss < -8


def test_permutation_of_states_permutes_everything_and_no_score(small):
    model = HMMGLM(
        3, basis=small.basis, link=small.link, shared_intercept=False, n_init=1, max_iter=3, random_state=0
    ).fit(small.X, small.lengths)
    before = {name: getattr(model, name).copy() for name in (*BY_STATE, "intercept_", "transmat_")}
    score, gamma = model.score(small.X, small.lengths), model.predict_proba(small.X, small.lengths)
    order = np.array([2, 0, 1])
    assert model.permute_states(order) is model
    assert model.score(small.X, small.lengths) == pytest.approx(score, rel=1e-12)
    for name in (*BY_STATE, "intercept_"):
        np.testing.assert_array_equal(getattr(model, name), before[name][order])
    np.testing.assert_array_equal(model.transmat_, before["transmat_"][np.ix_(order, order)])
    np.testing.assert_allclose(model.predict_proba(small.X, small.lengths), gamma[:, order], atol=1e-10)
    with pytest.raises(ValueError, match="HMMGLM: permutation must hold each of 0"):
        model.permute_states([0, 0, 1])


def test_the_same_seed_gives_the_same_bits(small):
    settings = {"basis": small.basis, "link": small.link, "n_init": 3, "max_iter": 4, "random_state": 5}
    first = HMMGLM(3, **settings).fit(small.X, small.lengths)
    for n_jobs in (None, 2):
        again = HMMGLM(3, n_jobs=n_jobs, **settings).fit(small.X, small.lengths)
        np.testing.assert_array_equal(again.coef_, first.coef_)
        np.testing.assert_array_equal(again.start_loglik_, first.start_loglik_)
    assert len(set(first.start_loglik_)) == 3


def test_starts_are_screened_on_some_sequences(fitted, small, monkeypatch):
    from neurosci.hmm_glm import _fitting as fitting

    monkeypatch.setattr(fitting, "SCREEN_BINS", 2000)
    settings = {"basis": small.basis, "link": small.link, "n_init": 4, "random_state": 0}
    model = HMMGLM(3, **settings).fit(small.X, small.lengths)
    # of four starts two go on, and one to the end; all ends are likelihoods of all bins
    assert (model.start_loglik_ == model.loglik_history_[-1]).sum() == 1
    assert model.loglik_history_[-1] == model.start_loglik_.max()
    # the maximum of the likelihood is above its value at the truth
    assert model.loglik_history_[-1] > at_truth(small).score(small.X, small.lengths) * len(small.X)
    assert np.diff(model.loglik_history_).min() >= -1e-9 * abs(model.loglik_history_[-1])
    some = fitting.spread(fitted._recording(*fitted._checked(small.X, small.lengths)))
    np.testing.assert_array_equal(some.counts, np.concatenate([small.X[:1500], small.X[4500:]]))
    assert some.edges.tolist() == [0, 1500, 3000]


def test_one_sequence_is_screened_whole(fitted, small):
    from neurosci.hmm_glm._fitting import spread

    whole = fitted._recording(small.X, np.array([0, len(small.X)]))
    assert spread(whole) is whole


def test_a_warm_start_goes_on(small):
    settings = {"basis": small.basis, "link": small.link, "n_init": 2, "random_state": 0}
    whole = HMMGLM(3, max_iter=6, **settings).fit(small.X, small.lengths)
    parts = HMMGLM(3, max_iter=3, warm_start=True, **settings).fit(small.X, small.lengths)
    before = parts.loglik_history_[-1]
    parts.fit(small.X, small.lengths)
    assert parts.loglik_history_[0] == pytest.approx(before, rel=1e-12)
    assert len(parts.start_loglik_) == 1
    assert parts.loglik_history_[-1] > before
    assert whole.n_iter_ == parts.n_iter_ + 3
    assert parts.set_params(prior="gaussian").fit(small.X, small.lengths).n_iter_ > 0
    with pytest.raises(ValueError, match=r"HMMGLM: warm_start must go on from weights of shape \(2, 7, 7\)"):
        parts.set_params(n_states=2).fit(small.X, small.lengths)


def test_names_of_the_models_set_defaults_and_nothing_else():
    plain = HMMGLM().get_params()
    for cls, name, value in (
        (GaussianHMMGLM, "prior", "gaussian"), (OneHotHMMGLM, "prior", "onehot"), (PoissonGLM, "n_states", 1),
    ):  # fmt: skip
        assert cls().get_params() == plain | {name: value}
        assert cls(**{name: plain[name]}).get_params() == plain
        shown = f'"{value}"' if isinstance(value, str) else value
        assert re.search(rf"\n    {name} : .*default={shown}\n", cls.__doc__)


def test_lists_lengths_types_and_memory_maps(fitted, small, tmp_path):
    settings = {"basis": small.basis, "link": small.link, "n_init": 1, "max_iter": 2, "random_state": 0}
    expected = HMMGLM(3, **settings).fit(small.X, small.lengths).coef_
    parts = np.split(small.X, np.cumsum(small.lengths)[:-1])
    np.save(tmp_path / "counts.npy", small.X)
    mapped = np.load(tmp_path / "counts.npy", mmap_mode="r")
    for X, lengths in ((parts, None), (mapped, small.lengths), (small.X.astype(float), small.lengths)):
        np.testing.assert_array_equal(HMMGLM(3, **settings).fit(X, lengths).coef_, expected)
    assert fitted.score(parts) == fitted.score(small.X, small.lengths)


def test_no_history_crosses_the_edge_of_a_sequence(fitted, small):
    alone = fitted.bin_log_likelihood(small.X[1500:3000])
    np.testing.assert_array_equal(fitted.bin_log_likelihood(small.X, small.lengths)[1500:3000], alone)


def test_filter_step_is_the_forward_pass(fitted, small):
    X = small.X[:60]
    from neurosci.hmm_glm import _forward as forward

    data, log_emission = fitted._emissions(X, None)
    expected, scale = forward.filtered(log_emission, fitted.transmat_, fitted.startprob_, data.edges)
    state = None
    for t, counts in enumerate(X):
        found, after = fitted.filter_step(counts, state)
        np.testing.assert_allclose(found, expected[t], atol=1e-12)
        assert after.log_likelihood == pytest.approx(scale[t], rel=1e-12)
        if state is not None:
            assert state.n_seen == t  # the earlier state is untouched
        state = after
    for bad in ([1, 2], [-1.0] * 7, [np.nan] * 7):
        with pytest.raises(ValueError, match="HMMGLM: counts must be 7 counts"):
            fitted.filter_step(bad)


def test_filter_step_sees_parameters_that_are_assigned(small):
    model = at_truth(small)
    first, _ = model.filter_step(small.X[3])
    model.intercept_ = np.stack([small.intercept, small.intercept + 1, small.intercept - 1])
    second, _ = model.filter_step(small.X[3])
    # a silent past: likelihoods of constant rates
    rate = 1e-8 + (1 - 1e-8) / (1 + np.exp(-model.intercept_))
    weight = small.startprob * np.exp(poisson.logpmf(small.X[3], rate).sum(axis=1))
    np.testing.assert_allclose(second, weight / weight.sum(), rtol=1e-10)
    np.testing.assert_allclose(first, small.startprob, rtol=1e-10)


def test_samples_have_the_moments_of_the_model(seed):
    data = make_onehot_hmmglm(
        n_neurons=3,
        n_states=2,
        n_bins=50,
        n_sequences=1,
        strength_mean=-12.0,
        switch_probability=0.1,
        random_state=seed,
    )
    model = at_truth(data)
    X, states = model.sample(4000, 5, random_state=seed)
    rate = 1 / (1 + np.exp(-data.intercept))
    # weights of e**-12 through a kernel of 20 do nothing: counts are Poisson; 4 standard errors
    assert np.abs(X.mean(axis=0) - rate).max() < 4 * np.sqrt(rate.max() / len(X))
    assert np.abs(X.var(axis=0) / X.mean(axis=0) - 1).max() < 4 * np.sqrt(
        2 / len(X) + 1 / X.sum(axis=0).min()
    )
    # visits are geometric with mean 1 / 0.1, some cut by edges
    visits = np.concatenate(dwell_times(states, [4000] * 5))
    assert np.abs(visits.mean() - 10) < 4 * 10 / np.sqrt(len(visits)) + 0.05


def test_criteria_count_every_parameter(fitted, small):
    n = 3 * 7 * 7 + 7 + 3 * 2
    assert fitted.n_parameters_ == n
    total = fitted.bin_log_likelihood(small.X, small.lengths).sum()
    assert fitted.aic(small.X, small.lengths) == pytest.approx(-2 * total + 2 * n)
    assert fitted.bic(small.X, small.lengths) == pytest.approx(-2 * total + n * np.log(6000))


def test_bits_per_spike_of_constant_rates_are_zero(small):
    glm = PoissonGLM(basis=small.basis, link="exp", max_iter=1).fit(small.X, small.lengths)
    glm.coef_, glm.intercept_ = np.zeros_like(glm.coef_), np.log(small.X.mean(axis=0))
    assert glm.bits_per_spike(small.X, small.lengths) == pytest.approx(0, abs=1e-12)
    better = PoissonGLM(basis=small.basis, link="exp").fit(small.X, small.lengths)
    assert better.bits_per_spike(small.X, small.lengths) > 0


def test_bernoulli_link_is_logistic_regression(small):
    from neurosci.preprocessing.spikes import history_design

    model = HMMGLM(1, basis=small.basis, link="bernoulli", tol=1e-12).fit(small.X, small.lengths)
    design = history_design(np.minimum(small.X, 1), small.basis, small.lengths)
    peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(design, small.X[:, 2] > 0)
    np.testing.assert_allclose(model.coef_[0, 2], peer.coef_[0], atol=2e-5)
    assert model.bits_per_spike(small.X, small.lengths) > 0


def test_several_kernels_have_an_axis_of_weights(small):
    basis = RaisedCosineBasis(2, 4)
    model = HMMGLM(2, basis=basis, link="softplus", n_init=1, max_iter=2, random_state=0).fit(
        small.X, small.lengths
    )
    assert model.coef_.shape == (2, 7, 7, 2)
    assert model.adjacency_.shape == (2, 7, 7)
    assert np.isfinite(model.score(small.X, small.lengths))
    assert model.sample(20, random_state=0)[0].shape == (20, 7)


def test_sticky_prior_lengthens_visits(small):
    settings = {"basis": small.basis, "link": small.link, "n_init": 1, "max_iter": 10, "random_state": 0}
    loose = HMMGLM(3, **settings).fit(small.X, small.lengths)
    sticky = HMMGLM(3, sticky=1e4, **settings).fit(small.X, small.lengths)
    assert np.diag(sticky.transmat_).min() > np.diag(loose.transmat_).max()


def test_stochastic_em_comes_near_the_fit(fitted, small):
    model = HMMGLM(3, basis=small.basis, link=small.link, n_init=2, random_state=0)
    fit_stochastic(model, small.X, small.lengths, n_passes=6, block_bins=1000, start_bins=3000)
    reached = model.score(small.X, small.lengths) * len(small.X)
    # each weight is within about a third of its standard error: 154 parameters times 0.1 nats
    assert reached > fitted.loglik_history_[-1] - 15
    assert model.random_state == 0
    assert len(model.loglik_history_) == 36


def test_blocks_of_a_sequence_know_the_bins_before(recording):
    from neurosci.hmm_glm._streaming import _block

    part = _block(recording.counts, recording.kernel, recording.edges, 1400, 3100)
    np.testing.assert_array_equal(part.edges, [0, 100, 1600, 1700])
    np.testing.assert_array_equal(part.design, recording.design[1400:3100])


def test_states_beyond_the_data_stay_finite(small):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a state may end up empty
        model = HMMGLM(6, basis=small.basis, link=small.link, n_init=1, random_state=0).fit(
            small.X[:1500], small.lengths[:1]
        )
    for name in ("coef_", "intercept_", "transmat_"):
        assert np.isfinite(getattr(model, name)).all()
    np.testing.assert_allclose(model.transmat_.sum(axis=1), 1)


def test_an_empty_state_is_named(small):
    model = HMMGLM(2, basis=small.basis, link=small.link, n_init=1, max_iter=0, random_state=0)
    import neurosci.hmm_glm._estimator as module

    learn = module.fit_model

    def emptied(*arguments):
        return learn(*arguments) | {"occupancy_": np.array([1.0, 0.0])}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "fit_model", emptied)
        with pytest.warns(UserWarning, match=r"states \[1\] hold less than 0.1 % of the bins"):
            model.fit(small.X, small.lengths)


GOOD = np.random.default_rng(0).poisson(0.4, size=(60, 3))


def spoilt(value, place=(7, 1)):
    X = GOOD.astype(float)
    X[place] = value
    return X


BAD = {
    "negative": ({}, spoilt(-1), None, r"counts >= 0, got -1.0 at bin 7, neuron 1"),
    "fraction": ({}, spoilt(0.5), None, r"whole counts, got 0.5 at bin 7, neuron 1"),
    "NaN": ({}, spoilt(np.nan), None, r"1 NaN or infinite counts, the first at bin 7, neuron 1"),
    "silent": ({}, GOOD * [1, 0, 1], None, r"none for neurons \[1\]"),
    "lengths": ({}, GOOD, [30, 29], r"add up to the 60 bins of X, got a sum of 59 over 2 sequences"),
    "no lengths": ({}, GOOD, [], r"lengths must be whole numbers >= 1"),
    "short": ({}, GOOD, [55, 5], r"at least n_lags \+ 1 = 6 bins, got 5 at sequence 1"),
    "coarse": ({"link": "sigmoid"}, GOOD + 1, None, r"mean counts <= 0.9 per bin, got 1.\d+ for neuron 0"),
    "states": ({"n_states": 0}, GOOD, None, r"n_states must be a whole number >= 1, got 0"),
    "starts": ({"n_init": 0}, GOOD, None, r"n_init must be a whole number >= 1, got 0"),
    "link": ({"link": "softplu"}, GOOD, None, r"did you mean 'softplus'"),
    "prior": ({"prior": "onehott"}, GOOD, None, r"did you mean 'onehot'"),
    "solver": ({"solver": "eb"}, GOOD, None, r"with the one-hot prior and another without it"),
    "bound": ({"solver": "mm", "link": "exp"}, GOOD, None, r"link of bounded curvature"),
    "kernels": (
        {"prior": "onehot", "basis": RaisedCosineBasis(2, 4)},
        GOOD,
        None,
        r"one kernel with the one-hot",
    ),
    "tolerance": ({"tol": -1.0}, GOOD, None, r"tol must be a finite number >= 0"),
    "scale": ({"prior_scale": 0.0}, GOOD, None, r"prior_scale must be a finite number > 0"),
    "bins": ({"n_states": 61}, GOOD, None, r"n_states must be at most the 60 bins .*, got 61"),
    "device": ({"device": "tpu"}, GOOD, None, r"device must be one of None, 'cpu', 'cuda'"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    settings, X, lengths, message = BAD[case]
    with pytest.raises(ValueError, match=message) as caught:
        HMMGLM(**{"n_states": 2, **settings}).fit(X, lengths)
    assert str(caught.value).startswith("HMMGLM: ")


def test_transitions_that_are_no_probabilities_are_refused(fitted, small):
    from copy import copy

    for name, value in (("transmat_", fitted.transmat_ * 0.9), ("startprob_", np.array([1.5, -0.5, 0.0]))):
        model = copy(fitted)
        setattr(model, name, value)
        message = f"HMMGLM: {name} must hold probabilities that add up to 1"
        with pytest.raises(ValueError, match=message):
            model.score(small.X, small.lengths)
        with pytest.raises(ValueError, match=message):
            model.sample(10, random_state=0)
    model.transmat_ = fitted.transmat_ * 0.9
    with pytest.raises(ValueError, match="HMMGLM: transmat_ must hold probabilities"):
        model.filter_step(small.X[0])


def test_a_device_that_is_not_there_is_named_before_the_search():
    import torch

    if torch.cuda.is_available():
        pytest.skip("has a CUDA device")
    with pytest.raises(RuntimeError, match="cuda"):
        HMMGLM(2, prior="onehot", solver="gumbel", device="cuda").fit(GOOD)


def test_starts_of_few_bins_reach_every_state():
    from neurosci.hmm_glm._em import random_blocks

    counts = [
        np.bincount(random_blocks(np.array([0, 60]), 3, 50.0, np.random.default_rng(s)), minlength=3)
        for s in range(200)
    ]
    # visits of ten bins on average: sixty hold two rounds
    assert (np.array(counts) > 0).all(axis=1).mean() > 0.9


def test_basis_without_a_kernel_is_refused():
    with pytest.raises(TypeError, match="basis must have a kernel"):
        HMMGLM(2, basis=3).fit(GOOD)


def test_sequences_in_a_list_must_agree():
    with pytest.raises(ValueError, match=r"like the first, got shape \(60, 2\) at sequence 1"):
        HMMGLM(2).fit([GOOD, GOOD[:, :2]])
    with pytest.raises(ValueError, match="lengths must be None where X is a list"):
        HMMGLM(2).fit([GOOD], [60])


def test_other_neurons_are_refused(fitted):
    with pytest.raises(ValueError, match="X must have the 7 neurons of the fit, got 3"):
        fitted.score(GOOD)


def test_networks_that_run_away_are_refused():
    with pytest.raises(
        ValueError, match=r"the network must be stable, got a rate above 1000 .* spectral radius"
    ):
        make_onehot_hmmglm(n_neurons=20, n_bins=2000, link="exp", strength_mean=-1.0, random_state=0)
    with pytest.raises(ValueError, match="the network must be stable"):
        make_onehot_hmmglm(
            n_bins=5000,
            link="softplus",
            basis=ExponentialBasis(10.0, 5, 0.05),
            strength_mean=-2.0,
            random_state=0,
        )


def test_gaussian_model_is_an_alias(small):
    settings = {"basis": small.basis, "link": small.link, "n_init": 1, "max_iter": 2, "random_state": 0}
    a = GaussianHMMGLM(3, **settings).fit(small.X, small.lengths)
    b = HMMGLM(3, prior="gaussian", **settings).fit(small.X, small.lengths)
    np.testing.assert_array_equal(a.coef_, b.coef_)
    np.testing.assert_allclose(a.weight_prior_mean_, a.coef_.mean(axis=0))


def test_poisson_hmm_connectivity_is_the_correlation_with_history(small):
    from neurosci.preprocessing.spikes import history_design

    model = PoissonHMM(1, basis=small.basis, n_init=1).fit(small.X, small.lengths)
    history = history_design(small.X, small.basis, small.lengths)
    both = np.corrcoef(small.X.T.astype(float), history.T)
    np.testing.assert_allclose(model.correlation_[0], both[:7, 7:], atol=1e-10)
    np.testing.assert_allclose(model.rates_[0], small.X.mean(axis=0))
