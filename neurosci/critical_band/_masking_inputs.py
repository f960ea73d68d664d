"""Checks of the images, trials and parameters of a masking experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import check_option
from neurosci.preprocessing.images import QUANTIZE, check_grey

from ._masking_render import OOB
from ._masking_trials import DESIGNS, pixel_keys

if TYPE_CHECKING:
    import pandas as pd

WHERE = "CriticalBandMasking"
NEEDED = ("image", "noise_sd", "band", "seed")


def check_parameters(masking: Any) -> list[float]:
    """Check the parameters and return the noise levels."""
    check_option(WHERE, "oob", masking.oob, OOB)
    check_option(WHERE, "quantize", masking.quantize, QUANTIZE)
    check_option(WHERE, "design", masking.design, DESIGNS)
    levels = np.atleast_1d(np.asarray(masking.noise_sd, dtype=float))
    if levels.ndim != 1 or not len(levels) or not np.isfinite(levels).all() or levels.min() < 0:
        raise ValueError(f"{WHERE}: noise_sd must be numbers >= 0, got {masking.noise_sd!r}")
    if len(np.unique(levels)) != len(levels):
        raise ValueError(f"{WHERE}: noise_sd must be distinct, got {masking.noise_sd!r}")
    for name, low, high in (("contrast", 0, 1), ("mean", 0, 1), ("margin", 0, 0.5)):
        value = getattr(masking, name)
        inside = 0 <= value < high if name == "margin" else low < value <= high
        if not inside or (name == "mean" and value == 1):
            limits = {"contrast": "(0, 1]", "mean": "(0, 1)", "margin": "[0, 0.5)"}[name]
            raise ValueError(f"{WHERE}: {name} must be in {limits}, got {value!r}")
    if masking.image_degrees is not None and not (0 < masking.image_degrees < np.inf):
        raise ValueError(f"{WHERE}: image_degrees must be positive, got {masking.image_degrees!r}")
    return [float(level) for level in levels]


def check_trials(trials: pd.DataFrame, n_bands: int) -> pd.DataFrame:
    """Return the table of trials when stimuli can be made from it."""
    missing = [name for name in NEEDED if name not in trials]
    if missing:
        raise ValueError(
            f"{WHERE}: trials must have the columns {', '.join(NEEDED)}, got none of the name "
            f"{', '.join(missing)} (make_trials returns such a table)"
        )
    for name, low, high in (("noise_sd", 0, np.inf), ("band", 0, n_bands - 1), ("seed", 0, 2**63 - 1)):
        values = trials[name].to_numpy()
        kinds = "fiu" if name == "noise_sd" else "iu"
        limits = f"{low} .. {high}" if np.isfinite(high) else f">= {low}"
        if len(values) and values.dtype.kind not in kinds:
            wanted = "numbers" if name == "noise_sd" else "whole numbers"
            raise TypeError(
                f"{WHERE}: trials must have {wanted} in the column {name}, got dtype {values.dtype}"
            )
        # NaN is in no range
        if not ((values >= low) & (values <= high) & np.isfinite(values)).all():
            raise ValueError(
                f"{WHERE}: trials must have {name} {limits}, got {values.min()} .. {values.max()}"
            )
    return trials


def stacked(images: Any) -> Any:
    """Return images as something whose items are images."""
    if isinstance(images, np.ndarray) or not isinstance(images, Sequence):
        images = np.asarray(images)
        if images.ndim != 3:
            colour = images.ndim == 4 and images.shape[-1] in (3, 4)
            fix = (
                "convert them with preprocessing.images.to_grey"
                if colour
                else "give images of one plane, stacked"
            )
            raise ValueError(
                f"{WHERE}: images must be grey, of shape (n_images, height, width), "
                f"got {images.shape} ({fix})"
            )
    if not len(images):
        raise ValueError(f"{WHERE}: images must not be empty, got 0 images")
    return images


def usable(source: Any, name: Any) -> NDArray[np.generic]:
    """Return one image as uint8, or as float64 in 0..1."""
    place = isinstance(name, int) and not isinstance(name, bool)
    known = name in source if isinstance(source, Mapping) else place and 0 <= name < len(source)
    if not known:
        raise ValueError(f"{WHERE}: images must have every image of the trials, got none at {name!r}")
    image = np.asarray(source[name])
    if image.dtype == np.uint8 and image.ndim == 2 and image.size:
        return np.ascontiguousarray(image)
    return np.ascontiguousarray(check_grey(image, where=WHERE, name=f"image {name!r}"))


def identities(images: Any) -> tuple[list[Any], list[str], NDArray[np.generic]]:
    """Return name and key of each image, and the first image."""
    if isinstance(images, Mapping):
        names = list(images)
        if not names:
            raise ValueError(f"{WHERE}: images must not be empty, got a mapping without images")
        return names, [f"name {name}" for name in names], usable(images, names[0])
    stack = stacked(images)
    places = list(range(len(stack)))
    return places, pixel_keys(usable(stack, n) for n in places), usable(stack, 0)
