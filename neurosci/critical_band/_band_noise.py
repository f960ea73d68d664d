"""Noise in one spatial-frequency band."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from neurosci._core.checks import check_option
from neurosci._core.random import check_random_state

from . import _band_noise_draw as drawing
from . import _band_noise_spectra as spectra

_WHERE = "BandNoise"
KINDS = ("laplacian", "octave")
EQUALIZE = ("sample", "expected", None)


class BandNoise(BaseEstimator):
    """Draw noise fields of one spatial-frequency band, all bands with the same power.

    Parameters
    ----------
    shape : tuple of int, default=(224, 224)
        Height and width of a field in pixels, any size of at least ``2 ** (n_bands - 1)``.
    n_bands : int, default=7
        Number of bands, >= 2, one octave apart; band 0 is the lowest.
    kind : {"laplacian", "octave"}, default="laplacian"
        Levels of a Laplacian pyramid, as published: about 1.2 octaves wide with soft edges, band 0 the
        low-pass residual. Or ideal bands one octave wide that end at the label frequency; the lowest then
        also has what is below it, the highest what is above the Nyquist frequency of the sides.
    equalize : {"sample", "expected"} or None, default="sample"
        Give a field the root mean square that the highest band of the same white noise has (as
        published), or the one that the highest band has on average, or leave it as it is.
    exact : bool, default=False
        Filter a full field of white noise in float64, or draw from the law of the band directly, in
        float32 and much faster; see Notes.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness of `sample`. With an int each call gives the same fields.

    See Also
    --------
    CriticalBandMasking : Images masked by this noise.

    Notes
    -----
    White noise W of unit variance has the levels :math:`R_b = B_b W B_b^T - B_{b+1} W B_{b+1}^T`, where
    :math:`B_b` blurs and halves b times and comes back; the last level is :math:`B_b W B_b^T`. They add up
    to W. Level b is band ``n_bands - 1 - b``.

    Without `exact`, only the samples of level b of the Gaussian pyramid are drawn, with their exact
    covariance (a banded Cholesky factor per side). A field has exactly the law of the level, up to
    rounding. The root mean square of the highest band, which "sample" needs, is then drawn
    too: its square has the exact mean, variance and third cumulant of that quadratic form, from a
    shifted gamma law. It is drawn independently of the shape of the field, while in one sample of
    white noise the two are (very weakly) dependent; its relative standard deviation is 0.3 % for 224 x
    224 pixels.

    Equalised noise does not have unit root mean square but that of the highest band, 0.943 for 224 x 224
    pixels; frequency 0 is included, so that band 0 changes the mean luminance.

    Frequencies are cycles per image, for images that are not square cycles per shorter side.

    References
    ----------
    Burt PJ, Adelson EH (1983). The Laplacian pyramid as a compact image code. IEEE Transactions on
    Communications 31, 532-540.

    Subramanian A, Sizikova E, Majaj NJ, Pelli DG (2023). Spatial-frequency channels, shape bias, and
    adversarial robustness. Advances in Neural Information Processing Systems 36, 4137-4149.

    Examples
    --------
    >>> noise = BandNoise(random_state=0)
    >>> noise.sample(band=4, n=2).shape
    (2, 224, 224)
    >>> noise.label_frequencies_
    array([  1.75,   3.5 ,   7.  ,  14.  ,  28.  ,  56.  , 112.  ])
    >>> noise.center_frequencies_.round(1)
    array([ 1.5,  2. ,  3.5,  6.6, 13. , 27.7, 87.8])
    """

    def __init__(
        self,
        shape: tuple[int, int] = (224, 224),
        n_bands: int = 7,
        *,
        kind: str = "laplacian",
        equalize: str | None = "sample",
        exact: bool = False,
        random_state: object = None,
    ) -> None:
        self.shape = shape
        self.n_bands = n_bands
        self.kind = kind
        self.equalize = equalize
        self.exact = exact
        self.random_state = random_state

    @property
    def label_frequencies_(self) -> NDArray[np.float64]:
        """Label of each band as published, cycles per image, (n_bands,): the upper edge, not the centre."""
        height, width = self._checked()
        octaves = np.arange(1 - self.n_bands, 1, dtype=np.float64)
        return np.asarray(min(height, width) / 2 * 2**octaves)

    @property
    def center_frequencies_(self) -> NDArray[np.float64]:
        """Geometric mean frequency of each band weighted with power, cycles per image, (n_bands,)."""
        shape = self._checked()
        return np.array(
            [spectra.center(shape, self.n_bands, self.kind, self._level(k)) for k in range(self.n_bands)]
        )

    @property
    def expected_rms_(self) -> NDArray[np.float64]:
        """Root of the expected mean square of each band, unit white noise, not equalised, (n_bands,)."""
        shape = self._checked()
        return np.sqrt(
            [spectra.mean_square(shape, self.n_bands, self.kind, self._level(k)) for k in range(self.n_bands)]
        )

    def sample(self, band: int, n: int = 1) -> NDArray[np.float32]:
        """Draw fields.

        Parameters
        ----------
        band : int
            Band, 0 (lowest) to ``n_bands - 1``.
        n : int, default=1
            Number of fields.

        Returns
        -------
        ndarray of shape (n, height, width)
            Noise for white noise of unit standard deviation, float32; multiply by the standard deviation.

        Raises
        ------
        ValueError
            If a parameter is outside its range.
        """
        self._checked()
        level = self._level(band)
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
            raise ValueError(f"{_WHERE}: n must be a whole number >= 0, got {n!r}")
        generator = check_random_state(self.random_state)
        height, width = self.shape
        out = np.empty((n, height, width), np.float32)
        for start in range(0, n, drawing.CHUNK):
            part = out[start : start + drawing.CHUNK]
            part[:] = self._draw(level, [generator] * len(part))
        return out

    def decompose(self, field: ArrayLike) -> NDArray[np.float64]:
        """Split a field into its levels.

        Parameters
        ----------
        field : array-like of shape (height, width)
            Any field, real and finite.

        Returns
        -------
        ndarray of shape (n_bands, height, width)
            Levels from the highest band (level 0) to the residual, float64, not equalised; they add up to
            the field. `sample` of band k corresponds to level ``n_bands - 1 - k``.

        Raises
        ------
        ValueError
            If the field has another shape or is not finite.
        TypeError
            If it does not hold real numbers.
        """
        shape = self._checked()
        values = np.asarray(field)
        if values.dtype.kind not in "fiub":
            raise TypeError(f"{_WHERE}: field must hold real numbers, got dtype {values.dtype}")
        if values.shape != shape:
            raise ValueError(
                f"{_WHERE}: field must have shape {shape}, got {values.shape} (set shape={values.shape})"
            )
        whole = np.ascontiguousarray(values, dtype=np.float64)[np.newaxis]
        bad = int(np.count_nonzero(~np.isfinite(whole)))
        if bad:
            raise ValueError(f"{_WHERE}: field must be finite, got {bad} values that are NaN or infinite")
        return np.concatenate([self._levels(whole, level) for level in range(self.n_bands)])

    def spectrum(self, band: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the expected power spectrum of a band, in closed form.

        Parameters
        ----------
        band : int
            Band, 0 (lowest) to ``n_bands - 1``.

        Returns
        -------
        frequency : ndarray of shape (n_frequencies,)
            All radial frequencies of the discrete Fourier transform, cycles per image, ascending from 0.
        power : ndarray of shape (n_frequencies,)
            Expected power at each, over all orientations, for white noise of unit variance; its sum is
            the expected mean square. When `equalize` is not ``None``, scaled to the expected mean square of
            the highest band.

        Raises
        ------
        ValueError
            If a parameter is outside its range.
        """
        shape = self._checked()
        level = self._level(band)
        frequency, _ = spectra.radii(shape)
        power = spectra.radial_power(shape, self.n_bands, self.kind, level)
        if self.equalize is None:
            return frequency.copy(), power.copy()
        wanted = spectra.mean_square(shape, self.n_bands, self.kind, 0)
        return frequency.copy(), power * (wanted / power.sum())

    def _draw(self, level: int, generators: list[np.random.Generator]) -> NDArray[np.floating]:
        """Return one field of a level per generator, (n, height, width); the parameters were checked."""
        shape = (int(self.shape[0]), int(self.shape[1]))
        fields: NDArray[np.floating]
        if self.exact or self.kind == "octave":
            white = drawing.draw_white(generators, shape)
            fields = self._levels(white, level)
            finest = fields if self.equalize != "sample" or not level else self._levels(white, 0)
            wanted = drawing.rms(finest)
        else:
            fields, wanted = drawing.draw_by_law(generators, shape, self.n_bands, level)
        if self.equalize == "expected":
            wanted[:] = np.sqrt(spectra.mean_square(shape, self.n_bands, self.kind, 0))
        elif self.equalize is None or not level:
            return fields
        drawing.rescale(fields, wanted / drawing.rms(fields))
        return fields

    def _levels(self, fields: NDArray[np.float64], level: int) -> NDArray[np.float64]:
        split = drawing.pyramid_levels if self.kind == "laplacian" else drawing.octave_levels
        return split(fields, self.n_bands, level)

    def _level(self, band: int) -> int:
        """Return the level of a band."""
        if isinstance(band, bool) or not isinstance(band, int | np.integer) or not 0 <= band < self.n_bands:
            raise ValueError(
                f"{_WHERE}: band must be a whole number in 0 .. {self.n_bands - 1}, got {band!r} "
                f"(there are {self.n_bands} bands, 0 is the lowest)"
            )
        return self.n_bands - 1 - int(band)

    def _checked(self) -> tuple[int, int]:
        """Check the parameters and return the shape."""
        check_option(_WHERE, "kind", self.kind, KINDS)
        check_option(_WHERE, "equalize", self.equalize, EQUALIZE)
        if (
            isinstance(self.n_bands, bool)
            or not isinstance(self.n_bands, int | np.integer)
            or self.n_bands < 2
        ):
            raise ValueError(f"{_WHERE}: n_bands must be a whole number >= 2, got {self.n_bands!r}")
        shape = tuple(self.shape) if np.iterable(self.shape) else (self.shape,)
        if len(shape) != 2 or not all(
            isinstance(side, int | np.integer) and not isinstance(side, bool) for side in shape
        ):
            raise ValueError(f"{_WHERE}: shape must be (height, width) in pixels, got {self.shape!r}")
        if min(shape) < 2 ** (self.n_bands - 1):
            raise ValueError(
                f"{_WHERE}: shape must have sides of at least {2 ** (self.n_bands - 1)} pixels for "
                f"n_bands={self.n_bands}, got {shape} (lower n_bands or use larger images)"
            )
        return int(shape[0]), int(shape[1])
