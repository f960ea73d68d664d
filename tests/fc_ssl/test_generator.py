"""The generator: what it plants is there, in closed form, and nothing else tells the classes apart."""

from __future__ import annotations

import itertools

import nilearn.glm.first_level  # noqa: F401 (its first import draws from Python's generator, which a guard watches)
import numpy as np
import pytest
from scipy import stats

from neurosci.fc_ssl import make_switching_fc
from neurosci.fc_ssl._generator import matchings, state_path

N_SIGMA = 4.5
"""Two-sided normal tail of 7e-6: with the few hundred comparisons here a false alarm in 500 runs."""


def visits(path):
    """States and lengths of the visits of one path."""
    edges = np.flatnonzero(np.diff(path)) + 1
    return path[np.r_[0, edges]], np.diff(np.r_[0, edges, len(path)])


def test_matchings_are_a_one_factorisation():
    for n in (4, 6, 8, 10):
        found = matchings(n)
        assert len(found) == n - 1
        assert all(sorted(itertools.chain(*pairs)) == list(range(n)) for pairs in found)
        assert len({frozenset(pair) for pairs in found for pair in pairs}) == n * (n - 1) // 2


def test_covariances_have_their_closed_form():
    data = make_switching_fc(2, n_times=5, random_state=0)
    for C in data.C[0]:
        # 24 contrasts within modules; 4 sums and 4 differences of coupled modules: 1 + 3s +- 4 s c
        expected = sorted([0.4] * 24 + [2.8 - 1.92] * 4 + [2.8 + 1.92] * 4)
        np.testing.assert_allclose(np.linalg.eigvalsh(C), expected, atol=1e-12)
        assert (np.diag(C) == 1).all()
        assert set(np.round(np.unique(C), 12)) == {0.0, 0.48, 0.6, 1.0}
    np.testing.assert_array_equal(data.C[0], data.C[1])
    strong = (data.C[0] == data.C[0].clip(0.47, 0.49)).sum(axis=0)
    assert strong.max() == 1  # no two states share a pair


def test_the_control_differs_in_one_block_and_is_positive_definite():
    data = make_switching_fc(2, task="static", n_times=5, random_state=0)
    difference = data.C[1] - data.C[0]
    block = (data.module[:, None] == 0) & (data.module == 7)
    np.testing.assert_allclose(difference[:, block], 0.15)
    assert not difference[:, ~(block | block.T)].any()
    # modules 0 and 7 are coupled in the first state: 2.8 - 4 (0.48 + 0.15)
    assert np.linalg.eigvalsh(data.C[1])[:, 0].min() == pytest.approx(0.28)


def test_frames_have_the_covariance_of_their_state(seed):
    data = make_switching_fc(60, n_times=400, random_state=seed)
    for state in range(4):
        rows = data.X[data.z == state].astype(float)
        C = data.C[0, state]
        found = rows.T @ rows / len(rows)
        error = np.sqrt((C**2 + np.outer(np.diag(C), np.diag(C))) / len(rows))
        # frames are independent given the states: Var(x_i x_j) = C_ij^2 + C_ii C_jj
        # 2,112 entries of four matrices: a two-sided tail of 5e-8 each is a false alarm in 10,000 runs
        assert np.abs((found - C) / error).max() < 5.45


def test_occupancy_is_uniform_in_both_classes(seed):
    data = make_switching_fc(200, n_times=300, random_state=seed)
    for label in (0, 1):
        share = np.stack([(data.z[data.y == label] == k).mean(axis=1) for k in range(4)], axis=1)
        error = share.std(axis=0, ddof=1) / np.sqrt(len(share))
        assert np.abs((share.mean(axis=0) - 0.25) / error).max() < N_SIGMA


@pytest.mark.parametrize("label", [0, 1])
def test_visits_last_one_plus_poisson(label, seed):
    mean = (15.0, 45.0)[label]
    rng = np.random.default_rng(seed)
    path = state_path("dwell", label, 200_000, 4, (15.0, 45.0), rng)
    states, lengths = visits(path)
    inner = lengths[1:-1] - 1
    assert abs(inner.mean() - (mean - 1)) < N_SIGMA * np.sqrt((mean - 1) / len(inner))
    values, counts = np.unique(inner, return_counts=True)
    expected = stats.poisson.pmf(values, mean - 1) * len(inner)
    kept = expected >= 5
    chi = ((counts[kept] - expected[kept]) ** 2 / expected[kept]).sum()
    assert stats.chi2.sf(chi, kept.sum() - 1) > 1e-5
    step = (states[1:] - states[:-1]) % 4
    assert stats.chisquare(np.bincount(step, minlength=4)[1:]).pvalue > 1e-5


def test_first_visits_are_cut_uniformly(seed):
    rng = np.random.default_rng(seed)
    first = np.array([visits(state_path("dwell", 0, 60, 4, (15.0, 45.0), rng))[1][0] for _ in range(4000)])
    # uniform on 1 ... L for L = 1 + Poisson(14): P(first = k) = E[1(L >= k) / L]
    lengths = np.arange(1, 80)
    weight = stats.poisson.pmf(lengths - 1, 14.0)
    expected = 4000 * np.array([(weight[lengths >= k] / lengths[lengths >= k]).sum() for k in lengths])
    kept = expected >= 5
    counts = np.bincount(first, minlength=80)[1:80]
    chi = ((counts[kept] - expected[kept]) ** 2 / expected[kept]).sum()
    assert stats.chi2.sf(chi, kept.sum() - 1) > 1e-5


def test_class_one_of_order_is_a_reversed_path_of_class_zero(seed):
    paths = [
        state_path("order", label, 500, 4, (15.0, 45.0), np.random.default_rng(seed)) for label in (0, 1)
    ]
    np.testing.assert_array_equal(paths[0][::-1], paths[1])
    for path, step in zip(paths, (1, 3), strict=True):
        states, _ = visits(path)
        assert set((states[1:] - states[:-1]) % 4) == {step}


def test_what_ignores_order_has_one_law_in_both_classes_of_order(seed):
    data = make_switching_fc(400, task="order", n_times=240, random_state=seed)
    switches = (np.diff(data.z, axis=1) != 0).sum(axis=1)
    largest = np.stack([(data.z == k).mean(axis=1) for k in range(4)]).max(axis=0)
    total = np.linalg.norm(np.einsum("nti,ntj->nij", data.X, data.X), axis=(1, 2))
    for values in (switches, largest, total):
        assert stats.ks_2samp(values[data.y == 0], values[data.y == 1]).pvalue > 1e-5


def test_order_is_in_the_signed_transitions():
    data = make_switching_fc(40, task="order", n_times=240, random_state=0)
    forward = ((data.z[:, 1:] - data.z[:, :-1]) % 4 == 1).sum(axis=1)
    backward = ((data.z[:, 1:] - data.z[:, :-1]) % 4 == 3).sum(axis=1)
    np.testing.assert_array_equal(forward > backward, data.y == 0)


def test_noise_and_response_keep_shapes_and_variance(seed):
    data = make_switching_fc(40, n_times=300, hrf=True, noise=0.5, random_state=seed)
    assert data.X.shape == (40, 300, 32) and data.z.shape == (40, 300) and data.X.dtype == np.float32
    variance = data.X.astype(float).var(axis=1).mean(axis=1)
    # 1 of the signal and 0.25 of the noise, less what the mean of 300 frames takes out, of which about 6 go
    # together: 2 %; the standard error over 40 scans is below 1 %
    assert 1.25 * (1 - 0.02 - 0.03) < variance.mean() < 1.25 * (1 + 0.03)
    lag = np.mean(data.X[:, 1:] * data.X[:, :-1]) / np.mean(data.X**2)
    assert lag > 0.4
    # every frame alike: the response to frames before the first is whole
    early, late = data.X[:, :10].var(), data.X[:, -100:].var()
    assert early == pytest.approx(late, rel=0.25)


def test_classes_are_balanced_and_the_seed_fixes_all():
    a, b = (make_switching_fc(11, n_times=30, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(a.X, b.X)
    assert a.y.sum() == 5
    assert not np.array_equal(a.X, make_switching_fc(11, n_times=30, random_state=4).X)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": "dwelling"}, "task must be one of"),
        ({"n_subjects": 1}, "n_subjects must be an integer of at least 2"),
        ({"n_times": 30.5}, "n_times must be an integer"),
        ({"n_modules": 7}, "n_modules must be even"),
        ({"n_states": 8}, "n_states must be below n_modules"),
        ({"n_states": 2, "task": "order"}, "n_states must be an integer of at least 3"),
        ({"dwell": (0.5, 4)}, "dwell must be two means"),
        ({"dwell": (5,)}, "dwell must be two means"),
        ({"coupling": 1.5}, "positive definite covariances, got a smallest eigenvalue"),
        ({"noise": -1}, "noise must be at least 0"),
        ({"noise_autocorrelation": 1}, "noise_autocorrelation must be between"),
        ({"t_r": 0}, "t_r must be a positive number"),
    ],
)
def test_bad_arguments(changes, words):
    with pytest.raises(ValueError, match=f"make_switching_fc: .*{words}"):
        make_switching_fc(**{"n_subjects": 4, "n_times": 30, **changes})
