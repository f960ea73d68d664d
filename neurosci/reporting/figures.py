"""The look of all figures: sizes, colours by role, parts drawn everywhere, the files they become."""

from __future__ import annotations

import io
import math
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._svg import compact_svg

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLE = Path(__file__).with_name("neurosci.mplstyle")

SIZES = {"single": (3.5, 2.6), "double": (7.2, 3.2), "thumbnail": (2.9, 1.62)}
"""Width and usual height of a figure, in inches."""

COLOURS = {
    "human": "#d23c06",
    "model": "#2166ac",
    "theory": "#1c1f22",
    "paper": "#5b2379",
    "baseline": "#555c63",
    "green": "#1f9d74",
    "ochre": "#c18b12",
    "grey": "#868d94",
    "missing": "#d9dad5",
    "grid": "#dcded9",
}
"""One meaning each, in all analyses; ``green``, ``ochre`` and ``grey`` are further categories."""

INKS = {**COLOURS, "green": "#14734f", "ochre": "#7d5900", "grey": "#555c63"}
"""The same roles for words: each has a contrast of at least 4.5:1 on white."""

FIGURE_LIMIT = 300 * 1024
THUMBNAIL_LIMIT = 60 * 1024
RASTER_DPI = 200
CSS_PIXELS_PER_INCH = 96


def style_context() -> AbstractContextManager[None]:
    """Return a context in which figures have the style of the reports, whatever the user's own settings.

    Returns
    -------
    context manager
        Restores the former settings at its end.

    Examples
    --------
    >>> import matplotlib
    >>> before = matplotlib.rcParams["font.size"]
    >>> with style_context():
    ...     print(matplotlib.rcParams["font.size"])
    7.5
    >>> matplotlib.rcParams["font.size"] == before
    True
    """
    import matplotlib.style

    context: AbstractContextManager[None] = matplotlib.style.context(["default", str(STYLE)])
    return context


def panel_letter(ax: Axes, letter: str, words: str = "") -> None:
    """Write the bold letter of a panel, and two to four words, left above its axes.

    Parameters
    ----------
    ax : Axes
        The panel.
    letter : str
        Lower-case letter.
    words : str, default=""
        What the panel shows.
    """
    ax.set_title(f"{letter}   {plain_label(words)}".rstrip(), loc="left")


def interval_bar(
    ax: Axes,
    position: float,
    value: float,
    low: float | None,
    high: float | None,
    *,
    colour: str = COLOURS["model"],
    marker: str = "o",
    filled: bool = True,
    horizontal: bool = True,
) -> None:
    """Draw a value with its interval, without caps; a bar that leaves the panel ends in a triangle.

    The limits of the panel must be set before.

    Parameters
    ----------
    ax : Axes
        The panel.
    position : float
        Where the bar stands on the other axis.
    value, low, high : float
        Estimate and limits; ``None`` draws the marker alone.
    colour : str, default="#2166ac"
        Colour of bar and marker.
    marker : str, default="o"
        Marker of the estimate.
    filled : bool, default=True
        Whether the marker is filled with its colour or with white.
    horizontal : bool, default=True
        Whether the value lies on the x axis.
    """
    if low is not None and high is not None:
        start, end = sorted(ax.get_xlim() if horizontal else ax.get_ylim())
        inside = max(low, start), min(high, end)
        xy = (inside, (position, position)) if horizontal else ((position, position), inside)
        ax.plot(*xy, color=colour, linewidth=1.2, solid_capstyle="butt", zorder=2)
        arrows = ("<", ">") if horizontal else ("v", "^")
        for beyond, at, arrow in ((low < start, start, arrows[0]), (high > end, end, arrows[1])):
            if beyond:
                where = (at, position) if horizontal else (position, at)
                ax.plot(*where, marker=arrow, color=colour, markersize=4, clip_on=False, zorder=2)
    if math.isfinite(value):
        where = (value, position) if horizontal else (position, value)
        face = colour if filled else "#ffffff"
        ax.plot(*where, marker=marker, color=colour, markerfacecolor=face, markersize=5, zorder=3)


def halo(artist: Artist, width: float = 2.6) -> None:
    """Give a text a white halo, so that it can be read over lines.

    Parameters
    ----------
    artist : Artist
        The text.
    width : float, default=2.6
        Width of the halo, in points.
    """
    from matplotlib import patheffects

    artist.set_path_effects([patheffects.withStroke(linewidth=width, foreground="#ffffff")])


def plain_label(text: str) -> str:
    r"""Make a name that came with data safe to draw: no mathematics, no unprintable characters.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Text for a label.

    Examples
    --------
    >>> print(plain_label("cost ($)\x07"))
    cost (\$)�
    """
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return printable.replace("$", r"\$")


@dataclass(frozen=True)
class Drawing:
    """A drawn figure: the content of its file and its size on a page.

    Parameters
    ----------
    data : bytes
        SVG or PNG.
    suffix : {"svg", "png"}
        Format.
    width, height : int
        Size on a page, in CSS pixels.
    """

    data: bytes
    suffix: str
    width: int
    height: int

    @property
    def mime(self) -> str:
        """Media type."""
        return "image/svg+xml" if self.suffix == "svg" else "image/png"


def draw(
    function: Callable[..., Any],
    tables: Iterable[Any],
    *,
    limit: int = FIGURE_LIMIT,
    raster: bool = False,
) -> Drawing:
    """Draw a figure from its tables: the same tables give the same bytes.

    Parameters
    ----------
    function : callable
        Takes the tables, returns a matplotlib Figure drawn at its final size.
    tables : iterable of DataFrame
        Its arguments.
    limit : int, default=307200
        Bytes above which the figure becomes a PNG.
    raster : bool, default=False
        Make a PNG in any case.

    Returns
    -------
    Drawing
        The file and its size.

    Raises
    ------
    TypeError
        If the function returns something else than a figure.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with style_context():
        figure = function(*tables)
        if not isinstance(figure, Figure):
            raise TypeError(
                f"draw: a figure function must return a matplotlib Figure, got {type(figure).__name__}"
            )
        try:
            FigureCanvasAgg(figure)
            inches = figure.get_size_inches()
            width, height = (round(CSS_PIXELS_PER_INCH * float(side)) for side in inches)
            if not raster:
                data = _svg(figure)
                if len(data) <= limit:
                    return Drawing(data, "svg", width, height)
            for dpi in (RASTER_DPI, 150, 100):
                data = _png(figure, dpi)
                if len(data) <= limit:
                    break
            return Drawing(data, "png", width, height)
        finally:
            # Figures made through pyplot stay alive until it is told, though it never showed them.
            if "matplotlib.pyplot" in sys.modules:
                sys.modules["matplotlib.pyplot"].close(figure)


def _svg(figure: Figure) -> bytes:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return compact_svg(tidy_svg(buffer.getvalue())).encode()


def _png(figure: Figure, dpi: int) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


_COORDINATES = re.compile(r'(?<=\s)(?:d|x|y|x1|y1|x2|y2|width|height|points)="[^"]*"|translate\([^)]*\)')
_LONG_NUMBER = re.compile(r"-?\d+(?:\.\d+)?e[-+]?\d+|-?\d+\.\d{3,}")


def tidy_svg(svg: str) -> str:
    """Round coordinates to two decimals, and remove comments and the document type.

    Scales and matrices keep their digits: a glyph is drawn large and scaled down by a small factor.

    Parameters
    ----------
    svg : str
        SVG written by matplotlib.

    Returns
    -------
    str
        The same picture in fewer bytes.

    Examples
    --------
    >>> tidy_svg('<path d="M 1.23456 7e-05" transform="translate(3.00012 4) scale(0.015625)"/>')
    '<path d="M 1.23 0" transform="translate(3 4) scale(0.015625)"/>'
    """
    svg = re.sub(r"<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*", "", svg, flags=re.DOTALL)
    return _COORDINATES.sub(lambda match: _LONG_NUMBER.sub(_rounded, match[0]), svg)


def _rounded(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
