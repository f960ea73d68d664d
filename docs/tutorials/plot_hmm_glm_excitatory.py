"""
Is this connection excitatory?
==============================

A fitted weight is a number with noise. Whether a connection is excitatory, inhibitory or absent is a question
with three answers, and a prior on the answers can be learned from all connections and states at once. All
spikes here are *synthetic*, so that the answers are known.
"""

# %%
# A network that switches
# -----------------------
# Twelve neurons, three states. Most connections are absent; a connection may have a sign in one state and
# none in another, but what is likely is shared by all states.
import matplotlib.pyplot as plt
import numpy as np

from neurosci.hmm_glm import (
    HMMGLM,
    OneHotHMMGLM,
    adjacency_balanced_accuracy,
    make_onehot_hmmglm,
    match_states,
    state_accuracy,
    weight_error,
)

data = make_onehot_hmmglm(n_neurons=12, n_states=3, n_bins=2000, n_sequences=8, random_state=3)
settings = {"basis": data.basis, "link": data.link, "n_init": 4, "max_iter": 30, "random_state": 0}

# %%
# Two models, equal starts
# ------------------------
# The plain model fits every weight by itself and gets its signs from sizes, relative to the largest weight
# (Eq. 8 of the paper). The one-hot model gives the probability of each answer.
models = {"plain": HMMGLM(3, **settings), "one-hot": OneHotHMMGLM(3, **settings)}
for name, model in models.items():
    model.fit(data.X, data.lengths)
    model.permute_states(
        match_states(data.states, model.predict_proba(data.X, data.lengths).argmax(axis=1), 3)
    )
    states = model.predict_proba(data.X, data.lengths).argmax(axis=1)
    signs = adjacency_balanced_accuracy(data.adjacency, model.adjacency_proba_)
    print(
        f"{name}: {100 * state_accuracy(data.states, states):.0f} % of states, weight error "
        f"{weight_error(data.coef, model.coef_):.1f}e-4, {100 * signs:.0f} % of signs (chance 33 %)"
    )

# %%
# One connection
# --------------
# The strongest true connection of the first state: its probabilities are inhibitory, none, excitatory.
target, source = np.unravel_index(np.abs(data.coef[0]).argmax(), data.coef[0].shape)
answer = models["one-hot"].adjacency_proba_[0, target, source].round(3)
print(f"from neuron {source} to {target}: true weight {data.coef[0, target, source]:.3f}")
print("probabilities:", answer.tolist())

# %%
# Are the probabilities right?
# ----------------------------
# Of all connections to which the model gives a probability of being there, about that share should be
# there.
proba = 1 - models["one-hot"].adjacency_proba_[..., 1].ravel()
present = data.adjacency.ravel() != 0
edges = np.quantile(proba, np.linspace(0, 1, 8))
group = np.clip(np.searchsorted(edges, proba, side="right") - 1, 0, 6)
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
left.plot([0, 1], [0, 1], color="0.4", lw=0.8)
left.plot(
    [proba[group == g].mean() for g in range(7)],
    [present[group == g].mean() for g in range(7)],
    "D-",
    color="#d23c06",
)
left.set(xlabel="probability of a connection", ylabel="share that is there", title="synthetic network")
for name, model in models.items():
    right.plot(data.coef.ravel(), model.coef_.ravel(), ".", ms=3, label=name)
right.set(xlabel="true weight", ylabel="fitted weight")
right.legend()
plt.show()
