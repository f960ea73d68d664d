"""Many patterns at once in a diluted Hebbian network (Agliari et al. 2023), figure by figure.

Expected duration: 45 s on one core with ``--preset quick``, a third of an hour with ``--preset paper``.
Finished units are saved, and the same command goes on.

    python analyses/hopfield.py --preset quick
"""

import argparse
from pathlib import Path

import neurosci

# The paper's own numbers of figures could not be seen, so that these names are ours. A run leaves out what it
# has no data for.
FIGURES = {
    "hierarchy": "Overlaps against dilution: the hierarchy and where it ends",
    "phases_two": "Phases of two patterns",
    "phases_more": "Phases of three and of five patterns",
    "phases_learned": "Phases when patterns are learned from noisy examples",
    "learning": "Learning with and without a teacher, by number of examples",
    "boundary": "Where recall becomes parallel at temperature 0",
    "one_step": "One step from the hierarchy: how many examples are enough",
    "annealing": "Energy and loss along an annealing",
    "sizes": "Simulation less theory, by number of neurons",
    "digits": "Handwritten digits as patterns",
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
    "hopfield",
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
        for path in options.output.glob(f"hopfield/figures/{name}.*"):
            print(path)
