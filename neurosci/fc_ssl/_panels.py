"""Panels of the figures, drawn on given axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..reporting import drawing as draw

if TYPE_CHECKING:
    import pandas as pd

STYLES = {
    "both": (draw.MODEL, "o", "-"),
    "spatial": (draw.GREEN, "^", "-"),
    "temporal": (draw.OCHRE, "v", "-"),
    "contrastive": (draw.PAPER, "s", "-"),
    "untrained": (draw.GREY, "o", "--"),
    "static": (draw.HUMAN, "D", "-"),
    "sd": (draw.INK, "D", "--"),
}
NAMES = {
    "both": "space and time",
    "spatial": "space",
    "temporal": "time",
    "contrastive": "contrastive",
    "untrained": "random encoder",
    "jema": "joint embedding",
    "dgi": "DGI, whole scan",
    "gae": "GAE, whole scan",
    "vgae": "VGAE, whole scan",
    "graphmae": "GraphMAE, whole scan",
    "static": "static ridge",
    "sd": "sd-of-dFC ridge",
    "static_sd": "static and sd ridge",
    "sd_surrogate": "sd ridge, surrogates",
    "static_motion": "static, motion out",
    "static_still": "static, still people",
    "deviation": "squared deviation ridge",
    "confounds": "confounds only",
    "static, labels permuted": "static, permuted",
    "both, labels permuted": "space and time, permuted",
}
CHOICES = {
    "edge_mask_ratio": "hidden pairs (share)",
    "node_mask_ratio": "hidden regions (share)",
    "lambda_temporal": "weight of time (ratio)",
    "min_gap": "distance (windows)",
    "leak_time_code": "time code leaks",
}

CHOICE_WORDS = {
    "edge_mask_ratio": "pairs",
    "node_mask_ratio": "regions",
    "lambda_temporal": "weight",
    "min_gap": "distance",
    "leak_time_code": "leak",
}


def chance(panel: str) -> float:
    """Return what guessing scores."""
    return 0.0 if panel == "age" else 0.5


def score_words(panel: str) -> str:
    """Return the score of a panel in words."""
    return "correlation (r)" if panel == "age" else "area under the ROC curve"


def curves(axes: Any, table: pd.DataFrame, panel: str) -> None:
    """Draw the scores of one panel against the number of labels, with their intervals."""
    part = table[table["panel"] == panel]
    names = [name for name in STYLES if name in set(part["model"])]
    for place, name in enumerate(names):
        rows = part[part["model"] == name].sort_values("n_labels")
        colour, marker, line = STYLES[name]
        x = rows["n_labels"].to_numpy(float) * 1.035 ** (place - (len(names) - 1) / 2)
        axes.plot(x, rows["value"], color=colour, ls=line, lw=0.9, zorder=2)
        draw.points_with_intervals(
            axes, x, rows["value"], rows["low"], rows["high"], colour, marker,
            filled=name in ("both", "static"), size=3.4, label=NAMES[name],
        )  # fmt: skip
    axes.set_xscale("log")
    ticks = sorted(set(part["n_labels"]))
    axes.set_xticks(ticks, labels=[str(tick) for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("labels (number)")
    axes.set_ylabel(score_words(panel))
    draw.level_line(axes, chance(panel))


def rows_of_scores(axes: Any, table: pd.DataFrame, panel: str, names: list[str]) -> None:
    """Draw one row per model, with its interval."""
    part = table.set_index("model")
    for place, name in enumerate(reversed(names)):
        if name not in part.index:
            continue
        row = part.loc[name]
        colour = STYLES.get(name, (draw.SOFT,))[0]
        axes.plot([row["low"], row["high"]], [place, place], color=colour, lw=1.2)
        axes.plot([row["value"]], [place], "o", color=colour, ms=3.8, zorder=3)
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.set_yticks(range(len(names)), labels=[NAMES[name] for name in reversed(names)], size=draw.NOTE_SIZE)
    axes.tick_params(axis="y", length=0)
    draw.level_line(axes, chance(panel), vertical=True)
    axes.set_xlabel("correlation (r)" if panel == "age" else "area within sites")


def two_triangles(axes: Any, windows: pd.DataFrame, name: str) -> Any:
    """Draw correlations above the diagonal and edges below it; return the image of the correlations."""
    first, second = windows["first"].to_numpy() - 1, windows["second"].to_numpy() - 1
    n = int(second.max()) + 1
    r = np.full((n, n), np.nan)
    r[first, second] = windows[f"r at {name}"]
    edges = np.full((n, n), np.nan)
    edges[second, first] = windows[f"edge at {name}"].to_numpy(float)
    image = axes.imshow(r, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest", rasterized=True)
    axes.imshow(edges, cmap="Greys", vmin=0, vmax=1.25, interpolation="nearest", rasterized=True)
    axes.set_xticks([])
    axes.set_yticks([])
    return image


def binned(table: pd.DataFrame, x: str, y: str, edges: NDArray[Any]) -> pd.DataFrame:
    """Return means of y in bins of x, with t intervals over people, whose windows are averaged first."""
    import pandas as pd
    from scipy.stats import t as student

    place = np.digitize(table[x], edges[1:-1])
    rows = []
    for number in range(len(edges) - 1):
        part = table[place == number]
        values = part.groupby("person")[y].mean().to_numpy()
        if len(values) > 2:
            half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
            mean = values.mean()
            rows.append((part[x].mean(), mean, mean - half, mean + half, len(values)))
    return pd.DataFrame(rows, columns=["x", "value", "low", "high", "n"])
