"""The published head: a sigmoid before the softmax, and the loss that it cannot go below."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from neurosci.du_in import DuINClassifierModule
from tests.du_in.networks import classifier, make, settle, signals


class OneHot(torch.nn.Module):
    """Tokens that name the trial."""

    def forward(self, x, subjects=None):
        return torch.eye(len(x))[:, None]


@pytest.mark.parametrize(("strength", "floor"), [(0.0, math.log(61)), (40.0, math.log(1 + 60 / math.e))])
def test_a_separated_sigmoid_model_stops_at_its_floor(strength, floor):
    module = classifier(n_outputs=61, head="sigmoid").eval()
    module.spatial, module.transformer = OneHot(), torch.nn.Identity()
    last = make(torch.nn.Linear, 61, 61)
    torch.nn.init.constant_(last.bias, -strength)
    last.weight.data.copy_(2 * strength * torch.eye(61))
    module.classify = torch.nn.Sequential(torch.nn.Flatten(), last)
    with torch.no_grad():
        loss = functional.cross_entropy(module(signals(61)), torch.arange(61))
    # sigmoid(+-40) is 0 or 1 to 1e-17; float32 sums of 61 terms
    assert float(loss) == pytest.approx(floor, abs=1e-5)


def test_published_head_starts_at_the_loss_of_chance():
    module = make(DuINClassifierModule, 10, 3000, 61, head="sigmoid").eval()
    with torch.no_grad():
        loss = functional.cross_entropy(module(signals(61, 10, 3000)), torch.arange(61))
    assert float(loss) == pytest.approx(4.11, abs=0.02)


def test_sigmoid_squashes_the_same_scores():
    plain, published = settle(classifier()), settle(classifier(head="sigmoid"))
    published.load_state_dict(plain.state_dict())
    x = signals(5)
    torch.testing.assert_close(published(x), torch.sigmoid(plain(x)))


def test_quantised_classifier_sees_codes_only():
    module = settle(classifier(quantize=True))
    x = signals(5)
    codes = module.quantizer.codes(module.transformer(module.spatial(x)))
    directions = module.quantizer.codex[codes]
    expected = module.classify(module.quantizer.expand(module.quantizer.norm(directions)))
    torch.testing.assert_close(module(x), expected, rtol=1e-4, atol=1e-5)
