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
    "brain": (draw.MODEL, "o"),
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
    axes.set_xticks(values, labels=labels_apart(values), size=draw.NOTE_SIZE)
    axes.set_xticks([], minor=True)


def labels_apart(values: list[float]) -> list[str]:
    """Return plain numbers for ticks of a logarithmic axis, empty where the next larger one is too near."""
    labels: list[str] = []
    room, last = np.log(values[-1] / values[0]) / 6, np.inf
    for value in reversed(values):
        far = np.log(last / value) >= room
        labels.append(f"{value:g}" if far else "")
        last = value if far else last
    return labels[::-1]


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


GRID_MM, SMOOTHING_MM = 2.0, 6.0
_LOW_MM, _HIGH_MM = np.array([-90.0, -126.0, -72.0]), np.array([90.0, 90.0, 108.0])


def smoothed(places: NDArray[np.float64], score: NDArray[np.float64]) -> Any:
    """Return scores at places in mm, smoothed with a Gaussian, as an image whose largest voxel is 1."""
    from nibabel.nifti1 import Nifti1Image
    from scipy.ndimage import gaussian_filter

    edges = [np.arange(low, high + GRID_MM, GRID_MM) for low, high in zip(_LOW_MM, _HIGH_MM, strict=True)]
    held, _ = np.histogramdd(places, bins=edges, weights=score)
    volume = gaussian_filter(held, SMOOTHING_MM / GRID_MM)
    affine = np.diag([GRID_MM, GRID_MM, GRID_MM, 1.0])
    affine[:3, 3] = _LOW_MM + GRID_MM / 2
    scaled = (volume / volume.max()).astype(np.float32)
    return Nifti1Image(scaled, affine)  # type: ignore[no-untyped-call]


def contacts(axes: Any, table: pd.DataFrame, score: NDArray[np.float64], display: str) -> Any:
    """Draw the smoothed score on a glass brain, and contacts as dots whose size is their score."""
    from nilearn.plotting import plot_glass_brain

    places = table[["x_mm", "y_mm", "z_mm"]].to_numpy(float)
    shown = plot_glass_brain(
        smoothed(places, score), axes=axes, display_mode=display, cmap="cividis", vmin=0, vmax=1,
        threshold=0.05, annotate=False, colorbar=False, plot_abs=False, symmetric_cbar=False,
    )  # fmt: skip
    for view in shown.axes.values():
        for image in view.ax.images:
            # vector files then hold the voxels instead of an enlarged picture of them
            image.set_interpolation("none")
    shown.add_markers(places, marker_color=draw.HUMAN, marker_size=1 + 9 * score, alpha=0.9)
    return shown
