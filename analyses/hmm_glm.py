"""States of a spiking population and the connections in each (Li et al. 2024), figure by figure.

Expected duration: about a minute of processor time with ``--preset quick``; with ``--preset paper`` an
estimated 40 minutes on one core, from the cost of its units. Finished units are saved, and the same
command goes on.

    python analyses/hmm_glm.py --preset quick
"""

import argparse
from pathlib import Path

import neurosci

# Numbers are those of the paper. A run leaves out what it has no recording for.
FIGURES = {
    "recovery": "Table 1: states, weights and signs of eight models on synthetic spikes",
    "connectivity": "Fig. 2: weights and signs of one state",
    "likelihood": "Figs. 5B and 5D: held-out likelihood, and shared signs",
    "thresholds": "Fig. 6: signs by threshold of the weights",
    "states": "Fig. 7: the states of one held-out sequence",
    "selection": "Fig. 10: how many states?",
    "subpopulations": "Fig. 14: three groups with states of their own",
    "neurons": "Fig. 16: by number of neurons",
    "stickiness": "Fig. 17: a prior on staying",
    "real_likelihood": "Table 2 and Fig. 5B on the recordings at hand",
    "real_connectivity": "Layout of Fig. 3, on a locust's antennal lobe",
    "trials": "Layout of Figs. 4 and 8, on the same",
    "trajectory": "Layout of Fig. 4, right: a rat on a maze",
    "outcome": "Layout of Fig. 9: what a state sequence tells",
    "by_number": "Layout of Fig. 11: states by number of trial",
    "onset": "Beyond the paper: the onset of an odour, found without being told",
    "choice": "Beyond the paper: the number of states of a recording",
    "sleep": "Beyond the paper: wake and sleep",
    "receptor": "Beyond the paper: one receptor and its own history",
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
    "hmm_glm",
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
        for path in options.output.glob(f"hmm_glm/figures/{name}.*"):
            print(path)
