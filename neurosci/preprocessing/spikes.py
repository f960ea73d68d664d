"""Spike counts in bins, trial by trial, and their history as regressors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci.preprocessing._spike_times import ROUNDING, number, spike_times, whole, windows_of

Floats = NDArray[np.float64]


class HistoryBasis(ABC):
    """What a model of spike history needs to know of its kernel."""

    @property
    @abstractmethod
    def kernel(self) -> Floats:
        """Weights of the past bins.

        Returns
        -------
        ndarray of shape (n_lags,) or (n_lags, n_kernels)
            Weights, latest bin first.
        """


class SpikeCounts(NamedTuple):
    """Counts of spikes in bins, with the trials one after the other.

    Parameters
    ----------
    counts : ndarray of shape (n_bins, n_units)
        Spikes in each bin.
    lengths : ndarray of shape (n_trials,), int64
        Bins of each trial.
    bin_starts : ndarray of shape (n_bins,)
        Start of each bin, in seconds.
    unit_ids : tuple
        Name of each unit, in the order of the columns.
    bin_width : float
        Width of the bins, in seconds.
    """

    counts: NDArray[np.unsignedinteger]
    lengths: NDArray[np.int64]
    bin_starts: Floats
    unit_ids: tuple[Any, ...]
    bin_width: float


class ExponentialBasis(HistoryBasis):
    r"""Exponentially decaying kernel of fixed shape.

    With bins of width :math:`\Delta`, which is `time_span` / `window_size`, the weight of the bin `k` back is
    :math:`\phi_k = e^{-\lambda k \Delta} / (\Delta \sum_j e^{-\lambda j \Delta})`: the kernel integrates to
    1 in time, so that its weights sum to :math:`1 / \Delta`.

    Parameters
    ----------
    decay : float, default=1.0
        Rate :math:`\lambda` of the decay, per unit of time, >= 0.
    window_size : int, default=5
        Number of bins it reaches back.
    time_span : float, default=5.0
        Length of the window, in the unit of time of `decay`.

    Raises
    ------
    ValueError
        If `window_size` is no whole number >= 1, `decay` is negative, or `time_span` not positive.

    Examples
    --------
    >>> from neurosci.preprocessing.spikes import ExponentialBasis
    >>> ExponentialBasis().kernel.round(4).tolist()
    [0.6364, 0.2341, 0.0861, 0.0317, 0.0117]
    """

    def __init__(self, decay: float = 1.0, window_size: int = 5, time_span: float = 5.0) -> None:
        self.decay = number("ExponentialBasis", "decay", decay, 0.0)
        self.window_size = whole("ExponentialBasis", "window_size", window_size)
        self.time_span = number("ExponentialBasis", "time_span", time_span, 0.0, above=True)

    @property
    def kernel(self) -> Floats:
        """Weights of the past bins.

        Returns
        -------
        ndarray of shape (window_size,)
            Weights, latest bin first.
        """
        width = self.time_span / self.window_size
        lags = np.arange(self.window_size)
        weights = np.exp(-self.decay * width * lags)
        result: Floats = weights / (width * weights.sum())
        return result

    def __repr__(self) -> str:
        return (
            f"ExponentialBasis(decay={self.decay!r}, window_size={self.window_size!r}, "
            f"time_span={self.time_span!r})"
        )


class RaisedCosineBasis(HistoryBasis):
    """Overlapping cosine bumps, evenly spaced in the logarithm of the lag.

    Parameters
    ----------
    n_kernels : int, default=4
        Number of bumps.
    window_size : int, default=20
        Number of bins they reach back.
    stretch : float, default=1.0
        Bins added to lags before the logarithm, > 0; the larger, the more even the bumps.

    Raises
    ------
    ValueError
        If a number is out of range, or there are more bumps than bins.

    Notes
    -----
    Each bump sums to 1. Neighbours cross at half their height, so that the sum of all heights is even inside
    the window.

    Examples
    --------
    >>> from neurosci.preprocessing.spikes import RaisedCosineBasis
    >>> RaisedCosineBasis(3, 10).kernel.shape
    (10, 3)
    """

    def __init__(self, n_kernels: int = 4, window_size: int = 20, stretch: float = 1.0) -> None:
        self.n_kernels = whole("RaisedCosineBasis", "n_kernels", n_kernels)
        self.window_size = whole("RaisedCosineBasis", "window_size", window_size)
        self.stretch = number("RaisedCosineBasis", "stretch", stretch, 0.0, above=True)
        if self.n_kernels > self.window_size:
            raise ValueError(
                f"RaisedCosineBasis: n_kernels must be <= window_size = {window_size}, got {n_kernels}"
            )

    @property
    def kernel(self) -> Floats:
        """Weights of the past bins.

        Returns
        -------
        ndarray of shape (window_size, n_kernels)
            Weights, latest bin first.
        """
        position = np.log(np.arange(self.window_size) + self.stretch)
        centres = np.linspace(position[0], position[-1], self.n_kernels)
        spacing = centres[1] - centres[0] if self.n_kernels > 1 else max(position[-1] - position[0], 1.0)
        distance = np.clip((position[:, None] - centres) / spacing, -1, 1)
        bumps = 0.5 * (1 + np.cos(np.pi * distance))
        result: Floats = bumps / bumps.sum(axis=0)
        return result

    def __repr__(self) -> str:
        return (
            f"RaisedCosineBasis(n_kernels={self.n_kernels!r}, window_size={self.window_size!r}, "
            f"stretch={self.stretch!r})"
        )


class KernelBasis(HistoryBasis):
    """Kernel with given weights.

    Parameters
    ----------
    weights : array of shape (n_lags,) or (n_lags, n_kernels)
        Weights of the past bins, latest first, >= 0.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, or there is none.

    Examples
    --------
    >>> from neurosci.preprocessing.spikes import KernelBasis
    >>> KernelBasis([0.5, 0.25]).kernel.tolist()
    [0.5, 0.25]
    """

    def __init__(self, weights: ArrayLike) -> None:
        self.weights = np.array(weights, float)
        fine = self.weights.ndim in (1, 2) and self.weights.size > 0
        if not fine or not np.isfinite(self.weights).all() or (self.weights < 0).any():
            raise ValueError(
                "KernelBasis: weights must be finite numbers >= 0 of shape (n_lags,) or (n_lags, n_kernels), "
                f"got shape {self.weights.shape}" + (f" and {self.weights.min()}" if fine else "")
            )

    @property
    def kernel(self) -> Floats:
        """Weights of the past bins.

        Returns
        -------
        ndarray of shape (n_lags,) or (n_lags, n_kernels)
            Weights, latest bin first.
        """
        return self.weights

    def __repr__(self) -> str:
        return f"KernelBasis({self.weights.tolist()!r})"


def history_design(X: ArrayLike, basis: HistoryBasis, lengths: ArrayLike | None = None) -> Floats:
    """Convolve counts with kernels of their past, within each sequence.

    Parameters
    ----------
    X : array of shape (n_bins, n_neurons)
        Counts.
    basis : HistoryBasis
        Kernels.
    lengths : array of shape (n_sequences,), default=None
        Bins of each sequence; ``None`` is one sequence. No history crosses from one to the next.

    Returns
    -------
    ndarray of shape (n_bins, n_neurons * n_kernels)
        Regressors; all kernels of a neuron stand side by side. The bin itself has no part in them.

    Raises
    ------
    ValueError
        If the lengths do not add up to the bins of `X`.

    Examples
    --------
    >>> from neurosci.preprocessing.spikes import KernelBasis, history_design
    >>> history_design([[1], [0], [2], [0]], KernelBasis([1.0, 0.5]), [2, 2]).ravel().tolist()
    [0.0, 1.0, 0.0, 2.0]
    """
    counts = np.asarray(X)
    if counts.ndim != 2 or counts.dtype.kind not in "biuf":
        raise ValueError(
            f"history_design: X must be (n_bins, n_neurons) counts, got {counts.dtype} {counts.shape}"
        )
    parts = np.asarray([len(counts)] if lengths is None else lengths)
    if parts.ndim != 1 or parts.dtype.kind not in "iu" or parts.sum() != len(counts):
        raise ValueError(
            f"history_design: lengths must add up to the {len(counts)} bins of X, got a sum of {parts.sum()}"
        )
    kernel = np.asarray(basis.kernel, float)
    kernel = kernel[:, None] if kernel.ndim == 1 else kernel
    design = np.zeros((*counts.shape, kernel.shape[1]))
    stop = 0
    for length in parts.tolist():
        first, stop = stop, stop + length
        for lag in range(1, min(len(kernel), length - 1) + 1):
            design[first + lag : stop] += counts[first : stop - lag, :, None] * kernel[lag - 1]
    return design.reshape(len(counts), -1)


def bin_spikes(
    spikes: Any,
    bin_width: float,
    *,
    t_start: float | None = None,
    t_stop: float | None = None,
    epochs: ArrayLike | None = None,
) -> SpikeCounts:
    """Count the spikes of each unit in bins of equal width.

    Parameters
    ----------
    spikes : mapping, sequence, or object of pynapple, neo or pynwb
        Spike times of each unit: a mapping from names, or a sequence, of arrays in seconds; a pynapple
        ``TsGroup``; neo spike trains, a ``Segment`` or a ``Block`` (any unit of time); an NWB file or its
        ``units``. None of these libraries is needed for the others.
    bin_width : float
        Width of a bin, in seconds.
    t_start, t_stop : float, default=None
        Window in seconds; ``None`` is what the object says of itself, else the first and the last spike.
    epochs : array of shape (n_trials, 2), default=None
        Start and stop of each trial in seconds, instead of one window. Spikes between trials are dropped.

    Returns
    -------
    SpikeCounts
        Counts, bins of each trial, start of each bin, and names of the units. A last part of a window that is
        shorter than a bin is left out. A spike on the edge of two bins belongs to the later one.

    Raises
    ------
    ValueError
        If there is no unit or no whole bin, times are not finite, or epochs overlap or run backwards.
    TypeError
        If the spikes are of a kind that is not known.

    Examples
    --------
    >>> from neurosci.preprocessing.spikes import bin_spikes
    >>> binned = bin_spikes({"a": [0.01, 0.02, 0.31], "b": [0.11]}, 0.1, t_start=0.0, t_stop=0.4)
    >>> binned.counts.tolist(), binned.unit_ids
    ([[2, 0], [0, 1], [0, 0], [1, 0]], ('a', 'b'))
    """
    where = "bin_spikes"
    width = number(where, "bin_width", bin_width, 0.0, above=True)
    times, support = spike_times(where, spikes)
    windows = windows_of(where, times, support, t_start, t_stop, epochs)
    n_bins = np.floor((windows[:, 1] - windows[:, 0]) / width + ROUNDING).astype(np.int64)
    if n_bins.min() < 1:
        i = int(np.argmin(n_bins))
        raise ValueError(
            f"{where}: bin_width must be at most each window, got {width} s for the window "
            f"{windows[i, 0]} to {windows[i, 1]} s"
        )
    total = int(n_bins.sum())
    counts = np.zeros((total, len(times)), np.int64)
    first = np.concatenate([[0], np.cumsum(n_bins)])
    for column, train in enumerate(times.values()):
        for (start, _), begin, n in zip(windows.tolist(), first, n_bins, strict=False):
            low, high = np.searchsorted(train, [start - ROUNDING * width, start + n * width])
            index = np.floor((train[low:high] - start) / width + ROUNDING).astype(np.int64)
            counts[begin : begin + n, column] += np.bincount(index[index < n], minlength=n)
    starts = [start + width * np.arange(n) for start, n in zip(windows[:, 0], n_bins, strict=True)]
    largest = int(counts.max())
    kind = np.uint8 if largest < 2**8 else np.uint16 if largest < 2**16 else np.uint32
    return SpikeCounts(counts.astype(kind), n_bins, np.concatenate(starts), tuple(times), width)
