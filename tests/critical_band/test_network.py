"""Any network shown any stimuli: streaming, decisions, and what is refused."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
import torch

from neurosci.critical_band import CategoryMap, Scaling, evaluate_network, trial_counts
from tests.contract.surface import ROOT

NAMES = CategoryMap({"dark": [0], "bright": [1, 2]}, n_classes=4)


class Brightness(torch.nn.Module):
    """Logits that grow with the mean of the input."""

    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Dropout(0.9)
        self.seen = []

    def forward(self, x):
        self.seen.append(x)
        level = self.inner(x).mean(dim=(1, 2, 3))
        return torch.stack([0.5 - level, level - 0.5, level - 0.5, 0 * level - 5], dim=1)


def stimuli(n=7, seed=0):
    """Grey images with a random mean, and what they are."""
    rng = np.random.default_rng(seed)
    mean = rng.permutation(np.linspace(0.1, 0.9, n))
    images = np.clip(mean[:, None, None] + 0.05 * rng.standard_normal((n, 9, 11)), 0, 1).astype(np.float32)
    return images, pd.DataFrame({"category": np.where(mean > 0.5, "bright", "dark"), "image": range(n)})


def test_responses_and_columns():
    images, trials = stimuli()
    trials.index = trials.index[::-1]
    found = evaluate_network(Brightness(), images, trials, NAMES, scores=True)
    assert found["correct"].all() and found["correct"].dtype == bool
    assert list(found) == ["category", "image", "response", "correct", "score_dark", "score_bright"]
    assert found.index.equals(trials.index) and list(trials) == ["category", "image"]
    # softmax over all four classes, then the mean of two, by hand
    level = images.mean(axis=(1, 2), dtype=np.float64)
    logits = np.stack([0.5 - level, level - 0.5, level - 0.5, np.full(7, -5)], axis=1)
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found["score_dark"], probability[:, 0], rtol=1e-5)
    np.testing.assert_allclose(found["score_bright"], probability[:, 1:3].mean(axis=1), rtol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_sources_and_batches_change_nothing(batch_size):
    images, trials = stimuli()
    expected = evaluate_network(Brightness(), images, trials, NAMES, scores=True)
    bytes_of = np.round(images * 255).astype(np.uint8)
    for source in (
        images,
        list(images),
        iter(images),
        (block for block in (images[:2], images[2:3], images[3:])),
        [images[:4], images[4:]],
        np.repeat(images[..., None], 3, axis=-1),
        images.astype(np.float64),
    ):
        found = evaluate_network(Brightness(), source, trials, NAMES, scores=True, batch_size=batch_size)
        pd.testing.assert_frame_equal(found, expected, rtol=1e-5)
    coarse = evaluate_network(Brightness(), bytes_of, trials, NAMES, batch_size=batch_size)
    assert (coarse["response"] == expected["response"]).all()


def test_without_trials_or_categories():
    images, trials = stimuli()
    assert list(evaluate_network(Brightness(), images, category_map=NAMES)) == ["response"]
    found = evaluate_network(Brightness(), images, trials[["image"]], NAMES)
    assert list(found) == ["image", "response"]


def test_the_module_is_left_as_it_was():
    model = Brightness().train()
    model.inner.eval()
    images, trials = stimuli()
    evaluate_network(model, images, trials, NAMES)
    assert model.training and not model.inner.training
    assert not model.seen[0].requires_grad and model.seen[0].is_inference()
    assert model.seen[0].is_contiguous(memory_format=torch.channels_last)
    with pytest.raises(RuntimeError, match="no more"):
        evaluate_network(model, failing(images), trials, NAMES)
    assert model.training and not model.inner.training


def failing(images):
    yield images[0]
    raise RuntimeError("no more")


def test_stimuli_are_read_one_batch_at_a_time():
    images, trials = stimuli(40)
    read, most = 0, 0

    def source():
        nonlocal read
        for image in images:
            read += 1
            yield image

    def model(batch):
        nonlocal most
        most = max(most, read - answered[0])
        answered[0] += len(batch)
        return torch.zeros(len(batch), 4)

    answered = [0]
    evaluate_network(model, source(), trials, NAMES, batch_size=6)
    assert most == 6


def test_scalings():
    images, trials = stimuli()
    seen = []

    def model(batch):
        seen.append(batch.clone())
        return torch.zeros(len(batch), 4)

    for preprocess, mean, sd in (
        (None, 0.0, 1.0),
        ("efficientnet_lite", 127 / 255, 128 / 255),
        ("imagenet", np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])),
        (Scaling(0.5, [1, 2, 4]), 0.5, np.array([1, 2, 4])),
        (lambda pixels: pixels * 2, 0.0, 0.5),
    ):
        evaluate_network(model, images, trials, NAMES, preprocess, channels_last=False)
        expected = (np.repeat(images[..., None], 3, axis=-1) - mean) / sd
        np.testing.assert_allclose(seen[-1].permute(0, 2, 3, 1), expected, rtol=1e-5, atol=1e-6)
    for bad in ({"mean": np.nan, "sd": 1}, {"mean": 0, "sd": 0}, {"mean": [0, 0], "sd": 1}):
        with pytest.raises(ValueError, match="Scaling: "):
            Scaling(**bad)


def test_outputs_of_other_kinds():
    images, trials = stimuli()
    level = images.mean(axis=(1, 2))
    scores = evaluate_network(
        lambda x: np.stack([-x.mean(dim=(1, 2, 3)), x.mean(dim=(1, 2, 3)) - 1], axis=1),
        images, trials, NAMES, output="scores", scores=True,
    )  # fmt: skip
    assert (scores["response"] == np.where(level > 0.5, "bright", "dark")).all()
    np.testing.assert_allclose(scores["score_dark"], -level, rtol=1e-5)
    shares = evaluate_network(
        lambda x: torch.tensor([[0.4, 0.3, 0.25, 0.05]]).expand(len(x), -1),
        images, trials, NAMES, output="probabilities", scores=True,
    )  # fmt: skip
    np.testing.assert_allclose(shares["score_bright"], 0.275, rtol=1e-6)


def zeros(n_classes):
    return lambda batch: torch.zeros(len(batch), n_classes)


def nan_for_image(number, batch_size=2):
    count = [0]

    def model(batch):
        out = torch.zeros(len(batch), 4)
        for row in range(len(batch)):
            if count[0] == number:
                out[row, 1] = np.nan
            count[0] += 1
        return out

    return model


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": zeros(999)}, r"shape \(2, 4\) for 2 images with output='logits', got \(2, 999\)"),
        ({"model": lambda batch: torch.zeros(4)}, r"got \(4,\)"),
        ({"model": nan_for_image(5)}, "NaN or infinite logits for image 5 .1 of 2 in this batch"),
        ({"model": lambda b: torch.full((len(b), 4), torch.inf)}, "NaN or infinite logits for image 0"),
        ({"model": zeros(2), "output": "probabilities"}, r"shape \(2, 4\)"),
        ({"model": lambda b: torch.full((len(b), 4), 2.0), "output": "probabilities"}, "must be in .0, 1."),
        ({"model": lambda b: torch.full((len(b), 2), torch.nan), "output": "scores"}, "got NaN"),
        ({"output": "logit"}, "output must be one of 'logits', 'probabilities', 'scores', got 'logit'"),
        ({"batch_size": 0}, "batch_size must be a whole number >= 1, got 0"),
        ({"batch_size": 2.5}, "batch_size must be a whole number >= 1, got 2.5"),
        ({"preprocess": "imagnet"}, "did you mean 'imagenet'"),
        ({"stimuli": np.zeros((8, 9, 9))}, r"as many as trials \(7\), got 8"),
        ({"stimuli": iter(np.zeros((8, 9, 9)))}, r"as many as trials \(7\), got more"),
        ({"stimuli": iter(np.zeros((6, 9, 9)))}, r"as many as trials \(7\), got 6"),
        ({"stimuli": iter([])}, "at least one image"),
        ({"stimuli": iter([np.zeros((9, 9)), np.zeros((9, 8))])}, r"one shape, got \(9, 8\) for image 1"),
        ({"stimuli": [np.zeros(9)] * 7}, r"shape \(H, W\) or \(H, W, 3\), got \(9,\) for image 0"),
        ({"stimuli": [np.zeros((0, 9))] * 7}, r"got \(0, 9\)"),
        ({"stimuli": [np.full((9, 9), 255.0)] * 7}, "in 0 to 1, got 255 to 255 for image 0"),
        ({"stimuli": [np.full((9, 9), -0.1)] * 7}, "in 0 to 1, got -0.1"),
        ({"stimuli": [np.full((9, 9), np.nan)] * 7}, "in 0 to 1, got nan"),
        ({"stimuli": np.zeros((7, 9, 9), np.int64)}, "uint8 .0 to 255. or float"),
        ({"trials": pd.DataFrame({"category": ["crab"] * 7})}, "among dark, bright, got 'crab'"),
        ({"trials": pd.DataFrame({"response": ["dark"] * 7})}, "no column 'response'"),
    ],
)
def test_impossible_input(changes, message):
    images, trials = stimuli()
    given = {"model": zeros(4), "stimuli": images, "trials": trials, "category_map": NAMES, "batch_size": 2}
    with pytest.raises(ValueError, match=message):
        evaluate_network(**given | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "resnet50"}, "model must be a torch module or callable, got str"),
        ({"model": lambda b: ["dog"] * len(b)}, "a tensor or an array of numbers"),
        ({"trials": [1] * 7}, "trials must be a DataFrame or None, got list"),
        ({"category_map": {"a": [0]}}, "category_map must be a CategoryMap or None, got dict"),
        ({"preprocess": 3}, "preprocess must be None, a name or a function"),
    ],
)
def test_wrong_types(changes, message):
    images, trials = stimuli()
    given = {"model": zeros(4), "stimuli": images, "trials": trials, "category_map": NAMES}
    with pytest.raises(TypeError, match=message):
        evaluate_network(**given | changes)


# ------------------------------------------------------------------------------------- from trials to counts


def test_trial_counts_by_a_plain_loop():
    rng = np.random.default_rng(0)
    trials = pd.DataFrame({
        "noise_sd": rng.choice([0.0, 0.02, 0.04, 0.08, 0.16], 300),
        "band": rng.integers(0, 7, 300),
        "correct": rng.random(300) < 0.6,
    })  # fmt: skip
    n_correct, n_trials = trial_counts(trials)
    for row, level in enumerate((0.0, 0.02, 0.04, 0.08, 0.16)):
        for band in range(7):
            cell = [t for t in trials.itertuples() if t.noise_sd == level and t.band == band]
            assert n_trials[row, band] == len(cell)
            assert n_correct[row, band] == sum(bool(t.correct) for t in cell)


def test_trial_counts_spread_trials_without_noise_over_the_bands():
    trials = pd.DataFrame({"noise_sd": [0.0] * 14 + [0.02], "band": [np.nan] * 7 + [-1] * 7 + [2]})
    trials["correct"] = True
    n_correct, n_trials = trial_counts(trials)
    assert n_trials[0].tolist() == [2] * 7 and n_trials[1].tolist() == [0, 0, 1, 0, 0, 0, 0]
    assert (n_correct == n_trials).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"noise_sd": [0.03]}, "noise_sd must be among .* got 0.03"),
        ({"band": [7]}, "whole numbers from 0 to 6"),
        ({"band": [1.5]}, "whole numbers from 0 to 6"),
        ({"band": [np.nan]}, "whole numbers from 0 to 6"),
        ({"correct": [0.5]}, "true and false"),
    ],
)
def test_trial_counts_refuses(changes, message):
    trials = pd.DataFrame({"noise_sd": [0.02], "band": [1], "correct": [True]}).assign(**changes)
    with pytest.raises(ValueError, match=message):
        trial_counts(trials)
    with pytest.raises(ValueError, match=r"missing: \['band'\]"):
        trial_counts(trials.drop(columns="band"))


# ------------------------------------------------------------------------------------ a network of one's own

TEN_LINES = """
import numpy as np
import neurosci.critical_band as cb
def energy(x): return np.stack([x.diff(dim=axis).abs().mean(dim=(1, 2, 3)) for axis in (2, 3)], axis=1)
rows = np.tile(np.arange(64)[:, None] // 8 % 2.0, 64)
bars, names = np.tile([rows, rows.T], (60, 1, 1)), ["rows", "columns"] * 60
masking = cb.CriticalBandMasking(n_bands=5, random_state=0)
trials = masking.make_trials(bars, names)
categories = cb.CategoryMap({"rows": [0], "columns": [1]}, n_classes=2)
judged = cb.evaluate_network(energy, masking.transform(bars, trials), trials, categories, output="scores")
print(cb.ChannelEstimator("ml", guess_rate=0.5).fit(*cb.trial_counts(judged, n_bands=5)).n_bands_in_)
"""


def test_a_fresh_script_of_ten_lines():
    script = textwrap.dedent(TEN_LINES)
    assert len(script.strip().splitlines()) <= 10
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "5"
