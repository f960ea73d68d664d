import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from neurosci.stats._permutation import permutation_pvalue, permutation_test


def two_sided(null, observed):
    """Twice the smaller tail of a full enumeration."""
    at_least = sum(value >= observed - 1e-9 for value in null)
    at_most = sum(value <= observed + 1e-9 for value in null)
    return float(min(1, 2 * Fraction(min(at_least, at_most), len(null))))


@pytest.mark.parametrize(
    ("alternative", "expected"), [("greater", 2 / 6), ("less", 5 / 6), ("two-sided", 4 / 6)]
)
def test_pvalue_counts(alternative, expected):
    """By hand: of 5 values one is above 2.5 and four are below; the observed arrangement is one more."""
    null = [1.0, 2.0, -3.0, 0.5, 2.6]
    assert permutation_pvalue(null, 2.5, alternative=alternative) == pytest.approx(expected, abs=1e-15)


def test_pvalue_is_never_zero_and_never_above_one():
    null = np.random.default_rng(0).normal(size=9999)
    assert permutation_pvalue(null, 1e9, alternative="greater") == 1e-4
    assert permutation_pvalue(null, -1e9) == 2e-4
    assert permutation_pvalue([0.0], 0.0) == 1


def test_pvalue_counts_ties_whatever_the_order_of_summation():
    values = [0.1, 0.2, 0.3]
    assert sum(values) != sum(reversed(values))
    assert permutation_pvalue([sum(values)], sum(reversed(values)), alternative="greater") == 1
    assert permutation_pvalue([sum(reversed(values))], sum(values), alternative="greater") == 1


def test_independent_agrees_with_enumeration():
    """Oracle: all 70 divisions of eight values."""
    a, b = [1.1, 2.3, 1.9, 2.2], [0.3, 1.8, 0.1, 2.6]
    values = np.array(a + b)
    null = []
    for first in itertools.combinations(range(8), 4):
        rest = [i for i in range(8) if i not in first]
        null.append(values[list(first)].mean() - values[rest].mean())
    test = permutation_test([a, b])
    assert test.pvalue == pytest.approx(two_sided(null, np.mean(a) - np.mean(b)), abs=1e-12)
    assert test.effect.value == pytest.approx(np.mean(a) - np.mean(b))
    assert (test.effect.n, test.method) == (8, "permutation test of labels, all 70")


def test_signs_and_paired_agree_with_enumeration():
    """Oracle: all 2^7 flips; exchanging the values of a pair flips the sign of their difference."""
    a = np.array([0.9, 2.1, -0.4, 1.3, 0.8, 1.1, 0.2])
    b = np.array([0.1, 0.4, 0.7, 0.2, 0.3, 1.0, -0.5])
    null = [np.mean((a - b) * flips) for flips in itertools.product([1, -1], repeat=7)]
    expected = two_sided(null, np.mean(a - b))
    assert permutation_test([a - b], design="signs").pvalue == pytest.approx(expected, abs=1e-12)
    paired = permutation_test([a, b], design="paired")
    assert paired.pvalue == pytest.approx(expected, abs=1e-12)
    assert (paired.effect.n, paired.method) == (7, "permutation test within units, all 128")


def test_pairings_agree_with_enumeration():
    """Oracle: all 5! orders of one of two variables."""
    x, y = np.array([1.0, 2.0, 3.5, 4.0, 6.0]), np.array([0.8, 2.5, 2.4, 5.0, 4.6])

    def correlation(u, v):
        return np.corrcoef(u, v)[0, 1]

    null = [correlation(x[list(order)], y) for order in itertools.permutations(range(5))]
    test = permutation_test([x, y], correlation, design="pairings", n_resamples=20000)
    assert test.pvalue == pytest.approx(two_sided(null, correlation(x, y)), abs=1e-12)


def test_random_permutations_estimate_the_exact_probability(seed):
    """Within 5 standard errors of the enumerated value, (1 + b) / (1 + n) included."""
    a, b = np.array([0.2, 0.9, 1.4, 2.0, 1.7, 0.4]), np.array([0.1, 0.6, 0.3, 1.5, -0.2, 0.5])
    exact = permutation_test([a, b], alternative="greater").pvalue
    n = 500
    test = permutation_test([a, b], alternative="greater", n_resamples=n, random_state=seed)
    assert test.method.endswith("500 random")
    assert test.pvalue == pytest.approx(exact, abs=5 * math.sqrt(exact / n) + 1 / n)
    assert test.pvalue >= 1 / (n + 1)


def test_three_samples():
    """Oracle: the F statistic's permutation probability is near the F test's for normal values."""
    rng = np.random.default_rng(5)
    samples = [rng.normal(shift, 1, size=size) for shift, size in ((0, 20), (0.4, 25), (0.8, 30))]

    def f_statistic(*groups, axis):
        return stats.f_oneway(*groups, axis=axis).statistic

    test = permutation_test(samples, f_statistic, alternative="greater", n_resamples=4999, random_state=0)
    expected = stats.f_oneway(*samples).pvalue
    assert test.pvalue == pytest.approx(expected, abs=5 * math.sqrt(expected / 4999) + 0.002)


def test_groups_are_what_is_exchanged():
    """Oracle: the same test on the means of the groups; copies of a subject add no evidence."""
    rng = np.random.default_rng(2)
    difference = rng.normal(0.5, 1, size=8)
    alone = permutation_test([difference], design="signs")
    copies = permutation_test([np.repeat(difference, 10)], design="signs", groups=np.repeat(np.arange(8), 10))
    assert copies.pvalue == alone.pvalue
    assert (copies.effect.n, copies.effect.n_unit) == (8, "groups")
    without = permutation_test([np.repeat(difference, 10)], design="signs", random_state=0)
    assert without.pvalue < alone.pvalue
    a, b = rng.normal(size=5), rng.normal(size=4)
    grouped = permutation_test(
        [np.repeat(a, 3), np.repeat(b, 2)], groups=[np.repeat(list("abcde"), 3), np.repeat(list("fghi"), 2)]
    )
    assert grouped.pvalue == permutation_test([a, b]).pvalue


def test_same_seed_same_probability():
    data = [np.arange(30.0) % 7, np.arange(25.0) % 5]
    first, second = (permutation_test(data, n_resamples=199, random_state=3).pvalue for _ in range(2))
    assert first == second


@pytest.mark.parametrize("dtype", ["float16", "int8", "uint8", ">f8", "float32"])
def test_numbers_of_any_type_and_read_only(dtype):
    a, b = np.array([100, 101, 120, 90, 127], dtype=dtype), np.array([80, 99, 70, 60, 75], dtype=dtype)
    a.flags.writeable = b.flags.writeable = False
    expected = permutation_test([a.astype(float), b.astype(float)])
    assert permutation_test([a, b]) == expected
    strided = np.repeat(b, 2)[::2]
    assert permutation_test([a, strided]) == expected


@pytest.mark.parametrize("null", [[], [1.0, math.nan]])
def test_bad_null(null):
    with pytest.raises(ValueError, match="permutation_pvalue: null"):
        permutation_pvalue(null, 0.0)


def test_other_bad_arguments_of_pvalue():
    with pytest.raises(ValueError, match="observed must be finite"):
        permutation_pvalue([1.0], math.nan)
    with pytest.raises(ValueError, match="alternative must be one of"):
        permutation_pvalue([1.0], 1.0, alternative="both")


@pytest.mark.parametrize(
    ("samples", "options", "error", "message"),
    [
        ([[1, 2, 3]], {}, ValueError, "at least 2 samples for design 'independent', got 1"),
        ([[1, 2], [1, 2]], {"design": "signs"}, ValueError, "1 sample for design 'signs', got 2"),
        (np.arange(5.0), {"design": "signs"}, TypeError, "got one array"),
        (
            [[1, 2, 3], [1, 2]],
            {"design": "paired"},
            ValueError,
            "equal lengths for design 'paired', got 3, 2",
        ),
        ([[1.0]], {"design": "signs"}, ValueError, "at least 2 units, got 1"),
        ([[], [1.0]], {}, ValueError, r"samples\[0\] needs at least 1 units, got 0"),
        ([[1, np.nan], [1, 2]], {}, ValueError, r"samples\[0\] must be finite, got 1 NaN .* index 1"),
        ([["a", "b"], [1, 2]], {}, TypeError, "real numbers, got dtype <U1"),
        ([[1j, 2], [1, 2]], {}, TypeError, "real numbers, got dtype complex128"),
        ([[[1, 2], [3]], [1, 2]], {}, TypeError, "ragged, got 2 values at index 0 and 1 at index 1"),
        ([[1, 2], [1, 2]], {"design": "pared"}, ValueError, "did you mean 'paired'"),
        ([[1, 2], [1, 2]], {"alternative": "up"}, ValueError, "alternative must be one of"),
        ([[1, 2], [1, 2]], {"n_resamples": 0}, ValueError, "n_resamples must be >= 99, got 0"),
        ([[1, 2]] * 3, {}, ValueError, "statistic must be given for 3 samples"),
        ([[1, 2]], {"design": "signs", "groups": [1, 1]}, ValueError, "at least 2 groups, got 1"),
        ([[1, 2]], {"design": "signs", "groups": [1]}, ValueError, r"groups must have shape \(2,\)"),
        ([[1, 2]], {"design": "signs", "groups": [1, np.nan]}, ValueError, "groups must not be NaN"),
        ([[1, 2], [3, 4]], {"groups": [["a", "b"], ["b", "c"]]}, ValueError, "got 'b' in two"),
        ([[1, 2], [3, 4]], {"groups": [["a", "b"]]}, ValueError, "one list of labels per sample"),
        ([[1, 2], [3, 4]], {"random_state": "a"}, TypeError, "random_state must be"),
    ],
)
def test_bad_arguments(samples, options, error, message):
    with pytest.raises(error, match=message):
        permutation_test(samples, **options)


def test_statistic_without_a_value():
    with pytest.raises(ValueError, match="statistic must be finite"):
        permutation_test([[1.0, 2.0], [1.0, 3.0]], lambda a, b: math.nan)
