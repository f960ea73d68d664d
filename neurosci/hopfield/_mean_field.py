"""Mean-field theory of the low load, exact for many neurons."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _checks as check
from ._law import Law, binomial_law, clean_law, gaussian_law, sample_law
from ._patterns import dataset_entropy
from ._solver import converge, describe, relabelled, solve, starts
from ._state import State


class MeanField:
    r"""Mean-field theory of the multitasking network, exact for many neurons and few patterns.

    The equilibrium minimises the free energy per neuron (derived from the Hamiltonian
    :math:`H = -\frac{N}{2}(1 + \rho)\sum_\mu n_\mu^2`)

    .. math::

       f(n) = \frac{1 + \rho}{2} |n|^2 - T\, E \log 2 \cosh(\eta \cdot n / T), \qquad
       n_\mu = \frac{1}{1 + \rho} E[\eta^\mu \tanh(\eta \cdot n / T)] .

    Parameters
    ----------
    n_patterns : int
        Number of patterns :math:`K`.
    dilution : float
        Probability of a zero entry, in [0, 1).
    rho : float, default=0.0
        Entropy of the data set, for many examples (Gaussian law); 0 stores the patterns themselves.
    quality : float, default=None
        Quality of examples; with `n_examples` the law of finitely many examples is summed exactly.
    n_examples : int, default=None
        Examples of each pattern.

    Examples
    --------
    >>> theory = MeanField(2, dilution=0.3)
    >>> state = theory.ground_state(0.1)
    >>> state.phase, [round(float(x), 6) for x in state.m]
    ('H', [0.699976, 0.202886])
    """

    _labelled = False

    def __init__(
        self,
        n_patterns: int,
        dilution: float,
        rho: float = 0.0,
        quality: float | None = None,
        n_examples: int | None = None,
    ) -> None:
        where = "MeanField"
        self.n_patterns = check.whole(where, "n_patterns", n_patterns, 1)
        self.dilution = check.dilution(where, dilution)
        self.rho = check.non_negative(where, "rho", rho)
        if (quality is None) != (n_examples is None):
            raise ValueError(f"{where}: quality and n_examples must come together, got only one of them")
        self.quality = self.n_examples = None
        if quality is not None and n_examples is not None:
            if rho:
                raise ValueError(
                    f"{where}: rho must be 0 where quality and n_examples are given, which determine it, "
                    f"got {rho!r}"
                )
            self.quality = check.quality(where, quality)
            self.n_examples = check.whole(where, "n_examples", n_examples, 1)
            self.rho = dataset_entropy(self.quality, self.n_examples)
        check.n_classes(where, 3, self.n_patterns)

    @cached_property
    def _law(self) -> Law:
        if self.n_examples is not None and self.quality is not None:
            if self.quality == 1:
                return clean_law(self.n_patterns, self.dilution)
            return binomial_law(self.n_patterns, self.dilution, self.quality, self.n_examples)
        if self.rho == 0:
            return clean_law(self.n_patterns, self.dilution)
        return gaussian_law(self.n_patterns, self.dilution, self.rho)

    def free_energy(self, n: ArrayLike, temperature: float) -> float:
        """Return the variational free energy per neuron at any overlaps.

        Parameters
        ----------
        n : array of shape (n_patterns,)
            Overlaps with the empirical patterns.
        temperature : float
            Temperature, >= 0.

        Returns
        -------
        float
            Free energy per neuron; its minimum over `n` is the equilibrium.
        """
        t = check.non_negative("MeanField.free_energy", "temperature", temperature)
        return -self._law.value(self._vector("free_energy", n), t)

    def gradient(self, n: ArrayLike, temperature: float) -> NDArray[np.float64]:
        """Return the derivative of the free energy.

        Parameters
        ----------
        n : array of shape (n_patterns,)
            Overlaps with the empirical patterns.
        temperature : float
            Temperature, >= 0.

        Returns
        -------
        ndarray of shape (n_patterns,)
            Zero at solutions.
        """
        t = check.non_negative("MeanField.gradient", "temperature", temperature)
        point = self._vector("gradient", n)
        return (1 + self.rho) * (point - self._law.step(point, t))

    def step(self, n: ArrayLike, temperature: float) -> NDArray[np.float64]:
        """Return the next point of the self-consistency map, which never raises the free energy.

        Parameters
        ----------
        n : array of shape (n_patterns,)
            Overlaps with the empirical patterns.
        temperature : float
            Temperature, >= 0.

        Returns
        -------
        ndarray of shape (n_patterns,)
            The next overlaps.
        """
        t = check.non_negative("MeanField.step", "temperature", temperature)
        return self._law.step(self._vector("step", n), t)

    def jacobian(self, n: ArrayLike, temperature: float) -> NDArray[np.float64]:
        """Return the derivative of `step`.

        Parameters
        ----------
        n : array of shape (n_patterns,)
            Overlaps with the empirical patterns.
        temperature : float
            Temperature, >= 0.

        Returns
        -------
        ndarray of shape (n_patterns, n_patterns)
            Symmetric; a solution is stable where its eigenvalues are below 1.
        """
        t = check.non_negative("MeanField.jacobian", "temperature", temperature)
        return self._law.jacobian(self._vector("jacobian", n), t)

    def fixed_point(self, temperature: float, start: ArrayLike) -> State:
        """Return the solution that is reached from a start.

        Parameters
        ----------
        temperature : float
            Temperature, >= 0.
        start : array of shape (n_patterns,)
            First overlaps, for example those of a simulated state; the solution keeps their symmetry.

        Returns
        -------
        State
            The solution.
        """
        t = check.non_negative("MeanField.fixed_point", "temperature", temperature)
        n, residual = converge(self._law, self._vector("fixed_point", start), t)
        return describe(self._law, n, t, residual, self._labelled)

    def solutions(self, temperature: float) -> tuple[State, ...]:
        """Return all solutions that were found, stable or not, lowest free energy first.

        Parameters
        ----------
        temperature : float
            Temperature, >= 0.

        Returns
        -------
        tuple of State
            Distinct up to signs and order of the patterns; for a sample, in its own signs and order.
        """
        t = check.non_negative("MeanField.solutions", "temperature", temperature)
        return solve(self._law, self._starts(), t, self._labelled)

    def ground_state(self, temperature: float) -> State:
        """Return the equilibrium: the solution with the lowest free energy.

        Parameters
        ----------
        temperature : float
            Temperature, >= 0.

        Returns
        -------
        State
            The equilibrium.
        """
        return self.solutions(temperature)[0]

    def phase(self, temperature: float) -> str:
        """Return the name of the equilibrium's phase.

        Parameters
        ----------
        temperature : float
            Temperature, >= 0.

        Returns
        -------
        {"E", "R", "h", "H", "M", "P"}
            See `State`.
        """
        return self.ground_state(temperature).phase

    def quenched(self, patterns: ArrayLike, counts: ArrayLike | None = None) -> QuenchedMeanField:
        """Return the theory of a given sample, with its own frequencies of pattern vectors.

        Monte Carlo at finite size must be compared with this: the frequencies of a sample break the
        symmetry of the patterns and move overlaps by one over the square root of the number of neurons.

        Parameters
        ----------
        patterns : array of shape (n_neurons, n_patterns)
            The patterns.
        counts : array of shape (n_neurons, n_patterns), default=None
            Sums of examples, where the network learned from examples; needs `quality` and `n_examples`.

        Returns
        -------
        QuenchedMeanField
            The same methods, in the labels of the sample.
        """
        where = "MeanField.quenched"
        xi = check.ternary(where, "patterns", patterns)
        if xi.shape[1] != self.n_patterns:
            raise ValueError(
                f"{where}: patterns must have n_patterns = {self.n_patterns} columns, got {xi.shape[1]}"
            )
        check.no_empty_pattern(where, "patterns", xi)
        if counts is None:
            return QuenchedMeanField(self, sample_law(xi.astype(np.int64), None, 1.0, 1.0))
        if self.quality is None or self.n_examples is None:
            raise ValueError(f"{where}: counts need quality and n_examples, got a theory without them")
        sums = check.integers(where, "counts", counts, (2,))
        if sums.shape != xi.shape:
            raise ValueError(f"{where}: counts must have shape {xi.shape}, got {sums.shape}")
        depth = self.quality * self.n_examples
        return QuenchedMeanField(self, sample_law(xi.astype(np.int64), sums, depth, 1 + self.rho))

    def example_eigenvalues(self, n: ArrayLike, temperature: float) -> NDArray[np.float64]:
        r"""Return whether learning without a teacher keeps the examples of a pattern alike.

        With all examples of a pattern recalled alike, the equations without a teacher are those with one.
        Differences between the examples of pattern :math:`\mu` grow under the map without a teacher where

        .. math::

           \frac{\beta}{1 + (M - 1) r^2}\, \frac{M}{M - 1}
           E\!\left[\left((\xi^\mu)^2 - (S^\mu / M)^2\right)\, \mathrm{sech}^2(\beta\, \eta \cdot n)\right]

        is above 1, with the sum :math:`S^\mu` of its examples; this happens where examples are few or poor.

        Parameters
        ----------
        n : array of shape (n_patterns,)
            Overlaps with the empirical patterns.
        temperature : float
            Temperature, > 0.

        Returns
        -------
        ndarray of shape (n_patterns,)
            Eigenvalue for differences between the examples of each pattern; 0 for a single example.
        """
        where = "MeanField.example_eigenvalues"
        t = check.positive(where, "temperature", temperature)
        point = self._vector("example_eigenvalues", n)
        if self.quality is None or self.n_examples is None:
            raise ValueError(f"{where}: quality and n_examples must be given to MeanField, got None")
        m, r = self.n_examples, self.quality
        if m == 1:
            return np.zeros(self.n_patterns)
        law = self._law
        active = np.abs(law.rows) > 0 if law.active is None else law.active
        slopes = law.weights * law.averages(point, t).slope
        result: NDArray[np.float64] = slopes @ (active - (r * law.rows) ** 2)
        return result * m / ((m - 1) * (1 + (m - 1) * r * r))

    def _starts(self) -> list[NDArray[np.float64]]:
        return starts(self.n_patterns, self.dilution)

    def _vector(self, method: str, n: Any) -> NDArray[np.float64]:
        vector = np.asarray(n, float)
        if vector.shape != (self.n_patterns,) or not np.isfinite(vector).all():
            raise ValueError(
                f"MeanField.{method}: overlaps must be {self.n_patterns} finite numbers, "
                f"got shape {vector.shape}"
            )
        return vector


class QuenchedMeanField(MeanField):
    """Mean-field theory of one sample of patterns; made by `MeanField.quenched`."""

    _labelled = True

    def __init__(self, parent: MeanField, law: Law) -> None:
        self.n_patterns, self.dilution, self.rho = parent.n_patterns, parent.dilution, law.norm - 1
        self.quality, self.n_examples = parent.quality, parent.n_examples
        self.__dict__["_law"] = law

    def _starts(self) -> list[NDArray[np.float64]]:
        generic = [point for point in starts(self.n_patterns, self.dilution, 1) if np.unique(point).size > 1]
        return relabelled(generic)
