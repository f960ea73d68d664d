"""Everything that one run computes, as units of work, and the tables made from them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import _real as real
from . import _synthetic as synthetic
from . import _tables as tables
from . import _tables_real as tables_real
from ._panels import MODELS
from ._recordings import ODOURS, Recorded

if TYPE_CHECKING:
    import pandas as pd

    from neurosci._core.context import Context

    from .analysis import HmmGlmParams

Units = dict[str, dict[str, Any]]
Items = dict[str, dict[str, Any]]

MAIN = ("HG", "GHG", "OHG")
"""The models that the paper compares in its figures after Table 1."""
MOST_STATES = 6
"""States up to which every model is fitted; beyond, OHG alone (Fig. 10)."""
ODOUR = f"locust {ODOURS[0]}"
"""Recording of which the number of states is chosen."""
REAL_STATES = 3
"""States of the figures and verdicts on recordings."""


@dataclass
class Findings:
    """What one run found.

    Parameters
    ----------
    params : HmmGlmParams
        Parameters of the run.
    recordings : dict of str to Recorded
        Recordings that were here.
    absent : dict of str to str
        Recordings that were not, with the reason.
    tables : dict of str to DataFrame
        Tables of the report.
    raw : dict of str to dict
        Finished units, by stage.
    """

    params: HmmGlmParams
    recordings: Mapping[str, Recorded]
    absent: Mapping[str, str]
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    raw: dict[str, Units] = field(default_factory=dict)


def compute(
    params: HmmGlmParams, recordings: Mapping[str, Recorded], absent: Mapping[str, str], context: Context
) -> Findings:
    """Compute every unit, then every table."""
    found = Findings(params, recordings, absent)
    for stage, (function, items, inputs) in plan(params, recordings).items():
        found.raw[stage] = context.map(function, items, stage=stage, seed=params.seed, inputs=inputs)
    found.tables = {**tables.all_tables(found), **tables_real.all_tables(found)}
    return found


def plan(p: HmmGlmParams, recordings: Mapping[str, Recorded]) -> dict[str, tuple[Any, Items, str]]:
    """Return function, named items and hash of the data of each stage."""
    stages: dict[str, tuple[Any, Items, str]] = {
        "Table 1": (synthetic.table_one, table_items(p), ""),
        "true parameters": (synthetic.truth_unit, truth_items(p), ""),
        "numbers of states": (synthetic.table_one, state_items(p), ""),
        "numbers of neurons": (synthetic.table_one, neuron_items(p), ""),
        "staying": (synthetic.table_one, sticky_items(p), ""),
        "groups": (synthetic.subpopulation_unit, group_items(p), ""),
    }
    digest = hashlib.sha256("".join(r.sha256 for r in recordings.values()).encode()).hexdigest()
    many = {name: found for name, found in recordings.items() if name != "grasshopper"}
    if many:
        stages["recordings"] = (real.real_fit, real_items(p, many), digest)
    if ODOUR in many:
        item = {**real_base(p, many[ODOUR]), "candidates": p.choice_states, "n_blocks": p.n_choice_blocks}
        # many fits, of which each has half of the starts
        item["n_starts"] = -(-p.n_real_starts // 2)
        stages["model choice"] = (real.choice_unit, {ODOUR: item}, digest)
    if "grasshopper" in recordings:
        items = {"receptor": real_base(p, recordings["grasshopper"])}
        stages["receptor"] = (real.receptor_unit, items, digest)
    return stages


def base(p: HmmGlmParams, draw: int) -> dict[str, Any]:
    """Return what all synthetic units of a draw share."""
    return {
        "seed": p.seed,
        "draw": draw,
        "n_neurons": p.n_neurons,
        "n_states": p.n_states,
        "n_bins": p.n_bins,
        "n_train": p.n_train,
        "n_test": p.n_test,
        "n_starts": p.n_starts,
        "max_iter": p.max_iter,
    }


def sweep(p: HmmGlmParams, draw: int) -> dict[str, Any]:
    """Return what the units of the other sweeps share: shorter sequences, fewer starts."""
    return {**base(p, draw), "n_bins": p.n_sweep_bins, "n_starts": p.n_sweep_starts}


def table_items(p: HmmGlmParams) -> Items:
    """Return every model on every draw."""
    return {
        f"{model} draw={draw}": {**base(p, draw), "model": model}
        for draw in range(p.n_draws)
        for model in MODELS
    }


def truth_items(p: HmmGlmParams) -> Items:
    """Return the draws of Table 1 at their true parameters, and those of the numbers of neurons."""
    items = {f"Table 1 draw={draw}": base(p, draw) for draw in range(p.n_draws)}
    for n in p.neuron_numbers:
        for draw in range(p.n_clamp_draws):
            items[f"N={n} draw={draw}"] = {**sweep(p, draw), "n_neurons": n}
    return items


def state_items(p: HmmGlmParams) -> Items:
    """Return models with other numbers of states than the truth."""
    items = {}
    for draw in range(p.n_sweep_draws):
        items[f"GLM S=1 draw={draw}"] = {**sweep(p, draw), "model": "GLM"}
        for s in p.state_numbers:
            for model in MAIN:
                if s <= MOST_STATES or model == "OHG":
                    items[f"{model} S={s} draw={draw}"] = {
                        **sweep(p, draw),
                        "model": model,
                        "fitted_states": s,
                    }
    return items


def neuron_items(p: HmmGlmParams) -> Items:
    """Return the fits of Fig. 16."""
    return {
        f"{model} N={n} draw={draw}": {**sweep(p, draw), "model": model, "n_neurons": n}
        for n in p.fitted_neurons
        for draw in range(p.n_sweep_draws)
        for model in MAIN
    }


def sticky_items(p: HmmGlmParams) -> Items:
    """Return the fits of Fig. 17."""
    return {
        f"strength={strength:g} draw={draw}": {**sweep(p, draw), "model": "HG", "sticky": strength}
        for strength in p.strengths
        for draw in range(p.n_sweep_draws)
    }


def group_items(p: HmmGlmParams) -> Items:
    """Return the fits of Fig. 14."""
    return {
        f"{model} draw={draw}": {**sweep(p, draw), "model": model, "n_group": 5}
        for draw in range(p.n_sweep_draws)
        for model in ("GLM", *MAIN)
    }


def real_base(p: HmmGlmParams, found: Recorded) -> dict[str, Any]:
    """Return what all units of a recording share."""
    return {
        "seed": p.seed,
        "name": found.name,
        "train": found.train,
        "train_lengths": found.train_lengths,
        "test": found.test,
        "test_lengths": found.test_lengths,
        "bin_width": found.bin_width,
        "n_starts": p.n_real_starts,
        "max_iter": p.max_iter,
    }


def real_items(p: HmmGlmParams, recordings: Mapping[str, Recorded]) -> Items:
    """Return Table 2's protocol: the GLM, and every model with every number of states."""
    items = {}
    for name, found in recordings.items():
        shared = real_base(p, found)
        models = MODELS if p.all_models else ("GLM", "HMM Corr", *MAIN)
        # by number of states, so that OHG comes soon after the HG that it begins from
        for s in (1, *sorted({*p.real_states, REAL_STATES})):
            for model in models:
                if (model == "GLM") == (s == 1):
                    items[f"{name} {model} S={s}"] = {**shared, "model": model, "n_states": s}
    return items
