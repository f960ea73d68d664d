"""Scores of several models on the same people whom they have not seen, in one table."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option, suggest
from neurosci._core.random import spawn
from neurosci.stats import bootstrap_interval, compare_auc

from ._baselines import KINDS
from ._scoring import N_UNIT, area_within, classification_metrics, regression_metrics

if TYPE_CHECKING:
    import pandas as pd

_WHERE = "evaluate"
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class Evaluation:
    """What several models score on the same people.

    Parameters
    ----------
    predictions : DataFrame
        One row per model and case: model, row, fold, site, y, score.
    scores : DataFrame
        One row per model and metric: model, metric, value, low, high, n, fold_mean, fold_sd (over folds
        in which the metric is defined), method.
    comparisons : DataFrame
        One row per model but the reference: model, metric, difference (model minus reference), low, high, n,
        pvalue (DeLong's, for areas), method.
    """

    predictions: pd.DataFrame
    scores: pd.DataFrame
    comparisons: pd.DataFrame


def evaluate(
    models: Mapping[str, tuple[Any, Any]],
    y: ArrayLike,
    *,
    kind: str = "classification",
    cv: Any = 10,
    site: ArrayLike | None = None,
    permuted: Sequence[str] = (),
    reference: str | None = None,
    n_resamples: int = 1000,
    level: float = 0.95,
    random_state: int = 0,
) -> Evaluation:
    """Score several models on the same people, who are never in the training set of their fold.

    Parameters
    ----------
    models : dict of str to (estimator, X)
        Each model with its own inputs: an array, a DataFrame, or a list of scans, one row or item per case.
        Estimators are cloned. All that learns, such as scaling, belongs inside them.
    y : array-like of shape (n_cases,)
        Two labels, of which the larger is the positive one, or numbers.
    kind : {"classification", "regression"}, default="classification"
        What y holds.
    cv : int, "site" or splitter, default=10
        Number of shuffled folds, stratified for labels; one site left out at a time; or an object whose
        ``split(X, y, groups)`` gives training and test rows.
    site : array-like of shape (n_cases,), default=None
        Site of each case; needed to leave sites out. Where it is known, areas are also taken over pairs of
        one site, which the site itself cannot order.
    permuted : sequence of str, default=()
        Models that are also scored with the labels exchanged at random between the cases of each site, in
        training and test: a row that must lie at chance if nothing leaks.
    reference : str, default=None
        Model that the others are compared with; ``None`` compares nothing.
    n_resamples : int, default=1000
        Resamples of people for bootstrap intervals.
    level : float, default=0.95
        Coverage of intervals.
    random_state : int, default=0
        Seed of folds, permutations and resamples; folds are those of scikit-learn with this seed.

    Returns
    -------
    Evaluation
        Predictions, scores and comparisons.

    Raises
    ------
    ValueError
        If lengths differ, a name is unknown, labels are not two, or a case is not tested exactly once.

    See Also
    --------
    label_efficiency : Scores against the number of labels.

    Notes
    -----
    The pooled area puts scores of different folds together, and where a site has its own share of positive
    cases it also rewards knowing the site. "auc_within_sites" compares cases of one site only; its interval
    adds DeLong's variances of the sites. Intervals take the predictions as given.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.fc_ssl import evaluate, make_connectivity_ridge
    >>> y = np.tile([0, 1], 30)
    >>> X = np.random.default_rng(0).standard_normal((60, 8)) + y[:, None]
    >>> found = evaluate({"ridge": (make_connectivity_ridge(), X)}, y, cv=5)
    >>> bool(found.scores["low"].iloc[0] > 0.5)
    True
    """
    import pandas as pd

    labels, place = check_cases(_WHERE, models, y, site, kind)
    for name in (*permuted, *([reference] if reference is not None else [])):
        if name not in models:
            raise ValueError(f"{_WHERE}: models must hold {name!r} ({suggest(name, models)})")
    folds = make_folds(cv, labels, place, kind, random_state)
    parts = [_predict(name, *models[name], labels, folds, place, kind) for name in models]
    for name in permuted:
        other = exchange(labels, place, spawn(random_state, "permuted", name))
        again = make_folds(cv, other, place, kind, random_state)
        parts.append(_predict(f"{name}, labels permuted", *models[name], other, again, place, kind))
    predictions = pd.concat(parts, ignore_index=True)
    settings = (n_resamples, level, random_state)
    return Evaluation(
        predictions,
        pd.DataFrame([row for part in parts for row in _score_rows(part, kind, *settings)]),
        pd.DataFrame(_compare(parts[: len(models)], reference, kind, *settings)),
    )


def check_cases(
    where: str, models: Mapping[str, tuple[Any, Any]], y: ArrayLike, site: ArrayLike | None, kind: str
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return labels (bool or float64) and sites, or refuse what does not fit together."""
    check_option(where, "kind", kind, KINDS)
    values = np.asarray(y)
    if values.ndim != 1:
        raise ValueError(f"{where}: y must have one axis, got shape {values.shape}")
    n = len(values)
    if not models:
        raise ValueError(f"{where}: models must hold at least one, got none")
    for name, (_, X) in models.items():
        if len(X) != n:
            raise ValueError(f"{where}: models[{name!r}] must have {n} cases, as y has, got {len(X)}")
    if kind == "regression":
        values = values.astype(np.float64)
        if not np.isfinite(values).all():
            raise ValueError(
                f"{where}: y must be finite, got {int((~np.isfinite(values)).sum())} that are not"
            )
    else:
        classes = np.unique(values)
        if classes.size != 2:
            raise ValueError(f"{where}: y must hold 2 classes, got {classes.size}")
        values = values == classes[1]
    place = None if site is None else np.asarray(site).astype(str)
    if place is not None and place.shape != (n,):
        raise ValueError(f"{where}: site must have one name for each of {n} cases, got {place.shape}")
    return values, place


def make_folds(cv: Any, y: NDArray[Any], site: NDArray[Any] | None, kind: str, seed: int) -> list[Fold]:
    """Return training and test rows; each row is tested once."""
    from sklearn.model_selection import KFold, LeaveOneGroupOut, StratifiedKFold

    n = len(y)
    if isinstance(cv, str):
        check_option(_WHERE, "cv", cv, ("site",))
        if site is None or len(np.unique(site)) < 2:
            raise ValueError(f"{_WHERE}: site must hold at least 2 sites to leave one out")
        splitter: Any = LeaveOneGroupOut()
    elif hasattr(cv, "split"):
        splitter = cv
    else:
        least = int(min(y.sum(), (~y).sum())) if kind == "classification" else n
        if isinstance(cv, bool) or not isinstance(cv, int | np.integer) or not 2 <= cv <= least:
            raise ValueError(
                f"{_WHERE}: cv must be 'site', a splitter, or a number of folds from 2 to the {least} cases "
                f"of the smaller class, got {cv!r}"
            )
        made = StratifiedKFold if kind == "classification" else KFold
        splitter = made(int(cv), shuffle=True, random_state=seed)
    ours = hasattr(splitter, "shuffle") and not hasattr(
        cv, "split"
    )  # folds of ours know no sites, and say so
    groups = None if ours else site
    folds = [(np.asarray(a), np.asarray(b)) for a, b in splitter.split(np.zeros((n, 1)), y, groups)]
    if not np.array_equal(np.sort(np.concatenate([test for _, test in folds])), np.arange(n)):
        raise ValueError(f"{_WHERE}: cv must test each of {n} cases once")
    for number, (train, test) in enumerate(folds):
        if np.intersect1d(train, test).size:
            raise ValueError(f"{_WHERE}: cv must keep training and test apart, fold {number} does not")
        if kind == "classification" and len(np.unique(y[train])) < 2:
            raise ValueError(f"{_WHERE}: each training set must hold both classes, fold {number} does not")
    return folds


def exchange(y: NDArray[Any], site: NDArray[Any] | None, rng: np.random.Generator) -> NDArray[Any]:
    """Return labels exchanged at random between the cases of each site."""
    made = y.copy()
    for members in (
        [np.arange(len(y))] if site is None else [np.flatnonzero(site == s) for s in np.unique(site)]
    ):
        made[members] = rng.permutation(made[members])
    return made


def take(X: Any, rows: NDArray[np.intp]) -> Any:
    """Return some cases of an array, a table or a list of scans."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    return X[rows] if isinstance(X, np.ndarray) else [X[row] for row in rows]


def score_cases(estimator: Any, X: Any, kind: str) -> NDArray[np.float64]:
    """Return scores of a fitted model, positive for the positive class, or predicted numbers."""
    if kind == "regression":
        return np.asarray(estimator.predict(X), dtype=np.float64)
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(X), dtype=np.float64)
    return np.asarray(estimator.predict_proba(X), dtype=np.float64)[:, 1] - 0.5


@contextlib.contextmanager
def looked_at(*inputs: Any) -> Iterator[None]:
    """Spare scikit-learn looking for numbers that are not finite in every part of what holds none."""
    from sklearn import config_context

    finite = all(
        isinstance(X, np.ndarray) and X.dtype.kind in "biuf" and np.isfinite(X).all() for X in inputs
    )
    with config_context(assume_finite=True) if finite else contextlib.nullcontext():
        yield


def _predict(
    name: str,
    estimator: Any,
    X: Any,
    y: NDArray[Any],
    folds: list[Fold],
    site: NDArray[Any] | None,
    kind: str,
) -> pd.DataFrame:
    import pandas as pd
    from sklearn.base import clone

    target = y.astype(np.int64) if kind == "classification" else y
    score, fold = np.empty(len(y)), np.empty(len(y), dtype=np.int64)
    with looked_at(X):
        for number, (train, test) in enumerate(folds):
            model = clone(estimator).fit(take(X, train), target[train])
            score[test], fold[test] = score_cases(model, take(X, test), kind), number
    return pd.DataFrame(
        {
            "model": name,
            "row": np.arange(len(y)),
            "fold": fold,
            "site": "" if site is None else site,
            "y": y,
            "score": score,
        }
    )


def _values(part: pd.DataFrame) -> tuple[NDArray[Any], NDArray[np.float64], NDArray[Any] | None]:
    site = part["site"].to_numpy(str)
    return part["y"].to_numpy(), part["score"].to_numpy(float), None if (site == "").all() else site


def _score_rows(
    part: pd.DataFrame, kind: str, n_resamples: int, level: float, seed: int
) -> list[dict[str, Any]]:
    y, score, site = _values(part)
    name = part["model"].iloc[0]
    if kind == "classification":
        metrics = classification_metrics(y, score, site, level)
    else:
        rng = spawn(seed, "bootstrap", name)
        metrics = regression_metrics(y, score, n_resamples, level, rng)
    rows = []
    for metric, found in metrics.items():
        by_fold = _by_fold(part, metric)
        rows.append(
            {
                "model": name,
                "metric": metric,
                "value": found.value,
                "low": np.nan if found.low is None else found.low,
                "high": np.nan if found.high is None else found.high,
                "n": len(part),
                "fold_mean": float(np.mean(by_fold)) if by_fold else np.nan,
                "fold_sd": float(np.std(by_fold)) if by_fold else np.nan,
                "method": found.method,
            }
        )
    return rows


def _by_fold(part: pd.DataFrame, metric: str) -> list[float]:
    found = []
    for _, rows in part.groupby("fold"):
        y, score, site = _values(rows)
        if metric.startswith("auc"):
            stratum = site if metric == "auc_within_sites" and site is not None else np.zeros(len(y))
            found.append(area_within(y, score, stratum))
        elif metric == "mae":
            found.append(float(np.abs(y - score).mean()))
        elif len(y) > 2 and np.ptp(score) > 0 and np.ptp(y) > 0:
            found.append(float(np.corrcoef(y, score)[0, 1]))
    return [value for value in found if np.isfinite(value)]


def _compare(
    parts: list[pd.DataFrame], reference: str | None, kind: str, n_resamples: int, level: float, seed: int
) -> list[dict[str, Any]]:
    if reference is None:
        return []
    base = next(part for part in parts if part["model"].iloc[0] == reference)
    y, other, _ = _values(base)
    rows = []
    for part in parts:
        name, score = part["model"].iloc[0], part["score"].to_numpy(float)
        if name == reference:
            continue
        if kind == "classification":
            test = compare_auc(y, score, other, level=level, n_unit=N_UNIT)
            effect, pvalue, metric = test.effect, test.pvalue, "auc"
        else:
            errors = np.column_stack([np.abs(y - score), np.abs(y - other)])
            effect = bootstrap_interval(
                errors, _mean_difference, n_resamples=n_resamples, level=level, n_unit=N_UNIT,
                random_state=spawn(seed, "compare", name),
            )  # fmt: skip
            pvalue, metric = np.nan, "mae"
        rows.append(
            {
                "model": name,
                "metric": metric,
                "difference": effect.value,
                "low": effect.low,
                "high": effect.high,
                "n": len(part),
                "pvalue": pvalue,
                "method": effect.method,
            }
        )
    return rows


def _mean_difference(errors: NDArray[np.float64]) -> float:
    return float((errors[:, 0] - errors[:, 1]).mean())
