"""Answer, methods, deviations and notes of the report, written from computed numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurosci._core.numbers import NBSP, format_number, format_p
from neurosci._core.result import Method, Reference, Source

from ._compute import Findings
from ._metrics import Metrics, at_plateau
from ._sizes import model_sizes
from ._verdicts import SELECTION

if TYPE_CHECKING:
    from .analysis import DuINParams

REFERENCES = (
    Reference(
        text=(
            "Zheng H, Wang HT, Jiang WB, Chen ZT, He L, Lin PY, Wei PH, Zhao GG, Liu YZ (2024). Du-IN: "
            "Discrete units-guided mask modeling for decoding speech from intracranial neural signals. "
            "Advances in Neural Information Processing Systems 37."
        ),
        url="https://arxiv.org/abs/2405.11459",
        bibtex=(
            "@inproceedings{zheng2024duin,\n"
            "  author    = {Zheng, Hui and Wang, Hai-Teng and Jiang, Wei-Bang and Chen, Zhong-Tao and He, Li "
            "and "
            "Lin, Pei-Yang and Wei, Peng-Hu and Zhao, Guo-Guang and Liu, Yun-Zhe},\n"
            "  title     = {Du-IN: Discrete units-guided mask modeling for decoding speech from intracranial "
            "neural signals},\n"
            "  booktitle = {Advances in Neural Information Processing Systems},\n"
            "  volume    = {37},\n"
            "  year      = {2024}\n"
            "}"
        ),
    ),
    Reference(
        text=(
            "Andrzejak RG, Lehnertz K, Mormann F, Rieke C, David P, Elger CE (2001). Indications of "
            "nonlinear deterministic and finite-dimensional structures in time series of brain electrical "
            "activity. Physical Review E 64, 061907."
        ),
        url="https://doi.org/10.1103/PhysRevE.64.061907",
    ),
)

PUBLISHED = Source(
    name="Tables of the Du-IN paper",
    content="accuracy of 16 methods in 12 subjects, ablations, and 120 selected contacts",
    kind="published",
    licence="numbers printed in the paper",
    citation="Zheng et al. (2024), tables 1 to 3, 8 to 19",
    url="https://arxiv.org/abs/2405.11459",
    note="Recordings are not part of this package; the paper's word-reading set has to be requested.",
)

TABLE_NOTES = {
    "methods": "Published: every method with printed mean and error, and both computed again.",
    "subjects": "Published: accuracy of every method in every subject, in percent.",
    "paired": "Paired statistics of the published table, which the paper does not give.",
    "ablations": "Published: means and errors of the ablations; their subjects are not published.",
    "contacts": "Published: the ten selected contacts of each subject, MNI coordinates in mm.",
    "sizes": "Parameters of the published classifier, counted; used is false for what decoding does not use.",
    "decoders": "Synthetic: one row per decoder; accuracies on test blocks; operations are counted.",
    "training": "Synthetic: losses and code usage by epoch, first generator.",
    "reconstruction": "Synthetic: channels of a held-out window beside their reconstruction, every 10 ms.",
    "codes": "Synthetic: tokens of held-out windows by code, most frequent first.",
    "codex": "Synthetic: error, usage and accuracy by size and dimension of the codex.",
    "channel_sets": "Synthetic: error of held-out windows by channels; paper_mse is printed in table 8.",
    "pretraining": "Synthetic: accuracy by share hidden and by epochs of pre-training.",
    "contributions": "Synthetic: contribution score of each channel beside the true mixing.",
    "leak": "Synthetic: accuracy with permuted labels by where channels and z-scores are learned.",
    "real": "Real recordings: accuracy of every method; low and high are Wilson limits over trials.",
    "ecog": "Real recording: code and grip force of every 100 ms.",
}


def units(found: Findings) -> str:
    """Return the counts of the page."""
    p = found.params
    n_real = sum(len(one.y) for one in found.real.labelled)
    return (
        f"12 published subjects, {len(p.generators)} synthetic subject{'s' * (len(p.generators) > 1)}, "
        f"{len(found.decoders)} decoders, {n_real:,} real trials"
    )


def answer(found: Findings, metrics: Metrics) -> tuple[str, ...]:
    """Return three sentences; the last names the weakest point."""
    rows = found.tables["paired"].set_index(["first", "second"])
    row = rows.loc[("Du-IN (mae)", "Du-IN")]
    plateau = "at its plateau" if at_plateau(found, metrics) else "not yet at its plateau"
    return (
        "In the published table masked modelling raises the accuracy over training from scratch by "
        f"**{metrics['published Du-IN (mae) - Du-IN'].text}** ({int(row['n_better'])} of "
        f"{int(row['n_subjects'])} subjects, Wilcoxon {format_p(float(row['pvalue']))}), a paired "
        "comparison that the paper does not make.",
        "On **synthetic** recordings with known sources the difference is "
        f"**{metrics['mae - scratch'].text}**, with the scratch arm {plateau}, and ten selected channels "
        f"minus all {found.params.n_channels} give **{metrics['region - brain'].text}**.",
        "No recording of people reading words is public, so the decoding of words itself could not be "
        "repeated: what is judged here is their table, and a generator.",
    )


def synthetic_source(params: DuINParams) -> Source:
    """Return the generator as a source."""
    return Source(
        name="Synthetic sEEG of word reading",
        content=(
            f"{len(params.generators)} synthetic subject{'s' * (len(params.generators) > 1)}, "
            f"{params.n_words} words, {params.n_channels} bipolar channels, {params.n_windows} unlabelled "
            "windows of 8 s each"
        ),
        kind="synthetic",
        licence="made by this package",
        note="Two of six shafts carry known articulatory sources; nothing in it is fitted to a recording.",
    )


def methods(found: Findings) -> tuple[Method, ...]:
    """Return the methods section."""
    p = found.params
    config = model_sizes(p.model)
    made = [
        Method(
            "",
            (
                "Patches of 100 ms of all selected channels of a region become one token: a linear "
                "projection over channels, convolutions inside the patch, and a transformer. A tokenizer "
                "learns to reconstruct the signals from codes of a learned codex; a masked model learns to "
                "predict the codes of patches that it does not see; a decoder starts from its encoder and "
                "learns the words.",
                "Published tables: means and errors are computed again from the printed accuracies of the "
                "subjects. The printed error is the population SD over the root of 12. Pairs of methods "
                "are compared over subjects, with Student intervals and exact Wilcoxon tests.",
            ),
        ),
        Method(
            "Generator",
            (
                f"{p.n_words} words of two syllables each, amplitude {p.snr:g}; speech on two of six "
                f"shafts. {max(p.n_labels)} training and {p.n_test} test trials per word, from different "
                f"blocks. Networks have the published shape with width {config.d_model}, {config.n_layers} "
                f"layers and {config.codex_size} codes of {config.codex_dim} dimensions. Every arm uses the "
                f"same optimiser, batches and augmentation. Main setting: {max(p.n_epochs)} epochs.",
                f"Channels are ranked on training trials alone, {SELECTION[p.selection]}; decoders see the "
                f"first {p.n_selected} of {p.n_channels}. Pre-training uses unlabelled windows only. Costs "
                "are counted floating-point operations, so that they are equal on every machine.",
                f"Differences are paired. With {6}{NBSP}or more pairs of generator and seed these are the "
                "units of the sign-flip interval; with fewer, test trials are, which leaves out what "
                "another training would change. Scratch counts as at its plateau where the last step in "
                f"epochs adds less than {100 * p.plateau:g}{NBSP}points. Without that no advantage of "
                "pre-training is claimed.",
            ),
        ),
        Method(
            "Leaks",
            (
                f"Labels are permuted within blocks {p.n_permutations} times; channels (by analysis of "
                "variance) and z-scores are learned either inside the folds or on all trials, in front of "
                "the same linear decoder. Five folds of whole blocks.",
            ),
        ),
    ]
    if found.real.labelled or found.real.ecog is not None:
        made.append(
            Method(
                "Real recordings",
                (
                    f"The same network, {p.n_real_epochs} epochs, with patches that divide the trials. "
                    "SelfRegulationSCP1 and FingerMovements have official test sets; no setting was chosen "
                    "by their scores. Bonn segments are split into five folds; that each is standardised "
                    "by itself, as for the features beside it, and the learning rate were chosen after one "
                    "fold had been seen. Which segment is of which of the five patients is not published, "
                    "so that segments of one patient can be on both sides.",
                    "The ECoG strip is band-passed and differenced between neighbours; the tokenizer sees "
                    "the first four fifths.",
                ),
            )
        )
    return tuple(made)


def deviations(found: Findings) -> tuple[str, ...]:
    """Return what differs from the paper."""
    p = found.params
    return (
        "The word-reading recordings are not public. Decoding of words is shown on a generator, and no "
        "score of it speaks of a brain.",
        f"Networks are smaller than the published ones (model {p.model}) and trainings shorter; "
        "`neurosci.du_in.DuINConfig.paper` has the published sizes.",
        "The decoder's head has no sigmoid, the tokenizer looks codes up only after a warm-up, channels "
        "and z-scores are learned on training trials alone, and blocks are not divided between training "
        "and test.",
        "Batch and learning rate of the preset quick were chosen so that every arm learns within seconds: "
        "with a higher rate those that were pre-trained stayed at chance. The generator weighed latents "
        "alike on all contacts at first, where no arm learned at this amplitude; now each contact has "
        "weights of its own. No arm has settings of its own.",
        "Weights of the last epoch are used; the paper chooses an epoch by validation trials and, among "
        "ties, by test trials.",
    )


def notes(found: Findings, metrics: Metrics) -> tuple[str, ...]:
    """Return remarks that a reader needs."""
    listed = [
        f"Printed means are reproduced to {format_number(metrics['largest_mean_error'].value, 3)} points "
        f"and printed errors to {format_number(metrics['largest_ste_error'].value, 3)} as population SDs; "
        f"sample SDs are 4 % larger.{_contradictions(found)}",
        "The published comparison of region with channel tokens also differs in patch length, sampling "
        "rate and size.",
        "Channel contribution by weights is not invariant to a rotation that the next layer undoes; "
        "ablation scores are (`ChannelSelector(method='ablation')`).",
    ]
    if found.real.missing:
        listed.append(f"Not on this machine, and left out: {', '.join(found.real.missing)}.")
    return tuple(listed)


def _contradictions(found: Findings) -> str:
    """Name the methods whose printed mean differs from that of their subjects by more than rounding can."""
    table = found.tables["methods"]
    # the mean of numbers rounded to 0.01 is off by 0.005 at most, and the printed mean by as much again
    rows = table[(table["mean"] - table["mean_computed"]).abs() > 0.0101]
    return "".join(
        f" Rounding cannot explain {row['method']}: {row['mean']:.2f} is printed, and the printed values of "
        f"its subjects have the mean {row['mean_computed']:.3f}."
        for _, row in rows.iterrows()
    )
