"""Published convolutional networks for EEG, from braindecode where it is installed."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from neurosci._core.checks import check_option

from ._folds import check_labels
from ._signals import channel_statistics, read_signals

_WHERE = "BraindecodeClassifier"
NETWORKS = ("EEGNet", "EEGConformer", "ShallowFBCSPNet")


class BraindecodeClassifier(ClassifierMixin, BaseEstimator):
    """Train a network of braindecode on trials, with the optimiser of this package.

    Parameters
    ----------
    network : {"EEGNet", "EEGConformer", "ShallowFBCSPNet"}, default="EEGNet"
        Which network, of its default sizes.
    sfreq : float, default=1000.0
        Samples per second.
    resample : float or None, default=None
        Rate in Hz to which trials are resampled first; None keeps `sfreq`. The paper trained EEG-Conformer at
        250 Hz.
    n_epochs, batch_size : int, default=100, 32
        Passes through the trials, and trials per step.
    learning_rate, weight_decay : float, default=1e-3, 0.01
        Of AdamW; the rate rises over the first tenth of the epochs and falls with a cosine to a hundredth.
    random_state : int, default=None
        Seed of weights, order and dropout.
    device : {"auto", "cpu", "cuda"}, default="auto"
        Where it is trained.
    verbose : bool, default=False
        Show progress in a terminal.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    module_ : torch.nn.Module
        Fitted network, in evaluation mode.
    mean_, scale_ : ndarray of shape (n_channels,)
        Of the training trials; inputs are standardised with them.
    history_ : dict of str to ndarray
        Loss (nats) of each epoch.

    Raises
    ------
    ImportError
        In ``fit``, if braindecode is not installed or cannot be imported; the message says what to do.

    Notes
    -----
    braindecode needs torchaudio, whose wheel may not load beside a torch without CUDA. Nothing else in this
    package needs either.

    Examples
    --------
    >>> from neurosci.du_in import BraindecodeClassifier
    >>> decoder = BraindecodeClassifier("EEGNet", n_epochs=20)
    >>> decoder.fit(trials.X, trials.y).score(others.X, others.y)  # doctest: +SKIP
    0.51
    """

    def __init__(
        self,
        network: str = "EEGNet",
        *,
        sfreq: float = 1000.0,
        resample: float | None = None,
        n_epochs: int = 100,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.01,
        random_state: Any = None,
        device: str = "auto",
        verbose: bool = False,
    ) -> None:
        self.network = network
        self.sfreq = sfreq
        self.resample = resample
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.random_state = random_state
        self.device = device
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times) or mne.Epochs
            Training trials.
        y : array-like of shape (n_trials,)
            Labels of any kind.

        Returns
        -------
        BraindecodeClassifier
            This object.
        """
        import torch

        from neurosci._training import integer_seed, seeded, train, warmup_cosine

        from ._estimator import history_arrays

        check_option(_WHERE, "network", self.network, NETWORKS)
        signals = read_signals(_WHERE, X)
        labels = check_labels(_WHERE, y, len(signals.data))
        build = _network(self.network)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self.mean_, self.scale_ = channel_statistics(_WHERE, signals)
        self.n_features_in_, self.n_times_in_ = signals.data.shape[1:]
        data = torch.from_numpy(self._prepared(signals.data))
        target = torch.from_numpy(codes.astype(np.int64))
        seed = integer_seed(self.random_state)
        with seeded(seed, "weights"):
            module = build(
                n_chans=data.shape[1],
                n_outputs=len(self.classes_),
                n_times=data.shape[2],
                sfreq=self.resample or self.sfreq,
            )

        def loss(module: Any, batch: Any) -> tuple[Any, dict[str, Any]]:
            scores = module(data[batch.indices].to(batch.device)).flatten(1)
            return torch.nn.functional.cross_entropy(scores, target[batch.indices].to(batch.device)), {}

        warm = max(1, self.n_epochs // 10)
        history = train(
            module,
            loss,
            n_samples=len(data),
            batch_size=self.batch_size,
            n_epochs=self.n_epochs,
            optimizer=torch.optim.AdamW(
                module.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
            ),
            schedule=warmup_cosine(
                self.learning_rate,
                self.learning_rate / 100,
                warmup=warm,
                total=max(self.n_epochs, warm + 1),
                steps_per_epoch=max(1, len(data) // self.batch_size),
            ),
            random_state=seed,
            device=self.device,
            progress=self.network if self.verbose else None,
        )
        self.history_ = history_arrays(history)
        self.module_ = module.cpu().eval()
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times) or mne.Epochs
            Trials.

        Returns
        -------
        ndarray of shape (n_trials, n_classes)
            In the order of `classes_`.
        """
        import torch

        check_is_fitted(self)
        data = read_signals(_WHERE, X).data
        if data.shape[1:] != (self.n_features_in_, self.n_times_in_):
            raise ValueError(
                f"{_WHERE}: X must have {self.n_features_in_} channels and {self.n_times_in_} samples, as in "
                f"fit, got {data.shape[1]} and {data.shape[2]}"
            )
        parts = torch.split(torch.from_numpy(self._prepared(data)), self.batch_size)
        with torch.no_grad():
            scores = torch.cat([self.module_(part).flatten(1) for part in parts])
        probability: NDArray[np.float64] = torch.softmax(scores.double(), dim=1).numpy()
        return probability

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
        predicted: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return predicted

    def _prepared(self, data: NDArray[np.float32]) -> NDArray[np.float32]:
        scaled = (data - self.mean_[:, None]) / self.scale_[:, None]
        if self.resample is not None and self.resample != self.sfreq:
            from fractions import Fraction

            from scipy.signal import resample_poly

            ratio = Fraction(self.resample / self.sfreq).limit_denominator(1000)
            scaled = resample_poly(scaled, ratio.numerator, ratio.denominator, axis=-1)
        return np.ascontiguousarray(scaled, dtype=np.float32)


def _network(name: str) -> Any:
    try:
        from braindecode import models

        return getattr(models, name)
    except (ImportError, OSError) as error:
        raise ImportError(
            f"{_WHERE}: {name} needs braindecode, which could not be imported: {error} (pip install "
            "braindecode, with a torchaudio that fits the torch here; the other baselines need neither)"
        ) from error
