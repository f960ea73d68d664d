"""Estimator of the second stage: predict the codes of hidden patches."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from .._training import seeded
from ._config import DuINConfig
from ._estimator import DuINEstimator
from ._initial import is_fitted, unwrapped
from ._mae import DuINMAE
from ._signals import check_same, read_signals
from ._stage_mae import train_mae
from ._tokenizer import DuINTokenizer
from ._windows import Windows

_AT_ONCE = 64


class DuINPretrainer(TransformerMixin, DuINEstimator):
    """Learn an encoder by predicting the codes of patches that it does not see.

    Parameters
    ----------
    tokenizer : DuINTokenizer, default=None
        Tokenizer that gives the codes. A fitted one is used as it is; another is fitted on the windows
        given to `fit`. ``None`` makes one of the same sizes.
    config : DuINConfig, default=None
        Sizes; ``None`` takes those of the tokenizer.
    target : {"codes", "tokens", "signals"}, default="codes"
        What is predicted: codes, the tokenizer's tokens before quantisation (by their cosine), or the
        samples themselves (by their squared error), for which no tokenizer is used.
    crop : int, default=None
        Samples of a random crop of each window in training; ``None`` takes whole windows.
    schedule : {"default", "published", "published_code"}, default="default"
        Optimisation: ours, that of the paper's table, or that of the authors' code.
    n_epochs, batch_size : int, default=None
        Instead of those of the schedule.
    learning_rate : float, default=None
        Highest rate, instead of that of the schedule.
    standardize : bool, default=True
        Whether channels are z-scored by the statistics of the training windows, or as those of the
        tokenizer where there is one.
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
    weights_ : dict of str to ndarray
        Weights and buffers of the network; `module_` is the network.
    history_ : dict of str to ndarray
        One value per epoch: ``loss``, ``val_loss`` and, for codes, ``accuracy``, ``val_accuracy`` (chance is
        ``largest_share``), ``n_live``, ``perplexity`` and ``entropy`` of the codes to predict.
    tokenizer_history_ : dict of str to ndarray
        History of the tokenizer; empty where none was used.
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
    DuINClassifier : What it is for.
    DuINMAE : The network.

    References
    ----------
    Zheng, H. et al. (2024), equations 6 to 9.

    Examples
    --------
    >>> from neurosci.du_in import DuINConfig, DuINPretrainer, SyntheticSEEG
    >>> windows = SyntheticSEEG(random_state=0).unlabelled(4, duration=1.0).X[:, :5]
    >>> config = DuINConfig.small().replace(codex_size=8)
    >>> pretrainer = DuINPretrainer(config=config, n_epochs=1, random_state=0).fit(windows)
    >>> sorted(pretrainer.history_)[:3]
    ['accuracy', 'entropy', 'epoch']
    """

    def __init__(
        self,
        tokenizer: Any = None,
        *,
        config: DuINConfig | None = None,
        target: str = "codes",
        crop: int | None = None,
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
        self.tokenizer = tokenizer
        self.config = config
        self.target = target
        self.crop = crop
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
        given = unwrapped(self.tokenizer)
        if self.config is None and isinstance(given, DuINTokenizer):
            return given._config
        return super()._config

    def fit(self, X: Any, y: object = None) -> Self:  # noqa: ARG002 (pipelines pass it)
        """Learn the encoder, and first the tokenizer where it is not fitted.

        Parameters
        ----------
        X : array-like of shape (n_windows, n_channels, n_times) or mne.Epochs
            Windows without labels.
        y : object, default=None
            Not used.

        Returns
        -------
        DuINPretrainer
            Itself.

        Raises
        ------
        ValueError
            If windows do not fit, or the tokenizer has other channels.
        """
        _, data = self._learn_scale(X)
        n_times = self.n_times_in_ if self.crop is None else int(self.crop)
        if not 0 < n_times <= self.n_times_in_:
            raise ValueError(
                f"DuINPretrainer: crop must be in [1, {self.n_times_in_}] samples, got {self.crop}"
            )
        seed = self._seed()
        with seeded(seed, "weights"):
            module = DuINMAE(self.n_channels_in_, n_times, self._config, target=self.target)
        tokenizer = None if self.target == "signals" else self._fitted_tokenizer(X, seed)
        if tokenizer is not None:
            # the codes belong to signals of the tokenizer's scale
            signals = read_signals("DuINPretrainer", X)
            check_same(
                "DuINPretrainer",
                signals,
                n_channels=tokenizer.n_channels_in_,
                ch_names=tokenizer.ch_names_,
                sfreq=tokenizer.sfreq_,
            )
            self.mean_, self.scale_ = tokenizer.mean_.copy(), tokenizer.scale_.copy()
            data = self._scaled(signals.data)
        self.n_times_in_ = n_times
        frozen = None if tokenizer is None else tokenizer.module_
        history = train_mae(module, frozen, Windows(data), self._plan("mae"), self._how("mae", seed))
        self._keep(module, history)
        self.tokenizer_history_ = {} if tokenizer is None else tokenizer.history_
        return self

    def _fitted_tokenizer(self, X: Any, seed: int) -> DuINTokenizer:
        given = unwrapped(self.tokenizer)
        if given is None:
            given = DuINTokenizer(
                self._config,
                crop=self.crop,
                schedule=self.schedule,
                batch_size=self.batch_size,
                n_epochs=self.n_epochs,
                learning_rate=self.learning_rate,
                standardize=self.standardize,
                random_state=seed,
                device=self.device,
                precision=self.precision,
                checkpoint=self.checkpoint,
                verbose=self.verbose,
            )
        if not isinstance(given, DuINTokenizer):
            raise TypeError(
                f"DuINPretrainer: tokenizer must be a DuINTokenizer or None, got {type(given).__name__}"
            )
        return given if is_fitted(given) else clone(given).fit(X)

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return the tokens of windows in their context, nothing hidden.

        Parameters
        ----------
        X : array-like of shape (n_windows, n_channels, n_times) or mne.Epochs
            Windows, as long as those of training.

        Returns
        -------
        ndarray of float32, shape (n_windows, n_patches, d_model)
            What a decoder starts from.

        Raises
        ------
        ValueError
            If channels, rate or length differ from those of `fit`.
        """
        data = self._read(X)
        if data.shape[2] != self.n_times_in_:
            raise ValueError(
                f"DuINPretrainer: X must have {self.n_times_in_} samples, as in fit, got {data.shape[2]}"
            )
        module = self.module_
        parts = [torch.from_numpy(data[i : i + _AT_ONCE]) for i in range(0, len(data), _AT_ONCE)]
        with torch.no_grad():
            tokens = torch.cat([module.transformer(module.spatial(part)) for part in parts])
        return np.asarray(tokens.numpy(), dtype=np.float32)

    @property
    def module_(self) -> DuINMAE:
        """The fitted network, a new copy, in evaluation mode.

        Returns
        -------
        DuINMAE
            For signals that are standardised by `mean_` and `scale_`.
        """
        check_is_fitted(self)
        module: DuINMAE = self._restored(
            lambda: DuINMAE(self.n_channels_in_, self.n_times_in_, self._config, target=self.target)
        )
        return module
