"""Random networks and graphs for tests, without touching the global generator of torch."""

from __future__ import annotations

import functools
import inspect

import torch

from neurosci._training import seeded


def drawn(test):
    """Seed torch inside a test, which may leave its global generator as it was only."""
    own = inspect.signature(test)

    @functools.wraps(test)
    def run(seed, **fixtures):
        with seeded(seed, "test"):
            test(**fixtures, **({"seed": seed} if "seed" in own.parameters else {}))

    parameter = inspect.Parameter("seed", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    others = [p for name, p in own.parameters.items() if name != "seed"]
    run.__signature__ = own.replace(parameters=[parameter, *others])
    return run


def graphs(n_graphs, n_rois, dtype=torch.float64):
    upper = torch.triu(torch.rand(n_graphs, n_rois, n_rois) < 0.3, 1)
    return (upper | upper.transpose(1, 2) | torch.eye(n_rois, dtype=torch.bool)).to(dtype)
