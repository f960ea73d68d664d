"""Poisson HMM: rates that switch with a hidden state, without connections, as a baseline."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.random import check_random_state
from neurosci.preprocessing.spikes import ExponentialBasis

from . import _checks as check
from . import _forward as forward
from ._em import random_blocks, transition_start
from ._hidden_states import HiddenStates
from ._large import weighted_grams
from ._m_step import stick
from ._passes import Recording

Floats = NDArray[np.float64]

LOWEST_RATE = 1e-10  # of a neuron that is silent in a state
TILE = 4096


class PoissonHMM(HiddenStates):
    """Hidden Markov model with independent Poisson counts in each state.

    Correlations of counts with the history of the others, bins weighted by the probability of the state,
    stand in for connections (the baseline "HMM Corr").

    Parameters
    ----------
    n_states : int, default=2
        Number of states.
    basis : HistoryBasis, default=None
        Kernel of the history in the correlations; ``None`` is ``ExponentialBasis()``.
    sticky : float, default=0.0
        Pseudo-counts on each state's transition to itself.
    dwell : float, default=50.0
        Bins that states last in the random starts.
    n_init : int, default=10
        Random starts.
    max_iter : int, default=200
        Most EM iterations of each start.
    tol : float, default=1e-5
        Gain, in nats per bin, below which EM stops.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of the starts.

    Attributes
    ----------
    rates_ : ndarray of shape (n_states, n_neurons)
        Spikes per bin.
    correlation_ : ndarray of shape (n_states, n_neurons, n_neurons)
        Correlation of a target's count with the history of a source, by state, target and source.
    transmat_ : ndarray of shape (n_states, n_states)
        Transition probabilities.
    startprob_ : ndarray of shape (n_states,)
        Distribution of the first state: uniform, and not learned.
    loglik_history_ : ndarray of shape (1 + number of iterations,)
        Penalised log-likelihood of the best start, in nats.
    start_loglik_ : ndarray of shape (n_init,)
        Last penalised log-likelihood of each start, in nats.
    n_iter_ : int
        EM iterations of the best start.
    converged_ : bool
        Whether it stopped by `tol`.
    occupancy_ : ndarray of shape (n_states,)
        Share of bins that each state has.
    mean_counts_ : ndarray of shape (n_neurons,)
        Mean counts of the training data.
    kernel_ : ndarray of shape (n_lags, n_kernels)
        Kernel of the correlations.
    n_parameters_ : float
        Free parameters.
    n_features_in_ : int
        Number of neurons.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.hmm_glm import PoissonHMM
    >>> rates = np.repeat([[1.0, 5.0], [5.0, 1.0]], 100, axis=0)
    >>> X = np.random.default_rng(0).poisson(rates)
    >>> PoissonHMM(2, n_init=2, random_state=0).fit(X).rates_.shape
    (2, 2)
    """

    _by_state = ("rates_", "correlation_")

    def __init__(
        self,
        n_states: int = 2,
        basis: Any = None,
        sticky: float = 0.0,
        dwell: float = 50.0,
        n_init: int = 10,
        max_iter: int = 200,
        tol: float = 1e-5,
        random_state: Any = None,
    ) -> None:
        self.n_states = n_states
        self.basis = basis
        self.sticky = sticky
        self.dwell = dwell
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def _recording(self, counts: NDArray[Any], edges: NDArray[np.int64]) -> Recording:
        return Recording(counts, np.zeros((1, 0)), edges)

    def _log_emission(self, data: Recording) -> Floats:
        return log_emissions(data.counts, self.rates_)

    def fit(self, X: ArrayLike, lengths: ArrayLike | None = None) -> Self:
        """Fit by EM from several starts and keep the best.

        Parameters
        ----------
        X : array of shape (n_bins, n_neurons), or list of such
            Spike counts.
        lengths : array of shape (n_sequences,), default=None
            Bins of each sequence in `X`; ``None`` is one sequence.

        Returns
        -------
        PoissonHMM
            The model itself.
        """
        where = type(self).__name__
        n_states = check.whole(where, "n_states", self.n_states, 1)
        n_init = check.whole(where, "n_init", self.n_init, 1)
        max_iter = check.whole(where, "max_iter", self.max_iter, 0)
        tol = check.number(where, "tol", self.tol, low=0.0)
        sticky = check.number(where, "sticky", self.sticky, low=0.0)
        dwell = check.number(where, "dwell", self.dwell, low=1.0)
        counts, edges = check.counts(where, X, lengths)
        self.kernel_ = check.kernel_of(where, self.basis if self.basis is not None else ExponentialBasis())
        check.long_enough(where, edges, len(self.kernel_))
        check.no_silent_neuron(where, counts)
        check.enough_bins(where, counts, n_states)
        data = self._recording(counts, edges)
        best: tuple[list[float], Floats, Floats, bool] | None = None
        ends = []
        for seed in check_random_state(self.random_state).spawn(n_init):
            labels = random_blocks(edges, n_states, dwell, seed)
            gamma = (labels[:, None] == np.arange(n_states)).astype(float)
            rates = mean_rates(counts, gamma, np.ones((n_states, counts.shape[1])))
            found = maximise(data, rates, transition_start(n_states), max_iter, tol * data.n_bins, sticky)
            ends.append(found[0][-1])
            if best is None or ends[-1] > best[0][-1]:
                best = found
        assert best is not None  # noqa: S101 (there is at least one start)
        history, self.rates_, self.transmat_, self.converged_ = best
        self.startprob_ = np.full(n_states, 1 / n_states)
        self.loglik_history_, self.start_loglik_ = np.array(history), np.array(ends)
        self.n_iter_ = len(history) - 1
        gamma = forward.smooth(self._log_emission(data), self.transmat_, self.startprob_, edges)[0]
        self.occupancy_ = gamma.mean(axis=0)
        self.mean_counts_ = counts.mean(axis=0)
        self.correlation_ = history_correlation(Recording(counts, self.kernel_, edges), gamma)
        self.n_parameters_ = float(self.rates_.size + n_states * (n_states - 1))
        self.n_features_in_ = counts.shape[1]
        return self


def log_emissions(counts: NDArray[Any], rates: Floats) -> Floats:
    """Return log emissions without ``-ln x!``."""
    slope = np.ascontiguousarray(np.log(rates).T)
    result = np.empty((len(counts), len(rates)))
    for start in range(0, len(counts), TILE):
        np.dot(counts[start : start + TILE].astype(float), slope, out=result[start : start + TILE])
    result -= rates.sum(axis=1)
    return result


def mean_rates(counts: NDArray[Any], gamma: Floats, before: Floats) -> Floats:
    total = np.zeros_like(before)
    for start in range(0, len(counts), TILE):
        total += gamma[start : start + TILE].T @ counts[start : start + TILE].astype(float)
    mass = gamma.sum(axis=0)[:, None]
    # a state without bins keeps its rates
    return np.where(mass > 1e-8, np.maximum(total / np.maximum(mass, 1e-8), LOWEST_RATE), before)


def maximise(
    data: Recording, rates: Floats, transmat: Floats, max_iter: int, tol: float, sticky: float = 0.0
) -> tuple[list[float], Floats, Floats, bool]:
    """Run EM; return the history of the objective, rates, transitions, and whether it converged."""
    start = np.full(len(rates), 1 / len(rates))
    constant = float(data.constant.sum())
    history: list[float] = []
    for _ in range(max_iter + 1):
        gamma, pairs, scale = forward.smooth(log_emissions(data.counts, rates), transmat, start, data.edges)
        prior = sticky * float(np.log(np.diag(transmat)).sum()) if sticky else 0.0
        history.append(float(scale.sum()) + constant + prior)
        if len(history) > 1 and history[-1] - history[-2] <= tol:
            return history, rates, transmat, True
        if len(history) <= max_iter:
            rates, transmat = mean_rates(data.counts, gamma, rates), stick(sticky, pairs, transmat)
    return history, rates, transmat, False


def history_correlation(data: Recording, gamma: Floats) -> Floats:
    """Return the correlation of counts with history in each state, by state, target and source."""
    n_states, n_neurons = gamma.shape[1], data.n_neurons
    mass = np.maximum(gamma.sum(axis=0), 1e-10)
    grams = weighted_grams(data, gamma / mass)
    means = grams[:, -1, :-1]
    history_variance = np.einsum("sdd->sd", grams)[:, :-1] - means**2
    cross = np.zeros((n_states, n_neurons, data.n_features))
    first, second = np.zeros((n_states, n_neurons)), np.zeros((n_states, n_neurons))
    for start in range(0, data.n_bins, TILE):
        stop = min(start + TILE, data.n_bins)
        x = data.counts[start:stop].astype(float)
        history = data.rows(start, stop)
        for s in range(n_states):
            weighted = x * (gamma[start:stop, s, None] / mass[s])
            cross[s] += weighted.T @ history
            first[s] += weighted.sum(axis=0)
            second[s] += (weighted * x).sum(axis=0)
    covariance = cross - first[:, :, None] * means[:, None, :]
    scale = np.sqrt(np.maximum((second - first**2)[:, :, None] * history_variance[:, None, :], 1e-20))
    result: Floats = (covariance / scale).reshape(n_states, n_neurons, n_neurons, -1).mean(axis=-1)
    return result
