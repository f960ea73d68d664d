"""Starts for many neurons: states of rates alone, without connections.

Weights refitted to random blocks, as for few neurons, know these blocks by heart: each state's n_features
weights of a neuron are fitted to few bins, and a bin raises the likelihood of the state that it was fitted
with by n_neurons * n_features / (2 * bins of the state) nats. Where that is more than a bin tells about its
state, no bin ever changes state again. Rates are few.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ._em import baseline, random_blocks, transition_start
from ._m_step import Model
from ._passes import Parameters, Recording
from ._poisson_hmm import maximise, mean_rates

Floats = NDArray[np.float64]


def rate_start(
    model: Model,
    counts: NDArray[np.unsignedinteger],
    edges: NDArray[np.int64],
    n_states: int,
    dwell: float,
    seeds: Sequence[np.random.Generator],
    max_iter: int,
    tol: float,
) -> tuple[Parameters, Floats]:
    """Return states of rates, each neuron's baseline in each state, and the objective of every start.

    Weights are zero. Baselines differ between states even where the model shares them: the first E-step needs
    something to tell states apart.
    """
    data = Recording(counts, np.zeros((1, 0)), edges)
    lowest = 0.5 / data.n_bins
    best, ends = None, []
    for seed in seeds:
        labels = random_blocks(edges, n_states, dwell, seed)
        gamma = (labels[:, None] == np.arange(n_states)).astype(float)
        rates = np.maximum(mean_rates(counts, gamma, np.ones((n_states, data.n_neurons))), lowest)
        found = maximise(data, rates, transition_start(n_states), max_iter, tol * data.n_bins, model.sticky)
        ends.append(found[0][-1])
        if best is None or ends[-1] > best[0][-1]:
            best = found
    assert best is not None  # noqa: S101 (there is at least one start)
    _, rates, transmat, _ = best
    intercept = baseline(model.link, np.maximum(rates, lowest))
    start = Parameters(
        np.zeros((n_states, *model.free.shape)), intercept, transmat, np.full(n_states, 1 / n_states)
    )
    return start, np.array(ends)


def shared(model: Model, now: Parameters, rates: Floats) -> Parameters:
    """Return parameters whose baselines are those of the mean rates where the model shares them."""
    if not model.shared_intercept:
        return now
    common = np.broadcast_to(baseline(model.link, rates), now.intercept.shape)
    return Parameters(now.weights, common.copy(), now.transmat, now.start)
