"""Honest scores: nothing leaks, baselines are what they say, scans of a person stay together."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from neurosci.graph_motif import (
    MotifMapTransformer,
    UsefulRegionSelector,
    cube_labels,
    evaluate,
    make_motif_classifier,
    make_motif_cohort,
)
from neurosci.graph_motif._folds import grouped_folds, outer_folds, permuted_within, predict_folds
from neurosci.graph_motif._scores import person_metrics, stability
from neurosci.graph_motif._search import choose_components, discriminants, only_components
from neurosci.stats import permutation_pvalue

SITES = np.repeat(["a", "b", "c"], [30, 24, 26])
FEW = {"n_resamples": 200}


def groups(shift=0.8, seed=0, n_features=7):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.tile([0, 1], 40))
    return rng.normal(size=(80, n_features)) + shift * y[:, np.newaxis], y


def canary(seed, n_labellings=4):
    """Accuracy on random labels of 200 people with 20,000 features of noise, over several labellings."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(200, 20_000))
    person, site = np.arange(200), np.repeat("a", 200)
    pipeline = make_motif_classifier(50, selector=SelectKBest(f_classif, k=100))
    right = []
    for _ in range(n_labellings):
        y = rng.permutation(np.tile([0, 1], 100)).astype(bool)
        folds = outer_folds(5, y, site, person, seed)
        table, _ = predict_folds(pipeline, X, y, site, person, folds, None, 5, seed)
        right.append((table["y"] == table["predicted"]).mean())
    return np.mean(right)


def test_selection_inside_the_folds_does_not_leak():
    """Nested, each of five seeds is within 0.5 +- 0.1; chosen on all people first, features give nearly 1.

    Over 40 other seeds the accuracy of one labelling had a standard deviation of 0.044 (the binomial 0.035,
    and a little more since folds share people), that of the mean over four labellings 0.020.
    """
    found = np.array([canary(seed) for seed in range(5)])
    assert (np.abs(found - 0.5) <= 0.1).all()
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 20_000)), rng.permutation(np.tile([0, 1], 100))
    chosen = SelectKBest(f_classif, k=100).fit_transform(X, y)
    assert cross_val_score(make_motif_classifier(50), chosen, y, cv=5).mean() > 0.9


def test_the_region_selector_does_not_leak():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 1000)), rng.permutation(np.tile([0, 1], 100))
    selector = UsefulRegionSelector(np.repeat(np.arange(1, 101), 10), keep=0.05, random_state=0)
    report = evaluate(make_motif_classifier(20, selector=selector), X, y, np.repeat("a", 200), cv=5, **FEW)
    assert abs(report.metrics["accuracy"].value - 0.5) < 0.1


def test_scores_are_those_of_scikit_learn():
    X, y = groups()
    report = evaluate(make_motif_classifier(3), X, y, SITES, **FEW)
    table = report.predictions
    assert table["row"].tolist() == list(range(80))
    assert (table["site"] == SITES).all()
    expected = np.empty(80)
    for name in "abc":
        fitted = make_motif_classifier(3).fit(X[name != SITES], y[name != SITES])
        expected[name == SITES] = fitted.decision_function(X[name == SITES])
    np.testing.assert_allclose(table["score"], expected, rtol=1e-12)
    value = {name: metric.value for name, metric in report.metrics.items()}
    guess = expected > 0
    assert value["accuracy"] == pytest.approx(np.mean(guess == y))
    assert value["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(y, guess))
    assert value["sensitivity"] == pytest.approx(guess[y == 1].mean())
    assert value["specificity"] == pytest.approx(1 - guess[y == 0].mean())
    assert value["auc"] == value["auc_bootstrap"] == pytest.approx(roc_auc_score(y, expected))
    pairs = {name: (y[name == SITES].sum() * (1 - y[name == SITES]).sum()) for name in "abc"}
    areas = {name: roc_auc_score(y[name == SITES], expected[name == SITES]) for name in "abc"}
    within = sum(pairs[name] * areas[name] for name in "abc") / sum(pairs.values())
    assert value["auc_within_folds"] == pytest.approx(within)
    for metric in report.metrics.values():
        assert metric.low <= metric.value <= metric.high
    assert set(report.table()["score"]) == {"model", "majority", "site", "site_oracle"}


def test_bootstrap_limits_equal_a_plain_loop():
    """The vectorised statistics against scikit-learn on the same resamples."""
    rng = np.random.default_rng(1)
    people = pd.DataFrame({"y": np.tile([False, True], 25), "score": rng.normal(size=50).round(1)})
    people["predicted"], people["fold"] = people["score"] > 0, np.repeat([0, 1], 25)
    found = person_metrics(people, 300, 0.9, 7)
    draws = np.random.default_rng(7).integers(50, size=(300, 50))
    loop = [roc_auc_score(people["y"][d], people["score"][d]) for d in draws]
    limits = np.quantile(loop, [0.05, 0.95], method="inverted_cdf")
    assert [found["auc_bootstrap"].low, found["auc_bootstrap"].high] == pytest.approx(list(limits))
    loop = [balanced_accuracy_score(people["y"][d], people["predicted"][d]) for d in draws]
    limits = np.quantile(loop, [0.05, 0.95], method="inverted_cdf")
    assert [found["balanced_accuracy"].low, found["balanced_accuracy"].high] == pytest.approx(list(limits))


def test_baselines_are_what_they_say():
    X, _ = groups()
    y = np.concatenate([np.arange(30) < 24, np.arange(24) < 6, np.arange(26) < 10]).astype(int)
    age = np.where(np.arange(80) % 7 == 0, np.nan, 10.0 + y)
    sex = np.where(np.arange(80) % 2, "f", "m")
    report = evaluate(
        make_motif_classifier(3),
        X,
        y,
        SITES,
        cv=5,
        phenotype=pd.DataFrame({"age": age, "sex": sex}),
        motion=np.random.default_rng(0).normal(size=(80, 1)),
        **FEW,
    )
    value = {name: metrics["accuracy"].value for name, metrics in report.baselines.items()}
    assert value["majority"] == 0.5
    # Each fold has each site's majority right: 24 of 30, 18 of 24 and 16 of 26 people.
    assert value["site"] == value["site_oracle"] == pytest.approx((24 + 18 + 16) / 80)
    assert value["phenotype"] > 0.85
    assert 0.25 < value["motion"] < 0.75
    assert report.baselines["majority"]["auc"].value == 0.5
    assert set(report.comparisons["baseline"]) == set(value)
    row = report.comparisons.set_index("baseline").loc["site"]
    assert row["difference"] == pytest.approx(
        report.metrics["auc"].value - report.baselines["site"]["auc"].value
    )
    assert report.sites["n"].tolist() == [30, 24, 26]
    assert report.sites["site_oracle"].tolist() == pytest.approx([24 / 30, 18 / 24, 16 / 26])


def test_a_site_that_is_left_out_is_not_known():
    X, _ = groups()
    y = np.concatenate([np.ones(28), np.zeros(2), np.zeros(24), np.zeros(16), np.ones(10)]).astype(int)
    report = evaluate(make_motif_classifier(3), X, y, SITES, **FEW)
    assert report.baselines["site"]["auc"].value == 0.5
    assert (report.baselines["site"]["accuracy"].value) == report.baselines["majority"]["accuracy"].value


def test_scans_of_a_person_stay_together_and_count_once():
    X, y = groups()
    person = np.arange(80) // 2
    y, site = y[person * 2], SITES[person * 2]
    # Features that name the person: divided between training and test they would give the label away.
    X = np.eye(40)[person] + 1e-3 * X[:, :1]
    report = evaluate(make_motif_classifier(20), X, y, site, cv=5, groups=person, **FEW)
    assert report.metrics["accuracy"].n == len(report.people) == 40
    assert abs(report.metrics["accuracy"].value - 0.5) < 0.3
    assert report.predictions.groupby("person")["fold"].nunique().max() == 1
    with pytest.raises(ValueError, match="groups must not be divided between training and test, got 0"):
        evaluate(make_motif_classifier(3), X, y, site, cv=Halves(), groups=person)


class Halves:
    def split(self, X, y, groups):
        even = np.arange(len(X)) % 2 == 0
        yield np.flatnonzero(even), np.flatnonzero(~even)
        yield np.flatnonzero(~even), np.flatnonzero(even)


@pytest.mark.parametrize("selector", ["passthrough", UsefulRegionSelector(keep=0.3, random_state=0)])
def test_the_number_of_components_is_chosen_as_by_a_grid_search(selector, seed):
    """Oracle: scikit-learn, which fits everything anew for each candidate."""
    X, y = groups(0.3, seed, n_features=30)
    X, y = X[10:], np.sort(y)[10:]  # 30 of one group and 40 of the other
    X[y == 1] += 0.2
    folds = grouped_folds("inner_cv", 4, y.astype(bool), np.arange(70), seed)
    pipeline, grid = make_motif_classifier(5, selector=selector), {"pca__n_components": [7, 1, 3, 20]}
    assert only_components(pipeline, grid)
    found = choose_components(pipeline, X, y, *grid.values(), folds)
    search = GridSearchCV(pipeline, grid, cv=folds, scoring="balanced_accuracy").fit(X, y)
    np.testing.assert_array_equal(found.scores, search.cv_results_["mean_test_score"])
    assert found.best_params_ == search.best_params_
    np.testing.assert_allclose(found.decision_function(X), search.decision_function(X), rtol=1e-9)
    assert (found.predict(X) == search.predict(X)).all()
    assert not only_components(pipeline, {**grid, "lda__solver": ["svd"]})
    assert not only_components(make_pipeline(PCA(), LogisticRegression()), grid)
    assert not only_components(make_motif_classifier(5, shrinkage="auto"), grid)


def test_discriminants_of_the_first_components_are_those_of_scikit_learn(seed):
    X, y = groups(0.5, seed, n_features=30)
    X, y = X[10:], np.sort(y)[10:]
    pca = PCA().fit(X)
    train, test = pca.transform(X), pca.transform(np.random.default_rng(seed + 1).normal(size=(500, 30)))
    numbers = [1, 4, 30, 60]
    for number, guess in zip(numbers, discriminants(train, test, y == 1, numbers), strict=True):
        fitted = LinearDiscriminantAnalysis().fit(train[:, :number], y)
        np.testing.assert_array_equal(guess, fitted.predict(test[:, :number]) == 1)


def test_regions_of_one_feature_are_scored_as_any_other(seed):
    """A region of one feature, and the same feature twice, which takes the way over principal components."""
    X, y = groups(0.3, seed, n_features=12)
    X[:, 5] = 0.1
    settings = {"inner_cv": 4, "n_permutations": 20, "random_state": seed}
    single = UsefulRegionSelector(**settings).fit(X, y)
    twice = UsefulRegionSelector(np.tile(np.arange(1, 13), 2), **settings).fit(np.hstack([X, X]), y)
    np.testing.assert_array_equal(single.scores_, twice.scores_)
    np.testing.assert_array_equal(single.limits_, twice.limits_)


def test_parameters_are_chosen_inside_the_training_folds():
    X, y = groups(n_features=30)
    report = evaluate(
        make_motif_classifier(5, selector=SelectKBest(k=3)),
        X,
        y,
        SITES,
        param_grid={"selector__k": [1, 30], "pca__n_components": [1, 4]},
        inner_cv=3,
        **FEW,
    )
    assert {"selector__k", "pca__n_components"} <= set(report.folds)
    assert report.supports.shape == (3, 30)
    assert (report.supports.sum(axis=1) == report.folds["selector__k"]).all()
    assert (report.folds["n_train"] + report.folds["n_test"] == 80).all()


def test_permutations_keep_sites_and_do_not_depend_on_processes():
    X, y = groups(1.5)
    first = evaluate(make_motif_classifier(3), X, y, SITES, n_permutations=19, random_state=4, **FEW)
    second = evaluate(
        make_motif_classifier(3), X, y, SITES, n_permutations=19, random_state=4, n_jobs=2, **FEW
    )
    pd.testing.assert_frame_equal(first.null, second.null)
    assert first.table().equals(second.table())
    assert first.pvalues == {"balanced_accuracy": 0.05, "auc": 0.05}
    person, positive = np.arange(80) // 2, np.repeat(y[::2], 2).astype(bool)
    shuffled = permuted_within(positive, SITES, person, np.random.default_rng(0))
    assert (shuffled[::2] == shuffled[1::2]).all()
    for name in "abc":
        assert shuffled[name == SITES].sum() == positive[name == SITES].sum()


def test_perfect_separation_has_no_comparison_but_a_report():
    X, y = groups(50)
    report = evaluate(make_motif_classifier(3), X, y, SITES, **FEW)
    assert report.metrics["auc"].value == 1
    assert report.comparisons["method"].str.contains("not estimable").any()


def test_stability_of_masks():
    same = np.array([[1, 1, 0, 0, 0, 0]] * 3, dtype=bool)
    assert stability(same) == {"jaccard": 1.0, "kuncheva": 1.0}
    # Kuncheva (2007): (r n - k^2) / (k (n - k)) with n = 6, k = 3, r = 2 and 1
    two = np.array([[1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 0, 0]], dtype=bool)
    assert stability(two) == pytest.approx({"jaccard": 0.5, "kuncheva": (2 * 6 - 9) / 9})
    everything = stability(np.ones((2, 4), dtype=bool))
    assert everything["jaccard"] == 1
    assert np.isnan(everything["kuncheva"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"y": np.arange(80) % 3}, "2 classes, got 3"),
        ({"y": np.zeros(80)}, "2 classes, got 1"),
        ({"y": np.zeros(79)}, "y must have one value for each of 80 cases"),
        ({"site": np.repeat("a", 80)}, "at least 2 sites to leave one out, got 1"),
        ({"site": None}, None),
        ({"cv": "sites"}, "cv must be 'site', a number of folds or a splitter"),
        ({"cv": 1}, "cv must be >= 2"),
        ({"cv": 50}, "at least cv=50 people, got 40"),
        ({"X": np.full((80, 3), np.nan)}, "X must be finite, got 240"),
        ({"X": np.zeros(80)}, r"shape \(n_cases, n_features\)"),
        ({"groups": np.arange(80) % 5}, "groups must have one label each"),
        ({"groups": np.arange(80) - (np.arange(80) == 30)}, "one (label|site) each"),
        ({"phenotype": np.zeros((3, 1))}, "phenotype must have one row for each of 80 cases, got 3"),
        ({"motion": np.full((80, 1), np.inf)}, "motion must not hold infinite"),
        ({"n_permutations": -1}, "n_permutations must be >= 0"),
        ({"random_state": "a"}, "random_state must be an integer"),
    ],
)
def test_bad_input(change, words):
    X, y = groups()
    given = {"X": X, "y": y, "site": SITES} | change
    if words is None:
        words = "at least 2 sites|each training set"
        given["site"] = np.repeat("one", 80)
    with pytest.raises(ValueError, match=f"^evaluate: .*({words})"):
        evaluate(make_motif_classifier(3), **given)


def test_any_classifier_will_do():
    X, y = groups()
    assert evaluate(LogisticRegression(), X, y, SITES, **FEW).metrics["auc"].value > 0.6
    dummy = evaluate(DummyClassifier(strategy="prior"), X, y, SITES, **FEW)
    assert dummy.metrics["accuracy"].n == 80


def ellipsoid(shape=(12, 14, 11)):
    places = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij"))
    inside = (places**2).sum(axis=0) <= 1
    return nib.Nifti1Image(inside.astype(np.uint8), np.diag([4.0, 4, 4, 1]))


def cohort_maps_of(cohort, threshold=0.5):
    maps = MotifMapTransformer(threshold, ("triangles",)).fit([cohort.series(0)])
    return np.vstack([maps.transform([cohort.series(i)]) for i in range(len(cohort))])


def test_planted_effect_is_found_where_it_is():
    """A strong effect: an area above 0.8, and a mask that overlaps the region more than chance would."""
    cohort = make_motif_cohort(
        48, delta=0.5, mask_img=ellipsoid(), radius=14, n_times=(172, 150), t_r=(2.0, 2.5), random_state=1
    )
    X = cohort_maps_of(cohort)
    selector = UsefulRegionSelector(cube_labels(cohort.coordinates, 12), keep=0.1, random_state=0)
    report = evaluate(
        make_motif_classifier(10, selector=selector), X, cohort.labels, cohort.site, cv=6, **FEW
    )
    assert report.metrics["auc"].value > 0.8
    kept, region = report.supports, cohort.region
    dice = 2 * (kept & region).sum(axis=1) / (kept.sum(axis=1) + region.sum())
    by_chance = 2 * kept.mean(axis=1) * region.sum() / (kept.sum(axis=1) + region.sum())
    assert dice.mean() > 1.5 * by_chance.mean()


def test_without_an_effect_probabilities_are_uniform():
    """100 cohorts without effect: Kolmogorov-Smirnov against the uniform on the 10 values that p can have."""
    mask = nib.Nifti1Image(np.ones((5, 5, 4), np.uint8), np.diag([4.0, 4, 4, 1]))
    person, found = np.arange(16), []
    for seed in range(100):
        cohort = make_motif_cohort(16, delta=0, mask_img=mask, n_networks=3, n_times=(40,), random_state=seed)
        X, y = cohort_maps_of(cohort, 0.3), cohort.labels.astype(bool)
        folds = outer_folds("site", y, cohort.site, person, 0)
        rng = np.random.default_rng(seed)

        def score(labels, X=X, folds=folds):
            # The fit of a fold alone: tables and intervals are not in question here.
            scores = np.empty(16)
            for train, test in folds:
                fitted = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.5).fit(
                    X[train, :20], labels[train]
                )
                scores[test] = fitted.decision_function(X[test, :20])
            return scores[labels].mean() - scores[~labels].mean()

        null = [score(permuted_within(y, cohort.site, person, rng)) for _ in range(9)]
        found.append(permutation_pvalue(null, score(y), alternative="greater"))
    # p takes the values 1/10 ... 1; spread evenly within each step it is uniform on (0, 1).
    spread = np.array(found) - np.random.default_rng(0).random(100) / 10
    assert kstest(spread, "uniform").pvalue > 1e-3
