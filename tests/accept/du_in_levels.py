"""Token levels on the generator: chance on shafts without speech; region against channel tokens.

Units are pairs of generator and seed (five seeds, three generators), and the comparison over them, which
reads what the pairs saved.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import numpy as np

from benchmarks.machine import ROOT

GENERATORS = (1, 2, 3)
SEEDS = (0, 1, 2, 3, 4)
N_WORDS, N_TRAIN, N_TEST = 12, 12, 20
# Ends of training at which both levels fit their training trials, and shorter ones that show the plateau.
EPOCHS = {"region": (30, 60), "channel": (40, 80)}
LARGEST_GAIN = 0.02


def units() -> list[str]:
    """Return one unit for each generator and seed, and the comparison."""
    return [f"{g} {s}" for g in GENERATORS for s in SEEDS] + ["irrelevant shafts", "comparison"]


def run_unit(name: str) -> dict[str, Any]:
    """Run one unit."""
    if name == "comparison":
        return comparison()
    if name == "irrelevant shafts":
        return irrelevant()
    generator, seed = map(int, name.split())
    rows = pair(generator, seed)
    return {"passed": all(np.isfinite(list(row.values())).all() for row in rows.values()), **rows}


def world(generator: int) -> Any:
    from neurosci.du_in._cells import World

    return World(generator, N_WORDS, N_TRAIN, N_TEST, 8, 1.0)


@lru_cache(maxsize=1)
def chosen(generator: int) -> tuple[int, ...]:
    """The four strongest channels by analysis of variance on training trials."""
    from neurosci.du_in import anova_scores
    from neurosci.du_in._cells import trials

    X, y, _ = trials(world(generator))
    n = N_WORDS * N_TRAIN
    return tuple(np.argsort(-anova_scores(X[:n], y[:n]))[:4].tolist())


def saved(generator: int, seed: int) -> dict[str, dict[str, float]]:
    """What the unit of a pair saved, or its result where it was not run."""
    path = ROOT / "accept" / "du_in_levels-units" / f"{generator}-{seed}.json"
    if not path.is_file():
        return pair(generator, seed)
    unit = json.loads(path.read_text(encoding="utf-8"))
    return {name: rows for name, rows in unit.items() if isinstance(rows, dict)}


def pair(generator: int, seed: int) -> dict[str, dict[str, float]]:
    """Accuracy of both levels by epochs, of channel tokens with both heads."""
    rows: dict[str, dict[str, float]] = {}
    for level, lengths in EPOCHS.items():
        for pooling in ("concatenate", "mean") if level == "channel" else ("concatenate",):
            rows[f"{level}, {pooling}"] = {
                str(epochs): decoded(generator, seed, chosen(generator), level, pooling, epochs)
                for epochs in lengths
            }
    return rows


def decoded(
    generator: int, seed: int, channels: tuple[int, ...], level: str, pooling: str, epochs: int
) -> float:
    from neurosci.du_in._cells import Decoding, decode

    job = Decoding(
        world=world(generator), seed=seed, model="small", channels=channels, n_epochs=epochs,
        n_labels=N_TRAIN, batch_size=24, learning_rate=5e-4, level=level, pooling=pooling,
    )  # fmt: skip
    return float(decode((job, {}), np.random.default_rng(0))["accuracy"])


def irrelevant() -> dict[str, Any]:
    """Decoders of shafts without speech are at chance, within the 95 % interval of all their trials."""
    from scipy.stats import binom

    accuracies = {}
    for generator in GENERATORS:
        truth = world(generator).source().truth
        others = tuple(np.flatnonzero(~truth.task)[:14].tolist())
        accuracies[str(generator)] = decoded(generator, 0, others, "region", "concatenate", 30)
    n = len(GENERATORS) * N_WORDS * N_TEST
    low, high = binom.interval(0.95, n, 1 / N_WORDS)
    hits = float(np.mean(list(accuracies.values()))) * n
    return {"passed": bool(low <= hits <= high), "accuracies": accuracies, "low": low / n, "high": high / n}


def comparison() -> dict[str, Any]:
    """Region minus the better head of channel tokens, paired, where both are at their plateau."""
    from neurosci.stats import compare_scores

    pairs = [saved(g, s) for g in GENERATORS for s in SEEDS]
    longest = {level: str(lengths[-1]) for level, lengths in EPOCHS.items()}
    heads = ("channel, concatenate", "channel, mean")
    best = max(heads, key=lambda head: np.mean([rows[head][longest["channel"]] for rows in pairs]))
    region = [rows["region, concatenate"][longest["region"]] for rows in pairs]
    channel = [rows[best][longest["channel"]] for rows in pairs]
    gains = {
        name: float(np.mean([rows[name][str(b)] - rows[name][str(a)] for rows in pairs]))
        for name, (a, b) in (("region, concatenate", EPOCHS["region"]), (best, EPOCHS["channel"]))
    }
    effect = compare_scores(region, channel, n_unit="pairs of generator and seed").effect
    plateau = all(gain < LARGEST_GAIN for gain in gains.values())
    return {
        "passed": bool(plateau and effect.low is not None and effect.low > 0),
        "difference": effect.value, "low": effect.low, "high": effect.high, "n": effect.n,
        "best_head": best, "gains": gains, "at_plateau": plateau,
    }  # fmt: skip
