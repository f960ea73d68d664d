"""Figures of the analysis: tables in, matplotlib figures out; the caller sets the style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci.reporting import drawing
from neurosci.reporting.drawing import DOUBLE, THUMBNAIL, halo, letter, new_figure

from . import _panels as draw

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def accuracy_maps(accuracy: pd.DataFrame) -> Figure:
    """Draw percent correct by noise SD and band for people and up to three networks.

    Parameters
    ----------
    accuracy : DataFrame
        Columns ``observer``, ``noise_sd``, ``band``, ``frequency``, ``percent_correct`` and
        ``criterion`` (percent); observers in the order of their panels.

    Returns
    -------
    Figure
        One heat map per observer.
    """
    names = list(dict.fromkeys(accuracy["observer"]))
    figure = new_figure(DOUBLE, 2.15)
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    criterion = float(accuracy["criterion"].iloc[0])
    for axes, name, mark in zip(panels, names, "abcdefgh", strict=False):
        mesh = draw.heat_map(axes, accuracy[accuracy["observer"] == name], values=True, criterion=criterion)
        letter(axes, mark, draw.label_of(name))
    panels[0].set_ylabel("noise SD (pixel units, 0 to 1)")
    figure.supxlabel("label frequency of the noise band (cycles/image)", size=7.5)
    _percent_bar(figure, mesh, panels, criterion)
    return figure


def _percent_bar(figure: Any, mesh: Any, panels: Any, criterion: float) -> None:
    bar = figure.colorbar(mesh, ax=list(np.ravel(panels)), label="correct (%)", aspect=14, pad=0.01)
    bar.outline.set_visible(False)
    bar.ax.axhline(criterion, color="white", lw=2.0)
    bar.ax.axhline(criterion, color=drawing.HUMAN, lw=1.1)


def observer_maps(observers: pd.DataFrame) -> Figure:
    """Draw percent correct of each single observer, from narrow to broad channels.

    Parameters
    ----------
    observers : DataFrame
        As for `accuracy_maps`, with ``bandwidth`` (octaves); one observer after the other.

    Returns
    -------
    Figure
        Two rows of heat maps.
    """
    names = list(dict.fromkeys(observers["observer"]))
    n_columns = max(1, (len(names) + 1) // 2)
    figure = new_figure(DOUBLE, 2.7)
    panels = figure.subplots(2, n_columns, sharex=True, sharey=True, squeeze=False)
    criterion = float(observers["criterion"].iloc[0])
    for axes, name in zip(panels.flat, names, strict=False):
        rows = observers[observers["observer"] == name]
        mesh = draw.heat_map(axes, rows, values=False, criterion=criterion)
        width = rows["bandwidth"].iloc[0]
        title = f"{width:.2f} octaves" if np.isfinite(width) else "no estimate"
        axes.set_title(title, size=drawing.DIRECT_SIZE, weight="normal")
    for axes in panels.flat[len(names) :]:
        axes.set_visible(False)
    figure.supylabel("noise SD (pixel units, 0 to 1)", size=7.5)
    figure.supxlabel("label frequency of the noise band (cycles/image)", size=7.5)
    _percent_bar(figure, mesh, panels, criterion)
    return figure


def channel_curves(
    networks: pd.DataFrame,
    people: pd.DataFrame,
    thresholds: pd.DataFrame,
    likelihood: pd.DataFrame,
    filtered: pd.DataFrame | None = None,
    run_channels: pd.DataFrame | None = None,
    runs: pd.DataFrame | None = None,
) -> Figure:
    """Draw fitted channels, and the width of each network over that of people.

    Parameters
    ----------
    networks : DataFrame
        One row per network: ``network``, ``usable``, ``resolved``, ``bandwidth``, ``ratio``,
        ``amplitude``, ``center_index``, ``width`` and ``index_0`` to ``index_6``.
    people : DataFrame
        The same columns for people; the first row is the mean of the observers.
    thresholds : DataFrame
        One row per noise band and SD: ``frequency``, ``noise_sd``, ``criterion`` (percent),
        ``featured`` (the network drawn in full).
    likelihood : DataFrame
        One row per network fitted by maximum likelihood: ``used``, ``ratio``.
    filtered : DataFrame, default=None
        The same by the filter observer.
    run_channels : DataFrame, default=None
        Networks run here, columns as `networks`.
    runs : DataFrame, default=None
        The same by every method: ``network``, ``method``, ``ratio``.

    Returns
    -------
    Figure
        Two panels.
    """
    figure = new_figure(DOUBLE, 3.3)
    left, right = figure.subplots(1, 2, width_ratios=(1.55, 1))
    frequencies = sorted(set(thresholds["frequency"]))
    featured = str(thresholds["featured"].iloc[0])
    draw.channel_panel(left, networks, people.iloc[0], featured, frequencies, run_channels)
    criterion = float(thresholds["criterion"].iloc[0])
    draw.threshold_axis(left, sorted(set(thresholds["noise_sd"])), f"noise SD at {criterion:g} % correct ↑")
    left.set_ylim(-0.12, 5.75 if run_channels is None else 5.75 + 0.3 * len(run_channels))
    left.spines["left"].set_bounds(0, 4)
    left.legend(loc="upper left", reverse=True)
    letter(left, "a", "channels, paper’s method")
    ratios = {
        "paper’s method": networks.loc[networks["usable"], "ratio"],
        "maximum likelihood": likelihood.loc[likelihood["used"], "ratio"],
    }
    if filtered is not None:
        ratios["filter observer"] = filtered.loc[filtered["used"], "ratio"]
    here = {}
    if runs is not None:
        methods = ("index", "likelihood", "filter")
        here = {
            words: runs.loc[runs["method"] == method, "ratio"]
            for words, method in zip(ratios, methods, strict=False)
        }
    draw.ratio_panel(right, ratios, here)
    letter(right, "b", "how much wider?")
    return figure


def family_strips(networks: pd.DataFrame, people: pd.DataFrame) -> Figure:
    """Draw bandwidth, centre and peak of every network by family, with the human value.

    Parameters
    ----------
    networks : DataFrame
        Columns ``family``, ``usable``, ``bandwidth``, ``center_frequency``, ``peak_sensitivity``.
    people : DataFrame
        The same three properties; the first row is the mean of the observers, with ``low`` and
        ``high`` of its bandwidth (octaves).

    Returns
    -------
    Figure
        Three panels that share their rows.
    """
    usable = networks[networks["usable"]]
    families = list(usable.groupby("family")["bandwidth"].median().sort_values(kind="stable").index)
    families += sorted(set(networks["family"]) - set(families))
    figure = new_figure(DOUBLE, 3.7)
    panels = figure.subplots(1, 3, sharey=True)
    human = people.iloc[0]
    columns = (
        ("bandwidth", "bandwidth (octaves)", True, (1, 2, 4, 8)),
        ("center_frequency", "centre, label scale (cycles/image)", True, (20, 28, 40, 56)),
        ("peak_sensitivity", "peak sensitivity (ratio)", False, (0, 0.5, 1)),
    )
    for axes, mark, (column, label, log, ticks) in zip(panels, "abc", columns, strict=True):
        draw.strip(axes, usable, families, column, log=log)
        if log:
            axes.set_xscale("log", base=2)
            draw.plain_ticks(axes.xaxis, ticks)
        else:
            axes.set_xticks(ticks)
            axes.set_xlim(0, 1.06)
        axes.set_xlabel(label)
        letter(axes, mark, {"bandwidth": "width", "center_frequency": "centre"}.get(column, "peak"), pad=15)
        draw.human_value(axes, float(human[column]), 1 if column == "center_frequency" else 2)
    if np.isfinite(human["low"]):
        end = min(human["high"], panels[0].get_xlim()[1])
        panels[0].axvspan(human["low"], end, color=drawing.HUMAN, alpha=0.15, lw=0, zorder=0)
    panels[0].set_yticks(range(len(families)), labels=families)
    draw.usable_column(panels[-1], networks, families)
    return figure


def shape_prediction(networks: pd.DataFrame) -> Figure:
    """Draw shape score against each channel property and against its prediction.

    Parameters
    ----------
    networks : DataFrame
        Columns ``family``, ``usable``, ``bandwidth``, ``center_frequency``, ``peak_sensitivity``,
        ``shape_score`` and ``predicted`` (fractions).

    Returns
    -------
    Figure
        Four panels.
    """
    usable = networks[networks["usable"]]
    named = list(usable.groupby("family")["shape_score"].median().sort_values(ascending=False).index[:5])
    figure = new_figure(DOUBLE, 2.55)
    panels = figure.subplots(1, 4, sharey=True)
    columns = (
        ("bandwidth", "bandwidth (octaves)", (2, 4, 8)),
        ("center_frequency", "centre (cycles/image)", (28, 40)),
        ("peak_sensitivity", "peak sensitivity (ratio)", (0.5, 1)),
    )
    for axes, mark, (column, label, ticks) in zip(panels, "abc", columns, strict=False):
        handles = draw.scatter_by_family(axes, usable, column, "shape_score", named)
        axes.set_xscale("log", base=2)
        draw.plain_ticks(axes.xaxis, ticks)
        axes.set_xlabel(label)
        letter(axes, mark, "")
    draw.scatter_by_family(panels[3], usable, "predicted", "shape_score", named)
    limits = [
        min(0.0, usable["predicted"].min()),
        max(usable["predicted"].max(), usable["shape_score"].max()),
    ]
    panels[3].plot(limits, limits, color=drawing.INK, lw=0.9)
    panels[3].set_xlabel("predicted (fraction)")
    letter(panels[3], "d", "")
    panels[0].set_ylabel("shape score (fraction)")
    figure.legend(
        [mark for mark, _ in handles], [name for _, name in handles], loc="outside upper center", ncols=6,
        columnspacing=1.2, handletextpad=0.3,
    )  # fmt: skip
    return figure


def specification_ranks(specifications: pd.DataFrame) -> Figure:
    """Draw the explained variance of every specification, sorted, and the choices behind each.

    Parameters
    ----------
    specifications : DataFrame
        As `specification_curve` returns, with ``used`` marking the choice of this analysis and
        ``printed`` the value of the paper (fraction).

    Returns
    -------
    Figure
        Curve above, ticks below.
    """
    figure = new_figure(DOUBLE, 3.7)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1.3, 1))
    rank, share = specifications["rank"], specifications["r_squared"]
    top.plot(rank, share, color=drawing.MODEL)
    printed = float(specifications["printed"].iloc[0])
    top.axhline(printed, color=drawing.PAPER, lw=1.1, ls="--")
    top.text(
        rank.max() * 0.01,
        printed + 0.012,
        f"paper {printed:.2f}",
        color=drawing.PAPER,
        size=drawing.DIRECT_SIZE,
    )
    used = specifications[specifications["used"]]
    if len(used):
        x, y = float(used["rank"].iloc[0]), float(used["r_squared"].iloc[0])
        top.plot([x], [y], "o", mfc="white", mec=drawing.INK, ms=5.5, mew=1.0)
        line = {"arrowstyle": "-", "color": drawing.SOFT, "lw": 0.6, "shrinkB": 4}
        place = (x - 0.14 * rank.max(), y - 0.16)
        top.annotate("choice used here", (x, y), place, size=drawing.DIRECT_SIZE, arrowprops=line)
    top.set_ylim(0, max(0.62, share.max() * 1.1))
    top.set_ylabel("explained variance (fraction)")
    draw.tick_rows(bottom, _choices(specifications))
    letter(top, "a", "all choices, sorted")
    letter(bottom, "b", "where each choice was made")
    bottom.set_xlabel("rank of the specification")
    bottom.set_xlim(-1, rank.max() + 2)
    return figure


def _choices(table: pd.DataFrame) -> dict[str, Any]:
    rows = {
        f"criterion {value * 100:g} %": table.loc[table["criterion"] == value, "rank"]
        for value in sorted(set(table["criterion"]))
    }
    rows["limit ≤ 12 octaves"] = table.loc[table["bandwidth_limit"] <= 12, "rank"]
    finite = (table["bandwidth_limit"] > 12) & np.isfinite(table["bandwidth_limit"])
    rows["limit above 12 octaves"] = table.loc[finite, "rank"]
    rows["no limit"] = table.loc[np.isinf(table["bandwidth_limit"]), "rank"]
    rows["log2 predictors"] = table.loc[table["scale"] == "log2", "rank"]
    rows["linear, |σ|"] = table.loc[
        (table["scale"] == "linear") & (table["width_sign"] == "absolute"), "rank"
    ]
    rows["linear, σ with its sign"] = table.loc[table["width_sign"] == "signed", "rank"]
    return rows


def adversarial_series(adversarial: pd.DataFrame, attacks: pd.DataFrame) -> Figure:
    """Draw robust accuracy against the channel, width against training, accuracy against attack.

    Parameters
    ----------
    adversarial : DataFrame
        One row per network of the series in order of ``training_radius``: ``usable``,
        ``bandwidth``, ``low``, ``high``, ``relative_bandwidth``, ``relative_low``,
        ``relative_high``, ``likelihood_bandwidth``, ``likelihood_low``, ``likelihood_high``
        (octaves), the same three with ``filter_`` where the filter observer was fitted,
        ``center_frequency``, ``peak_sensitivity``, ``robust_accuracy`` (percent), ``attack_radius``,
        ``human_bandwidth`` and ``human_likelihood`` (octaves).
    attacks : DataFrame
        Columns ``network``, ``radius``, ``percent_correct`` of the networks with all radii.

    Returns
    -------
    Figure
        Five panels.
    """
    figure = new_figure(DOUBLE, 4.2)
    rows: Any = figure.subfigures(2, 1)
    above, below = rows
    panels = above.subplots(1, 3)
    usable = adversarial[adversarial["usable"]]
    columns = (
        ("bandwidth", "bandwidth (octaves)"),
        ("center_frequency", "centre (cycles/image)"),
        ("peak_sensitivity", "peak sensitivity (ratio)"),
    )
    for axes, mark, (column, label) in zip(panels, "abc", columns, strict=True):
        if usable.empty:
            axes.set_axis_off()
            continue
        axes.plot(usable[column], usable["robust_accuracy"], "o", color=drawing.MODEL)
        axes.margins(x=0.16, y=0.16)
        draw.radius_labels(axes, usable, column)
        axes.set_xlabel(label)
        letter(axes, mark, "")
    panels[2].set_xlim(0, 1.3)
    panels[2].set_xticks([0, 0.5, 1])
    radius = float(adversarial["attack_radius"].iloc[0])
    panels[0].set_ylabel(f"correct under attack {radius:g} (%)")
    width_panel, curve_panel = below.subplots(1, 2, width_ratios=(1.7, 1))
    draw.width_by_radius(width_panel, adversarial)
    letter(width_panel, "d", "width")
    draw.attack_curves(curve_panel, attacks)
    letter(curve_panel, "e", "robustness")
    return figure


def thumbnail(networks: pd.DataFrame, people: pd.DataFrame, thresholds: pd.DataFrame) -> Figure:
    """Draw the channels of people and one network, small.

    Parameters
    ----------
    networks, people, thresholds : DataFrame
        As for `channel_curves`.

    Returns
    -------
    Figure
        One panel of 2.9 x 1.62 inches.
    """
    figure = new_figure(*THUMBNAIL)
    axes = figure.subplots()
    featured = str(thresholds["featured"].iloc[0])
    frequencies = sorted(set(thresholds["frequency"]))
    alone = networks.assign(usable=False)
    draw.channel_panel(axes, alone, people.iloc[0], featured, frequencies)
    draw.frequency_ticks(axes, frequencies, every=2)
    axes.set_xlabel("label frequency (cycles/image)")
    criterion = float(thresholds["criterion"].iloc[0])
    draw.threshold_axis(
        axes, sorted(set(thresholds["noise_sd"])), f"noise SD at\n{criterion:g} % correct", every=4
    )
    axes.set_ylim(-0.2, 4.35)
    axes.spines["left"].set_bounds(0, 4)
    network = networks[networks["network"] == featured]
    for name, rows, color, x, y, side in (
        ("people", people.iloc[:1], drawing.HUMAN, 3.75, 1.55, "right"),
        (draw.label_of(featured), network, drawing.MODEL, 2.0, 4.1, "center"),
    ):
        if len(rows) and rows["resolved"].iloc[0]:
            unit = "" if name == "people" else " octaves"
            text = f"{name}\n{rows['bandwidth'].iloc[0]:.2f}{unit}"
            halo(axes.text(x, y, text, color=color, size=drawing.DIRECT_SIZE, va="top", ha=side))
    return figure
