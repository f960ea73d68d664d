"""Checks of counts, lengths and settings, all before any long work."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_SIGMOID_COUNT = 0.9


def whole(where: str, name: str, value: Any, low: int) -> int:
    """Return an integer of at least `low`."""
    try:
        found = operator.index(value)
    except TypeError:
        found = None
    if found is None or isinstance(value, bool | np.bool_) or found < low:
        raise ValueError(f"{where}: {name} must be a whole number >= {low}, got {value!r}")
    return int(found)


def number(where: str, name: str, value: Any, *, low: float = -math.inf, above: bool = False) -> float:
    """Return a finite number of at least `low`, or larger than it."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found) or found < low or (above and found == low):
        wanted = "a finite number" + ("" if low == -math.inf else f" {'>' if above else '>='} {low:g}")
        raise ValueError(f"{where}: {name} must be {wanted}, got {value!r}")
    return found


def stack(where: str, X: Any, lengths: Any) -> tuple[Any, Any]:
    """Join a list of sequences, and return it with its lengths."""
    if not isinstance(X, list | tuple) or not X or np.ndim(X[0]) != 2:
        return X, lengths
    if lengths is not None:
        raise ValueError(
            f"{where}: lengths must be None where X is a list of sequences, got {len(X)} sequences and "
            "lengths"
        )
    parts = [np.asarray(part) for part in X]
    for i, part in enumerate(parts):
        if part.ndim != 2 or part.shape[1] != parts[0].shape[1]:
            raise ValueError(
                f"{where}: every sequence of X must be (n_bins, {parts[0].shape[1]}) like the first, "
                f"got shape {part.shape} at sequence {i}"
            )
    return np.concatenate(parts), [len(part) for part in parts]


def counts(where: str, X: Any, lengths: Any) -> tuple[NDArray[np.unsignedinteger], NDArray[np.int64]]:
    """Return counts in the smallest type that holds them, and the edges of the sequences."""
    values, lengths = stack(where, X, lengths)
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{where}: X must be (n_bins, n_neurons), got rows of unequal length") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{where}: X must hold spike counts, got dtype {array.dtype}")
    if array.ndim != 2:
        raise ValueError(
            f"{where}: X must be (n_bins, n_neurons), got shape {array.shape} "
            "(pass sequences one after the other with lengths, or as a list)"
        )
    if 0 in array.shape:
        axis = "n_bins" if array.shape[0] == 0 else "n_neurons"
        raise ValueError(f"{where}: X must have {axis} >= 1, got shape {array.shape}")
    edges = sequence_edges(where, lengths, len(array))
    if array.dtype.kind == "f":
        _whole_counts(where, array)
    if array.dtype.kind != "b" and array.min() < 0:
        t, n = np.unravel_index(int(np.argmin(array)), array.shape)
        raise ValueError(f"{where}: X must hold counts >= 0, got {array[t, n]} at bin {t}, neuron {n}")
    largest = int(array.max())
    if largest > np.iinfo(np.uint32).max:
        raise ValueError(f"{where}: X must hold counts of spikes in a bin, got {largest}")
    kind = np.uint8 if largest < 2**8 else np.uint16 if largest < 2**16 else np.uint32
    return np.ascontiguousarray(array, dtype=kind), edges


def _whole_counts(where: str, array: NDArray[np.floating[Any]]) -> None:
    finite = np.isfinite(array)
    if not finite.all():
        first = np.unravel_index(int(np.argmin(finite)), array.shape)
        raise ValueError(
            f"{where}: X must be finite, got {int((~finite).sum())} NaN or infinite counts, the first at "
            f"bin {first[0]}, neuron {first[1]}"
        )
    fractional = array != np.rint(array)
    if fractional.any():
        t, n = np.unravel_index(int(np.argmax(fractional)), array.shape)
        raise ValueError(
            f"{where}: X must hold whole counts, got {array[t, n]} at bin {t}, neuron {n} "
            "(rates must be turned back into counts)"
        )


def sequence_edges(where: str, lengths: Any, n_bins: int) -> NDArray[np.int64]:
    """Return the first bin of each sequence, and the end."""
    if lengths is None:
        return np.array([0, n_bins], np.int64)
    array = np.asarray(lengths)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iu" or array.min() < 1:
        raise ValueError(f"{where}: lengths must be whole numbers >= 1, got {lengths!r}")
    if int(array.sum()) != n_bins:
        raise ValueError(
            f"{where}: lengths must add up to the {n_bins} bins of X, got a sum of {int(array.sum())} "
            f"over {array.size} sequences"
        )
    return np.concatenate([[0], np.cumsum(array)]).astype(np.int64)


def long_enough(where: str, edges: NDArray[np.int64], n_lags: int) -> None:
    """Raise where a sequence has no bin with its full history."""
    lengths = np.diff(edges)
    if lengths.min() <= n_lags:
        i = int(np.argmin(lengths))
        raise ValueError(
            f"{where}: lengths must be at least n_lags + 1 = {n_lags + 1} bins, got {lengths[i]} at sequence "
            f"{i} (drop it, or use a basis of fewer lags)"
        )


def no_silent_neuron(where: str, X: NDArray[np.unsignedinteger]) -> None:
    """Raise where a neuron has no spike: its rate has no finite estimate."""
    silent = np.flatnonzero(X.max(axis=0) == 0)
    if silent.size:
        raise ValueError(
            f"{where}: every neuron must have a spike, got none for neurons {silent.tolist()} "
            "(drop these columns)"
        )


def enough_bins(where: str, X: NDArray[np.unsignedinteger], n_states: int) -> None:
    """Raise where there are more states than bins that a start could give them."""
    if n_states > len(X):
        raise ValueError(
            f"{where}: n_states must be at most the {len(X)} bins that a start can share out, got {n_states}"
        )


def transitions(where: str, transmat: Any, startprob: Any) -> None:
    """Raise where assigned transitions are no probabilities."""
    for name, values in (("transmat_", transmat), ("startprob_", startprob)):
        array = np.asarray(values, float)
        total = array.sum(axis=-1)
        # written out with eight digits, rows still pass
        if not (array >= 0).all() or not np.allclose(total, 1.0, rtol=0.0, atol=1e-6):
            raise ValueError(
                f"{where}: {name} must hold probabilities that add up to 1 in every row, got sums "
                f"{np.atleast_1d(total).round(6).tolist()} and a smallest value of {array.min():.3g}"
            )


def rates_below_one(where: str, X: NDArray[np.unsignedinteger]) -> None:
    """Raise where the sigmoid link, which ends at one spike, meets coarse bins."""
    means = X.mean(axis=0)
    high = np.flatnonzero(means > MOST_SIGMOID_COUNT)
    if high.size:
        raise ValueError(
            f"{where}: link 'sigmoid' must have mean counts <= {MOST_SIGMOID_COUNT} per bin, got "
            f"{means[high[0]]:.3g} for neuron {high[0]} (use narrower bins, or link='softplus')"
        )


def kernel_of(where: str, basis: Any) -> NDArray[np.float64]:
    """Return the kernel of a basis as (n_lags, n_kernels)."""
    if not hasattr(basis, "kernel"):
        raise TypeError(
            f"{where}: basis must have a kernel of shape (n_lags,), got {type(basis).__name__} "
            "(for example ExponentialBasis())"
        )
    kernel = np.asarray(basis.kernel, float)
    kernel = kernel[:, None] if kernel.ndim == 1 else kernel
    if kernel.ndim != 2 or kernel.size == 0 or not np.isfinite(kernel).all() or kernel.min() < 0:
        raise ValueError(
            f"{where}: basis must have finite weights >= 0 of shape (n_lags,) or (n_lags, n_kernels), "
            f"got shape {kernel.shape}"
        )
    return kernel
