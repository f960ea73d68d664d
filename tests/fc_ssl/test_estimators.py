"""Pre-trainers, classifier and regressor as a user meets them."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from neurosci._training import load_weights, save_weights
from neurosci.fc_ssl import (
    STJEMA,
    STMAE,
    GraphPretrainer,
    STAGINClassifier,
    STAGINRegressor,
    TimeSeriesStore,
    _pretrainer,
    make_switching_fc,
)

ROOT = Path(__file__).parents[2]
SMALL = {
    "window": 12,
    "step": 6,
    "hidden_dim": 6,
    "n_layers": 2,
    "max_epochs": 2,
    "batch_size": 4,
    "random_state": 0,
}
PRETRAINERS = {
    "stmae": (STMAE, {}),
    "bold": (STMAE, {"target": "bold", "decoder": "mixer", "mask": "block", "node_input": "both"}),
    "leak": (STMAE, {"leak_time_code": True, "spatial": False, "edge_weight": 2.0, "min_gap": 1}),
    "stjema": (STJEMA, {"node_input": "region"}),
    **{
        name: (GraphPretrainer, {"objective": name})
        for name in ("simgrace", "dgi", "gae", "vgae", "graphmae")
    },
    "static": (
        GraphPretrainer,
        {"objective": "dgi", "graphs": "static", "node_input": "profile", "crop": 50},
    ),
}


def noise(n=8, n_times=60, n_rois=7):
    return np.random.default_rng(0).standard_normal((n, n_times, n_rois))


@pytest.fixture(scope="module")
def pretrained():
    return STMAE(**SMALL, n_windows=2).fit(noise())


# ----------------------------------------------------------------------------------------------- pre-training


@pytest.mark.parametrize("name", PRETRAINERS)
def test_pretrainers_repeat_and_come_back_from_a_file(name, tmp_path):
    cls, options = PRETRAINERS[name]
    X = noise()
    model = cls(**SMALL, n_windows=2, **options).fit(X, validation=X[:3])
    assert model.n_steps_ == 4 and len(model.history_) == 2
    assert all(np.isfinite(list(row.values())).all() and "validation_loss" in row for row in model.history_)
    again = cls(**SMALL, n_windows=2, **options).fit(X)
    for key, weight in model.weights_.items():
        np.testing.assert_array_equal(weight, again.weights_[key])
    loaded = cls.load(model.save(tmp_path / "model.safetensors"))
    assert type(loaded) is cls and loaded.history_ == model.history_
    assert loaded.get_params() == model.get_params()
    np.testing.assert_array_equal(loaded.transform(X), model.transform(X))


def test_features_have_the_sizes_that_are_documented(pretrained):
    X = [scan[: 60 - 5 * i] for i, scan in enumerate(noise(3))]
    sizes = {"mean": 1, "attention": 1, "none": 7}
    for pool, n in sizes.items():
        for time, moments in (("mean", 1), ("sd", 1), ("moments", 2)):
            assert pretrained.transform(X, pool=pool, time=time).shape == (3, 2 * moments * n * 6)
            assert pretrained.transform(X, pool=pool, time=time, layers="last").shape == (3, moments * n * 6)
    kept = pretrained.transform(X, pool="none").reshape(3, 2, 7, 6)
    np.testing.assert_allclose(kept.mean(2).reshape(3, -1), pretrained.transform(X), rtol=1e-5, atol=1e-6)
    # a scan's features do not depend on what is beside it
    alone = np.concatenate([pretrained.transform([scan]) for scan in X])
    np.testing.assert_allclose(alone, pretrained.transform(X), rtol=1e-5, atol=1e-6)


def test_reconstruction_is_of_the_window_that_was_asked_for(pretrained):
    X = noise(3)
    part, middle = pretrained.reconstruct(X, 2), pretrained.reconstruct(X, 3, 0, 6)
    centred = X[1, 12:24] / X[1].std(0) - X[1].mean(0) / X[1].std(0)
    np.testing.assert_allclose(part.R[1], np.corrcoef(centred.T), atol=1e-5)
    np.testing.assert_array_equal(middle.hidden_pairs, np.broadcast_to(~np.eye(7, dtype=bool), (3, 7, 7)))
    for found in (part, middle):
        assert found.R_hat.shape == found.A_prob.shape == found.A.shape == (3, 7, 7)
        assert ((found.A_prob > 0) & (found.A_prob < 1)).all()
        np.testing.assert_allclose(found.A_prob, found.A_prob.transpose(0, 2, 1), rtol=1e-5)
    for wanted, words in (
        ((9,), "windows must be in 0"),
        ((3, 4, 6), "t_a < t < t_b"),
        ((3, 1), "given together"),
    ):
        with pytest.raises(ValueError, match=f"^STMAE.reconstruct: .*{words}"):
            pretrained.reconstruct(X, *wanted)


def test_reconstruction_learns_the_structure_that_scans_share():
    """Held-out correlations of two fixed groups of regions: errors fall well below those of the start."""
    rng = np.random.default_rng(1)
    common = rng.standard_normal((40, 60, 2)).repeat(5, axis=2)
    X = common + rng.standard_normal((40, 60, 10))
    settings = {**SMALL, "batch_size": 8, "node_input": "region", "lr": 0.01}
    model = STMAE(**{**settings, "max_epochs": 12}).fit(X[:32], validation=X[32:])
    first, last = model.history_[0], model.history_[-1]
    for part in ("node_spatial", "node_temporal"):
        # rows that have nothing in common with the true ones have 1
        assert last[f"validation_{part}"] < 0.5 * first[f"validation_{part}"]
    pairs = np.triu_indices(10, 1)
    for windows in ((3,), (3, 0, 6)):
        found = model.reconstruct(X[32:], *windows)
        hidden = found.hidden_pairs[:, *pairs]
        area = roc_auc_score(found.A[:, *pairs][hidden], found.A_prob[:, *pairs][hidden])
        # 10 of the 20 pairs within a group are edges, and none of 25 others: who knows the groups alone has
        # (25 + 10 / 2) / 35 = 0.86; who knows nothing has 0.5, with a standard error of at most 0.05
        assert area > 0.7


def test_resumed_training_has_the_same_bits(tmp_path, monkeypatch, pretrained):
    whole = _pretrainer.train
    monkeypatch.setattr(_pretrainer, "train", functools.partial(whole, stop_after=1))
    STMAE(**SMALL, n_windows=2, checkpoint=tmp_path).fit(noise())
    monkeypatch.setattr(_pretrainer, "train", whole)
    resumed = STMAE(**SMALL, n_windows=2, checkpoint=tmp_path).fit(noise())
    for key, weight in pretrained.weights_.items():
        np.testing.assert_array_equal(resumed.weights_[key], weight)
    with pytest.raises(ValueError, match="n_windows"):
        STMAE(**SMALL, n_windows=3, checkpoint=tmp_path).fit(noise())


SCRIPT = """
import sys
from neurosci._training import rank
from tests.fc_ssl.test_estimators import SMALL, noise
from neurosci.fc_ssl import STMAE
STMAE(**SMALL, n_windows=2).fit(noise()).save(f"{sys.argv[1]}/{rank()}.safetensors")
"""


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path, pretrained):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*command, str(script), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (STMAE.load(tmp_path / f"{i}.safetensors") for i in range(2))
    for row, alone in zip(first.history_, pretrained.history_, strict=True):
        # sums of float32 numbers in another order
        np.testing.assert_allclose(row["loss"], alone["loss"], rtol=1e-5)
    for key, weight in pretrained.weights_.items():
        np.testing.assert_array_equal(first.weights_[key], second.weights_[key])
        if ("linear" in key and key.endswith("bias")) or "num_batches" in key or "running" in key:
            continue  # a bias before a normalisation has a gradient of rounding alone
        # Adam divides a gradient by its size, so that rounding of a small one becomes part of the rate
        np.testing.assert_allclose(first.weights_[key], weight, rtol=1e-3, atol=2e-4, err_msg=key)


def test_a_store_trains_as_a_list_does(tmp_path, pretrained):
    X = noise().astype(np.float32)
    X = (X - X.mean(1, keepdims=True)) / X.std(1, keepdims=True)
    store = TimeSeriesStore.create(
        tmp_path / "store", X, {"subject": [str(i) for i in range(8)], "t_r": [2.0] * 8}, dtype="float32"
    )
    from_store = STMAE(**SMALL, n_windows=2).fit(store)
    # seconds are frames of two seconds
    settings = {**SMALL, "window": 24.0, "step": 12.0}
    in_seconds = STMAE(**settings, n_windows=2, unit="s", crop=100.0).fit(store)
    whole = STMAE(**SMALL, n_windows=2, crop=50).fit(store)
    for key, weight in pretrained.weights_.items():
        # standardised twice: rounding of float32 scans may move an edge at the threshold
        assert from_store.weights_[key].shape == weight.shape
        np.testing.assert_array_equal(in_seconds.weights_[key], whole.weights_[key])


# -------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hidden_dim": 0}, "hidden_dim must be a whole number of at least 1, got 0"),
        ({"node_mask_ratio": 1.0}, r"node_mask_ratio must be in \(0, 1\), got 1.0"),
        ({"mask": "blocks"}, "mask must be one of .* got 'blocks' .did you mean 'block'"),
        ({"spatial": False, "temporal": False}, "spatial or temporal must be True"),
        ({"min_gap": 0}, "min_gap must be at least 1, got 0"),
        ({"min_gap": 4}, "at least 9 windows of 12 frames .* got 60 frames and 8 windows for subject 0"),
        ({"crop": 20}, "crop must hold at least 5 windows .* got 20 frames"),
        ({"n_rois": 8}, "X must have 8 regions.* got 7 for subject 0"),
        ({"unit": "s"}, "t_r must be given, in seconds"),
        ({"step": 0}, "step must be positive, got 0"),
        ({"density": 1.5}, r"density must be in \(0, 1\], got 1.5"),
        ({"gamma": 0.5}, "gamma must be at least 1, got 0.5"),
    ],
)
def test_bad_parameters_of_pretrainers_are_named(changes, words):
    with pytest.raises(ValueError, match=words):
        STMAE(**{**SMALL, **changes}).fit(noise())


def test_bad_scans_and_labels_are_named(pretrained):
    X = noise()
    X[3, 5, 2] = np.nan
    with pytest.raises(ValueError, match=r"^STMAE: X must be finite.* subject 3, .*frame 5 of region 2"):
        STMAE(**SMALL).fit(X)
    with pytest.raises(ValueError, match=r"^STMAE: X must have 7 regions, those of the fitted encoder"):
        pretrained.transform(noise(n_rois=6))
    classifier = STAGINClassifier(pretrained, max_epochs=1)
    with pytest.raises(ValueError, match=r"^STAGINClassifier: X must have 7 regions"):
        classifier.fit(noise(n_rois=6), [0, 1] * 4)
    with pytest.raises(ValueError, match=r"^STAGINClassifier: y must hold at least two classes"):
        classifier.fit(noise(), [1] * 8)
    with pytest.raises(ValueError, match=r"^STAGINClassifier: y must have one label for each of 8 scans"):
        classifier.fit(noise(), [0, 1])
    with pytest.raises(ValueError, match=r"^STAGINClassifier: time_readout must be one of"):
        STAGINClassifier(pretrained, time_readout="median").fit(noise(), [0, 1] * 4)
    with pytest.raises(ValueError, match=r"^STAGINClassifier: batch_size must give at least 2 windows"):
        STAGINClassifier(window=50, step=50, batch_size=1).fit(noise(), [0, 1] * 4)


def test_files_of_others_are_refused(tmp_path):
    path = save_weights(tmp_path / "other.safetensors", "fc_ssl/pretrainer", {"class": "os.system"}, {})
    with pytest.raises(ValueError, match=r"^Pretrainer.load: class must be one of .* got 'os.system'"):
        STMAE.load(path)
    other = save_weights(tmp_path / "kind.safetensors", "du_in/vqvae", {}, {})
    with pytest.raises(ValueError, match="must hold 'fc_ssl/pretrainer'"):
        STAGINClassifier(other).fit(noise(), [0, 1] * 4)
    assert load_weights(other, "du_in/vqvae")[0] == {}


# ------------------------------------------------------------------------------------------------ with labels


def test_classifier_starts_from_the_encoder_and_may_leave_it_alone(pretrained, tmp_path):
    X, y = noise(), np.array(["a", "b"] * 4)
    path = pretrained.save(tmp_path / "encoder.safetensors")
    options = {"max_epochs": 2, "batch_size": 4, "random_state": 0}
    frozen = STAGINClassifier(path, freeze=True, **options).fit(X, y)
    free = clone(STAGINClassifier(pretrained, **options)).fit(X, y)
    assert frozen.cutting_ == free.cutting_ and frozen.cutting_.window == 12
    same = [
        np.array_equal(model.weights_[key], pretrained.weights_[key])
        for model in (frozen, free)
        for key in pretrained.weights_
        if key.startswith("encoder.") and "num_batches" not in key
    ]
    assert all(same[: len(same) // 2]) and not any(same[len(same) // 2 :])
    probabilities = free.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(1), 1)
    np.testing.assert_array_equal(free.predict(X), free.classes_[probabilities.argmax(1)])
    np.testing.assert_array_equal(free.decision_function(X) > 0, probabilities[:, 1] > 0.5)
    again = clone(free).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), probabilities)


def test_attention_ends_with_the_scan(pretrained):
    X = [noise(1, n)[0] for n in (60, 40, 52)]
    model = STAGINClassifier(pretrained, max_epochs=1, random_state=0).fit(X, [0, 1, 2])
    n_windows = [8, 5, 7]  # ceil((n - 12) / 6)
    assert model.predict_proba(X).shape == (3, 3) and model.decision_function(X).shape == (3, 3)
    found = model.attention(X)
    np.testing.assert_array_equal(found.node, model.node_attention_)
    np.testing.assert_array_equal(found.time, model.time_attention_)
    for scan, n in enumerate(n_windows):
        assert np.isfinite(found.node[scan, :, :n]).all() and np.isnan(found.node[scan, :, n:]).all()
        np.testing.assert_allclose(found.time[scan, :, :n, :n].sum(-1), 1, rtol=1e-5)
        assert np.isnan(found.time[scan, :, n:]).all() and np.isnan(found.time[scan, :, :, n:]).all()
    # scans of other lengths beside it do not matter
    alone = np.concatenate([model.predict_proba([scan]) for scan in X])
    np.testing.assert_allclose(alone, model.predict_proba(X), rtol=1e-5)


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle", "constant"])
def test_regressor_follows_the_scale_of_its_target(pretrained, schedule):
    X, y = noise(), np.array([20.0, 31, 44, 25, 38, 52, 61, 29])
    options = {"max_epochs": 2, "batch_size": 4, "schedule": schedule, "random_state": 0, "crop": 50}
    years = STAGINRegressor(pretrained, **options).fit(X, y)
    months = STAGINRegressor(pretrained, **options).fit(X, 12 * y + 7)
    # the standardised targets differ by the rounding of float32
    np.testing.assert_allclose(months.predict(X), 12 * years.predict(X) + 7, rtol=1e-4)
    assert years.target_mean_ == y.mean() and years.target_scale_ == y.std()


def test_classifier_finds_a_difference_and_nothing_in_permuted_labels(seed):
    data = make_switching_fc(160, task="static", n_times=120, delta=0.2, random_state=seed)
    settings = {"window": 30, "step": 15, "node_input": "region", "hidden_dim": 16, "n_layers": 2}
    model = STAGINClassifier(**settings, max_epochs=8, batch_size=16, keep_attention=False, random_state=seed)
    train, test = slice(0, 80), slice(80, 160)
    found = roc_auc_score(
        data.y[test], model.fit(data.X[train], data.y[train]).decision_function(data.X[test])
    )
    # the standard error of an area of 0.5 with 40 scans of each class is 0.065 (Hanley and McNeil)
    assert found > 0.5 + 3 * 0.065
    shuffled = np.random.default_rng(seed).permutation(data.y[train])
    null = roc_auc_score(data.y[test], model.fit(data.X[train], shuffled).decision_function(data.X[test]))
    # four standard errors, since permuted labels may resemble the true ones by chance
    assert abs(null - 0.5) < 4 * 0.065


@pytest.mark.parametrize(
    "options", [{"precision": "bfloat16"}, {"n_accumulate": 2}, {"readout": "garo"}, {"orthogonality": 0.0}]
)
def test_options_of_training_change_little(pretrained, options):
    """One epoch at a small rate: the same classifier up to rounding, or to the statistics of half a batch."""
    settings = {"max_epochs": 1, "lr": 1e-5, "batch_size": 4, "random_state": 0, "keep_attention": False}
    plain, other = (
        STAGINClassifier(pretrained, **settings, **o).fit(noise(), [0, 1] * 4) for o in ({}, options)
    )
    assert other.n_steps_ == plain.n_steps_ == 2
    for key, weight in plain.weights_.items():
        if (
            key in other.weights_
            and "running" not in key
            and "num_batches" not in key
            and "readout" not in options
        ):
            # two steps of Adam, each of at most the rate (the first exactly that), in either direction
            np.testing.assert_allclose(other.weights_[key], weight, rtol=0, atol=2 * 2 * 1.1e-5, err_msg=key)
    assert np.isfinite(other.predict_proba(noise())).all()
