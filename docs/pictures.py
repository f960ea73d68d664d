"""The pictures of the landing page, one for each analysis, drawn by the package from short runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from sklearn.datasets import load_sample_image

from neurosci.critical_band import CriticalBandMasking, human_mean_accuracy
from neurosci.dendrites import false_positive_prob
from neurosci.du_in import DuINConfig, DuINTokenizer, SyntheticSEEG
from neurosci.fc_ssl import make_switching_fc
from neurosci.graph_motif import correlation_graph, motif_maps
from neurosci.hmm_glm import OneHotHMMGLM, make_onehot_hmmglm, match_states
from neurosci.hopfield import MeanField
from neurosci.preprocessing import SlidingWindowConnectivity
from neurosci.reporting.drawing import (
    GREEN,
    GREEN_INK,
    GREY,
    HUMAN,
    INK,
    MODEL,
    OCHRE,
    PAPER,
    SOFT,
    new_figure,
    words_at,
)
from neurosci.reporting.figures import draw

WIDTH, HEIGHT = 3.5, 2.0


def critical_band() -> Figure:
    """One photograph in noise of three bands, with the accuracy of people in each."""
    picture = load_sample_image("flower.jpg").mean(axis=2)[:420:2, 100:520:2]
    bands = (0, 4, 6)
    accuracy = human_mean_accuracy()[4]
    masking = CriticalBandMasking(contrast=0.35, noise_sd=(0.16,))
    trials = [{"image": "flower", "noise_sd": 0.16, "band": band, "seed": band} for band in bands]
    stimuli = masking.transform({"flower": picture.astype(np.uint8)}, pd.DataFrame(trials))
    figure = new_figure(WIDTH, HEIGHT)
    for axes, band, stimulus in zip(figure.subplots(1, len(bands)), bands, stimuli, strict=True):
        axes.imshow(stimulus, cmap="gray", vmin=0, vmax=1, aspect="equal")
        axes.set_title(f"{100 * accuracy[band]:.0f} %", color=HUMAN, loc="center")
        axes.set_xlabel(f"{1.75 * 2**band:g}")
        _bare(axes)
    figure.supxlabel("noise of one band (cycles per image)", size=7)
    figure.suptitle("objects that people name right (published means)", size=7, color=HUMAN)
    return figure


def dendrites() -> Figure:
    """Probability of a false alarm against the number of cells."""
    cells = np.unique(np.geomspace(1000, 200_000, 60).round().astype(int))
    figure = new_figure(WIDTH, HEIGHT)
    axes = figure.subplots()
    places = {8: (6000, 1e-5), 12: (18_000, 1e-16), 16: (1150, 1e-21)}
    for (theta, place), line, ink in zip(
        places.items(), (MODEL, HUMAN, GREEN), (MODEL, HUMAN, GREEN_INK), strict=True
    ):
        axes.plot(cells, false_positive_prob(n=cells, a=128, s=30, theta=theta), color=line)
        words_at(axes, *place, f"threshold {theta}", ink)
    axes.axhline(1e-9, color=SOFT, ls="--", lw=0.8)
    words_at(axes, 190_000, 1e-8, "once in a billion", SOFT, ha="right")
    axes.set(xscale="log", yscale="log", ylim=(1e-32, 10), xlabel="cells, 128 of them active")
    axes.set_ylabel("false alarms (probability)")
    return figure


def hopfield() -> Figure:
    """Overlaps of five patterns against dilution, in the state of lowest free energy."""
    dilutions = np.linspace(0.02, 0.9, 45)
    overlaps = np.array([_strengths(MeanField(3, dilution=d).ground_state(0.05).m) for d in dilutions])
    figure = new_figure(WIDTH, HEIGHT)
    axes = figure.subplots()
    for row, (name, at, line, ink) in enumerate(
        (("first memory", 11, HUMAN, HUMAN), ("second", 9, MODEL, MODEL), ("third", 18, GREEN, GREEN_INK))
    ):
        axes.plot(100 * dilutions, overlaps[:, row], color=line)
        words_at(
            axes, 100 * dilutions[at], overlaps[at, row] + 0.06, name, ink, ha="right" if row else "left"
        )
    axes.set(ylim=(0, 1.05), xlim=(0, 90), ylabel="recall (overlap)")
    axes.set_xlabel("neurons that a memory leaves out (%)")
    return figure


def graph_motif() -> Figure:
    """A synthetic slice: nodes on a disc, joined where their signals go together, coloured by triangles."""
    rng = np.random.default_rng(3)
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 17), np.linspace(-1, 1, 15)), axis=-1).reshape(-1, 2)
    nodes = grid[np.hypot(*grid.T) < 1]
    nodes = nodes + rng.normal(0, 0.018, nodes.shape)
    distance = np.linalg.norm(nodes[:, None] - nodes[None], axis=-1)
    series = rng.standard_normal((160, len(nodes))) @ np.exp(-((distance / 0.13) ** 2))
    hub = np.exp(-((np.linalg.norm(nodes - [0.38, 0.2], axis=1) / 0.3) ** 2))
    series += 1.1 * rng.standard_normal((160, 1)) * hub
    graph = correlation_graph(series, threshold=0.35)
    triangles = motif_maps(graph, ("triangles",))["triangles"]
    close = np.argwhere(np.triu(np.corrcoef(series.T) > 0.35, 1))
    figure = new_figure(WIDTH, HEIGHT)
    axes = figure.subplots()
    place = nodes * [1.25, 0.95]
    axes.add_collection(LineCollection(place[close], colors=GREY, linewidths=0.35, alpha=0.6))
    dots = axes.scatter(*place.T, c=triangles, s=16, cmap="cividis", zorder=3, lw=0)
    figure.colorbar(dots, ax=axes, label="3-cycles through a node", shrink=0.9)
    axes.set(xlim=(-1.35, 1.35), ylim=(-1.05, 1.05), aspect="equal")
    _bare(axes)
    axes.set_xlabel("synthetic slice")
    return figure


def hmm_glm() -> Figure:
    """Spikes of a synthetic population, and the states that a model finds in them."""
    data = make_onehot_hmmglm(n_neurons=12, n_states=3, n_bins=500, n_sequences=8, random_state=3)
    model = OneHotHMMGLM(3, basis=data.basis, link=data.link, n_init=4, max_iter=30, random_state=0)
    found = model.fit(data.X, data.lengths).predict_proba(data.X, data.lengths).argmax(axis=1)
    order = match_states(data.states, found, 3)
    model.permute_states(order)
    found = model.predict_proba(data.X, data.lengths).argmax(axis=1)
    start, stop = 650, 950
    figure = new_figure(WIDTH, HEIGHT)
    axes = figure.subplots()
    bins, neurons = np.nonzero(data.X[start:stop])
    axes.plot(bins, neurons, "|", color=INK, ms=3.2, mew=0.6)
    for height, states in ((12.6, data.states), (14.2, found)):
        for state, colour in enumerate((HUMAN, MODEL, OCHRE)):
            axes.broken_barh(_stretches(states[start:stop] == state), (height, 1.1), color=colour, lw=0)
    axes.set_yticks((5.5, 13.15, 14.75), labels=("spikes", "true state", "found"))
    axes.tick_params(axis="y", length=0)
    axes.set(xlim=(0, stop - start), ylim=(-0.8, 15.6), xlabel="time (bins), synthetic population")
    axes.spines["left"].set_visible(False)
    return figure


def fc_ssl() -> Figure:
    """Connectivity in six windows of a synthetic scan; two are hidden, and parts of the others."""
    scan = make_switching_fc(2, n_times=240, random_state=4).X[:1]
    windows = SlidingWindowConnectivity(30, 40).fit_transform(scan)
    matrices = np.asarray(windows[0])
    rng = np.random.default_rng(1)
    figure = new_figure(WIDTH, HEIGHT)
    panels = figure.subplots(2, 3).ravel()
    for number, (axes, matrix) in enumerate(zip(panels, matrices, strict=False)):
        hidden = number in (2, 4)
        axes.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1, alpha=0 if hidden else 1, aspect="equal")
        if hidden:
            axes.add_patch(Rectangle((-0.5, -0.5), len(matrix), len(matrix), color="#d9dad5"))
            axes.text(0.5, 0.5, "?", transform=axes.transAxes, ha="center", va="center", size=13, color=SOFT)
        else:
            for region in rng.choice(len(matrix), 6, replace=False):
                axes.axhspan(region - 0.5, region + 0.5, color="#d9dad5", lw=0)
        _bare(axes)
    figure.supxlabel("windows of a synthetic scan: guess what is hidden", size=7)
    return figure


def du_in() -> Figure:
    """Synthetic recordings cut into patches, and the code of each patch."""
    generator = SyntheticSEEG(6, snr=1.0, random_state=1)
    windows = generator.unlabelled(6, duration=2.0)
    sizes = DuINConfig.small().replace(
        conv_channels=(16, 16, 8), n_layers=1, n_decoder_layers=1, codex_size=6
    )
    tokenizer = DuINTokenizer(
        sizes, n_epochs=12, batch_size=2, learning_rate=2e-3, random_state=0, device="cpu"
    ).fit(windows.X)
    codes = tokenizer.transform(windows.X)[0]
    channels = np.flatnonzero(windows.truth.task)[:5]
    signals = windows.X[0, channels][:, ::4]
    figure = new_figure(WIDTH, HEIGHT)
    axes = figure.subplots()
    times = np.arange(signals.shape[1]) * 4 / generator.sfreq
    for height, signal in enumerate(signals):
        axes.plot(times, height + 0.35 * signal / signal.std(), color=INK, lw=0.5)
    colours = (HUMAN, MODEL, OCHRE, GREEN, PAPER, GREY)
    for patch, code in enumerate(codes):
        axes.add_patch(Rectangle((patch * 0.1 + 0.004, -2.2), 0.092, 0.9, color=colours[code], lw=0))
        axes.axvline(patch * 0.1, color="#dcded9", lw=0.5, zorder=0)
    axes.set_yticks((2, -1.75), labels=("signals", "codes"))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set(xlim=(0, 2), ylim=(-2.4, 5.4), xlabel="time (s), synthetic recording")
    return figure


def _bare(axes: Axes) -> None:
    axes.set(xticks=(), yticks=())
    for spine in axes.spines.values():
        spine.set_visible(False)


def _strengths(overlaps: np.ndarray) -> np.ndarray:
    return np.sort(np.abs(overlaps))[::-1]


def _stretches(present: np.ndarray) -> list[tuple[int, int]]:
    """First bin and length of each stretch."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], present.astype(int), [0]))))
    return [(int(start), int(stop - start)) for start, stop in edges.reshape(-1, 2)]


PICTURES = (critical_band, dendrites, hopfield, graph_motif, hmm_glm, fc_ssl, du_in)


def draw_all(folder: Path) -> None:
    """Draw every picture into a folder; one that has not changed keeps its date."""
    folder.mkdir(parents=True, exist_ok=True)
    for function in PICTURES:
        image = draw(function, (), raster=True).data
        path = folder / f"{function.__name__}.png"
        if not path.is_file() or path.read_bytes() != image:
            path.write_bytes(image)
