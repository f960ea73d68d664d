"""Figures: numbers of the tables, sizes, letters, and no words over other words."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from neurosci.dendrites import analysis
from neurosci.reporting.figures import style_context

HEIGHTS = {"double": (2.0, 4.3), "single": (2.4, 2.8), "thumbnail": (1.62, 1.62)}
WIDTHS = {"double": 7.2, "single": 3.5, "thumbnail": 2.9}


@pytest.fixture(scope="module", params=["result", "without"])
def drawn(request):
    """A result and every figure of it, drawn in the style of the reports, by name."""
    result = request.getfixturevalue(request.param)
    figures = {}
    with style_context():
        for figure in result.figures:
            made = analysis.FIGURES[figure.name](*[result.tables[name] for name in figure.tables])
            FigureCanvasAgg(made).draw()
            figures[figure.name] = (figure, made)
    return result, figures


def words(figure):
    renderer = figure.canvas.get_renderer()
    for axes in figure.axes:
        for text in (*axes.texts, axes.title, axes._left_title):
            if text.get_visible() and text.get_text():
                yield text, text.get_window_extent(renderer)


def test_sizes(drawn):
    for name, (about, figure) in drawn[1].items():
        width, height = figure.get_size_inches()
        assert width == WIDTHS[about.width], name
        assert HEIGHTS[about.width][0] <= height <= HEIGHTS[about.width][1], name


def test_words_stay_inside_and_apart(drawn):
    for name, (_, figure) in drawn[1].items():
        edge = figure.bbox
        shown = list(words(figure))
        for text, box in shown:
            assert box.x0 >= edge.x0 - 1 and box.x1 <= edge.x1 + 1, (name, text.get_text())
            assert box.y0 >= edge.y0 - 1 and box.y1 <= edge.y1 + 1, (name, text.get_text())
        for (a, box_a), (b, box_b) in itertools.combinations(shown, 2):
            overlap = (
                min(box_a.x1, box_b.x1) - max(box_a.x0, box_b.x0),
                min(box_a.y1, box_b.y1) - max(box_a.y0, box_b.y0),
            )
            assert min(overlap) <= 1.0, (name, a.get_text(), b.get_text())


def test_tick_labels_do_not_touch(drawn):
    for name, (_, figure) in drawn[1].items():
        renderer = figure.canvas.get_renderer()
        for axes in figure.axes:
            labels = [t for t in axes.get_xticklabels() if t.get_text() and t.get_visible()]
            boxes = sorted((t.get_window_extent(renderer) for t in labels), key=lambda box: box.x0)
            for left, right in itertools.pairwise(boxes):
                assert left.x1 <= right.x0 + 0.5, name


def test_smallest_type(drawn):
    for name, (_, figure) in drawn[1].items():
        for text, _ in words(figure):
            assert text.get_fontsize() >= 6, name


def test_panel_letters(drawn):
    for name, (about, figure) in drawn[1].items():
        titles = [axes._left_title.get_text() for axes in figure.axes]
        letters = [title[0] for title in titles if title]
        assert letters == ([] if about.width != "double" else list("abcdefgh")[: len(figure.axes)]), name


def test_axes_have_units(drawn):
    for name, (_, figure) in drawn[1].items():
        for axes in figure.axes:
            for label in filter(None, (axes.get_xlabel(), axes.get_ylabel())):
                assert "(" in label or name == "thumbnail", (name, label)


def test_simulated_points_are_those_of_the_table(drawn):
    result, figures = drawn
    axes = figures["simulation"][1].axes[0]
    table = result.tables["false_positives"]
    marks = [line for line in axes.lines if line.get_marker() in ("o", "^", "v")]
    heights = np.concatenate([line.get_ydata() for line in marks])
    np.testing.assert_allclose(np.sort(heights), np.sort(table["rate"][table["rate"] > 0]))


def test_exact_lines_are_those_of_the_table(drawn):
    result, figures = drawn
    axes = figures["theory"][1].axes[0]
    table = result.tables["population"].query("curve == '64'")
    np.testing.assert_allclose(axes.lines[0].get_ydata(), table["p"])


def test_every_measured_threshold_is_drawn(drawn):
    result, figures = drawn
    axes = figures["thresholds"][1].axes[1]
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels[:6] == result.tables["measured"]["label"].tolist()
    bars = [tuple(np.round(line.get_xdata(), 6)) for line in axes.lines if len(line.get_xdata()) == 2]
    for low, high in zip(result.tables["measured"]["low"], result.tables["measured"]["high"], strict=True):
        assert (round(low, 6), round(high, 6)) in bars


def test_windows_are_filled_where_they_exist(drawn):
    result, figures = drawn
    counted = "branches" in result.tables
    figure = figures["windows_measured" if counted else "windows"][1]
    assert len(figure.axes) == 4
    assert all(axes.collections for axes in figure.axes)
    assert all((axes.get_ylim()[0] < 0) == counted for axes in figure.axes)


def test_measured_counts_are_those_of_the_table(drawn):
    result, figures = drawn
    if "branches" not in result.tables:
        pytest.skip("no measured neurons in this run")
    row = result.tables["branches"].query("neuron == 'all'").iloc[0]
    for axes in figures["windows_measured"][1].axes:
        marks = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "D"]
        assert marks == [row["branch_median"], row["near_median"]]
