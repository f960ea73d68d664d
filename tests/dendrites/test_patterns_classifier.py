"""Patterns have the sizes and laws they promise; the classifier keeps scikit-learn's contract and theory."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chisquare

from neurosci.dendrites import (
    DendriticSegmentClassifier,
    correlated_sdr,
    false_negative_prob,
    false_positive_prob,
    random_sdr,
    subsample,
    swap_noise,
    union_false_positive_prob,
)


def test_patterns_have_exactly_a_active_cells():
    for n, a, size in ((50, 7, 9), (64, 64, 2), (10, 0, 3), (1, 1, 1)):
        patterns = random_sdr(n, a, size, random_state=0)
        assert patterns.shape == (size, n)
        assert patterns.dtype == bool
        assert (patterns.sum(axis=1) == a).all()
        assert patterns.has_sorted_indices


def test_all_patterns_are_equally_likely(seed):
    """All 10 choices of 2 of 5 cells, 20,000 draws."""
    dense = random_sdr(5, 2, 20_000, random_state=seed).toarray()
    counts = np.unique(dense @ (2 ** np.arange(5)), return_counts=True)[1]
    assert counts.size == 10
    assert chisquare(counts).pvalue > 1e-4


def test_segments_lie_in_their_patterns():
    patterns = random_sdr(300, 40, 8, random_state=0)
    segments = subsample(patterns, 15, random_state=1)
    assert (segments.sum(axis=1) == 15).all()
    assert (segments.multiply(patterns).sum(axis=1) == 15).all()


def test_noise_replaces_exactly_v_cells():
    patterns = random_sdr(300, 40, 8, random_state=0)
    for v in (0, 1, 17, 40):
        noisy = swap_noise(patterns.toarray(), v, random_state=1)
        assert (noisy.sum(axis=1) == 40).all()
        assert (noisy.multiply(patterns).sum(axis=1) == 40 - v).all()


def test_correlated_patterns_overlap_more_than_chance():
    few = correlated_sdr(500, 20, 400, coverage=0.1, random_state=0)
    many = correlated_sdr(500, 20, 400, coverage=3.0, random_state=0)
    assert (few.sum(axis=1) == 20).all() and (many.sum(axis=1) == 20).all()

    def overlap(patterns):
        product = patterns.astype(int) @ patterns.astype(int).T
        return (product.sum() - product.trace()) / (400 * 399)

    chance = 20 * 20 / 500
    assert overlap(few) > 1.5 * chance
    assert chance < overlap(many) < 1.3 * chance


def test_same_seed_same_patterns():
    for draw in (random_sdr, correlated_sdr):
        a, b, c = (draw(200, 12, 5, random_state=seed).toarray() for seed in (0, 0, 1))
        assert np.array_equal(a, b) and not np.array_equal(a, c)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: random_sdr(10, 11), "a must satisfy 0 <= a <= n"),
        (lambda: random_sdr(10, 5, 0), "size must be >= 1"),
        (lambda: subsample(random_sdr(10, 3, 2, random_state=0), 4), "got 3 in row 0"),
        (lambda: subsample([[0, 2, 1]], 1), "patterns must be binary"),
        (lambda: subsample([0, 1, 1], 1), "must have shape"),
        (lambda: swap_noise(np.ones((2, 5), bool), 2), "v must satisfy 0 <= v <= silent cells"),
        (lambda: swap_noise([[0, np.nan, 1]], 1), "patterns must be binary"),
        (lambda: correlated_sdr(10, 3, 2, cluster_sizes=(20,)), "cluster_sizes must be sizes from 1 to n=10"),
        (lambda: correlated_sdr(10, 3, 2, coverage=0), "coverage must be positive"),
    ],
)
def test_bad_patterns(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ------------------------------------------------------------------------------------------------- classifier


def test_matches_equal_a_count_by_hand():
    patterns = random_sdr(400, 30, 20, random_state=0)
    model = DendriticSegmentClassifier(12, 6, random_state=1).fit(patterns, np.arange(20) % 4)
    tests = swap_noise(patterns, 15, random_state=2)
    dense, segments = tests.toarray().astype(int), model.segments_.toarray().astype(int)
    expected = np.stack([(dense @ segments[model.segment_classes_ == c].T).max(axis=1) for c in range(4)], 1)
    np.testing.assert_array_equal(model.overlaps(tests), expected)
    np.testing.assert_array_equal(model.matches(tests), expected >= 6)
    np.testing.assert_array_equal(model.predict(tests.toarray()), expected.argmax(axis=1))


def test_errors_follow_theory():
    """False positives and false negatives of 400 segments, within five standard errors of Eqs. 4 and 6."""
    n, a, s, theta, v = 600, 60, 20, 6, 45
    patterns = random_sdr(n, a, 400, random_state=0)
    # two classes of one segment per pattern: the segments are what is tested
    model = DendriticSegmentClassifier(s, theta, random_state=1).fit(patterns, np.arange(400) % 2)
    segments = model.segments_.astype(int)
    others = random_sdr(n, a, 2000, random_state=2)
    rate = ((segments @ others.astype(int).T).toarray() >= theta).mean()
    p = float(false_positive_prob(n, a, s, theta))
    # pairs are pairwise independent, so the variance of their mean is that of independent ones
    assert abs(rate - p) < 5 * math.sqrt(p * (1 - p) / 800_000)
    order = np.argsort(np.arange(400) % 2, kind="stable")  # segments lie class by class
    noisy = swap_noise(patterns[order], v, random_state=3).astype(int)
    missed = 1 - (segments.multiply(noisy).sum(axis=1) >= theta).mean()
    q = float(false_negative_prob(a, s, v, theta))
    assert abs(missed - q) < 5 * math.sqrt(q * (1 - q) / 400)


def test_mixed_segments_follow_the_union_law():
    n, a, s, theta, mixed = 1000, 60, 20, 6, 3
    patterns = random_sdr(n, a, 600, random_state=0)
    model = DendriticSegmentClassifier(s, theta, mixed, random_state=1).fit(patterns, np.zeros(600))
    assert len(model.segment_classes_) == 200
    hits = (
        model.segments_.astype(int) @ random_sdr(n, a, 2000, random_state=2).astype(int).T
    ).toarray() >= theta
    p = float(union_false_positive_prob(n, a, s, theta, mixed))
    # segments differ in size, and patterns are shared: batches of segments give the error
    batches = hits.reshape(20, -1).mean(axis=1)
    assert abs(hits.mean() - p) < 5 * batches.std(ddof=1) / math.sqrt(20)


def test_classes_are_labels_of_any_kind():
    patterns = random_sdr(500, 30, 6, random_state=0)
    model = DendriticSegmentClassifier(20, 10, random_state=0).fit(patterns, list("zyxzyx"))
    assert model.classes_.tolist() == ["x", "y", "z"]
    assert model.predict(patterns).tolist() == list("zyxzyx")
    assert model.decision_function(patterns).shape == (6, 3)
    two = DendriticSegmentClassifier(20, 10, random_state=0).fit(patterns, [0, 1, 0, 1, 0, 1])
    np.testing.assert_array_equal(two.decision_function(patterns) > 0, [0, 1, 0, 1, 0, 1])
    one = DendriticSegmentClassifier(20, 10, random_state=0).fit(patterns, np.ones(6))
    assert (one.decision_function(patterns) == 10).all()
    assert (one.decision_function(random_sdr(500, 30, 50, random_state=9)) < 0).all()


@pytest.mark.parametrize(
    ("model", "X", "message"),
    [
        (DendriticSegmentClassifier(), np.full((4, 50), 0.5), "X must be binary"),
        (DendriticSegmentClassifier(3), [[1, 1, 1, 0], [1, 1, 0, 0]], "got 2 in row 1"),
        (DendriticSegmentClassifier(3), [[1, 1, np.nan, 0], [1, 1, 1, 0]], "NaN"),
        (DendriticSegmentClassifier(0), np.eye(4), "n_synapses must be >= 1"),
        (DendriticSegmentClassifier(1, 0), np.eye(4), "threshold must be >= 1"),
        (DendriticSegmentClassifier(1, 1, 0), np.eye(4), "patterns_per_segment must be >= 1"),
        (DendriticSegmentClassifier(1, 1, 1, 9), np.eye(4), "n_active must be at most"),
        (DendriticSegmentClassifier(1, 1, 1, 1.5), np.eye(4), "n_active must be an integer"),
    ],
)
def test_bad_input_of_the_classifier(model, X, message):
    with pytest.raises(ValueError, match=message):
        model.fit(X, np.arange(len(X)) % 2)
