"""People of the analysis: prepared scans, what is known of each, and who is held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from neurosci._core.result import Source

    from .analysis import FcSslParams

MOST_CONSTANT = 0.2
"""Scans with a larger share of constant regions are left out of deep models, which refuse them."""
MOST_MOTION = 0.3
"""Mean framewise displacement, in mm, above which a scan is not used for pre-training."""
FILTER_ORDER = 5
TARGETS = ("diagnosis", "sex", "age")


@dataclass(frozen=True, eq=False)
class Cohort:
    """People with scans.

    Parameters
    ----------
    name : str
        Data set in words.
    raw, filtered : tuple of ndarray of shape (n_times, n_regions)
        Scans as they came and band-passed, of everybody.
    scans : tuple of ndarray of float32, shape (n_frames, n_regions)
        The same, of equal length in seconds and with one time between frames, for windows.
    table : DataFrame
        One row per scan: subject, site, diagnosis, age, sex, eyes, mean_fd.
    pool : ndarray of int
        Who may be pre-trained on; their labels are not used.
    held_out : ndarray of int
        Of the sites of `pool`, who is kept for the losses of reconstruction.
    downstream : ndarray of int
        People of other sites, whose labels are predicted.
    region_names : tuple of str
        Names of the regions.
    sources : tuple of Source
        What was read.
    """

    name: str
    raw: tuple[NDArray[Any], ...]
    filtered: tuple[NDArray[Any], ...]
    scans: tuple[NDArray[np.float32], ...]
    table: pd.DataFrame
    pool: NDArray[np.intp]
    held_out: NDArray[np.intp]
    downstream: NDArray[np.intp]
    region_names: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()

    def of(self, rows: NDArray[np.intp]) -> list[NDArray[np.float32]]:
        """Return the scans of some people."""
        return [self.scans[row] for row in rows]

    def target(self, name: str) -> tuple[str, NDArray[Any]]:
        """Return the kind of a target and its values; age is that of the logarithm."""
        if name == "age":
            return "regression", np.log(self.table["age"].to_numpy(float))
        positive = {"diagnosis": "autism", "sex": "female"}[name]
        return "classification", (self.table[name] == positive).to_numpy(bool)

    @property
    def site(self) -> NDArray[Any]:
        """Site of each person."""
        return np.asarray(self.table["site"], dtype=str)

    def confounds(self, target: str) -> pd.DataFrame:
        """Return what is known of people without looking at their brain, less the target."""
        known = self.table[["site", "age", "sex", "eyes", "diagnosis"]].copy()
        known["log_fd"] = np.log(self.table["mean_fd"].to_numpy(float))
        return known.drop(columns=[target])


def prepare(data: Any, params: FcSslParams) -> Cohort:
    """Return the people of a data set with diagnosis, sex, age and site, split by site."""
    table = data.subjects.reset_index(drop=True)
    low, high = params.band
    t_r = table["t_r"].to_numpy(float)
    filtered = tuple(band_passed(scan, tr, low, high) for scan, tr in zip(data.data, t_r, strict=True))
    scans = tuple(
        resampled(scan, tr, params.t_r, params.seconds) for scan, tr in zip(filtered, t_r, strict=True)
    )
    constant = np.array([(np.ptp(scan, axis=0) == 0).mean() for scan in data.data])
    usable = constant <= MOST_CONSTANT
    elsewhere = ~table["site"].isin(params.sites).to_numpy()
    still = (table["mean_fd"] < MOST_MOTION).to_numpy()
    shortest = (2 * params.gap + 1) * params.step_s + params.window_s
    long = np.array([len(scan) * params.t_r > shortest for scan in scans])
    candidates = np.flatnonzero(usable & elsewhere & still & long)
    held_out = candidates[:: params.every_held_out]
    pool = np.setdiff1d(candidates, held_out)
    downstream = np.flatnonzero(usable & ~elsewhere & long)
    return Cohort(
        name=data.name,
        raw=data.data,
        filtered=filtered,
        scans=scans,
        table=table,
        pool=thinned(pool, params.n_pool),
        held_out=held_out,
        downstream=downstream,
        region_names=tuple(data.regions["name"].astype(str)),
        sources=data.sources,
    )


def thinned(rows: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """Return at most `n` rows, evenly spread over all of them and so over sites; 0 takes all."""
    if not n or n >= len(rows):
        return rows
    return rows[np.linspace(0, len(rows) - 1, n).round().astype(np.intp)]


def band_passed(scan: NDArray[Any], t_r: float, low: float, high: float) -> NDArray[np.float64]:
    """Return a scan without trend and filtered, as `neurosci.preprocessing.fmri.clean_signals` does.

    That function filters one series at a time; all regions at once are a hundred times as fast.
    """
    from scipy.signal import butter, detrend, sosfiltfilt

    sections = butter(FILTER_ORDER, [low, high], "bandpass", fs=1 / t_r, output="sos")
    made = sosfiltfilt(sections, detrend(np.asarray(scan, dtype=np.float64), axis=0), axis=0)
    made[:, np.ptp(scan, axis=0) == 0] = 0.0
    return np.asarray(made)


def resampled(scan: NDArray[np.float64], t_r: float, other: float, seconds: float) -> NDArray[np.float32]:
    """Return the first seconds of a band-passed scan at another time between frames (cubic spline)."""
    from scipy.interpolate import CubicSpline

    times = np.arange(len(scan)) * t_r
    grid = np.arange(0.0, min(seconds, times[-1]) + 1e-9, other)
    return np.asarray(CubicSpline(times, scan, axis=0)(grid), dtype=np.float32)
