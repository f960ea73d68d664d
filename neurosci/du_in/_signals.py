"""What the estimators take: arrays of windows or MNE epochs, checked before anything long begins."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_MOST_NAMED = 5


class Signals(NamedTuple):
    """Windows and what is known about their channels.

    Parameters
    ----------
    data : ndarray of float32, shape (n_windows, n_channels, n_times)
        Signals in the unit that they came in.
    ch_names : tuple of str or None
        Names, where epochs gave them.
    sfreq : float or None
        Sampling rate in Hz, where epochs gave it.
    """

    data: NDArray[np.float32]
    ch_names: tuple[str, ...] | None
    sfreq: float | None


def read_signals(where: str, X: Any) -> Signals:
    """Return windows as numbers.

    Parameters
    ----------
    where : str
        Class that asks, for messages.
    X : array-like of shape (n_windows, n_channels, n_times) or mne.Epochs
        Windows.

    Returns
    -------
    Signals
        Finite numbers.

    Raises
    ------
    TypeError
        If they are no numbers.
    ValueError
        If the shape does not fit, or a value is not finite; names the channels.
    """
    names, sfreq, values = None, None, X
    if hasattr(X, "get_data") and hasattr(X, "info"):
        if not hasattr(X, "events"):
            raise ValueError(
                f"{where}: X must be windows, got a continuous recording (cut it with "
                "neurosci.preprocessing.ieeg.make_pretrain_windows)"
            )
        names, sfreq, values = tuple(X.ch_names), float(X.info["sfreq"]), X.get_data(copy=False)
    if isinstance(values, list | tuple):
        shapes = [np.shape(window) for window in values]
        other = next((k for k, shape in enumerate(shapes) if shape != shapes[0]), None)
        if other is not None:
            raise TypeError(
                f"{where}: X must hold windows of one shape, got {shapes[0]}, and {shapes[other]} in window "
                f"{other} (cut them to one length)"
            )
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{where}: X must hold real numbers, got {array.dtype}")
    if array.ndim != 3 or not array.size:
        raise ValueError(
            f"{where}: X must have shape (n_windows, n_channels, n_times), none of them 0, got {array.shape}"
        )
    data = np.ascontiguousarray(array, dtype=np.float32)
    finite = np.isfinite(data).all(axis=(0, 2))
    if not finite.all():
        bad = channel_names(np.flatnonzero(~finite), names)
        raise ValueError(f"{where}: X must be finite, got NaN or infinity in {bad}")
    return Signals(data, names, sfreq)


def channel_statistics(where: str, signals: Signals) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of each channel over windows and time.

    Raises
    ------
    ValueError
        If a channel is constant; names it.
    """
    data = signals.data
    mean = data.mean(axis=(0, 2), dtype=np.float64)
    scale = np.array([data[:, k].std(dtype=np.float64) for k in range(data.shape[1])])
    largest = np.abs(data).max(axis=(0, 2)).astype(np.float64)
    dead = scale <= 10 * np.finfo(np.float32).eps * largest
    if dead.any():
        bad = channel_names(np.flatnonzero(dead), signals.ch_names)
        raise ValueError(f"{where}: each channel must vary, got constant {bad} (drop dead channels)")
    return mean, scale


def check_same(
    where: str,
    signals: Signals,
    *,
    n_channels: int,
    ch_names: tuple[str, ...] | None,
    sfreq: float | None,
) -> None:
    """Raise when signals have other channels or another rate than those of training.

    Raises
    ------
    ValueError
        Says what differs.
    """
    if signals.data.shape[1] != n_channels:
        raise ValueError(
            f"{where}: X must have {n_channels} channels, as in fit, got {signals.data.shape[1]}"
        )
    if None not in (ch_names, signals.ch_names) and ch_names != signals.ch_names:
        pairs = zip(ch_names or (), signals.ch_names or (), strict=True)
        wanted, got = next(pair for pair in pairs if pair[0] != pair[1])
        raise ValueError(
            f"{where}: X must have the channels of fit in their order, got {got!r} in place of {wanted!r} "
            "(pick and reorder them)"
        )
    if sfreq is not None and signals.sfreq is not None and abs(sfreq - signals.sfreq) > 1e-6 * sfreq:
        raise ValueError(
            f"{where}: X must be sampled at {sfreq:g} Hz, as in fit, got {signals.sfreq:g} Hz (resample)"
        )


def channel_names(indices: NDArray[np.intp], names: tuple[str, ...] | None) -> str:
    """Return a short list of channels for a message."""
    shown = [f"channel {k}" if names is None else names[k] for k in indices[:_MOST_NAMED].tolist()]
    more = len(indices) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
