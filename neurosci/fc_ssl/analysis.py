"""The fc_ssl analysis: pre-training on dynamic connectivity, judged where labels are few."""

from __future__ import annotations

import math
from dataclasses import dataclass

from neurosci._core.claims import Claim, Verdict
from neurosci._core.context import Context
from neurosci._core.params import Params, param
from neurosci._core.result import Result, Source

from . import _plots
from . import _verdicts as verdicts
from . import _words as words
from ._arms import OTHERS
from ._captions import figures
from ._cohort import TARGETS, Cohort, prepare
from ._compute import Example, Findings, compute
from ._metrics import all_metrics


@dataclass(frozen=True, kw_only=True)
class FcSslParams(Params):
    """Everything that can change a number of the fc_ssl analysis."""

    data: str = param(
        "auto",
        options=("auto", "abide", "synthetic"),
        source="user",
        doc="Whose scans; auto takes ABIDE where it is on this machine, and always the generator.",
    )
    sites: tuple[str, ...] = param(
        ("UM_1", "UCLA_1", "YALE", "PITT", "MAX_MUN", "KKI"),
        doc="Sites whose labels are predicted; the others are the unlabelled pool.",
    )
    targets: tuple[str, ...] = param(TARGETS, options=TARGETS, doc="What is predicted.")
    site_out: tuple[str, ...] = param(
        ("diagnosis",), options=TARGETS, doc="Targets for which one site at a time is left out as well."
    )
    n_folds: int = param(10, low=2, source="our choice: the baseline's recipe", doc="Folds over everybody.")
    band: tuple[float, ...] = param((0.01, 0.1), low=0.0, low_open=True, unit="Hz", doc="Pass band.")
    seconds: float = param(290.0, low=100.0, unit="s", doc="Length to which scans are cut.")
    t_r: float = param(2.0, low=0.1, unit="s", doc="Time between frames to which scans are resampled.")
    window_s: float = param(60.0, low=10.0, unit="s", doc="Length of a window.")
    step_s: float = param(20.0, low=0.5, unit="s", doc="Distance of two windows.")
    density: float = param(
        0.3,
        low=0.0,
        high=1.0,
        low_open=True,
        source="paper's code (STAGIN)",
        doc="Share of pairs that are edges.",
    )
    n_pool: int = param(200, low=0, unit="scans", doc="Scans to pre-train on; 0 takes all.")
    every_held_out: int = param(
        12, low=2, doc="One in so many scans of the pool's sites is kept for losses of reconstruction."
    )
    node_input: str = param(
        "region", options=("region", "time", "profile", "both"), doc="What a node brings besides its edges."
    )
    hidden_dim: int = param(32, low=2, doc="Width of the encoder.")
    n_layers: int = param(2, low=1, doc="Layers of the encoder.")
    n_windows: int = param(2, low=1, doc="Windows, and triples of windows, of each scan and step.")
    epochs: int = param(3, low=1, doc="Epochs of pre-training.")
    batch_size: int = param(8, low=2, unit="scans", doc="Scans of a step.")
    lr: float = param(3e-3, low=0.0, low_open=True, doc="Largest learning rate.")
    n_seeds: int = param(1, low=1, doc="Seeds of pre-training on real scans.")
    sizes: tuple[int, ...] = param((20, 50, 200), low=4, unit="labels", doc="Numbers of labels.")
    n_test: int = param(150, low=20, unit="people", doc="Test set of each resample.")
    n_resamples: int = param(10, low=2, doc="Draws of labels and test set.")
    n_bootstrap: int = param(300, low=100, doc="Resamples of people for intervals of folds.")
    synthetic_pool: int = param(160, low=8, unit="scans", doc="Synthetic scans to pre-train on.")
    synthetic_people: int = param(300, low=40, unit="scans", doc="Synthetic scans with labels, per task.")
    synthetic_test: int = param(100, low=20, unit="scans", doc="Test set of each resample.")
    synthetic_sizes: tuple[int, ...] = param((20, 50, 200), low=4, unit="labels", doc="Numbers of labels.")
    synthetic_times: int = param(160, low=60, unit="frames", doc="Frames of a synthetic scan.")
    synthetic_window: int = param(20, low=4, unit="frames", doc="Window of synthetic scans.")
    synthetic_step: int = param(10, low=1, unit="frames", doc="Distance of two of them.")
    synthetic_epochs: int = param(10, low=1, doc="Epochs of pre-training on synthetic scans.")
    synthetic_seeds: int = param(1, low=1, doc="Synthetic data sets, each with its own pool and people.")
    edge_mask_ratios: tuple[float, ...] = param((0.5,), low=0.05, high=0.95, doc="Ablation: hidden pairs.")
    node_mask_ratios: tuple[float, ...] = param((0.5,), low=0.05, high=0.95, doc="Ablation: hidden regions.")
    lambdas: tuple[float, ...] = param(
        (1.0,), low=0.0, doc="Ablation: weight of the temporal task; 0 is spatial."
    )
    min_gaps: tuple[int, ...] = param((2,), low=1, unit="windows", doc="Ablation: distance in time.")
    missing: tuple[float, ...] = param(
        (0.0, 0.2, 0.4, 0.6), low=0.0, high=0.8, doc="Shares of a test scan that are missing at its end."
    )
    supervised_epochs: int = param(3, low=1, doc="Epochs of training with labels.")
    others: tuple[str, ...] = param((), options=OTHERS, doc="Further pre-trainers, scored with all labels.")
    fine_tune: bool = param(
        False, doc="Also train encoder and head with labels, from each arm, at equal steps."
    )
    n_streamed: int = param(
        51117,
        low=0,
        unit="scans",
        source="paper: 40,913 + 9,111 + 1,093, recollected",
        doc="Scans of the store on disk that is streamed for the claim of size; 0: none.",
    )

    def __post_init__(self) -> None:
        """Check every field, and that windows and people suffice."""
        super().__post_init__()
        where = "FcSslParams"
        if len(self.band) != 2 or not self.band[0] < self.band[1] < 0.5 / self.t_r:
            raise ValueError(
                f"{where}: band must be (low, high) below half the sampling rate, {0.5 / self.t_r:g} Hz, got "
                f"{self.band}"
            )
        if 0.5 not in self.edge_mask_ratios or 0.5 not in self.node_mask_ratios:
            raise ValueError(f"{where}: edge_mask_ratios and node_mask_ratios must hold the default, 0.5")
        if 0.0 not in self.missing or 1.0 not in self.lambdas:
            raise ValueError(f"{where}: missing must hold 0 and lambdas must hold the default, 1")
        if not set(self.site_out) <= set(self.targets) or not self.targets:
            raise ValueError(f"{where}: site_out must be among targets {self.targets}, got {self.site_out}")
        longest = max(self.missing)
        left = (1 - longest) * self.synthetic_times
        if left <= self.synthetic_window:
            raise ValueError(
                f"{where}: missing must leave a window of synthetic_times={self.synthetic_times} frames, got "
                f"{longest:g}"
            )
        n_windows = math.ceil((self.synthetic_times - self.synthetic_window) / self.synthetic_step)
        gaps = (self.synthetic_gap, *self.min_gaps)
        if n_windows < 2 * max(gaps) + 1:
            raise ValueError(
                f"{where}: synthetic_times must hold {2 * max(gaps) + 1} windows, got {n_windows}"
            )
        if max(self.synthetic_sizes) + self.synthetic_test > self.synthetic_people:
            raise ValueError(
                f"{where}: synthetic_people must hold the largest of synthetic_sizes and the test"
            )

    @property
    def gap(self) -> int:
        """Windows between two that share no frame."""
        return math.ceil(self.window_s / self.step_s)

    @property
    def synthetic_gap(self) -> int:
        """The same for synthetic scans."""
        return math.ceil(self.synthetic_window / self.synthetic_step)


PARAMS = FcSslParams
PRESETS = {
    "quick": FcSslParams(),
    "paper": FcSslParams(
        preset="paper",
        site_out=TARGETS,
        n_pool=0,
        hidden_dim=64,
        n_windows=4,
        epochs=20,
        n_seeds=5,
        sizes=(10, 20, 50, 100, 200),
        n_resamples=20,
        n_bootstrap=2000,
        synthetic_pool=400,
        synthetic_people=500,
        synthetic_test=200,
        synthetic_sizes=(10, 20, 50, 100, 200),
        synthetic_times=240,
        synthetic_epochs=30,
        synthetic_seeds=10,
        edge_mask_ratios=(0.1, 0.3, 0.5, 0.7, 0.9),
        node_mask_ratios=(0.1, 0.3, 0.5, 0.7, 0.9),
        lambdas=(0.3, 1.0, 3.0),
        min_gaps=(1, 2, 4),
        supervised_epochs=20,
        others=OTHERS,
        fine_tune=True,
    ),
}

CLAIMS = (
    Claim(
        id="FS1",
        text="Dynamic connectivity carries more than static connectivity.",
        source="Abstract; our rule: area for the diagnosis, spread of windows with static, minus static",
        kind="direction",
        paper="more",
        denied=0.0,
    ),
    Claim(
        id="FS2",
        text="Generative pre-training helps where labels are few.",
        source="Abstract; our rule: score of both tasks minus a random encoder, mean of targets and sizes",
        kind="direction",
        paper="higher",
        denied=0.0,
        needs_samples=True,
    ),
    Claim(
        id="FS3",
        text="Generative pre-training beats contrastive pre-training.",
        source="Abstract; our rule: both tasks minus contrastive, mean of targets and sizes",
        kind="order",
        paper="higher",
        denied=0.0,
        needs_samples=True,
    ),
    Claim(
        id="FS4",
        text="Space and time together beat either of them.",
        source="Abstract; our rule: both tasks minus the better of one, mean of targets and sizes",
        kind="order",
        paper="higher",
        denied=0.0,
        needs_samples=True,
    ),
    Claim(
        id="FS5",
        text="What is learned survives missing time.",
        source="ST-JEMA, abstract; our rule: area of both minus a random encoder, most of the scan missing",
        kind="direction",
        paper="robust",
        denied=0.0,
        needs_samples=True,
    ),
    Claim(
        id="FS6",
        text="It learns from more than 50,000 scans.",
        source="Abstract; our rule: streaming a store of as many grows memory by less than 1 % of its size",
        kind="bound",
        paper="51,117 scans",
        printed=("1",),
        side="less",
    ),
)

FIGURES = {
    "dynamic": _plots.dynamic,
    "labels": _plots.labels,
    "table": _plots.table,
    "reconstruction": _plots.reconstruction,
    "ablation": _plots.ablation,
    "missing": _plots.missing,
    "attention": _plots.attention,
    "thumbnail": _plots.thumbnail,
}


def run(params: FcSslParams, context: Context) -> Result:
    """Run the fc_ssl analysis.

    Parameters
    ----------
    params : FcSslParams
        Everything that can change a number.
    context : Context
        Where and how to run.

    Returns
    -------
    Result
        Tables, metrics, judged claims and figures. Without ABIDE the claims are judged on the generator, and
        the result says so.
    """
    cohort = read_cohort(params)
    example, source = read_example(params, cohort, download=context.download)
    found = compute(params, context, cohort, example)
    metrics = all_metrics(found)
    sources = () if cohort is None else cohort.sources
    return Result(
        name="fc_ssl",
        title="Pre-training on dynamic connectivity",
        question=(
            "Does pre-training on unlabelled scans of dynamic functional connectivity help to predict from "
            "few labels?"
        ),
        answer=words.answer(found, metrics),
        units=words.units(found),
        params=params,
        sources=(*sources, *source, words.synthetic_source(params)),
        tables=found.tables,
        table_notes={name: words.TABLE_NOTES[name] for name in found.tables},
        metrics=metrics,
        verdicts=judge(found, metrics),
        figures=figures(found, metrics),
        methods=words.methods(found),
        deviations=words.deviations(found),
        notes=words.notes(found, metrics),
        references=words.REFERENCES,
        answer_note=words.ANSWER_NOTE,
        provenance={"fetch_command": words.FETCH_COMMAND} if cohort is None else {},
    )


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


def read_cohort(params: FcSslParams) -> Cohort | None:
    """Return the people whose diagnosis, sex and age are predicted, or ``None`` where there are none.

    Parameters
    ----------
    params : FcSslParams
        Parameters of the run.

    Returns
    -------
    Cohort or None
        ABIDE, where it is on this machine.
    """
    from neurosci.datasets import DataNotFoundError, fetch_abide_ho110

    if params.data == "synthetic":
        return None
    try:
        data = fetch_abide_ho110()
    except DataNotFoundError:
        if params.data == "abide":
            raise
        return None
    return prepare(data, params)


def read_example(
    params: FcSslParams, cohort: Cohort | None, *, download: bool
) -> tuple[Example, tuple[Source, ...]]:
    """Return the scan of the first figure: of the HCP, else one of the people, else a synthetic one.

    Parameters
    ----------
    params : FcSslParams
        Parameters of the run.
    cohort : Cohort or None
        People whose labels are predicted.
    download : bool
        Whether a small public data set may be fetched.

    Returns
    -------
    example : Example
        One scan, and whose it is.
    sources : tuple of Source
        Where it comes from, if not from the people.
    """
    from neurosci.datasets import DataNotFoundError, fetch_hcp_rest

    if params.data != "synthetic":
        try:
            data = fetch_hcp_rest(download=download)
        except DataNotFoundError:
            pass
        else:
            t_r = float(data.subjects["t_r"].iloc[0])
            return Example(data.data[0], t_r, "one person of the HCP at rest", True), data.sources
        if cohort is not None:
            row = int(cohort.downstream[0])
            t_r = float(cohort.table["t_r"].iloc[row])
            return Example(cohort.raw[row], t_r, f"one person of {cohort.name}", True), ()
    return Example.synthetic(params), ()
