"""Reasons behind each claim's verdict; the rules themselves are the claims'."""

from __future__ import annotations

from collections.abc import Callable

from neurosci._core.claims import Claim, Verdict
from neurosci._core.metric import Metric
from neurosci._core.numbers import format_number, format_p

from ._compute import Findings
from ._metrics import Metrics, at_plateau

SELECTION = {"anova": "by analysis of variance", "weights": "by the weights of a decoder of all"}
NOT_SEPARATE = "this version ran no decoder for it."


def published_row(found: Findings, first: str, second: str) -> str:
    """Return a paired test of the published table in words."""
    rows = found.tables["paired"]
    row = rows[(rows["first"] == first) & (rows["second"] == second)].iloc[0]
    p = format_p(float(row["pvalue"]))
    return f"{int(row['n_better'])} of {int(row['n_subjects'])} subjects, Wilcoxon {p}"


def region_published(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge region against channel tokens in the published table."""
    return claim.judge(
        metrics["published_region"],
        why=(
            "Du-IN from scratch minus Brant on several subjects: "
            f"{published_row(found, 'Du-IN', 'Brant (ms)')}."
        ),
        caveats=(
            "the methods differ in patch length, sampling rate and size as well; DU1 tokens holds these "
            "equal",
        ),
        preset=found.params.preset,
    )


def levels(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge region against channel tokens on the generator."""
    if not found.params.level_patches:
        return claim.not_run(f"Not run: {NOT_SEPARATE}")
    patch = found.params.level_patches[0]
    p = found.params
    more = "".join(
        f" With patches of {other} ms the difference is {metrics[f'levels {other}'].text}."
        for other in p.level_patches[1:]
    )
    return _generator(
        claim, found, metrics[f"levels {patch}"],
        f"{_text(metrics, f'accuracy region tokens {patch}')} with region tokens, "
        f"{_text(metrics, f'accuracy channel tokens {patch}')} with channel tokens of the same "
        f"{p.n_level_channels} channels, patches of {patch} ms, and equal epochs.{more}",
        ("whether both levels are at their plateau is left to the acceptance run",),
    )  # fmt: skip


def brain(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge ten channels against all."""
    return _generator(
        claim, found, metrics["region - brain"],
        f"{_text(metrics, 'accuracy scratch')} with {found.params.n_selected} channels, "
        f"{_text(metrics, 'accuracy brain')} with all {found.params.n_channels}, both from scratch.",
    )  # fmt: skip


def masked_published(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge masked modelling in the published table."""
    return claim.judge(
        metrics["published Du-IN (mae) - Du-IN"],
        why=f"{published_row(found, 'Du-IN (mae)', 'Du-IN')}. Recordings are not open; this is their table.",
        caveats=(
            "whether the scratch arm was at its plateau is not published, and pre-training saw the test "
            "trials of the decoders",
        ),
        preset=found.params.preset,
    )


def masked_generator(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge masked modelling on the generator; without a plateau of the scratch arm there is no verdict."""
    metric = metrics["mae - scratch"]
    gain = metrics.get("scratch_gain")
    more = "" if gain is None else f" The last doubling of epochs gives scratch {gain.text}."
    cost = metrics.get("mae_equal_cost")
    if cost is not None:
        more += f" At equal cost in operations the difference is {cost.text}."
    if not at_plateau(found, metrics):
        row = claim.judge(metric, preset=found.params.preset, synthetic=True)
        return _undecided(row, f"The scratch arm is not at its plateau, so no advantage is claimed.{more}")
    return _generator(claim, found, metric, f"Scratch is at its plateau.{more}")


def order_published(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the order of the arms in the published table."""
    return claim.judge(
        metrics["published_order"],
        why=(f"The smallest step is vqvae minus scratch: {published_row(found, 'Du-IN (vqvae)', 'Du-IN')}."),
        preset=found.params.preset,
    )


def order_generator(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the order of the arms on the generator."""
    listed = ", ".join(
        f"{arm} {format_number(metrics[f'accuracy {arm}'].value, 1)}"
        for arm in ("vqvae+vq", "scratch", "vqvae", "mae")
    )
    if not at_plateau(found, metrics):
        row = claim.judge(metrics["order"], preset=found.params.preset, synthetic=True)
        return _undecided(row, f"The scratch arm is not at its plateau. Accuracies in percent: {listed}.")
    return _generator(claim, found, metrics["order"], f"Accuracies in percent: {listed}.")


def ten_channels(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge whether more than ten channels help."""
    if "channels" not in metrics:
        return claim.not_run(f"Not run: no number of channels above {found.params.n_selected} was asked for.")
    return _generator(
        claim, found, metrics["channels"],
        f"{found.params.n_selected} selected channels minus the best larger number; channels are ranked on "
        f"training trials alone, {SELECTION[found.params.selection]}.",
    )  # fmt: skip


def patches(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the patch length."""
    if "patches" not in metrics:
        return claim.not_run("Not run: no other patch length than 100 ms was asked for.")
    tried = ", ".join(map(str, found.params.patch_lengths))
    return _generator(
        claim, found, metrics["patches"], f"Tried from scratch: {tried} ms, tokens equally wide."
    )


def codex(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the size of the codex."""
    if "codex" not in metrics:
        return claim.not_run(
            "Not run with preset quick: a codex of 2048 codes needs more windows than it has; smaller ones "
            "are in the figure."
        )
    return _generator(
        claim, found, metrics["codex"], "2048 codes minus the best other size, masked modelling."
    )


def targets_published(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the targets in the published table, of which only means are printed."""
    return claim.judge(
        metrics["published_targets"],
        why="Accuracies of the subjects are not published for this table, so no paired test is possible.",
        preset=found.params.preset,
    )


def targets_generator(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the targets on the generator."""
    if "targets" not in metrics:
        return claim.not_run("Not run: no other target than codes was asked for.")
    return _generator(
        claim, found, metrics["targets"], "Codes minus the better of the other targets, equal epochs."
    )


def size(claim: Claim, found: Findings, metrics: Metrics) -> Verdict:
    """Judge the number of parameters."""
    table = found.tables["sizes"]
    total, used = int(table["n_parameters"].sum()), int(table.loc[table["used"], "n_parameters"].sum())
    return claim.judge(
        metrics["parameters"],
        why=f"{total:,} numbers, of which the decoder uses {used:,} ({used / 1e6:.2f} M).",
        caveats=(
            "the printed size counts the quantiser, the contrastive block and buffers that decoding does "
            "not use",
        ),
        preset=found.params.preset,
    )


def _generator(
    claim: Claim, found: Findings, metric: Metric, why: str, caveats: tuple[str, ...] = ()
) -> Verdict:
    if metric.n_unit == "trials":
        caveats = (*caveats, "the interval is over test trials of one training; another may differ")
    return claim.judge(metric, why=why, caveats=caveats, preset=found.params.preset, synthetic=True)


def _undecided(row: Verdict, why: str) -> Verdict:
    import dataclasses

    return dataclasses.replace(row, verdict="undecided", why=why, caveat=False)


def _text(metrics: Metrics, name: str) -> str:
    return metrics[name].text if name in metrics else "no estimate"


RULES: dict[str, Callable[[Claim, Findings, Metrics], Verdict]] = {
    "DU1": region_published,
    "DU1 tokens": levels,
    "DU1 brain": brain,
    "DU2": masked_published,
    "DU2 generator": masked_generator,
    "DU3": order_published,
    "DU3 generator": order_generator,
    "DU4": ten_channels,
    "DU5": patches,
    "DU5 codex": codex,
    "DU6": targets_published,
    "DU6 generator": targets_generator,
    "DU7": size,
}
