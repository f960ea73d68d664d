"""Figures of the analysis: tables in, matplotlib figures out; the caller sets the style."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..reporting import drawing as draw
from . import _panels as panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def one_scan(example: pd.DataFrame, correlations: pd.DataFrame, density: pd.DataFrame) -> Figure:
    """Draw the steps on one scan: series, correlations, densities."""
    figure = draw.new_figure(draw.DOUBLE, 2.4)
    a, b, c = figure.subplots(1, 3)
    for row, (_, rows) in enumerate(example.groupby("node")):
        a.plot(rows["time"], rows["signal"] / 5 - row, color=draw.MODEL, lw=0.8)
    a.set_yticks([])
    a.set_xlabel("time (s)")
    a.set_ylabel("signal (SD, shifted)")
    middle = (correlations["low"] + correlations["high"]) / 2
    share = correlations["n_pairs"] / correlations["n_pairs"].sum()
    b.bar(middle, 100 * share, width=correlations["high"] - correlations["low"], color=draw.MODEL, lw=0)
    b.set_xlabel("correlation")
    b.set_ylabel("pairs (%)")
    c.fill_between(density["threshold"], 100 * density["low"], 100 * density["high"], color=draw.BAND, lw=0)
    c.plot(density["threshold"], 100 * density["median"], "o-", color=draw.INK, ms=3.5, lw=1.2)
    c.set_yscale("log")
    ticks = [10.0**k for k in range(-3, 3)]
    c.set_yticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    c.set_yticks([], minor=True)
    c.set_ylim(50 * density["low"].min(), 130)
    c.set_xlabel("threshold (correlation)")
    c.set_ylabel("edges (% of pairs)")
    for axes, mark, words in ((a, "a", "three series"), (b, "b", "all pairs"), (c, "c", "density")):
        draw.letter(axes, mark, words)
    return figure


def sweep(table: pd.DataFrame) -> Figure:
    """Draw the area under the curve of every cell of the sweep."""
    cells = table[table["map"] != "all edges"]
    rows = list(dict.fromkeys(zip(cells["map"], cells["rule"], strict=True)))
    edges = table[table["map"] == "all edges"]
    n = len(rows) + len(edges)
    figure = draw.new_figure(draw.DOUBLE, 0.9 + 0.155 * n)
    axes = figure.subplots()
    for position, (motif, rule) in enumerate(rows):
        for mask, shift in (("whole brain", 0.16), ("masked", -0.16)):
            cell = cells[(cells["map"] == motif) & (cells["rule"] == rule) & (cells["mask"] == mask)].iloc[0]
            panels.interval_row(axes, n - 1 - position + shift, cell, panels.colour_of(motif), mask)
    labels = [f"{motif.replace('_', '-')}, {rule}" for motif, rule in rows]
    if len(edges):
        panels.interval_row(axes, 0, edges.iloc[0], draw.HUMAN, "whole brain")
        labels.append("all edges (ridge)")
    axes.set_yticks(np.arange(n)[::-1], labels=labels, size=draw.NOTE_SIZE)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.7, n - 0.3)
    draw.level_line(axes, 0.5, vertical=True)
    axes.set_xlabel("area under the ROC curve")
    panels.mask_legend(axes)
    return figure


def thresholds(table: pd.DataFrame) -> Figure:
    """Draw accuracy against the threshold, whole brain and masked."""
    figure = draw.new_figure(draw.DOUBLE, 2.6)
    pair = figure.subplots(1, 2, sharey=True)
    cells = table[(table["map"] != "all edges") & table["rule"].str.startswith("r > ")]
    cells = cells.assign(threshold=cells["rule"].str.removeprefix("r > ").astype(float))
    names = list(dict.fromkeys(cells["map"]))
    for axes, mask, mark in zip(pair, ("whole brain", "masked"), "ab", strict=True):
        for number, motif in enumerate(names):
            rows = cells[(cells["map"] == motif) & (cells["mask"] == mask)]
            x = rows["threshold"] + 0.012 * (number - (len(names) - 1) / 2)
            draw.points_with_intervals(
                axes, x, 100 * rows["accuracy"], 100 * rows["accuracy_low"], 100 * rows["accuracy_high"],
                panels.colour_of(motif), panels.marker_of(motif), label=motif.replace("_", "-"),
            )  # fmt: skip
        draw.level_line(axes, 50)
        axes.set_xlabel("threshold (correlation)")
        draw.letter(axes, mark, mask)
    pair[0].set_ylabel("accuracy (%)")
    handles, labels = pair[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(names), fontsize=draw.NOTE_SIZE)
    return figure


def components(table: pd.DataFrame) -> Figure:
    """Draw accuracy against the number of components."""
    figure = draw.new_figure(draw.SINGLE, 2.4)
    axes = figure.subplots()
    for mask, shift in (("whole brain", 0.97), ("masked", 1.03)):
        rows = table[table["mask"] == mask].sort_values("n_components")
        draw.points_with_intervals(
            axes, rows["n_components"] * shift, 100 * rows["accuracy"], 100 * rows["low"], 100 * rows["high"],
            draw.MODEL, "o", filled=mask == "whole brain", label=mask,
        )  # fmt: skip
    ticks = sorted(set(table["n_components"]))
    axes.set_xscale("log")
    axes.set_xticks(ticks, labels=[str(k) for k in ticks])
    axes.set_xticks([], minor=True)
    draw.level_line(axes, 50)
    axes.set_xlabel("principal components")
    axes.set_ylabel("accuracy (%)")
    figure.legend(loc="outside upper center", ncols=2, fontsize=draw.NOTE_SIZE)
    return figure


def roc(people: pd.DataFrame, null: pd.DataFrame) -> Figure:
    """Draw the ROC curves, and the null of the area."""
    figure = draw.new_figure(draw.DOUBLE, 2.9)
    a, b = figure.subplots(1, 2)
    curves = [("score", "whole brain", draw.MODEL, "-"), ("score_masked", "masked", draw.MODEL, "--")]
    if "score_edges" in people:
        curves.append(("score_edges", "all edges", draw.HUMAN, "-"))
    for column, label, colour, style in curves:
        panels.roc_curve(a, people["patient"], people[column], color=colour, ls=style, label=label)
    a.plot([0, 1], [0, 1], color=draw.SOFT, lw=0.8, ls=":")
    a.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    a.set_xlabel("controls called patients (share)")
    a.set_ylabel("patients found (share)")
    a.legend(loc="lower right", fontsize=draw.NOTE_SIZE)
    b.hist(null["auc"], bins=20, color=draw.GREY, lw=0)
    observed = panels.area(people["patient"], people["score"])
    b.axvline(observed, color=draw.MODEL, lw=1.5)
    draw.words_at(b, observed, 0.96, " observed", draw.MODEL, transform=b.get_xaxis_transform())
    b.set_xlim(min(0.35, null["auc"].min() - 0.02), max(observed, null["auc"].max()) + 0.09)
    b.set_xlabel("area with permuted labels")
    b.set_ylabel("permutations (number)")
    draw.letter(a, "a", "3-cycles and edges")
    draw.letter(b, "b", "null")
    return figure


def sites(table: pd.DataFrame) -> Figure:
    """Draw accuracy at each site beside the majority rules."""
    rows = table.sort_values("n", ascending=True).reset_index(drop=True)
    figure = draw.new_figure(draw.DOUBLE, 0.9 + 0.17 * len(rows))
    axes = figure.subplots()
    low, high = panels.wilson(rows["accuracy"] * rows["n"], rows["n"])
    y = np.arange(len(rows))
    axes.hlines(y, 100 * low, 100 * high, color=draw.MODEL, lw=1.2)
    axes.plot(100 * rows["accuracy"], y, "o", color=draw.MODEL, ms=4.5, label="3-cycles")
    axes.plot(100 * rows["site_majority"], y, "x", color=draw.SOFT, ms=4, label="larger group of training")
    axes.plot(
        100 * rows["site_oracle"],
        y,
        "|",
        color=draw.INK,
        ms=8,
        mew=1.4,
        label="larger group of the site itself",
    )
    names = [f"{site} ({n})" for site, n in zip(rows["site"], rows["n"], strict=True)]
    axes.set_yticks(y, labels=names, size=draw.NOTE_SIZE)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.set_xlim(0, 100)
    axes.set_xlabel("accuracy at the site left out (%)")
    figure.legend(loc="outside upper center", ncols=3, fontsize=draw.NOTE_SIZE)
    return figure


def group_maps(regions: pd.DataFrame, voxels: pd.DataFrame) -> Figure:
    """Draw differences of the groups: sorted over nodes, and on slices of the synthetic cohort."""
    figure, axes = panels.beside_slices()
    ordered = regions.sort_values("t", ignore_index=True)
    strong = ordered["q"] < 0.05
    axes.plot(ordered.index[~strong] + 1, ordered["t"][~strong], ".", color=draw.GREY, ms=3)
    axes.plot(ordered.index[strong] + 1, ordered["t"][strong], ".", color=draw.MODEL, ms=4)
    draw.level_line(axes, 0)
    axes.set_xlabel("node (in order of t)")
    axes.set_ylabel("t, patients minus controls")
    draw.letter(axes, "a", "all nodes")
    panels.slices(figure, voxels, "t", "b   synthetic: t of the 3-cycle map")
    return figure


def mask(regions: pd.DataFrame, voxels: pd.DataFrame) -> Figure:
    """Draw in how many folds a node was kept: sorted over nodes, and on slices."""
    figure, axes = panels.beside_slices()
    kept = np.sort(regions["share_of_folds"])[::-1]
    axes.plot(np.arange(1, len(kept) + 1), kept, color=draw.MODEL, drawstyle="steps-mid")
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel("node (in order)")
    axes.set_ylabel("kept (share of folds)")
    draw.letter(axes, "a", "all nodes")
    panels.slices(figure, voxels, "share_of_folds", "b   synthetic: share of folds")
    return figure


def work(table: pd.DataFrame) -> Figure:
    """Draw counted work against density and size."""
    figure = draw.new_figure(draw.DOUBLE, 2.7)
    a, b = figure.subplots(1, 2)
    for n, rows in table.groupby("n_nodes"):
        a.plot(100 * rows["density"], rows["triangle_bytes"], "-", color=draw.MODEL, lw=1.2)
        last = rows.iloc[-1]
        draw.words_at(a, 100 * last["density"] * 1.15, last["triangle_bytes"], f"{n:,}", draw.MODEL)
    a.set_xscale("log")
    a.set_yscale("log")
    a.set_xlim(0.08, 120)
    a.set_xlabel("density (% of pairs)")
    a.set_ylabel("bytes read for triangles")
    first = table.groupby("n_nodes").first().reset_index()
    for column, label, colour, style in (
        ("correlation_operations", "correlations", draw.MODEL, "o-"),
        ("dense_operations", "dense product", draw.SOFT, "s--"),
    ):
        b.plot(first["n_nodes"], first[column], style, color=colour, ms=3.5, lw=1.2, label=label)
    b.set_xscale("log")
    b.set_yscale("log")
    b.set_xlabel("nodes (number)")
    b.set_ylabel("operations")
    b.legend(loc="upper left", fontsize=draw.NOTE_SIZE)
    draw.letter(a, "a", "triangles, by nodes")
    draw.letter(b, "b", "arithmetic")
    return figure


def thumbnail(people: pd.DataFrame) -> Figure:
    """Draw the picture of the dashboard."""
    figure = draw.new_figure(*draw.THUMBNAIL)
    axes = figure.subplots()
    panels.roc_curve(axes, people["patient"], people["score"], color=draw.MODEL, label="3-cycles")
    if "score_edges" in people:
        panels.roc_curve(axes, people["patient"], people["score_edges"], color=draw.HUMAN, label="all edges")
    axes.plot([0, 1], [0, 1], color=draw.SOFT, lw=0.8, ls=":")
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 1], yticks=[0, 1])
    axes.legend(loc="lower right", fontsize=draw.NOTE_SIZE)
    return figure
