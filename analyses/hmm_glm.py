"""States of a spiking population and the connections in each (Li et al. 2024), figure by figure.

Expected duration: about a minute of processor time with ``--preset quick``; with ``--preset paper`` an
estimated 40 minutes on one core, from the cost of its units. Finished units are saved, and the same
command goes on.

    python analyses/hmm_glm.py --preset quick --output out
"""

import argparse
from pathlib import Path

import neurosci

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--preset", choices=("quick", "paper"), default="quick", help="default: quick")
parser.add_argument("--seed", type=int, default=0, help="default: 0")
parser.add_argument("--output", type=Path, default=Path("out"), help="folder of the report; default: out")
options = parser.parse_args()

result = neurosci.run("hmm_glm", preset=options.preset, seed=options.seed, output=options.output)

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
    for path in options.output.glob(f"hmm_glm/figures/{figure.name}.*"):
        print(path)
