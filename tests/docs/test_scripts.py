"""The scripts of ``analyses/`` show every figure of their analysis, and run what the command runs."""

from __future__ import annotations

import ast
import re
import runpy
import sys
from types import SimpleNamespace

import pytest

import neurosci
from neurosci import _run, cli
from neurosci._core import registry
from tests.contract.surface import ROOT

NAMES = list(registry.ANALYSES)


@pytest.fixture(scope="module", autouse=True)
def loaded():
    """Libraries that analyses import draw from global generators when they are first loaded."""
    for name in NAMES:
        _run.resolve_params(name, preset="quick", seed=0, settings={})


def figures_of(name: str) -> dict[str, str]:
    tree = ast.parse((ROOT / f"analyses/{name}.py").read_text(encoding="utf-8"))
    (value,) = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "FIGURES"
    ]
    return ast.literal_eval(value)


@pytest.mark.parametrize("name", NAMES)
def test_script_shows_every_figure_once(name):
    told = figures_of(name)
    assert set(told) == set(registry.load(name).FIGURES) - {"thumbnail"}
    assert len(set(told.values())) == len(told)


@pytest.mark.parametrize("name", NAMES)
def test_numbers_of_figures_are_those_of_captions(name):
    """Where a caption names a figure of the paper, so does the script."""
    told = figures_of(name)
    for path in (ROOT / f"neurosci/{name}").glob("_captions*.py"):
        for text in re.split(r"\n(?=def )", path.read_text(encoding="utf-8")):
            named = re.search(r'name="(\w+)"', text)
            number = re.search(r"\b(?:Figs?\.|Table) (\d+)", text)
            if named and number and named[1] in told:
                assert number[1] in re.findall(r"\d+", told[named[1]]), f"{name}: {named[1]}"


@pytest.mark.parametrize("preset", ["quick", "paper"])
@pytest.mark.parametrize("name", NAMES)
def test_script_and_command_run_the_same(name, preset, monkeypatch, tmp_path, capsys):
    asked = []

    def record(name, *, preset, seed, output, n_jobs, **settings):
        params = _run.resolve_params(name, preset=preset, seed=seed, settings=settings)
        asked.append((name, params.to_dict(), str(output), n_jobs))
        return SimpleNamespace(question="", answer=(), verdicts=(), figures=())

    def several(jobs, context, **_):
        asked.extend((name, build().to_dict(), str(context.output), context.n_jobs) for name, build in jobs)
        return []

    script = str(ROOT / f"analyses/{name}.py")
    monkeypatch.setattr(neurosci, "run", record)
    monkeypatch.setattr(_run, "run_several", several)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [script, "--preset", preset])
    runpy.run_path(script, run_name="__main__")
    assert cli.main(["run", name, "--preset", preset]) == 0
    by_script, by_command = asked
    assert by_script == by_command
