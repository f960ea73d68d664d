"""Answer, methods, deviations and notes of the report, written from computed numbers."""

from __future__ import annotations

from neurosci._core.numbers import NBSP, format_number, format_p
from neurosci._core.result import Method, Reference, Source

from ._compute import Findings
from ._compute_synthetic import CUBE
from ._verdicts import Metrics, what

FETCH_COMMAND = (
    "neurosci run graph_motif --set data=adhd200 --set adhd200_folder=FOLDER --set adhd200_phenotypes=FILE"
)

REFERENCES = (
    Reference(
        text=(
            "Dey S, Rao AR, Shah M (2012). Exploiting the brain's network structure in identifying ADHD "
            "subjects. Frontiers in Systems Neuroscience 6, 75."
        ),
        url="https://doi.org/10.3389/fnsys.2012.00075",
        bibtex=(
            "@article{dey2012exploiting,\n"
            "  author  = {Dey, Soumyabrata and Rao, A. Ravishankar and Shah, Mubarak},\n"
            "  title   = {Exploiting the brain's network structure in identifying ADHD subjects},\n"
            "  journal = {Frontiers in Systems Neuroscience},\n"
            "  year    = {2012},\n"
            "  volume  = {6},\n"
            "  pages   = {75},\n"
            "  doi     = {10.3389/fnsys.2012.00075}\n"
            "}"
        ),
    ),
    Reference(
        text=(
            "Di Martino A, et al. (2014). The autism brain imaging data exchange. Molecular Psychiatry 19, "
            "659-667."
        ),
        url="https://doi.org/10.1038/mp.2013.78",
    ),
    Reference(
        text=(
            "DeLong ER, DeLong DM, Clarke-Pearson DL (1988). Comparing the areas under two or more "
            "correlated "
            "receiver operating characteristic curves. Biometrics 44, 837-845."
        ),
        url="https://doi.org/10.2307/2531595",
    ),
)

TABLE_NOTES = {
    "sweep": (
        "Every cell of the declared sweep: map, rule for edges, mask; intervals are Wilson's and DeLong's."
    ),
    "components": "Accuracy of the main map against the number of components.",
    "baselines": "Main cell and what needs no image, on the same people.",
    "comparisons": "Area under the curve, main cell minus each baseline (DeLong).",
    "sites": "Accuracy at each site, when it is left out, and of the majority rules.",
    "null": "Main cell with labels permuted within sites, refitted each time.",
    "regions": "Group means of the main map, difference within sites, and how often the mask kept a node.",
    "density": "Share of pairs that are edges, over people (5, 50 and 95 %).",
    "example": "Three series of one scan, band-passed, in standard deviations.",
    "correlations": "Histogram of the correlations of all pairs of that scan.",
    "work": "Counted work of the engine (not measured): bytes and operations by size and density.",
    "people": "Scores of each person; positive for the group with the diagnosis.",
    "voxels": "Synthetic cohort: planted region, group difference and mask on the slices through the region.",
}


def units(found: Findings) -> str:
    """Return the counts of the page."""
    n_sites = len(set(found.people.site))
    kind = "synthetic people" if found.people.synthetic else "people"
    return f"{len(found.y)} {kind}, {n_sites} sites, {len(found.tables['regions']):,} nodes"


def answer(found: Findings, metrics: Metrics) -> tuple[str, ...]:
    """Return three sentences; the last names the weakest point."""
    weakest = (
        f"Nothing here is about ADHD: the people are {what(found).partition(' from')[0]}, and the "
        f"published "
        f"69.59{NBSP}% needs labels that only registered users have."
    )
    if found.people.is_adhd200:
        weakest = f"The larger group alone gives {metrics['majority'].text}."
    edges = ""
    if "edges" in metrics:
        edges = f"; ridge regression on all edges reaches an area of **{metrics['auc_edges'].text}**"
    return (
        f"One site left out at a time, 3-cycle maps tell {what(found)} with an accuracy of "
        f"**{metrics['accuracy'].text}** and an area under the curve of **{metrics['auc'].text}** "
        f"({format_p(metrics['null_pvalue'].value)} with labels permuted within sites){edges}.",
        f"A mask of useful regions changes the accuracy by **{metrics['masking'].text}**, and 3-cycles "
        f"differ "
        f"from the best other map by an area of **{metrics['over_best_map'].text}**.",
        weakest,
    )


def synthetic_source(found: Findings) -> Source:
    """Return the synthetic cohort as a source."""
    p = found.params
    return Source(
        name="Synthetic voxel-scale cohort",
        content=(
            f"{p.n_synthetic} synthetic people, {p.synthetic_sites} sites, "
            f"{found.numbers['n_voxels']:,.0f} voxels"
        ),
        kind="synthetic",
        licence="made by this package",
        note="Networks are stronger inside one planted region in half of the people: known truth.",
    )


def methods(found: Findings) -> tuple[Method, ...]:
    """Return the methods section."""
    p = found.params
    tried = found.people.components(p.n_components)
    filtered = found.people.band is not None or found.people.synthetic
    return (
        Method(
            "",
            (
                "Nodes are regions or voxels; two are joined where the Pearson correlation of their series "
                "exceeds a threshold. The 3-cycle map counts the triangles through each node, exactly; the "
                "other maps are its degree, its 4-cycles, the sum of its correlations and its clustering.",
                "Series are "
                + ("band-passed to 0.009-0.08 Hz. " if filtered else "taken as the release gives them. ")
                + "Counts enter as log(1 + count). Nodes that are constant in a person have no edges.",
            ),
        ),
        Method(
            "Classifier",
            (
                "Features are standardised, reduced to principal components ("
                + ", ".join(map(str, tried))
                + (", chosen by inner folds" if len(tried) > 1 else "")
                + ") and separated by a linear discriminant. The mask keeps the "
                f"{100 * p.keep:g}{NBSP}% of the regions that separate the groups best in inner folds. All "
                "of it is learned from training people only.",
                "One site is left out at a time, so that no site can be known from training. Accuracies "
                "have Wilson intervals, areas DeLong’s; two areas on the same people are compared by "
                "DeLong’s test, two accuracies by flipping signs of paired differences. The null permutes "
                f"labels within sites and repeats the whole fit {p.n_permutations} times.",
                "Baselines: the larger group, the site’s larger group in training, logistic regressions on "
                "phenotype and on head motion, and ridge regression on all edges with its penalty chosen "
                "inside the folds.",
            ),
        ),
        Method(
            "Synthetic cohort",
            (
                f"{p.n_synthetic} synthetic people on the MNI152 mask at {p.voxel_size:g} mm: smooth "
                f"networks "
                "with band-limited courses, a global signal and smooth noise. In half of them networks are "
                f"{1 + p.synthetic_effect:g} times as strong inside one ball of 16 mm. Regions are "
                f"cubes of "
                f"{CUBE:g} mm; the mask keeps those that beat the 95{NBSP}% quantile of their own "
                f"scores with "
                "permuted groups. Five folds.",
            ),
        ),
    )


def deviations(found: Findings) -> tuple[str, ...]:
    """Return what differs from the paper."""
    listed = [
        "The text of the paper was not available beyond its abstract: threshold, features, mask and "
        "number of "
        "components are conventions of this package, and the whole declared sweep is shown instead of "
        "one cell.",
        "One site is left out at a time; the published split of 776 and 171 people is not used.",
    ]
    if not found.people.is_adhd200:
        listed.append(
            "The people are not those of ADHD-200" + (
                "; they are synthetic." if found.people.synthetic
                else f": the diagnosis is {found.people.patients}, and nodes are 200 regions, not voxels."
            )
        )  # fmt: skip
    return tuple(listed)


def notes(found: Findings) -> tuple[str, ...]:
    """Return remarks that a reader needs."""
    p = found.params
    density = found.tables["density"].set_index("threshold").loc[p.main_threshold]
    tried = found.people.components(p.n_components)
    fewer: tuple[str, ...] = ()
    if tried != p.n_components:
        fewer = (
            f"Components: {', '.join(map(str, p.n_components))} were asked for; training sets are small, so "
            f"that {', '.join(map(str, tried))} were used.",
        )
    return (
        "A fixed threshold is no fixed significance: scans differ in length and filter. At r > "
        f"{p.main_threshold:g} between {format_number(100 * density['low'], 1)} and "
        f"{format_number(100 * density['high'], 1)}{NBSP}% of the pairs are edges (5 to 95{NBSP}% of "
        f"the people).",
        f"The claims are judged by one cell that was named before: 3-cycles at r > {p.main_threshold:g}.",
        *fewer,
    )
