"""Findings, captions and alternative texts of the figures, written from computed numbers."""

from __future__ import annotations

from neurosci._core.numbers import NBSP, format_number
from neurosci._core.result import Figure

from ._compute import Findings
from ._compute_synthetic import MAIN
from ._dynamic import MOST_REGIONS, WINDOW_S
from ._verdicts import Metrics, first_panel, protocol_of


def figures(found: Findings, metrics: Metrics) -> tuple[Figure, ...]:
    """Return every figure of the report, in its order."""
    return (
        dynamic(found),
        labels(found, metrics),
        table(found, metrics),
        reconstruction(found),
        ablation(found),
        missing(found, metrics),
        attention(found),
        thumbnail(found),
    )


def mark(found: Findings) -> str:
    """Return the word that every caption on the generator carries."""
    return "people" if found.real else "**synthetic** scans"


def dynamic(found: Findings) -> Figure:
    """Return the dynamics of one scan."""
    similarity = found.tables["similarity"]
    apart = similarity[(similarity["second"] - similarity["first"]) >= WINDOW_S]["r"]
    return Figure(
        name="dynamic",
        tables=("carpet", "windows", "similarity"),
        finding=(
            f"Windows that share no frame are alike with a correlation of {format_number(apart.median(), 2)} "
            f"(median) in {found.example.words}."
        ),
        caption=(
            f"**a**, series of the first {MOST_REGIONS} regions at most, filtered above 1/{WINDOW_S:g} Hz, "
            f"in standard deviations. **b**, correlation of every window of {WINDOW_S:g} s with every other, "
            "over pairs of regions. **c**, four windows: above the diagonal r, below it the pairs that are "
            f"edges (the largest 30{NBSP}% of all entries). One scan; stationary noise would also fluctuate, "
            "so this shows what is learned from and is no evidence for states."
        ),
        alt=(
            "A carpet of region series with broad vertical stripes; a square of similarities with a bright "
            "diagonal; and four square matrices of correlations with their thresholded edges below the "
            "diagonal, similar to one another but not equal."
        ),
    )


def labels(found: Findings, metrics: Metrics) -> Figure:
    """Return scores against the number of labels."""
    gain = metrics.get("gain over untrained", metrics[f"gain over untrained, {MAIN}"])
    static = metrics.get("gain over static", metrics[f"gain over static, {MAIN}"])
    curves = found.tables["labels"]
    sizes = sorted(set(curves.loc[curves["panel"] == first_panel(found), "n_labels"]))
    what = "three targets" if found.real else f"the **synthetic** task {MAIN}"
    if found.real:
        what = f"{len(found.params.targets)} targets"
    synthetic = "" if found.real else "**synthetic**: "
    repeats = found.params.n_resamples
    data_sets = found.params.synthetic_seeds
    return Figure(
        name="labels",
        tables=("labels",),
        finding=(
            f"Over {what}, pre-training in space and time scores {gain.text} above a random encoder and "
            f"{static.text} above static ridge ({synthetic}{sizes[0]} to {sizes[-1]} labels)."
        ),
        caption=(
            "Scores against the number of labelled people: a ridge on frozen features of each encoder, all "
            "pre-trained on the same scans for the same number of epochs, beside ridge on static "
            f"connectivity and on the spread of windows. Areas compare people of one site. {repeats} draws "
            "of labels and test set"
            + (f", {data_sets} data sets for **synthetic** panels" if data_sets > 1 else "")
            + f"; bars are 95{NBSP}% t intervals over draws, which share people and so are too narrow for "
            "statements beyond them. Dashed line: chance. Panels named synthetic are made by the generator."
        ),
        alt=(
            "Panels with one line for each model rising with the number of labels. On people static ridge "
            "lies above all encoders; on the synthetic task of dwell times the spread of windows lies "
            "highest, then the pre-trained encoders, and the random encoder at chance."
            if found.real
            else "Panels with one line for each model over the number of labels, on synthetic tasks."
        ),
    )


def table(found: Findings, metrics: Metrics) -> Figure:
    """Return all models on the same folds."""
    people, target, protocol, metric = protocol_of(found)
    best = metrics[f"{metric}, {people}, {target}, {protocol}, both"]
    static = metrics[f"{metric}, {people}, {target}, {protocol}, static"]
    confounds = metrics.get(f"{metric}, {people}, {target}, {protocol}, confounds")
    beside = "" if confounds is None else f" and what is known without a scan {confounds.text}"
    n = best.n_text
    return Figure(
        name="table",
        tables=("scores",),
        finding=(
            f"With all labels, {target}: space and time {best.text}, static ridge {static.text}{beside}"
            + ("." if found.real else " (**synthetic**).")
        ),
        caption=(
            f"Five folds over {n} "
            + ("at sites that no encoder has seen in pre-training" if found.real else "of the generator")
            + f", the same for all rows; 95{NBSP}% intervals over people (DeLong, within sites or over all; "
            "Fisher for r). Rows called permuted had their labels exchanged within sites and must lie "
            "at chance (dashed). Confounds are site, age, sex, eyes open or closed, diagnosis and motion, "
            "less the target. The table also holds the baselines of everybody."
        ),
        alt=(
            "Rows of points with horizontal intervals, one row for each model, a panel for each target; "
            "permuted rows lie at chance, and static ridge is among the highest rows."
        ),
    )


def reconstruction(found: Findings) -> Figure:
    """Return how well hidden entries are reconstructed."""
    rows = found.tables["reconstruction"].query("arm == 'both'").set_index(["branch", "predictor", "score"])
    n = int(rows["n"].iloc[0])

    def value(branch: str, who: str, score: str) -> str:
        return str(format_number(rows.loc[(branch, who, score), "value"], 3))

    beside = (
        f"two neighbouring windows {value('temporal', 'neighbours', 'node')}, "
        if ("temporal", "neighbours", "node") in rows.index
        else ""
    )
    return Figure(
        name="reconstruction",
        tables=("losses", "reconstruction"),
        finding=(
            f"An unseen window is predicted with an error of {value('temporal', 'model', 'node')}; "
            f"{beside}the mean window {value('temporal', 'mean', 'node')} ({mark(found)})."
        ),
        caption=(
            f"Space and time, on {n} held-out scans ({mark(found)}). **a**, scaled cosine error of hidden "
            "entries after each epoch. **b**, the same error of trained model and of predictors that need "
            "none: the mean window of the pool and, in time, the mean of the two windows shown, which share "
            f"no frame with the target. **c**, area under the ROC curve of hidden edges. 95{NBSP}% t "
            "intervals over scans."
        ),
        alt=(
            "Left: errors falling over epochs. Middle and right: rows of points for model, mean window and "
            "neighbours, in space and in time, close to one another."
        ),
    )


def ablation(found: Findings) -> Figure:
    """Return one choice changed at a time."""
    rows = found.tables["ablation"].set_index(["choice", "setting"])
    leak, closed = (format_number(rows.loc[("leak_time_code", place), "auc"], 2) for place in (1.0, 0.0))
    n = int(rows["n"].iloc[0])
    return Figure(
        name="ablation",
        tables=("ablation",),
        finding=(
            f"On **synthetic** scans the area is {closed} with the time code closed and {leak} where it may "
            "see what is to be predicted."
        ),
        caption=(
            f"Area under the ROC curve of the **synthetic** task {MAIN}, five folds over {n} scans, ridge on "
            f"frozen features, with one choice of pre-training changed at a time; 95{NBSP}% DeLong "
            "intervals. Filled: the default. A weight of zero is the spatial task alone. Intervals take each "
            "encoder as given: another seed of pre-training would move the points."
        ),
        alt=(
            "Small panels, each with a few points and intervals over the values of one choice; the default "
            "is filled."
        ),
    )


def missing(found: Findings, metrics: Metrics) -> Figure:
    """Return scores of scans that end early."""
    n = int(found.tables["missing"]["n"].iloc[0])
    share = format_number(100 * max(found.params.missing))
    return Figure(
        name="missing",
        tables=("missing",),
        finding=(
            f"With {share}{NBSP}% of each **synthetic** test scan missing, space and time loses an area of "
            f"{metrics['missing, loss'].text} and stays {metrics['missing, both over untrained'].text} above "
            "a random encoder."
        ),
        caption=(
            f"Area under the ROC curve of the **synthetic** task {MAIN} where the end of each test scan is "
            f"missing; all models learned from whole scans; n = {n} scans, 95{NBSP}% DeLong intervals. "
            "Dashed: chance."
        ),
        alt=(
            "Lines for each model, falling slowly with the share of the scan that is missing; a random "
            "encoder lies at chance."
        ),
        width="single",
    )


def attention(found: Findings) -> Figure:
    """Return where a classifier looks."""
    switches = found.tables["switches"]
    slope = switches.groupby("person")[["purity", "attention"]].corr().iloc[0::2, -1].dropna()
    regions = "" if not found.real else (
        f" **b**, the twelve regions whose weight differs most between people with autism and controls among "
        f"{found.numbers['supervised_n']:.0f} test people (t, not corrected for "
        f"{len(found.tables['regions'])} regions), of a classifier with an area of "
        f"{format_number(found.numbers['supervised_auc'], 2)}: a weight tells where a model looks, not what "
        "differs in the brain."
    )  # fmt: skip
    return Figure(
        name="attention",
        tables=("switches", "regions") if found.real else ("switches",),
        finding=(
            "On **synthetic** scans attention to a window goes with how much of it is one state: median "
            f"correlation {format_number(slope.median(), 2)} over windows of a scan."
        ),
        caption=(
            "**a**, attention that a window receives, relative to equal attention (dashed), against the "
            f"largest share of one true state in it; fine-tuned on the **synthetic** task {MAIN} (area "
            f"{format_number(found.numbers['attention_auc'], 2)}); means over {switches['person'].nunique()} "
            f"test scans with 95{NBSP}% t intervals.{regions}"
        ),
        alt=(
            "Left: mean attention over bins of window purity for both classes. Right: a list of regions with "
            "the difference of their weights between groups."
            if found.real
            else "Mean attention over bins of window purity for both classes, near the line of equal ones."
        ),
        width="double" if found.real else "single",
    )


def thumbnail(found: Findings) -> Figure:
    """Return the picture of the dashboard."""
    panel = first_panel(found)
    return Figure(
        name="thumbnail",
        tables=("labels",),
        finding=f"Scores against the number of labels, {panel}.",
        caption=f"{panel}, {mark(found)}.",
        alt="Three lines over the number of labels: static ridge, space and time, and a random encoder.",
        width="thumbnail",
    )
