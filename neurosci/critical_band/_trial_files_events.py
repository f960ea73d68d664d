"""Trials of observers in files: BIDS events, a table with tabs and a description of its columns in JSON."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from neurosci._core.files import json_text, write_text
from neurosci._core.result import DataFormatError

from ._trial_files import MOST_BYTES

if TYPE_CHECKING:
    import pandas as pd

MISSING = "n/a"
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_FORMATS = {"i": "integer", "u": "integer", "f": "number", "b": "bool"}

DESCRIPTIONS: dict[str, dict[str, Any]] = {
    "onset": {"Description": "Onset of the stimulus", "Units": "s"},
    "duration": {"Description": "Duration of the stimulus", "Units": "s"},
    "response_time": {"Description": "Time from the onset of the stimulus to the answer", "Units": "s"},
    "rt": {"Description": "Time from the onset of the stimulus to the answer", "Units": "s"},
    "image": {"Description": "Image that was masked"},
    "category": {"Description": "Category of the image"},
    "response": {"Description": "Category that was chosen"},
    "correct": {"Description": "Whether the category that was chosen is that of the image"},
    "noise_sd": {
        "Description": "Standard deviation of the white noise before filtering, in luminance from 0 to 1"
    },
    "band": {"Description": "Spatial-frequency band of the noise, 0 is the lowest"},
    "label_cpi": {"Description": "Published label of the band, its upper edge", "Units": "cycles/image"},
    "cpi": {"Description": "Geometric mean frequency of the band", "Units": "cycles/image"},
    "label_cpd": {"Description": "Published label of the band, its upper edge", "Units": "cycles/degree"},
    "cpd": {"Description": "Geometric mean frequency of the band", "Units": "cycles/degree"},
    "out_of_bounds": {
        "Description": "Share of pixels of the stimulus that were outside of luminance 0 to 1, and changed"
    },
    "seed": {"Description": "Seed from which the noise of the stimulus is drawn"},
}


class Events(NamedTuple):
    """Events of one recording and what its columns mean.

    Parameters
    ----------
    table : DataFrame
        One row per event, onset and duration in seconds.
    descriptions : dict of str to dict
        Description of each column, as in BIDS: ``Description``, ``LongName``, ``Units``, ``Levels`` ...
    """

    table: pd.DataFrame
    descriptions: dict[str, dict[str, Any]]


def write_events(
    path: str | Path, table: pd.DataFrame, descriptions: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Write events as BIDS does: a table with tabs, and beside it a JSON file that describes its columns.

    Parameters
    ----------
    path : path-like
        File to write, ending in ``_events.tsv``; the description has the same name and ends in
        ``.json``.
    table : DataFrame
        One row per event with ``onset`` and ``duration`` in seconds and any other columns of numbers, truth
        values or text. Missing values become "n/a".
    descriptions : mapping of str to mapping, default=None
        Description of columns, added to those that the package knows for its own columns. The type of
        each column is added as ``Format``.

    Raises
    ------
    ValueError
        If ``onset`` or ``duration`` is missing, or a value has no place in the format: an infinite
        number, a text that is empty, is "n/a" or has a tab or a line break.

    See Also
    --------
    read_events : The reverse; it returns the same table.
    """
    where, file = "write_events", Path(path)
    _check_name(where, file)
    titles = [str(title) for title in table.columns]
    for needed in ("onset", "duration"):
        if needed not in titles:
            raise ValueError(
                f"{where}: table must have the columns onset and duration in seconds, got no {needed}"
            )
        if table[needed].dtype.kind not in "iuf":
            raise ValueError(f"{where}: {needed} must be numbers, got dtype {table[needed].dtype}")
    if len(set(titles)) < len(titles) or any(_unwritable(title) for title in titles):
        raise ValueError(f"{where}: columns must have different names of one line, got {titles!r}")
    order = ["onset", "duration", *(title for title in titles if title not in ("onset", "duration"))]
    given = {str(title): dict(about) for title, about in (descriptions or {}).items()}
    unknown = sorted(set(given) - set(titles))
    if unknown:
        raise ValueError(f"{where}: descriptions must be of columns of the table, got {', '.join(unknown)}")
    cells = {title: [_cell(where, title, value) for value in table[title]] for title in order}
    about = {
        title: {**DESCRIPTIONS.get(title, {}), **given.get(title, {}), "Format": _format(where, table[title])}
        for title in order
    }
    lines = ["\t".join(order), *("\t".join(row) for row in zip(*cells.values(), strict=True))]
    write_text(file.with_suffix(".json"), json_text(about))
    write_text(file, "\n".join(lines) + "\n")


def read_events(path: str | Path) -> Events:
    """Read events as BIDS writes them, with the description of the columns where there is one.

    Parameters
    ----------
    path : path-like
        File that ends in ``_events.tsv``.

    Returns
    -------
    Events
        The table and the descriptions. A column has the type that its ``Format`` says; without one it is
        whole numbers, numbers or text, whichever fits all of its values. "n/a" is missing.

    Raises
    ------
    DataFormatError
        If a file is damaged; the message names it and the line.
    OSError
        If it cannot be opened.
    """
    import pandas as pd

    where, file = "read_events", Path(path)
    _check_name(where, file)
    lines = _text(where, file).removesuffix("\n").split("\n")
    titles = lines[0].split("\t")
    if titles[:2] != ["onset", "duration"] or len(set(titles)) < len(titles):
        raise _damaged(
            where, file, f"its columns must begin with onset, duration and differ, got {lines[0][:200]!r}"
        )
    rows = [line.split("\t") for line in lines[1:]]
    for n, row in enumerate(rows, start=2):
        if len(row) != len(titles):
            raise _damaged(where, file, f"line {n} must have {len(titles)} fields, got {len(row)}")
    sidecar = file.with_suffix(".json")
    about = _descriptions(where, sidecar) if sidecar.is_file() else {}
    columns = {}
    for i, title in enumerate(titles):
        cells = [row[i] for row in rows]
        wanted = about.get(title, {}).get("Format") if title in about else None
        if title in ("onset", "duration") and wanted not in ("integer", "number"):
            wanted = "number"
        try:
            columns[title] = _column(cells, wanted)
        except ValueError as error:
            raise _damaged(where, file, f"column {title}: {error}") from error
    return Events(pd.DataFrame(columns), about)


def _check_name(where: str, file: Path) -> None:
    if not file.name.endswith("_events.tsv"):
        raise ValueError(
            f"{where}: path must end in _events.tsv, got {file.name!r} "
            "(for example sub-01_task-mask_events.tsv)"
        )


def _damaged(where: str, file: Path, reason: object) -> DataFormatError:
    return DataFormatError(f"{where}: {file.name} cannot be used: {reason}")


def _text(where: str, file: Path) -> str:
    size = file.stat().st_size
    if not 0 < size <= MOST_BYTES:
        raise _damaged(where, file, f"it has {size:,} bytes (1 to {MOST_BYTES:,} are read)")
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise _damaged(where, file, error) from error


def _descriptions(where: str, file: Path) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(_text(where, file))
    except (ValueError, RecursionError) as error:
        raise _damaged(where, file, error) from error
    if not isinstance(content, dict) or not all(isinstance(about, dict) for about in content.values()):
        raise _damaged(where, file, "it must describe each column by an object")
    return content


def _unwritable(text: str) -> bool:
    return not text or text == MISSING or bool(re.search(r"[\t\r\n]", text))


def _missing(value: Any) -> bool:
    return value is None or type(value).__name__ == "NAType" or value != value


def _cell(where: str, title: str, value: Any) -> str:
    if _missing(value):
        return MISSING
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        if math.isinf(value):
            raise ValueError(f"{where}: {title} must be finite or missing, got {value!r}")
        return repr(float(value))
    if not isinstance(value, str):
        raise ValueError(
            f"{where}: {title} must be numbers, truth values or text, got {type(value).__name__}"
        )
    if _unwritable(value):
        raise ValueError(
            f"{where}: {title} must be text of one line that is not empty, got {value!r} "
            "(None is written as n/a)"
        )
    return value


def _format(where: str, column: pd.Series) -> str:
    found = _FORMATS.get(column.dtype.kind, "string")
    if found == "string" and not all(isinstance(value, str) or _missing(value) for value in column):
        raise ValueError(
            f"{where}: {column.name} must have one type, got text and other values (or dtype {column.dtype})"
        )
    return found


def _column(cells: list[str], wanted: str | None) -> Any:
    import pandas as pd

    present = [cell for cell in cells if cell != MISSING]
    gaps = len(present) < len(cells)
    whole, number = _first_strange(present, _is_whole), _first_strange(present, _is_number)
    if wanted not in ("integer", "number", "bool", "string"):
        wanted = "integer" if whole is None and not gaps else "number"
        wanted = "string" if number is not None or not present else wanted
    strange = {"integer": whole, "number": number}.get(wanted)
    if strange is not None:
        raise ValueError(f"its values must be {wanted}s, got {strange[:40]!r}")
    if wanted == "integer" and not gaps:
        return np.array([int(cell) for cell in cells], dtype=np.int64)
    if wanted in ("integer", "number"):
        return np.array([math.nan if cell == MISSING else float(cell) for cell in cells], dtype=np.float64)
    if wanted == "bool":
        known = {"true": True, "false": False}
        if gaps or not set(cells) <= set(known):
            raise ValueError("its values must be true or false")
        return np.array([known[cell] for cell in cells], dtype=bool)
    return pd.Series([None if cell == MISSING else cell for cell in cells], dtype="str")


def _first_strange(cells: list[str], fits: Callable[[str], bool]) -> str | None:
    return next((cell for cell in cells if not fits(cell)), None)


def _is_whole(cell: str) -> bool:
    return bool(re.fullmatch(r"[+-]?[0-9]{1,19}", cell)) and -(2**63) <= int(cell) < 2**63


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(_NUMBER, cell)) and math.isfinite(float(cell))
