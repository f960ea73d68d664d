"""All runs of a BIDS folder, one after another or side by side: each is kept, and none stops the others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.files import json_text, write_text

from ._bids import Run, displacement, read_selected

if TYPE_CHECKING:
    import pandas as pd

QUALITY = "quality.tsv"


@dataclass(frozen=True)
class Movement:
    """What the table of confounds says of a run.

    Parameters
    ----------
    displacement : ndarray, shape (n_times,)
        Framewise displacement in mm; empty when it is not known.
    regressors : ndarray, shape (n_times, n_confounds), or None
        What is taken out of the signals.
    """

    displacement: NDArray[np.float64]
    regressors: NDArray[np.float64] | None

    @property
    def n_confounds(self) -> int:
        """Columns that are taken out."""
        return 0 if self.regressors is None else int(self.regressors.shape[1])

    @property
    def mean(self) -> float | None:
        """Mean displacement in mm, when it is known."""
        return float(self.displacement.mean()) if self.displacement.size else None


def read_movement(run: Run, confounds: Sequence[str]) -> Movement:
    """Read the confounds of a run; an error when some are wanted and there is no table."""
    if run.confounds is None:
        if confounds:
            raise FileNotFoundError(
                f"{run.name} has no table of confounds (pass --confounds none to do without)"
            )
        return Movement(np.empty(0), None)
    table, chosen = read_selected(run.confounds, confounds)
    return Movement(displacement(table), chosen.to_numpy() if chosen.shape[1] else None)


def header_repetition_time(image: Any) -> float:
    """Return the time between volumes that the header of an image holds, in seconds."""
    value = float(image.header.get_zooms()[3]) if len(image.shape) > 3 else 0.0
    return value * {"msec": 1e-3, "usec": 1e-6}.get(image.header.get_xyzt_units()[1], 1.0)


def run_folder(output: Path, run: Run) -> Path:
    """Return where results of a run are kept."""
    return output / f"sub-{run.subject}" / (f"ses-{run.session}" if run.session else "") / "func"


def limits(row: Mapping[str, Any], max_mean_fd: float | None, min_times: int) -> list[str]:
    """Return which limits of motion and length a run is beyond, in words."""
    reasons = []
    if max_mean_fd is not None:
        if row["mean_fd"] is None:
            reasons.append("the motion is not known")
        elif row["mean_fd"] > max_mean_fd:
            reasons.append(f"mean displacement of {row['mean_fd']:.2f} mm")
    if row["n_times"] < min_times:
        reasons.append(f"{row['n_times']} volumes")
    return reasons


def judged(row: Mapping[str, Any], reasons: Sequence[str]) -> dict[str, Any]:
    """Return the row of a run with its status: included, or excluded for these reasons."""
    return {"status": "excluded" if reasons else "included", "reason": "; ".join(reasons), **row}


def kept(
    run: Run,
    record: Path,
    settings: Mapping[str, Any],
    make: Callable[[], tuple[dict[str, Any], list[Path], dict[str, Any]]],
) -> dict[str, Any]:
    """Return the row of a run: from its record when that was made of the same, else made now.

    `make` writes the files of the run and returns its row, the files and what else the record says. What goes
    wrong is returned as the reason, so that the other runs go on.
    """
    return kept_of(lambda: [run.bold, run.confounds], run.name, record, settings, make)


def kept_of(
    sources: Callable[[], Sequence[Path | None]],
    name: str,
    record: Path,
    settings: Mapping[str, Any],
    make: Callable[[], tuple[dict[str, Any], list[Path], dict[str, Any]]],
) -> dict[str, Any]:
    """Do as `kept` for what is made from other files than those of an fMRI run."""
    try:
        inputs = [path for path in sources() if path is not None]
        facts = {path.name: [path.stat().st_size, path.stat().st_mtime_ns] for path in inputs}
        # As a file gives it back: tuples become lists there.
        stamp = json.loads(json_text({"settings": dict(settings), "inputs": facts}))
        earlier = record_of(record)
        if earlier.get("made_from") == stamp and all(
            (record.parent / file).is_file() for file in earlier["files"]
        ):
            return dict(earlier["quality"])
        row, files, more = make()
        made = [path.name for path in files]
        write_text(record, json_text({"quality": row, "files": made, **more, "made_from": stamp}))
        return row
    except Exception as error:  # whatever is wrong with one run is told, and the others go on
        return {"status": "failed", "reason": reason_of(error, name)}


def record_of(path: Path) -> dict[str, Any]:
    """Return what is written beside the files of a run; nothing where there is none or it is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def reason_of(error: Exception, name: str) -> str:
    """Return what went wrong in one line that names the run, without folders of this machine."""
    text = re.sub(r"(?<![\w.])/(?:[^\s/'\"]+/)+", "", " ".join(str(error).split()))
    return f"{type(error).__name__}: {text if name in text else f'{name}: {text}'}"


def tabulate(
    output: Path,
    runs: Sequence[Any],
    rows: Iterable[Mapping[str, Any]],
    columns: Mapping[str, str],
    report: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Gather the rows of all runs in order, and write them as ``quality.tsv`` with a description."""
    import pandas as pd

    table = []
    for run, row in zip(runs, rows, strict=True):
        who = {"participant_id": run.subject, "session": run.session, "task": run.task, "run": run.run}
        table.append({**who, **row})
        if report is not None:
            why = f": {row['reason']}" if row["reason"] else ""
            report(f"{run.name}  {row['status']}{why}")
    quality = pd.DataFrame(table).reindex(columns=list(columns))
    write_text(output / QUALITY, quality.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n"))
    about = {name: {"Description": text} for name, text in columns.items()}
    write_text(output / QUALITY.replace(".tsv", ".json"), json_text(about))
    return quality
