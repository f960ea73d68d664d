"""What is measured on the channels of a recording: spread, line noise, spectra, power in bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci.preprocessing._ieeg_steps import bad_channels, refuse_nonfinite

if TYPE_CHECKING:
    import pandas as pd

BANDS = {
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, 70.0),
    "high gamma": (70.0, 150.0),
}
N_POINTS = 90
LINE_WIDTH = 1.5
_BIDS_TYPES = {"seeg": "SEEG", "ecog": "ECOG", "dbs": "DBS"}
_LEAST = 1e-9
"""Power, in square microvolts, below which nothing is told apart; keeps the logarithm finite."""


@dataclass(frozen=True)
class Spectra:
    """Power spectra of some channels with the points that a picture needs.

    Parameters
    ----------
    names : list of str
        Channels.
    frequency : ndarray of shape (n_points,)
        Hz, evenly spaced on a logarithmic scale where the spectrum is fine enough.
    power : ndarray of shape (n_channels, n_points)
        Decibel over 1 square microvolt per Hz.
    """

    names: list[str]
    frequency: NDArray[np.float64]
    power: NDArray[np.float64]

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "names": self.names,
            "frequency": self.frequency.round(2).tolist(),
            "power": self.power.round(1).tolist(),
        }

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Spectra:
        """Read what `plain` wrote."""
        power = np.asarray(plain["power"], dtype=np.float64)
        return cls(list(plain["names"]), np.asarray(plain["frequency"], dtype=np.float64), power)


def _welch(data: NDArray[np.float64], sfreq: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from scipy.signal import welch

    # One second resolves 1 Hz, narrower than the distance to everything that is not the mains.
    frequency, power = welch(data, sfreq, nperseg=min(data.shape[-1], round(sfreq)))
    return frequency, power


def spectra_of(raw: Any, names: list[str]) -> Spectra:
    """Return the spectra of some channels of a recording."""
    frequency, power = _welch(raw.get_data(names), float(raw.info["sfreq"]))
    inside = frequency >= 1.0
    frequency, power = frequency[inside], power[:, inside]
    wanted = np.geomspace(frequency[0], frequency[-1], N_POINTS)
    places = np.unique(np.abs(frequency[:, np.newaxis] - wanted).argmin(axis=0))
    decibel = 10 * np.log10(1e12 * power[:, places] + _LEAST)
    return Spectra(list(names), frequency[places], decibel)


def channel_table(raw: Any, names: list[str], line_freq: float | None) -> pd.DataFrame:
    """Return one row per channel, with the columns of BIDS first, and which are bad and why."""
    import pandas as pd

    data = raw.get_data(names)
    refuse_nonfinite("neurosci bids", data, names)
    sfreq = float(raw.info["sfreq"])
    found = {names[k]: why for k, why in bad_channels(data, sfreq, line_freq).items()}
    marked = set(raw.info["bads"])
    kinds = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    why = {name: found.get(name) or ("marked as bad" if name in marked else "n/a") for name in names}
    share = np.full(len(names), np.nan)
    if line_freq is not None:
        frequency, power = _welch(data, sfreq)
        harmonics = np.arange(line_freq, sfreq / 2, line_freq)
        near = (np.abs(frequency[:, np.newaxis] - harmonics) <= LINE_WIDTH).any(axis=1)
        total = power.sum(axis=1)
        share = np.divide(power[:, near].sum(axis=1), total, out=share, where=total > 0)
    return pd.DataFrame(
        {
            "type": [_BIDS_TYPES[kinds[name]] for name in names],
            "units": "V",
            "low_cutoff": round(float(raw.info["highpass"]), 3),
            "high_cutoff": round(float(raw.info["lowpass"]), 3),
            "status": ["bad" if why[name] != "n/a" else "good" for name in names],
            "status_description": [why[name] for name in names],
            "sd_uv": (1e6 * data.std(axis=1)).round(3),
            "line_share": share.round(5),
        },
        index=names,
    )


def band_power(X: NDArray[np.float32], sfreq: float, highest: float) -> dict[str, NDArray[np.float64]]:
    """Return log10 of the power of each window and signal in bands below `highest`, in square microvolts.

    Bands that end above the pass band, or hold no frequency at this resolution, are left out.
    """
    found: dict[str, list[NDArray[np.float64]]] = {}
    for first in range(0, len(X), 256):
        frequency, power = _welch(np.asarray(X[first : first + 256], dtype=np.float64), sfreq)
        step = frequency[1] - frequency[0]
        for name, (low, high) in BANDS.items():
            inside = (frequency >= low) & (frequency < high)
            if high > highest or not inside.any():
                continue
            part = np.log10(1e12 * power[..., inside].sum(axis=-1) * step + _LEAST)
            found.setdefault(name, []).append(part)
    return {name: np.concatenate(parts) for name, parts in found.items()}
