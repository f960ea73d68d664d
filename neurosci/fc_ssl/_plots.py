"""Figures of the analysis: tables in, matplotlib figures out; the caller sets the style."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..reporting import drawing as draw
from . import _panels as panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

ROWS = [
    "static",
    "sd",
    "sd_surrogate",
    "static_sd",
    "confounds",
    "both",
    "spatial",
    "temporal",
    "contrastive",
]
ROWS += ["jema", "dgi", "gae", "vgae", "graphmae", "untrained"]
PERMUTED = ["static, labels permuted", "both, labels permuted"]


def dynamic(carpet: pd.DataFrame, windows: pd.DataFrame, similarity: pd.DataFrame) -> Figure:
    """Draw the series of one scan, four windows, and the similarity of all windows."""
    figure = draw.new_figure(draw.DOUBLE, 4.2)
    top, bottom = np.ravel(np.asarray(figure.subfigures(2, 1, height_ratios=(1.0, 0.95))))
    a, b = top.subplots(1, 2, width_ratios=(2.6, 1.0))
    values = carpet.drop(columns="time").to_numpy().T
    times = carpet["time"].to_numpy()
    image = a.imshow(
        values, cmap="RdBu_r", vmin=-3, vmax=3, aspect="auto", interpolation="nearest", rasterized=True,
        extent=(times[0], times[-1], len(values), 0),
    )  # fmt: skip
    a.set_xlabel("time (s)")
    a.set_ylabel("region (number)")
    top.colorbar(image, ax=a, label="signal (SD)", extend="both", fraction=0.05, pad=0.01)
    n = int(np.sqrt(len(similarity)))
    centre = similarity["second"].to_numpy()[:n]
    step = (centre[-1] - centre[0]) / max(n - 1, 1) / 2
    limits = (centre[0] - step, centre[-1] + step)
    picture = b.imshow(
        similarity["r"].to_numpy().reshape(n, n), cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest",
        rasterized=True, extent=(*limits, limits[1], limits[0]),
    )  # fmt: skip
    b.set_xlabel("window centre (s)")
    b.set_ylabel("window centre (s)")
    names = [str(name).removeprefix("r at ") for name in windows if str(name).startswith("r at ")]
    axes = bottom.subplots(1, len(names), squeeze=False)[0]
    for place, (ax, name) in enumerate(zip(axes, names, strict=True)):
        panels.two_triangles(ax, windows, name)
        ax.set_xlabel(f"window at {name}")
        if place == 0:
            ax.set_ylabel("region")
    bottom.colorbar(picture, ax=list(axes), label="correlation (r)", fraction=0.02, pad=0.01)
    draw.letter(a, "a", "region series")
    draw.letter(b, "b", "window by window")
    draw.letter(axes[0], "c", "four windows")
    return figure


def labels(table: pd.DataFrame) -> Figure:
    """Draw scores against the number of labels, a panel for each task."""
    shown = list(dict.fromkeys(table["panel"]))
    columns = min(3, len(shown) + 1)
    rows = -(-len(shown) // columns)
    figure = draw.new_figure(draw.DOUBLE, 2.15 * rows)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for place, panel in enumerate(shown):
        panels.curves(grid[place], table, panel)
        synthetic = panel.split(",")[0] in ("dwell", "order")
        words = panel.replace("fine-tuned", "tuned")
        draw.letter(grid[place], "abcdefgh"[place], f"synthetic: {words}" if synthetic else words)
    for axes in grid[len(shown) :]:
        axes.set_axis_off()
    found = dict(
        pair
        for axes in grid[: len(shown)]
        for pair in zip(*reversed(axes.get_legend_handles_labels()), strict=True)
    )
    if len(shown) < len(grid):
        grid[len(shown)].legend(found.values(), found.keys(), loc="center", fontsize=draw.DIRECT_SIZE)
    else:
        figure.legend(
            found.values(), found.keys(), loc="outside upper center", ncols=4, fontsize=draw.NOTE_SIZE
        )
    return figure


def table(scores: pd.DataFrame) -> Figure:
    """Draw all models over the same folds of people whom no arm has seen, a panel for each target."""
    people = "held-out sites" if "held-out sites" in set(scores["people"]) else "synthetic"
    part = scores[(scores["people"] == people) & scores["metric"].isin(("auc_within_sites", "auc", "r"))]
    if people == "held-out sites":
        part = part[part["metric"] != "auc"]
    targets = list(dict.fromkeys(part["target"]))
    known = set(part["model"])
    names = [name for name in [*ROWS, *PERMUTED] if name in known]
    figure = draw.new_figure(draw.DOUBLE, 0.9 + 0.19 * len(names))
    row = figure.subplots(1, len(targets), sharey=True, squeeze=False)[0]
    for place, (axes, target) in enumerate(zip(row, targets, strict=True)):
        panels.rows_of_scores(axes, part[part["target"] == target], target, names)
        draw.letter(axes, "abcdef"[place], f"synthetic: {target}" if people == "synthetic" else target)
    return figure


def reconstruction(losses: pd.DataFrame, scores: pd.DataFrame) -> Figure:
    """Draw losses on held-out scans by epoch, and errors and areas beside predictors that need no model."""
    figure = draw.new_figure(draw.DOUBLE, 2.5)
    a, b, c = figure.subplots(1, 3, width_ratios=(1.0, 1.1, 1.1))
    part = losses[losses["arm"] == "both"]
    for name, colour, marker in (("node_spatial", draw.GREEN, "^"), ("node_temporal", draw.OCHRE, "v")):
        rows = part[part["loss"] == name]
        a.plot(
            rows["epoch"],
            rows["value"],
            marker=marker,
            color=colour,
            ms=3.5,
            lw=1.2,
            label=name.split("_")[1],
        )
    a.set_xlabel("epoch (number)")
    a.set_ylabel("held-out error of rows")
    a.set_ylim(bottom=0)
    a.xaxis.get_major_locator().set_params(integer=True)
    a.legend(loc="upper right", fontsize=draw.NOTE_SIZE)
    names = {"model": "model", "mean": "mean window", "neighbours": "two neighbours"}
    for axes, score, words in ((b, "node", "error of rows"), (c, "edge", "area of edges")):
        chosen = scores[(scores["arm"] == "both") & (scores["score"] == score)].iloc[::-1]
        ticks = []
        for place, (_, row) in enumerate(chosen.iterrows()):
            colour = draw.MODEL if row["predictor"] == "model" else draw.SOFT
            axes.plot([row["low"], row["high"]], [place, place], color=colour, lw=1.2)
            axes.plot([row["value"]], [place], "o", color=colour, ms=4)
            ticks.append(
                f"{row['branch'].removesuffix('ial').removesuffix('oral')}: {names[row['predictor']]}"
            )
        ticks = [t.replace("spat:", "space:").replace("temp:", "time:") for t in ticks]
        axes.set_yticks(range(len(ticks)), labels=ticks, size=draw.NOTE_SIZE)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(-0.6, len(ticks) - 0.4)
        axes.set_xlabel(words)
    draw.letter(a, "a", "training")
    draw.letter(b, "b", "rows, low is good")
    draw.letter(c, "c", "edges, high is good")
    return figure


def ablation(table: pd.DataFrame) -> Figure:
    """Draw the score with one choice of pre-training changed at a time."""
    shown = [name for name in panels.CHOICES if (table["choice"] == name).sum() > 1]
    figure = draw.new_figure(draw.DOUBLE, 2.2)
    row = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    for place, (axes, name) in enumerate(zip(row, shown, strict=True)):
        part = table[table["choice"] == name]
        axes.plot(part["setting"], part["auc"], color=draw.MODEL, lw=0.9)
        for default in (True, False):
            some = part[part["default"] == default]
            draw.points_with_intervals(
                axes, some["setting"], some["auc"], some["low"], some["high"], draw.MODEL, filled=default
            )
        draw.level_line(axes, 0.5)
        axes.set_xlabel(panels.CHOICES[name])
        if name == "leak_time_code":
            axes.set_xticks([0, 1], labels=["no", "yes"])
            axes.set_xlim(-0.5, 1.5)
        draw.letter(axes, "abcdefgh"[place], panels.CHOICE_WORDS[name])
    row[0].set_ylabel("area under the ROC curve")
    return figure


def missing(table: pd.DataFrame) -> Figure:
    """Draw the score of test scans that end early."""
    figure = draw.new_figure(draw.SINGLE, 2.8)
    axes = figure.subplots()
    names = [name for name in panels.STYLES if name in set(table["model"])]
    for place, name in enumerate(names):
        rows = table[table["model"] == name]
        colour, marker, line = panels.STYLES[name]
        x = 100 * rows["missing"] + 0.9 * (place - (len(names) - 1) / 2)
        axes.plot(x, rows["auc"], color=colour, ls=line, lw=0.9)
        draw.points_with_intervals(
            axes, x, rows["auc"], rows["low"], rows["high"], colour, marker, filled=name == "both",
            label=panels.NAMES[name],
        )  # fmt: skip
    draw.level_line(axes, 0.5)
    axes.set_xlabel("missing (% of the test scan)")
    axes.set_ylabel("area under the ROC curve")
    figure.legend(loc="outside upper center", ncols=2, fontsize=draw.NOTE_SIZE)
    return figure


def attention(switches: pd.DataFrame, regions: pd.DataFrame | None = None) -> Figure:
    """Draw where a classifier looks: at windows of one state or of several, and at regions."""
    figure = draw.new_figure(draw.DOUBLE if regions is not None else draw.SINGLE, 2.8)
    row = figure.subplots(1, 2 if regions is not None else 1, squeeze=False)[0]
    a = row[0]
    for label, colour, marker in ((0, draw.SOFT, "o"), (1, draw.MODEL, "D")):
        part = panels.binned(
            switches[switches["class"] == label], "purity", "attention", np.linspace(0.25, 1.0, 6)
        )
        draw.points_with_intervals(
            a, part["x"] + 0.006 * (2 * label - 1), part["value"], part["low"], part["high"], colour, marker,
            filled=bool(label), label=("short visits", "long visits")[label],
        )  # fmt: skip
    draw.level_line(a, 1.0)
    a.set_xlabel("largest share of one state in the window")
    a.set_ylabel("attention (ratio to equal)")
    a.legend(loc="best", fontsize=draw.NOTE_SIZE)
    draw.letter(a, "a", "synthetic: windows")
    if regions is not None:
        b = row[1]
        order = regions.reindex(regions["t"].abs().sort_values(ascending=False).index)[:12][::-1]
        b.hlines(range(len(order)), 0, order["t"], color=draw.MODEL, lw=1.2)
        b.plot(order["t"], range(len(order)), "o", color=draw.MODEL, ms=4)
        b.axvline(0, color=draw.INK, lw=0.6)
        names = [name if len(name) <= 34 else f"{name[:32]}…" for name in order["region"]]
        b.set_yticks(range(len(order)), labels=names, size=6)
        b.tick_params(axis="y", length=0)
        b.set_xlabel("attention, autism minus control (t)")
        draw.letter(b, "b", "regions")
    return figure


def thumbnail(table: pd.DataFrame) -> Figure:
    """Draw the picture of the dashboard: the first panel of the curves."""
    figure = draw.new_figure(*draw.THUMBNAIL)
    axes = figure.subplots()
    panel = table["panel"].iloc[0]
    part = table[(table["panel"] == panel) & table["model"].isin(("both", "untrained", "static"))]
    panels.curves(axes, part, panel)
    axes.legend(loc="best", fontsize=draw.NOTE_SIZE)
    axes.set_ylabel("area" if panel != "age" else "r")
    return figure
