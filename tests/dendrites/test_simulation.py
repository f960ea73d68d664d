"""Simulations: bit for bit against integer products, rates against exact values, any n_jobs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurosci.dendrites import (
    false_negative_prob,
    false_positive_prob,
    importance_false_positives,
    simulate_false_negatives,
    simulate_false_positives,
    splitting_false_positives,
    union_false_positive_prob,
)
from neurosci.dendrites._jit_overlap import count_matches, empty_activity, padded
from neurosci.dendrites._jit_patterns import union_hits
from neurosci.dendrites._patterns import new_state
from neurosci.dendrites._rare import draw_tilted, tilt
from neurosci.dendrites._simulate import pack_activity, segment_matches


def test_bit_sliced_counters_equal_the_integer_product():
    """Every s from 1 to 300 and theta from 1 to s, on 70 random patterns (no multiple of 64)."""
    rng = np.random.default_rng(0)
    n, n_patterns = 310, 70
    for s in range(1, 301):
        patterns = rng.random((n_patterns, n)) < rng.uniform(0.02, 0.98)
        patterns[0], patterns[1] = False, True
        cells = np.array([rng.permutation(n)[:s] for _ in range(3)])
        overlap = patterns[:, cells].sum(axis=2).T
        active, segments = pack_activity(patterns), padded(cells.astype(np.int32), n)
        found = np.empty((1, 3, 8), np.uint64)
        for theta in range(1, s + 1):
            n_matches = count_matches(active, segments, theta, s, found)
            bits = np.unpackbits(found[0].view(np.uint8), axis=1, bitorder="little")
            np.testing.assert_array_equal(bits[:, :n_patterns], overlap >= theta)
            assert n_matches == (overlap >= theta).sum()


@pytest.mark.parametrize("n_patterns", [1, 512, 513, 1025])
def test_activity_lies_in_aligned_tiles(n_patterns):
    patterns = np.random.default_rng(0).random((n_patterns, 30)) < 0.4
    active = pack_activity(patterns)
    assert active.shape == (-(-n_patterns // 512), 31, 8)
    assert active.ctypes.data % 64 == 0 and not active[:, 30].any()
    words = active[:, :30].swapaxes(0, 1).reshape(30, -1)
    bits = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
    np.testing.assert_array_equal(bits[:, :n_patterns], patterns.T)
    assert not bits[:, n_patterns:].any() and empty_activity(30, n_patterns).shape == active.shape


@pytest.mark.parametrize("shape", [(1, 40, 3), (64, 65, 8), (129, 200, 9), (1000, 90, 24), (1537, 400, 150)])
def test_matches_of_segments(shape):
    n_patterns, n, s = shape
    rng = np.random.default_rng(1)
    patterns = rng.random((n_patterns, n)) < 0.3
    cells = np.array([rng.permutation(n)[:s] for _ in range(7)])
    for theta in {1, s // 2 + 1, s}:
        expected = theta <= patterns[:, cells].sum(axis=2).T
        np.testing.assert_array_equal(segment_matches(patterns, cells, theta), expected)


def within(rate, p, z=4.5):
    """Whether a rate is within so many standard errors of the exact probability."""
    return abs(rate.n_hits - rate.n_trials * p) <= z * math.sqrt(rate.n_trials * p * (1 - p))


@pytest.mark.parametrize("method", ["bitsliced", "urn"])
@pytest.mark.parametrize(
    ("n", "a", "s", "theta"),
    [
        (300, 64, 24, 8),
        (500, 128, 24, 10),
        (900, 256, 24, 12),
        (60, 40, 30, 22),
        (200, 20, 1, 1),
        (50, 45, 20, 18),
    ],
)
def test_false_positive_rates(method, n, a, s, theta, seed):
    rate = simulate_false_positives(n, a, s, theta, 2_000_000, method=method, random_state=seed)
    assert rate.n_trials == 2_000_000
    assert within(rate, float(false_positive_prob(n, a, s, theta)))
    assert rate.ci[0] < rate.estimate < rate.ci[1]


@pytest.mark.parametrize("method", ["bitsliced", "urn"])
@pytest.mark.parametrize(
    ("n", "a", "s", "v", "theta"),
    [(6000, 128, 30, 64, 12), (400, 60, 60, 30, 31), (300, 40, 8, 40, 1), (500, 50, 20, 20, 10)],
)
def test_false_negative_rates(method, n, a, s, v, theta, seed):
    rate = simulate_false_negatives(n, a, s, v, theta, 1_000_000, method=method, random_state=seed)
    p = float(false_negative_prob(a, s, v, theta))
    assert (rate.estimate == 1.0) if p == 1 else within(rate, p)


def test_standard_error_is_that_of_batches():
    """Over 60 repetitions the deviations have the size that the batch means report."""
    p = float(false_positive_prob(300, 128, 24, 12))
    z = []
    for seed in range(60):
        rate = simulate_false_positives(300, 128, 24, 12, 10_000_000, random_state=seed)
        z.append((rate.estimate - p) / rate.std_error)
    # Student's t with 9 degrees of freedom has variance 9/7; four standard errors of a variance of 60 values
    assert abs(np.mean(z)) < 4 * math.sqrt(9 / 7 / 60)
    assert 0.5 < np.var(z) < 2.6


@pytest.mark.parametrize("method", ["bitsliced", "urn"])
def test_processes_do_not_change_numbers(method):
    one, two = (
        simulate_false_positives(300, 64, 24, 8, 20_000_000, method=method, random_state=5, n_jobs=n_jobs)
        for n_jobs in (1, 2)
    )
    assert vars(one) == vars(two)
    other = simulate_false_positives(300, 64, 24, 8, 20_000_000, method=method, random_state=6)
    assert other.n_hits != one.n_hits


def test_few_trials_and_uneven_blocks():
    assert simulate_false_positives(100, 20, 10, 2, 7, random_state=0).n_trials == 7
    rate = simulate_false_positives(100, 20, 10, 2, 1_000_001, random_state=0)
    assert rate.n_trials == 1_001_000
    assert within(rate, float(false_positive_prob(100, 20, 10, 2)))


def test_no_hit_is_an_upper_bound():
    rate = simulate_false_positives(10_000, 100, 24, 20, 100_000, random_state=0)
    assert rate.estimate == 0.0
    assert rate.ci == (0.0, 3 / 100_000)
    assert math.isnan(rate.std_error) and rate.log_estimate == -math.inf


@pytest.mark.parametrize("method", ["bitsliced", "urn"])
def test_thresholds_beyond_the_synapses(method):
    never = simulate_false_positives(100, 20, 10, 11, 5000, method=method, random_state=0)
    always = simulate_false_positives(100, 20, 10, 0, 5000, method=method, random_state=0)
    missed = simulate_false_negatives(100, 20, 10, 5, 11, 5000, method=method, random_state=0)
    found = simulate_false_negatives(100, 20, 10, 5, 0, 5000, method=method, random_state=0)
    assert (never.estimate, always.estimate, missed.estimate, found.estimate) == (0, 1, 1, 0)


def test_union_by_brute_force_rejects_the_approximation(seed):
    """A million random unions at n = 1000, M = 2: the exact law fits, the plug-in is > 5 sigma away."""
    trials = 1_000_000
    hits = union_hits(1000, 200, 25, 15, 2, trials, new_state(np.random.default_rng(seed)))
    exact, plugin = (
        float(union_false_positive_prob(1000, 200, 25, 15, 2, method=m)) for m in ("exact", "plugin")
    )
    error = math.sqrt(exact * (1 - exact) / trials)
    assert abs(hits / trials - exact) < 4.5 * error
    assert (hits / trials - plugin) / error > 5


# ------------------------------------------------------------------------------------------------ rare events

RARE = [
    (1000, 64, 24, 8),
    (10_000, 300, 24, 9),
    (10_000, 300, 24, 12),
    (20_000, 200, 30, 14),
    (16_000, 512, 30, 18),
    (10_000, 100, 30, 16),
    (50_000, 500, 30, 20),
    (20_000, 200, 40, 25),
    (100_000, 1000, 40, 28),
    (100_000, 500, 40, 29),
]


def test_tilted_sampling_over_sixty_decades(seed):
    z = []
    logs = []
    for parameters in RARE:
        rate = importance_false_positives(*parameters, random_state=seed)
        exact = float(false_positive_prob(*parameters, log=True))
        assert rate.relative_error <= 0.01
        assert rate.ess >= 100
        z.append(math.expm1(rate.log_estimate - exact) / rate.relative_error)
        logs.append(exact / math.log(10))
    assert min(logs) < -57 and max(logs) > -7
    assert max(np.abs(z)) <= 4
    assert abs(np.mean(z)) <= 4 / math.sqrt(10)


@pytest.mark.parametrize("parameters", RARE[::3])
def test_likelihood_ratios_have_mean_one(parameters):
    """Without the indicator the weights estimate 1; a mild tilt keeps their variance finite."""
    n, a, s, _ = parameters
    _, log_weight = draw_tilted(n, a, s, 3.0, 400_000, np.random.default_rng(0))
    weights = np.exp(log_weight)
    assert abs(weights.mean() - 1) < 4.5 * weights.std() / math.sqrt(weights.size)


def test_below_the_smallest_double():
    rate = importance_false_positives(1_000_000, 300, 100, 95, random_state=0)
    exact = float(false_positive_prob(1_000_000, 300, 100, 95, log=True))
    assert exact < -750
    assert rate.estimate == 0.0
    assert abs(rate.log_estimate - exact) < 4.5 * rate.relative_error
    assert 0 < rate.relative_error < 0.02


def test_too_few_effective_samples_are_refused():
    with pytest.raises(RuntimeError, match="effective sample size must be at least 100, got"):
        importance_false_positives(10_000, 300, 24, 12, 100_000, odds=1.0, random_state=0)
    with pytest.raises(RuntimeError, match="leave odds at None"):
        importance_false_positives(10_000, 300, 24, 12, 50, random_state=0)


@pytest.mark.parametrize(("theta", "expected"), [(0, 1.0), (25, 0.0), (-4, 1.0)])
def test_certain_events(theta, expected):
    assert importance_false_positives(1000, 64, 24, theta, random_state=0).estimate == expected
    assert splitting_false_positives(1000, 64, 24, theta, random_state=0).estimate == expected


def test_tilt_ends_at_the_threshold():
    for parameters in RARE:
        overlap, _ = draw_tilted(*parameters[:3], tilt(*parameters), 20_000, np.random.default_rng(0))
        assert abs(overlap.mean() - parameters[3]) < 0.7


def test_splitting_is_unbiased_enough():
    """Mean over 12 runs of 4,000 particles against the exact value, in its own standard errors."""
    for parameters in ((1000, 64, 12, 6), (3000, 100, 20, 10)):
        rate = splitting_false_positives(*parameters, n_particles=4000, n_repeats=12, random_state=1)
        exact = float(false_positive_prob(*parameters))
        assert abs(rate.estimate - exact) < 4 * rate.std_error
        assert rate.std_error < 0.2 * exact


def test_splitting_does_not_depend_on_processes():
    one, two = (
        splitting_false_positives(1000, 64, 12, 6, n_particles=1000, random_state=3, n_jobs=n) for n in (1, 2)
    )
    assert vars(one) == vars(two)


def test_splitting_says_when_it_is_lost():
    with pytest.raises(RuntimeError, match="raise n_particles"):
        splitting_false_positives(1_000_000, 20, 3, 3, n_particles=2, n_sweeps=1, random_state=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: simulate_false_positives(100, 200, 10, 2, 100), "a must satisfy 0 <= a <= n"),
        (lambda: simulate_false_positives(100, 20, 10, 2, 0), "n_trials must be >= 1"),
        (lambda: simulate_false_positives(100, 20, 10, 2, 100, method="fast"), "method must be one of"),
        (lambda: simulate_false_positives([100, 200], 20, 10, 2, 100), "n must be a single integer"),
        (lambda: simulate_false_negatives(100, 90, 10, 20, 2, 100), "v must satisfy 0 <= v <= n - a"),
        (lambda: simulate_false_negatives(100, 20, 30, 2, 2, 100), "s must satisfy 0 <= s <= a"),
        (lambda: importance_false_positives(100, 20, 10, 2.5), "theta must be an integer"),
        (lambda: importance_false_positives(100, 20, 10, 5, odds=-1), "odds must be positive"),
        (lambda: splitting_false_positives(100, 20, 10, 5, n_repeats=1), "n_repeats must be >= 2"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_bad_random_state():
    with pytest.raises(TypeError, match="random_state"):
        simulate_false_positives(100, 20, 10, 2, 100, random_state="a")
