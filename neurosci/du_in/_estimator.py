"""What the three estimators share: parameters of training, standardisation, weights as arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._training import History, integer_seed, seeded
from ._config import DuINConfig
from ._encoder import DuINEncoder
from ._optimisation import Plan, make_plan
from ._signals import Signals, channel_statistics, check_same, read_signals
from ._stage import How


class DuINEstimator(BaseEstimator):
    """Base of the estimators; see `DuINTokenizer`, `DuINPretrainer` and `DuINClassifier`."""

    config: DuINConfig | None
    schedule: str
    n_epochs: int | None
    batch_size: int | None
    learning_rate: float | None
    standardize: bool
    random_state: Any
    device: str
    precision: str
    checkpoint: Any
    verbose: bool
    weights_: dict[str, NDArray[Any]]
    history_: dict[str, NDArray[np.float64]]
    mean_: NDArray[np.float64]
    scale_: NDArray[np.float64]
    n_channels_in_: int
    n_times_in_: int
    ch_names_: tuple[str, ...] | None
    sfreq_: float | None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.non_deterministic = self.device != "cpu"
        return tags

    @property
    def _where(self) -> str:
        return type(self).__name__

    @property
    def _config(self) -> DuINConfig:
        config = DuINConfig() if self.config is None else self.config
        if not isinstance(config, DuINConfig):
            raise TypeError(f"{self._where}: config must be a DuINConfig or None, got {config!r:.100}")
        return config

    def _plan(self, stage: str, **changes: Any) -> Plan:
        rates = {} if self.learning_rate is None else {"lr_max": self.learning_rate}
        if self.learning_rate is not None:
            rates["lr_min"] = min(make_plan(stage, self.schedule).lr_min, self.learning_rate / 10)
        return make_plan(
            stage, self.schedule, n_epochs=self.n_epochs, batch_size=self.batch_size, **rates, **changes
        )

    def _how(self, stage: str, seed: int) -> How:
        folder = None if self.checkpoint is None else Path(self.checkpoint) / stage
        return How(
            random_state=seed,
            device=self.device,
            precision=self.precision,
            checkpoint=folder,
            progress=stage if self.verbose else None,
        )

    def _seed(self) -> int:
        return integer_seed(self.random_state)

    def _learn_scale(self, X: Any) -> tuple[Signals, NDArray[np.float32]]:
        """Read training windows, remember their channels, and return them standardised."""
        signals = read_signals(self._where, X)
        self._config.n_patches(signals.data.shape[2], self._where)
        self.mean_, self.scale_ = channel_statistics(self._where, signals)
        self._remember(signals)
        return signals, self._scaled(signals.data)

    def _remember(self, signals: Signals) -> None:
        if not self.standardize:
            self.mean_, self.scale_ = np.zeros_like(self.mean_), np.ones_like(self.scale_)
        _, self.n_channels_in_, self.n_times_in_ = signals.data.shape
        self.ch_names_, self.sfreq_ = signals.ch_names, signals.sfreq

    def _scaled(self, data: NDArray[np.float32]) -> NDArray[np.float32]:
        scaled = data - self.mean_.astype(np.float32)[:, np.newaxis]
        scaled /= self.scale_.astype(np.float32)[:, np.newaxis]
        return scaled

    def _read(self, X: Any) -> NDArray[np.float32]:
        """Read windows for a fitted estimator and standardise them as in training."""
        check_is_fitted(self)
        signals = read_signals(self._where, X)
        check_same(
            self._where,
            signals,
            n_channels=self.n_channels_in_,
            ch_names=self.ch_names_,
            sfreq=self.sfreq_,
        )
        self._config.n_patches(signals.data.shape[2], self._where)
        return self._scaled(signals.data)

    def _keep(self, module: DuINEncoder, history: History) -> None:
        """Store weights and history as arrays, which can be compared, copied and pickled."""
        module.cpu().eval()
        self.weights_ = {name: value.numpy(force=True).copy() for name, value in module.state_dict().items()}
        self.history_ = history_arrays(history)

    def _restored(self, build: Callable[[], DuINEncoder]) -> Any:
        check_is_fitted(self)
        return restored(build, self.weights_)


def restored(build: Callable[[], Any], weights: Mapping[str, NDArray[Any]]) -> Any:
    """Build a network and load weights; those that it is built with come from no shared generator."""
    with seeded(0, "replaced"):
        module = build()
    module.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in weights.items()})
    return module.eval()


def history_arrays(history: History) -> dict[str, NDArray[np.float64]]:
    """Return the rows of a training by column, NaN where a column is missing."""
    names = list(dict.fromkeys(name for row in history.rows for name in row))
    return {name: np.array([row.get(name, np.nan) for row in history.rows], dtype=float) for name in names}
