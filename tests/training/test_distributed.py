"""Two gloo processes give what one gives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from neurosci._training import load_weights
from tests.training import problem

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
import torch
from neurosci._training import all_reduce_sum, rank, save_weights
from tests.training import problem
module, history = problem.fit(seed=int(sys.argv[2]), checkpoint=sys.argv[1] + "/run")
assert float(all_reduce_sum(torch.tensor(1.0 + rank()))) == 3.0
losses = [row["loss"] for row in history.rows]
save_weights(f"{sys.argv[1]}/{rank()}.safetensors", "test", {"loss": losses}, module)
"""


def test_two_processes_equal_one(tmp_path, seed):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*command, str(script), str(tmp_path), str(seed)],
        env=env,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    alone, history = problem.fit(seed=seed)
    expected = alone.state_dict()
    (config, first), (_, second) = (load_weights(tmp_path / f"{i}.safetensors", "test") for i in range(2))
    for name, tensor in expected.items():
        assert torch.equal(first[name], second[name])
        # 18 steps, each of a few sums of 8 float32 numbers in another order; Adam's division lets a relative
        # error of a gradient near zero grow to a part of the rate of 0.05.
        torch.testing.assert_close(first[name], tensor, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(config["loss"], [row["loss"] for row in history.rows], rtol=1e-5)
