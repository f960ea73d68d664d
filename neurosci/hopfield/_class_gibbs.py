"""Sampling of how many spins point up in each class of equal neurons: a cost that does not grow with N."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from neurosci._core.random import check_random_state

from . import _checks as check
from . import _kernels as kernels
from ._classes import distinct_rows, leading_signs

Floats = NDArray[np.float64]


class ClassGibbs:
    r"""Sampler of the Gibbs measure on class occupations.

    Neurons with equal rows are exchangeable, and a row and its negative become equal when the spins of one
    are turned around. Given the Gaussian fields of the block Gibbs form, the number of up spins of a class is
    binomial, so that a sweep costs a few binomial draws per class whatever the number of neurons.

    Parameters
    ----------
    rows : array of shape (n_neurons, n_patterns)
        Patterns, or sums of examples: whole numbers.
    scale : float, default=None
        Coupling scale; ``None`` means ``1 / n_neurons`` (storing).

    Attributes
    ----------
    classes : ndarray of shape (n_classes, n_patterns)
        Distinct nonzero rows, up to their sign.
    counts : ndarray of shape (n_classes,)
        Neurons of each class.

    Examples
    --------
    >>> from neurosci.hopfield import sample_patterns
    >>> sampler = ClassGibbs(sample_patterns(100_000, 2, dilution=0.3, random_state=0))
    >>> overlaps = sampler.sample(0.1, n_sweeps=2000, burn_in=200, start=[0.7, 0.2], random_state=0)
    >>> overlaps.shape
    (2000, 2)
    """

    def __init__(self, rows: ArrayLike, scale: float | None = None) -> None:
        whole = check.integers("ClassGibbs", "rows", rows, (2,))
        self.n_neurons, self.n_patterns = whole.shape
        self.scale = 1 / self.n_neurons if scale is None else check.positive("ClassGibbs", "scale", scale)
        check.no_empty_pattern("ClassGibbs", "rows", whole)
        signs = leading_signs(whole)
        distinct, _, self.counts = distinct_rows(whole[signs != 0] * signs[signs != 0, None])
        self.classes = distinct.astype(float)

    def sample(
        self,
        temperature: float,
        *,
        n_sweeps: int = 1000,
        burn_in: int = 100,
        start: ArrayLike | None = None,
        every: int = 1,
        random_state: Any = None,
    ) -> Floats:
        """Return series of overlaps.

        Parameters
        ----------
        temperature : float
            Temperature > 0.
        n_sweeps : int, default=1000
            Sweeps that are recorded after `burn_in`.
        burn_in : int, default=100
            Sweeps before.
        start : array of shape (n_patterns,), default=None
            Overlaps in whose field the first spins are drawn; ``None`` draws them evenly.
        every : int, default=1
            Sweeps between recorded ones.
        random_state : None, int, SeedSequence or Generator, default=None
            Source of random numbers.

        Returns
        -------
        ndarray of shape (n_sweeps // every, n_patterns)
            Sums over neurons of row times spin, over the number of neurons.
        """
        where = "ClassGibbs.sample"
        t = check.positive(where, "temperature", temperature)
        step = check.whole(where, "every", every, 1)
        recorded = check.whole(where, "n_sweeps", n_sweeps, 1) // step
        before = check.whole(where, "burn_in", burn_in, 0)
        rng = check_random_state(random_state)
        rows = self.classes * np.sqrt(self.scale * self.n_neurons)
        field = np.zeros(self.n_patterns) if start is None else np.asarray(start, float)
        if field.shape != (self.n_patterns,):
            raise ValueError(f"{where}: start must have shape ({self.n_patterns},), got {field.shape}")
        ups = rng.binomial(self.counts, expit(2 * (self.classes @ field) / t))
        word = rng.integers(0, 2**64, dtype=np.uint64)
        if before:
            _, word = kernels.class_sweeps(
                rows, self.counts, ups, self.n_neurons, 1 / t, np.empty((1, self.n_patterns)), before,
                np.uint64(word),
            )  # fmt: skip
        record = np.empty((recorded, self.n_patterns))
        kernels.class_sweeps(rows, self.counts, ups, self.n_neurons, 1 / t, record, step, np.uint64(word))
        overlaps: Floats = record / np.sqrt(self.scale * self.n_neurons) / self.n_neurons
        return overlaps
