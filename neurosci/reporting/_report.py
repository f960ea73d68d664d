"""The page of one analysis: figures drawn, tables attached, everything in one file."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurosci._core.claims import count_verdicts
from neurosci._core.files import atomic_write, write_text
from neurosci._core.log import logger
from neurosci._core.numbers import NBSP, format_duration
from neurosci._core.result import Figure, Result, Source, table_to_csv
from neurosci._version import __version__
from neurosci.reporting._pages import (
    anchor,
    bibtex,
    check_name,
    command_line,
    count,
    data_uri,
    environment,
    file_size,
    number_word,
    rows,
    status_words,
    synthetic_sources,
)
from neurosci.reporting.figures import THUMBNAIL_LIMIT, Drawing, draw

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Plot

PAGE_LIMIT = 1536 * 1024
MANY_FILES = 12
HASH_DIGITS = 12

_CSV = "text/csv;charset=utf-8"
_BRACKETS = "Brackets are {level:.0f}" + NBSP + "% intervals."


@dataclass
class Download:
    """A file that a page carries.

    Parameters
    ----------
    id : str
        Id of its entry in the list of downloads; empty when it has none.
    name : str
        Name under which it is saved.
    mime : str
        Media type.
    data : bytes
        Content.
    words : str
        What it is.
    path : str
        Where else it is, for a page that has no room for it.
    uri : str, default=""
        Data URI; empty while the page has no room for it.
    """

    id: str
    name: str
    mime: str
    data: bytes
    words: str
    path: str
    uri: str = ""

    @property
    def cost(self) -> int:
        """Bytes of its data URI."""
        return 4 * math.ceil(len(self.data) / 3) + len(self.mime) + 13

    def embed(self) -> None:
        """Make the data URI."""
        self.uri = data_uri(self.mime, self.data)


@dataclass
class Plate:
    """A figure on a page.

    Parameters
    ----------
    figure : Figure
        Words around it.
    number : int
        Its number on the page.
    drawing : Drawing
        The picture.
    tables : list of Download
        Its data, to be saved from the caption.
    file : Download
        The picture, to be saved from the caption.
    """

    figure: Figure
    number: int
    drawing: Drawing
    tables: list[Download]
    file: Download

    @property
    def src(self) -> str:
        """Data URI of the picture."""
        return data_uri(self.drawing.mime, self.drawing.data)


class Report:
    """The page of one analysis, drawn from its result and nothing else.

    Parameters
    ----------
    result : Result
        What the analysis found.
    figures : mapping of str to callable
        The analysis' ``FIGURES``: each function takes the tables that its figure names and returns a
        matplotlib figure at its final size.
    timing : mapping of str to float, default=None
        ``{"seconds": duration}``: the only thing on the page that may differ between two equal runs.

    Raises
    ------
    ValueError
        If a figure has no function or names a table that is not there, or a name cannot be a file.

    Examples
    --------
    >>> from neurosci.reporting import Report
    >>> import neurosci
    >>> result = neurosci.run("critical_band")              # doctest: +SKIP
    >>> Report(result, figures=FIGURES).save("out")         # doctest: +SKIP
    """

    def __init__(
        self,
        result: Result,
        *,
        figures: Mapping[str, Callable[..., Plot]],
        timing: Mapping[str, float] | None = None,
    ) -> None:
        check_name("Report", "result.name", result.name)
        for name in result.tables:
            check_name("Report", "the name of a table", name)
        for figure in result.figures:
            check_name("Report", "the name of a figure", figure.name)
            if figure.name not in figures:
                known = ", ".join(figures) or "none"
                raise ValueError(f"Report: figures must hold a function for {figure.name!r}, got {known}")
            for name in figure.tables:
                if name not in result.tables:
                    known = ", ".join(result.tables) or "none"
                    raise ValueError(f"Report: figure {figure.name!r} needs the table {name!r}, got {known}")
        seconds = None if timing is None else timing["seconds"]
        if seconds is not None and not 0 <= seconds < math.inf:
            raise ValueError(f"Report: timing must hold finite seconds, got {seconds!r}")
        self.result = result
        self.figures = figures
        self.seconds = seconds

    def save(self, folder: str | Path) -> Path:
        """Draw the figures and write the page, each file whole or not at all.

        The result itself is saved last: its presence means that everything else is there.

        Parameters
        ----------
        folder : path-like
            Folder of the run; made if absent.

        Returns
        -------
        Path
            The page, ``index.html``.

        Raises
        ------
        ValueError
            If the folder holds the result of another run.
        StorageError
            If the disk is full or the folder cannot be written.
        """
        folder = Path(folder)
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        stored = folder / "result.json"
        if stored.is_file():
            self._check_same_run(stored.read_bytes(), folder)
        text = self.result.to_json().encode()

        shown = [figure for figure in self.result.figures if figure.width != "thumbnail"]
        drawings = {figure.name: self._draw(figure) for figure in self.result.figures}
        self._fit(shown, drawings)
        for name, drawing in drawings.items():
            _write_figure(folder / "figures", name, drawing)

        page = self._page(shown, drawings, text)
        write_text(folder / "index.html", page)
        self.result.save(folder)
        return folder / "index.html"

    def _check_same_run(self, text: bytes, folder: Path) -> None:
        stored = json.loads(text)
        if stored["name"] != self.result.name or stored["params"] != self.result.params.to_dict():
            raise ValueError(
                f"Report.save: folder must belong to this run of {self.result.name}, got {folder.name} "
                f"with the result of {stored['name']} (other analysis or parameters: choose another folder)"
            )

    def _draw(self, figure: Figure, *, raster: bool = False) -> Drawing:
        tables = [self.result.tables[name] for name in figure.tables]
        options = {"limit": THUMBNAIL_LIMIT} if figure.width == "thumbnail" else {}
        try:
            return draw(self.figures[figure.name], tables, raster=raster, **options)
        except Exception as error:
            error.add_note(f"while drawing figure {figure.name!r} of {self.result.name}")
            raise

    def _fit(self, shown: list[Figure], drawings: dict[str, Drawing]) -> None:
        """Turn the largest SVGs into PNGs until the pictures leave room for the text."""
        room = PAGE_LIMIT * 3 // 5
        by_size = sorted(shown, key=lambda figure: -len(drawings[figure.name].data))
        for figure in by_size:
            if sum(len(drawings[f.name].data) for f in shown) * 4 // 3 <= room:
                return
            if drawings[figure.name].suffix == "svg":
                smaller = self._draw(figure, raster=True)
                if len(smaller.data) < len(drawings[figure.name].data):
                    drawings[figure.name] = smaller

    def _page(self, shown: list[Figure], drawings: dict[str, Drawing], stored: bytes) -> str:
        result = self.result
        by_table, downloads = self._downloads(stored)
        plates = []
        for number, figure in enumerate(shown, start=1):
            drawing = drawings[figure.name]
            file_name = f"{figure.name}.{drawing.suffix}"
            tables = [by_table[name] for name in figure.tables]
            plates.append(
                Plate(
                    figure,
                    number,
                    drawing,
                    [replace(table) for table in tables],
                    Download("", file_name, drawing.mime, drawing.data, "", f"figures/{file_name}"),
                )
            )
        versions = _versions(result)
        template = environment().get_template("report.html.jinja")
        content = {
            "result": result,
            "version": versions.get("neurosci", __version__),
            "versions": versions,
            "status": status_words(result),
            "duration": "" if self.seconds is None else format_duration(self.seconds),
            "commit": str(result.provenance.get("commit") or ""),
            "synthetic": synthetic_sources(result),
            "fetch_command": str(result.provenance.get("fetch_command") or ""),
            "rows": rows(result.verdicts),
            "caption": _claims_caption(result),
            "plates": plates,
            "wide": any(figure.width == "double" for figure in shown),
            "parameters": result.params.table(),
            "sources": [_source_row(source) for source in result.sources],
            "command": command_line(result.provenance.get("command")),
            "python": str(result.provenance.get("python") or ""),
            "bibtex": bibtex(result.references),
            "downloads": downloads,
        }
        # What matters most gets its room first: each table once, again in captions, then the pictures.
        room = PAGE_LIMIT - len(template.render(content).encode())
        for group in (downloads, [t for p in plates for t in p.tables], [p.file for p in plates]):
            for download in sorted(group, key=lambda d: (d.cost, d.name)):
                if download.cost <= room:
                    download.embed()
                    room -= download.cost
        page: str = template.render(content)
        if len(page.encode()) > PAGE_LIMIT:
            logger.warning(
                "the page of %s has %s, more than the %s that a page should have (its figures are large)",
                result.name,
                file_size(len(page.encode())),
                file_size(PAGE_LIMIT),
            )
        return page

    def _downloads(self, stored: bytes) -> tuple[dict[str, Download], list[Download]]:
        result = self.result
        tables = {}
        for name in _tables_in_order(result):
            table = result.tables[name]
            note = result.table_notes.get(name, "").rstrip(".")
            words = ", ".join(part for part in (note, count(len(table), "row")) if part)
            data = table_to_csv(table).encode("utf-8", "replace")
            tables[name] = Download(
                f"table-{anchor(name)}", f"{name}.csv", _CSV, data, words, f"tables/{name}.csv"
            )

        where = "result.json"
        before, after = [], []
        if result.verdicts:
            words = f"the claims table, {count(len(result.verdicts), 'row')}"
            before.append(Download("file-claims", "claims.csv", _CSV, _claims_csv(result), words, where))
        if result.metrics:
            words = f"every number with its interval, {count(len(result.metrics), 'row')}"
            before.append(Download("file-metrics", "metrics.csv", _CSV, _metrics_csv(result), words, where))
        n_files = sum(len(source.files) for source in result.sources)
        if n_files:
            words = f"every input file with its SHA-256, {count(n_files, 'row')}"
            after.append(Download("file-inputs", "inputs.csv", _CSV, _inputs_csv(result), words, where))
        toml = result.params.to_toml().encode("utf-8", "replace")
        words = "the parameters, as a file for another run"
        after.append(Download("file-params", "params.toml", "text/plain;charset=utf-8", toml, words, where))
        words = "everything on this page but the tables and the pictures, for programs"
        after.append(
            Download("file-result", "result.json", "application/json;charset=utf-8", stored, words, where)
        )
        return tables, [*before, *tables.values(), *after]


def _versions(result: Result) -> dict[str, str]:
    found = {str(name): str(version) for name, version in result.provenance.get("versions", {}).items()}
    first = [name for name in ("neurosci", "Python") if name in found]
    return {name: found[name] for name in dict.fromkeys([*first, *sorted(found, key=str.lower)])}


def _tables_in_order(result: Result) -> list[str]:
    """List tables as the figures use them, then by name: a saved result does not keep their order."""
    used = [name for figure in result.figures if figure.width != "thumbnail" for name in figure.tables]
    return list(dict.fromkeys([*used, *sorted(result.tables)]))


def _write_figure(folder: Path, name: str, drawing: Drawing) -> None:
    with atomic_write(folder / f"{name}.{drawing.suffix}", "wb") as file:
        file.write(drawing.data)
    other = "png" if drawing.suffix == "svg" else "svg"
    (folder / f"{name}.{other}").unlink(missing_ok=True)


def _claims_caption(result: Result) -> str:
    verdicts = result.verdicts
    claims = "claim" if len(verdicts) == 1 else "claims"
    caption = f"{number_word(len(verdicts))} {claims}: {count_verdicts(verdicts)}."
    levels = {v.metric.level for v in verdicts if v.metric is not None and v.metric.low is not None}
    if len(levels) == 1:
        caption += " " + _BRACKETS.format(level=100 * levels.pop())
    return caption


def _source_row(source: Source) -> dict[str, Any]:
    listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(source.files))
    return {
        "source": source,
        "many": len(source.files) > MANY_FILES,
        "files": [(name, digest[:HASH_DIGITS]) for name, digest in source.files],
        "combined": hashlib.sha256(listed.encode("utf-8", "replace")).hexdigest()[:HASH_DIGITS],
    }


def _csv(header: Iterable[str], lines: Iterable[Iterable[Any]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return buffer.getvalue().encode("utf-8", "replace")


def _number(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else repr(float(value))


def _claims_csv(result: Result) -> bytes:
    return _csv(
        ("id", "claim", "source", "verdict", "caveat", "synthetic", "paper", "ours", "n", "why"),
        (
            (v.id, v.text, v.source, v.verdict, v.caveat, v.synthetic, v.paper, v.ours, v.n, v.why)
            for v in result.verdicts
        ),
    )


def _metrics_csv(result: Result) -> bytes:
    return _csv(
        ("name", "value", "low", "high", "unit", "n", "n_unit", "level", "method"),
        (
            (
                name,
                _number(m.value),
                _number(m.low),
                _number(m.high),
                m.unit,
                "" if m.n is None else m.n,
                m.n_unit,
                m.level if m.low is not None else "",
                m.method,
            )
            for name, m in sorted(result.metrics.items())
        ),
    )


def _inputs_csv(result: Result) -> bytes:
    return _csv(
        ("source", "file", "sha256"),
        ((source.name, name, digest) for source in result.sources for name, digest in source.files),
    )
