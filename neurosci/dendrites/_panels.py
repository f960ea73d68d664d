"""Panels of the figures, drawn on given axes without matplotlib; colours stand for roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci.reporting import drawing

from . import _curves as curves

if TYPE_CHECKING:
    import pandas as pd

SERIES = (
    (drawing.MODEL, drawing.MODEL, "o"),
    (drawing.GREEN, drawing.GREEN_INK, "^"),
    (drawing.OCHRE, drawing.OCHRE_INK, "v"),
)
"""Colour of a mark, colour of words in it, and marker, of up to three series."""
RELIABLE = 1e-9
SPARSE = (64, 128, 256)


def decades_axis(axes: Any, low: int, high: int, step: int) -> None:
    """Make the y axis logarithmic with ticks at every `step` powers of ten."""
    axes.set_yscale("log")
    axes.set_ylim(10.0**low, 10.0**high)
    first = -(-low // step) * step
    axes.set_yticks([10.0**k for k in range(first, high + 1, step)])
    axes.set_yticks([], minor=True)


def points(axes: Any, x: Any, table: pd.DataFrame, colour: str, marker: str, size: float = 4.0) -> None:
    """Draw simulated rates as open marks with interval bars; what was never hit is left out."""
    seen = table["rate"].to_numpy() > 0
    rates = table[seen]
    at = np.asarray(x, dtype=float)[seen]
    drawing.points_with_intervals(
        axes, at, rates["rate"], rates["low"], rates["high"], colour, marker, size=size
    )


def crosses(axes: Any, x: Any, y: Any, size: float = 3.6) -> None:
    """Draw published values that are above zero."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    keep = np.isfinite(y) & (y > 0)
    axes.plot(x[keep], y[keep], "x", color=drawing.PAPER, ms=size, mew=0.9, zorder=5)


def dense_lines(
    axes: Any, population: pd.DataFrame, limit: float, *, lifts: tuple[float, float] | None = (4.0, 0.25)
) -> None:
    """Draw the curves of dense activity up to a population size; `lifts` place their labels."""
    for i, (name, style) in enumerate((("n/4", "--"), ("n/2", ":"))):
        rows = population[(population["curve"] == name) & (population["n"] <= limit)]
        axes.plot(rows["n"], rows["p"], color=drawing.GREY, lw=1.2, ls=style)
        if lifts is not None:
            drawing.words_at(
                axes, limit, float(rows["p"].iloc[-1]) * lifts[i], f"a = {name}", drawing.SOFT, ha="right"
            )


def row_positions(labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return rows from top to bottom."""
    return np.arange(len(labels), dtype=float)[::-1]


def measured_rows(axes: Any, measured: pd.DataFrame, windows: pd.DataFrame) -> None:
    """Draw measured ranges, and below them where admissible thresholds begin and end."""
    rows = [*measured["label"], "lowest admissible", "highest admissible"]
    y = row_positions(np.array(rows))
    axes.axvspan(8, 20, color=drawing.PAPER, alpha=0.13, lw=0, zorder=0)
    for position, item in zip(y, measured.to_dict("records"), strict=False):
        ends = float(item["low"]), float(item["high"])
        axes.plot(ends, [position] * 2, color=drawing.HUMAN, lw=1.8, solid_capstyle="butt")
        centre = float(item["mean"]) if np.isfinite(item["mean"]) else sum(ends) / 2
        face = drawing.HUMAN if item["cited_by_paper"] else "white"
        axes.plot([centre], [position], "D", color=drawing.HUMAN, mfc=face, ms=4.5, zorder=3)
    for position, column in zip(y[len(measured) :], ("low", "high"), strict=True):
        values = windows.loc[~windows["is_empty"], column]
        axes.plot(
            [values.min(), values.max()], [position] * 2, color=drawing.MODEL, lw=1.8, solid_capstyle="butt"
        )
        axes.plot([values.median()], [position], "o", color=drawing.MODEL, ms=4.5, zorder=3)
    axes.set_yticks(y, labels=rows)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.set_xlim(0, 72)
    axes.set_xlabel("threshold (synapses)")
    axes.tick_params(axis="y", length=0)


def window_panel(axes: Any, rows: pd.DataFrame, band: tuple[float, float]) -> None:
    """Draw admissible thresholds against synapses for one noise level, over a band of measured ones."""
    axes.axhspan(*band, color=drawing.BAND, lw=0, zorder=0)
    open_rows = ~rows["is_empty"].to_numpy()
    s, low, high = (rows[name].to_numpy(dtype=float) for name in ("s", "low", "high"))
    shade = {"color": drawing.MODEL, "alpha": 0.28, "lw": 0, "step": "mid"}
    axes.fill_between(s, low - 0.5, high + 0.5, where=open_rows, **shade)
    drawn = s >= band[0]
    for edge, style in ((low, "-"), (high, "--")):
        axes.plot(s[drawn], edge[drawn], color=drawing.MODEL, lw=1.2, ls=style, drawstyle="steps-mid")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 88)
    axes.set_xticks([0, 25, 50, 75, 100])
    axes.set_yticks([0, 20, 40, 60, 80])


def counted_rows(axes: Any, counted: pd.Series) -> None:
    """Draw below a window how many inputs a branch has, and a stretch of fixed length."""
    axes.set_ylim(-24, 88)
    axes.axhline(0, color=drawing.SOFT, lw=0.6, zorder=0)
    for kind, height, face in (("branch", -8, drawing.HUMAN), ("near", -17, "white")):
        low, middle, high = (float(counted[f"{kind}_{name}"]) for name in ("low", "median", "high"))
        axes.plot([low, min(high, 99)], [height] * 2, color=drawing.HUMAN, lw=1.6, solid_capstyle="butt")
        if high > 99:
            axes.plot([98], [height], ">", color=drawing.HUMAN, ms=3.5)
        axes.plot([middle], [height], "D", color=drawing.HUMAN, mfc=face, ms=4, zorder=3)


def population_panel(axes: Any, population: pd.DataFrame) -> None:
    """Draw Fig. 5A: exact and published curves of sparse and dense activity."""
    for a, (colour, ink, _) in zip(SPARSE, SERIES, strict=True):
        rows = population[population["curve"] == str(a)]
        axes.plot(rows["n"], rows["p"], color=colour)
        crosses(axes, rows["n"][::5], rows["published"][::5])
        last = rows[rows["n"] <= 9700].iloc[-1]
        drawing.words_at(axes, float(last["n"]), float(last["p"]) * 60, f"{a}", ink, ha="right")
    dense = population[population["curve"] == "n/4"]
    crosses(axes, dense["n"][::5], dense["published"][::5])
    dense_lines(axes, population, 10_000, lifts=(0.02, 12.0))
    decades_axis(axes, -24, 2, 6)
    axes.set_xlim(0, 10_100)
    axes.set_xticks([0, 5000, 10_000], labels=["0", "5,000", "10,000"])
    axes.set_xlabel("population (cells)")
    axes.set_ylabel("false positives (probability)")


def reading_panel(axes: Any, readings: pd.DataFrame) -> None:
    """Draw how many decades a further 1,000 cells take away, by what grows with the population."""
    places = {curves.ALONE: (2600, -3.7), curves.SHARE: (20_000, 0.7), curves.TOGETHER: (20_000, -3.1)}
    for (name, rows), (colour, ink, _) in zip(readings.groupby("reading", sort=False), SERIES, strict=True):
        axes.plot(rows["n"] - 200, rows["decades_per_1000"], color=colour)
        x, y = places[name]
        drawing.words_at(axes, x, y, name, ink, ha="left" if x < 10_000 else "right")
    axes.set_ylim(-8, 3)
    axes.set_yticks([-8, -6, -4, -2, 0, 2])
    axes.set_ylabel("slope (decades per 1,000 cells)")


def positive_panel(axes: Any, simulated: pd.DataFrame, population: pd.DataFrame) -> None:
    """Draw Fig. 4A: exact lines, simulated and published points."""
    for a, (colour, ink, marker) in zip(SPARSE, SERIES, strict=True):
        curve = population[(population["curve"] == str(a)) & (population["n"] <= 3500)]
        axes.plot(curve["n"], curve["p"], color=colour, lw=1.2)
        rows = simulated[simulated["a"] == a]
        points(axes, rows["n"], rows, colour, marker)
        crosses(axes, rows["n"], rows["published_rate"])
        at = {64: (215, 7e-9), 128: (950, 7e-9), 256: (2350, 2e-5)}[a]
        drawing.words_at(axes, *at, f"{a} active", ink)
    dense_lines(axes, population, 3500)
    decades_axis(axes, -9, 0, 3)
    axes.set_xlim(200, 3600)
    axes.set_xlabel("population (cells)")
    axes.set_ylabel("false positives (probability)")


def synapse_panel(axes: Any, synapses: pd.DataFrame) -> None:
    """Draw Fig. 5B: false positives against synapses, with threshold half of them."""
    styles = {
        "32 of 4,000": (drawing.GREEN, drawing.GREEN_INK, "-"),
        "32 of 2,000": (drawing.MODEL, drawing.MODEL, "-"),
        "512 of 16,000": (drawing.OCHRE, drawing.OCHRE_INK, "-"),
        "4,000 of 16,000": (drawing.GREY, drawing.SOFT, "--"),
    }
    for name, (colour, ink, style) in styles.items():
        rows = synapses[synapses["curve"] == name]
        axes.plot(rows["s"], rows["p"], color=colour, ls=style, lw=1.3)
        crosses(axes, rows["s"][::3], rows["published"][::3])
        last = rows.iloc[-1]
        drawing.words_at(axes, 30.8, float(last["p"]), name, ink)
    drawing.level_line(axes, RELIABLE, xmax=0.68)
    decades_axis(axes, -26, 1, 6)
    axes.set_xlim(0, 46)
    axes.set_xticks([0, 10, 20, 30])
    axes.set_xlabel("synapses (number)")
    axes.set_ylabel("false positives (probability)")


def correlated_panel(axes: Any, correlated: pd.DataFrame) -> None:
    """Draw panel E2: errors of a neuron against the correlation of its inputs."""
    for ((a, n), rows), (colour, _, marker) in zip(correlated.groupby(["a", "n"]), SERIES, strict=True):
        s = int(rows["s"].iloc[0])
        seen = rows[rows["n_hits"] > 0].sort_values("correlation")
        axes.plot(seen["correlation"], seen["rate"], color=colour, lw=1.0)
        points(axes, rows["correlation"], rows, colour, marker)
        axes.plot([], [], marker, mfc="white", mec=colour, label=f"{a} of {n:,} cells, {s} synapses")
        never = rows[rows["n_hits"] == 0]
        axes.plot(never["correlation"], never["high"], "v", color=colour, ms=3.5)
    decades_axis(axes, -5, 0, 1)
    axes.set_xlim(0, 0.1)
    axes.set_xlabel("mean overlap of two patterns (fraction of a)")
    axes.set_ylabel("neuron errs (probability)")
    axes.legend(loc="lower right")


def simulated_ratio(axes: Any, unions_simulated: pd.DataFrame) -> None:
    """Draw the approximation over a simulated rate, at two patterns."""
    checked = unions_simulated[unions_simulated["M"] == 2].iloc[0]
    limits = [checked["plugin"] / checked[name] for name in ("high", "low")]
    axes.vlines([2], *limits, color=drawing.INK, lw=1.2, zorder=5)
    axes.plot([2], [checked["plugin"] / checked["rate"]], "o", mfc="white", mec=drawing.INK, ms=5, zorder=6)
    axes.axhline(1, color=drawing.INK, lw=0.9, zorder=0)
    drawing.words_at(axes, 3.0, float(checked["plugin"] / checked["rate"]) - 0.004, "simulated", drawing.INK)


def rare_panel(axes: Any, rare: pd.DataFrame) -> None:
    """Draw estimates of rare probabilities over exact ones."""
    axes.axhline(1, color=drawing.INK, lw=0.9, zorder=0)
    styles = (("tilted sampling", drawing.MODEL, "o"), ("splitting", drawing.OCHRE, "^"))
    for method, colour, marker in styles:
        rows = rare[rare["method"] == method]
        spread = np.exp(1.96 * rows["relative_error"])
        x = -rows["log10_exact"] + (1.2 if method == "splitting" else 0.0)
        ends = rows["ratio"] / spread, rows["ratio"] * spread
        drawing.points_with_intervals(axes, x, rows["ratio"], *ends, colour, marker, size=4.5)
        if method == "splitting":
            at = float(x.iloc[0]) + 1.5, float(rows["ratio"].iloc[0])
            drawing.words_at(axes, *at, method, drawing.OCHRE_INK)
    reach = np.abs(rare["ratio"] - 1) + 2.2 * rare["relative_error"]
    half = max(0.02, float(reach.max()))
    axes.set_ylim(1 - half, 1 + half)
    axes.set_xticks(range(10, 61, 10), labels=[f"$10^{{-{k}}}$" for k in range(10, 61, 10)])
    axes.set_xlim(2, 64)
    axes.set_xlabel("exact probability (rarer →)")
    axes.set_ylabel("estimate over exact (ratio)")
