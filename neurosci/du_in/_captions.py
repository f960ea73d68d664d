"""Findings, captions and alternative texts of the figures, written from computed numbers."""

from __future__ import annotations

from neurosci._core.numbers import NBSP, format_number
from neurosci._core.result import Figure

from ._compute import Findings
from ._metrics import Metrics, at_plateau
from ._panels import SMOOTHING_MM


def figures(found: Findings, metrics: Metrics) -> tuple[Figure, ...]:
    """Return every figure of the report, in its order."""
    made = [
        radar(found),
        published(metrics),
        brain(found),
        training(found),
        reconstruction(found),
        arms(found, metrics),
        sweeps(found, metrics),
        pretraining(found, metrics),
        contributions(found, metrics),
        leak(found, metrics),
    ]
    if "real" in found.tables:
        made.append(real(found))
    if "ecog" in found.tables:
        made.append(ecog(metrics))
    return (*made, thumbnail(found))


def _subjects(found: Findings) -> str:
    n, m = len(found.params.generators), len(found.params.seeds)
    return f"{n} synthetic subject{'s' * (n > 1)}, {m} seed{'s' * (m > 1)}"


def radar(found: Findings) -> Figure:
    """Return the first figure of the paper."""
    wide = found.tables["subjects"].pivot_table(index="subject", columns="method", values="accuracy")
    best = int((wide["Du-IN (mae)"] >= wide.max(axis=1)).sum())
    return Figure(
        name="radar",
        tables=("subjects",),
        finding=f"Masked modelling has the highest accuracy in {best} of {len(wide)} published subjects.",
        caption=(
            "The paper’s first figure, from its printed table: accuracy by subject (1 to 12, clockwise) of "
            f"five methods, in percent of trials; 61 words, so that chance is 1.6{NBSP}%. Vermilion "
            "diamonds: Du-IN. Each value is a mean over six seeds. No error bars: one value per subject is "
            "published, with its SD over seeds in the table."
        ),
        alt=(
            "Radar chart with twelve spokes. The ring of Du-IN lies outside all others on every spoke; "
            "EEG-Conformer follows, then CNN-BiGRU; Brant and BrainBERT stay near the centre but for one "
            "subject."
        ),
        width="single",
    )


def published(metrics: Metrics) -> Figure:
    """Return all published methods and the arms of Du-IN."""
    return Figure(
        name="published",
        tables=("methods", "subjects"),
        finding=(
            f"In the published table masked modelling adds {metrics['published Du-IN (mae) - Du-IN'].text} "
            "to training from scratch, and the inserted quantiser "
            f"{metrics['published Du-IN (vqvae+vq) - Du-IN'].text}."
        ),
        caption=(
            "**a**, accuracy of 16 methods, one mark per subject (n = 12), bars are means; vermilion "
            "diamonds: region tokens, blue circles: channel tokens; dotted: chance. **b**, the same "
            "subjects through the four arms of Du-IN (thin lines) and their mean (black). Intervals are "
            "paired over subjects. Methods of the two levels also differ in patch length, rate and size."
        ),
        alt=(
            "Left: rows of dots by method; channel-level methods lie near zero, region-level ones between "
            "20 and 60 percent, Du-IN with masked modelling last. Right: twelve lines rise from vqvae+vq "
            "over scratch and vqvae to mae."
        ),
    )


def brain(found: Findings) -> Figure:
    """Return the selected contacts."""
    table = found.tables["contacts"]
    left = float((table["x_mm"] < 0).mean())
    names = table["region"].str.replace(r" [LR]$", "", regex=True)
    regions = names[names != "White"].value_counts()
    return Figure(
        name="brain",
        tables=("contacts",),
        finding=(
            f"The {len(table)} contacts that the paper selects lie most often, white matter apart, in "
            f"{regions.index[0]} and {regions.index[1]}; {format_number(100 * left, 0)}{NBSP}% are on the "
            "left."
        ),
        caption=(
            "The ten selected contacts of each of 12 published subjects at their MNI coordinates (dots), "
            "from the left, from above and from the right. Size: rank (1 for the first of ten, 0.1 for the "
            "last) times the subject’s accuracy. Colour: their sum after smoothing with a Gaussian (SD "
            f"{SMOOTHING_MM:g}{NBSP}mm), largest projected. It is high where many contacts were selected; "
            "scores and the contacts that were not selected are not published. No error bars: positions."
        ),
        alt=(
            "Three outlines of the brain with dots and a cloud around them. They crowd along the central "
            "sulcus and the upper temporal lobe of the left hemisphere, with some subjects implanted on the "
            "right."
        ),
    )


def training(found: Findings) -> Figure:
    """Return the training curves."""
    table = found.tables["training"]
    first = table[table["stage"] == "tokenizer"].iloc[-1]
    second = table[table["stage"] == "masked model"].iloc[-1]
    return Figure(
        name="training",
        tables=("training",),
        finding=(
            f"On synthetic signals the tokenizer uses {first['n_live']:.0f} codes (perplexity "
            f"{format_number(first['perplexity'], 0)}), and the masked model predicts "
            f"{format_number(100 * second['val_accuracy'], 1)}{NBSP}% of hidden codes, "
            f"{format_number(100 * second['largest_share'], 1)}{NBSP}% being the most frequent one."
        ),
        caption=(
            "**a**, squared error of the reconstruction by epoch, in units of the variance. **b**, codes in "
            "use and the exponential of their entropy. **c**, share of hidden codes that the masked model "
            "predicts (solid) and share of the most frequent code (dotted), which guessing would reach. "
            "Synthetic, first generator, one seed; no error bars: one training."
        ),
        alt=(
            "Three panels over epochs: the reconstruction error falls from one; the number of live codes "
            "and the perplexity settle; the accuracy of the masked model against the share of the most "
            "frequent code."
        ),
    )


def reconstruction(found: Findings) -> Figure:
    """Return a reconstructed window."""
    table = found.tables["codex"]
    own = table[table["sweep"] == "own"].iloc[0]
    return Figure(
        name="reconstruction",
        tables=("reconstruction", "codes"),
        finding=(
            "From one code per 100 ms the tokenizer restores "
            f"{format_number(100 * (1 - own['test_mse']), 0)}{NBSP}% of the variance of held-out synthetic "
            "signals."
        ),
        caption=(
            "**a**, three channels of a held-out window of 4 s, standardised, (grey) and what is restored "
            "from its 40 codes (blue). **b**, how often each code occurs in held-out windows, most frequent "
            "first. Synthetic, first generator. Most of the background is noise that no code of a few bits "
            "can carry. No error bars: one window; one training."
        ),
        alt=(
            "Left: three noisy traces with a smoother trace that follows their slow swings. Right: bars "
            "that fall slowly from the most to the least frequent code."
        ),
    )


def arms(found: Findings, metrics: Metrics) -> Figure:
    """Return accuracies of the arms."""
    plateau = "is at" if at_plateau(found, metrics) else "has not reached"
    cost = metrics.get("mae_equal_cost")
    more = "" if cost is None else f", and at equal cost {cost.text}"
    return Figure(
        name="arms",
        tables=("decoders",),
        finding=(
            f"On synthetic trials masked modelling differs from scratch by {metrics['mae - scratch'].text} "
            f"at the longest training{more}; scratch {plateau} its plateau."
        ),
        caption=(
            "Test accuracy by arm: grey squares scratch, green triangles vqvae, vermilion diamonds mae, "
            "ochre vqvae+vq, blue circles all channels (brain). **a**, by epochs of fine-tuning. **b**, by "
            "all operations, pre-training included. **c**, by labelled trials per word. Small marks: single "
            "trainings; "
            f"{_subjects(found)}. Dotted: chance. Intervals in the claims are paired; the scratch arm counts "
            f"as at its plateau below {100 * found.params.plateau:g} points per last step."
        ),
        alt=(
            "Three panels of test accuracy with one line and one kind of mark per arm: against epochs of "
            "fine-tuning, against all operations, and against labelled trials per word; a dotted line at "
            "chance."
        ),
    )


def sweeps(found: Findings, metrics: Metrics) -> Figure:
    """Return the sweeps."""
    tried = {
        "channels": "ten channels differ from the best larger number by {}",
        "patches": "patches of 100 ms differ from the best other length by {}",
    }
    said = [words.format(metrics[name].text) for name, words in tried.items() if name in metrics]
    dims = " **e**, by dimension of the codes." if found.params.codex_dims else ""
    return Figure(
        name="sweeps",
        tables=("decoders", "codex"),
        finding=f"On synthetic trials {' and '.join(said) or 'no sweep was asked for'}.",
        caption=(
            "Test accuracy. **a**, by number of channels, ranked on training trials. **b**, by patch "
            "length, tokens equally wide. **c**, by size of the codex, after masked modelling (mean over "
            f"trainings). **d**, region against channel tokens of the same {found.params.n_level_channels} "
            f"channels.{dims} Small marks: single trainings; {_subjects(found)}. Dotted: chance. The paper’s "
            "own curves are printed without numbers and not shown."
        ),
        alt=(
            "Four panels of accuracy: against the number of channels, against patch length, against the "
            "number of codes, and for two kinds of tokens, each with single runs and their mean."
        ),
    )


def pretraining(found: Findings, metrics: Metrics) -> Figure:
    """Return the sweeps of pre-training."""
    sets = found.tables["channel_sets"].groupby("channels", sort=False)["test_mse"].mean()
    listed = ", ".join(f"{format_number(value, 2)} for {name}" for name, value in sets.items())
    masked = metrics.get("masked epochs")
    more = (
        "" if masked is None else f"; the main masked model minus the best other length gives {masked.text}"
    )
    return Figure(
        name="pretraining",
        tables=("pretraining", "channel_sets", "ablations"),
        finding=f"On synthetic windows the reconstruction error is {listed}{more}.",
        caption=(
            "Vermilion diamonds: generator; grey: the paper’s tables 8 and 14 to 16, of real recordings, 61 "
            "words and epochs of many more windows, so that directions can be compared and levels cannot. "
            "**a**, squared error of held-out windows, in units of the variance, by the channels of the "
            "tokenizer. **b** to **d**, test accuracy after masked modelling, by share of patches hidden and "
            "by length of both trainings. Small marks: single decoders; one pre-training per synthetic "
            "subject."
        ),
        alt=(
            "Four panels. The reconstruction error of selected, random and all channels, with grey bars of "
            "the paper that rise from 0.3 to nearly 1; accuracy against the hidden share, and against epochs "
            "of tokenizer and masked model, with rising grey curves of the paper."
        ),
    )


def contributions(found: Findings, metrics: Metrics) -> Figure:
    """Return the contribution of channels."""
    return Figure(
        name="contributions",
        tables=("contributions",),
        finding=(
            "Contribution scores of a decoder of all synthetic channels find the informative ones with an "
            f"area under the curve of {metrics['contribution_auc'].text}."
        ),
        caption=(
            "Mean absolute weight of each channel in the spatial projection (equation 12) after training on "
            "labels, over the largest. Vermilion: channels whose true mixing exceeds 0.3 of the largest; "
            f"grey: others; black marks: true mixing. First of {_subjects(found)}. Interval: DeLong, over "
            f"{found.params.n_channels} channels of one training, which are not independent."
        ),
        alt=(
            "Bars along the six shafts, coloured where a channel is informative, with black marks for the "
            "true mixing, which is zero on the four shafts without speech."
        ),
    )


def leak(found: Findings, metrics: Metrics) -> Figure:
    """Return the leaks."""
    p = found.params
    return Figure(
        name="leak",
        tables=("leak",),
        finding=(
            "With permuted labels of synthetic trials, channels chosen outside the folds add "
            f"{metrics['leak selection outside'].text}; z-scores outside add "
            f"{metrics['leak z-score outside'].text}."
        ),
        caption=(
            f"Accuracy of a linear decoder for {p.n_permutations} permutations of the labels within blocks "
            "(dots), and their mean (black). Everything is learned inside the folds (left), z-scores on all "
            f"trials (middle), or {p.n_selected} channels on all trials (right). Dotted: chance; band: its "
            f"95{NBSP}% binomial interval for one permutation."
        ),
        alt=(
            "Three columns of dots with a bar at their mean: all learned inside the folds, z-scores "
            "outside, and selection outside, over a grey band around the dotted line of chance."
        ),
        width="single",
    )


def real(found: Findings) -> Figure:
    """Return the scores on real sets."""
    table = found.tables["real"]
    below = [
        name for name, rows in table.groupby("set", sort=False)
        if rows.loc[rows["method"] == "Du-IN", "accuracy"].iloc[0]
        < rows.loc[rows["method"] != "Du-IN", "accuracy"].max()
    ]  # fmt: skip
    n_sets = table["set"].nunique()
    return Figure(
        name="real",
        tables=("real",),
        finding=f"On {len(below)} of {n_sets} real sets a simple baseline beats the network.",
        caption=(
            f"Accuracy on test trials with 95{NBSP}% Wilson intervals; vermilion diamonds: the network from "
            "scratch, blue circles: simple baselines; dotted: larger class. Official test sets for "
            "SelfRegulationSCP1 (n = 293) and FingerMovements (n = 100), scalp EEG of one person each; five "
            "folds over 200 intracranial segments of Bonn, where segments of one patient can be on both "
            "sides. That segments of Bonn are standardised one by one, and the learning rate, were chosen "
            "after one of its folds had been seen."
        ),
        alt=(
            "One panel per data set with three rows: the network and two baselines, each a mark with an "
            "interval to the right of the dotted line of chance."
        ),
    )


def ecog(metrics: Metrics) -> Figure:
    """Return the codes of the ECoG recording."""
    return Figure(
        name="ecog",
        tables=("ecog",),
        finding=(
            f"{metrics['ecog_live'].value:.0f} codes of a real ECoG strip explain "
            f"{format_number(100 * metrics['ecog_force'].value, 0)}{NBSP}% of the grip force’s variance "
            f"({metrics['ecog_force'].method.split(' (')[0]})."
        ),
        caption=(
            "Grip force of one person (top) and the code of each 100 ms of five neighbouring differences of "
            "an ECoG strip (bottom), in the order of the force during a code; colour: force. The tokenizer "
            "never saw the force, nor the signals right of the dashed line. Few codes and 19 s: the "
            "recording is too short to train on, and this shows that real signals pass through. Mean "
            f"squared error {format_number(metrics['ecog_mse_train'].value, 2)} in training, "
            f"{format_number(metrics['ecog_mse_test'].value, 2)} held out."
        ),
        alt=(
            "Top: grip force with three presses. Bottom: dots, one per 100 ms, spread over the codes; "
            "brighter dots lie in the upper rows."
        ),
    )


def thumbnail(found: Findings) -> Figure:
    """Return the picture of the dashboard."""
    n = found.tables["subjects"]["subject"].nunique()
    return Figure(
        name="thumbnail",
        tables=("subjects",),
        finding="Accuracy of the four arms.",
        caption=f"Accuracy of the four published arms in {n} subjects.",
        alt="Twelve lines rise from left to right over four columns.",
        width="thumbnail",
    )
