"""The analysis by its second method: targets, selections, caveats, and what it says without data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurosci._core.metric import Metric
from neurosci.critical_band import analysis, fit_channel_likelihood, human_mean_accuracy
from neurosci.critical_band._verdicts import disagrees
from tests.critical_band.test_likelihood import EPSILONS, FAMILIES, independent_fit


def verdicts(result):
    return {row.id: row for row in result.verdicts}


# ---------------------------------------------------------------------------------------------------- targets


def test_pooled_people(result):
    metric = result.metrics["human_ml_bandwidth"]
    assert metric.value == pytest.approx(2.08, abs=0.03)
    # two Monte Carlo errors of limits from 200 resamples
    assert [metric.low, metric.high] == pytest.approx([2.01, 2.15], abs=0.03)
    assert metric.n_text == "14 people"
    assert "over observers" in metric.method
    power = result.metrics["human_ml_bandwidth_power"]
    assert power.value == pytest.approx(metric.value / math.sqrt(2))
    assert power.low == pytest.approx(metric.low / math.sqrt(2))
    assert result.metrics["human_ml_dispersion"].value == pytest.approx(10.3, abs=0.05)
    assert result.metrics["human_ml_center_frequency"].value == pytest.approx(38.1, abs=0.06)
    assert result.metrics["human_ml_lapse_rate"].value == pytest.approx(0.078, abs=6e-4)


def test_single_people(result, human_counts):
    """Within 0.05 octave of an independent fit, person by person."""
    table = result.tables["people_likelihood"].set_index("observer")
    assert table.index[0] == "pooled"
    assert len(table) == 15
    for name, counts in human_counts.items():
        assert table.loc[name, "bandwidth"] == pytest.approx(independent_fit(*counts)[1], abs=0.05)
    assert f"{result.metrics['observer_ml_bandwidth'].value:.2f}" == "2.10"
    assert f"{result.metrics['observer_ml_bandwidth_sd'].value:.2f}" == "0.18"


def test_limits_scaled_by_the_dispersion(result, human_counts):
    """Oracle: Wald limits on the log scale, stretched by the root of Pearson's chi-square over 24."""
    pooled = fit_channel_likelihood(*(sum(tables) for tables in zip(*human_counts.values(), strict=True)))
    reach = math.sqrt(pooled.covariance[2, 2] * pooled.dispersion) * 1.959964
    metric = result.metrics["human_ml_bandwidth_scaled"]
    assert [metric.low, metric.high] == pytest.approx(
        [pooled.bandwidth * math.exp(-reach), pooled.bandwidth * math.exp(reach)], rel=1e-6
    )
    people = result.metrics["human_ml_bandwidth"]
    assert metric.high - metric.low > 2.5 * (people.high - people.low)
    networks = result.tables["networks_likelihood"].query("resolved")
    assert (networks["scaled_low"] < networks["bandwidth"]).all()
    assert result.metrics["observer_ml_dispersion"].value == pytest.approx(1.37, abs=0.01)


def test_families_by_raw_widths(result):
    """The targets take raw widths of the networks that the index method can use, resolved or not."""
    table = result.tables["networks_likelihood"]
    usable = table[table["index_usable"]]
    medians = (2 * math.sqrt(2 * math.log(2)) * usable["width"]).groupby(usable["family"]).median()
    assert medians.to_dict() == pytest.approx(FAMILIES, abs=0.02)
    shown = result.tables["families"].set_index("family")["likelihood_bandwidth"]
    for family in set(FAMILIES) - {"BagNet"}:
        assert shown[family] == pytest.approx(FAMILIES[family], abs=0.02)
        assert result.metrics[f"{family}: ml_bandwidth"].value == shown[family]
    assert np.isnan(shown["BagNet"])


def test_adversarial_series(result):
    targets = [3.86, 4.14, 3.63, 3.71, 3.61, 4.70, 4.55, 4.02]
    for epsilon, target in zip(EPSILONS, targets, strict=True):
        metric = result.metrics[f"ml bandwidth: resnet50_l2_eps{epsilon}"]
        assert metric.value == pytest.approx(target, abs=0.012)
        assert metric.low < metric.value < metric.high
    table = result.tables["adversarial"]
    assert table["likelihood_bandwidth"].notna().tolist() == [True] * 8 + [False] * 2
    assert table["human_likelihood"].iloc[0] == result.metrics["human_ml_bandwidth"].value


def test_selections(result):
    table = result.tables["networks_likelihood"]
    assert (table["used"] == (table["resolved"] & table["index_usable"])).all()
    assert (int(table["resolved"].sum()), int(table["used"].sum())) == (78, 73)
    assert (result.metrics["n_ml_resolved"].value, result.metrics["n_ml_used"].value) == (78, 73)
    assert table.loc[table["index_usable"] & ~table["resolved"], "network"].tolist() == ["bagnet33"]


def test_ratios(result):
    used = result.tables["networks_likelihood"].query("used")
    human = result.metrics["human_ml_bandwidth"].value
    ratios = used["bandwidth"] / human
    np.testing.assert_allclose(used["ratio"], ratios)
    metric = result.metrics["ml_ratio"]
    assert metric.value == pytest.approx(ratios.median()) == pytest.approx(1.8, abs=0.05)
    assert 1 < metric.low < metric.value < metric.high < 2
    assert [result.metrics[f"ml_ratio_{end}"].value for end in ("min", "max")] == pytest.approx(
        [1.2, 2.4], abs=0.06
    )
    assert result.metrics["n_ml_in_range"].value == ((ratios >= 1.5) & (ratios < 4.5)).sum() == 67
    assert result.metrics["n_ml_at_least_2"].value == (ratios >= 2).sum() == 10


@pytest.mark.parametrize(("column", "suffix", "n"), [("used", "", 73), ("resolved", "_resolved", 78)])
def test_shape_score(result, network_scores, column, suffix, n):
    """Oracle: least squares by the normal equations on the released scores."""
    rows = result.tables["networks_likelihood"].query(column)
    predictors = np.log2(rows[["bandwidth", "center_frequency", "peak_sensitivity"]].to_numpy())
    design = np.column_stack([np.ones(n), predictors])
    score = np.array([float(network_scores[name]["mean_shape_score"]) for name in rows["network"]])
    rest = score - design @ np.linalg.solve(design.T @ design, design.T @ score)
    metric = result.metrics[f"ml_shape_r_squared{suffix}"]
    assert metric.n == n
    assert metric.value == pytest.approx(100 * (1 - rest @ rest / ((score - score.mean()) ** 2).sum()))


def test_robust_accuracy(result):
    metrics = result.metrics
    shown = [
        (metrics[f"ml_robust_0.05_{name}{suffix}"].n, metrics[f"ml_robust_0.05_{name}{suffix}"].value)
        for suffix in ("", "_resolved")
        for name in ("r_squared", "p_value")
    ]
    assert [n for n, _ in shown] == [6, 6, 8, 8]
    assert [f"{value:.2f}" for _, value in shown] == ["55.29", "0.59", "68.22", "0.17"]


def test_psychometric_tables(result, human_counts, network_counts):
    points = result.tables["psychometric_points"]
    people = points[points["observer"] == "people"]["percent_correct"].to_numpy().reshape(5, 7)
    assert np.abs(people / 100 - human_mean_accuracy()).max() < 1e-9
    network = points[points["observer"] == "resnet50"]
    correct, trials = network_counts["resnet50"]
    np.testing.assert_allclose(network["percent_correct"], 100 * (correct / trials).ravel())
    assert (
        (points["low"] <= points["percent_correct"]) & (points["percent_correct"] <= points["high"])
    ).all()
    fits = result.tables["psychometric_fits"]
    for name, counts in (("people", [sum(t) for t in zip(*human_counts.values(), strict=True)]),
                         ("resnet50", network_counts["resnet50"])):  # fmt: skip
        rows = fits[fits["observer"] == name]
        fit = fit_channel_likelihood(*counts)
        inside = ~np.isnan(fit.thresholds())
        np.testing.assert_allclose(rows["threshold"][inside], fit.thresholds()[inside])
        assert (rows["low"][inside] < rows["threshold"][inside]).all()
        assert (rows["threshold"][inside] < rows["high"][inside]).all()


def test_criteria(result):
    table = result.tables["criteria"].set_index("criterion")
    metrics = result.metrics
    assert table.loc[0.5, "people"] == metrics["human_bandwidth"].value
    assert table.loc[0.5, "median"] == pytest.approx(metrics["network_bandwidth_median"].value)
    assert table.loc[0.5, "n_networks"] == 74
    assert (table["quartile_1"] <= table["median"]).all()


# ------------------------------------------------------------------------------------- claims and their words


def test_second_method_in_each_claim(result):
    rows = verdicts(result)
    assert "2.08" in rows["CB1"].why and "1.47 of power" in rows["CB1"].why
    assert "2.10" in rows["CB1b"].why and rows["CB1b"].caveat
    assert "the median is 1.76" in rows["CB2"].why and "67 of 73" in rows["CB2"].why
    assert "59" in rows["CB3"].why and "73 networks" in rows["CB3"].why and "all 78" in rows["CB3"].why
    assert "p = 0.59" in rows["CB4"].why and "p = 0.17" in rows["CB4"].why
    assert "by maximum likelihood it is 1.22" in rows["CB6"].why
    everything = [*result.answer, result.answer_note, *(row.why for row in result.verdicts)]
    assert not any("aximum likelihood and filter observer" in text for text in everything)
    assert sum("Filter observer" in method.heading for method in result.methods) == 1


@pytest.mark.parametrize("preset", ["quick", "paper"])
def test_verdict_table_of_both_presets(run_on, release, preset):
    rows = verdicts(run_on(release, preset=preset, n_resamples_trials=400))
    assert {name: (row.verdict, row.caveat) for name, row in rows.items() if name != "CB6"} == {
        "CB1": ("reproduced", True),
        "CB1b": ("reproduced", True),
        "CB2": ("differs", False),
        "CB3": ("reproduced", True),
        "CB4": ("reproduced", True),
        "CB5": ("reproduced", False),
        "CB7": ("differs", False),
        "CB8": ("not run", False),
    }
    # its lower limit is close to no change, so that resamples decide
    assert rows["CB6"].verdict in ("reproduced", "undecided")
    assert rows["CB6"].caveat == (rows["CB6"].verdict == "reproduced")


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(2.0, 2.2, True), (0.9, 2.2, False), (0.2, 0.9, True), (None, None, False)]
)
def test_disagreement_is_an_interval_that_leaves_the_value_out(low, high, expected):
    assert disagrees(Metric(1.5, low, high), 1.0) == expected


def test_second_sentence_of_the_answer(result):
    assert "**2.08**" in result.answer[1] and "only **1.76**" in result.answer[1]
    assert result.answer[1].endswith("depends on the method; that networks are wider does not.")


def test_overdispersion_is_said(result):
    assert any("overdispersed" in line and "10.3" in line for line in result.warnings)
    (method,) = (m for m in result.methods if m.heading == "Maximum likelihood")
    assert any("depart 10.3 times" in text for text in method.paragraphs)


def test_options_reach_the_fit(run_on, small_release, result):
    other = run_on(small_release, sigmoid="norm", guess_rate=0.0)
    ours = other.metrics["human_ml_bandwidth"].value
    assert ours != result.metrics["human_ml_bandwidth"].value
    assert ours == pytest.approx(2.08, abs=0.3)
    # the published method has neither, unless its criterion is relative
    assert other.metrics["human_bandwidth"] == result.metrics["human_bandwidth"]
    assert set(other.tables["psychometric_fits"]["sigmoid"]) == {"norm"}


# ------------------------------------------------------------------------------------------ without the data


def test_without_counts_people_have_a_width_but_no_interval(synthetic, result):
    """The printed mean accuracy is that of the pooled counts, because everyone saw every image."""
    metric = synthetic.metrics["human_ml_bandwidth"]
    assert metric.value == pytest.approx(result.metrics["human_ml_bandwidth"].value, abs=1e-6)
    assert metric.low is None
    assert verdicts(synthetic)["CB1"].caveat
    assert "2.08" in verdicts(synthetic)["CB1"].why
    assert "simulated network" in synthetic.answer[1]
    for name in ("psychometric", "comparison"):
        (figure,) = (figure for figure in synthetic.figures if figure.name == name)
        assert figure.finding.startswith("Synthetic networks: ")


def test_simulated_networks_have_their_widths(synthetic):
    """Truth of the simulation: families around 4 octaves; the fit is right on average to a tenth."""
    used = synthetic.tables["networks_likelihood"].query("used and not family.str.contains('adversarial')")
    assert len(used) > 30
    assert 3 < used["bandwidth"].median() < 5.5


def test_figures_draw_the_tables(result):
    figure = analysis.FIGURES["comparison"](
        *[result.tables[n] for n in ("networks_likelihood", "people_likelihood", "criteria", "people")]
    )
    dots = next(line for line in figure.axes[0].lines if line.get_marker() == "o")
    used = result.tables["networks_likelihood"].query("used")
    np.testing.assert_array_equal(dots.get_xydata(), used[["index_bandwidth", "bandwidth"]])
    figure = analysis.FIGURES["psychometric"](
        *[result.tables[n] for n in ("psychometric_points", "psychometric_fits")]
    )
    fits = result.tables["psychometric_fits"].query("observer == 'people' and band == 4").iloc[0]
    curves = [line for line in figure.axes[4].lines if len(line.get_xdata()) == 41]
    x, y = curves[0].get_data()
    expected = 1 / 16 + (15 / 16 - fits["lapse_rate"]) / (
        1 + np.exp(fits["slope"] * (x - np.log2(fits["threshold"])))
    )
    np.testing.assert_allclose(y, 100 * expected)
