"""The analysis as a whole: claims, words, figures, and what it does without data."""

from __future__ import annotations

import re

import numpy as np
import pytest

from neurosci._core.context import Context
from neurosci.critical_band import analysis
from neurosci.critical_band._release import simulated
from tests.pages import ResultChecks, texts, verdicts

# ----------------------------------------------------------------------------------------- the released data


def test_verdicts_on_the_released_data(result):
    rows = verdicts(result)
    assert list(rows) == ["CB1", "CB1b", "CB2", "CB3", "CB4", "CB5", "CB6", "CB7", "CB8"]
    assert {
        name: rows[name].verdict for name in ("CB1", "CB1b", "CB2", "CB3", "CB4", "CB5", "CB7", "CB8")
    } == {
        "CB1": "reproduced",
        "CB1b": "reproduced",
        "CB2": "differs",
        "CB3": "reproduced",
        "CB4": "reproduced",
        "CB5": "reproduced",
        "CB7": "differs",
        "CB8": "not run",
    }
    # its interval ends close to no change, so 100 resamples may or may not decide
    assert rows["CB6"].verdict in ("reproduced", "undecided")
    assert [name for name in ("CB1", "CB1b", "CB3", "CB4") if rows[name].caveat] == [
        "CB1",
        "CB1b",
        "CB3",
        "CB4",
    ]


def test_printed_numbers_on_the_page(result):
    rows = verdicts(result)
    assert rows["CB1"].ours == "1.00 [1.00, 2.09] octaves"
    assert rows["CB1"].n == "14 people"
    assert "0.9999" in rows["CB1"].why
    assert "39.13 ± 2.98" in rows["CB1b"].why
    assert "43 of 74" in rows["CB2"].why
    assert rows["CB3"].ours.startswith("51.3")
    assert "0.5131" in rows["CB3"].why
    assert rows["CB4"].ours.startswith("66.3")
    assert "F(2, 3) = 2.94, p = 0.20" in rows["CB4"].why
    assert "62.3 against 36.0" in rows["CB5"].why
    assert "wide" in result.answer[0] and "**1.00**" in result.answer[0]
    assert result.units == "14 people, 85 networks"
    assert result.kinds == ("published",)


def test_metrics_hold_every_printed_number(result):
    metrics = result.metrics
    printed = {
        "human_bandwidth": "0.9999",
        "human_center_frequency": "39.598",
        "human_peak_sensitivity": "1.00",
        "human_width": "0.42462",
        "human_center_index": "4.50",
        "human_amplitude": "4.00",
        "network_bandwidth_min": "2.29",
        "network_bandwidth_quartile_1": "3.93",
        "network_bandwidth_median": "4.19",
        "network_bandwidth_quartile_3": "4.74",
        "network_bandwidth_max": "9.95",
        "share_2_to_4_octaves": "35",
        "share_2_to_5_octaves": "86",
        "n_usable": "74",
        "n_networks": "85",
        "n_at_bound": "30",
        "shape_adjusted_r_squared": "0.492",
        "shape_leave_one_out": "43",
        "shape_leave_one_family_out": "36",
        "shape_coefficient_const": "1.102",
        "robust_0.05_p_value": "0.20",
        "robust_0.05_leave_one_out": "11",
        "robust_0.1_p_value": "0.045",
        "specifications_all_min": "0.10",
        "specifications_all_max": "0.55",
        "bandwidth: resnet50": "3.99",
        "bandwidth: vit_large_patch16_224": "3.05",
        "bandwidth: resnet50_l2_eps0_25": "6.43",
        "BagNet: bandwidth": "8.99",
        "SWAG RegNetY: center_frequency": "28.8",
    }
    for name, text in printed.items():
        assert f"{metrics[name].value:.{len(text.partition('.')[2])}f}" == text, name


def test_intervals_hold_their_values(result):
    for name, metric in result.metrics.items():
        if (
            metric.low is not None
            and np.isfinite(metric.value)
            and not np.isnan([metric.low, metric.high]).any()
        ):
            assert metric.low <= metric.value <= metric.high, name
            assert metric.method, name


def test_interval_of_one_network_is_as_wide_as_known(result):
    """Known: under resampling of trials the width of one network spans 3.3 to 5.4 octaves."""
    metric = result.metrics["bandwidth: resnet50"]
    assert metric.low == pytest.approx(3.3, abs=0.3)
    assert metric.high == pytest.approx(5.4, abs=0.5)


def test_processes_do_not_change_numbers(run_on, small_release, small_result):
    result = small_result
    other = run_on(small_release, context=Context(verbose=False, download=False, n_jobs=2))
    assert other.metrics == result.metrics
    assert other.answer == result.answer
    for name, table in result.tables.items():
        assert table.equals(other.tables[name]), name


def test_seed_changes_intervals_only(run_on, small_release, small_result):
    result, other = small_result, run_on(small_release, seed=1)
    for name, metric in result.metrics.items():
        assert np.array_equal(metric.value, other.metrics[name].value, equal_nan=True), name
    assert other.metrics["shape_r_squared"] != result.metrics["shape_r_squared"]


# ------------------------------------------------------------------------------------------ without the data


def test_without_the_release_everything_is_called_synthetic(synthetic):
    assert synthetic.synthetic
    assert synthetic.kinds == ("published", "synthetic")
    rows = verdicts(synthetic)
    assert rows["CB1"].verdict == "reproduced"
    for name in ("CB1b", "CB2", "CB3", "CB4", "CB5", "CB6"):
        assert rows[name].verdict == "not testable here"
    assert all("ynthetic data" in rows[name].why for name in ("CB2", "CB3", "CB4", "CB5", "CB6"))
    # stimuli and spectra show no network
    shown = [figure for figure in synthetic.figures if figure.name not in ("stimuli", "spectra")]
    assert all("ynthetic" in figure.finding for figure in shown)
    assert "observers" not in [figure.name for figure in synthetic.figures]
    assert any("simulated" in line for line in synthetic.warnings)
    assert any("datasets fetch critical_band" in line for line in synthetic.warnings)


def test_simulated_release_depends_on_the_seed_only():
    first, again, other = simulated(3), simulated(3), simulated(4)
    assert first.networks.equals(again.networks)
    assert first.hash == again.hash != other.hash


def test_missing_files_lead_to_the_simulation(monkeypatch, tmp_path):
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    monkeypatch.setenv("NEUROSCI_CACHE", str(tmp_path))
    assert analysis.load_release(analysis.PARAMS(), Context(verbose=False, download=False)).synthetic


def test_without_single_observers(run_on, release):
    from dataclasses import replace

    result = run_on(replace(release, humans=None))
    rows = verdicts(result)
    assert rows["CB1"].ours == "1.00 octaves"
    assert "No interval" in rows["CB1"].why
    assert rows["CB1b"].verdict == "not testable here"
    assert rows["CB3"].verdict == "reproduced"
    assert "observers" not in result.tables
    assert any("single observers" in line for line in result.warnings)
    for figure in result.figures:
        analysis.FIGURES[figure.name](*[result.tables[name] for name in figure.tables])


@pytest.mark.parametrize(
    "changes",
    [
        {"criterion": 0.97, "training_radius": 7.0},
        {"bandwidth_limit": 1.0, "attack_radius": 9.0},
        {"criteria": (0.5,), "bandwidth_limits": (12.0,), "criteria_compared": (0.99,)},
    ],
)
def test_settings_at_which_little_can_be_said(run_on, small_release, changes):
    """Each of them alone, others too, on all networks, in the acceptance run ``edges``."""
    result = run_on(small_release, **changes)
    assert len(result.verdicts) == 9
    assert not [t for t in texts(result) if re.search(r"\b(nan|inf|None)\b", t)]
    for figure in result.figures:
        analysis.FIGURES[figure.name](*[result.tables[name] for name in figure.tables])


# ----------------------------------------------------------------------------------------------------- words


class TestWords(ResultChecks):
    analysis = analysis

    def test_the_wrong_number_of_trials_is_nowhere(self, any_result):
        assert not [text for text in texts(any_result) if re.search(r"11,?295", text)]


def test_presets_differ_in_numbers_of_samples_and_networks_only():
    quick, paper = (analysis.PRESETS[name].to_dict() for name in ("quick", "paper"))
    changed = {name for name in quick if quick[name] != paper[name]}
    resamples = {name for name in quick if name.startswith("n_resamples_")}
    assert changed == {"preset", "networks", "n_images_per_condition", "n_fields", *resamples}
