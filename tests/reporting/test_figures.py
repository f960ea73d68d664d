"""Figures: one look, the same bytes, nothing left behind."""

from __future__ import annotations

import re
import sys
import threading

import matplotlib
import numpy as np
import pandas as pd
import pytest

from neurosci.reporting import figures
from neurosci.reporting.figures import COLOURS, INKS, Drawing, draw, tidy_svg


def contrast(first: str, second: str) -> float:
    """WCAG 2.2 contrast ratio."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def noise(table: pd.DataFrame):
    from matplotlib.figure import Figure

    plot = Figure(figsize=figures.SIZES["double"])
    plot.subplots().plot(table["x"], table["y"], "o")
    return plot


@pytest.fixture
def many() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame({"x": rng.random(9000), "y": rng.random(9000)})


def test_colours_can_be_seen_and_words_can_be_read():
    for role, colour in COLOURS.items():
        if role not in ("missing", "grid"):
            assert contrast(colour, "#ffffff") >= 3, role
    for role, colour in INKS.items():
        if role not in ("missing", "grid"):
            assert contrast(colour, "#ffffff") >= 4.5, role


def test_style_has_the_role_colours_and_restores_settings():
    before = dict(matplotlib.rcParams)
    with figures.style_context():
        cycle = [f"#{c.lstrip('#')}" for c in matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]]
        assert matplotlib.rcParams["svg.fonttype"] == "path"
        assert matplotlib.rcParams["svg.hashsalt"]
    assert dict(matplotlib.rcParams) == before
    roles = ("model", "human", "green", "paper", "ochre", "grey")
    assert cycle == [COLOURS[role] for role in roles]


def test_same_tables_same_bytes_whatever_the_users_settings(result, figures):
    table = result.tables["channels"]
    first = draw(figures["curves"], [table])
    with matplotlib.rc_context({"font.size": 20, "lines.linewidth": 9, "axes.facecolor": "red"}):
        second = draw(figures["curves"], [table])
    assert first == second
    assert first.suffix == "svg"
    assert (first.width, first.height) == (691, 307)


def test_svg_is_small_and_says_nothing_about_when_and_where(result, figures):
    text = draw(figures["curves"], [result.tables["channels"]]).data.decode()
    assert "<text" not in text
    assert "date" not in text.lower()
    assert "Matplotlib" not in text
    assert "<!--" not in text
    assert "DOCTYPE" not in text
    assert not re.search(r'\b(?:d|x|y)="[^"]*\.\d{3}', text)
    assert re.search(r"scale\(0\.0\d{3,}", text), "glyphs keep their scale"


def test_rounding_moves_nothing_by_more_than_half_a_hundredth():
    import io

    from matplotlib.figure import Figure

    with figures.style_context():
        plot = Figure(figsize=(3, 2))
        ax = plot.subplots()
        ax.plot(np.geomspace(1e-6, 1, 40), np.random.default_rng(5).random(40), "o-")
        ax.imshow(np.eye(5), extent=(0, 0.1, 0, 0.1))
        ax.set_title("words")
        buffer = io.StringIO()
        plot.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    before = re.sub(r"<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*", "", buffer.getvalue(), flags=re.DOTALL)
    after = tidy_svg(buffer.getvalue())
    number = r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
    assert re.sub(number, "0", before) == re.sub(number, "0", after)
    pairs = zip(re.findall(number, before), re.findall(number, after), strict=True)
    assert max(abs(float(a) - float(b)) for a, b in pairs) <= 0.005 + 1e-9
    assert len(after) < len(before)


def test_heavy_figures_become_pictures(many):
    drawing = draw(noise, [many])
    assert drawing.suffix == "png"
    assert drawing.data.startswith(b"\x89PNG")
    assert drawing == draw(noise, [many])
    assert int.from_bytes(drawing.data[16:20]) == 1440, "7.2 inches at 200 dpi"
    assert drawing.width == 691


def test_thumbnails_stay_small(many):
    def picture(table):
        from matplotlib.figure import Figure

        plot = Figure(figsize=figures.SIZES["thumbnail"])
        plot.subplots().plot(table["x"], table["y"], "o", markersize=1)
        return plot

    drawing = draw(picture, [many], limit=figures.THUMBNAIL_LIMIT)
    assert len(drawing.data) <= figures.THUMBNAIL_LIMIT


def test_figures_made_through_pyplot_are_closed(result, figures):
    draw(figures["intervals"], [result.tables["families"]])
    from matplotlib import pyplot

    assert pyplot.get_fignums() == []


def test_closed_also_when_saving_fails(result, figures, monkeypatch):
    from matplotlib import pyplot
    from matplotlib.figure import Figure

    def fail(*args, **kwargs):
        raise RuntimeError("no")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(RuntimeError):
        draw(figures["intervals"], [result.tables["families"]])
    assert pyplot.get_fignums() == []


def test_what_is_no_figure_is_refused():
    with pytest.raises(TypeError, match="must return a matplotlib Figure, got NoneType"):
        draw(lambda: None, [])


def test_drawing_in_another_thread_gives_the_same(result, figures):
    drawn: list[Drawing] = []
    thread = threading.Thread(
        target=lambda: drawn.append(draw(figures["small"], [result.tables["channels"]]))
    )
    thread.start()
    thread.join()
    assert drawn == [draw(figures["small"], [result.tables["channels"]])]


def test_interval_bars_end_in_a_triangle_where_they_leave_the_panel():
    from matplotlib.figure import Figure

    for horizontal, arrows in ((True, {"<", ">"}), (False, {"v", "^"})):
        ax = Figure().subplots()
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
        figures.interval_bar(ax, 0.5, 0.5, -1.0, float("inf"), horizontal=horizontal)
        figures.interval_bar(ax, 0.5, 0.5, 0.4, 0.6, filled=False, horizontal=horizontal)
        figures.interval_bar(ax, 0.5, float("nan"), None, None, horizontal=horizontal)
        markers = [line.get_marker() for line in ax.lines]
        assert set(markers) == arrows | {"None", "o"}
        bars = [line for line in ax.lines if line.get_marker() == "None"]
        ends = bars[0].get_xdata() if horizontal else bars[0].get_ydata()
        assert list(ends) == [0.0, 1.0]


def test_letters_and_halos():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    figures.panel_letter(ax, "a", "cost in $")
    assert ax.get_title(loc="left") == "a   cost in \\$"
    text = ax.text(0, 0, "x")
    figures.halo(text)
    assert len(text.get_path_effects()) == 1


def test_importing_the_module_loads_no_matplotlib():
    import subprocess

    code = "import sys, neurosci.reporting.figures; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
