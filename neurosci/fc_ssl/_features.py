"""One row of features per scan: static connectivity, or the mean and spread of connectivity over windows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from neurosci._core.checks import check_option
from neurosci.preprocessing.connectivity import window_graphs, window_starts

STATISTICS = ("static", "mean", "sd")
CLIP = 0.999
"""Correlations nearer to one have no finite Fisher z that rounding leaves alone."""
BATCH = 8
"""Windows whose correlations are in memory at a time."""


class ConnectivityFeatures(TransformerMixin, BaseEstimator):
    """Turn scans into rows of Fisher z, one column per pair of regions.

    Parameters
    ----------
    statistic : {"static", "mean", "sd"}, default="static"
        Pearson's r over the whole scan; or the mean or the standard deviation over windows of the r in each.
    window, step : int, default=50, 16
        Length of a window and distance of two starts, in frames; "static" uses neither.

    Attributes
    ----------
    n_regions_ : int
        Regions of the scans.

    Notes
    -----
    r is clipped to 0.999 and transformed by arctanh; regions that are constant have r = 0 with all others.
    The columns are the strict upper triangle, row after row. Nothing is learned in `fit`, and scans may
    differ in length.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.fc_ssl import ConnectivityFeatures
    >>> scans = np.random.default_rng(0).standard_normal((3, 60, 5))
    >>> ConnectivityFeatures("sd", window=20, step=5).fit_transform(scans).shape
    (3, 10)
    """

    def __init__(self, statistic: str = "static", *, window: int = 50, step: int = 16) -> None:
        self.statistic = statistic
        self.window = window
        self.step = step

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002
        """Learn the number of regions.

        Parameters
        ----------
        X : list of arrays of shape (n_times, n_regions), or array of shape (n_scans, n_times, n_regions)
            Scans.
        y : None
            Not used.

        Returns
        -------
        ConnectivityFeatures
            Itself.
        """
        check_option(type(self).__name__, "statistic", self.statistic, STATISTICS)
        self.n_regions_ = self._scans(X, None)[0].shape[1]
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return the features.

        Parameters
        ----------
        X : list of arrays of shape (n_times, n_regions), or array of shape (n_scans, n_times, n_regions)
            Scans.

        Returns
        -------
        ndarray of float32, shape (n_scans, n_regions * (n_regions - 1) / 2)
            Fisher z of each pair.

        Raises
        ------
        ValueError
            If a scan has another number of regions, holds a value that is not finite, or is too short.
        """
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "n_regions_")
        pairs = np.triu_indices(self.n_regions_, 1)
        return np.stack([self._row(scan, pairs) for scan in self._scans(X, self.n_regions_)])

    def _scans(self, X: Any, expected: int | None) -> list[NDArray[Any]]:
        where = type(self).__name__
        scans = [np.asarray(scan) for scan in X]
        if not scans:
            raise ValueError(f"{where}: X must hold at least one scan, got none")
        for number, scan in enumerate(scans):
            if scan.ndim != 2 or scan.dtype.kind not in "biuf" or len(scan) < 3:
                raise ValueError(
                    f"{where}: X must hold scans of shape (n_times, n_regions) with at least 3 frames, got "
                    f"{scan.dtype} of shape {scan.shape} for scan {number}"
                )
            expected = scan.shape[1] if expected is None else expected
            if scan.shape[1] != expected:
                raise ValueError(
                    f"{where}: X must have {expected} regions in every scan, got {scan.shape[1]} in scan "
                    f"{number}"
                )
            finite = np.isfinite(scan).all(axis=0)
            if not finite.all():
                raise ValueError(
                    f"{where}: X must be finite, got values that are not in scan {number}, region "
                    f"{int(np.flatnonzero(~finite)[0])}"
                )
        return scans

    def _row(self, scan: NDArray[Any], pairs: tuple[NDArray[np.intp], ...]) -> NDArray[np.float32]:
        if self.statistic == "static":
            return fisher(whole_scan_correlation(scan)[pairs])
        starts = window_starts(len(scan), self.window, self.step)
        total = np.zeros(len(pairs[0]))
        square = np.zeros(len(pairs[0]))
        for z in window_fisher(scan, starts, self.window):
            total += z
            square += z.astype(np.float64) ** 2
        mean = total / len(starts)
        if self.statistic == "mean":
            return mean.astype(np.float32)
        return np.sqrt(np.maximum(square / len(starts) - mean**2, 0)).astype(np.float32)


def window_fisher(
    scan: NDArray[Any], starts: NDArray[np.int64], window: int
) -> Iterable[NDArray[np.float32]]:
    """Yield Fisher z of the pairs, window by window."""
    pairs = np.triu_indices(scan.shape[1], 1)
    for first in range(0, len(starts), BATCH):
        r = window_graphs(
            scan, starts[first : first + BATCH], window, density=None, adjacency=None
        ).correlation
        if r is not None:
            yield from fisher(r[:, pairs[0], pairs[1]])


def fisher(r: NDArray[Any]) -> NDArray[np.float32]:
    """Return Fisher z of clipped correlations."""
    return np.asarray(np.arctanh(np.clip(r, -CLIP, CLIP)), dtype=np.float32)


def whole_scan_correlation(scan: NDArray[Any]) -> NDArray[np.float64]:
    """Return Pearson's r of all regions; 0 with a region that is constant."""
    centred = np.asarray(scan, dtype=np.float64)
    centred = centred - centred.mean(axis=0)
    norm = np.sqrt((centred**2).sum(axis=0))
    # what rounding leaves of a constant series is far below its size
    varies = norm > 1e-12 * np.maximum(np.abs(scan).max(axis=0), 1e-300) * np.sqrt(len(scan))
    centred /= np.where(varies, norm, np.inf)
    return np.asarray(centred.T @ centred)
