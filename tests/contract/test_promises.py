"""Every promise of the documentation names tests, and the tests exist."""

from __future__ import annotations

import ast
import re

import pytest

from tests.contract.surface import ROOT

PAGE = (ROOT / "docs/user_guide/promises.rst").read_text(encoding="utf-8")
TEST = re.compile(r"``(tests/[\w/]+\.py)::(\w+)``")
SECTIONS = re.split(r"^(P\d+)\. ", PAGE, flags=re.MULTILINE)[1:]


@pytest.mark.parametrize(("path", "name"), sorted(set(TEST.findall(PAGE))))
def test_the_named_test_exists(path, name):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_ten_promises_each_with_a_test():
    numbers, texts = SECTIONS[::2], SECTIONS[1::2]
    assert numbers == [f"P{i}" for i in range(1, 11)]
    for number, text in zip(numbers, texts, strict=True):
        assert TEST.search(text), number


def test_every_test_on_the_page_is_a_name_of_that_form():
    assert PAGE.count("tests/") == len(TEST.findall(PAGE))
