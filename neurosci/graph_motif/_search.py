"""The number of components chosen in inner folds, with what comes before them computed once a fold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._pipeline import PrincipalComponents

NAME = "pca__n_components"
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


class Chosen:
    """A classifier fitted with the parameters that inner folds chose.

    Parameters
    ----------
    model : Pipeline
        Fitted with those parameters on all training cases.
    params : dict
        The parameters.
    scores : ndarray of shape (n_candidates,)
        Mean balanced accuracy of each candidate over the inner folds.
    """

    def __init__(self, model: Any, params: dict[str, Any], scores: NDArray[np.float64]) -> None:
        self.best_estimator_ = model
        self.best_params_ = params
        self.scores = scores

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return scores, positive for the positive class."""
        return np.asarray(self.best_estimator_.decision_function(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return labels."""
        return np.asarray(self.best_estimator_.predict(X))


def discriminants(
    train: NDArray[np.float64], test: NDArray[np.float64], positive: NDArray[np.bool_], numbers: list[int]
) -> NDArray[np.bool_]:
    """Return who is positive by the linear discriminant of the first components, shape (n_numbers, n_test).

    Components are centred and do not correlate over the training cases: with d the difference of the two
    means and v the sums of squares, the scatter within groups is diag(v) - (n0 n1 / n) d d', and its inverse
    times d is d / v, over 1 - (n0 n1 / n) d' (d / v), by the formula of Sherman and Morrison. Divided by n it
    is the covariance, as in scikit-learn since 1.9.
    """
    n1, n0 = int(positive.sum()), int((~positive).sum())
    high, low = train[positive].mean(axis=0), train[~positive].mean(axis=0)
    squares = (train**2).sum(axis=0)
    d = high - low
    weights = np.divide(d, squares, out=np.zeros_like(d), where=squares > 1e-20 * squares.max(initial=0.0))
    within = (n0 + n1) / (1 - n0 * n1 / (n0 + n1) * np.cumsum(weights * d))
    # of all numbers of components at once: the score of k of them is a sum over the first k
    along = np.cumsum(weights * (test - (high + low) / 2), axis=1) * within
    places = np.minimum(numbers, train.shape[1]) - 1
    return np.asarray(along[:, places].T + np.log(n1 / n0) > 0)


def only_components(pipeline: Any, grid: dict[str, Any]) -> bool:
    """Return whether nothing but the number of components before a plain discriminant is to be chosen."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    steps = getattr(pipeline, "steps", [])
    if list(grid) != [NAME] or [name for name, _ in steps[-2:]] != ["pca", "lda"]:
        return False
    plain = repr(LinearDiscriminantAnalysis().get_params())
    pca, lda = (step for _, step in steps[-2:])
    return (
        isinstance(pca, PrincipalComponents)
        and type(lda) is LinearDiscriminantAnalysis
        and repr(lda.get_params()) == plain
    )


def choose_components(
    pipeline: Any, X: NDArray[Any], y: NDArray[np.int64], candidates: Any, folds: list[Fold]
) -> Chosen:
    """Choose as :class:`sklearn.model_selection.GridSearchCV` does, which repeats what candidates share.

    The components of a smaller number are the first ones of a larger number, so that regions, scale and
    components are fitted once in each fold, with the largest number; the discriminants need no fit at all.
    """
    from sklearn.base import clone
    from sklearn.metrics import balanced_accuracy_score

    numbers = list(candidates)
    scores = np.empty((len(numbers), len(folds)))
    for fold, (train, test) in enumerate(folds):
        head = clone(pipeline[:-1]).set_params(**{NAME: max(numbers)})
        fitted, new = head.fit_transform(X[train], y[train]), head.transform(X[test])
        guesses = discriminants(fitted, new, y[train] == 1, numbers)
        scores[:, fold] = [balanced_accuracy_score(y[test], guess) for guess in guesses]
    # summed in the order of GridSearchCV, so that rounding breaks no tie in another way
    means = np.average(scores, axis=1)
    best = {NAME: numbers[int(np.argmax(means))]}
    return Chosen(clone(pipeline).set_params(**best).fit(X, y), best, means)
