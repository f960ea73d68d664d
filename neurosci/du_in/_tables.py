"""Tables of the report, from what the units returned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurosci.stats import proportion_interval

from ._published import PAIRS, published_aggregates, published_paired_tests, published_table
from ._real import N_FOLDS, Real
from ._variants import OWN, SWEEPS, codex_sizes, main_values, variants
from ._variants import channel_sets as sets_of

if TYPE_CHECKING:
    from ._cells import World
    from .analysis import DuINParams

CHANNEL_LEVEL = ("BrainBERT", "BrainBERT (ms)", "Brant", "Brant (ms)", "LaBraM", "LaBraM-PopT")
MORE_PAIRS = (
    *PAIRS,
    ("Du-IN", "Brant (ms)"),
    ("Neuro-BERT", "Brant (ms)"),
    ("Du-IN (mae)", "Neuro-BERT"),
    ("Du-IN (mae)", "EEG-Conformer"),
)
"""Pairs of the paper, and what its first claim rests on: region against channel tokens."""
ITEM_WORDS = {"codes": "codes", "tokens": "continuous tokens", "signals": "raw samples"}


def published() -> dict[str, pd.DataFrame]:
    """Return the tables that the authors printed, with what can be computed from them."""
    subjects = published_table("subjects")
    methods = published_table("methods").merge(
        published_aggregates().drop(columns=["token_level", "mean", "ste"]), on="method"
    )
    return {
        "methods": methods,
        "subjects": subjects,
        "paired": published_paired_tests(MORE_PAIRS),
        "ablations": published_table("ablations"),
        "contacts": published_table("channels"),
    }


def sizes() -> pd.DataFrame:
    """Count the parameters of the published classifier and of what its size in the paper includes."""
    from .._training import seeded
    from ._classifier import DuINClassifierModule
    from ._vqvae import DuINVQVAE

    with seeded(0, "sizes"):
        classifier = DuINClassifierModule(10, 3000, 61)
        quantizer = DuINVQVAE(10, 4000).quantizer
    config = classifier.config
    used = {
        "spatial projection": count(classifier.spatial.projection),
        "convolutions": count(classifier.spatial.convs),
        "transformer": count(classifier.transformer),
        "head": count(classifier.classify),
    }
    unused = {
        # weights, codex, its counts, and the flag that says whether the codex was started
        "quantiser": count(quantizer) + quantizer.codex.numel() + quantizer.counts.numel() + 1,
        # Linear(160, 32), and two of 32: the block of the supervised-contrastive loss, whose weight is 0
        "contrastive block": CONTRASTIVE,
        "temporal embedding": classifier.transformer.positions.numel(),
        "attention scales": config.n_layers,
    }
    rows = [{"part": part, "n_parameters": n, "used": True} for part, n in used.items()]
    rows += [{"part": part, "n_parameters": n, "used": False} for part, n in unused.items()]
    return pd.DataFrame(rows)


CONTRASTIVE = 2 * (160 * 32 + 32) + 1
"""Two projections of 160 to 32, and a temperature."""


def count(module: Any) -> int:
    """Return the number of parameters of a module."""
    return sum(int(p.numel()) for p in module.parameters())


def training(
    tokenizers: dict[str, dict[str, Any]], masked: dict[str, dict[str, Any]], params: DuINParams
) -> pd.DataFrame:
    """Return losses by epoch of the first generator's pre-training."""
    first = f"generator {params.generators[0]}, {OWN}"
    rows = []
    for stage, record in (("tokenizer", tokenizers[first]), ("masked model", masked[f"{first}, codes"])):
        history = {
            name.removeprefix("history/"): v for name, v in record.items() if name.startswith("history/")
        }
        for epoch in range(len(history["loss"])):
            row = {name: float(values[epoch]) for name, values in history.items()}
            rows.append({"stage": stage, **row, "epoch": epoch + 1})
    columns = [
        "stage", "epoch", "loss", "mse", "commitment", "val_mse", "accuracy", "val_loss", "val_accuracy",
        "n_live", "perplexity", "entropy", "largest_share",
    ]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=columns)


def reconstruction(
    tokenizers: dict[str, dict[str, Any]], params: DuINParams
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a held-out window beside its reconstruction, and how often each code occurs."""
    record = tokenizers[f"generator {params.generators[0]}, {OWN}"]
    original, again = np.asarray(record["shown"])[0], np.asarray(record["reconstructed"])[0]
    step = 10
    times = np.arange(0, original.shape[1], step)
    chosen = range(min(3, len(original)))
    table = pd.DataFrame(
        {
            "channel": np.repeat([c + 1 for c in chosen], len(times)),
            "time": np.tile(times / 1000, len(chosen)),
            "original": np.concatenate([original[c, ::step] for c in chosen]).round(3),
            "reconstructed": np.concatenate([again[c, ::step] for c in chosen]).round(3),
        }
    )
    counts = np.sort(np.bincount(np.asarray(record["codes"]).ravel()))[::-1]
    codes = pd.DataFrame({"rank": np.arange(1, len(counts) + 1), "n_tokens": counts})
    return table, codes[codes["n_tokens"] > 0].reset_index(drop=True)


def codex(tokenizers: dict[str, dict[str, Any]], decoders: pd.DataFrame, params: DuINParams) -> pd.DataFrame:
    """Return error, usage and accuracy by codex."""
    rows = []
    tried = {label for label, _ in codex_sizes(params)}
    for name, record in tokenizers.items():
        generator, label = name.removeprefix("generator ").split(", ")
        if label not in tried:
            continue
        codex = np.asarray(record["weights/quantizer.codex"])
        mine = decoders[decoders["generator"] == int(generator)]
        if label == OWN:
            same = mine[(mine["arm"] == "mae") & (mine["n_epochs"] == mine["n_epochs"].max())]
            same = same[same["n_labels"] == mine["n_labels"].max()]
        else:
            same = mine[mine["name"].str.endswith(f"mae, {label}")]
        rows.append(
            {
                "generator": int(generator),
                "sweep": "own" if label == OWN else label.split()[1],
                "codex_size": codex.shape[0],
                "codex_dim": codex.shape[1],
                "test_mse": float(record["test_mse"]),
                "n_live": int(record["n_live"]),
                "perplexity": float(record["perplexity"]),
                "accuracy": float(same["accuracy"].mean()),
                "n_decoders": len(same),
            }
        )
    return pd.DataFrame(rows)


def channel_sets(tokenizers: dict[str, dict[str, Any]], params: DuINParams) -> pd.DataFrame:
    """Return the error of held-out windows by the channels of the tokenizer, beside the paper's table 8."""
    published = published_table("reconstruction")
    printed = published["mse"].tolist()
    rows = []
    for generator in params.generators:
        labels = {OWN: params.n_selected, **{k: len(v) for k, v in sets_of(params, generator).items()}}
        for (label, n_channels), paper in zip(labels.items(), printed, strict=True):
            rows.append(
                {
                    "generator": generator,
                    "channels": "selected channels" if label == OWN else label,
                    "n_channels": n_channels,
                    "test_mse": float(tokenizers[f"generator {generator}, {label}"]["test_mse"]),
                    "paper_mse": paper,
                }
            )
    return pd.DataFrame(rows)


def pretraining(decoders: pd.DataFrame, params: DuINParams) -> pd.DataFrame:
    """Return the accuracy after masked modelling by how it was trained."""
    main = decoders[(decoders["arm"] == "mae") & (decoders["n_epochs"] == max(params.n_epochs))]
    main = main[main["n_labels"] == max(params.n_labels)]
    parts = [main.assign(sweep=sweep, value=value) for sweep, value in main_values(params).items()]
    parts += [
        rows.assign(sweep=one.sweep, value=one.value)
        for one in variants(params)
        for rows in (decoders[decoders["name"].str.endswith(f", mae, {one.label}")],)
    ]
    table = pd.concat(parts)[["sweep", "value", "generator", "seed", "accuracy", "n_test"]]
    table["sweep"] = pd.Categorical(table["sweep"], SWEEPS)
    table = table.sort_values(["sweep", "value", "generator", "seed"], ignore_index=True)
    return table.astype({"sweep": str, "value": float})


def contributions(
    brain: dict[str, dict[str, Any]], worlds: dict[int, World], params: DuINParams
) -> pd.DataFrame:
    """Return the score of each channel beside what the generator knows about it."""
    rows = []
    for generator, world in worlds.items():
        truth = world.source().truth
        strength = np.linalg.norm(truth.mixing, axis=1)
        for seed in params.seeds:
            score = brain[f"generator {generator}, seed {seed}, brain"]["contributions"]
            rows.append(
                pd.DataFrame(
                    {
                        "generator": generator,
                        "seed": seed,
                        "channel": truth.ch_names,
                        "region": truth.region,
                        "informative": truth.informative,
                        "mixing": strength / strength.max(),
                        "score": score,
                    }
                )
            )
    return pd.concat(rows, ignore_index=True)


def leak(records: dict[str, dict[str, Any]], params: DuINParams) -> pd.DataFrame:
    """Return the accuracy with permuted labels by where channels and z-scores were learned."""
    rows = [
        {
            "permutation": number,
            "learned": where,
            "accuracy": float(record[where]),
            "n_trials": int(record["n_trials"]),
            "chance": 1 / params.n_words,
        }
        for number, record in enumerate(records.values(), 1)
        for where in ("inside", "selection outside", "z-score outside")
    ]
    return pd.DataFrame(rows)


def real(records: dict[str, dict[str, Any]], found: Real) -> pd.DataFrame:
    """Return the accuracy of every method on every real set, with a Wilson interval over trials."""
    rows = []
    for one in found.labelled:
        folds = range(N_FOLDS) if one.test is None else range(1)
        for method in ("Du-IN", *one.baselines):
            parts = [records[f"{one.name}, {method}, fold {fold}"]["hit"] for fold in folds]
            hit = np.concatenate(parts)
            share = proportion_interval(int(hit.sum()), len(hit), n_unit="trials")
            spread = (
                np.std([part.mean() for part in parts], ddof=1) / np.sqrt(len(parts))
                if len(parts) > 1
                else np.nan
            )
            rows.append(
                {
                    "set": one.name,
                    "method": method,
                    "split": "official" if one.test is not None else f"{N_FOLDS} folds",
                    "accuracy": share.value,
                    "low": share.low,
                    "high": share.high,
                    "fold_se": spread,
                    "n_test": len(hit),
                    "n_train": int(
                        len(one.y) - len(hit) if one.test is not None else len(hit) * (1 - 1 / N_FOLDS)
                    ),
                    "chance": float(np.bincount(one.y).max() / len(one.y)),
                }
            )
    return pd.DataFrame(rows)


def ecog(record: dict[str, Any]) -> pd.DataFrame:
    """Return the code and the force of every 100 ms."""
    codes = np.asarray(record["codes"])
    return pd.DataFrame(
        {
            "time": np.arange(len(codes)) * 0.1,
            "code": codes,
            "force": np.asarray(record["covariate"]).round(6),
            "trained": np.arange(len(codes)) < int(record["n_train"]),
        }
    )
