"""What the loaders of spike recordings return: trains of spike times, or counts per bin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from neurosci._core.result import Source


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SpikeTrains:
    """Spike times of neurons that were recorded together.

    Parameters
    ----------
    name : str
        Key of the data set, or name of the user's file.
    data : tuple of ndarray of shape (n_spikes,)
        Spike times of each unit in seconds, ascending.
    units : DataFrame
        One row per unit: name, and what is known about it.
    epochs : DataFrame
        Stretches without a break: start_s, end_s, label, and what is known about them. A history of spikes
        must not cross from one to the next.
    sfreq : float
        Clock of the spike times in Hz; not a number where the file does not say.
    covariates : dict of str to ndarray
        Stimulus or behaviour; each name ends in its unit.
    dropped : tuple of str
        Units of the files that are not in `data`, with the reason.
    kind : {"real", "published"}
        Recordings, or numbers released by a paper's authors; never simulated.
    description, licence, citation, terms : str
        About the data.
    sources : tuple of Source
        What was read, with the hash of every file.
    """

    name: str
    data: tuple[NDArray[np.float64], ...]
    units: pd.DataFrame
    epochs: pd.DataFrame
    sfreq: float
    covariates: dict[str, NDArray[np.generic]] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    kind: str = "real"
    description: str = ""
    licence: str = ""
    citation: str = ""
    terms: str = ""
    sources: tuple[Source, ...] = ()

    def __repr__(self) -> str:
        spikes = sum(times.size for times in self.data)
        return (
            f"SpikeTrains({self.name}: {len(self.data)} units, {spikes:,} spikes, {len(self.epochs)} epochs, "
            f"{self.kind})"
        )

    @property
    def n_neurons(self) -> int:
        """Number of units."""
        return len(self.data)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SpikeCounts:
    """Spike counts of neurons that were recorded together.

    Parameters
    ----------
    name : str
        Key of the data set.
    data : ndarray of shape (n_bins, n_neurons)
        Spikes per bin; sequences lie one after the other.
    bin_width : float
        Width of a bin in seconds.
    sequences : DataFrame
        One row per stretch without a break: first_bin, n_bins, label. A history of spikes must not cross
        from one to the next.
    covariates : dict of str to ndarray
        Behaviour; each name ends in its unit.
    kind : {"real", "published"}
        Recordings, or numbers released by a paper's authors; never simulated.
    description, licence, citation, terms : str
        About the data.
    sources : tuple of Source
        What was read, with the hash of every file.
    """

    name: str
    data: NDArray[np.uint8]
    bin_width: float
    sequences: pd.DataFrame
    covariates: dict[str, NDArray[np.generic]] = field(default_factory=dict)
    kind: str = "real"
    description: str = ""
    licence: str = ""
    citation: str = ""
    terms: str = ""
    sources: tuple[Source, ...] = ()

    def __repr__(self) -> str:
        bins, units = self.data.shape
        return f"SpikeCounts({self.name}: {units} units, {bins:,} bins of {self.bin_width:g} s, {self.kind})"

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Bins of each sequence."""
        lengths: NDArray[np.int64] = self.sequences["n_bins"].to_numpy(dtype=np.int64)
        return lengths
