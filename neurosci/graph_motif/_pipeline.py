"""The classifier of the paper as a pipeline: regions, scale, principal components, linear discriminant."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ._checks import count


class PrincipalComponents(TransformerMixin, BaseEstimator):
    """Principal components, as many as asked for or as there are features, fewer than people.

    A selector before it may keep fewer features than components are asked for, which
    :class:`sklearn.decomposition.PCA` refuses.

    Parameters
    ----------
    n_components : int, default=50
        Largest number of components; must be less than the number of people in `fit`.

    Attributes
    ----------
    pca_ : sklearn.decomposition.PCA
        The fitted components.
    n_features_in_ : int
        Number of features seen in `fit`.
    """

    def __init__(self, n_components: int = 50) -> None:
        self.n_components = n_components

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 (pipelines pass it)
        """Fit the components.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        y : object, default=None
            Not used.

        Returns
        -------
        PrincipalComponents
            Itself.
        """
        from sklearn.decomposition import PCA

        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        wanted = count("make_motif_classifier", "n_components", self.n_components, 1)
        if wanted >= len(X):
            raise ValueError(
                f"make_motif_classifier: n_components must be less than the {len(X)} people in training, got "
                f"{wanted} (lower it)"
            )
        self.pca_ = PCA(min(wanted, X.shape[1]), svd_solver="full").fit(X)
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Return the components of new people.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of float64, shape (n_samples, n_components)
            Components.
        """
        check_is_fitted(self)
        return np.asarray(self.pca_.transform(validate_data(self, X, dtype=np.float64, reset=False)))


def make_motif_classifier(
    n_components: int = 50,
    *,
    shrinkage: float | str | None = None,
    selector: Any = "passthrough",
) -> Any:
    """Build the classifier of maps: selector, scaler, principal components, linear discriminant.

    Parameters
    ----------
    n_components : int, default=50
        Principal components; fewer where the selector keeps fewer features. Must be less than the number
        of people in training.
    shrinkage : float, "auto" or None, default=None
        Shrinkage of the covariance of the discriminant; ``None`` is the plain discriminant.
    selector : estimator or "passthrough", default="passthrough"
        What selects features, for example `UsefulRegionSelector` or
        :class:`sklearn.feature_selection.SelectKBest`; it is fitted with the rest, on training data only.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Steps "selector", "scaler", "pca" and "lda".

    Raises
    ------
    ValueError
        If an option is out of its range.

    Notes
    -----
    Feature selection, mean and scale, components and discriminant are learned in `fit`; nothing is carried
    from one training set to another.

    References
    ----------
    Dey S, Rao AR, Shah M (2012). Exploiting the brain's network structure in identifying ADHD subjects.
    Frontiers in Systems Neuroscience 6, 75. The number of components is a convention of this package.

    Examples
    --------
    >>> from neurosci.graph_motif import make_motif_classifier
    >>> [name for name, _ in make_motif_classifier(20).steps]
    ['selector', 'scaler', 'pca', 'lda']
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    where = "make_motif_classifier"
    wanted = count(where, "n_components", n_components, 1)
    number = isinstance(shrinkage, int | float | np.number) and not isinstance(shrinkage, bool)
    if shrinkage not in (None, "auto") and not (number and 0 <= float(shrinkage) <= 1):
        raise ValueError(
            f"{where}: shrinkage must be None, 'auto' or a number from 0 to 1, got {shrinkage!r}"
        )
    if selector != "passthrough" and not hasattr(selector, "fit"):
        raise ValueError(f"{where}: selector must be an estimator or 'passthrough', got {selector!r}")
    lda = (
        LinearDiscriminantAnalysis()
        if shrinkage is None
        else LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage)
    )
    return Pipeline(
        [
            ("selector", selector),
            ("scaler", StandardScaler()),
            ("pca", PrincipalComponents(wanted)),
            ("lda", lda),
        ]
    )
