"""Weights in safetensors files with their configuration in the header: nothing in them can run."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from neurosci._core.files import atomic_write, write_json

FORMAT = "neurosci-weights-1"
LARGEST_HEADER = 100_000_000


def save_weights(
    path: str | os.PathLike[str],
    kind: str,
    config: Mapping[str, Any],
    weights: nn.Module | Mapping[str, torch.Tensor],
) -> Path:
    """Save weights and what they belong to, atomically.

    Parameters
    ----------
    path : path-like
        A file that ends in ``.safetensors``, or a folder, which receives ``model.safetensors`` and, to be
        read by people, ``config.json``.
    kind : str
        What the weights are, for example ``"du_in/vqvae"``; it must be the same when they are loaded.
    config : mapping
        What `json` can write.
    weights : nn.Module or mapping of str to torch.Tensor
        Weights and buffers.

    Returns
    -------
    pathlib.Path
        The file of the weights.

    Raises
    ------
    StorageError
        If the disk is full or the folder cannot be written.
    """
    from safetensors.torch import save

    state = weights.state_dict() if isinstance(weights, nn.Module) else weights
    tensors = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in state.items()}
    header = {
        "format": FORMAT,
        "kind": kind,
        "config": json.dumps(config, sort_keys=True),
        "sha256": _digest(tensors),
    }
    target = Path(path)
    if target.suffix != ".safetensors":
        target.mkdir(parents=True, exist_ok=True)
        write_json(target / "config.json", {"kind": kind, **config})
        target = target / "model.safetensors"
    content = save(tensors, metadata=header)
    with atomic_write(target, "wb", size=len(content)) as file:
        file.write(content)
    return target


def load_weights(path: str | os.PathLike[str], kind: str) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Load what `save_weights` wrote; any other file is refused before a tensor is read.

    Parameters
    ----------
    path : path-like
        File, or folder that holds ``model.safetensors``.
    kind : str
        What the weights must be.

    Returns
    -------
    config : dict
        As it was saved.
    tensors : dict of str to torch.Tensor
        On the processor.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not one of these, is of another kind, or was damaged.
    """
    from safetensors.torch import load

    file = Path(path)
    file = file / "model.safetensors" if file.is_dir() else file
    if not file.is_file():
        raise FileNotFoundError(
            f"load_weights: there is no file {file} (give a file or folder of save_weights)"
        )
    header = _read_header(file)
    if header.get("format") != FORMAT:
        raise ValueError(f"load_weights: {file.name} must be a file of save_weights, got no header of ours")
    if header.get("kind") != kind:
        raise ValueError(f"load_weights: {file.name} must hold {kind!r}, got {header.get('kind')!r}")
    try:
        tensors = load(file.read_bytes())
        config = json.loads(header["config"])
        damaged = _digest(tensors) != header["sha256"]
    # safetensors raises an error of its own, and a header that others wrote may lack anything.
    except Exception as error:
        raise ValueError(f"load_weights: {file.name} is damaged ({str(error)[:200]})") from error
    if damaged or not isinstance(config, dict):
        raise ValueError(f"load_weights: {file.name} is damaged (its checksum does not match)")
    return config, tensors


def _read_header(file: Path) -> dict[str, Any]:
    """Return the metadata of a safetensors file, empty when it is none."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if not 2 <= length <= min(size - 8, LARGEST_HEADER):
            return {}
        text = stream.read(length)
    try:
        header = json.loads(text)
        metadata = header.get("__metadata__", {})
    except (ValueError, AttributeError, RecursionError):
        return {}
    return metadata if isinstance(metadata, dict) else {}


def _digest(tensors: Mapping[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
