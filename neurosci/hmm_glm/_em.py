"""Expectation maximisation from many starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from . import _forward as forward
from ._m_step import Model, log_prior, log_prior_transitions, newton, transitions
from ._passes import Parameters, Recording, emission

Floats = NDArray[np.float64]
MStep = Callable[[Model, Recording, Floats, Parameters, int, float], tuple[Parameters, Floats]]


@dataclass
class Fit:
    """Parameters with the history of their objective."""

    parameters: Parameters
    history: list[float] = field(default_factory=list)
    converged: bool = False
    log_emission: Floats = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def objective(self) -> float:
        """Last value of the penalised log-likelihood."""
        return self.history[-1]


def maximise(
    model: Model,
    data: Recording,
    now: Parameters,
    *,
    max_iter: int,
    tol: float,
    m_step: MStep = newton,
    n_steps: int = 1,
    log_emission: Floats | None = None,
) -> Fit:
    """Run EM until the objective gains less than `tol` nats per bin, or `max_iter` times.

    The pass that checks an M-step's ascent gives the emissions of the next E-step too.
    """
    constant = float(data.constant.sum())
    current = (
        emission(data, now.weights, now.intercept, model.link)[0] if log_emission is None else log_emission
    )
    fit = Fit(now)
    for _ in range(max_iter + 1):
        gamma, pairs, scale = forward.smooth(current, now.transmat, now.start, data.edges)
        prior = log_prior(model, now.weights, now.intercept)
        objective = float(scale.sum()) + constant + float(prior.sum())
        objective += log_prior_transitions(model, now.transmat)
        fit.history.append(objective)
        fit.parameters, fit.log_emission = now, current
        if len(fit.history) > 1 and objective - fit.history[-2] <= tol * data.n_bins:
            fit.converged = True
            break
        if len(fit.history) > max_iter:
            break
        after, current = m_step(model, data, gamma, now, n_steps, 0.1 * tol)
        now = Parameters(after.weights, after.intercept, transitions(model, pairs, now.transmat), now.start)
    return fit


def one_state(
    model: Model, data: Recording, *, m_step: MStep = newton, max_iter: int = 50, tol: float = 1e-9
) -> Parameters:
    """Fit the model without states, from the mean rates."""
    n_neurons, n_features = data.n_neurons, data.n_features
    gamma = np.ones((data.n_bins, 1))
    now = Parameters(
        np.zeros((1, n_neurons, n_features)),
        baseline(model.link, data.counts.mean(axis=0))[None],
        np.ones((1, 1)),
        np.ones(1),
    )
    return m_step(model, data, gamma, now, max_iter, tol)[0]


def baseline(link: int, rates: Floats) -> Floats:
    """Return the linear predictors that give these counts per bin."""
    from . import _kernels as kernels

    if link == kernels.SOFTPLUS:
        result: Floats = rates + np.log(-np.expm1(-rates))
    elif link in (kernels.SIGMOID, kernels.BERNOULLI):
        share = np.clip(rates, 1e-6, 1 - 1e-6)
        result = np.log(share / (1 - share))
    else:
        result = np.log(rates)
    return result


def random_blocks(
    edges: NDArray[np.int64], n_states: int, dwell: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw states that last about `dwell` bins, each as often as the others; less where bins are few."""
    n_bins = int(edges[-1])
    dwell = max(1.0, min(dwell, n_bins / (2 * n_states)))
    labels = np.empty(n_bins, np.int64)
    for first, stop in pairwise(edges.tolist()):
        t = first
        while t < stop:
            order = rng.permutation(n_states)
            for state in order:
                length = int(rng.geometric(1 / dwell))
                labels[t : min(t + length, stop)] = state
                t += length
                if t >= stop:
                    break
    return labels


def transition_start(n_states: int) -> Floats:
    """Return the published first transition matrix: 0.98 on the diagonal."""
    if n_states == 1:
        return np.ones((1, 1))
    result = np.full((n_states, n_states), 0.02 / (n_states - 1))
    np.fill_diagonal(result, 0.98)
    return result


def random_start(
    model: Model,
    data: Recording,
    glm: Parameters,
    n_states: int,
    dwell: float,
    rng: np.random.Generator,
    m_step: MStep = newton,
) -> Parameters:
    """Return first parameters: the model without states, refitted to random contiguous blocks."""
    labels = random_blocks(data.edges, n_states, dwell, rng)
    gamma = np.zeros((data.n_bins, n_states))
    gamma[np.arange(data.n_bins), labels] = 1.0
    now = Parameters(
        np.repeat(glm.weights, n_states, axis=0),
        np.repeat(glm.intercept, n_states, axis=0),
        transition_start(n_states),
        np.full(n_states, 1 / n_states),
    )
    after = m_step(model, data, gamma, now, 2, 0.0)[0]
    return Parameters(after.weights, after.intercept, now.transmat, now.start)
