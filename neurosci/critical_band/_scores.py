"""Regressions of scores on channels, and resampling of families: the same for every method."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ._regression import ChannelRegression, channel_regression
from ._release import Release

if TYPE_CHECKING:
    import pandas as pd

PROPERTIES = ("bandwidth", "center_frequency", "peak_sensitivity")
PRINTED_RANGE = ("2", "4")
_MIN_CASES = len(PROPERTIES) + 2


def shape_regression(channels: pd.DataFrame) -> ChannelRegression | None:
    """Return the regression of shape score; None with too few channels."""
    scored = channels[channels["shape_score"].notna()]
    if len(scored) < _MIN_CASES:
        return None
    families = scored["family"]
    groups = families.to_numpy() if families.nunique() > 1 else None
    with warnings.catch_warnings():
        # a constant predictor stays in `dropped`
        warnings.filterwarnings("ignore", "channel_regression: constant")
        return channel_regression(scored[list(PROPERTIES)], scored["shape_score"], groups=groups)


def robust_regressions(release: Release, channels: pd.DataFrame) -> dict[float, ChannelRegression]:
    """Return the regression of robust accuracy in the adversarial series, by attack radius."""
    by_name = channels.set_index("network")
    found = {}
    for radius in sorted(release.whitebox["radius"].unique()):
        accuracy = attack_accuracy(release, radius)
        names = [n for n in release.training if n in by_name.index and n in accuracy.index]
        with warnings.catch_warnings():
            # peaks at their bound are constant here; `dropped` keeps what the warning says
            warnings.filterwarnings("ignore", "channel_regression: constant")
            if len(names) >= _MIN_CASES:
                found[float(radius)] = channel_regression(by_name.loc[names, list(PROPERTIES)], accuracy)
    return found


def attack_accuracy(release: Release, radius: float) -> pd.Series:
    """Return accuracy (fraction) by network at an attack radius."""
    chosen = release.whitebox[np.isclose(release.whitebox["radius"], radius, rtol=1e-3)]
    return chosen.set_index("network")["accuracy"]


def family_item(channels: pd.DataFrame, n_resamples: int) -> dict[str, Any] | None:
    """Return what the bootstrap over families works on; None where there is too little to resample."""
    complete = channels.dropna(subset=["ratio", "shape_score"])
    if complete["family"].nunique() < 2 or len(complete) < _MIN_CASES:
        return None
    rounded = np.round(complete["ratio"])
    rows = np.column_stack(
        [
            complete["ratio"],
            (rounded >= float(PRINTED_RANGE[0])) & (rounded <= float(PRINTED_RANGE[1])),
            complete["shape_score"],
            np.log2(complete[list(PROPERTIES)]),
        ]
    )
    return {
        "rows": rows,
        "families": complete["family"].to_numpy(dtype=str),
        "n_resamples": n_resamples,
    }
