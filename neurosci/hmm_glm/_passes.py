"""Passes over all bins in tiles: emissions, expected log-likelihoods, gradients, Fisher blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import _kernels as kernels

Floats = NDArray[np.float64]

LINKS = {
    "softplus": kernels.SOFTPLUS,
    "sigmoid": kernels.SIGMOID,
    "exp": kernels.EXP,
    "bernoulli": kernels.BERNOULLI,
}
MOST_DESIGN_BYTES = 2**29  # regressors of longer recordings are formed tile by tile in every pass
CONSTANT_STEP = 2**16
TILE_BYTES = 2**21  # of linear predictors: what stays in the second-level cache


@dataclass
class Recording:
    """Counts with the regressors of their history.

    Parameters
    ----------
    counts : ndarray of shape (n_bins, n_neurons), unsigned
        Spike counts; a memory map is read tile by tile.
    kernel : ndarray of shape (n_lags, n_kernels)
        Kernel of the history.
    edges : ndarray of shape (n_sequences + 1,), int64
        First bin of each sequence, and the end.

    Attributes
    ----------
    design : ndarray of shape (n_bins, n_features) or None
        Regressors, where they fit the memory set aside for them.
    constant : ndarray of shape (n_bins,)
        ``-sum ln x!`` of each bin.
    """

    counts: NDArray[np.unsignedinteger]
    kernel: Floats
    edges: NDArray[np.int64]
    design: Floats | None = field(init=False, default=None, repr=False)
    constant: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.constant = self._log_factorials()
        if 8 * self.n_bins * self.n_features <= MOST_DESIGN_BYTES:
            self.design = np.empty((self.n_bins, self.n_features))
            kernels.history_rows(self.counts, self.kernel, self.edges, 0, self.design)

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return len(self.counts)

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return int(self.counts.shape[1])

    @property
    def n_features(self) -> int:
        """Number of regressors."""
        return self.n_neurons * int(self.kernel.shape[1])

    def rows(self, start: int, stop: int) -> Floats:
        """Return the regressors of some bins."""
        if self.design is not None:
            return self.design[start:stop]
        result = np.empty((stop - start, self.n_features))
        kernels.history_rows(self.counts, self.kernel, self.edges, start, result)
        return result

    def _log_factorials(self) -> Floats:
        """Return ``-sum ln x!`` of each bin."""
        from scipy.special import gammaln

        result = np.empty(self.n_bins)
        for start in range(0, self.n_bins, CONSTANT_STEP):
            part = np.asarray(self.counts[start : start + CONSTANT_STEP])
            table = -gammaln(np.arange(int(part.max()) + 1) + 1.0)
            result[start : start + CONSTANT_STEP] = table[part].sum(axis=1)
        return result


@dataclass
class Parameters:
    """Everything that a model learns by EM.

    Parameters
    ----------
    weights : ndarray of shape (n_states, n_neurons, n_features)
        Weights to each neuron.
    intercept : ndarray of shape (n_states, n_neurons)
        Baselines; equal rows where they are shared.
    transmat : ndarray of shape (n_states, n_states)
        Transition probabilities.
    start : ndarray of shape (n_states,)
        First distribution.
    """

    weights: Floats
    intercept: Floats
    transmat: Floats
    start: Floats

    @property
    def n_states(self) -> int:
        """Number of states."""
        return len(self.start)

    def copy(self) -> Parameters:
        """Return an independent copy."""
        return Parameters(self.weights.copy(), self.intercept.copy(), self.transmat.copy(), self.start.copy())


class Derivatives(NamedTuple):
    """Gradient and curvature of the expected log-likelihood; the last feature is the constant 1."""

    gradient: Floats
    curvature: Floats
    per_neuron: Floats


def tile(n_states: int, n_neurons: int) -> int:
    """Return how many bins are worked on at a time."""
    return max(64, TILE_BYTES // (8 * n_states * n_neurons))


def emission(
    data: Recording,
    weights: Floats,
    intercept: Floats,
    link: int,
    gamma: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Return log emissions without ``-ln x!``, and each neuron's expected log-likelihood under `gamma`."""
    n_states, n_neurons, _ = weights.shape
    stacked = np.ascontiguousarray(weights.reshape(n_states * n_neurons, -1).T)
    baseline = intercept.ravel()
    log_emission = np.empty((data.n_bins, n_states))
    per_neuron = np.zeros(n_neurons)
    step = tile(n_states, n_neurons)
    buffer = np.empty((step, n_states * n_neurons))
    for start in range(0, data.n_bins, step):
        stop = min(start + step, data.n_bins)
        z = buffer[: stop - start]
        np.dot(data.rows(start, stop), stacked, out=z)
        z += baseline
        x, out = data.counts[start:stop], log_emission[start:stop]
        if gamma is None:
            kernels.emission_rows(link, z, x, out)
        else:
            kernels.expected_rows(link, z, x, gamma[start:stop], out, per_neuron)
    return log_emission, per_neuron


def derivatives(
    data: Recording,
    weights: Floats,
    intercept: Floats,
    link: int,
    gamma: Floats,
    *,
    fisher: bool = False,
    blocks: bool | None = True,
    single: bool = False,
) -> Derivatives:
    """Return gradient (S, N, D + 1), curvature, and each neuron's expected log-likelihood.

    Curvature is (S, N, D + 1, D + 1) with `blocks`, its diagonal (S, N, D + 1) without, and
    empty with ``None``. With `single` its sums within a tile are in single precision: enough for the
    direction of a step whose ascent is checked.
    """
    n_states, n_neurons, n_features = weights.shape
    full = n_features + 1
    stacked = np.ascontiguousarray(weights.reshape(n_states * n_neurons, -1).T)
    baseline = intercept.ravel()
    step = tile(n_states, n_neurons)
    n_products = full * (full + 1) // 2
    if blocks:
        step = max(64, min(step, TILE_BYTES // (8 * n_products)))
    z = np.empty((step, n_states * n_neurons))
    slope, bend = np.empty_like(z), np.empty_like(z)
    features = np.ones((step, full))
    kind = np.float32 if single else np.float64
    pairs = np.empty((step, n_products if blocks else full), kind)
    per_neuron = np.zeros(n_neurons)
    gradient = np.zeros((full, n_states * n_neurons))
    curvature = np.zeros((pairs.shape[1], n_states * n_neurons))
    for start in range(0, data.n_bins, step):
        stop = min(start + step, data.n_bins)
        m = stop - start
        features[:m, :-1] = data.rows(start, stop)
        np.dot(features[:m, :-1], stacked, out=z[:m])
        z[:m] += baseline
        x = data.counts[start:stop]
        kernels.derivative_rows(link, fisher, z[:m], x, gamma[start:stop], slope[:m], bend[:m], per_neuron)
        gradient += features[:m].T @ slope[:m]
        if blocks is None:
            continue
        if blocks:
            kernels.products(features[:m].astype(kind, copy=False), pairs[:m])
        else:
            np.square(features[:m], out=pairs[:m])
        curvature += pairs[:m].T @ bend[:m].astype(kind, copy=False)
    gradient = np.ascontiguousarray(gradient.T).reshape(n_states, n_neurons, full)
    if blocks is None:
        return Derivatives(gradient, np.empty(0), per_neuron)
    if not blocks:
        diagonal = np.ascontiguousarray(curvature.T).reshape(n_states, n_neurons, full)
        return Derivatives(gradient, diagonal, per_neuron)
    square = np.empty((n_states * n_neurons, full, full))
    rows, columns = np.triu_indices(full)
    square[:, rows, columns] = curvature.T
    square[:, columns, rows] = curvature.T
    return Derivatives(gradient, square.reshape(n_states, n_neurons, full, full), per_neuron)
