"""Scores of decoders over subjects, seeds and folds, with blocks kept together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosci._core.parallel import parallel_map
from neurosci._core.random import spawn

from ._folds import Fold, folds_of
from ._trials import read_trials

_WHERE = "evaluate"
COLUMNS = (
    "subject",
    "seed",
    "fold",
    "n_train",
    "n_test",
    "n_classes",
    "accuracy",
    "top_k",
    "balanced_accuracy",
    "cross_entropy",
)


def evaluate(
    estimator: Any,
    X: Any,
    y: ArrayLike | None = None,
    *,
    cv: Any = 5,
    groups: ArrayLike | str | None = None,
    subjects: ArrayLike | str | None = None,
    seeds: Sequence[int] = (0,),
    top_k: int = 5,
    n_jobs: int | None = None,
    verbose: bool = False,
) -> pd.DataFrame:
    """Score a decoder in every fold of every seed of every subject.

    Parameters
    ----------
    estimator : estimator
        Classifier with ``predict_proba``, or a pipeline that ends in one. It is cloned for each fold and
        never sees test trials: channel selection and standardisation belong inside it.
    X : array-like of shape (n_trials, n_channels, n_times) or mne.Epochs
        Trials. Of epochs, the channels that hold signals and are not marked as bad are used; estimators of
        this package see them as epochs, with names and rate, all others as arrays.
    y : array-like of shape (n_trials,), default=None
        Labels; ``None`` takes the event names of epochs.
    cv : int, "published" or splitter, default=5
        Folds. An integer makes stratified folds, shuffled by the seed, which keep the trials of a group
        together; "published" is the paper's random split of trials (`published_split`), whose validation
        trials are not used; a splitter of scikit-learn is taken as it is.
    groups : array-like of shape (n_trials,) or str, default=None
        Block in which each trial was recorded, or the column of the epochs' metadata that holds it. Trials of
        one block share slow drifts, so that a split within blocks is too kind; give blocks wherever they are
        known.
    subjects : array-like of shape (n_trials,) or str, default=None
        Subject of each trial, or a column of the metadata; each is split and fitted alone. ``None`` means
        one subject.
    seeds : sequence of int, default=(0,)
        Seeds of splits and of every ``random_state`` in the estimator.
    top_k : int, default=5
        Guesses that count for the column ``top_k``; with fewer classes than that, one less than their
        number.
    n_jobs : int, default=None
        Processes, as in joblib.
    verbose : bool, default=False
        Show progress in a terminal.

    Returns
    -------
    DataFrame
        One row per subject, seed and fold: ``subject``, ``seed``, ``fold``, ``n_train``, ``n_test``,
        ``n_classes``, ``accuracy``, ``top_k``, ``balanced_accuracy`` (shares) and ``cross_entropy``
        (nats).

    Raises
    ------
    ValueError
        If shapes disagree, a class has fewer than two trials, a block is divided, the metadata have no such
        column, or `X` is a continuous recording.

    See Also
    --------
    summarize_scores : Means over subjects.
    compare_methods : Paired tests.
    permutation_null : The same with permuted labels.

    Examples
    --------
    >>> from neurosci.du_in import DuINClassifier, DuINConfig, SyntheticSEEG, evaluate
    >>> trials = SyntheticSEEG(2, n_contacts=6).trials(6)
    >>> decoder = DuINClassifier(config=DuINConfig.small(), n_epochs=1)
    >>> scores = evaluate(decoder, trials.X, trials.y, cv=3, groups=trials.groups)
    >>> scores[["fold", "n_train", "n_test"]].to_numpy().tolist()
    [[0, 8, 4], [1, 8, 4], [2, 8, 4]]
    """
    signals, labels, blocks, people = read_trials(_WHERE, estimator, X, y, groups, subjects)
    if people is None:
        people = np.ones(len(labels), dtype=int)
    if not len(seeds):
        raise ValueError(f"{_WHERE}: seeds must hold at least one seed, got none")
    items = []
    for person in np.unique(people):
        rows = np.flatnonzero(people == person)
        mine = None if blocks is None else blocks[rows]
        for seed in seeds:
            for number, (train, test) in enumerate(folds_of(_WHERE, cv, labels[rows], mine, int(seed))):
                about = {"subject": person, "seed": int(seed), "fold": number}
                items.append((estimator, signals, labels, (rows[train], rows[test]), top_k, about))
    scored = parallel_map(score_fold, items, n_jobs=n_jobs, total=len(items), label="folds", verbose=verbose)
    return pd.DataFrame(list(scored), columns=list(COLUMNS))


def score_fold(
    estimator: Any,
    X: Any,
    y: NDArray[Any],
    fold: Fold,
    top_k: int,
    about: dict[str, Any],
) -> dict[str, Any]:
    """Fit on one fold and score it: one row of `evaluate`."""
    train, test = fold
    model = reseeded(estimator, int(about["seed"])).fit(X[train], y[train])
    probability = np.asarray(model.predict_proba(X[test]), dtype=np.float64)
    sizes = {"n_train": len(train), "n_test": len(test)}
    return {**about, **sizes, **scores_of(y[test], probability, np.asarray(model.classes_), top_k)}


def scores_of(
    y: NDArray[Any], probability: NDArray[np.float64], classes: NDArray[Any], top_k: int
) -> dict[str, Any]:
    """Return the scores of predicted probabilities; a class that training did not hold has probability 0."""
    from sklearn.metrics import log_loss, recall_score, top_k_accuracy_score

    every = np.union1d(classes, y)
    full = np.zeros((len(y), every.size))
    full[:, np.searchsorted(every, classes)] = probability
    guess = every[full.argmax(axis=1)]
    accuracy = float((guess == y).mean())
    k = min(top_k, every.size - 1)
    return {
        "n_classes": int(every.size),
        "accuracy": accuracy,
        "top_k": accuracy if k < 2 else float(top_k_accuracy_score(y, full, k=k, labels=every)),
        # the mean over the classes that are tested: small folds do not hold all
        "balanced_accuracy": float(
            recall_score(y, guess, labels=np.unique(y), average="macro", zero_division=0.0)
        ),
        "cross_entropy": float(log_loss(y, full, labels=every)),
    }


def reseeded(estimator: Any, seed: int) -> Any:
    """Return a clone whose every ``random_state`` is the seed."""
    from sklearn.base import clone

    model = clone(estimator)
    names = [name for name in model.get_params() if name.rpartition("__")[2] == "random_state"]
    return model.set_params(**dict.fromkeys(names, seed)) if names else model


def permutation_null(
    estimator: Any,
    X: Any,
    y: ArrayLike | None = None,
    *,
    cv: Any = 5,
    groups: ArrayLike | str | None = None,
    n_permutations: int = 20,
    top_k: int = 5,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """Repeat the whole evaluation of one subject with labels that mean nothing.

    Parameters
    ----------
    estimator : estimator
        As for `evaluate`; everything in it is fitted anew, channel selection included.
    X : array-like of shape (n_trials, n_channels, n_times) or mne.Epochs
        Trials, as for `evaluate`.
    y : array-like of shape (n_trials,), default=None
        Labels, as for `evaluate`; they are exchanged within groups, so that blocks keep their words.
    cv : int, "published" or splitter, default=5
        Folds, as for `evaluate`.
    groups : array-like of shape (n_trials,) or str, default=None
        Block of each trial, as for `evaluate`.
    n_permutations : int, default=20
        Permutations.
    top_k : int, default=5
        Guesses that count for the column ``top_k``.
    random_state : int, default=0
        Seed of permutations, of splits and of the estimator.
    n_jobs : int, default=None
        Processes, as in joblib.

    Returns
    -------
    DataFrame
        The rows of `evaluate`, ``seed`` replaced by ``permutation``.

    Raises
    ------
    ValueError
        As `evaluate`, or if there are no permutations.
    """
    where = "permutation_null"
    signals, labels, blocks, _ = read_trials(where, estimator, X, y, groups)
    if n_permutations < 1:
        raise ValueError(f"{where}: n_permutations must be >= 1, got {n_permutations}")
    items = []
    for number in range(n_permutations):
        shuffled = permuted(labels, blocks, spawn(random_state, "permutation", str(number)))
        for fold, split in enumerate(folds_of(where, cv, shuffled, blocks, random_state)):
            about = {"subject": number, "seed": random_state, "fold": fold}
            items.append((estimator, signals, shuffled, split, top_k, about))
    rows = parallel_map(
        score_fold, items, n_jobs=n_jobs, total=len(items), label="permutations", verbose=False
    )
    table = pd.DataFrame(list(rows), columns=list(COLUMNS))
    return table.drop(columns="seed").rename(columns={"subject": "permutation"})


def permuted(labels: NDArray[Any], groups: NDArray[Any] | None, rng: np.random.Generator) -> NDArray[Any]:
    """Return labels exchanged within groups."""
    shuffled = labels.copy()
    for name in [None] if groups is None else np.unique(groups):
        rows = np.arange(len(labels)) if name is None else np.flatnonzero(groups == name)
        shuffled[rows] = labels[rng.permutation(rows)]
    return shuffled
