"""Selection of channels: scores against known sources, and selection inside a pipeline."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from neurosci.du_in import (
    ChannelSelector,
    DuINClassifier,
    DuINConfig,
    SyntheticSEEG,
    WindowMeanClassifier,
    ablation_scores,
    anova_scores,
    contribution_scores,
)

TINY = DuINConfig.small()


class Mean(ClassifierMixin, BaseEstimator):
    """Logistic regression on the mean of each channel: weights are known to the test."""

    def fit(self, X, y):
        self.model_ = LogisticRegression().fit(X.mean(axis=2), y)
        self.classes_ = self.model_.classes_
        self.weights_ = {"spatial.projection.weight": self.model_.coef_[None]}
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X.mean(axis=2))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def shifted(rng, n_trials=60, n_channels=8, by=(0, 0, 3, 0, 1.5, 0, 0, 0)):
    """Two classes whose means differ in known channels, by so many SDs of a trial's mean."""
    y = np.arange(n_trials) % 2
    X = rng.normal(size=(n_trials, n_channels, 40))
    X += (np.asarray(by) / np.sqrt(40))[:, None] * y[:, None, None]
    return X, y


def test_contribution_is_equation_12():
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(16, 5))
    by_hand = np.array([sum(abs(weight[j, i]) for j in range(16)) / 16 for i in range(5)])
    np.testing.assert_allclose(contribution_scores(weight), by_hand / by_hand.max(), rtol=1e-14)
    assert contribution_scores(weight, accuracy=0.6).max() == pytest.approx(0.6)
    for wrong in (np.zeros((16, 3)), weight[0], np.full((2, 2), np.nan)):
        with pytest.raises(ValueError, match="contribution_scores: weight must be a finite matrix"):
            contribution_scores(wrong)


@pytest.mark.parametrize("method", ["weights", "ablation", "anova"])
def test_each_method_finds_the_two_channels_that_differ(method):
    rng = np.random.default_rng(1)
    X, y = shifted(rng, n_trials=200)
    selector = ChannelSelector(2, method=method, estimator=Mean(), random_state=0).fit(X, y)
    assert np.flatnonzero(selector.get_support()).tolist() == [2, 4]
    np.testing.assert_array_equal(selector.transform(X), X[:, [2, 4]])
    assert selector.scores_.argmax() == 2


def test_ablation_is_the_loss_without_a_channel():
    rng = np.random.default_rng(2)
    X, y = shifted(rng)
    labels = np.array(["no", "yes"])[y]
    model = Mean().fit(X, labels)
    before = X.copy()
    scores = ablation_scores(model, X, labels)
    np.testing.assert_array_equal(X, before)
    X[:, 2] = X[:, 2].mean()
    chosen = model.predict_proba(X)[np.arange(60), y]
    whole = model.predict_proba(before)[np.arange(60), y]
    assert scores[2] == pytest.approx(-np.log(chosen).mean() + np.log(whole).mean(), rel=1e-10)
    with pytest.raises(ValueError, match="y must hold labels that were trained on, got maybe"):
        ablation_scores(model, before, ["maybe"] * 60)


def test_anova_is_one_on_average_without_information():
    """F of 1 and 58 degrees of freedom has the mean 58/56; 400 channels of 20 independent parts."""
    rng = np.random.default_rng(3)
    scores = anova_scores(rng.normal(size=(60, 400, 40)), np.arange(60) % 2)
    assert scores.mean() == pytest.approx(58 / 56, abs=4 * scores.std() / np.sqrt(400))


def test_selection_inside_the_folds_is_at_chance_and_outside_is_not():
    """Labels without meaning: the leak of a selection on all trials is what this shows."""
    inside, outside, n = [], [], 0
    decoder = make_pipeline(ChannelSelector(5, method="anova"), WindowMeanClassifier(40.0, window=0.25))
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(40, 200, 40)), np.arange(40) % 2
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        inside.append(cross_val_score(decoder, X, y, cv=folds).mean())
        chosen = ChannelSelector(5, method="anova").fit(X, y).transform(X)
        outside.append(cross_val_score(WindowMeanClassifier(40.0, window=0.25), chosen, y, cv=folds).mean())
        n += len(y)
    # 2.6 binomial standard errors of 120 trials: 99 % if trials were independent
    assert abs(np.mean(inside) - 0.5) < 2.6 * np.sqrt(0.25 / n)
    assert np.mean(outside) > 0.5 + 2.6 * np.sqrt(0.25 / n)


def test_model_free_scores_find_the_channels_of_the_generator():
    trials = SyntheticSEEG(6, n_shafts=4, snr=2, random_state=1).trials(15)
    scores = anova_scores(trials.X, trials.y)
    assert roc_auc_score(trials.truth.informative, scores) > 0.9


def test_published_scores_come_from_the_network():
    """One epoch on a few trials: the scores are those of the projection that was trained."""
    trials = SyntheticSEEG(2, n_shafts=2, n_contacts=6, random_state=1).trials(4)
    X = trials.X[:, :, :600]
    decoder = DuINClassifier(config=TINY, n_epochs=1, batch_size=8, random_state=0, device="cpu")
    selector = ChannelSelector(3, estimator=decoder).fit(X, trials.y)
    projection = selector.estimator_.module_.spatial.projection.weight[0].detach().numpy()
    np.testing.assert_allclose(selector.scores_, contribution_scores(projection), rtol=1e-6)
    assert selector.transform(X).shape == (8, 3, 600)
    assert clone(selector).get_params()["estimator"].random_state == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "best"}, "method must be one of"),
        ({"n_channels": 0}, "n_channels must be at least 1, got 0"),
        ({"validation_fraction": 1.0}, "validation_fraction must be in"),
        ({"estimator": WindowMeanClassifier(40.0)}, "estimator must have one spatial projection"),
    ],
)
def test_wrong_settings(settings, message):
    X, y = shifted(np.random.default_rng(0))
    with pytest.raises(ValueError, match=f"ChannelSelector: {message}"):
        ChannelSelector(**settings).fit(X, y)


def test_wrong_trials():
    X, y = shifted(np.random.default_rng(0))
    selector = ChannelSelector(2, method="anova")
    with pytest.raises(ValueError, match="X must have shape"):
        selector.fit(X[:, :, 0], y)
    with pytest.raises(ValueError, match="y must hold at least 2 classes, got 1"):
        selector.fit(X, np.zeros(60))
    with pytest.raises(ValueError, match="y must have at least 2 trials of each class, got 1 of 9"):
        ChannelSelector(2, method="ablation", estimator=Mean()).fit(X, [9] + [1] * 59)
    with pytest.raises(ValueError, match="X must have 8 channels, as in fit, got 7"):
        selector.fit(X, y).transform(X[:, 1:])
    X[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="X must be finite, got NaN or infinity in"):
        selector.fit(X, y)


def test_epochs_keep_their_names():
    epochs = SyntheticSEEG(2, n_shafts=2, n_contacts=6, snr=3, random_state=1).epochs(3)
    selector = ChannelSelector(2, method="anova").fit(epochs, epochs.events[:, 2])
    kept = selector.transform(epochs)
    assert kept.ch_names == [epochs.ch_names[k] for k in np.flatnonzero(selector.get_support())]
    assert len(epochs.ch_names) == 10


def test_all_channels_stay_where_there_are_no_more():
    X, y = shifted(np.random.default_rng(0))
    assert ChannelSelector(10, method="anova").fit(X, y).get_support().all()
