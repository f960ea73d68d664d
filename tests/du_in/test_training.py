"""Training of the stages: repeatable, resumable to the bit, the same on two processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch

from neurosci._training import load_weights
from neurosci.du_in import CodexCollapseWarning
from tests.du_in import stages

ROOT = Path(__file__).parents[2]
STAGES = ("vqvae", "mae", "classifier")
# twelve codes and sixteen windows: how many codes are in use is not what these tests ask
pytestmark = pytest.mark.filterwarnings("ignore::neurosci.du_in.CodexCollapseWarning")


def equal(a, b):
    mine, theirs = a.state_dict(), b.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[k], theirs[k]) for k in mine)


@pytest.mark.parametrize("stage", STAGES)
def test_same_seed_same_bits_and_other_seed_others(stage):
    first, second, other = (stages.fit(stage, seed=s, n_epochs=4)[0] for s in (3, 3, 4))
    assert equal(first, second)
    assert not equal(first, other)


@pytest.mark.parametrize(
    ("stage", "stop"), [("vqvae", 1), ("vqvae", 2), ("vqvae", 4), ("mae", 2), ("classifier", 4)]
)
def test_an_interrupted_training_goes_on_to_the_same_bits(tmp_path, stage, stop):
    # two steps per epoch, five of warm-up: the stops lie before, just before and after the start of the codex
    straight, history = stages.fit(stage)
    half, part = stages.fit(stage, checkpoint=tmp_path, stop_after=stop)
    assert not part.finished
    assert not equal(half, straight)
    resumed, whole = stages.fit(stage, checkpoint=tmp_path)
    assert whole.finished
    assert equal(resumed, straight)
    assert whole.rows == history.rows


KILLED = """
import sys, time, warnings
warnings.simplefilter("ignore")
from neurosci.du_in import _stage_vqvae
from tests.du_in import stages
steps, call = [0], _stage_vqvae.TokenizerLoss.__call__
def slow(self, module, batch):
    if batch.step == int(sys.argv[2]):
        print("here", flush=True)
        time.sleep(60)
    return call(self, module, batch)
_stage_vqvae.TokenizerLoss.__call__ = slow
stages.fit("vqvae", checkpoint=sys.argv[1])
"""


@pytest.fixture
def one_thread():
    """The other process has one thread, and sums over more threads are rounded in another order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_killed_training_goes_on_to_the_same_bits(tmp_path, one_thread):
    step = 5  # where the codes are placed
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(step)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    assert (tmp_path / "last.safetensors").is_file()
    resumed, history = stages.fit("vqvae", checkpoint=tmp_path)
    straight, expected = stages.fit("vqvae")
    assert equal(resumed, straight)
    assert history.rows == expected.rows


def test_a_folder_of_another_training_is_refused(tmp_path):
    stages.fit("vqvae", checkpoint=tmp_path, stop_after=1)
    with pytest.raises(ValueError, match="another one"):
        stages.fit("vqvae", checkpoint=tmp_path, plan={"lr_max": 2e-3})
    with pytest.raises(ValueError, match="data"):
        stages.fit("vqvae", checkpoint=tmp_path, windows=stages.Windows(stages.data(1)))


TWO = """
import sys, warnings
warnings.simplefilter("ignore")
from neurosci._training import rank, save_weights
from tests.du_in import stages
for stage in ("vqvae", "mae", "classifier"):
    module, history = stages.fit(stage, dropout=0.0, n_epochs=10)
    save_weights(f"{sys.argv[1]}/{stage}{rank()}.safetensors", "test", {"rows": history.rows}, module)
"""


def test_two_processes_equal_one(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(TWO)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*command, str(script), str(tmp_path)], env=env, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for stage in STAGES:
        alone, history = stages.fit(stage, dropout=0.0, n_epochs=10)
        assert history.n_steps == 20
        (_, first), (_, second) = (
            load_weights(tmp_path / f"{stage}{i}.safetensors", "test") for i in range(2)
        )
        for name, tensor in alone.state_dict().items():
            assert torch.equal(first[name], second[name]), (stage, name)
            if tensor.is_floating_point():
                largest = tensor.abs().max().clamp(min=1e-3)
                assert (first[name] - tensor).abs().max() < 1e-4 * largest, (stage, name)
            else:
                assert torch.equal(first[name], tensor), (stage, name)


def test_half_precision_leaves_states_and_losses_whole():
    module, history = stages.fit("vqvae", precision="bfloat16")
    _, expected = stages.fit("vqvae")
    assert {t.dtype for t in module.state_dict().values()} <= {torch.float32, torch.int64, torch.bool}
    assert float((module.quantizer.codex.norm(dim=1) - 1).abs().max()) < 1e-6
    # eight bits of mantissa: a relative error of 2^-9 per product, and steps that differ in direction
    assert history.rows[-1]["val_mse"] == pytest.approx(expected.rows[-1]["val_mse"], rel=0.05)


def test_the_tokenizer_learns_and_reports():
    module, history = stages.fit("vqvae", n_epochs=60, plan={"lr_max": 3e-3, "lr_min": 1e-3})
    assert history.rows[-1]["mse"] < 0.7 * history.rows[0]["mse"]
    assert set(history.rows[0]) >= {"loss", "mse", "commitment", "val_mse", "n_live", "perplexity", "entropy"}
    assert bool(module.quantizer.started)
    assert int(module.quantizer.n_steps) == 120
    assert history.rows[-1]["n_live"] > 3


def test_the_classifier_learns():
    _, history = stages.fit("classifier", n_epochs=80, dropout=0.0, plan={"lr_max": 5e-3})
    # more than twelve of sixteen trials of four classes are right by chance once in 250,000 times
    assert history.rows[-1]["accuracy"] > 0.75


def test_the_masked_model_learns_to_repeat_a_constant():
    x = stages.data()
    x[:] = x[:1, :, :20].repeat(7, axis=2)
    _, history = stages.fit("mae", windows=stages.Windows(x[:, :, :100]), n_epochs=60, plan={"lr_max": 5e-3})
    assert history.rows[-1]["accuracy"] > 0.9
    assert history.rows[-1]["entropy"] < 1.7


def test_a_collapsed_codex_is_told():
    # five patches, the same in every window: at most five of 64 codes
    x = stages.data()
    x[:] = x[:1, :, :20].repeat(7, axis=2)
    windows = stages.Windows(x[:, :, :100])
    with warnings.catch_warnings():
        warnings.simplefilter("error", CodexCollapseWarning)
        with pytest.raises(
            CodexCollapseWarning, match=r"a tenth of the codex, got \d\.\d of 64 with \d live"
        ):
            stages.fit("vqvae", windows=windows, dropout=0.0, codex_size=64)
