"""Everything that one run computes, as units of work, and the tables made from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _tables as tables
from . import _units as units
from . import _units_learning as lessons
from ._signal import signal_to_noise
from ._thresholds import hierarchical_threshold

if TYPE_CHECKING:
    import pandas as pd

    from neurosci._core.context import Context

    from .analysis import HopfieldParams

Units = dict[str, dict[str, Any]]
STRONG = 0.8
THRESHOLD_NEURONS = 100_000
STORED = (2, 3, 4, 5)
DIGITS = (0, 1, 4)
# sets of examples (quality, number of each pattern) with which both ways of learning are compared
PAIRED = ((0.5, 30), (0.5, 6), (0.8, 10))
GAIN_QUALITY = 0.5
LEARNED = {"n_patterns": 3, "dilution": 0.3, "temperature": 0.05}


@dataclass
class Findings:
    """What one run found.

    Parameters
    ----------
    params : HopfieldParams
        Parameters of the run.
    tables : dict of str to DataFrame
        Tables of the report.
    raw : dict of str to dict
        Finished units, by stage.
    """

    params: HopfieldParams
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    raw: dict[str, Units] = field(default_factory=dict)


def compute(params: HopfieldParams, images: np.ndarray, context: Context) -> Findings:
    """Compute every unit, then every table."""
    found = Findings(params)
    for stage, (function, items) in plan(params, images).items():
        found.raw[stage] = context.map(function, items, stage=stage, seed=params.seed)
    found.tables = tables.all_tables(found.raw, params)
    return found


def plan(p: HopfieldParams, images: np.ndarray) -> dict[str, tuple[Any, dict[str, dict[str, Any]]]]:
    """Return function and named items of each stage; a name says everything that seeds the unit."""
    low = p.temperature_low
    curve_grid = _grid(0.98, p)
    sampling = {"n_neurons": p.n_neurons, "n_sweeps": p.n_sweeps, "burn_in": p.burn_in}
    points = tuple(np.round(np.linspace(0.1, 0.9, p.n_points), 6).tolist())
    return {
        "curve": (
            units.curve,
            {
                f"K={k}": {"n_patterns": k, "temperature": low, "dilutions": curve_grid}
                for k in STORED
            },
        ),
        "points": (
            units.sampled_overlaps,
            {
                f"K={k} d={d}": {
                    **sampling, "n_patterns": k, "dilution": d, "temperature": low, "n_samples": p.n_samples,
                }
                for k in STORED
                for d in points
            },
        ),
        "law": (
            units.sampled_overlaps,
            {
                f"K={k} d={d}": {
                    **sampling, "n_neurons": max(p.sizes), "n_patterns": k, "dilution": d, "temperature": low,
                    "n_samples": p.n_law_samples,
                }
                for k in (3, 5)
                for d in (0.1, 0.2, 0.3, 0.4)
            },
        ),
        "parallel": (
            units.sampled_overlaps,
            {
                f"K={k}": {
                    **sampling, "n_patterns": k, "dilution": STRONG, "temperature": (1 - STRONG) / 2,
                    "n_samples": p.n_samples,
                }
                for k in (2, 3, 5)
            },
        ),
        "threshold": (
            units.threshold,
            {
                f"K={k}": {"n_patterns": k, "root": hierarchical_threshold(k), "n_neurons": THRESHOLD_NEURONS}
                for k in (3, 4, 5)
            },
        ),
        "diagram": (units.diagram, _diagram_items(p)),
        "lines": (
            units.stability_lines,
            {
                f"K={k} rho={rho}": {"n_patterns": k, "rho": rho, "dilutions": curve_grid}
                for k, rho in units.LINES
            },
        ),
        "learning": (
            lessons.learning,
            {
                f"r={r} M={m}": {
                    **LEARNED, "quality": r, "n_examples": m, "n_neurons": p.n_neurons,
                    "n_sweeps": p.n_learning_sweeps, "burn_in": p.burn_in, "n_replicas": p.n_replicas,
                    "most_unsupervised": p.most_unsupervised, "most_binomial": p.most_binomial,
                }
                for r in p.qualities
                for m in p.examples
            },
        ),
        "gain": (
            lessons.gain,
            {
                f"r={GAIN_QUALITY}": {
                    **LEARNED, "quality": GAIN_QUALITY, "few": min(p.examples), "many": max(p.examples),
                    "n_neurons": p.n_neurons, "n_samples": p.n_samples, "n_sweeps": p.n_teacher_sweeps,
                    "burn_in": p.burn_in, "n_replicas": p.n_replicas,
                }
            },
        ),
        "teacher": (
            lessons.teacher,
            {
                f"r={r} M={m} N={n}": {
                    **LEARNED, "quality": r, "n_examples": m, "n_neurons": n, "n_data_sets": p.n_data_sets,
                    "n_sweeps": p.n_teacher_sweeps, "burn_in": p.burn_in, "n_replicas": p.n_replicas,
                }
                for r, m in PAIRED
                for n in p.teacher_sizes
            },
        ),
        "boundary": (
            units.boundary,
            {
                f"K={k}": {"n_patterns": k, "dilutions": _grid(0.96, p)}
                for k in (2, 3)
            },
        ),
        "one_step": (
            units.one_step,
            {
                f"r={r} M={m}": {
                    "n_patterns": 3, "dilution": 0.3, "quality": r, "n_examples": m,
                    "n_neurons": p.n_neurons, "n_samples": p.n_samples,
                }
                for r in p.qualities
                for m in (*p.examples, int(np.ceil(signal_to_noise(3, 0.3, r, 1).n_examples_needed)))
            },
        ),
        "annealing": (
            units.annealing,
            {
                f"d={d}": {
                    "n_patterns": 3, "dilution": d, "temperature": 0.05, "n_neurons": p.n_neurons,
                    "n_steps": 30, "n_sweeps": p.n_anneal_sweeps,
                }
                for d in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
            },
        ),
        "comparison": (
            units.comparison,
            {
                f"d={d} T={t}": {
                    **sampling, "n_patterns": 3, "dilution": d, "temperature": t, "n_replicas": p.n_replicas,
                }
                for d, t in ((0.2, 0.02), (0.2, 0.05), (0.2, 0.3), (0.4, 0.02), (0.4, 0.05), (0.4, 0.35),
                             (0.8, 0.06), (0.8, 0.08), (0.8, 0.12))
            },
        ),
        "basins": (
            units.basins,
            {
                f"d={d} {init}": {
                    "n_patterns": 3, "dilution": d, "temperature": 0.05, "init": init,
                    "n_neurons": p.n_neurons, "n_sweeps": p.n_settle_sweeps, "n_replicas": p.n_runs,
                }
                for d in (0.2, 0.5, 0.8)
                for init in ("random", "hierarchical", "pattern")
            },
        ),
        "tempering": (
            units.tempering,
            {
                "N=200": {
                    "n_patterns": 2, "dilution": 0.3, "temperature": 0.2, "n_neurons": 200,
                    "n_temperatures": 12, "n_rounds": p.n_sweeps,
                }
            },
        ),
        "size": (
            units.sampled_overlaps,
            {
                f"N={n}": {
                    "n_patterns": 3, "dilution": 0.3, "temperature": 0.1, "n_neurons": n,
                    "n_sweeps": p.n_size_sweeps, "burn_in": p.burn_in, "n_samples": p.n_samples,
                }
                for n in p.sizes
            },
        ),
        "digits": (
            units.digits,
            {
                f"d={d}": {
                    "images": images, "dilution": d, "temperature": 0.05, "n_sweeps": p.n_sweeps,
                    "burn_in": p.burn_in, "n_replicas": p.n_runs,
                }
                for d in (0.1, 0.3, 0.5, 0.7)
            },
        ),
    }  # fmt: skip


def _grid(high: float, p: HopfieldParams) -> tuple[float, ...]:
    return tuple(np.round(np.linspace(0.02, high, p.n_dilutions), 6).tolist())


def _diagram_items(p: HopfieldParams) -> dict[str, dict[str, Any]]:
    """One unit per column block, so that a long diagram is shared among processes and resumed."""
    dilutions = np.round(np.linspace(0.02, 0.98, p.n_grid_dilutions), 6)
    temperatures = tuple(np.round(np.linspace(0.02, 1.0, p.n_grid_temperatures), 6).tolist())
    items = {}
    for k, rho in units.LINES:
        for part, block in enumerate(np.array_split(dilutions, 4)):
            items[f"K={k} rho={rho} part {part}"] = {
                "n_patterns": k, "rho": rho, "dilutions": tuple(block.tolist()), "temperatures": temperatures,
            }  # fmt: skip
    return items
