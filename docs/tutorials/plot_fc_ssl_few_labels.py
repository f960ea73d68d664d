"""
Pre-train on your unlabelled scans, predict with few labels
===========================================================

Most scans in a lab have no label that fits the question of today. Here an encoder is pre-trained on scans
without labels, and a ridge regression on its features learns from 20 to 100 labelled ones, beside
baselines that need no deep model at all.

All scans are **synthetic**: they switch between four states of connectivity, and the two classes differ
only in how long a state lasts. The connectivity of the whole scan is the same in both, so that only
dynamics can tell them apart.
"""

# %%
# Scans
# -----
# A scan is a matrix, frames by regions. Your own come as a list of such matrices, of any lengths, or as a
# :class:`~neurosci.fc_ssl.TimeSeriesStore` on disk.

import matplotlib.pyplot as plt

from neurosci.fc_ssl import (
    STMAE,
    ConnectivityFeatures,
    label_efficiency,
    label_gain,
    make_connectivity_ridge,
    make_switching_fc,
)

unlabelled = make_switching_fc(160, task="dwell", n_times=160, random_state=0).X
labelled = make_switching_fc(250, task="dwell", n_times=160, random_state=1)
print(unlabelled.shape, labelled.X.shape, labelled.y.mean())

# %%
# Pre-training
# ------------
# Windows of 20 frames become graphs. In space, hidden regions and pairs are reconstructed; in time, a
# window is predicted from two that share no frame with it. No label is used. On your own scans, keep the
# people whose labels you want to predict out of this step.

encoder = STMAE(
    window=20,
    step=10,
    hidden_dim=32,
    n_layers=2,
    n_windows=2,
    batch_size=8,
    lr=3e-3,
    max_epochs=10,
    device="cpu",
    random_state=0,
)
encoder.fit(unlabelled)
print(
    {
        name: round(value, 2)
        for name, value in encoder.history_[-1].items()
        if name.startswith(("node", "edge"))
    }
)

# %%
# Few labels
# ----------
# The same encoder without any learning shows what its architecture alone gives. Static connectivity and the
# spread of connectivity over windows need no training at all: whatever a deep model scores, these belong
# beside it.

random_encoder = STMAE(**{**encoder.get_params(), "lr": 0.0, "weight_decay": 0.0, "max_epochs": 1}).fit(
    unlabelled
)
features = {
    "pre-trained": encoder.transform(labelled.X, pool="none"),
    "random encoder": random_encoder.transform(labelled.X, pool="none"),
    "static": ConnectivityFeatures().fit_transform(labelled.X),
    "spread of windows": ConnectivityFeatures("sd", window=20, step=10).fit_transform(labelled.X),
}
models = {name: (make_connectivity_ridge(), X) for name, X in features.items()}
table = label_efficiency(models, labelled.y, (20, 50, 100), n_test=120, n_resamples=10)
means = table.pivot_table(index="n_labels", columns="model", values="auc")
print(means.round(2))

# %%
# Ten times labels and test scans are drawn, the same for all models, so that differences are paired. Draws
# share scans, and the interval allows for that.

for other in ("random encoder", "static", "spread of windows"):
    print(f"pre-trained minus {other}: {label_gain(table, 'pre-trained', other, n_test=120)}")

# %%

figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
for name, marker in zip(features, "osD^", strict=True):
    axes.plot(means.index, means[name], marker=marker, label=name)
axes.axhline(0.5, color="0.5", ls=":")
axes.set_xscale("log")
axes.set_xticks([20, 50, 100], labels=["20", "50", "100"])
axes.set_xticks([], minor=True)
axes.set_xlabel("labels (number)")
axes.set_ylabel("area under the ROC curve")
axes.set_title("synthetic scans that differ in dynamics only")
axes.legend(frameon=False)

# %%
# Pre-training turns chance into a score, and one line, the standard deviation over windows, does as well or
# better. On people the order can be another: there static connectivity carries most (see :ref:`fc_ssl`).
# Keep every baseline in your own table.
#
# To go on training the whole network with your labels, give the encoder to
# :class:`~neurosci.fc_ssl.STAGINClassifier`; to use it elsewhere, ``encoder.save("encoder.safetensors")``.
