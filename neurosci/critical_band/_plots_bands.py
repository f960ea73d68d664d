"""Figures of stimuli and of the spectra of their noise: tables in, matplotlib figures out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci.reporting import drawing
from neurosci.reporting.drawing import DOUBLE, GREEN_INK, INK, PAPER, SOFT, letter, level_line, new_figure

from . import _panels as draw
from ._compute_bands import BORDER
from ._masking import CriticalBandMasking
from ._photographs import SIDE, photographs

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# The middle of a stimulus, pixel by pixel: the highest band cannot be shown smaller.
_SHOWN = 88
_GAP = 4


def stimulus_grid(stimuli: pd.DataFrame) -> Figure:
    """Draw one stimulus of each condition, made anew from its seed.

    Parameters
    ----------
    stimuli : DataFrame
        Columns ``image`` (a photograph that scikit-learn ships), ``noise_sd``, ``band``, ``seed``,
        ``label`` and ``center`` (cycles/image).

    Returns
    -------
    Figure
        One panel.
    """
    images = photographs()
    shown = CriticalBandMasking(oob="shift").transform(images, stimuli)
    levels, bands = sorted(set(stimuli["noise_sd"])), sorted(set(stimuli["band"]))
    step = _SHOWN + _GAP
    mosaic = np.ones((len(levels) * step - _GAP, len(bands) * step - _GAP))
    border = (SIDE - _SHOWN) // 2
    rows = zip(shown, stimuli["noise_sd"], stimuli["band"], strict=True)
    for picture, noise_sd, band in rows:
        top, left = levels.index(noise_sd) * step, bands.index(band) * step
        inner = picture[border : border + _SHOWN, border : border + _SHOWN]
        mosaic[top : top + _SHOWN, left : left + _SHOWN] = _coarse(inner, noise_sd, band)
    figure = new_figure(DOUBLE, 5.35)
    axes = figure.subplots()
    axes.imshow(mosaic, cmap="gray", vmin=0, vmax=1, interpolation="none", aspect="equal")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0)
    middle = _SHOWN / 2
    about = stimuli.drop_duplicates("band").set_index("band").loc[bands]
    axes.set_xticks(
        [place * step + middle for place in range(len(bands))],
        labels=[f"{row['label']:g}\n({row['center']:.3g})" for _, row in about.iterrows()],
    )
    axes.set_yticks(
        [place * step + middle for place in range(len(levels))], labels=[f"{level:g}" for level in levels]
    )
    axes.set_xlabel("label frequency of the noise band, in brackets its measured centre (cycles/image)")
    axes.set_ylabel("noise SD (pixel units, 0 to 1)")
    return figure


def _coarse(picture: NDArray[np.floating], noise_sd: float, band: int) -> NDArray[np.float64]:
    """Round grey values to steps that fine noise hides, for a smaller file."""
    hidden = 0.67 if band >= 5 else 0.25 if band >= 3 else 0.0
    step = max(3 / 255, hidden * noise_sd)
    return np.asarray(np.clip(np.round(picture / step) * step, 0, 1), dtype=float)


def band_spectra(spectra: pd.DataFrame, bands: pd.DataFrame) -> Figure:
    """Draw the power of each noise band by frequency, and how far its label lies from its centre.

    Parameters
    ----------
    spectra : DataFrame
        Columns ``band``, ``frequency`` (cycles/image), ``share_per_octave``.
    bands : DataFrame
        One row per band: ``label``, ``center``, ``octaves_off``, ``sampled_low``, ``sampled_high``,
        ``stimuli_center`` (cycles/image).

    Returns
    -------
    Figure
        Two panels.
    """
    figure = new_figure(DOUBLE, 2.7)
    left, right = figure.subplots(1, 2, width_ratios=(1.55, 1))
    _spectra(left, spectra, bands)
    letter(left, "a", "power of the noise bands")
    x = np.arange(len(bands))
    right.axhspan(-BORDER, BORDER, color=PAPER, alpha=0.13, lw=0)
    level_line(right, 0.0)
    low, high = (np.log2(bands["label"] / bands[f"sampled_{end}"]) for end in ("high", "low"))
    draw.segments(right, x, low, high, drawing.MODEL)
    right.plot(x, bands["octaves_off"], "o", color=drawing.MODEL, label="exact (bar: 95 % of drawn fields)")
    seen = bands["stimuli_center"].notna()
    if seen.any():
        off = np.log2(bands["label"] / bands["stimuli_center"])[seen]
        right.plot(x[seen] + 0.22, off, "D", color=GREEN_INK, ms=3.6, label="authors’ stimuli")
    right.text(
        6.4, -0.25, "label is the centre", color=PAPER, size=drawing.DIRECT_SIZE, va="center", ha="right"
    )
    draw.frequency_ticks(right, bands["label"].tolist(), every=1)
    right.set_xlim(-0.5, len(bands) - 0.5)
    right.set_ylim(-0.6, max(1.95, 1.45 * bands["octaves_off"].max()))
    right.set_xlabel("label (cycles/image)")
    right.set_ylabel("label above centre (octaves)")
    right.legend(loc="upper left")
    letter(right, "b", "label less centre")
    return figure


def _spectra(axes: Any, spectra: pd.DataFrame, bands: pd.DataFrame) -> None:
    """Draw the curves, with a mark at each label above and at each centre on the curve."""
    import matplotlib

    colours = matplotlib.colormaps["cividis"](np.linspace(0, 0.82, len(bands)))
    top = 1.16 * spectra["share_per_octave"].max()
    for (_, band), colour in zip(bands.iterrows(), colours, strict=True):
        rows = spectra[spectra["band"] == band["band"]]
        x, y = rows["frequency"].to_numpy(), rows["share_per_octave"].to_numpy()
        axes.plot(x, y, color=colour)
        height = float(np.interp(np.log2(band["center"]), np.log2(x), y))
        axes.plot([band["center"]], [height], "o", color=colour, ms=4)
        axes.plot([band["label"]] * 2, [top * 0.94, top], color=PAPER, lw=1.4)
    axes.text(1.04, top * 0.97, "labels", color=PAPER, size=drawing.DIRECT_SIZE, va="center")
    axes.text(1.04, top * 0.86, "dots: measured centres", color=SOFT, size=drawing.DIRECT_SIZE, va="center")
    axes.set_xscale("log", base=2)
    axes.set_xlim(1, 160)
    axes.set_ylim(0, top)
    draw.plain_ticks(axes.xaxis, [1, 2, 4, 8, 16, 32, 64, 128])
    axes.set_xlabel("spatial frequency (cycles/image)")
    axes.set_ylabel("power per octave (share)")
    axes.tick_params(colors=INK)
