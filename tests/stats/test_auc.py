import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from neurosci.stats._auc import auc_interval, compare_auc


def scores(seed, m=17, n=23, digits=1):
    """Labels and two correlated scores with many ties."""
    rng = np.random.default_rng(seed)
    y = np.repeat([1, 0], [m, n])
    shared = rng.normal(size=m + n)
    a = np.round(shared + rng.normal(size=m + n) + 0.9 * y, digits)
    b = np.round(shared + rng.normal(size=m + n) + 0.4 * y, digits)
    order = rng.permutation(m + n)
    return y[order], a[order], b[order]


def brute_force(y, *columns):
    """Areas and covariance from all pairs, Eqs. 3 to 5 of DeLong et al. (1988), pair by pair."""
    areas, v10, v01 = [], [], []
    for score in columns:
        x, z = score[y == 1], score[y == 0]
        kernel = np.array([[1.0 if u > v else 0.5 if u == v else 0.0 for v in z] for u in x])
        areas.append(kernel.mean())
        v10.append([sum(row) / len(z) for row in kernel])
        v01.append([sum(kernel[:, j]) / len(x) for j in range(len(z))])
    m, n = len(v10[0]), len(v01[0])
    covariance = np.zeros((len(columns), len(columns)))
    for r in range(len(columns)):
        for s in range(len(columns)):
            s10 = sum((v10[r][i] - areas[r]) * (v10[s][i] - areas[s]) for i in range(m)) / (m - 1)
            s01 = sum((v01[r][j] - areas[r]) * (v01[s][j] - areas[s]) for j in range(n)) / (n - 1)
            covariance[r, s] = s10 / m + s01 / n
    return areas, covariance


def test_area_is_the_mann_whitney_statistic(seed):
    y, a, _ = scores(seed)
    value = auc_interval(y, a).value
    u = stats.mannwhitneyu(a[y == 1], a[y == 0]).statistic
    assert value == pytest.approx(u / (17 * 23), abs=1e-14)
    assert value == pytest.approx(roc_auc_score(y, a), abs=1e-14)


@pytest.mark.parametrize("digits", [0, 1, 8])
def test_variance_agrees_with_all_pairs(seed, digits):
    y, a, b = scores(seed, digits=digits)
    areas, covariance = brute_force(y, a, b)
    linear = auc_interval(y, a, scale="linear")
    half = stats.norm.ppf(0.975) * math.sqrt(covariance[0, 0])
    assert (linear.low, linear.high) == pytest.approx((areas[0] - half, areas[0] + half), abs=1e-12)
    logit = auc_interval(y, a, level=0.9)
    center = math.log(areas[0] / (1 - areas[0]))
    half = stats.norm.ppf(0.95) * math.sqrt(covariance[0, 0]) / (areas[0] * (1 - areas[0]))
    assert logit.low == pytest.approx(1 / (1 + math.exp(half - center)), abs=1e-12)
    assert logit.high == pytest.approx(1 / (1 + math.exp(-half - center)), abs=1e-12)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    test = compare_auc(y, a, b)
    assert test.effect.value == pytest.approx(areas[0] - areas[1], abs=1e-12)
    assert test.effect.high - test.effect.value == pytest.approx(1.959964 * math.sqrt(variance), abs=1e-7)
    z = (areas[0] - areas[1]) / math.sqrt(variance)
    assert test.pvalue == pytest.approx(2 * stats.norm.sf(abs(z)), abs=1e-12)
    assert compare_auc(y, a, b, alternative="greater").pvalue == pytest.approx(stats.norm.sf(z), abs=1e-12)
    assert compare_auc(y, a, b, alternative="less").pvalue == pytest.approx(stats.norm.cdf(z), abs=1e-12)


def test_variance_agrees_with_the_bootstrap():
    """Oracle of another kind: the standard deviation over 4,000 resamples within each label, to 8 %."""
    y, a, _ = scores(1, m=60, n=80, digits=6)
    rng = np.random.default_rng(0)
    x, z = a[y == 1], a[y == 0]
    areas = []
    for _ in range(4000):
        u = stats.rankdata(np.concatenate([x[rng.integers(60, size=60)], z[rng.integers(80, size=80)]]))
        areas.append((u[:60].sum() - 60 * 61 / 2) / (60 * 80))
    metric = auc_interval(y, a, scale="linear")
    assert (metric.high - metric.value) / 1.959964 == pytest.approx(np.std(areas), rel=0.08)


def test_order_of_cases_and_monotone_change_of_scores_do_not_matter():
    y, a, b = scores(2)
    metric, test = auc_interval(y, a), compare_auc(y, a, b)
    order = np.random.default_rng(0).permutation(y.size)
    assert auc_interval(y[order], a[order]).low == pytest.approx(metric.low, abs=1e-12)
    assert auc_interval(y, np.exp(a) * 1e-30) == metric
    assert compare_auc(y[order], np.exp(a[order]), b[order] * 1e30).pvalue == pytest.approx(test.pvalue)
    turned = auc_interval(1 - y, -a)
    assert turned.value == pytest.approx(metric.value)
    assert turned.low == pytest.approx(metric.low)


@pytest.mark.parametrize("labels", [(False, True), (-1, 1), (1.0, 2.0), ("no", "yes"), (7, 9)])
def test_larger_label_is_positive(labels):
    y, a, _ = scores(3)
    assert auc_interval(np.array(labels)[y], a) == auc_interval(y, a)


@pytest.mark.parametrize("dtype", ["float16", "int8", ">f4"])
def test_scores_of_any_type(dtype):
    y, a, _ = scores(4)
    a = np.round(a * 10).astype(dtype)
    a.flags.writeable = False
    assert auc_interval(y, a) == auc_interval(y, a.astype(float))


@pytest.mark.parametrize(("m", "n"), [(3, 3), (5, 40), (40, 12)])
def test_complete_separation_gives_an_interval(m, n):
    """Oracle: the exact binomial interval of k successes in k pairs."""
    y = np.repeat([1, 0], [m, n])
    metric = auc_interval(y, y + np.linspace(0, 0.5, m + n))
    k = min(m, n)
    exact = stats.binomtest(k, k).proportion_ci(0.95, method="exact")
    assert (metric.low, metric.high) == pytest.approx((exact.low, exact.high))
    assert "Clopper-Pearson" in metric.method
    reverse = auc_interval(y, -y + np.linspace(0, 0.5, m + n))
    assert (reverse.value, reverse.low, reverse.high) == pytest.approx((0, 0, 1 - exact.low))


def test_equal_orders_do_not_differ():
    y, a, _ = scores(5)
    test = compare_auc(y, a, a**3)
    assert (test.effect.value, test.effect.low, test.effect.high, test.pvalue) == (0, 0, 0, 1)


def test_tiny_probability_is_not_zero():
    rng = np.random.default_rng(0)
    y = np.repeat([1, 0], 4000)
    a, b = y + 0.3 * rng.normal(size=8000), rng.normal(size=8000)
    assert 0 < compare_auc(y, a, b).pvalue < 1e-200


Y = [0, 0, 0, 1, 1, 1]
S = [0.1, 0.4, 0.3, 0.2, 0.8, 0.9]


@pytest.mark.parametrize(
    ("y", "score", "error", "message"),
    [
        ([], [], ValueError, "y_true must hold 2 different labels, got 0"),
        ([1] * 6, S, ValueError, r"y_true must hold 2 different labels, got 1 \(1\)"),
        ([0, 1, 2, 0, 1, 2], S, ValueError, "2 different labels, got 3"),
        ([0, 0, 0, 0, 0, 1], S, ValueError, "at least 2 cases of each label, got 1 of 1"),
        ([0, 0, 0, 1, 1, np.nan], S, ValueError, "y_true must not be NaN, got 1 NaN, the first at index 5"),
        ([[0, 1]] * 3, S, ValueError, "y_true must have one axis"),
        ([0, 1j, 0, 0, 0, 0], S, TypeError, "y_true must hold numbers or text"),
        (Y, S[:5], ValueError, "one value for each of 6 labels, got 5"),
        (Y, [*S[:5], np.inf], ValueError, "must be finite, got 1 NaN or infinite of 6, the first at index 5"),
        (Y, [[s] for s in S], ValueError, "one axis"),
        (Y, list("abcdef"), TypeError, "real numbers"),
    ],
)
def test_bad_cases(y, score, error, message):
    with pytest.raises(error, match=f"auc_interval: .*{message}"):
        auc_interval(y, score)
    with pytest.raises(error, match=f"compare_auc: .*{message}"):
        compare_auc(y, score, score)


def test_other_bad_arguments():
    with pytest.raises(ValueError, match="y_score must differ between cases"):
        auc_interval(Y, [1.0] * 6)
    with pytest.raises(ValueError, match="completely in opposite directions"):
        compare_auc(Y, Y, [-y for y in Y])
    with pytest.raises(ValueError, match="scale must be one of"):
        auc_interval(Y, S, scale="log")
    with pytest.raises(ValueError, match="level must be in"):
        auc_interval(Y, S, level=95)
    with pytest.raises(ValueError, match="level must be in"):
        compare_auc(Y, S, S, level=0)
    with pytest.raises(ValueError, match="alternative must be one of"):
        compare_auc(Y, S, S, alternative="larger")
