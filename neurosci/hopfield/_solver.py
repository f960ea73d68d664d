"""Solutions of the self-consistency equations: monotone map, then Newton where it is safe."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
from numpy.typing import NDArray

from ._law import Law
from ._state import ZERO, NotConvergedWarning, State, phase_of

Floats = NDArray[np.float64]

TOLERANCE = 1e-13
# where the free energy is flat to rounding, no step can do better than this; tried for a while, it is enough
ENOUGH, A_WHILE = 1e-11, 500
LONGEST = 20_000
BETWEEN = 25
# a start near a solution needs no more than a few steps before the first try
EARLY = 4
ROUNDING = 1e-14
# curvatures below this count as zero, and the longest step where one of them is negative
FLAT, SHORT = 1e-9, 0.02
CUTS = (1.0, 0.25, 0.0625)
# at zero temperature or for given samples the map has jumps and ends after few steps
SAME = 1e-6


def converge(law: Law, start: Floats, temperature: float) -> tuple[Floats, float]:
    """Return a fixed point and its residual.

    The map never lowers the variational value (it maximises a lower bound that touches), so that a
    generic start ends in a local maximum. Newton steps are tried now and then; one is taken only where it
    does not lower the value either.
    """
    n = np.asarray(start, float)
    basis = _symmetry(n)
    residual = np.inf
    for count in range(LONGEST):
        step = law.step(n, temperature)
        residual = float(np.abs(step - n).max())
        if residual < TOLERANCE or (residual < ENOUGH and count > A_WHILE):
            return step, residual
        n = step
        if count % BETWEEN == EARLY:
            n = _newton(law, n, temperature, basis)
    warnings.warn(
        f"MeanField: the map has not converged after {LONGEST} steps, residual {residual:.1e}; near a "
        "transition this is slow (take another temperature, or use the overlaps with this accuracy)",
        NotConvergedWarning,
        stacklevel=2,
    )
    return n, residual


def _symmetry(n: Floats) -> Floats:
    """Return an orthonormal basis of the vectors with the symmetry of the start, which the map keeps."""
    _, groups = np.unique(np.abs(n), return_inverse=True)
    columns = np.zeros((len(n), groups.max() + 1))
    columns[np.arange(len(n)), groups] = np.where(n < 0, -1.0, 1.0)
    columns[n == 0] = 0
    columns = columns[:, columns.any(axis=0)]
    result: Floats = columns / np.linalg.norm(columns, axis=0)
    return result


def _newton(law: Law, n: Floats, temperature: float, basis: Floats) -> Floats:
    """Return the point after up to eight Newton steps, none of which lowers the value.

    Near a transition the map creeps along one direction, and a Newton step in it disturbs the others more
    than the residual allows; the value, which rises, tells that it is a good one. Where the Hessian is not
    negative definite the signs of its wrong eigenvalues are turned (an ascent away from the saddle) and
    steps are kept short, so that the start's own maximum is found.
    """
    if (temperature == 0 and law.noise == 0) or not basis.size:
        return n
    gap = law.step(n, temperature) - n
    value = law.value(n, temperature)
    for _ in range(8):
        matrix = np.eye(basis.shape[1]) - basis.T @ law.jacobian(n, temperature) @ basis
        if not np.isfinite(matrix).all():
            return n
        curvature, axes = np.linalg.eigh(matrix)
        safe = curvature[0] > FLAT
        move = basis @ (axes @ ((axes.T @ (basis.T @ gap)) / np.maximum(np.abs(curvature), FLAT)))
        if not safe:
            move *= min(1.0, SHORT / float(np.abs(move).max()))
        for cut in CUTS:
            trial = n + cut * move
            new_gap = law.step(trial, temperature) - trial
            new_value = law.value(trial, temperature)
            closer = safe and np.abs(new_gap).max() < np.abs(gap).max() and new_value >= value - ROUNDING
            if closer or new_value > value + ROUNDING:
                break
        else:
            return n
        n, gap, value = trial, new_gap, new_value
    return n


def starts(n_patterns: int, dilution: float, n_random: int = 4) -> list[Floats]:
    """Return starting points: hierarchical, k patterns alike with and without a small asymmetry, random."""
    found: list[Floats] = [(1 - dilution) * max(dilution, 0.05) ** np.arange(n_patterns, dtype=np.float64)]
    for k in range(1, n_patterns + 1):
        even = np.zeros(n_patterns)
        even[:k] = (1 - dilution) / k
        found += [even, even * (1 - 1e-3 * np.arange(n_patterns)) if k > 1 else even + 1e-3]
    rng = np.random.default_rng(20230811)
    found += [(1 - dilution) * np.sort(rng.random(n_patterns))[::-1] for _ in range(n_random)]
    return found


def generic_starts(n_patterns: int, dilution: float, n_random: int = 1) -> list[Floats]:
    """Return starts that end in local minima, and the two symmetric ones that may be minima themselves."""
    found = starts(n_patterns, dilution, n_random)
    pure, alike = found[1], found[2 * n_patterns - 1]
    return [point for point in found if np.unique(point).size == n_patterns] + [pure, alike]


def relabelled(points: list[Floats]) -> list[Floats]:
    """Return the points in every order of up to three patterns, or in every rotation of more."""
    k = len(points[0])
    orders = itertools.permutations(range(k)) if k <= 3 else [tuple(np.roll(range(k), s)) for s in range(k)]
    return [point[list(order)] for order in orders for point in points]


def describe(law: Law, n: Floats, temperature: float, residual: float, labelled: bool = False) -> State:
    """Return a fixed point with its properties.

    Overlaps are absolute and in descending order, unless the patterns have labels, as those of a sample do.
    """
    overlaps = law.pattern_overlaps(n, temperature)
    order = np.argsort(-np.abs(n), kind="stable")
    sign = np.where(n < 0, -1.0, 1.0)
    size = np.where(np.abs(n) > ZERO, np.abs(n), 0.0)[order]
    jacobian = law.jacobian(n, temperature)
    top = float(np.linalg.eigvalsh(jacobian)[-1]) if np.isfinite(jacobian).all() else np.inf
    return State(
        n=n if labelled else size,
        m=overlaps if labelled else np.where(size > 0, (overlaps * sign)[order], 0.0),
        free_energy=-law.value(n, temperature),
        phase=phase_of(size),
        stable=top < 1,
        eigenvalue=top,
        residual=residual,
    )


def solve(law: Law, points: list[Floats], temperature: float, labelled: bool = False) -> tuple[State, ...]:
    """Return all solutions reached from the points, lowest free energy first.

    They are distinct up to symmetry; with labels, solutions that are permutations of each other in the limit
    of many neurons are kept apart.
    """
    found: list[State] = []
    for start in points:
        state = describe(law, *_reached(law, start, temperature), labelled)
        if not any(np.abs(state.n - other.n).max() < SAME for other in found):
            found.append(state)
    if not any(other.phase == "E" for other in found):
        found.append(describe(law, np.zeros(law.rows.shape[1]), temperature, 0.0, labelled))
    return tuple(sorted(found, key=lambda state: (round(state.free_energy, 13), -state.stable)))


def _reached(law: Law, start: Floats, temperature: float) -> tuple[Floats, float, float]:
    n, residual = converge(law, start, temperature)
    return n, temperature, residual
