"""Real sparse codes: handwritten digits, expanded to many cells of which few are active."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._classifier import DendriticSegmentClassifier, winners
from ._probability import false_positive_prob

if TYPE_CHECKING:
    import pandas as pd


def sparse_digits(n: int, a: int, rng: np.random.Generator) -> tuple[Any, NDArray[np.int64]]:
    """Return codes of the 1,797 digits of scikit-learn, and their labels.

    Pixels, centred and of unit length, are projected to n cells by fixed random weights; the a cells
    with the largest values are active.
    """
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    pixels = pixels - pixels.mean(axis=0)
    pixels /= np.linalg.norm(pixels, axis=1, keepdims=True)
    return winners(pixels @ rng.normal(size=(pixels.shape[1], n)), a), np.asarray(labels)


def recognise(item: dict[str, int], rng: np.random.Generator) -> dict[str, Any]:
    """Train segments on half of the digits; return accuracy and matches by threshold on the other half."""
    n, a, s = item["n"], item["a"], item["s"]
    codes, labels = sparse_digits(n, a, rng)
    order = rng.permutation(len(labels))
    train, test = order[: len(order) // 2], order[len(order) // 2 :]
    seed = int(rng.integers(2**31))
    model = DendriticSegmentClassifier(s, item["theta"], item["mixed"], random_state=seed)
    model.fit(codes[train], labels[train])
    right = model.predict(codes[test]) == labels[test]
    overlap = (model.segments_.astype(np.int32) @ codes[test].astype(np.int32).T).toarray()
    same = model.segment_classes_[:, None] == labels[test][None, :]
    thresholds = np.arange(1, s + 1)
    return {
        "n_correct": int(right.sum()),
        "n_test": len(test),
        "n_train": len(train),
        "n_segments": len(model.segment_classes_),
        "mean_synapses": float(model.segments_.sum() / len(model.segment_classes_)),
        "other": np.array([(overlap[~same] >= t).mean() for t in thresholds]),
        "same": np.array([(overlap[same] >= t).mean() for t in thresholds]),
    }


def digit_curves(unit: dict[str, Any], n: int, a: int, s: int) -> pd.DataFrame:
    """Return shares of matches by threshold, beside the probability under uniform patterns."""
    import pandas as pd

    thresholds = np.arange(1, s + 1)
    return pd.DataFrame(
        {
            "theta": thresholds,
            "theory": false_positive_prob(n, a, s, thresholds),
            "other_class": unit["other"],
            "same_class": unit["same"],
        }
    )
