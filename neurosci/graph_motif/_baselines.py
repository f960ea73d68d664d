"""What can be told without any image: from the majority, the site, the phenotype or the head's motion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._search import Fold

_WHERE = "evaluate"


def baseline_predictions(
    positive: NDArray[np.bool_],
    site: NDArray[Any],
    person: NDArray[Any],
    folds: list[Fold],
    tables: dict[str, pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    """Return the predictions of each baseline over the same folds.

    "majority" gives each person the commoner class of the training set, "site" that of the person's site
    in the training set, and where the site is not in it that of all. "site_oracle" reads the test labels: it
    is an upper limit of what a site can tell, and no classifier. The others are logistic regressions on
    tables.
    """
    made = {
        "majority": _rule(positive, site, person, folds, by_site=False),
        "site": _rule(positive, site, person, folds, by_site=True),
        "site_oracle": _oracle(positive, site, person, folds),
    }
    return made | {name: _regression(table, positive, site, person, folds) for name, table in tables.items()}


def check_table(name: str, table: Any, n: int) -> pd.DataFrame | None:
    """Return what is known of each case as a table; numbers and text."""
    if table is None:
        return None
    frame = pd.DataFrame(table).reset_index(drop=True)
    if len(frame) != n or not frame.shape[1]:
        raise ValueError(f"{_WHERE}: {name} must have one row for each of {n} cases, got {len(frame)}")
    frame.columns = [str(column) for column in frame.columns]
    numbers = frame.select_dtypes("number")
    if np.isinf(numbers.to_numpy(float)).any():
        raise ValueError(f"{_WHERE}: {name} must not hold infinite numbers (missing ones may be NaN)")
    return frame


def _frame(
    positive: NDArray[np.bool_], site: NDArray[Any], person: NDArray[Any], folds: list[Fold]
) -> pd.DataFrame:
    table = pd.DataFrame({"row": np.arange(len(positive)), "person": person, "site": site, "y": positive})
    table["fold"] = 0
    for number, (_, test) in enumerate(folds):
        table.loc[test, "fold"] = number
    return table


def _rule(
    positive: NDArray[np.bool_], site: NDArray[Any], person: NDArray[Any], folds: list[Fold], *, by_site: bool
) -> pd.DataFrame:
    table = _frame(positive, site, person, folds)
    share, score = np.empty(len(positive)), np.zeros(len(positive))
    for train, test in folds:
        overall = positive[train].mean()
        share[test] = overall
        if by_site:
            known = pd.Series(positive[train]).groupby(site[train]).mean().reindex(site[test])
            share[test] = known.fillna(overall).to_numpy()
            # By how much the site differs: the share of all patients alone would order the folds, by chance
            # against the truth, since a fold with many patients leaves few to the training set.
            score[test] = share[test] - overall
    return table.assign(score=score, predicted=share > 0.5)


def _oracle(
    positive: NDArray[np.bool_], site: NDArray[Any], person: NDArray[Any], folds: list[Fold]
) -> pd.DataFrame:
    share = pd.Series(positive.astype(float)).groupby(site).transform("mean").to_numpy() - 0.5
    return _frame(positive, site, person, folds).assign(score=share, predicted=share > 0)


def _regression(
    table: pd.DataFrame,
    positive: NDArray[np.bool_],
    site: NDArray[Any],
    person: NDArray[Any],
    folds: list[Fold],
) -> pd.DataFrame:
    found = _frame(positive, site, person, folds)
    score = np.empty(len(positive))
    for train, test in folds:
        model = _logistic()
        model.fit(table.iloc[train], positive[train].astype(int))
        score[test] = model.decision_function(table.iloc[test])
    return found.assign(score=score, predicted=score > 0)


def _logistic() -> Any:
    """Return a regression whose imputation, scale and categories are those of its training set."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (words, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))
