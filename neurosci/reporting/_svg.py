"""The same picture in fewer bytes: SVG as matplotlib writes it, said shortly."""

from __future__ import annotations

import base64
import io
import itertools
import re
import string
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_HEAD = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
_REFERENCE = re.compile(r"url\(#([^)]*)\)")
_MOVE = re.compile(r"translate\((-?[\d.]+)[ ,]+(-?[\d.]+)\)")
_TOKEN = re.compile(r"[A-Za-z]|-?\d+(?:\.\d+)?")
_PICTURE = "data:image/png;base64,"
# A child without a value of its own takes the one of its group.
_INHERITED = re.compile(r"(?:fill|stroke)(?:-(?!.*:)[a-z]+)?|fill-[a-z]+|stroke-[a-z]+")
_PAIRS = {"M": 1, "L": 1, "Q": 2, "C": 3}


def compact_svg(svg: str) -> str:
    """Say an SVG of matplotlib in fewer bytes; coordinates must be rounded to two decimals before.

    Unused names, empty groups and metadata go, styles that occur twice become classes, names become
    short, paths are written relative to their last point where that is shorter, and pictures inside are
    packed again. Nothing moves, and equal input gives equal output.

    Parameters
    ----------
    svg : str
        SVG written by matplotlib and rounded by `tidy_svg`.

    Returns
    -------
    str
        The same picture.

    Examples
    --------
    >>> print(compact_svg('<svg xmlns="http://www.w3.org/2000/svg"><g id="a">'
    ...                   '<path d="M 100.5 7 L 101.5 7 z" style="fill: none"/></g></svg>')[-47:])
    <path d="M100.5 7h1z" style="fill:none"/></svg>
    """
    root = ET.fromstring(svg)  # noqa: S314 - written by matplotlib, without a document type
    for parent in root.iter():
        for child in list(parent):
            if child.tag == f"{_SVG}metadata":
                parent.remove(child)
    _shorten_names(root)
    for element in root.iter():
        _shorten(element)
    _lift_styles(root)
    _unwrap(root)
    _gather_definitions(root)
    _share_words(root)
    for group in list(root.iter()):
        _share_clips(group)
    _name_styles(root)
    _shorten_names(root)
    return "".join(_written(root, _HEAD))


def _shorten_names(root: ET.Element) -> None:
    """Keep the names that are referred to, and make them short."""
    used: dict[str, str] = {}
    names = _short_names()
    for element in root.iter():
        for value in element.attrib.values():
            for name in _REFERENCE.findall(value):
                used.setdefault(name, "")
        link = element.get(_LINK, "")
        if link.startswith("#"):
            used.setdefault(link[1:], "")
    for element in root.iter():
        name = element.attrib.pop("id", "")
        if name in used:
            # matplotlib defines a mark once and a clip once, so that a name has one owner
            used[name] = used[name] or next(names)
            element.set("id", used[name])
    for element in root.iter():
        for key, value in element.attrib.items():
            if key == _LINK and value[1:] in used:
                element.set(key, f"#{used[value[1:]]}")
            elif "url(#" in value:
                element.set(key, _REFERENCE.sub(lambda match: f"url(#{used[match[1]]})", value))


def _short_names() -> Iterator[str]:
    """Yield a, b, ..., z, aa, ab and so on."""
    for length in itertools.count(1):
        yield from map("".join, itertools.product(string.ascii_lowercase, repeat=length))


def _shorten(element: ET.Element) -> None:
    for text in ("text", "tail"):
        if not (getattr(element, text) or "").strip():
            setattr(element, text, None)
    if style := element.get("style"):
        element.set("style", _style(style))
    if d := element.get("d"):
        element.set("d", compact_path(d))
    if element.tag == f"{_SVG}use" and (move := _MOVE.fullmatch(element.get("transform", ""))):
        # x and y of a reference are a translation that is applied last, which the only one is
        del element.attrib["transform"]
        for key, value in zip("xy", move.groups(), strict=True):
            if float(value):
                element.set(key, _number(round(100 * float(value))))
    if element.tag == f"{_SVG}image" and element.get(_LINK, "").startswith(_PICTURE):
        element.set(_LINK, _packed(element.get(_LINK, "")))


def _style(text: str) -> str:
    return ";".join(
        ":".join(part.strip() for part in declaration.split(":", 1)) for declaration in text.split(";")
    )


def _lift_styles(root: ET.Element) -> None:
    """Write a style that all members of a group share once, on the group."""
    for group in root.iter(f"{_SVG}g"):
        styles = {child.get("style", "") for child in group}
        if len(group) < 2 or len(styles) != 1 or "style" in group.attrib:
            continue
        (style,) = styles
        names = [declaration.partition(":")[0] for declaration in style.split(";")]
        if style and all(_INHERITED.fullmatch(name) for name in names):
            group.set("style", style)
            for child in group:
                del child.attrib["style"]


def _unwrap(parent: ET.Element) -> None:
    """Take the members of groups that say nothing out of them."""
    members: list[ET.Element] = []
    for child in parent:
        _unwrap(child)
        members += list(child) if child.tag == f"{_SVG}g" and not child.attrib else [child]
    parent[:] = members


def _gather_definitions(root: ET.Element) -> None:
    """Move all definitions into one place."""
    gathered = ET.Element(f"{_SVG}defs")
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{_SVG}defs":
                parent.remove(child)
                gathered.extend(child)
    root.insert(0, gathered)


def _share_words(root: ET.Element) -> None:
    """Write a word that occurs more than once in full once, and refer to it elsewhere."""
    words: dict[tuple[tuple[str, ...], ...], list[ET.Element]] = {}
    for group in root.iter(f"{_SVG}g"):
        if "scale(" not in group.get("transform", "") or len(group) < 2:
            continue
        for glyph in group:
            if x := glyph.get("x"):
                # a thousand of these units are 60 to 80 points
                glyph.set("x", _number(10 * round(10 * float(x))))
        letters = tuple((*glyph.attrib.values(), glyph.tag) for glyph in group)
        words.setdefault(letters, []).append(group)
    for place, groups in enumerate(words.values()):
        if len(groups) == 1:
            continue
        word = ET.Element(f"{_SVG}g", {"id": f"word {place}"})
        word.extend(groups[0])
        groups[0][:] = [word]
        for group in groups[1:]:
            group[:] = []
            group.tag = f"{_SVG}use"
            group.set(_LINK, f"#word {place}")


def _share_clips(parent: ET.Element) -> None:
    """Clip neighbours that are clipped alike as one group."""
    members: list[ET.Element] = []
    for clip, run in itertools.groupby(parent, key=lambda child: child.get("clip-path", "")):
        children = list(run)
        if not clip or len(children) < 2:
            members += children
            continue
        group = ET.Element(f"{_SVG}g", {"clip-path": clip})
        for child in children:
            del child.attrib["clip-path"]
        group.extend(children)
        members.append(group)
    parent[:] = members


def _name_styles(root: ET.Element) -> None:
    """Turn styles that occur more than once into classes."""
    counts = Counter(style for element in root.iter() if (style := element.get("style")))
    names = _short_names()
    classes = {style: next(names) for style, count in counts.items() if count > 1}
    for element in root.iter():
        if (style := element.get("style")) in classes:
            del element.attrib["style"]
            element.set("class", classes[style])
    sheet = next(root.iter(f"{_SVG}style"), None)
    if sheet is None:
        if not classes:
            return
        sheet = ET.Element(f"{_SVG}style")
        root.insert(0, sheet)
    rules = re.sub(r"\s*([:;{}])\s*", r"\1", sheet.text or "")
    sheet.text = rules + "".join(f".{name}{{{style}}}" for style, name in classes.items())


def _packed(uri: str) -> str:
    """Pack a picture again, without the colours and the transparency that it does not use."""
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(uri.removeprefix(_PICTURE)))) as picture:
        image = picture.convert("RGBA")
    red, green, blue, alpha = image.split()
    if alpha.getextrema() == (255, 255):
        gray = red.tobytes() == green.tobytes() == blue.tobytes()
        image = red if gray else image.convert("RGB")
        colours = image.getcolors(256)
        if colours is not None and len(colours) <= 128:
            image = image.convert("P", palette=Image.Palette.ADAPTIVE, colors=len(colours))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    packed = _PICTURE + base64.b64encode(buffer.getvalue()).decode()
    return packed if len(packed) < len(uri) else uri


def compact_path(d: str) -> str:
    """Write a path in fewer bytes, with every point where it was to a hundredth.

    Parameters
    ----------
    d : str
        Path of the commands M, L, Q, C and z with absolute coordinates.

    Returns
    -------
    str
        The same path.

    Examples
    --------
    >>> compact_path("M 0 266.4 L 518.4 266.4 L 518.4 0 L 0.5 0 z")
    'M0 266.4H518.4V0H.5z'
    >>> compact_path("M 10 10 Q 11 12 13 14 Q 15.5 16 17 9")
    'M10 10q1 2 3 4 2.5 2 4-5'
    """
    parts: list[str] = []
    last = ""
    here = start = (0, 0)
    tokens = _TOKEN.findall(d)
    place = 0
    while place < len(tokens):
        command = tokens[place]
        place += 1
        if command in "zZ":
            parts.append("z")
            here, last = start, "z"
            continue
        n_pairs = _PAIRS.get(command)
        if n_pairs is None:
            return d
        numbers = [round(100 * float(token)) for token in tokens[place : place + 2 * n_pairs]]
        place += 2 * n_pairs
        segment = _segment(command, numbers, here, last)
        last = segment[0] if segment[0].isalpha() else last
        parts.append(segment)
        here = (numbers[-2], numbers[-1])
        if command == "M":
            start = here
    return "".join(parts)


def _segment(command: str, numbers: list[int], here: tuple[int, int], last: str) -> str:
    """Write one command in its shortest form; its letter is left out where it is the last one."""
    relative = [number - here[i % 2] for i, number in enumerate(numbers)]
    if command == "L" and not relative[1]:
        forms = {"H": numbers[:1], "h": relative[:1]}
    elif command == "L" and not relative[0]:
        forms = {"V": numbers[1:], "v": relative[1:]}
    else:
        forms = {command: numbers, command.lower(): relative}
    written = []
    for letter, values in forms.items():
        text = _numbers(values)
        # after a move the letter would be read as a line
        same = letter == last and letter not in "Mm"
        written.append((" " if text[0] != "-" else "") + text if same else letter + text)
    return min(written, key=len)


def _numbers(hundredths: list[int]) -> str:
    text = ""
    for value in hundredths:
        word = _number(value)
        text += word if not text or word.startswith("-") else f" {word}"
    return text


def _number(hundredths: int) -> str:
    whole, rest = divmod(abs(hundredths), 100)
    digits = f".{rest:02d}".rstrip("0") if rest else ""
    return f"{'-' if hundredths < 0 else ''}{whole or ('' if digits else 0)}{digits}"


def _written(element: ET.Element, head: str = "") -> Iterator[str]:
    name = element.tag.removeprefix(_SVG)
    pairs = ((key.replace(_LINK, "xlink:href"), value) for key, value in element.attrib.items())
    words = [name, *([head] if head else []), *(f"{key}={quoteattr(value)}" for key, value in pairs)]
    yield f"<{' '.join(words)}"
    if not len(element) and not element.text:
        yield "/>"
    else:
        yield f">{escape(element.text or '')}"
        for child in element:
            yield from _written(child)
        yield f"</{name}>"
    yield escape(element.tail or "")
