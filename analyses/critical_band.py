"""Spatial-frequency channels of people and networks (Subramanian et al. 2023), figure by figure.

Expected duration: half a minute with ``--preset quick``, which runs one network on a subset of the stimuli,
and five minutes with ``--preset paper``, which runs three on all of them.

    python analyses/critical_band.py --preset quick --output out
    python analyses/critical_band.py --images my_photographs
"""

import argparse
from pathlib import Path

import neurosci

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--preset", choices=("quick", "paper"), default="quick", help="default: quick")
parser.add_argument("--seed", type=int, default=0, help="default: 0")
parser.add_argument("--output", type=Path, default=Path("out"), help="folder of the report; default: out")
parser.add_argument("--images", default="", help="folder of your own images to show to the networks")
options = parser.parse_args()

result = neurosci.run(
    "critical_band",
    preset=options.preset,
    seed=options.seed,
    output=options.output,
    images=options.images,
)

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
