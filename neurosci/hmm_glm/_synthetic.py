"""Units of work on synthetic data: each fits or scores one model on one draw with known truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.random import spawn

from . import _contenders as contenders
from . import _forward as forward
from ._contenders import Split
from ._generator import make_onehot_hmmglm, make_subpopulation_hmmglm
from ._matching import (
    adjacency_balanced_accuracy,
    dwell_times,
    match_states,
    threshold_adjacency,
    weight_error,
)

Item = dict[str, Any]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CLAMP = 1e-16
"""Smallest emission probability of the published code."""
THRESHOLDS = np.round(np.linspace(0.0, 0.5, 51), 2)
SHOWN_STATE = 1
"""Second state: the one that Fig. 2 shows."""


def draw_of(item: Item) -> Any:
    """Return the synthetic data of one draw; all models of a draw get the same."""
    rng = spawn(item["seed"], "synthetic", f"draw {item['draw']}", f"{item['n_neurons']} neurons")
    return make_onehot_hmmglm(
        n_neurons=item["n_neurons"],
        n_states=item["n_states"],
        n_bins=item["n_bins"],
        n_sequences=item["n_train"] + item["n_test"],
        random_state=rng,
    )


def split_of(data: Any, n_train: int) -> Split:
    """Split whole sequences into those for fitting and those held out."""
    edge = int(np.sum(data.lengths[:n_train]))
    return Split(
        data.X[:edge], np.asarray(data.lengths[:n_train]), data.X[edge:], np.asarray(data.lengths[n_train:])
    )


def starts_of(item: Item) -> np.random.Generator:
    """Return the generator of the starts: the same for every model of a draw."""
    return spawn(item["seed"], "starts", f"draw {item['draw']}", f"{item['n_neurons']} neurons")


def table_one(item: Item, rng: np.random.Generator) -> Item:
    """Fit one model to one draw and compare it with the truth."""
    del rng
    data = draw_of(item)
    split = split_of(data, item["n_train"])
    fitted = contenders.fit(
        item["model"], split, int(item.get("fitted_states") or item["n_states"]),
        n_init=item["n_starts"], max_iter=item["max_iter"], random_state=starts_of(item),
        sticky=item.get("sticky", 0.0), link=data.link, basis=data.basis,
    )  # fmt: skip
    edge = len(split.train)
    out = {
        "test_ll": fitted.sequence_ll(split.test, split.test_lengths),
        "constant_ll": contenders.constant_ll(split, binary=fitted.binary),
        "start_ll": fitted.start_ll,
        "n_parameters": float(fitted.n_parameters),
        "train_ll": float(fitted.sequence_ll(split.train, split.train_lengths).sum()),
        "converged": bool(fitted.converged),
        **visits(fitted, split),
    }
    if item.get("fitted_states", item["n_states"]) == item["n_states"] or fitted.n_states == 1:
        out |= recovered(fitted, data, split, edge)
    return out


def visits(fitted: contenders.Fitted, split: Split) -> Item:
    """Return mean visit and occupancies on the held-out sequences."""
    if fitted.n_states == 1:
        return {"dwell": np.nan, "occupancy": np.ones(1)}
    path = fitted.states(split.test, split.test_lengths)
    lengths = np.concatenate(dwell_times(path, split.test_lengths))
    share = np.bincount(path, minlength=fitted.n_states) / path.size
    return {"dwell": float(lengths.mean()), "occupancy": share}


def recovered(fitted: contenders.Fitted, data: Any, split: Split, edge: int) -> Item:
    """Return agreement with states, weights and signs; states are matched on the training data alone."""
    truth = np.asarray(data.states)
    n_states = int(data.coef.shape[0])
    out: Item = {"accuracy": np.nan}
    order = np.zeros(n_states, np.int64)
    if fitted.n_states > 1:
        order = match_states(truth[:edge], fitted.states(split.train, split.train_lengths), n_states)
        named = np.argsort(order)[fitted.states(split.test, split.test_lengths)]
        first = int(split.test_lengths[0])
        out["accuracy"] = 100 * float(np.mean(named == truth[edge:]))
        out["path"] = named[:first].astype(np.int16)
        out["true_path"] = truth[edge : edge + first].astype(np.int16)
    signs, prior = true_signs(data)
    weights = None if fitted.coef is None else fitted.coef[order]
    degrees, shared = fitted.degrees[order], fitted.prior_degrees
    out["adjacency"] = 100 * adjacency_balanced_accuracy(signs, degrees.argmax(axis=-1) - 1)
    out["prior"] = 100 * adjacency_balanced_accuracy(prior, shared.argmax(axis=-1) - 1)
    out["weight_error"] = np.nan
    scaled = fitted.coef_or_correlation[order]
    if weights is not None:
        out["weight_error"] = weight_error(data.coef, weights)
    if fitted.n_states > 1:
        out["curve_adjacency"] = _curve(signs, scaled)
        out["curve_prior"] = _curve(prior, scaled.mean(axis=0))
    out["weights"], out["signs"] = scaled, (degrees.argmax(axis=-1) - 1).astype(np.int8)
    out["shared_signs"] = (shared.argmax(axis=-1) - 1).astype(np.int8)
    return out


def _curve(truth: Integers, weights: Floats) -> Floats:
    return np.array(
        [100 * adjacency_balanced_accuracy(truth, threshold_adjacency(weights, t)) for t in THRESHOLDS]
    )


def true_signs(data: Any) -> tuple[Integers, Integers]:
    """Return the true type of each connection, -1, 0 or 1, by state, and the likeliest shared type."""
    return np.asarray(data.adjacency, np.int64), np.asarray(data.adjacency_prior.argmax(axis=-1)) - 1


def truth_unit(item: Item, rng: np.random.Generator) -> Item:
    """Score one draw at its true parameters: accuracy with exact and with clamped emissions, calibration."""
    del rng
    data = draw_of(item)
    split = split_of(data, item["n_train"])
    edge = len(split.train)
    model = contenders.at_truth(data)
    recording, log_emission = model._emissions(split.test, split.test_lengths)
    truth = np.asarray(data.states)[edge:]
    gamma, _, scale = forward.smooth(log_emission, data.transmat, data.startprob, recording.edges)
    # the published code bounds emission probabilities from below, ln x! included
    full = log_emission + recording.constant[:, None]
    clamped = np.maximum(full, np.log(CLAMP))
    other, _, _ = forward.smooth(clamped, data.transmat, data.startprob, recording.edges)
    ll = np.add.reduceat(scale + recording.constant, recording.edges[:-1])
    p, hit = gamma.ravel(), (truth[:, None] == np.arange(gamma.shape[1])).ravel()
    decile = np.minimum((10 * p).astype(int), 9)
    counts = np.bincount(decile, minlength=10)
    return {
        "exact": 100 * float(np.mean(gamma.argmax(axis=1) == truth)),
        "clamped": 100 * float(np.mean(other.argmax(axis=1) == truth)),
        "test_ll": ll,
        "constant_ll": contenders.constant_ll(split),
        "predicted": np.bincount(decile, weights=p, minlength=10),
        "observed": np.bincount(decile, weights=hit, minlength=10).astype(float),
        "counts": counts,
        "weights": data.coef,
        "signs": np.asarray(data.adjacency, np.int8),
        "shared_signs": (data.adjacency_prior.argmax(axis=-1) - 1).astype(np.int8),
    }


def subpopulation_unit(item: Item, rng: np.random.Generator) -> Item:
    """Fit one model to three groups of neurons, each with two states of its own."""
    del rng
    data = make_subpopulation_hmmglm(
        n_bins=item["n_bins"],
        n_sequences=item["n_train"] + item["n_test"],
        random_state=spawn(item["seed"], "groups", f"draw {item['draw']}"),
    )
    split = split_of(data, item["n_train"])
    fitted = contenders.fit(
        item["model"], split, len(data.coef), n_init=item["n_starts"], max_iter=item["max_iter"],
        random_state=starts_of(item), link=data.link, basis=data.basis,
    )  # fmt: skip
    out = recovered(fitted, data, split, len(split.train))
    return {
        "test_ll": fitted.sequence_ll(split.test, split.test_lengths),
        "constant_ll": contenders.constant_ll(split),
        "accuracy": out["accuracy"],
        "weight_error": out["weight_error"],
    }
