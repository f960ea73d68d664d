"""Figures of the analysis: tables in, matplotlib figures out; the caller sets the style."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosci.reporting import drawing

from . import _panels as draw

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def simulation(
    false_positives: pd.DataFrame, population: pd.DataFrame, false_negatives: pd.DataFrame
) -> Figure:
    """Draw simulated error rates on the exact curves: Figs. 4A and 4B.

    Parameters
    ----------
    false_positives, false_negatives : DataFrame
        Points with ``exact``, ``rate``, ``low``, ``high`` and ``published_rate``.
    population : DataFrame
        Exact curves with ``curve``, ``n``, ``p``.

    Returns
    -------
    Figure
        Two panels.
    """
    figure = drawing.new_figure(drawing.DOUBLE, 2.9)
    left, right = figure.subplots(1, 2)
    draw.positive_panel(left, false_positives, population)
    drawing.letter(left, "a", "false positives")
    for (theta, rows), (colour, ink, marker) in zip(
        false_negatives.groupby("theta"), draw.SERIES, strict=True
    ):
        shown = rows[rows["exact"] > 0]
        right.plot(shown["noise"], shown["exact"], color=colour, lw=1.2)
        draw.points(right, rows["noise"], rows, colour, marker)
        draw.crosses(right, rows["noise"], rows["published_rate"])
        at = float(np.interp(np.log(1e-3), np.log(shown["exact"]), shown["noise"]))
        drawing.words_at(right, at + 0.017, 1e-3, f"θ = {theta}", ink)
    draw.decades_axis(right, -8, 0, 2)
    right.set_xlim(0, 0.82)
    right.set_xlabel("noise (fraction of active cells)")
    right.set_ylabel("false negatives (probability)")
    drawing.letter(right, "b", "false negatives")
    return figure


def theory(
    population: pd.DataFrame, curvature: pd.DataFrame, readings: pd.DataFrame, synapses: pd.DataFrame
) -> Figure:
    """Draw exact false positives by population and by synapses: Figs. 5A and 5B.

    Parameters
    ----------
    population : DataFrame
        Columns ``curve``, ``n``, ``p``, ``published``.
    curvature : DataFrame
        Columns ``curve``, ``n``, ``p``, ``local_exponent``.
    readings : DataFrame
        Columns ``reading``, ``n``, ``decades_per_1000``.
    synapses : DataFrame
        Columns ``curve``, ``n``, ``a``, ``s``, ``p``, ``published``.

    Returns
    -------
    Figure
        Four panels.
    """
    figure = drawing.new_figure(drawing.DOUBLE, 4.3)
    (first, second), (third, fourth) = figure.subplots(2, 2)
    draw.population_panel(first, population)
    drawing.letter(first, "a", "population")
    for name, (colour, _, _) in zip(draw.SPARSE, draw.SERIES, strict=True):
        rows = curvature[curvature["curve"] == str(name)]
        second.plot(rows["n"], rows["local_exponent"], color=colour)
    drawing.level_line(second, -12)
    second.set_ylim(-14, 0)
    second.set_yticks([-12, -9, -6, -3, 0])
    second.set_ylabel("local exponent (ratio)")
    drawing.words_at(second, 19_800, -12.9, "power law n⁻¹²", drawing.SOFT, ha="right")
    drawing.letter(second, "b", "how it falls")
    draw.reading_panel(third, readings)
    drawing.letter(third, "c", "other readings")
    for axes in (second, third):
        axes.set_xlim(0, 20_400)
        axes.set_xticks([0, 10_000, 20_000], labels=["0", "10,000", "20,000"])
        axes.set_xlabel("population (cells)")
    draw.synapse_panel(fourth, synapses)
    drawing.letter(fourth, "d", "synapses")
    return figure


def thresholds(medians: pd.DataFrame, measured: pd.DataFrame, grid_windows: pd.DataFrame) -> Figure:
    """Draw median errors by threshold beside measured thresholds: Fig. 6 and after.

    Parameters
    ----------
    medians : DataFrame
        Columns ``theta``, ``median``, ``median_can_fire``, ``mean``, ``published_median``.
    measured : DataFrame
        Columns ``label``, ``low``, ``high``, ``mean``, ``cited_by_paper``.
    grid_windows : DataFrame
        Columns ``low``, ``high``, ``is_empty``: admissible thresholds of each segment.

    Returns
    -------
    Figure
        Two panels.
    """
    figure = drawing.new_figure(drawing.DOUBLE, 3.0)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    left.axhspan(1e-40, draw.RELIABLE, color=drawing.BAND, alpha=0.55, lw=0, zorder=0)
    left.plot(medians["theta"], medians["mean"], color=drawing.GREY, lw=1.2)
    left.plot(medians["theta"], medians["median_can_fire"], color=drawing.MODEL, lw=1.1, ls=":")
    left.plot(medians["theta"], medians["median"], color=drawing.MODEL)
    draw.crosses(left, medians["theta"], medians["published_median"])
    drawing.words_at(left, 15.2, 2e-9, "mean", drawing.SOFT)
    drawing.words_at(left, 13.0, 3e-22, "median", drawing.MODEL, ha="right")
    drawing.words_at(
        left, 19.0, 1e-33, "dotted: without segments\nthat can never fire", drawing.MODEL, ha="right"
    )
    left.annotate(
        "lowest measured\nthreshold, 8", (8, 5e-8), (8.6, 2e-3), color=drawing.SOFT, size=drawing.NOTE_SIZE,
        arrowprops={"arrowstyle": "->", "color": drawing.SOFT, "lw": 0.8},
    )  # fmt: skip
    draw.decades_axis(left, -38, 0, 9)
    left.set_xlim(2.5, 24.5)
    left.set_xticks([4, 8, 12, 16, 20, 24])
    left.set_xlabel("threshold (synapses)")
    left.set_ylabel("false positives (probability)")
    drawing.letter(left, "a", "median error")
    draw.measured_rows(right, measured, grid_windows)
    drawing.letter(right, "b", "measured and admissible")
    return figure


def operating_windows(windows: pd.DataFrame, measured: pd.DataFrame) -> Figure:
    """Draw admissible thresholds by synapses, one panel per noise level.

    Parameters
    ----------
    windows : DataFrame
        Columns ``noise``, ``s``, ``low``, ``high``, ``is_empty``.
    measured : DataFrame
        Measured thresholds; those that the paper cites give the band.

    Returns
    -------
    Figure
        A row of panels.
    """
    levels = sorted(set(windows["noise"]))[:4]
    figure = drawing.new_figure(drawing.DOUBLE, 2.5)
    panels = figure.subplots(1, len(levels), sharey=True, squeeze=False)[0]
    cited = measured[measured["cited_by_paper"]]
    band = float(cited["low"].min()), float(cited["high"].max())
    for axes, noise, mark in zip(panels, levels, "abcd", strict=False):
        draw.window_panel(axes, windows[windows["noise"] == noise], band)
        drawing.letter(axes, mark, f"{100 * noise:g} % noise")
        axes.set_xlabel("synapses (number)")
    small = {"size": drawing.NOTE_SIZE}
    drawing.words_at(panels[-1], 98, band[0] - 3.5, "measured thresholds", drawing.SOFT, ha="right", **small)
    drawing.words_at(panels[0], 4, 82, "too many misses", drawing.MODEL)
    drawing.words_at(panels[0], 98, 3.5, "too many false alarms", drawing.MODEL, ha="right")
    panels[0].set_ylabel("threshold (synapses)")
    return figure


def windows_measured(windows: pd.DataFrame, measured: pd.DataFrame, branches: pd.DataFrame) -> Figure:
    """Draw admissible thresholds above the numbers of synapses that were counted on real neurons.

    Parameters
    ----------
    windows, measured : DataFrame
        As for `operating_windows`.
    branches : DataFrame
        Row ``all`` of column ``neuron``: 5, 50 and 95 % of the inputs of a branch, and within a distance.

    Returns
    -------
    Figure
        A row of panels.
    """
    figure = operating_windows(windows, measured)
    counted = branches[branches["neuron"] == "all"].iloc[0]
    for axes in figure.axes:
        draw.counted_rows(axes, counted)
    drawing.words_at(figure.axes[0], 11, -8, "per branch", drawing.HUMAN)
    if len(figure.axes) > 1:
        drawing.words_at(figure.axes[1], 98, -8, "within 10 µm", drawing.HUMAN, ha="right")
    return figure


def unions(union_sizes: pd.DataFrame, unions: pd.DataFrame, unions_simulated: pd.DataFrame) -> Figure:
    """Draw size and errors of unions: Figs. 7A and 7B, and the approximation over the exact law.

    Parameters
    ----------
    union_sizes : DataFrame
        Columns ``s``, ``M``, ``expected``, ``published``.
    unions : DataFrame
        Columns ``n``, ``M``, ``exact``, ``plugin``, ``ratio``, ``published``.
    unions_simulated : DataFrame
        Columns ``M``, ``plugin``, ``rate``, ``low``, ``high``.

    Returns
    -------
    Figure
        Three panels.
    """
    figure = drawing.new_figure(drawing.DOUBLE, 2.7)
    left, middle, right = figure.subplots(1, 3)
    for (s, rows), (colour, ink, _) in zip(union_sizes.groupby("s"), draw.SERIES, strict=True):
        left.plot(rows["M"], rows["expected"], color=colour)
        draw.crosses(left, rows["M"][::3], rows["published"][::3])
        drawing.words_at(left, 19.9, float(rows["expected"].iloc[-1]), f"s = {s}", ink)
    left.set_xlim(0, 25.5)
    left.set_ylim(0, 460)
    left.set_ylabel("expected synapses (number)")
    drawing.letter(left, "a", "size of the union")
    places = ((3.9, 2e-2), (2.0, 2e-5), (9.0, 3e-11))
    for (n, rows), (colour, ink, marker), at in zip(unions.groupby("n"), draw.SERIES, places, strict=True):
        middle.plot(rows["M"], rows["exact"], color=colour, lw=1.2)
        middle.plot(rows["M"], rows["plugin"], ".", color=colour, ms=3.5)
        draw.crosses(middle, rows["M"][::3], rows["published"][::3])
        right.plot(rows["M"], rows["ratio"], color=colour, marker=marker, ms=2.8, lw=1.0)
        drawing.words_at(middle, *at, f"n = {n:,}", ink)
    draw.decades_axis(middle, -25, 0, 6)
    middle.set_ylabel("false positives (probability)")
    drawing.letter(middle, "b", "error of the union")
    draw.simulated_ratio(right, unions_simulated)
    right.set_ylabel("approximation over exact (ratio)")
    drawing.letter(right, "c", "approximation")
    for axes in (left, middle, right):
        axes.set_xlabel("patterns on the segment (number)")
        axes.set_xticks([1, 5, 10, 15, 19])
    return figure
