"""The du_in analysis: tokens of intracranial signals, masked modelling, and decoding of words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosci._core.claims import Verdict
from neurosci._core.context import Context
from neurosci._core.params import Params, param
from neurosci._core.plan import Plan
from neurosci._core.result import Result, Source

from . import _plots, _plots_sweeps
from . import _verdicts as verdicts
from . import _words as words
from ._captions import figures
from ._claims import CLAIMS as CLAIMS
from ._compute import Findings, compute
from ._metrics import Metrics, all_metrics
from ._planning import describe
from ._real import Labelled, Real, Tokenized


@dataclass(frozen=True, kw_only=True)
class DuINParams(Params):
    """Everything that can change a number of the du_in analysis."""

    data: str = param(
        "auto", options=("auto", "synthetic"), source="user",
        doc="Whether real recordings that are on this machine are used beside the generator.",
    )  # fmt: skip
    model: str = param(
        "tiny",
        options=("tiny", "small", "published"),
        doc="Sizes of the networks on generator and recordings.",
    )
    generators: tuple[int, ...] = param((1,), low=0, doc="Seeds of the generator: synthetic subjects.")
    seeds: tuple[int, ...] = param((0,), low=0, doc="Seeds of weights, order and dropout.")
    n_words: int = param(6, low=2, high=64, unit="words", doc="Words of the generator.")
    snr: float = param(1.0, low=0.0, doc="Amplitude of its speech.")
    n_labels: tuple[int, ...] = param(
        (12,),
        low=2,
        unit="trials per word",
        doc="Training trials; of several, the most are the main setting.",
    )
    n_test: int = param(10, low=2, unit="trials per word", doc="Test trials, from blocks of their own.")
    n_windows: int = param(32, low=8, unit="windows of 8 s", doc="Unlabelled windows; an eighth is held out.")
    n_channels: int = param(42, low=42, high=42, doc="Channels of the generator.")
    selection: str = param(
        "anova", options=("anova", "weights"),
        doc="Rank channels by analysis of variance, or by the weights of a decoder of all (the paper).",
    )  # fmt: skip
    n_selected: int = param(10, low=1, source="paper", doc="Channels that are selected on training trials.")
    n_epochs: tuple[int, ...] = param(
        (12, 24), low=2, unit="epochs", doc="Lengths of fine-tuning; the longest is the main setting."
    )
    batch_size: int = param(12, low=1, unit="trials", doc="Trials per step of decoders.")
    learning_rate: float = param(1e-3, low=0.0, low_open=True, doc="Highest learning rate of decoders.")
    pretrain_batch_size: int = param(4, low=1, unit="windows", doc="Windows per step of pre-training.")
    pretrain_learning_rate: float = param(
        2e-3, low=0.0, low_open=True, doc="Highest learning rate of pre-training."
    )
    n_pretrain_epochs: int = param(24, low=2, unit="epochs", doc="Epochs of the tokenizers.")
    n_masked_epochs: int = param(24, low=2, unit="epochs", doc="Epochs of the masked models.")
    targets: tuple[str, ...] = param(
        ("codes", "tokens", "signals"), options=("codes", "tokens", "signals"), source="paper",
        doc="What masked models predict.",
    )  # fmt: skip
    channel_counts: tuple[int, ...] = param((2, 10, 42), low=1, high=42, doc="Numbers of channels.")
    patch_lengths: tuple[int, ...] = param(
        (50, 100, 200), low=10, unit="samples of 1 ms", doc="Patch lengths; multiples of ten that divide 3 s."
    )
    codex_sizes: tuple[int, ...] = param((16,), low=2, doc="Sizes of the codex beside the model's own.")
    codex_dims: tuple[int, ...] = param((), low=2, doc="Dimensions of the codex beside the model's own.")
    mask_ratios: tuple[float, ...] = param(
        (0.25,), low=0.0, high=1.0, low_open=True, high_open=True, doc="Shares hidden beside the model's own."
    )
    tokenizer_epochs: tuple[int, ...] = param(
        (6,), low=1, unit="epochs", doc="Epochs of tokenizers beside the main one's."
    )
    masked_epochs: tuple[int, ...] = param(
        (6,), low=1, unit="epochs", doc="Epochs of masked models beside the main one's."
    )
    n_sweep_seeds: int = param(
        1, low=1, unit="seeds", doc="Seeds of the sweeps, the first ones; the arms have all of them."
    )
    level_patches: tuple[int, ...] = param(
        (100,), low=10, unit="samples of 1 ms", doc="Patch lengths of region against channel tokens."
    )
    poolings: tuple[str, ...] = param(
        ("concatenate",), options=("concatenate", "mean"), doc="Heads of channel tokens; the best one counts."
    )
    n_level_channels: int = param(4, low=2, doc="Channels of region against channel tokens.")
    plateau: float = param(
        0.02,
        low=0.0,
        unit="share",
        doc="Scratch is at its plateau where the last doubling of epochs adds less.",
    )
    n_permutations: int = param(20, low=5, doc="Permutations of the labels.")
    n_real_epochs: int = param(12, low=2, unit="epochs", doc="Epochs on real sets with labels.")
    n_token_epochs: int = param(
        60, low=2, unit="epochs", doc="Epochs of the tokenizer of the ECoG recording."
    )

    def __post_init__(self) -> None:
        """Check every field, and that the main settings are among those that are tried."""
        super().__post_init__()
        where = type(self).__name__
        for name in ("generators", "seeds", "n_labels", "n_epochs", "targets"):
            values = getattr(self, name)
            if not values or len(set(values)) != len(values):
                raise ValueError(f"{where}: {name} must hold different values, at least one, got {values}")
        if "codes" not in self.targets:
            raise ValueError(f"{where}: targets must hold 'codes', got {self.targets}")
        for name in ("patch_lengths", "level_patches"):
            bad = [p for p in getattr(self, name) if p % 10 or 3000 % p]
            if bad:
                raise ValueError(f"{where}: {name} must be multiples of 10 that divide 3000, got {bad[0]}")
        if self.n_words**2 < self.n_words or self.n_selected > self.n_channels:
            raise ValueError(f"{where}: n_selected must be at most {self.n_channels}, got {self.n_selected}")


PARAMS = DuINParams
PRESETS = {
    "quick": DuINParams(),
    "paper": DuINParams(
        preset="paper",
        model="small",
        generators=(1, 2, 3),
        seeds=(0, 1, 2, 3, 4),
        n_words=12,
        snr=1.0,
        n_labels=(5, 10, 20),
        n_test=20,
        n_windows=200,
        n_epochs=(30, 60, 120, 240),
        selection="weights",
        batch_size=24,
        learning_rate=5e-4,
        pretrain_batch_size=16,
        pretrain_learning_rate=1e-3,
        n_pretrain_epochs=60,
        n_masked_epochs=120,
        channel_counts=(1, 2, 5, 10, 20, 42),
        patch_lengths=(50, 100, 150, 200, 500),
        codex_sizes=(16, 64, 1024, 2048),
        codex_dims=(8, 64),
        mask_ratios=(0.1, 0.3),
        tokenizer_epochs=(5, 15),
        masked_epochs=(5, 30),
        n_sweep_seeds=2,
        level_patches=(100, 1000),
        n_permutations=200,
        n_real_epochs=60,
        n_token_epochs=200,
    ),
}

FIGURES = {
    "radar": _plots.radar,
    "published": _plots.published,
    "brain": _plots.brain,
    "training": _plots.training,
    "reconstruction": _plots.reconstruction,
    "arms": _plots.arms,
    "sweeps": _plots.sweeps,
    "pretraining": _plots_sweeps.pretraining,
    "contributions": _plots.contributions,
    "leak": _plots.leak,
    "real": _plots.real,
    "ecog": _plots.ecog,
    "thumbnail": _plots.thumbnail,
}


def run(params: DuINParams, context: Context) -> Result:
    """Run the du_in analysis.

    Parameters
    ----------
    params : DuINParams
        Everything that can change a number.
    context : Context
        Where and how to run.

    Returns
    -------
    Result
        Tables, metrics, judged claims and figures. Decoding of words is synthetic, and the result says so: no
        labelled recording of word reading is public.
    """
    found = compute(params, context, read_real(params, download=context.download))
    metrics = all_metrics(found)
    return Result(
        name="du_in",
        title="Discrete codes and masked modelling of intracranial signals",
        question="Do discrete codes and masked modelling help to decode words from intracranial recordings?",
        answer=words.answer(found, metrics),
        units=words.units(found),
        params=params,
        sources=(words.PUBLISHED, words.synthetic_source(params), *found.real.sources),
        tables=found.tables,
        table_notes={name: words.TABLE_NOTES[name] for name in found.tables},
        metrics=metrics,
        verdicts=judge(found, metrics),
        figures=figures(found, metrics),
        methods=words.methods(found),
        deviations=words.deviations(found),
        notes=words.notes(found, metrics),
        references=words.REFERENCES,
    )


def plan(params: DuINParams, context: Context) -> Plan:  # noqa: ARG001 (the device does not change the plan)
    """Say what a run reads and how long it will take.

    Parameters
    ----------
    params : DuINParams
        Parameters of the run.
    context : Context
        How it would run.

    Returns
    -------
    Plan
        Data sets, and hours on one core and on one GPU by stage.
    """
    return describe(params)


def judge(found: Findings, metrics: Metrics) -> tuple[Verdict, ...]:
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


def read_real(params: DuINParams, *, download: bool) -> Real:
    """Read the real recordings that are here.

    Parameters
    ----------
    params : DuINParams
        Parameters of the run.
    download : bool
        Whether small public sets may be fetched.

    Returns
    -------
    Real
        Those that were found, and the names of the others.
    """
    from neurosci import datasets

    if params.data == "synthetic":
        return Real()
    labelled: list[Labelled] = []
    sources: list[Source] = []
    missing = []
    try:
        bonn = datasets.fetch_bonn_ieeg(download=download)
    except datasets.DataNotFoundError:
        missing.append("bonn_ieeg")
    else:
        chosen = bonn.y < 2
        labelled.append(
            Labelled(
                "Bonn, C against D", _standardized(bonn.X[chosen, :, :4000]), bonn.y[chosen], None,
                bonn.sfreq, 100, 10, ("shape features, logistic", "shape features, SVM"),
            )
        )  # fmt: skip
        sources += bonn.sources
    for name, patch, step in (("SelfRegulationSCP1", 64, 8), ("FingerMovements", 10, 2)):
        try:
            eeg = datasets.fetch_eeg_classification(name, download=download)
        except datasets.DataNotFoundError:
            missing.append(name)
            continue
        labelled.append(
            Labelled(
                name, eeg.X, eeg.y, eeg.split == "test", eeg.sfreq, patch, step,
                ("window means, LDA", "band power, LDA"),
            )
        )  # fmt: skip
        sources += eeg.sources
    ecog = None
    try:
        recording = datasets.fetch_ecog_gripforce(download=download)
    except datasets.DataNotFoundError:
        missing.append("ecog_gripforce")
    else:
        ecog = _tokenized(recording)
        sources += recording.sources
    return Real(tuple(labelled), ecog, tuple(sources), tuple(missing))


def _standardized(segments: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return segments of mean 0 and variance 1 each, as for the features that they are compared with."""
    centred = segments - segments.mean(axis=2, keepdims=True)
    return np.asarray(centred / segments.std(axis=2, keepdims=True), dtype=np.float32)


def _tokenized(recording: object) -> Tokenized:
    """Return the ECoG strip as differences of neighbours; its authors removed the mains."""
    from neurosci.preprocessing.ieeg import preprocess_seeg

    raw = recording.to_raw()  # type: ignore[attr-defined]
    clean = preprocess_seeg(raw, line_freq=None, reference=None, picks="ecog")
    strip = clean.get_data(picks="ecog")
    return Tokenized(
        "ECoG with grip force",
        -np.diff(strip, axis=0).astype(np.float32),
        recording.covariates["grip_force_au"],  # type: ignore[attr-defined]
        float(clean.info["sfreq"]),
    )
