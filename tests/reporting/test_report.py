"""The page of one analysis."""

from __future__ import annotations

import base64
import csv
import dataclasses
import io
import json
import re

import numpy as np
import pandas as pd
import pytest

from neurosci._core.result import Figure, load_result
from neurosci.reporting import Report
from neurosci.reporting._report import PAGE_LIMIT

SECTIONS = ["answer", "claims", "figures", "methods", "data", "deviations", "warnings", "notes"]
SECTIONS += ["reproduce", "cite", "downloads"]


@pytest.fixture
def folder(tmp_path, result, figures):
    Report(result, figures=figures, timing={"seconds": 41.2}).save(tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def page(folder, parse_page):
    return parse_page((folder / "index.html").read_text(encoding="utf-8"))


def content(uri: str) -> bytes:
    return base64.b64decode(uri.partition(";base64,")[2], validate=True)


def downloads(page) -> dict[str, bytes]:
    return {a["download"]: content(a["href"]) for a in page.all("a") if "download" in a}


def test_files(folder):
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert names == [
        "figures/curves.svg",
        "figures/intervals.svg",
        "figures/small.svg",
        "index.html",
        "result.json",
        "tables/README.txt",
        "tables/channels.csv",
        "tables/families.csv",
    ]


def test_sections_in_their_order(page):
    assert [section["id"] for section in page.all("section")] == SECTIONS
    links = [a["href"] for a in page.all("a") if a["href"].startswith("#")]
    assert [link for link in links if link[1:] in SECTIONS] == [f"#{name}" for name in SECTIONS]


def test_facts(page, result):
    for words in (
        "Data published Units 14 people, 85 networks Status complete, 2 warnings Preset, seed quick, 0",
        f"Parameter hash {result.params.hash} Duration 41 s",
        "Eight claims: 3 reproduced (1 with a caveat), 1 differs, 1 undecided, 2 not testable here, "
        "1 not run. Brackets are 95 % intervals.",
        "Figure 1. Noise hurts people in a narrow band, networks in a broad one.",
        "Figure 2. No network family reaches the human bandwidth.",
        "neurosci run critical_band --preset quick --seed 0 --output out",
        "Made with neurosci 0.1.0, Python 3.12.1, matplotlib 3.11.0, numpy 2.4.0.",
        "neurosci, version 0.1.0 (software).",
        "CB1 · Abstract",
    ):
        assert words in page.text


def test_claims_have_ids_marks_and_words(page):
    ids = [row["id"] for row in page.all("tr") if "id" in row]
    assert ids == [f"claim-CB{i}" for i in range(1, 9)]
    for words in (
        "=* reproduced, with a caveat",
        "= reproduced",
        "– not testable here",
        "≠ differs",
        "? undecided",
        "· not run",
        "= reproduced synthetic",
    ):
        assert words in page.text


def test_the_thumbnail_is_not_on_the_page(page, folder):
    images = page.all("img")
    assert len(images) == 2
    small = (folder / "figures" / "small.svg").read_bytes()
    assert small not in [content(image["src"]) for image in images]
    assert len(small) <= 60 * 1024


def test_figures_are_those_in_the_folder(page, folder):
    drawn = [(folder / "figures" / name).read_bytes() for name in ("curves.svg", "intervals.svg")]
    assert [content(image["src"]) for image in page.all("img")] == drawn
    assert (page.all("img")[0]["width"], page.all("img")[1]["width"]) == ("691", "336")
    for drawing in drawn:
        assert len(drawing) <= 300 * 1024


def test_downloads_are_the_files(page, folder):
    files = downloads(page)
    assert set(files) >= {
        "claims.csv",
        "metrics.csv",
        "channels.csv",
        "families.csv",
        "inputs.csv",
        "result.json",
    }
    assert files["result.json"] == (folder / "result.json").read_bytes()
    for name in ("channels", "families"):
        assert files[f"{name}.csv"] == (folder / "tables" / f"{name}.csv").read_bytes()
    assert files["curves.svg"] == (folder / "figures" / "curves.svg").read_bytes()


def test_downloads_hold_the_numbers(page, result):
    files = downloads(page)
    claims = list(csv.DictReader(io.StringIO(files["claims.csv"].decode())))
    assert [row["verdict"] for row in claims] == [v.verdict for v in result.verdicts]
    assert [row["id"] for row in claims if row["caveat"] == "True"] == ["CB1"]
    metrics = {row["name"]: row for row in csv.DictReader(io.StringIO(files["metrics.csv"].decode()))}
    assert float(metrics["human_bandwidth"]["high"]) == 2.09
    assert metrics["adversarial_ratio"]["high"] == ""
    assert metrics["missing"]["value"] == ""
    inputs = list(csv.DictReader(io.StringIO(files["inputs.csv"].decode())))
    assert len(inputs) == 22
    assert type(result.params).from_toml(files["params.toml"].decode()) == result.params


def test_missing_numbers_never_reach_the_page(page):
    assert not re.search(r"\b(?:nan|NaN|inf|None)\b(?!\.)", page.text)


def test_many_files_are_counted_not_listed(page):
    assert "20 files, listed in inputs.csv" in page.text
    assert "human_counts.csv a9117b34a911…" in page.text
    assert "scores_3.json" not in page.text


def test_combined_hash_does_not_depend_on_the_order_of_files(result, figures, tmp_path, parse_page):
    turned = tuple(dataclasses.replace(s, files=s.files[::-1]) for s in result.sources)
    pages = []
    for number, sources in enumerate((result.sources, turned)):
        other = dataclasses.replace(result, sources=sources)
        path = Report(other, figures=figures).save(tmp_path / str(number))
        pages.append(parse_page(path.read_text(encoding="utf-8")).text)
    found = [re.findall(r"SHA-256 of the sorted list (\w{12})…", text) for text in pages]
    assert found[0] == found[1]
    assert len(found[0]) == 1


def test_rendering_again_from_the_folder_gives_the_same_bytes(folder, result, figures):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    loaded = load_result(folder, type(result.params))
    Report(loaded, figures=figures, timing={"seconds": 41.2}).save(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_only_the_duration_may_differ(folder, result, figures, tmp_path):
    Report(result, figures=figures, timing={"seconds": 999.0}).save(tmp_path / "slow")
    first, second = ((tmp_path / name / "index.html").read_text(encoding="utf-8") for name in ("run", "slow"))
    assert first != second
    assert first.replace("<dd>41 s</dd>", "") == second.replace("<dd>16 min 39 s</dd>", "")


def test_without_timing_there_is_no_duration(result, figures, tmp_path, parse_page):
    path = Report(result, figures=figures).save(tmp_path)
    assert "Duration" not in parse_page(path.read_text(encoding="utf-8")).text


def test_empty_sections_say_so(result, figures, tmp_path, parse_page):
    bare = dataclasses.replace(
        result,
        answer=(),
        answer_note="",
        verdicts=(),
        figures=(),
        sources=(),
        deviations=(),
        notes=(),
        warnings=(),
        references=(),
        methods=(),
        metrics={},
        tables={},
        table_notes={},
        provenance={},
    )
    page = parse_page(Report(bare, figures=figures).save(tmp_path).read_text(encoding="utf-8"))
    assert [section["id"] for section in page.all("section")] == [s for s in SECTIONS if s != "notes"]
    for heading in (
        "Answer",
        "Claims",
        "Figures",
        "Data and licence",
        "Deviations from the paper",
        "Warnings",
    ):
        assert f"{heading} None." in page.text
    assert "Status complete Preset" in page.text
    assert "The command of this run was not recorded" in page.text


def test_synthetic_data_are_announced_at_the_top(entries, figures, tmp_path, parse_page):
    result = entries[3]["result"]
    page = parse_page(Report(result, figures=figures).save(tmp_path).read_text(encoding="utf-8"))
    banner = page.text.index("Synthetic data. All numbers here")
    assert banner < page.text.index(result.title, page.text.index("Skip to the results"))
    assert "The recording was not found. To use the real data: neurosci datasets fetch generated" in page.text
    for number in (1, 2):
        caption = page.text[page.text.index(f"Figure {number}.") :]
        assert "synthetic" in caption[:120]


def test_partly_synthetic_data_are_announced(entries, result, figures, tmp_path, parse_page):
    both = dataclasses.replace(result, sources=(*result.sources, *entries[3]["result"].sources))
    page = parse_page(Report(both, figures=figures).save(tmp_path).read_text(encoding="utf-8"))
    assert "Partly synthetic data." in page.text
    assert "Data published synthetic Units" in page.text


def test_hostile_text_stays_text(hostile, hostile_text, figures, tmp_path, parse_page):
    path = Report(hostile, figures=figures).save(tmp_path)
    page = parse_page(path.read_text(encoding="utf-8"))
    assert "<script>alert(1)</script>\" onerror=\"alert(2)' onload='alert(3)</title>" in page.text
    assert "{{7*7}}{% raw %}]]>" in page.text
    assert "{{49}}" not in page.text
    assert {a["href"].partition(":")[0] for a in page.all("a") if ":" in a["href"]} <= {"https", "data"}
    assert "javascript:alert(9)" in page.text
    assert not [a for a in page.all("a") if "x.org" in a["href"] or "http://" in a["href"]]
    title = next(text for tag, text in page.texts if tag == "title")
    assert "</title>" in title
    for drawing in (tmp_path / "figures").iterdir():
        assert b"<script" not in drawing.read_bytes()


def test_lone_surrogates_do_not_stop_a_page(result, figures, tmp_path, parse_page):
    Report(result, figures=figures).save(tmp_path)
    broken = dataclasses.replace(result, title="a\udc80b", units="\ud800")
    path = Report(broken, figures=figures).save(tmp_path)
    assert "a\N{REPLACEMENT CHARACTER}b" in parse_page(path.read_text(encoding="utf-8")).text


def test_what_has_no_room_is_named_instead(result, figures, tmp_path, parse_page):
    rng = np.random.default_rng(0)
    huge = pd.DataFrame({"value": rng.random(90_000)})
    big = dataclasses.replace(result, tables={**result.tables, "huge": huge})
    path = Report(big, figures=figures).save(tmp_path)
    assert path.stat().st_size <= PAGE_LIMIT
    page = parse_page(path.read_text(encoding="utf-8"))
    assert "tables/huge.csv in the folder of this run: 90,000 rows. With 1.7 MiB it is too large" in page.text
    assert "channels.csv" in downloads(page)


def test_many_heavy_figures_keep_the_page_in_its_limit(result, figures, tmp_path):
    def heavy(table):
        from matplotlib.figure import Figure as Plot

        plot = Plot(figsize=(3.5, 2.6))
        x = np.linspace(0, 20, 3600)
        plot.subplots().plot(x, np.sin(x), "o")
        return plot

    names = [f"heavy{i}" for i in range(6)]
    shown = tuple(
        Figure(name, ("channels",), "Dots.", "Many dots.", "Many dots.", "single") for name in names
    )
    big = dataclasses.replace(result, figures=shown)
    path = Report(big, figures=dict.fromkeys(names, heavy)).save(tmp_path)
    suffixes = {file.suffix for file in (tmp_path / "figures").iterdir()}
    assert suffixes == {".svg", ".png"}
    assert path.stat().st_size <= PAGE_LIMIT


def test_a_figure_that_changed_its_format_leaves_no_old_file(result, figures, tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "curves.png").write_bytes(b"old")
    Report(result, figures=figures).save(tmp_path)
    assert not (tmp_path / "figures" / "curves.png").exists()


def test_same_ids_get_different_anchors(result, figures, tmp_path, parse_page):
    same = dataclasses.replace(
        result, verdicts=tuple(dataclasses.replace(v, id='C"1') for v in result.verdicts[:3])
    )
    page = parse_page(Report(same, figures=figures).save(tmp_path).read_text(encoding="utf-8"))
    assert [row["id"] for row in page.all("tr") if "id" in row] == ["claim-C-1", "claim-C-1-2", "claim-C-1-3"]


def test_a_table_may_have_the_name_of_a_download(result, figures, tmp_path, parse_page):
    named = dataclasses.replace(result, tables={**result.tables, "claims": result.tables["families"]})
    parse_page(Report(named, figures=figures).save(tmp_path).read_text(encoding="utf-8"))


def test_the_folder_of_another_run_is_refused(folder, result, figures):
    before = (folder / "index.html").read_bytes()
    other = dataclasses.replace(result, params=result.params.replace(seed=1))
    with pytest.raises(ValueError, match="folder must belong to this run of critical_band, got run"):
        Report(other, figures=figures).save(folder)
    assert (folder / "index.html").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "../x"}, "result.name must hold letters"),
        ({"tables": {"../x": pd.DataFrame()}, "figures": ()}, "the name of a table must hold letters"),
        ({"figures": (Figure("../x", (), "", "", ""),)}, "the name of a figure must hold letters"),
        (
            {"figures": (Figure("unknown", (), "", "", ""),)},
            "must hold a function for 'unknown', got curves, ",
        ),
        (
            {"figures": (Figure("curves", ("no",), "", "", ""),)},
            "needs the table 'no', got channels, families",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_anything_is_written(
    result, figures, tmp_path, change, message
):
    with pytest.raises(ValueError, match=re.escape(message)):
        Report(dataclasses.replace(result, **change), figures=figures)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
def test_bad_timing(result, figures, seconds):
    with pytest.raises(ValueError, match="timing must hold finite seconds"):
        Report(result, figures=figures, timing={"seconds": seconds})


def test_an_error_while_drawing_names_the_figure_and_leaves_the_page(folder, result, figures):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def broken(table):
        raise RuntimeError("no such column")

    with pytest.raises(RuntimeError, match="no such column") as caught:
        Report(result, figures={**figures, "curves": broken}).save(folder)
    assert caught.value.__notes__ == ["while drawing figure 'curves' of critical_band"]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_full_disk_leaves_the_old_page(folder, result, figures, monkeypatch):
    import errno
    import os

    before = (folder / "index.html").read_bytes()

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        Report(result, figures=figures, timing={"seconds": 1.0}).save(folder)
    monkeypatch.undo()
    assert (folder / "index.html").read_bytes() == before
    assert not list(folder.rglob("*.part"))


def test_pages_name_no_folder_of_this_machine(folder):
    from pathlib import Path

    text = (folder / "index.html").read_text(encoding="utf-8")
    assert str(folder) not in text
    assert str(Path.home()) not in text


def test_result_json_is_readable_for_programs(page):
    stored = json.loads(downloads(page)["result.json"])
    assert stored["name"] == "critical_band"
    assert len(stored["verdicts"]) == 8
