"""The estimators: what they learn, what they refuse, resuming, and that the stages fit together."""

from __future__ import annotations

import shutil
import warnings

import mne
import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator

from neurosci.du_in import (
    CodexCollapseWarning,
    DuINClassifier,
    DuINPretrainer,
    DuINTokenizer,
    TokenLevelClassifier,
    load_pretrained,
    save_pretrained,
)

FAST = {"n_epochs": 2, "batch_size": 4, "random_state": 0, "device": "cpu"}


@pytest.fixture(scope="module")
def tokenizer(config, windows):
    return DuINTokenizer(config, **FAST).fit(windows.X)


@pytest.fixture(scope="module")
def pretrainer(tokenizer, windows):
    return DuINPretrainer(tokenizer, **FAST).fit(windows.X)


@pytest.fixture(scope="module")
def decoder(config, trials):
    return DuINClassifier(config=config, **FAST).fit(trials.X, trials.y)


def epochs_of(X, *, sfreq=1000.0, names=None):
    names = [f"A{k + 1}-A{k + 2}" for k in range(X.shape[1])] if names is None else names
    return mne.EpochsArray(X, mne.create_info(names, sfreq, "seeg"), verbose="ERROR")


# --------------------------------------------------------------------------------------------- tokenizer


def test_codes_and_signals_have_their_shapes_and_units(tokenizer, windows, config):
    codes = tokenizer.transform(windows.X)
    assert codes.shape == (10, 20) and codes.dtype == np.int64
    assert codes.min() >= 0 and codes.max() < config.codex_size
    again = tokenizer.inverse_transform(codes)
    assert again.shape == windows.X.shape and again.dtype == np.float32
    # the score is the error of what inverse_transform returns, in units of the training variance
    error = ((again - windows.X) / tokenizer.scale_[:, None]) ** 2
    assert tokenizer.score(windows.X) == pytest.approx(-error.mean(), rel=1e-4)


def test_transform_uses_the_network_in_evaluation_mode(tokenizer, windows):
    standard = (windows.X - tokenizer.mean_[:, None]) / tokenizer.scale_[:, None]
    with torch.no_grad():
        expected = tokenizer.module_(torch.from_numpy(standard.astype(np.float32))).codes.numpy()
    found = tokenizer.transform(windows.X)
    # folded and unfolded arithmetic round differently, so that near ties may flip
    assert np.mean(found != expected) < 0.02
    np.testing.assert_array_equal(found, tokenizer.transform(windows.X))


def test_statistics_are_those_of_the_training_windows(tokenizer, windows):
    data = windows.X.astype(np.float64)
    np.testing.assert_allclose(tokenizer.mean_, data.mean(axis=(0, 2)), atol=1e-7)
    np.testing.assert_allclose(tokenizer.scale_, data.std(axis=(0, 2)), rtol=1e-6)
    raw = DuINTokenizer(tokenizer.config, standardize=False, **FAST).fit(windows.X)
    assert not raw.mean_.any() and (raw.scale_ == 1).all()


def test_a_crop_and_shorter_windows(config, windows):
    cropped = DuINTokenizer(config, crop=1000, **FAST).fit(windows.X)
    assert cropped.n_times_in_ == 1000
    assert cropped.transform(windows.X[:, :, :600]).shape == (10, 6)
    with pytest.raises(ValueError, match="at most 1000 samples, as in training, got 2000"):
        cropped.transform(windows.X)
    with pytest.raises(ValueError, match="crop must be in"):
        DuINTokenizer(config, crop=3000, **FAST).fit(windows.X)


def test_a_collapsed_codex_is_a_warning(config, windows):
    # one live code has a perplexity of 1, below a tenth of 64 codes
    many = config.replace(codex_size=64)
    with pytest.warns(CodexCollapseWarning, match="perplexity"), warnings.catch_warnings(record=False):
        warnings.filterwarnings("ignore", message=".*k-means.*")
        DuINTokenizer(many, vq_warmup_steps=0, **{**FAST, "n_epochs": 1, "learning_rate": 0.1}).fit(
            windows.X * 0 + windows.X[:1, :1]
        )


# ------------------------------------------------------------------------------------------ masked model


def test_a_fitted_tokenizer_is_used_as_it_is(pretrainer, tokenizer, windows):
    assert pretrainer.tokenizer_history_ is tokenizer.history_
    np.testing.assert_array_equal(pretrainer.mean_, tokenizer.mean_)
    other = DuINPretrainer(clone(tokenizer), **FAST).fit(windows.X)
    # the clone is fitted first, with its own seed: the same codes and the same masked model
    for name, value in pretrainer.weights_.items():
        np.testing.assert_array_equal(value, other.weights_[name])


def test_codes_to_predict_are_watched(pretrainer):
    history = pretrainer.history_
    assert {"loss", "val_loss", "accuracy", "val_accuracy", "perplexity", "largest_share"} <= set(history)
    assert len(history["loss"]) == FAST["n_epochs"]


@pytest.mark.parametrize("target", ["tokens", "signals"])
def test_other_targets(target, tokenizer, windows):
    model = DuINPretrainer(tokenizer, target=target, **FAST).fit(windows.X)
    assert np.isfinite(model.history_["loss"]).all()
    assert "accuracy" not in model.history_
    assert (model.tokenizer_history_ == {}) == (target == "signals")


def test_a_tokenizer_of_other_channels_is_refused(tokenizer, windows):
    with pytest.raises(ValueError, match="must have 10 channels, as in fit, got 8"):
        DuINPretrainer(tokenizer, **FAST).fit(windows.X[:, :8])
    with pytest.raises(TypeError, match="tokenizer must be a DuINTokenizer"):
        DuINPretrainer("vqvae", **FAST).fit(windows.X)


# ----------------------------------------------------------------------------------------------- decoder


def test_probabilities_are_the_softmax_of_the_networks_scores(decoder, trials):
    probability = decoder.predict_proba(trials.X)
    standard = (trials.X - decoder.mean_[:, None]) / decoder.scale_[:, None]
    with torch.no_grad():
        scores = decoder.module_(torch.from_numpy(standard.astype(np.float32))).double().numpy()
    np.testing.assert_allclose(probability, softmax(scores, axis=1), atol=1e-6)
    np.testing.assert_array_equal(decoder.predict(trials.X), decoder.classes_[probability.argmax(axis=1)])


def test_labels_of_any_kind(config, trials, decoder):
    words = np.array(["mouth", "help", "friend"])[trials.y]
    other = DuINClassifier(config=config, **FAST).fit(trials.X, words)
    assert other.classes_.tolist() == ["friend", "help", "mouth"]
    # classes are coded in their order: the same codes as 2, 1, 0
    same = DuINClassifier(config=config, **FAST).fit(trials.X, 2 - trials.y)
    np.testing.assert_array_equal(other.predict_proba(trials.X), same.predict_proba(trials.X))
    assert decoder.classes_.tolist() == [0, 1, 2]


def test_a_separable_task_is_learned(config, generator):
    train = generator.trials(12)
    model = DuINClassifier(
        config=config, n_epochs=25, batch_size=12, learning_rate=5e-3, random_state=0, device="cpu"
    )
    model.fit(train.X, train.y)
    # the loss of guessing is ln 3; a network that learns nothing stays there
    assert model.history_["loss"][-1] < 0.6 * np.log(3)


@pytest.mark.parametrize("init", ["vqvae", "mae"])
def test_pretraining_by_name_starts_from_the_training_trials(init, config, trials):
    model = DuINClassifier(init, config=config, n_pretrain_epochs=1, **FAST).fit(trials.X, trials.y)
    assert len(model.init_history_["loss"]) == 1


def test_every_start_hands_over_its_encoder(tokenizer, pretrainer, trials, config):
    still = {**FAST, "n_epochs": 1, "learning_rate": 1e-12}
    for start in (tokenizer, pretrainer, FrozenEstimator(pretrainer)):
        model = DuINClassifier(start, **still).fit(trials.X, trials.y)
        source = start.estimator if isinstance(start, FrozenEstimator) else start
        assert model.init_history_ == {}
        for name, value in model.weights_.items():
            if name.startswith(("spatial.projection", "transformer")):
                # one step at a rate of 1e-12 moves a weight by less than that
                np.testing.assert_allclose(value, source.weights_[name], atol=1e-7, err_msg=name)
    fresh = DuINClassifier(config=config, **still).fit(trials.X, trials.y)
    name = "spatial.projection.weight"
    assert np.abs(fresh.weights_[name] - tokenizer.weights_[name]).max() > 1e-3


def test_cloning_forgets_a_start_unless_it_is_frozen(pretrainer, trials):
    forgetful = clone(DuINClassifier(pretrainer, **FAST)).fit(trials.X, trials.y)
    assert forgetful.init_history_
    keeping = clone(DuINClassifier(FrozenEstimator(pretrainer), **FAST)).fit(trials.X, trials.y)
    assert keeping.init_history_ == {}


def test_the_quantiser_can_stand_before_the_head(tokenizer, pretrainer, trials):
    model = DuINClassifier(tokenizer, quantize=True, **FAST).fit(trials.X, trials.y)
    assert any(name.startswith("quantizer") for name in model.weights_)
    with pytest.raises(ValueError, match="must be a DuINVQVAE"):
        DuINClassifier(pretrainer, quantize=True, **FAST).fit(trials.X, trials.y)


def test_saved_weights_are_a_start_and_keep_their_channels(tokenizer, trials, tmp_path):
    names = [f"A{k + 1}-A{k + 2}" for k in range(10)]
    save_pretrained(tmp_path / "model", tokenizer.module_, ch_names=names, sfreq=1000.0)
    start = load_pretrained(tmp_path / "model")
    assert DuINClassifier(start, **FAST).fit(epochs_of(trials.X), trials.y).ch_names_ == tuple(names)
    with pytest.raises(ValueError, match="not in the network: B1"):
        DuINClassifier(start, **FAST).fit(epochs_of(trials.X, names=[*names[:-1], "B1"]), trials.y)


def test_validation_trials_are_not_trained_on(config, trials):
    model = DuINClassifier(config=config, validation_fraction=0.34, keep="best", **FAST).fit(
        trials.X, trials.y
    )
    assert {"val_loss", "val_accuracy"} <= set(model.history_)
    train, kept_out = model._validation_split(trials.y, 0)
    assert not np.intersect1d(train, kept_out).size and len(train) + len(kept_out) == len(trials.y)
    assert np.bincount(trials.y[kept_out]).tolist() == [2, 2, 2]
    for fraction in (1.0, -0.1, 0.01):
        with pytest.raises(ValueError, match="validation_fraction must"):
            DuINClassifier(config=config, validation_fraction=fraction, **FAST).fit(trials.X, trials.y)


def test_warm_start_goes_on_from_the_last_weights(config, trials):
    still = {**FAST, "n_epochs": 1, "learning_rate": 1e-12, "max_shift": 0}
    model = DuINClassifier(config=config, warm_start=True, **FAST).fit(trials.X, trials.y)
    before = model.weights_["transformer.layers.0.qkv.weight"].copy()
    after = model.set_params(**still).fit(trials.X, trials.y).weights_["transformer.layers.0.qkv.weight"]
    np.testing.assert_allclose(after, before, atol=1e-7)


def test_contributions_are_equation_12(decoder):
    weight = np.abs(decoder.weights_["spatial.projection.weight"][0]).mean(axis=0)
    np.testing.assert_allclose(decoder.contributions(), weight / weight.max(), rtol=1e-6)


# ---------------------------------------------------------------------------------- repeats and resuming


def test_the_same_seed_gives_the_same_bits(config, trials, decoder):
    again = DuINClassifier(config=config, **FAST).fit(trials.X, trials.y)
    other = DuINClassifier(config=config, **{**FAST, "random_state": 1}).fit(trials.X, trials.y)
    for name, value in decoder.weights_.items():
        np.testing.assert_array_equal(value, again.weights_[name])
    assert any(np.any(v != other.weights_[name]) for name, v in decoder.weights_.items())


def test_an_interrupted_fit_goes_on_from_its_checkpoint(config, trials, decoder, tmp_path):
    folder = tmp_path / "checkpoint"
    first = DuINClassifier(config=config, checkpoint=folder, **FAST).fit(trials.X, trials.y)
    assert (folder / "classifier").is_dir()
    # a finished training is read back, not repeated
    second = DuINClassifier(config=config, checkpoint=folder, **FAST).fit(trials.X, trials.y)
    for name, value in decoder.weights_.items():
        np.testing.assert_array_equal(value, first.weights_[name])
        np.testing.assert_array_equal(value, second.weights_[name])
    with pytest.raises(ValueError, match=r"(checkpoint|settings|another)"):
        DuINClassifier(config=config, checkpoint=folder, **FAST).fit(trials.X[:, ::-1], trials.y)
    shutil.rmtree(folder)


# --------------------------------------------------------------------------------------------- bad input


ESTIMATORS = [DuINTokenizer, DuINPretrainer, DuINClassifier]


def made(estimator, config, **settings):
    return estimator(config=config, **FAST, **settings)


def fitted_on(estimator, config, X, y, **settings):
    labels = (y,) if estimator is DuINClassifier else ()
    return made(estimator, config, **settings).fit(X, *labels)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_bad_windows_are_named_before_training(estimator, config, trials):
    X, y = trials.X, trials.y
    spoiled = X.copy()
    spoiled[3, 4, 7] = np.nan
    spoiled[2, 6, 7] = np.inf
    dead = X.copy()
    dead[:, 2] = 1.5
    name = estimator.__name__
    cases = [
        (spoiled, ValueError, "NaN or infinity in channel 4, channel 6"),
        (dead, ValueError, "constant channel 2"),
        (X[:, :, :2950], ValueError, "n_times must be a multiple of patch_samples = 100, got 2950"),
        (X[0], ValueError, r"shape \(n_windows, n_channels, n_times\)"),
        (X[:0], ValueError, "none of them 0"),
        (X.astype(str), TypeError, "real numbers"),
        (X.astype(complex), TypeError, "real numbers"),
    ]
    for bad, error, words in cases:
        with pytest.raises(error, match=f"^{name}: .*{words}"):
            fitted_on(estimator, config, bad, y)


def test_a_recording_must_be_cut(config):
    raw = mne.io.RawArray(np.zeros((2, 500)), mne.create_info(2, 100.0), verbose="ERROR")
    with pytest.raises(ValueError, match="make_pretrain_windows"):
        DuINTokenizer(config).fit(raw)


def test_bad_labels(config, trials):
    X = trials.X
    single = trials.y.copy()
    single[0] = 7
    for y, words in (
        (single, "at least 2 trials of each class, got 1 of 7"),
        (np.zeros(len(X)), "at least 2 classes, got 1"),
        (trials.y[:-1], "one value for each of 18 trials"),
        (np.where(trials.y == 1, np.nan, trials.y), "got 6 NaN or infinite, the first in trial"),
    ):
        with pytest.raises(ValueError, match=words):
            DuINClassifier(config=config, **FAST).fit(X, y)


def test_labels_that_training_did_not_hold_have_no_score(decoder, trials):
    y = decoder.classes_[trials.y] if decoder.classes_.dtype.kind != "i" else trials.y
    assert decoder.score(trials.X, y) == np.mean(decoder.predict(trials.X) == y)
    with pytest.raises(
        ValueError, match=r"DuINClassifier: y must hold labels that were in training, got \[9\]"
    ):
        decoder.score(trials.X, np.where(trials.y == 0, 9, trials.y))


def test_windows_of_several_lengths_are_named(config, trials):
    ragged = [trials.X[0], trials.X[1], trials.X[2][:, :2000]]
    with pytest.raises(TypeError, match=r"got \(10, 3000\), and \(10, 2000\) in window 2"):
        DuINClassifier(config=config, **FAST).fit(ragged, [0, 1, 0])


def test_other_channels_rates_and_lengths_are_refused(config, trials):
    model = DuINClassifier(config=config, **FAST).fit(epochs_of(trials.X), trials.y)
    assert model.sfreq_ == 1000.0
    swapped = list(model.ch_names_)
    swapped[0], swapped[1] = swapped[1], swapped[0]
    for bad, words in (
        (epochs_of(trials.X, names=swapped), "got 'A2-A3' in place of 'A1-A2'"),
        (epochs_of(trials.X, sfreq=500.0), "sampled at 1000 Hz, as in fit, got 500 Hz"),
        (trials.X[:, :5], "must have 10 channels, as in fit, got 5"),
        (trials.X[:, :, :2000], "must have 3000 samples, as in fit, got 2000"),
    ):
        with pytest.raises(ValueError, match=words):
            model.predict(bad)


def test_bad_options(config, trials):
    X, y = trials.X, trials.y
    for settings, error, words in (
        ({"init": "vqvea"}, ValueError, "did you mean 'vqvae'"),
        ({"init": 3}, TypeError, "init must be None"),
        ({"head": "softmax"}, ValueError, "head must be one of"),
        ({"schedule": "fast"}, ValueError, "schedule must be one of"),
        ({"max_shift": 3000}, ValueError, "max_shift must lie between"),
        ({"keep": "best"}, ValueError, "validation"),
    ):
        with pytest.raises(error, match=words):
            DuINClassifier(config=config, **FAST).set_params(**settings).fit(X, y)
    with pytest.raises(TypeError, match="config must be a DuINConfig or None"):
        DuINTokenizer({"n_layers": 2}).fit(X)


def test_codes_that_are_none(tokenizer):
    for codes, words in (
        ([[0.5]], "must be integers"),
        ([0, 1], "must be integers of shape"),
        ([[0, 4]], r"must lie in \[0, 3\], got 0 to 4"),
        ([[-1, 0]], "must lie in"),
    ):
        with pytest.raises(ValueError, match=words):
            tokenizer.inverse_transform(codes)


def test_use_before_fit(config, windows):
    with pytest.raises(NotFittedError):
        DuINTokenizer(config).transform(windows.X)
    with pytest.raises(NotFittedError):
        DuINTokenizer(config).inverse_transform([[0]])
    with pytest.raises(NotFittedError):
        _ = DuINPretrainer(config=config).module_
    with pytest.raises(NotFittedError):
        DuINClassifier(config=config).predict(windows.X)


# ---------------------------------------------------------------------------------------- token levels


def test_region_tokens_are_those_of_the_classifier(config, trials, decoder):
    control = TokenLevelClassifier("region", config=config, **FAST).fit(trials.X, trials.y)
    for name, value in decoder.weights_.items():
        np.testing.assert_array_equal(value, control.weights_[name])


@pytest.mark.parametrize("pooling", ["concatenate", "mean"])
def test_channel_tokens_see_one_channel_each_and_attend_to_all(pooling, config, trials):
    model = TokenLevelClassifier("channel", pooling=pooling, config=config, **FAST)
    model.fit(trials.X[:, :3, :600], trials.y)
    network = model.module_
    x = torch.from_numpy(trials.X[:2, :3, :600].copy())
    patches = x.reshape(2 * 3 * 6, 1, 100)
    with torch.no_grad():
        embedded = network.spatial(patches).view(2, 3, 6, -1)
        changed = x.clone()
        changed[:, 1, 200:300] += 1
        other = network.spatial(changed.reshape(2 * 3 * 6, 1, 100)).view(2, 3, 6, -1)
        moved = (other - embedded).abs().sum(dim=(0, 3)) > 0
        scores, others = network(x), network(changed)
    # only the token of channel 1, patch 2 differs before the transformer; every score does after it
    assert torch.nonzero(moved).tolist() == [[1, 2]]
    assert ((scores - others).abs() > 0).all()
    n_seen = 3 * 6 if pooling == "concatenate" else 6
    assert network.classify[1].in_features == n_seen * config.d_model


def test_permuting_channels_with_their_embeddings_changes_nothing_under_the_mean(config, trials):
    model = TokenLevelClassifier("channel", pooling="mean", config=config, **FAST)
    model.fit(trials.X[:, :3, :600], trials.y)
    network, x = model.module_, torch.from_numpy(trials.X[:2, :3, :600].copy())
    order = [2, 0, 1]
    with torch.no_grad():
        before = network(x)
        network.channels.copy_(network.channels[order].clone())
        after = network(x[:, order])
    # sums over tokens in another order round differently in single precision
    torch.testing.assert_close(before, after, rtol=1e-4, atol=1e-5)


def test_bad_token_levels(config, trials):
    for settings, words in (
        ({"level": "brain"}, "level must be one of"),
        ({"pooling": "max"}, "pooling must be"),
    ):
        model = TokenLevelClassifier(**{"level": "channel", **settings}, config=config, **FAST)
        with pytest.raises(ValueError, match=words):
            model.fit(trials.X, trials.y)
