"""What the pages about a lab's people say: quality, maps, and how two groups differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci._core.numbers import format_interval, format_number
from neurosci.preprocessing import _bids as bids
from neurosci.preprocessing import _bids_pages as say

from . import _plots_lab as plots
from ._lab import MASK, LabSettings, map_path
from ._lab_group import GROUP, GroupOutcome, features_of, map_names

if TYPE_CHECKING:
    import pandas as pd

MOST_DRAWN, N_SLICES, MOST_PIXELS = 4, 5, 64
QUALITY = {
    "scan": "Run",
    "status": "Status",
    "n_times": "Volumes",
    "t_r": "Repetition time (s)",
    "mean_fd": "Mean FD (mm)",
    "n_voxels": "Voxels",
    "n_excluded": "Voxels without signal",
    "n_edges": "Edges",
    "density": "Density",
    "n_confounds": "Confounds",
}


def _facts(source: Path, settings: LabSettings, quality: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    edges = (
        f"r above {settings.threshold:g}"
        if settings.density is None
        else f"strongest {100 * settings.density:g} % of pairs"
    )
    return (
        ("Data set", bids.dataset_name(source)),
        ("Runs", say.count_words(quality)),
        ("Edges", edges),
        ("Maps", ", ".join(settings.motifs)),
        ("Confounds", say.joined(settings.confounds) or "none"),
    )


def person_page(
    source: Path, output: Path, runs: Sequence[bids.Run], quality: pd.DataFrame, settings: LabSettings,
    command: Callable[[str], str], person: str,
) -> say.LabPage:  # fmt: skip
    """Return the page of one person: quality of the runs, and their maps."""
    rows = quality[quality["participant_id"] == person]
    own = rows.assign(scan=[say.run_words(row) for row in rows.to_dict("records")])
    made = [
        (run, row)
        for run, row in zip(runs, quality.to_dict("records"), strict=True)
        if run.subject == person and row["status"] != "failed"
    ]
    names = map_names(settings)
    drawn = [
        _run_section(output, run, say.run_words(row), names, place)
        for place, (run, row) in enumerate(made[:MOST_DRAWN])
    ]
    more = len(made) - len(drawn)
    about = say.Section(
        id="quality",
        heading="Quality",
        paragraphs=(
            "Each voxel of the mask is a node of the graph. A voxel that is constant, or not finite, has no "
            "edges and is 0 in each map.",
            *((f"{say.plural(more, 'more run')} are in the table only.",) if more > 0 else ()),
        ),
        listings=(say.listing("quality", "Quality of each run.", own, QUALITY),),
    )
    return say.LabPage(
        name=f"sub-{person}",
        analysis="graph_motif",
        title=f"sub-{person}",
        lede=f"Maps of graph motifs of {say.plural(len(own), 'run')} of one person.",
        facts=_facts(source, settings, rows),
        caution=say.caution_of(bids.dataset_name(source)),
        sections=(about, say.left_out(rows), *drawn),
        command=command(person),
    )


def _run_section(output: Path, run: bids.Run, words: str, names: list[str], place: int) -> say.Section:
    import pandas as pd
    from nilearn.image import load_img

    mask = load_img(str(output / MASK))
    tables = []
    for name in names:
        image = load_img(str(map_path(output, run, name)))
        tables.append(slice_table(np.log1p(image.get_fdata()), mask).assign(map=name))
    return say.Section(
        id=f"run-{place + 1}",
        heading=words,
        pictures=(
            say.Picture(
                name=f"run-{place + 1}",
                finding=f"Maps of {words}.",
                caption="log(1 + count) in axial slices of the mask; left is the side where the first axis "
                "of "
                "the image begins. White: outside of the mask.",
                alt="Rows of axial slices, one row for each map.",
                draw=plots.slices,
                tables=(pd.concat(tables, ignore_index=True),),
            ),
        ),
    )


def slice_table(volume: Any, mask: Any) -> pd.DataFrame:
    """Return some axial slices of a map as rows: slice (mm), row, column, value; only voxels of the mask."""
    import pandas as pd

    inside = np.asarray(mask.dataobj) > 0
    filled = np.flatnonzero(inside.any(axis=(0, 1)))
    # inner ones: the ends of a brain show little
    chosen = np.unique(np.quantile(filled, np.linspace(0.1, 0.9, N_SLICES)).round().astype(int))
    across = [np.flatnonzero(inside.any(axis=axes)) for axes in ((1, 2), (0, 2))]
    every = max(1, -(-max(int(np.ptp(ends)) + 1 for ends in across) // MOST_PIXELS))
    low = [int(ends[0]) for ends in across]
    rows = []
    for k in chosen.tolist():
        x, y = np.nonzero(inside[low[0] :: every, low[1] :: every, k])
        values = volume[low[0] :: every, low[1] :: every, k][x, y]
        place = float((mask.affine @ [0, 0, k, 1])[2])
        rows.append(pd.DataFrame({"slice": round(place, 1), "row": y, "column": x, "value": values.round(3)}))
    return pd.concat(rows, ignore_index=True)


def group_page(
    source: Path, output: Path, quality: pd.DataFrame, settings: LabSettings, command: str,
    outcome: GroupOutcome | None, problem: str, pages: Sequence[str], absent: Sequence[str],
) -> say.LabPage:  # fmt: skip
    """Return the page about all people."""
    links = {f"sub-{person}": f"sub-{person}.html" for person in pages}
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
    people = say.people_in(quality)
    sections = [say.left_out(quality, links), about]
    if people:
        sections = [
            _summary(quality, people, outcome, problem),
            *sections,
            _mean_maps(source, output, settings, quality, people),
        ]
    if outcome is not None:
        sections.append(_difference(output, settings, outcome))
    return say.LabPage(
        name=say.GROUP_PAGE,
        analysis="graph_motif",
        title="All people",
        lede=f"Maps of graph motifs of {say.plural(len(people), 'person', 'people')}, the quality of their "
        "runs, and what was left out.",
        facts=_facts(source, settings, quality),
        caution=say.caution_of(bids.dataset_name(source)),
        sections=tuple(sections),
        command=command,
    )


def _summary(
    quality: pd.DataFrame, people: Sequence[str], outcome: GroupOutcome | None, problem: str
) -> say.Section:
    runs = quality[quality["status"] == "included"]
    density = runs["density"].astype(float)
    lines = [
        f"{len(runs)} of {len(quality)} runs of {say.plural(len(people), 'person', 'people')} are included. "
        "Their "
        f"graphs join {100 * density.mean():.2g} % of the pairs of voxels on average "
        f"({100 * density.min():.2g} "
        f"to {100 * density.max():.2g} %)."
    ]
    if outcome is not None:
        model = outcome.scores[(outcome.scores["score"] == "model") & (outcome.scores["metric"] == "auc")]
        said = "; ".join(
            f"{row['map']} {format_interval(row['value'], row['low'], row['high'])}"
            for row in model.to_dict("records")
        )
        sizes = " and ".join(f"{n} {label}" for label, n in outcome.n_people.items())
        lines.append(f"Groups: {sizes}. Area under the ROC curve of a classifier on people left out: {said}.")
    if problem:
        lines.append(f"There is no comparison of groups: {problem}.")
    return say.Section(id="answer", heading="Summary", paragraphs=tuple(lines))


def _mean_maps(
    source: Path, output: Path, settings: LabSettings, quality: pd.DataFrame, people: list[str]
) -> say.Section:
    import pandas as pd
    from nilearn.image import load_img
    from nilearn.masking import unmask

    mask = load_img(str(output / MASK))
    folder = output / GROUP
    folder.mkdir(exist_ok=True)
    tables = []
    for name in map_names(settings):
        mean = features_of(output, source, settings, name, people).mean(axis=0)
        image = unmask(mean, mask)
        image.to_filename(folder / f"stat-{name.replace('_', '')}mean_statmap.nii.gz")
        tables.append(slice_table(image.get_fdata(), mask).assign(map=name))
    runs = quality.loc[quality["status"] == "included", ["density", "mean_fd"]].astype(float)
    return say.Section(
        id="maps",
        heading="Maps",
        pictures=(
            say.Picture(
                name="mean",
                finding="Mean maps of all people.",
                caption=f"Mean of log(1 + count) over people in axial slices; runs of a person are averaged "
                f"first. n = {len(people)} people.",
                alt="Rows of axial slices, one row for each map.",
                draw=plots.slices,
                tables=(pd.concat(tables, ignore_index=True),),
            ),
            say.Picture(
                name="runs",
                finding="How many pairs are edges, run by run.",
                caption="**a**, density of the graph of each run. **b**, against mean framewise "
                "displacement: "
                f"where one follows the other, motion makes edges. n = {len(runs)} runs.",
                alt="Two scatter plots with one mark for each run.",
                draw=plots.runs,
                tables=(runs,),
            ),
        ),
    )


def _difference(output: Path, settings: LabSettings, outcome: GroupOutcome) -> say.Section:
    import pandas as pd
    from nilearn.image import load_img

    mask = load_img(str(output / MASK))
    tables, below = [], []
    for name in map_names(settings):
        letters = "".join(letter for letter in name if letter.isalnum())
        t, q = (
            load_img(str(output / GROUP / f"stat-{letters}{kind}_statmap.nii.gz")).get_fdata()
            for kind in ("t", "q")
        )
        tables.append(slice_table(t, mask).assign(map=name))
        share = float((q[np.asarray(mask.dataobj) > 0] < 0.05).mean())
        below.append(f"{name} {100 * share:.2g} %")
    first, second = outcome.n_people
    shown = outcome.scores[outcome.scores["metric"] == "auc"].sort_values(["map", "score"], kind="stable")
    told = outcome.scores[outcome.scores["metric"].isin(["auc", "balanced_accuracy"])]
    listed = told.assign(
        interval=[
            format_interval(row["value"], row["low"], row["high"])
            if row["low"] == row["low"]
            else format_number(row["value"])
            for row in told.to_dict("records")
        ]
    )
    columns = {"map": "Map", "score": "Model", "metric": "Score", "interval": "Value, 95% interval", "n": "n",
               "pvalue": "p (permutations)"}  # fmt: skip
    return say.Section(
        id="groups",
        heading=f"{second} against {first}",
        paragraphs=(
            f"Voxels whose difference has q below 0.05 (Benjamini and Hochberg): {'; '.join(below)}. Read "
            "the "
            "classifier beside what needs no image: motion, age and sex, and the site.",
        ),
        listings=(say.listing("scores", "Scores on people who are left out.", listed, columns),),
        pictures=(
            say.Picture(
                name="difference",
                finding=f"Where {second} and {first} differ.",
                caption=f"t of the difference within sites in axial slices; red where {second} have more. "
                f"n = {sum(outcome.n_people.values())} people.",
                alt="Rows of axial slices of t values, one row for each map.",
                draw=plots.slices,
                tables=(pd.concat(tables, ignore_index=True),),
            ),
            say.Picture(
                name="scores",
                finding="What each model knows about the group.",
                caption="Marks are areas under the ROC curve, bars 95% intervals, the dashed line is chance.",
                alt="One panel for each map, with one mark and an interval for each model.",
                draw=plots.scores,
                tables=(shown[["map", "score", "value", "low", "high"]],),
            ),
        ),
    )
