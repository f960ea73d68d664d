"""The dendrites analysis: exact errors of sparse recognition, simulations, claims judged one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neurosci._core.claims import Claim, Verdict
from neurosci._core.context import Context
from neurosci._core.params import Params, param
from neurosci._core.result import Result, Source

from . import _plots, _plots_more
from . import _verdicts as verdicts
from . import _words as words
from ._captions import figures
from ._compute import Findings, compute
from ._metrics import all_metrics

if TYPE_CHECKING:
    from neurosci.datasets import NeuronTree


@dataclass(frozen=True, kw_only=True)
class DendritesParams(Params):
    """Everything that can change a number of the dendrites analysis."""

    n_comparisons: int = param(
        10_000_000, low=1000, source="paper: 100,000,000", doc="Comparisons for each point of Fig. 4A."
    )
    n_noisy_trials: int = param(
        1_000_000, low=1000, source="paper: 10,000,000", doc="Noisy trials for each point of Fig. 4B."
    )
    n_tilted_trials: int = param(
        100_000, low=10_000, doc="Draws for each rare probability by tilted sampling."
    )
    n_particles: int = param(20_000, low=1000, doc="Particles of multilevel splitting.")
    n_sweeps: int = param(10, low=1, doc="Sweeps after each level of splitting.")
    n_splitting_repeats: int = param(4, low=2, doc="Independent runs of splitting.")
    n_mixture_trials: int = param(
        10_000, low=1000, doc="Draws for each population of segments that share patterns."
    )
    n_union_trials: int = param(1_000_000, low=1000, doc="Simulated segments that mix patterns.")
    alpha: float = param(
        1e-9,
        low=0.0,
        high=1.0,
        low_open=True,
        high_open=True,
        unit="probability",
        source="paper",
        doc="Largest accepted false-positive probability of an operating window.",
    )
    beta: float = param(
        0.01,
        low=0.0,
        high=1.0,
        low_open=True,
        high_open=True,
        unit="probability",
        doc="Largest accepted false-negative probability of an operating window.",
    )
    noise: float = param(
        0.2,
        low=0.0,
        high=1.0,
        unit="fraction of active cells",
        source="paper",
        doc="Noise of the operating windows over the grid of Fig. 6.",
    )
    window_noise: tuple[float, ...] = param(
        (0.1, 0.2, 0.3, 0.4),
        low=0.0,
        high=1.0,
        unit="fraction of active cells",
        doc="Noise levels of the figure of operating windows.",
    )
    n_correlated_segments: int = param(100, low=1, doc="Segments of the neuron with correlated inputs.")
    n_correlated_tests: int = param(2000, low=100, doc="Test patterns at each level of correlation.")
    n_code_cells: int = param(2048, low=64, unit="cells", doc="Cells of the codes of handwritten digits.")
    n_code_active: int = param(40, low=2, unit="cells", doc="Active cells of each such code.")
    n_code_synapses: int = param(20, low=1, unit="synapses", doc="Synapses sampled from each such code.")
    code_threshold: int = param(10, low=1, unit="synapses", doc="Threshold of the segments for digits.")

    def __post_init__(self) -> None:
        """Check every field, and that codes hold their synapses."""
        super().__post_init__()
        if not self.n_code_synapses <= self.n_code_active <= self.n_code_cells:
            raise ValueError(
                "DendritesParams: n_code_synapses <= n_code_active <= n_code_cells must hold, got "
                f"{self.n_code_synapses}, {self.n_code_active}, {self.n_code_cells}"
            )


PARAMS = DendritesParams
PRESETS = {
    "quick": DendritesParams(),
    "paper": DendritesParams(
        preset="paper",
        n_comparisons=100_000_000,
        n_noisy_trials=10_000_000,
        n_tilted_trials=400_000,
        n_splitting_repeats=10,
        n_mixture_trials=100_000,
        n_correlated_tests=10_000,
    ),
}

CLAIMS = (
    Claim(
        id="DE1",
        text="False positives fall faster than exponentially with the size of the population.",
        source="Sections 3.1, 4.2; Figs. 4A, 5A",
        kind="direction",
        paper="faster",
        denied=0.0,
        side="less",
    ),
    Claim(
        id="DE2",
        text="False negatives stay small under heavy noise.",
        source="Fig. 4B; our reading of small: below 0.01 at 40 % noise and threshold 12",
        kind="bound",
        paper="small",
        printed=("0.01",),
        side="less",
    ),
    Claim(
        id="DE3",
        text="Dense activity never becomes reliable, however large the population.",
        source="Fig. 5A; our rule: above the 1e-9 line at n = 19,900",
        kind="bound",
        paper="never",
        printed=("1e-9",),
    ),
    Claim(
        id="DE3b",
        text="The dense line of Figs. 4A and 5A is that of 50 % activity (here at n = 500).",
        source="Fig. 5A, its caption and the published values",
        kind="digits",
        paper="0.006",
        printed=("0.006",),
    ),
    Claim(
        id="DE4",
        text="A few synapses recognise a pattern of many cells.",
        source="Fig. 5B; our rule: 24 synapses, 512 of 16,000 cells, below the 1e-9 line",
        kind="bound",
        paper="below 1 × 10⁻⁹",
        printed=("1e-9",),
        side="less",
    ),
    Claim(
        id="DE5",
        text="Predicted thresholds match measured NMDA-spike thresholds of 8 to 20 synapses.",
        source="Section 4.3, Fig. 6; our rule: 90 % of the measured ranges lie in 8 to 20",
        kind="range",
        paper="8 to 20",
        printed=("8", "20"),
    ),
    Claim(
        id="DE5b",
        text="Median errors are below 1 × 10⁻⁹ from a threshold of about 9 on.",
        source="Section 4.3, Fig. 6",
        kind="digits",
        paper="9",
        printed=("9",),
    ),
    Claim(
        id="DE6",
        text="One segment can store several patterns (10 of 100 active cells, 20,000 cells, threshold 15).",
        source="Section 3.3, Fig. 7B; our rule: below the 1e-9 line",
        kind="bound",
        paper="below 1 × 10⁻⁹",
        printed=("1e-9",),
        side="less",
    ),
    Claim(
        id="DE6b",
        text="With these 10 patterns 98.75 % of the cells have no synapse.",
        source="Section 3.3",
        kind="digits",
        paper="98.75 %",
        printed=("98.75",),
    ),
    Claim(
        id="DE7",
        text="A million segments err less often than 1 in a billion.",
        source="Section 3.2; 300 of 10,000 cells, 30 synapses, threshold 15",
        kind="bound",
        paper="below 1 × 10⁻⁹",
        printed=("1e-9",),
        side="less",
    ),
    Claim(
        id="DE8",
        text="Simulation agrees with theory.",
        source="Figs. 4A, 4B; our rule: p of chi-square above 0.001, rare events to 1e-60 included",
        kind="bound",
        paper="agrees",
        printed=("0.001",),
    ),
)

FIGURES = {
    "simulation": _plots.simulation,
    "theory": _plots.theory,
    "thresholds": _plots.thresholds,
    "windows": _plots.operating_windows,
    "windows_measured": _plots.windows_measured,
    "unions": _plots.unions,
    "rare": _plots_more.rare_events,
    "extensions": _plots_more.extensions,
    "extensions_published": _plots_more.extensions_published,
    "digits": _plots_more.digits,
    "thumbnail": _plots_more.thumbnail,
}


def run(params: DendritesParams, context: Context) -> Result:
    """Run the dendrites analysis.

    Parameters
    ----------
    params : DendritesParams
        Everything that can change a number.
    context : Context
        Where and how to run.

    Returns
    -------
    Result
        Tables, metrics, judged claims and figures. The authors' published values are shown beside
        ours where they are on this machine; no number of ours needs them. Measured synapse counts are
        shown where they can be fetched.
    """
    files, sources = published_files()
    neurons, no_neurons = measured_neurons(context)
    found = compute(params, context, files, neurons, no_neurons)
    metrics = all_metrics(found)
    made = figures(found, metrics)
    return Result(
        name="dendrites",
        title="Sparse recognition by dendritic segments",
        question="How reliably does a dendritic segment with a few synapses recognise a sparse pattern?",
        answer=words.answer(metrics),
        answer_note=words.answer_note(found),
        units=words.units(found),
        params=params,
        sources=(*sources, *(neurons[0].sources if neurons else ()), *words.sources(found)),
        tables=found.tables,
        table_notes={name: words.TABLE_NOTES[name] for name in found.tables},
        metrics=metrics,
        verdicts=judge(found, metrics),
        figures=made,
        methods=words.methods(found),
        deviations=words.deviations(found),
        notes=words.notes(found),
        warnings=words.warnings_of(found),
        references=words.REFERENCES,
    )


def published_files() -> tuple[Mapping[str, Path], tuple[Source, ...]]:
    """Return the files with the authors' published values and their source; nothing where absent."""
    from neurosci.datasets import DataNotFoundError, get_dataset
    from neurosci.datasets._store import obtain

    dataset = get_dataset("dendrites")
    try:
        files = obtain(dataset, where="dendrites", download=False)
    except DataNotFoundError:
        return {}, ()
    source = Source(
        name=dataset.title,
        content="values of Figs. 4A to 7B, and 11,917 runs with correlated inputs",
        kind="published",
        licence=dataset.licence,
        citation=dataset.citation,
        url=dataset.homepage,
        files=tuple((Path(file.path).name, file.sha256) for file in dataset.files),
        note=dataset.terms,
    )
    return files, (source,)


def measured_neurons(context: Context) -> tuple[tuple[NeuronTree, ...], str]:
    """Return reconstructed neurons; nothing and the reason where they can be neither found nor fetched."""
    from neurosci.datasets import DataNotFoundError, fetch_fly_neurons

    try:
        return fetch_fly_neurons(download=context.download), ""
    except DataNotFoundError as error:
        return (), error.reason or "they are not on this machine"


def judge(found: Findings, metrics: verdicts.Metrics) -> tuple[Verdict, ...]:
    """Judge every claim by its rule.

    Parameters
    ----------
    found : Findings
        What the run found.
    metrics : dict of str to Metric
        Its numbers.

    Returns
    -------
    tuple of Verdict
        One row per claim, in the order of `CLAIMS`.
    """
    return tuple(verdicts.RULES[claim.id](claim, found, metrics) for claim in CLAIMS)
