"""What fMRIPrep leaves behind: runs and confounds; and the description of a folder that is made of them."""

from __future__ import annotations

import json
import math
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import suggest
from neurosci._core.files import json_text, write_text
from neurosci._version import __version__

if TYPE_CHECKING:
    import pandas as pd

BIDS_VERSION = "1.10.0"
PREFERRED_SPACE = "MNI152NLin2009cAsym"
MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
_MORE = ("", "_derivative1", "_power2", "_derivative1_power2")
CONFOUND_SETS: dict[str, tuple[str, ...]] = {
    "motion6": MOTION,
    "motion24": tuple(name + more for name in MOTION for more in _MORE),
    "wm_csf": ("white_matter", "csf"),
    "global": ("global_signal",),
    "cosine": (r"cosine\d+",),
    "acompcor5": tuple(f"a_comp_cor_{i:02d}" for i in range(5)),
}
"""Names for columns that belong together; a name with a backslash is a pattern."""

NOT_NAMED_BY_BIDS = (
    *("*.html", "quality.tsv", "quality.json", "group", "timeseries_store"),
    *("*_timeseries.npy", "*_timeseries.json", "*_statmap.nii.gz", "*_statmap.json"),
    *("*_windows.npy", "*_windows.json", "*_windows.tsv", "*_tokenizer.safetensors"),
)
"""Patterns of files that BIDS has no names for; fMRIPrep lists its own in the same way."""

_README = """# {name}

Made from the data set "{source}" with the command `neurosci bids`.

- `index.html`: the report about all people (after the level group); `sub-*.html`: one report for each person.
- `quality.tsv`: one row for each run, with its status and why it is not included; `quality.json` says what
  the columns mean.
- `sub-*/`: what was made of each run, and beside it in JSON what it was made from.
- `group/`: tables and images about all people.
- `.bidsignore`: files that the BIDS standard has no names for.
"""

_BOLD = re.compile(
    r"(?P<start>sub-(?P<subject>[0-9A-Za-z]+)(?:_ses-(?P<session>[0-9A-Za-z]+))?_task-(?P<task>[0-9A-Za-z]+)"
    r"(?:_(?:acq|ce|rec|dir)-[0-9A-Za-z]+)*(?:_run-(?P<run>[0-9]+))?(?:_echo-[0-9]+)?)"
    r"(?:_space-(?P<space>[0-9A-Za-z]+))?(?:_cohort-\d+)?(?:_res-(?P<resolution>[0-9A-Za-z]+))?"
    r"_desc-preproc_bold\.nii(?:\.gz)?$"
)


@dataclass(frozen=True)
class Run:
    """One preprocessed run.

    Parameters
    ----------
    subject, session, task, run : str
        Entities of its name; session and run may be empty.
    name : str
        Start of its name, up to where the space begins.
    space : str
        Name of the space; empty for that of the scanner.
    bold : Path
        The image.
    """

    subject: str
    session: str
    task: str
    run: str
    name: str
    space: str
    bold: Path

    @property
    def confounds(self) -> Path | None:
        """Table of confounds beside it, of either name that fMRIPrep has used."""
        for ending in ("timeseries", "regressors"):
            path = self.bold.parent / f"{self.name}_desc-confounds_{ending}.tsv"
            if path.is_file():
                return path
        return None


def derivatives_folder(folder: Path) -> Path:
    """Return the folder of fMRIPrep's results: the one given, or what lies below ``derivatives`` in it."""
    found = sorted(path for path in (folder / "derivatives").glob("fmriprep*") if path.is_dir())
    return found[-1] if found else folder


def find_runs(
    where: str,
    folder: Path,
    *,
    participants: Sequence[str] = (),
    task: str | None = None,
    space: str | None = None,
) -> list[Run]:
    """List the preprocessed runs of a BIDS folder, in one space, sorted by name."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{where}: the BIDS folder must exist, got {folder}")
    root = derivatives_folder(folder)
    runs = [
        Run(
            subject=match["subject"],
            session=match["session"] or "",
            task=match["task"],
            run=match["run"] or "",
            name=match["start"],
            space=match["space"] or "",
            bold=path,
        )
        for path in sorted(root.glob("sub-*/**/func/*_desc-preproc_bold.nii*"))
        if (match := _BOLD.fullmatch(path.name)) is not None
    ]
    if not runs:
        raise FileNotFoundError(
            f"{where}: {root} must hold preprocessed runs, got none (names end in _desc-preproc_bold.nii.gz)"
        )
    runs = [run for run in runs if task in (None, run.task)] or _none(
        where, "task", task, {r.task for r in runs}
    )
    wanted = [name.removeprefix("sub-") for name in participants]
    known = {run.subject for run in runs}
    for name in wanted:
        if name not in known:
            _none(where, "participant", name, known)
    runs = [run for run in runs if not wanted or run.subject in wanted]
    spaces = {run.space for run in runs}
    chosen = space if space is not None else PREFERRED_SPACE if PREFERRED_SPACE in spaces else min(spaces)
    if space is None and len(spaces) > 1 and chosen != PREFERRED_SPACE:
        raise ValueError(f"{where}: space must be named, got runs in {', '.join(sorted(spaces))}")
    runs = [run for run in runs if run.space == chosen] or _none(where, "space", chosen, spaces)
    twice = {run.name for run in runs if sum(other.name == run.name for other in runs) > 1}
    if twice:
        raise ValueError(f"{where}: each run must be there once in a space, got several of {min(twice)}")
    return runs


def _none(where: str, what: str, value: Any, known: Iterable[str]) -> list[Run]:
    raise ValueError(
        f"{where}: {what} must be one of the runs', got {value!r} ({suggest(str(value), known)})"
    )


def repetition_time(run: Run, header: float, given: float | None = None) -> float:
    """Return the time between volumes in seconds: given, of the description beside the run, or of its header.

    Parameters
    ----------
    run : Run
        The run.
    header : float
        What the image says, in seconds; 0 where it says nothing.
    given : float, default=None
        What the user says.

    Returns
    -------
    float
        Seconds.
    """
    if given is not None:
        return given
    path = run.bold.with_name(run.bold.name.split(".nii")[0] + ".json")
    if path.is_file():
        content = json.loads(path.read_text(encoding="utf-8"))
        value = content.get("RepetitionTime")
        if isinstance(value, int | float) and math.isfinite(value) and value > 0:
            return float(value)
    if not (math.isfinite(header) and header > 0):
        raise ValueError(f"{run.bold.name} has no repetition time, neither beside it nor in its header")
    return float(header)


def read_selected(path: Path, wanted: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a table of confounds: all of it, and the columns of the sets or names that are wanted."""
    from neurosci.preprocessing.fmri import read_confounds

    with warnings.catch_warnings():
        # Derivatives and displacements have no first value in every table of fMRIPrep.
        warnings.filterwarnings("ignore", message=".*has no value in the first row.*")
        with path.open(encoding="utf-8") as file:
            names = file.readline().rstrip("\n").split("\t")
        chosen: list[str] = []
        for item in wanted:
            for pattern in CONFOUND_SETS.get(item, (item,)):
                found = [n for n in names if re.fullmatch(pattern, n)] if "\\" in pattern else [pattern]
                chosen += [name for name in found if name not in chosen]
        table = read_confounds(path, columns=chosen) if chosen else None
        rest = [name for name in ("framewise_displacement", *MOTION) if name in names]
        motion = read_confounds(path, columns=rest)
    return motion, motion.iloc[:, :0] if table is None else table


def displacement(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the framewise displacement in mm: of the table, or of its motion parameters; empty without."""
    from neurosci.preprocessing.quality import framewise_displacement

    if "framewise_displacement" in table:
        return np.asarray(table["framewise_displacement"], dtype=np.float64)
    if set(MOTION) <= set(table):
        return framewise_displacement(table[list(MOTION)].to_numpy())
    return np.empty(0)


def read_people(folder: Path) -> pd.DataFrame:
    """Read the table of people of a BIDS folder, or of the one that holds it; without, an empty one."""
    import pandas as pd

    for place in (folder, *folder.parents[:2]):
        path = place / "participants.tsv"
        if path.is_file():
            people = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
            if "participant_id" in people:
                people["participant_id"] = people["participant_id"].str.removeprefix("sub-")
                return people.drop_duplicates("participant_id")
    return pd.DataFrame({"participant_id": pd.Series(dtype=str)})


def dataset_name(folder: Path) -> str:
    """Return what a data set is called: by its own description, or that of the one that holds it."""
    own = _description(folder).get("Name")
    return own.strip() if isinstance(own, str) and own.strip() else folder.name


def _description(folder: Path) -> dict[str, Any]:
    for place in (folder, *folder.parents[:2]):
        path = place / "dataset_description.json"
        if path.is_file():
            try:
                content = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise ValueError(f"{path.name} of {place.name} cannot be read: {error}") from error
            return content if isinstance(content, dict) else {}
    return {}


def write_description(folder: Path, name: str, source: Path) -> None:
    """Write what makes a folder a BIDS derivative; it names its source, and no folder of this machine."""
    about = _description(source)
    doi = about.get("DatasetDOI")
    content = {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [
            {
                "Name": "neurosci",
                "Version": __version__,
                "Description": f"Made by neurosci bids from the data set: {dataset_name(source)}",
            }
        ],
        **({"SourceDatasets": [{"DOI": doi}]} if isinstance(doi, str) and doi else {}),
        **({"License": about["License"]} if isinstance(about.get("License"), str) else {}),
    }
    write_text(folder / "dataset_description.json", json_text(content))
    write_text(folder / ".bidsignore", "".join(f"{line}\n" for line in NOT_NAMED_BY_BIDS))
    write_text(folder / "README.md", _README.format(name=name, source=dataset_name(source)))
