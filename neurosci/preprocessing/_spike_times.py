"""Spike times out of arrays and of objects of other libraries, none of which is imported."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

ROUNDING = 1e-9  # of a bin: what decimal bin widths lose in binary


def number(where: str, name: str, value: Any, low: float, *, above: bool = False) -> float:
    """Return a finite number of at least `low`, or larger than it."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = np.nan
    if not np.isfinite(found) or found < low or (above and found == low):
        raise ValueError(f"{where}: {name} must be a number {'>' if above else '>='} {low:g}, got {value!r}")
    return found


def whole(where: str, name: str, value: Any) -> int:
    """Return an integer >= 1."""
    try:
        found = operator.index(value)
    except TypeError:
        found = 0
    if found < 1 or isinstance(value, bool | np.bool_):
        raise ValueError(f"{where}: {name} must be a whole number >= 1, got {value!r}")
    return int(found)


def spike_times(where: str, spikes: Any) -> tuple[dict[Any, Floats], tuple[float, float] | None]:
    """Return sorted times of each unit in seconds, and the window that the object knows."""
    found, support = _known_objects(spikes)
    if found is None:
        if isinstance(spikes, Mapping):
            found = dict(spikes.items())
        elif isinstance(spikes, Iterable) and not isinstance(spikes, str | bytes):
            found = dict(enumerate(spikes))
        else:
            raise TypeError(
                f"{where}: spikes must be a mapping or sequence of arrays, or an object of pynapple, neo or "
                f"pynwb, got {type(spikes).__name__}"
            )
    if not found:
        raise ValueError(f"{where}: spikes must hold at least one unit, got none")
    times = {}
    for name, train in found.items():
        try:
            array = np.asarray(train, float)
        except (TypeError, ValueError):
            array = np.empty((0, 0))
        if array.ndim != 1 or not np.isfinite(array).all():
            raise ValueError(
                f"{where}: spikes of unit {name!r} must be finite times in seconds on one axis, got "
                f"shape {np.shape(train)}"
            )
        times[name] = np.sort(array)
    return times, support


def _known_objects(spikes: Any) -> tuple[dict[Any, Any] | None, tuple[float, float] | None]:
    """Read pynapple, pynwb and neo objects by what they can do, without importing any of these."""
    if hasattr(spikes, "time_support") and hasattr(spikes, "keys"):  # pynapple.TsGroup
        support = np.asarray(spikes.time_support.values, float)
        times = {name: np.asarray(spikes[name].times(), float) for name in spikes.keys()}  # noqa: SIM118
        return times, (float(support.min()), float(support.max()))
    units = getattr(spikes, "units", None)  # pynwb.NWBFile
    if units is not None and hasattr(units, "get_unit_spike_times"):
        spikes = units
    if hasattr(spikes, "get_unit_spike_times"):  # pynwb Units
        names = [_plain(name) for name in spikes.id[:]]
        return {name: spikes.get_unit_spike_times(i) for i, name in enumerate(names)}, None
    if hasattr(spikes, "segments"):  # neo.Block
        segments = list(spikes.segments)
        if len(segments) != 1:
            raise ValueError(
                f"bin_spikes: a neo Block must have one segment, got {len(segments)} (bin each segment)"
            )
        spikes = segments[0]
    trains = getattr(spikes, "spiketrains", None)  # neo.Segment
    trains = list(trains) if trains is not None else [spikes] if _is_train(spikes) else spikes
    if isinstance(trains, list | tuple) and trains and all(map(_is_train, trains)):
        names = [train.name if getattr(train, "name", None) else i for i, train in enumerate(trains)]
        if len(set(names)) != len(names):
            names = list(range(len(names)))
        found = {name: _seconds(train) for name, train in zip(names, trains, strict=True)}
        return found, (
            min(float(_seconds(train.t_start)) for train in trains),
            max(float(_seconds(train.t_stop)) for train in trains),
        )
    return None, None


def _is_train(value: Any) -> bool:
    return hasattr(value, "rescale") and hasattr(value, "t_start") and hasattr(value, "t_stop")


def _seconds(quantity: Any) -> Floats:
    return np.asarray(quantity.rescale("s").magnitude, float)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def windows_of(
    where: str,
    times: dict[Any, Floats],
    support: tuple[float, float] | None,
    t_start: float | None,
    t_stop: float | None,
    epochs: ArrayLike | None,
) -> Floats:
    """Return start and stop of each window in seconds."""
    if epochs is not None:
        if t_start is not None or t_stop is not None:
            raise ValueError(f"{where}: t_start and t_stop must be None where epochs are given, got both")
        windows = np.asarray(epochs, float)
        if (
            windows.ndim != 2
            or windows.shape[1:] != (2,)
            or not windows.size
            or not np.isfinite(windows).all()
        ):
            raise ValueError(
                f"{where}: epochs must be finite times (n_trials, 2) in seconds, got shape {windows.shape}"
            )
        if (windows[:, 1] <= windows[:, 0]).any():
            i = int(np.argmax(windows[:, 1] <= windows[:, 0]))
            raise ValueError(
                f"{where}: epochs must each end after it starts, got {windows[i].tolist()} at {i}"
            )
        order = np.argsort(windows[:, 0])
        early = windows[order][1:, 0] < windows[order][:-1, 1] - ROUNDING
        if early.any():
            i = int(order[1:][early][0])
            raise ValueError(
                f"{where}: epochs must not overlap, got trial {i} from {windows[i, 0]} s before another ends "
                "(a spike would count twice)"
            )
        return windows
    spikes = np.concatenate(list(times.values()))
    if support is None and (t_start is None or t_stop is None):
        if not spikes.size:
            raise ValueError(f"{where}: spikes must hold a time where t_start or t_stop is None, got none")
        # the last spike lies inside the window
        support = float(spikes.min()), float(np.nextafter(spikes.max(), np.inf))
    low, high = support if support is not None else (0.0, 0.0)
    window = np.array([[low if t_start is None else t_start, high if t_stop is None else t_stop]], float)
    if not np.isfinite(window).all() or window[0, 1] <= window[0, 0]:
        raise ValueError(f"{where}: t_stop must be a time after t_start = {window[0, 0]}, got {window[0, 1]}")
    return window
