"""Phase diagrams: equilibria on a grid, and boundaries as roots of eigenvalue conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from . import _checks as check
from ._law import Law
from ._mean_field import MeanField
from ._solver import generic_starts, solve
from ._state import State
from ._thresholds import crossover_dilution, parallel_state

if TYPE_CHECKING:
    import pandas as pd

MARGIN = 1e-3


def phase_diagram(
    n_patterns: int, dilutions: ArrayLike, temperatures: ArrayLike, rho: float = 0.0, coarse: int = 4
) -> pd.DataFrame:
    """Return the equilibrium on a grid of dilutions and temperatures.

    Each point starts from the equilibria of its neighbours, and every `coarse`-th from many starts.

    Parameters
    ----------
    n_patterns : int
        Number of patterns.
    dilutions : array of shape (n_dilutions,)
        In [0, 1).
    temperatures : array of shape (n_temperatures,)
        Each >= 0.
    rho : float, default=0.0
        Entropy of the data set.
    coarse : int, default=4
        Steps between points with many starts; 1 gives all of them many.

    Returns
    -------
    DataFrame
        One row per point: ``dilution``, ``temperature``, ``phase``, ``free_energy``, ``eigenvalue``,
        ``m_1`` to ``m_K``.

    Examples
    --------
    >>> table = phase_diagram(2, [0.3, 0.8], [0.1, 1.1])
    >>> table["phase"].tolist()
    ['H', 'E', 'P', 'E']
    """
    import pandas as pd

    where = "phase_diagram"
    k = check.whole(where, "n_patterns", n_patterns, 1)
    every = check.whole(where, "coarse", coarse, 1)
    rows: list[dict[str, object]] = []
    before: list[State] = []
    ordered = np.sort(np.atleast_1d(np.asarray(temperatures, float)))
    for i, d in enumerate(np.atleast_1d(np.asarray(dilutions, float))):
        theory = MeanField(k, float(d), rho=rho)
        column: list[State] = []
        for j, value in enumerate(ordered):
            t = check.non_negative(where, "temperatures", value)
            near = ([column[-1].n] if column else []) + ([before[j].n] if before else [])
            many = not near or i % every == 0 or j % every == 0
            points = [x for x in near if x.any()] + (
                generic_starts(k, float(d)) if many else generic_starts(k, float(d), 0)[-2:]
            )
            column.append(equilibrium(theory._law, points, t))
            rows.append(
                {
                    "dilution": float(d),
                    "temperature": t,
                    "phase": column[-1].phase,
                    "free_energy": column[-1].free_energy,
                    "eigenvalue": column[-1].eigenvalue,
                    **{f"m_{a + 1}": float(x) for a, x in enumerate(column[-1].m)},
                }
            )
        before = column
    return pd.DataFrame(rows)


def equilibrium(law: Law, points: list[np.ndarray], temperature: float) -> State:
    """Return the solution with the lowest free energy; nothing is recalled where the law allows nothing."""
    zero = np.zeros(law.rows.shape[1])
    if temperature > 0:
        top = law.jacobian(zero, temperature)
        # above the critical temperature the potential is concave, so that zero is the only solution
        if np.linalg.eigvalsh(top)[-1] <= 1 + 1e-9:
            return solve(law, [zero], temperature)[0]
    return solve(law, points, temperature)[0]


def crossover_from_free_energies(rho: float, n_patterns: int = 2) -> float:
    """Return the dilution at which one pattern and all alike have equal free energy just below T_c."""
    from scipy.optimize import brentq

    def difference(d: float) -> float:
        theory = MeanField(n_patterns, d, rho=rho)
        t = (1 - d) * (1 - MARGIN)
        pure, alike = np.zeros(n_patterns), np.full(n_patterns, (1 - d) * 0.05)
        pure[0] = (1 - d) * 0.05
        return theory.fixed_point(t, pure).free_energy - theory.fixed_point(t, alike).free_energy

    near = crossover_dilution(rho)
    return float(brentq(difference, max(near - 0.05, 0.01), near + 0.05, xtol=1e-6))


def zero_temperature_boundary(n_patterns: int, dilution: float, highest: float = 3.0) -> float:
    """Return the entropy at which the parallel state becomes stable at T = 0; NaN where it never does."""
    from scipy.optimize import brentq

    def excess(rho: float) -> float:
        return parallel_state(MeanField(n_patterns, dilution, rho=rho), np.inf)[1] - 1

    grid = np.geomspace(5e-3, highest, 40)
    values = [excess(float(r)) for r in grid]
    for i in range(len(grid) - 1, 0, -1):
        if values[i] < 0 <= values[i - 1]:
            return float(brentq(excess, grid[i - 1], grid[i], xtol=1e-10))
    return float("nan")
