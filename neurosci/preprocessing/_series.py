"""Checks of time series, filters and grids, made before the libraries that take them see any."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

ORDER = 5
"""Order of nilearn's Butterworth filter."""

NEGLIGIBLE = 1e-10
"""Share of a series' own range below which what cleaning leaves is rounding."""

SAME_GRID = 1e-3
"""Largest difference of two affines, in mm, that counts as rounding of a header."""


def check_series(where: str, name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return finite series as float64, shape (n_times, n_series)."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{where}: {name} must hold real numbers, got dtype {array.dtype}")
    if array.ndim != 2:
        raise ValueError(f"{where}: {name} must have shape (n_times, n_series), got {array.shape}")
    if array.shape[0] < 2 or array.shape[1] < 1:
        raise ValueError(f"{where}: {name} must have at least 2 times and 1 series, got shape {array.shape}")
    series = array.astype(np.float64)
    bad = ~np.isfinite(series)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(
            f"{where}: {name} must be finite, got {int(bad.sum())} NaN or infinite values, the first at time "
            f"{row} of series {column}"
        )
    return series


def check_filter(
    where: str, n_times: int, t_r: float | None, low_pass: float | None, high_pass: float | None
) -> None:
    """Refuse cut-offs that the sampling cannot hold, which nilearn would move, and too few volumes."""
    if t_r is not None and not t_r > 0:
        raise ValueError(f"{where}: t_r must be positive, in seconds, got {t_r}")
    limits = {"low_pass": low_pass, "high_pass": high_pass}
    given = {name: value for name, value in limits.items() if value is not None}
    if not given:
        return
    if t_r is None:
        raise ValueError(f"{where}: t_r must be given, in seconds, to filter, got None")
    nyquist = 0.5 / t_r
    for name, value in given.items():
        if not 0 < value < nyquist:
            raise ValueError(
                f"{where}: {name} must be above 0 and below {nyquist:g} Hz, half the sampling rate for "
                f"t_r={t_r:g} s, got {value:g} Hz"
            )
    if low_pass is not None and high_pass is not None and not high_pass < low_pass:
        raise ValueError(
            f"{where}: high_pass must be below low_pass, got {high_pass:g} Hz and {low_pass:g} Hz"
        )
    needed = _volumes_needed(nyquist, low_pass, high_pass)
    if n_times < needed:
        raise ValueError(f"{where}: the filter needs at least {needed} volumes, got {n_times}")


def _volumes_needed(nyquist: float, low_pass: float | None, high_pass: float | None) -> int:
    """Return the fewest volumes that the filter can run over in both directions."""
    from scipy.signal import butter

    cuts = [cut / nyquist for cut in (high_pass, low_pass) if cut is not None]
    kind = "band" if len(cuts) == 2 else "low" if low_pass is not None else "high"
    sections = butter(ORDER, cuts if len(cuts) == 2 else cuts[0], kind, output="sos")
    # The padding of scipy.signal.sosfiltfilt, which the series must exceed.
    taps = 2 * len(sections) + 1 - min((sections[:, 2] == 0).sum(), (sections[:, 5] == 0).sum())
    return int(3 * taps + 1)


def check_confounds(where: str, confounds: ArrayLike | None, n_times: int) -> NDArray[np.float64] | None:
    """Return confounds as float64, shape (n_times, n_confounds)."""
    if confounds is None:
        return None
    values = np.asarray(confounds)
    series = check_series(where, "confounds", values[:, np.newaxis] if values.ndim == 1 else values)
    if len(series) != n_times:
        raise ValueError(
            f"{where}: confounds must have one row for each of {n_times} volumes, got {len(series)}"
        )
    if series.shape[1] >= n_times - 1:
        raise ValueError(
            f"{where}: confounds must be fewer than the volumes, got {series.shape[1]} for {n_times} volumes "
            "(nothing would be left)"
        )
    return series


def constant_columns(series: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which columns differ by no more than rounding."""
    largest = np.abs(series).max(axis=0)
    return np.asarray(np.ptp(series, axis=0) <= 4 * np.finfo(np.float64).eps * largest)


def check_grid(where: str, name: str, image: Any, reference: Any) -> None:
    """Refuse two images whose voxels are not at the same places, which nilearn would resample."""
    shape, expected = image.shape[:3], reference.shape[:3]
    if shape != expected:
        raise ValueError(
            f"{where}: {name} must have the grid of the images, got shape {shape} for {expected} "
            "(resample it with nilearn.image.resample_to_img)"
        )
    difference = float(np.abs(image.affine - reference.affine).max())
    if difference > SAME_GRID:
        raise ValueError(
            f"{where}: {name} must have the affine of the images, got one {difference:.3g} mm away "
            "(resample it with nilearn.image.resample_to_img)"
        )


def check_mask(where: str, mask_img: Any) -> NDArray[np.bool_]:
    """Return a mask as booleans."""
    values = np.asarray(mask_img.dataobj)
    if values.ndim != 3:
        raise ValueError(f"{where}: mask_img must have 3 axes, got shape {values.shape}")
    if not np.isin(values, (0, 1)).all():
        raise ValueError(f"{where}: mask_img must hold 0 and 1 only, got other values")
    if not values.any():
        raise ValueError(f"{where}: mask_img must hold at least one voxel, got none")
    return values.astype(bool)


def check_labels(where: str, labels_img: Any) -> NDArray[np.int64]:
    """Return a parcellation as whole numbers."""
    values = np.asarray(labels_img.dataobj)
    rounded = np.round(values).astype(np.int64)
    if not np.array_equal(rounded, values) or (rounded < 0).any():
        raise ValueError(f"{where}: labels_img must hold whole numbers from 0 on, got others")
    if not rounded.any():
        raise ValueError(f"{where}: labels_img must hold at least one region, got none")
    return rounded


def cleaned(series: NDArray[np.float64], *, standardize: str | None, **options: Any) -> NDArray[np.float64]:
    """Return what nilearn cleans, with exact zeros for series of which nothing but rounding is left."""
    from nilearn.signal import clean

    constant = constant_columns(series)
    spread = np.ptp(series, axis=0)
    # A curve in the place of a constant series, whose result is not used: it cannot be scaled.
    series[:, constant] = np.linspace(0, 1, len(series))[:, np.newaxis] ** 2
    filtered = options["low_pass"] is not None or options["high_pass"] is not None
    options["filter"] = "butterworth" if filtered else False
    result = clean(series, standardize=None, **options)
    nothing = constant | (np.ptp(result, axis=0) <= NEGLIGIBLE * spread)
    if standardize == "zscore_sample":
        # Scaled here: a second call would detrend, filter and regress again.
        result = result - result.mean(axis=0)
        result /= np.where(nothing, 1.0, result.std(axis=0, ddof=1))
    elif standardize == "psc":
        _check_means(series[:, ~nothing])
        result = clean(np.where(nothing, series + 1.0, series), standardize="psc", **options)
    result = np.asarray(result, dtype=np.float64)
    result[:, nothing] = 0.0
    return result


def _check_means(series: NDArray[np.float64]) -> None:
    """Refuse percent of a mean that is zero."""
    small = np.abs(series.mean(axis=0)) <= NEGLIGIBLE * np.abs(series).max(axis=0)
    if small.any():
        raise ValueError(
            f"clean_signals: signals must have a mean for standardize='psc', got {int(small.sum())} series "
            "without (use 'zscore_sample')"
        )


def masked_series(
    where: str, img: Any, mask_img: Any, smoothing_fwhm: float | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]:
    """Return raw series in a mask, which of them cannot be used, the mask, and the affine."""
    image = load_image(where, "img", img, 4)
    mask_image = load_image(where, "mask_img", mask_img, 3)
    check_grid(where, "mask_img", mask_image, image)
    mask = check_mask(where, mask_image)
    series, excluded = usable_series(where, image, mask, smoothing_fwhm)
    return series, excluded, mask, np.asarray(image.affine, dtype=np.float64)


def region_means(
    where: str, img: Any, labels_img: Any, smoothing_fwhm: float | None
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return mean series of regions over the voxels that can be used, labels, and numbers of voxels."""
    from scipy.sparse import csr_array

    image = load_image(where, "img", img, 4)
    labels_image = load_image(where, "labels_img", labels_img, 3)
    check_grid(where, "labels_img", labels_image, image)
    parcels = check_labels(where, labels_image)
    series, excluded = usable_series(where, image, parcels > 0, smoothing_fwhm)
    labels, owner = np.unique(parcels[parcels > 0], return_inverse=True)
    used = ~excluded
    n_voxels = np.bincount(owner[used], minlength=labels.size)
    weights = csr_array(
        (1.0 / n_voxels[owner[used]], (owner[used], np.flatnonzero(used))), shape=(labels.size, owner.size)
    )
    return np.asarray((weights @ series.T).T), labels, n_voxels.astype(np.int64)


def usable_series(
    where: str, image: Any, mask: NDArray[np.bool_], smoothing_fwhm: float | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return series in a mask, smoothed, and which were constant or not finite before; those are zero."""
    from nilearn.image import smooth_img

    if image.shape[3] < 2:
        raise ValueError(f"{where}: img must have at least 2 volumes, got {image.shape[3]}")
    voxels = np.asarray(image.dataobj, dtype=np.float64)
    raw = voxels[mask].T
    bad = ~np.isfinite(raw).all(axis=0)
    raw[:, bad] = 0.0
    excluded = bad | constant_columns(raw)
    if smoothing_fwhm is not None:
        if not smoothing_fwhm > 0:
            raise ValueError(f"{where}: smoothing_fwhm must be positive, in mm, got {smoothing_fwhm}")
        finite = type(image)(np.where(np.isfinite(voxels), voxels, 0.0), image.affine)
        raw = np.asarray(smooth_img(finite, smoothing_fwhm).dataobj, dtype=np.float64)[mask].T
        raw[:, excluded] = 0.0
    return raw, excluded


def load_image(where: str, name: str, image: Any, n_axes: int) -> Any:
    """Return an image that is given, or read from a file, with a number of axes."""
    from .fmri import read_nifti

    if hasattr(image, "dataobj"):
        found = image
    elif isinstance(image, str | Path):
        with warnings.catch_warnings():
            # Voxels that are not finite are reported with their place in the mask.
            warnings.filterwarnings("ignore", message=".*voxels are NaN or infinite.*")
            found = read_nifti(image, nan_policy="propagate")
    else:
        raise TypeError(f"{where}: {name} must be an image or a path, got {type(image).__name__}")
    if len(found.shape) != n_axes:
        raise ValueError(f"{where}: {name} must have {n_axes} axes, got shape {tuple(found.shape)}")
    return found
