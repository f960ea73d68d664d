"""At least one of many segments against enumeration; synapses of a neuron against counting by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from neurosci.dendrites import (
    branch_synapses,
    false_positive_prob,
    mixture_false_positives,
    nearby_synapses,
    population_false_positive,
    random_sdr,
    subsample,
)
from neurosci.dendrites._branches import branch_table
from tests.dendrites.conftest import made_up_neuron


def share_that_match(segments, a, theta):
    """Share of all patterns with a active cells that match any segment: nothing but counting."""
    patterns = np.array(list(itertools.combinations(range(segments.shape[1]), a)))
    overlaps = segments[:, patterns].sum(axis=2)
    return float((overlaps >= theta).any(axis=0).mean())


@pytest.mark.parametrize(("n", "a", "theta", "density"), [(11, 5, 3, 0.4), (12, 4, 3, 0.5), (9, 7, 4, 0.5)])
def test_any_match_is_the_share_of_all_patterns(n, a, theta, density, seed):
    """Segments of several sizes that share cells, one of which can never match."""
    segments = np.random.default_rng(seed).random((6, n)) < density
    segments[0] = False
    segments[1] = segments[2]
    exact = share_that_match(segments, a, theta)
    rate = mixture_false_positives(segments, a, theta, 40_000, random_state=seed)
    # the draws are bounded, so that 4.5 standard errors of a mean of 40,000 are what they seem
    assert abs(rate.estimate - exact) <= max(4.5 * rate.std_error, 1e-12)
    bound = sum(float(false_positive_prob(n, a, int(s), theta)) for s in segments.sum(axis=1))
    assert 0 < rate.estimate <= bound * (1 + 1e-12)


def test_copies_of_one_segment_are_one_segment():
    segments = np.repeat(random_sdr(1000, 24, 1, random_state=0).toarray(), 30, axis=0)
    rate = mixture_false_positives(segments, 30, 12, 500, random_state=0)
    assert rate.estimate == pytest.approx(float(false_positive_prob(1000, 30, 24, 12)), abs=0, rel=1e-12)
    assert rate.std_error == pytest.approx(0.0, abs=1e-12 * rate.estimate)


def test_disjoint_segments_meet_the_bound_where_two_cannot_match():
    segments = np.kron(np.eye(5, dtype=bool), np.ones((1, 20), dtype=bool))
    rate = mixture_false_positives(segments, 12, 8, 500, random_state=0)
    bound = float(population_false_positive(100, 12, 20, 8, 5, bound=True))
    assert rate.estimate == pytest.approx(bound, abs=0, rel=1e-12)


def test_random_segments_are_almost_independent(seed):
    """500 segments of 7 of 100 cells: the union bound is 7 % too high, and Eq. 8 is close."""
    estimates = []
    for part in range(12):
        segments = random_sdr(100, 7, 500, random_state=100 * seed + part)
        estimates.append(mixture_false_positives(segments, 7, 4, 2000, random_state=part).estimate)
    expected = float(population_false_positive(100, 7, 7, 4, 500))
    bound = float(population_false_positive(100, 7, 7, 4, 500, bound=True))
    error = np.std(estimates, ddof=1) / math.sqrt(12)
    # Student's t with 11 degrees of freedom: 5.5 standard errors are as rare as 4 normal ones
    assert abs(np.mean(estimates) - expected) < 5.5 * error
    assert np.mean(estimates) < 0.96 * bound


def test_segments_of_one_pattern_match_together():
    patterns = random_sdr(2048, 40, 16, random_state=0).toarray()
    ratio = []
    for each in (1, 16):
        segments = subsample(np.repeat(patterns[: 16 // each], each, axis=0), 24, random_state=1)
        rate = mixture_false_positives(segments, 40, 6, 20_000, random_state=2)
        ratio.append(rate.estimate / float(population_false_positive(2048, 40, 24, 6, 16, bound=True)))
    assert 0.99 < ratio[0] <= 1 + 1e-12
    assert ratio[1] < 0.75


def test_far_below_the_smallest_double():
    segments = random_sdr(20_000, 200, 3, random_state=0)
    rate = mixture_false_positives(segments, 300, 190, 100, random_state=0)
    exact = math.log(3) + float(false_positive_prob(20_000, 300, 200, 190, log=True))
    assert exact < -800 and rate.estimate == 0.0
    assert rate.log_estimate == pytest.approx(exact, abs=1e-9)


def test_certain_populations_and_same_seeds():
    segments = random_sdr(100, 10, 4, random_state=0)
    assert mixture_false_positives(segments, 20, 0).estimate == 1.0
    assert mixture_false_positives(segments, 20, 11).estimate == 0.0
    assert mixture_false_positives(segments, 100, 10).estimate == 1.0
    one, two, other = (mixture_false_positives(segments, 20, 3, 500, random_state=s) for s in (0, 0, 1))
    assert vars(one) == vars(two) and vars(one) != vars(other)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mixture_false_positives([[0, 2]], 1, 1), "segments must be binary"),
        (
            lambda: mixture_false_positives(np.zeros((0, 5), bool), 1, 1),
            "segments must have at least one row",
        ),
        (lambda: mixture_false_positives(np.eye(4, dtype=bool), 5, 1), "a must satisfy 0 <= a <= n_cells"),
        (lambda: mixture_false_positives(np.eye(4, dtype=bool), 2, 1.5), "theta must be an integer"),
        (lambda: mixture_false_positives(np.eye(4, dtype=bool), 2, 1, 0), "n_trials must be >= 1"),
        (lambda: branch_synapses([-1, 1], np.zeros((2, 3)), [0]), "parents must come before their children"),
        (lambda: branch_synapses([-1, 0], np.zeros((2, 2)), [0]), "positions must be finite, of shape"),
        (lambda: branch_synapses([-1, 0], np.full((2, 3), np.nan), [0]), "positions must be finite"),
        (lambda: branch_synapses([-1, 0], np.zeros((2, 3)), [2]), "synapses must be nodes from 0 to 1"),
        (lambda: branch_synapses([[-1]], np.zeros((1, 3)), [0]), "must be one-dimensional"),
        (lambda: nearby_synapses([-1, 0], np.zeros((2, 3)), [0], 0), "distance must be positive"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---------------------------------------------------------------------------------------------------- neurons


def walk(parents, positions):
    """Distances between all nodes along the tree, by walking up from each; infinity between trees."""
    n = len(parents)
    far = np.full((n, n), np.inf)
    for i in range(n):
        far[i, i] = 0.0
        if parents[i] >= 0:
            step = np.linalg.norm(positions[i] - positions[parents[i]])
            far[i, :i] = far[parents[i], :i] + step
            far[:i, i] = far[i, :i]
    return far


@pytest.mark.parametrize("neuron", [0, 1, 2])
def test_counts_are_those_of_a_walk_along_the_tree(neuron):
    tree = made_up_neuron(neuron)
    far = walk(tree.parents, tree.positions)[np.ix_(tree.inputs, tree.inputs)]
    for distance in (0.5, 4.0, 30.0):
        ours = nearby_synapses(tree.parents, tree.positions, tree.inputs, distance)
        np.testing.assert_array_equal(ours, (far <= distance).sum(axis=1))


@pytest.mark.parametrize("neuron", [0, 1, 2])
def test_branches_hold_every_synapse_and_all_of_the_length(neuron):
    tree = made_up_neuron(neuron)
    counts, lengths = branch_synapses(tree.parents, tree.positions, tree.inputs)
    steps = np.linalg.norm(tree.positions[1:] - tree.positions[tree.parents[1:]], axis=1)
    assert counts.sum() == len(tree.inputs)
    assert lengths.sum() == pytest.approx(steps.sum())
    children = np.bincount(tree.parents[1:], minlength=400)
    # each fork ends a branch and begins one for each child; the root begins one, or one for each child
    expected = children[children > 1].sum() + (children[0] == 1)
    assert abs(len(counts) - expected) <= 1


def test_two_trees_and_a_lonely_root():
    places = np.array([[0, 0, 0], [0, 0, 2], [9, 9, 9]])
    counts, lengths = branch_synapses([-1, 0, -1], places, [0, 1, 2, 2])
    assert (counts.tolist(), lengths.tolist()) == ([2, 2], [2.0, 0.0])
    assert nearby_synapses([-1, 0, -1], places, [0, 1, 2, 2], 1e6).tolist() == [2, 2, 2, 2]
    none, length = branch_synapses([-1, 0, -1], places, np.zeros(0, dtype=int))
    assert (none.tolist(), length.tolist()) == ([0], [2.0])


def test_table_of_branches():
    trees = [made_up_neuron(0), made_up_neuron(1)]
    table = branch_table(trees).set_index("neuron")
    assert list(table.index) == ["made up 0", "made up 1", "all"]
    counted = ["n_inputs", "n_branches", "n_used"]
    assert (table.loc["all", counted] == table.iloc[:2][counted].sum()).all()
    used = np.concatenate([branch_synapses(t.parents, t.positions, t.inputs)[0] for t in trees])
    assert table.loc["all", "branch_median"] == np.median(used[used > 0])
    assert table.loc["all", "branch_max"] == used.max()
