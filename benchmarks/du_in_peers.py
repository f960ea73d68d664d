"""The graph of the networks step by step, with our weights: separate products, one-hot codes, permutes."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def softmax(scores: Tensor) -> Tensor:
    """Return exponentials over their sum."""
    weights = torch.exp(scores)
    return weights / weights.sum(dim=-1, keepdim=True)


class Layer(nn.Module):
    """Transformer layer with a linear map each for queries, keys and values."""

    def __init__(self, ours: Any) -> None:
        super().__init__()
        self.n_heads, self.d_head, rate = ours.n_heads, ours.d_head, ours.dropout
        weights, biases = ours.qkv.weight.detach().chunk(3), ours.qkv.bias.detach().chunk(3)
        self.maps = nn.ModuleList(nn.Linear(w.shape[1], w.shape[0]) for w in weights)
        for new, w, b in zip(self.maps, weights, biases, strict=True):
            new.load_state_dict({"weight": w.clone(), "bias": b.clone()})
        self.norms = nn.ModuleList(copied(p) for p in (ours.norm_q, ours.norm_k))
        self.proj, self.norm_attention = copied(ours.proj), copied(ours.norm_attention)
        self.first = nn.Sequential(copied(ours.expand), nn.ReLU())
        self.second, self.norm_feedforward = copied(ours.contract), copied(ours.norm_feedforward)
        self.drop_attention, self.drop_hidden = nn.Dropout(rate), nn.Dropout(rate)

    def forward(self, x: Tensor) -> Tensor:
        """Transform tokens."""
        split = (*x.shape[:2], self.n_heads, self.d_head)
        query, key, value = (torch.permute(m(x).reshape(split), (0, 2, 1, 3)) for m in self.maps)
        query, key = self.norms[0](query), self.norms[1](key)
        scores = torch.matmul(query, torch.permute(key, (0, 1, 3, 2))) / math.sqrt(self.d_head)
        mixed = torch.permute(torch.matmul(self.drop_attention(softmax(scores)), value), (0, 2, 1, 3))
        x = self.norm_attention(self.proj(mixed.reshape(*x.shape[:2], -1)) + x)
        return self.norm_feedforward(self.second(self.drop_hidden(self.first(x))) + x)


def copied(module: nn.Module) -> Any:
    """Return a copy that shares nothing."""
    import copy

    return copy.deepcopy(module)


class Stack(nn.Module):
    """Layers behind the embedding of time."""

    def __init__(self, ours: Any) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(layer) for layer in ours.layers)
        self.register_buffer("positions", ours.positions.clone())

    def forward(self, x: Tensor) -> Tensor:
        """Transform tokens."""
        x = x + self.positions[: x.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return x


class Embedding(nn.Module):
    """Projection by the one-hot vector of the subject, then convolutions between permutes."""

    def __init__(self, ours: Any, n_subjects: int = 1) -> None:
        super().__init__()
        projection, convs = ours.projection, ours.convs[0]
        n_out, n_in = projection.weight.shape[1:]
        self.weight, self.bias = (
            nn.Linear(n_subjects, n_in * n_out, bias=False),
            nn.Linear(n_subjects, n_out, bias=False),
        )
        self.shape, self.patch = (n_in, n_out), ours.config.patch_samples
        with torch.no_grad():
            self.weight.weight.copy_(projection.weight[0].T.reshape(-1, 1))
            self.bias.weight.copy_(projection.bias[0][:, None])
        self.convs = nn.ModuleList(copied(c) for c in convs.convs)
        self.norms = nn.ModuleList(copied(n) for n in convs.norms)

    def forward(self, x: Tensor, subject: Tensor) -> Tensor:
        """Embed patches of signals (batch, n_times, n_chans)."""
        batch = len(x)
        matrix = self.weight(subject).reshape(-1, *self.shape)
        x = torch.matmul(x, matrix) + self.bias(subject)[:, None]
        x = x.reshape(-1, self.patch, x.shape[-1])
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = torch.permute(conv(torch.permute(x, (0, 2, 1))), (0, 2, 1))
            x = torch.permute(norm(torch.permute(x, (0, 2, 1))), (0, 2, 1))
        return x.reshape(batch, -1, x.shape[1] * x.shape[2])


class Quantizer(nn.Module):
    """Distances to all codes, one-hot choices, and an update by a dense product."""

    def __init__(self, ours: Any) -> None:
        super().__init__()
        self.before = nn.Sequential(copied(ours.hidden), nn.Tanh(), copied(ours.project))
        self.norm, self.after = copied(ours.norm), copied(ours.expand)
        self.decay, self.beta = ours.decay, ours.commitment
        self.codex, self.counts = (
            nn.Parameter(t.clone(), requires_grad=False) for t in (ours.codex, ours.counts)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return tokens, loss and one-hot codes."""
        z = functional.normalize(self.before(x), dim=-1)
        flat, codex = z.reshape(-1, z.shape[-1]), self.codex.clone()
        distances = (
            flat.pow(2).sum(dim=-1, keepdim=True)
            + codex.pow(2).sum(dim=-1)[None]
            - 2 * torch.einsum("nd,cd->nc", flat, codex)
        ).reshape(*z.shape[:-1], -1)
        indices = torch.argmin(distances, dim=-1)
        chosen = functional.one_hot(indices, len(codex)).to(z.dtype)
        quantized = functional.embedding(indices, codex)
        loss = self.beta * functional.mse_loss(z, quantized.detach())
        quantized = z + (quantized - z).detach()
        if self.training:
            with torch.no_grad():
                flat_chosen = chosen.reshape(-1, len(codex))
                counts = flat_chosen.sum(dim=0)
                self.counts.mul_(self.decay).add_(counts, alpha=1 - self.decay)
                empty = counts == 0
                sums = torch.matmul(torch.permute(flat_chosen, (1, 0)), flat)
                mean = functional.normalize(sums / counts.masked_fill(empty, 1.0)[:, None], dim=-1)
                mean = torch.where(empty[:, None], codex, mean)
                moved = self.codex * self.decay + mean * (1 - self.decay)
                self.codex.copy_(functional.normalize(moved, dim=-1))
        return self.after(self.norm(quantized)), loss, chosen


class Tokenizer(nn.Module):
    """First stage; returns signals (batch, n_times, n_chans), loss and one-hot codes."""

    def __init__(self, ours: Any) -> None:
        super().__init__()
        self.embed, self.encoder = Embedding(ours.spatial), Stack(ours.transformer)
        self.quantizer, self.decoder = Quantizer(ours.quantizer), Stack(ours.decoder)
        head = ours.regression.heads[0]
        self.convs, self.last = nn.ModuleList(copied(c) for c in head.convs), copied(head.last)
        projection = ours.regression.projection
        n_out, n_in = projection.weight.shape[1:]
        self.shape = (n_in, n_out)
        self.weight, self.bias = nn.Linear(1, n_in * n_out, bias=False), nn.Linear(1, n_out, bias=False)
        with torch.no_grad():
            self.weight.weight.copy_(projection.weight[0].T.reshape(-1, 1))
            self.bias.weight.copy_(projection.bias[0][:, None])

    def forward(self, x: Tensor, subject: Tensor, channels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruct."""
        tokens, commitment, chosen = self.quantizer(self.encoder(self.embed(x, subject)))
        signals = self.decoder(tokens)
        for conv in self.convs:
            signals = torch.permute(conv(torch.permute(signals, (0, 2, 1))), (0, 2, 1))
        signals = self.last(signals)
        matrix = self.weight(subject).reshape(-1, *self.shape)
        signals = torch.matmul(signals, matrix) + self.bias(subject)[:, None]
        squares = torch.square(x - signals)
        squares = torch.mean(torch.permute(squares, (0, 2, 1)), dim=-1)
        loss = torch.sum(squares * channels) / (torch.sum(channels) + 1e-12) + commitment
        return signals, loss, chosen


class Masked(nn.Module):
    """Second stage: two passes one after another, one-hot targets."""

    def __init__(self, ours: Any) -> None:
        super().__init__()
        self.embed, self.encoder = Embedding(ours.spatial), Stack(ours.transformer)
        self.head, self.hidden = copied(ours.head), nn.Parameter(ours.hidden.detach().clone())

    def forward(self, x: Tensor, subject: Tensor, mask: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits and loss."""
        embedded = self.embed(x, subject)
        hides = mask[..., None].to(embedded.dtype)
        hidden = self.hidden[None, None].expand(*mask.shape, -1)
        logits = [self.head(self.encoder(embedded * (1 - m) + hidden * m)) * m for m in (hides, 1 - hides)]
        found = logits[0] + logits[1]
        return found, functional.cross_entropy(found.flatten(0, 1), target.flatten(0, 1))


class Classifier(nn.Module):
    """Third stage."""

    def __init__(self, ours: Any) -> None:
        super().__init__()
        self.embed, self.encoder = Embedding(ours.spatial), Stack(ours.transformer)
        self.head = copied(ours.classify)

    def forward(self, x: Tensor, subject: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores and loss."""
        scores = self.head(self.encoder(self.embed(x, subject)))
        return scores, functional.cross_entropy(scores, y)
