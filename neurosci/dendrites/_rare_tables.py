"""Tables of rare events: single segments far below what can be simulated, and many segments at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci._core.context import Context

from . import _work as work
from ._probability import decades, false_positive_prob, population_false_positive
from ._rate import Z_95

if TYPE_CHECKING:
    import pandas as pd

    from .analysis import DendritesParams

RARE = (
    (1000, 64, 24, 8),
    (10_000, 300, 24, 9),
    (10_000, 300, 24, 12),
    (20_000, 200, 30, 14),
    (16_000, 512, 30, 18),
    (10_000, 100, 30, 16),
    (50_000, 500, 30, 20),
    (20_000, 200, 40, 25),
    (100_000, 1000, 40, 28),
    (100_000, 500, 40, 29),
)
"""Ten probabilities from 1e-6 to 1e-60 that only tilted sampling reaches."""
SPLIT = (10_000, 300, 24, 12)
MANY: dict[str, Any] = {"n": 2048, "a": 40, "s": 24, "n_segments": 1024}
PER_PATTERN = (1, 4, 16, 64)
SHARED_THRESHOLDS = (6, 8, 12)


def rare_table(params: DendritesParams, context: Context) -> pd.DataFrame:
    """Return rare probabilities: exact, by tilted sampling, and one of them by splitting."""
    import pandas as pd

    names = ("n", "a", "s", "theta")
    items = {
        f"tilted {values}": {**dict(zip(names, values, strict=True)), "n_trials": params.n_tilted_trials}
        for values in RARE
    }
    units = context.map(work.tilted, items, stage="tilted sampling", seed=params.seed)
    split = {
        f"splitting {SPLIT}": {
            **dict(zip(names, SPLIT, strict=True)),
            "n_particles": params.n_particles,
            "n_sweeps": params.n_sweeps,
            "n_repeats": params.n_splitting_repeats,
        }
    }
    others = context.map(work.splitting, split, stage="splitting", seed=params.seed)
    table = pd.DataFrame([*RARE, SPLIT], columns=list(names))
    table["method"] = ["tilted sampling"] * len(RARE) + ["splitting"]
    exact = np.array([float(false_positive_prob(*row, log=True)) for row in (*RARE, SPLIT)])
    found = [*units.values(), *others.values()]
    estimates = np.array([float(unit["log_estimate"]) for unit in found])
    table["log10_exact"], table["log10_estimate"] = decades(exact), decades(estimates)
    table["ratio"] = np.exp(estimates - exact)
    table["relative_error"] = np.array([float(unit["relative_error"]) for unit in found])
    table["z"] = (table["ratio"] - 1) / table["relative_error"]
    table["ess"] = np.array([float(unit["ess"]) for unit in found])
    table["n_trials"] = np.array([int(unit["n_trials"]) for unit in found])
    return table


def shared_table(params: DendritesParams, context: Context) -> pd.DataFrame:
    """Return how often any of many segments matches, by how many of them sample the same pattern."""
    import pandas as pd

    table = pd.DataFrame(
        [(t, k) for t in SHARED_THRESHOLDS for k in PER_PATTERN], columns=["theta", "per_pattern"]
    )
    table = table.assign(**MANY)
    items = {
        f"theta={row['theta']} each={row['per_pattern']}": {**row, "n_trials": params.n_mixture_trials}
        for row in table.to_dict("records")
    }
    units = context.map(work.shared, items, stage="segments that share", seed=params.seed)
    about = (table[name] for name in ("n", "a", "s", "theta", "n_segments"))
    n, a, s, theta, many = (column.to_numpy() for column in about)
    bound = population_false_positive(n, a, s, theta, many, bound=True, log=True)
    found = np.array([float(unit["log_estimate"]) for unit in units.values()])
    error = np.array([float(unit["relative_error"]) for unit in units.values()])
    table["log10_estimate"], table["log10_bound"] = decades(found), decades(bound)
    table["log10_independent"] = decades(population_false_positive(n, a, s, theta, many, log=True))
    table["ratio"], table["relative_error"] = np.exp(found - bound), error
    table["low"], table["high"] = (table["ratio"] * np.exp(sign * Z_95 * error) for sign in (-1, 1))
    return table.assign(n_trials=params.n_mixture_trials)
