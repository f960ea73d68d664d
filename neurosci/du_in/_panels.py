"""Panels of the figures, drawn on given axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..reporting import drawing as draw

if TYPE_CHECKING:
    import pandas as pd

# Method: colour, marker, line
RADAR = {
    "Du-IN (mae)": (draw.HUMAN, "D", "-"),
    "EEG-Conformer": (draw.MODEL, "o", "-"),
    "CNN-BiGRU": (draw.GREEN, "^", "--"),
    "Brant": (draw.OCHRE, "v", "-."),
    "BrainBERT": (draw.GREY, "s", ":"),
}
ARM_STYLES = {
    "scratch": (draw.SOFT, "s"),
    "vqvae": (draw.GREEN, "^"),
    "mae": (draw.HUMAN, "D"),
    "vqvae+vq": (draw.OCHRE, "v"),
}


def radar(axes: Any, subjects: pd.DataFrame) -> None:
    """Draw accuracies of the subjects on a circle, one ring for each method."""
    names = np.unique(subjects["subject"])
    angles = 2 * np.pi * np.arange(len(names)) / len(names)
    for method, (colour, marker, style) in RADAR.items():
        values = subjects[subjects["method"] == method].sort_values("subject")["accuracy"].to_numpy(float)
        axes.plot(
            np.append(angles, angles[0]), np.append(values, values[0]), style, color=colour, marker=marker,
            ms=3.2, lw=1.3, label=method,
        )  # fmt: skip
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    axes.set_xticks(angles, labels=[f"{name:g}" for name in names], size=draw.DIRECT_SIZE)
    axes.set_rlim(0, 90)
    axes.set_rticks([30, 60, 90], labels=["30", "60", "90 %"], size=draw.NOTE_SIZE)
    axes.set_rlabel_position(15)
    axes.grid(color=draw.BAND, lw=0.6)
    axes.spines["polar"].set_color(draw.BAND)


def paired_lines(axes: Any, first: ArrayLike, second: ArrayLike, x: float, colour: str) -> None:
    """Draw one line for each subject between two columns, and their means."""
    a, b = np.asarray(first, float), np.asarray(second, float)
    for low, high in zip(a, b, strict=True):
        axes.plot([x, x + 1], [low, high], "-", color=colour, lw=0.6, alpha=0.55)
    axes.plot([x, x + 1], [a.mean(), b.mean()], "-", color=draw.INK, lw=1.6, marker="o", ms=3.6)


def means_by(
    axes: Any, table: pd.DataFrame, column: str, colour: str, marker: str, label: str | None = None
) -> None:
    """Draw accuracies of single runs as dots and their mean as a line."""
    grouped = table.groupby(column)["accuracy"].mean()
    axes.plot(table[column], 100 * table["accuracy"], marker, color=colour, ms=2.4, alpha=0.45, ls="none")
    axes.plot(
        grouped.index, 100 * grouped.to_numpy(), "-", marker=marker, color=colour, ms=4, lw=1.3, label=label
    )


def log_ticks(axes: Any, ticks: ArrayLike) -> None:
    """Put plain numbers on a logarithmic axis."""
    values = sorted(set(np.asarray(ticks).tolist()))
    axes.set_xscale("log")
    if len(values) == 1:
        axes.set_xlim(values[0] / 2, values[0] * 2)
    axes.set_xticks(values, labels=[f"{value:g}" for value in values], size=draw.NOTE_SIZE)
    axes.set_xticks([], minor=True)


def decades(axes: Any) -> None:
    """Make the x axis logarithmic with one, two and five per decade as plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0), numticks=12))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(LogLocator(10, subs=()))
    axes.tick_params(axis="x", labelsize=draw.NOTE_SIZE)


def whole_numbers(axis: Any) -> None:
    """Put ticks at whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def chance(axes: Any, value: float) -> None:
    """Draw the accuracy of guessing."""
    draw.level_line(axes, value, ls=":", lw=0.9)


def jitter(n: int) -> NDArray[np.float64]:
    """Return small fixed shifts, so that dots do not hide each other."""
    return 0.16 * (np.arange(n) % 5 - 2) / 2


def contacts(axes: Any, table: pd.DataFrame, score: NDArray[np.float64], display: str) -> Any:
    """Draw contacts on a glass brain, the size and colour by their score."""
    from matplotlib.colors import Normalize
    from nilearn.plotting import plot_markers

    places = table[["x_mm", "y_mm", "z_mm"]].to_numpy(float)
    return plot_markers(
        score, places, axes=axes, display_mode=display, node_cmap="cividis", node_vmin=0, node_vmax=1,
        node_size=4 + 22 * Normalize(0, 1)(score), alpha=0.85, annotate=False, colorbar=False,
    )  # fmt: skip
