"""Spatial-frequency channels of people and networks (Subramanian et al. 2023), figure by figure.

Expected duration: half a minute with ``--preset quick``, which runs one network on a subset of the stimuli,
and five minutes with ``--preset paper``, which runs three on all of them.

    python analyses/critical_band.py --preset quick
    python analyses/critical_band.py --images my_photographs
"""

import argparse
from pathlib import Path

import neurosci

# The paper's own numbers of figures could not be seen, so that these names are ours. A run leaves out what it
# has no data for.
FIGURES = {
    "stimuli": "The stimuli: one photograph in noise of every band and strength",
    "spectra": "What is in a noise band, and how far its label lies from its centre",
    "accuracy": "Accuracy of people and of networks in every cell",
    "observers": "The same for each observer",
    "channels": "The channel: noise threshold by band, with its Gaussian",
    "psychometric": "Beyond the paper: psychometric functions and their fits",
    "comparison": "Beyond the paper: bandwidth by method",
    "survival": "Beyond the paper: which claims hold by which method",
    "families": "Bandwidth, centre and sensitivity by family of networks",
    "prediction": "Shape score against the three numbers of the channel",
    "specifications": "Beyond the paper: variance explained under every choice",
    "adversarial": "Robustness against bandwidth along the adversarial series",
}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--preset", choices=("quick", "paper"), default="quick", help="default: quick")
parser.add_argument("--seed", type=int, default=0, help="default: 0")
parser.add_argument(
    "--output", type=Path, default=Path("reports"), help="folder of the report; default: reports"
)
parser.add_argument("--n-jobs", type=int, help="processes; -1 takes all cores")
parser.add_argument("--images", default="", help="folder of your own images to show to the networks")
options = parser.parse_args()

result = neurosci.run(
    "critical_band",
    preset=options.preset,
    seed=options.seed,
    output=options.output,
    n_jobs=options.n_jobs,
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
made = {figure.name: figure for figure in result.figures}
for name, title in FIGURES.items():
    if name in made:
        print(f"\n{title}\n{made[name].finding} {made[name].caption}")
        for path in options.output.glob(f"critical_band/figures/{name}.*"):
            print(path)
