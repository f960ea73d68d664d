"""Choice of the number of states, metrics, and the generator's own distributions."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from neurosci.hmm_glm import (
    BlockTimeSeriesSplit,
    ExponentialBasis,
    PoissonHMM,
    adjacency_balanced_accuracy,
    cross_val_nats,
    dwell_times,
    eq8_adjacency,
    make_onehot_hmmglm,
    make_subpopulation_hmmglm,
    match_states,
    select_n_states,
    start_stability,
    state_accuracy,
    threshold_adjacency,
    weight_error,
)
from neurosci.hmm_glm._selection import block_folds, one_standard_error


def switching_rates(seed, n_bins=3000):
    rng = np.random.default_rng(seed)
    rates = np.array([[0.2, 1.5, 0.4], [1.4, 0.2, 0.5], [0.3, 0.3, 2.5]])
    states = np.repeat(rng.integers(0, 3, n_bins // 50), 50)
    return rng.poisson(rates[states]), states


def test_the_number_of_states_is_found(seed):
    X, states = switching_rates(seed)
    model = PoissonHMM(n_init=4, random_state=seed)
    found = select_n_states(model, X, [1000, 2000], candidates=(1, 2, 3, 4), n_splits=4)
    assert found.best_one_se == 3
    assert found.best_bic == 3
    assert found.scores.shape == (4, 4)
    assert found.stability[2] > 0.8
    assert found.occupancy[2].sum() == pytest.approx(1)
    path = PoissonHMM(3, n_init=4, random_state=seed).fit(X).predict(X)
    assert state_accuracy(states, path, match_states(states, path)) > 0.9
    assert start_stability(PoissonHMM(3, n_init=3, random_state=seed), X) > 0.8


def test_folds_keep_their_distance_and_cover_everything_once():
    edges = np.array([0, 40, 100])
    held = []
    for train, test in block_folds(edges, 5, 4, 1):
        bins = np.concatenate([np.arange(a, b) for a, b in train])
        out = np.concatenate([np.arange(a, b) for a, b in test])
        held.append(out)
        assert np.abs(bins[:, None] - out).min() > 4
        for a, b in (*train, *test):
            assert not (a < 40 < b)
    np.testing.assert_array_equal(np.concatenate(held), np.arange(100))


def test_splitter_works_with_scikit_learn(seed):
    from sklearn.linear_model import PoissonRegressor
    from sklearn.model_selection import cross_val_score

    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(60, 2)), rng.poisson(1.0, 60)
    assert len(cross_val_score(PoissonRegressor(), X, y, cv=BlockTimeSeriesSplit(4, gap=2))) == 4
    with pytest.raises(ValueError, match="BlockTimeSeriesSplit: X must have at least"):
        next(BlockTimeSeriesSplit(4, gap=20).split(X))
    with pytest.raises(ValueError, match="n_splits must be a whole number >= 2"):
        BlockTimeSeriesSplit(1)


def test_one_standard_error_is_of_paired_differences():
    blocks = np.array([0.0, 10.0, -10.0, 5.0])
    noise = np.array([0.1, -0.1, 0.05, -0.05])
    scores = np.array([blocks - 1.0, blocks - 0.01 + noise, blocks])
    # blocks differ by tens, models by hundredths: unpaired errors would choose the first
    assert one_standard_error([1, 2, 3], scores) == 2


def test_cross_validation_refuses_what_it_cannot_split():
    X, _ = switching_rates(0, 60)
    with pytest.raises(ValueError, match="cross_val_nats: n_splits must leave pieces"):
        cross_val_nats(PoissonHMM(2, n_init=1), X + 1, n_splits=20)


def test_strengths_are_chosen_where_a_neuron_is_silent_in_the_inner_part():
    """Its only spikes are in the sequence that chooses."""
    from neurosci.hmm_glm import _contenders as contenders

    rng = np.random.default_rng(0)
    X = rng.poisson(0.5, (600, 3)).astype(np.uint8)
    lengths = np.full(5, 120)
    X[:480, 1] = 0
    split = contenders.Split(X, lengths, X, lengths)
    settings = {"n_init": 1, "max_iter": 3, "link": "softplus", "basis": ExponentialBasis()}
    found = contenders.fit("GHG-L1", split, 2, random_state=np.random.default_rng(1), **settings)
    assert set(found.chosen) == {"prior_scale", "l1_strength"}
    assert found.coef.shape == (2, 3, 3)


def test_the_one_hot_model_begins_where_the_plain_one_ends(small):
    from neurosci.hmm_glm import _contenders as contenders

    split = contenders.Split(small.X, small.lengths, small.X, small.lengths)
    settings = {"n_init": 2, "max_iter": 4, "link": small.link, "basis": small.basis}
    fits = [
        contenders.fit(name, split, 3, random_state=np.random.default_rng(1), **settings)
        for name in ("HG", "OHG", "HG")
    ]
    np.testing.assert_array_equal(fits[1].start_ll, fits[0].start_ll)
    np.testing.assert_array_equal(fits[2].coef, fits[0].coef)
    assert fits[0].estimator.prior == "none"
    assert fits[1].estimator.adjacency_proba_.shape == (3, 7, 7, 3)


def test_matching_undoes_any_permutation(seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 5, 400)
    permutation = rng.permutation(5)
    fitted = permutation[truth]
    np.testing.assert_array_equal(match_states(truth, fitted), permutation)
    assert state_accuracy(truth, fitted, permutation) == 1
    with pytest.raises(ValueError, match="match_states: states must have the shape"):
        match_states(truth, fitted[:-1])
    with pytest.raises(ValueError, match="n_states must be >= 5"):
        match_states(truth, fitted, 2)


def test_balanced_accuracy_is_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    truth, found = rng.integers(-1, 2, (2, 4, 6, 6))
    expected = balanced_accuracy_score(truth.ravel(), found.ravel())
    assert adjacency_balanced_accuracy(truth, found) == pytest.approx(expected, rel=1e-14)
    proba = np.eye(3)[found + 1]
    assert adjacency_balanced_accuracy(truth, proba) == pytest.approx(expected, rel=1e-14)


def test_degrees_of_eq_8(seed):
    w = np.random.default_rng(seed).normal(size=(3, 5, 5))
    degrees = eq8_adjacency(w)
    np.testing.assert_allclose(degrees.sum(axis=-1), 1)
    np.testing.assert_allclose(degrees[w > 0][:, 2], w[w > 0] / w.max())
    np.testing.assert_allclose(degrees[w < 0][:, 0], w[w < 0] / w.min())
    np.testing.assert_array_equal(threshold_adjacency(w, 0.5), degrees.argmax(axis=-1) - 1)
    np.testing.assert_array_equal(eq8_adjacency(np.zeros((2, 2)))[..., 1], 1)
    assert weight_error(w, w + 1e-4) == pytest.approx(1)


def test_visits_end_at_edges():
    assert [v.tolist() for v in dwell_times([1, 1, 1, 0, 0], [2, 3])] == [[2], [2, 1]]


def test_generator_has_the_distributions_of_the_paper():
    data = make_onehot_hmmglm(n_neurons=60, n_bins=500, n_sequences=20, random_state=0)
    n = data.coef.size
    shares = [np.mean(data.adjacency == kind) for kind in (-1, 0, 1)]
    # edges share their prior over 5 states: 3600 independent ones, 4 standard errors
    np.testing.assert_allclose(shares, [0.1, 0.8, 0.1], atol=4 * np.sqrt(0.16 / 3600))
    logs = np.log(data.strength)
    assert logs.mean() == pytest.approx(-5, abs=4 * np.sqrt(1.5 / n))
    assert logs.var() == pytest.approx(1.5, rel=4 * np.sqrt(2 / n))
    assert data.intercept.var() == pytest.approx(0.0008, rel=4 * np.sqrt(2 / 60))
    np.testing.assert_array_equal(data.coef, data.adjacency * data.strength)
    np.testing.assert_allclose(data.transmat, 0.005 + 0.975 * np.eye(5))
    assert data.basis.kernel.sum() == pytest.approx(20)
    assert np.diff(np.sort(np.unique(data.states))).tolist() == [1] * 4
    stays = np.mean(data.states.reshape(20, 500)[:, 1:] == data.states.reshape(20, 500)[:, :-1])
    assert stays == pytest.approx(0.98, abs=4 * np.sqrt(0.02 / 9980))


def test_generated_spikes_follow_the_model():
    """Residuals of counts have mean 0 given the past, state by state, and the variance of Poisson counts."""
    from neurosci.preprocessing.spikes import history_design

    data = make_onehot_hmmglm(n_neurons=6, n_states=2, n_bins=5000, n_sequences=2, random_state=1)
    h = history_design(data.X, data.basis, data.lengths)
    rate = 1 / (1 + np.exp(-(np.einsum("td,tnd->tn", h, data.coef[data.states]) + data.intercept)))
    z = (data.X - rate) / np.sqrt(rate)
    assert np.abs(z.mean(axis=0)).max() < 4 / np.sqrt(10_000)
    assert np.abs((z * h).mean(axis=0) / h.std(axis=0)).max() < 4.5 / np.sqrt(10_000) * 4
    # fourth moment of a Poisson count: variance of z**2 is 2 + 1 / rate
    assert np.abs((z**2).mean(axis=0) - 1).max() < 4 * np.sqrt((2 + 1 / rate.min()) / 10_000)


def test_groups_are_separate_and_joint_states_are_theirs():
    data = make_subpopulation_hmmglm(
        n_groups=2, n_neurons=3, n_states=3, n_bins=200, n_sequences=2, random_state=0
    )
    np.testing.assert_array_equal(data.states, 3 * data.group_states[:, 0] + data.group_states[:, 1])
    assert data.coef.shape == (9, 6, 6)
    across = data.groups[:, None] != data.groups
    assert (data.coef[:, across] == 0).all()
    np.testing.assert_array_equal(data.coef[3][:3, :3], data.coef[5][:3, :3])
    np.testing.assert_allclose(data.transmat.sum(axis=1), 1)
    assert data.transmat[0, 0] == pytest.approx(0.99**2)


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_neurons", 0), ("n_bins", 2.5), ("link", "relu"), ("switch_probability", 0.5),
     ("concentration", (1, 2)), ("strength_variance", -1.0), ("random_state", "a")],
)  # fmt: skip
def test_generator_names_what_is_wrong(name, value):
    with pytest.raises((ValueError, TypeError), match=name):
        make_onehot_hmmglm(**{name: value})
