"""The hopfield analysis: theory, Monte Carlo and claims of the multitasking network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neurosci._core.claims import Claim
from neurosci._core.context import Context
from neurosci._core.params import Params, param
from neurosci._core.result import Result, Source

from . import _plots
from . import _words as words
from ._captions import figures
from ._compute import DIGITS, compute
from ._metrics import all_metrics
from ._verdicts import judge


@dataclass(frozen=True, kw_only=True)
class HopfieldParams(Params):
    """Everything that can change a number of the hopfield analysis."""

    n_neurons: int = param(10_000, low=1000, doc="Neurons of the simulated networks.")
    temperature_low: float = param(
        0.01, low=0.0, low_open=True, high=0.1, unit="energy", doc="Temperature of the dilution curves."
    )
    n_samples: int = param(6, low=3, doc="Independent draws of the patterns at each point.")
    n_law_samples: int = param(1, low=1, doc="The same in the networks that are held against the power law.")
    n_sweeps: int = param(1000, low=100, doc="Recorded sweeps.")
    burn_in: int = param(200, low=10, doc="Sweeps before, from a state of the theory.")
    n_settle_sweeps: int = param(200, low=10, doc="Sweeps before, from random and other states.")
    n_replicas: int = param(4, low=4, doc="Independent copies on the same patterns.")
    n_runs: int = param(16, low=10, doc="Runs whose end is counted by solution.")
    n_dilutions: int = param(25, low=5, doc="Dilutions of each curve.")
    n_points: int = param(9, low=3, doc="Dilutions with Monte Carlo.")
    n_grid_dilutions: int = param(17, low=8, doc="Dilutions of each phase diagram.")
    n_grid_temperatures: int = param(13, low=5, doc="Temperatures of each phase diagram.")
    qualities: tuple[float, ...] = param(
        (0.2, 0.5, 0.8), low=0.0, low_open=True, high=1.0, doc="Qualities of examples."
    )
    examples: tuple[int, ...] = param((1, 3, 10, 30, 100), low=1, doc="Examples of each pattern.")
    most_unsupervised: int = param(
        30, low=1, doc="Most examples of each pattern with which learning without a teacher is simulated."
    )
    most_binomial: int = param(
        10, low=1, doc="Most examples of each pattern for which the law of finitely many is summed."
    )
    n_learning_sweeps: int = param(200, low=50, doc="Recorded sweeps after learning from examples.")
    n_data_sets: int = param(2, low=2, doc="Data sets learned from with and without a teacher.")
    n_teacher_sweeps: int = param(200, low=50, doc="Recorded sweeps after learning from each of them.")
    teacher_sizes: tuple[int, ...] = param(
        (10_000,), low=1000, doc="Neurons of the networks that learn with and without a teacher."
    )
    n_anneal_sweeps: int = param(10, low=1, doc="Sweeps at each of 30 temperatures of the cooling schedule.")
    sizes: tuple[int, ...] = param(
        (1000, 10_000, 100_000, 1_000_000), low=100, doc="Neurons of the finite-size comparison."
    )
    n_size_sweeps: int = param(5000, low=1000, doc="Recorded sweeps of the finite-size comparison.")


PARAMS = HopfieldParams
PRESETS = {
    "quick": HopfieldParams(),
    "paper": HopfieldParams(
        preset="paper",
        n_samples=20,
        n_law_samples=4,
        n_sweeps=10_000,
        n_settle_sweeps=2000,
        n_replicas=8,
        n_runs=100,
        n_dilutions=97,
        n_points=17,
        n_grid_dilutions=65,
        n_grid_temperatures=61,
        examples=(1, 2, 3, 6, 10, 20, 30, 60, 100, 300, 1000),
        most_unsupervised=100,
        most_binomial=100,
        n_learning_sweeps=1000,
        n_data_sets=10,
        n_teacher_sweeps=500,
        teacher_sizes=(10_000, 40_000),
        n_anneal_sweeps=50,
        n_size_sweeps=1_000_000,
    ),
}

CLAIMS = (
    Claim(
        id="HO1",
        text="At mild dilution the overlaps are a power law, and all patterns are recalled at once.",
        source="Abstract; law derived here",
        kind="bound",
        paper="(1 − d) dᵏ⁻¹",
        # largest distance of a simulated overlap from the law in standard errors that the law implies
        printed=("4",),
        side="less",
    ),
    Claim(
        id="HO1b",
        text="The power law is the equilibrium of the theory at mild dilution and temperature 0.",
        source="Derived here",
        kind="bound",
        paper="(1 − d) dᵏ⁻¹",
        # the theory sets overlaps below this to zero
        printed=("1e-6",),
        side="less",
    ),
    Claim(
        id="HO2",
        text="At strong dilution all patterns are recalled with equal strength (at temperature > 0).",
        source="Abstract",
        kind="bound",
        paper="equal overlaps",
        printed=("1",),
        side="less",
    ),
    Claim(
        id="HO2b",
        text="The same at temperature 0, for patterns stored without noise.",
        source="Our question",
        kind="bound",
        paper="equal overlaps",
        printed=("0.01",),
        side="less",
    ),
    Claim(
        id="HO3",
        text="A threshold in dilution ends the power law at temperature 0.",
        source="Abstract; definition derived here",
        kind="bound",
        paper="root of 1 − 2d + dᴷ",
        # largest distance of the simulated threshold from the root in standard errors of a sample
        printed=("4",),
        side="less",
    ),
    Claim(
        id="HO3b",
        text="Up to that threshold the power law has the lowest energy.",
        source="Our question",
        kind="bound",
        paper="no value",
        printed=("0.001",),
        side="less",
    ),
    Claim(
        id="HO4",
        text="Learning with and without a teacher gives the same overlaps (low load: many neurons).",
        source="Abstract",
        kind="bound",
        paper="the same",
        printed=("1",),
        side="less",
    ),
    Claim(
        id="HO4b",
        text="The same at 10,000 neurons, within the error of simulation alone.",
        source="Our question",
        kind="bound",
        paper="no value",
        printed=("4",),
        side="less",
    ),
    Claim(
        id="HO5",
        text="Minimising the cost minimises the squared-error loss.",
        source="Abstract; identity derived here",
        kind="bound",
        paper="both at once",
        printed=("1e-12",),
        side="less",
    ),
    Claim(
        id="HO6",
        text="Statistical mechanics and Monte Carlo agree.",
        source="Abstract",
        kind="bound",
        paper="they agree",
        printed=("1",),
        side="less",
    ),
    Claim(
        id="HO6b",
        text="The signal-to-noise analysis agrees with simulation of one step.",
        source="Abstract",
        kind="bound",
        paper="they agree",
        printed=("0.02",),
        side="less",
    ),
    Claim(
        id="HO6c",
        text="The rest between them falls as one over the number of neurons.",
        source="Derived here",
        kind="bound",
        paper="no value",
        printed=("1",),
        side="less",
    ),
    Claim(
        id="HO7",
        text="Enough examples are needed to learn: overlaps rise with their number.",
        source="Abstract",
        kind="direction",
        paper="enough data",
        denied=0.0,
    ),
    Claim(
        id="HO7b",
        text="The signal-to-noise number of examples makes the worst class of neurons right in 84 of 100.",
        source="Derived here",
        kind="bound",
        paper="84 %",
        printed=("0.8413",),
        side="greater",
        needs_samples=True,
    ),
)

FIGURES = {
    "hierarchy": _plots.hierarchy,
    "phases_two": _plots.phases_two,
    "phases_more": _plots.phases_more,
    "phases_learned": _plots.phases_learned,
    "learning": _plots.learning,
    "boundary": _plots.boundary,
    "one_step": _plots.one_step,
    "annealing": _plots.annealing,
    "sizes": _plots.sizes,
    "digits": _plots.digits,
    "thumbnail": _plots.thumbnail,
}


def run(params: HopfieldParams, context: Context) -> Result:
    """Run the hopfield analysis.

    Parameters
    ----------
    params : HopfieldParams
        Everything that can change a number.
    context : Context
        Where and how to run.

    Returns
    -------
    Result
        Tables, metrics, judged claims and figures.
    """
    images, source = digit_images()
    found = compute(params, images, context)
    metrics = all_metrics(found)
    return Result(
        name="hopfield",
        title="Many patterns at once in a diluted Hebbian network",
        question=(
            "How many patterns does a Hebbian network recall at once when each pattern is silent in part of "
            "the neurons, and do theory and simulation agree on it?"
        ),
        answer=words.answer(metrics),
        answer_note=words.ANSWER_NOTE,
        units=words.units(found),
        params=params,
        sources=(words.model_source(params), source),
        tables=found.tables,
        table_notes={name: words.TABLE_NOTES[name] for name in found.tables},
        metrics=metrics,
        verdicts=judge(CLAIMS, found, metrics),
        figures=figures(found, metrics),
        methods=words.methods(params),
        deviations=words.DEVIATIONS,
        warnings=words.warnings_of(found),
        references=words.REFERENCES,
    )


def digit_images() -> tuple[Any, Source]:
    """Return the first image of each digit used, from scikit-learn's own copy, and what to say about it.

    Returns
    -------
    images : ndarray of shape (3, 8, 8)
        Brightness 0 to 16.
    source : Source
        Citation and licence.
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    first = [int((data.target == digit).argmax()) for digit in DIGITS]
    source = Source(
        "Handwritten digits (8 × 8)",
        "3 of 1,797 images: the first 0, 1 and 4, binarised, then diluted at random",
        "real",
        "CC BY 4.0 (UCI Machine Learning Repository); ships with scikit-learn",
        citation="Alpaydin E, Kaynak C (1998). Optical recognition of handwritten digits.",
        url="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    )
    return data.images[first], source
