"""Real recordings of the analysis: which there are, and what is done with each."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from neurosci._core.result import Source

    from .analysis import DuINParams

N_FOLDS = 5


@dataclasses.dataclass(frozen=True, eq=False)
class Labelled:
    """Trials with labels.

    Parameters
    ----------
    name : str
        Name in tables and figures.
    X : ndarray of float32, shape (n_trials, n_channels, n_times)
        Signals.
    y : ndarray of int64, shape (n_trials,)
        Labels.
    test : ndarray of bool, shape (n_trials,), or None
        Trials of the official test set; ``None`` means folds over trials.
    sfreq : float
        Sampling rate in Hz.
    patch, step : int
        Samples of a patch, and of the first step inside it.
    baselines : tuple of str
        Simple baselines; see `baseline`.
    """

    name: str
    X: NDArray[np.float32]
    y: NDArray[np.int64]
    test: NDArray[np.bool_] | None
    sfreq: float
    patch: int
    step: int
    baselines: tuple[str, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Tokenized:
    """A short recording that is turned into codes.

    Parameters
    ----------
    name : str
        Name in tables and figures.
    data : ndarray of float32, shape (n_channels, n_times)
        Preprocessed signals.
    covariate : ndarray of shape (n_times,)
        What was recorded beside them.
    sfreq : float
        Sampling rate in Hz.
    """

    name: str
    data: NDArray[np.float32]
    covariate: NDArray[np.float64]
    sfreq: float


@dataclasses.dataclass(frozen=True, eq=False)
class Real:
    """Real recordings that are on this machine.

    Parameters
    ----------
    labelled : tuple of Labelled
        Trials with labels.
    ecog : Tokenized or None
        The short recording.
    sources : tuple of Source
        Where they come from.
    missing : tuple of str
        Sets that are not here.
    """

    labelled: tuple[Labelled, ...] = ()
    ecog: Tokenized | None = None
    sources: tuple[Source, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Hash of the signals."""
        content = hashlib.sha256()
        arrays = [part for one in self.labelled for part in (one.X, one.y)]
        if self.ecog is not None:
            arrays.append(self.ecog.data)
        for array in arrays:
            content.update(np.ascontiguousarray(array).tobytes())
        return content.hexdigest()[:16]


def real_items(real: Real, params: DuINParams) -> dict[str, Any]:
    """Return the units: every method on every fold of every set."""
    items: dict[str, Any] = {}
    for one in real.labelled:
        folds = range(N_FOLDS) if one.test is None else range(1)
        for fold in folds:
            for method in ("Du-IN", *one.baselines):
                items[f"{one.name}, {method}, fold {fold}"] = (one, method, fold, params)
    return items


def rows_of(one: Labelled, fold: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return training and test trials of a fold."""
    from sklearn.model_selection import StratifiedKFold

    if one.test is not None:
        return np.flatnonzero(~one.test), np.flatnonzero(one.test)
    splitter = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
    train, test = list(splitter.split(np.zeros((len(one.y), 1)), one.y))[fold]
    return np.asarray(train), np.asarray(test)


def decode_real(
    item: tuple[Labelled, str, int, DuINParams],
    rng: np.random.Generator,  # noqa: ARG001 (the run's seed)
) -> dict[str, Any]:
    """Fit one method on one fold of a real set and say which test trials it got right."""
    one, method, fold, params = item
    train, test = rows_of(one, fold, params.seed)
    model = baseline(method, one) if method != "Du-IN" else _network(one, params)
    model.fit(one.X[train], one.y[train])
    return {"hit": model.predict(one.X[test]) == one.y[test], "test": test}


def _network(one: Labelled, params: DuINParams) -> Any:
    from ._decoder import DuINClassifier
    from ._sizes import model_sizes

    return DuINClassifier(
        config=model_sizes(params.model, one.patch, one.step), n_epochs=params.n_real_epochs,
        batch_size=16, learning_rate=2e-3, random_state=params.seed, device="cpu",
    )  # fmt: skip


def baseline(method: str, one: Labelled) -> Any:
    """Return a simple classifier: features, a scaler, and a linear model or a support vector machine."""
    from ._baselines import BandPowerClassifier, SegmentFeatureClassifier, WindowMeanClassifier

    if method == "shape features, SVM":
        return SegmentFeatureClassifier(one.sfreq, classifier="svm")
    if method == "shape features, logistic":
        return SegmentFeatureClassifier(one.sfreq)
    if method == "band power, LDA":
        return BandPowerClassifier(one.sfreq, bands=((4.0, 8.0), (8.0, 13.0), (13.0, 30.0)), classifier="lda")
    return WindowMeanClassifier(one.sfreq, window=0.1, classifier="lda")


def tokenize(
    item: tuple[Tokenized, DuINParams],
    rng: np.random.Generator,  # noqa: ARG001 (the run's seed)
) -> dict[str, Any]:
    """Turn a short recording into codes; the last windows are not trained on."""
    from ._sizes import model_sizes
    from ._tokenizer import DuINTokenizer

    one, params = item
    length = round(one.sfreq)
    n_windows = one.data.shape[1] // length
    X = one.data[:, : n_windows * length].reshape(len(one.data), n_windows, length).transpose(1, 0, 2)
    config = model_sizes(params.model).replace(codex_size=16, codex_dim=8)
    cut = max(1, n_windows // 5)
    tokenizer = DuINTokenizer(
        config, n_epochs=params.n_token_epochs, batch_size=5, vq_warmup_steps=params.n_token_epochs,
        random_state=params.seed, device="cpu",
    ).fit(X[:-cut])  # fmt: skip
    codes = tokenizer.transform(X)
    covariate = (
        one.covariate[: codes.size * config.patch_samples].reshape(-1, config.patch_samples).mean(axis=1)
    )
    return {
        "codes": codes.ravel(),
        "covariate": covariate,
        "mse_train": -tokenizer.score(X[:-cut]),
        "mse_test": -tokenizer.score(X[-cut:]),
        "n_train": (n_windows - cut) * (length // config.patch_samples),
        "signal": ((X - tokenizer.mean_[:, None]) / tokenizer.scale_[:, None])[:, 2].ravel()[::10],
        "reconstructed": (
            (tokenizer.inverse_transform(codes) - tokenizer.mean_[:, None]) / tokenizer.scale_[:, None]
        )[:, 2].ravel()[::10],
    }
