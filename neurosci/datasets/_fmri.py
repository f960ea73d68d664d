"""What the loaders of fMRI return: one series of regions per scan, and what is known about each person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from neurosci._core.result import Source


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RegionSeries:
    """Time series of brain regions, scan by scan.

    Parameters
    ----------
    name : str
        Key of the data set, or name of the user's folder.
    data : tuple of ndarray of shape (n_times, n_regions), float32
        One per scan; `n_times` may differ. Arbitrary units.
    subjects : DataFrame
        One row per scan, in the order of `data`: subject, site, t_r (s), n_times, and what else is known
        (diagnosis, age in years, sex, mean_fd in mm).
    regions : DataFrame
        One row per region: name.
    kind : {"real", "published"}
        Recordings, or numbers released by a paper's authors; never simulated.
    atlas : str
        Name of the parcellation.
    connectomes : dict of str to ndarray of shape (n_scans, n_regions, n_regions)
        Structural connections, where they are known.
    description, licence, citation, terms : str
        About the data.
    sources : tuple of Source
        What was read, with the hash of every file.
    """

    name: str
    data: tuple[NDArray[np.float32], ...]
    subjects: pd.DataFrame
    regions: pd.DataFrame
    kind: str = "real"
    atlas: str = ""
    connectomes: dict[str, NDArray[np.float64]]
    description: str = ""
    licence: str = ""
    citation: str = ""
    terms: str = ""
    sources: tuple[Source, ...] = ()

    def __repr__(self) -> str:
        people = self.subjects["subject"].nunique()
        return (
            f"RegionSeries({self.name}: {people} people, {len(self.data)} scans, "
            f"{len(self.regions)} regions, {self.kind})"
        )

    @property
    def n_scans(self) -> int:
        """Number of scans."""
        return len(self.data)

    def select(self, which: ArrayLike) -> RegionSeries:
        """Return some of the scans.

        Parameters
        ----------
        which : array_like of shape (n_scans,) of bool, or of int
            A mask or positions.

        Returns
        -------
        RegionSeries
            The chosen scans, in the order of `which`.
        """
        index = np.arange(self.n_scans)[np.asarray(which)]
        return replace(
            self,
            data=tuple(self.data[i] for i in index),
            subjects=self.subjects.iloc[index].reset_index(drop=True),
            connectomes={name: matrices[index] for name, matrices in self.connectomes.items()},
        )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class BrainGraphs:
    """Small undirected brain graphs.

    Parameters
    ----------
    name : str
        Key of the data set.
    data : tuple of ndarray of shape (n_nodes, n_nodes), bool
        Adjacency of each graph; symmetric, without loops.
    kind : {"real", "published"}
        Recordings, or numbers released by a paper's authors; never simulated.
    description, licence, citation, terms : str
        About the data.
    sources : tuple of Source
        What was read, with the hash of every file.
    """

    name: str
    data: tuple[NDArray[np.bool_], ...]
    kind: str = "real"
    description: str = ""
    licence: str = ""
    citation: str = ""
    terms: str = ""
    sources: tuple[Source, ...] = ()

    def __repr__(self) -> str:
        return f"BrainGraphs({self.name}: {len(self.data)} graphs, {self.kind})"
