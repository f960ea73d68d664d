"""Exact probabilities against rational arithmetic, 50-digit arithmetic, scipy and printed numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy.stats import hypergeom

from neurosci.dendrites import (
    OverlapDistribution,
    false_negative_prob,
    false_positive_prob,
    population_false_positive,
)
from neurosci.dendrites._exact import log_ratio, tail, tail_counts
from neurosci.dendrites._overlap import log_tails


def brute_force(n, a, s, theta):
    """Eq. 4 as it is written, with all binomial coefficients: an oracle that shares no step with ours."""
    total = sum(math.comb(s, b) * math.comb(n - s, a - b) for b in range(max(theta, 0), s + 1) if b <= a)
    return Fraction(total, math.comb(n, a))


def random_sets(rng, size, largest):
    n = np.exp(rng.uniform(0, np.log(largest), size)).astype(np.int64)
    a = (rng.uniform(0, 1, size) ** rng.integers(1, 6, size) * (n + 1)).astype(np.int64).clip(0, n)
    s = np.minimum((rng.uniform(0, 1, size) ** 2 * 400).astype(np.int64), n)
    theta = np.round(rng.uniform(-2, 1.05, size) * (s + 2)).astype(np.int64)
    theta = np.where(rng.random(size) < 0.5, np.abs(theta) % (s + 3), theta)
    return n, a, s, theta


def test_single_values_are_the_fraction_that_the_equation_states(seed):
    rng = np.random.default_rng(seed)
    for n, a, s, theta in zip(*(x.tolist() for x in random_sets(rng, 400, 2000)), strict=True):
        assert tail(n, a, s, theta) == brute_force(n, a, s, theta), (n, a, s, theta)


def test_compiled_tails_agree_with_fractions(seed):
    """|log difference| <= 1e-12 (1 + |log p|) for both tails, a + s > n and p below 1e-308 included."""
    rng = np.random.default_rng(seed)
    sets = random_sets(rng, 1200, 1_000_000)
    upper, lower = log_tails(*sets), log_tails(*sets, lower=True)
    kinds = {"below 1e-308": 0, "a + s > n": 0, "theta <= 0": 0, "theta > s": 0}
    for i, values in enumerate(zip(*(x.tolist() for x in sets), strict=True)):
        hits, total = tail_counts(*values)
        for ours, exact in ((upper[i], log_ratio(hits, total)), (lower[i], log_ratio(total - hits, total))):
            if math.isinf(exact):
                assert ours == exact, values
            else:
                assert abs(ours - exact) <= 1e-12 * (1 + abs(exact)), values
        n, a, s, theta = values
        kinds["below 1e-308"] += -math.inf < upper[i] < -709
        kinds["a + s > n"] += a + s > n
        kinds["theta <= 0"] += theta <= 0
        kinds["theta > s"] += theta > s
    assert min(kinds.values()) >= 1, kinds


@pytest.mark.parametrize(
    ("n", "a", "s", "theta"),
    [
        (1_000_000, 20_000, 3000, 2500),
        (1_000_000, 1000, 1000, 1000),
        (1_000_000, 999_000, 2000, 1900),
        (200_000, 6000, 50, 24),
        (50_000, 25_000, 5000, 2400),
        (40_000, 39_999, 4000, 3999),
    ],
)
def test_large_segments(n, a, s, theta):
    exact = OverlapDistribution(n, a, s).exact_log(theta)
    ours = float(false_positive_prob(n, a, s, theta, log=True, method="float"))
    assert abs(ours - exact) <= 1e-12 * (1 + abs(exact))


def test_logs_reach_far_below_the_smallest_double():
    log_p = false_positive_prob(1_000_000, 3000, 3000, 3000, log=True, method="float")
    exact = OverlapDistribution(1_000_000, 3000, 3000).exact_log(3000)
    assert exact < math.log(10) * -8000
    assert float(log_p) == pytest.approx(exact, abs=0, rel=1e-13)
    assert float(false_positive_prob(1_000_000, 3000, 3000, 3000)) == 0.0


def test_log_of_a_ratio_has_all_digits():
    """Against mpmath with 50 digits, near 1, near 0 and far below the smallest double."""
    with mpmath.workdps(50):
        for numerator, denominator in (
            (1, 10**400),
            (10**30 - 1, 10**30),
            (1, 2),
            (3, 5),
            (7**900, 10**1700),
            (5, 5),
        ):
            expected = mpmath.log(mpmath.mpf(numerator) / denominator)
            assert log_ratio(numerator, denominator) == pytest.approx(float(expected), abs=0, rel=2e-15)
    assert log_ratio(0, 3) == -math.inf


def test_binomial_sum_in_fifty_digits():
    """Eq. 4 with mpmath's binomials, for corners of the range of Fig. 6."""
    with mpmath.workdps(50):
        for n, a, s, theta in ((10_000, 50, 20, 3), (190_000, 5700, 50, 24), (190_000, 950, 20, 20)):
            total = mpmath.fsum(
                mpmath.binomial(s, b) * mpmath.binomial(n - s, a - b) for b in range(theta, s + 1)
            )
            expected = float(total / mpmath.binomial(n, a))
            assert float(false_positive_prob(n, a, s, theta)) == pytest.approx(expected, abs=0, rel=3e-16)
            assert float(false_positive_prob(n, a, s, theta, method="float")) == pytest.approx(
                expected, abs=0, rel=1e-13
            )


def test_scipy_agrees_where_it_is_accurate():
    rng = np.random.default_rng(3)
    n, a, s, theta = random_sets(rng, 300, 20_000)
    theta = np.clip(theta, 0, s)
    ours = false_positive_prob(n, a, s, theta)
    theirs = hypergeom.sf(theta - 1, n, s, a)
    seen = theirs > 1e-250
    np.testing.assert_allclose(ours[seen], theirs[seen], rtol=1e-9)


# -------------------------------------------------------------------------------------------- printed numbers

PRINTED = [
    ((10_000, 300, 24, 12), 8.37584522709849e-13),
    ((10_000, 300, 30, 12), 2.2790794202651466e-11),
    ((4000, 128, 24, 12), 1.3432393647255413e-12),
    ((100_000, 2000, 6, 6), 6.35308872941916e-11),
    ((100_000, 2000, 8, 8), 2.52507239284961e-14),
    ((100_000, 2000, 10, 10), 1.00163216178113e-17),
    ((100_000, 2000, 12, 6), 5.29386836275369e-8),
    ((100_000, 2000, 16, 8), 2.81724528327272e-10),
    ((100_000, 2000, 20, 10), 1.54192767258720e-12),
    ((100_000, 2000, 24, 12), 8.58694100276592e-15),
    ((100_000, 2000, 40, 10), 4.915418648836449e-9),
    ((100_000, 2000, 80, 10), 4.625684480382159e-6),
    ((100_000, 2000, 120, 10), 1.5879979309493895e-4),
    ((100_000, 2000, 240, 20), 1.079907639465526e-7),
    ((1024, 4, 4, 2), 6.85523984236413e-5),
    ((1024, 20, 20, 10), 9.32923862426e-14),
]


ROUNDED = [
    ((100_000, 2000, 40, 10), 4.91541864813209e-9),
    ((100_000, 2000, 80, 10), 4.62568448037595e-6),
    ((100_000, 2000, 120, 10), 1.58799793094937e-4),
    ((100_000, 2000, 240, 20), 1.07990763941591e-7),
]
"""As circulated: evaluated in floating point, these are off from the tenth digit on."""


def test_circulated_numbers_are_rounded():
    for arguments, circulated in ROUNDED:
        exact = dict(PRINTED)[arguments]
        assert float(brute_force(*arguments)) == pytest.approx(exact, abs=0, rel=1e-15)
        assert circulated == pytest.approx(exact, abs=0, rel=2e-10)
        assert circulated != pytest.approx(exact, abs=0, rel=5e-15)


@pytest.mark.parametrize(("arguments", "printed"), PRINTED)
def test_numbers_of_the_papers(arguments, printed):
    for method, tolerance in (("exact", 2e-14), ("float", 5e-14)):
        # the printed numbers have 12 to 15 digits
        digits = 5e-13 if printed == 9.32923862426e-14 else tolerance
        assert float(false_positive_prob(*arguments, method=method)) == pytest.approx(
            printed, abs=0, rel=digits
        )


def test_population_numbers():
    bound = population_false_positive(10_000, 300, 30, 15, 1_000_000, bound=True)
    assert float(bound) == pytest.approx(1.0491918252123694e-9, abs=0, rel=1e-14)
    for (n, w, theta), printed in (
        ((64, 12, 8), 4.23111850363184e-4),
        ((1024, 21, 14), 8.83490180630140e-21),
    ):
        ours = population_false_positive(n, w, w, theta, 10, bound=True)
        assert float(ours) == pytest.approx(printed, abs=0, rel=1e-14)
    for theta, independent, union in ((4, 0.13472849, 0.14469100), (5, 0.00282249, 0.00282648)):
        assert float(population_false_positive(100, 7, 7, theta, 500)) == pytest.approx(independent, abs=5e-9)
        bounded = population_false_positive(100, 7, 7, theta, 500, bound=True)
        assert float(bounded) == pytest.approx(union, abs=5e-9)
    assert f"{float(population_false_positive(100, 7, 7, 6, 500)):.5e}" == "2.03652e-05"


def test_false_negative_number():
    ours = false_negative_prob(300, 30, 60, 12)
    assert float(ours) == pytest.approx(3.9474360873928386e-8, abs=0, rel=1e-14)


def test_authors_simulations_of_the_predecessor():
    """n = 100, w = 7, 500 patterns: 0.134632, 0.00285, 1.7e-5 were observed, trials not stated."""
    for theta, observed, tolerance in ((4, 0.134632, 1e-3), (5, 0.00285, 0.02), (6, 1.7e-5, 0.25)):
        exact = float(population_false_positive(100, 7, 7, theta, 500))
        assert observed == pytest.approx(exact, abs=0, rel=tolerance)


def test_published_curves(published):
    """Every row of Figs. 5A and 5B; the dense line is a = n/4."""
    table = published("reference_fig5a_theory.csv")
    dense = ~table["a"].astype(str).str.isdigit()
    a = np.where(dense, table["n"] // 4, table["a"].where(~dense, 0).astype(int))
    ours = false_positive_prob(table["n"], a, table["s"], table["theta"])
    np.testing.assert_allclose(ours, table["p_false_positive"], rtol=1e-12)
    assert dense.sum() > 90
    half = false_positive_prob(500, 250, 24, 12)
    assert f"{float(half):.4f}" == "0.5826"
    table = published("reference_fig5b_theory.csv")
    ours = false_positive_prob(table["n"], table["a"], table["s"], table["theta"])
    np.testing.assert_allclose(ours, table["p_false_positive"], rtol=1e-12)


def test_published_predictions_of_noise(published):
    """Fig. 4B: agree to 1e-6, but for the smallest ones, which are known to be inaccurate."""
    table = published("reference_fig4b_simulation.csv")
    ours = false_negative_prob(
        table["a"], table["s"], table["v_swapped_bits"], table["theta"], method="exact"
    )
    printed = table["predicted_rate"].to_numpy()
    large = printed > 1e-8
    np.testing.assert_allclose(ours[large], printed[large], rtol=1e-6)
    assert ((printed == 0) == (ours < 1e-17)).all()
    worst = table[(table["theta"] == 8) & (table["v_swapped_bits"] == 26)].index[0]
    assert f"{ours[worst]:.14e}" == "3.14193334499684e-16"
    assert f"{printed[worst]:.14e}" == "3.11341516283240e-16"


# ------------------------------------------------------------------------------------------------- identities


def test_identities(seed):
    rng = np.random.default_rng(seed + 50)
    n, a, s, theta = random_sets(rng, 200, 5000)
    law = OverlapDistribution(n, a, s)
    np.testing.assert_array_equal(law.sf(-1), 1.0)
    np.testing.assert_allclose(law.sf(theta - 1) + law.cdf(theta - 1), 1.0, rtol=1e-13)
    np.testing.assert_allclose(
        false_positive_prob(n, a, s, theta, log=True),
        false_positive_prob(n, s, a, theta, log=True),
        rtol=1e-13,
    )
    up = false_positive_prob(n, a, s, theta + 1, log=True)
    assert (up <= false_positive_prob(n, a, s, theta, log=True)).all()
    grows = (a < n) & (s < n)
    for more in ((n, a + 1, s), (n, a, s + 1)):
        bigger = false_positive_prob(*(x[grows] for x in more), theta[grows], log=True)
        smaller = false_positive_prob(n[grows], a[grows], s[grows], theta[grows], log=True)
        assert (bigger >= smaller - 1e-12 * (1 + np.abs(np.nan_to_num(smaller, neginf=0)))).all()
    for i in range(40):
        k = np.arange(s[i] + 1)
        pmf = OverlapDistribution(n[i], a[i], s[i]).pmf(k)
        assert pmf.sum() == pytest.approx(1.0, abs=1e-12)
        assert float(pmf @ k) == pytest.approx(float(law.mean()[i]), abs=0, rel=1e-11)
        assert float(pmf @ (k - law.mean()[i]) ** 2) == pytest.approx(
            float(law.var()[i]), rel=1e-10, abs=1e-12
        )


def test_false_negatives_are_impossible_up_to_the_spare_synapses():
    a, s = 41, 17
    v, theta = np.meshgrid(np.arange(a + 1), np.arange(s + 3), indexing="ij")
    p = false_negative_prob(a, s, v, theta)
    np.testing.assert_array_equal(p == 0, (v <= s - theta) | (theta == 0))
    np.testing.assert_array_equal(p[:, theta[0] > s], 1.0)


def test_false_negative_is_a_lost_synapse_law():
    for a, s, v, theta in ((128, 30, 64, 12), (40, 40, 10, 31), (50, 20, 50, 1), (30, 1, 7, 1)):
        lost = sum(
            Fraction(math.comb(s, b) * math.comb(a - s, v - b), math.comb(a, v))
            for b in range(max(s - theta + 1, 0), s + 1)
            if b <= v
        )
        assert float(false_negative_prob(a, s, v, theta)) == float(lost)
        assert float(false_negative_prob(a, s, v, theta, method="float")) == pytest.approx(
            float(lost), abs=0, rel=1e-13
        )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((100, 10, 5, 0), 1.0),
        ((100, 10, 5, -3), 1.0),
        ((100, 10, 5, 6), 0.0),
        ((100, 0, 5, 1), 0.0),
        ((100, 0, 5, 0), 1.0),
        ((100, 100, 5, 5), 1.0),
        ((100, 10, 0, 0), 1.0),
        ((1, 1, 1, 1), 1.0),
        ((100, 97, 5, 2), 1.0),
        ((100, 10, 10, 10), 1 / math.comb(100, 10)),
    ],
)
def test_exact_limits(arguments, expected):
    for method in ("exact", "float"):
        assert float(false_positive_prob(*arguments, method=method)) == pytest.approx(
            expected, abs=0, rel=1e-14
        )
    assert float(false_positive_prob(*arguments, log=True)) == pytest.approx(
        math.log(expected) if expected else -math.inf
    )


def test_population_of_many_and_of_one():
    one = population_false_positive(1000, 40, 20, 5, 1)
    assert float(one) == pytest.approx(float(false_positive_prob(1000, 40, 20, 5)), abs=0, rel=1e-14)
    p, m = tail(300, 64, 24, 12), 5
    exact = 1 - (1 - p) ** m
    assert float(population_false_positive(300, 64, 24, 12, m)) == pytest.approx(
        float(exact), abs=0, rel=1e-14
    )
    log_rare = float(population_false_positive(10**6, 1000, 1000, 900, 10**6, log=True))
    each = OverlapDistribution(10**6, 1000, 1000).exact_log(900)
    assert log_rare == pytest.approx(each + math.log(10**6), abs=0, rel=1e-13)
    assert float(population_false_positive(100, 50, 20, 1, 10**6)) == 1.0
    assert float(population_false_positive(100, 50, 20, 1, 10**6, bound=True)) == 1.0


def test_broadcasting():
    n = np.array([1000, 2000])[:, None]
    p = false_positive_prob(n, 40, 20, [4, 5, 6])
    assert p.shape == (2, 3)
    assert p[1, 2] == pytest.approx(float(false_positive_prob(2000, 40, 20, 6)), abs=0, rel=1e-13)
    assert false_positive_prob(1000, 40, 20, np.array([[4]])).shape == (1, 1)
    assert false_positive_prob(1000, 40, 20, np.array([], dtype=int)).shape == (0,)
    assert float(false_positive_prob(1000.0, np.uint8(40), np.int16(20), 4.0)) == float(
        false_positive_prob(1000, 40, 20, 4)
    )


def test_draws_follow_the_law():
    law = OverlapDistribution(500, 100, 30)
    draws = law.rvs(20_000, random_state=0)
    # four standard errors of a mean of 20,000 draws
    assert abs(draws.mean() - float(law.mean())) < 4 * math.sqrt(float(law.var()) / 20_000)
    assert np.array_equal(draws, law.rvs(20_000, random_state=0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((100, 101, 5, 1), r"a must satisfy 0 <= a <= n, got a=101 and n=100"),
        ((100, 10, 101, 1), r"s must satisfy 0 <= s <= n"),
        ((100, -1, 5, 1), r"a must satisfy 0 <= a <= n, got a=-1"),
        ((0, 0, 0, 1), r"n must be >= 1, got 0"),
        ((100, 10, 5, 1.5), r"theta must be an integer, got 1.5"),
        ((100, np.nan, 5, 1), r"a must be an integer, got nan"),
        ((100, "ten", 5, 1), r"a must be an integer"),
        ((100, True, 5, 1), r"a must be an integer"),
        (([100, 200], [1, 2, 3], 1, 1), r"broadcastable, got shapes n \(2,\), a \(3,\)"),
        ((2**40, 10, 5, 1), r"n must be within"),
    ],
)
def test_bad_input_names_the_inequality(arguments, message):
    with pytest.raises(ValueError, match=message):
        false_positive_prob(*arguments)
    with pytest.raises(ValueError, match=message.replace("theta", "k")):
        OverlapDistribution(*arguments[:3]).sf(arguments[3])


def test_bad_input_of_false_negatives():
    with pytest.raises(ValueError, match="s must satisfy 0 <= s <= a, got s=40 and a=30"):
        false_negative_prob(30, 40, 3, 12)
    with pytest.raises(ValueError, match="v must satisfy 0 <= v <= a"):
        false_negative_prob(30, 20, 31, 12)
    with pytest.raises(ValueError, match="n_segments must be >= 1"):
        population_false_positive(100, 10, 5, 2, 0)
    with pytest.raises(ValueError, match="method must be one of"):
        false_positive_prob(100, 10, 5, 2, method="fast")
    with pytest.raises(ValueError, match="single numbers"):
        OverlapDistribution([100, 200], 10, 5).exact(2)
