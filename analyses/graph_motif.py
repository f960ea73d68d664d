"""Maps of 3-cycles in brain graphs (Dey, Rao and Shah 2012), figure by figure.

Expected duration: about 50 s of processor time with ``--preset quick``; ``--preset paper`` 20 minutes.
Finished units are saved, and the same command goes on.

    python analyses/graph_motif.py --preset quick --output out
"""

import argparse
from pathlib import Path

import neurosci

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--preset", choices=("quick", "paper"), default="quick", help="default: quick")
parser.add_argument("--seed", type=int, default=0, help="default: 0")
parser.add_argument("--output", type=Path, default=Path("out"), help="folder of the report; default: out")
options = parser.parse_args()

result = neurosci.run("graph_motif", preset=options.preset, seed=options.seed, output=options.output)

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
    for path in options.output.glob(f"graph_motif/figures/{figure.name}.*"):
        print(path)
