"""Units of work on learning: from examples, with a teacher who averages them and without."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._autocorrelation import monte_carlo_mean
from ._estimator import MultitaskingHopfield
from ._mean_field import MeanField
from ._patterns import dataset_entropy, sample_dataset, sample_patterns
from ._state import State
from ._thresholds import hierarchical_overlaps
from ._trace import Trace

Item = dict[str, Any]
Rng = np.random.Generator
WAYS = ("supervised", "unsupervised")


def learning(item: Item, rng: Rng) -> Item:
    """H5: overlaps after learning from examples, in theory and with and without a teacher."""
    k, t = item["n_patterns"], item["temperature"]
    r, m = item["quality"], item["n_examples"]
    gaussian = MeanField(k, item["dilution"], rho=dataset_entropy(r, m)).ground_state(t)
    exact = MeanField(k, item["dilution"], quality=r, n_examples=m)
    nothing = np.full(k, np.nan)
    out: Item = {"gaussian_n": gaussian.n, "gaussian_m": gaussian.m}
    binomial = _lowest(exact, t, gaussian.n) if m <= item["most_binomial"] else None
    out |= {
        "binomial_n": nothing if binomial is None else binomial.n,
        "binomial_m": nothing if binomial is None else binomial.m,
    }
    ways = WAYS if m <= item["most_unsupervised"] else WAYS[:1]
    quenched, traces = _sampled(item, exact, rng, ways)
    for way in WAYS:
        if way not in traces:
            out |= {f"{way}_{name}": nothing for name in ("n", "error", "m", "m_error")}
            continue
        found = traces[way].summary()
        ends: Any = traces[way].pattern_overlaps
        out |= {
            f"{way}_n": np.array([f.value for f in found]),
            f"{way}_error": np.array([f.standard_error for f in found]),
            f"{way}_m": ends.mean(axis=0),
            f"{way}_m_error": ends.std(axis=0, ddof=1) / np.sqrt(item["n_replicas"]),
        }
    state = quenched.fixed_point(t, out["supervised_n"])
    return out | {
        "quenched_n": state.n,
        "quenched_m": state.m,
        "eigenvalue": state.eigenvalue,
        "example_eigenvalue": float(quenched.example_eigenvalues(state.n, t).max()),
    }


def gain(item: Item, rng: Rng) -> Item:
    """HO7: largest overlap after learning from few and from many examples of the same patterns."""
    found: dict[str, list[float]] = {"few": [], "many": []}
    for _ in range(item["n_samples"]):
        patterns = sample_patterns(item["n_neurons"], item["n_patterns"], item["dilution"], rng)
        for name, overlaps in found.items():
            m = item[name]
            network = MultitaskingHopfield(
                "supervised", temperature=item["temperature"], quality=item["quality"], n_examples=m,
                n_sweeps=item["n_sweeps"], burn_in=item["burn_in"], n_replicas=item["n_replicas"],
                random_state=rng,
            )  # fmt: skip
            network.fit(sample_dataset(patterns, item["quality"], m, rng).counts, patterns)
            ends: Any = network.sample(init="hierarchical").pattern_overlaps
            overlaps.append(float(np.abs(ends).max(axis=1).mean()))
    return {name: np.array(overlaps) for name, overlaps in found.items()}


def teacher(item: Item, rng: Rng) -> Item:
    """HO4: the same data and first states with and without a teacher, for several data sets.

    Both are compared with the theory of the data set, each copy with the solution in which it stayed: near
    soft modes patterns may swap places, which says nothing about the teacher.
    """
    k, t = item["n_patterns"], item["temperature"]
    exact = MeanField(k, item["dilution"], quality=item["quality"], n_examples=item["n_examples"])
    keys = ("difference", "plain", "error", "slowest", "examples")
    rows: dict[str, list[Any]] = {key: [] for key in keys}
    for _ in range(item["n_data_sets"]):
        quenched, traces = _sampled(item, exact, rng, WAYS)
        offsets, states = {}, []
        for way in WAYS:
            series = traces[way].overlaps
            near = [quenched.fixed_point(t, mean) for mean in series.mean(axis=1)]
            offsets[way] = series - np.array([state.n for state in near])[:, None, :]
            states += near
        found = {way: [monte_carlo_mean(offsets[way][:, :, a]) for a in range(k)] for way in WAYS}
        pairs = list(zip(*(found[way] for way in WAYS), strict=True))
        means = [traces[way].overlaps.mean(axis=(0, 1)) for way in WAYS]
        rows["difference"].append([a.value - b.value for a, b in pairs])
        rows["plain"].append(means[0] - means[1])
        rows["error"].append([np.hypot(a.standard_error, b.standard_error) for a, b in pairs])
        rows["slowest"].append(max(state.eigenvalue for state in states))
        rows["examples"].append(quenched.example_eigenvalues(states[0].n, t).max())
    return {key: np.array(values) for key, values in rows.items()}


def _sampled(
    item: Item, exact: MeanField, rng: Rng, ways: tuple[str, ...]
) -> tuple[MeanField, dict[str, Trace]]:
    """Return the theory of a new data set and a trace for each way of learning from it, with equal starts."""
    r, m = item["quality"], item["n_examples"]
    patterns = sample_patterns(item["n_neurons"], item["n_patterns"], item["dilution"], rng)
    data = sample_dataset(patterns, r, m, rng, return_examples="unsupervised" in ways)
    traces: dict[str, Trace] = {}
    first: Any = None
    for way in ways:
        network = MultitaskingHopfield(
            way, temperature=item["temperature"], quality=r, n_examples=m, n_sweeps=item["n_sweeps"],
            burn_in=item["burn_in"], n_replicas=item["n_replicas"], random_state=rng,
        )  # fmt: skip
        given: Any = data.counts if way == "supervised" else data.examples
        network.fit(given, patterns)
        first = network.initial_states("hierarchical") if first is None else first
        traces[way] = network.sample(init=first)
    return exact.quenched(patterns, data.counts), traces


def _lowest(theory: MeanField, temperature: float, near: np.ndarray) -> State:
    """Return the best of a few solutions; each step sums over very many rows."""
    k, active = theory.n_patterns, 1 - theory.dilution
    pure = np.zeros(k)
    pure[0] = active
    points = [
        hierarchical_overlaps(k, theory.dilution), near * (1 - 1e-3 * np.arange(k)), pure,
        np.full(k, active / k),
    ]  # fmt: skip
    return min((theory.fixed_point(temperature, x) for x in points), key=lambda state: state.free_energy)
