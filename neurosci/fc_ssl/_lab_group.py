"""All people of a lab: static and dynamic connectivity, and what a ridge regression makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import suggest
from neurosci._core.files import write_text
from neurosci.preprocessing import _bids as bids

from ._lab import WHERE, series_path
from ._lab_connectivity import connectivity_of, fisher_z, summary, upper

if TYPE_CHECKING:
    import pandas as pd

GROUP = "group"
FEWEST_PEOPLE, FEWEST_OF_A_CLASS, N_FOLDS = 10, 5, 5
RIDGE = "ridge on static connectivity"


@dataclass(frozen=True)
class Phenotype:
    """What is predicted.

    Parameters
    ----------
    column : str
        Column of participants.tsv.
    kind : {"classification", "regression"}
        Two values, or numbers.
    values : Series
        By person.
    labels : tuple of str
        The two values, the positive one last; empty for numbers.
    """

    column: str
    kind: str
    values: pd.Series
    labels: tuple[str, ...]


@dataclass(frozen=True)
class GroupOutcome:
    """What is known of all people.

    Parameters
    ----------
    runs : DataFrame
        One row per run that is included: who, motion, static and dynamic connectivity.
    mean, spread : DataFrame
        Mean and standard deviation over people of r, regions by regions.
    scores : DataFrame or None
        What the models score.
    problem : str
        Why there are no scores though they were asked for; else empty.
    missing : tuple of str
        Regions without a series in at least one person.
    files : tuple of Path
        Tables that were written.
    """

    runs: pd.DataFrame
    mean: pd.DataFrame
    spread: pd.DataFrame
    scores: pd.DataFrame | None
    problem: str
    missing: tuple[str, ...]
    files: tuple[Path, ...]


def phenotype_of(people: pd.DataFrame, column: str) -> Phenotype:
    """Return a column of the table of people as what is predicted, or refuse it."""
    import pandas as pd

    if people.empty:
        raise FileNotFoundError(f"{WHERE}: a phenotype needs participants.tsv beside the data, got none")
    if column not in people or column == "participant_id":
        raise ValueError(
            f"{WHERE}: --phenotype must be a column of participants.tsv, got {column!r} "
            f"({suggest(column, list(people))})"
        )
    known = people.set_index("participant_id")[column]
    known = known[~known.isin(["", "n/a"])]
    found = sorted(known.unique())
    if len(found) == 2:
        fewest = int(known.value_counts().min())
        if fewest < FEWEST_OF_A_CLASS:
            raise ValueError(
                f"{WHERE}: --phenotype {column} must have at least {FEWEST_OF_A_CLASS} people of each value, "
                f"got {fewest}"
            )
        return Phenotype(column, "classification", known, (found[0], found[1]))
    numbers = pd.to_numeric(known, errors="coerce")
    if numbers.isna().any() or len(found) < 2:
        raise ValueError(
            f"{WHERE}: --phenotype {column} must hold numbers or two values, got {', '.join(found[:4])}"
        )
    if len(numbers) < FEWEST_PEOPLE:
        raise ValueError(
            f"{WHERE}: --phenotype {column} must be known of at least {FEWEST_PEOPLE} people, got "
            f"{len(numbers)}"
        )
    return Phenotype(column, "regression", numbers, ())


def summarise(
    output: Path,
    runs: Sequence[bids.Run],
    quality: pd.DataFrame,
    names: list[str],
    people: pd.DataFrame,
    phenotype: Phenotype | None,
    *,
    n_jobs: int | None = None,
    random_state: int = 0,
) -> GroupOutcome:
    """Return and write the connectivity of all runs that are included, and the scores of a phenotype."""
    import pandas as pd
    from joblib import Parallel, delayed

    chosen = np.flatnonzero((quality["status"] == "included").to_numpy()).tolist()
    if not chosen:
        raise ValueError(f"{WHERE}: the level group needs at least one run that is included, got none")
    found = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_one)(series_path(output, runs[i]), float(quality["t_r"].iloc[i]), runs[i].name)
        for i in chosen
    )
    rows, pairs = [], []
    for i, (about, z) in zip(chosen, found, strict=True):
        known = quality.iloc[i]
        who = {key: known[key] for key in ("participant_id", "session", "task", "run", "n_times", "t_r")}
        rows.append({**who, "mean_fd": known["mean_fd"], **about})
        pairs.append(z)
    table = pd.DataFrame(rows)
    table["mean_fd"] = table["mean_fd"].astype(float)
    persons = list(dict.fromkeys(table["participant_id"]))
    stacked = np.stack(pairs)
    # what is constant in one run of a person is known of the others
    by_person = np.stack(
        [_mean(stacked[(table["participant_id"] == person).to_numpy()]) for person in persons]
    )
    mean = np.tanh(_mean(by_person))
    spread = _spread(np.tanh(by_person))
    whole = np.asarray(np.isfinite(by_person).all(axis=0))
    missing = tuple(name for name, known in zip(names, _regions(whole, len(names)), strict=True) if not known)
    scores, problem = None, ""
    if phenotype is not None:
        try:
            scores = _scores(phenotype, persons, by_person[:, whole], table, people, random_state)
        except ValueError as error:  # what else there is to say is said all the same
            problem = str(error).removeprefix(f"{WHERE}: ")
    folder = output / GROUP
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"connectivity": table, "mean_connectivity": _square(mean, names, 1.0)}
    tables |= {"sd_connectivity": _square(spread, names, 0.0)}
    if scores is not None:
        tables["scores"] = scores
    files = []
    for name, one in tables.items():
        files.append(folder / f"{name}.tsv")
        write_text(files[-1], one.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n"))
    return GroupOutcome(
        table,
        tables["mean_connectivity"],
        tables["sd_connectivity"],
        scores,
        problem,
        missing,
        tuple(files),
    )


def _one(path: Path, t_r: float, name: str) -> tuple[dict[str, float], NDArray[np.float32]]:
    series = np.load(path, allow_pickle=False)
    found = connectivity_of(series, t_r, name)
    return summary(found), fisher_z(upper(found.static)).astype(np.float32)


def _mean(z: NDArray[Any]) -> NDArray[np.float64]:
    """Mean over the first axis of what is known; NaN where nothing is."""
    known = np.isfinite(z)
    total = np.where(known, z, 0.0).sum(axis=0, dtype=np.float64)
    n = known.sum(axis=0)
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))


def _spread(r: NDArray[Any]) -> NDArray[np.float64]:
    """Return the standard deviation over people of what is known of at least two."""
    n = np.isfinite(r).sum(axis=0)
    squares = _mean((r - _mean(r)) ** 2) * n / np.maximum(n - 1, 1)
    return np.asarray(np.where(n > 1, np.sqrt(squares), np.nan))


def _regions(pairs: NDArray[np.bool_], n_regions: int) -> NDArray[np.bool_]:
    """Return which regions have at least one pair that all people have."""
    first, second = np.triu_indices(n_regions, 1)
    found = np.zeros(n_regions, dtype=bool)
    found[first[pairs]] = found[second[pairs]] = True
    return found


def _square(pairs: NDArray[np.float64], names: list[str], diagonal: float) -> pd.DataFrame:
    import pandas as pd

    n = len(names)
    matrix = np.full((n, n), diagonal)
    first, second = np.triu_indices(n, 1)
    matrix[first, second] = matrix[second, first] = pairs
    # two regions of an atlas may share a name
    columns = names if len(set(names)) == n else [f"{i + 1} {name}" for i, name in enumerate(names)]
    return pd.DataFrame(matrix.round(5), columns=columns)


def _scores(
    phenotype: Phenotype,
    persons: list[str],
    features: NDArray[np.float64],
    runs: pd.DataFrame,
    people: pd.DataFrame,
    random_state: int,
) -> pd.DataFrame:
    """Return what ridge and what needs no image score on people who are left out."""
    import pandas as pd

    from ._baselines import make_confound_model, make_connectivity_ridge
    from ._evaluation import evaluate

    rows = [i for i, person in enumerate(persons) if person in phenotype.values.index]
    who = [persons[i] for i in rows]
    values = phenotype.values.loc[who].to_numpy()
    y = (values == phenotype.labels[1]).astype(np.int64) if phenotype.labels else values.astype(float)
    kind = phenotype.kind
    least = int(min(y.sum(), len(y) - y.sum())) if phenotype.labels else len(y)
    needed = FEWEST_OF_A_CLASS if phenotype.labels else FEWEST_PEOPLE
    if least < needed:
        raise ValueError(
            f"{WHERE}: --phenotype {phenotype.column} needs at least {needed} people"
            f"{' of each value' if phenotype.labels else ''} whose runs are included, got {least}"
        )
    if not features.shape[1]:
        raise ValueError(f"{WHERE}: no pair of regions has a series in all people (see quality.tsv)")
    about = people.set_index("participant_id").reindex(who)
    models: dict[str, tuple[Any, Any]] = {RIDGE: (make_connectivity_ridge(kind), features[rows])}
    motion = runs.groupby("participant_id")["mean_fd"].mean().reindex(who)
    if motion.notna().any():
        models["motion alone"] = (make_confound_model(kind), motion.to_frame().reset_index(drop=True))
    known = {}
    if "age" in about and phenotype.column != "age":
        known["age"] = pd.to_numeric(about["age"], errors="coerce")
    for name in ("sex", "site"):
        if name in about and phenotype.column != name:
            known[name] = about[name].fillna("n/a").astype(str)
    if known:
        table = pd.DataFrame(known).reset_index(drop=True)
        models[f"{', '.join(known)} alone"] = (make_confound_model(kind), table)
    site = about["site"].fillna("n/a").astype(str).to_numpy() if "site" in about else None
    several = site is not None and len(np.unique(site)) > 1
    by_site = several and site is not None and _trains_on_both(y, site, kind)
    found = evaluate(
        models,
        y,
        kind=kind,
        cv="site" if by_site else N_FOLDS,
        site=site if several else None,
        permuted=(RIDGE,),
        random_state=random_state,
    )
    table = found.scores[found.scores["metric"].isin(["auc", "auc_within_sites", "r", "mae"])].copy()
    table.insert(0, "phenotype", phenotype.column)
    table["split"] = "one site left out" if by_site else f"{N_FOLDS} folds"
    return table.reset_index(drop=True)


def _trains_on_both(y: NDArray[Any], site: NDArray[Any], kind: str) -> bool:
    """Whether every split by site leaves something to learn from."""
    if kind == "regression":
        return all((site != name).sum() >= FEWEST_OF_A_CLASS for name in np.unique(site))
    return all(len(np.unique(y[site != name])) == 2 for name in np.unique(site))
