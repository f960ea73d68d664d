"""What a training will cost before it is begun: operations per window, and hours by rates that are stated."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from .._core.checks import check_option
from ._config import DuINConfig

STAGES = ("vqvae", "mae", "classifier", "codes")
# Shares of the rate of one large matrix product that training steps reach on one core: measured at the
# published sizes and at the small ones.
CPU_SHARE, SMALL_CPU_SHARE, SMALL_WIDTH = 0.43, 0.25, 128
# What is assumed of one H100, and was not measured: a tenth of 989 TFLOP/s, and 8 ms per step, in which
# kernels wait for their launch.
GPU_RATE = 0.1 * 989e12
GPU_STEP_SECONDS = 8e-3


class Job(NamedTuple):
    """One training.

    Parameters
    ----------
    stage : {"vqvae", "mae", "classifier", "codes"}
        Stage; ``"codes"`` is a pass without training.
    config : DuINConfig
        Sizes.
    n_chans : int
        Channels.
    n_times : int
        Samples of a window.
    n_visits : int
        Windows times epochs.
    batch_size : int
        Windows per step.
    n_outputs : int
        Classes, for a classifier.
    """

    stage: str
    config: DuINConfig
    n_chans: int
    n_times: int
    n_visits: int
    batch_size: int = 32
    n_outputs: int = 61


class Hours(NamedTuple):
    """Expected duration.

    Parameters
    ----------
    cpu : float
        Hours of one core of this machine.
    gpu : float
        Hours of one H100, by assumption.
    operations : float
        Floating-point operations.
    """

    cpu: float
    gpu: float
    operations: float


def operations(stage: str, config: DuINConfig, n_chans: int, n_times: int, n_outputs: int = 61) -> float:
    """Return the floating-point operations of one forward pass of one window.

    Parameters
    ----------
    stage : {"vqvae", "mae", "classifier", "codes"}
        Stage; the masked model counts both masks, without the codes to predict.
    config : DuINConfig
        Sizes.
    n_chans : int
        Channels.
    n_times : int
        Samples of a window.
    n_outputs : int, default=61
        Classes, for a classifier.

    Returns
    -------
    float
        Operations of all products, two per multiply-add. The update of the codex by index has none.

    Examples
    --------
    >>> from neurosci.du_in import DuINConfig
    >>> from neurosci.du_in._estimate import operations
    >>> round(operations("vqvae", DuINConfig.paper(), 10, 4000) / 1e9, 3)
    0.717
    """
    check_option("operations", "stage", stage, STAGES)
    n, d = config.n_patches(n_times), config.d_model
    length, width = config.patch_samples, config.d_neural or n_chans
    patch = 0 if config.d_neural is None else length * n_chans * width
    for channels, kernel, stride in zip(
        config.conv_channels, config.conv_kernels, config.conv_strides, strict=True
    ):
        length = (length + 2 * (kernel // 2) - kernel) // stride + 1
        patch += length * width * channels * kernel
        width = channels
    inner = config.n_heads * config.d_head
    layer = n * (4 * d * inner + 2 * d * config.d_feedforward) + 2 * n * n * inner
    embedding, encoder = n * patch, config.n_layers * layer
    if stage == "mae":
        return 2.0 * (embedding + 2 * encoder + n * d * config.codex_size)
    if stage == "classifier":
        return 2.0 * (embedding + encoder + n * d * config.n_hidden + config.n_hidden * n_outputs)
    look_up = n * (d * d + d * config.codex_dim + config.codex_dim * config.codex_size)
    if stage == "codes":
        return 2.0 * (embedding + encoder + look_up)
    positions = n * (config.n_positions if config.unfolds else 1)
    width, regression = d // (config.n_positions if config.unfolds else 1), 0
    for channels, kernel, stride in zip(
        config.deconv_channels, config.deconv_kernels, config.deconv_strides, strict=True
    ):
        regression += positions * width * channels * kernel
        positions, width = positions * stride, channels
    out = config.d_neural or n_chans
    regression += positions * width * out + (positions * out * n_chans if config.d_neural else 0)
    decoder = config.n_decoder_layers * layer
    return 2.0 * (embedding + encoder + look_up + n * config.codex_dim * d + decoder + regression)


def published_jobs() -> list[Job]:
    """Return the trainings of the whole published study.

    Returns
    -------
    list of Job
        Twelve subjects with 10,800 windows in two stages of 400 epochs, the codes that the second predicts,
        and four initialisations times six seeds of the classifier, 200 epochs of 2440 trials.
    """
    paper = DuINConfig.paper()
    visits = 12 * 400 * 10_800
    stages = [Job(stage, paper, 10, 4000, visits, 64) for stage in ("vqvae", "mae", "codes")]
    return [*stages, Job("classifier", paper, 10, 3000, 12 * 4 * 6 * 200 * 2440, 32)]


def cpu_rate() -> float:
    """Measure the rate of a large matrix product on one core, within a tenth of a second or so.

    Returns
    -------
    float
        Floating-point operations per second, single precision.
    """
    from threadpoolctl import threadpool_limits

    size = 768
    matrix = np.ones((size, size), dtype=np.float32)
    with threadpool_limits(1):
        matrix @ matrix
        seconds = []
        for _ in range(5):
            start = time.process_time()
            matrix @ matrix
            seconds.append(time.process_time() - start)
    return 2.0 * size**3 / max(min(seconds), 1e-6)


def expected_hours(jobs: Iterable[Job], rate: float | None = None) -> Hours:
    """Return how long some trainings will take, one after another.

    Parameters
    ----------
    jobs : iterable of Job
        Trainings.
    rate : float, default=None
        Operations per second of a large matrix product on one core; ``None`` measures it.

    Returns
    -------
    Hours
        On one core of this machine, and on one GPU by assumption.
    """
    rate = cpu_rate() if rate is None else rate
    total, cpu, gpu = 0.0, 0.0, 0.0
    for job in jobs:
        forward = operations(job.stage, job.config, job.n_chans, job.n_times, job.n_outputs)
        work = forward * (1 if job.stage == "codes" else 3) * job.n_visits
        total += work
        share = CPU_SHARE if job.config.d_model >= SMALL_WIDTH else SMALL_CPU_SHARE
        cpu += work / (share * rate)
        gpu += max(work / GPU_RATE, job.n_visits / job.batch_size * GPU_STEP_SECONDS)
    return Hours(cpu / 3600, gpu / 3600, total)
