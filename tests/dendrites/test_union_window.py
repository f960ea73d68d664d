"""Unions of patterns against fractions and enumeration; windows and medians against printed numbers."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from neurosci.dendrites import (
    MEASURED_THRESHOLDS,
    expected_union_size,
    false_negative_prob,
    false_positive_prob,
    median_error_curve,
    published_grid,
    threshold_window,
    threshold_windows,
    union_false_positive_prob,
    union_size_distribution,
)
from neurosci.dendrites._exact import tail


def fraction_sizes(n, s, m):
    """Law of the size by the recursion, in fractions."""
    law = {0: Fraction(1)}
    for _ in range(m):
        new = {}
        for u, p in law.items():
            for k in range(max(0, u + s - n), min(u, s) + 1):
                step = Fraction(math.comb(u, k) * math.comb(n - u, s - k), math.comb(n, s))
                new[u + s - k] = new.get(u + s - k, 0) + p * step
        law = new
    return law


@pytest.mark.parametrize(
    ("n", "s", "m"), [(50, 7, 3), (500, 20, 4), (12, 12, 2), (9, 4, 6), (30, 1, 5), (20, 0, 3)]
)
def test_sizes_are_the_exact_law(n, s, m):
    law = fraction_sizes(n, s, m)
    ours = union_size_distribution(n, s, m)
    assert ours.sum() == pytest.approx(1.0, abs=1e-13)
    for u, p in law.items():
        assert ours[u] == pytest.approx(float(p), abs=0, rel=1e-12)
    mean = sum(u * p for u, p in law.items())
    assert float(expected_union_size(n, s, m)) == pytest.approx(float(mean), abs=0, rel=1e-13)


def test_recursion_is_enumeration():
    """All pairs of 2-subsets of 5 cells, and all test patterns: nothing but counting."""
    subsets = [set(c) for c in itertools.combinations(range(5), 2)]
    sizes = np.bincount([len(x | y) for x in subsets for y in subsets], minlength=5) / 100
    np.testing.assert_allclose(union_size_distribution(5, 2, 2), sizes, atol=1e-15)
    tests = [set(c) for c in itertools.combinations(range(5), 3)]
    hits = [len((x | y) & t) >= 2 for x in subsets for y in subsets for t in tests]
    assert float(union_false_positive_prob(5, 3, 2, 2, 2)) == pytest.approx(np.mean(hits), abs=0, rel=1e-13)


def test_union_error_in_fractions():
    for n, a, s, theta, m in (
        (500, 40, 20, 9, 3),
        (100, 30, 10, 12, 4),
        (60, 60, 5, 3, 2),
        (80, 20, 8, 25, 3),
    ):
        exact = sum(p * tail(n, a, u, theta) for u, p in fraction_sizes(n, s, m).items())
        ours = float(union_false_positive_prob(n, a, s, theta, m))
        assert ours == pytest.approx(float(exact), abs=0, rel=1e-12), (n, a, s, theta, m)


NUMBERS = [
    ((10_000, 200, 25, 15, 2), "2.356022e-14", "2.314000e-14"),
    ((10_000, 200, 25, 15, 5), "2.279219e-08", "2.384041e-08"),
    ((10_000, 200, 25, 15, 10), "1.270804e-04", "1.285662e-04"),
    ((1000, 200, 25, 15, 2), "4.738945e-02", "5.077336e-02"),
    ((20_000, 200, 25, 15, 10), "3.322426e-08", "3.257775e-08"),
    ((20_000, 100, 25, 15, 10), "1.734743e-12", "1.698373e-12"),
]


@pytest.mark.parametrize(("arguments", "plugin", "exact"), NUMBERS)
def test_numbers_of_unions(arguments, plugin, exact):
    assert f"{float(union_false_positive_prob(*arguments, method='plugin')):.6e}" == plugin
    assert f"{float(union_false_positive_prob(*arguments)):.6e}" == exact


def test_bloom_formula():
    arguments = 1024, 20, 20, 20, 20
    assert f"{float(union_false_positive_prob(*arguments, method='bloom')):.6e}" == "1.835365e-10"
    assert f"{float(union_false_positive_prob(*arguments)):.6e}" == "1.328682e-10"
    with mpmath.workdps(40):
        silent = (1 - mpmath.mpf(25) / 1000) ** 6
        for a, theta in ((200, 15), (200, 60), (50, 2), (200, 0), (10, 11)):
            terms = [
                mpmath.binomial(a, b) * (1 - silent) ** b * silent ** (a - b) for b in range(theta, a + 1)
            ]
            expected = float(mpmath.fsum(terms))
            ours = float(union_false_positive_prob(1000, a, 25, theta, 6, method="bloom"))
            assert ours == pytest.approx(expected, abs=0, rel=1e-12)


def test_one_pattern_is_a_plain_segment():
    for method in ("exact", "plugin"):
        one = union_false_positive_prob(3000, 90, 24, [10, 12, 30], 1, method=method, log=True)
        np.testing.assert_allclose(one, false_positive_prob(3000, 90, 24, [10, 12, 30], log=True), rtol=1e-13)


def test_unions_do_not_underflow():
    log_p = float(union_false_positive_prob(1_000_000, 400, 60, 400, 3, log=True))
    assert log_p == -math.inf  # 180 synapses cannot reach 400
    log_p = float(union_false_positive_prob(1_000_000, 400, 60, 170, 3, log=True))
    assert -3000 < log_p < -1000


def test_sizes_of_the_text():
    assert float(expected_union_size(20_000, 25, 10)) == pytest.approx(248.598427, abs=5e-7)
    assert 100 * (1 - float(expected_union_size(20_000, 25, 10)) / 20_000) == pytest.approx(98.757, abs=5e-4)
    assert float(expected_union_size(10, 10, 3)) == 10


def test_published_unions(published):
    """Fig. 7A to all digits; Fig. 7B to the 0.11 % by which the published values are off."""
    table = published("reference_fig7a_expected_synapses.csv")
    np.testing.assert_allclose(
        expected_union_size(table["n"], table["s"], table["M"]),
        table["expected_distinct_synapses"],
        rtol=1e-12,
    )
    table = published("reference_fig7b_union.csv")
    ours = union_false_positive_prob(
        table["n"], table["a"], table["s"], table["theta"], table["M"], method="plugin"
    )
    np.testing.assert_allclose(ours, table["p_false_positive_plugin"], rtol=1.2e-3)


def test_bad_input_of_unions():
    with pytest.raises(ValueError, match="n_patterns must be >= 1"):
        union_false_positive_prob(100, 10, 5, 2, 0)
    with pytest.raises(ValueError, match="s must satisfy 0 <= s <= n"):
        union_size_distribution(10, 11, 2)
    with pytest.raises(ValueError, match="n must be a single integer"):
        union_size_distribution([10, 20], 5, 2)
    with pytest.raises(ValueError, match="did you mean 'plugin'"):
        union_false_positive_prob(100, 10, 5, 2, 2, method="plugn")


# ---------------------------------------------------------------------------------------------------- windows


@pytest.mark.parametrize(
    ("s", "windows"),
    [
        (20, {0.2: (10, 12), 0.4: None}),
        (30, {0.2: (11, 19), 0.4: (11, 12), 0.5: None}),
        (40, {0.2: (13, 26), 0.4: (13, 17), 0.5: (13, 13)}),
    ],
)
def test_windows_of_the_text(s, windows):
    for noise, expected in windows.items():
        assert threshold_window(10_000, 300, s, noise, 1e-9, 1e-2) == expected


def test_windows_are_what_the_definition_says(seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        n = int(rng.integers(50, 3000))
        a = int(rng.integers(5, n // 2))
        s = int(rng.integers(1, min(a, 40) + 1))
        noise, alpha, beta = rng.uniform(0, 1), 10 ** rng.uniform(-9, -1), 10 ** rng.uniform(-4, -0.5)
        theta = np.arange(s + 2)
        good = (false_positive_prob(n, a, s, theta) <= alpha) & (
            false_negative_prob(a, s, round(noise * a), theta) <= beta
        )
        expected = (int(theta[good].min()), int(theta[good].max())) if good.any() else None
        assert threshold_window(n, a, s, noise, alpha, beta) == expected


def test_windows_broadcast():
    low, high = threshold_windows([[10_000], [20_000]], 300, [20, 30, 40], 0.2, 1e-9, 1e-2)
    assert low.shape == high.shape == (2, 3)
    assert (low[1] <= low[0]).all()
    np.testing.assert_array_equal(high[0], high[1])  # misses do not depend on n


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"noise": 1.2}, "noise must be in"),
        ({"alpha": 0.0}, "alpha must be in"),
        ({"beta": 1.5}, "beta must be in"),
        ({"noise": float("nan")}, "noise must be in"),
        ({"s": 400}, "s must satisfy 0 <= s <= a"),
    ],
)
def test_bad_input_of_windows(changes, message):
    arguments = {"n": 10_000, "a": 300, "s": 20, "noise": 0.2, "alpha": 1e-9, "beta": 1e-2, **changes}
    with pytest.raises(ValueError, match=message):
        threshold_window(**arguments)


# ---------------------------------------------------------------------------------------------------- medians


def test_published_medians(published):
    """Fig. 6: both columns of medians to their printed digits, means to 1e-5.

    The first column is printed with three digits below 1e-5 and with nine decimals above; the grid behind it
    reproduces it to 0.3 %.
    """
    table = published("reference_fig6_medians.csv")
    curve = median_error_curve(table["theta"], published_grid("figure 6"))
    printed = table["median_n10000_190000"].astype(float).to_numpy()
    ours = np.exp(curve.log_median)
    large = printed > 1e-4
    np.testing.assert_allclose(ours[large], printed[large], atol=5.1e-10, rtol=0)
    assert [f"{x:.2e}" for x in ours[~large]] == [f"{x:.2e}" for x in printed[~large]]
    mean = table["mean_n10000_190000"].astype(float).to_numpy()
    # printed with nine decimals down to 1e-4, with three digits below
    np.testing.assert_allclose(np.exp(curve.log_mean)[:4], mean[:4], rtol=2e-6)
    assert [f"{x:.2e}" for x in np.exp(curve.log_mean)[4:]] == [f"{x:.2e}" for x in mean[4:]]
    other = median_error_curve(table["theta"], published_grid("later variant"))
    variant = table["median_n1000_17000"].astype(float).to_numpy()
    for ours_one, text in zip(np.exp(other.log_median), variant, strict=True):
        digits = len(f"{text:.12g}".split("e")[0].replace(".", "").lstrip("0")) - 1
        assert float(f"{ours_one:.{digits}e}") == pytest.approx(text, abs=0, rel=1e-9)


def test_segments_that_cannot_fire():
    curve = median_error_curve(np.arange(18, 24), published_grid())
    assert curve.n_can_fire.tolist() == [420, 420, 420, 360, 360, 360]
    assert (curve.log_median[3:] < curve.log_median_can_fire[3:]).all()
    np.testing.assert_array_equal(curve.log_median[:3], curve.log_median_can_fire[:3])
    assert curve.minimum[3] == 0


def test_medians_are_medians():
    grid = published_grid()
    curve = median_error_curve([6, 12], grid)
    for i, theta in enumerate((6, 12)):
        p = [float(tail(*row, theta)) for row in grid.tolist()]
        assert np.exp(curve.log_median[i]) == pytest.approx(np.median(p), abs=0, rel=1e-12)
        assert np.exp(curve.log_mean[i]) == pytest.approx(np.mean(p), abs=0, rel=1e-12)
    assert curve.log_median[0] > math.log(1e-9) > curve.log_median[1]


def test_first_threshold_below_the_line_is_ten():
    curve = median_error_curve([8, 9, 10], published_grid())
    assert [f"{x:.2e}" for x in np.exp(curve.log_median)] == ["4.83e-08", "2.04e-09", "7.40e-11"]


def test_all_of_the_grid_beyond_firing():
    curve = median_error_curve([60], [[1000, 50, 20], [1000, 50, 30]])
    assert curve.log_median[0] == curve.log_median_can_fire[0] == -math.inf
    assert curve.n_can_fire[0] == 0
    with pytest.raises(ValueError, match="grid must have shape"):
        median_error_curve([3], [1, 2, 3])


def test_measured_thresholds(published):
    """The shipped table is the published compilation."""
    table = published("nmda_thresholds.csv")
    rows = table[table["quantity"].str.contains("NMDA|same") & (table["unit"] == "synapses")]
    assert len(rows) == len(MEASURED_THRESHOLDS) == 6
    for ours, (_, row) in zip(MEASURED_THRESHOLDS, rows.iterrows(), strict=True):
        if ours.mean is None:
            assert (ours.low, ours.high) == (row["value_low"], row["value_high"])
        else:
            assert (ours.mean, ours.sd) == (row["mean"], row["sd"])
            assert (ours.low, ours.high) == (ours.mean - ours.sd, ours.mean + ours.sd)
        assert ours.doi == (row["doi"] if isinstance(row["doi"], str) else "")
