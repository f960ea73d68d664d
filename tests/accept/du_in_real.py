"""The decoder of du_in on real recordings with labels, beside simple baselines.

A unit is one set. Bonn (C against D) has five folds and must exceed 0.60, chance being 0.50; segments of one
patient can lie on both sides. The official test sets of SelfRegulationSCP1 and FingerMovements are reported
and have no floor. The networks are those of the quick preset.
"""

from __future__ import annotations

from typing import Any

import numpy as np

FLOORS = {"Bonn, C against D": 0.60, "SelfRegulationSCP1": 0.0, "FingerMovements": 0.0}


def units() -> list[str]:
    """Return one unit for each set."""
    return list(FLOORS)


def run_unit(name: str) -> dict[str, Any]:
    """Score every method on one set."""
    from neurosci.du_in import analysis
    from neurosci.du_in._real import Real, decode_real, real_items
    from neurosci.du_in._tables import real as tabulated

    params = analysis.PARAMS()
    sets = {one.name: one for one in analysis.read_real(params, download=True).labelled}
    if name not in sets:
        return {"passed": False, "why": "the recording is not on this machine"}
    found = Real((sets[name],))
    records = {
        unit: decode_real(item, np.random.default_rng(0)) for unit, item in real_items(found, params).items()
    }
    rows = tabulated(records, found).set_index("method")
    return {
        "passed": bool(rows.loc["Du-IN", "accuracy"] > FLOORS[name]),
        "accuracy": rows["accuracy"].to_dict(),
        "95 % limits": {method: [row["low"], row["high"]] for method, row in rows.iterrows()},
        "SE over folds": rows["fold_se"].dropna().to_dict(),
        "n_test": int(rows["n_test"].iloc[0]),
    }
