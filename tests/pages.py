"""What holds for the words, the tables and the figures of every analysis: base classes of their tests."""

from __future__ import annotations

import itertools
import re
from types import ModuleType

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Annotation

from neurosci._core.result import load_result
from neurosci.reporting.figures import style_context

WIDTHS = {"double": 7.2, "single": 3.5, "thumbnail": 2.9}
# A reader is told what was found, not what to think of it.
NEVER_USED = re.compile(
    r"\b(prov(e|es|ed|en|ing)|confirm\w*|successful\w*|novel|state-of-the-art|powerful|interestingly|"
    r"significant\w*|tight match)\b",
    re.IGNORECASE,
)


def verdicts(result):
    """Rows of the table of claims by name."""
    return {verdict.id: verdict for verdict in result.verdicts}


def texts(result):
    """Every sentence that a reader of the page meets."""
    yield from (result.title, result.question, result.units, result.answer_note, *result.answer)
    yield from (*result.deviations, *result.notes, *result.warnings, *result.table_notes.values())
    for verdict in result.verdicts:
        yield from (verdict.text, verdict.source, verdict.paper, verdict.ours, verdict.n, verdict.why)
    for figure in result.figures:
        yield from (figure.finding, figure.caption, figure.alt)
    for method in result.methods:
        yield from (method.heading, *method.paragraphs)


def same(first, second):
    """Two runs gave the same numbers, tables and verdicts."""
    assert first.metrics == second.metrics
    assert set(first.tables) == set(second.tables)
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, second.tables[name], check_exact=True)
    assert first.verdicts == second.verdicts


class ResultChecks:
    """Derived from with the analysis, in a module with the fixture `any_result`."""

    analysis: ModuleType

    def test_every_claim_is_judged(self, any_result):
        assert [row.id for row in any_result.verdicts] == [claim.id for claim in self.analysis.CLAIMS]

    def test_saved_result_is_read_back(self, any_result, tmp_path):
        any_result.save(tmp_path)
        assert load_result(tmp_path, self.analysis.PARAMS) == any_result

    def test_no_missing_number_reaches_a_reader(self, any_result):
        assert not [text for text in texts(any_result) if re.search(r"\b(nan|inf|None)\b", text)]

    def test_three_sentences(self, any_result):
        assert len(any_result.answer) == 3
        assert all(sentence.endswith(".") for sentence in any_result.answer)

    def test_captions_and_alternatives_have_their_length(self, any_result):
        for figure in any_result.figures:
            assert figure.finding.endswith(".")
            if figure.width == "thumbnail":
                assert figure.alt, figure.name
                continue
            assert 30 <= len(f"{figure.finding} {figure.caption}".split()) <= 135, figure.name
            assert 12 <= len(figure.alt.split()) <= 60, figure.name

    def test_marks_are_closed_and_words_are_plain(self, any_result):
        for text in texts(any_result):
            assert text.count("**") % 2 == 0 and text.count("`") % 2 == 0, text
            assert not NEVER_USED.search(text), text
            assert "!" not in text, text

    def test_every_table_has_a_note_and_every_figure_its_tables(self, any_result):
        assert set(any_result.table_notes) == set(any_result.tables)
        for figure in any_result.figures:
            assert figure.name in self.analysis.FIGURES
            assert set(figure.tables) <= set(any_result.tables)

    def test_tables_hold_plain_columns(self, any_result):
        for name, table in any_result.tables.items():
            assert len(table), name
            for column, dtype in table.dtypes.items():
                assert dtype.kind in "biufO" or str(dtype) in ("str", "object"), (name, column)


def words(figure):
    """Visible text of a figure's axes with its extent in pixels; axis labels and ticks are laid out."""
    renderer = figure.canvas.get_renderer()
    for axes in figure.axes:
        for text in (*axes.texts, axes.title, axes._left_title):
            if text.get_visible() and text.get_text() and axes.get_visible():
                yield text, text.get_window_extent(renderer)


class FigureChecks:
    """Derived from with the analysis, in a module with the fixture `any_result`, of scope class or wider."""

    analysis: ModuleType

    @pytest.fixture(scope="class")
    @classmethod
    def drawn(cls, any_result):
        """A result and every figure of it, drawn in the style of the reports, by name."""
        figures = {}
        with style_context():
            for figure in any_result.figures:
                made = cls.analysis.FIGURES[figure.name](*[any_result.tables[name] for name in figure.tables])
                FigureCanvasAgg(made).draw()
                figures[figure.name] = (figure, made)
        return any_result, figures

    def test_every_figure_is_drawn_at_its_width(self, drawn):
        for name, (about, figure) in drawn[1].items():
            assert figure.axes, name
            assert figure.get_size_inches()[0] == WIDTHS[about.width], name

    def test_words_stay_inside_apart_and_legible(self, drawn):
        for name, (_, figure) in drawn[1].items():
            edge = figure.bbox
            shown = list(words(figure))
            for text, box in shown:
                assert text.get_fontsize() >= 6, (name, text.get_text())
                assert box.x0 >= edge.x0 - 1 and box.x1 <= edge.x1 + 1, (name, text.get_text())
                assert box.y0 >= edge.y0 - 1 and box.y1 <= edge.y1 + 1, (name, text.get_text())
            for (a, box_a), (b, box_b) in itertools.combinations(shown, 2):
                if isinstance(a, Annotation) and isinstance(b, Annotation):
                    continue  # numbers beside dots stand where the dots stand
                overlap = (
                    min(box_a.x1, box_b.x1) - max(box_a.x0, box_b.x0),
                    min(box_a.y1, box_b.y1) - max(box_a.y0, box_b.y0),
                )
                assert min(overlap) <= 1.0, (name, a.get_text(), b.get_text())

    def test_tick_labels_do_not_touch(self, drawn):
        for name, (_, figure) in drawn[1].items():
            renderer = figure.canvas.get_renderer()
            for axes in figure.axes:
                if not axes.get_visible():
                    continue
                labels = [t for t in axes.get_xticklabels() if t.get_text() and t.get_visible()]
                boxes = sorted((t.get_window_extent(renderer) for t in labels), key=lambda box: box.x0)
                for left, right in itertools.pairwise(boxes):
                    apart = left.x1 <= right.x0 + 0.5 or left.y0 >= right.y1 or right.y0 >= left.y1
                    assert apart, (name, [t.get_text() for t in labels])
