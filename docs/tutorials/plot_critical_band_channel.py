"""
Measure a channel whose width is known
======================================

An observer names objects hidden in noise of one band of spatial frequencies at a time. Where noise does harm
at a low contrast, there is the observer's channel. Here the observers are *synthetic*: their true channel is
known, so that the published method can be checked. It reads widths in coarse steps, which matters when you
compare them.
"""

# %%
# One observer
# ------------
# The table holds correct answers: one row for each noise SD, ascending from no noise, and one column for each
# band, from low to high frequency. This observer's channel is 3 octaves wide (full width at half height).
import warnings

import matplotlib.pyplot as plt
import numpy as np

from neurosci.critical_band import (
    ChannelEstimator,
    NotResolvedWarning,
    make_channel_counts,
    resample_counts,
)

data = make_channel_counts(1, bandwidth=3.0, random_state=1)
n_correct, n_trials = data.n_correct[0], data.n_trials

figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
percent = 100 * n_correct / n_trials
image = axes.imshow(percent, cmap="cividis", vmin=0, vmax=100, aspect="auto")
axes.set_xticks(range(7), [f"{f:g}" for f in data.frequencies])
axes.set_yticks(range(5), [f"{sd:g}" for sd in data.noise_sd])
axes.set(xlabel="noise band (cycles/image)", ylabel="noise SD (pixel units)")
axes.set_title("Synthetic observer")
figure.colorbar(image, label="correct (%)")
plt.show()

# %%
# The published method finds, for each band, how many octaves of noise it takes to bring the accuracy down to
# 50 %, and fits a Gaussian to these seven whole numbers.
channel = ChannelEstimator(method="index").fit(n_correct, n_trials)
print("thresholds:", channel.thresholds_)
print(f"bandwidth: {channel.bandwidth_:.2f} octaves; peak at its bound: {channel.at_bound_}")

positions = np.linspace(0, 6, 200)
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
frequencies = data.frequencies[0] * 2**positions
axes.plot(frequencies, channel.predict(positions), color="0.5", label="fit")
axes.plot(data.frequencies, channel.thresholds_, "o", color="#0b4f8a", label="thresholds")
axes.set_xscale("log", base=2)
axes.set_xticks(data.frequencies, [f"{f:g}" for f in data.frequencies])
axes.set(xlabel="noise band (cycles/image)", ylabel="threshold (octaves below 0.16)")
axes.set_title("Synthetic observer")
axes.legend(frameon=False)
plt.show()

# %%
# How sure is one width?
# ----------------------
# The counts are drawn again, 300 times, from binomial distributions with the observed proportions. Because
# thresholds are whole octaves, the widths fall on few values.
widths = []
for counts in resample_counts(n_correct, n_trials, n_resamples=300, random_state=2):
    again = ChannelEstimator().fit(counts, n_trials)
    widths.append(again.bandwidth_)
low, high = np.nanquantile(widths, [0.025, 0.975])
print(f"95 % of resamples between {low:.2f} and {high:.2f} octaves")
print(f"{len(set(np.round(widths, 3)))} different values")

# %%
# Many observers
# --------------
# Observers with true widths from 1 to 6 octaves, 30 of each. Some patterns of thresholds determine no width;
# the estimator warns and gives NaN. They are counted here, so the warning is not needed.
truth = np.repeat(np.arange(1.0, 6.5, 0.5), 30)
many = make_channel_counts(len(truth), bandwidth=truth, random_state=3)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", NotResolvedWarning)
    fits = [ChannelEstimator().fit(counts, many.n_trials) for counts in many.n_correct]
measured = np.array([fit.bandwidth_ for fit in fits])
widths = np.unique(truth)
medians = [np.nanmedian(measured[truth == width]) for width in widths]
for width, median in zip(widths, medians, strict=True):
    missing = np.isnan(measured[truth == width]).sum()
    print(f"true {width:.1f} octaves: median {median:.2f}, no width for {missing} of 30")

# %%
# The median rises with the truth, but in steps. Channels of 1.5 and of 2 octaves both read 1.00: two
# neighbouring thresholds are equal, the others are zero, and the height stops at its bound, which makes the
# width 1.00 whatever the accuracies are. A reading of 1.00 octave is thus compatible with a channel that is
# twice as wide.
figure, axes = plt.subplots(figsize=(4, 4), layout="constrained")
axes.plot([0, 12], [0, 12], color="0.7", label="equal")
axes.plot(truth, measured, ".", color="0.5", label="one observer")
axes.plot(widths, medians, "o", color="#0b4f8a", label="median")
axes.set(xlim=(0, 7), ylim=(0, 12))
axes.set(xlabel="true width (octaves)", ylabel="measured width (octaves)")
axes.set_title(f"{len(truth)} synthetic observers")
axes.legend(frameon=False)
plt.show()
