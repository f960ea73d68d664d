"""Figures that compare the methods: tables in, matplotlib figures out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci._core.claims import RANGE_SHARE
from neurosci.reporting import drawing
from neurosci.reporting.drawing import DOUBLE, GREY, INK, PAPER, SOFT, letter, new_figure

from . import _panels as draw

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

WIDTHS = (0.7, 12.0)
MARKS = {"yes": ("o", True), "no": ("X", True), "undecided": ("o", False), "no interval": ("o", False)}


def method_comparison(
    networks: pd.DataFrame,
    people: pd.DataFrame,
    criteria: pd.DataFrame,
    index_people: pd.DataFrame,
    filtered: pd.DataFrame | None = None,
    filtered_people: pd.DataFrame | None = None,
) -> Figure:
    """Draw the widths of the methods against each other, and the published one by its criterion.

    Parameters
    ----------
    networks : DataFrame
        One row per network: ``network``, ``used``, ``bandwidth`` (likelihood), ``index_bandwidth``
        (octaves).
    people : DataFrame
        ``bandwidth``, ``low``, ``high`` by likelihood (octaves), the pooled counts first.
    criteria : DataFrame
        Columns ``criterion`` (proportion), ``people``, ``quartile_1``, ``median``, ``quartile_3``
        (octaves), ``n_networks``.
    index_people : DataFrame
        ``bandwidth``, ``low``, ``high`` by the published method (octaves), the mean first.
    filtered, filtered_people : DataFrame, default=None
        As `networks` and `people`, by the filter observer.

    Returns
    -------
    Figure
        Two or three panels.
    """
    figure = new_figure(DOUBLE, 2.75)
    n_panels = 2 if filtered is None else 3
    panels = figure.subplots(1, n_panels)
    used = networks[networks["used"]]
    index = index_people.iloc[0].rename({"bandwidth": "value"})
    likely = people.iloc[0].rename({"bandwidth": "value"})
    _against(panels[0], used["index_bandwidth"], used["bandwidth"], index, likely)
    panels[0].set_xlabel("paper’s method (octaves)")
    panels[0].set_ylabel("maximum likelihood (octaves)")
    letter(panels[0], "a", "two methods, same counts")
    if filtered is not None and filtered_people is not None:
        both = used.merge(filtered.loc[filtered["used"], ["network", "bandwidth"]], on="network")
        # both of power
        root = math.sqrt(2)
        power = likely[["value", "low", "high"]].astype(float) / root
        human = filtered_people.iloc[0].rename({"bandwidth": "value"})
        _against(panels[1], both["bandwidth_x"] / root, both["bandwidth_y"], power, human)
        panels[1].set_xlabel("maximum likelihood, power (octaves)")
        panels[1].set_ylabel("filter observer, power (octaves)")
        letter(panels[1], "b", "noise bands allowed for")
    _by_criterion(panels[-1], criteria, used, float(likely["value"]))
    letter(panels[-1], "bc"[n_panels - 2], "width by criterion")
    return figure


def _against(axes: Any, x: pd.Series, y: pd.Series, human_x: pd.Series, human_y: pd.Series) -> None:
    """Draw one dot per network, the line of equality, and people with both intervals."""
    axes.set(xscale="log", yscale="log", xlim=WIDTHS, ylim=WIDTHS)
    axes.plot(WIDTHS, WIDTHS, color=INK, lw=0.9)
    axes.text(8.2, 9.4, "equal", size=drawing.DIRECT_SIZE, ha="right")
    axes.plot(x, y, "o", color=drawing.MODEL, alpha=0.6, ms=3.2, mew=0)
    place = float(human_x["value"]), float(human_y["value"])
    ends = [np.clip(row[["low", "high"]].astype(float), *WIDTHS) for row in (human_x, human_y)]
    if np.isfinite(ends[1]).all():
        draw.segments(axes, [place[0]], [ends[1].iloc[0]], [ends[1].iloc[1]], drawing.HUMAN)
    if np.isfinite(ends[0]).all():
        axes.plot(ends[0], [place[1]] * 2, color=drawing.HUMAN, lw=1.2, solid_capstyle="butt")
    axes.plot([place[0]], [place[1]], "D", color=drawing.HUMAN, ms=3.4)
    if np.isfinite(place).all():
        axes.text(
            place[0], place[1] / 1.12, "people", color=drawing.HUMAN, size=drawing.DIRECT_SIZE, va="top"
        )
    for axis in (axes.xaxis, axes.yaxis):
        draw.plain_ticks(axis, [1, 2, 4, 8])


def _by_criterion(axes: Any, criteria: pd.DataFrame, used: pd.DataFrame, human: float) -> None:
    """Draw the widths of the published method against its criterion, and those of likelihood as lines."""
    x = 100 * criteria["criterion"]
    axes.fill_between(
        x, criteria["quartile_1"], criteria["quartile_3"], color=drawing.MODEL, alpha=0.15, lw=0
    )
    axes.plot(x, criteria["median"], "o-", color=drawing.MODEL, ms=3.4)
    axes.plot(x, criteria["people"], "D-", color=drawing.HUMAN, ms=3.2)
    lines = (
        (float(used["bandwidth"].median()), drawing.MODEL, "networks", "top", 0.95),
        (human, drawing.HUMAN, "people", "bottom", 1.04),
    )
    for value, color, name, side, factor in lines:
        if np.isfinite(value):
            axes.axhline(value, color=color, ls="--", lw=1.1)
            axes.text(x.min(), value * factor, f"{name}, likelihood {value:.2f}", color=color, va=side,
                      size=drawing.DIRECT_SIZE)  # fmt: skip
    axes.set_yscale("log", base=2)
    axes.set_ylim(0.7, 12)
    draw.plain_ticks(axes.yaxis, [1, 2, 4, 8])
    axes.set_xlabel("criterion (% correct)")
    axes.set_ylabel("paper’s method (octaves)")


def claims_by_method(survival: pd.DataFrame) -> Figure:
    """Draw each claim's value by each method, with what the paper prints.

    Parameters
    ----------
    survival : DataFrame
        One row per claim and method: ``key``, ``claim``, ``quantity``, ``method``, ``value``, ``low``,
        ``high``, ``holds``.

    Returns
    -------
    Figure
        One panel per claim.
    """
    figure = new_figure(DOUBLE, 3.5)
    panels = figure.subplots(2, 3, sharey=True)
    methods = list(dict.fromkeys(survival["method"]))
    for axes, mark, key in zip(panels.flat, "abcdef", dict.fromkeys(survival["key"]), strict=True):
        rows = survival[survival["key"] == key].set_index("method").loc[methods].reset_index()
        _claim_panel(axes, key, rows)
        letter(axes, mark, TITLES[key])
    for axes in panels[:, 0]:
        axes.set_yticks(range(len(methods)), labels=methods)
    panels[0, 0].set_ylim(len(methods) - 0.4, -0.6)
    return figure


TITLES = {
    "width": "human channel",
    "ratio": "networks over people",
    "range": "ratios from 2 to 4",
    "shape": "shape score",
    "robust": "robustness",
    "widening": "adversarial training",
}
# printed value or range, limits, ticks, logarithmic, unit
_AXES: dict[str, tuple[tuple[float, ...], tuple[float, float], tuple[float, ...], bool, str]] = {
    "width": ((1.0,), (0.7, 5.2), (1, 2, 4), True, "bandwidth (octaves)"),
    "ratio": ((2.0, 4.0), (0.8, 8.0), (1, 2, 4), True, "median ratio (times)"),
    "range": ((), (0, 108), (0, 50, 100), False, "networks in the range (%)"),
    "shape": ((51.0,), (0, 100), (0, 50, 100), False, "variance explained (%)"),
    "robust": ((66.0,), (0, 100), (0, 50, 100), False, "variance explained (%)"),
    "widening": ((), (0.25, 8.0), (0.5, 1, 2, 4), True, "width over radius 0 (times)"),
}


# no effect, and the share that a range needs
BORDERS = {"ratio": 1.0, "range": RANGE_SHARE, "widening": 1.0}


def _claim_panel(axes: Any, key: str, rows: pd.DataFrame) -> None:
    """Draw one claim: methods from above, paper in purple, no effect as a thin line."""
    printed, limits, ticks, log, unit = _AXES[key]
    if len(printed) == 2:
        axes.axvspan(*printed, color=PAPER, alpha=0.13, lw=0)
    for value in printed[:1] if len(printed) == 1 else ():
        axes.axvline(value, color=PAPER, ls="--", lw=1.1)
    if key in BORDERS:
        axes.axvline(BORDERS[key], color=SOFT, lw=0.8)
    if log:
        axes.set_xscale("log", base=2)
    axes.set_xlim(limits)
    draw.plain_ticks(axes.xaxis, ticks)
    for place, row in rows.iterrows():
        if not np.isfinite(row["value"]):
            axes.text(limits[0], place, " no estimate", size=drawing.NOTE_SIZE, color=SOFT, va="center")
            continue
        marker, filled = MARKS[row["holds"]]
        colour = GREY if row["holds"] in ("undecided", "no interval") else INK
        if np.isfinite(row["low"]):
            ends = np.clip([row["low"], row["high"]], *limits)
            axes.plot(ends, [place] * 2, color=colour, lw=1.2, solid_capstyle="butt")
        axes.plot([np.clip(row["value"], *limits)], [place], marker, color=colour,
                  mfc=colour if filled else "white", ms=4.6, clip_on=False)  # fmt: skip
    axes.set_xlabel(unit)
    axes.tick_params(axis="y", length=0)
