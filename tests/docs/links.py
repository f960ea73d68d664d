"""Find links of built pages that lead nowhere, and what a page would load from another host."""

from __future__ import annotations

import functools
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADS = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "srcset")}
# What a browser does not fetch when it shows the page.
NOT_LOADED = {"canonical", "index", "search", "next", "prev", "author", "copyright"}


class Parser(HTMLParser):
    """Anchors of a page, its links, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attributes if value is not None}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        for name in {"href", "src", "srcset"} & set(given):
            self.links.add(given[name])
            if (tag, name) in LOADS and given.get("rel") not in NOT_LOADED:
                self.loads.add(given[name])


page = functools.cache(Parser)


def broken(site: Path) -> list[str]:
    """Every internal link whose file or anchor does not exist, with the page that has it."""
    found = []
    for path in sorted(site.rglob("*.html")):
        for link in sorted(page(path).links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            if not target.is_file() or (
                anchor and target.suffix == ".html" and anchor not in page(target).anchors
            ):
                found.append(f"{path.relative_to(site)}: {link}")
    return found


def foreign(site: Path) -> list[str]:
    """Everything that showing a page would fetch from another host."""
    return [
        f"{path.relative_to(site)}: {link}"
        for path in sorted(site.rglob("*.html"))
        for link in sorted(page(path).loads)
        if urlsplit(link).netloc
    ]
