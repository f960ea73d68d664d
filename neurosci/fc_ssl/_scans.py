"""Scans as they come, checked once, standardised one at a time, and cut into windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci.preprocessing._windows import frame_numbers
from neurosci.preprocessing.connectivity import window_starts

from ._checks import check_repetition_times, check_scans


class Scans:
    """Access to scans in memory or in a store, and to their windows.

    Parameters
    ----------
    where : str
        Class, for messages.
    X : TimeSeriesStore, array-like of shape (n_scans, n_frames, n_rois), or sequence of array-like
        Scans.
    window, step : float
        Length of a window and distance of two starts.
    unit : {"frames", "s"}, default="frames"
        Their unit.
    t_r : float or sequence of float, default=None
        Time between frames of all scans or of each, in seconds; a store brings its own.
    closed : {"left", "both"}, default="left"
        Whether a last window that ends with the scan counts.
    crop : float, default=None
        Length of a random stretch that windows come from in training; None takes the whole scan.
    n_rois : int, default=None
        Regions that there must be.
    fewest : int, default=1
        Windows that each scan (or its stretch) must hold.
    """

    def __init__(
        self,
        where: str,
        X: Any,
        window: float,
        step: float,
        *,
        unit: str = "frames",
        t_r: Any = None,
        closed: str = "left",
        crop: float | None = None,
        n_rois: int | None = None,
        fewest: int = 1,
    ) -> None:
        self.closed = closed
        n_scans = len(X) if hasattr(X, "__len__") else len(X := list(X))
        if t_r is None and hasattr(X, "t_r"):
            t_r = X.t_r
        times = check_repetition_times(where, t_r, n_scans, unit)
        seconds: Iterable[Any] = [None] * n_scans if times is None else times.tolist()
        numbers = [frame_numbers(where, window, step, unit, one) for one in seconds]
        self.windows = [length for length, _ in numbers]
        self.steps = [stride for _, stride in numbers]
        self.scans = check_scans(
            where,
            X,
            n_regions=n_rois,
            window=self.windows or None,
            step=self.steps or 1,
            n_windows=fewest,
            closed=closed,
        )
        self.n_rois = int(self.scans[0].shape[1])
        self.n_frames = [len(scan) for scan in self.scans] if not hasattr(X, "n_times") else list(X.n_times)
        self.crops: list[int] | None = None
        if crop is not None:
            self.crops = [
                min(n, frame_numbers(where, crop, crop, unit, one)[0])
                for n, one in zip(
                    self.n_frames, times if times is not None else [None] * n_scans, strict=True
                )
            ]
            for n, length, stride in zip(self.crops, self.windows, self.steps, strict=True):
                count = len(range(0, n - length + (closed == "both"), stride))
                if count < fewest:
                    raise ValueError(
                        f"{where}: crop must hold at least {fewest} windows of {length} frames in steps of "
                        f"{stride}, got {n} frames (take a longer stretch, or shorter windows)"
                    )

    def __len__(self) -> int:
        return len(self.n_frames)

    def series(self, index: int) -> NDArray[np.float32]:
        """Return one scan, each region standardised over the whole scan; constant regions are 0.

        Parameters
        ----------
        index : int
            Scan.

        Returns
        -------
        ndarray of float32, shape (n_frames, n_rois)
            Scan.
        """
        scan = np.asarray(self.scans[index], dtype=np.float64)
        return np.asarray((scan - scan.mean(0)) / (scan.std(0) + 1e-9), dtype=np.float32)

    def starts(self, index: int, rng: np.random.Generator | None = None) -> NDArray[np.int64]:
        """Return the first frames of the windows of one scan.

        Parameters
        ----------
        index : int
            Scan.
        rng : numpy.random.Generator, default=None
            Draws the stretch; None takes the whole scan.

        Returns
        -------
        ndarray of int64, shape (n_windows,)
            Starts.
        """
        n_frames, first = self.n_frames[index], 0
        if rng is not None and self.crops is not None:
            first = int(rng.integers(n_frames - self.crops[index] + 1))
            n_frames = self.crops[index]
        return first + window_starts(n_frames, self.windows[index], self.steps[index], closed=self.closed)

    def chunks(self, n_graphs: int = 256) -> Iterator[list[int]]:
        """Yield scans in groups of about as many windows.

        Parameters
        ----------
        n_graphs : int, default=256
            Windows of a group, unless one scan has more.

        Yields
        ------
        list of int
            Scans.
        """
        group: list[int] = []
        count = 0
        for index in range(len(self)):
            n = len(self.starts(index))
            if group and count + n > n_graphs:
                yield group
                group, count = [], 0
            group.append(index)
            count += n
        yield group
