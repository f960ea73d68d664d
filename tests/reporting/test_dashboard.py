"""The page above all analyses."""

from __future__ import annotations

import base64
import dataclasses
import json

import pytest

from neurosci._core.claims import count_verdicts
from neurosci.reporting import Dashboard, DashboardEntry, Report, render_dashboard


@pytest.fixture
def folder(tmp_path, entries, figures):
    for entry in entries:
        if entry["state"] == "complete":
            Report(entry["result"], figures=figures).save(tmp_path / entry["name"])
    render_dashboard(entries, tmp_path)
    return tmp_path


@pytest.fixture
def page(folder, parse_page):
    return parse_page((folder / "index.html").read_text(encoding="utf-8"))


def test_one_row_per_analysis_in_order(page, entries):
    assert [a["id"] for a in page.all("article")] == [entry["name"] for entry in entries]


def test_totals_leave_out_what_is_not_complete(page, entries):
    verdicts = [v for e in entries if e["state"] == "complete" for v in e["result"].verdicts]
    assert f"16 claims: {count_verdicts(verdicts)}." in page.text
    assert "Finished 2 of 5 analyses" in page.text
    assert "Not counted, because not complete: broken, stopped." in page.text
    assert "Duration 1 h 13 min" in page.text


def test_share_bar_counts_every_claim_once(page):
    share = [item["style"] for item in page.all("li") if item.get("style", "").startswith("--n:")]
    assert sum(int(style.removeprefix("--n:")) for style in share) == 16


def test_states(page):
    for words in (
        "No figure: the analysis failed",
        "This analysis stopped: BrokenParams: n_states must be in [2, 20], got 1 (set n_states=2 or more)",
        "Nothing of it is counted above.",
        "Status failed Step check parameters Duration 0.2 s Claims 0 of 6 tested",
        "14 of 20 folds finished and saved.",
        "The figure appears when all folds are finished",
        "Status 14 of 20 folds Step folds So far 1 h 12 min",
        "Synthetic data. All numbers here come from data that were made with a known truth.",
        "To use the real data: neurosci datasets fetch generated",
        "Not part of this run. Run it with neurosci run waiting .",
        "Status not run",
        "Status complete, 2 warnings",
    ):
        assert words in page.text


def test_links_lead_to_the_pages(page, folder):
    local = [a["href"] for a in page.all("a") if a["href"].partition("#")[0].endswith("/index.html")]
    assert {link.partition("#")[0] for link in local} == {"critical_band/index.html", "generated/index.html"}
    for link in local:
        path, _, anchor = link.partition("#")
        text = (folder / path).read_text(encoding="utf-8")
        assert not anchor or f'id="{anchor}"' in text


def test_thumbnails_are_those_of_the_reports(page, folder):
    images = page.all("img")
    assert len(images) == 2
    drawn = (folder / "critical_band" / "figures" / "small.svg").read_bytes()
    assert base64.b64decode(images[0]["src"].partition("base64,")[2]) == drawn
    assert (images[0]["width"], images[0]["height"]) == ("278", "156")
    assert images[0]["alt"] == "A narrow peak between 28 and 56 cycles per image."


@pytest.mark.parametrize("kind", ["bytes", "path"])
def test_thumbnails_can_be_given(entries, tmp_path, parse_page, kind):
    picture = b"\x89PNG" + b"0" * 30
    (tmp_path / "x.png").write_bytes(picture)
    entry = {**entries[0], "thumbnail": picture if kind == "bytes" else tmp_path / "x.png"}
    text = render_dashboard([entry], tmp_path / "out").read_text(encoding="utf-8")
    assert parse_page(text).all("img")[0]["src"].startswith("data:image/png;base64,")


def test_json_says_what_the_page_says(page, folder):
    stored = json.loads((folder / "dashboard.json").read_text(encoding="utf-8"))
    assert (stored["n_complete"], stored["n_analyses"], stored["n_claims"]) == (2, 5, 16)
    assert sum(stored["claims"].values()) == 16
    assert [a["state"] for a in stored["analyses"]] == [
        "complete",
        "failed",
        "interrupted",
        "complete",
        "not run",
    ]
    assert stored["analyses"][3]["synthetic"] is True
    link = next(a for a in page.all("a") if a.get("download") == "dashboard.json")
    assert base64.b64decode(link["href"].partition("base64,")[2]) == (folder / "dashboard.json").read_bytes()


def test_equal_runs_give_equal_bytes_but_for_the_duration(folder, entries):
    before = {name: (folder / name).read_bytes() for name in ("index.html", "dashboard.json")}
    render_dashboard(entries, folder)
    assert {name: (folder / name).read_bytes() for name in before} == before
    slower = [{**e, "seconds": 2 * e["seconds"]} if e.get("seconds") else e for e in entries]
    render_dashboard(slower, folder)
    old, new = json.loads(before["dashboard.json"]), json.loads((folder / "dashboard.json").read_bytes())
    for record in (*old["analyses"], *new["analyses"]):
        record.pop("seconds")
    assert old == new


def test_run_hash_follows_parameters_and_inputs_not_order(result):
    other = dataclasses.replace(result, name="other")
    entries = [{"name": r.name, "question": "", "state": "complete", "result": r} for r in (result, other)]
    first = Dashboard(entries).to_dict()["run_hash"]
    assert first == Dashboard(entries[::-1]).to_dict()["run_hash"]
    seeded = dataclasses.replace(result, params=result.params.replace(seed=1))
    assert first != Dashboard([{**entries[0], "result": seeded}, entries[1]]).to_dict()["run_hash"]
    fewer = dataclasses.replace(result, sources=result.sources[:1])
    assert first != Dashboard([{**entries[0], "result": fewer}, entries[1]]).to_dict()["run_hash"]


def test_nothing_finished_is_a_page_too(entries, tmp_path, parse_page):
    waiting = [entry for entry in entries if entry["state"] != "complete"]
    page = parse_page(render_dashboard(waiting, tmp_path).read_text(encoding="utf-8"))
    assert "None yet: no analysis is complete." in page.text
    assert "Finished 0 of 3 analyses" in page.text
    assert "Preset none Seed none Run hash none" in page.text
    parse_page(render_dashboard([], tmp_path).read_text(encoding="utf-8"))


def test_hostile_text_stays_text(hostile_entries, figures, tmp_path, parse_page):
    for entry in hostile_entries:
        if entry["state"] == "complete":
            Report(entry["result"], figures=figures).save(tmp_path / entry["name"])
    page = parse_page(render_dashboard(hostile_entries, tmp_path).read_text(encoding="utf-8"))
    assert "<script>alert(1)</script>" in page.text
    assert not [a for a in page.all("a") if a["href"].startswith("javascript")]


def test_a_page_of_seven_stays_small(result, figures, tmp_path):
    names = ["a", "b", "c", "d", "e", "f", "g"]
    entries = []
    for name in names:
        named = dataclasses.replace(result, name=name)
        Report(named, figures=figures).save(tmp_path / name)
        entries.append(DashboardEntry(name=name, question="", state="complete", result=named))
    path = Dashboard(entries).save(tmp_path)
    assert path.stat().st_size <= 1536 * 1024
    assert "Seven papers, recomputed" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"name": "../x", "question": "", "state": "not run"}, "letters, digits"),
        ({"name": "x", "question": "", "state": "fialed"}, "did you mean 'failed'"),
        (
            {"name": "x", "question": "", "state": "complete"},
            "result must be given when the state is 'complete'",
        ),
    ],
)
def test_bad_entries(record, message):
    with pytest.raises(ValueError, match=message):
        Dashboard([record])


def test_names_must_differ():
    entry = {"name": "x", "question": "", "state": "not run"}
    with pytest.raises(ValueError, match="different names, got x twice"):
        Dashboard([entry, entry])
