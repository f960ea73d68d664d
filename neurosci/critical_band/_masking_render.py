"""One stimulus from one image, one condition and one seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosci.preprocessing.images import quantize

from ._band_noise import BandNoise
from ._band_noise_draw import CHUNK

OOB = ("shift", "clip", "redraw")
MOST_ROUNDS = 10_000


@dataclass(frozen=True)
class Recipe:
    """What all stimuli of an experiment share.

    Parameters
    ----------
    noise : BandNoise
        Source of noise, of the shape of the images.
    contrast, luminance : float
        Factor of the deviations from the mean of an image, and its new mean (0 to 1).
    oob : str
        Rule for pixels outside of 0 to 1.
    margin : float
        Distance from the bound at which such pixels are put.
    quantization : str or None
        Rounding at the end.
    """

    noise: BandNoise
    contrast: float
    luminance: float
    oob: str
    margin: float
    quantization: str | None

    def render(
        self,
        images: Sequence[NDArray[np.generic]],
        noise_sd: NDArray[np.float64],
        bands: NDArray[np.int64],
        seeds: NDArray[np.int64],
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return stimuli (n, H, W) and how many pixels of each left the range."""
        height, width = (int(side) for side in self.noise.shape)
        out = np.empty((len(images), height, width), np.float32)
        n_outside = np.zeros(len(images), np.int64)
        silent = np.flatnonzero(noise_sd == 0)
        empty = np.zeros((height, width), np.float32)
        for n in silent.tolist():
            generator = np.random.default_rng(int(seeds[n]))
            n_outside[n] = self._mask(images[n], empty, 0.0, generator, out[n])
        for band in np.unique(bands[noise_sd > 0]):
            members = np.flatnonzero((bands == band) & (noise_sd > 0))
            for start in range(0, len(members), CHUNK):
                chosen = members[start : start + CHUNK]
                generators = [np.random.default_rng(int(seeds[n])) for n in chosen]
                fields = self.noise._draw(self.noise.n_bands - 1 - int(band), generators)
                for n, field, generator in zip(chosen.tolist(), fields, generators, strict=True):
                    n_outside[n] = self._mask(images[n], field, float(noise_sd[n]), generator, out[n])
        if self.quantization is not None:
            out = quantize(out, self.quantization)
        return out, n_outside

    def _mask(
        self,
        image: NDArray[np.generic],
        field: NDArray[np.floating],
        sd: float,
        generator: np.random.Generator,
        out: NDArray[np.float32],
    ) -> int:
        from . import _masking_kernels as kernels

        divisor = 255.0 if image.dtype == np.uint8 else 1.0
        mean = float(image.mean(dtype=np.float64)) / divisor
        n_outside, n_waiting = kernels.mask(
            image,
            divisor,
            mean,
            float(self.contrast),
            float(self.luminance),
            field,
            sd,
            OOB.index(self.oob),
            float(self.margin),
            out,
        )
        if n_waiting:
            waiting = np.isnan(out)
            signal = self.contrast * (image[waiting].astype(np.float64) / divisor - mean) + self.luminance
            out[waiting] = _redrawn(signal, sd, generator)
        return int(n_outside)


def _redrawn(signal: NDArray[np.float64], sd: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return signal plus white noise, drawn until it lies in 0..1."""
    out = np.full(len(signal), np.nan)
    for _ in range(MOST_ROUNDS):
        left = np.flatnonzero(np.isnan(out))
        if not len(left):
            return out
        drawn = signal[left] + sd * generator.standard_normal(len(left))
        fits = (drawn >= 0) & (drawn <= 1)
        out[left[fits]] = drawn[fits]
    raise ValueError(
        f"CriticalBandMasking: contrast and mean must keep the signal in 0..1, got pixels of "
        f"{signal.min():.3g}..{signal.max():.3g} that no noise of SD {sd:g} brings back (lower contrast)"
    )
