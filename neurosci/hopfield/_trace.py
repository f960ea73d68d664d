"""What a sampler returns: series of overlaps and energies, with their errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._autocorrelation import MonteCarloMean, monte_carlo_mean


@dataclass(frozen=True, eq=False)
class Trace:
    """Sampled series of a network.

    Parameters
    ----------
    overlaps : ndarray of shape (n_replicas, n_sweeps, n_patterns)
        Overlaps with the learned (empirical) patterns, after each recorded sweep.
    pattern_overlaps : ndarray of shape (n_replicas, n_patterns) or None
        Overlaps of the last states with the patterns themselves, where these are known.
    energy : ndarray of shape (n_replicas, n_sweeps)
        Energy per neuron.
    acceptance : float
        Share of proposed changes that changed a spin.
    states : ndarray of shape (n_replicas, n_neurons), int8
        Last states.
    """

    overlaps: NDArray[np.float64]
    pattern_overlaps: NDArray[np.float64] | None
    energy: NDArray[np.float64]
    acceptance: float
    states: NDArray[np.int8]

    @property
    def tau(self) -> NDArray[np.float64]:
        """Integrated autocorrelation time of each overlap, in recorded sweeps."""
        return np.array([found.tau for found in self.summary()])

    @property
    def ess(self) -> NDArray[np.float64]:
        """Effective sample size of each overlap, over all replicas."""
        return np.array([found.ess for found in self.summary()])

    @property
    def standard_error(self) -> NDArray[np.float64]:
        """Standard error of the mean of each overlap."""
        return np.array([found.standard_error for found in self.summary()])

    def summary(self, absolute: bool = False) -> list[MonteCarloMean]:
        """Return mean, error, autocorrelation time and effective sample size of each overlap.

        Parameters
        ----------
        absolute : bool, default=False
            Of the absolute overlaps.

        Returns
        -------
        list of MonteCarloMean
            One for each pattern.
        """
        series = np.abs(self.overlaps) if absolute else self.overlaps
        return [monte_carlo_mean(series[:, :, k]) for k in range(series.shape[2])]
