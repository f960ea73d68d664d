"""Tables of the report, from finished units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurosci.stats import proportion_interval

from ._table_parts import settings_of, t_quantile, tolerance
from ._tables_learning import gain, learning, one_step, teacher
from ._thresholds import (
    crossover_dilution,
    hierarchical_overlaps,
    hierarchical_threshold,
    pure_instability,
)

if TYPE_CHECKING:
    from .analysis import HopfieldParams

Units = dict[str, dict[str, Any]]
MILD = 0.5
COLD = 5.0


def all_tables(raw: dict[str, Units], p: HopfieldParams) -> dict[str, pd.DataFrame]:
    """Return every table, by name."""
    return {
        "hierarchy": hierarchy(raw["curve"], p),
        "hierarchy_points": points(raw["points"], p),
        "law": law(raw["law"], p),
        "phases": phases(raw["diagram"]),
        "lines": lines(raw["lines"], p),
        "learning": learning(raw["learning"]),
        "teacher": teacher(raw["teacher"]),
        "gain": gain(raw["gain"], p),
        "boundary": boundary(raw["boundary"]),
        "one_step": one_step(raw["one_step"]),
        "annealing": annealing(raw["annealing"], p.n_anneal_sweeps),
        "sizes": sizes(raw["size"]),
        "comparison": with_allowance(comparison(raw["comparison"]), p.n_neurons),
        "parallel": parallel(raw["parallel"], p.n_neurons),
        "basins": basins(raw["basins"]),
        "tempering": tempering(next(iter(raw["tempering"].values()))),
        "digits": digits(raw["digits"]),
        "thresholds": thresholds(raw["threshold"]),
    }


def hierarchy(found: Units, p: HopfieldParams) -> pd.DataFrame:
    """H1, lines: one row per number of patterns, dilution and pattern."""
    grid = np.round(np.linspace(0.02, 0.98, p.n_dilutions), 6)
    rows = []
    for name, unit in found.items():
        k = int(settings_of(name)["K"])
        for i, d in enumerate(grid):
            expected = hierarchical_overlaps(k, float(d))
            rows += [
                {
                    "n_patterns": k, "dilution": float(d), "pattern": a + 1, "law": float(expected[a]),
                    "m_cold": float(unit["cold"][i, a]), "m_zero": float(unit["zero"][i, a]),
                    "threshold": hierarchical_threshold(k),
                }
                for a in range(k)
            ]  # fmt: skip
    return pd.DataFrame(rows)


def points(found: Units, p: HopfieldParams) -> pd.DataFrame:
    """H1, points: mean over samples with its 95 % interval, and the theory of the same samples."""
    rows = []
    for name, unit in found.items():
        about = settings_of(name)
        n_samples, k = unit["means"].shape
        expected = hierarchical_overlaps(k, about["d"])
        # solutions that differ by signs or order of the patterns are the same
        sizes = np.sort(np.abs(unit["means"]), axis=1)[:, ::-1]
        mean = sizes.mean(axis=0)
        half = t_quantile(n_samples) * sizes.std(axis=0, ddof=1) / np.sqrt(n_samples)
        rows += [
            {
                "n_patterns": k, "dilution": about["d"], "pattern": a + 1, "m": float(mean[a]),
                "low": float(mean[a] - half[a]), "high": float(mean[a] + half[a]), "law": float(expected[a]),
                "quenched": float(np.sort(np.abs(unit["expected"]), axis=1)[:, ::-1][:, a].mean()),
                "z": worst_z(unit, p.n_neurons)[a],
            }
            for a in range(k)
        ]  # fmt: skip
    return pd.DataFrame(rows)


def law(found: Units, p: HopfieldParams) -> pd.DataFrame:
    """HO1: large networks at mild dilution against the power law, with the standard errors that it implies.

    In the power law each neuron follows the first pattern that is not zero there, so that an overlap is a
    mean of independent numbers -1, 0 and 1 with mean m_k and mean square 1 - d. This needs patterns that keep
    their places. Exchanging two neighbours in order costs (m_k - m_k+1)^2 / 4 per neuron on the way, at
    equal strength; the sample's chance differences lower it by m_k times theirs. A place is safe where four
    standard deviations of these do not reach the cost, for this pattern and all before it.
    """
    rows = []
    for name, unit in found.items():
        about = settings_of(name)
        d, n_samples = about["d"], len(unit["means"])
        m = hierarchical_overlaps(int(about["K"]), d)
        mean = np.sort(np.abs(unit["means"]), axis=1)[:, ::-1].mean(axis=0)
        errors = np.sqrt((1 - d - m**2) / (max(p.sizes) * n_samples))
        cost, chance = np.diff(m) ** 2 / 4, m[:-1] * np.sqrt(2 * (1 - d) / max(p.sizes))
        safe = np.append(np.logical_and.accumulate(cost > 4 * chance), (cost > 4 * chance).all())
        rows += [
            {
                "n_patterns": len(m), "dilution": d, "pattern": a + 1, "m": float(mean[a]),
                "law": float(m[a]), "standard_error": float(errors[a]),
                "z": float((mean[a] - m[a]) / errors[a]), "safe_place": bool(safe[a]),
                "cold": bool(m[a] >= COLD * p.temperature_low), "n_neurons": max(p.sizes),
                "n_samples": n_samples,
            }
            for a in range(len(m))
        ]  # fmt: skip
    return pd.DataFrame(rows)


def worst_z(unit: dict[str, Any], n_neurons: int) -> list[float]:
    """Return the largest difference from the sample's theory in units of what is allowed, over four."""
    allowed = unit["errors"] + tolerance(unit["eigenvalue"], n_neurons) / 4
    scores = np.abs(unit["means"] - unit["expected"]) / allowed
    return [float(x) for x in scores.max(axis=0)]


def phases(found: Units) -> pd.DataFrame:
    """H2 to H4: one row per point of a grid."""
    parts = []
    for name, unit in found.items():
        about = settings_of(name)
        part = pd.DataFrame(
            {
                "n_patterns": int(about["K"]), "rho": about["rho"], "dilution": unit["dilution"],
                "temperature": unit["temperature"], "phase": list(unit["phase"]),
                "m_1": unit["overlaps"][:, 0], "m_last": unit["overlaps"][:, -1],
                "free_energy": unit["free_energy"],
            }
        )  # fmt: skip
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def lines(found: Units, p: HopfieldParams) -> pd.DataFrame:
    """Analytic lines of the diagrams: instabilities of the pure and of the parallel state, and T_c."""
    rows = []
    for d in np.round(np.linspace(0.02, 0.98, p.n_dilutions), 6).tolist():
        rows.append(("critical", 2, 0.0, d, 1 - d))
        rows.append(("pure", 2, 0.0, d, pure_instability(d)))
    for name, unit in found.items():
        about = settings_of(name)
        rows += [
            ("parallel", int(about["K"]), about["rho"], float(d), float(t))
            for d, t in zip(unit["dilution"], unit["temperature"], strict=True)
        ]
    for rho in (0.0, 0.1, 0.3):
        d = crossover_dilution(rho)
        rows += [("crossover", k, rho, d, 1 - d) for k in (2, 3, 5)]
    return pd.DataFrame(rows, columns=["line", "n_patterns", "rho", "dilution", "temperature"])


def boundary(found: Units) -> pd.DataFrame:
    """H6: smallest entropy with a stable parallel state at zero temperature."""
    return pd.concat(
        [pd.DataFrame({"n_patterns": int(settings_of(name)["K"]), **unit}) for name, unit in found.items()],
        ignore_index=True,
    )


def annealing(found: Units, n_sweeps: int) -> pd.DataFrame:
    """H8: energy and loss product along the cooling schedules."""
    parts = []
    for name, unit in found.items():
        part = pd.DataFrame({key: unit[key] for key in ("temperature", "energy", "loss", "from_loss")})
        part.insert(0, "sweep", n_sweeps * np.arange(1, len(part) + 1))
        part.insert(0, "dilution", settings_of(name)["d"])
        part["ground"] = unit["ground"]
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def sizes(found: Units) -> pd.DataFrame:
    """H9: scaled difference between Monte Carlo and the theory of the sample, for each sample."""
    rows = []
    for name, unit in found.items():
        n = int(settings_of(name)["N"])
        for s in range(len(unit["means"])):
            rows += [
                {
                    "n_neurons": n, "sample": s + 1, "pattern": a + 1,
                    "scaled": float(n * (unit["means"][s, a] - unit["expected"][s, a])),
                    "error": float(n * unit["errors"][s, a]),
                    "scaled_annealed": float(n * (unit["means"][s, a] - unit["annealed"][a])),
                    "eigenvalue": unit["eigenvalue"],
                    "share_of_allowed": float(
                        abs(unit["means"][s, a] - unit["expected"][s, a])
                        / (4 * unit["errors"][s, a] + tolerance(unit["eigenvalue"], n))
                    ),
                }
                for a in range(unit["means"].shape[1])
            ]  # fmt: skip
    return pd.DataFrame(rows)


def comparison(found: Units) -> pd.DataFrame:
    """HO6: Glauber dynamics beside both theories, with z-scores and what finite size allows."""
    rows = []
    for name, unit in found.items():
        about = settings_of(name)
        for a in range(len(unit["mean"])):
            error = max(float(unit["error"][a]), 1e-12)
            difference = float(unit["difference"][a])
            rows.append(
                {
                    "dilution": about["d"], "temperature": about["T"], "phase": unit["phase"],
                    "pattern": a + 1, "monte_carlo": float(unit["mean"][a]), "standard_error": error,
                    "tau": float(unit["tau"][a]), "quenched": float(unit["quenched"][a]),
                    "annealed": float(unit["annealed"][a]), "z": difference / error,
                    "z_annealed": float(unit["mean"][a] - unit["annealed"][a]) / error,
                    "eigenvalue": unit["eigenvalue"], "difference": difference,
                    "n_solutions": int(unit["n_solutions"]),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def with_allowance(table: pd.DataFrame, n_neurons: int) -> pd.DataFrame:
    """Add the difference over what four standard errors and finite size allow."""
    allowed = 4 * table["standard_error"] + [tolerance(x, n_neurons) for x in table["eigenvalue"]]
    return table.assign(share_of_allowed=table["difference"].abs() / allowed)


def parallel(found: Units, n_neurons: int) -> pd.DataFrame:
    """HO2: overlaps at strong dilution, by number of patterns, mean over samples."""
    from ._mean_field import MeanField

    rows = []
    for name, unit in found.items():
        k = int(settings_of(name)["K"])
        d, t = 0.8, 0.1
        state, zero = MeanField(k, d).ground_state(t), MeanField(k, d).ground_state(0.0)
        matrix = MeanField(k, d).jacobian(state.n, t)
        mean = unit["means"].mean(axis=0)
        rows.append(
            {
                "n_patterns": k, "dilution": d, "temperature": t, "phase": state.phase,
                "antisymmetric": float(matrix[0, 0] - matrix[0, 1]), "theory": float(state.m[0]),
                "m_largest": float(mean.max()), "m_smallest": float(mean.min()),
                "z": max(worst_z(unit, n_neurons)),
                "phase_zero": zero.phase, "zero_largest": float(zero.m[0]),
                "zero_smallest": float(zero.m[-1]),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def basins(found: Units) -> pd.DataFrame:
    """Share of runs that end in each stable solution, by first state, with its Wilson interval."""
    rows = []
    for name, unit in found.items():
        n_runs = int(unit["n_ended"].sum())
        for phase, ended, energy in zip(unit["phases"], unit["n_ended"], unit["free_energy"], strict=True):
            share = proportion_interval(int(ended), n_runs, n_unit="runs")
            rows.append(
                {
                    "dilution": settings_of(name)["d"], "first_state": name.split()[-1], "solution": phase,
                    "free_energy": float(energy), "share": share.value, "low": share.low, "high": share.high,
                    "n_runs": n_runs, "optimum": bool(energy == min(unit["free_energy"])),
                    "largest_distance": unit["distance"],
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def tempering(unit: dict[str, Any]) -> pd.DataFrame:
    """Exchange between temperatures: acceptance and changes of mode."""
    return pd.DataFrame(
        {
            "pair": np.arange(1, len(unit["swap_acceptance"]) + 1),
            "swap_acceptance": unit["swap_acceptance"],
            "round_trips": int(unit["round_trips"]),
            "switches": int(unit["switches"]),
            "switches_without": int(unit["switches_plain"]),
        }
    )


def digits(found: Units) -> pd.DataFrame:
    """Real patterns: overlaps by dilution beside the theory of random patterns."""
    rows = []
    for unit in found.values():
        mean = unit["overlaps"].mean(axis=0)
        low, high = np.quantile(unit["overlaps"], [0.025, 0.975], axis=0)
        rows += [
            {
                "dilution": unit["dilution"], "pattern": a + 1, "m": float(mean[a]), "low": float(low[a]),
                "high": float(high[a]), "law": float(unit["law"][a]), "theory": float(unit["theory"][a]),
                "correlation": unit["correlation"], "n_runs": len(unit["overlaps"]),
            }
            for a in range(len(mean))
        ]  # fmt: skip
    return pd.DataFrame(rows)


def thresholds(found: Units) -> pd.DataFrame:
    """HO3: the root beside the ends of the power law as a solution, as the equilibrium and in simulation."""
    rows = []
    for name, unit in found.items():
        k = int(settings_of(name)["K"])
        root = hierarchical_threshold(k)
        # the first overlap minus all others is a mean of independent numbers with mean square K (1 - d); it
        # crosses zero with the slope of 1 - 2d + d^K
        error = np.sqrt(k * (1 - root) / unit["n_neurons"]) / abs(k * root ** (k - 1) - 2)
        rows.append(
            {
                "n_patterns": k, "root": root, "solves": float(unit["solves"]),
                "equilibrium": float(unit["wins"]), "simulated": float(unit["holds"]),
                "standard_error": float(error), "z": float((unit["holds"] - root) / error),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
