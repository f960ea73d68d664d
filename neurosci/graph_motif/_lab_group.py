"""From the maps of people to those of two groups, their difference, and what a classifier scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import suggest
from neurosci._core.files import write_text
from neurosci.preprocessing import _bids as bids

from ._compute_synthetic import group_difference
from ._lab import MASK, QUALITY, WHERE, LabSettings, map_path

if TYPE_CHECKING:
    import pandas as pd

GROUP = "group"
FEWEST = 5
"""People of each group: inner folds need as many."""


@dataclass(frozen=True)
class GroupOutcome:
    """What two groups differ in.

    Parameters
    ----------
    scores : DataFrame
        Scores of the classifier and of what needs no image, one row for each map, score and metric.
    n_people : dict of str to int
        People of each group.
    files : tuple of Path
        Images and the table that were written.
    """

    scores: pd.DataFrame
    n_people: dict[str, int]
    files: tuple[Path, ...]


def compare_groups(
    bids_dir: str | Path,
    output_dir: str | Path,
    settings: LabSettings,
    *,
    column: str,
    n_permutations: int = 0,
    random_state: int = 0,
    report: Callable[[str], None] | None = None,
) -> GroupOutcome:
    """Compare the maps of two groups of people, which the participant level has made.

    Counts of a person's runs are averaged on the scale log(1 + count). Means of both groups, t and q (of
    Benjamini and Hochberg) of their difference within sites are written as images; a classifier is scored
    with one site left out at a time, or in five folds where there is one site.

    Parameters
    ----------
    bids_dir : path-like
        Folder with fMRIPrep's results; ``participants.tsv`` lies in it or in the folder above.
    output_dir : path-like
        Folder of the participant level.
    settings : LabSettings
        Settings of the participant level.
    column : str
        Column of ``participants.tsv`` with two values; the second in sorted order is the positive one.
    n_permutations : int, default=0
        Permutations of the labels within sites.
    random_state : int, default=0
        Seed of folds and permutations.
    report : callable, default=None
        Told one line about each map.

    Returns
    -------
    GroupOutcome
        Scores and files.

    Raises
    ------
    FileNotFoundError
        If there is no table of people, or no maps.
    ValueError
        If the column is missing or has not two values, or a group has fewer than five people.
    """
    import pandas as pd

    source, output = Path(bids_dir), Path(output_dir)
    names, person, positive, site, about, labels = _people(source, output, settings, column)
    folder = output / GROUP
    folder.mkdir(exist_ok=True)
    files: list[Path] = []
    tables = []
    for name in names:
        features = features_of(output, source, settings, name, person)
        files += _write_maps(output, folder, name, features, positive, site, labels)
        table = _scores(features, positive, site, about, n_permutations, random_state)
        tables.append(table.assign(map=name))
        if report is not None:
            row = table[(table["score"] == "model") & (table["metric"] == "auc")].iloc[0]
            report(f"{name}  area {row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}], n = {row['n']}")
    scores = pd.concat(tables, ignore_index=True)
    scores = scores[["map", *(name for name in scores if name != "map")]]
    path = folder / "scores.tsv"
    write_text(path, scores.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n"))
    sizes = {labels[0]: int((~positive).sum()), labels[1]: int(positive.sum())}
    return GroupOutcome(scores, sizes, (*files, path))


def check_column(source: Path, column: str) -> pd.DataFrame:
    """Return the table of people, or refuse a column that does not make two groups of them."""
    people = bids.read_people(source)
    if people.empty:
        raise FileNotFoundError(f"{WHERE}: {source} must hold participants.tsv, got none in it or above it")
    if column not in people:
        raise ValueError(
            f"{WHERE}: --group-column must be a column of participants.tsv, got {column!r} "
            f"({suggest(column, list(people))})"
        )
    labels = sorted(set(people[column]) - {"", "n/a"})
    if len(labels) != 2:
        raise ValueError(
            f"{WHERE}: column {column!r} must have two values, got {', '.join(labels) or 'none'}"
        )
    return people


def _people(source: Path, output: Path, settings: LabSettings, column: str) -> tuple[Any, ...]:
    """Return maps, people, their group and site, what is known beside images, and the two labels."""
    import pandas as pd

    if not (output / QUALITY).is_file():
        raise FileNotFoundError(
            f"{WHERE}: {output} must hold maps, got none (run the level participant first)"
        )
    quality = pd.read_csv(output / QUALITY, sep="\t", dtype={"participant_id": str}, na_values="n/a")
    usable = quality[quality["status"] == "included"]
    people = check_column(source, column)
    people = people[people["participant_id"].isin(usable["participant_id"])]
    people = people[~people[column].isin(["", "n/a"])].sort_values("participant_id", ignore_index=True)
    labels = sorted(people[column].unique())
    if len(labels) != 2:
        raise ValueError(
            f"{WHERE}: column {column!r} must have two values, got {', '.join(labels) or 'none'}"
        )
    positive = (people[column] == labels[1]).to_numpy()
    fewest = min(positive.sum(), (~positive).sum())
    if fewest < FEWEST:
        raise ValueError(f"{WHERE}: each group must have at least {FEWEST} people with maps, got {fewest}")
    site = people["site"].to_numpy(str) if "site" in people else np.repeat("one", len(people))
    motion = usable.groupby("participant_id")["mean_fd"].mean().reindex(people["participant_id"])
    about: dict[str, pd.DataFrame | None] = {
        "motion": None if motion.isna().all() else motion.to_frame().reset_index(drop=True),
        "phenotype": None,
    }
    known = {
        "age": pd.to_numeric(people["age"], errors="coerce") if "age" in people else None,
        "sex": people["sex"].replace("n/a", None) if "sex" in people else None,
    }
    columns = {name: values for name, values in known.items() if values is not None and values.notna().any()}
    if columns:
        about["phenotype"] = pd.DataFrame(columns)
    names = map_names(settings)
    return names, people["participant_id"].tolist(), positive, site, about, labels


def map_names(settings: LabSettings) -> list[str]:
    """Return what the maps of a run are called."""
    from ._transformer import MotifMapTransformer

    maps = MotifMapTransformer(settings.threshold, settings.motifs, coordinates=np.zeros((2, 3)))
    return list(maps.map_names())


def features_of(
    output: Path, source: Path, settings: LabSettings, name: str, people: list[str]
) -> NDArray[np.float64]:
    """Return the map of each person, shape (n_people, n_voxels), their runs averaged."""
    import pandas as pd
    from nilearn.masking import apply_mask

    quality = pd.read_csv(output / QUALITY, sep="\t", dtype=str, keep_default_na=False)
    keys = ["participant_id", "session", "task", "run"]
    included = {
        tuple("" if value == "n/a" else value for value in row)
        for row in quality.loc[quality["status"] == "included", keys].itertuples(index=False)
    }
    runs = bids.find_runs(WHERE, source, participants=people, task=settings.task, space=settings.space)
    rows = []
    for person in people:
        paths = [
            map_path(output, run, name)
            for run in runs
            if run.subject == person and (run.subject, run.session, run.task, run.run) in included
        ]
        counts = apply_mask([str(path) for path in paths], str(output / MASK), dtype=np.float64)
        rows.append(np.log1p(counts).mean(axis=0))
    return np.array(rows)


def _write_maps(
    output: Path,
    folder: Path,
    name: str,
    features: NDArray[np.float64],
    positive: NDArray[np.bool_],
    site: NDArray[Any],
    labels: list[str],
) -> list[Path]:
    """Write the mean of each group, t and q."""
    from nilearn.masking import unmask

    from neurosci.stats import adjust_pvalues

    t, p = group_difference(features, positive, site)
    maps = {
        f"group-{_letters(labels[0])}_stat-{_letters(name)}mean": features[~positive].mean(axis=0),
        f"group-{_letters(labels[1])}_stat-{_letters(name)}mean": features[positive].mean(axis=0),
        f"stat-{_letters(name)}t": t,
        f"stat-{_letters(name)}q": adjust_pvalues(p, method="bh"),
    }
    paths = []
    for title, values in maps.items():
        path = folder / f"{title}_statmap.nii.gz"
        unmask(values, str(output / MASK)).to_filename(path)
        paths.append(path)
    return paths


def _letters(text: str) -> str:
    """Return a value as names of BIDS files take it: letters and digits alone."""
    return "".join(letter for letter in text if letter.isalnum())


def _scores(
    features: NDArray[np.float64],
    positive: NDArray[np.bool_],
    site: NDArray[Any],
    about: dict[str, Any],
    n_permutations: int,
    random_state: int,
) -> pd.DataFrame:
    """Return what the classifier scores, and what needs no image beside it."""
    from ._evaluation import evaluate
    from ._pipeline import make_motif_classifier

    several = np.unique(site).size > 1
    fewest = min(int((site != name).sum()) for name in np.unique(site)) if several else 4 * len(site) // 5
    report = evaluate(
        make_motif_classifier(max(1, min(50, fewest // 2))),
        features,
        positive,
        site,
        cv="site" if several else 5,
        n_permutations=n_permutations,
        random_state=random_state,
        **about,
    )
    table = report.table()
    table["pvalue"] = [
        report.pvalues.get(metric, np.nan) if score == "model" else np.nan
        for score, metric in zip(table["score"], table["metric"], strict=True)
    ]
    return table
