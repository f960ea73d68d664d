"""From starts to learned attributes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _forward as forward
from ._em import Fit, MStep, maximise, one_state, random_start
from ._l1 import proximal
from ._large import lbfgs, monotone
from ._m_step import Model, newton
from ._matching import eq8_adjacency
from ._onehot import Posterior, TypePrior, empirical_bayes
from ._passes import Parameters, Recording, derivatives, emission
from ._rate_starts import rate_start, shared

Floats = NDArray[np.float64]

SCREEN_ITERATIONS = 10  # of every start
SECOND_ITERATIONS = 15  # of the better starts; the best one goes on to the end
REFINED_SHARE = 3  # one start of so many, rounded up, is among the better ones
SCREEN_BINS = 10_000  # bins that tell starts apart
MOST_SKIPPED = 4  # screening sees one sequence of so many at least
SCREEN_SPIKES = 50  # of each neuron in them
LARGEST_NEWTON = 128  # features up to which every neuron has its own Fisher block
M_STEPS: dict[str, MStep] = {"newton": newton, "lbfgs": lbfgs, "mm": monotone}


@dataclass(frozen=True)
class Settings:
    """How to search."""

    n_states: int
    solver: str
    n_init: int
    max_iter: int
    tol: float
    dwell: float
    n_jobs: int | None
    device: str | None
    types: TypePrior
    tau: float
    start: Parameters | None = None


def fit_model(model: Model, data: Recording, settings: Settings, rng: np.random.Generator) -> dict[str, Any]:
    """Return the learned attributes."""
    best, ends = search(model, data, settings, rng)
    if model.prior != "onehot":
        return learned_attributes(model, data, settings, best, ends)
    if settings.solver == "gumbel":
        from ._gumbel import gumbel_fit

        relaxed = gumbel_fit(model, data, settings, best, rng)
        learned = learned_attributes(model, data, settings, relaxed.fit, ends)
        return learned | relaxed.attributes()
    found, posterior, types = empirical_bayes(
        model, data, best, settings.types, max_iter=settings.max_iter, tol=settings.tol
    )
    learned = learned_attributes(model, data, settings, found, ends)
    return learned | onehot_attributes(model, posterior, types, learned["n_parameters_"])


def m_step_of(model: Model, data: Recording, settings: Settings) -> MStep:
    """Return the M-step of the search; the one-hot prior starts from a search without it."""
    if model.l1_strength:
        return proximal
    if settings.solver in ("lbfgs", "mm"):
        return M_STEPS[settings.solver]
    return newton if data.n_features <= LARGEST_NEWTON else lbfgs


def search(model: Model, data: Recording, settings: Settings, rng: np.random.Generator) -> tuple[Fit, Floats]:
    """Return the best fit and the last objective of every start.

    Starts are halted early by successive halving: all take a few steps on some of the sequences, the better
    ones some more on all data, and the best one goes on to the end.
    """
    m_step = m_step_of(model, data, settings)

    def climb(now: Parameters, most: int, on: Recording = data, n_steps: int = 1) -> Fit:
        return maximise(model, on, now, max_iter=most, tol=settings.tol, m_step=m_step, n_steps=n_steps)

    if settings.start is not None:
        fit = climb(settings.start, settings.max_iter)
        return fit, np.array([fit.objective])
    wide = data.n_features > LARGEST_NEWTON and settings.n_states > 1
    glm = None if wide else one_state(model, data, m_step=m_step)
    if settings.n_states == 1 and glm is not None:
        fit = climb(glm, settings.max_iter, n_steps=5)
        return fit, np.array([fit.objective])

    def begin(seed: np.random.Generator) -> Parameters:
        if glm is None:
            return wide_start(model, some, settings, m_step, seed)
        return random_start(model, some, glm, settings.n_states, settings.dwell, seed, m_step)

    seeds = rng.spawn(settings.n_init)
    if settings.n_init == 1:
        some = data
        fit = climb(begin(seeds[0]), settings.max_iter)
        return fit, np.array([fit.objective])
    some = spread(data)
    first = min(SCREEN_ITERATIONS, settings.max_iter)
    fits = side_by_side(lambda seed: climb(begin(seed), first, some), seeds, settings.n_jobs)
    order = np.argsort([-fit.objective for fit in fits], kind="stable")
    if some is not data:
        fits = side_by_side(lambda fit: climb(fit.parameters, 0), fits, settings.n_jobs)

    def go_on(fit: Fit, most: int) -> Fit:
        return fit if fit.converged or most <= 0 else joined(fit, climb(fit.parameters, most))

    second = min(SECOND_ITERATIONS, settings.max_iter - first)
    chosen = order[: -(-settings.n_init // REFINED_SHARE)]
    better = side_by_side(lambda i: go_on(fits[i], second), list(chosen), settings.n_jobs)
    for i, fit in zip(chosen, better, strict=True):
        fits[i] = fit
    best = int(np.argmax([fit.objective for fit in fits]))
    fits[best] = go_on(fits[best], settings.max_iter - first - second)
    return fits[best], np.array([fit.objective for fit in fits])


def wide_start(
    model: Model, data: Recording, settings: Settings, m_step: MStep, seed: np.random.Generator
) -> Parameters:
    """Return first parameters for many neurons: weights refitted to states of rates."""
    first, _ = rate_start(
        model, data.counts, data.edges, settings.n_states, settings.dwell, [seed], settings.max_iter,
        settings.tol,
    )  # fmt: skip
    log_emission, _ = emission(data, first.weights, first.intercept, model.link)
    gamma = forward.smooth(log_emission, first.transmat, first.start, data.edges)[0]
    now = shared(model, first, data.counts.mean(axis=0))
    after = m_step(model, data, gamma, now, 2, 0.0)[0]
    return Parameters(after.weights, after.intercept, now.transmat, now.start)


def joined(before: Fit, after: Fit) -> Fit:
    """Return a continued fit with the history of both parts."""
    after.history = before.history + after.history[1:]
    return after


def spread(data: Recording) -> Recording:
    """Return every second to fourth sequence, where that leaves enough bins and spikes, else all."""
    step = min(MOST_SKIPPED, data.n_bins // SCREEN_BINS)
    chosen = np.arange(0, len(data.edges) - 1, max(step, 1))
    if step < 2 or len(chosen) < 2:
        return data
    counts = np.concatenate([data.counts[data.edges[i] : data.edges[i + 1]] for i in chosen])
    if counts.sum(axis=0).min() < SCREEN_SPIKES:
        return data
    lengths = np.diff(data.edges)[chosen]
    return Recording(counts, data.kernel, np.concatenate([[0], np.cumsum(lengths)]))


def side_by_side(func: Callable[[Any], Fit], items: list[Any], n_jobs: int | None) -> list[Fit]:
    """Map in threads, one for linear algebra each; the compiled passes let go of the interpreter."""
    from joblib import Parallel, delayed
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        result: list[Fit] = Parallel(n_jobs=n_jobs, prefer="threads")(delayed(func)(item) for item in items)
    return result


def learned_attributes(
    model: Model, data: Recording, settings: Settings, fit: Fit, ends: Floats
) -> dict[str, Any]:
    """Return attributes by name."""
    now = fit.parameters
    gamma = forward.smooth(fit.log_emission, now.transmat, now.start, data.edges)[0]
    return parameter_attributes(model, now) | {
        "loglik_history_": np.array(fit.history),
        "start_loglik_": ends,
        "n_iter_": len(fit.history) - 1,
        "converged_": fit.converged,
        "occupancy_": gamma.mean(axis=0),
        "solver_": settings.solver
        if settings.solver not in M_STEPS
        else name_of(m_step_of(model, data, settings)),
        "n_parameters_": count_parameters(model, data, now, gamma),
        "mean_counts_": data.counts.mean(axis=0),
    }


def name_of(m_step: MStep) -> str:
    """Return the name of a solver."""
    return next((name for name, function in M_STEPS.items() if function is m_step), "proximal newton")


def parameter_attributes(model: Model, now: Parameters) -> dict[str, Any]:
    """Return attributes that are functions of the parameters."""
    n_states, n_neurons, n_features = now.weights.shape
    n_kernels = n_features // n_neurons
    coef = now.weights.reshape(n_states, n_neurons, n_neurons, n_kernels)
    coef = coef[..., 0] if n_kernels == 1 else coef
    flat = coef if coef.ndim == 3 else coef.sum(axis=-1)
    degrees = eq8_adjacency(flat)
    return {
        "coef_": coef,
        "intercept_": now.intercept[0].copy() if model.shared_intercept else now.intercept,
        "transmat_": now.transmat,
        "startprob_": now.start,
        "adjacency_": (degrees.argmax(axis=-1) - 1).astype(np.int8),
        "adjacency_proba_": degrees,
        "adjacency_prior_": eq8_adjacency(flat.mean(axis=0)),
        "strength_": np.abs(flat),
        "weight_prior_mean_": flat.mean(axis=0),
        "type_prior_": None,
    }


def onehot_attributes(
    model: Model, posterior: Posterior, types: TypePrior, n_parameters: float
) -> dict[str, Any]:
    """Return what the one-hot prior adds: types, strengths and effective degrees of freedom."""
    share = posterior.share.transpose(1, 0, 2, 3)
    share = np.where(model.free[None, :, :, None], share, [0.0, 1.0, 0.0])
    moments = posterior.moments.transpose(1, 0, 2, 3)
    size = moments[..., 4] / np.sqrt(posterior.h[..., :-1])
    total = types.concentration.sum()
    # the derivative of a posterior mean by its estimate is the posterior variance over that of the estimate
    freedom = float((moments[..., 1] - moments[..., 0] ** 2).sum())
    return {
        "adjacency_": (share.argmax(axis=-1) - 1).astype(np.int8),
        "adjacency_proba_": share,
        "adjacency_prior_": (share.sum(axis=0) + types.concentration) / (len(share) + total),
        "strength_": size * model.free,
        "n_parameters_": n_parameters - len(share) * float(model.free.sum()) + freedom,
        "type_prior_": {
            "strength_mean": types.mean,
            "strength_scale": types.scale,
            "concentration": types.concentration.tolist(),
        },
    }


def count_parameters(model: Model, data: Recording, now: Parameters, gamma: Floats) -> float:
    """Return the number of free parameters: weights, baselines and transitions.

    Under the Laplace prior these are the weights that are not zero. Under the Gaussian prior each direction
    counts by how much of its information comes from data: tr (H + P)^-1 H, with the prior's precision P.
    """
    n_states, n_neurons, n_features = now.weights.shape
    n_weights = float(n_states * model.free.sum())
    if model.l1_strength:
        n_weights = float(np.count_nonzero(now.weights))
    elif model.prior == "gaussian" and n_states > 1 and n_features <= LARGEST_NEWTON:
        n_weights = gaussian_freedom(model, data, now, gamma)
    n_baselines = n_neurons * (1 if model.shared_intercept else n_states)
    return float(n_weights + n_baselines + n_states * (n_states - 1))


def gaussian_freedom(model: Model, data: Recording, now: Parameters, gamma: Floats) -> float:
    """Return the effective number of weights, with the centre counted as free."""
    found = derivatives(data, now.weights, now.intercept, model.link, gamma, fisher=True)
    n_states, n_neurons, n_features = now.weights.shape
    size = n_states * n_features
    shrink = (np.eye(n_states) - 1 / n_states) * model.prior_scale**-2
    total = 0.0
    for n in range(n_neurons):
        keep = np.flatnonzero(np.tile(model.free[n], n_states))
        information = np.zeros((n_states, n_features, n_states, n_features))
        s = np.arange(n_states)
        information[s, :, s, :] = found.curvature[:, n, :-1, :-1]
        data_part = information.reshape(size, size)
        both = data_part + np.kron(shrink, np.eye(n_features))
        index = np.ix_(keep, keep)
        ridge = 1e-9 * np.trace(data_part) / size * np.eye(len(keep))
        total += float(np.trace(np.linalg.solve(both[index] + ridge, data_part[index])))
    return total
