"""Peers of the network, each in an environment of its own: nothing of ours is imported here."""

from __future__ import annotations

from typing import Any

import numpy as np

_PEERS: dict[Any, Any] = {}
# the first call is slower than the others
REPEATS = 3


def hopfieldkit_recall(data: dict[str, Any]) -> float:
    """Recall by hopfieldkit, one pass in fixed order, which is one sweep at temperature 0."""
    import time

    from hopfieldkit import HopfieldNetwork

    patterns = np.asarray(data["patterns"], float)
    if ("kit", patterns.shape) not in _PEERS:
        _PEERS["kit", patterns.shape] = HopfieldNetwork(patterns.shape[1]).fit(patterns)
    state, seconds = np.asarray(data["state"]), []
    for _ in range(REPEATS):
        start = time.process_time()
        _PEERS["kit", patterns.shape].recall(state, order="sequential", max_steps=1)
        seconds.append(time.process_time() - start)
    return min(seconds) / patterns.shape[1]


def hopfieldnetwork_recall(data: dict[str, Any]) -> float:
    """Update by hopfieldnetwork, asynchronous at temperature 0: one sweep in random order."""
    import time

    from hopfieldnetwork import HopfieldNetwork

    patterns = np.asarray(data["patterns"])
    if ("network", patterns.shape) not in _PEERS:
        network = HopfieldNetwork(N=patterns.shape[1])
        network.train_pattern(patterns.T)
        _PEERS["network", patterns.shape] = network
    network = _PEERS["network", patterns.shape]
    state, seconds = np.asarray(data["state"]), []
    for _ in range(REPEATS):
        network.set_initial_neurons_state(np.copy(state))
        start = time.process_time()
        network.update_neurons(iterations=1, mode="async")
        seconds.append(time.process_time() - start)
    return min(seconds) / patterns.shape[1]
