"""Units of work of the analysis: one item and a generator in, plain arrays and numbers out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit

from ._autocorrelation import monte_carlo_mean
from ._class_gibbs import ClassGibbs
from ._digits import binary_digits
from ._estimator import MultitaskingHopfield
from ._little import LittleDynamics
from ._loss import loss
from ._mean_field import MeanField
from ._patterns import dataset_entropy, sample_dataset, sample_patterns
from ._phases import phase_diagram, zero_temperature_boundary
from ._schedules import parallel_tempering
from ._signal import signal_to_noise
from ._state import State
from ._thresholds import hierarchical_overlaps, parallel_instability

Item = dict[str, Any]
Rng = np.random.Generator

MOST_BINOMIAL = 100
LINES = ((2, 0.0), (3, 0.0), (5, 0.0), (2, 0.1), (3, 0.1), (2, 0.3), (3, 0.3))


def curve(item: Item, rng: Rng) -> Item:
    """H1: equilibrium overlaps against dilution, at a low temperature and in the limit of zero."""
    del rng
    k = item["n_patterns"]
    cold = [MeanField(k, d).ground_state(item["temperature"]).m for d in item["dilutions"]]
    zero = [MeanField(k, d).ground_state(0.0).m for d in item["dilutions"]]
    return {"cold": np.array(cold), "zero": np.array(zero)}


def sampled_overlaps(item: Item, rng: Rng) -> Item:
    """H1 and H9: class sampler against the theory of the same sample, for several samples."""
    k, d, t = item["n_patterns"], item["dilution"], item["temperature"]
    theory = MeanField(k, d)
    start = theory.ground_state(t).n
    means, errors, expected, taus, modes = [], [], [], [], []
    for _ in range(item["n_samples"]):
        patterns = sample_patterns(item["n_neurons"], k, d, rng)
        sampler = ClassGibbs(patterns)
        series = sampler.sample(
            t, n_sweeps=item["n_sweeps"], burn_in=item["burn_in"], start=start, random_state=rng
        )
        found = [monte_carlo_mean(series[:, a]) for a in range(k)]
        means.append([f.value for f in found])
        # small overlaps may settle with either sign: the theory is solved from where the dynamics stayed
        state = theory.quenched(patterns).fixed_point(t, means[-1])
        errors.append([f.standard_error for f in found])
        taus.append(max(f.tau for f in found))
        expected.append(state.m)
        modes.append(state.eigenvalue)
    return {
        "means": np.array(means),
        "errors": np.array(errors),
        "expected": np.array(expected),
        "tau": float(np.max(taus)),
        "eigenvalue": float(np.max(modes)),
        "annealed": start,
    }


def diagram(item: Item, rng: Rng) -> Item:
    """H2 to H4: equilibria on a grid."""
    del rng
    table = phase_diagram(item["n_patterns"], item["dilutions"], item["temperatures"], item["rho"])
    overlaps = table[[f"m_{a + 1}" for a in range(item["n_patterns"])]].to_numpy()
    return {
        "dilution": table["dilution"].to_numpy(),
        "temperature": table["temperature"].to_numpy(),
        "phase": "".join(table["phase"]),
        "overlaps": overlaps,
        "free_energy": table["free_energy"].to_numpy(),
    }


def learning(item: Item, rng: Rng) -> Item:
    """H5: overlaps after learning from examples, in theory and with and without a teacher."""
    k, d, t = item["n_patterns"], item["dilution"], item["temperature"]
    r, m = item["quality"], item["n_examples"]
    gaussian = MeanField(k, d, rho=dataset_entropy(r, m)).ground_state(t)
    exact = MeanField(k, d, quality=r, n_examples=m)
    nothing = np.full(k, np.nan)
    out: Item = {"gaussian_n": gaussian.n, "gaussian_m": gaussian.m}
    binomial = _lowest(exact, t, gaussian.n) if m <= item["most_binomial"] else None
    out |= {
        "binomial_n": nothing if binomial is None else binomial.n,
        "binomial_m": nothing if binomial is None else binomial.m,
    }
    patterns = sample_patterns(item["n_neurons"], k, d, rng)
    unsupervised = m <= item["most_unsupervised"]
    data = sample_dataset(patterns, r, m, rng, return_examples=unsupervised)
    leading = patterns[np.arange(len(patterns)), np.argmax(patterns != 0, axis=1)]
    coins = np.where(rng.random((item["n_replicas"], len(patterns))) < 0.5, 1, -1)
    first = np.where(leading == 0, coins, leading)
    quenched = exact.quenched(patterns, data.counts)
    for way in ("supervised", "unsupervised"):
        if way == "unsupervised" and not unsupervised:
            out |= {f"{way}_{name}": nothing for name in ("n", "error", "m", "m_error")}
            continue
        network = MultitaskingHopfield(
            way, temperature=t, quality=r, n_examples=m, n_sweeps=item["n_sweeps"],
            burn_in=item["burn_in"], n_replicas=item["n_replicas"], random_state=rng,
        )  # fmt: skip
        network.fit(data.counts if data.examples is None or way == "supervised" else data.examples, patterns)
        trace = network.sample(init=first)
        found = trace.summary()
        if way == "supervised":
            state = quenched.fixed_point(t, [f.value for f in found])
            out |= {"quenched_n": state.n, "quenched_m": state.m, "eigenvalue": state.eigenvalue}
        out |= {
            f"{way}_n": np.array([f.value for f in found]),
            f"{way}_error": np.array([f.standard_error for f in found]),
            f"{way}_m": trace.pattern_overlaps.mean(axis=0),  # type: ignore[union-attr]
            f"{way}_m_error": trace.pattern_overlaps.std(axis=0, ddof=1)  # type: ignore[union-attr]
            / np.sqrt(item["n_replicas"]),
        }
    return out


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


def stability_lines(item: Item, rng: Rng) -> Item:
    """H2 to H4: temperatures at which the parallel state gains or loses stability, by dilution."""
    del rng
    roots = [
        (d, t) for d in item["dilutions"] for t in parallel_instability(d, item["rho"], item["n_patterns"])
    ]
    pairs = np.array(roots, float).reshape(-1, 2)
    return {"dilution": pairs[:, 0], "temperature": pairs[:, 1]}


def boundary(item: Item, rng: Rng) -> Item:
    """H6: entropy of the data set at which the parallel state becomes stable at zero temperature."""
    del rng
    rho = [zero_temperature_boundary(item["n_patterns"], d) for d in item["dilutions"]]
    return {"dilution": np.array(item["dilutions"]), "rho": np.array(rho)}


def one_step(item: Item, rng: Rng) -> Item:
    """H7: one parallel step from the hierarchical state, in formula and in simulation."""
    k, d, r, m = item["n_patterns"], item["dilution"], item["quality"], item["n_examples"]
    formula = signal_to_noise(k, d, r, m)
    overlaps, correct = [], []
    for _ in range(item["n_samples"]):
        patterns = sample_patterns(item["n_neurons"], k, d, rng)
        data = sample_dataset(patterns, r, m, rng)
        network = MultitaskingHopfield(
            "supervised", temperature=0, quality=r, n_examples=m, random_state=rng
        ).fit(data.counts, patterns)
        start = network.initial_states("hierarchical")
        state = LittleDynamics(network).step(start, rng)
        overlaps.append(network.pattern_overlaps(state)[0])
        # the worst class: all other patterns point against the first
        worst = (patterns[:, 0] != 0) & (patterns[:, 1:] == -patterns[:, :1]).all(axis=1)
        correct.append(float((state[0] == patterns[:, 0])[worst].mean()))
    solution = MeanField(k, d, rho=dataset_entropy(r, m)).ground_state(0.0)
    return {
        "formula": formula.overlaps,
        "simulated": np.array(overlaps),
        "solution": solution.m,
        "correct": np.array(correct),
        "needed": float(formula.n_examples_needed),
        "single": float(formula.n_examples_single),
    }


def annealing(item: Item, rng: Rng) -> Item:
    """H8: energy, and losses from their definition, along a cooling schedule."""
    k, d = item["n_patterns"], item["dilution"]
    patterns = sample_patterns(item["n_neurons"], k, d, rng)
    network = MultitaskingHopfield(temperature=item["temperature"], random_state=rng).fit(patterns)
    schedule = np.geomspace(1.2 * (1 - d), item["temperature"], item["n_steps"])
    states = network.initial_states("random")
    zeros = (patterns == 0).mean(axis=0)
    energy, product, identity = [], [], []
    for t in schedule:
        states = network._run(states, item["n_sweeps"], rng, every=item["n_sweeps"], temperature=t).states
        losses = loss(states[0], patterns)
        energy.append(float(network.energy(states[0])))
        product.append(float(losses.prod(axis=0).sum()))
        identity.append(-0.5 * float(((1 - zeros / 2) ** 2).sum() - product[-1]))
    return {
        "temperature": schedule,
        "energy": np.array(energy),
        "loss": np.array(product),
        "from_loss": np.array(identity),
        "ground": float(MeanField(k, d).ground_state(0.0).free_energy),
    }


def comparison(item: Item, rng: Rng) -> Item:
    """HO6: Glauber dynamics against the theory of the same sample and that of many neurons."""
    k, d, t = item["n_patterns"], item["dilution"], item["temperature"]
    theory = MeanField(k, d)
    annealed = theory.ground_state(t)
    patterns = sample_patterns(item["n_neurons"], k, d, rng)
    network = MultitaskingHopfield(
        temperature=t, n_sweeps=item["n_sweeps"], burn_in=item["burn_in"], n_replicas=item["n_replicas"],
        random_state=rng,
    ).fit(patterns)  # fmt: skip
    first = np.where(
        rng.random((item["n_replicas"], len(patterns))) < expit(2 * (patterns @ annealed.n) / t), 1, -1
    )
    series = network.sample(init=first).overlaps
    # copies may settle in different solutions of the same sample: each is compared with its own
    quenched = theory.quenched(patterns)
    states = [quenched.fixed_point(t, mean) for mean in series.mean(axis=1)]
    expected = np.array([state.n for state in states])
    found = [monte_carlo_mean(series[:, :, a] - expected[:, None, a]) for a in range(k)]
    return {
        "mean": series.mean(axis=(0, 1)),
        "difference": np.array([f.value for f in found]),
        "error": np.array([f.standard_error for f in found]),
        "tau": np.array([f.tau for f in found]),
        "quenched": expected.mean(axis=0),
        "n_solutions": len(np.unique(np.round(expected, 5), axis=0)),
        "annealed": annealed.m,
        "eigenvalue": max(state.eigenvalue for state in states),
        "phase": annealed.phase,
    }


def basins(item: Item, rng: Rng) -> Item:
    """Where Glauber dynamics ends from several first states: share of runs in each solution of the theory."""
    k, d, t = item["n_patterns"], item["dilution"], item["temperature"]
    stable = [state for state in MeanField(k, d).solutions(t) if state.stable]
    patterns = sample_patterns(item["n_neurons"], k, d, rng)
    network = MultitaskingHopfield(
        temperature=t, n_sweeps=50, burn_in=item["n_sweeps"], n_replicas=item["n_replicas"], random_state=rng
    ).fit(patterns)
    ends = np.sort(np.abs(network.sample(init=item["init"]).overlaps.mean(axis=1)), axis=1)[:, ::-1]
    distance = np.array([[np.abs(end - state.m).max() for state in stable] for end in ends])
    nearest = distance.argmin(axis=1)
    return {
        "phases": "".join(state.phase for state in stable),
        "share": np.array([(nearest == a).mean() for a in range(len(stable))]),
        "free_energy": np.array([state.free_energy for state in stable]),
        "distance": float(distance.min(axis=1).max()),
    }


def tempering(item: Item, rng: Rng) -> Item:
    """Mode switching: sign changes of the largest overlap with and without exchange of temperatures."""
    k, d = item["n_patterns"], item["dilution"]
    patterns = sample_patterns(item["n_neurons"], k, d, rng)
    network = MultitaskingHopfield(temperature=item["temperature"], random_state=rng).fit(patterns)
    ladder = np.geomspace(item["temperature"], 1.1 * (1 - d), item["n_temperatures"])
    found = parallel_tempering(network, ladder, n_rounds=item["n_rounds"], init="hierarchical")
    plain = network.set_params(n_sweeps=item["n_rounds"], burn_in=0).sample(init="hierarchical").overlaps[0]
    return {
        "swap_acceptance": found.swap_acceptance,
        "round_trips": found.n_round_trips,
        "switches": _switches(found.overlaps[0]),
        "switches_plain": _switches(plain),
        "mean_square": (found.overlaps[0] ** 2).mean(axis=0),
    }


def _switches(overlaps: np.ndarray) -> int:
    """Count changes of the mode: which pattern leads, and with which sign."""
    leader = np.abs(overlaps).argmax(axis=1)
    sign = np.sign(np.take_along_axis(overlaps, leader[:, None], axis=1))[:, 0]
    mode = leader * sign + (leader == 0) * sign * 0.5
    return int(np.count_nonzero(np.diff(mode)))


def digits(item: Item, rng: Rng) -> Item:
    """Structured patterns: overlaps of a network that stores diluted digits, beside the power law."""
    images, t = item["images"], item["temperature"]
    patterns = binary_digits(images, item["dilution"], random_state=rng)
    network = MultitaskingHopfield(
        temperature=t, n_sweeps=item["n_sweeps"], burn_in=item["burn_in"], n_replicas=item["n_replicas"],
        random_state=rng,
    ).fit(patterns)  # fmt: skip
    trace = network.sample(init="hierarchical")
    ends = np.sort(np.abs(trace.overlaps.mean(axis=1)), axis=1)[:, ::-1]
    zeros = float((patterns == 0).mean())
    correlation = np.corrcoef(patterns.T.astype(float))
    return {
        "overlaps": ends,
        "law": hierarchical_overlaps(len(images), zeros),
        "theory": MeanField(len(images), zeros).ground_state(t).m,
        "dilution": zeros,
        "correlation": float(np.abs(correlation[np.triu_indices(len(images), 1)]).mean()),
    }


def threshold(item: Item, rng: Rng) -> Item:
    """HO3: largest dilutions at which the power law solves the equations at T = 0, and is the equilibrium."""
    del rng
    k = item["n_patterns"]

    def solves(d: float) -> bool:
        law = hierarchical_overlaps(k, d)
        return bool(np.abs(MeanField(k, d).step(law, 0.0) - law).max() < 1e-9)

    def wins(d: float) -> bool:
        law = hierarchical_overlaps(k, d)
        return bool(np.abs(MeanField(k, d).ground_state(0.0).m - law).max() < 1e-9)

    return {"solves": _last(solves), "wins": _last(wins)}


def _last(holds: Callable[[float], bool]) -> float:
    """Return by bisection where a property that holds at dilution 0.3 ends; NaN where it does not end."""
    low, high = 0.3, 0.9
    if not holds(low) or holds(high):
        return float("nan")
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return (low + high) / 2
