"""Figures: drawn from the tables, without warnings, and nothing written over something else."""

from __future__ import annotations

import numpy as np
import pytest

from neurosci.graph_motif import analysis
from tests.pages import FigureChecks


class TestFigures(FigureChecks):
    analysis = analysis

    def test_roc_curves_have_the_areas_of_the_run(self, drawn):
        result, figures = drawn
        curve = figures["roc"][1].axes[0].lines[0]
        area = np.trapezoid(curve.get_ydata(), curve.get_xdata())
        assert area == pytest.approx(result.metrics["auc"].value, abs=1e-12)

    def test_every_cell_of_the_sweep_is_drawn(self, drawn):
        result, figures = drawn
        axes = figures["sweep"][1].axes[0]
        marks = [
            line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o" and len(line.get_xdata())
        ]
        np.testing.assert_allclose(sorted(marks), sorted(result.tables["sweep"]["auc"]))

    def test_every_site_and_every_node_is_drawn(self, drawn):
        result, figures = drawn
        axes = figures["sites"][1].axes[0]
        labels = [text.get_text() for text in axes.get_yticklabels()]
        assert {label.rpartition(" (")[0] for label in labels} == set(result.tables["sites"]["site"])
        points = figures["group_maps"][1].axes[0].lines[:2]
        values = np.sort(np.concatenate([line.get_ydata() for line in points]))
        np.testing.assert_allclose(values, np.sort(result.tables["regions"]["t"]))
