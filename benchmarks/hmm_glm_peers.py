"""Peers of the switching models, each in an environment of its own: nothing of ours is imported here."""

from __future__ import annotations

from typing import Any

import numpy as np

_READY: dict[Any, Any] = {}


def nemos_glm_hmm(data: dict[str, Any]) -> dict[str, float]:
    """Run EM of nemos' GLM-HMM, each M-step 20 iterations of L-BFGS, in double precision."""
    key = ("nemos", len(data["design"]))
    if key not in _READY:
        _READY[key] = _prepare_nemos(data)
    run = _READY[key]
    log_likelihood = run()
    return {"log_likelihood": log_likelihood}


def _prepare_nemos(data: dict[str, Any]) -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    import optax
    from nemos.glm.params import GLMParams
    from nemos.glm_hmm.algorithm_configs import (
        prepare_estep_log_likelihood,
        prepare_mstep_nll_objective_param,
    )
    from nemos.glm_hmm.expectation_maximization import em_glm_hmm
    from nemos.glm_hmm.params import GLMHMMParams, GLMScale, HMMParams
    from nemos.observation_models import PoissonObservations

    model = PoissonObservations()
    X, y = jnp.asarray(data["design"], float), jnp.asarray(data["counts"], float)
    weights = jnp.asarray(data["weights"], float)  # state, target, source
    n_states, n_neurons, _ = weights.shape
    link = jax.nn.softplus
    objective = prepare_mstep_nll_objective_param(True, model, link)
    solver = optax.lbfgs()

    def m_step(params: Any, design: Any, counts: Any, posteriors: Any) -> Any:
        def loss(p: Any) -> Any:
            return objective(p, design, counts, posteriors)

        value_and_grad = optax.value_and_grad_from_state(loss)

        def one(_: Any, carry: Any) -> Any:
            p, state = carry
            value, grad = value_and_grad(p, state=state)
            updates, state = solver.update(grad, state, p, value=value, grad=grad, value_fn=loss)
            return optax.apply_updates(p, updates), state

        params, state = jax.lax.fori_loop(0, data["n_m_steps"], one, (params, solver.init(params)))
        return params, state, None

    start = GLMHMMParams(
        glm_params=GLMParams(
            coef=weights.transpose(2, 1, 0),
            intercept=jnp.repeat(jnp.asarray(data["intercept"], float)[:, None], n_states, axis=1),
        ),
        glm_scale=GLMScale(jnp.zeros((n_neurons, n_states))),
        hmm_params=HMMParams(
            jnp.full(n_states, -jnp.log(n_states)), jnp.log(jnp.asarray(data["transmat"], float))
        ),
    )
    first = np.zeros(len(y), bool)
    first[0] = True
    likelihood = prepare_estep_log_likelihood(True, model)

    def run() -> float:
        _, state = em_glm_hmm(
            start, X, y, link, likelihood, m_step, None, is_new_session=jnp.asarray(first),
            maxiter=int(data["n_iterations"]), tol=0.0,
        )  # fmt: skip
        # the state holds the likelihood to the power of one over the number of bins
        return float(np.log(state.data_log_likelihood))

    return run


def hmmlearn_poisson(data: dict[str, Any]) -> dict[str, float]:
    """Run EM of hmmlearn's Poisson HMM."""
    from hmmlearn.hmm import PoissonHMM

    counts = _counts(data)
    model = PoissonHMM(
        n_components=len(data["rates"]), n_iter=int(data["n_iterations"]), tol=-np.inf, init_params="",
        params="tl", lambdas_prior=0.0, lambdas_weight=0.0,
    )  # fmt: skip
    model.startprob_ = np.full(len(data["rates"]), 1 / len(data["rates"]))
    model.transmat_, model.lambdas_ = np.array(data["transmat"]), np.array(data["rates"])
    model.fit(counts)
    # its history holds the likelihoods before each M-step, as ours does
    return {"log_likelihood": float(model.monitor_.history[-1]) / len(counts)}


def dynamax_poisson(data: dict[str, Any]) -> dict[str, float]:
    """Run EM of dynamax's Poisson HMM."""
    key = ("dynamax", len(data["counts"]))
    if key not in _READY:
        _READY[key] = _prepare_dynamax(data)
    return {"log_likelihood": _READY[key]() / len(data["counts"])}


def _prepare_dynamax(data: dict[str, Any]) -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    from dynamax.hidden_markov_model import PoissonHMM

    rates = jnp.asarray(data["rates"], float)
    n_states, n_neurons = rates.shape
    model = PoissonHMM(
        n_states, n_neurons, emission_prior_concentration=1.0, emission_prior_rate=0.0,
        initial_probs_concentration=1.0, transition_matrix_concentration=1.0,
    )  # fmt: skip
    counts = jnp.asarray(_counts(data), float)
    start, properties = model.initialize(
        initial_probs=jnp.full(n_states, 1 / n_states),
        transition_matrix=jnp.asarray(data["transmat"], float),
        emission_rates=rates,
    )
    properties.initial.probs.trainable = False

    def run() -> float:
        params, m_state = start, model.initialize_m_step_state(start, properties)
        value = 0.0
        for _ in range(int(data["n_iterations"])):
            statistics, value = step(params)
            params, m_state = model.m_step(params, properties, statistics, m_state)
        return float(value[0])

    step = jax.jit(lambda params: jax.vmap(lambda x: model.e_step(params, x))(counts[None]))
    return run


def _counts(data: dict[str, Any]) -> Any:
    key = ("counts", len(data["counts"]), len(data["counts"][0]))
    if key not in _READY:
        _READY[key] = np.array(data["counts"])
    return _READY[key]
