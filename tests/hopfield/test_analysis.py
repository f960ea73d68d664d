"""The analysis as a whole on a reduced scale: verdicts, tables, figures, words."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurosci.hopfield import analysis
from tests.pages import FigureChecks, ResultChecks


def test_claims_that_the_scale_does_not_matter_for(result):
    verdicts = {verdict.id: verdict for verdict in result.verdicts}
    assert set(verdicts) == {claim.id for claim in analysis.CLAIMS}
    assert {"HO1", "HO2", "HO3", "HO4", "HO5", "HO6", "HO7"} <= set(verdicts)
    for name in ("HO1b", "HO2", "HO3", "HO5", "HO6", "HO6c", "HO7"):
        assert verdicts[name].verdict == "reproduced", name
    for name in ("HO2b", "HO3b"):
        assert verdicts[name].verdict == "differs", name
    assert all(verdict.synthetic for verdict in verdicts.values())


def test_sources_say_what_is_real(result):
    assert [source.kind for source in result.sources] == ["synthetic", "real"]
    assert any("could be read" in text for text in result.deviations)


def test_metrics_are_numbers(result):
    for name, metric in result.metrics.items():
        assert math.isfinite(metric.value), name


class TestWords(ResultChecks):
    analysis = analysis

    def test_figures_say_synthetic(self, any_result):
        assert {figure.name for figure in any_result.figures} == set(analysis.FIGURES)
        for figure in any_result.figures:
            assert "ynthetic" in figure.finding or figure.name == "digits"


class TestFigures(FigureChecks):
    analysis = analysis


def test_energy_is_what_the_losses_imply(result):
    table = result.tables["annealing"]
    assert np.abs(table["energy"] - table["from_loss"]).max() < 1e-12


@pytest.mark.slow
def test_one_process_and_two_give_the_same_tables(result):
    from neurosci._core.context import Context

    two = analysis.run(result.params, Context(verbose=False, n_jobs=2))
    for name, table in result.tables.items():
        assert table.equals(two.tables[name]), name
    assert result.metrics == two.metrics
    assert result.verdicts == two.verdicts


def test_another_seed_gives_other_samples(result):
    from neurosci._core.context import Context
    from neurosci.hopfield import _compute

    images, _ = analysis.digit_images()
    function, items = _compute.plan(result.params, images)["comparison"]
    name = next(iter(items))
    found = [
        Context(verbose=False).map(function, {name: items[name]}, stage="c", seed=seed)[name]["mean"]
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


@pytest.mark.parametrize("name", list(analysis.PRESETS["paper"].to_dict()))
def test_the_paper_preset_is_never_smaller(name):
    quick, paper = (analysis.PRESETS[preset].to_dict()[name] for preset in ("quick", "paper"))
    if name.startswith("n_"):
        assert paper >= quick
