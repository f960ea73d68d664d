"""Panels of the figures, drawn on given axes; colours stand for models and for states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci.reporting import drawing as draw

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

TRUTH = "truth"
MODELS = ("GLM", "HMM Corr", "HMM Bern", "HG", "HG-L1", "GHG", "GHG-L1", "OHG")
STYLES = {
    "GLM": (draw.GREY, draw.SOFT, "s", ":"),
    "HG": (draw.GREEN, draw.GREEN_INK, "^", "-"),
    "GHG": (draw.MODEL, draw.MODEL, "o", "-"),
    "OHG": (draw.HUMAN, draw.HUMAN, "D", "-"),
}
"""Colour of marks, colour of words, marker and line of the models that lines are drawn for."""
OTHER = (draw.GREY, draw.SOFT, "o", "-")
STATES = (draw.MODEL, draw.HUMAN, draw.GREEN, draw.OCHRE, draw.PAPER, draw.GREY)
"""Colours of up to six states; all further states share the last."""
KINDS = {"weight": "weights", "adjacency": "signs", "prior": "shared signs"}


def style(model: str) -> tuple[str, str, str, str]:
    """Return colour, ink, marker and line of a model."""
    return STYLES.get(model, OTHER)


def in_order(names: Any) -> list[str]:
    """Return the models among some names in the order of the paper's table."""
    present = set(names)
    return [name for name in (TRUTH, *MODELS) if name in present]


def rows_of_models(axes: Any, models: list[str]) -> None:
    """Put one model on each row, from top to bottom."""
    axes.set_ylim(len(models) - 0.5, -0.5)
    axes.set_yticks(range(len(models)), labels=models)
    axes.tick_params(axis="y", length=0)


def model_dots(axes: Any, table: pd.DataFrame, column: str, models: list[str], printed: str = "") -> None:
    """Draw one dot per draw on the row of each model, the median as a bar, and the printed value."""
    for row, model in enumerate(models):
        own = table[table["model"] == model]
        values = own[column].to_numpy(dtype=float)
        values = values[np.isfinite(values)]
        if not values.size:
            axes.text(
                0.5, row, "–", transform=axes.get_yaxis_transform(), color=draw.SOFT, size=7, va="center"
            )
            continue
        colour = style(model)[0]
        axes.plot(values, np.full(values.size, row), "o", color=colour, ms=3, alpha=0.6, mew=0)
        axes.plot([np.median(values)] * 2, [row - 0.32, row + 0.32], color=draw.INK, lw=1.6)
        if printed and np.isfinite(own[printed].iloc[0]):
            axes.plot(own[printed].iloc[0], row, "D", color=draw.PAPER, mfc="none", ms=5, mew=1.1)
    rows_of_models(axes, models)


def square(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the matrix (target, source) of a long table."""
    wide = table.pivot(index="target", columns="source", values="value")
    return np.asarray(wide.to_numpy(), dtype=np.float64)


def matrix_panel(axes: Any, matrix: NDArray[np.float64], limit: float) -> Any:
    """Draw a signed matrix, target by source, on a symmetric scale."""
    image = axes.imshow(matrix, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    return image


def expand(runs: pd.DataFrame) -> tuple[list[str], NDArray[np.int64]]:
    """Return row names and states (n_rows, n_bins) from a table of runs; -1 where nothing is known."""
    names = list(dict.fromkeys(runs["row"]))
    states = np.full((len(names), int(runs["stop"].max())), -1, dtype=np.int64)
    index = {name: i for i, name in enumerate(names)}
    columns = (runs[name] for name in ("row", "start", "stop", "state"))
    for row, start, stop, state in zip(*columns, strict=True):
        states[index[row], start:stop] = state
    return names, states


def state_image(axes: Any, states: NDArray[np.int64], extent: tuple[float, float]) -> None:
    """Draw states as rows of colour; what is not known stays white."""
    from matplotlib.colors import ListedColormap

    shown = np.ma.masked_less(np.minimum(states, len(STATES) - 1), 0)
    axes.imshow(
        shown, cmap=ListedColormap(STATES), vmin=-0.5, vmax=len(STATES) - 0.5, aspect="auto",
        interpolation="nearest", extent=(*extent, len(states) - 0.5, -0.5),
    )  # fmt: skip


def state_rows(axes: Any, names: list[str], states: NDArray[np.int64], extent: tuple[float, float]) -> None:
    """Draw a bar of states for each name, separated by white lines."""
    state_image(axes, states, extent)
    for row in range(1, len(names)):
        axes.axhline(row - 0.5, color="white", lw=2)
    axes.set_yticks(range(len(names)), labels=names)
    axes.tick_params(axis="y", length=0)


def state_legend(figure: Any, n_states: int) -> None:
    """Name the colours of the states above a figure."""
    from matplotlib.patches import Patch

    shown = min(n_states, len(STATES))
    words = [f"state {i + 1}" for i in range(shown)]
    if n_states > shown:
        words[-1] = f"states {shown} to {n_states}"
    handles = [Patch(color=colour, label=word) for colour, word in zip(STATES, words, strict=False)]
    figure.legend(handles=handles, loc="outside upper center", ncols=shown, handlelength=1.0)


def model_line(axes: Any, table: pd.DataFrame, model: str, x: str, y: str, **options: Any) -> None:
    """Draw the mean of a model over a grid with its interval, where there is one."""
    colour, _, marker, line = style(model)
    own = table[table["model"] == model].sort_values(x)
    axes.plot(own[x], own[y], color=colour, ls=line, lw=1.3, zorder=2, **options)
    low, high = (own.get(name, own[y]) for name in (f"{y}_low", f"{y}_high"))
    draw.points_with_intervals(axes, own[x], own[y], low, high, colour, marker)


def word_legend(axes: Any, models: list[str], **options: Any) -> None:
    """Name models by their lines and marks."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [], [], color=style(m)[0], marker=style(m)[2], ls=style(m)[3], mfc="white", ms=4, lw=1.3, label=m
        )
        for m in models
    ]
    axes.legend(handles=handles, **{"loc": "best", "handlelength": 1.6, **options})
