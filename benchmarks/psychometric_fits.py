"""Psychometric functions with a free lapse rate: maximum likelihood in a batch against psignifit."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.pairs import Pair, Target

LEVELS = np.array([0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32])
N_TRIALS = np.full(len(LEVELS), 200)
GUESS_RATE = 1 / 16
# True rate of the simulated observers, near what the peer's prior prefers. With true rates drawn from
# 0.01 to 0.08 the thresholds of the two methods were up to 0.104 octave apart: the prior pulls the
# peer's fits.
LAPSE_RATE = 0.06
N_BOOTSTRAPS = 1000


def counts(size: int) -> NDArray[np.int64]:
    """Draw counts of correct answers, (size, n_levels), from known logistic functions."""
    rng = np.random.default_rng(20231105)
    out = np.empty((size, len(LEVELS)), np.int64)
    for row in out:
        threshold, slope = rng.uniform(-5, -3.5), rng.uniform(1.5, 3)
        detected = 1 / (1 + np.exp(slope * (np.log2(LEVELS) - threshold)))
        row[:] = rng.binomial(N_TRIALS, GUESS_RATE + (1 - GUESS_RATE - LAPSE_RATE) * detected)
    return out


def batch(correct: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return thresholds by the batched fit."""
    from neurosci.critical_band import fit_psychometric_functions

    return fit_psychometric_functions(LEVELS, correct, N_TRIALS).threshold


def with_intervals(correct: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return thresholds by the estimator, one by one, each with profile intervals of all parameters."""
    from neurosci.critical_band import PsychometricFunction

    functions = [PsychometricFunction().fit(LEVELS, row, N_TRIALS) for row in correct]
    return np.array([function.confint()["threshold"].value for function in functions])


def psignifit(correct: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return thresholds by psignifit: posterior mode and intervals, from levels in log2."""
    from psignifit import psignifit as fit

    found = []
    for row in correct:
        data = np.column_stack([np.log2(LEVELS), row, N_TRIALS])
        result = fit(
            data, sigmoid="neg_logistic", experiment_type="nAFC", experiment_choices=round(1 / GUESS_RATE)
        )
        found.append(2.0 ** result.parameter_estimate["threshold"])
    return np.array(found)


def octaves(ours: NDArray[np.float64], peer: NDArray[np.float64]) -> float:
    """Return the largest distance of two sets of thresholds."""
    return float(np.abs(np.log2(ours / peer)).max())


def bootstrap_seconds(_: Any) -> float:
    """Return the time of 1000 bootstraps of the channel of one observer, all refitted by likelihood."""
    from neurosci.critical_band import channel_confint, fit_channel_likelihood, make_channel_counts

    data = make_channel_counts(1, random_state=0)
    fit = fit_channel_likelihood(data.n_correct, data.n_trials)
    start = time.perf_counter()
    channel_confint(fit, method="bootstrap", n_resamples=N_BOOTSTRAPS, random_state=0)
    return time.perf_counter() - start


PAIRS = (
    Pair(
        name="psychometric_fits",
        ours_words="batched maximum-likelihood fits, no intervals",
        peer_words="psignifit 4.3, posterior mode with intervals, one by one",
        ours=batch,
        peer=psignifit,
        prepare=counts,
        sizes=(1, 4, 16),
        unit="functions",
        n_rounds=5,
        min_speedup=50,
        disagreement=octaves,
        max_disagreement=0.1,
        disagreement_words="largest distance of thresholds in octaves, true lapse rate 0.06",
        targets=(
            Target(words="1000 bootstraps of the channel of one observer", limit=10, value=bootstrap_seconds),
        ),
    ),
    Pair(
        name="psychometric_intervals",
        ours_words="maximum likelihood with profile intervals, one by one",
        peer_words="psignifit 4.3, posterior mode with intervals, one by one",
        ours=with_intervals,
        peer=psignifit,
        prepare=counts,
        sizes=(1, 4),
        unit="functions",
        n_rounds=5,
        min_speedup=20,
        disagreement=octaves,
        max_disagreement=0.1,
        disagreement_words="largest distance of thresholds in octaves, true lapse rate 0.06",
    ),
)
