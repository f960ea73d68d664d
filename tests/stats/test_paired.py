import itertools
import math

import numpy as np
import pytest
from scipy import stats

from neurosci.stats._paired import compare_scores
from neurosci.stats._permutation import permutation_test

A = np.array([0.71, 0.68, 0.74, 0.66, 0.70, 0.69, 0.73, 0.72, 0.61])
B = np.array([0.66, 0.67, 0.70, 0.67, 0.64, 0.66, 0.70, 0.67, 0.66])


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_probability_agrees_with_scipy(alternative):
    """Oracle: scipy's enumeration of the sign flips, through another code path."""
    ours = compare_scores(A, B, alternative=alternative)
    theirs = stats.permutation_test(
        (A - B,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative=alternative
    )
    assert ours.pvalue == pytest.approx(theirs.pvalue, abs=1e-12)
    assert ours.method == "sign-flip test, all 512"
    assert ours.pvalue == pytest.approx(
        permutation_test([A, B], design="paired", alternative=alternative).pvalue, abs=1e-12
    )


def rejected(difference, shift):
    """The two-sided test of one value, by enumeration of all flips."""
    d = difference - shift
    means = [np.mean(d * np.array(flips)) for flips in itertools.product([1, -1], repeat=len(d))]
    above = sum(m >= d.mean() - 1e-12 for m in means)
    below = sum(m <= d.mean() + 1e-12 for m in means)
    return 2 * min(above, below) / len(means) <= 0.05


def test_interval_is_what_the_test_does_not_reject():
    difference = A - B
    effect = compare_scores(A, B).effect
    step = 1e-6
    for limit, outside in ((effect.low, -step), (effect.high, step)):
        assert rejected(difference, limit + outside)
        assert not rejected(difference, limit - outside)
    assert effect.value == pytest.approx(difference.mean())
    assert (effect.n, effect.n_unit) == (9, "subjects")


def test_interval_and_probability_agree(seed):
    """Over 300 data sets, exact and random: zero lies outside exactly where p is at most 0.05."""
    rng = np.random.default_rng(seed)
    for n in (7, 9, 20):
        for _ in range(100):
            d = rng.normal(0.5, 1, size=n)
            test = compare_scores(d, np.zeros(n), n_resamples=999, random_state=rng)
            assert (test.effect.low <= 0 <= test.effect.high) == (test.pvalue > 0.05)


def test_random_flips_agree_with_all():
    """20 subjects: 2^20 flips by scipy against 99,999 random ones, within 5 standard errors."""
    rng = np.random.default_rng(1)
    d = rng.normal(0.35, 1, size=20)
    test = compare_scores(d, np.zeros(20), n_resamples=99_999, random_state=0)
    signs = 1 - 2.0 * (np.arange(2**20)[:, np.newaxis] >> np.arange(20) & 1)
    means = signs @ d / 20
    exact = 2 * min(np.mean(means >= d.mean() - 1e-12), np.mean(means <= d.mean() + 1e-12))
    assert test.pvalue == pytest.approx(exact, abs=10 * math.sqrt(exact / 1e5))
    assert test.method == "sign-flip test, 99,999 random"


def test_few_subjects_cannot_reject():
    """With 5 subjects the smallest two-sided probability is 2 / 32, so the 95 % interval has no ends."""
    test = compare_scores([1, 2, 3, 4, 5], [0, 0, 0, 0, 0])
    assert test.pvalue == 2 / 32
    assert (test.effect.low, test.effect.high) == (-math.inf, math.inf)
    narrower = compare_scores([1, 2, 3, 4, 5], [0, 0, 0, 0, 0], level=0.9).effect
    # The fewest and the most subsets: all subjects above the smallest, and so on.
    assert (narrower.low, narrower.high) == (1, 5)


def test_folds_of_a_subject_are_not_evidence():
    subjects = np.repeat(np.arange(9), 4)
    noise = np.tile([0.01, -0.01, 0.02, -0.02], 9)
    grouped = compare_scores(np.repeat(A, 4) + noise, np.repeat(B, 4), subjects)
    alone = compare_scores(A, B)
    assert grouped.pvalue == alone.pvalue
    assert grouped.effect.low == pytest.approx(alone.effect.low, abs=1e-12)
    assert grouped.effect.n == 9
    as_if_independent = compare_scores(np.repeat(A, 4), np.repeat(B, 4), random_state=0)
    assert as_if_independent.pvalue < alone.pvalue / 3


def test_unequal_numbers_of_folds_and_shuffled_rows():
    groups = np.array(["s2", "s1", "s2", "s3", "s1", "s2", "s4", "s5", "s6"])
    a, b = np.arange(9.0), np.arange(9.0)[::-1] ** 0.5
    means = [(a - b)[groups == g].mean() for g in np.unique(groups)]
    expected = compare_scores(means, np.zeros(6))
    test = compare_scores(a, b, groups)
    assert test.pvalue == expected.pvalue
    assert test.effect.value == pytest.approx(np.mean(means))


def test_equal_scores():
    test = compare_scores(A, A)
    assert (test.effect.value, test.effect.low, test.effect.high, test.pvalue) == (0, 0, 0, 1)


def test_corrected_t_by_hand():
    """Eq. 8 of Nadeau and Bengio, written out; with no test set it is the paired t test."""
    test = compare_scores(A, B, method="corrected_t", test_ratio=0.25)
    d = A - B
    t = d.mean() / math.sqrt((1 / 9 + 0.25) * d.var(ddof=1))
    assert test.pvalue == pytest.approx(2 * stats.t.sf(abs(t), 8), rel=1e-12)
    half = stats.t.ppf(0.975, 8) * d.mean() / t
    assert (test.effect.low, test.effect.high) == pytest.approx((d.mean() - half, d.mean() + half))
    assert (test.effect.n, test.effect.n_unit) == (9, "splits")
    plain = compare_scores(A, B, method="corrected_t", test_ratio=1e-12)
    assert plain.pvalue == pytest.approx(stats.ttest_rel(A, B).pvalue, rel=1e-6)
    greater = compare_scores(A, B, method="corrected_t", test_ratio=0.25, alternative="greater")
    less = compare_scores(A, B, method="corrected_t", test_ratio=0.25, alternative="less")
    assert greater.pvalue + less.pvalue == pytest.approx(1)
    assert greater.pvalue == pytest.approx(test.pvalue / 2)


def test_scale_and_order_do_not_matter():
    order = np.random.default_rng(0).permutation(9)
    first = compare_scores(A, B)
    assert compare_scores(A[order], B[order]).pvalue == first.pvalue
    for scale in (1e-30, 1e30):
        scaled = compare_scores(A * scale, B * scale)
        assert scaled.pvalue == first.pvalue
        assert scaled.effect.low == pytest.approx(first.effect.low * scale)


def test_same_seed_same_numbers():
    a = np.arange(30.0) % 7
    first, second = (compare_scores(a, np.full(30, 2.9), random_state=4) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (([], []), {}, ValueError, "a needs at least 2 subjects, got 0"),
        (([1.0], [1.0]), {}, ValueError, "a needs at least 2 subjects, got 1"),
        (([1.0, 2.0], [1.0]), {}, ValueError, "b needs at least 2"),
        (([1.0, 2.0], [1.0, 2.0, 3.0]), {}, ValueError, "one value for each of the 2 subjects of a, got 3"),
        (([1.0, np.nan], [1.0, 2.0]), {}, ValueError, "a must be finite, got 1 NaN"),
        ((A, B, np.zeros(9)), {}, ValueError, "groups needs at least 2 groups, got 1"),
        (
            (A, B, np.zeros(4)),
            {},
            ValueError,
            r"groups must have shape \(9,\), one label per case, got \(4,\)",
        ),
        ((A, B), {"method": "t"}, ValueError, "method must be one of 'permutation', 'corrected_t'"),
        ((A, B), {"test_ratio": 0.2}, ValueError, "test_ratio must be None"),
        ((A, B), {"method": "corrected_t"}, ValueError, "test_ratio must be above 0 .* got None"),
        ((A, B), {"method": "corrected_t", "test_ratio": -1}, ValueError, "test_ratio must be above 0"),
        (
            (A, B, np.arange(9)),
            {"method": "corrected_t", "test_ratio": 0.2},
            ValueError,
            "groups must be None with method 'corrected_t'",
        ),
        ((A + 1, A), {"method": "corrected_t", "test_ratio": 0.2}, ValueError, "differences must vary"),
        ((A, B), {"level": 95}, ValueError, "level must be in"),
        ((A, B), {"n_resamples": 100}, ValueError, "n_resamples must be >= 999"),
        ((A, B), {"alternative": "more"}, ValueError, "alternative must be one of"),
    ],
)
def test_bad_arguments(arguments, options, error, message):
    with pytest.raises(error, match=f"compare_scores: .*{message}"):
        compare_scores(*arguments, **options)
