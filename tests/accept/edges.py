"""Analyses at the edges of their parameters: every claim judged, no missing number in words, all drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# No network is run, and resamples are few: what counts is what can still be said.
FEW = {
    "networks": (),
    "n_resamples_trials": 100,
    "n_resamples_observers": 200,
    "n_resamples_families": 200,
    "n_resamples_likelihood": 100,
}
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "critical_band": [
        FEW | changes
        for changes in (
            {"criterion": 0.97},
            {"criterion": 0.2},
            {"bandwidth_limit": 1.0},
            {"training_radius": 7.0},
            {"attack_radius": 9.0},
            {"criteria": (0.5,), "bandwidth_limits": (12.0,)},
            {"criteria_compared": (0.99,)},
            {"guess_rate": 0.0, "sigmoid": "weibull"},
            {"guess_rate": 0.9},
        )
    ],
    "dendrites": [
        {"noise": 0.9},
        {"window_noise": (0.7,)},
        {"window_noise": (0.0, 0.5)},
        {"alpha": 1e-30},
        {"n_code_synapses": 40, "code_threshold": 40},
        {"n_comparisons": 1000, "n_noisy_trials": 1000},
    ],
}


def units() -> list[str]:
    """One run for each setting."""
    return [f"{name} {i}" for name, settings in SETTINGS.items() for i in range(len(settings))]


def run_unit(name: str) -> dict[str, Any]:
    """Run an analysis, read every sentence and draw every figure."""
    import neurosci
    from neurosci._core.registry import load

    analysis, number = name.split()
    changes = SETTINGS[analysis][int(number)]
    result = neurosci.run(analysis, preset="quick", verbose=False, **changes)
    module = load(analysis)
    for figure in result.figures:
        module.FIGURES[figure.name](*[result.tables[table] for table in figure.tables])
    missing = [text for text in texts(result) if re.search(r"\b(nan|inf|None)\b", text)]
    judged = [verdict.id for verdict in result.verdicts] == [claim.id for claim in module.CLAIMS]
    return {"passed": judged and not missing, "settings": repr(changes), "missing": missing}


def texts(result: Any) -> Iterator[str]:
    """Every text of a result that a reader sees."""
    yield from (result.title, result.question, result.answer_note, result.units, *result.answer)
    yield from (*result.deviations, *result.warnings, *result.notes)
    for method in result.methods:
        yield from method.paragraphs
    for figure in result.figures:
        yield from (figure.finding, figure.caption, figure.alt)
    for verdict in result.verdicts:
        yield from (verdict.text, verdict.paper, verdict.ours, verdict.n, verdict.why)
