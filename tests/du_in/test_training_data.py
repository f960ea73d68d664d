"""Windows that are cut from mapped recordings, masked channels, shifts, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from neurosci._training import Batch
from neurosci.du_in._optimisation import make_plan
from neurosci.du_in._stage import How
from neurosci.du_in._stage_classifier import predict_scores, shift, train_classifier
from neurosci.du_in._stage_mae import train_mae
from neurosci.du_in._stage_vqvae import TokenizerLoss, masked_mse, train_vqvae
from neurosci.du_in._windows import Windows
from tests.du_in.networks import N_CHANS, TINY, TINY_MULTI, classifier, masked, signals, tokenizer

HOW = How(device="cpu")


def test_mapped_recordings_give_the_windows_of_arrays(tmp_path):
    rng = np.random.default_rng(0)
    recordings = [rng.standard_normal((n, 3)).astype(dtype) for n, dtype in ((250, "f8"), (130, "f2"))]
    paths = []
    for i, recording in enumerate(recordings):
        paths.append(tmp_path / f"{i}.npy")
        np.save(paths[-1], recording)
    windows = Windows.from_recordings(paths, n_samples=100, hop=50, subjects=[4, 7])
    assert all(isinstance(a, np.memmap) for a in windows._arrays)
    assert (len(windows), windows.n_chans, windows.n_samples) == (5, 3, 100)
    expected = [recordings[0][s : s + 100].T for s in (0, 50, 100, 150)] + [recordings[1][:100].T]
    found = windows.cut(np.arange(5), [0] * 5, 100).numpy()
    np.testing.assert_array_equal(found, np.stack(expected).astype(np.float32))
    assert windows.subject_tensor(np.arange(5)).tolist() == [4, 4, 4, 4, 7]
    in_memory = Windows(np.stack(expected))
    indices = np.array([3, 1])
    assert torch.equal(windows.cut(indices, [7, 11], 60), in_memory.cut(indices, [7, 11], 60))
    assert torch.equal(windows.centres(indices, 60), in_memory.cut(indices, [20, 20], 60))


def test_fingerprints_tell_data_apart():
    x = signals(6).numpy()
    other = x.copy()
    other[3, 1, 50] += 1
    assert Windows(x).fingerprint() == Windows(x.copy()).fingerprint()
    assert Windows(x).fingerprint() != Windows(other).fingerprint()
    assert Windows(x).fingerprint() != Windows(x, subjects=np.zeros(6, int)).fingerprint()


def test_crops_depend_on_the_window_not_on_the_batch():
    loss = TokenizerLoss(Windows(signals(8, n_times=170).numpy()), make_plan("vqvae"), 100)

    def crops(indices, epoch=0):
        return loss.data.crops(Batch(np.array(indices), epoch, 0, "cpu", 5))[0]

    together = crops([6, 2, 5])
    assert torch.equal(together[1:], torch.cat([crops([2]), crops([5])]))
    assert not torch.equal(crops([6]), crops([6], epoch=1))


def test_padded_channels_do_not_count():
    found, wanted = signals(4), signals(4, seed=1)
    valid = torch.tensor([[True, True, False], [True, False, False], [True] * 3, [False, True, True]])
    squares = ((found - wanted).double() ** 2).mean(dim=2)
    expected = np.mean([float(squares[i, j]) for i in range(4) for j in range(3) if valid[i, j]])
    assert float(masked_mse(found, wanted, valid)) == pytest.approx(expected, rel=1e-5)
    assert float(masked_mse(found, wanted)) == pytest.approx(float(squares.mean()), rel=1e-5)
    changed = torch.where(valid[:, :, None], wanted, wanted + 100)
    assert torch.equal(masked_mse(found, changed, valid), masked_mse(found, wanted, valid))


def test_shift_fills_with_zeros():
    x = signals(4)
    moved = shift(x, [3, -2, 0, 99])
    assert torch.equal(moved[0, :, 3:], x[0, :, :-3])
    assert not moved[0, :, :3].any()
    assert torch.equal(moved[1, :, :-2], x[1, :, 2:])
    assert not moved[1, :, -2:].any()
    assert torch.equal(moved[2], x[2])
    assert torch.equal(moved[3, :, 99], x[3, :, 0])


@pytest.mark.filterwarnings("ignore::neurosci.du_in.CodexCollapseWarning")
@pytest.mark.parametrize("config", [TINY, TINY_MULTI])
def test_several_subjects_train_together(config):
    windows = Windows(signals(12).numpy(), subjects=np.arange(12) % 3)
    module = tokenizer(config, n_subjects=3)
    channels = np.array([[True] * 3, [True, True, False], [True] * 3])
    plan = make_plan("vqvae", n_epochs=3, batch_size=4, vq_warmup_steps=2)
    history = train_vqvae(module, windows, plan, HOW, channels=channels)
    assert history.finished
    model = masked(config, n_subjects=3)
    assert train_mae(model, module, windows, make_plan("mae", n_epochs=2, batch_size=4), HOW).finished
    decoder = classifier(config, n_subjects=3)
    decoder.load_encoder(model)
    plan = make_plan("classifier", n_epochs=2, batch_size=4)
    assert train_classifier(decoder, windows, np.arange(12) % 4, plan, HOW).finished


def test_the_best_epoch_can_be_kept():
    windows, y = Windows(signals(12).numpy()), np.arange(12) % 4
    module = classifier()
    plan = make_plan("classifier", n_epochs=5, batch_size=4)
    history = train_classifier(module, windows, y, plan, HOW, validation=(windows, y), keep="best")
    best = max(row["val_accuracy"] for row in history.rows)
    scores = predict_scores(module, windows, batch_size=5)
    assert float((scores.argmax(dim=1).numpy() == y).mean()) == pytest.approx(best)
    assert history.best_epoch == [row["val_accuracy"] for row in history.rows].index(best)


PLAN = make_plan("classifier", n_epochs=1)
SIX = Windows(signals(6).numpy())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Windows(np.zeros((3, 4))), r"X must have shape \(n_windows, n_chans, n_samples\)"),
        (lambda: Windows(np.zeros((0, 3, 9))), "at least one window"),
        (lambda: Windows(np.zeros((2, 3, 9)), np.zeros(3)), "one entry per window, 2"),
        (
            lambda: Windows.from_recordings([np.zeros((9, 2))], 10, 5),
            "at least one window of 10 samples, got 9",
        ),
        (lambda: Windows.from_recordings([np.zeros((9, 2)), np.zeros((9, 3))], 5, 5), "equal channels"),
        (lambda: Windows.from_recordings([], 5, 5), "must be positive, got 0"),
        (
            lambda: train_classifier(classifier(), SIX, np.arange(6) % 5, PLAN, HOW),
            "y must lie between 0 and 3, got 0 to 4",
        ),
        (lambda: train_classifier(classifier(), SIX, np.zeros(5, int), PLAN, HOW), "y must be 6 integers"),
        (lambda: train_classifier(classifier(), SIX, np.zeros(6), PLAN, HOW), "y must be 6 integers"),
        (
            lambda: train_classifier(classifier(), SIX, np.zeros(6, int), PLAN, HOW, max_shift=100),
            "max_shift must lie between 0 and 100, got 100",
        ),
        (
            lambda: train_classifier(classifier(), SIX, np.zeros(6, int), PLAN, HOW, keep="best"),
            "validation must be given",
        ),
        (
            lambda: train_mae(masked(), tokenizer(TINY.replace(codex_size=7)), SIX, PLAN, HOW),
            "tokenizer must have 12 codes and 3 channels, got 7 and 3",
        ),
        (
            lambda: train_vqvae(tokenizer(), Windows(np.zeros((3, N_CHANS, 80))), make_plan("vqvae"), HOW),
            "windows must hold at least n_times = 100 samples, got 80",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
