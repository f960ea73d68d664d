"""Tables of one run: maps, the declared sweep, edges, permutations, and the synthetic cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.context import Context
from neurosci.stats import adjust_pvalues, auc_interval, proportion_interval

from . import _cells as cells
from ._cells import Cell, Rule, Scans
from ._compute_synthetic import (
    CUBE,
    MAIN,
    cohort_units,
    digest,
    group_difference,
    synthetic,
    synthetic_settings,
)
from ._people import People
from ._work import work_table

if TYPE_CHECKING:
    import pandas as pd

    from .analysis import GraphMotifParams

SITE_THRESHOLD = 0.5


@dataclass(frozen=True)
class Example:
    """The scan of the first figure.

    Parameters
    ----------
    series : ndarray of shape (n_times, n_nodes)
        Its series.
    t_r : float
        Seconds between volumes.
    words : str
        Whose it is.
    """

    series: NDArray[Any]
    t_r: float
    words: str


@dataclass
class Findings:
    """What one run found.

    Parameters
    ----------
    params : GraphMotifParams
        Parameters of the run.
    people : People
        Whose scans.
    tables : dict of str to DataFrame
        Tables of the figures.
    scores : dict of str to ndarray
        Scores of the main cell, its masked twin, the other maps and the edges, one per person.
    hits : dict of str to ndarray
        Whether they are right, one per person.
    y : ndarray of bool
        Group of each person.
    numbers : dict of str to float
        Single numbers that no table holds.
    example : str
        Whose scan the first figure shows.
    """

    params: GraphMotifParams
    people: People
    tables: dict[str, pd.DataFrame]
    scores: dict[str, NDArray[np.float64]]
    hits: dict[str, NDArray[np.bool_]]
    y: NDArray[np.bool_]
    numbers: dict[str, float]
    example: str


def compute(params: GraphMotifParams, context: Context, people: People, example: Example) -> Findings:
    """Compute everything; see the modules that draw and judge."""
    import pandas as pd

    rules = tuple(Rule(threshold=t) for t in params.thresholds) + tuple(
        Rule(density=d) for d in params.densities
    )
    maps, density, edges = _maps(params, context, people, rules)
    order = np.unique(people.subject, return_index=True)[1]
    results = _sweep(params, context, people, maps, rules)
    scores = {name: record["score"] for name, record in results.items()}
    hits = {name: record["hit"] for name, record in results.items()}
    found = Findings(params, people, {}, scores, hits, people.positive[order], {}, example.words)
    if edges is not None:
        (record,) = context.map(
            cells.run_edges, {"edges": _cell(params, people, edges, None)}, stage="edges", seed=params.seed,
            inputs=digest(edges),
        ).values()  # fmt: skip
        scores["edges"], hits["edges"] = record["score"], record["hit"]
        results["edges"] = record
    tables = found.tables
    tables["sweep"] = _sweep_table(found, results)
    tables["components"] = _components(params, context, people, maps)
    tables["baselines"], tables["comparisons"], tables["sites"] = _baselines(params, people, maps)
    tables["null"] = _null(params, context, people, maps)
    tables["regions"] = _regions(params, people, maps, results)
    tables["density"] = _density_table(rules, density)
    tables["example"], tables["correlations"] = _example(example)
    tables["work"] = work_table()
    _site_decoding(found, context, maps)
    synthetic(found, context)
    tables["people"] = pd.DataFrame(
        {
            "subject": people.subject[order],
            "site": people.site[order],
            "patient": people.positive[order],
            "score": scores[main_cell(params)],
            "score_masked": scores[main_cell(params, masked=True)],
            **({"score_edges": scores["edges"]} if "edges" in scores else {}),
        }
    )
    return found


def cell_name(motif: str, rule: Rule, masked: bool) -> str:
    """Return the name of a cell of the sweep."""
    return f"{motif}, {rule.name}, {'masked' if masked else 'whole brain'}"


def main_cell(params: GraphMotifParams, motif: str = MAIN, *, masked: bool = False) -> str:
    """Return the name of the cell that the claims are judged by, which is declared before."""
    return cell_name(motif, Rule(threshold=params.main_threshold), masked)


def _maps(
    params: GraphMotifParams, context: Context, people: People, rules: tuple[Rule, ...]
) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.float64], NDArray[np.float16] | None]:
    """Return the maps of everyone by each rule, densities, and the edges where there are few nodes."""
    needed = tuple(dict.fromkeys((*rules, Rule(threshold=SITE_THRESHOLD))))
    band = people.band
    if people.synthetic:
        settings = synthetic_settings(params)
        about = Scans((), (), needed, params.maps, None, edges=False)
        records = context.map(
            cells.synthetic_maps, cohort_units(settings, about), stage="maps", seed=params.seed
        )
        rows = [np.arange(settings.n_people)]
    else:
        sites = np.unique(people.site)
        rows = [np.flatnonzero(people.site == site) for site in sites]
        by_site = {
            str(site): Scans(
                tuple(people.series[i] for i in row),
                tuple(people.table["t_r"].iloc[row].tolist()),
                needed,
                params.maps,
                band,
                edges=True,
            )
            for site, row in zip(sites, rows, strict=True)
        }
        inputs = digest(*people.series)
        records = context.map(cells.scan_maps, by_site, stage="maps", seed=params.seed, inputs=inputs)
    back = np.argsort(np.concatenate(rows))
    joined = {
        name: np.concatenate([record[name] for record in records.values()])[back]
        for name in next(iter(records.values()))
    }
    edges = joined.pop("edges", None)
    density = joined.pop("density")[:, : len(rules)]
    return joined, density, edges


def _cell(
    params: GraphMotifParams,
    people: People,
    features: NDArray[Any],
    keep: float | None,
    n_components: tuple[int, ...] | None = None,
) -> Cell:
    n_nodes = features.shape[1]
    regions = np.arange(1, n_nodes + 1)
    if people.synthetic:
        regions = cells.cubes(synthetic_settings(params).build(), CUBE)
    return Cell(
        features,
        people.positive,
        people.site,
        people.subject,
        regions,
        keep,
        people.components(n_components or params.n_components),
        # a region of one node has one component
        region_components=10 if people.synthetic else 1,
    )


def _features(params: GraphMotifParams, maps: dict[str, Any], motif: str, rule: Rule) -> NDArray[Any]:
    return np.asarray(maps[rule.name][:, params.maps.index(motif)], dtype=np.float64)


def _sweep(
    params: GraphMotifParams,
    context: Context,
    people: People,
    maps: dict[str, Any],
    rules: tuple[Rule, ...],
) -> dict[str, dict[str, Any]]:
    items = {}
    for rule in rules:
        for motif in params.maps:
            features = _features(params, maps, motif, rule)
            for keep in (None, params.keep):
                items[cell_name(motif, rule, keep is not None)] = _cell(params, people, features, keep)
    inputs = digest(*(maps[rule.name] for rule in rules))
    return context.map(cells.run_cell, items, stage="sweep", seed=params.seed, inputs=inputs)


def _sweep_table(found: Findings, results: dict[str, dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for name, record in results.items():
        motif, rule, mask = (*name.split(", "), "", "")[:3]
        accuracy = proportion_interval(int(record["hit"].sum()), len(found.y), n_unit="people")
        auc = auc_interval(found.y, record["score"], n_unit="people")
        rows.append(
            {
                "map": "all edges" if name == "edges" else motif,
                "rule": rule,
                "mask": mask,
                "accuracy": accuracy.value, "accuracy_low": accuracy.low, "accuracy_high": accuracy.high,
                "auc": auc.value, "auc_low": auc.low, "auc_high": auc.high,
                "balanced_accuracy": record["balanced_accuracy"],
                "sensitivity": record["sensitivity"],
                "specificity": record["specificity"],
                "n_kept": record.get("n_kept", np.nan),
                "jaccard": record.get("jaccard", np.nan),
                "kuncheva": record.get("kuncheva", np.nan),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _components(
    params: GraphMotifParams, context: Context, people: People, maps: dict[str, Any]
) -> pd.DataFrame:
    """Score the main map against the number of components, each chosen beforehand."""
    import pandas as pd

    features = _features(params, maps, MAIN, Rule(threshold=params.main_threshold))
    items = {
        f"{k} components, {'masked' if keep else 'whole brain'}": _cell(params, people, features, keep, (k,))
        for k in dict.fromkeys(people.components((k,))[0] for k in params.component_sweep)
        for keep in (None, params.keep)
    }
    records = context.map(
        cells.run_cell, items, stage="components", seed=params.seed, inputs=digest(features)
    )
    rows = []
    for name, record in records.items():
        share = proportion_interval(int(record["hit"].sum()), len(record["hit"]), n_unit="people")
        k, mask = name.split(" components, ")
        rows.append(
            {
                "n_components": int(k),
                "mask": mask,
                "accuracy": share.value,
                "low": share.low,
                "high": share.high,
            }
        )
    return pd.DataFrame(rows)


def _baselines(
    params: GraphMotifParams, people: People, maps: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Score the main cell with everything beside it that needs no image."""
    from ._evaluation import evaluate

    cell = _cell(params, people, _features(params, maps, MAIN, Rule(threshold=params.main_threshold)), None)
    report = evaluate(
        cell.pipeline, cell.features, cell.positive, cell.site,
        param_grid=cell.grid, groups=cell.people, phenotype=people.phenotype, motion=people.motion,
        n_resamples=params.n_resamples, random_state=params.seed,
    )  # fmt: skip
    return report.table(), report.comparisons, report.sites


def _null(params: GraphMotifParams, context: Context, people: People, maps: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    features = _features(params, maps, MAIN, Rule(threshold=params.main_threshold))
    cell = _cell(params, people, features, None)
    step = 10
    items = {
        f"permutations {i + 1} to {i + step}": (cell, step) for i in range(0, params.n_permutations, step)
    }
    records = context.map(
        cells.run_null, items, stage="null", seed=params.seed, inputs=digest(features)
    ).values()
    return pd.DataFrame(
        {name: np.concatenate([record[name] for record in records]) for name in ("balanced_accuracy", "auc")}
    )


def _regions(
    params: GraphMotifParams, people: People, maps: dict[str, Any], results: dict[str, dict[str, Any]]
) -> pd.DataFrame:
    """Compare the groups node by node, sites taken out, and say how often each node was kept."""
    import pandas as pd

    features = _features(params, maps, MAIN, Rule(threshold=params.main_threshold))
    t, p = group_difference(features, people.positive, people.site)
    return pd.DataFrame(
        {
            "node": np.arange(1, features.shape[1] + 1),
            "mean_controls": features[~people.positive].mean(axis=0),
            "mean_patients": features[people.positive].mean(axis=0),
            "t": t,
            "p": p,
            "q": adjust_pvalues(p, method="bh"),
            "share_of_folds": results[main_cell(params, masked=True)]["support"],
        }
    )


def _density_table(rules: tuple[Rule, ...], density: NDArray[np.float64]) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for column, rule in enumerate(rules):
        if rule.density is None:
            low, middle, high = np.quantile(density[:, column], (0.05, 0.5, 0.95))
            rows.append(
                {"threshold": rule.threshold, "low": low, "median": middle, "high": high, "n": len(density)}
            )
    return pd.DataFrame(rows)


def _example(example: Example) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a few series of one scan, and the histogram of all its correlations."""
    import pandas as pd

    from neurosci.preprocessing.fmri import clean_signals

    t_r = example.t_r
    clean = clean_signals(example.series, t_r=t_r, low_pass=0.08, high_pass=0.009)
    chosen = np.linspace(0, clean.shape[1] - 1, 3).astype(int)
    table = pd.DataFrame(
        {
            "time": np.tile(np.arange(len(clean)) * t_r, len(chosen)),
            "node": np.repeat(chosen + 1, len(clean)),
            "signal": clean[:, chosen].T.ravel(),
        }
    )
    varies = clean.std(axis=0) > 0
    correlation = np.asarray(np.corrcoef(clean[:, varies].T))
    values = correlation[np.triu_indices(correlation.shape[0], 1)]
    counts, limits = np.histogram(values, bins=80, range=(-1, 1))
    return table, pd.DataFrame({"low": limits[:-1], "high": limits[1:], "n_pairs": counts})


def _site_decoding(found: Findings, context: Context, maps: dict[str, Any]) -> None:
    people, params = found.people, found.params
    counts = np.unique(people.site, return_counts=True)[1]
    if counts.size < 2 or counts.min() < 5:
        return
    features = _features(params, maps, MAIN, Rule(threshold=SITE_THRESHOLD))
    (record,) = context.map(
        cells.run_site, {"site": _cell(params, people, features, None)}, stage="site", seed=params.seed,
        inputs=digest(features),
    ).values()  # fmt: skip
    found.hits["site"] = record["hit"]
    found.numbers["site_majority"] = record["majority"]
    found.numbers["n_sites"] = record["n_sites"]
