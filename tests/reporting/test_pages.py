"""Text, links and numbers on their way to a page."""

from __future__ import annotations

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from neurosci._core.claims import VERDICTS
from neurosci.reporting import _pages


@given(st.text())
def test_rich_makes_no_element_but_its_own(text):
    html = str(_pages.rich(text))
    for ours in ("<strong>", "</strong>", "<code>", "</code>", '<span class="num">', "</span>"):
        html = html.replace(ours, "")
    assert "<" not in html
    assert ">" not in html
    assert '"' not in html
    assert "'" not in html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**a** b", "<strong>a</strong> b"),
        ("`a*b*`", "<code>a*b*</code>"),
        ("**see `x`**", "<strong>see <code>x</code></strong>"),
        ("`**not bold**`", "<code>**not bold**</code>"),
        ("2 ** 3 ** 4", "2 ** 3 ** 4"),
        ("one ` tick", "one ` tick"),
        ("<b> & \"'", "&lt;b&gt; &amp; &#34;&#39;"),
        ("1.0 [0.5, 1,050] m", '1.0 <span class="num">[0.5, 1,050]</span> m'),
        ("−1 [−2.0, −0.4]", '−1 <span class="num">[−2.0, −0.4]</span>'),
        ("(p < 0.001)", '(<span class="num">p &lt; 0.001</span>)'),
        ("array[1, 2]", 'array<span class="num">[1, 2]</span>'),
        ("", ""),
    ],
)
def test_rich(text, html):
    assert _pages.rich(text) == html


def test_plain_keeps_the_words():
    assert _pages.plain("**a `b`** and `c**d`") == "a b and c**d"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "http://example.org",
        "HTTPS://example.org",
        "https://user:word@example.org/",
        "https://example.org\\@evil.org/",
        "https://example.org/a b",
        'https://example.org/"onclick="x',
        "https://example.org/<b>",
        "https://example.org/\n",
        "https://",
        "https://localhost/",
        "//example.org/",
        "data:text/html,x",
        " https://example.org/",
    ],
)
def test_other_addresses_stay_text(url):
    assert "<a" not in _pages.link(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://arxiv.org/abs/2309.13190", "arXiv:2309.13190"),
        ("https://doi.org/10.1088/1742-5468/ad0a86", "doi:10.1088/1742-5468/ad0a86"),
        ("https://example.org/?a=1&b=2#c", "example.org/?a=1&amp;b=2#c"),
        ("https://example.org/", "example.org"),
    ],
)
def test_https_addresses_become_links(url, words):
    html = _pages.link(url)
    assert html.endswith(f'rel="noopener">{words}</a>')
    assert html.startswith(f'<a href="{url.replace("&", "&amp;")}" ')


def render(source: str, **values):
    return _pages.environment().from_string(source).render(**values)


def test_everything_is_escaped():
    assert render("{{ x }}", x="<b>\"'&") == "&lt;b&gt;&#34;&#39;&amp;"


@pytest.mark.parametrize("value", [None, 1.5, float("nan"), True])
def test_only_text_and_whole_numbers_reach_a_page(value):
    with pytest.raises(TypeError, match="must print text or a whole number"):
        render("{{ x }}", x=value)


def test_undefined_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        render("{{ missing }}")


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_pages_can_be_written_and_read_back(text):
    html = render("<p>{{ x }}|{{ x | rich }}</p>", x=text)
    html.encode("utf-8")
    assert not any(c in html for c in "\x00\x08\x0b\x1b\x7f\x85\u202e\u2066\ufffe\r")


def test_unprintable_characters_are_replaced_in_marked_text_too():
    html = render("{{ x | rich }}", x="**a\x00**")
    assert html == "<strong>a\N{REPLACEMENT CHARACTER}</strong>"
    assert isinstance(_pages.rich("a").translate({}), Markup)


def test_each_verdict_has_its_own_mark():
    assert set(_pages.MARKS) == set(VERDICTS)
    marks, classes = zip(*_pages.MARKS.values(), strict=True)
    assert len(set(marks)) == len(set(classes)) == len(VERDICTS)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", "-rf", "a b", "a\x00", "x" * 200, "a.b", "é"]
)
def test_names_that_are_no_file_names(name):
    with pytest.raises(ValueError, match="letters, digits"):
        _pages.check_name("Report", "name", name)


@pytest.mark.parametrize(
    ("n_bytes", "words"), [(0, "1\xa0KiB"), (2048, "2\xa0KiB"), (1536 * 1024, "1.5\xa0MiB")]
)
def test_file_size(n_bytes, words):
    assert _pages.file_size(n_bytes) == words
