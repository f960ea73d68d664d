"""Frequencies that the noise bands really have: from the operator, from drawn fields, and from stimuli."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._band_noise import BandNoise

if TYPE_CHECKING:
    import pandas as pd

    from neurosci._core.context import Context

    from .analysis import CriticalBandParams

PER_OCTAVE = 8
SMOOTHING = 0.15
BORDER = 0.5
SIDE = 224


@dataclass
class BandFindings:
    """Where the power of the noise bands lies.

    Parameters
    ----------
    bands : DataFrame
        One row per band: its label and its measured frequencies (cycles/image).
    spectra : DataFrame
        Power of each band by frequency, per octave.
    n_stimuli : int
        Published stimuli in which bands were measured; 0 where they are not here.
    """

    bands: pd.DataFrame
    spectra: pd.DataFrame
    n_stimuli: int


def compute_bands(params: CriticalBandParams, excess: dict[int, list[Any]], context: Context) -> BandFindings:
    """Measure the bands.

    Parameters
    ----------
    params : CriticalBandParams
        Number of drawn fields.
    excess : dict of int to list of ndarray
        Noise in published stimuli by band, if these are here.
    context : Context
        How to run.

    Returns
    -------
    BandFindings
        Tables.
    """
    import pandas as pd

    noise = BandNoise((SIDE, SIDE))
    items = {f"band {band}": {"band": band, "n": params.n_fields} for band in range(noise.n_bands)}
    drawn = context.map(draw_unit, items, stage="noise fields", seed=params.seed)
    rows, spectra = [], []
    for band, label in enumerate(noise.label_frequencies_):
        frequency, power = noise.spectrum(band)
        center = float(noise.center_frequencies_[band])
        sampled = drawn[f"band {band}"]["centers"]
        stimuli = np.array([center_frequency(field) for field in excess.get(band, [])])
        low, high = np.exp2(np.quantile(np.log2(sampled), [0.025, 0.975]))
        rows.append(
            {
                "band": band,
                "label": label,
                "center": center,
                "octaves_off": np.log2(label / center),
                **dict(zip(("half_low", "half_high"), half_power(frequency, power), strict=True)),
                "share_at_0": float(power[frequency == 0].sum() / power.sum()),
                "sampled_center": float(np.exp2(np.log2(sampled).mean())),
                "sampled_low": low,
                "sampled_high": high,
                "stimuli_center": float(np.exp2(np.log2(stimuli).mean())) if len(stimuli) else np.nan,
                "n_stimuli": len(stimuli),
            }
        )
        spectra.append(_per_octave(frequency, power).assign(band=band))
    return BandFindings(
        pd.DataFrame(rows), pd.concat(spectra, ignore_index=True), sum(map(len, excess.values()))
    )


def draw_unit(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Draw fields of one band by filtering white noise, and measure their centres."""
    fields = BandNoise((SIDE, SIDE), exact=True, random_state=rng).sample(item["band"], item["n"])
    return {"centers": np.array([center_frequency(field) for field in fields])}


def center_frequency(field: NDArray[np.floating]) -> float:
    """Return the geometric mean of frequency (cycles/image), weighted with power, without frequency 0."""
    height, width = field.shape
    power = np.abs(np.fft.fft2(field)) ** 2
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(height, 1 / height), np.fft.fftfreq(width, 1 / width)))
    power[0, 0] = 0
    radius[0, 0] = 1
    return float(np.exp2(np.sum(power * np.log2(radius)) / power.sum()))


def _per_octave(frequency: NDArray[np.float64], power: NDArray[np.float64]) -> pd.DataFrame:
    """Return the density of power on the octave axis, smoothed, since low frequencies are few."""
    import pandas as pd

    above = frequency > 0
    places = np.arange(0, np.log2(frequency[-1]), 1 / PER_OCTAVE)
    distance = (places[:, np.newaxis] - np.log2(frequency[above])) / SMOOTHING
    kernel = np.exp(-(distance**2) / 2) / (SMOOTHING * np.sqrt(2 * np.pi))
    return pd.DataFrame({"frequency": 2**places, "share_per_octave": kernel @ power[above] / power.sum()})


def half_power(frequency: NDArray[np.float64], power: NDArray[np.float64]) -> tuple[float, float]:
    """Return the frequencies between which the power per octave is at least half of its largest value."""
    table = _per_octave(frequency, power)
    share = table["share_per_octave"].to_numpy()
    above = table["frequency"].to_numpy()[share >= share.max() / 2]
    return float(above.min()), float(above.max())
