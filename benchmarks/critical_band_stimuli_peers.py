"""Peers of the stimuli and of the adaptive procedure: nothing of ours is imported here."""

from __future__ import annotations

from typing import Any

import numpy as np

LEVELS = 7


def published_noise(size: int) -> list[float]:
    """Make `size` fields of each band as published, with pyrtools; mean power of each band."""
    from pyrtools.pyramids import LaplacianPyramid

    rng = np.random.default_rng(0)
    power = []
    for band in range(LEVELS):
        total = 0.0
        for _ in range(size):
            pyramid = LaplacianPyramid(rng.standard_normal((224, 224)))
            field, highest = (pyramid.recon_pyr(levels=level) for level in (LEVELS - 1 - band, 0))
            field = field * np.sqrt(np.mean(highest**2)) / np.sqrt(np.mean(field**2))
            total += float(np.mean(field**2))
        power.append(total / size)
    return power


def all_levels(field: list[list[float]]) -> Any:
    """Reconstruct every level of one field with pyrtools."""
    from pyrtools.pyramids import LaplacianPyramid

    pyramid = LaplacianPyramid(np.asarray(field))
    return np.stack([pyramid.recon_pyr(levels=level) for level in range(LEVELS)])


def adaptive_run(draws: list[float]) -> list[float]:
    """Run the package questplus on one simulated observer; choices, then the posterior."""
    from questplus import QuestPlus

    grid = np.arange(-40, 1, 2.0)
    quest = QuestPlus(
        stim_domain={"intensity": grid},
        param_domain={
            "threshold": grid,
            "slope": np.array([2, 3.5, 5.0]),
            "lower_asymptote": np.array([1 / 16]),
            "lapse_rate": np.array([0.01, 0.04]),
        },
        outcome_domain={"response": ["Correct", "Incorrect"]},
        func="weibull",
        stim_scale="dB",
    )
    choices = []
    for draw in draws:
        shown = quest.next_stim
        rate = 0.98 - (0.98 - 1 / 16) * np.exp(-(10 ** (3 * (shown["intensity"] + 17.3) / 20)))
        quest.update(stim=shown, outcome={"response": "Correct" if draw < rate else "Incorrect"})
        choices.append(shown["intensity"])
    return [*choices, *quest.posterior.values.ravel().tolist()]
