"""The pages in headless Chromium: quiet, inert, narrow enough, readable for everyone."""

from __future__ import annotations

import base64
import io
import json
import time

import numpy as np
import pytest

from neurosci.reporting.figures import style_context, tidy_svg

pytestmark = pytest.mark.browser

WIDTHS = (375, 768, 1280, 1600)
PAGES = ("report", "synthetic", "dashboard", "hostile report", "hostile dashboard")


def show(browser, address: str, *, width: int = 1280, scheme: str = "light", media: str = "") -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features, "media": media})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(address)


def requests(browser) -> list[str]:
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


@pytest.mark.parametrize("name", PAGES)
def test_quiet_and_inert(browser, addresses, name):
    from selenium.common.exceptions import NoAlertPresentException

    show(browser, "about:blank")
    browser.get_log("performance")
    browser.get_log("browser")
    show(browser, addresses[name])
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    time.sleep(0.2)
    with pytest.raises(NoAlertPresentException):
        _ = browser.switch_to.alert.text
    assert browser.get_log("browser") == []
    asked = [url for url in requests(browser) if not url.startswith("data:")]
    assert asked == [addresses[name]]
    assert browser.execute_script("return document.scripts.length") == 0
    assert browser.execute_script("return document.images.length") == browser.execute_script(
        "return [...document.images].filter(i => i.complete && i.naturalWidth > 0).length"
    )


@pytest.mark.parametrize("name", PAGES)
def test_no_sideways_scrolling(browser, addresses, name):
    for width in WIDTHS:
        show(browser, addresses[name], width=width)
        browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
        size = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        assert size[0] <= size[1] == width, f"{size[0]} px on a screen of {width} px"


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(browser, addresses, axe_script, name, scheme):
    for width in (1280, 375):
        show(browser, addresses[name], width=width, scheme=scheme)
        browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
        # The page's own policy forbids scripts; the debugger's door does not ask it.
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


def test_rows_stay_rows_for_screen_readers_on_a_phone(browser, addresses):
    show(browser, addresses["report"], width=375)
    tree = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = [node["role"]["value"] for node in tree if not node["ignored"]]
    assert roles.count("rowheader") >= 8
    assert roles.count("columnheader") >= 6


def test_every_download_is_complete(browser, addresses):
    show(browser, addresses["report"])
    links = browser.execute_script(
        "return [...document.querySelectorAll('a[download]')].map(a => [a.download, a.href])"
    )
    assert len(links) >= 8
    for name, href in links:
        data = base64.b64decode(href.partition(";base64,")[2], validate=True)
        assert data, name


def test_print_shows_everything(browser, addresses):
    show(browser, addresses["report"], media="print", width=700)
    for hidden in (".toc", ".top", ".get", ".hint"):
        shown = f"return [...document.querySelectorAll('{hidden}')].some(e => e.offsetParent !== null)"
        assert not browser.execute_script(shown), hidden
    cut = (
        "return [...document.querySelectorAll('.scroll, .plate')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert browser.execute_script(cut) == 0
    data = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"]
    assert base64.b64decode(data).startswith(b"%PDF")


def test_keyboard_reaches_the_results(browser, addresses):
    from selenium.webdriver.common.keys import Keys

    show(browser, addresses["report"])
    active = browser.switch_to.active_element
    active.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("href").endswith("#main")


def test_a_claim_can_be_linked_to(browser, addresses):
    show(browser, addresses["report"] + "#claim-CB5")
    top = browser.execute_script("return document.getElementById('claim-CB5').getBoundingClientRect().top")
    assert 0 <= top < 900


def test_rounded_coordinates_give_the_same_picture(browser, result, figures, tmp_path):
    from PIL import Image

    with style_context():
        plot = figures["curves"](result.tables["channels"])
        buffer = io.StringIO()
        plot.savefig(buffer, format="svg", metadata={"Date": None})
    pictures = []
    for name, svg in (("before", buffer.getvalue()), ("after", tidy_svg(buffer.getvalue()))):
        path = tmp_path / f"{name}.svg"
        path.write_text(svg, encoding="utf-8")
        show(browser, path.as_uri(), width=800)
        data = base64.b64decode(browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])
        pictures.append(np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=int))
    difference = np.abs(pictures[0] - pictures[1])
    # Half a hundredth of a point moves no edge visibly; where an edge lies just between two pixels, the
    # browser may choose the other one.
    assert np.mean(difference > 8) < 0.001
    assert np.sqrt(np.mean(difference**2)) < 1
    assert np.ptp(pictures[0]) > 200
