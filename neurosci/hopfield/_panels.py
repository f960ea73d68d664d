"""Panels of the figures, drawn on given axes; colours stand for roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

MODEL = "#2166ac"
OBSERVED = "#d23c06"
INK = "#1c1f22"
SOFT = "#555c63"
GREEN, GREEN_INK = "#1f9d74", "#14734f"
PURPLE = "#5b2379"
OCHRE = "#c18b12"
GREY = "#868d94"
NOTE_SIZE, DIRECT_SIZE = 6.5, 7

# patterns in descending order of overlap, and qualities of examples, each with its own marker
SERIES = ((MODEL, "o"), (OBSERVED, "D"), (GREEN, "^"), (PURPLE, "s"), (OCHRE, "v"))
PHASES = {
    "E": ("#f3f3f0", "ergodic"),
    "R": ("#bcd3e8", "one pattern"),
    "h": ("#8fc7b3", "hierarchical, some zero"),
    "H": ("#3f9f7f", "hierarchical"),
    "M": ("#e3c27a", "some equal"),
    "P": ("#e9a58a", "parallel"),
}


def letter(axes: Any, mark: str, words: str) -> None:
    """Write a panel letter and its two to four words."""
    axes.set_title(f"{mark}   {words}")


def bars(axes: Any, x: Any, value: Any, low: Any, high: Any, colour: str, marker: str, **how: Any) -> None:
    """Draw Monte-Carlo points: open marks with interval bars, as two artists."""
    x, low, high = (np.asarray(v, float) for v in (x, low, high))
    axes.vlines(x, low, high, color=colour, lw=1.2, zorder=2)
    axes.plot(x, value, marker, color=colour, mfc="white", mew=1, ms=4, ls="none", zorder=3, **how)


def hierarchy_panel(axes: Any, lines: pd.DataFrame, points: pd.DataFrame, k: int) -> None:
    """Draw overlaps of one number of patterns against dilution."""
    for a in range(1, k + 1):
        colour, marker = SERIES[a - 1]
        line = lines[(lines["n_patterns"] == k) & (lines["pattern"] == a)]
        dots = points[(points["n_patterns"] == k) & (points["pattern"] == a)]
        axes.plot(line["dilution"], line["law"], color=INK, lw=0.8, ls=(0, (4, 2)), zorder=1)
        axes.plot(line["dilution"], line["m_cold"], color=colour, lw=1.3, zorder=1.5)
        bars(axes, dots["dilution"], dots["m"], dots["low"], dots["high"], colour, marker)
    threshold = float(lines.loc[lines["n_patterns"] == k, "threshold"].iloc[0])
    if threshold < 1:
        axes.axvline(threshold, color=SOFT, lw=0.8, ls="--", zorder=0)
    axes.set(xlim=(0, 1), ylim=(0, 1))


def phase_panel(axes: Any, table: pd.DataFrame) -> None:
    """Colour the phases of one diagram, rasterised, with a letter on each area that is large enough."""
    from matplotlib.colors import BoundaryNorm, ListedColormap

    wide = table.pivot(index="temperature", columns="dilution", values="phase")
    codes = np.array([[list(PHASES).index(p) for p in row] for row in wide.to_numpy()])
    colours = ListedColormap([colour for colour, _ in PHASES.values()])
    axes.pcolormesh(
        wide.columns, wide.index, codes, cmap=colours, norm=BoundaryNorm(np.arange(7) - 0.5, 6),
        shading="nearest", rasterized=True,
    )  # fmt: skip
    for code, name in enumerate(PHASES):
        rows, columns = np.nonzero(codes == code)
        if len(rows) < 0.02 * codes.size:
            continue
        # the cell nearest the middle of the area
        middle = np.argmin(
            ((rows - rows.mean()) / codes.shape[0]) ** 2 + ((columns - columns.mean()) / codes.shape[1]) ** 2
        )
        x, y = wide.columns[columns[middle]], wide.index[rows[middle]]
        axes.text(x, y, name, ha="center", va="center", size=8, weight="bold", color=INK)
    axes.set(xlim=(0, 1), ylim=(0, 1))


def phase_lines(axes: Any, lines: pd.DataFrame, k: int, rho: float) -> None:
    """Draw the lines of the theory over a diagram."""
    d = np.linspace(0, 1, 50)
    axes.plot(d, 1 - d, color=INK, lw=1.2)
    for name, style in (("pure", (0, (1, 1.5))), ("parallel", "-")):
        rows = lines[(lines["line"] == name) & (lines["n_patterns"] == k) & (lines["rho"] == rho)]
        if name == "pure":
            axes.plot(rows["dilution"], rows["temperature"], color=INK, lw=1.2, ls=style)
        else:
            upper = rows.sort_values("dilution")
            axes.plot(upper["dilution"], upper["temperature"], ".", color=INK, ms=2.5)
    mark = lines[(lines["line"] == "crossover") & (lines["n_patterns"] == k) & (lines["rho"] == rho)]
    axes.plot(mark["dilution"], mark["temperature"], "D", color=OBSERVED, ms=4.5, zorder=4, clip_on=False)
