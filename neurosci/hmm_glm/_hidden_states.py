"""What a fitted model of hidden states answers: likelihoods, states, criteria."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, xlogy
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from . import _checks as check
from . import _forward as forward
from ._passes import Recording

Floats = NDArray[np.float64]


class HiddenStates(BaseEstimator):
    """Inference with learned parameters."""

    _by_state: tuple[str, ...] = ()
    """Attributes whose first axis is the state."""

    _cut_at_one = False
    """Whether the model is of bins with spikes, and not of their number."""

    def _log_emission(self, data: Recording) -> Floats:
        """Return log emissions without the constant ``-ln x!``."""
        raise NotImplementedError

    def _checked(self, X: ArrayLike, lengths: Any) -> tuple[NDArray[Any], NDArray[np.int64]]:
        check_is_fitted(self)
        where = type(self).__name__
        check.transitions(where, self.transmat_, self.startprob_)
        counts, edges = check.counts(where, X, lengths)
        if counts.shape[1] != self.n_features_in_:
            raise ValueError(
                f"{where}: X must have the {self.n_features_in_} neurons of the fit, got {counts.shape[1]}"
            )
        return np.minimum(counts, 1) if self._cut_at_one else counts, edges

    def _recording(self, counts: NDArray[Any], edges: NDArray[np.int64]) -> Recording:
        check.long_enough(type(self).__name__, edges, len(self.kernel_))
        return Recording(counts, self.kernel_, edges)

    def _emissions(self, X: ArrayLike, lengths: Any) -> tuple[Recording, Floats]:
        data = self._recording(*self._checked(X, lengths))
        return data, self._log_emission(data)

    def score(self, X: ArrayLike, lengths: ArrayLike | None = None) -> float:
        """Return the forward predictive log-likelihood of a bin.

        Parameters
        ----------
        X : array of shape (n_bins, n_neurons), or list of such
            Spike counts.
        lengths : array of shape (n_sequences,), default=None
            Bins of each sequence.

        Returns
        -------
        float
            Mean nats per bin, summed over neurons, with the constant ``-ln x!``.
        """
        return float(self.bin_log_likelihood(X, lengths).mean())

    def bin_log_likelihood(self, X: ArrayLike, lengths: ArrayLike | None = None) -> Floats:
        """Return ln p(counts of a bin | all earlier bins of its sequence).

        Parameters
        ----------
        X : array of shape (n_bins, n_neurons), or list of such
            Spike counts.
        lengths : array of shape (n_sequences,), default=None
            Bins of each sequence.

        Returns
        -------
        ndarray of shape (n_bins,)
            Nats, summed over neurons.
        """
        data, log_emission = self._emissions(X, lengths)
        _, scale = forward.filtered(log_emission, self.transmat_, self.startprob_, data.edges)
        result: Floats = scale + data.constant
        return result

    def score_samples(self, X: ArrayLike, lengths: ArrayLike | None = None) -> tuple[float, Floats]:
        """Return the log-likelihood and the smoothed probabilities of the states.

        Parameters
        ----------
        X : array of shape (n_bins, n_neurons), or list of such
            Spike counts.
        lengths : array of shape (n_sequences,), default=None
            Bins of each sequence.

        Returns
        -------
        log_likelihood : float
            Nats of all bins.
        probabilities : ndarray of shape (n_bins, n_states)
            The conditional p(state | all bins of the sequence).
        """
        data, log_emission = self._emissions(X, lengths)
        gamma, _, scale = forward.smooth(log_emission, self.transmat_, self.startprob_, data.edges)
        return float(scale.sum() + data.constant.sum()), gamma

    def predict_proba(self, X: ArrayLike, lengths: ArrayLike | None = None) -> Floats:
        """Return the smoothed probabilities of the states.

        Parameters
        ----------
        X : array of shape (n_bins, n_neurons), or list of such
            Spike counts.
        lengths : array of shape (n_sequences,), default=None
            Bins of each sequence.

        Returns
        -------
        ndarray of shape (n_bins, n_states)
            The conditional p(state | all bins of the sequence).
        """
        return self.score_samples(X, lengths)[1]

    def decode(self, X: ArrayLike, lengths: ArrayLike | None = None) -> tuple[float, NDArray[np.int64]]:
        """Return Viterbi's path.

        Parameters
        ----------
        X : array of shape (n_bins, n_neurons), or list of such
            Spike counts.
        lengths : array of shape (n_sequences,), default=None
            Bins of each sequence.

        Returns
        -------
        log_probability : float
            Joint ln p(counts, path), in nats.
        states : ndarray of shape (n_bins,), int64
            The most probable path.
        """
        data, log_emission = self._emissions(X, lengths)
        with np.errstate(divide="ignore"):
            log_transmat, log_start = np.log(self.transmat_), np.log(self.startprob_)
        path, total = forward.viterbi(log_emission, log_transmat, log_start, data.edges)
        return float(total + data.constant.sum()), path

    def predict(self, X: ArrayLike, lengths: ArrayLike | None = None) -> NDArray[np.int64]:
        """Return the states of Viterbi's path.

        Parameters
        ----------
        X : array of shape (n_bins, n_neurons), or list of such
            Spike counts.
        lengths : array of shape (n_sequences,), default=None
            Bins of each sequence.

        Returns
        -------
        ndarray of shape (n_bins,), int64
            States.
        """
        return self.decode(X, lengths)[1]

    def bits_per_spike(
        self, X: ArrayLike, lengths: ArrayLike | None = None, *, rates: ArrayLike | None = None
    ) -> float:
        """Return what the model tells about each spike beyond constant rates.

        Parameters
        ----------
        X : array of shape (n_bins, n_neurons), or list of such
            Spike counts.
        lengths : array of shape (n_sequences,), default=None
            Bins of each sequence.
        rates : array of shape (n_neurons,), default=None
            Constant rates, spikes per bin; ``None`` is those of the training data.

        Returns
        -------
        float
            Bits per spike.
        """
        counts, _ = self._checked(X, lengths)
        mean = np.asarray(self.mean_counts_ if rates is None else rates, float)
        if self._cut_at_one:
            constant = (xlogy(counts, mean) + xlogy(1.0 - counts, 1 - mean)).sum()
        else:
            constant = (xlogy(counts, mean) - mean - gammaln(counts + 1.0)).sum()
        gain = self.bin_log_likelihood(X, lengths).sum() - constant
        return float(gain / np.log(2) / counts.sum())

    def permute_states(self, permutation: ArrayLike) -> Self:
        """Renumber the states.

        Parameters
        ----------
        permutation : array of shape (n_states,)
            State ``permutation[i]`` becomes state ``i``.

        Returns
        -------
        HiddenStates
            The model itself.
        """
        check_is_fitted(self)
        order = np.asarray(permutation)
        n_states = len(self.startprob_)
        if order.shape != (n_states,) or sorted(order.tolist()) != list(range(n_states)):
            raise ValueError(
                f"{type(self).__name__}: permutation must hold each of 0..{n_states - 1} once, "
                f"got {permutation!r}"
            )
        for name in ("startprob_", "occupancy_", *self._by_state):
            value = getattr(self, name)
            # baselines that all states share have no axis of states
            if name != "intercept_" or value.ndim == 2:
                setattr(self, name, value[order])
        self.transmat_: Floats = self.transmat_[np.ix_(order, order)]
        return self

    def aic(self, X: ArrayLike, lengths: ArrayLike | None = None) -> float:
        """Return Akaike's criterion, lower is better.

        Parameters
        ----------
        X : array of shape (n_bins, n_neurons), or list of such
            Spike counts.
        lengths : array of shape (n_sequences,), default=None
            Bins of each sequence.

        Returns
        -------
        float
            -2 ln L + 2 k with all parameters counted.
        """
        return float(-2 * self.bin_log_likelihood(X, lengths).sum() + 2 * self.n_parameters_)

    def bic(self, X: ArrayLike, lengths: ArrayLike | None = None) -> float:
        """Return Schwarz's criterion, lower is better.

        Parameters
        ----------
        X : array of shape (n_bins, n_neurons), or list of such
            Spike counts.
        lengths : array of shape (n_sequences,), default=None
            Bins of each sequence.

        Returns
        -------
        float
            -2 ln L + k ln n with all parameters counted, and n the number of bins.
        """
        values = self.bin_log_likelihood(X, lengths)
        return float(-2 * values.sum() + self.n_parameters_ * np.log(len(values)))
