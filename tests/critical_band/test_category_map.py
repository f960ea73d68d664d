"""Categories of 207 classes: the published lists, the mean rule and its ties."""

from __future__ import annotations

import json

import numpy as np
import pytest

from neurosci.critical_band import CategoryMap

PUBLISHED_SIZES = {
    "airplane": 1, "bear": 4, "bicycle": 2, "bird": 49, "boat": 5, "bottle": 7, "car": 3, "cat": 6,
    "chair": 4, "clock": 3, "dog": 109, "elephant": 2, "keyboard": 2, "knife": 1, "oven": 1, "truck": 8,
}  # fmt: skip


@pytest.fixture(scope="module")
def labels(data_root):
    return json.loads((data_root / "critical_band/labels/imagenet16.json").read_text())


def test_sizes_and_order():
    found = CategoryMap.imagenet16()
    assert {name: len(classes) for name, classes in found.members.items()} == PUBLISHED_SIZES
    assert list(found.categories) == sorted(PUBLISHED_SIZES)
    every = [number for classes in found.members.values() for number in classes]
    assert len(every) == len(set(every)) == 207
    assert repr(found) == "CategoryMap(16 categories, 207 of 1000 classes)"


def test_classes_are_those_of_the_published_lists(labels):
    found = CategoryMap.imagenet16()
    assert list(found.categories) == labels["categories"]
    assert {name: list(classes) for name, classes in found.members.items()} == labels["imagenet1k_indices"]


def test_classes_have_the_published_wordnet_ids(labels, data_root):
    ids = (data_root / "critical_band/labels/imagenet_wnids.txt").read_text().split()
    for name, classes in CategoryMap.imagenet16().members.items():
        assert sorted(ids[number] for number in classes) == sorted(labels["wnids"][name])


def test_uniform_probabilities_tie_and_the_first_category_wins():
    categories = CategoryMap.imagenet16()
    scores = categories.scores(np.full((2, 1000), 1 / 1000))
    # a sum would give 109/1000 to dogs; rounding must not tell means apart
    assert (scores == 1 / 1000).all()
    assert categories.decide(scores).tolist() == ["airplane", "airplane"]
    assert categories.decide([[0.0] * 3 + [2.0, 2.0] + [1.0] * 11]).tolist() == ["bird"]


def test_scores_are_means_over_all_classes_by_a_plain_loop():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.full(1000, 0.01), size=7)
    categories = CategoryMap.imagenet16()
    expected = [
        [sum(row[number] for number in classes) / len(classes) for classes in categories.members.values()]
        for row in probabilities
    ]
    scores = categories.scores(probabilities)
    # differences from the first class lose at most a few units in the last place of the largest
    assert np.abs(scores - expected).max() < 16 * np.finfo(float).eps
    assert scores.sum(axis=1).max() < 1


def test_own_categories_and_equality():
    own = CategoryMap({"b": [2], "a": np.array([0, 1])}, n_classes=3)
    assert own.categories == ("b", "a")
    assert own == CategoryMap({"b": [2], "a": [0, 1]}, 3)
    assert own != CategoryMap({"a": [0, 1], "b": [2]}, 3), "the order decides ties"
    assert own != "b" and hash(own) == hash(CategoryMap({"b": (2,), "a": (0, 1)}, 3))
    assert own.decide(own.scores([[0.2, 0.2, 0.6]])).tolist() == ["b"]


@pytest.mark.parametrize(
    ("members", "n_classes", "message"),
    [
        ({"a": [0]}, 5, "at least 2 categories, got 1"),
        ({"a": [0], "b": [0, 1]}, 5, "each class once, got class 0 in 'a' and in 'b'"),
        ({"a": [0], "b": [1, 1]}, 5, r"members\['b'\] must hold each class once"),
        ({"a": [0], "b": [5]}, 5, "numbers from 0 to 4, got 5 to 5"),
        ({"a": [0], "b": [-1]}, 5, "numbers from 0 to 4, got -1"),
        ({"a": [0], "b": []}, 5, "must be a list of class numbers"),
        ({"a": [0], "b": [0.5]}, 5, "must be a list of class numbers"),
        ({"a": [0], "b": [1]}, 1, "n_classes must be a whole number >= 2"),
        ({"a": [0], "b": [1]}, True, "n_classes must be a whole number >= 2"),
    ],
)
def test_impossible_maps(members, n_classes, message):
    with pytest.raises(ValueError, match=message):
        CategoryMap(members, n_classes)


def test_impossible_scores():
    categories = CategoryMap.imagenet16()
    for bad, message in (
        (np.zeros((2, 999)), r"shape \(n_images, 1000\), got \(2, 999\)"),
        (np.zeros(1000), r"got \(1000,\)"),
        (np.full((1, 1000), np.nan), "got 1000 NaN"),
        (np.full((1, 1000), 2.0), "1000 values outside .apply a softmax"),
    ):
        with pytest.raises(ValueError, match=message):
            categories.scores(bad)
    with pytest.raises(ValueError, match=r"scores must have shape \(n_images, 16\)"):
        categories.decide(np.zeros((2, 15)))
    with pytest.raises(ValueError, match="scores must be numbers, got 16 NaN"):
        categories.decide(np.full((1, 16), np.nan))
    with pytest.raises(ValueError, match="got 'crab'"):
        categories.check_categories(["dog", "crab"], "test")
