"""
States of sleep and waking from spikes
======================================

Neurons that encode the direction of a mouse's head fire awake and asleep. Can a model that sees nothing but
their spikes tell wake from slow-wave and REM sleep? The recording is *real* where it is on this machine; else
*synthetic* spikes with known states stand in, and the figure says so.
"""

# %%
# Spikes in sequences
# -------------------
# The recording holds wake and the two kinds of sleep as separate records. Each is cut into stretches of 10
# s that cross no known joint. Labels are kept aside: no model sees them.
import matplotlib.pyplot as plt
import numpy as np

from neurosci.datasets import DataNotFoundError, fetch_head_direction_spikes
from neurosci.hmm_glm import HMMGLM, PoissonGLM, dwell_times, make_onehot_hmmglm, match_states

try:
    found = fetch_head_direction_spikes(download=False)
    counts, labels = [], []
    for first, n_bins, label in found.sequences.itertuples(index=False):
        starts = range(first, first + n_bins - 1000, 1000)
        for start in list(starts)[:: max(1, len(starts) // 10)]:
            counts.append(found.data[start : start + 1000].reshape(500, 2, -1).sum(axis=1))
            labels.append(label)
    order = np.random.default_rng(0).permutation(len(counts))[:60]
    counts, labels = [counts[i] for i in order], np.array(labels)[order]
    settings, title = {"shared_intercept": False}, "recorded: head-direction neurons"
except DataNotFoundError:
    made = make_onehot_hmmglm(n_neurons=12, n_states=3, n_bins=500, n_sequences=60, random_state=0)
    counts = np.split(made.X, 60)
    labels = np.array([f"mostly {np.bincount(part).argmax() + 1}" for part in np.split(made.states, 60)])
    settings, title = {"basis": made.basis, "link": made.link}, "synthetic spikes"
names = sorted(set(labels))
print(title, "-", len(counts), "sequences,", counts[0].shape[1], "neurons")

# %%
# History tells about the next spike
# ----------------------------------
# First without states: how many bits does the past of all neurons tell about each held-out spike, beyond
# constant rates?
half = len(counts) // 2
glm = PoissonGLM(**settings).fit(counts[:half])
print(f"history: {glm.bits_per_spike(counts[half:]):.2f} bits per spike")

# %%
# Three states
# ------------
# The states get names from the first half of the sequences, by the label that they meet most often.
model = HMMGLM(3, prior="onehot", n_init=3, max_iter=20, dwell=50, random_state=0, **settings).fit(
    counts[:half]
)
print(f"history and states: {model.bits_per_spike(counts[half:]):.2f} bits per spike")
of_bin = np.repeat([names.index(label) for label in labels], [len(part) for part in counts])
edge = sum(len(part) for part in counts[:half])
train = model.predict_proba(counts[:half]).argmax(axis=1)
test = model.predict_proba(counts[half:]).argmax(axis=1)
share = np.array([[np.mean(test[of_bin[edge:] == i] == s) for s in range(3)] for i in range(len(names))])
print("states named after labels:", match_states(of_bin[:edge], train, 3).tolist())

# %%
# What states are
# ---------------
# Left: how often each state occurs under each label. Right: how long visits last. States of single bins
# follow bursts of the population, so that most visits are far shorter than an epoch of sleep.
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
image = left.imshow(100 * share, cmap="cividis", vmin=0, vmax=100, aspect="auto")
left.set_xticks(range(3), labels=["state 1", "state 2", "state 3"])
left.set_yticks(range(len(names)), labels=names)
left.set_title(title)
figure.colorbar(image, ax=left, label="share of held-out bins (%)")
visits = np.concatenate(dwell_times(test, [len(part) for part in counts[half:]]))
right.hist(0.02 * visits, bins=np.geomspace(0.02, 10, 30))
right.set_xscale("log")
right.set_xlabel("visit (s)")
right.set_ylabel("visits (number)")
plt.show()
