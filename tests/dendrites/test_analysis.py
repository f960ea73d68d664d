"""The analysis end to end: verdicts, printed numbers, words, with and without published values."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import scipy.stats

from neurosci import Context
from neurosci.dendrites import analysis, false_negative_prob, false_positive_prob
from neurosci.dendrites._compute import chi_square, deviation
from tests.dendrites.conftest import SMALL
from tests.pages import ResultChecks, texts, verdicts

EXPECTED = {
    "DE1": "differs",
    "DE2": "reproduced",
    "DE3": "reproduced",
    "DE3b": "differs",
    "DE4": "reproduced",
    "DE5": "differs",
    "DE5b": "differs",
    "DE6": "reproduced",
    "DE6b": "differs",
    "DE7": "differs",
    "DE8": "reproduced",
}


def test_verdicts(any_result):
    assert {name: verdict.verdict for name, verdict in verdicts(any_result).items()} == EXPECTED


def test_wrong_published_numbers_are_corrected_with_both_values(any_result):
    rows = verdicts(any_result)
    for name, both in {
        "DE3b": ("0.006", "0.583"),
        "DE5b": ("2.04 × 10⁻⁹", "7.40 × 10⁻¹¹"),
        "DE6b": ("98.75", "98.76"),
        "DE7": ("1 × 10⁻⁹", "1.0492 × 10⁻⁹"),
    }.items():
        assert "Published number corrected" in rows[name].why
        assert all(value in rows[name].why for value in both), rows[name].why
    assert "n/4" in rows["DE3b"].why
    assert "A close match is not supported" in rows["DE5"].why
    assert rows["DE7"].ours == "1.05 × 10⁻⁹"


def test_verdicts_on_simulations_say_so(any_result):
    assert [v.id for v in any_result.verdicts if v.synthetic] == ["DE2", "DE8"]
    assert {v.n for v in any_result.verdicts if not v.synthetic} == {
        "exact",
        "6 measured ranges",
        "288 steps of 200 cells",
    }


def test_fall_with_population_size_is_a_power_law():
    """DE1 by hand: the ratio of successive values of P tends to 1, that of P n^12 to a constant."""
    n = np.arange(2000, 200_001, 2000)
    logs = false_positive_prob(n, 64, 24, 12, log=True)
    assert (np.diff(logs, 2) > 0).all()
    scaled = logs + 12 * np.log(n)
    assert np.ptp(scaled[50:]) < 0.01


def test_no_reading_falls_faster_than_exponentially(any_result):
    """DE1 whatever grows with n: by fixed a a power law, by fixed a/n not at all, else an exponential."""
    table = any_result.tables["readings"].set_index("reading")
    for name, rows in table.groupby("reading"):
        exact = false_positive_prob(rows["n"], rows["a"], rows["s"], rows["theta"], log=True, method="exact")
        np.testing.assert_allclose(rows["log10_p"], exact / np.log(10), rtol=1e-12)
        falls = rows["decades_per_1000"] < 0
        assert falls.sum() == (0 if name == "a/n fixed" else 49)
    # P at a fixed share of active cells rises to that of independent cells; drawing 12 without replacement
    # lowers it by the product of (1 - i/a) / (1 - i/n), and what is left raises it
    share = table.loc["a/n fixed", "log10_p"].iloc[-1]
    limit = np.log10(scipy.stats.binom.sf(11, 24, 0.03))
    i = np.arange(12)
    assert 0 < limit - share < -np.log10((1 - i / 600) / (1 - i / 20_000)).sum()
    together = table.loc["all in proportion"]
    assert (together["second_difference"].dropna() > 0).all()
    # Stirling: ln P = n (s h(1/2) + (1 - s) h((a - s/2) / (1 - s)) - h(a)) - ln(n) / 2 + constant, with s, a
    # shares of n and h the entropy; what is left out is of order 1/n, 1e-4 here
    h = scipy.stats.entropy
    sizes, active = 0.005, 0.03
    rest = (active - sizes / 2) / (1 - sizes)
    rate = sizes * h([0.5, 0.5]) + (1 - sizes) * h([rest, 1 - rest]) - h([active, 1 - active])
    last = (1000 * rate - 0.5 * math.log(20_000 / 19_600) / 0.4) / math.log(10)
    assert together["decades_per_1000"].iloc[-1] == pytest.approx(last, abs=1e-3)
    why = verdicts(any_result)["DE1"].why
    assert "48 of 48 steps" in why and "With a/n fixed (3 %) P does not fall" in why


def test_dense_limits_are_binomial():
    from scipy.stats import binom

    for share, a in ((0.25, 4975), (0.5, 9950)):
        limit = binom.sf(11, 24, share)
        assert float(false_positive_prob(19_900, a, 24, 12)) == pytest.approx(limit, abs=0, rel=0.01)


def test_metrics_hold_every_printed_number(any_result):
    metrics = any_result.metrics
    printed = {
        "fp_n10000_a300_s24_theta12": "8.37584522709849e-13",
        "fp_n10000_a300_s30_theta12": "2.27907942026515e-11",
        "fn_a300_s30_v60_theta12": "3.94743608739284e-08",
        "million_segments": "1.04919182521237e-09",
        "fp_n4000_a128": "1.34323936472554e-12",
        "union_exact": "1.698373e-12",
        "union_plugin": "1.734743e-12",
        "bloom": "1.835365e-10",
        "bloom_exact": "1.328682e-10",
        "union_expected_size": "2.48598427e+02",
        "companion_all_6": "6.35308872941916e-11",
        "companion_half_12": "8.58694100276592e-15",
        "companion_mixed_10_6": "1.587997930949e-04",
        "companion_mixed_20_6": "1.07990763946553e-07",
        "predecessor_1024_4_2": "6.85523984236413e-05",
        "predecessor_1024_20_10": "9.32923862426e-14",
        "predecessor_bound_64_12_8": "4.23111850363184e-04",
        "predecessor_population_4": "1.3472849e-01",
        "predecessor_population_6": "2.03652e-05",
        "median_theta_8": "4.83e-08",
        "median_theta_12": "7.63e-14",
        "median_theta_20": "4.11e-28",
        "mean_theta_8": "6.2e-06",
        "first_threshold_below_line": "1.0e+01",
        "sequence_300": "2.133333e-01",
        "sequence_500": "1.888256e-01",
        "sequence_1000": "9.84697684e-01",
        "sequence_2000": "9.999773229e-01",
        "sequence_4000": "9.999999731e-01",
    }
    for name, text in printed.items():
        digits = len(text.split("e")[0].partition(".")[2])
        assert f"{metrics[name].value:.{digits}e}" == text, name


def test_published_values_lie_beside_ours(result):
    for name, column, ours, tolerance in (
        ("population", "published", "p", 1e-12),
        ("synapses", "published", "p", 1e-12),
        ("union_sizes", "published", "expected", 1e-12),
        ("unions", "published", "plugin", 1.2e-3),
        ("medians", "published_median", "median", 5e-3),
    ):
        table = result.tables[name]
        seen = np.isfinite(table[column])
        assert seen.sum() > 20, name
        np.testing.assert_allclose(table[ours][seen], table[column][seen], rtol=tolerance)
    assert set(result.tables["population"].query("published.notna()")["curve"]) == {"64", "128", "256", "n/4"}
    assert result.tables["false_positives"]["published_rate"].notna().all()
    assert result.tables["false_negatives"]["published_rate"].notna().all()


def test_authors_own_values_of_fig_4a(result):
    """All within 4.5 standard errors of theory but the one known to be wrong."""
    table = result.tables["false_positives"]
    z = np.array(
        [
            deviation(round(rate * 1e8), 10**8, p)
            for rate, p in zip(table["published_rate"], table["exact"], strict=True)
        ]
    )
    wrong = (table["n"] == 300) & (table["a"] == 256)
    assert (np.abs(z[~wrong]) < 4.5).all()
    assert abs(z[wrong][0]) > 1000
    assert result.metrics["p_published_positives"].value > 1e-3


def test_simulated_points_agree_with_theory(any_result):
    for name in ("false_positives", "false_negatives"):
        table = any_result.tables[name]
        assert (table["z"].abs() < 4.5).all()
        assert len(table) == {"false_positives": 29, "false_negatives": 48}[name]
    tilted = any_result.tables["rare"].query("method == 'tilted sampling'")
    assert (tilted["z"].abs() < 4.5).all()
    assert tilted["log10_exact"].min() < -57
    assert any_result.metrics["p_all"].value > 1e-3


def test_deviations_are_standard_normal(seed):
    rng = np.random.default_rng(seed)
    for p in (1e-7, 3e-6, 0.2, 1 - 1e-6):
        z = [deviation(int(hits), 10**6, p) for hits in rng.binomial(10**6, p, 3000)]
        # four standard errors of a mean of 3000; a discrete law has a smaller variance
        assert abs(np.mean(z)) < 4 / np.sqrt(3000)
        assert np.var(z) < 1.15
    assert deviation(0, 100, 0.0) == 0.0
    assert deviation(1, 100, 0.0) == np.inf


def test_chi_square_pools_what_expects_little():
    import pandas as pd

    table = pd.DataFrame(
        {
            "exact": [0.5, 1e-8, 1e-9],
            "expected_hits": [500.0, 6.0, 5.0],
            "z": [2.0, 9.0, 9.0],
            "n_hits": [0, 6, 5],
        }
    )
    value, points = chi_square([table])
    assert points == 2
    assert value == pytest.approx(4.0)


def test_processes_do_not_change_numbers(run_small, without, monkeypatch, tmp_path):
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    monkeypatch.setenv("NEUROSCI_CACHE", str(tmp_path))
    other = run_small(n_jobs=2)
    assert other.metrics == without.metrics
    for name, table in without.tables.items():
        assert table.equals(other.tables[name]), name


def test_seed_changes_simulations_only(run_small, without, monkeypatch, tmp_path):
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    monkeypatch.setenv("NEUROSCI_CACHE", str(tmp_path))
    other = run_small(seed=1)
    for name in ("population", "synapses", "medians", "windows", "unions", "sequence"):
        assert without.tables[name].equals(other.tables[name]), name
    assert not without.tables["false_positives"]["n_hits"].equals(other.tables["false_positives"]["n_hits"])


def test_without_published_values(without, result):
    assert without.kinds == ("real", "synthetic")
    assert result.kinds == ("real", "published", "synthetic")
    assert "correlated_published" not in without.tables
    assert any("Published values are not shown" in line for line in without.warnings)
    assert any("Measured synapse counts are not shown" in line for line in without.warnings)
    assert "branches" not in without.tables
    caption = next(figure.caption for figure in without.figures if figure.name == "windows")
    assert "Measured synapse counts per branch are not shown: " in caption
    assert result.warnings == ()
    exact = [name for name, metric in result.metrics.items() if metric.method == "exact"]
    assert len(exact) > 50
    for name in exact:
        if name in without.metrics:
            assert without.metrics[name] == result.metrics[name]


@pytest.mark.parametrize(
    "changes",
    [
        {"noise": 0.9, "window_noise": (0.7,), "alpha": 1e-30},
        {"n_code_synapses": 40, "code_threshold": 40, "n_comparisons": 1000, "n_noisy_trials": 1000},
    ],
)
def test_settings_at_which_little_can_be_said(run_small, changes):
    """Each of them alone in the acceptance run ``edges``."""
    result = run_small(**changes)
    assert [v.id for v in result.verdicts] == list(EXPECTED)
    assert not [t for t in texts(result) if re.search(r"\b(nan|inf|None)\b", t)]
    for figure in result.figures:
        analysis.FIGURES[figure.name](*[result.tables[name] for name in figure.tables])


def test_parameters_that_contradict_each_other():
    with pytest.raises(ValueError, match="n_code_synapses <= n_code_active"):
        analysis.PARAMS(n_code_synapses=50)


def test_quick_and_paper_differ_in_numbers_of_trials_only():
    quick, paper = (analysis.PRESETS[name].to_dict() for name in ("quick", "paper"))
    changed = {name for name in quick if quick[name] != paper[name]}
    assert changed == {
        "preset",
        "n_comparisons",
        "n_noisy_trials",
        "n_tilted_trials",
        "n_splitting_repeats",
        "n_mixture_trials",
        "n_correlated_tests",
    }
    assert set(SMALL) <= set(quick)


# ----------------------------------------------------------------------------------------------------- words


class TestWords(ResultChecks):
    analysis = analysis


def test_simulated_figures_say_synthetic(any_result):
    for name in ("simulation", "rare", "extensions", "extensions_published"):
        for figure in any_result.figures:
            if figure.name == name:
                assert "ynthetic" in figure.finding


def test_context_is_not_a_parameter():
    """The exact part of a run needs neither a seed nor a folder."""
    assert Context(verbose=False).output is None
    assert float(false_negative_prob(128, 30, 64, 12)) == pytest.approx(0.0716985160403564, abs=0, rel=1e-12)
