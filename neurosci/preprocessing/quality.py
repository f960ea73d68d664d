"""Quality of a functional run: how much the head moved, and how much of the signal changed with it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci.preprocessing._series import check_series


def framewise_displacement(motion: ArrayLike, *, radius: float = 50.0) -> NDArray[np.float64]:
    r"""Return how far the head moved from each volume to the next.

    Parameters
    ----------
    motion : array-like of shape (n_times, 6)
        Translations along x, y, z, in mm, and rotations around them, in radians.
    radius : float, default=50.0
        Radius of the sphere on whose surface rotations are measured, in mm.

    Returns
    -------
    ndarray of float64, shape (n_times,)
        Displacement in mm; 0 for the first volume.

    Raises
    ------
    ValueError
        If `motion` has not six columns, is not finite, or `radius` is not positive.

    Notes
    -----
    :math:`\sum |\Delta t_k| + \rho \sum |\Delta \theta_k|` over the three axes [1]_.

    References
    ----------
    .. [1] Power JD, Barnes KA, Snyder AZ, Schlaggar BL, Petersen SE (2012). Spurious but systematic
       correlations in functional connectivity MRI networks arise from subject motion. NeuroImage 59,
       2142-2154.

    Examples
    --------
    >>> framewise_displacement([[0, 0, 0, 0, 0, 0], [0.1, 0, -0.2, 0, 0, 0.01]]).round(6).tolist()
    [0.0, 0.8]
    """
    where = "framewise_displacement"
    series = check_series(where, "motion", motion)
    if series.shape[1] != 6:
        raise ValueError(f"{where}: motion must have 6 columns, got {series.shape[1]}")
    if not radius > 0:
        raise ValueError(f"{where}: radius must be positive, in mm, got {radius}")
    steps = np.abs(np.diff(series, axis=0)) * ([1.0] * 3 + [radius] * 3)
    return np.concatenate([[0.0], steps.sum(axis=1)])


def change_of_signal(signals: ArrayLike) -> NDArray[np.float64]:
    r"""Return by how much the signals change from each volume to the next (DVARS).

    Parameters
    ----------
    signals : array-like of shape (n_times, n_voxels)
        Time series in any unit.

    Returns
    -------
    ndarray of float64, shape (n_times,)
        Root mean square over voxels of the differences, in the unit of the signals; 0 for the first volume.

    Raises
    ------
    ValueError
        If a value is not finite.

    References
    ----------
    Power JD, Barnes KA, Snyder AZ, Schlaggar BL, Petersen SE (2012). Spurious but systematic correlations
    in functional connectivity MRI networks arise from subject motion. NeuroImage 59, 2142-2154.

    Examples
    --------
    >>> change_of_signal([[0.0, 0.0], [3.0, 4.0], [3.0, 4.0]]).round(6).tolist()
    [0.0, 3.535534, 0.0]
    """
    steps = np.diff(check_series("change_of_signal", "signals", signals), axis=0)
    return np.concatenate([[0.0], np.sqrt(np.mean(steps**2, axis=1))])


def temporal_snr(signals: ArrayLike) -> NDArray[np.float64]:
    """Return the mean of each series over its standard deviation.

    Parameters
    ----------
    signals : array-like of shape (n_times, n_voxels)
        Time series with their mean, in any unit.

    Returns
    -------
    ndarray of float64, shape (n_voxels,)
        Ratios; NaN for series that are constant.

    Raises
    ------
    ValueError
        If a value is not finite.

    Examples
    --------
    >>> temporal_snr([[9.0, 5.0], [11.0, 5.0], [10.0, 5.0]]).tolist()
    [10.0, nan]
    """
    series = check_series("temporal_snr", "signals", signals)
    spread = series.std(axis=0, ddof=1)
    ratio = np.full(series.shape[1], np.nan)
    np.divide(series.mean(axis=0), spread, out=ratio, where=np.ptp(series, axis=0) > 0)
    return ratio
