"""Noise of one band, its levels, and the adaptive procedure against pyrtools and questplus."""

from __future__ import annotations

import functools
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.pairs import Pair, Target

N_STIMULI = 1050


def band_noise(size: int) -> list[float]:
    """Draw `size` fields of each band from their law; mean power of each band."""
    from neurosci.critical_band import BandNoise

    rng = np.random.default_rng(0)
    noise = BandNoise(random_state=rng)
    return [float((noise.sample(band, size).astype(float) ** 2).mean()) for band in range(7)]


def relative_power(ours: list[float], peer: list[float]) -> float:
    """Return the largest relative difference of the mean power of a band."""
    return float(np.abs(np.divide(ours, peer) - 1).max())


def white_field(_: int) -> list[list[float]]:
    """Return white noise, 224 x 224."""
    field: list[list[float]] = np.random.default_rng(1).standard_normal((224, 224)).tolist()
    return field


def levels(field: list[list[float]]) -> NDArray[np.float64]:
    """Split one field into its levels by the exact operator."""
    from neurosci.critical_band import BandNoise

    return BandNoise().decompose(field)


def largest_difference(ours: Any, peer: Any) -> float:
    """Return the largest absolute difference."""
    return float(np.abs(np.asarray(ours) - np.asarray(peer)).max())


def draws(size: int) -> list[float]:
    """Return the numbers that decide the answers of an observer."""
    numbers: list[float] = np.random.default_rng(2).random(size).tolist()
    return numbers


def weibull(intensity: Any, threshold: Any, slope: Any, lower_asymptote: Any, lapse_rate: Any) -> Any:
    """Return the probability of a correct answer, stimuli in decibels."""
    decay = np.exp(-(10 ** (slope * (intensity - threshold) / 20)))
    return 1 - lapse_rate - (1 - lower_asymptote - lapse_rate) * decay


def adaptive_run(numbers: list[float]) -> list[float]:
    """Run ours on one simulated observer; choices, then the posterior."""
    from neurosci.critical_band import QuestPlus

    grid = np.arange(-40, 1, 2.0)
    parameters = {
        "threshold": grid,
        "slope": [2, 3.5, 5.0],
        "lower_asymptote": [1 / 16],
        "lapse_rate": [0.01, 0.04],
    }
    quest = QuestPlus({"intensity": grid}, parameters, weibull)
    choices = []
    for number in numbers:
        shown = quest.next_stimulus()
        rate = 0.98 - (0.98 - 1 / 16) * np.exp(-(10 ** (3 * (shown["intensity"] + 17.3) / 20)))
        quest.update(shown, bool(number < rate))
        choices.append(shown["intensity"])
    return [*choices, *quest.posterior.ravel().tolist()]


@functools.cache
def _photographs() -> Any:
    from scipy import ndimage

    white = np.random.default_rng(3).standard_normal((N_STIMULI, 224, 224)).astype(np.float32)
    smooth = ndimage.gaussian_filter(white, (0, 4, 4))
    return np.clip(128 + smooth / smooth.std() * 60, 0, 255).astype(np.uint8)


def experiment_seconds(_: Any) -> float:
    """Return the time of all stimuli of an experiment of the published size, trials included."""
    from neurosci.critical_band import CriticalBandMasking

    images = _photographs()
    masking = CriticalBandMasking(random_state=0)
    masking.fit_transform(images[:70])
    start = time.perf_counter()
    masking.fit_transform(images)
    return time.perf_counter() - start


def trial_seconds(_: Any) -> float:
    """Return the time of one trial on a grid of 84,000 cells."""
    from neurosci.critical_band import QuestPlus

    levels = np.geomspace(0.005, 0.4, 30)
    parameters = {
        "threshold": np.geomspace(0.005, 0.4, 40),
        "slope": np.geomspace(0.5, 8, 10),
        "lapse_rate": [0, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1],
    }
    quest = QuestPlus({"noise_sd": levels}, parameters)
    start = time.perf_counter()
    for number in draws(200):
        quest.update(quest.next_stimulus(), number < 0.7)
    return (time.perf_counter() - start) / 200


PAIRS = (
    Pair(
        name="critical_band_noise",
        ours_words="fields drawn from the law of each of seven bands, equalised, 224 x 224",
        peer_words="pyrtools 1.1.1: pyramid of white noise, two reconstructions, equalised",
        ours=band_noise,
        peer="benchmarks.critical_band_stimuli_peers:published_noise",
        requirements=("pyrtools==1.1.1",),
        sizes=(2, 8),
        unit="fields per band",
        n_rounds=5,
        min_speedup=10,
        disagreement=relative_power,
        # the power of one field has a relative standard deviation of 0.7 %; 2 fields, 7 bands, two sides
        max_disagreement=0.03,
        disagreement_words="largest relative difference of the mean power of a band",
        targets=(
            Target(
                words="1050 stimuli of 224 x 224 with their trials, one core",
                limit=1.0,
                value=experiment_seconds,
            ),
        ),
    ),
    Pair(
        name="critical_band_levels",
        ours_words="seven levels of one field by the exact operator",
        peer_words="pyrtools 1.1.1: pyramid and seven reconstructions",
        ours=levels,
        peer="benchmarks.critical_band_stimuli_peers:all_levels",
        requirements=("pyrtools==1.1.1",),
        prepare=white_field,
        unit="fields",
        n_rounds=5,
        min_speedup=1,
        disagreement=largest_difference,
        max_disagreement=1e-12,
        disagreement_words="largest difference of a pixel, noise of standard deviation 1",
    ),
    Pair(
        name="quest_plus",
        ours_words="runs of QUEST+, 21 stimuli and 126 combinations of parameters",
        peer_words="questplus 2023.1, the same grids and answers",
        ours=adaptive_run,
        peer="benchmarks.critical_band_stimuli_peers:adaptive_run",
        requirements=("questplus==2023.1",),
        prepare=draws,
        sizes=(40, 120),
        unit="trials",
        n_rounds=5,
        min_speedup=15,
        disagreement=largest_difference,
        max_disagreement=1e-12,
        disagreement_words="largest difference of choices and posterior",
        targets=(Target(words="one trial on a grid of 84,000 cells", limit=0.0005, value=trial_seconds),),
    ),
)
