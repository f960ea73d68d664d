"""The built documentation: its links, and what readers with other screens, or without eyes, make of it."""

from __future__ import annotations

import json
import time

import pytest

from tests.docs.links import broken, foreign

# One page of each kind, and the pages that everybody passes.
KINDS = {
    "landing page": "index.html",
    "tutorial": "gallery/plot_hopfield_many_memories.html",
    "gallery": "gallery/index.html",
    "how-to": "how_to/run_an_analysis.html",
    "explanation": "user_guide/critical_band.html",
    "reference": "api/generated/neurosci.critical_band.ChannelEstimator.html",
    "list of names": "api/critical_band.html",
}


def show(browser, address: str, *, width: int, scheme: str = "light") -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(address)


def test_checker_sees_what_is_broken(tmp_path):
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="#top"></a><a href="b.html#there"></a><a href="b.html#not"></a>'
        '<a href="c.html"></a><a href="https://example.org/x"></a><script src="https://example.org/x.js"></script>'
    )
    (tmp_path / "b.html").write_text('<p id="there"></p><img src="no.png"><link rel="next" href="a.html">')
    assert broken(tmp_path) == ["a.html: b.html#not", "a.html: c.html", "b.html: no.png"]
    assert foreign(tmp_path) == ["a.html: https://example.org/x.js"]


def test_no_link_is_broken(site):
    assert broken(site) == []


def test_nothing_is_loaded_from_another_host(site):
    assert foreign(site) == []


@pytest.mark.browser
def test_no_page_is_wider_than_a_phone(browser, site, address):
    pages = [path.relative_to(site).as_posix() for path in site.rglob("*.html")]
    written = [page for page in pages if not page.startswith(("api/generated/", "_modules/"))]
    generated = sorted(set(pages) - set(written), key=len)
    for page in (*written, *generated[-12:]):
        show(browser, f"{address}/{page}", width=375)
        wide, screen = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide <= screen == 375, f"{page}: {wide} px"


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_accessible(browser, address, axe_script, kind, scheme):
    for width in (1280, 375):
        show(browser, f"{address}/{KINDS[kind]}", width=width, scheme=scheme)
        browser.execute_cdp_cmd("Runtime.evaluate", {"expression": axe_script})
        reply = browser.execute_cdp_cmd(
            "Runtime.evaluate",
            {
                "expression": "axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify("
                "r.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200) + n.failureSummary)])))",
                "awaitPromise": True,
            },
        )
        assert json.loads(reply["result"]["value"]) == []


@pytest.mark.browser
def test_search_needs_no_network(browser, address):
    browser.get_log("performance")
    show(browser, f"{address}/search.html?q=triangles", width=1280)
    found = []
    for _ in range(100):
        found = browser.execute_script(
            "return [...document.querySelectorAll('#search-results ul.search a')].map(a => a.href)"
        )
        if found:
            break
        time.sleep(0.1)
    assert any("graph_motif" in link for link in found)
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith((address, "data:", "about:"))] == []
