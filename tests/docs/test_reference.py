"""The reference: its examples run, and no public name is without one."""

from __future__ import annotations

import doctest
import inspect
import re
import warnings

import pytest

from tests.contract.surface import ROOT, public_methods, public_objects

PAGES = sorted((ROOT / "docs/api").glob("*.rst"))


def has_example(value):
    return "\nExamples\n--------\n" in (inspect.getdoc(value) or "")


def made_by_examples():
    """Names of what functions and methods with an example return."""
    found = set()
    for value in public_objects().values():
        functions = [value] if inspect.isfunction(value) else []
        if inspect.isclass(value):
            members = (inspect.getattr_static(value, method) for method in public_methods(value))
            functions = [getattr(member, "__func__", member) for member in members]
        for function in functions:
            if inspect.isfunction(function) and (has_example(function) or has_example(value)):
                found |= set(re.findall(r"\w+", str(function.__annotations__.get("return", ""))))
    return found


@pytest.fixture(scope="module", autouse=True)
def loaded():
    """Libraries that examples import draw from global generators when they are first loaded."""
    import mne  # noqa: F401
    import torch  # noqa: F401
    from nilearn import maskers  # noqa: F401


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    import torch

    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    # Modules of torch start from its global generator, for which a reader answers.
    with warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")  # as a reader's session: pages show warnings where they speak of them
        failed, _ = doctest.testfile(str(page), module_relative=False, optionflags=flags)
    assert failed == 0


def test_every_public_name_has_an_example():
    """In its own docstring, in that of a function that returns it, or on the page that lists it."""
    returned = made_by_examples()
    texts = [page.read_text(encoding="utf-8").partition("\nExamples\n--------\n")[2] for page in PAGES]
    shown = set(re.findall(r"\w+", "\n".join(texts)))
    missing = []
    for name, value in public_objects().items():
        short = name.rpartition(".")[2]
        callable_ = inspect.isclass(value) or inspect.isfunction(value)
        if callable_ and not has_example(value) and short not in returned | shown:
            missing.append(name)
    assert missing == []
