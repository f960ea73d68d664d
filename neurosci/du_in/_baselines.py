"""Baselines of a few numbers per trial: band power, time course, shape of the signal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from neurosci._core.checks import check_option

from ._folds import check_labels
from ._signals import read_signals

Floats = NDArray[np.float64]
BANDS = ((1.0, 4.0), (4.0, 8.0), (8.0, 13.0), (13.0, 30.0), (30.0, 70.0), (70.0, 150.0))
"""Hz."""
SEGMENT_BANDS = ((0.5, 4.0), (4.0, 8.0), (8.0, 13.0), (13.0, 30.0), (30.0, 45.0))
"""Hz."""
_CLASSIFIERS = ("logistic", "lda", "svm")


class TrialFeatureClassifier(ClassifierMixin, BaseEstimator):
    """Base of the baselines: features of each trial, standardised, and a classifier of scikit-learn."""

    sfreq: float
    classifier: str

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    def features(self, X: Any) -> Floats:
        """Return the features of each trial.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times) or mne.Epochs
            Trials.

        Returns
        -------
        ndarray of shape (n_trials, n_features)
            What the classifier sees, before it is standardised.
        """
        return self._features(self._check(X))

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Learn the means of the features and the classifier.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times) or mne.Epochs
            Training trials.
        y : array-like of shape (n_trials,)
            Labels of any kind.

        Returns
        -------
        TrialFeatureClassifier
            This object.

        Raises
        ------
        ValueError
            If trials have the wrong shape or are not finite, or a class has fewer than two.
        """
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        where = type(self).__name__
        check_option(where, "classifier", self.classifier, _CLASSIFIERS)
        data = self._check(X)
        labels = check_labels(where, y, len(data))
        self.n_features_in_ = data.shape[1]
        self.n_times_in_ = data.shape[2]
        self._model = make_pipeline(StandardScaler(), self._classifier()).fit(self._features(data), labels)
        self.classes_ = self._model.classes_
        return self

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
        check_is_fitted(self)
        predicted: NDArray[Any] = self._model.predict(self._features(self._check(X, fitted=True)))
        return predicted

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times) or mne.Epochs
            Trials.

        Returns
        -------
        ndarray of shape (n_trials, n_classes)
            In the order of `classes_`. Those of the support vector machine are a softmax of its decision
            values and not calibrated.
        """
        from scipy.special import softmax

        check_is_fitted(self)
        model, features = self._model, self._features(self._check(X, fitted=True))
        if self.classifier != "svm":
            probability: Floats = model.predict_proba(features)
            return probability
        score = model.decision_function(features)
        if score.ndim == 1:
            score = np.stack([np.zeros_like(score), score], axis=1)
        chosen: Floats = softmax(score, axis=1)
        return chosen

    def _features(self, data: Floats) -> Floats:
        raise NotImplementedError

    def _classifier(self) -> Any:
        if self.classifier == "logistic":
            from sklearn.linear_model import LogisticRegression

            return LogisticRegression(max_iter=2000)
        if self.classifier == "lda":
            from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

            return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
        from sklearn.svm import SVC

        # It draws nothing, but takes a seed from the global generator where it is given none.
        return SVC(random_state=0)

    def _check(self, X: Any, *, fitted: bool = False) -> Floats:
        where = type(self).__name__
        data = read_signals(where, X).data
        if not self.sfreq > 0:
            raise ValueError(f"{where}: sfreq must be positive, in Hz, got {self.sfreq}")
        if fitted and data.shape[1:] != (self.n_features_in_, self.n_times_in_):
            raise ValueError(
                f"{where}: X must have {self.n_features_in_} channels and {self.n_times_in_} samples, as in "
                f"fit, got {data.shape[1]} and {data.shape[2]}"
            )
        return data.astype(np.float64)


class BandPowerClassifier(TrialFeatureClassifier):
    """Classify trials by the logarithm of their power in frequency bands.

    Parameters
    ----------
    sfreq : float, default=1000.0
        Samples per second.
    bands : sequence of tuple of float, default=BANDS
        Lower and upper edge of each band in Hz; those that end above half the sampling rate are left out.
    n_windows : int, default=1
        Parts of equal length into which a trial is cut.
    classifier : {"logistic", "lda", "svm"}, default="logistic"
        Logistic regression, linear discriminant with shrinkage, or support vector machine with a Gaussian
        kernel, with scikit-learn's defaults.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    n_features_in_, n_times_in_ : int
        Channels and samples seen in `fit`.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(40, 2, 500)), np.repeat([0, 1], 20)
    >>> X[20:] += np.sin(2 * np.pi * 10 * np.arange(500) / 1000)
    >>> BandPowerClassifier(bands=[(4, 20), (20, 100)]).fit(X[::2], y[::2]).score(X[1::2], y[1::2])
    1.0
    """

    def __init__(
        self,
        sfreq: float = 1000.0,
        *,
        bands: Sequence[tuple[float, float]] = BANDS,
        n_windows: int = 1,
        classifier: str = "logistic",
    ) -> None:
        self.sfreq = sfreq
        self.bands = bands
        self.n_windows = n_windows
        self.classifier = classifier

    def _features(self, data: Floats) -> Floats:
        n_trials, n_channels, n_times = data.shape
        if not 1 <= self.n_windows <= n_times // 8:
            raise ValueError(
                f"BandPowerClassifier: n_windows must leave at least 8 samples each, got {self.n_windows} "
                f"for {n_times} samples"
            )
        length = n_times // self.n_windows
        cut = data[:, :, : length * self.n_windows].reshape(n_trials, n_channels, self.n_windows, length)
        used = [band for band in self.bands if band[1] <= self.sfreq / 2]
        return log_powers("BandPowerClassifier", cut, self.sfreq, used, length).reshape(n_trials, -1)


class WindowMeanClassifier(TrialFeatureClassifier):
    """Classify trials by the mean of each channel in short windows: the linear, time-resolved baseline.

    Parameters
    ----------
    sfreq : float, default=1000.0
        Samples per second.
    window : float, default=0.05
        Length of a window in seconds, rounded to samples; what is left at the end is not used.
    classifier : {"logistic", "lda", "svm"}, default="logistic"
        As for `BandPowerClassifier`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    n_features_in_, n_times_in_ : int
        Channels and samples seen in `fit`.

    Examples
    --------
    >>> WindowMeanClassifier(window=0.1).features([[[1.0] * 100 + [3.0] * 100]]).tolist()
    [[1.0, 3.0]]
    """

    def __init__(self, sfreq: float = 1000.0, *, window: float = 0.05, classifier: str = "logistic") -> None:
        self.sfreq = sfreq
        self.window = window
        self.classifier = classifier

    def _features(self, data: Floats) -> Floats:
        n_trials, n_channels, n_times = data.shape
        length = round(self.window * self.sfreq)
        if not 1 <= length <= n_times:
            raise ValueError(
                f"WindowMeanClassifier: window must be 1 to {n_times} samples, got {length} ({self.window} s)"
            )
        cut = data[:, :, : n_times // length * length].reshape(n_trials, n_channels, -1, length)
        means: Floats = cut.mean(axis=-1).reshape(n_trials, -1)
        return means


class SegmentFeatureClassifier(TrialFeatureClassifier):
    """Classify segments by nine numbers per channel that describe the shape of the signal.

    Five logarithms of band power (0.5 to 45 Hz), line length, variance, mobility and kurtosis.

    Parameters
    ----------
    sfreq : float, default=173.61
        Samples per second.
    amplitude : bool, default=False
        Take the variance before segments are standardised. The other features are those of the standardised
        segment, whose variance is 1: without it the amplitude is not used.
    classifier : {"logistic", "lda", "svm"}, default="logistic"
        As for `BandPowerClassifier`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    n_features_in_, n_times_in_ : int
        Channels and samples seen in `fit`.

    Examples
    --------
    >>> import numpy as np
    >>> SegmentFeatureClassifier().features(np.random.default_rng(0).normal(size=(3, 1, 1000))).shape
    (3, 9)
    """

    def __init__(
        self, sfreq: float = 173.61, *, amplitude: bool = False, classifier: str = "logistic"
    ) -> None:
        self.sfreq = sfreq
        self.amplitude = amplitude
        self.classifier = classifier

    def _features(self, data: Floats) -> Floats:
        from scipy.stats import kurtosis

        spread = data.std(axis=-1, keepdims=True)
        if not spread.all():
            raise ValueError(
                f"SegmentFeatureClassifier: segments must vary, got {int((spread == 0).sum())} constant ones"
            )
        z = (data - data.mean(axis=-1, keepdims=True)) / spread
        step = np.diff(z, axis=-1)
        powers = log_powers("SegmentFeatureClassifier", z, self.sfreq, SEGMENT_BANDS, 512)
        shape = np.stack(
            [
                np.abs(step).mean(axis=-1),
                data.var(axis=-1) if self.amplitude else np.ones(z.shape[:-1]),
                step.std(axis=-1),
                kurtosis(z, axis=-1),
            ],
            axis=-1,
        )
        return np.concatenate([powers, shape], axis=-1).reshape(len(data), -1)


def log_powers(
    where: str, data: Floats, sfreq: float, bands: Sequence[tuple[float, float]], longest: int
) -> Floats:
    """Return the logarithm of the power in each band (Welch), shape of `data` with bands instead of times."""
    from scipy.signal import welch

    frequency, density = welch(data, sfreq, nperseg=min(longest, data.shape[-1]), axis=-1)
    inside = [(frequency >= low) & (frequency < high) for low, high in bands]
    empty = [band for band, chosen in zip(bands, inside, strict=True) if not chosen.any()]
    if empty or not inside:
        raise ValueError(
            f"{where}: bands must each hold a frequency of the spectrum ({frequency[1]:.3g} Hz apart, up to "
            f"{frequency[-1]:.4g} Hz), got none in {empty or 'any band'} (use wider bands or longer windows)"
        )
    power = np.stack([density[..., chosen].sum(axis=-1) for chosen in inside], axis=-1)
    # A dead channel has no power; the logarithm of the smallest number keeps it finite.
    logarithm: Floats = np.log(np.maximum(power, np.finfo(np.float64).tiny))
    return logarithm
