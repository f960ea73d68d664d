"""Short SVG: the same picture, in fewer bytes, always the same."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from neurosci.reporting._svg import compact_path, compact_svg
from neurosci.reporting.figures import style_context, tidy_svg

_ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "Q": 4, "C": 6}


def points(d):
    """Read a path by the rules of SVG 2: absolute and relative commands, letters left out."""
    tokens = re.findall(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)", d)
    found, here, start, command, place = [], np.zeros(2), np.zeros(2), "", 0
    while place < len(tokens):
        if tokens[place].isalpha():
            command = tokens[place]
            place += 1
        elif command in "Mm":
            command = {"M": "L", "m": "l"}[command]
        if command in "Zz":
            found.append(("Z",))
            here = start
            continue
        letter = command.upper()
        numbers = np.array([float(t) for t in tokens[place : place + _ARGUMENTS[letter]]])
        place += len(numbers)
        relative = command.islower()
        if letter in "HV":
            axis = "HV".index(letter)
            end = here.copy()
            end[axis] = numbers[0] + relative * here[axis]
            letter, numbers = "L", end
        elif relative:
            numbers = numbers + np.tile(here, len(numbers) // 2)
        here = numbers[-2:]
        start = here if letter == "M" else start
        found.append((letter, *np.round(numbers, 6)))
    return found


hundredths = st.integers(-70_000, 70_000).map(lambda n: n / 100)
segment = st.one_of(
    st.tuples(st.just("M"), hundredths, hundredths),
    st.tuples(st.just("L"), hundredths, hundredths),
    st.tuples(st.just("Q"), *[hundredths] * 4),
    st.tuples(st.just("C"), *[hundredths] * 6),
    st.just(("z",)),
)


@given(st.lists(segment, max_size=30))
def test_every_point_stays_where_it_was(segments):
    d = " ".join(" ".join([s[0], *(f"{x:g}" for x in s[1:])]) for s in [("M", 1.5, 2), *segments])
    short = compact_path(d)
    assert points(short) == points(d)
    assert len(short) <= len(d)


def test_paths_with_other_commands_are_left_alone():
    assert compact_path("M 0 0 A 1 1 0 0 0 3 3") == "M 0 0 A 1 1 0 0 0 3 3"


@pytest.fixture(scope="module")
def written():
    """An SVG of matplotlib with lines, marks, words, clips and a picture, rounded."""
    from matplotlib.figure import Figure

    rng = np.random.default_rng(2)
    with style_context():
        figure = Figure(figsize=(4, 3), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.plot(rng.random(30).cumsum(), rng.random(30), "o-", alpha=0.5, label="words, words")
        left.plot(rng.random(30).cumsum(), rng.random(30), "s", label="words")
        left.fill_between([0, 5], 0, 0.5, alpha=0.2)
        left.set_title("a   one of two")
        left.legend()
        right.imshow(rng.integers(0, 20, (40, 40)), cmap="gray", interpolation="none")
        right.pcolormesh(np.arange(4), np.arange(4), rng.random((3, 3)), alpha=0.4)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return tidy_svg(buffer.getvalue())


def test_half_the_bytes_and_always_the_same(written):
    short = compact_svg(written)
    assert short == compact_svg(written)
    assert len(short) < 0.62 * len(written)
    assert "metadata" not in short
    assert "\n" not in short


def test_references_lead_somewhere_and_names_have_one_owner(written):
    root = ET.fromstring(compact_svg(written))  # noqa: S314 - written above
    names = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(names) == len(set(names))
    used = set(re.findall(r"url\(#(\w+)\)", compact_svg(written)))
    used |= {e.get("{http://www.w3.org/1999/xlink}href")[1:] for e in root.iter() if e.tag.endswith("}use")}
    assert used == set(names)
    classes = {element.get("class") for element in root.iter() if element.get("class")}
    sheet = next(e.text for e in root.iter() if e.tag.endswith("}style"))
    assert classes == set(re.findall(r"\.(\w+)\{", sheet))


def test_as_many_marks_and_glyphs_as_before(written):
    """Count what is drawn, with references followed."""

    def drawn(text):
        root = ET.fromstring(text)  # noqa: S314 - written above
        by_name = {element.get("id"): element for element in root.iter() if element.get("id")}

        def count(element):
            tag = element.tag.rpartition("}")[2]
            if tag in ("defs", "metadata", "style", "clipPath"):
                return 0
            if tag == "use":
                target = by_name[element.get("{http://www.w3.org/1999/xlink}href")[1:]]
                return count(target)
            return (tag in ("path", "image")) + sum(count(child) for child in element)

        return count(root)

    assert drawn(compact_svg(written)) == drawn(written)


def pictures(text):
    for data in re.findall(r"data:image/png;base64,\s*([A-Za-z0-9+/=\s]+)", text):
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            yield np.asarray(image.convert("RGBA"))


def test_pictures_inside_keep_every_pixel(written):
    before, after = list(pictures(written)), list(pictures(compact_svg(written)))
    assert len(before) == len(after) == 1
    np.testing.assert_array_equal(before[0], after[0])


@pytest.mark.browser
def test_it_looks_the_same(written, tmp_path, browser):
    """In a browser no pixel differs by more than a rounding of coordinates shows at an edge."""
    shots = []
    for name, text in (("before", written), ("after", compact_svg(written))):
        path = tmp_path / f"{name}.svg"
        path.write_text(text, encoding="utf-8")
        browser.get(path.as_uri())
        with Image.open(io.BytesIO(browser.get_screenshot_as_png())) as image:
            shots.append(np.asarray(image.convert("RGB")).astype(int))
    difference = np.abs(shots[0] - shots[1]).max(axis=-1)
    assert shots[0].std() > 5, "something is shown"
    assert (difference > 16).mean() < 1e-4
    assert difference.max() < 96
