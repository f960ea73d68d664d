"""Trials of observers in files: the table of the model-vs-human collection."""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci._core.files import write_text
from neurosci._core.result import DataFormatError

if TYPE_CHECKING:
    import pandas as pd

TRIAL_COLUMNS = (
    "subj",
    "session",
    "trial",
    "rt",
    "object_response",
    "category",
    "condition",
    "imagename",
)
_WHOLE = ("session", "trial")
_NO_ANSWER = "na"
_NO_TIME = "NaN"
_CONDITION = re.compile(r"noise([0-9.e+-]+)freq([0-9]+)")
MOST_BYTES = 64 << 20
MOST_MEMBERS = 10_000


def read_trials(path: str | Path) -> pd.DataFrame:
    """Read a table of trials in the format of model-vs-human.

    Parameters
    ----------
    path : path-like
        CSV file, UTF-8, with the columns ``subj, session, trial, rt, object_response, category, condition,
        imagename`` in any order; ``Session`` is read as ``session``.

    Returns
    -------
    DataFrame
        One row per trial, columns in the order above: ``session`` and ``trial`` whole numbers, ``rt`` in
        seconds (NaN where there is none), everything else text exactly as in the file; a missing answer
        ("na") is missing.

    Raises
    ------
    DataFormatError
        If the file is not such a table; the message names file, line and column.
    OSError
        If it cannot be opened.

    See Also
    --------
    write_trials : The reverse.
    read_trial_archive : All tables of a zip archive.

    References
    ----------
    Geirhos R, Narayanappa K, Mitzkus B, Thieringer T, Bethge M, Wichmann FA, Brendel W (2021). Partial
    success in closing the gap between human and machine vision. Advances in Neural Information Processing
    Systems 34, 23885-23899.
    """
    file = Path(path)
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise DataFormatError(
            f"read_trials: {file.name} must have at most {MOST_BYTES:,} bytes, got {size:,}"
        )
    return _parse("read_trials", file.name, file.read_bytes())


def read_trial_archive(path: str | Path) -> dict[str, pd.DataFrame]:
    """Read all tables of trials in a zip archive; nothing is unpacked to disk.

    Parameters
    ----------
    path : path-like
        Zip archive with CSV files as `read_trials` takes them.

    Returns
    -------
    dict of str to DataFrame
        Table of each CSV file by its name in the archive, sorted.

    Raises
    ------
    DataFormatError
        If the archive or a table in it is damaged, or it is too large unpacked.
    OSError
        If it cannot be opened.
    """
    where, file = "read_trial_archive", Path(path)
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise DataFormatError(f"{where}: {file.name} cannot be used: {error}") from error
    with archive:
        members = sorted(
            (info for info in archive.infolist() if info.filename.lower().endswith(".csv")),
            key=lambda info: info.filename,
        )
        names = [info.filename for info in members]
        if not members:
            raise DataFormatError(f"{where}: {file.name} must hold CSV files, got none")
        if len(members) > MOST_MEMBERS or len(set(names)) < len(names):
            raise DataFormatError(
                f"{where}: {file.name} must hold at most {MOST_MEMBERS} files of different names, "
                f"got {len(members)} with {len(set(names))} names"
            )
        tables, left = {}, MOST_BYTES
        for info in members:
            try:
                with archive.open(info) as stream:
                    content = stream.read(left + 1)
            # zipfile raises anything on damaged bytes: zlib.error, EOFError, NotImplementedError
            except Exception as error:
                raise DataFormatError(
                    f"{where}: {info.filename} in {file.name} cannot be used: {error}"
                ) from error
            left -= len(content)
            if left < 0:
                raise DataFormatError(f"{where}: {file.name} holds more than {MOST_BYTES:,} bytes unpacked")
            tables[info.filename] = _parse(where, info.filename, content)
    return tables


def _parse(where: str, name: str, content: bytes) -> pd.DataFrame:
    import pandas as pd

    def damaged(reason: object) -> DataFormatError:
        return DataFormatError(f"{where}: {name} cannot be used: {reason}")

    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise damaged(error) from error
    if not rows:
        raise damaged("it is empty")
    header = ["session" if title == "Session" else title for title in rows[0]]
    if sorted(header) != sorted(TRIAL_COLUMNS):
        raise damaged(f"its columns must be {', '.join(TRIAL_COLUMNS)}, got {', '.join(rows[0])[:200]}")
    place = [header.index(title) for title in TRIAL_COLUMNS]
    columns: dict[str, list[Any]] = {title: [] for title in TRIAL_COLUMNS}
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise damaged(f"row {line} must have {len(header)} fields, got {len(row)}")
        for title, i in zip(TRIAL_COLUMNS, place, strict=True):
            try:
                columns[title].append(_from_text(title, row[i]))
            except ValueError as error:
                raise damaged(f"row {line}, column {title}: {error}") from error
    return pd.DataFrame({title: _column(title, values) for title, values in columns.items()})


def _from_text(title: str, text: str) -> Any:
    if title in _WHOLE:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise ValueError(f"must be a whole number of at most 18 digits, got {text[:40]!r}")
        return int(text)
    if title == "rt":
        if text.lower() in ("nan", "na", ""):
            return math.nan
        value = float(text)
        if not 0 <= value < math.inf:
            raise ValueError(f"must be seconds >= 0, got {text[:40]!r}")
        return value
    if title == "object_response":
        return None if text == _NO_ANSWER else text
    return text


def _column(title: str, values: list[Any]) -> Any:
    import pandas as pd

    if title in _WHOLE:
        return np.array(values, dtype=np.int64)
    return np.array(values, dtype=np.float64) if title == "rt" else pd.Series(values, dtype="str")


def write_trials(path: str | Path, trials: pd.DataFrame) -> None:
    """Write a table of trials in the format of model-vs-human.

    Parameters
    ----------
    path : path-like
        CSV file to write; it is whole or absent.
    trials : DataFrame
        The columns that `read_trials` returns and no other, in any order.

    Raises
    ------
    ValueError
        If columns are missing or superfluous, or a value has no place in the format.

    See Also
    --------
    read_trials : The reverse; it returns the same table.
    to_human_trials : Make such a table from the trials of an experiment.
    """
    where = "write_trials"
    missing = [title for title in TRIAL_COLUMNS if title not in trials]
    other = [str(title) for title in trials.columns if title not in TRIAL_COLUMNS]
    if missing or other:
        raise ValueError(
            f"{where}: trials must have the columns {', '.join(TRIAL_COLUMNS)} and no other, got "
            f"{'no ' + ', '.join(missing) if missing else 'also ' + ', '.join(other)} "
            "(to_human_trials makes such a table)"
        )
    texts = {title: [_to_text(where, title, value) for value in trials[title]] for title in TRIAL_COLUMNS}
    lines = [TRIAL_COLUMNS, *zip(*texts.values(), strict=True)]
    write_text(path, "".join(",".join(map(_quoted, line)) + "\n" for line in lines))


def _quoted(text: str) -> str:
    # csv.writer leaves a lone carriage return without quotes, and every reader then sees two lines
    return '"' + text.replace('"', '""') + '"' if re.search(r'[,"\r\n]', text) else text


def _to_text(where: str, title: str, value: Any) -> str:
    missing = value is None or type(value).__name__ == "NAType" or value != value
    if title in _WHOLE:
        if missing or isinstance(value, bool | np.bool_) or value != int(value):
            raise ValueError(f"{where}: {title} must be a whole number, got {value!r}")
        return str(int(value))
    if title == "rt":
        if missing:
            return _NO_TIME
        if isinstance(value, bool | str) or not 0 <= value < math.inf:
            raise ValueError(f"{where}: rt must be seconds >= 0 or NaN, got {value!r}")
        return repr(float(value))
    if missing and title == "object_response":
        return _NO_ANSWER
    if not isinstance(value, str) or (title == "object_response" and value == _NO_ANSWER):
        raise ValueError(
            f"{where}: {title} must be text"
            f"{' other than na, or missing' if title == 'object_response' else ''}, got {value!r}"
        )
    return value


def to_human_trials(trials: pd.DataFrame, subject: str, session: int = 1) -> pd.DataFrame:
    """Bring the answers of one observer or network into the form of model-vs-human.

    Parameters
    ----------
    trials : DataFrame
        In the order of presentation: ``image``, ``category``, ``noise_sd``, ``band`` and ``response``, as
        from `evaluate_network`; with ``rt`` in seconds where it was measured.
    subject : str
        Name of the observer, for example "subject-01".
    session : int, default=1
        Number of the session.

    Returns
    -------
    DataFrame
        Table for `write_trials`. The condition is ``noise<SD>freq<band>``, as in the published data.

    Raises
    ------
    ValueError
        If a column is missing.

    See Also
    --------
    from_human_trials : The reverse.
    """
    import pandas as pd

    needed = ("image", "category", "noise_sd", "band", "response")
    missing = [title for title in needed if title not in trials]
    if missing:
        raise ValueError(
            f"to_human_trials: trials must have the columns {', '.join(needed)}, got no {', '.join(missing)}"
        )
    n = len(trials)
    conditions = [
        f"noise{float(sd)!r}freq{int(band)}" if sd else f"noise0freq{int(band)}"
        for sd, band in zip(trials["noise_sd"], trials["band"], strict=True)
    ]
    times = trials["rt"].to_numpy(np.float64) if "rt" in trials else np.full(n, np.nan)
    answers = [None if pd.isna(answer) else str(answer) for answer in trials["response"]]
    return pd.DataFrame(
        {
            "subj": pd.Series([str(subject)] * n, dtype="str"),
            "session": np.full(n, int(session), dtype=np.int64),
            "trial": np.arange(1, n + 1, dtype=np.int64),
            "rt": times,
            "object_response": pd.Series(answers, dtype="str"),
            "category": pd.Series([str(value) for value in trials["category"]], dtype="str"),
            "condition": pd.Series(conditions, dtype="str"),
            "imagename": pd.Series([str(value) for value in trials["image"]], dtype="str"),
        }
    )


def from_human_trials(table: pd.DataFrame) -> pd.DataFrame:
    """Read conditions of critical-band masking out of a table of trials.

    Parameters
    ----------
    table : DataFrame
        As `read_trials` returns it, with conditions ``noise<SD>freq<band>``.

    Returns
    -------
    DataFrame
        The same rows with ``image``, ``category``, ``noise_sd``, ``band``, ``response``, ``correct`` (a
        missing answer is wrong), ``rt``, ``subj``, ``session`` and ``trial``: what `trial_counts` takes.

    Raises
    ------
    ValueError
        If a condition has another form.
    """
    import pandas as pd

    found: list[Mapping[str, Any]] = []
    for text in table["condition"]:
        match = _CONDITION.fullmatch(str(text))
        try:
            noise_sd = float(match[1]) if match else math.nan
        except ValueError:
            noise_sd = math.nan
        if match is None or not math.isfinite(noise_sd):
            raise ValueError(
                "from_human_trials: condition must be noise<SD>freq<band>, such as noise0.08freq4, "
                f"got {text!r}"
            )
        found.append({"noise_sd": noise_sd, "band": int(match[2])})
    answers = table["object_response"]
    correct = (answers == table["category"]).fillna(False).to_numpy(bool)
    return pd.DataFrame(
        {
            "image": table["imagename"].to_numpy(),
            "category": table["category"].to_numpy(),
            "noise_sd": np.array([row["noise_sd"] for row in found], dtype=np.float64),
            "band": np.array([row["band"] for row in found], dtype=np.int64),
            "response": answers.to_numpy(),
            "correct": correct,
            **{name: table[name].to_numpy() for name in ("rt", "subj", "session", "trial")},
        }
    )
