"""Estimator of the third stage: decode labels from trials."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from .._core.checks import check_option
from .._core.random import spawn
from .._training import resolve_device, seeded
from ._classifier import HEADS, DuINClassifierModule
from ._config import DuINConfig
from ._encoder import DuINEncoder
from ._estimator import DuINEstimator
from ._folds import check_known, check_labels
from ._initial import is_fitted, unwrapped
from ._pretrained import Pretrained
from ._pretrainer import DuINPretrainer
from ._stage_classifier import predict_scores, train_classifier
from ._tokenizer import DuINTokenizer
from ._windows import Windows

_WHERE = "DuINClassifier"
_SHIFT = 0.1


class DuINClassifier(ClassifierMixin, DuINEstimator):
    """Decode labels from trials of neural signals.

    Parameters
    ----------
    init : {None, "vqvae", "mae"}, estimator or Pretrained, default=None
        Where the encoder starts: random weights; a `DuINTokenizer` or `DuINPretrainer` that is fitted on the
        training trials first (without their labels); an estimator of these kinds, used as it is where it
        is fitted; or what `load_pretrained` returned. ``clone``, and with it cross-validation, forgets what
        an estimator learned, so that it is fitted anew on the trials of each fold: wrap one that was fitted
        on other recordings in :class:`sklearn.frozen.FrozenEstimator` to keep it.
    config : DuINConfig, default=None
        Sizes; ``None`` takes those of `init` or, without one, the published ones.
    head : {"linear", "sigmoid"}, default="linear"
        ``"sigmoid"`` squashes the scores before the softmax, as the published code does.
    quantize : bool, default=False
        Insert the quantiser between encoder and head (the published arm "vqvae+vq").
    n_pretrain_epochs : int, default=None
        Epochs of each stage of ``init="vqvae"`` and ``"mae"``; ``None`` keeps those of the schedule.
    max_shift : int, default=None
        Training trials are shifted in time by up to so many samples, with zeros at the edge. ``None`` is a
        tenth of the trial, as published (300 of 3000); 0 shifts nothing.
    validation_fraction : float, default=0.0
        Share of the training trials of each class that is kept out to watch the training.
    keep : {"last", "best"}, default="last"
        Whether the weights of the last epoch stay, or those with the highest accuracy on the validation
        trials.
    warm_start : bool, default=False
        Go on from the weights of the last `fit` instead of `init`.
    schedule : {"default", "published", "published_code"}, default="default"
        Optimisation: ours, that of the paper's table, or that of the authors' code.
    n_epochs, batch_size : int, default=None
        Instead of those of the schedule.
    learning_rate : float, default=None
        Highest rate, instead of that of the schedule.
    standardize : bool, default=True
        Whether channels are z-scored by the statistics of the training windows.
    random_state : None, int, SeedSequence or Generator, default=None
        Seed of weights, order and augmentation.
    device : {"auto", "cpu", "cuda"}, default="auto"
        Where to train.
    precision : {"float32", "bfloat16"}, default="float32"
        Arithmetic of matrix products.
    checkpoint : path-like, default=None
        Folder to save to; an interrupted `fit` of the same data and parameters goes on from there.
    verbose : bool, default=False
        Show progress in a terminal.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    weights_ : dict of str to ndarray
        Weights and buffers of the network; `module_` is the network.
    history_ : dict of str to ndarray
        One value per epoch: ``loss`` (nats), ``accuracy`` and, with validation trials, ``val_loss`` and
        ``val_accuracy``.
    init_history_ : dict of str to ndarray
        History of the pre-training that belongs to this fit; empty where there was none.
    mean_, scale_ : ndarray of shape (n_channels,)
        Statistics of each channel in training.
    n_channels_in_, n_times_in_ : int
        Channels, and samples of a training window.
    ch_names_ : tuple of str or None
        Channels, where epochs were given.
    sfreq_ : float or None
        Sampling rate in Hz, where epochs were given.

    See Also
    --------
    evaluate : Scores by block, with seeds.
    DuINClassifierModule : The network.

    References
    ----------
    Zheng, H. et al. (2024), section 3.5, table 7.

    Examples
    --------
    >>> from neurosci.du_in import DuINClassifier, DuINConfig, SyntheticSEEG
    >>> trials = SyntheticSEEG(3, random_state=0).trials(4)
    >>> decoder = DuINClassifier(config=DuINConfig.small(), n_epochs=1, random_state=0)
    >>> decoder.fit(trials.X, trials.y).predict_proba(trials.X).shape
    (12, 3)
    """

    classes_: NDArray[Any]

    def __init__(
        self,
        init: Any = None,
        *,
        config: DuINConfig | None = None,
        head: str = "linear",
        quantize: bool = False,
        n_pretrain_epochs: int | None = None,
        max_shift: int | None = None,
        validation_fraction: float = 0.0,
        keep: str = "last",
        warm_start: bool = False,
        schedule: str = "default",
        n_epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        standardize: bool = True,
        random_state: Any = None,
        device: str = "auto",
        precision: str = "float32",
        checkpoint: Any = None,
        verbose: bool = False,
    ) -> None:
        self.init = init
        self.config = config
        self.head = head
        self.quantize = quantize
        self.n_pretrain_epochs = n_pretrain_epochs
        self.max_shift = max_shift
        self.validation_fraction = validation_fraction
        self.keep = keep
        self.warm_start = warm_start
        self.schedule = schedule
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.standardize = standardize
        self.random_state = random_state
        self.device = device
        self.precision = precision
        self.checkpoint = checkpoint
        self.verbose = verbose

    @property
    def _config(self) -> DuINConfig:
        given = unwrapped(self.init)
        if self.config is None and isinstance(given, DuINTokenizer | DuINPretrainer | DuINClassifier):
            return given._config
        if self.config is None and isinstance(given, Pretrained):
            return given.module.config
        return super()._config

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Train the encoder and its head, the encoder included.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times) or mne.Epochs
            Trials.
        y : array-like of shape (n_trials,)
            Labels of any kind.

        Returns
        -------
        DuINClassifier
            Itself.

        Raises
        ------
        ValueError
            If trials are not finite, a channel is constant, a class has fewer than two trials, or `init`
            has other channels or sizes.
        """
        check_option(_WHERE, "head", self.head, HEADS)
        earlier = self.weights_ if self.warm_start and is_fitted(self) else None
        signals, data = self._learn_scale(X)
        labels = check_labels(_WHERE, y, len(data))
        self.classes_, codes = np.unique(labels, return_inverse=True)
        seed = self._seed()
        train, kept_out = self._validation_split(codes, seed)
        with seeded(seed, "weights"):
            module = self._network()
        self.init_history_: dict[str, NDArray[np.float64]] = {}
        if earlier is None:
            encoder = self._encoder(signals.data[train] if signals.ch_names is None else X[train], seed)
            if encoder is not None:
                module.load_encoder(encoder)
        else:
            module.load_state_dict({name: torch.from_numpy(np.array(v)) for name, v in earlier.items()})
        history = train_classifier(
            module,
            Windows(data[train]),
            codes[train].astype(np.int64),
            self._plan("classifier"),
            self._how("classifier", seed),
            validation=None
            if kept_out is None
            else (Windows(data[kept_out]), codes[kept_out].astype(np.int64)),
            max_shift=self._shift(),
            keep=self.keep,
        )
        self._keep(module, history)
        return self

    def _network(self) -> DuINClassifierModule:
        return DuINClassifierModule(
            self.n_channels_in_,
            self.n_times_in_,
            len(self.classes_),
            self._config,
            head=self.head,
            quantize=self.quantize,
        )

    def _shift(self) -> int:
        return int(_SHIFT * self.n_times_in_) if self.max_shift is None else int(self.max_shift)

    def _validation_split(
        self, codes: NDArray[np.intp], seed: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp] | None]:
        if not 0 <= self.validation_fraction < 1:
            raise ValueError(
                f"{_WHERE}: validation_fraction must be in [0, 1), got {self.validation_fraction}"
            )
        if self.validation_fraction == 0:
            return np.arange(len(codes)), None
        rng = spawn(seed, "validation")
        chosen = []
        for code in np.unique(codes):
            rows = rng.permutation(np.flatnonzero(codes == code))
            chosen.append(rows[: min(len(rows) - 1, round(self.validation_fraction * len(rows)))])
        kept_out = np.sort(np.concatenate(chosen))
        if not kept_out.size:
            raise ValueError(
                f"{_WHERE}: validation_fraction must keep out at least one trial, got "
                f"{self.validation_fraction} of {len(codes)}"
            )
        return np.setdiff1d(np.arange(len(codes)), kept_out), kept_out

    def _encoder(self, X: Any, seed: int) -> DuINEncoder | None:
        """Return the encoder to start from, pre-trained on these trials where that is asked for."""
        given = unwrapped(self.init)
        if given is None:
            return None
        if isinstance(given, Pretrained):
            given.check(self.ch_names_, self.sfreq_)
            self._check_channels(given.module.n_chans)
            return given.module
        if isinstance(given, str):
            check_option(_WHERE, "init", given, ("vqvae", "mae"))
            own = {
                "config": self._config,
                "schedule": self.schedule,
                "n_epochs": self.n_pretrain_epochs,
                "standardize": self.standardize,
                "random_state": seed,
                "device": self.device,
                "precision": self.precision,
                "checkpoint": self.checkpoint,
                "verbose": self.verbose,
            }
            given = DuINTokenizer(**own) if given == "vqvae" else DuINPretrainer(**own)
        elif not isinstance(given, DuINTokenizer | DuINPretrainer | DuINClassifier):
            raise TypeError(
                f"{_WHERE}: init must be None, 'vqvae', 'mae', a DuINTokenizer, DuINPretrainer, "
                f"DuINClassifier or Pretrained, got {type(given).__name__}"
            )
        if not is_fitted(given):
            given = clone(given).fit(X)
            self.init_history_ = given.history_
        self._check_channels(given.n_channels_in_)
        return given.module_  # type: ignore[no-any-return]

    def _check_channels(self, n_channels: int) -> None:
        if n_channels != self.n_channels_in_:
            raise ValueError(
                f"{_WHERE}: init must have the {self.n_channels_in_} channels of X, got {n_channels} "
                "(pre-train on the same channels)"
            )

    @property
    def module_(self) -> DuINClassifierModule:
        """The fitted network, a new copy, in evaluation mode.

        Returns
        -------
        DuINClassifierModule
            For signals that are standardised by `mean_` and `scale_`.
        """
        check_is_fitted(self)
        module: DuINClassifierModule = self._restored(self._network)
        return module

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times) or mne.Epochs
            Trials, as long as those of training.

        Returns
        -------
        ndarray of shape (n_trials, n_classes)
            Softmax of the scores, in the order of `classes_`.

        Raises
        ------
        ValueError
            If channels, rate or length differ from those of `fit`.
        """
        data = self._read(X)
        if data.shape[2] != self.n_times_in_:
            raise ValueError(
                f"{_WHERE}: X must have {self.n_times_in_} samples, as in fit, got {data.shape[2]}"
            )
        scores = predict_scores(self.module_, Windows(data), device=resolve_device(self.device))
        return torch.softmax(scores.double(), dim=1).numpy()

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times) or mne.Epochs
            Trials.

        Returns
        -------
        ndarray of shape (n_trials,)
            Labels.
        """
        probability = self.predict_proba(X)
        return np.asarray(self.classes_[probability.argmax(axis=1)])

    def score(self, X: Any, y: ArrayLike, sample_weight: Any = None) -> float:
        """Return the accuracy.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times) or mne.Epochs
            Trials.
        y : array-like of shape (n_trials,)
            Labels, all of them known from `fit`.
        sample_weight : array-like of shape (n_trials,), default=None
            Weights of the trials.

        Returns
        -------
        float
            Share of trials whose label is predicted.

        Raises
        ------
        ValueError
            If a label was not in training.
        """
        check_is_fitted(self)
        check_known(_WHERE, y, self.classes_)
        return float(np.average(self.predict(X) == np.asarray(y), weights=sample_weight))

    def contributions(self) -> NDArray[np.float64]:
        """Return the contribution of each channel by the weights of the spatial projection.

        Returns
        -------
        ndarray of shape (n_channels,)
            Mean absolute weight over the projection's outputs, over the largest (equation 12). Weights of
            channels are comparable where these are standardised.

        Raises
        ------
        ValueError
            If the network has no projection.
        """
        return self.module_.contributions()[0].double().numpy()
