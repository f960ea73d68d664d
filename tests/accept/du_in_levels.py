"""Token levels on the generator: chance on shafts without speech; region against channel tokens.

One transformer of two layers, one set of four channels, patches of 100 ms, equal depth, width and
augmentation. A unit is one training: arm, generator, seed and epochs. Region tokens and channel tokens with a
concatenating head have equal epochs and run for all seeds; half the epochs, for the plateau, and the head
over means, which learns several times more slowly and has more epochs, run for the first seed of every
generator. Region tokens must win over both heads. The comparison reads what the trainings saved.

The generator mixes by contact, its default. With one weight for each latent, the mixing of the published
levels of the linear decoder (``du_in_channels``), four channels hold so little of a word that both token
levels stay near the floor: region tokens reach a quarter, and channel tokens a sixth, of the trials.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np

from benchmarks.machine import ROOT

GENERATORS = (1, 2, 3)
SEEDS = (0, 1, 2, 3, 4)
N_WORDS, N_TRAIN, N_TEST, N_CHANNELS = 12, 12, 20, 4
MODEL, LEARNING_RATE = "tiny", 1e-3
EPOCHS, SHORT_SEEDS = (60, 120), (0,)
CONTROL_EPOCHS = 30
SLOW_EPOCHS, SLOW_SEEDS = 200, (0,)
ARMS = {
    "region": ("region", "concatenate"),
    "channel": ("channel", "concatenate"),
    "mean": ("channel", "mean"),
}
LARGEST_GAIN = 0.02
FITTED = 0.9
FEWEST_FLIPS = 6


def units() -> list[str]:
    """Return one unit for each training, the shafts without speech, and the comparison."""
    trainings = [
        f"{arm} {g} {s} {epochs}"
        for g in GENERATORS
        for s in SEEDS
        for epochs in EPOCHS
        for arm in ("region", "channel")
        if epochs == EPOCHS[-1] or s in SHORT_SEEDS
    ]
    slow = [f"mean {g} {s} {SLOW_EPOCHS}" for s in SLOW_SEEDS for g in GENERATORS]
    return ["irrelevant shafts", *trainings, *slow, "comparison"]


def run_unit(name: str) -> dict[str, Any]:
    """Run one unit."""
    if name == "comparison":
        return comparison()
    if name == "irrelevant shafts":
        return irrelevant()
    arm, *numbers = name.split()
    generator, seed, epochs = map(int, numbers)
    row = decoded(generator, seed, chosen(generator), *ARMS[arm], epochs)
    return {"passed": bool(np.isfinite(row["accuracy"])), **row}


def world(generator: int) -> Any:
    from neurosci.du_in._cells import World

    return World(generator, N_WORDS, N_TRAIN, N_TEST, 8, 1.0)


@cache
def chosen(generator: int) -> tuple[int, ...]:
    """The strongest channels by analysis of variance on training trials."""
    from neurosci.du_in import anova_scores
    from neurosci.du_in._cells import trials

    X, y, _ = trials(world(generator))
    n = N_WORDS * N_TRAIN
    return tuple(np.argsort(-anova_scores(X[:n], y[:n]))[:N_CHANNELS].tolist())


def decoded(
    generator: int, seed: int, channels: tuple[int, ...], level: str, pooling: str, epochs: int
) -> dict[str, Any]:
    """Train one decoder and return its accuracy, and what it cost."""
    import time

    from neurosci.du_in._cells import Decoding, decode

    job = Decoding(
        world=world(generator), seed=seed, model=MODEL, channels=channels, n_epochs=epochs,
        n_labels=N_TRAIN, batch_size=24, learning_rate=LEARNING_RATE, level=level, pooling=pooling,
    )  # fmt: skip
    start = time.process_time()
    found = decode((job, {}), np.random.default_rng(0))
    patches = 3000 // job.patch_samples
    return {
        "accuracy": float(found["accuracy"]),
        "train_accuracy": float(found["train_accuracy"]),
        "hits": int(np.sum(found["hit"])),
        "n_test": len(found["hit"]),
        "n_parameters": int(found["n_parameters"]),
        "n_tokens": patches * (len(channels) if level == "channel" else 1),
        "cpu_seconds": round(time.process_time() - start, 1),
    }


def irrelevant() -> dict[str, Any]:
    """Decoders of shafts without speech are at chance, within the 95 % interval of all their trials."""
    from scipy.stats import binom

    rows = {}
    for generator in GENERATORS:
        truth = world(generator).source().truth
        others = tuple(np.flatnonzero(~truth.task)[:14].tolist())
        rows[str(generator)] = decoded(generator, 0, others, *ARMS["region"], CONTROL_EPOCHS)
    n = sum(row["n_test"] for row in rows.values())
    hits = sum(row["hits"] for row in rows.values())
    low, high = binom.interval(0.95, n, 1 / N_WORDS)
    return {
        "passed": bool(low <= hits <= high),
        "accuracy": hits / n, "low": low / n, "high": high / n, "n_trials": n, "generators": rows,
    }  # fmt: skip


def saved(arm: str, generator: int, seed: int, epochs: int) -> dict[str, Any]:
    """What the unit of a training saved, or its result where it was not run."""
    path = ROOT / "accept" / "du_in_levels-units" / f"{arm}-{generator}-{seed}-{epochs}.json"
    if not path.is_file():
        return run_unit(f"{arm} {generator} {seed} {epochs}")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def comparison() -> dict[str, Any]:
    """Region minus channel tokens, paired, with both heads, where every arm is at its plateau."""
    from scipy.stats import t as student

    from neurosci.stats import compare_scores

    short, long = EPOCHS
    rows = {
        (arm, epochs): [saved(arm, g, s, epochs) for s in seeds for g in GENERATORS]
        for arm in ("region", "channel")
        for epochs, seeds in ((short, SHORT_SEEDS), (long, SEEDS))
    }
    rows["mean", SLOW_EPOCHS] = [saved("mean", g, s, SLOW_EPOCHS) for s in SLOW_SEEDS for g in GENERATORS]
    score = {key: np.array([row["accuracy"] for row in found]) for key, found in rows.items()}
    fits = {key: float(np.mean([row["train_accuracy"] for row in found])) for key, found in rows.items()}

    def difference(first: tuple[str, int], second: tuple[str, int]) -> dict[str, Any]:
        # seeds are outermost, so that the first of them are the same pairs
        n = min(len(score[first]), len(score[second]))
        a, b = score[first][:n], score[second][:n]
        if n >= FEWEST_FLIPS:
            found = compare_scores(a, b, n_unit="pairs").effect
            return {
                "value": found.value,
                "low": found.low,
                "high": found.high,
                "n": n,
                "method": found.method,
            }
        half = float(student.ppf(0.975, n - 1) * (a - b).std(ddof=1) / np.sqrt(n))
        value = float((a - b).mean())
        return {
            "value": value,
            "low": value - half,
            "high": value + half,
            "n": n,
            "method": "paired t interval",
        }

    arms = {"region": long, "channel": long, "mean": SLOW_EPOCHS}
    gains = {arm: difference((arm, long), (arm, short)) for arm in ("region", "channel")}
    plateau = {
        **{arm: gain["value"] < LARGEST_GAIN and fits[arm, long] >= FITTED for arm, gain in gains.items()},
        "mean": fits["mean", SLOW_EPOCHS] >= FITTED,
    }
    over = {head: difference(("region", long), (head, arms[head])) for head in ("channel", "mean")}
    return {
        "passed": all(plateau.values()) and all((one["low"] or -1.0) > 0 for one in over.values()),
        "region minus channel tokens, by head": over,
        "accuracy": {f"{arm}, {epochs} epochs": float(v.mean()) for (arm, epochs), v in score.items()},
        "accuracy of training trials": {f"{arm}, {epochs} epochs": v for (arm, epochs), v in fits.items()},
        "gain of the last doubling": gains,
        "at plateau": plateau,
        "tokens": {arm: rows[arm, epochs][0]["n_tokens"] for arm, epochs in arms.items()},
        "n_parameters": {arm: rows[arm, epochs][0]["n_parameters"] for arm, epochs in arms.items()},
    }
