"""The models under the names of their priors."""

from __future__ import annotations

from typing import Any

from ._estimator import HMMGLM


class GaussianHMMGLM(HMMGLM):
    r"""Switching GLM whose states scatter around one connectivity.

    This is `HMMGLM` with ``prior="gaussian"``:
    :math:`w_{s, n \leftarrow n'} \sim N(w_{0, n \leftarrow n'}, \sigma^2)`
    with a learned :math:`W_0`.

    Parameters
    ----------
    n_states : int, default=2
        Number of states.
    basis : HistoryBasis, default=None
        Kernel of the past; ``None`` is ``ExponentialBasis()``.
    link : {"softplus", "sigmoid", "exp", "bernoulli"}, default="softplus"
        Rate as a function of the linear predictor. The sigmoid ends at one spike in a bin. With "bernoulli"
        counts are cut at 1, and the sigmoid is the probability of a spike; likelihoods are of the cut counts.
    prior : {"none", "gaussian", "onehot", "l1", "gaussian_l1"}, default="gaussian"
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
        Whether the solver "eb" estimates the constants of the one-hot prior from the data.
    tau : float, default=0.2
        Temperature of the Gumbel-Softmax relaxation; only the solver "gumbel" has one.
    solver : {None, "newton", "lbfgs", "mm", "eb", "gumbel"}, default=None
        M-step; ``None`` is "eb" for the one-hot prior and "newton" for the others. Where a neuron has more
        than 128 regressors, "newton" becomes "lbfgs".
    n_init : int, default=10
        Random starts.
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
        Penalised log-likelihood before the first iteration and after each, in nats.
    start_loglik_ : ndarray of shape (n_init,)
        Last penalised log-likelihood of each start, in nats.
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
    >>> from neurosci.hmm_glm import GaussianHMMGLM, make_onehot_hmmglm
    >>> data = make_onehot_hmmglm(n_neurons=5, n_states=2, n_bins=500, n_sequences=2, random_state=0)
    >>> model = GaussianHMMGLM(basis=data.basis, link=data.link, n_init=2, random_state=0)
    >>> model.fit(data.X, data.lengths).coef_.shape
    (2, 5, 5)
    """

    def __init__(
        self,
        n_states: int = 2,
        basis: Any = None,
        link: str = "softplus",
        prior: str = "gaussian",
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
        max_iter: int = 200,
        tol: float = 1e-05,
        random_state: Any = None,
        n_jobs: int | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(
            n_states=n_states,
            basis=basis,
            link=link,
            prior=prior,
            shared_intercept=shared_intercept,
            fit_diagonal=fit_diagonal,
            prior_scale=prior_scale,
            l1_strength=l1_strength,
            sticky=sticky,
            dwell=dwell,
            strength_mean=strength_mean,
            strength_scale=strength_scale,
            learn_prior=learn_prior,
            tau=tau,
            solver=solver,
            n_init=n_init,
            max_iter=max_iter,
            tol=tol,
            random_state=random_state,
            n_jobs=n_jobs,
            device=device,
        )


class OneHotHMMGLM(HMMGLM):
    r"""Switching GLM whose states share the types of their connections.

    This is `HMMGLM` with ``prior="onehot"``: each connection is inhibitory, absent or excitatory in each
    state, with probabilities that the states share, and its strength is free (Eqs. 3 to 6).

    Parameters
    ----------
    n_states : int, default=2
        Number of states.
    basis : HistoryBasis, default=None
        Kernel of the past; ``None`` is ``ExponentialBasis()``.
    link : {"softplus", "sigmoid", "exp", "bernoulli"}, default="softplus"
        Rate as a function of the linear predictor. The sigmoid ends at one spike in a bin. With "bernoulli"
        counts are cut at 1, and the sigmoid is the probability of a spike; likelihoods are of the cut counts.
    prior : {"none", "gaussian", "onehot", "l1", "gaussian_l1"}, default="onehot"
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
        Whether the solver "eb" estimates the constants of the one-hot prior from the data.
    tau : float, default=0.2
        Temperature of the Gumbel-Softmax relaxation; only the solver "gumbel" has one.
    solver : {None, "newton", "lbfgs", "mm", "eb", "gumbel"}, default=None
        M-step; ``None`` is "eb" for the one-hot prior and "newton" for the others. Where a neuron has more
        than 128 regressors, "newton" becomes "lbfgs".
    n_init : int, default=10
        Random starts.
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
        Penalised log-likelihood before the first iteration and after each, in nats.
    start_loglik_ : ndarray of shape (n_init,)
        Last penalised log-likelihood of each start, in nats.
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
    >>> from neurosci.hmm_glm import OneHotHMMGLM, make_onehot_hmmglm
    >>> data = make_onehot_hmmglm(n_neurons=5, n_states=2, n_bins=500, n_sequences=2, random_state=0)
    >>> model = OneHotHMMGLM(basis=data.basis, link=data.link, n_init=2, random_state=0)
    >>> model.fit(data.X, data.lengths).adjacency_.shape
    (2, 5, 5)
    """

    def __init__(
        self,
        n_states: int = 2,
        basis: Any = None,
        link: str = "softplus",
        prior: str = "onehot",
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
        max_iter: int = 200,
        tol: float = 1e-05,
        random_state: Any = None,
        n_jobs: int | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(
            n_states=n_states,
            basis=basis,
            link=link,
            prior=prior,
            shared_intercept=shared_intercept,
            fit_diagonal=fit_diagonal,
            prior_scale=prior_scale,
            l1_strength=l1_strength,
            sticky=sticky,
            dwell=dwell,
            strength_mean=strength_mean,
            strength_scale=strength_scale,
            learn_prior=learn_prior,
            tau=tau,
            solver=solver,
            n_init=n_init,
            max_iter=max_iter,
            tol=tol,
            random_state=random_state,
            n_jobs=n_jobs,
            device=device,
        )
