"""Figures of a lab's maps: tables in, matplotlib figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..reporting import drawing as draw

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def slices(table: pd.DataFrame) -> Figure:
    """Draw slices of maps side by side, one map below the other; a map of both signs is drawn around zero."""
    names = list(dict.fromkeys(table["map"]))
    places = sorted(table["slice"].unique())
    width, height = int(table["column"].max()) + 1, int(table["row"].max()) + 1
    gap = 1 + width // 12
    figure = draw.new_figure(draw.DOUBLE, 0.4 + len(names) * min(1.6, 6.2 * height / (len(places) * width)))
    grid = figure.subplots(len(names), 1, squeeze=False)[:, 0]
    for axes, name in zip(grid, names, strict=True):
        part = table[table["map"] == name]
        # one picture of all slices: many small panels take seconds to lay out
        image = np.full((height, len(places) * (width + gap) - gap), np.nan)
        shift = (width + gap) * np.searchsorted(places, part["slice"])
        image[part["row"], part["column"] + shift] = part["value"]
        low, high = float(np.nanmin(image)), float(np.nanmax(image))
        edge = max(abs(low), abs(high), 1e-12)
        limits = (-edge, edge) if low < 0 else (0.0, edge)
        shown = axes.imshow(
            image, cmap="RdBu_r" if low < 0 else "viridis", vmin=limits[0], vmax=limits[1], origin="lower",
            interpolation="nearest", rasterized=True,
        )  # fmt: skip
        axes.set_yticks([])
        axes.tick_params(length=0)
        axes.set_xticks([])
        for side in axes.spines.values():
            side.set_visible(False)
        axes.set_ylabel(str(name).replace("$", ""))
        figure.colorbar(shown, ax=axes, fraction=0.02, pad=0.01)
    labels = [f"z = {place:.0f} mm".replace("-", "−") for place in places]
    grid[-1].set_xticks(np.arange(len(places)) * (width + gap) + (width - 1) / 2, labels)
    return figure


def runs(table: pd.DataFrame) -> Figure:
    """Draw the density of the graphs of all runs in ascending order, and against motion."""
    figure = draw.new_figure(draw.DOUBLE, 2.5)
    a, b = figure.subplots(1, 2)
    a.plot(
        np.arange(len(table)),
        np.sort(table["density"].to_numpy()),
        "o",
        color=draw.MODEL,
        mfc="white",
        ms=3.5,
    )
    a.set_xlabel("run, in ascending order")
    a.set_xticks([])
    a.set_ylabel("density of the graph")
    a.set_ylim(bottom=0)
    known = table["mean_fd"].notna().to_numpy()
    if known.any():
        b.plot(table["mean_fd"][known], table["density"][known], "o", color=draw.MODEL, mfc="white", ms=3.5)
    else:
        b.text(0.5, 0.5, "motion is not known", transform=b.transAxes, ha="center", va="center")
    b.set_xlabel("mean FD (mm)")
    b.set_ylabel("density of the graph")
    draw.letter(a, "a", "all runs")
    draw.letter(b, "b", "against motion")
    return figure


def scores(table: pd.DataFrame) -> Figure:
    """Draw what each model scores, a panel for each map, with intervals and the level of chance."""
    names = list(dict.fromkeys(table["map"]))
    figure = draw.new_figure(draw.DOUBLE, 0.6 + 0.3 * table["score"].nunique())
    grid = figure.subplots(1, len(names), squeeze=False, sharey=True)[0]
    for place, (axes, name) in enumerate(zip(grid, names, strict=True)):
        part = table[table["map"] == name]
        height = np.arange(len(part))[::-1]
        draw.level_line(axes, 0.5, vertical=True)
        axes.hlines(height, part["low"], part["high"], color=draw.MODEL, lw=1.1)
        axes.plot(part["value"], height, "o", color=draw.MODEL, mfc="white", ms=4)
        axes.set_yticks(height, [str(one) for one in part["score"]])
        axes.set_xlim(0, 1)
        axes.set_xlabel("area under the ROC curve")
        draw.letter(axes, "abcdefgh"[place % 8], str(name).replace("$", ""))
    return figure
