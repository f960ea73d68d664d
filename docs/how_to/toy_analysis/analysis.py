"""Brings science, data and report together: parameters, presets, claims, figures, run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurosci import Claim, Context, Figure, Method, Params, Reference, Result, Source, param
from neurosci.stats import Metric

from ._model import mean_of_trials

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Plot


# [params]
@dataclass(frozen=True, kw_only=True)
class ToyParams(Params):
    """Parameters of the toy analysis."""

    n_trials: tuple[int, ...] = param((4, 16, 64), low=1, doc="Trials in each average.")
    noise_sd: float = param(1.0, low=0, low_open=True, unit="mV", doc="Standard deviation of one trial.")
    n_repetitions: int = param(400, low=10, doc="Averages for each number of trials.")


PARAMS = ToyParams
PRESETS = {"quick": ToyParams(), "paper": ToyParams(preset="paper", n_repetitions=10_000)}
# [claims]
CLAIMS = (
    Claim(
        id="TO1",
        text="The standard error falls with the square root of the number of trials",
        source="textbook",
        kind="interval",
        paper="slope −0.5",
        printed=("-0.5",),
        denied=0.0,
    ),
)


# [figures]
def plot_error(table: pd.DataFrame) -> Plot:
    """Draw the standard error against the number of trials."""
    from matplotlib.figure import Figure as Plot

    figure = Plot(figsize=(3.5, 2.6), layout="constrained")
    axes = figure.add_subplot(
        xscale="log", yscale="log", xlabel="trials in each average", ylabel="standard error (mV)"
    )
    axes.plot(table["n_trials"], table["expected"], color="0.6", label="expected")
    axes.plot(table["n_trials"], table["standard_error"], "o", color="#0b4f8a", label="measured")
    axes.legend(frameon=False)
    return figure


FIGURES = {"error": plot_error}


# [run]
def measure(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Compute one unit of work: the standard error for one number of trials."""
    return {"standard_error": float(mean_of_trials(**item, random_state=rng).std(ddof=1))}


def run(params: ToyParams, context: Context) -> Result:
    """Run the analysis."""
    items = {
        f"n={n}": {"n_trials": n, "noise_sd": params.noise_sd, "n_repetitions": params.n_repetitions}
        for n in params.n_trials
    }
    units = context.map(measure, items, stage="average", seed=params.seed)
    table = pd.DataFrame(
        {
            "n_trials": params.n_trials,
            "standard_error": [unit["standard_error"] for unit in units.values()],
            "expected": params.noise_sd / np.sqrt(params.n_trials),
        }
    )
    slope = _slope(table, params.n_repetitions)
    return Result(
        name="toy_analysis",
        title="Averaging trials",
        question="How fast does the standard error of a mean fall with the number of trials?",
        answer=(f"On double-logarithmic axes the standard error falls with a slope of {slope.text}.",),
        answer_note="Interval: normal theory of the logarithm of a standard deviation.",
        units=f"{len(items)} numbers of trials, {params.n_repetitions} averages each",
        params=params,
        sources=(Source("normal deviates", "averages of independent trials", "synthetic", "none needed"),),
        tables={"error": table},
        table_notes={"error": "Standard error in mV for each number of trials."},
        metrics={"slope": slope},
        verdicts=(
            CLAIMS[0].judge(
                slope, why="A line was fitted to the logarithms.", preset=params.preset, synthetic=True
            ),
        ),
        figures=(
            Figure(
                "error",
                ("error",),
                finding="Four times the trials halve the error.",
                caption="Dots: measured; grey line: noise SD over the square root of n. Synthetic data.",
                alt="Dots on a falling straight line in double-logarithmic axes: "
                "the measured standard errors follow the expected ones, so averaging works as theory says.",
                width="single",
            ),
        ),
        methods=(
            Method("", ("Independent normal trials are averaged; the slope is that of a straight line.",)),
        ),
        references=(Reference("Any textbook of statistics."),),
    )


def _slope(table: pd.DataFrame, n_repetitions: int) -> Metric:
    x, y = np.log(table["n_trials"].to_numpy()), np.log(table["standard_error"].to_numpy())
    weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    value = float(weights @ y)
    # The logarithm of a standard deviation of m normal values has a standard error of 1 / sqrt(2 (m - 1)).
    half_width = 1.96 * float(np.sqrt(np.sum(weights**2) / (2 * (n_repetitions - 1))))
    return Metric(value, value - half_width, value + half_width, n=len(x), n_unit="numbers of trials")
