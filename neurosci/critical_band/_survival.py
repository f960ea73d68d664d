"""Which claims survive other methods: each claim judged by each method, by one rule."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from neurosci._core.claims import Claim
from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP

from ._compute import Findings, robust_key
from ._scores import PRINTED_RANGE

if TYPE_CHECKING:
    import pandas as pd

METHODS = {
    "index": "paper’s method",
    "relative": "relative criterion",
    "likelihood": "maximum likelihood",
    "filter": "filter observer",
}
WORDS = {"reproduced": "yes", "differs": "no", "undecided": "undecided", "not testable here": "no estimate"}

# As in the claims table, but by interval: other methods need not give the printed digits.
RULES = {
    "width": Claim(
        id="CB1", text="human channel, octaves", source="", kind="interval", paper="1.00", printed=("1.00",)
    ),
    "ratio": Claim(
        id="CB2", text="networks wider than people, times", source="", kind="direction", paper="> 1",
        denied=1.0,
    ),
    "range": Claim(
        id="CB2", text=f"networks 2 to 4 times as wide, {NBSP}%", source="", kind="range", paper="2 to 4",
        printed=PRINTED_RANGE,
    ),
    "shape": Claim(
        id="CB3", text=f"shape score explained, {NBSP}%", source="", kind="interval", paper="51",
        printed=("51",), denied=0.0,
    ),
    "robust": Claim(
        id="CB4", text=f"robustness explained, {NBSP}%", source="", kind="interval", paper="66",
        printed=("66",), denied=0.0,
    ),
    "widening": Claim(
        id="CB6", text="wider after adversarial training, times", source="", kind="direction", paper="> 1",
        denied=1.0,
    ),
}  # fmt: skip
_PREFIX = {"index": "", "relative": "relative_", "likelihood": "ml_", "filter": "filter_"}


def _metric(claim: str, method: str, found: Findings, metrics: dict[str, Metric]) -> Metric | None:
    prefix = _PREFIX[method]
    name = {
        "width": "human_ml_bandwidth_power" if method == "likelihood" else f"human_{prefix}bandwidth",
        "ratio": f"{prefix}ratio",
        "range": f"{prefix}share_in_range",
        "shape": f"{prefix}shape_r_squared",
        "robust": f"{prefix}robust_{robust_key(found):.3g}_r_squared",
        "widening": f"{prefix}widening",
    }[claim]
    return metrics.get(name)


def survival_table(found: Findings, metrics: dict[str, Metric]) -> pd.DataFrame:
    """Judge each claim by each method.

    Parameters
    ----------
    found : Findings
        What the run found.
    metrics : dict of str to Metric
        Its numbers.

    Returns
    -------
    DataFrame
        One row per claim and method: ``claim``, ``quantity``, ``paper``, ``method``, ``value``, ``low``,
        ``high``, ``n``, ``holds`` ("yes", "no", "undecided", "no estimate").
    """
    import pandas as pd

    rows = []
    for key, rule in RULES.items():
        for method, words in METHODS.items():
            metric = _metric(key, method, found, metrics)
            value, low, high, n, holds = math.nan, math.nan, math.nan, "", "no estimate"
            if metric is not None and math.isfinite(metric.value):
                value, n = metric.value, metric.n_text
                if metric.low is not None and metric.high is not None:
                    low, high = metric.low, metric.high
                    holds = WORDS[rule.judge(metric).verdict]
                else:
                    holds = "no interval"
            rows.append((rule.id, key, rule.text, rule.paper, words, value, low, high, n, holds))
    columns = ["claim", "key", "quantity", "paper", "method", "value", "low", "high", "n", "holds"]
    return pd.DataFrame(rows, columns=columns)
