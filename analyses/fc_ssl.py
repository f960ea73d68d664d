"""Pre-training on dynamic connectivity (Choi et al. 2023), figure by figure.

Expected duration: about a minute of processor time with ``--preset quick``, hours with ``--preset paper``.
Finished units are saved, and the same command goes on.

    python analyses/fc_ssl.py --preset quick
"""

import argparse
from pathlib import Path

import neurosci

# The paper's own numbers of figures could not be seen, so that these names are ours. A run leaves out what it
# has no data for.
FIGURES = {
    "dynamic": "Is connectivity dynamic? Scans beside surrogates",
    "labels": "Accuracy by number of labels",
    "table": "All models on the same people",
    "reconstruction": "What the masked model gives back",
    "ablation": "What each task of pre-training adds",
    "missing": "With parts of a scan missing",
    "attention": "Where a model looks, and what it finds",
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
    "fc_ssl",
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
        for path in options.output.glob(f"fc_ssl/figures/{name}.*"):
            print(path)
