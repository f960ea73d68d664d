"""
One network, many memories at once
==================================

A Hebbian network usually recalls one memory at a time. When each memory is silent in part of the neurons, the
others can recall a second one, and a third. All patterns here are *synthetic*: random, with a known share of
zeros.
"""

# %%
# Three diluted patterns
# ----------------------
# Each entry is 0 with probability 0.3, otherwise -1 or 1. The network stores all three.
import matplotlib.pyplot as plt
import numpy as np

from neurosci.hopfield import (
    MeanField,
    MultitaskingHopfield,
    hierarchical_overlaps,
    phase_diagram,
    sample_dataset,
    sample_patterns,
)

dilution = 0.3
patterns = sample_patterns(10_000, 3, dilution, random_state=1)
network = MultitaskingHopfield(temperature=0.05, n_sweeps=300, random_state=0).fit(patterns)

# %%
# A pattern is shown, and the network settles. It keeps the pattern in the 70 % of neurons that the pattern
# uses; the free ones recall a second pattern, and those that both leave free, the third.
trace = network.sample(init="pattern")
sizes = np.sort(np.abs(trace.overlaps.mean(axis=(0, 1))))[::-1]
print("simulated:", sizes.round(3))
print("power law:", hierarchical_overlaps(3, dilution).round(3))
print("autocorrelation times in sweeps:", trace.tau.round(1))

# %%
# Theory of the sample
# --------------------
# The theory of infinitely many neurons is a little off, since 10,000 neurons do not hold all pattern vectors
# in equal shares. The theory of these very patterns agrees to the error of the simulation.
theory = MeanField(3, dilution)
mean = trace.overlaps.mean(axis=(0, 1))
for name, found in (
    ("many neurons", theory.ground_state(0.05)),
    ("this sample", theory.quenched(patterns).fixed_point(0.05, mean)),
):
    print(f"{name}: {np.sort(np.abs(found.m))[::-1].round(4)}")
print("simulated:", sizes.round(4), "errors:", trace.standard_error.round(4))

# %%
# From hierarchical to parallel
# -----------------------------
# The stronger the dilution, the more equal the overlaps. At dilution 0.8 and half the critical temperature,
# all three are recalled with the same strength.
table = phase_diagram(3, np.linspace(0.05, 0.95, 46), [0.02, 0.1])
figure, panels = plt.subplots(1, 2, figsize=(8, 3), layout="constrained", sharey=True)
for axes, (temperature, rows) in zip(panels, table.groupby("temperature"), strict=True):
    for pattern in (1, 2, 3):
        axes.plot(rows["dilution"], rows[f"m_{pattern}"], label=f"pattern {pattern}")
    axes.set(xlabel="dilution (fraction of zeros)", title=f"temperature {temperature:g}")
panels[0].set_ylabel("overlap (fraction)")
panels[0].legend(frameon=False)
plt.show()

# %%
# Learning from examples
# ----------------------
# The network may see noisy examples instead of the patterns. With a teacher it averages those of one pattern;
# without one each example enters by itself. The overlaps are the same.
data = sample_dataset(patterns, quality=0.5, n_examples=30, random_state=2, return_examples=True)
for learning in ("supervised", "unsupervised"):
    student = MultitaskingHopfield(learning, temperature=0.05, quality=0.5, n_sweeps=100, random_state=0)
    trace = student.fit(data.examples, patterns).sample(init="hierarchical")
    print(f"{learning}: {trace.overlaps.mean(axis=(0, 1)).round(3)}")
