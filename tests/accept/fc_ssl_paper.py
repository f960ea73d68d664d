"""fc_ssl in its paper preset: claims judged, levels of baselines, chance rows, and the gain on dwell.

Some hours on one core. Finished units of the analysis are not kept between calls: interrupt nothing, or run
``neurosci run fc_ssl --preset paper --output FOLDER``, which goes on where it stopped.
"""

from __future__ import annotations

from typing import Any

LEVELS = {
    "auc, all sites, diagnosis, 10 folds, static": (0.756, 0.01),
    "auc, all sites, diagnosis, one site left out, static": (0.762, 0.01),
    "r, all sites, age, 10 folds, static": (0.784, 0.01),
}
CLAIMS = ("FS1", "FS2", "FS3", "FS4", "FS5", "FS6")


def units() -> list[str]:
    """One run for each seed."""
    return ["seed 0"]


def run_unit(name: str) -> dict[str, Any]:
    """Run the analysis and check what must hold whatever the claims turn out to be."""
    import neurosci

    seed = int(name.removeprefix("seed "))
    result = neurosci.run("fc_ssl", preset="paper", seed=seed, verbose=False, data="abide")
    metrics = result.metrics
    levels = all(abs(metrics[key].value - value) <= off for key, (value, off) in LEVELS.items())
    # one permutation each: four standard errors of an area of one half, 0.018 for everybody and 0.029 for 390
    chance = {
        key: metric.value for key, metric in metrics.items() if key.startswith("auc, ") and "permuted" in key
    }
    fair = all(abs(value - 0.5) < (0.08 if ", all sites" in key else 0.13) for key, value in chance.items())
    gain = metrics["gain over untrained, dwell"]
    return {
        "passed": levels
        and fair
        and (gain.low or 0.0) > 0
        and [v.id for v in result.verdicts] == list(CLAIMS),
        "verdicts": {verdict.id: verdict.words for verdict in result.verdicts},
        "metrics": {key: str(metric) for key, metric in metrics.items()},
    }
