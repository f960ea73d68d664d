"""Maps of 3-cycles in brain graphs (Dey, Rao and Shah 2012), figure by figure.

Expected duration: about 50 s of processor time with ``--preset quick``; ``--preset paper`` 20 minutes.
Finished units are saved, and the same command goes on.

    python analyses/graph_motif.py --preset quick
"""

import argparse
from pathlib import Path

import neurosci

# The paper's own numbers of figures could not be seen, so that these names are ours. A run leaves out what it
# has no data for.
FIGURES = {
    "one_scan": "From one scan to its map",
    "group_maps": "Mean maps of the two groups and their difference",
    "components": "Accuracy by number of principal components",
    "thresholds": "Accuracy by threshold of the graph",
    "mask": "The mask of useful regions, and how stable it is",
    "roc": "ROC curve and null",
    "sites": "Accuracy at each site, beside the larger group",
    "sweep": "Every cell of the declared sweep",
    "work": "What triangles cost",
}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--preset", choices=("quick", "paper"), default="quick", help="default: quick")
parser.add_argument("--seed", type=int, default=0, help="default: 0")
parser.add_argument(
    "--output", type=Path, default=Path("reports"), help="folder of the report; default: reports"
)
parser.add_argument("--n-jobs", type=int, help="processes; -1 takes all cores")
options = parser.parse_args()

result = neurosci.run(
    "graph_motif",
    preset=options.preset,
    seed=options.seed,
    output=options.output,
    n_jobs=options.n_jobs,
)

print(result.question)
for sentence in result.answer:
    print(sentence)

print("\nThe claims of the paper:")
for verdict in result.verdicts:
    print(f"{verdict.id}  {verdict.words}: {verdict.text}")
    print(f"     paper: {verdict.paper}; ours: {verdict.ours}. {verdict.why}")

print("\nThe figures:")
made = {figure.name: figure for figure in result.figures}
for name, title in FIGURES.items():
    if name in made:
        print(f"\n{title}\n{made[name].finding} {made[name].caption}")
        for path in options.output.glob(f"graph_motif/figures/{name}.*"):
            print(path)
