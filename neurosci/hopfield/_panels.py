"""Panels of the figures, drawn on given axes; colours stand for roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci.reporting import drawing

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# patterns in descending order of overlap, and qualities of examples, each with its own marker
SERIES = (
    (drawing.MODEL, "o"),
    (drawing.HUMAN, "D"),
    (drawing.GREEN, "^"),
    (drawing.PAPER, "s"),
    (drawing.OCHRE, "v"),
)
PHASES = {
    "E": ("#f3f3f0", "ergodic"),
    "R": ("#bcd3e8", "one pattern"),
    "h": ("#8fc7b3", "hierarchical, some zero"),
    "H": ("#3f9f7f", "hierarchical"),
    "M": ("#e3c27a", "some equal"),
    "P": ("#e9a58a", "parallel"),
}


NAMES = ("1st", "2nd", "3rd", "4th", "5th")


def panels_of(figure: Figure, n: int, words: list[str], *, shared: bool = True) -> list[Any]:
    """Return a row of panels with letters and words above them."""
    row = list(figure.subplots(1, n, sharey=shared, squeeze=False)[0])
    for axes, mark, text in zip(row, "abcdef", words, strict=False):
        drawing.letter(axes, mark, text)
    return row


def hierarchy_panel(axes: Any, lines: pd.DataFrame, points: pd.DataFrame, k: int) -> None:
    """Draw overlaps of one number of patterns against dilution."""
    for a in range(1, k + 1):
        colour, marker = SERIES[a - 1]
        line = lines[(lines["n_patterns"] == k) & (lines["pattern"] == a)]
        dots = points[(points["n_patterns"] == k) & (points["pattern"] == a)]
        axes.plot(line["dilution"], line["law"], color=drawing.INK, lw=0.8, ls=(0, (4, 2)), zorder=1)
        axes.plot(line["dilution"], line["m_cold"], color=colour, lw=1.3, zorder=1.5)
        drawing.points_with_intervals(
            axes, dots["dilution"], dots["m"], dots["low"], dots["high"], colour, marker
        )
    threshold = float(lines.loc[lines["n_patterns"] == k, "threshold"].iloc[0])
    if threshold < 1:
        drawing.level_line(axes, threshold, vertical=True)
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
        axes.text(x, y, name, ha="center", va="center", size=8, weight="bold", color=drawing.INK)
    axes.set(xlim=(0, 1), ylim=(0, 1))


def phase_lines(axes: Any, lines: pd.DataFrame, k: int, rho: float) -> None:
    """Draw the lines of the theory over a diagram."""
    d = np.linspace(0, 1, 50)
    axes.plot(d, 1 - d, color=drawing.INK, lw=1.2)
    styles: dict[str, dict[str, Any]] = {
        "pure": {"lw": 1.2, "ls": (0, (1, 1.5))},
        # a dilution may have two such temperatures, so that no line joins them
        "parallel": {"marker": ".", "ms": 2.5, "ls": "none"},
    }
    for name, style in styles.items():
        rows = lines[(lines["line"] == name) & (lines["n_patterns"] == k) & (lines["rho"] == rho)]
        axes.plot(rows["dilution"], rows["temperature"], color=drawing.INK, **style)
    mark = lines[(lines["line"] == "crossover") & (lines["n_patterns"] == k) & (lines["rho"] == rho)]
    axes.plot(
        mark["dilution"], mark["temperature"], "D", color=drawing.HUMAN, ms=4.5, zorder=4, clip_on=False
    )


def learning_panel(axes: Any, rows: pd.DataFrame, kind: str) -> None:
    """Draw overlaps against the number of examples: m with the patterns, or n with their examples."""
    error = "m_error" if kind == "m" else "error"
    for a in sorted(set(rows["pattern"])):
        part = rows[rows["pattern"] == a]
        colour, _ = SERIES[a - 1]
        x = part["n_examples"]
        axes.plot(x, part[f"gaussian_{kind}"], color=drawing.INK, lw=0.9, zorder=1)
        axes.plot(x, part[f"binomial_{kind}"], color=colour, lw=1.3, ls=(0, (4, 1.5)), zorder=1.5)
        for way, shape, shift in (("supervised", "o", 1.0), ("unsupervised", "s", 1.14)):
            known = part[part[f"{way}_{kind}"].notna()]
            value, half = known[f"{way}_{kind}"], 1.96 * known[f"{way}_{error}"]
            drawing.points_with_intervals(
                axes, known["n_examples"] * shift, value, value - half, value + half, colour, shape, size=3.2
            )
    axes.set_xscale("log")
    axes.set_ylim(-0.03, 0.75)


def cooled_panel(axes: Any, table: pd.DataFrame) -> None:
    """Draw energy and loss at the end of cooling against dilution, with those of the ground state."""
    ends = table.groupby("dilution").last().reset_index()
    # what the loss must be in the ground state, with the sample's own share of zeros
    lowest = ends["loss"] - 2 * (ends["from_loss"] - ends["ground"])
    for column, line, colour, marker, words in (
        ("energy", ends["ground"], drawing.MODEL, "o", "energy per neuron"),
        ("loss", lowest, drawing.HUMAN, "D", "sum of loss products"),
    ):
        axes.plot(ends["dilution"], line, color=colour, lw=1.2)
        axes.plot(
            ends["dilution"], ends[column], marker, color=colour, mfc="white", ms=4, ls="none", label=words
        )
    axes.legend(loc="center left")
