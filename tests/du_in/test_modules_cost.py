"""Operations of the networks, counted by formula, against torch's counter."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import du_in_peers
from neurosci.du_in import DuINConfig
from neurosci.du_in._estimate import (
    GPU_RATE,
    GPU_STEP_SECONDS,
    Job,
    cpu_rate,
    expected_hours,
    operations,
    published_jobs,
)
from tests.du_in.networks import (
    N_CHANS,
    N_PATCHES,
    N_TIMES,
    TINY,
    classifier,
    make,
    masked,
    signals,
    tokenizer,
)


def counted(module, *inputs):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module.eval()(*inputs)
    return counter.get_total_flops()


def test_operations_are_those_that_torch_counts():
    # counted on the graph that folds nothing; it makes a matrix and a bias per item from the subject's number
    n, inner, one = 1, TINY.n_heads * TINY.d_head, torch.ones(1, 1)
    assert inner == 24
    x, mask = signals(n).transpose(1, 2), torch.zeros(n, N_PATCHES, dtype=torch.bool)
    first, last = 2 * (N_CHANS * 6 + 6), 2 * (6 * N_CHANS + N_CHANS)
    found = counted(make(du_in_peers.Tokenizer, tokenizer()), x, one, torch.ones(n, N_CHANS))
    assert operations("vqvae", TINY, N_CHANS, N_TIMES) == found - first - last
    target = torch.zeros(n, N_PATCHES, 12)
    found = counted(make(du_in_peers.Masked, masked()), x, one, mask, target)
    head = 2 * N_PATCHES * TINY.d_model * 12
    assert operations("mae", TINY, N_CHANS, N_TIMES) == found - first - head
    found = counted(make(du_in_peers.Classifier, classifier()), x, one, torch.zeros(n, dtype=torch.int64))
    assert operations("classifier", TINY, N_CHANS, N_TIMES, 4) == found - first


def test_published_sizes_cost_what_was_counted_on_the_authors_code():
    paper = DuINConfig.paper()
    # Theirs: 0.728, 0.732 and 0.299 GFLOP. They update the codex by a dense product, apply the head of the
    # masked model to both passes, and run quantiser and contrastive block in the classifier.
    update = 2 * 40 * 2048 * 64
    assert operations("vqvae", paper, 10, 4000) + update == pytest.approx(0.728e9, abs=0.5e6)
    head = 2 * 40 * 160 * 2048
    assert operations("mae", paper, 10, 4000) + head == pytest.approx(0.732e9, abs=0.5e6)
    quantiser = 2 * 30 * (160 * 160 + 2 * 160 * 64 + 2 * 64 * 2048)
    assert operations("classifier", paper, 10, 3000) + quantiser == pytest.approx(0.299e9, abs=1e6)


def test_hours_add_up():
    jobs = [Job("vqvae", TINY, 3, 100, 1000, 10), Job("codes", TINY, 3, 100, 500, 10)]
    found = expected_hours(jobs, rate=1e9)
    work = 3 * 1000 * operations("vqvae", TINY, 3, 100) + 500 * operations("codes", TINY, 3, 100)
    assert found.operations == work
    assert found.gpu == pytest.approx(max(work / GPU_RATE, 150 * GPU_STEP_SECONDS) / 3600)
    assert expected_hours(jobs, rate=2e9).cpu == pytest.approx(found.cpu / 2)
    assert cpu_rate() > 1e8


def test_the_published_study_costs_what_was_estimated_for_it():
    # 370 PFLOP by the counts of the authors' code, of which a few per cent are work that ours does not do
    assert expected_hours(published_jobs(), rate=1e11).operations == pytest.approx(370e15, rel=0.05)
