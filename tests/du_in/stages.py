"""Trainings of all three stages in fractions of a second, for tests and for processes that tests start."""

from __future__ import annotations

import numpy as np

from neurosci.du_in._optimisation import make_plan
from neurosci.du_in._stage import How
from neurosci.du_in._stage_classifier import train_classifier
from neurosci.du_in._stage_mae import train_mae
from neurosci.du_in._stage_vqvae import train_vqvae
from neurosci.du_in._windows import Windows
from tests.du_in.networks import N_CHANS, TINY, classifier, masked, tokenizer

N, N_SAMPLES = 16, 140


def data(seed=0):
    """Few sources, mixed: something that codes can hold."""
    rng = np.random.default_rng(seed)
    sources = np.repeat(rng.standard_normal((N, 2, N_SAMPLES // 20)), 20, axis=2)
    mixed = np.einsum("cs,nst->nct", rng.standard_normal((N_CHANS, 2)), sources)
    mixed += 0.1 * rng.standard_normal(mixed.shape)
    return (mixed / mixed.std()).astype(np.float32)


def fit(stage, *, seed=0, dropout=0.2, codex_size=12, n_epochs=6, plan=None, windows=None, **how):
    """Train a stage; return module and history."""
    config = TINY.replace(dropout=dropout, codex_size=codex_size)
    options = {
        "n_epochs": n_epochs,
        "batch_size": 8,
        "vq_warmup_steps": 5,
        "n_kmeans_batches": 2,
        **(plan or {}),
    }
    run = How(random_state=seed, device="cpu", **how)
    windows = windows or Windows(data())
    if stage == "vqvae":
        module = tokenizer(config, seed=seed)
        history = train_vqvae(module, windows, make_plan(stage, **options), run)
    elif stage == "mae":
        source = tokenizer(config, seed=9).eval()
        module = masked(config, seed=seed)
        history = train_mae(module, source, windows, make_plan(stage, **options), run)
    else:
        module = classifier(config, seed=seed)
        history = train_classifier(
            module, windows, np.arange(N) % 4, make_plan(stage, **options), run, max_shift=10
        )
    return module, history
