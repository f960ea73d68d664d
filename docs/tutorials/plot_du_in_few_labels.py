"""
Decode with few labels
======================

How does a decoder of words fare with few labelled trials, and does it help to start from an encoder that
has learned from unlabelled windows? All recordings on this page are *synthetic*: a generator with known
sources, whose scores say nothing about brains. Every arm gets the same channels, epochs and optimiser.
"""

# %%
# Synthetic recordings
# --------------------
# Six words of two syllables; speech is on two of six shafts. Training and test trials come from different
# blocks.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator

from neurosci.du_in import (
    ChannelSelector,
    DuINClassifier,
    DuINConfig,
    DuINTokenizer,
    SyntheticSEEG,
    WindowMeanClassifier,
)

generator = SyntheticSEEG(6, snr=1.0, random_state=1)
train, test = generator.trials(12), generator.trials(8, first=12)
windows = generator.unlabelled(24, duration=4.0)
print(train, test, windows, sep="\n")

# %%
# Channels
# --------
# Ten of the 42 channels are kept, chosen on training trials alone. How many of them are on the two shafts
# that carry speech is known here.
selector = ChannelSelector(10, method="anova").fit(train.X, train.y)
chosen = selector.get_support()
print(f"{train.truth.task[chosen].sum()} of {chosen.sum()} channels are on speech shafts")

# %%
# An encoder without labels
# -------------------------
# The tokenizer learns on the unlabelled windows, which hold the same syllables in other orders. Its codex
# is small, so that this page is quick.
sizes = DuINConfig.small().replace(
    conv_channels=(16, 16, 8),
    n_layers=2,
    d_head=16,
    d_neural=12,
    codex_size=32,
    codex_dim=16,
    n_decoder_layers=1,
)
tokenizer = DuINTokenizer(sizes, n_epochs=24, batch_size=4, learning_rate=2e-3, random_state=0, device="cpu")
tokenizer.fit(windows.X[:, chosen])
print(f"perplexity {tokenizer.history_['perplexity'][-1]:.0f} of 32 codes")

# %%
# Few labels, and more
# --------------------
# The linear baseline sees means in windows of 50 ms. ``FrozenEstimator`` says that the tokenizer stays as
# it is.
rows = []
for n_labels in (4, 12):
    n = 6 * n_labels
    settings = {"n_epochs": 30, "batch_size": 12, "learning_rate": 1e-3, "random_state": 0, "device": "cpu"}
    arms = {
        "linear": WindowMeanClassifier(generator.sfreq, classifier="lda"),
        "scratch": DuINClassifier(config=sizes, **settings),
        "from codes": DuINClassifier(FrozenEstimator(tokenizer), **settings),
    }
    for name, decoder in arms.items():
        decoder.fit(train.X[:n, chosen], train.y[:n])
        score = decoder.score(test.X[:, chosen], test.y)
        rows.append({"arm": name, "labels per word": n_labels, "accuracy": score})
scores = pd.DataFrame(rows).pivot_table(index="arm", columns="labels per word", values="accuracy")
print(scores.round(2))

# %%
# What it shows, and what not
# ---------------------------
# One training of each arm on 48 test trials: the standard error of each score is up to 7 points, so that
# this picture ranks nothing. The report of the analysis repeats every arm over generators and seeds, trains
# the scratch arm to its plateau, and puts all operations spent on the axis.
figure, axes = plt.subplots(figsize=(4.5, 3), layout="constrained")
for name, marker in (("linear", "s"), ("scratch", "o"), ("from codes", "D")):
    error = np.sqrt(scores.loc[name] * (1 - scores.loc[name]) / len(test.y))
    axes.errorbar(scores.columns, 100 * scores.loc[name], 100 * error, marker=marker, label=name, capsize=0)
axes.axhline(100 / 6, color="0.4", ls=":", lw=0.9)
axes.set_xticks(scores.columns)
axes.set_xlabel("labelled trials per word (synthetic)")
axes.set_ylabel("accuracy (%), ± 1 standard error")
axes.legend(frameon=False)
plt.show()
