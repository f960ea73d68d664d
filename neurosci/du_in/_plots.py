"""Figures of the analysis: tables in, matplotlib figures out; the caller sets the style."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..reporting import drawing as draw
from . import _panels as panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def radar(subjects: pd.DataFrame) -> Figure:
    """Draw the radar of the paper's first figure from its table."""
    figure = draw.new_figure(draw.SINGLE, 3.3)
    axes = figure.add_subplot(projection="polar")
    panels.radar(axes, subjects)
    figure.legend(loc="outside lower center", ncols=3, fontsize=draw.NOTE_SIZE)
    return figure


def published(methods: pd.DataFrame, subjects: pd.DataFrame) -> Figure:
    """Draw all methods of the table, and each subject through the arms of Du-IN."""
    figure = draw.new_figure(draw.DOUBLE, 3.2)
    a, b = figure.subplots(1, 2, width_ratios=(1.15, 1))
    rows = methods.sort_values("mean", ignore_index=True)
    for y, row in rows.iterrows():
        region = row["token_level"] == "region"  # noqa: S105 (no password)
        colour, marker = (draw.HUMAN, "D") if region else (draw.MODEL, "o")
        values = subjects.loc[subjects["method"] == row["method"], "accuracy"].to_numpy(float)
        a.plot(values, y + panels.jitter(len(values)), marker, color=colour, ms=2.2, alpha=0.45, ls="none")
        a.plot([row["mean"]] * 2, [y - 0.38, y + 0.38], "-", color=draw.INK, lw=1.6)
    a.set_yticks(range(len(rows)), labels=rows["method"], size=draw.NOTE_SIZE)
    a.tick_params(axis="y", length=0)
    a.set_ylim(-0.7, len(rows) - 0.3)
    a.set_xlim(0, 90)
    a.plot([], [], "D", color=draw.HUMAN, ms=3, label="region tokens")
    a.plot([], [], "o", color=draw.MODEL, ms=3, label="channel tokens")
    a.legend(loc="lower right", fontsize=draw.NOTE_SIZE)
    draw.level_line(a, 100 / 61, vertical=True, ls=":")
    a.set_xlabel("accuracy of a subject (%)")
    arms = ("Du-IN (vqvae+vq)", "Du-IN", "Du-IN (vqvae)", "Du-IN (mae)")
    wide = subjects.pivot_table(index="subject", columns="method", values="accuracy")
    for x in range(len(arms) - 1):
        panels.paired_lines(b, wide[arms[x]], wide[arms[x + 1]], x, draw.HUMAN)
    b.set_xticks(range(len(arms)), labels=["vqvae\n+vq", "scratch", "vqvae", "mae"])
    b.set_ylim(0, 90)
    b.set_ylabel("accuracy (%)")
    draw.letter(a, "a", "16 methods")
    draw.letter(b, "b", "arms, by subject")
    return figure


def brain(contacts: pd.DataFrame) -> Figure:
    """Draw the selected contacts of the paper on the brain."""
    figure = draw.new_figure(draw.DOUBLE, 2.5)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0.0, 0.0, 0.88, 0.96))
    axes.set_axis_off()
    score = contacts["accuracy"].to_numpy(float) / 100 * (11 - contacts["rank"].to_numpy(float)) / 10
    panels.contacts(axes, contacts, score, "lzr")
    bar = figure.add_axes((0.91, 0.2, 0.015, 0.6))
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    shown = figure.colorbar(ScalarMappable(Normalize(0, 1), "cividis"), cax=bar)
    shown.set_label("smoothed score (of largest)")
    return figure


def training(table: pd.DataFrame) -> Figure:
    """Draw the training of the tokenizer and of the masked model."""
    figure = draw.new_figure(draw.DOUBLE, 2.3)
    a, b, c = figure.subplots(1, 3)
    first, second = (table[table["stage"] == stage] for stage in ("tokenizer", "masked model"))
    a.plot(first["epoch"], first["mse"], "-", color=draw.MODEL, label="training")
    a.plot(first["epoch"], first["val_mse"], "--", color=draw.MODEL, label="evaluation mode")
    a.set_ylabel("squared error (variance)")
    b.plot(first["epoch"], first["n_live"], "-", color=draw.GREEN, label="live codes")
    b.plot(first["epoch"], first["perplexity"], "--", color=draw.GREEN, label="perplexity")
    b.set_ylim(bottom=0)
    b.set_ylabel("codes (number)")
    c.plot(second["epoch"], 100 * second["val_accuracy"], "-", color=draw.HUMAN, label="hidden codes right")
    c.plot(second["epoch"], 100 * second["largest_share"], ":", color=draw.SOFT, label="most frequent code")
    c.set_ylim(bottom=0)
    c.set_ylabel("accuracy (%)")
    for axes, mark, words in ((a, "a", "reconstruction"), (b, "b", "codex in use"), (c, "c", "masked model")):
        axes.set_xlabel("epoch")
        axes.legend(fontsize=draw.NOTE_SIZE, loc="best")
        draw.letter(axes, mark, words)
    return figure


def reconstruction(table: pd.DataFrame, codes: pd.DataFrame) -> Figure:
    """Draw channels of a held-out window beside their reconstruction, and how often each code occurs."""
    figure = draw.new_figure(draw.DOUBLE, 2.4)
    a, b = figure.subplots(1, 2, width_ratios=(2.2, 1))
    for row, (_, one) in enumerate(table.groupby("channel")):
        a.plot(
            one["time"], one["original"] / 6 - row, color=draw.GREY, lw=0.6, label=None if row else "signal"
        )
        a.plot(
            one["time"],
            one["reconstructed"] / 6 - row,
            color=draw.MODEL,
            lw=1.1,
            label=None if row else "from codes",
        )
    a.set_yticks([])
    a.set_xlabel("time (s)")
    a.set_ylabel("channels (SD, shifted)")
    a.legend(loc="upper right", fontsize=draw.NOTE_SIZE, ncols=2)
    b.bar(codes["rank"], 100 * codes["n_tokens"] / codes["n_tokens"].sum(), width=1.0, color=draw.MODEL, lw=0)
    panels.whole_numbers(b.xaxis)
    b.set_xlabel("code (in order)")
    b.set_ylabel("tokens (%)")
    draw.letter(a, "a", "held-out window")
    draw.letter(b, "b", "code usage")
    return figure


def arms(decoders: pd.DataFrame) -> Figure:
    """Draw accuracy of the arms by epochs, by cost and by labels."""
    figure = draw.new_figure(draw.DOUBLE, 2.6)
    a, b, c = figure.subplots(1, 3, sharey=True)
    epochs, labels = decoders["n_epochs"].max(), decoders["n_labels"].max()
    for arm, (colour, marker) in panels.ARM_STYLES.items():
        rows = decoders[decoders["arm"] == arm]
        panels.means_by(a, rows[rows["n_labels"] == labels], "n_epochs", colour, marker, arm)
        full = rows[rows["n_labels"] == labels]
        cost = (full["operations"] + full["pretraining_operations"]) / 1e12
        order = full.assign(cost=cost).groupby("n_epochs")[["cost", "accuracy"]].mean()
        b.plot(order["cost"], 100 * order["accuracy"], "-", marker=marker, color=colour, ms=4, lw=1.3)
        panels.means_by(c, rows[rows["n_epochs"] == epochs], "n_labels", colour, marker)
    guess = 100 / n_words(decoders)
    for axes, mark, words in ((a, "a", "by epochs"), (b, "b", "by all operations"), (c, "c", "by labels")):
        panels.chance(axes, guess)
        draw.letter(axes, mark, words)
    panels.log_ticks(a, decoders.loc[decoders["arm"] == "scratch", "n_epochs"])
    panels.decades(b)
    panels.log_ticks(c, decoders.loc[decoders["arm"] == "scratch", "n_labels"])
    for axes in (a, c):
        axes.margins(x=0.12)
    a.set_xlabel("epochs of fine-tuning")
    b.set_xlabel("operations (TFLOP)")
    c.set_xlabel("training trials per word")
    a.set_ylabel("accuracy (%)")
    a.set_ylim(0, 100)
    figure.legend(
        *a.get_legend_handles_labels(), loc="outside upper center", ncols=5, fontsize=draw.NOTE_SIZE
    )
    return figure


def n_words(decoders: pd.DataFrame) -> int:
    """Return the number of words, from the number of test trials."""
    return int(decoders["n_words"].iloc[0])


def sweeps(decoders: pd.DataFrame, codex: pd.DataFrame) -> Figure:
    """Draw accuracy against channels, patch length, codex and token level."""
    figure = draw.new_figure(draw.DOUBLE, 2.5)
    dims = codex[codex["sweep"].isin(["own", "dimensions"])].groupby("codex_dim")["accuracy"].mean()
    a, b, c, d, *more = figure.subplots(1, 5 if len(dims) > 1 else 4, sharey=True)
    longest = decoders[(decoders["n_epochs"] == decoders["n_epochs"].max())]
    longest = longest[longest["n_labels"] == decoders["n_labels"].max()]
    by_channels = longest[longest["arm"].isin(["scratch", "channels", "brain"])]
    panels.means_by(a, by_channels, "n_channels", draw.MODEL, "o")
    panels.log_ticks(a, by_channels["n_channels"])
    a.set_xlabel("channels")
    by_patch = longest[longest["arm"].isin(["scratch", "patch"])]
    panels.means_by(b, by_patch, "patch_ms", draw.MODEL, "o")
    panels.log_ticks(b, by_patch["patch_ms"])
    b.set_xlabel("patch (ms)")
    sizes = codex[codex["sweep"].isin(["own", "codes"])]
    means = sizes.groupby("codex_size")["accuracy"].mean()
    c.plot(means.index, 100 * means.to_numpy(), "-D", color=draw.HUMAN, ms=4, lw=1.3)
    panels.log_ticks(c, means.index)
    c.set_xlabel("codes")
    level = longest[longest["arm"].str.contains(" tokens")]
    for x, name in enumerate(("region", "channel")):
        rows = level[level["level"] == name]
        d.plot(x + panels.jitter(len(rows)), 100 * rows["accuracy"], "o", color=draw.MODEL, ms=3, alpha=0.6)
        if len(rows):
            d.plot([x - 0.25, x + 0.25], [100 * rows["accuracy"].mean()] * 2, "-", color=draw.INK, lw=1.6)
    d.set_xticks([0, 1], labels=["region", "channel"])
    d.set_xlim(-0.6, 1.6)
    d.set_xlabel("tokens")
    for axes in more:
        axes.plot(dims.index, 100 * dims.to_numpy(), "-D", color=draw.HUMAN, ms=4, lw=1.3)
        panels.log_ticks(axes, dims.index)
        axes.set_xlabel("dimensions")
    a.set_ylabel("accuracy (%)")
    a.set_ylim(0, 100)
    for axes, mark, words in (
        (a, "a", "channels"),
        (b, "b", "patch length"),
        (c, "c", "codex"),
        (d, "d", "level"),
        *((axes, "e", "codex") for axes in more),
    ):
        panels.chance(axes, 100 / n_words(decoders))
        draw.letter(axes, mark, words)
    return figure


def contributions(table: pd.DataFrame) -> Figure:
    """Draw the score of each channel beside the generator's truth."""
    figure = draw.new_figure(draw.DOUBLE, 2.3)
    axes = figure.subplots()
    first = table[
        (table["generator"] == table["generator"].iloc[0]) & (table["seed"] == table["seed"].iloc[0])
    ]
    x = np.arange(len(first))
    colours = np.where(first["informative"], draw.HUMAN, draw.GREY)
    axes.bar(x, first["score"], color=colours, width=0.8, lw=0)
    axes.plot(x, first["mixing"], "_", color=draw.INK, ms=7, mew=1.4)
    axes.bar([0], [0], color=draw.HUMAN, label="informative channel")
    axes.bar([0], [0], color=draw.GREY, label="other channel")
    axes.plot([], [], "_", color=draw.INK, ms=7, mew=1.4, label="true mixing")
    edges = np.flatnonzero(first["region"].to_numpy()[1:] != first["region"].to_numpy()[:-1]) + 0.5
    for edge in edges:
        draw.level_line(axes, edge, vertical=True)
    for region in dict.fromkeys(first["region"]):
        middle = float(x[(first["region"] == region).to_numpy()].mean())
        draw.words_at(axes, middle, 1.09, region if region != "other" else "other shafts", ha="center")
    axes.set_xticks(x[::3], labels=first["channel"].to_numpy()[::3], size=draw.NOTE_SIZE)
    axes.set_ylim(0, 1.16)
    axes.set_xlabel("channel, along the shafts")
    axes.set_ylabel("share of the largest")
    figure.legend(loc="outside upper center", ncols=3, fontsize=draw.NOTE_SIZE)
    return figure


def leak(table: pd.DataFrame) -> Figure:
    """Draw accuracies with permuted labels."""
    figure = draw.new_figure(draw.SINGLE, 2.5)
    axes = figure.subplots()
    names = ("inside", "z-score outside", "selection outside")
    for x, name in enumerate(names):
        values = 100 * table.loc[table["learned"] == name, "accuracy"].to_numpy(float)
        axes.plot(x + panels.jitter(len(values)), values, "o", color=draw.MODEL, ms=2.8, alpha=0.55)
        axes.plot([x - 0.28, x + 0.28], [values.mean()] * 2, "-", color=draw.INK, lw=1.8)
    chance, n = float(table["chance"].iloc[0]), int(table["n_trials"].iloc[0])
    half = 1.96 * np.sqrt(chance * (1 - chance) / n)
    axes.axhspan(100 * (chance - half), 100 * (chance + half), color=draw.BAND, lw=0, zorder=0)
    panels.chance(axes, 100 * chance)
    axes.set_xticks(range(3), labels=["all inside\nthe folds", "z-score\noutside", "selection\noutside"])
    axes.set_xlim(-0.6, 2.6)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("accuracy, labels permuted (%)")
    return figure


def real(table: pd.DataFrame) -> Figure:
    """Draw accuracies on the real sets."""
    sets = list(dict.fromkeys(table["set"]))
    figure = draw.new_figure(draw.DOUBLE, 2.0)
    row = figure.subplots(1, len(sets), sharex=True, squeeze=False)[0]
    for axes, name, mark in zip(row, sets, "abc", strict=False):
        rows = table[table["set"] == name].iloc[::-1]
        for y, (_, one) in enumerate(rows.iterrows()):
            own = one["method"] == "Du-IN"
            colour, marker = (draw.HUMAN, "D") if own else (draw.MODEL, "o")
            axes.plot([100 * one["low"], 100 * one["high"]], [y, y], "-", color=colour, lw=1.2)
            axes.plot([100 * one["accuracy"]], [y], marker, color=colour, ms=4.5)
        axes.set_yticks(range(len(rows)), labels=rows["method"], size=draw.NOTE_SIZE)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlim(40, 100)
        draw.level_line(axes, 100 * float(rows["chance"].iloc[0]), vertical=True, ls=":")
        axes.set_xlabel("accuracy (%)")
        draw.letter(axes, mark, name)
    return figure


def ecog(table: pd.DataFrame) -> Figure:
    """Draw the codes of the ECoG recording over time, with the force."""
    figure = draw.new_figure(draw.DOUBLE, 2.3)
    a, b = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.7))
    a.plot(table["time"], table["force"] / table["force"].abs().max(), color=draw.INK, lw=1.2)
    a.set_ylabel("grip force\n(of largest)")
    order = table.groupby("code")["force"].mean().sort_values().index
    rank = {code: k for k, code in enumerate(order)}
    strength = table["force"].to_numpy(float)
    shown = b.scatter(
        table["time"], table["code"].map(rank), c=strength / np.abs(strength).max(), cmap="cividis", s=7,
        marker="s", linewidths=0, vmin=0, vmax=1,
    )  # fmt: skip
    border = float(table.loc[~table["trained"], "time"].min())
    for axes in (a, b):
        draw.level_line(axes, border, vertical=True)
    draw.words_at(a, border + 0.1, 0.85, "held out", draw.SOFT, transform=a.get_xaxis_transform())
    panels.whole_numbers(b.yaxis)
    b.set_ylabel("code (by force)")
    b.set_xlabel("time (s)")
    figure.colorbar(shown, ax=b, label="force (of largest)", aspect=12)
    return figure


def thumbnail(subjects: pd.DataFrame) -> Figure:
    """Draw the picture of the dashboard."""
    figure = draw.new_figure(*draw.THUMBNAIL)
    axes = figure.subplots()
    arms = ("Du-IN (vqvae+vq)", "Du-IN", "Du-IN (vqvae)", "Du-IN (mae)")
    wide = subjects.pivot_table(index="subject", columns="method", values="accuracy")
    for x in range(len(arms) - 1):
        panels.paired_lines(axes, wide[arms[x]], wide[arms[x + 1]], x, draw.HUMAN)
    axes.set_xticks(range(len(arms)), labels=["vqvae+vq", "scratch", "vqvae", "mae"], size=draw.NOTE_SIZE)
    axes.set_ylabel("accuracy (%)")
    return figure
