"""What a fitted switching GLM can do beyond inference: new data, and bins as they come."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from neurosci._core.random import check_random_state

from . import _checks as check
from ._hidden_states import HiddenStates
from ._online import Tables, lay_out, step
from ._passes import LINKS, Parameters, Recording, emission
from ._simulate import draw_counts, draw_states

Floats = NDArray[np.float64]


class FilterState(NamedTuple):
    """What on-line use carries from bin to bin.

    Parameters
    ----------
    belief : ndarray of shape (n_states,)
        The conditional p(state of the last bin | all bins so far).
    recent : ndarray of shape (n_lags, n_neurons)
        Counts of the last bins, latest first.
    log_likelihood : float
        Predictive ln p(last bin | bins before it) without ``-ln x!``, in nats.
    n_seen : int
        Bins so far.
    """

    belief: Floats
    recent: Floats
    log_likelihood: float
    n_seen: int


class FittedHMMGLM(HiddenStates):
    """Inference, simulation and on-line use of a switching GLM."""

    _by_state = ("coef_", "intercept_", "adjacency_", "adjacency_proba_", "strength_")

    @property
    def _cut_at_one(self) -> bool:  # type: ignore[override]
        return bool(getattr(self, "link_", "") == "bernoulli")

    def _parameters(self) -> Parameters:
        n_states, n_neurons = self.coef_.shape[:2]
        intercept = np.broadcast_to(self.intercept_, (n_states, n_neurons))
        return Parameters(
            np.ascontiguousarray(self.coef_.reshape(n_states, n_neurons, -1)),
            np.ascontiguousarray(intercept),
            self.transmat_,
            self.startprob_,
        )

    def _log_emission(self, data: Recording) -> Floats:
        now = self._parameters()
        return emission(data, now.weights, now.intercept, LINKS[self.link_])[0]

    def sample(
        self, n_bins: int = 1000, n_sequences: int = 1, random_state: Any = None
    ) -> tuple[NDArray[np.unsignedinteger], NDArray[np.int64]]:
        """Draw counts and states from the model.

        Parameters
        ----------
        n_bins : int, default=1000
            Bins of each sequence.
        n_sequences : int, default=1
            Number of sequences, each from a silent past.
        random_state : None, int, SeedSequence or Generator, default=None
            Source of the draws.

        Returns
        -------
        X : ndarray of shape (n_sequences * n_bins, n_neurons)
            Spike counts.
        states : ndarray of shape (n_sequences * n_bins,), int64
            States.

        Raises
        ------
        ValueError
            If the network runs away.
        """
        check_is_fitted(self)
        where = type(self).__name__
        bins, sequences = (
            check.whole(where, "n_bins", n_bins, 1),
            check.whole(where, "n_sequences", n_sequences, 1),
        )
        rng = check_random_state(random_state)
        check.transitions(where, self.transmat_, self.startprob_)
        now = self._parameters()
        states = draw_states(now.transmat, now.start, bins, sequences, rng)
        link = LINKS[self.link_]
        X = draw_counts(where, link, now.weights, now.intercept, self.kernel_, states, bins, rng)
        return X, states

    def filter_step(self, counts: ArrayLike, state: FilterState | None = None) -> tuple[Floats, FilterState]:
        """Update the belief about the state with one more bin.

        Parameters
        ----------
        counts : array of shape (n_neurons,)
            Spike counts of the bin.
        state : FilterState, default=None
            What the last call returned; ``None`` starts a sequence.

        Returns
        -------
        probabilities : ndarray of shape (n_states,)
            The conditional p(state | all bins so far).
        state : FilterState
            What the next call needs.

        Raises
        ------
        ValueError
            If the number of counts is not that of the fit, or one is negative.

        Notes
        -----
        Parameters are laid out at the first call. Assign others to replace them; changes within their
        arrays are not seen.

        Examples
        --------
        >>> from neurosci.hmm_glm import HMMGLM, make_onehot_hmmglm
        >>> data = make_onehot_hmmglm(n_neurons=5, n_states=2, n_bins=500, n_sequences=2, random_state=0)
        >>> model = HMMGLM(2, basis=data.basis, link=data.link, n_init=1, max_iter=5, random_state=0)
        >>> state = None
        >>> for counts in model.fit(data.X, data.lengths).sample(100, random_state=0)[0]:
        ...     probabilities, state = model.filter_step(counts, state)
        >>> state.n_seen
        100
        """
        tables, link = self._tables()
        x = np.asarray(counts, np.float64)
        if x.shape != (self.n_features_in_,):
            raise ValueError(self._bad_counts(counts))
        if self._cut_at_one:
            x = np.minimum(x, 1.0)
        if state is None:
            recent, belief, n_seen = np.zeros((len(self.kernel_), x.size)), self.startprob_, 0
        else:
            belief, recent, _, n_seen = state
        after, shifted, log_likelihood = step(link, *tables, belief, recent, n_seen, x)
        if log_likelihood != log_likelihood:
            raise ValueError(self._bad_counts(counts))
        return after, FilterState(after, shifted, log_likelihood, n_seen + 1)

    def _bad_counts(self, counts: ArrayLike) -> str:
        return f"{type(self).__name__}: counts must be {self.n_features_in_} counts >= 0, got {counts!r}"

    def _tables(self) -> tuple[Tables, int]:
        """Return the parameters as on-line steps take them, laid out anew where one was assigned."""
        kept = self.__dict__.get("_laid_out")
        if (
            kept is not None
            and kept[0] is self.coef_
            and kept[1] is self.intercept_
            and kept[2] is self.transmat_
            and kept[3] is self.kernel_
            and kept[4] == self.link_
        ):
            found: tuple[Tables, int] = kept[5]
            return found
        check_is_fitted(self)
        check.transitions(type(self).__name__, self.transmat_, self.startprob_)
        now = self._parameters()
        tables = lay_out(now.weights, now.intercept, self.kernel_, now.transmat), LINKS[self.link_]
        self._laid_out = self.coef_, self.intercept_, self.transmat_, self.kernel_, self.link_, tables
        return tables
