"""Figures: numbers of the tables, sizes, letters, and no words over other words."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Annotation

from neurosci.critical_band import _panels, analysis
from neurosci.reporting.figures import style_context

HEIGHTS = {"double": (2.0, 4.3), "single": (2.4, 2.8), "thumbnail": (1.62, 1.62)}
WIDTHS = {"double": 7.2, "single": 3.5, "thumbnail": 2.9}


@pytest.fixture(scope="module", params=["result", "synthetic"])
def drawn(request):
    """A result and every figure of it, drawn in the style of the reports, by name."""
    result = request.getfixturevalue(request.param)
    figures = {}
    with style_context():
        for figure in result.figures:
            figures[figure.name] = (
                figure,
                analysis.FIGURES[figure.name](*[result.tables[name] for name in figure.tables]),
            )
            FigureCanvasAgg(figures[figure.name][1]).draw()
    return result, figures


def words(figure):
    """Visible text of a figure with its extent in pixels; matplotlib lays out axis labels and ticks."""
    renderer = figure.canvas.get_renderer()
    for axes in figure.axes:
        for text in (*axes.texts, axes.title, axes._left_title):
            if text.get_visible() and text.get_text() and axes.get_visible():
                yield axes, text, text.get_window_extent(renderer)


def test_sizes(drawn):
    for name, (about, figure) in drawn[1].items():
        width, height = figure.get_size_inches()
        assert width == WIDTHS[about.width], name
        low, high = (5.3, 5.4) if name == "stimuli" else HEIGHTS[about.width]
        assert low <= height <= high, name


def test_words_stay_inside_and_apart(drawn):
    for name, (_, figure) in drawn[1].items():
        edge = figure.bbox
        shown = list(words(figure))
        for _, text, box in shown:
            assert box.x0 >= edge.x0 - 1 and box.x1 <= edge.x1 + 1, (name, text.get_text())
            assert box.y0 >= edge.y0 - 1 and box.y1 <= edge.y1 + 1, (name, text.get_text())
        for (_, a, box_a), (_, b, box_b) in itertools.combinations(shown, 2):
            if isinstance(a, Annotation) and isinstance(b, Annotation):
                continue  # numbers beside dots stand where the dots stand
            overlap = (
                min(box_a.x1, box_b.x1) - max(box_a.x0, box_b.x0),
                min(box_a.y1, box_b.y1) - max(box_a.y0, box_b.y0),
            )
            assert min(overlap) <= 1.0, (name, a.get_text(), b.get_text())


def test_tick_labels_do_not_touch(drawn):
    for name, (_, figure) in drawn[1].items():
        renderer = figure.canvas.get_renderer()
        for axes in figure.axes:
            if not axes.get_visible():
                continue
            labels = [t for t in axes.get_xticklabels() if t.get_text() and t.get_visible()]
            boxes = sorted((t.get_window_extent(renderer) for t in labels), key=lambda box: box.x0)
            for left, right in itertools.pairwise(boxes):
                assert left.x1 <= right.x0 + 0.5, name


def test_smallest_type(drawn):
    for name, (_, figure) in drawn[1].items():
        for _, text, _ in words(figure):
            assert text.get_fontsize() >= 6, name


def test_panel_letters(drawn):
    for name, (about, figure) in drawn[1].items():
        titles = [axes._left_title.get_text() for axes in figure.axes]
        letters = [title[0] for title in titles if title and title[:1].isalpha() and title[1:2] in ("", " ")]
        if about.width == "thumbnail":
            assert letters == []
        elif name not in ("observers", "stimuli"):
            assert letters == list("abcdefgh")[: len(letters)]
            assert len(letters) >= 2, name


def test_axes_have_units(drawn):
    for name, (_, figure) in drawn[1].items():
        labels = [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()]
        labels += [figure.get_supxlabel()] if figure.get_supxlabel() else []
        assert labels, name
        for label in labels:
            assert "(" in label or label.startswith("rank"), (name, label)


def test_heat_map_shows_the_table(drawn):
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


def test_channel_panel_shows_points_and_peak(drawn):
    result, figures = drawn
    axes = figures["channels"][1].axes[0]
    marks = [line for line in axes.lines if line.get_marker() == "D"]
    np.testing.assert_array_equal(marks[0].get_ydata(), [0, 0, 0, 0, 2, 2, 0])
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend[0] == "people, 1.00 octaves"
    assert legend[-1] == f"{result.metrics['n_usable'].value:.0f} networks"


def test_ratio_panel_has_one_dot_per_network(drawn):
    result, figures = drawn
    axes = figures["channels"][1].axes[1]
    dots = next(line for line in axes.lines if line.get_marker() == "o")
    usable = result.tables["networks"].query("usable")
    np.testing.assert_allclose(np.sort(dots.get_xdata()), np.sort(usable["ratio"]))


def test_specification_curve_is_the_table(drawn):
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
