"""Both deep models under torchrun: a killed process ends the job with an error, and a rerun loses nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from neurosci._training import load_weights
from neurosci.fc_ssl import STMAE
from tests.scale import training

ROOT = Path(__file__).parents[2]


def torchrun(*arguments):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    return subprocess.run(
        [*command, str(Path(training.__file__)), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=280,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two trainings whose second process was killed, then the same command again."""
    folder = tmp_path_factory.mktemp("training")
    for name in ("fc_ssl", "du_in"):
        done = torchrun(folder, name)
        assert done.returncode != 0
        assert "nobody was killed" not in done.stderr
        assert "Signal 9 (SIGKILL)" in done.stderr, "torchrun tells which process was lost, and how"
        assert list((folder / name).glob("*.safetensors")), "finished epochs are kept"
    done = torchrun(folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture
def one_thread():
    """The other processes have one thread, and sums over more threads are rounded in another order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
def test_a_killed_job_goes_on_to_the_same_bits(folder):
    for rank in range(2):
        resumed, straight = (
            STMAE.load(folder / f"{name}-fc_ssl-{rank}.safetensors") for name in ("resumed", "straight")
        )
        assert len(resumed.history_) == training.N_EPOCHS
        for key, weight in straight.weights_.items():
            np.testing.assert_array_equal(resumed.weights_[key], weight, err_msg=key)
        (_, resumed), (_, straight) = (
            load_weights(folder / f"{name}-du_in-{rank}.safetensors", "test")
            for name in ("resumed", "straight")
        )
        for key, weight in straight.items():
            assert torch.equal(resumed[key], weight), key


@pytest.mark.slow
def test_two_processes_learn_what_one_does(folder, one_thread):
    """Tolerances as in the tests of the models: float32 sums in another order, carried on by Adam."""
    alone = training.fc_ssl()
    both = STMAE.load(folder / "resumed-fc_ssl-0.safetensors")
    for row, expected in zip(both.history_, alone.history_, strict=True):
        np.testing.assert_allclose(row["loss"], expected["loss"], rtol=1e-5)
    module = training.du_in()
    _, found = load_weights(folder / "resumed-du_in-0.safetensors", "test")
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            largest = tensor.abs().max().clamp(min=1e-3)
            assert (found[name] - tensor).abs().max() < 1e-4 * largest, name
        else:
            assert torch.equal(found[name], tensor), name
