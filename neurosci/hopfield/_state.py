"""A solution of the mean-field equations and the name of its phase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ZERO = 1e-6
EQUAL = 1e-8


class NotConvergedWarning(UserWarning):
    """An iteration stopped at its limit; the message gives the residual."""


@dataclass(frozen=True, eq=False)
class State:
    """A stationary point of the free energy.

    Parameters
    ----------
    n : ndarray of shape (n_patterns,)
        Overlaps with the empirical patterns, absolute, descending.
    m : ndarray of shape (n_patterns,)
        Overlaps with the patterns themselves, in the same order.
    free_energy : float
        Free energy per neuron.
    phase : {"E", "R", "h", "H", "M", "P"}
        Ergodic; one pattern; several different overlaps and some zero; all different; some equal;
        all equal.
    stable : bool
        Whether it is a local minimum of the free energy: `eigenvalue` below 1.
    eigenvalue : float
        Largest eigenvalue of the Jacobian of the self-consistency map.
    residual : float
        Largest entry of the gradient of the free energy.
    """

    n: NDArray[np.float64]
    m: NDArray[np.float64]
    free_energy: float
    phase: str
    stable: bool
    eigenvalue: float
    residual: float


def phase_of(overlaps: NDArray[np.float64]) -> str:
    """Return the name of the phase of sorted absolute overlaps.

    Overlaps come from an iteration that ends at 1e-12, and equal ones are equal by symmetry, so that
    the tolerance only absorbs rounding; whether such a state holds is decided by its eigenvalue.
    """
    found = overlaps[overlaps > ZERO]
    if not len(found):
        return "E"
    if len(found) == 1:
        # the only pattern of a network recalls one pattern, and all of them
        return "R"
    equal = np.abs(np.diff(found)) <= EQUAL * found[0]
    if equal.all() and len(found) == len(overlaps):
        return "P"
    if equal.any():
        return "M"
    return "H" if len(found) == len(overlaps) else "h"
