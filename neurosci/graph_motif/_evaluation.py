"""An honest score: nested folds, intervals, a permutation null, and what needs no image beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from neurosci._core.metric import Metric
from neurosci._core.parallel import parallel_map
from neurosci._core.random import spawn
from neurosci.stats import compare_auc, permutation_pvalue

from ._baselines import baseline_predictions, check_table
from ._checks import binary_labels, count, one_each
from ._folds import outer_folds, permuted_within, predict_folds, selected
from ._scores import area, balanced_accuracy, by_person, person_metrics, stability
from ._search import Fold

_WHERE = "evaluate"


@dataclass(frozen=True)
class EvaluationReport:
    """What a classifier scores on people it has not seen, and what to compare that with.

    Parameters
    ----------
    classes : tuple
        The two labels; the second is the positive one.
    predictions : DataFrame
        One row for each case: row, person, site, fold, y, score (positive for the positive class), predicted.
    people : DataFrame
        The same for each person, scans averaged.
    metrics : dict of str to Metric
        "accuracy", "balanced_accuracy", "sensitivity", "specificity", "auc" (DeLong), "auc_bootstrap", and
        "auc_within_folds", over pairs of people whom the same model scored.
    baselines : dict of str to dict
        The same metrics of "majority", "site", "site_oracle" and, where tables were given, "phenotype" and
        "motion".
    comparisons : DataFrame
        For each baseline the difference of areas, model minus baseline, with its interval and probability.
    sites : DataFrame
        For each site its people, its share of the positive class, accuracy and the accuracy of the baselines
        "site" and "site_oracle".
    folds : DataFrame
        For each fold the numbers of cases, features kept, and parameters chosen.
    supports : ndarray of bool, shape (n_folds, n_features)
        Features kept in each fold.
    stability : dict of str to float
        "jaccard" and "kuncheva" over pairs of folds.
    null : DataFrame
        Balanced accuracy and area for each permutation of the labels; empty where none was asked for.
    pvalues : dict of str to float
        One-sided probability of "balanced_accuracy" and "auc" under the permutations.
    """

    classes: tuple[Any, Any]
    predictions: pd.DataFrame
    people: pd.DataFrame
    metrics: dict[str, Metric]
    baselines: dict[str, dict[str, Metric]]
    comparisons: pd.DataFrame
    sites: pd.DataFrame
    folds: pd.DataFrame
    supports: NDArray[np.bool_]
    stability: dict[str, float]
    null: pd.DataFrame
    pvalues: dict[str, float] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return all metrics in rows.

        Returns
        -------
        DataFrame
            Columns score ("model" or the baseline), metric, value, low, high, n, method.
        """
        rows = [
            {
                "score": score,
                "metric": name,
                "value": metric.value,
                "low": metric.low,
                "high": metric.high,
                "n": metric.n,
                "method": metric.method,
            }
            for score, metrics in ({"model": self.metrics} | self.baselines).items()
            for name, metric in metrics.items()
        ]
        return pd.DataFrame(rows)


def evaluate(
    pipeline: Any,
    X: ArrayLike,
    y: ArrayLike,
    site: ArrayLike,
    *,
    cv: Any = "site",
    inner_cv: int = 5,
    param_grid: dict[str, Any] | None = None,
    groups: ArrayLike | None = None,
    phenotype: Any = None,
    motion: Any = None,
    n_permutations: int = 0,
    n_resamples: int = 2000,
    level: float = 0.95,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> EvaluationReport:
    """Score a classifier on people it has not seen.

    Parameters
    ----------
    pipeline : estimator
        Classifier with all that learns inside it, for example from `make_motif_classifier`. It is cloned,
        never fitted itself.
    X : array-like of shape (n_cases, n_features)
        Features, for example maps of motifs.
    y : array-like of shape (n_cases,)
        Two labels; the larger, in sorted order, is the positive one.
    site : array-like of shape (n_cases,)
        Where each case was recorded.
    cv : "site", int or splitter, default="site"
        Leave one site out; stratified folds of people; or an object whose ``split(X, y, groups)`` gives
        training and test rows, each row tested once.
    inner_cv : int, default=5
        Folds inside each training set in which parameters are chosen.
    param_grid : dict, default=None
        Values to choose from by balanced accuracy, as in :class:`sklearn.model_selection.GridSearchCV`.
    groups : array-like of shape (n_cases,), default=None
        Person of each case, where people have several scans; ``None`` makes each case a person.
    phenotype, motion : array-like or DataFrame with n_cases rows, default=None
        Age, sex and the like, and measures of head motion, for the baselines; numbers may be missing (NaN).
    n_permutations : int, default=0
        Permutations of the labels; each repeats the whole nested fit.
    n_resamples : int, default=2000
        Resamples of people for the bootstrap.
    level : float, default=0.95
        Coverage of intervals.
    random_state : int, default=0
        Seed of folds, permutations and resamples.
    n_jobs : int, default=None
        Processes, as in joblib, for permutations; the numbers do not depend on it.

    Returns
    -------
    EvaluationReport
        Scores with intervals, baselines, null and predictions.

    Raises
    ------
    ValueError
        If lengths differ, X is not finite, there are not two labels, a class has fewer people than folds, a
        person stands in training and test or has two labels, or there is one site only to leave out.

    See Also
    --------
    make_motif_classifier : The pipeline of maps that is scored.
    UsefulRegionSelector : A selector that learns inside the training fold.

    Notes
    -----
    Scans of one person are averaged before anything is counted, since they are not independent. Under the
    null hypothesis labels are exchanged between people of the same site, so that a site with more patients
    gives no evidence; the probability is never zero.

    Scores of different folds come from different models. They are put together as they are for "auc", which
    is lowered a little where sites differ in their share of patients: a site with many leaves few to its
    training set. "auc_within_folds" is free of that. Wilson intervals for shares, DeLong's for areas, and the
    percentile bootstrap over people; all take the predictions as given, and so leave out what another
    training set would change.

    "site_oracle" of the baselines reads the labels of the test set: it is an upper limit of what knowing the
    site can give, and no classifier.

    References
    ----------
    Dey S, Rao AR, Shah M (2012). Exploiting the brain's network structure in identifying ADHD subjects.
    Frontiers in Systems Neuroscience 6, 75. The protocol is a convention of this package.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.graph_motif import evaluate, make_motif_classifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.tile([0, 1], 30)
    >>> X = rng.normal(size=(60, 12)) + y[:, None]
    >>> report = evaluate(make_motif_classifier(5), X, y, np.repeat(["a", "b", "c"], 20))
    >>> report.metrics["accuracy"].n, report.baselines["majority"]["accuracy"].value
    (60, 0.5)
    """
    features, positive, classes, place, person = _check(X, y, site, groups)
    seed = count(_WHERE, "random_state", random_state, 0)
    n_null = count(_WHERE, "n_permutations", n_permutations, 0)
    tables = {
        name: table
        for name, value in (("phenotype", phenotype), ("motion", motion))
        if (table := check_table(name, value, len(features))) is not None
    }
    folds = outer_folds(cv, positive, place, person, seed)
    settings = (param_grid, inner_cv, seed)
    predictions, models = predict_folds(pipeline, features, positive, place, person, folds, *settings)
    people = by_person(predictions)
    others = {
        name: by_person(table)
        for name, table in baseline_predictions(positive, place, person, folds, tables).items()
    }
    supports = np.array([selected(model, features.shape[1]) for model in models])
    null = _null(pipeline, features, positive, place, person, folds, settings, cv, n_null, n_jobs)
    observed = {"balanced_accuracy": balanced_accuracy(people), "auc": area(people)}
    return EvaluationReport(
        classes=(classes[0].item(), classes[1].item()),
        predictions=predictions,
        people=people,
        metrics=person_metrics(people, n_resamples, level, spawn(seed, "bootstrap", "model")),
        baselines={
            name: person_metrics(table, n_resamples, level, spawn(seed, "bootstrap", name))
            for name, table in others.items()
        },
        comparisons=_compared(people, others, level),
        sites=_by_site(people, others),
        folds=_described(models, folds, supports),
        supports=supports,
        stability=stability(supports),
        null=null,
        pvalues={
            name: permutation_pvalue(null[name], value, alternative="greater")
            for name, value in observed.items()
            if n_null
        },
    )


def _check(
    X: ArrayLike, y: ArrayLike, site: ArrayLike, groups: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[Any], NDArray[Any], NDArray[Any]]:
    features = np.asarray(X)
    if features.dtype.kind not in "biuf" or features.ndim != 2 or not features.size:
        raise ValueError(
            f"{_WHERE}: X must hold numbers, of shape (n_cases, n_features), got {features.dtype} of shape "
            f"{features.shape}"
        )
    features = features.astype(np.float64)
    if not np.isfinite(features).all():
        bad = np.argwhere(~np.isfinite(features))
        raise ValueError(
            f"{_WHERE}: X must be finite, got {len(bad)} that are not, the first in row {bad[0][0]}"
        )
    n = len(features)
    classes, positive = binary_labels(_WHERE, one_each(_WHERE, "y", y, n))
    place = one_each(_WHERE, "site", site, n)
    person = one_each(_WHERE, "groups", groups, n)
    table = pd.DataFrame({"person": person, "y": positive, "site": place}).groupby("person")
    for name, what in (("y", "label"), ("site", "site")):
        several = table[name].nunique()
        if (several > 1).any():
            raise ValueError(
                f"{_WHERE}: groups must have one {what} each, got {several.max()} for "
                f"{several.idxmax()!r} (all scans of a person count as one)"
            )
    return features, positive, classes, place, person


def _null(
    pipeline: Any,
    X: NDArray[np.float64],
    positive: NDArray[np.bool_],
    site: NDArray[Any],
    person: NDArray[Any],
    folds: list[Fold],
    settings: tuple[Any, Any, int],
    cv: Any,
    n_permutations: int,
    n_jobs: int | None,
) -> pd.DataFrame:
    """Return the scores of the whole procedure with labels exchanged within sites."""
    if not n_permutations:
        return pd.DataFrame(columns=["balanced_accuracy", "auc"], dtype=float)
    items = [
        (pipeline, X, positive, site, person, folds, settings, cv, number) for number in range(n_permutations)
    ]
    rows = parallel_map(_permuted, items, n_jobs=n_jobs, total=n_permutations, label="permutations")
    return pd.DataFrame(list(rows), columns=["balanced_accuracy", "auc"])


def _permuted(
    pipeline: Any,
    X: NDArray[np.float64],
    positive: NDArray[np.bool_],
    site: NDArray[Any],
    person: NDArray[Any],
    folds: list[Fold],
    settings: tuple[Any, Any, int],
    cv: Any,
    number: int,
) -> tuple[float, float]:
    labels = permuted_within(positive, site, person, spawn(settings[2], "permutation", str(number)))
    # Stratified folds depend on the labels, and are made anew as they would be for other labels.
    again = outer_folds(cv, labels, site, person, settings[2]) if isinstance(cv, int | np.integer) else folds
    people = by_person(predict_folds(pipeline, X, labels, site, person, again, *settings)[0])
    return balanced_accuracy(people), area(people)


def _compared(people: pd.DataFrame, others: dict[str, pd.DataFrame], level: float) -> pd.DataFrame:
    rows = []
    for name, table in others.items():
        row = {"baseline": name, "difference": area(people) - area(table), "n": len(people)}
        # Where both separate the labels completely, or one does and the other is constant, nothing varies.
        fixed = {area(people), area(table)} <= {0.0, 1.0} or (
            area(people) in (0.0, 1.0) and np.ptp(table["score"].to_numpy()) == 0
        )
        if fixed:
            row |= {"low": np.nan, "high": np.nan, "pvalue": np.nan, "method": "variance not estimable"}
        else:
            found = compare_auc(people["y"], people["score"], table["score"], level=level, n_unit="people")
            effect = found.effect
            row |= {
                "low": effect.low,
                "high": effect.high,
                "pvalue": found.pvalue,
                "method": found.method,
            }
        rows.append(row)
    return pd.DataFrame(rows)


def _by_site(people: pd.DataFrame, others: dict[str, pd.DataFrame]) -> pd.DataFrame:
    columns = {"accuracy": people, "site_majority": others["site"], "site_oracle": others["site_oracle"]}
    hits = pd.DataFrame({name: table["y"] == table["predicted"] for name, table in columns.items()})
    hits.insert(0, "n", 1)
    hits.insert(1, "positive", people["y"])
    grouped = hits.astype(float).groupby(people["site"])
    table = grouped.mean()
    table["n"] = grouped["n"].sum().astype(int)
    return table.reset_index()


def _described(models: list[Any], folds: list[Fold], supports: NDArray[np.bool_]) -> pd.DataFrame:
    rows = [
        {
            "fold": number,
            "n_train": len(train),
            "n_test": len(test),
            "n_kept": int(kept.sum()),
            **getattr(model, "best_params_", {}),
        }
        for number, (model, (train, test), kept) in enumerate(zip(models, folds, supports, strict=True))
    ]
    return pd.DataFrame(rows)
