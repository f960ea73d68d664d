"""Damped Newton steps on the weights of every neuron, with a guaranteed ascent.

Given the responsibilities the neurons are separate problems. Those of one neuron hold a block for each state,
coupled by what the states share: the baseline, and the centre :math:`W_0` of the Gaussian prior. Both are
eliminated exactly (Schur complement), so that a step is the joint Newton step of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._passes import Parameters, Recording, derivatives, emission

Floats = NDArray[np.float64]

MOST_HALVINGS = 12
TINY = 1e-10  # of the mean diagonal: what makes a singular block solvable without moving its optimum


@dataclass(frozen=True)
class Model:
    """What is fixed while a model is fitted."""

    link: int
    shared_intercept: bool
    free: NDArray[np.bool_]  # (n_neurons, n_features): which weights are fitted
    prior: str = "none"
    prior_scale: float = 1.0 / 3.0
    l1_strength: float = 0.0
    sticky: float = 0.0
    intercept_scale: float = np.inf  # standard deviation of the prior around intercept_mean
    intercept_mean: float = 0.0
    bound: float = np.inf  # on the size of a weight

    @property
    def gaussian(self) -> bool:
        """Whether weights of the states scatter around common ones."""
        return self.prior in ("gaussian", "gaussian_l1")


def log_prior(model: Model, weights: Floats, intercept: Floats) -> Floats:
    """Return the log prior of each neuron's weights and baselines, up to constants."""
    total = np.zeros(weights.shape[1])
    if model.gaussian:
        spread = weights - weights.mean(axis=0)
        total -= 0.5 * (spread**2).sum(axis=(0, 2)) / model.prior_scale**2
    if model.l1_strength:
        total -= model.l1_strength * np.abs(weights).sum(axis=(0, 2))
    if np.isfinite(model.intercept_scale):
        shift = intercept[:1] if model.shared_intercept else intercept
        total -= 0.5 * (((shift - model.intercept_mean) / model.intercept_scale) ** 2).sum(axis=0)
    return total


def log_prior_transitions(model: Model, transmat: Floats) -> float:
    """Return the log density of the sticky prior, up to a constant."""
    if model.sticky == 0 or len(transmat) == 1:
        return 0.0
    return float(model.sticky * np.log(np.diag(transmat)).sum())


def transitions(model: Model, pairs: Floats, transmat: Floats) -> Floats:
    """Return the most probable transition matrix."""
    return stick(model.sticky, pairs, transmat)


def stick(sticky: float, pairs: Floats, transmat: Floats) -> Floats:
    """Return transitions from their expected numbers; rows of states never left stay as they are."""
    counts = pairs + sticky * np.eye(len(pairs))
    rows = counts.sum(axis=1, keepdims=True)
    result: Floats = np.where(rows > 0, counts / np.where(rows > 0, rows, 1), transmat)
    # what is smaller can only come back as a rounding error, and its inverse overflows
    result[result < 1e-100] = 0.0
    result /= result.sum(axis=1, keepdims=True)
    return result


def newton_direction(
    model: Model, weights: Floats, intercept: Floats, gradient: Floats, curvature: Floats
) -> tuple[Floats, Floats]:
    """Return the Newton step of weights (S, N, D) and intercepts (S, N)."""
    n_states, n_neurons, n_features = weights.shape
    gradient, blocks = gradient.copy(), curvature.copy()
    if model.gaussian:
        inverse = model.prior_scale**-2
        centre = weights.mean(axis=0)
        gradient[:, :, :-1] -= (weights - centre) * inverse
        diagonal = np.arange(n_features)
        blocks[:, :, diagonal, diagonal] += inverse
    if np.isfinite(model.intercept_scale):
        share = model.intercept_scale**-2 / (n_states if model.shared_intercept else 1)
        gradient[:, :, -1] -= (intercept - model.intercept_mean) * share
        blocks[:, :, -1, -1] += share
    _fix(blocks, gradient, model.free)
    size = n_features if model.shared_intercept else n_features + 1
    inner = blocks[:, :, :size, :size]
    diagonal = np.arange(size)
    inner[..., diagonal, diagonal] += TINY * (
        np.trace(inner, axis1=-2, axis2=-1)[..., None] / size + 1e-8
    ) + np.where(inner[..., diagonal, diagonal] > 0, 0.0, 1.0)
    border, corner, rest = _border(model, blocks, gradient, size)
    if border is None:
        step: Any = np.linalg.solve(inner, gradient[..., :size, None])[..., 0]
        return step[..., :n_features], step[..., -1]
    solved = np.linalg.solve(inner, np.concatenate([border, gradient[..., :size, None]], axis=-1))
    across, own = solved[..., :-1], solved[..., -1]
    schur = corner - np.einsum("snab,snac->nbc", border, across)
    right = rest - np.einsum("snab,sna->nb", border, own)
    k = np.arange(schur.shape[-1])
    schur[:, k, k] += TINY * (np.abs(corner[:, k, k]) + 1e-8)
    common = np.linalg.solve(schur, right[..., None])[..., 0]
    step = own - np.einsum("snab,nb->sna", across, common)
    if model.shared_intercept:
        return step, np.broadcast_to(common[:, -1], (n_states, n_neurons)).copy()
    return step[..., :n_features], step[..., -1]


def _fix(blocks: Floats, gradient: Floats, free: NDArray[np.bool_]) -> None:
    """Take weights that are not fitted out of the equations."""
    if free.all():
        return
    n_features = free.shape[1]
    keep = np.ones((len(free), n_features + 1))
    keep[:, :-1] = free
    blocks *= keep[:, :, None] * keep[:, None, :]
    gradient *= keep


def _border(
    model: Model, blocks: Floats, gradient: Floats, size: int
) -> tuple[Floats | None, Floats, Floats]:
    """Return the coupling to what the states share, its own curvature and its gradient.

    The centre of the Gaussian prior comes first and the shared baseline last.
    """
    n_states, n_neurons = gradient.shape[:2]
    n_features = gradient.shape[2] - 1
    n_centre = n_features if model.gaussian else 0
    n_common = n_centre + model.shared_intercept
    if n_common == 0:
        return None, np.empty(0), np.empty(0)
    border = np.zeros((n_states, n_neurons, size, n_common))
    corner = np.zeros((n_neurons, n_common, n_common))
    rest = np.zeros((n_neurons, n_common))
    if model.gaussian:
        k = np.arange(n_features)
        inverse = model.prior_scale**-2
        border[:, :, k, k] = -inverse * model.free
        corner[:, k, k] = n_states * inverse
    if model.shared_intercept:
        border[:, :, :, -1] = blocks[:, :, :n_features, -1]
        corner[:, -1, -1] = blocks[:, :, -1, -1].sum(axis=0) + 1e-12
        rest[:, -1] = gradient[:, :, -1].sum(axis=0)
    return border, corner, rest


def climb(
    model: Model,
    data: Recording,
    gamma: Floats,
    now: Parameters,
    value: Floats,
    step_weights: Floats,
    step_intercept: Floats,
) -> tuple[Parameters, Floats, Floats]:
    """Take each neuron's step, halved until its objective does not fall.

    Returns parameters, log emissions there, and each neuron's objective.
    """
    scale = np.ones(now.weights.shape[1])
    for halving in range(MOST_HALVINGS + 1):
        weights = np.clip(now.weights + scale[:, None] * step_weights, -model.bound, model.bound)
        intercept = now.intercept + scale * step_intercept
        log_emission, per_neuron = emission(data, weights, intercept, model.link, gamma)
        best = per_neuron + log_prior(model, weights, intercept)
        fell = ~(best >= value - 1e-13 * np.abs(value))
        if not fell.any():
            break
        scale = np.where(fell, 0.0 if halving == MOST_HALVINGS - 1 else scale / 2, scale)
    return Parameters(weights, intercept, now.transmat, now.start), log_emission, best


def newton(
    model: Model, data: Recording, gamma: Floats, now: Parameters, n_steps: int, tol: float
) -> tuple[Parameters, Floats]:
    """Take up to `n_steps` Newton steps, fewer when one gains less than `tol` nats per bin.

    Returns parameters and the log emissions there.
    """
    log_emission = np.empty(0)
    for _ in range(n_steps):
        found = derivatives(data, now.weights, now.intercept, model.link, gamma, single=True)
        value = found.per_neuron + log_prior(model, now.weights, now.intercept)
        step = newton_direction(model, now.weights, now.intercept, found.gradient, found.curvature)
        now, log_emission, after = climb(model, data, gamma, now, value, *step)
        if float((after - value).sum()) <= tol * data.n_bins:
            break
    return now, log_emission
