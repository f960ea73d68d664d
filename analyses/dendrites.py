"""Sparse codes and active dendrites (Ahmad and Hawkins 2016), figure by figure.

Expected duration: 20 s with ``--preset quick``, a minute with ``--preset paper``.

    python analyses/dendrites.py --preset quick
"""

import argparse
from pathlib import Path

import neurosci

# Numbers are those of the paper. A run leaves out what it has no data for.
FIGURES = {
    "simulation": "Figs. 4A and 4B: errors of one segment, simulated and exact",
    "theory": "Figs. 5A and 5B: false positives by population and activity",
    "thresholds": "Fig. 6: median error by threshold, with thresholds that were measured",
    "windows": "Beyond Fig. 6: thresholds that keep both errors small",
    "windows_measured": "Beyond Fig. 6: the same, with synapses counted on reconstructed neurons",
    "unions": "Figs. 7A and 7B: many segments, and many patterns on one segment",
    "rare": "Beyond the paper: errors below one in a billion, by simulation",
    "extensions": "Beyond the paper: correlated patterns",
    "extensions_published": "Beyond the paper: correlated patterns, beside published thresholds",
    "digits": "Beyond the paper: codes of handwritten digits",
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
    "dendrites",
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
        for path in options.output.glob(f"dendrites/figures/{name}.*"):
            print(path)
