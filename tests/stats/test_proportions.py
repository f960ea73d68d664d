import math

import numpy as np
import pytest
from scipy import stats

from neurosci.stats import difference_interval, proportion_interval, variance_explained_interval

Z = stats.norm.ppf(0.975)


def wilson(k, n):
    """Closed form of Wilson (1927)."""
    p = k / n
    center = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return center - half, center + half


@pytest.mark.parametrize(("k", "n"), [(0, 7), (7, 7), (3, 10), (43, 74), (500, 1000), (1, 1)])
def test_wilson(k, n):
    metric = proportion_interval(k, n)
    assert (metric.low, metric.high) == pytest.approx(wilson(k, n), abs=1e-12)
    assert metric.value == k / n
    assert metric.n == n


@pytest.mark.parametrize(("k", "n"), [(1, 7), (3, 10), (43, 74)])
def test_clopper_pearson_leaves_a_fortieth_in_each_tail(k, n):
    metric = proportion_interval(k, n, method="beta")
    assert stats.binom.sf(k - 1, n, metric.low) == pytest.approx(0.025, abs=1e-9)
    assert stats.binom.cdf(k, n, metric.high) == pytest.approx(0.025, abs=1e-9)


@pytest.mark.parametrize(("k", "n", "k0", "n0"), [(56, 70, 48, 80), (623, 1000, 360, 1000), (0, 10, 0, 10)])
def test_newcombe(k, n, k0, n0):
    """Oracle: Newcombe (1998), method 10, from Wilson limits; example (a) there is [0.0524, 0.3339]."""
    low, high = wilson(k, n)
    low0, high0 = wilson(k0, n0)
    p, p0 = k / n, k0 / n0
    metric = difference_interval(k, n, k0, n0)
    assert metric.low == pytest.approx(p - p0 - math.hypot(p - low, high0 - p0), abs=1e-12)
    assert metric.high == pytest.approx(p - p0 + math.hypot(high - p, p0 - low0), abs=1e-12)
    if (k, n) == (56, 70):
        assert (round(metric.low, 4), round(metric.high, 4)) == (0.0524, 0.3339)


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts(k, n):
    with pytest.raises(ValueError, match="0 <= n_correct <= n_trials"):
        proportion_interval(k, n)
    with pytest.raises(ValueError, match="0 <= n_correct <= n_trials"):
        difference_interval(1, 2, k, n)


def test_other_bad_input():
    with pytest.raises(TypeError, match="counts must be integers"):
        proportion_interval(1.5, 3)
    with pytest.raises(ValueError, match="method must be one of"):
        proportion_interval(1, 3, method="wald")
    with pytest.raises(ValueError, match="level"):
        proportion_interval(1, 3, level=1.5)
    with pytest.raises(ValueError, match="level"):
        difference_interval(1, 3, 1, 3, level=0)


def test_numpy_integers_are_counts():
    assert proportion_interval(np.int64(3), np.int32(10)).value == 0.3


def test_variance_explained_limits_have_the_stated_tails():
    """Oracle: at a limit the observed F has probability 0.025 on the other side (noncentral F)."""
    r2, n, p = 0.5131, 74, 3
    metric = variance_explained_interval(r2, n, p)
    observed = (r2 / p) / ((1 - r2) / (n - p - 1))
    for limit, tail in ((metric.low, 0.975), (metric.high, 0.025)):
        noncentrality = n * limit / (1 - limit)
        assert stats.ncf.cdf(observed, p, n - p - 1, noncentrality) == pytest.approx(tail, abs=1e-6)
    assert metric.low < r2 < metric.high


@pytest.mark.parametrize(("r2", "n", "p"), [(0.6625, 6, 2), (0.0, 20, 1), (0.01, 30, 3)])
def test_variance_explained_reaches_zero(r2, n, p):
    assert variance_explained_interval(r2, n, p).low == 0


def test_variance_explained_covers():
    """With fixed predictors the interval covers the true share in 93 to 97 % of 1500 experiments."""
    rng = np.random.default_rng(0)
    n, share = 25, 0.4
    design = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    signal = design[:, 1] - 0.5 * design[:, 2]
    signal = (signal - signal.mean()) / signal.std() * math.sqrt(share / (1 - share))
    hits = 0
    for _ in range(1500):
        y = signal + rng.normal(size=n)
        rest = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
        metric = variance_explained_interval(1 - rest.var() / y.var(), n, 2)
        hits += metric.low <= share <= metric.high
    assert 0.93 <= hits / 1500 <= 0.97


@pytest.mark.parametrize(("r2", "n", "p"), [(1.0, 10, 2), (-0.1, 10, 2), (0.5, 3, 2), (0.5, 10, 0)])
def test_variance_explained_bad_input(r2, n, p):
    with pytest.raises(ValueError, match="variance_explained_interval"):
        variance_explained_interval(r2, n, p)
    with pytest.raises(ValueError, match="level"):
        variance_explained_interval(0.5, 10, 2, level=2)
