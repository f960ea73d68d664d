"""The loop: exact resume, accumulation, seeds, and what it refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from neurosci._core.folder import FolderInUseError, hold_folder
from neurosci._training import Batch, load_weights, seeded, train
from tests.training import problem

ROOT = Path(__file__).parents[2]


def test_resumed_training_gives_the_same_bits(tmp_path, seed):
    straight, history = problem.fit(dropout=0.3, seed=seed)
    part, first = problem.fit(dropout=0.3, seed=seed, checkpoint=tmp_path, stop_after=2)
    assert not first.finished
    assert not problem.same(straight, part)
    resumed, second = problem.fit(dropout=0.3, seed=seed, checkpoint=tmp_path)
    assert second.finished
    assert problem.same(straight, resumed)
    assert second.rows == history.rows
    assert second.best_epoch == history.best_epoch
    assert all(torch.equal(second.best[k], history.best[k]) for k in history.best)
    again, third = problem.fit(dropout=0.3, seed=seed, checkpoint=tmp_path)
    assert problem.same(straight, again)
    assert third.rows == history.rows


KILLED = """
import os, sys, time
from neurosci._training import loop
from tests.training import problem
if sys.argv[2] == "midway":
    # a save inside an epoch, as in a long one
    loop.SECONDS_BETWEEN_SAVES = -1.0
slow = lambda module, step: time.sleep(0.1)
problem.fit(dropout=0.3, checkpoint=sys.argv[1], after_step=slow)
"""


@pytest.mark.parametrize("when", ["epoch", "midway"])
def test_killed_training_goes_on_to_the_same_bits(tmp_path, when):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path), when], env=env)
    try:
        while not (tmp_path / "last.safetensors").is_file():
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(0.35)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    progress = load_weights(tmp_path / "last.safetensors", "training/last")[0]["progress"]
    assert 0 < progress["step"] < 18
    resumed, history = problem.fit(dropout=0.3, checkpoint=tmp_path)
    straight, expected = problem.fit(dropout=0.3)
    assert problem.same(straight, resumed)
    assert history.rows == expected.rows


def test_weights_depend_on_the_seed_alone(seed):
    first, _ = problem.fit(dropout=0.3, seed=seed)
    second, _ = problem.fit(dropout=0.3, seed=seed)
    other, _ = problem.fit(dropout=0.3, seed=seed + 1)
    assert problem.same(first, second)
    assert not problem.same(first, other)


def test_learns_a_linear_map():
    _, history = problem.fit(n_epochs=60, schedule=None, seed=1, stop_after=60)
    values = [row["val"] for row in history.rows]
    assert history.best_epoch == int(np.argmin(values))
    assert min(values) < 0.2 * problem.Y.var()


def test_accumulated_gradient_equals_that_of_the_whole_batch():
    x = torch.arange(8.0).reshape(8, 1) / 8

    def fit(parts):
        module = nn.Linear(1, 1)
        nn.init.zeros_(module.weight), nn.init.zeros_(module.bias)

        def loss(module, batch):
            return (module(x[batch.indices]) - 1).square().mean(), {}

        optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
        train(
            module,
            loss,
            n_samples=8,
            batch_size=8,
            n_epochs=3,
            optimizer=optimizer,
            n_accumulate=parts,
            device="cpu",
        )
        return module

    with seeded(0):
        whole, parts = fit(1), fit(4)
    torch.testing.assert_close(whole.weight, parts.weight, rtol=1e-6, atol=1e-7)


def test_an_epoch_visits_each_sample_at_most_once_and_drops_the_rest():
    seen = []

    def loss(module, batch):
        seen.append((batch.epoch, batch.indices))
        return module.weight.sum(), {}

    with seeded(0):
        module = nn.Linear(1, 1)
    train(
        module,
        loss,
        n_samples=10,
        batch_size=4,
        n_epochs=2,
        optimizer=torch.optim.SGD(module.parameters(), lr=0.0),
        device="cpu",
    )
    for epoch in range(2):
        drawn = np.concatenate([i for e, i in seen if e == epoch])
        assert len(drawn) == 8 == len(set(drawn))
    orders = [tuple(np.concatenate([i for e, i in seen if e == epoch])) for epoch in range(2)]
    assert orders[0] != orders[1]


def test_draws_of_a_sample_do_not_depend_on_its_batch():
    one = Batch(np.array([3]), epoch=2, step=0, device="cpu", seed=9)
    two = Batch(np.array([1, 3]), epoch=2, step=7, device="cpu", seed=9)
    later = Batch(np.array([3]), epoch=3, step=0, device="cpu", seed=9)
    assert one.rng(3, "crop").integers(10**9) == two.rng(3, "crop").integers(10**9)
    assert one.rng(3, "crop").integers(10**9) != later.rng(3, "crop").integers(10**9)
    assert one.rng(3, "crop").integers(10**9) != one.rng(3, "mask").integers(10**9)


def test_bfloat16_keeps_the_weights_in_float32():
    module, history = problem.fit(precision="bfloat16")
    assert {p.dtype for p in module.parameters()} == {torch.float32}
    assert history.rows[-1]["loss"] < history.rows[0]["loss"]


def test_loss_that_is_not_finite_stops_with_the_samples():
    def loss(module, batch):
        value = problem.loss(module, batch)[0]
        return value * (float("nan") if 7 in batch.indices and batch.epoch == 1 else 1.0), {}

    with seeded(0):
        module = problem.Net()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01)
    with pytest.raises(
        FloatingPointError,
        match=r"train: the loss must be finite, got nan in epoch 1, step \d, samples .*\b7\b",
    ):
        train(module, loss, n_samples=24, batch_size=8, n_epochs=3, optimizer=optimizer, device="cpu")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_samples": 0}, "train: n_samples must be >= 1, got 0"),
        ({"batch_size": 0}, "train: batch_size must be >= 1, got 0"),
        ({"n_accumulate": 3}, "train: batch_size must be a multiple of 1 processes times n_accumulate=3"),
        ({"precision": "float16"}, "train: precision must be"),
        ({"monitor": "loos"}, "train: monitor must be one of epoch, loss, error, lr, val, got 'loos'"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        problem.fit(**options)


def test_folder_of_other_settings_is_refused(tmp_path):
    problem.fit(checkpoint=tmp_path, stop_after=1)
    with pytest.raises(ValueError, match=r"got another one \(batch_size: 8 -> 4; choose"):
        problem.fit(checkpoint=tmp_path, batch_size=4)
    with pytest.raises(ValueError, match=r"n_layers: None -> 3"):
        problem.fit(checkpoint=tmp_path, settings={"n_layers": 3})


def test_folder_in_use_is_refused(tmp_path):
    with hold_folder(tmp_path), pytest.raises(FolderInUseError, match="is in use by process"):
        problem.fit(checkpoint=tmp_path)


def test_damaged_checkpoint_is_refused(tmp_path):
    problem.fit(checkpoint=tmp_path, stop_after=1)
    file = tmp_path / "last.safetensors"
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"last.safetensors is damaged \(its checksum does not match\)"):
        problem.fit(checkpoint=tmp_path)
