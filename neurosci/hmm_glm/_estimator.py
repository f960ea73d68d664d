"""The models: settings, checks and fitting. What a fitted model answers is in the class it inherits from."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option
from neurosci._core.context import Context
from neurosci._core.random import check_random_state
from neurosci.preprocessing.spikes import ExponentialBasis

from . import _checks as check
from ._fitted import FittedHMMGLM
from ._fitting import Settings, fit_model
from ._m_step import Model
from ._onehot import TypePrior
from ._passes import LINKS, Parameters, Recording

PRIORS = ("none", "gaussian", "onehot", "l1", "gaussian_l1")
BASELINE_SCALE = 2.0  # of the paper's normal prior on baselines, which goes with the one-hot prior
# of one spike on a linear predictor: a rate that falls to e**-10
LARGEST_EFFECT = 10.0
SOLVERS = (None, "newton", "lbfgs", "mm", "eb", "gumbel")


class HMMGLM(FittedHMMGLM):
    r"""Poisson GLM of spike history whose connectivity switches with a hidden state.

    In state :math:`s` the count of neuron :math:`n` in bin :math:`t` is Poisson with mean
    :math:`\sigma(b_n + \sum_{n'} w_{s, n \leftarrow n'} h_{t, n'})`, where :math:`h_{t, n'}` is the past of
    neuron :math:`n'` seen through the kernel of `basis` (Eq. 2). States follow a Markov chain.

    Where a neuron never fires after another, no finite weight has the largest likelihood. Weights are
    therefore bounded: a single spike changes a linear predictor by 10 at most.

    Parameters
    ----------
    n_states : int, default=2
        Number of states.
    basis : HistoryBasis, default=None
        Kernel of the past; ``None`` is ``ExponentialBasis()``.
    link : {"softplus", "sigmoid", "exp", "bernoulli"}, default="softplus"
        Rate as a function of the linear predictor. The sigmoid ends at one spike in a bin. With "bernoulli"
        counts are cut at 1, and the sigmoid is the probability of a spike; likelihoods are of the cut counts.
    prior : {"none", "gaussian", "onehot", "l1", "gaussian_l1"}, default="none"
        What the states' weights have in common: nothing; a learned centre; a learned type of each
        connection; a Laplace prior at zero; centre and Laplace prior.
    shared_intercept : bool, default=True
        Whether baselines are the same in all states.
    fit_diagonal : bool, default=True
        Whether a neuron's weight to itself is fitted, or zero.
    prior_scale : float, default=0.3333333333333333
        Standard deviation of weights around the centre of the Gaussian prior.
    l1_strength : float, default=1.0
        Strength of the Laplace prior, in nats per unit of weight.
    sticky : float, default=0.0
        Pseudo-counts on each state's transition to itself.
    dwell : float, default=50.0
        Bins that states last in the random starts.
    strength_mean : float, default=-5.0
        Mean of the logarithm of strengths under the one-hot prior; a first value with `learn_prior`.
    strength_scale : float, default=2.0
        Standard deviation of that logarithm; a first value with `learn_prior`.
    learn_prior : bool, default=True
        Whether the solver "eb" estimates the constants of the one-hot prior from the data, and
        `fit_stochastic` those of the Gaussian prior of many neurons.
    tau : float, default=0.2
        Temperature of the Gumbel-Softmax relaxation; only the solver "gumbel" has one.
    solver : {None, "newton", "lbfgs", "mm", "eb", "gumbel"}, default=None
        M-step; ``None`` is "eb" for the one-hot prior and "newton" for the others. Where a neuron has more
        than 128 regressors, "newton" becomes "lbfgs".
    n_init : int, default=10
        Random starts. All take a few steps, with many bins on some of the sequences; the better third goes
        on, and the best one to the end.
    warm_start : bool, default=False
        Whether `fit` begins from what the model has learned before, if there is any, instead of from random
        starts. The earlier fit may have had another prior.
    max_iter : int, default=200
        Most EM iterations.
    tol : float, default=1e-5
        Gain, in nats per bin, below which EM stops.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of the starts.
    n_jobs : int, default=None
        Starts that run side by side.
    device : {None, "cpu", "cuda"}, default=None
        Where the solver "gumbel" runs.

    Attributes
    ----------
    coef_ : ndarray of shape (n_states, n_neurons, n_neurons)
        Weights, by state, target and source.
    intercept_ : ndarray of shape (n_neurons,) or (n_states, n_neurons)
        Baselines.
    transmat_ : ndarray of shape (n_states, n_states)
        Transition probabilities.
    startprob_ : ndarray of shape (n_states,)
        Distribution of the first state: uniform, and not learned.
    adjacency_ : ndarray of shape (n_states, n_neurons, n_neurons), int8
        Type of each connection: -1, 0 or 1.
    adjacency_proba_ : ndarray of shape (n_states, n_neurons, n_neurons, 3)
        Probability of inhibitory, none and excitatory; without the one-hot prior the degrees of Eq. 8.
    adjacency_prior_ : ndarray of shape (n_neurons, n_neurons, 3)
        The same, of what the states have in common.
    strength_ : ndarray of shape (n_states, n_neurons, n_neurons)
        Size of each weight, given that there is a connection.
    weight_prior_mean_ : ndarray of shape (n_neurons, n_neurons)
        Mean of the weights over states.
    loglik_history_ : ndarray of shape (1 + number of iterations,)
        Penalised log-likelihood of all bins before the first iteration on them and after each, in nats.
    start_loglik_ : ndarray of shape (n_init,)
        Last penalised log-likelihood of each start, in nats; starts that were given up are behind.
    n_iter_ : int
        EM iterations of the best start.
    converged_ : bool
        Whether it stopped by `tol`.
    occupancy_ : ndarray of shape (n_states,)
        Share of bins that each state has.
    kernel_ : ndarray of shape (n_lags, n_kernels)
        Kernel that the weights belong to.
    link_ : str
        Link that they belong to.
    solver_ : str
        Solver that was used.
    n_parameters_ : float
        Free parameters: weights, baselines and transitions; under a prior the effective number of weights.
    mean_counts_ : ndarray of shape (n_neurons,)
        Mean counts of the training data.
    type_prior_ : dict or None
        Constants of the one-hot prior: ``strength_mean``, ``strength_scale`` and ``concentration`` of types.
    edges_changed_ : ndarray of shape (number of iterations,)
        Share of connections whose likeliest type changed in each iteration; with the solver "gumbel" only.
    n_features_in_ : int
        Number of neurons.

    Examples
    --------
    >>> from neurosci.hmm_glm import HMMGLM, make_onehot_hmmglm
    >>> data = make_onehot_hmmglm(n_neurons=5, n_states=2, n_bins=500, n_sequences=2, random_state=0)
    >>> model = HMMGLM(2, basis=data.basis, link=data.link, n_init=2, max_iter=5, random_state=0)
    >>> model.fit(data.X, data.lengths).coef_.shape
    (2, 5, 5)
    """

    def __init__(
        self,
        n_states: int = 2,
        basis: Any = None,
        link: str = "softplus",
        prior: str = "none",
        shared_intercept: bool = True,
        fit_diagonal: bool = True,
        prior_scale: float = 1.0 / 3.0,
        l1_strength: float = 1.0,
        sticky: float = 0.0,
        dwell: float = 50.0,
        strength_mean: float = -5.0,
        strength_scale: float = 2.0,
        learn_prior: bool = True,
        tau: float = 0.2,
        solver: str | None = None,
        n_init: int = 10,
        warm_start: bool = False,
        max_iter: int = 200,
        tol: float = 1e-5,
        random_state: Any = None,
        n_jobs: int | None = None,
        device: str | None = None,
    ) -> None:
        self.n_states = n_states
        self.basis = basis
        self.link = link
        self.prior = prior
        self.shared_intercept = shared_intercept
        self.fit_diagonal = fit_diagonal
        self.prior_scale = prior_scale
        self.l1_strength = l1_strength
        self.sticky = sticky
        self.dwell = dwell
        self.strength_mean = strength_mean
        self.strength_scale = strength_scale
        self.learn_prior = learn_prior
        self.tau = tau
        self.solver = solver
        self.n_init = n_init
        self.warm_start = warm_start
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device

    def fit(self, X: ArrayLike, lengths: ArrayLike | None = None) -> Self:
        """Fit the model from several starts and keep the best.

        Parameters
        ----------
        X : array of shape (n_bins, n_neurons), or list of such
            Spike counts.
        lengths : array of shape (n_sequences,), default=None
            Bins of each sequence in `X`; ``None`` is one sequence.

        Returns
        -------
        HMMGLM
            The model itself.
        """
        where = type(self).__name__
        settings = self._settings(where)
        counts, edges = check.counts(where, X, lengths)
        counts = np.minimum(counts, 1) if self.link == "bernoulli" else counts
        kernel = check.kernel_of(where, self.basis if self.basis is not None else ExponentialBasis())
        check.long_enough(where, edges, len(kernel))
        check.no_silent_neuron(where, counts)
        check.enough_bins(where, counts, settings.n_states)
        if self.link == "sigmoid":
            check.rates_below_one(where, counts)
        if self.prior == "onehot" and kernel.shape[1] > 1:
            raise ValueError(
                f"{where}: basis must have one kernel with the one-hot prior, got {kernel.shape[1]} "
                "(a type belongs to a connection, not to a kernel)"
            )
        model = self._model(counts.shape[1], kernel)
        settings = replace(settings, start=self._learned(settings.n_states, model))
        self.kernel_, self.link_ = kernel, self.link
        data = Recording(counts, kernel, edges)
        learned = fit_model(model, data, settings, check_random_state(self.random_state))
        for name, value in learned.items():
            setattr(self, name, value)
        self.n_features_in_ = counts.shape[1]
        rare = np.flatnonzero(self.occupancy_ < 1e-3)
        if rare.size:
            warnings.warn(
                f"{where}: states {rare.tolist()} hold less than 0.1 % of the bins "
                f"(occupancy {self.occupancy_.round(4).tolist()}); lower n_states",
                UserWarning,
                stacklevel=2,
            )
        return self

    def _learned(self, n_states: int, model: Model) -> Parameters | None:
        """Return what an earlier fit has learned, where a warm start is wanted and its shape is right."""
        if not self.warm_start or not hasattr(self, "coef_"):
            return None
        before = self._parameters()
        if before.weights.shape != (n_states, *model.free.shape):
            raise ValueError(
                f"{type(self).__name__}: warm_start must go on from weights of shape "
                f"{(n_states, *model.free.shape)}, got {before.weights.shape} (fit another model, or set "
                "warm_start=False)"
            )
        intercept = before.intercept
        if model.shared_intercept:
            intercept = np.broadcast_to(intercept.mean(axis=0), intercept.shape)
        return replace(before, weights=before.weights * model.free, intercept=intercept.copy())

    def _settings(self, where: str) -> Settings:
        check_option(where, "link", self.link, LINKS)
        check_option(where, "device", self.device, (None, "cpu", "cuda"))
        check_option(where, "prior", self.prior, PRIORS)
        check_option(where, "solver", self.solver, SOLVERS)
        solver = self.solver or ("eb" if self.prior == "onehot" else "newton")
        if solver == "gumbel" and self.device == "cuda":
            Context(device="cuda").torch_device()  # raises where there is none, before the search
        if self.solver == "mm" and self.link == "exp":
            raise ValueError(
                f"{where}: solver 'mm' must have a link of bounded curvature, got link 'exp' (use 'lbfgs')"
            )
        if (solver in ("eb", "gumbel")) != (self.prior == "onehot"):
            raise ValueError(
                f"{where}: solver must be 'eb' or 'gumbel' with the one-hot prior and another without it, "
                f"got solver {solver!r} with prior {self.prior!r}"
            )
        return Settings(
            n_states=check.whole(where, "n_states", self.n_states, 1),
            solver=solver,
            n_init=check.whole(where, "n_init", self.n_init, 1),
            max_iter=check.whole(where, "max_iter", self.max_iter, 0),
            tol=check.number(where, "tol", self.tol, low=0.0),
            dwell=check.number(where, "dwell", self.dwell, low=1.0),
            n_jobs=self.n_jobs,
            device=self.device,
            types=TypePrior(
                check.number(where, "strength_mean", self.strength_mean),
                check.number(where, "strength_scale", self.strength_scale, low=0.0, above=True),
                learn=bool(self.learn_prior),
            ),
            tau=check.number(where, "tau", self.tau, low=0.0, above=True),
        )

    def _model(self, n_neurons: int, kernel: NDArray[np.float64]) -> Model:
        where = type(self).__name__
        free = np.ones((n_neurons, n_neurons, kernel.shape[1]), bool)
        if not self.fit_diagonal:
            free[np.arange(n_neurons), np.arange(n_neurons)] = False
        penalised = self.prior in ("l1", "gaussian_l1")
        return Model(
            link=LINKS[self.link],
            shared_intercept=bool(self.shared_intercept),
            free=free.reshape(n_neurons, -1),
            prior=self.prior,
            prior_scale=check.number(where, "prior_scale", self.prior_scale, low=0.0, above=True),
            l1_strength=check.number(where, "l1_strength", self.l1_strength, low=0.0) if penalised else 0.0,
            sticky=check.number(where, "sticky", self.sticky, low=0.0),
            intercept_scale=BASELINE_SCALE if self.prior == "onehot" else np.inf,
            bound=LARGEST_EFFECT / max(float(kernel.max()), 1e-10),
        )
