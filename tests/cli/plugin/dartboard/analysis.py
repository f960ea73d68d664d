"""Parameters, run and figures of the dartboard."""

from __future__ import annotations

import os
import signal
import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurosci import Claim, Context, Figure, Method, Params, Reference, Result, Source, param
from neurosci.stats import Metric


@dataclass(frozen=True, kw_only=True)
class DartboardParams(Params):
    """Parameters of the dartboard."""

    n_boards: int = param(12, low=1, doc="Boards.")
    n_darts: int = param(1000, low=1, doc="Darts per board.")
    delay: float = param(0.0, low=0, unit="s", doc="Time that a board takes.")
    fail_at: int = param(-1, doc="Board that fails; -1 for none.")
    kill_at: int = param(-1, doc="Board whose worker is killed; -1 for none.")


PARAMS = DartboardParams
PRESETS = {"quick": DartboardParams(), "paper": DartboardParams(preset="paper", n_darts=100_000)}
CLAIMS = (
    Claim(
        id="D1",
        text="The ratio is 3.14.",
        source="Archimedes",
        kind="interval",
        paper="3.14",
        printed=("3.14",),
        denied=3.0,
        needs_samples=True,
    ),
)


def throw(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Throw the darts of one board."""
    time.sleep(item["delay"])
    if item["kill"]:
        os.kill(os.getpid(), signal.SIGKILL)
    if item["fail"]:
        raise RuntimeError(f"board {item['board']}: the wall fell down")
    if item["board"] == 0:
        warnings.warn("the first board hangs askew", UserWarning, stacklevel=2)
    points = rng.uniform(-1, 1, (item["n_darts"], 2))
    return {"hits": int(np.count_nonzero((points**2).sum(axis=1) <= 1)), "first": points[0]}


def run(params: DartboardParams, context: Context) -> Result:
    """Throw darts at all boards and estimate pi."""
    items = {
        f"board {i}": {
            "board": i,
            "n_darts": params.n_darts,
            "delay": params.delay,
            "fail": i == params.fail_at,
            "kill": i == params.kill_at,
        }
        for i in range(params.n_boards)
    }
    boards = context.map(throw, items, stage="throw", seed=params.seed)
    table = pd.DataFrame(
        {
            "board": list(boards),
            "hits": [unit["hits"] for unit in boards.values()],
            "estimate": [4 * unit["hits"] / params.n_darts for unit in boards.values()],
        }
    )
    mean = float(table["estimate"].mean())
    error = float(table["estimate"].std(ddof=1) / np.sqrt(len(table))) if len(table) > 1 else np.inf
    metric = Metric(
        mean, mean - 1.96 * error, mean + 1.96 * error, n=len(table), n_unit="boards", method="normal"
    )
    return Result(
        name="dartboard",
        title="Darts and circles",
        question="What is the area of a circle of radius one?",
        answer=(f"It is {metric.text}.",),
        units=f"{len(table)} boards",
        params=params,
        sources=(Source("darts", "thrown here", "synthetic", "none needed"),),
        tables={"boards": table},
        table_notes={"boards": "hits and estimate of each board"},
        metrics={"pi": metric},
        verdicts=(CLAIMS[0].judge(metric, preset=params.preset, synthetic=True),),
        figures=(
            Figure(
                "boards",
                ("boards",),
                "Synthetic boards agree.",
                "Estimate of each board.",
                "A row of dots.",
                "single",
            ),
            Figure("thumbnail", ("boards",), "Synthetic boards agree.", "", "A row of dots.", "thumbnail"),
        ),
        methods=(Method("", ("Darts are thrown at a square.",)),),
        references=(Reference("Archimedes (c. 250 BC). Measurement of a circle."),),
    )


def draw(boards: pd.DataFrame) -> Any:
    """Draw the estimates."""
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(3.5, 2.4))
    axes = figure.subplots()
    axes.plot(boards["estimate"], "o")
    axes.set(xlabel="board (number)", ylabel="estimate (ratio)")
    return figure


FIGURES = {"boards": draw, "thumbnail": draw}
