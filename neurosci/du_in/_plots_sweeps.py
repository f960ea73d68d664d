"""Figure of the sweeps of pre-training, beside what the paper printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..reporting import drawing as draw
from . import _panels as panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_SETS = {"selected channels": "selected", "random channels": "random", "all channels": "all"}
_SWEEPS = (
    ("mask ratio", 14, "hidden share", "hidden patches"),
    ("tokenizer epochs", 15, "epochs of tokenizer", "tokenizer"),
    ("masked epochs", 16, "epochs of masked model", "masked model"),
)


def pretraining(pretraining: pd.DataFrame, channel_sets: pd.DataFrame, ablations: pd.DataFrame) -> Figure:
    """Draw the error by channels, and accuracy by share hidden and by lengths of pre-training."""
    figure = draw.new_figure(draw.DOUBLE, 2.5)
    a, *others = figure.subplots(1, 4)
    _channels(a, channel_sets)
    draw.letter(a, "a", "reconstruction")
    for axes, mark, (sweep, number, words, title) in zip(others, "bcd", _SWEEPS, strict=True):
        _sweep(axes, pretraining[pretraining["sweep"] == sweep], ablations[ablations["table"] == number])
        axes.set_xlabel(words)
        draw.letter(axes, mark, title)
    others[0].set_xlim(0, 0.6)
    for axes in others[1:]:
        axes.set_xscale("log")
        panels.decades(axes)
    for axes in others[1:]:
        axes.sharey(others[0])
    others[0].set_ylim(0, 100)
    others[0].set_ylabel("accuracy (%)")
    figure.legend(
        *others[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=draw.NOTE_SIZE
    )
    return figure


def _channels(axes: Any, table: pd.DataFrame) -> None:
    for x, name in enumerate(_SETS):
        rows = table[table["channels"] == name]
        axes.plot(x + panels.jitter(len(rows)), rows["test_mse"], "D", color=draw.HUMAN, ms=4, ls="none")
        axes.plot([x - 0.3, x + 0.3], [rows["paper_mse"].iloc[0]] * 2, "-", color=draw.GREY, lw=1.6)
    axes.set_xticks(range(len(_SETS)), labels=list(_SETS.values()), size=draw.NOTE_SIZE)
    axes.set_xlim(-0.6, len(_SETS) - 0.4)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("channels")
    axes.set_ylabel("squared error (variance)")


def _sweep(axes: Any, made: pd.DataFrame, printed: pd.DataFrame) -> None:
    values = printed["setting"].str.extract(r"([\d.]+)$")[0].astype(float)
    order = np.argsort(values.to_numpy())
    axes.plot(
        values.to_numpy()[order], printed["mean"].to_numpy()[order], "-s", color=draw.GREY, ms=3, lw=1.2,
        label="paper, 61 words",
    )  # fmt: skip
    panels.means_by(axes, made, "value", draw.HUMAN, "D", "generator")
