"""Loaders of the region series of ABIDE I that connectivity is learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosci._core.checks import suggest
from neurosci.datasets._about import about
from neurosci.datasets._connectivity_registry import PEOPLE
from neurosci.datasets._errors import DataFormatError
from neurosci.datasets._fmri import RegionSeries
from neurosci.datasets._fmri_fetch import PathLike
from neurosci.datasets._registry import get_dataset
from neurosci.datasets._store import obtain

_COLUMNS = {
    "participant_id": "subject",
    "site": "site",
    "tr": "t_r",
    "n_tr": "n_times",
    "dx_group": "diagnosis",
    "age": "age",
    "sex": "sex",
    "handedness": "handedness",
    "fiq": "full_iq",
    "eye_status": "eyes",
    "func_mean_fd": "mean_fd",
    "func_perc_fd": "percent_fd",
    "quality_checked": "quality_checked",
}
_WORDS = {
    "diagnosis": {1: "autism", 2: "control"},
    "sex": {1: "male", 2: "female"},
    "eyes": {1: "open", 2: "closed"},
    "quality_checked": {1: True, 0: False},
}


def fetch_abide_ho110(
    *, sites: Sequence[str] | None = None, data_dir: PathLike | None = None
) -> RegionSeries:
    """Load ABIDE I in 110 Harvard-Oxford regions from the folder ``NEUROSCI_DATA`` or the cache.

    The diagnosis is autism, not ADHD. This copy is not offered for download; `load_abide_pcp` with
    ``atlas="ho", quality_checked=False`` reads the same people from the public release.

    Parameters
    ----------
    sites : sequence of str or None, default=None
        Sites to load, for example ``("NYU", "KKI")``; None loads all 20 in the order of the table.
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).

    Returns
    -------
    RegionSeries
        1,035 people, 78 to 316 volumes, no band-pass and no regression of the global signal; each region has
        zero mean, in units of the scanner. A region that is zero throughout is missing: 49 people have some,
        one of them 57. `subjects` holds site, t_r (s), diagnosis ("autism" or "control"), age (years), sex,
        handedness, full_iq, eyes ("open" or "closed"), mean_fd (mean framewise displacement, mm; missing for
        one person), percent_fd (volumes above 0.2 mm) and quality_checked (no rater said "fail"). `regions`
        holds name and code of the atlas.

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
    >>> from neurosci.datasets import fetch_abide_ho110
    >>> fetch_abide_ho110()  # doctest: +SKIP
    RegionSeries(abide_ho110: 1035 people, 1035 scans, 110 regions, real)
    """
    where = "fetch_abide_ho110"
    paths = _paths("abide_ho110", where, data_dir)
    people = _people(paths[PEOPLE[0]])
    scans, codes = _read_series(where, paths["abide1_cpac_nofilt_noglobal_ho110_int8.npz"], people)
    regions = pd.read_csv(paths["ho110_rois.tsv"], sep="\t")
    if codes is None or list(regions["code"]) != codes:
        raise DataFormatError(f"{where}: the series and the table of regions must name the same regions")
    dataset = RegionSeries(
        name="abide_ho110",
        data=scans,
        subjects=people,
        regions=regions[["label", "code"]].rename(columns={"label": "name"}),
        atlas="Harvard-Oxford",
        connectomes={},
        **about(get_dataset("abide_ho110"), f"{len(scans)} people, {len(regions)} regions"),
    )
    return dataset if sites is None else dataset.select(_of_sites(where, people, sites))


def fetch_abide_nyu_cc200(*, data_dir: PathLike | None = None) -> RegionSeries:
    """Load the site NYU of ABIDE I in 200 Craddock regions, band-passed, from ``NEUROSCI_DATA`` or the cache.

    The diagnosis is autism, not ADHD. This copy is not offered for download; `load_abide_pcp` with
    ``atlas="cc200", SITE_ID="NYU", band_pass_filtering=True, global_signal_regression=True,
    quality_checked=False`` reads the same people from the public release.

    Parameters
    ----------
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).

    Returns
    -------
    RegionSeries
        175 people, 176 volumes every 2 s, band-passed from 0.01 to 0.1 Hz and without the global signal;
        `subjects` as from `fetch_abide_ho110`.

    Raises
    ------
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
    >>> from neurosci.datasets import fetch_abide_nyu_cc200
    >>> fetch_abide_nyu_cc200()  # doctest: +SKIP
    RegionSeries(abide_nyu_cc200: 175 people, 175 scans, 200 regions, real)
    """
    where = "fetch_abide_nyu_cc200"
    paths = _paths("abide_nyu_cc200", where, data_dir)
    people = _people(paths[PEOPLE[0]])
    people = people[people["site"] == "NYU"].reset_index(drop=True)
    path = paths["abide1_nyu_cpac_filt_global_cc200_int8.npz"]
    with np.load(path, allow_pickle=False) as content:
        people["n_times"] = content["n_tr"].astype(int) if len(people) == content["n_tr"].size else 0
    scans, _ = _read_series(where, path, people)
    n_regions = scans[0].shape[1]
    return RegionSeries(
        name="abide_nyu_cc200",
        data=scans,
        subjects=people,
        regions=pd.DataFrame({"name": [f"CC200 {i + 1}" for i in range(n_regions)]}),
        atlas="Craddock 200",
        connectomes={},
        **about(get_dataset("abide_nyu_cc200"), f"{len(scans)} people, {n_regions} regions"),
    )


def _paths(name: str, where: str, data_dir: PathLike | None) -> dict[str, Path]:
    """Return the verified files by their names."""
    found = obtain(get_dataset(name), where=where, data_dir=data_dir, download=False)
    return {Path(key).name: path for key, path in found.items()}


def _people(path: Path) -> pd.DataFrame:
    """Read the table of people with words for codes."""
    table = pd.read_csv(path, sep="\t", na_values="n/a", dtype={"participant_id": str})
    people = table[list(_COLUMNS)].rename(columns=_COLUMNS)
    for column, words in _WORDS.items():
        people[column] = people[column].map(words)
    return people


def _read_series(
    where: str, path: Path, people: pd.DataFrame
) -> tuple[tuple[NDArray[np.float32], ...], list[int] | None]:
    """Return series of float32 and the codes of the regions, where the file holds them."""
    with np.load(path, allow_pickle=False) as content:
        series, n_times, scale = content["q"], content["n_tr"].astype(np.int64), content["scale"]
        codes = content["roi_code"].tolist() if "roi_code" in content.files else None
    if n_times.tolist() != people["n_times"].tolist() or int(n_times.sum()) != len(series):
        raise DataFormatError(f"{where}: {path.name} and the table of people must hold the same scans")
    blocks = np.split(series, np.cumsum(n_times)[:-1])
    return tuple(block.astype(np.float32) * row for block, row in zip(blocks, scale, strict=True)), codes


def _of_sites(where: str, people: pd.DataFrame, sites: Sequence[str]) -> NDArray[np.int64]:
    """Return the positions of the people of some sites, in the order of `sites`."""
    known = people["site"].unique().tolist()
    for site in sites:
        if site not in known:
            raise ValueError(
                f"{where}: sites must hold names of sites, got {site!r} ({suggest(str(site), known)})"
            )
    here = people["site"].to_numpy()
    return np.concatenate([np.flatnonzero(here == site) for site in sites])
