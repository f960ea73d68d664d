"""Loader of the published critical-band data: networks as released by the authors, and people."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from neurosci.datasets._critical_band_format import (
    CONDITIONS,
    Problems,
    read_networks,
    read_scores,
    read_whitebox,
    reconcile,
)
from neurosci.datasets._errors import DataNotFoundError
from neurosci.datasets._registry import Dataset, get_dataset
from neurosci.datasets._store import obtain

if TYPE_CHECKING:
    from neurosci._core.result import Source

_COUNTS = {"observer": "observer", "noise_sd": "noise_sd", "freq_index": "band", "n_trials": "n_trials"}
_COUNTS["n_correct"] = "n_correct"
_TRAINING = "training_percent_correct_of_50"


@dataclass(frozen=True, eq=False, repr=False)
class CriticalBandData:
    """Published data of the critical-band study.

    Parameters
    ----------
    networks : DataFrame
        Columns network, noise_sd (contrast), band (0 to 6, low to high frequency), n_trials, n_correct.
    scores : DataFrame
        Indexed by network: shape_score (mean over 16 shape classes), benign (accuracy on 1000 images),
        at_chance (benign accuracy below 0.01: these networks were evaluated with a broken head or broken
        weights). Not a number where the authors released none.
    whitebox : DataFrame
        Columns network, radius (L2 norm of the perturbation), accuracy (on 1000 images), source_file.
    humans : DataFrame or None
        Columns observer, noise_sd, band, n_trials, n_correct; None if these files are not on this machine.
    human_training : DataFrame or None
        Columns observer, accuracy (in 50 training trials).
    sources : tuple of Source
        What was read, with the hash of every file.
    kind : str
        "published".
    description, licence, citation, terms : str
        About the networks' data; `sources` says the same about the people's.
    """

    networks: pd.DataFrame
    scores: pd.DataFrame
    whitebox: pd.DataFrame
    humans: pd.DataFrame | None
    human_training: pd.DataFrame | None
    sources: tuple[Source, ...]
    kind: str
    description: str
    licence: str
    citation: str
    terms: str

    def __repr__(self) -> str:
        networks = self.networks["network"].nunique()
        people = 0 if self.humans is None else self.humans["observer"].nunique()
        return f"CriticalBandData({networks} networks, {people} people, {self.kind})"


def fetch_critical_band(
    *,
    data_dir: str | os.PathLike[str] | None = None,
    download: bool | Literal["force"] = True,
    base_url: str | None = None,
) -> CriticalBandData:
    """Load the published critical-band data, fetching the networks' files (0.4 MB) if they are not here.

    Files are looked up below ``NEUROSCI_DATA``, then in the cache, then downloaded from the authors'
    repository at a fixed commit; every file is compared with its SHA-256 on every call. The people's counts
    are not offered for download: they are read where they are present.

    Parameters
    ----------
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        False never downloads. "force" would also download data sets above 20 MB, which this one is not.
    base_url : str or None, default=None
        Address of a folder with the same files, for example a mirror; https only.

    Returns
    -------
    CriticalBandData
        Tables, sources, licence and citation.

    Raises
    ------
    DataNotFoundError
        If the networks' files are not here and cannot be fetched; the message names every way out.
    DatasetIntegrityError
        If a file is not the registered one.
    DataFormatError
        If a file does not have the authors' format; lists all such files.

    References
    ----------
    .. [1] Subramanian, A., Sizikova, E., Majaj, N. J., & Pelli, D. G. (2023). Spatial-frequency channels,
       shape bias, and adversarial robustness. Advances in Neural Information Processing Systems, 36,
       4137-4149.

    Examples
    --------
    >>> from neurosci.datasets import fetch_critical_band
    >>> fetch_critical_band()  # doctest: +SKIP
    CriticalBandData(85 networks, 14 people, published)
    """
    return load(
        get_dataset("critical_band").mirrored(base_url),
        get_dataset("critical_band_humans"),
        data_dir=data_dir,
        download=download,
    )


def load(
    dataset: Dataset,
    people: Dataset,
    *,
    data_dir: str | os.PathLike[str] | None = None,
    download: bool | Literal["force"] = True,
) -> CriticalBandData:
    """Find, verify and parse both data sets; `people` may be absent."""
    where = "fetch_critical_band"
    files = _read(obtain(dataset, where=where, data_dir=data_dir, download=download))
    problems = Problems(where)
    networks = read_networks(files, problems)
    scores = read_scores(files, problems)
    whitebox = read_whitebox(files, problems)
    # Names can only be compared when every file could be read.
    problems.check()
    reconcile(networks, scores, problems)

    humans = training = None
    sources = [_source(dataset, networks["network"].nunique(), "networks")]
    try:
        tables = _read(obtain(people, where=where, data_dir=data_dir, download=False))
    except DataNotFoundError:
        tables = {}
    if tables:
        humans = problems.attempt(_read_people, "human_counts.csv", tables["human_counts.csv"])
        training = problems.attempt(
            _read_training, "human_training_accuracy.csv", tables["human_training_accuracy.csv"]
        )
    problems.check()
    if humans is not None:
        sources.append(_source(people, humans["observer"].nunique(), "people"))
    return CriticalBandData(
        networks=networks,
        scores=scores,
        whitebox=whitebox,
        humans=humans,
        human_training=training,
        sources=tuple(sources),
        kind=dataset.kind,
        description=dataset.description,
        licence=dataset.licence,
        citation=dataset.citation,
        terms=dataset.terms,
    )


def _read(paths: Mapping[str, Path]) -> dict[str, bytes]:
    return {Path(name).name: path.read_bytes() for name, path in paths.items()}


def _source(dataset: Dataset, count: int, unit: str) -> Source:
    from neurosci._core.result import Source

    return Source(
        name=dataset.title,
        content=f"{count} {unit}, {len(CONDITIONS)} conditions each",
        kind=dataset.kind,
        licence=dataset.licence,
        citation=dataset.citation,
        url=dataset.homepage,
        files=tuple((Path(file.path).name, file.sha256) for file in dataset.files),
        note=f"{dataset.description} {dataset.terms}",
    )


def _read_csv(content: bytes, columns: set[str]) -> pd.DataFrame:
    # Names of people are labels, even if they consist of digits; noise levels are compared exactly, and not
    # every version of pandas reads decimals to the last bit.
    table = pd.read_csv(io.BytesIO(content), dtype={"observer": "str", "noise_sd": "str"})
    missing = sorted(columns - set(table.columns))
    if missing or table.empty:
        raise ValueError(f"must have rows and the columns {', '.join(sorted(columns))}, missing: {missing}")
    if table[sorted(columns)].isna().any(axis=None):
        raise ValueError("must have a value in every cell")
    return table


def _read_people(content: bytes) -> pd.DataFrame:
    table = _read_csv(content, set(_COUNTS)).rename(columns=_COUNTS)[list(_COUNTS.values())]
    table["noise_sd"] = table["noise_sd"].map(float)
    whole = all(pd.api.types.is_integer_dtype(table[name]) for name in ("band", "n_trials", "n_correct"))
    possible = table["n_correct"].between(0, table["n_trials"]) & (table["n_trials"] > 0)
    if not whole or not possible.all():
        raise ValueError("n_trials and n_correct must be whole numbers, 0 <= n_correct <= n_trials > 0")
    for observer, rows in table.groupby("observer"):
        found = list(zip(rows["noise_sd"], rows["band"], strict=True))
        if len(found) != len(set(found)) or set(found) != set(CONDITIONS.values()):
            raise ValueError(f"observer {observer!r} must have each of the {len(CONDITIONS)} conditions once")
    return table.sort_values(["observer", "noise_sd", "band"], ignore_index=True)


def _read_training(content: bytes) -> pd.DataFrame:
    table = _read_csv(content, {"observer", _TRAINING})
    percent = pd.to_numeric(table[_TRAINING], errors="coerce")
    if not percent.between(0, 100).all():
        raise ValueError(f"{_TRAINING} must be from 0 to 100")
    accuracy = pd.DataFrame({"observer": table["observer"], "accuracy": percent / 100})
    return accuracy.sort_values("observer", ignore_index=True)
