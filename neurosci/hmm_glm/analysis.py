"""The hmm_glm analysis: eight models of switching connectivity on equal terms, claims judged one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neurosci._core.context import Context
from neurosci._core.params import Params, param
from neurosci._core.result import Result, Source

from . import _plots, _plots_real
from . import _words as words
from ._captions import figures
from ._claims import CLAIMS as CLAIMS
from ._compute import compute
from ._metrics import all_metrics
from ._recordings import ODOURS, Recorded, continuous, odour_trials, receptor, sleep_records
from ._verdicts import judge


@dataclass(frozen=True, kw_only=True)
class HmmGlmParams(Params):
    """Everything that can change a number of the hmm_glm analysis."""

    n_draws: int = param(3, low=2, source="paper: 10", doc="Draws of the parameters for Table 1.")
    n_starts: int = param(2, low=1, doc="Starts of every model; the best likelihood in training is kept.")
    max_iter: int = param(18, low=2, doc="Iterations of every start of every model.")
    n_neurons: int = param(12, low=3, source="paper: 20", doc="Neurons of the synthetic networks.")
    n_states: int = param(5, low=2, source="paper", doc="States of the synthetic networks.")
    n_bins: int = param(1500, low=200, source="paper: 5000", doc="Bins of a synthetic sequence.")
    n_train: int = param(5, low=2, source="paper: 10", doc="Sequences for fitting.")
    n_test: int = param(4, low=2, source="paper: 10", doc="Sequences held out.")
    neuron_numbers: tuple[int, ...] = param(
        (10, 20, 30, 40, 50, 60), low=2, source="paper", doc="Neurons at the true parameters (appendix A.8)."
    )
    fitted_neurons: tuple[int, ...] = param(
        (10, 15), low=2, source="paper: 10 to 60", doc="Neurons of the fits of Fig. 16."
    )
    n_clamp_draws: int = param(3, low=2, doc="Draws for each number of neurons at the true parameters.")
    n_sweep_draws: int = param(2, low=2, doc="Draws for each point of every other sweep.")
    n_sweep_bins: int = param(600, low=200, doc="Bins of a synthetic sequence in every other sweep.")
    n_sweep_starts: int = param(1, low=1, doc="Starts of every model in every other sweep.")
    state_numbers: tuple[int, ...] = param(
        (2, 5, 7), low=1, source="paper: 2 to 20", doc="States in the sweep of Fig. 10."
    )
    strengths: tuple[float, ...] = param(
        (0.0, 100.0, 1000.0), low=0.0, unit="bins", source="paper: an L2 penalty",
        doc="Extra stays in each state that the prior of Fig. 17 adds.",
    )  # fmt: skip
    n_train_trials: int = param(20, low=5, doc="Odour trials for fitting.")
    n_test_trials: int = param(30, low=5, doc="Odour trials held out.")
    real_states: tuple[int, ...] = param(
        (2, 3), low=2, source="paper: 2 to 5", doc="States in Table 2's protocol on the recordings."
    )
    all_models: bool = param(
        False, doc="All eight models on the recordings, instead of GLM, HMM Corr, HG, GHG and OHG."
    )
    all_recordings: bool = param(
        False, doc="All recordings at hand, instead of odour trials, wake and sleep, and one receptor."
    )
    choice_states: tuple[int, ...] = param(
        (1, 2, 3),
        low=1,
        doc="States between which a recording's held-out blocks, BIC and stability choose.",
    )
    n_choice_blocks: int = param(3, low=2, doc="Contiguous blocks that are held out in turn for that choice.")
    n_real_starts: int = param(2, low=1, doc="Starts of every model on the recordings.")
    bin_width: float = param(
        0.02, low=0.001, high=0.1, unit="s", source="paper", doc="Bins of the recordings."
    )
    sequence_duration: float = param(
        5.0, low=1.0, unit="s", doc="Length of the sequences that continuous recordings are cut into."
    )
    n_sleep_train: int = param(
        6,
        low=2,
        doc="Sequences of every epoch of a continuous recording for fitting, of its first two thirds.",
    )
    n_sleep_test: int = param(3, low=1, doc="Sequences of every epoch held out, of its last third.")


PARAMS = HmmGlmParams
PRESETS = {
    "quick": HmmGlmParams(),
    "paper": HmmGlmParams(
        preset="paper",
        n_draws=10,
        n_starts=10,
        max_iter=60,
        n_neurons=20,
        n_bins=5000,
        n_train=10,
        n_test=10,
        fitted_neurons=(10, 20, 30, 40, 50),
        n_clamp_draws=10,
        n_sweep_draws=3,
        n_sweep_bins=2000,
        n_sweep_starts=3,
        state_numbers=(2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20),
        strengths=(0.0, 10.0, 100.0, 1000.0, 10_000.0),
        real_states=(2, 3, 4, 5),
        all_models=True,
        all_recordings=True,
        choice_states=(1, 2, 3, 4, 5, 6),
        n_choice_blocks=10,
        n_real_starts=5,
        sequence_duration=30.0,
        # 9,000 bins of each epoch: two to four epochs are about as long as the 27,000 bins of PFC-6
        n_sleep_test=8,
    ),
}

FIGURES = {
    "recovery": _plots.recovery,
    "connectivity": _plots.connectivity,
    "states": _plots.states,
    "thresholds": _plots.thresholds,
    "likelihood": _plots.likelihood,
    "selection": _plots.selection,
    "subpopulations": _plots.subpopulations,
    "neurons": _plots.neurons,
    "stickiness": _plots.stickiness,
    "onset": _plots_real.onset,
    "real_likelihood": _plots_real.real_likelihood,
    "real_connectivity": _plots_real.real_connectivity,
    "trials": _plots_real.trials,
    "by_number": _plots_real.by_number,
    "choice": _plots_real.choice,
    "sleep": _plots_real.sleep,
    "outcome": _plots_real.outcome,
    "trajectory": _plots_real.trajectory,
    "receptor": _plots_real.receptor,
    "thumbnail": _plots.thumbnail,
}


def run(params: HmmGlmParams, context: Context) -> Result:
    """Run the hmm_glm analysis.

    Parameters
    ----------
    params : HmmGlmParams
        Everything that can change a number.
    context : Context
        Where and how to run.

    Returns
    -------
    Result
        Tables, metrics, judged claims and figures. Recordings are used where they are on this machine or can
        be fetched; what needs an absent one is left out and said to be so.
    """
    recordings, sources, absent = load_recordings(params, download=context.download)
    found = compute(params, recordings, absent, context)
    metrics = all_metrics(found)
    return Result(
        name="hmm_glm",
        title="States of a spiking population and the connections in each",
        question=(
            "Do spikes tell in which of a few states a population is and which neurons excite or inhibit "
            "each other in each state, and does a shared one-hot prior on signs help?"
        ),
        answer=words.answer(found, metrics),
        answer_note=words.ANSWER_NOTE,
        units=words.units(found),
        params=params,
        sources=(words.generator_source(params), *sources),
        tables=found.tables,
        table_notes={name: words.TABLE_NOTES[name] for name in found.tables},
        metrics=metrics,
        verdicts=judge(CLAIMS, found, metrics),
        figures=figures(found, metrics),
        methods=words.methods(found),
        deviations=words.deviations(found),
        notes=words.NOTES,
        warnings=words.warnings_of(found),
        references=words.REFERENCES,
    )


def load_recordings(
    params: HmmGlmParams, *, download: bool
) -> tuple[dict[str, Recorded], tuple[Source, ...], dict[str, str]]:
    """Load and cut every recording that is on this machine or can be fetched.

    Parameters
    ----------
    params : HmmGlmParams
        Bins and numbers of sequences.
    download : bool
        Whether small public files may be fetched.

    Returns
    -------
    recordings : dict of str to Recorded
        By name, as the tables use it.
    sources : tuple of Source
        What was read.
    absent : dict of str to str
        Titles of what is not here, with the reason.
    """
    from neurosci import datasets

    sets: dict[str, tuple[str, Callable[..., Any], Callable[[Any], dict[str, Recorded]]]] = {
        "locust": (
            "The locust recording",
            datasets.fetch_locust_spikes,
            lambda found: {f"locust {name}": odour_trials(found, name, params) for name in ODOURS},
        ),
        "head_direction": (
            "The recording of head-direction neurons",
            datasets.fetch_head_direction_spikes,
            lambda found: {"head_direction": sleep_records(found, params)},
        ),
        "adn_ca1": (
            "The recording of thalamus and hippocampus",
            datasets.fetch_adn_ca1_spikes,
            lambda found: {"adn_ca1": continuous(found, "adn_ca1", params)},
        ),
        "hippocampus": (
            "The recording on a W maze",
            datasets.fetch_hippocampus_spikes,
            lambda found: {"hippocampus": continuous(found, "hippocampus", params)},
        ),
        "grasshopper": (
            "The grasshopper receptor",
            datasets.fetch_grasshopper_spikes,
            lambda found: {"grasshopper": receptor(found)},
        ),
    }
    used = list(sets) if params.all_recordings else ["locust", "head_direction", "grasshopper"]
    recordings: dict[str, Recorded] = {}
    sources: list[Source] = []
    absent: dict[str, str] = {}
    for name in used:
        title, load, cut = sets[name]
        try:
            found = load(download=download)
        except datasets.DataNotFoundError as error:
            absent[title] = error.reason
        else:
            sources += found.sources
            recordings |= cut(found)
    return recordings, tuple(sources), absent
