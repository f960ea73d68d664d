"""Readers of the fMRI releases that a user has downloaded: ADHD-200 (Athena) and ABIDE (PCP)."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurosci._core.checks import check_option
from neurosci.datasets._errors import DataFormatError, DataNotFoundError
from neurosci.datasets._fmri import RegionSeries

if TYPE_CHECKING:
    from numpy.typing import NDArray

PathLike = str | os.PathLike[str]

ADHD200_SITES = {
    1: "Peking",
    2: "Brown",
    3: "KKI",
    4: "NeuroIMAGE",
    5: "NYU",
    6: "OHSU",
    7: "Pitt",
    8: "WashU",
}
ADHD200_ATLASES = ("cc200", "cc400", "aal", "ho", "tt", "ez")
_SUBTYPES = {
    "0": "control",
    "1": "combined",
    "2": "hyperactive/impulsive",
    "3": "inattentive",
    "tdc": "control",
    "typically developing children": "control",
    "adhd-combined": "combined",
    "adhd-hyperactive/impulsive": "hyperactive/impulsive",
    "adhd-inattentive": "inattentive",
}
_MISSING = {"", "-999", "-999.0", "n/a", "na", "nan", "pending", "withheld", "#n/a"}
_HANDS = {"l": 0.0, "r": 1.0, "left": 0.0, "right": 1.0}
_SEXES = {"0": "female", "1": "male", "f": "female", "m": "male"}
_NUMBERS = {
    "age": "age",
    "handedness": "handedness",
    "adhd index": "adhd_index",
    "inattentive": "inattentive",
    "hyper/impulsive": "hyper_impulsive",
    "verbal iq": "verbal_iq",
    "performance iq": "performance_iq",
    "full2 iq": "full2_iq",
    "full4 iq": "full4_iq",
    **{f"qc_rest_{i}": f"qc_rest_{i}" for i in range(1, 5)},
    **{f"qc_anatomical_{i}": f"qc_anatomical_{i}" for i in range(1, 3)},
}
_TEXTS = {
    "secondary dx": "secondary_diagnosis",
    "adhd measure": "adhd_measure",
    "iq measure": "iq_measure",
    "med status": "medication",
}
_SCAN = re.compile(
    r"(?P<filtered>s?f?)n?wmrda(?P<subject>\d{5,7})_session_(?P<session>\d+)_rest_(?P<run>\d+)"
    r"(?:_(?P<atlas>[a-z0-9]+)_TCs\.1D|\.nii(?:\.gz)?)$"
)
_ADHD_CITATION = (
    "Bellec, P., et al. (2017). The Neuro Bureau ADHD-200 Preprocessed repository. NeuroImage, 144, 275-286."
)


def read_adhd200_phenotypes(path: PathLike) -> pd.DataFrame:
    """Read a table of phenotypes of ADHD-200, with every code that its files use for missing values.

    Parameters
    ----------
    path : path-like
        ``adhd200_preprocessed_phenotypics.tsv``, ``allSubs_testSet_phenotypic_dx.csv`` or a site's table;
        commas or tabs.

    Returns
    -------
    DataFrame
        One row per person: subject (7 digits), site (name), diagnosis ("control", "ADHD" or missing),
        subtype, sex, age (years), handedness (as in the file; the letters L and R become 0 and 1), scores and
        ratings as numbers, and needs_permission (true for NeuroIMAGE). Missing values are NaN or None.

    Raises
    ------
    DataNotFoundError
        If there is no such file.
    DataFormatError
        If the table has no column ID, or names a person twice.

    Warns
    -----
    UserWarning
        If it holds people of NeuroIMAGE, whose data need a permission of their own.

    Examples
    --------
    >>> from neurosci.datasets import read_adhd200_phenotypes
    >>> read_adhd200_phenotypes("adhd200_preprocessed_phenotypics.tsv")  # doctest: +SKIP
    """
    where = "read_adhd200_phenotypes"
    file = Path(path)
    if not file.is_file():
        raise DataNotFoundError(f"{where}: path must be a file, got {file} (download it from the release)")
    table = pd.read_csv(
        file, sep=None, engine="python", dtype=str, keep_default_na=False, encoding="utf-8-sig"
    )
    table.columns = [str(name).strip().lower() for name in table.columns]
    table = table.apply(lambda column: column.str.strip())
    names = [name for name in ("id", "scandir id", "scandirid") if name in table.columns]
    if not names:
        raise DataFormatError(f"{where}: {file.name} must have a column ID, got {', '.join(table.columns)}")
    table = table[table[names[0]].str.fullmatch(r"\d+")].reset_index(drop=True)
    people = pd.DataFrame({"subject": table[names[0]].str.zfill(7)})
    twice = people["subject"][people["subject"].duplicated()].unique()
    if len(twice):
        raise DataFormatError(
            f"{where}: {file.name} must name each person once, got {', '.join(twice)} again"
        )
    blank = pd.Series([""] * len(table))
    people["site"] = table.get("site", blank).map(_site)
    subtypes = [_SUBTYPES.get(text.lower()) for text in table.get("dx", blank)]
    people["subtype"] = subtypes
    people["diagnosis"] = [
        None if kind is None else "control" if kind == "control" else "ADHD" for kind in subtypes
    ]
    people["sex"] = [_SEXES.get(text.lower()) for text in table.get("gender", blank)]
    for name, column in _NUMBERS.items():
        if name in table.columns:
            people[column] = [_number(text) for text in table[name]]
    for name, column in _TEXTS.items():
        if name in table.columns:
            people[column] = [None if text.lower() in _MISSING else text for text in table[name]]
    people["needs_permission"] = people["site"] == "NeuroIMAGE"
    if people["needs_permission"].any():
        warnings.warn(
            f"{where}: {int(people['needs_permission'].sum())} people of NeuroIMAGE are in {file.name}; the "
            "release says of them: This data requires permission to use",
            stacklevel=2,
        )
    return people


def _site(text: str) -> str | None:
    if text.isdigit():
        return ADHD200_SITES.get(int(text))
    return None if text.lower() in _MISSING else text


def _number(text: str) -> float:
    if text.lower() in _MISSING:
        return float("nan")
    if text.lower() in _HANDS:
        return _HANDS[text.lower()]
    try:
        return float(text)
    except ValueError:
        return float("nan")


def find_adhd200_scans(
    folder: PathLike, *, atlas: str | None = "cc200", filtered: bool = True
) -> pd.DataFrame:
    """List the scans of an ADHD-200 download (Athena pipeline).

    Parameters
    ----------
    folder : path-like
        Where the release was unpacked; searched with its sub-folders.
    atlas : {"cc200", "cc400", "aal", "ho", "tt", "ez"} or None, default="cc200"
        Series of the regions of this atlas; None lists the images (NIfTI).
    filtered : bool, default=True
        Files whose name begins with ``sf`` (band-passed 0.009 to 0.08 Hz), or those without filter.

    Returns
    -------
    DataFrame
        One row per scan: subject (7 digits), session, run, path; sorted.

    Raises
    ------
    DataNotFoundError
        If the folder does not exist or holds no such scan.
    ValueError
        If the atlas is unknown.

    Examples
    --------
    >>> from neurosci.datasets import find_adhd200_scans
    >>> find_adhd200_scans("adhd200_athena", atlas=None)  # doctest: +SKIP
    """
    where = "find_adhd200_scans"
    if atlas is not None:
        check_option(where, "atlas", atlas, ADHD200_ATLASES)
    root = Path(folder)
    if not root.is_dir():
        raise DataNotFoundError(f"{where}: folder must be a folder, got {root}")
    rows = [
        {**found, "path": path}
        for path in root.rglob("*")
        if (found := _scan_of(path.name)) is not None
        and found.pop("atlas") == atlas
        and found.pop("filtered") == filtered
    ]
    if not rows:
        kind = "images" if atlas is None else f"series of the atlas {atlas!r}"
        raise DataNotFoundError(
            f"{where}: {root} must hold {'filtered' if filtered else 'unfiltered'} {kind} of ADHD-200, got "
            "none (their names look like sfnwmrda0010001_session_1_rest_1_cc200_TCs.1D)"
        )
    scans = pd.DataFrame(rows)[["subject", "session", "run", "path"]]
    return scans.sort_values(["subject", "session", "run"], ignore_index=True)


def _scan_of(name: str) -> dict[str, Any] | None:
    match = _SCAN.match(name)
    if match is None:
        return None
    return {
        "subject": match["subject"].zfill(7),
        "session": int(match["session"]),
        "run": int(match["run"]),
        "atlas": match["atlas"],
        "filtered": "f" in match["filtered"],
    }


def load_adhd200(
    folder: PathLike,
    phenotypes: PathLike,
    *,
    atlas: str = "cc200",
    filtered: bool = True,
    t_r: Mapping[str, float] | float | None = None,
) -> RegionSeries:
    """Load the region series of an ADHD-200 download with its phenotypes.

    Parameters
    ----------
    folder : path-like
        Where the Athena release was unpacked.
    phenotypes : path-like
        Table of phenotypes; see `read_adhd200_phenotypes`.
    atlas : {"cc200", "cc400", "aal", "ho", "tt", "ez"}, default="cc200"
        Parcellation.
    filtered : bool, default=True
        Band-passed series, or those without filter.
    t_r : mapping of str to float, float or None, default=None
        Repetition time in seconds by site, or of all; the files do not hold it. None leaves it missing.

    Returns
    -------
    RegionSeries
        One series per scan: a person with several scans has several rows with one `subject`, so that
        cross-validation can keep them together.

    Raises
    ------
    DataNotFoundError
        If files are missing.
    DataFormatError
        If a file of series is damaged, differs from the others in its regions, or a person is not in the
        table.

    References
    ----------
    .. [1] Bellec, P., et al. (2017). The Neuro Bureau ADHD-200 Preprocessed repository. NeuroImage, 144,
       275-286.

    Examples
    --------
    >>> from neurosci.datasets import load_adhd200
    >>> load_adhd200("adhd200_athena", "adhd200_preprocessed_phenotypics.tsv")  # doctest: +SKIP
    """
    where = "load_adhd200"
    check_option(where, "atlas", atlas, ADHD200_ATLASES)
    people = read_adhd200_phenotypes(phenotypes)
    scans = find_adhd200_scans(folder, atlas=atlas, filtered=filtered)
    unknown = sorted(set(scans["subject"]) - set(people["subject"]))
    if unknown:
        raise DataFormatError(
            f"{where}: phenotypes must hold every person with a scan, got none for {', '.join(unknown[:5])}"
            f"{' and others' if len(unknown) > 5 else ''}"
        )
    data: list[NDArray[np.float32]] = []
    regions: list[str] = []
    for path in scans["path"]:
        names, series = _read_series(where, path)
        if regions and names != regions:
            raise DataFormatError(f"{where}: {path.name} must have the regions of the first file")
        regions = names
        data.append(series)
    subjects = scans.drop(columns="path").merge(people, on="subject", how="left", validate="m:1")
    subjects["n_times"] = [len(series) for series in data]
    subjects["t_r"] = subjects["site"].map(t_r) if isinstance(t_r, Mapping) else t_r
    subjects["t_r"] = subjects["t_r"].astype(float)
    return RegionSeries(
        name=Path(folder).name,
        data=tuple(data),
        subjects=subjects,
        regions=pd.DataFrame({"name": regions}),
        atlas=atlas,
        connectomes={},
        **_about_user(
            "ADHD-200, Athena pipeline, from your own download",
            subjects,
            "CC BY-NC as usually quoted for ADHD-200",
            _ADHD_CITATION,
            "Registered users; NeuroIMAGE asks for a permission of its own.",
        ),
    )


def _about_user(
    description: str, subjects: pd.DataFrame, licence: str, citation: str, terms: str
) -> dict[str, Any]:
    """Return what is said about data of a user's own, whose files no registry knows."""
    from neurosci._core.result import Source

    source = Source(
        name=description,
        content=f"{len(subjects)} scans of {subjects['subject'].nunique()} people",
        kind="real",
        licence=licence,
        citation=citation,
        note=terms,
    )
    about = {"description": description, "licence": licence, "citation": citation, "terms": terms}
    return {**about, "sources": (source,)}


def _read_series(where: str, path: Path) -> tuple[list[str], NDArray[np.float32]]:
    """Read one table of series: a header, two columns that name the volume, one column per region."""
    try:
        table = pd.read_csv(path, sep="\t")
        table = table.loc[:, [name for name in table.columns if not str(name).startswith("Unnamed")]]
        series = table.iloc[:, 2:].to_numpy(dtype=np.float32)
    except (ValueError, pd.errors.ParserError) as error:
        raise DataFormatError(f"{where}: {path.name} must be a table of series ({error})") from error
    if series.ndim != 2 or min(series.shape) < 1 or not np.isfinite(series).all():
        raise DataFormatError(
            f"{where}: {path.name} must hold finite numbers, volumes by regions, got shape {series.shape}"
        )
    return [str(name).strip() for name in table.columns[2:]], series


def load_abide_pcp(
    *,
    atlas: str = "cc200",
    n_subjects: int | None = None,
    data_dir: PathLike | None = None,
    t_r: Mapping[str, float] | float | None = None,
    **options: Any,
) -> RegionSeries:
    """Load region series of ABIDE I from the Preprocessed Connectomes Project, through nilearn.

    Parameters
    ----------
    atlas : {"aal", "cc200", "cc400", "dosenbach160", "ez", "ho", "tt"}, default="cc200"
        Parcellation.
    n_subjects : int or None, default=None
        Number of people; None takes all.
    data_dir : path-like or None, default=None
        Folder of nilearn's downloads.
    t_r : mapping of str to float, float or None, default=None
        Repetition time in seconds by site, or of all; the release does not hold it. None leaves it missing.
    **options
        Passed on to ``nilearn.datasets.fetch_abide_pcp``, whose defaults here are the C-PAC pipeline without
        band-pass and without regression of the global signal.

    Returns
    -------
    RegionSeries
        One series per person; diagnosis is "autism" or "control".

    References
    ----------
    .. [1] Craddock, C., et al. (2013). The Neuro Bureau Preprocessing Initiative. Frontiers in
       Neuroinformatics, 7.

    Examples
    --------
    >>> from neurosci.datasets import load_abide_pcp
    >>> load_abide_pcp(n_subjects=2)  # doctest: +SKIP
    """
    from nilearn.datasets import fetch_abide_pcp

    where = "load_abide_pcp"
    check_option(where, "atlas", atlas, ("aal", "cc200", "cc400", "dosenbach160", "ez", "ho", "tt"))
    derivative = f"rois_{atlas}"
    settings = {
        "pipeline": "cpac",
        "band_pass_filtering": False,
        "global_signal_regression": False,
        **options,
        "derivatives": [derivative],
        "n_subjects": n_subjects,
        "data_dir": None if data_dir is None else os.fspath(data_dir),
    }
    bunch = fetch_abide_pcp(**settings)
    table = pd.DataFrame(bunch.phenotypic).reset_index(drop=True)
    data = tuple(_as_series(where, value) for value in bunch[derivative])
    if len({series.shape[1] for series in data}) > 1 or len(data) != len(table):
        raise DataFormatError(f"{where}: every person must have one series with the same regions")
    subjects = pd.DataFrame(
        {
            "subject": table["FILE_ID"].astype(str),
            "site": table["SITE_ID"].astype(str),
            "diagnosis": table["DX_GROUP"].astype(int).map({1: "autism", 2: "control"}),
            "age": table["AGE_AT_SCAN"].astype(float),
            "sex": table["SEX"].astype(int).map({1: "male", 2: "female"}),
            "mean_fd": pd.to_numeric(table["func_mean_fd"], errors="coerce"),
            "n_times": [len(series) for series in data],
        }
    )
    subjects["t_r"] = subjects["site"].map(t_r) if isinstance(t_r, Mapping) else t_r
    subjects["t_r"] = subjects["t_r"].astype(float)
    return RegionSeries(
        name="abide_pcp",
        data=data,
        subjects=subjects,
        regions=pd.DataFrame({"name": [f"{atlas} {i + 1}" for i in range(data[0].shape[1])]}),
        atlas=atlas,
        connectomes={},
        **_about_user(
            "ABIDE I, Preprocessed Connectomes Project, through nilearn; the diagnosis is autism",
            subjects,
            "CC BY-NC-SA 3.0 as usually quoted for ABIDE",
            "Di Martino, A., et al. (2014). The autism brain imaging data exchange. Molecular Psychiatry, "
            "19, 659-667.",
            "Non-commercial research.",
        ),
    )


def _as_series(where: str, value: Any) -> NDArray[np.float32]:
    """Return a series that nilearn gives as an array, or as the path of its file."""
    series = np.loadtxt(value) if isinstance(value, (str, os.PathLike)) else np.asarray(value)
    if series.ndim != 2 or not np.isfinite(series).all():
        raise DataFormatError(f"{where}: a series must hold finite numbers, volumes by regions")
    return series.astype(np.float32)
