"""vector-quantize-pytorch behind the same projection, with our weights; runs in an environment of its own."""

from __future__ import annotations

from typing import Any

_BUILT: dict[str, Any] = {}


def step(data: dict[str, Any]) -> list[int]:
    """Run the layer forward and backward in training mode; return the codes of the first call."""
    import torch
    from torch import nn
    from vector_quantize_pytorch import VectorQuantize

    if not _BUILT:
        torch.set_num_threads(1)
        weights = {
            name: torch.tensor(values, dtype=torch.float32) for name, values in data["weights"].items()
        }
        size, width = weights["codex"].shape
        first = nn.Linear(*weights["hidden.weight"].T.shape)
        layer = VectorQuantize(
            dim=first.out_features,
            codebook_size=size,
            codebook_dim=width,
            use_cosine_sim=True,
            kmeans_init=False,
            decay=data["decay"],
            commitment_weight=1.0,
        )
        first.load_state_dict({part: weights[f"hidden.{part}"] for part in ("weight", "bias")})
        layer.project_in.load_state_dict({part: weights[f"project.{part}"] for part in ("weight", "bias")})
        layer.project_out.load_state_dict({part: weights[f"expand.{part}"] for part in ("weight", "bias")})
        layer._codebook.embed.data.copy_(weights["codex"][None])
        layer._codebook.embed_avg.data.copy_(weights["codex"][None])
        x = torch.tensor(data["x"], dtype=torch.float32, requires_grad=True)
        _BUILT.update(first=first, layer=layer.train(), x=x)
    x = _BUILT["x"]
    x.grad = None
    tokens, codes, loss = _BUILT["layer"](torch.tanh(_BUILT["first"](x)))
    (tokens.square().mean() + loss.sum()).backward()
    return _BUILT.setdefault("codes", codes.flatten().tolist())
