"""Splits, scores, summaries and tests of decoders; what leaks add, and what labels without meaning give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, ttest_rel, wilcoxon
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline

from neurosci.du_in import (
    ChannelSelector,
    DuINClassifier,
    SyntheticSEEG,
    WindowMeanClassifier,
    compare_methods,
    evaluate,
    permutation_null,
    published_aggregates,
    published_split,
    published_table,
    summarize_scores,
)
from neurosci.du_in._cells import World, leak
from neurosci.du_in._evaluation import permuted, reseeded, scores_of


class Recorder(ClassifierMixin, BaseEstimator):
    """Remembers the trials that it was fitted on and predicts the first sample of a trial."""

    seen: list = []  # noqa: RUF012 (shared between clones on purpose)

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        Recorder.seen.append((self.random_state, X[:, 0, 0].astype(int).tolist()))
        return self

    def predict_proba(self, X):
        code = np.searchsorted(self.classes_, X[:, 1, 0])
        return np.eye(len(self.classes_))[np.minimum(code, len(self.classes_) - 1)]


@pytest.fixture
def table():
    """Thirty trials of three classes in five blocks; channel 0 is the trial, channel 1 the class."""
    y = np.tile([0, 1, 2], 10)
    X = np.zeros((30, 2, 4))
    X[:, 0] = np.arange(30)[:, None]
    X[:, 1] = y[:, None]
    Recorder.seen = []
    return X, y, np.arange(30) // 6


# ------------------------------------------------------------------------------------------------- splits


def test_published_split_has_its_sizes(seed):
    y = np.repeat(np.arange(61), 50)
    parts = published_split(y, random_state=seed)
    assert [len(part) for part in parts] == [2440, 305, 305]
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(len(y)))
    assert set(np.bincount(y[parts[0]])) == {40}
    # validation and test are halved at random, so that their classes are not balanced
    assert len(set(np.bincount(y[parts[2]], minlength=61))) > 1
    np.testing.assert_array_equal(parts[0], published_split(y, random_state=seed)[0])
    assert not np.array_equal(parts[0], published_split(y, random_state=seed + 1)[0])


def test_blocks_are_never_divided(table):
    X, y, blocks = table
    scores = evaluate(Recorder(), X, y, cv=5, groups=blocks, seeds=(0, 1))
    assert len(scores) == len(Recorder.seen) == 10
    for row, (seed, train) in zip(scores.itertuples(), Recorder.seen, strict=True):
        assert seed == row.seed
        held_out = set(range(30)) - set(train)
        assert len({blocks[i] for i in held_out}) == 1 == len(held_out) // 6
        assert (row.n_train, row.n_test, row.n_classes) == (24, 6, 3)
    assert (scores["accuracy"] == 1).all() and (scores["balanced_accuracy"] == 1).all()


def test_every_trial_is_tested_once_per_seed_and_subject(table):
    X, y, _ = table
    subjects = np.repeat(["a", "b"], 15)
    scores = evaluate(Recorder(), X, y, cv=3, subjects=subjects, seeds=(0, 5))
    assert scores.groupby(["subject", "seed"])["n_test"].sum().tolist() == [15] * 4
    for name, rows in scores.groupby("subject"):
        mine = set(np.flatnonzero(subjects == name))
        seen = [set(train) for _, train in Recorder.seen[rows.index[0] : rows.index[-1] + 1]]
        assert all(train < mine for train in seen)


def test_a_splitter_and_the_published_split(table):
    X, y, blocks = table
    assert len(evaluate(Recorder(), X, y, cv=GroupKFold(5), groups=blocks)) == 5
    (row,) = evaluate(Recorder(), X, y, cv="published").itertuples()
    assert (row.n_train, row.n_test) == (24, 3)


def test_bad_splits_and_labels(table):
    X, y, blocks = table

    class Alternate:
        def split(self, X, y=None, groups=None):
            return [(np.arange(0, len(X), 2), np.arange(1, len(X), 2))]

    cases = [
        ({"cv": Alternate(), "groups": blocks}, "groups must not be divided"),
        ({"cv": 6, "groups": blocks}, "at most the number of blocks, 5, got 6"),
        ({"cv": 11}, "at most the number of trials of a class, 10, got 11"),
        ({"cv": 1}, "at least 2 folds"),
        ({"cv": "blocks"}, "'published' or a splitter, got 'blocks'"),
        ({"groups": blocks[:-1]}, "groups must have one value for each of 30 trials"),
        ({"subjects": blocks[:, None]}, "subjects must have one value for each of 30 trials"),
        ({"seeds": ()}, "seeds must hold at least one seed"),
    ]
    for settings, words in cases:
        with pytest.raises(ValueError, match=f"evaluate: .*{words}"):
            evaluate(Recorder(), X, y, **settings)
    with pytest.raises(ValueError, match="at least 2 trials of each class, got 1 of 9 and of 1 more"):
        evaluate(Recorder(), X, np.where(np.arange(30) < 2, [9, 10] * 15, y))
    with pytest.raises(ValueError, match="n_permutations must be >= 1"):
        permutation_null(Recorder(), X, y, n_permutations=0)


# ------------------------------------------------------------------------------------------------- scores


def test_scores_against_their_definitions(seed):
    rng = np.random.default_rng(seed)
    n_classes = 7
    y = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=60)])
    probability = rng.dirichlet(np.ones(n_classes), len(y))
    found = scores_of(y, probability, np.arange(n_classes), 5)
    guess = probability.argmax(axis=1)
    chosen = probability[np.arange(len(y)), y]
    assert found["accuracy"] == (guess == y).mean()
    assert found["top_k"] == ((probability > chosen[:, None]).sum(axis=1) < 5).mean()
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(y, guess), abs=1e-12)
    # the logarithm is that of float64 numbers, far from the clipping at 2e-16
    assert found["cross_entropy"] == pytest.approx(-np.log(chosen).mean(), rel=1e-9)


def test_a_class_that_training_lacked_counts_as_wrong():
    found = scores_of(
        np.array([0, 1, 2]), np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]), np.array([0, 1]), 5
    )
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["n_classes"] == 3
    assert found["cross_entropy"] > 10


def test_every_seed_of_a_pipeline_is_set():
    pipeline = make_pipeline(ChannelSelector(method="ablation", estimator=DuINClassifier()), DuINClassifier())
    model = reseeded(pipeline, 7)
    assert {v for k, v in model.get_params().items() if k.endswith("random_state")} == {7}
    assert pipeline.get_params()["duinclassifier__random_state"] is None
    WindowMeanClassifier().set_params(**reseeded(WindowMeanClassifier(), 3).get_params())


# ------------------------------------------------------------------------------------- summaries and tests


def test_summaries_average_within_subjects_first():
    scores = pd.DataFrame(
        {
            "method": ["a"] * 5 + ["b"] * 2,
            "subject": [1, 1, 1, 2, 2, 1, 2],
            "accuracy": [0.1, 0.2, 0.3, 0.8, 0.6, 0.5, 0.5],
        }
    )
    a, b = summarize_scores(scores, by=("method",)).itertuples()
    assert (a.mean, b.mean) == (pytest.approx(0.45), 0.5)
    assert a.sd == pytest.approx(np.std([0.2, 0.7], ddof=1))
    assert a.se_published == pytest.approx(np.std([0.2, 0.7]) / np.sqrt(2))
    assert (b.sd, a.n_subjects) == (0, 2)


def test_published_errors_are_population_errors():
    """Every printed mean to 0.02 and every printed error to 0.01, from the printed subjects."""
    subjects = published_table("subjects")
    summary = summarize_scores(subjects, by=("method",)).set_index("method")
    printed = published_table("methods").set_index("method").loc[summary.index]
    # both with the two decimals that are printed: that of EEG-Conformer is printed as 45.82 and is 45.80
    assert (summary["mean"].round(2) - printed["mean"]).abs().max() <= 0.02 + 1e-9
    assert (summary["se_published"] - printed["ste"]).abs().max() <= 0.01
    assert len(summary) == len(published_aggregates()) == 16


def test_paired_numbers_of_the_published_table():
    """The paired statistics that the specification gives, with their printed digits."""
    expected = [
        ("Du-IN (mae)", "Du-IN", 6.42, 1.10, 12, 0.0005),
        ("Du-IN (vqvae)", "Du-IN", 1.95, 0.56, 11, 0.005),
        ("Du-IN (vqvae+vq)", "Du-IN", -12.12, 1.80, 0, None),
        ("Du-IN (mae)", "Du-IN (vqvae)", 4.47, 0.63, 12, None),
        ("Du-IN (mae)", "Du-IN (poms)", 3.52, 1.02, 9, 0.007),
    ]
    found = compare_methods(published_table("subjects"), [(a, b) for a, b, *_ in expected])
    for row, (_, _, difference, se, n_up, p) in zip(found.itertuples(), expected, strict=True):
        # accuracies are printed with two decimals, so that means are good to 0.01
        assert row.difference == pytest.approx(difference, abs=0.011)
        assert row.se == pytest.approx(se, abs=0.0051)
        assert (row.n_up, row.n) == (n_up, 12)
        if p is not None:
            assert float(f"{row.p_wilcoxon:.1g}") == p
        assert row.low < row.difference < row.high
        assert row.p_holm >= row.p


def test_pairs_against_other_libraries(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(0.6, 0.1, 12), rng.normal(0.5, 0.1, 12)
    scores = pd.DataFrame(
        {"method": ["a"] * 12 + ["b"] * 12, "subject": [*range(12)] * 2, "accuracy": [*a, *b]}
    ).sample(frac=1, random_state=seed)
    row = compare_methods(scores, [("a", "b")]).iloc[0]
    assert row["p_wilcoxon"] == pytest.approx(wilcoxon(a, b).pvalue, rel=1e-12)
    t = ttest_rel(a, b)
    assert row["difference"] / row["se"] == pytest.approx(t.statistic, rel=1e-9)


# -------------------------------------------------------------------------------------- null and leaks


def test_labels_are_exchanged_within_blocks():
    y, blocks = np.tile([0, 1, 2], 10), np.arange(30) // 6
    shuffled = permuted(y, blocks, np.random.default_rng(0))
    assert not np.array_equal(shuffled, y)
    for block in range(5):
        assert sorted(shuffled[blocks == block]) == sorted(y[blocks == block])


def test_the_whole_pipeline_is_at_chance_with_permuted_labels(generator):
    trials = generator.trials(10)
    pipeline = make_pipeline(
        ChannelSelector(3, method="anova"), WindowMeanClassifier(generator.sfreq, classifier="lda")
    )
    null = permutation_null(pipeline, trials.X, trials.y, cv=5, groups=trials.groups, n_permutations=8)
    hits = (null["accuracy"] * null["n_test"]).sum()
    # trials of one permutation share a model, so that the interval of independent trials is a little narrow:
    # a false alarm of 1e-3 in place of 5 % leaves room for that
    low, high = binom.interval(0.999, int(null["n_test"].sum()), 1 / 3)
    assert low <= hits <= high
    real = evaluate(pipeline, trials.X, trials.y, cv=5, groups=trials.groups)
    assert real["accuracy"].mean() > null.groupby("permutation")["accuracy"].mean().max()


def test_channels_chosen_outside_the_folds_help_labels_without_meaning():
    world = World(generator=3, n_words=4, n_train=6, n_test=4, n_windows=8, snr=0.0)
    records = [leak((world, 4), np.random.default_rng(k)) for k in range(8)]
    inside, outside = (np.array([r[name] for r in records]) for name in ("inside", "selection outside"))
    n = records[0]["n_trials"]
    assert n == 40
    low, high = binom.interval(0.95, 8 * n, 0.25)
    assert low <= 8 * n * inside.mean() <= high
    # one-sided paired test over permutations, at 5 %
    assert ttest_rel(outside, inside, alternative="greater").pvalue < 0.05


# -------------------------------------------------------------------------------------------- mne epochs


@pytest.fixture(scope="module")
def epochs():
    """Three words, four trials of each, two blocks, six shafts; one channel is marked as bad."""
    made = SyntheticSEEG(3, n_contacts=6, random_state=4).epochs(4)
    made.info["bads"] = [made.ch_names[3]]
    return made


def test_epochs_score_as_their_arrays(epochs):
    """Labels are event names and blocks a column; the bad channel is left out. Signals are float64 volts."""
    decoder = WindowMeanClassifier(1000.0)
    found = evaluate(decoder, epochs, cv=2, groups="block")
    X = np.delete(epochs.get_data(), 3, axis=1)
    names = {code: name for name, code in epochs.event_id.items()}
    y = [names[code] for code in epochs.events[:, 2]]
    expected = evaluate(decoder, X, y, cv=2, groups=epochs.metadata["block"])
    pd.testing.assert_frame_equal(found, expected)
    null = permutation_null(decoder, epochs, cv=2, groups="block", n_permutations=2)
    assert len(null) == 4
    assert len(epochs.ch_names) == X.shape[1] + 1


class Names(Recorder):
    """An estimator of the package by its module, which remembers what it was given."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        Names.seen.append(X if isinstance(X, np.ndarray) else tuple(X.ch_names))
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def test_estimators_of_the_package_see_epochs_and_others_arrays(epochs, monkeypatch):
    Names.seen = []
    evaluate(Names(), epochs, cv=2)
    assert all(isinstance(one, np.ndarray) for one in Names.seen)
    monkeypatch.setattr(Names, "__module__", "neurosci.du_in._made_up")
    Names.seen = []
    evaluate(make_pipeline(ChannelSelector(4, method="anova"), Names()), epochs, cv=2, groups="block")
    assert all(len(one) == 4 and set(one) < set(epochs.ch_names) - {epochs.ch_names[3]} for one in Names.seen)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": "blok"}, r"groups must be a column of the metadata \(block\), got 'blok'"),
        ({"subjects": "person"}, "subjects must be a column of the metadata"),
        ({"y": [0, 1]}, "y must have one value for each of 12 trials"),
    ],
)
def test_epochs_that_do_not_fit(epochs, arguments, message):
    with pytest.raises(ValueError, match=f"evaluate: {message}"):
        evaluate(WindowMeanClassifier(1000.0), epochs, cv=2, **arguments)


def test_recordings_and_arrays_without_labels_are_refused(table):
    raw = SyntheticSEEG(2, n_contacts=6).raw(1)
    with pytest.raises(ValueError, match="evaluate: X must be trials, got a continuous recording"):
        evaluate(WindowMeanClassifier(1000.0), raw)
    with pytest.raises(ValueError, match="permutation_null: y must have one label for each trial, got None"):
        permutation_null(WindowMeanClassifier(1000.0), table[0])
    with pytest.raises(ValueError, match=r"groups must have one value for each trial, got 'block'"):
        evaluate(WindowMeanClassifier(1000.0), *table[:2], groups="block")
    every = SyntheticSEEG(2, n_contacts=6).epochs(2)
    every.info["bads"] = every.ch_names
    with pytest.raises(ValueError, match="X must have a channel that is not marked as bad, got none"):
        evaluate(WindowMeanClassifier(1000.0), every)
