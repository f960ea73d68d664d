"""The folder of one run: whose it is, what is finished, and what may be replaced."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurosci._core.files import StorageError, write_json, write_text
from neurosci._core.params import Params

MANIFEST = "run.json"
OWN_FILES = (MANIFEST, "params.toml", "index.html", "result.json")
OWN_FOLDERS = ("units", "tables", "figures")
LOCK = "run.lock"
SHARED_FILES = ("index.html", "dashboard.json")


class FolderInUseError(OSError):
    """Another process is writing to the same folder."""


class ForeignFolderError(FileExistsError):
    """The folder belongs to another run or holds files that no run wrote."""


class RunFolder:
    """Folder ``<output>/<name>`` of one run.

    Parameters
    ----------
    output : Path
        Folder of all analyses.
    name : str
        Name of the analysis.
    """

    def __init__(self, output: Path, name: str) -> None:
        self.output = output
        self.name = name
        self.path = output / name

    def manifest(self) -> dict[str, Any] | None:
        """Return the manifest, or ``None`` when there is none that can be read.

        Returns
        -------
        dict or None
            Parameters, hash, status, durations.
        """
        try:
            content = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        return content if isinstance(content, dict) and _is_manifest(content, self.name) else None

    def prepare_path(self) -> None:
        """Create the folder.

        Raises
        ------
        OSError
            If it cannot be created; says why.
        """
        for folder in (self.output, self.path):
            if folder.exists() and not folder.is_dir():
                raise NotADirectoryError(
                    f"output: {folder} must be a folder, got a file (choose another --output)"
                )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                error.errno,
                f"output: {self.path} cannot be created: {error.strerror} (choose another --output)",
            ) from error

    def prepare(self, params: Params, key: str, *, overwrite: bool = False) -> None:
        """Check that the folder belongs to a run with these parameters, and claim it.

        Parameters
        ----------
        params : Params
            Parameters of the run.
        key : str
            Hash of parameters, code and versions.
        overwrite : bool, default=False
            Replace another run's files; files that no run wrote are never touched.

        Raises
        ------
        ForeignFolderError
            If it holds another run (and not `overwrite`) or other files.
        """
        manifest = self.manifest()
        if manifest is None:
            foreign = [
                item.name
                for item in self.path.iterdir()
                if item.name not in (LOCK, MANIFEST) and not item.name.endswith(".part")
            ]
            if foreign and (self.path / MANIFEST).exists():
                raise ForeignFolderError(
                    f"output: {self.path / MANIFEST} is damaged, so that nothing tells whose files these "
                    "are; nothing was changed (choose another --output, or move the folder away)"
                )
            if foreign:
                raise ForeignFolderError(
                    f"output: {self.path} holds files that no run of {self.name} wrote, the first is "
                    f"{sorted(foreign)[0]!r} (choose another --output)"
                )
        elif manifest.get("key") and manifest.get("hash") != params.hash:
            if not overwrite:
                raise ForeignFolderError(
                    f"output: {self.path} holds another run of {self.name} "
                    f"({_differences(manifest, params)}); "
                    "choose another --output, or --overwrite to replace it"
                )
            self.clear()
        self._remove_leftovers()
        if self.manifest() is None:
            self.record(params, key, "running")
        write_text(self.path / "params.toml", params.to_toml())

    def _remove_leftovers(self) -> None:
        for leftover in self.path.rglob(".*.part"):
            with contextlib.suppress(OSError):
                leftover.unlink()

    def clear(self) -> None:
        """Remove what a run wrote, and nothing else."""
        for name in OWN_FILES:
            (self.path / name).unlink(missing_ok=True)
        for name in OWN_FOLDERS:
            folder = self.path / name
            if folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder)

    def clear_result(self) -> None:
        """Remove an earlier result, so that what is there is whole or absent."""
        (self.path / "result.json").unlink(missing_ok=True)
        for name in ("tables", "figures"):
            folder = self.path / name
            if folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder)

    def record(self, params: Params, key: str, status: str, **facts: Any) -> None:
        """Write the manifest.

        Parameters
        ----------
        params : Params
            Parameters of the run.
        key : str
            Hash of parameters, code and versions.
        status : {"running", "complete", "failed", "interrupted", "shard"}
            State of the run.
        **facts : object
            Seconds, units, error.
        """
        content = {
            "format": 1,
            "name": self.name,
            "params": params.to_dict(),
            "hash": params.hash,
            "key": key,
            "status": status,
            **facts,
        }
        write_json(self.path / MANIFEST, content)

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Hold the folder for this process; see `hold_folder`.

        Returns
        -------
        context manager
            Frees the folder at its end.
        """
        return hold_folder(self.path)


@contextlib.contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Hold a folder for this process; the system frees it when the process ends in any way.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Yields
    ------
    None
        While the folder is held.

    Raises
    ------
    FolderInUseError
        If another process holds it; names the process.
    StorageError
        If the folder cannot be written.
    """
    path = folder / LOCK
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StorageError(
                error.errno,
                f"output: {folder} cannot be written: {error.strerror} (choose another --output)",
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            raise FolderInUseError(
                f"output: {folder} is in use by process {holder} (wait for it, or choose another --output)"
            ) from error
        # The previous holder may have removed the file between open and lock.
        with contextlib.suppress(FileNotFoundError):
            if os.fstat(handle).st_ino == path.stat().st_ino:
                break
        os.close(handle)
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(handle)


@contextlib.contextmanager
def shared_page(output: Path) -> Iterator[None]:
    """Wait until no other process writes the page of all analyses, then remove what a killed one left.

    Parameters
    ----------
    output : Path
        Folder of all analyses.

    Yields
    ------
    None
        While the page belongs to this process.
    """
    handle = os.open(output, os.O_RDONLY)
    try:
        # Some network file systems lock no folders: there the page is written anyway, and leftovers stay.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
            for name in SHARED_FILES:
                for leftover in output.glob(f".{name}.*.part"):
                    leftover.unlink()
        yield
    finally:
        os.close(handle)


def _is_manifest(content: dict[str, Any], name: str) -> bool:
    """Say whether a manifest has the types that `RunFolder.record` writes: others may have changed it."""
    text = ("hash", "key", "status")
    optional = {"error": str, "step": str, "units_done": int, "units_planned": int}
    seconds = content.get("seconds", 0.0)
    return (
        content.get("name") == name
        and isinstance(content.get("params"), dict)
        and all(isinstance(content.get(key), str) for key in text)
        and all(type(content.get(key, kind())) is kind for key, kind in optional.items())
        and type(seconds) in (int, float)
        and 0 <= seconds < 1e12
    )


def _differences(manifest: dict[str, Any], params: Params) -> str:
    theirs = manifest.get("params") or {}
    ours = params.to_dict()
    changed = [
        f"{name} {theirs.get(name, 'absent')} there, {ours.get(name, 'absent')} here"
        for name in sorted(theirs.keys() | ours.keys())
        if theirs.get(name) != ours.get(name)
    ]
    shown = "; ".join(changed[:3]) + ("; ..." if len(changed) > 3 else "")
    return shown or "other parameters"
