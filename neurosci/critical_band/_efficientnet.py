"""EfficientNet-Lite, the image-recognition networks whose weights Python packages ship."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from neurosci._core.checks import check_option
from neurosci._core.random import check_random_state

if TYPE_CHECKING:
    import numpy as np
    import torch

_WHERE = "efficientnet_lite"
# Factors on the number of channels and on the number of blocks, and side of the training images, pixels.
VERSIONS = {0: (1.0, 1.0, 224), 1: (1.0, 1.1, 240), 2: (1.1, 1.2, 260)}


def efficientnet_lite(
    version: int = 0, weights: str | os.PathLike[str] | None = None, *, random_state: object = None
) -> torch.nn.Module:
    """Build an EfficientNet-Lite, with trained weights if a file of them is given.

    Parameters
    ----------
    version : {0, 1, 2}, default=0
        Size of the network: 4.7, 5.4 or 6.1 million parameters, trained on images of 224, 240 or
        260 pixels; all take images of any size of at least 32 pixels.
    weights : path-like, default=None
        State dictionary, for example from ``neurosci.datasets.fetch_efficientnet_lite``; read
        without unpickling any code. ``None`` leaves random weights.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness of random weights.

    Returns
    -------
    torch.nn.Module
        In evaluation mode. Takes (n, 3, H, W) float32, pixels of 0 to 255 less 127, over 128 (the
        preprocessing "efficientnet_lite" of `evaluate_network`); returns logits (n, 1000).

    Raises
    ------
    ValueError
        If the version is unknown or the file does not hold the weights of this network.
    FileNotFoundError
        If there is no such file.

    See Also
    --------
    evaluate_network : Responses of a network to the stimuli of an experiment.

    Notes
    -----
    Inverted residual blocks with depthwise convolutions, without squeeze-and-excitation, with
    ReLU6, and with padding as TensorFlow pads ("same": on the right and below where it is odd),
    since the weights were trained there. Stem, head, and the repeats of the first and the last
    stage are not scaled.

    References
    ----------
    Tan M, Le QV (2019). EfficientNet: rethinking model scaling for convolutional neural networks.
    Proceedings of the 36th International Conference on Machine Learning, 6105-6114.

    Examples
    --------
    >>> import torch
    >>> from neurosci.critical_band import efficientnet_lite
    >>> model = efficientnet_lite(0)
    >>> sum(weight.numel() for weight in model.parameters())
    4652008
    """
    check_option(_WHERE, "version", version, VERSIONS)
    path = None if weights is None else Path(weights)
    if path is not None and not path.is_file():
        raise FileNotFoundError(
            f"{_WHERE}: weights must be a file, got {path} (fetch it with "
            "neurosci.datasets.fetch_efficientnet_lite)"
        )
    import torch

    from ._efficientnet_layers import EfficientNetLite

    width, depth, _ = VERSIONS[version]
    # layers draw weights from torch's global generator, which is put back; those weights are replaced
    with torch.random.fork_rng(devices=[]):
        model = EfficientNetLite(width, depth)
    if path is None:
        _draw(model, check_random_state(random_state))
    else:
        _load(model, path, version)
    return model.eval()


def _draw(model: torch.nn.Module, rng: np.random.Generator) -> None:
    """Draw weights with variance 2 over the inputs of a unit, as is usual before ReLU; biases are 0."""
    import torch

    with torch.no_grad():
        for name, values in model.named_parameters():
            if values.ndim > 1:
                spread = (2 / values[0].numel()) ** 0.5
                values.copy_(torch.from_numpy(rng.normal(0, spread, tuple(values.shape))))
            elif name.endswith("bias"):
                values.zero_()


def _load(model: torch.nn.Module, path: Path, version: int) -> None:
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    # On bytes that others wrote it raises anything.
    except Exception as error:
        raise ValueError(
            f"{_WHERE}: weights must be a state dictionary of tensors, got {path}, which cannot "
            f"be read as one ({type(error).__name__})"
        ) from error
    expected = model.state_dict()
    if not isinstance(state, dict) or set(state) != set(expected):
        got = f"{len(state)} entries" if isinstance(state, dict) else type(state).__name__
        raise ValueError(
            f"{_WHERE}: weights must hold the {len(expected)} tensors of version {version}, got {got} in "
            f"{path} (is it the file of another network?)"
        )
    wrong = [name for name in expected if state[name].shape != expected[name].shape]
    if wrong:
        raise ValueError(
            f"{_WHERE}: weights must have the shapes of version {version}, got "
            f"{tuple(state[wrong[0]].shape)} for {wrong[0]} (is it the file of another version?)"
        )
    model.load_state_dict(state)
