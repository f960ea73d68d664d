"""Figures of the analysis: tables in, matplotlib figures out; the caller sets the style."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import _panels as draw

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

DOUBLE = 7.2
SINGLE = 3.5
THUMBNAIL = (2.9, 1.62)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


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
    figure = _figure(DOUBLE, 2.9)
    left, right = figure.subplots(1, 2)
    draw.positive_panel(left, false_positives, population)
    draw.letter(left, "a", "false positives")
    for (theta, rows), (colour, ink, marker) in zip(
        false_negatives.groupby("theta"), draw.SERIES, strict=True
    ):
        shown = rows[rows["exact"] > 0]
        right.plot(shown["noise"], shown["exact"], color=colour, lw=1.2)
        draw.points(right, rows["noise"], rows, colour, marker)
        draw.crosses(right, rows["noise"], rows["published_rate"])
        at = float(np.interp(np.log(1e-3), np.log(shown["exact"]), shown["noise"]))
        draw.words_at(right, at + 0.017, 1e-3, f"θ = {theta}", ink)
    draw.decades_axis(right, -8, 0, 2)
    right.set_xlim(0, 0.82)
    right.set_xlabel("noise (fraction of active cells)")
    right.set_ylabel("false negatives (probability)")
    draw.letter(right, "b", "false negatives")
    return figure


def theory(population: pd.DataFrame, curvature: pd.DataFrame, synapses: pd.DataFrame) -> Figure:
    """Draw exact false positives by population and by synapses: Figs. 5A and 5B.

    Parameters
    ----------
    population : DataFrame
        Columns ``curve``, ``n``, ``p``, ``published``.
    curvature : DataFrame
        Columns ``curve``, ``n``, ``p``, ``local_exponent``.
    synapses : DataFrame
        Columns ``curve``, ``n``, ``a``, ``s``, ``p``, ``published``.

    Returns
    -------
    Figure
        Three panels.
    """
    figure = _figure(DOUBLE, 2.8)
    left, middle, right = figure.subplots(1, 3)
    for a, (colour, ink, _) in zip(draw.SPARSE, draw.SERIES, strict=True):
        rows = population[population["curve"] == str(a)]
        left.plot(rows["n"], rows["p"], color=colour)
        draw.crosses(left, rows["n"][::5], rows["published"][::5])
        last = rows[rows["n"] <= 9700].iloc[-1]
        draw.words_at(left, float(last["n"]), float(last["p"]) * 60, f"{a}", ink, ha="right")
        rows = curvature[curvature["curve"] == str(a)]
        middle.plot(rows["n"], rows["local_exponent"], color=colour)
    dense = population[population["curve"] == "n/4"]
    draw.crosses(left, dense["n"][::5], dense["published"][::5])
    draw.dense_lines(left, population, 10_000, lifts=(0.02, 12.0))
    draw.decades_axis(left, -24, 2, 6)
    left.set_xlim(0, 10_100)
    left.set_xticks([0, 5000, 10_000], labels=["0", "5,000", "10,000"])
    left.set_xlabel("population (cells)")
    left.set_ylabel("false positives (probability)")
    draw.letter(left, "a", "population")
    draw.threshold_line(middle, -12)
    middle.set_ylim(-14, 0)
    middle.set_yticks([-12, -9, -6, -3, 0])
    middle.set_xlim(0, 20_000)
    middle.set_xticks([0, 10_000, 20_000], labels=["0", "10,000", "20,000"])
    middle.set_xlabel("population (cells)")
    middle.set_ylabel("local exponent (ratio)")
    draw.words_at(middle, 19_800, -12.9, "power law n⁻¹²", draw.SOFT, ha="right")
    draw.letter(middle, "b", "how it falls")
    draw.synapse_panel(right, synapses)
    draw.letter(right, "c", "synapses")
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
    figure = _figure(DOUBLE, 3.0)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    left.axhspan(1e-40, draw.RELIABLE, color=draw.BAND, alpha=0.55, lw=0, zorder=0)
    left.plot(medians["theta"], medians["mean"], color=draw.GREY, lw=1.2)
    left.plot(medians["theta"], medians["median_can_fire"], color=draw.MODEL, lw=1.1, ls=":")
    left.plot(medians["theta"], medians["median"], color=draw.MODEL)
    draw.crosses(left, medians["theta"], medians["published_median"])
    draw.words_at(left, 15.2, 2e-9, "mean", draw.SOFT)
    draw.words_at(left, 13.0, 3e-22, "median", draw.MODEL, ha="right")
    draw.words_at(left, 19.0, 1e-33, "dotted: without segments\nthat can never fire", draw.MODEL, ha="right")
    left.annotate(
        "lowest measured\nthreshold, 8", (8, 5e-8), (8.6, 2e-3), color=draw.SOFT, size=draw.NOTE_SIZE,
        arrowprops={"arrowstyle": "->", "color": draw.SOFT, "lw": 0.8},
    )  # fmt: skip
    draw.decades_axis(left, -38, 0, 9)
    left.set_xlim(2.5, 24.5)
    left.set_xticks([4, 8, 12, 16, 20, 24])
    left.set_xlabel("threshold (synapses)")
    left.set_ylabel("false positives (probability)")
    draw.letter(left, "a", "median error")
    draw.measured_rows(right, measured, grid_windows)
    draw.letter(right, "b", "measured and admissible")
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
    figure = _figure(DOUBLE, 2.4)
    panels = figure.subplots(1, len(levels), sharey=True, squeeze=False)[0]
    for axes, noise, mark in zip(panels, levels, "abcd", strict=False):
        draw.window_panel(axes, windows[windows["noise"] == noise])
        draw.letter(axes, mark, f"{100 * noise:g} % noise")
        axes.set_xlabel("synapses (number)")
    cited = measured[measured["cited_by_paper"]]
    draw.words_at(
        panels[-1], 11.5, float(cited["high"].max()) - 2.2, "measured range", draw.SOFT, size=draw.NOTE_SIZE
    )
    draw.words_at(panels[0], 30, 44, "too many misses", draw.MODEL, ha="center")
    draw.words_at(panels[0], 59, 1.8, "too many false alarms", draw.MODEL, ha="right")
    panels[0].set_ylabel("threshold (synapses)")
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
    figure = _figure(DOUBLE, 2.7)
    left, middle, right = figure.subplots(1, 3)
    for (s, rows), (colour, ink, _) in zip(union_sizes.groupby("s"), draw.SERIES, strict=True):
        left.plot(rows["M"], rows["expected"], color=colour)
        draw.crosses(left, rows["M"][::3], rows["published"][::3])
        draw.words_at(left, 19.9, float(rows["expected"].iloc[-1]), f"s = {s}", ink)
    left.set_xlim(0, 25.5)
    left.set_ylim(0, 460)
    left.set_ylabel("expected synapses (number)")
    draw.letter(left, "a", "size of the union")
    places = ((3.9, 2e-2), (2.0, 2e-5), (9.0, 3e-11))
    for (n, rows), (colour, ink, marker), at in zip(unions.groupby("n"), draw.SERIES, places, strict=True):
        middle.plot(rows["M"], rows["exact"], color=colour, lw=1.2)
        middle.plot(rows["M"], rows["plugin"], ".", color=colour, ms=3.5)
        draw.crosses(middle, rows["M"][::3], rows["published"][::3])
        right.plot(rows["M"], rows["ratio"], color=colour, marker=marker, ms=2.8, lw=1.0)
        draw.words_at(middle, *at, f"n = {n:,}", ink)
    draw.decades_axis(middle, -25, 0, 6)
    middle.set_ylabel("false positives (probability)")
    draw.letter(middle, "b", "error of the union")
    draw.simulated_ratio(right, unions_simulated)
    right.set_ylabel("approximation over exact (ratio)")
    draw.letter(right, "c", "approximation")
    for axes in (left, middle, right):
        axes.set_xlabel("patterns on the segment (number)")
        axes.set_xticks([1, 5, 10, 15, 19])
    return figure


def rare_events(rare: pd.DataFrame) -> Figure:
    """Draw estimates of rare probabilities over exact ones.

    Parameters
    ----------
    rare : DataFrame
        Columns ``method``, ``log10_exact``, ``ratio``, ``relative_error``.

    Returns
    -------
    Figure
        One panel.
    """
    figure = _figure(SINGLE, 2.6)
    axes = figure.subplots()
    axes.axhline(1, color=draw.INK, lw=0.9, zorder=0)
    for method, colour, marker in (("tilted sampling", draw.MODEL, "o"), ("splitting", draw.OCHRE, "^")):
        rows = rare[rare["method"] == method]
        spread = np.exp(1.96 * rows["relative_error"])
        x = -rows["log10_exact"] + (1.2 if method == "splitting" else 0.0)
        axes.vlines(x, rows["ratio"] / spread, rows["ratio"] * spread, color=colour, lw=1.2)
        axes.plot(x, rows["ratio"], marker, mfc="white", mec=colour, mew=1.0, ms=4.5)
        if method == "splitting":
            draw.words_at(axes, float(x.iloc[0]) + 1.5, float(rows["ratio"].iloc[0]), method, draw.OCHRE_INK)
    ends = np.abs(rare["ratio"] - 1) + 2.2 * rare["relative_error"]
    half = max(0.02, float(ends.max()))
    axes.set_ylim(1 - half, 1 + half)
    axes.set_xticks(range(10, 61, 10), labels=[f"$10^{{-{k}}}$" for k in range(10, 61, 10)])
    axes.set_xlim(2, 64)
    axes.set_xlabel("exact probability (rarer →)")
    axes.set_ylabel("estimate over exact (ratio)")
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
    figure = _figure(DOUBLE, 2.7)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.3))
    left.plot(sequence["n"], sequence["jaccard"], color=draw.MODEL)
    left.set_xlim(200, 4100)
    left.set_ylim(0, 1.03)
    left.set_xticks([1000, 2000, 3000, 4000], labels=["1,000", "2,000", "3,000", "4,000"])
    left.set_xlabel("population (cells)")
    left.set_ylabel("expected accuracy (Jaccard index)")
    draw.letter(left, "a", "sequence memory (E1)")
    draw.correlated_panel(right, correlated)
    draw.letter(right, "b", "correlated inputs (E2)")
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
    figure = _figure(DOUBLE, 2.6)
    left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
    for column, colour, ink, marker, words, place in (
        ("same_class", draw.GREEN, draw.GREEN_INK, "^", "same class", 8.3),
        ("other_class", draw.REAL, draw.REAL, "D", "other class", 6.6),
        ("theory", draw.INK, draw.INK, "", "", 0.0),
    ):
        rows = digits[digits[column] > 0]
        left.plot(rows["theta"], rows[column], color=colour, marker=marker, ms=3.2, lw=1.2)
        if words and len(rows):
            height = float(np.interp(place, rows["theta"], np.log10(rows[column])))
            draw.words_at(left, place + 0.4, 10 ** (height + 0.45), words, ink)
    draw.words_at(left, 1.2, 2e-8, "theory,\nrandom patterns", draw.INK)
    draw.decades_axis(left, -10, 0, 2)
    left.set_xlim(0.5, 20.5)
    left.set_xticks([1, 5, 10, 15, 20])
    left.set_xlabel("threshold (synapses)")
    left.set_ylabel("pairs that match (fraction)")
    draw.letter(left, "a", "matches on real codes")
    mixed = digit_accuracy["patterns_per_segment"]
    right.vlines(mixed, digit_accuracy["low"], digit_accuracy["high"], color=draw.REAL, lw=1.2)
    right.plot(mixed, digit_accuracy["percent_correct"], "D", color=draw.REAL)
    right.axhline(10, color=draw.SOFT, lw=0.9, ls=":")
    draw.words_at(right, 1, 14, "guessing", draw.SOFT)
    right.set_xscale("log", base=2)
    right.set_xticks(mixed, labels=[f"{value}" for value in mixed])
    right.set_xticks([], minor=True)
    right.set_ylim(0, 100)
    right.set_xlabel("patterns on each segment (number)")
    right.set_ylabel("digits recognised (%)")
    draw.letter(right, "b", "recognition")
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
    figure = _figure(*THUMBNAIL)
    axes = figure.subplots()
    for a, (colour, ink, marker) in zip(draw.SPARSE, draw.SERIES, strict=True):
        curve = population[(population["curve"] == str(a)) & (population["n"] <= 3500)]
        axes.plot(curve["n"], curve["p"], color=colour, lw=1.2)
        rows = false_positives[false_positives["a"] == a]
        draw.points(axes, rows["n"], rows, colour, marker, size=3.0)
        at = {64: (760, 2e-9), 128: (1650, 1.5e-7), 256: (2450, 2e-5)}[a]
        draw.words_at(axes, *at, f"{a}", ink)
    draw.dense_lines(axes, population, 3500, lifts=None)
    draw.decades_axis(axes, -10, 0, 5)
    axes.set_xlim(200, 3600)
    axes.set_xticks([1000, 2000, 3000], labels=["1,000", "2,000", "3,000"])
    axes.set_xlabel("population (cells)")
    axes.set_ylabel("false positives")
    return figure
