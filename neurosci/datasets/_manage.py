"""What the command line offers: list, fetch, verify."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurosci.datasets._registry import get_dataset, registry
from neurosci.datasets._store import State, find_roots, local_file, obtain, state_of


@dataclass(frozen=True)
class DatasetRecord:
    """One data set and whether it is on this machine.

    Parameters
    ----------
    name, kind, title : str
        Key, "real" or "published", one line.
    size_bytes : int
        What a complete download transfers.
    found : {"local", "cache", "absent"}
        Below ``NEUROSCI_DATA``, in the cache (at least partly), or incomplete.
    n_found, n_files : int
        Files that exist, of all files; their content is checked by `verify`.
    licence : str
        Licence in words.
    downloadable : bool
        Whether `fetch` can bring it.
    """

    name: str
    kind: str
    title: str
    size_bytes: int
    found: str
    n_found: int
    n_files: int
    licence: str
    downloadable: bool


@dataclass(frozen=True)
class FileRecord:
    """One file and its state.

    Parameters
    ----------
    dataset, file : str
        Data set, and name of the file below ``NEUROSCI_DATA`` or the cache.
    state : {"ok", "missing", "corrupt"}
        Result of comparing its SHA-256 with the registered one.
    path : Path
        File that was checked, or where it would be downloaded to.
    """

    dataset: str
    file: str
    state: State
    path: Path


def list_datasets() -> list[DatasetRecord]:
    """List all data sets and where they were found; nothing is downloaded.

    Returns
    -------
    list of DatasetRecord
        In the order of the registry.

    Examples
    --------
    >>> [record.name for record in list_datasets()][:3]
    ['critical_band', 'critical_band_humans', 'dendrites']
    """
    roots = find_roots()
    records = []
    for dataset in registry().values():
        places = [local_file(roots, file) for file in dataset.files]
        local = [place is not None and place.is_file() for place in places]
        cached = [(roots.cache / file.path).is_file() for file in dataset.files]
        either = [any(pair) for pair in zip(local, cached, strict=True)]
        records.append(
            DatasetRecord(
                name=dataset.name,
                kind=dataset.kind,
                title=dataset.title,
                size_bytes=dataset.size_bytes,
                found="local" if all(local) else "cache" if all(either) else "absent",
                n_found=sum(either),
                n_files=len(dataset.files),
                licence=dataset.licence,
                downloadable=all(getattr(file, "url", "") is not None for file in dataset.files),
            )
        )
    return records


def fetch(name: str, *, force: bool = False) -> list[Path]:
    """Bring a data set of any size onto this machine and verify it.

    Parameters
    ----------
    name : str
        Name as `list_datasets` gives it.
    force : bool, default=False
        Download again what the cache already holds. Files below ``NEUROSCI_DATA`` are used as they are.

    Returns
    -------
    list of Path
        Every file of the data set.

    Raises
    ------
    ValueError
        If the name is unknown.
    DataNotFoundError
        If it cannot be fetched; the message names every way out.
    DatasetIntegrityError
        If a file is not the registered one.
    """
    found = obtain(get_dataset(name), where="fetch", download="force", refresh=force)
    return list(found.values())


def verify(name: str | None = None) -> list[FileRecord]:
    """Compare the files on this machine with their registered SHA-256; nothing is downloaded or changed.

    Parameters
    ----------
    name : str or None, default=None
        One data set; None checks all.

    Returns
    -------
    list of FileRecord
        One per file.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> len(verify("critical_band_humans"))
    2
    """
    roots = find_roots()
    datasets = list(registry().values()) if name is None else [get_dataset(name)]
    records = []
    for dataset in datasets:
        for file in dataset.files:
            local = local_file(roots, file)
            path = local if local is not None and local.exists() else roots.cache / file.path
            records.append(FileRecord(dataset.name, file.path, state_of(path, file.sha256), path))
    return records
