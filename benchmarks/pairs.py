"""Time two ways to do the same thing in turns, so that a busy machine slows both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Ours and the alternative.

    Parameters
    ----------
    name : str
        Short name.
    ours, alternative : str
        What is timed, in words.
    run_ours, run_alternative : callable
        One execution each.
    promise : str
        What the medians must satisfy, in words.
    keeps : callable
        ``keeps(ours, alternative) -> bool`` on the medians, in seconds.
    n_repeats : int, default=15
        Timed executions of each, after one that is not timed.
    """

    name: str
    ours: str
    alternative: str
    run_ours: Callable[[], Any]
    run_alternative: Callable[[], Any]
    promise: str
    keeps: Callable[[float, float], bool]
    n_repeats: int = 15


def measure(pair: Pair) -> dict[str, Any]:
    """Time a pair; the ratio is the median of the ratios of neighbours in time."""
    pair.run_ours()
    pair.run_alternative()
    ours, alternative = [], []
    for _ in range(pair.n_repeats):
        ours.append(_time(pair.run_ours))
        alternative.append(_time(pair.run_alternative))
    ratios = [a / b for a, b in zip(ours, alternative, strict=True)]
    low, ratio, high = statistics.quantiles(ratios, n=4)
    medians = statistics.median(ours), statistics.median(alternative)
    return {
        "name": pair.name,
        "ours": pair.ours,
        "alternative": pair.alternative,
        "n_repeats": pair.n_repeats,
        "ours_median_s": medians[0],
        "alternative_median_s": medians[1],
        "ratio_median": ratio,
        "ratio_quartiles": [low, high],
        "promise": pair.promise,
        "kept": bool(pair.keeps(*medians)),
        "ours_s": ours,
        "alternative_s": alternative,
    }


def _time(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
