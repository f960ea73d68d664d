"""Estimator of the first stage: signals to codes and back."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._training import resolve_device, seeded
from ._config import DuINConfig
from ._estimator import DuINEstimator
from ._stage_vqvae import train_vqvae
from ._vqvae import DuINVQVAE
from ._windows import Windows

_AT_ONCE = 64


class DuINTokenizer(TransformerMixin, DuINEstimator):
    """Learn a codex of neural signals, and turn windows into codes and back.

    Parameters
    ----------
    config : DuINConfig, default=None
        Sizes; ``None`` stands for the published ones, which train within hours. Try
        ``DuINConfig.small()`` first.
    crop : int, default=None
        Samples of a random crop of each window in training; ``None`` takes whole windows. Published are
        4 s crops of 8 s windows.
    schedule : {"default", "published", "published_code"}, default="default"
        Optimisation: ours, that of the paper's table, or that of the authors' code.
    n_epochs, batch_size : int, default=None
        Instead of those of the schedule.
    learning_rate : float, default=None
        Highest rate, instead of that of the schedule.
    vq_warmup_steps : int, default=None
        Steps before codes are looked up, against the collapse of the codex; ``None`` keeps that of the
        schedule, 0 is the published behaviour.
    standardize : bool, default=True
        Whether channels are z-scored by the statistics of the windows given to `fit`.
    random_state : None, int, SeedSequence or Generator, default=None
        Seed of weights, order and crops.
    device : {"auto", "cpu", "cuda"}, default="auto"
        Where to train.
    precision : {"float32", "bfloat16"}, default="float32"
        Arithmetic of matrix products; codes are always looked up in float32.
    checkpoint : path-like, default=None
        Folder to save to; an interrupted `fit` of the same data and parameters goes on from there.
    verbose : bool, default=False
        Show progress in a terminal.

    Attributes
    ----------
    weights_ : dict of str to ndarray
        Weights and buffers of the network; `module_` is the network.
    history_ : dict of str to ndarray
        One value per epoch: ``loss``, ``mse``, ``commitment``, ``val_mse``, ``n_live``, ``perplexity``,
        ``entropy``, ``largest_share``.
    mean_, scale_ : ndarray of shape (n_channels,)
        Statistics of each channel in training.
    n_channels_in_, n_times_in_ : int
        Channels, and samples of a training window.
    ch_names_ : tuple of str or None
        Channels, where epochs were given.
    sfreq_ : float or None
        Sampling rate in Hz, where epochs were given.

    Warns
    -----
    CodexCollapseWarning
        If the perplexity of the codes ends below 10 % of the codex.

    See Also
    --------
    DuINPretrainer : The second stage.
    DuINVQVAE : The network.

    References
    ----------
    Zheng, H. et al. (2024), section 3.3, equations 4 and 5.

    Examples
    --------
    >>> from neurosci.du_in import DuINConfig, DuINTokenizer, SyntheticSEEG
    >>> windows = SyntheticSEEG(random_state=0).unlabelled(4, duration=1.0).X[:, :5]
    >>> config = DuINConfig.small().replace(codex_size=8)
    >>> tokenizer = DuINTokenizer(config, n_epochs=1, random_state=0).fit(windows)
    >>> tokenizer.transform(windows).shape
    (4, 10)
    """

    def __init__(
        self,
        config: DuINConfig | None = None,
        *,
        crop: int | None = None,
        schedule: str = "default",
        n_epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        vq_warmup_steps: int | None = None,
        standardize: bool = True,
        random_state: Any = None,
        device: str = "auto",
        precision: str = "float32",
        checkpoint: Any = None,
        verbose: bool = False,
    ) -> None:
        self.config = config
        self.crop = crop
        self.schedule = schedule
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.vq_warmup_steps = vq_warmup_steps
        self.standardize = standardize
        self.random_state = random_state
        self.device = device
        self.precision = precision
        self.checkpoint = checkpoint
        self.verbose = verbose

    def fit(self, X: Any, y: object = None) -> Self:  # noqa: ARG002 (pipelines pass it)
        """Learn the codex.

        Parameters
        ----------
        X : array-like of shape (n_windows, n_channels, n_times) or mne.Epochs
            Windows without labels. Windows that overlap a test trial are a leak.
        y : object, default=None
            Not used.

        Returns
        -------
        DuINTokenizer
            Itself.

        Raises
        ------
        ValueError
            If windows are not finite, a channel is constant, or the patch length does not divide them.
        """
        _, data = self._learn_scale(X)
        n_times = self.n_times_in_ if self.crop is None else int(self.crop)
        if not 0 < n_times <= self.n_times_in_:
            raise ValueError(
                f"DuINTokenizer: crop must be in [1, {self.n_times_in_}] samples, got {self.crop}"
            )
        plan = self._plan("vqvae", vq_warmup_steps=self.vq_warmup_steps)
        seed = self._seed()
        with seeded(seed, "weights"):
            module = DuINVQVAE(self.n_channels_in_, n_times, self._config)
        self.n_times_in_ = n_times
        self._keep(module, train_vqvae(module, Windows(data), plan, self._how("vqvae", seed)))
        return self

    @property
    def module_(self) -> DuINVQVAE:
        """The fitted network, a new copy, in evaluation mode.

        Returns
        -------
        DuINVQVAE
            For signals that are standardised by `mean_` and `scale_`.
        """
        return self._module(None)

    def _module(self, n_times: int | None) -> DuINVQVAE:
        check_is_fitted(self)
        length = self.n_times_in_ if n_times is None else n_times
        if length > self.n_times_in_:
            raise ValueError(
                f"DuINTokenizer: windows must have at most {self.n_times_in_} samples, as in training, got "
                f"{length} (cut them)"
            )
        module: DuINVQVAE = self._restored(lambda: DuINVQVAE(self.n_channels_in_, length, self._config))
        return module

    def transform(self, X: Any) -> NDArray[np.int64]:
        """Return the codes of windows.

        Parameters
        ----------
        X : array-like of shape (n_windows, n_channels, n_times) or mne.Epochs
            Windows, no longer than those of training.

        Returns
        -------
        ndarray of int64, shape (n_windows, n_patches)
            Codes.

        Raises
        ------
        ValueError
            If channels or rate differ from those of `fit`.
        """
        data = self._read(X)
        device = resolve_device(self.device)
        module = self._module(data.shape[2]).to(device)
        folded: Any = module.spatial.fold()  # type: ignore[operator]
        parts = [
            module.codes(torch.from_numpy(data[i : i + _AT_ONCE]).to(device), folded=folded)
            for i in range(0, len(data), _AT_ONCE)
        ]
        return torch.cat(parts).cpu().numpy()

    def inverse_transform(self, codes: ArrayLike) -> NDArray[np.float32]:
        """Return the signals that codes stand for.

        Parameters
        ----------
        codes : array-like of int, shape (n_windows, n_patches)
            Codes.

        Returns
        -------
        ndarray of float32, shape (n_windows, n_channels, n_times)
            Signals, in the unit of training.

        Raises
        ------
        ValueError
            If these are no codes.
        """
        check_is_fitted(self)
        wanted, size = np.asarray(codes), self._config.codex_size
        if wanted.ndim != 2 or wanted.dtype.kind not in "iu" or not wanted.size:
            raise ValueError(
                "DuINTokenizer.inverse_transform: codes must be integers of shape (n_windows, n_patches), "
                f"got {wanted.dtype} of shape {wanted.shape}"
            )
        if wanted.min() < 0 or wanted.max() >= size:
            raise ValueError(
                f"DuINTokenizer.inverse_transform: codes must lie in [0, {size - 1}], got {wanted.min()} to "
                f"{wanted.max()}"
            )
        module = self._module(wanted.shape[1] * self._config.patch_samples)
        signals = module.decode(torch.from_numpy(wanted.astype(np.int64))).numpy()
        restored = signals * self.scale_.astype(np.float32)[:, np.newaxis]
        restored += self.mean_.astype(np.float32)[:, np.newaxis]
        return np.asarray(restored, dtype=np.float32)

    def score(self, X: Any, y: object = None) -> float:  # noqa: ARG002 (model selection passes it)
        """Return minus the mean squared error of the reconstruction, in units of the training variance.

        Parameters
        ----------
        X : array-like of shape (n_windows, n_channels, n_times) or mne.Epochs
            Windows.
        y : object, default=None
            Not used.

        Returns
        -------
        float
            0 at best; -1 is what silence scores on standardised signals.
        """
        data = self._read(X)
        module = self._module(data.shape[2])
        total = 0.0
        with torch.no_grad():
            for i in range(0, len(data), _AT_ONCE):
                part = torch.from_numpy(data[i : i + _AT_ONCE])
                total += float((module(part).signals - part).square().double().sum())
        return -total / data.size
