"""The page above all analyses: one row each, whatever became of it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurosci._core.checks import check_option
from neurosci._core.claims import count_verdicts
from neurosci._core.files import write_json, write_text
from neurosci._core.numbers import format_duration
from neurosci._core.result import Figure, Result
from neurosci._version import __version__
from neurosci.reporting._pages import (
    MARKS,
    bibtex,
    check_name,
    command_line,
    count,
    data_uri,
    environment,
    number_word,
    rows,
    shares,
    status_words,
    synthetic_sources,
)
from neurosci.reporting.figures import CSS_PIXELS_PER_INCH, SIZES

STATES = ("complete", "failed", "interrupted", "not run")


@dataclass(frozen=True, kw_only=True)
class DashboardEntry:
    """What the dashboard must know of one analysis.

    Parameters
    ----------
    name : str
        Name of the analysis, and of its folder.
    question : str
        What it asks; the result's own question is used when there is one.
    state : {"complete", "failed", "interrupted", "not run"}
        What became of it.
    result : Result, default=None
        Its result, when complete.
    thumbnail : bytes or path-like, default=None
        Content or file of its small picture, SVG or PNG; ``None`` takes the one that its report has
        drawn.
    error : str, default=""
        Why it failed: argument, expected, got, what to do.
    step : str, default=""
        Where it stopped.
    done, planned : int, default=None
        Units of work finished and planned.
    unit : str, default="units of work"
        What is counted, for example "folds".
    seconds : float, default=None
        Duration so far; the only thing that may differ between two equal runs.
    remaining : float, default=None
        Estimated seconds still needed by an interrupted analysis.
    n_claims : int, default=None
        Claims that wait for an analysis that did not finish.
    command : str, default=""
        Command that runs it; empty for ``neurosci run NAME``.

    Raises
    ------
    ValueError
        If the state is unknown, or complete without a result.
    """

    name: str
    question: str
    state: str
    result: Result | None = None
    thumbnail: bytes | str | Path | None = None
    error: str = ""
    step: str = ""
    done: int | None = None
    planned: int | None = None
    unit: str = "units of work"
    seconds: float | None = None
    remaining: float | None = None
    n_claims: int | None = None
    command: str = ""

    def __post_init__(self) -> None:
        """Refuse an entry that cannot be shown."""
        check_name("DashboardEntry", "name", self.name)
        check_option("DashboardEntry", "state", self.state, STATES)
        if (self.state == "complete") != (self.result is not None):
            got = "none" if self.result is None else "one"
            raise ValueError(
                f"DashboardEntry: result must be given when the state is 'complete', and only then, "
                f"got {got} with state {self.state!r}"
            )


@dataclass(frozen=True)
class _Card:
    """One row, with all its words ready."""

    entry: DashboardEntry
    css: str
    question: str
    status: str
    command: str
    duration: str
    placeholder: str = ""
    estimate: str = ""
    untested: str = ""
    progress: str = ""
    src: str = ""
    width: int = 0
    height: int = 0
    alt: str = ""
    finding: str = ""
    sentence: str = ""
    counts: str = ""
    fetch_command: str = ""
    rows: tuple[Any, ...] = ()
    synthetic: tuple[Any, ...] = ()
    all_synthetic: bool = False


class Dashboard:
    """The page above all analyses.

    Parameters
    ----------
    entries : iterable of DashboardEntry or mapping
        One per analysis, in the order of the page; a mapping holds the fields of an entry.

    Raises
    ------
    ValueError
        If two entries have the same name.
    """

    def __init__(self, entries: Iterable[DashboardEntry | Mapping[str, Any]]) -> None:
        self.entries = [e if isinstance(e, DashboardEntry) else DashboardEntry(**e) for e in entries]
        names = [entry.name for entry in self.entries]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"Dashboard: entries must have different names, got {', '.join(twice)} twice")

    def save(self, folder: str | Path) -> Path:
        """Write ``dashboard.json``, then ``index.html``.

        Parameters
        ----------
        folder : path-like
            Folder that holds the folders of the analyses; made if absent.

        Returns
        -------
        Path
            The page.

        Raises
        ------
        StorageError
            If the disk is full or the folder cannot be written.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        content = self.to_dict()
        write_json(folder / "dashboard.json", content)
        write_text(folder / "index.html", self._page(folder, (folder / "dashboard.json").read_bytes()))
        return folder / "index.html"

    def to_dict(self) -> dict[str, Any]:
        """Return everything on the page but the pictures, as plain values.

        Returns
        -------
        dict
            Content of ``dashboard.json``.
        """
        verdicts = [verdict for result in self._results() for verdict in result.verdicts]
        return {
            "format": 1,
            "version": __version__,
            "run_hash": self._run_hash(),
            "n_analyses": len(self.entries),
            "n_complete": len(self._results()),
            "n_claims": len(verdicts),
            "claims": {share["words"]: share["n"] for share in shares(verdicts)},
            "analyses": [_plain(entry) for entry in self.entries],
        }

    def _results(self) -> list[Result]:
        return [entry.result for entry in self.entries if entry.result is not None]

    def _run_hash(self) -> str:
        results = self._results()
        if not results:
            return ""
        lines = []
        for result in results:
            version = result.provenance.get("versions", {}).get("neurosci", "")
            files = sorted(digest for source in result.sources for _, digest in source.files)
            lines.append(" ".join([result.name, str(version), result.params.hash, *files]))
        return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "replace")).hexdigest()[:12]

    def _page(self, folder: Path, stored: bytes) -> str:
        results = self._results()
        verdicts = [verdict for result in results for verdict in result.verdicts]
        seconds = [entry.seconds for entry in self.entries if entry.seconds is not None]
        references = list(dict.fromkeys(item for result in results for item in result.references))
        n_all = len(self.entries)
        commands = dict.fromkeys(command_line(result.provenance.get("command")) for result in results)
        page: str = (
            environment()
            .get_template("dashboard.html.jinja")
            .render(
                version=__version__,
                heading=f"{number_word(n_all)} {'paper' if n_all == 1 else 'papers'}, recomputed",
                presets=_distinct(result.params.preset for result in results),
                seeds=_distinct(str(result.params.seed) for result in results),
                run_hash=self._run_hash(),
                finished=f"{len(results)} of {count(n_all, 'analysis', 'analyses')}",
                duration=format_duration(sum(seconds)) if seconds else "",
                n_claims=len(verdicts),
                counts=count_verdicts(verdicts),
                left_out=self._left_out(),
                shares=shares(verdicts),
                key=_key(),
                cards=[_card(entry, folder) for entry in self.entries],
                commands="\n".join(command for command in commands if command),
                references=references,
                bibtex=bibtex(references),
                json_uri=data_uri("application/json;charset=utf-8", stored),
            )
        )
        return page

    def _left_out(self) -> str:
        broken = [entry.name for entry in self.entries if entry.state in ("failed", "interrupted")]
        return f"Not counted, because not complete: {', '.join(broken)}." if broken else ""


def render_dashboard(entries: Iterable[DashboardEntry | Mapping[str, Any]], folder: str | Path) -> Path:
    """Write the page above all analyses.

    Parameters
    ----------
    entries : iterable of DashboardEntry or mapping
        One per analysis, in the order of the page.
    folder : path-like
        Folder that holds the folders of the analyses.

    Returns
    -------
    Path
        The page, ``index.html``.

    Raises
    ------
    ValueError
        If an entry cannot be shown.
    StorageError
        If the disk is full or the folder cannot be written.
    """
    return Dashboard(entries).save(folder)


def _distinct(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values)) or "none"


def _key() -> list[tuple[str, str, str]]:
    key = [(name, mark, css) for name, (mark, css) in MARKS.items()]
    return [key[0], ("reproduced, with a caveat", "=*", "yes"), *key[1:]]


def _plain(entry: DashboardEntry) -> dict[str, Any]:
    record: dict[str, Any] = {"name": entry.name, "question": entry.question, "state": entry.state}
    record["seconds"] = _finite(entry.seconds)
    if entry.result is None:
        record |= {
            "error": entry.error,
            "step": entry.step,
            "done": entry.done,
            "planned": entry.planned,
            "unit": entry.unit,
        }
        return _clean(record)
    result = entry.result
    record |= {
        "question": result.question,
        "title": result.title,
        "answer": list(result.answer),
        "units": result.units,
        "data": list(result.kinds),
        "synthetic": result.synthetic,
        "preset": result.params.preset,
        "seed": result.params.seed,
        "params_hash": result.params.hash,
        "warnings": len(result.warnings),
        "report": f"{entry.name}/index.html",
        "verdicts": [
            {
                "id": v.id,
                "text": v.text,
                "verdict": v.verdict,
                "caveat": v.caveat,
                "synthetic": v.synthetic,
                "paper": v.paper,
                "ours": v.ours,
                "n": v.n,
            }
            for v in result.verdicts
        ],
    }
    return _clean(record)


def _clean(record: dict[str, Any]) -> dict[str, Any]:
    """Replace lone surrogates, which JSON can hold and UTF-8 cannot."""
    text = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace").decode()
    return dict(json.loads(text))


def _finite(seconds: float | None) -> float | None:
    return seconds if seconds is not None and math.isfinite(seconds) else None


def _duration(seconds: float | None) -> str:
    return "" if _finite(seconds) is None else format_duration(float(seconds or 0))


def _card(entry: DashboardEntry, folder: Path) -> _Card:
    command = entry.command or f"neurosci run {entry.name}"
    if entry.result is not None:
        return _complete(entry, entry.result, command, folder)
    untested = f"0 of {entry.n_claims} tested" if entry.n_claims else ""
    known = entry.done is not None and entry.planned is not None
    progress = f"{entry.done} of {entry.planned} {entry.unit}" if known else ""
    words = {
        "failed": ("failed", "No figure: the analysis failed"),
        "interrupted": (progress or "interrupted", f"The figure appears when all {entry.unit} are finished"),
        "not run": ("not run", "Not run"),
    }
    status, placeholder = words[entry.state]
    return _Card(
        entry,
        css=entry.state.replace(" ", "-"),
        question=entry.question,
        status=status,
        command=command,
        duration=_duration(entry.seconds),
        placeholder=placeholder,
        estimate=_duration(entry.remaining),
        untested=untested if entry.state != "not run" else "",
        progress=f"{progress} finished and saved." if progress else "Interrupted before the end.",
    )


def _complete(entry: DashboardEntry, result: Result, command: str, folder: Path) -> _Card:
    small = next((figure for figure in result.figures if figure.width == "thumbnail"), None)
    data = _thumbnail(entry, small, folder)
    is_svg = data.lstrip().startswith(b"<")
    width, height = (round(CSS_PIXELS_PER_INCH * side) for side in SIZES["thumbnail"])
    return _Card(
        entry,
        css="complete",
        question=result.question,
        status=status_words(result),
        command=command,
        duration=_duration(entry.seconds),
        placeholder="No figure",
        src=data_uri("image/svg+xml" if is_svg else "image/png", data) if data else "",
        width=width,
        height=height,
        alt=small.alt if small is not None else f"Key figure of {entry.name}.",
        finding=small.finding if small is not None else "",
        sentence=result.answer[0] if result.answer else "",
        counts=count_verdicts(result.verdicts),
        fetch_command=str(result.provenance.get("fetch_command") or ""),
        rows=tuple(rows(result.verdicts)),
        synthetic=tuple(synthetic_sources(result)),
        all_synthetic=result.kinds == ("synthetic",),
    )


def _thumbnail(entry: DashboardEntry, small: Figure | None, folder: Path) -> bytes:
    if isinstance(entry.thumbnail, bytes):
        return entry.thumbnail
    if entry.thumbnail is not None:
        return Path(entry.thumbnail).read_bytes()
    if small is None:
        return b""
    check_name("Dashboard", "the name of a figure", small.name)
    drawn = (folder / entry.name / "figures" / f"{small.name}.{suffix}" for suffix in ("svg", "png"))
    return next((path.read_bytes() for path in drawn if path.is_file()), b"")
