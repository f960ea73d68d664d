"""The squared-error losses, whose product the Hamiltonian minimises."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _checks as check


def loss(state: ArrayLike, patterns: ArrayLike) -> NDArray[np.float64]:
    r"""Return the squared-error losses of a state for each pattern and for its negative.

    .. math:: L_\mu^\pm = \frac{1}{2N} \sum_i (\xi_i^\mu \mp s_i)^2 = 1 - \tfrac{1}{2} d_\mu \mp m_\mu

    with the share :math:`d_\mu` of zeros, so that the energy of the storing network is
    :math:`H/N = -\frac{1}{2} \sum_\mu [(1 - d_\mu/2)^2 - L_\mu^+ L_\mu^-]`.

    Parameters
    ----------
    state : array of shape (n_neurons,)
        Spins, -1 and 1.
    patterns : array of shape (n_neurons, n_patterns)
        Entries -1, 0 and 1.

    Returns
    -------
    ndarray of shape (2, n_patterns)
        :math:`L^+` and :math:`L^-`.

    Examples
    --------
    >>> loss([1, -1], [[1, 1], [-1, 0]]).tolist()
    [[0.0, 0.25], [2.0, 1.25]]
    """
    xi = check.ternary("loss", "patterns", patterns)
    spins = check.spins("loss", "state", state, len(xi))
    if len(spins) != 1:
        raise ValueError(f"loss: state must be one state, got {len(spins)}")
    difference = xi.astype(float) - spins[0][:, None]
    total = xi.astype(float) + spins[0][:, None]
    return np.stack([(difference**2).sum(axis=0), (total**2).sum(axis=0)]) / (2 * len(xi))
