"""Fields of noise of one band: the pyramid by its exact operator or by its law, and ideal octaves."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from neurosci.preprocessing import _pyramid

CHUNK = 16  # fields at once: small enough for the cache of a processor


@functools.lru_cache(maxsize=64)
def _factors(size: int, n_bands: int, level: int) -> NDArray[np.float32]:
    return _pyramid.banded_cholesky(size, n_bands, level).astype(np.float32)


@functools.lru_cache(maxsize=16)
def _sizes(shape: tuple[int, int], n_bands: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    heights, widths = (np.array(_pyramid.level_sizes(side, n_bands)) for side in shape)
    return heights, widths


def pyramid_levels(field: NDArray[np.float64], n_bands: int, level: int) -> NDArray[np.float64]:
    """Return one level of fields (n, H, W), reconstructed alone, by the exact operator in float64."""
    from neurosci.preprocessing import _pyramid_kernels as kernels

    shape = (field.shape[1], field.shape[2])
    heights, widths = _sizes(shape, n_bands)
    current = field
    for finer in range(level):
        coarser = np.empty((len(field), heights[finer + 1], widths[finer + 1]))
        half = np.empty((heights[finer + 1], widths[finer]))
        for source, target in zip(current, coarser, strict=True):
            kernels.down(source, half, target)
        current = coarser
    out = np.empty(field.shape)
    kernels.reconstruct(current, level, heights, widths, out)
    return out


def octave_levels(field: NDArray[np.float64], n_bands: int, level: int) -> NDArray[np.float64]:
    """Return one ideal octave of fields (n, H, W); the first and the last also have what lies beyond."""
    from scipy import fft

    passed = octave_index((field.shape[1], field.shape[2]), n_bands) == level
    return np.asarray(fft.irfft2(fft.rfft2(field) * passed, s=field.shape[1:]))


@functools.lru_cache(maxsize=16)
def octave_index(shape: tuple[int, int], n_bands: int) -> NDArray[np.int64]:
    """Return the level of each coefficient of `scipy.fft.rfft2`."""
    height, width = shape
    rows = np.fft.fftfreq(height)[:, np.newaxis]
    frequency = np.hypot(rows, np.fft.rfftfreq(width))  # cycles per pixel
    with np.errstate(divide="ignore"):
        below = np.floor(np.log2(0.5 / frequency))
    out: NDArray[np.int64] = np.clip(np.nan_to_num(below, posinf=n_bands), 0, n_bands - 1).astype(np.int64)
    out.flags.writeable = False
    return out


def draw_white(generators: list[np.random.Generator], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return one white field per generator, (n, H, W)."""
    out = np.empty((len(generators), *shape))
    for generator, field in zip(generators, out, strict=True):
        generator.standard_normal(out=field)
    return out


def draw_by_law(
    generators: list[np.random.Generator], shape: tuple[int, int], n_bands: int, level: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Draw fields with the law of one level of the pyramid of white noise, not equalised.

    Only the samples of that level of the Gaussian pyramid are drawn, with their exact covariance.

    Returns
    -------
    fields : ndarray of shape (n, height, width)
        One field per generator.
    finest_rms : ndarray of shape (n,)
        Root mean square of level 0 of as many white fields. The sum of squares is drawn from the gamma
        law, shifted, that has its exact mean, variance and third cumulant.
    """
    from neurosci.preprocessing import _pyramid_kernels as kernels

    mean, variance, third = _pyramid.finest_cumulants(*shape, n_bands)
    form = 4 * variance**3 / third**2
    heights, widths = _sizes(shape, n_bands)
    coarse = np.empty((len(generators), heights[level], widths[level]), np.float32)
    gamma = np.empty(len(generators))
    for n, generator in enumerate(generators):
        generator.standard_normal(out=coarse[n], dtype=np.float32)
        gamma[n] = generator.standard_gamma(form)
    if level:
        kernels.correlate(coarse, *(_factors(side, n_bands, level) for side in shape))
    fields = np.empty((len(generators), *shape), np.float32)
    kernels.reconstruct(coarse, level, heights, widths, fields)
    squares = mean + (gamma - form) * third / (2 * variance)
    return fields, np.sqrt(squares / (shape[0] * shape[1]))


def rms(fields: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the root mean square of each field, its mean included."""
    from neurosci.preprocessing import _pyramid_kernels as kernels

    return np.asarray(np.sqrt(kernels.sums_of_squares(fields) / (fields.shape[1] * fields.shape[2])))


def rescale(fields: NDArray[np.floating], factors: NDArray[np.float64]) -> None:
    """Multiply each field by its factor, in place."""
    from neurosci.preprocessing import _pyramid_kernels as kernels

    kernels.scale(fields, factors)
