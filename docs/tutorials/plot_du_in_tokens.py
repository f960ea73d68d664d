"""
From raw recordings of the cortex to tokens
===========================================

A strip of electrodes over the motor cortex of one person was recorded while this person pressed a handle.
This page goes from the raw file to one code per 100 ms. The recording is *real* (the example of py-
neuromodulation); it lasts 19 s, so that the codex here is small and nothing on this page is a result about
brains. Where the recording is not on this machine, it is fetched.
"""

# %%
# The recording
# -------------
# Six contacts of the strip, three subthalamic channels and the force of the hand, at 1000 Hz, in volts.
import matplotlib.pyplot as plt
import numpy as np

from neurosci.datasets import fetch_ecog_gripforce
from neurosci.du_in import DuINConfig, DuINTokenizer
from neurosci.preprocessing.ieeg import make_pretrain_windows, preprocess_seeg

recording = fetch_ecog_gripforce()
raw = recording.to_raw()
print(raw.ch_names)

# %%
# Filter and reference
# --------------------
# The band is that of the paper; the mains (60 Hz here) were taken out before the data were published. For
# sEEG with names such as A1, A2 the argument ``reference="bipolar"`` pairs neighbours by itself; the
# contacts of this strip are numbered behind an underscore, so their differences are taken by hand.
clean = preprocess_seeg(raw, line_freq=None, reference=None, picks="ecog")
clean.pick("ecog")
strip = clean.get_data()
differences = strip[:-1] - strip[1:]
print(differences.shape)

# %%
# Windows
# -------
# Windows of 1 s, one after the other: with a shorter hop neighbours would share samples, and the held-out
# ones below would not be held out.
windows = make_pretrain_windows(clean, duration=1.0, overlap=0.0).X
X = windows[:, :-1] - windows[:, 1:]
train, held_out = X[:15], X[15:]
print(train.shape, held_out.shape)

# %%
# Codes
# -----
# A codex of 16 codes. The first steps train without looking codes up, which keeps the codex from
# collapsing; the published recipe has ``vq_warmup_steps=0``.
config = DuINConfig.small().replace(codex_size=16, codex_dim=8)
tokenizer = DuINTokenizer(config, n_epochs=60, batch_size=5, random_state=0, device="cpu").fit(train)
codes = tokenizer.transform(X)
print("codes of the first second:", codes[0])
print("live codes:", int(tokenizer.history_["n_live"][-1]))
errors = [-tokenizer.score(part) for part in (train, held_out)]
print("error of reconstruction: {:.2f} in training, {:.2f} held out".format(*errors))

# %%
# An error of 1 is what silence would score in training. Held-out seconds are restored worse than that: their
# amplitude is another one, and 15 s are far too few to learn a codex. The way is the same for hours.
again = tokenizer.inverse_transform(codes)
force = recording.covariates["grip_force_au"]
time = np.arange(X.shape[0] * 1000) / 1000
figure, (top, middle, bottom) = plt.subplots(3, 1, figsize=(7, 4.2), sharex=True, layout="constrained")
scale = 1e6
top.plot(time, scale * X[:, 2].ravel(), color="0.6", lw=0.5, label="recorded")
top.plot(time, scale * again[:, 2].ravel(), color="#2166ac", lw=0.9, label="from codes")
top.set_ylabel("third difference\n(µV)")
top.legend(loc="upper right", ncols=2, frameon=False)
middle.plot(time[::100] + 0.05, codes.ravel(), ".", color="#d23c06")
middle.set_ylabel("code")
bottom.plot(time, force[: len(time)], color="#1c1f22")
bottom.set_ylabel("grip force")
bottom.set_xlabel("time (s); held out from 15 s on")
for axes in (top, middle, bottom):
    axes.axvline(15, color="0.4", lw=0.8, ls="--")
plt.show()
