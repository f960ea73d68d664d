"""The eight models of the comparison behind one interface, with equal starts and equal inner choices."""

from __future__ import annotations

import hashlib
import warnings
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from . import _checks as check
from ._estimator import HMMGLM
from ._matching import eq8_adjacency
from ._poisson_hmm import PoissonHMM

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

PRIORS = {
    "GLM": "none",
    "HMM Bern": "none",
    "HG": "none",
    "HG-L1": "l1",
    "GHG": "gaussian",
    "GHG-L1": "gaussian_l1",
    "OHG": "onehot",
}
BINARY = "HMM Bern"
"""Model whose likelihoods are those of counts cut at 1, so that they compare with no other."""
MULTIPLES = (0.3, 1.0, 3.0)
"""Of a natural scale: strengths that the inner split chooses from."""
INNER_STEP = 5
"""Of the sequences for fitting every so manieth chooses; inner fits use the others."""


@dataclass(frozen=True)
class Split:
    """Counts for fitting and counts held out, as whole sequences."""

    train: NDArray[Any]
    train_lengths: Integers
    test: NDArray[Any]
    test_lengths: Integers


@dataclass(frozen=True)
class Fitted:
    """One fitted model and what the comparison asks of it."""

    name: str
    n_states: int
    estimator: Any
    coef: Floats | None
    coef_or_correlation: Floats
    degrees: Floats
    prior_degrees: Floats
    start_ll: Floats
    n_parameters: float
    converged: bool
    chosen: dict[str, Any] = field(default_factory=dict)

    @property
    def binary(self) -> bool:
        """Whether likelihoods are those of counts cut at 1."""
        return self.name == BINARY

    def sequence_ll(self, X: NDArray[Any], lengths: Integers) -> Floats:
        """Return the predictive log-likelihood of each sequence in nats."""
        return sums(self.estimator.bin_log_likelihood(X, lengths), lengths)

    def states(self, X: NDArray[Any], lengths: Integers) -> Integers:
        """Return the likeliest state of each bin."""
        result: Integers = self.estimator.predict_proba(X, lengths).argmax(axis=1)
        return result


def sums(values: Floats, lengths: Integers) -> Floats:
    """Return the sum over each sequence."""
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return np.add.reduceat(values, first)


def constant_ll(split: Split, *, binary: bool = False) -> Floats:
    """Return the log-likelihood of each held-out sequence at the constant rates of the training data.

    With `binary` counts are cut at 1, as HMM Bern sees them.
    """
    train, counts = (np.minimum(part, 1) if binary else part for part in (split.train, split.test))
    rates = train.mean(axis=0)
    if binary:
        values = xlogy(counts, rates) + xlogy(1 - counts.astype(float), 1 - rates)
    else:
        values = xlogy(counts, rates) - rates - gammaln(counts + 1.0)
    return sums(values.sum(axis=1), split.test_lengths)


def fit(
    name: str,
    split: Split,
    n_states: int,
    *,
    n_init: int,
    max_iter: int,
    random_state: np.random.Generator,
    link: str,
    basis: Any,
    sticky: float = 0.0,
    dwell: float = 50.0,
    shared_intercept: bool = True,
) -> Fitted:
    """Fit one of the eight models; every model gets the same starts and the same iterations."""
    common = {
        "basis": basis, "link": link, "sticky": sticky, "dwell": dwell, "max_iter": max_iter,
        "shared_intercept": shared_intercept,
    }  # fmt: skip
    # a seed, not a generator: every fit below gets the same starts
    seed = int(random_state.integers(2**63))
    if name == "HMM Corr":
        return _poisson_hmm(name, split, n_states, {**common, "n_init": n_init}, seed)
    states = 1 if name == "GLM" else n_states
    if name == BINARY:
        common["link"] = "bernoulli"
    chosen = _choose(name, split, states, common, seed)
    settings = {**common, "n_init": n_init, "random_state": seed}
    if name in ("HG", "OHG"):
        model = _plain(split, states, settings)
        start_ll = model.start_loglik_
        if name == "OHG":
            # it begins where the search without a prior ends
            model = copy(model).set_params(prior=PRIORS[name], warm_start=True)
            quietly(model, split.train, split.train_lengths)
    else:
        model = HMMGLM(states, prior=PRIORS[name], **settings, **chosen)
        quietly(model, split.train, split.train_lengths)
        start_ll = model.start_loglik_
    return Fitted(
        name=name,
        n_states=states,
        estimator=model,
        coef=None if name == BINARY else _repeat(model.coef_, n_states),
        coef_or_correlation=_repeat(model.coef_, n_states),
        degrees=_repeat(model.adjacency_proba_, n_states),
        prior_degrees=model.adjacency_prior_,
        start_ll=np.asarray(start_ll, float),
        n_parameters=float(model.n_parameters_),
        converged=bool(model.converged_),
        chosen=chosen,
    )


_LAST: dict[str, HMMGLM] = {}


def _plain(split: Split, n_states: int, settings: dict[str, Any]) -> HMMGLM:
    """Return the fit without a prior; what the last call fitted is not fitted again.

    The same data, settings and seed give the same fit, so that it does not matter which process did it.
    """
    digest = hashlib.sha256(repr((n_states, sorted(settings.items(), key=str))).encode())
    for part in (split.train, split.train_lengths, check.kernel_of("hmm_glm", settings["basis"])):
        digest.update(np.ascontiguousarray(part).tobytes())
    key = digest.hexdigest()
    if key not in _LAST:
        model = HMMGLM(n_states, **settings)
        quietly(model, split.train, split.train_lengths)
        _LAST.clear()
        _LAST[key] = model
    return _LAST[key]


def quietly(model: Any, X: NDArray[Any], lengths: Integers) -> None:
    """Fit without the warning about rare states, which more states than the truth are bound to give."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*hold less than", category=UserWarning)
        model.fit(X, lengths)


def _repeat(values: Floats, n_states: int) -> Floats:
    return np.repeat(values, n_states, axis=0) if len(values) == 1 and n_states > 1 else values


def _choose(name: str, split: Split, n_states: int, common: dict[str, Any], seed: int) -> dict[str, Any]:
    """Choose the strengths of Gaussian and Laplace priors on every fifth of the training sequences."""
    prior = PRIORS[name]
    if prior not in ("gaussian", "l1", "gaussian_l1"):
        return {}
    sequence = np.arange(len(split.train_lengths))
    apart = sequence % INNER_STEP == min(INNER_STEP, len(sequence)) - 1
    of_bin = np.repeat(apart, split.train_lengths)
    # what is silent in the inner part has no finite rate
    fires = split.train[~of_bin].any(axis=0)
    inner = split.train[~of_bin][:, fires], split.train_lengths[~apart]
    rest = split.train[of_bin][:, fires], split.train_lengths[apart]
    glm = HMMGLM(1, basis=common["basis"], link=common["link"], max_iter=common["max_iter"]).fit(*inner)
    spread = float(np.std(glm.coef_))

    # after the first, each strength begins where the one before ended
    model = HMMGLM(n_states, n_init=1, random_state=seed, warm_start=True, **common)

    def best(values: list[dict[str, Any]], kind: str) -> dict[str, Any]:
        scores = []
        for value in values:
            quietly(model.set_params(prior=kind, **value), *inner)
            scores.append(model.score(*rest))
        return values[int(np.argmax(scores))]

    scale: dict[str, Any] = {}
    if "gaussian" in prior:
        scale = best([{"prior_scale": spread * multiple} for multiple in MULTIPLES], "gaussian")
    if prior == "gaussian":
        return scale
    strengths = [{**scale, "l1_strength": multiple / spread} for multiple in MULTIPLES]
    return best(strengths, prior)


def at_truth(data: Any) -> HMMGLM:
    """Return a model that holds the true parameters of synthetic data."""
    n_states, n_neurons = data.coef.shape[:2]
    model = HMMGLM(n_states, basis=data.basis, link=data.link)
    model.coef_, model.intercept_ = data.coef, data.intercept
    model.transmat_, model.startprob_ = data.transmat, data.startprob
    model.kernel_, model.link_ = check.kernel_of("hmm_glm", data.basis), data.link
    model.n_features_in_ = n_neurons
    return model


def _poisson_hmm(name: str, split: Split, n_states: int, common: dict[str, Any], seed: int) -> Fitted:
    """Fit a hidden Markov model without history; correlations within a state stand for connections."""
    settings = {key: common[key] for key in ("basis", "sticky", "dwell", "max_iter", "n_init")}
    model = PoissonHMM(n_states, random_state=seed, **settings)
    quietly(model, split.train, split.train_lengths)
    return Fitted(
        name=name,
        n_states=n_states,
        estimator=model,
        coef=None,
        coef_or_correlation=model.correlation_,
        degrees=eq8_adjacency(model.correlation_),
        prior_degrees=eq8_adjacency(model.correlation_.mean(axis=0)),
        start_ll=np.asarray(model.start_loglik_, float),
        n_parameters=float(model.n_parameters_),
        converged=bool(model.converged_),
    )
