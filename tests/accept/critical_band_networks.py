"""Real networks on the authors' masked stimuli and on cue-conflict images: accuracy, thresholds, memory."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

VERSIONS = (0, 1, 2)
# Of 221 trials without noise, and the published thresholds, with EfficientNet-Lite0.
ZERO_NOISE_ACCURACY = 0.846
THRESHOLDS = (0, 1, 2, 2, 4, 4, 3)
# Images per cell that rounding (threads, layout) may put on the other side.
N_ROUNDED = 2
MEMORY_LIMIT = 1e9
SHAPE_SCORE, SHAPE_BIAS = 0.17, 0.24

SCRIPT = """
import json, resource, sys
from neurosci.critical_band import efficientnet_lite, evaluate_network, shape_scores, trial_counts
from neurosci.datasets import fetch_critical_band_stimuli, fetch_efficientnet_lite
kind, version = sys.argv[1], int(sys.argv[2])
stimuli = fetch_critical_band_stimuli(kind)
model = efficientnet_lite(version, fetch_efficientnet_lite(version, download=False))
judged = evaluate_network(model, stimuli.images, stimuli.trials, preprocess="efficientnet_lite")
# kilobytes on Linux, bytes on macOS
unit = 1 if sys.platform == "darwin" else 1024
found = {"n": len(judged), "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}
if kind == "masked":
    n_correct, n_trials = trial_counts(judged)
    found |= {"n_correct": n_correct.tolist(), "n_trials": n_trials.tolist()}
else:
    scores = shape_scores(judged, random_state=0)
    found |= {"shape_score": str(scores.shape_score), "shape_bias": str(scores.shape_bias)}
    found |= {"values": [scores.shape_score.value, scores.shape_bias.value]}
print(json.dumps(found))
"""


def units() -> list[str]:
    """One run for each network, and one on cue-conflict images."""
    return [*(f"masked {version}" for version in VERSIONS), "cue_conflict 0"]


def possible(n_correct: list[list[int]], n_trials: list[list[int]]) -> bool:
    """Say whether the thresholds can be the stated ones, but for a few images per cell."""
    strongest = len(n_correct) - 1
    for band, steps in enumerate(THRESHOLDS):
        for step in range(steps + 1 if steps < strongest else steps):
            row = strongest - step
            half = n_trials[row][band] / 2
            if step < steps and n_correct[row][band] - N_ROUNDED > half:
                return False
            if step == steps and n_correct[row][band] + N_ROUNDED <= half:
                return False
    return True


def run_unit(name: str) -> dict[str, Any]:
    """Show all images to one network in a process of its own."""
    import numpy as np

    kind, version = name.split()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, kind, version], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    passed = found["peak_bytes"] < MEMORY_LIMIT
    if kind == "cue_conflict":
        score, bias = found.pop("values")
        passed &= abs(score - SHAPE_SCORE) < 0.01 and abs(bias - SHAPE_BIAS) < 0.01
        return {"passed": bool(passed), **found}
    from neurosci.critical_band import ChannelEstimator, NotResolvedWarning, threshold_indices

    correct, trials = np.array(found["n_correct"]), np.array(found["n_trials"])
    found["zero_noise_accuracy"] = float(correct[0].sum() / trials[0].sum())
    found["thresholds"] = threshold_indices(correct / trials).tolist()
    if version == "0":
        passed &= abs(found["zero_noise_accuracy"] - ZERO_NOISE_ACCURACY) < (N_ROUNDED + 0.5) / 221
        passed &= possible(found["n_correct"], found["n_trials"])
    import warnings

    for method in ("index", "ml", "filter"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotResolvedWarning)
            channel = ChannelEstimator(method).fit(correct, trials)
        intervals = channel.confint(n_resamples=1000, random_state=0) if channel.resolved_ else {}
        found[method] = {key: str(metric) for key, metric in intervals.items()} or channel.reason_
    return {"passed": bool(passed), **found}
