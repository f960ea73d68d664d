"""What the loaders of EEG return: labelled trials, or one recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import mne
    import pandas as pd
    from numpy.typing import NDArray

    from neurosci._core.result import Source


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class EEGTrials:
    """Trials or segments of EEG with a label each.

    Parameters
    ----------
    name : str
        Key of the data set, or name of the user's folder.
    X : ndarray of float32, shape (n_trials, n_channels, n_times)
        Signals, in `unit`.
    y : ndarray of int64, shape (n_trials,)
        Class of each trial, a position in `classes`.
    classes : tuple of str
        Names of the classes.
    split : ndarray of str, shape (n_trials,)
        ``"train"`` or ``"test"`` of the official split; ``""`` where there is none.
    sfreq : float
        Samples per second.
    ch_names : tuple of str
        Channels.
    unit : str
        Unit of the signals.
    groups : ndarray of int64, shape (n_trials,), or None
        Run of each trial, where it is known.
    kind : {"real", "published"}
        Recordings, or numbers released by a paper's authors; never simulated.
    description, licence, citation, terms : str
        About the data.
    sources : tuple of Source
        What was read, with the hash of every file.
    """

    name: str
    X: NDArray[np.float32]
    y: NDArray[np.int64]
    classes: tuple[str, ...]
    split: NDArray[np.str_]
    sfreq: float
    ch_names: tuple[str, ...]
    unit: str
    groups: NDArray[np.int64] | None = None
    kind: str = "real"
    description: str = ""
    licence: str = ""
    citation: str = ""
    terms: str = ""
    sources: tuple[Source, ...] = ()

    def __repr__(self) -> str:
        n_trials, n_channels, n_times = self.X.shape
        return (
            f"EEGTrials({self.name}: {n_trials} trials of {len(self.classes)} classes, {n_channels} "
            f"channels, {n_times} samples at {self.sfreq:g} Hz, {self.kind})"
        )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class IEEGRecording:
    """One intracranial recording.

    Parameters
    ----------
    name : str
        Key of the data set.
    data : ndarray of float64, shape (n_channels, n_times)
        Signals, in `unit`.
    channels : DataFrame
        One row per channel: name, type, and what is known about it (x_m, y_m, z_m; onset_zone).
    sfreq : float
        Samples per second.
    start_s : float
        Time of the first sample in seconds; 0 is the marked event, or the start.
    unit : str
        Unit of the signals.
    path : Path
        File that was read; its folder is part of a BIDS data set where it ends in ``.vhdr``.
    covariates : dict of str to ndarray
        What was recorded beside them.
    kind : {"real", "published"}
        Recordings, or numbers released by a paper's authors; never simulated.
    description, licence, citation, terms : str
        About the data.
    sources : tuple of Source
        What was read, with the hash of every file.
    """

    name: str
    data: NDArray[np.float64]
    channels: pd.DataFrame
    sfreq: float
    start_s: float
    unit: str
    path: Path
    covariates: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    kind: str = "real"
    description: str = ""
    licence: str = ""
    citation: str = ""
    terms: str = ""
    sources: tuple[Source, ...] = ()

    def __repr__(self) -> str:
        n_channels, n_times = self.data.shape
        return (
            f"IEEGRecording({self.name}: {n_channels} channels, {n_times / self.sfreq:g} s at "
            f"{self.sfreq:g} Hz, {self.kind})"
        )

    def to_raw(self) -> mne.io.RawArray:
        """Return the signals as an MNE recording.

        Returns
        -------
        mne.io.RawArray
            Signals as they are in `data`; in volts where `unit` is ``"V"``. Positions, where they are known,
            are MNI coordinates that stand as head coordinates.
        """
        import mne

        names, kinds = list(self.channels["name"]), list(self.channels["type"])
        raw = mne.io.RawArray(self.data, mne.create_info(names, self.sfreq, kinds), verbose="ERROR")
        if "x_m" in self.channels:
            places = self.channels[["x_m", "y_m", "z_m"]].to_numpy(dtype=np.float64)
            known = {
                name: place for name, place in zip(names, places, strict=True) if np.isfinite(place).all()
            }
            raw.set_montage(
                mne.channels.make_dig_montage(known, coord_frame="head"), on_missing="ignore", verbose="ERROR"
            )
        return raw
