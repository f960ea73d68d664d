"""Psychometric functions with a free lapse rate: ours in one batch against psignifit, one by one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIZES = (1, 4, 16)
GATE = 50.0
THRESHOLD_TOLERANCE = 0.1  # octaves

LEVELS = np.array([0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32])
N_TRIALS = 200  # per level
GUESS_RATE = 1 / 16
# Near what the peer's prior prefers: it pulls others towards that, and thresholds with them.
LAPSE_RATE = 0.06


def counts(size: int) -> NDArray[np.int64]:
    """Draw counts of correct answers, (size, n_levels), from known logistic functions."""
    rng = np.random.default_rng(20231105)
    out = np.empty((size, len(LEVELS)), np.int64)
    for row in out:
        threshold, slope = rng.uniform(-5, -3.5), rng.uniform(1.5, 3)
        detected = 1 / (1 + np.exp(slope * (np.log2(LEVELS) - threshold)))
        row[:] = rng.binomial(N_TRIALS, GUESS_RATE + (1 - GUESS_RATE - LAPSE_RATE) * detected)
    return out


def ours(size: int) -> NDArray[np.float64]:
    """Return the thresholds of `size` functions by the batched fit."""
    from neurosci.critical_band._psychometric_curves import fit_psychometric_functions

    return fit_psychometric_functions(LEVELS, counts(size), np.full(len(LEVELS), N_TRIALS)).threshold


def ours_one_by_one(size: int) -> NDArray[np.float64]:
    """Return the thresholds of `size` functions by the estimator, in a loop."""
    from neurosci.critical_band._psychometric import PsychometricFunction

    trials = np.full(len(LEVELS), N_TRIALS)
    return np.array([PsychometricFunction().fit(LEVELS, row, trials).threshold_ for row in counts(size)])


def ours_with_intervals(size: int) -> NDArray[np.float64]:
    """Do the same with profile intervals of threshold, slope and lapse rate."""
    from neurosci.critical_band._psychometric import PsychometricFunction

    trials = np.full(len(LEVELS), N_TRIALS)
    functions = [PsychometricFunction().fit(LEVELS, row, trials) for row in counts(size)]
    return np.array([function.confint()["threshold"].value for function in functions])


def peer(size: int) -> NDArray[np.float64]:
    """Return the thresholds of `size` functions by psignifit: MAP, with its intervals; log2 taken by hand."""
    import psignifit

    found = []
    for row in counts(size):
        data = np.column_stack([np.log2(LEVELS), row, np.full(len(LEVELS), N_TRIALS)])
        fit = psignifit.psignifit(
            data, sigmoid="neg_logistic", experiment_type="nAFC", experiment_choices=round(1 / GUESS_RATE)
        )
        found.append(2.0 ** fit.parameter_estimate["threshold"])
    return np.array(found)


def disagreement(size: int) -> float:
    """Return the largest distance of our thresholds from the peer's, octaves: below `THRESHOLD_TOLERANCE`."""
    return float(np.abs(np.log2(ours(size) / peer(size))).max())
