"""95 % intervals cover in 93 to 97 % of 2,000 experiments; without an effect probabilities are uniform.

Over 2,000 experiments the standard error of a coverage of 95 % is 0.5 %: 93 and 97 % are four of them away.
Where an interval covers by construction at least 95 % (exact binomial limits are discrete), that is tested.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr, ndtri

from neurosci.stats import bootstrap_interval, difference_interval, proportion_interval
from neurosci.stats._auc import auc_interval, compare_auc
from neurosci.stats._effect_size import cliffs_delta, cohen_dz, hedges_g, rank_biserial
from neurosci.stats._paired import compare_scores
from neurosci.stats._permutation import permutation_pvalue, permutation_test

N = 2000


def proportion(rng):
    # At a single probability the coverage of a discrete count may be anything from 92 to 98 %.
    truth = rng.uniform(0.1, 0.9)
    return truth, proportion_interval(int(rng.binomial(80, truth)), 80)


def difference(rng):
    counts = rng.binomial([70, 90], [0.6, 0.45])
    return 0.15, difference_interval(int(counts[0]), 70, int(counts[1]), 90)


def bootstrap_mean(rng):
    data = rng.gamma(9.0, 1.0, size=120)
    return 9.0, bootstrap_interval(
        data, lambda x: x.mean(axis=1), vectorized=True, n_resamples=400, random_state=rng
    )


def bootstrap_over_groups(rng):
    """70 pairs of dependent values: resampling single values would take them for 140 independent ones."""
    data = np.repeat(rng.normal(size=70), 2) + 0.2 * rng.normal(size=140)
    return 0.0, bootstrap_interval(
        data, lambda x: x.sum() / 140, groups=np.repeat(np.arange(70), 2), n_resamples=300, random_state=rng
    )


def normal_scores(rng, area, m, n):
    """Two normal distributions one of which exceeds the other with probability `area`."""
    y = np.repeat([1, 0], [m, n])
    return y, rng.normal(size=m + n) + math.sqrt(2) * ndtri(area) * y


def auc_moderate(rng):
    return 0.7, auc_interval(*normal_scores(rng, 0.7, 30, 50))


def auc_high(rng):
    return 0.92, auc_interval(*normal_scores(rng, 0.92, 60, 45))


def auc_of_ratings(rng):
    """Five categories: most pairs of scores are tied."""
    y = np.repeat([1, 0], [45, 60])
    p1, p0 = np.array([1, 2, 3, 4, 5]) / 15, np.array([4, 3, 3, 2, 1]) / 13
    rating = np.concatenate([rng.choice(5, size=45, p=p1), rng.choice(5, size=60, p=p0)])
    truth = sum(p1[i] * (p0[:i].sum() + p0[i] / 2) for i in range(5))
    return truth, auc_interval(y, rating)


def auc_linear(rng):
    return 0.7, auc_interval(*normal_scores(rng, 0.7, 60, 70), scale="linear")


def two_scores(rng, effects, n=100):
    y = np.repeat([1, 0], n)
    shared = rng.normal(size=2 * n)
    return y, *(shared + 0.8 * rng.normal(size=2 * n) + effect * y for effect in effects)


def auc_difference(rng):
    a, b = (ndtr(effect / math.sqrt(2 * 1.64)) for effect in (1.2, 0.6))
    return a - b, compare_auc(*two_scores(rng, (1.2, 0.6))).effect


def standardised_difference(rng):
    return 0.8, hedges_g(rng.normal(0.8, 1, size=9), rng.normal(size=6))


def paired_difference(rng):
    before = rng.normal(size=11)
    return 0.6, cohen_dz(before + rng.normal(0.6, 1, size=11), before)


def dominance(rng):
    """Exponential values of means 1 and 0.5: the first is larger with probability 2/3."""
    return 1 / 3, cliffs_delta(rng.exponential(1.0, size=45), rng.exponential(0.5, size=35))


def signed_ranks(rng):
    """Normal differences of mean 0.5: the sum of two is positive with probability ndtr(0.5 sqrt(2))."""
    return 2 * ndtr(0.5 * math.sqrt(2)) - 1, rank_biserial(rng.normal(0.5, 1, size=40), np.zeros(40))


def scores_of_few_subjects(rng):
    return 1.0, compare_scores(rng.normal(1, 1, size=11), np.zeros(11), n_resamples=2048).effect


def scores_with_outliers(rng):
    difference = 1 + rng.standard_t(2, size=18)
    return 1.0, compare_scores(difference, np.zeros(18), n_resamples=1999, random_state=rng).effect


def scores_of_folds(rng):
    """Twelve subjects with five folds each, whose differences share the subject's."""
    difference = 1 + np.repeat(rng.normal(size=12), 5) + 0.5 * rng.normal(size=60)
    subjects = np.repeat(np.arange(12), 5)
    return 1.0, compare_scores(difference, np.zeros(60), subjects, n_resamples=4096).effect


def splits(rng, truth=0.3, n=10, ratio=0.25):
    """Differences of splits that correlate as Nadeau and Bengio assume: n_test / (n_test + n_train)."""
    correlation = ratio / (1 + ratio)
    return truth + math.sqrt(correlation) * rng.normal() + math.sqrt(1 - correlation) * rng.normal(size=n)


def scores_of_splits(rng):
    return 0.3, compare_scores(splits(rng), np.zeros(10), method="corrected_t", test_ratio=0.25).effect


EXPERIMENTS = [
    proportion,
    difference,
    bootstrap_mean,
    bootstrap_over_groups,
    auc_moderate,
    auc_high,
    auc_of_ratings,
    auc_linear,
    auc_difference,
    standardised_difference,
    paired_difference,
    dominance,
    signed_ranks,
    scores_of_few_subjects,
    scores_with_outliers,
    scores_of_folds,
    scores_of_splits,
]


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda f: f.__name__)
def test_interval_covers(experiment, seed):
    rng = np.random.default_rng(seed)
    covered = 0
    for _ in range(N):
        truth, metric = experiment(rng)
        covered += metric.low <= truth <= metric.high
    assert 0.93 <= covered / N <= 0.97


@pytest.mark.parametrize("n", [12, 40, 101])
def test_exact_limits_cover_at_least_what_they_say(n):
    """Coverage of Clopper-Pearson, summed over all outcomes: no probability of success is covered less."""
    limits = [proportion_interval(k, n, method="beta") for k in range(n + 1)]
    for p in np.linspace(0.005, 0.995, 199):
        inside = [k for k in range(n + 1) if limits[k].low <= p <= limits[k].high]
        assert stats.binom.pmf(inside, n, p).sum() >= 0.95 - 1e-12


def test_wilson_limits_cover_on_average():
    """Coverage of Wilson's interval, summed over all outcomes and averaged over probabilities of success."""
    n = 60
    limits = [proportion_interval(k, n) for k in range(n + 1)]
    grid = np.linspace(0.05, 0.95, 181)
    coverage = [
        stats.binom.pmf([k for k in range(n + 1) if limits[k].low <= p <= limits[k].high], n, p).sum()
        for p in grid
    ]
    assert 0.94 <= np.mean(coverage) <= 0.96


@pytest.mark.parametrize(("k", "n"), [(1, 7), (3, 10), (43, 74), (130, 300)])
def test_limits_of_proportions_in_exact_arithmetic(k, n):
    """Oracle: the defining equations, evaluated at the returned limits with fractions.

    Clopper-Pearson: each tail beyond the observed count is 1/40. Wilson: (k/n - p)^2 = z^2 p (1 - p) / n.
    """
    exact = proportion_interval(k, n, method="beta")
    for limit, counts in ((exact.low, range(k, n + 1)), (exact.high, range(k + 1))):
        p = Fraction(limit)
        tail = sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in counts)
        assert float(tail) == pytest.approx(1 / 40, abs=1e-10)
    wilson = proportion_interval(k, n)
    z = Fraction(stats.norm.isf(0.025))
    for limit in (wilson.low, wilson.high):
        p = Fraction(limit)
        assert float((Fraction(k, n) - p) ** 2 - z**2 * p * (1 - p) / n) == pytest.approx(0, abs=1e-14)


def complete(rng):
    y, score = normal_scores(rng, 0.98, 6, 9)
    return 0.98, auc_interval(y, score), y, score


def test_complete_separation_covers_at_least_what_it_says():
    """Of 2,000 small experiments with a true area of 0.98, the limits of those that separate hold it."""
    rng = np.random.default_rng(0)
    separated = [metric for truth, metric, *_ in (complete(rng) for _ in range(N)) if metric.value == 1]
    assert len(separated) > 500
    assert all(metric.low <= 0.98 <= metric.high for metric in separated)


def delong(rng):
    return compare_auc(*two_scores(rng, (0.8, 0.8), n=60)).pvalue


def labels(rng):
    return permutation_test(
        [rng.exponential(size=11), rng.exponential(size=14)], n_resamples=399, random_state=rng
    ).pvalue


def signs(rng):
    return permutation_test(
        [rng.standard_t(3, size=17)], design="signs", n_resamples=399, random_state=rng
    ).pvalue


def pairings(rng):
    def covariance(x, y, axis):
        return np.mean(x * y, axis=axis) - np.mean(x, axis=axis) * np.mean(y, axis=axis)

    data = rng.normal(size=(2, 15))
    return permutation_test(data, covariance, design="pairings", n_resamples=199, random_state=rng).pvalue


def null_values(rng):
    return permutation_pvalue(rng.normal(size=499), rng.normal())


def paired_scores(rng):
    return compare_scores(rng.normal(size=16), np.zeros(16), n_resamples=999, random_state=rng).pvalue


def paired_splits(rng):
    return compare_scores(splits(rng, truth=0.0), np.zeros(10), method="corrected_t", test_ratio=0.25).pvalue


@pytest.mark.parametrize(
    "experiment",
    [delong, labels, signs, pairings, null_values, paired_scores, paired_splits],
    ids=lambda f: f.__name__,
)
def test_probability_is_uniform_without_an_effect(experiment, seed):
    """Kolmogorov-Smirnov over 800 experiments.

    A permutation probability lies on a grid and is larger than uniform by half a step, at most 1/200 here.
    """
    rng = np.random.default_rng(seed)
    values = np.array([experiment(rng) for _ in range(800)])
    assert values.min() > 0
    assert stats.kstest(values, "uniform").pvalue > 1e-4
    # The level holds where decisions are made: at most 5 % plus four standard errors.
    assert np.mean(values <= 0.05) <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 800)


def test_plain_t_test_over_splits_would_find_effects_that_are_not_there(seed):
    """Why the correction is needed: with no difference the plain test rejects in more than 20 % of 500."""
    rng = np.random.default_rng(seed)
    rejected = [stats.ttest_1samp(splits(rng, truth=0.0), 0).pvalue <= 0.05 for _ in range(500)]
    assert np.mean(rejected) > 0.2
