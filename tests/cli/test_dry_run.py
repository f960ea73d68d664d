"""A dry run tells what a run would do, and does nothing."""

from __future__ import annotations

import types

import pytest

from neurosci import _run
from neurosci._core import registry
from neurosci._core.context import Context
from neurosci._core.plan import Plan
from neurosci._run import _dry
from neurosci.cli import DONE, UsageError, build_parser, run
from neurosci.datasets import list_datasets


@pytest.fixture(autouse=True, scope="module")
def loaded():
    """Load every analysis before a test: some libraries draw a random number when they are imported."""
    return [registry.load(name) for name in registry.ANALYSES]


def text_of(name, *, preset="quick", context=None, **settings):
    params = _run.resolve_params(name, preset=preset, settings=settings)
    return _run.dry_run(name, params, context or Context())


def command(*arguments):
    return run.call(build_parser().parse_args(["run", *arguments]))


def section(text, heading):
    after = text.split(f"\n{heading}", 1)[1].split("\n\n")[0]
    return [line.strip() for line in after.splitlines()[1:]]


@pytest.mark.parametrize("name", list(registry.ANALYSES))
@pytest.mark.parametrize("preset", ["quick", "paper"])
def test_every_analysis_tells_parameters_data_and_duration(name, preset):
    text = text_of(name, preset=preset)
    params = registry.load(name).PRESETS[preset]
    shown = section(text, "Parameters")
    assert params.hash in text
    assert [line.split()[0] for line in shown] == list(params.to_dict())
    assert section(text, "Data")
    (duration, *_) = section(text, "Expected duration")
    assert duration != _dry.UNKNOWN and "core" in duration


def test_data_sets_of_the_table_exist():
    known = {record.name for record in list_datasets()}
    for entry in registry.ANALYSES.values():
        assert set(entry.datasets) <= known, entry.name


def test_settings_are_resolved_and_change_what_is_expected():
    plain, other = text_of("dendrites"), text_of("dendrites", alpha=1e-6)
    assert "1e-06" in other and "1e-06" not in plain
    assert "some parameters differ" in other and "some parameters differ" not in plain
    # another seed costs the same
    assert "some parameters differ" not in text_of("dendrites", seed=3)


def test_a_dry_run_writes_and_downloads_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NEUROSCI_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    output = tmp_path / "reports"
    assert command("--all", "--dry-run", "--preset", "paper", "--output", str(output)) == DONE
    shown = capsys.readouterr().out
    assert all(f"{name}: what the run would do" in shown for name in registry.list_analyses())
    assert "absent" in shown and "below NEUROSCI_DATA" not in shown
    assert not list(tmp_path.iterdir())


def test_what_is_absent_is_named_with_its_size(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROSCI_CACHE", str(tmp_path))
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    fetched, left = (
        section(text_of("dendrites", context=Context(download=d)), "Data") for d in (True, False)
    )
    assert any("fly_neurons" in line and "2.5 MB, fetched" in line for line in fetched)
    assert any("fly_neurons" in line and "2.5 MB, left out" in line for line in left)
    # published tables that came by hand have no address
    assert all("MB" not in line for line in fetched if line.startswith("dendrites"))


def test_the_output_folder_is_described(tmp_path):
    context = Context(output=tmp_path)
    params = registry.load("dendrites").PRESETS["quick"]
    assert section(text_of("dendrites", context=context), "Output") == [f"{tmp_path / 'dendrites'}: new"]
    folder = _dry.RunFolder(tmp_path, "dendrites")
    folder.prepare_path()
    folder.record(params, "key", "interrupted", seconds=65.0, units_done=3, units_planned=8)
    (line,) = section(text_of("dendrites", context=context), "Output")
    assert "interrupted, 3 of 8 units are finished after 1 min 5 s" in line
    (line,) = section(text_of("dendrites", context=context, alpha=1e-6), "Output")
    assert "another" in line and "other parameters" in line


def test_an_analysis_may_tell_itself():
    module = types.SimpleNamespace(plan=lambda params, context: Plan(f"{params} on {context}"))
    assert _dry.plan_of("mine", module, "a day", "a cluster").duration == "a day on a cluster"


def test_mistakes_are_found_before():
    with pytest.raises(UsageError, match="alpha"):
        command("dendrites", "--dry-run", "--set", "alpha=7")
