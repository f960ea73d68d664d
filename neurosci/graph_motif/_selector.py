"""Regions of the brain in which people of two groups differ, learned from training data only."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ._checks import binary_labels, count, whole_folds
from ._regions import region_scores

_WHERE = "UsefulRegionSelector"


class UsefulRegionSelector(SelectorMixin, BaseEstimator):
    r"""Keep the regions whose features tell two groups apart.

    Each region is scored by the balanced accuracy of a classifier on its own features (standardised,
    principal components, linear discriminant) in an inner cross-validation, so that nothing but the data
    given to `fit` is used: inside a pipeline, the training fold.

    Parameters
    ----------
    labels : array-like of int, shape (n_nodes,), default=None
        Region of each node; 0 belongs to none and is never kept. Where there are several maps, one after
        the other, they share the labels. ``None`` makes each feature a region.
    keep : float or "null", default="null"
        "null" keeps the regions whose score exceeds the given quantile of their own scores with permuted
        groups; a number in (0, 1] keeps this share of the regions, those with the largest scores. At
        least one region is always kept, the best.
    quantile : float, default=0.95
        Quantile of the permuted scores, in (0, 1).
    inner_cv : int, default=5
        Number of stratified folds.
    n_components : int, default=10
        Largest number of principal components of a region.
    n_permutations : int, default=200
        Permutations of the groups, for "null".
    random_state : int, Generator or None, default=None
        Seed of folds and permutations.

    Attributes
    ----------
    regions_ : ndarray of int64, shape (n_regions,)
        Values of `labels` that are regions, ascending.
    scores_ : ndarray of float64, shape (n_regions,)
        Balanced accuracy of each region, 0 to 1.
    limits_ : ndarray of float64, shape (n_regions,)
        Score that a region has to exceed: the quantile of its permuted scores for "null", otherwise the
        smallest score that is kept.
    kept_ : ndarray of bool, shape (n_regions,)
        Regions that are kept.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the features, where the input has them.

    See Also
    --------
    make_motif_classifier : The pipeline that it is made for.

    Notes
    -----
    The published method is a mask of useful regions learned from data; its algorithm was not available,
    and this one is a convention of this package. Groups are permuted within inner folds, which keeps folds
    stratified, and the components of a fold serve all permutations, as they do not depend on the groups.
    With :math:`d` the difference of the two means and :math:`S` the total scatter, the discriminant
    direction is :math:`S^{-1} d`; groups count alike, whatever their sizes.

    References
    ----------
    Dey S, Rao AR, Shah M (2012). Exploiting the brain's network structure in identifying ADHD subjects.
    Frontiers in Systems Neuroscience 6, 75.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.graph_motif import UsefulRegionSelector
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], 20)
    >>> X = rng.normal(size=(40, 6))
    >>> X[:, 2] += 2 * y
    >>> UsefulRegionSelector([1, 1, 2, 2, 3, 3], random_state=0).fit(X, y).get_support().tolist()
    [False, False, True, True, False, False]
    """

    def __init__(
        self,
        labels: ArrayLike | None = None,
        *,
        keep: float | str = "null",
        quantile: float = 0.95,
        inner_cv: int = 5,
        n_components: int = 10,
        n_permutations: int = 200,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.labels = labels
        self.keep = keep
        self.quantile = quantile
        self.inner_cv = inner_cv
        self.n_components = n_components
        self.n_permutations = n_permutations
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Score the regions and choose among them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features: the maps of each person, one after the other.
        y : array-like of shape (n_samples,)
            Group of each person; two different values.

        Returns
        -------
        UsefulRegionSelector
            Itself.

        Raises
        ------
        ValueError
            If there are not two groups, a group has fewer members than there are folds, or `labels` do not
            fit the features.
        """
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        _, positive = binary_labels(_WHERE, y)
        n_folds = whole_folds(_WHERE, "inner_cv", self.inner_cv, positive)
        n_components = count(_WHERE, "n_components", self.n_components, 1)
        self._check_keep()
        regions = self._region_of_features(X.shape[1])
        self.regions_ = np.unique(regions[regions != 0])
        n_null = count(_WHERE, "n_permutations", self.n_permutations, 20) if self.keep == "null" else 0
        scores = region_scores(
            X, positive, regions, self.regions_, n_folds, n_components, n_null, self.random_state
        )
        self.scores_ = scores[:, 0]
        best = np.argsort(-self.scores_, kind="stable")
        if self.keep == "null":
            self.limits_ = np.quantile(scores[:, 1:], self.quantile, axis=1)
            self.kept_ = self.scores_ > self.limits_
        else:
            n_kept = max(1, round(float(self.keep) * best.size))
            self.kept_ = np.isin(np.arange(best.size), best[:n_kept])
            self.limits_ = np.full(best.size, self.scores_[best[n_kept - 1]])
        if not self.kept_.any():
            self.kept_[best[0]] = True
        self._support = np.isin(regions, self.regions_[self.kept_])
        return self

    def _check_keep(self) -> None:
        number = isinstance(self.keep, int | float | np.number) and not isinstance(self.keep, bool)
        if self.keep != "null" and not (number and 0 < float(self.keep) <= 1):
            raise ValueError(f"{_WHERE}: keep must be 'null' or a number in (0, 1], got {self.keep!r}")
        if not 0 < self.quantile < 1:
            raise ValueError(f"{_WHERE}: quantile must be in (0, 1), got {self.quantile}")

    def _region_of_features(self, n_features: int) -> NDArray[np.int64]:
        if self.labels is None:
            return np.arange(1, n_features + 1)
        labels = np.asarray(self.labels)
        if labels.ndim != 1 or labels.dtype.kind not in "iub" or not labels.size:
            raise ValueError(
                f"{_WHERE}: labels must be whole numbers, one for each node, got {labels.dtype} of shape "
                f"{labels.shape}"
            )
        if n_features % labels.size:
            raise ValueError(
                f"{_WHERE}: labels must be as many as the nodes of the maps, got {labels.size} for "
                f"{n_features} features"
            )
        if not labels.any():
            raise ValueError(f"{_WHERE}: labels must hold at least one region, got only 0")
        return np.tile(labels.astype(np.int64), n_features // labels.size)

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return self._support
