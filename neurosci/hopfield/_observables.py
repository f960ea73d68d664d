"""What a fitted network says about states: overlaps, energies, fields; and its couplings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from . import _checks as check
from ._dynamics import Couplings

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator


class Observables:
    """Observables of a fitted network."""

    rows_: NDArray[np.int32]
    scale_: float
    overlap_scale_: float
    patterns_: NDArray[np.int8] | None
    n_neurons_: int
    n_patterns_: int

    @property
    def _couplings(self) -> Couplings:
        check_is_fitted(self)
        return Couplings(self.rows_, (self.rows_.astype(np.int64) ** 2).sum(axis=1), self.scale_)

    def overlaps(self, state: ArrayLike) -> NDArray[np.float64]:
        """Return the overlaps of states with the learned patterns.

        Parameters
        ----------
        state : array of shape (n_neurons,) or (n_states, n_neurons)
            Spins, -1 and 1.

        Returns
        -------
        ndarray of shape (n_patterns,) or (n_states, n_patterns)
            Overlaps; for unsupervised learning the mean over the examples of a pattern.
        """
        sums = self._sums(state, "overlaps")
        result: NDArray[np.float64] = self._to_overlaps(sums)[0 if np.ndim(state) == 1 else slice(None)]
        return result

    def pattern_overlaps(self, state: ArrayLike) -> NDArray[np.float64]:
        """Return the overlaps of states with the patterns themselves.

        Parameters
        ----------
        state : array of shape (n_neurons,) or (n_states, n_neurons)
            Spins, -1 and 1.

        Returns
        -------
        ndarray of shape (n_patterns,) or (n_states, n_patterns)
            Overlaps between -(1 - d) and 1 - d.
        """
        check_is_fitted(self)
        if self.patterns_ is None:
            raise ValueError(
                "MultitaskingHopfield.pattern_overlaps: the patterns must be given to fit as y, got none"
            )
        spins = check.spins("MultitaskingHopfield.pattern_overlaps", "state", state, self.n_neurons_)
        m: NDArray[np.float64] = spins.astype(float) @ self.patterns_ / self.n_neurons_
        return m[0] if np.ndim(state) == 1 else m

    def energy(self, state: ArrayLike) -> NDArray[np.float64]:
        """Return the energy per neuron, the constant diagonal included.

        Parameters
        ----------
        state : array of shape (n_neurons,) or (n_states, n_neurons)
            Spins, -1 and 1.

        Returns
        -------
        ndarray of shape () or (n_states,)
            Energy over the number of neurons.
        """
        found = self._energy_of(self._sums(state, "energy"))
        result: NDArray[np.float64] = found[0] if np.ndim(state) == 1 else found
        return result

    def local_field(self, state: ArrayLike) -> NDArray[np.float64]:
        """Return the local field of every neuron, without its own term.

        Parameters
        ----------
        state : array of shape (n_neurons,) or (n_states, n_neurons)
            Spins, -1 and 1.

        Returns
        -------
        ndarray of the shape of `state`
            Fields.
        """
        couplings = self._couplings
        spins = check.spins("MultitaskingHopfield.local_field", "state", state, self.n_neurons_)
        whole = couplings.sums(spins) @ self.rows_.T.astype(np.int64) - couplings.own * spins
        result: NDArray[np.float64] = self.scale_ * (whole[0] if np.ndim(state) == 1 else whole)
        return result

    def couplings(self) -> LinearOperator:
        """Return the couplings without ever making a matrix.

        Returns
        -------
        LinearOperator of shape (n_neurons, n_neurons)
            Symmetric, zero diagonal.
        """
        from scipy.sparse.linalg import LinearOperator

        found = self._couplings
        rows = found.rows.astype(float)

        def times(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
            flat = vectors.reshape(len(found.own), -1)
            product = found.scale * (rows @ (rows.T @ flat) - found.own[:, None] * flat)
            return product.reshape(vectors.shape)

        n = self.n_neurons_
        return LinearOperator((n, n), matvec=times, rmatvec=times, matmat=times, rmatmat=times, dtype=float)

    def dense_couplings(self, max_bytes: int = 2**30) -> NDArray[np.float64]:
        """Return the matrix of couplings.

        Parameters
        ----------
        max_bytes : int, default=1073741824
            A matrix above this size is refused before anything is allocated.

        Returns
        -------
        ndarray of shape (n_neurons, n_neurons)
            Symmetric, zero diagonal.
        """
        found = self._couplings
        size = 8 * self.n_neurons_**2
        if size > max_bytes:
            raise MemoryError(
                f"MultitaskingHopfield.dense_couplings: the matrix must fit max_bytes = {max_bytes:,}, got "
                f"{size:,} bytes for {self.n_neurons_:,} neurons (use couplings(), which needs none of it)"
            )
        matrix: NDArray[np.float64] = found.scale * (found.rows.astype(float) @ found.rows.T.astype(float))
        np.fill_diagonal(matrix, 0.0)
        return matrix

    def _pattern_sums(self) -> NDArray[np.int64]:
        result: NDArray[np.int64] = self.rows_.reshape(self.n_neurons_, self.n_patterns_, -1).sum(
            axis=2, dtype=np.int64
        )
        return result

    def _sums(self, state: ArrayLike, method: str) -> NDArray[np.int64]:
        couplings = self._couplings
        return couplings.sums(check.spins(f"MultitaskingHopfield.{method}", "state", state, self.n_neurons_))

    def _to_overlaps(self, sums: NDArray[Any]) -> NDArray[np.float64]:
        grouped = sums.reshape(*sums.shape[:-1], self.n_patterns_, -1)
        result: NDArray[np.float64] = self.overlap_scale_ * grouped.sum(axis=-1)
        return result

    def _energy_of(self, sums: NDArray[Any]) -> NDArray[np.float64]:
        result: NDArray[np.float64] = (
            -0.5 * self.scale_ / self.n_neurons_ * (sums.astype(float) ** 2).sum(axis=-1)
        )
        return result
