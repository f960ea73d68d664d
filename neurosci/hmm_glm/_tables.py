"""Tables of the synthetic part, made from finished units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._published import COLUMNS, TABLE_1
from ._synthetic import SHOWN_STATE, THRESHOLDS

if TYPE_CHECKING:
    import pandas as pd

    from ._compute import Findings

Units = dict[str, dict[str, Any]]
Floats = NDArray[np.float64]

TRUTH = "truth"
T_LEVEL = 0.975


def all_tables(found: Findings) -> dict[str, pd.DataFrame]:
    """Return every table of the synthetic part."""
    raw, p = found.raw, found.params
    table1 = table_one(raw["Table 1"])
    oracle = oracle_table(raw["true parameters"], p.n_draws)
    by_states = state_table(raw["numbers of states"])
    return {
        "table1": table1,
        "table1_mean": means(table1),
        "oracle": oracle,
        "checks": checks(table1, oracle),
        "calibration": calibration(raw["true parameters"], p.n_draws),
        "matrices": matrices(raw["Table 1"], raw["true parameters"]),
        "runs": state_runs(raw["Table 1"]),
        "thresholds": threshold_table(raw["Table 1"], table1),
        "by_states": by_states,
        "by_states_matrices": two_states(raw["Table 1"]),
        "numbers": number_table(raw["numbers of states"], p),
        "sizes": size_table(raw["true parameters"]),
        "fitted": fitted_table(raw["numbers of neurons"]),
        "stickiness": sticky_table(raw["staying"], p.n_states),
        "groups": group_table(raw["groups"]),
    }


def gain(unit: dict[str, Any]) -> float:
    """Return the mean gain of a held-out sequence over constant rates, in nats."""
    return float(np.mean(unit["test_ll"] - unit["constant_ll"]))


def keys(name: str) -> dict[str, str]:
    """Return the model and the settings in the name of a unit."""
    words, settings = name.split(" "), {}
    while words and "=" in words[-1]:
        key, _, value = words.pop().partition("=")
        settings[key] = value
    return {"model": " ".join(words), **settings}


def table_one(units: Units) -> pd.DataFrame:
    """Return one row for each model and draw."""
    import pandas as pd

    rows = []
    for name, unit in units.items():
        about = keys(name)
        starts = np.asarray(unit["start_ll"], float)
        printed = dict(zip(COLUMNS, TABLE_1[about["model"]], strict=True))
        rows.append(
            {
                "model": about["model"],
                "draw": int(about["draw"]),
                "gain": gain(unit),
                **{column: float(unit[column]) for column in COLUMNS[1:]},
                "dwell": float(unit["dwell"]),
                "converged": bool(unit["converged"]),
                "starts_near_best": int((starts > starts.max() - 10).sum()),
                "n_starts": starts.size,
                **{f"printed_{column}": value for column, value in printed.items()},
            }
        )
    return pd.DataFrame(rows)


def mean_interval(values: Floats) -> tuple[float, float, float]:
    """Return the mean with its 95 % t interval; equal limits where one value or none is there."""
    from scipy.stats import t

    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    if not known.size:
        return (np.nan,) * 3
    mean = float(known.mean())
    if known.size < 2:
        return mean, mean, mean
    half = float(t.ppf(T_LEVEL, known.size - 1) * known.std(ddof=1) / np.sqrt(known.size))
    return mean, mean - half, mean + half


def means(table1: pd.DataFrame) -> pd.DataFrame:
    """Return means and standard errors beside the printed means."""
    import pandas as pd

    rows = []
    for model, own in table1.groupby("model", sort=False):
        row: dict[str, Any] = {"model": model, "n_draws": len(own)}
        for column in ("gain", *COLUMNS[1:]):
            values = own[column].to_numpy(float)
            row[column] = float(values.mean())
            row[f"{column}_se"] = float(values.std(ddof=1) / np.sqrt(len(values)))
        rows.append({**row, **{f"printed_{c}": own[f"printed_{c}"].iloc[0] for c in COLUMNS}})
    return pd.DataFrame(rows)


def oracle_table(units: Units, n_draws: int) -> pd.DataFrame:
    """Return what the true parameters reach in each draw of Table 1."""
    import pandas as pd

    rows = []
    for draw in range(n_draws):
        unit = units[f"Table 1 draw={draw}"]
        rows.append({"draw": draw, "accuracy": float(unit["exact"]), "gain": gain(unit)})
    return pd.DataFrame(rows)


def checks(table1: pd.DataFrame, oracle: pd.DataFrame) -> pd.DataFrame:
    """Return, draw by draw, whether each expectation held."""
    import pandas as pd

    wide = {c: table1.pivot(index="draw", columns="model", values=c) for c in ("gain", *COLUMNS[1:])}
    best = oracle.set_index("draw")
    rows = {
        "HG finds states within 2 points of the true parameters": best["accuracy"] - wide["accuracy"]["HG"]
        <= 2,
        "OHG finds states within 2 points of the true parameters": best["accuracy"] - wide["accuracy"]["OHG"]
        <= 2,
        "OHG's weight error is at most 0.6 times HG's": wide["weight_error"]["OHG"]
        <= 0.6 * wide["weight_error"]["HG"],
        "OHG's signs: 70 % or more": wide["adjacency"]["OHG"] >= 70,
        "OHG's shared signs: 66 % or more": wide["prior"]["OHG"] >= 66,
        "every HMM-GLM predicts better than the GLM": (
            wide["gain"][["HG", "HG-L1", "GHG", "GHG-L1", "OHG"]].min(axis=1) > wide["gain"]["GLM"]
        ),
        "OHG predicts no worse than HG by 1 % of HG's gain": (
            wide["gain"]["OHG"] - wide["gain"]["HG"] >= -0.01 * wide["gain"]["HG"]
        ),
    }
    table = pd.DataFrame(
        [
            {
                "expectation": name,
                "draws_that_hold": int(held.sum()),
                "draws": len(held),
                "draws_that_fail": ", ".join(str(d) for d in held.index[~held]) or "none",
            }
            for name, held in rows.items()
        ]
    )
    return table


def calibration(units: Units, n_draws: int) -> pd.DataFrame:
    """Return predicted and observed shares by decile of the states' probabilities."""
    import pandas as pd

    own = [units[f"Table 1 draw={draw}"] for draw in range(n_draws)]
    counts, predicted, observed = (
        np.sum([np.asarray(unit[name], float) for unit in own], axis=0)
        for name in ("counts", "predicted", "observed")
    )
    seen = counts > 0
    return pd.DataFrame(
        {
            "decile": np.arange(1, 11)[seen],
            "predicted": (predicted / np.maximum(counts, 1))[seen],
            "observed": (observed / np.maximum(counts, 1))[seen],
            "n": counts[seen].astype(int),
        }
    )


def long_matrix(matrix: NDArray[Any], **about: Any) -> pd.DataFrame:
    """Return a matrix (target, source) as rows."""
    import pandas as pd

    target, source = np.indices(matrix.shape)
    return pd.DataFrame(
        {
            **{name: [value] * matrix.size for name, value in about.items()},
            "target": target.ravel(),
            "source": source.ravel(),
            "value": np.asarray(matrix, float).ravel(),
        }
    )


def matrices(units: Units, truth: Units) -> pd.DataFrame:
    """Return Fig. 2: weights, signs, shared signs of the shown state in the first draw."""
    import pandas as pd

    shown = {TRUTH: truth["Table 1 draw=0"]}
    shown |= {keys(name)["model"]: unit for name, unit in units.items() if keys(name)["draw"] == "0"}
    parts = []
    for model, unit in shown.items():
        weights = unit["weights"][SHOWN_STATE]
        if model == "HMM Corr":
            # correlations have another scale than weights
            weights = weights * np.abs(truth["Table 1 draw=0"]["weights"]).max() / np.abs(weights).max()
        for kind, matrix in (
            ("weight", weights),
            ("adjacency", unit["signs"][SHOWN_STATE]),
            ("prior", unit["shared_signs"]),
        ):
            parts.append(long_matrix(matrix, model=model, kind=kind))
    return pd.concat(parts, ignore_index=True)


def two_states(units: Units) -> pd.DataFrame:
    """Return Fig. 5D: shared signs, weights and signs of two states of the main models, first draw."""
    import pandas as pd

    parts = []
    for model in ("HG", "GHG", "OHG"):
        unit = units[f"{model} draw=0"]
        parts.append(long_matrix(unit["shared_signs"], model=model, panel="shared signs"))
        parts += [
            long_matrix(unit[name][state], model=model, panel=f"{name}, {state + 1}")
            for name in ("weights", "signs")
            for state in (0, 1)
        ]
    return pd.concat(parts, ignore_index=True)


def runs(path: NDArray[Any], **about: Any) -> list[dict[str, Any]]:
    """Return the visits of a path."""
    edges = np.flatnonzero(np.diff(path)) + 1
    starts = np.concatenate([[0], edges])
    stops = np.concatenate([edges, [path.size]])
    return [
        {**about, "start": int(a), "stop": int(b), "state": int(path[a])}
        for a, b in zip(starts, stops, strict=True)
    ]


def state_runs(units: Units) -> pd.DataFrame:
    """Return Fig. 7: the first held-out sequence of the first draw."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for name, unit in units.items():
        about = keys(name)
        if about["draw"] != "0" or "path" not in unit:
            continue
        if not rows:
            rows += runs(np.asarray(unit["true_path"], int), row=TRUTH)
        rows += runs(np.asarray(unit["path"], int), row=about["model"])
    return pd.DataFrame(rows)


def threshold_table(units: Units, table1: pd.DataFrame) -> pd.DataFrame:
    """Return Fig. 6: mean over draws with a t interval."""
    import pandas as pd

    rows = []
    for model in ("HG", "GHG", "OHG"):
        own = [unit for name, unit in units.items() if keys(name)["model"] == model]
        for kind in ("adjacency", "prior"):
            curves = np.array([unit[f"curve_{kind}"] for unit in own])
            direct = table1.loc[table1["model"] == "OHG", kind].mean()
            for level, values in zip(THRESHOLDS, curves.T, strict=True):
                mean, low, high = mean_interval(values)
                rows.append(
                    {
                        "model": model, "kind": kind, "threshold": float(level), "accuracy": mean, "low": low,
                        "high": high, "direct": float(direct),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def _grouped(units: Units, key: str, columns: dict[str, Any]) -> pd.DataFrame:
    """Return means and ranges over draws, by model and one setting."""
    import pandas as pd

    groups: dict[tuple[str, float], list[dict[str, Any]]] = {}
    for name, unit in units.items():
        about = keys(name)
        groups.setdefault((about["model"], float(about[key])), []).append(unit)
    rows = []
    for (model, value), own in groups.items():
        row: dict[str, Any] = {"model": model, key: value, "n_draws": len(own)}
        for column, of_unit in columns.items():
            values = np.array([float(of_unit(unit)) for unit in own])
            limits = values.mean(), values.min(), values.max()
            row[column], row[f"{column}_low"], row[f"{column}_high"] = map(float, limits)
        rows.append(row)
    return pd.DataFrame(rows)


def state_table(units: Units) -> pd.DataFrame:
    """Return Fig. 5B."""
    return _grouped(units, "S", {"gain": gain}).rename(columns={"S": "n_states"})


def number_table(units: Units, p: Any) -> pd.DataFrame:
    """Return Fig. 10: OHG, with all parameters counted and as the paper counts."""
    bins = p.n_sweep_bins * p.n_train

    def bic(unit: dict[str, Any]) -> float:
        return float(-2 * unit["train_ll"] + unit["n_parameters"] * np.log(bins))

    def papers(unit: dict[str, Any]) -> float:
        return float(-2 * unit["train_ll"] + (np.size(unit["occupancy"]) + 1) * np.log(bins))

    own = {name: unit for name, unit in units.items() if keys(name)["model"] == "OHG"}
    columns = {
        "gain": gain,
        "bic": bic,
        "bic_paper": papers,
        "n_parameters": lambda unit: unit["n_parameters"],
        "n_occupied": lambda unit: float((unit["occupancy"] >= 0.01).sum()),
    }
    table = _grouped(own, "S", columns).rename(columns={"S": "n_states"})
    table["true_states"] = p.n_states
    return table


def size_table(units: Units) -> pd.DataFrame:
    """Return accuracy at the true parameters by number of neurons, exact and clamped."""
    own = {name: unit for name, unit in units.items() if "N" in keys(name)}
    columns = {"exact": lambda unit: unit["exact"], "clamped": lambda unit: unit["clamped"]}
    return _grouped(own, "N", columns).rename(columns={"N": "n_neurons"}).drop(columns="model")


def fitted_table(units: Units) -> pd.DataFrame:
    """Return Fig. 16: accuracy and gain per neuron of fitted models."""
    columns = {
        "accuracy": lambda unit: unit["accuracy"],
        "ll_per_neuron": lambda unit: gain(unit) / unit["shared_signs"].shape[0],
    }
    return _grouped(units, "N", columns).rename(columns={"N": "n_neurons"})


def sticky_table(units: Units, n_states: int) -> pd.DataFrame:
    """Return Fig. 17: one row for each strength and draw."""
    import pandas as pd

    rows = []
    for name, unit in units.items():
        about = keys(name)
        rows.append(
            {
                "strength": float(about["strength"]),
                "draw": int(about["draw"]),
                "gain": gain(unit),
                "accuracy": float(unit["accuracy"]),
                "dwell": float(unit["dwell"]),
                "true_dwell": 1 / (0.005 * (n_states - 1)),
            }
        )
    return pd.DataFrame(rows)


def group_table(units: Units) -> pd.DataFrame:
    """Return Fig. 14: one row for each model and draw."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "model": keys(name)["model"],
                "draw": int(keys(name)["draw"]),
                "gain": gain(unit),
                "accuracy": float(unit["accuracy"]),
                "weight_error": float(unit["weight_error"]),
            }
            for name, unit in units.items()
        ]
    )
