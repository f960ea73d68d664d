"""Scans that switch between states of connectivity, with known truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import check_option
from neurosci._core.random import check_random_state

_WHERE = "make_switching_fc"
TASKS = ("dwell", "order", "static")


def make_switching_fc(
    n_subjects: int = 200,
    *,
    task: str = "dwell",
    n_times: int = 240,
    dwell: tuple[float, float] = (15.0, 45.0),
    delta: float = 0.15,
    n_states: int = 4,
    n_modules: int = 8,
    module_size: int = 4,
    coupling: float = 0.8,
    strength: float = 0.6,
    hrf: bool = False,
    t_r: float = 2.0,
    noise: float = 0.0,
    noise_autocorrelation: float = 0.5,
    random_state: object = None,
) -> Any:
    r"""Make scans of two classes whose connectivity switches between states.

    Parameters
    ----------
    n_subjects : int, default=200
        Scans; half of them, rounded down, are of class 1, in random order.
    task : {"dwell", "order", "static"}, default="dwell"
        What tells the classes apart: how long a state lasts, the order in which states follow one another,
        or, as a positive control, one block of every state's connectivity.
    n_times : int, default=240
        Frames of a scan.
    dwell : tuple of float, default=(15.0, 45.0)
        Mean frames in a state, at least 1, of class 0 and of class 1; only "dwell" uses the second.
    delta : float, default=0.15
        What class 1 of "static" adds to the correlation of the first and the last module.
    n_states : int, default=4
        States, at least 2 and fewer than `n_modules`; at least 3 for "order", where two states have no order.
    n_modules : int, default=8
        Modules, an even number of at least 4.
    module_size : int, default=4
        Regions of a module.
    coupling : float, default=0.8
        Correlation of two modules that a state couples, relative to that within a module.
    strength : float, default=0.6
        Correlation of two regions of one module.
    hrf : bool, default=False
        Whether the scans are convolved with the canonical haemodynamic response (Glover's). It runs one way
        in time, so that the classes of "order" are then no longer the exact reversal of one another.
    t_r : float, default=2.0
        Seconds between frames; only `hrf` uses it.
    noise : float, default=0.0
        Standard deviation of the noise, relative to that of the signal, which is 1.
    noise_autocorrelation : float, default=0.5
        Coefficient of the noise, an autoregression of order 1.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness.

    Returns
    -------
    Bunch
        With X, ndarray of float32, shape (n_subjects, n_times, n_regions); y, ndarray of int64, shape
        (n_subjects,); z, ndarray of int64, shape (n_subjects, n_times), the state of each frame; C, ndarray
        of shape (2, n_states, n_regions, n_regions), the covariance of each state in either class (equal
        unless `task` is "static"); module, ndarray of int64, shape (n_regions,); task, str.

    Raises
    ------
    ValueError
        If an argument is out of its range, or a covariance is not positive definite.

    Notes
    -----
    State :math:`k` couples the modules along the :math:`k`-th perfect matching of the round robin, so that
    no two states share a pair and all are permutations of one another: no state is denser. Frames are
    drawn from :math:`N(0, C_{z_t})`, independently given the states. A visit lasts 1 + Poisson(m - 1)
    frames; the first is cut to a length that is uniform up to its own. The next state is uniform over the
    others, and for "order" the next in a circle.

    Class 1 of "order" is drawn as class 0 is and reversed in time. Every statistic that does not look at
    the order of frames, such as static connectivity, the spread of windows, occupancy, dwell or the number
    of switches, therefore has the same distribution in both classes.

    References
    ----------
    Choi J, Keum S, Yun E, Kim B-H, Lee J (2023). A generative self-supervised framework using functional
    connectivity in fMRI data. arXiv:2312.01994. The generator is a test of its claim and none of the paper's.

    Examples
    --------
    >>> from neurosci.fc_ssl import make_switching_fc
    >>> data = make_switching_fc(6, task="order", n_times=60, random_state=0)
    >>> data.X.shape, data.y.sum(), data.C.shape
    ((6, 60, 32), np.int64(3), (2, 4, 32, 32))
    """
    from sklearn.utils import Bunch

    check_option(_WHERE, "task", task, TASKS)
    _check_counts(n_subjects, n_times, n_states, n_modules, module_size, task)
    means = _check_numbers(dwell, t_r, noise, noise_autocorrelation)
    C = np.stack(
        [
            _covariances(n_states, n_modules, module_size, coupling, strength, extra)
            for extra in (0.0, delta if task == "static" else 0.0)
        ]
    )
    smallest = float(np.linalg.eigvalsh(C)[..., 0].min())
    if smallest <= 0:
        raise ValueError(
            f"{_WHERE}: strength, coupling and delta must give positive definite covariances, got a smallest "
            f"eigenvalue of {smallest:.3g} (lower them)"
        )
    rng = check_random_state(random_state)
    kernel = _response(float(t_r)) if hrf else np.ones(1)
    # frames before the first, so that the response to them is whole
    before = len(kernel) - 1
    y = rng.permutation(np.arange(n_subjects) < n_subjects // 2).astype(np.int64)
    z = np.stack([state_path(task, int(label), n_times + before, n_states, means, rng) for label in y])
    X = rng.standard_normal((*z.shape, C.shape[-1]), dtype=np.float32)
    roots = np.linalg.cholesky(C).astype(np.float32)
    for label in (0, 1):
        for state in range(n_states):
            chosen = (z == state) & (y == label)[:, np.newaxis]
            X[chosen] = X[chosen] @ roots[label, state].T
    if hrf:
        X, z = _convolved(X, kernel), z[:, before:]
    if noise:
        X += np.float32(noise) * _autoregression(X.shape, noise_autocorrelation, rng)
    module = np.repeat(np.arange(n_modules), module_size)
    return Bunch(X=X, y=y, z=z, C=C, module=module, task=task)


def matchings(n_modules: int) -> list[list[tuple[int, int]]]:
    """Return the perfect matchings of the round robin: every pair of modules is in one of them."""
    last = n_modules - 1
    return [
        [(turn, last), *(((turn + i) % last, (turn - i) % last) for i in range(1, n_modules // 2))]
        for turn in range(last)
    ]


def state_path(
    task: str, label: int, n_times: int, n_states: int, means: tuple[float, float], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return the state of each frame; class 1 of "order" is a path of class 0, reversed."""
    mean = means[label if task == "dwell" else 0]
    path = np.empty(n_times, dtype=np.int64)
    state, start = int(rng.integers(n_states)), 0
    while start < n_times:
        length = 1 + int(rng.poisson(mean - 1))
        if start == 0:
            length = int(rng.integers(1, length + 1))
        path[start : start + length] = state
        start += length
        step = 1 if task == "order" else int(rng.integers(1, n_states))
        state = (state + step) % n_states
    return path[::-1].copy() if task == "order" and label else path


def _covariances(
    n_states: int, n_modules: int, size: int, coupling: float, strength: float, extra: float
) -> NDArray[np.float64]:
    made = []
    for pairs in matchings(n_modules)[:n_states]:
        blocks = np.eye(n_modules)
        for a, b in pairs:
            blocks[a, b] = blocks[b, a] = coupling
        blocks *= strength
        blocks[[0, -1], [-1, 0]] += extra
        regions = np.kron(blocks, np.ones((size, size)))
        np.fill_diagonal(regions, 1.0)
        made.append(regions)
    return np.stack(made)


def _response(t_r: float) -> NDArray[np.float64]:
    """Return the haemodynamic response at each frame, scaled so that it keeps the variance of white noise."""
    from nilearn.glm.first_level import glover_hrf

    kernel = np.asarray(glover_hrf(t_r, oversampling=1), dtype=np.float64)
    return np.asarray(kernel / np.sqrt((kernel**2).sum()))


def _convolved(X: NDArray[np.float32], kernel: NDArray[np.float64]) -> NDArray[np.float32]:
    from scipy.signal import fftconvolve

    made = fftconvolve(X, kernel[np.newaxis, :, np.newaxis], mode="valid", axes=1)
    return np.asarray(made, dtype=np.float32)


def _autoregression(
    shape: tuple[int, ...], coefficient: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    from scipy.signal import lfilter

    innovations = rng.standard_normal(shape)
    innovations[:, 1:] *= np.sqrt(1 - coefficient**2)
    return np.asarray(lfilter([1.0], [1.0, -coefficient], innovations, axis=1), dtype=np.float32)


def _check_counts(
    n_subjects: Any, n_times: Any, n_states: Any, n_modules: Any, module_size: Any, task: str
) -> None:
    limits = {
        "n_subjects": (n_subjects, 2),
        "n_times": (n_times, 2),
        "n_states": (n_states, 3 if task == "order" else 2),
        "n_modules": (n_modules, 4),
        "module_size": (module_size, 1),
    }
    for name, (value, low) in limits.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
            raise ValueError(f"{_WHERE}: {name} must be an integer of at least {low}, got {value!r}")
    if n_modules % 2:
        raise ValueError(f"{_WHERE}: n_modules must be even, got {n_modules}")
    if n_states >= n_modules:
        raise ValueError(
            f"{_WHERE}: n_states must be below n_modules, which has {n_modules - 1} matchings, got {n_states}"
        )


def _check_numbers(dwell: Any, t_r: float, noise: float, noise_autocorrelation: float) -> tuple[float, float]:
    means = tuple(float(mean) for mean in dwell)
    if len(means) != 2 or not all(np.isfinite(mean) and mean >= 1 for mean in means):
        raise ValueError(f"{_WHERE}: dwell must be two means of at least 1 frame, got {dwell!r}")
    if not (np.isfinite(t_r) and t_r > 0):
        raise ValueError(f"{_WHERE}: t_r must be a positive number of seconds, got {t_r}")
    if not (np.isfinite(noise) and noise >= 0):
        raise ValueError(f"{_WHERE}: noise must be at least 0, got {noise}")
    if not -1 < noise_autocorrelation < 1:
        raise ValueError(
            f"{_WHERE}: noise_autocorrelation must be between -1 and 1, got {noise_autocorrelation}"
        )
    return means[0], means[1]
