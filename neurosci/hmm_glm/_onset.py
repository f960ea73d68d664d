"""When a state is entered in trials: found from the states alone, without the time of any event."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SIZEABLE = 0.5
PROFILE_BINS = 5
"""Bins over which a profile is averaged."""


def rises(probability: Floats, width: int) -> tuple[Integers, Floats]:
    """Return how much a probability gains at each bin: its mean over `width` bins after it minus that before.

    Parameters
    ----------
    probability : ndarray of shape (..., n_bins)
        Probability of a state.
    width : int
        Bins on each side.

    Returns
    -------
    bins : ndarray of shape (n_bins - 2 * width + 1,)
        Bins that have both sides.
    gain : ndarray of shape (..., n_bins - 2 * width + 1)
        Gain at each.
    """
    p = np.asarray(probability, np.float64)
    total = np.concatenate([np.zeros((*p.shape[:-1], 1)), np.cumsum(p, axis=-1)], axis=-1)
    t = np.arange(width, p.shape[-1] - width + 1)
    return t, (total[..., t + width] - 2 * total[..., t] + total[..., t - width]) / width


def locked_state(average: Floats, width: int) -> tuple[int, int]:
    """Return the state that trials enter together, and the bin where they do.

    Parameters
    ----------
    average : ndarray of shape (n_bins, n_states)
        Mean probability of each state over the trials for fitting.
    width : int
        Bins on each side.

    Returns
    -------
    state, bin : int
        Of all states whose steepest rise is at least half of the largest one, the first to rise.
    """
    t, gain = rises(average.T, width)
    largest, where = gain.max(axis=1), gain.argmax(axis=1)
    candidates = np.flatnonzero(largest >= SIZEABLE * largest.max())
    state = int(candidates[where[candidates].argmin()])
    return state, int(t[where[state]])


def steepest(probability: Floats, width: int) -> Integers:
    """Return the bin of the steepest rise of each row.

    Parameters
    ----------
    probability : ndarray of shape (..., n_bins)
        Probability of one state.
    width : int
        Bins on each side.

    Returns
    -------
    ndarray of shape (...,)
        First bin after the rise.
    """
    t, gain = rises(probability, width)
    result: Integers = t[gain.argmax(axis=-1)]
    return result


def matched(train: Floats, test: Floats, at: int, before: int, after: int) -> Integers:
    """Return where each row is most like the trials for fitting around their joint rise.

    The profile is the mean over the trials for fitting, relative to its mean over time. It is laid on every
    bin of a row, so that the time of the rise itself tells nothing.

    Parameters
    ----------
    train : ndarray of shape (n_trials, n_bins, n_values)
        Probabilities of states, or counts.
    test : ndarray of shape (n_rows, n_bins, n_values)
        The same, held out.
    at : int
        Bin of the joint rise in the trials for fitting.
    before, after : int
        Bins of the profile on either side; cut where a trial ends.

    Returns
    -------
    ndarray of shape (n_rows,)
        Bin of the rise.
    """
    first, stop = max(at - before, 0), min(at + after, train.shape[1])
    usual = train.mean(axis=(0, 1))
    profile = uniform_filter1d(train[:, first:stop].mean(axis=0), PROFILE_BINS, axis=0, mode="nearest")
    # one trial of the usual values keeps what never occurred at a lag finite
    weights = np.log((profile * len(train) + usual) / (len(train) + 1) / np.maximum(usual, 1e-12) + 1e-12)
    n_positions = test.shape[1] - len(profile) + 1
    score = np.zeros((len(test), n_positions))
    for lag, weight in enumerate(weights):
        score += test[:, lag : lag + n_positions] @ weight
    result: Integers = score.argmax(axis=1) + (at - first)
    return result


def average_onset(
    probability: Floats, width: int, rng: np.random.Generator, n_resamples: int = 1000
) -> tuple[int, float, float]:
    """Return the bin at which the mean over trials rises most steeply, with a bootstrap interval over trials.

    Parameters
    ----------
    probability : ndarray of shape (n_trials, n_bins)
        Probability of one state in held-out trials.
    width : int
        Bins on each side.
    rng : Generator
        Source of the resamples.
    n_resamples : int, default=1000
        Resamples of the trials.

    Returns
    -------
    bin : int
        Estimate.
    low, high : float
        2.5 and 97.5 % of the resamples.
    """
    n = len(probability)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=n_resamples) / n
    again = steepest(weights @ probability, width)
    low, high = np.quantile(again, [0.025, 0.975])
    return int(steepest(probability.mean(axis=0), width)), float(low), float(high)
