"""Exact curves behind the figures, as tables: nothing here is simulated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._overlap import log_tails
from ._probability import decades, false_negative_prob, false_positive_prob
from ._published import MEASURED_THRESHOLDS, published_grid
from ._union import expected_union_size, union_false_positive_prob
from ._window import median_error_curve, threshold_windows

if TYPE_CHECKING:
    import pandas as pd

SIMULATED_SIZES = {64: range(300, 701, 200), 128: range(300, 1901, 200), 256: range(300, 3501, 200)}
"""Fig. 4A: population sizes by number of active cells."""
SIZES = range(300, 19_901, 200)
SEGMENT: dict[str, Any] = {"s": 24, "theta": 12}
NOISE: dict[str, Any] = {"n": 6000, "a": 128, "s": 30}
NOISE_THRESHOLDS = (8, 12, 16)
SYNAPSE_CURVES = ((2000, 32), (4000, 32), (16_000, 512), (16_000, 4000), (16_000, 256))
UNION_SIZES = (1000, 10_000, 20_000)
UNION: dict[str, Any] = {"a": 200, "s": 25, "theta": 15}
N_MIXED = range(1, 20)
TYPICAL: dict[str, Any] = {"n": 10_000, "a": 300}
ALONE, SHARE, TOGETHER = "a fixed", "a/n fixed", "all in proportion"
"""What may be held fixed while the population grows."""
SEQUENCE: dict[str, Any] = {"a": 64, "theta": 10, "s": 25}
CELLS_PER_GROUP = 19_000
"""Segments of a cell grow as 19,000 a / n in the authors' sequence memory (panel E1)."""


def noise_levels(a: int) -> list[int]:
    """Return the numbers of replaced cells of Fig. 4B: 5 % to 80 % in steps of 5 %."""
    return [round(a * percent / 100) for percent in range(5, 85, 5)]


def positive_points() -> pd.DataFrame:
    """Return the points of Fig. 4A with their exact probabilities."""
    import pandas as pd

    table = pd.DataFrame([(n, a) for a, sizes in SIMULATED_SIZES.items() for n in sizes], columns=["n", "a"])
    table["exact"] = false_positive_prob(table["n"], table["a"], **SEGMENT, method="exact")
    return table


def negative_points() -> pd.DataFrame:
    """Return the points of Fig. 4B with their exact probabilities."""
    import pandas as pd

    levels = noise_levels(NOISE["a"])
    table = pd.DataFrame(
        [(theta, v, v / NOISE["a"]) for theta in NOISE_THRESHOLDS for v in levels],
        columns=["theta", "v", "noise"],
    )
    about = NOISE["a"], NOISE["s"], table["v"], table["theta"]
    table["exact"] = false_negative_prob(*about, method="exact")
    table["log10_exact"] = decades(false_negative_prob(*about, log=True, method="exact"))
    return table


def population_curves() -> pd.DataFrame:
    """Return Fig. 5A: false positives against the size of the population."""
    import pandas as pd

    n = np.array(SIZES)
    active: dict[str, Any] = {
        "64": np.full_like(n, 64),
        "128": np.full_like(n, 128),
        "256": np.full_like(n, 256),
        "n/4": n // 4,
        "n/2": n // 2,
    }
    parts = [pd.DataFrame({"curve": name, "n": n, "a": a}) for name, a in active.items()]
    table = pd.concat(parts, ignore_index=True)
    logs = false_positive_prob(table["n"], table["a"], **SEGMENT, log=True)
    table["p"], table["log10_p"] = np.exp(logs), decades(logs)
    return table


def curvature(curves: pd.DataFrame) -> pd.DataFrame:
    """Return second differences of ln P over steps of n, for the sparse curves of Fig. 5A."""
    import pandas as pd

    parts = []
    for name in ("64", "128", "256"):
        rows = curves[curves["curve"] == name]
        logs = rows["log10_p"].to_numpy() * math.log(10)
        slope = np.diff(logs) / np.diff(np.log(rows["n"].to_numpy()))
        parts.append(
            pd.DataFrame(
                {
                    "curve": name,
                    "n": rows["n"].to_numpy()[1:-1],
                    "p": rows["p"].to_numpy()[1:-1],
                    "second_difference": np.diff(logs, 2),
                    "local_exponent": slope[1:],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def readings() -> pd.DataFrame:
    """Return how false positives fall with n for each choice of what else grows with it.

    A fall faster than exponential has a negative second difference of ln P over n.
    """
    import pandas as pd

    n = np.arange(400, 20_001, 400)
    fixed = np.full_like(n, SEGMENT["s"]), np.full_like(n, SEGMENT["theta"])
    parts = []
    for name, a, (s, theta) in (
        (ALONE, np.full_like(n, 128), fixed),
        (SHARE, 3 * n // 100, fixed),
        (TOGETHER, 3 * n // 100, (n // 200, n // 400)),
    ):
        logs = false_positive_prob(n, a, s, theta, log=True)
        table = pd.DataFrame(
            {"reading": name, "n": n, "a": a, "s": s, "theta": theta, "log10_p": decades(logs)}
        )
        table["decades_per_1000"] = np.append(np.nan, np.diff(table["log10_p"]) / 0.4)
        table["second_difference"] = np.concatenate([[np.nan], np.diff(logs, 2), [np.nan]])
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def synapse_curves() -> pd.DataFrame:
    """Return Fig. 5B: false positives against the number of synapses, with theta = s/2."""
    import pandas as pd

    rows = [(f"{a:,} of {n:,}", n, a, s, s // 2) for n, a in SYNAPSE_CURVES for s in range(2, 31, 2)]
    table = pd.DataFrame(rows, columns=["curve", "n", "a", "s", "theta"])
    logs = false_positive_prob(table["n"], table["a"], table["s"], table["theta"], log=True)
    table["p"], table["log10_p"] = np.exp(logs), decades(logs)
    return table


def median_table() -> pd.DataFrame:
    """Return Fig. 6: medians over both grids, with and without segments that cannot fire."""
    import pandas as pd

    theta = np.arange(3, 25)
    main = median_error_curve(theta, published_grid("figure 6"))
    other = median_error_curve(theta, published_grid("later variant"))
    return pd.DataFrame(
        {
            "theta": theta,
            "median": np.exp(main.log_median),
            "log10_median": decades(main.log_median),
            "median_can_fire": np.exp(main.log_median_can_fire),
            "log10_median_can_fire": decades(main.log_median_can_fire),
            "mean": np.exp(main.log_mean),
            "sd": main.sd,
            "min": main.minimum,
            "max": main.maximum,
            "n_combinations": main.n_combinations,
            "n_can_fire": main.n_can_fire,
            "median_variant": np.exp(other.log_median),
            "median_variant_can_fire": np.exp(other.log_median_can_fire),
        }
    )


def measured_table() -> pd.DataFrame:
    """Return every measured or modelled NMDA threshold."""
    import dataclasses

    import pandas as pd

    table = pd.DataFrame([dataclasses.asdict(item) for item in MEASURED_THRESHOLDS])
    table["inside_printed_range"] = (table["low"] >= 8) & (table["high"] <= 20)
    for column in ("mean", "sd"):
        table[column] = table[column].astype(float)
    return table


def window_table(noise: Sequence[float], alpha: float, beta: float) -> pd.DataFrame:
    """Return admissible thresholds of a typical segment by synapses and noise."""
    import pandas as pd

    table = pd.DataFrame([(x, s) for x in noise for s in range(1, 101)], columns=["noise", "s"])
    low, high = threshold_windows(
        TYPICAL["n"], TYPICAL["a"], table["s"], table["noise"], alpha=alpha, beta=beta
    )
    return table.assign(low=low, high=high, is_empty=low > high)


def synapses_needed(noise: float, alpha: float, beta: float) -> int | None:
    """Return the smallest typical segment for which some threshold is admissible; None up to 100 synapses."""
    table = window_table([noise], alpha, beta)
    found = table.loc[~table["is_empty"], "s"]
    return int(found.min()) if len(found) else None


def grid_windows(noise: float, alpha: float, beta: float) -> pd.DataFrame:
    """Return admissible thresholds of every segment of the published grid."""
    import pandas as pd

    table = pd.DataFrame(published_grid("figure 6"), columns=["n", "a", "s"])
    fits = table["s"] <= table["a"]
    table = table[fits].reset_index(drop=True)
    low, high = threshold_windows(table["n"], table["a"], table["s"], noise, alpha=alpha, beta=beta)
    return table.assign(low=low, high=high, is_empty=low > high)


def union_size_table() -> pd.DataFrame:
    """Return Fig. 7A: expected synapses of a union."""
    import pandas as pd

    table = pd.DataFrame([(1000, s, m) for s in (20, 25, 30) for m in N_MIXED], columns=["n", "s", "M"])
    table["expected"] = expected_union_size(table["n"], table["s"], table["M"])
    return table


def union_table() -> pd.DataFrame:
    """Return Fig. 7B: false positives of a union, by the exact law and by the published approximation."""
    import pandas as pd

    table = pd.DataFrame([(n, m) for n in UNION_SIZES for m in N_MIXED], columns=["n", "M"])
    for method in ("exact", "plugin"):
        logs = union_false_positive_prob(
            table["n"], UNION["a"], UNION["s"], UNION["theta"], table["M"], method=method, log=True
        )
        table[method], table[f"log10_{method}"] = np.exp(logs), decades(logs)
    table["ratio"] = 10 ** (table["log10_plugin"] - table["log10_exact"])
    return table


def sequence_table() -> pd.DataFrame:
    """Return panel E1: expected accuracy of a first-order sequence memory."""
    import pandas as pd

    n = np.unique(np.concatenate([np.arange(300, 4001, 50), [300, 500, 1000, 2000, 4000]]))
    a, s, theta = (np.full_like(n, SEQUENCE[name]) for name in ("a", "s", "theta"))
    groups = CELLS_PER_GROUP * a / n
    cell = -np.expm1(groups * log_tails(n, a, s, theta, lower=True))
    return pd.DataFrame(
        {"n": n, "segments_per_cell": groups, "p_cell": cell, "jaccard": a / (a + cell * (n - a))}
    )
