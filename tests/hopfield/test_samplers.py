"""Samplers against enumeration of all states, detailed balance, and exact bookkeeping."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, chi2, kstest

from neurosci.hopfield import (
    ClassGibbs,
    LittleDynamics,
    MultitaskingHopfield,
    OtherMeasureWarning,
    monte_carlo_mean,
    sample_dataset,
    sample_patterns,
)
from neurosci.hopfield import _kernels as kernels
from neurosci.hopfield._classes import distinct_rows

DYNAMICS = ("glauber", "metropolis", "block_gibbs", "class_gibbs")


def network_of(small, dynamics="glauber", **settings):
    given = {"n_sweeps": 50_000, "n_replicas": 8, "random_state": 0} | settings
    return MultitaskingHopfield(temperature=small["temperature"], dynamics=dynamics, **given).fit(
        small["patterns"]
    )


def assert_measure(small, overlaps, energy):
    p = small["probability"]
    for series, exact in (
        *((np.abs(overlaps[:, :, k]), p @ np.abs(small["overlaps"][:, k])) for k in range(3)),
        *((overlaps[:, :, k] ** 2, p @ small["overlaps"][:, k] ** 2) for k in range(3)),
        (energy, p @ small["energy"]),
    ):
        found = monte_carlo_mean(series)
        assert abs(found.value - exact) <= 4 * found.standard_error, (found, exact)


@pytest.mark.slow
@pytest.mark.parametrize("scan", ["systematic", "random"])
@pytest.mark.parametrize("dynamics", ["glauber", "metropolis"])
def test_single_spin_dynamics_sample_the_enumerated_measure(small, dynamics, scan):
    trace = network_of(small, dynamics, scan=scan).sample()
    assert_measure(small, trace.overlaps, trace.energy)


@pytest.mark.slow
@pytest.mark.parametrize("dynamics", ["block_gibbs", "class_gibbs"])
def test_block_dynamics_sample_the_enumerated_measure(small, dynamics):
    trace = network_of(small, dynamics).sample()
    assert_measure(small, trace.overlaps, trace.energy)


def occupation_test(small, states):
    """p of a chi-square test of how many spins of the largest class point up, against enumeration."""
    member = np.unique(small["patterns"], axis=0, return_inverse=True)[1].ravel()
    largest = np.bincount(member).argmax()
    inside = member == largest
    exact = np.bincount(
        (small["states"][:, inside] == 1).sum(axis=1),
        weights=small["probability"],
        minlength=inside.sum() + 1,
    )
    seen = np.bincount((states[:, inside] == 1).sum(axis=1), minlength=len(exact))
    expected = exact * len(states)
    return chi2.sf(((seen - expected) ** 2 / expected).sum(), len(exact) - 1)


@pytest.mark.parametrize("dynamics", DYNAMICS)
def test_last_states_have_the_enumerated_occupations(small, dynamics):
    # the last states of many short copies are independent draws
    states = network_of(small, dynamics, n_sweeps=30, burn_in=0, n_replicas=4000).sample(every=30).states
    assert occupation_test(small, states) > 1e-3


def test_little_dynamics_samples_another_measure(small):
    little = LittleDynamics(network_of(small))
    with pytest.warns(OtherMeasureWarning, match="Gibbs measure"):
        overlaps = little.sample(np.ones((200, 12), np.int8), 400, random_state=0)[:, 100:]
    found = monte_carlo_mean((overlaps**2).sum(axis=2))
    exact = small["probability"] @ (small["overlaps"] ** 2).sum(axis=1)
    assert abs(found.value - exact) > 4 * found.standard_error


def transitions(small, kernel_field):
    """Largest violation of detailed balance over all 4096 states and 12 spins, relative to the flow."""
    rows = small["patterns"].astype(np.int32)
    own = (rows.astype(np.int64) ** 2).sum(axis=1)
    beta, worst = 1 / small["temperature"], 0.0
    index = (small["states"] > 0) @ (1 << np.arange(12)[::-1])
    probability = np.empty(4096)
    probability[index] = small["probability"]
    for state, code in zip(small["states"], index, strict=True):
        overlaps = rows.T.astype(np.int64) @ state
        for i in range(12):
            field = kernel_field(rows, own, overlaps, int(state[i]), i) / 12
            up = kernels.chance_up(field, beta)
            leave = 1 - up if state[i] == 1 else up
            flip = kernels.chance_flip(field, int(state[i]), beta)
            other = code ^ (1 << (11 - i))
            back_state, back_overlaps = -state[i], overlaps - 2 * rows[i] * state[i]
            back_field = kernel_field(rows, own, back_overlaps, int(back_state), i) / 12
            back_up = kernels.chance_up(back_field, beta)
            back = 1 - back_up if back_state == 1 else back_up
            back_flip = kernels.chance_flip(back_field, int(back_state), beta)
            for forth, home in ((leave, back), (flip, back_flip)):
                worst = max(worst, abs(probability[code] * forth - probability[other] * home))
    return worst


def test_detailed_balance_of_every_transition(small):
    assert transitions(small, kernels.field_of) < 1e-12


def test_the_check_fails_when_the_own_term_is_left_in(small):
    def wrong(rows, own, overlaps, spin, i):
        return kernels.field_of(rows, own, overlaps, spin, i) + own[i] * spin

    assert transitions(small, wrong) > 1e-5


@pytest.mark.parametrize("n_replicas", [1, 8])
def test_overlaps_never_drift(n_replicas):
    patterns = sample_patterns(500, 4, 0.3, random_state=0)
    network = MultitaskingHopfield(
        temperature=0.5, n_sweeps=1000, burn_in=0, n_replicas=n_replicas, random_state=1
    ).fit(patterns)
    trace = network.sample(every=1000)
    exact = trace.states.astype(np.int64) @ patterns.astype(np.int64)
    np.testing.assert_array_equal(np.rint(trace.overlaps[:, -1] * 500), exact)
    assert np.abs(trace.overlaps[:, -1] * 500 - exact).max() < 1e-9


@pytest.mark.parametrize("learning", ["storing", "supervised", "unsupervised"])
def test_low_rank_field_equals_the_dense_one(learning):
    patterns = sample_patterns(60, 3, 0.4, random_state=0)
    data = sample_dataset(patterns, 0.6, 7, random_state=1, return_examples=True)
    network = MultitaskingHopfield(learning, quality=0.6).fit(
        patterns if learning == "storing" else data.examples
    )
    state = np.where(np.random.default_rng(2).random((5, 60)) < 0.5, -1, 1)
    dense = network.dense_couplings()
    assert np.abs(np.diag(dense)).max() == 0
    np.testing.assert_allclose(network.local_field(state), state @ dense, atol=1e-12)
    np.testing.assert_allclose(network.couplings() @ state[0], dense @ state[0], atol=1e-12)
    # the formulas of the couplings, written out
    eta = data.examples.astype(float)
    rho = (1 - 0.36) / (7 * 0.36)
    bar = eta.sum(axis=2) / (0.6 * 7)
    written = {
        "storing": patterns.astype(float) @ patterns.T / 60,
        "supervised": bar @ bar.T / (60 * (1 + rho)),
        "unsupervised": np.einsum("ika,jka->ij", eta, eta) / (60 * 7 * 0.36 * (1 + rho)),
    }[learning]
    np.fill_diagonal(written, 0)
    np.testing.assert_allclose(dense, written, atol=1e-12)


@pytest.mark.parametrize(("n", "p"), [(5, 0.3), (40, 0.5), (1000, 0.02), (10**6, 0.37), (30, 0.97)])
def test_binomial_numbers_follow_their_law(n, p):
    word, drawn = np.uint64(11), np.empty(20_000, np.int64)
    for i in range(len(drawn)):
        drawn[i], word = kernels.binomial(n, p, np.uint64(word))
    # a randomised distribution function is uniform
    spread = np.random.default_rng(0).random(len(drawn)) * binom.pmf(drawn, n, p)
    assert kstest(binom.cdf(drawn - 1, n, p) + spread, "uniform").pvalue > 1e-3


def test_the_class_sampler_counts_changed_spins_as_block_gibbs_does():
    patterns = sample_patterns(600, 2, 0.6, random_state=0)
    found = {
        dynamics: MultitaskingHopfield(
            temperature=0.3, dynamics=dynamics, n_sweeps=2000, burn_in=200, random_state=0
        )
        .fit(patterns)
        .sample("hierarchical")
        .acceptance
        for dynamics in ("block_gibbs", "class_gibbs")
    }
    # a share of 1.2 million redrawn spins, ten of which may count as one where sweeps resemble each other
    assert abs(found["block_gibbs"] - found["class_gibbs"]) < 4 * np.sqrt(2 * 10 * 0.25 / (2000 * 600))


@pytest.mark.parametrize("size", [2, 2**20])
def test_distinct_rows_equal_those_of_numpy(size):
    # the second does not fit one number per row
    rows = np.random.default_rng(0).integers(-size, size + 1, (300, 4)) // max(size // 2, 1)
    rows[:50] *= max(size // 2, 1)
    distinct, member, counts = distinct_rows(rows)
    np.testing.assert_array_equal(distinct[member], rows)
    np.testing.assert_array_equal(np.bincount(member), counts)
    assert len(distinct) == len(np.unique(rows, axis=0))


def test_class_sampler_and_glauber_agree():
    patterns = sample_patterns(1000, 3, 0.3, random_state=0)
    glauber = MultitaskingHopfield(temperature=0.1, n_sweeps=2000, n_replicas=4, random_state=0).fit(patterns)
    single = glauber.sample(init="hierarchical").summary()
    start = [found.value for found in single]
    series = ClassGibbs(patterns).sample(0.1, n_sweeps=20_000, burn_in=100, start=start, random_state=1)
    for k, found in enumerate(single):
        other = monte_carlo_mean(series[:, k])
        error = np.hypot(found.standard_error, other.standard_error)
        assert abs(found.value - other.value) < 4 * error


def test_retrieval_never_raises_the_energy_and_ends_in_a_minimum():
    patterns = sample_patterns(300, 3, 0.3, random_state=0)
    network = MultitaskingHopfield(random_state=0).fit(patterns)
    first = network.set_params(n_replicas=6).initial_states("random")
    last = network.retrieve(first)
    assert (network.energy(last) <= network.energy(first)).all()
    assert (network.local_field(last) * last >= 0).all()
    np.testing.assert_array_equal(network.retrieve(last), last)


def test_ties_are_drawn_or_kept():
    patterns = np.zeros((400, 1), int)
    patterns[:2] = 1
    state = np.ones(400, int)
    kept = MultitaskingHopfield(temperature=0, ties="keep", n_sweeps=1, burn_in=0, random_state=0)
    drawn = MultitaskingHopfield(temperature=0, ties="random", n_sweeps=1, burn_in=0, random_state=0)
    assert (kept.fit(patterns).sample(init=state).states == 1).all()
    # 398 fair coins: four standard deviations are 40
    assert abs(int(drawn.fit(patterns).sample(init=state).states[0, 2:].sum())) < 80


def test_same_seed_same_numbers():
    patterns = sample_patterns(200, 2, 0.3, random_state=0)
    for dynamics in DYNAMICS:
        traces = [
            MultitaskingHopfield(dynamics=dynamics, n_sweeps=20, burn_in=5, random_state=seed)
            .fit(patterns)
            .sample()
            .overlaps
            for seed in (1, 1, 2)
        ]
        np.testing.assert_array_equal(traces[0], traces[1])
        assert not np.array_equal(traces[0], traces[2])
