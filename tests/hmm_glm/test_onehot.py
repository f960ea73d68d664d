"""The one-hot prior: evidence against quadrature and enumeration of types, ascent, and the relaxed mode."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaln

from neurosci.hmm_glm import HMMGLM, OneHotHMMGLM, weight_error
from neurosci.hmm_glm._onehot import Posterior, TypePrior, ascend, curvature, sweep_all
from neurosci.hmm_glm._onehot_kernels import edge, slab
from neurosci.hmm_glm._passes import LINKS, emission
from tests.hmm_glm.test_engine import model_of, random_parameters


def slab_by_quad(estimate, centre, sigma):
    """The same integrals by adaptive quadrature around the peak."""
    v = np.linspace(centre - 20 * sigma, max(centre + 12 * sigma, np.log(abs(estimate) + 20)), 40001)
    x = np.exp(np.minimum(v, 50))
    exponent = estimate * x - x**2 / 2 - ((v - centre) / sigma) ** 2 / 2
    top, peak = exponent.max(), v[exponent.argmax()]

    def weight(u, power, log_power):
        size = np.exp(u)
        e = estimate * size - size**2 / 2 - ((u - centre) / sigma) ** 2 / 2
        return np.exp(e - top) * size**power * u**log_power

    inside = np.flatnonzero(exponent > top - 60)
    low, high = v[inside[0]] - 0.1, v[inside[-1]] + 0.1
    points = [peak - 0.3, peak, peak + 0.3]
    total, *means = (
        quad(
            weight,
            low,
            high,
            args=powers,
            points=[p for p in points if low < p < high],
            limit=400,
            epsabs=0,
            epsrel=1e-11,
        )[0]
        for powers in ((0, 0), (1, 0), (2, 0), (0, 1), (0, 2))
    )
    return top + np.log(total / (sigma * np.sqrt(2 * np.pi))), np.array(means) / total


@pytest.mark.parametrize("estimate", [-30.0, -4.0, -0.5, 0.0, 0.7, 3.0, 4.6, 8.0, 11.9, 12.1, 40.0])
@pytest.mark.parametrize(("centre", "sigma"), [(0.5, 1.2), (-3.0, 2.0), (2.0, 0.4), (1.0, 0.2)])
def test_evidence_and_moments_of_a_type(estimate, centre, sigma):
    work, out = np.empty((2, 2048)), np.empty(4)
    found = slab(estimate, centre, sigma, work[0], work[1], out)
    expected, moments = slab_by_quad(estimate, centre, sigma)
    # what the module states for the rule
    assert found == pytest.approx(expected, abs=1e-9)
    np.testing.assert_allclose(out, moments, rtol=1e-8, atol=1e-8)


def edge_of(estimate, half, prior):
    n_states = len(estimate)
    share, moments = np.empty((n_states, 3)), np.empty((n_states, 5))
    histogram = np.zeros((n_states + 1, n_states + 1))
    value = edge(
        estimate, half, prior.mean, prior.scale, prior.table(n_states), np.empty((2, 2048)),
        np.zeros((2, n_states + 2, n_states + 2, n_states + 2)), share, moments, histogram,
    )  # fmt: skip
    return value, share, moments, histogram


@pytest.mark.parametrize("n_states", [1, 2, 4])
def test_types_of_all_states_by_enumeration(seed, n_states):
    rng = np.random.default_rng(seed)
    prior = TypePrior(-1.0, 1.0, np.array([0.2, 0.9, 0.4]))
    estimate, half = rng.normal(0, 3, n_states), rng.normal(1, 0.3, n_states)
    evidence = np.zeros((n_states, 3))
    for s in range(n_states):
        for kind, sign in ((0, -1), (2, 1)):
            evidence[s, kind] = slab_by_quad(sign * estimate[s], prior.mean + half[s], prior.scale)[0]
    log_p, types = [], list(itertools.product(range(3), repeat=n_states))
    a = prior.concentration
    for row in types:
        numbers = np.bincount(row, minlength=3)
        dirichlet = (
            gammaln(a + numbers).sum() - gammaln(a).sum() + gammaln(a.sum()) - gammaln(a.sum() + n_states)
        )
        log_p.append(evidence[np.arange(n_states), row].sum() + dirichlet)
    p = np.exp(np.array(log_p) - max(log_p))
    value, share, _, histogram = edge_of(estimate, half, prior)
    assert value == pytest.approx(np.log(p.sum()) + max(log_p), abs=1e-7)
    p /= p.sum()
    for s, kind in itertools.product(range(n_states), range(3)):
        expected = sum(q for q, row in zip(p, types, strict=True) if row[s] == kind)
        assert share[s, kind] == pytest.approx(expected, abs=1e-7)
    for i, j in itertools.product(range(n_states + 1), repeat=2):
        expected = sum(q for q, row in zip(p, types, strict=True) if row.count(0) == i and row.count(2) == j)
        assert histogram[i, j] == pytest.approx(expected, abs=1e-7)


def test_posterior_mean_is_the_slope_of_the_evidence(seed):
    """E w = z + d ln m / dz (Tweedie), here for the evidence relative to none: E x = d ln R / dz."""
    rng = np.random.default_rng(seed)
    prior = TypePrior(-0.5, 1.3, np.array([0.3, 0.6, 0.2]))
    estimate, half = rng.normal(0, 4, 3), rng.normal(0.5, 0.3, 3)
    _, _, moments, _ = edge_of(estimate, half, prior)
    for s in range(3):
        h = 1e-4
        up, down = estimate.copy(), estimate.copy()
        up[s] += h
        down[s] -= h
        slope = (edge_of(up, half, prior)[0] - edge_of(down, half, prior)[0]) / (2 * h)
        assert moments[s, 0] == pytest.approx(slope, abs=1e-6)
        between = (edge_of(up, half, prior)[2][s, 0] - edge_of(down, half, prior)[2][s, 0]) / (2 * h)
        assert moments[s, 1] - moments[s, 0] ** 2 == pytest.approx(between, rel=1e-5)


@pytest.mark.parametrize("link", ["softplus", "sigmoid", "exp"])
@pytest.mark.parametrize("shared", [True, False])
def test_the_objective_never_falls(recording, seed, link, shared):
    """From far away too, with constants that are held fixed."""
    rng = np.random.default_rng(seed)
    model = model_of(link, prior="onehot", intercept_scale=2.0, shared_intercept=shared)
    now, prior = random_parameters(rng), TypePrior(-4.0, 1.0)
    gamma = rng.dirichlet(np.full(3, 0.1), size=recording.n_bins)
    post = Posterior.blank(3, 7, 7)
    gradient, post.h, post.correlation = curvature(model, recording, now, gamma)
    now, post = sweep_all(model, prior, now, gradient, post)
    from neurosci.hmm_glm._m_step import log_prior

    values = []
    for _ in range(8):
        expected = emission(recording, now.weights, now.intercept, LINKS[link], gamma)[1]
        values.append(float((expected + log_prior(model, now.weights, now.intercept) - post.penalty).sum()))
        now, post, _ = ascend(model, prior, recording, gamma, now, post)
    assert np.diff(values).min() >= -1e-9 * abs(values[-1])


def test_steps_that_overshoot_are_cut(recording):
    """With curvature ten times too small the sweep overshoots, and the fallback still climbs."""
    rng = np.random.default_rng(0)
    model = model_of("sigmoid", prior="onehot", intercept_scale=2.0)
    now, prior = random_parameters(rng), TypePrior(-4.0, 1.0)
    gamma = rng.dirichlet(np.full(3, 0.1), size=recording.n_bins)
    post = Posterior.blank(3, 7, 7)
    gradient, h, post.correlation = curvature(model, recording, now, gamma)
    post.h = h / 10
    now, post = sweep_all(model, prior, now, gradient, post)
    from neurosci.hmm_glm._m_step import log_prior

    values = []
    for _ in range(6):
        expected = emission(recording, now.weights, now.intercept, model.link, gamma)[1]
        values.append(float((expected + log_prior(model, now.weights, now.intercept) - post.penalty).sum()))
        now, post, _ = ascend(model, prior, recording, gamma, now, post)
    assert np.diff(values).min() >= -1e-9 * abs(values[-1])


@pytest.fixture(scope="module")
def fits(small):
    settings = {"basis": small.basis, "link": small.link, "n_init": 2, "random_state": 0}
    train = slice(0, 4500), small.lengths[:3]
    plain = HMMGLM(3, **settings).fit(small.X[train[0]], train[1])
    onehot = OneHotHMMGLM(3, **settings).fit(small.X[train[0]], train[1])
    return plain, onehot


def test_fit_climbs_and_holds_its_shape(fits, small):
    _, model = fits
    assert model.solver_ == "eb"
    gains = np.diff(model.loglik_history_)
    assert gains.min() >= -1e-9 * abs(model.loglik_history_[-1])
    assert model.adjacency_proba_.shape == (3, 7, 7, 3)
    np.testing.assert_allclose(model.adjacency_proba_.sum(axis=-1), 1, atol=1e-12)
    np.testing.assert_allclose(model.adjacency_prior_.sum(axis=-1), 1, atol=1e-12)
    np.testing.assert_array_equal(model.adjacency_, model.adjacency_proba_.argmax(axis=-1) - 1)
    assert (model.strength_ >= 0).all()
    strong = np.abs(model.coef_) > 0.02
    np.testing.assert_array_equal(np.sign(model.coef_[strong]), model.adjacency_[strong])
    # what is shrunk counts for less than all weights
    assert model.n_parameters_ < 0.7 * fits[0].n_parameters_


def test_it_recovers_weights_better_than_no_prior(fits, small):
    from neurosci.hmm_glm import match_states

    plain, onehot = fits
    train = small.X[:4500], small.lengths[:3]
    errors = []
    for model in (plain, onehot):
        order = match_states(small.states[:4500], model.predict(*train), 3)
        errors.append(weight_error(small.coef, model.coef_[order]))
    assert errors[1] < 0.6 * errors[0]


def test_relaxed_mode_uses_torchs_density_and_no_global_generator(small, monkeypatch, tmp_path):
    import torch

    from neurosci.hmm_glm._gumbel import _relaxed_density

    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))  # which torch sets where it is not set

    rng = np.random.default_rng(0)
    logits, shared = torch.tensor(rng.normal(size=(4, 3))), torch.tensor(rng.normal(size=(4, 3)))
    a, a0 = torch.softmax(logits, -1).numpy(), torch.softmax(shared, -1).numpy()
    tau = 0.2
    # corrected Eq. 5
    expected = (
        gammaln(3) + 2 * np.log(tau) - 3 * np.log((a0 * a**-tau).sum(axis=-1))
        + (np.log(a0) - (tau + 1) * np.log(a)).sum(axis=-1)
    )  # fmt: skip
    np.testing.assert_allclose(_relaxed_density(logits, shared, tau).numpy(), expected, rtol=1e-10)
    settings = {"basis": small.basis, "link": small.link, "n_init": 1, "max_iter": 2, "random_state": 0}
    first = OneHotHMMGLM(3, solver="gumbel", **settings).fit(small.X, small.lengths)
    second = OneHotHMMGLM(3, solver="gumbel", **settings).fit(small.X, small.lengths)
    np.testing.assert_array_equal(first.coef_, second.coef_)
    assert set(np.unique(first.adjacency_)) <= {-1, 0, 1}
    assert first.edges_changed_.shape == (2,)
    assert np.isfinite(first.loglik_history_).all()


def test_constants_of_the_prior_are_learned():
    """From exact types and sizes the update returns their own constants."""
    rng = np.random.default_rng(0)
    a = np.array([0.3, 1.2, 0.5])
    prior = TypePrior(0.0, 1.0)
    histogram = np.zeros((6, 6))
    for shares in rng.dirichlet(a, size=20_000):
        i, _, j = rng.multinomial(5, shares)
        histogram[i, j] += 1
    for _ in range(30):
        prior = TypePrior(0.0, 1.0, prior._concentration(histogram))
    # 20,000 edges leave standard errors of about 0.01
    np.testing.assert_allclose(prior.concentration, a, atol=0.05)
