"""Spatial-frequency channels of people and networks (Subramanian et al. 2023), figure by figure.

Expected duration: 15 s with ``--preset quick``, half a minute with ``--preset paper``.

    python analyses/critical_band.py --preset quick --output out
"""

import argparse
from pathlib import Path

import neurosci

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--preset", choices=("quick", "paper"), default="quick", help="default: quick")
parser.add_argument("--seed", type=int, default=0, help="default: 0")
parser.add_argument("--output", type=Path, default=Path("out"), help="folder of the report; default: out")
options = parser.parse_args()

result = neurosci.run("critical_band", preset=options.preset, seed=options.seed, output=options.output)

print(result.question)
for sentence in result.answer:
    print(sentence)

print("\nThe claims of the paper:")
for verdict in result.verdicts:
    print(f"{verdict.id}  {verdict.words}: {verdict.text}")
    print(f"     paper: {verdict.paper}; ours: {verdict.ours}. {verdict.why}")

print("\nThe figures:")
for figure in result.figures:
    print(f"\n{figure.finding} {figure.caption}")
    for path in options.output.glob(f"critical_band/figures/{figure.name}.*"):
        print(path)
