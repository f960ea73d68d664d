"""The public surface: stubs, ``__all__``, reference pages and docstrings agree."""

from __future__ import annotations

import importlib
import inspect
import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from numpydoc.validate import validate

from tests.contract.surface import ROOT, public_methods, public_objects, stub_names, stubs


@pytest.mark.parametrize("package", stubs())
def test_all_equals_stub(package):
    module = importlib.import_module(package)
    assert sorted(module.__all__) == sorted(stub_names(stubs()[package]))
    assert set(module.__all__) <= set(dir(module))
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_every_subpackage_is_reachable_from_the_package():
    import neurosci

    folders = {path.parent.name for path in (ROOT / "neurosci").glob("[!_]*/__init__.py")} - {"cli"}
    assert folders <= set(neurosci.__all__)


def documented():
    """Names on the reference pages: lists of names, and modules shown whole."""
    names = set()
    section = r"\.\. currentmodule:: ([\w.]+)\n(.*?)(?=\.\. currentmodule::|\Z)"
    for page in (ROOT / "docs/api").glob("*.rst"):
        text = page.read_text(encoding="utf-8")
        for module, block in re.findall(section, text, re.DOTALL):
            for listed in re.findall(r"\.\. autosummary::\n(?:   :[^\n]*\n)*\n((?:   \w+\n)+)", block):
                names |= {f"{module}.{name}" for name in listed.split()}
        for module in re.findall(r"\.\. automodule:: ([\w.]+)\n   :members:", text):
            names |= {name for name in public_objects() if name.startswith(f"{module}.")}
    return names


def test_reference_pages_list_every_public_object_once():
    listed, public = documented(), public_objects()
    assert listed <= set(public)
    # `neurosci.Report` and `neurosci.reporting.Report` are one object and have one page.
    names_of = defaultdict(list)
    for name, value in public.items():
        names_of[id(value)].append(name)
    missing = [names for names in names_of.values() if not listed & set(names)]
    twice = [names for names in names_of.values() if len(listed & set(names)) > 1]
    assert not missing, "add these to a page of docs/api"
    assert not twice, "list each of these under one name in docs/api"


def validation():
    """Objects to validate: classes and functions, and the methods and properties of classes."""
    for name, value in public_objects().items():
        if inspect.isclass(value) or inspect.isfunction(value):
            yield name
        if inspect.isclass(value):
            yield from (f"{name}.{method}" for method in public_methods(value))


def ignored_codes():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    checks = settings["tool"]["numpydoc_validation"]["checks"]
    assert checks[0] == "all"
    return set(checks[1:])


@pytest.mark.parametrize("name", list(validation()))
def test_docstring_follows_numpydoc(name):
    errors = [(code, text) for code, text in validate(name)["errors"] if code not in ignored_codes()]
    assert errors == []


DEFAULT_IN_PROSE = re.compile(r"^ +\w[\w, ]* : .*\b(?:optional|defaults? (?:is|to))\b", flags=re.MULTILINE)


@pytest.mark.parametrize("name", public_objects())
def test_defaults_are_written_in_one_way(name):
    text = inspect.getdoc(public_objects()[name]) or ""
    assert not DEFAULT_IN_PROSE.search(text), f"{name}: write default=... in the type line"


@pytest.mark.parametrize("name", [n for n, v in public_objects().items() if inspect.isfunction(v)])
def test_documented_defaults_are_the_real_ones(name):
    function = public_objects()[name]
    documented_defaults = dict(
        re.findall(r"^(\w+) : .*default=(\S.*)$", inspect.getdoc(function) or "", flags=re.MULTILINE)
    )
    for parameter in inspect.signature(function).parameters.values():
        if parameter.default is inspect.Parameter.empty or parameter.name not in documented_defaults:
            continue
        shown = documented_defaults[parameter.name].strip("'\"")
        real = parameter.default
        options = {str(real), repr(real).strip("'"), getattr(real, "__name__", str(real))}
        if isinstance(real, tuple):
            options |= {"(" + ", ".join(f"{x:g}" if isinstance(x, float) else str(x) for x in real) + ")"}
        if isinstance(real, float):
            options.add(f"{real:g}")
        assert shown in options, f"{name}: {parameter.name} is documented as {shown!r}, but is {real!r}"


@pytest.mark.parametrize("name", [n for n, v in public_objects().items() if callable(v)])
def test_public_signatures_are_annotated(name):
    value = public_objects()[name]
    if inspect.isclass(value) and issubclass(value, Exception):
        return  # they take a message
    for parameter in inspect.signature(value).parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty, f"{name}: {parameter.name} has no type"


def test_types_are_shipped():
    import neurosci

    assert (Path(neurosci.__file__).parent / "py.typed").is_file()
