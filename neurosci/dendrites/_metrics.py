"""Numbers of the report with their intervals; exact numbers have none."""

from __future__ import annotations

import math

import numpy as np

from neurosci._core.metric import Metric
from neurosci.stats import proportion_interval

from . import _curves as curves
from ._compute import Findings, chi_square
from ._probability import false_negative_prob, false_positive_prob, population_false_positive
from ._union import expected_union_size, union_false_positive_prob

SPAN = "range over"
FALLING = 0.01
"""Curvature is judged where the probability has left its ceiling."""


def exact(value: object, unit: str = "") -> Metric:
    """Return an exact number."""
    return Metric(float(value), unit=unit, method="exact")  # type: ignore[arg-type]


def spread(values: np.ndarray, unit: str, n_unit: str) -> Metric:
    """Return the median with the whole range as limits."""
    return Metric(
        float(np.median(values)),
        float(values.min()),
        float(values.max()),
        n=values.size,
        unit=unit,
        n_unit=n_unit,
        level=1.0,
        method=f"{SPAN} {n_unit}",
    )


def all_metrics(found: Findings) -> dict[str, Metric]:
    """Return every number that the report speaks of."""
    return {
        **_text_numbers(),
        **_curve_numbers(found),
        **_reading_numbers(found),
        **_branch_numbers(found),
        **_simulated_numbers(found),
        **_digit_numbers(found),
    }


def _text_numbers() -> dict[str, Metric]:
    """Return the numbers in the text of the paper, its companion and its predecessor."""
    values: dict[str, object] = {
        "fp_n10000_a300_s24_theta12": false_positive_prob(10_000, 300, 24, 12),
        "fp_n10000_a300_s30_theta12": false_positive_prob(10_000, 300, 30, 12),
        "fn_a300_s30_v60_theta12": false_negative_prob(300, 30, 60, 12),
        "million_segments": population_false_positive(10_000, 300, 30, 15, 1_000_000, bound=True),
        "million_segments_independent": population_false_positive(10_000, 300, 30, 15, 1_000_000),
        "fp_n4000_a128": false_positive_prob(4000, 128, **curves.SEGMENT),
        "dense_half_n500": false_positive_prob(500, 250, **curves.SEGMENT),
        "dense_quarter_n500": false_positive_prob(500, 125, **curves.SEGMENT),
        "dense_half_n19900": false_positive_prob(19_900, 9950, **curves.SEGMENT),
        "dense_quarter_n19900": false_positive_prob(19_900, 4975, **curves.SEGMENT),
        "fp_n16000_a512_s24_theta12": false_positive_prob(16_000, 512, 24, 12),
        "union_expected_size": expected_union_size(20_000, 25, 10),
        "union_exact": union_false_positive_prob(20_000, 100, 25, 15, 10),
        "union_plugin": union_false_positive_prob(20_000, 100, 25, 15, 10, method="plugin"),
        "union_silent_percent": 100 * (1 - expected_union_size(20_000, 25, 10) / 20_000),
        "bloom": union_false_positive_prob(1024, 20, 20, 20, 20, method="bloom"),
        "bloom_exact": union_false_positive_prob(1024, 20, 20, 20, 20),
    }
    for theta in (6, 8, 10):
        values[f"companion_all_{theta}"] = false_positive_prob(100_000, 2000, theta, theta)
    for theta in (6, 8, 10, 12):
        values[f"companion_half_{theta}"] = false_positive_prob(100_000, 2000, 2 * theta, theta)
    for theta, m in ((10, 2), (10, 4), (10, 6), (20, 6)):
        values[f"companion_mixed_{theta}_{m}"] = false_positive_prob(100_000, 2000, 2 * m * theta, theta)
    for n, w, theta in ((1024, 4, 2), (1024, 20, 10)):
        values[f"predecessor_{n}_{w}_{theta}"] = false_positive_prob(n, w, w, theta)
    for n, w, theta in ((64, 12, 8), (1024, 21, 14)):
        values[f"predecessor_bound_{n}_{w}_{theta}"] = population_false_positive(
            n, w, w, theta, 10, bound=True
        )
    for theta in (4, 5, 6):
        values[f"predecessor_population_{theta}"] = population_false_positive(100, 7, 7, theta, 500)
    return {name: exact(value) for name, value in values.items()}


def _curve_numbers(found: Findings) -> dict[str, Metric]:
    curvature, medians = found.tables["curvature"], found.tables["medians"]
    falling = curvature[curvature["p"] < FALLING]
    sequence = found.tables["sequence"].set_index("n")["jaccard"]
    synapses = found.tables["synapses"].query("a == 512")
    windows, grid = found.tables["windows"], found.tables["grid_windows"]
    middle = medians.set_index("theta")["median"]
    within = ~grid["is_empty"] & (grid["low"] >= 8) & (grid["high"] <= 20)
    return {
        "second_difference": spread(falling["second_difference"].to_numpy(), "", "steps of 200 cells"),
        "n_concave_steps": exact((curvature["second_difference"] < 0).sum()),
        "last_local_exponent": exact(curvature.groupby("curve")["local_exponent"].last().mean()),
        "decades_per_synapse": exact(np.polyfit(synapses["s"], synapses["log10_p"], 1)[0]),
        "first_threshold_below_line": exact(middle.index[middle <= 1e-9].min()),
        **{f"median_theta_{t}": exact(middle[t]) for t in (8, 9, 10, 12, 15, 20)},
        "mean_theta_8": exact(medians.set_index("theta")["mean"][8]),
        "grid_low": spread(grid["low"].to_numpy(), "synapses", "segments"),
        "grid_high": spread(grid["high"].to_numpy(), "synapses", "segments"),
        "grid_share_within": exact(100 * within.mean(), "%"),
        "empty_windows": exact(windows["is_empty"].sum()),
        "n_windows": exact(len(windows)),
        **{f"sequence_{n}": exact(sequence[n]) for n in (300, 500, 1000, 2000, 4000)},
    }


def _reading_numbers(found: Findings) -> dict[str, Metric]:
    """Return how false positives change when other numbers grow with the population."""
    table = found.tables["readings"].set_index(["reading", "n"])
    share, together = table.loc[curves.SHARE], table.loc[curves.TOGETHER]
    bends = together["second_difference"].dropna().to_numpy()
    return {
        "share_first": exact(10 ** share["log10_p"].loc[2000]),
        "share_last": exact(10 ** share["log10_p"].loc[20_000]),
        "together_second_difference": spread(bends, "", "steps of 400 cells"),
        "together_slope": exact(together["decades_per_1000"].iloc[-1], "decades per 1,000 cells"),
    }


def _branch_numbers(found: Findings) -> dict[str, Metric]:
    """Return measured synapse counts beside what the theory asks for; nothing where none were found."""
    p = found.params
    needed = curves.synapses_needed(p.noise, p.alpha, p.beta)
    out = {} if needed is None else {"synapses_needed": exact(needed, "synapses")}
    if "branches" in found.tables:
        row = found.tables["branches"].query("neuron == 'all'").iloc[0]
        for kind, name, size, unit in (
            ("branch", "branch_synapses", row["n_used"], "branches"),
            ("near", "nearby_synapses", row["n_inputs"], "inputs"),
        ):
            low, middle, high = (float(row[f"{kind}_{end}"]) for end in ("low", "median", "high"))
            out[name] = Metric(
                middle, low, high, n=int(size), unit="synapses", n_unit=unit, level=0.9,
                method=f"percentiles of {unit}",
            )  # fmt: skip
    return out


def _simulated_numbers(found: Findings) -> dict[str, Metric]:
    from scipy.stats import chi2

    positives, negatives = found.tables["false_positives"], found.tables["false_negatives"]
    rare, unions = found.tables["rare"], found.tables["unions_simulated"]
    tilted = rare[rare["method"] == "tilted sampling"]
    out: dict[str, Metric] = {}
    total, n_points = 0.0, 0
    for name, table in (("positives", positives), ("negatives", negatives)):
        value, points = chi_square([table])
        out[f"chi_square_{name}"] = exact(value)
        out[f"p_{name}"] = Metric(float(chi2.sf(value, points)), n=points, n_unit="points")
        total, n_points = total + value, n_points + points
    squares = float((tilted["z"] ** 2).sum())
    out["chi_square_tilted"] = exact(squares)
    out["p_tilted"] = Metric(float(chi2.sf(squares, len(tilted))), n=len(tilted), n_unit="points")
    total, n_points = total + squares, n_points + len(tilted)
    out["chi_square"] = exact(total)
    out["p_all"] = Metric(float(chi2.sf(total, n_points)), n=n_points, n_unit="points", method="chi-square")
    out["largest_z"] = exact(max(positives["z"].abs().max(), negatives["z"].abs().max()))
    heavy = negatives.query("theta == 12 and v == 51").iloc[0]
    out["heavy_noise"] = proportion_interval(int(heavy["n_hits"]), int(heavy["n_trials"]))
    out["heavy_noise_exact"] = exact(heavy["exact"])
    out["tilted_relative_error"] = exact(100 * tilted["relative_error"].max(), "%")
    split = rare[rare["method"] == "splitting"].iloc[0]
    out["splitting_ratio"] = Metric(
        float(split["ratio"]),
        float(split["ratio"] * math.exp(-1.96 * split["relative_error"])),
        float(split["ratio"] * math.exp(1.96 * split["relative_error"])),
        n=found.params.n_splitting_repeats,
        n_unit="runs",
        method="normal interval over runs",
    )
    mixed = unions[unions["M"] == 2].iloc[0]
    out["union_simulated"] = proportion_interval(int(mixed["n_hits"]), int(mixed["n_trials"]))
    out["union_z_exact"], out["union_z_plugin"] = exact(mixed["z_exact"]), exact(mixed["z_plugin"])
    shared = found.tables["shared"]
    for theta, rows in shared[shared["per_pattern"] == shared["per_pattern"].max()].groupby("theta"):
        row = rows.iloc[0]
        out[f"shared_ratio_theta_{theta}"] = Metric(
            row["ratio"], row["low"], row["high"], n=int(row["n_trials"]), n_unit="draws",
            method="log-normal interval of weighted draws",
        )  # fmt: skip
    measured = found.tables["measured"]
    inside = int(measured["inside_printed_range"].sum())
    share = proportion_interval(inside, len(measured))
    out["measured_inside"] = Metric(
        100 * share.value, 100 * (share.low or 0.0), 100 * (share.high or 0.0), n=len(measured), unit="%",
        n_unit="measured ranges", method=share.method,
    )  # fmt: skip
    out.update(_published_numbers(found))
    return out


def _published_numbers(found: Findings) -> dict[str, Metric]:
    """Return how far the authors' own simulated values are from theory."""
    from scipy.stats import chi2

    from ._compute import deviation

    positives = found.tables["false_positives"]
    if not found.published:
        return {}
    good = positives[~((positives["n"] == 300) & (positives["a"] == 256))]
    many = good[good["exact"] * 1e8 >= 10]
    z = [
        deviation(round(rate * 1e8), 100_000_000, p)
        for rate, p in zip(many["published_rate"], many["exact"], strict=True)
    ]
    value = float(np.sum(np.square(z)))
    return {
        "p_published_positives": Metric(float(chi2.sf(value, len(z))), n=len(z), n_unit="points"),
        "largest_z_published": exact(np.abs(z).max()),
    }


def _digit_numbers(found: Findings) -> dict[str, Metric]:
    out = {}
    for row in found.tables["digit_accuracy"].to_dict("records"):
        out[f"digits_mixed_{row['patterns_per_segment']}"] = Metric(
            row["percent_correct"], row["low"], row["high"], n=row["n_test"], unit="%", n_unit="digits",
            method="Wilson interval",
        )  # fmt: skip
    curve = found.tables["digits"].set_index("theta").loc[found.params.code_threshold]
    for name in ("theory", "other_class", "same_class"):
        out[f"digits_{name}"] = exact(curve[name])
    return out
