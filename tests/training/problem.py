"""A small training with all that may go wrong on a resume: batch statistics, dropout, masks, a buffer."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from neurosci._training import seeded, train, warmup_cosine

N, WIDTH = 24, 6
RNG = np.random.default_rng(5)
X = RNG.normal(size=(N, WIDTH)).astype(np.float32)
Y = (X @ RNG.normal(size=WIDTH)).astype(np.float32)


class Net(nn.Module):
    def __init__(self, dropout=0.0):
        super().__init__()
        # without a bias: before a batch norm its gradient is rounding alone, which Adam would magnify
        self.first = nn.Linear(WIDTH, 8, bias=False)
        self.norm = nn.BatchNorm1d(8)
        self.drop = nn.Dropout(dropout)
        self.last = nn.Linear(8, 1)
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        return self.last(self.drop(torch.tanh(self.norm(self.first(x))))).squeeze(-1)


def loss(module, batch):
    keep = np.stack([batch.rng(i, "mask").random(WIDTH) > 0.2 for i in batch.indices])
    x = torch.from_numpy(X[batch.indices] * keep)
    module.seen += 1
    error = (module(x) - torch.from_numpy(Y[batch.indices])).square().mean()
    return error, {"error": error}


def fit(dropout=0.0, seed=0, **options):
    with seeded(seed, "weights"):
        module = Net(dropout)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1.0, weight_decay=0.01)
    options = {
        "n_samples": N,
        "batch_size": 8,
        "n_epochs": 6,
        "schedule": warmup_cosine(0.05, 0.001, warmup=1, total=6, steps_per_epoch=3),
        "validate": lambda m: {"val": float((m(torch.from_numpy(X)) - torch.from_numpy(Y)).square().mean())},
        "monitor": "val",
        "random_state": seed,
        "device": "cpu",
        **options,
    }
    history = train(module, loss, optimizer=optimizer, **options)
    return module, history


def same(a, b):
    return all(torch.equal(a.state_dict()[k], b.state_dict()[k]) for k in a.state_dict())
