"""Panels of the figures, drawn on given axes; colours stand for roles."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci.reporting.drawing import DIRECT_SIZE, GREEN, GREY, INK, NOTE_SIZE, OCHRE, PAPER, SOFT
from neurosci.reporting.drawing import HUMAN as PEOPLE
from neurosci.reporting.drawing import MODEL as NETWORK

from ._index import gaussian

if TYPE_CHECKING:
    import pandas as pd

# further categories, each with its own marker
CATEGORIES = ((PAPER, "s"), (GREEN, "^"), (OCHRE, "v"), (NETWORK, "D"), (INK, "P"))
NAMES = {
    "people": "People",
    "resnet50": "ResNet-50",
    "vit_large_patch16_224": "ViT-L/16",
    "bagnet33": "BagNet-33",
    "alexnet": "AlexNet",
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "resnet101": "ResNet-101",
}
N_BANDS = 7
RUN_MARKERS = "^vs"
CELL_SIZE = 6


def label_of(name: str) -> str:
    """Return the name of an observer as a reader knows it."""
    if name.startswith("resnet50_l2_eps"):
        radius = name.removeprefix("resnet50_l2_eps").replace("_", ".")
        return f"ResNet-50, trained at {radius}"
    return NAMES.get(name, name)


def short_name(name: str) -> str:
    """Return the name of a network run here, short enough for a legend."""
    return name.replace("EfficientNet-", "")


def human_value(axes: Any, value: float, decimals: int) -> None:
    """Mark the value of people and write it above the panel."""
    if not np.isfinite(value):
        return
    axes.axvline(value, color=PEOPLE, zorder=1)
    low, high = axes.get_xlim()
    axes.text(value, 1.005, f"people {value:.{decimals}f}", color=PEOPLE, size=DIRECT_SIZE, va="bottom",
              ha="left" if value - low < high - value else "right",
              transform=axes.get_xaxis_transform())  # fmt: skip


def plain_ticks(axis: Any, values: Sequence[float]) -> None:
    """Put plain numbers on a log axis."""
    axis.set_ticks(values, labels=[f"{value:g}" for value in values])
    axis.set_ticks([], minor=True)


def swarm(positions: ArrayLike, width: float, step: float = 1.0) -> NDArray[np.float64]:
    """Return offsets that keep dots closer than `width` apart from covering each other."""
    values = np.asarray(positions, dtype=float)
    offsets = np.zeros(len(values))
    placed: list[tuple[float, float]] = []
    for i in np.argsort(values, kind="stable"):
        for level in range(len(values) + 1):
            candidate = (level + 1) // 2 * step * (1 if level % 2 else -1)
            if all(abs(values[i] - x) >= width or abs(candidate - y) >= step * 0.99 for x, y in placed):
                break
        offsets[i] = candidate
        placed.append((values[i], candidate))
    return offsets


def frequency_ticks(axes: Any, frequencies: Sequence[float], every: int = 2) -> None:
    """Label every second band with its frequency."""
    shown = list(range(0, len(frequencies), every))
    axes.set_xticks(shown, labels=[f"{frequencies[k]:g}" for k in shown])


def heat_map(axes: Any, table: pd.DataFrame, *, values: bool, criterion: float) -> Any:
    """Draw percent correct by noise SD (down) and band, outlined where it falls to the criterion."""
    grid = table.pivot_table(index="noise_sd", columns="band", values="percent_correct", aggfunc="first")
    cells = grid.to_numpy()
    n_rows, n_columns = cells.shape
    mesh = axes.pcolormesh(
        np.arange(n_columns + 1) - 0.5, np.arange(n_rows + 1) - 0.5, cells, vmin=0, vmax=100, cmap="cividis"
    )
    axes.set_ylim(n_rows - 0.5, -0.5)
    axes.set_facecolor("#d9dad5")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0)
    axes.set_yticks(range(n_rows), labels=[f"{level:g}" for level in grid.index])
    frequencies = table.drop_duplicates("band").sort_values("band")["frequency"].tolist()
    frequency_ticks(axes, frequencies, every=2 if values else 3)
    if values:
        for (row, column), value in np.ndenumerate(cells):
            if np.isfinite(value):
                color = "white" if value < 55 else INK
                axes.text(column, row, f"{value:.0f}", ha="center", va="center", size=CELL_SIZE, color=color)
    x, y = _outline(np.nan_to_num(cells) > criterion)
    axes.plot(x, y, color="white", lw=2.0 if values else 1.2, solid_capstyle="butt")
    axes.plot(x, y, color=PEOPLE, lw=1.1 if values else 0.8, solid_capstyle="butt")
    return mesh


def _outline(above: NDArray[np.bool_]) -> tuple[list[float], list[float]]:
    """Return the borders between cells above and below the criterion as one path with gaps."""
    x: list[float] = []
    y: list[float] = []
    for row, column in np.argwhere(above[:, 1:] != above[:, :-1]):
        x += [column + 0.5, column + 0.5, np.nan]
        y += [row - 0.5, row + 0.5, np.nan]
    for row, column in np.argwhere(above[1:] != above[:-1]):
        x += [column - 0.5, column + 0.5, np.nan]
        y += [row + 0.5, row + 0.5, np.nan]
    return x, y


def channel_curve(row: pd.Series, bands: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the fitted Gaussian of one row of a channel table."""
    return gaussian(bands, row["amplitude"], row["center_index"], row["width"])


def indices_of(row: pd.Series) -> NDArray[np.float64]:
    """Return the threshold indices of one row of a channel table."""
    return np.array([row[f"index_{band}"] for band in range(N_BANDS)], dtype=float)


def channel_panel(
    axes: Any,
    networks: pd.DataFrame,
    people: pd.Series,
    featured: str | None,
    frequencies: Sequence[float],
    runs: pd.DataFrame | None = None,
) -> None:
    """Draw thresholds and fitted channels of people, one network, all usable ones, and those run here."""
    fine = np.linspace(0, N_BANDS - 1, 121)
    coarse = np.linspace(0, N_BANDS - 1, 25)
    usable = networks[networks["usable"]]
    if len(usable):
        curves = [np.append(channel_curve(row, coarse), np.nan) for _, row in usable.iterrows()]
        axes.plot(
            np.tile(np.append(coarse, np.nan), len(curves)),
            np.concatenate(curves),
            color=NETWORK,
            lw=0.35,
            alpha=0.35,
            label=f"{len(usable)} networks",
        )
    chosen = networks[networks["network"] == featured]
    if len(chosen):
        row = chosen.iloc[0]
        axes.plot(np.arange(N_BANDS), indices_of(row), "o", color=NETWORK, clip_on=False)
        if row["resolved"]:
            text = f"{label_of(str(featured))}, {row['bandwidth']:.2f} octaves"
            axes.plot(fine, channel_curve(row, fine), color=NETWORK, lw=1.8, label=text)
    for place, (_, row) in enumerate(() if runs is None else runs.iterrows()):
        marks = indices_of(row) + 0.08 * (place + 1)
        axes.plot(np.arange(N_BANDS) + 0.06, marks, RUN_MARKERS[place], color=GREEN, clip_on=False, ms=3.6)
        if row["resolved"]:
            text = f"{short_name(row['network'])}, {row['bandwidth']:.2f} octaves"
            style = ("-", "--", ":")[place]
            axes.plot(fine, channel_curve(row, fine), color=GREEN, lw=1.4, ls=style, label=text)
    axes.plot(np.arange(N_BANDS), indices_of(people), "D", color=PEOPLE, clip_on=False, zorder=4)
    if people["resolved"]:
        text = f"people, {people['bandwidth']:.2f} octaves"
        axes.plot(fine, channel_curve(people, fine), color=PEOPLE, label=text)
    frequency_ticks(axes, frequencies, every=1)
    axes.set_xlim(-0.15, N_BANDS - 0.85)
    axes.set_xlabel("label frequency of the noise band (cycles/image)")


def threshold_axis(axes: Any, noise_sd: Sequence[float], label: str, every: int = 1) -> None:
    """Label threshold indices with the noise SDs between which the threshold lies."""
    strongest_first = sorted((level for level in noise_sd if level > 0), reverse=True)
    words = [f"> {strongest_first[0]:g}"]
    words += [f"{low:g}–{high:g}" for high, low in itertools.pairwise(strongest_first)]
    words.append(f"< {strongest_first[-1]:g}")
    shown = list(range(0, len(words), every))
    axes.set_yticks(shown, labels=[words[i] for i in shown])
    axes.set_ylabel(label)


def strip(
    axes: Any, table: pd.DataFrame, families: Sequence[str], column: str, *, log: bool
) -> dict[str, float]:
    """Draw one dot per network by family, with a bar at each median; return the medians."""
    medians = {}
    for position, family in enumerate(families):
        values = table.loc[table["family"] == family, column].dropna().sort_values().to_numpy()
        axes.axhline(position, color="#dcded9", lw=0.5, zorder=0)
        if not len(values):
            continue
        place = np.log2(values) if log else values
        extent = np.ptp(np.log2(table[column].dropna()) if log else table[column].dropna()) or 1.0
        offsets = np.clip(swarm(place, 0.02 * extent, 0.2), -0.4, 0.4)
        axes.plot(values, position + offsets, "o", color=NETWORK, alpha=0.6, ms=3.4, mew=0)
        medians[family] = float(np.median(values))
        axes.plot([medians[family]] * 2, [position - 0.36, position + 0.36], color=INK, lw=1.6)
    axes.set_ylim(len(families) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return medians


def scatter_by_family(
    axes: Any, table: pd.DataFrame, x: str, y: str, named: Sequence[str]
) -> list[tuple[Any, str]]:
    """Draw one mark per network; the named families in colour, the others in grey."""
    rest = table[~table["family"].isin(named)]
    (others,) = axes.plot(rest[x], rest[y], "o", color=GREY, alpha=0.7, ms=3.2, mew=0)
    handles = []
    for family, (color, marker) in zip(named, CATEGORIES, strict=False):
        rows = table[table["family"] == family]
        (mark,) = axes.plot(rows[x], rows[y], marker, color=color, ms=4.4, mew=0)
        handles.append((mark, family))
    return [*handles, (others, "other families")]


def tick_rows(axes: Any, rows: Mapping[str, Iterable[int]]) -> None:
    """Draw one row of ticks per choice, at the ranks where it was made."""
    for position, (_, ranks) in enumerate(rows.items()):
        x = np.asarray(list(ranks), dtype=float)
        gaps = np.full_like(x, np.nan)
        axes.plot(
            np.column_stack([x, x, gaps]).ravel(),
            np.column_stack(
                [np.full_like(x, position - 0.32), np.full_like(x, position + 0.32), gaps]
            ).ravel(),
            color=INK,
            lw=0.5,
        )
    axes.set_yticks(range(len(rows)), labels=list(rows))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def segments(axes: Any, x: ArrayLike, low: ArrayLike, high: ArrayLike, color: str) -> None:
    """Draw vertical bars as one path with gaps."""
    places = np.repeat(np.asarray(x, dtype=float), 3)
    ends = np.column_stack([low, high, np.full(np.shape(low), np.nan)])
    axes.plot(places, ends.ravel(), color=color, lw=1.2, solid_capstyle="butt")


def bars_with_open_ends(
    axes: Any,
    x: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    top: float,
    color: str,
) -> None:
    """Draw interval bars; a bar that leaves the panel ends in a triangle."""
    for position, lower, upper in zip(x, low, high, strict=True):
        if np.isnan(lower):
            continue
        axes.plot([position] * 2, [lower, min(upper, top)], color=color, lw=1.2)
        if upper > top:
            axes.plot([position], [top], "^", color=color, ms=4, clip_on=False)


def ratio_panel(
    axes: Any, ratios: Mapping[str, pd.Series], runs: Mapping[str, ArrayLike] | None = None
) -> None:
    """Draw the width of each network over that of people, one row per method; those run here in green."""
    axes.axvspan(2, 4, color=PAPER, alpha=0.13, lw=0)
    axes.text(2.83, 0.995, "paper: 2 to 4", color=PAPER, size=DIRECT_SIZE, ha="center", va="top",
              transform=axes.get_xaxis_transform())  # fmt: skip
    axes.axvline(1, color=PEOPLE)
    largest = 1.0
    for row, (method, series) in enumerate(ratios.items()):
        values, place = series.dropna().to_numpy(), -1.7 * row
        words = method
        if len(values):
            offsets = np.clip(swarm(np.log2(values), 0.06, 0.1), -0.5, 0.5)
            axes.plot(values, place + offsets, "o", color=NETWORK, alpha=0.6, ms=2.8, mew=0)
            median, largest = float(np.median(values)), max(largest, values.max())
            axes.plot([median] * 2, [place - 0.52, place + 0.52], color=INK, lw=1.8)
            words += f": {median:.2f}"
        axes.text(1.05, place + 0.56, words, ha="left", va="bottom", size=DIRECT_SIZE)
        here = np.asarray((runs or {}).get(method, ()), dtype=float)
        for mark, value in zip(RUN_MARKERS, here, strict=False):
            axes.plot([value], [place - 0.62], mark, color=GREEN, ms=3.6, zorder=3)
    bottom = -1.7 * (len(ratios) - 1) - 1.0
    axes.text(1.05, bottom + 0.06, "people", color=PEOPLE, size=DIRECT_SIZE, va="bottom")
    axes.set_xscale("log", base=2)
    axes.set_xlim(0.6, max(12.0, 1.15 * largest))
    plain_ticks(axes.xaxis, [1, 2, 4, 8])
    axes.set_ylim(bottom, 1.65)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("network ÷ human bandwidth (ratio)")


def usable_column(axes: Any, networks: pd.DataFrame, families: list[str]) -> None:
    """Write how many networks of each family are used."""
    for position, family in enumerate(families):
        members = networks.loc[networks["family"] == family, "usable"]
        axes.text(1.03, position, f"{int(members.sum())} of {len(members)}", size=DIRECT_SIZE, va="center",
                  color=INK if members.all() else PEOPLE,
                  transform=axes.get_yaxis_transform())  # fmt: skip
    axes.text(1.03, -1.0, "used", size=NOTE_SIZE, color=SOFT, va="bottom",
              transform=axes.get_yaxis_transform())  # fmt: skip


def radius_labels(axes: Any, usable: pd.DataFrame, column: str) -> None:
    """Write the training radius beside each dot."""
    for _, row in usable.iterrows():
        axes.annotate(
            f"{row['training_radius']:g}", (row[column], row["robust_accuracy"]), (4, 0), va="center",
            textcoords="offset points", size=NOTE_SIZE,
        )  # fmt: skip


def width_by_radius(axes: Any, table: pd.DataFrame) -> None:
    """Draw width against training radius by each method with its intervals."""
    top = 30.0
    all_series: tuple[tuple[str, float, str, dict[str, str], str], ...] = (
        ("", -0.28, NETWORK, {"marker": "o", "mfc": NETWORK}, "criterion fixed"),
        ("relative_", -0.07, SOFT, {"marker": "^", "mfc": SOFT}, "relative to no noise"),
        ("likelihood_", 0.14, INK, {"marker": "s", "mfc": "white"}, "maximum likelihood"),
        ("filter_", 0.33, OCHRE, {"marker": "v", "mfc": OCHRE}, "filter observer"),
    )
    series = [entry for entry in all_series if f"{entry[0]}bandwidth" in table]
    table = table[table[[f"{prefix}bandwidth" for prefix, *_ in series]].notna().any(axis=1)]
    if table.empty:
        axes.set_axis_off()
        return
    x = np.arange(len(table), dtype=float)
    # values of people, which the caption calls red
    lines = (
        ("human_bandwidth", "fixed", "-"),
        ("human_likelihood", "likelihood", "--"),
        ("human_filter", "filter", ":"),
    )
    for column, words, dashes in lines:
        human = float(table[column].iloc[0]) if column in table else np.nan
        if np.isfinite(human):
            axes.plot([-0.5, len(table) - 0.5], [human] * 2, color=PEOPLE, ls=dashes)
            axes.text(len(table) - 0.4, human, f"{words} {human:.2f}", color=PEOPLE, size=DIRECT_SIZE,
                      va="center")  # fmt: skip
    for prefix, shift, color, style, label in series:
        low, high = (table[f"{prefix}{end}"].to_numpy() for end in ("low", "high"))
        bars_with_open_ends(axes, x + shift, low, high, top, color)
        axes.plot(
            x + shift, table[f"{prefix}bandwidth"], ls="", mec=color, ms=4, mew=1.0, label=label, **style
        )
    axes.set_yscale("log", base=2)
    axes.set_ylim(0.85, top)
    plain_ticks(axes.yaxis, [1, 2, 4, 8, 16])
    axes.set_xticks(x, labels=[f"{value:g}" for value in table["training_radius"]])
    axes.set_xlim(-0.5, 1.2 * len(table))
    axes.set_xlabel("adversarial training radius (L2)")
    axes.set_ylabel("bandwidth (octaves)")
    axes.legend(loc="upper left", fontsize=NOTE_SIZE, labelspacing=0.25)


def attack_curves(axes: Any, attacks: pd.DataFrame) -> None:
    """Draw accuracy against attack radius."""
    means = attacks.groupby("network")["percent_correct"].mean().sort_values(ascending=False)
    styles = {True: itertools.cycle(["-", "--"]), False: itertools.cycle(["-", "--", ":", "-."])}
    widths = {True: 1.8, False: 1.0}
    for name in means.index:
        rows = attacks[attacks["network"] == name].sort_values("radius")
        trained = bool(rows["trained"].iloc[0])
        color = NETWORK if trained else GREY
        axes.plot(rows["radius"], rows["percent_correct"], color=color, ls=next(styles[trained]),
                  lw=widths[trained], label=label_of(str(name)))  # fmt: skip
    axes.set_xscale("log")
    plain_ticks(axes.xaxis, [0.0025, 0.01, 0.05, 0.2])
    axes.set_ylim(0, 100)
    axes.set_xlabel("attack radius (L2)")
    axes.set_ylabel("correct (%)")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=NOTE_SIZE)
