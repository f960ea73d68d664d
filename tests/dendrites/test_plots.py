"""Figures: numbers of the tables, sizes, letters, and no words over other words."""

from __future__ import annotations

import numpy as np
import pytest

from neurosci.dendrites import analysis
from tests.pages import WIDTHS, FigureChecks

HEIGHTS = {"double": (2.0, 4.3), "single": (2.4, 2.8), "thumbnail": (1.62, 1.62)}


class TestFigures(FigureChecks):
    analysis = analysis

    def test_sizes(self, drawn):
        for name, (about, figure) in drawn[1].items():
            width, height = figure.get_size_inches()
            assert width == WIDTHS[about.width], name
            assert HEIGHTS[about.width][0] <= height <= HEIGHTS[about.width][1], name

    def test_panel_letters(self, drawn):
        for name, (about, figure) in drawn[1].items():
            titles = [axes._left_title.get_text() for axes in figure.axes]
            letters = [title[0] for title in titles if title]
            assert letters == ([] if about.width != "double" else list("abcdefgh")[: len(figure.axes)]), name

    def test_axes_have_units(self, drawn):
        for name, (_, figure) in drawn[1].items():
            for axes in figure.axes:
                for label in filter(None, (axes.get_xlabel(), axes.get_ylabel())):
                    assert "(" in label or name == "thumbnail", (name, label)

    def test_simulated_points_are_those_of_the_table(self, drawn):
        result, figures = drawn
        axes = figures["simulation"][1].axes[0]
        table = result.tables["false_positives"]
        marks = [line for line in axes.lines if line.get_marker() in ("o", "^", "v")]
        heights = np.concatenate([line.get_ydata() for line in marks])
        np.testing.assert_allclose(np.sort(heights), np.sort(table["rate"][table["rate"] > 0]))

    def test_exact_lines_are_those_of_the_table(self, drawn):
        result, figures = drawn
        axes = figures["theory"][1].axes[0]
        table = result.tables["population"].query("curve == '64'")
        np.testing.assert_allclose(axes.lines[0].get_ydata(), table["p"])

    def test_every_measured_threshold_is_drawn(self, drawn):
        result, figures = drawn
        axes = figures["thresholds"][1].axes[1]
        labels = [text.get_text() for text in axes.get_yticklabels()]
        assert labels[:6] == result.tables["measured"]["label"].tolist()
        bars = [tuple(np.round(line.get_xdata(), 6)) for line in axes.lines if len(line.get_xdata()) == 2]
        for low, high in zip(
            result.tables["measured"]["low"], result.tables["measured"]["high"], strict=True
        ):
            assert (round(low, 6), round(high, 6)) in bars

    def test_windows_are_filled_where_they_exist(self, drawn):
        result, figures = drawn
        counted = "branches" in result.tables
        figure = figures["windows_measured" if counted else "windows"][1]
        assert len(figure.axes) == 4
        assert all(axes.collections for axes in figure.axes)
        assert all((axes.get_ylim()[0] < 0) == counted for axes in figure.axes)

    def test_measured_counts_are_those_of_the_table(self, drawn):
        result, figures = drawn
        if "branches" not in result.tables:
            pytest.skip("no measured neurons in this run")
        row = result.tables["branches"].query("neuron == 'all'").iloc[0]
        for axes in figures["windows_measured"][1].axes:
            marks = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "D"]
            assert marks == [row["branch_median"], row["near_median"]]
