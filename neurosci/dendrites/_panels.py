"""Panels of the figures, drawn on given axes without matplotlib; colours stand for roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

REAL = "#d23c06"
MODEL = "#2166ac"
INK = "#1c1f22"
SOFT = "#555c63"
PAPER = "#5b2379"
GREEN = "#1f9d74"
OCHRE = "#c18b12"
GREY = "#868d94"
GREEN_INK = "#14734f"
OCHRE_INK = "#7d5900"
BAND = "#dcded9"
SERIES = ((MODEL, MODEL, "o"), (GREEN, GREEN_INK, "^"), (OCHRE, OCHRE_INK, "v"))
"""Colour of a mark, colour of words in it, and marker, of up to three series."""
DIRECT_SIZE = 7
NOTE_SIZE = 6.5
RELIABLE = 1e-9
SPARSE = (64, 128, 256)


def letter(axes: Any, mark: str, words: str) -> None:
    """Write a panel letter and its two to four words."""
    axes.set_title(f"{mark}   {words}")


def decades_axis(axes: Any, low: int, high: int, step: int) -> None:
    """Make the y axis logarithmic with ticks at every `step` powers of ten."""
    axes.set_yscale("log")
    axes.set_ylim(10.0**low, 10.0**high)
    first = -(-low // step) * step
    axes.set_yticks([10.0**k for k in range(first, high + 1, step)])
    axes.set_yticks([], minor=True)


def words_at(axes: Any, x: float, y: float, text: str, colour: str, **options: Any) -> None:
    """Write a direct label."""
    settings = {"size": DIRECT_SIZE, "va": "center", "ha": "left", **options}
    axes.text(x, y, text, color=colour, **settings)


def points(axes: Any, x: Any, table: pd.DataFrame, colour: str, marker: str, size: float = 4.0) -> None:
    """Draw simulated rates as open marks with interval bars; what was never hit is left out."""
    seen = table["rate"].to_numpy() > 0
    x = np.asarray(x, dtype=float)[seen]
    rates = table[seen]
    axes.vlines(x, rates["low"], rates["high"], color=colour, lw=1.0, zorder=3)
    axes.plot(x, rates["rate"], marker, mfc="white", mec=colour, mew=1.0, ms=size, zorder=4)


def crosses(axes: Any, x: Any, y: Any, size: float = 3.6) -> None:
    """Draw published values that are above zero."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    keep = np.isfinite(y) & (y > 0)
    axes.plot(x[keep], y[keep], "x", color=PAPER, ms=size, mew=0.9, zorder=5)


def threshold_line(axes: Any, value: float, **options: Any) -> None:
    """Draw a line at a level that matters."""
    axes.axhline(value, color=SOFT, lw=0.8, ls="--", zorder=0, **options)


def dense_lines(
    axes: Any, population: pd.DataFrame, limit: float, *, lifts: tuple[float, float] | None = (4.0, 0.25)
) -> None:
    """Draw the curves of dense activity up to a population size; `lifts` place their labels."""
    for i, (name, style) in enumerate((("n/4", "--"), ("n/2", ":"))):
        rows = population[(population["curve"] == name) & (population["n"] <= limit)]
        axes.plot(rows["n"], rows["p"], color=GREY, lw=1.2, ls=style)
        if lifts is not None:
            words_at(axes, limit, float(rows["p"].iloc[-1]) * lifts[i], f"a = {name}", SOFT, ha="right")


def row_positions(labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return rows from top to bottom."""
    return np.arange(len(labels), dtype=float)[::-1]


def measured_rows(axes: Any, measured: pd.DataFrame, windows: pd.DataFrame) -> None:
    """Draw measured ranges, and below them where admissible thresholds begin and end."""
    rows = [*measured["label"], "lowest admissible", "highest admissible"]
    y = row_positions(np.array(rows))
    axes.axvspan(8, 20, color=PAPER, alpha=0.13, lw=0, zorder=0)
    for position, item in zip(y, measured.to_dict("records"), strict=False):
        ends = float(item["low"]), float(item["high"])
        axes.plot(ends, [position] * 2, color=REAL, lw=1.8, solid_capstyle="butt")
        centre = float(item["mean"]) if np.isfinite(item["mean"]) else sum(ends) / 2
        face = REAL if item["cited_by_paper"] else "white"
        axes.plot([centre], [position], "D", color=REAL, mfc=face, ms=4.5, zorder=3)
    for position, column in zip(y[len(measured) :], ("low", "high"), strict=True):
        values = windows.loc[~windows["is_empty"], column]
        axes.plot([values.min(), values.max()], [position] * 2, color=MODEL, lw=1.8, solid_capstyle="butt")
        axes.plot([values.median()], [position], "o", color=MODEL, ms=4.5, zorder=3)
    axes.set_yticks(y, labels=rows)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.set_xlim(0, 72)
    axes.set_xlabel("threshold (synapses)")
    axes.tick_params(axis="y", length=0)


def window_panel(axes: Any, rows: pd.DataFrame) -> None:
    """Draw admissible thresholds against synapses for one noise level."""
    axes.axhspan(8, 20, color=BAND, lw=0, zorder=0)
    open_rows = ~rows["is_empty"].to_numpy()
    s, low, high = (rows[name].to_numpy(dtype=float) for name in ("s", "low", "high"))
    axes.fill_between(s, low - 0.5, high + 0.5, where=open_rows, color=MODEL, alpha=0.28, lw=0, step="mid")
    axes.plot(s, low, color=MODEL, lw=1.2, drawstyle="steps-mid")
    axes.plot(s, high, color=MODEL, lw=1.2, ls="--", drawstyle="steps-mid")
    axes.set_xlim(10, 60)
    axes.set_ylim(0, 50)
    axes.set_xticks([20, 40, 60])


def positive_panel(axes: Any, simulated: pd.DataFrame, population: pd.DataFrame) -> None:
    """Draw Fig. 4A: exact lines, simulated and published points."""
    for a, (colour, ink, marker) in zip(SPARSE, SERIES, strict=True):
        curve = population[(population["curve"] == str(a)) & (population["n"] <= 3500)]
        axes.plot(curve["n"], curve["p"], color=colour, lw=1.2)
        rows = simulated[simulated["a"] == a]
        points(axes, rows["n"], rows, colour, marker)
        crosses(axes, rows["n"], rows["published_rate"])
        at = {64: (215, 7e-9), 128: (950, 7e-9), 256: (2350, 2e-5)}[a]
        words_at(axes, *at, f"{a} active", ink)
    dense_lines(axes, population, 3500)
    decades_axis(axes, -9, 0, 3)
    axes.set_xlim(200, 3600)
    axes.set_xlabel("population (cells)")
    axes.set_ylabel("false positives (probability)")


def synapse_panel(axes: Any, synapses: pd.DataFrame) -> None:
    """Draw Fig. 5B: false positives against synapses, with threshold half of them."""
    styles = {
        "32 of 4,000": (GREEN, GREEN_INK, "-"),
        "32 of 2,000": (MODEL, MODEL, "-"),
        "512 of 16,000": (OCHRE, OCHRE_INK, "-"),
        "4,000 of 16,000": (GREY, SOFT, "--"),
    }
    for name, (colour, ink, style) in styles.items():
        rows = synapses[synapses["curve"] == name]
        axes.plot(rows["s"], rows["p"], color=colour, ls=style, lw=1.3)
        crosses(axes, rows["s"][::3], rows["published"][::3])
        last = rows.iloc[-1]
        words_at(axes, 30.8, float(last["p"]), name, ink)
    threshold_line(axes, RELIABLE, xmax=0.68)
    decades_axis(axes, -26, 1, 6)
    axes.set_xlim(0, 46)
    axes.set_xticks([0, 10, 20, 30])
    axes.set_xlabel("synapses (number)")


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
    axes.vlines([2], *limits, color=INK, lw=1.2, zorder=5)
    axes.plot([2], [checked["plugin"] / checked["rate"]], "o", mfc="white", mec=INK, ms=5, zorder=6)
    axes.axhline(1, color=INK, lw=0.9, zorder=0)
    words_at(axes, 3.0, float(checked["plugin"] / checked["rate"]) - 0.004, "simulated", INK)
