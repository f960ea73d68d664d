"""What all pages share: the template engine, the two marks of text, links, verdict marks, data URIs."""

from __future__ import annotations

import base64
import functools
import re
import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from neurosci._core.claims import VERDICTS, Verdict
from neurosci._core.numbers import NBSP, format_number
from neurosci._core.result import Reference, Result, Source

MARKS = {
    "reproduced": ("=", "yes"),
    "differs": ("≠", "no"),
    "undecided": ("?", "un"),
    "not testable here": ("–", "na"),
    "not run": ("·", "nr"),
}
"""Symbol and CSS class of each verdict."""

_NUMBER_WORDS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)

# A browser drops or shows these as it likes, some of them reverse the reading order, and lone surrogates
# cannot be written at all.
_UNPRINTABLE = {
    code: "\N{REPLACEMENT CHARACTER}"
    for codes in (
        range(0x00, 0x09),
        range(0x0B, 0x0D),
        range(0x0E, 0x20),
        range(0x7F, 0xA0),
        range(0x200E, 0x2010),
        range(0x202A, 0x202F),
        range(0x2066, 0x206A),
        range(0xD800, 0xE000),
        range(0xFFFE, 0x10000),
    )
    for code in codes
} | {0x0D: " "}


@functools.cache
def environment() -> Environment:
    """Return the template engine: everything is escaped, nothing may be undefined.

    Returns
    -------
    jinja2.Environment
        With the filters and functions of the pages.
    """
    engine = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    engine.filters.update(rich=rich, plain=plain, count=count, size=file_size, anchor=anchor)
    engine.globals.update(link=link)
    return engine


def _printable(value: Any) -> Any:
    """Refuse what has no place on a page; templates print text and whole numbers only."""
    if isinstance(value, str):
        return value.translate(_UNPRINTABLE)
    if value is None or isinstance(value, bool | float):
        raise TypeError(
            f"page: a template must print text or a whole number, got {value!r} (format it first)"
        )
    return value


_CODE_OR_BOLD = re.compile(r"`([^`\n]+)`|\*\*(?=\S)(.+?)(?<=\S)\*\*", re.DOTALL)
_INTERVAL = re.compile(r"\[[−\d][−\d.,]*, [−\d][−\d.,]*\]|\bp (?:=|&lt;) [\d.]+")


def rich(text: str) -> Markup:
    """Escape a text, then turn its ``**bold**`` and `` `code` `` into elements.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    Markup
        HTML in which no other element can appear; intervals do not wrap.

    Examples
    --------
    >>> print(rich("**two** `a_b` <b>"))
    <strong>two</strong> <code>a_b</code> &lt;b&gt;
    """
    return Markup(_mark(str(escape(text))))  # noqa: S704 - escaped on this line, before any mark is added


def plain(text: str) -> str:
    """Drop the marks of a text, for places that hold no elements: titles and alternative texts.

    Parameters
    ----------
    text : str
        Text with ``**bold**`` and `` `code` ``.

    Returns
    -------
    str
        The same words.

    Examples
    --------
    >>> plain("**two** `a_b`")
    'two a_b'
    """
    return _CODE_OR_BOLD.sub(lambda match: match[1] or plain(match[2]), text)


def _mark(escaped: str) -> str:
    parts = []
    end = 0
    for match in _CODE_OR_BOLD.finditer(escaped):
        parts.append(_keep_together(escaped[end : match.start()]))
        code, bold = match.groups()
        parts.append(f"<strong>{_mark(bold)}</strong>" if code is None else f"<code>{code}</code>")
        end = match.end()
    parts.append(_keep_together(escaped[end:]))
    return "".join(parts)


def _keep_together(escaped: str) -> str:
    return _INTERVAL.sub(lambda match: f'<span class="num">{match[0]}</span>', escaped)


_HTTPS = re.compile(r"https://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?(?:[/?#][^\s<>\"'`\\\x00-\x1f]*)?")


def link(url: str) -> Markup:
    """Return a link, or the escaped text where the address is anything but a plain https one.

    Parameters
    ----------
    url : str
        Address.

    Returns
    -------
    Markup
        Element ``a`` or text.

    Examples
    --------
    >>> print(link("https://arxiv.org/abs/2309.13190"))
    <a href="https://arxiv.org/abs/2309.13190" rel="noopener">arXiv:2309.13190</a>
    >>> print(link("javascript:alert(1)"))
    javascript:alert(1)
    """
    url = url.translate(_UNPRINTABLE)
    if not _HTTPS.fullmatch(url):
        return escape(url)
    words = url.removeprefix("https://").rstrip("/")
    for start, name in (("arxiv.org/abs/", "arXiv:"), ("doi.org/", "doi:")):
        if words.startswith(start):
            words = name + words.removeprefix(start)
    return Markup('<a href="{}" rel="noopener">{}</a>').format(url, words)


def count(number: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun.

    Parameters
    ----------
    number : int
        How many.
    noun : str
        Singular.
    plural : str, default=""
        Plural; empty for the singular with "s".

    Returns
    -------
    str
        For example "3 warnings".

    Examples
    --------
    >>> count(1, "warning"), count(1050, "row")
    ('1 warning', '1,050 rows')
    """
    return f"{format_number(number)} {noun if number == 1 else plural or noun + 's'}"


def number_word(number: int) -> str:
    """Write a small number as a capitalised word, for the start of a sentence.

    Parameters
    ----------
    number : int
        Number, 0 or more.

    Returns
    -------
    str
        Word up to twelve, digits above.

    Examples
    --------
    >>> number_word(8), number_word(13)
    ('Eight', '13')
    """
    return _NUMBER_WORDS[number].capitalize() if number < len(_NUMBER_WORDS) else format_number(number)


def file_size(n_bytes: int) -> str:
    r"""Write a size of a file.

    Parameters
    ----------
    n_bytes : int
        Size.

    Returns
    -------
    str
        In KiB or MiB.

    Examples
    --------
    >>> file_size(700), file_size(52000)
    ('1\xa0KiB', '51\xa0KiB')
    """
    kib = n_bytes / 1024
    return f"{max(1, round(kib))}{NBSP}KiB" if kib < 1000 else f"{kib / 1024:.1f}{NBSP}MiB"


def anchor(text: str) -> str:
    """Reduce a name to what an id of an element may hold.

    Parameters
    ----------
    text : str
        Name.

    Returns
    -------
    str
        Letters, digits, ``-`` and ``_``.

    Examples
    --------
    >>> anchor("CB3"), anchor('a" onclick="b')
    ('CB3', 'a-onclick-b')
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-") or "x"


def check_name(where: str, what: str, name: str) -> str:
    """Refuse a name that would become part of a path and holds more than plain characters.

    Parameters
    ----------
    where, what : str
        Function and argument, for the message.
    name : str
        Name of a file without its suffix, or of a folder.

    Returns
    -------
    str
        The same name.

    Raises
    ------
    ValueError
        If it holds anything but letters, digits, ``-`` and ``_``.
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}", name):
        raise ValueError(
            f"{where}: {what} must hold letters, digits, '-' and '_' only, got {name!r} "
            "(it becomes the name of a file)"
        )
    return name


def data_uri(mime: str, data: bytes) -> str:
    """Return bytes as an address that needs no request.

    Parameters
    ----------
    mime : str
        Media type.
    data : bytes
        Content.

    Returns
    -------
    str
        Base64 data URI.
    """
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


@dataclass(frozen=True)
class Row:
    """A verdict as a page shows it.

    Parameters
    ----------
    verdict : Verdict
        The judged claim.
    mark, css, words, anchor : str
        Symbol, class, verdict in words, id of the row.
    """

    verdict: Verdict
    mark: str
    css: str
    words: str
    anchor: str


def rows(verdicts: Iterable[Verdict]) -> list[Row]:
    """Return the rows of a claims table.

    Parameters
    ----------
    verdicts : iterable of Verdict
        Judged claims.

    Returns
    -------
    list of Row
        In the same order, with distinct ids.
    """
    listed: list[Row] = []
    taken: Counter[str] = Counter()
    for verdict in verdicts:
        mark, css = MARKS[verdict.verdict]
        name = f"claim-{anchor(verdict.id)}"
        taken[name] += 1
        if taken[name] > 1:
            name = f"{name}-{taken[name]}"
        listed.append(Row(verdict, mark + "*" * verdict.caveat, css, verdict.words, name))
    return listed


def shares(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """Return how many claims have each verdict, for the bar of the dashboard.

    Parameters
    ----------
    verdicts : iterable of Verdict
        Judged claims.

    Returns
    -------
    list of dict
        Keys words, css, n; verdicts that nobody has are left out.
    """
    counts = Counter(verdict.verdict for verdict in verdicts)
    return [
        {
            "words": "differ" if name == "differs" and counts[name] > 1 else name,
            "css": MARKS[name][1],
            "n": counts[name],
        }
        for name in VERDICTS
        if counts[name]
    ]


def synthetic_sources(result: Result) -> list[Source]:
    """Return the inputs that were made by the package.

    Parameters
    ----------
    result : Result
        What to look at.

    Returns
    -------
    list of Source
        Possibly empty.
    """
    return [source for source in result.sources if source.kind == "synthetic"]


def bibtex(references: Iterable[Reference]) -> str:
    """Return all BibTeX entries.

    Parameters
    ----------
    references : iterable of Reference
        Works to cite.

    Returns
    -------
    str
        Entries with an empty line between them; empty when there is none.
    """
    return "\n\n".join(reference.bibtex.strip() for reference in references if reference.bibtex.strip())


def status_words(result: Result) -> str:
    """Say how a finished run went.

    Parameters
    ----------
    result : Result
        The run.

    Returns
    -------
    str
        "complete" and the number of warnings, if any.
    """
    if not result.warnings:
        return "complete"
    return f"complete, {count(len(result.warnings), 'warning')}"


def command_line(command: Any) -> str:
    """Write a recorded command as one would type it.

    Parameters
    ----------
    command : str, list of str or None
        As in the provenance of a run.

    Returns
    -------
    str
        Empty when none was recorded.

    Examples
    --------
    >>> command_line(["neurosci", "run", "a b"])
    "neurosci run 'a b'"
    """
    if isinstance(command, list | tuple):
        return shlex.join(map(str, command))
    return str(command or "")
