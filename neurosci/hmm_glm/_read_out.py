"""What the states of a recording tell about labels that no model has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.random import spawn
from neurosci.stats import proportion_interval

from ._matching import match_states
from ._recordings import Recorded

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

N_PARTS = 15
"""Parts of a sequence in which states are averaged before the read-out."""
SHRINKAGE = 0.1
SMOOTHING = 1.0
"""Seconds over which the population rate is averaged in the baseline without a model."""


def features(path: NDArray[Any], lengths: Integers, n_states: int) -> Floats:
    """Return the share of each state in each part of each sequence: (n_sequences, n_parts, n_states)."""
    out = np.empty((lengths.size, N_PARTS, n_states))
    first = 0
    for i, length in enumerate(lengths):
        own = path[first : first + length]
        edges = np.linspace(0, length, N_PARTS + 1).astype(int)
        for part in range(N_PARTS):
            piece = own[edges[part] : edges[part + 1]]
            out[i, part] = np.bincount(piece, minlength=n_states)[:n_states] / piece.size
        first += int(length)
    return out


def read_out(
    units: dict[str, dict[str, Any]], recorded: Recorded, n_states: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit a logistic read-out of the label from the states of a sequence, and score it on held-out ones.

    Parameters
    ----------
    units : dict of str to dict
        Finished units by model.
    recorded : Recorded
        The recording.
    n_states : int
        States of every model.

    Returns
    -------
    coefficients, scores : DataFrame
        For the first label against the others, by model, state and time; and right answers with
        Wilson intervals, among them those of a read-out of the spike counts themselves.
    """
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    labels = np.array(recorded.train_labels), np.array(recorded.test_labels)
    names = list(dict.fromkeys(recorded.train_labels))
    part_s = float(recorded.train_lengths.max()) * recorded.bin_width / N_PARTS
    inputs = {
        model: tuple(
            features(unit[f"{part}_path"], lengths, n_states).reshape(lengths.size, -1)
            for part, lengths in (("train", recorded.train_lengths), ("test", recorded.test_lengths))
        )
        for model, unit in units.items()
    }
    inputs["spike counts"] = (
        count_features(recorded.train, recorded.train_lengths),
        count_features(recorded.test, recorded.test_lengths),
    )
    coefficients, scores = [], []
    for model, (train, test) in inputs.items():
        read = LogisticRegression(C=SHRINKAGE, max_iter=2000).fit(train, labels[0])
        right = int((read.predict(test) == labels[1]).sum())
        share = proportion_interval(right, len(test))
        largest = max(float(np.mean(labels[1] == name)) for name in names)
        scores.append(
            {
                "model": model, "n_right": right, "n": len(test), "accuracy": 100 * right / len(test),
                "low": 100 * float(share.low or 0.0), "high": 100 * float(share.high or 0.0),
                "chance": 100 * largest,
            }
        )  # fmt: skip
        if model in units:
            row = list(read.classes_).index(names[0]) if len(read.classes_) > 2 else 0
            weights = read.coef_[row].reshape(N_PARTS, n_states)
            coefficients += [
                {
                    "model": model, "label": names[0], "state": state + 1, "time": part_s * (part + 0.5),
                    "value": float(weights[part, state]),
                }
                for part in range(N_PARTS)
                for state in range(n_states)
            ]  # fmt: skip
    return pd.DataFrame(coefficients), pd.DataFrame(scores)


def count_features(counts: NDArray[Any], lengths: Integers) -> Floats:
    """Return the root of the mean count of each neuron in each sequence, standardised by nothing."""
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return np.asarray(np.sqrt(np.add.reduceat(counts.astype(float), first) / lengths[:, None]))


def sleep_scores(
    units: dict[str, dict[str, Any]], recorded: Recorded, n_states: int, seed: int
) -> pd.DataFrame:
    """Compare states with labels bin by bin; names of states come from the data for fitting alone.

    Parameters
    ----------
    units : dict of str to dict
        Finished units by model.
    recorded : Recorded
        The recording.
    n_states : int
        States of every model; as many as labels.
    seed : int
        Seed of the run.

    Returns
    -------
    DataFrame
        Balanced accuracy (%) and adjusted Rand index with bootstrap intervals over held-out sequences.
    """
    import pandas as pd
    from sklearn.metrics import adjusted_rand_score

    names = list(dict.fromkeys(recorded.train_labels))
    truth = [
        np.repeat([names.index(label) for label in labels], lengths)
        for labels, lengths in (
            (recorded.train_labels, recorded.train_lengths),
            (recorded.test_labels, recorded.test_lengths),
        )
    ]
    paths = {
        model: (unit["train_path"].astype(int), unit["test_path"].astype(int))
        for model, unit in units.items()
    }
    paths["rate thresholds"] = rate_states(recorded, n_states)
    of_sequence = np.repeat(np.arange(recorded.test_lengths.size), recorded.test_lengths)
    rows = []
    for method, (train, test) in paths.items():
        named = np.argsort(match_states(truth[0], train, n_states))[test]
        hits = np.zeros((recorded.test_lengths.size, len(names)))
        totals = np.zeros_like(hits)
        np.add.at(hits, (of_sequence, truth[1]), named == truth[1])
        np.add.at(totals, (of_sequence, truth[1]), 1)
        value, low, high = _balanced_interval(hits, totals, spawn(seed, "sleep", method))
        rows.append(
            {
                "method": method, "accuracy": value, "low": low, "high": high,
                "rand_index": float(adjusted_rand_score(truth[1], test)), "n_sequences": len(hits),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _balanced_interval(
    hits: Floats, totals: Floats, rng: np.random.Generator, n_resamples: int = 1000
) -> tuple[float, float, float]:
    """Resample sequences within each label, so that every label stays."""
    label = totals.argmax(axis=1)
    groups = [np.flatnonzero(label == k) for k in range(totals.shape[1])]

    def score(chosen: Integers) -> float:
        return 100 * float(np.mean(hits[chosen].sum(axis=0) / totals[chosen].sum(axis=0)))

    again = [score(np.concatenate([rng.choice(own, own.size) for own in groups])) for _ in range(n_resamples)]
    low, high = np.quantile(again, [0.025, 0.975])
    return score(np.arange(len(hits))), float(low), float(high)


def rate_states(recorded: Recorded, n_states: int) -> tuple[Integers, Integers]:
    """Return states cut from the smoothed population rate at quantiles of the data for fitting."""
    from scipy.ndimage import uniform_filter1d

    width = max(1, round(SMOOTHING / recorded.bin_width))
    rates = [
        uniform_filter1d(part.sum(axis=1).astype(float), width) for part in (recorded.train, recorded.test)
    ]
    edges = np.quantile(rates[0], np.arange(1, n_states) / n_states)
    train, test = (np.searchsorted(edges, rate).astype(np.int64) for rate in rates)
    return train, test
