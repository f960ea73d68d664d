"""Numbers of the report with their intervals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.metric import Metric
from neurosci._core.random import spawn
from neurosci.stats import proportion_interval

from ._compute import MAIN, REAL_STATES, Findings
from ._contenders import BINARY
from ._published import COLUMNS
from ._tables import keys, mean_interval
from ._tables_real import NAT, SHOWN, SLEEP, ratio_interval

Floats = NDArray[np.float64]

OVER_DRAWS = "t interval over draws"
UNITS = {"gain": "nats", "accuracy": "%", "weight_error": "", "adjacency": "%", "prior": "%"}
SMALLER = ("weight_error",)
FALL = (40, 50)


def all_metrics(found: Findings) -> dict[str, Metric]:
    """Return every number that the text and the claims use."""
    return {
        **_table_one(found),
        **_sweeps(found),
        **_recordings(found),
        **_odours(found),
        **_sleep(found),
        **_receptor(found),
    }


def over_draws(values: Floats, unit: str, n_unit: str = "draws") -> Metric:
    """Return a mean with its t interval."""
    mean, low, high = mean_interval(values)
    return Metric(
        mean, low, high, n=int(np.isfinite(values).sum()), unit=unit, n_unit=n_unit, method=OVER_DRAWS
    )


def within_percent(metric: Metric) -> Metric:
    """Cut the interval of a percentage at 0 and 100."""
    if metric.unit != "%" or metric.low is None or metric.high is None:
        return metric
    return replace(metric, low=max(metric.low, 0.0), high=min(metric.high, 100.0))


def _table_one(found: Findings) -> dict[str, Metric]:
    table = found.tables["table1"]
    out: dict[str, Metric] = {}
    for column in ("gain", *COLUMNS[1:]):
        wide = compared(found, column)
        sign = -1.0 if column in SMALLER else 1.0
        others = (sign * wide.drop(columns="OHG").mean()).dropna()
        second = str(others.idxmax())
        out[f"{column}_margin"] = over_draws(
            (sign * (wide["OHG"] - wide[second])).to_numpy(float), UNITS[column]
        )
        for model in wide:
            if np.isfinite(wide[model]).any():
                out[f"{column} {model}"] = within_percent(
                    over_draws(wide[model].to_numpy(float), UNITS[column])
                )
    oracle = found.tables["oracle"]
    out["oracle_accuracy"] = within_percent(over_draws(oracle["accuracy"].to_numpy(float), "%"))
    out["oracle_gain"] = over_draws(oracle["gain"].to_numpy(float), "nats")
    wide = table.pivot(index="draw", columns="model", values="gain")
    out["gain_ohg_hg"] = over_draws((wide["OHG"] - wide["HG"]).to_numpy(float), "nats")
    wide = table.pivot(index="draw", columns="model", values="weight_error")
    out["weight_ratio"] = over_draws((wide["OHG"] / wide["HG"]).to_numpy(float), "")
    calibration = found.tables["calibration"]
    out["calibration_error"] = Metric(
        float((calibration["predicted"] - calibration["observed"]).abs().max()),
        n=int(calibration["n"].sum()),
        n_unit="probabilities",
    )
    return out


def compared(found: Findings, column: str) -> Any:
    """Return values by draw and model; likelihoods without those of cut counts, which compare with none."""
    wide = found.tables["table1"].pivot(index="draw", columns="model", values=column)
    return wide.drop(columns=BINARY) if column == "gain" else wide


def runner_up(found: Findings, column: str) -> str:
    """Return the best model besides OHG by its mean over draws."""
    best = compared(found, column).drop(columns="OHG").mean().dropna()
    return str(best.idxmin() if column in SMALLER else best.idxmax())


def _sweeps(found: Findings) -> dict[str, Metric]:
    numbers = found.tables["numbers"]
    pick = {
        column: float(numbers.loc[numbers[column].idxmin(), "n_states"]) for column in ("bic", "bic_paper")
    }
    likeliest = float(numbers.loc[numbers["gain"].idxmax(), "n_states"])
    n_draws = int(numbers["n_draws"].iloc[0])
    out = {
        "bic_states": Metric(pick["bic"], n=n_draws, n_unit="draws"),
        "bic_paper_states": Metric(pick["bic_paper"], n=n_draws, n_unit="draws"),
        "likeliest_states": Metric(likeliest, n=n_draws, n_unit="draws"),
    }
    out |= _falls(found)
    return out


def fall_numbers(found: Findings) -> tuple[int, int]:
    """Return the two numbers of neurons whose accuracies are compared."""
    numbers = sorted(found.params.neuron_numbers)
    return FALL if set(FALL) <= set(numbers) else (numbers[-2], numbers[-1])


def _falls(found: Findings) -> dict[str, Metric]:
    units = found.raw["true parameters"]
    few, many = fall_numbers(found)
    out = {}
    for name in ("exact", "clamped"):
        of: dict[int, list[float]] = {few: [], many: []}
        for key, unit in units.items():
            n = int(keys(key).get("N", 0))
            if n in of:
                of[n].append(float(unit[name]))
        out[f"fall_{name}"] = over_draws(np.array(of[many]) - np.array(of[few]), "%")
        out[f"many_{name}"] = within_percent(over_draws(np.array(of[many]), "%"))
    return out


def paired_bits(found: Findings, dataset: str, first: str, second: str) -> Metric:
    """Return how many bits per spike one model gains over another on held-out sequences."""
    units = found.raw["recordings"]
    one, two = (
        units[f"{dataset} {model} S={1 if model == 'GLM' else REAL_STATES}"] for model in (first, second)
    )
    rng = spawn(found.params.seed, "paired", dataset, first, second)
    value, low, high = ratio_interval(NAT * (one["test_ll"] - two["test_ll"]), one["spikes"], rng)
    return Metric(
        value, low, high, n=len(one["spikes"]), unit="bits per spike", n_unit="held-out sequences",
        method="bootstrap over sequences",
    )  # fmt: skip


def best_other(found: Findings, dataset: str) -> str:
    """Return the model besides OHG that predicts a recording best with three states."""
    table = found.tables["table2"]
    own = table[(table["dataset"] == dataset) & ~table["model"].isin(("OHG", BINARY))]
    own = own[own["n_states"].isin((1, REAL_STATES))]
    return str(own.loc[own["gain"].idxmax(), "model"])


def _recordings(found: Findings) -> dict[str, Metric]:
    if "table2" not in found.tables:
        return {}
    out: dict[str, Metric] = {}
    names = list(dict.fromkeys(found.tables["table2"]["dataset"]))
    for name in names:
        out[f"ohg_margin {name}"] = paired_bits(found, name, "OHG", best_other(found, name))
    worst = min(names, key=lambda name: out[f"ohg_margin {name}"].value)
    out["ohg_margin_worst"] = out[f"ohg_margin {worst}"]
    units = found.raw["recordings"]
    ratios = []
    for name in names:
        visits = [np.mean(units[f"{name} {model} S={REAL_STATES}"]["visits"]) for model in ("OHG", "HG")]
        ratios.append(np.log(visits[0] / visits[1]))
    mean, low, high = (float(np.exp(v)) for v in mean_interval(np.array(ratios)))
    out["visit_ratio"] = Metric(
        mean, low, high, n=len(names), n_unit="recordings", method="t interval of logarithms over recordings"
    )
    if SLEEP in names:
        table = found.tables["table2"]
        row = table[(table["dataset"] == SLEEP) & (table["model"] == "GLM")].iloc[0]
        out["history_bits"] = Metric(
            float(row["gain"]), float(row["gain_low"]), float(row["gain_high"]), n=int(row["n_sequences"]),
            unit="bits per spike", n_unit="held-out sequences", method="bootstrap over sequences",
        )  # fmt: skip
    return out


def _odours(found: Findings) -> dict[str, Metric]:
    if "onsets" not in found.tables:
        return {}
    out: dict[str, Metric] = {}
    table = found.tables["onsets"]
    for model in MAIN:
        own = table[table["model"] == model]
        inside, n = int(own["trials_inside"].sum()), int(own["trials"].sum())
        chance = float(own["chance"].mean())
        share = proportion_interval(inside, n)
        out[f"onset_beyond {model}"] = Metric(
            100 * (share.value - chance), 100 * (float(share.low or 0) - chance),
            100 * (float(share.high or 0) - chance), n=n, unit="%", n_unit="held-out trials",
            method="Wilson interval",
        )  # fmt: skip
        shown = own[own["dataset"] == SHOWN].iloc[0]
        out[f"onset {model}"] = Metric(
            float(shown["onset_s"]), float(shown["onset_low_s"]), float(shown["onset_high_s"]),
            n=int(shown["trials"]), unit="s", n_unit="held-out trials", method="bootstrap over trials",
        )  # fmt: skip
    return out


def _sleep(found: Findings) -> dict[str, Metric]:
    if "sleep_scores" not in found.tables:
        return {}
    out: dict[str, Metric] = {}
    for row in found.tables["sleep_scores"].to_dict("records"):
        out[f"sleep {row['method']}"] = _row(row, "accuracy", "n_sequences", "held-out sequences")
    for row in found.tables["read_out"].to_dict("records"):
        out[f"read_out {row['model']}"] = _row(row, "accuracy", "n", "held-out sequences")
    return out


def _row(row: dict[Any, Any], column: str, n: str, n_unit: str) -> Metric:
    return Metric(
        float(row[column]), float(row["low"]), float(row["high"]), n=int(row[n]), unit="%", n_unit=n_unit
    )


def _receptor(found: Findings) -> dict[str, Metric]:
    if "receptor_bits" not in found.tables:
        return {}
    n = int(found.raw["receptor"]["receptor"]["n_spikes"])
    return {
        f"receptor_bits {row['model']}": Metric(
            float(row["bits_per_spike"]),
            n=n,
            unit="bits per spike",
            n_unit="held-out spikes",
            method="one recording",
        )
        for row in found.tables["receptor_bits"].to_dict("records")
    }
