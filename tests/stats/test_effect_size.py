import itertools
import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from neurosci.stats._effect_size import (
    _noncentral_t_interval,
    cliffs_delta,
    cohen_dz,
    hedges_g,
    rank_biserial,
)

# Miles per gallon of 19 automatic and 13 manual cars (Motor Trend 1974; `mtcars` in R).
AUTOMATIC = [21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4, 14.7, 21.5, 15.5,
             15.2, 13.3, 19.2]  # fmt: skip
MANUAL = [21.0, 21.0, 22.8, 32.4, 30.4, 33.9, 27.3, 26.0, 30.4, 15.8, 19.7, 15.0, 21.4]
# Hours of sleep gained with two drugs by ten people (Student 1908; `sleep` in R).
DRUG_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
DRUG_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def noncentral_t_cdf(t, df, noncentrality):
    """Definition: a shifted normal over the root of a chi-square, integrated over the chi-square."""

    def integrand(root):
        return special.ndtr(t * root / math.sqrt(df) - noncentrality) * stats.chi.pdf(root, df)

    # Where the normal probability rises from 0 to 1.
    edge = noncentrality * math.sqrt(df) / t if t else 0.0
    end = float(stats.chi.isf(1e-14, df))
    breaks = sorted(
        {min(max(edge + k * math.sqrt(df) / max(abs(t), 1), 0.0), end) for k in (-8, -2, 0, 2, 8)}
    )
    edges = sorted({0.0, *breaks, end})
    parts = (
        integrate.quad(integrand, a, b, epsabs=1e-12, limit=200)[0] for a, b in itertools.pairwise(edges)
    )
    return sum(parts)


def test_hedges_g_on_published_data():
    """R effectsize prints -1.44 for Hedges' g of these data, and [-2.27, -0.67] for the limits of d."""
    metric = hedges_g(AUTOMATIC, MANUAL)
    assert round(metric.value, 2) == -1.44
    assert (round(metric.low, 2), round(metric.high, 2)) == (-2.27, -0.67)
    assert (metric.n, metric.unit) == (32, "SD")


def test_hedges_g_agrees_with_pingouin():
    """pingouin 0.7.0, compute_effsize(a, b, eftype="cohen") printed 1.527426068531585.

    Its "hedges" (1.409931755567617) uses the approximate correction 1 - 3 / (4 n - 9) on 12 values.
    """
    a, b = [20.1, 19.8, 22.4, 25.0, 18.7, 21.3, 23.9], [18.2, 17.9, 20.5, 19.4, 16.8]
    exact = math.gamma(5) / (math.sqrt(5) * math.gamma(4.5))
    assert hedges_g(a, b).value == pytest.approx(1.527426068531585 * exact, rel=1e-12)
    assert hedges_g(a, b).value == pytest.approx(1.409931755567617 * exact / (1 - 3 / 39), rel=1e-12)


@pytest.mark.parametrize(("df", "correction"), [(2, 1 / math.sqrt(math.pi)), (4, math.sqrt(2 / math.pi))])
def test_correction_has_its_closed_form(df, correction):
    """J(2) = 1 / sqrt(pi) and J(4) = sqrt(2 / pi), from Gamma(1/2) = sqrt(pi)."""
    a = [0.0, 2.0] if df == 2 else [0.0, 1.0, 2.0]
    b = [1.0, 5.0] if df == 2 else [3.0, 5.0, 4.5]
    d = (np.mean(a) - np.mean(b)) / math.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / 2)
    assert hedges_g(a, b).value == pytest.approx(d * correction, rel=1e-12)


def test_hedges_g_has_no_bias(seed):
    """The mean over 40,000 samples of 4 and 3 is the truth within 5 standard errors; d is 18 % too large."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(0.8, 1, size=(40000, 4)), rng.normal(size=(40000, 3))
    pooled = np.sqrt((3 * a.var(axis=1, ddof=1) + 2 * b.var(axis=1, ddof=1)) / 5)
    d = (a.mean(axis=1) - b.mean(axis=1)) / pooled
    correction = hedges_g(a[0], b[0]).value / d[0]
    g = correction * d
    assert g.mean() == pytest.approx(0.8, abs=5 * g.std() / 200)
    assert d.mean() > 0.9


@pytest.mark.parametrize("shift", [-3.0, 0.0, 0.4, 12.0])
@pytest.mark.parametrize(("m", "n"), [(2, 2), (7, 4), (60, 45)])
def test_limits_of_hedges_g_have_the_stated_tails(shift, m, n):
    rng = np.random.default_rng(7)
    a, b = rng.normal(shift, 1, size=m), rng.normal(size=n)
    metric = hedges_g(a, b)
    t = stats.ttest_ind(a, b).statistic
    size = math.sqrt(m * n / (m + n))
    assert noncentral_t_cdf(t, m + n - 2, metric.low * size) == pytest.approx(0.975, abs=1e-7)
    assert noncentral_t_cdf(t, m + n - 2, metric.high * size) == pytest.approx(0.025, abs=1e-7)


@pytest.mark.parametrize(("t", "df"), [(2000.0, 1), (800.0, 2), (400.0, 1), (3000.0, 5)])
def test_limits_of_huge_effects(t, df):
    """Where scipy's noncentral t gives NaN; the low limit is near t times a quantile of chi, scaled."""
    low, high = _noncentral_t_interval(t, df, 0.95)
    assert noncentral_t_cdf(t, df, low) == pytest.approx(0.975, abs=1e-6)
    assert noncentral_t_cdf(t, df, high) == pytest.approx(0.025, abs=1e-6)
    assert low == pytest.approx(t * stats.chi.ppf(0.025, df) / math.sqrt(df), rel=0.02)


def test_cohen_dz_on_published_data():
    """R effectsize prints -1.28 [-2.12, -0.41] for these data."""
    metric = cohen_dz(DRUG_1, DRUG_2)
    assert [round(value, 2) for value in (metric.value, metric.low, metric.high)] == [-1.28, -2.12, -0.41]


def test_limits_of_cohen_dz_have_the_stated_tails():
    metric = cohen_dz(DRUG_1, DRUG_2, level=0.9)
    t = stats.ttest_rel(DRUG_1, DRUG_2).statistic
    assert metric.value == pytest.approx(t / math.sqrt(10), rel=1e-12)
    assert noncentral_t_cdf(t, 9, metric.low * math.sqrt(10)) == pytest.approx(0.95, abs=1e-7)
    assert noncentral_t_cdf(t, 9, metric.high * math.sqrt(10)) == pytest.approx(0.05, abs=1e-7)


def test_cliffs_delta_on_published_data():
    """R effectsize prints r = -0.66 for `rank_biserial(mpg ~ am, mtcars)`, which is Cliff's delta."""
    metric = cliffs_delta(AUTOMATIC, MANUAL)
    assert round(metric.value, 2) == -0.66
    pairs = [np.sign(x - y) for x, y in itertools.product(AUTOMATIC, MANUAL)]
    assert metric.value == pytest.approx(np.mean(pairs), abs=1e-14)
    assert metric.low < metric.value < metric.high < 0


def test_cliffs_delta_agrees_with_pingouin():
    """pingouin 0.7.0, mwu(a, b): RBC 0.771429 for these samples."""
    a, b = [20.1, 19.8, 22.4, 25.0, 18.7, 21.3, 23.9], [18.2, 17.9, 20.5, 19.4, 16.8]
    assert cliffs_delta(a, b).value == pytest.approx(0.771429, abs=5e-7)


def test_rank_biserial_agrees_with_pingouin():
    """pingouin 0.7.0, wilcoxon(x, y): RBC -0.37878787878787884; no difference is zero here."""
    x = [20, 22, 19, 20, 22, 18, 24, 20, 19, 24, 26, 13]
    y = [38, 37, 33, 29, 14, 12, 20, 22, 17, 25, 26.5, 16]
    d = np.subtract(x, y)
    ranks = stats.rankdata(np.abs(d))
    expected = (ranks[d > 0].sum() - ranks[d < 0].sum()) / ranks.sum()
    assert rank_biserial(x, y).value == pytest.approx(expected, abs=1e-14)
    y[10] = 26
    left_out = rank_biserial(x, y)
    assert left_out.value == pytest.approx(-0.37878787878787884, abs=1e-14)
    assert left_out.n == 11
    assert left_out.method.endswith("1 equal left out")


def test_rank_biserial_agrees_with_all_pairs(seed):
    """Oracle: signs of all sums of two differences, and the variance of their projections, pair by pair."""
    rng = np.random.default_rng(seed)
    d = np.round(rng.normal(0.4, 1, size=19), 1)
    d = d[d != 0]
    n = len(d)
    signs = np.sign(d[:, np.newaxis] + d)
    value = signs[np.triu_indices(n)].sum() / (n * (n + 1) / 2)
    metric = rank_biserial(d, np.zeros(n))
    assert metric.value == pytest.approx(value, abs=1e-14)
    off_diagonal = (signs.sum(axis=1) - np.diag(signs)) / (n - 1)
    error = 2 * off_diagonal.std(ddof=1) / math.sqrt(n)
    p = (1 + value) / 2
    half = stats.t.ppf(0.975, n - 1) * error / 2 / (p * (1 - p))
    assert metric.low == pytest.approx(2 * special.expit(special.logit(p) - half) - 1, abs=1e-12)
    assert metric.high == pytest.approx(2 * special.expit(special.logit(p) + half) - 1, abs=1e-12)


def test_differences_of_one_sign_give_an_interval():
    metric = rank_biserial([3, 5, 4, 6, 9, 8, 7], [1, 2, 2, 1, 5, 3, 4])
    exact = stats.binomtest(3, 3).proportion_ci(0.95, method="exact")
    assert (metric.value, metric.low, metric.high) == pytest.approx((1, 2 * exact.low - 1, 1))
    assert rank_biserial([1, 2], [3, 5]).high == pytest.approx(1 - 2 * 0.025)


@pytest.mark.parametrize("function", [hedges_g, cohen_dz, cliffs_delta, rank_biserial])
def test_swapping_turns_the_sign_and_scale_does_not_matter(function):
    rng = np.random.default_rng(11)
    a, b = rng.normal(0.6, 1, size=12), rng.normal(size=12)
    metric, turned = function(a, b), function(b, a)
    assert turned.value == pytest.approx(-metric.value, abs=1e-12)
    assert (turned.low, turned.high) == pytest.approx((-metric.high, -metric.low), abs=1e-9)
    for scale in (1e-30, 1e30):
        assert function(a * scale, b * scale).low == pytest.approx(metric.low, rel=1e-9)
    order = rng.permutation(12)
    assert function(a[order], b[order]).value == pytest.approx(metric.value, abs=1e-12)


@pytest.mark.parametrize("function", [hedges_g, cohen_dz, cliffs_delta, rank_biserial])
@pytest.mark.parametrize(
    ("a", "b", "error", "message"),
    [
        ([], [1.0, 2.0], ValueError, "a needs at least 2 .*, got 0"),
        ([1.0, 2.0], [1.0], ValueError, "b needs at least 2 .*, got 1"),
        (
            [1.0, np.nan],
            [1.0, 2.0],
            ValueError,
            "a must be finite, got 1 NaN or infinite of 2, the first at index 1",
        ),
        ([1.0, 2.0], [-np.inf, 2.0], ValueError, "b must be finite"),
        (["1", "2"], [1.0, 2.0], TypeError, "a must hold real numbers"),
        ([1.0, 2.0], [1j, 2.0], TypeError, "b must hold real numbers"),
        ([[1.0, 2.0]], [1.0, 2.0], ValueError, "a must have one axis"),
    ],
)
def test_bad_samples(function, a, b, error, message):
    with pytest.raises(error, match=f"{function.__name__}: {message}"):
        function(a, b)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (hedges_g, "a and b must vary"),
        (cohen_dz, "the differences of a and b must vary"),
        (cliffs_delta, "must hold different values"),
        (rank_biserial, "at least 2 pairs must differ, got 0 of 3"),
    ],
)
def test_nothing_varies(function, message):
    with pytest.raises(ValueError, match=message):
        function([0.1] * 3, [0.1] * 3)
    with pytest.raises(ValueError, match="level must be in"):
        function([1, 2], [2, 4], level=1)


@pytest.mark.parametrize("function", [cohen_dz, rank_biserial])
def test_pairs_of_unequal_length(function):
    with pytest.raises(ValueError, match="b must have one value for each of the 2 pairs of a, got 3"):
        function([1.0, 2.0], [1.0, 2.0, 3.0])


def test_shifted_by_a_constant_has_no_unit():
    a = np.array([0.1, 0.7, 0.4])
    with pytest.raises(ValueError, match="differences of a and b must vary"):
        cohen_dz(a + 0.2, a)
