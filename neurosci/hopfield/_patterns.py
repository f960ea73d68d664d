"""Patterns, and examples of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.random import check_random_state

from . import _checks as check

CHUNK = 4_000_000


@dataclass(frozen=True, eq=False)
class Dataset:
    r"""Noisy examples of patterns.

    Parameters
    ----------
    counts : ndarray of shape (n_neurons, n_patterns), int32
        Sums :math:`S_i^\mu = \sum_a \eta_i^{\mu,a}` of the examples: what a teacher's labels allow.
    examples : ndarray of shape (n_neurons, n_patterns, n_examples), int8, or None
        The examples themselves, where they were asked for.
    quality : float
        How much examples resemble their pattern, in (0, 1].
    n_examples : int
        Examples of each pattern.
    """

    counts: NDArray[np.int32]
    examples: NDArray[np.int8] | None
    quality: float
    n_examples: int


def sample_patterns(
    n_neurons: int, n_patterns: int, dilution: float, random_state: Any = None
) -> NDArray[np.int8]:
    r"""Draw diluted patterns.

    Entries are independent: 0 with probability `dilution`, otherwise -1 or 1 with equal probability.

    Parameters
    ----------
    n_neurons : int
        Number of neurons (spins).
    n_patterns : int
        Number of patterns.
    dilution : float
        Probability of a zero, in [0, 1); 0 is the Hopfield model.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of random numbers.

    Returns
    -------
    ndarray of shape (n_neurons, n_patterns), int8
        The patterns :math:`\xi_i^\mu`.

    Examples
    --------
    >>> patterns = sample_patterns(1000, 3, dilution=0.3, random_state=0)
    >>> patterns.shape, sorted(set(patterns.ravel().tolist()))
    ((1000, 3), [-1, 0, 1])
    """
    where = "sample_patterns"
    shape = check.whole(where, "n_neurons", n_neurons, 1), check.whole(where, "n_patterns", n_patterns, 1)
    zeros = check.dilution(where, dilution)
    rng = check_random_state(random_state)
    patterns = np.empty(shape, np.int8)
    # chunks keep the float draws small beside the patterns; the stream is the same for any chunk
    step = max(1, CHUNK // shape[1])
    for start in range(0, shape[0], step):
        draws = rng.random((min(step, shape[0] - start), shape[1]))
        half = (1 - zeros) / 2
        patterns[start : start + step] = (draws < half).astype(np.int8) - (draws >= 1 - half).astype(np.int8)
    return patterns


def sample_dataset(
    patterns: ArrayLike,
    quality: float,
    n_examples: int,
    random_state: Any = None,
    return_examples: bool = False,
) -> Dataset:
    r"""Draw noisy examples of each pattern.

    Every nonzero entry keeps its sign with probability :math:`(1 + r)/2`; zeros stay zero.

    Parameters
    ----------
    patterns : array of shape (n_neurons, n_patterns)
        Entries -1, 0 and 1.
    quality : float
        Quality :math:`r` in (0, 1]; at 1 the examples are the patterns.
    n_examples : int
        Examples :math:`M` of each pattern.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of random numbers.
    return_examples : bool, default=False
        Keep the single examples too, which unsupervised learning needs.

    Returns
    -------
    Dataset
        Integer sums, exact, and the examples where asked for.

    Examples
    --------
    >>> patterns = sample_patterns(1000, 3, dilution=0.3, random_state=0)
    >>> data = sample_dataset(patterns, quality=0.5, n_examples=30, random_state=1)
    >>> bool(((data.counts == 0) | (patterns != 0)).all()), data.examples is None
    (True, True)
    """
    where = "sample_dataset"
    xi = check.ternary(where, "patterns", patterns)
    r = check.quality(where, quality)
    m = check.whole(where, "n_examples", n_examples, 1)
    rng = check_random_state(random_state)
    if not return_examples:
        kept = rng.binomial(m, (1 + r) / 2, size=xi.shape)
        return Dataset(((2 * kept - m) * xi).astype(np.int32), None, r, m)
    examples = np.empty((*xi.shape, m), np.int8)
    step = max(1, CHUNK // (xi.shape[1] * m))
    for start in range(0, len(xi), step):
        rows = xi[start : start + step, :, None]
        keep = rng.random((*rows.shape[:2], m)) < (1 + r) / 2
        examples[start : start + step] = np.where(keep, rows, -rows)
    return Dataset(examples.sum(axis=2, dtype=np.int32), examples, r, m)


def dataset_entropy(quality: float, n_examples: int) -> float:
    r"""Return the entropy of a data set: how much its examples leave open.

    .. math:: \rho = \frac{1 - r^2}{M r^2}

    Parameters
    ----------
    quality : float
        Quality :math:`r` in (0, 1].
    n_examples : int
        Examples :math:`M` of each pattern.

    Returns
    -------
    float
        :math:`\rho`; 0 where the examples are the patterns.

    Examples
    --------
    >>> dataset_entropy(0.5, 30)
    0.1
    """
    r = check.quality("dataset_entropy", quality)
    return (1 - r * r) / (check.whole("dataset_entropy", "n_examples", n_examples, 1) * r * r)
