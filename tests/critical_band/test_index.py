import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import optimize

from neurosci.critical_band import ChannelFit, fit_channel, human_mean_accuracy, threshold_indices


def published_rule(accuracy, criterion):
    """The authors' rule, written out level by level."""
    indices = []
    for band in range(accuracy.shape[1]):
        if accuracy[4, band] > criterion:
            indices.append(0)
        elif accuracy[3, band] > criterion:
            indices.append(1)
        elif accuracy[2, band] > criterion:
            indices.append(2)
        elif accuracy[1, band] > criterion:
            indices.append(3)
        else:
            indices.append(4)
    return indices


@given(arrays(float, (5, 7), elements=st.floats(0, 1)), st.floats(0.05, 0.95))
def test_indices_follow_the_published_rule(accuracy, criterion):
    assert threshold_indices(accuracy, criterion).tolist() == published_rule(accuracy, criterion)


def test_the_criterion_must_be_exceeded_not_met():
    accuracy = np.full((5, 2), 0.5)
    accuracy[2, 1] = np.nextafter(0.5, 1)
    assert threshold_indices(accuracy).tolist() == [4, 2]


def test_conditions_without_trials_are_passed_over():
    accuracy = np.full((5, 3), 0.9)
    accuracy[4, 0] = np.nan
    accuracy[:, 2] = np.nan
    assert threshold_indices(accuracy).tolist() == [1, 0, -1]


def test_more_levels_and_bands():
    accuracy = np.vstack([np.ones((1, 9)), np.eye(9)[:6] * 0.9])
    assert threshold_indices(accuracy).tolist() == [5, 4, 3, 2, 1, 0, 6, 6, 6]


@pytest.mark.parametrize(
    ("accuracy", "criterion", "message"),
    [
        (human_mean_accuracy() * 100, 0.5, r"proportions in \[0, 1\]"),
        (np.full((5, 7), -0.1), 0.5, r"proportions in \[0, 1\]"),
        (np.ones(7), 0.5, "must have shape"),
        (np.ones((1, 7)), 0.5, "must have shape"),
        (human_mean_accuracy(), 50, r"criterion must be in \(0, 1\)"),
    ],
)
def test_bad_accuracy(accuracy, criterion, message):
    with pytest.raises(ValueError, match=message):
        threshold_indices(accuracy, criterion)


def test_human_mean_matrix():
    """Printed: 0.9999 octaves, centre 39.598 cycles/image, peak 1.00, sigma 0.42462."""
    fit = fit_channel(threshold_indices(human_mean_accuracy()))
    assert fit.resolved
    assert f"{fit.bandwidth:.4f}" == "0.9999"
    assert f"{fit.center_frequency:.3f}" == "39.598"
    assert f"{fit.peak_sensitivity:.2f}" == "1.00"
    assert f"{abs(fit.width):.5f}" == "0.42462"
    assert f"{fit.center_index:.2f}" == "4.50"
    assert fit.at_bound


def test_one_octave_is_fixed_by_bound_and_grid():
    """Closed form: half height A/2 = 2 falls on the two equal samples, so sigma = 0.5 / sqrt(2 ln 2)."""
    fit = fit_channel([0, 0, 0, 0, 2, 2, 0])
    assert fit.bandwidth == pytest.approx(1.0, abs=2e-4)
    assert abs(fit.width) == pytest.approx(0.5 / math.sqrt(2 * math.log(2)), rel=2e-4)


@pytest.mark.parametrize(
    ("indices", "amplitude", "center", "sigma", "bandwidth", "frequency", "peak"),
    [
        ([0, 0, 2, 2, 3, 4, 2], "3.51", "4.49", "1.69", "3.99", "39.42", "0.71"),
        ([0, 0, 1, 2, 3, 3, 1], None, None, None, "3.05", "32.67", "0.58"),
    ],
)
def test_printed_fits(indices, amplitude, center, sigma, bandwidth, frequency, peak):
    fit = fit_channel(indices)
    if amplitude:
        assert f"{fit.amplitude:.2f}" == amplitude
        assert f"{fit.center_index:.2f}" == center
        assert f"{abs(fit.width):.2f}" == sigma
    assert f"{fit.bandwidth:.2f}" == bandwidth
    assert f"{fit.center_frequency:.2f}" == frequency
    assert f"{fit.peak_sensitivity:.2f}" == peak


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 4), min_size=7, max_size=7))
def test_fit_is_a_least_squares_optimum(indices):
    """Oracle: another optimiser (L-BFGS-B) started at the fit finds nothing better nearby."""
    fit = fit_channel(indices)
    if not fit.resolved:
        return
    bands, target = np.arange(7.0), np.array(indices, float)

    def loss(p):
        return np.sum((p[0] * np.exp(-((bands - p[1]) ** 2) / (2 * p[2] ** 2)) - target) ** 2)

    start = np.array([fit.amplitude, fit.center_index, fit.width])
    box = [
        (0, 4),
        (start[1] - 0.5, start[1] + 0.5),
        (start[2] - 0.3 * abs(start[2]), start[2] + 0.3 * abs(start[2])),
    ]
    better = optimize.minimize(loss, start, method="L-BFGS-B", bounds=box)
    assert loss(start) <= better.fun + 1e-4 * (1 + better.fun)


def test_every_pattern_gives_a_width_or_a_reason(seed):
    """Each seed takes one hundredth of all 5^7 patterns (all 78,125 were run once with the same outcome)."""
    patterns = np.array(list(itertools.product(range(5), repeat=7)))
    order = np.random.default_rng(0).permutation(len(patterns))
    for indices in patterns[order[seed::100]]:
        fit = fit_channel(indices)
        if fit.resolved:
            assert 0.2 < fit.bandwidth < 24
            assert 1.75 * 2**-0.5 <= fit.center_frequency <= 112 * 2**0.5 * (1 + 1e-9)
            assert 0 < fit.peak_sensitivity <= 1
        else:
            assert fit.reason


@pytest.mark.parametrize(
    ("indices", "exceeded", "reason"),
    [
        ([4] * 7, None, "same threshold index"),
        ([0] * 7, None, "same threshold index"),
        ([4] * 7, [0] * 7, "in 0 of 7 bands"),
        ([0, 0, 0, 3, 0, 0, 0], None, "fewer than two bands"),
        ([4, 4, 2, 4, 4, 4, 4], None, "less than half an index step"),
        ([4, 4, 2, 4, 4, 4, 4], [0, 0, 1, 0, 0, 0, 0], "in 1 of 7 bands"),
        ([4, 2, 1, 1, 1, 1, 4], None, "outside the measured bands"),
        ([-1, -1, -1, -1, -1, 2, 3], None, "in 2 of 2 bands"),
        ([-1, 2, 2, 2, -1, -1, -1], None, "same threshold index"),
    ],
)
def test_reasons(indices, exceeded, reason):
    fit = fit_channel(indices, exceeded=exceeded)
    assert not fit.resolved
    assert reason in fit.reason


@pytest.mark.parametrize(
    ("indices", "bandwidth"), [([1, 4, 4, 4, 4, 4, 4], 8.99), ([2, 3, 4, 4, 4, 4, 4], 9.95)]
)
def test_broad_but_resolved(indices, bandwidth):
    fit = fit_channel(indices)
    assert fit.resolved
    assert round(fit.bandwidth, 2) == bandwidth


def test_bands_without_trials_are_left_out_where_they_are():
    full = fit_channel([0, 0, 1, 3, 3, 1, 0])
    part = fit_channel([0, 0, 1, 3, 3, 1, -1])
    assert part.resolved
    assert part.center_index == pytest.approx(full.center_index, abs=0.1)


def test_mirrored_bands_mirror_the_centre():
    fit = fit_channel([0, 1, 3, 2, 0, 0, 0])
    mirrored = fit_channel([0, 0, 0, 2, 3, 1, 0])
    assert mirrored.center_index == pytest.approx(6 - fit.center_index, abs=1e-4)
    assert mirrored.bandwidth == pytest.approx(fit.bandwidth, rel=1e-4)


def test_frequency_scale_and_bound():
    fit = fit_channel([0, 0, 1, 3, 3, 1, 0], lowest_frequency=3.5)
    assert fit.center_frequency == pytest.approx(2 * fit_channel([0, 0, 1, 3, 3, 1, 0]).center_frequency)
    low = fit_channel([0, 0, 1, 3, 3, 1, 0], amplitude_bound=2)
    assert low.amplitude <= 2
    assert low.at_bound


@pytest.mark.parametrize(
    ("indices", "settings_", "message"),
    [
        ([0, 1, 2, 5], {}, "whole numbers from -1 to 4"),
        ([0, 1, 1.5], {}, "whole numbers from -1 to 4"),
        ([[0, 1, 2]], {}, "one-dimensional"),
        ([0, 1, np.nan], {}, "one-dimensional"),
        ([0, 1, 2], {"exceeded": [True]}, "exceeded must have shape"),
        ([0, 1, 2], {"amplitude_bound": 0}, "amplitude_bound must be > 0"),
    ],
)
def test_bad_indices(indices, settings_, message):
    with pytest.raises(ValueError, match=message):
        fit_channel(indices, **settings_)


def test_divergent_values_do_not_overflow():
    fit = ChannelFit(4.0, 1e9, 1e9, 4.0, 4, 1.75, "no")
    assert math.isfinite(fit.center_frequency)
    assert math.isnan(ChannelFit(math.nan, math.nan, math.nan, 4.0, 4, 1.75, "no").center_frequency)
