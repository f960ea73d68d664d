"""Windows and epochs of intracranial recordings as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosci.preprocessing._ieeg_steps import DATA, pick, refuse_nonfinite

if TYPE_CHECKING:
    from mne import BaseEpochs
    from mne.io import BaseRaw

_WINDOWS_AT_ONCE = 64


class Windows(NamedTuple):
    """Windows cut out of a recording.

    Parameters
    ----------
    X : ndarray of float32, shape (n_windows, n_channels, n_times)
        Signals in the unit of the recording (volts); a memory map where a path was given.
    starts : ndarray of shape (n_windows,)
        Start of each window, in seconds from the first sample. Windows that overlap must not be split at
        random between training and validation.
    """

    X: NDArray[np.float32]
    starts: NDArray[np.float64]


class Trials(NamedTuple):
    """Epochs as arrays.

    Parameters
    ----------
    X : ndarray of float32, shape (n_trials, n_channels, n_times)
        Signals in the unit of the epochs (volts).
    y : ndarray of int64, shape (n_trials,)
        Class of each trial, a position in `classes`.
    classes : tuple of str
        Names of the events, sorted.
    groups : ndarray of shape (n_trials,), or None
        Block of each trial.
    """

    X: NDArray[np.float32]
    y: NDArray[np.int64]
    classes: tuple[str, ...]
    groups: NDArray[Any] | None


def make_pretrain_windows(
    raw: BaseRaw,
    *,
    duration: float = 8.0,
    overlap: float = 4.0,
    picks: Any = ("seeg", "ecog", "dbs"),
    path: str | Path | None = None,
) -> Windows:
    """Cut a recording into windows of the same length.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        Preprocessed recording. Stretches annotated as bad (``"BAD_..."``) are left out.
    duration, overlap : float, default=8.0, 4.0
        Length of a window, and what it shares with the next one, in seconds.
    picks : str or sequence of str, default=('seeg', 'ecog', 'dbs')
        Types or names of channels, as MNE takes them; bad ones are left out.
    path : path-like or None, default=None
        Write the windows to this ``.npy`` file, a few at a time, and return a memory map of it.

    Returns
    -------
    Windows
        Signals and start times.

    Raises
    ------
    ValueError
        If no channel is picked, the recording is shorter than a window, a window is no whole number of
        samples, windows do not advance, or no window is free of bad stretches.
    """
    import mne

    where = "make_pretrain_windows"
    names = [name for name in pick(where, raw, picks) if name not in raw.info["bads"]]
    rate = float(raw.info["sfreq"])
    lasts = raw.n_times / rate
    if not 0 <= overlap < duration:
        raise ValueError(f"{where}: overlap must be in [0, duration = {duration:g}) s, got {overlap:g}")
    for name, value in (("duration", duration), ("overlap", overlap)):
        if abs(value * rate - round(value * rate)) > 1e-6:
            raise ValueError(
                f"{where}: {name} must be whole samples at {rate:g} Hz, got {value * rate:g} samples"
            )
    if lasts < duration:
        raise ValueError(f"{where}: raw must last at least one window of {duration:g} s, got {lasts:g} s")
    epochs = mne.make_fixed_length_epochs(
        raw.copy().pick(names), duration, overlap=overlap, preload=False, verbose="ERROR"
    ).drop_bad(verbose="ERROR")
    if not len(epochs):
        raise ValueError(f"{where}: raw must have a window free of bad stretches, got none")
    starts = (epochs.events[:, 0] - raw.first_samp) / rate
    shape = (len(epochs), len(names), len(epochs.times))
    X: Any = (
        np.empty(shape, np.float32)
        if path is None
        else np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    )
    for first in range(0, len(epochs), _WINDOWS_AT_ONCE):
        part = slice(first, first + _WINDOWS_AT_ONCE)
        X[part] = epochs[part].get_data(copy=False, verbose="ERROR")
    refuse_nonfinite(where, X, names)
    return Windows(X, starts)


def epochs_to_arrays(epochs: BaseEpochs, *, groups: str | None = None, picks: Any = DATA) -> Trials:
    """Return epochs as arrays for a classifier.

    Parameters
    ----------
    epochs : mne.BaseEpochs
        Trials whose event names are the classes.
    groups : str or None, default=None
        Column of the metadata that holds the block, or session, of each trial.
    picks : str or sequence of str, default=('seeg', 'ecog', 'dbs', 'eeg')
        Types or names of channels, as MNE takes them; bad ones are left out.

    Returns
    -------
    Trials
        Signals, classes and blocks.

    Raises
    ------
    ValueError
        If there is no trial, a class has fewer than two, samples are not finite, or the metadata have no such
        column.
    """
    where = "epochs_to_arrays"
    names = [name for name in pick(where, epochs, picks) if name not in epochs.info["bads"]]
    if not len(epochs):
        raise ValueError(f"{where}: epochs must hold at least one trial, got 0")
    columns = [] if epochs.metadata is None else list(epochs.metadata)
    if groups is not None and groups not in columns:
        raise ValueError(f"{where}: groups must be a column of the metadata ({columns}), got {groups!r}")
    label = {code: name for name, code in epochs.event_id.items()}
    classes, y = np.unique([label[code] for code in epochs.events[:, 2]], return_inverse=True)
    counts = zip(map(str, classes), np.bincount(y), strict=True)
    few = [f"{name!r} ({count})" for name, count in counts if count < 2]
    if few:
        raise ValueError(f"{where}: each class must have at least 2 trials, got {', '.join(few)}")
    X = epochs.get_data(names, copy=False).astype(np.float32)
    refuse_nonfinite(where, X, names)
    blocks = None if groups is None else epochs.metadata[groups].to_numpy()
    return Trials(X, y.astype(np.int64), tuple(map(str, classes)), blocks)


def match_channels(ch_names: Sequence[str], expected: Sequence[str]) -> NDArray[np.int64]:
    """Find the channels that a fitted model expects, whatever their order and case.

    Parameters
    ----------
    ch_names : sequence of str
        Channels of the data.
    expected : sequence of str
        Channels of the model, in its order.

    Returns
    -------
    ndarray of int64, shape (n_expected,)
        Positions in `ch_names`: ``X[:, match_channels(ch_names, expected)]`` is in the order of the model.

    Raises
    ------
    ValueError
        If channels are missing; the message lists them, and those that the model does not know.

    Examples
    --------
    >>> match_channels(["a2", "A1", "ECG"], ["A1", "A2"]).tolist()
    [1, 0]
    """
    exact = {name: k for k, name in enumerate(ch_names)}
    folded: dict[str, list[int]] = {}
    for k, name in enumerate(ch_names):
        folded.setdefault(name.casefold(), []).append(k)
    found, missing = [], []
    for name in expected:
        near = folded.get(name.casefold(), [])
        if name in exact or len(near) == 1:
            found.append(exact.get(name, near[0]))
        else:
            missing.append(name)
    if missing:
        unknown = [name for k, name in enumerate(ch_names) if k not in found]
        raise ValueError(
            f"match_channels: ch_names must hold the {len(expected)} channels of the model, got none for "
            f"{', '.join(missing)} (channels that it does not know: {', '.join(unknown) or 'none'})"
        )
    return np.array(found, dtype=np.int64)
