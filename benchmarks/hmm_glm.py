"""Switching GLMs against nemos, Poisson HMMs against hmmlearn and dynamax, and cost against N, T and S."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.pairs import Pair, Target

N_ITERATIONS = 5
PEER_M_STEPS = 20
# its one release cannot be built with current tools, so that no environment is made for it
SSM = "ssm: here, but not measured" if find_spec("ssm") else "ssm: not installed"
TRUTH_SHIFT = 0.2  # relative disturbance of the true parameters from which all begin


def _network(n_neurons: int, n_bins: int, n_states: int) -> Any:
    """Return softplus data whose kernel sums to 7, on which states can be decoded."""
    from neurosci.hmm_glm import ExponentialBasis, make_onehot_hmmglm

    # the spectral radius grows with the neurons
    strength = -5.0 - 0.5 * np.log(max(n_neurons, 20) / 20)
    return make_onehot_hmmglm(
        n_neurons, n_states, n_bins, 1, link="softplus", basis=ExponentialBasis(7.0, 5, 5 / 7),
        strength_mean=float(strength), random_state=20240316,
    )  # fmt: skip


def prepare(n_neurons: int = 20, n_bins: int = 20_000, n_states: int = 3) -> dict[str, Any]:
    """Return counts, regressors and first parameters."""
    from neurosci.preprocessing.spikes import history_design

    data = _network(n_neurons, n_bins, n_states)
    rng = np.random.default_rng(1)
    stay = np.full((n_states, n_states), 0.02 / max(n_states - 1, 1))
    np.fill_diagonal(stay, 0.98 if n_states > 1 else 1.0)
    return {
        "counts": data.X,
        "design": history_design(data.X, data.basis),
        "kernel": data.basis.kernel[:, None],
        "weights": data.coef * (1 + TRUTH_SHIFT * rng.normal(size=data.coef.shape)),
        "intercept": data.intercept,
        "transmat": stay,
        "n_iterations": N_ITERATIONS,
        "n_m_steps": PEER_M_STEPS,
    }


def _ours(data: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Return recording, model and first parameters, kept beside the data."""
    if "ours" not in data:
        from neurosci.hmm_glm._m_step import Model
        from neurosci.hmm_glm._passes import LINKS, Parameters, Recording

        counts, weights = np.asarray(data["counts"]), np.asarray(data["weights"])
        n_states, n_neurons, _ = weights.shape
        model = Model(LINKS["softplus"], False, np.ones((n_neurons, n_neurons), bool))
        intercept = np.repeat(np.asarray(data["intercept"])[None], n_states, axis=0)
        start = Parameters(weights, intercept, np.asarray(data["transmat"]), np.full(n_states, 1 / n_states))
        edges = np.array([0, len(counts)])
        _READY[id(data)] = (Recording(counts, np.asarray(data["kernel"]), edges), model, start)
        data["ours"] = True
    found: tuple[Any, Any, Any] = _READY[id(data)]
    return found


_READY: dict[int, Any] = {}


def em(data: dict[str, Any]) -> dict[str, float]:
    """Run EM of the switching GLM."""
    from threadpoolctl import threadpool_limits

    from neurosci.hmm_glm._em import maximise

    recording, model, start = _ours(data)
    with threadpool_limits(1):
        fit = maximise(model, recording, start, max_iter=N_ITERATIONS - 1, tol=-np.inf)
    return {"log_likelihood": fit.history[-1] / recording.n_bins}


def e_step(data: dict[str, Any]) -> float:
    """Run one E-step; return the log-likelihood of a bin."""
    from threadpoolctl import threadpool_limits

    from neurosci.hmm_glm import _forward as forward
    from neurosci.hmm_glm._passes import emission

    recording, model, start = _ours(data)
    with threadpool_limits(1):
        log_emission, _ = emission(recording, start.weights, start.intercept, model.link)
        _, _, scale = forward.smooth(log_emission, start.transmat, start.start, recording.edges)
    return float(scale.mean())


def numpy_e_step(data: dict[str, Any]) -> float:
    """Run the same with NumPy's functions for the emissions, and ours for the recursion."""
    from threadpoolctl import threadpool_limits

    from neurosci.hmm_glm import _forward as forward

    recording, _, start = _ours(data)
    log_emission = np.empty((recording.n_bins, start.n_states))
    with threadpool_limits(1):
        for s in range(start.n_states):
            for first in range(0, recording.n_bins, 2048):
                part = slice(first, first + 2048)
                a = recording.design[part] @ start.weights[s].T + start.intercept[s]
                rate = np.logaddexp(0, a)
                log_emission[part, s] = (recording.counts[part] * np.log(rate) - rate).sum(axis=1)
        _, _, scale = forward.smooth(log_emission, start.transmat, start.start, recording.edges)
    return float(scale.mean())


def prepare_hmm(n_bins: int) -> dict[str, Any]:
    """Return counts with switching rates, and first parameters."""
    rng = np.random.default_rng(2)
    rates = rng.gamma(2.0, 0.25, size=(3, 20))
    states = np.repeat(rng.integers(0, 3, n_bins // 50 + 1), 50)[:n_bins]
    stay = np.full((3, 3), 0.01)
    np.fill_diagonal(stay, 0.98)
    return {
        "counts": rng.poisson(rates[states]),
        "rates": rates * rng.uniform(0.8, 1.25, size=rates.shape),
        "transmat": stay,
        "n_iterations": N_ITERATIONS,
    }


def hmm(data: dict[str, Any]) -> dict[str, float]:
    """Run EM of our Poisson HMM."""
    from threadpoolctl import threadpool_limits

    from neurosci.hmm_glm._passes import Recording
    from neurosci.hmm_glm._poisson_hmm import maximise

    key = id(data)
    if key not in _READY:
        counts = np.asarray(data["counts"]).astype(np.uint8)
        _READY[key] = Recording(counts, np.zeros((1, 0)), np.array([0, len(counts)]))
    with threadpool_limits(1):
        history, *_ = maximise(
            _READY[key], np.asarray(data["rates"]), np.asarray(data["transmat"]), N_ITERATIONS - 1, -np.inf
        )
    return {"log_likelihood": history[-1] / _READY[key].n_bins}


def behind(ours: dict[str, float], peer: dict[str, float]) -> float:
    """Return by how much our log-likelihood of a bin is below the peer's, relative to it."""
    return max(0.0, (peer["log_likelihood"] - ours["log_likelihood"]) / abs(peer["log_likelihood"]))


def apart(ours: dict[str, float], peer: dict[str, float]) -> float:
    """Return the relative difference of two log-likelihoods."""
    return abs(ours["log_likelihood"] / peer["log_likelihood"] - 1)


def difference(ours: float, peer: float) -> float:
    """Return the relative difference."""
    return abs(ours / peer - 1)


def seconds(call: Any, data: dict[str, Any], n_calls: int = 5) -> float:
    """Return the shortest time of some calls after one that compiles."""
    call(data)
    times = []
    for _ in range(n_calls):
        start = time.perf_counter()
        call(data)
        times.append(time.perf_counter() - start)
    return min(times)


def filter_seconds(_: Any) -> float:
    """Return the time of one on-line step with 100 neurons and 5 states."""
    from neurosci.hmm_glm import HMMGLM

    data = _network(100, 2000, 5)
    model = HMMGLM(5, basis=data.basis, link=data.link)
    model.coef_, model.intercept_, model.transmat_ = data.coef, data.intercept, data.transmat
    model.startprob_, model.kernel_, model.link_ = data.startprob, data.basis.kernel[:, None], data.link
    model.n_features_in_ = 100
    state = None
    for counts in data.X[:10]:
        _, state = model.filter_step(counts, state)
    start = time.perf_counter()
    for counts in data.X[10:]:
        _, state = model.filter_step(counts, state)
    return (time.perf_counter() - start) / (len(data.X) - 10)


def peak_bytes(_: Any) -> float:
    """Return the peak of an E-step with 100 neurons, 100,000 bins and 5 states, in units of 1 GB."""
    import tracemalloc

    data = {**prepare(100, 100_000, 5)}
    tracemalloc.start()
    e_step(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e9


def _scaling(
    name: str, unit: str, sizes: tuple[int, ...], make: Any, targets: tuple[Target, ...] = ()
) -> Pair:
    return Pair(
        name=f"hmm_glm_e_step_{name}",
        ours_words="one E-step, one thread",
        peer_words="the same with NumPy's logaddexp and log, float64",
        ours=e_step,
        peer=numpy_e_step,
        prepare=make,
        sizes=sizes,
        unit=unit,
        n_rounds=5,
        min_speedup=1.0,
        disagreement=difference,
        max_disagreement=1e-12,
        disagreement_words="relative difference of the log-likelihood",
        targets=targets,
    )


PAIRS = (
    Pair(
        name="hmm_glm_nemos",
        ours_words=f"{N_ITERATIONS} EM iterations, 20 neurons, 3 states, one thread",
        peer_words=f"nemos 0.2.8 em_glm_hmm, {PEER_M_STEPS} L-BFGS iterations in each M-step, float64",
        ours=em,
        peer="benchmarks.hmm_glm_peers:nemos_glm_hmm",
        requirements=("nemos==0.2.8", "optax"),
        prepare=lambda n_bins: prepare(20, n_bins, 3),
        sizes=(20_000,),
        unit="bins",
        n_rounds=3,
        min_speedup=1.0,
        disagreement=behind,
        max_disagreement=1e-6,
        disagreement_words="log-likelihood below the peer's, relative",
        targets=(
            Target(
                words="an EM iteration of 20 neurons, 20,000 bins, 3 states",
                limit=0.2,
                value=lambda rows: float(rows[0]["ours"]["wall"]) / N_ITERATIONS,
            ),
            Target(words="its E-step", limit=0.015, value=lambda _: seconds(e_step, prepare())),
        ),
    ),
    Pair(
        name="hmm_glm_hmmlearn",
        ours_words=f"{N_ITERATIONS} EM iterations of PoissonHMM, 20 neurons, 3 states, one thread",
        peer_words=f"hmmlearn.hmm.PoissonHMM; {SSM}",
        ours=hmm,
        peer="benchmarks.hmm_glm_peers:hmmlearn_poisson",
        requirements=("hmmlearn==0.3.3",),
        prepare=prepare_hmm,
        sizes=(5000, 20_000),
        unit="bins",
        n_rounds=3,
        min_speedup=1.0,
        disagreement=apart,
        max_disagreement=1e-10,
        disagreement_words="relative difference of the log-likelihoods",
    ),
    Pair(
        name="hmm_glm_dynamax",
        ours_words=f"{N_ITERATIONS} EM iterations of PoissonHMM, 20 neurons, 3 states, one thread",
        peer_words="dynamax PoissonHMM, E-step compiled, float64",
        ours=hmm,
        peer="benchmarks.hmm_glm_peers:dynamax_poisson",
        requirements=("dynamax==1.0.3",),
        prepare=prepare_hmm,
        sizes=(5000, 20_000),
        unit="bins",
        n_rounds=3,
        min_speedup=1.0,
        disagreement=apart,
        max_disagreement=1e-10,
        disagreement_words="relative difference of the log-likelihoods",
    ),
    _scaling("neurons", "neurons", (20, 50, 100), lambda n: prepare(n, 20_000, 3)),
    _scaling(
        "bins",
        "bins of 100 neurons, 5 states",
        (10_000, 100_000),
        lambda n: prepare(100, n, 5),
        (
            Target(
                words="an E-step of 100 neurons, 100,000 bins, 5 states",
                limit=0.8,
                value=lambda rows: float(rows[-1]["ours"]["wall"]),
            ),
            Target(words="its peak memory in GB", limit=1.0, value=peak_bytes),
            Target(words="one on-line step of 100 neurons, 5 states", limit=2e-5, value=filter_seconds),
        ),
    ),
    _scaling("states", "states", (2, 4, 8), lambda n: prepare(20, 20_000, n)),
)
