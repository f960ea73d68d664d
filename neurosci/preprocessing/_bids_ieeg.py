"""Intracranial recordings of a BIDS folder: which there are, and what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurosci._core.checks import suggest

if TYPE_CHECKING:
    from mne.io import BaseRaw

_CHECKED = (".edf", ".bdf", ".fif", ".vhdr")
_IEEG = re.compile(
    r"(?P<start>sub-(?P<subject>[0-9A-Za-z]+)(?:_ses-(?P<session>[0-9A-Za-z]+))?_task-(?P<task>[0-9A-Za-z]+)"
    r"(?:_acq-[0-9A-Za-z]+)?(?:_run-(?P<run>[0-9]+))?)_ieeg\.(?:edf|vhdr|set|nwb|mefd)$"
)


@dataclass(frozen=True)
class Recording:
    """One recording.

    Parameters
    ----------
    subject, session, task, run : str
        Entities of its name; session and run may be empty.
    name : str
        Its name without the suffix.
    path : Path
        The file, or the folder of a MEF3 recording.
    root : Path
        Folder of the data set.
    """

    subject: str
    session: str
    task: str
    run: str
    name: str
    path: Path
    root: Path


def find_recordings(
    where: str, folder: Path, *, participants: Sequence[str] = (), task: str | None = None
) -> list[Recording]:
    """List the intracranial recordings of a BIDS folder, sorted by name."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{where}: the BIDS folder must exist, got {folder}")
    found = [
        Recording(
            subject=match["subject"],
            session=match["session"] or "",
            task=match["task"],
            run=match["run"] or "",
            name=match["start"],
            path=path,
            root=folder,
        )
        for path in sorted(folder.glob("sub-*/**/ieeg/*_ieeg.*"))
        if (match := _IEEG.fullmatch(path.name)) is not None
    ]
    if not found:
        raise FileNotFoundError(
            f"{where}: {folder} must hold intracranial recordings, got none (names end in _ieeg.edf, .vhdr, "
            ".set, .nwb or .mefd)"
        )
    tasks = {one.task for one in found}
    if task is not None and task not in tasks:
        raise ValueError(
            f"{where}: task must be one of the recordings', got {task!r} ({suggest(task, tasks)})"
        )
    found = [one for one in found if task in (None, one.task)]
    known = {one.subject for one in found}
    wanted = [name.removeprefix("sub-") for name in participants]
    for name in wanted:
        if name not in known:
            raise ValueError(
                f"{where}: participant must be one of the recordings', got {name!r} ({suggest(name, known)})"
            )
    return [one for one in found if not wanted or one.subject in wanted]


def need_mne_bids(where: str) -> Any:
    """Return mne-bids, or name the extra that installs it."""
    try:
        import mne_bids
    except ImportError as error:
        raise ImportError(
            f"{where}: reading BIDS needs mne-bids (install it with: pip install 'neurosci[io]')"
        ) from error
    return mne_bids


def read_recording(recording: Recording) -> BaseRaw:
    """Read a recording with the types, positions and bad channels of its side-cars.

    Files that can be checked against their headers are; see `neurosci.preprocessing.ieeg.read_raw`.
    """
    from neurosci.preprocessing._files import refusing
    from neurosci.preprocessing.ieeg import read_raw

    mne_bids = need_mne_bids("neurosci bids")
    if recording.path.suffix in _CHECKED:
        read_raw(recording.path)
    with refusing("neurosci bids", recording.path):
        return mne_bids.read_raw_bids(mne_bids.get_bids_path_from_fname(recording.path), verbose="ERROR")


def inputs_of(recording: Recording) -> list[Path | None]:
    """Return the files that a recording is read from: its own, and the tables beside it."""
    stem = recording.path.name.removesuffix(recording.path.suffix).removesuffix("_ieeg")
    beside = sorted(recording.path.parent.glob(f"{stem}_*"))
    return [path for path in {recording.path, *beside} if path.exists()]


def recording_folder(output: Path, recording: Recording) -> Path:
    """Return where results of a recording are kept."""
    session = f"ses-{recording.session}" if recording.session else ""
    return output / f"sub-{recording.subject}" / session / "ieeg"
