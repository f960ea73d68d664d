"""Baselines: features against closed forms, scores against the reference on real segments."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
from scipy.stats import kurtosis
from sklearn.model_selection import StratifiedKFold, cross_val_score

from neurosci.datasets import fetch_bonn_ieeg
from neurosci.du_in import (
    BandPowerClassifier,
    BraindecodeClassifier,
    SegmentFeatureClassifier,
    WindowMeanClassifier,
)

BASELINES = [
    BandPowerClassifier(100.0, bands=[(1, 10), (10, 40)]),
    BandPowerClassifier(100.0, bands=[(5, 20), (20, 40)], n_windows=4, classifier="lda"),
    WindowMeanClassifier(100.0, window=0.1, classifier="svm"),
    SegmentFeatureClassifier(100.0, classifier="lda"),
]


@pytest.fixture(scope="module")
def trials():
    """Two classes that differ in the power of 8 Hz and in a slow deflection."""
    rng = np.random.default_rng(0)
    times = np.arange(200) / 100
    y = np.array(["left", "right"])[np.arange(60) % 2]
    X = rng.normal(size=(60, 3, 200))
    X[1::2] += np.sin(2 * np.pi * 8 * times + rng.uniform(0, 6, (30, 1, 1))) + np.exp(-((times - 1) ** 2) * 9)
    return X.astype(np.float32), y


@pytest.mark.parametrize("decoder", BASELINES, ids=lambda d: f"{type(d).__name__}-{d.classifier}")
def test_classes_are_told_apart(decoder, trials):
    X, y = trials
    fitted = decoder.fit(X[:40], y[:40])
    assert fitted.classes_.tolist() == ["left", "right"]
    assert fitted.score(X[40:], y[40:]) > 0.9
    probability = fitted.predict_proba(X[40:])
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    np.testing.assert_array_equal(fitted.classes_[probability.argmax(axis=1)], fitted.predict(X[40:]))


def test_power_of_a_sine_lies_in_its_band():
    times = np.arange(2000) / 1000
    noise = np.random.default_rng(0).normal(size=2000)
    wave = (np.sin(2 * np.pi * 20 * times) + 0.01 * noise)[None, None]
    waves = np.concatenate([wave, 10 * wave])
    found = BandPowerClassifier(bands=[(1, 15), (15, 25), (25, 60)]).features(waves)
    assert found[0].argmax() == 1
    # ten times the amplitude is a hundred times the power, in every band
    np.testing.assert_allclose(found[1] - found[0], np.log(100), rtol=1e-6)
    # bands above half the rate are left out
    assert BandPowerClassifier(200.0).features(wave).shape == (1, 5)


def test_nine_features_of_a_segment():
    rng = np.random.default_rng(1)
    x = np.cumsum(rng.normal(size=(2, 1, 1000)), axis=-1)
    z = (x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)
    found = SegmentFeatureClassifier(amplitude=True).features(x)
    assert found.shape == (2, 9)
    np.testing.assert_allclose(found[:, 5], np.abs(np.diff(z)).mean(axis=-1)[:, 0])
    np.testing.assert_allclose(found[:, 6], x.var(axis=-1)[:, 0])
    np.testing.assert_allclose(found[:, 7], np.sqrt(np.diff(z).var(axis=-1) / z.var(axis=-1))[:, 0])
    np.testing.assert_allclose(found[:, 8], kurtosis(x, axis=-1)[:, 0])
    # without the amplitude, scale does not matter
    plain = SegmentFeatureClassifier()
    # a power of two, which single precision can follow
    np.testing.assert_allclose(plain.features(2.0**-20 * x), plain.features(x), rtol=1e-9)


@pytest.mark.parametrize(
    ("sets", "classifier", "reference", "se"),
    [
        ((0, 1), "logistic", 0.695, 0.030),
        ((0, 1), "svm", 0.740, 0.013),
        ((1, 2), "logistic", 0.930, 0.013),
        ((1, 2), "svm", 0.950, 0.013),
        ((0, 1, 2), "logistic", 0.743, 0.025),
        ((0, 1, 2), "svm", 0.790, 0.025),
    ],
)
def test_scores_on_the_bonn_segments(sets, classifier, reference, se):
    """Five folds of segments, as the reference; patients are unknown and lie on both sides.

    Within two standard errors of the difference between two five-fold means. The reference states the error
    of the first two rows; the others have the binomial one, sqrt(p q / n) rounded up.
    """
    if not os.environ.get("NEUROSCI_DATA"):
        pytest.skip("needs NEUROSCI_DATA with the folder du_in")
    data = fetch_bonn_ieeg(download=False)
    rows = np.isin(data.y, sets)
    decoder = SegmentFeatureClassifier(data.sfreq, classifier=classifier)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = cross_val_score(decoder, data.X[rows], data.y[rows], cv=folds)
    own = scores.std(ddof=1) / np.sqrt(5)
    assert scores.mean() == pytest.approx(reference, abs=2 * np.hypot(se, own))


@pytest.mark.parametrize(
    ("decoder", "X", "message"),
    [
        (WindowMeanClassifier(), np.zeros((4, 100)), "X must have shape"),
        (WindowMeanClassifier(), np.full((4, 1, 100), np.nan), "X must be finite"),
        (WindowMeanClassifier(0.0), np.zeros((4, 1, 100)), "sfreq must be positive"),
        (WindowMeanClassifier(window=1.0), np.zeros((4, 1, 100)), "window must be 1 to 100 samples"),
        (BandPowerClassifier(n_windows=50), np.zeros((4, 1, 100)), "n_windows must leave at least 8 samples"),
        (BandPowerClassifier(bands=[(1, 2)]), np.zeros((4, 1, 100)), "bands must each hold a frequency"),
        (BandPowerClassifier(bands=[]), np.zeros((4, 1, 100)), "bands must each hold a frequency"),
        (BandPowerClassifier(classifier="forest"), np.zeros((4, 1, 100)), "classifier must be one of"),
        (SegmentFeatureClassifier(), np.zeros((4, 1, 1000)), "segments must vary, got 4 constant ones"),
    ],
)
def test_wrong_input(decoder, X, message):
    with pytest.raises(ValueError, match=f"{type(decoder).__name__}: {message}"):
        decoder.fit(X, [0, 0, 1, 1])


def test_other_shape_than_in_fit(trials):
    X, y = trials
    fitted = WindowMeanClassifier(100.0).fit(X, y)
    with pytest.raises(ValueError, match="X must have 3 channels and 200 samples, as in fit, got 3 and 100"):
        fitted.predict(X[:, :, :100])


# ------------------------------------------------------------------------------------------------ braindecode


def test_absent_braindecode_is_named(monkeypatch, trials):
    monkeypatch.setitem(sys.modules, "braindecode", None)
    monkeypatch.setitem(sys.modules, "braindecode.models", None)
    with pytest.raises(ImportError, match="EEGNet needs braindecode, which could not be imported"):
        BraindecodeClassifier("EEGNet").fit(*trials)
    with pytest.raises(ValueError, match="network must be one of"):
        BraindecodeClassifier("EEGnet").fit(*trials)


def test_a_network_is_trained_like_the_others(monkeypatch, trials):
    """A stand-in of one convolution takes the place of braindecode: its arguments, order and "
    "standardisation."""
    import types

    import torch

    seen = {}

    class Net(torch.nn.Module):
        def __init__(self, n_chans, n_outputs, n_times, sfreq):
            super().__init__()
            seen.update(n_chans=n_chans, n_outputs=n_outputs, n_times=n_times, sfreq=sfreq)
            self.layers = torch.nn.Sequential(
                torch.nn.Conv1d(n_chans, 8, 13), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool1d(1)
            )
            self.head = torch.nn.Linear(8, n_outputs)

        def forward(self, x):
            seen["mean"] = float(x.mean())
            return self.head(self.layers(x).flatten(1))

    package, models = types.ModuleType("braindecode"), types.ModuleType("braindecode.models")
    package.models, models.EEGNet = models, Net
    monkeypatch.setitem(sys.modules, "braindecode", package)
    monkeypatch.setitem(sys.modules, "braindecode.models", models)
    X, y = trials
    decoder = BraindecodeClassifier(
        sfreq=100.0,
        resample=50.0,
        n_epochs=15,
        batch_size=10,
        learning_rate=0.01,
        random_state=0,
        device="cpu",
    )
    fitted = decoder.fit(X[:40], y[:40])
    assert (seen["n_chans"], seen["n_outputs"], seen["n_times"], seen["sfreq"]) == (3, 2, 100, 50.0)
    assert fitted.score(X[40:], y[40:]) > 0.8
    assert len(fitted.history_["loss"]) == 15
    again = decoder.fit(X[:40], y[:40]).predict_proba(X[40:])
    np.testing.assert_array_equal(again, fitted.predict_proba(X[40:]))
    with pytest.raises(ValueError, match="X must have 3 channels and 200 samples, as in fit, got 2 and 200"):
        fitted.predict(X[:, :2])
