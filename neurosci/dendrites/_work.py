"""Units of work of the analysis: each simulates one point from its own generator."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._mixture import mixture_false_positives
from ._patterns import correlated_sdr, new_state, random_sdr, subsample
from ._rare import importance_false_positives, splitting_false_positives
from ._rate import RateEstimate
from ._simulate import segment_matches, simulate_false_negatives, simulate_false_positives


def _plain(rate: RateEstimate) -> dict[str, Any]:
    return {
        "estimate": rate.estimate,
        "std_error": rate.std_error,
        "low": rate.ci[0],
        "high": rate.ci[1],
        "n_trials": rate.n_trials,
        "n_hits": rate.n_hits,
        "ess": rate.ess,
        "log_estimate": rate.log_estimate,
        "relative_error": rate.relative_error,
    }


def false_positives(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Simulate one point of Fig. 4A."""
    return _plain(simulate_false_positives(**item, random_state=rng))


def false_negatives(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Simulate one point of Fig. 4B."""
    return _plain(simulate_false_negatives(**item, random_state=rng))


def tilted(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Estimate one rare probability by tilted sampling."""
    return _plain(importance_false_positives(**item, random_state=rng))


def splitting(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Estimate one rare probability by splitting."""
    return _plain(splitting_false_positives(**item, random_state=rng))


def shared(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Estimate how often any of many segments matches, of which some sample the same pattern."""
    names = ("n", "a", "s", "theta", "n_segments", "per_pattern", "n_trials")
    n, a, s, theta, n_segments, each, n_trials = (item[name] for name in names)
    patterns = random_sdr(n, a, n_segments // each, random_state=rng)
    segments = subsample(patterns[np.repeat(np.arange(n_segments // each), each)], s, random_state=rng)
    return _plain(mixture_false_positives(segments, a, theta, n_trials, random_state=rng))


def unions(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Count random patterns that match segments made of fresh patterns."""
    from ._jit_patterns import union_hits

    names = ("n", "a", "s", "theta", "n_patterns", "n_trials")
    return {"n_hits": int(union_hits(*(item[name] for name in names), new_state(rng)))}


def correlated(item: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Count false positives of a neuron whose inputs share clusters of cells."""
    n, a, n_segments, n_tests = (int(item[name]) for name in ("n", "a", "n_segments", "n_tests"))
    patterns = correlated_sdr(n, a, n_segments + n_tests, coverage=item["coverage"], random_state=rng)
    stored = subsample(patterns[:n_segments], item["s"], random_state=rng)
    synapses = stored.indices.reshape(n_segments, item["s"])
    hits = segment_matches(patterns[n_segments:].toarray(), synapses, item["theta"]).any(axis=0)
    used = np.asarray(patterns.astype(np.int64).sum(axis=0), dtype=np.float64)
    total = n_segments + n_tests
    shared = float(np.sum(used * (used - 1))) / (total * (total - 1))
    return {"correlation": shared / a, "n_hits": int(hits.sum()), "n_trials": n_tests}
