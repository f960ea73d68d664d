"""Signal-to-noise analysis of one parallel step from the hierarchical state."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from . import _checks as check
from ._patterns import dataset_entropy
from ._thresholds import hierarchical_overlaps, hierarchical_threshold


@dataclass(frozen=True, eq=False)
class SignalToNoise:
    """Outcome of the signal-to-noise analysis.

    Parameters
    ----------
    kappa_1 : float
        Smallest mean field along the first pattern, over the classes of neurons that it occupies.
    kappa_2 : float
        Largest variance of that field over data sets.
    overlaps : ndarray of shape (n_patterns,)
        Overlaps with the patterns after one parallel step from the hierarchical state.
    n_examples_needed : float
        Examples of each pattern at which the worst class is correct with the asked confidence; infinite at
        and above the hierarchical threshold.
    n_examples_single : float
        The same for recall of one pattern alone.
    """

    kappa_1: float
    kappa_2: float
    overlaps: NDArray[np.float64]
    n_examples_needed: float
    n_examples_single: float


def signal_to_noise(
    n_patterns: int, dilution: float, quality: float, n_examples: int, confidence: float = 1.0
) -> SignalToNoise:
    r"""Ask whether the hierarchical state survives one parallel step when the network learned from examples.

    With :math:`n_k \propto d^{k-1}` and :math:`S = \sum_\nu n_\nu^2 (\xi^\nu)^2`,

    .. math::

       m_\mu^{(2)} = E[\xi^\mu\, \mathrm{erf}(\xi \cdot n / \sqrt{2 \rho S})], \qquad
       M \ge \Theta^2\, \frac{1 - r^2}{r^2}\, \frac{1 - d^{2K}}{1 - d^2}
       \left[\frac{1 - d}{1 - 2d + d^K}\right]^2 .

    Parameters
    ----------
    n_patterns : int
        Number of patterns :math:`K`.
    dilution : float
        Probability of a zero entry, in [0, 1).
    quality : float
        Quality :math:`r` of examples, in (0, 1].
    n_examples : int
        Examples :math:`M` of each pattern.
    confidence : float, default=1.0
        :math:`\Theta`: the worst class is correct with probability
        :math:`(1 + \mathrm{erf}(\Theta/\sqrt 2))/2`.

    Returns
    -------
    SignalToNoise
        Fields, overlaps after one step, examples needed.

    Examples
    --------
    >>> found = signal_to_noise(3, 0.3, quality=0.5, n_examples=30)
    >>> round(found.n_examples_needed, 2), round(found.n_examples_single, 2)
    (8.85, 3.0)
    """
    where = "signal_to_noise"
    k = check.whole(where, "n_patterns", n_patterns, 1)
    d, r = check.dilution(where, dilution), check.quality(where, quality)
    theta = check.positive(where, "confidence", confidence)
    rho = dataset_entropy(r, n_examples)
    n = hierarchical_overlaps(k, d) / (1 + rho)
    check.n_classes(where, 3, k)
    rows = np.array(list(itertools.product((0.0, 1.0, -1.0), repeat=k)))
    active = (rows != 0).sum(axis=1)
    weights = ((1 - d) / 2) ** active * d ** (k - active)
    field, spread = rows @ n, np.sqrt(2 * rho * (rows**2 @ n**2))
    with np.errstate(divide="ignore", invalid="ignore"):
        answer = np.where(spread > 0, erf(field / spread), np.sign(field))
    first = rows[:, 0] == 1
    odds = (1 - r * r) / (r * r)
    needed = np.inf
    if d < hierarchical_threshold(k):
        needed = (
            theta**2 * odds * float((d ** (2 * np.arange(k))).sum()) * ((1 - d) / (1 - 2 * d + d**k)) ** 2
        )
    return SignalToNoise(
        kappa_1=float(field[first].min()),
        kappa_2=float(rho * (n**2).sum()),
        overlaps=(weights * answer) @ rows,
        n_examples_needed=needed,
        n_examples_single=theta**2 * odds,
    )
