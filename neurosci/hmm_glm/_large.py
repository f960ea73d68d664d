r"""M-steps for many neurons: one Gram matrix for each state instead of a Fisher block for each neuron.

The monotone step divides the gradient by :math:`H^\top \mathrm{diag}(\gamma_s c) H` with a bound :math:`c_t`
of the curvature of all neurons in bin :math:`t`, so that it can never overshoot. L-BFGS uses the same matrix
with the mean curvature as its metric.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular

from . import _kernels as kernels
from ._m_step import TINY, Model, climb, log_prior
from ._passes import Parameters, Recording, derivatives

Floats = NDArray[np.float64]

LBFGS_ITERATIONS = 5
# bounds of minus the second derivative of x ln f - f: constant + slope * x
BOUNDS = {kernels.SOFTPLUS: (0.25, 0.1671), kernels.SIGMOID: (0.0963, 0.25), kernels.BERNOULLI: (0.25, 0.0)}


def weighted_grams(data: Recording, weights: Floats) -> Floats:
    """Return sum_t weights[t, s] [h_t, 1] [h_t, 1]' of each state, of shape (S, D + 1, D + 1)."""
    full = data.n_features + 1
    result = np.zeros((weights.shape[1], full, full))
    step = max(64, 2**21 // (8 * full))
    features = np.ones((step, full))
    for start in range(0, data.n_bins, step):
        stop = min(start + step, data.n_bins)
        part = features[: stop - start]
        part[:, :-1] = data.rows(start, stop)
        for s in range(weights.shape[1]):
            result[s] += (part * weights[start:stop, s, None]).T @ part
    return result


def curvature_bound(model: Model, data: Recording) -> Floats:
    """Return a bound of the curvature over neurons, of each bin."""
    constant, slope = BOUNDS[model.link]
    result: Floats = constant + slope * data.counts.max(axis=1).astype(float)
    return result


def monotone(
    model: Model, data: Recording, gamma: Floats, now: Parameters, n_steps: int, tol: float
) -> tuple[Parameters, Floats]:
    """Take up to `n_steps` bounded steps; see `newton`."""
    grams = weighted_grams(data, gamma * curvature_bound(model, data)[:, None])
    log_emission = np.empty(0)
    for _ in range(n_steps):
        found = derivatives(data, now.weights, now.intercept, model.link, gamma, blocks=None)
        value = found.per_neuron + log_prior(model, now.weights, now.intercept)
        step = gram_direction(model, now, found.gradient, grams)
        now, log_emission, after = climb(model, data, gamma, now, value, *step)
        if float((after - value).sum()) <= tol * data.n_bins:
            break
    return now, log_emission


def gram_direction(model: Model, now: Parameters, gradient: Floats, grams: Floats) -> tuple[Floats, Floats]:
    """Return the step of weights and baselines in the metric of one matrix for each state."""
    n_states, n_neurons, n_features = now.weights.shape
    gradient = gradient.copy()
    inner = grams[:, :n_features, :n_features].copy()
    if model.gaussian:
        inverse = model.prior_scale**-2
        gradient[..., :-1] -= (now.weights - now.weights.mean(axis=0)) * inverse
        inner += inverse * np.eye(n_features)
    size = np.trace(inner, axis1=1, axis2=2) / n_features
    inner += (TINY * size + 1e-10)[:, None, None] * np.eye(n_features)
    border = grams[:, :n_features, -1]
    step = np.empty_like(now.weights)
    across = np.empty((n_states, n_neurons, n_features))
    up, down = np.empty((n_states, n_neurons)), np.empty((n_states, n_neurons))
    for s in range(n_states):
        factor = cho_factor(inner[s], lower=True)
        own = cho_solve(factor, gradient[s, :, :-1].T)
        side = np.repeat(cho_solve(factor, border[s])[:, None], n_neurons, axis=1)
        _hold(factor, own, side, model.free)
        step[s], across[s] = own.T, side.T
        up[s] = gradient[s, :, -1] - border[s] @ own
        down[s] = grams[s, -1, -1] - border[s] @ side
    if model.shared_intercept:
        up, down = (np.broadcast_to(a.sum(axis=0), a.shape) for a in (up, down))
    change = up / np.maximum(down, 1e-10)
    return (step - across * change[..., None]) * model.free, change


def _hold(factor: Any, own: Floats, side: Floats, free: NDArray[np.bool_]) -> None:
    """Keep weights that are not fitted at zero: subtract what moves them, in the metric of the matrix."""
    for n in np.flatnonzero(~free.all(axis=1)):
        held = np.flatnonzero(~free[n])
        unit = np.zeros((len(own), len(held)))
        unit[held, np.arange(len(held))] = 1.0
        columns = cho_solve(factor, unit)
        for target in (own, side):
            target[:, n] -= columns @ np.linalg.solve(columns[held], target[held, n])


def lbfgs(
    model: Model, data: Recording, gamma: Floats, now: Parameters, n_steps: int, tol: float
) -> tuple[Parameters, Floats]:
    """Run a few iterations of L-BFGS in the metric of the mean curvature; see `newton`."""
    from scipy.optimize import minimize

    shape = now.weights.shape
    n_states, n_neurons, n_features = shape
    found = derivatives(data, now.weights, now.intercept, model.link, gamma, blocks=False)
    start = found.per_neuron + log_prior(model, now.weights, now.intercept)
    bend = found.curvature[..., -1]
    share = gamma.sum(axis=0)
    level = bend.sum(axis=1) / np.maximum(n_neurons * share, 1e-10)
    grams = weighted_grams(data, gamma * level)
    # the curvature of each neuron relative to the mean of its state
    ratio = np.sqrt(np.maximum(bend / np.maximum(share * level, 1e-10)[:, None], 1e-6))
    factors = []
    for s in range(n_states):
        inner = grams[s, :-1, :-1] + (model.prior_scale**-2 if model.gaussian else 0.0) * np.eye(n_features)
        inner += (TINY * np.trace(inner) / n_features + 1e-10) * np.eye(n_features)
        factors.append(cholesky(inner, lower=True))
    if model.shared_intercept:
        scale = np.sqrt(np.maximum(bend.sum(axis=0, keepdims=True), 1e-10))
    else:
        scale = np.sqrt(np.maximum(bend, 1e-10))

    def unpack(vector: Floats) -> tuple[Floats, Floats]:
        flat = vector[: now.weights.size].reshape(shape)
        weights = np.empty(shape)
        for s in range(n_states):
            moved = solve_triangular(factors[s], flat[s].T, lower=True, trans="T").T / ratio[s][:, None]
            weights[s] = now.weights[s] + moved * model.free
        change = vector[now.weights.size :].reshape(scale.shape) / scale
        return weights, now.intercept + change

    def negative(vector: Floats) -> tuple[float, Floats]:
        weights, intercept = unpack(vector)
        out = derivatives(data, weights, intercept, model.link, gamma, blocks=None)
        value = float((out.per_neuron + log_prior(model, weights, intercept) - start).sum())
        gradient = out.gradient[..., :-1].copy()
        if model.gaussian:
            gradient -= (weights - weights.mean(axis=0)) * model.prior_scale**-2
        moved = np.empty(shape)
        for s in range(n_states):
            scaled = gradient[s] * model.free / ratio[s][:, None]
            moved[s] = solve_triangular(factors[s], scaled.T, lower=True).T
        side = out.gradient[..., -1]
        side = side.sum(axis=0, keepdims=True) if model.shared_intercept else side
        if not np.isfinite(value):
            return np.inf, np.zeros_like(vector)
        return -value, -np.concatenate([moved.ravel(), (side / scale).ravel()])

    result = minimize(
        negative, np.zeros(now.weights.size + scale.size), jac=True, method="L-BFGS-B",
        options={"maxiter": LBFGS_ITERATIONS * n_steps, "ftol": 0.0, "gtol": tol * np.sqrt(data.n_bins)},
    )  # fmt: skip
    weights, intercept = unpack(result.x)
    # one more pass keeps every neuron from falling, not only their sum
    after, log_emission, _ = climb(
        model, data, gamma, now, start, weights - now.weights, intercept - now.intercept
    )
    return after, log_emission
