"""What an analysis returns, saved as JSON and CSV and read back equal."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import math
import re
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurosci._core.claims import Verdict
from neurosci._core.files import json_text, sha256, storable, write_text
from neurosci._core.metric import Metric
from neurosci._core.params import Params

if TYPE_CHECKING:
    import pandas as pd

FORMAT_VERSION = 1
TABLES_README = (
    "Plain data for programs: UTF-8, comma-separated, full precision; cells are not changed.\n"
    "A spreadsheet may take text that begins with = + - @ for a formula, so import such columns as text.\n"
)


class DataFormatError(ValueError):
    """A file does not hold what its format promises; the message names the file."""


@dataclass(frozen=True)
class Figure:
    """One figure of a report: which function draws which tables, and the words around it.

    Parameters
    ----------
    name : str
        Key of the drawing function in the analysis' ``FIGURES``.
    tables : tuple of str
        Names of the tables passed to that function, in order.
    finding : str
        First sentence of the caption, printed bold: what the figure shows.
    caption : str
        How it is drawn, colours in words, n, error bars, what is left out.
    alt : str
        What is seen and what follows from it, 20 to 60 words, for readers who cannot see it.
    width : {"double", "single", "thumbnail"}, default="double"
        7.2, 3.5 or 2.9 inches.
    """

    name: str
    tables: tuple[str, ...]
    finding: str
    caption: str
    alt: str
    width: str = "double"


@dataclass(frozen=True)
class Source:
    """One input of a run.

    Parameters
    ----------
    name : str
        Name of the data set or file.
    content : str
        What it holds, with its size in units.
    kind : {"real", "published", "synthetic"}
        Recordings, numbers released by the paper's authors, or made here with known truth.
    licence : str
        Licence or terms, in words.
    citation : str, default=""
        How to cite it.
    url : str, default=""
        Where it comes from.
    files : tuple of (str, str), default=()
        Name and SHA-256 of each file that was read.
    note : str, default=""
        Anything a reader must know about it.
    """

    name: str
    content: str
    kind: str
    licence: str
    citation: str = ""
    url: str = ""
    files: tuple[tuple[str, str], ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Reference:
    """One work to cite.

    Parameters
    ----------
    text : str
        Formatted reference.
    url : str, default=""
        Link (https).
    bibtex : str, default=""
        BibTeX entry.
    """

    text: str
    url: str = ""
    bibtex: str = ""


@dataclass(frozen=True)
class Method:
    """One part of the methods section.

    Parameters
    ----------
    heading : str
        Heading; empty for the opening part.
    paragraphs : tuple of str
        Text; ``**bold**`` and backticks are the only marks.
    """

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(eq=False)
class Result:
    """Everything an analysis found; a report is a pure function of it.

    Parameters
    ----------
    name : str
        Name of the analysis in the registry.
    title, question : str
        Heading and question of the page.
    answer : tuple of str
        Sentences with numbers and intervals; the last names the weakest point.
    units : str
        Counts in words, for example "14 people, 85 networks".
    params : Params
        Everything that could change a number.
    sources : tuple of Source
        Inputs.
    tables : dict of str to DataFrame
        Tables, by name; each figure draws from these.
    table_notes : dict of str to str
        One line about each table.
    metrics : dict of str to Metric
        Numbers with interval and n.
    verdicts : tuple of Verdict
        The claims of the paper, judged.
    figures : tuple of Figure
        In the order of the page.
    methods : tuple of Method
        How it was done.
    deviations, notes, warnings : tuple of str
        What differs from the paper, what to know, what went wrong.
    references : tuple of Reference
        What to cite.
    answer_note : str, default=""
        How the intervals of the answer were made.
    provenance : dict, default={}
        Versions, hashes and the command; filled by the runner.
    """

    name: str
    title: str
    question: str
    answer: tuple[str, ...]
    units: str
    params: Params
    sources: tuple[Source, ...] = ()
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    table_notes: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    figures: tuple[Figure, ...] = ()
    methods: tuple[Method, ...] = ()
    deviations: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    answer_note: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result):
            return NotImplemented
        return (
            self._plain() == other._plain()
            and self.table_notes == other.table_notes
            and self.tables.keys() == other.tables.keys()
            and all(table.equals(other.tables[name]) for name, table in self.tables.items())
        )

    @property
    def synthetic(self) -> bool:
        """Whether any input was made here."""
        return any(source.kind == "synthetic" for source in self.sources)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of data used, in the order real, published, synthetic."""
        used = {source.kind for source in self.sources}
        return tuple(kind for kind in ("real", "published", "synthetic") if kind in used)

    def summary(self) -> str:
        """Return one line for a console.

        Returns
        -------
        str
            Name, counts of verdicts, kinds of data.
        """
        from neurosci._core.claims import count_verdicts

        data = ", ".join(self.kinds) or "no"
        return f"{self.name}: {count_verdicts(self.verdicts)}; {data} data; {self.units}"

    def to_json(self) -> str:
        """Return everything but the content of the tables, which is named by its hash.

        Returns
        -------
        str
            Content of ``result.json``; equal results give equal text.
        """
        listed = {
            name: {
                "sha256": hashlib.sha256(table_to_csv(table).encode()).hexdigest(),
                "dtypes": {str(column): str(dtype) for column, dtype in table.dtypes.items()},
                "note": self.table_notes.get(name, ""),
                "rows": len(table),
            }
            for name, table in self.tables.items()
        }
        return json_text({**self._plain(), "tables": listed})

    def save(self, folder: str | Path) -> None:
        """Write tables as CSV, then ``result.json`` last: its presence means complete.

        Parameters
        ----------
        folder : path-like
            Existing folder of this run.
        """
        folder = Path(folder)
        tables = folder / "tables"
        tables.mkdir(exist_ok=True)
        for name, table in self.tables.items():
            write_text(tables / f"{name}.csv", table_to_csv(table))
        write_text(tables / "README.txt", TABLES_README)
        write_text(folder / "result.json", self.to_json())

    def _plain(self) -> dict[str, Any]:
        def pack(items: tuple[Any, ...]) -> list[dict[str, Any]]:
            return [_finite(dataclasses.asdict(item)) for item in items]

        return {
            "format": FORMAT_VERSION,
            "name": self.name,
            "title": self.title,
            "question": self.question,
            "answer": list(self.answer),
            "answer_note": self.answer_note,
            "units": self.units,
            "params": self.params.to_dict(),
            "sources": pack(self.sources),
            "metrics": {name: _finite(dataclasses.asdict(metric)) for name, metric in self.metrics.items()},
            "verdicts": pack(self.verdicts),
            "figures": pack(self.figures),
            "methods": pack(self.methods),
            "deviations": list(self.deviations),
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "references": pack(self.references),
            "provenance": _finite(self.provenance),
        }


def load_result(folder: str | Path, params_class: type[Params]) -> Result:
    """Read a saved result; the tables are checked against their hashes.

    Parameters
    ----------
    folder : path-like
        Folder of a complete run.
    params_class : type
        Class of the parameters of this analysis.

    Returns
    -------
    Result
        Equal to the one that was saved.

    Raises
    ------
    FileNotFoundError
        If the run is not complete.
    DataFormatError
        If a file is damaged or of a newer version.
    """
    folder = Path(folder)
    path = folder / "result.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"load_result: {folder.name} holds no result.json, so the run is not complete"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if type(content["format"]) is not int or content["format"] < 1:
            raise TypeError("its format must be an integer >= 1")
        if content["format"] > FORMAT_VERSION:
            raise DataFormatError(f"{path.name}: written by a newer version of neurosci")
        tables = {name: _load_table(folder, name, about) for name, about in content["tables"].items()}
        fields = {
            name: _read(value, _RESULT_HINTS[name])
            for name, value in content.items()
            if name not in ("format", "params", "tables")
        }
        return Result(
            **fields,
            params=params_class.from_dict(dict(content["params"])),
            tables=tables,
            table_notes={
                name: _read(about["note"], str) for name, about in content["tables"].items() if about["note"]
            },
        )
    except DataFormatError:
        raise
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}" if isinstance(error, LookupError) else str(error)
        raise DataFormatError(f"{path.name} in {folder.name} is damaged: {reason[:200]}") from error


# Types of what a file gives; `params` and `tables` are read by their own rules.
_RESULT_HINTS: dict[str, Any] = {
    "name": str,
    "title": str,
    "question": str,
    "answer": tuple[str, ...],
    "answer_note": str,
    "units": str,
    "sources": tuple[Source, ...],
    "metrics": dict[str, Metric],
    "verdicts": tuple[Verdict, ...],
    "figures": tuple[Figure, ...],
    "methods": tuple[Method, ...],
    "deviations": tuple[str, ...],
    "notes": tuple[str, ...],
    "warnings": tuple[str, ...],
    "references": tuple[Reference, ...],
    "provenance": dict[str, Any],
}


def _read(value: Any, hint: Any) -> Any:
    """Build what `_finite` and `dataclasses.asdict` wrote, or raise where a value has another type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin is tuple and isinstance(value, list):
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else list(arguments)
        return tuple(_read(item, kind) for item, kind in zip(value, kinds, strict=True))
    if origin is dict and isinstance(value, dict):
        return {key: _read(item, arguments[1]) for key, item in value.items()}
    if origin in (typing.Union, types.UnionType):
        others = [option for option in arguments if option is not type(None)]
        return None if value is None else _read(value, others[0])
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        hints = typing.get_type_hints(hint)
        return hint(**{key: _read(item, hints[key]) for key, item in value.items()})  # type: ignore[operator]
    if hint is float and isinstance(value, dict) and value.keys() == {"nonfinite"}:
        value = float(value["nonfinite"])
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if type(value) is not hint:
        raise TypeError(f"a value must be {getattr(hint, '__name__', hint)}, got {type(value).__name__}")
    return value


def _load_table(folder: Path, name: str, about: dict[str, Any]) -> pd.DataFrame:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}", name):
        raise DataFormatError(f"result.json: {name[:100]!r} is not a table name")
    for dtype in about["dtypes"].values():
        if not re.fullmatch(r"bool|str|object|u?int(8|16|32|64)|float(16|32|64)", dtype):
            raise TypeError(f"a column must hold numbers, text or yes and no, got {dtype!r:.40}")
    path = folder / "tables" / f"{name}.csv"
    if not path.is_file():
        raise DataFormatError(f"tables/{name}.csv is missing")
    if sha256(path) != about["sha256"]:
        raise DataFormatError(f"tables/{name}.csv was changed after the run (its hash differs)")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return table_from_csv(file.read(), about["dtypes"])
    except (KeyError, ValueError, OverflowError) as error:
        raise DataFormatError(
            f"tables/{name}.csv does not hold the columns that result.json names: {str(error)[:200]}"
        ) from error


def table_to_csv(table: pd.DataFrame) -> str:
    """Write a table as CSV text with full precision and without its index.

    Parameters
    ----------
    table : DataFrame
        Columns of numbers, booleans or strings.

    Returns
    -------
    str
        CSV with a header line.
    """
    return storable(str(table.to_csv(index=False, lineterminator="\n")))


def table_from_csv(text: str, dtypes: dict[str, str]) -> pd.DataFrame:
    """Read a table back with the types it was saved with.

    Parameters
    ----------
    text : str
        What `table_to_csv` wrote.
    dtypes : dict of str to str
        Type of each column.

    Returns
    -------
    DataFrame
        Equal to the saved one.
    """
    import pandas as pd

    missing = {name: [""] for name, dtype in dtypes.items() if dtype.startswith("float")}
    # A line ends with "\n" alone: text may hold a carriage return.
    table = pd.read_csv(
        io.StringIO(text, newline=""),
        dtype=str,
        keep_default_na=False,
        na_values=missing,
        lineterminator="\n",
        index_col=False,
    )
    for name, dtype in dtypes.items():
        column: Any = table[name]
        table[name] = column == "True" if dtype == "bool" else column.astype(dtype)
    return table


def _finite(value: Any) -> Any:
    """Write infinities and NaN as words, since JSON has no number for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"nonfinite": repr(value)}
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, str):
        return _finite(value.item())
    return value
