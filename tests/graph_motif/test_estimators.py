"""Estimators: maps of people, images and back, regions, the pipeline."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from neurosci.graph_motif import (
    MotifMapTransformer,
    NiftiMotifMasker,
    UsefulRegionSelector,
    correlation_graph,
    cube_labels,
    make_motif_classifier,
    motif_maps,
)
from neurosci.graph_motif._regions import components, discriminant


def people(n=5, n_nodes=37):
    """Series of different lengths whose nodes share something."""
    rng = np.random.default_rng(0)
    return [
        rng.normal(size=(n_times, n_nodes)) + np.outer(rng.normal(size=n_times), np.arange(n_nodes) / 20)
        for n_times in rng.integers(41, 60, size=n)
    ]


def test_maps_are_those_of_the_functions():
    series = people()
    maps = MotifMapTransformer(0.4, ("triangles", "degree", "clustering"))
    found = maps.fit_transform(series)
    for row, one in zip(found, series, strict=True):
        counted = motif_maps(correlation_graph(one, 0.4), ("triangles", "degree", "clustering"))
        expected = [np.log1p(counted["triangles"]), np.log1p(counted["degree"]), counted["clustering"]]
        assert (row == np.concatenate(expected)).all()
    names = maps.get_feature_names_out([f"V{i}" for i in range(37)])
    assert names.shape == (111,)
    assert names[[0, 37, 110]].tolist() == ["triangles_V0", "degree_V0", "clustering_V36"]


def test_raw_counts_distances_and_density():
    series = people()
    places = np.random.default_rng(1).normal(size=(37, 3)) * 30
    maps = MotifMapTransformer(
        motifs=("distance_degree", "degree"), density=0.2, scale="count", coordinates=places
    )
    found = maps.fit_transform(series).reshape(5, 6, 37)
    assert (found[:, :5].sum(axis=1) == found[:, 5]).all()
    assert (found[:, 5].sum(axis=1) == 2 * round(0.2 * 37 * 36 / 2)).all()
    assert maps.map_names()[0] == "distance_degree_0_20"
    assert maps.map_names()[4] == "distance_degree_80_inf"


def test_people_do_not_depend_on_each_other():
    series = people()
    maps = MotifMapTransformer(0.3).fit(series)
    order = [3, 1, 4, 0, 2]
    assert (maps.transform([series[i] for i in order]) == maps.transform(series)[order]).all()
    assert (clone(maps).set_params(n_jobs=2).fit_transform(series) == maps.transform(series)).all()


def test_nodes_that_are_not_finite():
    series = people()
    series[2][3, 7] = np.nan
    with pytest.raises(ValueError, match=r"^MotifMapTransformer: X\[2\] must be finite, got 1 NaN"):
        MotifMapTransformer().fit(series)
    found = MotifMapTransformer(0.3, ("degree",), nan_policy="omit").fit_transform(series)
    assert found[2, 7] == 0
    assert (
        found[[0, 1, 3, 4]] == MotifMapTransformer(0.3, ("degree",)).fit_transform(series[:2] + series[3:])
    ).all()


@pytest.mark.parametrize(
    ("params", "change", "words"),
    [
        ({}, lambda s: [*s, s[0][:, :5]], r"X\[5\] must have 37 nodes as the others, got 5"),
        ({}, lambda s: [], "at least 1 person, got 0"),
        ({}, lambda s: [s[0][:2]], r"X\[0\] must have at least 3 times, got 2"),
        ({"threshold": -1}, lambda s: s, "threshold must be in"),
        ({"density": 0}, lambda s: s, "density must be in"),
        ({"motifs": ("triangle",)}, lambda s: s, "did you mean 'triangles'"),
        ({"motifs": ("distance_degree",)}, lambda s: s, "coordinates must be given"),
        ({"scale": "sqrt"}, lambda s: s, "scale must be one of"),
        ({"nan_policy": "drop"}, lambda s: s, "nan_policy must be one of"),
    ],
)
def test_bad_people(params, change, words):
    with pytest.raises(ValueError, match=f"^MotifMapTransformer: .*{words}"):
        MotifMapTransformer(**params).fit(change(people()))


def test_names_are_as_many_as_nodes():
    maps = MotifMapTransformer().fit(people())
    with pytest.raises(ValueError, match="37 names, one a node, got 2"):
        maps.get_feature_names_out(["a", "b"])
    with pytest.raises(NotFittedError):
        MotifMapTransformer().transform(people())


AFFINE = np.array([[-4.0, 0, 0, 90], [0, 4, 0, -126], [0, 0, 4, -72], [0, 0, 0, 1]])
SHAPE = (7, 8, 6)


def run(n_times=60, seed=0, shared=1.0):
    rng = np.random.default_rng(seed)
    data = 100 + rng.normal(size=(*SHAPE, n_times)) + shared * rng.normal(size=n_times)
    return nib.Nifti1Image(data.astype(np.float32), AFFINE)


def mask():
    inside = np.random.default_rng(9).random(SHAPE) < 0.8
    return nib.Nifti1Image(inside.astype(np.uint8), AFFINE)


def test_images_to_maps_and_back(tmp_path):
    image, inside = run(), mask()
    image.to_filename(tmp_path / "run.nii.gz")
    masker = NiftiMotifMasker(inside, threshold=0.3, motifs=("degree", "triangles"), scale="count")
    found = masker.fit().transform([image, str(tmp_path / "run.nii.gz"), run(80, 1)])
    where = inside.get_fdata().astype(bool)
    graph = correlation_graph(image.get_fdata()[where].T - np.arange(60)[:, None] * 0, 0.3)
    assert found.shape == (3, 2 * where.sum())
    assert (found[0] == found[1]).all()
    # Detrending takes a line out, which hardly changes white noise: the counts are close, not equal.
    assert abs(found[0, : where.sum()].sum() / (2 * graph.n_edges) - 1) < 0.1
    single = masker.inverse_transform(found[0, : where.sum()])
    assert single.shape == SHAPE
    assert (single.affine == AFFINE).all()
    assert (single.get_fdata()[where] == found[0, : where.sum()]).all()
    assert not single.get_fdata()[~where].any()
    both = masker.inverse_transform(found)
    assert both.shape == (*SHAPE, 6)
    assert (both.get_fdata()[where].T.reshape(3, -1) == found).all()
    assert masker.get_feature_names_out().shape == (2 * where.sum(),)
    np.testing.assert_allclose(
        masker.coordinates_[0], nib.affines.apply_affine(AFFINE, np.argwhere(where)[0])
    )


def test_voxels_that_cannot_be_used_are_named_and_have_no_edges():
    image, inside = run(shared=0.3), mask()
    data = image.get_fdata()
    first, second = np.argwhere(inside.get_fdata())[[4, 11]]
    data[tuple(first)] = 100.0
    data[(*second, 3)] = np.inf
    image = nib.Nifti1Image(data, AFFINE)
    for smoothing in (None, 6.0):
        masker = NiftiMotifMasker(inside, threshold=0.3, motifs=("degree",), smoothing_fwhm=smoothing).fit()
        assert np.flatnonzero(masker.signals_of(image).excluded).tolist() == [4, 11]
        assert not masker.transform(image)[0, [4, 11]].any()
        assert masker.transform(image).any()


def test_confounds_and_filters_are_used():
    image, inside = run(), mask()
    common = image.get_fdata()[inside.get_fdata().astype(bool)].mean(axis=0)
    masker = NiftiMotifMasker(inside, threshold=0.4, motifs=("degree",), scale="count").fit()
    assert masker.transform(image, [common]).sum() < 0.1 * masker.transform(image).sum()
    narrow = masker.set_params(t_r=2.0, low_pass=0.1, high_pass=0.01)
    assert narrow.transform(image).sum() > 0
    with pytest.raises(ValueError, match="confounds must be as many as the images, got 2 for 1"):
        masker.transform(image, [common, common])


def test_distance_uses_the_mask_and_a_mask_can_be_computed():
    masker = NiftiMotifMasker(mask(), threshold=0.3, motifs=("distance_degree", "degree"), scale="count")
    found = masker.fit().transform(run())[0].reshape(6, -1)
    assert (found[:5].sum(axis=0) == found[5]).all()
    head = np.zeros((20, 20, 20, 5), dtype=np.float32)
    head[4:16, 4:16, 4:16] = 100
    computed = NiftiMotifMasker(threshold=0.3).fit([nib.Nifti1Image(head, AFFINE)] * 2)
    assert 1000 < computed.n_features_in_ <= 12**3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: NiftiMotifMasker().fit(), "mask_img must be given"),
        (
            lambda: NiftiMotifMasker(nib.Nifti1Image(np.ones((3, 3, 3)), AFFINE)).fit().transform(run()),
            "grid",
        ),
        (
            lambda: NiftiMotifMasker(nib.Nifti1Image(np.ones(SHAPE), np.eye(4))).fit().transform(run()),
            "affine",
        ),
        (lambda: NiftiMotifMasker(nib.Nifti1Image(np.zeros(SHAPE), AFFINE)).fit(), "at least one voxel"),
        (lambda: NiftiMotifMasker(nib.Nifti1Image(np.full(SHAPE, 2, "uint8"), AFFINE)).fit(), "0 and 1 only"),
        (lambda: NiftiMotifMasker(mask(), low_pass=0.1).fit().transform(run()), "t_r must be given"),
        (
            lambda: NiftiMotifMasker(mask(), t_r=3.0, low_pass=0.2).fit().transform(run()),
            r"below 0.166667 Hz, half the sampling rate for t_r=3 s, got 0.2 Hz",
        ),
        (lambda: NiftiMotifMasker(mask()).fit().transform(mask()), "img must have 4 axes"),
        (lambda: NiftiMotifMasker(mask()).fit().inverse_transform(np.ones(3)), "in their last axis"),
        (lambda: NiftiMotifMasker(mask()).fit().transform([]), "at least 1 image"),
    ],
)
def test_bad_images(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@parametrize_with_checks([UsefulRegionSelector(keep=0.5, inner_cv=2, random_state=0)])
def test_selector_keeps_the_contract(estimator, check):
    state = np.random.get_state()  # noqa: NPY002
    try:
        check(estimator)
    finally:
        np.random.set_state(state)  # noqa: NPY002 (some checks of scikit-learn draw from it)


def two_groups(n=60, n_features=24, shift=1.2, seed=0):
    rng = np.random.default_rng(seed)
    y = np.tile([0, 1], n // 2)
    X = rng.normal(size=(n, n_features))
    X[:, 8:12] += shift * y[:, np.newaxis]
    return X, y


def test_components_and_discriminant_are_those_of_scikit_learn():
    X, y = two_groups(53 // 2 * 2, 7)
    train, test = np.arange(40), np.arange(40, 52)
    fitted, new = components(X[train], X[test], 4)
    ours = discriminant(fitted, new, y[np.newaxis, train].astype(bool))[0]
    peer = make_pipeline(
        StandardScaler(), PCA(4, svd_solver="full"), LinearDiscriminantAnalysis(priors=[0.5, 0.5])
    )
    assert (ours == peer.fit(X[train], y[train]).predict(X[test]).astype(bool)).all()


def test_score_of_a_region_is_that_of_a_pipeline():
    X, y = two_groups()
    labels = np.repeat(np.arange(1, 7), 4)
    seed = 3
    selector = UsefulRegionSelector(labels, n_components=3, n_permutations=20, random_state=seed).fit(X, y)
    inner = int(np.random.default_rng(seed).integers(2**31))
    folds = StratifiedKFold(5, shuffle=True, random_state=inner)
    peer = make_pipeline(
        StandardScaler(), PCA(3, svd_solver="full"), LinearDiscriminantAnalysis(priors=[0.5, 0.5])
    )
    for region, score in zip(selector.regions_, selector.scores_, strict=True):
        # folds of equal sizes in both classes: the mean over folds is the share over all
        expected = cross_val_score(
            peer, X[:, labels == region], y, cv=folds, scoring="balanced_accuracy"
        ).mean()
        assert score == pytest.approx(expected, abs=1e-12)


def test_the_region_that_differs_is_kept():
    X, y = two_groups()
    labels = np.repeat([1, 2, 3, 0], 6)
    labels[8:12] = 7
    selector = UsefulRegionSelector(labels, random_state=0).fit(X, y)
    assert selector.kept_[selector.regions_ == 7].all()
    assert selector.get_support()[8:12].all()
    assert not selector.get_support()[labels == 0].any()
    share = UsefulRegionSelector(labels, keep=0.25, random_state=0).fit(np.hstack([X, X]), y)
    assert share.regions_[share.kept_].tolist() == [7]
    # two maps share the labels
    assert np.flatnonzero(share.get_support()).tolist() == [8, 9, 10, 11, 32, 33, 34, 35]


def test_chance_passes_at_the_stated_rate():
    """Of 400 regions of noise about 5 % exceed the 95 % quantile: within 4 binomial standard errors."""
    rng = np.random.default_rng(5)
    selector = UsefulRegionSelector(inner_cv=3, random_state=0)
    selector.fit(rng.normal(size=(80, 400)), np.tile([0, 1], 40))
    assert abs(selector.kept_.mean() - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize(
    ("params", "y", "words"),
    [
        ({}, np.arange(60) % 3, "2 classes, got 3"),
        ({}, np.arange(60) < 3, "at least inner_cv=5 members, got 3"),
        ({"labels": [1, 2, 3, 4, 5]}, None, "got 5 for 24 features"),
        ({"labels": [0, 0]}, None, "at least one region"),
        ({"keep": 0}, None, "keep must be 'null' or a number"),
        ({"keep": "best"}, None, "keep must be 'null' or a number"),
        ({"n_permutations": 3}, None, "n_permutations must be >= 20"),
        ({"quantile": 1}, None, "quantile must be in"),
        ({"inner_cv": 1}, None, "inner_cv must be >= 2"),
    ],
)
def test_bad_regions(params, y, words):
    X, usual = two_groups()
    with pytest.raises(ValueError, match=f"^UsefulRegionSelector: .*{words}"):
        UsefulRegionSelector(**params).fit(X, usual if y is None else y)


def test_cubes():
    places = np.stack(np.meshgrid(*[np.arange(10) * 4.0] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    labels = cube_labels(places)
    assert sorted(np.bincount(labels)[1:].tolist()) == [125] * 8
    with pytest.raises(ValueError, match="size must be positive"):
        cube_labels(places, 0)


def test_pipeline_learns_in_fit_only_and_caps_components():
    X, y = two_groups()
    pipeline = make_motif_classifier(10, selector=UsefulRegionSelector(keep=0.1, random_state=0))
    fitted = clone(pipeline).fit(X, y)
    assert fitted.named_steps["selector"].get_support().sum() == 2
    assert fitted.named_steps["pca"].pca_.n_components_ == 2
    plain = make_motif_classifier(5).fit(X, y)
    peer = make_pipeline(StandardScaler(), PCA(5, svd_solver="full"), LinearDiscriminantAnalysis()).fit(X, y)
    np.testing.assert_allclose(plain.decision_function(X), peer.decision_function(X), rtol=1e-10)
    assert make_motif_classifier(5, shrinkage="auto").fit(X, y).score(X, y) > 0.5
    with pytest.raises(ValueError, match="less than the 60 people in training, got 60"):
        make_motif_classifier(60).fit(X, y)
    for options, words in (
        ({"n_components": 0}, ">= 1"),
        ({"shrinkage": 2}, "from 0 to 1"),
        ({"selector": 3}, "estimator"),
    ):
        with pytest.raises(ValueError, match=words):
            make_motif_classifier(**options)
