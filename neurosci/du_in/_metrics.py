"""Numbers of the report with their intervals."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosci._core.metric import Metric
from neurosci.stats import auc_interval, compare_scores, permutation_pvalue, proportion_interval

from ._compute import Findings
from ._tables import CHANNEL_LEVEL
from ._variants import SWEEPS, variants

Metrics = dict[str, Metric]
POINTS = "percentage points"
FEWEST_RUNS = 6
"""Runs from which on a difference is judged over runs; fewer would give no interval, so trials are used."""
FITTED = 0.9
"""Share of its training trials that a decoder at its plateau gets right, shifts included."""
STEPS = ("vqvae+vq", "scratch", "vqvae", "mae")


def all_metrics(found: Findings) -> Metrics:
    """Return every number that the report speaks of."""
    made = published_metrics(found)
    made |= arm_metrics(found)
    made |= sweep_metrics(found)
    made |= contribution_metrics(found)
    made |= leak_metrics(found)
    made |= real_metrics(found)
    return made


def published_metrics(found: Findings) -> Metrics:
    """Return paired differences of the published table, and sizes."""
    made: Metrics = {}
    for _, row in found.tables["paired"].iterrows():
        made[f"published {row['first']} - {row['second']}"] = Metric(
            float(row["difference"]), float(row["ci_low"]), float(row["ci_high"]),
            n=int(row["n_subjects"]), unit=POINTS, n_unit="subjects", method="paired t interval",
        )  # fmt: skip
    methods = found.tables["methods"].set_index("method")
    best = max(CHANNEL_LEVEL, key=lambda name: methods.loc[name, "mean"])
    made["published_region"] = made[f"published Du-IN - {best}"]
    names = ("Du-IN (vqvae+vq)", "Du-IN", "Du-IN (vqvae)", "Du-IN (mae)")
    wide = found.tables["subjects"].pivot_table(index="subject", columns="method", values="accuracy")
    steps = [
        compare_scores(wide[b], wide[a], unit=POINTS, n_unit="subjects").effect for a, b in pairwise(names)
    ]
    made["published_order"] = min(steps, key=lambda metric: metric.value)
    made["published_targets"] = target_step(found.tables["ablations"])
    sizes = found.tables["sizes"]
    made["parameters"] = Metric(sizes["n_parameters"].sum() / 1e6, unit="M")
    made["parameters_used"] = Metric(sizes.loc[sizes["used"], "n_parameters"].sum() / 1e6, unit="M")
    aggregated = found.tables["methods"]
    made["largest_mean_error"] = Metric(float((aggregated["mean"] - aggregated["mean_computed"]).abs().max()))
    made["largest_ste_error"] = Metric(float((aggregated["ste"] - aggregated["ste_population"]).abs().max()))
    return made


def target_step(ablations: pd.DataFrame) -> Metric:
    """Return the smaller step of table 13; its subjects are not published, so errors add as if unpaired."""
    rows = ablations[ablations["table"] == 13]
    mean, ste = rows["mean"].to_numpy(float), rows["ste"].to_numpy(float)
    steps = mean[:-1] - mean[1:]
    k = int(steps.argmin())
    # "Ste" is the population SD over the root of 12; the sample SD is larger by the root of 12 / 11
    half = 1.96 * math.hypot(ste[k], ste[k + 1]) * math.sqrt(12 / 11)
    return Metric(
        float(steps[k]), float(steps[k] - half), float(steps[k] + half),
        n=12, unit=POINTS, n_unit="subjects", method="unpaired normal interval",
    )  # fmt: skip


def chosen(found: Findings, arm: str, **values: object) -> pd.DataFrame:
    """Return the decoders of an arm at the main setting, or at other values of some columns."""
    table = found.decoders
    main: dict[str, object] = {
        "n_epochs": max(found.params.n_epochs), "n_labels": max(found.params.n_labels), **values
    }  # fmt: skip
    keep = table["arm"] == arm
    for column, value in main.items():
        keep &= table[column] == value
    return table[keep].sort_values(["generator", "seed"])


def difference(found: Findings, first: pd.DataFrame, second: pd.DataFrame) -> Metric:
    """Return the paired difference of two sets of decoders in points, with its interval.

    With enough pairs of generator and seed these are the units; with fewer, the test trials of the
    generators are, averaged over seeds, which leaves out what another training would change.
    """
    keys = ["generator", "seed"]
    pairs = first.merge(second, on=keys, suffixes=("", "_other"))
    if pairs.empty:
        return Metric(math.nan, unit=POINTS)
    if len(pairs) >= FEWEST_RUNS:
        return compare_scores(
            100 * pairs["accuracy"], 100 * pairs["accuracy_other"], unit=POINTS, n_unit="runs",
            n_resamples=9999, random_state=found.params.seed,
        ).effect  # fmt: skip
    a, b = (trial_means(found, pairs, column) for column in ("name", "name_other"))
    if np.array_equal(a, b):
        return Metric(0.0, 0.0, 0.0, n=len(a), unit=POINTS, n_unit="trials", method="no trial differs")
    return compare_scores(
        a, b, unit=POINTS, n_unit="trials", n_resamples=1999, random_state=found.params.seed
    ).effect


def trial_means(found: Findings, pairs: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return for each test trial of each generator how often it was right, in percent."""
    parts = [
        100.0 * np.mean([found.records[name]["hit"] for name in group[column]], axis=0)
        for _, group in pairs.groupby("generator")
    ]
    return np.concatenate(parts)


def share(found: Findings, rows: pd.DataFrame) -> Metric:
    """Return the accuracy of decoders in percent: the mean over runs, with a Wilson interval over trials."""
    hits = np.concatenate([found.records[name]["hit"] for name in rows["name"]])
    metric = proportion_interval(int(hits.sum()), len(hits), n_unit="trials")
    return Metric(
        100 * metric.value, 100 * (metric.low or 0.0), 100 * (metric.high or 0.0),
        n=metric.n, unit="%", n_unit="trials", method=metric.method,
    )  # fmt: skip


def arm_metrics(found: Findings) -> Metrics:
    """Return accuracies and differences of the arms."""
    params = found.params
    made: Metrics = {"chance": Metric(100 / params.n_words, unit="%")}
    for arm in (*STEPS, "brain"):
        made[f"accuracy {arm}"] = share(found, chosen(found, arm))
    scratch = chosen(found, "scratch")
    for arm in ("vqvae", "mae", "vqvae+vq"):
        made[f"{arm} - scratch"] = difference(found, chosen(found, arm), scratch)
    made["region - brain"] = difference(found, scratch, chosen(found, "brain"))
    steps = [difference(found, chosen(found, b), chosen(found, a)) for a, b in pairwise(STEPS)]
    made["order"] = min(steps, key=lambda metric: metric.value)
    epochs = sorted(params.n_epochs)
    if len(epochs) > 1:
        made["scratch_gain"] = difference(found, scratch, chosen(found, "scratch", n_epochs=epochs[-2]))
        short = chosen(found, "mae", n_epochs=epochs[0])
        made["mae_short"] = difference(found, short, chosen(found, "scratch", n_epochs=epochs[0]))
        made["mae_equal_cost"] = difference(found, short, equal_cost(found, short))
    few = min(params.n_labels)
    if few < max(params.n_labels):
        made["mae_few_labels"] = difference(
            found, chosen(found, "mae", n_labels=few), chosen(found, "scratch", n_labels=few)
        )
    return made


def equal_cost(found: Findings, short: pd.DataFrame) -> pd.DataFrame:
    """Return the scratch decoders that cost at least as much as pre-training and short fine-tuning together.

    Where even the longest costs less, it is the longest.
    """
    total = float((short["operations"] + short["pretraining_operations"]).mean())
    for epochs in sorted(found.params.n_epochs):
        rows = chosen(found, "scratch", n_epochs=epochs)
        if float(rows["operations"].mean()) >= total:
            return rows
    return rows


def at_plateau(found: Findings, metrics: Metrics) -> bool:
    """Say whether the scratch arm fits its training trials and gained little from its last step in epochs.

    A decoder that has not begun to learn gains nothing either, so it must be right on its training trials.
    """
    gain = metrics.get("scratch_gain")
    fits = bool(chosen(found, "scratch")["train_accuracy"].mean() >= FITTED)
    return fits and gain is not None and gain.value < 100 * found.params.plateau


def sweep_metrics(found: Findings) -> Metrics:
    """Return differences of the sweeps: channels, patches, codex, targets, token levels."""
    params = found.params
    made: Metrics = {}
    ten = chosen(found, "scratch")
    larger = [count for count in params.channel_counts if count > params.n_selected]
    more = [
        chosen(found, "brain") if count == params.n_channels else chosen(found, "channels", n_channels=count)
        for count in larger
    ]
    made |= _least("channels", [difference(found, ten, rows) for rows in more])
    others = [p for p in params.patch_lengths if p != 100]
    made |= _least("patches", [difference(found, ten, chosen(found, "patch", patch_ms=p)) for p in others])
    codex = found.decoders[found.decoders["arm"] == "codex"]
    published = codex[(codex["codex_size"] == 2048)]
    if len(published):
        rest = [rows for size, rows in codex.groupby("codex_size") if size != 2048]
        made |= _least("codex", [difference(found, published, rows) for rows in rest])
    mae = chosen(found, "mae")
    targets = [t for t in params.targets if t != "codes"]
    made |= _least("targets", [difference(found, mae, chosen(found, f"mae ({t})")) for t in targets])
    for sweep in SWEEPS:
        names = [f", mae, {one.label}" for one in variants(params) if one.sweep == sweep]
        rows = [found.decoders[found.decoders["name"].str.endswith(name)] for name in names]
        made |= _least(sweep, [difference(found, mae, one) for one in rows])
    for patch in params.level_patches:
        made |= level_metrics(found, patch)
    return made


def level_metrics(found: Findings, patch: int) -> Metrics:
    """Return accuracies of both token levels and their difference; channel tokens have their best head."""
    region = chosen(found, "region tokens", patch_ms=patch)
    heads = [
        chosen(found, f"channel tokens ({pooling})", patch_ms=patch) for pooling in found.params.poolings
    ]
    best = max(heads, key=lambda rows: float(rows["accuracy"].mean()))
    return {
        f"accuracy region tokens {patch}": share(found, region),
        f"accuracy channel tokens {patch}": share(found, best),
        f"levels {patch}": difference(found, region, best),
    }


def _least(name: str, metrics: list[Metric]) -> Metrics:
    finite = [metric for metric in metrics if math.isfinite(metric.value)]
    return {name: min(finite, key=lambda metric: metric.value)} if finite else {}


def contribution_metrics(found: Findings) -> Metrics:
    """Return how well contribution scores find the informative channels."""
    table = found.tables["contributions"]
    first = table[
        (table["generator"] == found.params.generators[0]) & (table["seed"] == found.params.seeds[0])
    ]
    return {"contribution_auc": auc_interval(first["informative"], first["score"], n_unit="channels")}


def leak_metrics(found: Findings) -> Metrics:
    """Return accuracies with permuted labels."""
    table = found.tables["leak"]
    made: Metrics = {}
    wide = 100 * table.pivot_table(index="permutation", columns="learned", values="accuracy")
    for where in ("selection outside", "z-score outside"):
        made[f"leak {where}"] = compare_scores(
            wide[where], wide["inside"], unit=POINTS, n_unit="permutations", n_resamples=1999,
            random_state=found.params.seed,
        ).effect if not np.allclose(wide[where], wide["inside"]) else Metric(
            0.0, 0.0, 0.0, n=len(wide), unit=POINTS, n_unit="permutations", method="no permutation differs"
        )  # fmt: skip
    n = int(table["n_trials"].iloc[0])
    made["null_inside"] = proportion_of(float(wide["inside"].mean()) / 100, n)
    return made


def proportion_of(mean: float, n_trials: int) -> Metric:
    """Return a mean accuracy in percent with the binomial interval of one permutation's trials."""
    metric = proportion_interval(round(mean * n_trials), n_trials, n_unit="trials")
    return Metric(
        100 * mean, 100 * (metric.low or 0.0), 100 * (metric.high or 0.0),
        n=n_trials, unit="%", n_unit="trials", method=metric.method,
    )  # fmt: skip


def real_metrics(found: Findings) -> Metrics:
    """Return accuracies on the real sets."""
    made: Metrics = {}
    if "real" in found.tables:
        for _, row in found.tables["real"].iterrows():
            made[f"{row['set']}: {row['method']}"] = Metric(
                100 * row["accuracy"], 100 * row["low"], 100 * row["high"],
                n=int(row["n_test"]), unit="%", n_unit="trials", method="Wilson interval",
            )  # fmt: skip
    if "ecog" in found.tables:
        record, table = found.records["ecog"], found.tables["ecog"]
        made["ecog_mse_train"] = Metric(float(record["mse_train"]))
        made["ecog_mse_test"] = Metric(float(record["mse_test"]))
        made["ecog_live"] = Metric(float(table["code"].nunique()))
        made["ecog_force"] = force_metric(table, found.params.seed)
    return made


def force_metric(table: pd.DataFrame, seed: int) -> Metric:
    """Return the share of the force's variance that codes explain, against circular shifts of them."""
    force, code = table["force"].to_numpy(float), table["code"].to_numpy()
    observed = explained(force, code)
    null = [explained(force, np.roll(code, k)) for k in range(10, len(code) - 10)]
    p = permutation_pvalue(null, observed, alternative="greater")
    return Metric(
        observed, n=len(force), n_unit="patches", method=f"p = {p:.3g} by circular shifts (seed {seed})"
    )


def explained(values: NDArray[np.float64], groups: NDArray[np.int64]) -> float:
    """Return the share of variance between groups."""
    means = pd.Series(values).groupby(groups).transform("mean").to_numpy()
    return float(means.var() / values.var())
