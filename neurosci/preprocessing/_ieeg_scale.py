"""Z-scores of channels, learnt from training trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import FLOAT_DTYPES, check_is_fitted, validate_data

from neurosci._core.checks import check_option


class ChannelStandardizer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Subtract the mean of each channel and divide by its standard deviation, both of the training trials.

    Parameters
    ----------
    dead : {"raise", "zero"}, default="raise"
        Refuse channels that are constant in the training trials, or set them to 0.
    ch_names : sequence of str or None, default=None
        Names of the channels, for messages.

    Attributes
    ----------
    mean_, scale_ : ndarray of float64, shape (n_channels,)
        Of all samples of the training trials; a constant channel has an infinite `scale_`.
    dead_channels_ : list of str
        Channels that were constant.
    n_features_in_ : int
        Number of channels.

    Raises
    ------
    ValueError
        In ``fit`` and ``transform``, if samples are NaN or infinite, and in ``fit``, if a channel is
        constant; the message names the channels.

    Notes
    -----
    Trials have shape (n_trials, n_channels, n_times) or (n_trials, n_channels). Single precision stays
    single.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(5, 2, (20, 3, 100))
    >>> Z = ChannelStandardizer().fit(X[:15]).transform(X[:15])
    >>> bool(abs(Z.mean()) < 1e-12)
    True
    """

    def __init__(self, *, dead: str = "raise", ch_names: Sequence[str] | None = None) -> None:
        self.dead = dead
        self.ch_names = ch_names

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002
        """Learn the mean and the standard deviation of each channel.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times) or (n_trials, n_channels)
            Training trials, in any unit.
        y : object, default=None
            Not used.

        Returns
        -------
        ChannelStandardizer
            This object.
        """
        check_option("ChannelStandardizer", "dead", self.dead, ("raise", "zero"))
        data = self._validate(X, reset=True)
        if data.ndim == 2 and len(data) < 2:
            raise ValueError(
                "ChannelStandardizer.fit: X must have at least 2 values per channel, got 1 sample "
                "(n_samples = 1)"
            )
        n_channels = data.shape[1]
        if self.ch_names is not None and len(self.ch_names) != n_channels:
            raise ValueError(
                f"ChannelStandardizer.fit: ch_names must name the {n_channels} channels of X, got "
                f"{len(self.ch_names)}"
            )
        # Channel by channel, so that single-precision trials are never held twice in double precision.
        channels = [np.asarray(data[:, k], dtype=np.float64) for k in range(n_channels)]
        self.mean_ = np.array([channel.mean() for channel in channels])
        self.scale_ = np.array([channel.std() for channel in channels])
        largest = np.array([np.abs(channel).max() for channel in channels])
        dead = self.scale_ <= 10 * np.finfo(data.dtype).eps * largest
        self.dead_channels_ = [self._name(int(k)) for k in np.flatnonzero(dead)]
        if self.dead_channels_ and self.dead == "raise":
            raise ValueError(
                f"ChannelStandardizer.fit: channels must vary, got {len(self.dead_channels_)} constant: "
                f"{', '.join(self.dead_channels_)} (drop them, or pass dead='zero')"
            )
        self.mean_[dead] = [channels[k].flat[0] for k in np.flatnonzero(dead)]
        self.scale_[dead] = np.inf
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.floating[Any]]:
        """Standardise with what was learnt.

        Parameters
        ----------
        X : array-like of shape (n_trials, n_channels, n_times) or (n_trials, n_channels)
            Trials.

        Returns
        -------
        ndarray of the shape of X
            Z-scores; channels that were constant in training are 0.
        """
        check_is_fitted(self)
        data = self._validate(X, reset=False)
        shape = (1, -1) + (1,) * (data.ndim - 2)
        scaled = data - self.mean_.reshape(shape).astype(data.dtype)
        scaled /= self.scale_.reshape(shape).astype(data.dtype)
        return scaled

    def _validate(self, X: ArrayLike, *, reset: bool) -> NDArray[np.floating[Any]]:
        data = validate_data(
            self,
            X,
            reset=reset,
            allow_nd=True,
            dtype=FLOAT_DTYPES,
            ensure_all_finite=False,
            ensure_min_features=1,
        )
        if data.ndim > 3:
            raise ValueError(f"ChannelStandardizer: X must have 2 or 3 dimensions, got {data.ndim}")
        wrong = [self._name(k) for k in range(data.shape[1]) if not np.isfinite(data[:, k]).all()]
        if wrong:
            raise ValueError(
                f"ChannelStandardizer: X must be finite, got NaN or inf in {len(wrong)} channel(s): "
                f"{', '.join(wrong)}"
            )
        checked: NDArray[np.floating[Any]] = data
        return checked

    def _name(self, channel: int) -> str:
        return f"channel {channel}" if self.ch_names is None else self.ch_names[channel]
