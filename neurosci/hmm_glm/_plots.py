"""Figures on synthetic data: tables in, matplotlib figures out; the caller sets the style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci.reporting import drawing as draw

from . import _panels as panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

RECOVERY = (
    ("gain", "", "likelihood gain\n(nats per sequence)", "held-out spikes"),
    ("accuracy", "printed_accuracy", "right states (%)", "states"),
    ("weight_error", "printed_weight_error", "error (10⁻⁴)", "weights"),
    ("adjacency", "printed_adjacency", "balanced accuracy (%)", "signs"),
    ("prior", "printed_prior", "balanced accuracy (%)", "shared signs"),
)


def recovery(table1: pd.DataFrame) -> Figure:
    """Draw Table 1 as dots: every draw, every model.

    Parameters
    ----------
    table1 : DataFrame
        Columns ``model``, ``draw``, ``gain``, ``accuracy``, ``weight_error``, ``adjacency``, ``prior`` and
        the printed means.

    Returns
    -------
    Figure
        Five panels.
    """
    figure = draw.new_figure(draw.DOUBLE, 2.9)
    models = panels.in_order(table1["model"])
    axes = figure.subplots(1, len(RECOVERY), sharey=True)
    for panel, (column, printed, label, words), mark in zip(axes, RECOVERY, "abcde", strict=True):
        panels.model_dots(panel, table1, column, models, printed)
        panel.set_xlabel(label)
        draw.letter(panel, mark, words)
    worst = float(np.nanmax(table1["weight_error"]))
    if worst > 200:
        axes[2].set_xscale("log")
    return figure


def connectivity(matrices: pd.DataFrame) -> Figure:
    """Draw Fig. 2: weights, signs and shared signs of one state, truth and every model.

    Parameters
    ----------
    matrices : DataFrame
        Columns ``model``, ``kind``, ``target``, ``source``, ``value``.

    Returns
    -------
    Figure
        Three rows of matrices.
    """
    return matrix_grid(matrices, 3.0)


def matrix_grid(matrices: pd.DataFrame, height: float) -> Figure:
    """Draw weights, signs and shared signs in rows, models in columns."""
    models = panels.in_order(matrices["model"])
    figure = draw.new_figure(draw.DOUBLE, height)
    grid = figure.subplots(len(panels.KINDS), len(models), squeeze=False)
    weights = matrices[matrices["kind"] == "weight"]
    reference = weights[weights["model"] == (panels.TRUTH if panels.TRUTH in models else models[-1])]
    limit = max(float(np.quantile(np.abs(reference["value"]), 0.98)), 1e-6)
    for row, (kind, words) in enumerate(panels.KINDS.items()):
        scale = limit if kind == "weight" else 1.0
        image: Any = None
        for column, model in enumerate(models):
            axes = grid[row, column]
            own = matrices[(matrices["kind"] == kind) & (matrices["model"] == model)]
            if len(own):
                image = panels.matrix_panel(axes, panels.square(own), scale)
            else:
                axes.set_axis_off()
            if row == 0:
                axes.set_title(model, size=7, weight="normal")
        grid[row, 0].set_ylabel(words)
        if image is not None:
            unit = "weight" if kind == "weight" else "sign"
            bar = figure.colorbar(image, ax=grid[row].tolist(), pad=0.01, aspect=12, label=unit)
            bar.set_ticks([-scale, 0, scale], labels=[f"−{scale:.2g}", "0", f"{scale:.2g}"])
            if kind == "weight":
                bar.ax.set_title("")
    return figure


def states(runs: pd.DataFrame) -> Figure:
    """Draw Fig. 7: states of one test sequence, truth and every model.

    Parameters
    ----------
    runs : DataFrame
        Columns ``row``, ``start``, ``stop``, ``state``.

    Returns
    -------
    Figure
        One panel with a row for each model.
    """
    names, values = panels.expand(runs)
    figure = draw.new_figure(draw.DOUBLE, 2.6)
    axes = figure.add_subplot()
    panels.state_rows(axes, names, values, (0, values.shape[1]))
    axes.set_xlabel("time (bins)")
    panels.state_legend(figure, int(values.max()) + 1)
    return figure


def thresholds(curves: pd.DataFrame) -> Figure:
    """Draw Fig. 6: accuracy of thresholded weights against the threshold.

    Parameters
    ----------
    curves : DataFrame
        Columns ``model``, ``kind``, ``threshold``, ``accuracy``, ``direct``.

    Returns
    -------
    Figure
        Two panels.
    """
    figure = draw.new_figure(draw.DOUBLE, 2.5)
    axes = figure.subplots(1, 2, sharey=True)
    models = [m for m in ("HG", "GHG", "OHG") if m in set(curves["model"])]
    for panel, kind, mark in zip(axes, ("adjacency", "prior"), "ab", strict=True):
        own = curves[curves["kind"] == kind]
        for model in models:
            rows = own[own["model"] == model]
            colour, _, _, line = panels.style(model)
            panel.plot(rows["threshold"], rows["accuracy"], color=colour, ls=line)
            panel.fill_between(rows["threshold"], rows["low"], rows["high"], color=colour, alpha=0.15, lw=0)
        direct = own["direct"].dropna()
        if len(direct):
            draw.level_line(panel, float(direct.iloc[0]), color=draw.HUMAN)
            draw.words_at(panel, 0.5, float(direct.iloc[0]) + 2, "OHG, direct", draw.HUMAN, ha="right")
        draw.level_line(panel, 100 / 3, ls=":")
        panel.set(xlim=(0, 0.5), ylim=(25, 100))
        panel.set_xlabel("threshold (fraction of the largest weight)")
        draw.letter(panel, mark, panels.KINDS[kind])
    axes[0].set_ylabel("balanced accuracy (%)")
    draw.words_at(axes[0], 0.5, 100 / 3 - 3, "chance", draw.SOFT, ha="right")
    panels.word_legend(axes[1], models, loc="upper right", bbox_to_anchor=(1, 0.9))
    return figure


def selection(numbers: pd.DataFrame) -> Figure:
    """Draw Fig. 10: held-out likelihood, two ways of counting for the BIC, against the number of states.

    Parameters
    ----------
    numbers : DataFrame
        Columns ``n_states``, ``gain`` with limits, ``bic``, ``bic_paper``, ``true_states``.

    Returns
    -------
    Figure
        Three panels.
    """
    figure = draw.new_figure(draw.DOUBLE, 2.4)
    axes = figure.subplots(1, 3)
    labels = ("gain (nats per sequence)", "BIC / 1,000 (nats)", "BIC / 1,000 (nats)")
    words = ("held-out spikes", "all parameters", "the paper’s count")
    columns = (("gain", 1.0), ("bic", 1e-3), ("bic_paper", 1e-3))
    x = numbers["n_states"].to_numpy(dtype=float)
    for panel, (column, scale), label, word, mark in zip(axes, columns, labels, words, "abc", strict=True):
        y = numbers[column].to_numpy(dtype=float) * scale
        if column == "gain":
            draw.points_with_intervals(
                panel, x, y, numbers["gain_low"], numbers["gain_high"], draw.HUMAN, "D"
            )
        panel.plot(x, y, color=draw.HUMAN, lw=1.2, zorder=1)
        best = int(np.argmax(y) if column == "gain" else np.argmin(y))
        panel.plot(x[best], y[best], "D", color=draw.HUMAN, ms=5, zorder=5)
        draw.level_line(panel, float(numbers["true_states"].iloc[0]), vertical=True)
        panel.set_xlabel("states (number)")
        panel.set_ylabel(label)
        draw.letter(panel, mark, word)
    return figure


def likelihood(by_states: pd.DataFrame, matrices: pd.DataFrame) -> Figure:
    """Draw Figs. 5B and 5D: held-out likelihood by number of states, and connections of two states.

    Parameters
    ----------
    by_states : DataFrame
        Columns ``model``, ``n_states``, ``gain`` with limits.
    matrices : DataFrame
        Columns ``model``, ``panel``, ``target``, ``source``, ``value``.

    Returns
    -------
    Figure
        One panel of lines beside three rows of matrices.
    """
    figure = draw.new_figure(draw.DOUBLE, 2.9)
    parts: Any = figure.subfigures(1, 2, width_ratios=(1, 1.75))
    left, right = parts
    axes = left.subplots()
    models = panels.in_order(by_states["model"])
    for model in models:
        panels.model_line(axes, by_states, model, "n_states", "gain")
    axes.set_xlabel("states (number)")
    axes.set_ylabel("gain over constant rates (nats per sequence)")
    panels.word_legend(axes, models, loc="lower right")
    draw.letter(axes, "a", "held-out spikes")
    names = list(dict.fromkeys(matrices["panel"]))
    shown = panels.in_order(matrices["model"])
    grid = right.subplots(len(shown), len(names), squeeze=False)
    weights = matrices[matrices["panel"].str.startswith("weights")]
    limit = max(float(np.quantile(np.abs(weights["value"]), 0.97)), 1e-6)
    for row, model in enumerate(shown):
        for column, name in enumerate(names):
            own = matrices[(matrices["model"] == model) & (matrices["panel"] == name)]
            scale = limit if name.startswith("weights") else 1.0
            panels.matrix_panel(grid[row, column], panels.square(own), scale)
            if row == 0:
                grid[row, column].set_title(name, size=6.5, weight="normal")
        grid[row, 0].set_ylabel(model)
    right.suptitle("b   connections of two states", x=0.06, ha="left", size=8, weight="bold")
    return figure


def subpopulations(table: pd.DataFrame) -> Figure:
    """Draw Fig. 14: three groups of neurons that switch independently.

    Parameters
    ----------
    table : DataFrame
        Columns ``model``, ``draw``, ``gain``, ``accuracy``, ``weight_error``.

    Returns
    -------
    Figure
        Three panels.
    """
    figure = draw.new_figure(draw.DOUBLE, 2.2)
    models = panels.in_order(table["model"])
    axes = figure.subplots(1, 3, sharey=True)
    for panel, (column, _, label, words), mark in zip(axes, RECOVERY[:3], "abc", strict=True):
        panels.model_dots(panel, table, column, models)
        panel.set_xlabel(label)
        draw.letter(panel, mark, words)
    return figure


def neurons(sizes: pd.DataFrame, fitted: pd.DataFrame) -> Figure:
    """Draw Fig. 16 and what lies behind it: accuracy and likelihood against the number of neurons.

    Parameters
    ----------
    sizes : DataFrame
        Columns ``n_neurons``, ``exact``, ``clamped`` with limits: accuracy at the true parameters.
    fitted : DataFrame
        Columns ``model``, ``n_neurons``, ``accuracy``, ``ll_per_neuron`` with limits.

    Returns
    -------
    Figure
        Three panels.
    """
    figure = draw.new_figure(draw.DOUBLE, 2.5)
    first, second, third = figure.subplots(1, 3)
    for column, colour, marker, words in (
        ("exact", draw.INK, "o", "exact"),
        ("clamped", draw.PAPER, "s", "clamped at 10⁻¹⁶"),
    ):
        first.plot(sizes["n_neurons"], sizes[column], color=colour, lw=1.2)
        limits = sizes[f"{column}_low"], sizes[f"{column}_high"]
        draw.points_with_intervals(
            first, sizes["n_neurons"], sizes[column], *limits, colour, marker, label=words
        )
    models = panels.in_order(fitted["model"])
    for model in models:
        panels.model_line(second, fitted, model, "n_neurons", "accuracy")
        panels.model_line(third, fitted, model, "n_neurons", "ll_per_neuron")
    for axes, label, words, mark in (
        (first, "right states (%)", "true parameters", "a"),
        (second, "right states (%)", "fitted", "b"),
        (third, "gain (nats per neuron and sequence)", "held-out spikes", "c"),
    ):
        axes.set_xlabel("neurons (number)")
        axes.set_ylabel(label)
        draw.letter(axes, mark, words)
    first.set_ylim(0, 102)
    first.legend(loc="lower left")
    second.set_ylim(0, 102)
    panels.word_legend(second, models, loc="lower right")
    return figure


def stickiness(table: pd.DataFrame) -> Figure:
    """Draw Fig. 17: what a prior on staying in a state does to HG.

    Parameters
    ----------
    table : DataFrame
        Columns ``strength``, ``draw``, ``accuracy``, ``gain``, ``dwell``, ``true_dwell``.

    Returns
    -------
    Figure
        Three panels.
    """
    figure = draw.new_figure(draw.DOUBLE, 2.3)
    axes = figure.subplots(1, 3)
    strengths = sorted(set(table["strength"]))
    names = ["0", *(f"{value:g}" for value in strengths if value > 0)]
    for panel, (column, label, words), mark in zip(
        axes,
        (
            ("gain", "gain (nats per sequence)", "held-out spikes"),
            ("accuracy", "right states (%)", "states"),
            ("dwell", "mean visit (bins)", "visits"),
        ),
        "abc",
        strict=True,
    ):
        for _, own in table.groupby("draw"):
            own = own.sort_values("strength")
            panel.plot(range(len(own)), own[column], "-^", color=draw.GREEN, lw=0.8, ms=3.5, mfc="white")
        panel.set_xticks(range(len(names)), labels=names)
        panel.set_xlabel("extra stays per state")
        panel.set_ylabel(label)
        draw.letter(panel, mark, words)
    draw.level_line(axes[2], float(table["true_dwell"].iloc[0]))
    return figure


def thumbnail(runs: pd.DataFrame) -> Figure:
    """Draw true and decoded states of one sequence for the dashboard.

    Parameters
    ----------
    runs : DataFrame
        Columns ``row``, ``start``, ``stop``, ``state``.

    Returns
    -------
    Figure
        One small panel.
    """
    names, values = panels.expand(runs)
    keep = [names.index(name) for name in (panels.TRUTH, "HG", "OHG") if name in names]
    figure = draw.new_figure(*draw.THUMBNAIL)
    axes = figure.add_subplot()
    shown = values[keep, : min(1000, values.shape[1])]
    panels.state_rows(axes, [names[i] for i in keep], shown, (0, shown.shape[1]))
    axes.set_xlabel("time (bins)")
    return figure
