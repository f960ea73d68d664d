r"""Posterior of one connection in all states: three types, log-normal strengths, one Dirichlet prior.

All is in units of the standard error :math:`1/\sqrt h` of a weight. For an estimate :math:`\hat z` of the
weight the evidence of "excitatory" relative to "none" is
:math:`R = \int e^{\hat z x - x^2/2} N(v; m, \sigma^2)\,dv` with :math:`x = e^v`, and that of "inhibitory" the
same at :math:`-\hat z`. The trapezoidal rule on a line converges geometrically for such integrands; steps
keep its error below 1e-9. The types of the states are summed over exactly, through how many of them are
inhibitory and excitatory.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._math import exp

Floats = NDArray[np.float64]

STRONG = 12.0  # from here on the other modes of the integrand have a share below e**-72
INHIBITORY, NONE, EXCITATORY = 0, 1, 2


@njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy")
def _exponents(
    estimate: float, centre: float, inverse: float, low: float, step: float, x: Floats, e: Floats
) -> None:
    for k in range(x.size):
        v = low + k * step
        x[k] = exp(v)
        d = (v - centre) * inverse
        e[k] = estimate * x[k] - 0.5 * x[k] * x[k] - 0.5 * d * d


@njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy")
def _weights(e: Floats, top: float) -> None:
    for k in range(e.size):
        e[k] = exp(e[k] - top)


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"}, error_model="numpy")
def _moments(x: Floats, weights: Floats, low: float, step: float, out: Floats) -> float:
    total = first = second = 0.0
    log_first = log_second = 0.0
    for k in range(x.size):
        weight = weights[k]
        v = low + k * step
        total += weight
        first += weight * x[k]
        second += weight * x[k] * x[k]
        log_first += weight * v
        log_second += weight * v * v
    out[0], out[1], out[2], out[3] = first / total, second / total, log_first / total, log_second / total
    return total


@njit(cache=True, nogil=True)
def slab(estimate: float, centre: float, sigma: float, x: Floats, e: Floats, out: Floats) -> float:
    """Return ln R, and write the means of x, x**2, v and v**2 to `out`."""
    if estimate > STRONG:
        v = np.log(estimate)
        for _ in range(20):
            size = np.exp(v)
            slope = estimate * size - size * size - (v - centre) / sigma**2
            bend = 2.0 * size * size - estimate * size + 1.0 / sigma**2
            change = slope / max(bend, 0.25 * size * size)
            v += min(max(change, -0.5), 0.5)
            if abs(change) < 1e-12:
                break
        size = np.exp(v)
        width = 1.0 / np.sqrt(max(2.0 * size * size - estimate * size + 1.0 / sigma**2, 1e-12))
        low, high, step = v - 9.0 * width, v + 9.0 * width, 0.45 * width
    else:
        step = min(0.1, sigma / 3.0)
        if estimate > 4.5:
            step = min(step, 0.5 / estimate)
        # here the likelihood's exponent is at least -1.5, so that the peak is no lower than this
        reference = min(centre, 0.0 if estimate >= 0.0 else -np.log(1.0 - estimate))
        depth = 41.5 + 0.5 * ((reference - centre) / sigma) ** 2
        low = reference - 8.0 * sigma
        above = max(centre, np.log(max(estimate, 1.0))) + 8.0 * sigma
        high = min(above, np.log(estimate + np.sqrt(estimate * estimate + 2.0 * depth)))
        high = max(high, low + step)
    n = min(int((high - low) / step) + 2, x.size)
    _exponents(estimate, centre, 1.0 / sigma, low, step, x[:n], e[:n])
    top = e[:n].max()
    _weights(e[:n], top)
    total = _moments(x[:n], e[:n], low, step, out)
    return float(top + np.log(total * step / (sigma * 2.5066282746310002)))


@njit(cache=True, nogil=True)
def edge(
    estimate: Floats,
    half_log_h: Floats,
    mu: float,
    sigma: float,
    table: Floats,
    work: Floats,
    lattice: Floats,
    share: Floats,
    moments: Floats,
    histogram: Floats,
) -> float:
    """Return the log evidence of one connection, relative to none in every state.

    `share` (n_states, 3) becomes the probabilities of the types; `moments` (n_states, 5) the mean weight, its
    square, and the mean of ln w and its square weighted by the probability of a connection, and the mean size
    given one; what the first two hold is in standard errors. `histogram` gains the distribution of how many
    states are inhibitory and excitatory. `table` holds the prior of those numbers.
    """
    n_states = estimate.size
    slabs = np.empty((2, 4))
    evidence = np.empty((n_states, 3))
    within = np.empty((n_states, 2, 4))
    shift = 0.0
    for s in range(n_states):
        centre = mu + half_log_h[s]
        minus = slab(-estimate[s], centre, sigma, work[0], work[1], slabs[0])
        plus = slab(estimate[s], centre, sigma, work[0], work[1], slabs[1])
        top = max(0.0, minus, plus)
        evidence[s, INHIBITORY] = np.exp(minus - top)
        evidence[s, NONE] = np.exp(-top)
        evidence[s, EXCITATORY] = np.exp(plus - top)
        within[s] = slabs
        shift += top
    ahead, behind = lattice[0], lattice[1]
    behind[n_states] = 0.0
    for i in range(n_states + 1):
        for j in range(n_states + 1 - i):
            behind[n_states, i, j] = table[i, j]
    for s in range(n_states - 1, -1, -1):
        for i in range(s + 1):
            for j in range(s + 1 - i):
                behind[s, i, j] = (
                    evidence[s, INHIBITORY] * behind[s + 1, i + 1, j]
                    + evidence[s, NONE] * behind[s + 1, i, j]
                    + evidence[s, EXCITATORY] * behind[s + 1, i, j + 1]
                )
    total = behind[0, 0, 0]
    ahead[:] = 0.0
    ahead[0, 0, 0] = 1.0
    for s in range(n_states):
        share[s] = 0.0
        for i in range(s + 1):
            for j in range(s + 1 - i):
                so_far = ahead[s, i, j]
                a = so_far * evidence[s, INHIBITORY]
                b = so_far * evidence[s, NONE]
                c = so_far * evidence[s, EXCITATORY]
                ahead[s + 1, i + 1, j] += a
                ahead[s + 1, i, j] += b
                ahead[s + 1, i, j + 1] += c
                share[s, INHIBITORY] += a * behind[s + 1, i + 1, j]
                share[s, NONE] += b * behind[s + 1, i, j]
                share[s, EXCITATORY] += c * behind[s + 1, i, j + 1]
        norm = share[s, 0] + share[s, 1] + share[s, 2]
        share[s] /= norm
        minus, plus = share[s, INHIBITORY], share[s, EXCITATORY]
        low, high = within[s, 0], within[s, 1]
        moments[s, 0] = plus * high[0] - minus * low[0]
        moments[s, 1] = plus * high[1] + minus * low[1]
        shifted = half_log_h[s]
        moments[s, 2] = minus * (low[2] - shifted) + plus * (high[2] - shifted)
        moments[s, 3] = minus * (low[3] - 2 * shifted * low[2] + shifted**2) + plus * (
            high[3] - 2 * shifted * high[2] + shifted**2
        )
        moments[s, 4] = (plus * high[0] + minus * low[0]) / max(plus + minus, 1e-300)
    for i in range(n_states + 1):
        for j in range(n_states + 1 - i):
            histogram[i, j] += ahead[n_states, i, j] * table[i, j] / total
    return float(shift + np.log(total))


@njit(cache=True, nogil=True)
def sweep(
    n_sweeps: int,
    weights: Floats,
    gradient: Floats,
    correlation: Floats,
    h: Floats,
    free: NDArray[np.bool_],
    mu: float,
    sigma: float,
    table: Floats,
    estimate: Floats,
    share: Floats,
    moments: Floats,
    histogram: Floats,
    intercept_step: Floats,
    intercept: Floats,
    intercept_mean: float,
    intercept_precision: float,
    shared: bool,
    tol: float,
) -> float:
    """Update the connections to one neuron in turn, on the quadratic model of its likelihood.

    Parameters
    ----------
    n_sweeps : int
        Most rounds over the sources.
    weights : ndarray of shape (n_states, n_features)
        Posterior means; updated.
    gradient : ndarray of shape (n_states, n_features + 1)
        Gradient of the model at the current weights; updated.
    correlation : ndarray of shape (n_states, n_features + 1, n_features + 1)
        Curvature over the square roots of its diagonal.
    h : ndarray of shape (n_states, n_features + 1)
        Diagonal of the curvature.
    free, mu, sigma, table, estimate, share, moments, histogram
        As in `edge`; the estimates are updated.
    intercept_step : ndarray of shape (n_states,)
        Gains the change of the baselines.
    intercept : ndarray of shape (n_states,)
        Baselines; updated.
    intercept_mean, intercept_precision, shared, tol
        Prior of the baselines, whether all states have one, and the change in standard errors that ends.

    Returns
    -------
    float
        Penalty: sum of ``estimate * mean - mean**2 / 2 - ln evidence`` over connections.
    """
    n_states, n_features = weights.shape
    work = np.empty((2, 2048))
    lattice = np.zeros((2, n_states + 2, n_states + 2, n_states + 2))
    now, half = np.empty(n_states), np.empty(n_states)
    penalty = 0.0
    for _ in range(n_sweeps):
        largest = 0.0
        penalty = 0.0
        histogram[:] = 0.0
        for d in range(n_features):
            if not free[d]:
                continue
            for s in range(n_states):
                root = np.sqrt(h[s, d])
                half[s] = np.log(root)
                now[s] = weights[s, d] * root + gradient[s, d] / root
            penalty -= edge(now, half, mu, sigma, table, work, lattice, share[:, d], moments[:, d], histogram)
            for s in range(n_states):
                root = np.sqrt(h[s, d])
                mean = moments[s, d, 0]
                estimate[s, d] = now[s]
                penalty += now[s] * mean - 0.5 * mean * mean
                change = mean - weights[s, d] * root
                weights[s, d] = mean / root
                largest = max(largest, abs(change))
                for k in range(n_features + 1):
                    gradient[s, k] -= change * correlation[s, d, k] * np.sqrt(h[s, k])
        up = down = 0.0
        for s in range(n_states):
            up += gradient[s, n_features]
            down += h[s, n_features]
        for s in range(n_states):
            if not shared:
                up, down = gradient[s, n_features], h[s, n_features]
            change = (up - (intercept[s] - intercept_mean) * intercept_precision) / (
                down + intercept_precision
            )
            intercept_step[s] += change
            intercept[s] += change
            largest = max(largest, abs(change) * np.sqrt(down))
            for k in range(n_features + 1):
                gradient[s, k] -= change * correlation[s, n_features, k] * np.sqrt(h[s, n_features] * h[s, k])
        if largest < tol:
            break
    return penalty


@njit(cache=True, nogil=True)
def shrink(
    estimate: Floats,
    h: Floats,
    free: NDArray[np.bool_],
    mu: float,
    sigma: float,
    table: Floats,
    weights: Floats,
    share: Floats,
    moments: Floats,
    histogram: Floats,
) -> float:
    """Turn given estimates of one neuron's connections into posterior means; return the penalty."""
    n_states, n_features = weights.shape
    work = np.empty((2, 2048))
    lattice = np.zeros((2, n_states + 2, n_states + 2, n_states + 2))
    now, half = np.empty(n_states), np.empty(n_states)
    penalty = 0.0
    histogram[:] = 0.0
    for d in range(n_features):
        if not free[d]:
            continue
        for s in range(n_states):
            now[s] = estimate[s, d]
            half[s] = 0.5 * np.log(h[s, d])
        penalty -= edge(now, half, mu, sigma, table, work, lattice, share[:, d], moments[:, d], histogram)
        for s in range(n_states):
            mean = moments[s, d, 0]
            penalty += now[s] * mean - 0.5 * mean * mean
            weights[s, d] = mean / np.sqrt(h[s, d])
    return penalty
