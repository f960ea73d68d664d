"""Units of work of the analysis: maps of a site's people, one cell of the sweep, permutations, edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._evaluation import EvaluationReport, evaluate
from ._generator import MotifCohort, make_motif_cohort
from ._pipeline import make_motif_classifier
from ._regions import cube_labels
from ._selector import UsefulRegionSelector
from ._transformer import MotifMapTransformer

FEWEST_RESAMPLES = 100
"""Intervals of the sweep are Wilson's and DeLong's; its bootstrap is not read."""


@dataclass(frozen=True)
class Rule:
    """How edges are chosen: a correlation to exceed, or a share of the pairs."""

    threshold: float | None = None
    density: float | None = None

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"r > {self.threshold:g}" if self.density is None else f"{100 * self.density:g} % of pairs"

    def transformer(self, motifs: Sequence[str]) -> MotifMapTransformer:
        """Return the maps by this rule."""
        threshold = 0.5 if self.threshold is None else self.threshold
        return MotifMapTransformer(threshold, tuple(motifs), density=self.density, n_jobs=1)


@dataclass(frozen=True)
class Scans:
    """Scans of one unit, and what is made of them."""

    series: tuple[NDArray[Any], ...]
    t_r: tuple[float, ...]
    rules: tuple[Rule, ...]
    motifs: tuple[str, ...]
    band: tuple[float, float] | None
    edges: bool


@dataclass(frozen=True)
class Synthetic:
    """Settings of the synthetic cohort, which every process builds again."""

    n_people: int
    delta: float
    n_sites: int
    voxel: int
    seed: int

    def build(self) -> MotifCohort:
        """Make the cohort; its recordings come when asked for."""
        from nilearn.datasets import load_mni152_brain_mask

        return make_motif_cohort(
            self.n_people,
            delta=self.delta,
            n_sites=self.n_sites,
            mask_img=load_mni152_brain_mask(resolution=self.voxel),
            n_times=(172, 140),
            t_r=(2.0, 2.5),
            random_state=self.seed,
        )


def scan_maps(item: Scans, _: np.random.Generator) -> dict[str, Any]:
    """Return the maps of a unit's people by each rule, their densities and, if asked for, their edges."""
    return _maps_of(item.series, item)


def synthetic_maps(item: tuple[Synthetic, tuple[int, ...], Scans], _: np.random.Generator) -> dict[str, Any]:
    """Return the maps of some people of the synthetic cohort."""
    settings, indices, about = item
    cohort = settings.build()
    return _maps_of([cohort.series(index) for index in indices], about)


def _maps_of(people: Sequence[NDArray[Any]], about: Scans) -> dict[str, Any]:
    from neurosci.preprocessing.fmri import clean_signals

    transformers = [rule.transformer(about.motifs) for rule in about.rules]
    maps: list[list[NDArray[np.float32]]] = [[] for _ in transformers]
    density, edges = [], []
    for index, series in enumerate(people):
        clean = np.asarray(series, dtype=np.float64)
        if about.band is not None:
            clean = clean_signals(
                clean, t_r=about.t_r[index], high_pass=about.band[0], low_pass=about.band[1], detrend=False
            )
        shares = []
        for transformer, rows in zip(transformers, maps, strict=True):
            graph = transformer.graph_of(clean)
            rows.append(transformer.maps_of(graph).astype(np.float32))
            shares.append(graph.density)
        density.append(shares)
        if about.edges:
            edges.append(_edges(clean))
    record: dict[str, Any] = {rule.name: np.stack(rows) for rule, rows in zip(about.rules, maps, strict=True)}
    record["density"] = np.array(density)
    if about.edges:
        record["edges"] = np.stack(edges)
    return record


def _edges(series: NDArray[np.float64]) -> NDArray[np.float16]:
    """Return the correlations of all pairs; half precision is 0.0005, below their standard error."""
    varies = series.std(axis=0) > 0
    correlation = np.zeros((series.shape[1],) * 2)
    correlation[np.ix_(varies, varies)] = np.corrcoef(series[:, varies].T)
    return correlation[np.triu_indices(len(correlation), 1)].astype(np.float16)


@dataclass(frozen=True)
class Cell:
    """One cell of the sweep: features, people, and whether regions are selected."""

    features: NDArray[Any]
    positive: NDArray[np.bool_]
    site: NDArray[Any]
    people: NDArray[Any]
    regions: NDArray[np.int64]
    keep: float | str | None
    n_components: tuple[int, ...]
    region_components: int
    cv: str | int = "site"

    @property
    def pipeline(self) -> Any:
        """The classifier of this cell."""
        selector: Any = "passthrough"
        if self.keep is not None:
            selector = UsefulRegionSelector(
                self.regions, keep=self.keep, n_components=self.region_components, random_state=0
            )
        return make_motif_classifier(self.n_components[0], selector=selector)

    @property
    def grid(self) -> dict[str, Any] | None:
        """Numbers of components to choose from inside each training set."""
        if len(self.n_components) == 1:
            return None
        return {"pca__n_components": list(self.n_components)}


def run_cell(item: Cell, rng: np.random.Generator) -> dict[str, Any]:
    """Score one cell; scores are in the order of the people."""
    report = evaluate(
        item.pipeline, item.features, item.positive, item.site,
        cv=item.cv, param_grid=item.grid, groups=item.people, n_resamples=FEWEST_RESAMPLES,
        random_state=int(rng.integers(2**31)),
    )  # fmt: skip
    return {
        **_scores_of(report, item),
        "support": report.supports.mean(axis=0),
        "jaccard": report.stability["jaccard"],
        "kuncheva": report.stability["kuncheva"],
        "n_kept": float(report.folds["n_kept"].mean()),
    }


def _scores_of(report: EvaluationReport, item: Cell) -> dict[str, Any]:
    people = report.people.set_index("person").loc[np.unique(item.people)]
    return {
        "score": people["score"].to_numpy(float),
        "hit": (people["y"] == people["predicted"]).to_numpy(bool),
        **{name: report.metrics[name].value for name in ("balanced_accuracy", "sensitivity", "specificity")},
    }


def run_null(item: tuple[Cell, int], rng: np.random.Generator) -> dict[str, Any]:
    """Return scores of some permutations of the labels within sites."""
    cell, n_permutations = item
    report = evaluate(
        cell.pipeline, cell.features, cell.positive, cell.site,
        cv=cell.cv, param_grid=cell.grid, groups=cell.people, n_resamples=FEWEST_RESAMPLES,
        n_permutations=n_permutations, random_state=int(rng.integers(2**31)), n_jobs=1,
    )  # fmt: skip
    return {name: report.null[name].to_numpy(float) for name in report.null.columns}


def run_edges(item: Cell, rng: np.random.Generator) -> dict[str, Any]:
    """Score ridge regression on all edges over the same folds; its penalty is chosen inside them."""
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=np.logspace(2, 6, 9)))
    report = evaluate(
        model, item.features.astype(np.float32), item.positive, item.site,
        cv=item.cv, groups=item.people, n_resamples=FEWEST_RESAMPLES, random_state=int(rng.integers(2**31)),
    )  # fmt: skip
    return _scores_of(report, item)


def run_site(item: Cell, rng: np.random.Generator) -> dict[str, Any]:
    """Tell the site from the maps, in stratified folds: how much of it they carry."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))
    folds = StratifiedKFold(5, shuffle=True, random_state=int(rng.integers(2**31)))
    guess = cross_val_predict(model, item.features, item.site, cv=folds)
    names, counts = np.unique(item.site, return_counts=True)
    return {"hit": guess == item.site, "majority": float(counts.max() / counts.sum()), "n_sites": len(names)}


def cubes(cohort: MotifCohort, size: float) -> NDArray[np.int64]:
    """Return the cube of each voxel."""
    return cube_labels(cohort.coordinates, size)
