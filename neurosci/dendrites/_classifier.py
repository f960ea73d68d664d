"""A classifier made of dendritic segments that sample the patterns they were shown."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from neurosci._core.random import check_random_state

from ._checks import count
from ._patterns import require_active

_WHERE = "DendriticSegmentClassifier"


def winners(values: NDArray[np.float64], n_active: int) -> Any:
    """Return the `n_active` largest values of each row as active cells; the first ones where equal."""
    from scipy.sparse import csr_array

    order = np.argsort(-values, axis=1, kind="stable")[:, :n_active]
    indices = np.sort(order, axis=1)
    starts = np.arange(len(values) + 1) * n_active
    return csr_array((np.ones(indices.size, dtype=bool), indices.reshape(-1), starts), shape=values.shape)


class DendriticSegmentClassifier(ClassifierMixin, BaseEstimator):
    """Recognise sparse patterns by coincidences of synapses on dendritic segments.

    Each training pattern gives `n_synapses` of its active cells to a segment of its class; a segment
    matches a pattern when at least `threshold` of its synapses are active.

    Parameters
    ----------
    n_synapses : int, default=24
        Synapses sampled from each pattern.
    threshold : int, default=12
        Active synapses at which a segment matches.
    patterns_per_segment : int, default=1
        Patterns of one class that are mixed on each segment.
    n_active : int or None, default=None
        None takes binary patterns. A number makes the cells with so many largest values of each row
        active, so that any real-valued input becomes a sparse code.
    random_state : int, Generator or None, default=None
        Seed of the sampling.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    segments_ : csr_array of bool, shape (n_segments, n_cells)
        Synapses of each segment.
    segment_classes_ : ndarray of int64, shape (n_segments,)
        Index into `classes_` of each segment's class.
    n_features_in_ : int
        Cells seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the cells, where the input has them.

    See Also
    --------
    false_positive_prob : The error of one segment under random patterns.
    union_false_positive_prob : The same for segments that mix patterns.

    Notes
    -----
    Eq. 1 of Ahmad and Hawkins (2016) with segments sampled as in their section 4. `predict` takes the
    class with the largest overlap, whether or not it matches; `matches` tells who reached the
    threshold, so that a pattern that no segment knows can be told from one that is known.

    References
    ----------
    Ahmad S, Hawkins J (2016). How do neurons operate on sparse distributed representations? A
    mathematical theory of sparsity, neurons and active dendrites. arXiv:1601.00720.

    Examples
    --------
    >>> from neurosci.dendrites import DendriticSegmentClassifier, random_sdr, swap_noise
    >>> patterns = random_sdr(2000, 40, size=6, random_state=0)
    >>> model = DendriticSegmentClassifier(random_state=0).fit(patterns, list("aabbcc"))
    >>> noisy = swap_noise(patterns, 8, random_state=1)
    >>> "".join(model.predict(noisy)), model.matches(noisy).any(axis=1).all()
    ('aabbcc', np.True_)
    >>> bool(model.matches(random_sdr(2000, 40, size=100, random_state=2)).any())
    False
    """

    def __init__(
        self,
        n_synapses: int = 24,
        threshold: int = 12,
        patterns_per_segment: int = 1,
        n_active: int | None = None,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.n_synapses = n_synapses
        self.threshold = threshold
        self.patterns_per_segment = patterns_per_segment
        self.n_active = n_active
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        # Codes need many cells: with the two features of scikit-learn's test data nothing can be told apart.
        tags.classifier_tags.poor_score = True
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Sample segments from the patterns of each class.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_patterns, n_cells)
            Patterns: binary, or real-valued with `n_active`.
        y : array-like of shape (n_patterns,)
            Class of each pattern.

        Returns
        -------
        DendriticSegmentClassifier
            Itself.

        Raises
        ------
        ValueError
            If X is not binary, or a row has fewer than `n_synapses` active cells; names the row.
        """
        synapses = count(_WHERE, "n_synapses", self.n_synapses)
        count(_WHERE, "threshold", self.threshold)
        mixed = count(_WHERE, "patterns_per_segment", self.patterns_per_segment)
        X, y = validate_data(self, X, y, accept_sparse="csr")
        check_classification_targets(y)
        rows = self._codes(X)
        require_active(_WHERE, "X", rows, synapses)
        self.classes_, labels = np.unique(y, return_inverse=True)
        rng = check_random_state(self.random_state)
        chosen = np.empty((rows.shape[0], synapses), dtype=np.int64)
        for i, row in enumerate(chosen):
            cells = rows.indices[rows.indptr[i] : rows.indptr[i + 1]]
            row[:] = rng.permutation(cells)[:synapses]
        owner, self.segment_classes_ = _share_segments(labels, len(self.classes_), mixed)
        self.segments_ = _unions(chosen, owner, len(self.segment_classes_), rows.shape[1])
        return self

    def _codes(self, X: Any) -> Any:
        from scipy.sparse import csr_array, issparse

        if self.n_active is not None:
            n_active = count(_WHERE, "n_active", self.n_active)
            n_cells = X.shape[1]
            if n_active > n_cells:
                raise ValueError(
                    f"{_WHERE}: n_active must be at most the number of cells, got {n_active} with "
                    f"{n_cells} feature(s)"
                )
            return winners(np.asarray(X.toarray() if issparse(X) else X, dtype=np.float64), n_active)
        values = X.data if issparse(X) else X
        if not np.isin(values, (0, 1)).all():
            raise ValueError(
                f"{_WHERE}: X must be binary (0 and 1, or booleans), got other values (set n_active to make "
                "the cells with the largest values active)"
            )
        rows = csr_array(X).astype(bool)
        rows.eliminate_zeros()
        rows.sort_indices()
        return rows

    def overlaps(self, X: Any) -> NDArray[np.int64]:
        """Return the largest overlap with any segment of each class.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_patterns, n_cells)
            Patterns.

        Returns
        -------
        ndarray of int64, shape (n_patterns, n_classes)
            Active synapses.
        """
        check_is_fitted(self)
        rows = self._codes(validate_data(self, X, accept_sparse="csr", reset=False))
        counts = (rows.astype(np.int32) @ self.segments_.astype(np.int32).T).toarray()
        largest = np.empty((rows.shape[0], len(self.classes_)), dtype=np.int64)
        for index in range(len(self.classes_)):
            largest[:, index] = counts[:, self.segment_classes_ == index].max(axis=1)
        return largest

    def matches(self, X: Any) -> NDArray[np.bool_]:
        """Tell for which classes some segment reaches the threshold.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_patterns, n_cells)
            Patterns.

        Returns
        -------
        ndarray of bool, shape (n_patterns, n_classes)
            A row without any True is a pattern that no segment knows.
        """
        return self.overlaps(X) >= self.threshold

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the largest overlaps as scores.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_patterns, n_cells)
            Patterns.

        Returns
        -------
        ndarray of float64, shape (n_patterns, n_classes) or (n_patterns,)
            Largest overlap by class; with two classes that of the second minus that of the first,
            with one class its overlap minus the threshold, which is >= 0 for a match.
        """
        scores = self.overlaps(X).astype(np.float64)
        if scores.shape[1] == 1:
            return scores[:, 0] - self.threshold
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class with the largest overlap, the first one where they are equal.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_patterns, n_cells)
            Patterns.

        Returns
        -------
        ndarray of shape (n_patterns,)
            Labels.
        """
        winner = np.argmax(self.overlaps(X), axis=1)
        return np.asarray(self.classes_[winner])


def _share_segments(
    labels: NDArray[np.int64], n_classes: int, mixed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the segment of each pattern and the class of each segment."""
    owner = np.empty(len(labels), dtype=np.int64)
    classes: list[int] = []
    for index in range(n_classes):
        members = np.flatnonzero(labels == index)
        owner[members] = len(classes) + np.arange(members.size) // mixed
        classes += [index] * (-(-members.size // mixed))
    return owner, np.array(classes, dtype=np.int64)


def _unions(chosen: NDArray[np.int64], owner: NDArray[np.int64], n_segments: int, n_cells: int) -> Any:
    """Return segments as sparse rows; cells chosen by several patterns have one synapse."""
    from scipy.sparse import csr_array

    row = np.repeat(owner, chosen.shape[1])
    ones = np.ones(row.size, dtype=np.int32)
    segments = csr_array((ones, (row, chosen.reshape(-1))), shape=(n_segments, n_cells)).astype(bool)
    segments.sort_indices()
    return segments
