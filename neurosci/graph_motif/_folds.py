"""Folds that keep a person's scans together, and predictions of people whom a model has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._checks import count
from ._search import NAME, Fold, choose_components, only_components

_WHERE = "evaluate"


def outer_folds(
    cv: Any, positive: NDArray[np.bool_], site: NDArray[Any], person: NDArray[Any], seed: int
) -> list[Fold]:
    """Return training and test rows: by site, in a number of folds, or as a splitter says."""
    n = len(positive)
    if isinstance(cv, str):
        if cv != "site":
            raise ValueError(f"{_WHERE}: cv must be 'site', a number of folds or a splitter, got {cv!r}")
        names = np.unique(site)
        if names.size < 2:
            raise ValueError(f"{_WHERE}: site must hold at least 2 sites to leave one out, got {names.size}")
        folds = [(np.flatnonzero(site != name), np.flatnonzero(site == name)) for name in names]
    elif hasattr(cv, "split"):
        folds = [(np.asarray(a), np.asarray(b)) for a, b in cv.split(np.zeros((n, 1)), positive, person)]
    else:
        folds = grouped_folds("cv", cv, positive, person, seed)
    for number, (train, test) in enumerate(folds):
        both = np.intersect1d(person[train], person[test])
        if both.size:
            raise ValueError(
                f"{_WHERE}: groups must not be divided between training and test, got {both.tolist()[0]!r} "
                f"in both in fold {number} (scans of one person belong together)"
            )
        if positive[train].all() or not positive[train].any():
            raise ValueError(f"{_WHERE}: each training set must hold both classes, got one in fold {number}")
    tested = np.concatenate([test for _, test in folds])
    if not np.array_equal(np.sort(tested), np.arange(n)):
        raise ValueError(f"{_WHERE}: cv must test each of {n} cases once, got {tested.size} tests")
    return folds


def grouped_folds(
    name: str, n_folds: Any, positive: NDArray[np.bool_], person: NDArray[Any], seed: int
) -> list[Fold]:
    """Return stratified folds that keep people together."""
    from sklearn.model_selection import StratifiedGroupKFold

    wanted = count(_WHERE, name, n_folds, 2)
    fewest = min(np.unique(person[positive]).size, np.unique(person[~positive]).size)
    if fewest < wanted:
        raise ValueError(
            f"{_WHERE}: each class must have at least {name}={wanted} people, got {fewest} in the smaller "
            "one (lower the number of folds)"
        )
    splitter = StratifiedGroupKFold(wanted, shuffle=True, random_state=seed)
    return [(a, b) for a, b in splitter.split(np.zeros((len(positive), 1)), positive, person)]


def fit_fold(
    pipeline: Any,
    X: Any,
    positive: NDArray[np.bool_],
    person: NDArray[Any],
    fold: Fold,
    grid: dict[str, Any] | None,
    inner_cv: Any,
    seed: int,
) -> Any:
    """Fit on the training rows of a fold, choosing parameters on them only."""
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV

    train, _ = fold
    labels = positive[train].astype(np.int64)
    model = clone(pipeline)
    if grid:
        inner = grouped_folds("inner_cv", inner_cv, positive[train], person[train], seed)
        if only_components(model, grid):
            return choose_components(model, X[train], labels, grid[NAME], inner)
        model = GridSearchCV(model, grid, cv=inner, scoring="balanced_accuracy", error_score="raise")
    return model.fit(X[train], labels)


def decision(model: Any, X: Any) -> NDArray[np.float64]:
    """Return scores that are positive for the positive class."""
    if hasattr(model, "decision_function"):
        return np.asarray(model.decision_function(X), dtype=np.float64)
    return np.asarray(model.predict_proba(X)[:, 1] - 0.5, dtype=np.float64)


def predict_folds(
    pipeline: Any,
    X: Any,
    positive: NDArray[np.bool_],
    site: NDArray[Any],
    person: NDArray[Any],
    folds: list[Fold],
    grid: dict[str, Any] | None,
    inner_cv: Any,
    seed: int,
) -> tuple[pd.DataFrame, list[Any]]:
    """Return a prediction of each row by the model of the fold that tests it, and the models."""
    parts, models = [], []
    for number, fold in enumerate(folds):
        model = fit_fold(pipeline, X, positive, person, fold, grid, inner_cv, seed)
        models.append(model)
        test = fold[1]
        parts.append(
            pd.DataFrame(
                {
                    "row": test,
                    "person": person[test],
                    "site": site[test],
                    "fold": number,
                    "y": positive[test],
                    "score": decision(model, X[test]),
                    "predicted": np.asarray(model.predict(X[test])).astype(bool),
                }
            )
        )
    return pd.concat(parts, ignore_index=True).sort_values("row", ignore_index=True), models


def selected(model: Any, n_features: int) -> NDArray[np.bool_]:
    """Return which features the selector of a fitted pipeline kept; all where there is none."""
    best = getattr(model, "best_estimator_", model)
    step = getattr(best, "named_steps", {}).get("selector")
    if step is None or not hasattr(step, "get_support"):
        return np.ones(n_features, dtype=bool)
    return np.asarray(step.get_support())


def permuted_within(
    positive: NDArray[np.bool_], site: NDArray[Any], person: NDArray[Any], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return labels exchanged between the people of each site; all scans of a person keep one label."""
    _, first, owner = np.unique(person, return_index=True, return_inverse=True)
    labels, place = positive[first].copy(), site[first]
    for name in np.unique(place):
        members = np.flatnonzero(place == name)
        labels[members] = rng.permutation(labels[members])
    return np.asarray(labels[owner])
