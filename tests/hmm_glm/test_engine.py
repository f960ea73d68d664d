"""Emissions, derivatives and M-steps against scipy, torch, finite differences and statsmodels."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.special import gammaln

from neurosci.hmm_glm import HMMGLM, GaussianHMMGLM, PoissonGLM, make_onehot_hmmglm
from neurosci.hmm_glm import _forward as forward
from neurosci.hmm_glm._em import maximise, random_start
from neurosci.hmm_glm._l1 import proximal
from neurosci.hmm_glm._large import curvature_bound, lbfgs, monotone
from neurosci.hmm_glm._m_step import Model, log_prior, newton
from neurosci.hmm_glm._passes import LINKS, Parameters, derivatives, emission

RATES = {
    "softplus": lambda a: np.logaddexp(0, a),
    "sigmoid": lambda a: 1e-8 + (1 - 1e-8) / (1 + np.exp(-a)),
    "exp": np.exp,
}


def model_of(link, n_features=7, **changes):
    free = changes.pop("free", np.ones((7, n_features), bool))
    return Model(
        link=LINKS[link], shared_intercept=changes.pop("shared_intercept", True), free=free, **changes
    )


def random_parameters(rng, n_states=3, n_neurons=7, scale=0.02):
    return Parameters(
        rng.normal(0, scale, size=(n_states, n_neurons, n_neurons)),
        np.repeat(rng.normal(-0.3, 0.2, size=(1, n_neurons)), n_states, axis=0),
        rng.dirichlet(np.ones(n_states), size=n_states),
        np.full(n_states, 1 / n_states),
    )


@pytest.mark.parametrize("link", RATES)
def test_emissions_are_scipy_poisson(recording, link):
    from scipy.stats import poisson

    now = random_parameters(np.random.default_rng(0))
    found, _ = emission(recording, now.weights, now.intercept, LINKS[link])
    a = np.einsum("td,snd->tsn", recording.design, now.weights) + now.intercept
    expected = poisson.logpmf(recording.counts[:, None], RATES[link](a)).sum(axis=-1)
    # 7 terms of size 1 to 10, each within 4 units in the last place, and ln x! on both sides
    np.testing.assert_allclose(found + recording.constant[:, None], expected, rtol=1e-13, atol=1e-13)


def test_emissions_far_out_are_finite_and_exact():
    import mpmath

    from neurosci.hmm_glm._passes import Recording

    data = Recording(np.array([[0], [1], [3]], np.uint8), np.zeros((1, 0)), np.array([0, 3]))
    for a in (-700.0, -40.0, -1e-9, 0.0, 1e-9, 3.0, 40.0, 700.0):
        found, _ = emission(data, np.zeros((1, 1, 0)), np.array([[a]]), LINKS["softplus"])
        with mpmath.workdps(60):
            f = mpmath.log1p(mpmath.exp(mpmath.mpf(a)))
            expected = [float(x * mpmath.log(f) - f) for x in (0, 1, 3)]
        np.testing.assert_allclose(found[:, 0], expected, rtol=2e-14)


@pytest.mark.parametrize("link", [*RATES, "bernoulli"])
def test_gradient_and_curvature_against_central_differences(recording, link):
    rng = np.random.default_rng(1)
    if link == "bernoulli":
        recording.counts = np.minimum(recording.counts, 1)
    now = random_parameters(rng)
    gamma = rng.dirichlet(np.ones(3), size=recording.n_bins)
    found = derivatives(recording, now.weights, now.intercept, LINKS[link], gamma)
    total = emission(recording, now.weights, now.intercept, LINKS[link], gamma)[1]
    np.testing.assert_allclose(found.per_neuron, total, rtol=1e-13)
    diagonal = derivatives(recording, now.weights, now.intercept, LINKS[link], gamma, blocks=False)
    np.testing.assert_allclose(diagonal.gradient, found.gradient, rtol=1e-11, atol=1e-9)
    np.testing.assert_allclose(diagonal.curvature, np.einsum("sndd->snd", found.curvature), rtol=1e-11)

    def moved(s, n, d, h):
        weights, intercept = now.weights.copy(), now.intercept.copy()
        if d < 7:
            weights[s, n, d] += h
        else:
            intercept[s, n] += h
        value = emission(recording, weights, intercept, LINKS[link], gamma)[1][n]
        return value, derivatives(recording, weights, intercept, LINKS[link], gamma, fisher=False).gradient[
            s, n
        ]

    for s, n, d in ((0, 1, 4), (2, 6, 0), (1, 3, 7)):
        h = 1e-5
        (up, g_up), (down, g_down) = moved(s, n, d, h), moved(s, n, d, -h)
        scale = np.abs(found.gradient[s, n]).max()
        # rounding of the value, 1e3 * 1e-13 / 1e-5, beside the gradient's size of 1e2 to 1e4
        assert (up - down) / (2 * h) == pytest.approx(found.gradient[s, n, d], rel=1e-6, abs=1e-6 * scale)
        if link != "sigmoid":  # whose curvature is the expected one
            np.testing.assert_allclose(
                -(g_up - g_down) / (2 * h),
                found.curvature[s, n, d],
                rtol=1e-5,
                atol=1e-6 * found.curvature.max(),
            )


def test_gradient_is_torch_autograd(recording):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    now = random_parameters(rng)
    gamma = rng.dirichlet(np.ones(3), size=recording.n_bins)
    w = torch.tensor(now.weights, requires_grad=True)
    a = torch.einsum("td,snd->tsn", torch.tensor(recording.design), w) + torch.tensor(now.intercept)
    rate = torch.nn.functional.softplus(a)
    x = torch.tensor(recording.counts.astype(float))[:, None]
    (torch.tensor(gamma)[..., None] * (x * rate.log() - rate)).sum().backward()
    found = derivatives(recording, now.weights, now.intercept, LINKS["softplus"], gamma)
    np.testing.assert_allclose(found.gradient[..., :-1], w.grad.numpy(), rtol=1e-10, atol=1e-8)


def test_expected_curvature_of_the_sigmoid(recording):
    """Fisher information: the mean over counts of the squared slope."""
    from scipy.stats import poisson

    now = random_parameters(np.random.default_rng(3), n_states=1)
    gamma = np.ones((recording.n_bins, 1))
    found = derivatives(recording, now.weights, now.intercept, LINKS["sigmoid"], gamma)
    a = recording.design @ now.weights[0, 2] + now.intercept[0, 2]
    p = 1 / (1 + np.exp(-a))
    rate, slope = 1e-8 + (1 - 1e-8) * p, (1 - 1e-8) * p * (1 - p)
    counts = np.arange(40)[:, None]
    information = (poisson.pmf(counts, rate) * (counts * slope / rate - slope) ** 2).sum(axis=0)
    expected = (recording.design[:, 4] * recording.design[:, 1] * information).sum()
    assert found.curvature[0, 2, 4, 1] == pytest.approx(expected, rel=1e-10)


def test_curvature_bounds_hold(seed):
    from neurosci.hmm_glm._passes import Recording

    rng = np.random.default_rng(seed)
    for link in ("softplus", "sigmoid"):
        counts = rng.poisson(2.0, size=(4000, 1)).astype(np.uint8)
        data = Recording(counts, np.zeros((1, 0)), np.array([0, 4000]))
        bound = curvature_bound(model_of(link), data)
        for a in np.linspace(-8, 8, 81):
            h = 1e-3
            values = [
                emission(data, np.zeros((1, 1, 0)), np.array([[a + k * h]]), LINKS[link])[0][:, 0]
                for k in (-1, 0, 1)
            ]
            second = (values[0] - 2 * values[1] + values[2]) / h**2
            # second differences are good to 1e-13 / h**2 = 1e-7
            assert (-second <= bound + 1e-6).all()


@pytest.mark.parametrize("prior", ["none", "gaussian", "l1", "gaussian_l1"])
@pytest.mark.parametrize("link", RATES)
def test_em_never_descends(recording, prior, link):
    model = model_of(
        link, prior=prior, prior_scale=0.01, l1_strength=50.0 if "l1" in prior else 0.0, sticky=5.0
    )
    now = random_parameters(np.random.default_rng(4))
    fit = maximise(
        model, recording, now, max_iter=25, tol=0.0, m_step=proximal if "l1" in prior else newton, n_steps=2
    )
    gains = np.diff(fit.history)
    assert gains.min() >= -1e-9 * abs(fit.history[-1])
    assert gains.max() > 1.0


@pytest.mark.parametrize("prior", ["none", "gaussian"])
@pytest.mark.parametrize("m_step", [lbfgs, monotone])
def test_steps_for_many_neurons_reach_newtons_optimum(recording, m_step, prior):
    rng = np.random.default_rng(5)
    model = model_of("softplus", prior=prior, prior_scale=0.02)
    gamma = rng.dirichlet(np.full(3, 0.2), size=recording.n_bins)
    start = random_parameters(rng)

    def value(now):
        return derivatives(recording, now.weights, now.intercept, model.link, gamma).per_neuron + log_prior(
            model, now.weights, now.intercept
        )

    best, _ = newton(model, recording, gamma, start, 50, 0.0)
    found, log_emission = m_step(model, recording, gamma, start, 60, 0.0)
    np.testing.assert_allclose(
        log_emission, emission(recording, found.weights, found.intercept, model.link)[0]
    )
    # half a standard error squared is 0.5 nats: 1e-3 nats of some 1e4 is the optimum for any use
    assert (value(found) - value(start) >= -1e-9).all()
    assert value(best).sum() - value(found).sum() < 1e-3


@pytest.mark.parametrize("m_step", [newton, lbfgs, monotone])
def test_weights_that_are_not_free_stay_zero(recording, m_step):
    rng = np.random.default_rng(6)
    free = ~np.eye(7, dtype=bool)
    model = model_of("softplus", free=free)
    gamma = rng.dirichlet(np.ones(3), size=recording.n_bins)
    start = random_parameters(rng)
    start.weights[:, ~free] = 0
    best, _ = newton(model, recording, gamma, start, 30, 0.0)
    found, _ = m_step(model, recording, gamma, start, 60, 0.0)
    assert (found.weights[:, ~free] == 0).all()
    np.testing.assert_allclose(found.weights, best.weights, atol=2e-4)


def test_newton_ends_where_the_gradient_is_zero(recording):
    rng = np.random.default_rng(7)
    for link in RATES:
        model = model_of(link, prior="gaussian", prior_scale=0.02)
        gamma = rng.dirichlet(np.ones(3), size=recording.n_bins)
        now, _ = newton(model, recording, gamma, random_parameters(rng), 60, 0.0)
        gradient = derivatives(recording, now.weights, now.intercept, model.link, gamma).gradient
        pull = (now.weights - now.weights.mean(axis=0)) / model.prior_scale**2
        assert np.abs(gradient[..., :-1] - pull).max() <= 1e-6 * recording.n_bins
        assert np.abs(gradient[..., -1].sum(axis=0)).max() <= 1e-6 * recording.n_bins


def test_laplace_prior_keeps_the_optimality_conditions(recording):
    rng = np.random.default_rng(8)
    model = model_of("exp", prior="l1", l1_strength=300.0)
    gamma = rng.dirichlet(np.ones(3), size=recording.n_bins)
    now, _ = proximal(model, recording, gamma, random_parameters(rng), 60, 0.0)
    gradient = derivatives(recording, now.weights, now.intercept, model.link, gamma).gradient[..., :-1]
    zero = now.weights == 0
    assert 0.1 < zero.mean() < 0.9
    assert np.abs(gradient[zero]).max() <= 300.0 * (1 + 1e-6)
    np.testing.assert_allclose(gradient[~zero], 300.0 * np.sign(now.weights[~zero]), rtol=1e-3)


def test_one_state_with_exp_link_is_statsmodels(seed):
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    from neurosci.preprocessing.spikes import KernelBasis, history_design

    rng = np.random.default_rng(seed)
    X = rng.poisson([0.4, 1.1, 0.2, 0.8], size=(900, 4))
    basis = KernelBasis([0.5, 0.3, 0.1])
    model = PoissonGLM(basis=basis, link="exp", tol=1e-12).fit(X, [400, 500])
    design = np.column_stack([history_design(X, basis, [400, 500]), np.ones(len(X))])
    for n in range(4):
        peer = GLM(X[:, n], design, family=Poisson()).fit(tol=1e-14, maxiter=100)
        found = np.append(model.coef_[0, n], model.intercept_[n])
        # coefficients near zero are held to a millionth of their standard error
        np.testing.assert_allclose(found, peer.params, rtol=1e-6, atol=1e-6 * peer.bse.min())
    total = sum(GLM(X[:, n], design, family=Poisson()).fit().llf for n in range(4))
    assert model.score(X, [400, 500]) * len(X) == pytest.approx(total, rel=1e-10)


def test_gaussian_prior_of_no_strength_is_no_prior_and_of_full_strength_one_state(small):
    settings = {"basis": small.basis, "link": small.link, "n_init": 1, "max_iter": 8, "random_state": 0}
    free = HMMGLM(3, **settings).fit(small.X, small.lengths)
    wide = GaussianHMMGLM(3, prior_scale=1e4, **settings).fit(small.X, small.lengths)
    np.testing.assert_allclose(wide.coef_, free.coef_, rtol=1e-4, atol=1e-6)
    tight = GaussianHMMGLM(3, prior_scale=1e-6, **settings).fit(small.X, small.lengths)
    glm = PoissonGLM(basis=small.basis, link=small.link).fit(small.X, small.lengths)
    np.testing.assert_allclose(tight.coef_, np.repeat(glm.coef_, 3, axis=0), atol=1e-5)
    assert tight.n_parameters_ == pytest.approx(49 + 7 + 6, abs=0.5)


def test_recordings_beyond_memory_are_worked_on_in_tiles(recording, monkeypatch):
    from neurosci.hmm_glm import _passes

    rng = np.random.default_rng(9)
    now = random_parameters(rng)
    gamma = rng.dirichlet(np.ones(3), size=recording.n_bins)
    monkeypatch.setattr(_passes, "MOST_DESIGN_BYTES", 0)
    monkeypatch.setattr(_passes, "TILE_BYTES", 8 * 21 * 64)
    tiled = _passes.Recording(recording.counts, recording.kernel, recording.edges)
    assert tiled.design is None
    whole = derivatives(recording, now.weights, now.intercept, 0, gamma)
    parts = derivatives(tiled, now.weights, now.intercept, 0, gamma)
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-9)


def test_thousand_neurons_do_not_underflow():
    data = make_onehot_hmmglm(
        n_neurons=1000, n_states=2, n_bins=200, n_sequences=1, strength_mean=-7.0, random_state=0
    )
    from tests.hmm_glm.truth import at_truth

    model = at_truth(data)
    log_likelihood, gamma = model.score_samples(data.X)
    assert np.isfinite(log_likelihood)
    assert (
        log_likelihood / len(data.X) < -600
    )  # far below the logarithm of the smallest number, -745, at times
    assert (gamma.argmax(axis=1) == data.states).mean() > 0.95


def test_frozen_weights_are_a_poisson_hmm(small):
    from neurosci.hmm_glm import PoissonHMM

    hmm = PoissonHMM(3, n_init=1, max_iter=5, random_state=0).fit(small.X, small.lengths)
    model = HMMGLM(
        3, basis=small.basis, link="exp", n_init=1, max_iter=0, shared_intercept=False, random_state=0
    )
    model.fit(small.X, small.lengths)
    model.coef_, model.intercept_ = np.zeros_like(model.coef_), np.log(hmm.rates_)
    model.transmat_ = hmm.transmat_
    assert model.score(small.X, small.lengths) == pytest.approx(hmm.score(small.X, small.lengths), rel=1e-12)


def test_starts_break_the_symmetry(recording):
    model = model_of("sigmoid")
    glm = Parameters(np.zeros((1, 7, 7)), np.zeros((1, 7)), np.ones((1, 1)), np.ones(1))
    start = random_start(model, recording, glm, 3, 50.0, np.random.default_rng(0))
    gamma, *_ = forward.smooth(
        emission(recording, start.weights, start.intercept, model.link)[0],
        start.transmat,
        start.start,
        recording.edges,
    )
    assert np.ptp(gamma, axis=1).max() > 0.1
    assert dataclasses.replace(start).n_states == 3


def test_constant_is_log_factorials(recording):
    np.testing.assert_allclose(recording.constant, -gammaln(recording.counts + 1.0).sum(axis=1), rtol=1e-14)
