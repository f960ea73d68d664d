"""Recordings cut into sequences for fitting and held-out ones, without any label in what models see."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci.preprocessing.spikes import bin_spikes

if TYPE_CHECKING:
    from .analysis import HmmGlmParams

Integers = NDArray[np.int64]

ODOURS = ("Cis_3_Hexen_1_ol_0_f", "Cis_3_Hexen_1_ol_0_s", "Cis_3_Hexen_1_ol_1")
"""Conditions of 50 trials."""
STRETCHES = 2
"""Epochs of 10 s in a trial: firing changes in every first of two, in no second, and only this ends early."""
FEWEST_SPIKES = 50
"""Spikes in the data for fitting below which a unit is left out."""
RECEPTOR_BIN = 0.001
TRAIN_SHARE = 2 / 3


@dataclass(frozen=True)
class Recorded:
    """Counts of one recording in sequences; the first of them are for fitting.

    Parameters
    ----------
    name : str
        Key of the recording.
    train, test : ndarray of shape (n_bins, n_neurons)
        Counts for fitting and held out.
    train_lengths, test_lengths : ndarray of shape (n_sequences,)
        Bins of each sequence.
    train_labels, test_labels : tuple of str
        What is known about each sequence; never seen by a model.
    bin_width : float
        Seconds.
    units : tuple of int
        Units that were kept, by their number in the recording.
    n_dropped : int
        Units left out, since they hardly fire.
    onset : tuple of float
        Window in which the odour response begins in a trial, in seconds; empty where there is none.
    place : dict of str to ndarray
        Position by bin of the held-out sequences.
    """

    name: str
    train: NDArray[np.uint8]
    test: NDArray[np.uint8]
    train_lengths: Integers
    test_lengths: Integers
    train_labels: tuple[str, ...]
    test_labels: tuple[str, ...]
    bin_width: float
    units: tuple[int, ...]
    n_dropped: int
    onset: tuple[float, ...] = ()
    place: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Hash of what models see."""
        digest = hashlib.sha256()
        for part in (self.train, self.test, self.train_lengths, self.test_lengths):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


def odour_trials(found: Any, condition: str, params: HmmGlmParams) -> Recorded:
    """Cut a locust session into the trials of one condition: the first ones are for fitting.

    Of each trial the first 10 s are taken, which hold the odour.
    """
    rows = found.epochs[found.epochs["label"] == condition].iloc[::STRETCHES]
    rows = rows.iloc[: params.n_train_trials + params.n_test_trials]
    binned = bin_spikes(list(found.data), params.bin_width, epochs=rows[["start_s", "end_s"]].to_numpy())
    onset = float((rows["onset_s"] - rows["start_s"]).iloc[0])
    return _split(
        f"locust {condition}",
        np.asarray(binned.counts),
        np.asarray(binned.lengths),
        tuple(str(trial // STRETCHES) for trial in rows["trial"]),
        np.arange(len(rows)) < params.n_train_trials,
        np.arange(len(rows)) >= params.n_train_trials,
        params.bin_width,
        onset=(onset - 0.1, onset + 0.4),
    )


def continuous(found: Any, name: str, params: HmmGlmParams) -> Recorded:
    """Cut a continuous recording into sequences; the last third of every epoch is held out.

    One sequence between the two parts is left out, so that they do not touch.
    """
    duration = params.sequence_duration
    spans, labels = [], []
    for start, end, label in found.epochs[["start_s", "end_s", "label"]].itertuples(index=False):
        first = start + duration * np.arange(int((end - start + 1e-6) // duration))
        spans += [(t, t + duration) for t in first]
        labels += [str(label)] * len(first)
    binned = bin_spikes(list(found.data), params.bin_width, epochs=np.array(spans))
    epoch = np.cumsum([0, *[int(a != b) for a, b in zip(labels[1:], labels[:-1], strict=True)]])
    train, test = _thirds(epoch, params.n_sleep_train, params.n_sleep_test)
    place = {}
    if "x_pixel" in found.covariates:
        centres = np.concatenate(
            [
                spans[i][0] + params.bin_width * (np.arange(n) + 0.5)
                for i, n in enumerate(binned.lengths)
                if test[i]
            ]
        )
        for axis in ("x", "y"):
            place[axis] = np.interp(centres, found.covariates["time_s"], found.covariates[f"{axis}_pixel"])
    return _split(
        name,
        np.asarray(binned.counts),
        np.asarray(binned.lengths),
        tuple(labels),
        train,
        test,
        params.bin_width,
        place=place,
    )


def sleep_records(found: Any, params: HmmGlmParams) -> Recorded:
    """Cut the records of wake and sleep into sequences that cross no known joint."""
    factor = max(1, round(params.bin_width / found.bin_width))
    most = round(params.sequence_duration / found.bin_width)
    counts, lengths, labels, epoch = [], [], [], []
    names = list(dict.fromkeys(found.sequences["label"]))
    for first, n_bins, label in found.sequences.itertuples(index=False):
        for start in range(first, first + n_bins - most // 2, most):
            length = min(most, first + n_bins - start) // factor
            block = found.data[start : start + length * factor]
            counts.append(block.reshape(length, factor, -1).sum(axis=1))
            lengths.append(length)
            labels.append(str(label))
            epoch.append(names.index(label))
    train, test = _thirds(np.array(epoch), params.n_sleep_train, params.n_sleep_test)
    return _split(
        "head_direction",
        np.concatenate(counts),
        np.array(lengths),
        tuple(labels),
        train,
        test,
        factor * found.bin_width,
    )


def _thirds(epoch: Integers, n_train: int, n_test: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Mark sequences for fitting and held-out ones: of each epoch the first two thirds and the last one."""
    train, test = np.zeros(epoch.size, bool), np.zeros(epoch.size, bool)
    for name in np.unique(epoch):
        own = np.flatnonzero(epoch == name)
        edge = max(1, int(TRAIN_SHARE * own.size))
        train[own[:edge][np.linspace(0, edge - 1, min(n_train, edge)).astype(int)]] = True
        rest = own[edge + 1 :]
        if rest.size:
            test[rest[np.linspace(0, rest.size - 1, min(n_test, rest.size)).astype(int)]] = True
    return train, test


def _split(
    name: str,
    counts: NDArray[Any],
    lengths: Integers,
    labels: tuple[str, ...],
    train: NDArray[np.bool_],
    test: NDArray[np.bool_],
    bin_width: float,
    **more: Any,
) -> Recorded:
    of_bin = np.repeat(np.arange(lengths.size), lengths)
    fitting = counts[train[of_bin]]
    kept = np.flatnonzero(fitting.sum(axis=0) >= FEWEST_SPIKES)
    return Recorded(
        name=name,
        train=fitting[:, kept].astype(np.uint8),
        test=counts[test[of_bin]][:, kept].astype(np.uint8),
        train_lengths=lengths[train].astype(np.int64),
        test_lengths=lengths[test].astype(np.int64),
        train_labels=tuple(np.array(labels)[train].tolist()),
        test_labels=tuple(np.array(labels)[test].tolist()),
        bin_width=bin_width,
        units=tuple(kept.tolist()),
        n_dropped=int(counts.shape[1] - kept.size),
        **more,
    )


def receptor(found: Any) -> Recorded:
    """Bin the two recordings of a receptor neuron: the first is for fitting."""
    spans = found.epochs[["start_s", "end_s"]].to_numpy()
    binned = bin_spikes(list(found.data), RECEPTOR_BIN, epochs=spans)
    return _split(
        "grasshopper",
        np.asarray(binned.counts),
        np.asarray(binned.lengths),
        ("recording 1", "recording 2"),
        np.array([True, False]),
        np.array([False, True]),
        RECEPTOR_BIN,
    )
