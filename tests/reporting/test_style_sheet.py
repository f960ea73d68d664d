"""The style sheet: words can be read in light, dark and print; nothing is fetched."""

from __future__ import annotations

import importlib.resources
import re

import pytest

CSS = (importlib.resources.files("neurosci.reporting") / "templates" / "style.css").read_text(
    encoding="utf-8"
)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def tokens() -> dict[str, dict[str, str]]:
    blocks = re.findall(r":root\s*\{([^}]*)\}", CSS)
    light, dark, print_ = (dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block)) for block in blocks)
    return {"light": light, "dark": {**light, **dark}, "print": {**light, **print_}}


@pytest.mark.parametrize("mode", ["light", "dark", "print"])
def test_words_have_contrast(mode):
    token = tokens()[mode]
    for ground in ("paper", "wash", "note", "bad"):
        for ink in ("ink", "soft", "link"):
            assert contrast(token[ink], token[ground]) >= 4.5, (ink, ground)
    for verdict in ("yes", "no", "un", "na"):
        assert contrast(token[verdict], token["paper"]) >= 4.5, verdict
        assert contrast(token[verdict], token["note"]) >= 4.5, (
            f"{verdict} on a row that is the target of a link"
        )
    for verdict in ("yes", "no"):
        assert contrast(token[f"{verdict}-ink"], token[verdict]) >= 4.5, verdict
    assert contrast(token["edge"], token["paper"]) >= 3, "borders that carry meaning"
    assert contrast(token["note-edge"], token["paper"]) >= 3


def test_no_request_and_no_hidden_template():
    for sign in ("url(", "@import", "</", "{{", "{%", "{#", "expression("):
        assert sign not in CSS


def test_every_colour_is_a_token():
    rules = re.sub(r":root\s*\{[^}]*\}", "", CSS)
    white_plate = {"#ffffff", "#ededed"}
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", rules)) <= white_plate


def test_nothing_on_screen_is_below_thirteen_pixels():
    screen = CSS[: CSS.index("@media print")]
    sizes = [float(size) for size in re.findall(r"font-size:\s*([\d.]+)rem", screen)]
    scale = [float(size) for size in re.findall(r"--s\d:\s*([\d.]+)rem", screen)]
    assert min(sizes + scale) * 16 >= 13


def test_each_verdict_has_a_style_of_its_own():
    from neurosci.reporting._pages import MARKS

    for _, css in MARKS.values():
        assert f".{css} .mark" in CSS
        assert f".share .{css}" in CSS
        assert f".verdict.{css}" in CSS
