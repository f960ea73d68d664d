"""The law of the overlap between a segment and a random pattern."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.random import check_random_state

from ._checks import broadcast, population
from ._exact import log_ratio, tail, tail_counts


def log_tails(
    n: NDArray[np.int64],
    a: NDArray[np.int64],
    s: NDArray[np.int64],
    theta: NDArray[np.int64],
    *,
    lower: bool = False,
) -> NDArray[np.float64]:
    """Return log P(overlap >= theta), or of the lower tail P(overlap < theta), by compiled loops."""
    from ._jit import fill_log_tail

    out = np.empty(theta.shape)
    fill_log_tail(*map(flat, (n, a, s, theta)), lower, out.reshape(-1))
    return out


def flat(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a copy in one row: compiled loops take neither views without strides nor read-only ones."""
    return np.array(values).reshape(-1)


class OverlapDistribution:
    """Distribution of the number of active synapses of a segment under a random pattern.

    Of `n` cells, `a` are active and `s` have a synapse on the segment. With all patterns equally
    likely the overlap is hypergeometric: Eqs. 2-4 of Ahmad and Hawkins (2016). The methods carry the
    names of `scipy.stats` distributions and broadcast over arrays.

    Parameters
    ----------
    n : int or array-like of int
        Cells from which the segment receives, >= 1.
    a : int or array-like of int
        Active cells, 0 <= a <= n.
    s : int or array-like of int
        Synapses of the segment, 0 <= s <= n.

    Attributes
    ----------
    n, a, s : ndarray of int64
        The parameters, broadcast against each other.

    Raises
    ------
    ValueError
        If a number is not whole or an inequality is broken; the message names it.

    See Also
    --------
    false_positive_prob : The upper tail as a function.

    Notes
    -----
    Logarithms are accurate to ``1e-12 (1 + |log p|)``, for n up to a million, and do not underflow.
    `exact` has no rounding at all.

    References
    ----------
    Ahmad S, Hawkins J (2016). How do neurons operate on sparse distributed representations? A
    mathematical theory of sparsity, neurons and active dendrites. arXiv:1601.00720.

    Examples
    --------
    >>> overlap = OverlapDistribution(n=10_000, a=300, s=24)
    >>> float(overlap.sf(11)), overlap.exact(12).numerator > 0
    (8.375845227098...e-13, True)
    >>> round(float(overlap.mean()), 2)
    0.72
    """

    def __init__(self, n: ArrayLike, a: ArrayLike, s: ArrayLike) -> None:
        self.n, self.a, self.s = population("OverlapDistribution", n=n, a=a, s=s)

    def __repr__(self) -> str:
        return f"OverlapDistribution(n={self.n.tolist()}, a={self.a.tolist()}, s={self.s.tolist()})"

    def _with(self, k: ArrayLike) -> tuple[NDArray[np.int64], ...]:
        return broadcast("OverlapDistribution", n=self.n, a=self.a, s=self.s, k=k)

    def logpmf(self, k: ArrayLike) -> NDArray[np.float64]:
        """Return the log-probability of an overlap of exactly `k`.

        Parameters
        ----------
        k : int or array-like of int
            Overlap.

        Returns
        -------
        ndarray of float64
            Natural logarithm; minus infinity outside the support.
        """
        from ._jit import fill_log_pmf

        arrays = self._with(k)
        out = np.empty(arrays[0].shape)
        fill_log_pmf(*map(flat, arrays), out.reshape(-1))
        return out

    def pmf(self, k: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of an overlap of exactly `k`: Eqs. 2 and 3 over C(n, a).

        Parameters
        ----------
        k : int or array-like of int
            Overlap.

        Returns
        -------
        ndarray of float64
            Probability.
        """
        return np.exp(self.logpmf(k))

    def logsf(self, k: ArrayLike) -> NDArray[np.float64]:
        """Return the log-probability of an overlap above `k`.

        Parameters
        ----------
        k : int or array-like of int
            Overlap.

        Returns
        -------
        ndarray of float64
            Natural logarithm.
        """
        n, a, s, k = self._with(k)
        return log_tails(n, a, s, k + 1)

    def sf(self, k: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of an overlap above `k`; ``sf(theta - 1)`` is Eq. 4.

        Parameters
        ----------
        k : int or array-like of int
            Overlap.

        Returns
        -------
        ndarray of float64
            Probability.
        """
        return np.exp(self.logsf(k))

    def logcdf(self, k: ArrayLike) -> NDArray[np.float64]:
        """Return the log-probability of an overlap of at most `k`.

        Parameters
        ----------
        k : int or array-like of int
            Overlap.

        Returns
        -------
        ndarray of float64
            Natural logarithm.
        """
        n, a, s, k = self._with(k)
        return log_tails(n, a, s, k + 1, lower=True)

    def cdf(self, k: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of an overlap of at most `k`.

        Parameters
        ----------
        k : int or array-like of int
            Overlap.

        Returns
        -------
        ndarray of float64
            Probability.
        """
        return np.exp(self.logcdf(k))

    def mean(self) -> NDArray[np.float64]:
        """Return the mean overlap, a s / n.

        Returns
        -------
        ndarray of float64
            Synapses.
        """
        return np.asarray(self.a * (self.s / self.n))

    def var(self) -> NDArray[np.float64]:
        """Return the variance of the overlap.

        Returns
        -------
        ndarray of float64
            Synapses squared.
        """
        share = self.s / self.n
        rest = (self.n - self.a) / np.maximum(self.n - 1, 1)
        return np.asarray(self.a * share * (1 - share) * rest)

    def rvs(
        self,
        size: int | tuple[int, ...] | None = None,
        random_state: int | np.random.Generator | None = None,
    ) -> NDArray[np.int64]:
        """Draw overlaps.

        Parameters
        ----------
        size : int or tuple of int or None, default=None
            Shape of the result; None gives that of the parameters.
        random_state : int, Generator or None, default=None
            Seed or generator.

        Returns
        -------
        ndarray of int64
            Overlaps.
        """
        rng = check_random_state(random_state)
        return np.asarray(rng.hypergeometric(self.s, self.n - self.s, self.a, size=size), dtype=np.int64)

    def exact(self, theta: int) -> Fraction:
        """Return P(overlap >= theta) without any rounding: Eq. 4.

        Parameters
        ----------
        theta : int
            Threshold, in synapses.

        Returns
        -------
        Fraction
            Probability.

        Raises
        ------
        ValueError
            If the parameters are arrays of more than one value.
        """
        return tail(*self._single("exact", theta))

    def exact_log(self, theta: int) -> float:
        """Return log P(overlap >= theta), rounded once from the exact fraction.

        Parameters
        ----------
        theta : int
            Threshold, in synapses.

        Returns
        -------
        float
            Natural logarithm.

        Raises
        ------
        ValueError
            If the parameters are arrays of more than one value.
        """
        return log_ratio(*tail_counts(*self._single("exact_log", theta)))

    def _single(self, method: str, theta: int) -> tuple[int, int, int, int]:
        arrays = self._with(theta)
        if arrays[0].size != 1:
            raise ValueError(
                f"OverlapDistribution.{method}: parameters must be single numbers, got shape "
                f"{arrays[0].shape}"
            )
        n, a, s, k = (int(x.item()) for x in arrays)
        return n, a, s, k
