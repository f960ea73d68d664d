"""Figures of the analysis: tables in, matplotlib figures out; the caller sets the style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci.reporting import drawing

from . import _panels as draw

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

DILUTION = "dilution (fraction of zeros)"
OVERLAP = "overlap with a pattern (fraction)"


def hierarchy(lines: pd.DataFrame, points: pd.DataFrame) -> Figure:
    """Draw H1: overlaps against dilution for two to five patterns.

    Parameters
    ----------
    lines, points : DataFrame
        Tables ``hierarchy`` and ``hierarchy_points``.

    Returns
    -------
    Figure
        Four panels.
    """
    figure = drawing.new_figure(drawing.DOUBLE, 2.4)
    numbers = sorted(set(lines["n_patterns"]))
    panels = draw.panels_of(figure, len(numbers), [f"{k} patterns" for k in numbers])
    for axes, k in zip(panels, numbers, strict=True):
        draw.hierarchy_panel(axes, lines, points, k)
    panels[0].set_ylabel(OVERLAP)
    figure.supxlabel(DILUTION, size=7.5)
    for words, x, y in (("1st", 0.32, 0.76), ("2nd", 0.36, 0.31)):
        drawing.words_at(panels[0], x, y, words, va="baseline")
    return figure


def _diagrams(phases: pd.DataFrame, lines: pd.DataFrame, which: list[tuple[int, float]]) -> Figure:
    from matplotlib.patches import Patch

    shown = phases[[pair in which for pair in zip(phases["n_patterns"], phases["rho"], strict=True)]]
    alone = len(which) == 1
    figure = drawing.new_figure(drawing.SINGLE if alone else drawing.DOUBLE, 2.6 if len(which) > 3 else 2.9)
    titles = [f"{k} patterns" + (f", ρ = {rho:g}" if rho else "") for k, rho in which]
    panels = [figure.add_subplot()] if alone else draw.panels_of(figure, len(which), titles)
    for axes, (k, rho) in zip(panels, which, strict=True):
        draw.phase_panel(axes, shown[(shown["n_patterns"] == k) & (shown["rho"] == rho)])
        draw.phase_lines(axes, lines, k, rho)
    panels[0].set_ylabel("temperature (unit of the energy)")
    figure.supxlabel(DILUTION, size=7.5)
    present = [name for name in draw.PHASES if name in set(shown["phase"])]
    handles = [Patch(color=draw.PHASES[name][0], label=f"{name}  {draw.PHASES[name][1]}") for name in present]
    figure.legend(
        handles=handles, loc="outside upper center", ncols=3 if alone else len(present), columnspacing=1.0,
        handlelength=1.0,
    )  # fmt: skip
    return figure


def phases_two(phases: pd.DataFrame, lines: pd.DataFrame) -> Figure:
    """Draw H2: phases of two stored patterns.

    Parameters
    ----------
    phases, lines : DataFrame
        Tables ``phases`` and ``lines``.

    Returns
    -------
    Figure
        One panel.
    """
    return _diagrams(phases, lines, [(2, 0.0)])


def phases_more(phases: pd.DataFrame, lines: pd.DataFrame) -> Figure:
    """Draw H3: phases of three and five stored patterns.

    Parameters
    ----------
    phases, lines : DataFrame
        Tables ``phases`` and ``lines``.

    Returns
    -------
    Figure
        Two panels.
    """
    return _diagrams(phases, lines, [(3, 0.0), (5, 0.0)])


def phases_learned(phases: pd.DataFrame, lines: pd.DataFrame) -> Figure:
    """Draw H4: phases of networks that learned from examples.

    Parameters
    ----------
    phases, lines : DataFrame
        Tables ``phases`` and ``lines``.

    Returns
    -------
    Figure
        Four panels.
    """
    return _diagrams(phases, lines, [(2, 0.1), (2, 0.3), (3, 0.1), (3, 0.3)])


def learning(table: pd.DataFrame) -> Figure:
    """Draw H5: overlaps with patterns and with their examples against the number of examples.

    Parameters
    ----------
    table : DataFrame
        Table ``learning``.

    Returns
    -------
    Figure
        A row of panels for each kind of overlap, one for each quality.
    """
    qualities = sorted(set(table["quality"]))
    figure = drawing.new_figure(drawing.DOUBLE, 4.4)
    grid = figure.subplots(2, len(qualities), sharex=True, sharey="row", squeeze=False)
    words = iter("abcdefghij")
    for row, kind in zip(grid, "mn", strict=True):
        for axes, r in zip(row, qualities, strict=True):
            draw.learning_panel(axes, table[table["quality"] == r], kind)
            drawing.letter(axes, next(words), f"quality {r:g}")
    grid[0, 0].set_ylabel("overlap m with a pattern")
    grid[1, 0].set_ylabel("overlap n with its examples")
    figure.supxlabel("examples of each pattern (number)", size=7.5)
    return figure


def boundary(table: pd.DataFrame) -> Figure:
    """Draw H6: where the parallel state becomes stable at zero temperature.

    Parameters
    ----------
    table : DataFrame
        Table ``boundary``.

    Returns
    -------
    Figure
        One panel.
    """
    figure = drawing.new_figure(drawing.SINGLE, 2.5)
    axes = figure.add_subplot()
    for k, style in ((2, "-"), (3, (0, (4, 1.5)))):
        rows = table[table["n_patterns"] == k].dropna()
        axes.plot(rows["dilution"], rows["rho"], color=drawing.MODEL, ls=style, label=f"{k} patterns")
    axes.set(xlim=(0, 1), ylim=(0, None))
    axes.text(0.62, 0.72, "parallel", size=8, weight="bold", transform=axes.transAxes)
    axes.text(0.07, 0.03, "hierarchical", size=8, weight="bold", transform=axes.transAxes)
    axes.set_xlabel(DILUTION)
    axes.set_ylabel("data-set entropy ρ (ratio)")
    axes.legend(loc="upper right")
    return figure


def one_step(table: pd.DataFrame) -> Figure:
    """Draw H7: overlaps after one parallel step from the hierarchical state.

    Parameters
    ----------
    table : DataFrame
        Table ``one_step``.

    Returns
    -------
    Figure
        One panel for each quality.
    """
    qualities = sorted(set(table["quality"]))
    figure = drawing.new_figure(drawing.DOUBLE, 2.5)
    panels = draw.panels_of(figure, len(qualities), [f"quality {r:g}" for r in qualities])
    for axes, r in zip(panels, qualities, strict=True):
        rows = table[table["quality"] == r]
        for a in (1, 2, 3):
            part = rows[rows["pattern"] == a]
            colour, marker = draw.SERIES[a - 1]
            x = part["n_examples"]
            axes.plot(x, part["formula"], color=drawing.INK, lw=0.9, zorder=1)
            axes.plot(x, part["solution"], color=colour, lw=1.3, ls=(0, (1, 1.2)), zorder=1)
            drawing.points_with_intervals(
                axes, x, part["simulated"], part["low"], part["high"], colour, marker
            )
        drawing.level_line(axes, rows["needed"].iloc[0], vertical=True)
        axes.set_xscale("log")
        axes.set_ylim(-0.03, 0.75)
    panels[0].set_ylabel(OVERLAP)
    figure.supxlabel("examples of each pattern (number)", size=7.5)
    return figure


def annealing(table: pd.DataFrame) -> Figure:
    """Draw H8: energy and product of losses while cooling, and at the end of cooling against dilution.

    Parameters
    ----------
    table : DataFrame
        Table ``annealing``.

    Returns
    -------
    Figure
        Four panels.
    """
    figure = drawing.new_figure(drawing.DOUBLE, 4.6)
    (first, second), (third, fourth) = figure.subplots(2, 2)
    shown = [d for d in sorted(set(table["dilution"])) if round(10 * d) % 2]
    for d, (colour, marker) in zip(shown, draw.SERIES, strict=True):
        rows = table[table["dilution"] == d]
        look = {"color": colour, "marker": marker, "mfc": "white", "ms": 3.0, "lw": 1.2}
        first.plot(rows["sweep"], rows["energy"], markevery=5, **look)
        second.plot(rows["sweep"], rows["loss"], markevery=5, label=f"d = {d:g}", **look)
        fourth.plot(rows["loss"], rows["energy"], **{**look, "ls": "none"})
        order = rows.sort_values("loss")
        fourth.plot(order["loss"], order["from_loss"], color=drawing.INK, lw=0.8, zorder=0)
    draw.cooled_panel(third, table)
    for axes in (first, second):
        axes.set_xlabel("sweep (number)")
    first.set_ylabel("energy per neuron")
    second.set_ylabel("sum of loss products")
    second.set_ylim(None, 1.25 * float(table["loss"].max()))
    second.legend(loc="upper right", ncols=2, handlelength=1.2, columnspacing=0.8, labelspacing=0.2)
    third.set(xlabel=DILUTION, ylabel="end of cooling", xlim=(0, 1))
    fourth.set(xlabel="sum of loss products", ylabel="energy per neuron")
    drawing.letter(first, "a", "energy")
    drawing.letter(second, "b", "loss")
    drawing.letter(third, "c", "end of cooling")
    drawing.letter(fourth, "d", "loss fixes energy")
    return figure


def sizes(table: pd.DataFrame) -> Figure:
    """Draw H9: difference between Monte Carlo and the theory of the sample, times the number of neurons.

    Parameters
    ----------
    table : DataFrame
        Table ``sizes``.

    Returns
    -------
    Figure
        Two panels.
    """
    figure = drawing.new_figure(drawing.DOUBLE, 2.6)
    left, right = draw.panels_of(figure, 2, ["theory of the sample", "theory of many neurons"], shared=False)
    for axes, column in ((left, "scaled"), (right, "scaled_annealed")):
        for a in sorted(set(table["pattern"])):
            rows = table[table["pattern"] == a]
            colour, marker = draw.SERIES[a - 1]
            # samples and patterns of one size stand side by side
            place = (rows["sample"] - rows["sample"].mean()) / rows["sample"].max() + (a - 2)
            half, y = 1.96 * rows["error"], rows[column]
            drawing.points_with_intervals(
                axes, rows["n_neurons"] * 1.25**place, y, y - half, y + half, colour, marker, size=3.0,
                label=draw.NAMES[a - 1],
            )  # fmt: skip
        drawing.level_line(axes, 0)
        axes.set_xscale("log")
    n = np.array(sorted(set(table["n_neurons"])))
    right.fill_between(n, -2 * np.sqrt(n), 2 * np.sqrt(n), color=drawing.GREY, alpha=0.15, lw=0)
    right.set_yscale("symlog", linthresh=30)
    left.set_ylabel("N × difference of overlaps (neurons)")
    figure.supxlabel("neurons N (number)", size=7.5)
    left.legend(loc="upper center", ncols=3, handletextpad=0.2, columnspacing=0.8)
    return figure


def digits(table: pd.DataFrame) -> Figure:
    """Draw overlaps of a network that stores diluted digits, beside the theory of random patterns.

    Parameters
    ----------
    table : DataFrame
        Table ``digits``.

    Returns
    -------
    Figure
        One panel.
    """
    figure = drawing.new_figure(drawing.SINGLE, 2.5)
    axes = figure.add_subplot()
    for a in sorted(set(table["pattern"])):
        rows = table[table["pattern"] == a].sort_values("dilution")
        colour, marker = draw.SERIES[a - 1]
        axes.plot(rows["dilution"], rows["theory"], color=colour, lw=1.2, label=draw.NAMES[a - 1])
        drawing.points_with_intervals(
            axes, rows["dilution"], rows["m"], rows["low"], rows["high"], colour, marker
        )
    axes.set(xlim=(0, 0.8), ylim=(0, 1))
    axes.set_xlabel(DILUTION)
    axes.set_ylabel("overlap with a digit (fraction)")
    axes.legend(loc="upper right", title="by size", title_fontsize=7)
    return figure


def thumbnail(lines: pd.DataFrame, points: pd.DataFrame) -> Figure:
    """Draw the overlaps of three patterns for the dashboard.

    Parameters
    ----------
    lines, points : DataFrame
        Tables ``hierarchy`` and ``hierarchy_points``.

    Returns
    -------
    Figure
        One small panel.
    """
    figure = drawing.new_figure(*drawing.THUMBNAIL)
    axes: Any = figure.add_subplot()
    draw.hierarchy_panel(axes, lines, points, 3)
    axes.set(xlabel="dilution", ylabel="overlap")
    drawing.words_at(axes, 0.3, 0.78, "1st pattern", drawing.MODEL)
    return figure
