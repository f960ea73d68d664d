"""Grids of an adaptive procedure: stimuli, parameters, and the probability of a correct answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._psychometric_shape import Shape, check_shape
from ._sigmoids import sigmoid_value

Array = NDArray[np.float64]
Model = Callable[..., Any]

WHERE = "QuestPlus"
MOST_CELLS = 50_000_000


def check_grid(name: str, grid: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """Return a grid as float64 axes."""
    if not isinstance(grid, Mapping) or not grid:
        raise ValueError(f"{WHERE}: {name} must be a mapping of names to values, got {grid!r}")
    out = {}
    for key, values in grid.items():
        axis = np.atleast_1d(np.asarray(values))
        if axis.dtype.kind not in "iuf":
            raise TypeError(f"{WHERE}: {name}[{key!r}] must be numbers, got dtype {axis.dtype}")
        axis = axis.astype(np.float64)
        if axis.ndim != 1 or not len(axis) or not np.isfinite(axis).all():
            raise ValueError(
                f"{WHERE}: {name}[{key!r}] must be finite numbers in one dimension, got {values!r}"
            )
        if len(np.unique(axis)) != len(axis):
            raise ValueError(f"{WHERE}: {name}[{key!r}] must be distinct, got {values!r}")
        out[str(key)] = axis
    return out


def check_prior(prior: ArrayLike | Mapping[str, ArrayLike] | None, parameters: dict[str, Array]) -> Array:
    """Return the prior over the grid of parameters, flat, with sum 1."""
    shape = tuple(len(axis) for axis in parameters.values())
    if isinstance(prior, Mapping):
        unknown = sorted(set(prior) - set(parameters))
        if unknown:
            raise ValueError(
                f"{WHERE}: prior must name parameters among {', '.join(parameters)}, got {', '.join(unknown)}"
            )
        table = np.ones(shape)
        for place, (name, axis) in enumerate(parameters.items()):
            weights = np.asarray(prior.get(name, np.ones(len(axis))), dtype=np.float64)
            if weights.shape != axis.shape:
                raise ValueError(
                    f"{WHERE}: prior[{name!r}] must have shape {axis.shape}, got {weights.shape}"
                )
            table = table * weights.reshape([-1 if i == place else 1 for i in range(len(shape))])
    else:
        table = np.ones(shape) if prior is None else np.asarray(prior, dtype=np.float64)
    if table.shape != shape:
        raise ValueError(f"{WHERE}: prior must have shape {shape}, got {table.shape}")
    if not np.isfinite(table).all() or table.min() < 0 or table.sum() <= 0:
        raise ValueError(f"{WHERE}: prior must be finite weights >= 0 that are not all 0")
    return np.ravel(table / table.sum())


def standard_model(sigmoid: str, guess_rate: float, scale: str, direction: str) -> Model:
    """Return the model of `PsychometricFunction` as a function of level, threshold, slope and lapse rate."""
    shape = check_shape(WHERE, sigmoid, guess_rate, "fit", scale, direction)

    def model(level: Array, threshold: Array, slope: Array, lapse_rate: ArrayLike = 0.0) -> Array:
        if scale == "log2" and level.min() < 0:
            raise ValueError(
                f"{WHERE}: stimulus must be >= 0 on the log2 scale, got {level.min():g} (pass scale='linear')"
            )
        lapse = np.asarray(lapse_rate, dtype=np.float64)
        share = _sigmoid(shape, level, threshold, slope)
        return np.asarray(shape.guess_rate + (1 - shape.guess_rate - lapse) * share)

    return model


def _sigmoid(shape: Shape, level: Array, threshold: Array, slope: Array) -> Array:
    position = shape.to_scale(level) - shape.to_scale(threshold)
    # level 0 is minus infinity on the logarithmic scale, where every sigmoid has its limit
    value, _ = sigmoid_value(shape.sigmoid, shape.sign * slope * position)
    return value


def probability_table(model: Model, stimuli: dict[str, Array], parameters: dict[str, Array]) -> Array:
    """Return the probability of a correct answer, (n_stimuli, n_parameters)."""
    axes = [*stimuli.values(), *parameters.values()]
    shape = tuple(len(axis) for axis in axes)
    n_cells = int(np.prod(shape, dtype=np.float64))
    if n_cells > MOST_CELLS:
        raise ValueError(
            f"{WHERE}: the grids must have at most {MOST_CELLS:,} cells together, got {n_cells:,} "
            f"({16 * n_cells / 2**30:.1f} GiB; take fewer values)"
        )
    spread = [
        axis.reshape([-1 if i == place else 1 for i in range(len(axes))]) for place, axis in enumerate(axes)
    ]
    names = [*stimuli, *parameters]
    values = np.asarray(model(**dict(zip(names, spread, strict=True))), dtype=np.float64)
    try:
        values = np.broadcast_to(values, shape)
    except ValueError as error:
        raise ValueError(
            f"{WHERE}: model must return an array that broadcasts to {shape}, got {values.shape}"
        ) from error
    if not ((values >= 0) & (values <= 1)).all():  # NaN is in no range
        raise ValueError(
            f"{WHERE}: model must return probabilities in 0..1, got {np.nanmin(values):g}.."
            f"{np.nanmax(values):g} with {int(np.isnan(values).sum())} NaN"
        )
    n_stimuli = int(np.prod([len(axis) for axis in stimuli.values()]))
    return np.ascontiguousarray(values.reshape(n_stimuli, -1))
