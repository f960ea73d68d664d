"""What evaluations take: arrays with labels, or epochs that know their labels, blocks and channels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._folds import check_labels, one_each


class LabelledTrials(NamedTuple):
    """Trials and what belongs to each.

    Parameters
    ----------
    data : ndarray of shape (n_trials, n_channels, n_times), or mne.Epochs
        Signals; epochs where the estimator reads them.
    labels : ndarray of shape (n_trials,)
        Classes.
    groups, subjects : ndarray of shape (n_trials,), or None
        Block and subject.
    """

    data: Any
    labels: NDArray[Any]
    groups: NDArray[Any] | None
    subjects: NDArray[Any] | None


def read_trials(
    where: str, estimator: Any, X: Any, y: Any, groups: Any = None, subjects: Any = None
) -> LabelledTrials:
    """Return trials, checked.

    Parameters
    ----------
    where : str
        Function that asks, for messages.
    estimator : estimator
        What will be fitted: those of this package see epochs as they are, and so know channels and rate.
    X : array-like of shape (n_trials, n_channels, n_times) or mne.Epochs
        Trials.
    y : array-like of shape (n_trials,), or None
        Labels; None takes the event names of epochs.
    groups, subjects : array-like of shape (n_trials,), str or None, default=None
        One value for each trial, or a column of the metadata of epochs.

    Returns
    -------
    LabelledTrials
        As many of each as there are trials.

    Raises
    ------
    ValueError
        If numbers disagree, a class has fewer than two trials, or there is no such column.
    """
    recording = hasattr(X, "info") and hasattr(X, "get_data")
    if recording and not hasattr(X, "events"):
        raise ValueError(f"{where}: X must be trials, got a continuous recording (cut it with mne.Epochs)")
    if not recording:
        for name, value in (("groups", groups), ("subjects", subjects)):
            if isinstance(value, str):
                raise ValueError(
                    f"{where}: {name} must have one value for each trial, got {value!r} (columns need epochs)"
                )
        if y is None:
            raise ValueError(f"{where}: y must have one label for each trial, got None (only epochs know it)")
        data: Any = np.asarray(X)
    else:
        data = _epochs(where, X)
        groups, subjects = (
            _column(where, name, data, value) for name, value in (("groups", groups), ("subjects", subjects))
        )
        if y is None:
            names = {code: name for name, code in data.event_id.items()}
            y = np.array([names[code] for code in data.events[:, 2]])
    n_trials = len(data)
    labels = check_labels(where, y, n_trials)
    blocks = None if groups is None else one_each(where, "groups", groups, n_trials)
    people = None if subjects is None else one_each(where, "subjects", subjects, n_trials)
    if recording and not _reads_epochs(estimator):
        data = data.get_data(copy=False)
    return LabelledTrials(data, labels, blocks, people)


def _epochs(where: str, epochs: Any) -> Any:
    """Return a loaded copy with the channels that hold signals and are not marked as bad."""
    from neurosci.preprocessing._ieeg_steps import DATA, pick

    names = [name for name in pick(where, epochs, DATA) if name not in epochs.info["bads"]]
    if not names:
        raise ValueError(f"{where}: X must have a channel that is not marked as bad, got none")
    return epochs.copy().load_data().pick(names, verbose="ERROR")


def _column(where: str, name: str, epochs: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    columns = [] if epochs.metadata is None else list(epochs.metadata)
    if value not in columns:
        held = ", ".join(columns) or "none"
        raise ValueError(f"{where}: {name} must be a column of the metadata ({held}), got {value!r}")
    return epochs.metadata[value].to_numpy()


def _reads_epochs(estimator: Any) -> bool:
    """Whether every step is an estimator of this module; others, and pipelines with others, see arrays."""
    steps = [step for _, step in getattr(estimator, "steps", [("", estimator)])]
    return all(type(step).__module__.startswith("neurosci.du_in.") for step in steps)
