"""What the synthetic generator returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SyntheticTruth:
    """What is known about a synthetic recording.

    Parameters
    ----------
    ch_names : tuple of str
        Bipolar channels, ``"A1-A2"``, shaft by shaft from the outermost contact inwards.
    shaft : ndarray of int64, shape (n_channels,)
        Shaft of each channel; 0 and 1 carry speech.
    region : ndarray of str, shape (n_channels,)
        ``"vSMC"``, ``"STG"`` or ``"other"``.
    positions : ndarray of shape (n_channels, 3)
        Midpoint of each channel, MNI mm.
    mixing : ndarray of shape (n_channels, n_latents)
        How much of each latent a channel carries at an snr of 1: the difference of its contacts.
    informative : ndarray of bool, shape (n_channels,)
        Channels whose row of `mixing` has a norm above 0.3 of the largest.
    task : ndarray of bool, shape (n_channels,)
        Channels of the two shafts that carry speech.
    contact_names : tuple of str
        ``"A1"``, ``"A2"``, ...
    contact_positions : ndarray of shape (n_contacts, 3)
        MNI mm.
    contact_mixing : ndarray of shape (n_contacts, n_latents)
        The same as `mixing` before contacts are subtracted.
    words : ndarray of int64, shape (n_words, 2)
        First and second syllable of each word.
    """

    ch_names: tuple[str, ...]
    shaft: NDArray[np.int64]
    region: NDArray[np.str_]
    positions: Floats
    mixing: Floats
    informative: NDArray[np.bool_]
    task: NDArray[np.bool_]
    contact_names: tuple[str, ...]
    contact_positions: Floats
    contact_mixing: Floats
    words: NDArray[np.int64]

    def __repr__(self) -> str:
        return (
            f"SyntheticTruth({len(self.ch_names)} channels, {int(self.informative.sum())} informative, "
            f"{len(self.words)} words)"
        )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SyntheticTrials:
    """Trials in which a word is read, from a generator (simulated).

    Parameters
    ----------
    X : ndarray of float32, shape (n_trials, n_channels, n_times)
        Signals in units of the standard deviation of a background source.
    y : ndarray of int64, shape (n_trials,)
        Word of each trial, a row of ``truth.words``.
    groups : ndarray of int64, shape (n_trials,)
        Block of each trial.
    onsets, tempos : ndarray of shape (n_trials,)
        When speech begins, in seconds from the start of the trial, and by how much it is stretched.
    latents : ndarray of float32, shape (n_trials, n_latents, n_times), or None
        Articulatory latents, those of vSMC first, if they were asked for.
    ch_names : tuple of str
        Channels, or contacts without a reference.
    sfreq : float
        Samples per second.
    truth : SyntheticTruth
        What is known about the generator.
    """

    X: NDArray[np.float32]
    y: NDArray[np.int64]
    groups: NDArray[np.int64]
    onsets: Floats
    tempos: Floats
    latents: NDArray[np.float32] | None
    ch_names: tuple[str, ...]
    sfreq: float
    truth: SyntheticTruth

    def __repr__(self) -> str:
        n_trials, n_channels, n_times = self.X.shape
        return f"SyntheticTrials({n_trials} trials, {n_channels} channels, {n_times} samples, simulated)"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SyntheticWindows:
    """Windows of speech that is no list of words, without labels, from a generator (simulated).

    Parameters
    ----------
    X : ndarray of float32, shape (n_windows, n_channels, n_times)
        Signals in units of the standard deviation of a background source.
    syllables : ndarray of int64, shape (n_windows, n_slots)
        Syllable in each slot of 420 ms; -1 where there is none.
    ch_names : tuple of str
        Channels, or contacts without a reference.
    sfreq : float
        Samples per second.
    truth : SyntheticTruth
        What is known about the generator.
    """

    X: NDArray[np.float32]
    syllables: NDArray[np.int64]
    ch_names: tuple[str, ...]
    sfreq: float
    truth: SyntheticTruth

    def __repr__(self) -> str:
        n_windows, n_channels, n_times = self.X.shape
        return f"SyntheticWindows({n_windows} windows, {n_channels} channels, {n_times} samples, simulated)"
