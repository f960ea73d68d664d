"""Small networks with seeded weights for the tests, and helpers that count."""

from __future__ import annotations

import torch

from neurosci._training import seeded
from neurosci.du_in import DuINClassifierModule, DuINConfig, DuINMAE, DuINVQVAE

# unequal sizes everywhere, so that no two axes can be swapped unnoticed
TINY = DuINConfig(
    patch_samples=20,
    d_neural=6,
    conv_channels=(7, 5, 4),
    conv_kernels=(9, 3, 3),
    conv_strides=(5, 1, 1),
    n_layers=2,
    n_heads=3,
    d_head=8,
    d_feedforward=24,
    dropout=0.0,
    codex_size=12,
    codex_dim=5,
    n_decoder_layers=1,
    deconv_channels=(9, 6),
    deconv_kernels=(4, 7),
    deconv_strides=(4, 5),
    n_hidden=11,
)
N_CHANS, N_TIMES, N_PATCHES = 3, 100, 5
TINY_MULTI = TINY.replace(d_neural=None, deconv_channels=(9, 6), deconv_kernels=(3, 7), deconv_strides=(1, 5))


def make(network, *sizes, seed=0, **options):
    with seeded(seed, "weights"):
        return network(*sizes, **options)


def tokenizer(config=TINY, seed=0, **options):
    return make(DuINVQVAE, N_CHANS, N_TIMES, config, seed=seed, **options)


def masked(config=TINY, seed=0, **options):
    return make(DuINMAE, N_CHANS, N_TIMES, config, seed=seed, **options)


def classifier(config=TINY, seed=0, n_outputs=4, **options):
    return make(DuINClassifierModule, N_CHANS, N_TIMES, n_outputs, config, seed=seed, **options)


def signals(n, n_chans=N_CHANS, n_times=N_TIMES, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, n_chans, n_times, generator=generator, dtype=torch.float64).to(dtype)


def n_trainable(module):
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def settle(module, seed=0):
    """Give batch normalisation statistics and weights that are not those of a fresh network."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, torch.nn.BatchNorm1d):
                part.running_mean.normal_(generator=generator)
                part.running_var.uniform_(0.5, 2.0, generator=generator)
                part.weight.uniform_(0.5, 1.5, generator=generator)
                part.bias.normal_(generator=generator)
        for name, p in module.named_parameters():
            if name.endswith("bias") and "norms" not in name:
                p.normal_(0.0, 0.3, generator=generator)
    return module.eval()
