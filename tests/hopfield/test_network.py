"""Patterns, losses, errors of Monte Carlo, theory against simulation, schedules, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from neurosci.hopfield import (
    ClassGibbs,
    MeanField,
    MultitaskingHopfield,
    anneal,
    autocorrelation_time,
    binary_digits,
    dataset_entropy,
    loss,
    monte_carlo_mean,
    parallel_tempering,
    sample_dataset,
    sample_patterns,
    signal_to_noise,
)


def test_patterns_have_the_asked_law():
    patterns = sample_patterns(200_000, 2, 0.3, random_state=0)
    shares = np.array([(patterns == v).mean() for v in (-1, 0, 1)])
    # four standard errors of a share of 400,000 entries
    assert np.abs(shares - (0.35, 0.3, 0.35)).max() < 4 * np.sqrt(0.25 / 400_000)


@pytest.mark.parametrize("keep", [True, False])
def test_examples_have_the_asked_moments(keep):
    patterns = sample_patterns(100_000, 2, 0.3, random_state=0)
    data = sample_dataset(patterns, 0.5, 6, random_state=1, return_examples=keep)
    if keep:
        np.testing.assert_array_equal(data.examples.sum(axis=2), data.counts)
    assert (data.counts[patterns == 0] == 0).all()
    aligned = (data.counts * patterns)[patterns != 0] / (0.5 * 6)
    rho = dataset_entropy(0.5, 6)
    n = len(aligned)
    assert abs(aligned.mean() - 1) < 4 * np.sqrt(rho / n)
    assert abs(aligned.var() / rho - 1) < 4 * np.sqrt(2 / n) + 0.01


def test_loss_identity_on_random_states():
    rng = np.random.default_rng(0)
    for k, d in ((1, 0.0), (3, 0.3), (5, 0.7)):
        patterns = sample_patterns(777, k, d, rng)
        network = MultitaskingHopfield().fit(patterns)
        for _ in range(5):
            state = np.where(rng.random(777) < 0.5, -1, 1)
            zeros = (patterns == 0).mean(axis=0)
            implied = -0.5 * ((1 - zeros / 2) ** 2 - loss(state, patterns).prod(axis=0)).sum()
            assert abs(network.energy(state) - implied) < 1e-12


@pytest.mark.parametrize("coefficient", [0.0, 0.5, 0.9])
def test_autocorrelation_time_of_a_known_series(coefficient):
    rng = np.random.default_rng(0)
    n = 400_000
    noise = rng.normal(size=n)
    from scipy.signal import lfilter

    series = lfilter([1], [1, -coefficient], noise)
    exact = 0.5 * (1 + coefficient) / (1 - coefficient)
    assert abs(autocorrelation_time(series) / exact - 1) < 0.1


def test_intervals_cover():
    from scipy.signal import lfilter

    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(200):
        found = monte_carlo_mean(lfilter([1], [1, -0.8], rng.normal(size=(2, 3000)), axis=1)[:, 200:])
        inside += abs(found.value) <= 1.96 * found.standard_error
    assert 180 <= inside <= 198


def test_blocking_agrees_with_the_autocorrelation_time():
    from scipy.signal import lfilter

    series = lfilter([1], [1, -0.8], np.random.default_rng(2).normal(size=(8, 20_000)), axis=1)
    found = monte_carlo_mean(series)
    assert 0.75 < found.blocking_error / found.standard_error < 1.3


@pytest.mark.parametrize("dilution", [0.2, 0.4, 0.8])
@pytest.mark.parametrize("reduced", [0.1, 0.5, 0.7])
def test_monte_carlo_agrees_with_the_theory_of_the_sample(dilution, reduced, seed):
    n, temperature = 10_000, reduced * (1 - dilution)
    patterns = sample_patterns(n, 3, dilution, random_state=5 + seed)
    network = MultitaskingHopfield(
        temperature=temperature, n_sweeps=1000, burn_in=300, n_replicas=4, random_state=seed
    ).fit(patterns)
    series = network.sample(init="hierarchical").overlaps
    theory = MeanField(3, dilution).quenched(patterns)
    states = [theory.fixed_point(temperature, mean) for mean in series.mean(axis=1)]
    slowest = max(state.eigenvalue for state in states)
    assert slowest < 1
    for k in range(3):
        found = monte_carlo_mean(series[:, :, k] - np.array([state.m[k] for state in states])[:, None])
        assert abs(found.value) <= 4 * found.standard_error + 2 / (n * (1 - slowest))


@pytest.mark.parametrize(("quality", "n_examples"), [(0.5, 30), (0.5, 6), (0.8, 10)])
def test_with_and_without_a_teacher(quality, n_examples, seed):
    n, temperature = 10_000, 0.05
    patterns = sample_patterns(n, 3, 0.3, random_state=seed)
    data = sample_dataset(patterns, quality, n_examples, random_state=seed + 1, return_examples=True)
    theory = MeanField(3, 0.3, quality=quality, n_examples=n_examples).quenched(patterns, data.counts)
    first, found, slowest = None, [], 0.0
    for learning in ("supervised", "unsupervised"):
        network = MultitaskingHopfield(
            learning, temperature=temperature, quality=quality, n_sweeps=200, burn_in=200, n_replicas=4,
            random_state=2,
        ).fit(data.examples, patterns)  # fmt: skip
        first = network.initial_states("hierarchical") if first is None else first
        series = network.sample(init=first).overlaps
        # patterns may swap places near soft modes: each copy is compared with its own solution
        states = [theory.fixed_point(temperature, mean) for mean in series.mean(axis=1)]
        slowest = max(slowest, *(state.eigenvalue for state in states))
        rest = series - np.array([state.n for state in states])[:, None]
        found.append([monte_carlo_mean(rest[:, :, k]) for k in range(3)])
    for a, b in zip(*found, strict=True):
        # a column of couplings moves overlaps by up to 2 / (N (1 - lambda)), and without a teacher each
        # example has one
        allowed = 4 * np.hypot(a.standard_error, b.standard_error)
        assert abs(a.value - b.value) <= allowed + 2 * (1 + n_examples) / (n * (1 - slowest))


def test_perfect_examples_store_the_patterns():
    patterns = sample_patterns(60, 2, 0.3, random_state=0)
    data = sample_dataset(patterns, 1.0, 4, random_state=1, return_examples=True)
    stored = MultitaskingHopfield().fit(patterns).dense_couplings()
    for learning in ("supervised", "unsupervised"):
        learned = MultitaskingHopfield(learning, quality=1.0).fit(data.examples).dense_couplings()
        np.testing.assert_allclose(learned, stored, atol=1e-14)


def test_the_rest_falls_as_one_over_the_number_of_neurons(seed):
    for n in (1000, 10_000, 100_000, 1_000_000):
        patterns = sample_patterns(n, 3, 0.3, random_state=n + seed)
        start = MeanField(3, 0.3).ground_state(0.1).n
        series = ClassGibbs(patterns).sample(0.1, n_sweeps=20_000, start=start, random_state=seed)
        state = MeanField(3, 0.3).quenched(patterns).fixed_point(0.1, series.mean(axis=0))
        for k in range(3):
            found = monte_carlo_mean(series[:, k])
            scaled, error = n * (found.value - state.m[k]), n * found.standard_error
            assert abs(scaled) <= 4 * error + 2 / (1 - state.eigenvalue)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_spread_of_overlaps_over_samples_is_what_the_law_says(k, seed):
    n, d, n_samples = 500, 0.4, 2000
    means = np.empty(n_samples)
    for s in range(n_samples):
        patterns = sample_patterns(n, k, d, random_state=n_samples * seed + s)
        leading = patterns[np.arange(n), np.argmax(patterns != 0, axis=1)]
        means[s] = (patterns[:, k - 1] * leading).mean()
    law = (1 - d) * d ** (k - 1)
    error = np.sqrt((1 - d - law**2) / n)
    assert abs(means.mean() - law) < 4 * error / np.sqrt(n_samples)
    # the relative standard error of a standard deviation is one over the root of twice their number
    assert abs(means.std() / error - 1) < 4 / np.sqrt(2 * n_samples)


def test_normalisations_are_changes_of_scale():
    patterns = sample_patterns(400, 2, 0.3, random_state=0)
    data = sample_dataset(patterns, 0.5, 6, random_state=1, return_examples=True)
    rho = dataset_entropy(0.5, 6)
    networks = {
        name: MultitaskingHopfield("supervised", quality=0.5, normalization=name).fit(data.examples)
        for name in ("paper", "plain", "unit_tc")
    }
    state = np.sign(data.counts[:, 0] + 0.5).astype(int)
    energy = {name: float(network.energy(state)) for name, network in networks.items()}
    assert abs(energy["plain"] / energy["paper"] - (1 + rho)) < 1e-12
    assert abs(energy["unit_tc"] / energy["paper"] - 1 / (1 - (patterns == 0).mean())) < 1e-12


def test_sums_and_examples_teach_the_same():
    patterns = sample_patterns(100, 2, 0.3, random_state=0)
    data = sample_dataset(patterns, 0.5, 6, random_state=1, return_examples=True)
    a = MultitaskingHopfield("supervised", quality=0.5).fit(data.examples)
    b = MultitaskingHopfield("supervised", quality=0.5, n_examples=6).fit(data.counts)
    np.testing.assert_array_equal(a.rows_, b.rows_)
    assert a.scale_ == b.scale_


def test_signal_to_noise_against_simulation():
    from neurosci.hopfield import LittleDynamics

    patterns = sample_patterns(100_000, 3, 0.3, random_state=0)
    data = sample_dataset(patterns, 0.5, 30, random_state=1)
    network = MultitaskingHopfield("supervised", temperature=0, quality=0.5, n_examples=30, random_state=2)
    network.fit(data.counts, patterns)
    state = LittleDynamics(network).step(network.initial_states("hierarchical"), 3)
    formula = signal_to_noise(3, 0.3, 0.5, 30)
    # four standard errors of a mean over 100,000 neurons and the step from 30 examples to a Gaussian
    assert np.abs(network.pattern_overlaps(state)[0] - formula.overlaps).max() < 4 / np.sqrt(100_000) + 0.005
    assert signal_to_noise(3, 0.7, 0.5, 30).n_examples_needed == np.inf
    assert formula.n_examples_single == 3


def test_annealing_cools_to_the_equilibrium():
    patterns = sample_patterns(2000, 2, 0.3, random_state=0)
    network = MultitaskingHopfield(temperature=0.05, random_state=0, n_replicas=4).fit(patterns)
    cooled = anneal(network, n_sweeps=20)
    assert (np.diff(cooled.temperatures) <= 0).all()
    ground = -0.5 * (MeanField(2, 0.3).ground_state(0.05).m ** 2).sum()
    # finite samples move the energy by one over the root of N
    assert np.abs(cooled.energy[:, -1] - ground).max() < 4 / np.sqrt(2000)


def test_tempering_keeps_the_measure_and_switches_modes(small):
    network = MultitaskingHopfield(random_state=0).fit(small["patterns"])
    found = parallel_tempering(network, np.geomspace(0.4, 1.2, 4), n_rounds=20_000)
    exact = small["probability"] @ (small["overlaps"] ** 2).sum(axis=1)
    mean = monte_carlo_mean((found.overlaps[0] ** 2).sum(axis=1)[200:])
    assert abs(mean.value - exact) < 4 * mean.standard_error
    assert (found.swap_acceptance > 0.2).all() and found.n_round_trips > 10


def test_a_dense_matrix_is_refused_before_it_is_made():
    network = MultitaskingHopfield().fit(sample_patterns(100_000, 2, 0.3, random_state=0))
    with pytest.raises(MemoryError, match=r"80,000,000,000 bytes"):
        network.dense_couplings()
    assert network.couplings().shape == (100_000, 100_000)


def test_records_that_do_not_fit_are_refused():
    network = MultitaskingHopfield(n_sweeps=10**9, n_replicas=10).fit(sample_patterns(100, 2, 0.3, 0))
    with pytest.raises(MemoryError, match="raise every"):
        network.sample()


def empty_pattern():
    patterns = sample_patterns(50, 3, 0.3, random_state=0)
    patterns[:, 1] = 0
    return patterns


@pytest.mark.parametrize(
    "use",
    [
        lambda xi: MultitaskingHopfield().fit(xi),
        lambda xi: MultitaskingHopfield("supervised", n_examples=4).fit(4 * xi.astype(int)),
        lambda xi: MultitaskingHopfield("supervised").fit(np.repeat(xi[:, :, None], 4, axis=2)),
        lambda xi: MultitaskingHopfield("unsupervised").fit(np.repeat(xi[:, :, None], 4, axis=2)),
        ClassGibbs,
    ],
)
def test_a_pattern_of_zeros_is_refused(use):
    with pytest.raises(ValueError, match="got zeros only in pattern 1"):
        use(empty_pattern())


def test_cuda_is_refused_where_there_is_none():
    import torch

    if torch.cuda.is_available():
        pytest.skip("a CUDA device is here")
    patterns = sample_patterns(50, 2, 0.3, random_state=0)
    with pytest.raises(RuntimeError, match="torch finds no CUDA device"):
        MultitaskingHopfield(dynamics="block_gibbs", device="cuda").fit(patterns)
    # other dynamics never ask for the device
    MultitaskingHopfield(dynamics="glauber", device="cuda").fit(patterns)


def test_block_gibbs_on_cuda_keeps_the_measure(small):
    import torch

    if not torch.cuda.is_available():
        pytest.skip("torch finds no CUDA device")
    network = MultitaskingHopfield(
        temperature=small["temperature"], dynamics="block_gibbs", device="cuda", n_sweeps=5000, n_replicas=32,
        random_state=0,
    ).fit(small["patterns"])  # fmt: skip
    found = monte_carlo_mean(network.sample().energy)
    assert abs(found.value - small["probability"] @ small["energy"]) <= 4 * found.standard_error


BAD = [
    ({}, [[1, 2], [0, 1]], ValueError, "-1, 0 and 1"),
    ({}, [[1, 0]], ValueError, "at least 2 neurons"),
    ({}, [1, 0], ValueError, "n_neurons, n_patterns"),
    ({"temperature": -1}, [[1], [1]], ValueError, "temperature"),
    ({"temperature": 0, "dynamics": "block_gibbs"}, [[1], [1]], ValueError, "temperature must be > 0"),
    ({"dynamics": "glaubr"}, [[1], [1]], ValueError, "did you mean 'glauber'"),
    ({"learning": "unsupervised"}, [[1], [1]], ValueError, "examples"),
    ({"learning": "supervised"}, [[1], [1]], ValueError, "n_examples must be given"),
    ({"learning": "supervised", "n_examples": 3}, [[9], [1]], ValueError, "sums between"),
    ({"learning": "supervised", "n_examples": 3, "quality": 0}, [[1], [1]], ValueError, "quality"),
]


@pytest.mark.parametrize(("settings", "patterns", "error", "match"), BAD)
def test_bad_input(settings, patterns, error, match):
    with pytest.raises(error, match=match):
        MultitaskingHopfield(**settings).fit(patterns)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: sample_patterns(10, 2, 1.0), "dilution"),
        (lambda: sample_patterns(0, 2, 0.5), "n_neurons"),
        (lambda: sample_dataset([[1], [0]], 0.0, 3), "quality"),
        (lambda: sample_dataset([[1], [0]], 0.5, 0), "n_examples"),
        (lambda: sample_dataset([[2], [0]], 0.5, 3), "-1, 0 and 1"),
        (lambda: loss([1, 0], [[1], [1]]), "-1 and 1"),
        (lambda: binary_digits(np.zeros(3), 0.1), "images"),
        (lambda: autocorrelation_time([1.0, 2.0]), "n_steps"),
    ],
)
def test_bad_arguments(call, match):
    with pytest.raises(ValueError, match=match):
        call()
