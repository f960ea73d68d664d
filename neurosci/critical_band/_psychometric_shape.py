"""Options of a psychometric function and the scale of its levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option

from ._sigmoids import SIGMOIDS

SCALES = ("log2", "linear")
DIRECTIONS = ("decreasing", "increasing")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Options of a psychometric function, checked."""

    sigmoid: str
    guess_rate: float
    lapse_rate: float | None
    scale: str
    direction: str

    @property
    def sign(self) -> float:
        """Sign of the change of accuracy with level."""
        return -1.0 if self.direction == "decreasing" else 1.0

    def to_scale(self, level: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return levels on the fitted scale; 0 is minus infinity on the logarithmic one."""
        if self.scale == "linear":
            return level
        with np.errstate(divide="ignore"):
            return np.log2(level)

    def from_scale(self, position: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return levels from positions on the fitted scale."""
        return position if self.scale == "linear" else 2.0**position


def check_shape(
    where: str, sigmoid: str, guess_rate: float, lapse_rate: float | str, scale: str, direction: str
) -> Shape:
    """Check the options of a psychometric function."""
    check_option(where, "sigmoid", sigmoid, SIGMOIDS)
    check_option(where, "scale", scale, SCALES)
    check_option(where, "direction", direction, DIRECTIONS)
    if not 0 <= guess_rate < 1:
        raise ValueError(f"{where}: guess_rate must be in [0, 1), got {guess_rate} (1/16 for 16 choices)")
    lapse = None
    if isinstance(lapse_rate, str):
        check_option(where, "lapse_rate", lapse_rate, ("fit",))
    else:
        lapse = float(lapse_rate)
        if not 0 <= lapse < 1 - guess_rate:
            raise ValueError(
                f"{where}: lapse_rate must be 'fit' or in [0, {1 - guess_rate:g}), got {lapse_rate}"
            )
    return Shape(
        sigmoid=sigmoid, guess_rate=float(guess_rate), lapse_rate=lapse, scale=scale, direction=direction
    )


def check_level(where: str, level: ArrayLike, scale: str) -> NDArray[np.float64]:
    """Return levels as float64; refuse what has no place on the scale."""
    try:
        values = np.asarray(level)
    except ValueError as error:
        raise TypeError(f"{where}: level must be numbers, got rows of unequal length") from error
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{where}: level must be numbers, got dtype {values.dtype}")
    values = values.astype(np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        raise ValueError(
            f"{where}: level must be finite, got {int(bad.sum())} NaN or Inf, the first at position "
            f"{tuple(int(i) for i in np.argwhere(bad)[0])}"
        )
    if scale == "log2" and (values < 0).any():
        raise ValueError(
            f"{where}: level must be >= 0 on the log2 scale, got {values.min():g} (pass scale='linear')"
        )
    return values
