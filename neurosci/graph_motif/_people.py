"""People of the analysis, from ABIDE, a user's ADHD-200 or nowhere: one form for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from neurosci._core.result import Source


@dataclass(frozen=True, eq=False)
class People:
    """Scans with groups.

    Parameters
    ----------
    name : str
        Data set in words.
    patients, controls : str
        Names of the two groups.
    series : tuple of ndarray of shape (n_times, n_nodes)
        Scans; empty for the synthetic cohort, whose recordings are made where they are needed.
    table : DataFrame
        One row per scan: subject, site, t_r (s), n_times, and what else is known.
    positive : ndarray of bool, shape (n_scans,)
        Whether the scan is a patient's.
    phenotype, motion : DataFrame or None
        What the baselines may use.
    band : tuple of float or None
        Pass band in Hz of the filter that is still to be applied.
    kind : {"real", "synthetic"}
        What the scans are.
    sources : tuple of Source
        What was read.
    """

    name: str
    patients: str
    controls: str
    series: tuple[NDArray[Any], ...]
    table: pd.DataFrame
    positive: NDArray[np.bool_]
    phenotype: pd.DataFrame | None
    motion: pd.DataFrame | None
    band: tuple[float, float] | None
    kind: str = "real"
    sources: tuple[Source, ...] = ()
    is_adhd200: bool = False
    notes: tuple[str, ...] = field(default=())

    def components(self, wanted: tuple[int, ...]) -> tuple[int, ...]:
        """Return the numbers of components that leave-one-site-out training sets have people for.

        Parameters
        ----------
        wanted : tuple of int
            Numbers that were asked for; of several, inner folds choose one, and have fewer people.

        Returns
        -------
        tuple of int
            Those that are possible; if none is, half the people of the smallest training set.
        """
        fewest = len(self.positive) - int(np.unique(self.site, return_counts=True)[1].max())
        limit = fewest if len(wanted) == 1 else 3 * fewest // 4
        return tuple(k for k in wanted if k < limit) or (max(1, fewest // 2),)

    @property
    def site(self) -> NDArray[Any]:
        """Site of each scan."""
        return np.asarray(self.table["site"], dtype=str)

    @property
    def subject(self) -> NDArray[Any]:
        """Person of each scan."""
        return np.asarray(self.table["subject"], dtype=str)

    @property
    def synthetic(self) -> bool:
        """Whether a verdict on these people speaks of a generator."""
        return self.kind == "synthetic"


def columns(table: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame | None:
    """Return the columns that a table has and that hold a value; None where there are none."""
    held = [name for name in names if name in table.columns and table[name].notna().any()]
    return table[held] if held else None


def from_series(data: Any, *, patients: str, band: tuple[float, float] | None, is_adhd200: bool) -> People:
    """Return the people of a data set that has a diagnosis; scans without one are left out."""
    known = data.subjects["diagnosis"].notna().to_numpy()
    chosen = data.select(known)
    table = chosen.subjects
    if band is not None and table["t_r"].isna().any():
        missing = ", ".join(sorted(set(table.loc[table["t_r"].isna(), "site"].astype(str))))
        raise ValueError(
            f"graph_motif: t_r must be known to filter, got none for the sites {missing} (name their "
            "repetition times in adhd200_t_r)"
        )
    return People(
        name=data.name,
        patients=patients,
        controls="control",
        series=chosen.data,
        table=table,
        positive=(table["diagnosis"] == patients).to_numpy(bool),
        phenotype=columns(table, ("age", "sex", "handedness", "full4_iq")),
        motion=columns(table, ("mean_fd",)),
        band=band,
        sources=data.sources,
        is_adhd200=is_adhd200,
        notes=() if known.all() else (f"{int((~known).sum())} scans without a diagnosis were left out.",),
    )
