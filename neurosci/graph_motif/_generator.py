"""Voxel-scale recordings of people of two groups who differ in a known region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.random import spawn

from ._checks import count

_WHERE = "make_motif_cohort"
LOW, HIGH = 0.009, 0.08
"""Band of the time courses, in Hz."""

NETWORK_WIDTH = 3.0
"""Standard deviation, in voxels, of the filter that makes networks."""

NOISE_FWHM = 6.0
"""Width of the noise over space, in mm."""

CENTER_SHARE = 0.5
"""The region lies no further out than this share of the brain's extent, so that it is a whole sphere."""


@dataclass(frozen=True)
class MotifCohort:
    """People with voxel time series that are made when asked for: synthetic, with known truth.

    Parameters
    ----------
    mask_img : nibabel.nifti1.Nifti1Image
        Mask of the brain.
    coordinates : ndarray of float64, shape (n_voxels, 3)
        Places of the voxels, in mm.
    region : ndarray of bool, shape (n_voxels,)
        Where patients differ.
    networks : ndarray of float32, shape (n_networks, n_voxels)
        Maps of the networks.
    labels : ndarray of int64, shape (n_subjects,)
        1 for patients, 0 for controls.
    site : ndarray of str, shape (n_subjects,)
        Where each person was recorded.
    n_times : ndarray of int64, shape (n_subjects,)
        Numbers of volumes.
    t_r : ndarray of float64, shape (n_subjects,)
        Time between volumes, in seconds.
    global_gain, noise_scale : ndarray of float64, shape (n_subjects,)
        Strength of the global signal, and of the noise, at each person's site.
    network_gain : float
        Strength of the networks.
    delta : float
        By how much networks are stronger inside the region in patients.
    seed : int
        Seed; each person has a stream of random numbers of their own.
    """

    mask_img: Any
    coordinates: NDArray[np.float64]
    region: NDArray[np.bool_]
    networks: NDArray[np.float32]
    labels: NDArray[np.int64]
    site: NDArray[np.str_]
    n_times: NDArray[np.int64]
    t_r: NDArray[np.float64]
    global_gain: NDArray[np.float64]
    noise_scale: NDArray[np.float64]
    network_gain: float
    delta: float
    seed: int

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self.labels)

    def series(self, index: int) -> NDArray[np.float32]:
        """Return the time series of one person.

        Parameters
        ----------
        index : int
            Person, from 0.

        Returns
        -------
        ndarray of float32, shape (n_times, n_voxels)
            Series in units of the noise's standard deviation.

        Raises
        ------
        IndexError
            If there is no such person.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"MotifCohort: index must be from 0 to {len(self) - 1}, got {index}")
        rng = spawn(self.seed, "person", str(index))
        n_times, t_r = int(self.n_times[index]), float(self.t_r[index])
        maps = self.networks
        if self.labels[index] and self.delta:
            maps = np.where(self.region, maps * np.float32(1 + self.delta), maps)
        courses = band_limited(rng.normal(size=(n_times, len(maps) + 1)), t_r)
        total = self.noise_scale[index] * self._noise(rng, n_times, t_r)
        total += self.network_gain * courses[:, :-1] @ maps
        total += self.global_gain[index] * courses[:, -1:]
        return np.asarray(total, dtype=np.float32)

    def image(self, index: int) -> Any:
        """Return the time series of one person as an image.

        Parameters
        ----------
        index : int
            Person, from 0.

        Returns
        -------
        nibabel.nifti1.Nifti1Image
            Float32, shape (x, y, z, n_times), with the time between volumes in its header.
        """
        import nibabel as nib

        mask = np.asarray(self.mask_img.dataobj).astype(bool)
        series = self.series(index)
        voxels = np.zeros((*mask.shape, len(series)), dtype=np.float32)
        voxels[mask] = series.T
        image = nib.Nifti1Image(voxels, self.mask_img.affine)  # type: ignore[no-untyped-call]
        zooms = (*image.header.get_zooms()[:3], float(self.t_r[index]))  # type: ignore[no-untyped-call]
        image.header.set_zooms(zooms)  # type: ignore[no-untyped-call]
        return image

    def _noise(self, rng: np.random.Generator, n_times: int, t_r: float) -> NDArray[np.float64]:
        """Return smooth noise of unit variance in the band."""
        from scipy.ndimage import gaussian_filter

        mask = np.asarray(self.mask_img.dataobj).astype(bool)
        width = NOISE_FWHM / np.sqrt(8 * np.log(2)) / voxel_size(self.mask_img)
        fields = rng.standard_normal((n_times, *mask.shape), dtype=np.float32)
        gaussian_filter(fields, (0, *width), output=fields)
        return band_limited(fields[:, mask], t_r)


def voxel_size(mask_img: Any) -> NDArray[np.float64]:
    """Return the edges of a voxel, in mm."""
    return np.asarray(np.sqrt((mask_img.affine[:3, :3] ** 2).sum(axis=0)))


def band_limited(series: NDArray[Any], t_r: float) -> NDArray[np.float64]:
    """Return series with the frequencies of the band only, of unit variance."""
    spectrum = np.fft.rfft(series, axis=0)
    frequency = np.fft.rfftfreq(len(series), t_r)
    spectrum[(frequency < LOW) | (frequency > HIGH)] = 0
    result = np.fft.irfft(spectrum, len(series), axis=0)
    return np.asarray(result / result.std(axis=0))


def make_motif_cohort(
    n_subjects: int = 40,
    *,
    delta: float = 0.5,
    n_sites: int = 2,
    mask_img: Any = None,
    n_networks: int = 20,
    radius: float = 16.0,
    network_gain: float = 0.8,
    global_gain: float = 0.35,
    site_effect: float = 0.2,
    n_times: Sequence[int] = (172,),
    t_r: Sequence[float] = (2.0,),
    random_state: int = 0,
) -> MotifCohort:
    """Make people of two groups, at several sites, whose networks differ in a known region.

    Parameters
    ----------
    n_subjects : int, default=40
        Number of people, at least 4; patients and controls alternate, and so do sites.
    delta : float, default=0.5
        Networks are 1 + delta times as strong in patients inside the region; 0 is no effect.
    n_sites : int, default=2
        Number of sites.
    mask_img : image, default=None
        Mask of the brain; ``None`` is the MNI152 mask at 4 mm that comes with nilearn, 29,398 voxels.
    n_networks : int, default=20
        Number of networks.
    radius : float, default=16.0
        Radius of the region, a ball, in mm. It lies where the networks are strongest.
    network_gain, global_gain : float, default=0.8 and 0.35
        Strength of networks and of the global signal, in standard deviations of the noise.
    site_effect : float, default=0.2
        Standard deviation, over sites, of the logarithm of the strength of the global signal and of half that
        for the noise; 0 makes sites alike.
    n_times : sequence of int, default=(172,)
        Volumes at each site, repeated where there are more sites.
    t_r : sequence of float, default=(2.0,)
        Time between volumes at each site, in seconds.
    random_state : int, default=0
        Seed.

    Returns
    -------
    MotifCohort
        People; `MotifCohort.series` makes the recording of one of them.

    Raises
    ------
    ValueError
        If an option is out of its range, no voxel is in the mask, or a site's sampling holds no frequency of
        the band.

    Notes
    -----
    A network is white noise over the grid, smoothed with 3 voxels, standardised, less 0.8, negative values
    set to zero. Noise is white over the grid at each volume, smoothed to 6 mm full width at half maximum.
    All time courses are white, limited to 0.009-0.08 Hz, of unit variance.

    Examples
    --------
    >>> import nibabel as nib
    >>> import numpy as np
    >>> from neurosci.graph_motif import make_motif_cohort
    >>> mask = nib.Nifti1Image(np.ones((9, 8, 7), "uint8"), np.diag([4.0, 4, 4, 1]))
    >>> cohort = make_motif_cohort(6, mask_img=mask, n_times=(60, 80), random_state=1)
    >>> cohort.series(0).shape, cohort.series(1).shape, cohort.labels.tolist()
    ((60, 504), (80, 504), [0, 0, 1, 1, 0, 0])
    """
    n = count(_WHERE, "n_subjects", n_subjects, 4)
    sites = count(_WHERE, "n_sites", n_sites, 1)
    k = count(_WHERE, "n_networks", n_networks, 1)
    seed = count(_WHERE, "random_state", random_state, 0)
    for name, value in (("delta", delta), ("network_gain", network_gain), ("site_effect", site_effect)):
        if not (np.isfinite(value) and value >= 0):
            raise ValueError(f"{_WHERE}: {name} must be a number >= 0, got {value}")
    if not radius > 0:
        raise ValueError(f"{_WHERE}: radius must be positive, in mm, got {radius}")
    if not len(n_times) or not len(t_r):
        raise ValueError(f"{_WHERE}: n_times and t_r must have at least 1 value, got {n_times} and {t_r}")
    lengths = np.array([n_times[place % len(n_times)] for place in range(sites)])
    steps = np.array([float(t_r[place % len(t_r)]) for place in range(sites)])
    for length, step in zip(lengths.tolist(), steps.tolist(), strict=True):
        if length < 3 or not step > 0:
            raise ValueError(f"{_WHERE}: n_times must be >= 3 and t_r positive, got {length} and {step}")
        frequency = np.fft.rfftfreq(length, step)
        if not ((frequency >= LOW) & (frequency <= HIGH)).any():
            raise ValueError(
                f"{_WHERE}: n_times and t_r must sample {LOW}-{HIGH} Hz, got {length} volumes of {step} s"
            )
    image, mask = _mask(mask_img)
    networks = _networks(mask, k, spawn(seed, "networks"))
    coordinates = np.argwhere(mask) @ image.affine[:3, :3].T + image.affine[:3, 3]
    own = np.arange(n) % sites
    rng = spawn(seed, "sites")
    gains = global_gain * np.exp(site_effect * rng.normal(size=sites))
    scales = np.exp(0.5 * site_effect * rng.normal(size=sites))
    return MotifCohort(
        mask_img=image,
        coordinates=coordinates,
        region=_ball(coordinates, networks, radius),
        networks=networks,
        # Within each site the groups alternate.
        labels=(np.arange(n) // sites) % 2,
        site=np.array([f"site-{index + 1}" for index in own]),
        n_times=lengths[own],
        t_r=steps[own],
        global_gain=gains[own],
        noise_scale=scales[own],
        network_gain=float(network_gain),
        delta=float(delta),
        seed=seed,
    )


def _mask(mask_img: Any) -> tuple[Any, NDArray[np.bool_]]:
    import nibabel as nib

    if mask_img is None:
        from nilearn.datasets import load_mni152_brain_mask

        mask_img = load_mni152_brain_mask(resolution=4)
    mask = np.asarray(mask_img.dataobj).astype(bool)
    if mask.ndim != 3 or mask.sum() < 2:
        raise ValueError(f"{_WHERE}: mask_img must have 3 axes and 2 voxels, got shape {mask.shape}")
    image = nib.Nifti1Image(mask.astype(np.uint8), mask_img.affine)  # type: ignore[no-untyped-call]
    return image, mask


def _networks(mask: NDArray[np.bool_], n_networks: int, rng: np.random.Generator) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    maps = np.empty((n_networks, int(mask.sum())), dtype=np.float32)
    for row in maps:
        field = gaussian_filter(rng.normal(size=mask.shape), NETWORK_WIDTH)[mask]
        row[:] = np.maximum((field - field.mean()) / field.std() - 0.8, 0)
    return maps


def _ball(
    coordinates: NDArray[np.float64], networks: NDArray[np.float32], radius: float
) -> NDArray[np.bool_]:
    """Return the voxels around the place where networks are strongest, away from the border."""
    middle = (coordinates.min(axis=0) + coordinates.max(axis=0)) / 2
    extent = np.ptp(coordinates, axis=0) / 2
    inside = (np.abs(coordinates - middle) <= CENTER_SHARE * extent).all(axis=1)
    center = coordinates[np.argmax(np.where(inside, networks.sum(axis=0), -1))]
    return np.asarray(((coordinates - center) ** 2).sum(axis=1) <= radius**2)
