"""Published optimisation: learning rates, decay, and what has none."""

from __future__ import annotations

import math

import pytest

from neurosci.du_in._optimisation import STAGES, make_plan
from tests.du_in.networks import masked, tokenizer

# batch, epochs, warm-up, highest and lowest rate, decay: table of the paper
TABLE = {
    "vqvae": (64, 400, 40, 3e-4, 5e-5, 0.01),
    "mae": (64, 400, 40, 3e-4, 5e-5, 0.05),
    "classifier": (32, 200, 20, 2e-4, 5e-6, 0.05),
}


def closed_form(epoch, warmup, total, high, low):
    if epoch < warmup:
        return high * (epoch + 1) / warmup
    return low + (high - low) * (1 + math.cos(math.pi * (epoch - warmup) / (total - warmup))) / 2


@pytest.mark.parametrize("stage", STAGES)
def test_published_rates_are_the_closed_form(stage):
    batch, total, warmup, high, low, decay = TABLE[stage]
    plan = make_plan(stage, "published")
    assert (plan.batch_size, plan.n_epochs, plan.weight_decay) == (batch, total, decay)
    assert (plan.betas, plan.max_grad_norm, plan.vq_warmup_steps) == ((0.9, 0.99), None, 0)
    steps = 7
    schedule = plan.schedule(steps)
    for epoch in (0, warmup - 1, warmup, (warmup + total) // 2, total - 1):
        expected = closed_form(epoch, warmup, total, high, low)
        # constant within an epoch
        for step in (0, steps - 1):
            assert abs(schedule(epoch * steps + step)["lr"] - expected) <= 1e-12
    assert schedule(warmup * steps)["lr"] == pytest.approx(high, abs=1e-12)


def test_published_code_differs_where_it_does():
    plan = make_plan("vqvae", "published_code")
    assert (plan.batch_size, plan.n_epochs, plan.betas) == (32, 800, (0.9, 0.999))
    assert plan.schedule(1)(80)["lr"] == pytest.approx(3e-4)
    assert make_plan("mae", "published_code").n_epochs == 400


def test_default_rises_by_steps():
    plan = make_plan("classifier", n_epochs=20)
    schedule = plan.schedule(10)
    assert [schedule(step)["lr"] for step in (0, 9, 19)] == pytest.approx([5e-4 / 20, 2.5e-4, 5e-4])
    assert plan.vq_warmup_steps == 60


def test_vectors_and_biases_do_not_decay():
    for module in (tokenizer(), masked()):
        decayed, free = make_plan("mae").optimizer(module).param_groups
        names = {id(p): name for name, p in module.named_parameters()}
        assert (decayed["weight_decay"], free["weight_decay"]) == (0.05, 0.0)
        assert all(not names[id(p)].endswith("bias") and p.ndim >= 2 for p in decayed["params"])
        assert all(names[id(p)].endswith("bias") or p.ndim == 1 for p in free["params"])
        assert len(decayed["params"]) + len(free["params"]) == len(names)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make_plan("vqvea"), "did you mean 'vqvae'"),
        (lambda: make_plan("mae", "publishd"), "did you mean 'published'"),
        (lambda: make_plan("mae", n_epoch=3), "did you mean 'n_epochs'"),
        (lambda: make_plan("mae", n_epochs=0), "n_epochs must be at least 1, got 0"),
        (lambda: make_plan("mae", lr_min=1.0), "lr_min and lr_max must be 0 <= lr_min <= lr_max"),
        (lambda: make_plan("vqvae", vq_warmup_steps=-1), "vq_warmup_steps must be at least 0, got -1"),
    ],
)
def test_wrong_plans_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
