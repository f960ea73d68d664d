"""Figures of a lab's runs: tables in, matplotlib figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..reporting import drawing as draw

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def _box(values: Any) -> tuple[float, float, float, float]:
    """Return the place of a matrix whose rows are counted from 1."""
    end = len(values) + 0.5
    return (0.5, end, end, 0.5)


def _matrix(axes: Any, table: pd.DataFrame) -> Any:
    values = table.to_numpy(dtype=np.float64)
    image = axes.imshow(
        values, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest", rasterized=True, extent=_box(values)
    )
    axes.set_facecolor(draw.BAND)
    axes.set_xlabel("region (number)")
    axes.set_ylabel("region (number)")
    return image


def run(carpet: pd.DataFrame, motion: pd.DataFrame, static: pd.DataFrame, windows: pd.DataFrame) -> Figure:
    """Draw the motion and the series of a run, its static connectivity, and how alike its windows are."""
    dynamic = len(windows) > 0
    figure = draw.new_figure(draw.DOUBLE, 4.7)
    # fixed places: the labels are known, and laying out takes longer than drawing
    figure.set_layout_engine("none")
    a, b = (
        figure.add_axes((0.07, bottom, 0.83, height)) for bottom, height in ((0.865, 0.09), (0.555, 0.25))
    )
    c, d = (figure.add_axes((left, 0.075, 0.35, 0.36)) for left in (0.07, 0.54))
    a.set_xlim(carpet["time"].iloc[0], carpet["time"].iloc[-1])
    a.tick_params(labelbottom=False)
    if len(motion):
        a.plot(motion["time"], motion["displacement"], color=draw.INK, lw=0.8)
        a.set_ylim(bottom=0)
    else:
        a.text(0.5, 0.5, "not known", transform=a.transAxes, ha="center", va="center")
        a.set_yticks([])
    a.set_ylabel("FD (mm)")
    times = carpet["time"].to_numpy()
    values = carpet.drop(columns="time").to_numpy().T
    image = b.imshow(
        values, cmap="RdBu_r", vmin=-3, vmax=3, aspect="auto", interpolation="nearest", rasterized=True,
        extent=(times[0], times[-1], len(values) + 0.5, 0.5),
    )  # fmt: skip
    b.set_xlabel("time (s)")
    b.set_ylabel("region (number)")
    scale = figure.add_axes((0.915, 0.555, 0.012, 0.25))
    figure.colorbar(image, cax=scale, label="signal (SD)", extend="both")
    picture = _matrix(c, static)
    if dynamic:
        n = int(np.sqrt(len(windows)))
        centre = windows["second"].to_numpy()[:n]
        half = (centre[-1] - centre[0]) / max(n - 1, 1) / 2
        limits = (centre[0] - half, centre[-1] + half)
        d.imshow(
            windows["r"].to_numpy(dtype=np.float64).reshape(n, n), cmap="RdBu_r", vmin=-1, vmax=1,
            interpolation="nearest", rasterized=True, extent=(*limits, limits[1], limits[0]),
        )  # fmt: skip
        d.set_xlabel("window centre (s)")
        d.set_ylabel("window centre (s)")
    else:
        d.set_axis_off()
        d.text(0.5, 0.5, "too short for windows", transform=d.transAxes, ha="center", va="center")
    figure.colorbar(picture, cax=figure.add_axes((0.915, 0.075, 0.012, 0.36)), label="correlation (r)")
    draw.letter(a, "a", "motion")
    draw.letter(b, "b", "region series")
    draw.letter(c, "c", "static connectivity")
    draw.letter(d, "d", "window by window")
    return figure


def group_matrix(mean: pd.DataFrame, spread: pd.DataFrame) -> Figure:
    """Draw mean and standard deviation over people of the static connectivity."""
    figure = draw.new_figure(draw.DOUBLE, 3.1)
    a, b = figure.subplots(1, 2)
    image = _matrix(a, mean)
    figure.colorbar(image, ax=a, label="mean r", fraction=0.045, pad=0.02)
    values = spread.to_numpy(dtype=np.float64)
    top = np.nanmax(values) if np.isfinite(values).any() else 1.0
    second = b.imshow(
        values, cmap="Greys", vmin=0, vmax=max(top, 1e-9), interpolation="nearest", rasterized=True,
        extent=_box(values),
    )  # fmt: skip
    b.set_xlabel("region (number)")
    figure.colorbar(second, ax=b, label="SD of r over people", fraction=0.045, pad=0.02)
    draw.letter(a, "a", "mean over people")
    draw.letter(b, "b", "spread over people")
    return figure


def people(runs: pd.DataFrame) -> Figure:
    """Draw mean connectivity, its change over windows beside that of surrogates, and both against motion."""
    figure = draw.new_figure(draw.DOUBLE, 2.7)
    a, b, c = figure.subplots(1, 3)
    order = np.argsort(runs["fc_mean"].to_numpy(), kind="stable")
    place = np.arange(len(runs))
    mean, spread = runs["fc_mean"].to_numpy()[order], runs["fc_sd"].to_numpy()[order]
    draw.points_with_intervals(a, place, mean, mean - spread, mean + spread, draw.MODEL, size=3.0)
    a.set_xlabel("run, in ascending order")
    a.set_ylabel("r, mean and SD over pairs")
    a.set_xticks([])
    b.plot(runs["dfc_sd_surrogate"], runs["dfc_sd"], "o", color=draw.MODEL, mfc="white", ms=3.5)
    both = runs[["dfc_sd", "dfc_sd_surrogate"]].to_numpy(dtype=np.float64)
    if np.isfinite(both).any():
        low, high = np.nanmin(both), np.nanmax(both)
        edge = max(0.05 * (high - low), 0.01)
        b.plot((low - edge, high + edge), (low - edge, high + edge), color=draw.SOFT, lw=0.8, ls="--")
    else:
        b.text(0.5, 0.5, "no run is long enough", transform=b.transAxes, ha="center", va="center")
    b.set_xlabel("SD over windows, surrogate (z)")
    b.set_ylabel("SD over windows, run (z)")
    known = runs["mean_fd"].notna().to_numpy()
    if known.any():
        c.plot(runs["mean_fd"][known], runs["fc_mean"][known], "o", color=draw.MODEL, mfc="white", ms=3.5)
    else:
        c.text(0.5, 0.5, "motion is not known", transform=c.transAxes, ha="center", va="center")
    c.set_xlabel("mean FD (mm)")
    c.set_ylabel("r, mean over pairs")
    draw.letter(a, "a", "static")
    draw.letter(b, "b", "dynamic")
    draw.letter(c, "c", "against motion")
    return figure


def scores(table: pd.DataFrame) -> Figure:
    """Draw what each model scores, with its interval and the level of chance."""
    figure = draw.new_figure(draw.SINGLE, 0.5 + 0.32 * len(table))
    axes = figure.subplots()
    place = np.arange(len(table))[::-1]
    draw.level_line(axes, float(table["chance"].iloc[0]), vertical=True)
    axes.hlines(place, table["low"], table["high"], color=draw.MODEL, lw=1.1)
    axes.plot(table["value"], place, "o", color=draw.MODEL, mfc="white", ms=4)
    axes.set_yticks(place, [str(name) for name in table["model"]])
    axes.set_ylim(-0.6, len(table) - 0.4)
    axes.set_xlabel(str(table["label"].iloc[0]))
    return figure
