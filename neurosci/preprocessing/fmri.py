"""Functional and structural MRI."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option, suggest
from neurosci.preprocessing._files import check_file, largest_content, open_whole, refusing
from neurosci.preprocessing._nifti import check_voxels, read_content, read_header
from neurosci.preprocessing._series import (
    check_confounds,
    check_filter,
    check_series,
    cleaned,
    masked_series,
    region_means,
)

if TYPE_CHECKING:
    import pandas as pd
    from nibabel.nifti1 import Nifti1Image

_SUFFIXES = (".nii", ".nii.gz")
_STANDARDIZE = ("zscore_sample", "psc", None)


def read_nifti(path: str | Path, *, nan_policy: str = "raise", max_bytes: int = 2**33) -> Nifti1Image:
    """Read a NIfTI image whole, and refuse it where the file is damaged.

    Parameters
    ----------
    path : path-like
        File that ends in ``.nii`` or ``.nii.gz``.
    nan_policy : {"raise", "propagate"}, default="raise"
        Refuse NaN and infinite voxels, or keep them with a warning that counts them.
    max_bytes : int, default=8589934592
        Largest size of all voxels as stored, in bytes (8 GiB), checked before memory is taken.

    Returns
    -------
    nibabel.nifti1.Nifti1Image
        The image, NIfTI-1 or NIfTI-2. Its voxels are in memory as stored for ``.nii.gz`` and on the
        disk for ``.nii``; ``get_fdata()`` scales them.

    Raises
    ------
    DataFormatError
        If the file is empty, truncated, no NIfTI, of complex or coloured voxels, fails its gzip
        checksum, holds fewer bytes than its header claims, or holds NaN or infinite voxels.
    ValueError
        If the name has another ending, or the voxels need more than `max_bytes`.
    OSError
        If the file is absent or may not be read.

    Warns
    -----
    UserWarning
        If the file holds more bytes than its header describes, or NaN under "propagate".

    Notes
    -----
    nibabel stops reading a ``.nii.gz`` where the voxels end, before the checksum that follows them, and
    so takes changed bytes for data; here the stream is read to its end. A ``.nii`` has no checksum:
    a changed voxel in it cannot be seen. Peak memory is twice the stored voxels for ``.nii.gz``, and
    one volume in float64 in both cases.

    Examples
    --------
    >>> from neurosci.preprocessing.fmri import read_nifti
    >>> img = read_nifti("sub-01_bold.nii.gz")  # doctest: +SKIP
    """
    where = "read_nifti"
    file = check_file(where, path, _SUFFIXES, nan_policy)
    with open_whole(file) as stream:
        with refusing(where, file):
            kind, needed, voxels = read_header(stream, largest_content(file))
        if voxels > max_bytes:
            raise ValueError(
                f"{where}: {file.name} needs {voxels:,} bytes for its voxels, which must be at most "
                f"max_bytes={max_bytes:,} (raise it if that much memory is free)"
            )
        with refusing(where, file):
            content, held = read_content(stream, needed, keep=file.name.lower().endswith(".gz"))
            if held < needed:
                raise ValueError(f"its header claims {needed:,} bytes, and it holds {held:,}")
            image: Any = kind.from_filename(file) if content is None else kind.from_stream(content)
    if held > needed:
        warnings.warn(
            f"{where}: {file.name} holds {held - needed:,} bytes more than its header describes "
            "(its shape or type may be wrong)",
            stacklevel=2,
        )
    check_voxels(where, file, image, nan_policy)
    return image  # type: ignore[no-any-return]


class VoxelSignals(NamedTuple):
    """Time series of the voxels in a mask.

    Parameters
    ----------
    signals : ndarray of float64, shape (n_times, n_voxels)
        Series, voxels in the order of ``mask[mask]``; zero for those excluded.
    excluded : ndarray of bool, shape (n_voxels,)
        Voxels that are constant, hold NaN or infinite samples, or are nothing but confounds.
    coordinates : ndarray of float64, shape (n_voxels, 3)
        Places of the voxels in the space of the affine, in mm.
    """

    signals: NDArray[np.float64]
    excluded: NDArray[np.bool_]
    coordinates: NDArray[np.float64]


class RegionSignals(NamedTuple):
    """Mean time series of the regions of a parcellation.

    Parameters
    ----------
    signals : ndarray of float64, shape (n_times, n_regions)
        Series in the order of `labels`; zero for regions excluded.
    excluded : ndarray of bool, shape (n_regions,)
        Regions without a voxel that varies.
    labels : ndarray of int64, shape (n_regions,)
        Values of the parcellation, ascending.
    n_voxels : ndarray of int64, shape (n_regions,)
        Voxels that were averaged.
    """

    signals: NDArray[np.float64]
    excluded: NDArray[np.bool_]
    labels: NDArray[np.int64]
    n_voxels: NDArray[np.int64]


def read_confounds(path: str | Path, *, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a table of confounds, such as fMRIPrep writes.

    Parameters
    ----------
    path : path-like
        Table whose first line holds names, separated by tabs (``.tsv``) or commas (``.csv``).
    columns : list of str, default=None
        Columns to keep, in this order; ``None`` keeps all.

    Returns
    -------
    DataFrame
        One row for each volume, float64.

    Raises
    ------
    DataFormatError
        If the file is empty, is no such table, or has values that are no numbers after its first row.
    ValueError
        If the name has another ending or a column is missing; names the nearest.
    OSError
        If the file is absent or may not be read.

    Warns
    -----
    UserWarning
        If a column has no value in the first row, as derivatives have: it becomes 0, no change.

    Examples
    --------
    >>> from neurosci.preprocessing.fmri import read_confounds
    >>> table = read_confounds("confounds_timeseries.tsv", columns=["trans_x"])  # doctest: +SKIP
    """
    import pandas as pd

    where = "read_confounds"
    file = check_file(where, path, (".tsv", ".csv"), "raise")
    with refusing(where, file):
        table = pd.read_csv(file, sep="," if file.suffix.lower() == ".csv" else "\t")
    missing = [name for name in columns or () if name not in table]
    if missing:
        hint = suggest(missing[0], [str(name) for name in table])
        raise ValueError(f"{where}: columns must be in {file.name}, got {missing[0]!r} ({hint})")
    table = table[columns] if columns else table
    with refusing(where, file):
        table = table.astype(np.float64)
        first = table.columns[table.iloc[:1].isna().any()]
        wrong = table.iloc[1:].isna() | np.isinf(table.iloc[1:])
        if wrong.to_numpy().any():
            name = wrong.columns[wrong.any()][0]
            raise ValueError(
                f"column {name!r} has no number in {int(wrong[name].sum())} rows after the first"
            )
    if len(first):
        warnings.warn(
            f"{where}: {file.name} has no value in the first row of {len(first)} columns, taken as 0: "
            + ", ".join(map(str, first)),
            stacklevel=2,
        )
    return table.fillna(0.0)


def clean_signals(
    signals: ArrayLike,
    *,
    confounds: ArrayLike | None = None,
    t_r: float | None = None,
    low_pass: float | None = None,
    high_pass: float | None = None,
    detrend: bool = True,
    standardize: str | None = "zscore_sample",
) -> NDArray[np.float64]:
    """Detrend, filter, regress confounds out and scale, in the order that keeps all of them effective.

    Parameters
    ----------
    signals : array-like of shape (n_times, n_series)
        Series in any unit; never modified.
    confounds : array-like of shape (n_times, n_confounds), default=None
        What is regressed out, filtered as the series are.
    t_r : float, default=None
        Time between volumes, in seconds; needed to filter.
    low_pass, high_pass : float, default=None
        Cut-offs, in Hz, of a Butterworth filter of order 5.
    detrend : bool, default=True
        Whether straight lines are taken out.
    standardize : {"zscore_sample", "psc", None}, default="zscore_sample"
        Standard deviations, percent of the mean, or the unit that came.

    Returns
    -------
    ndarray of float64, shape (n_times, n_series)
        Series; those that are constant, or nothing but confounds, are exactly zero.

    Raises
    ------
    ValueError
        If a value is not finite, a cut-off is not below half the sampling rate, there are too few volumes
        for the filter, or confounds do not fit.

    Notes
    -----
    The work is done by :func:`nilearn.signal.clean`, which lowers a cut-off at or above half the
    sampling rate with a warning only, and gives noise of rounding for a constant series.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.preprocessing.fmri import clean_signals
    >>> X = np.random.default_rng(0).normal(size=(60, 3)) + np.arange(60)[:, None]
    >>> clean_signals(X, t_r=2.0, low_pass=0.1).std(axis=0, ddof=1).round(6).tolist()
    [1.0, 1.0, 1.0]
    """
    where = "clean_signals"
    series = check_series(where, "signals", signals)
    check_option(where, "standardize", standardize, _STANDARDIZE)
    check_filter(where, len(series), t_r, low_pass, high_pass)
    regressors = check_confounds(where, confounds, len(series))
    return cleaned(
        series,
        standardize=standardize,
        detrend=detrend,
        confounds=regressors,
        low_pass=low_pass,
        high_pass=high_pass,
        t_r=t_r,
    )


def voxel_signals(
    img: Any,
    mask_img: Any,
    *,
    confounds: ArrayLike | None = None,
    t_r: float | None = None,
    low_pass: float | None = None,
    high_pass: float | None = None,
    smoothing_fwhm: float | None = None,
    detrend: bool = True,
    standardize: str | None = "zscore_sample",
) -> VoxelSignals:
    """Return the cleaned series of the voxels in a mask.

    Parameters
    ----------
    img : image or path-like
        Run of shape (x, y, z, n_times).
    mask_img : image or path-like
        Mask of shape (x, y, z) on the same grid, of zeros and ones.
    confounds : array-like of shape (n_times, n_confounds), default=None
        What is regressed out.
    t_r : float, default=None
        Time between volumes, in seconds; needed to filter.
    low_pass, high_pass : float, default=None
        Cut-offs, in Hz.
    smoothing_fwhm : float, default=None
        Width of a Gaussian filter over space, in mm.
    detrend : bool, default=True
        Whether straight lines are taken out.
    standardize : {"zscore_sample", "psc", None}, default="zscore_sample"
        Unit of the result.

    Returns
    -------
    VoxelSignals
        Series, voxels excluded, and places.

    Raises
    ------
    DataFormatError
        If a file is damaged.
    ValueError
        If the mask is on another grid, empty or not of zeros and ones, or what `clean_signals` refuses.

    Notes
    -----
    Voxels that are constant or not finite are found before smoothing, which would hide them. They are
    excluded, never imputed, and reported.
    """
    series, excluded, mask, affine = masked_series("voxel_signals", img, mask_img, smoothing_fwhm)
    signals = clean_signals(
        series,
        confounds=confounds,
        t_r=t_r,
        low_pass=low_pass,
        high_pass=high_pass,
        detrend=detrend,
        standardize=standardize,
    )
    signals[:, excluded] = 0.0
    places = np.argwhere(mask) @ affine[:3, :3].T + affine[:3, 3]
    return VoxelSignals(signals, np.logical_not(signals.any(axis=0)), places)


def region_signals(
    img: Any,
    labels_img: Any,
    *,
    confounds: ArrayLike | None = None,
    t_r: float | None = None,
    low_pass: float | None = None,
    high_pass: float | None = None,
    smoothing_fwhm: float | None = None,
    detrend: bool = True,
    standardize: str | None = "zscore_sample",
) -> RegionSignals:
    """Return the cleaned mean series of the regions of a parcellation.

    Parameters
    ----------
    img : image or path-like
        Run of shape (x, y, z, n_times).
    labels_img : image or path-like
        Parcellation of shape (x, y, z) on the same grid: whole numbers, 0 for the background.
    confounds : array-like of shape (n_times, n_confounds), default=None
        What is regressed out.
    t_r : float, default=None
        Time between volumes, in seconds; needed to filter.
    low_pass, high_pass : float, default=None
        Cut-offs, in Hz.
    smoothing_fwhm : float, default=None
        Width of a Gaussian filter over space, in mm.
    detrend : bool, default=True
        Whether straight lines are taken out.
    standardize : {"zscore_sample", "psc", None}, default="zscore_sample"
        Unit of the result.

    Returns
    -------
    RegionSignals
        Series, regions excluded, labels, and voxels that were averaged.

    Raises
    ------
    DataFormatError
        If a file is damaged.
    ValueError
        If the parcellation is on another grid or holds no region, or what `clean_signals` refuses.

    Notes
    -----
    Voxels that are constant or not finite are left out of the mean. Agrees with
    :class:`nilearn.maskers.NiftiLabelsMasker` where there are none.
    """
    means, labels, n_voxels = region_means("region_signals", img, labels_img, smoothing_fwhm)
    signals = clean_signals(
        means,
        confounds=confounds,
        t_r=t_r,
        low_pass=low_pass,
        high_pass=high_pass,
        detrend=detrend,
        standardize=standardize,
    )
    signals[:, n_voxels == 0] = 0.0
    return RegionSignals(signals, np.logical_not(signals.any(axis=0)), labels, n_voxels)
