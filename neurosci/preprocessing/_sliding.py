"""Connectivity in sliding windows as a transformer of scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from neurosci._core.checks import check_option
from neurosci.preprocessing._thresholds import above_percentile
from neurosci.preprocessing._window_engine import graphs_of, window_products
from neurosci.preprocessing._windows import (
    UNITS,
    check_density,
    check_regions,
    check_taper,
    frame_numbers,
)
from neurosci.preprocessing.connectivity import CLOSED, window_starts, window_times

CONNECTIVITY = ("correlation", "covariance", "partial correlation")


class SlidingWindowConnectivity(TransformerMixin, BaseEstimator):
    r"""Connectivity of regions in windows that slide over each scan.

    Parameters
    ----------
    window : float, default=50
        Length of a window, in `unit`.
    step : float, default=16
        Distance of two starts, in `unit`.
    unit : {"frames", "s"}, default="frames"
        Frames, or seconds rounded to whole frames: use seconds where sites differ in their repetition time.
    t_r : float, default=None
        Time between frames of all scans, in seconds; needed for seconds unless `transform` gets it.
    kind : {"correlation", "covariance", "partial correlation"}, default="correlation"
        Pearson's r; the covariance, divided by the number of frames; or correlations given all other regions,
        from the covariance of Ledoit and Wolf, since a window has fewer frames than regions.
    taper : {"gaussian"} or array-like of shape (window,), default=None
        Weights of the frames of a window: none, a Gaussian whose standard deviation is a sixth of the window,
        or given ones. Means and products are weighted alike, so that r stays within [-1, 1].
    closed : {"left", "both"}, default="left"
        Whether a last window that ends with the scan is left out, as in the code of STAGIN [1]_, or kept; see
        `neurosci.preprocessing.connectivity.window_starts`.
    density : float, default=None
        Share of entries to keep, in (0, 1]; the result is then boolean, as
        `neurosci.preprocessing.connectivity.threshold_proportional` gives it. None keeps values.
    include_diagonal : bool, default=True
        Whether the diagonal takes part in the percentile (then fewer pairs are kept). It is set in any case.
    vectorize : bool, default=False
        Whether to return what is right of the diagonal, row by row, instead of matrices.
    dtype : dtype, default=float32
        Of values; float32 or float64.
    n_jobs : int, default=None
        Threads, one scan each, as in joblib.

    Attributes
    ----------
    n_features_in_ : int
        Number of regions.

    See Also
    --------
    neurosci.preprocessing.connectivity.window_graphs : The same for one scan, for any starts.

    Notes
    -----
    A region that is constant in a window has zeros with all others, and 1 on the diagonal (its variance, 0,
    for covariances). With :class:`nilearn.connectome.ConnectivityMeasure` and ``EmpiricalCovariance`` each
    window gives the same correlations and covariances.

    Windows shorter than the longest period in the signals show changes that are not there: high-pass at the
    inverse of the window, and compare with surrogates (`neurosci.preprocessing.surrogates`).

    References
    ----------
    .. [1] Kim, B.-H., Ye, J. C., & Kim, J.-J. (2021). Learning dynamic graph representation of brain
       connectome with spatio-temporal attention. Advances in Neural Information Processing Systems, 34.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.preprocessing import SlidingWindowConnectivity
    >>> scans = [np.random.default_rng(i).standard_normal((100 + 20 * i, 6)) for i in range(2)]
    >>> found = SlidingWindowConnectivity(30, 10).fit_transform(scans)
    >>> [one.shape for one in found]
    [(7, 6, 6), (9, 6, 6)]
    """

    def __init__(
        self,
        window: float = 50,
        step: float = 16,
        *,
        unit: str = "frames",
        t_r: float | None = None,
        kind: str = "correlation",
        taper: str | ArrayLike | None = None,
        closed: str = "left",
        density: float | None = None,
        include_diagonal: bool = True,
        vectorize: bool = False,
        dtype: DTypeLike = np.float32,
        n_jobs: int | None = None,
    ) -> None:
        self.window = window
        self.step = step
        self.unit = unit
        self.t_r = t_r
        self.kind = kind
        self.taper = taper
        self.closed = closed
        self.density = density
        self.include_diagonal = include_diagonal
        self.vectorize = vectorize
        self.dtype = dtype
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 (pipelines pass it)
        """Check the parameters and the scans, and take the number of regions.

        Parameters
        ----------
        X : array-like of shape (n_scans, n_times, n_regions), or sequence of arrays (n_times, n_regions)
            Scans; their numbers of frames may differ.
        y : object, default=None
            Not used.

        Returns
        -------
        SlidingWindowConnectivity
            Itself.

        Raises
        ------
        ValueError
            If a parameter is out of its range, a scan is not finite, or scans differ in their regions.
        """
        self._check_options()
        scans = self._scans(X)
        widths = [scan.shape[1] for scan in scans]
        self._check_widths(widths, widths[0])
        self.n_features_in_ = widths[0]
        return self

    def transform(self, X: Any, *, t_r: float | Sequence[float] | None = None) -> list[NDArray[Any]]:
        """Return the connectivity of each scan in its windows.

        Parameters
        ----------
        X : array-like of shape (n_scans, n_times, n_regions), or sequence of arrays (n_times, n_regions)
            Scans.
        t_r : float or sequence of float, default=None
            Time between frames of all scans or of each, in seconds; None takes that of the estimator.

        Returns
        -------
        list of ndarray
            Per scan (n_windows, n_regions, n_regions), or (n_windows, n_regions * (n_regions - 1) / 2) where
            vectors were asked for; `dtype`, or bool with a `density`.

        Raises
        ------
        ValueError
            If a scan is too short, not finite or of other regions, or seconds are asked for without a
            repetition time.
        """
        from joblib import Parallel, delayed
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        self._check_options()
        where = type(self).__name__
        scans = self._scans(X)
        self._check_widths([scan.shape[1] for scan in scans], self.n_features_in_)
        times = self.t_r if t_r is None else t_r
        each: list[Any] = [times] * len(scans) if np.ndim(times) == 0 else list(np.asarray(times))  # type: ignore[arg-type]
        if len(each) != len(scans):
            raise ValueError(
                f"{where}: t_r must be one number, or one for each of {len(scans)} scans, got {len(each)}"
            )
        jobs = []
        for index, (scan, one) in enumerate(zip(scans, each, strict=True)):
            length, stride = frame_numbers(where, self.window, self.step, self.unit, one)
            try:
                starts = window_starts(len(scan), length, stride, closed=self.closed)
            except ValueError as error:
                raise ValueError(f"{where}: X[{index}] is too short: {error}") from error
            jobs.append((scan, starts, length, check_taper(where, self.taper, length)))
        run = Parallel(n_jobs=self.n_jobs, prefer="threads")
        return list(run(delayed(self._windows)(*job) for job in jobs))

    def window_times(self, n_times: int, t_r: float | None = None) -> NDArray[np.float64]:
        """Return the centre of each window of a scan.

        Parameters
        ----------
        n_times : int
            Frames of the scan.
        t_r : float, default=None
            Time between frames, in seconds; None takes that of the estimator.

        Returns
        -------
        ndarray of float64, shape (n_windows,)
            Seconds from the first frame.
        """
        seconds = self.t_r if t_r is None else t_r
        if seconds is None:
            raise ValueError(f"{type(self).__name__}: t_r must be given, in seconds, got None")
        return window_times(n_times, self.window, self.step, seconds, unit=self.unit, closed=self.closed)

    def _check_options(self) -> None:
        where = type(self).__name__
        check_option(where, "unit", self.unit, UNITS)
        check_option(where, "kind", self.kind, CONNECTIVITY)
        check_option(where, "closed", self.closed, CLOSED)
        if np.dtype(self.dtype) not in (np.float32, np.float64):
            raise ValueError(f"{where}: dtype must be float32 or float64, got {self.dtype!r}")
        if self.unit == "frames":
            length, _ = frame_numbers(where, self.window, self.step, self.unit, None)
            check_taper(where, self.taper, length)
        if self.density is not None:
            check_density(where, self.density)

    def _scans(self, X: Any) -> list[NDArray[Any]]:
        where = type(self).__name__
        if not hasattr(X, "__len__") or isinstance(X, str | dict):
            raise TypeError(f"{where}: X must be a sequence of scans, got {type(X).__name__}")
        if not len(X):
            raise ValueError(f"{where}: X must hold at least 1 scan, got 0")
        return [check_regions(where, f"X[{i}]", X[i]) for i in range(len(X))]

    def _check_widths(self, widths: list[int], expected: int) -> None:
        for index, width in enumerate(widths):
            if width != expected:
                where = type(self).__name__
                raise ValueError(
                    f"{where}: X[{index}] must have {expected} regions as the others, got {width}"
                )

    def _windows(
        self, scan: NDArray[Any], starts: NDArray[np.int64], window: int, taper: NDArray[np.float64] | None
    ) -> NDArray[Any]:
        options: dict[str, Any] = {"dtype": np.dtype(self.dtype), "weights": taper}
        found: NDArray[Any]
        if self.kind == "correlation":
            R, A = graphs_of(
                scan,
                starts,
                window,
                self.density,
                self.density is None,
                "bool",
                include_diagonal=self.include_diagonal,
                **options,
            )
            found = R if A is None else A  # type: ignore[assignment]
        else:
            found = self._others(scan, starts, window, options)
        if self.vectorize:
            rows, columns = np.triu_indices(found.shape[-1], 1)
            return np.ascontiguousarray(found[:, rows, columns])
        return found

    def _others(
        self, scan: NDArray[Any], starts: NDArray[np.int64], window: int, options: dict[str, Any]
    ) -> NDArray[Any]:
        """Return covariances or partial correlations, thresholded where that is asked for."""
        n_regions = scan.shape[1]
        kept = np.dtype(self.dtype) if self.density is None else np.dtype(np.bool_)
        out = np.empty((len(starts), n_regions, n_regions), dtype=kept)
        for k, (products, constant, centred) in enumerate(
            window_products(scan, starts, window, scaled=False, **options)
        ):
            if self.kind == "covariance":
                matrix = np.triu(products) + np.triu(products, 1).T
            else:
                matrix = _partial(centred, constant).astype(self.dtype)
            if self.density is None:
                out[k] = matrix
            else:
                out[k] = above_percentile(matrix, self.density, self.include_diagonal)
                np.fill_diagonal(out[k], True)
        return out


def _partial(centred: NDArray[Any], constant: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return correlations of regions given all others that vary; products of rows are covariances."""
    from sklearn.covariance import ledoit_wolf

    out = np.eye(centred.shape[1])
    varying = np.flatnonzero(~constant)
    if varying.size < 2:
        return out
    rows = centred[:, varying].astype(np.float64) * np.sqrt(len(centred))
    precision = np.linalg.inv(ledoit_wolf(rows, assume_centered=True)[0])
    scale = 1 / np.sqrt(np.diag(precision))
    partial = -precision * scale[:, np.newaxis] * scale
    partial = np.triu(partial, 1)
    out[np.ix_(varying, varying)] = partial + partial.T + np.eye(varying.size)
    return out
