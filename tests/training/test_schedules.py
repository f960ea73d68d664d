"""Schedules against torch's own and the closed form."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch

from neurosci._training import one_cycle, warmup_cosine


@pytest.mark.parametrize(("total", "warmup"), [(50, 0.2), (37, 0.3), (200, 0.1), (10, 0.5)])
def test_one_cycle_equals_torch(total, warmup):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.Adam([parameter], lr=1.0)
    reference = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1e-3, total_steps=total, pct_start=warmup, div_factor=2.0, final_div_factor=1000.0
    )
    schedule = one_cycle(1e-3, total=total, start=5e-4, final=5e-7, warmup=warmup)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the scheduler steps without the optimiser here
        for step in range(total):
            options = schedule(step)
            group = optimizer.param_groups[0]
            np.testing.assert_allclose(options["lr"], group["lr"], rtol=1e-10)
            np.testing.assert_allclose(options["betas"], group["betas"], rtol=1e-10)
            if step < total - 1:
                reference.step()


def test_one_cycle_may_leave_the_momentum_alone():
    assert set(one_cycle(1e-3, total=10, start=1e-4, final=1e-5, momentum=None)(3)) == {"lr"}


def test_warmup_cosine_equals_the_closed_form():
    high, low, warmup, total, per = 3e-4, 5e-5, 40, 400, 7
    schedule = warmup_cosine(high, low, warmup=warmup, total=total, steps_per_epoch=per)
    expected = {
        0: high / 40,
        39: high,
        40: high,
        220: low + (high - low) / 2,
        399: low + (high - low) * (1 + math.cos(math.pi * 359 / 360)) / 2,
    }
    for epoch, rate in expected.items():
        for step in (epoch * per, epoch * per + per - 1):
            assert math.isclose(schedule(step)["lr"], rate, rel_tol=1e-12)


def test_warmup_longer_than_the_training_is_refused():
    with pytest.raises(ValueError, match=r"warmup_cosine: warmup must be in \[0, total\), got 5 of 5 epochs"):
        warmup_cosine(1.0, 0.0, warmup=5, total=5)
