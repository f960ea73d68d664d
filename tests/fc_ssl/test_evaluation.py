"""Evaluation: folds, paired intervals, chance rows and curves over labels, against other counts."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import sklearn.compose  # noqa: F401 (its first import may draw from Python's generator, which a guard watches)
from scipy import stats
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict

from neurosci.fc_ssl import (
    evaluate,
    label_efficiency,
    label_gain,
    make_confound_model,
    make_connectivity_ridge,
)
from neurosci.fc_ssl._label_efficiency import mixed_order
from neurosci.fc_ssl._scoring import area_within, area_within_interval
from neurosci.stats import auc_interval


def cases(n=80, effect=0.8, seed=0, n_features=6):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 2)
    return rng.standard_normal((n, n_features)) + effect * y[:, None], y


# ---------------------------------------------------------------------------------------------------- scores


def test_area_within_strata_counts_pairs(seed):
    rng = np.random.default_rng(seed)
    y, score, site = rng.random(40) < 0.4, rng.integers(0, 6, 40).astype(float), rng.integers(0, 4, 40)
    pairs = [
        (score[i] > score[j]) + 0.5 * (score[i] == score[j])
        for i, j in itertools.product(np.flatnonzero(y), np.flatnonzero(~y))
        if site[i] == site[j]
    ]
    assert area_within(y, score, site) == pytest.approx(np.mean(pairs))
    assert area_within(y, score, np.zeros(40)) == pytest.approx(roc_auc_score(y, score))
    assert np.isnan(area_within(np.ones(3, bool), np.arange(3.0), np.zeros(3)))


def test_interval_within_strata_adds_variances(seed):
    rng = np.random.default_rng(seed)
    y = rng.random(120) < 0.4
    score, site = rng.standard_normal(120) + y, rng.integers(0, 3, 120)
    one, known = area_within_interval(y, score, np.zeros(120), 0.95), auc_interval(y, score)
    assert (one.value, one.low, one.high) == pytest.approx((known.value, known.low, known.high))
    parts = [auc_interval(y[site == k], score[site == k], scale="linear") for k in range(3)]
    weight = np.array([y[site == k].sum() * (~y[site == k]).sum() for k in range(3)], dtype=float)
    weight /= weight.sum()
    error = np.sqrt(np.sum([(w * (p.high - p.value)) ** 2 for w, p in zip(weight, parts, strict=True)]))
    found = area_within_interval(y, score, site, 0.95)
    half = (logit(found.high) - logit(found.low)) / 2
    assert half == pytest.approx(error / found.value / (1 - found.value))


def test_scores_are_those_of_scikit_learn(seed):
    X, y = cases(seed=seed)
    found = evaluate({"ridge": (make_connectivity_ridge(), X)}, y, cv=5, random_state=seed, n_resamples=100)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    expected = cross_val_predict(make_connectivity_ridge(), X, y, cv=folds, method="decision_function")
    np.testing.assert_allclose(found.predictions["score"], expected)
    assert found.scores["value"].iloc[0] == pytest.approx(roc_auc_score(y, expected))
    by_fold = [roc_auc_score(y[test], expected[test]) for _, test in folds.split(X, y)]
    assert found.scores["fold_mean"].iloc[0] == pytest.approx(np.mean(by_fold))
    assert found.scores["fold_sd"].iloc[0] == pytest.approx(np.std(by_fold))


def test_regression_scores(seed):
    X, _ = cases(seed=seed)
    y = X[:, 0] + np.random.default_rng(seed).standard_normal(len(X))
    models = {
        "ridge": (make_connectivity_ridge("regression"), X),
        "noise": (make_connectivity_ridge("regression"), X[::-1]),
    }
    found = evaluate(models, y, kind="regression", cv=4, reference="noise", n_resamples=200)
    expected = cross_val_predict(models["ridge"][0], X, y, cv=KFold(4, shuffle=True, random_state=0))
    scores = found.scores[found.scores["model"] == "ridge"].set_index("metric")
    assert scores.loc["r", "value"] == pytest.approx(stats.pearsonr(y, expected).statistic)
    assert scores.loc["mae", "value"] == pytest.approx(np.abs(y - expected).mean())
    limits = stats.pearsonr(y, expected).confidence_interval()
    assert (scores.loc["r", "low"], scores.loc["r", "high"]) == pytest.approx(tuple(limits))
    assert found.comparisons["difference"].iloc[0] < 0


def test_sites_are_left_out_whole():
    X, y = cases()
    site = np.repeat(["a", "b", "c", "d"], 20)
    found = evaluate({"ridge": (make_connectivity_ridge(), X)}, y, cv="site", site=site, n_resamples=100)
    assert found.predictions.groupby("fold")["site"].nunique().eq(1).all()
    assert found.predictions["fold"].nunique() == 4
    assert set(found.scores["metric"]) == {"auc", "auc_within_sites"}


def test_a_site_effect_is_no_effect_within_sites():
    rng = np.random.default_rng(0)
    site = np.repeat(np.arange(10), 20)
    y = rng.random(200) < np.linspace(0.1, 0.9, 10)[site]
    X = site[:, None] + 0.01 * rng.standard_normal((200, 3))
    found = evaluate({"ridge": (make_connectivity_ridge(), X)}, y, cv=5, site=site, n_resamples=200)
    scores = found.scores.set_index("metric")
    # the area of the sites' own shares, ties counting one half, is what knowing the site can give
    p = np.linspace(0.1, 0.9, 10)
    above = np.tril(np.ones((10, 10)), -1) + np.eye(10) / 2
    best = (p[:, None] * (1 - p) * above).sum() / (p.sum() * (1 - p).sum())
    assert scores.loc["auc", "low"] < best < scores.loc["auc", "high"] and best > 0.7
    assert scores.loc["auc_within_sites", "low"] < 0.5 < scores.loc["auc_within_sites", "high"]


def test_tables_and_lists_of_scans_are_taken_by_rows():
    X, y = cases()
    table = pd.DataFrame(X, columns=list("abcdef"))
    models = {
        "array": (LogisticRegression(), X),
        "table": (LogisticRegression(), table),
        "list": (LogisticRegression(), list(X)),
    }
    found = evaluate(models, y, cv=4, reference="array", n_resamples=100)
    np.testing.assert_allclose(found.comparisons["difference"], 0)
    np.testing.assert_allclose(found.comparisons["pvalue"], 1)


# ---------------------------------------------------------------------------------------------- null control


def test_permuted_labels_are_at_chance():
    # 40 independent data sets whose features tell the label: the mean area of permuted rows is 0.5
    areas = []
    for seed in range(40):
        X, y = cases(40, 2.0, seed)
        found = evaluate(
            {"ridge": (make_connectivity_ridge(), X)},
            y,
            cv=4,
            permuted=("ridge",),
            random_state=seed,
            n_resamples=100,
        )
        table = found.scores.set_index("model")["value"]
        assert table["ridge"] > 0.9
        areas.append(table["ridge, labels permuted"])
    # pooled areas of folds lean below one half: a fold with many of a class leaves few to its training set
    error = np.std(areas, ddof=1) / np.sqrt(len(areas))
    assert abs(np.mean(areas) - 0.5) < max(4 * error, 0.05)


@pytest.mark.parametrize("kind", ["confounds", "deviation", "age"])
def test_permuted_rows_of_the_other_models_are_at_chance(kind):
    scores = []
    for seed in range(40):
        X, labels = cases(40, 2.0, seed)
        y = X[:, 0] + labels if kind == "age" else labels
        task = "regression" if kind == "age" else "classification"
        ridge = make_connectivity_ridge(task, deviation=kind == "deviation")
        model = make_confound_model() if kind == "confounds" else ridge
        inputs = pd.DataFrame({f"x{k}": column for k, column in enumerate(X.T)}) if kind == "confounds" else X
        settings = {"kind": task, "cv": 4, "random_state": seed, "n_resamples": 100}
        found = evaluate({kind: (model, inputs)}, y, permuted=(kind,), **settings)
        row = found.scores[found.scores["model"] == f"{kind}, labels permuted"].iloc[0]
        assert row["metric"] == ("r" if kind == "age" else "auc")
        scores.append(row["fold_mean"] - (0.0 if kind == "age" else 0.5))
    # means of folds: r that is pooled over folds of 10 cases leans below 0 by 0.1, since a training set has a
    # high mean where its fold has a low one
    error = np.std(scores, ddof=1) / np.sqrt(len(scores))
    assert abs(np.mean(scores)) < 4 * error


def test_permutation_keeps_the_classes_of_each_site():
    X, y = cases()
    site = np.repeat(["a", "b"], 40)
    found = evaluate(
        {"m": (make_connectivity_ridge(), X)}, y, cv=4, site=site, permuted=("m",), n_resamples=100
    )
    shares = found.predictions.groupby(["model", "site"])["y"].sum().unstack()
    assert (shares.loc["m"] == shares.loc["m, labels permuted"]).all()


# ---------------------------------------------------------------------------------------------------- labels


def test_draws_are_stratified_nested_and_apart(seed):
    rng = np.random.default_rng(seed)
    y = rng.random(200) < 0.2
    order = mixed_order(y, 200, np.random.default_rng(seed + 1))
    assert sorted(order) == list(range(200))
    share = y.mean()
    for stop in range(5, 200, 5):
        # members of each class are spread evenly: no stretch is off by more than one
        assert abs(y[order[:stop]].sum() - share * stop) <= 1


def test_resamples_are_paired_and_repeat():
    X, y = cases(120)
    models = {name: (make_connectivity_ridge(), X) for name in ("one", "same")}
    table = label_efficiency(models, y, (10, 40), n_test=60, n_resamples=4)
    wide = table.pivot(index=["resample", "n_labels"], columns="model", values="auc")
    np.testing.assert_array_equal(wide["one"], wide["same"])
    pd.testing.assert_frame_equal(table, label_efficiency(models, y, (40, 10), n_test=60, n_resamples=4))
    assert table.groupby(["resample", "n_labels"]).size().eq(2).all()


def test_more_labels_score_higher():
    X, y = cases(400, 0.35, n_features=40)
    table = label_efficiency({"m": (make_connectivity_ridge(), X)}, y, (10, 200), n_test=150)
    means = table.groupby("n_labels")["auc"].mean()
    assert means[200] > means[10] + 0.1


def test_gain_is_nadeau_and_bengio(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.random(10), rng.random(10)
    table = pd.DataFrame(
        {
            "resample": np.tile(np.arange(10), 2),
            "n_labels": 50,
            "model": np.repeat(["a", "b"], 10),
            "auc": np.r_[a, b],
        }
    )
    found = label_gain(table, "a", "b", n_test=25)
    d = a - b
    half = stats.t.ppf(0.975, 9) * np.sqrt((1 / 10 + 25 / 50) * d.var(ddof=1))
    assert (found.value, found.low, found.high) == pytest.approx((d.mean(), d.mean() - half, d.mean() + half))
    with pytest.raises(ValueError, match="label_gain: table must hold the model 'c'"):
        label_gain(table, "c", "b")


def test_gain_over_data_sets_flips_signs():
    rows = [
        (seed, k, m, 0.5 + 0.1 * (m == "a") + 0.01 * k) for seed in range(8) for k in range(3) for m in "ab"
    ]
    table = pd.DataFrame(rows, columns=["seed", "resample", "model", "auc"]).assign(n_labels=10)
    found = label_gain(table, "a", "b", seed="seed")
    assert (found.n, found.n_unit) == (8, "data sets")
    assert found.value == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cv": 60}, "cv must be 'site', a splitter, or a number of folds from 2 to the 40"),
        ({"cv": "site"}, "site must hold at least 2 sites"),
        ({"cv": "sites"}, "cv must be one of"),
        ({"kind": "other"}, "kind must be one of"),
        ({"reference": "x"}, "models must hold 'x'"),
        ({"site": ["a"] * 3}, "site must have one name for each of 80 cases"),
        ({"y": np.zeros(80)}, "y must hold 2 classes, got 1"),
        ({"y": np.zeros((80, 2))}, "y must have one axis"),
        ({"y": np.zeros(3)}, "must have 3 cases, as y has, got 80"),
        ({"y": np.full(80, np.nan), "kind": "regression"}, "y must be finite, got 80"),
        ({"models": {}}, "models must hold at least one"),
    ],
)
def test_bad_arguments(changes, words):
    X, y = cases()
    settings = {"models": {"m": (make_connectivity_ridge(), X)}, "y": y, **changes}
    models, labels = settings.pop("models"), settings.pop("y")
    with pytest.raises(ValueError, match=f"evaluate: .*{words}"):
        evaluate(models, labels, **settings)


def test_labels_that_do_not_suffice():
    X, y = cases()
    with pytest.raises(ValueError, match="sizes and n_test must be at least 2 and fit into 80 cases"):
        label_efficiency({"m": (make_connectivity_ridge(), X)}, y, (60,), n_test=40)


def test_a_splitter_must_test_everyone_once():
    X, y = cases()

    class Half:
        def split(self, X, y, groups=None):
            yield np.arange(40), np.arange(40, 80)

    with pytest.raises(ValueError, match="cv must test each of 80 cases once"):
        evaluate({"m": (make_connectivity_ridge(), X)}, y, cv=Half())
