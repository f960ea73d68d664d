"""``training.py FOLDER [fc_ssl|du_in]``: both deep models, in the processes of torchrun.

With a name the second process is killed in the middle of that model's training. Without one the trainings go
on from their checkpoints, and are done once more from the start.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from pathlib import Path

import numpy as np

import neurosci._training.loop as loop
from neurosci._training import rank, save_weights

# Every process imports this: what is heavy and belongs to one model is imported where it is used.
N_EPOCHS, KILLED_AT = 4, 6
"""Of two steps each: the step at which the process is killed lies in the third epoch."""


def fc_ssl(checkpoint=None):
    """Pre-train ST-MAE on noise."""
    from neurosci.fc_ssl import STMAE

    model = STMAE(
        window=12,
        step=6,
        hidden_dim=6,
        n_layers=2,
        n_windows=2,
        max_epochs=N_EPOCHS,
        batch_size=4,
        random_state=0,
        checkpoint=checkpoint,
    )
    return model.fit(np.random.default_rng(0).standard_normal((8, 60, 7)))


def du_in(checkpoint=None):
    """Train the masked model of Du-IN."""
    from tests.du_in import stages

    return stages.fit("mae", dropout=0.0, n_epochs=N_EPOCHS, checkpoint=checkpoint)[0]


def kill_the_second_process() -> None:
    """Let the second process end without a word at one of its steps."""
    average, steps = loop.average_gradients, []

    def average_or_die(*arguments):
        steps.append(0)
        if len(steps) == KILLED_AT and rank() == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return average(*arguments)

    loop.average_gradients = average_or_die


def main(folder: Path, killed: str = "") -> None:
    """Train, and keep what came out of each process."""
    warnings.simplefilter("ignore")
    models = {"fc_ssl": fc_ssl, "du_in": du_in}
    if killed:
        kill_the_second_process()
        models[killed](folder / killed)
        raise RuntimeError("nobody was killed")
    for name, checkpoint in (("resumed", folder), ("straight", None)):
        found = fc_ssl(checkpoint and checkpoint / "fc_ssl")
        found.save(folder / f"{name}-fc_ssl-{rank()}.safetensors")
        module = du_in(checkpoint and checkpoint / "du_in")
        save_weights(folder / f"{name}-du_in-{rank()}.safetensors", "test", {}, module)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
