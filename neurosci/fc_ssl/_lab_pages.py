"""What the pages about a lab's people say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.numbers import format_interval, format_number
from neurosci.preprocessing import _bids as bids
from neurosci.preprocessing import _bids_pages as say
from neurosci.preprocessing._bids_runs import record_of

from . import _plots_lab as plots
from ._dynamic import STEP_S, WINDOW_S
from ._lab import LabSettings, series_path
from ._lab_connectivity import connectivity_of
from ._lab_group import RIDGE, GroupOutcome

if TYPE_CHECKING:
    import pandas as pd

MOST_DRAWN = 6
"""Runs of a person that are drawn; all are in the table."""
MOST_TIMES, MOST_REGIONS = 400, 200
QUALITY = {
    "scan": "Run",
    "status": "Status",
    "n_times": "Volumes",
    "t_r": "Repetition time (s)",
    "mean_fd": "Mean FD (mm)",
    "percent_fd": "Above 0.2 mm (%)",
    "n_constant": "Constant regions",
    "coverage_min": "Smallest coverage",
    "n_confounds": "Confounds",
}


def _facts(source: Path, settings: LabSettings, quality: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    return (
        ("Data set", bids.dataset_name(source)),
        ("Runs", say.count_words(quality)),
        ("Atlas", Path(settings.atlas).name),
        ("Confounds", say.joined(settings.confounds) or "none"),
        ("Pass band", _band(settings)),
    )


def _band(settings: LabSettings) -> str:
    ends = [f"{value:g}" if value is not None else "…" for value in (settings.high_pass, settings.low_pass)]
    return "not filtered" if ends == ["…", "…"] else f"{ends[0]} to {ends[1]} Hz"


def person_page(
    source: Path, output: Path, runs: Sequence[bids.Run], quality: pd.DataFrame, settings: LabSettings,
    command: Callable[[str], str], person: str,
) -> say.LabPage:  # fmt: skip
    """Return the page of one person: quality of the runs, and how each looks."""
    rows = quality[quality["participant_id"] == person]
    own = rows.assign(scan=[say.run_words(row) for row in rows.to_dict("records")])
    made = [
        (run, row)
        for run, row in zip(runs, quality.to_dict("records"), strict=True)
        if run.subject == person and row["status"] != "failed"
    ]
    drawn = [_run_section(output, run, row, place) for place, (run, row) in enumerate(made[:MOST_DRAWN])]
    more = len(made) - len(drawn)
    listed = say.listing("quality", "Quality of each run.", own, QUALITY)
    about = say.Section(
        id="quality",
        heading="Quality",
        paragraphs=(
            "Coverage is the share of a region’s voxels that vary; FD is framewise displacement. A region "
            "that "
            "is constant, or has no voxel here, has no correlation and is left out of every number.",
            *((f"{say.plural(more, 'more run')} are in the table only.",) if more > 0 else ()),
        ),
        listings=(listed,),
    )
    return say.LabPage(
        name=f"sub-{person}",
        analysis="fc_ssl",
        title=f"sub-{person}",
        lede=f"Region series and connectivity of {say.plural(len(own), 'run')} of one person.",
        facts=_facts(source, settings, rows),
        caution=say.caution_of(bids.dataset_name(source)),
        sections=(about, say.left_out(rows), *drawn),
        command=command(person),
    )


def _run_section(output: Path, run: bids.Run, row: Mapping[str, Any], place: int) -> say.Section:
    import pandas as pd

    path = series_path(output, run)
    series = np.load(path, allow_pickle=False)
    t_r = float(row["t_r"])
    found = connectivity_of(series, t_r, run.name)
    moved = np.asarray(record_of(path.with_suffix(".json")).get("displacement") or [], dtype=np.float64)
    motion = pd.DataFrame({"time": np.arange(len(moved)) * t_r, "displacement": moved})
    first, second = np.meshgrid(found.centres, found.centres, indexing="ij")
    windows = pd.DataFrame(
        {"first": first.ravel(), "second": second.ravel(), "r": found.similarity.ravel().round(3)}
    )
    static = pd.DataFrame(found.static.round(3), columns=[str(i + 1) for i in range(len(found.static))])
    dynamic = (
        f"From window to window, Fisher’s z of a pair has a standard deviation of {found.spread:.2f}, and of "
        f"{found.spread_null:.2f} in a surrogate with the same spectra and random phases."
        if np.isfinite(found.spread)
        else f"It is too short for three windows of {WINDOW_S:.0f} s."
    )
    words = say.run_words(row)
    return say.Section(
        id=f"run-{place + 1}",
        heading=words,
        paragraphs=(dynamic,),
        pictures=(
            say.Picture(
                name=f"run-{place + 1}",
                finding=f"Motion, series and connectivity of {words}.",
                caption="**a**, framewise displacement. **b**, series of the regions, in standard "
                "deviations. "
                f"**c**, correlation of all pairs; grey where a region does not change. **d**, how alike the "
                f"pairs are in windows of {WINDOW_S:.0f} s, every {STEP_S:.0f} s. "
                f"{format_number(int(row['n_times']))} volumes.",
                alt="Four panels: displacement over time, a map of region series over time, a matrix of "
                "correlations, and a matrix of the similarity of windows.",
                draw=plots.run,
                tables=(_carpet(series, t_r), motion, static, windows),
            ),
        ),
    )


def _carpet(series: NDArray[Any], t_r: float) -> pd.DataFrame:
    """Return the series with the points and digits that a picture needs."""
    import pandas as pd

    every = max(1, -(-len(series) // MOST_TIMES))
    regions = np.unique(
        np.linspace(0, series.shape[1] - 1, min(series.shape[1], MOST_REGIONS)).round().astype(int)
    )
    columns: dict[str, Any] = {"time": (np.arange(len(series)) * t_r)[::every].round(2)}
    columns |= {str(i + 1): series[::every, i].astype(np.float64).round(1) for i in regions.tolist()}
    return pd.DataFrame(columns)


def group_page(
    source: Path, quality: pd.DataFrame, settings: LabSettings, outcome: GroupOutcome | None,
    pages: Sequence[str], absent: Sequence[str], command: str,
) -> say.LabPage:  # fmt: skip
    """Return the page about all people."""
    links = {f"sub-{person}": f"sub-{person}.html" for person in pages}
    people = len(say.people_in(quality))
    rows = quality.assign(
        person=[f"sub-{one}" for one in quality["participant_id"]],
        scan=[say.run_words(row) for row in quality.to_dict("records")],
    )
    listed = say.listing(
        "quality", "Quality of every run.", rows, {"person": "Person", **QUALITY}, pages=links
    )
    about = say.Section(
        id="quality", heading="Quality", paragraphs=say.absent_words(absent), listings=(listed,)
    )
    sections = [say.left_out(quality, links), about]
    if outcome is not None:
        sections = [_summary(outcome, people, len(quality)), *sections, _connectivity(outcome, people)]
        if outcome.scores is not None:
            sections.append(_prediction(outcome.scores))
    return say.LabPage(
        name=say.GROUP_PAGE,
        analysis="fc_ssl",
        title="All people",
        lede=f"Static and dynamic connectivity of {say.plural(people, 'person', 'people')}, the quality of "
        "their runs, and what was left out.",
        facts=_facts(source, settings, quality),
        caution=say.caution_of(bids.dataset_name(source)),
        sections=tuple(sections),
        command=command,
    )


def _summary(outcome: GroupOutcome, people: int, n_runs: int) -> say.Section:
    runs = outcome.runs
    lines = [
        f"{len(runs)} of {n_runs} runs of {people} people are included. The mean correlation of a pair is "
        f"{runs['fc_mean'].mean():.2f} (SD over runs {_sd(runs['fc_mean'])})."
    ]
    both = runs[["dfc_sd", "dfc_sd_surrogate"]].dropna()
    if len(both):
        above = int((both["dfc_sd"] > both["dfc_sd_surrogate"]).sum())
        lines.append(
            f"In {above} of {len(both)} runs that are long enough, connectivity changes more from window to "
            "window than in a surrogate with the same spectra and random phases; chance is one half."
        )
    known = runs.dropna(subset=["mean_fd", "fc_mean"])
    if len(known) > 3 and known["mean_fd"].std() > 0 and known["fc_mean"].std() > 0:
        from scipy.stats import spearmanr

        rho = float(spearmanr(known["mean_fd"], known["fc_mean"]).statistic)
        lines.append(
            f"Rank correlation of motion and mean connectivity over runs: {rho:.2f}.".replace("-", "−")
        )
    if outcome.problem:
        lines.append(f"There is no prediction: {outcome.problem}.")
    if outcome.missing:
        lines.append(
            "Without a series in at least one person, and so in no prediction: "
            f"{say.joined(outcome.missing)}."
        )
    return say.Section(id="answer", heading="Summary", paragraphs=tuple(lines))


def _sd(values: pd.Series) -> str:
    return f"{values.std():.2f}" if len(values) > 1 else "not defined for one"


def _connectivity(outcome: GroupOutcome, people: int) -> say.Section:
    runs = outcome.runs[["fc_mean", "fc_sd", "dfc_sd", "dfc_sd_surrogate", "mean_fd"]]
    return say.Section(
        id="connectivity",
        heading="Connectivity",
        pictures=(
            say.Picture(
                name="matrix",
                finding="Static connectivity of all people.",
                caption="**a**, mean of Pearson’s r over people (on Fisher’s scale). **b**, standard "
                "deviation "
                "over people. Runs of a person are averaged first. Grey: no person has a series. n = "
                f"{people} "
                "people.",
                alt="Two matrices, regions by regions: mean correlation and its spread over people.",
                draw=plots.group_matrix,
                tables=(outcome.mean, outcome.spread),
            ),
            say.Picture(
                name="people",
                finding="Each run’s connectivity, its change over windows, and its motion.",
                caption="**a**, mean and standard deviation over pairs. **b**, standard deviation of "
                "Fisher’s z "
                "over windows, mean over pairs, against that of one surrogate with random phases; on the "
                "dashed "
                "line connectivity changes as much as that of a stationary process. **c**, mean over pairs "
                f"against mean framewise displacement. n = {len(runs)} runs.",
                alt="Three scatter plots, one mark for each run.",
                draw=plots.people,
                tables=(runs,),
            ),
        ),
    )


def _prediction(scores: pd.DataFrame) -> say.Section:
    column = str(scores["phenotype"].iloc[0])
    metric = "auc" if (scores["metric"] == "auc").any() else "r"
    label = "area under the ROC curve" if metric == "auc" else "r of predicted and true"
    shown = scores[scores["metric"] == metric].assign(chance=0.5 if metric == "auc" else 0.0, label=label)
    row = shown[shown["model"] == RIDGE].iloc[0]
    value = format_interval(row["value"], row["low"], row["high"])
    table = scores.assign(
        interval=[
            format_interval(one["value"], one["low"], one["high"])
            if one["low"] == one["low"]
            else format_number(one["value"])
            for one in scores.to_dict("records")
        ]
    )
    columns = {
        "model": "Model",
        "metric": "Score",
        "interval": "Value, 95% interval",
        "n": "n",
        "split": "Split",
    }
    return say.Section(
        id="prediction",
        heading=f"Prediction of {column}",
        paragraphs=(
            f"Ridge regression on static connectivity: {label} {value}, n = {int(row['n'])} people, who are "
            "never in the training set of their fold. Read it beside the other rows: what motion, age, sex "
            "and "
            "site tell without an image, and what ridge makes of labels that were exchanged at random.",
        ),
        listings=(say.listing("scores", f"Scores for {column}.", table, columns),),
        pictures=(
            say.Picture(
                name="scores",
                finding=f"What each model knows about {column}.",
                caption=f"Marks are the {label}, bars 95% intervals, the dashed line is chance.",
                alt="One mark with an interval for each model.",
                draw=plots.scores,
                tables=(shown[["model", "value", "low", "high", "chance", "label"]],),
                wide=False,
            ),
        ),
    )
