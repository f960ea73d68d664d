"""What a page about a lab's data says: its parts without their look, so that no analysis knows HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neurosci._core.numbers import format_number

if TYPE_CHECKING:
    import pandas as pd

GROUP_PAGE = "index"
"""Name of the page about all people; that of a person is called after the person."""

_MADE_UP = re.compile(r"constructed|synthetic|simulated|phantom", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure and the words around it.

    Parameters
    ----------
    name : str
        Name of its file: letters, digits, ``-`` and ``_``.
    finding, caption, alt : str
        What it shows in one sentence; how to read it; the same for who cannot see it.
    draw : callable
        Takes the tables and returns a matplotlib figure.
    tables : tuple of DataFrame
        What it is drawn from.
    wide : bool, default=True
        Whether it takes the whole column.
    """

    name: str
    finding: str
    caption: str
    alt: str
    draw: Callable[..., Any]
    tables: tuple[pd.DataFrame, ...]
    wide: bool = True


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A table to read.

    Parameters
    ----------
    name : str
        Name under which it can be saved.
    caption : str
        What it lists.
    headings : tuple of str
        One for each column; the first column names the row.
    rows : tuple of tuple of str
        Cells.
    pages : mapping of str to str
        Pages beside this one that first cells lead to.
    """

    name: str
    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    pages: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a page.

    Parameters
    ----------
    id, heading : str
        Place and title.
    paragraphs, cautions : tuple of str
        Text, and text that stands out.
    listings : tuple of Listing
        Tables.
    pictures : tuple of Picture
        Figures.
    """

    id: str
    heading: str
    paragraphs: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LabPage:
    """A page about one person or about all.

    Parameters
    ----------
    name : str
        Name of its file without the suffix.
    analysis : str
        What the data are for.
    title, lede : str
        Heading and opening sentence.
    facts : tuple of (str, str)
        Names and values in a row below.
    caution : str
        What must be known before anything is read, such as that the data are constructed; may be empty.
    sections : tuple of Section
        The parts.
    command : str
        How it was made.
    """

    name: str
    analysis: str
    title: str
    lede: str
    facts: tuple[tuple[str, str], ...]
    caution: str
    sections: tuple[Section, ...]
    command: str


def caution_of(name: str) -> str:
    """Return what must be said of a data set whose own name says that it was made up; else nothing.

    Examples
    --------
    >>> caution_of("Memory study")
    ''
    >>> caution_of("Constructed from parcel series").split(".")[0]
    '**Constructed data'
    """
    if not _MADE_UP.search(name):
        return ""
    return (
        f"**Constructed data.** The data set calls itself “{name}”: its images or recordings were put "
        "together to test programs. Numbers here say whether the processing works; they say nothing about "
        "brains."
    )


def words(value: Any) -> str:
    """Return a cell as text: numbers with few digits, and a dash where nothing is known.

    Examples
    --------
    >>> words(0.123456), words(1200), words(None), words("n/a"), words(True)
    ('0.123', '1,200', '–', '–', 'yes')
    """
    if value is None or value in ("", "n/a") or (isinstance(value, float) and value != value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else format_number(float(value))


def listing(
    name: str,
    caption: str,
    table: pd.DataFrame,
    columns: Mapping[str, str],
    *,
    pages: Mapping[str, str] | None = None,
) -> Listing:
    """Return some columns of a table as text under their headings."""
    rows = tuple(tuple(words(value) for value in row) for row in table[list(columns)].itertuples(index=False))
    return Listing(
        name=name, caption=caption, headings=tuple(columns.values()), rows=rows, pages=dict(pages or {})
    )


def run_words(row: Mapping[str, Any]) -> str:
    """Return what a run is called on a page.

    Examples
    --------
    >>> run_words({"participant_id": "01", "session": "2", "task": "rest", "run": ""})
    'ses-2 task-rest'
    """
    parts = (f"{short}-{row[key]}" for short, key in (("ses", "session"), ("task", "task"), ("run", "run"))
             if row[key] not in ("", "n/a", None) and row[key] == row[key])  # fmt: skip
    return " ".join(parts) or "the only run"


def left_out(quality: pd.DataFrame, pages: Mapping[str, str] | None = None) -> Section:
    """Return the section that names what was left out or failed, and why."""
    rows = quality[quality["status"] != "included"]
    table = rows.assign(
        person=[f"sub-{one}" for one in rows["participant_id"]],
        scan=[run_words(row) for row in rows.to_dict("records")],
    )
    if table.empty:
        return Section(id="left-out", heading="Left out", paragraphs=("Nothing: every run is included.",))
    failed = int((table["status"] == "failed").sum())
    said = [
        f"{format_number(len(table))} of {format_number(len(quality))} runs are not in any number below. "
        "Excluded: beyond a limit that was set. Failed: an error, which stopped no other run; the same "
        "command tries it again."
    ]
    columns = {"person": "Person", "scan": "Run", "status": "Status", "reason": "Why"}
    listed = listing("left-out", "Runs that are left out.", table, columns, pages=pages)
    return Section(
        id="left-out",
        heading="Left out",
        paragraphs=tuple(said),
        cautions=(f"**{failed} failed.** Their reasons are in the table.",) if failed else (),
        listings=(listed,),
    )


def count_words(quality: pd.DataFrame) -> str:
    """Return how many runs have which status, for the line of facts."""
    counts = quality["status"].value_counts()
    return ", ".join(
        f"{int(counts.get(status, 0))} {status}" for status in ("included", "excluded", "failed")
    )


def people_in(quality: pd.DataFrame, *, included: bool = True) -> list[str]:
    """Return the people of a table in its order, those with a run that is included, or all."""
    rows = quality[quality["status"] == "included"] if included else quality
    return list(dict.fromkeys(rows["participant_id"]))


def plural(number: int, noun: str, many: str = "") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> plural(1, "run"), plural(3, "run"), plural(2, "person", "people")
    ('1 run', '3 runs', '2 people')
    """
    return f"{format_number(number)} {noun if number == 1 else many or noun + 's'}"


def absent_words(people: Sequence[str]) -> tuple[str, ...]:
    """Return what is said of people in the table of people of whom there is no file."""
    if not people:
        return ()
    named = joined(f"sub-{person}" for person in people)
    return (f"In participants.tsv, but without any file that could be used: {named}.",)


def joined(parts: Iterable[str], *, most: int = 8) -> str:
    """Return names in a row, the first ones when there are many.

    Examples
    --------
    >>> joined(["A", "B"]), joined("abcdefghij", most=2)
    ('A, B', 'a, b and 8 more')
    """
    listed: Sequence[str] = list(parts)
    more = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {more} more" if more > 0 else "")
