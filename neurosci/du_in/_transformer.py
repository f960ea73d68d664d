"""Transformer with normalised queries and keys, behind a fixed embedding of time."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._config import DuINConfig
from ._layers import full, linear


def positional_encoding(n_tokens: int, d_model: int) -> Tensor:
    """Return the fixed sine and cosine embedding of patch indices.

    Parameters
    ----------
    n_tokens, d_model : int
        Patches and width (even).

    Returns
    -------
    Tensor of shape (n_tokens, d_model)
        ``sin(p / 10000^(2i / d))`` in column 2i, the cosine in column 2i + 1, float32.
    """
    rates = torch.exp(torch.arange(0, d_model, 2, dtype=torch.float64) * (-math.log(1e4) / d_model))
    angles = torch.arange(n_tokens, dtype=torch.float64)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).reshape(n_tokens, d_model).float()


def keep_mask(x: Tensor, rate: float) -> Tensor:
    """Draw which values dropout keeps, scaled to keep their mean.

    Torch draws one number per value on a processor, which takes longer than the product before it; here 64
    random bits serve four values, and the rate is rounded to a multiple of 1/65536.

    Parameters
    ----------
    x : Tensor
        Values.
    rate : float
        Share to drop, in (0, 1).

    Returns
    -------
    Tensor
        0 or the scale, of the shape and dtype of the values.
    """
    dropped = round(rate * 65536)
    bits = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    kept = bits.view(torch.int16)[: x.numel()].view(x.shape) >= dropped - 32768
    return kept.to(x.dtype).mul_(65536 / (65536 - dropped))


def relu_and_drop(x: Tensor, rate: float) -> Tensor:
    """Rectify values and drop a share of them.

    Parameters
    ----------
    x : Tensor
        Values.
    rate : float
        Dropout; 0 outside training.

    Returns
    -------
    Tensor
        Values.
    """
    if rate == 0 or x.device.type != "cpu":
        return functional.dropout(functional.relu(x), rate)
    # one factor serves both, and its gradient too
    return x * keep_mask(x, rate).mul_(x.detach() > 0)


def attend(query: Tensor, key: Tensor, value: Tensor, rate: float) -> Tensor:
    """Return dot-product attention with dropout of the weights.

    Parameters
    ----------
    query, key, value : Tensor of shape (batch, n_heads, n_tokens, d_head)
        Parts of the tokens; queries are scaled already.
    rate : float
        Dropout; 0 outside training.

    Returns
    -------
    Tensor of shape (batch, n_heads, n_tokens, d_head)
        Mixed values.
    """
    if rate == 0 or query.device.type != "cpu":
        return functional.scaled_dot_product_attention(query, key, value, dropout_p=rate, scale=1.0)
    # torch has no fused kernel with dropout for processors, and its fallback checks every row for infinities
    weights = torch.softmax(full(torch.matmul(query, key.transpose(2, 3))), dim=-1)
    return torch.matmul((weights * keep_mask(weights, rate)).to(value.dtype), value)


class TransformerLayer(nn.Module):
    """Post-norm transformer layer with normalised queries and keys.

    Parameters
    ----------
    config : DuINConfig
        Sizes.
    index : int
        Place in the stack, from 0: weights start divided by ``sqrt(2 (index + 1))``.
    """

    def __init__(self, config: DuINConfig, index: int) -> None:
        super().__init__()
        self.n_heads, self.d_head, self.dropout = config.n_heads, config.d_head, config.dropout
        inner, scale = config.n_heads * config.d_head, 1 / math.sqrt(2 * (index + 1))
        self.qkv = linear(config.d_model, 3 * inner, scale)
        self.norm_q, self.norm_k = nn.LayerNorm(config.d_head), nn.LayerNorm(config.d_head)
        self.proj = linear(inner, config.d_model, scale)
        self.norm_attention = nn.LayerNorm(config.d_model)
        self.expand = linear(config.d_model, config.d_feedforward, scale)
        self.contract = linear(config.d_feedforward, config.d_model, scale)
        self.norm_feedforward = nn.LayerNorm(config.d_model)

    def forward(self, x: Tensor) -> Tensor:
        """Transform tokens.

        Parameters
        ----------
        x : Tensor of shape (batch, n_tokens, d_model)
            Tokens.

        Returns
        -------
        Tensor of shape (batch, n_tokens, d_model)
            Tokens.
        """
        shape = (*x.shape[:2], self.n_heads, self.d_head)
        if x.device.type == "cpu":
            # three products leave nothing to be copied apart, which costs more than one larger product saves
            maps = zip(self.qkv.weight.chunk(3), self.qkv.bias.chunk(3), strict=True)
            query, key, value = (functional.linear(x, w, b).view(shape) for w, b in maps)
        else:
            query, key, value = (part.reshape(shape) for part in self.qkv(x).chunk(3, dim=2))
        rate = self.dropout if self.training else 0.0
        scale, norm = self.d_head**-0.5, self.norm_q
        query = functional.layer_norm(query, (self.d_head,), norm.weight * scale, norm.bias * scale, norm.eps)
        # a bias common to all keys moves all scores of a query alike, so that its exact gradient is zero
        bias = self.norm_k.bias.detach()
        key = functional.layer_norm(key, (self.d_head,), self.norm_k.weight, bias, self.norm_k.eps)
        mixed = attend(query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2), rate)
        x = self.norm_attention(x + self.proj(mixed.transpose(1, 2).flatten(2)))
        result: Tensor = self.norm_feedforward(x + self.contract(relu_and_drop(self.expand(x), rate)))
        return result


class Transformer(nn.Module):
    """Stack of transformer layers behind the temporal embedding.

    Parameters
    ----------
    config : DuINConfig
        Sizes.
    n_layers : int
        Layers.
    n_tokens : int
        Most tokens that will come.
    """

    positions: Tensor

    def __init__(self, config: DuINConfig, n_layers: int, n_tokens: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TransformerLayer(config, index) for index in range(n_layers))
        self.register_buffer("positions", positional_encoding(n_tokens, config.d_model), persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Add the embedding of time, and transform.

        Parameters
        ----------
        tokens : Tensor of shape (batch, n_tokens, d_model)
            Embeddings of patches.

        Returns
        -------
        Tensor of shape (batch, n_tokens, d_model)
            Tokens.
        """
        x = tokens + self.positions[: tokens.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return x
