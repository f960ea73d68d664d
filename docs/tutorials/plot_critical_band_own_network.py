"""
The channel of my own network
=============================

Critical-band masking works for any network that names images. Here a small convolutional network is built and
trained on the page, on *synthetic* pictures of four shapes, then shown the same pictures in noise of one band
of spatial frequencies at a time. Its answers give its channel, by three methods.
"""

# %%
# Pictures and a network
# ----------------------
# A disc, a ring, a square or a cross, each at a random place and of a random size. All pictures are
# synthetic: 64 pixels a side, 1 on 0.
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from neurosci.critical_band import (
    BandNoise,
    CategoryMap,
    ChannelEstimator,
    CriticalBandMasking,
    evaluate_network,
    trial_counts,
)

NAMES = ("disc", "ring", "square", "cross")
SIDE = 64
CONTRAST = 0.2


def draw_shapes(n, seed):
    """Draw n pictures of the four shapes in turn."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    pictures = []
    for number in range(n):
        size, (row, column) = rng.uniform(5, 8), rng.uniform(12, 52, 2)
        dy, dx = np.abs(y - row), np.abs(x - column)
        radius, square = np.hypot(dy, dx), np.maximum(dy, dx)
        inside = (
            radius < size,
            (radius < size) & (radius > 0.6 * size),
            square < 0.85 * size,
            (square < size) & (np.minimum(dy, dx) < 0.3 * size),
        )
        pictures.append(inside[number % 4].astype(np.float32))
    return np.stack(pictures), [NAMES[number % 4] for number in range(n)]


# %%
# The network learns pictures of low contrast and of any brightness, in a little white noise.
torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(3, 12, 5, stride=2, padding=2), nn.BatchNorm2d(12), nn.ReLU(),
    nn.Conv2d(12, 24, 5, stride=2, padding=2), nn.BatchNorm2d(24), nn.ReLU(),
    nn.Conv2d(24, 32, 3, stride=2, padding=1), nn.ReLU(),
    nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Linear(128, 4),
)  # fmt: skip
optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
pictures, names = draw_shapes(1600, seed=1)
labels = torch.tensor([NAMES.index(name) for name in names])
signal = CONTRAST * (pictures - pictures.mean(axis=(1, 2), keepdims=True)) + 0.449
shown = torch.from_numpy(signal)[:, None].expand(-1, 3, -1, -1)
network.train()
for _ in range(600):
    batch = torch.randint(len(shown), (64,))
    noisy = shown[batch] + 0.04 * torch.randn(64, 1, SIDE, SIDE) + 0.2 * torch.randn(64, 1, 1, 1)
    loss = nn.functional.cross_entropy(network(noisy), labels[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
network = network.eval()

# %%
# The experiment, in ten lines
# ----------------------------
# New pictures, each in every condition: five noise levels by five bands. Any torch module will do, and any
# function that takes a batch of pictures and returns one number per class. `CategoryMap` says which classes
# make up which category.
images, categories = draw_shapes(160, seed=2)
noise_sd = (0, 0.02, 0.04, 0.08, 0.16)
noise = BandNoise((SIDE, SIDE), n_bands=5)
masking = CriticalBandMasking(noise_sd, contrast=CONTRAST, n_bands=5, design="factorial", random_state=0)
trials = masking.make_trials(images, categories)
classes = CategoryMap({name: [place] for place, name in enumerate(NAMES)}, n_classes=4)
answers = evaluate_network(network, masking.iter_stimuli(images, trials), trials, classes)
n_correct, n_trials = trial_counts(answers, noise_sd=noise_sd, n_bands=5)
print(np.round(100 * n_correct / n_trials).astype(int))

# %%
# Stimuli and accuracy. Rows: noise SD; columns: noise band.
figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.4), layout="constrained", width_ratios=(1.3, 1))
first = trials[trials["image"] == 2]
rows = []
for level in noise_sd[1:]:
    here = first[first["noise_sd"] == level].sort_values("band")
    rows.append(np.hstack(masking.transform(images, here)))
left.imshow(np.vstack(rows), cmap="gray", vmin=0, vmax=1)
left.set_xticks(SIDE * (np.arange(5) + 0.5), [f"{f:.3g}" for f in noise.center_frequencies_])
left.set_yticks(SIDE * (np.arange(4) + 0.5), [f"{level:g}" for level in noise_sd[1:]])
left.set(xlabel="centre of the noise band (cycles/image)", ylabel="noise SD", title="Synthetic stimuli")
picture = right.imshow(100 * n_correct / n_trials, cmap="cividis", vmin=0, vmax=100, aspect="auto")
right.set_xticks(range(5), [f"{f:.3g}" for f in noise.center_frequencies_])
right.set_yticks(range(5), [f"{level:g}" for level in noise_sd])
right.set(xlabel="centre of the noise band (cycles/image)", title="Correct (%)")
figure.colorbar(picture, ax=right)
plt.show()

# %%
# Its channel, by three methods
# -----------------------------
# Widths are full widths at half height. The likelihood fit is of amplitude sensitivity, the filter observer
# of power gain; a ratio of √2 between them means nothing. The filter observer knows the spectra of the noise
# bands, so that its centre is a physical frequency.
common = {"noise_sd": noise_sd, "guess_rate": 1 / 4, "lowest_frequency": noise.label_frequencies_[0]}
spectra = [noise.spectrum(band) for band in range(5)]
channels = {
    "index": ChannelEstimator("index", **common),
    "ml": ChannelEstimator("ml", **common),
    "filter": ChannelEstimator("filter", band_spectra=spectra, **common),
}
for name, channel in channels.items():
    channel.fit(n_correct, n_trials)
    width = channel.confint(random_state=0)["bandwidth"]
    print(f"{name:7s} width {width.text}; centre {channel.center_frequency_:.1f} cycles/image")

# %%
# The gain of the fitted filter. A shape of 13 pixels, the average size, fills one period at 64 / 13 = 4.9
# cycles per picture, near the centre of the filter: the network looks at shapes as wholes. The dispersion is
# far above 1, the value of counts that follow the model: this network is no Gaussian filter in every detail,
# and the interval, which takes the model for granted, is too narrow.
fitted = channels["filter"]
frequency = np.geomspace(1, 32, 200)
distance = np.log2(frequency / fitted.center_frequency_) / fitted.bandwidth_
print(f"dispersion {fitted.dispersion_:.1f}")

figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
axes.plot(frequency, np.exp(-4 * np.log(2) * distance**2), label="gain of the filter")
axes.axvline(SIDE / 13, color="0.6", label="size of a shape")
axes.set_xscale("log", base=2)
axes.set_xticks(noise.center_frequencies_, [f"{f:.3g}" for f in noise.center_frequencies_])
axes.set(xlabel="spatial frequency (cycles/image)", ylabel="power gain", ylim=(0, 1.3))
axes.set_title("A network trained on synthetic shapes")
axes.legend(frameon=False)
plt.show()

# %%
# For a network trained on ImageNet, leave `CategoryMap` at its default, the 16 categories of the experiment,
# and give the scaling of its pixels: ``evaluate_network(model, stimuli, trials, preprocess="imagenet")``.
# With ``neurosci run critical_band --set images=FOLDER`` the report shows your own pictures to the networks
# it knows.
