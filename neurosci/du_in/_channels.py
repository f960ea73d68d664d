"""Which channels carry the task, learnt from training trials alone."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted

from neurosci._core.checks import check_option
from neurosci._core.random import spawn
from neurosci._training import integer_seed

from ._folds import check_labels
from ._signals import read_signals

Floats = NDArray[np.float64]
_WHERE = "ChannelSelector"
_METHODS = ("weights", "ablation", "anova")
_PROJECTION = "projection.weight"
_N_BINS = 20


def contribution_scores(weight: ArrayLike, *, accuracy: float = 1.0) -> Floats:
    r"""Return how much a spatial projection uses each channel.

    Parameters
    ----------
    weight : array-like of shape (n_neural, n_channels)
        Matrix of the projection (16 rows in the paper), of a model trained on the task from random weights.
    accuracy : float, default=1.0
        What the scores are multiplied by, to compare subjects: the subject's accuracy.

    Returns
    -------
    ndarray of shape (n_channels,)
        :math:`\frac{1}{16} \sum_j |W_{ij}|`, divided by the largest and multiplied by the accuracy [1]_
        (eq. 12).

    Raises
    ------
    ValueError
        If the weights are no finite matrix, or all 0.

    Notes
    -----
    Channels can be compared only if the inputs were standardised, and the score changes if the projection is
    rotated and the next layer rotated back, which leaves the model the same. `ablation_scores` has neither
    fault.

    References
    ----------
    .. [1] Zheng H, Wang HT, Jiang WB, Chen ZT, He L, Lin PY, Wei PH, Zhao GG, Liu YZ (2024). Du-IN: discrete
       units-guided mask modeling for decoding speech from intracranial neural signals. Advances in Neural
       Information Processing Systems 37. arXiv:2405.11459.

    Examples
    --------
    >>> contribution_scores([[1, -4, 0], [1, 0, 0]]).tolist()
    [0.5, 1.0, 0.0]
    """
    matrix = np.asarray(weight, dtype=np.float64)
    if matrix.ndim != 2 or not np.isfinite(matrix).all() or not matrix.any():
        raise ValueError(
            "contribution_scores: weight must be a finite matrix (n_neural, n_channels) that is not all "
            f"0, got shape {matrix.shape}"
        )
    score = np.abs(matrix).mean(axis=0)
    scaled: Floats = score / score.max() * accuracy
    return scaled


def ablation_scores(estimator: Any, X: ArrayLike, y: ArrayLike) -> Floats:
    """Return how much worse a fitted decoder is without each channel.

    Parameters
    ----------
    estimator : estimator
        Fitted classifier with ``predict_proba``.
    X : array-like of shape (n_trials, n_channels, n_times)
        Trials that were not trained on.
    y : array-like of shape (n_trials,)
        Labels.

    Returns
    -------
    ndarray of shape (n_channels,)
        Increase of the cross-entropy, in nats, when a channel is set to its mean over all trials and times.
        Negative where the decoder does better without it.

    Raises
    ------
    ValueError
        If a label was not trained on.
    """
    data = np.array(X)
    column = {label: k for k, label in enumerate(estimator.classes_)}
    unknown = sorted({str(label) for label in np.asarray(y)} - {str(label) for label in column})
    if unknown:
        raise ValueError(
            f"ablation_scores: y must hold labels that were trained on, got {', '.join(unknown[:5])}"
        )
    code = np.array([column[label] for label in np.asarray(y).tolist()])

    def loss() -> float:
        chosen = estimator.predict_proba(data)[np.arange(len(code)), code]
        return float(-np.log(np.maximum(chosen, np.finfo(np.float64).tiny)).mean())

    whole = loss()
    scores = np.empty(data.shape[1])
    for channel in range(data.shape[1]):
        kept = data[:, channel].copy()
        data[:, channel] = kept.mean(dtype=np.float64)
        scores[channel] = loss() - whole
        data[:, channel] = kept
    return scores


def anova_scores(X: ArrayLike, y: ArrayLike) -> Floats:
    """Return how much the classes differ in each channel, without a model.

    Parameters
    ----------
    X : array-like of shape (n_trials, n_channels, n_times)
        Trials.
    y : array-like of shape (n_trials,)
        Labels.

    Returns
    -------
    ndarray of shape (n_channels,)
        F ratio between classes of the mean signal in 20 parts of the trial, averaged over the parts; about 1
        in a channel without information.
    """
    from sklearn.feature_selection import f_classif

    data = np.asarray(X)
    n_trials, n_channels, n_times = data.shape
    n_bins = min(_N_BINS, n_times)
    cut = data[:, :, : n_times // n_bins * n_bins].reshape(n_trials, n_channels, n_bins, -1)
    means = cut.mean(axis=-1, dtype=np.float64)
    ratio, _ = f_classif(means.reshape(n_trials, -1), np.asarray(y))
    scores: Floats = np.nan_to_num(ratio.reshape(n_channels, n_bins), posinf=0).mean(axis=1)
    return scores


class ChannelSelector(SelectorMixin, BaseEstimator):
    """Keep the channels that carry the task, chosen on the trials that `fit` sees.

    Parameters
    ----------
    n_channels : int, default=10
        Channels to keep; all, where there are no more.
    method : {"weights", "ablation", "anova"}, default="weights"
        What ranks channels: `contribution_scores` of a decoder trained on all of them (the paper's),
        `ablation_scores` of such a decoder on trials kept out, or `anova_scores`, which need no decoder.
    estimator : estimator, default=None
        Decoder for the first two methods; None is a `DuINClassifier` of the published sizes. "weights" needs
        one with a spatial projection.
    validation_fraction : float, default=0.25
        Share of the trials of each class that "ablation" keeps out.
    random_state : int, default=None
        Seed of the decoder, if `estimator` is None, and of the trials kept out.

    Attributes
    ----------
    scores_ : ndarray of shape (n_channels_in,)
        Score of each channel.
    estimator_ : estimator
        Fitted decoder; None with "anova".
    n_features_in_ : int
        Channels seen in `fit`.

    Raises
    ------
    ValueError
        In ``fit``, if `n_channels` is not positive or trials have not the right shape or are not finite.

    Notes
    -----
    Put it into a pipeline, in front of the decoder: channels chosen on all trials have seen the test trials.
    Tied scores keep the earlier channel.

    Examples
    --------
    >>> from neurosci.du_in import SyntheticSEEG
    >>> trials = SyntheticSEEG(4, snr=3, random_state=0).trials(6)
    >>> selector = ChannelSelector(n_channels=3, method="anova").fit(trials.X, trials.y)
    >>> selector.transform(trials.X).shape
    (24, 3, 3000)
    >>> bool(trials.truth.task[selector.get_support()].all())
    True
    """

    def __init__(
        self,
        n_channels: int = 10,
        *,
        method: str = "weights",
        estimator: Any = None,
        validation_fraction: float = 0.25,
        random_state: Any = None,
    ) -> None:
        self.n_channels = n_channels
        self.method = method
        self.estimator = estimator
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.target_tags.required = True
        return tags

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Score the channels.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times) or mne.Epochs
            Training trials.
        y : array-like of shape (n_trials,)
            Labels.

        Returns
        -------
        ChannelSelector
            This object.
        """
        check_option(_WHERE, "method", self.method, _METHODS)
        if isinstance(self.n_channels, bool) or not self.n_channels >= 1:
            raise ValueError(f"{_WHERE}: n_channels must be at least 1, got {self.n_channels!r}")
        if not 0 < self.validation_fraction < 1:
            raise ValueError(
                f"{_WHERE}: validation_fraction must be in (0, 1), got {self.validation_fraction}"
            )
        data = read_signals(_WHERE, X).data
        self.n_features_in_ = data.shape[1]
        labels = check_labels(_WHERE, y, len(data))
        self.estimator_ = None
        if self.method == "anova":
            self.scores_ = anova_scores(data, labels)
        elif self.method == "weights":
            self.estimator_ = self._decoder().fit(data, labels)
            self.scores_ = contribution_scores(_projection(self.estimator_))
        else:
            kept_out = self._kept_out(labels)
            self.estimator_ = self._decoder().fit(data[~kept_out], labels[~kept_out])
            self.scores_ = ablation_scores(self.estimator_, data[kept_out], labels[kept_out])
        return self

    def transform(self, X: Any) -> Any:
        """Keep the chosen channels, in the order of the data.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times) or mne.Epochs
            Trials.

        Returns
        -------
        ndarray of shape (n_trials, n_selected, n_times), or mne.Epochs
            The same trials with fewer channels.
        """
        check_is_fitted(self)
        signals, chosen = read_signals(_WHERE, X), self._get_support_mask()
        if signals.data.shape[1] != len(chosen):
            raise ValueError(
                f"{_WHERE}: X must have {len(chosen)} channels, as in fit, got {signals.data.shape[1]}"
            )
        if signals.ch_names is not None:
            return X.copy().pick([name for name, kept in zip(X.ch_names, chosen, strict=True) if kept])
        return np.asarray(X)[:, chosen]

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        chosen = np.argsort(-self.scores_, kind="stable")[: int(self.n_channels)]
        mask = np.zeros(len(self.scores_), dtype=bool)
        mask[chosen] = True
        return mask

    def _decoder(self) -> Any:
        if self.estimator is not None:
            return clone(self.estimator)
        from ._decoder import DuINClassifier

        return DuINClassifier(random_state=self.random_state)

    def _kept_out(self, labels: NDArray[Any]) -> NDArray[np.bool_]:
        rng = spawn(integer_seed(self.random_state), _WHERE, "kept out")
        chosen = np.zeros(len(labels), dtype=bool)
        for label in np.unique(labels):
            rows = rng.permutation(np.flatnonzero(labels == label))
            chosen[rows[: min(len(rows) - 1, max(1, round(self.validation_fraction * len(rows))))]] = True
        return chosen


def _projection(estimator: Any) -> NDArray[Any]:
    """Weights of the spatial projection of the first subject, shape (n_neural, n_channels)."""
    held = getattr(estimator, "weights_", {})
    names = [name for name in held if name.endswith(_PROJECTION)]
    if len(names) != 1:
        raise ValueError(
            f"{_WHERE}: estimator must have one spatial projection (such as DuINClassifier) for "
            f"method='weights', got {type(estimator).__name__} (use method='ablation')"
        )
    weight: NDArray[Any] = held[names[0]]
    return weight[0] if weight.ndim == 3 else weight
