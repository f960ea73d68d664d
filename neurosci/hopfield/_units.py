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
from ._thresholds import hierarchical_overlaps, parallel_instability

Item = dict[str, Any]
Rng = np.random.Generator

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
        correct.append(float((state[0] == patterns[:, 0])[_opposed(patterns)].mean()))
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
        "n_ended": np.bincount(nearest, minlength=len(stable)),
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
    """HO3: last dilutions at which the power law solves the equations at T = 0, wins by energy, and holds.

    It holds where networks at temperature 0 that start in it stay. All trials use the same random numbers, so
    that the patterns change with the dilution only.
    """
    k, root = item["n_patterns"], item["root"]
    seed = int(rng.integers(2**62))

    def solves(d: float) -> bool:
        law = hierarchical_overlaps(k, d)
        return bool(np.abs(MeanField(k, d).step(law, 0.0) - law).max() < 1e-9)

    def wins(d: float) -> bool:
        law = hierarchical_overlaps(k, d)
        return bool(np.abs(MeanField(k, d).ground_state(0.0).m - law).max() < 1e-9)

    def holds(d: float) -> bool:
        patterns = sample_patterns(item["n_neurons"], k, d, np.random.default_rng(seed))
        network = MultitaskingHopfield(temperature=0, random_state=seed).fit(patterns)
        first = network.initial_states("hierarchical")[0]
        return bool((network.retrieve(first) == first)[_opposed(patterns)].mean() > 0.5)

    return {
        "solves": _last(solves, 0.3, 0.9),
        "wins": _last(wins, 0.3, 0.9),
        "holds": _last(holds, root - 0.1, root + 0.1, 12),
        "n_neurons": item["n_neurons"],
    }


def _opposed(patterns: np.ndarray) -> np.ndarray:
    """Return the neurons for which all other patterns point against the first."""
    result: np.ndarray = (patterns[:, 0] != 0) & (patterns[:, 1:] == -patterns[:, :1]).all(axis=1)
    return result


def _last(holds: Callable[[float], bool], low: float, high: float, n_steps: int = 24) -> float:
    """Return by bisection where a property that holds at the lower dilution ends; NaN where it does not."""
    if not holds(low) or holds(high):
        return float("nan")
    for _ in range(n_steps):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return (low + high) / 2
