"""Choice of the number of states: contiguous blocks with gaps, one standard error, stability."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _checks as check

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class BlockTimeSeriesSplit:
    """Cross-validation on contiguous blocks of bins, with a gap around what is held out.

    Parameters
    ----------
    n_splits : int, default=5
        Number of blocks.
    gap : int, default=0
        Bins left out on either side of the block that is held out; at least the lags of the history.

    Raises
    ------
    ValueError
        If there are fewer than two blocks, or the gap is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.hmm_glm import BlockTimeSeriesSplit
    >>> train, test = next(BlockTimeSeriesSplit(3, gap=1).split(np.zeros((9, 2))))
    >>> train.tolist(), test.tolist()
    ([4, 5, 6, 7, 8], [0, 1, 2])
    """

    def __init__(self, n_splits: int = 5, gap: int = 0) -> None:
        self.n_splits = check.whole("BlockTimeSeriesSplit", "n_splits", n_splits, 2)
        self.gap = check.whole("BlockTimeSeriesSplit", "gap", gap, 0)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002
        """Return the number of blocks.

        Parameters
        ----------
        X, y, groups : object, default=None
            Not used.

        Returns
        -------
        int
            Number of blocks.
        """
        return self.n_splits

    def split(
        self,
        X: ArrayLike,
        y: Any = None,  # noqa: ARG002 (scikit-learn's signature)
        groups: Any = None,  # noqa: ARG002
    ) -> Iterator[tuple[Integers, Integers]]:
        """Yield bins for fitting and bins held out.

        Parameters
        ----------
        X : array of shape (n_bins, n_neurons)
            Counts.
        y, groups : object, default=None
            Not used.

        Yields
        ------
        train, test : ndarray of shape (n_train,) and (n_test,), int64
            Bins, in order.
        """
        n_bins = len(np.asarray(X))
        if n_bins < self.n_splits * (self.gap + 1):
            raise ValueError(
                f"BlockTimeSeriesSplit: X must have at least n_splits * (gap + 1) = "
                f"{self.n_splits * (self.gap + 1)} bins, got {n_bins}"
            )
        bins = np.arange(n_bins)
        for block in np.array_split(bins, self.n_splits):
            near = (bins >= block[0] - self.gap) & (bins <= block[-1] + self.gap)
            yield bins[~near], block


class StateSelection(NamedTuple):
    """Scores of each number of states, and the choices.

    Parameters
    ----------
    n_states : ndarray of shape (n_candidates,), int64
        Numbers of states.
    scores : ndarray of shape (n_candidates, n_splits)
        Held-out log-likelihood, in nats per bin.
    bic : ndarray of shape (n_candidates,)
        Schwarz's criterion on all bins, all parameters counted.
    stability : ndarray of shape (n_candidates,)
        Lowest adjusted Rand index between the paths of the best starts.
    occupancy : list of ndarray
        Share of bins in each state.
    best_one_se : int
        Smallest number of states whose mean score is within one standard error of the best.
    best_bic : int
        Number of states with the lowest criterion.
    """

    n_states: Integers
    scores: Floats
    bic: Floats
    stability: Floats
    occupancy: list[Floats]
    best_one_se: int
    best_bic: int


def block_folds(
    edges: Integers, n_splits: int, gap: int, shortest: int
) -> Iterator[tuple[list[tuple[int, int]], list[tuple[int, int]]]]:
    """Yield pieces (start, stop) for fitting and pieces held out; pieces below `shortest` bins drop out."""
    cuts = np.linspace(0, edges[-1], n_splits + 1).astype(int)
    for low, high in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        train, test = [], []
        for first, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            test.append((max(first, low), min(stop, high)))
            train.append((first, min(stop, low - gap)))
            train.append((max(first, high + gap), stop))
        yield (
            [(a, b) for a, b in train if b - a >= shortest],
            [(a, b) for a, b in test if b - a >= shortest],
        )


def cross_val_nats(
    estimator: Any,
    X: ArrayLike,
    lengths: ArrayLike | None = None,
    *,
    n_splits: int = 5,
    gap: int | None = None,
) -> Floats:
    """Score a model on held-out contiguous blocks.

    Parameters
    ----------
    estimator : HMMGLM or PoissonHMM
        Model; copies are fitted.
    X : array of shape (n_bins, n_neurons)
        Spike counts.
    lengths : array of shape (n_sequences,), default=None
        Bins of each sequence. Blocks run over all sequences, and are cut at their edges.
    n_splits : int, default=5
        Number of blocks.
    gap : int, default=None
        Bins left out around what is held out; ``None`` is the lags of the history.

    Returns
    -------
    ndarray of shape (n_splits,)
        Forward predictive log-likelihood, in nats per bin. Held-out pieces start from a silent past.

    Raises
    ------
    ValueError
        If a fold has no piece longer than the history.
    """
    from sklearn.base import clone

    from ._basis import ExponentialBasis

    where = "cross_val_nats"
    counts, edges = check.counts(where, X, lengths)
    basis = estimator.basis if estimator.basis is not None else ExponentialBasis()
    n_lags = len(check.kernel_of(where, basis))
    space = n_lags if gap is None else check.whole(where, "gap", gap, 0)
    scores = []
    for train, test in block_folds(edges, check.whole(where, "n_splits", n_splits, 2), space, n_lags + 1):
        if not train or not test:
            raise ValueError(
                f"{where}: n_splits must leave pieces of more than {n_lags} bins, got n_splits={n_splits} on "
                f"{len(counts)} bins"
            )
        model = clone(estimator).fit([counts[a:b] for a, b in train])
        scores.append(model.score([counts[a:b] for a, b in test]))
    return np.array(scores)


def start_stability(
    estimator: Any, X: ArrayLike, lengths: ArrayLike | None = None, *, n_starts: int = 3
) -> float:
    """Return how well independent searches agree on the path of states.

    Parameters
    ----------
    estimator : HMMGLM or PoissonHMM
        Model; copies are fitted, each from its own starts.
    X : array of shape (n_bins, n_neurons)
        Spike counts.
    lengths : array of shape (n_sequences,), default=None
        Bins of each sequence.
    n_starts : int, default=3
        Number of searches.

    Returns
    -------
    float
        Lowest adjusted Rand index of any two; 1 is the same path up to names.
    """
    from sklearn.base import clone
    from sklearn.metrics import adjusted_rand_score

    from neurosci._core.random import check_random_state

    check.whole("start_stability", "n_starts", n_starts, 2)
    paths = [
        clone(estimator).set_params(random_state=seed).fit(X, lengths).predict(X, lengths)
        for seed in check_random_state(estimator.random_state).spawn(n_starts)
    ]
    return float(min(adjusted_rand_score(a, b) for i, a in enumerate(paths) for b in paths[:i]))


def select_n_states(
    estimator: Any,
    X: ArrayLike,
    lengths: ArrayLike | None = None,
    *,
    candidates: ArrayLike = (1, 2, 3, 4, 5),
    n_splits: int = 5,
    gap: int | None = None,
    n_starts: int = 2,
) -> StateSelection:
    """Compare numbers of states by held-out likelihood, Schwarz's criterion and stability.

    Parameters
    ----------
    estimator : HMMGLM or PoissonHMM
        Model; copies are fitted with other numbers of states.
    X : array of shape (n_bins, n_neurons)
        Spike counts.
    lengths : array of shape (n_sequences,), default=None
        Bins of each sequence.
    candidates : array of shape (n_candidates,), default=(1, 2, 3, 4, 5)
        Numbers of states.
    n_splits : int, default=5
        Contiguous blocks that are held out in turn.
    gap : int, default=None
        Bins left out around what is held out; ``None`` is the lags of the history.
    n_starts : int, default=2
        Independent searches whose paths are compared.

    Returns
    -------
    StateSelection
        Scores and choices. Held-out likelihood may keep rising through rare states: look at `occupancy`
        (below 1 to 5 % a state is doubtful) and `stability` (below 0.8 the states depend on the start).

    Raises
    ------
    ValueError
        If there is no candidate, or a number of states is not a whole number >= 1.
    """
    from sklearn.base import clone

    where = "select_n_states"
    numbers = [check.whole(where, "candidates", value, 1) for value in np.atleast_1d(candidates).tolist()]
    if not numbers:
        raise ValueError(f"{where}: candidates must hold a number of states, got none")
    scores, bic, stability, occupancy = [], [], [], []
    for number in numbers:
        model = clone(estimator).set_params(n_states=number)
        scores.append(cross_val_nats(model, X, lengths, n_splits=n_splits, gap=gap))
        stability.append(start_stability(model, X, lengths, n_starts=n_starts) if number > 1 else 1.0)
        model.fit(X, lengths)
        bic.append(model.bic(X, lengths))
        occupancy.append(model.occupancy_)
    table = np.array(scores)
    return StateSelection(
        np.array(numbers), table, np.array(bic), np.array(stability), occupancy,
        one_standard_error(numbers, table), numbers[int(np.argmin(bic))],
    )  # fmt: skip


def one_standard_error(numbers: list[int], scores: Floats) -> int:
    """Return the smallest number whose mean score is within one standard error of the best.

    The error is that of the paired differences to the best, since blocks differ more than models do.
    """
    means = scores.mean(axis=1)
    best = int(np.argmax(means))
    behind = scores[best] - scores
    error = behind.std(axis=1, ddof=1) / np.sqrt(scores.shape[1])
    return min(n for n, d, e in zip(numbers, behind.mean(axis=1), error, strict=True) if d <= e)
