"""Symmetric masks and the loss of the masked model, against two explicit passes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from neurosci.du_in._mae import draw_mask
from neurosci.du_in._stage_mae import MaskedLoss, masked_loss
from neurosci.du_in._windows import Windows
from tests.du_in.networks import N_PATCHES, TINY, masked, settle, signals, tokenizer


def masks(n, n_patches=N_PATCHES, ratio=0.5, seed=0):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(np.stack([draw_mask(n_patches, ratio, rng) for _ in range(n)]))


@pytest.mark.parametrize(("ratio", "n_hidden"), [(0.5, 20), (0.4, 16), (0.3, 12), (0.1, 4)])
def test_exactly_the_share_is_hidden(ratio, n_hidden):
    # n - int(n (1 - r)), as published; 40 * 0.9 and its like are exact here
    drawn = masks(50, 40, ratio)
    assert set(drawn.sum(dim=1).tolist()) == {40 - int(40 * (1 - ratio))}
    assert abs(40 - int(40 * (1 - ratio)) - n_hidden) <= 1
    assert drawn.float().mean(dim=0).min() > 0


def test_every_patch_is_hidden_equally_often(seed):
    drawn = masks(4000, 40, seed=seed).float().mean(dim=0)
    # 40 binomial shares of 4000: five standard errors
    assert float((drawn - 0.5).abs().max()) < 5 * 0.5 / 4000**0.5


def by_hand(module, x, mask):
    """Logits of both passes, one at a time, hidden patches put in one by one."""
    passes = []
    for hides in (mask, ~mask):
        embedded = module.spatial(x).clone()
        for b in range(len(x)):
            for i in range(N_PATCHES):
                if hides[b, i]:
                    embedded[b, i] = module.hidden
        passes.append(module.head(module.transformer(embedded)))
    return passes


@torch.no_grad()
def test_loss_is_the_mean_over_positions_of_two_passes():
    module, x, mask = settle(masked()), signals(7), masks(7)
    codes = torch.arange(7 * N_PATCHES).view(7, N_PATCHES) % 12
    first, second = by_hand(module, x, mask)
    losses, hits = [], 0
    for b in range(7):
        for i in range(N_PATCHES):
            logits = (first if mask[b, i] else second)[b, i]
            losses.append(-torch.log_softmax(logits.double(), dim=0)[codes[b, i]])
            hits += int(logits.argmax() == codes[b, i])
    loss, log = masked_loss(module, x, mask, codes)
    assert float(loss) == pytest.approx(float(torch.stack(losses).mean()), rel=1e-5)
    assert float(log["accuracy"]) == pytest.approx(hits / len(losses))


def test_logits_of_visible_patches_do_not_enter():
    module, x, mask = settle(masked()), signals(3), masks(3)
    first, second = by_hand(module, x, mask)
    found = module(x, mask)
    torch.testing.assert_close(found[mask], first[mask], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(found[~mask], second[~mask], rtol=1e-4, atol=1e-6)
    assert not torch.allclose(found[mask], second[mask])


@pytest.mark.parametrize("patch", range(N_PATCHES))
def test_a_hidden_patch_has_no_influence_on_its_own_logits(patch):
    module, mask = settle(masked()), masks(2)
    x = signals(2).requires_grad_(True)
    module(x, mask)[:, patch].sum().backward()
    gradient = x.grad[:, :, 20 * patch : 20 * (patch + 1)]
    assert torch.equal(gradient, torch.zeros_like(gradient))
    assert x.grad.abs().max() > 0


def test_targets_are_the_codes_of_the_unmasked_crop():
    source = settle(tokenizer(seed=2))
    windows = Windows(signals(6, n_times=160).numpy())
    loss = MaskedLoss(windows, source, 100)
    x = signals(4)
    assert torch.equal(loss.targets(masked(), x, None), source(x).codes)


@torch.no_grad()
def test_other_targets():
    source, x, mask = settle(tokenizer(seed=2)), signals(4), masks(4)
    loss = MaskedLoss(Windows(x.numpy()), source, 100)
    by_tokens = settle(masked(target="tokens"))
    wanted = loss.targets(by_tokens, x, None)
    torch.testing.assert_close(wanted, source.transformer(source.spatial(x)))
    value, _ = masked_loss(by_tokens, x, mask, wanted)
    cosine = functional.cosine_similarity(by_tokens(x, mask).double(), wanted.double(), dim=2)
    assert float(value) == pytest.approx(float(1 - cosine.mean()), rel=1e-5)
    by_signals = settle(masked(target="signals"))
    wanted = loss.targets(by_signals, x, None)
    assert torch.equal(wanted[1, 3].view(3, 20), x[1, :, 60:80])
    value, _ = masked_loss(by_signals, x, mask, wanted)
    assert float(value) == pytest.approx(float((by_signals(x, mask) - wanted).square().mean()), rel=1e-5)


def test_codes_need_a_tokenizer():
    with pytest.raises(ValueError, match="tokenizer must be given for target='codes', got None"):
        MaskedLoss(Windows(signals(4).numpy()), None, 100).targets(masked(TINY), signals(4), None)
