"""Panels of the figures, drawn on given axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..reporting import drawing as draw

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

STYLES = {
    "degree": (draw.SOFT, "s"),
    "triangles": (draw.MODEL, "o"),
    "four_cycles": (draw.PAPER, "D"),
    "strength": (draw.GREEN, "^"),
    "clustering": (draw.OCHRE, "v"),
}
N_SLICES = 3


def colour_of(motif: str) -> str:
    """Return the colour of a map."""
    return STYLES[motif][0]


def marker_of(motif: str) -> str:
    """Return the marker of a map."""
    return STYLES[motif][1]


def interval_row(axes: Any, y: float, cell: pd.Series, colour: str, mask: str) -> None:
    """Draw the area of one cell with its interval."""
    axes.plot([cell["auc_low"], cell["auc_high"]], [y, y], color=colour, lw=1.0)
    face = colour if mask == "whole brain" else "white"
    axes.plot([cell["auc"]], [y], "o", color=colour, mfc=face, ms=3.6, mew=0.9, zorder=3)


def mask_legend(axes: Any) -> None:
    """Say which marks are masked."""
    axes.plot([], [], "o", color=draw.SOFT, ms=3.6, label="whole brain")
    axes.plot([], [], "o", color=draw.SOFT, mfc="white", ms=3.6, label="masked")
    axes.figure.legend(loc="outside upper center", ncols=2, fontsize=draw.NOTE_SIZE)


def roc_curve(axes: Any, y: ArrayLike, score: ArrayLike, **how: Any) -> None:
    """Draw a ROC curve."""
    from sklearn.metrics import roc_curve as points

    false, true, _ = points(np.asarray(y, bool), np.asarray(score, float))
    axes.plot(false, true, **{"lw": 1.3, **how})


def area(y: ArrayLike, score: ArrayLike) -> float:
    """Return the area under the ROC curve."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(np.asarray(y, bool), np.asarray(score, float)))


def wilson(hits: ArrayLike, n: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Wilson limits of shares."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(np.rint(np.asarray(hits)), np.asarray(n), method="wilson")
    return np.asarray(low), np.asarray(high)


def beside_slices() -> tuple[Figure, Any]:
    """Return a figure and its left panel; the places are fixed, since slices are laid out by nilearn."""
    figure = draw.new_figure(draw.DOUBLE, 2.5)
    figure.set_layout_engine("none")
    return figure, figure.add_axes((0.075, 0.185, 0.26, 0.68))


def slices(figure: Any, voxels: pd.DataFrame, column: str, title: str) -> None:
    """Draw axial slices through the planted region, which is outlined, by nilearn's plotting."""
    from nilearn.plotting import plot_stat_map

    image, planted = as_image(voxels, column), as_image(voxels.assign(one=voxels["planted"] * 1.0), "one")
    centre = voxels.loc[voxels["planted"], "z"]
    cuts = np.unique(np.quantile(centre, np.linspace(0.2, 0.8, N_SLICES)).round())
    axes = figure.add_axes((0.39, 0.06, 0.6, 0.78))
    axes.set_axis_off()
    values = voxels[column].to_numpy()
    display = plot_stat_map(
        image, bg_img=as_image(voxels.assign(one=1.0), "one"), axes=axes, display_mode="z",
        cut_coords=cuts.tolist(), black_bg=False, dim=-0.3, colorbar=True, annotate=False, draw_cross=False,
        threshold=1e-6, symmetric_cbar=bool(values.min() < 0), vmin=None if values.min() < 0 else 0,
        vmax=float(np.abs(values).max()) or 1.0, cmap="RdBu_r" if values.min() < 0 else "Blues",
    )  # fmt: skip
    display.annotate(size=draw.DIRECT_SIZE)
    display.add_contours(planted, levels=[0.5], colors=draw.INK, linewidths=0.9)
    figure.text(0.39, 0.89, title, size=8, weight="bold")


def as_image(voxels: pd.DataFrame, column: str) -> Any:
    """Return a column as an image on its grid."""
    import nibabel as nib

    places = voxels[["x", "y", "z"]].to_numpy()
    first = places.min(axis=0)
    step = min(np.diff(np.unique(places[:, 0])))
    index = np.rint((places - first) / step).astype(int)
    data = np.zeros(index.max(axis=0) + 1, dtype=np.float32)
    data[tuple(index.T)] = voxels[column]
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = first
    return nib.Nifti1Image(data, affine)  # type: ignore[no-untyped-call]
