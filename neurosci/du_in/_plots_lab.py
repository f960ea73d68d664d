"""Figures of a lab's recordings: tables in, matplotlib figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosci._core.numbers import format_number

from ..reporting import drawing as draw

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def _plain(name: object) -> str:
    return str(name).replace("$", "")


def recording(
    before: pd.DataFrame, after: pd.DataFrame, snippet: pd.DataFrame, bands: pd.DataFrame
) -> Figure:
    """Draw spectra of the channels and of the signals, some seconds of signal, and power in bands."""
    figure = draw.new_figure(draw.DOUBLE, 4.9)
    top, bottom = np.ravel(np.asarray(figure.subfigures(2, 1, height_ratios=(1.0, 1.15))))
    a, b = top.subplots(1, 2, sharex=True)
    for axes, table, words in ((a, before, "channels"), (b, after, "signals")):
        good = table.loc[~table["bad"].astype(bool), "power"]
        # a flat channel has no power at all, and would take the whole scale
        floor = float(good.min()) - 15 if len(good) else -np.inf
        for name, part in table.groupby("name", sort=False):
            power = part["power"].clip(lower=floor)
            if not part["bad"].iloc[0]:
                axes.plot(part["frequency"], power, color=draw.MODEL, lw=0.6, alpha=0.7)
                continue
            axes.plot(part["frequency"], power, color=draw.HUMAN, lw=1.1, zorder=3)
            at = len(part) // 3
            text = draw.words_at(axes, part["frequency"].iloc[at], power.iloc[at], _plain(name), draw.HUMAN)
            draw.halo(text)
        axes.set_xscale("log")
        axes.set_xlabel("frequency (Hz)")
        if table.empty:
            axes.text(0.5, 0.5, f"no {words}", transform=axes.transAxes, ha="center", va="center")
    a.set_ylabel("power (dB over 1 µV² per Hz)")
    c, d = bottom.subplots(1, 2, width_ratios=(1.4, 1.0))
    if snippet.empty:
        c.set_axis_off()
    else:
        names = [name for name in snippet if name != "time"]
        values = snippet[names].to_numpy()
        step = 6 * np.median(values.std(axis=0)) or 1.0
        c.plot(snippet["time"], values - step * np.arange(len(names)), color=draw.INK, lw=0.5)
        c.set_yticks(-step * np.arange(len(names)), [_plain(name) for name in names], fontsize=6)
        c.set_xlabel("time (s)")
        c.plot(
            [snippet["time"].iloc[-1]] * 2, [-step * 0.25, step * 0.25], color=draw.HUMAN, lw=2, clip_on=False
        )
        size = f"{format_number(step / 2)} µV"
        draw.words_at(c, snippet["time"].iloc[-1], step * 0.6, size, draw.HUMAN, ha="right")
    if bands.empty:
        d.set_axis_off()
    else:
        grid = bands.drop(columns="name").to_numpy(dtype=np.float64)
        image = d.imshow(grid, cmap="viridis", aspect="auto", interpolation="nearest", rasterized=True)
        d.set_xticks(
            range(grid.shape[1]), [str(name) for name in bands if name != "name"], rotation=30, ha="right"
        )
        every = max(1, -(-len(grid) // 12))
        d.set_yticks(range(0, len(grid), every), [_plain(n) for n in bands["name"][::every]], fontsize=6)
        bottom.colorbar(image, ax=d, label="log10 power (µV²)", fraction=0.05, pad=0.02)
    draw.letter(a, "a", "channels, as recorded")
    draw.letter(b, "b", "signals, processed")
    draw.letter(c, "c", "some signals")
    draw.letter(d, "d", "power in bands")
    return figure


def people(table: pd.DataFrame) -> Figure:
    """Draw which share of the channels is usable, and line noise, one mark for each recording."""
    figure = draw.new_figure(draw.DOUBLE, max(2.0, 0.6 + 0.2 * len(table)))
    a, b = figure.subplots(1, 2, sharey=True)
    place = np.arange(len(table))[::-1]
    good = (table["n_channels"] - table["n_bad"]).to_numpy(dtype=np.float64)
    a.barh(place, good, color=draw.MODEL, height=0.6, label="used")
    a.barh(
        place,
        table["n_bad"],
        left=good,
        color="white",
        edgecolor=draw.HUMAN,
        height=0.6,
        hatch="////",
        label="bad",
    )
    a.set_yticks(place, [str(name) for name in table["label"]])
    a.set_xlabel("channels")
    a.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, fontsize=draw.NOTE_SIZE)
    b.hlines(place, table["line_share"], table["line_share_max"], color=draw.MODEL, lw=1.1)
    b.plot(table["line_share"], place, "o", color=draw.MODEL, mfc="white", ms=4)
    b.plot(table["line_share_max"], place, "|", color=draw.MODEL, ms=6)
    b.set_xlim(0, 1)
    b.set_xlabel("share of variance at the mains")
    draw.letter(a, "a", "channels")
    draw.letter(b, "b", "line noise")
    return figure


def spectra(table: pd.DataFrame) -> Figure:
    """Draw the median spectrum of the signals of each recording."""
    figure = draw.new_figure(draw.DOUBLE, 2.8)
    axes = figure.subplots()
    for _, part in table.groupby("label", sort=False):
        axes.plot(part["frequency"], part["power"], color=draw.MODEL, lw=0.8, alpha=0.8)
    if table["label"].nunique() <= 8:
        for name, part in table.groupby("label", sort=False):
            text = draw.words_at(
                axes, part["frequency"].iloc[-1], part["power"].iloc[-1], f" {name}", draw.INK
            )
            draw.halo(text)
    axes.set_xscale("log")
    axes.set_xlabel("frequency (Hz)")
    axes.set_ylabel("power (dB over 1 µV² per Hz)")
    return figure
