"""Every registered analysis is complete: parts, presets, script, pages, reference."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import tomllib

import pytest

from neurosci._core import registry
from neurosci._core.claims import KINDS, Claim
from neurosci._core.params import Params
from tests.contract.surface import ROOT

NAMES = list(registry.ANALYSES)


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def module(name):
    return registry.load(name)


def test_name_is_the_same_everywhere(name):
    entry = registry.ANALYSES[name]
    assert entry.name == name
    assert entry.module == f"neurosci.{name}.analysis"
    assert (ROOT / "tests" / name).is_dir()
    assert entry.summary.endswith("?")


def test_presets(module):
    assert set(module.PRESETS) == {"quick", "paper"}
    for preset, params in module.PRESETS.items():
        assert isinstance(params, module.PARAMS)
        assert params.preset == preset
    assert module.PRESETS["quick"] == module.PARAMS()


def test_params_are_frozen_keyword_only_and_round_trip(module):
    assert issubclass(module.PARAMS, Params)
    for params in module.PRESETS.values():
        for text, read in (
            (params.to_toml(), module.PARAMS.from_toml),
            (params.to_json(), module.PARAMS.from_json),
        ):
            again = read(text)
            assert again == params
            assert again.hash == params.hash
        with pytest.raises(dataclasses.FrozenInstanceError):
            params.seed = 1
    with pytest.raises(TypeError):
        module.PARAMS("quick")


def test_each_parameter_is_described(module):
    for row in module.PRESETS["paper"].table():
        assert row["doc"].endswith("."), row
        assert row["source"] == "user" or re.match(r"paper|our (default|choice)", row["source"]), row


def test_each_parameter_refuses_what_is_out_of_range(module):
    for field in dataclasses.fields(module.PARAMS):
        about = field.metadata
        wrong = []
        if about["options"] is not None:
            wrong.append("no such option")
        if about["low"] is not None:
            wrong.append(about["low"] - 1)
        if about["high"] is not None:
            wrong.append(about["high"] + 1)
        for value in wrong:
            given = (value,) if isinstance(field.default, tuple) else value
            with pytest.raises((ValueError, TypeError), match=field.name):
                module.PARAMS(**{field.name: given})
    with pytest.raises(ValueError, match="unknown parameter"):
        module.PARAMS.from_dict({"no_such_field": 1})


def test_claims(module):
    assert module.CLAIMS
    ids = [claim.id for claim in module.CLAIMS]
    assert len(set(ids)) == len(ids)
    for claim in module.CLAIMS:
        assert isinstance(claim, Claim)
        assert claim.kind in KINDS
        assert claim.text and claim.source and claim.paper


def test_figures_are_functions_of_tables(module):
    assert module.FIGURES
    for function in module.FIGURES.values():
        assert inspect.isfunction(function)
        assert not {"params", "context", "result"} & set(inspect.signature(function).parameters)


def test_run_takes_params_and_context(module):
    assert list(inspect.signature(module.run).parameters) == ["params", "context"]


def test_script_tells_and_does_not_compute(name):
    path = ROOT / "analyses" / f"{name}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert "Expected duration:" in ast.get_docstring(tree)
    assert f'"{name}"' in path.read_text(encoding="utf-8")
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported <= {"argparse", "pathlib", "neurosci", "matplotlib"}
    assert not [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.BinOp)
    ]


def test_documentation_pages(name):
    page = (ROOT / f"docs/user_guide/{name}.rst").read_text(encoding="utf-8")
    assert f".. _{name}:" in page
    assert f"   {name}\n" in (ROOT / "docs/user_guide/index.rst").read_text(encoding="utf-8") + "\n"
    assert f"neurosci.{name}" in (ROOT / f"docs/api/{name}.rst").read_text(encoding="utf-8")
    assert list((ROOT / "docs/tutorials").glob(f"plot_{name}*.py"))


def test_reference(name):
    page = (ROOT / f"docs/user_guide/{name}.rst").read_text(encoding="utf-8")
    keys = re.findall(
        r"^@\w+\{(\w+),", (ROOT / "docs/references.bib").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    cited = re.findall(r":cite:\w+:`(\w+)`", page)
    assert cited and set(cited) <= set(keys)


def test_import_contracts_name_each_analysis():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    contracts = {contract["id"]: contract for contract in contracts}
    packages = {f"neurosci.{name}" for name in NAMES}
    assert set(contracts["independence"]["modules"]) == packages
    assert packages <= set(contracts["science"]["source_modules"])
    present = {
        f"neurosci.{path.parent.parent.name}.analysis"
        for path in (ROOT / "neurosci").glob("*/analysis/__init__.py")
    }
    present |= {f"neurosci.{path.parent.name}.analysis" for path in (ROOT / "neurosci").glob("*/analysis.py")}
    assert present == {entry.module for entry in registry.ANALYSES.values()}


def test_readme_lists_what_is_available():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    available = re.findall(r"^\| `(\w+)` \|.*\| available", readme, flags=re.MULTILINE)
    planned = re.findall(r"^\| `(\w+)` \|.*\| planned \|$", readme, flags=re.MULTILINE)
    assert available == NAMES
    assert len(available) + len(planned) == 7
