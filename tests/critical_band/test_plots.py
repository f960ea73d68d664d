"""Figures: numbers of the tables, sizes, letters, and no words over other words."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from neurosci.critical_band import _panels, analysis
from tests.pages import WIDTHS, FigureChecks

HEIGHTS = {"double": (2.0, 4.3), "single": (2.4, 2.8), "thumbnail": (1.62, 1.62)}


class TestFigures(FigureChecks):
    analysis = analysis

    def test_sizes(self, drawn):
        for name, (about, figure) in drawn[1].items():
            width, height = figure.get_size_inches()
            assert width == WIDTHS[about.width], name
            low, high = (5.3, 5.4) if name == "stimuli" else HEIGHTS[about.width]
            assert low <= height <= high, name

    def test_panel_letters(self, drawn):
        for name, (about, figure) in drawn[1].items():
            titles = [axes._left_title.get_text() for axes in figure.axes]
            letters = [
                title[0] for title in titles if title and title[:1].isalpha() and title[1:2] in ("", " ")
            ]
            if about.width == "thumbnail":
                assert letters == []
            elif name not in ("observers", "stimuli"):
                assert letters == list("abcdefgh")[: len(letters)]
                assert len(letters) >= 2, name

    def test_axes_have_units(self, drawn):
        for name, (_, figure) in drawn[1].items():
            labels = [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()]
            labels += [figure.get_supxlabel()] if figure.get_supxlabel() else []
            assert labels, name
            for label in labels:
                assert "(" in label or label.startswith("rank"), (name, label)

    def test_heat_map_shows_the_table(self, drawn):
        result, figures = drawn
        table = result.tables["accuracy"]
        people = table[table["observer"] == "people"]
        axes = figures["accuracy"][1].axes[0]
        shown = axes.collections[0].get_array().reshape(5, 7)
        for _, row in people.iterrows():
            level = [0.0, 0.02, 0.04, 0.08, 0.16].index(row["noise_sd"])
            assert shown[level, int(row["band"])] == pytest.approx(row["percent_correct"])
        assert axes.collections[0].get_clim() == (0, 100)
        assert len(axes.texts) == 35

    def test_channel_panel_shows_points_and_peak(self, drawn):
        result, figures = drawn
        axes = figures["channels"][1].axes[0]
        marks = [line for line in axes.lines if line.get_marker() == "D"]
        np.testing.assert_array_equal(marks[0].get_ydata(), [0, 0, 0, 0, 2, 2, 0])
        legend = [text.get_text() for text in axes.get_legend().get_texts()]
        assert legend[0] == "people, 1.00 octaves"
        assert legend[-1] == f"{result.metrics['n_usable'].value:.0f} networks"

    def test_ratio_panel_has_one_dot_per_network(self, drawn):
        result, figures = drawn
        axes = figures["channels"][1].axes[1]
        dots = next(line for line in axes.lines if line.get_marker() == "o")
        usable = result.tables["networks"].query("usable")
        np.testing.assert_allclose(np.sort(dots.get_xdata()), np.sort(usable["ratio"]))

    def test_specification_curve_is_the_table(self, drawn):
        result, figures = drawn
        line = figures["specifications"][1].axes[0].lines[0]
        np.testing.assert_allclose(line.get_ydata(), result.tables["specifications"]["r_squared"])


def test_swarm_keeps_dots_apart():
    positions = np.array([0.0, 0.0, 0.0, 0.05, 1.0, 1.02])
    offsets = _panels.swarm(positions, 0.1, 1.0)
    for i, j in itertools.combinations(range(6), 2):
        assert abs(positions[i] - positions[j]) >= 0.1 or abs(offsets[i] - offsets[j]) >= 0.99


def test_bars_that_leave_the_panel_end_in_a_triangle():
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    _panels.bars_with_open_ends(
        axes, np.arange(3.0), np.array([1.0, 2.0, np.nan]), np.array([3.0, np.inf, np.nan]), 10.0, "k"
    )
    assert [line.get_marker() for line in axes.lines] == ["None", "None", "^"]
