"""A training on disk: one file for its last state, one for its best weights, each whole or absent.

Random numbers are functions of seed, epoch and step, so no state of a generator is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from neurosci._training.weights import load_weights, save_weights

LAST_KIND = "training/last"
BEST_KIND = "training/best"


class Checkpoint:
    """The two files of a training in one folder.

    Parameters
    ----------
    folder : pathlib.Path
        Created when it is missing.
    settings : mapping
        What the training depends on; what `json` can write.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = folder
        self.settings = json.loads(json.dumps(dict(settings), allow_nan=False))
        self.last = folder / "last.safetensors"
        self.best = folder / "best.safetensors"

    def save(self, module: nn.Module, optimizer: torch.optim.Optimizer, progress: Mapping[str, Any]) -> None:
        """Write the last state atomically.

        Parameters
        ----------
        module : nn.Module
            Weights and buffers.
        optimizer : torch.optim.Optimizer
            Its moments.
        progress : mapping
            Where the training is; what `json` can write.
        """
        state = optimizer.state_dict()
        tensors = {f"module.{name}": tensor for name, tensor in module.state_dict().items()}
        numbers: dict[str, dict[str, Any]] = {}
        for index, entries in state["state"].items():
            for key, value in entries.items():
                if isinstance(value, torch.Tensor):
                    tensors[f"optimizer.{index}.{key}"] = value
                else:
                    numbers.setdefault(str(index), {})[key] = value
        config = {
            "settings": self.settings,
            "progress": dict(progress),
            "groups": state["param_groups"],
            "numbers": numbers,
        }
        save_weights(self.last, LAST_KIND, config, tensors)

    def load(self, module: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any] | None:
        """Put the last state into a module and its optimiser.

        Parameters
        ----------
        module : nn.Module
            Changed in place.
        optimizer : torch.optim.Optimizer
            Changed in place.

        Returns
        -------
        dict or None
            Where the training was; ``None`` when there is nothing to go on from.

        Raises
        ------
        ValueError
            If the folder holds a training of other settings or a damaged file.
        """
        if not self.last.is_file():
            return None
        config, tensors = load_weights(self.last, LAST_KIND)
        saved = config["settings"]
        if saved != self.settings:
            names = sorted(
                name
                for name in saved.keys() | self.settings.keys()
                if saved.get(name) != self.settings.get(name)
            )
            changes = ", ".join(f"{n}: {saved.get(n)!r} -> {self.settings.get(n)!r}" for n in names)
            raise ValueError(
                f"train: {self.folder} must hold a training of these settings, got another one ({changes}; "
                "choose another folder, or remove this one)"
            )
        module.load_state_dict(
            {name.removeprefix("module."): t for name, t in tensors.items() if name.startswith("module.")}
        )
        moments: dict[int, dict[str, Any]] = {int(i): dict(v) for i, v in config["numbers"].items()}
        for name, tensor in tensors.items():
            if name.startswith("optimizer."):
                _, index, key = name.split(".", 2)
                moments.setdefault(int(index), {})[key] = tensor
        groups = [
            {key: tuple(value) if key == "betas" else value for key, value in group.items()}
            for group in config["groups"]
        ]
        optimizer.load_state_dict({"state": moments, "param_groups": groups})
        progress: dict[str, Any] = config["progress"]
        return progress

    def save_best(self, weights: Mapping[str, torch.Tensor], epoch: int) -> None:
        """Write the best weights atomically.

        Parameters
        ----------
        weights : mapping of str to torch.Tensor
            Weights and buffers.
        epoch : int
            Their epoch.
        """
        save_weights(self.best, BEST_KIND, {"settings": self.settings, "epoch": epoch}, weights)

    def load_best(self) -> dict[str, torch.Tensor] | None:
        """Return the best weights.

        Returns
        -------
        dict of str to torch.Tensor or None
            ``None`` when there are none yet.
        """
        return load_weights(self.best, BEST_KIND)[1] if self.best.is_file() else None
