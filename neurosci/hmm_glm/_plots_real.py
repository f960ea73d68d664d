"""Figures on recordings: tables in, matplotlib figures out; the caller sets the style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci.reporting import drawing as draw

from . import _panels as panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SET_WORDS = {
    "head_direction": "head direction",
    "adn_ca1": "rest, exploration",
    "hippocampus": "W maze",
}


def set_words(name: str) -> str:
    """Return the name of a recording in words that a panel has room for."""
    if name.startswith("locust"):
        return f"locust, odour {name.rpartition('_ol_')[2].replace('_', ' ')}"
    return SET_WORDS.get(name, name.replace("_", " "))


def onset(runs: pd.DataFrame, average: pd.DataFrame, entries: pd.DataFrame) -> Figure:
    """Draw held-out odour trials: states, averages over trials, and when the odour state is entered.

    Parameters
    ----------
    runs : DataFrame
        Columns ``row`` (trial), ``start``, ``stop`` (bins), ``state``.
    average : DataFrame
        Columns ``time_s``, ``rate`` (spikes/s of all units), ``probability`` (of the odour state).
    entries : DataFrame
        Columns ``trial``, ``entry_s``, ``window_low_s``, ``window_high_s``.

    Returns
    -------
    Figure
        Three panels.
    """
    figure = draw.new_figure(draw.DOUBLE, 3.3)
    parts: Any = figure.subfigures(1, 2, width_ratios=(1.7, 1))
    left, right = parts
    image, line = left.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
    low, high = (float(entries[f"window_{side}_s"].iloc[0]) for side in ("low", "high"))
    end = float(average["time_s"].iloc[-1] + average["time_s"].iloc[1] - average["time_s"].iloc[0])
    _, values = panels.expand(runs)
    panels.state_image(image, values, (0.0, end))
    image.set_ylabel("held-out trial")
    for edge in (low, high):
        draw.level_line(image, edge, vertical=True, color=draw.INK, zorder=3)
    draw.letter(image, "a", "states")
    line.plot(average["time_s"], average["rate"], color=draw.INK, lw=1.0)
    line.set_xlabel("time in trial (s)")
    line.set_ylabel("all units\n(spikes/s)")
    line.set_ylim(0, None)
    twin = line.twinx()
    twin.plot(average["time_s"], 100 * average["probability"], color=draw.HUMAN, lw=1.0)
    twin.set_ylim(0, 102)
    twin.set_ylabel("odour state (%)", color=draw.HUMAN)
    twin.spines["right"].set_visible(True)
    line.set_xlim(0, end)
    draw.letter(line, "b", "average over trials")
    histogram = right.subplots()
    seen = entries["entry_s"].dropna()
    histogram.hist(seen, bins=np.arange(0, end + 0.25, 0.25), color=draw.HUMAN, alpha=0.8)
    histogram.axvspan(low, high, color=draw.BAND, lw=0, zorder=0)
    histogram.set_xlabel("entry into the odour state (s)")
    histogram.set_ylabel("held-out trials (number)")
    draw.letter(histogram, "c", "onset found")
    return figure


def real_connectivity(matrices: pd.DataFrame) -> Figure:
    """Draw the layout of Fig. 3: connections that each model finds in a recording.

    Parameters
    ----------
    matrices : DataFrame
        Columns ``model``, ``kind``, ``target``, ``source``, ``value``.

    Returns
    -------
    Figure
        Three rows of matrices.
    """
    from ._plots import matrix_grid

    return matrix_grid(matrices, 3.1)


def real_likelihood(table2: pd.DataFrame) -> Figure:
    """Draw Table 2 and Fig. 5B: held-out likelihood by number of states, one panel for each recording.

    Parameters
    ----------
    table2 : DataFrame
        Columns ``dataset``, ``model``, ``n_states``, ``gain`` with limits.

    Returns
    -------
    Figure
        One panel for each recording.
    """
    names = list(dict.fromkeys(table2["dataset"]))
    columns = min(len(names), 4 if len(names) == 4 else 3)
    rows = -(-len(names) // columns)
    figure = draw.new_figure(draw.DOUBLE, 0.4 + 2.3 * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    for panel in grid.ravel()[len(names) :]:
        panel.set_axis_off()
    for panel, name, mark in zip(grid.ravel(), names, "abcdefgh", strict=False):
        own = table2[table2["dataset"] == name]
        models = panels.in_order(own["model"])
        for shift, model in enumerate(models):
            part = own[own["model"] == model]
            colour, _, marker, line = panels.style(model)
            x = part["n_states"].to_numpy(dtype=float) + 0.06 * (shift - len(models) / 2)
            panel.plot(x, part["gain"], color=colour, ls=line, lw=1.0 if model in panels.STYLES else 0.7)
            draw.points_with_intervals(
                panel, x, part["gain"], part["gain_low"], part["gain_high"], colour, marker, size=3.5
            )
            if model not in panels.STYLES:
                last = part.iloc[-1]
                draw.words_at(
                    panel, float(last["n_states"]) + 0.15, float(last["gain"]), model, draw.SOFT, size=6.5
                )
        panel.set_xlim(float(own["n_states"].min()) - 0.4, float(own["n_states"].max()) + 1.3)
        panel.set_xticks(sorted(set(own["n_states"])))
        draw.letter(panel, mark, set_words(name))
    figure.supylabel("gain over constant rates (bits per spike)", size=7.5)
    figure.supxlabel("states (number)", size=7.5)
    shown = [m for m in panels.STYLES if m in set(table2["model"])]
    panels.word_legend(grid[0, 0], shown, loc="upper left", fontsize=6.5)
    return figure


def trials(runs: pd.DataFrame) -> Figure:
    """Draw the layout of Figs. 4 and 8: states of single held-out trials under every model.

    Parameters
    ----------
    runs : DataFrame
        Columns ``panel`` (trial), ``row`` (model), ``start``, ``stop`` (bins), ``state``, ``bin_s``.

    Returns
    -------
    Figure
        One panel for each trial.
    """
    return _bars(runs, "trial")


def by_number(runs: pd.DataFrame) -> Figure:
    """Draw the layout of Fig. 11: states of held-out trials for several numbers of states.

    Parameters
    ----------
    runs : DataFrame
        Columns ``panel`` (trial), ``row`` (number of states), ``start``, ``stop`` (bins), ``state``,
        ``bin_s``.

    Returns
    -------
    Figure
        One panel for each trial.
    """
    return _bars(runs, "trial")


def choice(numbers: pd.DataFrame) -> Figure:
    """Draw what chooses the number of states of a recording: held-out blocks, BIC, stability.

    Parameters
    ----------
    numbers : DataFrame
        Columns ``n_states``, ``behind``, ``behind_se`` (nats per bin), ``bic``, ``stability``, ``rarest``
        (%), ``chosen_one_se``, ``chosen_bic``.

    Returns
    -------
    Figure
        Three panels.
    """
    figure = draw.new_figure(draw.DOUBLE, 2.4)
    first, second, third = figure.subplots(1, 3)
    x = numbers["n_states"].to_numpy(dtype=float)
    behind, error = (1e3 * numbers[name].to_numpy(dtype=float) for name in ("behind", "behind_se"))
    first.plot(x, -behind, color=draw.HUMAN, lw=1.2, zorder=1)
    draw.points_with_intervals(first, x, -behind, -behind - error, -behind + error, draw.HUMAN, "D")
    bic = 1e-3 * numbers["bic"].to_numpy(dtype=float)
    second.plot(x, bic, "-D", color=draw.HUMAN, lw=1.2, mfc="white", ms=4)
    for panel, y, name in ((first, -behind, "chosen_one_se"), (second, bic, "chosen_bic")):
        chosen = numbers[name].to_numpy(dtype=bool)
        panel.plot(x[chosen], y[chosen], "D", color=draw.HUMAN, ms=5, zorder=5)
    third.plot(x, 100 * numbers["stability"], "-D", color=draw.HUMAN, lw=1.2, mfc="white", ms=4)
    third.plot(x, numbers["rarest"], "-s", color=draw.GREY, lw=1.2, mfc="white", ms=4)
    draw.level_line(third, 80.0, ls=":")
    draw.words_at(third, float(x[-1]), 83.0, "agreement wanted", draw.SOFT, ha="right")
    third.set_ylim(0, 103)
    labels = ("behind the best (10⁻³ nats per bin)", "BIC / 1,000 (nats)", "agreement, rarest state (%)")
    words = ("held-out blocks", "all parameters", "stability")
    for panel, label, word, mark in zip((first, second, third), labels, words, "abc", strict=True):
        panel.set_xlabel("states (number)")
        panel.set_xticks(x)
        panel.set_ylabel(label)
        draw.letter(panel, mark, word)
    return figure


def _bars(runs: pd.DataFrame, word: str) -> Figure:
    names = list(dict.fromkeys(runs["panel"]))
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = draw.new_figure(draw.DOUBLE, 0.5 + 1.25 * rows)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    most = 0
    for axes, name in zip(grid.ravel(), names, strict=False):
        own = runs[runs["panel"] == name]
        labels, values = panels.expand(own)
        panels.state_rows(axes, labels, values, (0.0, values.shape[1] * float(own["bin_s"].iloc[0])))
        axes.set_title(f"{word} {name}", size=7, weight="normal")
        most = max(most, int(values.max()) + 1)
    for axes in grid.ravel()[len(names) :]:
        axes.set_axis_off()
    figure.supxlabel("time in trial (s)", size=7.5)
    panels.state_legend(figure, most)
    return figure


def trajectory(path: pd.DataFrame) -> Figure:
    """Draw the layout of Fig. 4, right: where the animal was in each state.

    Parameters
    ----------
    path : DataFrame
        Columns ``model``, ``x``, ``y`` (pixels), ``state``.

    Returns
    -------
    Figure
        One panel for each state of the model.
    """
    states = sorted(set(path["state"]))
    figure = draw.new_figure(draw.DOUBLE, 2.3)
    axes = figure.subplots(1, len(states), sharex=True, sharey=True, squeeze=False)[0]
    for panel, state, mark in zip(axes, states, "abcdef", strict=False):
        own = path[path["state"] == state]
        panel.plot(path["x"], path["y"], ".", color=draw.BAND, ms=1.2, mew=0, rasterized=True)
        colour = panels.STATES[min(state, len(panels.STATES) - 1)]
        panel.plot(own["x"], own["y"], ".", color=colour, ms=1.8, mew=0, rasterized=True)
        panel.set_aspect("equal")
        panel.set_xticks([])
        panel.set_yticks([])
        draw.letter(panel, mark, f"state {state + 1}")
    axes[0].set_xlabel("x (pixels)")
    axes[0].set_ylabel("y (pixels)")
    return figure


def outcome(coefficients: pd.DataFrame, scores: pd.DataFrame) -> Figure:
    """Draw the layout of Fig. 9: what a linear read-out makes of state sequences.

    Parameters
    ----------
    coefficients : DataFrame
        Columns ``model``, ``state``, ``time``, ``value``.
    scores : DataFrame
        Columns ``model``, ``accuracy``, ``low``, ``high``, ``chance`` (%).

    Returns
    -------
    Figure
        Heat maps beside a panel of accuracies.
    """
    figure = draw.new_figure(draw.DOUBLE, 2.4)
    models = panels.in_order(coefficients["model"])
    axes = figure.subplots(1, len(models) + 1, width_ratios=(*[1.0] * len(models), 1.2), squeeze=False)[0]
    limit = max(float(coefficients["value"].abs().max()), 1e-6)
    image: Any = None
    for panel, model, mark in zip(axes, models, "abcdef", strict=False):
        own = coefficients[coefficients["model"] == model]
        wide = own.pivot(index="state", columns="time", values="value").to_numpy()
        ends = -0.5, float(own["time"].max()) + 0.5, wide.shape[0] + 0.5, 0.5
        image = panel.imshow(wide, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto", extent=ends)
        panel.set_yticks(range(1, wide.shape[0] + 1))
        panel.set_xlabel("time (s)")
        draw.letter(panel, mark, model)
    axes[0].set_ylabel("state")
    figure.colorbar(image, ax=axes[len(models) - 1], label="coefficient", pad=0.02)
    last = axes[-1]
    rows = scores.iloc[::-1].reset_index(drop=True)
    for row, own in rows.iterrows():
        colour = panels.style(own["model"])[0]
        last.plot([own["low"], own["high"]], [row, row], color=colour, lw=1.2)
        last.plot(own["accuracy"], row, "o", color=colour, mfc="white", ms=4.5)
    last.set_yticks(range(len(rows)), labels=rows["model"])
    last.tick_params(axis="y", length=0)
    last.set_xlim(0, 101)
    last.set_ylim(-0.5, len(rows) - 0.5)
    draw.level_line(last, float(scores["chance"].iloc[0]), vertical=True, ls=":")
    last.set_xlabel("right (%)")
    draw.letter(last, "def"[0] if len(models) == 3 else "b", "read-out")
    return figure


def sleep(occupancy: pd.DataFrame, scores: pd.DataFrame, dwell: pd.DataFrame) -> Figure:
    """Draw states of wake and sleep: where they occur, how well they tell them apart, how long they last.

    Parameters
    ----------
    occupancy : DataFrame
        Columns ``label``, ``state``, ``share`` (%).
    scores : DataFrame
        Columns ``method``, ``accuracy``, ``low``, ``high`` (%).
    dwell : DataFrame
        Columns ``model``, ``duration_s``, ``share`` (% of visits at least this long).

    Returns
    -------
    Figure
        Three panels.
    """
    figure = draw.new_figure(draw.DOUBLE, 2.5)
    first, second, third = figure.subplots(1, 3)
    wide = occupancy.pivot(index="label", columns="state", values="share")
    wide = wide.loc[list(dict.fromkeys(occupancy["label"]))]
    image = first.imshow(wide.to_numpy(), cmap="cividis", vmin=0, vmax=100, aspect="auto")
    for (row, column), value in np.ndenumerate(wide.to_numpy()):
        ink = "white" if value < 50 else draw.INK
        first.text(column, row, f"{value:.0f}", ha="center", va="center", size=6, color=ink)
    first.set_xticks(range(wide.shape[1]), labels=[str(s + 1) for s in wide.columns])
    first.set_yticks(range(len(wide)), labels=list(wide.index))
    first.set_xlabel("state of OHG")
    figure.colorbar(image, ax=first, label="share of bins (%)", pad=0.02)
    draw.letter(first, "a", "where states occur")
    rows = scores.iloc[::-1].reset_index(drop=True)
    for row, own in rows.iterrows():
        colour = panels.style(own["method"])[0]
        second.plot([own["low"], own["high"]], [row, row], color=colour, lw=1.2)
        second.plot(own["accuracy"], row, "o", color=colour, mfc="white", ms=4.5)
    second.set_yticks(range(len(rows)), labels=rows["method"])
    second.tick_params(axis="y", length=0)
    second.set_xlim(0, 101)
    second.set_ylim(-0.5, len(rows) - 0.5)
    draw.level_line(second, 100 / 3, vertical=True, ls=":")
    second.set_xlabel("balanced accuracy (%)")
    draw.letter(second, "b", "wake, slow-wave, REM")
    for model in panels.in_order(dwell["model"]):
        own = dwell[dwell["model"] == model]
        colour, _, _, line = panels.style(model)
        third.plot(own["duration_s"], own["share"], color=colour, ls=line)
    third.set_xscale("log")
    third.set_yscale("log")
    third.set_xlabel("visit at least (s)")
    third.set_ylabel("visits (%)")
    panels.word_legend(third, panels.in_order(dwell["model"]), loc="lower left")
    draw.letter(third, "c", "length of visits")
    return figure


def receptor(table: pd.DataFrame) -> Figure:
    """Draw what the history of a single neuron says about its next spike.

    Parameters
    ----------
    table : DataFrame
        Columns ``time_ms`` (after a spike), ``rate`` (model, spikes/s), ``observed`` (spikes/s).

    Returns
    -------
    Figure
        One panel.
    """
    figure = draw.new_figure(draw.SINGLE, 2.4)
    axes = figure.add_subplot()
    axes.plot(table["time_ms"], table["observed"], color=draw.INK, lw=0.9, label="recorded, held out")
    axes.plot(table["time_ms"], table["rate"], color=draw.MODEL, lw=1.4, label="GLM, simulated")
    axes.set_xlabel("time after a spike (ms)")
    axes.set_ylabel("firing (spikes/s)")
    axes.set_ylim(0, None)
    axes.legend(loc="lower right")
    return figure
