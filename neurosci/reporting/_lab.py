"""The page of a lab's data as HTML: one file, no script, the look of the analyses' pages."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neurosci._core.result import table_to_csv
from neurosci._version import __version__
from neurosci.preprocessing._bids_pages import GROUP_PAGE

from ._pages import anchor, check_name, data_uri, environment
from ._report import PAGE_LIMIT, Download
from .figures import Drawing, draw

if TYPE_CHECKING:
    from neurosci.preprocessing._bids_pages import LabPage, Listing, Picture, Section

_TSV = "text/tab-separated-values;charset=utf-8"
_CSV = "text/csv;charset=utf-8"


@dataclass
class _Plate:
    """A picture that is drawn."""

    picture: Picture
    number: int
    drawing: Drawing
    files: list[Download]

    @property
    def src(self) -> str:
        return data_uri(self.drawing.mime, self.drawing.data)


@dataclass
class _Item:
    """A table, and the file that it can be saved as."""

    listing: Listing
    file: Download


@dataclass
class _Part:
    """A section with what it holds."""

    section: Section
    listings: list[_Item]
    plates: list[_Plate]


def render_lab_page(page: LabPage) -> str:
    """Return the page of a person or of a group; the same content gives the same bytes.

    Parameters
    ----------
    page : LabPage
        What it says.

    Returns
    -------
    str
        HTML in one file. Where pictures are large they become PNGs, and tables that have no room are left out
        of the downloads; they lie in the folder of the results.
    """
    check_name("render_lab_page", "page.name", page.name)
    parts = list(_parts(page))
    plates = [plate for part in parts for plate in part.plates]
    _fit(plates)
    template = environment().get_template("lab.html.jinja")
    content = {
        "page": page,
        "sections": parts,
        "version": __version__,
        "parent": "" if page.name == GROUP_PAGE else f"{GROUP_PAGE}.html",
    }
    room = PAGE_LIMIT - len(template.render(content).encode())
    files = [item.file for part in parts for item in part.listings]
    for file in (*files, *sorted((file for plate in plates for file in plate.files), key=lambda f: f.cost)):
        if file.cost <= room:
            file.embed()
            room -= file.cost
    for plate in plates:
        plate.files = [file for file in plate.files if file.uri]
    text: str = template.render(content)
    return text


def _parts(page: LabPage) -> Iterator[_Part]:
    number = 0
    for section in page.sections:
        plates = []
        for picture in section.pictures:
            number += 1
            check_name("render_lab_page", "the name of a picture", picture.name)
            try:
                drawing = draw(picture.draw, picture.tables)
            except Exception as error:
                error.add_note(f"while drawing {picture.name!r} of {page.name}")
                raise
            files = [_table_file(picture.name, place, table) for place, table in enumerate(picture.tables)]
            plates.append(_Plate(picture, number, drawing, files))
        listings = [_Item(listing, _listing_file(listing)) for listing in section.listings]
        yield _Part(section, listings, plates)


def _table_file(name: str, place: int, table: Any) -> Download:
    title = f"{name}{'' if place == 0 else f'-{place + 1}'}.csv"
    return Download("", title, _CSV, table_to_csv(table).encode("utf-8", "replace"), "", title)


def _listing_file(listing: Listing) -> Download:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter="\t", lineterminator="\n")
    writer.writerow(listing.headings)
    writer.writerows(listing.rows)
    title = f"{anchor(listing.name)}.tsv"
    return Download("", title, _TSV, buffer.getvalue().encode("utf-8", "replace"), "", title)


def _fit(plates: list[_Plate]) -> None:
    """Turn the largest SVGs into PNGs until the pictures leave room for the text."""
    for plate in sorted(plates, key=lambda plate: -len(plate.drawing.data)):
        if sum(len(one.drawing.data) for one in plates) * 4 // 3 <= PAGE_LIMIT * 3 // 5:
            return
        if plate.drawing.suffix == "svg":
            smaller = draw(plate.picture.draw, plate.picture.tables, raster=True)
            if len(smaller.data) < len(plate.drawing.data):
                plate.drawing = smaller
