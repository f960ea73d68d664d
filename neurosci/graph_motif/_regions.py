"""Scores of regions by small classifiers, for the groups as they are and permuted, all at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.random import check_random_state


def cube_labels(coordinates: ArrayLike, size: float = 20.0) -> NDArray[np.int64]:
    """Divide the brain into cubes.

    Parameters
    ----------
    coordinates : array-like of shape (n_nodes, 3)
        Places of the nodes, in mm.
    size : float, default=20.0
        Edge of a cube, in mm: five voxels of 4 mm.

    Returns
    -------
    ndarray of int64, shape (n_nodes,)
        Cube of each node, numbered from 1 in the order of x, y and z.

    Raises
    ------
    ValueError
        If `coordinates` have another shape, or `size` is not positive.

    Examples
    --------
    >>> cube_labels([[0, 0, 0], [4, 4, 4], [24, 0, 0]]).tolist()
    [1, 1, 2]
    """
    where = "cube_labels"
    places = np.asarray(coordinates, dtype=np.float64)
    if places.ndim != 2 or places.shape[1] != 3 or not len(places) or not np.isfinite(places).all():
        raise ValueError(
            f"{where}: coordinates must be finite, of shape (n_nodes, 3), got shape {places.shape}"
        )
    if not size > 0:
        raise ValueError(f"{where}: size must be positive, in mm, got {size}")
    cubes = np.floor((places - places.min(axis=0)) / size).astype(np.int64)
    return np.asarray(np.unique(cubes, axis=0, return_inverse=True)[1].reshape(-1) + 1)


def region_scores(
    X: NDArray[np.float64],
    positive: NDArray[np.bool_],
    regions: NDArray[np.int64],
    names: NDArray[np.int64],
    n_folds: int,
    n_components: int,
    n_permutations: int,
    random_state: Any,
) -> NDArray[np.float64]:
    """Return balanced accuracies, shape (n_regions, 1 + n_permutations), the groups as they are first."""
    from sklearn.model_selection import StratifiedKFold

    rng = check_random_state(random_state)
    # One number for the folds, so that the same generator gives the same folds and permutations.
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=int(rng.integers(2**31)))
    folds = [test for _, test in splitter.split(X, positive)]
    groups = np.repeat(positive[np.newaxis], 1 + n_permutations, axis=0)
    for test in folds:
        groups[1:, test] = rng.permuted(groups[1:, test], axis=1)
    columns = [np.flatnonzero(regions == name) for name in names]
    single = all(chosen.size == 1 for chosen in columns)
    hits = np.zeros((names.size, 2, 1 + n_permutations))
    for test in folds:
        train = np.setdiff1d(np.arange(len(X)), test)
        if single:
            nodes = np.concatenate(columns)
            for place, labels in enumerate(groups):
                guess = nearer_mean(X[np.ix_(train, nodes)], X[np.ix_(test, nodes)], labels[train])
                hits[:, 0, place] += guess[labels[test]].sum(axis=0)
                hits[:, 1, place] += (~guess[~labels[test]]).sum(axis=0)
            continue
        for region, chosen in enumerate(columns):
            fitted, new = components(X[np.ix_(train, chosen)], X[np.ix_(test, chosen)], n_components)
            guess = discriminant(fitted, new, groups[:, train])
            hits[region, 0] += (guess & groups[:, test]).sum(axis=1)
            hits[region, 1] += (~guess & ~groups[:, test]).sum(axis=1)
    sizes = np.array([positive.sum(), (~positive).sum()])
    return np.asarray((hits / sizes[:, np.newaxis]).mean(axis=1))


def nearer_mean(
    train: NDArray[np.float64], test: NDArray[np.float64], positive: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return who is taken for positive by each feature alone: what `discriminant` says of one component.

    Scale and sign of a component do not matter there, so that none needs to be computed.
    """
    high, low = train[positive].mean(axis=0), train[~positive].mean(axis=0)
    # A feature that does not vary tells nothing, and the means of equal numbers may differ by rounding.
    direction = np.where(np.ptp(train, axis=0) > 1e-12 * np.abs(high), high - low, 0.0)
    return np.asarray(direction * (test - (high + low) / 2) > 0)


def components(
    train: NDArray[np.float64], test: NDArray[np.float64], n_components: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return principal components of standardised features, scaled to length one over the training cases."""
    mean, spread = train.mean(axis=0), train.std(axis=0)
    used = spread > 1e-12 * np.abs(mean)
    used &= spread > 0
    if not used.any():
        return np.zeros((len(train), 1)), np.zeros((len(test), 1))
    left, values, right = np.linalg.svd((train[:, used] - mean[used]) / spread[used], full_matrices=False)
    kept = min(n_components, int((values > 1e-10 * values[0]).sum()))
    new = ((test[:, used] - mean[used]) / spread[used]) @ right[:kept].T / values[:kept]
    return left[:, :kept], new


def discriminant(
    train: NDArray[np.float64], test: NDArray[np.float64], groups: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return who is taken for positive by the linear discriminant of each labelling, groups counted alike.

    The total scatter of the components is the identity, so that the direction is the difference of means.
    """
    weights = groups.astype(np.float64)
    high = weights @ train / weights.sum(axis=1, keepdims=True)
    low = (1 - weights) @ train / (1 - weights).sum(axis=1, keepdims=True)
    direction = high - low
    middle = ((high + low) / 2 * direction).sum(axis=1, keepdims=True)
    return np.asarray(direction @ test.T > middle)
