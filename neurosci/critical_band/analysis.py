"""The critical-band analysis: published channels of people and networks, judged claim by claim."""

from __future__ import annotations

import contextlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from neurosci._core.claims import Verdict
from neurosci._core.context import Context
from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP
from neurosci._core.params import Params, param
from neurosci._core.result import Figure, Result

from . import _plots, _plots_bands, _plots_methods, _plots_ml
from . import _verdicts as verdicts
from . import _verdicts_runs as verdicts_runs
from . import _words as words
from ._captions import figures
from ._claims import CLAIMS
from ._compute import Findings, compute
from ._inputs import Inputs, excess_noise, folder_images, published_stimuli, shipped_photographs
from ._metrics import all_metrics
from ._published import GUESS_RATE
from ._release import Release, released, simulated
from ._sigmoids import SIGMOIDS
from ._views import display_tables


@dataclass(frozen=True, kw_only=True)
class CriticalBandParams(Params):
    """Everything that can change a number of the critical-band analysis."""

    criterion: float = param(
        0.5,
        low=0.0,
        high=1.0,
        low_open=True,
        high_open=True,
        unit="proportion correct",
        source="paper's code",
        doc="Accuracy that defines the threshold noise.",
    )
    amplitude_bound: float = param(
        4.0,
        low=0.0,
        low_open=True,
        unit="octave steps",
        source="paper's code",
        doc="Upper bound of the fitted peak.",
    )
    lowest_frequency: float = param(
        1.75,
        low=0.0,
        low_open=True,
        unit="cycles/image",
        source="paper's code",
        doc="Label of the lowest noise band; each further band is one octave up.",
    )
    bandwidth_limit: float = param(
        12.0,
        low=0.0,
        low_open=True,
        unit="octaves",
        source=f"our choice: reproduces 51{NBSP}%",
        doc="A network whose channel is at least this wide is left out.",
    )
    relative_criterion: float = param(
        0.5,
        low=0.0,
        high=1.0,
        low_open=True,
        high_open=True,
        unit="fraction of the way from guessing to accuracy without noise",
        doc="Second criterion, which follows each network's own best accuracy.",
    )
    training_radius: float = param(
        0.25,
        low=0.0,
        low_open=True,
        unit="L2 norm",
        doc="Adversarial training radius that is compared with radius 0.",
    )
    attack_radius: float = param(
        0.05,
        low=0.0,
        low_open=True,
        unit="L2 norm",
        source=f"our choice: reproduces 66{NBSP}%",
        doc="Attack under which robust accuracy is measured.",
    )
    criteria: tuple[float, ...] = param(
        (0.4, 0.5, 0.6),
        low=0.0,
        high=1.0,
        low_open=True,
        high_open=True,
        unit="proportion correct",
        doc="Criteria of the specification curve; 0.6 and 0.5 are those of the paper's two versions.",
    )
    bandwidth_limits: tuple[float, ...] = param(
        (6.0, 8.0, 10.0, 12.0, 16.0, 24.0, 32.0, 64.0),
        low=0.0,
        low_open=True,
        unit="octaves",
        doc="Limits of the specification curve, to which no limit is added.",
    )
    criteria_compared: tuple[float, ...] = param(
        (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7),
        low=0.0,
        high=1.0,
        low_open=True,
        high_open=True,
        unit="proportion correct",
        doc="Criteria at which the width of the published method is compared.",
    )
    guess_rate: float = param(
        GUESS_RATE,
        low=0.0,
        high=1.0,
        high_open=True,
        unit="proportion correct",
        source="paper: 16 categories",
        doc="Rate of correct answers by guessing.",
    )
    sigmoid: str = param(
        "logistic",
        options=SIGMOIDS,
        doc="Shape of the psychometric functions of the likelihood fit.",
    )
    images: str = param(
        "",
        source="user",
        doc=(
            "Folder of images to show networks, in sub-folders named after the 16 categories or in none; "
            "empty takes the authors’ stimuli, or photographs of scikit-learn where those are not here."
        ),
    )
    networks: tuple[int, ...] = param(
        (0,), low=0, high=2, doc="Versions of EfficientNet-Lite to run on the stimuli; none skips it."
    )
    n_images_per_condition: int = param(
        8, low=0, doc="Stimuli per noise SD and band that the networks are shown; 0 takes all."
    )
    n_fields: int = param(20, low=2, doc="Noise fields per band whose spectrum is measured.")
    n_resamples_observers: int = param(1000, low=100, doc="Bootstrap resamples over observers.")
    n_resamples_families: int = param(1000, low=100, doc="Bootstrap resamples over network families.")
    n_resamples_trials: int = param(
        400, low=100, doc="Parametric bootstrap resamples over trials, per network."
    )
    n_resamples_likelihood: int = param(
        400, low=100, doc="Parametric bootstrap resamples of a likelihood fit, per network."
    )


PARAMS = CriticalBandParams
PRESETS = {
    "quick": CriticalBandParams(),
    "paper": CriticalBandParams(
        preset="paper",
        networks=(0, 1, 2),
        n_images_per_condition=0,
        n_fields=200,
        n_resamples_observers=4000,
        n_resamples_families=4000,
        n_resamples_trials=1000,
        n_resamples_likelihood=1000,
    ),
}

FIGURES = {
    "stimuli": _plots_bands.stimulus_grid,
    "spectra": _plots_bands.band_spectra,
    "accuracy": _plots.accuracy_maps,
    "observers": _plots.observer_maps,
    "channels": _plots.channel_curves,
    "psychometric": _plots_ml.psychometric_functions,
    "comparison": _plots_methods.method_comparison,
    "survival": _plots_methods.claims_by_method,
    "families": _plots.family_strips,
    "prediction": _plots.shape_prediction,
    "specifications": _plots.specification_ranks,
    "adversarial": _plots.adversarial_series,
    "thumbnail": _plots.thumbnail,
}


def run(params: CriticalBandParams, context: Context) -> Result:
    """Run the critical-band analysis.

    Parameters
    ----------
    params : CriticalBandParams
        Everything that can change a number.
    context : Context
        Where and how to run.

    Returns
    -------
    Result
        Tables, metrics, judged claims and figures. Without the released data the networks are
        simulated, and the result says so.
    """
    release = load_release(params, context)
    inputs = load_inputs(params, context)
    found = compute(release, inputs, params, context)
    metrics = all_metrics(found)
    tables = display_tables(found, metrics)
    made = figures(found, metrics)
    return Result(
        name="critical_band",
        title="Spatial-frequency channels of people and networks",
        question=(
            "How wide is the band of spatial frequencies that people, and networks trained on the "
            "same task, use to recognise an object?"
        ),
        answer=words.answer(found, metrics),
        answer_note=words.answer_note(found),
        units=words.units(found),
        params=params,
        sources=tuple(dict.fromkeys((*release.sources, *found.runs.sources, *inputs.sources))),
        tables=tables,
        table_notes={name: words.TABLE_NOTES[name] for name in tables},
        metrics=metrics,
        verdicts=judge(found, metrics, made),
        figures=made,
        methods=words.methods(found, metrics),
        deviations=words.deviations(found),
        notes=words.notes(tables["survival"]),
        warnings=words.warnings_of(found, metrics),
        references=words.REFERENCES,
        provenance={"fetch_command": "neurosci datasets fetch critical_band"} if release.synthetic else {},
    )


def load_release(params: CriticalBandParams, context: Context) -> Release:
    """Return the released data, or a simulated release where they cannot be had.

    Parameters
    ----------
    params : CriticalBandParams
        The seed decides a simulated release.
    context : Context
        Whether data may be fetched.

    Returns
    -------
    Release
        Data of the run; ``synthetic`` says which.
    """
    from neurosci.datasets import DataNotFoundError, fetch_critical_band

    try:
        return released(fetch_critical_band(download=context.download))
    except DataNotFoundError:
        return simulated(params.seed)


def load_inputs(params: CriticalBandParams, context: Context) -> Inputs:
    """Find the stimuli and the networks of the part of the analysis that runs networks.

    Parameters
    ----------
    params : CriticalBandParams
        Which.
    context : Context
        Whether weights may be fetched.

    Returns
    -------
    Inputs
        What is here, and reasons for what is not.
    """
    from neurosci.datasets import DataNotFoundError, fetch_critical_band_stimuli, fetch_efficientnet_lite

    published = {}
    for kind in ("masked", "grey"):
        with contextlib.suppress(DataNotFoundError):
            published[kind] = fetch_critical_band_stimuli(kind)
    excess = excess_noise(published["masked"], published["grey"]) if len(published) == 2 else {}
    weights: dict[int, Path | str] = {}
    for version in params.networks:
        if importlib.util.find_spec("torch") is None:
            weights[version] = "PyTorch is not installed."
            continue
        try:
            weights[version] = fetch_efficientnet_lite(version, download=context.download)
        except DataNotFoundError as error:
            weights[version] = f"Its weights are not here: {error.reason or 'they were not fetched'}."
    if params.images:
        shown = folder_images(params.images, params.seed)
    elif "masked" in published:
        shown = published_stimuli(published["masked"])
    else:
        shown = shipped_photographs(params.seed)
    return Inputs(shown, weights, excess, (published["grey"].source,) if excess else ())


def judge(found: Findings, metrics: dict[str, Metric], made: tuple[Figure, ...]) -> tuple[Verdict, ...]:
    """Judge every claim by its rule.

    Parameters
    ----------
    found : Findings
        What the run found.
    metrics : dict of str to Metric
        Its numbers.
    made : tuple of Figure
        Its figures, to refer to.

    Returns
    -------
    tuple of Verdict
        One row per claim, in the order of `CLAIMS`.
    """
    claims = {claim.id: claim for claim in CLAIMS}
    rows = [
        verdicts.human_width(claims["CB1"], found, metrics, made),
        verdicts.single_observers(claims["CB1b"], found, metrics),
    ]
    rules = {
        "CB2": verdicts.width_ratio,
        "CB3": verdicts.shape_score,
        "CB4": verdicts.robust_variance,
        "CB5": verdicts.robust_gain,
        "CB6": verdicts.widening,
    }
    for name, rule in rules.items():
        if found.release.synthetic:
            rows.append(claims[name].not_testable("Synthetic data: the released networks were not found."))
        else:
            rows.append(rule(claims[name], found, metrics))
    rows.append(verdicts_runs.band_centres(claims["CB7"], found, metrics))
    rows.append(verdicts_runs.new_network(claims["CB8"], found, metrics))
    return tuple(rows)
