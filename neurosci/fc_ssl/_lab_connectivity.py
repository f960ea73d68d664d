"""Static and dynamic connectivity of one run of a lab, and what is said of it in one row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.random import spawn
from neurosci.preprocessing.connectivity import window_graphs, window_starts
from neurosci.preprocessing.surrogates import phase_randomized

from ._dynamic import STEP_S, WINDOW_S

FEWEST_WINDOWS = 3
LARGEST_Z = 4.0
"""Fisher's z of a pair at which it is cut: r = 0.9993."""


@dataclass(frozen=True)
class Connectivity:
    """How the regions of one run go together.

    Parameters
    ----------
    static : ndarray of float64, shape (n_regions, n_regions)
        Pearson's r over the run; NaN for regions that do not change.
    centres : ndarray of float64, shape (n_windows,)
        Middle of each window in seconds; none where the run is too short.
    similarity : ndarray of float64, shape (n_windows, n_windows)
        Correlation of the pairs' r in one window with those in another.
    spread : float
        Standard deviation of Fisher's z over windows, mean over pairs; NaN where the run is too short.
    spread_null : float
        The same in a surrogate with the same spectra and random phases.
    """

    static: NDArray[np.float64]
    centres: NDArray[np.float64]
    similarity: NDArray[np.float64]
    spread: float
    spread_null: float


def connectivity_of(series: NDArray[Any], t_r: float, name: str) -> Connectivity:
    """Return the connectivity of one run; `name` seeds its surrogate."""
    values = np.asarray(series, dtype=np.float64)
    varies = np.ptp(values, axis=0) > 0
    n_regions = values.shape[1]
    static = np.full((n_regions, n_regions), np.nan)
    used = values[:, varies]
    if used.shape[1] < 2:
        return Connectivity(static, np.empty(0), np.empty((0, 0)), np.nan, np.nan)
    static[np.ix_(varies, varies)] = np.corrcoef(used.T)
    window, step = max(2, round(WINDOW_S / t_r)), max(1, round(STEP_S / t_r))
    if len(used) < window + (FEWEST_WINDOWS - 1) * step:
        return Connectivity(static, np.empty(0), np.empty((0, 0)), np.nan, np.nan)
    starts = window_starts(len(used), window, step, closed="both")
    r = _pairs_of_windows(used, starts, window)
    # few pairs that hardly differ have no correlation from window to window
    varied = r.shape[1] > 2 and bool((r.std(axis=1) > 0).all())
    similarity = np.asarray(np.corrcoef(r) if varied else np.full((len(starts),) * 2, np.nan))
    (surrogate,) = phase_randomized(used, random_state=spawn(0, "phases", name))
    null = _pairs_of_windows(surrogate, starts, window)
    centres = np.asarray((starts + (window - 1) / 2) * t_r, dtype=np.float64)
    return Connectivity(static, centres, similarity, _spread(r), _spread(null))


def _pairs_of_windows(
    series: NDArray[np.float64], starts: NDArray[np.int64], window: int
) -> NDArray[np.float64]:
    """Return r of each pair in each window, shape (n_windows, n_pairs)."""
    found = window_graphs(series, starts, window, density=None, adjacency=None).correlation
    assert found is not None  # noqa: S101 (for mypy: it was asked for)
    first, second = np.triu_indices(series.shape[1], 1)
    return found[:, first, second].astype(np.float64)


def _spread(r: NDArray[np.float64]) -> float:
    return float(fisher_z(r).std(axis=0, ddof=1).mean())


def fisher_z(r: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Fisher's z, cut where pairs are alike to the last digit."""
    limit = np.tanh(LARGEST_Z)
    return np.asarray(np.arctanh(np.clip(r, -limit, limit)))


def upper(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each pair once, shape (n_pairs,)."""
    return np.asarray(matrix[np.triu_indices(len(matrix), 1)])


def summary(found: Connectivity) -> dict[str, float]:
    """Return what is said of a run in one row."""
    r = upper(found.static)
    r = r[np.isfinite(r)]
    known = r.size > 0
    return {
        "fc_mean": float(r.mean()) if known else np.nan,
        "fc_sd": float(r.std()) if known else np.nan,
        "fc_negative": float(np.mean(r < 0)) if known else np.nan,
        "n_windows": float(len(found.centres)),
        "dfc_sd": found.spread,
        "dfc_sd_surrogate": found.spread_null,
    }
