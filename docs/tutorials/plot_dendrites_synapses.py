"""
How many synapses does a dendrite need?
=======================================

A dendritic segment fires when enough of its synapses are active together. With too few synapses it answers
either to everything or, as soon as some input is missing, to nothing. Three figures show what "enough" is.
All probabilities are exact; the last figure adds *synthetic* trials.
"""

# %%
# One threshold, two errors
# -------------------------
# 10,000 cells project to the segment and 300 of them are active in a pattern. A higher threshold makes false
# alarms rarer and misses more frequent. Here 20 % of the pattern's cells are replaced by others.
import matplotlib.pyplot as plt
import numpy as np

from neurosci.dendrites import (
    false_negative_prob,
    false_positive_prob,
    importance_false_positives,
    threshold_windows,
)

n, a, noise = 10_000, 300, 0.2
v = round(noise * a)
figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
for s, colour in ((15, "#c18b12"), (30, "#2166ac")):
    theta = np.arange(1, s + 1)
    axes.semilogy(
        theta, false_positive_prob(n, a, s, theta), color=colour, label=f"false alarm, {s} synapses"
    )
    misses = false_negative_prob(a, s, v, theta)
    axes.semilogy(theta[misses > 0], misses[misses > 0], "--", color=colour, label=f"miss, {s} synapses")
axes.set(xlabel="threshold (synapses)", ylabel="probability", ylim=(1e-20, 2))
axes.axhline(1e-9, color="0.5", lw=0.8)
axes.legend(frameon=False)
plt.show()

# %%
# With 15 synapses no threshold brings false alarms below one in a billion and misses below one in a hundred.
# With 30 synapses several do.
low, high = threshold_windows(n, a, [15, 30], noise, alpha=1e-9, beta=1e-2)
for s, first, last in zip((15, 30), low, high, strict=True):
    print(f"{s} synapses: ", f"thresholds {first} to {last}" if first <= last else "no threshold works")

# %%
# The smallest segment that works
# -------------------------------
# For each noise, and for patterns of 100, 300 and 500 active cells, this is the smallest number of synapses
# for which some threshold keeps both errors small.
synapses = np.arange(5, 101)
levels = np.arange(0.0, 0.55, 0.05)
figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
needed = {}
for active, colour in ((100, "#1f9d74"), (300, "#2166ac"), (500, "#c18b12")):
    low, high = threshold_windows(n, active, synapses, levels[:, None], alpha=1e-9, beta=1e-2)
    works = low <= high
    needed[active] = np.where(works.any(axis=1), synapses[np.argmax(works, axis=1)], np.nan)
    axes.plot(levels, needed[active], "o-", color=colour, label=f"{active} active cells")
axes.set(xlabel="noise (fraction of active cells replaced)", ylabel="synapses needed (number)")
axes.legend(frameon=False)
plt.show()

# %%
# Without noise about as many synapses as the threshold are enough. Each further part of the input that may be
# missing costs synapses, and the more cells are active, the more of them are needed.
for level, number in zip(levels[::2], needed[300][::2], strict=True):
    print(f"{100 * level:2.0f} % noise: {number:.0f} synapses")

# %%
# Can that be checked?
# --------------------
# One in a billion cannot be simulated by waiting for it. Tilted sampling draws active synapses more often
# than they occur and corrects each draw by its likelihood ratio. Synthetic trials, 100,000 per point:
theta = np.arange(4, 25, 2)
exact = false_positive_prob(n, a, 24, theta)
rates = [importance_false_positives(n, a, 24, int(t), n_trials=100_000, random_state=int(t)) for t in theta]
ratio = np.array([rate.estimate for rate in rates]) / exact
error = 1.96 * np.array([rate.relative_error for rate in rates])

figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
axes.errorbar(exact, ratio, yerr=error, fmt="o", color="#2166ac", mfc="white")
axes.axhline(1, color="0.3", lw=0.9)
axes.set_xscale("log")
axes.invert_xaxis()
axes.set(xlabel="exact probability of a false alarm", ylabel="synthetic trials over exact (ratio)")
plt.show()
print(f"smallest probability: {exact.min():.0e}; largest deviation: {100 * np.abs(ratio - 1).max():.1f} %")
