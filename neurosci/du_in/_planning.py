"""What a run reads and how long it takes, by counted operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurosci._core.numbers import format_duration
from neurosci._core.plan import Plan

from ._cells import Decoding, Pretraining
from ._compute import all_channels, decoder_jobs, masked_jobs, tokenizer_jobs, world_of
from ._config import DuINConfig
from ._estimate import CPU_SHARE, Hours, Job, cpu_rate, expected_hours
from ._real import N_FOLDS
from ._sizes import model_sizes

if TYPE_CHECKING:
    from .analysis import DuINParams

DATASETS = ("bonn_ieeg", "self_regulation_scp1", "finger_movements", "ecog_gripforce")
N_SUBJECTS, N_WINDOWS, N_TRIALS = 12, 10_800, 2440
N_DECODERS = 288
"""Of the paper: twelve subjects, four starts, six seeds."""
OVERHEAD = {"classifier": 1.2e-3, "vqvae": 3.5e-3, "mae": 3.5e-3}
"""Seconds beside the arithmetic that one visit of a small network takes on one core, measured once; watching
windows after every epoch is part of it."""


def stages(params: DuINParams) -> dict[str, list[Job]]:
    """Return the trainings of a run by stage, as `expected_hours` takes them."""
    worlds = {g: world_of(params, g) for g in params.generators}
    ranking = dict.fromkeys(worlds, tuple(range(params.n_channels)))
    whole = list(all_channels(params, worlds).values())
    decoders = [job for job, _, _ in decoder_jobs(params, worlds, ranking).values()]
    return {
        "tokenizers": [
            _pretraining("vqvae", job) for job in tokenizer_jobs(params, worlds, ranking).values()
        ],
        "masked models": [_pretraining("mae", job) for job in masked_jobs(params, worlds, ranking).values()],
        "decoders": [_decoding(job) for job in (*whole, *decoders)],
        "recordings": [] if params.data == "synthetic" else _recordings(params),
    }


def _recordings(params: DuINParams) -> list[Job]:
    """Return the trainings on the real sets: channels, samples, patch and step, trials times folds."""
    rows = ((1, 4000, (100, 10), 160 * N_FOLDS), (6, 896, (64, 8), 268), (28, 50, (10, 2), 316))
    return [
        Job(
            "classifier", model_sizes(params.model, *patch), n_channels, n_times,
            n_trials * params.n_real_epochs, 16, 2,
        )
        for n_channels, n_times, patch, n_trials in rows
    ]  # fmt: skip


def _pretraining(stage: str, job: Pretraining) -> Job:
    n_windows = job.world.n_windows - max(2, job.world.n_windows // 8)
    return Job(stage, job.config, len(job.channels), job.crop, n_windows * job.n_epochs, job.batch_size)


def _decoding(job: Decoding) -> Job:
    n_trials = job.world.n_words * job.n_labels
    # channel tokens: as many sequences of tokens as channels, which attend to each other
    factor = len(job.channels) if job.level == "channel" else 1
    return Job(
        "classifier",
        job.config,
        len(job.channels),
        3000,
        factor * n_trials * job.n_epochs,
        job.batch_size,
        job.world.n_words,
    )


def published_jobs() -> list[Job]:
    """Return the trainings of the whole paper: two stages of each subject, and every decoder."""
    config = DuINConfig.paper()
    return [
        Job("vqvae", config, 10, 4000, N_SUBJECTS * N_WINDOWS * 400, 64),
        Job("mae", config, 10, 4000, N_SUBJECTS * N_WINDOWS * 400, 64),
        Job("classifier", config, 10, 3000, N_DECODERS * N_TRIALS * 200, 32),
    ]


def describe(params: DuINParams) -> Plan:
    """Return data and hours of a run, and beside them those of the whole paper."""
    rate = cpu_rate()
    by_stage = {
        name: with_overhead(jobs, expected_hours(jobs, rate)) for name, jobs in stages(params).items()
    }
    cpu, gpu = (sum(getattr(hours, name) for hours in by_stage.values()) for name in ("cpu", "gpu"))
    paper = expected_hours(published_jobs(), rate)
    details = [
        f"{name}: {_hours(h.cpu)} on one core, {_hours(h.gpu)} on one GPU" for name, h in by_stage.items()
    ]
    details += [
        "units of work are saved when they are finished; the same command goes on from there",
        f"for comparison, the whole paper (12 subjects, {N_DECODERS} decoders, "
        f"{paper.operations / 1e15:.0f} PFLOP): {_hours(paper.cpu)} on one core, {_hours(paper.gpu)} on one "
        "GPU",
        f"core: {rate / 1e9:.0f} GFLOP/s measured now on a large product, {CPU_SHARE:.0%} of it assumed; "
        "GPU: one H100 at a tenth of its dense bf16 rate and 8 ms per step, assumed and not measured",
    ]
    return Plan(
        f"about {_hours(cpu)} on one core, {_hours(gpu)} on one GPU (estimated from counted operations)",
        DATASETS if params.data == "auto" else (),
        tuple(details),
    )


def with_overhead(jobs: list[Job], hours: Hours) -> Hours:
    """Add what each visit costs beside its arithmetic, which for small networks is most of it."""
    return hours._replace(cpu=hours.cpu + sum(OVERHEAD[job.stage] * job.n_visits for job in jobs) / 3600)


def _hours(value: float) -> str:
    if value < 1:
        return format_duration(max(1.0, float(round(3600 * value))))
    return f"{value:.1f} h" if value < 100 else f"{value:,.0f} h"
