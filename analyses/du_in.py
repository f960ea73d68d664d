"""Discrete codes and masked modelling of intracranial signals (Zheng et al. 2024), figure by figure.

Expected duration: under two minutes of processor time with ``--preset quick``. ``--preset paper`` takes many
hours; ``neurosci run du_in --preset paper --dry-run`` says how many on this machine. Finished units are
saved, and the same command goes on.

    python analyses/du_in.py --preset quick
"""

import argparse
from pathlib import Path

import neurosci

# Numbers are those of the paper; Figs. 4b to 8 need its recordings, and are drawn from a generator here.
FIGURES = {
    "radar": "Fig. 1: accuracy of five methods by subject, as printed",
    "published": "Table 2: all methods and the arms of Du-IN, as printed",
    "brain": "Fig. 4a: the contacts that the paper selects",
    "sweeps": "Figs. 4b and 5: by channels, size of the codex and length of a patch; synthetic",
    "pretraining": "Tables 8 and 14 to 16: what pre-training sees and how long it lasts; synthetic",
    "reconstruction": "Fig. 7b: signals from codes; synthetic",
    "training": "Figs. 7a and 8: both trainings by epoch; synthetic",
    "arms": "Table 2 again, on a generator: what codes and masks add",
    "contributions": "Appendix H: contribution of channels; synthetic",
    "leak": "Beyond the paper: channels that were chosen on all trials",
    "real": "Beyond the paper: small public recordings",
    "ecog": "Beyond the paper: electrocorticography of a grip",
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
    "du_in",
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
        for path in options.output.glob(f"du_in/figures/{name}.*"):
            print(path)
