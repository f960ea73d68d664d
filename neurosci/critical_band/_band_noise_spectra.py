"""Expected power spectra of the bands, in closed form."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from neurosci.preprocessing import _pyramid

from ._band_noise_draw import octave_index

Array = NDArray[np.float64]


@functools.lru_cache(maxsize=64)
def level_power(shape: tuple[int, int], n_bands: int, kind: str, level: int) -> Array:
    """Return the expected power per coefficient of the full discrete Fourier transform, (H, W).

    It is for white noise of unit variance and adds up to the expected mean square of the level.
    """
    height, width = shape
    if kind == "octave":
        half = octave_index(shape, n_bands) == level
        full = np.concatenate(
            [half, half[-np.arange(height) % height, 1 : (width + 1) // 2][:, ::-1]], axis=1
        )
        return full / (height * width)
    terms = _pyramid.level_terms(level, n_bands)
    spectra = []
    for size in shape:
        operators = _pyramid.side_operators(size, n_bands)
        spectra.append({index: np.fft.fft(operators.low_pass[index], axis=0) for index, _ in terms})
    total = np.zeros(shape)
    for a, sign_a in terms:
        for b, sign_b in terms:
            rows, columns = ((side[a] * side[b].conj()).sum(axis=1) for side in spectra)
            total += sign_a * sign_b * np.outer(rows, columns).real
    return total / (height * width) ** 2


@functools.lru_cache(maxsize=16)
def radii(shape: tuple[int, int]) -> tuple[Array, NDArray[np.int64]]:
    """Return the distinct radial frequencies, cycles per shorter side, and the place of each coefficient."""
    height, width = shape
    rows = np.fft.fftfreq(height, 1 / height).round().astype(np.int64)[:, np.newaxis]
    columns = np.fft.fftfreq(width, 1 / width).round().astype(np.int64)
    # in whole numbers, so that equal radii are equal
    squares = (rows * width) ** 2 + (columns * height) ** 2
    distinct, place = np.unique(squares, return_inverse=True)
    frequency = np.sqrt(distinct) / max(shape)
    place = place.reshape(shape)
    frequency.flags.writeable = place.flags.writeable = False
    return frequency, place


@functools.lru_cache(maxsize=64)
def radial_power(shape: tuple[int, int], n_bands: int, kind: str, level: int) -> Array:
    """Return the expected power of a level at each of the distinct radial frequencies."""
    frequency, place = radii(shape)
    power = level_power(shape, n_bands, kind, level)
    summed: Array = np.bincount(place.ravel(), power.ravel(), len(frequency)).astype(np.float64)
    out = np.maximum(summed, 0)
    out.flags.writeable = False
    return out


def mean_square(shape: tuple[int, int], n_bands: int, kind: str, level: int) -> float:
    """Return the expected mean square of a level for white noise of unit variance."""
    if kind == "laplacian":
        return _pyramid.expected_mean_square(*shape, n_bands, level)
    return float(radial_power(shape, n_bands, kind, level).sum())


def center(shape: tuple[int, int], n_bands: int, kind: str, level: int) -> float:
    """Return the geometric mean of frequency weighted with power, the mean (frequency 0) left out."""
    frequency, _ = radii(shape)
    power = radial_power(shape, n_bands, kind, level)[1:]
    return float(np.exp2((power * np.log2(frequency[1:])).sum() / power.sum()))
