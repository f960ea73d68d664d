"""The graph_motif analysis: maps of motifs of brain graphs, and what they tell about a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass

from neurosci._core.claims import Claim, Verdict
from neurosci._core.context import Context
from neurosci._core.params import Params, param
from neurosci._core.result import Result, Source

from . import _people as group
from . import _plots
from . import _verdicts as verdicts
from . import _words as words
from ._captions import figures
from ._compute import Example, Findings, compute
from ._compute_synthetic import MAIN, synthetic_settings
from ._metrics import all_metrics
from ._people import People

BAND = (0.009, 0.08)
MAPS = ("degree", "triangles", "four_cycles", "strength", "clustering")


@dataclass(frozen=True, kw_only=True)
class GraphMotifParams(Params):
    """Everything that can change a number of the graph_motif analysis."""

    data: str = param(
        "auto",
        options=("auto", "abide", "adhd200", "synthetic"),
        source="user",
        doc="Whose scans; auto takes ABIDE where it is on this machine, else the synthetic cohort.",
    )
    adhd200_folder: str = param("", source="user", doc="Your download of ADHD-200 (Athena).")
    adhd200_phenotypes: str = param("", source="user", doc="Its table of phenotypes.")
    adhd200_t_r: float | None = param(
        None,
        low=0.0,
        low_open=True,
        unit="s",
        source="user",
        doc="Filter its series, at this repetition time.",
    )
    sites: tuple[str, ...] = param(
        ("NYU", "UM_1", "USM", "PITT", "YALE", "KKI"), doc="Sites of ABIDE; none given means all 17."
    )
    thresholds: tuple[float, ...] = param(
        (0.4, 0.6), low=-1.0, high=1.0, doc="Correlations that an edge must exceed, all of them shown."
    )
    densities: tuple[float, ...] = param(
        (),
        low=0.0,
        high=1.0,
        low_open=True,
        unit="fraction of pairs",
        doc="Shares of pairs that become edges.",
    )
    maps: tuple[str, ...] = param(("degree", "triangles", "clustering"), doc="Maps of the sweep.")
    main_threshold: float = param(
        0.6, low=-1.0, high=1.0, doc="Threshold of the map that the claims are judged by; one of the sweep."
    )
    n_components: tuple[int, ...] = param(
        (50,), low=1, doc="Numbers of components; of several, inner folds choose one."
    )
    component_sweep: tuple[int, ...] = param((10, 50), low=1, doc="Numbers of components of their figure.")
    keep: float = param(
        0.25, low=0.0, high=1.0, low_open=True, unit="fraction of regions", doc="Regions that the mask keeps."
    )
    n_permutations: int = param(50, low=10, doc="Permutations of the labels within sites, in tens.")
    n_resamples: int = param(500, low=100, doc="Resamples of people for the bootstrap.")
    n_synthetic: int = param(48, low=16, unit="people", doc="People of the synthetic cohort.")
    synthetic_effect: float = param(
        0.5, low=0.0, doc="By how much networks are stronger in its patients, inside the planted region."
    )
    synthetic_sites: int = param(4, low=2, doc="Its sites.")
    synthetic_threshold: float = param(0.5, low=-1.0, high=1.0, doc="Threshold of its graphs.")
    synthetic_components: int = param(10, low=1, doc="Components of its classifier.")
    voxel_size: int = param(8, low=3, unit="mm", doc="Its voxels.")

    def __post_init__(self) -> None:
        """Check every field, and that the main map is in the sweep."""
        super().__post_init__()
        where = "GraphMotifParams"
        unknown = [name for name in self.maps if name not in MAPS]
        if unknown or MAIN not in self.maps:
            raise ValueError(f"{where}: maps must be of {', '.join(MAPS)} and hold {MAIN!r}, got {self.maps}")
        if self.main_threshold not in self.thresholds:
            raise ValueError(
                f"{where}: main_threshold must be one of thresholds {self.thresholds}, got "
                f"{self.main_threshold}"
            )
        # Groups alternate within sites, and inner folds need five of each group when one site is left out.
        if self.n_synthetic * (self.synthetic_sites - 1) < 12 * self.synthetic_sites:
            raise ValueError(
                f"{where}: n_synthetic must leave at least 12 people when a site is left out, got "
                f"{self.n_synthetic} at {self.synthetic_sites} sites"
            )
        if self.data == "adhd200" and not (self.adhd200_folder and self.adhd200_phenotypes):
            raise ValueError(f"{where}: data 'adhd200' needs adhd200_folder and adhd200_phenotypes")


PARAMS = GraphMotifParams
PRESETS = {
    "quick": GraphMotifParams(),
    "paper": GraphMotifParams(
        preset="paper",
        sites=(),
        thresholds=(0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
        densities=(0.01, 0.05, 0.1),
        maps=MAPS,
        n_components=(10, 20, 50, 100, 150),
        component_sweep=(10, 20, 50, 100, 150),
        n_permutations=200,
        n_resamples=2000,
        n_synthetic=96,
        voxel_size=6,
    ),
}

CLAIMS = (
    Claim(
        id="GM1",
        text="3-cycle maps with a mask of useful regions classify ADHD.",
        source="Abstract; 119 of 171 people of the test set",
        kind="interval",
        paper="69.59 %",
        printed=("69.59",),
        denied=54.97,
    ),
    Claim(
        id="GM2",
        text="Masking to useful regions improves the accuracy.",
        source="Abstract; our rule: paired difference over the same people, nested folds",
        kind="direction",
        paper="masked > unmasked",
        denied=0.0,
    ),
    Claim(
        id="GM3",
        text="3-cycle maps beat the other maps.",
        source="Abstract; our rule: area under the curve, 3-cycles minus the best other map",
        kind="order",
        paper="best of the features",
        denied=0.0,
    ),
    Claim(
        id="GM4",
        text="Group differences sit in some regions.",
        source="Abstract; our rule: the smallest q of a difference within sites is below 0.05",
        kind="bound",
        paper="some regions",
        printed=("0.05",),
        side="less",
        needs_samples=True,
    ),
    Claim(
        id="GM5",
        text="The score is above what site, phenotype or motion alone give.",
        source="Our question; rule: area minus that of the best baseline, one site left out at a time",
        kind="direction",
        paper="above",
        denied=0.0,
        needs_samples=True,
    ),
)

FIGURES = {
    "one_scan": _plots.one_scan,
    "group_maps": _plots.group_maps,
    "components": _plots.components,
    "thresholds": _plots.thresholds,
    "mask": _plots.mask,
    "roc": _plots.roc,
    "sites": _plots.sites,
    "sweep": _plots.sweep,
    "work": _plots.work,
    "thumbnail": _plots.thumbnail,
}


def run(params: GraphMotifParams, context: Context) -> Result:
    """Run the graph_motif analysis.

    Parameters
    ----------
    params : GraphMotifParams
        Everything that can change a number.
    context : Context
        Where and how to run.

    Returns
    -------
    Result
        Tables, metrics, judged claims and figures. Without ABIDE and without a download of ADHD-200 the
        people are synthetic, and the result says so.
    """
    people = read_people(params)
    example, source = read_example(params, people, download=context.download)
    found = compute(params, context, people, example)
    metrics = all_metrics(found)
    return Result(
        name="graph_motif",
        title="Maps of 3-cycles in brain graphs",
        question="Do maps of 3-cycles in brain graphs tell people with a diagnosis from people without?",
        answer=words.answer(found, metrics),
        units=words.units(found),
        params=params,
        sources=(*people.sources, *source, words.synthetic_source(found)),
        tables=found.tables,
        table_notes={name: words.TABLE_NOTES[name] for name in found.tables},
        metrics=metrics,
        verdicts=judge(found, metrics),
        figures=figures(found, metrics),
        methods=words.methods(found),
        deviations=words.deviations(found),
        notes=(*people.notes, *words.notes(found)),
        references=words.REFERENCES,
        provenance={"fetch_command": words.FETCH_COMMAND} if people.synthetic else {},
    )


def judge(found: Findings, metrics: verdicts.Metrics) -> tuple[Verdict, ...]:
    """Judge every claim by its rule.

    Parameters
    ----------
    found : Findings
        What the run found.
    metrics : dict of str to Metric
        Its numbers.

    Returns
    -------
    tuple of Verdict
        One row per claim, in the order of `CLAIMS`.
    """
    return tuple(verdicts.RULES[claim.id](claim, found, metrics) for claim in CLAIMS)


def read_people(params: GraphMotifParams) -> People:
    """Return whose scans are classified.

    Parameters
    ----------
    params : GraphMotifParams
        Parameters of the run.

    Returns
    -------
    People
        A user's ADHD-200, ABIDE where it is on this machine, or the synthetic cohort.
    """
    from neurosci.datasets import DataNotFoundError, fetch_abide_cc200, load_adhd200

    if params.data == "adhd200":
        t_r = params.adhd200_t_r
        data = load_adhd200(params.adhd200_folder, params.adhd200_phenotypes, filtered=t_r is None, t_r=t_r)
        band = None if t_r is None else BAND
        return group.from_series(data, patients="ADHD", band=band, is_adhd200=True)
    if params.data in ("auto", "abide"):
        try:
            data = fetch_abide_cc200(sites=params.sites or None)
        except DataNotFoundError:
            if params.data == "abide":
                raise
        else:
            return group.from_series(data, patients="autism", band=BAND, is_adhd200=False)
    return synthetic_people(params)


def synthetic_people(params: GraphMotifParams) -> People:
    """Return the people of the synthetic cohort; their recordings are made where they are needed."""
    import pandas as pd

    cohort = synthetic_settings(params).build()
    table = pd.DataFrame(
        {
            "subject": [f"synthetic-{i + 1:03d}" for i in range(len(cohort))],
            "site": cohort.site,
            "t_r": cohort.t_r,
            "n_times": cohort.n_times,
        }
    )
    return People(
        name="synthetic cohort",
        patients="patient",
        controls="control",
        series=(),
        table=table,
        positive=cohort.labels.astype(bool),
        phenotype=None,
        motion=None,
        band=None,
        kind="synthetic",
    )


def read_example(
    params: GraphMotifParams, people: People, *, download: bool
) -> tuple[Example, tuple[Source, ...]]:
    """Return the scan of the first figure: one of the people, else of the HCP, else a synthetic one.

    Parameters
    ----------
    params : GraphMotifParams
        Parameters of the run.
    people : People
        Whose scans are classified.
    download : bool
        Whether a small public data set may be fetched.

    Returns
    -------
    example : Example
        One scan, and whose it is.
    sources : tuple of Source
        Where it comes from, if not from the people.
    """
    from neurosci.datasets import DataNotFoundError, fetch_hcp_rest

    if people.series and people.band is not None:
        return Example(people.series[0], float(people.table["t_r"].iloc[0]), f"one scan of {people.name}"), ()
    try:
        data = fetch_hcp_rest(download=download)
    except DataNotFoundError:
        cohort = synthetic_settings(params).build()
        return Example(cohort.series(0), float(cohort.t_r[0]), "one **synthetic** scan"), ()
    scan = Example(data.data[0], float(data.subjects["t_r"].iloc[0]), "one scan of hcp_rest")
    return scan, data.sources
