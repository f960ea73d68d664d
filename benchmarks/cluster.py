"""What a dask cluster of two processes brings: the same work there and in this process, in turns."""

from __future__ import annotations

import atexit
import contextlib
import functools
from typing import Any

from benchmarks.pairs import Pair, Target

ARGUMENTS = (2000, 64, 24, 8)
"""Neurons, active ones, synapses and threshold of a dendritic segment."""


@functools.cache
def _client() -> Any:
    """Return a client of a cluster of two processes on this machine, which ends with this process."""
    from distributed import Client, LocalCluster

    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    cluster = stack.enter_context(
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        )
    )
    client = stack.enter_context(Client(cluster, set_as_default=False))
    client.wait_for_workers(2)
    return client


def one(n_trials: int) -> float:
    """Simulate a false-positive rate in blocks, in this process."""
    from neurosci.dendrites import simulate_false_positives

    return float(simulate_false_positives(*ARGUMENTS, n_trials, method="urn", random_state=0).estimate)


def two(n_trials: int) -> float:
    """Simulate it on the cluster: the same call in another context."""
    import joblib

    with joblib.parallel_config(backend="dask", client=_client()):
        return one(n_trials)


def _ratio(rows: list[dict[str, Any]]) -> float:
    return float(rows[-1]["ours"]["wall"] / rows[-1]["peer"]["wall"])


PAIRS = (
    Pair(
        name="cluster_scaling",
        ours_words="Monte-Carlo false positives on a dask cluster of two processes",
        peer_words="the same in this process",
        ours=two,
        peer=one,
        sizes=(10_000_000, 80_000_000),
        unit="comparisons",
        n_rounds=3,
        disagreement=lambda ours, peer: abs(ours - peer),
        max_disagreement=0.0,
        disagreement_words="difference of the rates",
        targets=(
            Target(
                words="time on two processes over time on one (a ratio; half is the most)",
                limit=0.65,
                value=_ratio,
            ),
        ),
    ),
)
