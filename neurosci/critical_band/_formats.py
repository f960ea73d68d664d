"""Values with their intervals as text, and words that depend on where the networks come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP, format_number

if TYPE_CHECKING:
    from ._compute import Findings

PERCENT = f"{NBSP}%"


def share(value: float) -> str:
    """Return a fraction as a whole percentage."""
    return f"{format_number(100 * value, 0)}{PERCENT}"


def bracket(metric: Metric, decimals: int) -> str:
    """Return the interval in brackets with as many decimals as the value; empty where there is none."""
    if metric.low is None or metric.high is None or np.isnan([metric.low, metric.high]).any():
        return ""
    high = "no upper limit" if metric.high == np.inf else format_number(metric.high, decimals)
    return f" [{format_number(metric.low, decimals)}, {high}]"


def with_interval(metric: Metric, decimals: int, unit: str = "") -> str:
    """Return value, interval and unit as plain text."""
    percent = PERCENT if metric.unit == "%" else ""
    return f"{format_number(metric.value, decimals)}{percent}{bracket(metric, decimals)}{unit and ' ' + unit}"


def bold(metric: Metric, decimals: int) -> str:
    """Return the value in bold with its interval."""
    percent = PERCENT if metric.unit == "%" else ""
    return f"**{format_number(metric.value, decimals)}{percent}**{bracket(metric, decimals)}"


def kind_of(found: Findings) -> str:
    """Return what the networks of this run are."""
    return "synthetic networks" if found.release.synthetic else "networks"


def finding_of(found: Findings, sentence: str) -> str:
    """Return the first sentence of a caption, with its warning when networks are simulated."""
    return f"Synthetic networks: {sentence[0].lower()}{sentence[1:]}" if found.release.synthetic else sentence
