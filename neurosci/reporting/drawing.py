"""Parts that the figures of all analyses are drawn from; matplotlib is loaded when one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .figures import COLOURS, INKS, SIZES
from .figures import halo as halo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

SINGLE = SIZES["single"][0]
DOUBLE = SIZES["double"][0]
THUMBNAIL = SIZES["thumbnail"]

HUMAN = COLOURS["human"]
MODEL = COLOURS["model"]
INK = COLOURS["theory"]
PAPER = COLOURS["paper"]
SOFT = COLOURS["baseline"]
GREEN = COLOURS["green"]
OCHRE = COLOURS["ochre"]
GREY = COLOURS["grey"]
BAND = COLOURS["grid"]
GREEN_INK = INKS["green"]
OCHRE_INK = INKS["ochre"]

DIRECT_SIZE = 7
NOTE_SIZE = 6.5


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure whose parts are laid out so that nothing overlaps.

    Parameters
    ----------
    width, height : float
        Size in inches; `SINGLE` and `DOUBLE` are the widths of a report.

    Returns
    -------
    Figure
        Not registered with pyplot.

    Examples
    --------
    >>> float(new_figure(SINGLE, 2.0).get_figwidth())
    3.5
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def letter(axes: Any, mark: str, words: str, **options: Any) -> None:
    """Write the letter of a panel and two to four words above it.

    Parameters
    ----------
    axes : Axes
        The panel.
    mark : str
        Lower-case letter.
    words : str
        What the panel shows; mathematics is allowed, so names that came with data do not belong here.
    **options
        Passed on to ``Axes.set_title``.
    """
    axes.set_title(f"{mark}   {words}", **options)


def words_at(axes: Any, x: float, y: float, text: str, colour: str = INK, **options: Any) -> Any:
    """Write a direct label beside what it names.

    Parameters
    ----------
    axes : Axes
        The panel.
    x, y : float
        Place in data coordinates, unless `options` has a transform.
    text : str
        The label.
    colour : str, default="#1c1f22"
        Colour of the words; use an ink, which can be read on white.
    **options
        Passed on to ``Axes.text``.

    Returns
    -------
    Text
        The label.
    """
    settings: Mapping[str, Any] = {"size": DIRECT_SIZE, "va": "center", "ha": "left", **options}
    return axes.text(x, y, text, color=colour, **settings)


def points_with_intervals(
    axes: Any,
    x: ArrayLike,
    value: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    colour: str,
    marker: str = "o",
    *,
    filled: bool = False,
    size: float = 4.0,
    **options: Any,
) -> None:
    """Draw estimates as marks with interval bars: two artists, however many points.

    Parameters
    ----------
    axes : Axes
        The panel.
    x, value, low, high : array_like of shape (n_points,)
        Positions, estimates and limits of the intervals.
    colour : str
        Colour of marks and bars.
    marker : str, default="o"
        Marker.
    filled : bool, default=False
        Whether the marks are filled with their colour or with white.
    size : float, default=4.0
        Size of the marks in points.
    **options
        Passed on to ``Axes.plot`` (for example a label).
    """
    x, low, high = (np.asarray(v, dtype=float) for v in (x, low, high))
    axes.vlines(x, low, high, color=colour, lw=1.1, zorder=3)
    axes.plot(
        x, value, marker, color=colour, mfc=colour if filled else "white", mew=1.0, ms=size, ls="none",
        zorder=4, **options,
    )  # fmt: skip


def level_line(axes: Any, value: float, *, vertical: bool = False, **options: Any) -> None:
    """Draw a dashed line at a level that matters, behind everything else.

    Parameters
    ----------
    axes : Axes
        The panel.
    value : float
        The level.
    vertical : bool, default=False
        Whether the level lies on the x axis.
    **options
        Passed on to ``Axes.axhline`` or ``Axes.axvline``.
    """
    draw = axes.axvline if vertical else axes.axhline
    draw(value, **{"color": SOFT, "lw": 0.8, "ls": "--", "zorder": 0, **options})
