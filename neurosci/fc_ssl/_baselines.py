"""Baselines that need no deep model: ridge on connectivity, and what confounds alone tell."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin

from neurosci._core.checks import check_option

KINDS = ("classification", "regression")


class FeatureRidgeClassifier(ClassifierMixin, BaseEstimator):
    """Ridge regression on labels, with a penalty in proportion to the number of features.

    Parameters
    ----------
    penalty : float, default=1.0
        Penalty divided by the number of features; with standardised features the diagonal of their Gram
        matrix is then as large as the penalty.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    ridge_ : RidgeClassifier
        The fitted model, solved in dual form where features outnumber cases.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.fc_ssl import FeatureRidgeClassifier
    >>> X = np.random.default_rng(0).standard_normal((20, 50)) + np.repeat([0, 1], 10)[:, None]
    >>> FeatureRidgeClassifier().fit(X, np.repeat([0, 1], 10)).predict(X[:2])
    array([0, 0])
    """

    def __init__(self, penalty: float = 1.0) -> None:
        self.penalty = penalty

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_features)
            Features.
        y : array-like of shape (n_cases,)
            Labels.

        Returns
        -------
        FeatureRidgeClassifier
            Itself.
        """
        from sklearn.linear_model import RidgeClassifier
        from sklearn.utils.multiclass import check_classification_targets
        from sklearn.utils.validation import validate_data

        _check_penalty(self)
        features, labels = validate_data(self, X, y, dtype=(np.float64, np.float32))
        check_classification_targets(labels)
        if len(np.unique(labels)) < 2:
            raise ValueError(f"{type(self).__name__}: y must hold at least 2 classes, got 1 class")
        ridge = RidgeClassifier(alpha=self.penalty * features.shape[1], solver="cholesky")
        self.ridge_ = ridge.fit(features, labels)
        self.classes_ = self.ridge_.classes_
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return scores, positive for the second class.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_cases,), or (n_cases, n_classes) with more than two classes
            Predicted label on the scale -1 to 1.
        """
        features = _checked(self, X)
        return np.asarray(self.ridge_.decision_function(features))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return labels.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_cases,)
            The likelier label of each case.
        """
        features = _checked(self, X)
        return np.asarray(self.ridge_.predict(features))


class FeatureRidge(RegressorMixin, BaseEstimator):
    """Ridge regression with a penalty in proportion to the number of features.

    Parameters
    ----------
    penalty : float, default=1.0
        Penalty divided by the number of features.

    Attributes
    ----------
    ridge_ : Ridge
        The fitted model, solved in dual form where features outnumber cases.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.fc_ssl import FeatureRidge
    >>> X = np.random.default_rng(0).standard_normal((20, 50))
    >>> FeatureRidge().fit(X, X[:, 0]).predict(X).shape
    (20,)
    """

    def __init__(self, penalty: float = 1.0) -> None:
        self.penalty = penalty

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_features)
            Features.
        y : array-like of shape (n_cases,)
            Targets.

        Returns
        -------
        FeatureRidge
            Itself.
        """
        from sklearn.linear_model import Ridge
        from sklearn.utils.validation import validate_data

        _check_penalty(self)
        features, target = validate_data(self, X, y, dtype=(np.float64, np.float32), y_numeric=True)
        self.ridge_ = Ridge(alpha=self.penalty * features.shape[1], solver="cholesky").fit(features, target)
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return predicted targets.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_cases,)
            Predictions.
        """
        features = _checked(self, X)
        return np.asarray(self.ridge_.predict(features))


class SquaredDeviation(TransformerMixin, BaseEstimator):
    """Square what each feature differs from its mean over the training cases.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        Means.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.fc_ssl import SquaredDeviation
    >>> SquaredDeviation().fit_transform(np.array([[0.0], [2.0]])).tolist()
    [[1.0], [1.0]]
    """

    def fit(self, X: ArrayLike, y: Any = None) -> Self:  # noqa: ARG002
        """Learn the means.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_features)
            Features.
        y : None
            Not used.

        Returns
        -------
        SquaredDeviation
            Itself.
        """
        from sklearn.utils.validation import validate_data

        features = validate_data(self, X, dtype=(np.float64, np.float32))
        self.mean_ = features.mean(axis=0)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return the squares.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_cases, n_features)
            Squared deviations.
        """
        return np.asarray((_checked(self, X) - self.mean_) ** 2)


class ConfoundRemover(TransformerMixin, BaseEstimator):
    """Take out of the features what is linear in the last columns, as learned from the training cases.

    Parameters
    ----------
    n_confounds : int, default=1
        How many of the last columns are confounds; they are not returned.

    Attributes
    ----------
    coef_ : ndarray of shape (n_confounds + 1, n_features - n_confounds)
        Intercept and slopes.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.fc_ssl import ConfoundRemover
    >>> motion = np.random.default_rng(0).random((9, 1))
    >>> float(np.abs(ConfoundRemover().fit_transform(np.hstack([3 * motion, motion]))).max().round(9))
    0.0
    """

    def __init__(self, n_confounds: int = 1) -> None:
        self.n_confounds = n_confounds

    def fit(self, X: ArrayLike, y: Any = None) -> Self:  # noqa: ARG002
        """Regress the features on the confounds.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_features)
            Features, then confounds.
        y : None
            Not used.

        Returns
        -------
        ConfoundRemover
            Itself.
        """
        from sklearn.utils.validation import validate_data

        columns = validate_data(self, X, dtype=(np.float64, np.float32), ensure_min_features=2)
        if not 1 <= self.n_confounds < columns.shape[1]:
            raise ValueError(
                f"{type(self).__name__}: n_confounds must be between 1 and {columns.shape[1] - 1}, got "
                f"{self.n_confounds}"
            )
        features, design = self._split(columns)
        self.coef_ = np.linalg.lstsq(design, features, rcond=None)[0]
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return residuals.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_features)
            Features, then confounds.

        Returns
        -------
        ndarray of shape (n_cases, n_features - n_confounds)
            Residuals of the features.
        """
        features, design = self._split(_checked(self, X))
        return np.asarray(features - design @ self.coef_)

    def _split(self, X: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        features, confounds = X[:, : -self.n_confounds], X[:, -self.n_confounds :]
        return features, np.column_stack([np.ones(len(X), dtype=X.dtype), confounds])


def make_connectivity_ridge(
    kind: str = "classification", *, deviation: bool = False, n_confounds: int = 0, penalty: float = 1.0
) -> Any:
    """Return ridge regression on rows of connectivity, with all that learns inside it.

    Parameters
    ----------
    kind : {"classification", "regression"}, default="classification"
        What is predicted.
    deviation : bool, default=False
        Whether the features are the squared deviations from the mean of the training cases.
    n_confounds : int, default=0
        How many of the last columns are confounds, which are taken out of the others.
    penalty : float, default=1.0
        Penalty divided by the number of features.

    Returns
    -------
    Pipeline
        Confounds out, deviations, z-scores, ridge.

    Examples
    --------
    >>> from neurosci.fc_ssl import make_connectivity_ridge
    >>> list(make_connectivity_ridge(deviation=True).named_steps)
    ['deviation', 'scale', 'ridge']
    """
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    check_option("make_connectivity_ridge", "kind", kind, KINDS)
    ridge = FeatureRidgeClassifier if kind == "classification" else FeatureRidge
    steps: list[tuple[str, Any]] = [("scale", StandardScaler()), ("ridge", ridge(penalty))]
    if deviation:
        steps.insert(0, ("deviation", SquaredDeviation()))
    if n_confounds:
        steps.insert(0, ("confounds", ConfoundRemover(n_confounds)))
    return Pipeline(steps)


def make_confound_model(kind: str = "classification") -> Any:
    """Return a regression on a table of confounds, such as site, age, sex and motion.

    Parameters
    ----------
    kind : {"classification", "regression"}, default="classification"
        Logistic or linear regression.

    Returns
    -------
    Pipeline
        For a DataFrame: numbers are imputed by their median and scaled, all other columns are categories.
        A category that training has not seen counts for nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from neurosci.fc_ssl import make_confound_model
    >>> table = pd.DataFrame({"site": ["a", "a", "b", "b"], "age": [9.0, 8.0, 20.0, None]})
    >>> make_confound_model().fit(table, [0, 0, 1, 1]).predict(table).tolist()
    [0, 0, 1, 1]
    """
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    check_option("make_confound_model", "kind", kind, KINDS)
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (words, make_column_selector(dtype_exclude="number")),
    )
    # the weakest penalty for which both are defined when a site has one class only
    return make_pipeline(columns, LogisticRegression(max_iter=1000) if kind == "classification" else Ridge())


def _check_penalty(estimator: Any) -> None:
    if not (np.isfinite(estimator.penalty) and estimator.penalty > 0):
        raise ValueError(f"{type(estimator).__name__}: penalty must be positive, got {estimator.penalty}")


def _checked(estimator: Any, X: ArrayLike) -> NDArray[Any]:
    from sklearn.utils.validation import check_is_fitted, validate_data

    check_is_fitted(estimator)
    return np.asarray(validate_data(estimator, X, reset=False, dtype=(np.float64, np.float32)))
