"""Proximal Newton steps for the Laplace prior: coordinate descent on the quadratic model of each neuron."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._m_step import Model, climb, log_prior
from ._passes import Parameters, Recording, derivatives

Floats = NDArray[np.float64]

MOST_SWEEPS = 50
SWEEP_TOL = 1e-4  # standard errors


def proximal(
    model: Model, data: Recording, gamma: Floats, now: Parameters, n_steps: int, tol: float
) -> tuple[Parameters, Floats]:
    """Take up to `n_steps` proximal Newton steps; see `newton`.

    The centre of the Gaussian prior, where there is one, stays at the states' mean within a step: the
    objective with the centre at its best value is never below that.
    """
    log_emission = np.empty(0)
    inverse = model.prior_scale**-2 if model.gaussian else 0.0
    for _ in range(n_steps):
        found = derivatives(data, now.weights, now.intercept, model.link, gamma, single=True)
        value = found.per_neuron + log_prior(model, now.weights, now.intercept)
        weights, intercept = _minimise(
            now.weights, now.intercept, found.gradient, found.curvature, now.weights.mean(axis=0), inverse,
            model.l1_strength, model.free, model.shared_intercept, MOST_SWEEPS, SWEEP_TOL,
        )  # fmt: skip
        now, log_emission, after = climb(
            model, data, gamma, now, value, weights - now.weights, intercept - now.intercept
        )
        if float((after - value).sum()) <= tol * data.n_bins:
            break
    return now, log_emission


@njit(cache=True, nogil=True)
def _minimise(
    weights: Floats,
    intercept: Floats,
    gradient: Floats,
    curvature: Floats,
    centre: Floats,
    inverse: float,
    strength: float,
    free: NDArray[np.bool_],
    shared: bool,
    n_sweeps: int,
    tol: float,
) -> tuple[Floats, Floats]:
    n_states, n_neurons, n_features = weights.shape
    w, b = weights.copy(), intercept.copy()
    residual = gradient.copy()
    for n in range(n_neurons):
        for _ in range(n_sweeps):
            largest = 0.0
            for s in range(n_states):
                for d in range(n_features):
                    bend = curvature[s, n, d, d] + inverse
                    if not free[n, d] or bend <= 0.0:
                        continue
                    pull = residual[s, n, d] + bend * w[s, n, d] - inverse * (w[s, n, d] - centre[n, d])
                    size = abs(pull) - strength
                    after = 0.0 if size <= 0.0 else (size if pull > 0.0 else -size) / bend
                    change = after - w[s, n, d]
                    if change != 0.0:
                        w[s, n, d] = after
                        largest = max(largest, abs(change) * np.sqrt(bend))
                        for k in range(n_features + 1):
                            residual[s, n, k] -= change * curvature[s, n, d, k]
            up = down = 0.0
            for s in range(n_states):
                up += residual[s, n, n_features]
                down += curvature[s, n, n_features, n_features]
            for s in range(n_states):
                if not shared:
                    up, down = residual[s, n, n_features], curvature[s, n, n_features, n_features]
                change = up / max(down, 1e-12)
                b[s, n] += change
                largest = max(largest, abs(change) * np.sqrt(down))
                for k in range(n_features + 1):
                    residual[s, n, k] -= change * curvature[s, n, n_features, k]
            if largest < tol:
                break
    return w, b
