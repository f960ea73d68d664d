r"""Laws of one row of the coupling matrix, and averages over them.

A row :math:`\eta` (the empirical pattern vector of a neuron) takes finitely many values, or its values
carry Gaussian noise of relative variance :math:`\rho`. All averages that the mean-field equations need
are sums over rows of functions of the field :math:`g = \eta \cdot n`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from . import _checks as check
from ._classes import distinct_rows, leading_signs
from ._quadrature import TIE, Averages, gaussian_averages, sharp_averages

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Law:
    """Rows, their probabilities, and what they say about the patterns.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_patterns)
        Values of the empirical pattern vector, without its Gaussian part.
    weights : ndarray of shape (n_rows,)
        Probabilities.
    signal : ndarray of shape (n_rows, n_patterns)
        Expected pattern vector, given the row.
    noise : float
        Relative variance of the Gaussian part of each nonzero entry; 0 where there is none.
    norm : float
        Factor ``1 + rho`` of the quadratic term.
    active : ndarray of shape (n_rows, n_patterns), default=None
        Chance that the pattern is not zero, given the row; ``None`` where a nonzero row tells.
    """

    rows: Floats
    weights: Floats
    signal: Floats
    noise: float
    norm: float
    active: Floats | None = None
    _last: dict[str, tuple[tuple[bytes, float], Averages]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def averages(self, n: Floats, temperature: float) -> Averages:
        """Return averages over the Gaussian part, one for each row; the last ones are kept.

        The solver asks for step, value and Jacobian of the same point, one after the other.
        """
        point = n.tobytes(), temperature
        if self._last.get("", (None,))[0] != point:
            self._last[""] = point, self._averages(n, temperature)
        return self._last[""][1]

    def _averages(self, n: Floats, temperature: float) -> Averages:
        mean = self.rows @ n
        if self.noise == 0:
            return sharp_averages(mean, temperature)
        spread = np.sqrt(self.noise * (self.rows**2 @ n**2))
        return gaussian_averages(mean, spread, temperature)

    def value(self, n: Floats, temperature: float) -> float:
        """Return minus the variational free energy per neuron, whose maximum is the equilibrium."""
        found = self.averages(n, temperature)
        return float(self.weights @ found.potential - 0.5 * self.norm * (n @ n))

    def step(self, n: Floats, temperature: float) -> Floats:
        """Return the next point of the self-consistency map, which never lowers `value`."""
        found = self.averages(n, temperature)
        total = (self.weights * found.tanh) @ self.rows
        if self.noise > 0:
            total += self.noise * n * ((self.weights * found.slope) @ self.rows**2)
        return total / self.norm

    def pattern_overlaps(self, n: Floats, temperature: float) -> Floats:
        """Return the overlaps with the patterns themselves."""
        result: Floats = (self.weights * self.averages(n, temperature).tanh) @ self.signal
        return result

    def jacobian(self, n: Floats, temperature: float) -> Floats:
        """Return the derivative of `step`, a symmetric matrix."""
        found = self.averages(n, temperature)
        if temperature == 0 and self.noise == 0 and self._has_ties(n):
            return np.full((len(n), len(n)), np.inf)
        weighted = self.weights[:, None] * self.rows
        flat: Floats = weighted.T @ (found.slope[:, None] * self.rows)
        if self.noise == 0:
            return flat / self.norm
        spread2 = self.noise * (self.rows**2 @ n**2)
        # conditional on the field, the noise of entry mu has mean c_mu Z and covariance delta - c c^T
        with np.errstate(divide="ignore", invalid="ignore"):
            c = np.where(spread2[:, None] > 0, self.noise * n * self.rows / np.sqrt(spread2)[:, None], 0.0)
        cross = weighted.T @ (found.slope_z[:, None] * c * self.rows)
        bent = (found.slope_zz - found.slope)[:, None] * c * self.rows
        second = (weighted * c).T @ bent
        diagonal = np.diag(self.noise * ((self.weights * found.slope) @ self.rows**2))
        return (flat + cross + cross.T + second + diagonal) / self.norm

    def _has_ties(self, n: Floats) -> bool:
        """Whether some neuron with a pattern feels no field, so that at T = 0 any change decides it."""
        nonzero = (self.rows != 0).any(axis=1) & (self.weights > 0)
        return bool((np.abs(self.rows[nonzero] @ n) < TIE).any())


def clean_law(n_patterns: int, dilution: float) -> Law:
    """Return the law of ternary pattern vectors; a vector and its negative count as one."""
    return _gaussian(n_patterns, dilution, 0.0)


def gaussian_law(n_patterns: int, dilution: float, rho: float) -> Law:
    """Return the law of many examples of each pattern."""
    return _gaussian(n_patterns, dilution, rho)


def _gaussian(n_patterns: int, dilution: float, rho: float) -> Law:
    check.n_classes("MeanField", 3, n_patterns)
    values = np.array(list(itertools.product((0.0, 1.0, -1.0), repeat=n_patterns)))
    # the first nonzero entry decides which of the two stays
    leading = values[np.arange(len(values)), np.argmax(values != 0, axis=1)]
    rows = values[leading > 0]
    active = (rows != 0).sum(axis=1)
    weights = 2 * ((1 - dilution) / 2) ** active * dilution ** (n_patterns - active)
    if dilution > 0:
        rows = np.vstack([np.zeros(n_patterns), rows])
        weights = np.concatenate([[dilution**n_patterns], weights])
    return Law(rows, weights, rows, rho, 1 + rho)


def binomial_law(n_patterns: int, dilution: float, quality: float, n_examples: int) -> Law:
    """Return the exact law of finitely many examples; probabilities below 1e-17 of the whole are left out."""
    kept = np.arange(n_examples + 1)
    plus = binom.pmf(kept, n_examples, (1 + quality) / 2)
    both = plus + plus[::-1]
    used = both > 1e-17
    values = np.concatenate([[0.0], (2 * kept[used] - n_examples) / (quality * n_examples)])
    chances = np.concatenate([[dilution], (1 - dilution) / 2 * both[used]])
    signals = np.concatenate([[0.0], (plus - plus[::-1])[used] / both[used]])
    actives = np.concatenate([[0.0], np.ones(int(used.sum()))])
    check.n_classes("MeanField", len(values), n_patterns)
    grids = [np.meshgrid(*[a] * n_patterns, indexing="ij") for a in (values, chances, signals, actives)]
    rows, weights, signal, active = (np.stack([g.ravel() for g in grid], axis=1) for grid in grids)
    products = weights.prod(axis=1)
    # a row and its negative contribute the same
    first = rows[np.arange(len(rows)), np.argmax(rows != 0, axis=1)]
    keep, both_zero = first >= 0, first == 0
    rho = (1 - quality**2) / (n_examples * quality**2)
    scale = np.where(both_zero, 1.0, 2.0) * products
    return Law(rows[keep], scale[keep], signal[keep], 0.0, 1 + rho, active=active[keep])


def sample_law(patterns: Whole, counts: Whole | None, depth: float, norm: float) -> Law:
    """Return the law of a given sample: distinct rows with their frequencies.

    Where there are no sums of examples the rows are the patterns; otherwise the sums over `depth`.
    """
    k = patterns.shape[1]
    joint = patterns if counts is None else np.hstack([counts, patterns])
    signs = leading_signs(joint)
    distinct, _, seen = distinct_rows(joint * np.where(signs < 0, -1, 1)[:, None])
    rows, signal = distinct[:, :k] / depth, distinct[:, -k:].astype(float)
    return Law(rows, seen / len(joint), signal, 0.0, norm, active=np.abs(signal))
