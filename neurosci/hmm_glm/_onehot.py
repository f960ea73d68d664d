r"""Deterministic empirical Bayes for one-hot connectivity.

The likelihood is replaced by its quadratic model around the current weights (Fisher blocks), and the
posterior of each connection, jointly in all states, is found in turn: a mean-field approximation whose
objective is

.. math:: J = \ln p(X; \bar w, b) - \sum_{edges} \phi_h(\bar w) + \ln p(b),

where :math:`\bar w` are posterior means and :math:`\phi_h` is the penalty whose proximal map the posterior
mean is: :math:`\phi_h(\bar w) = -\ln m(z) - \tfrac12 h (z - \bar w)^2` with the evidence :math:`m` at the
estimate :math:`z` of :math:`\bar w`. First, curvature and the constants of the prior are estimated along with
the weights; then both are held fixed, and every step is checked not to lower :math:`J`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from . import _forward as forward
from ._em import Fit
from ._large import weighted_grams
from ._m_step import MOST_HALVINGS, Model, log_prior, log_prior_transitions, transitions
from ._onehot_kernels import shrink, sweep
from ._passes import Parameters, Recording, derivatives, emission

Floats = NDArray[np.float64]

LEARNING_ITERATIONS = 12
MOST_SWEEPS = 10
SWEEP_TOL = 1e-3  # standard errors
LARGEST_BLOCK = 128  # features up to which every neuron has its own Fisher block


@dataclass
class TypePrior:
    """Constants of the prior: strengths and types of connection."""

    mean: float
    scale: float
    concentration: Floats = field(default_factory=lambda: np.array([0.25, 0.5, 0.25]))
    learn: bool = True

    def table(self, n_states: int) -> Floats:
        """Return the probability of i inhibitory and j excitatory states in one given order."""
        i, j = np.meshgrid(np.arange(n_states + 1), np.arange(n_states + 1), indexing="ij")
        none = n_states - i - j
        a = self.concentration
        parts = (i, np.maximum(none, 0), j)
        log: Any = sum(gammaln(c + n) - gammaln(c) for c, n in zip(a, parts, strict=True))
        log = log - gammaln(a.sum() + n_states) + gammaln(a.sum())
        result: Floats = np.where(none >= 0, np.exp(log), 0.0)
        return result

    def updated(self, share: Floats, moments: Floats, histogram: Floats) -> TypePrior:
        """Return the constants that fit expected types and strengths best."""
        weight = float((1 - share[..., 1]).sum())
        mean, scale = self.mean, self.scale
        if weight > 1.0:
            mean = float(moments[..., 2].sum()) / weight
            scale = np.sqrt(max(float(moments[..., 3].sum()) / weight - mean**2, 0.04))
        return TypePrior(mean, float(scale), self._concentration(histogram), True)

    def _concentration(self, histogram: Floats) -> Floats:
        n_states = len(histogram) - 1
        i, j = np.nonzero(histogram)
        mass = histogram[i, j]
        numbers = (i, n_states - i - j, j)
        a = self.concentration.copy()
        if n_states == 1:
            means: Floats = np.array([(mass * n).sum() for n in numbers]) / mass.sum()
            return np.maximum(means, 1e-3)
        for _ in range(20):
            below = mass.sum() * (digamma(n_states + a.sum()) - digamma(a.sum()))
            above = [(mass * (digamma(n + c) - digamma(c))).sum() for c, n in zip(a, numbers, strict=True)]
            a = np.clip(a * np.array(above) / below, 1e-3, 100.0)
        return a


@dataclass
class Posterior:
    """Posterior of the connections: estimates, types and moments, in standard errors."""

    estimate: Floats
    h: Floats
    correlation: Floats
    share: Floats
    moments: Floats
    histogram: Floats
    penalty: Floats

    @classmethod
    def blank(cls, n_states: int, n_neurons: int, n_features: int) -> Posterior:
        """Return a posterior to be filled."""
        return cls(
            np.zeros((n_states, n_neurons, n_features)),
            np.ones((n_states, n_neurons, n_features + 1)),
            np.zeros(0),
            np.zeros((n_neurons, n_states, n_features, 3)),
            np.zeros((n_neurons, n_states, n_features, 5)),
            np.zeros((n_neurons, n_states + 1, n_states + 1)),
            np.zeros(n_neurons),
        )


def curvature(model: Model, data: Recording, now: Parameters, gamma: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the gradient, the diagonal of the Fisher information, and its correlations.

    Above `LARGEST_BLOCK` features the correlations are those of one Gram matrix for each state.
    """
    n_features = now.weights.shape[2]
    if n_features <= LARGEST_BLOCK:
        found = derivatives(data, now.weights, now.intercept, model.link, gamma, fisher=True, single=True)
        h = np.maximum(np.einsum("sndd->snd", found.curvature), 1e-12)
        root = np.sqrt(h)
        return found.gradient, h, found.curvature / (root[..., :, None] * root[..., None, :])
    found = derivatives(data, now.weights, now.intercept, model.link, gamma, fisher=True, blocks=False)
    gram = weighted_grams(data, gamma)
    root = np.sqrt(np.maximum(np.einsum("sdd->sd", gram), 1e-12))
    correlation = gram / (root[:, :, None] * root[:, None, :])
    return found.gradient, np.maximum(found.curvature, 1e-12), correlation[:, None]


def sweep_all(
    model: Model, prior: TypePrior, now: Parameters, gradient: Floats, post: Posterior
) -> tuple[Parameters, Posterior]:
    """Return new weights and baselines on the quadratic model."""
    n_states, n_neurons, n_features = now.weights.shape
    new = Posterior.blank(n_states, n_neurons, n_features)
    new.h, new.correlation = post.h, post.correlation
    weights, intercept = now.weights.copy(), now.intercept.copy()
    table = prior.table(n_states)
    precision = model.intercept_scale**-2
    for n in range(n_neurons):
        own = min(n, post.correlation.shape[1] - 1)
        w = np.ascontiguousarray(weights[:, n])
        b = np.ascontiguousarray(intercept[:, n])
        z = np.zeros((n_states, n_features))
        new.penalty[n] = sweep(
            MOST_SWEEPS, w, gradient[:, n].copy(), np.ascontiguousarray(post.correlation[:, own]),
            np.ascontiguousarray(post.h[:, n]), model.free[n], prior.mean, prior.scale, table, z,
            new.share[n], new.moments[n], new.histogram[n], np.zeros(n_states), b,
            model.intercept_mean, precision, model.shared_intercept, SWEEP_TOL,
        )  # fmt: skip
        weights[:, n], intercept[:, n], new.estimate[:, n] = w, b, z
    return Parameters(weights, intercept, now.transmat, now.start), new


def shrink_some(
    model: Model, prior: TypePrior, now: Parameters, post: Posterior, which: NDArray[np.intp]
) -> None:
    """Recompute weights, types and penalty of some neurons from their estimates, in place."""
    table = prior.table(now.n_states)
    for n in which:
        w = np.ascontiguousarray(now.weights[:, n])
        post.penalty[n] = shrink(
            np.ascontiguousarray(post.estimate[:, n]), np.ascontiguousarray(post.h[:, n]), model.free[n],
            prior.mean, prior.scale, table, w, post.share[n], post.moments[n], post.histogram[n],
        )  # fmt: skip
        now.weights[:, n] = w


def ascend(
    model: Model,
    prior: TypePrior,
    data: Recording,
    gamma: Floats,
    now: Parameters,
    post: Posterior,
) -> tuple[Parameters, Posterior, Floats]:
    """Take one sweep; neurons whose objective falls go along their preconditioned gradient instead.

    With estimates as coordinates that direction always rises: its slope is a quadratic form of the posterior
    covariance. Returns parameters, posterior and log emissions.
    """
    found = derivatives(data, now.weights, now.intercept, model.link, gamma, blocks=None)
    gradient = found.gradient
    value = found.per_neuron + log_prior(model, now.weights, now.intercept) - post.penalty
    after, new = sweep_all(model, prior, now, gradient, post)
    log_emission, per_neuron = emission(data, after.weights, after.intercept, model.link, gamma)
    best = per_neuron + log_prior(model, after.weights, after.intercept) - new.penalty
    fell = np.flatnonzero(~(best >= value - 1e-13 * np.abs(value)))
    root = np.sqrt(post.h[..., :-1])
    target = now.weights * root + gradient[..., :-1] / root
    up = gradient[..., -1] - (now.intercept - model.intercept_mean) * model.intercept_scale**-2
    down = post.h[..., -1] + model.intercept_scale**-2
    if model.shared_intercept:
        up, down = (np.broadcast_to(a.sum(axis=0), a.shape) for a in (up, down))
    share = 0.5
    for _ in range(MOST_HALVINGS):
        if not fell.size:
            return after, new, log_emission
        mix = post.estimate[:, fell] + share * (target[:, fell] - post.estimate[:, fell])
        new.estimate[:, fell] = mix
        after.intercept[:, fell] = now.intercept[:, fell] + share * (up / down)[:, fell]
        shrink_some(model, prior, after, new, fell)
        log_emission, per_neuron = emission(data, after.weights, after.intercept, model.link, gamma)
        best = per_neuron + log_prior(model, after.weights, after.intercept) - new.penalty
        fell = fell[~(best >= value - 1e-13 * np.abs(value))[fell]]
        share /= 2
    if fell.size:
        new.estimate[:, fell] = post.estimate[:, fell]
        after.intercept[:, fell] = now.intercept[:, fell]
        shrink_some(model, prior, after, new, fell)
        log_emission, _ = emission(data, after.weights, after.intercept, model.link, gamma)
    return after, new, log_emission


def empirical_bayes(
    model: Model, data: Recording, fit: Fit, prior: TypePrior, *, max_iter: int, tol: float
) -> tuple[Fit, Posterior, TypePrior]:
    """Carry a fit without prior on to one-hot connectivity."""
    now, log_emission = fit.parameters, fit.log_emission
    n_states, n_neurons, n_features = now.weights.shape
    post = Posterior.blank(n_states, n_neurons, n_features)
    for k in range(LEARNING_ITERATIONS):
        gamma, pairs, _ = forward.smooth(log_emission, now.transmat, now.start, data.edges)
        transmat = transitions(model, pairs, now.transmat)
        for _ in range(2):
            gradient, post.h, post.correlation = curvature(model, data, now, gamma)
            now, post = sweep_all(model, prior, now, gradient, post)
        now = Parameters(now.weights, now.intercept, transmat, now.start)
        log_emission, _ = emission(data, now.weights, now.intercept, model.link)
        if prior.learn and k < LEARNING_ITERATIONS - 1:
            prior = prior.updated(post.share, post.moments, post.histogram.sum(axis=0))
    constant = float(data.constant.sum())
    result = Fit(now)
    for _ in range(max_iter + 1):
        gamma, pairs, scale = forward.smooth(log_emission, now.transmat, now.start, data.edges)
        own = log_prior(model, now.weights, now.intercept) - post.penalty
        objective = float(scale.sum()) + constant + float(own.sum())
        objective += log_prior_transitions(model, now.transmat)
        result.history.append(objective)
        result.parameters, result.log_emission = now, log_emission
        if len(result.history) > 1 and objective - result.history[-2] <= tol * data.n_bins:
            result.converged = True
            break
        if len(result.history) > max_iter:
            break
        after, post, log_emission = ascend(model, prior, data, gamma, now, post)
        now = Parameters(after.weights, after.intercept, transitions(model, pairs, now.transmat), now.start)
    return result, post, prior
