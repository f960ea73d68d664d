"""Where a classifier starts from: nothing, an estimator, or saved weights."""

from __future__ import annotations

from typing import Any

from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted


def unwrapped(estimator: Any) -> Any:
    """Return the estimator inside scikit-learn's `FrozenEstimator`, which `clone` leaves fitted."""
    from sklearn.frozen import FrozenEstimator

    return estimator.estimator if isinstance(estimator, FrozenEstimator) else estimator


def is_fitted(estimator: Any) -> bool:
    """Say whether an estimator has learned."""
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True
