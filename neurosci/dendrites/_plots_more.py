"""Figures beyond those of the paper, and the thumbnail; tables in, matplotlib figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosci.reporting import drawing

from . import _panels as draw

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def rare_events(rare: pd.DataFrame, shared: pd.DataFrame) -> Figure:
    """Draw estimates of rare probabilities over exact ones, and of many segments over the union bound.

    Parameters
    ----------
    rare : DataFrame
        Columns ``method``, ``log10_exact``, ``ratio``, ``relative_error``.
    shared : DataFrame
        Columns ``theta``, ``per_pattern``, ``ratio``, ``low``, ``high``.

    Returns
    -------
    Figure
        Two panels.
    """
    figure = drawing.new_figure(drawing.DOUBLE, 2.6)
    left, right = figure.subplots(1, 2)
    draw.rare_panel(left, rare)
    drawing.letter(left, "a", "one segment")
    right.axhline(1, color=drawing.INK, lw=0.9, zorder=0)
    for (theta, rows), (colour, ink, marker) in zip(shared.groupby("theta"), draw.SERIES, strict=True):
        x = rows["per_pattern"].to_numpy(dtype=float)
        right.plot(x, rows["ratio"], color=colour, lw=1.0)
        drawing.points_with_intervals(right, x, rows["ratio"], rows["low"], rows["high"], colour, marker)
        drawing.words_at(right, 76, min(0.93, float(rows["ratio"].iloc[-1])), f"θ = {theta}", ink)
    right.set_xscale("log", base=2)
    right.set_xlim(0.8, 180)
    right.set_ylim(0, 1.1)
    ticks = sorted(set(shared["per_pattern"]))
    right.set_xticks(ticks, labels=[f"{tick}" for tick in ticks])
    right.set_xticks([], minor=True)
    right.set_xlabel("segments that sample the same pattern (number)")
    right.set_ylabel("estimate over union bound (ratio)")
    drawing.letter(right, "b", "1,024 segments")
    return figure


def extensions(sequence: pd.DataFrame, correlated: pd.DataFrame) -> Figure:
    """Draw accuracy of a sequence memory, and errors under correlated inputs: panels E1 and E2.

    Parameters
    ----------
    sequence : DataFrame
        Columns ``n``, ``jaccard``.
    correlated : DataFrame
        Columns ``n``, ``a``, ``s``, ``correlation``, ``n_hits``, ``rate``, ``low``, ``high``.

    Returns
    -------
    Figure
        Two panels.
    """
    figure = drawing.new_figure(drawing.DOUBLE, 2.7)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.3))
    left.plot(sequence["n"], sequence["jaccard"], color=drawing.MODEL)
    left.set_xlim(200, 4100)
    left.set_ylim(0, 1.03)
    left.set_xticks([1000, 2000, 3000, 4000], labels=["1,000", "2,000", "3,000", "4,000"])
    left.set_xlabel("population (cells)")
    left.set_ylabel("expected accuracy (Jaccard index)")
    drawing.letter(left, "a", "sequence memory (E1)")
    draw.correlated_panel(right, correlated)
    drawing.letter(right, "b", "correlated inputs (E2)")
    return figure


def extensions_published(
    sequence: pd.DataFrame, correlated: pd.DataFrame, correlated_published: pd.DataFrame
) -> Figure:
    """Draw panels E1 and E2 with the authors' results.

    Parameters
    ----------
    sequence, correlated : DataFrame
        As for `extensions`.
    correlated_published : DataFrame
        Columns ``n``, ``a``, ``correlation``, ``rate``: averages in bins.

    Returns
    -------
    Figure
        Two panels.
    """
    figure = extensions(sequence, correlated)
    order = list(correlated.groupby(["a", "n"]).groups)
    for key, rows in correlated_published.groupby(["a", "n"]):
        seen, colour = rows[rows["rate"] > 0], draw.SERIES[order.index(key)][0]
        figure.axes[1].plot(seen["correlation"], seen["rate"], "x", color=colour, ms=3.6, mew=0.9)
    return figure


def digits(digits: pd.DataFrame, digit_accuracy: pd.DataFrame) -> Figure:
    """Draw matches of segments on codes of handwritten digits, and recognition.

    Parameters
    ----------
    digits : DataFrame
        Columns ``theta``, ``theory``, ``other_class``, ``same_class``.
    digit_accuracy : DataFrame
        Columns ``patterns_per_segment``, ``percent_correct``, ``low``, ``high``.

    Returns
    -------
    Figure
        Two panels.
    """
    figure = drawing.new_figure(drawing.DOUBLE, 2.6)
    left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
    for column, colour, ink, marker, words, place in (
        ("same_class", drawing.GREEN, drawing.GREEN_INK, "^", "same class", 8.3),
        ("other_class", drawing.HUMAN, drawing.HUMAN, "D", "other class", 6.6),
        ("theory", drawing.INK, drawing.INK, "", "", 0.0),
    ):
        rows = digits[digits[column] > 0]
        left.plot(rows["theta"], rows[column], color=colour, marker=marker, ms=3.2, lw=1.2)
        if words and len(rows):
            height = float(np.interp(place, rows["theta"], np.log10(rows[column])))
            drawing.words_at(left, place + 0.4, 10 ** (height + 0.45), words, ink)
    drawing.words_at(left, 1.2, 2e-8, "theory,\nrandom patterns", drawing.INK)
    draw.decades_axis(left, -10, 0, 2)
    left.set_xlim(0.5, 20.5)
    left.set_xticks([1, 5, 10, 15, 20])
    left.set_xlabel("threshold (synapses)")
    left.set_ylabel("pairs that match (fraction)")
    drawing.letter(left, "a", "matches on real codes")
    mixed = digit_accuracy["patterns_per_segment"]
    right.vlines(mixed, digit_accuracy["low"], digit_accuracy["high"], color=drawing.HUMAN, lw=1.2)
    right.plot(mixed, digit_accuracy["percent_correct"], "D", color=drawing.HUMAN)
    right.axhline(10, color=drawing.SOFT, lw=0.9, ls=":")
    drawing.words_at(right, 1, 14, "guessing", drawing.SOFT)
    right.set_xscale("log", base=2)
    right.set_xticks(mixed, labels=[f"{value}" for value in mixed])
    right.set_xticks([], minor=True)
    right.set_ylim(0, 100)
    right.set_xlabel("patterns on each segment (number)")
    right.set_ylabel("digits recognised (%)")
    drawing.letter(right, "b", "recognition")
    return figure


def thumbnail(false_positives: pd.DataFrame, population: pd.DataFrame) -> Figure:
    """Draw false positives by population size, small.

    Parameters
    ----------
    false_positives, population : DataFrame
        As for `simulation`.

    Returns
    -------
    Figure
        One panel of 2.9 x 1.62 inches.
    """
    figure = drawing.new_figure(*drawing.THUMBNAIL)
    axes = figure.subplots()
    for a, (colour, ink, marker) in zip(draw.SPARSE, draw.SERIES, strict=True):
        curve = population[(population["curve"] == str(a)) & (population["n"] <= 3500)]
        axes.plot(curve["n"], curve["p"], color=colour, lw=1.2)
        rows = false_positives[false_positives["a"] == a]
        draw.points(axes, rows["n"], rows, colour, marker, size=3.0)
        at = {64: (760, 2e-9), 128: (1650, 1.5e-7), 256: (2450, 2e-5)}[a]
        drawing.words_at(axes, *at, f"{a}", ink)
    draw.dense_lines(axes, population, 3500, lifts=None)
    draw.decades_axis(axes, -10, 0, 5)
    axes.set_xlim(200, 3600)
    axes.set_xticks([1000, 2000, 3000], labels=["1,000", "2,000", "3,000"])
    axes.set_xlabel("population (cells)")
    axes.set_ylabel("false positives")
    return figure
