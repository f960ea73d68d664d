"""Units of work on recordings: one model on one recording, scored on held-out sequences."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.random import spawn
from neurosci.preprocessing.spikes import ExponentialBasis, RaisedCosineBasis

from . import _contenders as contenders
from ._aliases import OneHotHMMGLM
from ._contenders import Split
from ._estimator import HMMGLM
from ._matching import dwell_times
from ._selection import select_n_states

Item = dict[str, Any]
Floats = NDArray[np.float64]

LINK = "softplus"
FIRST_DWELL = 1.0
"""Seconds that states last in the random starts."""
LAGS = 40
"""Bins of 1 ms after a spike that the figure of the receptor shows."""
N_SIMULATED = 20


def split_of(item: Item) -> Split:
    """Return the counts of an item."""
    return Split(item["train"], item["train_lengths"], item["test"], item["test_lengths"])


def real_fit(item: Item, rng: np.random.Generator) -> Item:
    """Fit one model to one recording; states are numbered by their share of the data for fitting."""
    del rng
    split = split_of(item)
    fitted = contenders.fit(
        item["model"], split, item["n_states"], n_init=item["n_starts"], max_iter=item["max_iter"],
        random_state=spawn(item["seed"], "starts", item["name"]), link=LINK, basis=ExponentialBasis(),
        shared_intercept=False, dwell=FIRST_DWELL / item["bin_width"],
    )  # fmt: skip
    out: Item = {
        "test_ll": fitted.sequence_ll(split.test, split.test_lengths),
        "constant_ll": contenders.constant_ll(split, binary=fitted.binary),
        "spikes": contenders.sums(split.test.sum(axis=1).astype(float), split.test_lengths),
        "start_ll": fitted.start_ll,
        "n_parameters": float(fitted.n_parameters),
        "converged": bool(fitted.converged),
        "shared_signs": (fitted.prior_degrees.argmax(axis=-1) - 1).astype(np.int8),
    }
    order = np.arange(len(fitted.degrees))
    if fitted.n_states > 1:
        train = fitted.states(split.train, split.train_lengths)
        order = np.argsort(-np.bincount(train, minlength=fitted.n_states), kind="stable")
        for part, X, lengths in (
            ("train", split.train, split.train_lengths),
            ("test", split.test, split.test_lengths),
        ):
            probability = fitted.estimator.predict_proba(X, lengths)[:, order]
            out[f"{part}_path"] = probability.argmax(axis=1).astype(np.uint8)
            out[f"{part}_proba"] = probability.astype(np.float32)
        out["visits"] = np.concatenate(dwell_times(out["test_path"].astype(int), split.test_lengths))
    out["weights"] = fitted.coef_or_correlation[order]
    out["signs"] = (fitted.degrees[order].argmax(axis=-1) - 1).astype(np.int8)
    return out


def choice_unit(item: Item, rng: np.random.Generator) -> Item:
    """Compare numbers of states of OHG on the data for fitting: held-out blocks, BIC, stability."""
    model = OneHotHMMGLM(
        basis=ExponentialBasis(), link=LINK, shared_intercept=False, dwell=FIRST_DWELL / item["bin_width"],
        n_init=item["n_starts"], max_iter=item["max_iter"], random_state=rng,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*hold less than", category=UserWarning)
        found = select_n_states(
            model, item["train"], item["train_lengths"], candidates=item["candidates"],
            n_splits=item["n_blocks"],
        )  # fmt: skip
    return {
        "n_states": found.n_states,
        "scores": found.scores,
        "bic": found.bic,
        "stability": found.stability,
        "rarest": np.array([share.min() for share in found.occupancy]),
        "best_one_se": found.best_one_se,
        "best_bic": found.best_bic,
    }


def receptor_unit(item: Item, rng: np.random.Generator) -> Item:
    """Fit the history of a single neuron without states and with two, and simulate it."""
    split = split_of(item)
    basis = RaisedCosineBasis(6, LAGS)
    bits, models = [], []
    for n_states in (1, 2):
        model = HMMGLM(
            n_states, basis=basis, shared_intercept=False, n_init=item["n_starts"], max_iter=item["max_iter"],
            dwell=FIRST_DWELL / item["bin_width"],
            random_state=spawn(item["seed"], "receptor", str(n_states)),
        )  # fmt: skip
        model.fit(split.train, split.train_lengths)
        bits.append(model.bits_per_spike(split.test, split.test_lengths))
        models.append(model)
    simulated, _ = models[0].sample(len(split.test), N_SIMULATED, random_state=rng)
    shape = N_SIMULATED, len(split.test)
    return {
        "bits": np.array(bits),
        "n_spikes": int(split.test.sum()),
        "time_ms": 1e3 * item["bin_width"] * np.arange(1, LAGS + 1),
        "observed": after_spikes(split.test.reshape(1, -1), item["bin_width"]),
        "rate": after_spikes(np.asarray(simulated).reshape(shape), item["bin_width"]),
    }


def after_spikes(counts: NDArray[Any], bin_width: float) -> Floats:
    """Return the rate at each lag after a spike, in spikes/s, over sequences (n_sequences, n_bins)."""
    spikes = counts.astype(np.float64)
    n = spikes.shape[1]
    pairs = [float((spikes[:, : n - lag] * spikes[:, lag:]).sum()) for lag in range(1, LAGS + 1)]
    starts = [float(spikes[:, : n - lag].sum()) for lag in range(1, LAGS + 1)]
    result: Floats = np.array(pairs) / np.array(starts) / bin_width
    return result
