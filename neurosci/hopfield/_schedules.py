"""Annealing, and parallel tempering over temperatures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.random import check_random_state

from . import _checks as check
from ._estimator import MultitaskingHopfield


@dataclass(frozen=True, eq=False)
class Annealing:
    """A cooled network.

    Parameters
    ----------
    temperatures : ndarray of shape (n_sweeps,)
        Temperature of each sweep.
    overlaps : ndarray of shape (n_replicas, n_sweeps, n_patterns)
        Overlaps after each sweep.
    energy : ndarray of shape (n_replicas, n_sweeps)
        Energy per neuron after each sweep.
    states : ndarray of shape (n_replicas, n_neurons), int8
        Last states.
    """

    temperatures: NDArray[np.float64]
    overlaps: NDArray[np.float64]
    energy: NDArray[np.float64]
    states: NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Tempering:
    """Replicas at several temperatures that exchange states.

    Parameters
    ----------
    temperatures : ndarray of shape (n_temperatures,)
        Ascending.
    overlaps : ndarray of shape (n_temperatures, n_rounds, n_patterns)
        Overlaps after each round, by temperature.
    energy : ndarray of shape (n_temperatures, n_rounds)
        Energy per neuron.
    swap_acceptance : ndarray of shape (n_temperatures - 1,)
        Share of accepted exchanges between neighbours.
    n_round_trips : int
        How often a state went from the lowest temperature to the highest and back.
    """

    temperatures: NDArray[np.float64]
    overlaps: NDArray[np.float64]
    energy: NDArray[np.float64]
    swap_acceptance: NDArray[np.float64]
    n_round_trips: int


def anneal(
    network: MultitaskingHopfield,
    temperatures: ArrayLike | None = None,
    n_sweeps: int = 50,
    init: str | ArrayLike = "random",
) -> Annealing:
    """Cool a network step by step.

    Parameters
    ----------
    network : MultitaskingHopfield
        Fitted network.
    temperatures : array of shape (n_steps,), default=None
        Temperatures > 0; ``None`` means 30 geometric steps from 1.2 times the critical one to that of the
        network.
    n_sweeps : int, default=50
        Sweeps at each temperature.
    init : {"random", "hierarchical", "pattern"} or array, default="random"
        First states.

    Returns
    -------
    Annealing
        Series along the schedule.

    Examples
    --------
    >>> from neurosci.hopfield import sample_patterns
    >>> network = MultitaskingHopfield(temperature=0.05, random_state=0)
    >>> cooled = anneal(network.fit(sample_patterns(500, 2, 0.3, random_state=0)), n_sweeps=5)
    >>> bool(cooled.energy[0, -1] < cooled.energy[0, 0])
    True
    """
    where = "anneal"
    sweeps = check.whole(where, "n_sweeps", n_sweeps, 1)
    if temperatures is None:
        low = check.positive(where, "temperature of the network", network.temperature)
        high = 1.2 * (1 - network.dilution_)
        temperatures = np.geomspace(max(high, low), low, 30)
    schedule = np.atleast_1d(np.asarray(temperatures, float))
    if schedule.ndim != 1 or not (np.isfinite(schedule) & (schedule > 0)).all():
        raise ValueError(f"{where}: temperatures must be numbers > 0, got {temperatures!r}")
    rng = check_random_state(network.random_state)
    states = network._start(init, rng)
    sums = []
    for temperature in schedule:
        run = network._run(states, sweeps, rng, temperature=float(temperature))
        states = run.states
        sums.append(run.sums)
    series = np.concatenate(sums, axis=1)
    return Annealing(
        np.repeat(schedule, sweeps), network._to_overlaps(series), network._energy_of(series), states
    )


def parallel_tempering(
    network: MultitaskingHopfield,
    temperatures: ArrayLike,
    n_rounds: int = 1000,
    n_sweeps: int = 1,
    init: str | ArrayLike = "random",
) -> Tempering:
    r"""Sample at several temperatures and exchange states, so that a cold network changes its mode.

    Neighbours exchange with probability :math:`\min(1, e^{(\beta_a - \beta_b)(E_a - E_b)})` with the whole
    energies :math:`E`, so that temperatures must lie as close as one over the root of the number of neurons.

    Parameters
    ----------
    network : MultitaskingHopfield
        Fitted network; its replicas and temperature are not used.
    temperatures : array of shape (n_temperatures,)
        At least two, > 0.
    n_rounds : int, default=1000
        Rounds of sweeps and exchanges.
    n_sweeps : int, default=1
        Sweeps in each round.
    init : {"random", "hierarchical", "pattern"} or array, default="random"
        First states.

    Returns
    -------
    Tempering
        Series by temperature.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.hopfield import sample_patterns
    >>> network = MultitaskingHopfield(random_state=0).fit(sample_patterns(100, 2, 0.3, random_state=0))
    >>> found = parallel_tempering(network, np.geomspace(0.2, 0.7, 6), n_rounds=200)
    >>> found.overlaps.shape
    (6, 200, 2)
    """
    where = "parallel_tempering"
    ladder = np.sort(np.asarray(temperatures, float).ravel())
    if len(ladder) < 2 or not (np.isfinite(ladder) & (ladder > 0)).all():
        raise ValueError(f"{where}: temperatures must be at least two numbers > 0, got {temperatures!r}")
    rounds = check.whole(where, "n_rounds", n_rounds, 1)
    sweeps = check.whole(where, "n_sweeps", n_sweeps, 1)
    rng = check_random_state(network.random_state)
    k, n = len(ladder), network.n_neurons_
    states = np.concatenate([network._start(init, rng)[:1] for _ in range(k)])
    overlaps = np.empty((k, rounds, network.n_patterns_))
    energy = np.empty((k, rounds))
    tried, accepted = np.zeros(k - 1), np.zeros(k - 1)
    walker, heading, trips = np.arange(k), np.zeros(k, int), 0
    for t in range(rounds):
        for a in range(k):
            run = network._run(states[a : a + 1], sweeps, rng, every=sweeps, temperature=float(ladder[a]))
            states[a] = run.states[0]
            overlaps[a, t] = network._to_overlaps(run.sums)[0, -1]
            energy[a, t] = network._energy_of(run.sums)[0, -1]
        current = energy[:, t].copy()
        for a in range(t % 2, k - 1, 2):
            gain = n * (1 / ladder[a] - 1 / ladder[a + 1]) * (current[a] - current[a + 1])
            tried[a] += 1
            if np.log(1 - rng.random()) < gain:
                accepted[a] += 1
                pair, swapped = [a, a + 1], [a + 1, a]
                states[pair], current[pair], walker[pair] = states[swapped], current[swapped], walker[swapped]
        if heading[walker[0]] == 1:
            trips += 1
        heading[walker[0]] = -1
        if heading[walker[-1]] == -1:
            heading[walker[-1]] = 1
    return Tempering(ladder, overlaps, energy, accepted / np.maximum(tried, 1), trips)
