"""Spectra of the noise bands, as weights on one scale of log frequency."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Spectra = Sequence[tuple[ArrayLike, ArrayLike]]

# Nodes per octave. Weights are shared between neighbouring nodes such that sum and centre of gravity stay, so
# that the error for a Gaussian of standard deviation s octaves is below (1/64)^2 / (8 s^2): 2e-4 for s = 0.4.
_PER_OCTAVE = 64
_MIN_BANDS = 3


class BandWeights:
    """Power of every band at the nodes of one scale.

    Parameters
    ----------
    spectra : sequence of (array-like, array-like)
        Frequencies, cycles/image, and power at each, one pair per band, the lowest band first.
    where : str
        Function that got them, for messages.

    Attributes
    ----------
    log2_frequency : ndarray of shape (n_nodes,)
        Nodes, log2 of cycles/image.
    power : ndarray of shape (n_nodes, n_bands)
        Weights; power at frequency 0, which no filter of log frequency passes, is left out.
    center : ndarray of shape (n_bands,)
        Power-weighted mean of log2 of frequency.
    """

    def __init__(self, spectra: Spectra, where: str) -> None:
        checked = [_check(pair, band, where) for band, pair in enumerate(spectra)]
        if len(checked) < _MIN_BANDS:
            raise ValueError(
                f"{where}: band_spectra must hold at least {_MIN_BANDS} bands, got {len(checked)} "
                "(fewer do not determine a width)"
            )
        low = math.floor(min(log2[0] for log2, _ in checked) * _PER_OCTAVE)
        high = math.floor(max(log2[-1] for log2, _ in checked) * _PER_OCTAVE) + 1
        self.log2_frequency = np.arange(low, high + 1) / _PER_OCTAVE
        n_nodes = len(self.log2_frequency)
        self.power = np.empty((n_nodes, len(checked)))
        for band, (log2, power) in enumerate(checked):
            position = log2 * _PER_OCTAVE - low
            node = np.minimum(np.floor(position).astype(np.intp), n_nodes - 2)
            upper = position - node
            self.power[:, band] = np.bincount(node, power * (1 - upper), n_nodes) + np.bincount(
                node + 1, power * upper, n_nodes
            )
        self.center = self.log2_frequency @ self.power / self.power.sum(axis=0)

    @property
    def n_bands(self) -> int:
        """Number of bands."""
        return int(self.power.shape[1])


@functools.lru_cache(maxsize=2)
def laplacian_weights() -> BandWeights:
    """Return the weights of the published bands: seven levels of an image of 224 pixels."""
    from ._band_noise import BandNoise

    noise = BandNoise()
    return BandWeights([noise.spectrum(band) for band in range(noise.n_bands)], "laplacian_weights")


def band_weights(spectra: Spectra | None, where: str) -> BandWeights:
    """Return weights of given spectra, or of the published bands for None."""
    return laplacian_weights() if spectra is None else BandWeights(spectra, where)


def _check(
    pair: tuple[ArrayLike, ArrayLike], band: int, where: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return log2 of the frequencies above 0, ascending, and their power."""
    try:
        frequency, power = (np.asarray(values, dtype=float) for values in pair)
    except (TypeError, ValueError):
        raise ValueError(
            f"{where}: band_spectra must hold (frequency, power) for each band, got "
            f"{type(pair).__name__} for band {band}"
        ) from None
    if frequency.ndim != 1 or frequency.shape != power.shape:
        raise ValueError(
            f"{where}: band_spectra must hold two lists of equal length for each band, got shapes "
            f"{frequency.shape} and {power.shape} for band {band}"
        )
    if not (np.isfinite(frequency) & np.isfinite(power) & (frequency >= 0) & (power >= 0)).all():
        raise ValueError(f"{where}: band_spectra must hold numbers >= 0, got others in band {band}")
    # the last digits of an estimate can leave tiny powers anywhere: only what is above 0 makes a node
    passed = (frequency > 0) & (power > 0)
    if not passed.any():
        raise ValueError(f"{where}: band_spectra must have power above frequency 0, got none in band {band}")
    order = np.argsort(frequency[passed])
    return np.log2(frequency[passed][order]), power[passed][order]
