"""Answer, methods, deviations and notes of the report, written from computed numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurosci._core.numbers import NBSP, format_number
from neurosci._core.result import Method, Reference, Source

from ._compute import Findings
from ._compute_synthetic import MAIN
from ._verdicts import Metrics, protocol_of

if TYPE_CHECKING:
    from .analysis import FcSslParams

FETCH_COMMAND = "neurosci run fc_ssl --set data=abide"
ANSWER_NOTE = (
    "Gains over few labels: Nadeau and Bengio’s interval over draws of labels and test set, which share "
    "people. Areas: DeLong’s intervals, added up over sites."
)

REFERENCES = (
    Reference(
        text=(
            "Choi J, Keum S, Yun E, Kim B-H, Lee J (2023). A generative self-supervised framework using "
            "functional connectivity in fMRI data. NeurIPS workshop on temporal graph learning, "
            "arXiv:2312.01994."
        ),
        url="https://arxiv.org/abs/2312.01994",
        bibtex=(
            "@misc{choi2023generative,\n"
            "  author = "
            "{Choi, Jungwon and Keum, Seongho and Yun, EungGu and Kim, Byung-Hoon and Lee, Juho},\n  title  "
            "= {A generative self-supervised framework using functional connectivity in {fMRI} data},\n  "
            "year   = {2023},\n  eprint = {2312.01994},\n"
            "  archivePrefix = {arXiv}\n"
            "}"
        ),
    ),
    Reference(
        text=(
            "Choi J, Lee H, Kim B-H, Lee J (2024). Joint-embedding masked autoencoder for self-supervised "
            "learning of dynamic functional connectivity from the human brain. arXiv:2403.06432."
        ),
        url="https://arxiv.org/abs/2403.06432",
    ),
    Reference(
        text=(
            "Kim B-H, Ye JC, Kim J-J (2021). Learning dynamic graph representation of brain connectome with "
            "spatio-temporal attention. Advances in Neural Information Processing Systems 34."
        ),
        url="https://arxiv.org/abs/2105.13495",
    ),
    Reference(
        text=(
            "Di Martino A, et al. (2014). The autism brain imaging data exchange. Molecular Psychiatry 19, "
            "659-667."
        ),
        url="https://doi.org/10.1038/mp.2013.78",
    ),
    Reference(
        text=(
            "Nadeau C, Bengio Y (2003). Inference for the generalization error. Machine Learning 52, 239-281."
        ),
        url="https://doi.org/10.1023/A:1024068626366",
    ),
    Reference(
        text=(
            "Liegeois R, Laumann TO, Snyder AZ, Zhou J, Yeo BTT (2017). Interpreting temporal fluctuations "
            "in resting-state functional connectivity MRI. NeuroImage 163, 437-455."
        ),
        url="https://doi.org/10.1016/j.neuroimage.2017.09.012",
    ),
)

TABLE_NOTES = {
    "carpet": "One scan, every second frame or so, in standard deviations.",
    "windows": "Correlation and edge of each pair of regions in four windows of that scan.",
    "similarity": "Correlation of every window of that scan with every other, over pairs of regions.",
    "scores": "Every model, target and protocol (T1); mae is of log age, mae_years of age.",
    "labels": "Scores by number of labels: means and 95 % t intervals over draws or data sets.",
    "reconstruction": "Errors of hidden rows, areas of hidden edges on held-out scans; trivial predictors.",
    "losses": "Losses on held-out scans after each epoch.",
    "ablation": "Synthetic: one choice of pre-training changed at a time.",
    "missing": "Synthetic: scores of test scans that end early.",
    "switches": "Synthetic: attention that each window receives, and the largest share of one state in it.",
    "regions": "Weight of each region in a supervised classifier of the diagnosis, by group.",
    "streaming": "Synthetic: scans read from one store on disk, and growth of memory in percent of it.",
}


def units(found: Findings) -> str:
    """Return the counts of the page."""
    synthetic = f"{2 * found.params.synthetic_people:,} synthetic scans"
    if not found.real:
        return synthetic
    n = found.numbers
    return (
        f"{n['n_everybody']:,.0f} people at 20 sites ({n['n_pool']:,.0f} to pre-train on, "
        f"{n['n_downstream']:.0f} to predict), {synthetic}"
    )


def answer(found: Findings, metrics: Metrics) -> tuple[str, ...]:
    """Return three sentences; the last names the weakest point."""
    synthetic = metrics[f"gain over untrained, {MAIN}"]
    sd = metrics[f"gain over sd, {MAIN}"]
    if not found.real:
        return (
            "On synthetic scans whose classes differ in dwell time only, pre-training in space and time "
            f"scores **{synthetic.text}** above a random encoder.",
            f"The spread of windows, one line of code, is ahead of it: the difference is **{sd.text}**.",
            "No people were at hand: nothing here speaks of the brain.",
        )
    people, target, protocol, metric = protocol_of(found)
    both, static = (
        metrics[f"{metric}, {people}, {target}, {protocol}, {model}"] for model in ("both", "static")
    )
    return (
        f"At sites that pre-training has not seen, a frozen encoder pre-trained in space and time scores "
        f"**{metrics['gain over untrained'].text}** above a random one, averaged over "
        f"{', '.join(found.params.targets)} and numbers of labels; on synthetic scans that differ in "
        f"dynamics only the gain is **{synthetic.text}**.",
        f"With all labels it reaches **{both.text}** for the {target} (area within sites), ridge regression "
        f"on static connectivity **{static.text}**.",
        f"Over few labels, static ridge minus the encoder is **{_minus(metrics['gain over static'])}**; the "
        f"encoder here is small and pre-trained on {found.numbers['n_pool']:.0f} scans instead of more than "
        "50,000.",
    )


def _minus(metric: object) -> str:
    from dataclasses import replace

    from neurosci._core.metric import Metric

    assert isinstance(metric, Metric)  # noqa: S101 (for mypy)
    low, high = metric.low, metric.high
    return replace(
        metric, value=-metric.value, low=None if high is None else -high, high=None if low is None else -low
    ).text


def synthetic_source(params: FcSslParams) -> Source:
    """Return the generator as a source."""
    return Source(
        name="Switching connectivity",
        content=(
            f"{params.synthetic_people} labelled synthetic scans per task, {params.synthetic_pool} "
            f"unlabelled, 32 regions, {params.synthetic_times} frames"
        ),
        kind="synthetic",
        licence="made by this package",
        note="Four states; classes differ in dwell time, in order, or in static connectivity.",
    )


def methods(found: Findings) -> tuple[Method, ...]:
    """Return the methods section."""
    p = found.params
    people = (
        f"Scans of ABIDE in 110 Harvard-Oxford regions are band-passed ({p.band[0]:g} to {p.band[1]:g} Hz), "
        f"cut to {p.seconds:g} s and resampled to {p.t_r:g} s between frames, so that neither length nor "
        f"repetition time tells the site. Windows of {p.window_s:g} s every {p.step_s:g} s give "
        f"correlations; the largest {100 * p.density:g}{NBSP}% of all entries are edges. Windows are shorter "
        "than the longest period of the pass band, so that stationary signals fluctuate in them too.",
        "Whole sites are divided: labels are predicted at "
        + ", ".join(p.sites)
        + ", and encoders are pre-trained on scans of the others, whose labels are not used.",
    )
    return (
        Method("Scans", people if found.real else ("No scans of people were at hand.",)),
        Method(
            "Arms",
            (
                f"One encoder for all arms: {p.n_layers} graph isomorphism layers of width {p.hidden_dim}. "
                "In space a window is reconstructed from what is left of it after regions and pairs are "
                "hidden; in time from two windows that share no frame with it. The time code does not see "
                "what is to be predicted. Contrastive: two perturbed encoders must agree on a scan and not "
                "on others. Random encoder: no learning, same normalisation. All arms see the same scans "
                "for the same number of epochs.",
                "Features of the frozen encoder, regions kept apart and windows averaged, go to the same "
                "ridge regression as static connectivity: z-scores and a penalty equal to the number of "
                "features, learned in the training set.",
            ),
        ),
        Method(
            "Baselines",
            (
                "Static: Fisher z of the correlations of the whole scan. Spread: standard deviation over "
                "windows. Confounds: regression on site, age, sex, eyes, diagnosis and motion without the "
                f"target. Everybody is scored in {p.n_folds} folds, by the recipe that gave 0.757 for the "
                "diagnosis, 0.756 for sex and r = 0.784 for age.",
            ),
        ),
        Method(
            "Few labels",
            (
                f"{p.n_resamples} times a test set and labelled people are drawn, the same for all models. "
                "Areas compare people of one site only, which the site cannot order. Gains are paired; their "
                "intervals are Nadeau and Bengio’s where draws share people, and by flipping signs where "
                "data sets are made anew.",
            ),
        ),
        Method(
            "Generator",
            (
                "32 regions in 8 modules; each of four states couples other pairs of modules and none is "
                "denser. Classes of the task dwell differ in how long a state lasts, of order in the "
                "direction of the circle of states, of static in one block. Pre-training sees unlabelled "
                "scans of dwell and order together.",
            ),
        ),
    )


def deviations(found: Findings) -> tuple[str, ...]:
    """Return what differs from the paper."""
    p = found.params
    listed = [
        "The text of the paper beyond its abstract was not at hand, and no official code: losses, masks, "
        "mask ratios, decoders and schedule are our reading, and every one of them is a parameter.",
        "Pre-training in the paper used more than 50,000 scans of cohorts with restricted access.",
        f"The encoder has width {p.hidden_dim} and {p.n_layers} layers, instead of 128 and 4 of its "
        "backbone.",
        "Labels are learned by a ridge on frozen features" + (
            "; fine-tuning of everything is shown for the generator." if p.fine_tune else "."
        ),
    ]  # fmt: skip
    if found.real and p.node_input == "region":
        listed.append("On people a node brings its identity and edges, without a recurrent time code.")
    return tuple(listed)


def notes(found: Findings, metrics: Metrics) -> tuple[str, ...]:
    """Return remarks that a reader needs."""
    listed = [
        "A difference between encoders is not a difference between diseases: what a model predicts from can "
        "be head motion or the scanner.",
        "Intervals over labels and people take each pre-trained encoder as given"
        + (
            f"; {found.params.n_seeds} seeds are averaged." if found.params.n_seeds > 1
            else "; one seed of pre-training was run."
        ),
    ]  # fmt: skip
    key = "auc, all sites, diagnosis, 10 folds, static, labels permuted"
    if key in metrics:
        listed.append(
            f"With labels permuted within sites, static ridge over everybody has {metrics[key].text}."
        )
    if found.real:
        listed.append(
            f"{found.numbers['n_constant']:.0f} scans that encoders see have regions that never change; "
            "their correlations count as 0."
        )
        motion = metrics.get("auc, all sites, diagnosis, 10 folds, static_motion")
        static = metrics.get("auc, all sites, diagnosis, 10 folds, static")
        if motion is not None and static is not None:
            listed.append(
                f"With head motion regressed out of the connectivity, the area over everybody goes from "
                f"{format_number(static.value, 3)} to {format_number(motion.value, 3)}."
            )
    return tuple(listed)
