"""A result as an analysis gives it, the same with hostile text everywhere, and a browser for pages."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import itertools
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import platformdirs
import pytest

from neurosci._core.claims import Verdict
from neurosci._core.metric import Metric
from neurosci._core.params import Params, param
from neurosci._core.result import Figure, Method, Reference, Result, Source

AXE_VERSION = "4.10.3"
AXE_SHA256 = "880970c081707360e64f34cea25ff91892f5bc95675b0776925b9709dd8a68bb"

HOSTILE = (
    "<script>alert(1)</script>\" onerror=\"alert(2)' onload='alert(3)</title></style></textarea>-->"
    "{{7*7}}{% raw %}]]><img src=x onerror=alert(4)>\x00\x01\x1b[31m\x7f\x85\u202egnp.exe\u2066 "
    "javascript:alert(5) "
    "**bold<script>alert(6)</script>** `code<img src=x onerror=alert(7)>` &lt;b&gt; %s {0} ${x} "
    + "long"
    * 60
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChannelParams(Params):
    """Parameters of the made-up analysis."""

    noise_sd: tuple[float, ...] = param(
        (0.0, 0.02, 0.04, 0.08, 0.16),
        low=0.0,
        high=1.0,
        high_open=True,
        unit="pixel units, 0 to 1",
        source="paper's code",
        doc="Standard deviations of the noise.",
    )
    criterion: float = param(
        0.5, low=0.0, high=1.0, low_open=True, unit="proportion correct", doc="Accuracy at threshold."
    )
    bandwidth_limit: float | None = param(
        None, low=0.0, unit="octaves", source="our choice", doc="Networks above it are left out."
    )
    label: str = param("upper edge", unit="cycles/image", doc="What a band is called after.")


def curves(table: pd.DataFrame) -> Any:
    """Two panels, made without pyplot."""
    from matplotlib.figure import Figure as Plot

    from neurosci.reporting.figures import COLOURS, SIZES, panel_letter

    plot = Plot(figsize=SIZES["double"])
    left, right = plot.subplots(1, 2)
    for who, colour, marker in (("people", COLOURS["human"], "D"), ("networks", COLOURS["model"], "o")):
        rows = table[table["who"] == who]
        left.plot(rows["frequency"], rows["sensitivity"], color=colour, marker=marker, label=who)
        right.plot(rows["frequency"], 1 / rows["sensitivity"], color=colour, marker=marker)
    for ax in (left, right):
        ax.set_xscale("log", base=2)
        ax.set_xlabel("label frequency (cycles/image)")
    left.set_ylabel("sensitivity (octave steps)")
    right.set_ylabel("threshold (1 / octave steps)")
    left.legend()
    panel_letter(left, "a", "Sensitivity")
    panel_letter(right, "b", "Threshold")
    return plot


def intervals(table: pd.DataFrame) -> Any:
    """One panel, made through pyplot, which must not keep it."""
    from matplotlib import pyplot

    from neurosci.reporting.figures import SIZES, interval_bar, plain_label

    plot, ax = pyplot.subplots(figsize=SIZES["single"])
    ax.set_xlim(0, 8)
    ax.set_ylim(-0.5, len(table) - 0.5)
    for position, row in enumerate(table.itertuples()):
        interval_bar(ax, position, row.value, row.low, row.high)
    ax.set_yticks(range(len(table)), [plain_label(name[:20]) for name in table["family"]])
    ax.set_xlabel("bandwidth (octaves)")
    return plot


def small(table: pd.DataFrame) -> Any:
    """A thumbnail."""
    from matplotlib.figure import Figure as Plot

    from neurosci.reporting.figures import COLOURS, SIZES

    plot = Plot(figsize=SIZES["thumbnail"])
    ax = plot.subplots()
    rows = table[table["who"] == "people"]
    ax.plot(rows["frequency"], rows["sensitivity"], color=COLOURS["human"], marker="D")
    ax.set_xlabel("label frequency (cycles/image)")
    return plot


FIGURES = {"curves": curves, "intervals": intervals, "small": small}


def make_verdicts() -> tuple[Verdict, ...]:
    def one(
        number: int, text: str, verdict: str, paper: str, ours: str, n: str, why: str, **more: Any
    ) -> Verdict:
        return Verdict(f"CB{number}", text, "Abstract", paper, verdict, ours, n, why, **more)

    width = Metric(1.0, 1.0, 2.09, n=14, unit="octaves", n_unit="people", method="bootstrap over observers")
    return (
        one(
            1,
            "People recognise objects through a channel about one octave wide.",
            "reproduced",
            "1 octave",
            width.text,
            "14 people",
            "Every printed digit agrees. The caveat: with bands one octave apart and a capped peak, the "
            "method can hardly give another number (figure 1).",
            caveat=True,
            metric=width,
        ),
        one(
            2,
            "The mean bandwidth of single observers is 1.43 octaves.",
            "reproduced",
            "1.43 octaves",
            "1.43 [1.17, 1.73] octaves",
            "14 people",
            "Every printed digit agrees.",
        ),
        one(
            3,
            "It is the same channel as for letters and gratings.",
            "not testable here",
            "same width",
            "no data",
            "0",
            "The release holds no letter or grating trials.",
        ),
        one(
            4,
            "The network channel is 2 to 4 times as wide.",
            "differs",
            "2 to 4 times",
            "58 % [47, 78] of networks in this range",
            "74 networks",
            "43 of 74 ratios round to 2, 3 or 4; 31 are wider.",
        ),
        one(
            5,
            "Channel properties explain 51 % of the variance in shape score.",
            "undecided",
            "51 %",
            "48 % [−2, 70]",
            "12 networks",
            "Preset quick: too few samples to decide (p = 0.20).",
        ),
        one(
            6,
            "They explain 66 % of the variance in adversarial robustness.",
            "not run",
            "66 %",
            "not run",
            "–",
            "The method is not part of this version.",
        ),
        one(
            7,
            "Adversarial training widens the channel.",
            "reproduced",
            "wider",
            "1.34 times [1.02, 26.5]",
            "2 networks",
            "On the generator's own channels.",
            synthetic=True,
        ),
        one(
            8,
            "76 networks were tested.",
            "not testable here",
            "76",
            "85 released, 74 usable",
            "85 networks",
            "The release does not say which 76 were used.",
        ),
    )


def make_result() -> Result:
    frequency = np.array([1.75, 3.5, 7.0, 14.0, 28.0, 56.0, 112.0])
    channels = pd.DataFrame(
        {
            "who": ["people"] * 7 + ["networks"] * 7,
            "frequency": np.tile(frequency, 2),
            "sensitivity": [0.5, 0.6, 0.9, 1.7, 3.9, 3.8, 1.1, 0.8, 1.9, 2.9, 3.3, 3.4, 2.7, 1.3],
        }
    )
    families = pd.DataFrame(
        {
            "family": ["ViT", "ResNet", "BagNet", "ConvNeXt", "Swin"],
            "value": [3.5, 4.2, 6.9, 5.1, np.nan],
            "low": [3.1, 3.9, 5.5, 4.7, np.nan],
            "high": [3.9, 4.5, 9.5, 5.6, np.nan],
        }
    )
    return Result(
        name="critical_band",
        title="Spatial-frequency channels of people and networks",
        question="How wide is the band of spatial frequencies that people, and networks trained on the same "
        "task, use to recognise an object?",
        answer=(
            "By the paper’s method people use a channel **1.00** octave wide [1.00, 2.09] and the median "
            "network one **4.19** times as wide [3.99, 4.51]; the printed range of 2 to 4 holds for "
            "**58 %** of 74 networks.",
            "A fit of `log` sensitivity gives people **2.08** octaves [2.00, 2.16].",
            "The printed 66 % for adversarial robustness rests on six networks (p = 0.20).",
        ),
        answer_note="Brackets are 95 % bootstrap intervals: over observers for people, over families for "
        "networks.",
        units="14 people, 85 networks",
        params=ChannelParams(),
        sources=(
            Source(
                "authors' release",
                "14 observers and 85 networks × 35 conditions, trials and correct answers",
                "published",
                "none stated by the authors; numbers are facts",
                citation="Subramanian et al. (2023)",
                url="https://arxiv.org/abs/2309.13190",
                files=(("human_counts.csv", "a9117b34" * 8), ("network_counts.csv", "0748ba9e" * 8)),
                note="The photographs are not part of it.",
            ),
            Source(
                "score files",
                "shape score and accuracy under attack",
                "published",
                "none stated by the authors",
                files=tuple((f"scores_{i}.json", f"{i:064x}") for i in range(20)),
            ),
        ),
        tables={"channels": channels, "families": families},
        table_notes={"channels": "thresholds and fits", "families": "bandwidth by family"},
        metrics={
            "human_bandwidth": Metric(1.0, 1.0, 2.09, n=14, unit="octaves", n_unit="people"),
            "adversarial_ratio": Metric(1.34, 1.02, float("inf"), n=2, n_unit="networks"),
            "missing": Metric(float("nan")),
        },
        verdicts=make_verdicts(),
        figures=(
            Figure(
                "small",
                ("channels",),
                "Human channel",
                "Sensitivity of people.",
                "A narrow peak between 28 and 56 cycles per image.",
                width="thumbnail",
            ),
            Figure(
                "curves",
                ("channels",),
                "Noise hurts people in a narrow band, networks in a broad one.",
                "**a**, sensitivity by label frequency. **b**, its reciprocal. Red diamonds: people, mean of "
                "14 observers. Blue circles: the median of 74 networks. Error bars are left out because the "
                "points are read from a published table.",
                "Two panels. Left: the human curve is a narrow peak between 28 and 56 cycles per image, the "
                "network curve a broad hump. Right: the reciprocal.",
            ),
            Figure(
                "intervals",
                ("families",),
                "No network family reaches the human bandwidth.",
                "Bandwidth by family, n = 74 networks in all. Bars: 95 % bootstrap intervals over networks; "
                "a triangle marks a bar that leaves the panel.",
                "Dot plot of bandwidth for five network families, between 3.5 and 7 octaves.",
                width="single",
            ),
        ),
        methods=(
            Method("", ("Each of 1,050 grey images of 16 categories was shown once, at 20 % contrast.",)),
            Method(
                "Paper’s index method",
                ("The threshold is the noise at which `criterion` is crossed.", "A Gaussian is fitted."),
            ),
        ),
        deviations=("The release holds 85 networks, the paper counts 76.", "Six fits give a negative `sd`."),
        notes=("Frequency labels are the **upper** edges of the bands.",),
        warnings=("**11 of 85 networks left out:** no fit. `alexnet`", "30 of 74 fits reach the bound."),
        references=(
            Reference(
                "Subramanian A, Sizikova E, Majaj NJ, Pelli DG (2023). Spatial-frequency channels, shape "
                "bias, and adversarial robustness. Advances in Neural Information Processing Systems 36.",
                "https://arxiv.org/abs/2309.13190",
                "@inproceedings{subramanian2023channels,\n  author = {Subramanian, Ajay and others},\n}",
            ),
        ),
        provenance={
            "versions": {"neurosci": "0.1.0", "Python": "3.12.1", "numpy": "2.4.0", "matplotlib": "3.11.0"},
            "command": "neurosci run critical_band --preset quick --seed 0 --output out",
            "python": 'import neurosci\nresult = neurosci.run("critical_band", preset="quick", seed=0)',
        },
    )


def spoil(result: Result, text: str = HOSTILE) -> Result:
    """Put hostile text into every text field of a result."""

    def every(item: Any, keep: tuple[str, ...] = ()) -> Any:
        changes = {
            f.name: text
            for f in dataclasses.fields(item)
            if isinstance(getattr(item, f.name), str) and f.name not in keep
        }
        return dataclasses.replace(item, **changes)

    sources = tuple(
        dataclasses.replace(
            every(s, ("kind", "url")),
            kind="synthetic",
            url="javascript:alert(8)//https://example.org",
            files=tuple((text + name, text) for name, _ in s.files),
        )
        for s in result.sources
    )
    urls = (
        "javascript:alert(9)",
        'https://x.org/" onmouseover="alert(10)',
        "https://user:word@x.org/",
        "data:text/html,x",
        "http://example.org/",
    )
    labels = [text[40:60] + "$_{x}$", text, "\x00\x1b", "</text><script>alert(11)</script>", "=1+1"]
    return dataclasses.replace(
        result,
        title=text,
        question=text,
        answer=(text, text),
        answer_note=text,
        units=text,
        params=result.params.replace(label=text),
        sources=sources,
        table_notes=dict.fromkeys(result.tables, text),
        tables={
            "channels": result.tables["channels"],
            "families": result.tables["families"].assign(family=labels),
        },
        metrics={text: every(result.metrics["human_bandwidth"])},
        verdicts=tuple(
            dataclasses.replace(every(v, ("verdict",)), metric=every(v.metric) if v.metric else None)
            for v in result.verdicts
        ),
        figures=tuple(every(f, ("name", "width")) for f in result.figures),
        methods=(Method(text, (text, text)),),
        deviations=(text,),
        notes=(text,),
        warnings=(text, text),
        references=tuple(Reference(text, url, text) for url in urls),
        provenance={
            "versions": {text: text},
            "command": text,
            "python": text,
            "fetch_command": text,
            "commit": text,
        },
    )


def make_entries(result: Result) -> list[Mapping[str, Any]]:
    """All states of a row."""
    other = dataclasses.replace(
        result,
        name="generated",
        sources=(
            Source(
                "generator",
                "7 channels with known width",
                "synthetic",
                "BSD-3-Clause",
                note="The recording was not found.",
            ),
        ),
        verdicts=tuple(
            dataclasses.replace(v, verdict="not testable here", caveat=False, synthetic=False)
            for v in result.verdicts
        ),
        warnings=(),
        provenance={**result.provenance, "fetch_command": "neurosci datasets fetch generated"},
    )
    return [
        {"name": result.name, "question": "", "state": "complete", "result": result, "seconds": 41.2},
        {
            "name": "broken",
            "question": "Does a broken analysis stay in its place?",
            "state": "failed",
            "error": "BrokenParams: n_states must be in [2, 20], got 1 (set n_states=2 or more)",
            "step": "check parameters",
            "seconds": 0.2,
            "n_claims": 6,
        },
        {
            "name": "stopped",
            "question": "Does an interrupted analysis go on?",
            "state": "interrupted",
            "step": "folds",
            "done": 14,
            "planned": 20,
            "unit": "folds",
            "seconds": 4320.0,
            "remaining": 1860.0,
        },
        {"name": "generated", "question": "", "state": "complete", "result": other, "seconds": 6.0},
        {"name": "waiting", "question": "What does the brain do at rest?", "state": "not run"},
    ]


VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """An HTML page taken apart; a tag that is not closed in its turn is an error."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(text for tag, text in self.texts if tag != "style").split())


def check_page(text: str) -> Page:
    """Take a page apart and check what every page must be."""
    page = Page(text)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids)), "an id occurs twice"
    assert [tag for tag, _ in page.elements].count("h1") == 1
    levels = [int(tag[1]) for tag, _ in page.elements if tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("main")) == len(page.all("title")) == 1
    head = [tag for tag, _ in page.elements][:4]
    assert head == ["html", "head", "meta", "meta"]
    assert page.all("meta")[0] == {"charset": "utf-8"}
    policy = page.all("meta")[1]
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"].startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline';")

    assert not {tag for tag, _ in page.elements} & {
        "script",
        "iframe",
        "object",
        "embed",
        "link",
        "base",
        "form",
    }
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")], f"<{tag}> has a handler"
        assert "src" not in attributes or attributes["src"].startswith(
            ("data:image/svg+xml;base64,", "data:image/png;")
        )
    for image in page.all("img"):
        assert image["alt"] and int(image["width"]) > 0 and int(image["height"]) > 0
    for anchor in page.all("a"):
        href = anchor["href"]
        if href.startswith("https://"):
            assert anchor["rel"] == "noopener"
        elif href.startswith("#"):
            assert href[1:] in ids, f"{href} leads nowhere"
        elif href.startswith("data:"):
            assert anchor["download"]
        else:
            assert href.partition("#")[0].endswith("index.html"), href
    assert len(page.all("table")) == len(page.all("caption"))
    assert all("scope" in header for header in page.all("th"))
    for nav in page.all("nav"):
        assert nav["aria-label"]
    for _, attributes in page.elements:
        assert attributes.get("aria-labelledby", ids[0]) in ids
        assert "tabindex" not in attributes or attributes["tabindex"] == "0"
    return page


@pytest.fixture(scope="session")
def parse_page() -> Callable[[str], Page]:
    return check_page


@pytest.fixture
def figures() -> dict[str, Callable[..., Any]]:
    return dict(FIGURES)


@pytest.fixture
def result() -> Result:
    return make_result()


@pytest.fixture
def hostile() -> Result:
    return spoil(make_result())


@pytest.fixture
def hostile_text() -> str:
    return HOSTILE


@pytest.fixture
def entries(result: Result) -> list[Mapping[str, Any]]:
    return make_entries(result)


def spoil_entries(hostile: Result) -> list[Mapping[str, Any]]:
    """All states of a row, with hostile text in each."""
    texts = ("question", "error", "step", "unit")
    return [
        {**{key: HOSTILE if key in texts else value for key, value in entry.items()}, "command": HOSTILE}
        for entry in make_entries(hostile)
    ]


@pytest.fixture
def hostile_entries(hostile: Result) -> list[Mapping[str, Any]]:
    return spoil_entries(hostile)


@pytest.fixture(scope="session")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Pages written once for all looks at them."""
    from neurosci.reporting import Report, render_dashboard

    root = tmp_path_factory.mktemp("pages")
    for name, entries in (
        ("good", make_entries(make_result())),
        ("bad", spoil_entries(spoil(make_result()))),
    ):
        for entry in entries:
            if entry["state"] == "complete":
                report = Report(entry["result"], figures=FIGURES, timing={"seconds": 41.2})
                report.save(root / name / entry["name"])
        render_dashboard(entries, root / name)
    return {
        "report": (root / "good" / "critical_band" / "index.html").as_uri(),
        "synthetic": (root / "good" / "generated" / "index.html").as_uri(),
        "dashboard": (root / "good" / "index.html").as_uri(),
        "hostile report": (root / "bad" / "critical_band" / "index.html").as_uri(),
        "hostile dashboard": (root / "bad" / "index.html").as_uri(),
    }


@pytest.fixture(scope="session")
def axe_script(skip_or_fail: Callable[[str], None]) -> str:
    """The accessibility checker, from npm once, then from the cache."""
    npm = shutil.which("npm")
    root = os.environ.get("NEUROSCI_CACHE") or platformdirs.user_cache_dir("neurosci")
    folder = Path(root) / "tests"
    script = folder / f"axe-core-{AXE_VERSION}.min.js"
    if not script.is_file():
        if npm is None:
            skip_or_fail("npm is not installed: the accessibility check needs axe-core")
        folder.mkdir(parents=True, exist_ok=True)
        package = folder / f"axe-core-{AXE_VERSION}.tgz"
        command = [npm, "pack", f"axe-core@{AXE_VERSION}", "--pack-destination", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode != 0 or not package.is_file():
            skip_or_fail(f"npm cannot fetch axe-core {AXE_VERSION}: {done.stderr.strip()[-200:]}")
        with tarfile.open(package) as archive:
            member = archive.extractfile("package/axe.min.js")
            assert member is not None
            content = member.read()
        partial = script.with_suffix(f".{os.getpid()}")
        partial.write_bytes(content)
        partial.replace(script)
    content = script.read_bytes()
    assert hashlib.sha256(content).hexdigest() == AXE_SHA256, f"{script.name} is damaged: delete it"
    return content.decode()


@pytest.fixture(scope="session")
def browser(skip_or_fail: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Headless Chromium with a fresh profile."""
    if importlib.util.find_spec("selenium") is None:
        skip_or_fail("selenium is not installed: pages cannot be looked at")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        skip_or_fail("Chromium or chromedriver is not installed: pages cannot be looked at")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # Without this an open dialog is dismissed silently, and a test could not see it.
    options.unhandled_prompt_behavior = "ignore"
    chrome = webdriver.Chrome(options=options, service=Service(executable_path=driver))
    try:
        yield chrome
    finally:
        chrome.quit()
