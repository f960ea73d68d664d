"""Splits of trials: by block, stratified, and the random one of the paper."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.random import spawn

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]
PUBLISHED = "published"
TRAINED = 0.8


def published_split(
    y: ArrayLike, *, random_state: int = 0
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Split trials as the paper did: 80 % of each class to train, the others halved at random.

    Parameters
    ----------
    y : array-like of shape (n_trials,)
        Labels.
    random_state : int, default=0
        Seed.

    Returns
    -------
    train : ndarray of int
        Training trials.
    validation : ndarray of int
        Validation trials; like those for the test not stratified, as published.
    test : ndarray of int
        Test trials.

    Raises
    ------
    ValueError
        If a class has fewer than two trials.

    Notes
    -----
    Trials of one block fall on both sides, so that slow drifts are known from training. It is here for
    comparison; `evaluate` splits by block where blocks are given.

    References
    ----------
    Zheng, H. et al. (2024), section 4.3.

    Examples
    --------
    >>> train, validation, test = published_split([0, 1, 2] * 10)
    >>> len(train), len(validation), len(test)
    (24, 3, 3)
    """
    labels = check_labels("published_split", y, len(np.asarray(y)))
    rng = spawn(random_state, "published split")
    train, rest = [], []
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        cut = int(TRAINED * len(rows))
        train.append(rows[:cut])
        rest.append(rows[cut:])
    others = rng.permutation(np.concatenate(rest))
    half = len(others) // 2
    return np.sort(np.concatenate(train)), np.sort(others[:half]), np.sort(others[half:])


def folds_of(where: str, cv: Any, labels: NDArray[Any], groups: NDArray[Any] | None, seed: int) -> list[Fold]:
    """Return training and test rows of each fold.

    Raises
    ------
    ValueError
        If there are too few blocks or trials, or a splitter divides a block.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    n = len(labels)
    if isinstance(cv, str):
        if cv != PUBLISHED:
            raise ValueError(f"{where}: cv must be a number of folds, 'published' or a splitter, got {cv!r}")
        train, _, test = published_split(labels, random_state=seed)
        return [(train, test)]
    if hasattr(cv, "split"):
        folds = [(np.asarray(a), np.asarray(b)) for a, b in cv.split(np.zeros((n, 1)), labels, groups)]
    else:
        if isinstance(cv, bool) or not isinstance(cv, int | np.integer) or cv < 2:
            raise ValueError(f"{where}: cv must be at least 2 folds, 'published' or a splitter, got {cv!r}")
        smallest = int(np.unique(labels, return_counts=True)[1].min())
        available, what = (smallest, "trials of a class") if groups is None else (
            np.unique(groups).size, "blocks",
        )  # fmt: skip
        if available < cv:
            raise ValueError(f"{where}: cv must be at most the number of {what}, {available}, got {cv}")
        splitter = (StratifiedKFold if groups is None else StratifiedGroupKFold)(
            int(cv), shuffle=True, random_state=seed
        )
        folds = list(splitter.split(np.zeros((n, 1)), labels, groups))
    for number, (train, test) in enumerate(folds):
        shared = np.empty(0) if groups is None else np.intersect1d(groups[train], groups[test])
        if shared.size:
            raise ValueError(
                f"{where}: groups must not be divided between training and test, got block "
                f"{shared.tolist()[0]!r} in both in fold {number} (trials of a block belong together)"
            )
    return folds


def check_labels(where: str, y: ArrayLike, n_trials: int) -> NDArray[Any]:
    """Return labels, at least two classes of two trials each."""
    labels = one_each(where, "y", y, n_trials)
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        bad = np.flatnonzero(~np.isfinite(labels))
        raise ValueError(
            f"{where}: y must hold a label for each trial, got {len(bad)} NaN or infinite, the first in "
            f"trial {bad[0]}"
        )
    classes, counts = np.unique(labels, return_counts=True)
    if classes.size < 2:
        raise ValueError(f"{where}: y must hold at least 2 classes, got {classes.size}")
    if counts.min() < 2:
        rare = classes[counts < 2].tolist()
        raise ValueError(
            f"{where}: y must have at least 2 trials of each class, got 1 of {rare[0]!r}"
            + (f" and of {len(rare) - 1} more" if len(rare) > 1 else "")
        )
    return labels


def check_known(where: str, y: ArrayLike, classes: NDArray[Any]) -> None:
    """Raise when there are labels that training did not hold."""
    unseen = np.setdiff1d(np.asarray(y), classes)
    if unseen.size:
        raise ValueError(
            f"{where}: y must hold labels that were in training, got {unseen.tolist()[:5]} (evaluate counts "
            "trials of other classes as wrong)"
        )


def one_each(where: str, name: str, values: ArrayLike, n_trials: int) -> NDArray[Any]:
    """Return one value for each trial."""
    array = np.asarray(values)
    if array.shape != (n_trials,):
        raise ValueError(
            f"{where}: {name} must have one value for each of {n_trials} trials, got shape {array.shape}"
        )
    return array
