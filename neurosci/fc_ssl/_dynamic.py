"""Dynamic connectivity of one scan: its series, four windows, and how alike all windows are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci.preprocessing.connectivity import window_graphs, window_starts

from ._cohort import band_passed

if TYPE_CHECKING:
    import pandas as pd

    from ._compute import Example

WINDOW_S = 60.0
STEP_S = 15.0
N_SHOWN = 4
LONGEST_S = 600.0
MOST_REGIONS = 48
DENSITY = 0.3


def dynamic_tables(example: Example) -> dict[str, pd.DataFrame]:
    """Return the tables of the first figure, with the digits that a picture needs."""
    import pandas as pd

    t_r = example.t_r
    series = np.asarray(example.series, dtype=np.float64)[: int(LONGEST_S / t_r), :MOST_REGIONS]
    clean = band_passed(series, t_r, 1 / WINDOW_S, 0.1) if example.real else series
    window, step = round(WINDOW_S / t_r), round(STEP_S / t_r)
    starts = window_starts(len(clean), window, step, closed="both")
    graphs = window_graphs(clean, starts, window, density=DENSITY)
    # for mypy: both were asked for
    assert graphs.correlation is not None and graphs.adjacency is not None  # noqa: S101
    r, edges = graphs.correlation, graphs.adjacency
    pairs = np.triu_indices(clean.shape[1], 1)
    centre = (starts + (window - 1) / 2) * t_r
    similarity = np.corrcoef(r[:, pairs[0], pairs[1]])
    shown = np.linspace(0, len(starts) - 1, N_SHOWN).round().astype(int)
    scale = clean.std(axis=0)
    standard = (clean - clean.mean(axis=0)) / np.where(scale > 0, scale, np.inf)
    every = max(1, round(2.0 / t_r))
    carpet: dict[str, Any] = {"time": (np.arange(len(clean)) * t_r)[::every].round(2)}
    carpet |= {f"region {i + 1}": column for i, column in enumerate(standard[::every].T.round(1))}
    first, second = np.meshgrid(centre, centre, indexing="ij")
    return {
        "carpet": pd.DataFrame(carpet),
        "windows": pd.DataFrame(
            {
                "first": pairs[0] + 1,
                "second": pairs[1] + 1,
                **{f"r at {centre[k]:.0f} s": r[k][pairs].astype(np.float64).round(2) for k in shown},
                **{f"edge at {centre[k]:.0f} s": edges[k][pairs].astype(np.int64) for k in shown},
            }
        ),
        "similarity": pd.DataFrame(
            {
                "first": first.ravel().round(1),
                "second": second.ravel().round(1),
                "r": similarity.ravel().round(3),
            }
        ),
    }
