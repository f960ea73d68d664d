"""Figures of the likelihood fits: tables in, matplotlib figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci.reporting import drawing
from neurosci.reporting.drawing import DOUBLE, letter, new_figure

from . import _panels as draw
from ._sigmoids import sigmoid_value

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def psychometric_functions(points: pd.DataFrame, fits: pd.DataFrame) -> Figure:
    """Draw accuracy by noise in each band with the jointly fitted functions, and their thresholds.

    Parameters
    ----------
    points : DataFrame
        Columns ``observer``, ``noise_sd``, ``band``, ``frequency``, ``percent_correct``, ``low``,
        ``high`` (percent); people first.
    fits : DataFrame
        Columns ``observer``, ``band``, ``frequency``, ``threshold``, ``low``, ``high`` (noise SD,
        pixel units), ``slope``, ``lapse_rate``, ``guess_rate``, ``sigmoid``, ``resolved``.

    Returns
    -------
    Figure
        One panel per band, and one of thresholds by band.
    """
    figure = new_figure(DOUBLE, 3.6)
    panels = figure.subplots(2, 4)
    shown = np.array(sorted(level for level in set(points["noise_sd"]) if level > 0))
    bands = sorted(set(points["band"]))
    for axes, band, mark in zip(panels.flat, bands, "abcdefg", strict=False):
        here = points[points["band"] == band]
        for observer, color, marker, shift in _styles(points):
            rows, row = (table[table["observer"] == observer] for table in (here, fits[fits["band"] == band]))
            _function(axes, rows, row.iloc[0], shown, color, marker, shift)
        letter(axes, mark, f"{here['frequency'].iloc[0]:g} cycles/image", pad=3)
        _noise_axis(axes, shown, labels=band >= len(bands) - 4)
        axes.set_ylim(0, 104)
        axes.set_yticks([0, 50, 100], labels=["0", "50", "100"] if band in (0, 4) else [])
        if band >= len(bands) - 3:
            axes.set_xlabel("noise SD (pixel units)")
    _name_observers(panels.flat[0], points)
    _thresholds(panels.flat[len(bands)], fits, shown)
    letter(panels.flat[len(bands)], "h", "at half performance", pad=3)
    figure.supylabel("correct (%)", size=7.5)
    return figure


def _name_observers(axes: Any, points: pd.DataFrame) -> None:
    """Write who is who, with the mark of each."""
    for row, (observer, color, marker, _) in enumerate(_styles(points)):
        height = 0.34 - 0.15 * row
        axes.plot([0.06], [height], marker, color=color, ms=3.4, mew=0, transform=axes.transAxes)
        axes.text(0.11, height, draw.label_of(observer), color=color, size=drawing.DIRECT_SIZE, va="center",
                  transform=axes.transAxes)  # fmt: skip


def _styles(table: pd.DataFrame) -> list[tuple[str, str, str, float]]:
    observers = list(dict.fromkeys(table["observer"]))
    styles = ((drawing.HUMAN, "D", -0.06), (drawing.MODEL, "o", 0.06))
    return [(name, *style) for name, style in zip(observers, styles, strict=False)]


def _function(
    axes: Any, rows: pd.DataFrame, fit: pd.Series, shown: Any, color: str, marker: str, shift: float
) -> None:
    """Draw the points, the fitted curve and the interval of the threshold of one observer in one band."""
    # noise 0 has no place on a log axis and stands one octave below the weakest noise
    x = np.log2(rows["noise_sd"].where(rows["noise_sd"] > 0, shown[0] / 2)).to_numpy()
    known = rows["low"].notna().to_numpy()
    draw.segments(axes, x[known] + shift, rows["low"][known], rows["high"][known], color)
    axes.plot(x + shift, rows["percent_correct"], marker, color=color, ms=2.8, mew=0)
    fine = np.linspace(np.log2(shown[0]) - 0.5, np.log2(shown[-1]) + 0.3, 41)
    argument = -fit["slope"] * (fine - np.log2(fit["threshold"]))
    value, _ = sigmoid_value(str(fit["sigmoid"]), argument)
    ceiling = 1 - fit["guess_rate"] - fit["lapse_rate"]
    axes.plot(fine, 100 * (fit["guess_rate"] + ceiling * value), color=color, lw=1.2)
    half = 100 * (fit["guess_rate"] + ceiling / 2)
    ends = np.clip([fit["low"], fit["high"]], shown[0] / 2.6, shown[-1] * 1.3)
    if fit["resolved"] and np.isfinite(ends).all() and ends[0] < shown[-1]:
        axes.plot(np.log2(ends), [half] * 2, color=color, lw=2.4, solid_capstyle="butt")


def _noise_axis(axes: Any, shown: Any, *, labels: bool) -> None:
    places = [np.log2(shown[0]) - 1, *np.log2(shown)]
    words = ["0", *(f"{level:g}" for level in shown)]
    axes.set_xticks(places, labels=[w if i % 2 == 0 else "" for i, w in enumerate(words)] if labels else [])
    axes.set_xlim(places[0] - 0.4, places[-1] + 0.4)


def _thresholds(axes: Any, fits: pd.DataFrame, shown: Any) -> None:
    """Draw the noise SD at half performance by band, strongest noise below."""
    top, bottom = shown[0] / 2.8, shown[-1] * 2.8
    for observer, color, marker, shift in _styles(fits):
        rows = fits[fits["observer"] == observer]
        inside = (rows["threshold"] <= bottom).to_numpy() & rows["resolved"].to_numpy()
        rows = rows[inside]
        known = rows["low"].notna().to_numpy()
        low, high = (np.clip(rows[end][known], top, bottom) for end in ("low", "high"))
        draw.segments(axes, rows["band"][known] + shift, low, high, color)
        axes.plot(rows["band"] + shift, rows["threshold"], marker, color=color, ms=3.2, mew=0)
    axes.axhspan(shown[0], shown[-1], color=drawing.GREY, alpha=0.15, lw=0)
    axes.set_yscale("log", base=2)
    axes.set_ylim(bottom, top)
    draw.plain_ticks(axes.yaxis, list(shown))
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    axes.set_ylabel("noise SD ↑")
    axes.spines["right"].set_visible(True)
    axes.spines["left"].set_visible(False)
    frequencies = sorted(set(fits["frequency"]))
    draw.frequency_ticks(axes, frequencies, every=2)
    axes.set_xlim(-0.5, len(frequencies) - 0.5)
    axes.set_xlabel("label (cycles/image)")
