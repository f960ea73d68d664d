"""Findings, captions and alternative texts of the figures, written from computed numbers."""

from __future__ import annotations

from neurosci._core.numbers import NBSP, format_number, format_p
from neurosci._core.result import Figure

from ._compute import Findings
from ._verdicts import Metrics, what


def figures(found: Findings, metrics: Metrics) -> tuple[Figure, ...]:
    """Return every figure of the report, in its order."""
    return (
        one_scan(found),
        sweep(found, metrics),
        thresholds(found),
        components(found),
        roc(found, metrics),
        sites(found, metrics),
        group_maps(found, metrics),
        mask(metrics),
        work(),
        thumbnail(),
    )


def _n(found: Findings) -> str:
    kind = "synthetic people" if found.people.synthetic else "people"
    return f"n = {len(found.y)} {kind}"


def one_scan(found: Findings) -> Figure:
    """Return the steps on one scan."""
    middle = found.tables["density"].iloc[-1]
    return Figure(
        name="one_scan",
        tables=("example", "correlations", "density"),
        finding=(
            f"At r > {middle['threshold']:g} a median of "
            f"{format_number(100 * middle['median'], 2)}{NBSP}% of all "
            "pairs are edges, and people differ widely."
        ),
        caption=(
            f"**a**, three series of {found.example}, band-passed, one above the other. **b**, correlations "
            "of all its pairs. **c**, share of pairs above each threshold: median and 5 to "
            f"95{NBSP}% of the people ({_n(found)})."
        ),
        alt=(
            "Three panels: slow fluctuating signals of three nodes; a histogram of correlations with "
            "its peak "
            "above zero; and the share of pairs that are edges, falling with the threshold over orders of "
            "magnitude with a wide range over people."
        ),
    )


def sweep(found: Findings, metrics: Metrics) -> Figure:
    """Return the table of the sweep as a figure."""
    edges = ""
    if "auc_edges" in metrics:
        edges = f" Ridge regression on all edges has {metrics['auc_edges'].text}."
    return Figure(
        name="sweep",
        tables=("sweep",),
        finding=(
            f"3-cycles have an area of {metrics['auc'].text} at the threshold named before, "
            f"{metrics['over_best_map'].text} from the best other map.{edges}"
        ),
        caption=(
            f"Area under the ROC curve with 95{NBSP}% DeLong intervals for every map and rule, telling "
            f"{what(found)}; {_n(found)}, one site left out at a time. Filled: whole brain; open: masked. "
            "Dashed: chance."
        ),
        alt=(
            "Rows of points with horizontal intervals, one row for each map and rule, whole brain and "
            "masked "
            "side by side, most between 0.5 and 0.7, and a row for all edges further to the right."
        ),
    )


def thresholds(found: Findings) -> Figure:
    """Return accuracy against the threshold."""
    table = found.tables["sweep"].query("map != 'all edges' and mask == 'whole brain'")
    low, high = (format_number(100 * table["accuracy"].agg(f), 1) for f in ("min", "max"))
    return Figure(
        name="thresholds",
        tables=("sweep",),
        finding=f"Over all thresholds and maps accuracies lie between {low} and {high}{NBSP}%.",
        caption=(
            f"Accuracy by threshold for each map, whole brain (**a**) and masked (**b**), with 95{NBSP}% "
            f"Wilson intervals; {_n(found)}. All values of the sweep are shown. Dashed: the larger group."
        ),
        alt=(
            "Two panels of points with intervals over correlation thresholds, one colour for each map. All "
            "lie near one another and somewhat above the dashed line of the larger group."
        ),
    )


def components(found: Findings) -> Figure:
    """Return accuracy against the number of components."""
    table = found.tables["components"]
    best = table.loc[table["accuracy"].idxmax()]
    worst = table.loc[table["accuracy"].idxmin()]
    return Figure(
        name="components",
        tables=("components",),
        finding=(
            f"Accuracy runs from {format_number(100 * worst['accuracy'], 1)} to "
            f"{format_number(100 * best['accuracy'], 1)}{NBSP}% over the numbers of components."
        ),
        caption=(
            f"Accuracy of the main map by number of components, whole brain and masked, with 95{NBSP}% "
            f"Wilson "
            f"intervals; {_n(found)}. Each number was fixed beforehand."
        ),
        alt=(
            "Two series of points with intervals, whole brain and masked, over the number of principal "
            "components, beside one another and hardly above the dashed line."
        ),
        width="single",
    )


def roc(found: Findings, metrics: Metrics) -> Figure:
    """Return the curve and the null."""
    return Figure(
        name="roc",
        tables=("people", "null"),
        finding=(
            f"The area under the curve is {metrics['auc'].text}; "
            f"{format_p(metrics['null_pvalue'].value)} with labels permuted within sites."
        ),
        caption=(
            f"**a**, ROC curves of 3-cycles, whole brain and masked, and of all edges where they were run; "
            f"{_n(found)}. **b**, areas after {len(found.tables['null'])} permutations of the labels "
            f"within "
            "sites, each with the whole fit repeated; the line is the observed area."
        ),
        alt=(
            "Left: curves of sensitivity against false-positive rate above the diagonal. Right: "
            "histogram of "
            "areas under permuted labels around one half with the observed area as a vertical line."
        ),
    )


def sites(found: Findings, metrics: Metrics) -> Figure:
    """Return accuracies by site."""
    table = found.tables["sites"]
    above = int((table["accuracy"] > table["site_oracle"]).sum())
    return Figure(
        name="sites",
        tables=("sites",),
        finding=(
            f"At {above} of {len(table)} sites the classifier beats the site’s own majority, which no rule "
            "without its labels could know."
        ),
        caption=(
            f"Accuracy at each site when it is left out (95{NBSP}% Wilson intervals), the larger group of "
            f"training (crosses) and the larger group of the site itself (bars); {_n(found)}. Area "
            f"minus that of "
            f"the best baseline: {metrics['over_best_baseline'].text}."
        ),
        alt=(
            "One row per site with a point and interval for the classifier, a cross for the training "
            "majority "
            "and a bar for the site's own majority. Intervals are wide and most include the bar."
        ),
    )


def group_maps(found: Findings, metrics: Metrics) -> Figure:
    """Return differences of the groups."""
    size = (
        found.tables["voxels"].assign(size=lambda table: table["t"].abs()).groupby("planted")["size"].mean()
    )
    planted, elsewhere = float(size[True]), float(size[False])
    return Figure(
        name="group_maps",
        tables=("regions", "voxels"),
        finding=(
            f"{metrics['n_different'].value:.0f} of {len(found.tables['regions']):,} nodes differ "
            f"between the "
            f"groups at q < 0.05; in the synthetic cohort |t| is {format_number(planted, 2)} on average "
            f"in the "
            f"planted region and {format_number(elsewhere, 2)} elsewhere on its slices."
        ),
        caption=(
            f"**a**, t of patients minus controls in the 3-cycle map, sites taken out, nodes in order "
            f"({what(found)}; {_n(found)}); blue: q < 0.05. **b**, the same in the **synthetic** "
            f"cohort, on "
            "axial slices through the planted region (outlined)."
        ),
        alt=(
            "Left: sorted t values of all nodes, an S-shaped curve. Right: axial slices of the brain "
            "mask with "
            "coloured t values and the planted ball outlined."
        ),
    )


def mask(metrics: Metrics) -> Figure:
    """Return how stable the mask is."""
    return Figure(
        name="mask",
        tables=("regions", "voxels"),
        finding=(
            f"Masks of two folds agree with Kuncheva’s index "
            f"{format_number(metrics['kuncheva'].value, 2)}; "
            f"in the synthetic cohort the mask overlaps the truth with a Dice of "
            f"{format_number(metrics['dice'].value, 2)} "
            f"({format_number(metrics['dice_chance'].value, 2)} by "
            "chance)."
        ),
        caption=(
            "**a**, share of folds in which each node was kept, nodes in order. Folds share most of their "
            "people, so agreement is no proof. **b**, the same in the **synthetic** cohort on axial slices "
            "through the planted region (outlined)."
        ),
        alt=(
            "Left: sorted shares of folds, many nodes never kept and some always. Right: axial slices with "
            "kept cubes around an outlined ball."
        ),
    )


def work() -> Figure:
    """Return the counted work."""
    return Figure(
        name="work",
        tables=("work",),
        finding=(
            "Counting triangles on packed bits reads memory in proportion to the number of edges, and a "
            "dense "
            "matrix product is out of reach."
        ),
        caption=(
            "Counted, not measured. **a**, bytes read for triangles by density, for each number of nodes. "
            "**b**, operations by number of nodes: correlations of band-passed scans (48 directions) and a "
            "dense product of the adjacency matrix. Times against other packages are measured by the "
            "benchmarks."
        ),
        alt=(
            "Two log-log panels. Left: straight lines rising with density, one per size. Right: a dense "
            "product grows a power of ten faster than the correlations."
        ),
    )


def thumbnail() -> Figure:
    """Return the picture of the dashboard."""
    return Figure(
        name="thumbnail",
        tables=("people",),
        finding="ROC curve of 3-cycle maps.",
        caption="3-cycle maps, one site left out at a time.",
        alt="A ROC curve above the diagonal.",
        width="thumbnail",
    )
