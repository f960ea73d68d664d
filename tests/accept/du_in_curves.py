"""Arms of du_in as curves over epochs and labels, and token levels by patch length, on the generator.

Reported and not gated. A unit is one synthetic subject with one seed, at the paper preset's grid of epochs
and labels; its own trainings are saved below ``accept/du_in-curves``, so that an interrupted unit goes on.
The amplitude of speech is 0.7, where a decoder from scratch is not at its ceiling. An advantage of
pre-training is claimed only where scratch is at its plateau, and never needed.
"""

from __future__ import annotations

from typing import Any

GENERATORS, SEEDS = (1, 2), (0, 1)
SIZES: dict[str, Any] = {
    "data": "synthetic", "model": "tiny", "n_words": 6, "snr": 0.7, "n_windows": 100, "selection": "anova",
    "batch_size": 12, "learning_rate": 1e-3, "pretrain_batch_size": 8, "pretrain_learning_rate": 2e-3,
    "targets": ("codes",), "channel_counts": (10, 42), "patch_lengths": (100,), "codex_sizes": (),
    "codex_dims": (), "mask_ratios": (), "tokenizer_epochs": (), "masked_epochs": (), "n_permutations": 5,
}  # fmt: skip


def units() -> list[str]:
    """Return one unit for each synthetic subject and seed."""
    return [f"{generator} {seed}" for seed in SEEDS for generator in GENERATORS]


def run_unit(name: str) -> dict[str, Any]:
    """Train every arm, and read its curves."""
    from pathlib import Path

    import neurosci

    generator, seed = map(int, name.split())
    result = neurosci.run(
        "du_in", preset="paper", output=Path("accept") / "du_in-curves" / f"{generator}-{seed}",
        verbose=False, generators=(generator,), seeds=(seed,), **SIZES,
    )  # fmt: skip
    rows = result.tables["decoders"]
    most, longest = rows["n_labels"].max(), rows["n_epochs"].max()
    arms = rows[rows["arm"].isin(["scratch", "vqvae", "mae", "vqvae+vq", "brain"])]
    levels = rows[rows["arm"].str.contains(" tokens")]
    verdict = {row.id: row for row in result.verdicts}["DU2 generator"]
    return {
        "passed": verdict.verdict != "reproduced" or "is at its plateau" in verdict.why,
        "by epochs": curve(arms[arms["n_labels"] == most], "n_epochs"),
        "by labels": curve(arms[arms["n_epochs"] == longest], "n_labels"),
        "by operations": curve(
            arms[arms["n_labels"] == most].eval("total = operations + pretraining_operations"), "total"
        ),
        "token levels": {
            f"{row['arm']}, {row['patch_ms']} ms": float(row["accuracy"]) for _, row in levels.iterrows()
        },
        "verdict on pre-training": f"{verdict.verdict}: {verdict.ours}. {verdict.why}",
    }


def curve(rows: Any, column: str) -> dict[str, dict[str, float]]:
    """Return accuracies by arm and value of a column."""
    return {
        str(arm): {f"{row[column]:g}": float(row["accuracy"]) for _, row in some.iterrows()}
        for arm, some in rows.groupby("arm", sort=False)
    }
