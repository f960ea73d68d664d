"""Mean field against reference values, closed forms, quadrature of another kind and simulation."""

from __future__ import annotations

import itertools
import warnings

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from neurosci.hopfield import (
    MeanField,
    crossover_dilution,
    hierarchical_overlaps,
    hierarchical_threshold,
    parallel_instability,
    pure_instability,
    sample_dataset,
    sample_patterns,
)
from neurosci.hopfield._phases import crossover_from_free_energies
from neurosci.hopfield._quadrature import gaussian_averages
from neurosci.hopfield._thresholds import parallel_state

# n_patterns, dilution, temperature, rho, n, m, T A
REFERENCES = [
    (2, 0.3, 0.1, 0.0, (0.6999760657, 0.2028858209), None, 0.2736241702),
    (2, 0.8, 0.1, 0.0, (0.1695245811, 0.1695245811), None, 0.0791006314),
    (3, 0.5, 0.1, 0.0, (0.4952709135, 0.2439550884, 0.1144107153), None, 0.1746429799),
    (
        3,
        0.3,
        0.05,
        0.1,
        (0.632520999, 0.202183595, 0.059403104),
        (0.686742689, 0.216147036, 0.061203556),
        None,
    ),
    (3, 0.5, 0.1, 0.2, (0.283555424,) * 3, (0.295953888,) * 3, 0.164072822),
]


@pytest.mark.parametrize(("k", "d", "t", "rho", "n", "m", "value"), REFERENCES)
def test_reference_values(k, d, t, rho, n, m, value):
    state = MeanField(k, d, rho=rho).ground_state(t)
    tolerance = 2e-7 if rho else 1e-8
    np.testing.assert_allclose(state.n, n, atol=tolerance)
    np.testing.assert_allclose(state.m, n if m is None else m, atol=tolerance)
    if value is not None:
        assert abs(-state.free_energy - value) < tolerance
    assert state.stable


def test_finitely_many_examples():
    state = MeanField(2, 0.3, quality=0.5, n_examples=30).ground_state(0.1)
    np.testing.assert_allclose(state.n, (0.631298, 0.199288), atol=1e-6)
    np.testing.assert_allclose(state.m, (0.682348, 0.210464), atol=1e-6)
    # six examples: the Gaussian law names another phase
    exact, gaussian = MeanField(2, 0.3, quality=0.5, n_examples=6), MeanField(2, 0.3, rho=0.5)
    assert (exact.phase(0.1), gaussian.phase(0.1)) == ("H", "P")
    np.testing.assert_allclose(exact.ground_state(0.1).n, (0.4216, 0.3258), atol=5e-5)
    np.testing.assert_allclose(gaussian.ground_state(0.1).n, (0.3729, 0.3729), atol=5e-5)


def test_zero_temperature():
    np.testing.assert_allclose(MeanField(3, 0.7).ground_state(0).m, (0.2865, 0.2235, 0.1605), atol=1e-12)
    np.testing.assert_allclose(MeanField(2, 0.3, rho=0.5).ground_state(0).m, (0.410820,) * 2, atol=1e-6)
    np.testing.assert_allclose(MeanField(2, 0.6, rho=0.1).ground_state(0).m, (0.319624,) * 2, atol=1e-6)
    # a reference value of 0.639524, 0.258059 for the next one belongs to T = 0.005
    np.testing.assert_allclose(
        MeanField(2, 0.3, rho=0.2).ground_state(0.005).m, (0.639524, 0.258059), atol=1e-6
    )
    law = hierarchical_overlaps(4, 0.3)
    np.testing.assert_allclose(MeanField(4, 0.3).ground_state(0).m, law, atol=1e-12)


def test_zero_temperature_with_noise_equals_forty_digits():
    """The equations at T = 0, written out anew and solved by mpmath."""
    with mpmath.workdps(40):
        d, rho = mpmath.mpf(3) / 10, mpmath.mpf(2) / 10
        weight = {0: d, 1: (1 - d) / 2, -1: (1 - d) / 2}
        rows = [x for x in itertools.product((0, 1, -1), repeat=2) if any(x)]

        def averages(n):
            signal, noise = [mpmath.mpf(0)] * 2, [mpmath.mpf(0)] * 2
            for row in rows:
                chance = weight[row[0]] * weight[row[1]]
                field = row[0] * n[0] + row[1] * n[1]
                length = sum((a * b) ** 2 for a, b in zip(row, n, strict=True))
                for k in (0, 1):
                    signal[k] += chance * row[k] * mpmath.erf(field / mpmath.sqrt(2 * rho * length))
                    bell = mpmath.exp(-(field**2) / (2 * rho * length)) / mpmath.sqrt(length)
                    noise[k] += chance * row[k] ** 2 * bell
            return signal, noise

        def equations(*n):
            signal, noise = averages(n)
            factor = mpmath.sqrt(2 * rho / mpmath.pi)
            return [(1 + rho) * n[k] - signal[k] - factor * n[k] * noise[k] for k in (0, 1)]

        n = mpmath.findroot(equations, (mpmath.mpf("0.58"), mpmath.mpf("0.24")))
        m = averages(list(n))[0]
    state = MeanField(2, 0.3, rho=0.2).ground_state(0)
    np.testing.assert_allclose(state.n, [float(x) for x in n], atol=1e-12)
    np.testing.assert_allclose(state.m, [float(x) for x in m], atol=1e-12)


@pytest.mark.parametrize(
    ("k", "d", "rho", "temperature"),
    [
        (3, 0.3, 0.96 / (71 * 0.04), 0.0),
        (2, 0.65, 0.0, 0.136981),
        (2, 0.5, 0.0, 0.28721),
        (5, 0.6, 0.0, 0.1),
        (3, 2 / 3, 0.0, 0.3333),
    ],
)
def test_solutions_beside_a_transition_converge(k, d, rho, temperature):
    # one eigenvalue is within 1e-3 of 1 in some of these, so that the map alone needs 1e5 steps
    theory = MeanField(k, d, rho=rho)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for state in theory.solutions(temperature):
            # the last case lies beside the point where pure and parallel states meet: flat to rounding
            assert state.residual < 1e-11
            assert np.abs(theory.gradient(state.n, temperature)).max() < 1e-10


@pytest.mark.parametrize(("k", "rho"), [(2, 0.0), (3, 0.2), (5, 0.0)])
def test_the_parallel_state_without_iteration_is_the_fixed_point(k, rho):
    theory = MeanField(k, 0.6, rho=rho)
    for ratio in (0.5, 3.0, np.inf if rho else 20.0):
        temperature, eigenvalue = parallel_state(theory, ratio)
        state = theory.fixed_point(temperature, np.full(k, 0.1))
        matrix = theory.jacobian(state.n, temperature)
        assert abs(eigenvalue - (matrix[0, 0] - matrix[0, 1])) < 1e-8


@pytest.mark.parametrize("n_examples", [2, 5])
def test_examples_part_as_the_jacobian_of_all_examples_says(n_examples):
    """Against the map without a teacher, written out for every example of a sample."""
    n_neurons, k, r, t = 400, 2, 0.4, 0.3
    patterns = sample_patterns(n_neurons, k, 0.3, random_state=0)
    data = sample_dataset(patterns, r, n_examples, random_state=1, return_examples=True)
    theory = MeanField(k, 0.3, quality=r, n_examples=n_examples).quenched(patterns, data.counts)
    n = np.array([0.3, 0.1])
    eta = data.examples.astype(float)
    slope = 1 / (t * np.cosh((data.counts @ n) / (r * n_examples * t)) ** 2)
    factor = 1 / (n_neurons * r * r * n_examples * (1 + theory.rho))
    matrix = factor * np.einsum("i,ika,ikb->kab", slope, eta, eta)
    same = np.trace(matrix, axis1=1, axis2=2) / n_examples
    other = (matrix.sum(axis=(1, 2)) - same * n_examples) / (n_examples * (n_examples - 1))
    np.testing.assert_allclose(theory.example_eigenvalues(n, t), same - other, rtol=1e-12)


def test_examples_part_where_they_are_few_and_poor():
    poor, good = (MeanField(2, 0.3, quality=r, n_examples=6) for r in (0.1, 0.8))
    assert poor.example_eigenvalues(poor.ground_state(0.05).n, 0.05).max() > 1
    assert good.example_eigenvalues(good.ground_state(0.05).n, 0.05).max() < 1
    assert MeanField(2, 0.3, quality=0.5, n_examples=1).example_eigenvalues([0.1, 0.1], 0.1).max() == 0
    # the law of many neurons and that of one large sample
    patterns = sample_patterns(200_000, 2, 0.3, random_state=0)
    counts = sample_dataset(patterns, 0.1, 6, random_state=1).counts
    sample = poor.quenched(patterns, counts).example_eigenvalues([0.3, 0.1], 0.3)
    # four standard errors of a mean of 200,000 numbers below 1 / (T r^2 M (1 + rho)) in size
    allowed = 4 / (0.3 * (1 + 5 * 0.01) * np.sqrt(200_000))
    np.testing.assert_allclose(poor.example_eigenvalues([0.3, 0.1], 0.3), sample, atol=allowed)


def test_coexisting_solutions():
    stable = [state for state in MeanField(3, 0.2).solutions(0.05) if state.stable]
    np.testing.assert_allclose(stable[0].n, (0.8, 0.15945756, 0), atol=1e-8)
    np.testing.assert_allclose(stable[1].n, (0.54365835, 0.41555143, 0.28836936), atol=1e-8)
    np.testing.assert_allclose(
        [-state.free_energy for state in stable[:2]], (0.33419972, 0.27629436), atol=1e-8
    )


def test_thresholds():
    found = [hierarchical_threshold(k) for k in (2, 3, 4, 5, 10)]
    expected = (1, 0.618033988750, 0.543689012692, 0.518790063676, 0.500493118287)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    rho = (0, 0.1, 0.5, 1)
    np.testing.assert_allclose(
        [crossover_dilution(r) for r in rho], (2 / 3, 0.550964, 0.296296, 1 / 6), atol=1e-6
    )
    np.testing.assert_allclose(
        [pure_instability(d) for d in (0.2, 0.5)], (0.1601171739, 0.2872097360), atol=1e-9
    )
    np.testing.assert_allclose(parallel_instability(0.8), (0.0400805657,), atol=1e-9)
    np.testing.assert_allclose(parallel_instability(0.65), (0.1369815, 0.3272520), atol=1e-7)


@pytest.mark.parametrize("rho", [0.0, 0.1, 0.5])
def test_crossover_is_found_from_free_energies(rho):
    assert abs(crossover_from_free_energies(rho) - crossover_dilution(rho)) < 2e-3


@pytest.mark.parametrize("temperature", [0.002, 0.02, 0.1, 0.5])
def test_averages_equal_adaptive_integration(temperature):
    mean, spread = 0.2, 0.4
    found = gaussian_averages(np.array([mean]), np.array([spread]), temperature)

    def average(function):
        def integrand(z):
            return function((mean + spread * z) / temperature) * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)

        return quad(integrand, -9, 9, points=[-mean / spread], epsabs=1e-13, limit=2000)[0]

    assert abs(found.tanh[0] - average(np.tanh)) < 1e-12
    soft = temperature * average(lambda x: np.logaddexp(x, -x))
    assert abs(found.potential[0] - soft) < 1e-12


THEORIES = [
    MeanField(2, 0.3),
    MeanField(3, 0.6, rho=0.2),
    MeanField(3, 0.3, quality=0.5, n_examples=6),
]


@pytest.mark.parametrize("theory", THEORIES, ids=["clean", "gaussian", "binomial"])
@pytest.mark.parametrize("temperature", [0.03, 0.2])
def test_jacobian_and_gradient_are_derivatives(theory, temperature):
    n = np.array([0.4, 0.2, 0.1])[: theory.n_patterns]
    step = 1e-6 * np.eye(theory.n_patterns)
    slope = [(theory.step(n + e, temperature) - theory.step(n - e, temperature)) / 2e-6 for e in step]
    np.testing.assert_allclose(theory.jacobian(n, temperature), np.array(slope).T, atol=1e-7)
    fall = [
        (theory.free_energy(n + e, temperature) - theory.free_energy(n - e, temperature)) / 2e-6 for e in step
    ]
    np.testing.assert_allclose(theory.gradient(n, temperature), fall, atol=1e-8)


@pytest.mark.parametrize("theory", THEORIES, ids=["clean", "gaussian", "binomial"])
def test_map_never_raises_the_free_energy_and_solutions_are_stationary(theory):
    rng = np.random.default_rng(0)
    for _ in range(100):
        n = rng.normal(size=theory.n_patterns) * 0.5
        before = theory.free_energy(n, 0.1)
        for _ in range(10):
            n = theory.step(n, 0.1)
            after = theory.free_energy(n, 0.1)
            assert after <= before + 1e-14
            before = after
    found = theory.solutions(0.1)
    for state in found:
        assert np.abs(theory.gradient(state.n, 0.1)).max() < 1e-10
        assert found[0].free_energy <= state.free_energy + 1e-12


def test_limits():
    # one undiluted pattern is the Curie-Weiss magnet
    for t in (0.3, 0.8):
        exact = brentq(lambda m, t=t: m - np.tanh(m / t), 0.1, 1)
        assert abs(MeanField(1, 0).ground_state(t).m[0] - exact) < 1e-12
    assert MeanField(1, 0).phase(1.2) == "E"
    # perfect examples are the patterns
    same = MeanField(2, 0.3, quality=1, n_examples=5).ground_state(0.1)
    np.testing.assert_allclose(same.n, MeanField(2, 0.3).ground_state(0.1).n, atol=1e-12)
    # many examples approach storing with an error of the order of rho
    stored = MeanField(2, 0.3).ground_state(0.1).m
    errors = [np.abs(MeanField(2, 0.3, rho=rho).ground_state(0.1).m - stored).max() for rho in (0.02, 0.01)]
    assert errors[1] < 0.75 * errors[0]
    # patterns on separate neurons do not interact
    patterns = np.zeros((900, 3), int)
    for k in range(3):
        patterns[300 * k : 300 * (k + 1), k] = 1
    state = MeanField(3, 2 / 3).quenched(patterns).fixed_point(0.1, [0.3, 0.3, 0.3])
    alone = brentq(lambda m: m - np.tanh(m / 0.1) / 3, 0.1, 1)
    np.testing.assert_allclose(state.m, alone, atol=1e-12)


def test_theory_of_a_sample_approaches_that_of_many_neurons():
    annealed = MeanField(3, 0.3).ground_state(0.1)
    for n_neurons in (10_000, 1_000_000):
        patterns = sample_patterns(n_neurons, 3, 0.3, random_state=0)
        state = MeanField(3, 0.3).quenched(patterns).fixed_point(0.1, annealed.n)
        # four standard errors of a mean of N numbers below one in size, amplified by 1 / (1 - lambda)
        allowed = 4 / (np.sqrt(n_neurons) * (1 - max(annealed.eigenvalue, state.eigenvalue)))
        assert np.abs(state.m - annealed.m).max() < allowed


def test_phases_need_the_eigenvalue():
    # equal overlaps solve the equations at any temperature below the critical one; here they do not hold
    state = MeanField(2, 0.3).fixed_point(0.1, [0.3, 0.3])
    assert state.phase == "P" and not state.stable


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"n_patterns": 0, "dilution": 0.3}, "n_patterns"),
        ({"n_patterns": 2, "dilution": 1.0}, "dilution"),
        ({"n_patterns": 2, "dilution": -0.1}, "dilution"),
        ({"n_patterns": 2, "dilution": 0.3, "rho": -1}, "rho"),
        ({"n_patterns": 2, "dilution": 0.3, "quality": 0.5}, "together"),
        ({"n_patterns": 2, "dilution": 0.3, "quality": 0, "n_examples": 3}, "quality"),
        ({"n_patterns": 2, "dilution": 0.3, "quality": 0.5, "n_examples": 0}, "n_examples"),
        ({"n_patterns": 15, "dilution": 0.3}, "bytes"),
    ],
)
def test_bad_input(arguments, match):
    with pytest.raises(ValueError, match=match):
        MeanField(**arguments)


def test_a_sample_with_an_empty_pattern_is_refused():
    with pytest.raises(ValueError, match="got zeros only in pattern 1"):
        MeanField(2, 0.3).quenched([[1, 0], [-1, 0]])


def test_bad_temperature():
    with pytest.raises(ValueError, match="temperature must be a number >= 0"):
        MeanField(2, 0.3).ground_state(-0.1)
