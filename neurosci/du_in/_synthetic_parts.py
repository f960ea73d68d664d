"""Parts of the synthetic recording: the implanted shafts, the articulatory latents and the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ._synthetic_data import SyntheticTruth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

N_SYLLABLES = 8
N_LATENTS = 4
REGIONS = ("vSMC", "STG")
UNIT = 0.35
SECOND_SYLLABLE = 0.38
STG_DELAY = 0.12
GO_CUE = 0.5
SLOT = 0.42
OCCUPANCY = 0.7
HIGH_GAMMA_BAND = (70.0, 150.0)
# Outermost contact and the direction inwards, MNI mm: vSMC, STG, then frontal, temporal, insular, occipital.
_ENTRIES = (
    ((-64.0, -10.0, 24.0), (1.0, 0.0, 0.0)),
    ((-67.0, -22.0, 4.0), (1.0, 0.0, 0.0)),
    ((-46.0, 42.0, 14.0), (0.8, -0.6, 0.0)),
    ((-62.0, -12.0, -22.0), (1.0, 0.0, 0.0)),
    ((-56.0, 12.0, 8.0), (0.8, -0.6, 0.0)),
    ((-34.0, -88.0, 6.0), (0.6, 0.8, 0.0)),
)
_SPACING = 3.5
_FLAT_BELOW = 1.0


@dataclass(frozen=True, eq=False)
class Bumps:
    """Latents of every syllable: sums of Gaussian bumps, shape (n_syllables, n_latents, 3)."""

    amplitude: Floats
    centre: Floats
    width: Floats

    def evaluate(self, syllable: int, times: Floats) -> Floats:
        """Return the latents of one syllable, shape (n_latents, n_times); times from its start in s."""
        centre, width = self.centre[syllable, :, :, None], self.width[syllable, :, :, None]
        shape = np.exp(-0.5 * ((times[:, None, :] - centre) / width) ** 2)
        latents: Floats = (self.amplitude[syllable, :, :, None] * shape).sum(axis=1)
        return latents


@dataclass(frozen=True, eq=False)
class Structure:
    """What stays the same in all trials of a generator."""

    truth: SyntheticTruth
    bumps: Bumps
    profile: Floats
    exponents: Floats
    mains_gain: Floats


def make_structure(
    rng: np.random.Generator, *, n_words: int, n_shafts: int, n_contacts: int, mixing: str
) -> Structure:
    """Draw the implantation, the syllables and the words."""
    by_contact = mixing == "contact"
    n_regions = len(REGIONS)
    size = (N_SYLLABLES, n_regions * N_LATENTS, 3)
    bumps = Bumps(
        amplitude=rng.choice([-1.0, 1.0], size) * rng.uniform(0.6, 1.4, size),
        centre=rng.uniform(0.05, 0.3, size),
        width=rng.uniform(0.015, 0.04, size),
    )
    pairs = rng.permutation(N_SYLLABLES**2)[:n_words]
    words = np.stack([pairs // N_SYLLABLES, pairs % N_SYLLABLES], axis=1).astype(np.int64)
    along = np.arange(n_contacts, dtype=np.float64)
    contact_mixing = np.zeros((n_shafts, n_contacts, n_regions * N_LATENTS))
    for region in range(n_regions):
        columns = slice(region * N_LATENTS, (region + 1) * N_LATENTS)
        centre = rng.uniform(2.5, 4.5, 1 if by_contact else N_LATENTS)
        gain = np.exp(-((along[:, None] - centre) ** 2) / (2 * 1.2**2))
        contact_mixing[region, :, columns] = gain * rng.standard_normal(
            (n_contacts if by_contact else 1, N_LATENTS)
        )
    sources = rng.uniform(0, n_contacts - 1, (n_shafts, 3))
    profile = np.exp(-0.5 * (along[:, None] - sources[:, None, :]) ** 2)
    return Structure(
        truth=_describe(contact_mixing, words),
        bumps=bumps,
        profile=profile,
        exponents=rng.uniform(1.5, 2.0, (n_shafts, 3)),
        mains_gain=1 + 0.1 * rng.standard_normal((n_shafts, n_contacts)),
    )


def _describe(contact_mixing: Floats, words: NDArray[np.int64]) -> SyntheticTruth:
    n_shafts, n_contacts, _ = contact_mixing.shape
    names = [[f"{chr(ord('A') + s)}{c + 1}" for c in range(n_contacts)] for s in range(n_shafts)]
    places = np.stack([_contacts(shaft, n_contacts) for shaft in range(n_shafts)])
    shaft = np.repeat(np.arange(n_shafts), n_contacts - 1)
    mixing = np.concatenate(contact_mixing[:, :-1] - contact_mixing[:, 1:])
    norm = np.linalg.norm(mixing, axis=1)
    labels = np.array([*REGIONS, *["other"] * (n_shafts - len(REGIONS))])
    return SyntheticTruth(
        ch_names=tuple(f"{row[c]}-{row[c + 1]}" for row in names for c in range(n_contacts - 1)),
        shaft=shaft.astype(np.int64),
        region=labels[shaft],
        positions=np.concatenate((places[:, :-1] + places[:, 1:]) / 2),
        mixing=mixing,
        informative=norm > 0.3 * norm.max(),
        task=shaft < len(REGIONS),
        contact_names=tuple(name for row in names for name in row),
        contact_positions=np.concatenate(places),
        contact_mixing=np.concatenate(contact_mixing),
        words=words,
    )


def _contacts(shaft: int, n_contacts: int) -> Floats:
    entry, direction = _ENTRIES[shaft % len(_ENTRIES)]
    place: Floats = np.asarray(entry) + _SPACING * np.arange(n_contacts)[:, None] * np.asarray(direction)
    # Further shafts are in the other hemisphere, then a little above.
    turn = shaft // len(_ENTRIES)
    place[:, 0] *= -1 if turn % 2 else 1
    place[:, 2] += 12.0 * (turn // 2)
    return place


def spectrum(n_times: int, sfreq: float, exponent: Floats | float) -> Floats:
    """Return the amplitude of each frequency for noise of unit variance with a spectrum of 1/f^exponent.

    The spectrum is flat below 1 Hz and has no constant part.
    """
    frequency = np.fft.rfftfreq(n_times, 1 / sfreq)
    power = np.maximum(frequency, _FLAT_BELOW) ** -np.asarray(exponent, dtype=np.float64)[..., None]
    power[..., 0] = 0
    amplitude: Floats = np.sqrt(_normalised(power, n_times))
    return amplitude


def band_spectrum(n_times: int, sfreq: float, band: tuple[float, float]) -> Floats:
    """Return the amplitude of each frequency for noise of unit variance that is flat in a band."""
    frequency = np.fft.rfftfreq(n_times, 1 / sfreq)
    power = ((frequency >= band[0]) & (frequency <= band[1])).astype(np.float64)
    amplitude: Floats = np.sqrt(_normalised(power, n_times))
    return amplitude


def _normalised(power: Floats, n_times: int) -> Floats:
    # irfft of complex normals of variance 2 power has the variance 4 sum(power) / n_times^2; the last
    # frequency of an even length is real, and counted once, hence its weight of a quarter.
    weight = np.ones(power.shape[-1])
    if n_times % 2 == 0:
        weight[-1] = 0.25
    scaled: Floats = power * n_times**2 / (4 * (power * weight).sum(axis=-1, keepdims=True))
    return scaled


def draw_spectra(
    rng: np.random.Generator, amplitude: Floats, n_rows: tuple[int, ...]
) -> NDArray[np.complex64]:
    """Draw Fourier coefficients of noise with the given amplitudes in single precision."""
    shape = (*n_rows, amplitude.shape[-1])
    parts = rng.standard_normal((*shape, 2), dtype=np.float32)
    coefficients: NDArray[np.complex64] = parts.view(np.complex64)[..., 0] * amplitude.astype(np.float32)
    return coefficients


def mains(times: Floats, line_freq: float, sfreq: float, phase: float) -> Floats:
    """Return the mains with two harmonics, as far as they are below the Nyquist frequency."""
    wave: Floats = np.zeros_like(times)
    for k in (1, 2, 3):
        if line_freq * k < sfreq / 2:
            wave += np.sin(2 * np.pi * line_freq * k * times + k * phase) / k
    return wave
