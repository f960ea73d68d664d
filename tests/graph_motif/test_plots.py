"""Figures: drawn from the tables, without warnings, and nothing written over something else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from neurosci.graph_motif import analysis
from neurosci.reporting.figures import style_context

WIDTHS = {"double": 7.2, "single": 3.5, "thumbnail": 2.9}


@pytest.fixture(scope="module", params=["synthetic", "downloaded"])
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


def test_every_figure_is_drawn(drawn):
    assert set(drawn[1]) == set(analysis.FIGURES)
    for name, (about, figure) in drawn[1].items():
        assert figure.axes, name
        assert figure.get_size_inches()[0] == WIDTHS[about.width], name


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


def test_smallest_type(drawn):
    for name, (_, figure) in drawn[1].items():
        for text, _ in words(figure):
            assert text.get_fontsize() >= 6, (name, text.get_text())


def test_roc_curves_have_the_areas_of_the_run(drawn):
    result, figures = drawn
    curve = figures["roc"][1].axes[0].lines[0]
    area = np.trapezoid(curve.get_ydata(), curve.get_xdata())
    assert area == pytest.approx(result.metrics["auc"].value, abs=1e-12)


def test_every_cell_of_the_sweep_is_drawn(drawn):
    result, figures = drawn
    axes = figures["sweep"][1].axes[0]
    marks = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o" and len(line.get_xdata())]
    np.testing.assert_allclose(sorted(marks), sorted(result.tables["sweep"]["auc"]))


def test_every_site_and_every_node_is_drawn(drawn):
    result, figures = drawn
    axes = figures["sites"][1].axes[0]
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert {label.rpartition(" (")[0] for label in labels} == set(result.tables["sites"]["site"])
    points = figures["group_maps"][1].axes[0].lines[:2]
    values = np.sort(np.concatenate([line.get_ydata() for line in points]))
    np.testing.assert_allclose(values, np.sort(result.tables["regions"]["t"]))
