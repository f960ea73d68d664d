"""Weights under the names of the published code of the backbone."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch

NAMES = (
    (r"timestamp_encoder\.rnn\.", "encoder.recurrent."),
    (r"initial_linear\.bias", "encoder.bias"),
    (r"gnn_layers\.(\d+)\.epsilon", r"encoder.layers.\1.epsilon"),
    (r"gnn_layers\.(\d+)\.mlp\.0\.", r"encoder.layers.\1.linear1."),
    (r"gnn_layers\.(\d+)\.mlp\.1\.", r"encoder.layers.\1.norm1."),
    (r"gnn_layers\.(\d+)\.mlp\.3\.", r"encoder.layers.\1.linear2."),
    (r"gnn_layers\.(\d+)\.mlp\.4\.", r"encoder.layers.\1.norm2."),
    (r"readout_modules\.(\d+)\.embed\.0\.", r"readouts.\1.embed."),
    (r"readout_modules\.(\d+)\.embed\.1\.", r"readouts.\1.norm."),
    (r"readout_modules\.(\d+)\.", r"readouts.\1."),
    (r"transformer_modules\.(\d+)\.multihead_attn\.", r"temporal.\1.attention."),
    (r"transformer_modules\.(\d+)\.layer_norm", r"temporal.\1.norm"),
    (r"transformer_modules\.(\d+)\.mlp\.0\.", r"temporal.\1.linear1."),
    (r"transformer_modules\.(\d+)\.mlp\.3\.", r"temporal.\1.linear2."),
    (r"linear_layers\.", "heads."),
)


def from_reference(weights: Mapping[str, torch.Tensor], n_rois: int) -> dict[str, torch.Tensor]:
    """Return the weights of a `Backbone` from those of the published code.

    Parameters
    ----------
    weights : mapping of str to torch.Tensor
        Weights and buffers of a model with the read-out "sero".
    n_rois : int
        Regions.

    Returns
    -------
    dict of str to torch.Tensor
        The same numbers under our names.

    Raises
    ------
    ValueError
        If a name is unknown.
    """
    renamed: dict[str, torch.Tensor] = {}
    for name, tensor in weights.items():
        if name == "initial_linear.weight":
            # the columns of the one-hot region, then those of the time code
            renamed["encoder.embedding"] = tensor[:, :n_rois].T.contiguous()
            renamed["encoder.code.weight"] = tensor[:, n_rois:].contiguous()
            continue
        for pattern, ours in NAMES:
            changed, count = re.subn(f"^{pattern}", ours, name)
            if count:
                renamed[changed] = tensor.reshape(1) if changed.endswith("epsilon") else tensor
                break
        else:
            raise ValueError(f"from_reference: weights must have names of the published code, got {name!r}")
    return renamed
