"""Tables of one run: published numbers, trainings on the generator, and real recordings."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci._core.context import Context

from . import _cells as cells
from . import _tables as tabulate
from ._cells import Decoding, Pretraining, World
from ._real import Real, decode_real, real_items, tokenize
from ._variants import OWN, channel_sets, codex_sizes, variants

if TYPE_CHECKING:
    import pandas as pd

    from .analysis import DuINParams

ARMS = ("scratch", "vqvae", "mae")
"""Arms with a curve over epochs and labels; the others run at the longest training."""


@dataclasses.dataclass
class Findings:
    """What one run found.

    Parameters
    ----------
    params : DuINParams
        Parameters of the run.
    tables : dict of str to DataFrame
        Tables of the figures.
    decoders : DataFrame
        One row per decoder of the generator, with its name.
    records : dict of str to dict
        What each of them returned.
    real : Real
        Recordings that were here.
    """

    params: DuINParams
    tables: dict[str, pd.DataFrame]
    decoders: pd.DataFrame
    records: dict[str, dict[str, Any]]
    real: Real


def compute(params: DuINParams, context: Context, real: Real) -> Findings:
    """Compute everything; see the modules that draw and judge."""
    import pandas as pd

    worlds = {g: world_of(params, g) for g in params.generators}
    brain = context.map(
        cells.decode, {name: (job, {}) for name, job in all_channels(params, worlds).items()},
        stage="all channels", seed=params.seed,
    )  # fmt: skip
    ranking = {
        g: ranked(params, world, brain[name_of(g, params.seeds[0], "brain")]) for g, world in worlds.items()
    }
    tokenizers = context.map(
        cells.pretrain, {name: (job, {}) for name, job in tokenizer_jobs(params, worlds, ranking).items()},
        stage="tokenizers", seed=params.seed,
    )  # fmt: skip
    masked = context.map(
        cells.pretrain,
        {
            name: (job, {} if job.target == "signals" else tokenizers[tokenizer_of(name)])
            for name, job in masked_jobs(params, worlds, ranking).items()
        },
        stage="masked models", seed=params.seed,
    )  # fmt: skip
    jobs = decoder_jobs(params, worlds, ranking)
    before = with_costs(tokenizers, masked)
    results = context.map(
        cells.decode, {name: (job, before.get(start, {})) for name, (job, _, start) in jobs.items()},
        stage="decoders", seed=params.seed,
    )  # fmt: skip
    leak = context.map(
        cells.leak, {f"permutation {k + 1}": (worlds[params.generators[0]], params.n_selected)
                     for k in range(params.n_permutations)},
        stage="permutations", seed=params.seed,
    )  # fmt: skip
    recordings = context.map(
        decode_real, real_items(real, params), stage="recordings", seed=params.seed, inputs=real.digest
    )
    tokens = context.map(
        tokenize, {} if real.ecog is None else {"ecog": (real.ecog, params)}, stage="tokens",
        seed=params.seed, inputs=real.digest,
    )  # fmt: skip
    rows = [
        {"name": name, "arm": "brain", **about(job, brain[name], None)}
        for name, job in all_channels(params, worlds).items()
    ]
    rows += [
        {"name": name, "arm": arm, **about(job, results[name], before.get(start))}
        for name, (job, arm, start) in jobs.items()
    ]
    found = Findings(params, {}, pd.DataFrame(rows), {**brain, **results}, real)
    tables = found.tables
    tables.update(tabulate.published())
    tables["sizes"] = tabulate.sizes()
    tables["decoders"] = found.decoders
    tables["training"] = tabulate.training(tokenizers, masked, params)
    tables["reconstruction"], tables["codes"] = tabulate.reconstruction(tokenizers, params)
    tables["codex"] = tabulate.codex(tokenizers, found.decoders, params)
    tables["channel_sets"] = tabulate.channel_sets(tokenizers, params)
    tables["pretraining"] = tabulate.pretraining(found.decoders, params)
    tables["contributions"] = tabulate.contributions(brain, worlds, params)
    tables["leak"] = tabulate.leak(leak, params)
    if recordings:
        tables["real"] = tabulate.real(recordings, real)
    if real.ecog is not None:
        tables["ecog"] = tabulate.ecog(tokens["ecog"])
        found.records["ecog"] = tokens["ecog"]
    return found


def with_costs(
    tokenizers: dict[str, dict[str, Any]], masked: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return every pre-training with the operations of all that it rests on."""
    made = {
        name: {**record, "total_operations": float(record["operations"])}
        for name, record in tokenizers.items()
    }
    for name, record in masked.items():
        below = (
            0.0 if str(record["target"]) == "signals" else float(tokenizers[tokenizer_of(name)]["operations"])
        )
        made[name] = {**record, "total_operations": float(record["operations"]) + below}
    return made


def world_of(params: DuINParams, generator: int) -> World:
    """Return a generator of the run."""
    return World(generator, params.n_words, max(params.n_labels), params.n_test, params.n_windows, params.snr)


def name_of(generator: int, seed: int, *about: str) -> str:
    """Return the name of a unit."""
    return ", ".join((f"generator {generator}", f"seed {seed}", *about))


def ranked(params: DuINParams, world: World, record: dict[str, Any]) -> tuple[int, ...]:
    """Return channels in order, the best first, judged by training trials alone."""
    scores = record["contributions"]
    if params.selection == "anova":
        from ._channels import anova_scores

        X, y, _ = cells.trials(world)
        n_train = world.n_words * world.n_train
        scores = anova_scores(X[:n_train], y[:n_train])
    return tuple(np.argsort(-scores, kind="stable").tolist())


def all_channels(params: DuINParams, worlds: dict[int, World]) -> dict[str, Decoding]:
    """Return the decoders that see all channels; their weights rank the channels on training trials."""
    return {
        name_of(g, s, "brain"): Decoding(
            world=world, seed=s, model=params.model, channels=tuple(range(params.n_channels)),
            n_epochs=max(params.n_epochs), n_labels=max(params.n_labels),
            batch_size=params.batch_size, learning_rate=params.learning_rate,
        )
        for g, world in worlds.items()
        for s in params.seeds
    }  # fmt: skip


def tokenizer_jobs(
    params: DuINParams, worlds: dict[int, World], ranking: dict[int, tuple[int, ...]]
) -> dict[str, Pretraining]:
    """Return the tokenizers: one for each generator, those of the sweeps, and those of other channels."""
    made = {}
    for g, world in worlds.items():
        base = Pretraining(
            world=world, seed=params.seeds[0], model=params.model,
            channels=ranking[g][: params.n_selected], n_epochs=params.n_pretrain_epochs,
            batch_size=params.pretrain_batch_size, learning_rate=params.pretrain_learning_rate,
        )  # fmt: skip
        for label, sizes in codex_sizes(params):
            made[f"generator {g}, {label}"] = dataclasses.replace(base, sizes=sizes)
        for variant in variants(params):
            if variant.tokenizer:
                made[tokenizer_of(variant.start(g))] = dataclasses.replace(base, **variant.tokenizer)
        for label, channels in channel_sets(params, g).items():
            made[f"generator {g}, {label}"] = dataclasses.replace(base, channels=channels)
    return made


def masked_jobs(
    params: DuINParams, worlds: dict[int, World], ranking: dict[int, tuple[int, ...]]
) -> dict[str, Pretraining]:
    """Return the masked models: each target, codes of each codex of the sweep, and those of other sweeps."""
    made = {}
    for g, world in worlds.items():
        base = Pretraining(
            world=world, seed=params.seeds[0], model=params.model, target="codes",
            channels=ranking[g][: params.n_selected], n_epochs=params.n_masked_epochs,
            batch_size=params.pretrain_batch_size, learning_rate=params.pretrain_learning_rate,
        )  # fmt: skip
        for target in params.targets:
            made[f"generator {g}, {OWN}, {target}"] = dataclasses.replace(base, target=target)
        for label, sizes in codex_sizes(params)[1:]:
            made[f"generator {g}, {label}, codes"] = dataclasses.replace(base, sizes=sizes)
        for variant in variants(params):
            made[variant.start(g)] = dataclasses.replace(base, **variant.masked)
    return made


def tokenizer_of(masked: str) -> str:
    """Return the name of the tokenizer of a masked model."""
    return masked.rpartition(", ")[0]


def decoder_jobs(
    params: DuINParams, worlds: dict[int, World], ranking: dict[int, tuple[int, ...]]
) -> dict[str, tuple[Decoding, str, str]]:
    """Return each decoder with its arm and the pre-training it starts from."""
    jobs: dict[str, tuple[Decoding, str, str]] = {}
    for g, world in worlds.items():
        for s in params.seeds:
            base = Decoding(
                world=world, seed=s, model=params.model, channels=ranking[g][: params.n_selected],
                n_epochs=max(params.n_epochs), n_labels=max(params.n_labels),
                batch_size=params.batch_size, learning_rate=params.learning_rate,
            )  # fmt: skip
            chosen = arm_settings(params, g)
            if s in params.seeds[: params.n_sweep_seeds]:
                chosen += sweep_settings(params, g, ranking[g])
            for name, arm, start, changes in chosen:
                jobs[name_of(g, s, name)] = (dataclasses.replace(base, **changes), arm, start)
    return jobs


Setting = tuple[str, str, str, dict[str, Any]]
"""Name, arm, start and what differs from the main decoder."""


def arm_settings(params: DuINParams, generator: int) -> list[Setting]:
    """Return the arms by epochs, with the most labels, and by labels, with the most epochs."""
    own = f"generator {generator}, {OWN}"
    starts = {"scratch": "", "vqvae": own, "mae": f"{own}, codes"}
    longest, most = max(params.n_epochs), max(params.n_labels)
    pairs = [
        *((epochs, most) for epochs in params.n_epochs),
        *((longest, labels) for labels in params.n_labels if labels != most),
    ]
    made: list[Setting] = []
    for epochs, labels in pairs:
        words, changes = f"{epochs} epochs, {labels} trials", {"n_epochs": epochs, "n_labels": labels}
        made += [(f"{arm}, {words}", arm, starts[arm], changes) for arm in ARMS]
        # the main decoder of all channels has trained before, to rank them
        if (epochs, labels) != (longest, most):
            every = tuple(range(params.n_channels))
            made.append((f"brain, {words}", "brain", "", {**changes, "channels": every}))
    made.append(("vqvae+vq", "vqvae+vq", own, {"quantize": True}))
    return made


def sweep_settings(params: DuINParams, generator: int, order: tuple[int, ...]) -> list[Setting]:
    """Return the decoders that differ from the main one in one thing, all with the most epochs and labels."""
    own = f"generator {generator}, {OWN}"
    made: list[Setting] = [
        (f"mae, target {target}", f"mae ({target})", f"{own}, {target}", {})
        for target in params.targets
        if target != "codes"
    ]
    made += [
        (f"{count} channels", "channels", "", {"channels": order[:count]})
        for count in params.channel_counts
        if count not in (params.n_selected, params.n_channels)
    ]
    made += [
        (f"patches of {patch}", "patch", "", {"patch_samples": patch})
        for patch in params.patch_lengths
        if patch != 100
    ]
    for label, sizes in codex_sizes(params)[1:]:
        start = f"generator {generator}, {label}, codes"
        made.append((f"mae, {label}", "codex", start, {"sizes": sizes}))
    made += [(f"mae, {one.label}", one.sweep, one.start(generator), {}) for one in variants(params)]
    few = order[: params.n_level_channels]
    for patch in params.level_patches:
        same: dict[str, Any] = {"channels": few, "patch_samples": patch}
        made.append((f"region tokens of {patch}", "region tokens", "", same))
        for pooling in params.poolings:
            other = {**same, "level": "channel", "pooling": pooling}
            made.append((f"channel tokens of {patch}, {pooling}", f"channel tokens ({pooling})", "", other))
    return made


def about(job: Decoding, record: dict[str, Any], start: dict[str, Any] | None) -> dict[str, Any]:
    """Return a row about one decoder."""
    own = dict(job.sizes)
    scores = ("accuracy", "top_k", "balanced_accuracy", "cross_entropy", "train_accuracy", "operations")
    return {
        "generator": job.world.generator,
        "seed": job.seed,
        "n_words": job.world.n_words,
        "n_channels": len(job.channels),
        "patch_ms": job.patch_samples,
        "level": job.level,
        "n_epochs": job.n_epochs,
        "n_labels": job.n_labels,
        "codex_size": int(own.get("codex_size", job.config.codex_size)),
        "codex_dim": int(own.get("codex_dim", job.config.codex_dim)),
        "n_test": len(record["hit"]),
        **{name: float(record[name]) for name in scores},
        "pretraining_operations": 0.0 if start is None else float(start["total_operations"]),
        "n_parameters": int(record["n_parameters"]),
    }
