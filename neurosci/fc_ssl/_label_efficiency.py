"""Scores of several models against the number of labels, paired over resamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.metric import Metric
from neurosci._core.random import spawn
from neurosci.stats import compare_scores

from ._evaluation import check_cases, looked_at, score_cases, take
from ._scoring import one_score

if TYPE_CHECKING:
    import pandas as pd

_WHERE = "label_efficiency"


def label_efficiency(
    models: Mapping[str, tuple[Any, Any]],
    y: ArrayLike,
    sizes: Sequence[int],
    *,
    n_test: int,
    n_resamples: int = 10,
    kind: str = "classification",
    site: ArrayLike | None = None,
    random_state: int = 0,
) -> pd.DataFrame:
    """Score several models that learn from few labels, on the same people and the same labels.

    Parameters
    ----------
    models : dict of str to (estimator, X)
        Each model with its own inputs, one row or item per case, as for `evaluate`.
    y : array-like of shape (n_cases,)
        Two labels, of which the larger is the positive one, or numbers.
    sizes : sequence of int
        Numbers of labelled cases.
    n_test : int
        Cases of the test set.
    n_resamples : int, default=10
        Draws of test set and labelled cases.
    kind : {"classification", "regression"}, default="classification"
        What y holds.
    site : array-like of shape (n_cases,), default=None
        Site of each case; where it is known, areas are taken over pairs of one site.
    random_state : int, default=0
        Seed of the draws.

    Returns
    -------
    DataFrame
        One row per resample, size and model: resample, n_labels, model, and auc, or r and mae.

    Raises
    ------
    ValueError
        If lengths differ, labels are not two, or the cases do not suffice.

    See Also
    --------
    label_gain : Paired difference of two models.
    evaluate : Folds over all cases.

    Notes
    -----
    A resample draws a test set, then labelled cases from the others; smaller sets are the first cases of
    larger ones. For classes both draws are stratified: every set holds both, in the shares of y as nearly as
    whole numbers allow. All models of a resample see the same cases, so that their differences are paired.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.fc_ssl import label_efficiency, make_connectivity_ridge
    >>> y = np.tile([0, 1], 40)
    >>> X = np.random.default_rng(0).standard_normal((80, 4)) + y[:, None]
    >>> table = label_efficiency({"ridge": (make_connectivity_ridge(), X)}, y, (10, 20), n_test=40)
    >>> table.groupby("n_labels")["auc"].count().to_dict()
    {10: 10, 20: 10}
    """
    import pandas as pd
    from sklearn.base import clone

    labels, place = check_cases(_WHERE, models, y, site, kind)
    ordered = sorted({int(size) for size in sizes})
    if not ordered or ordered[0] < 2 or n_test < 2 or ordered[-1] + n_test > len(labels):
        raise ValueError(
            f"{_WHERE}: sizes and n_test must be at least 2 and fit into {len(labels)} cases together, got "
            f"sizes={list(sizes)} and n_test={n_test}"
        )
    target = labels.astype(np.int64) if kind == "classification" else labels
    rows: list[dict[str, Any]] = []
    draws = []
    for resample in range(n_resamples):
        rng = spawn(random_state, "labels", str(resample))
        draws.append(mixed_order(labels if kind == "classification" else None, len(labels), rng))
    for name, (estimator, X) in models.items():
        with looked_at(X):
            for resample, order in enumerate(draws):
                test, others = order[:n_test], order[n_test:]
                tested = take(X, test)
                for size in ordered:
                    train = others[:size]
                    model = clone(estimator).fit(take(X, train), target[train])
                    found = one_score(
                        kind, labels[test], score_cases(model, tested, kind),
                        None if place is None else place[test],
                    )  # fmt: skip
                    rows.append({"resample": resample, "n_labels": size, "model": name, **found})
    rows.sort(key=lambda row: (row["resample"], row["n_labels"]))  # stable: models stay in their order
    return pd.DataFrame(rows)


def mixed_order(y: NDArray[np.bool_] | None, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return all cases in random order; with classes, every stretch holds them in their shares."""
    if y is None:
        return rng.permutation(n)
    key = np.empty(n)
    for label in (False, True):
        members = rng.permutation(np.flatnonzero(y == label))
        # Members of each class at equal distances on one line, from a common random start.
        key[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.argsort(key, kind="stable")


def label_gain(
    table: pd.DataFrame,
    model: str,
    reference: str,
    *,
    score: str = "auc",
    n_labels: Sequence[int] | None = None,
    n_test: int | None = None,
    seed: str | None = None,
    level: float = 0.95,
) -> Metric:
    """Return by how much one model scores above another with the same labels.

    Parameters
    ----------
    table : DataFrame
        What `label_efficiency` returned, or several of them with a column for the seed of each.
    model, reference : str
        Names of the two models; the second is subtracted.
    score : str, default="auc"
        Column of the score.
    n_labels : sequence of int, default=None
        Sizes that are averaged over; ``None`` takes all.
    n_test : int, default=None
        Cases of the test set. Given, resamples overlap and share one population, and the interval is Nadeau
        and Bengio's, with the largest size as training set.
    seed : str, default=None
        Column of independent repetitions, such as data sets drawn anew; resamples are averaged within them.
        Without it and without `n_test` resamples count as independent.
    level : float, default=0.95
        Coverage of the interval.

    Returns
    -------
    Metric
        Mean paired difference with its interval.

    Raises
    ------
    ValueError
        If a model or a size is not in the table, or there are fewer than two repetitions.

    Examples
    --------
    >>> import pandas as pd
    >>> from neurosci.fc_ssl import label_gain
    >>> gains = {"a": 0.1, "b": 0.0}
    >>> rows = [(k, 10, name, 0.5 + 0.01 * k + gain) for k in range(10) for name, gain in gains.items()]
    >>> table = pd.DataFrame(rows, columns=["resample", "n_labels", "model", "auc"])
    >>> round(label_gain(table, "a", "b").value, 3)
    0.1
    """
    chosen = table if n_labels is None else table[table["n_labels"].isin(list(n_labels))]
    unit = seed or "resample"
    means = chosen.pivot_table(index=unit, columns="model", values=score, aggfunc="mean")
    for name in (model, reference):
        if name not in means:
            raise ValueError(f"label_gain: table must hold the model {name!r}, got {list(means.columns)}")
    settings: dict[str, Any] = {"level": level, "n_unit": "data sets" if seed else "resamples"}
    if n_test is not None and seed is None:
        settings |= {"method": "corrected_t", "test_ratio": n_test / int(chosen["n_labels"].max())}
    else:
        settings |= {"random_state": 0}
    return compare_scores(means[model].to_numpy(), means[reference].to_numpy(), **settings).effect
