"""make and the acceptance runner: what can be said about them without a network."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import types

import pytest

from tests.accept import __main__ as accept
from tests.contract.surface import ROOT

TARGETS = {"report", "test", "docs", "lint", "bench", "accept", "clean", "help"}


@pytest.fixture
def make():
    program = shutil.which("make")
    if program is None:
        pytest.skip("make is not installed")

    # make run by make would otherwise inherit the outer one's options and say where it is
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}

    def run(*arguments, cwd=ROOT):
        return subprocess.run([program, *arguments], cwd=cwd, capture_output=True, text=True, env=environment)

    return run


def test_help_lists_every_target(make):
    done = make("help")
    assert done.returncode == 0
    assert {line.split()[1] for line in done.stdout.splitlines()} == TARGETS


def test_readme_and_contributing_name_targets_that_exist():
    for page in ("README.md", "CONTRIBUTING.md", "docs/install.rst", "docs/index.rst"):
        named = set(
            re.findall(r"^ *make (\w+)", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
        )
        assert named <= TARGETS, page


def test_an_old_python_is_refused_with_a_clear_message(make, tmp_path):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    old = tmp_path / "old python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n')
    old.chmod(old.stat().st_mode | stat.S_IXUSR)
    done = make("report", f"PYTHON='{old}'", cwd=tmp_path)
    assert done.returncode != 0
    assert "must be Python 3.11 or newer, got Python 3.9.2" in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.fixture
def fake_run(monkeypatch):
    """An acceptance run of two units that counts how often each is computed."""
    module = types.ModuleType("tests.accept.fake")
    module.calls = []
    module.passes = True
    module.units = lambda: ["first unit", "second/unit"]

    def run_unit(name):
        module.calls.append(name)
        if name == "second/unit" and module.passes is None:
            raise KeyboardInterrupt
        return {"passed": bool(module.passes), "value": len(name)}

    module.run_unit = run_unit
    monkeypatch.setitem(sys.modules, "tests.accept.fake", module)
    monkeypatch.setattr(accept, "code_hash", lambda name: "0" * 12)
    monkeypatch.setattr(accept, "available", lambda: ["fake"])
    return module


def test_acceptance_run_is_resumed_and_says_where_it_was_made(fake_run, tmp_path, monkeypatch):
    arguments = ["fake", "--output", str(tmp_path)]
    fake_run.passes = None
    with pytest.raises(KeyboardInterrupt):
        accept.main(arguments)
    assert not (tmp_path / "fake.json").exists()
    fake_run.passes = False
    assert accept.main(arguments) == 1
    assert fake_run.calls == ["first unit", "second/unit", "second/unit"]
    summary = json.loads((tmp_path / "fake.json").read_text())
    assert {"commit", "machine", "versions", "code", "passed", "units"} <= set(summary)
    assert summary["passed"] is False
    fake_run.passes = True
    monkeypatch.setattr(accept, "code_hash", lambda name: "1" * 12)
    assert accept.main(arguments) == 0
    assert len(fake_run.calls) == 5


def test_acceptance_runs_are_complete():
    assert accept.available()
    for name in accept.available():
        text = (ROOT / f"tests/accept/{name}.py").read_text(encoding="utf-8")
        assert "def units()" in text and "def run_unit(" in text
