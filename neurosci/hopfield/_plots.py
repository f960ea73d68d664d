"""Figures of the analysis: tables in, matplotlib figures out; the caller sets the style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    figure = _figure(DOUBLE, 2.4)
    numbers = sorted(set(lines["n_patterns"]))
    panels = figure.subplots(1, len(numbers), sharey=True, squeeze=False)[0]
    for axes, k, mark in zip(panels, numbers, "abcd", strict=False):
        draw.hierarchy_panel(axes, lines, points, k)
        draw.letter(axes, mark, f"{k} patterns")
    panels[0].set_ylabel("overlap with a pattern (fraction)")
    figure.supxlabel("dilution (fraction of zeros)", size=7.5)
    for words, x, y in (("1st", 0.32, 0.76), ("2nd", 0.36, 0.31)):
        panels[0].text(x, y, words, size=draw.DIRECT_SIZE)
    return figure


def _diagrams(phases: pd.DataFrame, lines: pd.DataFrame, which: list[tuple[int, float]]) -> Figure:
    from matplotlib.patches import Patch

    shown = phases[[pair in which for pair in zip(phases["n_patterns"], phases["rho"], strict=True)]]
    figure = _figure(DOUBLE if len(which) > 1 else SINGLE, 2.9 if len(which) < 4 else 2.6)
    panels = figure.subplots(1, len(which), sharey=True, squeeze=False)[0]
    for axes, (k, rho), mark in zip(panels, which, "abcd", strict=False):
        table = shown[(shown["n_patterns"] == k) & (shown["rho"] == rho)]
        draw.phase_panel(axes, table)
        draw.phase_lines(axes, lines, k, rho)
        words = f"{k} patterns" if len({r for _, r in which}) == 1 else f"{k} patterns, ρ = {rho:g}"
        if len(which) > 1:
            draw.letter(axes, mark, words)
    panels[0].set_ylabel("temperature (unit of the energy)")
    figure.supxlabel("dilution (fraction of zeros)", size=7.5)
    present = [name for name in draw.PHASES if name in set(shown["phase"])]
    handles = [Patch(color=draw.PHASES[name][0], label=f"{name}  {draw.PHASES[name][1]}") for name in present]
    figure.legend(
        handles=handles, loc="outside upper center", ncols=3 if len(which) == 1 else len(present),
        columnspacing=1.0, handlelength=1.0,
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
    """Draw H5: overlaps with the patterns against the number of examples.

    Parameters
    ----------
    table : DataFrame
        Table ``learning``.

    Returns
    -------
    Figure
        One panel for each quality in the grid.
    """
    qualities = sorted(set(table["quality"]))
    figure = _figure(DOUBLE, 2.6)
    panels = figure.subplots(1, len(qualities), sharey=True, squeeze=False)[0]
    for axes, r, mark in zip(panels, qualities, "abcdef", strict=False):
        for a in (1, 2, 3):
            rows = table[(table["quality"] == r) & (table["pattern"] == a)]
            colour, _ = draw.SERIES[a - 1]
            axes.plot(rows["n_examples"], rows["gaussian_m"], color=draw.INK, lw=0.9, zorder=1)
            axes.plot(
                rows["n_examples"], rows["binomial_m"], color=colour, lw=1.3, ls=(0, (4, 1.5)), zorder=1.5
            )
            for way, shape, shift in (("supervised", "o", 1.0), ("unsupervised", "s", 1.12)):
                known = rows[rows[f"{way}_m"].notna()]
                half = 1.96 * known[f"{way}_m_error"]
                x, m = known["n_examples"] * shift, known[f"{way}_m"]
                draw.bars(axes, x, m, m - half, m + half, colour, shape)
        axes.set_xscale("log")
        axes.set_ylim(-0.03, 0.75)
        draw.letter(axes, mark, f"quality {r:g}")
    panels[0].set_ylabel("overlap with a pattern (fraction)")
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
    figure = _figure(SINGLE, 2.5)
    axes = figure.add_subplot()
    for k, style in ((2, "-"), (3, (0, (4, 1.5)))):
        rows = table[table["n_patterns"] == k].dropna()
        axes.plot(rows["dilution"], rows["rho"], color=draw.MODEL, ls=style, label=f"{k} patterns")
    axes.set(xlim=(0, 1), ylim=(0, None))
    axes.text(0.62, 0.72, "parallel", size=8, weight="bold", transform=axes.transAxes)
    axes.text(0.1, 0.1, "hierarchical", size=8, weight="bold", transform=axes.transAxes)
    axes.set_xlabel("dilution (fraction of zeros)")
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
    figure = _figure(DOUBLE, 2.5)
    panels = figure.subplots(1, len(qualities), sharey=True, squeeze=False)[0]
    for axes, r, mark in zip(panels, qualities, "abcdef", strict=False):
        rows = table[table["quality"] == r]
        for a in (1, 2, 3):
            part = rows[rows["pattern"] == a]
            colour, marker = draw.SERIES[a - 1]
            axes.plot(part["n_examples"], part["formula"], color=draw.INK, lw=0.9, zorder=1)
            axes.plot(part["n_examples"], part["solution"], color=colour, lw=1.3, ls=(0, (1, 1.2)), zorder=1)
            draw.bars(axes, part["n_examples"], part["simulated"], part["low"], part["high"], colour, marker)
        axes.axvline(rows["needed"].iloc[0], color=draw.SOFT, lw=0.8, ls="--", zorder=0)
        axes.set_xscale("log")
        axes.set_ylim(-0.03, 0.75)
        draw.letter(axes, mark, f"quality {r:g}")
    panels[0].set_ylabel("overlap with a pattern (fraction)")
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
        Three panels.
    """
    figure = _figure(DOUBLE, 2.6)
    first, second, third = figure.subplots(1, 3)
    dilutions = sorted(set(table["dilution"]))
    for d, (colour, marker) in zip(dilutions, draw.SERIES, strict=False):
        rows = table[table["dilution"] == d]
        first.plot(rows["step"], rows["energy"], color=colour, lw=1.2)
        first.plot(
            rows["step"], rows["energy"], marker, color=colour, mfc="white", ms=3, markevery=5, ls="none"
        )
        second.plot(rows["step"], rows["loss"], color=colour, lw=1.2)
        second.plot(rows["step"], rows["loss"], marker, color=colour, mfc="white", ms=3, markevery=5,
                    ls="none", label=f"d = {d:g}")  # fmt: skip
        third.plot(rows["loss"], rows["energy"], marker, color=colour, mfc="white", ms=3, ls="none")
        order = rows.sort_values("loss")
        third.plot(order["loss"], order["from_loss"], color=draw.INK, lw=0.8, zorder=0)
    first.set(xlabel="cooling step (number)", ylabel="energy per neuron")
    second.set(xlabel="cooling step (number)", ylabel="sum of loss products")
    third.set(xlabel="sum of loss products", ylabel="energy per neuron")
    second.legend(loc="upper right", fontsize=draw.NOTE_SIZE, handletextpad=0.2, labelspacing=0.2)
    second.set_ylim(None, 1.25 * float(table["loss"].max()))
    draw.letter(first, "a", "energy")
    draw.letter(second, "b", "loss")
    draw.letter(third, "c", "loss fixes energy")
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
    figure = _figure(DOUBLE, 2.6)
    left, right = figure.subplots(1, 2)
    for axes, column in ((left, "scaled"), (right, "scaled_annealed")):
        for a in sorted(set(table["pattern"])):
            rows = table[table["pattern"] == a]
            colour, marker = draw.SERIES[a - 1]
            x = rows["n_neurons"] * 1.13 ** (a - 2)
            half = 1.96 * rows["error"]
            y = rows[column]
            draw.bars(axes, x, y, y - half, y + half, colour, marker, label=("1st", "2nd", "3rd")[a - 1])
        axes.axhline(0, color=draw.SOFT, lw=0.9, ls=":")
        axes.set_xscale("log")
    n = np.array(sorted(set(table["n_neurons"])))
    right.fill_between(n, -2 * np.sqrt(n), 2 * np.sqrt(n), color=draw.GREY, alpha=0.15, lw=0)
    right.set_yscale("symlog", linthresh=30)
    left.set_ylabel("N × difference of overlaps (neurons)")
    figure.supxlabel("neurons N (number)", size=7.5)
    left.legend(loc="upper left", ncols=3, handletextpad=0.2, columnspacing=0.8)
    draw.letter(left, "a", "theory of the sample")
    draw.letter(right, "b", "theory of many neurons")
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
    figure = _figure(SINGLE, 2.5)
    axes = figure.add_subplot()
    for a in sorted(set(table["pattern"])):
        rows = table[table["pattern"] == a].sort_values("dilution")
        colour, marker = draw.SERIES[a - 1]
        axes.plot(rows["dilution"], rows["theory"], color=colour, lw=1.2, label=("1st", "2nd", "3rd")[a - 1])
        draw.bars(axes, rows["dilution"], rows["m"], rows["low"], rows["high"], colour, marker)
    axes.set(xlim=(0, 0.8), ylim=(0, 1))
    axes.set_xlabel("dilution (fraction of zeros)")
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
    figure = _figure(*THUMBNAIL)
    axes: Any = figure.add_subplot()
    draw.hierarchy_panel(axes, lines, points, 3)
    axes.set(xlabel="dilution", ylabel="overlap")
    axes.text(0.3, 0.76, "1st pattern", size=draw.DIRECT_SIZE, color=draw.MODEL)
    return figure
