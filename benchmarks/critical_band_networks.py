"""Networks shown stimuli, and fits of the filter observer, each against the plain way to do it."""

from __future__ import annotations

import functools
import math
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.pairs import Pair, Target

N_QUADRATURE = 80
N_BOOTSTRAPS = 1000


@functools.lru_cache(maxsize=1)
def network() -> Any:
    """Return EfficientNet-Lite0 with random weights, whose speed is that of trained ones."""
    from neurosci.critical_band import efficientnet_lite

    return efficientnet_lite(0, random_state=0)


def images(size: int) -> NDArray[np.uint8]:
    """Draw grey pictures of the size of the published ones."""
    return np.random.default_rng(0).integers(0, 256, (size, 224, 224), dtype=np.uint8)


def streamed(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the scores of 16 categories by `evaluate_network`."""
    from neurosci.critical_band import evaluate_network

    found = evaluate_network(network(), pictures, preprocess="efficientnet_lite", scores=True)
    return found.filter(like="score_").to_numpy()


def at_once(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the same by a plain script: all stimuli as one float tensor, planes of colour."""
    import torch

    from neurosci.critical_band import CategoryMap

    members = CategoryMap.imagenet16().members
    whole = torch.from_numpy(pictures)[:, None].repeat(1, 3, 1, 1).float()
    whole = (whole - 127) / 128
    model = network().to(memory_format=torch.contiguous_format)
    with torch.no_grad():
        logits = torch.cat([model(whole[first : first + 32]) for first in range(0, len(whole), 32)])
    probabilities = logits.double().softmax(dim=1).numpy()
    return np.stack([probabilities[:, list(classes)].mean(axis=1) for classes in members.values()], axis=1)


def relative(ours: NDArray[np.float64], peer: NDArray[np.float64]) -> float:
    """Return the largest relative difference of two sets of scores."""
    return float(np.abs(ours / peer - 1).max())


def counts(size: int) -> NDArray[np.int64]:
    """Draw counts of observers with the published number of trials."""
    from neurosci.critical_band import make_filter_counts

    widths = np.random.default_rng(0).uniform(1.4, 3, size)
    return make_filter_counts(size, bandwidth=widths, random_state=1).n_correct


def batch(correct: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return log likelihoods of all observers fitted in one call."""
    from neurosci.critical_band import fit_channel_filter, published_trial_counts

    return fit_channel_filter(correct, published_trial_counts()).log_likelihood


@functools.lru_cache(maxsize=1)
def spectra() -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Return log2 of frequency and power of each band, without frequency 0."""
    from neurosci.critical_band import BandNoise

    noise = BandNoise()
    pairs = [noise.spectrum(band) for band in range(7)]
    return [np.log2(f[f > 0]) for f, _ in pairs], [p[f > 0] for f, p in pairs]


def one_by_one(correct: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return log likelihoods of observers fitted one by one with scipy's bounded quasi-Newton method."""
    from scipy.optimize import minimize
    from scipy.special import ndtr

    from neurosci.critical_band import published_trial_counts

    trials = published_trial_counts()
    log2_frequency, power = spectra()
    node, weight = np.polynomial.hermite.hermgauss(N_QUADRATURE)
    noise_sd = np.array([0.0, 0.02, 0.04, 0.08, 0.16])[:, np.newaxis]

    def accuracy(dprime: NDArray[np.float64]) -> NDArray[np.float64]:
        return ndtr(dprime[..., np.newaxis] + math.sqrt(2) * node) ** 15 @ weight / math.sqrt(math.pi)

    def loss(params: NDArray[np.float64], k: NDArray[np.int64]) -> float:
        log_c, center, log_width, log_a, lapse = params
        passed = np.array(
            [
                np.exp(-(((f - center) / math.exp(log_width)) ** 2) / 2) @ p
                for f, p in zip(log2_frequency, power, strict=True)
            ]
        )
        dprime = (noise_sd**2 * passed / math.exp(2 * log_c) + math.exp(-2 * log_a)) ** -0.5
        p = np.clip(lapse / 16 + (1 - lapse) * accuracy(dprime), 1e-12, 1 - 1e-12)
        return -float((k * np.log(p) + (trials - k) * np.log1p(-p)).sum())

    bounds = [(-8, 0), (0, 8), (math.log(0.05), math.log(25)), (math.log(0.1), math.log(7)), (0, 0.9)]
    found = []
    for k in correct:
        starts = [(-3.0, center, math.log(0.8), math.log(4), 0.05) for center in (3.0, 4.5, 6.0)]
        fits = [minimize(loss, start, (k,), method="L-BFGS-B", bounds=bounds) for start in starts]
        found.append(-min(fit.fun for fit in fits))
    return np.array(found)


def likelihood_lost(ours: NDArray[np.float64], peer: NDArray[np.float64]) -> float:
    """Return by how much the peer's likelihood is above ours for any observer, nats."""
    return float((peer - ours).max())


def bootstrap_seconds(_: Any) -> float:
    """Return the time of 1000 bootstraps of one observer, all refitted."""
    from neurosci.critical_band import channel_confint, fit_channel_filter, published_trial_counts

    fit = fit_channel_filter(counts(1)[0], published_trial_counts())
    start = time.perf_counter()
    channel_confint(fit, method="bootstrap", n_resamples=N_BOOTSTRAPS, random_state=0)
    return time.perf_counter() - start


PAIRS = (
    Pair(
        name="network_stimuli",
        ours_words="evaluate_network: batches as they are read, channels last",
        peer_words="plain script: all stimuli as one float tensor, channels first",
        ours=streamed,
        peer=at_once,
        prepare=images,
        sizes=(32, 64),
        unit="images",
        n_rounds=5,
        min_speedup=1.0,
        disagreement=relative,
        max_disagreement=1e-3,
        disagreement_words="largest relative difference of scores",
    ),
    Pair(
        name="filter_fits",
        ours_words="fits of the filter observer in one batch",
        peer_words="scipy L-BFGS-B, one observer after the other, three starts",
        ours=batch,
        peer=one_by_one,
        prepare=counts,
        sizes=(8, 32),
        unit="observers",
        n_rounds=3,
        min_speedup=5,
        disagreement=likelihood_lost,
        max_disagreement=0.01,
        disagreement_words="how far the peer's log likelihood is above ours at most, nats",
        targets=(Target(words="1000 bootstraps of one observer", limit=5, value=bootstrap_seconds),),
    ),
)
